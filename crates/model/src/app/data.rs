//! Stores, policies and committed files.

use plimsoll_source::Span;

use crate::{DataClass, Position};

/// What kind of store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub enum Exposure {
    /// Only through the app's own server.
    ServerOnly,
    /// Directly, with the project's public key (Supabase, Firebase): its policies are the only guard.
    Direct,
    /// It is part of the code and files that every visitor's browser loads.
    Shipped,
}

/// Row-level security.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub enum Rls {
    /// On in the final schema.
    On,
    /// Off in the final schema.
    Off,
    /// The store has none, or nothing is known.
    NotApplicable,
}

/// A table, collection, bucket …
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
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

impl Store {
    /// The lowest position that can put rows into it past the app's own server which others are shown, by what its
    /// policies say.
    pub fn weakest_direct_writer(&self) -> Option<Position> {
        if self.exposure != Exposure::Direct {
            return None;
        }
        if self.rls == Rls::Off {
            return Some(Position::Anyone);
        }
        // Whoever sees only his own rows writes for nobody else.
        let seen_by_others = self.policies.iter().any(|policy| {
            matches!(policy.command, Command::All | Command::Select)
                && match policy.openness {
                    Openness::Limited => policy.asks_for_a_role(),
                    Openness::Anyone | Openness::AnySignedIn | Openness::Hole(_) => true,
                    Openness::Nobody | Openness::Unknown => false,
                }
        });
        let writes = |policy: &&Policy| matches!(policy.command, Command::All | Command::Insert | Command::Update);
        let admits = |policy: &Policy| match policy.openness {
            Openness::Anyone => Some(Position::Anyone),
            Openness::AnySignedIn | Openness::Hole(_) => Some(Position::SignedIn),
            Openness::Limited if policy.asks_for_a_role() => Some(Position::Administrator),
            Openness::Limited => Some(Position::SignedIn),
            Openness::Nobody | Openness::Unknown => None,
        };
        self.policies.iter().filter(writes).filter(|_| seen_by_others).filter_map(admits).min()
    }
}

impl Policy {
    /// Whether its conditions ask for a role.
    fn asks_for_a_role(&self) -> bool {
        [&self.using, &self.check].into_iter().flatten().any(|condition| {
            let condition = condition.to_ascii_lowercase();
            condition.contains("role") || condition.contains("admin")
        })
    }
}

/// A field.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[expect(missing_docs, reason = "the words are the documentation")]
pub enum Command {
    All,
    Select,
    Insert,
    Update,
    Delete,
}

/// Whom a policy admits.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
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
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
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
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct DbFunction {
    /// Name.
    pub name: String,
    /// Names of its parameters; `""` for unnamed ones.
    pub params: Vec<String>,
    /// Runs with its owner's rights.
    pub security_definer: bool,
    /// Its `search_path` is fixed.
    pub fixed_search_path: bool,
    /// It looks at who calls (`auth.uid()`, `auth.role()`, `auth.jwt()`), itself or through a function it calls.
    pub checks_caller: bool,
    /// It returns `trigger` and cannot be called directly.
    pub is_trigger: bool,
    /// Roles from outside that may call it in the final state: `anon`, `authenticated`.
    pub callable_by: Vec<String>,
    /// Tables it reads or writes.
    pub touches: Vec<String>,
    /// Tables it changes.
    pub changes: Vec<String>,
    /// It changes data.
    pub writes: bool,
    /// It answers with rows, documents or texts of the tables, not only with a yes, a no or a number.
    pub returns_data: bool,
    /// Where.
    pub span: Span,
}

/// A view that clients can read.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct DbView {
    /// Name.
    pub name: String,
    /// Names of its columns, where known.
    pub columns: Vec<String>,
    /// Whom its query admits.
    pub openness: Openness,
    /// Tables whose own policies admit fewer than the view does, because it reads with its owner's rights.
    pub bypasses: Vec<String>,
    /// Where.
    pub span: Span,
}

/// What an account gains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub enum Gain {
    /// A role or permission.
    Role,
    /// The data of another tenant (organisation, clinic, team).
    Tenant,
    /// Being approved, verified or active.
    Approval,
    /// A paid plan, credits, a balance.
    Paid,
    /// The price or the state of something that somebody else prices or decides: an order, a request for leave.
    Outcome,
}

/// How an account gets at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub enum GrantWay {
    /// It may change the field in its own row or document.
    ChangesOwnRow,
    /// It may add a row or document for itself with any value.
    AddsOwnRow,
    /// It may add rows that carry another tenant's id.
    AddsForeignRow,
    /// It may add rows or documents to what belongs to somebody else: a comment under a record that it may not see, an
    /// order in another customer's name.
    AddsToForeign,
    /// It may take over a row or document of somebody else by writing its own id into it.
    TakesOver,
    /// The value comes from what the browser sends at sign-up, or from metadata that the account can edit itself.
    OwnMetadata,
    /// Whoever signs up with an address that is written in the code.
    FixedEmail,
    /// Whoever signs up first.
    FirstAccount,
}

/// Who relies on the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub enum Reliance {
    /// Nothing that was read.
    Nobody,
    /// The app's code.
    Code,
    /// Policies, rules or functions of the database.
    Policies,
}

/// A way in which an account can give itself rights that are not its own to give.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct SelfGrant {
    /// Table or collection that holds the field.
    pub store: String,
    /// The fields it can set: `role`, `org_id`. Empty when being in the store is the right.
    pub fields: Vec<String>,
    /// What is gained.
    pub gain: Gain,
    /// How.
    pub way: GrantWay,
    /// The policy, function or match block that allows it.
    pub by: String,
    /// Who relies on it.
    pub relied_on: Reliance,
    /// Where.
    pub span: Span,
}

/// A file of rules for Firestore, Realtime Database or Firebase storage.
#[derive(Clone, Debug)]
pub struct RulesFile {
    /// `Firestore`, `Realtime Database`, `Storage`.
    pub service: &'static str,
    /// `firebase.json` names it.
    pub deployed: bool,
    /// Why it cannot be put into force as it is, and where.
    pub problem: Option<(Span, String)>,
    /// The file.
    pub span: Span,
}

/// A place where code that runs in the browser talks to a store directly.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct StoreUse {
    /// Table, collection, bucket or database function.
    pub store: String,
    /// What it is; `None` for a function.
    pub kind: Option<StoreKind>,
    /// New records are added to it.
    pub adds: bool,
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
