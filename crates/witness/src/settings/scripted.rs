//! Values that Python hands to a template as JSON, to be put into a script there. JSON of Python leaves `</script>` as it is:
//! text of others in it ends the script and begins another.

use std::collections::BTreeMap;

use plimsoll_analysis::{Event, EventKind, Label, SymbolKind, Value, ValueKind};

/// By the name under which a template knows the value: whether it holds text that others may have written.
pub(crate) type Scripted = BTreeMap<String, bool>;

pub(super) fn note(event: &Event, scripted: &mut Scripted) {
    let EventKind::Call { callee, args } = &event.kind else { return };
    if !matches!(callee.last_name().as_str(), "render_template" | "render" | "TemplateResponse" | "render_to_string") {
        return;
    }
    let mut add = |name: &str, value: &Value| {
        if let Some(dumped) = dumped(value) {
            let known = scripted.entry(name.to_owned()).or_insert(false);
            *known |= holds_text(&dumped, 5);
        }
    };
    for arg in args.iter() {
        match &arg.name {
            Some(name) if name != "context" => add(name, &arg.value),
            _ => {
                if let Some(object) = arg.value.as_object().filter(|object| !object.is_array) {
                    for (name, value) in object.fields.borrow().iter() {
                        add(name, value);
                    }
                }
            }
        }
    }
}

/// What `json.dumps` was given, also behind `mark_safe`.
fn dumped(value: &Value) -> Option<Value> {
    let SymbolKind::Call { callee, args, .. } = &value.as_symbol()?.kind else { return None };
    let first = || args.first().map(|arg| arg.value.clone());
    match callee.path.as_str() {
        "json.dumps" | "simplejson.dumps" | "flask.json.dumps" => first(),
        path if path.ends_with("mark_safe") || path.ends_with("Markup") => dumped(&first()?),
        _ => None,
    }
}

/// Whether a value holds text of stored records; numbers, dates and counts carry no markup.
fn holds_text(value: &Value, depth: u32) -> bool {
    if depth == 0 {
        return false;
    }
    let stored = |value: &Value| {
        value.labels.any(|label| match label {
            Label::Record(_, clean) | Label::Input(_, clean) => {
                !clean.covers(plimsoll_analysis::Clean::HTML) && *clean != plimsoll_analysis::Clean::ALL
            }
            _ => false,
        })
    };
    match &value.kind {
        ValueKind::Symbol(symbol) => match &symbol.kind {
            SymbolKind::Member(_, name) => stored(value) && !is_number(name),
            SymbolKind::Index(_, index) => stored(value) && index.as_str().is_none_or(|name| !is_number(name)),
            SymbolKind::Call { callee, .. } => {
                let name = callee.last_name();
                stored(value)
                    && !matches!(
                        name.as_str(),
                        "float" | "int" | "round" | "len" | "sum" | "count" | "strftime" | "isoformat" | "bool" | "abs"
                    )
            }
            _ => stored(value),
        },
        ValueKind::Object(object) => {
            let inner: Vec<(String, Value)> = object
                .fields
                .borrow()
                .iter()
                .map(|(name, value)| (name.to_string(), value.clone()))
                .chain(object.items.borrow().iter().map(|value| (String::new(), value.clone())))
                .chain(object.spreads.borrow().iter().map(|value| (String::new(), value.clone())))
                .collect();
            inner.iter().any(|(name, value)| !is_number(name) && holds_text(value, depth - 1))
        }
        ValueKind::Choice(alternatives) => alternatives.iter().any(|(value, _)| holds_text(value, depth - 1)),
        ValueKind::Or(pair) | ValueKind::And(pair) => holds_text(&pair.0, depth - 1) || holds_text(&pair.1, depth - 1),
        ValueKind::Text(parts) => parts.iter().any(|part| holds_text(part, depth - 1)),
        ValueKind::Unknown => stored(value),
        _ => false,
    }
}

/// Whether the name of a field says that it is a number or a date.
fn is_number(name: &str) -> bool {
    const WORDS: &[&str] = &[
        "id",
        "count",
        "counts",
        "total",
        "totals",
        "amount",
        "amounts",
        "sum",
        "price",
        "prices",
        "qty",
        "quantity",
        "date",
        "dates",
        "day",
        "days",
        "month",
        "months",
        "year",
        "years",
        "time",
        "avg",
        "average",
        "percent",
        "percentage",
        "rate",
        "revenue",
        "profit",
        "score",
        "scores",
        "lat",
        "lng",
        "lon",
        "latitude",
        "longitude",
        "salary",
        "cost",
        "stock",
        "hours",
        "age",
        "weight",
        "height",
    ];
    crate::handler::words_of(name).last().is_some_and(|word| WORDS.contains(&word.as_str()))
}
