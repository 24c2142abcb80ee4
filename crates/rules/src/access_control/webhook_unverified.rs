//! Whoever knows the address can send messages in the name of a service.

use std::collections::BTreeMap;

use plimsoll_model::app::{Effect, EntryPoint, GuardKind, GuardStanding};
use plimsoll_model::{App, Claim, Gap, Position, Severity};
use plimsoll_source::Span;

use crate::access::unverified_message;
use crate::{Rule, Sink, gains};

pub(crate) static RULE: Rule = Rule {
    id: "webhook-unverified",
    summary: "whoever knows the address can send messages in the name of a service",
    gap: Gap::BrokenAccessControl,
    severity: Severity::High,
    cwe: &[345, 306],
    owasp: &["A08:2025"],
    asvs: &["8.2.1"],
    page: include_str!("webhook_unverified.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    // One decision is one finding: messages that nobody checks are listed together, by how bad they are.
    let mut groups: BTreeMap<(Severity, bool), Vec<(&EntryPoint, &Effect)>> = BTreeMap::new();
    for entry in &app.entry_points {
        let Some(effect) = unverified_message(entry) else { continue };
        let money = ["payment", "order", "invoice", "subscription", "paid"].iter().any(|word| {
            effect.target.to_ascii_lowercase().contains(word) || entry.path.to_ascii_lowercase().contains(word)
        });
        let severity = if money { Severity::Critical } else { Severity::High };
        groups.entry((severity, fault(entry).is_some())).or_default().push((entry, effect));
    }
    for ((severity, _), list) in groups {
        let Some((first, _)) = list.first() else { continue };
        let title = match list.len() {
            1 => format!("Anyone can send {} what only the service should", first.label()),
            many => {
                format!("Anyone can send {many} entry points what only a service should, among them {}", first.label())
            }
        };
        let mut draft = sink
            .at(first.handler, format!("{}: no signature is checked", first.label()))
            .title(title)
            .severity(severity)
            .subject(first.label());
        for (entry, effect) in &list {
            draft = draft
                .also(entry.handler, format!("{}: no signature is checked", entry.label()))
                .also(entry.span, entry.label())
                .also(effect.span, format!("{}: it writes {}", entry.label(), effect.target));
            if let Some((span, why)) = fault(entry) {
                draft = draft.also(span, format!("this check does not hold: {why}"));
            }
            draft = draft
                .grants(
                    [Claim::Stands(Position::Anyone)],
                    gains::of_effect(app, effect),
                    format!("sends a message of its own to {}", entry.label()),
                )
                .grants(
                    [Claim::Stands(Position::Anyone)],
                    Claim::Calls(entry.label()),
                    format!("{} believes whoever sends it a message", entry.label()),
                )
                .seen_live(entry, "answered without a signature");
        }
        draft.done();
    }
}

/// A check of the sender that does not hold, and why.
fn fault(entry: &EntryPoint) -> Option<(Span, String)> {
    entry.guards.iter().find_map(|guard| match (&guard.kind, &guard.standing) {
        (GuardKind::Signature, GuardStanding::FailsOpen(why)) => Some((guard.span, why.clone())),
        _ => None,
    })
}
