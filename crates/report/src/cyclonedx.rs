//! What an app is made of, as CycloneDX 1.6 JSON (ECMA-424): components, how they hang together, their known holes, and
//! what each hole means for this app (VEX).
//!
//! No time and nothing random: the serial number is made of the content, so that the same app gives the same bytes.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::Severity;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::clean::Cleaning;
use crate::json::pretty;

/// What an app is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sbom {
    /// Name of the app.
    pub name: String,
    /// Version of Plimsoll.
    pub plimsoll: String,
    /// Packages; each key once.
    pub components: Vec<SbomComponent>,
    /// Keys of the packages that the app's manifests name.
    pub direct: Vec<String>,
    /// Known holes, by package.
    pub holes: Vec<SbomHole>,
    /// What is not in this list and why, as `what: why`. An empty list says that all packages are.
    pub not_checked: Vec<String>,
    /// Where the facts about holes come from, as `npm advisories known until 2026-05-04`.
    pub advisories: Vec<String>,
}

/// A package.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct SbomComponent {
    /// What tells it apart.
    pub key: String,
    /// Its name.
    pub name: String,
    /// Its version, where that is exact.
    pub version: Option<String>,
    /// What a manifest without a lockfile allows.
    pub range: Option<String>,
    /// Package URL; none for what is not from a registry.
    pub purl: Option<String>,
    /// `production`, `development`, `unknown`.
    pub scope: &'static str,
    /// `registry`, `repository`, `app`.
    pub origin: &'static str,
    /// Lockfiles and manifests that have it, with the line.
    pub places: Vec<(String, u32)>,
    /// Keys of what it needs.
    pub needs: Vec<String>,
}

/// A known hole of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SbomHole {
    /// Key of the package.
    pub component: String,
    /// The id to show.
    pub id: String,
    /// All other ids.
    pub aliases: Vec<String>,
    /// One line.
    pub summary: String,
    /// How bad.
    pub severity: Severity,
    /// CVSS base score in tenths.
    pub score: Option<u8>,
    /// The lowest version without it.
    pub fixed_in: Option<String>,
    /// What it means here.
    pub standing: SbomStanding,
    /// Why, in plain words.
    pub detail: String,
}

/// What a hole means for this app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SbomStanding {
    /// The hole is there; whether it can be used against the app is not known.
    Open,
    /// It is used by attackers, or the app calls what has the hole.
    Exploitable,
    /// The owner accepts it.
    Accepted,
    /// Only tools for development bring it.
    DevelopmentOnly,
    /// The functions with the hole are called by nothing.
    NotCalled,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Bom<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    bom_format: &'static str,
    spec_version: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    serial_number: Option<String>,
    version: u32,
    metadata: Metadata<'a>,
    components: Vec<Component<'a>>,
    dependencies: Vec<Dependency<'a>>,
    compositions: Vec<Composition>,
    vulnerabilities: Vec<Vulnerability<'a>>,
}

#[derive(Serialize)]
struct Metadata<'a> {
    lifecycles: [Lifecycle; 1],
    tools: Tools<'a>,
    component: Subject<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    properties: Vec<Property<'a>>,
}

#[derive(Serialize)]
struct Lifecycle {
    phase: &'static str,
}

#[derive(Serialize)]
struct Tools<'a> {
    components: [Tool<'a>; 1],
}

#[derive(Serialize)]
struct Tool<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    name: &'static str,
    version: &'a str,
}

#[derive(Serialize)]
struct Subject<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(rename = "bom-ref")]
    key: &'static str,
    name: &'a str,
}

#[derive(Serialize)]
struct Property<'a> {
    name: &'static str,
    value: &'a str,
}

#[derive(Serialize)]
struct Component<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(rename = "bom-ref")]
    key: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    purl: Option<&'a str>,
    properties: Vec<Property<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<Evidence<'a>>,
}

#[derive(Serialize)]
struct Evidence<'a> {
    occurrences: Vec<Occurrence<'a>>,
}

#[derive(Serialize)]
struct Occurrence<'a> {
    location: &'a str,
    line: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Dependency<'a> {
    #[serde(rename = "ref")]
    key: &'a str,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    depends_on: BTreeSet<&'a str>,
}

#[derive(Serialize)]
struct Composition {
    aggregate: &'static str,
    assemblies: [&'static str; 1],
    dependencies: [&'static str; 1],
}

#[derive(Serialize)]
struct Vulnerability<'a> {
    #[serde(rename = "bom-ref")]
    key: String,
    id: &'a str,
    source: Named<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    references: Vec<Reference<'a>>,
    ratings: Vec<Rating>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recommendation: Option<String>,
    analysis: Analysis<'a>,
    affects: Vec<Affects<'a>>,
}

#[derive(Serialize)]
struct Named<'a> {
    name: &'a str,
}

#[derive(Serialize)]
struct Reference<'a> {
    id: &'a str,
    source: Named<'a>,
}

#[derive(Serialize)]
struct Rating {
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<f64>,
    severity: &'static str,
}

#[derive(Serialize)]
struct Analysis<'a> {
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    justification: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    response: Vec<&'static str>,
    detail: &'a str,
}

#[derive(Serialize)]
struct Affects<'a> {
    #[serde(rename = "ref")]
    key: &'a str,
}

/// Who keeps the records that an id belongs to.
fn source(id: &str) -> &'static str {
    match id.split('-').next().unwrap_or_default() {
        "CVE" => "CVE",
        "GHSA" => "GitHub Advisory Database",
        "PYSEC" => "PyPI Advisory Database",
        "RUSTSEC" => "RustSec Advisory Database",
        "GO" => "Go Vulnerability Database",
        "MAL" => "OpenSSF Malicious Packages",
        _ => "OSV",
    }
}

/// The reference of the app itself.
const APP: &str = "app";

impl Sbom {
    fn clean(&self) -> Self {
        let cleaning = Cleaning::default();
        let line = |text: &String| cleaning.line(text);
        let lines = |texts: &[String]| texts.iter().map(|text| cleaning.line(text)).collect::<Vec<_>>();
        Sbom {
            name: line(&self.name),
            plimsoll: line(&self.plimsoll),
            components: self
                .components
                .iter()
                .map(|component| SbomComponent {
                    key: line(&component.key),
                    name: line(&component.name),
                    version: component.version.as_ref().map(line),
                    range: component.range.as_ref().map(line),
                    purl: component.purl.as_ref().map(line),
                    scope: component.scope,
                    origin: component.origin,
                    places: component.places.iter().map(|(file, at)| (line(file), *at)).collect(),
                    needs: lines(&component.needs),
                })
                .collect(),
            direct: lines(&self.direct),
            holes: self
                .holes
                .iter()
                .map(|hole| SbomHole {
                    component: line(&hole.component),
                    id: line(&hole.id),
                    aliases: lines(&hole.aliases),
                    summary: line(&hole.summary),
                    severity: hole.severity,
                    score: hole.score,
                    fixed_in: hole.fixed_in.as_ref().map(line),
                    standing: hole.standing,
                    detail: line(&hole.detail),
                })
                .collect(),
            not_checked: lines(&self.not_checked),
            advisories: lines(&self.advisories),
        }
    }
}

/// The list as CycloneDX 1.6 JSON.
pub(crate) fn render(sbom: &Sbom) -> String {
    let sbom = sbom.clean();
    let known: BTreeSet<&str> = sbom.components.iter().map(|component| component.key.as_str()).collect();
    let keys = |keys: &[String]| -> BTreeSet<String> {
        keys.iter().filter(|key| known.contains(key.as_str())).cloned().collect()
    };
    let direct = keys(&sbom.direct);
    let mut components: Vec<&SbomComponent> = sbom.components.iter().collect();
    components.sort();
    components.dedup_by(|a, b| a.key == b.key);
    let mut dependencies = vec![Dependency { key: APP, depends_on: direct.iter().map(String::as_str).collect() }];
    dependencies.extend(components.iter().map(|component| {
        Dependency {
            key: &component.key,
            depends_on: component
                .needs
                .iter()
                .map(String::as_str)
                .filter(|key| known.contains(key) && *key != component.key)
                .collect(),
        }
    }));
    let property = |name, value| Property { name, value };
    let mut properties: Vec<Property<'_>> =
        sbom.advisories.iter().map(|text| property("plimsoll:advisories", text)).collect();
    properties.extend(sbom.not_checked.iter().map(|text| property("plimsoll:not-checked", text)));
    let mut bom = Bom {
        schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
        bom_format: "CycloneDX",
        spec_version: "1.6",
        serial_number: None,
        version: 1,
        metadata: Metadata {
            lifecycles: [Lifecycle { phase: "pre-build" }],
            tools: Tools { components: [Tool { kind: "application", name: "Plimsoll", version: &sbom.plimsoll }] },
            component: Subject { kind: "application", key: APP, name: &sbom.name },
            properties,
        },
        components: components.iter().map(|component| self::component(component)).collect(),
        dependencies,
        compositions: vec![Composition {
            aggregate: if sbom.not_checked.is_empty() { "complete" } else { "incomplete" },
            assemblies: [APP],
            dependencies: [APP],
        }],
        vulnerabilities: vulnerabilities(&sbom, &known),
    };
    bom.serial_number = Some(serial(&pretty(&bom)));
    pretty(&bom)
}

fn component(component: &SbomComponent) -> Component<'_> {
    let mut properties = vec![
        Property { name: "plimsoll:scope", value: component.scope },
        Property { name: "plimsoll:origin", value: component.origin },
    ];
    if let Some(range) = &component.range {
        properties.push(Property { name: "plimsoll:range", value: range });
    }
    let mut places: Vec<_> = component.places.iter().collect();
    places.sort();
    places.dedup();
    let occurrences: Vec<_> = places.into_iter().map(|(location, line)| Occurrence { location, line: *line }).collect();
    Component {
        kind: "library",
        key: &component.key,
        name: &component.name,
        version: component.version.as_deref(),
        scope: match component.scope {
            "production" => Some("required"),
            "development" => Some("excluded"),
            _ => None,
        },
        purl: component.purl.as_deref(),
        properties,
        evidence: (!occurrences.is_empty()).then_some(Evidence { occurrences }),
    }
}

/// One entry for each hole and what it means; packages for which it means the same stand together.
fn vulnerabilities<'a>(sbom: &'a Sbom, known: &BTreeSet<&str>) -> Vec<Vulnerability<'a>> {
    let mut groups: BTreeMap<(&str, SbomStanding, &str, Option<&str>), Vec<&SbomHole>> = BTreeMap::new();
    for hole in sbom.holes.iter().filter(|hole| known.contains(hole.component.as_str())) {
        groups
            .entry((hole.id.as_str(), hole.standing, hole.detail.as_str(), hole.fixed_in.as_deref()))
            .or_default()
            .push(hole);
    }
    let mut used: BTreeMap<&str, usize> = BTreeMap::new();
    let mut out = Vec::new();
    for ((id, standing, detail, fixed_in), holes) in groups {
        let number = used.entry(id).or_default();
        *number += 1;
        let key = if *number == 1 { format!("vulnerability:{id}") } else { format!("vulnerability:{id}:{number}") };
        let (state, justification, response): (_, _, &'static [&'static str]) = match (standing, fixed_in) {
            (SbomStanding::Open, Some(_)) => ("in_triage", None, &["update"]),
            (SbomStanding::Open, None) => ("in_triage", None, &[]),
            (SbomStanding::Exploitable, Some(_)) => ("exploitable", None, &["update"]),
            (SbomStanding::Exploitable, None) => ("exploitable", None, &[]),
            (SbomStanding::Accepted, _) => ("exploitable", None, &["will_not_fix"]),
            (SbomStanding::DevelopmentOnly, _) => ("not_affected", Some("requires_environment"), &[]),
            (SbomStanding::NotCalled, _) => ("not_affected", Some("code_not_reachable"), &[]),
        };
        let aliases: BTreeSet<&str> =
            holes.iter().flat_map(|hole| &hole.aliases).map(String::as_str).filter(|alias| *alias != id).collect();
        let affected: BTreeSet<&str> = holes.iter().map(|hole| hole.component.as_str()).collect();
        let severity = holes.iter().map(|hole| hole.severity).max().unwrap_or(Severity::Medium);
        let score = holes.iter().filter_map(|hole| hole.score).max();
        out.push(Vulnerability {
            key,
            id,
            source: Named { name: source(id) },
            references: aliases.into_iter().map(|id| Reference { id, source: Named { name: source(id) } }).collect(),
            ratings: vec![Rating { score: score.map(|tenths| f64::from(tenths) / 10.0), severity: severity.word() }],
            description: holes.iter().map(|hole| hole.summary.as_str()).find(|text| !text.is_empty()),
            recommendation: fixed_in.map(|version| format!("Update to {version} or later.")),
            analysis: Analysis { state, justification, response: response.to_vec(), detail },
            affects: affected.into_iter().map(|key| Affects { key }).collect(),
        });
    }
    out
}

/// A UUID made of the content (RFC 9562, version 8: of the maker's own making).
fn serial(content: &str) -> String {
    let mut bytes: Vec<u8> = Sha256::digest(content.as_bytes()).iter().copied().take(16).collect();
    for (at, mask, mark) in [(6, 0x0f, 0x80), (8, 0x3f, 0x80)] {
        if let Some(byte) = bytes.get_mut(at) {
            *byte = *byte & mask | mark;
        }
    }
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    format!("urn:uuid:{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32))
}
