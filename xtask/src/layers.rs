//! Who may know whom. The direction of dependencies is the architecture; `ARCHITECTURE.md` says it in words.

use std::collections::{BTreeMap, BTreeSet};

use crate::workspace;

/// A crate and the crates of ours that it may depend on. Development dependencies may add `hostile`, the tests' own crate.
///
/// A new crate gets a line here before it gets a dependency.
const LAYERS: &[(&str, &[&str])] = &[
    // Ground.
    ("source", &[]),
    ("cache", &[]),
    ("model", &["source"]),
    // The browser: drives Chromium, which reaches nothing but the gate it is given.
    ("browser", &[]),
    // Languages.
    ("ir", &["source"]),
    ("syntax", &["source", "ir"]),
    ("analysis", &["source", "ir", "syntax"]),
    // Witnesses: they state facts, so they know the model and nothing that judges or shows.
    ("schema", &["source", "model", "cache"]),
    ("secrets", &["source", "model", "cache"]),
    ("deps", &["source", "model"]),
    ("config", &["source", "model"]),
    ("probe", &["source", "model", "browser"]),
    ("datamap", &["source", "model"]),
    ("witness", &["source", "model", "cache", "ir", "syntax", "analysis", "schema", "deps", "secrets", "config"]),
    // Requests of the reviewer's own, to sources of advisories and never to the subject.
    ("online", &["deps"]),
    // Judgement: from the model alone.
    ("rules", &["source", "model"]),
    ("loadline", &["source", "model"]),
    ("chains", &["source", "model"]),
    // Outputs: from the review alone.
    ("report", &["source", "model"]),
    // The program puts everything together.
    (
        "plimsoll",
        &[
            "source", "model", "cache", "ir", "syntax", "analysis", "schema", "secrets", "deps", "online", "config",
            "probe", "datamap", "witness", "rules", "loadline", "chains", "report",
        ],
    ),
    // Developer tools: nothing of the product knows them.
    (
        "hostile",
        &[
            "source", "model", "ir", "syntax", "analysis", "schema", "secrets", "deps", "config", "probe", "witness",
            "rules",
        ],
    ),
    ("xtask", &["model", "config", "report"]),
];

/// The crate's name without the common prefix.
fn short(name: &str) -> Option<&str> {
    match name {
        "plimsoll" | "xtask" => Some(name),
        _ => name.strip_prefix("plimsoll-"),
    }
}

#[test]
fn every_crate_knows_only_what_its_layer_may() {
    let metadata = workspace::metadata();
    let members: BTreeSet<&str> =
        metadata["workspace_members"].as_array().into_iter().flatten().filter_map(|id| id.as_str()).collect();
    let layers: BTreeMap<&str, &[&str]> = LAYERS.iter().copied().collect();
    let mut wrong = Vec::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        if !package["id"].as_str().is_some_and(|id| members.contains(id)) {
            continue;
        }
        let name = package["name"].as_str().unwrap_or_default();
        let Some(allowed) = short(name).and_then(|name| layers.get(name)) else {
            wrong.push(format!("{name} has no line in the table of layers (xtask/src/layers.rs)"));
            continue;
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            // Dependencies of ours are those with a path.
            let Some(other) = dependency["path"].as_str().and(dependency["name"].as_str()).and_then(short) else {
                continue;
            };
            let for_tests = dependency["kind"] == "dev" && other == "hostile";
            if !allowed.contains(&other) && !for_tests {
                wrong.push(format!("{name} may not depend on {other}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A table with a circle would allow anything.
#[test]
fn the_table_has_no_circle() {
    for (at, (name, allowed)) in LAYERS.iter().enumerate() {
        for other in *allowed {
            let place = LAYERS.iter().position(|(name, _)| name == other);
            assert!(
                place.is_some_and(|place| place < at),
                "{name} -> {other}: the layer below comes first in the table"
            );
        }
    }
}
