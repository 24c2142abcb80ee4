//! Files that a form brings and a handler stores without a look at what they are.

use plimsoll_analysis::{Event, EventKind, Fact, Value, ValueKind};
use plimsoll_source::Span;

/// How a file of a form is reached.
const FROM_FORM: &str = "formData().get()";

/// Where a file is stored although its kind was never looked at, and what was missed.
pub(crate) fn stored_without_checks(events: &[Event]) -> Option<(Span, String)> {
    if let Some(span) = stored_by_laravel(events) {
        return Some((span, "the kind of file is not checked".to_owned()));
    }
    let stored = events.iter().find(|event| stores(event) && event.args().iter().any(|arg| is_file(&arg.value, 0)))?;
    let looked_at =
        |property: &str| events.iter().any(|event| event.facts.iter().any(|fact| in_fact(fact, property, 0)));
    // A name's ending, a type, the first bytes: any of them is a look at the kind. An image that is drawn anew is one.
    let by_library = ["file-type", "fileTypeFrom", "sharp", "magic-bytes"];
    let opened = events.iter().any(|event| by_library.iter().any(|library| event.path().contains(library)));
    if opened || looked_at(".type") || looked_at(".name") {
        return None;
    }
    let missed = if looked_at(".size") {
        "the kind of file is not checked"
    } else {
        "the kind of file is not checked, nor its size"
    };
    Some((stored.span, missed.to_owned()))
}

/// Whether a call puts bytes where they stay.
fn stores(event: &Event) -> bool {
    let EventKind::Call { callee, .. } = &event.kind else { return false };
    let path = callee.path.as_str();
    match callee.last_name().trim_end_matches("()") {
        "upload" | "uploadToSignedUrl" => path.contains("storage"),
        "put" => path.contains("@vercel/blob"),
        "writeFile" | "writeFileSync" => true,
        "PutObjectCommand" => true,
        _ => false,
    }
}

/// Whether a value is a form's file, its bytes, or holds it.
fn is_file(value: &Value, depth: u32) -> bool {
    if depth > 4 {
        return false;
    }
    match &value.kind {
        ValueKind::Symbol(symbol) => {
            let path = symbol.path.as_str();
            let itself = path
                .split_once(FROM_FORM)
                .is_some_and(|(_, rest)| matches!(rest, "" | ".arrayBuffer()" | ".stream()" | ".bytes()"));
            itself
                || (symbol.last_name() != "name"
                    && symbol.calls().iter().any(|(name, args, _)| {
                        matches!(name.as_str(), "from" | "Buffer.from" | "Uint8Array" | "Blob")
                            && args.iter().any(|arg| is_file(&arg.value, depth + 1))
                    }))
        }
        ValueKind::Object(object) => object.fields.borrow().values().any(|field| is_file(field, depth + 1)),
        _ => false,
    }
}

/// Whether a value is a property of a form's file, or was made of one.
fn mentions(value: &Value, property: &str, depth: u32) -> bool {
    if depth > 4 {
        return false;
    }
    match &value.kind {
        ValueKind::Symbol(symbol) => {
            symbol.path.split_once(FROM_FORM).is_some_and(|(_, rest)| rest.starts_with(property))
                || symbol
                    .calls()
                    .iter()
                    .any(|(_, args, _)| args.iter().any(|arg| mentions(&arg.value, property, depth + 1)))
        }
        ValueKind::Equal(pair, _) => [&pair.0, &pair.1].iter().any(|side| mentions(side, property, depth + 1)),
        ValueKind::In(pair) | ValueKind::And(pair) | ValueKind::Or(pair) => {
            [&pair.0, &pair.1].iter().any(|side| mentions(side, property, depth + 1))
        }
        ValueKind::Text(parts) => parts.iter().any(|part| mentions(part, property, depth + 1)),
        _ => false,
    }
}

fn in_fact(fact: &Fact, property: &str, depth: u32) -> bool {
    match fact {
        Fact::Truthy { value, .. } | Fact::Passed { value, .. } => mentions(value, property, 0),
        Fact::Equal { left, right, .. } | Fact::Compared { left, right, .. } => {
            mentions(left, property, 0) || mentions(right, property, 0)
        }
        Fact::In { value, among, .. } => mentions(value, property, 0) || mentions(among, property, 0),
        Fact::AnyOf { branches, .. } => {
            depth < 4 && branches.iter().flatten().any(|fact| in_fact(fact, property, depth + 1))
        }
    }
}

/// `$request->file('photo')->store(…)` without a rule for its kind.
fn stored_by_laravel(events: &[Event]) -> Option<Span> {
    const FILE: &[&str] = &["@laravel.file()", "request().file()"];
    let is_upload = |path: &str| FILE.iter().any(|start| path.starts_with(start));
    let stored = events.iter().find(|event| {
        let EventKind::Call { callee, args } = &event.kind else { return false };
        match callee.last_name().as_str() {
            "store" | "storeAs" | "storePublicly" | "storePubliclyAs" | "move" => is_upload(&callee.path),
            "putFile" | "putFileAs" | "put" => {
                callee.path.starts_with("Storage.") && args.iter().any(|arg| is_upload(arg.value.path()))
            }
            _ => false,
        }
    })?;
    let by_rule = events.iter().any(|event| {
        matches!(&event.kind, EventKind::Call { callee, args }
            if matches!(callee.last_name().as_str(), "validate" | "validateWithBag" | "make")
                && args.iter().any(|arg| limits_kind(&arg.value, 0)))
    });
    let by_hand =
        [".getClientOriginalExtension", ".getMimeType", ".getClientMimeType", ".extension", ".guessExtension"];
    let tested = events.iter().any(|event| {
        event.facts.iter().any(|fact| {
            let about = |value: &Value| {
                let path = deepest(value, 0);
                is_upload(&path) && by_hand.iter().any(|name| path.contains(name))
            };
            match fact {
                Fact::Truthy { value, .. } | Fact::Passed { value, .. } => about(value),
                Fact::Equal { left, right, .. } => about(left) || about(right),
                Fact::In { value, .. } => about(value),
                _ => false,
            }
        })
    });
    (!by_rule && !tested).then_some(stored.span)
}

/// The path of a value, or of what a call such as `in_array($x, …)` looks at.
fn deepest(value: &Value, depth: u32) -> String {
    let path = value.path().to_owned();
    if depth > 3 || path.starts_with('@') || path.starts_with("request()") {
        return path;
    }
    let inner =
        value.as_symbol().and_then(|symbol| symbol.calls().last().and_then(|(_, args, _)| args.first().cloned()));
    inner.map_or(path, |arg| deepest(&arg.value, depth + 1))
}

/// Rules of Laravel that say which kinds of file are taken.
fn limits_kind(value: &Value, depth: u32) -> bool {
    if let Some(text) = value.as_str() {
        return text.split('|').any(|rule| {
            let name = rule.split(':').next().unwrap_or(rule);
            matches!(name, "mimes" | "mimetypes" | "image" | "extensions")
        });
    }
    if value.path().contains("File.types") || value.path().contains("File.image") {
        return true;
    }
    let Some(object) = value.as_object().filter(|_| depth < 4) else { return false };
    object.fields.borrow().values().any(|field| limits_kind(field, depth + 1))
        || object.items.borrow().iter().any(|item| limits_kind(item, depth + 1))
}
