//! Wages or price calculations are sent to every visitor.

use plimsoll_model::app::{Exposure, LiveShipped, SecretKind, SecretTier, Store, StoreKind};
use plimsoll_model::{App, Claim, Gap, Position, Severity};

use crate::{Draft, Rule, Sink, gains};

pub(crate) static RULE: Rule = Rule {
    id: "business-data-in-browser-code",
    summary: "wages or price calculations are sent to every visitor",
    gap: Gap::SensitiveDataInClient,
    severity: Severity::Medium,
    cwe: &[540, 200],
    owasp: &["A01:2025"],
    asvs: &["14.2.6"],
    page: include_str!("business_data_in_browser_code.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    for store in app.stores.iter().filter(|store| store.kind == StoreKind::Browser) {
        for field in &store.fields {
            let draft = sink.at(field.span, format!("{} with its numbers", field.name));
            served(app, store, draft)
                .title(format!(
                    "A table of {} ({}) is in code that every visitor's browser loads",
                    field.kind, field.name
                ))
                .subject(field.name.clone())
                .grants(
                    [Claim::Stands(Position::Anyone)],
                    Claim::Reads(field.class),
                    format!("reads {} in the code of the page", field.name),
                )
                .done();
        }
    }
    // Records that browsers receive whole, where no other finding speaks of their file already.
    let told = |span: plimsoll_source::Span| {
        app.committed.iter().any(|file| file.span.file == span.file)
            || app.secrets.iter().any(|secret| secret.in_browser && secret.span.file == span.file)
    };
    for store in app.stores.iter().filter(|store| store.exposure == Exposure::Shipped && !told(store.span)) {
        let hash = store.fields.iter().find(|field| field.kind == "password-hash");
        let grave = hash.or_else(|| {
            let grave = |kind: &str| ["wage", "bank-account", "government-identity", "health", "card"].contains(&kind);
            store.fields.iter().find(|field| grave(&field.kind))
        });
        let Some(field) = grave else { continue };
        let what = field.kind.replace('-', " ");
        let text = format!("reads {} in what every visitor receives", store.name);
        let stands = [Claim::Stands(Position::Anyone)];
        let draft = sink.at(field.span, format!("`{}` of each record: {what}", field.name));
        let mut draft = served(app, store, draft)
            .title(format!("{} is sent to every visitor's browser with its {what} fields", store.name))
            .severity(if hash.is_some() { Severity::High } else { Severity::Medium })
            .subject(store.name.clone())
            .grants(stands.clone(), Claim::Reads(field.class), text.clone());
        if hash.is_some() {
            let gain = match gains::shipped_accounts(app) {
                Some(_) => Claim::Knows(Claim::STORED_PASSWORDS.to_owned()),
                None => Claim::Reads(field.class),
            };
            draft = draft.grants(stands, gain, text);
        }
        draft.done();
    }
    only_served(app, sink, &told);
}

/// The records or figures of a store, as the running app serves them.
fn is_of(store: &Store, seen: &LiveShipped) -> bool {
    seen.fields.iter().any(|(name, _)| store.fields.iter().any(|field| field.name == *name))
}

fn served<'s, 'a>(app: &App, store: &Store, mut draft: Draft<'s, 'a>) -> Draft<'s, 'a> {
    for seen in app.live.shipped.iter().filter(|seen| is_of(store, seen)) {
        draft = draft.also_live(&seen.exchange, format!("the running app sends it in a {}", seen.place));
    }
    draft
}

/// What the code does not show as sent, and the running app sends: the build put it into a script.
fn only_served(app: &App, sink: &mut Sink<'_>, told: &dyn Fn(plimsoll_source::Span) -> bool) {
    // The rule for secrets tells of passwords in the code that browsers load.
    let passwords = app.secrets.iter().any(|secret| {
        let of_account = matches!(secret.kind, SecretKind::DefaultAccount | SecretKind::Password);
        of_account && secret.in_browser && secret.tier == SecretTier::Secret && !secret.in_sample
    });
    let known = |seen: &LiveShipped| {
        if passwords && seen.fields.iter().all(|(_, kind)| kind == "password") {
            return true;
        }
        app.stores.iter().any(|store| {
            let found = store.kind == StoreKind::Browser || (store.exposure == Exposure::Shipped && !told(store.span));
            found && is_of(store, seen)
        })
    };
    let mut done: Vec<&LiveShipped> = Vec::new();
    for seen in app.live.shipped.iter().filter(|seen| !known(seen)) {
        if done.iter().any(|other| other.fields == seen.fields) {
            continue;
        }
        done.push(seen);
        let names: Vec<String> = seen.fields.iter().map(|(name, _)| format!("`{name}`")).collect();
        let mut kinds: Vec<String> = seen.fields.iter().map(|(_, kind)| kind.replace('-', " ")).collect();
        kinds.sort();
        kinds.dedup();
        let has = |kind: &str| seen.fields.iter().any(|(_, known)| known == kind);
        let (note, title, severity) = match seen.records {
            Some(count) => (
                format!("{} of {count} records, in a {}", names.join(", "), seen.place),
                format!("{} of {count} records: every visitor's browser gets them", capital(&kinds.join(", "))),
                if has("password") { Severity::Critical } else { Severity::High },
            ),
            None => (
                format!("{} with the figures, in a {}", names.join(", "), seen.place),
                format!("The business's own figures ({}) are sent to every visitor's browser", kinds.join(", ")),
                Severity::Medium,
            ),
        };
        let mut draft = sink.live(&seen.exchange, note).title(title).severity(severity).subject(names.join(", "));
        if has("password") {
            let anyone = [Claim::Stands(Position::Anyone)];
            let gains = match gains::shipped_accounts(app) {
                Some(_) => Claim::Knows(Claim::SHIPPED_PASSWORDS.to_owned()),
                None => Claim::Holds(gains::victim(app)),
            };
            draft = draft.grants(anyone, gains, "reads the passwords of accounts in what every visitor receives");
        }
        let again =
            app.live.shipped.iter().filter(|other| other.fields == seen.fields && other.exchange != seen.exchange);
        for also in again {
            draft = draft.also_live(&also.exchange, format!("the same, in a {}", also.place));
        }
        draft.done();
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
