//! Whoever knows the address can send messages in the name of a service.

use plimsoll_model::app::{GuardKind, GuardStanding};
use plimsoll_model::{App, Claim, Gap, Position, Severity};

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
    for entry in &app.entry_points {
        let Some(effect) = unverified_message(entry) else { continue };
        let money = ["payment", "order", "invoice", "subscription", "paid"].iter().any(|word| {
            effect.target.to_ascii_lowercase().contains(word) || entry.path.to_ascii_lowercase().contains(word)
        });
        let fault = entry.guards.iter().find_map(|guard| match (&guard.kind, &guard.standing) {
            (GuardKind::Signature, GuardStanding::FailsOpen(why)) => Some((guard.span, why.clone())),
            _ => None,
        });
        let mut draft = sink
            .at(entry.handler, format!("{}: no signature is checked", entry.label()))
            .title(format!("Anyone can send {} what only the service should", entry.label()))
            .severity(if money { Severity::Critical } else { Severity::High })
            .subject(entry.label())
            .also(entry.span, entry.label())
            .also(effect.span, format!("it writes {}", effect.target));
        if let Some((span, why)) = fault {
            draft = draft.also(span, format!("this check does not hold: {why}"));
        }
        draft
            .grants(
                [Claim::Stands(Position::Anyone)],
                gains::of_effect(app, effect),
                format!("sends a message of its own to {}", entry.label()),
            )
            .seen_live(entry, "answered without a signature")
            .done();
    }
}
