//! The app runs in developer mode.

use plimsoll_model::{App, Gap, Severity};

use crate::{Rule, Sink};

pub(crate) static RULE: Rule = Rule {
    id: "debug-mode-on",
    summary: "the app runs in developer mode",
    gap: Gap::DebugOrMisconfig,
    severity: Severity::High,
    cwe: &[489],
    owasp: &["A05:2025"],
    asvs: &["13.4.2"],
    page: include_str!("debug_mode_on.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    for setting in app.settings.iter().filter(|setting| setting.key == "debug-mode") {
        sink.at(setting.span, format!("{}: debug is {}", setting.system, setting.value))
            .all(setting.also.iter().copied(), "here too")
            .done();
    }
}
