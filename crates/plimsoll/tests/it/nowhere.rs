//! Nothing but the named origin is asked: counted by the system itself, in a network of the test's own.
//!
//! The test starts itself again with a network namespace in which every address of the Internet is this computer, so that a
//! connection to anywhere would succeed and count, and with a name server that counts. Where the system allows no such
//! namespace, it is left out, with a word.
#![expect(clippy::print_stderr, reason = "a test that is left out says so")]

use std::io::{Read, Write};
use std::net::{TcpListener, UdpSocket};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Set for the test that runs inside.
const INSIDE: &str = "PLIMSOLL_TEST_NOWHERE";

/// Every way out that a page has, and every trap on the own origin.
const PAGE: &str = r#"<!doctype html><html><head>
<base href="http://elsewhere.example/base/">
<meta http-equiv="refresh" content="1;url=http://elsewhere.example/refreshed">
<link rel="stylesheet" href="https://cdn.example/a.css"><link rel="preconnect" href="https://cdn.example">
<link rel="dns-prefetch" href="//names.example"><link rel="manifest" href="http://elsewhere.example/m.json">
<script src="https://cdn.example/a.js"></script>
</head><body><h1>A shop that points everywhere</h1>
<a href="http://elsewhere.example/">out</a><a href="ORIGIN/createdb">create</a><a href="ORIGIN/logout">out</a>
<a href="ORIGIN/orders?action=delete">delete</a><a href="ORIGIN/out">redirect</a>
<a href="http://192.0.2.7/">number</a><a ping="http://ping.example/" href="ORIGIN/about">about</a>
<img src="http://img.example/a.png"><iframe src="http://frame.example/"></iframe>
<video src="http://video.example/a.mp4"></video><object data="http://object.example/"></object>
<form action="http://elsewhere.example/login" method="post"><input name="email"><input name="password" type="password"></form>
<script src="ORIGIN/app.js"></script>
<script>
  fetch('http://api.example/').catch(() => {});
  fetch('ORIGIN/createdb').catch(() => {}); fetch('ORIGIN/orders', { method: 'DELETE' }).catch(() => {});
  navigator.sendBeacon('http://beacon.example/'); new WebSocket('ws://socket.example/'); new EventSource('http://events.example/');
  new Image().src = 'http://169.254.169.254/latest/meta-data/'; new Worker('http://worker.example/w.js');
  try { new RTCPeerConnection({ iceServers: [{ urls: 'stun:stun.example:3478' }] }).createDataChannel('x'); } catch {}
  navigator.serviceWorker && navigator.serviceWorker.register('ORIGIN/sw.js').catch(() => {});
  open('http://popup.example/');
</script></body></html>"#;

fn serve() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let origin = format!("http://{}", listener.local_addr().expect("an address"));
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (log, own) = (Arc::clone(&seen), origin.clone());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.set_read_timeout(Some(Duration::from_secs(2)));
            let mut head = [0u8; 8_192];
            let count = stream.read(&mut head).unwrap_or(0);
            let head = String::from_utf8_lossy(head.get(..count).unwrap_or_default()).into_owned();
            let line = head.lines().next().unwrap_or_default().trim_end_matches(" HTTP/1.1").to_owned();
            let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
            log.lock().expect("the log").push(line);
            let (status, kind, more, body) = match path.as_str() {
                "/" => ("200 OK", "text/html", String::new(), PAGE.replace("ORIGIN", &own)),
                "/out" => {
                    ("302 Found", "text/html", "Location: http://elsewhere.example/\r\n".to_owned(), String::new())
                }
                "/app.js" => (
                    "200 OK",
                    "text/javascript",
                    "SourceMap: http://maps.example/app.js.map\r\n".to_owned(),
                    "fetch('/api/orders'); import('https://cdn.example/b.js'); import('/more.js')".to_owned(),
                ),
                "/api/orders" => ("200 OK", "application/json", String::new(), "[{\"id\":1}]".to_owned()),
                _ => (
                    "404 Not Found",
                    "text/plain",
                    "Link: <http://push.example/>; rel=preload\r\n".to_owned(),
                    "no".to_owned(),
                ),
            };
            let _ = stream.write_all(
                format!(
                    "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n{more}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
                    body.len()
                )
                .as_bytes(),
            );
        }
    });
    (origin, seen)
}

/// Connections that were begun in this network, and datagrams that were sent.
fn counters() -> (u64, u64) {
    let text = std::fs::read_to_string("/proc/net/snmp").expect("the system's counters");
    let of = |row: &str, name: &str| -> u64 {
        let mut rows = text.lines().filter(|line| line.starts_with(row));
        let (names, values) = (rows.next().unwrap_or_default(), rows.next().unwrap_or_default());
        let at = names.split(' ').position(|known| known == name).expect("a counter of that name");
        values.split(' ').nth(at).and_then(|value| value.parse().ok()).expect("a number")
    };
    (of("Tcp:", "ActiveOpens"), of("Udp:", "OutDatagrams"))
}

fn inside() {
    let names = UdpSocket::bind("127.0.0.1:53").expect("the name server's port");
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    std::thread::spawn(move || {
        while names.recv_from(&mut [0u8; 512]).is_ok() {
            count.fetch_add(1, Ordering::Relaxed);
        }
    });
    // The browser's proxy, where nothing listens outside of this test: what the protocol does not hand over ends there.
    let nowhere = TcpListener::bind("127.0.0.1:9").expect("the discard port");
    let ended = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&ended);
    std::thread::spawn(move || {
        for _ in nowhere.incoming().flatten() {
            count.fetch_add(1, Ordering::Relaxed);
        }
    });
    let (origin, seen) = serve();
    let folder = tempfile::tempdir().expect("a folder");
    let server = "const app = require('express')();\napp.get('/api/orders', (req, res) => res.json([]));\napp.get('/createdb', (req, res) => { db.run('DROP TABLE a'); res.end(); });\napp.listen(3000);\n";
    std::fs::write(folder.path().join("server.js"), server).expect("a file");
    let before = counters();
    let output = crate::program()
        .args(["check", "--format", "json", "--url", &origin, "--no-cache"])
        .arg(folder.path())
        // A proxy of the environment is another origin too.
        .envs(
            ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"]
                .map(|name| (name, "http://proxy.example:3128")),
        )
        .stdin(Stdio::null())
        .output()
        .expect("the program");
    std::thread::sleep(Duration::from_millis(300));
    let after = counters();
    let seen = seen.lock().expect("the log").clone();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error} {}", String::from_utf8_lossy(&output.stderr)));
    eprintln!(
        "{} requests, {} connections ({} of them of the browser, to the discard port), {} datagrams, {} names asked",
        seen.len(),
        after.0 - before.0,
        ended.load(Ordering::Relaxed),
        after.1 - before.1,
        asked.load(Ordering::Relaxed)
    );
    assert_eq!(report["live"]["requests"], seen.len(), "the report and the server disagree");
    let to_nowhere = ended.load(Ordering::Relaxed);
    assert_eq!(after.0 - before.0, (seen.len() + to_nowhere) as u64, "a connection that is none of the server's");
    assert_eq!(after.1 - before.1, 0, "a datagram was sent");
    assert_eq!(asked.load(Ordering::Relaxed), 0, "a name was looked up");
    let methods = seen.iter().filter_map(|line| line.split(' ').next());
    assert!(methods.clone().all(|method| matches!(method, "GET" | "HEAD" | "OPTIONS")), "{seen:?}");
    for trap in ["createdb", "logout", "action="] {
        assert!(!seen.iter().any(|line| line.contains(trap)), "{trap}: {seen:?}");
    }
    assert!(seen.len() > 50, "the app was looked at");
}

#[test]
fn no_connection_to_any_other_origin() {
    if std::env::var_os(INSIDE).is_some() {
        return inside();
    }
    let folder = tempfile::tempdir().expect("a folder");
    let names = folder.path().join("resolv.conf");
    std::fs::write(&names, "nameserver 127.0.0.1\n").expect("a file");
    let setting_up = format!(
        "ip link set lo up && ip route add local 0.0.0.0/0 dev lo && mount --bind '{}' /etc/resolv.conf",
        names.display()
    );
    let run = |then: &str, program: &Path| {
        Command::new("unshare")
            .args(["--map-root-user", "--net", "--mount", "sh", "-c", &format!("{setting_up} && {then}"), "sh"])
            .arg(program)
            .env(INSIDE, "1")
            .stdin(Stdio::null())
            .output()
    };
    let this = std::env::current_exe().expect("this program");
    if !run("true", &this).is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: this system allows no network of one's own (unshare, ip)");
        return;
    }
    let output = run(r#"exec "$1" --exact nowhere::no_connection_to_any_other_origin --nocapture"#, &this)
        .expect("this program");
    let said = String::from_utf8_lossy(&output.stderr);
    eprintln!("{said}");
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stdout));
}
