//! `check --backend`: what a project's own database gives to strangers, joined with what the migrations say of it.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::Value;

const SCHEMA: &str = "\
CREATE TABLE customers (id uuid PRIMARY KEY, owner_id uuid, name text, email text);
CREATE TABLE invoices (id uuid PRIMARY KEY, owner_id uuid, iban text);
ALTER TABLE invoices ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON invoices FOR ALL TO authenticated USING (auth.uid() = owner_id) WITH CHECK (auth.uid() = owner_id);
CREATE TABLE notes (id uuid PRIMARY KEY, owner_id uuid, text text);
ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
CREATE TABLE visits (id uuid PRIMARY KEY, owner_id uuid, diagnosis text);
";

/// A database of that schema in which somebody changed the policies of one table by hand.
fn database() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let origin = format!("http://{}", listener.local_addr().expect("an address"));
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut head = [0u8; 4_096];
            let count = stream.read(&mut head).unwrap_or(0);
            let head = String::from_utf8_lossy(head.get(..count).unwrap_or_default()).into_owned();
            let table = head.split("/rest/v1/").nth(1).and_then(|rest| rest.split('?').next()).unwrap_or_default();
            let (status, range, body) = match table {
                "customers" => ("206 X", "0-0/812", r#"[{"id":"1","name":"Ada Canary","email":"ada@shop.example"}]"#),
                "invoices" => ("200 OK", "0-0/3", r#"[{"id":"1","iban":"XX00 CANARY"}]"#),
                "visits" => ("401 X", "*/*", r#"{"code":"42501"}"#),
                _ => ("200 OK", "*/0", "[]"),
            };
            log.lock().expect("log").push(head);
            let length = body.len();
            let _ = stream.write_all(
                format!("HTTP/1.1 {status}\r\nContent-Range: {range}\r\nContent-Length: {length}\r\n\r\n{body}")
                    .as_bytes(),
            );
        }
    });
    (origin, seen)
}

fn plimsoll(folder: &Path, args: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .args(args)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .expect("the program starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn what_the_database_gives_to_strangers_is_seen_and_joined() {
    let folder = tempfile::tempdir().expect("a folder");
    let migrations = folder.path().join("supabase/migrations");
    std::fs::create_dir_all(&migrations).expect("a folder");
    std::fs::write(migrations.join("1_init.sql"), SCHEMA).expect("a file");
    let key = format!("sb_publishable_{}", "0".repeat(24));
    std::fs::write(folder.path().join("client.js"), format!("createClient(url, '{key}').from('customers').select()"))
        .expect("a file");
    let (origin, seen) = database();
    let log = folder.path().join("requests.jsonl");
    let path = log.display().to_string();
    let (_, text, errors) =
        plimsoll(folder.path(), &["check", "--backend", &origin, "--log", &path, "--format", "json"]);
    let review: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {errors}"));
    // One request for each table, with the public key, and nothing but reading.
    let asked = seen.lock().expect("log").clone();
    assert_eq!(asked.len(), 4, "{asked:?}");
    assert!(
        asked.iter().all(|head| head.starts_with("GET /rest/v1/") && head.contains("limit=1") && head.contains(&key))
    );

    let findings = review["findings"].as_array().expect("findings");
    let about = |rule: &str, name: &str| {
        let named = |finding: &&Value| finding["title"].as_str().is_some_and(|title| title.contains(name));
        findings.iter().filter(|finding| finding["rule"] == rule).find(named).unwrap_or_else(|| panic!("{rule} {name}"))
    };
    let words = |finding: &Value| finding["evidence"].to_string();
    // The code says open, and the database gave a record: confirmed, with both witnesses.
    let open = about("table-without-row-security", "customers");
    assert_eq!(open["confidence"], "confirmed");
    assert!(words(open).contains("a record of 812 of `customers`, with email, id, name"), "{}", words(open));
    assert!(words(open).contains("1_init.sql"));
    // The code says closed, and the database gave a record.
    let changed = about("policy-open-to-all", "invoices");
    assert_eq!((&changed["confidence"], &changed["severity"]), (&"confirmed".into(), &"critical".into()));
    // The code says open, and the database refused: both are told.
    let told = review["live"]["disagreements"].to_string();
    assert!(told.contains("the table visits") && told.contains("refused a stranger"), "{told}");
    // Nothing came and nothing was refused: not clean.
    let gaps = review["coverage"]["not_checked"].to_string();
    assert!(gaps.contains("what the database gives to strangers: notes"), "{gaps}");
    // No value of an answer is kept, and the key is not written.
    let logged = std::fs::read_to_string(&log).expect("the log");
    for secret in ["Ada Canary", "ada@shop.example", "XX00 CANARY"] {
        assert!(!text.contains(secret) && !logged.contains(secret), "{secret}");
    }
    assert!(!logged.contains(&key));
    let (code, replayed, _) = plimsoll(folder.path(), &["probe", "--replay", &path]);
    assert!(code == Some(0) && replayed.contains("4 requests; the chain of the log holds"), "{replayed}");
}

#[test]
fn without_the_key_nothing_is_asked_and_a_foreign_project_never() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("schema.sql"), SCHEMA).expect("a file");
    std::fs::create_dir_all(folder.path().join("supabase/migrations")).expect("a folder");
    std::fs::write(folder.path().join("supabase/migrations/1.sql"), SCHEMA).expect("a file");
    let (origin, seen) = database();
    let (_, text, _) = plimsoll(folder.path(), &["check", "--backend", &origin, "--format", "json"]);
    assert!(text.contains("the public key of the project stands nowhere in the app's files"), "{text}");
    assert!(seen.lock().expect("log").is_empty());
    for address in ["https://shop.example", "http://10.0.0.1", "https://supabase.co"] {
        let (code, _, errors) = plimsoll(folder.path(), &["check", "--backend", address]);
        assert_eq!(code, Some(2), "{address}");
        assert!(errors.contains("is no project that can be asked"), "{errors}");
    }
}
