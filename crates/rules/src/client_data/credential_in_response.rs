//! Password hashes are sent to the browser.

use std::collections::BTreeMap;

use plimsoll_model::app::{EntryPoint, Flow, Purpose, Reach, Sink as Ends, Source};
use plimsoll_model::{App, Claim, Gap, Severity};

use crate::{Rule, Sink, gains};

pub(crate) static RULE: Rule = Rule {
    id: "credential-in-response",
    summary: "password hashes are sent to the browser",
    gap: Gap::SensitiveDataInClient,
    severity: Severity::High,
    cwe: &[200, 522],
    owasp: &["A01:2025"],
    asvs: &["14.2.6"],
    page: include_str!("credential_in_response.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    let mut groups: BTreeMap<&str, Vec<(&Flow, &EntryPoint)>> = BTreeMap::new();
    for flow in app.flows.iter().filter(|flow| flow.sink == Ends::Response) {
        let Some(entry) = flow.entry.and_then(|index| app.entry_points.get(index)) else { continue };
        if flow.source == Source::Credential {
            groups.entry(&flow.source_name).or_default().push((flow, entry));
        }
    }
    // One habit per store is one finding.
    for (name, list) in groups {
        let Some((first, entry)) = list.first() else { continue };
        let severity = if list.iter().all(|(_, entry)| entry.reach() == Reach::Role || is_own(entry)) {
            Severity::Medium
        } else {
            Severity::High
        };
        let mut draft = sink
            .at(first.from, format!("{}: `{name}` is part of the answer", entry.label()))
            .title(format!("`{name}` is sent to the browser by {}", entry.label()))
            .severity(severity)
            .subject(name.to_owned());
        for (flow, entry) in &list {
            draft = draft.also(flow.from, format!("{}: here too", entry.label()));
        }
        // Whoever is shown only his own learns nothing of others.
        let others = list.iter().filter(|(_, entry)| !is_own(entry));
        let weakest =
            others.filter_map(|(_, entry)| Some((gains::position(entry.reach())?, entry))).min_by_key(|(who, _)| *who);
        if let Some((who, entry)) = weakest {
            draft = draft.grants(
                [Claim::Stands(who)],
                Claim::Knows(Claim::STORED_PASSWORDS.to_owned()),
                format!("calls {}: `{name}` is part of the answer", entry.label()),
            );
        }
        draft.done();
    }
}

/// Only the caller's own record can be in the answer.
fn is_own(entry: &EntryPoint) -> bool {
    entry.purposes.contains(&Purpose::Login) || entry.purposes.contains(&Purpose::Register)
}
