//! A login token is kept where any script can read it.

use crate::{Rule, Sink};
use plimsoll_model::app::{StoredValueKind, WebStorage};
use plimsoll_model::{App, Claim, Gap, Severity};

pub(crate) static RULE: Rule = Rule {
    id: "session-token-in-web-storage",
    summary: "a login token is kept where any script can read it",
    gap: Gap::ExposedSessionToken,
    severity: Severity::Medium,
    cwe: &[922],
    owasp: &["A07:2025"],
    asvs: &["14.3.3"],
    page: include_str!("session_token_in_web_storage.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    for value in &app.stored_values {
        if value.kind != StoredValueKind::SessionToken || value.written.is_empty() {
            continue;
        }
        let store = if value.storage == WebStorage::Local { "localStorage" } else { "sessionStorage" };
        // Where a service's own client keeps its login: its makers' default, with short-lived tokens.
        if let Some(library) = &value.by_library {
            sink.at(value.written[0], format!("{library}'s client is told to keep the login in {store}"))
                .title(format!("The login token lies in {store}, readable by any script"))
                .severity(Severity::Low)
                .subject(library.clone())
                .grants([], Claim::TokenReadable, format!("the login token lies in {store}, where any script reads it"))
                .done();
            continue;
        }
        sink.at(value.written[0], format!("the token is written to {store} under `{}`", value.key))
            .title(format!("The login token lies in {store}, readable by any script"))
            .all(value.written.iter().skip(1).copied(), "written here too")
            .all(value.read.iter().copied(), "read here")
            .subject(value.key.clone())
            .grants([], Claim::TokenReadable, format!("the login token lies in {store}, where any script reads it"))
            .done();
    }
}
