//! TOML with positions.

use std::borrow::Cow;

use ::toml::de::{DeTable, DeValue};

use super::{Entry, Kind, Value};

pub(super) fn read(text: &str) -> Result<Value<'_>, String> {
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let shift = text.len() - body.len();
    let table = DeTable::parse(body).map_err(|error| {
        let line = error.span().map_or(0, |span| {
            body.as_bytes()[..span.start.min(body.len())].iter().filter(|byte| **byte == b'\n').count() + 1
        });
        format!("not valid TOML in line {line}: {}", error.message().lines().next().unwrap_or_default())
    })?;
    let span = table.span();
    let kind = map(body, shift, table.into_inner());
    Ok(Value { kind, start: offset(span.start + shift), end: offset(span.end + shift) })
}

fn map<'a>(text: &'a str, shift: usize, table: DeTable<'a>) -> Kind<'a> {
    let mut entries: Vec<Entry<'a>> = table
        .into_iter()
        .map(|(key, value)| {
            let span = key.span();
            Entry {
                key: key.into_inner(),
                start: offset(span.start + shift),
                end: offset(span.end + shift),
                value: value_of(text, shift, value),
            }
        })
        .collect();
    entries.sort_by_key(|entry| entry.start);
    Kind::Map(entries)
}

fn value_of<'a>(text: &'a str, shift: usize, value: ::toml::Spanned<DeValue<'a>>) -> Value<'a> {
    let span = value.span();
    let raw = text.get(span.clone()).unwrap_or_default();
    let kind = match value.into_inner() {
        DeValue::String(content) => Kind::Text(content),
        DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) => {
            Kind::Scalar(Cow::Borrowed(raw))
        }
        DeValue::Array(items) => Kind::List(items.into_iter().map(|item| value_of(text, shift, item)).collect()),
        DeValue::Table(table) => map(text, shift, table),
    };
    Value { kind, start: offset(span.start + shift), end: offset(span.end + shift) }
}

fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
