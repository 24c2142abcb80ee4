//! What an entry point answered to someone without credentials.

use std::collections::BTreeSet;

use plimsoll_model::Exchange;
use plimsoll_model::app::{LiveAnswer, LiveContent, LiveVerdict};
use serde_json::Value;

use crate::html;
use crate::http::Response;
use crate::signature;
use crate::soft404::Baseline;

/// Most ids that are kept of a list.
const MAX_IDS: usize = 6;
/// Most field names that are kept of an answer.
const MAX_FIELDS: usize = 100;

/// How an answer is understood.
#[derive(Clone, Debug)]
pub(crate) enum Understood {
    /// It answered with something.
    Open(LiveAnswer),
    /// It refused.
    Refused(LiveAnswer),
    /// It is not there, or the start page came instead.
    Missing,
    /// Anything else: why nothing follows from it.
    Unclear(String),
}

pub(crate) fn understand(
    exchange: Exchange,
    entry: Option<usize>,
    path: &str,
    response: &Response,
    known: &Baseline,
) -> Understood {
    let answer = |content, verdict| LiveAnswer {
        exchange: exchange.clone(),
        entry,
        content,
        fields: Vec::new(),
        records: None,
        personal: Vec::new(),
        verdict,
    };
    let refused = || Understood::Refused(answer(LiveContent::Other, LiveVerdict::Passed));
    match response.status {
        401 | 403 => return refused(),
        404 | 405 | 410 | 501 => return Understood::Missing,
        300..=399 => {
            let to = response.header("location").unwrap_or_default().to_ascii_lowercase();
            let to_login =
                ["login", "signin", "sign-in", "sign_in", "log-in", "auth"].iter().any(|word| to.contains(word));
            return if to_login { refused() } else { Understood::Unclear("it redirects elsewhere".to_owned()) };
        }
        200..=299 => {}
        status => return Understood::Unclear(format!("it answered {status}")),
    }
    if response.is_encoded() {
        return Understood::Unclear("its answer is compressed although that was not asked for".to_owned());
    }
    if known.is_missing(response, path) {
        return Understood::Missing;
    }
    let kind = response.media_type();
    let start = response.body.iter().find(|byte| !byte.is_ascii_whitespace()).copied();
    let personal = signature::personal_values(&response.body);
    let many = personal.iter().any(|(kind, count)| *count >= 2 || kind == "iban");
    if kind.contains("json") || (matches!(start, Some(b'{' | b'[')) && !kind.contains("html")) {
        let Ok(value) = serde_json::from_slice::<Value>(&response.body) else {
            return Understood::Unclear("its JSON could not be read".to_owned());
        };
        if is_polite_refusal(&value) {
            return refused();
        }
        let mut seen = Seen::default();
        seen.walk(&value, 0);
        let records = records_of(&value);
        let verdict = if many || seen.sensitive {
            LiveVerdict::Confirmed
        } else if records.unwrap_or(0) > 0 {
            LiveVerdict::Likely
        } else {
            LiveVerdict::CouldNotTell
        };
        let fields = seen.fields.into_iter().collect();
        return Understood::Open(LiveAnswer { fields, records, personal, ..answer(LiveContent::Json, verdict) });
    }
    if kind.contains("html") || start == Some(b'<') {
        let text = response.text();
        if html::parts(&text).password_field {
            return refused();
        }
        if html::visible_text(&text).split_whitespace().map(str::len).sum::<usize>() < 60 {
            return Understood::Unclear("its page has no text of its own".to_owned());
        }
        // A page may name its makers; a list of people is longer.
        let list = personal.iter().any(|(kind, count)| *count >= 5 || kind == "iban");
        let verdict = if list { LiveVerdict::Likely } else { LiveVerdict::CouldNotTell };
        return Understood::Open(LiveAnswer { personal, ..answer(LiveContent::Html, verdict) });
    }
    if kind == "text/csv" {
        let text = response.text();
        let mut lines = text.lines().filter(|line| !line.trim().is_empty());
        let fields: BTreeSet<String> = lines
            .next()
            .unwrap_or_default()
            .split([',', ';', '\t'])
            .take(MAX_FIELDS)
            .filter_map(|name| field_name(name.trim().trim_matches('"')))
            .collect();
        let sensitive = fields.iter().any(|name| signature::is_sensitive_field(name));
        let records = lines.count();
        let verdict = match () {
            () if many || (sensitive && records > 0) => LiveVerdict::Confirmed,
            () if records > 0 => LiveVerdict::Likely,
            () => LiveVerdict::CouldNotTell,
        };
        let fields = fields.into_iter().collect();
        return Understood::Open(LiveAnswer {
            fields,
            records: Some(records),
            personal,
            ..answer(LiveContent::Table, verdict)
        });
    }
    let verdict = if many { LiveVerdict::Likely } else { LiveVerdict::CouldNotTell };
    Understood::Open(LiveAnswer { personal, ..answer(LiveContent::Other, verdict) })
}

/// `{"error": …}`, `{"user": null}`, `{"authenticated": false}` with status 200: a refusal in friendly words.
fn is_polite_refusal(value: &Value) -> bool {
    let Some(object) = value.as_object() else { return value.is_null() };
    let only_about_itself = object.iter().all(|(key, value)| {
        let key = key.to_ascii_lowercase();
        value.is_null()
            || [
                "error",
                "errors",
                "message",
                "msg",
                "success",
                "ok",
                "status",
                "statuscode",
                "code",
                "detail",
                "user",
                "session",
                "authenticated",
                "isauthenticated",
                "loggedin",
                "isloggedin",
                "role",
                "redirect",
            ]
            .contains(&key.as_str())
                && !value.is_object()
                && value.as_array().is_none_or(|list| list.is_empty())
    });
    let says_no = object.iter().any(|(key, value)| {
        let key = key.to_ascii_lowercase();
        match key.as_str() {
            "error" | "errors" => !value.is_null() && value != &Value::Bool(false),
            "success" | "ok" | "authenticated" | "isauthenticated" | "loggedin" | "isloggedin" => {
                value == &Value::Bool(false)
            }
            "user" | "session" => value.is_null(),
            _ => false,
        }
    });
    only_about_itself && says_no
}

/// How many records: the list itself, or the longest list one level down.
fn records_of(value: &Value) -> Option<usize> {
    match value {
        Value::Array(list) => Some(list.len()),
        Value::Object(object) => object.values().filter_map(Value::as_array).map(Vec::len).max(),
        _ => None,
    }
}

#[derive(Default)]
struct Seen {
    fields: BTreeSet<String>,
    sensitive: bool,
}

impl Seen {
    fn walk(&mut self, value: &Value, depth: usize) {
        if depth > 6 {
            return;
        }
        match value {
            Value::Array(list) => list.iter().take(50).for_each(|item| self.walk(item, depth + 1)),
            Value::Object(object) => {
                for (key, value) in object.iter().take(MAX_FIELDS) {
                    if let Some(name) = field_name(key).filter(|_| self.fields.len() < MAX_FIELDS) {
                        self.sensitive |= holds_something(value, key) && signature::is_sensitive_field(&name);
                        self.fields.insert(name);
                    }
                    self.walk(value, depth + 1);
                }
            }
            _ => {}
        }
    }
}

/// A value, and not the label of a form (`"password": "Your password"`) or a switch.
fn holds_something(value: &Value, key: &str) -> bool {
    match value {
        Value::String(text) => !text.is_empty() && !text.to_ascii_lowercase().contains(&key.to_ascii_lowercase()),
        Value::Number(_) => true,
        _ => false,
    }
}

/// A key that is a name and not itself data (an address or number as key of a map).
fn field_name(key: &str) -> Option<String> {
    let name = !key.is_empty()
        && key.len() <= 40
        && key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b' '));
    name.then(|| key.to_owned())
}

/// Short values of the records of an answer, by the field's name in lower case, fit to stand in a path: of each field one
/// value for each shape (`INV-1` and `Q-2` are of two), three at most.
pub(crate) fn short_values(body: &[u8]) -> Vec<(String, Vec<String>)> {
    let Ok(value) = serde_json::from_slice::<Value>(body) else { return Vec::new() };
    let records: Vec<&Value> = match &value {
        Value::Array(list) => list.iter().take(30).collect(),
        Value::Object(object) => match object.values().find_map(Value::as_array) {
            Some(list) => list.iter().take(30).collect(),
            None => vec![&value],
        },
        _ => Vec::new(),
    };
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    let shape = |text: &str| text.chars().filter(|c| !c.is_ascii_digit()).collect::<String>();
    for (name, value) in
        records.into_iter().filter_map(Value::as_object).flat_map(|record| record.iter().take(MAX_FIELDS))
    {
        let Some(text) = path_value(value) else { continue };
        let name = name.to_ascii_lowercase();
        match found.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) if values.len() < 3 && values.iter().all(|known| shape(known) != shape(&text)) => {
                values.push(text);
            }
            Some(_) => {}
            None => found.push((name, vec![text])),
        }
    }
    found
}

/// First id of each list inside the records of an answer, by the name of the list in lower case.
pub(crate) fn inner_ids(body: &[u8]) -> Vec<(String, String)> {
    fn walk(value: &Value, depth: usize, found: &mut Vec<(String, String)>) {
        if depth > 4 || found.len() >= 50 {
            return;
        }
        match value {
            Value::Array(list) => list.iter().take(20).for_each(|item| walk(item, depth + 1, found)),
            Value::Object(object) => {
                for (name, value) in object.iter().take(MAX_FIELDS) {
                    let first = value.as_array().and_then(|list| list.first()).and_then(Value::as_object);
                    if let Some(id) = first.and_then(|record| path_value(record.get("id")?)) {
                        found.push((name.to_ascii_lowercase(), id));
                    }
                    walk(value, depth + 1, found);
                }
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    if let Ok(value) = serde_json::from_slice::<Value>(body) {
        walk(&value, 0, &mut found);
    }
    found
}

/// A value that can stand in a path.
fn path_value(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let fit =
        (1..=40).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    fit.then_some(text)
}

/// The id of the first record of a list, fit to stand in a path.
pub(crate) fn first_id(body: &[u8]) -> Option<String> {
    ids(body).into_iter().next()
}

/// The ids of the first records of a list, fit to stand in a path; none when the first has none.
pub(crate) fn ids(body: &[u8]) -> Vec<String> {
    let Ok(value) = serde_json::from_slice::<Value>(body) else { return Vec::new() };
    let list = match &value {
        Value::Array(list) => Some(list),
        Value::Object(object) => object.values().find_map(Value::as_array),
        _ => None,
    };
    let id_of = |record: &Value| {
        let record = record.as_object()?;
        let id = ["id", "_id", "uuid", "slug"].iter().find_map(|name| record.get(*name))?;
        let text = match id {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => return None,
        };
        let fit = !text.is_empty()
            && text.len() <= 64
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        fit.then_some(text)
    };
    list.into_iter().flatten().take(MAX_IDS).map_while(id_of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_in_friendly_words() {
        for (text, refusal) in [
            (r#"{"error":"login required"}"#, true),
            (r#"{"user":null}"#, true),
            (r#"{"authenticated":false,"message":"x"}"#, true),
            (r#"{"success":false,"errors":["no"]}"#, false),
            (r#"{"error":null,"data":[{"id":1}]}"#, false),
            (r#"{"user":null,"customers":[1]}"#, false),
            (r#"{"status":"ok"}"#, false),
            ("null", true),
            ("[]", false),
        ] {
            let value: Value = serde_json::from_str(text).expect("JSON");
            assert_eq!(is_polite_refusal(&value), refusal, "{text}");
        }
    }

    #[test]
    fn keys_that_are_data_are_no_fields() {
        let mut seen = Seen::default();
        let text = r#"{"customers":[{"name":"x","salary":100}],"a@b.example":{"x":1},"password":"Password"}"#;
        seen.walk(&serde_json::from_str(text).expect("JSON"), 0);
        assert_eq!(
            seen.fields.iter().map(String::as_str).collect::<Vec<_>>(),
            ["customers", "name", "password", "salary", "x"]
        );
        assert!(seen.sensitive);
    }

    #[test]
    fn values_that_lead_to_objects() {
        let body = br#"[{"number":"Q-2"},{"number":"INV-1"},{"number":"INV-2"},{"number":"a b"}]"#;
        assert_eq!(
            short_values(body).first(),
            Some(&("number".to_owned(), vec!["Q-2".to_owned(), "INV-1".to_owned()]))
        );
        let body = br#"{"id":3,"Photos":[{"id":9},{"id":10}],"tags":["x"],"items":[]}"#;
        assert_eq!(inner_ids(body), [("photos".to_owned(), "9".to_owned())]);
    }

    #[test]
    fn ids() {
        assert_eq!(first_id(br#"[{"id":7}]"#).as_deref(), Some("7"));
        assert_eq!(first_id(br#"{"data":[{"_id":"a-b"}]}"#).as_deref(), Some("a-b"));
        assert_eq!(first_id(br#"[{"id":"../x"}]"#), None);
        assert_eq!(first_id(b"[]"), None);
    }
}
