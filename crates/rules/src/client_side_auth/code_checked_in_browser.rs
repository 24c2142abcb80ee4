//! A one-time code, a PIN or a password is compared in the visitor's browser.

use plimsoll_model::{App, Gap, Severity};

use crate::{Rule, Sink};

pub(crate) static RULE: Rule = Rule {
    id: "code-checked-in-browser",
    summary: "a one-time code, a PIN or a password is compared in the visitor's browser",
    gap: Gap::ClientSideAuth,
    severity: Severity::High,
    cwe: &[603, 602],
    owasp: &["A07:2025"],
    asvs: &["6.5.1", "8.3.1"],
    page: include_str!("code_checked_in_browser.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    for setting in app.settings.iter().filter(|setting| setting.key == "code-checked-in-browser") {
        sink.at(setting.span, "the browser compares what was typed with the code that it made itself")
            .all(setting.also.iter().copied(), "here too")
            .done();
    }
    for setting in app.settings.iter().filter(|setting| setting.key == "secret-checked-in-browser") {
        sink.at(setting.span, "the browser compares what was typed with the right one, and so has it")
            .title("A PIN or password is compared in the visitor\u{2019}s browser")
            .all(setting.also.iter().copied(), "here too")
            .done();
    }
}
