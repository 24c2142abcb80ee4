//! A visitor can put operators in place of a value that a query asks for.

use std::collections::BTreeSet;

use plimsoll_model::app::{Flow, Purpose, Sink as Ends, Source};
use plimsoll_model::{App, Claim, Gap, Severity};

use crate::{Rule, Sink, gains};

pub(crate) static RULE: Rule = Rule {
    id: "query-operator-from-input",
    summary: "a visitor can put operators in place of a value that a query asks for",
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
    let mut conditions: Vec<&Flow> = Vec::new();
    for flow in &app.flows {
        if flow.sink != Ends::NoSql || flow.source != Source::Request || !seen.insert(flow.to) {
            continue;
        }
        if flow.sink_name == "or" {
            // In a browser the visitor asks what he likes anyway.
            conditions.extend(flow.entry.map(|_| flow));
            continue;
        }
        let (who, to) = gains::sender(app, flow);
        let entry = flow.entry.and_then(|index| app.entry_points.get(index));
        let opens = |purpose| entry.is_some_and(|entry| entry.purposes.contains(&purpose));
        let (gain, text) = if [Purpose::Login, Purpose::PasswordReset, Purpose::OneTimeCode].into_iter().any(opens) {
            (Claim::Holds(gains::victim(app)), "is let in without the password or code")
        } else {
            (Claim::Reads(gains::heaviest(app)), "is given every record")
        };
        sink.at(flow.to, format!("`{}` may be an object such as {{\"$ne\": null}}", flow.source_name))
            .title(format!("What a visitor sends (`{}`) becomes a condition of the database", flow.source_name))
            .grants([Claim::Stands(who)], gain, format!("sends an operator as `{}`{to} and {text}", flow.source_name))
            .done();
    }
    let Some((first, rest)) = conditions.split_first() else { return };
    // With the database's public key its policies still hold, whatever the condition says.
    let governed = conditions.iter().all(|flow| {
        let entry = flow.entry.and_then(|index| app.entry_points.get(index));
        entry.is_some_and(|entry| entry.effects.iter().all(|effect| !effect.bypasses_policies))
    });
    let note =
        |flow: &Flow| format!("`{}` stands in the text of a condition: a comma begins another", flow.source_name);
    let mut draft = sink
        .at(first.to, note(first))
        .title(format!("What a visitor sends (`{}`) can add conditions to a query", first.source_name))
        .subject("or")
        .severity(if governed { Severity::Low } else { Severity::Medium });
    for flow in rest {
        draft = draft.also(flow.to, note(flow));
    }
    draft.done();
}
