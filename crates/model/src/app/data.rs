//! Stores, policies and committed files.

use plimsoll_source::Span;

use crate::DataClass;

/// What kind of store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StoreKind {
    /// A table of a relational database.
    Table,
    /// A view.
    View,
    /// A collection of documents.
    Collection,
    /// A bucket or folder of files.
    Bucket,
    /// A file of records (JSON, CSV).
    File,
    /// A list or map in the server's memory.
    Memory,
    /// Web storage in the browser.
    Browser,
}

/// Whether browsers can talk to the store directly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Exposure {
    /// Only through the app's own server.
    ServerOnly,
    /// Directly, with the project's public key (Supabase, Firebase): its policies are the only guard.
    Direct,
    /// It is part of the code and files that every visitor's browser loads.
    Shipped,
}

/// Row-level security.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rls {
    /// On in the final schema.
    On,
    /// Off in the final schema.
    Off,
    /// The store has none, or nothing is known.
    NotApplicable,
}

/// A table, collection, bucket …
#[derive(Clone, Debug)]
pub struct Store {
    /// What kind.
    pub kind: StoreKind,
    /// Name without the default schema: `customers`, `auth.users`.
    pub name: String,
    /// Fields, where known.
    pub fields: Vec<Field>,
    /// Who can talk to it.
    pub exposure: Exposure,
    /// Row-level security.
    pub rls: Rls,
    /// Policies in the final state.
    pub policies: Vec<Policy>,
    /// Bucket served to everyone by address.
    pub public_bucket: bool,
    /// Where it is defined.
    pub span: Span,
}

/// A field.
#[derive(Clone, Debug)]
pub struct Field {
    /// Name as written.
    pub name: String,
    /// What it is: `email`, `wage`; empty when nothing is recognised.
    pub kind: String,
    /// Its class.
    pub class: DataClass,
    /// Where.
    pub span: Span,
}

/// A form that people fill in.
#[derive(Clone, Debug)]
pub struct Form {
    /// What shows it: the file's path, or the address it is sent to.
    pub name: String,
    /// Names of its inputs; [`Field::kind`] and [`Field::class`] as in a store.
    pub fields: Vec<Field>,
    /// Where.
    pub span: Span,
}

/// What a policy is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the words are the documentation")]
pub enum Command {
    All,
    Select,
    Insert,
    Update,
    Delete,
}

/// Whom a policy admits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Openness {
    /// Anyone, signed in or not.
    Anyone,
    /// Anyone who is signed in, whatever the row.
    AnySignedIn,
    /// It limits by owner, tenant, role or a condition that was understood to limit.
    Limited,
    /// Limits rows but leaves a hole: why (`a user can set the role column of the own row`).
    Hole(String),
    /// Nobody.
    Nobody,
    /// Not understood.
    Unknown,
}

/// A row-level policy or a match block of a rules file.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Its name, or the path pattern of a rules file.
    pub name: String,
    /// For which commands.
    pub command: Command,
    /// For which database roles (`anon`, `authenticated`, `public`, `service_role`); empty when not by role.
    pub roles: Vec<String>,
    /// Condition on existing rows, as written.
    pub using: Option<String>,
    /// Condition on new rows, as written.
    pub check: Option<String>,
    /// Whom it admits.
    pub openness: Openness,
    /// Where.
    pub span: Span,
}

/// A database function that clients can call.
#[derive(Clone, Debug)]
pub struct DbFunction {
    /// Name.
    pub name: String,
    /// Runs with its owner's rights.
    pub security_definer: bool,
    /// Its `search_path` is fixed.
    pub fixed_search_path: bool,
    /// It looks at who calls (`auth.uid()`, `auth.role()`, `auth.jwt()`).
    pub checks_caller: bool,
    /// It returns `trigger` and cannot be called directly.
    pub is_trigger: bool,
    /// Roles that may call it, as far as grants say; empty means the default (everyone).
    pub callable_by: Vec<String>,
    /// Tables it reads or writes.
    pub touches: Vec<String>,
    /// It changes data.
    pub writes: bool,
    /// Where.
    pub span: Span,
}

/// A file that lies in the repository.
#[derive(Clone, Debug)]
pub struct CommittedFile {
    /// What it is.
    pub kind: CommittedKind,
    /// Details: `SQLite, 3 tables`, masked.
    pub note: String,
    /// Ignored by `.gitignore`: on this machine only.
    pub git_ignored: bool,
    /// The file.
    pub span: Span,
}

/// What a committed file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CommittedKind {
    /// A database file.
    Database,
    /// A dump or export of a database.
    Dump,
    /// Backups.
    Backup,
    /// Files that users uploaded.
    Uploads,
    /// Private key.
    PrivateKey,
    /// Cookie jar or saved session.
    CookieJar,
    /// Log file.
    Log,
    /// A file of environment settings with real values.
    EnvFile,
    /// Records of people in a data file.
    PersonalRecords,
}
