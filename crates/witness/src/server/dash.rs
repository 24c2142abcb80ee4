//! Plotly Dash: every callback is an entry point that anyone can call with any values for its inputs and states.
//!
//! Callbacks are sent to `POST /_dash-update-component`; the browser says which one and with what. A `dcc.Store` lives in
//! the browser, so a login kept there is what the visitor says it is.

use std::collections::BTreeMap;

use plimsoll_analysis::{Argument, Clean, Event, EventKind, Fact, Label, Labels, SymbolKind, Value, ValueKind};
use plimsoll_ir::Kind;
use plimsoll_model::App;
use plimsoll_model::app::{EntryKind, GuardKind, StoredValue, StoredValueKind, WebStorage};
use plimsoll_source::Span;

use super::chain::{self, Convention, Passage, RETURNS_NOTHING, closure_in, finish, fix_request, pass};
use crate::Witnessing;
use crate::handler::named_guard;
use crate::knowledge::python::is_login_key;

const HOOK: Convention = Convention { args: Vec::new, next: RETURNS_NOTHING };

/// The address that all callbacks share.
const ADDRESS: &str = "/_dash-update-component";

pub(crate) fn observe(witnessing: &mut Witnessing<'_, '_>, setup: &[Event], app: &mut App) {
    let makes_app = |event: &&Event| {
        matches!(event.path(), "dash.Dash" | "dash_extensions.enrich.DashProxy" | "jupyter_dash.JupyterDash")
    };
    let Some(made) = setup.iter().find(makes_app) else { return };
    app.stack.push("Dash".into());
    app.serves_pages = true;
    app.header_places.push(made.span);
    let hooks: Vec<&Event> = setup
        .iter()
        .filter(|event| {
            event.path().ends_with(".before_request")
                && (event.path().contains("flask.Flask()") || event.path().contains(".server"))
        })
        .collect();
    let basic: Option<Span> = setup
        .iter()
        .find(|event| event.path().starts_with("dash_auth.") || event.path().contains("dash_enterprise_auth"))
        .map(|event| event.span);
    let stores = stores(setup);
    let first = witnessing.entry_points.len();
    let mut trusted: BTreeMap<String, Vec<Span>> = BTreeMap::new();
    for event in setup {
        let EventKind::Call { callee, args } = &event.kind else { continue };
        let SymbolKind::Call { callee: registrar, args: wiring, .. } = &callee.kind else { continue };
        if registrar.last_name() != "callback" || !registrar.path.contains("dash") {
            continue;
        }
        let Some(handler) = args.first().and_then(|arg| closure_in(&arg.value)) else { continue };
        witnessing.machine.reset();
        fix_request(witnessing.machine, Some("POST"), ADDRESS);
        let mut passage = Passage::default();
        for hook in &hooks {
            if let Some(closure) = hook.arg(0) {
                passage = pass(witnessing, &HOOK, closure, hook.span, passage);
            }
        }
        if let Some(span) = basic {
            passage.named.push(named_guard(GuardKind::Authentication, "dash_auth", span));
        }
        let mut values = Vec::new();
        let mut target = String::new();
        wired(wiring, &stores, &mut values, &mut target);
        let path = if target.is_empty() { ADDRESS.to_owned() } else { format!("{ADDRESS} ({target})") };
        let mut point = chain::entry(EntryKind::Route, &["POST"], &path, "Dash", event.span);
        let program = witnessing.machine.program;
        let module = program.module(handler.module);
        point.span = module.span_of(module.function(handler.function).head);
        let run = witnessing.machine.run(&handler, values.clone(), passage.facts.clone());
        note_trust(&run.events, &mut trusted);
        finish(witnessing, point, &handler, values, passage);
    }
    layouts(witnessing, setup, &hooks, basic);
    let entries = &mut witnessing.entry_points[first..];
    let some_guarded = basic.is_some() || !trusted.is_empty();
    for entry in entries.iter_mut() {
        super::streamlit::tables_in_files(entry, some_guarded);
    }
    for (key, read) in trusted {
        app.stored_values.push(StoredValue {
            storage: WebStorage::Session,
            key,
            kind: StoredValueKind::Identity,
            written: Vec::new(),
            read,
            by_library: None,
        });
    }
}

/// Ids of components that keep a value in the browser.
fn stores(setup: &[Event]) -> Vec<String> {
    setup
        .iter()
        .filter(|event| event.path() == "dash.dcc.Store" || event.path().ends_with("dash_core_components.Store"))
        .filter_map(|event| event.named("id").or_else(|| event.arg(0)).and_then(Value::as_str).map(str::to_owned))
        .collect()
}

/// The values that a callback is called with, in order, and the name of what it fills.
fn wired(args: &[Argument], stores: &[String], out: &mut Vec<Value>, target: &mut String) {
    for arg in args {
        one_wire(&arg.value, stores, out, target, 0);
    }
}

fn one_wire(value: &Value, stores: &[String], out: &mut Vec<Value>, target: &mut String, depth: u32) {
    if depth > 3 {
        return;
    }
    if let ValueKind::Object(object) = &value.kind {
        let inner: Vec<Value> = object.items.borrow().iter().chain(object.fields.borrow().values()).cloned().collect();
        for inner in &inner {
            one_wire(inner, stores, out, target, depth + 1);
        }
        return;
    }
    let Some(symbol) = value.as_symbol() else { return };
    let SymbolKind::Call { callee, args, .. } = &symbol.kind else { return };
    let name = callee.last_name();
    let text = |index: usize| args.get(index).and_then(|arg| arg.value.as_str()).unwrap_or("").to_owned();
    let (id, property) = (text(0), text(1));
    match name.as_str() {
        "Output" if target.is_empty() => *target = format!("{id}.{property}"),
        "Input" | "State" => {
            let label = if stores.contains(&id) {
                format!("store.{id}")
            } else if id.to_ascii_lowercase().contains("password") {
                "body.password".to_owned()
            } else if matches!(property.as_str(), "pathname" | "href" | "search") {
                format!("url.{property}")
            } else {
                format!("body.{id}")
            };
            // Clicks and intervals are counts.
            let clean = if matches!(property.as_str(), "n_clicks" | "n_intervals" | "n_submit") {
                Clean::ALL
            } else {
                Clean::NONE
            };
            let label = if matches!(property.as_str(), "contents" | "filename") && !stores.contains(&id) {
                Label::Upload("file".into(), clean)
            } else {
                Label::Input(label.into(), clean)
            };
            out.push(Value::of(Labels::one(label)));
        }
        _ => {}
    }
}

/// Where a callback takes a value kept in the browser for a login.
fn note_trust(events: &[Event], out: &mut BTreeMap<String, Vec<Span>>) {
    for event in events {
        for fact in event.facts.iter() {
            let (values, span): (Vec<&Value>, Span) = match fact {
                Fact::Truthy { value, span, .. } => (vec![value], *span),
                Fact::Equal { left, right, span, .. } => (vec![left, right], *span),
                Fact::In { value, among, span, .. } => (vec![value, among], *span),
                _ => continue,
            };
            for value in values {
                let path = value.path();
                for label in value.deep_labels().iter() {
                    let Label::Input(name, _) = label else { continue };
                    let Some(id) = name.strip_prefix("store.") else { continue };
                    if !(is_login_key(id) || id.contains("session") || is_login_key(path)) {
                        continue;
                    }
                    let spans = out.entry(id.split('.').next().unwrap_or(id).to_owned()).or_default();
                    if !spans.contains(&span) {
                        spans.push(span);
                    }
                }
            }
        }
    }
}

/// Layouts that are functions are called for whoever opens the page.
fn layouts(witnessing: &mut Witnessing<'_, '_>, setup: &[Event], hooks: &[&Event], basic: Option<Span>) {
    let mut found: Vec<(std::rc::Rc<plimsoll_analysis::Closure>, String)> = Vec::new();
    for event in setup {
        if let EventKind::Assign { receiver, property, value, .. } = &event.kind
            && property == "layout"
            && receiver.path().contains("dash")
            && let Some(closure) = value.as_closure()
        {
            found.push((std::rc::Rc::clone(closure), "/_dash-layout".to_owned()));
        }
        if event.path() == "dash.register_page" {
            let path = event.named("path").and_then(Value::as_str).map_or_else(
                || {
                    let file = witnessing.machine.program.path(event.site.module);
                    format!("/{}", file.rsplit('/').next().unwrap_or(file).trim_end_matches(".py").replace('_', "-"))
                },
                str::to_owned,
            );
            if let Some(layout) = witnessing.machine.export(event.site.module, "layout")
                && let Some(closure) = layout.as_closure()
            {
                found.push((std::rc::Rc::clone(closure), path));
            }
        }
    }
    for (handler, path) in found {
        witnessing.machine.reset();
        fix_request(witnessing.machine, Some("GET"), &path);
        let mut passage = Passage::default();
        for hook in hooks {
            if let Some(closure) = hook.arg(0) {
                passage = pass(witnessing, &HOOK, closure, hook.span, passage);
            }
        }
        if let Some(span) = basic {
            passage.named.push(named_guard(GuardKind::Authentication, "dash_auth", span));
        }
        let program = witnessing.machine.program;
        let module = program.module(handler.module);
        let function = module.function(handler.function);
        let span = module.span_of(function.head);
        let values = function
            .params
            .iter()
            .map(|param| match module.kind(param.pattern) {
                Kind::Name(name) => chain::input(&format!("query.{name}")),
                _ => Value::unknown(),
            })
            .collect();
        let point = chain::entry(EntryKind::ServerPage, &["GET"], &path, "Dash", span);
        finish(witnessing, point, &handler, values, passage);
    }
}
