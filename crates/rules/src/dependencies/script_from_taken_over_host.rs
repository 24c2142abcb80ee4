//! A page loads a script from a host that was taken over.

use plimsoll_model::{App, Confidence, Gap, Severity};

use crate::{Rule, Sink};

pub(crate) static RULE: Rule = Rule {
    id: "script-from-taken-over-host",
    summary: "a page loads a program from a host that served hostile ones",
    gap: Gap::VulnerableDependency,
    severity: Severity::High,
    cwe: &[506, 829],
    owasp: &["A03:2025", "A08:2025"],
    asvs: &["3.6.1", "15.2.4"],
    page: include_str!("script_from_taken_over_host.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    for script in app.settings.iter().filter(|setting| setting.key == "script-from-taken-over-host") {
        sink.at(script.span, format!("loads a program from {}", script.value))
            .all(script.also.iter().copied(), "and here")
            .confidence(Confidence::Confirmed)
            .subject(script.value.clone())
            .done();
    }
}
