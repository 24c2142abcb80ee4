//! Records written in code: lists of object literals, and lists and maps that the server fills while it runs.

use plimsoll_ir::{Kind, Module, NodeId};
use plimsoll_model::App;
use plimsoll_model::app::{Exposure, Field, StoreKind};
use plimsoll_source::SourceTree;

use super::files::is_shipped;
use super::tree::{elements, entries};
use super::{add, field, new_store};

pub(super) fn read(tree: &SourceTree, path: &str, module: &Module, app: &mut App) {
    for &statement in &module.body {
        let (Kind::Let { target, value: Some(value), .. } | Kind::Assign { target, op: None, value }) =
            module.kind(statement)
        else {
            continue;
        };
        let Kind::Name(name) = module.kind(*target) else { continue };
        let mut fields: Vec<Field> = Vec::new();
        let literal = match module.kind(*value) {
            Kind::Array(_) => elements(module, *value),
            Kind::Call { callee, new: true, .. } if module.path(*callee).is_some_and(|path| path == "Map") => &[],
            _ => continue,
        };
        for &record in literal.iter().take(50) {
            record_fields(module, record, &mut fields);
        }
        if literal.is_empty() {
            filled(module, name, &mut fields);
        }
        if fields.len() < 2 {
            continue;
        }
        let mut store = new_store(StoreKind::Memory, name.as_str(), module.span(statement));
        if is_shipped(tree, path) || module.directives.iter().any(|(directive, _)| directive == "use client") {
            store.exposure = Exposure::Shipped;
        }
        store.fields = fields;
        add(app, store);
    }
    databases(tree, path, module, app);
}

/// A whole database as one literal, as seeds and JSON files of small apps have it: `{ users: [{…}], customers: [{…}] }`.
fn databases(tree: &SourceTree, path: &str, module: &Module, app: &mut App) {
    for (node, at) in module.iter() {
        if !matches!(at.kind, Kind::Object(_)) {
            continue;
        }
        let tables = entries(module, node);
        let lists = tables.iter().filter(|(_, value, _)| matches!(module.kind(*value), Kind::Array(_))).count();
        // One record with two lists in it has a number of its own.
        if lists < 2 || tables.iter().any(|(name, ..)| is_number_of_record(name)) {
            continue;
        }
        for (name, value, span) in tables {
            let mut fields: Vec<Field> = Vec::new();
            for &record in elements(module, value).iter().take(50) {
                record_fields(module, record, &mut fields);
            }
            if fields.len() < 3 || !fields.iter().any(|field| is_number_of_record(&field.name)) {
                continue;
            }
            let mut store = new_store(StoreKind::Memory, name, span);
            if is_shipped(tree, path) {
                store.exposure = Exposure::Shipped;
            }
            store.fields = fields;
            add(app, store);
        }
    }
}

/// What tells records apart: menus and options have none.
fn is_number_of_record(name: &str) -> bool {
    matches!(name, "id" | "_id" | "uuid" | "ID" | "Id")
}

/// `customers.push({…})`, `sessions.set(id, {…})`.
fn filled(module: &Module, name: &str, fields: &mut Vec<Field>) {
    for (_, at) in module.iter() {
        let Kind::Call { callee, args, .. } = &at.kind else { continue };
        let Kind::Member { object, property } = module.kind(*callee) else { continue };
        if !matches!(property.as_str(), "push" | "set" | "unshift" | "append")
            || !matches!(module.kind(*object), Kind::Name(known) if known == name)
        {
            continue;
        }
        if let Some(record) = args.last() {
            record_fields(module, record.value, fields);
        }
    }
}

fn record_fields(module: &Module, record: NodeId, fields: &mut Vec<Field>) {
    for (name, _, span) in entries(module, record) {
        if !fields.iter().any(|known| known.name == name) {
            fields.push(field(name, span));
        }
    }
}
