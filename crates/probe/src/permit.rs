//! Where requests may go. Without a [`Permit`] no request can be built.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Why an address was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScopeError {
    /// Not an address at all.
    #[error("`{0}` is not a web address; write it like http://localhost:3000")]
    NotAnAddress(String),
    /// A scheme other than http and https.
    #[error("`{0}` addresses cannot be checked; only http and https can")]
    Scheme(String),
    /// `user:password@host`: hides the real host from a reader, and would put a password into logs.
    #[error("the address holds a user name or password before the host; write it without")]
    UserInfo,
    /// The port is missing or out of range.
    #[error("`{0}` is not a port number")]
    Port(String),
    /// A computer other than this one.
    #[error(
        "`{host}` is not this computer ({why}). Requests go to an app on this computer, or to a host that shows that it is \
         yours: `plimsoll probe --prove {scheme}://{host}` says how"
    )]
    NotLoopback {
        /// As written; http where nothing is.
        scheme: &'static str,
        /// The host as written.
        host: String,
        /// What it is instead.
        why: &'static str,
    },
}

/// Permission to send requests to one origin. It can only be had for loopback addresses, and for hosts that show a token
/// ([`crate::Foreign::prove`]); the addresses are fixed when it is made. For loopback no name is ever looked up: `localhost` *means* 127.0.0.1 or ::1 (RFC 6761, section 6.3), whatever a resolver
/// says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permit {
    secure: bool,
    host: String,
    port: u16,
    addresses: Vec<SocketAddr>,
    start: String,
}

impl Permit {
    /// Permission for an address on this computer: `http://localhost:3000`, `127.0.0.1:8080`, `https://[::1]:5173/shop`.
    /// The path is taken as a page to start from; a query or fragment is ignored.
    pub fn loopback(target: &str) -> Result<Permit, ScopeError> {
        let target = target.trim();
        let not_an_address = || ScopeError::NotAnAddress(shown(target));
        if target.is_empty() || target.len() > 2048 || !target.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(not_an_address());
        }
        // A backslash is a slash to browsers and a letter to others: two readers see two hosts.
        if target.contains('\\') {
            return Err(not_an_address());
        }
        let (secure, rest) = scheme_of(target)?;
        let authority = authority_of(rest);
        if authority.contains('@') {
            return Err(ScopeError::UserInfo);
        }
        if authority.is_empty() {
            return Err(not_an_address());
        }
        let (host, port, ips) = host_and_port(authority, secure)?;
        let after = rest.get(authority.len()..).unwrap_or_default();
        let path = after.split(['?', '#']).next().unwrap_or_default();
        let start = if path.starts_with('/') { path.to_owned() } else { "/".to_owned() };
        let addresses = ips.into_iter().map(|ip| SocketAddr::new(ip, port)).collect();
        Ok(Permit { secure, host, port, addresses, start })
    }

    /// Permission for a host that was proven to be the asker's, at the one address that its name had then.
    pub(crate) fn pinned_to(secure: bool, host: String, address: SocketAddr, start: String) -> Permit {
        Permit { secure, host, port: address.port(), addresses: vec![address], start }
    }

    /// Whether the connection is encrypted: an https address.
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// The host as the address names it; an IPv6 address in brackets.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// Whether it is for this computer.
    pub fn is_loopback(&self) -> bool {
        self.addresses.iter().all(|address| address.ip().is_loopback())
    }

    /// `http://host:port`.
    pub fn origin(&self) -> String {
        format!("{}://{}", scheme_word(self.secure), self.authority())
    }

    /// `host:port` for the `Host` header; without the port when it is the scheme's own.
    pub fn authority(&self) -> String {
        if self.port == own_port(self.secure) { self.host.clone() } else { format!("{}:{}", self.host, self.port) }
    }

    /// The address of a path on this origin.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin())
    }

    /// The addresses that requests may be sent to.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Path to start from.
    pub fn start(&self) -> &str {
        &self.start
    }

    /// Keeps one of the addresses for the rest of the run.
    pub(crate) fn pin(&mut self, address: SocketAddr) {
        self.addresses.retain(|&known| known == address);
    }
}

/// Whether an address is one of https, and what stands behind its scheme. Without a scheme it is one of http.
pub(crate) fn scheme_of(target: &str) -> Result<(bool, &str), ScopeError> {
    match target.split_once("://") {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => Ok((false, rest)),
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => Ok((true, rest)),
        Some((scheme, _)) => Err(ScopeError::Scheme(shown(scheme))),
        None => Ok((false, target)),
    }
}

/// `http` or `https`.
pub(crate) fn scheme_word(secure: bool) -> &'static str {
    if secure { "https" } else { "http" }
}

/// The port that need not be written.
pub(crate) fn own_port(secure: bool) -> u16 {
    if secure { 443 } else { 80 }
}

fn authority_of(rest: &str) -> &str {
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}

fn host_and_port(authority: &str, secure: bool) -> Result<(String, u16, Vec<IpAddr>), ScopeError> {
    let (host, port) = if authority.starts_with('[') {
        let Some((host, rest)) = authority.split_once(']') else {
            return Err(ScopeError::NotAnAddress(shown(authority)));
        };
        let port = match rest.strip_prefix(':') {
            Some(port) => Some(port),
            None if rest.is_empty() => None,
            None => return Err(ScopeError::NotAnAddress(shown(authority))),
        };
        (format!("{host}]"), port)
    } else {
        match authority.rsplit_once(':') {
            Some((host, port)) => (host.to_ascii_lowercase(), Some(port)),
            None => (authority.to_ascii_lowercase(), None),
        }
    };
    let ips = loopback_of(&host, secure)?;
    let port = match port {
        None => own_port(secure),
        Some(text) => match text.parse::<u16>() {
            Ok(port) if port != 0 && text.bytes().all(|byte| byte.is_ascii_digit()) => port,
            _ => return Err(ScopeError::Port(shown(text))),
        },
    };
    Ok((host, port, ips))
}

fn loopback_of(host: &str, secure: bool) -> Result<Vec<IpAddr>, ScopeError> {
    let refuse = |why| Err(ScopeError::NotLoopback { scheme: scheme_word(secure), host: shown(host), why });
    if host == "localhost" {
        return Ok(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]);
    }
    if let Some(inner) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        return match inner.parse::<Ipv6Addr>() {
            Ok(ip) if ip.is_loopback() => Ok(vec![ip.into()]),
            Ok(ip) if ip.is_unspecified() => refuse("it means every address of this computer; write localhost instead"),
            Ok(ip) if ip.to_ipv4_mapped().is_some() => refuse("an IPv4 address in disguise; write it as 127.0.0.1"),
            Ok(ip) if ip.is_unicast_link_local() => refuse("a link-local address"),
            Ok(_) => refuse("another computer's address"),
            Err(_) => Err(ScopeError::NotAnAddress(shown(host))),
        };
    }
    if let Ok(ip) = host.parse::<Ipv4Addr>() {
        return match ip {
            _ if ip.is_loopback() => Ok(vec![ip.into()]),
            _ if ip.is_unspecified() => refuse("it means every address of this computer; write localhost instead"),
            _ if ip.is_link_local() => refuse("a link-local address, where cloud machines keep their secrets"),
            _ if ip.is_private() => refuse("another computer in a local network"),
            _ => refuse("another computer's address"),
        };
    }
    if host.is_empty() || host.contains(['[', ']', ':']) {
        return Err(ScopeError::NotAnAddress(shown(host)));
    }
    // Forms that some programs read as an address and others as a name: 127.1, 0x7f000001, 2130706433, 0177.0.0.1.
    let last = host.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
    if last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x") {
        return refuse("a number in an unusual form; write it as 127.0.0.1");
    }
    if host.starts_with("localhost.") || host.ends_with(".localhost") {
        return refuse("only the plain name localhost is certain to be this computer");
    }
    refuse("a name that belongs to whoever registered it")
}

/// Text of the user or the app for a message: short, without control characters.
pub(crate) fn shown(text: &str) -> String {
    let mut out: String = text.chars().filter(|c| !c.is_control()).take(80).collect();
    if text.chars().count() > 80 {
        out.push('…');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_forms_are_permitted() {
        for (target, origin, start) in [
            ("http://localhost:3000", "http://localhost:3000", "/"),
            ("localhost:3000", "http://localhost:3000", "/"),
            ("HTTP://LOCALHOST:3000/", "http://localhost:3000", "/"),
            ("http://127.0.0.1", "http://127.0.0.1", "/"),
            ("https://localhost:3000", "https://localhost:3000", "/"),
            ("HTTPS://127.0.0.1/shop", "https://127.0.0.1", "/shop"),
            ("https://127.0.0.1:80", "https://127.0.0.1:80", "/"),
            ("http://127.8.9.10:81/shop/?x=1#top", "http://127.8.9.10:81", "/shop/"),
            ("http://[::1]:5173", "http://[::1]:5173", "/"),
            ("http://127.0.0.1:3000?next=/x", "http://127.0.0.1:3000", "/"),
        ] {
            let permit = Permit::loopback(target).unwrap_or_else(|error| panic!("{target}: {error}"));
            assert_eq!(permit.origin(), origin, "{target}");
            assert_eq!(permit.start(), start, "{target}");
            assert!(permit.addresses().iter().all(|address| address.ip().is_loopback()));
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for target in [
            "",
            "http://",
            "https://shop.example",
            "ftp://localhost",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "http://shop.example",
            "http://localhost.attacker.example",
            "http://app.localhost:3000",
            "http://localhost@attacker.example",
            "http://127.0.0.1:80@attacker.example",
            "http://attacker.example#@127.0.0.1",
            "http://attacker.example/@127.0.0.1",
            "http://127.0.0.1\\@attacker.example",
            "http://user:pass@127.0.0.1",
            "http://169.254.169.254/latest/meta-data/",
            "http://metadata.google.internal",
            "http://0.0.0.0:3000",
            "http://[::]:3000",
            "http://[::ffff:127.0.0.1]:3000",
            "http://[fe80::1]",
            "http://[fe80::1%25eth0]",
            "http://[::1",
            "http://[::1]x:80",
            "http://192.168.1.10",
            "http://10.0.0.1",
            "http://128.0.0.1",
            "http://127.1",
            "http://2130706433",
            "http://0x7f000001",
            "http://0177.0.0.1",
            "http://127.0.0.1.nip.example",
            "http://localhost:0",
            "http://localhost:99999",
            "http://localhost:+80",
            "http://localhost:",
            "http://local\u{200b}host",
            "http://lοcalhost",
            "http://localhost\r\nHost: x",
        ] {
            assert!(Permit::loopback(target).is_err(), "{target:?} was permitted");
        }
    }
}
