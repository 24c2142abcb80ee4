//! A login token is believed without a look at its signature.

use plimsoll_model::app::CryptoUseKind;
use plimsoll_model::{App, Claim, Gap, Position, Severity};

use crate::{Rule, Sink, gains};

pub(crate) static RULE: Rule = Rule {
    id: "token-not-verified",
    summary: "a login token is read without verifying its signature",
    gap: Gap::BrokenAccessControl,
    severity: Severity::High,
    cwe: &[347],
    owasp: &["A07:2025"],
    asvs: &["9.1.1"],
    page: include_str!("token_not_verified.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    for seen in app.crypto.iter().filter(|seen| seen.kind == CryptoUseKind::UnverifiedToken) {
        sink.at(seen.span, "verification of the signature is switched off")
            .all(seen.also.iter().copied(), "here too")
            .grants(
                [Claim::Stands(Position::Anyone)],
                Claim::Holds(gains::victim(app)),
                "writes a token that names somebody else, and the app believes it",
            )
            .done();
    }
}
