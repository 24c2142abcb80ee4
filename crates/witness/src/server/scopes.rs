//! Global scopes of Eloquent: conditions that every query of a model carries, whoever asks it.

use std::collections::BTreeMap;
use std::rc::Rc;

use plimsoll_analysis::{ClassRef, Closure, Event, FunctionRef, Run, Site, Symbol, Value, ValueKind};
use plimsoll_ir::{ClassId, Language};
use plimsoll_model::app::Reach;
use plimsoll_source::Span;

use super::chain::given;
use crate::Witnessing;

/// A model whose queries only find what belongs to somebody.
pub(super) struct Scoped {
    /// It narrows nothing where it is not known who asks: the classes that it asks for that.
    pub(super) asks: Vec<String>,
    /// Where the condition is added.
    pub(super) span: Span,
}

/// The models of the app that are narrowed, by name.
pub(super) fn scoped(witnessing: &mut Witnessing<'_, '_>) -> BTreeMap<String, Scoped> {
    let program = witnessing.machine.program;
    let mut out = BTreeMap::new();
    for (id, module) in program.iter().filter(|(_, module)| module.language == Language::Php) {
        for index in 0..module.classes.len() {
            let class = ClassRef { module: id, class: ClassId(u32::try_from(index).unwrap_or(u32::MAX)) };
            let at = module.class(class.class);
            let Some(name) = at.name.clone().filter(|_| !at.bases.is_empty()) else { continue };
            for closure in starters(witnessing, class) {
                let run = witnessing.machine.run_setup(&closure, Vec::new());
                if let Some(found) = run
                    .events
                    .iter()
                    .filter(|event| adds_scope(event))
                    .find_map(|event| event.args().iter().find_map(|arg| narrows(witnessing, &arg.value)))
                {
                    out.insert(name.to_string(), found);
                }
            }
        }
    }
    out
}

/// What runs when a model is first used: its own methods, and those of its traits.
fn starters(witnessing: &mut Witnessing<'_, '_>, class: ClassRef) -> Vec<Rc<Closure>> {
    let program = witnessing.machine.program;
    let module = program.module(class.module);
    let mut names = vec!["booted".to_owned(), "boot".to_owned()];
    for &base in &module.class(class.class).bases {
        if let ValueKind::Class(of) = witnessing.machine.evaluate(Site { module: class.module, node: base }).kind {
            let of = program.module(of.module).class(of.class);
            names.extend(of.name.as_ref().map(|name| format!("boot{name}")));
        }
    }
    names.iter().filter_map(|name| witnessing.machine.method(class, name)).collect()
}

fn adds_scope(event: &Event) -> bool {
    match &event.kind {
        plimsoll_analysis::EventKind::Method { name, .. } => name == "addGlobalScope",
        _ => event.path().ends_with("addGlobalScope"),
    }
}

/// Whether a scope compares a column with who asks.
fn narrows(witnessing: &mut Witnessing<'_, '_>, scope: &Value) -> Option<Scoped> {
    let closure = match scope.as_object().and_then(|object| object.class) {
        Some(class) => {
            let method = witnessing.machine.method(class, "apply")?;
            Rc::new(Closure { this: Some(scope.clone()), ..(*method).clone() })
        }
        None => scope.as_closure().cloned()?,
    };
    let model = Value::symbol(Symbol::given("@model"), plimsoll_analysis::Labels::NONE);
    witnessing.machine.reset();
    let run: Run =
        witnessing.machine.run(&closure, vec![given("@builder"), model], plimsoll_analysis::Facts::default());
    let conditions: Vec<&Event> = run.events.iter().filter(|event| is_condition(event)).collect();
    let first = conditions.first()?;
    // Classes of the app whose state or methods say who asks.
    let program = witnessing.machine.program;
    let mut asks: Vec<String> = Vec::new();
    if conditions.iter().all(|event| !event.facts.is_empty()) {
        for event in &run.events {
            if let plimsoll_analysis::EventKind::Enter { function: FunctionRef { module, function }, .. } = event.kind {
                let module = program.module(module);
                let class = module.function(function).class.and_then(|class| module.class(class).name.clone());
                asks.extend(class.map(|name| name.to_string()));
            }
        }
    }
    Some(Scoped { asks, span: first.span })
}

/// `$builder->where('tenant_id', $id)`
fn is_condition(event: &Event) -> bool {
    let path = event.path();
    let is_where =
        path.starts_with("@builder") && path.rsplit('.').next().is_some_and(|name| name.starts_with("where"));
    let Some(column) = event.arg(0).and_then(|column| column.text_shape()).filter(|_| is_where) else { return false };
    let Some(value) = event.args().last().map(|arg| &arg.value).filter(|_| event.args().len() > 1) else {
        return false;
    };
    let is_fixed = matches!(value.kind, ValueKind::Str(_) | ValueKind::Num(_) | ValueKind::Bool(_) | ValueKind::Null);
    value.deep_labels().has_identity() || (!is_fixed && column.ends_with("_id"))
}

/// Queries of such models, asked by somebody who is known, find his own.
pub(super) fn apply(witnessing: &mut Witnessing<'_, '_>, scoped: &BTreeMap<String, Scoped>, first: usize) {
    for point in &mut witnessing.entry_points[first..] {
        for index in 0..point.effects.len() {
            let effect = &point.effects[index];
            if scoped.contains_key(&effect.target) && point.reach_of(effect) != Reach::Anyone {
                point.effects[index].limited_to_caller = true;
            }
        }
    }
}
