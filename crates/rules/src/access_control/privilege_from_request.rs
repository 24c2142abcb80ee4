//! A role or privilege is taken from what the visitor sends.

use std::collections::BTreeSet;

use crate::access::{columns, is_account_store, is_role_column};
use crate::{Rule, Sink, gains};
use plimsoll_model::app::{Effect, EntryPoint, GuardKind, Side};
use plimsoll_model::{App, Claim, Confidence, Gap, Position, Severity};

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
        raised(app, entry, sink);
    }
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

/// A lower role that is let in beside the highest one, and may give any role to anybody, itself included.
fn raised(app: &App, entry: &EntryPoint, sink: &mut Sink<'_>) {
    let mut roles = entry.guards.iter().filter(|guard| guard.kind == GuardKind::Role && guard.side == Side::Server);
    // A second question of the role may be about which roles may be given.
    let Some(guard) = roles.next().filter(|guard| roles.all(|other| other.span == guard.span)) else { return };
    let Some((high, low)) = admitted(&guard.name).filter(|_| guard.holds()) else { return };
    let given = |effect: &&Effect| {
        effect.kind.writes()
            && entry.holding_at(effect, GuardKind::Role)
            && effect.privilege_fields.iter().any(|name| is_role_column(name))
            && is_account_store(&effect.target)
            && is_of_an_account(app, &effect.target)
    };
    let Some(effect) = entry.effects.iter().find(given) else { return };
    let fields = effect.privilege_fields.iter().map(String::as_str).collect::<BTreeSet<_>>();
    let fields = fields.into_iter().collect::<Vec<_>>().join(", ");
    sink.at(effect.span, format!("`{fields}` comes from the request"))
        .title(format!("{} lets every \u{201c}{low}\u{201d} give the role \u{201c}{high}\u{201d}", entry.label()))
        .severity(Severity::Medium)
        .confidence(Confidence::Likely)
        .also(guard.span, format!("`{}` lets in {low} as well as {high}", guard.name))
        .also(entry.handler, "the handler does not ask which role is given")
        .subject(format!("{} by a lower role", entry.label()))
        .done();
}

/// The highest role and another one, where a question of the role lets both in: `IsAdminOrManager`,
/// `role not in ['admin', 'manager']`, `role:admin|manager`.
fn admitted(question: &str) -> Option<(String, String)> {
    const HIGHEST: &[&str] = &["superadmin", "super_admin", "superuser", "admin", "administrator", "owner", "root"];
    let names: Vec<String> = if question.contains(['\'', '"']) {
        question.split(['\'', '"']).skip(1).step_by(2).map(str::to_ascii_lowercase).collect()
    } else if let Some((_, list)) = question.split_once(':') {
        list.split([',', '|', ' ']).map(str::to_ascii_lowercase).collect()
    } else {
        let (first, rest) = question.split_once("Or").or_else(|| question.split_once("_or_"))?;
        let last_word = |text: &str| {
            let start = text.rfind(|c: char| c.is_ascii_uppercase() || c == '_').unwrap_or(0);
            text[start..].trim_matches('_').to_ascii_lowercase()
        };
        vec![last_word(first), rest.trim_matches('_').to_ascii_lowercase()]
    };
    let is_role = |name: &&String| {
        name.len() > 1
            && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
            && !matches!(name.as_str(), "self" | "role" | "user" | "system" | "above" | "readonly" | "id")
    };
    let highest = HIGHEST.iter().find(|high| names.iter().any(|name| name == *high))?;
    // Which of two high ones is the higher cannot be told by their names.
    let low = names.iter().filter(is_role).find(|name| !HIGHEST.contains(&name.as_str()))?;
    Some(((*highest).to_owned(), low.clone()))
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

#[cfg(test)]
mod tests {
    use super::admitted;

    #[test]
    fn whom_a_question_lets_in() {
        let low = |question: &str| admitted(question).map(|(_, low)| low);
        assert_eq!(low("IsAdminOrManager").as_deref(), Some("manager"));
        assert_eq!(low("require_admin_or_staff").as_deref(), Some("staff"));
        assert_eq!(low("user.role not in ['admin', 'clerk']").as_deref(), Some("clerk"));
        assert_eq!(low("role:admin|editor").as_deref(), Some("editor"));
        for question in
            ["IsAdmin", "isAdminOrOwner", "is_admin_or_self", "role !== 'admin'", "role:super_admin,admin", ""]
        {
            assert_eq!(low(question), None, "{question}");
        }
    }
}
