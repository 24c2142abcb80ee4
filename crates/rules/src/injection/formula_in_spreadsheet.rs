//! Text of others becomes a formula in an exported table.

use std::collections::BTreeSet;

use plimsoll_model::app::{EntryPoint, Reach, Sink as Ends};
use plimsoll_model::{App, Claim, Gap, Severity};

use crate::{Rule, Sink, gains};

pub(crate) static RULE: Rule = Rule {
    id: "formula-in-spreadsheet",
    summary: "text of others becomes a formula in an exported table",
    gap: Gap::Injection,
    severity: Severity::Low,
    cwe: &[1236],
    owasp: &["A03:2025"],
    asvs: &["1.2.10"],
    page: include_str!("formula_in_spreadsheet.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    // Only what others than the administrators write can surprise whoever opens the table.
    let written: BTreeSet<&str> = app
        .entry_points
        .iter()
        .flat_map(|entry| entry.effects.iter().map(move |effect| (entry, effect)))
        .filter(|(entry, effect)| {
            effect.kind.writes() && matches!(entry.reach_of(effect), Reach::Anyone | Reach::SignedIn)
        })
        .map(|(_, effect)| effect.target.as_str())
        .collect();
    let by_entry = |entry: usize| -> Option<&EntryPoint> { app.entry_points.get(entry) };
    let mut seen = BTreeSet::new();
    for flow in app.flows.iter().filter(|flow| flow.sink == Ends::Formula) {
        let Some(entry) = flow.entry.filter(|_| written.contains(flow.source_name.as_str())) else { continue };
        // One export is one mistake.
        if !seen.insert(entry) {
            continue;
        }
        let rest = app
            .flows
            .iter()
            .filter(|other| other.sink == Ends::Formula && other.entry == Some(entry) && other.to != flow.to)
            .map(|other| other.to);
        let name = by_entry(entry).map(EntryPoint::label).unwrap_or_default();
        sink.at(flow.to, format!("text of `{}` becomes a cell", flow.source_name))
            .title(format!("Text that others write can become a formula in the table of {name}"))
            .subject(name.clone())
            .all(rest, "and here")
            .grants(
                [Claim::Plants(flow.source_name.clone()), Claim::Knows(Claim::IGNORED_WARNING.to_owned())],
                Claim::Reads(gains::heaviest(app)),
                format!("the text becomes a formula in the table of {name}, which sends the cells beside it away"),
            )
            .done();
    }
}
