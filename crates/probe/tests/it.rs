//! The live witness against servers that are honest, careless or hostile. Everything happens on loopback; the servers keep
//! a log of their own, which is what is counted.
#![expect(clippy::print_stderr, reason = "a test that is left out says so")]

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use plimsoll_model::app::{AllowedOrigins, GuardPassed, LiveVerdict, TokenPlace};
use plimsoll_probe::{
    Credential, HttpError, LiveFacts, LogEntry, LogError, LogEvent, LoginProbe, MAX_PER_CHECK, MAX_REQUESTS, Options,
    ProbeEntry, ProbeError, ProbeInput, ProjectFile, SignIn, StopReason, TestAccount, plan, replay, run,
};

/// A request as the server saw it.
#[derive(Clone, Debug)]
struct Seen {
    method: String,
    path: String,
    head: String,
    body: String,
    at: Instant,
}

/// A server that does whatever its handler writes to the socket.
struct Double {
    origin: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    stop: Arc<AtomicBool>,
}

impl Double {
    fn start(handler: impl Fn(&Seen, &mut TcpStream) + Send + Sync + 'static) -> Double {
        Self::on(TcpListener::bind("127.0.0.1:0").expect("a free port"), handler)
    }

    fn on(listener: TcpListener, handler: impl Fn(&Seen, &mut TcpStream) + Send + Sync + 'static) -> Double {
        let origin = format!("http://{}", listener.local_addr().expect("an address"));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let stop = Arc::new(AtomicBool::new(false));
        let handler = Arc::new(handler);
        let (log, ended) = (Arc::clone(&seen), Arc::clone(&stop));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if ended.load(Ordering::Relaxed) {
                    return;
                }
                let Ok(mut stream) = stream else { continue };
                let (handler, log) = (Arc::clone(&handler), Arc::clone(&log));
                std::thread::spawn(move || {
                    let _ = stream.set_read_timeout(Some(Duration::from_secs(2)));
                    let _ = stream.set_write_timeout(Some(Duration::from_secs(2)));
                    let Some(request) = read_request(&mut stream) else { return };
                    log.lock().expect("log").push(request.clone());
                    handler(&request, &mut stream);
                });
            }
        });
        Double { origin, seen, stop }
    }

    fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("log").clone()
    }
}

impl Drop for Double {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let address = self.origin.trim_start_matches("http://").to_owned();
        let _ = TcpStream::connect(address);
    }
}

fn read_request(stream: &mut TcpStream) -> Option<Seen> {
    let mut head = Vec::new();
    let mut byte = [0u8; 1];
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).ok()? == 0 || head.len() > 64 * 1024 {
            return None;
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).ok()?;
    let length =
        head.lines().find_map(|line| line.strip_prefix("Content-Length: ")?.parse::<usize>().ok()).unwrap_or(0);
    let mut body = vec![0u8; length];
    stream.read_exact(&mut body).ok()?;
    let mut first = head.lines().next()?.split(' ');
    Some(Seen {
        method: first.next()?.to_owned(),
        path: first.next()?.to_owned(),
        head,
        body: String::from_utf8_lossy(&body).into_owned(),
        at: Instant::now(),
    })
}

fn answer(stream: &mut TcpStream, status: u16, headers: &[(&str, &str)], body: &[u8]) {
    let mut head = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    let _ = stream.write_all(head.as_bytes());
    let _ = stream.write_all(body);
}

fn html(stream: &mut TcpStream, body: &str) {
    answer(stream, 200, &[("Content-Type", "text/html")], body.as_bytes());
}

fn json(stream: &mut TcpStream, status: u16, body: &str) {
    answer(stream, status, &[("Content-Type", "application/json")], body.as_bytes());
}

fn options() -> Options {
    Options { exchange: Duration::from_millis(600), ..Options::default() }
}

fn probe_with(origin: &str, input: &ProbeInput, options: &Options) -> Result<LiveFacts, ProbeError> {
    run(origin, input, options, &mut |_| Ok(()))
}

fn entry(index: usize, path: &str) -> ProbeEntry {
    ProbeEntry {
        index,
        methods: vec!["GET".to_owned()],
        path: path.to_owned(),
        harm: None,
        guarded: false,
        is_login: false,
    }
}

fn entries(paths: &[&str]) -> ProbeInput {
    let entries = paths.iter().enumerate().map(|(index, path)| entry(index, path)).collect();
    ProbeInput { entries, ..ProbeInput::default() }
}

fn check(facts: &LiveFacts, id: &str) -> LiveVerdict {
    facts
        .live
        .checks
        .iter()
        .find(|check| check.check == id)
        .map_or_else(|| panic!("no check {id}"), |check| check.verdict)
}

fn drip(stream: &mut TcpStream, start: &str) {
    let _ = stream.write_all(start.as_bytes());
    for _ in 0..200 {
        if stream.write_all(b"a").is_err() {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn forever(stream: &mut TcpStream, start: &str, piece: &str) {
    let _ = stream.write_all(start.as_bytes());
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(3) {
        if stream.write_all(piece.as_bytes()).is_err() {
            return;
        }
    }
}

#[test]
fn hostile_first_answers_are_typed_errors_in_time() {
    type Handler = fn(&Seen, &mut TcpStream);
    let limit = Duration::from_millis(600);
    let cases: Vec<(&str, Handler, HttpError)> = vec![
        ("never answers", |_, _| std::thread::sleep(Duration::from_secs(2)), HttpError::Deadline(limit)),
        ("slow head", |_, stream| drip(stream, "HTTP/1.1 200 OK\r\nX: "), HttpError::Deadline(limit)),
        ("slow body", |_, stream| drip(stream, "HTTP/1.1 200 OK\r\n\r\n"), HttpError::Deadline(limit)),
        (
            "slow chunks",
            |_, stream| drip(stream, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n"),
            HttpError::Deadline(limit),
        ),
        ("endless headers", |_, stream| forever(stream, "HTTP/1.1 200 OK\r\n", "X-A: b\r\n"), HttpError::HeadTooLarge),
        (
            "endless header line",
            |_, stream| forever(stream, "HTTP/1.1 200 OK\r\nX-A: ", &"a".repeat(4096)),
            HttpError::HeadTooLarge,
        ),
        (
            "endless first line",
            |_, stream| forever(stream, "HTTP/1.1 200 ", &"a".repeat(4096)),
            HttpError::HeadTooLarge,
        ),
        ("no status line", |_, stream| drop(stream.write_all(b"hello\r\n\r\n")), HttpError::StatusLine),
        ("bytes", |_, stream| drop(stream.write_all(&[0, 159, 146, 150, b'\n', 255])), HttpError::StatusLine),
        ("HTTP/0.9", |_, stream| drop(stream.write_all(b"<html>")), HttpError::StatusLine),
        ("odd status", |_, stream| drop(stream.write_all(b"HTTP/1.1 -20 x\r\n\r\n")), HttpError::StatusLine),
        (
            "header without colon",
            |_, stream| drop(stream.write_all(b"HTTP/1.1 200 OK\r\nabc\r\n\r\n")),
            HttpError::HeaderLine,
        ),
        (
            "header name with a space",
            |_, stream| drop(stream.write_all(b"HTTP/1.1 200 OK\r\nA b: c\r\n\r\n")),
            HttpError::HeaderLine,
        ),
        (
            "folded first header",
            |_, stream| drop(stream.write_all(b"HTTP/1.1 200 OK\r\n b: c\r\n\r\n")),
            HttpError::HeaderLine,
        ),
        ("interim flood", |_, stream| forever(stream, "", "HTTP/1.1 100 Continue\r\n\r\n"), HttpError::Interim),
        ("switches protocols", |_, stream| drop(stream.write_all(b"HTTP/1.1 101 X\r\n\r\n")), HttpError::Interim),
        (
            "two lengths",
            |_, stream| drop(stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab")),
            HttpError::Length,
        ),
        (
            "negative length",
            |_, stream| drop(stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n")),
            HttpError::Length,
        ),
        (
            "enormous length",
            |_, stream| drop(stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n")),
            HttpError::Length,
        ),
        (
            "chunk size overflow",
            |_, stream| {
                drop(stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n"));
            },
            HttpError::Chunk,
        ),
        (
            "chunk size of words",
            |_, stream| drop(stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n")),
            HttpError::Chunk,
        ),
        (
            "chunk longer than said",
            |_, stream| {
                drop(stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n"))
            },
            HttpError::Chunk,
        ),
        (
            "endless chunk extension",
            |_, stream| forever(stream, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;a=", &"a".repeat(4096)),
            HttpError::Chunk,
        ),
        (
            "endless trailers",
            |_, stream| forever(stream, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "X: y\r\n"),
            HttpError::Chunk,
        ),
        (
            "compressed transfer",
            |_, stream| drop(stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n")),
            HttpError::TransferCoding,
        ),
        ("closes at once", |_, _| {}, HttpError::Closed),
        ("closes in the head", |_, stream| drop(stream.write_all(b"HTTP/1.1 200 OK\r\nX: y\r\n")), HttpError::Closed),
    ];
    for (name, handler, expected) in cases {
        let double = Double::start(handler);
        let began = Instant::now();
        match probe_with(&double.origin, &ProbeInput::default(), &options()) {
            Err(ProbeError::NoAnswer { why, .. }) => assert_eq!(why, expected, "{name}"),
            other => panic!("{name}: {other:?}"),
        }
        assert!(began.elapsed() < Duration::from_millis(1_500), "{name} took {:?}", began.elapsed());
        assert_eq!(double.seen().len(), 1, "{name}");
    }
}

#[test]
fn nothing_listens() {
    let port = TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("an address").port();
    let error =
        probe_with(&format!("http://127.0.0.1:{port}"), &ProbeInput::default(), &options()).expect_err("refused");
    assert!(matches!(&error, ProbeError::NoAnswer { why: HttpError::Refused, .. }), "{error:?}");
    assert!(error.not_checked().weighs);
}

#[test]
fn localhost_reaches_an_app_that_only_listens_on_ipv6() {
    let Ok(listener) = TcpListener::bind("[::1]:0") else {
        // Without IPv6 on this machine there is nothing to test.
        return;
    };
    let port = listener.local_addr().expect("an address").port();
    let double = Double::on(listener, |_, stream| html(stream, "x"));
    let few = Options { max_requests: 3, ..options() };
    let facts = probe_with(&format!("http://localhost:{port}"), &ProbeInput::default(), &few).expect("facts");
    assert_eq!((facts.requests_sent, double.seen().len()), (3, 3));
}

#[test]
fn large_and_cut_answers_are_bounded() {
    type Handler = fn(&Seen, &mut TcpStream);
    let few = Options { max_requests: 12, ..options() };
    let cases: Vec<(&str, Handler)> = vec![
        ("endless body", |_, stream| {
            forever(stream, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n", &"<a ".repeat(4096))
        }),
        ("endless chunks", |_, stream| {
            let chunk = format!("4000\r\n{}\r\n", "x".repeat(0x4000));
            forever(stream, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", &chunk);
        }),
        ("one chunk of a terabyte", |_, stream| {
            forever(stream, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffff\r\n", &"x".repeat(0x4000));
        }),
        ("many chunks of one byte", |_, stream| {
            forever(stream, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", &"1\r\nx\r\n".repeat(4_000));
        }),
        ("less than announced", |_, stream| {
            drop(stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\nshort"))
        }),
        ("more than announced", |_, stream| {
            drop(stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nlonger"))
        }),
        ("bare line feeds", |_, stream| drop(stream.write_all(b"HTTP/1.0 200 OK\nContent-Type: text/html\n\n<p>x"))),
    ];
    for (name, handler) in cases {
        let double = Double::start(handler);
        let began = Instant::now();
        match probe_with(&double.origin, &ProbeInput::default(), &few) {
            Ok(facts) => {
                assert!(!facts.live.pages.is_empty(), "{name}");
                assert!(facts.live.exposed_files.is_empty(), "{name}");
                // Cut short by its budget: that must be said.
                assert!(facts.not_checked.iter().any(|gap| gap.weighs), "{name}");
            }
            Err(ProbeError::NoAnswer { why: HttpError::Deadline(_), .. }) => {}
            Err(error) => panic!("{name}: {error}"),
        }
        assert!(began.elapsed() < Duration::from_secs(9), "{name} took {:?}", began.elapsed());
        assert!(double.seen().len() <= 12, "{name}");
    }
}

#[test]
fn a_thousand_cookies_are_bounded_and_said() {
    let double = Double::start(|_, stream| {
        let mut head = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n".to_owned();
        for number in 0..1_000 {
            head.push_str(&format!("Set-Cookie: c{number:04}=v; Path=/\r\n"));
        }
        head.push_str("\r\n");
        let _ = stream.write_all(head.as_bytes());
    });
    let few = Options { max_requests: 5, ..options() };
    let facts = probe_with(&double.origin, &ProbeInput::default(), &few).expect("facts");
    assert_eq!(facts.cookies.len(), 200);
    assert!(facts.not_checked.iter().any(|gap| gap.what == "cookies"));
}

#[test]
fn redirects_are_recorded_and_never_leave() {
    let other = Double::start(|_, stream| html(stream, "other"));
    let elsewhere = other.origin.clone();
    let double = Double::start(move |seen, stream| match seen.path.as_str() {
        "/" => answer(stream, 302, &[("Location", "/a")], b""),
        "/a" => answer(stream, 302, &[("Location", "/b")], b""),
        "/b" => answer(stream, 302, &[("Location", "/")], b""),
        "/out" => answer(stream, 302, &[("Location", &elsewhere)], b""),
        _ => answer(stream, 301, &[("Location", &format!("{elsewhere}/x"))], b""),
    });
    let facts = probe_with(&double.origin, &entries(&["/out"]), &options()).expect("facts");
    assert_eq!(other.seen().len(), 0);
    let pages: Vec<_> = facts.live.pages.iter().map(|(exchange, _)| exchange.url.replace(&double.origin, "")).collect();
    assert_eq!(pages, ["/", "/a", "/b"]);
    assert!(facts.live.open_entry_points.is_empty() && facts.live.exposed_files.is_empty());
    assert_eq!(check(&facts, "page-headers"), LiveVerdict::CouldNotTell);
}

#[test]
fn an_app_that_answers_200_to_everything_exposes_nothing() {
    let counter = std::sync::atomic::AtomicUsize::new(0);
    let double = Double::start(move |seen, stream| {
        let nonce = counter.fetch_add(1, Ordering::Relaxed);
        html(
            stream,
            &format!(
                "<!doctype html><html><head><title>Shop</title><script nonce=\"{nonce:032x}\">window.path = '{}'</script>\
                 </head><body><div id=root></div></body></html>",
                seen.path
            ),
        );
    });
    let mut input = entries(&["/api/customers", "/api/admin"]);
    for path in ["server/app.db", ".env", "backup/dump.sql", "server.js"] {
        input
            .files
            .push(ProjectFile { path: path.to_owned(), head: b"DB_PASSWORD=not-a-real-one-0123456789".to_vec() });
    }
    let facts = probe_with(&double.origin, &input, &options()).expect("facts");
    assert_eq!(facts.live.exposed_files, []);
    assert_eq!(facts.live.details_shown, []);
    assert!(facts.live.open_entry_points.is_empty(), "{:?}", facts.live.open_entry_points);
    assert_eq!(check(&facts, "exposed-files"), LiveVerdict::Passed);
    assert_eq!(check(&facts, "open-entry-points"), LiveVerdict::CouldNotTell);
    assert_eq!(check(&facts, "cors"), LiveVerdict::Passed);
}

/// A careless app: what it must not serve, it serves.
fn careless(seen: &Seen, stream: &mut TcpStream) {
    let path = seen.path.as_str();
    let text = [("Content-Type", "text/plain")];
    let origin = seen.head.lines().find_map(|line| line.strip_prefix("Origin: ")).map(str::to_owned);
    let mut cors: Vec<(&str, &str)> = vec![("Content-Type", "application/json")];
    if let Some(origin) = &origin {
        cors.push(("Access-Control-Allow-Origin", origin));
        cors.push(("Access-Control-Allow-Credentials", "true"));
    }
    match (seen.method.as_str(), path) {
        ("OPTIONS", _) => answer(stream, 204, &cors, b""),
        (_, "/") => {
            let page = "<html><script src=\"/assets/app.js\"></script><script>const inline = 1;</script>\
                        <a href=\"/logout\">x</a><a href=\"/about\">x</a><a href=\"/list?action=delete\">x</a></html>";
            answer(
                stream,
                200,
                &[("Content-Type", "text/html"), ("Set-Cookie", "connect.sid=s%3Aabcdefgh0123456789; Path=/")],
                page.as_bytes(),
            );
        }
        (_, "/assets/app.js") => answer(
            stream,
            200,
            &[("Content-Type", "text/javascript")],
            b"fetch('/api/staff'); import('./more.js');\n//# sourceMappingURL=app.js.map",
        ),
        (_, "/assets/more.js") => answer(stream, 200, &[("Content-Type", "text/javascript")], b"export {}"),
        (_, "/assets/app.js.map") => {
            json(stream, 200, r#"{"version":3,"sources":["src/a.js"],"sourcesContent":["x"],"mappings":""}"#);
        }
        (_, "/.env") => answer(stream, 200, &text, b"STRIPE_KEY=not-a-real-one\n"),
        (_, "/.git/HEAD") => answer(stream, 200, &text, b"ref: refs/heads/main\n"),
        (_, "/.git/config") => answer(stream, 200, &text, b"[core]\n"),
        (_, "/package.json") => json(stream, 200, r#"{"name":"shop","scripts":{}}"#),
        (_, "/data/shop.sqlite") => answer(stream, 206, &[], b"SQLite format 3\0rest"),
        (_, "/dump.sql") => answer(stream, 200, &text, b"CREATE TABLE users (id int);"),
        (_, "/lib/prices.mjs") => {
            answer(stream, 200, &text, b"export const margin = 0.4; // own file of the project\n")
        }
        (_, "/uploads/") => html(stream, "<html><title>Index of /uploads/</title></html>"),
        (_, "/about") => html(stream, "<html>about us</html>"),
        (_, "/api/customers") => {
            let list =
                r#"[{"id":41,"name":"A","email":"a@shop.example"},{"id":42,"name":"B","email":"b@shop.example"}]"#;
            answer(stream, 200, &cors, list.as_bytes());
        }
        (_, "/api/customers/41") => json(stream, 200, r#"{"id":41,"iban":"GB00TEST00010001"}"#),
        (_, "/api/staff") => json(stream, 200, r#"{"staff":[{"name":"A","salary":1}]}"#),
        (_, "/api/hours") => json(stream, 200, r#"[{"day":"Mon"}]"#),
        (_, "/api/me") => json(stream, 401, r#"{"error":"login"}"#),
        (_, "/api/polite") => json(stream, 200, r#"{"error":"please log in"}"#),
        (_, "/account") => answer(stream, 302, &[("Location", "/login?next=/account")], b""),
        (_, path) if path.contains('%') => {
            answer(stream, 400, &text, b"URIError: x\n    at decode (/srv/app/node_modules/router/index.js:1:2)");
        }
        _ => answer(stream, 404, &text, b"Not Found"),
    }
}

fn careless_input() -> ProbeInput {
    let mut input = entries(&[
        "/api/customers",
        "/api/customers/:id",
        "/api/hours",
        "/api/me",
        "/api/polite",
        "/account",
        "/createdb",
        "/api/users/:id/delete",
        "/api/share/:token",
    ]);
    input.entries.push(ProbeEntry { harm: Some("its code changes records".to_owned()), ..entry(9, "/api/visit") });
    input.entries.push(ProbeEntry { methods: vec!["POST".to_owned()], ..entry(10, "/api/order") });
    input.files.push(ProjectFile {
        path: "lib/prices.mjs".to_owned(),
        head: b"export const margin = 0.4; // own file of the project\n".to_vec(),
    });
    input.databases.push("data/shop.sqlite".to_owned());
    input
}

#[test]
fn what_a_careless_app_serves_is_found() {
    let double = Double::start(careless);
    let mut lines = Vec::new();
    let facts = run(&double.origin, &careless_input(), &options(), &mut |entry: &LogEntry| {
        lines.push(entry.line());
        Ok(())
    })
    .expect("facts");
    let path = |url: &str| url.replace(&double.origin, "");
    let mut exposed: Vec<String> = facts.live.exposed_files.iter().map(|(exchange, _)| path(&exchange.url)).collect();
    exposed.sort();
    assert_eq!(
        exposed,
        [
            "/.env",
            "/.git/HEAD",
            "/.git/config",
            "/assets/app.js.map",
            "/data/shop.sqlite",
            "/dump.sql",
            "/lib/prices.mjs",
            "/package.json",
            "/uploads/"
        ]
    );
    let open: BTreeMap<String, _> = facts
        .live
        .open_entry_points
        .iter()
        .map(|answer| {
            (path(&answer.exchange.url), (answer.entry, answer.verdict, answer.records, answer.fields.clone()))
        })
        .collect();
    let fields = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    let expected = BTreeMap::from([
        ("/api/customers".to_owned(), (Some(0), LiveVerdict::Confirmed, Some(2), fields(&["email", "id", "name"]))),
        ("/api/customers/41".to_owned(), (Some(1), LiveVerdict::Confirmed, None, fields(&["iban", "id"]))),
        ("/api/hours".to_owned(), (Some(2), LiveVerdict::Likely, Some(1), fields(&["day"]))),
        ("/api/staff".to_owned(), (None, LiveVerdict::Confirmed, Some(1), fields(&["name", "salary", "staff"]))),
    ]);
    assert_eq!(open, expected);
    let refused: Vec<_> = facts.live.refused_entry_points.iter().map(|answer| path(&answer.exchange.url)).collect();
    assert_eq!(refused, ["/api/me", "/api/polite", "/account"]);
    assert!(facts.live.cors.iter().any(|cors| {
        cors.exchange.method == "GET" && cors.credentials && cors.origins() == AllowedOrigins::Reflected
    }));
    assert_eq!(check(&facts, "cors"), LiveVerdict::Confirmed);
    assert_eq!(facts.live.details_shown.len(), 1);
    assert_eq!(facts.cookies.len(), 1);
    assert_eq!((facts.cookies[0].is_session, facts.cookies[0].http_only), (true, Some(false)));
    let texts: Vec<_> = facts.scripts.iter().map(|(url, _)| path(url)).collect();
    assert_eq!(texts, ["/#inline-1", "/assets/app.js", "/assets/more.js"]);
    assert_eq!(facts.source_maps.len(), 1);

    // What could change something was never asked, and is said.
    let asked: Vec<String> = double.seen().into_iter().map(|seen| seen.path).collect();
    for never in ["/createdb", "/logout", "/api/visit", "/api/order"] {
        assert!(!asked.iter().any(|path| path == never), "{never}");
    }
    assert!(!asked.iter().any(|path| path.contains("delete") || path.contains("share")), "{asked:?}");
    let skipped: Vec<&str> = facts.skipped_paths.iter().map(|skipped| skipped.path.as_str()).collect();
    assert_eq!(skipped, ["/api/users/:id/delete", "/api/visit", "/createdb", "/logout"]);

    // No body and no value of a cookie is in the log.
    let log = lines.join("\n");
    for private in ["shop.example", "not-a-real-one", "abcdefgh0123456789", "GB00TEST"] {
        assert!(!log.contains(private), "{private}");
    }
    let mut app = plimsoll_model::App::default();
    facts.join(&mut app);
    assert!(app.serves_pages && app.live.origin.is_some() && app.cookies.len() == 1);
}

#[test]
fn the_log_is_complete_chained_and_within_the_plan() {
    let double = Double::start(careless);
    let mut lines = Vec::new();
    let input = careless_input();
    let facts = run(&double.origin, &input, &options(), &mut |entry: &LogEntry| {
        lines.push(entry.line());
        Ok(())
    })
    .expect("facts");
    let log = replay(lines.iter().map(String::as_str)).expect("an unbroken chain");
    let sent: Vec<&LogEntry> = log.iter().filter(|entry| entry.event == LogEvent::Send).collect();
    let seen = double.seen();
    assert_eq!(sent.len(), seen.len());
    assert_eq!(sent.len(), facts.requests_sent);
    for (entry, seen) in sent.iter().zip(&seen) {
        assert_eq!(
            (entry.method.as_str(), &entry.url),
            (seen.method.as_str(), &format!("{}{}", double.origin, seen.path))
        );
    }
    // Planned, or of a kind that was announced with a maximum.
    let plan = plan(&double.origin, &input, &options()).expect("a plan");
    let mut extra: BTreeMap<&str, usize> = BTreeMap::new();
    for entry in &sent {
        let planned = plan.requests.iter().any(|request| {
            request.check == entry.check
                && request.method == entry.method
                && request.url == entry.url
                && request.headers == entry.headers
        });
        if !planned {
            *extra.entry(entry.check.as_str()).or_default() += 1;
        }
    }
    for (check, count) in extra {
        let allowed: usize = plan.later.iter().filter(|later| later.check == check).map(|later| later.at_most).sum();
        assert!(count <= allowed, "{check}: {count} unplanned requests");
    }
    // Changed, removed, added: it shows.
    let edited = lines[4].replace("GET", "PUT");
    let mut bent = lines.clone();
    bent[4] = edited;
    assert_eq!(replay(bent.iter().map(String::as_str)), Err(LogError::Chain(5)));
    let mut shorter = lines.clone();
    shorter.remove(3);
    assert_eq!(replay(shorter.iter().map(String::as_str)), Err(LogError::Chain(4)));
}

#[test]
fn budget_pace_verbs_and_identity_hold_in_the_targets_own_log() {
    let double = Double::start(|seen, stream| {
        if seen.path == "/" || seen.path.starts_with("/p") {
            let mut page = String::new();
            for number in 0..300 {
                page.push_str(&format!(
                    "<a href=/p{number}{}>x</a><script src=/s{number}.js></script>",
                    seen.path.len()
                ));
            }
            return html(stream, &page);
        }
        if seen.path.ends_with(".js") {
            let calls: String = (0..300).map(|number| format!("fetch('/api/{}{number}');", seen.path.len())).collect();
            return answer(stream, 200, &[("Content-Type", "text/javascript")], calls.as_bytes());
        }
        json(stream, 200, &format!(r#"[{{"id":"{}"}}]"#, seen.path.replace('/', "-")));
    });
    let mut input = ProbeInput::default();
    for number in 0..400 {
        input.entries.push(entry(number, &format!("/api/thing{number}")));
        input.entries.push(entry(number, &format!("/api/thing{number}/:id")));
        input.pages.push(format!("/page{number}"));
        input.folders.push(format!("/folder{number}"));
        input.files.push(ProjectFile { path: format!("data{number}.db"), head: Vec::new() });
    }
    let greedy = Options {
        max_requests: 100_000,
        max_per_check: 100_000,
        per_second: 100_000,
        wall: Duration::from_secs(100_000),
        ..options()
    };
    let mut checks: BTreeMap<String, usize> = BTreeMap::new();
    let facts = run(&double.origin, &input, &greedy, &mut |entry: &LogEntry| {
        if entry.event == LogEvent::Send {
            *checks.entry(entry.check.clone()).or_default() += 1;
        }
        Ok(())
    })
    .expect("facts");
    let seen = double.seen();
    assert!(seen.len() <= MAX_REQUESTS, "{}", seen.len());
    assert_eq!(seen.len(), facts.requests_sent);
    assert!(seen.len() > 100, "{}", seen.len());
    assert!(checks.values().all(|&count| count <= MAX_PER_CHECK), "{checks:?}");
    for request in &seen {
        assert!(matches!(request.method.as_str(), "GET" | "HEAD" | "OPTIONS"), "{request:?}");
        assert!(request.head.contains("User-Agent: Plimsoll-Prober/") && request.head.contains("X-Plimsoll-Run: "));
        assert!(request.head.contains("Accept-Encoding: identity\r\n"));
        assert!(!request.head.contains("Cookie: ") && !request.head.contains("Authorization: "));
    }
    // Twenty in a second, wherever the second begins.
    for window in seen.windows(22) {
        let took = window[21].at.duration_since(window[0].at);
        assert!(took >= Duration::from_millis(950), "22 requests in {took:?}");
    }
}

#[test]
fn a_run_stops_when_the_app_suffers_or_says_so() {
    let broken = Double::start(|_, stream| answer(stream, 500, &[], b"x"));
    let facts = probe_with(&broken.origin, &ProbeInput::default(), &options()).expect("facts");
    assert_eq!((broken.seen().len(), facts.stopped.clone()), (5, Some(StopReason::Failing)));
    assert!(facts.live.checks.iter().all(|check| check.verdict != LiveVerdict::Confirmed));
    assert_eq!(check(&facts, "exposed-files"), LiveVerdict::CouldNotTell);

    let limited = Double::start(|_, stream| answer(stream, 429, &[("Retry-After", "60")], b""));
    let facts = probe_with(&limited.origin, &ProbeInput::default(), &options()).expect("facts");
    assert_eq!((limited.seen().len(), facts.stopped), (1, Some(StopReason::AskedToWait)));

    let stops = Double::start(|_, stream| answer(stream, 200, &[("X-Plimsoll-Stop", "1")], b""));
    let facts = probe_with(&stops.origin, &ProbeInput::default(), &options()).expect("facts");
    assert_eq!((stops.seen().len(), facts.stopped), (1, Some(StopReason::AppSaysStop)));

    let slow = Double::start(|_, stream| {
        std::thread::sleep(Duration::from_millis(300));
        html(stream, "x");
    });
    let began = Instant::now();
    let brief = Options { wall: Duration::from_secs(2), ..options() };
    let facts = probe_with(&slow.origin, &ProbeInput::default(), &brief).expect("facts");
    assert_eq!(facts.stopped, Some(StopReason::Wall));
    assert!(began.elapsed() < Duration::from_secs(3));

    let dies = Double::start(|seen, stream| {
        if seen.path == "/" {
            html(stream, "x");
        }
    });
    let facts = probe_with(&dies.origin, &ProbeInput::default(), &options()).expect("facts");
    assert_eq!((dies.seen().len(), facts.stopped), (6, Some(StopReason::Failing)));

    let stop = Arc::new(AtomicBool::new(true));
    let fine = Double::start(|_, stream| html(stream, "x"));
    let stopped = Options { stop: Some(stop), ..options() };
    let error = probe_with(&fine.origin, &ProbeInput::default(), &stopped).expect_err("stopped");
    assert!(matches!(error, ProbeError::Stopped { why: StopReason::UserSaysStop, .. }));
    assert_eq!(fine.seen().len(), 0);
}

#[test]
fn what_cannot_be_logged_is_not_sent() {
    let double = Double::start(|_, stream| html(stream, "x"));
    let error = run(&double.origin, &ProbeInput::default(), &options(), &mut |_| {
        Err(std::io::Error::from(std::io::ErrorKind::StorageFull))
    })
    .expect_err("no log, no request");
    assert!(matches!(error, ProbeError::Stopped { why: StopReason::Log(_), .. }));
    assert_eq!(double.seen().len(), 0);
}

#[test]
fn other_hosts_are_refused_with_a_reason() {
    for target in [
        "http://shop.example",
        "http://localhost.attacker.example",
        "http://user@127.0.0.1",
        "http://169.254.169.254/",
        "http://10.0.0.1",
        "http://0.0.0.0:3000",
        "http://2130706433/",
        "http://[::ffff:127.0.0.1]/",
        "ftp://127.0.0.1",
        "",
    ] {
        let mut asked = false;
        let error = run(target, &ProbeInput::default(), &options(), &mut |_| {
            asked = true;
            Ok(())
        })
        .expect_err(target);
        assert!(matches!(error, ProbeError::Scope(_)), "{target}");
        assert!(!asked && error.to_string().len() > 20, "{target}: {error}");
        assert!(plan(target, &ProbeInput::default(), &options()).is_err(), "{target}");
    }
}

#[test]
fn wrong_passwords_only_with_consent_and_few() {
    let without = Double::start(careless);
    let facts = probe_with(&without.origin, &ProbeInput::default(), &options()).expect("facts");
    assert!(facts.live.login.is_none());
    assert!(without.seen().iter().all(|seen| seen.method != "POST"));

    let consent = || {
        let mut probe = LoginProbe::new("/api/login");
        probe.tries = 1_000;
        probe.entry = Some(3);
        Options { login_probe: Some(probe), ..options() }
    };
    let open = Double::start(|seen, stream| match seen.method.as_str() {
        "POST" => json(stream, 401, r#"{"error":"wrong email or password"}"#),
        _ => careless(seen, stream),
    });
    let facts = probe_with(&open.origin, &ProbeInput::default(), &consent()).expect("facts");
    let login = facts.live.login.clone().expect("login");
    assert_eq!((login.attempts, login.verdict, login.entry), (12, LiveVerdict::Confirmed, Some(3)));
    let posts: Vec<_> = open.seen().into_iter().filter(|seen| seen.method == "POST").collect();
    assert_eq!(posts.len(), 12);
    assert!(posts.iter().all(|seen| seen.path == "/api/login"));

    let count = std::sync::atomic::AtomicUsize::new(0);
    let limits = Double::start(move |seen, stream| match seen.method.as_str() {
        "POST" if count.fetch_add(1, Ordering::Relaxed) >= 5 => json(stream, 429, "{}"),
        "POST" => json(stream, 401, "{}"),
        _ => careless(seen, stream),
    });
    let facts = probe_with(&limits.origin, &ProbeInput::default(), &consent()).expect("facts");
    let login = facts.live.login.expect("login");
    assert_eq!((login.limited.map(|(at, _)| at), login.verdict), (Some(6), LiveVerdict::Passed));
    // One more, with another claimed address.
    let posts: Vec<_> = limits.seen().into_iter().filter(|seen| seen.method == "POST").collect();
    assert_eq!(posts.len(), 7);
    assert!(posts.last().is_some_and(|seen| seen.head.contains("X-Forwarded-For: 203.0.113.77")));

    // A limiter that believes the header is none.
    let count = std::sync::atomic::AtomicUsize::new(0);
    let believes = Double::start(move |seen, stream| match seen.method.as_str() {
        "POST" if seen.head.contains("X-Forwarded-For") => json(stream, 401, "{}"),
        "POST" if count.fetch_add(1, Ordering::Relaxed) >= 5 => json(stream, 429, "{}"),
        "POST" => json(stream, 401, "{}"),
        _ => careless(seen, stream),
    });
    let facts = probe_with(&believes.origin, &ProbeInput::default(), &consent()).expect("facts");
    let login = facts.live.login.expect("login");
    assert_eq!(login.verdict, LiveVerdict::Confirmed);
    assert!(login.bypassed.is_some_and(|how| how.contains("X-Forwarded-For")));

    // A form that wants a CSRF token refuses everything: that proves nothing.
    let csrf = Double::start(|seen, stream| match seen.method.as_str() {
        "POST" => answer(stream, 403, &[], b"CSRF token missing"),
        _ => careless(seen, stream),
    });
    let facts = probe_with(&csrf.origin, &ProbeInput::default(), &consent()).expect("facts");
    assert_eq!(facts.live.login.expect("login").verdict, LiveVerdict::CouldNotTell);
}

#[test]
fn same_app_same_facts() {
    let double = Double::start(careless);
    let facts = |_: usize| {
        let facts = probe_with(&double.origin, &careless_input(), &options()).expect("facts");
        format!("{:?} {:?} {:?} {:?}", facts.live, facts.cookies, facts.not_checked, facts.skipped_paths)
    };
    let first = facts(0);
    assert_eq!(first, facts(1));
    assert_eq!(first, facts(2));
}

/// A shop with two accounts. `form` makes it sign in by a form with a token against foreign pages; `weak` leaves out what a
/// strong one checks.
fn shop(weak: bool) -> impl Fn(&Seen, &mut TcpStream) + Send + Sync + 'static {
    let failed = std::sync::atomic::AtomicUsize::new(0);
    move |seen, stream| {
        let cookie = seen.head.lines().find_map(|line| line.strip_prefix("Cookie: ")).unwrap_or_default().to_owned();
        let who = match () {
            () if cookie.contains("ticket=anna-0123456789") => "anna",
            () if cookie.contains("ticket=ben-0123456789") => "ben",
            () => "",
        };
        let flags = if weak { "Path=/" } else { "Path=/; HttpOnly; SameSite=Lax" };
        match (seen.method.as_str(), seen.path.as_str()) {
            ("GET", "/") => html(stream, "<html><body>Our shop <a href='/login'>for staff</a></body></html>"),
            ("GET", "/login") => answer(
                stream,
                200,
                &[("Content-Type", "text/html"), ("Set-Cookie", "guest=abc; Path=/")],
                b"<form method=post action=/login><input type=hidden name=csrf value=c-1><input name=mail type=email><input name=pw type=password></form>",
            ),
            ("POST", "/login") => {
                let good = seen.body.contains("csrf=c-1") && cookie.contains("guest=abc");
                let name = ["anna", "ben"].into_iter().find(|name| {
                    seen.body.contains(&format!("mail={name}%40shop.example&pw={name}-secret"))
                });
                match name.filter(|_| good) {
                    Some(name) => {
                        let ticket = format!("ticket={name}-0123456789; {flags}");
                        answer(stream, 302, &[("Location", "/orders"), ("Set-Cookie", &ticket), ("Set-Cookie", "lang=en; Path=/")], b"");
                    }
                    None if !weak && failed.fetch_add(1, Ordering::Relaxed) >= 8 => answer(stream, 429, &[], b"slow down"),
                    None => html(stream, "<p>Wrong.</p><form method=post><input name=mail><input name=pw type=password></form>"),
                }
            }
            ("GET", _) if who.is_empty() => answer(stream, 302, &[("Location", "/login")], b""),
            ("GET", "/orders") => html(stream, &format!("<p>Orders of {who}</p><a href='/orders/{}'>one</a>", if who == "anna" { 7 } else { 8 })),
            ("GET", "/orders/7") if who == "anna" || weak => html(stream, "<p>Order of Canary Lane 7</p>"),
            ("GET", "/orders/8") if who == "ben" => html(stream, "<p>Order of nobody else</p>"),
            ("GET", "/orders/7") => answer(stream, 404, &[], b"not found"),
            _ => answer(stream, 404, &[], b"not found"),
        }
    }
}

fn sign_in() -> SignIn {
    let account = |name: &str, marker: Option<&str>| TestAccount {
        label: name.to_owned(),
        user: Credential::new(format!("{name}@shop.example")),
        password: Credential::new(format!("{name}-secret")),
        marker: marker.map(str::to_owned),
    };
    SignIn { accounts: vec![account("anna", Some("Canary Lane 7")), account("ben", None)], ..SignIn::default() }
}

fn shop_input() -> ProbeInput {
    ProbeInput { pages: vec!["/login".to_owned()], ..entries(&["/orders", "/orders/:id"]) }
}

#[test]
fn two_accounts_before_the_same_object_and_the_session_by_ablation() {
    for weak in [true, false] {
        let double = Double::start(shop(weak));
        let mut lines = Vec::new();
        let options = Options { sign_in: Some(sign_in()), ..options() };
        let facts = run(&double.origin, &shop_input(), &options, &mut |entry| {
            lines.push(entry.line());
            Ok(())
        })
        .expect("facts");
        let labels: Vec<&str> = facts.live.accounts.iter().map(|account| account.label.as_str()).collect();
        assert_eq!(labels, ["anna", "ben"], "{:?}", facts.not_checked);
        let foreign: Vec<_> = facts.live.access.iter().filter(|access| access.second && access.marked).collect();
        assert_eq!(
            foreign.iter().filter(|access| access.allowed() && access.object).count(),
            usize::from(weak),
            "{foreign:?}"
        );
        assert_eq!(check(&facts, "account-access"), if weak { LiveVerdict::Confirmed } else { LiveVerdict::Passed });
        // Only the ticket makes a stranger of the account; names decide nothing.
        let sessions: Vec<_> = facts.cookies.iter().filter(|cookie| cookie.is_session).collect();
        let [session] = &sessions[..] else { panic!("{sessions:?}") };
        assert_eq!((session.name.as_str(), session.http_only), ("ticket", Some(!weak)));
        let login = facts.live.login.clone().expect("tried");
        assert_eq!(login.verdict, if weak { LiveVerdict::Confirmed } else { LiveVerdict::Passed }, "{login:?}");
        // Neither passwords nor sessions are in the log, the facts or the gaps; the server's own log agrees with ours.
        let text = format!("{} {:?} {:?}", lines.join("\n"), facts.live, facts.not_checked);
        for secret in ["anna-secret", "ben-secret", "ticket=anna", "anna-0123456789", "anna@shop"] {
            assert!(!text.contains(secret), "{secret}");
        }
        let entries = replay(lines.iter().map(String::as_str)).expect("the chain holds");
        let sent = entries.iter().filter(|entry| entry.event == LogEvent::Send).count();
        assert_eq!(sent, double.seen().len());
        assert!(sent <= MAX_REQUESTS);
        let posts = double.seen().into_iter().filter(|seen| seen.method == "POST").count();
        assert!(posts <= 2 + plimsoll_probe::MAX_ATTEMPTS, "{posts}");
        assert!(entries.iter().any(|entry| entry.account.as_deref() == Some("ben") && entry.method == "GET"));
    }
}

#[test]
fn a_login_that_does_not_work_is_said() {
    let double = Double::start(shop(false));
    let mut wrong = sign_in();
    wrong.accounts[0].password = Credential::new("not-it");
    let options = Options { sign_in: Some(wrong), ..options() };
    let facts = probe_with(&double.origin, &shop_input(), &options).expect("facts");
    assert!(facts.not_checked.iter().any(|gap| gap.what.contains("`anna`") && gap.weighs), "{:?}", facts.not_checked);
}

#[test]
fn without_consent_nobody_signs_in() {
    let double = Double::start(shop(true));
    let facts = probe_with(&double.origin, &shop_input(), &options()).expect("facts");
    assert!(double.seen().iter().all(|seen| seen.method == "GET" || seen.method == "OPTIONS"));
    assert!(facts.not_checked.iter().any(|gap| gap.why.contains("--sign-in")));
    assert!(facts.not_checked.iter().any(|gap| gap.why.contains("no Chromium")));
}

/// The browser's program; a test without it is left out, with a word.
fn browser() -> Option<std::path::PathBuf> {
    let found = plimsoll_probe::find_browser(&std::env::var_os("PATH").unwrap_or_default());
    if found.is_none() {
        eprintln!("skipped: no Chromium is installed");
    }
    found
}

const STAFF: &str = "<html><body><script>if (!localStorage.staff) location.replace('/login')</script>\
    <h1>Staff</h1><p>Anna Example, anna@shop.example, +44 7700 900111, earns 1234 a month and lives in a long street.</p></body></html>";

fn guarded(server_checks: bool) -> impl Fn(&Seen, &mut TcpStream) + Send + Sync + 'static {
    move |seen, stream| match seen.path.as_str() {
        "/" => html(
            stream,
            "<html><body><h1>Shop</h1><a href='/staff.html'>staff</a><a href='/login'>in</a></body></html>",
        ),
        "/login" => html(
            stream,
            "<html><body><form><input type=email name=mail><input type=password name=pw></form></body></html>",
        ),
        "/staff.html" if server_checks => {
            html(
                stream,
                "<html><body><script>fetch('/api/staff').then(r => r.ok || location.replace('/login'))</script><h1>Staff</h1><p>The list of everybody who works in this shop is loaded here.</p></body></html>",
            );
        }
        "/staff.html" => html(stream, STAFF),
        "/api/staff" => json(stream, 401, "{}"),
        _ => answer(stream, 404, &[], b"not found"),
    }
}

#[test]
fn a_guard_that_only_scripts_enforce_is_passed_without_them() {
    let Some(program) = browser() else { return };
    for server_checks in [false, true] {
        let double = Double::start(guarded(server_checks));
        let options = Options { browser: Some(program.clone()), ..options() };
        let facts = probe_with(&double.origin, &ProbeInput::default(), &options).expect("facts");
        let guards: Vec<_> = facts.live.guards.iter().map(|guard| (guard.page.as_str(), guard.verdict)).collect();
        match server_checks {
            false => assert_eq!(guards, [("/staff.html", LiveVerdict::Confirmed)], "{:?}", facts.not_checked),
            true => assert!(guards.is_empty(), "{guards:?}"),
        }
        assert!(!facts.live.pictures.is_empty(), "{:?}", facts.not_checked);
        assert!(facts.live.pictures.iter().all(|picture| picture.jpeg.starts_with(&[0xff, 0xd8])));
        // What the browser asked went through the same gate.
        let asked = double.seen();
        assert_eq!(asked.len(), facts.requests_sent);
        assert!(asked.iter().all(|seen| seen.head.contains("X-Plimsoll-Run: ")));
    }
}

/// A login that asks no server: everything is shipped.
fn shipped(seen: &Seen, stream: &mut TcpStream) {
    let script = "
        const team = [{ mail: 'anna@shop.example', pw: 'anna-secret', phone: '+44 7700 900111' }];
        const me = () => JSON.parse(sessionStorage.getItem('shop.me') || 'null');
        const draw = () => {
            document.body.innerHTML = me()
                ? '<h1>Ledger</h1><p>All balances of all customers, ' + team.map(t => t.mail + ' ' + t.phone).join() + ', and much more text that only staff may see.</p>'
                : '<form><input type=email name=mail><input type=password name=pw><button>In</button></form>';
            document.querySelector('form')?.addEventListener('submit', event => {
                event.preventDefault();
                const data = new FormData(event.target);
                const found = team.find(t => t.mail === data.get('mail') && t.pw === data.get('pw'));
                if (found) { sessionStorage.setItem('shop.me', JSON.stringify({ mail: found.mail })); draw(); }
            });
        };
        addEventListener('load', draw);";
    match seen.path.as_str() {
        "/" => html(stream, "<html><body><script src='/app.js'></script></body></html>"),
        "/app.js" => answer(stream, 200, &[("Content-Type", "text/javascript")], script.as_bytes()),
        _ => answer(stream, 404, &[], b"not found"),
    }
}

/// A login that asks the server and keeps its token where scripts read it.
fn stored(seen: &Seen, stream: &mut TcpStream) {
    let script = "
        const draw = () => {
            document.body.innerHTML = localStorage.getItem('token') ? '<h1>Inside</h1><p>Welcome to the inside of the shop.</p>'
                : '<form><input type=email name=mail><input type=password name=pw><button>In</button></form>';
            document.querySelector('form')?.addEventListener('submit', async event => {
                event.preventDefault();
                const body = JSON.stringify(Object.fromEntries(new FormData(event.target)));
                const answer = await fetch('/api/login', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body });
                if (answer.ok) { localStorage.setItem('token', (await answer.json()).token); draw(); }
            });
        };
        addEventListener('load', draw);";
    match (seen.method.as_str(), seen.path.as_str()) {
        (_, "/") => html(stream, "<html><body><script src='/app.js'></script></body></html>"),
        (_, "/app.js") => answer(stream, 200, &[("Content-Type", "text/javascript")], script.as_bytes()),
        ("POST", "/api/login") if seen.body.contains("anna-secret") => {
            json(stream, 200, r#"{"token":"t0k3n-0123456789-abcdef"}"#)
        }
        ("POST", _) => json(stream, 401, r#"{"error":"wrong"}"#),
        _ => answer(stream, 404, &[], b"not found"),
    }
}

#[test]
fn signing_in_with_the_browser_shows_what_it_leaves_there() {
    let Some(program) = browser() else { return };
    let one = SignIn { accounts: sign_in().accounts.into_iter().take(1).collect(), ..SignIn::default() };
    let options = || Options { browser: Some(program.clone()), sign_in: Some(one.clone()), ..options() };

    let double = Double::start(shipped);
    let facts = probe_with(&double.origin, &ProbeInput::default(), &options()).expect("facts");
    let passed: Vec<&GuardPassed> = facts.live.guards.iter().map(|guard| &guard.passed).collect();
    assert!(passed.contains(&&GuardPassed::NothingAsked), "{passed:?} {:?}", facts.not_checked);
    assert!(
        passed.iter().any(|how| matches!(how, GuardPassed::StoredValue(key) if key.contains("shop.me"))),
        "{passed:?} {:?}",
        facts.not_checked
    );
    assert!(double.seen().iter().all(|seen| seen.method != "POST"));

    let double = Double::start(stored);
    let facts = probe_with(&double.origin, &ProbeInput::default(), &options()).expect("facts");
    let tokens: Vec<_> = facts.live.tokens.iter().map(|token| (token.place, token.key.as_str())).collect();
    assert!(tokens.contains(&(TokenPlace::LocalStorage, "token")), "{tokens:?} {:?}", facts.not_checked);
    assert!(facts.live.guards.is_empty(), "{:?}", facts.live.guards);
    let text = format!("{:?}", facts.live);
    assert!(!text.contains("t0k3n-0123456789") && !text.contains("anna-secret"));
}

#[test]
fn hostile_pages_are_bounded_in_the_browser_too() {
    let Some(program) = browser() else { return };
    for page in [
        "<script>for (;;) {}</script>",
        "<script>for (let i = 0; i < 1000; i++) { const f = document.createElement('iframe'); f.src = '/f' + i; document.documentElement.append(f) }</script>",
        "<script>setInterval(() => fetch('/x' + Math.random()).catch(() => {}), 1)</script>",
        "<script>setTimeout(() => location.href = '/?' + Math.random(), 1)</script>",
        "<script>for (let i = 0; i < 50; i++) alert(i)</script>",
        "<script>new WebSocket('ws://192.0.2.1/'); fetch('http://192.0.2.1/'); new Image().src = 'http://elsewhere.example/'</script>",
    ] {
        let text = format!("<html><body><p>hostile</p>{page}</body></html>");
        let double = Double::start(move |seen, stream| match seen.path.as_str() {
            path if path == "/" || path.starts_with("/?") || path.starts_with("/f") => html(stream, &text),
            _ => answer(stream, 404, &[], b"not found"),
        });
        let begun = Instant::now();
        let options = Options { browser: Some(program.clone()), ..options() };
        let facts = probe_with(&double.origin, &ProbeInput::default(), &options).expect("facts");
        assert!(begun.elapsed() < Duration::from_secs(30), "{page}: {:?}", begun.elapsed());
        assert!(double.seen().len() <= MAX_REQUESTS, "{page}: {}", double.seen().len());
        assert_eq!(double.seen().len(), facts.requests_sent, "{page}");
        assert!(facts.live.guards.is_empty(), "{page}");
    }
}

#[test]
fn same_app_same_facts_in_ten_runs_with_browser_and_accounts() {
    let Some(program) = browser() else { return };
    let facts = || {
        let double = Double::start(shop(true));
        let options = Options { browser: Some(program.clone()), sign_in: Some(sign_in()), ..options() };
        let facts = probe_with(&double.origin, &shop_input(), &options).expect("facts");
        let pictures: Vec<&str> = facts.live.pictures.iter().map(|picture| picture.title.as_str()).collect();
        // How long the browser takes is the computer's, not the app's; that it took too long is said as a gap.
        let gaps: Vec<_> = facts.not_checked.iter().filter(|gap| !gap.why.contains("in time")).collect();
        let text = format!(
            "{:?} {:?} {:?} {:?} {:?} {:?} {pictures:?} {:?}",
            facts.live.access,
            facts.live.guards,
            facts.live.tokens,
            facts.live.login,
            facts.live.checks,
            facts.cookies,
            gaps
        );
        text.replace(&double.origin, "")
    };
    let first = facts();
    for _ in 1..10 {
        assert_eq!(first, facts());
    }
}

/// Sends visitors on, where its link or its code says; one address only to itself.
fn forwarding(seen: &Seen, stream: &mut TcpStream) {
    let target =
        seen.path.split_once("=https%3A%2F%2F").map(|(_, rest)| format!("https://{}", rest.replace("%2F", "/")));
    match (seen.path.split('?').next().unwrap_or_default(), target) {
        ("/", _) => {
            html(stream, "<a href='/go?url=/about&x=1'>a</a><a href='/safe?next=/a'>b</a><a href='/list?page=2'>c</a>")
        }
        ("/go" | "/leave", Some(to)) => answer(stream, 302, &[("Location", &to)], b""),
        ("/safe", _) => answer(stream, 302, &[("Location", "/")], b""),
        _ => answer(stream, 404, &[], b"not found"),
    }
}

#[test]
fn a_link_that_leads_to_a_strangers_site_is_seen_and_the_site_is_not_asked() {
    let double = Double::start(forwarding);
    let input = ProbeInput {
        redirects: vec![("/leave".into(), "to".into(), 3), ("/logout".into(), "next".into(), 4)],
        ..ProbeInput::default()
    };
    let facts = probe_with(&double.origin, &input, &options()).expect("facts");
    let found: Vec<_> = facts
        .live
        .redirects
        .iter()
        .map(|one| (one.parameter.as_str(), one.entry))
        .collect::<BTreeMap<_, _>>()
        .into_iter()
        .collect();
    assert_eq!(found, [("to", Some(3)), ("url", None)]);
    assert_eq!(check(&facts, "redirects"), LiveVerdict::Confirmed);
    assert!(double.seen().iter().all(|seen| !seen.path.starts_with("/logout") && !seen.path.contains("page=2&")));
    let plan = plan(&double.origin, &input, &options()).expect("a plan");
    assert!(plan.requests.iter().any(|request| request.check == "redirects" && request.url.contains("/leave?to=")));
}

#[test]
fn the_apps_own_description_of_its_addresses_is_followed() {
    let double = Double::start(|seen, stream| match seen.path.as_str() {
        "/" => html(stream, "<h1>Shop</h1>"),
        "/openapi.json" => json(
            stream,
            200,
            r#"{"openapi":"3.1.0","paths":{"/staff":{"get":{}},"/staff/{id}":{"get":{}},"/createdb":{"get":{}},"/order":{"post":{}}}}"#,
        ),
        "/staff" => json(stream, 200, r#"[{"name":"A","salary":100},{"name":"B","salary":120}]"#),
        _ => answer(stream, 404, &[], b"not found"),
    });
    let facts = probe_with(&double.origin, &ProbeInput::default(), &options()).expect("facts");
    let open: Vec<_> =
        facts.live.open_entry_points.iter().map(|one| one.exchange.url.replace(&double.origin, "")).collect();
    assert_eq!(open, ["/staff"]);
    let asked: Vec<String> = double.seen().into_iter().map(|seen| seen.path).collect();
    assert!(!asked.iter().any(|path| path.contains("createdb") || path == "/order"), "{asked:?}");
    assert!(facts.skipped_paths.iter().any(|skipped| skipped.path == "/createdb"));
}

/// A shop that takes pictures. A careful one gives them back to be saved.
fn pictures(careful: bool) -> impl Fn(&Seen, &mut TcpStream) + Send + Sync + 'static {
    let stored: Arc<Mutex<BTreeMap<String, String>>> = Arc::default();
    move |seen, stream| {
        let signed = seen.head.contains("ticket=anna");
        match (seen.method.as_str(), seen.path.as_str()) {
            ("GET", "/") => html(stream, "<h1>Shop</h1>"),
            ("GET", "/login") => {
                html(stream, "<form method=post><input name=mail><input name=pw type=password></form>")
            }
            ("POST", "/login") if seen.body.contains("pw=anna-secret") => {
                answer(
                    stream,
                    302,
                    &[("Location", "/orders"), ("Set-Cookie", "ticket=anna-0123456789; HttpOnly; SameSite=Lax")],
                    b"",
                );
            }
            ("POST", "/login") => answer(stream, 401, &[], b"no"),
            (_, "/orders" | "/photos") if !signed => answer(stream, 302, &[("Location", "/login")], b""),
            ("GET", "/orders") => html(
                stream,
                "<form method=post action=/photos enctype=multipart/form-data><input type=hidden name=csrf value=c5f><input type=file name=photo></form>",
            ),
            ("POST", "/photos") => {
                assert!(
                    seen.body.contains("name=\"csrf\"\r\n\r\nc5f") && seen.body.contains("name=\"photo\""),
                    "{}",
                    seen.body
                );
                let (_, rest) = seen.body.split_once("filename=\"").expect("a file");
                let name = rest.split('"').next().expect("a name").to_owned();
                let content =
                    rest.split("\r\n\r\n").nth(1).and_then(|text| text.split("\r\n--").next()).unwrap_or_default();
                assert!(!content.contains("script") && !content.contains("onload"), "{content}");
                stored.lock().expect("files").insert(name.clone(), content.to_owned());
                json(stream, 200, &format!(r#"{{"url":"/uploads/{name}"}}"#));
            }
            ("GET", path) if path.starts_with("/uploads/plimsoll-canary") => {
                let files = stored.lock().expect("files");
                let Some(content) = files.get(path.trim_start_matches("/uploads/")) else {
                    return answer(stream, 404, &[], b"not found");
                };
                let kind = match path.rsplit('.').next() {
                    Some("html") => "text/html",
                    Some("svg") => "image/svg+xml",
                    _ => "application/octet-stream",
                };
                match careful {
                    true => answer(
                        stream,
                        200,
                        &[
                            ("Content-Type", "application/octet-stream"),
                            ("Content-Disposition", "attachment"),
                            ("X-Content-Type-Options", "nosniff"),
                        ],
                        content.as_bytes(),
                    ),
                    false => answer(stream, 200, &[("Content-Type", kind)], content.as_bytes()),
                }
            }
            _ => answer(stream, 404, &[], b"not found"),
        }
    }
}

#[test]
fn three_files_are_uploaded_with_consent_and_what_comes_back_is_graded() {
    for careful in [false, true] {
        let double = Double::start(pictures(careful));
        let accounts = sign_in().accounts.into_iter().take(1).collect();
        let sign_in = Some(SignIn { accounts, ..SignIn::default() });
        let without = Options { sign_in: sign_in.clone(), ..options() };
        let facts = probe_with(&double.origin, &shop_input(), &without).expect("facts");
        assert!(
            double.seen().iter().all(|seen| seen.path != "/photos" || seen.method == "GET"),
            "no consent, no upload"
        );
        assert!(facts.not_checked.iter().any(|gap| gap.why.contains("--allow-upload")), "{:?}", facts.not_checked);
        let with = Options { allow_upload: true, ..without };
        let facts = probe_with(&double.origin, &shop_input(), &with).expect("facts");
        let seen: Vec<_> = facts.live.uploads.iter().map(|one| (one.what.as_str(), one.inline)).collect();
        assert_eq!(
            seen,
            [("a page", !careful), ("a drawing (SVG)", !careful), ("a file of an unknown type", false)],
            "{:?}",
            facts.not_checked
        );
        assert_eq!(check(&facts, "uploads"), if careful { LiveVerdict::Passed } else { LiveVerdict::Confirmed });
        let note = facts.live.checks.iter().find(|one| one.check == "uploads").expect("the check").note.clone();
        assert!(note.contains("to be deleted") && note.contains("plimsoll-canary.html"), "{note}");
        assert_eq!(double.seen().iter().filter(|seen| seen.method == "POST" && seen.path == "/photos").count(), 3);
    }
}

/// A login that computes a slow hash says nothing about how the pages feel.
#[test]
fn a_slow_login_is_no_slow_app() {
    let inner = shop(true);
    let double = Double::start(move |seen, stream| {
        if seen.method == "POST" {
            std::thread::sleep(Duration::from_millis(400));
        }
        inner(seen, stream);
    });
    let options = Options { sign_in: Some(sign_in()), ..options() };
    let facts = probe_with(&double.origin, &shop_input(), &options).expect("facts");
    assert_eq!(facts.stopped, None);
    assert_eq!(check(&facts, "health"), LiveVerdict::Passed);
    assert_eq!(facts.live.login.expect("tried").verdict, LiveVerdict::Confirmed);
}

#[test]
fn the_browser_says_whether_a_policy_stops_a_script() {
    let Some(program) = browser() else { return };
    for (policy, ran) in [
        (None, true),
        (Some("default-src 'self'"), false),
        (Some("script-src 'self' 'unsafe-inline'"), true),
        (Some("script-src 'nonce-0123456789abcdef' 'strict-dynamic'"), false),
    ] {
        let double = Double::start(move |seen, stream| {
            let mut headers = vec![("Content-Type", "text/html")];
            headers.extend(policy.map(|policy| ("Content-Security-Policy", policy)));
            match seen.path.as_str() {
                "/" => answer(stream, 200, &headers, b"<!doctype html><h1>Shop</h1><p>Welcome to our shop.</p>"),
                _ => answer(stream, 404, &[], b"not found"),
            }
        });
        let options = Options { browser: Some(program.clone()), ..options() };
        let facts = probe_with(&double.origin, &ProbeInput::default(), &options).expect("facts");
        let seen = facts.live.inline_script.as_ref().map(|seen| seen.ran);
        assert_eq!(seen, Some(ran), "{policy:?} {:?}", facts.not_checked);
        let graded = facts.live.checks.iter().find(|check| check.check == "content-policy-grade").expect("graded");
        let expected = match policy {
            Some(policy) if policy.contains("nonce") => "grade D: ",
            Some("default-src 'self'") => "grade B: ",
            _ => "grade F: ",
        };
        assert!(graded.note.starts_with(expected), "{policy:?} {}", graded.note);
        assert_eq!(check(&facts, "content-policy"), if ran { LiveVerdict::Confirmed } else { LiveVerdict::Passed });
    }
}
