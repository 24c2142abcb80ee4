//! Evidence: what a claim rests on.

/// Who saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Witness {
    /// Source code and configuration.
    Code,
    /// A database schema, policy or rules file.
    Schema,
    /// A lockfile or manifest.
    Package,
    /// A built bundle or source map.
    Bundle,
    /// The running app.
    Live,
    /// The owner's word.
    Owner,
}

impl Witness {
    /// The word used in outputs.
    pub fn word(self) -> &'static str {
        match self {
            Witness::Code => "code",
            Witness::Schema => "schema",
            Witness::Package => "package",
            Witness::Bundle => "bundle",
            Witness::Live => "live",
            Witness::Owner => "owner",
        }
    }
}

/// A place in a file of the subject, ready to be shown.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Path relative to the subject, with `/`.
    pub file: String,
    /// First line, from 1; `None` when the file as a whole is meant.
    pub line: Option<u32>,
    /// Last line.
    pub end_line: Option<u32>,
    /// The first line's text, trimmed and redacted.
    pub snippet: String,
}

/// One request to the running app and what it answered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct Exchange {
    /// `GET`, `POST` …
    pub method: String,
    /// Address as requested.
    pub url: String,
    /// Status of the answer; `None` when there was none.
    pub status: Option<u16>,
}

/// One piece of evidence of a finding, control or data item.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Evidence {
    /// Who saw it.
    pub witness: Witness,
    /// Where in the source.
    pub place: Option<Place>,
    /// What happened on the wire.
    pub exchange: Option<Exchange>,
    /// What it shows, in plain words. For an absence: where was looked.
    pub note: String,
}
