//! Tables that a project's own service (Supabase, Firebase) gives to strangers.
//!
//! Browsers talk to such a service directly, with a key that is public by design: its policies are the only guard, and the
//! code shows them only as far as they were written down. So the service is asked what a stranger may read: one record of
//! each table that the code names, by `GET`, and of the answer only the names of its fields and a count are kept. Nothing is
//! written, ever. These are other people's computers, so the owner has to name the project by hand.

use std::net::SocketAddr;

use plimsoll_model::NotChecked;
use plimsoll_model::app::{App, Disagreement, Exposure, LiveCheck, LiveTable, LiveVerdict, Openness, Rls, StoreKind};
use serde_json::Value;

use crate::account::Credential;
use crate::http::{BodyEnd, Method, Request, Response};
use crate::permit::{Permit, ScopeError, own_port, scheme_of, shown};
use crate::proof::{ProofError, World};
use crate::session::{LogSink, MAX_PER_CHECK, MAX_PER_SECOND_ELSEWHERE, Missed, Options, Session, exchange_of};

/// The check's name in logs and reports.
pub const BACKEND: &str = "tables-for-strangers";

/// How such a service is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// PostgREST: `GET /rest/v1/TABLE?select=*&limit=1`.
    Supabase,
    /// `GET /v1/projects/PROJECT/databases/(default)/documents/COLLECTION?pageSize=1`.
    Firestore,
    /// `GET /.json?shallow=true`.
    Realtime,
}

/// A project of such a service.
#[derive(Clone, Debug)]
pub struct Backend {
    permit: Permit,
    kind: Kind,
    project: Option<String>,
}

/// Why a project is not asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BackendError {
    /// Not the address of one.
    #[error(
        "`{0}` is no project that can be asked; write it like https://PROJECT.supabase.co, \
         https://PROJECT.firebaseio.com, https://firestore.googleapis.com/v1/projects/PROJECT, or \
         http://127.0.0.1:54321 for one on this computer"
    )]
    NotAProject(String),
    /// A project that the app never names.
    #[error("no file of this app names the project `{0}`: it is not asked, since it could be somebody else's")]
    NotNamed(String),
    /// The address cannot be asked.
    #[error(transparent)]
    Scope(#[from] ScopeError),
    /// The name has no address, or one where nothing may be sent.
    #[error(transparent)]
    Host(#[from] ProofError),
}

impl Backend {
    /// Reads the address that the owner typed. A project that the app's own files do not name (`is_named`) is not even looked
    /// up: a slip of the hand must not reach a stranger's. The address of one that they name is kept; nothing is sent.
    ///
    /// # Errors
    /// When it is none of a service that is known, is not named, or leads to where nothing may be sent.
    pub fn parse(address: &str, is_named: &dyn Fn(&str) -> bool, world: &mut dyn World) -> Result<Self, BackendError> {
        let address = address.trim().trim_end_matches('/');
        let not_one = || BackendError::NotAProject(shown(address));
        if address.len() > 300 || !address.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(not_one());
        }
        let of_path = |path: &str| {
            let project = path.strip_prefix("/v1/projects/").filter(|project| is_word(project));
            project.map(str::to_owned)
        };
        if let Ok(permit) = Permit::loopback(address) {
            let project = of_path(permit.start());
            let kind = if project.is_some() { Kind::Firestore } else { Kind::Supabase };
            return Ok(Backend { permit, kind, project: None });
        }
        let (secure, rest) = scheme_of(address)?;
        let (host, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        let host = host.to_ascii_lowercase();
        let below = |domain: &str| {
            host.strip_suffix(domain).and_then(|name| name.strip_suffix('.')).filter(|name| is_word(name))
        };
        let (kind, project) = if host == "firestore.googleapis.com" {
            (Kind::Firestore, of_path(path).ok_or_else(not_one)?)
        } else if let Some(project) = below("supabase.co").filter(|_| path.is_empty()) {
            (Kind::Supabase, project.to_owned())
        } else if let Some(project) = below("firebaseio.com").filter(|_| path.is_empty()) {
            (Kind::Realtime, project.to_owned())
        } else {
            let region = host.strip_suffix(".firebasedatabase.app").and_then(|name| name.split_once('.'));
            let project = region.filter(|(project, region)| is_word(project) && is_word(region) && path.is_empty());
            (Kind::Realtime, project.ok_or_else(not_one)?.0.to_owned())
        };
        if !secure {
            return Err(not_one());
        }
        if !is_named(&project) {
            return Err(BackendError::NotNamed(project));
        }
        let unknown = || ProofError::Unknown(host.clone());
        let addresses = world.addresses(&host).map_err(|_| unknown())?;
        if let Some(why) = addresses.iter().find_map(|address| world.forbidden(*address)) {
            return Err(ProofError::Forbidden { host, why }.into());
        }
        let &first = addresses.first().ok_or_else(unknown)?;
        let start = if path.is_empty() { "/".to_owned() } else { path.to_owned() };
        let permit = Permit::pinned_to(true, host, SocketAddr::new(first, own_port(true)), start);
        Ok(Backend { permit, kind, project: Some(project) })
    }

    /// Its name in the app's files; `None` for one on this computer.
    pub fn project(&self) -> Option<&str> {
        self.project.as_deref()
    }

    /// Asks for one record of each table that browsers reach. `key` is the public key of the project, where it has one.
    pub fn ask(&self, key: Option<&Credential>, app: &App, options: &Options, log: LogSink<'_>) -> BackendFacts {
        let mut options = options.clone();
        if !self.permit.is_loopback() {
            options.per_second = options.per_second.min(MAX_PER_SECOND_ELSEWHERE);
        }
        let mut session = Session::new(&options, log);
        let mut facts = BackendFacts { origin: self.permit.origin(), ..BackendFacts::default() };
        let gap = |what: String, why: String| NotChecked { what, why, weighs: true };
        let tables = match self.kind {
            Kind::Realtime => vec!["all of the database".to_owned()],
            _ => tables_of(app),
        };
        if tables.is_empty() {
            facts
                .not_checked
                .push(gap(WHAT.to_owned(), "the code names no table that browsers reach directly".to_owned()));
        }
        if self.kind == Kind::Supabase && key.is_none() {
            let why = "the public key of the project stands nowhere in the app's files".to_owned();
            facts.not_checked.push(gap(WHAT.to_owned(), why));
            return facts;
        }
        if tables.len() > MAX_PER_CHECK {
            let why = format!("it has {} tables, and {MAX_PER_CHECK} are asked for", tables.len());
            facts.not_checked.push(gap(WHAT.to_owned(), why));
        }
        for table in tables.iter().take(MAX_PER_CHECK) {
            let Ok(request) = Request::new(&self.permit, Method::Get, &self.path(table)) else { continue };
            let mut request = request.at_most(256 * 1024).header("Accept", "application/json");
            if let Some(key) = key.filter(|_| self.kind == Kind::Supabase) {
                request = request.header("Prefer", "count=exact").secret_header("apikey", key.reveal());
                // Keys of the newer kind are no tokens.
                if key.reveal().starts_with("eyJ") {
                    request = request.secret_header("Authorization", format!("Bearer {}", key.reveal()));
                }
            }
            match session.send(BACKEND, &request) {
                Ok(response) => {
                    let exchange = exchange_of(&request, Some(response.status));
                    let (verdict, fields, rows) = self.judge(&response);
                    facts.tables.push(LiveTable { store: table.clone(), exchange, verdict, fields, rows });
                }
                Err(Missed::Stopped(reason)) => {
                    facts.not_checked.push(gap(WHAT.to_owned(), format!("it ended early: {reason}")));
                    break;
                }
                Err(missed) => facts.not_checked.push(gap(format!("{WHAT}: {table}"), crate::run::why(&missed))),
            }
        }
        let unclear: Vec<&str> = facts
            .tables
            .iter()
            .filter(|table| table.verdict == LiveVerdict::CouldNotTell)
            .map(|table| table.store.as_str())
            .collect();
        if !unclear.is_empty() {
            let why =
                "no record came and nothing was refused: it is empty, or a policy holds everything back".to_owned();
            facts.not_checked.push(NotChecked { weighs: false, ..gap(format!("{WHAT}: {}", unclear.join(", ")), why) });
        }
        facts.requests = session.sent;
        facts
    }

    fn path(&self, table: &str) -> String {
        match self.kind {
            Kind::Supabase => format!("/rest/v1/{table}?select=*&limit=1"),
            Kind::Firestore => {
                format!(
                    "{}/databases/(default)/documents/{table}?pageSize=1",
                    self.permit.start().trim_end_matches('/')
                )
            }
            Kind::Realtime => "/.json?shallow=true".to_owned(),
        }
    }

    /// Verdict, names of the fields of a record, count of records.
    fn judge(&self, response: &Response) -> (LiveVerdict, Vec<String>, Option<u64>) {
        if matches!(response.status, 401 | 403) {
            return (LiveVerdict::Passed, Vec::new(), None);
        }
        let unclear = (LiveVerdict::CouldNotTell, Vec::new(), None);
        if !matches!(response.status, 200 | 206) || response.end != BodyEnd::Complete {
            return unclear;
        }
        let Ok(value) = serde_json::from_slice::<Value>(&response.body) else { return unclear };
        let record = match self.kind {
            Kind::Supabase => value.get(0),
            Kind::Firestore => value.get("documents").and_then(|list| list.get(0)).and_then(|one| one.get("fields")),
            Kind::Realtime => Some(&value),
        };
        let Some(record) = record.and_then(Value::as_object).filter(|record| !record.is_empty()) else {
            return unclear;
        };
        // Of the real-time database the names are those of its lists, which may be people's: they are counted only.
        let fields = match self.kind {
            Kind::Realtime => Vec::new(),
            _ => record.keys().filter(|key| is_word(key)).take(MAX_FIELDS).cloned().collect(),
        };
        let counted = response.header("content-range").and_then(|range| range.rsplit_once('/')?.1.parse().ok());
        (LiveVerdict::Confirmed, fields, counted)
    }
}

/// Names of fields that are kept.
const MAX_FIELDS: usize = 60;

/// What could not be looked at, when it could not.
const WHAT: &str = "what the database gives to strangers";

/// A name that can stand in an address as it is.
fn is_word(name: &str) -> bool {
    (1..=80).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// Tables and collections that browsers reach directly, by name.
fn tables_of(app: &App) -> Vec<String> {
    let direct = app.stores.iter().filter(|store| {
        let kind = matches!(store.kind, StoreKind::Table | StoreKind::View | StoreKind::Collection);
        kind && store.exposure == Exposure::Direct && is_word(&store.name)
    });
    let mut names: Vec<String> = direct.map(|store| store.name.clone()).collect();
    names.sort();
    names.dedup();
    names
}

/// How the check ended, in one line.
fn check(tables: &[LiveTable]) -> LiveCheck {
    let of = |verdict: LiveVerdict| tables.iter().filter(move |table| table.verdict == verdict).count();
    let (given, refused) = (of(LiveVerdict::Confirmed), of(LiveVerdict::Passed));
    let verdict = match (given, refused) {
        (1.., _) => LiveVerdict::Confirmed,
        (0, 1..) if refused == tables.len() => LiveVerdict::Passed,
        _ => LiveVerdict::CouldNotTell,
    };
    let note = format!(
        "{} tables were asked for one record as a stranger would: {given} gave one, {refused} refused",
        tables.len()
    );
    LiveCheck { check: BACKEND.to_owned(), verdict, note }
}

/// What such a service answered.
#[derive(Clone, Debug, Default)]
pub struct BackendFacts {
    origin: String,
    /// Each table that was asked for.
    pub tables: Vec<LiveTable>,
    /// What could not be asked.
    pub not_checked: Vec<NotChecked>,
    /// Requests sent.
    pub requests: usize,
}

impl BackendFacts {
    /// Puts the facts into the model, and notes where the code says otherwise.
    pub fn join(mut self, app: &mut App) {
        for table in self.tables.iter().filter(|table| table.verdict == LiveVerdict::Passed) {
            let Some(store) = app.stores.iter().find(|store| store.name == table.store) else { continue };
            let open = store.policies.iter().any(|policy| policy.openness == Openness::Anyone);
            if store.rls == Rls::Off || open {
                app.live.disagreements.push(Disagreement {
                    about: format!("the table {}", store.name),
                    code: "by its last migration strangers may read it".to_owned(),
                    span: store.span,
                    live: "the database refused a stranger".to_owned(),
                    exchange: table.exchange.clone(),
                });
            }
        }
        app.looked_at.push(format!("the database at {}: {} requests", self.origin, self.requests));
        app.live.origin.get_or_insert(self.origin);
        app.live.requests += self.requests;
        app.live.checks.push(check(&self.tables));
        app.live.tables.append(&mut self.tables);
        app.not_checked.append(&mut self.not_checked);
    }
}
