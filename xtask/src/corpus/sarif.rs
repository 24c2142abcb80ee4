//! Findings from SARIF, of ours or of another tool.

use std::collections::BTreeMap;

use anyhow::Result;
use serde_json::Value;

/// A finding as the scorer sees it.
pub(crate) struct Finding {
    pub(crate) rule: String,
    /// From the properties, else guessed from CWE numbers.
    pub(crate) gap: Option<String>,
    pub(crate) cwes: Vec<u64>,
    /// File and line of each location; one empty place when there is none.
    pub(crate) places: Vec<(String, Option<i64>)>,
    pub(crate) level: String,
    pub(crate) message: String,
}

/// CWE numbers by gap. Where a number stands twice, the later line counts.
const CWES: &[(&str, &[u64])] = &[
    ("client_side_auth", &[602, 603]),
    ("missing_rate_limit", &[307, 799, 770, 837, 348, 400]),
    ("vulnerable_dependency", &[1035, 1104, 937, 1395]),
    ("exposed_session_token", &[1004, 614, 1275, 922, 598, 539, 384, 613]),
    ("sensitive_data_in_client", &[540, 615, 200, 359]),
    ("missing_security_headers", &[693, 1021, 358, 319]),
    ("permissive_cors", &[942, 346, 183]),
    ("broken_access_control", &[284, 285, 862, 863, 639, 306, 269, 266, 915, 425, 287, 288, 1390, 640]),
    ("injection", &[89, 78, 77, 94, 95, 943, 74, 90, 917, 1336, 564, 93, 113, 1236]),
    ("xss", &[79, 80, 116, 83, 87]),
    ("unsafe_upload", &[434, 22, 73, 23, 36]),
    ("secret_in_repo", &[798, 321, 259, 312, 538, 530, 547, 522, 260]),
    ("weak_crypto_or_password_storage", &[327, 328, 916, 256, 257, 326, 330, 338, 521, 331, 347, 208]),
    ("ssrf", &[918]),
    ("csrf", &[352]),
    ("open_redirect", &[601]),
    ("debug_or_misconfig", &[489, 215, 209, 16, 1188, 11, 548, 668, 732, 276]),
];

/// The gap's word of today.
pub(crate) fn normal(gap: &str) -> &str {
    if gap == "weak_crypto" { "weak_crypto_or_password_storage" } else { gap }
}

/// All numbers after `CWE` or `CWE-` in a text.
pub(crate) fn cwes(text: &str) -> Vec<u64> {
    let lower = text.to_ascii_lowercase();
    let numbers = lower.match_indices("cwe").filter_map(|(at, _)| {
        let rest = &lower[at + 3..];
        let rest = rest.strip_prefix('-').unwrap_or(rest);
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        rest[..digits].parse().ok()
    });
    numbers.collect()
}

fn array<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> {
    value.get(name).and_then(Value::as_array).into_iter().flatten()
}

/// The findings of a SARIF log; suppressed ones are left out.
pub(crate) fn findings(bytes: &[u8]) -> Result<Vec<Finding>> {
    let log: Value = serde_json::from_slice(bytes)?;
    let mut out = Vec::new();
    for run in array(&log, "runs") {
        let tool = &run["tool"];
        let mut rules = BTreeMap::new();
        for part in std::iter::once(&tool["driver"]).chain(array(tool, "extensions")) {
            rules.extend(array(part, "rules").filter_map(|rule| Some((rule.get("id")?.as_str()?, rule))));
        }
        out.extend(
            array(run, "results")
                .filter(|result| array(result, "suppressions").next().is_none())
                .map(|result| finding(result, &rules)),
        );
    }
    Ok(out)
}

fn finding(result: &Value, rules: &BTreeMap<&str, &Value>) -> Finding {
    let id = result.get("ruleId").and_then(Value::as_str).unwrap_or_default();
    let none = Value::Null;
    let rule = rules.get(id).copied().unwrap_or(&none);
    // A result's own property wins over its rule's.
    let property = |name: &str| {
        let of = |value: &'_ Value| value.get("properties").and_then(|all| all.get(name)).cloned();
        of(result).or_else(|| of(rule))
    };
    let tags: Vec<String> =
        property("tags").as_ref().and_then(Value::as_array).into_iter().flatten().map(super::labels::text).collect();
    let cwe = property("cwe").map(|cwe| super::labels::text(&cwe)).unwrap_or_default();
    let numbers = cwes(&format!("{} {cwe} {id}", tags.join(" ")));
    let known = |number: &u64| CWES.iter().rev().find(|(_, list)| list.contains(number)).map(|(gap, _)| *gap);
    let gap = property("gap")
        .and_then(|gap| gap.as_str().filter(|gap| !gap.is_empty()).map(|gap| normal(gap).to_owned()))
        .or_else(|| numbers.iter().find_map(known).map(str::to_owned));
    let mut places: Vec<(String, Option<i64>)> = array(result, "locations")
        .chain(array(result, "relatedLocations"))
        .map(|location| {
            let uri = location.pointer("/physicalLocation/artifactLocation/uri").and_then(Value::as_str);
            let line = location.pointer("/physicalLocation/region/startLine").and_then(Value::as_i64);
            (uri.unwrap_or_default().to_owned(), line)
        })
        .collect();
    if places.is_empty() {
        places.push((String::new(), None));
    }
    let level = result.get("level").or_else(|| rule.pointer("/defaultConfiguration/level")).and_then(Value::as_str);
    Finding {
        rule: id.to_owned(),
        gap,
        cwes: numbers,
        places,
        level: level.unwrap_or("warning").to_owned(),
        message: result.pointer("/message/text").and_then(Value::as_str).unwrap_or_default().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{cwes, findings};

    #[test]
    fn numbers_in_tags() {
        assert_eq!(cwes("external/cwe/cwe-079 CWE89 cwe-"), [79, 89]);
    }

    #[test]
    fn gaps_from_properties_rules_and_numbers() {
        let log = br#"{"runs":[{"tool":{"driver":{"rules":[
            {"id":"a","properties":{"gap":"weak_crypto"},"defaultConfiguration":{"level":"error"}},
            {"id":"b","properties":{"tags":["CWE-79: Cross-site scripting"]}}]}},
            "results":[
              {"ruleId":"a","message":{"text":"m"},"locations":[{"physicalLocation":{"artifactLocation":{"uri":"x.js"},"region":{"startLine":3}}}]},
              {"ruleId":"b","level":"note"},
              {"ruleId":"b","suppressions":[{"kind":"inSource"}]}]}]}"#;
        let found = findings(log).expect("readable");
        let shown: Vec<_> =
            found.iter().map(|f| (f.gap.as_deref(), f.level.as_str(), f.places.clone(), f.cwes.clone())).collect();
        assert_eq!(
            shown,
            [
                (Some("weak_crypto_or_password_storage"), "error", vec![("x.js".to_owned(), Some(3))], vec![]),
                (Some("xss"), "note", vec![(String::new(), None)], vec![79]),
            ]
        );
    }
}
