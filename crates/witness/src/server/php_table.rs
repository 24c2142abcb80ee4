//! Front controllers of PHP with a table of routes: `['/orders/{id}' => 'OrderController@show']`.
//!
//! Which entry of the table runs depends on the address, so the table is read as it is written. Each handler runs behind
//! what the page has done when it hands over for the last time.

use std::collections::BTreeSet;

use plimsoll_analysis::{Event, EventKind, Facts, ModuleId, Site, Value, ValueKind};
use plimsoll_ir::{Key, Kind, Language, Module, NodeId, Property};
use plimsoll_model::{App, NotChecked};
use plimsoll_source::Span;

use super::chain::join_path;
use super::php_router::{Route, VERBS, concerning, entry, is_handler, plain, resolve};
use crate::Witnessing;

/// From so many entries on, an array is a table of routes.
const MANY: usize = 2;

/// A table of routes: where it stands and what it says.
pub(super) struct Table {
    pub(super) module: ModuleId,
    span: Span,
    routes: Vec<Route>,
}

/// The tables of the app.
pub(super) fn tables(witnessing: &mut Witnessing<'_, '_>) -> Vec<Table> {
    let program = witnessing.machine.program;
    let mut out = Vec::new();
    for (id, module) in program.iter().filter(|(_, module)| module.language == Language::Php) {
        let mut inside: BTreeSet<NodeId> = BTreeSet::new();
        for index in 0..module.nodes.len() {
            let node = NodeId(u32::try_from(index).unwrap_or(u32::MAX));
            // Arrays by verb are read with the array that holds them.
            let Kind::Object(properties) = module.kind(node) else { continue };
            if by_verb(module, properties) {
                inside.extend(properties.iter().map(|property| property.value));
            }
        }
        for index in 0..module.nodes.len() {
            let node = NodeId(u32::try_from(index).unwrap_or(u32::MAX));
            let Kind::Object(properties) = module.kind(node) else { continue };
            if inside.contains(&node) || !could_be_table(module, properties) {
                continue;
            }
            let mut routes = Vec::new();
            read(witnessing, id, properties, None, &mut routes);
            // A list of addresses of mail looks the same; no class of the app stands behind it.
            // Patterns with what to replace them by have closures too.
            let is_known = routes.iter().any(|route| {
                (route.handler.as_closure().is_none() || !route.methods.is_empty())
                    && resolve(witnessing, &route.handler).is_some()
            });
            if routes.len() >= MANY && is_known {
                out.push(Table { module: id, span: module.span(node), routes });
            }
        }
    }
    out
}

fn by_verb(module: &Module, properties: &[Property]) -> bool {
    !properties.is_empty()
        && properties.iter().all(|property| {
            matches!(&property.key, Key::Named(name) if VERBS.contains(&name.to_ascii_uppercase().as_str()))
                && matches!(module.kind(property.value), Kind::Object(_))
        })
}

/// Whether the keys are addresses, as far as that can be told from them alone.
fn could_be_table(module: &Module, properties: &[Property]) -> bool {
    by_verb(module, properties)
        || properties.iter().any(|property| match &property.key {
            Key::Named(name) => address(name).1.starts_with('/'),
            _ => false,
        })
}

/// `GET /orders` as verb and path.
fn address(key: &str) -> (Option<String>, &str) {
    match key.trim().split_once([' ', ':']) {
        Some((verb, path)) if VERBS.contains(&verb.to_ascii_uppercase().as_str()) => {
            (Some(verb.to_ascii_uppercase()), path.trim())
        }
        _ => (None, key.trim()),
    }
}

fn read(
    witnessing: &mut Witnessing<'_, '_>,
    id: ModuleId,
    properties: &[Property],
    verb: Option<&str>,
    out: &mut Vec<Route>,
) {
    let module = witnessing.machine.program.module(id);
    let is_by_verb = verb.is_none() && by_verb(module, properties);
    for property in properties {
        let Key::Named(key) = &property.key else { continue };
        if is_by_verb {
            if let Kind::Object(inner) = module.kind(property.value) {
                read(witnessing, id, inner, Some(&key.to_ascii_uppercase()), out);
            }
            continue;
        }
        let (own, path) = address(key);
        let handler = witnessing.machine.evaluate(Site { module: id, node: property.value });
        let Some(handler) = handler_in(handler) else { continue };
        if path.contains(char::is_whitespace) || path.len() >= 200 {
            continue;
        }
        out.push(Route {
            // Tables belong to no router: the field is for routes that are registered with one.
            class: None,
            methods: own.or_else(|| verb.map(str::to_owned)).into_iter().collect(),
            path: join_path("/", &plain(path)),
            handler,
            before: Vec::new(),
            span: module.span_of(property.range),
        });
    }
}

/// A handler as a table writes it: `'C@m'`, `[C::class, 'm']`, `['controller' => 'C', 'action' => 'm']`.
fn handler_in(value: Value) -> Option<Value> {
    if is_handler(&value) {
        // A class alone says nothing of what is done with it.
        return (!matches!(value.kind, ValueKind::Class(_))).then_some(value);
    }
    let class = value.field("controller")?;
    let class = match &class.kind {
        ValueKind::Str(name) => name.to_string(),
        _ => return None,
    };
    let method = value.field("action").or_else(|| value.field("method"))?;
    Some(Value::string(format!("{class}@{}", method.as_str()?)))
}

/// Adds the routes of the tables that a page uses, and returns the files that their handlers include. `events` are those
/// of the page as it loads, `included` what it included.
pub(super) fn observe(
    witnessing: &mut Witnessing<'_, '_>,
    app: &mut App,
    page: ModuleId,
    events: &[Event],
    included: &BTreeSet<ModuleId>,
    tables: &mut Vec<Table>,
) -> BTreeSet<ModuleId> {
    let mut shown = BTreeSet::new();
    let (own, others): (Vec<Table>, Vec<Table>) = std::mem::take(tables).into_iter().partition(|table| {
        table.module == page
            || included.contains(&table.module)
            || events.iter().any(|event| event.site.module == table.module)
    });
    *tables = others;
    if own.is_empty() {
        return shown;
    }
    let facts = handed_over(page, events);
    let assigned = witnessing.machine.assigned();
    for table in own {
        let mut lost = Vec::new();
        for route in &table.routes {
            if resolve(witnessing, &route.handler).is_none() {
                lost.push(route.path.clone());
                continue;
            }
            witnessing.machine.restore(assigned.clone());
            let facts = concerning(&facts, &route.path);
            shown.extend(entry(witnessing, route, route.methods.first().map(String::as_str), facts));
        }
        if !lost.is_empty() {
            app.not_checked.push(NotChecked {
                what: format!("PHP: the routes {}", lost.join(", ")),
                why: "the table of routes names a controller or method that was not found".into(),
                weighs: true,
            });
        }
    }
    witnessing.machine.reset();
    shown
}

/// Says of the tables that no page was seen to use that they were not read.
pub(super) fn report_unused(witnessing: &Witnessing<'_, '_>, app: &mut App, tables: &[Table]) {
    for table in tables {
        let path = witnessing.machine.program.path(table.module);
        let line = witnessing.machine.program.tree.file(table.span.file).text()[..table.span.start as usize]
            .matches('\n')
            .count()
            + 1;
        app.not_checked.push(NotChecked {
            what: format!("PHP: the table of routes at {path}:{line}"),
            why: "no page was found that hands over to it".into(),
            weighs: true,
        });
    }
}

/// What holds when the page itself calls into the app for the last time.
fn handed_over(page: ModuleId, events: &[Event]) -> Facts {
    events
        .iter()
        .rev()
        .find(|event| {
            event.site.module == page && matches!(event.kind, EventKind::Enter { .. } | EventKind::Call { .. })
        })
        .map(|event| event.facts.clone())
        .unwrap_or_default()
}
