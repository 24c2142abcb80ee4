//! What the owner says: `plimsoll.toml`, waivers, the log of requests.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// A folder that goes when it is dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str, files: &[(&str, &str)]) -> Self {
        let path = std::env::temp_dir().join(format!("plimsoll-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        let folder = Folder(path);
        for (file, text) in files {
            folder.write(file, text);
        }
        folder
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.0.join(file);
        assert!(path.parent().is_some_and(|parent| std::fs::create_dir_all(parent).is_ok()));
        assert!(std::fs::write(path, text).is_ok());
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Ran {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}\n{}\n{}", self.out, self.err))
    }
}

fn run(folder: &Path, args: &[&str]) -> Ran {
    match crate::program().args(args).current_dir(folder).output() {
        Ok(output) => Ran {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        },
        Err(error) => panic!("{error}"),
    }
}

fn check(folder: &Folder, more: &[&str]) -> Ran {
    run(&folder.0, &[&["check", ".", "--format", "json"], more].concat())
}

/// A day so many days from today.
fn day(days: i64) -> String {
    let seconds = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    plimsoll_model::Day::from_days(i64::try_from(seconds / 86_400).unwrap_or(0)).plus(days).to_string()
}

const RULE: &str = "credentialed-cors-for-any-origin";

/// A server with one finding of [`RULE`], and a place for a comment above it and behind it.
fn server(above: &str, behind: &str) -> String {
    format!(
        "const express = require(\"express\");\nconst cors = require(\"cors\");\nconst app = express();\n{above}\n\
         app.use(cors({{ origin: true, credentials: true }}));{behind}\napp.get(\"/prices\", (req, res) => \
         res.json([1]));\napp.listen(3000);\n"
    )
}

fn finding(review: &Value) -> &Value {
    let found = review["findings"].as_array().into_iter().flatten().find(|finding| finding["rule"] == RULE);
    found.unwrap_or_else(|| panic!("no finding of {RULE}: {review}"))
}

fn standing(review: &Value) -> &Value {
    &finding(review)["suppressed"]
}

fn id(review: &Value) -> &str {
    finding(review)["id"].as_str().unwrap_or_default()
}

fn attention(review: &Value) -> String {
    let list = review["unused_waivers"].as_array().cloned().unwrap_or_default();
    list.iter().map(|waiver| format!("{} {} {}\n", waiver["rule"], waiver["at"], waiver["why"])).collect()
}

#[test]
fn a_waiver_in_a_comment_suppresses_and_is_told() {
    let until = day(30);
    let waiver = format!("// plimsoll: allow {RULE} until {until} by Jana -- only reachable in the shop");
    let folder = Folder::new("inline", &[("server.js", &server(&waiver, ""))]);
    let ran = check(&folder, &[]);
    let review = ran.json();
    let suppressed = standing(&review);
    assert_eq!(suppressed["kind"], "waiver");
    assert_eq!(suppressed["owner"], "Jana");
    assert_eq!(suppressed["reason"], "only reachable in the shop");
    assert_eq!(suppressed["until"], until.as_str());
    assert_eq!(attention(&review), "");
    // A waiver repairs nothing: the line stays, and the reasons say so.
    assert_ne!(ran.code, Some(0));
    let bare = Folder::new("inline-bare", &[("server.js", &server("", ""))]);
    assert_eq!(review["verdict"]["fit_for"], check(&bare, &[]).json()["verdict"]["fit_for"]);
    assert!(review["verdict"]["reasons"].to_string().contains("waived"), "{}", review["verdict"]);
    for format in ["terminal", "markdown", "html"] {
        let text = run(&folder.0, &["check", ".", "--format", format]).out;
        assert!(text.contains("only reachable in the shop") && text.contains("Jana"), "{format}");
    }
    let sarif = run(&folder.0, &["check", ".", "--format", "sarif"]).json();
    let results = sarif["runs"][0]["results"].as_array().cloned().unwrap_or_default();
    assert!(results.iter().all(|result| result["ruleId"] != RULE));
    // Behind the line counts too, and a comment behind the line above does not.
    folder.write("server.js", &server("", &format!(" {waiver}")));
    let behind = check(&folder, &[]).json();
    assert_eq!(standing(&behind)["kind"], "waiver");
    assert_eq!(id(&behind), id(&check(&bare, &[]).json()), "it is the same finding as without the waiver");
    folder.write("server.js", &server(&format!("let a = 1; {waiver}"), ""));
    assert_eq!(standing(&check(&folder, &[]).json()), &Value::Null);
    // Two of them, one above the other.
    let other = format!("// plimsoll: allow no-security-headers until {until} by Jana -- later");
    folder.write("server.js", &server(&format!("{waiver}\n{other}"), ""));
    assert_eq!(standing(&check(&folder, &[]).json())["kind"], "waiver");
}

#[test]
fn what_does_not_suppress() {
    let (later, over) = (day(30), day(-1));
    let form = |until: &str| format!("plimsoll: allow {RULE} until {until} by Jana -- why");
    for (above, says) in [
        (format!("// {}", form(&over)), "it ended on"),
        (format!("const text = \"// {}\";", form(&later)), ""),
        (format!("const text = `\n// {}\n`;", form(&later)), ""),
        (format!("// {}\n", form(&later)), "matches no finding"),
        (format!("// {}", form(&day(400))), "a year at most"),
        (format!("// plimsoll: allow {RULE} until {later}"), "no reason"),
        (format!("// plimsoll: allow credentialed-cors-for-any-orign until {later} by J -- why"), "did you mean"),
        (format!("// plimsoll: ignore {RULE}"), "only `allow`"),
    ] {
        let folder = Folder::new("not-waived", &[("server.js", &server(&above, ""))]);
        let review = check(&folder, &[]).json();
        assert_eq!(standing(&review), &Value::Null, "{above}");
        let attention = attention(&review);
        assert!(attention.contains(says) && attention.is_empty() == says.is_empty(), "{above}: {attention}");
        if !says.is_empty() {
            for format in ["terminal", "markdown", "html", "sarif"] {
                let text = run(&folder.0, &["check", ".", "--format", format]).out;
                assert!(text.contains("server.js:4"), "{format}: {above}");
            }
        }
    }
}

#[test]
fn an_inline_waiver_of_nobody_holds_and_is_told() {
    let waiver = format!("// plimsoll: allow {RULE} until {} -- why", day(30));
    let folder = Folder::new("nobody", &[("server.js", &server(&waiver, ""))]);
    let review = check(&folder, &[]).json();
    assert_eq!(standing(&review)["owner"], "nobody is named");
    assert!(attention(&review).contains("add `by NAME`"));
    folder.write("plimsoll.toml", "[app]\nowner = \"Jana\"\n");
    let review = check(&folder, &[]).json();
    assert_eq!(standing(&review)["owner"], "Jana");
    assert_eq!(attention(&review), "");
}

#[test]
fn waivers_of_the_file() {
    let folder = Folder::new("file", &[("server/app.js", &server("", ""))]);
    let waiver = |target: &str, more: &str| {
        format!("[[waiver]]\n{target}\n{more}\nreason = \"why\"\nowner = \"Jana\"\nuntil = {}\n", day(10))
    };
    let bare = check(&folder, &[]).json();
    let id = id(&bare);
    for (target, more, kind) in [
        (format!("rule = \"{RULE}\""), "", Value::from("waiver")),
        (format!("rule = \"{RULE}\""), "path = \"server\"", Value::from("waiver")),
        (format!("rule = \"{RULE}\""), "path = \"client/**\"", Value::Null),
        (format!("finding = \"{id}\""), "", Value::from("waiver")),
        ("finding = \"PL-00000000\"".to_owned(), "", Value::Null),
    ] {
        folder.write("plimsoll.toml", &waiver(&target, more));
        let review = check(&folder, &[]).json();
        assert_eq!(standing(&review)["kind"], kind, "{target} {more}");
        assert_eq!(attention(&review).contains("plimsoll.toml:1"), kind.is_null(), "{}", attention(&review));
    }
}

#[test]
fn fail_on_counts_open_findings_and_the_option_goes_before_the_file() {
    // Without data and login this app is not overloaded by what is left, so the exit code is that of `fail_on`.
    let waiver = format!("// plimsoll: allow {RULE} until {} by Jana -- why", day(30));
    let folder = Folder::new("fail-on", &[("server.js", &server("", ""))]);
    folder.write("plimsoll.toml", "[check]\nfail_on = \"high\"\n");
    assert_eq!(check(&folder, &[]).code, Some(1));
    folder.write("server.js", &server(&waiver, ""));
    let with_waiver = check(&folder, &[]).code;
    folder.write("plimsoll.toml", "");
    assert_eq!(with_waiver, check(&folder, &[]).code, "fail_on adds nothing when its finding is waived");
    folder.write("plimsoll.toml", "[check]\nfail_on = \"critical\"\n");
    assert_eq!(check(&folder, &["--fail-on", "low"]).code, Some(1));
}

#[test]
fn mistakes_in_the_file_are_errors_with_their_line() {
    let folder = Folder::new("mistakes", &[("server.js", &server("", ""))]);
    for (text, says) in [
        ("[app]\nnmae = \"x\"\n", "plimsoll.toml:2: `nmae` is not known under `[app]`. Did you mean `name`?"),
        ("[check]\n\nfail_on = 3\n", "plimsoll.toml:3: `fail_on` must be a text"),
        ("[app\n", "plimsoll.toml:1: not valid TOML"),
        (
            "[[answer]]\ncontrol = \"backup\"\nstatus = \"proven\"\ndate = \"2020-01-01\"\nby = \"J\"\nnote = \"n\"\n",
            "plimsoll.toml:1: there is no control `backup`. Did you mean `backups`?",
        ),
    ] {
        folder.write("plimsoll.toml", text);
        for args in [&["check", "."][..], &["map", "."]] {
            let ran = run(&folder.0, args);
            assert_eq!(ran.code, Some(2), "{text}");
            assert!(ran.err.contains(says) && ran.out.is_empty(), "{}", ran.err);
        }
    }
}

#[test]
fn the_owner_names_the_app_raises_the_load_and_excludes_what_is_told() {
    let folder = Folder::new("app", &[("server.js", "// nothing\n"), ("old/app.js", &server("", ""))]);
    folder.write(
        "plimsoll.toml",
        "[app]\nname = \"Salon\"\ncarries = \"sensitive\"\n[check]\nexclude = [\"old\", \"gone\"]\n",
    );
    let review = check(&folder, &[]).json();
    assert_eq!(review["subject"]["name"], "Salon");
    assert_eq!(review["verdict"]["carries"], "sensitive");
    assert!(review["findings"].as_array().is_some_and(|all| all.iter().all(|finding| finding["rule"] != RULE)));
    let not_checked = review["coverage"]["not_checked"].to_string();
    assert!(not_checked.contains("plimsoll.toml:5") && not_checked.contains("`gone`"), "{not_checked}");
    assert!(review["verdict"]["reasons"].to_string().contains("left out because the owner says so"));
    // Declaring less than is found changes nothing.
    folder.write(
        "server.js",
        &format!("{}app.post('/login', (req, res) => res.json(req.body.password));\n", server("", "")),
    );
    folder.write("plimsoll.toml", "[app]\ncarries = \"demo\"\n");
    let review = check(&folder, &[]).json();
    assert_ne!(review["verdict"]["carries"], "demo");
    assert!(review["verdict"]["reasons"].to_string().contains("the higher one counts"), "{}", review["verdict"]);
}

#[test]
fn the_owner_corrects_the_data_map() {
    let folder = Folder::new("data", &[("schema.sql", "create table pets (id int, name text, patient_iban text);\n")]);
    let of = |review: &Value, field: &str| {
        let items = review["data"].as_array().cloned().unwrap_or_default();
        items.into_iter().find(|item| item["field"] == field).unwrap_or_default()
    };
    let before = check(&folder, &[]).json();
    assert_eq!(of(&before, "patient_iban")["class"], "sensitive");
    folder.write(
        "plimsoll.toml",
        "[[data]]\nstore = \"pets\"\nfield = \"patient_iban\"\nclass = \"internal\"\nkind = \"number of the chip\"\n\
         [[data]]\nstore = \"paper file\"\nfield = \"diagnosis\"\nclass = \"sensitive\"\n",
    );
    let after = check(&folder, &[]).json();
    let corrected = of(&after, "patient_iban");
    assert_eq!((&corrected["class"], &corrected["kind"]), (&"internal".into(), &"number of the chip".into()));
    assert!(corrected["evidence"].to_string().contains("owner"));
    assert_eq!(of(&after, "diagnosis")["class"], "sensitive");
    assert!(after["verdict"]["reasons"].to_string().contains("by the owner's word"));
}

#[test]
fn init_prints_or_creates_but_never_writes_over() {
    let folder = Folder::new("init", &[("server.js", &server("", ""))]);
    let printed = run(&folder.0, &["init"]);
    assert!(printed.code == Some(0) && printed.out.contains("# control = \"backups\""), "{}", printed.out);
    assert!(!folder.0.join("plimsoll.toml").exists());
    assert_eq!(run(&folder.0, &["init", ".", "--write"]).code, Some(0));
    let written = std::fs::read_to_string(folder.0.join("plimsoll.toml")).unwrap_or_default();
    assert_eq!(written, printed.out);
    assert_ne!(check(&folder, &[]).code, Some(2), "what init writes can be read");
    let again = run(&folder.0, &["init", ".", "--write"]);
    assert!(again.code == Some(2) && again.err.contains("is there already"), "{}", again.err);
}

#[test]
fn completions_name_the_commands() {
    for shell in ["bash", "zsh", "fish"] {
        let ran = run(Path::new("."), &["completions", shell]);
        assert!(ran.code == Some(0) && ran.out.contains("plimsoll") && ran.out.contains("verify"), "{shell}");
    }
}

#[test]
fn standard_error_is_silent_where_nobody_watches() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let ran = run(Path::new(root), &["check", "examples/salon-weak"]);
    assert_eq!(ran.err, "");
}

/// A running app: one page with a script that holds a key. Serves until the test ends.
fn serve(script: String) -> Option<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").ok()?;
    let port = listener.local_addr().ok()?.port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let mut head = [0; 4096];
            let Ok(read) = stream.read(&mut head) else { continue };
            let text = String::from_utf8_lossy(head.get(..read).unwrap_or_default()).into_owned();
            let (status, kind, body) = match text.split(' ').nth(1) {
                Some("/") => ("200 OK", "text/html", "<!doctype html><script src=\"/app.js\"></script>"),
                Some("/app.js") => ("200 OK", "text/javascript", script.as_str()),
                _ => ("404 Not Found", "text/plain", "not here"),
            };
            let length = body.len();
            let _ = write!(
                stream,
                "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
            );
        }
    });
    Some(port)
}

#[test]
fn requests_are_logged_and_served_scripts_searched() {
    let key = ["sk", "live", "51H8xQ2eZvKYlo2CbT4mN7pR9s"].join("_");
    let Some(port) = serve(format!("const stripe = Stripe(\"{key}\");")) else { panic!("no port") };
    let url = format!("http://127.0.0.1:{port}");
    let folder = Folder::new("log", &[("server.js", &server("", ""))]);
    let ran = check(&folder, &["--url", &url, "--log", "log.jsonl"]);
    let review = ran.json();
    let found =
        review["findings"].as_array().into_iter().flatten().find(|finding| finding["rule"] == "secret-in-browser-code");
    let Some(found) = found else { panic!("{review}") };
    assert_eq!(found["confidence"], "confirmed");
    assert_eq!(found["evidence"][0]["witness"], "live");
    assert_eq!(found["evidence"][0]["url"], format!("{url}/app.js"));
    assert!(!ran.out.contains(&key));

    let log = std::fs::read_to_string(folder.0.join("log.jsonl")).unwrap_or_default();
    let entries = plimsoll_probe::replay(log.lines()).unwrap_or_else(|error| panic!("{error}"));
    assert!(entries.iter().any(|entry| entry.url == format!("{url}/app.js")));
    assert!(!log.contains(&key));

    let again = check(&folder, &["--url", &url, "--log", "log.jsonl"]);
    assert!(again.code == Some(2) && again.err.contains("never written over"), "{}", again.err);
    assert_eq!(std::fs::read_to_string(folder.0.join("log.jsonl")).unwrap_or_default(), log);
    let alone = check(&folder, &["--log", "other.jsonl"]);
    assert!(alone.code == Some(2) && alone.err.contains("--url"), "{}", alone.err);
    let outside = check(&folder, &["--url", "http://192.0.2.1/", "--log", "other.jsonl"]);
    assert_eq!(outside.code, Some(2));
    assert!(!folder.0.join("other.jsonl").exists(), "nothing was sent, nothing is left");

    // The address of the file is asked only when that is wanted.
    folder.write("plimsoll.toml", &format!("[check]\nurl = \"{url}\"\n"));
    let quiet = check(&folder, &[]).json();
    assert_eq!(quiet["subject"]["url"], Value::Null);
    assert!(quiet["coverage"]["not_checked"].to_string().contains("--live"));
    assert_eq!(check(&folder, &["--live"]).json()["subject"]["url"], url.as_str());
}
