//! Tables of settings with one row per key: the keys that the code writes are their fields.

use plimsoll_ir::{Kind, Module, NodeId, walk};
use plimsoll_model::App;

use super::field;
use super::tree::entries;
use crate::handler::words_of;

pub(super) fn read(module: &Module, app: &mut App) {
    let Some(at) = app.stores.iter().position(|store| {
        let has = |names: &[&str]| store.fields.iter().any(|field| names.contains(&field.name.as_str()));
        // Its columns first: they cost less to compare.
        has(&["value", "setting_value", "option_value"])
            && has(&["key", "name", "setting_key", "option_name"])
            && words_of(&store.name)
                .iter()
                .any(|word| matches!(word.as_str(), "settings" | "setting" | "config" | "options" | "preferences"))
    }) else {
        return;
    };
    let table = app.stores[at].name.clone();
    let mut found: Vec<NodeId> = Vec::new();
    for (_, node) in module.iter() {
        if let Kind::Let { target, value: Some(value), .. } | Kind::Assign { target, op: None, value } = &node.kind
            && let Kind::Name(name) = module.kind(*target)
            && words_of(name).iter().any(|word| matches!(word.as_str(), "settings" | "defaults"))
        {
            found.push(*value);
        }
    }
    // Objects in a function that also writes the table.
    for function in &module.functions {
        let mut writes = false;
        let mut objects = Vec::new();
        walk(module, function.body, &mut |node| {
            if let Some(text) = module.string(node) {
                let lower = text.to_ascii_lowercase();
                writes |= [format!("update {table} "), format!("into {table} "), format!("into {table}(")]
                    .iter()
                    .any(|part| lower.contains(part));
            }
            if matches!(module.kind(node), Kind::Object(list) if list.len() > 2) {
                objects.push(node);
            }
            true
        });
        // A function around many others says nothing of one table.
        if writes && objects.len() < 12 {
            found.extend(objects);
        }
    }
    for node in found {
        for (name, _, span) in entries(module, node) {
            let store = &mut app.stores[at];
            if !store.fields.iter().any(|known| known.name == name) && name.len() > 2 {
                store.fields.push(field(name, span));
            }
        }
    }
}
