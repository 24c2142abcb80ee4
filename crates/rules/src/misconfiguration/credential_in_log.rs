//! Passwords or their hashes are written to the log.

use plimsoll_model::app::{Flow, Sink as Ends, Source};
use plimsoll_model::{App, Gap, Severity};

use crate::{Rule, Sink};

pub(crate) static RULE: Rule = Rule {
    id: "credential-in-log",
    summary: "passwords or their hashes are written to the log",
    gap: Gap::DebugOrMisconfig,
    severity: Severity::Medium,
    cwe: &[532],
    owasp: &["A09:2025"],
    asvs: &["16.2.5"],
    page: include_str!("credential_in_log.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    let mut found: Vec<&Flow> =
        app.flows.iter().filter(|flow| flow.sink == Ends::Log && flow.source == Source::Credential).collect();
    found.sort_by_key(|flow| flow.to);
    found.dedup_by_key(|flow| flow.to);
    let Some((first, rest)) = found.split_first() else { return };
    sink.at(first.to, format!("`{}` is part of what is logged", first.source_name))
        .title(format!("`{}` is written to the log", first.source_name))
        .all(rest.iter().map(|flow| flow.to), "here too")
        .done();
}
