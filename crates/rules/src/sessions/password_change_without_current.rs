//! A password is changed without asking for the current one.

use plimsoll_model::app::{EffectKind, GuardKind, Purpose, Reach};
use plimsoll_model::{App, Gap, Severity};

use crate::{Rule, Sink};

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
    for entry in &app.entry_points {
        if !entry.purposes.contains(&Purpose::PasswordChange)
            || entry.purposes.contains(&Purpose::PasswordReset)
            || entry.opaque
            || entry.reach() == Reach::Role
            || entry.holding(GuardKind::Role).next().is_some()
        {
            continue;
        }
        let Some(change) = entry.effects.iter().find(|effect| effect.kind == EffectKind::SetPassword) else { continue };
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
            .done();
    }
}
