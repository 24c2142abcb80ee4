//! What PHP's functions and pages do: output, headers, files, commands.

use plimsoll_analysis::{
    Argument, Clean, Event, EventKind, Fact, Label, Labels, Site, Symbol, SymbolKind, Truth, Value, ValueKind,
};
use plimsoll_model::app::{EffectKind, Flow, Sink, Source};

use super::flows::{answer, push};
use crate::knowledge::stores;

/// Functions that take a path, by position of the path.
const PATHS: &[(&str, usize)] = &[
    ("fopen", 0),
    ("file", 0),
    ("unlink", 0),
    ("file_put_contents", 0),
    ("copy", 0),
    ("copy", 1),
    ("rename", 0),
    ("rename", 1),
    ("move_uploaded_file", 1),
    ("rmdir", 0),
    ("scandir", 0),
    ("opendir", 0),
    ("highlight_file", 0),
    ("show_source", 0),
    ("parse_ini_file", 0),
];

/// Functions that take an address as well as a path.
const ADDRESSES: &[&str] =
    &["file_get_contents", "fopen", "copy", "getimagesize", "simplexml_load_file", "file", "get_headers"];

/// The effect of a function of PHP: `None` where it is no such function, `Some(None)` where it has none.
pub(super) fn effect_of(path: &str, args: &[Argument]) -> Option<Option<(EffectKind, String)>> {
    let target = || args.first().and_then(|arg| arg.value.text_shape()).unwrap_or_default();
    let kind = match path {
        // A command without anything of the request in it does always the same.
        "exec" | "system" | "proc_open" | "popen" | "pcntl_exec" | "shell_exec" | "passthru" => {
            if args.first().is_some_and(|arg| arg.value.as_str().is_some()) {
                return Some(None);
            }
            EffectKind::Execute
        }
        "mail" | "mb_send_mail" => EffectKind::SendMessage,
        "fopen" => {
            let mode = args.get(1).and_then(|arg| arg.value.as_str()).unwrap_or("r");
            let target = target();
            if target.starts_with("php://") || is_log(&target) {
                return Some(None);
            }
            let kind =
                if mode.starts_with('r') && !mode.contains('+') { EffectKind::ReadFile } else { EffectKind::WriteFile };
            return Some(Some((kind, target)));
        }
        "file_get_contents" => {
            let target = target();
            if target.starts_with("php://") || target.starts_with("http") {
                return Some(None);
            }
            return Some(Some((EffectKind::ReadFile, target)));
        }
        // A log of the app's own is no record of anybody.
        "file_put_contents" if is_log(&target()) => return Some(None),
        _ => return None,
    };
    Some(Some((kind, target())))
}

fn is_log(target: &str) -> bool {
    target.ends_with(".log") || target.to_ascii_lowercase().contains("/logs/")
}

/// Flows into functions of the language.
pub(super) fn call(event: &Event, path: &str, args: &[Argument], out: &mut Vec<Flow>) {
    for (name, position) in PATHS {
        if path == *name
            && let Some(value) = event.arg(*position)
            && !begins_with_address(value)
        {
            push(event, value, Sink::FilePath, name, Clean::PATH, out);
        }
    }
    if ADDRESSES.contains(&path)
        && let Some(value) = event.arg(0)
        && !matches!(&value.kind, ValueKind::Text(parts) if parts.first().is_some_and(|part| part.as_str().is_some()))
    {
        push(event, value, Sink::Url, path, Clean::URL, out);
    }
    match path {
        // With a second word that is true it gives the text back and prints nothing.
        "print_r" if event.arg(1).is_some_and(|gives| gives.truth() != Truth::No) => {}
        "exit" | "die" | "print_r" | "var_dump" => {
            if let Some(value) = event.arg(0) {
                output(event, value, path, out);
            }
        }
        "exec" | "pcntl_exec" => {
            if let Some(value) = event.arg(0) {
                push(event, value, Sink::Shell, path, Clean::SHELL, out);
            }
        }
        "assert" | "create_function" => {
            if let Some(value) = args.last().map(|arg| &arg.value).filter(|value| value.as_closure().is_none()) {
                push(event, value, Sink::Eval, path, Clean::ALL, out);
            }
        }
        "preg_replace" => {
            let modifiers = event.arg(0).and_then(Value::as_str).and_then(|text| text.rsplit(['/', '#', '~']).next());
            if modifiers.is_some_and(|modifiers| modifiers.len() < 6 && modifiers.contains('e'))
                && let Some(value) = event.arg(1)
            {
                push(event, value, Sink::Eval, path, Clean::ALL, out);
            }
        }
        "curl_setopt" if event.arg(1).is_some_and(|option| option.path() == "CURLOPT_URL") => {
            if let Some(value) = event.arg(2).filter(|value| !begins_with_address(value)) {
                push(event, value, Sink::Url, "CURLOPT_URL", Clean::URL, out);
            }
        }
        // Extra headers begin where a line ends.
        "mail" => {
            if let Some(value) = event.arg(3) {
                push(event, value, Sink::Mail, path, Clean::ALL, out);
            }
        }
        "header" => {
            if let Some((name, value)) = header_line(event)
                && name == "location"
                && !has_fixed_target(&value)
            {
                // Only what a link can carry: not the page's own address, not headers or cookies.
                let labels = event.facts.vet(&value).deep_labels().filtered(|label| match label {
                    Label::Input(name, _) => !["headers", "cookies", "url"].iter().any(|kind| name.starts_with(kind)),
                    _ => true,
                });
                let value = Value::of(labels);
                push(event, &value, Sink::Redirect, "Location", Clean::URL, out);
            }
        }
        _ => {}
    }
    let name = path.rsplit('.').next().unwrap_or(path);
    let is_raw =
        matches!(name, "whereRaw" | "orWhereRaw" | "selectRaw" | "orderByRaw" | "havingRaw" | "groupByRaw" | "fromRaw")
            || path == "DB.raw"
            || path == "DB.unprepared";
    if is_raw && let Some(value) = event.arg(0).filter(|value| matches!(value.kind, ValueKind::Text(_))) {
        push(event, value, Sink::Sql, name, Clean::SQL, out);
    }
}

/// `header("Name: value")`: lower-case name, and the value with its constant beginning.
pub(crate) fn header_line(event: &Event) -> Option<(String, Value)> {
    if event.path() != "header" {
        return None;
    }
    let value = event.arg(0)?;
    let split = |text: &str| -> Option<(String, String)> {
        let (name, rest) = text.split_once(':')?;
        Some((name.trim().to_ascii_lowercase(), rest.trim_start().to_owned()))
    };
    match &value.kind {
        ValueKind::Str(text) => split(text).map(|(name, rest)| (name, Value::string(rest))),
        ValueKind::Text(parts) => {
            let (name, rest) = split(parts.first()?.as_str()?)?;
            let mut inner: Vec<Value> = Vec::new();
            if !rest.is_empty() {
                inner.push(Value::string(rest));
            }
            inner.extend(parts.iter().skip(1).cloned());
            let value = match <[Value; 1]>::try_from(inner) {
                Ok([single]) => single,
                Err(inner) => Value { kind: ValueKind::Text(inner.into()), labels: value.labels.clone() },
            };
            Some((name, value))
        }
        _ => None,
    }
}

fn has_fixed_target(value: &Value) -> bool {
    match &value.kind {
        ValueKind::Str(_) => true,
        // `page.php?id=…`, `/path…`, `https://host/…`; a lone `/` could become `//host`.
        ValueKind::Text(parts) => {
            let begins = |text: &str| text.len() > 1 && !text.ends_with("://");
            match parts.first() {
                Some(first) if first.as_str().is_some() => first.as_str().is_some_and(begins),
                // Text within text, and `BASE . '/page.php?' . $query`: what is chosen stands behind the host.
                Some(first) if matches!(first.kind, ValueKind::Text(_)) => has_fixed_target(first),
                Some(first) => {
                    !first.deep_labels().has_input(Clean::NONE)
                        && parts
                            .get(1)
                            .and_then(leading)
                            .is_some_and(|text| text.starts_with(['/', '?']) && begins(&text))
                }
                None => false,
            }
        }
        _ => false,
    }
}

/// The constant text that a value begins with.
fn leading(value: &Value) -> Option<String> {
    match &value.kind {
        ValueKind::Text(parts) => leading(parts.first()?),
        _ => value.as_str().map(str::to_owned),
    }
}

/// Whether a value is an address of a fixed server, or a constant: neither names a file of the visitor's choice.
pub(super) fn begins_with_address(value: &Value) -> bool {
    match &value.kind {
        ValueKind::Text(_) => leading(value).is_some_and(|text| {
            let scheme = text.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
            scheme.is_some_and(|scheme| scheme != "file" && scheme != "php")
        }),
        ValueKind::Str(_) => true,
        _ => false,
    }
}

/// Text written to the page. Text with tags in it was looked at where it was put together.
pub(super) fn output(event: &Event, value: &Value, name: &str, out: &mut Vec<Flow>) {
    if !has_markup(value, 0) {
        answer(event, &Value::of(value.deep_labels().filtered(|label| matches!(label, Label::ErrorDetail))), name, out);
    }
    if !has_markup(value, 0) {
        html(event, value, name, out);
    }
}

/// A random value that was handed to the database before, on a page: a token of a form stays in the session.
pub(super) fn token_shown(events: &[Event], index: usize, value: &Value, out: &mut Vec<Flow>) {
    const DEPTH: u32 = 5;
    let is_random = |label: &Label| matches!(label, Label::Random | Label::Guessable(_));
    if !value.deep_labels().any(is_random) {
        return;
    }
    let mut shown = Vec::new();
    made_at(value, DEPTH, &mut shown);
    let keeps = |event: &Event| {
        matches!(
            event.path().rsplit('.').next(),
            Some("execute" | "bind_param" | "bindParam" | "bindValue" | "query" | "exec" | "mysqli_query")
        ) || matches!(&event.kind, EventKind::Method { name, .. } if matches!(name.as_str(), "execute" | "bind_param" | "query"))
    };
    let kept = events[..index].iter().filter(|event| keeps(event)).any(|event| {
        let mut sites = Vec::new();
        event.args().iter().for_each(|arg| made_at(&arg.value, DEPTH, &mut sites));
        sites.iter().any(|site| shown.contains(site))
    });
    if kept {
        answer(&events[index], &Value::of(value.deep_labels().filtered(is_random)), "echo", out);
    }
}

/// Where the random values within a value were made.
fn made_at(value: &Value, depth: u32, out: &mut Vec<Site>) {
    if depth == 0 {
        return;
    }
    match &value.kind {
        ValueKind::Symbol(symbol) => {
            if let SymbolKind::Call { args, site, .. } = &symbol.kind {
                if value.labels.any(|label| matches!(label, Label::Random | Label::Guessable(_))) {
                    out.push(*site);
                }
                args.iter().for_each(|arg| made_at(&arg.value, depth - 1, out));
            }
        }
        ValueKind::Text(parts) => parts.iter().for_each(|part| made_at(part, depth - 1, out)),
        ValueKind::Choice(list) => list.iter().for_each(|(value, _)| made_at(value, depth - 1, out)),
        ValueKind::Or(pair) => {
            made_at(&pair.0, depth - 1, out);
            made_at(&pair.1, depth - 1, out);
        }
        ValueKind::Object(object) => {
            object.items.borrow().iter().for_each(|item| made_at(item, depth - 1, out));
            object.fields.borrow().values().for_each(|field| made_at(field, depth - 1, out));
        }
        _ => {}
    }
}

/// Markup put together from parts.
pub(super) fn composed(event: &Event, value: &Value, out: &mut Vec<Flow>) {
    let is_sql = value.text_shape().is_some_and(|text| stores::statement(&text).is_some());
    if !is_sql {
        html(event, value, "the page's text", out);
    }
}

fn html(event: &Event, value: &Value, name: &str, out: &mut Vec<Flow>) {
    let mut labels = Labels::NONE;
    let value = event.facts.vet(value);
    gather(&value, 0, &mut labels);
    let errors = labels.filtered(|label| matches!(label, Label::ErrorDetail));
    if !errors.is_empty() && has_markup(&value, 0) {
        answer(event, &Value::of(errors), name, out);
    }
    let from = out.len();
    let labels = labels.filtered(|label| !matches!(label, Label::ErrorDetail));
    let columns = super::computed::columns(&value);
    push(event, &Value::of(labels), Sink::Html, name, Clean::HTML, out);
    for flow in &mut out[from..] {
        // Kept until it is known what these columns can hold.
        if flow.source == Source::Stored
            && let Some(columns) = &columns
        {
            flow.limit = format!("{}{}", super::computed::COLUMNS, columns.join(" "));
        }
        // A column says more than no table.
        if flow.source_name.is_empty() {
            flow.source_name = column_of(&value).unwrap_or_else(|| "the database".to_owned());
        }
    }
}

/// The first column of a record in a text.
fn column_of(value: &Value) -> Option<String> {
    match &value.kind {
        ValueKind::Text(parts) => parts.iter().find_map(column_of),
        ValueKind::Symbol(symbol)
            if matches!(symbol.kind, SymbolKind::Member(..))
                && value.labels.any(|label| matches!(label, Label::Record(..))) =>
        {
            Some(symbol.last_name().to_string())
        }
        ValueKind::Choice(list) => list.iter().find_map(|(value, _)| column_of(value)),
        _ => None,
    }
}

/// The labels that can carry markup of others: not what reads like a number or a date of a record, not what only the
/// visitor's own browser can send.
fn gather(value: &Value, depth: u32, out: &mut Labels) {
    match &value.kind {
        // What is markup itself was looked at where it was put together.
        _ if depth > 0 && has_markup(value, 0) => {}
        ValueKind::Text(parts) if depth < 5 => parts.iter().for_each(|part| gather(part, depth + 1, out)),
        ValueKind::Choice(list) if depth < 5 && list.len() < 6 => {
            list.iter().for_each(|(value, _)| gather(value, depth + 1, out));
        }
        ValueKind::Or(pair) if depth < 5 => {
            gather(&pair.0, depth + 1, out);
            gather(&pair.1, depth + 1, out);
        }
        _ => {
            let is_number = is_number(value, 0);
            let kept = value.deep_labels().filtered(|label| match label {
                Label::Record(..) => !is_number,
                Label::Input(name, _) => !name.starts_with("headers") && !name.starts_with("cookies"),
                // The name of an upload is shown to whoever sent it.
                Label::ErrorDetail => true,
                _ => false,
            });
            *out = out.union(&kept);
        }
    }
}

/// Whether a value is a column that holds numbers, dates or words of the app's own, however its text is dressed.
fn is_number(value: &Value, depth: u32) -> bool {
    let Some(symbol) = value.as_symbol() else { return false };
    if is_number_name(&symbol.last_name()) || super::computed::is_computed(symbol) {
        return true;
    }
    // `ucfirst($row['status'])`, `str_replace('_', ' ', $row['status'])`
    dresses(symbol)
        && depth < 4
        && symbol.calls().last().is_some_and(|(_, args, _)| {
            let mut of_records = args
                .iter()
                .filter(|arg| arg.value.deep_labels().any(|label| matches!(label, Label::Record(..))))
                .peekable();
            of_records.peek().is_some() && of_records.all(|arg| is_number(&arg.value, depth + 1))
        })
}

/// Whether a call only dresses the text of a column: what that cannot hold, the result does not hold either.
pub(super) fn dresses(symbol: &Symbol) -> bool {
    matches!(
        symbol.last_name().trim_end_matches("()"),
        "ucfirst"
            | "ucwords"
            | "strtoupper"
            | "strtolower"
            | "mb_strtoupper"
            | "mb_strtolower"
            | "trim"
            | "str_replace"
            | "substr"
            | "sprintf"
            | "str_pad"
            | "date_create"
    )
}

/// Names of columns that hold numbers, dates or words of the app's own.
pub(super) fn is_number_name(name: &str) -> bool {
    let words = super::words_of(name);
    let Some(last) = words.last() else { return false };
    // `userid`, `productid`
    (last.len() > 3 && last.ends_with("id") && !matches!(last.as_str(), "paid" | "valid" | "invalid" | "void" | "grid"))
        || matches!(
            last.as_str(),
            "id" | "count"
                | "total"
                | "price"
                | "amount"
                | "quantity"
                | "qty"
                | "stock"
                | "sum"
                | "cost"
                | "date"
                | "time"
                | "at"
                | "year"
                | "month"
                | "day"
                | "age"
                | "status"
                | "balance"
                | "rating"
                | "percent"
                | "percentage"
                | "avg"
                | "min"
                | "max"
                | "rows"
                | "num"
                | "salary"
                | "role"
                | "discount"
                | "tax"
                | "subtotal"
                | "active"
                | "hours"
                | "minutes"
                | "level"
                | "score"
                | "views"
                | "likes"
                | "timestamp"
                | "ip"
                | "created"
                | "updated"
                | "gender"
                | "c"
                | "cnt"
                | "size"
                | "version"
                | "capacity"
        )
        || words == ["ip", "address"]
        || words.first().is_some_and(|first| matches!(first.as_str(), "is" | "has" | "num" | "total" | "count"))
}

fn has_markup(value: &Value, depth: u32) -> bool {
    match &value.kind {
        ValueKind::Str(text) => {
            text.as_bytes().windows(2).any(|pair| pair[0] == b'<' && (pair[1].is_ascii_alphabetic() || pair[1] == b'/'))
        }
        ValueKind::Text(parts) if depth < 4 => parts.iter().any(|part| has_markup(part, depth + 1)),
        ValueKind::Choice(list) if depth < 4 => list.iter().any(|(value, _)| has_markup(value, depth + 1)),
        _ => false,
    }
}

/// SQL text with what was escaped for the inside of quotes taken as harmless where it does stand in quotes.
pub(super) fn in_quotes(text: &Value) -> Value {
    let ValueKind::Text(parts) = &text.kind else { return text.clone() };
    let mut before = String::new();
    let mut out: Vec<Value> = Vec::new();
    for part in parts.iter() {
        if let ValueKind::Str(fixed) = &part.kind {
            before.push_str(fixed);
            out.push(part.clone());
            continue;
        }
        let quoted = before.matches('\'').count() % 2 == 1 || before.matches('"').count() % 2 == 1;
        let labels = part.deep_labels();
        if quoted && covers_quotes(&labels) {
            out.push(Value::of(labels.cleaned(Clean::SQL)));
        } else {
            out.push(part.clone());
        }
    }
    let labels = out.iter().fold(Labels::NONE, |all, part| all.union(&part.labels));
    Value { kind: ValueKind::Text(out.into()), labels }
}

fn covers_quotes(labels: &Labels) -> bool {
    labels.iter().all(|label| match label {
        Label::Input(_, clean) | Label::Upload(_, clean) => clean.covers(Clean::QUOTED),
        _ => true,
    })
}

/// Uploads kept without a look at what they are: where the file is moved to its place.
pub(crate) fn upload_without_checks(events: &[Event]) -> Vec<(plimsoll_source::Span, String)> {
    let moves: Vec<&Event> = events.iter().filter(|event| event.path() == "move_uploaded_file").collect();
    if moves.is_empty() {
        return Vec::new();
    }
    // Any test of the upload on the way counts: which branch it leads to is often kept in a flag.
    let checked =
        events.iter().any(|event| event.facts.iter().any(|fact| looks_at_kind(fact, 0)) || looks_inside(event));
    if checked {
        return Vec::new();
    }
    moves.iter().map(|event| (event.span, "the kind of file is not checked".to_owned())).collect()
}

fn looks_inside(event: &Event) -> bool {
    matches!(
        event.path(),
        "getimagesize"
            | "exif_imagetype"
            | "mime_content_type"
            | "finfo_file"
            | "imagecreatefromjpeg"
            | "imagecreatefrompng"
            | "imagecreatefromstring"
    ) || event.path().starts_with("finfo()")
        || matches!(&event.kind, EventKind::Method { name, .. } if name == "file")
}

fn looks_at_kind(fact: &Fact, depth: u32) -> bool {
    let is_upload = |value: &Value| value.deep_labels().any(|label| matches!(label, Label::Upload(..)));
    match fact {
        Fact::Equal { left, right, .. } => {
            (is_upload(left) && right.as_str().is_some()) || (is_upload(right) && left.as_str().is_some())
        }
        Fact::In { value, among, .. } => is_upload(value) || is_upload(among),
        Fact::Truthy { value, .. } => {
            is_upload(value)
                && ["preg_match", "in_array", "getimagesize"].iter().any(|name| value.path().contains(name))
        }
        Fact::AnyOf { branches, .. } if depth < 4 => {
            branches.iter().flatten().any(|fact| looks_at_kind(fact, depth + 1))
        }
        _ => false,
    }
}
