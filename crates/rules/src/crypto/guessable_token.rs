//! A password or token is made by a guessable generator.

use plimsoll_model::app::CryptoUseKind;
use plimsoll_model::{App, Gap, Severity};

use crate::{Rule, Sink};

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
        sink.at(used.span, format!("made with {}", used.how))
            .all(used.also.iter().copied(), "made the same way")
            .done();
    }
}
