//! A key of a paid service is used from the browser.

use plimsoll_model::app::StoredValueKind;
use plimsoll_model::{App, Claim, Gap, Position, Severity};

use crate::{Rule, Sink, gains};

pub(crate) static RULE: Rule = Rule {
    id: "service-key-in-browser",
    summary: "a key of a paid service is kept or used in the browser",
    gap: Gap::SensitiveDataInClient,
    severity: Severity::Medium,
    cwe: &[522, 922],
    owasp: &["A04:2025"],
    asvs: &["14.3.3"],
    page: include_str!("service_key_in_browser.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    for setting in app.settings.iter().filter(|setting| setting.key == "browser-allowed") {
        sink.at(setting.span, format!("{} is told to send its key from the browser", setting.system))
            .title(format!("The key of {} is sent to every visitor's browser", setting.system))
            .severity(Severity::High)
            .all(setting.also.iter().copied(), "here too")
            .grants(
                [Claim::Stands(Position::Anyone)],
                Claim::SpendsMoney,
                format!("takes the key of {} out of its own browser and uses it", setting.system),
            )
            .done();
    }
    for value in &app.stored_values {
        if value.kind != StoredValueKind::ApiKey || value.written.is_empty() {
            continue;
        }
        sink.at(value.written[0], format!("a key is written to the browser's storage under `{}`", value.key))
            .title(format!("A service's key lies in the browser's storage (`{}`), readable by any script", value.key))
            .all(value.written.iter().skip(1).copied(), "written here too")
            .all(value.read.iter().copied(), "read here")
            .subject(value.key.clone())
            .grants(
                [Claim::RunsScript(gains::victim(app))],
                Claim::SpendsMoney,
                format!("the script reads the key under `{}` and sends it away", value.key),
            )
            .done();
    }
}
