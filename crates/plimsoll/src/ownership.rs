//! Whose host is it? Loopback is this computer's; any other host has to show a token first.
//!
//! Tokens lie in the user's own state folder, never in the app's: the app is hostile input and could bring one along.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use plimsoll_probe::{
    Foreign, Permit, ProofError, ScopeError, System, TOKEN_LENGTH, TXT_PREFIX, TXT_VALUE, WELL_KNOWN, World,
};
use serde_json::{Value, json};

use crate::owner;

/// Days after which a token that was not used is forgotten.
const MAX_UNUSED_DAYS: i64 = 7;
/// Tokens that are kept.
const MAX_TOKENS: usize = 200;

/// Permission to probe an address, asked anew at every start.
pub(crate) fn permit(url: &str, subject: &Path) -> Result<Permit, String> {
    permit_in(url, subject, state_file().as_deref(), &mut System)
}

fn permit_in(url: &str, subject: &Path, state: Option<&Path>, world: &mut dyn World) -> Result<Permit, String> {
    let not_here = match Permit::loopback(url) {
        Ok(permit) => return Ok(permit),
        Err(error @ ScopeError::NotLoopback { .. }) => error,
        Err(error) => return Err(error.to_string()),
    };
    let foreign = match Foreign::parse(url) {
        Ok(foreign) => foreign,
        Err(error @ ProofError::Shared(_)) => return Err(error.to_string()),
        // What is wrong with it as an address of this computer says more than what is wrong with it as a name.
        Err(_) => return Err(not_here.to_string()),
    };
    let state = state.ok_or("there is no folder to look for tokens in: HOME is not set")?;
    let Some(token) = Tokens::read(state).find(&foreign, subject) else { return Err(not_here.to_string()) };
    let permit = foreign.prove(&token, world).map_err(|error| error.to_string())?;
    let mut tokens = Tokens::read(state);
    tokens.used(&token);
    tokens.write(state)?;
    Ok(permit)
}

/// Makes a token for a host, or finds the one that was made, and says what to do with it.
pub(crate) fn prove(url: &str, subject: &Path) -> Result<String, String> {
    let state = state_file().ok_or("there is no folder to keep the token in: HOME is not set")?;
    prove_in(url, subject, &state)
}

fn prove_in(url: &str, subject: &Path, state: &Path) -> Result<String, String> {
    if Permit::loopback(url).is_ok() {
        return Err("an app on this computer needs no proof".to_owned());
    }
    let foreign = Foreign::parse(url).map_err(|error| error.to_string())?;
    let mut tokens = Tokens::read(state);
    let token = match tokens.find(&foreign, subject) {
        Some(token) => token,
        None => {
            let token = random()?;
            tokens.add(&foreign, subject, &token);
            tokens.write(state)?;
            token
        }
    };
    let (scheme, host) = (if foreign.secure { "https" } else { "http" }, &foreign.host);
    Ok(format!(
        "To show that {host} is yours, do one of these:\n\n  - add a TXT record at {TXT_PREFIX}{host} with the value\n    \
         {TXT_VALUE}{token}\n  - serve, as text/plain and with nothing else in it, at {scheme}://{host}{WELL_KNOWN}\n    {token}\n\n\
         Then run `plimsoll check --url {url}` from the same folder. It looks for the token at every start; a token that is \
         not used for {MAX_UNUSED_DAYS} days is forgotten. Nothing was sent.\n"
    ))
}

/// `$XDG_STATE_HOME/plimsoll/ownership.json`.
fn state_file() -> Option<PathBuf> {
    let folder = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = folder.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".local/state")))?;
    Some(folder.join("plimsoll").join("ownership.json"))
}

/// 128 bit that nobody can guess.
fn random() -> Result<String, String> {
    let mut bytes = [0u8; TOKEN_LENGTH / 2];
    std::fs::File::open("/dev/urandom")
        .and_then(|mut file| file.read_exact(&mut bytes))
        .map_err(|error| format!("no random number could be had: {error}"))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Tokens that were made: each for one host, port and folder.
struct Tokens(Vec<Value>);

impl Tokens {
    fn read(state: &Path) -> Self {
        let text = std::fs::read_to_string(state).unwrap_or_default();
        let list: Vec<Value> = serde_json::from_str(&text).unwrap_or_default();
        let today = owner::today().to_string();
        let fresh = |entry: &Value| {
            let used = entry["used"].as_str().and_then(plimsoll_model::Day::parse);
            used.is_some_and(|day| owner::today().since(day) <= MAX_UNUSED_DAYS && day.to_string() <= today)
        };
        Tokens(list.into_iter().filter(fresh).collect())
    }

    fn find(&self, foreign: &Foreign, subject: &Path) -> Option<String> {
        let folder = folder_of(subject);
        let found = self.0.iter().find(|entry| {
            entry["host"] == foreign.host.as_str()
                && entry["port"] == foreign.port
                && entry["folder"] == folder.as_str()
        });
        found?["token"].as_str().map(str::to_owned)
    }

    fn add(&mut self, foreign: &Foreign, subject: &Path, token: &str) {
        let today = owner::today().to_string();
        self.0.push(json!({
            "host": foreign.host, "port": foreign.port, "folder": folder_of(subject), "token": token, "used": today,
        }));
        let over = self.0.len().saturating_sub(MAX_TOKENS);
        self.0.drain(..over);
    }

    fn used(&mut self, token: &str) {
        for entry in self.0.iter_mut().filter(|entry| entry["token"] == token) {
            entry["used"] = owner::today().to_string().into();
        }
    }

    fn write(&self, state: &Path) -> Result<(), String> {
        let failed = |error: std::io::Error| format!("`{}` cannot be written: {error}", state.display());
        if let Some(folder) = state.parent() {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        let mut file = std::fs::File::create(state).map_err(failed)?;
        file.write_all(Value::from(self.0.clone()).to_string().as_bytes()).map_err(failed)
    }
}

fn folder_of(subject: &Path) -> String {
    std::fs::canonicalize(subject).unwrap_or_else(|_| subject.to_owned()).to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{IpAddr, Ipv4Addr, TcpListener};

    use super::*;

    /// A world in which every name is this computer, and which keeps count.
    struct Double {
        texts: Vec<String>,
        lookups: usize,
        allowed: bool,
    }

    impl World for Double {
        fn addresses(&mut self, _: &str) -> std::io::Result<Vec<IpAddr>> {
            self.lookups += 1;
            Ok(vec![Ipv4Addr::LOCALHOST.into()])
        }

        fn texts(&mut self, _: &str) -> std::io::Result<Vec<String>> {
            self.lookups += 1;
            Ok(self.texts.clone())
        }

        fn forbidden(&self, address: IpAddr) -> Option<&'static str> {
            if self.allowed { None } else { plimsoll_probe::forbidden(address) }
        }
    }

    fn world(texts: &[&str]) -> Double {
        Double { texts: texts.iter().map(|text| (*text).to_owned()).collect(), lookups: 0, allowed: true }
    }

    /// Answers one request after the other with the same answer, and counts them.
    fn server(answer: String) -> (u16, std::sync::Arc<std::sync::Mutex<Vec<String>>>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let seen = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
        let log = std::sync::Arc::clone(&seen);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                let mut head = [0u8; 2_048];
                let count = stream.read(&mut head).unwrap_or(0);
                let text = String::from_utf8_lossy(head.get(..count).unwrap_or_default()).into_owned();
                log.lock().expect("log").push(text);
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        (port, seen)
    }

    fn token_in(text: &str) -> String {
        text.split_once(TXT_VALUE).expect("a token").1.chars().take(TOKEN_LENGTH).collect()
    }

    #[test]
    fn a_host_is_probed_only_when_it_shows_the_token() {
        let folder = tempfile::tempdir().expect("a folder");
        let state = folder.path().join("state/ownership.json");
        let (port, seen) =
            server("HTTP/1.1 200 X\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello".to_owned());
        let url = format!("http://shop.example:{port}/");
        let ask = |world: &mut Double| permit_in(&url, folder.path(), Some(&state), world);
        // Before a token was made nothing is looked up and nothing sent.
        let mut empty = world(&[]);
        assert!(ask(&mut empty).is_err_and(|error| error.contains("--prove")));
        assert_eq!(empty.lookups, 0);
        let text = prove_in(&url, folder.path(), &state).expect("instructions");
        let token = token_in(&text);
        assert_eq!(token.len(), TOKEN_LENGTH);
        assert_eq!(prove_in(&url, folder.path(), &state).as_deref(), Ok(text.as_str()), "the same token");
        // Another body than the token proves nothing, and nothing but that address was asked.
        assert!(ask(&mut world(&[])).is_err_and(|error| error.contains("does not show")));
        assert!(ask(&mut world(&["plimsoll-verify=0"])).is_err());
        let asked = seen.lock().expect("log").clone();
        assert!(asked.iter().all(|head| head.starts_with(&format!("GET {WELL_KNOWN} "))), "{asked:?}");
        // The record proves it; the permit is for the one address that was looked up.
        let record = format!("{TXT_VALUE}{token}");
        let permit = ask(&mut world(&[&record])).expect("proven");
        assert_eq!(permit.addresses().len(), 1);
        assert_eq!(permit.origin(), format!("http://shop.example:{port}"));
        // A name that leads to this computer or to a secret place is refused whatever it shows.
        let mut inside = Double { allowed: false, ..world(&[&record]) };
        assert!(ask(&mut inside).is_err_and(|error| error.contains("leads to")));
        // Another folder has no token.
        let other = tempfile::tempdir().expect("a folder");
        assert!(permit_in(&url, other.path(), Some(&state), &mut world(&[&record])).is_err());
    }

    #[test]
    fn only_the_token_as_plain_text_counts() {
        let folder = tempfile::tempdir().expect("a folder");
        let state = folder.path().join("ownership.json");
        type Answer = fn(&str) -> String;
        let answers: [(&str, &str, Answer); 5] = [
            ("200", "text/plain; charset=utf-8", |token| format!("{token}\n")),
            ("200", "text/html", |token| token.to_owned()),
            ("200", "text/plain", |token| format!("you asked for {token}")),
            ("404", "text/plain", |token| token.to_owned()),
            ("302", "text/plain", |token| token.to_owned()),
        ];
        for (number, (status, kind, body)) in answers.iter().enumerate() {
            let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
            let port = listener.local_addr().expect("an address").port();
            let url = format!("http://shop{number}.example:{port}/");
            let token = token_in(&prove_in(&url, folder.path(), &state).expect("instructions"));
            let body = body(&token);
            let answer =
                format!("HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
            let thread = std::thread::spawn(move || {
                let (mut stream, _) = listener.accept().expect("a request");
                let mut head = [0u8; 2_048];
                let _ = stream.read(&mut head);
                let _ = stream.write_all(answer.as_bytes());
            });
            let proven = permit_in(&url, folder.path(), Some(&state), &mut world(&[]));
            assert_eq!(proven.is_ok(), number == 0, "{status} {kind}: {proven:?}");
            thread.join().expect("served");
        }
    }
}
