//! Label files: what people found in an app, and what only looks wrong.

use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::Value;

/// The labels of one app.
#[derive(Deserialize, Default)]
pub(crate) struct Labels {
    /// Real problems.
    pub(crate) items: Option<Vec<Item>>,
    /// Places that a naive scanner flags wrongly.
    pub(crate) not_a_problem: Option<Vec<Trap>>,
    /// Places that count neither way.
    pub(crate) ambiguous: Option<Vec<Place>>,
    /// What the app stores.
    pub(crate) data: Option<Vec<DataLabel>>,
    /// `strong` or `weak`, of apps that come in two versions.
    pub(crate) twin: Option<String>,
    /// What an attacker can do with several problems together; complete for twins.
    pub(crate) chains: Option<Vec<ChainLabel>>,
}

/// A table, collection or file and what is in it.
#[derive(Deserialize)]
pub(crate) struct DataLabel {
    pub(crate) table: Option<String>,
    pub(crate) collection: Option<String>,
    pub(crate) bucket: Option<String>,
    pub(crate) fields: Option<Vec<Value>>,
    /// In words: `PII / credentials`.
    #[serde(default)]
    pub(crate) kind: String,
}

/// An attack chain.
#[derive(Deserialize)]
pub(crate) struct ChainLabel {
    #[serde(default)]
    pub(crate) id: Value,
    #[serde(default)]
    pub(crate) title: String,
    /// The problems that it uses, in order.
    #[serde(default)]
    pub(crate) items: Vec<Value>,
}

/// A real problem.
#[derive(Deserialize)]
pub(crate) struct Item {
    #[serde(default)]
    pub(crate) id: Value,
    pub(crate) gap: String,
    #[serde(default)]
    pub(crate) cwe: Value,
    #[serde(default)]
    pub(crate) file: String,
    pub(crate) line: Option<i64>,
    /// Numbers are lines of the same file, texts are `FILE:LINE`.
    pub(crate) also_lines: Option<Vec<Value>>,
    pub(crate) absence: Option<bool>,
    pub(crate) severity: String,
    #[serde(default)]
    pub(crate) evidence: String,
    pub(crate) package: Option<String>,
}

/// A place that only looks wrong.
#[derive(Deserialize)]
pub(crate) struct Trap {
    #[serde(default)]
    pub(crate) id: Value,
    pub(crate) naive_gap: String,
    #[serde(default)]
    pub(crate) file: String,
    pub(crate) line: Option<i64>,
    /// Tolerated up to this severity.
    pub(crate) ok_as: Option<String>,
    #[serde(default)]
    pub(crate) reason: String,
}

/// A place.
#[derive(Deserialize)]
pub(crate) struct Place {
    #[serde(default)]
    pub(crate) file: String,
    pub(crate) line: Option<i64>,
}

/// A value as text, without the quotes of JSON.
pub(crate) fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

impl Item {
    /// All places of the problem; a place without a line is a whole file.
    pub(crate) fn places(&self) -> Vec<(String, Option<i64>)> {
        let mut out = vec![(self.file.clone(), self.line)];
        for also in self.also_lines.iter().flatten() {
            if let Some(line) = also.as_i64() {
                out.push((self.file.clone(), Some(line)));
                continue;
            }
            let text = text(also);
            let (file, line) = text.rsplit_once(':').unwrap_or(("", &text));
            match line.parse().ok().filter(|_| line.bytes().all(|byte| byte.is_ascii_digit())) {
                Some(line) => out.push((file.to_owned(), Some(line))),
                None => out.push((text.clone(), None)),
            }
        }
        out
    }
}

/// The labels of a folder (`APP.yaml`), by app, in order.
pub(crate) fn read(folder: &Path) -> Result<Vec<(String, Labels)>> {
    let mut files: Vec<_> = std::fs::read_dir(folder)?.flatten().map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    files
        .into_iter()
        .map(|file| {
            let name = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
            let text = std::fs::read_to_string(&file)?;
            let labels = serde_saphyr::from_str(&text).with_context(|| file.display().to_string())?;
            Ok((name, labels))
        })
        .collect()
}
