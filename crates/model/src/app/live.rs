//! What the live witness saw with test accounts and in a browser, and where it contradicts the code.

use plimsoll_source::Span;

use super::{LiveContent, LiveVerdict};
use crate::evidence::Exchange;

/// A test account that could be signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveAccount {
    /// The owner's name for it: `owner`, `assistant`.
    pub label: String,
    /// How: `form at /login`.
    pub how: String,
    /// The login request.
    pub exchange: Exchange,
}

/// What an entry point answered to a test account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveAccess {
    /// The request.
    pub exchange: Exchange,
    /// Entry point it belongs to, by position in [`super::App::entry_points`].
    pub entry: Option<usize>,
    /// The account, by its label.
    pub account: String,
    /// It is the second account, which asks for what the first one was given.
    pub second: bool,
    /// What kind of body came.
    pub content: LiveContent,
    /// The address names one object (a value that the first account's own answers showed).
    pub object: bool,
    /// The body is the same as the first account's, byte for byte.
    pub same: bool,
    /// Every page that led the first account there refuses this one.
    pub from_refused: bool,
    /// The body holds words that only the first account's own data hold.
    pub marked: bool,
    /// How many distinct values looked like data of people, by kind.
    pub personal: Vec<(String, usize)>,
}

impl LiveAccess {
    /// Whether it was let in.
    pub fn allowed(&self) -> bool {
        self.exchange.status.is_some_and(|status| (200..300).contains(&status))
    }
}

/// Where a login token was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TokenPlace {
    /// In the answer of the login, where the page's scripts take it.
    Answer,
    /// In `localStorage`.
    LocalStorage,
    /// In `sessionStorage`.
    SessionStorage,
    /// In a cookie that scripts may read.
    ReadableCookie,
    /// In the address of a request.
    Address,
}

impl TokenPlace {
    /// In words.
    pub fn word(self) -> &'static str {
        match self {
            TokenPlace::Answer => "the login's answer",
            TokenPlace::LocalStorage => "localStorage",
            TokenPlace::SessionStorage => "sessionStorage",
            TokenPlace::ReadableCookie => "a cookie that scripts can read",
            TokenPlace::Address => "the address",
        }
    }
}

/// A login token where it can be taken. The token itself is never kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveToken {
    /// Where.
    pub place: TokenPlace,
    /// Under which name.
    pub key: String,
    /// The request that brought it, or the page that keeps it.
    pub exchange: Exchange,
    /// What its text says, where it is a JWT: `no expiry`, `valid for 30 days`.
    pub says: Vec<String>,
}

/// How a guard that stands only in the browser was passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GuardPassed {
    /// The page itself comes without scripts; with scripts the visitor is sent away.
    WithoutScripts,
    /// A value written into the browser's storage opened it: area and key.
    StoredValue(String),
    /// Signing in asked no server at all.
    NothingAsked,
}

/// A guard that stands only in the browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveGuard {
    /// The page.
    pub page: String,
    /// The request for it.
    pub exchange: Exchange,
    /// How it was passed.
    pub passed: GuardPassed,
    /// How many distinct values that looked like data of people were shown, by kind.
    pub personal: Vec<(String, usize)>,
    /// Calls of the page that a server answered without credentials.
    pub calls: Vec<Exchange>,
    /// How sure.
    pub verdict: LiveVerdict,
}

/// What a service that browsers talk to directly (Supabase, Firebase) gave to a stranger of one table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveTable {
    /// The table's name.
    pub store: String,
    /// The request.
    pub exchange: Exchange,
    /// A record came; it was refused; or neither.
    pub verdict: LiveVerdict,
    /// Names of a record's fields. Their values are never kept.
    pub fields: Vec<String>,
    /// How many records it said there are.
    pub rows: Option<u64>,
}

impl LiveTable {
    /// What was seen, in words, where a record came.
    pub fn says(&self) -> Option<String> {
        let count = self.rows.map_or(String::new(), |rows| format!(" of {rows}"));
        let fields = if self.fields.is_empty() { String::new() } else { format!(", with {}", self.fields.join(", ")) };
        (self.verdict == LiveVerdict::Confirmed)
            .then(|| format!("gave a stranger a record{count} of `{}`{fields}", self.store))
    }
}

/// What a visitor sees, as a picture; texts in it were replaced before it was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// What it shows, in plain words.
    pub title: String,
    /// Address of the page.
    pub url: String,
    /// JPEG.
    pub jpeg: Vec<u8>,
}

/// Code and running app contradict each other: what was observed wins, and both are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disagreement {
    /// What it is about: `GET /api/customers`.
    pub about: String,
    /// What the code says.
    pub code: String,
    /// Where it says so.
    pub span: Span,
    /// What was observed.
    pub live: String,
    /// By which request.
    pub exchange: Exchange,
}
