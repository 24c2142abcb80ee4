//! An account works at once although somebody is meant to approve it.

use plimsoll_model::app::{EffectKind, Purpose, Reach};
use plimsoll_model::{App, Claim, Gap, Position, Severity};

use crate::{Rule, Sink};

pub(crate) static RULE: Rule = Rule {
    id: "sign-up-skips-approval",
    summary: "a new account works at once although somebody is meant to approve it",
    gap: Gap::BrokenAccessControl,
    severity: Severity::High,
    cwe: &[285],
    owasp: &["A01:2025"],
    asvs: &["8.2.1"],
    page: include_str!("sign_up_skips_approval.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    // Approval is the design where somebody with a role switches accounts on.
    let approval = app.entry_points.iter().find(|entry| {
        let text = format!("{} {}", entry.path, entry.name.as_deref().unwrap_or_default()).to_ascii_lowercase();
        ["approve", "approval", "activate", "pending"].iter().any(|word| text.contains(word))
            && ["user", "account", "member", "staff", "employee"].iter().any(|word| text.contains(word))
            && !text.contains("deactivate")
            && entry.can_write()
            && entry.reach() == Reach::Role
    });
    let Some(approval) = approval else { return };
    for entry in &app.entry_points {
        if !entry.purposes.contains(&Purpose::Register) || entry.reach() != Reach::Anyone {
            continue;
        }
        let creates =
            entry.effects.iter().find(|effect| matches!(effect.kind, EffectKind::Create | EffectKind::CreateAccount));
        let signs_in = entry.effects.iter().find(|effect| effect.kind == EffectKind::IssueSession);
        if let (Some(creates), Some(signs_in)) = (creates, signs_in) {
            sink.at(creates.span, "the account is made here, and nobody has approved it")
                .also(signs_in.span, "it is signed in at once")
                .also(entry.handler, entry.label())
                .also(approval.handler, format!("{}: here somebody is meant to switch accounts on", approval.label()))
                .title(format!("{} makes an account that works at once, past the approval", entry.label()))
                .subject(entry.label())
                .grants(
                    [Claim::Stands(Position::Anyone)],
                    Claim::Stands(Position::SignedIn),
                    format!("makes an account with {}, which works before anybody has approved it", entry.label()),
                )
                .done();
        }
    }
}
