//! A database function with its owner's rights does what whoever calls it says.

use std::collections::BTreeMap;

use plimsoll_model::app::{DbFunction, StoreKind};
use plimsoll_model::{App, Claim, DataClass, Gap, Position, Severity, Witness};

use crate::stores;
use crate::{Rule, Sink};

pub(crate) static RULE: Rule = Rule {
    id: "function-trusts-caller",
    summary: "a database function passes over all policies and does not look at who calls",
    gap: Gap::BrokenAccessControl,
    severity: Severity::High,
    cwe: &[862, 639, 269],
    owasp: &["A01:2025"],
    asvs: &["8.2.1", "8.2.2"],
    page: include_str!("function_trusts_caller.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    let mut groups: BTreeMap<(Severity, bool), Vec<&DbFunction>> = BTreeMap::new();
    for function in &app.db_functions {
        let reachable = function.security_definer && !function.is_trigger && !function.callable_by.is_empty();
        if !reachable || function.checks_caller || asks_secret(function) {
            continue;
        }
        if let Some(severity) = weight(app, function) {
            groups.entry((severity, function.writes)).or_default().push(function);
        }
    }
    for ((severity, writes), list) in groups {
        let Some((first, rest)) = list.split_first() else { continue };
        let names: Vec<&str> = list.iter().map(|function| function.name.as_str()).collect();
        let what = if writes { "change data" } else { "read data" };
        let who = |function: &DbFunction| {
            if function.callable_by.iter().any(|role| role == "anon") { "anyone" } else { "every account" }
        };
        let note = |function: &DbFunction| {
            let path = if function.fixed_search_path { "" } else { ", and its search_path is not fixed" };
            format!(
                "`{}` runs with its owner's rights for {} and never asks who calls{path}",
                function.name,
                who(function)
            )
        };
        let called = app.store_uses.iter().find(|used| used.kind.is_none() && used.store == first.name);
        let mut draft = sink
            .seen_by(Witness::Schema, first.span, note(first))
            .title(format!(
                "Database functions let {} {what} past all policies: {}",
                who(first),
                stores::list(&names, 4)
            ))
            .severity(severity)
            .subject(format!("{what} {}", first.name))
            .all_files(rest.iter().map(|function| (function.span, note(function))));
        if let Some(called) = called {
            draft = draft.also(called.span, "the browser side calls it here");
        }
        for function in &list {
            let anyone = function.callable_by.iter().any(|role| role == "anon");
            let position = if anyone { Position::Anyone } else { Position::SignedIn };
            let (gain, does) = if function.writes {
                let class = function.changes.iter().map(|table| class_of(app, table)).max().unwrap_or_default();
                (Claim::Writes(class), "changes data")
            } else {
                let class = function.touches.iter().map(|table| class_of(app, table)).max().unwrap_or_default();
                (Claim::Reads(class), "reads data")
            };
            let text = format!("{does} through the database function {}", function.name);
            draft = draft.grants([Claim::Stands(position)], gain, text);
        }
        draft.done();
    }
}

/// A code, token or password among the parameters is what the caller must know.
fn asks_secret(function: &DbFunction) -> bool {
    function.params.iter().any(|param| {
        stores::has_any(
            &param.to_ascii_lowercase(),
            &["token", "code", "secret", "password", "hash", "otp", "pin", "key", "slug"],
        )
    })
}

fn weight(app: &App, function: &DbFunction) -> Option<Severity> {
    let name = function.name.to_ascii_lowercase();
    if function.writes {
        // Counters and traces are written by everybody by design.
        if stores::has_any(
            &name,
            &[
                "view",
                "click",
                "visit",
                "track",
                "download",
                "increment",
                "counter",
                "ping",
                "log_",
                "cleanup",
                "clean_",
                "refresh",
                "expire",
                "updated_at",
            ],
        ) {
            return None;
        }
        if function.changes.iter().any(|table| stores::holds_rights(table) || table == "auth.users") {
            return Some(Severity::High);
        }
        return (!function.params.is_empty()).then_some(Severity::Medium);
    }
    if !function.returns_data || helps_policies(app, &function.name) {
        return None;
    }
    match function.touches.iter().map(|table| class_of(app, table)).max()? {
        DataClass::Sensitive => Some(Severity::High),
        DataClass::Personal => Some(Severity::Medium),
        _ => None,
    }
}

/// Class of what a table of a function holds, by its columns where they are known.
fn class_of(app: &App, table: &str) -> DataClass {
    if table.starts_with("auth.") {
        return DataClass::Personal;
    }
    app.stores
        .iter()
        .find(|store| store.name == table && matches!(store.kind, StoreKind::Table | StoreKind::View))
        .filter(|store| !stores::is_catalogue(app, store))
        .map_or(DataClass::Internal, |store| {
            stores::field_class(app, store).unwrap_or_else(|| stores::class(app, store))
        })
}

/// Policies call it: it answers them with ids or names of roles.
fn helps_policies(app: &App, name: &str) -> bool {
    let call = format!("{name}(");
    app.stores
        .iter()
        .flat_map(|store| &store.policies)
        .any(|policy| [&policy.using, &policy.check].into_iter().flatten().any(|condition| condition.contains(&call)))
}
