//! A rules file cannot be put into force as it is.

use plimsoll_model::{App, Gap, Severity, Witness};

use crate::{Rule, Sink};

pub(crate) static RULE: Rule = Rule {
    id: "rules-file-not-in-force",
    summary: "a rules file is refused by the service, so older rules stay in force",
    gap: Gap::BrokenAccessControl,
    severity: Severity::Medium,
    cwe: &[284, 1188],
    owasp: &["A01:2025", "A02:2025"],
    asvs: &["8.2.2"],
    page: include_str!("rules_file_not_in_force.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    for file in &app.rules_files {
        let Some((span, why)) = &file.problem else { continue };
        sink.seen_by(Witness::Schema, *span, why.clone())
            .title(format!("The {} rules cannot be put into force: {why}", file.service))
            .done();
    }
}
