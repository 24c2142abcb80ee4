//! What may be depended on: `policy.toml` against `cargo metadata`. An entry that no dependency needs any more is wrong too.

use std::collections::{BTreeMap, BTreeSet};

use toml_span::Value;

use crate::{licence, workspace};

struct Policy {
    licences: BTreeSet<String>,
    /// Crate to the licence expression that is accepted for it alone.
    exceptions: BTreeMap<String, String>,
    /// Name, or beginning of a name with `*` at the end, and why.
    banned: Vec<(String, String)>,
    /// Crates that may be there in several versions.
    duplicates: BTreeSet<String>,
}

fn policy() -> Policy {
    let text = std::fs::read_to_string(workspace::root().join("policy.toml")).expect("policy.toml");
    let value = toml_span::parse(&text).expect("policy.toml is TOML");
    let table = |pointer: &str| -> Vec<(String, &Value<'_>)> {
        let table =
            value.pointer(pointer).and_then(Value::as_table).unwrap_or_else(|| panic!("policy.toml: no {pointer}"));
        table.iter().map(|(key, value)| (key.name.to_string(), value)).collect()
    };
    let reasons = |pointer: &str| -> Vec<(String, String)> {
        table(pointer)
            .into_iter()
            .map(|(name, why)| {
                let why = why.as_str().unwrap_or_default().trim().to_owned();
                assert!(!why.is_empty(), "policy.toml: {pointer}/{name} has no reason");
                (name, why)
            })
            .collect()
    };
    let licences = value.pointer("/licences/allowed").and_then(Value::as_array).expect("allowed licences");
    Policy {
        licences: licences.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        exceptions: reasons("/licences/exceptions").into_iter().collect(),
        banned: reasons("/banned"),
        duplicates: reasons("/duplicates").into_iter().map(|(name, _)| name).collect(),
    }
}

fn is_banned<'p>(banned: &'p [(String, String)], name: &str) -> Option<&'p str> {
    let found = banned.iter().find(|(pattern, _)| match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => pattern == name,
    });
    found.map(|(_, why)| why.as_str())
}

#[test]
fn dependencies_keep_the_policy() {
    let policy = policy();
    let metadata = workspace::metadata();
    let mut wrong = Vec::new();
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut licences_used = BTreeSet::new();
    let mut exceptions_used = BTreeSet::new();
    let mut others = 0usize;
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let name = package["name"].as_str().unwrap_or_default();
        let version = package["version"].as_str().unwrap_or_default();
        let Some(source) = package["source"].as_str() else { continue };
        others += 1;
        versions.entry(name).or_default().insert(version);
        if !source.starts_with("registry+") && !source.starts_with("sparse+") {
            wrong.push(format!("{name} {version} is not from a registry: {source}"));
        }
        if let Some(why) = is_banned(&policy.banned, name) {
            wrong.push(format!("{name} {version} is banned: {why}"));
        }
        let expression = package["license"].as_str().unwrap_or_default();
        if policy.exceptions.get(name).is_some_and(|accepted| accepted == expression) {
            exceptions_used.insert(name.to_owned());
            continue;
        }
        let used = std::cell::RefCell::new(BTreeSet::new());
        let allowed = |licence: &str| {
            let known = policy.licences.get(licence);
            used.borrow_mut().extend(known.cloned());
            known.is_some()
        };
        match licence::is_allowed(expression, &allowed) {
            Some(true) => licences_used.append(&mut used.borrow_mut()),
            Some(false) => wrong.push(format!("{name} {version}: the licence {expression} is not allowed")),
            None => wrong.push(format!("{name} {version}: the licence cannot be read: `{expression}`")),
        }
    }
    for (name, found) in &versions {
        if found.len() > 1 && !policy.duplicates.contains(*name) {
            wrong.push(format!("{name} is there in several versions ({found:?}), and policy.toml gives no reason"));
        }
    }
    for name in &policy.duplicates {
        if versions.get(name.as_str()).is_none_or(|found| found.len() < 2) {
            wrong.push(format!("policy.toml: {name} is not there in several versions any more"));
        }
    }
    for licence in policy.licences.difference(&licences_used) {
        wrong.push(format!("policy.toml: no dependency needs {licence}"));
    }
    for name in policy.exceptions.keys().filter(|name| !exceptions_used.contains(*name)) {
        wrong.push(format!("policy.toml: the exception for {name} is not needed"));
    }
    assert!(others > 0, "cargo metadata lists no dependency");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn bans_take_a_name_or_a_beginning() {
    let banned = vec![("openssl*".to_owned(), "a".to_owned()), ("git2".to_owned(), "b".to_owned())];
    for (name, expected) in
        [("openssl-sys", true), ("openssl", true), ("git2", true), ("git2-curl", false), ("x", false)]
    {
        assert_eq!(is_banned(&banned, name).is_some(), expected, "{name}");
    }
}
