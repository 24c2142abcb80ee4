//! What the browser side keeps in web storage.

use plimsoll_analysis::{Event, EventKind, Label, Value, ValueKind};
use plimsoll_model::app::{StoredValue, StoredValueKind, WebStorage};

use super::Notes;

pub(super) fn note(event: &Event, notes: &mut Notes) {
    sent(event, notes);
    match &event.kind {
        EventKind::Call { callee, args } => {
            let path = callee.path.as_str();
            // A client that is told to keep its login there.
            if callee.last_name() == "createClient" && path.contains("supabase") {
                let told = args.get(2).and_then(|options| options.value.field("auth")?.field("storage"));
                let storage = told.and_then(|value| storage_of(&format!("{}.", value.path())));
                if let Some(storage) = storage {
                    notes.stored.push(StoredValue {
                        storage,
                        key: "supabase.auth.token".into(),
                        kind: StoredValueKind::SessionToken,
                        written: vec![event.span],
                        read: Vec::new(),
                        by_library: Some("Supabase".into()),
                    });
                }
                return;
            }
            if let Some((key, value)) = cookie_written(event) {
                let options = event.arg(2);
                let kind = token_kind(&key, value);
                if options.and_then(|options| options.bool_field("httpOnly")) != Some(true) {
                    push(notes, WebStorage::Cookie, key, kind, true, event);
                }
                return;
            }
            let Some(storage) = storage_of(path) else { return };
            let key = event.arg(0).and_then(|key| key.text_shape()).unwrap_or_default();
            match callee.last_name().as_str() {
                "setItem" => {
                    let kind = token_kind(&key, event.arg(1));
                    push(notes, storage, key, kind, true, event);
                }
                "getItem" => push(notes, storage, key.clone(), kind_of(&key), false, event),
                _ => {}
            }
        }
        EventKind::Assign { receiver, property, value, .. } => {
            if let Some(key) = cookie_assigned(receiver, property, value) {
                let kind = token_kind(&key, Some(value));
                push(notes, WebStorage::Cookie, key, kind, true, event);
                return;
            }
            if let Some(storage) = storage_of(&format!("{}.", receiver.path())) {
                push(notes, storage, property.to_string(), kind_of(property), true, event);
            }
        }
        _ => {}
    }
}

/// Headers that carry a login, in small letters.
const OF_LOGIN: &[&str] = &["authorization", "x-access-token", "x-auth-token"];

/// What is taken out of the storage and sent along as a login is one, whatever its key says: `Authorization: Bearer …` made
/// of a field of the record kept there.
fn sent(event: &Event, notes: &mut Notes) {
    let carries = |name: &str| OF_LOGIN.iter().any(|known| name.eq_ignore_ascii_case(known));
    let mut values: Vec<Value> = Vec::new();
    match &event.kind {
        EventKind::Assign { property, value, .. } if carries(property) => values.push(value.clone()),
        EventKind::Call { args, .. } => {
            for headers in args.iter().take(4).filter_map(|arg| arg.value.field("headers")) {
                let Some(object) = headers.as_object().filter(|object| !object.is_array) else { continue };
                let fields = object.fields.borrow();
                values.extend(fields.iter().filter(|(name, _)| carries(name)).map(|(_, value)| value.clone()));
            }
        }
        _ => {}
    }
    for value in values {
        if let Some((storage, key)) = taken_from(&value, 6) {
            push(notes, storage, key, StoredValueKind::SessionToken, false, event);
        }
    }
}

/// The key of web storage that a value is read from, or made of.
fn taken_from(value: &Value, depth: u32) -> Option<(WebStorage, String)> {
    if depth == 0 {
        return None;
    }
    match &value.kind {
        ValueKind::Symbol(symbol) => {
            let calls = symbol.calls();
            let read = calls.iter().find(|(name, ..)| name == "getItem").and_then(|(_, args, _)| {
                Some((storage_of(&symbol.path)?, args.first()?.value.text_shape().filter(|key| !key.is_empty())?))
            });
            // `JSON.parse(localStorage.getItem('x')).token`
            read.or_else(|| {
                calls.iter().find_map(|(_, args, _)| args.iter().find_map(|arg| taken_from(&arg.value, depth - 1)))
            })
        }
        ValueKind::Text(parts) => parts.iter().find_map(|part| taken_from(part, depth - 1)),
        ValueKind::Choice(ways) => ways.iter().find_map(|(value, _)| taken_from(value, depth - 1)),
        ValueKind::Or(pair) | ValueKind::And(pair) => {
            taken_from(&pair.0, depth - 1).or_else(|| taken_from(&pair.1, depth - 1))
        }
        _ => None,
    }
}

/// What is kept, by its key and by what is put there.
fn token_kind(key: &str, value: Option<&Value>) -> StoredValueKind {
    let shows_token = value.is_some_and(|value| value.deep_labels().any(|label| matches!(label, Label::Token)));
    let by_fields = value.and_then(|value| kind_of_fields(value, 3));
    // What is called a token is one; a `session` may be anything.
    let is_csrf = crate::handler::words_of(key).iter().any(|word| matches!(word.as_str(), "csrf" | "xsrf"));
    // `setItem('session', 'true')`: a note that somebody was let in, and no token.
    let is_note = value.is_some_and(|value| {
        matches!(&value.kind, ValueKind::Str(text)
            if matches!(text.to_ascii_lowercase().as_str(), "true" | "false" | "1" | "0" | "yes" | "active" | "ok"))
            || matches!(value.kind, ValueKind::Bool(_))
    });
    if is_csrf {
        StoredValueKind::Preference
    } else if is_note && kind_of(key) == StoredValueKind::SessionToken {
        StoredValueKind::Privilege
    } else if shows_token || is_token_name(key) {
        StoredValueKind::SessionToken
    } else {
        by_fields.unwrap_or_else(|| kind_of(key))
    }
}

/// Libraries with which scripts of a page write cookies: `Cookies.set('token', value)`.
fn cookie_written(event: &Event) -> Option<(String, Option<&Value>)> {
    let EventKind::Call { callee, .. } = &event.kind else { return None };
    let path = callee.path.as_str();
    let by_library =
        ["js-cookie", "vue-cookies", "vue3-cookies", "universal-cookie", "react-cookie", "cookies-next", "nookies"]
            .iter()
            .any(|library| path.starts_with(library));
    let writes = match callee.last_name().as_str() {
        "set" | "setCookie" => true,
        // `const [cookies, setCookie] = useCookies(['token'])`
        name => path.contains("useCookies()") && (name == "[1]" || name == "1"),
    };
    if !by_library || !writes {
        return None;
    }
    // `nookies.set(ctx, name, value)`: a context comes first, or nothing.
    let at = usize::from(event.arg(0)?.as_str().is_none() && event.arg(1).is_some_and(|name| name.as_str().is_some()));
    Some((event.arg(at)?.text_shape()?, event.arg(at + 1)))
}

/// `document.cookie = 'token=…'` and `useCookie('token').value = …` of Nuxt: the cookie's name.
fn cookie_assigned(receiver: &Value, property: &str, value: &Value) -> Option<String> {
    if property == "cookie" && receiver.path() == "document" {
        let text = value.text_shape()?;
        let (name, rest) = text.split_once('=')?;
        // Taking it back writes an old date.
        let ends = rest.to_ascii_lowercase();
        let ends = ends.contains("max-age=0") || ends.contains("max-age=-") || ends.contains("thu, 01 jan 1970");
        return (!ends && !rest.is_empty()).then(|| name.trim().to_owned());
    }
    if property != "value" || matches!(value.kind, ValueKind::Null) {
        return None;
    }
    let (name, args, _) = receiver.as_symbol()?.calls().pop()?;
    if name != "useCookie" || value.as_str().is_some_and(str::is_empty) {
        return None;
    }
    let out_of_reach = args.get(1).and_then(|options| options.value.bool_field("httpOnly")) == Some(true);
    args.first().and_then(|name| name.value.text_shape()).filter(|_| !out_of_reach)
}

fn storage_of(path: &str) -> Option<WebStorage> {
    if path.contains("localStorage.") {
        Some(WebStorage::Local)
    } else if path.contains("sessionStorage.") {
        Some(WebStorage::Session)
    } else {
        None
    }
}

fn push(notes: &mut Notes, storage: WebStorage, key: String, kind: StoredValueKind, written: bool, event: &Event) {
    let (mut writes, mut reads) = (Vec::new(), Vec::new());
    if written {
        writes.push(event.span)
    } else {
        reads.push(event.span)
    }
    notes.stored.push(StoredValue { storage, key, kind, written: writes, read: reads, by_library: None });
}

/// What the fields of a written record say that it is: a key named `session` may hold no token at all.
fn kind_of_fields(value: &Value, depth: u32) -> Option<StoredValueKind> {
    if depth == 0 {
        return None;
    }
    match &value.kind {
        ValueKind::Object(object) => {
            let fields = object.fields.borrow();
            let kinds: Vec<StoredValueKind> = fields.keys().map(|name| kind_of(name)).collect();
            [StoredValueKind::SessionToken, StoredValueKind::Privilege, StoredValueKind::Identity]
                .into_iter()
                .find(|kind| kinds.contains(kind))
        }
        // `JSON.stringify({ … })`
        ValueKind::Symbol(symbol) => symbol
            .calls()
            .last()
            .and_then(|(_, args, _)| args.iter().find_map(|arg| kind_of_fields(&arg.value, depth - 1))),
        _ => None,
    }
}

/// Whether a key or field says that it holds a token of a login.
pub(super) fn is_token_name(name: &str) -> bool {
    let named = crate::handler::words_of(name).iter().any(|word| word.ends_with("token") || word == "jwt");
    named && kind_of(name) == StoredValueKind::SessionToken
}

/// What a key says that its value is.
fn kind_of(key: &str) -> StoredValueKind {
    let words = crate::handler::words_of(key);
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    if has(&[
        "theme",
        "lang",
        "language",
        "locale",
        "sidebar",
        "consent",
        "tour",
        "dismissed",
        "view",
        "tab",
        "filter",
        "sort",
        "collapsed",
    ]) {
        return StoredValueKind::Preference;
    }
    if has(&["token", "jwt", "authtoken", "accesstoken", "refreshtoken", "session", "sessionid", "bearer"]) {
        return StoredValueKind::SessionToken;
    }
    if has(&[
        "role",
        "roles",
        "admin",
        "isadmin",
        "loggedin",
        "authenticated",
        "auth",
        "permissions",
        "isloggedin",
        "isauthenticated",
    ]) || (has(&["logged"]) && has(&["in"]))
    {
        return StoredValueKind::Privilege;
    }
    if has(&["user", "userid", "currentuser", "account", "email", "username", "employee", "uid"]) {
        return StoredValueKind::Identity;
    }
    if has(&["apikey", "key", "secret"]) && has(&["api", "apikey", "secret", "openai"]) {
        return StoredValueKind::ApiKey;
    }
    StoredValueKind::Preference
}

/// One entry per storage and key, with all places.
pub(super) fn grouped(all: Vec<StoredValue>) -> Vec<StoredValue> {
    // Its use as a login decides over what its key and the place where it is written say.
    let used_as_login = |value: &&StoredValue| {
        value.kind == StoredValueKind::SessionToken
            && value.written.is_empty()
            && kind_of(&value.key) != StoredValueKind::SessionToken
    };
    let logins: Vec<(WebStorage, String)> =
        all.iter().filter(used_as_login).map(|value| (value.storage, value.key.clone())).collect();
    let mut out: Vec<StoredValue> = Vec::new();
    for value in all {
        let known = out.iter_mut().find(|known| known.storage == value.storage && known.key == value.key);
        match known {
            Some(known) => {
                // What is written decides over what the key says.
                let first_write = known.written.is_empty() && !value.written.is_empty();
                let token = value.kind == StoredValueKind::SessionToken && !value.written.is_empty();
                if first_write || token {
                    known.kind = value.kind;
                }
                for (list, more) in [(&mut known.written, value.written), (&mut known.read, value.read)] {
                    for span in more {
                        if !list.contains(&span) {
                            list.push(span);
                        }
                    }
                }
            }
            None => out.push(value),
        }
    }
    for value in &mut out {
        if logins.iter().any(|(storage, key)| *storage == value.storage && *key == value.key) {
            value.kind = StoredValueKind::SessionToken;
        }
    }
    out
}
