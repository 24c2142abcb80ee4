//! The browser protections are not switched on.

use crate::{Rule, Sink};
use plimsoll_model::{App, Claim, Gap, Severity};

pub(crate) static RULE: Rule = Rule {
    id: "no-security-headers",
    summary: "the browser protections are not switched on",
    gap: Gap::MissingSecurityHeaders,
    severity: Severity::Low,
    cwe: &[693, 1021],
    owasp: &["A05:2025"],
    asvs: &["3.4.3"],
    page: include_str!("no_security_headers.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    let live = app.live.pages.iter().find(|(exchange, _)| exchange.status == Some(200));
    let has = |name: &str| {
        app.headers.iter().any(|header| header.name == name)
            || live.is_some_and(|(_, headers)| headers.iter().any(|(known, _)| known == name))
    };
    let observed = |name: &str| live.is_none_or(|(_, headers)| headers.iter().any(|(known, _)| known == name));
    if !app.serves_pages && app.live.pages.is_empty() && app.header_places.is_empty() {
        return;
    }
    let missing: Vec<&str> = ["content-security-policy", "x-content-type-options"]
        .into_iter()
        .filter(|name| !has(name) || !observed(name))
        .collect();
    if missing.is_empty() {
        return;
    }
    let title = format!("Pages are sent without {}", missing.join(", "));
    let mut draft = sink.absent(&app.header_places, "no code or setting here sets it").title(title).subject("headers");
    if let Some((exchange, _)) = live {
        draft = draft.also_live(exchange, "the answer does not carry it");
    }
    if missing.contains(&"content-security-policy") {
        draft =
            draft.grants([], Claim::NoScriptPolicy, "no content security policy stops a program slipped into a page");
    }
    draft.done();
}
