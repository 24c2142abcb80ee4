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
        without_transport(app, sink, &has);
        return;
    }
    let title = format!("Pages are sent without {}", missing.join(", "));
    let mut draft = sink.absent(&app.header_places, "no code or setting here sets it").title(title).subject("headers");
    if let Some((exchange, _)) = live {
        draft = draft.also_live(exchange, "the answer does not carry it");
    }
    let ran = app.live.inline_script.as_ref().filter(|seen| seen.ran);
    if let Some(seen) = ran.filter(|_| missing.contains(&"content-security-policy")) {
        draft = draft.also_live(&seen.exchange, "the browser ran a program that was slipped into the page");
    }
    if missing.contains(&"content-security-policy") {
        draft =
            draft.grants([], Claim::NoScriptPolicy, "no content security policy stops a program slipped into a page");
    }
    draft.done();
}

/// An app that sets the headers of its pages by itself, all but the one that keeps browsers on encrypted connections.
/// Where a host or a library sets headers, it sets this one as well or leaves it to whoever ends the encryption.
fn without_transport(app: &App, sink: &mut Sink<'_>, has: &dyn Fn(&str) -> bool) {
    if has("strict-transport-security") {
        return;
    }
    let own: Vec<_> =
        app.headers.iter().filter(|header| header.by == "the app's own code").map(|header| header.span).collect();
    let Some((&first, rest)) = own.split_first() else { return };
    let mut draft = sink
        .at(first, "the other protective headers are set here, this one is not")
        .title("Pages are sent without strict-transport-security".to_owned())
        .subject("headers");
    for &span in rest {
        draft = draft.also(span, "and here");
    }
    draft.done();
}
