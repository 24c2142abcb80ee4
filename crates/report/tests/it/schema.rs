//! The part of JSON Schema that the tests need: enough for the schema of the review and for SARIF's own.

use serde_json::Value;

/// Everything wrong with `value`, as `path: problem`.
pub(crate) fn problems(schema: &Value, value: &Value) -> Vec<String> {
    let mut out = Vec::new();
    check(schema, schema, value, "$", &mut out);
    out
}

fn check(root: &Value, schema: &Value, value: &Value, path: &str, out: &mut Vec<String>) {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let pointer = reference.strip_prefix('#').expect("only local references");
        check(root, root.pointer(pointer).expect(reference), value, path, out);
    }
    let mut fail = |text: String| out.push(format!("{path}: {text}"));
    if let Some(expected) = schema.get("const")
        && expected != value
    {
        fail(format!("{value} is not {expected}"));
    }
    if let Some(options) = schema.get("enum").and_then(Value::as_array)
        && !options.contains(value)
    {
        fail(format!("{value} is none of {options:?}"));
    }
    if let Some(expected) = schema.get("type") {
        let names: Vec<&str> = match expected {
            Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
            name => name.as_str().into_iter().collect(),
        };
        if !names.iter().any(|name| has_type(value, name)) {
            fail(format!("{value} is no {names:?}"));
        }
    }
    if let (Some(least), Some(number)) = (schema.get("minimum").and_then(Value::as_f64), value.as_f64())
        && number < least
    {
        fail(format!("{number} < {least}"));
    }
    if let Some(options) = schema.get("anyOf").and_then(Value::as_array)
        && !options.iter().any(|option| {
            let mut inner = Vec::new();
            check(root, option, value, path, &mut inner);
            inner.is_empty()
        })
    {
        fail(format!("{value} fits none of anyOf"));
    }
    if let Some(object) = value.as_object() {
        for name in schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
            if !object.contains_key(name) {
                fail(format!("{name} is missing"));
            }
        }
        let properties = schema.get("properties");
        for (name, inner) in object {
            match properties.and_then(|all| all.get(name)) {
                Some(schema) => check(root, schema, inner, &format!("{path}.{name}"), out),
                None => match schema.get("additionalProperties") {
                    Some(Value::Bool(false)) => out.push(format!("{path}: {name} is not allowed")),
                    Some(other) if other.is_object() => check(root, other, inner, &format!("{path}.{name}"), out),
                    _ => {}
                },
            }
        }
    }
    if let Some(items) = value.as_array() {
        if let Some(least) = schema.get("minItems").and_then(Value::as_u64)
            && (items.len() as u64) < least
        {
            out.push(format!("{path}: fewer than {least} items"));
        }
        if schema.get("uniqueItems") == Some(&Value::Bool(true)) {
            for (at, item) in items.iter().enumerate() {
                if items[..at].contains(item) {
                    out.push(format!("{path}: {item} is there twice"));
                }
            }
        }
        if let Some(inner) = schema.get("items") {
            for (at, item) in items.iter().enumerate() {
                check(root, inner, item, &format!("{path}[{at}]"), out);
            }
        }
    }
}

fn has_type(value: &Value, name: &str) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        _ => false,
    }
}

/// A copy of a schema in which every object with properties allows no others: finds what the output has and the
/// schema does not describe.
pub(crate) fn closed(schema: &Value) -> Value {
    match schema {
        Value::Object(object) => {
            let mut copy: serde_json::Map<String, Value> =
                object.iter().map(|(name, inner)| (name.clone(), closed(inner))).collect();
            if copy.get("properties").is_some_and(Value::is_object) && copy.contains_key("type") {
                copy.insert("additionalProperties".into(), Value::Bool(false));
            }
            Value::Object(copy)
        }
        Value::Array(items) => Value::Array(items.iter().map(closed).collect()),
        other => other.clone(),
    }
}
