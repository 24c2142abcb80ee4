//! Whether a value of the request was tested before it is used as an address or a path.

use plimsoll_analysis::{Event, EventKind, Fact, Facts, Label, Labels, SymbolKind, Value, ValueKind};
use plimsoll_model::app::Sink;

/// The labels of a value as far as no test of it stands in front of the event.
pub(super) fn untested(events: &[Event], index: usize, value: &Value, sink: Sink) -> Labels {
    let event = &events[index];
    let whole = go(value, &event.facts, sink, 3);
    let names = names_of(&whole);
    if names.is_empty() {
        return whole;
    }
    // `if (!ok(x)) x = '/'`: the test is not among the facts, but what fails it is replaced by something of the app's own.
    let own = |value: &Value| match &value.kind {
        ValueKind::Str(_) => true,
        // `url_for('home')`
        ValueKind::Symbol(symbol) => {
            symbol.path.ends_with("()") && !value.deep_labels().has_input(plimsoll_analysis::Clean::NONE)
        }
        _ => false,
    };
    let has_fallback = match &value.kind {
        ValueKind::Choice(alternatives) => alternatives.iter().any(|(value, _)| own(value)),
        ValueKind::Or(pair) => own(&pair.1),
        _ => false,
    };
    let tested_before = has_fallback
        && events[..index].iter().any(|earlier| match &earlier.kind {
            EventKind::Call { callee, args } => {
                let receiver = match &callee.kind {
                    SymbolKind::Member(base, _) => base.path.clone(),
                    _ => String::new(),
                };
                let constant = args.first().and_then(|arg| arg.value.as_str());
                let about = args.iter().any(|arg| shares(&arg.value.deep_labels(), &names))
                    || (!receiver.is_empty() && value_paths(value).contains(&receiver));
                about && is_test(&format!("{}()", callee.path), constant, sink)
            }
            _ => false,
        });
    if tested_before { whole.filtered(|label| !matches!(label, Label::Input(..) | Label::Upload(..))) } else { whole }
}

fn value_paths(value: &Value) -> Vec<String> {
    match &value.kind {
        ValueKind::Choice(alternatives) => alternatives.iter().flat_map(|(value, _)| value_paths(value)).collect(),
        ValueKind::Or(pair) => [value_paths(&pair.0), value_paths(&pair.1)].concat(),
        ValueKind::Symbol(symbol) => vec![symbol.path.clone()],
        _ => Vec::new(),
    }
}

fn go(value: &Value, facts: &Facts, sink: Sink, depth: u32) -> Labels {
    if let (ValueKind::Choice(alternatives), true) = (&value.kind, depth > 0) {
        return alternatives
            .iter()
            .fold(Labels::NONE, |all, (value, more)| all.union(&go(value, &facts.and(more), sink, depth - 1)));
    }
    // `${origin}${next}`: each part was tested for itself.
    if let (ValueKind::Text(parts), true) = (&value.kind, depth > 0) {
        return parts.iter().fold(Labels::NONE, |all, part| all.union(&go(part, facts, sink, depth - 1)));
    }
    let labels = value.deep_labels();
    let names = names_of(&labels);
    let tests: Vec<&Fact> = facts.iter().filter(|fact| vets(fact, &names, sink)).collect();
    if tests.is_empty() || names.is_empty() {
        labels
    } else {
        labels.filtered(|label| !matches!(label, Label::Input(..) | Label::Upload(..)))
    }
}

fn names_of(labels: &Labels) -> Vec<String> {
    labels
        .iter()
        .filter_map(|label| match label {
            Label::Input(name, _) | Label::Upload(name, _) => Some(name.to_string()),
            _ => None,
        })
        .collect()
}

fn shares(labels: &Labels, names: &[String]) -> bool {
    labels.any(|label| match label {
        Label::Input(name, _) | Label::Upload(name, _) => {
            names.iter().any(|known| known == name.as_str() || name.starts_with(&format!("{known}.")))
        }
        _ => false,
    })
}

fn vets(fact: &Fact, names: &[String], sink: Sink) -> bool {
    let about = |value: &Value| shares(&value.deep_labels(), names);
    match fact {
        Fact::Truthy { value, .. } => {
            let Some(symbol) = value.as_symbol().filter(|_| about(value)) else { return false };
            let constant =
                symbol.calls().pop().and_then(|(_, args, _)| args.first()?.value.as_str().map(str::to_owned));
            is_test(&symbol.path, constant.as_deref(), sink)
        }
        Fact::Equal { left, right, .. } => [(left, right), (right, left)]
            .iter()
            .any(|(a, b)| about(a) && (b.as_str().is_some_and(|text| !text.is_empty()) || a.path().contains("()"))),
        Fact::In { value, among, .. } => about(value) || (about(among) && value.as_str().is_some()),
        Fact::AnyOf { branches, .. } => branches.iter().all(|branch| branch.iter().any(|fact| vets(fact, names, sink))),
        Fact::Compared { .. } | Fact::Passed { .. } => false,
    }
}

/// Whether a call tests what an address or path may be. A test of its beginning alone says little: `//host` begins with
/// `/`, every address begins with `http`.
fn is_test(path: &str, constant: Option<&str>, sink: Sink) -> bool {
    let name = path.trim_end_matches("()").rsplit('.').next().unwrap_or(path);
    match name {
        "startsWith" | "startswith" | "indexOf" => match (sink, constant) {
            (Sink::Redirect, Some(text)) => !matches!(text, "/" | "http" | "https" | "http://" | "https://"),
            (Sink::Url, Some(text)) => !matches!(text, "http" | "https" | "http://" | "https://" | "/"),
            _ => true,
        },
        // `url.endsWith('/') ? url : url + '/'` puts an address together, and asks nothing of where it leads.
        "endsWith" | "endswith" => constant.is_none_or(|text| text != "/"),
        // Its host is looked at.
        "url_parse" | "urlparse" | "urlsplit" => sink == Sink::Redirect,
        "test"
        | "match"
        | "matches"
        | "fullmatch"
        | "isIP"
        | "has"
        | "includes"
        | "url_has_allowed_host_and_scheme"
        | "is_safe_url"
        | "is_relative_to" => true,
        _ => {
            let lower = name.to_ascii_lowercase();
            ["issafe", "isallowed", "isvalid", "isrelative", "is_safe", "is_allowed", "is_valid", "safe_"]
                .iter()
                .any(|word| lower.contains(word))
        }
    }
}
