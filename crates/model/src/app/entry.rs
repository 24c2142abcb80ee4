//! Entry points, guards and effects.

use std::collections::BTreeSet;

use plimsoll_source::Span;

use crate::DataClass;
use crate::evidence::Exchange;

/// What kind of thing answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntryKind {
    /// An HTTP route of a server: handler, view, controller, endpoint.
    Route,
    /// A function callable by the browser through the framework (`'use server'`, remote function, tRPC procedure).
    ServerAction,
    /// A function on a platform (Supabase edge function, Firebase function, serverless function).
    Function,
    /// A page rendered on the server: loader, server component, template view, PHP page.
    ServerPage,
    /// A WebSocket or server-sent-events handler.
    Socket,
    /// A folder of files served as they are.
    StaticFiles,
}

/// Where a guard runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// On the server (or in the database).
    Server,
    /// In the visitor's browser.
    Browser,
}

/// What a guard checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GuardKind {
    /// Somebody is signed in.
    Authentication,
    /// The signed-in one has a role or permission.
    Role,
    /// The object belongs to the caller (or to the caller's tenant).
    Ownership,
    /// How often it may be called.
    RateLimit,
    /// The request comes from the app's own pages.
    Csrf,
    /// A signature or shared secret of a machine caller.
    Signature,
}

/// Whether the guard holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GuardStanding {
    /// The code refuses whom it should.
    Enforced,
    /// Known only by its name or as a library's: taken as holding, but not seen.
    Named,
    /// It is there, but lets through: why, in plain words ("skipped when the secret is not set").
    FailsOpen(String),
}

/// A check.
#[derive(Clone, Debug)]
pub struct Guard {
    /// What it checks.
    pub kind: GuardKind,
    /// Where it runs.
    pub side: Side,
    /// Its name as written: `requireAuth`, `@login_required`, `if (!user)`.
    pub name: String,
    /// Whether it holds.
    pub standing: GuardStanding,
    /// The words of roles that it lets in, where they are fixed: `admin`, `teacher`.
    pub roles: Vec<String>,
    /// Where it stands.
    pub span: Span,
}

impl Guard {
    /// Whether it runs on the server and is not known to let through.
    pub fn holds(&self) -> bool {
        self.side == Side::Server && !matches!(self.standing, GuardStanding::FailsOpen(_))
    }
}

/// What an entry point is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the words are the documentation")]
pub enum Purpose {
    Login,
    Register,
    Logout,
    PasswordReset,
    PasswordChange,
    OneTimeCode,
    Upload,
    Webhook,
    Cron,
    /// Seeds, migrations, first-admin set-up.
    Setup,
    Health,
    Export,
    /// The path or name says administration.
    Admin,
    /// Calls a paid service (AI model, mail, SMS).
    PaidApi,
    /// Meant for anyone by its nature: public catalogue, contact form, share link by token.
    PublicByDesign,
}

/// Who can make it run, as far as the guards that hold say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reach {
    /// Anyone on the internet.
    Anyone,
    /// Any signed-in user.
    SignedIn,
    /// Only a role.
    Role,
    /// A machine that knows a secret.
    Machine,
}

/// What a handler does to the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EffectKind {
    /// Reads records.
    Read,
    /// Creates records.
    Create,
    /// Changes records.
    Update,
    /// Deletes records.
    Delete,
    /// A query whose kind is not known.
    Query,
    /// Checks a password against a stored one.
    VerifyPassword,
    /// Starts a session or issues a token.
    IssueSession,
    /// Sets a password.
    SetPassword,
    /// Creates an account.
    CreateAccount,
    /// Writes a file.
    WriteFile,
    /// Reads or serves a file.
    ReadFile,
    /// Deletes a file.
    DeleteFile,
    /// Sends mail or a text message.
    SendMessage,
    /// Calls a paid AI service.
    CallAi,
    /// Takes or refunds money through a payment provider.
    Payment,
    /// Requests a URL.
    Fetch,
    /// Starts a process.
    Execute,
    /// Sends to all connected sockets.
    Broadcast,
    /// Changes state held in memory (module-level list or map).
    WriteMemory,
    /// Reads state held in memory.
    ReadMemory,
}

impl EffectKind {
    /// Whether it changes something.
    pub fn writes(self) -> bool {
        !matches!(
            self,
            EffectKind::Read
                | EffectKind::ReadFile
                | EffectKind::ReadMemory
                | EffectKind::Query
                | EffectKind::VerifyPassword
        )
    }

    /// Whether it touches stored records, files or memory state.
    pub fn touches_data(self) -> bool {
        !matches!(self, EffectKind::VerifyPassword | EffectKind::IssueSession)
    }
}

/// One thing that a handler does.
#[derive(Clone, Debug)]
pub struct Effect {
    /// What.
    pub kind: EffectKind,
    /// On what: table, collection, model, file path, host. Empty when unknown.
    pub target: String,
    /// Field names written or selected, where known.
    pub fields: Vec<String>,
    /// Class of what it touches, filled from the data map.
    pub class: DataClass,
    /// Guards that hold at this point besides those of the entry point: positions in [`EntryPoint::guards`].
    pub guards: Vec<usize>,
    /// It happens where the guards that the handler has of its own do not hold yet: on a page that shows a form to log in
    /// to strangers and its contents to the others, the login.
    pub ahead: bool,
    /// The object is picked by a value of the request (id in path, query or body).
    pub picked_by_input: bool,
    /// Names of the values of the request that pick it.
    pub picked_by: Vec<String>,
    /// What picks it is looked at by none of the checks on the way: they ask what the caller may do with something else that
    /// the request names.
    pub beyond_guards: bool,
    /// It is picked by a number of the request: whoever counts finds the others.
    pub picked_by_number: bool,
    /// The query is limited to the caller's own (owner, tenant) by a value of the session.
    pub limited_to_caller: bool,
    /// What limits it, or is compared on the way, is the caller's organisation (`companyId: me.companyId`).
    pub limited_to_tenant: bool,
    /// The query is meant for the caller, but the request may name somebody else in its place (`query.email || me.email`).
    pub caller_replaced: bool,
    /// The whole request body (or a spread of it) is written.
    pub writes_whole_input: bool,
    /// Names of request fields written that decide privilege (`role`, `isAdmin`, `status`).
    pub privilege_fields: Vec<String>,
    /// It runs with a key that bypasses the database's own policies (service role, admin SDK).
    pub bypasses_policies: bool,
    /// It runs with the database's public key or the caller's own token, so that the database's policies decide what is
    /// reached, as they do for a browser that asks directly.
    pub governed_by_policies: bool,
    /// Opening an address is enough: nothing before it tests the request's method or looks into its body, and nothing of its
    /// body is used.
    pub by_link: bool,
    /// Where.
    pub span: Span,
    /// Where the handler itself calls what leads there, when that stands in another function.
    pub called_at: Option<Span>,
}

impl Effect {
    /// An effect of which nothing more is known than what it does, to what, and where.
    pub fn new(kind: EffectKind, target: impl Into<String>, span: Span) -> Self {
        Effect {
            kind,
            target: target.into(),
            fields: Vec::new(),
            class: DataClass::Demo,
            guards: Vec::new(),
            ahead: false,
            picked_by_input: false,
            picked_by: Vec::new(),
            beyond_guards: false,
            picked_by_number: false,
            limited_to_caller: false,
            limited_to_tenant: false,
            caller_replaced: false,
            writes_whole_input: false,
            privilege_fields: Vec::new(),
            bypasses_policies: false,
            governed_by_policies: false,
            by_link: false,
            span,
            called_at: None,
        }
    }

    /// Whether it leaves something that others may be shown later.
    pub fn leaves_something(&self) -> bool {
        matches!(
            self.kind,
            EffectKind::Create
                | EffectKind::CreateAccount
                | EffectKind::Update
                | EffectKind::WriteFile
                | EffectKind::WriteMemory
                | EffectKind::Query
        )
    }
}

/// Something that answers a request.
#[derive(Clone, Debug)]
pub struct EntryPoint {
    /// What kind.
    pub kind: EntryKind,
    /// HTTP methods in capitals; empty when any.
    pub methods: Vec<String>,
    /// Path as a client would call it, parameters as `:name`; for an action its function name.
    pub path: String,
    /// `Express`, `Next.js` …
    pub framework: String,
    /// Handler's name, where it has one.
    pub name: Option<String>,
    /// Where the route is declared.
    pub span: Span,
    /// Where the handler's head stands; equal to `span` for inline handlers.
    pub handler: Span,
    /// Guards that apply to the whole handler, in the order they run; guards inside it that dominate only some effects are
    /// in the list too and are named by [`Effect::guards`].
    pub guards: Vec<Guard>,
    /// How many of `guards`, from the front, apply to the whole handler.
    pub whole: usize,
    /// What it is for.
    pub purposes: BTreeSet<Purpose>,
    /// What it does.
    pub effects: Vec<Effect>,
    /// Names of request fields read: `body.email`, `query.id`, `param.id`, `file`.
    pub inputs: Vec<String>,
    /// Field names known to be in the answer.
    pub returns: Vec<String>,
    /// The handler could not be resolved or was cut off: its guards and effects are incomplete.
    pub opaque: bool,
    /// A constant answer: no effect, no data of the app.
    pub trivial: bool,
    /// Requests without credentials that it answered.
    pub seen_live: Vec<Exchange>,
    /// Requests without credentials that it refused.
    pub refused_live: Vec<Exchange>,
}

impl EntryPoint {
    /// Whether it must answer strangers to do its work: logging in and what belongs to it, health checks, what is meant
    /// for everybody.
    pub fn open_by_nature(&self) -> bool {
        [
            Purpose::Login,
            Purpose::Register,
            Purpose::Logout,
            Purpose::PasswordReset,
            Purpose::OneTimeCode,
            Purpose::Health,
            Purpose::PublicByDesign,
        ]
        .iter()
        .any(|purpose| self.purposes.contains(purpose))
    }

    /// Whether it lets in whoever has an address that was sent to one customer: no login, but the record is picked by a part
    /// of the address that is called a secret. A running number is none.
    pub fn opens_by_link(&self) -> bool {
        const SECRETS: [&str; 12] =
            ["token", "key", "secret", "hash", "code", "uuid", "guid", "slug", "share", "link", "signature", "invite"];
        let secret = |part: &str| {
            let name = part.trim_start_matches(':').to_ascii_lowercase();
            part.starts_with(':') && SECRETS.iter().any(|word| name.contains(word))
        };
        self.purposes.contains(&Purpose::PublicByDesign)
            && self.path.split('/').any(secret)
            && self.reach() == Reach::Anyone
    }

    /// Guards of a kind that hold for the whole handler.
    pub fn holding(&self, kind: GuardKind) -> impl Iterator<Item = &Guard> {
        self.guards[..self.whole.min(self.guards.len())].iter().filter(move |guard| guard.kind == kind && guard.holds())
    }

    /// Guards of a kind that hold at an effect: those of the whole handler and those that dominate it.
    pub fn holding_at(&self, effect: &Effect, kind: GuardKind) -> bool {
        self.holding(kind).next().is_some()
            || effect
                .guards
                .iter()
                .filter_map(|&index| self.guards.get(index))
                .any(|guard| guard.kind == kind && guard.holds())
    }

    /// Who can make an effect happen.
    pub fn reach_of(&self, effect: &Effect) -> Reach {
        if self.holding_at(effect, GuardKind::Role) {
            Reach::Role
        } else if self.holding_at(effect, GuardKind::Authentication) || self.holding_at(effect, GuardKind::Ownership) {
            Reach::SignedIn
        } else if self.holding_at(effect, GuardKind::Signature) {
            Reach::Machine
        } else {
            Reach::Anyone
        }
    }

    /// Who can call it at all.
    pub fn reach(&self) -> Reach {
        if self.holding(GuardKind::Role).next().is_some() {
            Reach::Role
        } else if self.holding(GuardKind::Authentication).next().is_some()
            || self.holding(GuardKind::Ownership).next().is_some()
        {
            Reach::SignedIn
        } else if self.holding(GuardKind::Signature).next().is_some() {
            Reach::Machine
        } else {
            Reach::Anyone
        }
    }

    /// Whether any method it answers changes state by HTTP's meaning (anything but GET, HEAD, OPTIONS).
    pub fn can_write(&self) -> bool {
        self.methods.is_empty()
            || self.methods.iter().any(|method| !matches!(method.as_str(), "GET" | "HEAD" | "OPTIONS"))
    }

    /// `POST /api/login`, or the name of an action.
    pub fn label(&self) -> String {
        match self.kind {
            EntryKind::ServerAction => format!("{}()", self.path),
            _ if self.methods.is_empty() => self.path.clone(),
            _ => format!("{} {}", self.methods.join("/"), self.path),
        }
    }
}
