//! The JSON Schema of the file, from the table of keys.

use std::fmt::Write as _;

use crate::keys::{Key, Kind, SECTIONS, Section};

/// JSON Schema (draft 2020-12) of `plimsoll.toml`, as published under `schemas/plimsoll-config-1.json`. Editors take it for
/// completion; what it cannot say (days that do not exist, a year at most) the reader checks.
pub fn json_schema() -> String {
    let sections: Vec<String> = SECTIONS.iter().map(section).collect();
    format!(
        "{{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n  \"$id\": \
         \"urn:plimsoll:schema:plimsoll-config/1\",\n  \"title\": \"plimsoll.toml\",\n  \"description\": \"What the owner \
         says of the app: settings, waivers, corrections, answers.\",\n  \"type\": \"object\",\n  \"additionalProperties\": \
         false,\n  \"properties\": {{\n{}\n  }}\n}}\n",
        sections.join(",\n")
    )
}

fn section(section: &Section) -> String {
    // A repeated section is a list whose items are what a single one is.
    let pad = if section.repeated { "      " } else { "    " };
    let mut object = format!("{pad}  \"type\": \"object\",\n{pad}  \"additionalProperties\": false,\n");
    let required: Vec<&str> = section.keys.iter().filter(|key| key.required).map(|key| key.name).collect();
    if !required.is_empty() {
        let _ = writeln!(object, "{pad}  \"required\": {},", list(&required));
    }
    for (word, names) in [("oneOf", section.one_of), ("anyOf", section.any_of)] {
        if !names.is_empty() {
            let options: Vec<String> =
                names.iter().map(|name| format!("{{ \"required\": [{}] }}", text(name))).collect();
            let _ = writeln!(object, "{pad}  \"{word}\": [{}],", options.join(", "));
        }
    }
    let keys: Vec<String> = section
        .keys
        .iter()
        .map(|key| format!("{pad}    {}: {{ \"description\": {}, {} }}", text(key.name), text(key.help), value(key)))
        .collect();
    let _ = write!(object, "{pad}  \"properties\": {{\n{}\n{pad}  }}\n", keys.join(",\n"));
    let (name, help) = (text(section.name), text(section.help));
    if section.repeated {
        format!(
            "    {name}: {{\n      \"description\": {help},\n      \"type\": \"array\",\n      \"items\": {{\n{object}      }}\n    }}"
        )
    } else {
        format!("    {name}: {{\n      \"description\": {help},\n{object}    }}")
    }
}

fn value(key: &Key) -> String {
    let words = key.kind.words();
    match key.kind {
        _ if !words.is_empty() => format!("\"enum\": {}", list(&words)),
        Kind::Day => "\"type\": \"string\", \"format\": \"date\", \"pattern\": \"^[0-9]{4}-[0-9]{2}-[0-9]{2}$\"".into(),
        Kind::Rule => "\"type\": \"string\", \"pattern\": \"^[a-z][a-z0-9-]*$\"".into(),
        Kind::Finding => "\"type\": \"string\", \"pattern\": \"^(PL-)?[0-9A-Fa-f]{8,32}$\"".into(),
        Kind::Variable => "\"type\": \"string\", \"pattern\": \"^[A-Z][A-Z0-9_]*$\"".into(),
        Kind::Path => "\"type\": \"string\", \"pattern\": \"^/\"".into(),
        Kind::Globs => "\"type\": \"array\", \"items\": { \"type\": \"string\", \"minLength\": 1 }".into(),
        _ => "\"type\": \"string\", \"minLength\": 1".into(),
    }
}

fn list(words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|word| text(word)).collect();
    format!("[{}]", words.join(", "))
}

fn text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::json_schema;
    use crate::SECTIONS;

    #[test]
    fn it_lists_every_key_and_allows_no_other() {
        let schema: Value = serde_json::from_str(&json_schema()).unwrap_or_default();
        assert_eq!(schema["additionalProperties"], false);
        for section in SECTIONS {
            let part = &schema["properties"][section.name];
            let object = if section.repeated { &part["items"] } else { part };
            assert_eq!(object["additionalProperties"], false, "{}", section.name);
            let listed = object["properties"].as_object().map_or(0, serde_json::Map::len);
            assert_eq!(listed, section.keys.len(), "{}", section.name);
            for key in section.keys {
                assert_eq!(object["properties"][key.name]["description"], key.help, "{}", key.name);
            }
        }
        assert_eq!(schema["properties"]["app"]["properties"]["carries"]["enum"][4], "sensitive");
        assert_eq!(schema["properties"]["waiver"]["items"]["required"][2], "until");
    }
}
