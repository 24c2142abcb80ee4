//! Whether the data map has what people found that an app stores, and whether the attack chains that people walked are
//! derived.
//!
//! Labels say what a table holds in words ("PII / credentials"), which are read as the classes that its fields may have. A
//! labelled field counts when it is in the map with one of them. A field reported as sensitive is wrong where the labels
//! say otherwise; where they are silent it is listed and counts in the worst case only. A chain is derived when one of ours
//! has all of its labelled findings as steps.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::Value;

use super::labels::{ChainLabel, DataLabel, Item, Labels, text};
use super::sarif::Finding;
use super::score::matches;

/// What was counted, of one app or of all.
#[derive(Default)]
pub(crate) struct Depth {
    fields: usize,
    found: usize,
    right: usize,
    sensitive: usize,
    wrong: usize,
    unlabelled: usize,
    chains: usize,
    derived: usize,
    steps: usize,
    steps_derived: usize,
    unlabelled_chains: usize,
}

/// Classes that the words of a label admit.
fn classes(kind: &str) -> BTreeSet<&'static str> {
    let kind = kind.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| kind.contains(word));
    let mut out = BTreeSet::new();
    if says(&[
        "credential",
        "password",
        "hash",
        "token",
        "session",
        "health",
        "medical",
        "bank",
        "card",
        "identity",
        "passport",
        "api key",
        "signing",
        "private key",
        "children",
        "tax and",
    ]) {
        out.insert("sensitive");
    }
    if says(&[
        "pii",
        "personal",
        "staff",
        "employee",
        "customer",
        "client",
        "message",
        "picture",
        "photo",
        "profile",
        "audit",
        "notes",
        "monitoring",
        "professional",
        "contact",
        "people",
    ]) {
        out.insert("personal");
    }
    if says(&["financial", "commercial", "operational", "business", "authori", "formula", "tax number"]) {
        // Amounts and notes of somebody's invoice are business data as well as data of somebody.
        out.extend(["internal", "personal"]);
    }
    out
}

/// `invoices / invoice_items`, `job_document + uploads/`: each on its own.
fn names(label: &DataLabel) -> Vec<String> {
    let all = [&label.table, &label.collection, &label.bucket];
    let parts = all.into_iter().flatten().flat_map(|name| name.split(" / ").flat_map(|part| part.split(['+', ','])));
    parts.map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

/// Whether an item of the map is in the store that a label names: by its name, as a list inside its file, or as the key of
/// a browser's storage (`localStorage cart`).
fn is_in(item: &Mapped<'_>, label: &str) -> bool {
    match label.split_once(' ').filter(|(storage, _)| storage.ends_with("Storage")) {
        Some((storage, key)) => item.store == storage && plain(item.field) == plain(key),
        None => same_store(item.store, label) || plain(item.store).starts_with(&plain(label)),
    }
}

fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

fn same_store(ours: &str, label: &str) -> bool {
    let own = |name: &str| {
        let name = plain(name.rsplit('.').next().unwrap_or(name));
        name.strip_suffix('s').map(str::to_owned).unwrap_or(name)
    };
    ours.eq_ignore_ascii_case(label) || plain(ours) == plain(label) || own(ours) == own(label)
}

/// One item of the map.
struct Mapped<'v> {
    store: &'v str,
    field: &'v str,
    class: &'v str,
    kind: &'v str,
    confidence: &'v str,
}

fn items(review: &Value) -> Vec<Mapped<'_>> {
    let list = review.get("data").and_then(Value::as_array).into_iter().flatten();
    list.map(|value| {
        let get = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default();
        Mapped {
            store: get("store"),
            field: get("field"),
            class: get("class"),
            kind: get("kind"),
            confidence: get("confidence"),
        }
    })
    .collect()
}

/// Whether an item of the map is what a label calls a field: by its name, as one of the values of a column
/// (`kind = passport`), or as part of a store that the map holds as a whole.
fn same_field(item: &Mapped<'_>, store: &str, field: &str) -> bool {
    let (own, wanted) = (plain(item.field), plain(field));
    let value = item.field.split_once(" = ").is_some_and(|(_, value)| plain(value) == wanted);
    // The label names a list of records in a file as if it were a field of it.
    let list = plain(item.store).ends_with(&wanted) && !wanted.is_empty() && item.store.len() > store.len();
    let key = store.contains("Storage ");
    own == wanted || value || key || item.field == "*" || field == "*" || list
}

fn data(name: &str, labels: &[DataLabel], review: &Value, notes: &mut Vec<String>) -> Depth {
    let mut depth = Depth::default();
    let items = items(review);
    let mut known: Vec<(usize, bool)> = Vec::new();
    for label in labels {
        let allowed = classes(&label.kind);
        let stores = names(label);
        if stores.is_empty() || allowed.is_empty() {
            continue;
        }
        let mut fields: Vec<String> = label
            .fields
            .iter()
            .flatten()
            .map(|field| text(field).split(" (").next().unwrap_or_default().trim().to_owned())
            .collect();
        if fields.is_empty() {
            fields.push("*".into());
        }
        for field in fields {
            let here: Vec<usize> = (0..items.len())
                .filter(|&at| {
                    stores.iter().any(|store| is_in(&items[at], store) && same_field(&items[at], store, &field))
                })
                .collect();
            // Where a label says of a whole table of accounts that it holds credentials, the address in it is still one.
            let contact = matches!(plain(&field).as_str(), "email" | "name" | "username" | "phone");
            let right =
                here.iter().any(|&at| allowed.contains(items[at].class) || contact && items[at].class == "personal");
            depth.fields += 1;
            depth.found += usize::from(!here.is_empty());
            depth.right += usize::from(right);
            known.extend(here.iter().map(|&at| (at, allowed.contains("sensitive"))));
            if !right {
                let as_what: Vec<&str> = here.iter().map(|&at| items[at].class).collect();
                let as_what = if as_what.is_empty() { "not in the map".to_owned() } else { as_what.join(", ") };
                notes.push(format!("DATA   {name} {} {field} ({}): {as_what}", stores.join("/"), label.kind));
            }
        }
    }
    for (at, item) in items.iter().enumerate() {
        if item.class != "sensitive" || item.confidence == "possible" {
            continue;
        }
        depth.sensitive += 1;
        let mut said = known.iter().filter(|(known, _)| *known == at).map(|(_, sensitive)| *sensitive).peekable();
        match (said.peek().is_some(), said.any(|sensitive| sensitive)) {
            (true, false) => {
                depth.wrong += 1;
                notes.push(format!("TOOHIGH {name} {} {} ({})", item.store, item.field, item.kind));
            }
            (true, true) => {}
            (false, _) => {
                depth.unlabelled += 1;
                notes.push(format!("SENSITIVE {name} {} {} ({})", item.store, item.field, item.kind));
            }
        }
    }
    depth
}

fn finding(value: &Value) -> Finding {
    let get = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let list = |name: &str| value.get(name).and_then(Value::as_array).into_iter().flatten();
    let places = list("evidence")
        .filter_map(|piece| {
            let file = piece.get("file")?.as_str()?.to_owned();
            Some((file, piece.get("line").and_then(Value::as_i64)))
        })
        .collect();
    Finding {
        rule: get("rule"),
        gap: Some(get("gap")),
        cwes: list("cwe").filter_map(Value::as_u64).collect(),
        places,
        level: String::new(),
        message: get("title"),
    }
}

fn chains(name: &str, labels: &[ChainLabel], items: &[Item], review: &Value, notes: &mut Vec<String>) -> Depth {
    let mut depth = Depth::default();
    let list = |value: &Value, name: &str| value.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let findings: Vec<(String, Finding)> = list(review, "findings")
        .iter()
        .map(|value| (value.get("id").and_then(Value::as_str).unwrap_or_default().to_owned(), finding(value)))
        .collect();
    // The labelled items behind each of our chains.
    let ours: Vec<(String, BTreeSet<String>)> = list(review, "chains")
        .iter()
        .map(|chain| {
            let start = chain.get("start").and_then(Value::as_str).unwrap_or_default();
            let impact = chain.get("impact").and_then(Value::as_str).unwrap_or_default();
            let (cut, steps) = (list(chain, "cut"), list(chain, "steps"));
            // What a step rests on, and what makes one easier.
            let used = |id: &str| {
                cut.iter().any(|part| part.as_str() == Some(id))
                    || steps.iter().any(|step| step.get("finding").and_then(Value::as_str) == Some(id))
            };
            let behind = items
                .iter()
                .filter(|item| findings.iter().any(|(id, finding)| used(id) && matches(finding, item)))
                .map(|item| text(&item.id));
            (format!("{start} -> {impact}"), behind.collect())
        })
        .collect();
    let mut used = BTreeSet::new();
    for label in labels {
        let wanted: BTreeSet<String> = label.items.iter().map(text).collect();
        let best = ours.iter().enumerate().max_by_key(|(_, (_, behind))| {
            // All labelled steps, and few others.
            let both = behind.intersection(&wanted).count();
            (both, std::cmp::Reverse(behind.len()))
        });
        let (both, told) = best.map_or((0, "none"), |(_, (told, behind))| (behind.intersection(&wanted).count(), told));
        depth.chains += 1;
        depth.steps += wanted.len();
        depth.steps_derived += both;
        depth.derived += usize::from(both == wanted.len());
        used.extend(ours.iter().enumerate().filter(|(_, (_, behind))| !behind.is_disjoint(&wanted)).map(|(at, _)| at));
        let id = text(&label.id);
        let missing: Vec<String> = match best {
            Some((_, (_, behind))) => wanted.difference(behind).cloned().collect(),
            None => wanted.iter().cloned().collect(),
        };
        notes.push(format!(
            "CHAIN  {name} {id} {both}/{} of {} by: {told}; missing {}",
            wanted.len(),
            label.title,
            missing.join(" ")
        ));
    }
    for (at, (told, _)) in ours.iter().enumerate() {
        if !used.contains(&at) {
            depth.unlabelled_chains += 1;
            notes.push(format!("CHAIN+ {name} {told}"));
        }
    }
    depth
}

/// Measures a review (the JSON of `check`) against its labels.
pub(crate) fn app(name: &str, labels: &Labels, review: &Value) -> (Depth, Vec<String>) {
    let mut notes = Vec::new();
    let mut depth = data(name, labels.data.as_deref().unwrap_or_default(), review, &mut notes);
    // Only the twins say what chains there are; there, what they do not list is not true.
    if labels.twin.is_some() {
        let list = labels.chains.as_deref().unwrap_or_default();
        depth.add(&chains(name, list, labels.items.as_deref().unwrap_or_default(), review, &mut notes));
    }
    (depth, notes)
}

impl Depth {
    /// Adds the counts of an app.
    pub(crate) fn add(&mut self, other: &Depth) {
        self.fields += other.fields;
        self.found += other.found;
        self.right += other.right;
        self.sensitive += other.sensitive;
        self.wrong += other.wrong;
        self.unlabelled += other.unlabelled;
        self.chains += other.chains;
        self.derived += other.derived;
        self.steps += other.steps;
        self.steps_derived += other.steps_derived;
        self.unlabelled_chains += other.unlabelled_chains;
    }

    /// One line, of an app or of all.
    pub(crate) fn row(&self, name: &str) -> String {
        let percent = |part: usize, whole: usize| part * 100 / whole.max(1);
        let name: String = name.chars().take(40).collect();
        let mut out = format!(
            "{name:<40} data: right class {}/{} = {} %, found {}; sensitive {}: wrong {} = {} %, {} unlabelled",
            self.right,
            self.fields,
            percent(self.right, self.fields),
            self.found,
            self.sensitive,
            self.wrong,
            percent(self.wrong, self.sensitive),
            self.unlabelled
        );
        if self.chains + self.unlabelled_chains > 0 {
            let _ = write!(
                out,
                "; chains derived {}/{} (steps {}/{}), not labelled {}",
                self.derived, self.chains, self.steps_derived, self.steps, self.unlabelled_chains
            );
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_and_chains_are_counted() {
        let labels: Labels = serde_saphyr::from_str(
            "twin: weak\n\
             items:\n\
             - {id: V1, gap: xss, file: a.js, line: 10, severity: high}\n\
             - {id: V2, gap: missing_security_headers, file: b.js, line: 1, severity: low}\n\
             chains:\n\
             - {id: C1, title: Takeover, items: [V1, V2]}\n\
             data:\n\
             - {table: customers, fields: [name, email], kind: PII}\n\
             - {table: users / accounts, fields: ['password_hash (bcrypt)'], kind: credentials}\n\
             - {table: notes, fields: ['*'], kind: operational}\n",
        )
        .expect("labels");
        let review: Value = serde_json::from_str(
            r#"{"data": [
                {"store": "customers", "field": "name", "class": "personal", "kind": "name", "confidence": "likely"},
                {"store": "User", "field": "passwordHash", "class": "sensitive", "kind": "password-hash", "confidence": "likely"},
                {"store": "notes", "field": "body", "class": "sensitive", "kind": "health", "confidence": "likely"}],
              "findings": [
                {"id": "PL-1", "rule": "x", "gap": "xss", "title": "t", "evidence": [{"file": "a.js", "line": 11}]},
                {"id": "PL-2", "rule": "h", "gap": "missing_security_headers", "title": "t", "evidence": []}],
              "chains": [
                {"start": "anyone", "impact": "takes over", "cut": ["PL-1", "PL-2"]},
                {"start": "anyone", "impact": "spends money", "cut": []}]}"#,
        )
        .expect("review");
        let (depth, notes) = app("x", &labels, &review);
        assert_eq!((depth.fields, depth.found, depth.right), (4, 3, 2), "{notes:#?}");
        assert_eq!((depth.sensitive, depth.wrong, depth.unlabelled), (2, 1, 0), "{notes:#?}");
        assert_eq!((depth.chains, depth.derived, depth.unlabelled_chains), (1, 1, 1), "{notes:#?}");
    }
}
