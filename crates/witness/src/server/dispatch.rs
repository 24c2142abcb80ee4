//! Servers of one handler that tell requests apart by hand: `if (path === "/api/orders" && method === "POST")`,
//! `switch ($_GET["action"])`. What happens behind such a comparison is an entry point of its own.

use std::collections::{BTreeMap, HashMap};

use plimsoll_analysis::{Event, Fact, Facts, Label, Value, ValueKind};
use plimsoll_model::app::EntryPoint;
use plimsoll_source::Span;

/// Names under which one address tells what it is asked for.
const ACTIONS: &[&str] =
    &["action", "act", "do", "op", "operation", "route", "endpoint", "page", "cmd", "command", "task"];

/// From so many branches on, a value that tells what is wanted is a way of routing.
const MANY: usize = 2;

/// One way through the handler.
pub(super) struct Way {
    pub(super) methods: Vec<String>,
    pub(super) path: String,
    /// The comparison.
    pub(super) span: Span,
    pub(super) events: Vec<Event>,
}

/// The ways through a handler, and what happens on none of them. No ways: the handler is one entry point.
pub(super) fn ways(events: &[Event], point: &EntryPoint) -> (Vec<Way>, Vec<Event>) {
    // Events share their conditions: each is understood once.
    let mut known = HashMap::new();
    let mut all: Vec<Option<Wanted>> = Vec::with_capacity(events.len());
    for (index, event) in events.iter().enumerate() {
        let before = index.checked_sub(1).filter(|&before| events[before].facts.is(&event.facts));
        all.push(match before {
            Some(before) => all[before].clone(),
            None => wanted(&event.facts, point, &mut known),
        });
    }
    let mut paths: Vec<&str> = all.iter().flatten().map(|wanted| wanted.path.as_str()).collect();
    paths.sort_unstable();
    paths.dedup();
    if paths.len() < MANY {
        return (Vec::new(), Vec::new());
    }
    let mut found: BTreeMap<(Span, String, Vec<String>), Vec<Event>> = BTreeMap::new();
    let mut rest = Vec::new();
    for (event, wanted) in events.iter().zip(all) {
        match wanted {
            Some(Wanted { path, span }) => {
                let methods = methods(&event.facts);
                found.entry((span, path, methods)).or_default().push(event.clone());
            }
            None => rest.push(event.clone()),
        }
    }
    // What happens before the methods are told apart is told once, with the first of them.
    let undivided: Vec<_> = found.keys().filter(|(_, _, methods)| methods.is_empty()).cloned().collect();
    for key in undivided {
        let is_part = |(span, path, methods): &(Span, String, Vec<String>)| {
            *span == key.0 && *path == key.1 && !methods.is_empty()
        };
        let Some(first) = found.keys().find(|other| is_part(other)).cloned() else { continue };
        let before = found.remove(&key).unwrap_or_default();
        if let Some(events) = found.get_mut(&first) {
            events.splice(0..0, before);
        }
    }
    let ways = found.into_iter().map(|((span, path, methods), events)| Way { methods, path, span, events }).collect();
    (ways, rest)
}

#[derive(Clone)]
struct Wanted {
    path: String,
    span: Span,
}

/// What the innermost comparison on the way says the request asks for.
fn wanted(facts: &Facts, point: &EntryPoint, known: &mut HashMap<*const Fact, Option<Wanted>>) -> Option<Wanted> {
    let mut out = None;
    for fact in facts.iter() {
        let one = known.entry(std::ptr::from_ref(fact)).or_insert_with(|| wanted_by(fact, point));
        if one.is_some() {
            out.clone_from(one);
        }
    }
    out
}

fn wanted_by(fact: &Fact, point: &EntryPoint) -> Option<Wanted> {
    match fact {
        Fact::AnyOf { branches, .. } => {
            // `path === "/a" || path === "/b"`: known by the first.
            let mut each = branches.iter().map(|branch| branch.iter().find_map(|fact| compared(fact, point)));
            let first = each.next().flatten();
            if each.all(|other| other.is_some()) { first } else { None }
        }
        fact => compared(fact, point),
    }
}

fn compared(fact: &Fact, point: &EntryPoint) -> Option<Wanted> {
    let (path, span) = match fact {
        Fact::Equal { left, right, holds: true, span } => {
            let (value, text) = match (&left.kind, &right.kind) {
                (ValueKind::Str(_), ValueKind::Str(_)) => return None,
                (_, ValueKind::Str(text)) => (left, text),
                (ValueKind::Str(text), _) => (right, text),
                _ => return None,
            };
            (asked(value, text, point)?, *span)
        }
        // `preg_match('#^/api/orders/(\d+)$#', $path)`, `/^\/api/.test(path)`, `path.startsWith("/api")`.
        Fact::Truthy { value, holds: true, span } => {
            let symbol = value.as_symbol()?;
            let (name, args, _) = symbol.calls().pop()?;
            let texts: Vec<&str> = args.iter().filter_map(|arg| arg.value.as_str()).collect();
            let is_of_path = is_path(value);
            match (name.as_str(), &texts[..]) {
                ("preg_match", [pattern, ..]) if is_of_path => (of_pattern(pattern)?, *span),
                ("startsWith" | "str_starts_with", [prefix, ..]) if is_of_path && prefix.starts_with('/') => {
                    (format!("{}/*", prefix.trim_end_matches('/')), *span)
                }
                _ => return None,
            }
        }
        _ => return None,
    };
    Some(Wanted { path, span })
}

/// The address that a compared value and text stand for.
fn asked(value: &Value, text: &str, point: &EntryPoint) -> Option<String> {
    if text.is_empty() || text.len() > 120 || text.contains(char::is_whitespace) {
        return None;
    }
    if is_path(value) {
        // A page that looks for its own name marks the menu's entry.
        let is_menu = text.ends_with(".php") && !text.starts_with('/');
        return (!is_menu).then(|| format!("/{}", text.trim_start_matches('/').trim_end_matches('/')));
    }
    let names_action = value.labels.any(|label| match label {
        Label::Input(name, _) => {
            let last = name.rsplit('.').next().unwrap_or(name).to_ascii_lowercase();
            ACTIONS.contains(&last.as_str())
        }
        _ => false,
    });
    let is_word = text.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.' | '/'));
    (names_action && is_word).then(|| format!("{}?action={text}", point.path))
}

/// Whether the value is the address that was asked for, or a part of it (`new URL(req.url).pathname`).
fn is_path(value: &Value) -> bool {
    value.path().ends_with(".pathname")
        || value.deep_labels().any(|label| matches!(label, Label::Input(name, _) if name == "url"))
}

/// A pattern as a path: `#^/api/orders/(\d+)$#` is `/api/orders/:id`.
fn of_pattern(pattern: &str) -> Option<String> {
    let inner = pattern.get(1..pattern.rfind(pattern.chars().next()?)?)?;
    let inner = inner.trim_start_matches('^').trim_end_matches('$').replace("\\/", "/");
    if !inner.starts_with('/') {
        return None;
    }
    let mut out = String::new();
    let mut depth = 0_u32;
    for letter in inner.chars() {
        match letter {
            '(' | '[' => {
                if depth == 0 && out.ends_with('/') {
                    out.push_str(":id");
                }
                depth += 1;
            }
            ')' | ']' => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            'a'..='z' | 'A'..='Z' | '0'..='9' | '/' | '-' | '_' | '.' => out.push(letter),
            _ => {}
        }
    }
    Some(out.trim_end_matches('/').to_owned()).filter(|path| !path.is_empty())
}

/// The methods that hold on the way.
fn methods(facts: &Facts) -> Vec<String> {
    let mut out = Vec::new();
    let mut note = |fact: &Fact| {
        let Fact::Equal { left, right, holds: true, .. } = fact else { return };
        for (value, text) in [(left, right), (right, left)] {
            let path = value.path();
            let is_method =
                path == "_SERVER.REQUEST_METHOD" || path.ends_with(".method") || path.ends_with(".httpMethod");
            if let (true, Some(method)) = (is_method, text.as_str()) {
                out = vec![method.to_ascii_uppercase()];
            }
        }
    };
    facts.iter().for_each(|fact| match fact {
        Fact::AnyOf { branches, .. } => branches.iter().flatten().for_each(&mut note),
        fact => note(fact),
    });
    out
}
