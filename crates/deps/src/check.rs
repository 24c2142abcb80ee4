//! Packages against advisories.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_source::{SourceTree, Span};

use crate::database::{AdvisorySource, Database};
use crate::exploited::{Exploited, KnownExploited};
use crate::known::Names;
use crate::lockfile;
use crate::osv::{Advisory, Affects, Kind, Severity, groups};
use crate::package::{Ecosystem, Means, Need, NotChecked, Origin, Package, Pinned, Scope, Seen};
use crate::symbols;
use crate::version::{Set, Version, constraint};

/// How sure it is that an advisory applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// Only some versions that the manifest allows are affected, the oldest one among them.
    Possible,
    /// Every version that the manifest allows is affected; or the version is exact, but older than the release line
    /// of the only fix that an incomplete source names, so that a fix of its own line may exist; or it is a pre-release
    /// of the version that has the fix.
    Likely,
    /// The version is exact and the record covers it.
    Certain,
}

/// One vulnerability of a package: all records about it are one match.
#[derive(Clone, Debug)]
pub struct Match {
    /// The id to show: CVE before GHSA before the source's own.
    pub id: String,
    /// All other ids.
    pub aliases: Vec<String>,
    /// The ids of the records behind it.
    pub records: Vec<String>,
    /// One line; `""` where no record has one.
    pub summary: String,
    /// The highest of the records.
    pub severity: Severity,
    /// The highest CVSS base score of the records, in tenths.
    pub score: Option<u8>,
    /// What it is about.
    pub kind: Kind,
    /// How sure.
    pub certainty: Certainty,
    /// The lowest version from the current one on that this one does not affect, where a record names a fix.
    pub fixed_in: Option<String>,
    /// Attackers are known to use it.
    pub exploited: Option<KnownExploited>,
    /// How likely it is to be exploited in the next 30 days, in ten-thousandths.
    pub likelihood: Option<u16>,
    /// The functions with the hole, where a record names them.
    pub symbols: Vec<String>,
    /// Where the app's own code calls one of them; `None` where no record names any, or the code could not be read.
    pub called: Option<Vec<Span>>,
}

/// A version to which a package can be brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// The version; above the current one.
    pub version: String,
    /// What is known to affect it still, by the ids of [`Match`]; a hole that the current version does not have goes by
    /// the id of its record.
    pub leaves: Vec<String>,
}

/// A package version with known vulnerabilities.
#[derive(Clone, Debug)]
pub struct Vulnerable {
    /// Where it is found: positions in [`Report::packages`]; never empty. Several lockfiles may have it.
    pub packages: Vec<usize>,
    /// The ecosystem.
    pub ecosystem: Ecosystem,
    /// Its name.
    pub name: String,
    /// The version or range, as written.
    pub version: String,
    /// Production when any of `packages` is.
    pub scope: Scope,
    /// Its vulnerabilities, worst first.
    pub advisories: Vec<Match>,
    /// The worst of them.
    pub severity: Severity,
    /// The lowest version, never below the current one, that no known advisory affects. `None`: no such version is
    /// known.
    pub fixed_in: Option<String>,
    /// Versions to go to, lowest first: each leaves fewer holes than the current version and than all before it.
    pub fixes: Vec<Fix>,
    /// The worst one's line.
    pub summary: String,
    /// The highest of its advisories.
    pub certainty: Certainty,
}

impl Vulnerable {
    /// Whether all that is known are remarks (unmaintained, unsound) and no vulnerability.
    pub fn is_remark(&self) -> bool {
        self.advisories.iter().all(|advisory| matches!(advisory.kind, Kind::Unmaintained | Kind::Notice))
    }
}

/// What a check found, and what it could not look at.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Every package of every lockfile and manifest, sorted by ecosystem, name and version.
    pub packages: Vec<Package>,
    /// Vulnerable ones, one per package and version, sorted alike.
    pub findings: Vec<Vulnerable>,
    /// What was not checked, and why. Not checked is never clean.
    pub not_checked: Vec<NotChecked>,
    /// Who needs which package, sorted: the graph.
    pub needs: Vec<Need>,
    /// Every lockfile and manifest, with its count of packages.
    pub seen: Vec<Seen>,
    /// Which advisories answered, for each ecosystem that has packages.
    pub sources: Vec<AdvisorySource>,
    /// Every name that a manifest or lockfile has.
    pub names: Names,
}

/// Checks the packages of all lockfiles and manifests of a subject. Pure: reads no clock, no file and no network beyond
/// the database.
pub fn check(tree: &SourceTree, database: &Database) -> Report {
    let inventory = lockfile::read(tree);
    let mut report = Report {
        packages: inventory.packages,
        findings: Vec::new(),
        not_checked: inventory.not_checked,
        needs: inventory.needs,
        seen: inventory.seen,
        sources: Vec::new(),
        names: inventory.names,
    };
    let mut groups: BTreeMap<(Ecosystem, String, Pinned, bool), Vec<usize>> = BTreeMap::new();
    let mut missing: BTreeMap<Ecosystem, usize> = BTreeMap::new();
    for (at, package) in report.packages.iter().enumerate() {
        match package.origin {
            // Folders of the app: their names have nothing to do with the registry's.
            Origin::Local => continue,
            Origin::Git => {
                let what = shown(package);
                report.not_checked.push(NotChecked { what, why: NOT_BY_VERSION.to_owned(), matters: true });
                continue;
            }
            Origin::Registry => {}
        }
        if database.index(package.ecosystem).is_none() {
            *missing.entry(package.ecosystem).or_default() += 1;
            continue;
        }
        let name = package.ecosystem.normalized(&package.name);
        groups.entry((package.ecosystem, name, package.version.clone(), is_newest(package))).or_default().push(at);
    }
    let mut used: Vec<Ecosystem> = groups.keys().map(|(ecosystem, ..)| *ecosystem).collect();
    used.dedup();
    report.sources = used.into_iter().map(|ecosystem| database.source(ecosystem)).collect();
    for source in &report.sources {
        say_source(source, &mut report.not_checked);
    }
    for (ecosystem, count) in missing {
        let what = format!("{count} packages of {ecosystem}");
        let why = "the advisory index has no records of this ecosystem".to_owned();
        report.not_checked.push(NotChecked { what, why, matters: true });
    }
    for ((ecosystem, name, version, newest), packages) in groups {
        let Some(first) = packages.first().and_then(|at| report.packages.get(*at)) else { continue };
        let what = shown(first);
        let advisories = match database.index(ecosystem).map(|index| index.advisories(ecosystem, &name)) {
            None => continue,
            Some(Ok(advisories)) => advisories,
            Some(Err(error)) => {
                report.not_checked.push(NotChecked { what, why: error.to_string(), matters: true });
                continue;
            }
        };
        if advisories.is_empty() {
            continue;
        }
        let mut outcome = judge(ecosystem, &version, newest, &advisories);
        if !outcome.matches.is_empty() {
            rank(&mut outcome.matches, database.exploited());
        }
        if let Some(why) = outcome.unclear {
            report.not_checked.push(NotChecked { what, why, matters: outcome.matters });
        }
        if outcome.matches.is_empty() {
            continue;
        }
        let scope = packages.iter().filter_map(|at| report.packages.get(*at)).map(|package| package.scope).min();
        let severity = outcome.matches.iter().map(|found| found.severity).max().unwrap_or(Severity::Unknown);
        let certainty = outcome.matches.iter().map(|found| found.certainty).max().unwrap_or(Certainty::Possible);
        let summary = outcome.matches.iter().map(|found| found.summary.as_str()).find(|text| !text.is_empty());
        report.findings.push(Vulnerable {
            ecosystem,
            name: first.name.clone(),
            version: version.as_written().to_owned(),
            scope: scope.unwrap_or(Scope::Unknown),
            severity,
            fixed_in: outcome.fixes.iter().find(|fix| fix.leaves.is_empty()).map(|fix| fix.version.clone()),
            fixes: outcome.fixes,
            summary: summary.unwrap_or_default().to_owned(),
            certainty,
            advisories: outcome.matches,
            packages,
        });
    }
    symbols::note_calls(tree, &mut report.findings);
    if !report.findings.is_empty() {
        for problem in &database.exploited().problems {
            let what = "which advisories are exploited".to_owned();
            report.not_checked.push(NotChecked { what, why: problem.clone(), matters: false });
        }
    }
    report.not_checked.sort();
    report.not_checked.dedup();
    report
}

/// What one advisory is about.
#[derive(Clone, Debug)]
pub struct Concern {
    /// Every id of it.
    pub ids: BTreeSet<String>,
    /// The packages, with the affected versions in words.
    pub packages: BTreeMap<(Ecosystem, String), String>,
    /// One line; `""` where no record has one.
    pub summary: String,
    /// The highest of its records.
    pub severity: Severity,
    /// Attackers are known to use it.
    pub exploited: Option<KnownExploited>,
}

/// What an advisory is about, by any of its ids: all records that share an id with it, directly or through others.
/// `None` when no record has the id. The second part names ecosystems whose advisories could not be read.
pub fn concern(database: &Database, id: &str) -> (Option<Concern>, Vec<NotChecked>) {
    let mut gaps = Vec::new();
    let mut ids = BTreeSet::from([id.to_owned()]);
    let mut records: Vec<(Ecosystem, String, Vec<Advisory>)> = Vec::new();
    // A record may share an id with one that shares an id. Each round finds more or is the last.
    for _ in 0..4 {
        let known = ids.len();
        (records, gaps) = records_about(database, &ids);
        ids.extend(records.iter().flat_map(|(_, _, found)| found).flat_map(Advisory::ids).map(str::to_owned));
        if ids.len() == known {
            break;
        }
    }
    let mut concern = Concern {
        ids: BTreeSet::new(),
        packages: BTreeMap::new(),
        summary: String::new(),
        severity: Severity::Unknown,
        exploited: None,
    };
    for (ecosystem, name, advisories) in records {
        let mut affected: Vec<String> = Vec::new();
        for advisory in &advisories {
            affected.push(advisory.affected());
            concern.severity = concern.severity.max(advisory.severity);
            if concern.summary.is_empty() {
                concern.summary.clone_from(&advisory.summary);
            }
        }
        affected.dedup();
        concern.packages.insert((ecosystem, name), affected.join("; "));
    }
    if concern.packages.is_empty() {
        return (None, gaps);
    }
    // The id as its sources write it.
    if ids.iter().any(|known| known != id && known.eq_ignore_ascii_case(id)) {
        ids.remove(id);
    }
    concern.exploited = database.exploited().known(ids.iter().map(String::as_str));
    concern.ids = ids;
    (Some(concern), gaps)
}

type Found = Vec<(Ecosystem, String, Vec<Advisory>)>;

/// All advisories that have one of some ids, and what could not be read.
fn records_about(database: &Database, ids: &BTreeSet<String>) -> (Found, Vec<NotChecked>) {
    let (mut records, mut gaps) = (Vec::new(), Vec::new());
    let ids: BTreeSet<String> = ids.iter().map(|id| id.to_ascii_uppercase()).collect();
    for ecosystem in Ecosystem::ALL {
        let source = database.source(ecosystem);
        say_source(&AdvisorySource { info: None, ..source }, &mut gaps);
        let Some(index) = database.index(ecosystem) else { continue };
        match index.find_ids(ecosystem, &ids) {
            Ok(found) => records.extend(found.into_iter().map(|(name, advisories)| (ecosystem, name, advisories))),
            Err(error) => {
                let what = format!("{ecosystem} advisories");
                gaps.push(NotChecked { what, why: error.to_string(), matters: true });
            }
        }
    }
    (records, gaps)
}

/// Whether one advisory hits an app.
#[derive(Clone, Debug, Default)]
pub struct Impact {
    /// The packages that are hit, with what is known of the advisory.
    pub hit: Vec<(Package, Match)>,
    /// Packages of its name whose version is not affected.
    pub not_affected: Vec<Package>,
    /// What could hide a hit.
    pub not_checked: Vec<NotChecked>,
}

/// Looks whether one advisory hits the packages of a subject.
pub fn impact(tree: &SourceTree, database: &Database, concern: &Concern) -> Impact {
    let inventory = lockfile::read(tree);
    let mut out = Impact { not_checked: inventory.not_checked, ..Impact::default() };
    out.not_checked.retain(|gap| gap.matters);
    if inventory.seen.is_empty() && out.not_checked.is_empty() {
        let why = "no lockfile and no manifest was found".to_owned();
        out.not_checked.push(NotChecked { what: "the packages of this app".to_owned(), why, matters: true });
    }
    for package in inventory.packages {
        let name = package.ecosystem.normalized(&package.name);
        if package.origin == Origin::Local || !concern.packages.contains_key(&(package.ecosystem, name.clone())) {
            continue;
        }
        let mut gap = |why: String| {
            out.not_checked.push(NotChecked { what: shown(&package), why, matters: true });
        };
        if package.origin == Origin::Git {
            gap(NOT_BY_VERSION.to_owned());
            continue;
        }
        let advisories = match database.index(package.ecosystem).map(|index| index.advisories(package.ecosystem, &name))
        {
            Some(Ok(advisories)) => advisories,
            Some(Err(error)) => {
                gap(error.to_string());
                continue;
            }
            None => continue,
        };
        let numbers = groups(&advisories);
        let meant = |advisory: &Advisory| advisory.ids().any(|id| concern.ids.contains(id));
        let wanted: BTreeSet<usize> = advisories
            .iter()
            .zip(&numbers)
            .filter(|(advisory, _)| meant(advisory))
            .map(|(_, number)| *number)
            .collect();
        let about: Vec<Advisory> = advisories
            .iter()
            .zip(&numbers)
            .filter(|(_, number)| wanted.contains(number))
            .map(|(advisory, _)| advisory.clone())
            .collect();
        let mut outcome = judge(package.ecosystem, &package.version, is_newest(&package), &about);
        let hit = !outcome.matches.is_empty();
        if let Some(why) = outcome.unclear.filter(|_| !hit) {
            gap(why);
            continue;
        }
        rank(&mut outcome.matches, database.exploited());
        if !hit {
            out.not_affected.push(package.clone());
        }
        out.hit.extend(outcome.matches.into_iter().map(|found| (package.clone(), found)));
    }
    out.not_checked.sort();
    out.not_checked.dedup();
    out
}

/// Whether a version of a package has a known hole; `None` where that cannot be told.
pub(crate) fn affected_by(database: &Database, ecosystem: Ecosystem, name: &str, version: &str) -> Option<bool> {
    let advisories = database.index(ecosystem)?.advisories(ecosystem, name).ok()?;
    let outcome = judge(ecosystem, &Pinned::Exact(version.to_owned()), false, &advisories);
    match outcome.matches.iter().any(|found| is_hole(found.kind)) {
        true => Some(true),
        false if outcome.unclear.is_some() => None,
        false => Some(false),
    }
}

/// Why a package from a repository is not checked.
const NOT_BY_VERSION: &str = "it comes from a repository or an address, and advisories speak of registry versions";

/// What an index says of itself that keeps it from answering for everything.
fn say_source(source: &AdvisorySource, not_checked: &mut Vec<NotChecked>) {
    let ecosystem = source.ecosystem;
    if let Some(damaged) = &source.damaged {
        let what = format!("{ecosystem} advisories of the last update");
        let why = format!(
            "{damaged}. The advisories that are part of this program were used; `plimsoll advisories update` makes a new one"
        );
        not_checked.push(NotChecked { what, why, matters: true });
    }
    let Some(info) = &source.info else { return };
    if info.partial {
        let what = format!("{ecosystem} packages, release lines that a record leaves out");
        let why = "this advisory index keeps one range per advisory, so an affected older or newer release line may be \
                   missing; `plimsoll advisories update` fetches the full records";
        not_checked.push(NotChecked { what, why: why.to_owned(), matters: false });
    }
    if info.unreadable > 0 {
        let count = info.unreadable;
        let what = format!("{count} {ecosystem} {}", if count == 1 { "advisory" } else { "advisories" });
        let why = "the records could not be read when the advisory index was built".to_owned();
        not_checked.push(NotChecked { what, why, matters: true });
    }
}

/// Adds what is known of attacks, and puts what is exploited first.
fn rank(matches: &mut [Match], exploited: &Exploited) {
    for found in matches.iter_mut() {
        let ids = || std::iter::once(found.id.as_str()).chain(found.aliases.iter().map(String::as_str));
        (found.exploited, found.likelihood) = (exploited.known(ids()), exploited.likelihood(ids()));
    }
    // Stable: beyond that they keep their order.
    matches.sort_by_key(|found| found.exploited.is_none());
}

fn shown(package: &Package) -> String {
    format!("{} {}", package.name, package.version.as_written()).trim_end().to_owned()
}

#[derive(Default)]
struct Outcome {
    matches: Vec<Match>,
    fixes: Vec<Fix>,
    /// What could not be told, in words.
    unclear: Option<String>,
    matters: bool,
}

/// Whether what comes is the newest that the range allows: a public network serves that, and nothing older.
fn is_newest(package: &Package) -> bool {
    package.means == Means::Loaded && matches!(package.version, Pinned::Range(_))
}

fn judge(ecosystem: Ecosystem, pinned: &Pinned, newest: bool, advisories: &[Advisory]) -> Outcome {
    let mut outcome = Outcome::default();
    // Per advisory: whether it applies and how surely.
    let mut hits: Vec<(usize, Certainty)> = Vec::new();
    let mut unclear: Vec<&str> = Vec::new();
    let current: Option<Version>;
    match pinned {
        Pinned::Exact(text) => {
            let Some(version) = Version::parse(ecosystem, text) else {
                // A text that no order covers can still be listed as it is.
                let listed = |advisory: &Advisory| advisory.versions.iter().any(|known| known == text);
                hits.extend(
                    (0..advisories.len())
                        .filter(|at| advisories.get(*at).is_some_and(listed))
                        .map(|at| (at, Certainty::Certain)),
                );
                outcome.unclear = Some(format!("`{text}` is not a version that can be compared"));
                outcome.matters = true;
                outcome.matches = matches(ecosystem, advisories, &hits, None);
                return outcome;
            };
            for (at, advisory) in advisories.iter().enumerate() {
                match advisory.affects(ecosystem, text, &version) {
                    Affects::Yes => hits.push((at, certainty(ecosystem, advisory, text, &version))),
                    Affects::No => {}
                    Affects::CannotTell => unclear.push(&advisory.id),
                }
            }
            current = Some(version);
        }
        Pinned::Range(text) => {
            let Some(allowed) = constraint(ecosystem, text) else {
                outcome.unclear = Some(format!("`{text}` names no range of versions, and the package has advisories"));
                outcome.matters = true;
                return outcome;
            };
            let lowest = allowed.lowest().cloned();
            let mut some: Vec<&str> = Vec::new();
            for (at, advisory) in advisories.iter().enumerate() {
                let Some(set) = advisory.set(ecosystem) else {
                    unclear.push(&advisory.id);
                    continue;
                };
                if allowed.within(&set) {
                    hits.push((at, Certainty::Likely));
                } else if newest {
                    // A fix that the range allows is what comes.
                } else if lowest.as_ref().is_some_and(|(low, inclusive)| *inclusive && set.contains(low)) {
                    hits.push((at, Certainty::Possible));
                } else if allowed.meets(&set) {
                    some.push(&advisory.id);
                }
            }
            if !some.is_empty() {
                let text = if text.is_empty() { "any version" } else { text };
                outcome.unclear = Some(format!(
                    "without a lockfile it cannot be told whether {text} becomes a version with {}",
                    listed(&some)
                ));
            }
            current = lowest.map(|(low, _)| low);
        }
        Pinned::Unknown(why) => {
            outcome.unclear = Some(format!("{why}, and the package has advisories"));
            outcome.matters = true;
            return outcome;
        }
    }
    if !unclear.is_empty() {
        outcome.unclear = Some(format!("what {} says about versions cannot be compared", listed(&unclear)));
        outcome.matters = true;
    }
    outcome.matches = matches(ecosystem, advisories, &hits, current.as_ref());
    if !outcome.matches.is_empty()
        && let Some(current) = &current
    {
        outcome.fixes = fixes(ecosystem, current, advisories, &outcome.matches);
    }
    outcome
}

/// How sure a match of an exact version is. A source that keeps one range per advisory may leave out that the fix was
/// also made in an older release line. And a pre-release of the very version that fixes it (`4.0.0-rc.1` where 4.0.0 is
/// named) is affected by the letter of the record, but may have the fix already.
fn certainty(ecosystem: Ecosystem, advisory: &Advisory, text: &str, version: &Version) -> Certainty {
    let fixes: Vec<Version> = advisory.fixes().filter_map(|text| Version::parse(ecosystem, text)).collect();
    let older_line = fixes.iter().max().is_some_and(|fix| version.major() < fix.major());
    let numbers = text.trim_start_matches('v');
    let numbers =
        numbers.find(|letter: char| !letter.is_ascii_digit() && letter != '.').and_then(|end| numbers.get(..end));
    let release = numbers.and_then(|numbers| Version::parse(ecosystem, numbers.trim_end_matches('.')));
    let before_fix = version.is_prerelease() && release.is_some_and(|release| fixes.contains(&release));
    if before_fix || (advisory.partial && older_line) { Certainty::Likely } else { Certainty::Certain }
}

fn listed(ids: &[&str]) -> String {
    let mut ids = ids.to_vec();
    ids.dedup();
    match ids.len() {
        0..=3 => ids.join(", "),
        more => format!("{} and {} more", ids[..3].join(", "), more - 3),
    }
}

/// The named fixes above `current`, lowest first. A pre-release is only offered to those who run one.
fn candidates<'a>(
    ecosystem: Ecosystem,
    current: &Version,
    named: impl IntoIterator<Item = &'a Advisory>,
) -> BTreeMap<Version, &'a str> {
    let mut out: BTreeMap<Version, &str> = BTreeMap::new();
    for text in named.into_iter().flat_map(Advisory::fixes) {
        if let Some(version) = Version::parse(ecosystem, text)
            && version > *current
            && (current.is_prerelease() || !version.is_prerelease())
        {
            out.entry(version).or_insert(text);
        }
    }
    out
}

/// The advisories that are holes, with what they affect; `None` when one cannot be ordered.
fn holes<'a>(
    ecosystem: Ecosystem,
    advisories: impl IntoIterator<Item = &'a Advisory>,
) -> Option<Vec<(Set, &'a Advisory)>> {
    advisories
        .into_iter()
        .filter(|advisory| !advisory.spans.is_empty() || !advisory.versions.is_empty())
        .filter(|advisory| is_hole(advisory.kind))
        .map(|advisory| advisory.set(ecosystem).map(|set| (set, advisory)))
        .collect()
}

fn is_hole(kind: Kind) -> bool {
    matches!(kind, Kind::Vulnerability | Kind::Malicious)
}

fn hit((set, advisory): &(Set, &Advisory), version: &Version, text: &str) -> bool {
    set.contains(version) || advisory.versions.iter().any(|known| known == text)
}

/// The lowest named fix, not below `current`, that none of `affecting` affects.
fn lowest_fix(ecosystem: Ecosystem, current: &Version, affecting: &[&Advisory]) -> Option<String> {
    let sets = holes(ecosystem, affecting.iter().copied())?;
    candidates(ecosystem, current, affecting.iter().copied())
        .into_iter()
        .find(|(version, text)| !sets.iter().any(|hole| hit(hole, version, text)))
        .map(|(_, text)| text.trim_start_matches('v').to_owned())
}

/// The fixes worth going to: each leaves fewer holes than the current version and than all before it.
fn fixes(ecosystem: Ecosystem, current: &Version, advisories: &[Advisory], matches: &[Match]) -> Vec<Fix> {
    let Some(sets) = holes(ecosystem, advisories) else { return Vec::new() };
    let shown: BTreeMap<&str, &str> = matches
        .iter()
        .flat_map(|found| {
            let ids = found.records.iter().chain(&found.aliases).chain([&found.id]);
            ids.map(|id| (id.as_str(), found.id.as_str()))
        })
        .collect();
    let mut least = matches.iter().filter(|found| is_hole(found.kind)).count();
    let mut out = Vec::new();
    for (version, text) in candidates(ecosystem, current, advisories) {
        let mut leaves: Vec<String> = sets
            .iter()
            .filter(|hole| hit(hole, &version, text))
            .map(|(_, advisory)| shown.get(advisory.id.as_str()).copied().unwrap_or(&advisory.id).to_owned())
            .collect();
        leaves.sort();
        leaves.dedup();
        if leaves.len() < least {
            least = leaves.len();
            out.push(Fix { version: text.trim_start_matches('v').to_owned(), leaves });
        }
    }
    out
}

fn matches(
    ecosystem: Ecosystem,
    advisories: &[Advisory],
    hits: &[(usize, Certainty)],
    current: Option<&Version>,
) -> Vec<Match> {
    let numbers = groups(advisories);
    let mut by_group: BTreeMap<usize, Vec<(&Advisory, Certainty)>> = BTreeMap::new();
    for (at, certainty) in hits {
        if let (Some(group), Some(advisory)) = (numbers.get(*at), advisories.get(*at)) {
            by_group.entry(*group).or_default().push((advisory, *certainty));
        }
    }
    let mut out: Vec<Match> = Vec::new();
    for (group, members) in by_group {
        // Ids of the whole group, also of records that do not match this version.
        let mut ids: BTreeSet<&str> = BTreeSet::new();
        for (advisory, number) in advisories.iter().zip(&numbers) {
            if *number == group {
                ids.insert(&advisory.id);
                ids.extend(advisory.aliases.iter().map(String::as_str));
            }
        }
        let own = members.first().map_or("", |(advisory, _)| advisory.id.as_str());
        let of_kind = |prefix: &str| {
            // The record's own id first, so that two ids of a group do not change places.
            members
                .iter()
                .map(|(advisory, _)| advisory.id.as_str())
                .chain(ids.iter().copied())
                .find(|id| id.starts_with(prefix))
        };
        let id = of_kind("CVE-").or_else(|| of_kind("GHSA-")).unwrap_or(own);
        let records: Vec<String> = members.iter().map(|(advisory, _)| advisory.id.clone()).collect();
        let affecting: Vec<&Advisory> = members.iter().map(|(advisory, _)| *advisory).collect();
        let fixed_in = current.and_then(|current| lowest_fix(ecosystem, current, &affecting));
        let first =
            |pick: fn(&Advisory) -> &str| affecting.iter().map(|advisory| pick(advisory)).find(|text| !text.is_empty());
        out.push(Match {
            id: id.to_owned(),
            aliases: ids.iter().filter(|other| **other != id).map(|other| (*other).to_owned()).collect(),
            records,
            summary: first(|advisory| &advisory.summary).unwrap_or_default().to_owned(),
            severity: affecting.iter().map(|advisory| advisory.severity).max().unwrap_or(Severity::Unknown),
            score: affecting.iter().filter_map(|advisory| advisory.score).max(),
            kind: affecting.iter().map(|advisory| advisory.kind).min().unwrap_or(Kind::Vulnerability),
            certainty: members.iter().map(|(_, certainty)| *certainty).max().unwrap_or(Certainty::Possible),
            fixed_in,
            exploited: None,
            likelihood: None,
            symbols: affecting
                .iter()
                .flat_map(|advisory| advisory.symbols.iter().cloned())
                .collect::<BTreeSet<_>>()
                .into_iter()
                .collect(),
            called: None,
        });
    }
    out.sort_by(|a, b| (b.severity, b.score, &a.id).cmp(&(a.severity, a.score, &b.id)));
    out
}
