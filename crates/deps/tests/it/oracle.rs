//! Equality with the reference matcher on the shared projects and lockfiles.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use plimsoll_deps::{Database, Day, Ecosystem, Index, IndexBuilder, Report, Scope, check};
use plimsoll_source::SourceTree;

/// An index of the shared records of two ecosystems.
pub(crate) fn shared_index() -> Option<&'static Database> {
    static INDEX: std::sync::OnceLock<Option<Database>> = std::sync::OnceLock::new();
    INDEX
        .get_or_init(|| {
            let folder = crate::shared("advisories/osv")?;
            let mut builder = IndexBuilder::new(Day::parse("2026-11-22")?);
            for ecosystem in ["npm", "PyPI"] {
                builder.add_zip(&folder.join(ecosystem).join("all.zip")).expect("whole archive");
            }
            assert_eq!(builder.unreadable(), []);
            Some(Database::of(Index::from_bytes(builder.finish().expect("records")).expect("index")))
        })
        .as_ref()
}

/// What is part of the program is what `examples/snapshot.rs` makes of the shared records, byte for byte.
#[test]
fn the_snapshot_can_be_built_again() {
    let Some(folder) = crate::shared("advisories/osv") else { return };
    let mut builder = IndexBuilder::new(Day::parse("2026-11-22").expect("day"));
    builder.mark_partial(Ecosystem::Npm);
    builder.add_folder(&folder).expect("records");
    let made = builder.finish().expect("records");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/builtin.idx");
    assert!(made == std::fs::read(path).expect("the snapshot"), "run examples/snapshot.rs and commit what it makes");
    crate::say(&format!("the snapshot: {} bytes, the same when built again", made.len()));
}

/// The files of a folder, some under other names.
fn tree(folder: &Path, files: &[(&str, &str)]) -> SourceTree {
    SourceTree::from_texts(files.iter().map(|(name, from)| {
        (*name, std::fs::read_to_string(folder.join(from)).unwrap_or_else(|error| panic!("{from}: {error}")))
    }))
}

/// Record ids by `name@version`.
fn ids(report: &Report) -> BTreeMap<String, BTreeSet<String>> {
    let mut out: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for found in &report.findings {
        let slot = out.entry(format!("{}@{}", found.name, found.version)).or_default();
        slot.extend(found.advisories.iter().flat_map(|advisory| advisory.records.iter().cloned()));
    }
    out
}

type Truth = BTreeMap<String, (BTreeSet<String>, Option<bool>)>;

/// `{"name@version": {"ids": […], "dev_only"|"dev": bool}}`.
fn truth(value: &serde_json::Value) -> Truth {
    let mut out = Truth::new();
    for (key, entry) in value.as_object().expect("object") {
        let ids = entry["ids"].as_array().expect("ids").iter().map(|id| id.as_str().expect("id").to_owned()).collect();
        out.insert(
            key.clone(),
            (ids, entry.get("dev_only").or_else(|| entry.get("dev")).and_then(serde_json::Value::as_bool)),
        );
    }
    out
}

fn read_json(path: &Path) -> serde_json::Value {
    serde_json::from_str(&std::fs::read_to_string(path).expect("readable")).expect("json")
}

fn same(label: &str, report: &Report, truth: &Truth) {
    let expected: BTreeMap<String, BTreeSet<String>> =
        truth.iter().map(|(key, (ids, _))| (key.clone(), ids.clone())).collect();
    let found = ids(report);
    let missing: Vec<_> = expected.iter().filter(|(key, ids)| found.get(*key) != Some(*ids)).collect();
    let extra: Vec<_> = found.iter().filter(|(key, _)| !expected.contains_key(*key)).collect();
    assert!(missing.is_empty() && extra.is_empty(), "{label}: missing or different {missing:?}; extra {extra:?}");
    for finding in &report.findings {
        let key = format!("{}@{}", finding.name, finding.version);
        if let Some((_, Some(dev))) = truth.get(&key) {
            let expected = if *dev { Scope::Development } else { Scope::Production };
            assert_eq!(finding.scope, expected, "{label}: scope of {key}");
        }
    }
}

#[test]
fn projects_equal_the_oracle() {
    let (Some(index), Some(folder)) = (shared_index(), crate::shared("advisories/projects")) else { return };
    let oracle = read_json(&folder.join("oracle.json"));
    for (key, files, count) in [
        (
            "express-old",
            &[
                ("package-lock.json", "js/express-old/package-lock.json"),
                ("package.json", "js/express-old/package.json"),
            ][..],
            138,
        ),
        (
            "nodegoat",
            &[("package-lock.json", "js/nodegoat/package-lock.json"), ("package.json", "js/nodegoat/package.json")],
            225,
        ),
        ("py", &[("requirements.txt", "py/requirements.txt")], 138),
    ] {
        let report = check(&tree(&folder, files), index);
        same(key, &report, &truth(&oracle[key]));
        let total: usize =
            report.findings.iter().flat_map(|found| &found.advisories).map(|found| found.records.len()).sum();
        assert_eq!(total, count, "{key}");
        crate::say(&format!("{key}: {total} of {count} findings, none beside them"));
    }
}

/// The lock variants of one project: label, folder, lockfile, name in the tree.
const VARIANTS: &[(&str, &str, &str)] = &[
    ("npm11", "package-lock.json", "package-lock.json"),
    ("npm11", "package-lock-v2.json", "package-lock.json"),
    ("npm6", "package-lock.json", "package-lock.json"),
    ("pnpm7", "pnpm-lock.yaml", "pnpm-lock.yaml"),
    ("pnpm8", "pnpm-lock.yaml", "pnpm-lock.yaml"),
    ("pnpm9", "pnpm-lock.yaml", "pnpm-lock.yaml"),
    ("pnpm10", "pnpm-lock.yaml", "pnpm-lock.yaml"),
    ("yarn1", "yarn.lock", "yarn.lock"),
    ("berry3", "yarn.lock", "yarn.lock"),
    ("berry4", "yarn.lock", "yarn.lock"),
    ("bun", "bun.lock", "bun.lock"),
    ("deno", "deno.lock", "deno.lock"),
];

#[test]
fn every_lock_variant_gives_all_vulnerable_packages() {
    let (Some(index), Some(folder)) = (shared_index(), crate::shared("advisories/locks")) else { return };
    let all = truth(&read_json(&folder.join("expected-npm.json")));
    for (dir, lock, name) in VARIANTS {
        let mut files = vec![(*name, format!("{dir}/{lock}")), ("package.json", format!("{dir}/package.json"))];
        if *dir != "npm6" {
            files.push(("packages/util/package.json", format!("{dir}/packages/util/package.json")));
            files.push(("packages/web/package.json", format!("{dir}/packages/web/package.json")));
        }
        let files: Vec<(&str, &str)> = files.iter().map(|(name, from)| (*name, from.as_str())).collect();
        let report = check(&tree(&folder, &files), index);
        let mut expected = all.clone();
        if *dir == "npm6" {
            // npm 6 knows neither workspaces nor overrides.
            for key in ["ejs@2.6.1", "jquery@3.3.1", "semver@5.7.1"] {
                expected.remove(key);
            }
            let mut qs = expected.remove("qs@6.5.3").expect("qs");
            qs.0.insert("GHSA-hrpp-h998-j3pp".to_owned());
            expected.insert("qs@6.5.1".to_owned(), qs);
        }
        if *dir == "deno" {
            // Neither the lockfile nor anything else says that an override replaced the version asked for.
        }
        let label = format!("{dir}/{lock}");
        same(&label, &report, &expected);
        crate::say(&format!("{label}: {} of {} vulnerable packages", report.findings.len(), expected.len()));
        let direct = report.packages.iter().find(|package| package.name == "express").expect("express");
        assert!(direct.direct, "{label}: express is direct");
        let line = direct.manifest_span.expect("its line in package.json");
        assert_eq!(line.file, tree(&folder, &files).find("package.json").expect("manifest"), "{label}");
        let inner = report.packages.iter().find(|package| package.name == "media-typer").expect("media-typer");
        assert!(!inner.direct, "{label}");
        assert_eq!(inner.path.first().map(String::as_str), Some("express"), "{label}: {:?}", inner.path);
        let alias =
            report.packages.iter().find(|package| package.name == "lodash" && package.version.as_written() == "3.10.1");
        let alias = alias.unwrap_or_else(|| panic!("{label}: the alias lodash3"));
        assert!(alias.direct && alias.manifest_span.is_some(), "{label}: alias");
        assert!(report.not_checked.iter().all(|gap| !gap.matters), "{label}: {:?}", report.not_checked);
    }
}

#[test]
fn the_binary_lockfile_of_bun_is_not_checked() {
    let (Some(index), Some(folder)) = (shared_index(), crate::shared("advisories/locks/bunb")) else { return };
    let tree = SourceTree::read(&folder, &plimsoll_source::Limits::default()).expect("folder");
    let report = check(&tree, index);
    let gap = report.not_checked.iter().find(|gap| gap.what == "bun.lockb").expect("gap");
    assert!(gap.matters && gap.why.contains("save-text-lockfile"));
    crate::say(&format!("bunb/bun.lockb: not checked ({})", gap.why));
}

#[test]
fn python_locks_agree() {
    let (Some(index), Some(folder)) = (shared_index(), crate::shared("advisories/locks/py")) else { return };
    let of = |files: &[(&str, &str)]| ids(&check(&tree(&folder, files), index));
    let uv = of(&[("uv.lock", "uv/uv.lock"), ("pyproject.toml", "uv/pyproject.toml")]);
    let expected = ["cryptography@3.3.1", "flask@2.0.1", "pillow@8.1.0", "requests@2.25.1", "urllib3@1.26.20"];
    for key in expected {
        assert!(uv.contains_key(key), "{key} in {:?}", uv.keys());
    }
    let pylock = of(&[("pylock.toml", "uv/pylock.toml"), ("pyproject.toml", "uv/pyproject.toml")]);
    for (key, ids) in &pylock {
        assert_eq!(uv.get(key), Some(ids), "{key}");
    }
    let report = check(&tree(&folder, &[("uv.lock", "uv/uv.lock"), ("pyproject.toml", "uv/pyproject.toml")]), index);
    let scope = |name: &str| report.packages.iter().find(|package| package.name == name).map(|package| package.scope);
    assert_eq!(scope("flask"), Some(Scope::Production));
    assert_eq!(scope("pytest"), Some(Scope::Development));
    assert_eq!(scope("jinja2"), Some(Scope::Production));
    let pipenv = of(&[("Pipfile.lock", "pipenv/Pipfile.lock"), ("Pipfile", "pipenv/Pipfile")]);
    assert!(pipenv.contains_key("requests@2.25.1") || pipenv.contains_key("flask@2.0.1"), "{pipenv:?}");
    let report = check(
        &tree(
            &folder,
            &[("requirements.txt", "piptools/requirements.txt"), ("requirements.in", "piptools/requirements.in")],
        ),
        index,
    );
    let jinja = report.packages.iter().find(|package| package.name == "markupsafe").expect("markupsafe");
    assert_eq!(jinja.path.first().map(String::as_str), Some("flask"));
    assert!(report.not_checked.is_empty(), "{:?}", report.not_checked);
}
