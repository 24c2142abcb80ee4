//! What is noticed on every answer, whatever check asked: cookies and error details.

use std::collections::BTreeMap;

use plimsoll_model::Exchange;
use plimsoll_model::app::{CookieSet, SameSite};

use crate::http::{Request, Response};
use crate::signature;

/// Most cookies that are kept of a run.
const MAX_COOKIES: usize = 200;
/// Most places with error details that are kept.
const MAX_DETAILS: usize = 20;

/// Facts gathered along the way.
#[derive(Debug, Default)]
pub(crate) struct Observed {
    cookies: BTreeMap<String, CookieSet>,
    pub(crate) cookies_left_out: usize,
    /// Stack traces and the like, one per kind and address.
    pub(crate) details: Vec<(Exchange, String)>,
    /// Answers seen with an error status whose body could be read.
    pub(crate) error_pages: usize,
}

impl Observed {
    pub(crate) fn see(&mut self, request: &Request<'_>, exchange: &Exchange, response: &Response) {
        for (_, value) in response.headers.iter().filter(|(name, _)| name == "set-cookie") {
            let Some(cookie) = parse_set_cookie(value, exchange) else { continue };
            if self.cookies.contains_key(&cookie.name) {
                continue;
            }
            if self.cookies.len() >= MAX_COOKIES {
                self.cookies_left_out += 1;
                continue;
            }
            self.cookies.insert(cookie.name.clone(), cookie);
        }
        // What a test account is shown is not what a stranger is shown.
        let stranger = request.account().is_none();
        if stranger && response.status >= 400 && !response.is_encoded() && request.method() != "OPTIONS" {
            self.error_pages += 1;
            if let Some(what) = signature::error_details(&response.body) {
                // The same handler shows the same thing everywhere: once per kind is enough.
                let known = self.details.iter().any(|(_, known)| known == what);
                if !known && self.details.len() < MAX_DETAILS {
                    self.details.push((exchange.clone(), what.to_owned()));
                }
            }
        }
    }

    /// Says which cookies carry the session, seen by leaving each out.
    pub(crate) fn sessions_are(&mut self, needed: &[String]) {
        crate::access::mark(&mut self.cookies, needed);
    }

    /// Cookies by name.
    pub(crate) fn cookies(&self) -> Vec<CookieSet> {
        self.cookies.values().cloned().collect()
    }
}

/// Reads a `Set-Cookie` header as browsers do (RFC 6265, section 5.2). The value itself is not kept.
pub(crate) fn parse_set_cookie(header: &str, exchange: &Exchange) -> Option<CookieSet> {
    let mut parts = header.split(';');
    let (name, value) = parts.next()?.split_once('=')?;
    let name = name.trim();
    if name.is_empty() || name.len() > 256 {
        return None;
    }
    let mut cookie = CookieSet {
        name: name.to_owned(),
        is_session: looks_like_session(name, value.trim()),
        http_only: Some(false),
        secure: Some(false),
        same_site: None,
        max_age: None,
        by: "seen in an answer".to_owned(),
        span: None,
        exchange: Some(exchange.clone()),
    };
    let mut removed = value.trim().is_empty();
    for part in parts.take(30) {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        let value = value.trim();
        match key.trim().to_ascii_lowercase().as_str() {
            "httponly" => cookie.http_only = Some(true),
            "secure" => cookie.secure = Some(true),
            "samesite" => {
                cookie.same_site = match value.to_ascii_lowercase().as_str() {
                    "strict" => Some(SameSite::Strict),
                    "lax" => Some(SameSite::Lax),
                    "none" => Some(SameSite::None),
                    _ => None,
                }
            }
            "max-age" => {
                removed |= value == "0" || value.starts_with('-');
                cookie.max_age = value.parse().ok();
            }
            _ => {}
        }
    }
    // A cookie that is taken away protects nothing and endangers nothing.
    if removed { None } else { Some(cookie) }
}

/// Without a login there is no ablation (take the cookie away and see what changes), so name and shape decide: a known
/// session name, or an unguessable value under a name that is not of a CSRF token or preference.
fn looks_like_session(name: &str, value: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let plain = lower.trim_start_matches("__host-").trim_start_matches("__secure-");
    if ["csrf", "xsrf", "theme", "lang", "locale", "consent", "_ga", "_gid", "_fbp", "messages", "flash"]
        .iter()
        .any(|word| plain.contains(word))
    {
        return false;
    }
    let named = ["sess", "sid", "auth", "jwt", "token"].iter().any(|word| plain.contains(word));
    let jwt = value.starts_with("eyJ") && value.matches('.').count() == 2;
    let long = value.len() >= 24
        && value.bytes().any(|byte| byte.is_ascii_digit())
        && value.bytes().any(|byte| byte.is_ascii_alphabetic());
    (named && value.len() >= 8) || jwt || long
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies() {
        let exchange = Exchange { method: "GET".into(), url: "http://127.0.0.1/".into(), status: Some(200) };
        let read = |header: &str| parse_set_cookie(header, &exchange);
        let cookie =
            read("connect.sid=s%3Aabcdefgh12345678; Path=/; HttpOnly; SameSite=Lax; Max-Age=3600").expect("cookie");
        assert_eq!(
            (
                cookie.name.as_str(),
                cookie.is_session,
                cookie.http_only,
                cookie.secure,
                cookie.same_site,
                cookie.max_age
            ),
            ("connect.sid", true, Some(true), Some(false), Some(SameSite::Lax), Some(3600))
        );
        let cookie = read("XSRF-TOKEN=0123456789abcdef0123456789abcdef; secure ;samesite=NONE").expect("cookie");
        assert_eq!((cookie.is_session, cookie.secure, cookie.same_site), (false, Some(true), Some(SameSite::None)));
        assert!(!read("theme=dark").expect("cookie").is_session);
        assert!(read("sid=; Max-Age=0").is_none());
        assert!(read("sid=abc; max-age=-1").is_none());
        assert!(read("no equals sign").is_none());
        assert!(read("=value").is_none());
    }
}
