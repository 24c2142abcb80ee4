//! How the app answers for what is not there. Many apps answer 200 with the start page for everything.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use crate::http::Response;

/// Addresses that no app has. Fixed, so that two runs of the same app ask the same.
pub(crate) const MISSING: [&str; 5] = [
    "/plimsoll-3f81c2d94ab07e65",
    "/.plimsoll-3f81c2d94ab07e65",
    "/plimsoll-3f81c2d94ab07e65.sql",
    "/plimsoll-3f81c2d94ab07e65/plimsoll-3f81c2d94ab07e65.json",
    "/api/plimsoll-3f81c2d94ab07e65",
];

/// How much of a body is compared.
const WINDOW: usize = 64 * 1024;
/// From which similarity on two bodies count as the same page.
const SIMILAR: f64 = 0.9;

/// What an answer looks like, apart from what changes with every request.
#[derive(Clone, Debug)]
struct Shape {
    status: u16,
    hash: [u8; 32],
    shingles: BTreeSet<u64>,
}

impl Shape {
    fn of(response: &Response, path: &str) -> Self {
        let text = norm(&response.body, path);
        let words: Vec<&str> = text.split_whitespace().take(20_000).collect();
        let shingles = words.windows(3).map(|words| short(&words.join(" "))).collect();
        Shape { status: response.status, hash: Sha256::digest(text.as_bytes()).into(), shingles }
    }

    fn alike(&self, other: &Shape) -> bool {
        if self.status != other.status {
            return false;
        }
        if self.hash == other.hash {
            return true;
        }
        let common = self.shingles.intersection(&other.shingles).count();
        let all = self.shingles.len() + other.shingles.len() - common;
        // Too few words to compare by likeness.
        common >= 8 && common as f64 > SIMILAR * all as f64
    }
}

/// The shapes of "not there".
#[derive(Clone, Debug, Default)]
pub(crate) struct Baseline {
    shapes: Vec<Shape>,
    root: Option<Shape>,
    /// Some address that cannot exist was answered with success.
    pub(crate) soft: bool,
    /// How many of [`MISSING`] were answered.
    pub(crate) asked: usize,
}

impl Baseline {
    pub(crate) fn root(&mut self, response: &Response, path: &str) {
        self.root = Some(Shape::of(response, path));
    }

    pub(crate) fn learn(&mut self, response: &Response, path: &str) {
        self.asked += 1;
        self.soft |= response.status < 300;
        self.shapes.push(Shape::of(response, path));
    }

    /// Whether there is enough to judge answers by.
    pub(crate) fn is_known(&self) -> bool {
        self.asked > 0
    }

    /// Whether an answer means "not there".
    pub(crate) fn is_missing(&self, response: &Response, path: &str) -> bool {
        if response.status >= 300 {
            return true;
        }
        let mut shape = Shape::of(response, path);
        // The answer to a range is the start of the same page.
        if shape.status == 206 {
            shape.status = 200;
        }
        self.shapes.iter().any(|known| known.alike(&shape))
            || self.root.as_ref().is_some_and(|root| root.hash == shape.hash)
    }
}

fn short(text: &str) -> u64 {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().take(8).fold(0, |sum, byte| (sum << 8) | u64::from(*byte))
}

/// The text without what differs between two answers of the same page: the address itself, long hexadecimal and digit
/// runs, values of nonces and CSRF tokens.
fn norm(body: &[u8], path: &str) -> String {
    let body = body.get(..body.len().min(WINDOW)).unwrap_or_default();
    let mut text = String::from_utf8_lossy(body).replace(['"', '\'', '=', '<', '>', '&', ';', '(', ')', ','], " ");
    for echo in [path, path.trim_start_matches('/')] {
        if echo.len() > 1 {
            text = text.replace(echo, " ");
        }
    }
    let mut out = String::with_capacity(text.len());
    let mut after_token = false;
    for word in text.split_whitespace() {
        let lower = word.to_ascii_lowercase();
        let hex = word.len() >= 16 && word.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
        let digits = word.len() >= 10 && word.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let unguessable = word.len() >= 20
            && word.bytes().any(|byte| byte.is_ascii_digit())
            && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/_-.".contains(&byte))
            && !word.contains('/');
        if !(hex || digits || unguessable || after_token) {
            out.push_str(word);
            out.push(' ');
        }
        after_token = lower == "nonce";
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::BodyEnd;
    use std::time::Duration;

    fn answer(status: u16, body: &str) -> Response {
        Response {
            status,
            headers: Vec::new(),
            body: body.as_bytes().to_vec(),
            end: BodyEnd::Complete,
            took: Duration::ZERO,
            peer: ([127, 0, 0, 1], 1).into(),
        }
    }

    #[test]
    fn fallback_pages_are_recognised() {
        let mut known = Baseline::default();
        let page = |nonce: &str| {
            format!("<html><head><script nonce=\"{nonce}\"></script></head><body><div id=root></div></body></html>")
        };
        known.root(&answer(200, &page("aaaa")), "/");
        for path in MISSING {
            known.learn(&answer(200, &page("bbbb")), path);
        }
        assert!(known.soft);
        assert!(known.is_missing(&answer(200, &page("cccc")), "/.env"));
        assert!(known.is_missing(&answer(404, "x"), "/.env"));
        assert!(known.is_missing(&answer(302, ""), "/.env"));
        assert!(!known.is_missing(&answer(200, "SECRET=1"), "/.env"));
    }

    #[test]
    fn an_echoed_path_changes_nothing() {
        let mut known = Baseline::default();
        known.learn(&answer(200, "Sorry, /missing-thing is not here"), "/missing-thing");
        assert!(known.is_missing(&answer(200, "Sorry, /.env is not here"), "/.env"));
        assert!(!known.is_missing(&answer(200, "KEY=value"), "/.env"));
    }
}
