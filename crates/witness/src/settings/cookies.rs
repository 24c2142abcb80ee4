//! Cookies that the server sets.

use plimsoll_analysis::{Event, EventKind, Truth, Value};
use plimsoll_model::app::{CookieSet, SameSite};

use super::Notes;

pub(super) fn note(event: &Event, notes: &mut Notes) {
    let EventKind::Call { callee, args } = &event.kind else { return };
    let path = callee.path.as_str();
    let name = callee.last_name();
    let is_session_middleware = (path == "express-session" || path == "cookie-session") && !args.is_empty();
    if is_session_middleware {
        let options = &args[0].value;
        // express-session keeps the flags under `cookie`, cookie-session beside the rest; both set HttpOnly by default.
        let flags = options.field("cookie").unwrap_or_else(|| options.clone());
        let mut cookie = read(&flags, path, event);
        cookie.name = options
            .field("name")
            .and_then(|name| name.as_str().map(str::to_owned))
            .unwrap_or_else(|| "connect.sid".into());
        cookie.is_session = true;
        cookie.http_only = cookie.http_only.or(Some(true));
        notes.cookies.push(cookie);
        return;
    }
    // Remix keeps sessions in cookies that it signs, but sets no flag by itself.
    if matches!(name.as_str(), "createCookieSessionStorage" | "createSessionStorage" | "createCookie")
        && let Some(options) = event.arg(if name == "createCookie" { 1 } else { 0 })
    {
        let flags = options.field("cookie").unwrap_or_else(|| options.clone());
        if flags.as_object().is_some()
            && (name != "createCookie" || crate::handler::is_session_name(&text(event.arg(0))))
        {
            let mut cookie = read(&flags, &name, event);
            cookie.name = flags.field("name").map_or_else(|| text(event.arg(0)), |name| text(Some(&name)));
            cookie.is_session = true;
            cookie.http_only = cookie.http_only.or(Some(false));
            notes.cookies.push(cookie);
        }
        return;
    }
    // Nitro: `setCookie(event, name, value, options)`.
    let is_nitro = matches!(path, "setCookie" | "h3.setCookie") && args.len() >= 3;
    // SvelteKit sets HttpOnly and Secure unless told otherwise.
    let has_defaults = path.ends_with("@event.cookies.set");
    let sets = (name == "cookie" && path.starts_with("@res"))
        || is_nitro
        || (name == "setCookie" && path.starts_with("@re"))
        || (name == "set" && path.contains("cookies") && args.len() > 1)
        || name == "set_cookie";
    if !sets {
        return;
    }
    let first = usize::from(is_nitro);
    // Signing out empties it.
    if event.arg(first + 1).and_then(Value::as_str) == Some("") {
        return;
    }
    let cookie_name = text(event.arg(first));
    let carries = args
        .iter()
        .skip(1)
        .any(|arg| arg.value.deep_labels().any(|label| matches!(label, plimsoll_analysis::Label::Token)));
    if !carries && !crate::handler::is_session_name(&cookie_name) {
        return;
    }
    let options = event.arg(first + 2).cloned().unwrap_or_default();
    let mut cookie = read(&options, "set-cookie", event);
    for arg in args.iter() {
        match arg.name.as_deref() {
            Some("httponly") => cookie.http_only = Some(arg.value.truth() == Truth::Yes),
            Some("secure") => cookie.secure = Some(arg.value.truth() != Truth::No),
            Some("samesite") => cookie.same_site = same_site(&arg.value),
            _ => {}
        }
    }
    cookie.name = cookie_name;
    cookie.is_session = true;
    if has_defaults {
        cookie.http_only = cookie.http_only.or(Some(true));
        if options.field("secure").is_none() {
            cookie.secure = Some(true);
        }
    }
    cookie.http_only = cookie.http_only.or(Some(false));
    // Python's frameworks take the flags by name: one that is not given is not set.
    if name == "set_cookie" && !args.iter().any(|arg| arg.spread) {
        cookie.secure = cookie.secure.or(Some(false));
    }
    notes.cookies.push(cookie);
}

fn text(value: Option<&Value>) -> String {
    value.and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn read(options: &Value, by: &str, event: &Event) -> CookieSet {
    let flag = |name: &str| {
        let value = options.field(name)?;
        // A flag that depends on the environment is set where it matters.
        Some(value.truth() != Truth::No)
    };
    let known = options.as_object().is_some_and(|object| object.spreads.borrow().is_empty());
    CookieSet {
        name: String::new(),
        is_session: false,
        http_only: flag("httpOnly"),
        secure: flag("secure").or(if known { Some(false) } else { None }),
        same_site: options.field("sameSite").as_ref().and_then(same_site),
        max_age: None,
        by: by.to_owned(),
        span: Some(event.span),
        exchange: None,
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
