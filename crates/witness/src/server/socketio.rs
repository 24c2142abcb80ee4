//! Socket.IO servers in Python (Flask-SocketIO, python-socketio): every event is an entry point. Who may connect is decided
//! in the handler of `connect`, before the first other event.

use plimsoll_analysis::{Event, EventKind, Facts, SymbolKind, Truth, Value, ValueKind};
use plimsoll_ir::Kind;
use plimsoll_model::App;
use plimsoll_model::app::EntryKind;

use super::chain::{self, Passage, closure_in, finish, given};
use crate::Witnessing;

/// Ends of the paths of servers, and whether their handlers are given the connection first.
const SERVERS: &[(&str, bool)] =
    &[("SocketIO()", false), ("socketio.AsyncServer()", true), ("socketio.Server()", true)];

/// Events that the server itself sends.
const OWN: &[&str] = &["connect", "disconnect", "error"];

struct Listener<'e> {
    name: String,
    handler: &'e Value,
    event: &'e Event,
    with_connection: bool,
}

pub(super) fn observe(witnessing: &mut Witnessing<'_, '_>, setup: &[Event], app: &mut App) {
    let listeners: Vec<Listener<'_>> = setup.iter().filter_map(|event| listener(witnessing, event)).collect();
    if listeners.is_empty() {
        return;
    }
    app.stack.push("Socket.IO".into());
    let mut facts = Facts::default();
    if let Some(connect) = listeners.iter().find(|listener| listener.name == "connect")
        && let Some(handler) = closure_in(connect.handler)
    {
        witnessing.machine.reset();
        let args = arguments(witnessing, &handler, connect.with_connection, true);
        let run = witnessing.machine.run(&handler, args, Facts::default());
        facts = let_in(&run.value, &run.facts);
    }
    for listener in listeners.iter().filter(|listener| !OWN.contains(&listener.name.as_str())) {
        let Some(handler) = closure_in(listener.handler) else { continue };
        witnessing.machine.reset();
        let mut passage = Passage { facts: facts.clone(), ..Passage::default() };
        passage = super::flask::decorators(witnessing, listener.handler, listener.event, passage);
        let args = arguments(witnessing, &handler, listener.with_connection, false);
        let module = witnessing.machine.program.module(handler.module);
        let head = module.span_of(module.function(handler.function).head);
        let mut point =
            chain::entry(EntryKind::Socket, &[], &format!("/socket.io ({})", listener.name), "Socket.IO", head);
        point.span = head;
        finish(witnessing, point, &handler, args, passage);
    }
}

/// `@socketio.on('message')`, `@sio.event`, `sio.on('message', handler)`, `socketio.on_event('message', handler)`
fn listener<'e>(witnessing: &Witnessing<'_, '_>, event: &'e Event) -> Option<Listener<'e>> {
    let EventKind::Call { callee, args } = &event.kind else { return None };
    let server = |path: &str, method: &str| {
        SERVERS.iter().find(|(end, _)| path.strip_suffix(method).is_some_and(|base| base.ends_with(end)))
    };
    if let SymbolKind::Call { callee: registrar, args: options, .. } = &callee.kind
        && let Some((_, with_connection)) = server(&registrar.path, ".on")
    {
        let name = options.first()?.value.as_str()?.to_owned();
        return Some(Listener { name, handler: &args.first()?.value, event, with_connection: *with_connection });
    }
    if let Some((_, with_connection)) = server(&callee.path, ".event") {
        let handler = &args.first()?.value;
        let closure = closure_in(handler)?;
        let function = witnessing.machine.program.module(closure.module).function(closure.function);
        let name = function.name.as_ref()?.to_string();
        return Some(Listener { name, handler, event, with_connection: *with_connection });
    }
    let (_, with_connection) = server(&callee.path, ".on").or_else(|| server(&callee.path, ".on_event"))?;
    let name = args.first()?.value.as_str()?.to_owned();
    let handler = args.iter().skip(1).map(|arg| &arg.value).find(|value| closure_in(value).is_some())?;
    Some(Listener { name, handler, event, with_connection: *with_connection })
}

/// What a handler is called with: the connection, then what was sent.
fn arguments(
    witnessing: &Witnessing<'_, '_>,
    handler: &plimsoll_analysis::Closure,
    with_connection: bool,
    connects: bool,
) -> Vec<Value> {
    let module = witnessing.machine.program.module(handler.module);
    let params = &module.function(handler.function).params;
    params
        .iter()
        .enumerate()
        .map(|(index, param)| match module.kind(param.pattern) {
            Kind::Name(_) if with_connection && index == 0 => Value::unknown(),
            Kind::Name(_) if connects && with_connection && index == 1 => given("@environ"),
            Kind::Name(_) => chain::input("body"),
            _ => Value::unknown(),
        })
        .collect()
}

/// What holds where a handler of `connect` lets in: it returns anything but `False`.
fn let_in(value: &Value, facts: &Facts) -> Facts {
    let ValueKind::Choice(alternatives) = &value.kind else { return facts.clone() };
    let refuses = |value: &Value| matches!(value.kind, ValueKind::Bool(false)) && value.truth() == Truth::No;
    let mut ways = alternatives.iter().filter(|(value, _)| !refuses(value)).map(|(_, more)| facts.and(more));
    match ways.next() {
        Some(first) => ways.fold(first, |common, facts| common.common(&facts)),
        None => facts.clone(),
    }
}
