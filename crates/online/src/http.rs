//! A bucket of advisories behind an address.

use std::io::{Read as _, Seek as _};
use std::time::Duration;

use plimsoll_deps::{Answer, Bucket, UpdateError};
use ureq::http::{Response, StatusCode, header};
use ureq::{Agent, Body};

/// The public bucket of OSV (google.github.io/osv.dev/data).
pub const OSV_BUCKET: &str = "https://osv-vulnerabilities.storage.googleapis.com";

/// The largest archive of the public bucket is a fifth of it.
const MAX_ARCHIVE: u64 = 4 << 30;
/// For an answer as a whole.
const PATIENCE: Duration = Duration::from_secs(60);
/// For an archive.
const LONG_PATIENCE: Duration = Duration::from_secs(20 * 60);
const REDIRECTS: u32 = 3;

/// Why an address cannot be asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// Not an address of the web.
    #[error("`{0}` is not a web address; write it like https://advisories.example/osv")]
    NotAnAddress(String),
    /// Anybody on the way could change the advisories.
    #[error("`{0}` is without TLS; http is taken for this computer only")]
    WithoutTls(String),
}

/// A client that speaks TLS, or plain HTTP with this computer.
pub(crate) fn agent(base: &str) -> Result<(String, Agent), AddressError> {
    let base = base.trim_end_matches('/');
    let shown = || base.chars().filter(|letter| !letter.is_control()).take(200).collect::<String>();
    let (scheme, rest) = base.split_once("://").ok_or_else(|| AddressError::NotAnAddress(shown()))?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let plain = base.bytes().all(|byte| byte.is_ascii_graphic()) && !base.contains(['?', '#', '\\', '@']);
    if authority.is_empty() || !plain {
        return Err(AddressError::NotAnAddress(shown()));
    }
    let https = match scheme {
        "https" => true,
        "http" => false,
        _ => return Err(AddressError::NotAnAddress(shown())),
    };
    let host =
        authority.rsplit_once(':').map_or(authority, |(host, port)| if port.contains(']') { authority } else { host });
    let loopback = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
    if !https && !loopback {
        return Err(AddressError::WithoutTls(shown()));
    }
    let mut config = Agent::config_builder()
        .https_only(https)
        .http_status_as_error(false)
        .max_redirects(if https { REDIRECTS } else { 0 })
        .timeout_connect(Some(Duration::from_secs(15)))
        .timeout_global(Some(PATIENCE))
        .user_agent(concat!("plimsoll/", env!("CARGO_PKG_VERSION")));
    if loopback {
        config = config.proxy(None);
    }
    Ok((base.to_owned(), config.build().into()))
}

/// An OSV bucket behind an address.
#[derive(Debug)]
pub struct HttpBucket {
    base: String,
    agent: Agent,
}

impl HttpBucket {
    /// The bucket at an address: https, or http on this computer.
    ///
    /// # Errors
    /// When it is no such address.
    pub fn new(address: &str) -> Result<Self, AddressError> {
        let (base, agent) = agent(address)?;
        Ok(HttpBucket { base, agent })
    }

    fn get(&self, url: &str, tag: Option<&str>, patience: Duration) -> Result<Response<Body>, UpdateError> {
        let mut request = self.agent.get(url).config().timeout_global(Some(patience)).build();
        if let Some(tag) = tag {
            request = request.header(header::IF_NONE_MATCH, tag);
        }
        request.call().map_err(|error| failed(url, error))
    }
}

fn failed(url: &str, why: impl std::fmt::Display) -> UpdateError {
    UpdateError::Fetch { what: url.to_owned(), why: why.to_string() }
}

/// Whether an answer says that there is nothing.
fn is_missing(status: StatusCode) -> bool {
    matches!(status, StatusCode::NOT_FOUND | StatusCode::GONE)
}

/// Whether the body is as long as was announced: a connection that was cut must not read as a shorter list.
fn check_length(url: &str, announced: Option<u64>, read: u64) -> Result<(), UpdateError> {
    match announced {
        Some(length) if length != read => Err(failed(url, format!("it ended after {read} of {length} bytes"))),
        _ => Ok(()),
    }
}

fn announced(response: &Response<Body>) -> Option<u64> {
    response.headers().get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

impl Bucket for HttpBucket {
    fn label(&self) -> String {
        self.base.clone()
    }

    fn is_live(&self) -> bool {
        true
    }

    fn read(&self, path: &str, tag: Option<&str>, most: u64) -> Result<Answer, UpdateError> {
        let url = format!("{}/{path}", self.base);
        let mut response = self.get(&url, tag, PATIENCE)?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::NOT_MODIFIED if tag.is_some() => return Ok(Answer::Unchanged),
            status if is_missing(status) => return Ok(Answer::Missing),
            status => return Err(failed(&url, format!("the answer is {status}"))),
        }
        let tag = response.headers().get(header::ETAG).and_then(|tag| tag.to_str().ok()).unwrap_or_default().to_owned();
        let length = announced(&response);
        let body = response.body_mut().with_config().limit(most).read_to_vec();
        let bytes = body.map_err(|error| failed(&url, error))?;
        check_length(&url, length, bytes.len() as u64)?;
        Ok(Answer::File { tag, bytes })
    }

    fn archive(&self, path: &str) -> Result<Option<std::fs::File>, UpdateError> {
        let url = format!("{}/{path}", self.base);
        let response = self.get(&url, None, LONG_PATIENCE)?;
        match response.status() {
            StatusCode::OK => {}
            status if is_missing(status) => return Ok(None),
            status => return Err(failed(&url, format!("the answer is {status}"))),
        }
        let length = announced(&response);
        let mut file = tempfile::tempfile().map_err(|error| failed(&url, error))?;
        let mut body = response.into_body().into_with_config().limit(u64::MAX).reader().take(MAX_ARCHIVE + 1);
        let read = std::io::copy(&mut body, &mut file).map_err(|error| failed(&url, error))?;
        if read > MAX_ARCHIVE {
            return Err(failed(&url, "it is larger than any real one"));
        }
        check_length(&url, length, read)?;
        file.rewind().map_err(|error| failed(&url, error))?;
        Ok(Some(file))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_tls_or_this_computer() {
        for address in ["https://a.example/osv/", "http://localhost:80", "http://127.0.0.1:9/x", "http://[::1]:9"] {
            assert!(HttpBucket::new(address).is_ok(), "{address}");
        }
        for address in
            ["http://a.example", "http://192.0.2.1/osv", "http://localhost.a.example", "http://127.0.0.1.a.example:1"]
        {
            assert!(matches!(HttpBucket::new(address), Err(AddressError::WithoutTls(_))), "{address}");
        }
        for address in ["", "ftp://a.example", "https://", "https://a b", "https://u:p@a.example", "a.example"] {
            assert!(matches!(HttpBucket::new(address), Err(AddressError::NotAnAddress(_))), "{address}");
        }
    }
}
