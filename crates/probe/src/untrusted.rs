//! The readers of what a server sends, for tests that feed them arbitrary bytes. Not part of the interface.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use plimsoll_model::Exchange;

use crate::http::{self, Response};
use crate::soft404::Baseline;
use crate::{answer, html, observe, signature};

/// Reads bytes as one HTTP answer, and what it holds as every check would.
pub fn answer(bytes: &[u8]) {
    let limit = Duration::from_secs(60);
    let Ok(read) = http::read_answer(bytes, Instant::now() + limit, limit, http::MAX_BODY) else { return };
    let response = Response {
        status: read.status,
        headers: read.headers,
        body: read.body,
        end: read.end,
        took: Duration::ZERO,
        peer: SocketAddr::from(([127, 0, 0, 1], 80)),
    };
    let exchange = Exchange { method: "GET".to_owned(), url: "http://127.0.0.1/a".to_owned(), status: Some(200) };
    for (_, value) in response.headers.iter().filter(|(name, _)| name == "set-cookie") {
        let _ = observe::parse_set_cookie(value, &exchange);
    }
    let mut known = Baseline::default();
    known.root(&response, "/");
    let _ = answer::understand(exchange.clone(), None, "/a", &response, &known);
    let _ = answer::understand(exchange, Some(0), "/a", &response, &Baseline::default());
    body(&response.body);
}

/// Reads bytes as the body of a page, of data, or of a file that should not be served.
pub fn body(bytes: &[u8]) {
    page(&String::from_utf8_lossy(bytes));
    for path in ["/.env", "/.git/HEAD", "/.git/config", "/backup.sql", "/data.db", "/config.json", "/a.map", "/x/"] {
        let _ = signature::exposed(path, bytes);
        let _ = signature::debug_page(path, bytes);
    }
    let _ = (signature::is_listing(bytes), signature::error_details(bytes), signature::personal_values(bytes));
    let _ = answer::first_id(bytes);
}

/// Reads a page.
pub fn page(text: &str) {
    let parts = html::parts(text);
    let _ = html::visible_text(text);
    for reference in parts.scripts.iter().chain(&parts.links) {
        let _ = html::resolve("/shop/", "http://127.0.0.1:3000", reference);
    }
}
