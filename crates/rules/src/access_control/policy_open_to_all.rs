//! A database policy lets everybody through.

use std::collections::BTreeMap;

use plimsoll_model::app::{Command, Exposure, Openness, Policy, Rls, Store};
use plimsoll_model::{App, Claim, DataClass, Gap, Position, Severity, Witness};

use crate::{Rule, Sink, gains};

pub(crate) static RULE: Rule = Rule {
    id: "policy-open-to-all",
    summary: "a database policy lets everybody through",
    gap: Gap::BrokenAccessControl,
    severity: Severity::High,
    cwe: &[284, 639],
    owasp: &["A01:2025"],
    asvs: &["8.2.2"],
    page: include_str!("policy_open_to_all.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    // The same decision in several policies of a file is one finding.
    let mut groups: BTreeMap<(u32, bool), Vec<(&Store, &Policy)>> = BTreeMap::new();
    for store in app.stores.iter().filter(|store| store.exposure == Exposure::Direct && store.rls == Rls::On) {
        for policy in &store.policies {
            let anyone = match policy.openness {
                Openness::Anyone => true,
                Openness::AnySignedIn => false,
                _ => continue,
            };
            // Reading by anyone, and sending in by anyone, are often meant (catalogue, contact form).
            if (anyone && matches!(policy.command, Command::Insert))
                || (policy.command == Command::Select && (is_public(&store.name) || is_public_bucket(store, policy)))
            {
                continue;
            }
            groups.entry((policy.span.file.0, anyone)).or_default().push((store, policy));
        }
    }
    for ((_, anyone), list) in groups {
        let Some(((store, policy), rest)) = list.split_first() else { continue };
        let who = if anyone { "anyone, without an account" } else { "everyone who has an account, whatever the row" };
        let writes = list.iter().any(|(_, policy)| policy.command != Command::Select);
        let severity = match (anyone, writes) {
            (true, true) => Severity::Critical,
            (true, false) | (false, true) => Severity::High,
            (false, false) => Severity::Medium,
        };
        let title = match rest {
            [] => format!("The policy \u{201c}{}\u{201d} on `{}` admits {who}", policy.name, store.name),
            _ => format!("{} policies admit {who}, among them on `{}`", list.len(), store.name),
        };
        let position = if anyone { Position::Anyone } else { Position::SignedIn };
        let mut draft = sink
            .seen_by(
                Witness::Schema,
                policy.span,
                format!("\u{201c}{}\u{201d} on `{}` admits {who}", policy.name, store.name),
            )
            .title(title)
            .severity(severity)
            .all_files(
                rest.iter().map(|(store, policy)| {
                    (policy.span, format!("\u{201c}{}\u{201d} on `{}`", policy.name, store.name))
                }),
            );
        for (store, policy) in &list {
            let known = store.fields.iter().map(|field| field.class).max().unwrap_or_default();
            let by_name = if gains::is_about_people(&store.name) { DataClass::Personal } else { DataClass::Internal };
            let class = if known == DataClass::Demo { by_name } else { known };
            let (gain, does) = match policy.command {
                Command::Select => (Claim::Reads(class), "reads"),
                _ => (Claim::Writes(class), "changes"),
            };
            let text = format!("{does} the table {} directly through the database's public interface", store.name);
            draft = draft.grants([Claim::Stands(position)], gain, text);
        }
        draft.done();
    }
}

/// Names of tables that are made to be seen by all.
fn is_public(name: &str) -> bool {
    [
        "product",
        "categor",
        "service",
        "post",
        "article",
        "menu",
        "faq",
        "setting",
        "template",
        "testimonial",
        "review",
        "country",
        "currenc",
        "plan",
    ]
    .iter()
    .any(|word| name.contains(word))
}

/// A bucket whose name says that its files are for everyone: pictures of profiles and brands.
fn is_public_bucket(store: &Store, policy: &Policy) -> bool {
    let Some(condition) = policy.using.as_deref().filter(|_| store.name == "storage.objects") else { return false };
    let condition = condition.to_ascii_lowercase();
    ["avatar", "brand", "logo", "public", "banner", "gallery", "product"].iter().any(|word| condition.contains(word))
}
