//! A login token is kept where any script can read it.

use crate::{Rule, Sink, gains};
use plimsoll_model::app::{LiveToken, StoredValueKind, TokenPlace, WebStorage};
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
    // Where a service's own client keeps its login: its makers' default, with short-lived tokens.
    for value in &app.stored_values {
        let (Some(library), Some(&at)) = (&value.by_library, value.written.first()) else { continue };
        let store = if value.storage == WebStorage::Local { "localStorage" } else { "sessionStorage" };
        sink.at(at, format!("{library}'s client is told to keep the login in {store}"))
            .title(format!("The login token lies in {store}, readable by any script"))
            .severity(Severity::Low)
            .subject(library.clone())
            .grants([], Claim::TokenReadable, format!("the login token lies in {store}, where any script reads it"))
            .eases([], Claim::ActsAs(gains::victim(app)), stolen(store))
            .done();
    }
    // Under how many names the login lies there, and how often it is read, is one decision.
    for (storage, store) in [
        (WebStorage::Local, "localStorage"),
        (WebStorage::Session, "sessionStorage"),
        (WebStorage::Cookie, "a cookie that scripts write"),
        (WebStorage::Other, "the browser's own database"),
    ] {
        let kept: Vec<_> = app
            .stored_values
            .iter()
            .filter(|value| {
                value.storage == storage
                    && value.kind == StoredValueKind::SessionToken
                    && value.by_library.is_none()
                    && !value.written.is_empty()
            })
            .collect();
        let place = match storage {
            WebStorage::Local => Some(TokenPlace::LocalStorage),
            WebStorage::Session => Some(TokenPlace::SessionStorage),
            _ => None,
        };
        // What a signed-in browser held there.
        let seen: Vec<&LiveToken> = app.live.tokens.iter().filter(|token| Some(token.place) == place).collect();
        let Some(first) = kept.first() else {
            only_seen_live(app, &seen, store, sink);
            continue;
        };
        let mut draft = sink
            .at(first.written[0], format!("the token is written to {store} under `{}`", first.key))
            .title(format!("The login token lies in {store}, readable by any script"))
            .subject(first.key.clone());
        for value in &kept {
            let note = format!("written here too, under `{}`", value.key);
            draft = draft.all(value.written.iter().copied().filter(|&span| span != first.written[0]), note.as_str());
        }
        for value in &kept {
            draft = draft.all(value.read.iter().copied(), "read here");
        }
        for token in &seen {
            draft = draft.also_live(&token.exchange, held(token));
        }
        // The answer that hands it to the page's scripts.
        for token in app.live.tokens.iter().filter(|token| token.place == TokenPlace::Answer) {
            draft = draft.also_live(&token.exchange, format!("the login's answer holds the token as `{}`", token.key));
        }
        draft
            .grants([], Claim::TokenReadable, format!("the login token lies in {store}, where any script reads it"))
            .eases([], Claim::ActsAs(gains::victim(app)), stolen(store))
            .done();
    }
}

/// What a script that runs in the page has besides.
fn stolen(store: &str) -> String {
    format!("the script can also read the login token in {store} and send it away, so that the page need not stay open")
}

fn held(token: &LiveToken) -> String {
    let says = if token.says.is_empty() { String::new() } else { format!("; {}", token.says.join(", ")) };
    format!("after signing in, the browser held it under `{}`{says}", token.key)
}

fn only_seen_live(app: &App, seen: &[&LiveToken], store: &str, sink: &mut Sink<'_>) {
    let Some((first, rest)) = seen.split_first() else { return };
    let mut draft = sink
        .live(&first.exchange, held(first))
        .title(format!("The login token lies in {store}, readable by any script"))
        .subject(first.key.clone());
    for token in rest {
        draft = draft.also_live(&token.exchange, held(token));
    }
    draft
        .grants([], Claim::TokenReadable, format!("the login token lies in {store}, where any script reads it"))
        .eases([], Claim::ActsAs(gains::victim(app)), stolen(store))
        .done();
}
