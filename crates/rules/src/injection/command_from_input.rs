//! Text from a visitor becomes part of a system command.

use std::collections::BTreeSet;

use plimsoll_model::app::{Sink as Ends, Source};
use plimsoll_model::{App, Claim, Gap, Position, Severity};

use crate::{Rule, Sink, gains};

pub(crate) static RULE: Rule = Rule {
    id: "command-from-input",
    summary: "text from a visitor becomes part of a system command",
    gap: Gap::Injection,
    severity: Severity::Critical,
    cwe: &[78],
    owasp: &["A05:2025"],
    asvs: &["1.2.5"],
    page: include_str!("command_from_input.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    let mut seen = BTreeSet::new();
    for flow in &app.flows {
        if flow.sink != Ends::Shell || !matches!(flow.source, Source::Request | Source::Upload) || !seen.insert(flow.to)
        {
            continue;
        }
        let entry = flow.entry.and_then(|index| app.entry_points.get(index));
        let reach = entry.and_then(|entry| gains::position(entry.reach()));
        sink.at(flow.to, format!("`{}` ends in the command", flow.source_name))
            .title(format!("What a visitor sends (`{}`) becomes part of a system command", flow.source_name))
            .grants(
                [Claim::Stands(reach.unwrap_or(Position::Anyone))],
                Claim::RunsCode,
                format!("sends a program of its own as `{}`", flow.source_name),
            )
            .done();
    }
}
