//! The login cookie misses its protections.

use crate::{Draft, Rule, Sink};
use plimsoll_model::app::SameSite;
use plimsoll_model::{App, Claim, Gap, Severity};

pub(crate) static RULE: Rule = Rule {
    id: "session-cookie-without-flags",
    summary: "the login cookie misses its protections",
    gap: Gap::ExposedSessionToken,
    severity: Severity::Medium,
    cwe: &[1004, 614, 1275],
    owasp: &["A07:2025"],
    asvs: &["3.3.1"],
    page: include_str!("session_cookie_without_flags.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    for cookie in app.cookies.iter().filter(|cookie| cookie.is_session) {
        let mut missing = Vec::new();
        if cookie.http_only == Some(false) {
            missing.push("HttpOnly (scripts can read it)");
        }
        if cookie.secure == Some(false) {
            missing.push("Secure (it travels unencrypted)");
        }
        if cookie.same_site == Some(SameSite::None) {
            missing.push("SameSite (other websites can use it)");
        }
        if missing.is_empty() {
            continue;
        }
        let severity = if cookie.http_only == Some(false) { Severity::Medium } else { Severity::Low };
        let title = format!("The login cookie is set without {}", missing.join(" and "));
        let note = format!("cookie `{}`", cookie.name);
        let gives = |mut draft: Draft<'_, '_>| {
            if cookie.http_only == Some(false) {
                draft = draft.grants(
                    [],
                    Claim::TokenReadable,
                    format!("scripts can read the login cookie `{}`", cookie.name),
                );
            }
            if cookie.same_site == Some(SameSite::None) {
                draft = draft.grants(
                    [],
                    Claim::ForeignRequestsAccepted,
                    format!("the login cookie `{}` is sent along by other websites", cookie.name),
                );
            }
            draft.done();
        };
        match (cookie.span, &cookie.exchange) {
            (Some(span), exchange) => {
                let mut draft = sink.at(span, note).title(title).severity(severity).subject(cookie.name.clone());
                if let Some(exchange) = exchange {
                    draft = draft.also_live(exchange, "the cookie as it was set");
                }
                gives(draft);
            }
            (None, Some(exchange)) => {
                gives(sink.live(exchange, note).title(title).severity(severity).subject(cookie.name.clone()));
            }
            (None, None) => {}
        }
    }
}
