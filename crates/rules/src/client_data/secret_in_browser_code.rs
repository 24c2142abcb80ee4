//! A secret is sent to every visitor.

use crate::{Rule, Sink, gains};
use plimsoll_model::app::{SecretKind, SecretTier};
use plimsoll_model::{App, Claim, Confidence, Gap, Position, Severity};

pub(crate) static RULE: Rule = Rule {
    id: "secret-in-browser-code",
    summary: "a secret is sent to every visitor",
    gap: Gap::SensitiveDataInClient,
    severity: Severity::Critical,
    cwe: &[540, 798],
    owasp: &["A02:2025"],
    asvs: &["13.3.1"],
    page: include_str!("secret_in_browser_code.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    for secret in &app.secrets {
        if !secret.in_browser || secret.tier != SecretTier::Secret || secret.in_sample {
            continue;
        }
        let severity = if secret.certain { Severity::Critical } else { Severity::High };
        let mut draft = sink
            .at(secret.span, format!("{}: {}", secret.what, secret.value.masked()))
            .title(format!("{} is in code that every visitor's browser loads", secret.what))
            .severity(severity)
            .subject(secret.what.clone());
        if secret.certain {
            draft = draft.confidence(Confidence::Confirmed);
        }
        let anyone = [Claim::Stands(Position::Anyone)];
        draft = match secret.kind {
            SecretKind::DefaultAccount | SecretKind::Password => draft.grants(
                anyone,
                Claim::Holds(gains::victim(app)),
                "reads a password in what every visitor receives and logs in with it",
            ),
            SecretKind::SigningKey => draft.grants(
                anyone,
                Claim::Holds(gains::victim(app)),
                format!("reads the {} in what every visitor receives and makes a login ticket", secret.what),
            ),
            // The service-role key goes past all policies of the database.
            _ if secret.what.to_ascii_lowercase().contains("service") => draft.grants(
                anyone,
                Claim::Holds(Position::Administrator),
                format!("reads the {} in what every visitor receives: no policy of the database stops it", secret.what),
            ),
            _ => draft,
        };
        draft.all(secret.also.iter().copied(), "the same value").done();
    }
}
