//! Proof that a host belongs to whoever wants it probed: a token that the host itself shows, in its DNS or at a fixed
//! address. Nothing else is sent before it was seen, and it is looked for again at the start of every run.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs, UdpSocket};
use std::time::{Duration, Instant};

use crate::http::{self, Identity, Method, Request};
use crate::permit::{Permit, ScopeError, own_port, scheme_of, shown};

/// Where the token stands on the host.
pub const WELL_KNOWN: &str = "/.well-known/plimsoll-verify.txt";
/// Before the host's name, in DNS.
pub const TXT_PREFIX: &str = "_plimsoll.";
/// Before the token, in DNS.
pub const TXT_VALUE: &str = "plimsoll-verify=";
/// Hex digits of a token: 128 bit.
pub const TOKEN_LENGTH: usize = 32;

/// Why a host is not proven.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The address cannot be probed at all.
    #[error(transparent)]
    Scope(#[from] ScopeError),
    /// A host that nobody can own alone.
    #[error("`{0}` is shared by many; only a host of your own can be checked")]
    Shared(String),
    /// No name of a host.
    #[error("`{0}` is no name of a host; addresses in numbers are not checked")]
    NotAName(String),
    /// The name has no address.
    #[error("`{0}` could not be looked up")]
    Unknown(String),
    /// The name leads to where nothing may be sent.
    #[error("`{host}` leads to {why}")]
    Forbidden {
        /// The host.
        host: String,
        /// Where to.
        why: &'static str,
    },
    /// The token is not 128 bit of hexadecimal.
    #[error("the token is not one that Plimsoll made")]
    Token,
    /// Neither place shows the token.
    #[error(
        "`{host}` does not show that it is yours. Put the token into a TXT record at {TXT_PREFIX}{host} \
         (`{TXT_VALUE}{token}`), or serve it as plain text, and nothing else, at {WELL_KNOWN}. {tried}"
    )]
    NotShown {
        /// The host.
        host: String,
        /// The token.
        token: String,
        /// What was seen instead.
        tried: String,
    },
}

/// What a proof asks the world. The real one is [`System`]; tests bring their own, so that nothing of theirs is sent anywhere.
pub trait World {
    /// Addresses of a host.
    fn addresses(&mut self, host: &str) -> io::Result<Vec<IpAddr>>;
    /// TXT records of a name.
    fn texts(&mut self, name: &str) -> io::Result<Vec<String>>;
    /// Why nothing may be sent to an address; `None` when it may.
    fn forbidden(&self, address: IpAddr) -> Option<&'static str> {
        forbidden(address)
    }
}

/// A host and port that are not this computer's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foreign {
    /// Whether it is asked over https.
    pub secure: bool,
    /// The host's name, in lower case.
    pub host: String,
    /// The port.
    pub port: u16,
    start: String,
}

/// Platforms whose own names, and the names right under which their customers live, belong to nobody who asks here.
const SHARED: [&str; 28] = [
    "vercel.app",
    "now.sh",
    "netlify.app",
    "lovable.app",
    "lovable.dev",
    "replit.app",
    "repl.co",
    "replit.dev",
    "github.io",
    "gitlab.io",
    "pages.dev",
    "workers.dev",
    "herokuapp.com",
    "onrender.com",
    "fly.dev",
    "railway.app",
    "up.railway.app",
    "web.app",
    "firebaseapp.com",
    "appspot.com",
    "run.app",
    "azurewebsites.net",
    "cloudfront.net",
    "amazonaws.com",
    "supabase.co",
    "glitch.me",
    "streamlit.app",
    "bolt.host",
];

impl Foreign {
    /// Reads an address: `https://shop.example`, `http://shop.example:8080/start`.
    ///
    /// # Errors
    /// When it is no such address, or names something that cannot be owned.
    pub fn parse(target: &str) -> Result<Self, ProofError> {
        let target = target.trim();
        let bad = || ProofError::Scope(ScopeError::NotAnAddress(shown(target)));
        if target.len() > 2_048 || !target.bytes().all(|byte| byte.is_ascii_graphic()) || target.contains('\\') {
            return Err(bad());
        }
        let (secure, rest) = scheme_of(target)?;
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if authority.contains('@') {
            return Err(ScopeError::UserInfo.into());
        }
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) => {
                let number = port.parse::<u16>().ok().filter(|port| *port != 0);
                (host, number.ok_or_else(|| ScopeError::Port(shown(port)))?)
            }
            None => (authority, own_port(secure)),
        };
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let labels: Vec<&str> = host.split('.').collect();
        let label = |label: &&str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
                && !label.starts_with('-')
        };
        // The last label of a name is never a number; `127.1` and `0x7f.1` are addresses in disguise.
        let numeric = labels.last().is_none_or(|last| last.starts_with(|c: char| c.is_ascii_digit()));
        if labels.len() < 2 || host.len() > 253 || !labels.iter().all(label) || numeric {
            return Err(ProofError::NotAName(shown(&host)));
        }
        if host == "localhost"
            || host.ends_with(".localhost")
            || host.ends_with(".local")
            || host.ends_with(".internal")
        {
            return Err(ProofError::NotAName(shown(&host)));
        }
        if SHARED.contains(&host.as_str()) {
            return Err(ProofError::Shared(shown(&host)));
        }
        let path = rest.get(authority.len()..).unwrap_or_default().split(['?', '#']).next().unwrap_or_default();
        let start = if path.starts_with('/') { path.to_owned() } else { "/".to_owned() };
        Ok(Foreign { secure, host, port, start })
    }

    /// Permission to probe it, when it shows the token. Its address is looked up once and kept.
    ///
    /// # Errors
    /// When it does not, or leads to where nothing may be sent.
    pub fn prove(&self, token: &str, world: &mut dyn World) -> Result<Permit, ProofError> {
        let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if token.len() != TOKEN_LENGTH || !token.bytes().all(hex) {
            return Err(ProofError::Token);
        }
        let addresses = world.addresses(&self.host).map_err(|_| ProofError::Unknown(self.host.clone()))?;
        let Some(&first) = addresses.first() else { return Err(ProofError::Unknown(self.host.clone())) };
        // One bad address among good ones is enough to refuse: the next lookup could bring it.
        if let Some(why) = addresses.iter().find_map(|address| world.forbidden(*address)) {
            return Err(ProofError::Forbidden { host: self.host.clone(), why });
        }
        let permit =
            Permit::pinned_to(self.secure, self.host.clone(), SocketAddr::new(first, self.port), self.start.clone());
        let wanted = format!("{TXT_VALUE}{token}");
        let texts = world.texts(&format!("{TXT_PREFIX}{}", self.host)).unwrap_or_default();
        if texts.iter().any(|text| text.trim() == wanted) {
            return Ok(permit);
        }
        let tried = match well_known(&permit, token) {
            Ok(()) => return Ok(permit),
            Err(why) => format!("{} TXT records were seen there; the address {why}.", texts.len()),
        };
        Err(ProofError::NotShown { host: self.host.clone(), token: token.to_owned(), tried })
    }
}

/// The token as the whole body of a plain text, with status 200, without a redirect. A page that repeats what it was asked,
/// or that comes for every address, proves nothing.
fn well_known(permit: &Permit, token: &str) -> Result<(), String> {
    let request = Request::new(permit, Method::Get, WELL_KNOWN).map_err(|error| error.to_string())?.at_most(4_096);
    let identity = Identity { run: "ownership".to_owned() };
    let response = http::exchange(&request, &identity, Duration::from_secs(5))
        .map_err(|error| format!("gave no answer ({error})"))?;
    if response.status != 200 {
        return Err(format!("answered {}", response.status));
    }
    if response.media_type() != "text/plain" {
        return Err("did not answer with text/plain".to_owned());
    }
    let body = response.text();
    if body.strip_suffix('\n').unwrap_or(&body).trim_end_matches('\r') == token {
        Ok(())
    } else {
        Err("answered with another text".to_owned())
    }
}

/// Why nothing is sent to an address; `None` for one on the open internet.
pub fn forbidden(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(ip) => forbidden_v4(ip),
        IpAddr::V6(ip) => forbidden_v6(ip),
    }
}

fn forbidden_v4(ip: Ipv4Addr) -> Option<&'static str> {
    let [a, b, ..] = ip.octets();
    match () {
        () if ip.is_loopback() => Some("this computer; give its loopback address instead"),
        () if ip.is_link_local() => Some("a link-local address, where cloud machines keep their secrets"),
        () if ip.is_private() => Some("another computer in a local network"),
        () if a == 100 && (64..128).contains(&b) => Some("a network between a provider and its customers"),
        () if a == 0 || a >= 224 || ip.is_broadcast() => Some("an address that is no host's"),
        () if ip.is_documentation() => Some("an address that exists only in documents"),
        () if a == 198 && (b == 18 || b == 19) => Some("an address for measurements"),
        () if ip.octets() == [168, 63, 129, 16] => Some("an address where cloud machines keep their secrets"),
        () => None,
    }
}

fn forbidden_v6(ip: Ipv6Addr) -> Option<&'static str> {
    if let Some(v4) = ip.to_ipv4_mapped().or_else(|| ip.to_ipv4()) {
        // `::1` is loopback and not an old form of 0.0.0.1.
        if ip.is_loopback() {
            return Some("this computer; give its loopback address instead");
        }
        return forbidden_v4(v4).or(Some("an IPv4 address in disguise"));
    }
    let [first, second, ..] = ip.segments();
    match () {
        () if ip.is_unspecified() || ip.is_multicast() => Some("an address that is no host's"),
        () if ip.is_unicast_link_local() => Some("a link-local address"),
        () if first & 0xfe00 == 0xfc00 => Some("another computer in a local network"),
        // Tunnels that carry IPv4 inside: 6to4, Teredo, NAT64.
        () if first == 0x2002 || (first == 0x2001 && second == 0) || (first == 0x64 && second == 0xff9b) => {
            Some("an IPv4 address in disguise")
        }
        () if first == 0x2001 && second == 0xdb8 => Some("an address that exists only in documents"),
        () => None,
    }
}

/// The computer's own resolver.
#[derive(Clone, Copy, Debug, Default)]
pub struct System;

impl World for System {
    fn addresses(&mut self, host: &str) -> io::Result<Vec<IpAddr>> {
        Ok((host, 0).to_socket_addrs()?.map(|address| address.ip()).collect())
    }

    fn texts(&mut self, name: &str) -> io::Result<Vec<String>> {
        let file = std::fs::read_to_string("/etc/resolv.conf")?;
        let servers = file.lines().filter_map(|line| line.strip_prefix("nameserver")?.trim().parse::<IpAddr>().ok());
        let mut last = io::Error::from(io::ErrorKind::NotFound);
        for server in servers.take(3) {
            match ask_txt(SocketAddr::new(server, 53), name) {
                Ok(texts) => return Ok(texts),
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

/// One question for TXT records over UDP (RFC 1035, section 4).
fn ask_txt(server: SocketAddr, name: &str) -> io::Result<Vec<String>> {
    let local: SocketAddr = if server.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0u16; 8], 0).into() };
    let socket = UdpSocket::bind(local)?;
    socket.connect(server)?;
    // Unguessable enough together with the port: an answer that names another question is not taken.
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().subsec_nanos();
    let id = u16::try_from((now ^ std::process::id()) & 0xffff).unwrap_or(0);
    let question = question(id, name).ok_or(io::ErrorKind::InvalidInput)?;
    socket.send(&question)?;
    let end = Instant::now() + Duration::from_secs(3);
    let mut buffer = [0u8; 4_096];
    loop {
        let left = end.checked_duration_since(Instant::now()).filter(|left| !left.is_zero());
        socket.set_read_timeout(Some(left.ok_or(io::ErrorKind::TimedOut)?))?;
        let count = socket.recv(&mut buffer)?;
        if let Some(texts) = texts_in(buffer.get(..count).unwrap_or_default(), &question) {
            return Ok(texts);
        }
    }
}

fn question(id: u16, name: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(64);
    out.extend(id.to_be_bytes());
    // Recursion is wanted; one question.
    out.extend([1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    for label in name.split('.') {
        let length = u8::try_from(label.len()).ok().filter(|length| (1..=63).contains(length))?;
        out.push(length);
        out.extend(label.bytes());
    }
    // Root, TXT, IN.
    out.extend([0, 0, 16, 0, 1]);
    Some(out)
}

/// TXT records in an answer to this question; `None` when it answers another one or is malformed.
pub(crate) fn texts_in(answer: &[u8], question: &[u8]) -> Option<Vec<String>> {
    let byte = |at: usize| answer.get(at).copied();
    let word = |at: usize| Some(u16::from_be_bytes([byte(at)?, byte(at + 1)?]));
    let asked = question.get(12..)?;
    let answers = byte(2)? & 0x80 != 0 && answer.get(..2)? == question.get(..2)?;
    if !answers || !answer.get(12..12 + asked.len())?.eq_ignore_ascii_case(asked) {
        return None;
    }
    let mut at = 12 + asked.len();
    let mut texts = Vec::new();
    for _ in 0..word(6)?.min(50) {
        at = after_name(answer, at)?;
        let (kind, length) = (word(at)?, usize::from(word(at + 8)?));
        let data = answer.get(at + 10..at + 10 + length)?;
        if kind == 16 {
            // A record is a list of strings, each with its length before it, that belong together.
            let mut text = Vec::new();
            let mut rest = data;
            while let Some((&length, tail)) = rest.split_first() {
                let length = usize::from(length);
                text.extend(tail.get(..length)?);
                rest = tail.get(length..)?;
            }
            texts.push(String::from_utf8_lossy(&text).into_owned());
        }
        at += 10 + length;
    }
    Some(texts)
}

/// Position behind a name, which may end in a pointer. The pointer is not followed: the name is not needed.
fn after_name(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match bytes.get(at).copied()? {
            0 => return Some(at + 1),
            length if length & 0xc0 == 0xc0 => return Some(at + 2),
            length => at += 1 + usize::from(length),
        }
        if at > bytes.len() {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_can_be_owned() {
        for (target, host, port) in [
            ("http://Shop.Example/", "shop.example", 80),
            ("http://app.shop.example:8080/x?y", "app.shop.example", 8080),
            ("http://mine.vercel.app", "mine.vercel.app", 80),
            ("shop.example.", "shop.example", 80),
        ] {
            let parsed = Foreign::parse(target).unwrap_or_else(|error| panic!("{target}: {error}"));
            assert_eq!((parsed.host.as_str(), parsed.port), (host, port));
        }
        for target in [
            "ftp://shop.example",
            "http://vercel.app",
            "http://com",
            "http://127.1",
            "http://0x7f.1",
            "http://169.254.169.254",
            "http://[::1]",
            "http://user@shop.example",
            "http://shop.example:0",
            "http://a..b",
            "http://printer.local",
            "http://metadata.google.internal",
            "http://localhost",
            "http://shop.example\\@evil.example",
            "",
            "http://-x.example",
        ] {
            assert!(Foreign::parse(target).is_err(), "{target}");
        }
    }

    #[test]
    fn addresses_where_nothing_is_sent() {
        for address in [
            "127.0.0.1",
            "10.1.2.3",
            "192.168.1.1",
            "172.16.0.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "255.255.255.255",
            "224.0.0.1",
            "192.0.2.1",
            "198.18.0.1",
            "168.63.129.16",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "::ffff:10.0.0.1",
            "::ffff:8.8.8.8",
            "64:ff9b::a00:1",
            "2002:a00:1::",
            "2001::1",
            "ff02::1",
            "2001:db8::1",
        ] {
            assert!(forbidden(address.parse().expect("an address")).is_some(), "{address}");
        }
        for address in ["8.8.8.8", "93.184.216.34", "2606:4700::1111"] {
            assert!(forbidden(address.parse().expect("an address")).is_none(), "{address}");
        }
    }

    #[test]
    fn answers_of_name_servers() {
        let question = question(7, "_plimsoll.shop.example").expect("a question");
        let mut answer = question.clone();
        answer[2] |= 0x80;
        answer[7] = 1;
        answer.extend([0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 60, 0, 8, 3, b'a', b'b', b'c', 3, b'd', b'e', b'f']);
        assert_eq!(texts_in(&answer, &question), Some(vec!["abcdef".to_owned()]));
        for cut in 0..answer.len() {
            let _ = texts_in(&answer[..cut], &question);
        }
        let mut other = answer.clone();
        other[0] ^= 1;
        assert_eq!(texts_in(&other, &question), None);
        let mut other = answer.clone();
        other[15] ^= 1;
        assert_eq!(texts_in(&other, &question), None);
        // A length that leads out of the message.
        let at = answer.len() - 4;
        answer[at] = 200;
        assert_eq!(texts_in(&answer, &question), None);
    }
}
