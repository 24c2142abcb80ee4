//! Collections, tables and buckets of backends-as-a-service and document stores, by what the code writes into them.

use plimsoll_ir::{Arg, Key, Kind, Module, NodeId, UnaryOp};
use plimsoll_model::App;
use plimsoll_model::app::{Field, StoreKind};

use super::shapes::Shapes;
use super::tree::{chain, elements, entries, text, value_of};
use super::{add, field, new_store};

pub(super) fn read(module: &Module, shapes: &Shapes, app: &mut App) {
    let imports = |part: &str| module.imports.iter().any(|import| import.module.contains(part));
    let modular = imports("firebase/firestore") || imports("firestore") || imports("firebase");
    for (node, at) in module.iter() {
        let Kind::Call { callee, args, .. } = &at.kind else { continue };
        let called = match module.kind(*callee) {
            Kind::Name(name) => name.as_str(),
            Kind::Member { property, .. } => property.as_str(),
            _ => continue,
        };
        match called {
            "addDoc" | "setDoc" | "updateDoc" if modular => {
                if let [target, value, ..] = &**args
                    && let Some(name) = collection(module, target.value, 0)
                {
                    write(module, shapes, app, StoreKind::Collection, &name, value.value, node);
                }
            }
            "collection" | "collectionGroup" if modular && args.len() > 1 => {
                if let Some(name) = collection(module, node, 0) {
                    add(app, new_store(StoreKind::Collection, name, module.span(node)));
                }
            }
            "ref" | "storageRef" if imports("firebase/storage") || imports("firebase-admin/storage") => {
                if let Some(path) = args.get(1).and_then(|arg| text(module, arg.value)) {
                    bucket(app, path, module, node);
                }
            }
            "insert" | "update" | "upsert" | "set" | "add" | "insertOne" | "insertMany" | "updateOne"
            | "updateMany" | "findOneAndUpdate" | "replaceOne" | "upload" => {
                in_chain(module, shapes, app, called, args, node)
            }
            _ => {}
        }
    }
}

/// `db.collection('x').add({…})`, `supabase.from('x').insert({…})`, `storage.from('x').upload(…)`.
fn in_chain(module: &Module, shapes: &Shapes, app: &mut App, called: &str, args: &[Arg], node: NodeId) {
    let links = chain(module, node);
    let Some(at) =
        links.iter().position(|(name, args)| matches!(name.as_str(), "from" | "collection") && !args.is_empty())
    else {
        return;
    };
    let (link, link_args) = &links[at];
    let before = at.checked_sub(1).map(|at| links[at].0.as_str());
    let Some(name) = link_args.last().and_then(|arg| text(module, arg.value)) else { return };
    if before == Some(".storage") {
        bucket(app, name, module, node);
        return;
    }
    // `Array.from('x')`, `Buffer.from('x')` have no such methods behind them; `upload` is only for storage.
    if called == "upload" || matches!(before, Some(".Array" | ".Buffer")) {
        return;
    }
    let values = match called {
        "updateOne" | "updateMany" | "findOneAndUpdate" | "replaceOne" => args.get(1),
        _ => args.first(),
    };
    let Some(value) = values else { return };
    let kind = if link == "from" { StoreKind::Table } else { StoreKind::Collection };
    write(module, shapes, app, kind, name.split('/').next().unwrap_or(name), value.value, node);
}

fn bucket(app: &mut App, path: &str, module: &Module, node: NodeId) {
    let name = path.trim_start_matches('/').split('/').next().unwrap_or(path);
    if !name.is_empty() && name.len() < 80 {
        add(app, new_store(StoreKind::Bucket, name, module.span(node)));
    }
}

/// The collection that an expression points to: `collection(db, 'users')`, `doc(db, 'users', id)`, or a name for one.
fn collection(module: &Module, node: NodeId, depth: usize) -> Option<String> {
    if depth > 4 {
        return None;
    }
    match module.kind(node) {
        Kind::Name(name) => collection(module, value_of(module, name, node)?, depth + 1),
        Kind::Call { callee, args, .. } => {
            let name = module.path(*callee)?;
            if !matches!(name.rsplit('.').next(), Some("collection" | "doc" | "collectionGroup" | "query")) {
                return None;
            }
            if let Some(found) = args.iter().find_map(|arg| text(module, arg.value)) {
                return found.split('/').find(|part| !part.is_empty()).map(str::to_owned);
            }
            args.iter().find_map(|arg| collection(module, arg.value, depth + 1))
        }
        _ => None,
    }
}

fn write(module: &Module, shapes: &Shapes, app: &mut App, kind: StoreKind, name: &str, value: NodeId, node: NodeId) {
    let mut store = new_store(kind, name, module.span(node));
    fields(module, shapes, value, 0, &mut store.fields);
    add(app, store);
}

fn fields(module: &Module, shapes: &Shapes, value: NodeId, depth: usize, out: &mut Vec<Field>) {
    if depth > 5 {
        return;
    }
    match module.kind(value) {
        Kind::Object(properties) => {
            for (name, inner, span) in entries(module, value) {
                if matches!(name, "$set" | "$setOnInsert" | "$push") {
                    fields(module, shapes, inner, depth + 1, out);
                } else if !name.starts_with('$') {
                    push(out, field(name.rsplit('.').next_back().unwrap_or(name), span));
                }
            }
            for property in properties.iter().filter(|property| property.key == Key::Spread) {
                fields(module, shapes, property.value, depth + 1, out);
            }
        }
        Kind::Array(_) => {
            elements(module, value).iter().take(4).for_each(|&item| fields(module, shapes, item, depth + 1, out))
        }
        Kind::Spread(inner) | Kind::Await(inner) => fields(module, shapes, *inner, depth + 1, out),
        Kind::Conditional { then, otherwise, .. } => {
            fields(module, shapes, *then, depth + 1, out);
            fields(module, shapes, *otherwise, depth + 1, out);
        }
        Kind::Name(name) => {
            let mut own = Vec::new();
            if let Some(ty) = parameter_type(module, name, value) {
                for part in shapes.of(&ty) {
                    push(&mut own, field(part.name.as_str(), part.span));
                    for word in shapes.choices(&part.ty) {
                        push(&mut own, field(format!("{} = {word}", part.name), part.span));
                    }
                }
            } else if let Some(declared) = value_of(module, name, value).filter(|&declared| declared != value) {
                fields(module, shapes, declared, depth + 1, &mut own);
            }
            // What is taken out before it is written is not stored.
            let deleted = if own.is_empty() { Vec::new() } else { deleted(module, name) };
            own.retain(|field| !deleted.contains(&field.name));
            own.into_iter().for_each(|field| push(out, field));
        }
        _ => {}
    }
}

fn push(out: &mut Vec<Field>, field: Field) {
    if !out.iter().any(|known| known.name == field.name) {
        out.push(field);
    }
}

/// The type as written of the parameter that a name stands for, innermost function first.
fn parameter_type(module: &Module, name: &str, at: NodeId) -> Option<String> {
    let position = module.node(at).range.start;
    let around = module
        .functions
        .iter()
        .rev()
        .filter(|function| function.range.start <= position && position < function.range.end);
    for function in around {
        for param in &function.params {
            if matches!(module.kind(param.pattern), Kind::Name(known) if known == name) {
                return param.annotation.and_then(|annotation| module.string(annotation)).map(str::to_owned);
            }
        }
    }
    None
}

/// The properties that are deleted from what a name stands for.
fn deleted(module: &Module, name: &str) -> Vec<String> {
    let path = format!("{name}.");
    let deletes = module.iter().filter_map(|(_, at)| match &at.kind {
        Kind::Unary { op: UnaryOp::Delete, operand } => module.path(*operand),
        _ => None,
    });
    deletes.filter_map(|found| found.strip_prefix(&path).map(str::to_owned)).collect()
}
