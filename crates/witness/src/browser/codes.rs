//! One-time codes, PINs and passwords that are compared in the visitor's browser: whoever sits before it reads them there.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_analysis::Program;
use plimsoll_ir::{BinaryOp, Kind, Language, Module, NodeId, walk};
use plimsoll_model::App;
use plimsoll_model::app::SettingSeen;
use plimsoll_source::Span;

use crate::handler::words_of;

pub(super) fn observe(program: &Program<'_>, app: &mut App) {
    for (id, module) in program.iter().filter(|(_, module)| module.language == Language::JavaScript) {
        let path = program.path(id);
        let shown = [".tsx", ".jsx", ".vue", ".svelte"].iter().any(|end| path.ends_with(end));
        if !shown && !super::is_client(path, module) {
            continue;
        }
        let found = [
            ("code-checked-in-browser", compared(module, about_logins(path))),
            ("secret-checked-in-browser", known_secrets(module)),
        ];
        for (key, spans) in found {
            if let Some((first, rest)) = spans.split_first() {
                app.settings.push(SettingSeen {
                    system: "browser".into(),
                    key: key.into(),
                    value: "compared here".into(),
                    span: *first,
                    also: rest.to_vec(),
                });
            }
        }
    }
}

/// Where a code that the module made itself is compared with what was typed.
fn compared(module: &Module, about_logins: bool) -> Vec<Span> {
    let is_code = |name: &str| is_code(name, about_logins);
    let setters = setters(module);
    let mut made: BTreeSet<String> = BTreeSet::new();
    let mut keys: BTreeSet<String> = BTreeSet::new();
    let mut spans = Vec::new();
    // Thrice: a code is made, put into a state or the browser's storage, and read from there.
    for _ in 0..3 {
        for (_, at) in module.iter() {
            match &at.kind {
                Kind::Let { target, value: Some(value), .. } | Kind::Assign { target, value, .. } => {
                    let Some(name) = name_of(module, *target) else { continue };
                    let read = stored_key(module, *value, "getItem").is_some_and(|key| keys.contains(&key));
                    if (is_code(&name) && is_random(module, *value)) || holds(module, *value, &made) || read {
                        made.insert(name);
                    }
                }
                Kind::Call { callee, args, .. } => {
                    let Some(first) = args.first().map(|arg| arg.value) else { continue };
                    let state = name_of(module, *callee).and_then(|setter| setters.get(&setter).cloned());
                    let puts = |value: NodeId, name: &str, made: &BTreeSet<String>| {
                        holds(module, value, made) || (is_code(name) && is_random(module, value))
                    };
                    if let Some(state) = state.filter(|state| puts(first, state, &made)) {
                        made.insert(state);
                    }
                    if let (Kind::Member { property, .. }, Kind::Str(key), Some(value)) =
                        (module.kind(*callee), module.kind(first), args.get(1))
                        && property == "setItem"
                        && puts(value.value, key, &made)
                    {
                        keys.insert(key.to_string());
                    }
                }
                _ => {}
            }
        }
    }
    for (node, at) in module.iter() {
        if let Kind::Binary { op: BinaryOp::Equal | BinaryOp::NotEqual, left, right } = &at.kind {
            let sides = [(*left, *right), (*right, *left)];
            let stored = |side: NodeId| stored_key(module, side, "getItem").is_some_and(|key| keys.contains(&key));
            if sides.iter().any(|&(a, b)| (holds(module, a, &made) || stored(a)) && !is_constant(module, b)) {
                spans.push(module.span(node));
            }
        }
    }
    spans
}

/// Where a PIN or a password that was typed is compared with the right one, which the page therefore knows.
fn known_secrets(module: &Module) -> Vec<Span> {
    let mut spans = Vec::new();
    for (node, at) in module.iter() {
        if let Kind::Binary { op: BinaryOp::Equal | BinaryOp::NotEqual, left, right } = &at.kind
            && [(*left, *right), (*right, *left)].iter().any(|&(a, b)| is_typed(module, a) && is_right_one(module, b))
        {
            spans.push(module.span(node));
        }
    }
    spans
}

/// Whether an expression is named as something secret that somebody types: `pin`, `enteredPassword`.
fn is_typed(module: &Module, node: NodeId) -> bool {
    secret_words(module, node).is_some_and(|words| !words.iter().any(|word| is_second(word)))
}

/// Whether an expression is the right one: written there, kept under a name that says so, or a field of a record.
fn is_right_one(module: &Module, node: NodeId) -> bool {
    const RIGHT: &[&str] =
        &["correct", "right", "expected", "stored", "saved", "master", "valid", "real", "actual", "secret", "default"];
    // Fields of what is typed into a form, and what a form says of them.
    const FORMS: &[&str] = &[
        "form", "values", "data", "input", "inputs", "fields", "state", "errors", "touched", "target", "body", "props",
    ];
    match module.kind(node) {
        Kind::Str(text) => text.len() >= 3 && !text.contains(char::is_whitespace),
        Kind::Name(name) => {
            let constant = name.len() > 3 && !name.contains(|c: char| c.is_ascii_lowercase());
            secret_words(module, node).is_some_and(|words| {
                (constant || words.iter().any(|word| RIGHT.contains(&word.as_str())))
                    && !words.iter().any(|word| is_second(word))
            })
        }
        Kind::Member { object, .. } => {
            let of_form = module.path(*object).is_none_or(|path| {
                let of = words_of(path.rsplit('.').next().unwrap_or(&path));
                of.iter().any(|word| FORMS.contains(&word.as_str()))
            });
            !of_form && secret_words(module, node).is_some_and(|words| !words.iter().any(|word| is_second(word)))
        }
        _ => false,
    }
}

/// The words of an expression's name, where the last says that it is a PIN or a password.
fn secret_words(module: &Module, node: NodeId) -> Option<Vec<String>> {
    const SECRETS: &[&str] =
        &["pin", "password", "passcode", "pass", "pwd", "passwd", "passphrase", "senha", "clave", "passwort"];
    let words = words_of(&name_of(module, node)?);
    words.last().is_some_and(|last| SECRETS.contains(&last.as_str())).then_some(words)
}

/// Words of what is typed a second time, or in place of what was.
fn is_second(word: &str) -> bool {
    matches!(
        word,
        "confirm"
            | "confirmed"
            | "confirmation"
            | "repeat"
            | "repeated"
            | "again"
            | "retype"
            | "re"
            | "new"
            | "old"
            | "current"
            | "verify"
            | "second"
            | "previous"
            | "first"
            | "show"
            | "is"
            | "has"
    )
}

/// Names of state by the names of what sets them: `const [sent, setSent] = useState("")`.
fn setters(module: &Module) -> BTreeMap<String, String> {
    let pairs = module.iter().filter_map(|(_, at)| {
        let Kind::Let { target, value: Some(value), .. } = &at.kind else { return None };
        let (Kind::Array(parts), Kind::Call { callee, .. }) = (module.kind(*target), module.kind(*value)) else {
            return None;
        };
        let makes =
            module.path(*callee).is_some_and(|path| path.ends_with("useState") || path.ends_with("createSignal"));
        let [state, setter] = &parts[..] else { return None };
        makes.then_some(())?;
        Some((name_of(module, *setter)?, name_of(module, *state)?))
    });
    pairs.collect()
}

fn name_of(module: &Module, node: NodeId) -> Option<String> {
    match module.kind(node) {
        Kind::Name(name) => Some(name.to_string()),
        // `ref.current = code`, `this.code = …`
        Kind::Member { object, property } => match property.as_str() {
            "current" | "value" => name_of(module, *object),
            _ => Some(property.to_string()),
        },
        _ => None,
    }
}

/// Whether a value is one of these names, perhaps turned into text on the way.
fn holds(module: &Module, node: NodeId, names: &BTreeSet<String>) -> bool {
    match module.kind(node) {
        Kind::Name(_) => name_of(module, node).is_some_and(|name| names.contains(&name)),
        Kind::Member { property, .. } if matches!(property.as_str(), "current" | "value") => {
            name_of(module, node).is_some_and(|name| names.contains(&name))
        }
        Kind::Call { callee, args, .. } => match module.kind(*callee) {
            Kind::Member { object, property } => {
                matches!(property.as_str(), "toString" | "trim" | "toUpperCase") && holds(module, *object, names)
            }
            Kind::Name(name) => {
                matches!(name.as_str(), "String" | "Number" | "parseInt")
                    && args.first().is_some_and(|arg| holds(module, arg.value, names))
            }
            _ => false,
        },
        _ => false,
    }
}

/// The key of `sessionStorage.getItem(key)`.
fn stored_key(module: &Module, node: NodeId, method: &str) -> Option<String> {
    let Kind::Call { callee, args, .. } = module.kind(node) else { return None };
    let Kind::Member { property, .. } = module.kind(*callee) else { return None };
    match module.kind(args.first()?.value) {
        Kind::Str(key) if property == method => Some(key.to_string()),
        _ => None,
    }
}

fn is_constant(module: &Module, node: NodeId) -> bool {
    matches!(module.kind(node), Kind::Str(_) | Kind::Num(_) | Kind::Bool(_) | Kind::Null)
}

/// Whether chance makes a value, of whatever quality.
fn is_random(module: &Module, node: NodeId) -> bool {
    let mut found = false;
    walk(module, node, &mut |inner| {
        if let Kind::Call { callee, .. } = module.kind(inner) {
            let path = module.path(*callee).unwrap_or_default();
            found |= path == "Math.random" || path.ends_with("getRandomValues") || path.ends_with("randomInt");
        }
        !found && !matches!(module.kind(inner), Kind::Function(_))
    });
    found
}

/// Whether a file is about logging in and the like, by its name and folder.
fn about_logins(path: &str) -> bool {
    let words = words_of(path);
    words.iter().any(|word| {
        matches!(
            word.as_str(),
            "auth"
                | "login"
                | "signin"
                | "signup"
                | "register"
                | "verify"
                | "verification"
                | "otp"
                | "reset"
                | "forgot"
        )
    })
}

/// Whether a name is that of a code which proves who somebody is.
fn is_code(name: &str, about_logins: bool) -> bool {
    let words = words_of(name);
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    has(&["otp", "passcode"])
        || (has(&["code", "pin"])
            && (about_logins
                || has(&["verification", "verify", "verifying", "sms", "auth", "login", "reset", "confirmation"])))
}
