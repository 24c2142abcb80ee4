//! The session that a visitor came with is the one that is logged in.

use plimsoll_model::{App, Gap, Severity};

use crate::{Rule, Sink};

pub(crate) static RULE: Rule = Rule {
    id: "session-kept-through-login",
    summary: "logging in keeps the session id that the visitor came with",
    gap: Gap::ExposedSessionToken,
    severity: Severity::Low,
    cwe: &[384],
    owasp: &["A07:2025"],
    asvs: &["7.2.4"],
    page: include_str!("session_kept_through_login.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    let mut kept = app.settings.iter().filter(|setting| setting.key == "session-not-renewed");
    let Some(first) = kept.next() else { return };
    sink.at(first.span, first.value.clone())
        .all_files(kept.map(|setting| (setting.span, setting.value.clone())))
        .subject(first.system.clone())
        .done();
}
