//! Records that a page takes from its own address or from another window's message, and keeps without asking whoever is
//! there: whoever sends the link has written into what the visitor's browser keeps.

use plimsoll_analysis::{
    Argument, Clean, Event, EventKind, Fact, Label, Labels, Program, SymbolKind, Value, ValueKind,
};
use plimsoll_ir::{FunctionId, Kind, Language, Module};
use plimsoll_model::app::SettingSeen;
use plimsoll_source::Span;

/// What a page takes records from, as the label says it.
const FROM: [&str; 2] = ["address", "message"];
/// More parts of a value than this are not looked through.
const PARTS: u32 = 6;

/// The records that a run takes, each where it is put into what is kept.
pub(crate) fn note(events: &[Event], program: &Program<'_>, out: &mut Vec<SettingSeen>) {
    // Without anything that outlasts the page, a record from the address is shown and gone.
    if !events.iter().any(keeps) {
        return;
    }
    for event in events.iter().filter(|event| !was_asked(event)) {
        let values: Vec<&Value> = match &event.kind {
            EventKind::Assign { receiver, value, .. } if !is_of_page(receiver) => vec![value],
            EventKind::Method { name, args, .. } if puts_in(name) => args.iter().map(|arg| &arg.value).collect(),
            EventKind::Call { callee, args } if puts_in(&callee.last_name()) && !of_page(&callee.path) => {
                args.iter().map(|arg| &arg.value).collect()
            }
            EventKind::Call { args, .. } if keeps(event) => args.iter().skip(1).map(|arg| &arg.value).collect(),
            _ => continue,
        };
        let Some((from, read)) = values.iter().find_map(|value| record_in(value, program, PARTS)) else { continue };
        out.push(SettingSeen {
            system: "browser".into(),
            key: format!("records-from-{from}"),
            value: from.to_owned(),
            span: event.span,
            also: read.into_iter().collect(),
        });
    }
}

/// The functions of a module that listen for messages of other windows and do not ask whose they are.
pub(crate) fn listeners(module: &Module) -> Vec<FunctionId> {
    if module.language != Language::JavaScript {
        return Vec::new();
    }
    let listening = module.iter().filter_map(|(_, at)| match &at.kind {
        Kind::Call { callee, args, .. } => {
            let called = module.path(*callee).unwrap_or_default();
            let listens = matches!(
                called.as_str(),
                "window.addEventListener" | "addEventListener" | "globalThis.addEventListener"
            ) && args.first().and_then(|arg| module.string(arg.value)) == Some("message");
            let listener = args.get(1).filter(|_| listens)?.value;
            match module.kind(listener) {
                Kind::Function(function) if crate::settings::obeys_anyone(module, listener) => Some(*function),
                _ => None,
            }
        }
        _ => None,
    });
    listening.collect()
}

/// What a listener is given: another window's words.
pub(crate) fn message() -> Value {
    Value::of(Labels::one(Label::Browser("message".into(), Clean::NONE)))
}

/// A call that keeps something in the browser.
fn keeps(event: &Event) -> bool {
    let path = event.path();
    path.ends_with(".setItem") && (path.contains("localStorage.") || path.contains("sessionStorage."))
}

fn puts_in(name: &str) -> bool {
    matches!(name, "push" | "unshift" | "splice" | "set" | "add" | "put")
}

/// The page itself: its address, its title, its elements.
fn is_of_page(receiver: &Value) -> bool {
    of_page(receiver.path())
}

fn of_page(path: &str) -> bool {
    ["window", "document", "location", "history", "console", "localStorage", "sessionStorage"]
        .iter()
        .any(|name| path == *name || path.starts_with(&format!("{name}.")) || path.ends_with(".style"))
}

/// Whether the visitor was asked before, or the sender was looked at.
fn was_asked(event: &Event) -> bool {
    event.facts.iter().any(|fact| match fact {
        Fact::Truthy { value, .. } => value.path().contains("confirm()"),
        // Whose message it is was compared.
        Fact::Equal { left, right, .. } => [left, right].iter().any(|side| side.path().ends_with(".origin")),
        Fact::In { value, .. } => value.path().ends_with(".origin"),
        _ => false,
    })
}

/// A whole record in a value: text of the address that was read as JSON, or what a message carries; with where it was read.
fn record_in(value: &Value, program: &Program<'_>, depth: u32) -> Option<(&'static str, Option<Span>)> {
    if depth == 0 {
        return None;
    }
    let inner = |value: &Value| record_in(value, program, depth - 1);
    let from = FROM
        .into_iter()
        .find(|from| value.labels.any(|label| matches!(label, Label::Browser(name, _) if **name == **from)));
    if let (Some(from), ValueKind::Symbol(symbol)) = (from, &value.kind) {
        let parsed = symbol.path.contains("JSON.parse()");
        // Who sent a message and what it is about are no records.
        let carried = from == "message";
        if parsed || carried {
            let mut at = Some(symbol);
            let mut site = None;
            while let Some(part) = at {
                if matches!(part.kind, SymbolKind::Call { .. }) && part.path.ends_with("JSON.parse()") {
                    site = part.site();
                }
                at = part.base();
            }
            return Some((from, site.map(|site| program.span(site))));
        }
    }
    match &value.kind {
        ValueKind::Unknown => from.filter(|from| *from == "message").map(|from| (from, None)),
        ValueKind::Object(object) => {
            let parts: Vec<Value> = object
                .items
                .borrow()
                .iter()
                .chain(object.spreads.borrow().iter())
                .chain(object.fields.borrow().values())
                .take(32)
                .cloned()
                .collect();
            parts.iter().find_map(inner)
        }
        ValueKind::Choice(list) => list.iter().find_map(|(value, _)| inner(value)),
        ValueKind::Or(pair) | ValueKind::And(pair) => inner(&pair.0).or_else(|| inner(&pair.1)),
        ValueKind::Symbol(symbol) => match &symbol.kind {
            // `JSON.stringify(record)`
            SymbolKind::Call { args, .. } => args.iter().find_map(|arg: &Argument| inner(&arg.value)),
            _ => None,
        },
        _ => None,
    }
}
