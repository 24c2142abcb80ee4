//! CORS policies.

use plimsoll_analysis::{
    Clean, Event, EventKind, Fact, Facts, Label, Labels, Machine, Symbol, Truth, Value, ValueKind,
};
use plimsoll_model::app::{AllowedOrigins, CorsPolicy};

use super::Notes;

pub(super) fn note(event: &Event, notes: &mut Notes) {
    // `response.headers["Access-Control-Allow-Origin"] = origin`
    if let EventKind::Assign { property, value, .. } = &event.kind {
        header(event, property, value, notes);
        return;
    }
    // `Response(…, headers={…})`: Python's frameworks take them by name.
    if let Some(object) = event.named("headers").and_then(Value::as_object).cloned() {
        // The origin comes first, whatever the order of the names: what is said of credentials belongs to it.
        let fields = object.fields.borrow();
        for wanted in [ORIGIN, CREDENTIALS] {
            for (name, value) in fields.iter().filter(|(name, _)| name.eq_ignore_ascii_case(wanted)) {
                header(event, name, value, notes);
            }
        }
        return;
    }
    let EventKind::Call { callee, args } = &event.kind else { return };
    let path = callee.path.as_str();
    if LIBRARIES.contains(&path) {
        let options = event.arg(0).cloned().unwrap_or_default();
        let origins = match options.field("origin") {
            Some(value) => allowed(&value),
            None => AllowedOrigins::Any,
        };
        let credentials = options.bool_field("credentials") == Some(true);
        notes.cors.push(CorsPolicy {
            origins,
            credentials,
            path: String::new(),
            by: "cors".into(),
            spans: vec![event.span],
        });
        return;
    }
    if matches!(callee.last_name().as_str(), "setHeader" | "set" | "header" | "append") && args.len() >= 2 {
        let Some(name) = event.arg(0).and_then(|value| value.as_str()) else { return };
        let Some(value) = event.arg(1) else { return };
        header(event, name, value, notes);
    }
}

/// Libraries that take a policy as options.
const LIBRARIES: &[&str] = &["cors", "@fastify/cors", "hono/cors.cors", "@koa/cors"];

/// Functions that are asked for every origin: whom they let in is found by asking them.
pub(crate) fn asked(machine: &mut Machine<'_>, events: &[Event], notes: &mut Notes) {
    for event in events.iter().filter(|event| LIBRARIES.contains(&event.path())) {
        let Some(options) = event.arg(0) else { continue };
        let Some(origin) = options.field("origin") else { continue };
        let Some(closure) = origin.as_closure() else { continue };
        let asks =
            Value::symbol(Symbol::given(ASKING), Labels::one(Label::Input("headers.origin".into(), Clean::NONE)));
        let run =
            machine.run(closure, vec![asks, Value::symbol(Symbol::given(ANSWER), Labels::NONE)], Facts::default());
        // `callback(null, true)`; where nothing is called, the answer is what is returned.
        let called = run.events.iter().filter(|event| event.path() == ANSWER).map(|event| {
            let answer = event.arg(1).cloned().unwrap_or_default();
            (event.arg(0).is_none_or(|error| matches!(error.kind, ValueKind::Null)), answer, event.facts.clone())
        });
        let mut answers: Vec<(bool, Value, Facts)> = called.collect();
        if answers.is_empty() {
            match &run.value.kind {
                ValueKind::Choice(ways) => {
                    answers.extend(ways.iter().map(|(value, facts)| (true, value.clone(), run.facts.and(facts))));
                }
                _ => answers.push((true, run.value.clone(), run.facts.clone())),
            }
        }
        let is_let_in = |(fine, answer, _): &&(bool, Value, Facts)| {
            *fine && (matches!(answer.kind, ValueKind::Bool(true)) || answer.path() == ASKING)
        };
        // Not every condition was understood: one that somebody is refused by may be among them.
        let refuses = !answers.iter().all(|answer| is_let_in(&answer));
        let widest = answers
            .iter()
            .filter(is_let_in)
            .filter_map(|(.., facts)| everyone(facts.iter()))
            .filter(|origins| !refuses || *origins != AllowedOrigins::Reflected)
            .max_by_key(|origins| *origins == AllowedOrigins::Reflected);
        if let Some(origins) = widest {
            notes.cors.push(CorsPolicy {
                origins,
                credentials: options.bool_field("credentials") == Some(true),
                path: String::new(),
                by: "cors".into(),
                spans: vec![event.span],
            });
        }
    }
}

/// The origin that asks, and the function that takes the answer.
const ASKING: &str = "@origin";
const ANSWER: &str = "@answer";

/// What strangers can meet of conditions that hold together; `None` where one of them keeps strangers out or says
/// something else than who asks.
fn everyone<'f>(facts: impl Iterator<Item = &'f Fact>) -> Option<AllowedOrigins> {
    let mut admits = AllowedOrigins::Reflected;
    let is_asking = |value: &Value| value.path() == ASKING;
    let asks = |value: &Value| value.deep_labels().has_input(Clean::NONE);
    // `list.indexOf(origin) === -1`
    let is_place = |value: &Value| {
        value.as_symbol().is_some_and(|symbol| {
            symbol.calls().last().is_some_and(|(name, ..)| matches!(name.as_str(), "indexOf" | "findIndex"))
        })
    };
    for fact in facts {
        match fact {
            Fact::Truthy { value, holds: true, .. } if is_asking(value) => {}
            Fact::Truthy { value, holds: true, .. } => admits = AllowedOrigins::Weak(weak_test(value)?.to_owned()),
            Fact::Truthy { value, holds: false, .. } if !is_asking(value) && asks(value) => {}
            Fact::In { value, holds: false, .. } if asks(value) => {}
            Fact::Equal { left, right, holds, .. } if is_place(left) || is_place(right) => {
                let nowhere =
                    [left, right].iter().any(|side| matches!(side.kind, ValueKind::Num(number) if number < 0.0));
                if !nowhere || !*holds {
                    return None;
                }
            }
            Fact::Equal { left, right, holds: false, .. } if asks(left) || asks(right) => {}
            Fact::AnyOf { branches, .. } => {
                let ways: Vec<AllowedOrigins> = branches.iter().filter_map(|branch| everyone(branch.iter())).collect();
                let widest = ways.into_iter().max_by_key(|way| *way == AllowedOrigins::Reflected)?;
                if widest != AllowedOrigins::Reflected {
                    admits = widest;
                }
            }
            _ => return None,
        }
    }
    Some(admits)
}

/// Hosts under which anybody gets an address of their own.
const ANYBODYS: &[&str] = &[
    "vercel.app",
    "netlify.app",
    "onrender.com",
    "herokuapp.com",
    "up.railway.app",
    "fly.dev",
    "github.io",
    "pages.dev",
    "workers.dev",
    "web.app",
    "firebaseapp.com",
    "lovable.app",
    "lovableproject.com",
    "replit.app",
    "replit.dev",
    "repl.co",
    "bolt.host",
    "webcontainer.io",
    "base44.app",
    "surge.sh",
    "ngrok.io",
    "ngrok-free.app",
    "trycloudflare.com",
];

/// A test of the origin that a stranger's page can pass: why.
fn weak_test(value: &Value) -> Option<&'static str> {
    let symbol = value.as_symbol()?;
    let (name, args, _) = symbol.calls().pop()?;
    let text = args.first()?.value.as_str()?.to_ascii_lowercase();
    if !symbol.path.contains(ASKING) && !value.deep_labels().has_input(Clean::NONE) {
        return None;
    }
    let host = text.trim_start_matches("https://").trim_start_matches("http://").trim_start_matches('.');
    match name.as_str() {
        "endsWith" | "includes" if ANYBODYS.contains(&host) => {
            Some("every address of a host is let in where anybody can have one")
        }
        // `ends with example.com` without its dot: `notexample.com`.
        "endsWith" if text.contains('.') && !text.starts_with(['.', '/']) && !text.contains("://") => {
            Some("any origin that ends like the app's own is let in")
        }
        "includes" if text.contains('.') || text.contains("localhost") => {
            Some("any origin that has the app's own in it is let in")
        }
        "startsWith" if text.contains("://") && !text.ends_with([':', '/']) && text.matches(':').count() == 1 => {
            Some("any origin that begins like the app's own is let in")
        }
        _ => None,
    }
}

const ORIGIN: &str = "access-control-allow-origin";
const CREDENTIALS: &str = "access-control-allow-credentials";

/// One header that the app sets by itself.
fn header(event: &Event, name: &str, value: &Value, notes: &mut Notes) {
    let file = event.span.file;
    if name.eq_ignore_ascii_case(ORIGIN) {
        notes.cors.push(CorsPolicy {
            origins: allowed(value),
            credentials: false,
            path: String::new(),
            by: "header".into(),
            spans: vec![event.span],
        });
    } else if name.eq_ignore_ascii_case(CREDENTIALS)
        && value.as_str().is_some_and(|value| value.eq_ignore_ascii_case("true"))
        && let Some(policy) =
            notes.cors.iter_mut().rev().find(|policy| policy.spans.iter().any(|span| span.file == file))
    {
        policy.credentials = true;
    }
}

pub(super) fn allowed(value: &Value) -> AllowedOrigins {
    // `origin || '*'`: whoever asks. The text alone would be read as what it falls back to.
    let asked = |value: &Value| {
        value.labels.any(|label| {
            matches!(label, Label::Input(name, clean) if name.starts_with("headers") && !clean.covers(Clean::ALL))
        })
    };
    if matches!(&value.kind, ValueKind::Or(pair) if pair.1.as_str() == Some("*") && asked(&pair.0)) {
        return AllowedOrigins::Reflected;
    }
    if value.as_str() == Some("*") && value.as_object().is_none() && !matches!(value.kind, ValueKind::Choice(_)) {
        return AllowedOrigins::Any;
    }
    match &value.kind {
        ValueKind::Str(text) => AllowedOrigins::Listed(vec![text.to_string()]),
        ValueKind::Bool(true) => AllowedOrigins::Reflected,
        ValueKind::Object(object) if object.is_array => {
            AllowedOrigins::Listed(value.items().iter().filter_map(|item| item.as_str().map(str::to_owned)).collect())
        }
        // `allowed.includes(origin) ? origin : allowed[0]`: an origin that was found on a list is one of it.
        ValueKind::Choice(ways) => {
            let ways: Vec<AllowedOrigins> = ways
                .iter()
                .filter(|(_, facts)| !is_while_developing(facts))
                .map(|(value, facts)| allowed(&facts.vet(value)))
                .collect();
            // `origin || '*'`: whoever names an origin gets it back, and only without one is it the star.
            let widest = [AllowedOrigins::Reflected, AllowedOrigins::Any].into_iter().find(|wide| ways.contains(wide));
            widest.or_else(|| ways.into_iter().next()).unwrap_or(AllowedOrigins::Configured)
        }
        ValueKind::Or(pair) if pair.1.as_str() == Some("*") => AllowedOrigins::Reflected,
        _ if asked(value) => AllowedOrigins::Reflected,
        _ if value.truth() == Truth::Yes && value.as_closure().is_some() => AllowedOrigins::Configured,
        _ => AllowedOrigins::Configured,
    }
}

/// Only holds on the machine of the one who writes the app: `NODE_ENV !== 'production'`.
fn is_while_developing(facts: &Facts) -> bool {
    facts.iter().any(|fact| {
        let Fact::Equal { left, right, holds, .. } = fact else { return false };
        let (named, word) = if left.as_str().is_some() { (right, left) } else { (left, right) };
        named.path().ends_with("NODE_ENV")
            && match word.as_str() {
                Some("production") => !holds,
                Some("development" | "test") => *holds,
                _ => false,
            }
    })
}

/// The same decision in several places is one policy.
pub(super) fn grouped(mut all: Vec<CorsPolicy>) -> Vec<CorsPolicy> {
    let mut out: Vec<CorsPolicy> = Vec::new();
    for policy in all.drain(..) {
        let same = out.iter_mut().find(|known| {
            known.origins == policy.origins && known.credentials == policy.credentials && known.by == policy.by
        });
        match same {
            Some(known) => {
                for span in policy.spans {
                    if !known.spans.contains(&span) {
                        known.spans.push(span);
                    }
                }
            }
            None => out.push(policy),
        }
    }
    out
}
