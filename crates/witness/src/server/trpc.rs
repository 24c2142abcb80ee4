//! tRPC: procedures of routers. A procedure's name says nothing; its chain of middleware is run.

use std::collections::BTreeSet;

use plimsoll_analysis::{Event, EventKind, Facts, FunctionRef, Site, Symbol, SymbolKind, Value, ValueKind};
use plimsoll_ir::{FunctionId, Language};
use plimsoll_model::App;
use plimsoll_model::app::EntryKind;

use super::chain::{self, Convention, Passage, closure_in, finish, given, pass};
use crate::Witnessing;

pub(crate) fn observe(witnessing: &mut Witnessing<'_, '_>, setup: &[Event], app: &mut App) {
    let mut routers: Vec<(Site, Value)> = Vec::new();
    let mut nested: BTreeSet<Site> = BTreeSet::new();
    for event in setup {
        let EventKind::Call { callee, args } = &event.kind else { continue };
        if !is_router_maker(callee) {
            continue;
        }
        for arg in args.iter() {
            note_nested(&arg.value, &mut nested, 0);
        }
        let symbol = Symbol::call(callee, std::rc::Rc::clone(args), event.site);
        routers.push((event.site, Value::symbol(symbol, plimsoll_analysis::Labels::NONE)));
    }
    if routers.is_empty() {
        return;
    }
    app.stack.push("tRPC".into());
    let context = context(witnessing);
    let mut seen = BTreeSet::new();
    for (site, router) in &routers {
        if !nested.contains(site) && seen.insert(*site) {
            walk(witnessing, router, "", &context, 0);
        }
    }
}

/// `t.router`, under whatever name it was exported, and `t.mergeRouters`.
fn is_router_maker(callee: &Symbol) -> bool {
    let path = callee.path.as_str();
    let is_trpc = path.contains("@trpc/server.initTRPC") || path.contains("@trpc/server.router");
    is_trpc && matches!(callee.last_name().as_str(), "router" | "mergeRouters")
}

/// The router that a value is: the call that made it.
fn router_of(value: &Value) -> Option<(Site, std::rc::Rc<[plimsoll_analysis::Argument]>)> {
    let symbol = value.as_symbol()?;
    let SymbolKind::Call { callee, args, site } = &symbol.kind else { return None };
    is_router_maker(callee).then(|| (*site, std::rc::Rc::clone(args)))
}

fn note_nested(value: &Value, nested: &mut BTreeSet<Site>, depth: u32) {
    if depth > 6 {
        return;
    }
    if let Some((site, _)) = router_of(value) {
        nested.insert(site);
    }
    if let Some(object) = value.as_object() {
        let inner: Vec<Value> =
            object.fields.borrow().values().chain(object.spreads.borrow().iter()).cloned().collect();
        inner.iter().for_each(|inner| note_nested(inner, nested, depth + 1));
    }
}

fn walk(witnessing: &mut Witnessing<'_, '_>, value: &Value, prefix: &str, context: &Value, depth: u32) {
    if depth > 8 {
        return;
    }
    if let Some((_, args)) = router_of(value) {
        // Merged routers keep their names; the object of a router gives them.
        for arg in args.iter() {
            walk(witnessing, &arg.value, prefix, context, depth + 1);
        }
        return;
    }
    if let Some(object) = value.as_object() {
        let (fields, spreads) = (object.fields.borrow().clone(), object.spreads.borrow().clone());
        for (name, inner) in fields {
            let path = if prefix.is_empty() { name.to_string() } else { format!("{prefix}.{name}") };
            walk(witnessing, &inner, &path, context, depth + 1);
        }
        for spread in &spreads {
            walk(witnessing, spread, prefix, context, depth + 1);
        }
        return;
    }
    procedure(witnessing, value, prefix, context);
}

fn procedure(witnessing: &mut Witnessing<'_, '_>, value: &Value, path: &str, context: &Value) {
    let Some(symbol) = value.as_symbol().cloned() else { return };
    let calls = symbol.calls();
    let Some((kind, args, site)) = calls.last() else { return };
    let method = match kind.as_str() {
        "query" => "GET",
        "mutation" => "POST",
        "subscription" => "GET",
        _ => return,
    };
    let Some(closure) = args.iter().find_map(|arg| closure_in(&arg.value)) else { return };
    witnessing.machine.reset();
    let mut passage = Passage::default();
    let mut ctx = context.clone();
    let span = witnessing.machine.program.span(*site);
    for (name, args, _) in &calls {
        if !matches!(name.as_str(), "use" | "concat" | "unstable_concat") {
            continue;
        }
        for arg in args.iter() {
            let mut list = Vec::new();
            middleware_in(&arg.value, &mut list, 0);
            for middleware in list {
                (passage, ctx) = through(witnessing, &middleware, span, passage, ctx);
            }
        }
    }
    let mut point = chain::entry(EntryKind::ServerAction, &[method], path, "tRPC", span);
    point.name = Some(path.to_owned());
    let args = vec![options(&ctx, given("@next"))];
    finish(witnessing, point, &closure, args, passage);
}

fn options(ctx: &Value, next: Value) -> Value {
    chain::object(vec![
        ("ctx", ctx.clone()),
        ("input", chain::input("body")),
        ("next", next),
        ("getRawInput", given("@body")),
    ])
}

/// `t.middleware(fn)`, `fn`, `a.unstable_pipe(b)`, a procedure with `use` of its own.
fn middleware_in(value: &Value, out: &mut Vec<Value>, depth: u32) {
    if value.as_closure().is_some() {
        out.push(value.clone());
        return;
    }
    let Some(symbol) = value.as_symbol().filter(|_| depth < 4) else { return };
    let mut found = false;
    for (name, args, _) in symbol.calls() {
        if matches!(name.as_str(), "middleware" | "use" | "pipe" | "unstable_pipe" | "concat") {
            found = true;
            args.iter().for_each(|arg| middleware_in(&arg.value, out, depth + 1));
        }
    }
    if !found {
        // A library's: known by its name only.
        out.push(value.clone());
    }
}

/// Runs one middleware; gives what holds behind it and the context that it passes on.
fn through(
    witnessing: &mut Witnessing<'_, '_>,
    middleware: &Value,
    span: plimsoll_source::Span,
    mut passage: Passage,
    ctx: Value,
) -> (Passage, Value) {
    let Some(closure) = middleware.as_closure().cloned() else {
        let convention = Convention { args: || vec![given("@req")], next: "@trpcnext" };
        return (pass(witnessing, &convention, middleware, span, passage), ctx);
    };
    let run = witnessing.machine.run(&closure, vec![options(&ctx, given("@trpcnext"))], passage.facts.clone());
    let mut onwards: Vec<Facts> = Vec::new();
    let mut next_ctx = ctx;
    for event in run.events.iter().filter(|event| event.path() == "@trpcnext") {
        onwards.push(event.facts.clone());
        if let Some(given) = event.arg(0).and_then(|options| options.field("ctx"))
            && matches!(given.kind, ValueKind::Object(_))
        {
            next_ctx = merged(&next_ctx, &given);
        }
    }
    passage.facts = match onwards.split_first() {
        Some((first, rest)) => rest.iter().fold(first.clone(), |common, facts| common.common(facts)),
        None => run.facts.clone(),
    };
    passage.opaque |= run.cut_off;
    passage.events.extend(run.events);
    (passage, next_ctx)
}

/// tRPC merges what a middleware passes on into the context.
fn merged(old: &Value, new: &Value) -> Value {
    let mut fields: Vec<(String, Value)> = Vec::new();
    for value in [old, new] {
        if let Some(object) = value.as_object() {
            fields.extend(object.fields.borrow().iter().map(|(name, value)| (name.to_string(), value.clone())));
        }
    }
    let whole = chain::object(fields.iter().map(|(name, value)| (name.as_str(), value.clone())).collect());
    if let Some(object) = whole.as_object() {
        if old.as_object().is_none() {
            object.spreads.borrow_mut().push(old.clone());
        }
        if let Some(new) = new.as_object() {
            object.spreads.borrow_mut().extend(new.spreads.borrow().iter().cloned());
        }
    }
    whole
}

/// What the app's own `createContext` puts together; without one, names decide (`ctx.session`, `ctx.user`).
fn context(witnessing: &mut Witnessing<'_, '_>) -> Value {
    let program = witnessing.machine.program;
    for (id, module) in program.iter().filter(|(_, module)| module.language == Language::JavaScript) {
        for (function, at) in (0u32..).map(FunctionId).zip(&module.functions) {
            let named = at.name.as_deref().is_some_and(|name| matches!(name, "createTRPCContext" | "createContext"));
            // Contexts of React have the same name and no body of a server.
            let is_react = module.imports.iter().any(|import| import.module == "react");
            if !named || is_react || at.parent.is_some() || at.class.is_some() {
                continue;
            }
            let closure = witnessing.machine.closure_of(FunctionRef { module: id, function });
            witnessing.machine.reset();
            let given = chain::object(vec![
                ("req", given("@req")),
                ("res", given("@res")),
                ("headers", chain::input("headers")),
            ]);
            let run = witnessing.machine.run(&closure, vec![given], Facts::default());
            if run.value.as_object().is_some_and(|object| !object.is_array) {
                return run.value;
            }
        }
    }
    given("@trpc")
}
