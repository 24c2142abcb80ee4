//! Socket servers: `ws` and Socket.IO. Who may connect is decided in the hand-shake, before the first message.

use plimsoll_analysis::{Event, EventKind, Facts, Value};
use plimsoll_model::App;
use plimsoll_model::app::EntryKind;

use super::chain::{self, Convention, Passage, closure_in, finish, given, object, pass};
use crate::Witnessing;
use crate::handler::named_guard;

/// Calls that make a socket server, and the framework's name.
const SERVERS: &[(&str, &str)] = &[
    ("WebSocketServer()", "WebSocket"),
    ("ws.Server()", "WebSocket"),
    ("WebSocket.Server()", "WebSocket"),
    ("socket.io.Server()", "Socket.IO"),
    ("socket.io()", "Socket.IO"),
];

/// The framework of the socket server that a path goes through.
fn server_of(path: &str) -> Option<&'static str> {
    SERVERS.iter().find(|(name, _)| path.contains(name)).map(|(_, framework)| *framework)
}

pub(super) fn observe(witnessing: &mut Witnessing<'_, '_>, events: &[Event], app: &mut App) {
    let mut seen = std::collections::BTreeSet::new();
    for event in events {
        let EventKind::Call { callee, .. } = &event.kind else { continue };
        let path = callee.path.as_str();
        let Some(framework) = server_of(path) else { continue };
        let opens = matches!(event.arg(0).and_then(Value::as_str), Some("connection" | "connect"));
        if callee.last_name() != "on" || !opens || !seen.insert(event.span) {
            continue;
        }
        let Some(handler) = event.arg(1).and_then(closure_in) else { continue };
        if !app.stack.iter().any(|known| known == framework) {
            app.stack.push(framework.to_owned());
        }
        witnessing.machine.reset();
        let options = callee.calls().first().map(|(_, args, _)| args.to_vec()).unwrap_or_default();
        let option = |name: &str| options.iter().find_map(|arg| arg.value.field(name));
        let mut passage = Passage::default();
        if framework == "Socket.IO" {
            passage = middleware(witnessing, events, passage);
        } else {
            if let Some(verify) = option("verifyClient") {
                verified(witnessing, &verify, event, &mut passage);
            }
            upgraded(witnessing, events, &mut passage);
        }
        let own = option("path").and_then(|path| path.as_str().map(str::to_owned));
        let namespace = callee
            .calls()
            .iter()
            .find(|(name, ..)| name == "of")
            .and_then(|(_, args, _)| args.first()?.value.as_str().map(str::to_owned));
        let at = namespace.or(own).unwrap_or_else(|| "/".into());
        let point = chain::entry(EntryKind::Socket, &[], &at, framework, event.span);
        finish(witnessing, point, &handler, vec![given("@socket"), given("@req")], passage);
    }
}

/// `io.use((socket, next) => …)`.
fn middleware(witnessing: &mut Witnessing<'_, '_>, events: &[Event], mut passage: Passage) -> Passage {
    for event in events {
        let EventKind::Call { callee, .. } = &event.kind else { continue };
        if callee.last_name() == "use"
            && server_of(&callee.path) == Some("Socket.IO")
            && let Some(middleware) = event.arg(0)
        {
            let convention = Convention { args: || vec![given("@socket"), given("@next")], next: "@next" };
            passage = pass(witnessing, &convention, middleware, event.span, passage);
        }
    }
    passage
}

/// `verifyClient: (info, done) => …`: by what it returns, or by what it calls back with.
fn verified(witnessing: &mut Witnessing<'_, '_>, verify: &Value, at: &Event, passage: &mut Passage) {
    let Some(closure) = verify.as_closure().cloned() else { return };
    let info = object(vec![("req", given("@req")), ("origin", chain::input("headers.origin"))]);
    let run = witnessing.machine.run(&closure, vec![info, given("@verified")], passage.facts.clone());
    let lets_in: Vec<&Facts> = run
        .events
        .iter()
        .filter(|event| {
            event.path() == "@verified"
                && event.arg(0).is_some_and(|value| value.truth() != plimsoll_analysis::Truth::No)
        })
        .map(|event| &event.facts)
        .collect();
    match lets_in.split_first() {
        Some((first, rest)) => {
            passage.facts = rest.iter().fold((*first).clone(), |common, facts| common.common(facts));
        }
        None => {
            for kind in crate::guards::of_truth(&run.value, at.span) {
                passage.named.push(named_guard(kind, "verifyClient", at.span));
            }
        }
    }
    passage.events.extend(run.events);
}

/// `server.on('upgrade', (req, socket, head) => … wss.handleUpgrade(…))`: what holds where the hand-shake goes on.
fn upgraded(witnessing: &mut Witnessing<'_, '_>, events: &[Event], passage: &mut Passage) {
    for event in events {
        let EventKind::Call { callee, .. } = &event.kind else { continue };
        if callee.last_name() != "on" || event.arg(0).and_then(Value::as_str) != Some("upgrade") {
            continue;
        }
        let Some(closure) = event.arg(1).and_then(closure_in) else { continue };
        let args = vec![given("@req"), given("@rawsocket"), Value::unknown()];
        let run = witnessing.machine.run(&closure, args, passage.facts.clone());
        let onwards: Vec<&Facts> = run
            .events
            .iter()
            .filter(|event| event.path().ends_with(".handleUpgrade"))
            .map(|event| &event.facts)
            .collect();
        if let Some((first, rest)) = onwards.split_first() {
            passage.facts = rest.iter().fold((*first).clone(), |common, facts| common.common(facts));
        }
        passage.events.extend(run.events);
    }
}
