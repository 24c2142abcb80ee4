//! A visitor can put operators in place of a password or code.

use std::collections::BTreeSet;

use plimsoll_model::app::{Sink as Ends, Source};
use plimsoll_model::{App, Gap, Severity};

use crate::{Rule, Sink};

pub(crate) static RULE: Rule = Rule {
    id: "query-operator-from-input",
    summary: "a visitor can put operators in place of a password or code",
    gap: Gap::Injection,
    severity: Severity::High,
    cwe: &[943],
    owasp: &["A05:2025"],
    asvs: &["1.2.4"],
    page: include_str!("query_operator_from_input.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    let mut seen = BTreeSet::new();
    for flow in &app.flows {
        if flow.sink != Ends::NoSql || flow.source != Source::Request || !seen.insert(flow.to) {
            continue;
        }
        sink.at(flow.to, format!("`{}` may be an object such as {{\"$ne\": null}}", flow.source_name))
            .title(format!("What a visitor sends (`{}`) becomes a condition of the database", flow.source_name))
            .done();
    }
}
