//! The example apps, really started, as their README says: `npm ci && npm start`.
//!
//! Needs Node, npm and, for `npm ci`, the registry that npm is set to. `cargo xtask test` installs Node. Where there is
//! no registry, `PLIMSOLL_TEST_OFFLINE=1` leaves these tests out, with a word.
#![expect(clippy::print_stderr, reason = "a test that is left out says so")]

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::bad_input::{Said, review};

/// Loaded into the app by Node before its own code: writes one line for each request that reaches the server, and ends the
/// server when this test process ends without ending it.
const HOOK: &str = r"
const fs = require('fs'), http = require('http');
const emit = http.Server.prototype.emit;
http.Server.prototype.emit = function (name, request, ...rest) {
  if (name === 'request') fs.appendFileSync(process.env.REQUEST_LOG, `${request.method} ${request.url}\n`);
  return emit.call(this, name, request, ...rest);
};
if (!/npm/.test(process.argv[1] || '')) process.stdin.on('end', () => process.exit()).resume();
";

/// A started example. Dropping it ends its process group, by the id that starting it gave.
struct Example {
    child: Child,
    folder: tempfile::TempDir,
    port: u16,
}

impl Example {
    /// Copies, installs and starts an example; `None`, with a word, where this machine is declared offline.
    fn start(name: &str) -> Option<Example> {
        if std::env::var_os("PLIMSOLL_TEST_OFFLINE").is_some_and(|value| value == "1") {
            eprintln!("skipped: PLIMSOLL_TEST_OFFLINE=1, so {name} is not installed and not started");
            return None;
        }
        // A copy: installing and running leave files that the review of the example must not see.
        let folder = tempfile::tempdir().expect("a folder");
        let app = folder.path().join("app");
        copy(&source(name), &app);
        install(name, &app);
        let hook = folder.path().join("hook.cjs");
        std::fs::write(&hook, HOOK).expect("the hook");
        let log = folder.path().join("requests.log");
        File::create(&log).expect("the log");
        let port = free_port();
        let output = File::create(folder.path().join("output.log")).expect("a file");
        let child = Command::new("npm")
            .arg("start")
            .current_dir(&app)
            .env("PORT", port.to_string())
            .env("DATA_DIR", folder.path().join("data"))
            .env("REQUEST_LOG", &log)
            .env("NODE_OPTIONS", format!("--require {}", hook.display()))
            .stdin(Stdio::piped())
            .stdout(output.try_clone().expect("a file"))
            .stderr(output)
            .process_group(0)
            .spawn()
            .expect("npm starts: `cargo xtask test` installs what the tests need");
        let mut example = Example { child, folder, port };
        example.wait_until_ready(name);
        Some(example)
    }

    fn wait_until_ready(&mut self, name: &str) {
        let started = Instant::now();
        let output = |folder: &Path| std::fs::read_to_string(folder.join("output.log")).unwrap_or_default();
        loop {
            if TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return;
            }
            if let Ok(Some(status)) = self.child.try_wait() {
                panic!("{name} ended with {status} before it listened:\n{}", output(self.folder.path()));
            }
            assert!(started.elapsed() < Duration::from_secs(60), "{name}: silent:\n{}", output(self.folder.path()));
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn origin(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// `METHOD PATH` of every request that reached the server.
    fn requests(&self) -> Vec<String> {
        let log = std::fs::read_to_string(self.folder.path().join("requests.log")).expect("the log");
        log.lines().map(str::to_owned).collect()
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        // npm starts a shell and the shell starts Node; the group holds all three and nothing else.
        let group = format!("-{}", self.child.id());
        let signal = |name: &str| {
            let _ = Command::new("kill").args([name, "--", &group]).stderr(Stdio::null()).status();
        };
        signal("-TERM");
        for _ in 0..60 {
            if matches!(self.child.try_wait(), Ok(Some(_))) && TcpStream::connect(("127.0.0.1", self.port)).is_err() {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        signal("-KILL");
        let _ = self.child.wait();
    }
}

fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name)
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("the example").flatten() {
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        // What trying the example by hand may have left.
        if entry.file_name() == "node_modules" || entry.file_name() == "data" {
            continue;
        }
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, &target).expect("a copy");
        }
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port()
}

/// `npm ci`, bounded.
fn install(name: &str, app: &Path) {
    let log = app.with_extension("npm.log");
    let output = File::create(&log).expect("a file");
    let mut child = Command::new("npm")
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"])
        .current_dir(app)
        .stdin(Stdio::null())
        .stdout(output.try_clone().expect("a file"))
        .stderr(output)
        .process_group(0)
        .spawn()
        .expect("npm starts: `cargo xtask test` installs what the tests need");
    let started = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().expect("a child") {
            break Some(status);
        }
        if started.elapsed() > Duration::from_secs(240) {
            let _ = child.kill();
            let _ = child.wait();
            break None;
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    assert!(
        status.is_some_and(|status| status.success()),
        "{name}: `npm ci` failed. Without a registry in reach, set PLIMSOLL_TEST_OFFLINE=1 to leave the live tests out.\n{}",
        std::fs::read_to_string(&log).unwrap_or_default()
    );
}

/// Requests that the report says were sent.
fn sent(said: &Said) -> Option<usize> {
    let lines = said.report.pointer("/coverage/looked_at")?.as_array()?;
    let line = lines.iter().filter_map(Value::as_str).find(|line| line.starts_with("the running app at "))?;
    line.rsplit_once(": ")?.1.split(' ').next()?.parse().ok()
}

fn witnesses(finding: &Value) -> BTreeSet<&str> {
    finding["evidence"].as_array().into_iter().flatten().filter_map(|piece| piece["witness"].as_str()).collect()
}

/// The probe sent what it says it sent, nothing that changes data, and the server still stands.
fn traffic_is_what_the_report_says(example: &Example, said: &Said) {
    let requests = example.requests();
    assert_eq!(sent(said), Some(requests.len()), "the report and the server's own log disagree: {requests:?}");
    for request in &requests {
        assert!(request.starts_with("GET ") || request.starts_with("OPTIONS "), "{request}");
    }
    let mut stream = TcpStream::connect(("127.0.0.1", example.port)).expect("the app still listens");
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").expect("a request");
    let mut answer = String::new();
    let _ = stream.take(200).read_to_string(&mut answer);
    assert!(answer.starts_with("HTTP/1.1 "), "{answer}");
}

#[test]
fn the_weak_example_is_confirmed_on_the_wire() {
    let Some(example) = Example::start("salon-weak") else { return };
    let said = review(&source("salon-weak"), &["--url", &example.origin()], Duration::from_secs(120));
    assert_eq!(said.code, Some(1), "{}", said.errors);
    assert!(!said.errors.contains("panicked"), "{}", said.errors);
    traffic_is_what_the_report_says(&example, &said);
    let findings = said.findings();
    let joined: BTreeSet<&str> = findings
        .iter()
        .filter(|finding| {
            let witnesses = witnesses(finding);
            finding["confidence"] == "confirmed" && witnesses.contains("code") && witnesses.contains("live")
        })
        .filter_map(|finding| finding["gap"].as_str())
        .collect();
    for gap in [
        "client_side_auth",
        "broken_access_control",
        "permissive_cors",
        "missing_security_headers",
        "debug_or_misconfig",
    ] {
        assert!(joined.contains(gap), "no finding of {gap} was seen in the code and on the wire: {joined:?}");
    }
    for gap in plimsoll_model::Gap::SEVEN {
        assert!(findings.iter().any(|finding| finding["gap"] == gap.word()), "no finding of {}", gap.word());
    }
}

#[test]
fn the_repaired_example_stays_clean_on_the_wire() {
    let Some(example) = Example::start("salon-repaired") else { return };
    let said = review(&source("salon-repaired"), &["--url", &example.origin()], Duration::from_secs(120));
    traffic_is_what_the_report_says(&example, &said);
    let worse: Vec<String> = said
        .findings()
        .iter()
        .filter(|finding| finding["severity"] != "low")
        .map(|finding| format!("{} {}", finding["rule"], finding["title"]))
        .collect();
    assert!(worse.is_empty(), "{worse:#?}");
    assert!(matches!(said.code, Some(0 | 3)), "{:?} {}", said.code, said.errors);
}
