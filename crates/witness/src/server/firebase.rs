//! Firebase functions: `onCall` and `onRequest`. Any visitor can call them; `enforceAppCheck` says which app calls, not who.

use plimsoll_analysis::{Event, EventKind, Value, ValueKind};
use plimsoll_ir::Kind;
use plimsoll_model::App;
use plimsoll_model::app::{EntryKind, GuardKind};
use plimsoll_source::{SourceTree, Span};

use super::chain::{self, Passage, closure_in, finish, given};
use crate::Witnessing;
use crate::handler::named_guard;

pub(crate) fn observe(witnessing: &mut Witnessing<'_, '_>, setup: &[Event], app: &mut App) {
    let mut seen = false;
    for event in setup {
        let EventKind::Call { callee, args } = &event.kind else { continue };
        if !callee.path.contains("firebase-functions") {
            continue;
        }
        let is_call = match callee.last_name().as_str() {
            "onCall" | "onCallGenkit" => true,
            "onRequest" => false,
            _ => continue,
        };
        seen = true;
        // Options come first, the handler last. The routes of a server handed over are read where its framework is.
        let Some(closure) = args.iter().rev().find_map(|arg| closure_in(&arg.value)) else { continue };
        let tree = witnessing.machine.program.tree;
        let name = assigned_name(tree, event.span).unwrap_or_default();
        let handler_args =
            if is_call { call_args(witnessing, &closure, &callee.path) } else { vec![given("@req"), given("@res")] };
        witnessing.machine.reset();
        let path = format!("/{name}");
        let mut point = chain::entry(EntryKind::Function, &[], &path, "Firebase functions", event.span);
        point.name = Some(name);
        // `invoker: 'private'`, or an account of the project: the platform turns everybody else away.
        let invoker = event.arg(0).and_then(|options| options.field("invoker"));
        let closed =
            invoker.is_some_and(|who| who.as_str() != Some("public") && !matches!(who.kind, ValueKind::Unknown));
        let named = closed.then(|| named_guard(GuardKind::Signature, "invoker", event.span)).into_iter().collect();
        finish(witnessing, point, &closure, handler_args, Passage { named, ..Passage::default() });
    }
    if seen {
        app.stack.push("Firebase functions".into());
    }
}

/// First generation: `(data, context)`. Second: one request with `data` and `auth`.
fn call_args(witnessing: &Witnessing<'_, '_>, closure: &plimsoll_analysis::Closure, path: &str) -> Vec<Value> {
    let module = witnessing.machine.program.module(closure.module);
    let params = &module.function(closure.function).params;
    let first_is_data = params
        .first()
        .is_some_and(|param| matches!(module.kind(param.pattern), Kind::Name(name) if name.ends_with("data") || name.ends_with("Data")));
    let is_first = path.contains("/v1") || !path.contains("/v2") && (params.len() >= 2 || first_is_data);
    if is_first { vec![chain::input("body"), given("@context")] } else { vec![given("@call"), given("@res")] }
}

/// The name that a call's result is bound to: `exports.pay = …`, `export const pay = …`.
fn assigned_name(tree: &SourceTree, span: Span) -> Option<String> {
    let text = tree.file(span.file).text();
    let before = text.get(..span.start as usize)?.trim_end().strip_suffix('=')?.trim_end();
    let at = before.rfind(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).map_or(0, |at| at + 1);
    (at < before.len()).then(|| before[at..].to_owned())
}
