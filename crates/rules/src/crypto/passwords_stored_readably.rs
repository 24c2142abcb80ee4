//! Passwords can be read or computed from what is stored.

use plimsoll_model::app::CryptoUseKind;
use plimsoll_model::{App, Claim, Gap, Severity};

use crate::{Rule, Sink};

pub(crate) static RULE: Rule = Rule {
    id: "passwords-stored-readably",
    summary: "passwords can be read or computed from what is stored",
    gap: Gap::WeakCryptoOrPasswordStorage,
    severity: Severity::High,
    cwe: &[256, 916, 328],
    owasp: &["A04:2025"],
    asvs: &["11.4.2"],
    page: include_str!("passwords_stored_readably.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    for used in &app.crypto {
        let (title, note) = match used.kind {
            CryptoUseKind::ClearPassword => {
                ("Passwords are kept as they were typed".to_owned(), format!("the password is {}", used.how))
            }
            CryptoUseKind::FastPasswordHash => {
                (format!("Passwords are kept as a fast hash ({})", used.how), format!("{} of a password", used.how))
            }
            _ => continue,
        };
        let how = match used.kind {
            CryptoUseKind::ClearPassword => "the passwords stand there as they were typed".to_owned(),
            _ => format!("a program finds most passwords by their {} within hours", used.how),
        };
        sink.at(used.span, note)
            .title(title)
            .all(used.also.iter().copied(), "here too")
            .grants(
                [Claim::Knows(Claim::STORED_PASSWORDS.to_owned())],
                Claim::Knows(Claim::PLAIN_PASSWORDS.to_owned()),
                how,
            )
            .done();
    }
}
