//! Source maps of the browser code are published.

use plimsoll_model::{App, Gap, Severity};

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
        sink.at(setting.span, format!("{}: {}", setting.system, setting.value)).done();
    }
}
