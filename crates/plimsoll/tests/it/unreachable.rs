//! `--url` to servers that are not there, never answer or never end. Bounded time, a line about it, no green verdict.

#![expect(clippy::print_stderr, reason = "a test that is left out says so")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::time::Duration;

use crate::bad_input::{Said, review};

/// The probe gives itself 20 seconds; the rest is for a busy machine.
const LIMIT: Duration = Duration::from_secs(90);

fn example(name: &str, origin: &str) -> Said {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name);
    review(&folder, &["--url", origin], LIMIT)
}

/// The repaired app has nothing else that decides: what the wire could not show must.
fn is_incomplete(what: &str, said: &Said) {
    assert_eq!(said.code, Some(3), "{what}: {} {:?}", said.errors, said.not_checked());
    assert!(!said.errors.contains("panicked"), "{what}: {}", said.errors);
    assert_ne!(said.report["verdict"]["verdict"], "fit", "{what}");
}

/// A server on a thread of this process; it ends with the process.
fn serve(answer: impl Fn(&mut TcpStream) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let origin = format!("http://{}", listener.local_addr().expect("an address"));
    let answer = std::sync::Arc::new(answer);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answer = std::sync::Arc::clone(&answer);
            std::thread::spawn(move || {
                let mut stream = stream;
                let _ = stream.set_read_timeout(Some(Duration::from_secs(2)));
                let _ = stream.set_write_timeout(Some(Duration::from_secs(2)));
                let _ = stream.read(&mut [0u8; 4096]);
                answer(&mut stream);
            });
        }
    });
    origin
}

#[test]
fn nobody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let origin = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    let said = example("salon-repaired", &origin);
    is_incomplete("nobody listens", &said);
    let lines = said.not_checked();
    assert!(lines.iter().any(|line| line.starts_with("the running app: ")), "{lines:?}");
    // What the source shows is not lost with the server.
    assert_eq!(example("salon-weak", &origin).code, Some(1));
}

#[test]
fn the_server_never_answers() {
    // Connections are taken by the system and left alone.
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let origin = format!("http://{}", listener.local_addr().expect("an address"));
    let said = example("salon-repaired", &origin);
    drop(listener);
    is_incomplete("never answers", &said);
    assert!(said.not_checked().iter().any(|line| line.starts_with("the running app: ")), "{:?}", said.not_checked());
    assert!(said.took < Duration::from_secs(60), "{:?}", said.took);
}

#[test]
fn bodies_without_end_and_redirects_in_a_circle() {
    let endless = serve(|stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html><body>");
        // Until the reader hangs up, but not for ever.
        for _ in 0..100_000 {
            if stream.write_all(&[b'a'; 4096]).is_err() {
                return;
            }
        }
    });
    let circle = serve(|stream| {
        let _ = stream.write_all(b"HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n");
    });
    let trickle = serve(|stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
        for _ in 0..600 {
            if stream.write_all(b"a").is_err() {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    });
    std::thread::scope(|scope| {
        for (what, origin) in [("endless", endless), ("circle", circle), ("trickle", trickle)] {
            scope.spawn(move || {
                let said = example("salon-repaired", &origin);
                assert!(!said.errors.contains("panicked"), "{what}: {}", said.errors);
                // Headers that did come may be found wanting; that is no green verdict either.
                assert!(matches!(said.code, Some(1 | 3)), "{what}: {:?} {}", said.code, said.errors);
                assert!(said.not_checked().iter().any(|line| line.contains("live") || line.contains("running app")));
            });
        }
    });
}

/// Zeros, compressed a thousandfold: one literal and then copies of 258 bytes, thirteen bits each.
fn gzip_bomb(packed: usize) -> Vec<u8> {
    let mut bytes = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    let (mut held, mut count) = (0u64, 0u32);
    let mut put = |value: u64, bits: u32, bytes: &mut Vec<u8>| {
        held |= value << count;
        count += bits;
        while count >= 8 {
            bytes.push(u8::try_from(held & 0xff).unwrap_or(0));
            held >>= 8;
            count -= 8;
        }
    };
    // A last block with fixed codes, and the literal 0 (its code is 00110000, first bit first).
    put(0b011, 3, &mut bytes);
    put(0b0000_1100, 8, &mut bytes);
    while bytes.len() < packed {
        // Length 258 (code 285, 11000101) at distance 1 (code 00000).
        put(0b1010_0011, 8, &mut bytes);
        put(0, 5, &mut bytes);
    }
    bytes
}

/// Every kind of hostile server: the review ends in time, does not panic, gives no green verdict, and says that it could not
/// tell.
#[test]
fn hostile_servers_end_in_time_and_as_could_not_tell() {
    type Answer = Box<dyn Fn(&mut TcpStream) + Send + Sync>;
    let say = |text: String| -> Answer { Box::new(move |stream| drop(stream.write_all(text.as_bytes()))) };
    let bytes = |head: &str, body: Vec<u8>| -> Answer {
        let head = head.to_owned();
        Box::new(move |stream| drop(stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body))))
    };
    let drip = |start: &'static str| -> Answer {
        Box::new(move |stream| {
            let _ = stream.write_all(start.as_bytes());
            for _ in 0..600 {
                if stream.write_all(b"a").is_err() {
                    return;
                }
                std::thread::sleep(Duration::from_millis(50));
            }
        })
    };
    let forever = |start: &'static str, piece: String| -> Answer {
        Box::new(move |stream| {
            let _ = stream.write_all(start.as_bytes());
            for _ in 0..50_000 {
                if stream.write_all(piece.as_bytes()).is_err() {
                    return;
                }
            }
        })
    };
    let page = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n";
    let bomb = gzip_bomb(1 << 20);
    let small: String = (0..1_500).map(|number| format!("Set-Cookie: c{number}=v; Path=/\r\n")).collect();
    let large: String = (0..500).map(|number| format!("Set-Cookie: c{number}={}\r\n", "v".repeat(4_000))).collect();
    let cases: Vec<(&str, Answer)> = vec![
        ("slow-loris in the head", drip("HTTP/1.1 200 OK\r\nX: ")),
        ("slow-loris in the body", drip("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>")),
        ("slow-loris in a chunk", drip("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n")),
        ("headers without end", forever("HTTP/1.1 200 OK\r\n", "X-A: b\r\n".repeat(100))),
        ("interim answers without end", forever("", "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(20))),
        (
            "chunks without end",
            forever("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n".repeat(500)),
        ),
        ("a redirect to itself", say("HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n".into())),
        (
            "a redirect elsewhere",
            say("HTTP/1.1 301 Moved\r\nLocation: http://elsewhere.example/\r\nContent-Length: 0\r\n\r\n".into()),
        ),
        (
            "a gzip bomb",
            bytes(&format!("{page}Content-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", bomb.len()), bomb),
        ),
        ("no HTTP", say("220 mail.shop.example ESMTP\r\n".into())),
        ("bytes", bytes("", vec![0, 159, 146, 150, b'\n', 255, 0, 0])),
        ("headers without colons", say("HTTP/1.1 200 OK\r\nhello\r\nworld\r\n\r\n".into())),
        ("two lengths", say(format!("{page}Content-Length: 3\r\nContent-Length: 5\r\n\r\nabc"))),
        ("a length of words", say(format!("{page}Content-Length: many\r\n\r\nabc"))),
        ("a length that is too large", say(format!("{page}Content-Length: 100000\r\n\r\n<p>short"))),
        ("cookies that are many", say(format!("{page}{small}Content-Length: 5\r\n\r\n<p>hi"))),
        ("cookies that are large", say(format!("{page}{large}Content-Length: 5\r\n\r\n<p>hi"))),
        ("closes at once", Box::new(|_| {})),
    ];
    // A few at a time: each takes the time that the probe gives itself.
    let mut cases = cases.into_iter();
    loop {
        let some: Vec<(&str, Answer)> = cases.by_ref().take(6).collect();
        if some.is_empty() {
            break;
        }
        std::thread::scope(|scope| {
            for (what, answer) in some {
                let origin = serve(answer);
                scope.spawn(move || {
                    let said = example("salon-repaired", &origin);
                    could_not_tell(what, &said);
                });
            }
        });
    }
}

/// No panic, no green verdict, and a line that says what could not be told.
fn could_not_tell(what: &str, said: &Said) {
    assert!(!said.errors.contains("panicked"), "{what}: {}", said.errors);
    // Headers that did come may be found wanting; that is no green verdict either.
    assert!(matches!(said.code, Some(1 | 3)), "{what}: {:?} {}", said.code, said.errors);
    assert_ne!(said.report["verdict"]["verdict"], "fit", "{what}");
    let checks = said.report["live"]["checks"].as_array().into_iter().flatten();
    let undecided = checks.filter(|check| check["verdict"] == "could_not_tell").count();
    let silent = said.not_checked().iter().any(|line| line.starts_with("the running app: "));
    assert!(undecided > 0 || silent, "{what}: {}", said.report["live"]);
    // Nothing was seen of what the app does with data: nothing of that kind may have passed.
    let checks = said.report["live"]["checks"].as_array().into_iter().flatten();
    let passed: Vec<&str> =
        checks.filter(|check| check["verdict"] == "passed").filter_map(|check| check["check"].as_str()).collect();
    for check in ["open-entry-points", "account-access", "login-limit"] {
        assert!(!passed.contains(&check), "{what}: {check} passed");
    }
}

/// Pages that want to keep the browser busy: the same.
#[test]
fn hostile_pages_end_in_time_and_as_could_not_tell() {
    if plimsoll_probe::find_browser(&std::env::var_os("PATH").unwrap_or_default()).is_none() {
        eprintln!("skipped: no Chromium is installed");
        return;
    }
    for (what, script) in [
        (
            "a thousand frames",
            "for (let i = 0; i < 1000; i++) { const f = document.createElement('iframe'); f.src = '/f' + i; document.documentElement.append(f) }",
        ),
        ("a loop", "for (;;) {}"),
        ("requests without end", "setInterval(() => fetch('/x' + Math.random()).catch(() => {}), 1)"),
        ("reloads without end", "setTimeout(() => location.href = '/?' + Math.random(), 1)"),
    ] {
        let page = format!(
            "<!doctype html><h1>Shop</h1><p>Welcome to a page that keeps you busy.</p><script>{script}</script>"
        );
        let origin = serve(move |stream| {
            let head = format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n", page.len());
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(page.as_bytes()));
        });
        let said = example("salon-repaired", &origin);
        could_not_tell(what, &said);
        let checks = said.report["live"]["checks"].as_array().into_iter().flatten();
        let browser = checks.filter(|check| check["check"] == "browser").find_map(|check| check["verdict"].as_str());
        assert_eq!(browser, Some("could_not_tell"), "{what}");
    }
}
