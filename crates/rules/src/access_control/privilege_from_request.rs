//! A role or privilege is taken from what the visitor sends.

use std::collections::BTreeSet;

use crate::access::columns;
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
                    && (effect.target.is_empty()
                        || (gives_rights(&effect.target) && is_of_an_account(app, &effect.target)))
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

/// Whether the records of a store can be those of somebody who signs in, by what else they hold. A member of the team that
/// a page presents has a name, a picture and a role, but neither a password nor a user that it belongs to.
fn is_of_an_account(app: &App, store: &str) -> bool {
    let Some(known) = columns(app, store).filter(|known| known.len() > 2) else { return true };
    let has_password = |names: &BTreeSet<String>| names.iter().any(|name| name.to_ascii_lowercase().contains("pass"));
    let others_sign_in = || app.columns.values().any(has_password);
    is_named_account(store)
        || has_password(known)
        || known.iter().any(|name| is_user_reference(name))
        || (known.iter().any(|name| name.to_ascii_lowercase().contains("mail")) && !others_sign_in())
}

/// Stores whose name alone says that whoever stands in them signs in, or what somebody may do.
fn is_named_account(store: &str) -> bool {
    let store = store.to_ascii_lowercase();
    [
        "user",
        "account",
        "admin",
        "profile",
        "auth",
        "login",
        "usuario",
        "benutzer",
        "utilisateur",
        "permission",
        "invit",
    ]
    .iter()
    .any(|part| store.contains(part))
}

/// Whether a column names a user: `user_id`, `uid`, `profile_id`, `clerk_id`.
fn is_user_reference(column: &str) -> bool {
    let name: String = column.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    ["user", "account", "profile", "auth", "clerk", "firebase", "login", "token", "pin"]
        .iter()
        .any(|part| name.contains(part))
        || name == "uid"
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
