//! When an expectation of a label was seen.
//!
//! | check | seen when |
//! |---|---|
//! | a flaw (the expectation names a labelled item) | a finding of one of the item's gaps has evidence from the wire, at that address where the expectation names one |
//! | login asked for, role refused | requests without credentials, or as that account, were sent to that address (or to the same with another number: none is guessed) and all were refused |
//! | cookie flags, login limit, CORS, scripts | the check of that name ended as passed, and no finding of that gap has evidence from the wire |
//! | file not served | that very address was asked for, and no finding says it was served |
//!
//! What the safety contract forbids is *not tried*, with the reason. Silence is a miss.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Look;

/// How an expectation was met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Met {
    /// Observed on the wire.
    Seen,
    /// The safety contract forbids to try it.
    NotTried(&'static str),
    /// The review says nothing of it on the wire, or the wrong thing.
    Missed(String),
}

fn yes(met: bool, otherwise: &str) -> Met {
    if met { Met::Seen } else { Met::Missed(otherwise.to_owned()) }
}

/// The path of an address, its query left out.
fn path_of(url: &str) -> &str {
    let path = url.split_once("://").and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..])).unwrap_or("/");
    path.split('?').next().unwrap_or(path)
}

/// `/files/12` and `/files/1` are one kind of address.
fn shape(path: &str) -> String {
    path.split('?').next().unwrap_or_default().chars().filter(|c| !c.is_ascii_digit()).collect()
}

pub(super) fn live(finding: &Value) -> impl Iterator<Item = &Value> {
    finding["evidence"].as_array().into_iter().flatten().filter(|piece| piece["witness"] == "live")
}

/// Why the contract forbids it; `None` when it may be tried.
fn forbidden(label: &Value, wanted: &Value) -> Option<&'static str> {
    let text = |name: &str| wanted[name].as_str().unwrap_or_default();
    let login = label["login"]["flow"]["path"].as_str();
    let writes = |step: &Value| {
        let method = step["method"].as_str().unwrap_or("GET");
        let ends = step["path"].as_str().is_some_and(|path| path.contains("logout"));
        ends || !matches!(method, "GET" | "HEAD" | "OPTIONS") && (method != "POST" || step["path"].as_str() != login)
    };
    // A limit is tried at the login alone; that another address has one is seen by the login having none.
    let elsewhere = text("check") == "rate_limit" && text("method") == "POST";
    if (writes(wanted) && !elsewhere) || wanted["steps"].as_array().into_iter().flatten().any(writes) {
        return Some("it changes something");
    }
    let path = text("path");
    if wanted["raw_path"] == true || path.contains("..") || path.contains("%2") || path.contains('\'') {
        return Some("it is an attack string or a bent address");
    }
    let headers = wanted["headers"].as_object().into_iter().flatten();
    if headers.into_iter().any(|(name, _)| name.eq_ignore_ascii_case("x-forwarded-proto")) {
        return Some("it plays a proxy");
    }
    None
}

impl Look {
    fn sees(&self, gap: &str) -> bool {
        self.of(gap).any(|finding| live(finding).next().is_some())
    }

    fn sees_at(&self, gap: &str, path: &str) -> bool {
        self.of(gap)
            .flat_map(live)
            .any(|piece| piece["url"].as_str().is_some_and(|url| shape(path_of(url)) == shape(path)))
    }

    fn asked(&self, path: &str, with: impl Fn(&Value) -> bool) -> bool {
        self.sent.iter().any(|line| line["url"].as_str().map(path_of) == Some(path) && with(line))
    }

    /// Whether an address refused whoever asked: nobody, or an account.
    fn refused(&self, path: &str, account: Option<&str>) -> Met {
        let all = self.report["live"]["answers"].as_array().into_iter().flatten();
        let lines: Vec<&Value> = all
            .filter(|line| line["url"].as_str().map(path_of).map(shape) == Some(shape(path)))
            .filter(|line| line["account"].as_str() == account)
            .collect();
        match lines.is_empty() {
            true => Met::Missed(format!("{path} was not asked as {}", account.unwrap_or("nobody"))),
            false => yes(lines.iter().all(|line| line["outcome"] == "refused"), "it was answered"),
        }
    }

    pub(super) fn met(&self, label: &Value, wanted: &Value) -> Met {
        let text = |name: &str| wanted[name].as_str().unwrap_or_default();
        let (check, path) = (text("check"), text("path"));
        if let Some(why) = forbidden(label, wanted) {
            return Met::NotTried(why);
        }
        let ids: Vec<&str> = match &wanted["item"] {
            Value::String(one) => vec![one],
            Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        let items = label["items"].as_array().into_iter().flatten();
        let gaps: BTreeSet<&str> = items
            .filter(|item| ids.iter().any(|id| item["id"] == *id))
            .filter_map(|item| item["gap"].as_str())
            .collect();
        let flaw = !ids.is_empty();
        let of_item = || yes(gaps.iter().any(|gap| self.sees(gap)), "no finding of the item's gap was seen live");
        let at_place = || {
            yes(
                gaps.iter().any(|gap| self.sees_at(gap, path)),
                "no finding of the item's gap was seen live at that address",
            )
        };
        let passed = |check: &str, gap: &str| {
            let verdict = self.verdict(check);
            match verdict {
                "passed" => yes(!self.sees(gap), "the check passed and there is a finding"),
                other => Met::Missed(format!("the check `{check}` ended as `{other}`")),
            }
        };
        match check {
            // Of the strong ones the label names a header that is missing beside those that are there.
            "security_headers" if wanted["assert"]["header_present"].is_array() => yes(
                self.verdict("page-headers") == "passed" && !self.sees("missing_security_headers"),
                "headers are said to be missing",
            ),
            "security_headers" if flaw => of_item(),
            "security_headers" => passed("page-headers", "missing_security_headers"),
            "sensitive_data" if flaw && path.contains("{{") => of_item(),
            "sensitive_data" if flaw => at_place(),
            // No key: other data in the scripts are items of their own.
            "sensitive_data" => {
                let mut found = self.of("sensitive_data_in_client");
                let key = found.any(|one| one["rule"] == "secret-in-browser-code" && live(one).next().is_some());
                yes(!key && !matches!(self.verdict("scripts"), "" | "could_not_tell"), "a key was seen in a script")
            }
            "sourcemap" if flaw => of_item(),
            "sourcemap" => passed("scripts", "debug_or_misconfig"),
            "third_party_script" => of_item(),
            "cors" => match self.asked(path, |line| line["check"] == "cors") {
                true => passed("cors", "permissive_cors"),
                false => Met::Missed("that address was not asked with a foreign origin".to_owned()),
            },
            "path_exposure" if flaw => at_place(),
            "path_exposure" => match self.asked(path, |_| true) {
                true => yes(!self.sees_at("debug_or_misconfig", path), "it is said to be served"),
                false => Met::Missed("that address was not asked for".to_owned()),
            },
            // What the flags are is said of the session's own cookie, so it must have been found.
            "cookie_flags" if self.verdict("sessions") != "passed" => {
                Met::Missed(format!("the check `sessions` ended as `{}`", self.verdict("sessions")))
            }
            "cookie_flags" if gaps.iter().any(|gap| matches!(*gap, "csrf" | "exposed_session_token")) => {
                let cookie = gaps.iter().chain(&["exposed_session_token"]).any(|gap| self.sees(gap));
                yes(cookie, "no finding about the cookie was seen live")
            }
            "cookie_flags" => passed("sessions", "exposed_session_token"),
            "auth_required" => self.refused(path, None),
            "role_check" => {
                let account = wanted["as"].as_str();
                let signed = self.report["live"]["accounts"].as_array().into_iter().flatten();
                match signed.into_iter().any(|one| one["label"].as_str() == account) {
                    true => self.refused(path, account),
                    false => Met::NotTried("it needs a third account"),
                }
            }
            // A limit that only counts in a cookie is one while the cookie is kept.
            "rate_limit" if flaw || text("expect").contains("cookie is kept") => {
                yes(self.sees("missing_rate_limit"), "no finding about the limit was seen live")
            }
            "rate_limit" => passed("login-limit", "missing_rate_limit"),
            "token_in_body" | "token_in_url" => yes(self.sees("exposed_session_token"), "no token was seen"),
            "idor" if flaw => at_place(),
            "idor" => match self
                .sent
                .iter()
                .any(|line| line["url"].as_str().is_some_and(|url| shape(path_of(url)) == shape(path)))
            {
                true => yes(!self.sees_at("broken_access_control", path), "it is said to be open"),
                false => Met::Missed("no such address was asked for".to_owned()),
            },
            "client_side_auth" | "no_server_auth" if flaw => yes(self.sees("client_side_auth"), "not seen live"),
            // Nothing is asked for a login, and nothing gives one: every answer is anybody's.
            "client_side_auth" | "no_server_auth" => {
                let cookies = self.report["live"]["answers"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .any(|line| line["outcome"] == "refused");
                yes(!cookies && self.verdict("page-headers") == "passed", "something was refused")
            }
            "debug" => at_place(),
            "enumeration" => {
                let checks = self.report["live"]["checks"].as_array().into_iter().flatten();
                let note = checks.filter(|one| one["check"] == "login-limit").find_map(|one| one["note"].as_str());
                match note {
                    None => Met::Missed("the login was not tried".to_owned()),
                    Some(note) => yes(note.contains("answered differently") == flaw, note),
                }
            }
            other => Met::Missed(format!("nothing says whether `{other}` was seen")),
        }
    }
}
