//! Cookies, headers, CORS, web storage and weak randomness, gathered from events whatever handler they belong to.

mod cookies;
mod cors;
mod crypto;
mod deployment;
mod headers;
mod links;
mod persisted;
mod php;
pub(crate) mod python;
pub(crate) mod scripted;
mod storage;

pub(crate) use cors::asked as cors_asked;
pub(crate) use deployment::obeys_anyone;
use plimsoll_analysis::{Event, Program};
use plimsoll_model::App;
use plimsoll_model::app::{CookieSet, CorsPolicy, CryptoUse, HeaderSet, SettingSeen, StoredValue};
use plimsoll_source::Span;

/// What single events said.
#[derive(Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct Notes {
    pub(crate) cookies: Vec<CookieSet>,
    pub(crate) headers: Vec<HeaderSet>,
    pub(crate) header_places: Vec<Span>,
    pub(crate) cors: Vec<CorsPolicy>,
    pub(crate) stored: Vec<StoredValue>,
    php: php::Session,
    persisted: persisted::Seen,
    pub(crate) python: python::Seen,
    pub(crate) crypto: Vec<CryptoUse>,
    /// Expressions that templates of components put in as markup, and whether what they give is known to be harmless.
    pub(crate) markup: std::collections::BTreeMap<Span, bool>,
    /// What templates are given as JSON.
    pub(crate) scripted: scripted::Scripted,
    /// Requests that code of the app makes by address.
    pub(crate) calls: Vec<crate::browser::calls::Seen>,
    pub(crate) seen: Vec<SettingSeen>,
    /// What is known of the columns of stores.
    pub(crate) rows: crate::handler::rows::Known,
}

impl Notes {
    pub(crate) fn note(&mut self, event: &Event, program: &Program<'_>) {
        cookies::note(event, self);
        headers::note(event, self);
        links::note(event, self);
        cors::note(event, self);
        storage::note(event, self);
        persisted::note(event, program, &mut self.persisted, &mut self.stored);
        php::note(event, self);
        python::note(event, self, program);
        crypto::note(event, program, self);
        scripted::note(event, &mut self.scripted);
        self.rows.note(event);
        if let plimsoll_analysis::EventKind::Attribute { name, value, .. } = &event.kind
            && matches!(name.as_str(), "v-html" | "@html")
        {
            let is_harmless = crate::handler::state::is_harmless_markup(value);
            let known = self.markup.entry(event.span).or_insert(true);
            *known &= is_harmless;
        }
    }

    /// Adds what was noted later.
    pub(crate) fn append(&mut self, later: Notes) {
        self.cookies.extend(later.cookies);
        self.headers.extend(later.headers);
        self.header_places.extend(later.header_places);
        self.cors.extend(later.cors);
        self.stored.extend(later.stored);
        self.php.append(later.php);
        self.persisted.append(later.persisted);
        self.python.append(later.python);
        self.crypto.extend(later.crypto);
        for (span, is_harmless) in later.markup {
            *self.markup.entry(span).or_insert(true) &= is_harmless;
        }
        for (name, holds_text) in later.scripted {
            *self.scripted.entry(name).or_default() |= holds_text;
        }
        self.calls.extend(later.calls);
        self.seen.extend(later.seen);
        self.rows.append(later.rows);
    }

    /// Gives the names of fields that only ever take text made harmless as markup, and what is known of the columns of
    /// stores.
    pub(crate) fn finish(mut self, program: &Program<'_>, app: &mut App) -> (Vec<String>, crate::handler::rows::Known) {
        php::finish(std::mem::take(&mut self.php), program.tree, app);
        // The same line is run for many requests; it is one fact.
        self.cookies.sort_by_key(|cookie| cookie.span);
        self.cookies.dedup_by_key(|cookie| cookie.span);
        self.headers.sort_by(|a, b| (a.span, &a.name).cmp(&(b.span, &b.name)));
        self.headers.dedup_by(|a, b| a.span == b.span && a.name == b.name);
        self.header_places.sort();
        self.header_places.dedup();
        app.cookies.append(&mut self.cookies);
        app.headers.append(&mut self.headers);
        app.header_places.append(&mut self.header_places);
        app.cors.extend(cors::grouped(self.cors));
        persisted::finish(std::mem::take(&mut self.persisted), &mut self.stored);
        app.stored_values.extend(storage::grouped(self.stored));
        self.seen.sort_by(|a, b| (&a.key, a.span).cmp(&(&b.key, b.span)));
        self.seen.dedup_by(|a, b| a.key == b.key && a.span == b.span);
        app.settings.append(&mut self.seen);
        app.crypto.extend(crypto::grouped(self.crypto));
        (self.python.finish(program, app), self.rows)
    }
}

/// Reads files of settings: host configuration with headers, pages with a policy in a meta tag, commands of deployment.
pub(crate) fn observe_files(program: &Program<'_>, app: &mut App) {
    headers::observe_files(program.tree, app);
    deployment::observe(program.tree, app);
    deployment::observe_code(program, app);
}
