//! What rules about stores ask of them.

use plimsoll_model::app::{Command, Field, LiveTable, LiveVerdict, Openness, Policy, Store, StoreKind};
use plimsoll_model::names::{has, words};
use plimsoll_model::{App, DataClass};
use plimsoll_source::Span;

/// Fields of a store, and of the same store as other witnesses know it (a collection in rules and in code).
fn fields<'a>(app: &'a App, store: &'a Store) -> impl Iterator<Item = &'a Field> {
    let same =
        move |other: &&Store| other.kind == store.kind && last_name(other).eq_ignore_ascii_case(last_name(store));
    app.stores.iter().filter(same).flat_map(|store| &store.fields)
}

fn last_name(store: &Store) -> &str {
    store.name.trim_end_matches("/**").rsplit('/').next().unwrap_or(&store.name)
}

/// The highest class of its fields; `None` where none are known. A place alone (postal codes, houses for sale) is of
/// nobody in particular.
pub(crate) fn field_class(app: &App, store: &Store) -> Option<DataClass> {
    let known = fields(app, store).map(|field| field.class).max()?;
    let place = |field: &&Field| matches!(field.kind.as_str(), "address" | "location");
    let apart = fields(app, store).filter(|field| !place(field)).map(|field| field.class).max().unwrap_or_default();
    Some(if known == DataClass::Personal { known.min(apart.max(DataClass::Internal)) } else { known })
}

/// The class of what a store holds: by its fields, and by its name where that says more.
pub(crate) fn class(app: &App, store: &Store) -> DataClass {
    // Everything there is.
    let by_name = if is_everything(store) { DataClass::Personal } else { class_by_name(last_name(store)) };
    if is_catalogue(app, store) { DataClass::Public } else { field_class(app, store).unwrap_or_default().max(by_name) }
}

/// Its name says that its content is made to be seen by all, and no field says otherwise.
pub(crate) fn is_catalogue(app: &App, store: &Store) -> bool {
    is_shown_by_name(last_name(store)) && field_class(app, store).is_none_or(|class| class <= DataClass::Internal)
}

/// Records that somebody with a role keeps for everybody: no column says whose a row is or tells of a person, and every
/// policy for writing asks for more than an account.
pub(crate) fn is_reference(app: &App, store: &Store) -> bool {
    let mut writing = store.policies.iter().filter(|policy| Act::of(policy.command) != Act::Read).peekable();
    writing.peek().is_some()
        && writing.all(|policy| matches!(policy.openness, Openness::Limited | Openness::Nobody))
        && !has_owner(app, store)
        // What is known of an illness tells of nobody where nobody is named.
        && fields(app, store).next().is_some()
        && fields(app, store).all(|field| {
            // An address to write to or a number to call may be a person's, whatever the record is.
            (field.class <= DataClass::Internal && !matches!(field.kind.as_str(), "email" | "phone"))
                || field.kind == "health"
        })
        && !is_kept_by_app(&store.name)
}

/// A rule for all there is.
pub(crate) fn is_everything(store: &Store) -> bool {
    matches!(store.name.as_str(), "all collections" | "all files")
}

/// Class of a table, collection or bucket by its name alone.
fn class_by_name(name: &str) -> DataClass {
    let words = words(name);
    let any = |list: &[&str]| has(&words, list);
    if any(&[
        "otp",
        "password",
        "credential",
        "secret",
        "salary",
        "salaries",
        "payroll",
        "payslip",
        "medical",
        "health",
        "patient",
        "prescription",
        "diagnosis",
        "diagnoses",
        "passport",
        "kyc",
        "bank",
        "card",
        "token",
        "prescriptions",
        "citizen",
        "backup",
        "key",
        "apikey",
    ]) || (any(&["reset", "verification"]) && any(&["code", "request", "token"]))
    {
        return DataClass::Sensitive;
    }
    if any(&[
        "user",
        "profile",
        "account",
        "customer",
        "client",
        "employee",
        "staff",
        "member",
        "contact",
        "lead",
        "invoice",
        "order",
        "booking",
        "appointment",
        "reservation",
        "guest",
        "student",
        "candidate",
        "applicant",
        "application",
        "doc",
        "payment",
        "transaction",
        "message",
        "chat",
        "conversation",
        "document",
        "contract",
        "receipt",
        "subscription",
        "quote",
        "quotation",
        "expense",
        "timesheet",
        "attendance",
        "activity",
        "activities",
        "log",
        "audit",
        "address",
        "people",
        "person",
        "team",
        "notification",
        "ticket",
        "certificate",
        "leave",
        "shift",
        "report",
        "resume",
        "cv",
        "company",
        "companies",
        "submission",
        "attachment",
        "visitor",
        "donor",
        "donation",
        "task",
        "deal",
        "inquiry",
        "inquiries",
    ]) {
        return DataClass::Personal;
    }
    DataClass::Internal
}

/// Whether a store of the server's says by its name that its content is made to be seen by all.
pub(crate) fn is_made_to_be_shown(name: &str) -> bool {
    is_shown_by_name(name.rsplit('.').next().unwrap_or(name)) && class_by_name(name) <= DataClass::Internal
}

/// Whether a name says that its content is made to be seen by all.
fn is_shown_by_name(name: &str) -> bool {
    let words = words(name);
    has(
        &words,
        &[
            "product",
            "category",
            "categories",
            "service",
            "post",
            "article",
            "menu",
            "faq",
            "setting",
            "template",
            "testimonial",
            "review",
            "country",
            "countries",
            "currency",
            "currencies",
            "plan",
            "price",
            "pricing",
            "blog",
            "news",
            "event",
            "page",
            "banner",
            "gallery",
            "avatar",
            "logo",
            "brand",
            "city",
            "cities",
            "state",
            "tag",
            "course",
            "lesson",
            "feature",
            "announcement",
            "media",
            "image",
            "photo",
            "picture",
            "public",
            "leaderboard",
            "badge",
            "recipe",
            "portfolio",
            "content",
            "site",
            "theme",
            "translation",
            "rate",
            "lookup",
            "master",
            "type",
            "status",
            "statuses",
            "unit",
            "location",
            "store",
            "shop",
            "restaurant",
            "venue",
            "property",
            "properties",
            "listing",
            "room",
            "slot",
            "doctor",
            "comment",
            "rating",
            "like",
            "follow",
            "follower",
            "achievement",
            "level",
            "question",
            "quiz",
            "quizzes",
            "book",
            "movie",
            "song",
            "game",
            "match",
            "matches",
            "player",
            "tournament",
            "version",
            "holiday",
        ],
    ) && class_by_name(name) < DataClass::Sensitive
}

/// It has a column that says whose a row is.
pub(crate) fn has_owner(app: &App, store: &Store) -> bool {
    fields(app, store).any(|field| {
        let name = field.name.to_ascii_lowercase().replace('_', "");
        [
            "userid",
            "ownerid",
            "owner",
            "createdby",
            "authorid",
            "uid",
            "profileid",
            "customerid",
            "clientid",
            "senderid",
            "employeeid",
            "memberid",
            "patientid",
            "studentid",
            "uploadedby",
            "companyid",
            "organizationid",
            "organisationid",
            "orgid",
            "tenantid",
            "workspaceid",
            "clinicid",
            "teamid",
            "agencyid",
        ]
        .contains(&name.as_str())
    })
}

/// Its records are tenants: whoever may sign up may usually make one.
pub(crate) fn holds_tenants(name: &str) -> bool {
    let last = name.rsplit('/').next().unwrap_or(name).to_ascii_lowercase();
    [
        "organizations",
        "organisations",
        "companies",
        "tenants",
        "workspaces",
        "clinics",
        "teams",
        "agencies",
        "schools",
        "households",
        "groups",
        "rooms",
        "businesses",
    ]
    .contains(&last.as_str())
}

/// Records that only the app itself should write: codes, attempts, logs, rights, money.
pub(crate) fn is_kept_by_app(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    has_any(
        &name,
        &[
            "otp",
            "verification",
            "attempt",
            "lockout",
            "lock_out",
            "audit",
            "_log",
            "logs",
            "role",
            "admin",
            "permission",
            "payment",
            "transaction",
            "credit",
            "wallet",
            "session",
            "token",
            "subscription",
            "one_time",
            "onetime",
            "rate_limit",
        ],
    )
}

/// Rights are in it.
pub(crate) fn holds_rights(name: &str) -> bool {
    has_any(&name.to_ascii_lowercase(), &["role", "admin", "permission", "credit", "wallet", "subscription", "balance"])
}

pub(crate) fn has_any(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| text.contains(word))
}

/// What the running database gave a stranger of a store, where it gave a record.
pub(crate) fn answered<'a>(app: &'a App, store: &Store) -> Option<&'a LiveTable> {
    app.live.tables.iter().find(|table| table.store == store.name && table.verdict == LiveVerdict::Confirmed)
}

/// Where browser code talks to it.
pub(crate) fn used_at(app: &App, store: &Store) -> Option<Span> {
    let last = store.name.rsplit('/').next().unwrap_or(&store.name);
    app.store_uses
        .iter()
        .find(|used| {
            let same_kind = match store.kind {
                StoreKind::Bucket => used.kind == Some(StoreKind::Bucket),
                StoreKind::Collection => used.kind == Some(StoreKind::Collection),
                _ => used.kind == Some(StoreKind::Table),
            };
            same_kind && used.store == last
        })
        .map(|used| used.span)
}

/// Who passes a policy that everybody passes: `true` for anyone, `false` for every account.
pub(crate) fn open_to_anyone(policy: &Policy) -> Option<bool> {
    match policy.openness {
        Openness::Anyone => Some(true),
        Openness::AnySignedIn => Some(false),
        _ => None,
    }
}

/// What a policy lets do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Act {
    Change,
    Read,
    Add,
}

impl Act {
    pub(crate) fn of(command: Command) -> Self {
        match command {
            Command::Select => Act::Read,
            Command::Insert => Act::Add,
            Command::All | Command::Update | Command::Delete => Act::Change,
        }
    }

    pub(crate) fn verb(self) -> &'static str {
        match self {
            Act::Change => "change",
            Act::Read => "read",
            Act::Add => "add",
        }
    }
}

/// `a`, `b` and 3 more.
pub(crate) fn list(names: &[&str], shown: usize) -> String {
    let mut unique: Vec<&str> = Vec::new();
    for name in names {
        if !unique.contains(name) {
            unique.push(name);
        }
    }
    let quoted: Vec<String> = unique.iter().take(shown).map(|name| format!("`{name}`")).collect();
    match unique.len().saturating_sub(shown) {
        0 => match quoted.split_last() {
            Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
            _ => quoted.join(""),
        },
        more => format!("{} and {more} more", quoted.join(", ")),
    }
}
