//! What exists in the visitor's browser.

use plimsoll_source::Span;

use super::entry::Guard;

/// A page or route of the browser side.
#[derive(Clone, Debug)]
pub struct Page {
    /// Path as in the address bar.
    pub path: String,
    /// Component or file that shows it.
    pub component: String,
    /// Guards in the browser that stand before it.
    pub guards: Vec<Guard>,
    /// Calls it makes, by position in [`super::App::api_calls`].
    pub calls: Vec<usize>,
    /// Where.
    pub span: Span,
}

/// A call from the browser to a server of the app (or to a backend-as-a-service).
#[derive(Clone, Debug)]
pub struct ApiCall {
    /// HTTP method in capitals; empty when unknown.
    pub method: String,
    /// Path as far as known, expressions as `:x`; or `from:TABLE`, `rpc:NAME`, `fn:NAME` of a backend-as-a-service.
    pub path: String,
    /// The entry point it reaches, by position in [`super::App::entry_points`].
    pub entry: Option<usize>,
    /// It carries a token or cookie on purpose.
    pub sends_credentials: bool,
    /// Where the address is written.
    pub span: Span,
    /// The components, hooks and scripts that make it, by their heads.
    pub from: Vec<Span>,
}

/// Where the browser side keeps a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub enum WebStorage {
    /// `localStorage`.
    Local,
    /// `sessionStorage`.
    Session,
    /// A cookie written by script.
    Cookie,
    /// IndexedDB or a framework's persisted store.
    Other,
}

/// What the value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub enum StoredValueKind {
    /// A session or refresh token.
    SessionToken,
    /// Who the user is: id, e-mail, user object.
    Identity,
    /// What the user may do: role, admin flag, logged-in flag.
    Privilege,
    /// A key of a third party.
    ApiKey,
    /// Records of the business or of people.
    Data,
    /// Anything else (theme, language).
    Preference,
}

/// A value kept in the browser.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct StoredValue {
    /// Where it is kept.
    pub storage: WebStorage,
    /// Key; empty when computed.
    pub key: String,
    /// What it is.
    pub kind: StoredValueKind,
    /// Where it is written, or where a library is told to keep it.
    pub written: Vec<Span>,
    /// Where it is read.
    pub read: Vec<Span>,
    /// Kept by a library's default rather than by the app's own line.
    pub by_library: Option<String>,
}
