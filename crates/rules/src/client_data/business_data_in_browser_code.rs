//! Wages or price calculations are sent to every visitor.

use plimsoll_model::app::StoreKind;
use plimsoll_model::{App, Gap, Severity};

use crate::{Rule, Sink};

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
                .done();
        }
    }
}
