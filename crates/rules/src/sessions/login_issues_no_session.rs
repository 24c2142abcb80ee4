//! A login checks the password and gives nothing that later requests could be known by.

use plimsoll_model::app::{EffectKind, EntryKind, EntryPoint, Purpose, Reach, Source, StoredValueKind};
use plimsoll_model::{App, Claim, Gap, Position, Severity};

use crate::{Rule, Sink, gains};

pub(crate) static RULE: Rule = Rule {
    id: "login-issues-no-session",
    summary: "the login gives nothing by which the server would know the user again",
    gap: Gap::ClientSideAuth,
    severity: Severity::High,
    cwe: &[603, 306],
    owasp: &["A07:2025"],
    asvs: &["7.2.1"],
    page: include_str!("login_issues_no_session.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    let server: Vec<&EntryPoint> =
        app.entry_points.iter().filter(|entry| entry.kind != EntryKind::StaticFiles && !entry.trivial).collect();
    // Somewhere a session is started, or somebody is asked who he is: then there is a session that was not seen.
    let has_session = server.iter().any(|entry| {
        entry.reach() != Reach::Anyone || entry.effects.iter().any(|effect| effect.kind == EffectKind::IssueSession)
    }) || app.cookies.iter().any(|cookie| cookie.is_session)
        || server.iter().any(|entry| entry.inputs.iter().any(|input| is_ticket(input)))
        || app.flows.iter().any(|flow| {
            // A ticket of the app's own making: something random that the login answers with.
            let entry = flow.entry.and_then(|index| app.entry_points.get(index));
            flow.source == Source::FreshToken && entry.is_some_and(|entry| entry.purposes.contains(&Purpose::Login))
        });
    let logins: Vec<&&EntryPoint> = server
        .iter()
        .filter(|entry| {
            let checks = entry
                .effects
                .iter()
                .any(|effect| effect.kind == EffectKind::VerifyPassword && effect.target != "authentication service");
            entry.purposes.contains(&Purpose::Login) && checks && !entry.opaque
        })
        .collect();
    let others: Vec<&&EntryPoint> = server
        .iter()
        .filter(|entry| !entry.open_by_nature() && entry.effects.iter().any(|effect| effect.kind.touches_data()))
        .collect();
    let (false, Some(login), false) = (has_session, logins.first(), others.is_empty()) else { return };
    let mut draft = sink
        .at(login.handler, format!("{}: the password is right, and nothing is issued", login.label()))
        .title(format!(
            "{} issues no session: {} other entry points cannot know who calls",
            login.label(),
            others.len()
        ))
        .subject(login.label())
        .also(login.span, login.label());
    for value in &app.stored_values {
        if matches!(value.kind, StoredValueKind::Identity | StoredValueKind::Privilege) {
            draft = draft
                .all(value.written.iter().copied(), "the browser keeps who the user is, and may write anything here");
        }
    }
    for entry in others.iter().take(4) {
        draft = draft.also(entry.handler, format!("{}: nobody is asked", entry.label()));
    }
    draft
        .grants(
            [Claim::Stands(Position::Anyone)],
            Claim::Holds(gains::victim(app)),
            "skips the login: no request after it is checked",
        )
        .done();
}

/// Whether an input carries what a login gave: the header made for it, a cookie.
fn is_ticket(input: &str) -> bool {
    let input = input.to_ascii_lowercase();
    input.starts_with("cookies")
        || (input.starts_with("headers") && (input.contains("auth") || input.contains("token")))
}
