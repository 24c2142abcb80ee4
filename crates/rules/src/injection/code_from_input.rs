//! Text from a visitor is run as program code.

use std::collections::BTreeSet;

use plimsoll_model::app::{Sink as Ends, Source};
use plimsoll_model::{App, Claim, Gap, Position, Severity};

use crate::{Rule, Sink, gains};

pub(crate) static RULE: Rule = Rule {
    id: "code-from-input",
    summary: "text from a visitor is run as program code",
    gap: Gap::Injection,
    severity: Severity::Critical,
    cwe: &[94, 95, 502, 1336],
    owasp: &["A05:2025"],
    asvs: &["1.3.2"],
    page: include_str!("code_from_input.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    let mut seen = BTreeSet::new();
    for flow in &app.flows {
        let (what, cwe): (&str, &[u16]) = match flow.sink {
            Ends::Eval => ("is run as program code", &[94, 95]),
            Ends::Template => ("becomes a template that the server runs", &[94, 1336]),
            Ends::Deserialise => ("is turned into objects by a reader that runs code", &[502]),
            _ => continue,
        };
        if !matches!(flow.source, Source::Request | Source::Upload) || !seen.insert((flow.to, flow.sink)) {
            continue;
        }
        let entry = flow.entry.and_then(|index| app.entry_points.get(index));
        let reach = entry.and_then(|entry| gains::position(entry.reach()));
        sink.at(flow.to, format!("`{}` ends here", flow.source_name))
            .title(format!("What a visitor sends (`{}`) {what}", flow.source_name))
            .cwe(cwe)
            .grants(
                [Claim::Stands(reach.unwrap_or(Position::Anyone))],
                Claim::RunsCode,
                format!("sends a program of its own as `{}`", flow.source_name),
            )
            .done();
    }
}
