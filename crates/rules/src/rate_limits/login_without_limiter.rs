//! A login accepts any number of wrong passwords.

use crate::{Rule, Sink};
use plimsoll_model::app::{EffectKind, GuardKind, Purpose};
use plimsoll_model::{App, Claim, Gap, Severity};

pub(crate) static RULE: Rule = Rule {
    id: "login-without-limiter",
    summary: "a login accepts any number of wrong passwords",
    gap: Gap::MissingRateLimit,
    severity: Severity::High,
    cwe: &[307, 799],
    owasp: &["A07:2025"],
    asvs: &["6.3.1"],
    page: include_str!("login_without_limiter.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    for entry in &app.entry_points {
        let kind = if entry.purposes.contains(&Purpose::Login) {
            "login"
        } else if entry.purposes.contains(&Purpose::OneTimeCode) {
            "one-time code check"
        } else if entry.purposes.contains(&Purpose::PasswordReset) {
            "password reset"
        } else {
            continue;
        };
        // Only where the app itself checks the password: services such as Supabase limit attempts themselves.
        let by_service = entry.effects.iter().any(|effect| effect.target == "authentication service");
        let own = entry
            .effects
            .iter()
            .any(|effect| matches!(effect.kind, EffectKind::VerifyPassword | EffectKind::IssueSession));
        if by_service || (kind == "login" && !own) {
            continue;
        }
        // An administrator's reset of somebody's password is no public form.
        if kind == "password reset" && entry.effects.iter().any(|effect| effect.bypasses_policies) {
            continue;
        }
        if entry.holding(GuardKind::RateLimit).next().is_some()
            || entry.effects.iter().any(|effect| entry.holding_at(effect, GuardKind::RateLimit))
        {
            continue;
        }
        if entry.opaque {
            continue;
        }
        let weak = entry.guards.iter().find(|guard| guard.kind == GuardKind::RateLimit);
        let mut draft = sink
            .at(entry.span, format!("{} has no limiter in front of it", entry.label()))
            .title(format!("Anyone may try passwords without end: {} ({kind})", entry.label()))
            .subject(entry.label())
            .also(entry.handler, "the handler");
        if let Some(guard) = weak {
            draft = draft.also(guard.span, "this limiter does not hold");
        }
        if kind == "login" {
            let text = format!("tries passwords without end at {}", entry.label());
            draft = draft.grants([], Claim::GuessesUnlimited, text);
        }
        draft.seen_live(entry, "answered").done();
    }
}
