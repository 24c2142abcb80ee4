//! Messages of other windows are taken without asking who sends them.

use plimsoll_model::{App, Gap, Severity};

use crate::{Rule, Sink};

pub(crate) static RULE: Rule = Rule {
    id: "message-without-origin-check",
    summary: "messages of other windows are taken without asking who sends them",
    gap: Gap::Xss,
    severity: Severity::Medium,
    cwe: &[346],
    owasp: &["A01:2025"],
    asvs: &["3.5.5"],
    page: include_str!("message_without_origin_check.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    for setting in app.settings.iter().filter(|setting| setting.key == "message-origin") {
        sink.at(setting.span, "whoever sends the message is obeyed")
            .all(setting.also.iter().copied(), "here too")
            .done();
    }
}
