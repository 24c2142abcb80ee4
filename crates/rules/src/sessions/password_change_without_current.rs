//! A password is changed without asking for the current one.

use plimsoll_model::app::{Effect, EffectKind, GuardKind, Purpose, Reach};
use plimsoll_model::{App, Claim, Gap, Severity};

use crate::{Rule, Sink, gains};

pub(crate) static RULE: Rule = Rule {
    id: "password-change-without-current",
    summary: "a password can be changed without knowing the current one",
    gap: Gap::Other,
    severity: Severity::Medium,
    cwe: &[620],
    owasp: &["A07:2025"],
    asvs: &["6.2.3"],
    page: include_str!("password_change_without_current.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    let victim = gains::victim(app);
    for entry in &app.entry_points {
        if !entry.purposes.contains(&Purpose::PasswordChange)
            || entry.purposes.contains(&Purpose::PasswordReset)
            || entry.opaque
            || entry.reach() == Reach::Role
            || entry.holding(GuardKind::Role).next().is_some()
        {
            continue;
        }
        let takes_one = entry.inputs.iter().any(|input| input.to_ascii_lowercase().contains("password"));
        let by_whole = |effect: &&Effect| takes_one && effect.writes_whole_input && effect.limited_to_caller;
        let change = entry.effects.iter().find(|effect| crate::access::sets_password(effect));
        let Some(change) = change.or_else(|| entry.effects.iter().find(by_whole)) else { continue };
        let asks = entry.effects.iter().any(|effect| effect.kind == EffectKind::VerifyPassword)
            || entry.inputs.iter().any(|input| {
                let input = input.to_ascii_lowercase();
                ["current", "old", "existing"].iter().any(|word| input.contains(word))
            });
        if asks || crate::access::is_by_account_service(change) {
            continue;
        }
        sink.at(change.span, "the new password is set here")
            .also(entry.handler, format!("{}: the current password is not asked for", entry.label()))
            .title(format!("{} changes a password without asking for the current one", entry.label()))
            .subject(entry.label())
            .grants(
                [Claim::ActsAs(victim)],
                Claim::Holds(victim),
                format!(
                    "sets a new password with {}, and logs in with it: the old one is not asked for",
                    entry.label()
                ),
            )
            .grants(
                [Claim::Forges(entry.label())],
                Claim::Holds(victim),
                "logs in with the new password that the forged request has set: the old one is not asked for",
            )
            .grants(
                [Claim::Holds(victim)],
                Claim::Keeps(victim),
                format!(
                    "replaces the password with {}: the old one is not asked for, and its owner is locked out",
                    entry.label()
                ),
            )
            .done();
    }
}
