//! The login travels in the address.

use plimsoll_model::app::TokenPlace;
use plimsoll_model::{App, Claim, Gap, Severity};

use crate::{Rule, Sink, gains};

pub(crate) static RULE: Rule = Rule {
    id: "session-token-in-url",
    summary: "the login travels in the address",
    gap: Gap::ExposedSessionToken,
    severity: Severity::Medium,
    cwe: &[598],
    owasp: &["A07:2025"],
    asvs: &["14.2.1"],
    page: include_str!("session_token_in_url.md"),
    run,
};

/// Where else such a login is found.
const IN_ADDRESSES: &str = "the login also stands in addresses, which histories, logs and passed-on links keep";

fn run(app: &App, sink: &mut Sink<'_>) {
    let taken = || app.live.tokens.iter().filter(|token| token.place == TokenPlace::Address);
    let mut in_code = false;
    for setting in app.settings.iter().filter(|setting| setting.key == "session-token-in-url") {
        let mut draft = sink.at(setting.span, "the login is also taken from the query of the address").eases(
            [Claim::TokenReadable],
            Claim::Holds(gains::victim(app)),
            IN_ADDRESSES,
        );
        for &span in &setting.also {
            draft = draft.also(span, "here too");
        }
        for token in taken() {
            draft = draft.also_live(&token.exchange, "a token in the address opened what a stranger is refused");
        }
        draft.done();
        in_code = true;
    }
    for token in taken().filter(|_| !in_code) {
        sink.live(&token.exchange, "a token in the address opened what a stranger is refused")
            .subject(token.key.clone())
            .eases([Claim::TokenReadable], Claim::Holds(gains::victim(app)), IN_ADDRESSES)
            .done();
    }
}
