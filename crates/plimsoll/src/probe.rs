//! `plimsoll probe`: the requests of a probe, before it sends them and after.

use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use plimsoll_config::{Config, FILE};
use plimsoll_probe::{Credential, LogEvent, Options, ProbeInput, SignIn, TestAccount};

use crate::owner;

/// The browser on this computer, unless it is not wanted.
pub(crate) fn browser(wanted: bool) -> Option<PathBuf> {
    plimsoll_probe::find_browser(&std::env::var_os("PATH").filter(|_| wanted)?)
}

/// The test accounts that the owner names, with what the environment holds for them; what it does not hold is asked for
/// where somebody sits at a terminal.
pub(crate) fn sign_in(config: &Config) -> Result<SignIn, String> {
    let somebody = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    let mut ask = ask;
    credentials(config, &|variable| std::env::var(variable).ok(), somebody.then_some(&mut ask))
}

/// Asks at the terminal. What is typed is shown only where it is no secret.
fn ask(question: &str, secret: bool) -> std::io::Result<String> {
    if secret {
        return rpassword::prompt_password(question);
    }
    let mut out = std::io::stderr();
    write!(out, "{question}").and_then(|()| out.flush())?;
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    Ok(line)
}

/// Asks a person a question; the answer is a secret where the second says so.
type Ask<'a> = &'a mut dyn FnMut(&str, bool) -> std::io::Result<String>;

fn credentials(
    config: &Config,
    environment: &dyn Fn(&str) -> Option<String>,
    mut somebody: Option<Ask<'_>>,
) -> Result<SignIn, String> {
    let mut read = |variable: &str, line: u32, question: &str, secret: bool| {
        if let Some(value) = environment(variable).filter(|value| !value.is_empty()) {
            return Ok(Credential::new(value));
        }
        let unset = format!("the environment variable `{variable}`, which {FILE}:{line} names, is not set");
        let Some(ask) = somebody.as_mut() else { return Err(unset) };
        let typed = ask(question, secret).map_err(|error| format!("{unset}, and nothing could be asked: {error}"))?;
        match typed.trim_end_matches(['\r', '\n']) {
            "" => Err(format!("{unset}, and nothing was typed")),
            typed => Ok(Credential::new(typed)),
        }
    };
    let mut accounts = Vec::new();
    for account in &config.accounts {
        let name = &account.name;
        accounts.push(TestAccount {
            label: name.clone(),
            user: read(&account.user_env, account.line, &format!("User name of the test account `{name}`: "), false)?,
            password: read(&account.password_env, account.line, "Its password (not shown, written nowhere): ", true)?,
            marker: account.marker.clone(),
        });
    }
    Ok(SignIn {
        accounts,
        path: config.login.path.clone(),
        user_field: config.login.user_field.clone(),
        password_field: config.login.password_field.clone(),
    })
}

/// Every request that a probe would send, without sending any.
pub(crate) fn dry_run(
    path: &Path,
    url: Option<&str>,
    signing_in: bool,
    uploading: bool,
    with_browser: bool,
) -> Result<String, String> {
    let subject = owner::read(path)?;
    let said = subject.config.url.as_ref().map(|said| said.value.as_str());
    let url = url.or(said).ok_or("which address? --url http://localhost:3000, or `url` under `[check]`")?;
    let app = plimsoll_witness::observe(&subject.tree);
    let input = ProbeInput::from_app(&app, &subject.tree);
    // Nobody signs in here, so no variable has to be set.
    let sign_in = signing_in.then(|| SignIn {
        accounts: subject
            .config
            .accounts
            .iter()
            .map(|account| TestAccount {
                label: account.name.clone(),
                user: Credential::new(""),
                password: Credential::new(""),
                marker: None,
            })
            .collect(),
        ..SignIn::default()
    });
    let browser = browser(with_browser);
    let options = Options { sign_in, browser, allow_upload: uploading, ..Options::default() };
    let plan = plimsoll_probe::plan(url, &input, &options).map_err(|error| error.to_string())?;
    let mut out = String::new();
    let _ = writeln!(
        out,
        "Nothing was sent. A probe of {} would send at most {} requests:\n",
        plan.origin, plan.max_requests
    );
    for request in &plan.requests {
        let headers: Vec<String> = request.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        let _ = writeln!(out, "{:<7} {}  [{}] {}", request.method, request.url, request.check, headers.join("; "));
    }
    let _ = writeln!(out, "\nWhat may follow from what is found:");
    for later in &plan.later {
        let _ = writeln!(out, "  at most {:>2} {} [{}]", later.at_most, later.what, later.check);
    }
    if !plan.skipped.is_empty() {
        let _ = writeln!(out, "\nNot asked for, because asking could change something:");
        for skipped in &plan.skipped {
            let _ = writeln!(out, "  {}: {}", skipped.path, skipped.why);
        }
    }
    Ok(out)
}

/// The traffic that a log holds, after its chain was checked.
pub(crate) fn replay(log: &Path) -> Result<String, String> {
    let text = std::fs::read_to_string(log).map_err(|error| format!("`{}` cannot be read: {error}", log.display()))?;
    let entries = plimsoll_probe::replay(text.lines()).map_err(|error| error.to_string())?;
    let mut out = String::new();
    let sent: Vec<_> = entries.iter().filter(|entry| entry.event == LogEvent::Send).collect();
    let began = entries.first().map_or(0, |entry| entry.at);
    for send in &sent {
        let end = entries.iter().find(|entry| entry.seq > send.seq && entry.event != LogEvent::Send);
        let answer = match end.map(|end| (end.status, end.bytes, end.error.as_deref())) {
            Some((Some(status), bytes, _)) => format!("{status}, {} bytes", bytes.unwrap_or(0)),
            Some((None, _, error)) => error.unwrap_or("no answer").to_owned(),
            None => "the log ends before its answer".to_owned(),
        };
        let account = send.account.as_ref().map(|account| format!(" as `{account}`")).unwrap_or_default();
        let at = send.at.saturating_sub(began);
        let _ = writeln!(out, "{at:>6} ms {:<7} {}{account}  [{}] {answer}", send.method, send.url, send.check);
    }
    let _ =
        writeln!(out, "{} requests; the chain of the log holds: no line was changed, removed or added.", sent.len());
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        let text = "[[account]]\nname = \"owner\"\nuser_env = \"A_USER\"\npassword_env = \"A_PASSWORD\"\n";
        plimsoll_config::read_text(text, owner::today()).expect("a config")
    }

    #[test]
    fn what_the_environment_does_not_hold_is_asked_for() {
        let asked = std::cell::RefCell::new(Vec::new());
        let mut somebody = |question: &str, secret: bool| {
            asked.borrow_mut().push((question.to_owned(), secret));
            Ok("typed by hand\n".to_owned())
        };
        let held = |variable: &str| (variable == "A_USER").then(|| "owner@shop.example".to_owned());
        let accounts = credentials(&config(), &held, Some(&mut somebody)).expect("accounts").accounts;
        assert_eq!(accounts.len(), 1);
        assert_eq!(*asked.borrow(), [("Its password (not shown, written nowhere): ".to_owned(), true)]);
        // Nobody there, nothing typed, no terminal after all.
        let error = |somebody: Option<Ask<'_>>| credentials(&config(), &held, somebody).err().unwrap_or_default();
        assert_eq!(error(None), "the environment variable `A_PASSWORD`, which plimsoll.toml:1 names, is not set");
        assert!(error(Some(&mut |_, _| Ok("\n".to_owned()))).ends_with("and nothing was typed"));
        assert!(error(Some(&mut |_, _| Err(std::io::ErrorKind::NotFound.into()))).contains("nothing could be asked"));
    }
}
