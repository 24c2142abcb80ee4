//! The owner's word: `plimsoll.toml` at the root of the subject, and waivers in comments.
//!
//! Pure: texts in, data or problems out. Which keys there are stands in one table, [`SECTIONS`]; the reader, the published
//! JSON Schema and the file that `plimsoll init` writes all come from it.
//!
//! The file belongs to the app under review, which is hostile input: it may accept risks and exclude folders, and every
//! output says that it did, but nothing in it runs a program or sends a request on its own.

mod inline;
mod keys;
mod near;
mod read;
mod schema;
mod template;

use plimsoll_model::{DataClass, Day, Severity};
use plimsoll_source::Glob;

pub use inline::{Inline, MalformedWaiver, inline};
pub use keys::{Key, Kind, SECTIONS, Section};
pub use near::nearest;
pub use read::{ConfigError, Problem, read, read_text};
pub use schema::json_schema;
pub use template::template;

/// Name of the file.
pub const FILE: &str = "plimsoll.toml";

/// The longest a waiver may run from today.
pub const MAX_WAIVER_DAYS: i64 = 366;

/// Something said in the file, and the line that says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said<T> {
    /// What.
    pub value: T,
    /// Line, from 1.
    pub line: u32,
}

/// What `plimsoll.toml` says. Empty where there is no such file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// Name of the app.
    pub name: Option<Said<String>>,
    /// Who answers for the app, and for waivers in comments that name nobody.
    pub owner: Option<Said<String>>,
    /// The class of data that the owner says it carries: it counts where it is higher than what is found.
    pub carries: Option<Said<DataClass>>,
    /// Default of `--fail-on`.
    pub fail_on: Option<Said<Severity>>,
    /// Where the app runs on this computer, for `check --live`.
    pub url: Option<Said<String>>,
    /// What is not part of the app.
    pub exclude: Vec<Said<Glob>>,
    /// Packages whose names are told to nobody.
    pub private: Vec<Said<Glob>>,
    /// Accepted risks, in the order of the file.
    pub waivers: Vec<Waiver>,
    /// The owner's corrections of the data map.
    pub data: Vec<DataWord>,
    /// The owner's answers about controls.
    pub answers: Vec<Answer>,
    /// How the test accounts sign in, as far as the owner says it.
    pub login: LoginWord,
    /// Test accounts, the one with more rights first; two at most.
    pub accounts: Vec<AccountWord>,
}

/// What the owner says of the login: the `[login]` of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoginWord {
    /// Where it is sent to.
    pub path: Option<String>,
    /// Name of the field for the user.
    pub user_field: Option<String>,
    /// Name of the field for the password.
    pub password_field: Option<String>,
}

/// A test account: an `[[account]]` of the file. It names where user and password are, and holds neither.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountWord {
    /// What it is called in reports.
    pub name: String,
    /// The environment variable that holds its user name.
    pub user_env: String,
    /// The environment variable that holds its password.
    pub password_env: String,
    /// Words that only its own records hold.
    pub marker: Option<String>,
    /// Line of the entry.
    pub line: u32,
}

/// Most test accounts.
pub const MAX_ACCOUNTS: usize = 2;

/// What a waiver is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// All findings of a rule, by its id.
    Rule(String),
    /// One finding, by the beginning of its fingerprint: at least 8 hexadecimal digits, lower case.
    Finding(String),
}

impl Target {
    /// Reads a rule's id or a finding's id or fingerprint (`PL-1a2b3c4d`, `1a2b3c4d…`).
    pub fn parse(text: &str) -> Option<Self> {
        let is_hex = |text: &str| {
            (8..=32).contains(&text.len())
                && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
        };
        let lower = text.to_ascii_lowercase();
        if let Some(fingerprint) = lower.strip_prefix("pl-") {
            return is_hex(fingerprint).then(|| Target::Finding(fingerprint.to_owned()));
        }
        if is_hex(&lower) {
            return Some(Target::Finding(lower));
        }
        let is_id = !text.is_empty()
            && text.len() <= 80
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            && text.starts_with(|c: char| c.is_ascii_lowercase());
        is_id.then(|| Target::Rule(text.to_owned()))
    }
}

impl std::fmt::Display for Target {
    /// As it is written: the rule, or `PL-1a2b3c4d`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Target::Rule(rule) => f.write_str(rule),
            Target::Finding(fingerprint) => write!(f, "PL-{}", fingerprint.get(..8).unwrap_or(fingerprint)),
        }
    }
}

/// An accepted risk: a `[[waiver]]` of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiver {
    /// What it is about.
    pub target: Target,
    /// Only findings with evidence in these files.
    pub path: Option<Glob>,
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// The last day on which it holds.
    pub until: Day,
    /// Line of the entry.
    pub line: u32,
}

/// A correction of the data map: a `[[data]]` of the file. At least one of `class` and `kind` is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataWord {
    /// Table, collection, form or file.
    pub store: String,
    /// Field.
    pub field: String,
    /// Its class.
    pub class: Option<DataClass>,
    /// What it is.
    pub kind: Option<String>,
    /// Line of the entry.
    pub line: u32,
}

/// What the owner says of a control.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerStatus {
    /// It is met.
    Proven,
    /// It is not met.
    Failed,
}

impl AnswerStatus {
    /// All.
    pub const ALL: [AnswerStatus; 2] = [AnswerStatus::Proven, AnswerStatus::Failed];

    /// The word of the contract.
    pub fn word(self) -> &'static str {
        match self {
            AnswerStatus::Proven => "proven",
            AnswerStatus::Failed => "failed",
        }
    }
}

/// A dated answer about a control that no tool can see: an `[[answer]]` of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Id of the control.
    pub control: String,
    /// What is said of it.
    pub status: AnswerStatus,
    /// On which day; never in the future.
    pub date: Day,
    /// By whom.
    pub by: String,
    /// How it is known.
    pub note: String,
    /// Line of the entry.
    pub line: u32,
}
