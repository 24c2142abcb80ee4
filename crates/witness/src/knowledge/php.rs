//! What PHP's own functions and superglobals mean.

use plimsoll_analysis::{Argument, Clean, Label, Labels, Outcome, Value, ValueKind};

/// Labels of a member of Laravel's request.
pub(super) fn laravel(member: &str) -> Labels {
    let one = |label: Label| Labels::one(label);
    let input = |name: &str| one(Label::Input(name.into(), Clean::NONE));
    match member {
        "user()" | "user" | "user().id" => one(Label::Identity),
        "validated()" | "safe()" | "validate()" => input("body.validated"),
        "only()" | "except()" | "collect()" => input("body.some"),
        "all()" | "input()" | "post()" | "json()" | "toArray()" | "getContent()" | "get()" => input("body"),
        "query()" | "query" => input("query"),
        "route()" => input("params"),
        "header()" | "headers" | "bearerToken()" | "userAgent()" | "ip()" => input("headers"),
        "cookie()" => input("cookies"),
        "url()" | "fullUrl()" | "path()" => input("url"),
        "file()" | "allFiles()" => one(Label::Upload("file".into(), Clean::PATH)),
        // `$request->email` is the input of that name.
        _ if !member.contains(['.', '(', '[']) => input(&format!("body.{member}")),
        _ => Labels::NONE,
    }
}

/// `$request->input('email')`, `request('email')`: the input by its name.
fn laravel_input(path: &str, args: &[Argument]) -> Option<Outcome> {
    let prefixes = ["@laravel.", "request().", "Request."];
    let method = match prefixes.iter().find_map(|prefix| path.strip_prefix(prefix)) {
        Some(method) => method,
        None if path == "request" => "input",
        None => return None,
    };
    let name = args.first()?.value.as_str()?;
    let (kind, clean) = match method {
        "input" | "get" | "post" | "string" | "str" | "date" | "json" => ("body", Clean::NONE),
        "query" => ("query", Clean::NONE),
        "route" => ("params", Clean::NONE),
        "integer" | "float" | "boolean" | "has" | "filled" | "exists" | "enum" | "missing" => ("body", Clean::ALL),
        "header" => ("headers", Clean::NONE),
        "cookie" => ("cookies", Clean::NONE),
        _ => return None,
    };
    let labels = Labels::one(Label::Input(format!("{kind}.{name}").into(), clean));
    // The name stays in the symbol, so that two readings of it are known as the same.
    let symbol = plimsoll_analysis::Symbol::given(&format!("@laravel.{kind}.{name}"));
    Some(Outcome { result: Some(Value::symbol(symbol, labels)), ..Outcome::default() })
}

/// What a function of the language does to values, where the tables of names do not say it.
pub(super) fn outcome(path: &str, args: &[Argument]) -> Option<Outcome> {
    let first = args.first().map(|arg| &arg.value);
    let mut outcome = Outcome::default();
    if let Some(outcome) = laravel_input(path, args) {
        return Some(outcome);
    }
    // What the session keeps is the server's own knowledge of the caller.
    if matches!(path, "session" | "session().get" | "session().pull" | "Session.get" | "@laravel.session().get")
        && let Some(name) = first.and_then(Value::as_str)
    {
        let labels = if is_session_note(name) { Labels::NONE } else { Labels::one(Label::Identity) };
        outcome.replace = Some(labels);
        return Some(outcome);
    }
    // `validate([...])` gives back the fields that it names; in a component, its properties.
    let of_component = path.starts_with("Component:") && path.ends_with(".validate");
    if of_component && args.is_empty() {
        outcome.result = Some(Value::of(Labels::one(Label::Input("body.validated".into(), Clean::NONE))));
        return Some(outcome);
    }
    if (of_component || matches!(path, "@laravel.validate" | "request().validate"))
        && let Some(rules) = first.and_then(Value::as_object)
    {
        let object = plimsoll_analysis::Object::new(rules.site, false);
        for name in rules.fields.borrow().keys().filter(|name| !name.contains('.')) {
            let labels = Labels::one(Label::Input(format!("body.{name}").into(), Clean::NONE));
            object.fields.borrow_mut().insert(name.clone(), Value::of(labels));
        }
        outcome.result = Some(Value::plain(ValueKind::Object(std::rc::Rc::new(object))));
        return Some(outcome);
    }
    match path {
        "file_get_contents" if first.and_then(Value::as_str).is_some_and(|name| name.starts_with("php://input")) => {
            outcome.replace = Some(Labels::one(Label::Input("body".into(), Clean::NONE)));
        }
        // What is read or answered elsewhere is not what was sent to ask for it.
        "curl_exec" | "file_get_contents" | "fread" | "fgets" | "fgetcsv" | "file" | "shell_exec" | "exec"
        | "move_uploaded_file" | "file_exists" | "mkdir" | "fopen" | "is_file" | "filemtime" | "filesize" => {
            outcome.replace = Some(Labels::NONE);
        }
        "filter_input" => {
            let kind = match first.map(Value::path) {
                Some("INPUT_GET") => "query",
                Some("INPUT_COOKIE") => "cookies",
                Some("INPUT_SERVER" | "INPUT_ENV") => "headers",
                _ => "body",
            };
            let name = match args.get(1).and_then(|arg| arg.value.as_str()) {
                Some(name) => format!("{kind}.{name}"),
                None => kind.to_owned(),
            };
            let clean = args.get(2).map_or(Clean::NONE, |arg| filter(arg.value.path()));
            outcome.replace = Some(Labels::one(Label::Input(name.into(), clean)));
        }
        "filter_var" => outcome.clean = args.get(1).map_or(Clean::NONE, |arg| filter(arg.value.path())),
        // `preg_replace('/[^a-z0-9]/', '', $x)` leaves only what is listed.
        "preg_replace" => {
            let pattern = first?.as_str()?;
            let body = pattern.trim_start_matches(['/', '#', '~', '@']);
            let keeps_listed = body.starts_with("[^") && !body.contains(['<', '\'', '"']) && !body.contains("\\S");
            if !keeps_listed || args.get(1).is_some_and(|arg| !matches!(arg.value.kind, ValueKind::Str(_))) {
                return None;
            }
            let dots = body.contains("\\/") || body.contains("./");
            outcome.clean = if dots { Clean(Clean::ALL.0 & !Clean::PATH.0) } else { Clean::ALL };
        }
        // What a date is written as follows the format, whatever it was read from.
        _ if is_date_text(path) => outcome.clean = Clean::ALL,
        "addslashes" => outcome.clean = Clean::QUOTED,
        "json_encode" | "e" => outcome.clean = Clean::HTML,
        // A path that exists is compared with the folder that it must lie in.
        "pathinfo" | "realpath" => outcome.clean = Clean::PATH,
        "number_format"
        | "strtotime"
        | "date"
        | "count"
        | "strlen"
        | "mb_strlen"
        | "sizeof"
        | "round"
        | "floor"
        | "ceil"
        | "abs"
        | "md5"
        | "sha1"
        | "crc32"
        | "hash"
        | "hash_hmac"
        | "base64_encode"
        | "bin2hex"
        | "dechex"
        | "ip2long"
        | "mysqli_num_rows"
        | "mysqli_affected_rows"
        | "mysqli_insert_id"
        | "array_sum"
        | "ctype_digit"
        | "is_numeric"
        | "similar_text" => {
            // Keeps its arguments in the symbol, so that a test of it can still be understood.
            outcome.clean = Clean::ALL;
        }
        // Their text is labelled by their names.
        "mysqli_error" | "mysqli_stmt_error" | "mysqli_connect_error" | "pg_last_error" => {
            outcome.replace = Some(Labels::NONE);
        }
        "password_hash" => outcome.replace = Some(Labels::one(Label::Credential)),
        _ => return None,
    }
    Some(outcome)
}

/// `(new DateTime($text))->format('d.m.Y')`, `Carbon::parse($text)->diffForHumans()`
fn is_date_text(path: &str) -> bool {
    let Some((made, method)) = path.rsplit_once('.') else {
        return matches!(path, "date_format" | "strftime" | "gmdate" | "mktime" | "idate");
    };
    let is_date = ["DateTime()", "DateTimeImmutable()", "Carbon.", "CarbonImmutable.", "date_create()", "Carbon()"]
        .iter()
        .any(|start| made.contains(start));
    is_date
        && matches!(
            method,
            "format" | "diffForHumans" | "toDateString" | "toFormattedDateString" | "getTimestamp" | "translatedFormat"
        )
}

fn filter(name: &str) -> Clean {
    match name {
        "FILTER_VALIDATE_INT"
        | "FILTER_VALIDATE_FLOAT"
        | "FILTER_VALIDATE_BOOLEAN"
        | "FILTER_VALIDATE_BOOL"
        | "FILTER_VALIDATE_IP"
        | "FILTER_SANITIZE_NUMBER_INT"
        | "FILTER_SANITIZE_NUMBER_FLOAT" => Clean::ALL,
        "FILTER_SANITIZE_STRING"
        | "FILTER_SANITIZE_SPECIAL_CHARS"
        | "FILTER_SANITIZE_FULL_SPECIAL_CHARS"
        | "FILTER_SANITIZE_STRIPPED"
        | "FILTER_VALIDATE_EMAIL"
        | "FILTER_SANITIZE_EMAIL" => Clean::HTML,
        "FILTER_SANITIZE_ADD_SLASHES" | "FILTER_SANITIZE_MAGIC_QUOTES" => Clean::QUOTED,
        "FILTER_SANITIZE_ENCODED" => Clean(Clean::HTML.0 | Clean::URL.0),
        _ => Clean::NONE,
    }
}

/// Members of `$_SESSION` that are notes to the next page or guards of forms, not who the caller is.
pub(crate) fn is_session_note(member: &str) -> bool {
    let words = crate::handler::words_of(member);
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    if has(&["token"]) && !has(&["auth", "access", "jwt", "login", "refresh", "api"]) {
        return true;
    }
    has(&[
        "csrf", "flash", "error", "errors", "err", "success", "message", "messages", "msg", "alert", "notice", "info",
        "warning", "captcha", "old", "cart", "lang", "language", "locale", "theme", "redirect", "attempts", "attempt",
        "nonce", "activity", "created", "timeout", "expire", "expires", "toast", "feedback", "currency", "step",
        "pending", "state", "oauth", "oauth2", "verifier", "intended", "filter", "filters", "search", "sort", "page",
    ])
}

/// Whether a value is the token that the session keeps for its forms.
pub(crate) fn is_form_token(value: &Value) -> bool {
    let Some(member) = value.path().strip_prefix("_SESSION.") else { return false };
    let words = crate::handler::words_of(member);
    words.iter().any(|word| matches!(word.as_str(), "csrf" | "token" | "nonce" | "xsrf"))
}
