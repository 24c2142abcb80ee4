//! Messages of other windows are taken without asking who sends them.

use plimsoll_model::{App, Claim, Gap, Severity};

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
        let mut draft =
            sink.at(setting.span, "whoever sends the message is obeyed").all(setting.also.iter().copied(), "here too");
        if let Some(kept) = app.settings.iter().find(|setting| setting.key == "records-from-message") {
            draft = draft.also(kept.span, "what the message carries is kept here").grants(
                [Claim::Lures],
                Claim::Plants(Claim::BROWSER_KEPT.to_owned()),
                "makes somebody open a page that sends the app's window a record, which is kept",
            );
        }
        draft.done();
    }
}
