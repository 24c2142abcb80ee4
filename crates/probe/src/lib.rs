//! The live witness: safe requests to a running app on this computer.
//!
//! What holds, whatever the app answers:
//!
//! 1. Without a [`Permit`] no request can be built (`Request::new`), and a permit exists only for loopback addresses,
//!    for hosts that show a token ([`Foreign::prove`]), and for the project of a service that the owner types by hand and the
//!    app itself names ([`Backend`]). No redirect is followed, and the address that answered first is kept for the run.
//! 2. GET and OPTIONS only; POST only to the login and only with [`SignIn`] or [`LoginProbe`],
//!    and of three files in which nothing runs, only with [`Options::allow_upload`]. Paths whose words say that asking
//!    could change something are left out and listed.
//! 3. Every request passes one gate (`Session::send`): budget, pace, time, stop conditions, and a log entry *before* it is
//!    sent.
//! 4. Answers are hostile input: heads, bodies, chunks and time are bounded; a malformed one is a [`HttpError`].
//! 5. The browser has no network: what its pages ask for goes through the same gate.
//! 6. Bodies stay in memory, passwords and sessions too. What leaves is status, headers, field names and counts; scripts are handed on as texts, because
//!    they are public files of the app.

mod access;
mod account;
mod answer;
mod backend;
mod html;
mod http;
mod input;
mod join;
mod launch;
mod log;
mod login;
mod observe;
mod permit;
mod plan;
mod policy;
mod proof;
mod run;
mod session;
mod signature;
mod soft404;
mod tls;
#[doc(hidden)]
pub mod untrusted;
mod upload;
mod walk;

pub use account::{Credential, KnownLogin, SignIn, TestAccount};
pub use backend::{BACKEND, Backend, BackendError, BackendFacts};
pub use http::{HttpError, MAX_BODY, MAX_HEAD, MAX_HEADERS};
pub use input::{KeptValue, KnownUpload, ProbeEntry, ProbeInput, ProjectFile};
pub use launch::{LaunchError, Launched, MAX_COPY, MAX_START, usual_command};
pub use log::{LogEntry, LogError, LogEvent, replay};
pub use login::{LoginBody, LoginProbe, MAX_ATTEMPTS};
pub use permit::{Permit, ScopeError};
pub use plan::{Plan, PlannedLater, PlannedRequest, SkippedPath, plan};
pub use plimsoll_browser::find as find_browser;
pub use proof::{Foreign, ProofError, System, TOKEN_LENGTH, TXT_PREFIX, TXT_VALUE, WELL_KNOWN, World, forbidden};
pub use run::{LiveFacts, ProbeError, run, run_with};
pub use session::{
    LogSink, MAX_BAD_IN_A_ROW, MAX_EXCHANGE, MAX_PER_CHECK, MAX_PER_SECOND, MAX_REQUESTS, MAX_WALL, Options, StopReason,
};
