//! The data map on its own: a table for people, JSON, and a record of processing activities.
//!
//! The record has what Article 30(1) of the GDPR asks for, one row per store with data of people. What the code cannot
//! tell is marked, not guessed.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use plimsoll_model::{DataClass, DataItem, Review};

use crate::clean::Cleaning;
use crate::layout::Style;
use crate::terminal::TerminalOptions;
use crate::words;

/// What stands where only the owner knows.
const BLANK: &str = "TO BE FILLED IN";

/// Columns of the record, after Article 30(1) points (a) to (g).
const COLUMNS: [&str; 11] = [
    "Store",
    "Controller and contact (a)",
    "Purpose (b)",
    "Categories of people (c)",
    "Categories of data (c)",
    "Class",
    "Recipients (d)",
    "Transfers to third countries (e)",
    "Time limits for erasure (f)",
    "Security measures (g)",
    "Seen in",
];

fn by_store(items: &[DataItem]) -> Vec<(&str, DataClass, Vec<&DataItem>)> {
    let mut stores: BTreeMap<&str, Vec<&DataItem>> = BTreeMap::new();
    for item in items {
        stores.entry(&item.store).or_default().push(item);
    }
    let mut stores: Vec<_> = stores
        .into_iter()
        .map(|(name, mut items)| {
            items.sort_by(|a, b| b.class.cmp(&a.class).then_with(|| a.field.cmp(&b.field)));
            (name, items.iter().map(|item| item.class).max().unwrap_or_default(), items)
        })
        .collect();
    stores.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    stores
}

fn place(item: &DataItem) -> Option<String> {
    let place = item.evidence.iter().find_map(|piece| piece.place.as_ref())?;
    Some(words::place(&place.file, place.line, place.end_line))
}

/// The table for people: store by store, the heaviest first.
pub(crate) fn table(review: &Review, options: &TerminalOptions) -> String {
    let review = options.cleaning().review(review);
    let mut canvas = options.canvas();
    if review.data.is_empty() {
        canvas.line("No store, form or file with data was found.");
        return canvas.finish();
    }
    for (name, class, items) in by_store(&review.data) {
        canvas.heading(&format!("{name}: {}", class.word()), Style::Bold);
        let shown: Vec<&&DataItem> =
            items.iter().filter(|item| options.verbose || item.class > DataClass::Internal).collect();
        // Said once where it is the same for all.
        let same = |list: fn(&DataItem) -> &Vec<String>| {
            let first = shown.first().map(|item| list(item))?;
            (!first.is_empty() && shown.len() > 1 && shown.iter().all(|item| list(item) == first))
                .then(|| first.join(", "))
        };
        let reach = same(|item| &item.reachable_by);
        let sent = same(|item| &item.sent_to);
        for (what, who) in [("Reachable by", &reach), ("Sent to", &sent)] {
            if let Some(who) = who {
                canvas.prose(2, Style::Plain, &format!("{what}: {who}"));
            }
        }
        for item in &shown {
            let mut text = item.field.clone();
            if !item.kind.is_empty() {
                let _ = write!(text, ": {}", item.kind.replace('-', " "));
            }
            if item.confidence == plimsoll_model::Confidence::Possible {
                text.push_str(" (possible)");
            }
            if !item.reachable_by.is_empty() && reach.is_none() {
                let _ = write!(text, ". Reachable by {}", item.reachable_by.join(", "));
            }
            if !item.sent_to.is_empty() && sent.is_none() {
                let _ = write!(text, ". Sent to {}", item.sent_to.join(", "));
            }
            if let Some(place) = place(item) {
                let _ = write!(text, "  [{place}]");
            }
            let style = if item.class == DataClass::Sensitive { Style::Red } else { Style::Plain };
            canvas.hang(&format!("  {}", item.class.word()), style, 13, Style::Plain, &text);
        }
        let more = items.len() - shown.len();
        if more > 0 {
            let names: Vec<&str> = items
                .iter()
                .filter(|item| item.class <= DataClass::Internal)
                .map(|item| item.field.as_str())
                .take(8)
                .collect();
            let rest = if more > names.len() { format!(" and {} more", more - names.len()) } else { String::new() };
            canvas.hang("  business", Style::Dim, 13, Style::Dim, &format!("{}{rest}", names.join(", ")));
        }
    }
    canvas.finish()
}

struct Row {
    cells: [String; 11],
}

/// Words in names of stores and fields, and whose records they are.
const PEOPLE: &[(&str, &[&str])] = &[
    ("patients", &["patient", "paciente", "paziente", "pacient"]),
    ("children and their parents", &["child", "children", "pupil", "guardian", "parent", "student"]),
    (
        "employees",
        &[
            "employee",
            "staff",
            "worker",
            "hire",
            "payroll",
            "mitarbeiter",
            "salarie",
            "employe",
            "empleado",
            "dipendente",
            "medewerker",
            "angajat",
            "dolgozo",
            "anstalld",
            "wage",
            "salary",
        ],
    ),
    ("applicants", &["applicant", "candidate", "bewerber"]),
    (
        "customers",
        &[
            "customer", "client", "kunde", "cliente", "klant", "ugyfel", "kund", "order", "invoice", "booking",
            "quote", "rechnung", "facture", "factura",
        ],
    ),
    ("interested people", &["lead", "contact", "inquiry", "enquiry", "subscriber", "newsletter", "anfrage"]),
    ("members", &["member", "membre", "mitglied", "miembro", "membru"]),
    ("tenants", &["tenant", "resident", "mieter"]),
    ("guests", &["guest", "visitor", "attendee", "participant"]),
    ("users of the app", &["user", "account", "profile", "session", "login", "benutzer", "usuario", "utilisateur"]),
];

/// Whose records a store holds, as far as names tell.
fn people(store: &str, items: &[&DataItem]) -> Option<String> {
    let split = |name: &str| -> Vec<String> {
        let mut spaced = String::new();
        for c in name.chars() {
            if c.is_uppercase() {
                spaced.push(' ');
            }
            spaced.extend(c.to_lowercase().map(|c| if c.is_alphanumeric() { c } else { ' ' }));
        }
        spaced.split_whitespace().map(str::to_owned).collect()
    };
    let says = |words: &[String], known: &[&str]| {
        words.iter().any(|word| known.iter().any(|known| word == known || word.strip_suffix('s') == Some(known)))
    };
    let own = split(store);
    // The store's own name first; fields tell of whom its records speak.
    let by_store: Vec<&str> = PEOPLE.iter().filter(|(_, known)| says(&own, known)).map(|(who, _)| *who).collect();
    let found = match by_store.is_empty() {
        false => by_store,
        true => {
            let fields: Vec<String> = items.iter().flat_map(|item| split(&item.field)).collect();
            PEOPLE.iter().filter(|(_, known)| says(&fields, known)).map(|(who, _)| *who).collect()
        }
    };
    (!found.is_empty()).then(|| found.join(", "))
}

/// How many controls that the class demands are proven, and how many are not.
fn measures_in_short(review: &Review, class: DataClass) -> String {
    use plimsoll_model::ControlStatus as Status;
    let count = |wanted: &[Status]| {
        let demanded = review.controls.iter().filter(|control| control.required_from <= class);
        demanded.filter(|control| wanted.contains(&control.status)).count()
    };
    let (proven, open) = (count(&[Status::Proven]), count(&[Status::Failed, Status::Unproven]));
    format!("{} proven, {open} not met: see below; {BLANK}", words::count(proven, "control", "controls"))
}

/// What is proven of the controls that the class demands, and how many are not.
fn measures(review: &Review, class: DataClass) -> String {
    use plimsoll_model::ControlStatus as Status;
    let demanded = || review.controls.iter().filter(|control| control.required_from <= class);
    let proven: Vec<&str> =
        demanded().filter(|control| control.status == Status::Proven).map(|control| control.title.as_str()).collect();
    let open = demanded().filter(|control| matches!(control.status, Status::Failed | Status::Unproven)).count();
    let proven = match proven.is_empty() {
        true => "nothing proven by this review".to_owned(),
        false => format!("proven by this review: {}", proven.join("; ")),
    };
    let open = match open {
        0 => String::new(),
        open => format!(
            "; {} not met",
            words::count(open, "control that the data demands is", "controls that the data demands are")
        ),
    };
    format!("{proven}{open}; {BLANK}")
}

fn rows(review: &Review, measures: fn(&Review, DataClass) -> String) -> Vec<Row> {
    by_store(&review.data)
        .into_iter()
        // Keys in files are no processing of anybody's data.
        .filter(|(_, class, items)| {
            let people = items.iter().any(|item| {
                item.class >= DataClass::Personal
                    && !matches!(item.kind.as_str(), "app-secret" | "secret-key" | "password" | "token")
            });
            *class >= DataClass::Personal && people
        })
        .map(|(name, class, items)| {
            let mut kinds: Vec<String> = Vec::new();
            let mut recipients: Vec<String> = Vec::new();
            for item in items.iter().filter(|item| item.class >= DataClass::Personal) {
                let kind = if item.kind.is_empty() { item.field.clone() } else { item.kind.replace('-', " ") };
                if !kinds.contains(&kind) {
                    kinds.push(kind);
                }
                for to in &item.sent_to {
                    if !recipients.contains(to) {
                        recipients.push(to.clone());
                    }
                }
            }
            let abroad = match recipients.as_slice() {
                [] => BLANK.to_owned(),
                known => format!("where they keep it is to be asked of {}; {BLANK}", known.join(", ")),
            };
            let recipients = if recipients.is_empty() {
                format!("none seen in the code; {BLANK}")
            } else {
                format!("{}; {BLANK}", recipients.join(", "))
            };
            let blank = || BLANK.to_owned();
            let cells = [
                name.to_owned(),
                blank(),
                blank(),
                people(name, &items).map_or_else(blank, |who| format!("{who}, by the names in the code; {BLANK}")),
                kinds.join(", "),
                class.word().to_owned(),
                recipients,
                abroad,
                blank(),
                measures(review, class),
                items.iter().find_map(|item| place(item)).unwrap_or_default(),
            ];
            Row { cells }
        })
        .collect()
}

/// The record as CSV (RFC 4180).
pub(crate) fn csv(review: &Review) -> String {
    let review = Cleaning::default().review(review);
    let mut out = COLUMNS.map(cell).join(",");
    out.push_str("\r\n");
    for row in rows(&review, measures) {
        let cells: Vec<String> = row.cells.iter().map(|text| cell(text)).collect();
        out.push_str(&cells.join(","));
        out.push_str("\r\n");
    }
    out
}

/// A cell that a spreadsheet does not take for a formula.
fn cell(text: &str) -> String {
    let guard = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

/// The record as Markdown.
pub(crate) fn markdown(review: &Review) -> String {
    let review = Cleaning::default().review(review);
    let mut out = format!(
        "# Record of processing activities: {}\n\nPrefilled from the source code on {}. It follows Article 30(1) of the GDPR. \
         What stands as **{BLANK}** only the owner knows; what the code shows should be checked too.\n\n",
        crate::markdown::prose(&review.subject.name),
        review.environment.date
    );
    let _ = writeln!(out, "| {} |\n|{}", COLUMNS.join(" | "), "---|".repeat(COLUMNS.len()));
    let rows = rows(&review, measures_in_short);
    for row in &rows {
        let cells: Vec<String> =
            row.cells.iter().map(|text| crate::markdown::prose(text).replace(BLANK, &format!("**{BLANK}**"))).collect();
        let _ = writeln!(out, "| {} |", cells.join(" | "));
    }
    if !rows.is_empty() {
        measures_below(&mut out, &review);
    }
    out
}

/// The security measures, once for all stores: what this review has proven and what it has not.
fn measures_below(out: &mut String, review: &Review) {
    use plimsoll_model::ControlStatus as Status;
    out.push_str("\n## Security measures (g)\n");
    for (title, wanted) in [
        ("Proven by this review", &[Status::Proven][..]),
        ("Broken, or not shown to be there", &[Status::Failed, Status::Unproven]),
    ] {
        let list: Vec<&str> = review
            .controls
            .iter()
            .filter(|control| wanted.contains(&control.status))
            .map(|control| control.title.as_str())
            .collect();
        if !list.is_empty() {
            let _ = write!(out, "\n{title}:\n\n");
            for control in list {
                let _ = writeln!(out, "- {}", crate::markdown::prose(control));
            }
        }
    }
}
