//! Mongoose schemas.

use plimsoll_ir::{Kind, Module, NodeId};
use plimsoll_model::App;
use plimsoll_model::app::{Field, StoreKind};

use super::tree::{elements, entries, value_of};
use super::{add, choices, field, new_store};

pub(super) fn read(module: &Module, app: &mut App) {
    if !module.imports.iter().any(|import| import.module.contains("mongoose")) {
        return;
    }
    let mut named: Vec<(String, NodeId)> = Vec::new();
    for (_, at) in module.iter() {
        let Kind::Call { callee, args, .. } = &at.kind else { continue };
        if module.path(*callee).is_some_and(|path| path == "model" || path.ends_with(".model"))
            && let [name, schema, ..] = &**args
            && let Some(name) = module.string(name.value)
        {
            named.push((name.to_owned(), resolve(module, schema.value)));
        }
    }
    for (node, at) in module.iter() {
        let Kind::Call { callee, args, new: true } = &at.kind else { continue };
        if !module.path(*callee).is_some_and(|path| path == "Schema" || path.ends_with(".Schema")) {
            continue;
        }
        let Some(definition) = args.first() else { continue };
        let name = named
            .iter()
            .find(|(_, schema)| *schema == node)
            .map(|(name, _)| name.clone())
            .or_else(|| variable(module, node))
            .unwrap_or_default();
        let mut store = new_store(StoreKind::Collection, name, module.span(node));
        fields(module, resolve(module, definition.value), "", 0, &mut store.fields);
        if !store.fields.is_empty() {
            add(app, store);
        }
    }
}

fn resolve(module: &Module, node: NodeId) -> NodeId {
    match module.kind(node) {
        Kind::Name(name) => value_of(module, name, node).unwrap_or(node),
        _ => node,
    }
}

/// `const addressSchema = new Schema(…)`: a part of other documents, or a model named elsewhere.
fn variable(module: &Module, schema: NodeId) -> Option<String> {
    module.iter().find_map(|(_, at)| match &at.kind {
        Kind::Let { target, value: Some(value), .. } if *value == schema => {
            let Kind::Name(name) = module.kind(*target) else { return None };
            let short = name.strip_suffix("Schema").or_else(|| name.strip_suffix("schema")).unwrap_or(name);
            Some(short.to_owned())
        }
        _ => None,
    })
}

fn fields(module: &Module, object: NodeId, prefix: &str, depth: usize, out: &mut Vec<Field>) {
    if depth > 4 {
        return;
    }
    for (name, value, span) in entries(module, object) {
        let path = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") };
        let inner = elements(module, value).first().copied().unwrap_or(value);
        let nested = matches!(module.kind(inner), Kind::Object(list) if !list.is_empty())
            && module.property(inner, "type").is_none()
            && module.property(inner, "ref").is_none();
        if nested {
            fields(module, inner, &path, depth + 1, out);
            continue;
        }
        out.push(field(path.clone(), span));
        if let Some(values) = module.property(inner, "enum") {
            out.extend(choices(&path, module, elements(module, values), span));
        }
    }
}
