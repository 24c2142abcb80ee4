//! Pairs of apps, a strong and a weak one, really started, with what is to be seen of each on the wire.
//!
//! They are no part of the project: `PLIMSOLL_TWINS` names their folder, which holds `bin/twin.py` (starts and ends them)
//! and `labels/*.yaml`. Without it these tests are left out, with a word.
#![expect(clippy::print_stderr, reason = "a test that is left out says so, and the others say what they counted")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

/// Loaded into Node apps: one line for each request that reaches the server.
const HOOK: &str = r"
const fs = require('fs'), http = require('http');
const emit = http.Server.prototype.emit;
http.Server.prototype.emit = function (name, request, ...rest) {
  if (name === 'request' && process.env.REQUEST_LOG) fs.appendFileSync(process.env.REQUEST_LOG, `${request.method} ${request.url}\n`);
  return emit.call(this, name, request, ...rest);
};
";

fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("PLIMSOLL_TWINS").map(PathBuf::from);
    if folder.is_none() {
        eprintln!("skipped: PLIMSOLL_TWINS does not name the folder of the paired apps");
    }
    folder
}

/// The labels of every app, as JSON; Python reads YAML.
fn labels(folder: &Path) -> Vec<Value> {
    let script = "import sys,json,glob,yaml;print(json.dumps([yaml.safe_load(open(f)) for f in sorted(glob.glob(sys.argv[1]+'/labels/*.yaml'))],default=str))";
    let output =
        Command::new("python3").args(["-c", script]).arg(folder).output().expect("python3 with its yaml module");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice::<Vec<Value>>(&output.stdout).expect("JSON")
}

/// A started app. Dropping it ends it.
struct Up<'f> {
    folder: &'f Path,
    app: String,
    origin: String,
    work: PathBuf,
}

fn twin(folder: &Path, work: &Path, args: &[&str]) -> (bool, String) {
    let output = Command::new("python3")
        .arg(folder.join("bin/twin.py"))
        .args(args)
        .env("TWIN_WORK", work.join("twins"))
        .env("REQUEST_LOG", work.join("requests.log"))
        .env("NODE_OPTIONS", format!("--require {}", work.join("hook.cjs").display()))
        .stdin(Stdio::null())
        .output()
        .expect("python3");
    (
        output.status.success(),
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr),
    )
}

impl<'f> Up<'f> {
    fn start(folder: &'f Path, work: &Path, app: &str) -> Self {
        std::fs::write(work.join("hook.cjs"), HOOK).expect("the hook");
        std::fs::write(work.join("requests.log"), "").expect("the log");
        let (ok, said) = twin(folder, work, &["up", app]);
        assert!(ok, "{app}: {said}");
        let origin = said.split_whitespace().find(|word| word.starts_with("http://")).expect("its address").to_owned();
        // What it took to see that it is up does not count.
        std::fs::write(work.join("requests.log"), "").expect("the log");
        Up { folder, app: app.to_owned(), origin, work: work.to_owned() }
    }

    /// Requests in the target's own log: the hook's, or the access lines of Werkzeug.
    fn requests(&self) -> usize {
        let hook = std::fs::read_to_string(self.work.join("requests.log")).unwrap_or_default();
        let own =
            std::fs::read_to_string(self.work.join("twins").join(format!("{}.log", self.app))).unwrap_or_default();
        let lines = own.lines().filter(|line| line.contains(" HTTP/1.1")).count();
        hook.lines().count().max(lines)
    }
}

impl Drop for Up<'_> {
    fn drop(&mut self) {
        twin(self.folder, &self.work, &["down", &self.app]);
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("the app").flatten() {
        let name = entry.file_name();
        if ["node_modules", ".venv", "data", "dist", "__pycache__"].iter().any(|known| name == *known) {
            continue;
        }
        if entry.path().is_dir() {
            copy(&entry.path(), &to.join(name));
        } else {
            std::fs::copy(entry.path(), to.join(name)).expect("a copy");
        }
    }
}

/// One review of a started app, and how many requests the app counted.
fn look(folder: &Path, label: &Value, work: &Path) -> (Value, usize, Duration) {
    let app = label["app"].as_str().expect("a name");
    let source = work.join("source").join(app);
    copy(&folder.join(label["root"].as_str().expect("a root")), &source);
    let accounts = label["login"]["accounts"].as_array().cloned().unwrap_or_default();
    // The one with the most rights, and the one with the fewest.
    let picked: Vec<&Value> =
        accounts.first().into_iter().chain(accounts.last().filter(|_| accounts.len() > 1)).collect();
    let mut config = String::new();
    for (number, account) in picked.iter().enumerate() {
        let role = account["role"].as_str().unwrap_or_default();
        config.push_str(&format!(
            "[[account]]\nname = \"{role}\"\nuser_env = \"TWIN_USER_{number}\"\npassword_env = \"TWIN_PASSWORD_{number}\"\n\n"
        ));
    }
    std::fs::write(source.join("plimsoll.toml"), config).expect("a file");
    let up = Up::start(folder, work, app);
    let before = up.requests();
    let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
    command.args(["check", "--format", "json", "--sign-in", "--url", &up.origin]).arg(&source).stdin(Stdio::null());
    for (number, account) in picked.iter().enumerate() {
        command.env(format!("TWIN_USER_{number}"), account["user"].as_str().unwrap_or_default());
        command.env(format!("TWIN_PASSWORD_{number}"), account["password"].as_str().unwrap_or_default());
    }
    let begun = std::time::Instant::now();
    let output = command.output().expect("the program");
    let took = begun.elapsed();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{app}: {error} {}", String::from_utf8_lossy(&output.stderr)));
    for account in &picked {
        let password = account["password"].as_str().unwrap_or_default();
        // The twins' own files publish their passwords; what the report adds must not.
        assert!(!report["live"].to_string().contains(password), "{app}: a password is in the report");
    }
    let counted = up.requests() - before;
    (report, counted, took)
}

/// Findings that count, of a gap.
fn of<'r>(report: &'r Value, gap: &str) -> Vec<&'r Value> {
    let all = report["findings"].as_array().into_iter().flatten();
    all.filter(|finding| finding["gap"] == gap && finding["suppressed"].is_null()).collect()
}

fn is_live(finding: &Value) -> bool {
    finding["evidence"].as_array().into_iter().flatten().any(|piece| piece["witness"] == "live")
}

/// How an expectation was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Met {
    /// Observed.
    Live,
    /// The safety contract forbids to try it: another method than a read, a payload, a broken address.
    NotTried,
    /// The review says nothing of it on the wire, or the wrong thing.
    Missed,
}

fn verdict<'r>(report: &'r Value, check: &str) -> &'r str {
    let checks = report["live"]["checks"].as_array().into_iter().flatten();
    checks.filter(|one| one["check"] == check).find_map(|one| one["verdict"].as_str()).unwrap_or_default()
}

fn met(report: &Value, label: &Value, wanted: &Value) -> Met {
    let text = |name: &str| wanted[name].as_str().unwrap_or_default();
    let (check, path, method) = (text("check"), text("path"), wanted["method"].as_str().unwrap_or("GET"));
    let ids: Vec<&str> = match &wanted["item"] {
        Value::String(one) => vec![one],
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let items = label["items"].as_array().into_iter().flatten();
    let gaps: BTreeSet<&str> =
        items.filter(|item| ids.iter().any(|id| item["id"] == *id)).filter_map(|item| item["gap"].as_str()).collect();
    let flaw = !ids.is_empty();
    let seen = |gap: &str| of(report, gap).into_iter().any(is_live);
    let yes = |met: bool| if met { Met::Live } else { Met::Missed };
    let answers = |account: Option<&str>| -> Vec<&Value> {
        let all = report["live"]["answers"].as_array().into_iter().flatten();
        let asked = |line: &&Value| {
            let url = line["url"].as_str().unwrap_or_default();
            url.split_once("://").and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..])) == Some(path)
        };
        all.filter(asked).filter(|line| line["account"].as_str() == account).collect()
    };
    let refused = |lines: Vec<&Value>| yes(!lines.is_empty() && lines.iter().all(|line| line["outcome"] == "refused"));
    match check {
        "security_headers" => yes(seen("missing_security_headers")),
        "sensitive_data" if flaw => yes(gaps.iter().any(|gap| seen(gap)) || seen("sensitive_data_in_client")),
        "sensitive_data" => {
            yes(verdict(report, "scripts") != "could_not_tell" && of(report, "sensitive_data_in_client").is_empty())
        }
        "sourcemap" => {
            let served = of(report, "debug_or_misconfig")
                .into_iter()
                .any(|finding| is_live(finding) && finding["rule"] == "private-files-served");
            yes(served == flaw)
        }
        "cors" => yes(verdict(report, "cors") == "passed" && of(report, "permissive_cors").is_empty()),
        "path_exposure" if path.contains('%') || path.contains("..") => Met::NotTried,
        "path_exposure" => {
            yes(!verdict(report, "exposed-files").is_empty() && verdict(report, "exposed-files") != "could_not_tell")
        }
        "cookie_flags" if text("expect").contains("proxy") => Met::NotTried,
        "cookie_flags" => yes(verdict(report, "sessions") == "passed"),
        "auth_required" => refused(answers(None)),
        "role_check" if method == "GET" => {
            let account = wanted["as"].as_str();
            let known =
                report["live"]["accounts"].as_array().into_iter().flatten().any(|one| one["label"].as_str() == account);
            if known { refused(answers(account)) } else { Met::NotTried }
        }
        "rate_limit" if flaw => yes(seen("missing_rate_limit")),
        // A limit that only counts in a cookie is one while the cookie is kept.
        "rate_limit" if text("expect").contains("cookie is kept") => yes(seen("missing_rate_limit")),
        "rate_limit" => yes(verdict(report, "login-limit") == "passed" && !seen("missing_rate_limit")),
        "token_in_body" | "token_in_url" => yes(seen("exposed_session_token")),
        "idor" if flaw => yes(seen("broken_access_control")),
        "idor" => yes(!seen("broken_access_control")),
        "client_side_auth" | "no_server_auth" => yes(seen("client_side_auth") == flaw),
        "debug" if method == "GET" => yes(seen("debug_or_misconfig")),
        "enumeration" if path == "/login" => {
            let checks = report["live"]["checks"].as_array().into_iter().flatten();
            let note = checks.filter(|one| one["check"] == "login-limit").find_map(|one| one["note"].as_str());
            yes(note.is_some_and(|note| !note.contains("answered differently")))
        }
        "third_party_script" => yes(seen("other")),
        _ => Met::NotTried,
    }
}

#[test]
fn what_is_to_be_seen_on_the_wire_is_seen_and_strong_apps_stay_clean() {
    let Some(folder) = folder() else { return };
    let work = tempfile::tempdir().expect("a folder");
    let (mut tried, mut lived) = (0, 0);
    let mut wrong = Vec::new();
    for label in &labels(&folder) {
        let app = label["app"].as_str().unwrap_or_default();
        let (report, requests, took) = look(&folder, label, work.path());
        eprintln!("{app}: {requests} requests in the app's own log, {took:?}");
        assert!(requests <= 250, "{app}: {requests} requests");
        let said = report["live"]["requests"].as_u64().unwrap_or(0);
        assert!(said <= 250, "{app}: {said} requests");
        match requests {
            0 => eprintln!("  {app} keeps no log of its own; the report says {said}"),
            counted => assert_eq!(said, counted as u64, "{app}: the report and the app's own log disagree"),
        }
        for wanted in label["dynamic"].as_array().into_iter().flatten() {
            let how = met(&report, label, wanted);
            if how != Met::NotTried {
                tried += 1;
                lived += usize::from(how == Met::Live);
            }
            if how == Met::Missed {
                eprintln!("  missed: {} {} {}", wanted["id"], wanted["check"], wanted["path"]);
            }
        }
        if label["twin"] == "strong" {
            let labelled: BTreeSet<&str> =
                label["items"].as_array().into_iter().flatten().filter_map(|item| item["gap"].as_str()).collect();
            let findings = report["findings"].as_array().into_iter().flatten();
            for finding in findings.filter(|finding| is_live(finding) && finding["severity"] != "low") {
                if !labelled.contains(finding["gap"].as_str().unwrap_or_default()) {
                    wrong.push(format!("{app}: {} {}", finding["rule"], finding["title"]));
                }
            }
        }
    }
    eprintln!("{lived} of {tried} expectations that may be tried were observed");
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(lived * 10 >= tried * 9, "{lived} of {tried}");
}
