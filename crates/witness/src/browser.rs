//! What exists in the visitor's browser: pages and their guards, calls to the server, business data written into code that
//! is sent there.

pub(crate) mod calls;
mod codes;
pub(crate) mod pages;
pub(crate) mod taken;

use plimsoll_analysis::Program;
use plimsoll_ir::{Key, Kind, Language, Module, NodeId};
use plimsoll_model::app::{Exposure, Field, Rls, Store, StoreKind};
use plimsoll_model::{App, DataClass};

use crate::handler::words_of;

pub(crate) fn observe(program: &Program<'_>, app: &mut App) {
    codes::observe(program, app);
    for (id, module) in program.iter() {
        if module.language != Language::JavaScript || !is_client(program.path(id), module) {
            continue;
        }
        for &statement in &module.body {
            let Kind::Let { target, value: Some(value), .. } = module.kind(statement) else { continue };
            let Kind::Name(name) = module.kind(*target) else { continue };
            let Some((kind, class)) = kind_of(name) else { continue };
            if !holds_numbers(module, *value, 0) {
                continue;
            }
            let span = module.span(statement);
            app.stores.push(Store {
                kind: StoreKind::Browser,
                name: name.to_string(),
                fields: vec![Field { name: name.to_string(), kind: kind.to_owned(), class, span }],
                exposure: Exposure::Direct,
                rls: Rls::NotApplicable,
                policies: Vec::new(),
                public_bucket: false,
                span,
            });
        }
    }
}

/// Whether a module is sent to the browser, by where it lies or by what it says of itself.
fn is_client(path: &str, module: &Module) -> bool {
    let has = |names: &[&str]| path.split('/').any(|part| names.contains(&part));
    if has(&["server", "api", "backend"]) {
        return false;
    }
    module.directives.iter().any(|(directive, _)| directive == "use client")
        || has(&["public", "static", "client", "frontend", "www"])
        || path.ends_with(".html")
}

/// What a name says that its numbers are.
fn kind_of(name: &str) -> Option<(&'static str, DataClass)> {
    let words = words_of(name);
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    // Names of settings and texts about such data are not the data.
    if has(&["label", "labels", "columns", "fields", "keys", "title", "titles", "options"]) {
        return None;
    }
    if has(&["wage", "wages", "salary", "salaries", "payroll", "lohn", "gehalt", "salaire", "sueldo"]) {
        return Some(("wage", DataClass::Personal));
    }
    if has(&["margin", "margins", "markup", "markups", "wholesale", "floor"])
        || (has(&["cost", "costs"]) && has(&["material", "labour", "labor", "unit", "our"]))
    {
        return Some(("price calculation", DataClass::Internal));
    }
    None
}

fn holds_numbers(module: &Module, node: NodeId, depth: u32) -> bool {
    if depth > 4 {
        return false;
    }
    match module.kind(node) {
        Kind::Num(number) => *number != 0.0,
        Kind::Object(properties) => properties
            .iter()
            .any(|property| matches!(property.key, Key::Named(_)) && holds_numbers(module, property.value, depth + 1)),
        Kind::Array(items) => items.iter().any(|&item| holds_numbers(module, item, depth + 1)),
        _ => false,
    }
}
