//! The list of what an app is made of, held to the shape of CycloneDX 1.6.

use plimsoll_model::Severity;
use plimsoll_report::{Sbom, SbomComponent, SbomHole, SbomStanding, cyclonedx};
use serde_json::{Value, json};

use crate::sample::POISON;
use crate::schema::{closed, problems};

fn component(name: &str, version: &str, scope: &'static str, needs: &[&str]) -> SbomComponent {
    SbomComponent {
        key: format!("pkg:npm/{name}@{version}"),
        name: name.into(),
        version: Some(version.into()),
        range: None,
        purl: Some(format!("pkg:npm/{name}@{version}")),
        scope,
        origin: "registry",
        places: vec![("package-lock.json".into(), 7)],
        needs: needs.iter().map(|need| (*need).to_owned()).collect(),
    }
}

fn hole(component: &str, id: &str, standing: SbomStanding, detail: &str) -> SbomHole {
    SbomHole {
        component: component.into(),
        id: id.into(),
        aliases: vec!["GHSA-aaaa-bbbb-cccc".into()],
        summary: "Harm".into(),
        severity: Severity::High,
        score: Some(75),
        fixed_in: Some("2.0.0".into()),
        standing,
        detail: detail.into(),
    }
}

fn sbom() -> Sbom {
    Sbom {
        name: "bakery".into(),
        plimsoll: "0.1.0".into(),
        components: vec![
            component("qs", "1.0.0", "production", &[]),
            component("express", "4.16.0", "production", &["pkg:npm/qs@1.0.0", "pkg:npm/unknown@1"]),
            component("jest", "29.0.0", "development", &["pkg:npm/qs@1.0.0"]),
            SbomComponent {
                key: "npm:open@^1.0.0".into(),
                name: "open".into(),
                range: Some("^1.0.0".into()),
                scope: "unknown",
                origin: "repository",
                ..SbomComponent::default()
            },
        ],
        direct: vec!["pkg:npm/express@4.16.0".into(), "pkg:npm/jest@29.0.0".into()],
        holes: vec![
            hole("pkg:npm/qs@1.0.0", "CVE-2026-1", SbomStanding::Open, "not known"),
            hole("pkg:npm/express@4.16.0", "CVE-2026-1", SbomStanding::Open, "not known"),
            hole("pkg:npm/express@4.16.0", "CVE-2026-2", SbomStanding::Accepted, "accepted until 2027-01-01 by M: ok"),
            hole("pkg:npm/jest@29.0.0", "CVE-2026-1", SbomStanding::DevelopmentOnly, "only tools"),
            hole("pkg:npm/jest@29.0.0", "CVE-2026-3", SbomStanding::NotCalled, "never called"),
            hole("pkg:npm/express@4.16.0", "CVE-2026-4", SbomStanding::Exploitable, "attackers use it"),
        ],
        not_checked: vec!["web/package.json: there is no lockfile beside it".into()],
        advisories: vec!["npm advisories known until 2026-05-04".into()],
    }
}

/// The part of the format that is written here, with its words (CycloneDX 1.6, ECMA-424).
fn shape() -> Value {
    let text = json!({"type": "string"});
    let one_of = |words: &[&str]| json!({"type": "string", "enum": words});
    let list = |items: Value| json!({"type": "array", "items": items});
    let object = |required: &[&str], properties: Value| json!({"type": "object", "required": required, "properties": properties});
    let named = object(&["name"], json!({"name": text}));
    let property = object(&["name", "value"], json!({"name": text, "value": text}));
    object(
        &["bomFormat", "specVersion"],
        json!({
            "$schema": {"const": "http://cyclonedx.org/schema/bom-1.6.schema.json"},
            "bomFormat": {"const": "CycloneDX"},
            "specVersion": {"const": "1.6"},
            "serialNumber": text,
            "version": {"type": "integer", "minimum": 1},
            "metadata": object(&[], json!({
                "lifecycles": list(object(&["phase"], json!({
                    "phase": one_of(&["design", "pre-build", "build", "post-build", "operations", "discovery", "decommission"]),
                }))),
                "tools": object(&[], json!({"components": list(object(&["type", "name"], json!({
                    "type": {"const": "application"}, "name": text, "version": text,
                })))})),
                "component": object(&["type", "name"], json!({"type": {"const": "application"}, "bom-ref": text, "name": text})),
                "properties": list(property.clone()),
            })),
            "components": {"type": "array", "uniqueItems": true, "items": object(&["type", "name"], json!({
                "type": {"const": "library"},
                "bom-ref": text,
                "name": text,
                "version": text,
                "scope": one_of(&["required", "optional", "excluded"]),
                "purl": text,
                "properties": list(property),
                "evidence": object(&[], json!({"occurrences": list(object(&["location"], json!({
                    "location": text, "line": {"type": "integer", "minimum": 0},
                })))})),
            }))},
            "dependencies": {"type": "array", "uniqueItems": true, "items": object(&["ref"], json!({
                "ref": text, "dependsOn": {"type": "array", "uniqueItems": true, "items": text},
            }))},
            "compositions": {"type": "array", "uniqueItems": true, "items": object(&["aggregate"], json!({
                "aggregate": one_of(&["complete", "incomplete", "unknown", "not_specified"]),
                "assemblies": list(text.clone()),
                "dependencies": list(text.clone()),
            }))},
            "vulnerabilities": {"type": "array", "uniqueItems": true, "items": object(&[], json!({
                "bom-ref": text,
                "id": text,
                "source": named,
                "references": list(object(&["id", "source"], json!({"id": text, "source": named}))),
                "ratings": list(object(&[], json!({
                    "score": {"type": "number"},
                    "severity": one_of(&["critical", "high", "medium", "low", "info", "none", "unknown"]),
                }))),
                "description": text,
                "recommendation": text,
                "analysis": object(&[], json!({
                    "state": one_of(&["resolved", "resolved_with_pedigree", "exploitable", "in_triage", "false_positive", "not_affected"]),
                    "justification": one_of(&[
                        "code_not_present", "code_not_reachable", "requires_configuration", "requires_dependency",
                        "requires_environment", "protected_by_compiler", "protected_at_runtime", "protected_at_perimeter",
                        "protected_by_mitigating_control",
                    ]),
                    "response": list(one_of(&["can_not_fix", "will_not_fix", "update", "rollback", "workaround_available"])),
                    "detail": text,
                })),
                "affects": {"type": "array", "uniqueItems": true, "items": object(&["ref"], json!({"ref": text}))},
            }))},
        }),
    )
}

fn parse(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

#[test]
fn it_has_the_shape_of_the_format() {
    let mut poisoned = sbom();
    poisoned.name.push_str(POISON);
    for component in &mut poisoned.components {
        component.name.push_str(POISON);
        component.places[..].iter_mut().for_each(|(file, _)| file.push_str(POISON));
    }
    poisoned.holes.iter_mut().for_each(|hole| hole.detail.push_str(POISON));
    for sbom in [sbom(), Sbom::default(), poisoned] {
        let text = cyclonedx(&sbom);
        assert_eq!(problems(&closed(&shape()), &parse(&text)), Vec::<String>::new());
        assert!(text.ends_with("}\n") && !text.contains(['\u{1b}', '\u{202e}', '\u{200b}']));
    }
}

/// Every reference leads to something, and every key stands for one thing.
#[test]
fn references_hold() {
    let value = parse(&cyclonedx(&sbom()));
    let mut keys: Vec<&str> = vec![value["metadata"]["component"]["bom-ref"].as_str().expect("the app")];
    for list in ["components", "vulnerabilities"] {
        keys.extend(value[list].as_array().expect(list).iter().filter_map(|item| item["bom-ref"].as_str()));
    }
    let count = keys.len();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), count, "a key stands twice");
    for dependency in value["dependencies"].as_array().expect("dependencies") {
        for key in dependency["dependsOn"].as_array().into_iter().flatten().chain([&dependency["ref"]]) {
            assert!(keys.contains(&key.as_str().expect("a key")), "{key}");
        }
    }
    for affected in value["vulnerabilities"]
        .as_array()
        .expect("list")
        .iter()
        .flat_map(|hole| hole["affects"].as_array().expect("list"))
    {
        assert!(keys.contains(&affected["ref"].as_str().expect("a key")), "{affected}");
    }
}

#[test]
fn it_says_what_hangs_together_and_what_the_holes_mean() {
    let value = parse(&cyclonedx(&sbom()));
    let dependencies: Vec<(&str, Vec<&str>)> = value["dependencies"]
        .as_array()
        .expect("list")
        .iter()
        .map(|item| {
            let needs = item["dependsOn"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            (item["ref"].as_str().expect("key"), needs)
        })
        .collect();
    assert!(dependencies.contains(&("app", vec!["pkg:npm/express@4.16.0", "pkg:npm/jest@29.0.0"])));
    assert!(dependencies.contains(&("pkg:npm/express@4.16.0", vec!["pkg:npm/qs@1.0.0"])));
    let scope = |name: &str| {
        value["components"].as_array().expect("list").iter().find(|item| item["name"] == name).expect(name)["scope"]
            .clone()
    };
    assert_eq!((scope("qs"), scope("jest"), scope("open")), (json!("required"), json!("excluded"), Value::Null));
    assert_eq!(value["compositions"][0]["aggregate"], "incomplete");
    let means: Vec<(String, String, String, usize)> = value["vulnerabilities"]
        .as_array()
        .expect("list")
        .iter()
        .map(|hole| {
            let analysis = &hole["analysis"];
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let affected = hole["affects"].as_array().expect("list").len();
            (text(&hole["id"]), text(&analysis["state"]), text(&analysis["justification"]), affected)
        })
        .collect();
    let of = |id: &str, state: &str, why: &str, count: usize| (id.to_owned(), state.to_owned(), why.to_owned(), count);
    assert_eq!(
        means,
        [
            of("CVE-2026-1", "in_triage", "", 2),
            of("CVE-2026-1", "not_affected", "requires_environment", 1),
            of("CVE-2026-2", "exploitable", "", 1),
            of("CVE-2026-3", "not_affected", "code_not_reachable", 1),
            of("CVE-2026-4", "exploitable", "", 1),
        ]
    );
    let accepted = &value["vulnerabilities"][2]["analysis"];
    assert_eq!(accepted["response"], json!(["will_not_fix"]));
    assert!(accepted["detail"].as_str().expect("text").contains("2027-01-01"));
}

#[test]
fn the_serial_number_is_that_of_the_content() {
    let text = cyclonedx(&sbom());
    assert_eq!(text, cyclonedx(&sbom()));
    let mut turned = sbom();
    turned.components.reverse();
    turned.holes.reverse();
    turned.direct.reverse();
    assert_eq!(text, cyclonedx(&turned), "the order in which it was gathered means nothing");
    let mut other = sbom();
    other.components[0].version = Some("1.0.1".into());
    let number = |text: &str| parse(text)["serialNumber"].as_str().expect("text").to_owned();
    let serial = number(&text);
    assert_ne!(serial, number(&cyclonedx(&other)));
    let parts: Vec<usize> = serial.strip_prefix("urn:uuid:").expect("a UUID").split('-').map(str::len).collect();
    assert_eq!(parts, [8, 4, 4, 4, 12]);
    assert!(serial.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase() || b"-:".contains(&byte)));
}
