//! One tree of values with byte positions for JSON, TOML and YAML.
//!
//! Lockfiles are read into this shape once, so that every format can say on which line it declares a package. All
//! three readers are bounded in depth; size is bounded by [`MAX_BYTES`].

mod json;
mod toml;
mod yaml;

use std::borrow::Cow;

/// Larger documents are not read: no package manager writes them, and they cost memory in multiples.
pub(crate) const MAX_BYTES: usize = 64 << 20;

/// A value and where it stands, in bytes.
#[derive(Debug)]
pub(crate) struct Value<'a> {
    pub(crate) kind: Kind<'a>,
    pub(crate) start: u32,
    pub(crate) end: u32,
}

/// What a value is. Numbers, dates and booleans keep their text, because `1.10` is a version and not `1.1`.
#[derive(Debug)]
pub(crate) enum Kind<'a> {
    Null,
    Scalar(Cow<'a, str>),
    Text(Cow<'a, str>),
    List(Vec<Value<'a>>),
    Map(Vec<Entry<'a>>),
}

/// A key with its value.
#[derive(Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) key: Cow<'a, str>,
    pub(crate) start: u32,
    pub(crate) end: u32,
    pub(crate) value: Value<'a>,
}

impl<'a> Value<'a> {
    /// The value under a key; the last one where a key is repeated, as `JSON.parse` has it.
    pub(crate) fn get(&self, key: &str) -> Option<&Value<'a>> {
        self.entries().iter().rev().find(|entry| entry.key == key).map(|entry| &entry.value)
    }

    /// The value at a path of keys.
    pub(crate) fn at(&self, path: &[&str]) -> Option<&Value<'a>> {
        path.iter().try_fold(self, |value, key| value.get(key))
    }

    /// Text or any other scalar as written.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) | Kind::Scalar(text) => Some(text),
            _ => None,
        }
    }

    /// Text under a key.
    pub(crate) fn text_of(&self, key: &str) -> Option<&str> {
        self.get(key).and_then(Value::text)
    }

    /// Whether the scalar under a key is `true`.
    pub(crate) fn is_true(&self, key: &str) -> bool {
        matches!(self.get(key), Some(Value { kind: Kind::Scalar(text), .. }) if text == "true")
    }

    /// The entries of a map; none for anything else.
    pub(crate) fn entries(&self) -> &[Entry<'a>] {
        match &self.kind {
            Kind::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The entries of the map under a key.
    pub(crate) fn entries_of(&self, key: &str) -> &[Entry<'a>] {
        self.get(key).map_or(&[], Value::entries)
    }

    /// The items of a list; none for anything else.
    pub(crate) fn items(&self) -> &[Value<'a>] {
        match &self.kind {
            Kind::List(items) => items,
            _ => &[],
        }
    }

    /// The items of the list under a key.
    pub(crate) fn items_of(&self, key: &str) -> &[Value<'a>] {
        self.get(key).map_or(&[], Value::items)
    }

    /// Refuses a document in which something else stands under a key than a map or a list: read as if nothing stood
    /// there, it would be called clean.
    pub(crate) fn shaped(self, maps: &[&str], lists: &[&str]) -> Result<Self, String> {
        for (keys, is_list) in [(maps, false), (lists, true)] {
            for key in keys {
                let fits = match self.get(key).map(|value| &value.kind) {
                    None | Some(Kind::Null) => true,
                    Some(Kind::List(_)) => is_list,
                    Some(Kind::Map(_)) => !is_list,
                    Some(Kind::Scalar(_) | Kind::Text(_)) => false,
                };
                if !fits {
                    return Err(format!("`{key}` is no {}", if is_list { "list" } else { "map" }));
                }
            }
        }
        Ok(self)
    }

    pub(crate) fn is_map(&self) -> bool {
        matches!(self.kind, Kind::Map(_))
    }

    pub(crate) fn range(&self) -> (u32, u32) {
        (self.start, self.end)
    }
}

/// Reads JSON, with comments and trailing commas (bun.lock has the latter).
pub(crate) fn json(text: &str) -> Result<Value<'_>, String> {
    bounded(text).and_then(json::read)
}

/// Reads TOML.
pub(crate) fn toml(text: &str) -> Result<Value<'_>, String> {
    bounded(text).and_then(toml::read)
}

/// Reads YAML.
pub(crate) fn yaml(text: &str) -> Result<Value<'_>, String> {
    bounded(text).and_then(yaml::read)
}

fn bounded(text: &str) -> Result<&str, String> {
    if text.len() > MAX_BYTES { Err(format!("larger than {} MiB", MAX_BYTES >> 20)) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_positions_and_leniency() {
        let text = "\u{feff}{ // note\n \"a\": [1, \"é\\n\", {\"b\": null,},], /* x */ \"a2\": true }";
        let value = json(text).expect("valid");
        let items = value.items_of("a");
        assert_eq!(items[0].text(), Some("1"));
        assert_eq!(items[1].text(), Some("é\n"));
        assert!(value.is_true("a2"));
        let entry = &value.entries()[1];
        assert_eq!(&text[entry.start as usize..entry.end as usize], "\"a2\"");
    }

    #[test]
    fn hostile_documents_are_refused() {
        let deep = "[".repeat(1_000_000);
        assert!(json(&deep).is_err());
        assert!(toml(&format!("a = {deep}")).is_err());
        assert!(yaml(&deep).is_err());
        assert!(json("{\"a\": }").is_err());
        assert!(json("{\"a\": 1} x").is_err());
        assert!(json("").is_err());
        assert!(json("{\"a\": \"\\ud800\"}").is_ok());
    }

    #[test]
    fn toml_and_yaml_keep_the_text_of_numbers() {
        let text = "v = 1.10\n[[p]]\nname = \"x\"\nat = 2022-07-08T18:31:40Z\n";
        let value = toml(text).expect("valid");
        assert_eq!(value.text_of("v"), Some("1.10"));
        let name = value.items_of("p")[0].get("name").expect("name");
        assert_eq!(&text[name.start as usize..name.end as usize], "\"x\"");
        let text = "lockfileVersion: 5.4\nq: 'é'\npackages:\n\n  /a/1.10:\n    dev: true\n    v: 1.10\n";
        let value = yaml(text).expect("valid");
        assert_eq!(value.text_of("lockfileVersion"), Some("5.4"));
        let package = &value.entries_of("packages")[0];
        assert_eq!(package.key, "/a/1.10");
        assert_eq!(&text[package.start as usize..package.end as usize], "/a/1.10");
        assert!(package.value.is_true("dev"));
        assert_eq!(package.value.text_of("v"), Some("1.10"));
    }
}
