//! A role or privilege is taken from what the visitor sends.

use crate::{Rule, Sink, gains};
use plimsoll_model::app::GuardKind;
use plimsoll_model::{App, Claim, Gap, Position, Severity};

pub(crate) static RULE: Rule = Rule {
    id: "privilege-from-request",
    summary: "a role or privilege is taken from what the visitor sends",
    gap: Gap::BrokenAccessControl,
    severity: Severity::High,
    cwe: &[269, 915],
    owasp: &["A01:2025"],
    asvs: &["8.2.3"],
    page: include_str!("privilege_from_request.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    for entry in &app.entry_points {
        // One handler is one decision, however often it writes the field.
        let chosen: Vec<_> = entry
            .effects
            .iter()
            .filter(|effect| {
                !effect.privilege_fields.is_empty()
                    && !entry.holding_at(effect, GuardKind::Role)
                    && effect.kind.writes()
                    // A role in a record that makes nobody a user (a post to be filled, the author of a message) is no
                    // right.
                    && (effect.target.is_empty() || gives_rights(&effect.target))
            })
            .collect();
        let Some((first, rest)) = chosen.split_first() else { continue };
        let mut fields: Vec<&str> =
            chosen.iter().flat_map(|effect| effect.privilege_fields.iter().map(String::as_str)).collect();
        fields.sort_unstable();
        fields.dedup();
        let fields = fields.join(", ");
        let note = format!("`{fields}` comes from the request");
        sink.at(first.span, note.clone())
            .title(format!("{} lets the caller choose its own {fields}", entry.label()))
            .all(rest.iter().map(|effect| effect.span), &note)
            .also(entry.handler, "the handler checks no role")
            .subject(entry.label())
            .grants(
                [Claim::Stands(gains::position(entry.reach_of(first)).unwrap_or(Position::Anyone))],
                Claim::Holds(gains::victim(app)),
                format!("sends {fields} along with {} and has the highest rights", entry.label()),
            )
            .done();
    }
}

/// Whether a store's name says that what stands in it decides what somebody may do.
fn gives_rights(store: &str) -> bool {
    const PARTS: &[&str] = &[
        "user",
        "account",
        "admin",
        "profile",
        "member",
        "staff",
        "employee",
        "invit",
        "role",
        "permission",
        "auth",
        "team",
        "operator",
        "agent",
        "manager",
        "person",
        "people",
        "customer",
        "client",
        "login",
        "operador",
        "usuario",
        "benutzer",
        "utilisateur",
        "owner",
        "collaborator",
        "teacher",
        "student",
        "doctor",
        "driver",
        "vendor",
        "partner",
        "claim",
        "metadata",
    ];
    let store = store.to_ascii_lowercase();
    PARTS.iter().any(|part| store.contains(part))
}
