//! Records of people and figures of the business in the scripts that the running app serves.
//!
//! A build renames variables and joins files, but the names of fields and the values stay: a list of records is still a list
//! of object literals, or JSON in a string that the script reads. What a field is says the data map, by its name and by its
//! neighbours; values are looked at only to tell data from the texts of a form.

use std::collections::BTreeMap;

use plimsoll_datamap::{Context, classify, words};
use plimsoll_ir::{Key, Kind, Module, NodeId};
use plimsoll_model::Confidence;
use plimsoll_model::app::LiveShipped;
use plimsoll_probe::LiveFacts;
use serde_json::Value;

use crate::served;

/// Records of one list that are looked at.
const MAX_RECORDS: usize = 200;
/// Fields of one list.
const MAX_FIELDS: usize = 60;
/// Findings of one run.
const MAX_FOUND: usize = 40;

/// What weighs when everybody gets it.
const GRAVE: [&str; 6] = ["password", "password-hash", "wage", "bank-account", "government-identity", "card"];

/// Looks through what the probe kept.
pub(crate) fn find(facts: &LiveFacts) -> Vec<LiveShipped> {
    let (tree, served) = served::read(facts);
    let mut out: Vec<LiveShipped> = Vec::new();
    for (at, (file, from)) in tree.files.iter().zip(&served).enumerate() {
        let id = plimsoll_source::FileId(u32::try_from(at).unwrap_or(u32::MAX));
        for module in plimsoll_syntax::parse(id, file) {
            for (fields, records) in of_module(&module) {
                let one =
                    LiveShipped { fields, records, exchange: from.exchange.clone(), place: from.place.to_owned() };
                if out.len() < MAX_FOUND && !out.contains(&one) {
                    out.push(one);
                }
            }
        }
    }
    out
}

/// A list of records: each a list of names with their literal values as text.
type Records = Vec<Vec<(String, String)>>;

/// Fields that weigh (name and kind), and how many records hold them; none of a table of figures.
type Weighing = (Vec<(String, String)>, Option<usize>);

/// What of a module weighs.
fn of_module(module: &Module) -> Vec<Weighing> {
    let mut found = Vec::new();
    for (node, at) in module.iter() {
        match &at.kind {
            Kind::Array(items) => {
                let records: Records =
                    items.iter().take(MAX_RECORDS).filter_map(|&item| record(module, item)).collect();
                found.extend(weighing(&records).map(|(fields, count)| (fields, Some(count))));
            }
            Kind::Str(_) | Kind::Template(_) => {
                if let Some(text) = module.string(node).filter(|text| text.len() > 60 && text.starts_with(['[', '{']))
                    && let Ok(value) = serde_json::from_str::<Value>(text)
                {
                    lists(&value, 0, &mut |records| {
                        found.extend(weighing(records).map(|(fields, count)| (fields, Some(count))));
                    });
                }
            }
            Kind::Object(_) => found.extend(figures(module, node).map(|fields| (fields, None))),
            _ => {}
        }
    }
    found
}

/// An object literal with plain values; `None` for anything else.
fn record(module: &Module, node: NodeId) -> Option<Vec<(String, String)>> {
    let Kind::Object(properties) = module.kind(node) else { return None };
    let named = properties.iter().take(MAX_FIELDS).filter_map(|property| {
        let Key::Named(name) = &property.key else { return None };
        let value = match module.kind(property.value) {
            Kind::Num(number) => number.to_string(),
            _ => module.string(property.value)?.to_owned(),
        };
        Some((name.to_string(), value))
    });
    Some(named.collect())
}

/// Every list of records in a JSON value.
fn lists(value: &Value, depth: usize, each: &mut dyn FnMut(&Records)) {
    if depth > 6 {
        return;
    }
    match value {
        Value::Array(items) => {
            let plain = |value: &Value| match value {
                Value::String(text) => Some(text.clone()),
                Value::Number(number) => Some(number.to_string()),
                _ => None,
            };
            let records: Records = items
                .iter()
                .take(MAX_RECORDS)
                .filter_map(Value::as_object)
                .map(|object| {
                    let fields = object.iter().take(MAX_FIELDS);
                    fields.filter_map(|(name, value)| Some((name.clone(), plain(value)?))).collect()
                })
                .collect();
            each(&records);
            items.iter().take(MAX_RECORDS).for_each(|item| lists(item, depth + 1, each));
        }
        Value::Object(object) => object.values().for_each(|value| lists(value, depth + 1, each)),
        _ => {}
    }
}

/// The fields of a list of records that everybody should not get: at least two records hold them, beside who it is about.
fn weighing(records: &Records) -> Option<(Vec<(String, String)>, usize)> {
    if records.len() < 2 {
        return None;
    }
    let mut values: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, value) in records.iter().flatten() {
        values.entry(name).or_default().push(value);
    }
    let context = Context::of("", values.keys().copied());
    let kinds: BTreeMap<&str, &str> = values
        .keys()
        .map(|&name| (name, classify(name, &context)))
        .filter(|(_, found)| found.confidence >= Confidence::Likely)
        .map(|(name, found)| (name, found.kind))
        .collect();
    // A vacancy has a wage and a form has a password, but neither says whose.
    let about_somebody = kinds
        .values()
        .any(|kind| matches!(*kind, "name" | "user-name" | "email" | "phone" | "government-identity" | "bank-account"))
        || values.keys().any(|name| matches!(*name, "name" | "user" | "username" | "login"));
    if !about_somebody {
        return None;
    }
    let mut most = 0;
    let mut fields: Vec<(String, String)> = Vec::new();
    for (name, kind) in kinds.iter().filter(|(_, kind)| GRAVE.contains(kind)) {
        let held = values.get(name).into_iter().flatten().filter(|value| is_data(kind, name, value)).count();
        if held >= 2 {
            most = most.max(held);
            fields.push(((*name).to_owned(), (*kind).to_owned()));
        }
    }
    (!fields.is_empty()).then_some((fields, most))
}

/// A value, and not a text about one: `"password": "Your password"`, `"card": "Pay by card"`.
fn is_data(kind: &str, name: &str, value: &str) -> bool {
    let lower = value.to_lowercase();
    let stem: String = name.to_lowercase().chars().take(4).collect();
    let digits = value.chars().filter(char::is_ascii_digit).count();
    match kind {
        "password" => {
            value.len() >= 4
                && value.len() <= 100
                && !value.contains(' ')
                && !lower.starts_with(&stem)
                && value.chars().any(char::is_alphanumeric)
        }
        "password-hash" => value.len() >= 16 && !value.contains(' ') && (digits >= 3 || value.starts_with('$')),
        "wage" => digits >= 2,
        _ => digits >= 4,
    }
}

/// One table of figures that are the business's own: wages by the hour, or several parts of how a price is made.
fn figures(module: &Module, node: NodeId) -> Option<Vec<(String, String)>> {
    let Kind::Object(properties) = module.kind(node) else { return None };
    let mut wages = Vec::new();
    let mut prices = Vec::new();
    for property in properties.iter().take(MAX_FIELDS) {
        let Key::Named(name) = &property.key else { continue };
        if !numbers(module, property.value, 0) {
            continue;
        }
        match figure_of(&words(name)) {
            Some("wage") => wages.push((name.to_string(), "wage".to_owned())),
            Some(kind) => prices.push((name.to_string(), kind.to_owned())),
            None => {}
        }
    }
    // One figure may be anything; two parts of a calculation are the calculation.
    if wages.is_empty() && prices.len() < 2 {
        return None;
    }
    wages.append(&mut prices);
    Some(wages)
}

/// What a name says that its figures are.
fn figure_of(words: &[String]) -> Option<&'static str> {
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    // Figures that the law or everybody knows.
    if has(&["minimum", "national", "living", "statutory", "average", "max", "min", "width", "height"]) {
        return None;
    }
    if has(&["wage", "wages", "salary", "salaries", "payroll", "lohn", "gehalt", "salaire", "sueldo"]) {
        return Some("wage");
    }
    // A margin alone is most often one of a layout.
    let part =
        has(&["pct", "percent", "percentage", "profit", "price", "merchant", "supplier", "trade", "away", "floor"]);
    let money = has(&["margin", "margins", "markup", "markups", "discount", "cost", "costs", "lowest", "wholesale"]);
    (part && money).then_some("price calculation")
}

fn numbers(module: &Module, node: NodeId, depth: u32) -> bool {
    match module.kind(node) {
        Kind::Num(number) => *number != 0.0,
        Kind::Object(properties) if depth < 3 => {
            !properties.is_empty() && properties.iter().all(|property| numbers(module, property.value, depth + 1))
        }
        Kind::Array(items) if depth < 3 => {
            !items.is_empty() && items.iter().all(|&item| numbers(module, item, depth + 1))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_probe::LiveFacts;

    use super::find;

    fn kinds(script: &str) -> Vec<(Vec<String>, Option<usize>)> {
        let facts =
            LiveFacts { scripts: vec![("http://localhost:3000/a.js".into(), script.into())], ..LiveFacts::default() };
        let mut found: Vec<(Vec<String>, Option<usize>)> = find(&facts)
            .into_iter()
            .map(|one| (one.fields.into_iter().map(|(name, kind)| format!("{name}: {kind}")).collect(), one.records))
            .collect();
        found.sort();
        found
    }

    #[test]
    fn records_and_figures_in_a_build() {
        let list = "var a={t:[{name:`Anna`,email:`anna@shop.example`,password:`not-real-1`},{name:`Ben`,email:`ben@shop.example`,password:`not-real-2`}]};";
        assert_eq!(kinds(list), [(vec!["password: password".to_owned()], Some(2))]);
        let json = r#"const d=JSON.parse('{"staff":[{"name":"Anna","salary":41000,"sortCode":"00-00-01","account":"10012233"},{"name":"Ben","salary":27800,"sortCode":"00-00-02","account":"10045561"}]}');"#;
        let found = kinds(json);
        let [(fields, Some(2))] = &found[..] else { panic!("{found:?}") };
        assert!(
            fields.contains(&"salary: wage".to_owned()) && fields.iter().any(|field| field.contains("bank-account"))
        );
        let hashes = "x=[{name:'A',email:'a@shop.example',salt:'7a537c9af4f6f32ed7accbd3',hash:'7b10bd839647c5af796055d6bbe6b0b8'},{name:'B',email:'b@shop.example',salt:'0e3c3f30de0ef70c8eb70d4e',hash:'de272c4132b61b6c88038d810b874a08'}]";
        let found = kinds(hashes);
        assert!(found.iter().any(|(fields, _)| fields.contains(&"hash: password-hash".to_owned())), "{found:?}");
        let pricing = "const p={markupPct:35,wagePerHour:{one:31.5,two:13.8},walkAwayMarginPct:18}";
        let found = kinds(pricing);
        assert!(
            found.iter().any(|(fields, count)| fields.contains(&"wagePerHour: wage".to_owned()) && count.is_none())
        );
    }

    #[test]
    fn what_looks_alike_and_is_not() {
        for script in [
            // Texts of forms, in two languages.
            "t=[{name:'Name',password:'Password',email:'E-mail'},{name:'Name',password:'Passwort',email:'E-Mail'}]",
            // Vacancies.
            "jobs=[{title:'Cook',salary:'$40k'},{title:'Waiter',salary:'$30k'}]",
            // Layouts.
            "s=[{margin:10,marginTop:4},{margin:12,marginTop:5}];c={margin:{top:10,left:5},width:400}",
            "plans=[{name:'Basic',price:9},{name:'Pro',price:29}]",
            "x={minimumWage:12,discount:10}",
            "fields=[{name:'password',type:'password'},{name:'email',type:'email'}]",
        ] {
            assert_eq!(kinds(script), [], "{script}");
        }
    }
}
