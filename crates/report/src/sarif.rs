//! SARIF 2.1.0 (OASIS standard with errata 01) in the subset that GitHub code scanning reads.
//!
//! GitHub shows only results that have a location, orders rules by `security-severity` (a string; 9.0 and above is
//! critical, 7.0 high, 4.0 medium) and follows a result over time by `partialFingerprints.primaryLocationLineHash`.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::{Evidence, Finding, Place, Review, RuleInfo, Severity};
use serde_json::{Value, json};

use crate::clean::Cleaning;
use crate::{TerminalOptions, explain, json, words};

/// Where GitHub shows a finding that has no place in the source, when not even a manifest is known.
const LAST_RESORT: &str = "README.md";

/// Manifests that stand for the app as a whole, in the order of preference.
const MANIFESTS: [&str; 7] =
    ["package.json", "pyproject.toml", "requirements.txt", "composer.json", "manage.py", "index.html", "Dockerfile"];

pub(crate) fn render(review: &Review) -> String {
    let review = Cleaning { keep_paths: true, ..Cleaning::default() }.review(review);
    let rules = rules(&review);
    let index: BTreeMap<&str, usize> = rules.iter().enumerate().map(|(at, rule)| (rule.id.as_str(), at)).collect();
    let stand_in = stand_in(&review);
    let results: Vec<Value> = words::open(&review).map(|finding| result(finding, &index, stand_in)).collect();
    json::pretty(&json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "Plimsoll",
                "semanticVersion": review.environment.plimsoll,
                "rules": rules.iter().map(descriptor).collect::<Vec<_>>(),
                "notifications": [
                    { "id": "not-checked",
                      "shortDescription": { "text": "Something was not checked; not checked is not clean" } },
                    { "id": "waiver-needs-attention",
                      "shortDescription": { "text": "A waiver matched nothing or has expired" } },
                ],
            } },
            "language": "en",
            "columnKind": "utf16CodeUnits",
            "invocations": [invocation(&review)],
            "results": results,
            "properties": {
                "carries": review.verdict.carries.word(),
                "fit_for": review.verdict.fit_for.word(),
                "verdict": review.verdict.outcome.word(),
                "reasons": review.verdict.reasons,
                "raise": review.verdict.raise,
            },
        }],
    }))
}

/// The rules that ran, and a stand-in for a rule that a finding names but that is not among them: a result without its
/// rule is dropped by viewers.
fn rules(review: &Review) -> Vec<RuleInfo> {
    let mut rules: BTreeMap<&str, RuleInfo> =
        review.rules.iter().map(|rule| (rule.id.as_str(), rule.clone())).collect();
    for finding in words::open(review) {
        rules.entry(&finding.rule).or_insert_with(|| RuleInfo {
            id: finding.rule.clone(),
            summary: finding.title.clone(),
            gap: finding.gap,
            cwe: finding.cwe.clone(),
            owasp: finding.owasp.clone(),
            asvs: finding.asvs.clone(),
            severity: finding.severity,
            page: String::new(),
        });
    }
    rules.into_values().collect()
}

fn descriptor(rule: &RuleInfo) -> Value {
    let plain = TerminalOptions { colour: false, width: 100, verbose: true, unicode: true };
    let page = if rule.page.is_empty() { &rule.summary } else { &rule.page };
    json!({
        "id": rule.id,
        "name": rule.id,
        "shortDescription": { "text": rule.summary },
        "fullDescription": { "text": format!("{}: {}", rule.gap.title(), rule.summary) },
        "help": { "text": explain::render(page, &plain), "markdown": page },
        "defaultConfiguration": { "level": level(rule.severity) },
        "properties": {
            "gap": rule.gap.word(),
            "security-severity": score(rule.severity),
            "precision": "high",
            "tags": tags(&rule.cwe, &rule.owasp),
            "owasp": rule.owasp,
            "asvs": rule.asvs,
        },
    })
}

fn tags(cwe: &[u16], owasp: &[String]) -> Vec<String> {
    let mut tags = vec!["security".to_owned()];
    tags.extend(cwe.iter().map(|number| format!("external/cwe/cwe-{number:03}")));
    tags.extend(owasp.iter().map(|entry| format!("external/owasp/{}", entry.to_lowercase())));
    // GitHub takes at most 20 tags of a rule.
    tags.truncate(20);
    tags
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low => "note",
    }
}

fn score(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "3.0",
    }
}

fn result(finding: &Finding, index: &BTreeMap<&str, usize>, stand_in: &str) -> Value {
    let mut places = finding.evidence.iter().filter_map(|piece| piece.place.as_ref().map(|place| (place, piece)));
    let primary = match places.next() {
        Some((place, _)) => json!({ "physicalLocation": physical(place) }),
        None => json!({ "physicalLocation": { "artifactLocation": { "uri": uri(stand_in) } } }),
    };
    let related: Vec<Value> = places
        .enumerate()
        .map(|(at, (place, piece))| {
            let note = if piece.note.is_empty() { "Evidence" } else { &piece.note };
            json!({ "id": at + 1, "message": { "text": plain(note) }, "physicalLocation": physical(place) })
        })
        .collect();
    let mut result = json!({
        "ruleId": finding.rule,
        "level": level(finding.severity),
        "message": { "text": message(finding) },
        "locations": [primary],
        "partialFingerprints": {
            // The only key GitHub follows a result by. Its own value hashes the lines around the place, which says
            // nothing for an absence.
            "primaryLocationLineHash": finding.fingerprint,
            "plimsoll/v1": finding.fingerprint,
        },
        "properties": {
            "gap": finding.gap.word(),
            "id": finding.id,
            "severity": finding.severity.word(),
            "security-severity": score(finding.severity),
            "confidence": finding.confidence.word(),
            "cwe": finding.cwe.iter().map(|number| format!("CWE-{number}")).collect::<Vec<_>>(),
        },
    });
    if let Some(at) = index.get(finding.rule.as_str()) {
        result["ruleIndex"] = json!(at);
    }
    if !related.is_empty() {
        result["relatedLocations"] = json!(related);
    }
    if let Some(package) = &finding.package {
        result["properties"]["package"] = json!({
            "name": package.name, "version": package.version, "purl": package.purl, "scope": package.scope,
            "path": package.path,
        });
        result["properties"]["advisories"] = json!(finding.advisories);
    }
    result
}

/// Title, meaning and what to do, in plain text. A dependency finding begins with the package.
fn message(finding: &Finding) -> String {
    let mut parts = Vec::new();
    let title = sentence(&finding.title);
    match &finding.package {
        Some(package) => parts.push(format!("{} {}: {title}", package.name, package.version)),
        None => parts.push(title),
    }
    if !finding.meaning.is_empty() {
        parts.push(finding.meaning.clone());
    }
    if !finding.advisories.is_empty() {
        parts.push(format!("Advisories: {}.", finding.advisories.join(", ")));
    }
    if let Some(path) = finding.package.as_ref().and_then(|package| words::package_path(&package.path, "→")) {
        parts.push(format!("It came in by: {path}."));
    }
    parts.extend(finding.evidence.iter().filter_map(observed));
    if !finding.fix.is_empty() {
        parts.push(format!("What to do: {}", finding.fix));
    }
    plain(&parts.join("\n\n"))
}

fn observed(piece: &Evidence) -> Option<String> {
    let exchange = words::exchange(piece, "→")?;
    match piece.note.is_empty() {
        true => Some(format!("Observed: {exchange}.")),
        false => Some(format!("Observed: {exchange}. {}", piece.note)),
    }
}

/// In a SARIF message `[text](target)` is a link (3.11.6), and the text of the app must not place links. A space
/// between the brackets ends it without changing what a person reads.
fn plain(text: &str) -> String {
    text.replace("](", "] (")
}

fn sentence(text: &str) -> String {
    if text.ends_with(['.', '!', '?', ':']) { text.to_owned() } else { format!("{text}.") }
}

fn physical(place: &Place) -> Value {
    let mut physical = json!({ "artifactLocation": { "uri": uri(&place.file) } });
    if let Some(line) = place.line {
        let mut region = json!({ "startLine": line });
        if let Some(end) = place.end_line {
            region["endLine"] = json!(end);
        }
        if !place.snippet.is_empty() {
            region["snippet"] = json!({ "text": place.snippet });
        }
        physical["region"] = region;
    }
    physical
}

/// A relative URI of a path. Encoded is what the WHATWG URL standard encodes in a path, and what would change the
/// meaning of a relative one: a colon in the first segment, a backslash, a leading slash. Square brackets stay
/// readable, because file routes are called `[id].tsx` and viewers match such names as text.
fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut first_segment = true;
    for byte in path.trim_start_matches('/').bytes() {
        match byte {
            b'/' => {
                first_segment = false;
                out.push('/');
            }
            b':' if !first_segment => out.push(':'),
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => out.push(char::from(byte)),
            b'-' | b'.' | b'_' | b'~' | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'='
            | b'@' | b'[' | b']' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// The file at which a finding without a place is shown: the app's manifest where one was seen.
fn stand_in(review: &Review) -> &str {
    let files: BTreeSet<&str> = review
        .findings
        .iter()
        .flat_map(|finding| &finding.evidence)
        .chain(review.data.iter().flat_map(|item| &item.evidence))
        .chain(review.controls.iter().flat_map(|control| &control.evidence))
        .filter_map(|piece| piece.place.as_ref().map(|place| place.file.as_str()))
        .collect();
    MANIFESTS.into_iter().find_map(|manifest| files.get(manifest).copied()).unwrap_or(LAST_RESORT)
}

fn invocation(review: &Review) -> Value {
    let not_checked = |weighs: bool| {
        review.coverage.not_checked.iter().filter(move |gap| gap.weighs == weighs).map(move |gap| {
            json!({
                "descriptor": { "id": "not-checked", "index": 0 },
                "level": if weighs { "warning" } else { "note" },
                "message": { "text": plain(&format!("Not checked: {}. {}", gap.what, sentence(&gap.why))) },
            })
        })
    };
    let waivers = review.unused_waivers.iter().map(|waiver| {
        json!({
            "descriptor": { "id": "waiver-needs-attention", "index": 1 },
            "level": "warning",
            "message": { "text": plain(&format!("Waiver of {} at {}: {}", waiver.rule, waiver.at, waiver.why)) },
        })
    });
    json!({
        "executionSuccessful": true,
        "toolExecutionNotifications": not_checked(true).collect::<Vec<_>>(),
        "toolConfigurationNotifications": not_checked(false).chain(waivers).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn uris_of_paths() {
        for (path, uri) in [
            ("server/routes.ts", "server/routes.ts"),
            ("app/[id]/(shop)/page.tsx", "app/[id]/(shop)/page.tsx"),
            ("my app/100%.ts", "my%20app/100%25.ts"),
            ("a#b?c.ts", "a%23b%3Fc.ts"),
            ("c:evil.ts", "c%3Aevil.ts"),
            ("a/c:ok.ts", "a/c:ok.ts"),
            ("//host/x", "host/x"),
            ("a\\b\u{1b}.ts", "a%5Cb%1B.ts"),
            ("Büro/é.ts", "B%C3%BCro/%C3%A9.ts"),
        ] {
            assert_eq!(super::uri(path), uri);
        }
    }
}
