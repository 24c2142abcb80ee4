//! Logging out only clears the browser.

use plimsoll_model::app::{EffectKind, Purpose};
use plimsoll_model::{App, Claim, Gap, Severity};

use crate::{Rule, Sink, gains};

pub(crate) static RULE: Rule = Rule {
    id: "logout-leaves-session-valid",
    summary: "after logging out the old session still works",
    gap: Gap::ExposedSessionToken,
    severity: Severity::Low,
    cwe: &[613],
    owasp: &["A07:2025"],
    asvs: &["7.4.1"],
    page: include_str!("logout_leaves_session_valid.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    // The whole session is in the cookie: signed, but kept nowhere on the server.
    if !app.cookies.iter().any(|cookie| cookie.is_session && cookie.by == "Flask") {
        return;
    }
    for entry in app.entry_points.iter().filter(|entry| entry.purposes.contains(&Purpose::Logout)) {
        let ends_it =
            entry.effects.iter().any(|effect| effect.kind.writes() && !matches!(effect.kind, EffectKind::IssueSession));
        if entry.framework == "Flask" && !ends_it && !entry.opaque {
            sink.at(entry.handler, "the cookie is cleared, and nothing on the server changes")
                .also(entry.span, entry.label())
                .subject(entry.label())
                .eases(
                    [Claim::TokenReadable],
                    Claim::Holds(gains::victim(app)),
                    "the stolen login goes on working when its owner has logged out",
                )
                .done();
        }
    }
}
