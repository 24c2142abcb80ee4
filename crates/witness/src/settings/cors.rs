//! CORS policies.

use plimsoll_analysis::{Clean, Event, EventKind, Label, Truth, Value, ValueKind};
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
    if matches!(path, "cors" | "@fastify/cors" | "hono/cors.cors" | "@koa/cors") {
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
    if value.as_str() == Some("*") {
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
            let ways: Vec<AllowedOrigins> = ways.iter().map(|(value, facts)| allowed(&facts.vet(value))).collect();
            let widest = [AllowedOrigins::Any, AllowedOrigins::Reflected].into_iter().find(|wide| ways.contains(wide));
            widest.or_else(|| ways.into_iter().next()).unwrap_or(AllowedOrigins::Configured)
        }
        // `origin || '*'`: whoever asks.
        ValueKind::Or(pair) if pair.1.as_str() == Some("*") => AllowedOrigins::Reflected,
        _ if value.labels.any(|label| {
            matches!(label, Label::Input(name, clean) if name.starts_with("headers") && !clean.covers(Clean::ALL))
        }) =>
        {
            AllowedOrigins::Reflected
        }
        _ if value.truth() == Truth::Yes && value.as_closure().is_some() => AllowedOrigins::Configured,
        _ => AllowedOrigins::Configured,
    }
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
