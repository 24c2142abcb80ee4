//! The SARIF contract, and what GitHub code scanning asks for.

use std::collections::BTreeSet;

use plimsoll_model::{Evidence, Gap, Severity, Witness};
use serde_json::{Value, json};

use crate::sample::{at, empty, finding, incomplete, poisoned, sample};

fn run(review: &plimsoll_model::Review) -> Value {
    let value: Value = serde_json::from_str(&plimsoll_report::sarif(review)).expect("JSON");
    assert_eq!(value["version"], "2.1.0");
    value["runs"][0].clone()
}

fn result(run: &Value, rule: &str) -> Value {
    let results = run["results"].as_array().expect("results");
    results.iter().find(|result| result["ruleId"] == rule).unwrap_or(&Value::Null).clone()
}

#[test]
fn every_result_has_what_github_needs() {
    for review in [sample(), poisoned(), incomplete(), empty()] {
        let run = run(&review);
        let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
        let ids: BTreeSet<&str> = rules.iter().filter_map(|rule| rule["id"].as_str()).collect();
        assert_eq!(ids.len(), rules.len(), "one descriptor per rule");
        for rule in rules {
            assert!(rule["help"]["markdown"].is_string() && rule["help"]["text"].is_string());
            let score: f64 =
                rule["properties"]["security-severity"].as_str().expect("a string").parse().expect("number");
            assert!(score > 0.0 && score <= 10.0);
            assert!(Gap::parse(rule["properties"]["gap"].as_str().expect("gap")).is_some());
            let tags = rule["properties"]["tags"].as_array().expect("tags");
            assert!(tags.contains(&json!("security")) && tags.len() <= 20);
        }
        for result in run["results"].as_array().expect("results") {
            let at = usize::try_from(result["ruleIndex"].as_u64().expect("index")).expect("small");
            assert_eq!(rules[at]["id"], result["ruleId"]);
            assert!(Gap::parse(result["properties"]["gap"].as_str().expect("gap")).is_some());
            let locations = result["locations"].as_array().expect("locations");
            assert_eq!(locations.len(), 1);
            for location in locations.iter().chain(result["relatedLocations"].as_array().into_iter().flatten()) {
                let uri = location["physicalLocation"]["artifactLocation"]["uri"].as_str().expect("uri");
                assert!(
                    !uri.is_empty() && !uri.starts_with('/') && !uri.contains([' ', '<', '\\', '|', '#', '?', '`'])
                );
                assert!(uri.is_ascii(), "{uri}");
            }
            {
                let text = &result["message"]["text"];
                assert!(!text.as_str().expect("text").contains("]("), "no link may come from the app: {text}");
            }
            assert!(result["partialFingerprints"]["primaryLocationLineHash"].is_string());
        }
    }
}

#[test]
fn severities_and_levels() {
    let mut review = empty();
    review.findings = [Severity::Critical, Severity::High, Severity::Medium, Severity::Low]
        .into_iter()
        .map(|severity| {
            let mut finding = finding(1, severity.word(), Gap::Xss, severity, "x");
            finding.evidence = vec![at("a.ts", 1, "", "")];
            finding
        })
        .collect();
    let run = run(&review);
    for (rule, level, score) in
        [("critical", "error", "9.5"), ("high", "error", "8.0"), ("medium", "warning", "5.5"), ("low", "note", "3.0")]
    {
        assert_eq!(result(&run, rule)["level"], level);
        let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
        let descriptor = rules.iter().find(|descriptor| descriptor["id"] == rule).expect(rule);
        assert_eq!(descriptor["properties"]["security-severity"], score);
        assert_eq!(descriptor["defaultConfiguration"]["level"], level);
    }
}

#[test]
fn places_and_related_places() {
    let run = run(&sample());
    let open = result(&run, "entry-point-without-authentication");
    let place = &open["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "server/routes.ts");
    assert_eq!(place["region"]["startLine"], 41);
    let related = open["relatedLocations"].as_array().expect("related");
    assert_eq!(related.len(), 4, "every other place, and no exchange");
    assert_eq!(related[0]["physicalLocation"]["artifactLocation"]["uri"], "server/index.ts");
    assert_eq!(related[0]["message"]["text"], "looked here for a check that covers all addresses: none");
    assert_eq!(related[2]["physicalLocation"]["artifactLocation"]["uri"], "client/src/pages/[id]/list%20view.tsx");
    let text = open["message"]["text"].as_str().expect("text");
    assert!(text.starts_with("Anyone on the internet can read the list of customers."), "{text}");
    assert!(text.contains("Observed: GET http://localhost:3000/api/customers → 200."), "{text}");
    assert!(text.contains("What to do: Put the check"), "{text}");

    let login = result(&run, "login-without-rate-limit");
    assert_eq!(login["locations"][0]["physicalLocation"]["region"]["endLine"], 52);
}

#[test]
fn a_finding_without_a_line_or_a_place() {
    let mut review = empty();
    let mut file = finding(1, "file", Gap::SecretInRepo, Severity::High, "a file");
    let mut whole = at(".env", 1, "", "");
    if let Some(place) = &mut whole.place {
        place.line = None;
    }
    file.evidence = vec![whole];
    let mut nowhere = finding(2, "nowhere", Gap::Other, Severity::Low, "nowhere");
    nowhere.evidence = vec![Evidence { witness: Witness::Owner, place: None, exchange: None, note: "said".into() }];
    review.findings = vec![file, nowhere];
    let without_manifest = run(&review);
    let physical = |run: &Value, rule: &str| result(run, rule)["locations"][0]["physicalLocation"].clone();
    assert_eq!(physical(&without_manifest, "file"), json!({ "artifactLocation": { "uri": ".env" } }));
    assert_eq!(physical(&without_manifest, "nowhere"), json!({ "artifactLocation": { "uri": "README.md" } }));
    review.findings[0].evidence.push(at("package.json", 3, "", ""));
    assert_eq!(physical(&run(&review), "nowhere"), json!({ "artifactLocation": { "uri": "package.json" } }));
}

#[test]
fn dependencies_begin_with_their_name() {
    let run = run(&sample());
    let text =
        result(&run, "dependency-with-known-vulnerability")["message"]["text"].as_str().expect("text").to_owned();
    assert!(text.starts_with("qs 6.5.2: "), "{text}");
    assert!(text.contains("GHSA-hrpp-h998-j3pp, CVE-2099-0001"), "{text}");
    assert!(text.contains("bakery-orders → express@4.16.0 → qs@6.5.2"), "{text}");
}

#[test]
fn suppressed_findings_are_left_out_and_gaps_are_notified() {
    let run = run(&sample());
    let results = run["results"].as_array().expect("results");
    assert_eq!(results.len(), 8);
    for rule in ["env-file-committed", "cors-any-origin-with-credentials"] {
        assert_eq!(result(&run, rule), Value::Null);
    }
    let invocation = &run["invocations"][0];
    let execution = invocation["toolExecutionNotifications"].as_array().expect("execution");
    assert_eq!(execution.len(), 1);
    assert_eq!(execution[0]["level"], "warning");
    assert_eq!(execution[0]["message"]["text"], "Not checked: Backups. where they are kept is not in the source code.");
    let configuration = invocation["toolConfigurationNotifications"].as_array().expect("configuration");
    assert_eq!(configuration.len(), 2, "the other gap and the expired waiver");
    assert_eq!(configuration[0]["level"], "note");
    assert_eq!(run["properties"]["verdict"], "overloaded");
}

#[test]
fn tags_of_weaknesses() {
    let run = run(&sample());
    let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
    let rule = rules.iter().find(|rule| rule["id"] == "entry-point-without-authentication").expect("rule");
    assert_eq!(
        rule["properties"]["tags"],
        json!(["security", "external/cwe/cwe-306", "external/cwe/cwe-862", "external/owasp/a01:2025"])
    );
    assert!(rule["help"]["markdown"].as_str().expect("page").starts_with("# entry-point"));
}

/// Against the schema of the standard, which is not part of this repository: set `PLIMSOLL_SARIF_SCHEMA` to a copy of
/// `sarif-schema-2.1.0.json`.
#[test]
fn fits_the_schema_of_the_standard() {
    let Some(path) = std::env::var_os("PLIMSOLL_SARIF_SCHEMA") else {
        return;
    };
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).expect("schema")).expect("JSON");
    for review in [sample(), poisoned(), incomplete(), empty()] {
        let value: Value = serde_json::from_str(&plimsoll_report::sarif(&review)).expect("JSON");
        assert_eq!(crate::schema::problems(&schema, &value), Vec::<String>::new());
    }
}
