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
        for effect in &entry.effects {
            if effect.privilege_fields.is_empty() || entry.holding_at(effect, GuardKind::Role) || !effect.kind.writes()
            {
                continue;
            }
            // A role in a record that makes nobody a user (a post to be filled, the author of a message) is no right.
            if !effect.target.is_empty() && !gives_rights(&effect.target) {
                continue;
            }
            let fields = effect.privilege_fields.join(", ");
            sink.at(effect.span, format!("`{fields}` comes from the request"))
                .title(format!("{} lets the caller choose its own {fields}", entry.label()))
                .also(entry.handler, "the handler checks no role")
                .subject(entry.label())
                .grants(
                    [Claim::Stands(gains::position(entry.reach_of(effect)).unwrap_or(Position::Anyone))],
                    Claim::Holds(gains::victim(app)),
                    format!("sends {fields} along with {} and has the highest rights", entry.label()),
                )
                .done();
        }
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
