//! What a field is, by its name and by what its store is about.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use plimsoll_model::{Confidence, DataClass};

use crate::terms::{self, At, NOT_AFTER, NOT_BEFORE, Subject, TERMS, Term};
use crate::words::{singular, words};

/// What a field is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Classified {
    /// Kebab-case word: `email`, `wage`; empty when nothing is recognised.
    pub kind: &'static str,
    /// Its class.
    pub class: DataClass,
    /// [`Confidence::Likely`], or [`Confidence::Possible`] where the name alone does not tell. A name is never certain.
    pub confidence: Confidence,
}

impl Classified {
    fn new(kind: &'static str, class: DataClass, sure: bool) -> Self {
        Classified { kind, class, confidence: if sure { Confidence::Likely } else { Confidence::Possible } }
    }

    /// Business data of which nothing more is known.
    const UNKNOWN: Classified = Classified { kind: "", class: DataClass::Internal, confidence: Confidence::Possible };
}

/// What is known of the store that a field is in.
#[derive(Clone, Debug, Default)]
pub struct Context {
    subject: Subject,
    /// Records say who they are about: `employeeName`, `customer_id`.
    about_person: bool,
    /// Records belong to users of the app: `user_id`.
    by_user: bool,
    /// People without an account of their own are not told apart from companies: customers, clients.
    staff: bool,
    health: bool,
    child: bool,
    legal: bool,
    /// Its amounts are what people earn.
    pay: bool,
    /// Its accounts are those of a supplier of power or water.
    utility: bool,
    /// Its name says whose files or records these are: `employees/documents`.
    named_after_people: bool,
    /// The patients are animals.
    animals: bool,
    /// Names of the fields beside.
    siblings: Vec<Vec<String>>,
}

impl Context {
    /// What a store's name and the names of its fields say.
    pub fn of<'f>(store: &str, fields: impl IntoIterator<Item = &'f str>) -> Self {
        let own = words(store.rsplit('.').next().unwrap_or(store));
        let siblings: Vec<Vec<String>> = fields.into_iter().take(400).map(words).collect();
        let in_name = |subject: Subject| own.iter().any(|word| terms::has(subject, word));
        // The last word is the head of a name in most languages: `customer_orders` are orders.
        let subject = own
            .iter()
            .rev()
            .find_map(|word| {
                terms::SUBJECTS.iter().find(|row| row.names.split_ascii_whitespace().any(|name| name == word))
            })
            .map_or(Subject::Other, |row| row.subject);
        let money = siblings
            .iter()
            .filter(|field| {
                field.iter().any(|word| {
                    matches!(
                        word.as_str(),
                        "total"
                            | "subtotal"
                            | "vat"
                            | "net"
                            | "amount"
                            | "due"
                            | "paid"
                            | "betrag"
                            | "mwst"
                            | "montant"
                            | "importe"
                    )
                })
            })
            .count();
        let subject = match subject {
            // Quotes and invoices are documents too.
            Subject::Document if money > 1 => Subject::Money,
            // `user_states`, `employee_roles`: about people, whatever the last word says.
            Subject::Thing if in_name(Subject::Person) && own.len() > 1 => Subject::Other,
            other => other,
        };
        let beside =
            |list: &[&str]| siblings.iter().any(|field| field.iter().any(|word| list.contains(&word.as_str())));
        let about = |field: &Vec<String>| {
            field.len() > 1
                && field
                    .iter()
                    .any(|word| terms::person_word(word) && !matches!(word.as_str(), "user" | "users" | "account"))
                && !field.iter().any(|word| matches!(word.as_str(), "by" | "manager" | "creator"))
                || field.len() == 1
                    && field.iter().any(|word| {
                        terms::person_word(word) && !matches!(word.as_str(), "user" | "account" | "profile")
                    })
        };
        let patient = siblings.iter().any(|field| {
            field
                .iter()
                .any(|word| matches!(word.as_str(), "patient" | "paciente" | "pacient" | "paziente" | "diagnosis"))
        });
        let guardian = beside(&["guardian", "parent1", "guardians"])
            || siblings.iter().any(|field| {
                field.first().is_some_and(|word| word == "parent") && beside(&["class", "grade", "school"])
            });
        Context {
            about_person: siblings.iter().any(about) || in_name(Subject::Person) || in_name(Subject::Child),
            by_user: beside(&["user", "author", "owner", "uid", "hire", "created"]),
            staff: own.iter().any(|word| {
                matches!(
                    singular(word).as_str(),
                    "employee"
                        | "staff"
                        | "worker"
                        | "hire"
                        | "candidate"
                        | "applicant"
                        | "payroll"
                        | "mitarbeiter"
                        | "angestellte"
                        | "salarie"
                        | "employe"
                        | "empleado"
                        | "funcionario"
                        | "colaborador"
                        | "dipendente"
                        | "dipendenti"
                        | "medewerker"
                        | "werknemer"
                        | "angajat"
                        | "angajati"
                        | "dolgozo"
                        | "munkata"
                        | "anstalld"
                        | "anstallda"
                        | "person"
                        | "patient"
                        | "student"
                )
            }),
            // A store that is called `health` and no more is where a server says that it is up.
            health: (in_name(Subject::Health) && own.concat() != "health") || patient,
            child: in_name(Subject::Child) || guardian,
            legal: in_name(Subject::Legal),
            pay: own.iter().any(|word| {
                matches!(
                    singular(word).as_str(),
                    "salary"
                        | "payroll"
                        | "payslip"
                        | "paystub"
                        | "wage"
                        | "earning"
                        | "gehalt"
                        | "gehaelter"
                        | "lohn"
                        | "loehne"
                        | "lohnabrechnung"
                        | "lohnabrechnungen"
                        | "salaire"
                        | "paie"
                        | "salario"
                        | "nomina"
                        | "sueldo"
                        | "stipendio"
                        | "stipendi"
                        | "salari"
                        | "salaris"
                        | "loon"
                        | "salariu"
                        | "salarii"
                        | "fizetes"
                        | "berek"
                        | "lon"
                        | "loner"
                )
            }),
            utility: own
                .iter()
                .any(|word| matches!(singular(word).as_str(), "utility" | "meter" | "electricity" | "water")),
            named_after_people: in_name(Subject::Person) || in_name(Subject::Child) || in_name(Subject::Health),
            animals: false,
            subject,
            siblings,
        }
    }

    /// The same for an app whose patients are animals: their records are no health data of people.
    #[must_use]
    pub fn of_animals(mut self) -> Self {
        self.animals = true;
        self.health = false;
        if self.subject == Subject::Health {
            self.subject = Subject::Thing;
            self.about_person = false;
        }
        self
    }

    /// Whether the records are of animals by their own fields.
    pub(crate) fn says_animals(&self) -> bool {
        self.has_sibling(&["species", "breed", "neutered", "especie", "raza", "raca", "tierart", "razza", "spayed"])
    }

    fn is(&self, subjects: &[Subject]) -> bool {
        subjects.contains(&self.subject)
    }

    /// Whether its own name says that what is in it is of people: `employees/documents`.
    pub(crate) fn is_named_after_people(&self) -> bool {
        self.named_after_people
    }

    fn person(&self) -> bool {
        self.is(&[Subject::Person, Subject::Child, Subject::Health, Subject::Legal])
    }

    /// Records of things, settings and pages: nobody's own.
    fn thing(&self) -> bool {
        self.is(&[Subject::Thing, Subject::Published, Subject::Settings, Subject::Chain])
    }

    fn has_sibling(&self, list: &[&str]) -> bool {
        self.siblings.iter().any(|field| field.iter().any(|word| list.contains(&word.as_str())))
    }

    fn has_contact(&self) -> bool {
        self.has_sibling(&[
            "email",
            "phone",
            "mail",
            "telefon",
            "telefono",
            "telephone",
            "mobile",
            "correo",
            "telefone",
            "birth",
            "surname",
        ])
    }
}

/// Says what a field is.
///
/// A password hash or a session token of the app's own users is a credential and therefore sensitive: who gets hold of
/// it can become the user. That means for the load line that every app with logins of its own carries sensitive data,
/// and needs the controls that such data demands; apps whose accounts a service keeps carry them too, as long as
/// the passwords pass through their own forms.
///
/// Wages are personal and not sensitive: the line puts payment, bank, health and identity data above them.
pub fn classify(field: &str, context: &Context) -> Classified {
    // `kind = passport`: one of the values that a column admits.
    if let Some((_, value)) = field.split_once(" = ") {
        let found = by_terms(&words(value), context).unwrap_or(Classified::UNKNOWN);
        // `role = patient` says who may log in, not what ails somebody.
        let tells = !(terms::person_word(value.trim()) || found.confidence < Confidence::Likely)
            && matches!(
                found.kind,
                "government-identity" | "health" | "legal" | "bank-account" | "special-category" | "wage"
            );
        return if tells { found } else { Classified::UNKNOWN };
    }
    let words = words(field);
    if is_technical(&words) {
        return Classified::UNKNOWN;
    }
    let found = by_terms(&words, context);
    if is_account(&words) && context.has_sibling(&["sort", "sortcode", "iban", "bic", "routing", "swift", "ifsc"]) {
        return Classified::new("bank-account", DataClass::Sensitive, true);
    }
    settle(found, &words, context)
}

/// `account` beside a sort code is a bank account; alone it says nothing.
fn is_account(words: &[String]) -> bool {
    matches!(words, [only] if matches!(only.as_str(), "account" | "konto" | "acct"))
}

/// What the whole of a record says about a field of it.
fn settle(found: Option<Classified>, words: &[String], context: &Context) -> Classified {
    let reference = words.len() > 1 && matches!(words.last().map(String::as_str), Some("id" | "ids" | "uuid" | "fk"));
    if let Some(found) = found {
        let about_body =
            matches!(found.kind, "free-text" | "message" | "file" | "image") && found.class < DataClass::Sensitive;
        return if context.health && about_body && !context.is(&[Subject::Money]) {
            Classified::new("health", DataClass::Sensitive, true)
        } else if context.legal && about_body {
            Classified::new("legal", DataClass::Sensitive, true)
        } else if context.child && found.class == DataClass::Personal && !context.is(&[Subject::Money]) {
            Classified { class: DataClass::Sensitive, ..found }
        } else {
            found
        };
    }
    if reference || words.iter().any(|word| word == "by") {
        return Classified { kind: "reference", ..Classified::UNKNOWN };
    }
    // When something happened to the record, and which version it is.
    if matches!(words.last().map(String::as_str), Some("at" | "version")) && !context.health {
        return Classified::UNKNOWN;
    }
    if context.health && !context.is(&[Subject::Money, Subject::Settings, Subject::Document]) {
        let about_visit = words.iter().any(|word| {
            matches!(
                word.as_str(),
                "date"
                    | "time"
                    | "start"
                    | "end"
                    | "status"
                    | "type"
                    | "doctor"
                    | "specialist"
                    | "service"
                    | "reason"
                    | "dose"
                    | "dosage"
            )
        });
        return Classified::new("health", DataClass::Sensitive, about_visit);
    }
    if context.person() || (context.about_person && context.is(&[Subject::Audit, Subject::Message, Subject::Other])) {
        return Classified::new("record", DataClass::Personal, false);
    }
    if context.is(&[Subject::Published]) {
        return Classified::new("", DataClass::Public, false);
    }
    Classified::UNKNOWN
}

/// Keys, times of the row and the like: no data of anybody.
pub(crate) fn is_technical(words: &[String]) -> bool {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    matches!(
        words[..],
        [] | ["id"]
            | ["uuid"]
            | ["uid"]
            | ["pk"]
            | ["key"]
            | ["id", _]
            | ["created" | "updated" | "deleted" | "modified" | "inserted"]
            | ["created" | "updated" | "deleted" | "modified" | "inserted", "at" | "on" | "date" | "time"]
            | ["date", "created" | "updated"]
            | ["timestamp" | "timestamps" | "version" | "slug" | "sort" | "position" | "order"]
            | ["sort", "order"]
            | ["is", "active" | "deleted" | "archived"]
            | ["active" | "enabled" | "archived"]
    )
}

fn table() -> &'static BTreeMap<String, Vec<usize>> {
    static TABLE: OnceLock<BTreeMap<String, Vec<usize>>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut table: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (index, term) in TERMS.iter().enumerate() {
            for name in term.names.split(',') {
                let key: String = name.split_whitespace().collect();
                let list = table.entry(key).or_default();
                if !list.contains(&index) {
                    list.push(index);
                }
            }
        }
        table
    })
}

/// Longest term of a name.
const MAX_WORDS: usize = 5;

fn by_terms(words: &[String], context: &Context) -> Option<Classified> {
    let mut found: Vec<(usize, usize, usize, usize)> = Vec::new();
    for start in 0..words.len().min(12) {
        let mut joined = String::new();
        for end in start + 1..=words.len().min(start + MAX_WORDS) {
            joined.push_str(&words[end - 1]);
            let keys = [joined.clone(), singular(&joined)];
            for key in keys.iter().take(if keys[0] == keys[1] { 1 } else { 2 }) {
                for &term in table().get(key).into_iter().flatten() {
                    found.push((joined.len(), term, start, end));
                }
            }
        }
    }
    found.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    found.into_iter().find_map(|(_, term, start, end)| {
        let term = &TERMS[term];
        let (before, after) = (&words[..start], &words[end..]);
        let after: Vec<&str> =
            after.iter().map(String::as_str).filter(|word| !word.bytes().all(|b| b.is_ascii_digit())).collect();
        let before: Vec<&str> = before.iter().map(String::as_str).collect();
        let stands = match term.at {
            At::Any => true,
            At::Last => after.is_empty(),
            At::Whole => after.is_empty() && before.is_empty(),
        };
        (stands && !is_about_data(term, &before, &after))
            .then(|| decide(term, &before, &after, &words[start..end], context))
            .flatten()
    })
}

/// A flag, a time or a setting about the data instead of the data: `email_sent_count`, `is_phone_verified`.
fn is_about_data(term: &Term, before: &[&str], after: &[&str]) -> bool {
    // How much somebody earns and what somebody has are told by these too.
    let excused: &[&str] = match term.kind {
        "wage" => &["amount", "type", "cost", "vat", "date", "day"],
        "health" => &[
            "name", "date", "type", "code", "category", "details", "title", "status", "time", "day", "days", "on", "at",
        ],
        "government-identity" | "legal" => &["name", "type", "code", "title"],
        "employment" | "activity" | "amount" | "invoice" | "date-of-birth" => &[
            "date",
            "time",
            "status",
            "type",
            "at",
            "on",
            "day",
            "days",
            "order",
            "code",
            "name",
            "amount",
            "timestamp",
            "title",
            "category",
        ],
        "bank-account" | "card" => &["name", "type", "code", "title"],
        "address" => &["code", "state"],
        "name" => &["title"],
        "file" | "image" => &["name", "title", "type"],
        _ => &[],
    };
    after.iter().any(|word| NOT_AFTER.contains(word) && !excused.contains(word))
        || before.first().is_some_and(|word| {
            NOT_BEFORE.contains(word)
                && !(term.kind == "amount" && matches!(*word, "total" | "max" | "min" | "default"))
        })
}

#[expect(clippy::too_many_lines, reason = "one arm per kind of data")]
fn decide(term: &Term, before: &[&str], after: &[&str], own: &[String], context: &Context) -> Option<Classified> {
    let new = |kind, class, sure| Some(Classified::new(kind, class, sure));
    let before_is = |list: &[&str]| before.iter().any(|word| list.contains(word));
    let ends_as_reference = matches!(after.last(), Some(&("id" | "ids" | "ref" | "reference" | "uuid")));
    let of_business = before_is(&[
        "company",
        "business",
        "firm",
        "firma",
        "shop",
        "store",
        "support",
        "reply",
        "from",
        "sender",
        "noreply",
        "office",
        "organization",
        "practice",
        "empresa",
        "entreprise",
        "azienda",
        "bedrijf",
        "vendor",
        "supplier",
        "bank",
        "restaurant",
        "salon",
        "hotel",
        "agency",
    ]);
    let person_before = before.iter().any(|word| terms::person_word(word));
    let person = context.person();
    // `email_id` is an address; `address_id` and `card_id` point to another record.
    if ends_as_reference
        && !matches!(term.kind, "email" | "government-identity" | "health" | "children" | "token" | "invoice")
    {
        return new("reference", DataClass::Internal, false);
    }
    match term.kind {
        "name" if term.at == At::Last => {
            if person_before && !of_business {
                return new("name", DataClass::Personal, true);
            }
            if !before.is_empty() {
                return None;
            }
            match context.subject {
                Subject::Person | Subject::Child | Subject::Health | Subject::Message | Subject::Legal => {
                    new("name", DataClass::Personal, true)
                }
                Subject::Company
                | Subject::Thing
                | Subject::Settings
                | Subject::Published
                | Subject::Document
                | Subject::Chain => new("label", DataClass::Internal, false),
                _ if context.has_contact() => new("name", DataClass::Personal, true),
                _ => new("label", DataClass::Internal, false),
            }
        }
        "name" if context.thing() && own.first().is_some_and(|word| word == "display" || word == "full") => {
            new("label", DataClass::Internal, false)
        }
        "user-name" if context.is(&[Subject::Settings]) => new("setting", DataClass::Internal, false),
        "email" | "phone" => {
            if context.is(&[Subject::Settings]) || of_business {
                new("business-contact", DataClass::Internal, false)
            } else if context.is(&[Subject::Company]) && !person_before {
                new(term.kind, DataClass::Personal, false)
            } else if term.at == At::Whole {
                new(term.kind, DataClass::Personal, person || context.has_contact())
            } else {
                new(term.kind, DataClass::Personal, term.sure)
            }
        }
        "address" | "town" => {
            if context.is(&[Subject::Chain])
                || context.has_sibling(&["abi", "blockchain", "chain", "mnemonic"])
                || before_is(&["contract", "wallet"])
            {
                new("blockchain-address", DataClass::Internal, false)
            } else if before_is(&["server", "host", "web", "site", "proxy", "mac", "memory", "return"])
                && term.at == At::Last
                && own.len() == 1
                && !before_is(&["job"])
            {
                if before_is(&["site"]) {
                    new("address", DataClass::Personal, false)
                } else {
                    new("network-address", DataClass::Internal, false)
                }
            } else if (context.is(&[Subject::Company, Subject::Settings, Subject::Thing, Subject::Published])
                && !person_before)
                || of_business
            {
                new("business-address", DataClass::Internal, false)
            } else if term.kind == "town" {
                new("address", if person { DataClass::Personal } else { DataClass::Internal }, person)
            } else {
                new("address", DataClass::Personal, true)
            }
        }
        "tax-number" => {
            if context.staff {
                new("government-identity", DataClass::Sensitive, true)
            } else if person && !of_business {
                new("tax-number", DataClass::Personal, true)
            } else {
                new("tax-number", DataClass::Internal, term.sure)
            }
        }
        "government-identity" if context.is(&[Subject::Published, Subject::Chain]) => None,
        "health" => {
            let reference = own.iter().any(|word| {
                word.starts_with("pa")
                    && (word.starts_with("patient") || word.starts_with("pac") || word.starts_with("paz"))
            });
            if context.animals {
                return new("animal-health", DataClass::Internal, true);
            }
            // What is paid for it says nothing of anybody's health.
            if after.iter().any(|word| {
                matches!(
                    *word,
                    "allowance"
                        | "allowances"
                        | "deduction"
                        | "premium"
                        | "fee"
                        | "fees"
                        | "cost"
                        | "costs"
                        | "amount"
                        | "price"
                )
            }) {
                let class =
                    if context.staff || context.pay || person { DataClass::Personal } else { DataClass::Internal };
                return new(if class == DataClass::Personal { "wage" } else { "amount" }, class, true);
            }
            // `patientPhone` is a phone number; `patient` and `patientId` say that somebody is one.
            if reference && !after.is_empty() && !ends_as_reference {
                return None;
            }
            let unclear = context.thing() || (context.is(&[Subject::Company]) && !context.health);
            if unclear && !reference {
                return new("", DataClass::Internal, false);
            }
            let loose = own.concat() == "insurancenumber"
                || matches!(own.concat().as_str(), "injury" | "smoker" | "glucose" | "handicap" | "medicine");
            new("health", DataClass::Sensitive, !loose || context.health || context.staff)
        }
        "special-category" | "legal" | "children" | "biometrics" if context.thing() => {
            new(term.kind, DataClass::Internal, false)
        }
        "person" if !term.sure => {
            (person || context.about_person).then(|| Classified::new("person", DataClass::Personal, person))
        }
        "person" if own.concat() == "kon" && !person => None,
        // Paid, owed and charged amounts of a store of wages; how and in which money is nobody's own.
        "amount"
            if context.pay
                && !own
                    .iter()
                    .map(String::as_str)
                    .chain(before.iter().copied())
                    .any(|word| matches!(word, "currency" | "payment" | "vat" | "tax" | "rate" | "fee" | "fees")) =>
        {
            new("wage", DataClass::Personal, true)
        }
        "bank-account" if context.utility && own.first().is_some_and(|word| word == "account") => {
            new("reference", DataClass::Internal, false)
        }
        "wage" => {
            let income = own.iter().any(|word| word == "income" || word == "einkommen");
            if income && !person {
                new("amount", DataClass::Internal, true)
            } else if context.thing() {
                new("wage", DataClass::Internal, false)
            } else {
                new("wage", DataClass::Personal, own.concat() != "ber" && own.concat() != "loon" || person)
            }
        }
        "location" => {
            let tied = person || context.is(&[Subject::Audit]) || (context.about_person && !context.thing());
            let class = if tied { DataClass::Personal } else { DataClass::Internal };
            new("location", class, tied)
        }
        "image" if term.at == At::Last => {
            if context.is(&[Subject::Thing, Subject::Published, Subject::Company, Subject::Settings]) {
                new("image", DataClass::Internal, false)
            } else {
                let tied = person || context.is(&[Subject::Document]) || context.about_person;
                new("image", if tied { DataClass::Personal } else { term.class }, tied)
            }
        }
        "message" => {
            let tied = person
                || context.is(&[Subject::Message])
                || context.has_contact()
                || (context.about_person && !context.thing());
            let class = if context.thing() || (context.is(&[Subject::Audit]) && !tied) {
                DataClass::Internal
            } else {
                DataClass::Personal
            };
            new("message", class, tied)
        }
        "free-text" => {
            if context.is(&[Subject::Published]) {
                return new("free-text", DataClass::Public, false);
            }
            let tied = person
                || (context.is(&[Subject::Message, Subject::Document, Subject::Audit, Subject::Other])
                    && (context.about_person || context.has_sibling(&["ip"])))
                || (context.is(&[Subject::Message]) && context.by_user);
            let class = if tied { DataClass::Personal } else { DataClass::Internal };
            // A column that is called `text` or `body` is a record's content only where records are messages.
            new("free-text", class, true)
        }
        "file" => {
            let tied = person
                || context.is(&[Subject::Document, Subject::Message])
                || context.about_person
                || own.iter().any(|word| matches!(word.as_str(), "resume" | "cv" | "lebenslauf"));
            let tied = tied && !context.is(&[Subject::Thing, Subject::Published, Subject::Settings]);
            new("file", if tied { DataClass::Personal } else { DataClass::Internal }, true)
        }
        "token" if term.names == "token" => {
            if before_is(&["max", "total", "prompt", "completion", "input", "output", "design", "per"]) {
                return None;
            }
            match context.subject {
                _ if term.at == At::Last && !before.is_empty() => {
                    new("token", DataClass::Sensitive, context.is(&[Subject::Person, Subject::Credentials]))
                }
                Subject::Document | Subject::Money | Subject::Message => new("access-link", DataClass::Personal, true),
                Subject::Credentials | Subject::Person | Subject::Child | Subject::Audit => {
                    new("token", DataClass::Sensitive, true)
                }
                Subject::Settings | Subject::Other | Subject::Company => new("token", DataClass::Sensitive, false),
                _ => None,
            }
        }
        // What is hashed is a password where people log in; elsewhere it may be anything.
        "password-hash" if term.at == At::Whole => (context.has_contact()
            && (person || context.has_sibling(&["salt", "role", "password"])))
        .then(|| Classified::new("password-hash", DataClass::Sensitive, true)),
        "one-time-code" if context.is(&[Subject::Money, Subject::Thing]) && own.concat() == "confirmationcode" => None,
        "token" if context.is(&[Subject::Chain]) => None,
        // The id of a session in a log is no key to it; in a table of sessions it is.
        "token" if own.concat() == "sessionid" => {
            context.is(&[Subject::Credentials]).then(|| Classified::new("token", DataClass::Sensitive, true))
        }
        "bank-account" => {
            let bookkeeping =
                context.has_sibling(&["debit", "credit", "ledger"]) && !context.has_sibling(&["iban", "bic"]);
            let bank_beside =
                context.has_sibling(&["iban", "bic", "sort", "sortcode", "routing", "bank", "ifsc", "swift"]);
            if bookkeeping {
                return new("bank-account", DataClass::Internal, false);
            }
            let sure = term.at != At::Whole || bank_beside && own.concat() != "bank" || own.concat() == "bic";
            new("bank-account", DataClass::Sensitive, sure)
        }
        "card" if context.thing() && own.concat() == "creditcard" => None,
        "card-remainder"
            if !context.has_sibling(&["card", "brand", "cvv"]) && own.first().is_some_and(|word| word == "last") =>
        {
            new("card-remainder", DataClass::Internal, false)
        }
        "employment" => {
            let tied = person
                || context.is(&[Subject::Audit])
                || (context.about_person && context.is(&[Subject::Other, Subject::Document]));
            let class = if tied { DataClass::Personal } else { DataClass::Internal };
            new("employment", class, tied)
        }
        "activity" => new("activity", if person { DataClass::Personal } else { DataClass::Internal }, person),
        "signature" if !term.sure => {
            let tied = person || context.is(&[Subject::Money, Subject::Document]) || context.about_person;
            new("signature", DataClass::Personal, tied)
        }
        "reference" => new("reference", DataClass::Internal, true),
        _ => new(term.kind, term.class, term.sure),
    }
}
