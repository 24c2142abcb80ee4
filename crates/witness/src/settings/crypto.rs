//! Uses of cryptography that single events show: fast hashes for passwords, tokens that are read but not verified.

use plimsoll_analysis::{Event, EventKind, Fact, Label, Labels, Program, Truth, Value, ValueKind};
use plimsoll_model::app::{CryptoUse, CryptoUseKind, SettingSeen};
use plimsoll_source::Span;

use super::Notes;

const FAST: &[&str] = &["md5", "sha1", "sha256", "sha512", "sha224", "sha384", "sha3_256", "md4"];

/// Functions made for storing passwords (OWASP Password Storage Cheat Sheet: Argon2id, scrypt, bcrypt, PBKDF2), and what
/// frameworks call them.
fn is_slow(path: &str, name: &str, mut given: impl Iterator<Item = impl AsRef<str>>) -> bool {
    const NAMES: &[&str] = &[
        "scrypt",
        "scryptSync",
        "pbkdf2",
        "pbkdf2Sync",
        "pbkdf2_hmac",
        "hashpw",
        "checkpw",
        "password_hash",
        "password_verify",
        "generate_password_hash",
        "check_password_hash",
        "make_password",
    ];
    let library = ["hash", "hashSync", "compare", "compareSync", "verify", "make", "check"].contains(&name)
        && ["bcrypt", "argon2", "Bun.password"].iter().any(|library| path.contains(library));
    // `promisify(crypto.scrypt)`
    let wrapped = name == "promisify"
        && given.any(|value| value.as_ref().ends_with(".scrypt") || value.as_ref().ends_with(".pbkdf2"));
    library || wrapped || NAMES.contains(&name)
}

pub(super) fn note(event: &Event, program: &Program<'_>, notes: &mut Notes) {
    let EventKind::Call { callee, args } = &event.kind else { return };
    let path = callee.path.as_str();
    let name = callee.last_name();
    let mut crypto: Vec<CryptoUse> = Vec::new();
    let mut push = |kind, how: String, span: Span| crypto.push(CryptoUse { kind, how, span, also: Vec::new() });
    // `createHash('sha256').update(password)`, `hashlib.sha256(password.encode())`, `md5($password)`
    let algorithm = if name == "update" && path.contains("createHash()") {
        callee
            .calls()
            .iter()
            .find(|(name, ..)| name == "createHash")
            .and_then(|(_, args, _)| args.first()?.value.as_str().map(str::to_ascii_lowercase))
    } else if path.starts_with("hashlib.") || path.starts_with("crypto-js") || matches!(path, "md5" | "sha1") {
        Some(name.to_ascii_lowercase())
    } else {
        None
    };
    if let Some(algorithm) = algorithm.filter(|algorithm| FAST.contains(&algorithm.replace('-', "").as_str()))
        && args.iter().any(|arg| is_password(&arg.value.deep_labels()))
    {
        push(CryptoUseKind::FastPasswordHash, algorithm, event.span);
    }
    // `Buffer.from(password).toString('base64')`, `btoa(password)`: another way to write the same word.
    let encodes = |value: &Value| matches!(value.as_str(), Some("base64" | "base64url" | "hex"));
    let encoded = if name == "toString" && args.first().is_some_and(|arg| encodes(&arg.value)) {
        let of = callee.calls();
        of.iter().find(|(name, ..)| name == "from").and_then(|(_, args, _)| args.first().map(|arg| arg.value.clone()))
    } else if path == "btoa" {
        args.first().map(|arg| arg.value.clone())
    } else {
        None
    };
    // Together with a name it is how a browser sends it along, and not how it is kept.
    if encoded.is_some_and(|value| !matches!(value.kind, ValueKind::Text(_)) && is_password(&value.labels)) {
        push(CryptoUseKind::ClearPassword, "only written in another way (base64)".into(), event.span);
    }
    if is_slow(path, &name, args.iter().map(|arg| arg.value.path())) {
        push(CryptoUseKind::SlowPasswordHash, name.to_string(), event.span);
    }
    if matches!(name.as_str(), "verify" | "decode") && (path.contains("jsonwebtoken") || path.starts_with("jwt.")) {
        for arg in args.iter() {
            let unsigned = arg.value.bool_field("verify_signature") == Some(false)
                || (arg.name.as_deref() == Some("verify") && arg.value.truth() == Truth::No);
            let none = arg.value.field("algorithms").is_some_and(|list| {
                list.items().iter().any(|item| item.as_str().is_some_and(|text| text.eq_ignore_ascii_case("none")))
            });
            if unsigned || none {
                push(CryptoUseKind::UnverifiedToken, path.to_owned(), event.span);
            }
        }
    }
    notes.crypto.append(&mut crypto);
    // A login that is taken from the address.
    if ["jsonwebtoken.verify", "jose.jwtVerify", "jwt.decode"].iter().any(|end| path.ends_with(end)) {
        let from_address = args.first().is_some_and(|arg| {
            arg.value.deep_labels().any(|label| matches!(label, Label::Input(name, _) if name.starts_with("query.")))
        });
        // A link sent by mail (reset, confirmation) is opened before anybody is logged in.
        let by_mail = args.first().is_some_and(|arg| {
            !arg.value.deep_labels().any(|label| {
                matches!(label, Label::Input(name, _) if name.starts_with("headers") || name.starts_with("cookies"))
            })
        });
        if from_address && !by_mail {
            notes.seen.push(SettingSeen {
                system: "JWT".into(),
                key: "session-token-in-url".into(),
                value: "query".into(),
                span: event.span,
                also: Vec::new(),
            });
        }
    }
    // A password that is compared as it was typed.
    if path.starts_with("@res.") || path.ends_with("jsonwebtoken.sign") || path.contains("Response") {
        for fact in event.facts.iter().flat_map(|fact| match fact {
            // `(await compare(…)) || user.password === password`: one of several ways in.
            Fact::AnyOf { branches, .. } => branches.iter().flatten().collect(),
            fact => vec![fact],
        }) {
            if let Fact::Equal { left, right, holds: true, span } = fact
                // A library's comparison of a password with its hash reads as equal, too; the text tells them apart.
                && ["==", "!="].iter().any(|sign| program.tree.text(*span).contains(sign))
                && [(left, right), (right, left)].iter().any(|(a, b)| is_stored_password(a) && is_typed(b))
            {
                notes.crypto.push(CryptoUse {
                    kind: CryptoUseKind::ClearPassword,
                    how: "compared as typed".into(),
                    span: *span,
                    also: Vec::new(),
                });
            }
        }
    }
    if matches!(name.as_str(), "findOne" | "findFirst" | "findUnique" | "findOneBy" | "eq") {
        let in_filter = args.iter().any(|arg| {
            let filter = arg.value.field("where").unwrap_or_else(|| arg.value.clone());
            ["password", "passwd", "pwd"].iter().any(|key| filter.field(key).is_some_and(|value| is_typed(&value)))
        });
        let by_column = name == "eq"
            && args.first().and_then(|arg| arg.value.as_str()) == Some("password")
            && args.get(1).is_some_and(|arg| is_typed(&arg.value));
        if in_filter || by_column {
            notes.crypto.push(CryptoUse {
                kind: CryptoUseKind::ClearPassword,
                how: "searched for as typed".into(),
                span: event.span,
                also: Vec::new(),
            });
        }
    }
    // A record read or changed for the one whom an unverified token names.
    if crate::knowledge::stores::recognise(path, None, args).is_none() {
        return;
    }
    // The app's own signature beside it was compared.
    let is_signed = |value: &Value| {
        let path = value.path();
        ["createHmac()", "hmac.new()", "hash_hmac()", "subtle.verify()"].iter().any(|call| path.contains(call))
    };
    let signed = event.facts.iter().any(|fact| match fact {
        Fact::Equal { left, right, holds: true, .. } => is_signed(left) || is_signed(right),
        Fact::Truthy { value, holds: true, .. } => is_signed(value),
        _ => false,
    });
    if signed {
        return;
    }
    let mut said: Vec<Value> = args.iter().map(|arg| arg.value.clone()).collect();
    for fact in event.facts.iter() {
        match fact {
            Fact::Truthy { value, holds: true, .. } => said.push(value.clone()),
            Fact::Equal { left, right, holds: true, .. } => said.extend([left.clone(), right.clone()]),
            _ => {}
        }
    }
    let unverified = said.iter().find(|value| {
        let labels = value.deep_labels();
        labels.any(|label| matches!(label, Label::UnverifiedIdentity)) && !labels.has_identity()
    });
    if let Some(value) = unverified
        && !said.iter().any(|value| value.deep_labels().has_identity())
    {
        let span = decode_site(value, 3).map_or(event.span, |site| program.span(site));
        notes.crypto.push(CryptoUse {
            kind: CryptoUseKind::UnverifiedToken,
            how: "decode".into(),
            span,
            also: Vec::new(),
        });
    }
}

fn is_password(labels: &Labels) -> bool {
    labels.any(|label| {
        matches!(label, Label::Input(name, _) if {
            let name = name.to_ascii_lowercase();
            name.contains("password") || name.contains("passwd") || name.ends_with(".pwd") || name.ends_with(".pass")
        })
    })
}

/// A password column of a record, as the store has it.
fn is_stored_password(value: &Value) -> bool {
    let Some(symbol) = value.as_symbol() else { return false };
    matches!(symbol.last_name().to_ascii_lowercase().as_str(), "password" | "passwd" | "pwd")
        && value.labels.any(|label| matches!(label, Label::Record(..)))
}

/// A password as it came, not hashed on the way.
fn is_typed(value: &Value) -> bool {
    let path = value.path().to_ascii_lowercase();
    is_password(&value.deep_labels())
        && !["hash", "scrypt", "pbkdf2", "digest", "crypt", "argon"].iter().any(|word| path.contains(word))
}

fn decode_site(value: &Value, depth: u32) -> Option<plimsoll_analysis::Site> {
    if depth == 0 {
        return None;
    }
    match &value.kind {
        ValueKind::Symbol(symbol) => symbol
            .calls()
            .into_iter()
            .find(|(name, ..)| {
                name.to_ascii_lowercase().contains("decode") || matches!(name.as_str(), "parse" | "atob")
            })
            .map(|(.., site)| site),
        ValueKind::Choice(alternatives) => alternatives.iter().find_map(|(value, _)| decode_site(value, depth - 1)),
        ValueKind::Object(object) => {
            let fields: Vec<Value> = object.fields.borrow().values().cloned().collect();
            fields.iter().find_map(|value| decode_site(value, depth - 1))
        }
        _ => None,
    }
}

/// One fact per kind and way.
pub(super) fn grouped(mut all: Vec<CryptoUse>) -> Vec<CryptoUse> {
    all.sort_by_key(|used| (used.kind, used.span));
    let mut out: Vec<CryptoUse> = Vec::new();
    for used in all {
        match out.iter_mut().find(|known| known.kind == used.kind) {
            Some(known) if known.span == used.span || known.also.contains(&used.span) => {}
            Some(known) => known.also.push(used.span),
            None => out.push(used),
        }
    }
    out
}
