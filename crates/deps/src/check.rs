//! Which packages of an app are affected: manifests and lockfiles against an index.
//!
//! Read so far: `package.json` with `package-lock.json` (versions 1 to 3), `requirements*.txt` pins, `composer.lock`.
//! Every other lockfile is named as not checked.

use std::collections::BTreeMap;

use plimsoll_source::{FileId, SourceTree, Span};

use crate::osv::{Affects, groups};
use crate::{Advisory, Ecosystem, Index, Kind, Severity, Version};

/// A package that is affected.
#[derive(Clone, Debug)]
pub struct Vulnerable {
    /// Its ecosystem.
    pub ecosystem: Ecosystem,
    /// Name.
    pub name: String,
    /// Version in use; for a range without a lock its lowest version.
    pub version: String,
    /// Package URL.
    pub purl: String,
    /// `production` or `development`.
    pub scope: &'static str,
    /// Named in the app's own manifest.
    pub direct: bool,
    /// Where it is declared.
    pub span: Span,
    /// Id (CVE where there is one), one line, severity; worst first, one per alias group.
    pub advisories: Vec<(String, String, Severity)>,
    /// Lowest version that clears all, never below the one in use.
    pub fixed_in: Option<String>,
    /// The version is exact and the index has all ranges.
    pub certain: bool,
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Packages looked up.
    pub packages_seen: usize,
    /// Affected ones, by manifest and name.
    pub vulnerable: Vec<Vulnerable>,
    /// What could not be checked: what, why.
    pub not_checked: Vec<(String, String)>,
}

struct Used {
    ecosystem: Ecosystem,
    name: String,
    version: String,
    exact: bool,
    dev: bool,
    direct: bool,
    span: Span,
}

/// Lockfiles that are not read yet.
const UNREAD: &[&str] = &[
    "pnpm-lock.yaml",
    "yarn.lock",
    "bun.lock",
    "bun.lockb",
    "deno.lock",
    "poetry.lock",
    "uv.lock",
    "Pipfile.lock",
    "pdm.lock",
    "Gemfile.lock",
    "Cargo.lock",
    "go.sum",
    "pom.xml",
    "gradle.lockfile",
    "mix.lock",
    "pubspec.lock",
];

/// Checks a tree against an index.
pub fn check(tree: &SourceTree, index: &Index) -> Report {
    let mut report = Report::default();
    let mut used = Vec::new();
    for (id, file) in tree.iter() {
        match file.name() {
            "package.json" => npm(tree, id, &mut used, &mut report),
            "composer.lock" => composer(tree, id, &mut used, &mut report),
            name if name.starts_with("requirements") && name.ends_with(".txt") => requirements(tree, id, &mut used),
            name if UNREAD.contains(&name) => {
                report.not_checked.push((
                    file.path.clone(),
                    "this kind of lockfile is not read yet: indirect packages were not checked".into(),
                ));
            }
            _ => {}
        }
    }
    report.packages_seen = used.len();
    for package in used {
        judge(package, index, &mut report);
    }
    report.vulnerable.sort_by(|a, b| (a.span, &a.name, &a.version).cmp(&(b.span, &b.name, &b.version)));
    report
}

fn judge(package: Used, index: &Index, report: &mut Report) {
    let Ok(advisories) = index.advisories(package.ecosystem, &package.name) else { return };
    if advisories.is_empty() {
        return;
    }
    let Some(version) = Version::parse(package.ecosystem, &package.version) else {
        report
            .not_checked
            .push((format!("{} {}", package.name, package.version), "its version cannot be compared".into()));
        return;
    };
    let hits: Vec<Advisory> = advisories
        .into_iter()
        .filter(|advisory| advisory.kind == Kind::Vulnerability)
        .filter(|advisory| advisory.affects(package.ecosystem, &package.version, &version) == Affects::Yes)
        .collect();
    if hits.is_empty() {
        return;
    }
    let mut fixed: Option<Version> = None;
    let mut fixed_text = None;
    for advisory in &hits {
        let best = advisory
            .fixes()
            .filter_map(|text| Some((Version::parse(package.ecosystem, text)?, text.to_owned())))
            .filter(|(fix, _)| *fix > version)
            .min_by(|a, b| a.0.cmp(&b.0));
        let Some((fix, text)) = best else {
            fixed_text = None;
            break;
        };
        if fixed.as_ref().is_none_or(|known| fix > *known) {
            fixed = Some(fix);
            fixed_text = Some(text);
        }
    }
    let mut by_group: BTreeMap<usize, (String, String, Severity)> = BTreeMap::new();
    for (advisory, group) in hits.iter().zip(groups(&hits)) {
        let id = std::iter::once(&advisory.id)
            .chain(&advisory.aliases)
            .find(|id| id.starts_with("CVE-"))
            .unwrap_or(&advisory.id);
        let entry = by_group.entry(group).or_insert_with(|| (id.clone(), advisory.summary.clone(), advisory.severity));
        entry.2 = entry.2.max(advisory.severity);
    }
    let mut list: Vec<(String, String, Severity)> = by_group.into_values().collect();
    list.sort_by(|a, b| b.2.cmp(&a.2).then_with(|| b.0.cmp(&a.0)));
    report.vulnerable.push(Vulnerable {
        purl: package.ecosystem.purl(&package.name, Some(&package.version)),
        ecosystem: package.ecosystem,
        certain: package.exact && hits.iter().any(|advisory| !advisory.partial),
        name: package.name,
        version: package.version,
        scope: if package.dev { "development" } else { "production" },
        direct: package.direct,
        span: package.span,
        advisories: list,
        fixed_in: fixed_text,
    });
}

fn find(tree: &SourceTree, file: FileId, wanted: &str) -> Span {
    let at = tree.file(file).text().find(wanted).unwrap_or(0);
    let start = u32::try_from(at).unwrap_or(0);
    Span::new(file, start, start + u32::try_from(wanted.len()).unwrap_or(1))
}

fn npm(tree: &SourceTree, id: FileId, used: &mut Vec<Used>, report: &mut Report) {
    let file = tree.file(id);
    let Ok(manifest) = serde_json::from_str::<serde_json::Value>(file.text()) else {
        report.not_checked.push((file.path.clone(), "it is not valid JSON".into()));
        return;
    };
    let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let beside = |name: &str| if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
    let lock_id = tree.find(&beside("package-lock.json")).or_else(|| tree.find(&beside("npm-shrinkwrap.json")));
    let lock = lock_id.and_then(|lock| serde_json::from_str::<serde_json::Value>(tree.file(lock).text()).ok());
    let locked = |name: &str| -> Option<String> {
        let lock = lock.as_ref()?;
        let entry = lock["packages"].get(format!("node_modules/{name}")).or_else(|| lock["dependencies"].get(name))?;
        entry["version"].as_str().map(str::to_owned)
    };
    let mut direct = std::collections::BTreeSet::new();
    for (section, dev) in [("dependencies", false), ("optionalDependencies", false), ("devDependencies", true)] {
        for (name, range) in manifest[section].as_object().into_iter().flatten() {
            let Some(range) = range.as_str() else { continue };
            let version = locked(name);
            let exact = version.is_some();
            // Without a lock the lowest version that the range allows may be installed.
            let lowest =
                range.trim_start_matches(['^', '~', '>', '=', 'v', ' ']).split([' ', '|']).next().unwrap_or("");
            let Some(version) =
                version.or_else(|| lowest.starts_with(|c: char| c.is_ascii_digit()).then(|| lowest.to_owned()))
            else {
                continue;
            };
            direct.insert(name.clone());
            used.push(Used {
                ecosystem: Ecosystem::Npm,
                name: name.clone(),
                version,
                exact,
                dev,
                direct: true,
                span: find(tree, id, &format!("\"{name}\"")),
            });
        }
    }
    let (Some(lock), Some(lock_id)) = (&lock, lock_id) else { return };
    for (path, entry) in lock["packages"].as_object().into_iter().flatten() {
        let Some(at) = path.rfind("node_modules/") else { continue };
        let name = entry["name"].as_str().unwrap_or(&path[at + "node_modules/".len()..]).to_owned();
        if entry["link"].as_bool() == Some(true)
            || (direct.contains(&name) && path.matches("node_modules/").count() == 1)
        {
            continue;
        }
        let Some(version) = entry["version"].as_str() else { continue };
        let dev = entry["dev"].as_bool() == Some(true) || entry["devOptional"].as_bool() == Some(true);
        let span = find(tree, lock_id, &format!("\"{path}\""));
        used.push(Used {
            ecosystem: Ecosystem::Npm,
            name,
            version: version.to_owned(),
            exact: true,
            dev,
            direct: false,
            span,
        });
    }
}

fn requirements(tree: &SourceTree, id: FileId, used: &mut Vec<Used>) {
    let file = tree.file(id);
    let dev = file.name().contains("dev") || file.name().contains("test");
    let mut at = 0usize;
    for line in file.text().split_inclusive('\n') {
        let start = at;
        at += line.len();
        let bare = line.split(['#', ';']).next().unwrap_or("").trim().trim_start_matches('\u{feff}');
        let Some((name, version)) = bare.split_once("==") else { continue };
        let name = name.split('[').next().unwrap_or(name).trim();
        let version = version.trim_start_matches('=').split([' ', ',', '\\']).next().unwrap_or("");
        if name.is_empty() || version.is_empty() || version.contains('*') {
            continue;
        }
        let start = u32::try_from(start).unwrap_or(0);
        let span = Span::new(id, start, start + u32::try_from(line.trim_end().len()).unwrap_or(1));
        used.push(Used {
            ecosystem: Ecosystem::PyPi,
            name: name.to_owned(),
            version: version.to_owned(),
            exact: true,
            dev,
            direct: true,
            span,
        });
    }
}

fn composer(tree: &SourceTree, id: FileId, used: &mut Vec<Used>, report: &mut Report) {
    let file = tree.file(id);
    let Ok(lock) = serde_json::from_str::<serde_json::Value>(file.text()) else {
        report.not_checked.push((file.path.clone(), "it is not valid JSON".into()));
        return;
    };
    let manifest = tree.find(&file.path.replace("composer.lock", "composer.json"));
    for (section, dev) in [("packages", false), ("packages-dev", true)] {
        for entry in lock[section].as_array().into_iter().flatten() {
            let (Some(name), Some(version)) = (entry["name"].as_str(), entry["version"].as_str()) else { continue };
            let wanted = format!("\"{name}\"");
            let direct = manifest.filter(|&manifest| tree.file(manifest).text().contains(&wanted));
            let span = find(tree, direct.unwrap_or(id), &wanted);
            used.push(Used {
                ecosystem: Ecosystem::Packagist,
                name: name.to_owned(),
                version: version.to_owned(),
                exact: true,
                dev,
                direct: direct.is_some(),
                span,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::Index;
    use plimsoll_source::SourceTree;

    #[test]
    fn finds_old_packages_and_names_what_it_cannot_read() {
        let tree = SourceTree::from_texts([
            (
                "package.json",
                r#"{"dependencies":{"xlsx":"^0.18.5","left":"file:../x"},"devDependencies":{"vite":"6.2.0"}}"#,
            ),
            (
                "package-lock.json",
                r#"{"lockfileVersion":3,"packages":{"":{},"node_modules/xlsx":{"version":"0.18.5"},"node_modules/vite":{"version":"6.2.0","dev":true}}}"#,
            ),
            ("requirements.txt", "Werkzeug==2.2.2  # web\nflask>=2\n"),
            ("yarn.lock", ""),
        ]);
        let report = check(&tree, Index::builtin());
        let found: Vec<(&str, &str)> =
            report.vulnerable.iter().map(|package| (package.name.as_str(), package.scope)).collect();
        assert!(
            found.contains(&("xlsx", "production"))
                && found.contains(&("vite", "development"))
                && found.contains(&("Werkzeug", "production")),
            "{found:?}"
        );
        assert_eq!(report.not_checked.len(), 1);
    }
}
