//! Security headers: set by code, by a library, by host configuration, by a meta tag.

use plimsoll_analysis::{Event, EventKind, Truth, Value};
use plimsoll_model::App;
use plimsoll_model::app::HeaderSet;
use plimsoll_source::{SourceTree, Span};

use super::Notes;

/// The headers that protect pages.
pub(super) const SECURITY: &[&str] = &[
    "content-security-policy",
    "x-frame-options",
    "x-content-type-options",
    "strict-transport-security",
    "referrer-policy",
    "permissions-policy",
];

pub(super) fn note(event: &Event, notes: &mut Notes) {
    // `response.headers["X-Frame-Options"] = "DENY"`
    if let EventKind::Assign { property, value, .. } = &event.kind {
        one(event, property, value, notes);
        return;
    }
    // `Response(…, headers={…})`, `response.headers.update({…})`
    let path = event.path();
    let updated =
        (path.ends_with("headers.update") || path.ends_with("headers.extend")).then(|| event.arg(0)).flatten();
    for object in [event.named("headers"), updated].into_iter().flatten().filter_map(Value::as_object) {
        for (name, value) in object.fields.borrow().iter() {
            one(event, name, value, notes);
        }
    }
    if path == "flask_talisman.Talisman" || path == "flask_talisman.Talisman().init_app" {
        let off = event.named("content_security_policy").is_some_and(|policy| policy.truth() == Truth::No);
        for name in
            ["strict-transport-security", "x-frame-options", "x-content-type-options", "content-security-policy"]
        {
            if !(off && name == "content-security-policy") {
                notes.headers.push(HeaderSet {
                    name: name.into(),
                    value: None,
                    by: "Talisman".into(),
                    span: event.span,
                });
            }
        }
        return;
    }
    let EventKind::Call { callee, args } = &event.kind else { return };
    let path = callee.path.as_str();
    if path == "helmet" || path.starts_with("@fastify/helmet") {
        let off = event.arg(0).is_some_and(|options| options.bool_field("contentSecurityPolicy") == Some(false));
        for name in SECURITY
            .iter()
            .filter(|name| !(off && **name == "content-security-policy") && **name != "permissions-policy")
        {
            notes.headers.push(HeaderSet { name: (*name).into(), value: None, by: "helmet".into(), span: event.span });
        }
        return;
    }
    // Where an app of these frameworks is made is where its headers could be set.
    if matches!(path, "express" | "fastify" | "flask.Flask" | "hono.Hono" | "fastapi.FastAPI") {
        notes.header_places.push(event.span);
    }
    if !matches!(callee.last_name().as_str(), "setHeader" | "set" | "header" | "append" | "setdefault")
        || args.len() < 2
    {
        return;
    }
    let Some(name) = event.arg(0).and_then(|value| value.as_str()) else { return };
    if let Some(value) = event.arg(1) {
        one(event, name, value, notes);
    }
}

/// One header that the app sets by itself, where it is one that protects pages.
fn one(event: &Event, name: &str, value: &Value, notes: &mut Notes) {
    let name = name.to_ascii_lowercase();
    if SECURITY.contains(&name.as_str()) {
        let value = value.text_shape();
        notes.headers.push(HeaderSet { name, value, by: "the app's own code".into(), span: event.span });
    }
}

pub(super) fn observe_files(tree: &SourceTree, app: &mut App) {
    for (id, file) in tree.iter() {
        let name = file.name();
        let is_host = matches!(
            name,
            "vercel.json"
                | "netlify.toml"
                | "_headers"
                | "firebase.json"
                | "staticwebapp.config.json"
                | "nginx.conf"
                | ".htaccess"
        ) || name.starts_with("next.config.")
            || name.ends_with(".conf");
        let is_page = name == "index.html" && !file.path.contains("node_modules");
        if !is_host && !is_page {
            continue;
        }
        if is_page {
            app.serves_pages = true;
        }
        let end = u32::try_from(file.line_text(1).len()).unwrap_or(1).max(1);
        app.header_places.push(Span::new(id, 0, end));
        let lower = file.text().to_ascii_lowercase();
        for header in SECURITY {
            let Some(at) = lower.find(header) else { continue };
            // A page can only carry the policy itself, in `<meta http-equiv>`.
            if is_page && !(*header == "content-security-policy" && lower.contains("http-equiv")) {
                continue;
            }
            let start = u32::try_from(at).unwrap_or(0);
            let span = Span::new(id, start, start + u32::try_from(header.len()).unwrap_or(1));
            app.headers.push(HeaderSet { name: (*header).into(), value: None, by: name.to_owned(), span });
        }
    }
}
