//! Pairs of apps, a strong and a weak one, really started, with what is to be seen of each on the wire.
//!
//! They are no part of the project: `PLIMSOLL_TWINS` names their folder, which holds `bin/twin.py` (starts and ends them)
//! and `labels/*.yaml`. Without it these tests are left out, with a word. `PLIMSOLL_TWINS_WORK` names a folder that keeps
//! what they install from one run of the tests to the next; `PLIMSOLL_TWINS_ONLY` names the apps to look at, and
//! `PLIMSOLL_TWINS_RUNS` how often each is started anew and must give the same findings. `PLIMSOLL_PAIR` names the folder of
//! one app whose server holds both versions.
//!
//! An expectation counts as *seen* only by what went over the wire; `expectation.rs` says how for each kind of check.
#![expect(clippy::print_stderr, reason = "a test that is left out says so, and the others say what they counted")]

mod expectation;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use expectation::Met;

/// What a run may send to an app, and how long it may take.
const MAX_REQUESTS: usize = 250;
const MAX_SECONDS: f64 = 20.0;
const LIVE: &str = "seen live";

/// Loaded into Node apps: one line for each request that reaches the server.
const NODE_HOOK: &str = r"
const fs = require('fs'), http = require('http');
const emit = http.Server.prototype.emit;
http.Server.prototype.emit = function (name, request, ...rest) {
  if (name === 'request' && process.env.REQUEST_LOG) fs.appendFileSync(process.env.REQUEST_LOG, `${request.method} ${request.url}\n`);
  return emit.call(this, name, request, ...rest);
};
";

/// The same for Python's waitress, which keeps no log; Werkzeug writes its own.
const PYTHON_HOOK: &str = r"
import os
try:
    import waitress.task as task
    service = task.Task.service
    def counted(self):
        with open(os.environ['REQUEST_LOG'], 'a') as log:
            log.write(f'{self.request.command} {self.request.path}\n')
        return service(self)
    task.Task.service = counted
except Exception:
    pass
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

/// Where the apps are installed and run.
struct Work {
    folder: PathBuf,
    _temporary: Option<tempfile::TempDir>,
}

impl Work {
    fn new() -> Self {
        let kept = std::env::var_os("PLIMSOLL_TWINS_WORK").map(PathBuf::from);
        let temporary = kept.is_none().then(|| tempfile::tempdir().expect("a folder"));
        let folder = kept.or_else(|| temporary.as_ref().map(|folder| folder.path().to_owned())).expect("a folder");
        std::fs::create_dir_all(folder.join("hooks")).expect("a folder");
        std::fs::write(folder.join("hooks/hook.cjs"), NODE_HOOK).expect("the hook");
        std::fs::write(folder.join("hooks/sitecustomize.py"), PYTHON_HOOK).expect("the hook");
        Work { folder, _temporary: temporary }
    }

    /// Each app has a log of its own, emptied when it starts.
    fn log(&self, app: &str) -> PathBuf {
        self.folder.join(format!("{app}.requests"))
    }

    fn hooked(&self, command: &mut Command, app: &str) {
        command
            .env("REQUEST_LOG", self.log(app))
            .env("NODE_OPTIONS", format!("--require {}", self.folder.join("hooks/hook.cjs").display()))
            .env("PYTHONPATH", self.folder.join("hooks"))
            .stdin(Stdio::null());
    }
}

/// A started app. Dropping it ends it.
struct Up<'f> {
    folder: &'f Path,
    app: String,
    origin: String,
    work: &'f Work,
}

fn twin(folder: &Path, work: &Work, args: [&str; 2]) -> (bool, String) {
    let mut command = Command::new("python3");
    command.arg(folder.join("bin/twin.py")).args(args).env("TWIN_WORK", &work.folder);
    work.hooked(&mut command, args[1]);
    let output = command.output().expect("python3");
    (
        output.status.success(),
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr),
    )
}

impl<'f> Up<'f> {
    fn start(folder: &'f Path, work: &'f Work, app: &str) -> Self {
        let (ok, said) = twin(folder, work, ["up", app]);
        assert!(ok, "{app}: {said}");
        let origin = said.split_whitespace().find(|word| word.starts_with("http://")).expect("its address").to_owned();
        let up = Up { folder, app: app.to_owned(), origin, work };
        // What it took to see that it is up does not count.
        std::fs::write(work.log(app), "").expect("the log");
        up
    }

    /// `METHOD PATH` of the requests in the target's own log: the hook's, or the access lines of Werkzeug.
    fn requests(&self) -> Vec<String> {
        let hook = std::fs::read_to_string(self.work.log(&self.app)).unwrap_or_default();
        let hooked: Vec<String> = hook.lines().map(str::to_owned).collect();
        let own = std::fs::read_to_string(self.work.folder.join(format!("{}.log", self.app))).unwrap_or_default();
        // Werkzeug paints its lines.
        let mut pieces = own.split('\u{1b}');
        let mut plain = pieces.next().unwrap_or_default().to_owned();
        pieces.for_each(|piece| plain.push_str(piece.split_once('m').map_or(piece, |(_, rest)| rest)));
        let quoted = plain.lines().filter(|line| line.contains(" HTTP/1.1")).filter_map(|line| line.split('"').nth(1));
        let written: Vec<String> = quoted.map(|line| line.trim_end_matches(" HTTP/1.1").to_owned()).collect();
        if hooked.len() >= written.len() { hooked } else { written }
    }
}

impl Drop for Up<'_> {
    fn drop(&mut self) {
        twin(self.folder, self.work, ["down", &self.app]);
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("the app").flatten() {
        let name = entry.file_name();
        if ["node_modules", ".venv", "dist", "__pycache__"].iter().any(|known| name == *known) {
            continue;
        }
        if entry.path().is_dir() {
            copy(&entry.path(), &to.join(name));
        } else {
            std::fs::copy(entry.path(), to.join(name)).expect("a copy");
        }
    }
}

/// One review of a started app, what our log says was sent, and what the app's own log says.
struct Look {
    report: Value,
    sent: Vec<Value>,
    requests: Vec<String>,
    /// The whole review, the source included.
    took: Duration,
    /// From the first request to the last answer.
    probing: f64,
}

/// The account with the most rights, and the one with the fewest.
fn accounts(label: &Value) -> Vec<Value> {
    let all = label["login"]["accounts"].as_array().cloned().unwrap_or_default();
    all.first().into_iter().chain(all.last().filter(|_| all.len() > 1)).cloned().collect()
}

/// Reviews what runs at `origin` with its source in `source`, signed in with `accounts`.
fn look(source: &Path, origin: &str, accounts: &[Value], requests: impl Fn() -> Vec<String>) -> Look {
    let mut config = String::new();
    for (number, account) in accounts.iter().enumerate() {
        let role = account["role"].as_str().unwrap_or_default();
        config.push_str(&format!(
            "[[account]]\nname = \"{role}\"\nuser_env = \"TWIN_USER_{number}\"\npassword_env = \"TWIN_PASSWORD_{number}\"\n\n"
        ));
    }
    std::fs::write(source.join("plimsoll.toml"), config).expect("a file");
    let log = tempfile::tempdir().expect("a folder");
    let log = log.path().join("requests.jsonl");
    let before = requests().len();
    let mut command = crate::program();
    command.args(["check", "--format", "json", "--sign-in", "--url", origin, "--log"]).arg(&log).arg(source);
    command.stdin(Stdio::null());
    for (number, account) in accounts.iter().enumerate() {
        command.env(format!("TWIN_USER_{number}"), account["user"].as_str().unwrap_or_default());
        command.env(format!("TWIN_PASSWORD_{number}"), account["password"].as_str().unwrap_or_default());
    }
    let begun = std::time::Instant::now();
    let output = command.output().expect("the program");
    let took = begun.elapsed();
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error} {}", String::from_utf8_lossy(&output.stderr)));
    for account in accounts {
        let password = account["password"].as_str().unwrap_or_default();
        // The twins' own files publish their passwords; what the report adds must not.
        assert!(!report["live"].to_string().contains(password), "a password is in the report");
    }
    let text = std::fs::read_to_string(&log).unwrap_or_default();
    let lines: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let at = |line: Option<&Value>| line.and_then(|line| line["at"].as_f64()).unwrap_or(0.0);
    Look {
        probing: (at(lines.last()) - at(lines.first())) / 1000.0,
        sent: lines.into_iter().filter(|line| line["event"] == "send").collect(),
        requests: requests().split_off(before),
        report,
        took,
    }
}

impl Look {
    /// Findings that count, of a gap.
    fn of<'r>(&'r self, gap: &'r str) -> impl Iterator<Item = &'r Value> {
        let all = self.report["findings"].as_array().into_iter().flatten();
        all.filter(move |finding| finding["gap"] == gap && finding["suppressed"].is_null())
    }

    /// Every finding, whether it was seen live, how severe and how sure.
    fn fingerprints(&self) -> Vec<String> {
        let all = self.report["findings"].as_array().into_iter().flatten();
        let line = |finding: &Value| {
            let seen = expectation::live(finding).count();
            let (rule, mark) = (&finding["rule"], &finding["fingerprint"]);
            format!("{rule} {mark} {} {} live {seen}", finding["severity"], finding["confidence"])
        };
        all.map(line).collect()
    }

    fn verdict(&self, check: &str) -> &str {
        let checks = self.report["live"]["checks"].as_array().into_iter().flatten();
        checks.filter(|one| one["check"] == check).find_map(|one| one["verdict"].as_str()).unwrap_or_default()
    }

    /// The contract of a run, in the target's own log.
    fn keeps_the_contract(&self, app: &str) {
        assert!(!self.requests.is_empty(), "{app}: its own log holds nothing");
        assert_eq!(
            self.report["live"]["requests"].as_u64().unwrap_or(0),
            self.requests.len() as u64,
            "{app}: the report and the app's own log disagree"
        );
        assert_eq!(self.sent.len(), self.requests.len(), "{app}: our log and the app's own disagree");
        assert!(self.requests.len() <= MAX_REQUESTS, "{app}: {} requests", self.requests.len());
        assert!(self.probing <= MAX_SECONDS, "{app}: {} s", self.probing);
        // What is posted is posted to one address, the login.
        let mut posted: BTreeSet<&str> = BTreeSet::new();
        for line in &self.requests {
            let (method, path) = line.split_once(' ').unwrap_or_default();
            match method {
                "GET" | "HEAD" | "OPTIONS" => {}
                "POST" => {
                    posted.insert(path);
                }
                other => panic!("{app}: {other} {path}"),
            }
        }
        assert!(posted.len() <= 1, "{app}: posted to {posted:?}");
        let posts = self.requests.iter().filter(|line| line.starts_with("POST ")).count();
        assert!(posts <= 18, "{app}: {posts} POSTs");
    }

    /// Findings of medium or above of gaps that nobody labelled, and those graded above their label.
    fn beyond(&self, label: &Value) -> (Vec<String>, Vec<String>) {
        let rank = |word: &str| ["low", "medium", "high", "critical"].iter().position(|known| *known == word);
        let mut labelled: BTreeMap<&str, Option<usize>> = BTreeMap::new();
        for item in label["items"].as_array().into_iter().flatten() {
            let worst = labelled.entry(item["gap"].as_str().unwrap_or_default()).or_default();
            *worst = (*worst).max(rank(item["severity"].as_str().unwrap_or_default()));
        }
        // What the labels call debatable counts neither way.
        for item in label["ambiguous"].as_array().into_iter().flatten() {
            labelled.insert(item["naive_gap"].as_str().unwrap_or_default(), rank("critical"));
        }
        let (mut unlabelled, mut graded_above) = (Vec::new(), Vec::new());
        for finding in self.report["findings"].as_array().into_iter().flatten() {
            let severity = rank(finding["severity"].as_str().unwrap_or_default());
            if severity < rank("medium") || !finding["suppressed"].is_null() {
                continue;
            }
            let seen = if expectation::live(finding).next().is_some() { LIVE } else { "from the source alone" };
            let line = format!("{seen}: {} {} {}", finding["severity"], finding["rule"], finding["title"]);
            match labelled.get(finding["gap"].as_str().unwrap_or_default()) {
                None => unlabelled.push(line),
                Some(worst) if severity > *worst => graded_above.push(line),
                Some(_) => {}
            }
        }
        (unlabelled, graded_above)
    }
}

#[test]
fn what_is_to_be_seen_on_the_wire_is_seen_and_strong_apps_stay_clean() {
    let Some(folder) = folder() else { return };
    let only = std::env::var("PLIMSOLL_TWINS_ONLY").unwrap_or_default();
    let only: Vec<&str> = only.split([',', ' ']).filter(|name| !name.is_empty()).collect();
    let runs = std::env::var("PLIMSOLL_TWINS_RUNS").ok().and_then(|runs| runs.parse::<usize>().ok()).unwrap_or(1);
    let work = Work::new();
    let (mut seen, mut may, mut all) = (0, 0, 0);
    let mut wrong = Vec::new();
    for label in &labels(&folder) {
        let app = label["app"].as_str().unwrap_or_default();
        if !only.is_empty() && !only.contains(&app) {
            continue;
        }
        let source = work.folder.join("source").join(app);
        copy(&folder.join(label["root"].as_str().expect("a root")), &source);
        let looked = {
            let up = Up::start(&folder, &work, app);
            look(&source, &up.origin, &accounts(label), || up.requests())
        };
        looked.keeps_the_contract(app);
        for run in 1..runs {
            let up = Up::start(&folder, &work, app);
            let again = look(&source, &up.origin, &accounts(label), || up.requests());
            assert_eq!(again.fingerprints(), looked.fingerprints(), "{app}: run {run} gave other findings");
        }
        let mut here = (0, 0, 0);
        let (mut missed, mut not_tried, mut by_browser) = (Vec::new(), BTreeMap::new(), Vec::new());
        for wanted in label["dynamic"].as_array().into_iter().flatten() {
            let name = format!("{} {} {}", wanted["id"], wanted["check"], wanted["path"]).replace('"', "");
            let how = looked.met(label, wanted);
            if wanted["manual"] == true {
                by_browser.push(format!("{name}: {how:?}"));
                continue;
            }
            here.2 += 1;
            match how {
                Met::Seen => here = (here.0 + 1, here.1 + 1, here.2),
                Met::Missed(why) => {
                    here.1 += 1;
                    missed.push(format!("{name}: {why}"));
                }
                Met::NotTried(why) => *not_tried.entry(why).or_insert(0) += 1,
            }
        }
        (seen, may, all) = (seen + here.0, may + here.1, all + here.2);
        eprintln!(
            "{app}: saw {} of {} that may be tried ({} in all); {} requests in the app's own log; {:.1} s of requests, {:.1} s in all",
            here.0,
            here.1,
            here.2,
            looked.requests.len(),
            looked.probing,
            looked.took.as_secs_f64()
        );
        not_tried.iter().for_each(|(why, count)| eprintln!("  not tried: {count} × {why}"));
        by_browser.iter().for_each(|line| eprintln!("  by hand or browser: {line}"));
        missed.iter().for_each(|line| eprintln!("  missed: {line}"));
        let cut = looked.report["coverage"]["not_checked"].as_array().into_iter().flatten();
        for line in cut
            .filter(|line| line["what"].as_str().is_some_and(|what| what.contains("live") || what.contains("rest of")))
        {
            eprintln!("  not checked: {}: {}", line["what"], line["why"]);
        }
        if label["twin"] == "strong" {
            let (unlabelled, graded_above) = looked.beyond(label);
            eprintln!("  {} findings of medium or above that nobody labelled", unlabelled.len());
            unlabelled.iter().for_each(|line| eprintln!("  not labelled: {line}"));
            graded_above.iter().for_each(|line| eprintln!("  graded above its label: {line}"));
            // What the source alone says is counted where the source is reviewed.
            wrong.extend(
                unlabelled.into_iter().filter(|line| line.starts_with(LIVE)).map(|line| format!("{app}: {line}")),
            );
        }
    }
    eprintln!("{seen} of the {may} expectations that may be tried were seen, of {all} in all");
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(seen * 10 >= may * 9, "{seen} of {may}");
}

/// A started server; dropping it ends it.
struct Server(std::process::Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn done(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output().expect("it starts");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// One server that holds both versions, so that the source is the same: they are told apart on the wire alone.
#[test]
fn a_pair_with_one_source_is_told_apart_on_the_wire() {
    let Some(folder) = std::env::var_os("PLIMSOLL_PAIR").map(PathBuf::from) else {
        eprintln!("skipped: PLIMSOLL_PAIR does not name the folder of a pair in one server");
        return;
    };
    let work = Work::new();
    let app = work.folder.join("pair");
    copy(&folder, &app);
    if !app.join("node_modules").is_dir() {
        done(Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(&app));
    }
    for build in [&["vite", "build"][..], &["vite", "build", "-c", "vite.good.mjs"]] {
        done(Command::new("npx").args(build).current_dir(&app));
    }
    let text = std::fs::read_to_string(folder.join("server/server.mjs")).expect("the server");
    let after =
        |text: &str, word: &str| text.split(word).nth(1).and_then(|rest| rest.split('"').nth(1)).map(str::to_owned);
    let account = |part: &str| {
        Some(
            serde_json::json!({ "role": after(part, "email:")?.split('@').next()?, "user": after(part, "email:")?, "password": after(part, "password:")? }),
        )
    };
    let accounts: Vec<Value> = text.split("{id:").filter_map(account).take(2).collect();
    assert_eq!(accounts.len(), 2, "its accounts");
    for mode in ["bad", "good"] {
        let source = work.folder.join("source").join(format!("pair-{mode}"));
        copy(&folder, &source);
        let log = work.folder.join(format!("pair-{mode}.access"));
        std::fs::write(&log, "").expect("a file");
        let port =
            std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
        let mut command = Command::new("node");
        command.args(["server/server.mjs", &port.to_string(), mode]).arg(&log).current_dir(&app).stdin(Stdio::null());
        let _server = Server(command.stdout(Stdio::null()).spawn().expect("node"));
        let begun = std::time::Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(60), "it does not listen");
            std::thread::sleep(Duration::from_millis(100));
        }
        let requests = || {
            // Its log is written behind the answer.
            std::thread::sleep(Duration::from_millis(300));
            let text = std::fs::read_to_string(&log).unwrap_or_default();
            let parts = text.lines().map(|line| line.split(' ').skip(1).take(2).collect::<Vec<_>>().join(" "));
            parts.collect::<Vec<String>>()
        };
        let looked = look(&source, &format!("http://127.0.0.1:{port}"), &accounts, requests);
        looked.keeps_the_contract(mode);
        let findings = looked.report["findings"].as_array().cloned().unwrap_or_default();
        let seen: Vec<&Value> = findings
            .iter()
            .filter(|finding| finding["severity"] != "low" && expectation::live(finding).next().is_some())
            .collect();
        eprintln!(
            "{mode}: {} findings of medium or above seen on the wire; {} requests, {:.1} s of requests, {:.1} s in all",
            seen.len(),
            looked.requests.len(),
            looked.probing,
            looked.took.as_secs_f64()
        );
        let titles: Vec<String> =
            seen.iter().map(|finding| format!("{} {}", finding["rule"], finding["title"])).collect();
        titles.iter().for_each(|title| eprintln!("  {title}"));
        if mode == "good" {
            assert!(seen.is_empty(), "{titles:#?}");
            continue;
        }
        let gaps: BTreeSet<&str> = seen.iter().filter_map(|finding| finding["gap"].as_str()).collect();
        for gap in [
            "client_side_auth",
            "missing_rate_limit",
            "exposed_session_token",
            "sensitive_data_in_client",
            "permissive_cors",
            "broken_access_control",
            "debug_or_misconfig",
        ] {
            assert!(gaps.contains(gap), "{gap}: {titles:#?}");
        }
    }
}
