//! PHP: headers as lines, cookies by position, the session cookie's switches, error display, hashes of passwords.

use plimsoll_analysis::{Event, EventKind, Fact, Label, Truth, Value};
use plimsoll_model::App;
use plimsoll_model::app::{
    AllowedOrigins, CookieSet, CorsPolicy, CryptoUse, CryptoUseKind, HeaderSet, SameSite, SettingSeen,
};
use plimsoll_source::{SourceTree, Span};

use super::{Notes, cors, headers};

/// What was said about PHP's own session cookie.
#[derive(Default, serde::Serialize, serde::Deserialize)]
pub(super) struct Session {
    started: Vec<Span>,
    flags: Flags,
    errors_shown: Vec<(Span, String)>,
    fast_hashes: Vec<(Span, String)>,
}

impl Session {
    /// Adds what was seen later.
    pub(super) fn append(&mut self, later: Session) {
        self.started.extend(later.started);
        let flags = &mut self.flags;
        flags.http_only = later.flags.http_only.or(flags.http_only);
        flags.secure = later.flags.secure.or(flags.secure);
        flags.same_site = later.flags.same_site.or(flags.same_site);
        flags.span = later.flags.span.or(flags.span);
        self.errors_shown.extend(later.errors_shown);
        self.fast_hashes.extend(later.fast_hashes);
    }
}

#[derive(Clone, Default, serde::Serialize, serde::Deserialize)]
struct Flags {
    http_only: Option<bool>,
    secure: Option<bool>,
    same_site: Option<SameSite>,
    span: Option<Span>,
}

pub(super) fn note(event: &Event, notes: &mut Notes) {
    let EventKind::Call { callee, .. } = &event.kind else { return };
    match callee.path.as_str() {
        "header" => header(event, notes),
        "setcookie" | "setrawcookie" => cookie(event, notes),
        "session_start" => {
            notes.php.started.push(event.span);
            if let Some(options) = event.arg(0) {
                options_of(options, "cookie_", &mut notes.php.flags, event.span);
            }
        }
        "session_set_cookie_params" => {
            let flags = &mut notes.php.flags;
            if event.arg(0).is_some_and(|first| first.as_object().is_some()) {
                if let Some(options) = event.arg(0) {
                    options_of(options, "", flags, event.span);
                }
            } else {
                flags.span = Some(event.span);
                flags.secure = flag(event.arg(3).or(event.named("secure"))).or(flags.secure);
                flags.http_only = flag(event.arg(4).or(event.named("httponly"))).or(flags.http_only);
            }
        }
        "ini_set" => {
            let Some(name) = event.arg(0).and_then(Value::as_str) else { return };
            let value = event.arg(1);
            let flags = &mut notes.php.flags;
            match name {
                "session.cookie_httponly" => flags.http_only = flag(value),
                "session.cookie_secure" => flags.secure = flag(value),
                "session.cookie_samesite" => flags.same_site = value.and_then(same_site),
                "display_errors" if flag(value) == Some(true) && is_unconditional(event) => {
                    notes.php.errors_shown.push((event.span, "display_errors on".into()));
                }
                _ => {}
            }
        }
        "phpinfo" if is_unconditional(event) => {
            notes
                .php
                .errors_shown
                .push((event.span, "as good as on: phpinfo() shows every setting of the server".into()));
        }
        "md5" | "sha1" | "hash" => {
            let value = if callee.path == "hash" { event.arg(1) } else { event.arg(0) };
            let is_password = value.is_some_and(|value| {
                value.deep_labels().any(|label| matches!(label, Label::Input(name, _) if is_password_name(name)))
            });
            // A prefix or a mix with other things is still a fast hash; a code of a form is none.
            if is_password {
                notes.php.fast_hashes.push((event.span, callee.path.clone()));
            }
        }
        _ => {}
    }
}

fn is_password_name(name: &str) -> bool {
    let words = crate::handler::words_of(name);
    words.iter().any(|word| word.starts_with("pass") || matches!(word.as_str(), "pwd" | "pw"))
}

/// Nothing about the environment had to hold.
fn is_unconditional(event: &Event) -> bool {
    !event.facts.iter().any(|fact| match fact {
        Fact::Equal { left, right, .. } => left.as_str().is_some() != right.as_str().is_some(),
        Fact::Truthy { .. } | Fact::In { .. } => true,
        _ => false,
    })
}

fn flag(value: Option<&Value>) -> Option<bool> {
    let value = value?;
    if let Some(text) = value.as_str() {
        return Some(!matches!(text.to_ascii_lowercase().as_str(), "" | "0" | "off" | "false" | "no"));
    }
    match value.truth() {
        Truth::Yes => Some(true),
        Truth::No => Some(false),
        // `isset($_SERVER['HTTPS'])`: on where it matters.
        Truth::Maybe => Some(true),
    }
}

fn same_site(value: &Value) -> Option<SameSite> {
    match value.as_str()?.to_ascii_lowercase().as_str() {
        "strict" => Some(SameSite::Strict),
        "lax" => Some(SameSite::Lax),
        "none" => Some(SameSite::None),
        _ => None,
    }
}

fn options_of(options: &Value, prefix: &str, flags: &mut Flags, span: Span) {
    let field = |name: &str| options.field(&format!("{prefix}{name}"));
    if options.as_object().is_none() {
        return;
    }
    flags.span = Some(span);
    flags.http_only = flag(field("httponly").as_ref()).or(flags.http_only);
    flags.secure = flag(field("secure").as_ref()).or(flags.secure);
    flags.same_site = field("samesite").as_ref().and_then(same_site).or(flags.same_site);
}

fn header(event: &Event, notes: &mut Notes) {
    let Some((name, value)) = crate::handler::header_line(event) else { return };
    if headers::SECURITY.contains(&name.as_str()) {
        let value = value.text_shape();
        notes.headers.push(HeaderSet { name, value, by: "header()".into(), span: event.span });
        return;
    }
    match name.as_str() {
        "access-control-allow-origin" => {
            // The origin was looked up in a list before it is repeated.
            let listed = event.facts.iter().any(
                |fact| matches!(fact, Fact::In { value: tested, holds: true, .. } if tested.labels == value.labels),
            );
            let origins = if listed { AllowedOrigins::Configured } else { cors::allowed(&value) };
            notes.cors.push(CorsPolicy {
                origins,
                credentials: false,
                path: String::new(),
                by: "header()".into(),
                spans: vec![event.span],
            });
        }
        "access-control-allow-credentials" if value.as_str().is_some_and(|text| text.eq_ignore_ascii_case("true")) => {
            let file = event.span.file;
            if let Some(policy) =
                notes.cors.iter_mut().rev().find(|policy| policy.spans.iter().any(|span| span.file == file))
            {
                policy.credentials = true;
            }
        }
        _ => {}
    }
}

/// `setcookie(name, value, expires, path, domain, secure, httponly)` or `setcookie(name, value, options)`.
fn cookie(event: &Event, notes: &mut Notes) {
    let name = event.arg(0).or(event.named("name")).and_then(|name| name.text_shape()).unwrap_or_default();
    let value = event.arg(1).or(event.named("value"));
    // An empty value takes the cookie away.
    if value.is_none_or(|value| value.truth() == Truth::No) {
        return;
    }
    let carries = value.is_some_and(|value| {
        value
            .deep_labels()
            .any(|label| matches!(label, Label::Token | Label::Identity | Label::Credential | Label::Random))
    });
    let remembers =
        ["remember", "user_id", "userid", "phpsessid"].iter().any(|word| name.to_ascii_lowercase().contains(word));
    if !carries && !remembers && !crate::handler::is_session_name(&name) {
        return;
    }
    let mut flags = Flags::default();
    match event.arg(2) {
        Some(options) if options.as_object().is_some() => options_of(options, "", &mut flags, event.span),
        _ => {
            flags.secure = flag(event.arg(5).or(event.named("secure")));
            flags.http_only = flag(event.arg(6).or(event.named("httponly")));
        }
    }
    notes.cookies.push(CookieSet {
        name,
        is_session: true,
        http_only: Some(flags.http_only.unwrap_or(false)),
        secure: Some(flags.secure.unwrap_or(false)),
        same_site: flags.same_site,
        max_age: None,
        by: "setcookie()".into(),
        span: Some(event.span),
        exchange: None,
    });
}

/// What holds for the whole app.
pub(super) fn finish(session: Session, tree: &SourceTree, app: &mut App) {
    let Session { mut started, mut flags, mut errors_shown, mut fast_hashes } = session;
    started.sort();
    started.dedup();
    if let Some(&first) = started.first() {
        // The same switches in files of settings.
        for (_, file) in tree.iter() {
            let name = file.name();
            if !matches!(name, ".htaccess" | "php.ini" | ".user.ini") {
                continue;
            }
            for line in file.text().lines() {
                let line = line.trim().to_ascii_lowercase();
                let is_on =
                    line.ends_with('1') || line.ends_with("on") || line.ends_with("true") || line.ends_with('"');
                if line.starts_with([';', '#']) || !is_on {
                    continue;
                }
                if line.contains("session.cookie_httponly") {
                    flags.http_only = flags.http_only.or(Some(true));
                }
                if line.contains("session.cookie_secure") {
                    flags.secure = flags.secure.or(Some(true));
                }
            }
        }
        // PHP's own defaults: neither HttpOnly nor Secure.
        app.cookies.push(CookieSet {
            name: "PHPSESSID".into(),
            is_session: true,
            http_only: Some(flags.http_only.unwrap_or(false)),
            secure: Some(flags.secure.unwrap_or(false)),
            same_site: flags.same_site,
            max_age: None,
            by: "PHP session".into(),
            span: Some(flags.span.unwrap_or(first)),
            exchange: None,
        });
    }
    errors_shown.sort();
    errors_shown.dedup();
    if let Some(((span, value), rest)) = errors_shown.split_first() {
        app.settings.push(SettingSeen {
            system: "PHP".into(),
            key: "debug-mode".into(),
            value: value.clone(),
            span: *span,
            also: rest.iter().map(|(span, _)| *span).collect(),
        });
    }
    fast_hashes.sort();
    fast_hashes.dedup();
    if let Some(((span, how), rest)) = fast_hashes.split_first() {
        app.crypto.push(CryptoUse {
            kind: CryptoUseKind::FastPasswordHash,
            how: how.clone(),
            span: *span,
            also: rest.iter().map(|(span, _)| *span).collect(),
        });
    }
}
