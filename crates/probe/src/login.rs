//! Wrong passwords in a row: does anything limit them? Only with consent, only against an account that nobody uses.

use std::time::Duration;

use plimsoll_model::app::{LiveLogin, LiveVerdict};

use crate::http::{HttpError, Request};
use crate::permit::Permit;
use crate::plan::LOGIN;
use crate::session::{Missed, Session, exchange_of};

/// Most attempts of a run.
pub const MAX_ATTEMPTS: usize = 15;

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

impl LoginProbe {
    /// Twelve wrong passwords for an account that does not exist, as JSON with `email` and `password`.
    pub fn new(path: impl Into<String>) -> Self {
        LoginProbe {
            path: path.into(),
            entry: None,
            body: LoginBody::Json,
            user_field: "email".to_owned(),
            password_field: "password".to_owned(),
            account: "plimsoll-canary@plimsoll-probe.example".to_owned(),
            tries: 12,
        }
    }

    pub(crate) fn attempts(&self) -> usize {
        self.tries.min(MAX_ATTEMPTS)
    }

    fn request<'p>(&self, permit: &'p Permit, number: usize) -> Option<Request<'p>> {
        let password = format!("plimsoll-wrong-{number}");
        let (kind, body) = match self.body {
            LoginBody::Json => {
                let mut fields = serde_json::Map::new();
                fields.insert(self.user_field.clone(), self.account.clone().into());
                fields.insert(self.password_field.clone(), password.into());
                ("application/json", serde_json::Value::Object(fields).to_string())
            }
            LoginBody::Form => (
                "application/x-www-form-urlencoded",
                format!(
                    "{}={}&{}={}",
                    encoded(&self.user_field),
                    encoded(&self.account),
                    encoded(&self.password_field),
                    encoded(&password)
                ),
            ),
        };
        Request::login(permit, &self.path, kind, body.into_bytes()).ok()
    }
}

fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect()
}

struct Attempt {
    status: u16,
    text: String,
    took: Duration,
}

/// Sends the wrong passwords until something limits them.
pub(crate) fn probe(session: &mut Session<'_>, permit: &Permit, probe: &LoginProbe) -> (Option<LiveLogin>, String) {
    let mut attempts: Vec<Attempt> = Vec::new();
    let mut exchange = None;
    let mut limited = None;
    for number in 1..=probe.attempts() {
        if number > 1 {
            std::thread::sleep(Duration::from_millis(100));
        }
        let Some(request) = probe.request(permit, number) else {
            return (None, "the login's address cannot be requested".to_owned());
        };
        match session.send(LOGIN, &request) {
            Ok(response) => {
                exchange.get_or_insert_with(|| exchange_of(&request, Some(response.status)));
                let text = response.text().to_ascii_lowercase();
                let sign = sign_of_limit(&response, &text, attempts.first());
                attempts.push(Attempt { status: response.status, text, took: response.took });
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
    if limited.is_none() && slows_down(&attempts) {
        limited = Some((attempts.len(), "the answers came slower and slower".to_owned()));
    }
    let alike =
        attempts.windows(2).all(|pair| matches!(pair, [a, b] if a.status == b.status && same(&a.text, &b.text)));
    let (verdict, note) = match (&limited, attempts.first()) {
        (Some((number, sign)), _) => (LiveVerdict::Passed, format!("limited from attempt {number} on: {sign}")),
        (None, Some(first)) if alike && first.status == 401 => (
            LiveVerdict::Confirmed,
            format!(
                "{} wrong passwords in a row were all answered alike; a limit above that is not excluded",
                attempts.len()
            ),
        ),
        // A login page that comes back with 200 or by redirect: probably refused passwords, but nothing says so.
        (None, Some(first)) if alike && matches!(first.status, 200 | 302 | 303) => (
            LiveVerdict::Likely,
            format!("{} wrong passwords in a row were all answered alike with {}", attempts.len(), first.status),
        ),
        (None, Some(first)) => {
            (LiveVerdict::CouldNotTell, format!("the answers ({} …) do not look like refused passwords", first.status))
        }
        (None, None) => (LiveVerdict::CouldNotTell, "no answer".to_owned()),
    };
    let live = LiveLogin { exchange, entry: probe.entry, attempts: attempts.len(), limited, verdict };
    (Some(live), note)
}

fn sign_of_limit(response: &crate::http::Response, text: &str, first: Option<&Attempt>) -> Option<String> {
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
    let plain = |text: &str| -> Vec<String> {
        text.split_whitespace()
            .map(|word| word.chars().filter(|c| !c.is_ascii_digit()).collect::<String>())
            .filter(|word| word.len() < 24)
            .collect()
    };
    a == b || plain(a) == plain(b)
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
