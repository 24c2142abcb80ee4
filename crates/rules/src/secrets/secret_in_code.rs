//! A key or password is written in the code.

use crate::{Rule, Sink, gains};
use std::collections::BTreeMap;

use plimsoll_model::app::{CommittedFile, CommittedKind, SecretKind, SecretSeen, SecretTier};
use plimsoll_model::{App, Claim, Confidence, DataClass, Gap, Severity};

pub(crate) static RULE: Rule = Rule {
    id: "secret-in-code",
    summary: "a key or password is written in the code",
    gap: Gap::SecretInRepo,
    severity: Severity::High,
    cwe: &[798, 321],
    owasp: &["A02:2025"],
    asvs: &["13.3.1"],
    page: include_str!("secret_in_code.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    for list in decisions(app) {
        let Some((secret, others)) = list.split_first() else { continue };
        let severity = match secret.kind {
            _ if secret.in_sample => Severity::Low,
            SecretKind::SigningKey => Severity::Critical,
            SecretKind::PrivateKey => Severity::Medium,
            _ if secret.certain => Severity::Critical,
            _ => Severity::High,
        };
        let title = match &secret.fallback_for {
            Some(setting) => format!("{} falls back to a value anyone can read when {setting} is not set", secret.what),
            None if others.is_empty() => format!("{} is written in the code", secret.what),
            None => format!("Passwords of {} accounts are written in the code", list.len()),
        };
        let mut draft = sink
            .at(secret.span, secret.value.masked())
            .title(title)
            .severity(severity)
            .subject(secret.what.clone())
            .all(secret.also.iter().copied(), "the same value");
        for other in others {
            draft = draft.also(other.span, other.value.masked()).all(other.also.iter().copied(), "the same value");
        }
        if !secret.in_sample {
            let victim = gains::victim(app);
            draft = match secret.kind {
                SecretKind::SigningKey => draft.grants(
                    [Claim::ReadSource],
                    Claim::Holds(victim),
                    format!("makes a login ticket of his own with the {}", secret.what),
                ),
                SecretKind::DefaultAccount => draft.grants(
                    [Claim::ReadSource, Claim::Knows(Claim::DEMO_ACCOUNTS.to_owned())],
                    Claim::Holds(victim),
                    "logs in with the account whose password is written down",
                ),
                SecretKind::ConnectionString => {
                    let needs = [Claim::ReadSource, Claim::Knows(Claim::OPEN_DATABASE.to_owned())];
                    let text = format!("connects to the database with the {}", secret.what);
                    let draft = draft.grants(needs.clone(), Claim::Writes(gains::heaviest(app)), text.clone());
                    draft.grants(needs, Claim::Reads(gains::heaviest(app)), text)
                }
                _ => match gains::of_key(app, &secret.what) {
                    Some((gain, text)) => draft.grants([Claim::ReadSource], gain, text),
                    None => draft,
                },
            };
        }
        draft.done();
    }
    // A folder full of uploads is one mistake, as is a set of backups.
    let mut groups: BTreeMap<CommittedKind, Vec<&CommittedFile>> = BTreeMap::new();
    for file in &app.committed {
        if !file.git_ignored && !matches!(file.kind, CommittedKind::Log) {
            groups.entry(file.kind).or_default().push(file);
        }
    }
    for files in groups.values() {
        let Some((first, rest)) = files.split_first() else { continue };
        let title = if rest.is_empty() {
            format!("A file that does not belong in the code is there: {}", first.note)
        } else {
            format!("{} files that do not belong in the code are there, among them: {}", files.len(), first.note)
        };
        let is_database = matches!(first.kind, CommittedKind::Database | CommittedKind::Dump | CommittedKind::Backup);
        let mut draft = sink
            .at(first.span, first.note.clone())
            .title(title)
            .cwe(&[538])
            .confidence(Confidence::Confirmed)
            .all_files(rest.iter().map(|file| (file.span, file.note.clone())))
            .grants(
                [Claim::ReadSource],
                Claim::Reads(DataClass::Personal),
                format!("reads what lies beside the code: {}", first.note),
            );
        if is_database && gains::has_accounts(app) {
            draft = draft.grants(
                [Claim::ReadSource],
                Claim::Knows(Claim::STORED_PASSWORDS.to_owned()),
                format!("reads the accounts in what lies beside the code: {}", first.note),
            );
        }
        draft.done();
    }
}

/// The secrets of this rule, those of one decision together: a seed that makes twelve accounts is one mistake.
fn decisions(app: &App) -> Vec<Vec<&SecretSeen>> {
    let mut out: Vec<Vec<&SecretSeen>> = Vec::new();
    let files = |secret: &SecretSeen| -> Vec<_> {
        std::iter::once(&secret.span).chain(&secret.also).map(|span| span.file).collect()
    };
    for secret in &app.secrets {
        if secret.in_browser || secret.tier != SecretTier::Secret || secret.git_ignored {
            continue;
        }
        let is_account = |secret: &SecretSeen| {
            matches!(secret.kind, SecretKind::Password | SecretKind::DefaultAccount)
                && secret.fallback_for.is_none()
                && !secret.certain
        };
        let own = files(secret);
        let known = out.iter_mut().find(|list| {
            is_account(secret)
                && list.iter().all(|other| is_account(other) && other.in_sample == secret.in_sample)
                && list.iter().any(|other| files(other).iter().any(|file| own.contains(file)))
        });
        match known {
            Some(list) => list.push(secret),
            None => out.push(vec![secret]),
        }
    }
    out
}
