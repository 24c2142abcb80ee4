//! `check --run`: the app is started on a copy, looked at and ended.

use std::path::Path;
use std::time::Duration;

use crate::bad_input::{Said, review};

const LIMIT: Duration = Duration::from_secs(90);

/// An app without packages that leaves a file in its folder and its process id in another one.
const SERVER: &str = r#"
const fs = require("fs");
fs.writeFileSync("started.txt", "yes");
fs.writeFileSync("MARK", String(process.pid));
require("http")
  .createServer((request, response) => {
    response.setHeader("Content-Type", "text/html");
    response.end("<!doctype html><title>Shop</title><p>process " + process.pid + "</p>");
  })
  .listen(process.env.PORT, "127.0.0.1");
"#;

fn check(folder: &Path, command: &[&str]) -> Said {
    review(folder, &[&["--run"], command].concat(), LIMIT)
}

fn app(mark: &Path) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |file: &str, text: &str| std::fs::write(folder.path().join(file), text).expect("a file");
    write("package.json", r#"{"name":"shop","private":true,"scripts":{"start":"node server.js"}}"#);
    write("server.js", &SERVER.replace("MARK", &mark.display().to_string()));
    folder
}

#[test]
fn the_app_is_started_by_its_usual_command_seen_and_left_as_it_was() {
    let outside = tempfile::tempdir().expect("a folder");
    let mark = outside.path().join("process");
    let folder = app(&mark);
    let said = check(folder.path(), &[]);
    let seen = said.report["findings"].to_string();
    assert!(seen.contains("\"live\""), "{} {seen}", said.errors);
    assert!(said.report["subject"]["url"].as_str().is_some_and(|url| url.starts_with("http://127.0.0.1:")));
    assert!(!said.not_checked().iter().any(|line| line.contains("the running app")), "{:?}", said.not_checked());
    assert!(!folder.path().join("started.txt").exists(), "the app ran in the folder itself");
    // By the process and not by its port: another test may have been given that since.
    let process = std::fs::read_to_string(&mark).expect("the app ran");
    let alive = std::process::Command::new("sh").args(["-c", &format!("kill -0 {process} 2>/dev/null")]).status();
    assert!(alive.is_ok_and(|status| !status.success()), "process {process} still runs");
}

#[test]
fn an_app_that_does_not_start_is_said_and_decides() {
    let folder = app(Path::new("unused"));
    let said = check(folder.path(), &["echo the database is missing; exit 4"]);
    let lines = said.not_checked();
    assert!(lines.iter().any(|line| line.contains("the database is missing")), "{lines:?}");
    assert_ne!(said.report["verdict"]["verdict"], "fit");
    assert!(matches!(said.code, Some(1 | 3)), "{:?}", said.code);
}
