//! New passwords are not looked at.

use plimsoll_model::app::CryptoUseKind;
use plimsoll_model::{App, Claim, Gap, Position, Severity};

use crate::{Rule, Sink};

pub(crate) static RULE: Rule = Rule {
    id: "password-rules-not-applied",
    summary: "new accounts may have any password",
    gap: Gap::WeakCryptoOrPasswordStorage,
    severity: Severity::Low,
    cwe: &[521],
    owasp: &["A07:2025"],
    asvs: &["6.2.1", "6.2.4"],
    page: include_str!("password_rules_not_applied.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    for seen in app.crypto.iter().filter(|seen| seen.kind == CryptoUseKind::WeakPasswordRule) {
        sink.at(seen.span, format!("`{}` takes the password as it is", seen.how))
            .all(seen.also.iter().copied(), "here too")
            .eases(
                [Claim::GuessesUnlimited],
                Claim::Holds(Position::SignedIn),
                "new passwords may be as short and as common as anybody likes",
            )
            .eases([], Claim::Knows(Claim::PLAIN_PASSWORDS.to_owned()), "passwords may be as short as anybody likes")
            .done();
    }
}
