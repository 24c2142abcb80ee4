//! Python's web frameworks and libraries: what their calls and members are.

use plimsoll_analysis::{Argument, Clean, Label, Labels, Outcome, Symbol, SymbolKind, Truth, Value, ValueKind};

use super::origins::ends_with_name;

/// Where Streamlit keeps what it knows of one visitor. It lives on the server and outlives a run of the script.
pub(crate) const VISITOR_STATE: &str = "streamlit.session_state";

/// Streamlit's widgets that give text of the visitor's own. Others give one of the values that the script offers.
const TEXT_WIDGETS: &[&str] = &["text_input", "text_area", "chat_input", "data_editor", "experimental_data_editor"];

/// Calls that leave the page: what follows does not run.
const LEAVE: &[&str] = &[
    "streamlit.stop",
    "streamlit.rerun",
    "streamlit.experimental_rerun",
    "streamlit.switch_page",
    "dash.exceptions.PreventUpdate",
];

/// Calls that make text harmless: `(end of the path, purpose)`.
const CLEANERS: &[(&str, Clean)] = &[
    ("nh3.clean", Clean::HTML),
    ("nh3.clean_text", Clean::HTML),
    ("bleach.linkify", Clean::HTML),
    ("lxml_html_clean.clean_html", Clean::HTML),
    ("cgi.escape", Clean::HTML),
    ("markupsafe.escape_silent", Clean::HTML),
    ("django.utils.html.conditional_escape", Clean::HTML),
    ("django.utils.html.format_html", Clean::HTML),
    ("Markup().format", Clean::HTML),
    ("Markup.escape", Clean::HTML),
    ("pathlib.PurePath().name", Clean::PATH),
    ("get_valid_filename", Clean::PATH),
    ("werkzeug.utils.safe_join", Clean::PATH),
    ("werkzeug.security.safe_join", Clean::PATH),
    ("flask.safe_join", Clean::PATH),
    ("django.utils._os.safe_join", Clean::PATH),
    ("isalnum", Clean::ALL),
    ("isdigit", Clean::ALL),
    ("isnumeric", Clean::ALL),
    ("fromisoformat", Clean::ALL),
    ("strptime", Clean::ALL),
    ("total_seconds", Clean::ALL),
    // Figures of a table
    ("mean", Clean::ALL),
    ("median", Clean::ALL),
    ("std", Clean::ALL),
    ("nunique", Clean::ALL),
];

/// Words in the name of a kept value that say it is about who the visitor is.
const LOGIN_WORDS: &[&str] = &[
    "auth",
    "authed",
    "authenticated",
    "authentication",
    "authorized",
    "logged",
    "login",
    "loggedin",
    "signed",
    "user",
    "username",
    "userid",
    "uid",
    "usuario",
    "benutzer",
    "role",
    "roles",
    "admin",
    "isadmin",
    "superuser",
    "token",
    "account",
    "identity",
    "permission",
    "permissions",
    "member",
    "employee",
    "tenant",
];

/// Words beside them that say it is something else that the visitor typed or chose.
const OTHER_WORDS: &[&str] = &[
    "input",
    "message",
    "messages",
    "query",
    "question",
    "prompt",
    "text",
    "upload",
    "uploaded",
    "file",
    "files",
    "selected",
    "selection",
    "filter",
    "search",
    "form",
    "attempt",
    "attempts",
    "failed",
    "fail",
    "error",
    "count",
    "page",
    "view",
    "tab",
    "theme",
    "show",
    "new",
    "edit",
];

/// Whether a value kept under this name says who the visitor is.
pub(crate) fn is_login_key(key: &str) -> bool {
    let words = crate::handler::words_of(key);
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    (has(LOGIN_WORDS) && !has(OTHER_WORDS))
        || (has(&["password", "pin"]) && has(&["correct", "ok", "valid", "verified"]))
}

fn is_password_name(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    ["password", "passwort", "passcode", "passwd", "contraseña", "mot de passe", "senha", "wachtwoord"]
        .iter()
        .any(|word| text.contains(word))
        || matches!(text.as_str(), "pin" | "pwd" | "pw" | "pass")
}

/// Labels by path; `None` where this table says nothing.
pub(super) fn labels(path: &str) -> Option<Labels> {
    if let Some(member) = path.strip_prefix(VISITOR_STATE) {
        let member = member.trim_start_matches('.');
        let first = member.split(['.', '[', '(']).next().unwrap_or(member);
        return Some(if first.is_empty() || first == "get" { Labels::NONE } else { kept(first) });
    }
    if path.starts_with("streamlit.") {
        let last = path.rsplit('.').next().unwrap_or(path);
        if path.starts_with("streamlit.secrets") {
            return Some(one(Label::Env(last.trim_end_matches("()").into())));
        }
        if matches!(path, "streamlit.user" | "streamlit.experimental_user")
            || path.starts_with("streamlit.user.")
            || path.starts_with("streamlit.experimental_user.")
        {
            return Some(one(Label::Identity));
        }
        if path.starts_with("streamlit.query_params") || last == "experimental_get_query_params()" {
            return Some(one(Label::Input("query".into(), Clean::NONE)));
        }
        if matches!(last, "file_uploader()" | "camera_input()") {
            return Some(one(Label::Upload("file".into(), Clean::NONE)));
        }
        return None;
    }
    if path.contains("streamlit_authenticator") && path.contains(".login()")
        || path.ends_with("streamlit_google_auth.Authenticate().check_authentification()")
    {
        return Some(one(Label::Identity));
    }
    // What only the server knows: `settings.HOOK_TOKEN` of Django, `current_app.config["HOOK_TOKEN"]` of Flask.
    if let Some(name) = ["django.conf.settings.", "flask.current_app.config."]
        .iter()
        .find_map(|prefix| path.strip_prefix(prefix))
        .filter(|name| is_secret_setting(name))
    {
        return Some(one(Label::Env(name.into())));
    }
    // Class views: what the address names, and the record that it picks.
    if path == "@self.kwargs" || path.starts_with("@self.kwargs.") {
        return Some(one(Label::Input("params".into(), Clean::NONE)));
    }
    if path.ends_with(".get_object()") || path == "@self.object" {
        return Some(one(Label::Record("object".into(), Clean::NONE)));
    }
    // Flask-RESTX and Flask-RESTful: what was sent, as the namespace or a parser of arguments gives it.
    if path.contains("flask_rest") && path.ends_with(".payload") || path.ends_with("RequestParser().parse_args()") {
        return Some(one(Label::Input("body".into(), Clean::NONE)));
    }
    if matches!(path, "traceback.format_exc()" | "traceback.format_exception()" | "sys.exc_info()") {
        return Some(one(Label::ErrorDetail));
    }
    if path.ends_with("User.get_current()") || path == "django.contrib.auth.get_user()" {
        return Some(one(Label::Identity));
    }
    None
}

/// Whether a setting's name says that it is not for everybody.
fn is_secret_setting(name: &str) -> bool {
    let words = crate::handler::words_of(name);
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    !name.contains(['.', '(', '['])
        && has(&["token", "secret", "key", "password", "passcode", "pin", "code", "signature", "apikey"])
        && !has(&["public", "publishable", "site", "client", "name", "header", "url", "length", "ttl", "lifetime"])
}

fn kept(name: &str) -> Labels {
    if is_password_name(name) {
        // A widget's own key: what the visitor typed.
        one(Label::Input("body.password".into(), Clean::NONE))
    } else if is_login_key(name) {
        one(Label::Identity)
    } else {
        Labels::NONE
    }
}

/// A field of a class of settings (Pydantic): the setting of its name, or its default where that is missing.
pub(crate) fn setting(base: &str, name: &str, default: &Value) -> Option<Value> {
    let class = base.rsplit_once(':').map_or(base, |(path, _)| path);
    if !class.ends_with("BaseSettings") || matches!(default.kind, ValueKind::Closure(_) | ValueKind::Class(_)) {
        return None;
    }
    let setting = name.to_ascii_uppercase();
    let labels = one(Label::Env(setting.as_str().into()));
    let read = Value::symbol(Symbol::import(format!("process.env.{setting}")), labels.clone());
    // `Field(default="x", description="…")`, `Field("x")`, `Field(...)`
    let default = match default.as_symbol().map(|symbol| &symbol.kind) {
        Some(SymbolKind::Call { callee, args, .. }) if callee.last_name() == "Field" => args
            .iter()
            .find(|arg| arg.name.as_deref().is_none_or(|name| name == "default"))
            .map(|arg| arg.value.clone()),
        _ => Some(default.clone()),
    };
    let default = default.filter(|value| !matches!(value.kind, ValueKind::Unknown | ValueKind::Null));
    Some(match default {
        Some(default) => Value { kind: ValueKind::Or(std::rc::Rc::new((read, default))), labels },
        None => read,
    })
}

/// Whether what is kept under a path outlives the run.
pub(super) fn persists(path: &str) -> bool {
    path == VISITOR_STATE || path == "flask.session"
}

/// Whether anything is known of calls under a path; what, depends on what they are given.
fn concerns(path: &str) -> bool {
    thread_local! {
        static KNOWN: super::Remembered<bool> = super::Remembered::default();
    }
    let last = path.rsplit('.').next().unwrap_or(path);
    let look_up = || {
        LEAVE.contains(&path)
            || path.starts_with("streamlit.")
            || path.starts_with("pandas.")
            || path.starts_with("polars.")
            || matches!(last, "get" | "getlist" | "getAll" | "pop")
            || ["jwt.decode", "get_unverified_claims", "get_unverified_header", ".verify", ".hash", "bcrypt.checkpw"]
                .iter()
                .any(|end| path.ends_with(end))
            || path.ends_with("PasswordHasher().verify")
            || path.ends_with("check_password")
            || ends_with_name(path, "make_password")
            || CLEANERS.iter().any(|(name, _)| ends_with_name(path, name))
    };
    KNOWN.with(|known| known.get_or(path, look_up))
}

/// What a call does; `None` where this table says nothing.
pub(super) fn outcome(path: &str, receiver: Option<&Value>, args: &[Argument]) -> Option<Outcome> {
    if !concerns(path) {
        return None;
    }
    let named = |name: &str| args.iter().find(|arg| arg.name.as_deref() == Some(name)).map(|arg| &arg.value);
    let first = args.iter().find(|arg| arg.name.is_none()).map(|arg| &arg.value);
    if LEAVE.contains(&path) {
        return Some(Outcome { never_returns: true, ..Outcome::default() });
    }
    if path.ends_with("jwt.decode") {
        // Reading a token without verifying it says nothing of who sent it.
        let off = |value: &Value| value.truth() == Truth::No;
        let unverified = named("verify").is_some_and(off)
            || named("options").is_some_and(|options| options.field("verify_signature").as_ref().is_some_and(off));
        if unverified {
            return Some(Outcome { replace: Some(one(Label::UnverifiedIdentity)), ..Outcome::default() });
        }
    }
    if path.ends_with("get_unverified_claims") || path.ends_with("get_unverified_header") {
        return Some(Outcome { replace: Some(one(Label::UnverifiedIdentity)), ..Outcome::default() });
    }
    if path == "streamlit.session_state.get" {
        let key = first.and_then(Value::as_str)?;
        let symbol = Symbol::import(format!("{VISITOR_STATE}.{key}"));
        return Some(Outcome { result: Some(Value::symbol(symbol, kept(key))), ..Outcome::default() });
    }
    let last = path.rsplit('.').next().unwrap_or(path);
    // `request.form.get("email")`, `formData.get("email")`: one field of what was sent.
    if matches!(last, "get" | "getlist" | "getAll" | "pop")
        && let (Some(receiver), Some(key)) = (receiver, first.and_then(Value::as_str))
        && receiver.labels.any(|label| matches!(label, Label::Input(name, _) if !name.contains('.')))
        && !receiver.labels.has_identity()
    {
        let own = receiver.labels.iter().map(|label| match label {
            Label::Input(name, clean) if !name.contains('.') => Label::Input(format!("{name}.{key}").into(), *clean),
            other => other.clone(),
        });
        let default = args.get(1).map(|arg| arg.value.deep_labels()).unwrap_or_default();
        let labels: Labels = own.collect();
        return Some(Outcome { replace: Some(labels.union(&default)), ..Outcome::default() });
    }
    if path.starts_with("streamlit.") && TEXT_WIDGETS.contains(&last) {
        let secret = named("type").and_then(Value::as_str) == Some("password")
            || first.and_then(Value::as_str).is_some_and(is_password_name);
        let name = if secret { "body.password" } else { "body.text" };
        return Some(Outcome { replace: Some(one(Label::Input(name.into(), Clean::NONE))), ..Outcome::default() });
    }
    if path.starts_with("streamlit.")
        && matches!(
            last,
            "selectbox"
                | "radio"
                | "multiselect"
                | "slider"
                | "number_input"
                | "date_input"
                | "time_input"
                | "checkbox"
                | "toggle"
                | "button"
                | "form_submit_button"
                | "select_slider"
        )
    {
        // One of what the script offers, or a number: the visitor's choice, but no text of the visitor's own.
        return Some(Outcome {
            replace: Some(one(Label::Input(format!("body.{last}").into(), Clean::ALL))),
            ..Outcome::default()
        });
    }
    if let Some((_, clean)) = CLEANERS.iter().find(|(name, _)| ends_with_name(path, name)) {
        return Some(Outcome { clean: *clean, ..Outcome::default() });
    }
    // Proper comparisons of passwords.
    if path.ends_with(".verify")
        && (path.contains("passlib") || path.contains("CryptContext()") || path.contains("PasswordHash"))
        || path.ends_with("bcrypt.checkpw")
        || path.ends_with("PasswordHasher().verify")
        || path.ends_with("check_password")
    {
        let (left, right) = match (first, args.get(1)) {
            (Some(left), Some(right)) => (left.clone(), right.value.clone()),
            (Some(left), None) => (left.clone(), receiver?.clone()),
            _ => return None,
        };
        let labels = left.deep_labels().union(&right.deep_labels()).union(&one(Label::Credential));
        let pair = std::rc::Rc::new((left.with(&one(Label::Credential)), right));
        let result = Value { kind: ValueKind::Equal(pair, true), labels };
        return Some(Outcome { result: Some(result), ..Outcome::default() });
    }
    if path.ends_with(".hash")
        && (path.contains("passlib") || path.contains("CryptContext()") || path.contains("PasswordHasher()"))
        || ends_with_name(path, "make_password")
    {
        return Some(Outcome { replace: Some(one(Label::Credential)), ..Outcome::default() });
    }
    // A table kept in a file.
    if matches!(
        path,
        "pandas.read_csv" | "pandas.read_excel" | "pandas.read_json" | "pandas.read_parquet" | "polars.read_csv"
    ) && let Some(file) = first
        && !file.deep_labels().any(|label| matches!(label, Label::Upload(..)))
    {
        let name = file_name(file);
        return Some(Outcome { replace: Some(one(Label::Record(name.into(), Clean::NONE))), ..Outcome::default() });
    }
    None
}

/// The last part of a path of files, as far as it is constant.
pub(crate) fn file_name(value: &Value) -> String {
    let shape = value.text_shape().or_else(|| {
        let symbol = value.as_symbol()?;
        symbol.calls().iter().rev().find_map(|(_, args, _)| args.last().and_then(|arg| arg.value.text_shape()))
    });
    let shape = shape.unwrap_or_default();
    shape.rsplit(['/', '\\']).next().unwrap_or(&shape).to_owned()
}

fn one(label: Label) -> Labels {
    Labels::one(label)
}
