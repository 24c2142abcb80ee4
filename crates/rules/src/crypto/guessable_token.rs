//! A password or token is made by a guessable generator.

use plimsoll_model::app::CryptoUseKind;
use plimsoll_model::app::Purpose;
use plimsoll_model::{App, Claim, Gap, Position, Severity};

use crate::{Rule, Sink, gains};

pub(crate) static RULE: Rule = Rule {
    id: "guessable-token",
    summary: "a password or token is made by a guessable generator",
    gap: Gap::WeakCryptoOrPasswordStorage,
    severity: Severity::Medium,
    cwe: &[338, 330],
    owasp: &["A04:2025"],
    asvs: &["11.5.1"],
    page: include_str!("guessable_token.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    for used in app.crypto.iter().filter(|used| used.kind == CryptoUseKind::GuessableToken) {
        let mut draft =
            sink.at(used.span, format!("made with {}", used.how)).all(used.also.iter().copied(), "made the same way");
        let opens = [Purpose::PasswordReset, Purpose::OneTimeCode];
        if let Some(entry) = app.entry_points.iter().find(|entry| opens.iter().any(|one| entry.purposes.contains(one)))
        {
            draft = draft.grants(
                [Claim::Stands(Position::Anyone), Claim::Knows(Claim::GUESSED_TOKEN.to_owned())],
                Claim::Holds(gains::victim(app)),
                format!("asks {} for somebody else and works out the token that was sent to him", entry.label()),
            );
        }
        draft.done();
    }
}
