//! HTTP/1.1, just enough to ask a question and read the answer of a server that may be hostile.
//!
//! One connection per request; one deadline over the whole exchange, so that an answer that drips byte by byte ends too;
//! bounded heads, bodies and chunk framing. Whatever comes is a [`Response`] or a [`HttpError`].

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use crate::permit::Permit;
use crate::tls::Tls;

/// Largest head of an answer (status line and headers).
pub const MAX_HEAD: usize = 128 * 1024;
/// Most header lines of an answer.
pub const MAX_HEADERS: usize = 2_000;
/// Largest body that is read; the rest is left on the wire.
pub const MAX_BODY: usize = 4 * 1024 * 1024;
/// Most interim answers (1xx) before the real one.
const MAX_INTERIM: usize = 8;
/// Longest line that announces a chunk.
const MAX_CHUNK_LINE: usize = 1_024;
/// Most bytes of trailers.
const MAX_TRAILERS: usize = 16 * 1024;

/// The verbs that are sent. There is no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Method {
    /// Read.
    Get,
    /// Ask what is allowed.
    Options,
}

impl Method {
    /// As sent.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Options => "OPTIONS",
        }
    }
}

/// Why no answer could be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// Nothing listens there.
    #[error("connection refused: nothing listens there")]
    Refused,
    /// The exchange took longer than allowed.
    #[error("no complete answer within {0:?}")]
    Deadline(Duration),
    /// The connection ended before the answer's head did.
    #[error("the connection was closed before an answer came")]
    Closed,
    /// Any other failure of the connection.
    #[error("the connection failed: {0}")]
    Io(ErrorKind),
    /// No secure connection came about: a certificate that browsers refuse, or no TLS at all.
    #[error("no secure connection: {0}")]
    Tls(String),
    /// The first line is not one of HTTP/1.
    #[error("the answer is not HTTP/1: malformed status line")]
    StatusLine,
    /// A header line is malformed.
    #[error("the answer has a malformed header line")]
    HeaderLine,
    /// Too many bytes before the body.
    #[error("the answer's headers are too large")]
    HeadTooLarge,
    /// Interim answers without end.
    #[error("interim answers (1xx) without a final one")]
    Interim,
    /// `Content-Length` is not one number.
    #[error("the answer's Content-Length is malformed or contradicts itself")]
    Length,
    /// Chunk framing is broken.
    #[error("the answer's chunked framing is malformed")]
    Chunk,
    /// A transfer coding that nobody asked for.
    #[error("the answer uses a transfer coding that was not asked for")]
    TransferCoding,
}

/// Why a request cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` cannot be requested")]
pub(crate) struct BadRequest(pub(crate) String);

/// A request to the origin of a permit.
#[derive(Clone, Debug)]
pub(crate) struct Request<'p> {
    permit: &'p Permit,
    method: &'static str,
    path: String,
    headers: Vec<(&'static str, String)>,
    /// Sent, and never written anywhere.
    secrets: Vec<(&'static str, String)>,
    /// Whose session it carries.
    account: Option<String>,
    /// A part of the path that is never written anywhere.
    hidden: Option<String>,
    body: Vec<u8>,
    max_body: usize,
}

impl<'p> Request<'p> {
    /// A request for a path (with `/` in front, query included).
    pub(crate) fn new(permit: &'p Permit, method: Method, path: &str) -> Result<Self, BadRequest> {
        Self::with(permit, method.word(), path)
    }

    /// A login attempt. It and an upload are the only requests that carry a body.
    pub(crate) fn login(
        permit: &'p Permit,
        path: &str,
        content_type: &'static str,
        body: Vec<u8>,
    ) -> Result<Self, BadRequest> {
        let mut request = Self::with(permit, "POST", path)?;
        request.headers.push(("Content-Type", content_type.to_owned()));
        request.headers.push(("Content-Length", body.len().to_string()));
        request.body = body;
        Ok(request)
    }

    /// A file that is uploaded with the owner's consent.
    pub(crate) fn upload(
        permit: &'p Permit,
        path: &str,
        content_type: &'static str,
        body: Vec<u8>,
    ) -> Result<Self, BadRequest> {
        Self::login(permit, path, content_type, body)
    }

    fn with(permit: &'p Permit, method: &'static str, path: &str) -> Result<Self, BadRequest> {
        // Anything that could end the request line or the host is refused rather than escaped.
        let plain = path.starts_with('/') && path.len() <= 2_048 && path.bytes().all(|b| b.is_ascii_graphic());
        if !plain || path.contains(['#', '\\']) {
            return Err(BadRequest(crate::permit::shown(path)));
        }
        Ok(Request {
            permit,
            method,
            path: path.to_owned(),
            headers: Vec::new(),
            secrets: Vec::new(),
            account: None,
            hidden: None,
            body: Vec::new(),
            max_body: MAX_BODY,
        })
    }

    /// Adds a header that is never logged: a session, a token.
    pub(crate) fn secret_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        let value = value.into();
        if !value.chars().any(char::is_control) {
            self.secrets.push((name, value));
        }
        self
    }

    /// Says whose session it carries.
    pub(crate) fn of_account(mut self, label: &str) -> Self {
        self.account = Some(label.to_owned());
        self
    }

    /// Part of the path that is a secret: shown and logged as `(token)`.
    pub(crate) fn hiding(mut self, part: &str) -> Self {
        self.hidden = Some(part.to_owned());
        self
    }

    /// Whose session it carries.
    pub(crate) fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }

    /// Adds a header. A value with control characters is left out.
    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        let value = value.into();
        if !value.chars().any(char::is_control) {
            self.headers.push((name, value));
        }
        self
    }

    /// Reads less of the body than [`MAX_BODY`].
    pub(crate) fn at_most(mut self, bytes: usize) -> Self {
        self.max_body = bytes.min(MAX_BODY);
        self
    }

    /// `GET`, `OPTIONS`, or `POST` of a login attempt.
    pub(crate) fn method(&self) -> &'static str {
        self.method
    }

    /// The whole address, for people and the log: without secrets.
    pub(crate) fn url(&self) -> String {
        let path = match &self.hidden {
            Some(part) if !part.is_empty() => self.path.replace(part.as_str(), "(token)"),
            _ => self.path.clone(),
        };
        self.permit.url(&path)
    }

    /// Headers beside those that every request has.
    pub(crate) fn headers(&self) -> &[(&'static str, String)] {
        &self.headers
    }
}

/// How the body ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyEnd {
    /// As announced.
    Complete,
    /// Larger than was wanted; the rest was not read.
    Capped,
    /// The connection ended before the announced length.
    Short,
}

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Response {
    /// Status code, 200 to 999.
    pub(crate) status: u16,
    /// Header names in lower case with their values, in the order they came.
    pub(crate) headers: Vec<(String, String)>,
    /// The body as far as it was read. Stays in memory.
    pub(crate) body: Vec<u8>,
    /// How it ended.
    pub(crate) end: BodyEnd,
    /// How long the exchange took.
    pub(crate) took: Duration,
    /// The address that answered.
    pub(crate) peer: SocketAddr,
}

impl Response {
    /// First value of a header (name in lower case).
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Media type in lower case without parameters.
    pub(crate) fn media_type(&self) -> String {
        let value = self.header("content-type").unwrap_or_default();
        value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Whether the body is compressed although that was not asked for: its content is not understood then.
    pub(crate) fn is_encoded(&self) -> bool {
        self.header("content-encoding").is_some_and(|value| !value.trim().eq_ignore_ascii_case("identity"))
    }
}

/// Who asks: sent with every request.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    /// Id of the run.
    pub(crate) run: String,
}

/// Sends a request and reads the answer, all within `limit`.
pub(crate) fn exchange(request: &Request<'_>, identity: &Identity, limit: Duration) -> Result<Response, HttpError> {
    let started = Instant::now();
    let deadline = started + limit;
    let expired = || HttpError::Deadline(limit);
    let (mut stream, peer) = connect(request.permit, deadline, limit)?;
    let head = head_of(request, identity);
    let answer = if request.permit.is_secure() {
        let mut tls = Tls::over(stream, request.permit, deadline, limit)?;
        tls.send(head.as_bytes(), deadline)?;
        tls.send(&request.body, deadline)?;
        read_answer(tls, deadline, limit, request.max_body)?
    } else {
        let io = |error: std::io::Error| match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut => expired(),
            kind => HttpError::Io(kind),
        };
        stream.set_write_timeout(Some(remaining(deadline).ok_or_else(expired)?)).map_err(io)?;
        stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&request.body)).map_err(io)?;
        read_answer(stream, deadline, limit, request.max_body)?
    };
    Ok(Response {
        status: answer.status,
        headers: answer.headers,
        body: answer.body,
        end: answer.end,
        took: started.elapsed(),
        peer,
    })
}

/// An answer as it stood on the wire.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) end: BodyEnd,
}

/// Reads one answer. Of the body, `most` bytes at most.
pub(crate) fn read_answer(
    wire: impl Wire,
    deadline: Instant,
    limit: Duration,
    most: usize,
) -> Result<Answer, HttpError> {
    let mut reader = Reader { wire, deadline, limit, buffer: Vec::new(), at: 0, ended: false };
    let mut seen = 0usize;
    let (status, headers) = loop {
        let (status, headers) = reader.head()?;
        if status >= 200 {
            break (status, headers);
        }
        seen += 1;
        // 101 would hand the connection to another protocol, which was not asked for.
        if status == 101 || seen > MAX_INTERIM {
            return Err(HttpError::Interim);
        }
    };
    let framing = framing(status, &headers)?;
    let (body, end) = reader.body(framing, most)?;
    Ok(Answer { status, headers, body, end })
}

/// Where the bytes of an answer come from: a connection, or bytes in memory for tests.
pub(crate) trait Wire {
    /// Reads some bytes within `left`; 0 at the end.
    fn read_within(&mut self, left: Duration, piece: &mut [u8]) -> std::io::Result<usize>;
}

impl Wire for TcpStream {
    fn read_within(&mut self, left: Duration, piece: &mut [u8]) -> std::io::Result<usize> {
        self.set_read_timeout(Some(left))?;
        self.read(piece)
    }
}

impl Wire for &[u8] {
    fn read_within(&mut self, _: Duration, piece: &mut [u8]) -> std::io::Result<usize> {
        self.read(piece)
    }
}

fn connect(permit: &Permit, deadline: Instant, limit: Duration) -> Result<(TcpStream, SocketAddr), HttpError> {
    let mut last = HttpError::Refused;
    for address in permit.addresses() {
        let wait = remaining(deadline).ok_or(HttpError::Deadline(limit))?;
        match TcpStream::connect_timeout(address, wait) {
            Ok(stream) => return Ok((stream, *address)),
            Err(error) => {
                last = match error.kind() {
                    ErrorKind::ConnectionRefused | ErrorKind::AddrNotAvailable => last,
                    ErrorKind::TimedOut | ErrorKind::WouldBlock => HttpError::Deadline(limit),
                    kind => HttpError::Io(kind),
                };
            }
        }
    }
    Err(last)
}

/// What is left until a deadline; `None` when it has passed.
pub(crate) fn remaining(deadline: Instant) -> Option<Duration> {
    deadline.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
}

fn head_of(request: &Request<'_>, identity: &Identity) -> String {
    let mut head = format!(
        "{} {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: Plimsoll-Prober/{} (+run {})\r\nX-Plimsoll-Run: {}\r\n\
         Accept-Encoding: identity\r\nConnection: close\r\n",
        request.method,
        request.path,
        request.permit.authority(),
        env!("CARGO_PKG_VERSION"),
        identity.run,
        identity.run,
    );
    if !request.headers.iter().any(|(name, _)| *name == "Accept") {
        head.push_str("Accept: */*\r\n");
    }
    for (name, value) in request.headers.iter().chain(&request.secrets) {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    head
}

enum Framing {
    Empty,
    Length(u64),
    Chunked,
    UntilClose,
}

/// RFC 9112, section 6.3.
fn framing(status: u16, headers: &[(String, String)]) -> Result<Framing, HttpError> {
    if status == 204 || status == 304 {
        return Ok(Framing::Empty);
    }
    let values = |wanted: &'static str| {
        headers
            .iter()
            .filter(move |(name, _)| name == wanted)
            .flat_map(|(_, value)| value.split(','))
            .map(|value| value.trim().to_ascii_lowercase())
            .filter(|value| !value.is_empty())
    };
    let codings: Vec<String> = values("transfer-encoding").collect();
    match codings.as_slice() {
        [] => {}
        [only] if only == "chunked" => return Ok(Framing::Chunked),
        [only] if only == "identity" => {}
        _ => return Err(HttpError::TransferCoding),
    }
    let mut length = None;
    for value in values("content-length") {
        if value.len() > 18 || !value.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(HttpError::Length);
        }
        let number = value.parse::<u64>().map_err(|_| HttpError::Length)?;
        if length.is_some_and(|known| known != number) {
            return Err(HttpError::Length);
        }
        length = Some(number);
    }
    Ok(length.map_or(Framing::UntilClose, Framing::Length))
}

struct Reader<W> {
    wire: W,
    deadline: Instant,
    limit: Duration,
    buffer: Vec<u8>,
    at: usize,
    ended: bool,
}

impl<W: Wire> Reader<W> {
    /// Reads more into the buffer; false at the end of the stream.
    fn fill(&mut self) -> Result<bool, HttpError> {
        if self.ended {
            return Ok(false);
        }
        if self.at > 0 {
            self.buffer.drain(..self.at);
            self.at = 0;
        }
        let expired = HttpError::Deadline(self.limit);
        let mut piece = [0u8; 16 * 1024];
        loop {
            let left = remaining(self.deadline).ok_or_else(|| expired.clone())?;
            match self.wire.read_within(left, &mut piece) {
                Ok(0) => {
                    self.ended = true;
                    return Ok(false);
                }
                Ok(count) => {
                    self.buffer.extend_from_slice(piece.get(..count).unwrap_or_default());
                    return Ok(true);
                }
                Err(error) => match error.kind() {
                    ErrorKind::Interrupted => {}
                    ErrorKind::WouldBlock | ErrorKind::TimedOut => return Err(expired),
                    // Some servers reset instead of closing once they have sent everything.
                    ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => {
                        self.ended = true;
                        return Ok(false);
                    }
                    kind => return Err(HttpError::Io(kind)),
                },
            }
        }
    }

    fn unread(&self) -> &[u8] {
        self.buffer.get(self.at..).unwrap_or_default()
    }

    /// One line without its end; `None` when the stream ended before it.
    fn line(&mut self, most: usize, too_long: HttpError) -> Result<Option<Vec<u8>>, HttpError> {
        let mut searched = 0;
        loop {
            let unread = self.unread();
            if let Some(found) = unread.get(searched..).unwrap_or_default().iter().position(|&byte| byte == b'\n') {
                let end = searched + found;
                if end > most {
                    return Err(too_long);
                }
                let line = unread.get(..end).unwrap_or_default();
                let line = line.strip_suffix(b"\r").unwrap_or(line).to_vec();
                self.at += end + 1;
                return Ok(Some(line));
            }
            searched = unread.len();
            if searched > most {
                return Err(too_long);
            }
            if !self.fill()? {
                return Ok(None);
            }
        }
    }

    fn head(&mut self) -> Result<(u16, Vec<(String, String)>), HttpError> {
        let mut left = MAX_HEAD;
        let first = self.line(left, HttpError::HeadTooLarge)?;
        let Some(first) = first else {
            return Err(if self.unread().is_empty() { HttpError::Closed } else { HttpError::StatusLine });
        };
        left -= first.len().min(left);
        let status = status_of(&first).ok_or(HttpError::StatusLine)?;
        let mut headers: Vec<(String, String)> = Vec::new();
        loop {
            let line = self.line(left, HttpError::HeadTooLarge)?.ok_or(HttpError::Closed)?;
            left -= (line.len() + 2).min(left);
            if line.is_empty() {
                return Ok((status, headers));
            }
            let text = String::from_utf8_lossy(&line);
            if text.starts_with([' ', '\t']) {
                // Obsolete line folding: the line belongs to the header before it.
                let Some((_, value)) = headers.last_mut() else { return Err(HttpError::HeaderLine) };
                value.push(' ');
                value.push_str(&clean(&text));
                continue;
            }
            let Some((name, value)) = text.split_once(':') else { return Err(HttpError::HeaderLine) };
            if name.is_empty() || !name.bytes().all(is_token) {
                return Err(HttpError::HeaderLine);
            }
            if headers.len() == MAX_HEADERS {
                return Err(HttpError::HeadTooLarge);
            }
            headers.push((name.to_ascii_lowercase(), clean(value)));
        }
    }

    fn body(&mut self, framing: Framing, most: usize) -> Result<(Vec<u8>, BodyEnd), HttpError> {
        match framing {
            Framing::Empty => Ok((Vec::new(), BodyEnd::Complete)),
            Framing::Length(length) => {
                let wanted = usize::try_from(length).unwrap_or(usize::MAX).min(most);
                let mut body = Vec::new();
                let complete = self.take(wanted, &mut body)?;
                let end = match complete {
                    false => BodyEnd::Short,
                    true if length > most as u64 => BodyEnd::Capped,
                    true => BodyEnd::Complete,
                };
                Ok((body, end))
            }
            Framing::UntilClose => {
                let mut body = Vec::new();
                let more = self.take(most, &mut body)?;
                let more = more && (!self.unread().is_empty() || self.fill()?);
                Ok((body, if more { BodyEnd::Capped } else { BodyEnd::Complete }))
            }
            Framing::Chunked => self.chunks(most),
        }
    }

    fn chunks(&mut self, most: usize) -> Result<(Vec<u8>, BodyEnd), HttpError> {
        let mut body = Vec::new();
        loop {
            let Some(line) = self.line(MAX_CHUNK_LINE, HttpError::Chunk)? else {
                return Ok((body, BodyEnd::Short));
            };
            let digits = line.split(|&byte| byte == b';').next().unwrap_or_default().trim_ascii();
            if digits.is_empty() || digits.len() > 15 || !digits.iter().all(u8::is_ascii_hexdigit) {
                return Err(HttpError::Chunk);
            }
            let text = std::str::from_utf8(digits).map_err(|_| HttpError::Chunk)?;
            let size = usize::from_str_radix(text, 16).map_err(|_| HttpError::Chunk)?;
            if size == 0 {
                break;
            }
            let room = most.saturating_sub(body.len());
            if size > room {
                let complete = self.take(room, &mut body)?;
                return Ok((body, if complete { BodyEnd::Capped } else { BodyEnd::Short }));
            }
            if !self.take(size, &mut body)? {
                return Ok((body, BodyEnd::Short));
            }
            match self.line(2, HttpError::Chunk)? {
                Some(line) if line.is_empty() => {}
                Some(_) => return Err(HttpError::Chunk),
                None => return Ok((body, BodyEnd::Short)),
            }
        }
        let mut left = MAX_TRAILERS;
        while let Some(line) = self.line(left, HttpError::Chunk)? {
            if line.is_empty() {
                break;
            }
            left -= (line.len() + 2).min(left);
        }
        Ok((body, BodyEnd::Complete))
    }

    /// Moves `count` bytes into `out`; false when the stream ended before.
    fn take(&mut self, count: usize, out: &mut Vec<u8>) -> Result<bool, HttpError> {
        let mut left = count;
        while left > 0 {
            if self.unread().is_empty() && !self.fill()? {
                return Ok(false);
            }
            let unread = self.unread();
            let piece = unread.get(..left.min(unread.len())).unwrap_or_default();
            let length = piece.len();
            out.extend_from_slice(piece);
            self.at += length;
            left -= length;
        }
        Ok(true)
    }
}

fn status_of(line: &[u8]) -> Option<u16> {
    let line = line.strip_prefix(b"HTTP/1.")?;
    let (minor, rest) = line.split_first()?;
    let rest = rest.strip_prefix(b" ")?;
    let digits = rest.get(..3)?;
    if !minor.is_ascii_digit()
        || !digits.iter().all(u8::is_ascii_digit)
        || rest.get(3).is_some_and(|&byte| byte != b' ')
    {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok().filter(|&status| status >= 100)
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn clean(value: &str) -> String {
    value.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_cannot_be_bent() {
        let permit = Permit::loopback("http://127.0.0.1:1").expect("loopback");
        for path in ["", "x", "http://other.example/", "/a b", "/a\r\nHost: x", "/a#b", "/a\\b", "/ä"] {
            assert!(Request::new(&permit, Method::Get, path).is_err(), "{path:?}");
        }
        let request = Request::new(&permit, Method::Get, "/a").expect("plain").header("Origin", "x\r\nHost: y");
        assert!(request.headers().is_empty());
    }

    #[test]
    fn status_lines() {
        for (line, status) in [
            ("HTTP/1.1 200 OK", Some(200)),
            ("HTTP/1.0 404", Some(404)),
            ("HTTP/1.1 099 x", None),
            ("HTTP/1.1 2000 x", None),
            ("HTTP/2 200", None),
            ("HTTP/1.1  200", None),
            ("ICY 200 OK", None),
            ("", None),
        ] {
            assert_eq!(status_of(line.as_bytes()), status, "{line}");
        }
    }
}
