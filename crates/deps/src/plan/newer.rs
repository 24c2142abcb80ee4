//! What newer versions of the app's own packages bring, asked of a registry.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_source::SourceTree;

use super::manager::{is_breaking, is_plain};
use super::{Planner, current};
use crate::check::{Report, affected_by};
use crate::database::Database;
use crate::package::{Ecosystem, NotChecked, Origin, Package};
use crate::registry::{LookUp, LookUpError, PackageFacts, Private, Registry};
use crate::version::Version;

/// Packages of the app that are asked about; more are left out and said.
const MAX_PACKAGES: usize = 60;
/// Failures in a row after which nothing more is asked.
const PATIENCE: usize = 5;

/// A newer version of a package and what is wrong with what it brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Way {
    pub(super) version: String,
    pub(super) breaking: bool,
    /// Names of packages that it brings in an affected version.
    affected: BTreeSet<String>,
}

impl Way {
    pub(super) fn brings_affected(&self, name: &str) -> bool {
        self.affected.contains(name)
    }
}

/// What newer versions bring.
#[derive(Clone, Debug, Default)]
pub struct Newer {
    /// Lowest first.
    ways: BTreeMap<(Ecosystem, String, String), Vec<Way>>,
    /// What was not asked or not answered.
    pub not_checked: Vec<NotChecked>,
}

impl Newer {
    /// The versions above the current one to which a package can go.
    pub(super) fn ways(&self, package: &Package) -> &[Way] {
        let key = (package.ecosystem, package.name.clone(), package.version.as_written().to_owned());
        self.ways.get(&key).map_or(&[][..], Vec::as_slice)
    }
}

/// Asks what newer versions of the packages that the app names would bring, where what they bring now has holes and is
/// held back. Private packages are not asked for.
pub fn ask(
    tree: &SourceTree,
    report: &Report,
    database: &Database,
    development: bool,
    registry: &dyn Registry,
    private: &Private,
) -> Newer {
    let planner = Planner::new(tree, report);
    let mut out = Newer::default();
    let mut roots: BTreeSet<usize> = BTreeSet::new();
    // Where the plan raises a package anyway, that version is one to ask about.
    let mut planned: BTreeMap<usize, String> = BTreeMap::new();
    for instance in planner.instances() {
        if instance.package.scope == crate::Scope::Development && !development {
            continue;
        }
        let choice = planner.choose(&instance);
        match choice.raise {
            Some(fix) => drop(planned.insert(instance.at, fix.version.clone())),
            None if !choice.stuck.is_empty() => roots.extend(planner.roots(instance.at)),
            None => {}
        }
    }
    let known: BTreeSet<&str> = report.findings.iter().map(|finding| finding.name.as_str()).collect();
    let mut gap = |what: String, why: String| out.not_checked.push(NotChecked { what, why, matters: false });
    let (mut asked, mut in_a_row, mut left) = (0, 0, 0usize);
    let mut ways: BTreeMap<(Ecosystem, String, String), Vec<Way>> = BTreeMap::new();
    for root in roots {
        let Some(package) = report.packages.get(root).filter(|package| package.origin == Origin::Registry) else {
            continue;
        };
        let key = (package.ecosystem, package.name.clone(), package.version.as_written().to_owned());
        if ways.contains_key(&key) {
            continue;
        }
        let what = || format!("what newer versions of {} bring", package.name);
        if !registry.covers(package.ecosystem) {
            gap(what(), format!("{} has no facts about {}", registry.label(), package.ecosystem));
            continue;
        }
        if let Some(why) = private.keeps(package.ecosystem, &package.name) {
            gap(what(), why);
            continue;
        }
        if asked >= MAX_PACKAGES || in_a_row >= PATIENCE {
            left += 1;
            continue;
        }
        asked += 1;
        match ask_for(package, planned.get(&root).map(String::as_str), database, registry, &known) {
            Ok(found) => {
                in_a_row = 0;
                ways.insert(key, found);
            }
            Err(error) => {
                in_a_row += 1;
                gap(what(), error.to_string());
            }
        }
    }
    if left > 0 {
        gap(format!("what newer versions of {left} more packages bring"), "too many to ask about".to_owned());
    }
    out.ways = ways;
    out
}

/// The highest version of the line in use, the newest of all, and the one planned: lowest first.
fn candidates(package: &Package, planned: Option<&str>, facts: &PackageFacts) -> Vec<(Version, String, bool)> {
    let ecosystem = package.ecosystem;
    let Some(now) = current(package) else { return Vec::new() };
    let parsed = |text: &str| Version::parse(ecosystem, text).filter(|version| *version > now && is_plain(text));
    let mut usable: Vec<(Version, String, bool)> = facts
        .versions
        .iter()
        .filter(|known| !known.deprecated)
        .filter_map(|known| Some((parsed(&known.version)?, known.version.clone())))
        .filter(|(version, _)| !version.is_prerelease() || now.is_prerelease())
        .map(|(version, text)| {
            let breaking = is_breaking(ecosystem, &now, package.version.as_written(), &version);
            (version, text, breaking)
        })
        .collect();
    usable.sort();
    let in_line = usable.iter().rev().find(|(_, _, breaking)| !breaking).cloned();
    let planned = planned.and_then(|text| usable.iter().find(|(_, known, _)| known == text)).cloned();
    let latest = facts.latest.as_deref().and_then(|text| usable.iter().find(|(_, known, _)| known == text));
    let newest = latest.or(usable.last()).cloned();
    let mut out: Vec<_> = [in_line, planned, newest].into_iter().flatten().collect();
    out.sort();
    out.dedup();
    out
}

fn ask_for(
    package: &Package,
    planned: Option<&str>,
    database: &Database,
    registry: &dyn Registry,
    known: &BTreeSet<&str>,
) -> Result<Vec<Way>, LookUpError> {
    let ecosystem = package.ecosystem;
    let name = ecosystem.normalized(&package.name);
    let LookUp::Known(facts) = registry.look_up(ecosystem, &name)? else {
        return Err(LookUpError::Failed("there is no package of this name".to_owned()));
    };
    let mut out = Vec::new();
    for (_, version, breaking) in candidates(package, planned, &facts) {
        if affected_by(database, ecosystem, &name, &version) != Some(false) {
            continue;
        }
        let brought = registry.brings(ecosystem, &name, &version)?;
        let affected: BTreeSet<String> = brought
            .into_iter()
            // What cannot be told is not taken for clean.
            .filter(|(name, version)| affected_by(database, ecosystem, name, version) != Some(false))
            .map(|(name, _)| name)
            .collect();
        // It must not bring holes that the app does not have.
        if affected.iter().all(|name| known.contains(name.as_str())) {
            out.push(Way { version, breaking, affected });
        }
    }
    Ok(out)
}
