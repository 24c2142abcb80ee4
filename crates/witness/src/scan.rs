//! Facts that the tree itself shows, without running anything: guessable tokens, debug switches, upload
//! handlers without bounds.

use std::collections::BTreeMap;

use plimsoll_analysis::Program;
use plimsoll_ir::{Kind, Language, Module, NodeId, walk};
use plimsoll_model::App;
use plimsoll_model::app::{CryptoUse, CryptoUseKind, SettingSeen};
use plimsoll_source::Span;

use crate::handler::words_of;

pub(crate) fn observe(program: &Program<'_>, app: &mut App) {
    let mut guessable: Vec<(Span, String)> = Vec::new();
    let makers = guessable_makers(program);
    for (id, module) in program.iter() {
        let path = program.path(id);
        let made = Made { names: random_names(module, &makers), makers: &makers };
        for (node, at) in module.iter() {
            match &at.kind {
                Kind::Let { target, value: Some(value), .. } | Kind::Assign { target, value, .. } => {
                    if let Some(name) = name_of(module, *target) {
                        named_value(module, node, &name, *value, &made, &mut guessable);
                        if name == "DEBUG"
                            && path.ends_with("settings.py")
                            && matches!(module.kind(*value), Kind::Bool(true))
                        {
                            setting(app, "Django", "debug-mode", "True", module.span(node));
                        }
                    }
                }
                Kind::Object(properties) => {
                    for property in properties {
                        if let plimsoll_ir::Key::Named(name) = &property.key {
                            named_value(module, property.value, name, property.value, &made, &mut guessable);
                        }
                    }
                }
                Kind::Call { callee, args, .. } => {
                    let called = module.path(*callee).unwrap_or_default();
                    let named =
                        |wanted: &str| args.iter().find(|arg| arg.name.as_deref() == Some(wanted)).map(|arg| arg.value);
                    if (called.ends_with(".run") || called.ends_with(".run_server"))
                        && module.language == Language::Python
                        && named("debug").is_some_and(|value| matches!(module.kind(value), Kind::Bool(true)))
                    {
                        setting(app, "Flask", "debug-mode", "True", module.span(node));
                    }
                    if called.rsplit('.').next() == Some("FastAPI")
                        && named("debug").is_some_and(|value| matches!(module.kind(value), Kind::Bool(true)))
                    {
                        setting(app, "FastAPI", "debug-mode", "True", module.span(node));
                    }
                    if called == "multer" {
                        let options = args.first().map(|arg| arg.value);
                        let has = |name: &str| options.and_then(|options| module.property(options, name)).is_some();
                        // What a file is can only be told from its content, later: a missing filter alone says little.
                        if !has("limits") {
                            let missing = if has("fileFilter") {
                                "the size is not limited"
                            } else {
                                "neither size nor kind is limited"
                            };
                            setting(app, "multer", "upload-without-bounds", missing, module.span(node));
                        }
                    }
                }
                _ => {}
            }
        }
    }
    second_factor_sent_away(program, app);
    if let Some((first, rest)) = guessable.split_first() {
        app.crypto.push(CryptoUse {
            kind: CryptoUseKind::GuessableToken,
            how: first.1.clone(),
            span: first.0,
            also: rest.iter().map(|(span, _)| *span).collect(),
        });
    }
}

/// Services that draw a code from what stands in an address.
const DRAWERS: &[&str] =
    &["api.qrserver.com", "chart.googleapis.com", "chart.apis.google.com", "quickchart.io", "image-charts.com"];

/// Where the secret of a second factor (`otpauth://…?secret=…`) is put into the address of a service that draws it.
fn second_factor_sent_away(program: &Program<'_>, app: &mut App) {
    for (_, module) in program.iter() {
        let has_uri = module.iter().any(|(_, at)| matches!(&at.kind, Kind::Str(text) if text.contains("otpauth://")));
        let mut spans: Vec<Span> = Vec::new();
        for (node, at) in module.iter() {
            let parts: &[NodeId] = match &at.kind {
                Kind::Template(parts) => parts,
                Kind::Binary { op: plimsoll_ir::BinaryOp::Add, .. } => std::slice::from_ref(&node),
                _ => continue,
            };
            let (mut draws, mut names_factor) = (false, false);
            for &part in parts {
                walk(module, part, &mut |inner| {
                    match module.kind(inner) {
                        Kind::Str(text) => draws |= DRAWERS.iter().any(|host| text.contains(host)),
                        Kind::Name(name) | Kind::Member { property: name, .. } => {
                            names_factor |= words_of(name).iter().any(|word| {
                                matches!(word.as_str(), "otpauth" | "totp" | "otp" | "mfa" | "2fa" | "secret")
                            });
                        }
                        _ => {}
                    }
                    true
                });
            }
            let span = module.span(node);
            if draws && (has_uri || names_factor) && !spans.contains(&span) {
                spans.push(span);
            }
        }
        if let Some((first, rest)) = spans.split_first() {
            app.settings.push(SettingSeen {
                system: "second factor".into(),
                key: "second-factor-sent-away".into(),
                value: "the secret stands in the address of a service that draws codes".into(),
                span: *first,
                also: rest.to_vec(),
            });
        }
    }
}

fn setting(app: &mut App, system: &str, key: &str, value: &str, span: Span) {
    app.settings.push(SettingSeen {
        system: system.into(),
        key: key.into(),
        value: value.into(),
        span,
        also: Vec::new(),
    });
}

fn name_of(module: &Module, target: NodeId) -> Option<String> {
    match module.kind(target) {
        Kind::Name(name) => Some(name.to_string()),
        Kind::Member { property, .. } => Some(property.to_string()),
        _ => None,
    }
}

/// The app's own small functions that give back what a guessable generator makes, by name. A name that another function
/// of the app has too says nothing.
fn guessable_makers(program: &Program<'_>) -> BTreeMap<String, String> {
    /// A function longer than this does more than make a value.
    const SMALL: usize = 80;
    let mut makers: BTreeMap<String, Option<String>> = BTreeMap::new();
    for (_, module) in program.iter().filter(|(_, module)| module.language != Language::Php) {
        let mut named: Vec<(String, NodeId)> = module
            .functions
            .iter()
            .filter_map(|function| Some((function.name.as_ref()?.to_string(), function.body)))
            .collect();
        for (_, at) in module.iter() {
            if let Kind::Let { target, value: Some(value), .. } = &at.kind
                && let Kind::Function(function) = module.kind(*value)
                && let Some(name) = name_of(module, *target)
            {
                named.push((name, module.function(*function).body));
            }
        }
        named.dedup();
        for (name, body) in named {
            let (mut size, mut generator) = (0, None);
            walk(module, body, &mut |inner| {
                size += 1;
                if let Kind::Call { callee, .. } = module.kind(inner)
                    && let Some(path) = module.path(*callee)
                    && is_generator(module, &path)
                {
                    generator = Some(path);
                }
                true
            });
            let found = generator.filter(|_| size <= SMALL);
            makers.entry(name).and_modify(|known| *known = known.take().filter(|_| found.is_some())).or_insert(found);
        }
    }
    makers.into_iter().filter_map(|(name, generator)| Some((name, generator?))).collect()
}

/// What a guessable generator made, by the name that holds it or the function that gives it back.
struct Made<'a> {
    names: BTreeMap<String, String>,
    makers: &'a BTreeMap<String, String>,
}

/// Names of a module that hold what a guessable generator made, with the generator: parts that tokens are put together of.
fn random_names(module: &Module, makers: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    for (_, at) in module.iter() {
        if let Kind::Let { target, value: Some(value), .. } | Kind::Assign { target, value, .. } = &at.kind
            && let Kind::Name(name) = module.kind(*target)
            // Short names are used again for something else.
            && name.len() >= 4
            && let Some(how) = generator_in(module, *value, &Made { names: BTreeMap::new(), makers })
        {
            out.insert(name.to_string(), how);
        }
    }
    out
}

/// Whether a call gives values that can be computed from others of its kind, or from the time.
fn is_generator(module: &Module, path: &str) -> bool {
    if module.language != Language::Python {
        return matches!(path, "Math.random" | "mt_rand" | "rand" | "uniqid");
    }
    let name = path.strip_prefix("random.").unwrap_or(path);
    let known = matches!(name, "choice" | "randint" | "choices" | "random" | "sample" | "randrange" | "getrandbits");
    let imported = || {
        module
            .imports
            .iter()
            .any(|import| import.module == "random" && import.names.iter().any(|(_, local)| local == name))
    };
    path == "uuid.uuid1" || known && (name.len() < path.len() || imported())
}

/// A hash of the time and of what is known of the account: `hashlib.md5(f"{email}{time.time()}".encode())`.
fn hash_of_time(module: &Module, value: NodeId) -> Option<String> {
    let (mut hash, mut time, mut random) = (None, false, false);
    walk(module, value, &mut |inner| {
        if let Kind::Call { callee, .. } = module.kind(inner)
            && let Some(path) = module.path(*callee)
        {
            match path.as_str() {
                "time.time"
                | "datetime.now"
                | "datetime.utcnow"
                | "datetime.datetime.now"
                | "Date.now"
                | "datetime.datetime.utcnow"
                | "timezone.now"
                | "time"
                | "microtime" => time = true,
                _ if path.starts_with("hashlib.") && !path.contains("pbkdf2") && !path.contains("scrypt") => {
                    hash = Some(path.clone());
                }
                _ => {
                    random |= path.starts_with("secrets.") || path.starts_with("os.urandom") || path.contains("uuid4");
                }
            }
        }
        true
    });
    hash.filter(|_| time && !random).map(|hash| format!("{hash} of the time"))
}

/// The guessable generator in a value, if there is one.
fn generator_in(module: &Module, value: NodeId, made: &Made<'_>) -> Option<String> {
    let mut found = hash_of_time(module, value);
    walk(module, value, &mut |inner| {
        match module.kind(inner) {
            Kind::Call { callee, .. } => {
                let path = module.path(*callee).unwrap_or_default();
                if is_generator(module, &path) {
                    found = Some(path);
                } else if let Some(generator) = made.makers.get(path.rsplit('.').next().unwrap_or(&path)) {
                    found = Some(generator.clone());
                }
            }
            Kind::Name(name) => {
                if let Some(how) = made.names.get(name.as_str()).filter(|_| found.is_none() && !is_secret_name(name)) {
                    found = Some(how.clone());
                }
            }
            _ => {}
        }
        !matches!(module.kind(inner), Kind::Function(_))
    });
    found
}

/// Names of tokens, passwords and codes.
fn is_secret_name(name: &str) -> bool {
    let words = words_of(name);
    words.iter().any(|word| {
        matches!(
            word.as_str(),
            "token"
                | "password"
                | "pwd"
                | "passcode"
                | "otp"
                | "secret"
                | "apikey"
                | "pin"
                | "sharelink"
                | "resettoken"
                | "sessionid"
                | "nonce"
        )
    }) || (words.contains(&"code".into())
        && words.iter().any(|word| {
            matches!(word.as_str(), "reset" | "verification" | "verify" | "invite" | "access" | "login" | "auth")
        }))
        || (words.contains(&"link".into()) && words.contains(&"share".into()))
}

/// Whether a value stands in a function whose name says that somebody proves who they are.
fn is_about_proof(module: &Module, node: NodeId) -> bool {
    let range = module.node(node).range;
    let inner = module
        .functions
        .iter()
        .filter(|function| function.range.start <= range.start && range.end <= function.range.end)
        .max_by_key(|function| function.range.start);
    inner.and_then(|function| function.name.as_ref()).is_some_and(|name| {
        words_of(name).iter().any(|word| {
            matches!(
                word.as_str(),
                "reset"
                    | "forgot"
                    | "password"
                    | "verify"
                    | "verification"
                    | "otp"
                    | "login"
                    | "confirm"
                    | "invite"
                    | "2fa"
                    | "mfa"
                    | "register"
                    | "signup"
            )
        })
    })
}

/// A value named like a token, password or code that comes from a guessable generator.
fn named_value(
    module: &Module,
    node: NodeId,
    name: &str,
    value: NodeId,
    made: &Made<'_>,
    out: &mut Vec<(Span, String)>,
) {
    if !(is_secret_name(name) || name.eq_ignore_ascii_case("code") && is_about_proof(module, node)) {
        return;
    }
    if let Some(how) = generator_in(module, value, made) {
        let span = module.span(node);
        if !out.iter().any(|(known, _)| *known == span) {
            out.push((span, how));
        }
    }
}
