//! The plan of upgrades and the list of what an app is made of, as a user gets them.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn run(updates: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .args(args)
        .env("PLIMSOLL_ADVISORIES", updates)
        .output()
        .expect("the program runs")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_default()
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
    std::fs::write(&path, text).expect("a file");
}

/// Some days from now.
fn day(ahead: i64) -> String {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    plimsoll_model::Day::from_days(i64::try_from(since.as_secs() / 86_400).expect("a day") + ahead).to_string()
}

const LOCK: &str = r#"{"lockfileVersion":3,"packages":{
    "":{"dependencies":{"kettle":"^1.0.0","teapot":"^1.0.0"},"devDependencies":{"whisk":"^1.0.0"}},
    "node_modules/kettle":{"version":"1.0.0","dependencies":{"spout":"1.0.0"}},
    "node_modules/spout":{"version":"1.0.0"},
    "node_modules/teapot":{"version":"1.1.0"},
    "node_modules/whisk":{"version":"1.0.0","dev":true}}}"#;

/// An app whose server uses one of its libraries where no login is asked for, and advisories about three of them.
fn work() -> (tempfile::TempDir, tempfile::TempDir, String) {
    let (updates, work) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let app = work.path().join("app");
    write(
        &app,
        "package.json",
        r#"{"name":"app","dependencies":{"kettle":"^1.0.0","teapot":"^1.0.0"},"devDependencies":{"whisk":"^1.0.0"}}"#,
    );
    write(&app, "package-lock.json", LOCK);
    write(
        &app,
        "server.js",
        "const express = require('express');\nconst teapot = require('teapot');\nconst app = express();\n\
         app.get('/tea', (req, res) => res.json(teapot.pour(req.query.kind)));\napp.listen(3000);\n",
    );
    for (id, package, fixed) in [("EX-1", "teapot", "2.0.0"), ("EX-2", "spout", "1.0.5"), ("EX-3", "whisk", "1.0.1")] {
        let record = format!(
            r#"{{"id":"{id}","modified":"2099-01-01T00:00:00Z","summary":"Harm in {package}","database_specific":{{"severity":"HIGH"}},
                "affected":[{{"package":{{"ecosystem":"npm","name":"{package}"}},"ranges":[{{"type":"SEMVER","events":[{{"introduced":"0"}},{{"fixed":"{fixed}"}}]}}]}}]}}"#
        );
        write(work.path(), &format!("records/{id}.json"), &record);
    }
    // One record of today, so that these and not the program's own are used.
    let today = day(0);
    let fresh = format!(
        r#"{{"id":"EX-9","modified":"{today}T00:00:00Z","affected":[{{"package":{{"ecosystem":"npm","name":"nobody"}},"ranges":[{{"type":"SEMVER","events":[{{"introduced":"0"}},{{"fixed":"1.0.0"}}]}}]}}]}}"#
    );
    write(work.path(), "records/EX-9.json", &fresh);
    let records = work.path().join("records").to_string_lossy().into_owned();
    let output = run(updates.path(), &["advisories", "update", "--from", &records]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    (updates, work, app.to_string_lossy().into_owned())
}

#[test]
fn one_plan_for_all_libraries() {
    let (updates, work, app) = work();
    let output = run(updates.path(), &["plan", "--format", "json", &app]);
    let plan = json(&output);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let step = |at: usize| plan["steps"][at].clone();
    assert_eq!(step(0)["way"], "upgrade");
    assert_eq!((&step(0)["changes"][0]["name"], &step(0)["changes"][0]["to"]), (&"teapot".into(), &"2.0.0".into()));
    assert_eq!(step(0)["breaking"], true);
    let reached = step(0)["reached"].as_str().expect("why it comes first").to_owned();
    assert!(reached.starts_with("GET /tea, which anyone can call, uses teapot"), "{reached}");
    assert_eq!((&step(1)["way"], &step(1)["changes"][0]["name"]), (&"override".into(), &"spout".into()));
    assert_eq!(plan["development"], 1);
    let output = run(updates.path(), &["plan", "--dev", "--format", "json", &app]);
    assert_eq!(json(&output)["steps"].as_array().map(Vec::len), Some(3), "{}", said(&output));

    let prompt = said(&run(updates.path(), &["plan", "--format", "prompt", &app]));
    assert!(prompt.contains("npm install \"teapot@2.0.0\"") && prompt.contains("\"spout\": \"1.0.5\""), "{prompt}");
    let terminal = said(&run(updates.path(), &["plan", &app]));
    assert!(terminal.contains("Raise teapot from 1.1.0 to 2.0.0"), "{terminal}");
    // The review has it in every form.
    for format in ["terminal", "markdown", "html", "json"] {
        let text = said(&run(updates.path(), &["check", "--format", format, &app]));
        assert!(text.contains("spout") && text.contains("1.0.5"), "{format}: {text}");
    }
    // Online only when asked, and an answer that does not come is said.
    let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a port").port();
    let api = format!("http://127.0.0.1:{port}");
    assert_eq!(run(updates.path(), &["plan", "--api", &api, &app]).status.code(), Some(2));
    assert_eq!(run(updates.path(), &["plan", "--offline", "--online", &app]).status.code(), Some(2));
    let output = run(updates.path(), &["plan", "--online", "--api", &api, "--format", "json", &app]);
    assert!(
        json(&output)["not_known"].to_string().contains("what newer versions of kettle bring"),
        "{}",
        said(&output)
    );

    // What the owner accepts has no step.
    let review = json(&run(updates.path(), &["check", "--format", "json", &app]));
    let finding =
        review["findings"].as_array().expect("findings").iter().find(|it| it["rule"] == "vulnerable-dependency");
    assert!(finding.is_some(), "{review}");
    write(
        &work.path().join("app"),
        "plimsoll.toml",
        &format!(
            "[[waiver]]\nrule = \"vulnerable-dependency\"\nreason = \"only used behind the counter\"\nowner = \"M. Brandt\"\nuntil = \"{}\"\n",
            day(100)
        ),
    );
    let output = run(updates.path(), &["plan", "--format", "json", &app]);
    let text = json(&output)["steps"].to_string();
    assert!(!text.contains("teapot") && text.contains("spout"), "{}", said(&output));
    let sbom = json(&run(updates.path(), &["sbom", &app]));
    let hole = sbom["vulnerabilities"].as_array().expect("list").iter().find(|it| it["id"] == "EX-1").cloned();
    let analysis = hole.expect("the hole")["analysis"].clone();
    assert_eq!((&analysis["state"], &analysis["response"][0]), (&"exploitable".into(), &"will_not_fix".into()));
    assert!(
        analysis["detail"].as_str().is_some_and(|text| text.contains("only used behind the counter")),
        "{analysis}"
    );
}

#[test]
fn nothing_to_do_is_no_failure() {
    let (updates, work, _) = work();
    let app = work.path().join("clean");
    write(&app, "package.json", r#"{"name":"clean","dependencies":{"mug":"1.0.0"}}"#);
    write(
        &app,
        "package-lock.json",
        r#"{"lockfileVersion":3,"packages":{"":{"dependencies":{"mug":"1.0.0"}},"node_modules/mug":{"version":"1.0.0"}}}"#,
    );
    let output = run(updates.path(), &["plan", &app.to_string_lossy()]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    // Without a lockfile nobody knows what is installed.
    std::fs::remove_file(app.join("package-lock.json")).expect("a file");
    write(&app, "package.json", r#"{"name":"clean","dependencies":{"mug":"^1.0.0"}}"#);
    let output = run(updates.path(), &["plan", &app.to_string_lossy()]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert_eq!(run(updates.path(), &["plan", "/nowhere/at/all"]).status.code(), Some(2));
    assert_eq!(run(updates.path(), &["sbom", "/nowhere/at/all"]).status.code(), Some(2));
}

#[test]
fn what_the_app_is_made_of() {
    let (updates, _work, app) = work();
    let output = run(updates.path(), &["sbom", &app]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(output.stdout, run(updates.path(), &["sbom", &app]).stdout, "same app, same bytes");
    let sbom = json(&output);
    assert_eq!((&sbom["bomFormat"], &sbom["specVersion"]), (&"CycloneDX".into(), &"1.6".into()));
    let names: Vec<&str> =
        sbom["components"].as_array().expect("list").iter().filter_map(|it| it["name"].as_str()).collect();
    assert_eq!(names, ["kettle", "spout", "teapot", "whisk"]);
    let needs = |key: &str| {
        let all = sbom["dependencies"].as_array().expect("list");
        all.iter().find(|it| it["ref"] == key).map(|it| it["dependsOn"].clone()).unwrap_or_default()
    };
    assert_eq!(
        needs("app"),
        serde_json::json!(["pkg:npm/kettle@1.0.0", "pkg:npm/teapot@1.1.0", "pkg:npm/whisk@1.0.0"])
    );
    assert_eq!(needs("pkg:npm/kettle@1.0.0"), serde_json::json!(["pkg:npm/spout@1.0.0"]));
    let state = |id: &str| {
        let all = sbom["vulnerabilities"].as_array().expect("list");
        all.iter().find(|it| it["id"] == id).map(|it| it["analysis"].clone()).unwrap_or_default()
    };
    assert_eq!(state("EX-3")["state"], "not_affected");
    assert_eq!(state("EX-1")["state"], "in_triage");
    assert!(state("EX-1")["detail"].as_str().is_some_and(|text| text.contains("server.js:2")), "{sbom}");
    assert!(state("EX-2")["detail"].as_str().is_some_and(|text| text.contains("kettle > spout")), "{sbom}");
}
