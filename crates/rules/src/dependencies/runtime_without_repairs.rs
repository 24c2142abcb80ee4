//! The language's runtime or the system under it gets no more repairs.

use plimsoll_model::{App, Confidence, Gap, Severity};

use crate::{Rule, Sink};

pub(crate) static RULE: Rule = Rule {
    id: "runtime-without-repairs",
    summary: "the runtime that the app asks for gets no more repairs",
    gap: Gap::VulnerableDependency,
    severity: Severity::Low,
    cwe: &[1104],
    owasp: &["A03:2025"],
    asvs: &["15.1.1", "15.2.1"],
    page: include_str!("runtime_without_repairs.md"),
    run,
};

/// So long after the end, holes that nobody closes are known.
const LONG: i64 = 365;

fn run(app: &App, sink: &mut Sink<'_>) {
    for runtime in &app.runtimes {
        // What ended after the facts' day is known by them all the same: ends are set in advance.
        let since = app.today.unwrap_or(runtime.known_until).since(runtime.ends);
        if since <= 0 {
            continue;
        }
        let severity = if since > LONG { Severity::Medium } else { Severity::Low };
        let name = format!("{} {}", runtime.product, runtime.line);
        sink.at(runtime.span, format!("asks for `{}`", runtime.asked))
            .all(runtime.also.iter().copied(), "and here")
            .title(format!("{name} has had no repairs since {}", runtime.ends))
            .severity(severity)
            .confidence(Confidence::Likely)
            .fix(format!(
                "Move to a line of {} that still gets repairs: change it in every file that names it, then test the app with it.",
                runtime.product
            ))
            .subject(name)
            .done();
    }
}
