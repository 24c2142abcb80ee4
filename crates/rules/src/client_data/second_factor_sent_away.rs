//! The secret of a second factor is sent to a service that draws codes.

use plimsoll_model::{App, Gap, Severity};

use crate::{Rule, Sink};

pub(crate) static RULE: Rule = Rule {
    id: "second-factor-sent-away",
    summary: "the secret of a second factor is sent to a service that draws codes",
    gap: Gap::SensitiveDataInClient,
    severity: Severity::Medium,
    cwe: &[201, 359],
    owasp: &["A04:2025"],
    asvs: &["14.2.3"],
    page: include_str!("second_factor_sent_away.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    for setting in app.settings.iter().filter(|setting| setting.key == "second-factor-sent-away") {
        sink.at(setting.span, setting.value.clone()).all(setting.also.iter().copied(), "here too").done();
    }
}
