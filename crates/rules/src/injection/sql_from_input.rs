//! Text from a visitor becomes part of a database command.

use crate::{Rule, Sink};
use plimsoll_model::app::{Sink as Ends, Source};
use plimsoll_model::{App, Gap, Severity};

pub(crate) static RULE: Rule = Rule {
    id: "sql-from-input",
    summary: "text from a visitor becomes part of a database command",
    gap: Gap::Injection,
    severity: Severity::High,
    cwe: &[89],
    owasp: &["A03:2025"],
    asvs: &["1.2.4"],
    page: include_str!("sql_from_input.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    let mut seen = std::collections::BTreeSet::new();
    for flow in &app.flows {
        if !matches!(flow.source, Source::Request | Source::Upload) {
            continue;
        }
        if flow.sink != Ends::Sql {
            continue;
        }
        // A helper that runs every statement is not where the mistake is: that is where the text was put together.
        if !seen.insert((flow.from, flow.to)) {
            continue;
        }
        let mut draft = sink.at(flow.from, format!("`{}` ends here", flow.source_name));
        if flow.from != flow.to {
            draft = draft.also(flow.to, "the database runs it here");
        }
        draft.title(format!("What a visitor sends (`{}`) becomes part of a database command", flow.source_name)).done();
    }
}
