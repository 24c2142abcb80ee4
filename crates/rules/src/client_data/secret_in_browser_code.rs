//! A secret is sent to every visitor.

use crate::{Draft, Rule, Sink, gains};
use plimsoll_model::app::{SecretKind, SecretTier};
use plimsoll_model::{App, Claim, Confidence, Gap, Position, Secret, Severity};

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
        draft = granted(app, draft, secret.kind, &secret.what);
        draft = draft.all(secret.also.iter().copied(), "the same value");
        for seen in app.live.secrets.iter().filter(|seen| seen.value == secret.value) {
            draft = draft.also_live(&seen.exchange, format!("the running app sends it in a {}", seen.place));
        }
        if matches!(secret.kind, SecretKind::DefaultAccount | SecretKind::Password) {
            let passwords = |(_, kind): &(String, String)| kind == "password";
            for seen in app.live.shipped.iter().filter(|seen| seen.fields.iter().all(passwords)) {
                let count = seen.records.unwrap_or(1);
                draft = draft.also_live(&seen.exchange, format!("{count} passwords are sent in a {}", seen.place));
            }
        }
        draft.done();
    }
    only_live(app, sink);
}

/// Secrets that the code does not show: the build put them into what the running app serves.
fn only_live(app: &App, sink: &mut Sink<'_>) {
    let told = |value: &Secret| {
        app.secrets.iter().any(|secret| {
            secret.in_browser && secret.tier == SecretTier::Secret && !secret.in_sample && secret.value == *value
        })
    };
    for (at, seen) in app.live.secrets.iter().enumerate() {
        let earlier = app.live.secrets.get(..at).unwrap_or_default();
        if told(&seen.value) || earlier.iter().any(|other| other.value == seen.value) {
            continue;
        }
        let severity = if seen.certain { Severity::Critical } else { Severity::High };
        let mut draft = sink
            .live(&seen.exchange, format!("{}: {}, in a {}", seen.what, seen.value.masked(), seen.place))
            .title(format!("{} is sent to every visitor by the running app", seen.what))
            .severity(severity)
            .subject(seen.what.clone());
        draft = granted(app, draft, seen.kind, &seen.what);
        for also in app.live.secrets.iter().skip(at + 1).filter(|also| also.value == seen.value) {
            draft = draft.also_live(&also.exchange, format!("the same value, in a {}", also.place));
        }
        draft.done();
    }
}

/// What it gives to whoever reads it.
fn granted<'s, 'a>(app: &App, draft: Draft<'s, 'a>, kind: SecretKind, what: &str) -> Draft<'s, 'a> {
    let anyone = [Claim::Stands(Position::Anyone)];
    match kind {
        // What such a password opens is for the finding to say that no server asks for it.
        SecretKind::DefaultAccount | SecretKind::Password if gains::shipped_accounts(app).is_some() => draft.grants(
            anyone,
            Claim::Knows(Claim::SHIPPED_PASSWORDS.to_owned()),
            "reads the passwords of accounts in what every visitor receives",
        ),
        SecretKind::DefaultAccount | SecretKind::Password => draft.grants(
            anyone,
            Claim::Holds(gains::victim(app)),
            "reads a password in what every visitor receives and logs in with it",
        ),
        SecretKind::SigningKey => draft.grants(
            anyone,
            Claim::Holds(gains::victim(app)),
            format!("reads the {what} in what every visitor receives and makes a login ticket"),
        ),
        // The service-role key goes past all policies of the database.
        _ if what.to_ascii_lowercase().contains("service") => draft.grants(
            anyone,
            Claim::Holds(Position::Administrator),
            format!("reads the {what} in what every visitor receives: no policy of the database stops it"),
        ),
        _ => match gains::of_key(app, what) {
            Some((gain, text)) => {
                draft.grants(anyone, gain, format!("reads it in what every visitor receives and {text}"))
            }
            None => draft,
        },
    }
}
