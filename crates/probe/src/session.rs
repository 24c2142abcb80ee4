//! A run: the budget, the pace, the log, and when to stop.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use plimsoll_model::Exchange;
use sha2::{Digest, Sha256};

use crate::account::SignIn;
use crate::http::{self, HttpError, Identity, Request, Response};
use crate::log::{LogEntry, LogEvent, genesis, hex};
use crate::login::LoginProbe;
use crate::permit::Permit;

/// Most requests of a run, whatever the options say.
pub const MAX_REQUESTS: usize = 250;
/// Most requests of one check.
pub const MAX_PER_CHECK: usize = 60;
/// Most requests in a second.
pub const MAX_PER_SECOND: u32 = 20;
/// The same for hosts other than this computer.
pub(crate) const MAX_PER_SECOND_ELSEWHERE: u32 = 5;
/// Longest run.
pub const MAX_WALL: Duration = Duration::from_secs(600);
/// Longest exchange.
pub const MAX_EXCHANGE: Duration = Duration::from_secs(5);
/// Failures or server errors in a row that end a run.
pub const MAX_BAD_IN_A_ROW: usize = 5;

/// How much a run may do. Values above the limits of this module are lowered to them.
#[derive(Clone, Debug)]
pub struct Options {
    /// Requests of the run.
    pub max_requests: usize,
    /// Requests of one check.
    pub max_per_check: usize,
    /// Requests in a second.
    pub per_second: u32,
    /// How long the run may take.
    pub wall: Duration,
    /// How long one exchange may take.
    pub exchange: Duration,
    /// Id of the run, sent with every request; made up when `None`.
    pub run: Option<String>,
    /// The end of a log that this run goes on with: number of its next line, hash of its last one.
    pub follows: Option<(u64, String)>,
    /// Set to true from outside, it ends the run before the next request.
    pub stop: Option<Arc<AtomicBool>>,
    /// Wrong passwords against the login; not tried when `None`.
    pub login_probe: Option<LoginProbe>,
    /// Consent to sign in with test accounts, and to send a few wrong passwords to the login that is found.
    pub sign_in: Option<SignIn>,
    /// Consent to upload three files in which nothing runs.
    pub allow_upload: bool,
    /// The browser to open pages with; none leaves its checks out.
    pub browser: Option<std::path::PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            max_requests: MAX_REQUESTS,
            max_per_check: MAX_PER_CHECK,
            per_second: MAX_PER_SECOND,
            wall: Duration::from_secs(20),
            exchange: MAX_EXCHANGE,
            run: None,
            follows: None,
            stop: None,
            login_probe: None,
            sign_in: None,
            allow_upload: false,
            browser: None,
        }
    }
}

/// Why a run ended early.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StopReason {
    /// The budget of requests is used up.
    #[error("all {0} requests of the budget were used")]
    Requests(usize),
    /// Time is up.
    #[error("the time for probing was up")]
    Wall,
    /// The app seems to suffer.
    #[error("{MAX_BAD_IN_A_ROW} requests in a row failed or were answered with a server error")]
    Failing,
    /// The app became slow.
    #[error("the app became much slower than at the start")]
    Slow,
    /// The app asks for fewer requests.
    #[error("the app asked to wait (429 or 503)")]
    AskedToWait,
    /// The app says stop.
    #[error("the app answered X-Plimsoll-Stop")]
    AppSaysStop,
    /// The user says stop.
    #[error("stopped by the user")]
    UserSaysStop,
    /// What cannot be logged is not sent.
    #[error("the log could not be written: {0}")]
    Log(io::ErrorKind),
}

/// Why a request has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Missed {
    /// The run is over.
    Stopped(StopReason),
    /// The check used its share.
    CheckBudget,
    /// It was sent, but no answer could be read.
    Failed(HttpError),
    /// It could not be built.
    Unsendable,
}

/// Where log entries go. An error ends the run before the request is sent.
pub type LogSink<'l> = &'l mut dyn FnMut(&LogEntry) -> io::Result<()>;

pub(crate) struct Session<'l> {
    options: Options,
    identity: Identity,
    log: LogSink<'l>,
    prev: String,
    seq: u64,
    started: Instant,
    next: Option<Instant>,
    spacing: Duration,
    bad: usize,
    asked_to_wait: usize,
    latencies: Vec<u128>,
    per_check: BTreeMap<&'static str, usize>,
    pub(crate) sent: usize,
    pub(crate) failed: usize,
    pub(crate) stopped: Option<StopReason>,
    /// Called by the checks after each answer; see `Observed`.
    pub(crate) observed: crate::observe::Observed,
}

impl<'l> Session<'l> {
    pub(crate) fn new(options: &Options, log: LogSink<'l>) -> Self {
        let mut options = options.clone();
        options.max_requests = options.max_requests.min(MAX_REQUESTS);
        options.max_per_check = options.max_per_check.min(MAX_PER_CHECK);
        options.per_second = options.per_second.clamp(1, MAX_PER_SECOND);
        options.wall = options.wall.min(MAX_WALL);
        options.exchange = options.exchange.min(MAX_EXCHANGE);
        let run = match &options.run {
            Some(run) => run.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(40).collect(),
            None => made_up(),
        };
        let spacing = Duration::from_secs(1) / options.per_second;
        let (seq, prev) = options.follows.take().unwrap_or_else(|| (0, genesis()));
        Session {
            options,
            identity: Identity { run },
            log,
            prev,
            seq,
            started: Instant::now(),
            next: None,
            spacing,
            bad: 0,
            asked_to_wait: 0,
            latencies: Vec::new(),
            per_check: BTreeMap::new(),
            sent: 0,
            failed: 0,
            stopped: None,
            observed: crate::observe::Observed::default(),
        }
    }

    /// How much of the time for the run is left.
    pub(crate) fn left(&self) -> Duration {
        (self.started + self.options.wall).saturating_duration_since(Instant::now())
    }

    pub(crate) fn run(&self) -> &str {
        &self.identity.run
    }

    /// Sends one request of a check, if the budget allows.
    pub(crate) fn send(&mut self, check: &'static str, request: &Request<'_>) -> Result<Response, Missed> {
        if let Some(reason) = &self.stopped {
            return Err(Missed::Stopped(reason.clone()));
        }
        if self.options.stop.as_ref().is_some_and(|stop| stop.load(Ordering::Relaxed)) {
            return self.stop(StopReason::UserSaysStop);
        }
        if self.sent >= self.options.max_requests {
            return self.stop(StopReason::Requests(self.options.max_requests));
        }
        if self.per_check.get(check).copied().unwrap_or(0) >= self.options.max_per_check {
            return Err(Missed::CheckBudget);
        }
        let end = self.started + self.options.wall;
        if let Some(next) = self.next {
            if next >= end {
                return self.stop(StopReason::Wall);
            }
            std::thread::sleep(next.saturating_duration_since(Instant::now()));
        }
        let Some(left) = end.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) else {
            return self.stop(StopReason::Wall);
        };
        let mut entry = self.entry(check, request, LogEvent::Send);
        entry.headers = request.headers().iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        if let Err(kind) = self.write(entry) {
            return self.stop(StopReason::Log(kind));
        }
        self.sent += 1;
        *self.per_check.entry(check).or_insert(0) += 1;
        self.next = Some(Instant::now() + self.spacing);
        let began = Instant::now();
        let answer = http::exchange(request, &self.identity, self.options.exchange.min(left));
        let mut entry = self.entry(check, request, LogEvent::Answer);
        entry.ms = Some(u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX));
        match &answer {
            Ok(response) => {
                entry.status = Some(response.status);
                entry.bytes = Some(response.body.len() as u64);
                entry.body_sha256 = Some(hex(&Sha256::digest(&response.body)));
            }
            Err(error) => {
                entry.event = LogEvent::Failure;
                entry.error = Some(error.to_string());
            }
        }
        // The request is out already; a log that fails now stops the next one.
        if let Err(kind) = self.write(entry) {
            self.stopped = Some(StopReason::Log(kind));
        }
        match answer {
            Ok(response) => {
                self.after(request, &response);
                Ok(response)
            }
            Err(error) => {
                self.failed += 1;
                self.bad += 1;
                if self.bad >= MAX_BAD_IN_A_ROW {
                    self.stopped = Some(StopReason::Failing);
                }
                Err(Missed::Failed(error))
            }
        }
    }

    fn after(&mut self, request: &Request<'_>, response: &Response) {
        let exchange = exchange_of(request, Some(response.status));
        self.observed.see(request, &exchange, response);
        if response.header("x-plimsoll-stop").is_some_and(|value| value.trim() == "1") {
            self.stopped = Some(StopReason::AppSaysStop);
        }
        self.bad = if response.status >= 500 { self.bad + 1 } else { 0 };
        if self.bad >= MAX_BAD_IN_A_ROW {
            self.stopped = Some(StopReason::Failing);
        }
        // The login probe provokes 429 on purpose and ends by itself.
        if matches!(response.status, 429 | 503) && request.method() != "POST" {
            self.asked_to_wait += 1;
            self.spacing = (self.spacing * 2).min(Duration::from_secs(2));
            let wait = response.header("retry-after").and_then(|value| value.trim().parse::<u64>().ok()).unwrap_or(0);
            if wait > 2 || self.asked_to_wait >= 3 {
                self.stopped = Some(StopReason::AskedToWait);
            } else {
                self.next = Some(Instant::now() + self.spacing.max(Duration::from_secs(wait)));
            }
        } else {
            self.asked_to_wait = 0;
        }
        // What a page takes is what tells how the app feels. A login computes a slow hash on purpose, and one that slows
        // down under wrong passwords does what it should.
        if request.method() != "POST" {
            self.latencies.push(response.took.as_millis());
        }
        if self.latencies.len() >= 20 {
            let first = median(self.latencies.get(..10).unwrap_or_default());
            let last = median(self.latencies.get(self.latencies.len() - 10..).unwrap_or_default());
            if last > 300 && last > first.max(20) * 5 {
                self.stopped = Some(StopReason::Slow);
            }
        }
    }

    fn stop<T>(&mut self, reason: StopReason) -> Result<T, Missed> {
        self.stopped = Some(reason.clone());
        Err(Missed::Stopped(reason))
    }

    fn entry(&self, check: &str, request: &Request<'_>, event: LogEvent) -> LogEntry {
        let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        LogEntry {
            seq: self.seq,
            at: u64::try_from(at).unwrap_or(u64::MAX),
            run: self.identity.run.clone(),
            check: check.to_owned(),
            event,
            method: request.method().to_owned(),
            url: request.url(),
            account: request.account().map(str::to_owned),
            headers: Vec::new(),
            status: None,
            bytes: None,
            ms: None,
            body_sha256: None,
            error: None,
            prev: self.prev.clone(),
            hash: String::new(),
        }
    }

    fn write(&mut self, mut entry: LogEntry) -> Result<(), io::ErrorKind> {
        entry.seq = self.seq;
        entry.prev.clone_from(&self.prev);
        let entry = entry.sealed();
        (self.log)(&entry).map_err(|error| error.kind())?;
        self.seq += 1;
        self.prev = entry.hash;
        Ok(())
    }
}

pub(crate) fn exchange_of(request: &Request<'_>, status: Option<u16>) -> Exchange {
    Exchange { method: request.method().to_owned(), url: request.url(), status }
}

fn median(values: &[u128]) -> u128 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied().unwrap_or(0)
}

/// An id that another run does not have. It is a name, not a secret.
fn made_up() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    let digest = Sha256::digest(format!("{now} {}", std::process::id()).as_bytes());
    hex(digest.get(..8).unwrap_or_default())
}

/// The permit with its address fixed to the one that answered.
pub(crate) fn pinned(permit: &Permit, response: &Response) -> Permit {
    let mut permit = permit.clone();
    permit.pin(response.peer);
    permit
}
