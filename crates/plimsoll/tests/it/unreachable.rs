//! `--url` to servers that are not there, never answer or never end. Bounded time, a line about it, no green verdict.

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
