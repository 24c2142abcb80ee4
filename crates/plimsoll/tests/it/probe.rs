//! `plimsoll probe`, and the words around test accounts.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

/// Exit code, output, errors.
fn plimsoll(folder: &Path, args: &[&str], variables: &[(&str, &str)]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .args(args)
        .current_dir(folder)
        .env_remove("SHOP_USER")
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .output()
        .expect("the program starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// A server that answers every request with a small page and counts them.
fn server() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let origin = format!("http://{}", listener.local_addr().expect("an address"));
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut head = [0u8; 4_096];
            let count = stream.read(&mut head).unwrap_or(0);
            let line = String::from_utf8_lossy(head.get(..count).unwrap_or_default())
                .lines()
                .next()
                .unwrap_or_default()
                .to_owned();
            let found = line.contains(" / ");
            log.lock().expect("log").push(line);
            let (status, body) = if found { ("200 OK", "<h1>Shop</h1>") } else { ("404 Not Found", "no") };
            let _ = stream.write_all(
                format!("HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n{body}", body.len())
                    .as_bytes(),
            );
        }
    });
    (origin, seen)
}

fn shop() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let server = "const app = require('express')();\napp.get('/api/orders', (req, res) => res.json([]));\napp.get('/createdb', (req, res) => { db.run('DROP TABLE a'); res.end(); });\napp.listen(3000);\n";
    std::fs::write(folder.path().join("server.js"), server).expect("a file");
    folder
}

#[test]
fn a_dry_run_prints_every_request_and_sends_none() {
    let folder = shop();
    let (origin, seen) = server();
    let (code, text, errors) = plimsoll(folder.path(), &["probe", "--dry-run", "--url", &origin], &[]);
    assert_eq!(code, Some(0), "{errors}");
    assert!(text.contains(&format!("GET     {origin}/api/orders")), "{text}");
    assert!(text.contains("/createdb: ") && !text.contains(&format!("GET     {origin}/createdb")), "{text}");
    assert!(seen.lock().expect("log").is_empty());
    // What is sent afterwards was announced, and the trap is never called.
    let log = folder.path().join("requests.jsonl");
    let path = log.display().to_string();
    let (_, _, errors) =
        plimsoll(folder.path(), &["check", "--url", &origin, "--log", &path, "--no-browser", "--format", "json"], &[]);
    let sent = seen.lock().expect("log").clone();
    assert!(!sent.is_empty() && sent.iter().all(|line| !line.contains("createdb")), "{sent:?} {errors}");
    let (code, replayed, _) = plimsoll(folder.path(), &["probe", "--replay", &path], &[]);
    assert_eq!(code, Some(0));
    assert!(replayed.contains(&format!("{} requests; the chain of the log holds", sent.len())), "{replayed}");
    for line in &sent {
        let path = line.split(' ').nth(1).unwrap_or_default();
        assert!(replayed.contains(&format!("{origin}{path} ")), "{path}");
        let announced = text.contains(&format!("{origin}{path} ")) || text.contains(&format!("{origin}{path}\n"));
        assert!(announced || line.starts_with("OPTIONS"), "{line} was not announced");
    }
    // A line that was taken out shows.
    let text = std::fs::read_to_string(&log).expect("the log");
    let cut: Vec<&str> = text.lines().enumerate().filter(|(at, _)| *at != 4).map(|(_, line)| line).collect();
    std::fs::write(&log, cut.join("\n")).expect("a file");
    let (code, _, errors) = plimsoll(folder.path(), &["probe", "--replay", &path], &[]);
    assert_eq!(code, Some(2));
    assert!(errors.contains("chain"), "{errors}");
}

#[test]
fn accounts_are_named_and_their_passwords_come_from_the_environment() {
    let folder = shop();
    let (origin, seen) = server();
    let config = "[[account]]\nname = \"owner\"\nuser_env = \"SHOP_USER\"\npassword_env = \"SHOP_PASSWORD\"\n";
    std::fs::write(folder.path().join("plimsoll.toml"), config).expect("a file");
    let (code, _, errors) = plimsoll(folder.path(), &["check", "--url", &origin, "--sign-in"], &[]);
    assert_eq!(code, Some(2));
    assert!(errors.contains("SHOP_USER") && errors.contains("plimsoll.toml:1"), "{errors}");
    assert!(seen.lock().expect("log").is_empty(), "nothing is sent before that is known");
    let (code, _, errors) = plimsoll(folder.path(), &["check", "--sign-in"], &[]);
    assert_eq!(code, Some(2), "{errors}");
    let variables = [("SHOP_USER", "anna"), ("SHOP_PASSWORD", "hunter2-hunter2")];
    let (_, report, errors) = plimsoll(
        folder.path(),
        &["check", "--url", &origin, "--sign-in", "--no-browser", "--format", "json"],
        &variables,
    );
    assert!(!report.contains("hunter2") && !errors.contains("hunter2"));
    assert!(report.contains("neither a login form nor a login route was found"), "{report}");
}

#[test]
fn another_computer_is_asked_only_after_proof() {
    let folder = shop();
    let state = folder.path().join("state").display().to_string();
    let variables = [("XDG_STATE_HOME", state.as_str())];
    let (code, _, errors) = plimsoll(folder.path(), &["check", "--url", "http://shop.example/"], &variables);
    assert_eq!(code, Some(2));
    assert!(errors.contains("plimsoll probe --prove http://shop.example"), "{errors}");
    let (code, text, _) = plimsoll(folder.path(), &["probe", "--prove", "http://shop.example/"], &variables);
    assert_eq!(code, Some(0));
    assert!(text.contains("_plimsoll.shop.example") && text.contains("/.well-known/plimsoll-verify.txt"), "{text}");
    for (url, says) in [
        ("http://169.254.169.254/", "cloud machines"),
        ("http://10.0.0.1/", "local network"),
        ("http://vercel.app/", "shared by many"),
        ("https://shop.example/", "https"),
    ] {
        let (code, _, errors) = plimsoll(folder.path(), &["check", "--url", url], &variables);
        assert_eq!(code, Some(2), "{url}");
        assert!(errors.contains(says), "{url}: {errors}");
    }
}

/// A form that sends mail once it is filled in may be looked at; an address that sends mail when it is asked for may not.
#[test]
fn a_form_that_sends_mail_is_asked_for_and_what_sends_by_itself_is_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let app = r#"import smtplib
from flask import Flask, request, render_template
app = Flask(__name__)

@app.route("/contact", methods=["GET", "POST"])
def contact():
    if request.method == "POST":
        with smtplib.SMTP("localhost") as mail:
            mail.sendmail("shop@shop.example", request.form["mail"], "Hello")
    return render_template("contact.html")

@app.route("/remind")
def remind():
    with smtplib.SMTP("localhost") as mail:
        mail.sendmail("shop@shop.example", "anna@shop.example", "Hello")
    return "ok"
"#;
    std::fs::write(folder.path().join("app.py"), app).expect("a file");
    let (code, text, errors) = plimsoll(folder.path(), &["probe", "--dry-run", "--url", "http://127.0.0.1:1"], &[]);
    assert_eq!(code, Some(0), "{errors}");
    assert!(text.contains("GET     http://127.0.0.1:1/contact"), "{text}");
    assert!(!text.contains("GET     http://127.0.0.1:1/remind") && text.contains("/remind: "), "{text}");
}
