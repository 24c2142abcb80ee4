//! Against a double on this computer.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use plimsoll_deps::{Answer, Bucket as _, Day, Ecosystem, Index, LookUp, Registry as _, Updated, index_file, update};
use plimsoll_online::{DepsDev, HttpBucket};

const TODAY: Day = Day(20_787);

#[derive(Clone)]
struct File {
    bytes: Vec<u8>,
    status: u16,
    /// Bytes that are announced but not sent.
    cut: usize,
}

#[derive(Default)]
struct State {
    files: BTreeMap<String, File>,
    asked: Vec<String>,
}

/// A server that answers from memory, one request for each connection.
struct Double {
    port: u16,
    state: Arc<Mutex<State>>,
}

impl Double {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                answer(stream, &shared);
            }
        });
        Double { port, state }
    }

    fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn put(&self, path: &str, bytes: impl Into<Vec<u8>>) {
        self.put_file(path, File { bytes: bytes.into(), status: 200, cut: 0 });
    }

    fn put_file(&self, path: &str, file: File) {
        self.state.lock().expect("state").files.insert(path.to_owned(), file);
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.state.lock().expect("state").asked)
    }
}

fn answer(mut stream: TcpStream, state: &Mutex<State>) {
    let mut lines = BufReader::new(stream.try_clone().expect("a stream")).lines().map_while(Result::ok);
    let request = lines.next().unwrap_or_default();
    let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut tag = None;
    for line in lines.take_while(|line| !line.is_empty()) {
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("if-none-match")
        {
            tag = Some(value.trim().to_owned());
        }
    }
    let file = {
        let mut state = state.lock().expect("state");
        state.asked.push(path.clone());
        state.files.get(&path).cloned()
    };
    let Some(file) = file else {
        let _ = stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        return;
    };
    let now = format!(
        "\"{}-{}\"",
        file.bytes.len(),
        file.bytes.iter().fold(7u32, |sum, byte| sum.wrapping_mul(31) + u32::from(*byte))
    );
    if tag.as_ref() == Some(&now) {
        let _ = stream.write_all(b"HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n");
        return;
    }
    let head = format!(
        "HTTP/1.1 {} X\r\nETag: {now}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        file.status,
        file.bytes.len() + file.cut
    );
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&file.bytes));
}

fn record(id: &str, moment: &str, fixed: &str) -> String {
    format!(
        r#"{{"id":"{id}","modified":"{moment}","affected":[{{"package":{{"ecosystem":"npm","name":"a"}},
            "ranges":[{{"type":"SEMVER","events":[{{"introduced":"0"}},{{"fixed":"{fixed}"}}]}}]}}]}}"#
    )
}

fn zip(records: &[(&str, String)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (id, record) in records {
        zip.start_file(format!("{id}.json"), zip::write::SimpleFileOptions::default()).expect("zip");
        zip.write_all(record.as_bytes()).expect("zip");
    }
    zip.finish().expect("zip").into_inner()
}

#[test]
fn a_bucket_is_read_whole_once_and_then_by_changes() {
    let (double, folder) = (Double::start(), tempfile::tempdir().expect("a folder"));
    let first = [("X-1", record("X-1", "2026-01-01T00:00:00Z", "1.0.0"))];
    double.put("/npm/modified_id.csv", "2026-01-01T00:00:00Z,X-1\n");
    double.put("/npm/all.zip", zip(&first));
    let bucket = HttpBucket::new(&double.address()).expect("loopback");
    let update = || update(&bucket, Ecosystem::Npm, folder.path(), TODAY);
    assert!(matches!(update(), Ok(Updated::Replaced { records: 1, whole: true, .. })));
    assert_eq!(double.asked(), ["/npm/modified_id.csv", "/npm/all.zip"]);
    // 304 by the tag.
    assert!(matches!(update(), Ok(Updated::Unchanged { records: 1 })));
    assert_eq!(double.asked(), ["/npm/modified_id.csv"]);
    double.put("/npm/modified_id.csv", "2026-02-01T00:00:00Z,X-2\n2026-01-01T00:00:00Z,X-1\n");
    double.put("/npm/X-2.json", record("X-2", "2026-02-01T00:00:00Z", "2.0.0"));
    assert!(matches!(update(), Ok(Updated::Replaced { records: 2, changed: 1, whole: false, .. })));
    assert_eq!(double.asked(), ["/npm/modified_id.csv", "/npm/X-2.json"]);
    let index = Index::open(&index_file(folder.path(), Ecosystem::Npm)).expect("an index");
    assert_eq!(index.advisories(Ecosystem::Npm, "a").expect("whole").len(), 2);
    assert_eq!(index.origin(), double.address());
}

#[test]
fn answers_that_are_cut_short_or_fail_leave_the_old_index() {
    let (double, folder) = (Double::start(), tempfile::tempdir().expect("a folder"));
    double.put("/npm/modified_id.csv", "2026-01-01T00:00:00Z,X-1\n");
    double.put("/npm/all.zip", zip(&[("X-1", record("X-1", "2026-01-01T00:00:00Z", "1.0.0"))]));
    let bucket = HttpBucket::new(&double.address()).expect("loopback");
    let update = || update(&bucket, Ecosystem::Npm, folder.path(), TODAY);
    update().expect("an index");
    let path = index_file(folder.path(), Ecosystem::Npm);
    let before = std::fs::read(&path).expect("an index");
    for (status, cut) in [(200, 10), (500, 0), (403, 0), (302, 0)] {
        double.put_file("/npm/modified_id.csv", File { bytes: b"2026-02-01T00:00:00Z,X-2\n".to_vec(), status, cut });
        let error = update().expect_err("no whole answer").to_string();
        assert!(error.contains("/npm/modified_id.csv cannot be fetched"), "{error}");
        assert_eq!(std::fs::read(&path).expect("an index"), before);
    }
    // The archive of a source that was not read yet.
    std::fs::remove_file(&path).expect("an index");
    double.put("/npm/modified_id.csv", "2026-01-01T00:00:00Z,X-1\n");
    double.put_file("/npm/all.zip", File { bytes: b"PK".to_vec(), status: 200, cut: 100 });
    assert!(update().is_err());
    assert!(!path.exists());
}

#[test]
fn larger_than_wanted_is_refused() {
    let double = Double::start();
    double.put("/big", vec![b'a'; 5000]);
    let bucket = HttpBucket::new(&double.address()).expect("loopback");
    assert!(bucket.read("big", None, 1000).is_err());
    assert!(matches!(bucket.read("big", None, 6000), Ok(Answer::File { .. })));
    assert!(matches!(bucket.read("none", None, 1000), Ok(Answer::Missing)));
    assert!(bucket.archive("none").expect("an answer").is_none());
}

#[test]
fn nobody_listens() {
    let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port();
    let bucket = HttpBucket::new(&format!("http://127.0.0.1:{port}")).expect("loopback");
    assert!(bucket.read("npm/modified_id.csv", None, 1000).is_err());
}

#[test]
fn facts_about_packages() {
    let double = Double::start();
    double.put(
        "/systems/npm/packages/%40colors%2Fcolors",
        r#"{"packageKey":{"system":"NPM","name":"@colors/colors"},"versions":[
            {"versionKey":{"system":"NPM","name":"@colors/colors","version":"1.4.0"},"publishedAt":"2022-02-12T07:39:04Z","isDefault":false,"isDeprecated":true},
            {"versionKey":{"system":"NPM","name":"@colors/colors","version":"1.6.0"},"publishedAt":"2023-07-10T05:54:36Z","isDefault":true,"new":1},
            {"versionKey":{"version":"2.0.0-rc"},"publishedAt":null}]}"#,
    );
    double.put("/systems/npm/packages/broken", "{\"versions\":[");
    let registry = DepsDev::new(&double.address()).expect("loopback");
    let LookUp::Known(facts) = registry.look_up(Ecosystem::Npm, "@colors/colors").expect("an answer") else {
        panic!("unknown")
    };
    assert_eq!(facts.latest.as_deref(), Some("1.6.0"));
    assert_eq!(facts.first_published().map(|day| day.to_string()).as_deref(), Some("2022-02-12"));
    assert!(facts.is_deprecated(Some("1.4.0")) && !facts.is_deprecated(None));
    assert_eq!(registry.look_up(Ecosystem::PyPi, "invented-by-a-model"), Ok(LookUp::Unknown));
    assert!(registry.look_up(Ecosystem::Npm, "broken").is_err());
    assert!(registry.look_up(Ecosystem::Hex, "phoenix").is_err());
    assert_eq!(double.asked().len(), 3);
}

#[test]
fn what_a_version_brings() {
    let double = Double::start();
    double.put(
        "/systems/npm/packages/web/versions/2.0.0:dependencies",
        r#"{"nodes":[{"versionKey":{"system":"NPM","name":"web","version":"2.0.0"},"relation":"SELF"},
            {"versionKey":{"system":"NPM","name":"qs","version":"6.5.3"},"relation":"DIRECT","errors":[]},
            {"versionKey":{"system":"NPM","name":"ms","version":"2.1.3"},"relation":"INDIRECT"}],
            "edges":[{"fromNode":0,"toNode":1,"requirement":"^6.5.0"}],"error":""}"#,
    );
    double.put(
        "/systems/npm/packages/web/versions/3.0.0:dependencies",
        r#"{"nodes":[],"error":"it could not be resolved"}"#,
    );
    let registry = DepsDev::new(&double.address()).expect("loopback");
    let brings = |version: &str| registry.brings(Ecosystem::Npm, "web", version);
    let pair = |name: &str, version: &str| (name.to_owned(), version.to_owned());
    assert_eq!(brings("2.0.0"), Ok(vec![pair("qs", "6.5.3"), pair("ms", "2.1.3")]));
    // What is not known is not nothing.
    assert!(brings("3.0.0").is_err());
    assert!(brings("4.0.0").is_err());
    assert!(registry.brings(Ecosystem::Hex, "web", "2.0.0").is_err());
}
