//! Wrong passwords in a row: does anything limit them? Only with consent, only against an account that nobody uses.

use std::time::Duration;

use plimsoll_model::app::{LiveLogin, LiveVerdict};

use crate::account::{LoginWay, TestAccount};
use crate::http::{HttpError, Response};
use crate::permit::Permit;
use crate::plan::LOGIN;
use crate::session::{Missed, Session, exchange_of};

/// Most attempts of a run, those included that look whether a limit can be got around.
pub const MAX_ATTEMPTS: usize = 15;
/// Attempts kept for looking whether a limit can be got around, and for a known account.
const KEPT: usize = 3;

/// How the login takes its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginBody {
    /// As JSON.
    Json,
    /// As a form.
    Form,
}

/// Consent to send wrong passwords to the login, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginProbe {
    /// Path of the login.
    pub path: String,
    /// The entry point, by position in the model.
    pub entry: Option<usize>,
    /// How it takes its input.
    pub body: LoginBody,
    /// Name of the field for the user.
    pub user_field: String,
    /// Name of the field for the password.
    pub password_field: String,
    /// The account that is tried: one that belongs to nobody, so that no real person is locked out.
    pub account: String,
    /// Attempts; at most [`MAX_ATTEMPTS`].
    pub tries: usize,
}

/// Nobody's account.
const NOBODY: &str = "plimsoll-canary@plimsoll-probe.example";

impl LoginProbe {
    /// Twelve wrong passwords for an account that does not exist, as JSON with `email` and `password`.
    pub fn new(path: impl Into<String>) -> Self {
        LoginProbe {
            path: path.into(),
            entry: None,
            body: LoginBody::Json,
            user_field: "email".to_owned(),
            password_field: "password".to_owned(),
            account: NOBODY.to_owned(),
            tries: 12,
        }
    }

    pub(crate) fn attempts(&self) -> usize {
        self.tries.min(MAX_ATTEMPTS - KEPT)
    }

    fn way(&self) -> LoginWay {
        LoginWay {
            path: self.path.clone(),
            entry: self.entry,
            body: self.body,
            user_field: self.user_field.clone(),
            password_field: self.password_field.clone(),
            page: None,
        }
    }
}

struct Attempt {
    status: u16,
    text: String,
    took: Duration,
}

/// Sends the wrong passwords that the owner asked for.
pub(crate) fn probe(session: &mut Session<'_>, permit: &Permit, asked: &LoginProbe) -> (Option<LiveLogin>, String) {
    try_passwords(session, permit, &asked.way(), &asked.account, asked.attempts(), None, false)
}

/// Sends wrong passwords for nobody's account, and one for a known one, to a login that was found. `works` says that an
/// account was signed in there.
pub(crate) fn probe_way(
    session: &mut Session<'_>,
    permit: &Permit,
    way: &LoginWay,
    known: Option<&TestAccount>,
    works: bool,
) -> (Option<LiveLogin>, String) {
    try_passwords(session, permit, way, NOBODY, MAX_ATTEMPTS - KEPT, known, works)
}

/// Sends wrong passwords until something limits them, and looks whether the limit holds.
fn try_passwords(
    session: &mut Session<'_>,
    permit: &Permit,
    way: &LoginWay,
    account: &str,
    tries: usize,
    known: Option<&TestAccount>,
    works: bool,
) -> (Option<LiveLogin>, String) {
    let door = match way.approach(session, permit, LOGIN) {
        Ok(door) => door,
        Err(why) => return (None, why),
    };
    let unsendable = || (None, "the login's address cannot be requested".to_owned());
    // Before anything is limited: is somebody who exists answered differently?
    let to_known = known.and_then(|known| {
        let request = way.request(permit, &door, known.user.reveal(), "plimsoll-wrong-0")?;
        let response = session.send(LOGIN, &request).ok()?;
        Some((response.status, plain(&response.text().to_ascii_lowercase(), known.user.reveal())))
    });
    let mut attempts: Vec<Attempt> = Vec::new();
    let mut exchange = None;
    let mut limited: Option<(usize, String)> = None;
    for number in 1..=tries {
        if number > 1 {
            std::thread::sleep(Duration::from_millis(100));
        }
        // Always with what a first visitor holds: a guesser throws away whatever counts against him.
        let Some(request) = way.request(permit, &door, account, &format!("plimsoll-wrong-{number}")) else {
            return unsendable();
        };
        match session.send(LOGIN, &request) {
            Ok(response) => {
                exchange.get_or_insert_with(|| exchange_of(&request, Some(response.status)));
                let attempt = attempt_of(&response);
                let sign = sign_of_limit(&response, &attempt.text, attempts.first());
                attempts.push(attempt);
                if let Some(sign) = sign {
                    limited = Some((number, sign));
                    break;
                }
            }
            Err(Missed::Failed(HttpError::Refused)) if number > 1 => {
                limited = Some((number, "the connection was refused".to_owned()));
                break;
            }
            Err(missed) => return (None, format!("after {} attempts: {}", attempts.len(), crate::run::why(&missed))),
        }
    }
    let Some(exchange) = exchange else { return (None, "nothing was sent".to_owned()) };
    let bypassed = match (&limited, attempts.first()) {
        (Some((number, _)), Some(first)) => {
            let spent = number + usize::from(to_known.is_some());
            get_around(session, permit, way, account, first, MAX_ATTEMPTS.saturating_sub(spent).min(KEPT))
        }
        _ => None,
    };
    if limited.is_none() && slows_down(&attempts) {
        limited = Some((attempts.len(), "the answers came slower and slower".to_owned()));
    }
    let enumerates = match (&to_known, attempts.first()) {
        // Something that is broken tells nothing.
        (Some((status, text)), Some(first)) if *status < 500 && first.status < 500 => {
            *status != first.status || *text != plain(&first.text, account)
        }
        _ => false,
    };
    let alike =
        attempts.windows(2).all(|pair| matches!(pair, [a, b] if a.status == b.status && same(&a.text, &b.text)));
    let (verdict, mut note) = match (&limited, &bypassed, attempts.first()) {
        (Some((number, sign)), Some(how), _) => {
            (LiveVerdict::Confirmed, format!("limited from attempt {number} on ({sign}), but {how}"))
        }
        (Some((number, sign)), None, _) => (
            LiveVerdict::Passed,
            format!("limited from attempt {number} on: {sign}; another X-Forwarded-For and a new visit did not help"),
        ),
        // That the right password opens this login, by the same request, makes the wrong ones' answer a refusal.
        (None, _, Some(first)) if alike && (first.status == 401 || (works && first.status < 500)) => (
            LiveVerdict::Confirmed,
            format!(
                "{} wrong passwords in a row were all answered alike; a limit above that is not excluded",
                attempts.len()
            ),
        ),
        // A login page that comes back with 200 or by redirect: probably refused passwords, but nothing says so.
        (None, _, Some(first)) if alike && matches!(first.status, 200 | 302 | 303) => (
            LiveVerdict::Likely,
            format!("{} wrong passwords in a row were all answered alike with {}", attempts.len(), first.status),
        ),
        (None, _, Some(first)) => {
            (LiveVerdict::CouldNotTell, format!("the answers ({} …) do not look like refused passwords", first.status))
        }
        (None, _, None) => (LiveVerdict::CouldNotTell, "no answer".to_owned()),
    };
    if enumerates {
        note.push_str("; a known account is answered differently from an unknown one");
    }
    let live =
        LiveLogin { exchange, entry: way.entry, attempts: attempts.len(), limited, bypassed, enumerates, verdict };
    (Some(live), note)
}

/// Whether the limit that was just met is still met by a new visitor, and from other claimed addresses. Says how not.
///
/// One free attempt proves nothing: an app may count by address and by account, and the account's count may not be full yet.
/// Only when as many as are left are all answered as the first one was, the limit is got around.
fn get_around(
    session: &mut Session<'_>,
    permit: &Permit,
    way: &LoginWay,
    account: &str,
    first: &Attempt,
    most: usize,
) -> Option<String> {
    let mut left = most;
    let mut all_free = |spoofed: bool, times: usize| {
        for number in 1..=times {
            if left == 0 || !again(session, permit, way, account, first, spoofed.then_some(number)) {
                left = left.saturating_sub(1);
                return false;
            }
            left -= 1;
        }
        times > 0
    };
    // A form's page gives new cookies to whoever comes without any.
    if way.page.is_some() && all_free(false, most.min(2)) {
        return Some("a visitor who throws his cookies away is not limited".to_owned());
    }
    let times = if way.page.is_some() { most.saturating_sub(1) } else { most };
    all_free(true, times)
        .then(|| "it counts anew when X-Forwarded-For names another address, which anyone can write".to_owned())
}

/// Whether one more attempt, as a new visitor and perhaps from another claimed address, is answered as the first one was.
fn again(
    session: &mut Session<'_>,
    permit: &Permit,
    way: &LoginWay,
    account: &str,
    first: &Attempt,
    spoofed: Option<usize>,
) -> bool {
    let Ok(door) = way.approach(session, permit, LOGIN) else { return false };
    let Some(request) = way.request(permit, &door, account, "plimsoll-wrong-again") else { return false };
    // Addresses from the block for documentation, in the header that proxies write and visitors can invent.
    let request = match spoofed {
        Some(number) => request.header("X-Forwarded-For", format!("203.0.113.{}", 76 + number)),
        None => request,
    };
    let Ok(response) = session.send(LOGIN, &request) else { return false };
    let attempt = attempt_of(&response);
    let limited = sign_of_limit(&response, &attempt.text, Some(first)).is_some();
    !limited && response.status == first.status
}

fn attempt_of(response: &Response) -> Attempt {
    Attempt { status: response.status, text: response.text().to_ascii_lowercase(), took: response.took }
}

/// The words of an answer without what changes from one to the next, and without the account's own name.
fn plain(text: &str, account: &str) -> Vec<String> {
    let text = text.replace(&account.to_ascii_lowercase(), " ");
    text.split_whitespace()
        .map(|word| word.chars().filter(|c| !c.is_ascii_digit()).collect::<String>())
        .filter(|word| word.len() < 24)
        .collect()
}

fn sign_of_limit(response: &Response, text: &str, first: Option<&Attempt>) -> Option<String> {
    if response.status == 429 {
        return Some("status 429".to_owned());
    }
    if response.header("retry-after").is_some() {
        return Some("a Retry-After header".to_owned());
    }
    let zero = |name: &str| response.header(name).is_some_and(|value| value.trim() == "0");
    let remaining = response.header("ratelimit").is_some_and(|value| {
        let value = value.replace(' ', "");
        value.split([',', ';']).any(|part| part == "remaining=0" || part == "r=0")
    });
    if remaining || zero("ratelimit-remaining") || zero("x-ratelimit-remaining") {
        return Some("a rate-limit header that reached 0".to_owned());
    }
    let first = first?;
    for word in ["too many", "locked", "captcha", "try again later", "temporarily blocked"] {
        if text.contains(word) && !first.text.contains(word) {
            return Some(format!("the answer says `{word}`"));
        }
    }
    (response.status != first.status && response.status < 500)
        .then(|| format!("the status changed to {}", response.status))
}

/// Same answer apart from digits (counters, times) and long random values.
fn same(a: &str, b: &str) -> bool {
    a == b || plain(a, "\u{0}") == plain(b, "\u{0}")
}

fn slows_down(attempts: &[Attempt]) -> bool {
    if attempts.len() < 8 {
        return false;
    }
    let median = |part: &[Attempt]| {
        let mut times: Vec<Duration> = part.iter().map(|attempt| attempt.took).collect();
        times.sort_unstable();
        times.get(times.len() / 2).copied().unwrap_or_default()
    };
    let first = median(attempts.get(..4).unwrap_or_default());
    let last = median(attempts.get(attempts.len() - 4..).unwrap_or_default());
    last > first * 3 && last > Duration::from_millis(200)
}
