//! OSV records (ossf.github.io/osv-schema) and what they mean for a version.
//!
//! The model is forward compatible: unknown fields, unknown range types and unknown ecosystems never make a record
//! unreadable, because a record that is dropped is a vulnerability that is called clean.

mod advisory;
mod score;

use serde::Deserialize;
use serde_json::Value;

pub use advisory::{Advisory, Kind, Severity};
pub(crate) use advisory::{Affects, End, Span, groups};

use crate::Ecosystem;
use crate::version::Version;

/// A record as published. Fields that do not matter here are left out.
#[derive(Debug, Deserialize)]
pub(crate) struct Record {
    pub(crate) id: String,
    #[serde(default)]
    modified: Option<String>,
    #[serde(default)]
    withdrawn: Option<Value>,
    #[serde(default, deserialize_with = "or_default")]
    aliases: Vec<String>,
    #[serde(default, deserialize_with = "or_default")]
    summary: String,
    #[serde(default, deserialize_with = "or_default")]
    details: String,
    #[serde(default, deserialize_with = "or_default")]
    severity: Vec<RecordSeverity>,
    #[serde(default, deserialize_with = "or_default")]
    affected: Vec<Affected>,
    #[serde(default, deserialize_with = "or_default")]
    database_specific: Value,
}

#[derive(Debug, Default, Deserialize)]
struct RecordSeverity {
    #[serde(default, rename = "type", deserialize_with = "or_default")]
    kind: String,
    #[serde(default, deserialize_with = "or_default")]
    score: String,
}

#[derive(Debug, Default, Deserialize)]
struct Affected {
    #[serde(default)]
    package: Option<RecordPackage>,
    #[serde(default, deserialize_with = "or_default")]
    severity: Vec<RecordSeverity>,
    #[serde(default, deserialize_with = "or_default")]
    ranges: Vec<RecordRange>,
    #[serde(default, deserialize_with = "or_default")]
    versions: Vec<String>,
    #[serde(default, deserialize_with = "or_default")]
    database_specific: Value,
    #[serde(default, deserialize_with = "or_default")]
    ecosystem_specific: Value,
}

#[derive(Debug, Deserialize)]
struct RecordPackage {
    ecosystem: String,
    name: String,
}

#[derive(Debug, Default, Deserialize)]
struct RecordRange {
    #[serde(default, rename = "type", deserialize_with = "or_default")]
    kind: String,
    #[serde(default, deserialize_with = "or_default")]
    events: Vec<Event>,
    #[serde(default, deserialize_with = "or_default")]
    database_specific: Value,
}

#[derive(Debug, Default, Deserialize)]
struct Event {
    introduced: Option<String>,
    fixed: Option<String>,
    last_affected: Option<String>,
    limit: Option<String>,
}

/// `null` where a list, text or object belongs is common in real records.
fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

/// The longest summary that is kept, in characters.
const SUMMARY: usize = 110;

impl Record {
    /// Parses one record.
    pub(crate) fn parse(json: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(json)
    }

    /// Withdrawn records are not advisories any more.
    pub(crate) fn is_withdrawn(&self) -> bool {
        !matches!(&self.withdrawn, None | Some(Value::Null)) && self.withdrawn != Some(Value::String(String::new()))
    }

    /// The day of the last change, as days since 1970.
    pub(crate) fn modified_day(&self) -> Option<u32> {
        crate::index::day_of(self.modified.as_deref()?)
    }

    /// The moment of the last change.
    pub(crate) fn modified_stamp(&self) -> Option<crate::index::Stamp> {
        crate::index::Stamp::parse(self.modified.as_deref()?)
    }

    /// The record as advisories, one per package of a known ecosystem. Several `affected` entries of one package
    /// become one advisory, because any of them suffices.
    pub(crate) fn advisories(&self) -> Vec<(Ecosystem, String, Advisory)> {
        let mut out: Vec<(Ecosystem, String, Advisory)> = Vec::new();
        for affected in &self.affected {
            let Some(package) = &affected.package else { continue };
            let Some(ecosystem) = Ecosystem::from_osv(&package.ecosystem) else { continue };
            let name = ecosystem.normalized(&package.name);
            let spans = affected.spans(ecosystem);
            let position = out.iter().position(|(known, known_name, _)| *known == ecosystem && *known_name == name);
            let at = position.unwrap_or_else(|| {
                let (severity, score) = self.rating(affected);
                out.push((
                    ecosystem,
                    name,
                    Advisory {
                        id: self.id.clone(),
                        aliases: self.aliases.clone(),
                        summary: self.short_summary(),
                        severity,
                        score,
                        kind: self.kind(affected),
                        partial: false,
                        spans: Vec::new(),
                        versions: Vec::new(),
                        symbols: Vec::new(),
                    },
                ));
                out.len() - 1
            });
            let Some((_, _, advisory)) = out.get_mut(at) else { continue };
            advisory.spans.extend(spans);
            advisory.versions.extend(affected.versions.iter().cloned());
            advisory.symbols.extend(affected.symbols(ecosystem));
        }
        for (ecosystem, _, advisory) in &mut out {
            // PyPI records list every affected version; only those that the ranges do not cover say something new.
            let mut extra: Vec<String> = std::mem::take(&mut advisory.versions);
            extra.sort();
            extra.dedup();
            let set = advisory.set(*ecosystem);
            extra.retain(|text| {
                !matches!((Version::parse(*ecosystem, text), &set), (Some(version), Some(set)) if set.contains(&version))
            });
            advisory.versions = extra;
            advisory.symbols.sort();
            advisory.symbols.dedup();
            // More than these are as good as the whole package.
            if advisory.symbols.len() > SYMBOLS {
                advisory.symbols.clear();
            }
        }
        out
    }

    /// Whether the record says of itself that a copy of it was shortened on the way.
    pub(crate) fn is_shortened(&self) -> bool {
        ["details_truncated_at", "ranges_added_from"].iter().any(|key| self.database_specific.get(*key).is_some())
    }

    /// Whether a release line may be missing, given that the source kept one range: a single range that was not
    /// put right from another source, and that leaves newer or older versions out.
    pub(crate) fn may_miss_ranges(&self, advisory: &Advisory) -> bool {
        self.database_specific.get("ranges_added_from").is_none() && advisory.spans.len() <= 1
    }

    fn kind(&self, affected: &Affected) -> Kind {
        let informational = affected
            .database_specific
            .get("informational")
            .or_else(|| self.database_specific.get("informational"))
            .and_then(Value::as_str);
        // Some sources say it by the weakness alone: CWE-1104, use of unmaintained third-party components.
        let weaknesses = self.database_specific.get("cwe_ids").and_then(Value::as_array);
        let only_unmaintained = weaknesses.is_some_and(|ids| !ids.is_empty() && ids.iter().all(|id| id == "CWE-1104"));
        match informational {
            Some("unmaintained") => Kind::Unmaintained,
            Some(_) => Kind::Notice,
            None if self.id.starts_with("MAL-") => Kind::Malicious,
            None if only_unmaintained => Kind::Unmaintained,
            None => Kind::Vulnerability,
        }
    }

    fn rating(&self, affected: &Affected) -> (Severity, Option<u8>) {
        let vectors = affected.severity.iter().chain(&self.severity);
        let mut best: Option<u8> = None;
        for vector in vectors {
            // Newer CVSS versions first would be a matter of taste; the highest score is the careful choice.
            best = best.max(score::tenths(&vector.kind, &vector.score));
        }
        let word = |value: &Value| value.get("severity").and_then(Value::as_str).and_then(Severity::from_word);
        let named = word(&affected.database_specific).or_else(|| word(&self.database_specific));
        let scored = best.map(Severity::from_tenths);
        (named.or(scored).unwrap_or(Severity::Unknown), best)
    }

    fn short_summary(&self) -> String {
        let summary = self.summary.trim();
        if !summary.is_empty() {
            return shortened(summary);
        }
        // The first sentence of the first line with words in it.
        let line = self
            .details
            .lines()
            .map(|line| line.trim_matches(['#', '*', '-', ' ', '`']))
            .find(|line| line.len() > 20)
            .unwrap_or_default();
        let sentence = line.find(". ").map_or(line, |end| line.get(..end).unwrap_or(line));
        shortened(sentence)
    }
}

fn shortened(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= SUMMARY {
        return line;
    }
    let cut: String = line.chars().take(SUMMARY).collect();
    let cut = cut.rsplit_once(' ').map_or(cut.as_str(), |(head, _)| head);
    format!("{cut}…")
}

/// More functions with a hole than this are not kept.
const SYMBOLS: usize = 200;

impl Affected {
    /// The functions with the hole that an app can call.
    fn symbols(&self, ecosystem: Ecosystem) -> Vec<String> {
        let texts = |value: &Value| -> Vec<String> {
            value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
        };
        match ecosystem {
            Ecosystem::Go => {
                let imports = self.ecosystem_specific.get("imports").and_then(Value::as_array);
                let mut out = Vec::new();
                for import in imports.into_iter().flatten() {
                    let Some(path) = import.get("path").and_then(Value::as_str) else { continue };
                    let all = import.get("symbols").map(texts).unwrap_or_default();
                    if all.is_empty() {
                        out.push(format!("{path}.*"));
                    }
                    // What begins with a small letter can be called by its own package only.
                    let exported = |name: &&String| name.split('.').all(|part| part.starts_with(char::is_uppercase));
                    out.extend(all.iter().filter(exported).map(|name| format!("{path}.{name}")));
                }
                out
            }
            Ecosystem::CratesIo => {
                let affects = self.ecosystem_specific.get("affects").and_then(|affects| affects.get("functions"));
                affects.map(texts).unwrap_or_default()
            }
            _ => Vec::new(),
        }
    }

    fn spans(&self, ecosystem: Ecosystem) -> Vec<Span> {
        let last_known =
            self.database_specific.get("last_known_affected_version_range").and_then(Value::as_str).and_then(|text| {
                let text = text.trim();
                if let Some(version) = text.strip_prefix("<=") {
                    Some(End::Last(version.trim().to_owned()))
                } else {
                    text.strip_prefix('<').map(|version| End::Fixed(version.trim().to_owned()))
                }
            });
        let mut spans = Vec::new();
        // Ranges over commits come first in many records and say nothing about versions: skipped, not stopped at.
        for range in self.ranges.iter().filter(|range| range.kind != "GIT") {
            let exclusive = [&range.database_specific, &self.database_specific].iter().any(|value| {
                value.get("introduced_exclusive").is_some_and(|mark| !matches!(mark, Value::Null | Value::Bool(false)))
            });
            let mut found = range.spans(ecosystem);
            if let Some(end) = &last_known
                && let [only] = found.as_mut_slice()
                && only.end == End::Open
            {
                only.end = end.clone();
            }
            if exclusive && let Some(first) = found.first_mut() {
                first.exclusive = true;
            }
            spans.append(&mut found);
        }
        spans
    }
}

impl RecordRange {
    /// The intervals that the events describe. Events are put in the order of their versions first: the order in
    /// the file means nothing. Events that no order covers are kept as written, so that they answer "cannot tell".
    fn spans(&self, ecosystem: Ecosystem) -> Vec<Span> {
        enum What {
            Introduced,
            Fixed,
            Last,
        }
        let mut events: Vec<(What, String)> = Vec::new();
        for event in &self.events {
            for (what, text) in [
                (What::Introduced, &event.introduced),
                (What::Fixed, &event.fixed),
                (What::Last, &event.last_affected),
                (What::Fixed, &event.limit),
            ] {
                match text {
                    // `limit: "*"` is the default of the schema: no limit.
                    Some(text) if !(text == "*" && event.limit.is_some()) => events.push((what, text.clone())),
                    _ => {}
                }
            }
        }
        let is_start = |(what, text): &(What, String)| matches!(what, What::Introduced) && text == "0";
        let orderable = events.iter().all(|event| is_start(event) || Version::parse(ecosystem, &event.1).is_some());
        if orderable {
            // Stable: events on one version keep the order of the file.
            events.sort_by_cached_key(|event| if is_start(event) { None } else { Version::parse(ecosystem, &event.1) });
        }
        let mut spans = Vec::new();
        let mut open: Option<String> = None;
        let mut seen_start = false;
        for (what, text) in events {
            match what {
                What::Introduced => {
                    seen_start = true;
                    open.get_or_insert(if text == "0" { String::new() } else { text });
                }
                What::Fixed => {
                    if let Some(introduced) = open.take() {
                        spans.push(Span { introduced, exclusive: false, end: End::Fixed(text) });
                    }
                }
                What::Last => {
                    if let Some(introduced) = open.take() {
                        spans.push(Span { introduced, exclusive: false, end: End::Last(text) });
                    }
                }
            }
        }
        if let Some(introduced) = open {
            spans.push(Span { introduced, exclusive: false, end: End::Open });
        }
        if !seen_start && !self.events.is_empty() {
            // Against the schema: whatever it means, it must not read as "not affected".
            spans.push(Span { introduced: "?".to_owned(), exclusive: false, end: End::Open });
        }
        spans
    }
}

#[cfg(test)]
mod tests;
