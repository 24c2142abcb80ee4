//! Small readings of the code tree that several readers share.

use plimsoll_ir::{Arg, Key, Kind, Module, NodeId};
use plimsoll_source::Span;

/// The call at the start of a chain: `text("x")` in `text("x").notNull().default(1)`; with its dotted path.
pub(super) fn first_call(module: &Module, node: NodeId) -> Option<(String, &[Arg])> {
    let mut node = node;
    let mut found = None;
    for _ in 0..40 {
        match module.kind(node) {
            Kind::Call { callee, args, .. } => {
                found = module.path(*callee).map(|path| (path, &**args)).or(found);
                match module.kind(*callee) {
                    Kind::Member { object, .. } => node = *object,
                    _ => return found,
                }
            }
            Kind::Member { object, .. } | Kind::Await(object) => node = *object,
            _ => return found,
        }
    }
    found
}

/// All calls of a chain from the first to the last: name and arguments.
pub(super) fn chain(module: &Module, node: NodeId) -> Vec<(String, &[Arg])> {
    let mut out = Vec::new();
    let mut node = node;
    for _ in 0..60 {
        match module.kind(node) {
            Kind::Call { callee, args, .. } => {
                let name = match module.kind(*callee) {
                    Kind::Member { property, .. } => property.to_string(),
                    Kind::Name(name) => name.to_string(),
                    _ => String::new(),
                };
                out.push((name, &**args));
                match module.kind(*callee) {
                    Kind::Member { object, .. } => node = *object,
                    _ => break,
                }
            }
            Kind::Member { object, property } => {
                // A member without a call marks a part of a client: `supabase.storage.from(…)`.
                out.push((format!(".{property}"), &[]));
                node = *object;
            }
            Kind::Await(inner) => node = *inner,
            _ => break,
        }
    }
    out.reverse();
    out
}

/// The properties of an object literal that have names.
pub(super) fn entries(module: &Module, node: NodeId) -> Vec<(&str, NodeId, Span)> {
    let Kind::Object(properties) = module.kind(node) else { return Vec::new() };
    properties
        .iter()
        .filter_map(|property| match &property.key {
            Key::Named(name) => Some((name.as_str(), property.value, module.span_of(property.range))),
            _ => None,
        })
        .collect()
}

/// The elements of an array literal.
pub(super) fn elements(module: &Module, node: NodeId) -> &[NodeId] {
    match module.kind(node) {
        Kind::Array(list) => list,
        _ => &[],
    }
}

/// The value that a name has in a module: its last declaration before `before`, else any.
pub(super) fn value_of(module: &Module, name: &str, before: NodeId) -> Option<NodeId> {
    let mut any = None;
    let mut last = None;
    for (node, at) in module.iter() {
        let (target, value) = match &at.kind {
            Kind::Let { target, value: Some(value), .. } => (*target, *value),
            Kind::Assign { target, op: None, value } => (*target, *value),
            _ => continue,
        };
        if matches!(module.kind(target), Kind::Name(known) if known == name) {
            any = any.or(Some(value));
            if node < before {
                last = Some(value);
            }
        }
    }
    last.or(any)
}

/// The object that a function expression returns: `() => ({…})`.
pub(super) fn returned(module: &Module, node: NodeId) -> Option<NodeId> {
    let Kind::Function(function) = module.kind(node) else { return None };
    plimsoll_ir::function_nodes(module, *function).into_iter().find_map(|node| match module.kind(node) {
        Kind::Return(Some(value)) => Some(*value),
        _ => None,
    })
}

/// A string literal, or the one that a name stands for.
pub(super) fn text(module: &Module, node: NodeId) -> Option<&str> {
    if let Some(text) = module.string(node) {
        return Some(text);
    }
    match module.kind(node) {
        Kind::Name(name) => module.string(value_of(module, name, node)?),
        // `profile-pictures/${id}`: the beginning tells where.
        Kind::Template(parts) => module.string(*parts.first()?),
        _ => None,
    }
}
