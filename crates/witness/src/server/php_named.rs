//! Front controllers of PHP that put the name of the handler together from the address: `$controller->$action()`,
//! `call_user_func_array([$controller, $action], $rest)`. Which class and method that is cannot be told, so every public
//! method of every controller that nothing else leads to is an entry point, behind what the page has done until then.

use std::collections::BTreeSet;

use plimsoll_analysis::{ClassRef, Event, Facts, FunctionRef, ModuleId, Program, Value};
use plimsoll_ir::{ClassId, FunctionId, Kind, Language, Module, NodeId};
use plimsoll_source::Span;

use super::php_router::{Route, concerning, entry};
use crate::Witnessing;

/// Adds the handlers of a page that hands over in this way, and returns the files that they include. `events` are those of
/// the page as it loads, `included` what it included.
pub(super) fn observe(
    witnessing: &mut Witnessing<'_, '_>,
    page: ModuleId,
    events: &[Event],
    included: &BTreeSet<ModuleId>,
) -> BTreeSet<ModuleId> {
    let program = witnessing.machine.program;
    let mut shown = BTreeSet::new();
    let Some(span) = std::iter::once(page).chain(included.iter().copied()).find_map(|id| hands_over(program, id))
    else {
        return shown;
    };
    let facts = events
        .iter()
        .rev()
        .find(|event| event.span.file == span.file && event.span.start < span.start)
        .map(|event| event.facts.clone())
        .unwrap_or_default();
    let assigned = witnessing.machine.assigned();
    for (class, name) in controllers(program, witnessing.machine.entered()) {
        for method in methods(program, class) {
            witnessing.machine.restore(assigned.clone());
            let address = format!("/{}", address_of(&name));
            let facts: Facts = concerning(&facts, &address);
            let route = Route {
                class: None,
                methods: Vec::new(),
                path: if method == "index" { address } else { format!("{address}/{method}") },
                handler: Value::string(format!("{name}@{method}")),
                before: Vec::new(),
                span,
            };
            shown.extend(entry(witnessing, &route, None, facts));
        }
    }
    witnessing.machine.reset();
    shown
}

/// Where a file calls a method whose name it does not say.
fn hands_over(program: &Program<'_>, id: ModuleId) -> Option<Span> {
    let module = program.module(id);
    let is_variable = |node: NodeId| matches!(module.kind(node), Kind::Name(_) | Kind::Member { .. });
    module.iter().find_map(|(node, _)| {
        let Kind::Call { callee, args, .. } = module.kind(node) else { return None };
        let names_nothing = match module.kind(*callee) {
            // `$controller->$action()`; `$handlers[$name]()` is written with brackets.
            Kind::Index { object, index } => {
                let (left, right) = (module.span(*object), module.span(*index));
                let between = program.tree.file(left.file).text().get(left.end as usize..right.start as usize);
                is_variable(*index)
                    && between.is_some_and(|text| text.trim_end_matches(['{', '$']).trim().ends_with("->"))
            }
            Kind::Name(name) if name.starts_with("call_user_func") => {
                args.first().is_some_and(|first| match module.kind(first.value) {
                    Kind::Array(items) => items.len() == 2 && items.iter().all(|&item| is_variable(item)),
                    _ => false,
                })
            }
            _ => false,
        };
        names_nothing.then(|| module.span(node))
    })
}

/// The controllers that nothing was found to lead to, by their names.
fn controllers(program: &Program<'_>, entered: &BTreeSet<FunctionRef>) -> Vec<(ClassRef, String)> {
    let mut out = Vec::new();
    for (id, module) in program.iter().filter(|(_, module)| module.language == Language::Php) {
        let in_use = |class: ClassId| {
            entered.iter().any(|at| at.module == id && module.function(at.function).class == Some(class))
        };
        for (class, at) in (0u32..).map(ClassId).zip(&module.classes) {
            let Some(name) = at.name.as_deref() else { continue };
            let in_folder = program.path(id).to_ascii_lowercase().contains("controllers/");
            let lower = name.to_ascii_lowercase();
            let is_base = matches!(lower.as_str(), "controller" | "basecontroller");
            if !is_base && (lower.ends_with("controller") || in_folder) && !in_use(class) {
                out.push((ClassRef { module: id, class }, name.to_owned()));
            }
        }
    }
    out
}

/// Public methods that a class says itself.
fn methods(program: &Program<'_>, class: ClassRef) -> Vec<String> {
    let module: &Module = program.module(class.module);
    let text = |function: FunctionId| {
        let declared = program.tree.text(module.span_of(module.function(function).range));
        declared.split('(').next().unwrap_or_default().to_ascii_lowercase()
    };
    (0u32..)
        .map(FunctionId)
        .zip(&module.functions)
        .filter(|(_, at)| at.class == Some(class.class) && at.parent.is_none())
        .filter(|(id, _)| !text(*id).split_whitespace().any(|word| matches!(word, "private" | "protected")))
        .filter_map(|(_, at)| at.name.as_deref())
        .map(|name| name.rsplit("::").next().unwrap_or(name))
        .filter(|name| !name.starts_with("__"))
        .map(str::to_owned)
        .collect()
}

/// `OrderController` answers under `order`.
fn address_of(class: &str) -> String {
    let lower = class.to_ascii_lowercase();
    lower.strip_suffix("controller").filter(|rest| !rest.is_empty()).unwrap_or(&lower).to_owned()
}
