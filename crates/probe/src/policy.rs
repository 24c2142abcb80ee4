//! How much a content security policy stops (CSP Level 3), from A to F.
//!
//! A: scripts need a nonce or hash, and what goes around it is closed. B: scripts come from the app's own origin. C: from
//! named hosts. D: from hosts where anybody can put a script, or a way around is open. F: a script that is slipped in runs.

use plimsoll_model::{ContentPolicy, content_policy};

/// Hosts that hand out everybody's packages, or answer with a call of whatever function the address names.
const OPEN_HOSTS: &[&str] = &[
    "ajax.googleapis.com",
    "accounts.google.com",
    "cdn.jsdelivr.net",
    "cdnjs.cloudflare.com",
    "code.angularjs.org",
    "esm.sh",
    "gist.githubusercontent.com",
    "raw.githubusercontent.com",
    "unpkg.com",
    "www.google.com",
    "www.googleapis.com",
    "yastatic.net",
];

/// What is known beside the policy.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Beside<'a> {
    /// The policy as it came with another answer.
    pub(crate) again: Option<&'a str>,
    /// Files that visitors uploaded come from the same origin.
    pub(crate) uploads: bool,
    /// A script that was slipped into the page ran in the browser.
    pub(crate) ran: bool,
}

/// The grade, and why it is no better.
pub(crate) fn grade(policy: &str, beside: Beside<'_>) -> (char, Vec<String>) {
    let policy = ContentPolicy::parse(policy);
    let directive = |name: &str| policy.sources(name);
    let mut why = Vec::new();
    let Some(scripts) = policy.scripts() else {
        return ('F', vec!["it says nothing of scripts".to_owned()]);
    };
    let has = |word: &str| scripts.iter().any(|source| source == word);
    let nonces = nonces(scripts);
    let bound = content_policy::is_bound(scripts);
    let strict = bound && has("'strict-dynamic'");
    if beside.ran {
        return ('F', vec!["a script that was slipped into the page ran in the browser".to_owned()]);
    }
    if !policy.stops_inline() {
        return ('F', vec!["it lets scripts run that stand in the page (`unsafe-inline`)".to_owned()]);
    }
    let mut worst = 'A';
    let mut say = |grade: char, text: String| {
        worst = worst.max(grade);
        why.push(text);
    };
    if !strict {
        for source in scripts {
            let host = source.trim_start_matches("https://").trim_start_matches("http://");
            let host = host.split(['/', ':']).next().unwrap_or_default();
            let named = !source.starts_with('\'');
            match source.as_str() {
                "*" | "https:" | "http:" | "data:" | "blob:" => {
                    say('D', format!("it takes scripts from anywhere (`{source}`)"));
                }
                _ if named && (OPEN_HOSTS.contains(&host) || host.starts_with("*.")) => {
                    say('D', format!("anybody can have a script at `{host}`"));
                }
                _ if named => say('C', format!("it takes scripts from `{host}`")),
                _ => {}
            }
        }
    }
    let closed = |name: &str| directive(name).is_some_and(|sources| sources == ["'none'"]);
    let object = closed("object-src") || directive("object-src").is_none() && closed("default-src");
    if !object {
        let own = directive("object-src").or_else(|| directive("default-src")).is_some_and(|list| list == ["'self'"]);
        say(if own { 'B' } else { 'D' }, "plug-ins are not closed (`object-src 'none'`)".to_owned());
    }
    // A `<base>` that is slipped in moves where scripts of the page come from.
    if !directive("base-uri").is_some_and(|sources| sources.iter().all(|one| one == "'none'" || one == "'self'")) {
        let moves = bound || scripts.iter().any(|source| !source.starts_with('\''));
        say(if moves { 'D' } else { 'B' }, "`base-uri` is open".to_owned());
    }
    for (name, what) in [("frame-ancestors", "other sites may frame it"), ("form-action", "forms may be sent anywhere")]
    {
        if directive(name).is_none() {
            say('B', format!("{what} (`{name}` is missing)"));
        }
    }
    if has("'unsafe-eval'") {
        say('C', "texts may be run as scripts (`unsafe-eval`)".to_owned());
    }
    if !bound {
        say('B', "scripts need neither a nonce nor a hash".to_owned());
    }
    // 128 bit are 22 letters of base64.
    if nonces.iter().any(|nonce| nonce.len() < 22) {
        say('C', "its nonce is shorter than 128 bit".to_owned());
    }
    let again = beside.again.map(self::again).unwrap_or_default();
    if nonces.iter().any(|nonce| again.contains(nonce)) {
        say('D', "its nonce is the same in every answer: whoever has seen it can use it".to_owned());
    }
    if beside.uploads && !bound {
        say('B', "uploaded files come from the same origin".to_owned());
    }
    (worst, why)
}

fn nonces(scripts: &[String]) -> Vec<String> {
    scripts.iter().filter_map(|source| source.strip_prefix("'nonce-")?.strip_suffix('\'')).map(str::to_owned).collect()
}

/// The nonces of another answer's policy.
fn again(policy: &str) -> Vec<String> {
    ContentPolicy::parse(policy).scripts().map(nonces).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{Beside, grade};

    #[test]
    fn grades() {
        let nonce = "0123456789abcdefABCDEF";
        let rest = "object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";
        for (policy, expected) in [
            (format!("script-src 'nonce-{nonce}' 'strict-dynamic' 'unsafe-inline' https:; {rest}"), 'A'),
            (format!("script-src 'nonce-{nonce}'; {rest}"), 'A'),
            (format!("script-src 'nonce-short'; {rest}"), 'C'),
            (format!("script-src 'nonce-{nonce}'; object-src 'none'; frame-ancestors 'none'; form-action 'self'"), 'D'),
            (format!("script-src 'self'; {rest}"), 'B'),
            ("default-src 'self'".to_owned(), 'B'),
            (format!("script-src 'self' 'unsafe-eval'; {rest}"), 'C'),
            (format!("script-src 'self' https://js.stripe.com; {rest}"), 'C'),
            (format!("script-src 'self' https://unpkg.com; {rest}"), 'D'),
            (format!("script-src 'self' https:; {rest}"), 'D'),
            (format!("script-src 'self'; script-src *; {rest}"), 'B'),
            (format!("script-src 'self' 'unsafe-inline'; {rest}"), 'F'),
            ("frame-ancestors 'none'".to_owned(), 'F'),
        ] {
            let (grade, why) = grade(&policy, Beside::default());
            assert_eq!(grade, expected, "{policy}: {why:?}");
            assert!(grade == 'A' || !why.is_empty());
        }
        let fixed = format!("script-src 'nonce-{nonce}' 'strict-dynamic'; {rest}");
        let told = |beside: Beside<'_>| grade(&fixed, beside).0;
        assert_eq!(told(Beside { again: Some(&fixed), ..Beside::default() }), 'D');
        let fresh = fixed.replace("0123", "9876");
        assert_eq!(told(Beside { again: Some(&fresh), ..Beside::default() }), 'A');
        // The browser's word goes before the words of the policy.
        assert_eq!(told(Beside { ran: true, ..Beside::default() }), 'F');
    }
}
