//! Updates, status and impact as a user runs them.

use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use serde_json::Value;

/// Runs the program with a folder of updates of its own.
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

/// Today: never older than the records that are part of the program.
fn today() -> String {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    plimsoll_model::Day::from_days(i64::try_from(since.as_secs() / 86_400).expect("a day")).to_string()
}

fn record(id: &str, aliases: &str, package: &str, fixed: &str) -> String {
    // A day in the future has no say about how fresh the records are.
    format!(
        r#"{{"id":"{id}","aliases":[{aliases}],"modified":"2099-01-01T00:00:00Z","summary":"Harm in {package}",
            "database_specific":{{"severity":"MODERATE"}},
            "affected":[{{"package":{{"ecosystem":"npm","name":"{package}"}},
            "ranges":[{{"type":"SEMVER","events":[{{"introduced":"0"}},{{"fixed":"{fixed}"}}]}}]}}]}}"#
    )
}

fn write(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
    std::fs::write(&path, text).expect("a file");
    path.to_string_lossy().into_owned()
}

fn app(folder: &Path, name: &str, package: &str, version: &str) -> String {
    let manifest = format!(r#"{{"name":"{name}","dependencies":{{"{package}":"{version}"}}}}"#);
    let lock = format!(
        r#"{{"name":"{name}","lockfileVersion":3,"packages":{{"":{manifest},"node_modules/{package}":{{"version":"{version}"}}}}}}"#
    );
    write(folder, &format!("{name}/package.json"), &manifest);
    write(folder, &format!("{name}/package-lock.json"), &lock);
    folder.join(name).to_string_lossy().into_owned()
}

/// Records that are newer than those of the program, so that they are the ones in use.
fn records(folder: &Path) -> String {
    write(
        folder,
        "records/EX-1.json",
        &record("EX-1", "\"CVE-2026-11111\",\"GHSA-aaaa-bbbb-cccc\"", "teapot", "1.2.0"),
    );
    write(folder, "records/EX-2.json", &record("EX-2", "", "kettle", "9.0.0").replace("2099-01-01", &today()));
    folder.join("records").to_string_lossy().into_owned()
}

#[test]
fn update_then_status_then_check_then_impact() {
    let (updates, work) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let records = records(work.path());
    let hit = app(work.path(), "hit", "teapot", "1.1.0");
    let safe = app(work.path(), "safe", "teapot", "1.2.0");
    let none = app(work.path(), "none", "mug", "1.0.0");
    let impact = |apps: &[&str]| {
        let args = [&["advisories", "impact", "--format", "json", "ghsa-aaaa-BBBB-cccc"], apps].concat();
        run(updates.path(), &args)
    };
    // Nobody knows it yet.
    let output = impact(&[&hit]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert_eq!(json(&output)["apps"][0]["answer"], "not checked");

    let output = run(updates.path(), &["advisories", "update", "--offline", "--from", &records]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let output = run(updates.path(), &["advisories", "status", "--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let status = json(&output);
    let npm = &status["sources"][0];
    assert_eq!((npm["ecosystem"].as_str(), npm["records"].as_u64()), (Some("npm"), Some(2)), "{npm}");
    assert_eq!(npm["known_until"], today());
    assert!(npm["source"].as_str().is_some_and(|source| source.ends_with("records")), "{npm}");
    assert_eq!(status["sources"][1]["source"], "part of this program");

    let output = run(updates.path(), &["check", "--format", "json", &hit]);
    let review = json(&output);
    let advisories: Vec<&Value> =
        review["findings"].as_array().into_iter().flatten().map(|found| &found["advisories"]).collect();
    assert!(advisories.iter().any(|ids| ids[0] == "CVE-2026-11111"), "{}", said(&output));
    assert_eq!(review["environment"]["advisories_date"], today());

    let output = impact(&[&hit, &safe, &none]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let report = json(&output);
    let answers: Vec<_> = (0..3).map(|at| report["apps"][at]["answer"].as_str().unwrap_or_default()).collect();
    assert_eq!(answers, ["affected", "not affected", "not affected"]);
    assert_eq!(report["apps"][0]["hits"][0]["fixed_in"], "1.2.0");
    assert_eq!(report["packages"][0]["affected"], "< 1.2.0");
    assert_eq!(impact(&[&safe, &none]).status.code(), Some(0));
    // A lockfile that cannot be read may hide it.
    write(Path::new(&none), "package-lock.json", "{");
    assert_eq!(impact(&[&none]).status.code(), Some(3));
}

#[test]
fn what_attackers_use_is_said() {
    let (updates, work) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let records = records(work.path());
    let hit = app(work.path(), "hit", "teapot", "1.1.0");
    let kev = write(
        work.path(),
        "kev.json",
        r#"{"dateReleased":"2026-11-01T00:00:00Z","vulnerabilities":[{"cveID":"CVE-2026-11111","dateAdded":"2026-10-31"}]}"#,
    );
    let epss = write(work.path(), "epss.csv", "#score_date:2026-11-02\ncve,epss,percentile\nCVE-2026-11111,0.5,0.9\n");
    let args = ["advisories", "update", "--from", &records, "--kev", &kev, "--epss", &epss];
    let output = run(updates.path(), &args);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let output = run(updates.path(), &["check", "--format", "json", &hit]);
    let review = json(&output);
    let finding =
        review["findings"].as_array().into_iter().flatten().find(|found| found["rule"] == "vulnerable-dependency");
    let finding = finding.unwrap_or_else(|| panic!("{}", said(&output)));
    assert_eq!(finding["severity"], "high", "the record says moderate, the attackers say now");
    assert!(finding["title"].as_str().is_some_and(|title| title.contains("attackers use it")), "{finding}");
    let output = run(updates.path(), &["advisories", "status"]);
    assert!(said(&output).contains("2026-11-01"), "{}", said(&output));
    // A file that is something else leaves the table as it was.
    let output = run(updates.path(), &["advisories", "update", "--kev", &epss]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("is there still"), "{}", said(&output));
}

#[test]
fn a_damaged_index_is_said_and_decides() {
    let (updates, work) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let records = records(work.path());
    let safe = app(work.path(), "safe", "teapot", "1.2.0");
    run(updates.path(), &["advisories", "update", "--from", &records]);
    let index = updates.path().join("npm.idx");
    let bytes = std::fs::read(&index).expect("an index");
    std::fs::write(&index, &bytes[..bytes.len() / 2]).expect("a file");
    let output = run(updates.path(), &["advisories", "status"]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(said(&output).contains("npm: the advisory index is damaged"), "{}", said(&output));
    let output = run(updates.path(), &["check", "--format", "json", &safe]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(said(&output).contains("npm advisories of the last update"), "{}", said(&output));
    assert_eq!(run(updates.path(), &["advisories", "impact", "CVE-2026-11111", &safe]).status.code(), Some(3));
    // The next update makes it whole.
    assert_eq!(run(updates.path(), &["advisories", "update", "--from", &records]).status.code(), Some(0));
    assert_eq!(run(updates.path(), &["advisories", "impact", "CVE-2026-11111", &safe]).status.code(), Some(0));
}

#[test]
fn sources_that_are_none_have_their_exit_code_and_leave_the_index() {
    let (updates, work) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let records = records(work.path());
    run(updates.path(), &["advisories", "update", "--from", &records]);
    let before = std::fs::read(updates.path().join("npm.idx")).expect("an index");
    let zip = write(work.path(), "corrupt.zip", "PK\u{3}\u{4} and nothing more");
    write(work.path(), "bucket/npm/all.zip", "PK\u{3}\u{4} and nothing more");
    let bucket = work.path().join("bucket").to_string_lossy().into_owned();
    let empty = work.path().join("empty");
    std::fs::create_dir(&empty).expect("a folder");
    let empty = empty.to_string_lossy().into_owned();
    for (from, word) in [
        (zip.as_str(), "corrupt.zip is not a whole zip archive"),
        (bucket.as_str(), "is not a whole zip archive"),
        (empty.as_str(), "no advisory records were found"),
        ("no/such/folder", "there is no file or folder"),
        ("http://192.0.2.1/osv", "without TLS"),
        ("ftp://a.example/osv", "is not a web address"),
    ] {
        let output = run(updates.path(), &["advisories", "update", "--from", from]);
        assert_eq!(output.status.code(), Some(2), "{from}: {}", said(&output));
        assert!(said(&output).contains(word), "{from}: {}", said(&output));
        assert_eq!(std::fs::read(updates.path().join("npm.idx")).expect("an index"), before, "{from}");
    }
    for args in [
        &["advisories", "update", "--offline"][..],
        &["advisories", "update", "--offline", "--from", "https://a.example/osv"],
        &["advisories", "update", "--from", &records, "--ecosystem", "cobol"],
    ] {
        assert_eq!(run(updates.path(), args).status.code(), Some(2), "{args:?}");
    }
}

/// Killed at whatever moment, the old index or the whole new one is there.
#[test]
fn a_killed_update_leaves_a_whole_index() {
    let (updates, work) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let records = records(work.path());
    run(updates.path(), &["advisories", "update", "--from", &records]);
    let many = work.path().join("many");
    for at in 0..400 {
        write(&many, &format!("MANY-{at}.json"), &record(&format!("MANY-{at}"), "", &format!("p{at}"), "1.0.0"));
    }
    write(&many, "EX-2.json", &record("EX-2", "", "kettle", "9.0.0").replace("2099-01-01", &today()));
    let mut counts = std::collections::BTreeSet::new();
    for wait in (0..120).step_by(8) {
        let mut child = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
            .args(["advisories", "update", "--from"])
            .arg(&many)
            .env("PLIMSOLL_ADVISORIES", updates.path())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .expect("the program starts");
        std::thread::sleep(Duration::from_millis(wait));
        let _ = child.kill();
        let _ = child.wait();
        let output = run(updates.path(), &["advisories", "status", "--format", "json"]);
        assert_eq!(output.status.code(), Some(0), "after {wait} ms: {}", said(&output));
        counts.insert(json(&output)["sources"][0]["records"].as_u64());
    }
    assert!(counts.iter().all(|count| matches!(count, Some(2 | 401))), "{counts:?}");
}

#[test]
fn a_lockfile_that_cannot_be_read_leaves_the_answer_open() {
    let (updates, work) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let records = records(work.path());
    run(updates.path(), &["advisories", "update", "--from", &records]);
    // 50 MB.
    let large = app(work.path(), "large", "teapot", "1.2.0");
    let lock = Path::new(&large).join("package-lock.json");
    std::fs::OpenOptions::new().write(true).open(&lock).and_then(|file| file.set_len(50 << 20)).expect("sparse");
    let mut apps = vec![large];
    // A link to a lockfile that is none of the app's.
    #[cfg(unix)]
    {
        let linked = app(work.path(), "linked", "teapot", "1.2.0");
        let lock = Path::new(&linked).join("package-lock.json");
        let outside = work.path().join("outside.json");
        std::fs::rename(&lock, &outside).expect("a file");
        std::os::unix::fs::symlink(&outside, &lock).expect("a link");
        apps.push(linked);
    }
    for app in &apps {
        let output = run(updates.path(), &["advisories", "impact", "--format", "json", "CVE-2026-11111", app]);
        let report = json(&output);
        assert_eq!(output.status.code(), Some(3), "{app}: {}", said(&output));
        let why = report["apps"][0]["not_checked"].to_string();
        assert!(why.contains("package-lock.json"), "{app}: {why}");
        let output = run(updates.path(), &["check", "--format", "json", app]);
        assert_eq!(output.status.code(), Some(3), "{app}: {}", said(&output));
        assert!(json(&output)["coverage"].to_string().contains("package-lock.json"), "{app}: {}", said(&output));
    }
}

/// Answers for one package, and that there is none for all others; gives its address and what it was asked.
fn registry() -> (String, std::sync::Arc<std::sync::Mutex<Vec<String>>>) {
    use std::io::{BufRead as _, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let asked = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let shared = std::sync::Arc::clone(&asked);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut lines =
                std::io::BufReader::new(stream.try_clone().expect("a stream")).lines().map_while(Result::ok);
            let path = lines.next().unwrap_or_default().split(' ').nth(1).unwrap_or_default().to_owned();
            lines.take_while(|line| !line.is_empty()).for_each(drop);
            let (status, body) = match path.ends_with("/teapot") {
                true => (
                    "200 OK",
                    r#"{"versions":[{"versionKey":{"version":"1.1.0"},"publishedAt":"2020-01-01T00:00:00Z","isDeprecated":true},
                        {"versionKey":{"version":"2.0.0"},"publishedAt":"2021-01-01T00:00:00Z","isDefault":true}]}"#,
                ),
                false => ("404 Not Found", ""),
            };
            shared.lock().expect("asked").push(path);
            let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes()));
        }
    });
    (address, asked)
}

#[test]
fn registries_are_asked_only_when_told_to_and_never_for_private_names() {
    let (updates, work) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let manifest =
        r#"{"dependencies":{"teapot":"1.1.0","invented-teapot":"1.0.0","@acme/till":"1.0.0","@house/a":"1.0.0"}}"#;
    let folder = work.path().to_string_lossy().into_owned();
    write(work.path(), "package.json", manifest);
    write(work.path(), ".npmrc", "@acme:registry=https://registry.example/\n");
    write(work.path(), "plimsoll.toml", "[check]\nprivate = [\"@house/*\"]\n");
    let (address, asked) = registry();
    for args in [
        &["check", &folder][..],
        &["advisories", "status"],
        &["advisories", "impact", "CVE-1", &folder],
        &["advisories", "packages", "--offline", "--api", &address, &folder],
    ] {
        run(updates.path(), args);
    }
    assert!(asked.lock().expect("asked").is_empty());
    let args = ["advisories", "packages", "--format", "json", "--api", &address, &folder];
    let output = run(updates.path(), &args);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let asked = asked.lock().expect("asked").clone();
    assert_eq!(asked, ["/systems/npm/packages/invented-teapot", "/systems/npm/packages/teapot"]);
    let report = json(&output);
    let of = |at: usize, key: &str| report["packages"][at][key].clone();
    assert_eq!((of(0, "name"), of(0, "exists")), ("invented-teapot".into(), false.into()));
    assert_eq!((of(1, "deprecated"), of(1, "latest")), (true.into(), "2.0.0".into()));
    assert_eq!(report["not_checked"].as_array().map(Vec::len), Some(2), "{report}");
}
