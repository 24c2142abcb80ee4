//! Values that travel from an input to a sink.

use plimsoll_source::Span;

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub enum Source {
    /// Query string, path parameter, form, JSON body, header, cookie of a request.
    Request,
    /// Name, type or content of an uploaded file.
    Upload,
    /// A record that users can write.
    Stored,
    /// The address bar, a message or storage in the browser.
    Browser,
    /// Text of an error or exception.
    ErrorDetail,
    /// A password or its hash.
    Credential,
    /// A token just made (reset link, one-time code, session token).
    FreshToken,
}

/// Where a value ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[expect(missing_docs, reason = "the words are the documentation")]
pub enum Sink {
    Sql,
    NoSql,
    /// Markup without escaping, on the server or in the browser.
    Html,
    Shell,
    FilePath,
    /// A URL that the server requests.
    Url,
    Template,
    Redirect,
    Deserialise,
    Eval,
    /// A spreadsheet cell.
    Formula,
    /// A response header.
    Header,
    /// Mail text or headers.
    Mail,
    /// The request that redeems the code of a sign-in service.
    CodeExchange,
    /// The answer to the client.
    Response,
    /// The log.
    Log,
    /// A URL's query string.
    UrlQuery,
}

/// A flow, unsanitised as far as seen.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Flow {
    /// Where it comes from.
    pub source: Source,
    /// What exactly: `req.query.id`, `message`.
    pub source_name: String,
    /// Where it ends.
    pub sink: Sink,
    /// What exactly: `db.query`, `innerHTML`.
    pub sink_name: String,
    /// Where the value is read.
    pub from: Span,
    /// Where it ends.
    pub to: Span,
    /// The entry point in whose handler it happens, by position in [`super::App::entry_points`].
    pub entry: Option<usize>,
    /// What limits it, if something does but not fully (`escapes < but not quotes`); empty otherwise.
    pub limit: String,
}
