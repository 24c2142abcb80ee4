//! A real browser against pages that are served from memory. Without Chromium these tests are left out, with a word.
#![expect(clippy::print_stderr, reason = "a test that is left out says so")]

use std::time::{Duration, Instant};

use plimsoll_browser::{Browser, Closed, PageAnswer, PageOptions, PageRequest, Settled, find};

const LIMIT: Duration = Duration::from_secs(8);

fn browser() -> Option<Browser> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let Some(program) = find(&path) else {
        eprintln!("skipped: no Chromium is installed");
        return None;
    };
    Some(Browser::launch(&program).expect("it starts"))
}

fn give(kind: &str, body: &str) -> PageAnswer {
    PageAnswer::Give {
        status: 200,
        headers: vec![("Content-Type".into(), kind.into())],
        body: body.as_bytes().to_vec(),
    }
}

fn soon() -> Instant {
    Instant::now() + LIMIT
}

#[test]
fn every_request_goes_through_the_gate_and_nowhere_else() {
    let Some(mut browser) = browser() else { return };
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("nonblocking");
    let origin = format!("http://{}", listener.local_addr().expect("an address"));
    let page = browser.open(&PageOptions::default()).expect("a page");
    let text = format!(
        "<body>hello<img src='/i.png'><script>
            new WebSocket('{}/socket').onerror = () => {{}};
            fetch('/api', {{method: 'POST', body: 'x=1'}}).then(r => r.text()).then(t => document.body.append(t));
            new Worker('/worker.js');
            fetch('http://elsewhere.example/').catch(() => document.body.append(' blocked'));
        </script>",
        origin.replace("http", "ws")
    );
    let mut asked: Vec<PageRequest> = Vec::new();
    let mut gate = |request: PageRequest| {
        let answer = match request.url.strip_prefix(&origin) {
            Some("/") => PageAnswer::Give {
                status: 200,
                headers: vec![
                    ("content-type".into(), "text/html".into()),
                    ("set-cookie".into(), "sid=secret; HttpOnly".into()),
                    ("set-cookie".into(), "theme=dark".into()),
                ],
                body: text.clone().into_bytes(),
            },
            Some("/worker.js") => give("text/javascript", &format!("fetch('{origin}/from-worker')")),
            Some("/api") => give("text/plain", " data"),
            _ => PageAnswer::Refuse,
        };
        asked.push(request);
        answer
    };
    let settled = browser.visit(&page, &format!("{origin}/"), &mut gate, soon()).expect("a visit");
    assert_eq!(settled, Settled::Quiet);
    let shown = browser.evaluate(&page, "document.body.innerText", &mut Closed, soon()).expect("a value");
    assert!(shown.as_str().is_some_and(|text| text.contains("hello") && text.contains("data")), "{shown}");
    assert!(shown.as_str().is_some_and(|text| text.contains("blocked")), "{shown}");
    let api = asked.iter().find(|request| request.url.ends_with("/api")).expect("the call");
    assert_eq!((api.method.as_str(), api.body.as_slice()), ("POST", b"x=1".as_slice()));
    assert!(api.header("cookie").is_some_and(|cookies| cookies.contains("sid=secret")));
    let cookies = browser.cookies(&page).expect("cookies");
    assert!(cookies.iter().any(|cookie| cookie.name == "sid" && cookie.http_only));
    assert!(cookies.iter().any(|cookie| cookie.name == "theme" && !cookie.http_only));
    // Whatever the page tried, the port that the address names was never reached.
    std::thread::sleep(Duration::from_millis(200));
    assert!(listener.accept().is_err(), "the browser opened a connection of its own");
}

#[test]
fn contexts_share_nothing_and_scripts_can_be_off() {
    let Some(mut browser) = browser() else { return };
    let text =
        "<body>plain<script>localStorage.k = 'v'; document.cookie = 'a=b'; document.body.append(' scripted')</script>";
    let mut gate = |_: PageRequest| give("text/html", text);
    let with = browser.open(&PageOptions::default()).expect("a page");
    browser.visit(&with, "http://127.0.0.1:7/", &mut gate, soon()).expect("a visit");
    let off = PageOptions { scripts: false, ..PageOptions::default() };
    let without = browser.open(&off).expect("a page");
    browser.visit(&without, "http://127.0.0.1:7/", &mut gate, soon()).expect("a visit");
    let mut text = |page| {
        let value = browser.evaluate(page, "document.body.textContent.split('plain')[0] + [...document.body.childNodes].filter(n => n.nodeType === 3).map(n => n.data).join('|')", &mut Closed, soon());
        value.expect("a value").as_str().unwrap_or_default().to_owned()
    };
    assert!(text(&with).contains("scripted"));
    assert!(!text(&without).contains("scripted"));
    assert!(browser.cookies(&without).expect("cookies").is_empty());
    assert!(browser.picture(&with, &mut Closed, soon()).expect("a picture").starts_with(&[0xff, 0xd8]));
    browser.close(with).expect("closed");
}

#[test]
fn hostile_pages_cost_their_deadline_and_no_more() {
    let Some(mut browser) = browser() else { return };
    for (name, text) in [
        ("a loop", "<script>for (;;) {}</script>"),
        ("message boxes", "<script>for (let i = 0; i < 50; i++) alert(i)</script>"),
        (
            "frames",
            "<script>for (let i = 0; i < 1000; i++) { const f = document.createElement('iframe'); f.src = '/f' + i; document.body.append(f) }</script>",
        ),
        ("requests", "<script>setInterval(() => fetch('/x' + Math.random()).catch(() => {}), 1)</script>"),
        ("reloads", "<script>setTimeout(() => location.href = '/?' + Math.random(), 1)</script>"),
        ("windows", "<script>for (let i = 0; i < 100; i++) open('/w' + i)</script>"),
    ] {
        let mut count = 0;
        let mut gate = |request: PageRequest| {
            count += 1;
            if count > 20 || request.url.contains("/f") {
                PageAnswer::Refuse
            } else {
                give("text/html", &format!("<body>{text}"))
            }
        };
        let begun = Instant::now();
        let page = browser.open(&PageOptions::default()).expect("a page");
        let visited = browser.visit(&page, "http://127.0.0.1:7/", &mut gate, begun + Duration::from_secs(2));
        assert!(visited.is_ok(), "{name}: {visited:?}");
        let _ = browser.close(page);
        assert!(begun.elapsed() < Duration::from_secs(9), "{name}: {:?}", begun.elapsed());
    }
    // And it still works.
    let page = browser.open(&PageOptions::default()).expect("a page");
    let mut gate = |_: PageRequest| give("text/html", "<p>fine");
    browser.visit(&page, "http://127.0.0.1:7/", &mut gate, soon()).expect("a visit");
    let shown = browser.evaluate(&page, "document.body.innerText", &mut Closed, soon()).expect("a value");
    assert_eq!(shown.as_str().map(str::trim), Some("fine"));
}

#[test]
fn what_is_no_browser_is_said() {
    let error = Browser::launch(std::path::Path::new("/bin/false")).expect_err("it ends at once");
    assert!(error.to_string().contains("did not start"), "{error}");
}
