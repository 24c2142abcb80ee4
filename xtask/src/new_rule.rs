//! `cargo xtask new-rule FAMILY/NAME`.

use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::generate;
use crate::rule_text;

/// The word that marks what is still to be written on a page; a test refuses a page that holds it.
const TO_WRITE: &str = "TO WRITE";

/// Writes the query, the page and the generated files. The query compiles at once and finds nothing; the page's fences
/// make the literate test fail until rule and examples are written.
pub(crate) fn scaffold(root: &Path, name: &str) -> Result<()> {
    let (family, rule) = name.split_once('/').context("say FAMILY/NAME, as in `headers/no-security-headers`")?;
    let is_word = |text: &str, extra: char| {
        !text.is_empty()
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == extra)
    };
    let id = rule.replace('_', "-");
    if !is_word(family, '_') || !is_word(&id, '-') {
        bail!("`{name}`: lower case words, joined by `-` in the rule's name and by `_` in the family's");
    }
    let stem = id.replace('-', "_");
    if let Some(known) = rule_text::all(root)?.into_iter().find(|known| known.stem == stem) {
        bail!("{}/{} exists", known.family, known.stem);
    }
    let folder = rule_text::folder(root).join(family);
    std::fs::create_dir_all(&folder)?;
    for (extension, text) in [("rs", query(&stem, &id)), ("md", page(&id))] {
        let path = folder.join(&stem).with_extension(extension);
        if path.exists() {
            bail!("{} exists", path.display());
        }
        std::fs::write(&path, text)?;
        println!("wrote {}", path.strip_prefix(root).unwrap_or(&path).display());
    }
    generate::write_under(root)?;
    println!("Now write the page's two examples, then the query. `cargo test -p plimsoll pages` says what is missing.");
    Ok(())
}

fn query(stem: &str, id: &str) -> String {
    format!(
        r#"//! {TO_WRITE}: the pattern, in one line.

use plimsoll_model::{{App, Gap, Severity}};

use crate::{{Rule, Sink}};

pub(crate) static RULE: Rule = Rule {{
    id: "{id}",
    summary: "{TO_WRITE}: the pattern, in one line",
    gap: Gap::Other,
    severity: Severity::Medium,
    cwe: &[],
    owasp: &[],
    asvs: &[],
    page: include_str!("{stem}.md"),
    run,
}};

fn run(app: &App, sink: &mut Sink<'_>) {{
    // Query the model and report: `sink.code(span, note).done()`.
    let _ = (app, sink);
}}
"#
    )
}

fn page(id: &str) -> String {
    format!(
        "# {TO_WRITE}: title

## What it finds

{TO_WRITE}: the pattern, and when it is no finding.

## Why it matters

{TO_WRITE}: what it means for the owner's business, in plain words.

## Example

```js path=server.js
// {TO_WRITE}: a small app that must be flagged at this line -- finding: {id}
```

## Do this instead

{TO_WRITE}: the repair, in one sentence.

```js path=server.js
// {TO_WRITE}: the same app done right
```

## How we know

{TO_WRITE}: which facts the query uses.

## What we cannot see

{TO_WRITE}: what the query misses and where it may be wrong.
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn empty_tree() -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        let schema =
            std::fs::read(crate::workspace::root().join("schemas/plimsoll-review-1.json")).expect("the schema");
        std::fs::create_dir_all(folder.path().join("crates/rules/src")).expect("folders");
        std::fs::create_dir_all(folder.path().join("schemas")).expect("folders");
        std::fs::write(folder.path().join("schemas/plimsoll-review-1.json"), schema).expect("a file");
        folder
    }

    #[test]
    fn a_scaffold_is_read_back_and_registered() {
        let folder = empty_tree();
        scaffold(folder.path(), "access_control/door-left-open").expect("a scaffold");
        let rules = rule_text::all(folder.path()).expect("readable");
        let ids: Vec<&str> = rules.iter().map(|rule| rule.id.as_str()).collect();
        assert_eq!(ids, ["door-left-open"]);
        let registry = std::fs::read_to_string(folder.path().join("crates/rules/src/registry.rs")).expect("a registry");
        assert!(registry.contains("#[path = \"access_control/door_left_open.rs\"]"), "{registry}");
        let index = std::fs::read_to_string(folder.path().join("docs/rules.md")).expect("an index");
        assert!(index.contains("(../crates/rules/src/access_control/door_left_open.md)"), "{index}");
        assert!(scaffold(folder.path(), "headers/door_left_open").is_err(), "ids are unique across families");
    }

    #[test]
    fn names_are_words() {
        let folder = empty_tree();
        for name in ["rule", "a/B", "a/", "/b", "../a/b", "a/../b", "a/1b", "a/b c"] {
            assert!(scaffold(folder.path(), name).is_err(), "{name}");
        }
    }
}
