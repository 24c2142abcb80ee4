//! Source maps of the browser code are published.

use plimsoll_model::{App, Claim, Gap, Position, Severity};

use crate::{Rule, Sink};

pub(crate) static RULE: Rule = Rule {
    id: "source-maps-published",
    summary: "the original code of the pages is published with them",
    gap: Gap::SensitiveDataInClient,
    severity: Severity::Low,
    cwe: &[540],
    owasp: &["A02:2025"],
    asvs: &["13.4.5"],
    page: include_str!("source_maps_published.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    for setting in app.settings.iter().filter(|setting| setting.key == "source-maps") {
        // Only the code of the pages: what stands on the server stays there.
        sink.at(setting.span, format!("{}: {}", setting.system, setting.value))
            .eases([], Claim::RunsScript(Position::SignedIn), "the original code of the pages is published with them")
            .eases(
                [],
                Claim::RunsScript(Position::Administrator),
                "the original code of the pages is published with them",
            )
            .done();
    }
}
