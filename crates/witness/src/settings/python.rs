//! Settings of Python apps: Flask's configuration and its session cookie, CORS, what is saved of uploads and
//! how it is served again, hashing of passwords.

use std::collections::BTreeMap;

use plimsoll_analysis::{ClassRef, Event, EventKind, Fact, Label, Program, Symbol, Truth, Value, ValueKind};
use plimsoll_ir::{Kind, Language, Module, NodeId};
use plimsoll_model::App;
use plimsoll_model::app::{AllowedOrigins, CookieSet, CorsPolicy, CryptoUse, CryptoUseKind, SameSite, SettingSeen};
use plimsoll_source::Span;

use super::Notes;

/// What single events said.
#[derive(Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct Seen {
    /// Where the Flask app is made.
    made: Option<Span>,
    /// Its configuration; the last word counts.
    config: BTreeMap<String, Setting>,
    /// The session carries a login.
    uses_session: bool,
    /// Uploads that are saved under a name with the sender's ending, without a check of what they are.
    unchecked_saves: Vec<Span>,
    /// The constant parts of the paths of these.
    saved_to: BTreeMap<Span, Vec<String>>,
    /// Addresses and folders of files that are served as they are.
    mounted: Vec<String>,
    /// Files of uploads that are sent to be shown: where, and whether the type is one that the sender gave.
    shown: Vec<(Span, bool)>,
    /// Passwords that go through a fast hash.
    fast_hashes: Vec<(Span, String)>,
    /// Requests whose certificates are not verified.
    unverified: Vec<(Span, String)>,
    /// Tokens read without verifying them.
    unverified_tokens: Vec<Span>,
    /// Accounts made with a password that nothing has looked at.
    unruled_passwords: Vec<Span>,
    /// Fields that text of a request is written to: made harmless as markup before, or not.
    written: BTreeMap<String, (bool, bool)>,
    /// Something applies rules to new passwords.
    has_password_rules: bool,
}

/// A value of Flask's configuration, as far as it is asked for.
#[derive(serde::Serialize, serde::Deserialize)]
struct Setting {
    /// It is not known to be off.
    may_be_on: bool,
    text: Option<String>,
    span: Span,
}

impl Seen {
    /// Adds what was seen later.
    pub(super) fn append(&mut self, later: Seen) {
        self.made = self.made.or(later.made);
        self.config.extend(later.config);
        self.uses_session |= later.uses_session;
        self.unchecked_saves.extend(later.unchecked_saves);
        for (span, texts) in later.saved_to {
            self.saved_to.entry(span).or_default().extend(texts);
        }
        self.mounted.extend(later.mounted);
        self.shown.extend(later.shown);
        self.fast_hashes.extend(later.fast_hashes);
        self.unverified.extend(later.unverified);
        self.unverified_tokens.extend(later.unverified_tokens);
        self.unruled_passwords.extend(later.unruled_passwords);
        for (field, (clean, dirty)) in later.written {
            let known = self.written.entry(field).or_default();
            *known = (known.0 | clean, known.1 | dirty);
        }
        self.has_password_rules |= later.has_password_rules;
    }
}

pub(super) fn note(event: &Event, notes: &mut Notes, program: &Program<'_>) {
    if program.module(event.site.module).language != Language::Python {
        return;
    }
    match &event.kind {
        EventKind::Assign { receiver, property, value, .. } => {
            let path = receiver.path();
            if path.ends_with("flask.Flask().config") && !property.is_empty() {
                configure(notes, property, value, event.span);
            } else if path.ends_with("flask.Flask()") && property == "secret_key" {
                configure(notes, "SECRET_KEY", value, event.span);
            } else if path == "flask.session" {
                notes.python.uses_session = true;
            }
            if !property.is_empty() {
                wrote(notes, property, value);
            }
        }
        EventKind::Call { .. } => {
            statement(event, notes);
            mounts(event, notes);
            call(event, notes, program);
        }
        EventKind::Method { receiver, name, .. } if name == "save" && !receiver.path().contains("Image.open()") => {
            save(event, event.arg(0), notes);
        }
        _ => {}
    }
}

fn wrote(notes: &mut Notes, field: &str, value: &Value) {
    let labels = value.deep_labels();
    let sent = labels.filtered(|label| matches!(label, Label::Input(..)));
    if sent.is_empty() {
        return;
    }
    let dirty = sent.has_input(plimsoll_analysis::Clean::HTML);
    let known = notes.python.written.entry(field.to_owned()).or_default();
    known.0 |= !dirty;
    known.1 |= dirty;
}

/// What a statement or a constructor of a model writes to which field.
fn statement(event: &Event, notes: &mut Notes) {
    let path = event.path();
    let name = path.rsplit('.').next().unwrap_or(path);
    if let Some(sql) = crate::knowledge::stores::sql_text(name, event.args()) {
        let values = event.arg(1).map(Value::items).unwrap_or_default();
        for (field, value) in placeholders(&sql).into_iter().zip(&values) {
            wrote(notes, &field, value);
        }
        return;
    }
    if path.contains("Model:") || matches!(name, "create" | "update" | "get_or_create" | "update_or_create") {
        for arg in event.args() {
            if let Some(field) = &arg.name {
                wrote(notes, field, &arg.value);
            }
        }
    }
}

/// Names of the columns that take the statement's placeholders, in order.
fn placeholders(sql: &str) -> Vec<String> {
    let squeezed = sql.split_whitespace().collect::<Vec<_>>().join(" ");
    let upper = squeezed.to_ascii_uppercase();
    let is_placeholder = |text: &str| {
        let text = text.trim();
        text == "?" || text == "%s" || text.starts_with(':') || text.starts_with('$')
    };
    let word = |text: &str| text.trim().trim_matches(['"', '`', '(', ')']).to_owned();
    if upper.starts_with("INSERT") {
        let Some(at) = upper.find(") VALUES") else { return Vec::new() };
        let (Some(open), Some(values)) = (squeezed.find('('), squeezed.get(at + 8..)) else { return Vec::new() };
        let Some(columns) = squeezed.get(open + 1..at) else { return Vec::new() };
        let values = values.trim().trim_start_matches('(');
        return columns
            .split(',')
            .zip(values.split(','))
            .filter(|(_, value)| is_placeholder(value.trim_end_matches(')')))
            .map(|(column, _)| word(column))
            .collect();
    }
    if upper.starts_with("UPDATE") {
        let Some(set) = upper.find(" SET ") else { return Vec::new() };
        let end = upper[set..].find(" WHERE ").map_or(squeezed.len(), |at| set + at);
        let Some(list) = squeezed.get(set + 5..end) else { return Vec::new() };
        return list
            .split(',')
            .filter_map(|part| part.split_once('='))
            .filter(|(_, value)| is_placeholder(value))
            .map(|(column, _)| word(column))
            .collect();
    }
    Vec::new()
}

fn configure(notes: &mut Notes, name: &str, value: &Value, span: Span) {
    let text = value.as_str().map(str::to_owned);
    notes.python.config.insert(name.to_owned(), Setting { may_be_on: value.truth() != Truth::No, text, span });
}

fn call(event: &Event, notes: &mut Notes, program: &Program<'_>) {
    let path = event.path();
    let last = path.rsplit('.').next().unwrap_or(path);
    if path == "flask.Flask" {
        notes.python.made = notes.python.made.or(Some(event.span));
    }
    if path.contains("flask_login") || path == "flask.session.get" {
        notes.python.uses_session = true;
    }
    if path.ends_with("flask.Flask().config.update") || path.ends_with("flask.Flask().config.from_mapping") {
        for arg in event.args() {
            match &arg.name {
                Some(name) => configure(notes, name, &arg.value, event.span),
                None => {
                    if let Some(object) = arg.value.as_object() {
                        for (name, value) in object.fields.borrow().iter() {
                            configure(notes, name, value, event.span);
                        }
                    }
                }
            }
        }
    }
    if path.ends_with("flask.Flask().config.from_object") {
        for (name, value, span) in classes_of(event.arg(0), program) {
            configure(notes, &name, &value, span);
        }
    }
    cors(event, notes);
    serve(event, path, notes);
    // An image that is written anew holds nothing but the image.
    if last == "save" && !path.contains("Image.open()") {
        save(event, event.arg(0), notes);
    }
    if path == "open"
        && event.arg(1).or_else(|| event.named("mode")).and_then(Value::as_str).is_some_and(|mode| mode.contains('w'))
    {
        save(event, event.arg(0), notes);
    }
    if path.starts_with("hashlib.")
        && matches!(last, "md5" | "sha1" | "sha224" | "sha256" | "sha384" | "sha512" | "sha3_256")
        && event.arg(0).is_some_and(is_password)
    {
        notes.python.fast_hashes.push((event.span, last.to_owned()));
    }
    if (path.starts_with("requests.") || path.starts_with("httpx."))
        && event.named("verify").is_some_and(|verify| verify.truth() == Truth::No)
    {
        notes.python.unverified.push((event.span, path.to_owned()));
    }
    if path.ends_with("jwt.decode") {
        let off = |value: &Value| value.truth() == Truth::No;
        if event.named("verify").is_some_and(off)
            || event.named("options").is_some_and(|options| options.field("verify_signature").as_ref().is_some_and(off))
        {
            notes.python.unverified_tokens.push(event.span);
        }
    }
    if last == "validate_password" || last.ends_with("PasswordValidator") {
        notes.python.has_password_rules = true;
    }
    if matches!(last, "create_user" | "create_superuser") && path.contains("django") {
        let password = event.named("password").or_else(|| event.arg(2));
        let looked_at = password.is_some_and(|_| {
            event.facts.iter().any(
                |fact| matches!(fact, Fact::Compared { left, right, .. } if is_password(left) || is_password(right)),
            )
        });
        if password.is_some_and(is_password) && !looked_at {
            notes.python.unruled_passwords.push(event.span);
        }
    }
}

fn is_upload(value: &Value) -> bool {
    value.deep_labels().any(|label| matches!(label, Label::Upload(..)))
}

fn is_password(value: &Value) -> bool {
    value.deep_labels().any(|label| {
        matches!(label, Label::Input(name, _) if {
            let name = name.to_ascii_lowercase();
            name.contains("password") || name.ends_with(".pwd") || name.ends_with("passwd")
        })
    })
}

/// An upload written to disk.
fn save(event: &Event, path: Option<&Value>, notes: &mut Notes) {
    let Some(path) = path else { return };
    let labels = path.deep_labels();
    if !labels.any(|label| matches!(label, Label::Upload(..))) {
        return;
    }
    let checked = event.facts.iter().any(|fact| looks_at_upload(fact, 0));
    if !checked {
        notes.python.unchecked_saves.push(event.span);
        let mut texts = Vec::new();
        constants(path, 4, &mut texts);
        notes.python.saved_to.insert(event.span, texts);
    }
}

/// The constant texts that a path is put together from.
fn constants(value: &Value, depth: u32, out: &mut Vec<String>) {
    if depth == 0 {
        return;
    }
    match &value.kind {
        ValueKind::Str(text) => out.push(text.to_string()),
        ValueKind::Text(parts) => parts.iter().for_each(|part| constants(part, depth - 1, out)),
        ValueKind::Or(pair) => constants(&pair.1, depth - 1, out),
        ValueKind::Choice(alternatives) => {
            alternatives.iter().for_each(|(value, _)| constants(value, depth - 1, out));
        }
        ValueKind::Symbol(symbol) => {
            for (_, args, _) in symbol.calls() {
                args.iter().for_each(|arg| constants(&arg.value, depth - 1, out));
            }
        }
        _ => {}
    }
}

/// `app.mount("/uploads", StaticFiles(directory="uploads"))`: a folder whose files anyone gets as they are.
fn mounts(event: &Event, notes: &mut Notes) {
    if !event.path().ends_with(".mount") {
        return;
    }
    let Some((address, files)) = event.arg(0).and_then(Value::as_str).zip(event.arg(1)) else { return };
    if files.path().ends_with("StaticFiles()") {
        let mut texts = vec![address.to_owned()];
        constants(files, 3, &mut texts);
        notes.python.mounted.extend(texts);
    }
}

/// Whether a name of a folder says that what people send is kept in it.
fn is_for_uploads(folder: &str) -> bool {
    let words = crate::handler::words_of(folder);
    words.iter().any(|word| {
        matches!(
            word.as_str(),
            "upload"
                | "uploads"
                | "media"
                | "files"
                | "avatar"
                | "avatars"
                | "images"
                | "photos"
                | "documents"
                | "attachments"
        )
    })
}

/// Whether a fact is about what an upload is.
fn looks_at_upload(fact: &Fact, depth: u32) -> bool {
    match fact {
        Fact::In { value, among, .. } => is_upload(value) && !is_upload(among) && !is_said_type(value),
        Fact::Equal { left, right, .. } => {
            let one = |a: &Value, b: &Value| {
                is_upload(a) && !is_said_type(a) && b.as_str().is_some_and(|text| !text.is_empty())
            };
            one(left, right) || one(right, left)
        }
        Fact::Truthy { value, .. } => {
            let path = value.path();
            // The type is what the sender says; the name's ending decides how the file is served.
            is_upload(value)
                && !is_said_type(value)
                && [
                    "endswith()",
                    "startswith()",
                    "match()",
                    "what()",
                    "is_valid()",
                    "verify()",
                    "guess()",
                    "from_buffer()",
                ]
                .iter()
                .any(|test| path.ends_with(test))
        }
        Fact::AnyOf { branches, .. } if depth < 3 => {
            branches.iter().flatten().any(|fact| looks_at_upload(fact, depth + 1))
        }
        _ => false,
    }
}

/// Whether a value is the type that the sender says a file has.
fn is_said_type(value: &Value) -> bool {
    let path = value.path();
    path.contains(".content_type") || path.contains(".mimetype")
}

/// A file sent to the visitor.
fn serve(event: &Event, path: &str, notes: &mut Notes) {
    let last = path.rsplit('.').next().unwrap_or(path);
    let is_flask = matches!(last, "send_file" | "send_from_directory") && path.contains("flask");
    let is_response = last == "FileResponse";
    if !is_flask && !is_response {
        return;
    }
    let yes = |name: &str| event.named(name).is_some_and(|value| value.truth() == Truth::Yes);
    let fixed_inline = event.named("content_disposition_type").and_then(Value::as_str) == Some("inline");
    let attached = yes("as_attachment")
        || (is_response && !fixed_inline && event.named("filename").is_some() && !path.contains("django"));
    if attached {
        return;
    }
    let from_outside = |value: &Value| {
        value.deep_labels().any(|label| matches!(label, Label::Record(..) | Label::Upload(..) | Label::Input(..)))
    };
    let kind = event.named("mimetype").or_else(|| event.named("media_type")).or_else(|| event.named("content_type"));
    match kind {
        Some(kind) if from_outside(kind) => notes.python.shown.push((event.span, true)),
        Some(kind) if kind.as_str().is_some_and(|kind| !kind.contains("html") && !kind.contains("svg")) => {}
        _ => {
            let file = if last == "send_from_directory" { event.arg(1) } else { event.arg(0) };
            let file = file.or_else(|| event.named("path")).or_else(|| event.named("filename"));
            if file.is_some_and(from_outside) {
                notes.python.shown.push((event.span, false));
            }
        }
    }
}

fn cors(event: &Event, notes: &mut Notes) {
    let path = event.path();
    let yes = |value: Option<&Value>| value.is_some_and(|value| value.truth() == Truth::Yes);
    let (origins, credentials, regex) = if path.ends_with(".add_middleware")
        && event.arg(0).is_some_and(|class| class.path().ends_with("CORSMiddleware"))
    {
        (
            event.named("allow_origins").cloned(),
            yes(event.named("allow_credentials")),
            event.named("allow_origin_regex"),
        )
    } else if matches!(path, "flask_cors.CORS" | "flask_cors.CORS().init_app") {
        let of_resources = event.named("resources").and_then(|resources| {
            let object = resources.as_object()?;
            let first = object.fields.borrow().values().next().cloned();
            first?.field("origins")
        });
        let origins = event.named("origins").cloned().or(of_resources).unwrap_or_else(|| Value::string("*"));
        (Some(origins), yes(event.named("supports_credentials")), None)
    } else {
        return;
    };
    // `os.environ.get("ORIGINS", "*").split(",")`: what holds where the setting is missing.
    let is_star = |value: &Value| match &value.kind {
        ValueKind::Or(pair) => pair.1.as_str() == Some("*"),
        _ => value.as_str() == Some("*"),
    };
    let any = origins.as_ref().is_some_and(|origins| is_star(origins) || origins.items().iter().any(is_star));
    let regex_any = regex.and_then(Value::as_str).is_some_and(|regex| matches!(regex, ".*" | "https?://.*" | ".+"));
    let origins = if (any && credentials) || regex_any {
        // Both libraries answer with the caller's own origin where cookies are allowed.
        AllowedOrigins::Reflected
    } else if any {
        AllowedOrigins::Any
    } else {
        match origins.map(|origins| {
            let mut list: Vec<String> =
                origins.items().iter().filter_map(|item| item.as_str().map(str::to_owned)).collect();
            list.extend(origins.as_str().map(str::to_owned));
            list
        }) {
            Some(list) if !list.is_empty() => AllowedOrigins::Listed(list),
            _ => AllowedOrigins::Configured,
        }
    };
    notes.cors.push(CorsPolicy {
        origins,
        credentials,
        path: String::new(),
        by: if path.starts_with("flask_cors") { "flask-cors".into() } else { "CORSMiddleware".into() },
        spans: vec![event.span],
    });
}

/// Name, value and place of what a configuration class declares. Where it cannot be told which class is meant, those for
/// production are.
fn classes_of(value: Option<&Value>, program: &Program<'_>) -> Vec<(String, Value, Span)> {
    let mut found = Vec::new();
    let Some(value) = value else { return found };
    match &value.kind {
        ValueKind::Class(class) => fields_of(*class, program, 0, &mut found),
        ValueKind::Choice(alternatives) => {
            for (alternative, _) in alternatives.iter() {
                if let ValueKind::Class(class) = alternative.kind {
                    fields_of(class, program, 0, &mut found);
                }
            }
        }
        _ => {
            let wanted = value.as_str().and_then(|name| name.rsplit('.').next()).map(str::to_owned);
            for (id, module) in program.iter().filter(|(_, module)| module.language == Language::Python) {
                for (index, class) in module.classes.iter().enumerate() {
                    let name = class.name.as_deref().unwrap_or_default();
                    let is_it = match &wanted {
                        Some(wanted) => wanted == name,
                        None => name.starts_with("Prod") && name.contains("Config"),
                    };
                    if is_it && let Ok(index) = u32::try_from(index) {
                        let class = ClassRef { module: id, class: plimsoll_ir::ClassId(index) };
                        fields_of(class, program, 0, &mut found);
                    }
                }
            }
        }
    }
    found
}

fn fields_of(class: ClassRef, program: &Program<'_>, hops: u32, out: &mut Vec<(String, Value, Span)>) {
    let module = program.module(class.module);
    let at = module.class(class.class);
    if hops < 4 {
        for &base in &at.bases {
            let Some(name) = module.path(base) else { continue };
            let position = module.classes.iter().position(|class| class.name.as_deref() == Some(name.as_str()));
            if let Some(position) = position.and_then(|position| u32::try_from(position).ok())
                && plimsoll_ir::ClassId(position) != class.class
            {
                let base = ClassRef { module: class.module, class: plimsoll_ir::ClassId(position) };
                fields_of(base, program, hops + 1, out);
            }
        }
    }
    for field in &at.fields {
        if let Some(value) = field.value {
            out.push((field.name.to_string(), simple(module, value), module.span(value)));
        }
    }
}

/// A value as far as it can be read off the text.
pub(crate) fn simple(module: &Module, node: NodeId) -> Value {
    match module.kind(node) {
        Kind::Bool(value) => Value::plain(ValueKind::Bool(*value)),
        Kind::Null => Value::plain(ValueKind::Null),
        Kind::Num(value) => Value::plain(ValueKind::Num(*value)),
        Kind::Str(text) => Value::string(text.as_str()),
        Kind::Binary { op: plimsoll_ir::BinaryOp::Or, left, right } => {
            let pair = (simple(module, *left), simple(module, *right));
            Value::plain(ValueKind::Or(std::rc::Rc::new(pair)))
        }
        Kind::Call { callee, args, .. } => {
            let path = module.path(*callee).unwrap_or_default();
            let reads = ["environ.get", "getenv", "config", "env", "env.bool", "env.str"]
                .iter()
                .any(|name| path.ends_with(name));
            let default = args
                .iter()
                .find(|arg| arg.name.as_deref() == Some("default"))
                .or_else(|| args.get(1).filter(|arg| arg.name.is_none()));
            match default {
                Some(default) if reads => {
                    let setting = Value::symbol(
                        Symbol::import("process.env"),
                        plimsoll_analysis::Labels::one(Label::Env(path.as_str().into())),
                    );
                    Value::plain(ValueKind::Or(std::rc::Rc::new((setting, simple(module, default.value)))))
                }
                _ => Value::unknown(),
            }
        }
        _ => Value::unknown(),
    }
}

impl Seen {
    /// Turns what was seen into facts.
    pub(super) fn finish(mut self, program: &Program<'_>, app: &mut App) -> Vec<String> {
        self.cookie(program, app);
        self.uploads(program, app);
        for (kind, list) in [
            (CryptoUseKind::FastPasswordHash, std::mem::take(&mut self.fast_hashes)),
            (CryptoUseKind::TlsNotVerified, std::mem::take(&mut self.unverified)),
        ] {
            crypto(app, kind, list);
        }
        let tokens = std::mem::take(&mut self.unverified_tokens);
        crypto(
            app,
            CryptoUseKind::UnverifiedToken,
            tokens.into_iter().map(|span| (span, "jwt.decode".into())).collect(),
        );
        if !self.has_password_rules && !mentions(program, &["UserCreationForm", "SetPasswordForm", "validate_password"])
        {
            let list = std::mem::take(&mut self.unruled_passwords);
            let list = list.into_iter().map(|span| (span, "create_user".into())).collect();
            crypto(app, CryptoUseKind::WeakPasswordRule, list);
        }
        // Fields that only ever take text made harmless before.
        self.written.into_iter().filter(|(_, (clean, dirty))| *clean && !dirty).map(|(field, _)| field).collect()
    }

    fn cookie(&self, program: &Program<'_>, app: &mut App) {
        let Some(made) = self.made else { return };
        if !self.uses_session {
            return;
        }
        let flag = |name: &str| self.config.get(name).map(|setting| setting.may_be_on);
        let same_site =
            self.config.get("SESSION_COOKIE_SAMESITE").and_then(|setting| match setting.text.as_deref()? {
                "Strict" => Some(SameSite::Strict),
                "Lax" => Some(SameSite::Lax),
                "None" => Some(SameSite::None),
                _ => None,
            });
        let span = self.config.get("SESSION_COOKIE_SECURE").map_or(made, |setting| setting.span);
        app.cookies.push(CookieSet {
            name: "session".into(),
            is_session: true,
            http_only: flag("SESSION_COOKIE_HTTPONLY").or(Some(true)),
            secure: flag("SESSION_COOKIE_SECURE").or(Some(false)),
            same_site,
            max_age: None,
            // Flask keeps the session in the cookie itself; the extension keeps it on the server.
            by: if uses_package(program, "flask_session") { "Flask-Session".into() } else { "Flask".into() },
            span: Some(span),
            exchange: None,
        });
    }

    fn uploads(&mut self, program: &Program<'_>, app: &mut App) {
        self.shown.sort();
        self.shown.dedup();
        self.unchecked_saves.sort();
        self.unchecked_saves.dedup();
        if self.unchecked_saves.is_empty() || mentions(program, &["FileAllowed", "FileExtensionValidator"]) {
            return;
        }
        // What lies in a folder that is served as it is, is shown without any code.
        for (span, texts) in &self.saved_to {
            let within = |folder: &str| texts.iter().any(|text| text.split(['/', '\\']).any(|part| part == folder));
            let folders = self.mounted.iter().flat_map(|text| text.split('/')).filter(|part| !part.is_empty());
            let served = if texts.iter().all(|text| text.starts_with('.')) {
                folders.clone().any(is_for_uploads)
            } else {
                within("static") || folders.clone().any(|folder| folder.len() > 2 && within(folder))
            };
            if served {
                self.shown.push((*span, false));
            }
        }
        // The sender's own type decides more surely than the ending of a name.
        self.shown.sort_by_key(|(span, given)| (!given, *span));
        let Some(((first, given), rest)) = self.shown.split_first() else { return };
        let how =
            if *given { "with the type that the sender gave" } else { "with the type that the name's ending says" };
        let also = rest.iter().map(|(span, _)| *span).chain(self.unchecked_saves.iter().copied()).collect();
        setting(app, "upload-served-inline", how, *first, also);
    }
}

fn setting(app: &mut App, key: &str, value: &str, span: Span, also: Vec<Span>) {
    app.settings.push(SettingSeen { system: "Python".into(), key: key.into(), value: value.into(), span, also });
}

fn crypto(app: &mut App, kind: CryptoUseKind, mut list: Vec<(Span, String)>) {
    list.sort();
    list.dedup_by_key(|(span, _)| *span);
    let Some(((span, how), rest)) = list.split_first() else { return };
    let also = rest.iter().map(|(span, _)| *span).collect();
    app.crypto.push(CryptoUse { kind, how: how.clone(), span: *span, also });
}

/// Whether some Python file imports a package.
fn uses_package(program: &Program<'_>, name: &str) -> bool {
    program
        .iter()
        .filter(|(_, module)| module.language == Language::Python)
        .any(|(_, module)| module.imports.iter().any(|import| import.module == name))
}

/// Whether some Python file names one of these.
fn mentions(program: &Program<'_>, names: &[&str]) -> bool {
    program.iter().filter(|(_, module)| module.language == Language::Python).any(|(_, module)| {
        module
            .imports
            .iter()
            .any(|import| import.names.iter().any(|(name, _)| names.iter().any(|wanted| name.ends_with(wanted))))
    })
}
