//! CORS policies.

use plimsoll_analysis::{Event, EventKind, Label, Truth, Value, ValueKind};
use plimsoll_model::app::{AllowedOrigins, CorsPolicy};

use super::Notes;

pub(super) fn note(event: &Event, notes: &mut Notes) {
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
        let file = event.span.file;
        if name.eq_ignore_ascii_case("access-control-allow-origin") {
            let origins = allowed(value);
            notes.cors.push(CorsPolicy {
                origins,
                credentials: false,
                path: String::new(),
                by: "header".into(),
                spans: vec![event.span],
            });
        } else if name.eq_ignore_ascii_case("access-control-allow-credentials")
            && value.as_str() == Some("true")
            && let Some(policy) =
                notes.cors.iter_mut().rev().find(|policy| policy.spans.iter().any(|span| span.file == file))
        {
            policy.credentials = true;
        }
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
        // `origin || '*'`: whoever asks.
        ValueKind::Or(pair) if pair.1.as_str() == Some("*") => AllowedOrigins::Reflected,
        _ if value.labels.any(|label| matches!(label, Label::Input(name, _) if name.starts_with("headers"))) => {
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
