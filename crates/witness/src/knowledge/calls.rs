//! What calls do to values.

use plimsoll_analysis::{Argument, Clean, Label, Labels, Outcome, Value, ValueKind};

use super::origins::ends_with_name;
use super::stores;

/// Calls that make text harmless for a purpose: `(end of the path, purpose)`.
const CLEANERS: &[(&str, Clean)] = &[
    ("parseInt", Clean::ALL),
    ("parseFloat", Clean::ALL),
    ("Number", Clean::ALL),
    ("Boolean", Clean::ALL),
    ("BigInt", Clean::ALL),
    ("int", Clean::ALL),
    ("float", Clean::ALL),
    ("bool", Clean::ALL),
    ("len", Clean::ALL),
    ("intval", Clean::ALL),
    ("floatval", Clean::ALL),
    ("boolval", Clean::ALL),
    ("Number.parseInt", Clean::ALL),
    ("Number.parseFloat", Clean::ALL),
    ("Decimal", Clean::ALL),
    ("uuid.UUID", Clean::ALL),
    (".toFixed", Clean::ALL),
    (".length", Clean::ALL),
    (".getTime", Clean::ALL),
    (".toISOString", Clean::ALL),
    // A date shows as a date, or as "Invalid Date".
    ("Date", Clean::ALL),
    ("dayjs", Clean::ALL),
    ("moment", Clean::ALL),
    ("date-fns.parseISO", Clean::ALL),
    ("date-fns.format", Clean::ALL),
    (".toLocaleDateString", Clean::ALL),
    (".toLocaleTimeString", Clean::ALL),
    // Of a text it would give the text; it is asked of numbers and dates.
    (".toLocaleString", Clean::ALL),
    ("Intl.NumberFormat().format", Clean::ALL),
    ("Intl.DateTimeFormat().format", Clean::ALL),
    ("datetime.fromisoformat", Clean::ALL),
    ("datetime.strptime", Clean::ALL),
    ("String", Clean::SCALAR),
    (".toString", Clean::SCALAR),
    (".trim", Clean::SCALAR),
    (".toLowerCase", Clean::SCALAR),
    ("ObjectId", Clean::ALL),
    ("mongoose.Types.ObjectId", Clean::ALL),
    ("ObjectId.createFromHexString", Clean::ALL),
    ("encodeURIComponent", Clean(Clean::URL.0 | Clean::HTML.0 | Clean::PATH.0)),
    // Where an upload lies for the time being: a name of the server's own.
    (".getRealPath", Clean::ALL),
    (".getPathname", Clean::ALL),
    (".temporaryUrl", Clean::ALL),
    ("url_for", Clean(Clean::URL.0 | Clean::HTML.0)),
    ("reverse", Clean::URL),
    ("reverse_lazy", Clean::URL),
    ("urllib.parse.quote", Clean(Clean::URL.0 | Clean::HTML.0)),
    ("urlencode", Clean(Clean::URL.0 | Clean::HTML.0)),
    ("rawurlencode", Clean(Clean::URL.0 | Clean::HTML.0)),
    ("http_build_query", Clean(Clean::URL.0 | Clean::HTML.0)),
    ("dompurify.sanitize", Clean::HTML),
    ("DOMPurify.sanitize", Clean::HTML),
    ("isomorphic-dompurify.sanitize", Clean::HTML),
    ("sanitize-html", Clean::HTML),
    ("xss", Clean::HTML),
    // Highlighters, formulas and codes draw their input as text.
    ("highlight.js.highlight", Clean::HTML),
    ("highlight.js.highlightAuto", Clean::HTML),
    ("hljs.highlight", Clean::HTML),
    ("hljs.highlightAuto", Clean::HTML),
    ("prismjs.highlight", Clean::HTML),
    ("Prism.highlight", Clean::HTML),
    ("katex.renderToString", Clean::HTML),
    (".codeToHtml", Clean::HTML),
    ("shiki.codeToHtml", Clean::HTML),
    ("insane", Clean::HTML),
    ("he.encode", Clean::HTML),
    ("he.escape", Clean::HTML),
    ("escape-html", Clean::HTML),
    ("validator.escape", Clean::HTML),
    ("html.escape", Clean::HTML),
    ("markupsafe.escape", Clean::HTML),
    ("flask.escape", Clean::HTML),
    ("bleach.clean", Clean::HTML),
    ("django.utils.html.escape", Clean::HTML),
    ("django.utils.html.strip_tags", Clean::HTML),
    ("htmlspecialchars", Clean::HTML),
    ("htmlentities", Clean::HTML),
    ("strip_tags", Clean::HTML),
    ("esc_html", Clean::HTML),
    ("esc_attr", Clean::HTML),
    ("_.escape", Clean::HTML),
    ("lodash.escape", Clean::HTML),
    ("path.basename", Clean::PATH),
    ("os.path.basename", Clean::PATH),
    ("basename", Clean::PATH),
    ("werkzeug.utils.secure_filename", Clean::PATH),
    ("secure_filename", Clean::PATH),
    ("sanitize-filename", Clean::PATH),
    ("mysqli_real_escape_string", Clean::QUOTED),
    ("mysqli_escape_string", Clean::QUOTED),
    ("mysql_real_escape_string", Clean::QUOTED),
    ("mysql_escape_string", Clean::QUOTED),
    ("pg_escape_string", Clean::QUOTED),
    ("sqlite_escape_string", Clean::QUOTED),
    (".real_escape_string", Clean::QUOTED),
    (".escape_string", Clean::QUOTED),
    (".escapeString", Clean::QUOTED),
    ("pg_escape_literal", Clean::SQL),
    ("pg_escape_identifier", Clean::SQL),
    ("wp_kses_post", Clean::HTML),
    ("wp_kses", Clean::HTML),
    ("esc_url", Clean::HTML),
    (".quote", Clean::SQL),
    ("mysql.escape", Clean::SQL),
    ("mysql2.escape", Clean::SQL),
    ("escapeshellarg", Clean::SHELL),
    ("escapeshellcmd", Clean::SHELL),
    ("shlex.quote", Clean::SHELL),
    ("JSON.stringify", Clean(Clean::SQL.0 | Clean::SHELL.0)),
];

/// Calls that refuse on their own: what follows may take them as passed. Compared with the end of the path.
const REFUSE: &[&str] = &[
    "jsonwebtoken.verify",
    "jose.jwtVerify",
    "jwt.decode",
    ".verifyIdToken",
    ".verifySessionCookie",
    ".auth.protect",
    "auth.protect",
    "next/navigation.unauthorized",
    "stripe.webhooks.constructEvent",
    "Webhook.constructEvent",
    ".webhooks.constructEvent",
    ".webhooks.constructEventAsync",
    "svix.Webhook().verify",
    "standardwebhooks.Webhook().verify",
    "djwt.verify",
    "@clerk/backend.verifyToken",
    "@req.jwtVerify",
    "requireUserSession",
    "verify_jwt_in_request",
    "django.core.exceptions.PermissionDenied",
    ".authorize",
    "Gate.authorize",
    "abort_if",
    "abort_unless",
    "check_ajax_referer",
    "check_admin_referer",
];

/// Calls that never return.
const NEVER: &[&str] = &[
    "next/navigation.redirect",
    "next/navigation.permanentRedirect",
    "next/navigation.notFound",
    "next/navigation.unauthorized",
    "next/navigation.forbidden",
    "createNavigation().redirect",
    "createNavigation().permanentRedirect",
    "createSharedPathnamesNavigation().redirect",
    "createLocalizedPathnamesNavigation().redirect",
    "process.exit",
    "flask.abort",
    "werkzeug.exceptions.abort",
    "flask_restful.abort",
    "flask_restx.abort",
    "flask_smorest.abort",
    "flask_restx.Namespace().abort",
    "flask_restx.Api().abort",
    "sys.exit",
    "exit",
    "die",
    "abort",
    "wp_die",
    "wp_send_json_error",
    "wp_send_json_success",
    "streamlit.stop",
    "st.stop",
    "@sveltejs/kit.error",
    "@sveltejs/kit.redirect",
    "@c.throw",
    "@ctx.throw",
    "Deno.exit",
];

/// Calls that give back the function handed to them: wrappers that only catch errors, memoise or name it.
const WRAPPERS: &[&str] = &[
    "express-async-handler",
    "asyncHandler",
    "catchAsync",
    "functools.wraps()",
    "functools.lru_cache()",
    "functools.cache",
    "streamlit.cache_data",
    "streamlit.cache_data()",
    "streamlit.cache_resource",
    "streamlit.cache_resource()",
    "streamlit.fragment",
    "streamlit.dialog()",
    "contextlib.contextmanager",
    "staticmethod",
    "classmethod",
    "property",
    "react.cache",
    "react.useCallback",
    "react.memo",
    "react.forwardRef",
    "React.useCallback",
    "React.memo",
    "React.forwardRef",
    "Object.freeze",
    "Promise.all",
    "Promise.allSettled",
    "Promise.resolve",
    "util.promisify",
    "next/cache.unstable_cache",
    "asgiref.sync.sync_to_async",
    "django.db.transaction.atomic",
    "structuredClone",
    "Array.from",
    "list",
    "tuple",
    "dict",
    "reversed",
    "sorted",
    "array_values",
    "compact",
    "flask.stream_with_context",
];

/// Calls that give what a function handed to them gives, and at which position it stands.
const COMPUTED: &[(&str, usize)] = &[
    ("react.useMemo", 0),
    ("React.useMemo", 0),
    ("react.useSyncExternalStore", 1),
    ("React.useSyncExternalStore", 1),
    ("DB.transaction", 0),
    ("Cache.remember", 2),
    ("Cache.rememberForever", 1),
    ("cache().remember", 2),
    ("cache().rememberForever", 1),
];

/// Calls that make a place in which a component keeps a value between two drawings.
pub(crate) const PLACES: &[&str] =
    &["useState", "useRef", "ref", "shallowRef", "reactive", "writable", "signal", "createSignal"];

/// Calls that keep the functions handed to them for later.
const DEFER: &[&str] = &[
    ".use",
    ".get",
    ".post",
    ".put",
    ".patch",
    ".delete",
    ".all",
    ".route",
    ".on",
    ".once",
    ".addHook",
    ".register",
    ".listen",
    ".add_url_rule",
    ".command",
    ".before_request",
    ".after_request",
    ".errorhandler",
    ".context_processor",
    ".middleware",
];

pub(super) fn outcome(path: &str, receiver: Option<&Value>, args: &[Argument]) -> Outcome {
    if let Some(known) = super::python::outcome(path, receiver, args) {
        return known;
    }
    let mut outcome = Outcome::default();
    // The app's own escape function: it replaces what opens a tag.
    if matches!(path.rsplit('.').next(), Some("replace" | "replaceAll")) {
        let pattern = args.first().map(|arg| arg.value.as_str().unwrap_or_else(|| arg.value.path()).to_owned());
        if let Some(pattern) = pattern {
            if let Some(clean) = leaves_listed(&pattern, args) {
                outcome.clean = clean;
                return outcome;
            }
            // `.replace(/[,()%]/g, '')`: what would end a condition is taken out.
            if pattern.contains(',') && pattern.contains(['(', ')']) {
                outcome.clean = Clean::FILTER;
                return outcome;
            }
            if pattern.contains('<') {
                outcome.clean = Clean::HTML;
                return outcome;
            }
        }
    }
    // A file of records read whole is a store: its members are its tables.
    if matches!(path, "JSON.parse" | "json.load" | "json.loads") {
        let from_file = args.first().is_some_and(|arg| {
            let path = arg.value.path();
            path.contains("readFileSync()")
                || path.contains("readFile()")
                || path == "open()"
                || path.contains("file_get_contents()")
        });
        if from_file {
            outcome.result = Some(Value::symbol(
                plimsoll_analysis::Symbol::import("store:file"),
                Labels::one(Label::Record("data file".into(), Clean::NONE)),
            ));
            return outcome;
        }
    }
    // What a ticket says that anybody can write: text in base64 is no signature.
    if matches!(path, "JSON.parse" | "json.loads") && args.first().is_some_and(|arg| is_decoded_ticket(&arg.value)) {
        outcome.replace = Some(Labels::one(Label::UnverifiedIdentity));
        return outcome;
    }
    if let Some(outcome) = super::php::outcome(path, args) {
        return outcome;
    }
    if let Some(result) = super::schemas::checked(path, receiver, args) {
        outcome.result = Some(result);
        return outcome;
    }
    // `searchParams.get("id")`, `formData.get("email")`: the key names the input.
    if path.ends_with(".get")
        && (path.contains("searchParams") || path.contains("formData"))
        && let (Some(from), Some(key)) = (receiver, args.first().and_then(|arg| arg.value.as_str()))
        && from.labels.any(|label| matches!(label, Label::Input(name, _) if matches!(name.as_str(), "query" | "body")))
    {
        let named = from.labels.iter().map(|label| match label {
            Label::Input(name, clean) if matches!(name.as_str(), "query" | "body") => {
                Label::Input(format!("{name}.{key}").into(), *clean)
            }
            other => other.clone(),
        });
        outcome.replace = Some(named.collect());
        return outcome;
    }
    // `row.owner.equals(user.id)` compares ids of a document store.
    if path.ends_with(".equals")
        && let (Some(left), Some(right)) = (receiver, args.first())
    {
        let labels = left.deep_labels().union(&right.value.deep_labels());
        let pair = std::rc::Rc::new((left.clone(), right.value.clone()));
        outcome.result = Some(Value { kind: ValueKind::Equal(pair, true), labels });
        return outcome;
    }
    // Any window may send a message.
    if matches!(path, "window.addEventListener" | "addEventListener" | "globalThis.addEventListener")
        && args.first().and_then(|arg| arg.value.as_str()) == Some("message")
    {
        outcome.add = Labels::one(Label::Browser("message".into(), Clean::NONE));
        return outcome;
    }
    // What a payment service answers is its own, not what it was asked with.
    if (path.starts_with("stripe().") || path.contains("Stripe().")) && !path.contains("webhooks.") {
        outcome.replace = Some(Labels::NONE);
        return outcome;
    }
    // `sql.join([sql`…`], sql`, `)`: each part keeps its values apart.
    if path.ends_with("drizzle-orm.sql.join") {
        outcome.clean = Clean::SQL;
        return outcome;
    }
    // `prisma.$extends({ … })`: the same client with habits of its own.
    if path.ends_with(".$extends")
        && let Some(client) = receiver
    {
        outcome.result = Some(client.clone());
        return outcome;
    }
    // What a server answers is its own, not what was sent to ask for it.
    if matches!(path, "fetch" | "window.fetch" | "axios") || (path.starts_with("axios.") && !path.contains("create")) {
        outcome.replace = Some(Labels::NONE);
        return outcome;
    }
    let ending = ending(path);
    if let Some(clean) = ending.cleans {
        outcome.clean = clean;
        return outcome;
    }
    // A hook of Fastify that answers ends the request: what is behind it is not run.
    let ends_request = path.starts_with("@hookreply.") && (path.ends_with(".send") || path.ends_with(".redirect"));
    if ends_request || ending.never_returns {
        outcome.never_returns = true;
        return outcome;
    }
    outcome.keeps = ending.keeps;
    outcome.puts = ending.puts;
    if let Some(index) = ending.computes {
        outcome.gives_result_of = Some(index);
        return outcome;
    }
    if let Some(index) = ending.returns {
        outcome.returns_arg = Some(index);
        return outcome;
    }
    // Google's tables: the app signs in there, nobody here.
    let elsewhere = path.starts_with("gspread.") || path.starts_with("pygsheets.");
    if ending.refuses && !elsewhere {
        outcome.passes = true;
        // What a service signed tells of the service, not of a caller.
        let is_message = path.to_ascii_lowercase().contains("webhook");
        outcome.replace = Some(if is_message { Labels::NONE } else { Labels::one(Label::Identity) });
        return outcome;
    }
    // The event of the running request, asked for by name.
    if matches!(path, "$app/server.getRequestEvent" | "useEvent" | "h3.useEvent") {
        let event = plimsoll_analysis::Symbol::given("@event");
        outcome.result = Some(Value::symbol(event, Labels::NONE));
        return outcome;
    }
    // `authenticator.isAuthenticated(request, { failureRedirect })` throws the redirect itself.
    if path.ends_with(".isAuthenticated") || path.ends_with(".authenticate") {
        let refuses = args.get(1..).unwrap_or_default().iter().any(|arg| arg.value.field("failureRedirect").is_some());
        if refuses && path.contains("Authenticator()") {
            outcome.passes = true;
            outcome.replace = Some(Labels::one(Label::Identity));
            return outcome;
        }
    }
    // `$this->file->path()`, `$request->file('x')->path()`: where an upload lies for the time being. (The address that was
    // asked for is the request's own `path()`.)
    if path.ends_with(".path")
        && args.is_empty()
        && !matches!(path, "@laravel.path" | "request().path")
        && receiver.is_some_and(|file| file.labels.any(|label| matches!(label, Label::Input(..) | Label::Upload(..))))
    {
        outcome.clean = Clean::ALL;
        return outcome;
    }
    let first = args.first().map(|arg| &arg.value);
    // Flash messages and the like in a cookie session say nothing about the caller.
    if path.ends_with("getSession().get")
        && let Some(key) = first.and_then(Value::as_str)
        && (super::origins::is_plumbing(key) || key.to_ascii_lowercase().contains("message") || key == "error")
    {
        outcome.result = Some(Value::unknown());
        return outcome;
    }
    if path == "flask.session.get"
        && let Some(key) = first.and_then(Value::as_str)
        && super::origins::is_plumbing(key)
    {
        outcome.result =
            Some(Value::symbol(plimsoll_analysis::Symbol::import(format!("flask.session.{key}")), Labels::NONE));
        return outcome;
    }
    if ending.reads_setting {
        if let Some(name) = first.and_then(Value::as_str) {
            outcome.replace = Some(Labels::one(Label::Env(name.into())));
            if let Some(default) = args.get(1) {
                // The default is what the app runs with where the setting is missing.
                let symbol = plimsoll_analysis::Symbol::import(format!("process.env.{name}"));
                let setting = Value::symbol(symbol, Labels::one(Label::Env(name.into())));
                let labels = setting.labels.clone();
                outcome.result =
                    Some(Value { kind: ValueKind::Or(std::rc::Rc::new((setting, default.value.clone()))), labels });
            }
        }
        return outcome;
    }
    if ending.compares {
        // A comparison: keeps what was compared, so that a test of it can be understood.
        if let (Some(left), Some(right)) = (first, args.get(1)) {
            let labels = left.deep_labels().union(&right.value.deep_labels());
            outcome.result = Some(Value {
                kind: ValueKind::Equal(std::rc::Rc::new((left.clone(), right.value.clone())), true),
                labels,
            });
        }
        return outcome;
    }
    if ending.hashes {
        outcome.replace = Some(Labels::one(Label::Credential));
        return outcome;
    }
    if ends_with_name(path, "jsonwebtoken.sign")
        || path.ends_with("SignJWT().sign")
        || path.ends_with("jwt.encode")
        || path.ends_with("create_access_token")
        || path.ends_with("create_refresh_token")
        || path.ends_with("Token.for_user")
    {
        outcome.replace = Some(Labels::one(Label::Token));
        return outcome;
    }
    // A document made here is a new one, whatever records its values were read from.
    if path.ends_with("mongoose.model()") || path.ends_with("mongoose.default.model()") {
        let given = args.iter().fold(Labels::NONE, |all, arg| all.union(&arg.value.deep_labels()));
        outcome.replace = Some(given.filtered(|label| !matches!(label, Label::Record(..))));
        return outcome;
    }
    let recognised = stores::recognise(path, receiver, args);
    if recognised.is_some() || stores::is_behind_read(receiver) {
        // What only goes on with what was read (`.fetchall()`) gives records of the same store.
        let same = receiver
            .map(|receiver| receiver.labels.filtered(|label| matches!(label, Label::Record(..))))
            .filter(|same| recognised.is_none() && !same.is_empty());
        outcome.replace = Some(same.unwrap_or_else(|| {
            let name = recognised
                .map(|call| call.target)
                .filter(|target| !target.is_empty())
                .or_else(|| stores::target_of(path, receiver, args))
                .unwrap_or_default();
            Labels::one(Label::Record(name.into(), Clean::NONE))
        }));
        // Prisma: what is only shown beside the record does not say whose it is.
        let first = args.first().map(|arg| &arg.value);
        let beside = ["include", "select"].iter().any(|part| first.is_some_and(|first| first.field(part).is_some()))
            && crate::guards::is_prisma_read(path.rsplit('.').next().unwrap_or(path));
        outcome.keep_identity = !beside
            || first.and_then(|first| first.field("where")).is_some_and(|only| only.deep_labels().has_identity());
        // A record found by what the cookie or a header carries is how home-made sessions know the caller.
        let by_ticket = args.iter().any(|arg| {
            let of_server = names_express_header(&arg.value, 4);
            arg.value.deep_labels().any(|label| match label {
                // A header that only names somebody is written by whoever calls; behind a middleware of Next it may be
                // what that found out.
                Label::Input(name, _) if name.starts_with("headers") => !(of_server && is_name_of_somebody(name)),
                Label::Input(name, _) => name.starts_with("cookies"),
                _ => false,
            })
        });
        // So is a row of the table of sessions that is found by the token that was sent, wherever it was sent.
        let by_session =
            outcome.replace.as_ref().is_some_and(|labels| {
                labels.any(|label| matches!(label, Label::Record(name, _) if keeps_sessions(name)))
            }) && args.iter().any(|arg| {
                arg.value.deep_labels().any(|label| matches!(label, Label::Input(name, _) if is_ticket(name)))
            });
        if by_ticket || by_session {
            outcome.add = Labels::one(Label::Identity);
        }
        return outcome;
    }
    outcome.defers = ending.defers;
    outcome
}

/// Whether a value is read from a header of a request as Express and its like give it.
fn names_express_header(value: &Value, depth: u32) -> bool {
    // `parseInt(header)` leaves no trace but the labels.
    let by_number = matches!(value.kind, ValueKind::Unknown)
        && value.labels.any(|label| matches!(label, Label::Input(name, _) if name.starts_with("headers")));
    if by_number || value.path().starts_with("@req.") {
        return true;
    }
    let object = value.as_object().is_some_and(|object| {
        object.fields.borrow().values().take(16).any(|inner| depth > 0 && names_express_header(inner, depth - 1))
    });
    object
        || value.as_symbol().is_some_and(|symbol| {
            symbol
                .calls()
                .iter()
                .flat_map(|(_, args, _)| args.iter())
                .any(|arg| depth > 0 && names_express_header(&arg.value, depth - 1))
        })
}

/// Whether a header names a person without proving anything: `x-user-id`, `user-email`. What platforms put there is theirs.
fn is_name_of_somebody(header: &str) -> bool {
    let words = crate::handler::words_of(header.trim_start_matches("headers."));
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    has(&["user", "userid", "username", "admin", "employee", "staff", "member", "customer", "account", "role"])
        && !has(&[
            "token",
            "key",
            "secret",
            "session",
            "auth",
            "signature",
            "replit",
            "amzn",
            "goog",
            "ms",
            "cf",
            "agent",
        ])
}

/// `.replace(/[^a-z0-9]/g, '')` leaves only what is listed: what that is harmless for.
fn leaves_listed(pattern: &str, args: &[Argument]) -> Option<Clean> {
    let body = pattern.strip_prefix('/')?.trim_end_matches('/');
    let class = body.strip_prefix("[^")?;
    let listed = class.trim_end_matches(['+', '*']).strip_suffix(']')?;
    let constant = args.get(1).is_none_or(|arg| matches!(arg.value.kind, ValueKind::Str(_)));
    if !constant || listed.contains(['<', '>', '\'', '"', '`', ';', '$', ']']) || listed.contains("\\S") {
        return None;
    }
    let is_path = listed.contains('/') || listed.contains("\\/");
    Some(if is_path { Clean(Clean::ALL.0 & !Clean::PATH.0 & !Clean::URL.0) } else { Clean::ALL })
}

/// Whether a value is a cookie or a header for logins, decoded and nothing more.
fn is_decoded_ticket(value: &Value) -> bool {
    let sent = value.deep_labels().any(
        |label| matches!(label, Label::Input(name, _) if name.starts_with("cookies") || name.starts_with("headers")),
    );
    let decoded = value.as_symbol().is_some_and(|symbol| {
        symbol.calls().iter().any(|(name, args, _)| {
            matches!(name.as_str(), "atob" | "b64decode" | "base64_decode" | "urlsafe_b64decode")
                || (name == "from"
                    && args.get(1).and_then(|arg| arg.value.as_str()).is_some_and(|kind| kind.starts_with("base64")))
        })
    });
    sent && decoded
}

/// Whether a store keeps who is signed in.
pub(crate) fn keeps_sessions(store: &str) -> bool {
    let words = crate::handler::words_of(store);
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    !has(&["reset", "password", "verification", "verify", "invite", "invitation", "confirm", "email", "device", "push"])
        && (has(&["session", "sessions", "usersession", "usersessions", "authsession"])
            || (has(&["token", "tokens"]) && has(&["api", "access", "auth", "user", "login"]))
            || has(&["apitoken", "apitokens", "accesstoken", "accesstokens", "authtoken", "authtokens"]))
}

/// Whether an input is called like what proves a login.
fn is_ticket(input: &str) -> bool {
    let last = input.rsplit('.').next().unwrap_or(input);
    crate::handler::words_of(last).iter().any(|word| matches!(word.as_str(), "token" | "session" | "sid" | "ticket"))
}

/// What the tables say of a path: it is the same whenever it is called.
#[derive(Clone, Copy)]
struct Ending {
    cleans: Option<Clean>,
    never_returns: bool,
    computes: Option<usize>,
    returns: Option<usize>,
    refuses: bool,
    reads_setting: bool,
    compares: bool,
    hashes: bool,
    defers: bool,
    keeps: bool,
    puts: bool,
}

/// Settings by name.
const SETTINGS: &[&str] =
    &["os.environ.get", "os.getenv", "getenv", "env", "config", "decouple.config", "Deno.env.get"];

/// Comparisons of secrets.
const COMPARE: &[&str] = &[
    "bcrypt.compare",
    "bcrypt.compareSync",
    "bcryptjs.compare",
    "bcryptjs.compareSync",
    "argon2.verify",
    "check_password_hash",
    "password_verify",
    "crypto.timingSafeEqual",
    "hmac.compare_digest",
    "secrets.compare_digest",
    "hash_equals",
];

fn ending(path: &str) -> Ending {
    thread_local! {
        static ENDINGS: super::Remembered<Ending> = super::Remembered::default();
    }
    let has = |names: &[&str]| names.iter().any(|name| ends_with_name(path, name));
    ENDINGS.with(|known| {
        known.get_or(path, || Ending {
            cleans: CLEANERS.iter().find(|(name, _)| ends_with_name(path, name)).map(|(_, clean)| *clean),
            never_returns: has(NEVER),
            computes: COMPUTED.iter().find(|(name, _)| ends_with_name(path, name)).map(|(_, index)| *index),
            returns: returned_argument(path),
            refuses: has(REFUSE),
            reads_setting: has(SETTINGS),
            compares: has(COMPARE),
            hashes: has(&["bcrypt.hash", "bcryptjs.hash"])
                || path.ends_with("hashpw")
                || path.ends_with("generate_password_hash"),
            defers: DEFER.iter().any(|name| path.ends_with(name)) && is_registration(path),
            // A database has places of that name, too.
            keeps: has(PLACES) && !path.contains("firebase"),
            puts: has(&["useState()[]", "createSignal()[]"]),
        })
    })
}

fn returned_argument(path: &str) -> Option<usize> {
    // The function behind a description of it.
    if ["defineFlow", "defineTool", ".onCall", "onCall", "createServerFn().handler"]
        .iter()
        .any(|name| path.ends_with(name))
    {
        return Some(1);
    }
    WRAPPERS.iter().any(|name| ends_with_name(path, name)).then_some(0)
}

/// Whether a `.get(…)`-like call belongs to a server object rather than to a client or a map.
fn is_registration(path: &str) -> bool {
    [
        "express()",
        "Router()",
        "Hono()",
        "fastify()",
        "Fastify()",
        "koa()",
        "Koa()",
        "router()",
        "Server()",
        "createServer()",
        "WebSocketServer()",
        "flask.Flask()",
        "Blueprint()",
        "@app",
        "@router",
        "@server",
        "@fastify",
        "process.on",
        "addEventListener",
    ]
    .iter()
    .any(|name| path.contains(name))
}
