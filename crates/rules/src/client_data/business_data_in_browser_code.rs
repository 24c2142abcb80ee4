//! Wages or price calculations are sent to every visitor.

use plimsoll_model::app::{Exposure, StoreKind};
use plimsoll_model::{App, Claim, Gap, Position, Severity};

use crate::{Rule, Sink, gains};

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
            sink.at(field.span, format!("{} with its numbers", field.name))
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
        let mut draft = sink
            .at(field.span, format!("`{}` of each record: {what}", field.name))
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
}
