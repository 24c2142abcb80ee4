//! A password is replaced for whoever names an account.

use plimsoll_model::app::{Purpose, Reach};
use plimsoll_model::{App, Claim, Gap, Position, Severity};

use crate::access::{is_by_account_service, is_judged, sends_secret, sets_password};
use crate::{Rule, Sink, gains};

pub(crate) static RULE: Rule = Rule {
    id: "password-set-by-anyone",
    summary: "a password is replaced for whoever names an account",
    gap: Gap::BrokenAccessControl,
    severity: Severity::High,
    cwe: &[640, 306],
    owasp: &["A07:2025"],
    asvs: &["6.4.3"],
    page: include_str!("password_set_by_anyone.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    for entry in app.entry_points.iter().filter(|entry| is_judged(entry)) {
        // Elsewhere a missing login is what is wrong, and a rule of its own says so.
        if !entry.purposes.contains(&Purpose::PasswordReset) || entry.inputs.is_empty() || sends_secret(entry) {
            continue;
        }
        let by_anyone = entry.effects.iter().find(|effect| {
            sets_password(effect)
                && !is_by_account_service(effect)
                && !effect.limited_to_caller
                && entry.reach_of(effect) == Reach::Anyone
        });
        let Some(effect) = by_anyone else { continue };
        // Whoever also chooses the new password has the account.
        let chosen = entry.inputs.iter().any(|input| input.to_ascii_lowercase().contains("pass"));
        let mut draft = sink
            .at(effect.span, "the password is replaced here")
            .severity(if chosen { Severity::Critical } else { Severity::High })
            .title(format!("{} replaces the password of any account for whoever names it", entry.label()))
            .subject(entry.label())
            .also(entry.handler, "nothing that only the account's owner has is asked for");
        if chosen {
            draft = draft.grants(
                [Claim::Stands(Position::Anyone)],
                Claim::Holds(gains::victim(app)),
                format!("names an account at {}, with a new password for it", entry.label()),
            );
        }
        draft.done();
    }
}
