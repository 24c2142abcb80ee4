//! What to do about everything that was found: the fewest steps that close the most holes.
//!
//! Which steps there are follows from the graph. A package that the app names is raised where it is named. One that
//! others bring is brought up to date where all who bring it allow a version without holes; where they do not, newer
//! versions of the app's own packages that bring it can end it, which only somebody who knows what those versions need
//! can say ([`Newer`]), or the package manager can be told to install another version (an override). No step goes to a
//! lower version, and none can be left out without a hole staying open.

mod manager;
mod newer;

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::{Cleared, Severity, UpgradeChange, UpgradeLeft, UpgradePlan, UpgradeStep, UpgradeWay};
use plimsoll_source::{FileId, SourceTree};

use crate::check::{Fix, Match, Report, Vulnerable};
use crate::osv::Kind;
use crate::package::{Need, Needer, Package, Pinned, Scope};
use crate::version::{Version, constraint};
use manager::{Manager, Parent, Target, is_breaking, is_plain};
pub use newer::{Newer, ask};

/// Packages that ask for one; more are counted.
const MAX_ASKED: usize = 20;

/// What is planned for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'a> {
    /// Also what only tools for development and tests bring.
    pub development: bool,
    /// What newer versions need, where somebody was asked.
    pub newer: Option<&'a Newer>,
    /// Package versions (name, version) whose holes the owner accepts: no steps for them.
    pub accepted: Option<&'a BTreeSet<(String, String)>>,
}

/// The plan for a report of [`crate::check`].
pub fn plan(tree: &SourceTree, report: &Report, wanted: Wanted<'_>) -> UpgradePlan {
    let planner = Planner::new(tree, report);
    let mut out = UpgradePlan::default();
    let mut instances = Vec::new();
    for instance in planner.instances() {
        let key = || (instance.package.name.clone(), instance.package.version.as_written().to_owned());
        if wanted.accepted.is_some_and(|accepted| accepted.contains(&key())) {
            continue;
        }
        if instance.package.scope == Scope::Development && !wanted.development {
            out.development += instance.holes.len();
        } else {
            instances.push(instance);
        }
    }
    let choices: Vec<Choice<'_>> = instances.iter().map(|instance| planner.choose(instance)).collect();
    let raised = planner.raised(&instances, &choices, wanted.newer);
    let steps = planner.steps(&instances, &choices, &raised, &mut out);
    out.steps = steps;
    out.sort();
    out.left.sort();
    out.left.dedup();
    out
}

/// A vulnerable package version as one lockfile has it.
struct Instance<'r> {
    at: usize,
    package: &'r Package,
    finding: &'r Vulnerable,
    /// Its holes; remarks are none.
    holes: Vec<&'r Match>,
    manager: Manager,
}

/// What can be done about an instance on its own.
struct Choice<'r> {
    /// Where the app names it: raise it to this version.
    raise: Option<&'r Fix>,
    /// All who bring it allow this version.
    refresh: Option<&'r Fix>,
    /// Set it to this version for those who bring it.
    set: Option<&'r Fix>,
    /// Packages that do not allow the version to which it goes.
    stuck: Vec<&'r Need>,
    /// Why nothing closes what stays, where something stays.
    why: Option<String>,
}

/// A package of the app that gets a newer version so that it brings others no more.
struct Raised {
    to: String,
    breaking: bool,
    /// Positions among the instances.
    frees: Vec<usize>,
}

struct Planner<'r> {
    tree: &'r SourceTree,
    report: &'r Report,
    /// Who needs each package.
    by: BTreeMap<usize, Vec<&'r Need>>,
    /// The packages of one name in one lockfile.
    of_name: BTreeMap<(FileId, &'r str), Vec<usize>>,
    formats: BTreeMap<&'r str, &'r str>,
}

fn is_hole(found: &Match) -> bool {
    matches!(found.kind, Kind::Vulnerability | Kind::Malicious)
}

/// The version from which a step goes.
fn current(package: &Package) -> Option<Version> {
    match &package.version {
        Pinned::Exact(text) => Version::parse(package.ecosystem, text),
        Pinned::Range(text) => constraint(package.ecosystem, text)?.lowest().map(|(low, _)| low.clone()),
        Pinned::Unknown(_) => None,
    }
}

impl<'r> Planner<'r> {
    fn new(tree: &'r SourceTree, report: &'r Report) -> Self {
        let mut by: BTreeMap<usize, Vec<&Need>> = BTreeMap::new();
        for need in &report.needs {
            by.entry(need.package).or_default().push(need);
        }
        let mut of_name: BTreeMap<(FileId, &str), Vec<usize>> = BTreeMap::new();
        for (at, package) in report.packages.iter().enumerate() {
            of_name.entry((package.span.file, package.name.as_str())).or_default().push(at);
        }
        let formats = report.seen.iter().map(|seen| (seen.path.as_str(), seen.format.as_str())).collect();
        Planner { tree, report, by, of_name, formats }
    }

    fn instances(&self) -> Vec<Instance<'r>> {
        let mut out = Vec::new();
        for finding in self.report.findings.iter().filter(|finding| !finding.is_remark()) {
            for &at in &finding.packages {
                let Some(package) = self.report.packages.get(at) else { continue };
                let file = self.tree.file(package.span.file);
                let format = self.formats.get(file.path.as_str()).copied().unwrap_or_default();
                let holes = finding.advisories.iter().filter(|found| is_hole(found)).collect();
                out.push(Instance { at, package, finding, holes, manager: Manager::of(file.name(), format) });
            }
        }
        out
    }

    fn needs(&self, at: usize) -> &[&'r Need] {
        self.by.get(&at).map_or(&[][..], Vec::as_slice)
    }

    fn package(&self, at: usize) -> Option<&'r Package> {
        self.report.packages.get(at)
    }

    /// What can be done about one instance.
    fn choose(&self, instance: &Instance<'r>) -> Choice<'r> {
        let mut choice = Choice { raise: None, refresh: None, set: None, stuck: Vec::new(), why: None };
        let (package, manager, ecosystem) = (instance.package, instance.manager, instance.package.ecosystem);
        let fixes = &instance.finding.fixes;
        if instance.holes.iter().any(|hole| hole.kind == Kind::Malicious) && fixes.is_empty() {
            choice.why =
                Some("the package itself is an attack: remove it, and change every key that it could read".to_owned());
            return choice;
        }
        let (Some(current), Some(best)) = (current(package), fixes.last()) else {
            choice.why = Some("no version without these holes is known: replace the package".to_owned());
            return choice;
        };
        if !is_plain(&package.name) || !fixes.iter().all(|fix| is_plain(&fix.version)) {
            choice.why = Some("its name or version is none that a package manager takes".to_owned());
            return choice;
        }
        let parents: Vec<&Need> =
            self.needs(instance.at).iter().filter(|need| matches!(need.by, Needer::Package(_))).copied().collect();
        let allows = |need: &Need, fix: &Fix| -> bool {
            let Some(to) = Version::parse(ecosystem, &fix.version) else { return false };
            match need.range.as_deref().and_then(|range| constraint(ecosystem, range)) {
                Some(allowed) => allowed.contains(&to),
                // The lockfile does not say: what stays in its line is as a rule allowed.
                None => !is_breaking(ecosystem, &current, package.version.as_written(), &to),
            }
        };
        let stuck = |fix: &Fix| -> Vec<&'r Need> {
            if manager.raises_freely() {
                return Vec::new();
            }
            parents.iter().filter(|need| !allows(need, fix)).copied().collect()
        };
        let named = package.direct || self.needs(instance.at).iter().any(|need| matches!(need.by, Needer::App { .. }));
        if named {
            choice.raise = Some(best);
            choice.stuck = stuck(best);
            if !choice.stuck.is_empty() && manager.can_override() && self.can_set(instance, &best.version) {
                choice.set = Some(best);
            }
        } else {
            let allowed = fixes.iter().rev().find(|fix| stuck(fix).is_empty());
            if allowed.is_some_and(|fix| fix.version == best.version) {
                choice.refresh = Some(best);
            } else {
                choice.stuck = stuck(best);
                if manager.can_override() && self.can_set(instance, &best.version) {
                    choice.set = Some(best);
                } else {
                    choice.refresh = allowed;
                }
            }
        }
        let reached = choice.set.or(choice.refresh).or(choice.raise);
        if choice.set.is_none() && !choice.stuck.is_empty() {
            choice.why = Some(self.blocked(&choice.stuck, &best.version));
        } else if reached.is_some_and(|fix| !fix.leaves.is_empty()) {
            choice.why = Some("no version without these holes is known".to_owned());
        }
        choice
    }

    /// Who holds a package back.
    fn blocked(&self, stuck: &[&Need], to: &str) -> String {
        let mut holders: Vec<String> = stuck
            .iter()
            .filter_map(|need| {
                let Needer::Package(by) = need.by else { return None };
                let package = self.package(by)?;
                let range = need.range.as_deref().map_or(String::new(), |range| format!(" asks for {range}"));
                Some(format!("{} {}{range}", package.name, package.version.as_written()))
            })
            .collect();
        holders.sort();
        holders.dedup();
        let more = holders.len().saturating_sub(3);
        holders.truncate(3);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!(
            "{}{more}, so {to} cannot be had; a newer version of what the app names may bring it, which cannot be known without asking",
            holders.join("; ")
        )
    }

    /// Whether a package can be set to a version without lowering another version of it.
    fn can_set(&self, instance: &Instance<'r>, to: &str) -> bool {
        let ecosystem = instance.package.ecosystem;
        let Some(to) = Version::parse(ecosystem, to) else { return false };
        let not_lowered = |at: usize| self.package(at).and_then(current).is_some_and(|version| version <= to);
        match instance.manager {
            // For everybody alike.
            Manager::Bun => self.same_name(instance).iter().all(|at| not_lowered(*at)),
            // By the name of who brings it, in whatever version.
            Manager::Yarn if !self.alike(instance) => self.parents(instance).iter().all(|parent| {
                let versions = self.of_name.get(&(instance.package.span.file, parent.name));
                versions.into_iter().flatten().all(|by| {
                    let brought = self
                        .same_name(instance)
                        .iter()
                        .filter(|at| self.needs(**at).iter().any(|need| need.by == Needer::Package(*by)));
                    brought.copied().all(not_lowered)
                })
            }),
            _ => true,
        }
    }

    fn same_name(&self, instance: &Instance<'r>) -> &[usize] {
        self.of_name.get(&(instance.package.span.file, instance.package.name.as_str())).map_or(&[][..], Vec::as_slice)
    }

    /// Whether a package can be set for everybody: the lockfile has it once, and the app does not name it itself.
    fn alike(&self, instance: &Instance<'r>) -> bool {
        self.same_name(instance).len() == 1
            && !self.needs(instance.at).iter().any(|need| matches!(need.by, Needer::App { .. }))
    }

    /// Who brings an instance.
    fn parents(&self, instance: &Instance<'r>) -> Vec<Parent<'r>> {
        let mut out: Vec<Parent<'_>> = self
            .needs(instance.at)
            .iter()
            .filter_map(|need| {
                let Needer::Package(by) = need.by else { return None };
                let package = self.package(by)?;
                let others = self.of_name.get(&(package.span.file, package.name.as_str())).map_or(1, Vec::len);
                Some(Parent { name: &package.name, version: package.version.as_written(), alone: others == 1 })
            })
            .collect();
        out.sort_unstable();
        out.dedup();
        out
    }

    /// The packages that the app names and that bring an instance; the instance itself where the app names it.
    fn roots(&self, at: usize) -> BTreeSet<usize> {
        let (mut out, mut seen, mut queue) = (BTreeSet::new(), BTreeSet::from([at]), vec![at]);
        while let Some(next) = queue.pop() {
            for need in self.needs(next) {
                match need.by {
                    Needer::App { .. } => drop(out.insert(next)),
                    Needer::Package(by) => {
                        if seen.insert(by) {
                            queue.push(by);
                        }
                    }
                }
            }
        }
        out
    }

    /// Packages of the app to raise so that they bring no more what is stuck, by position.
    fn raised(
        &self,
        instances: &[Instance<'r>],
        choices: &[Choice<'r>],
        newer: Option<&Newer>,
    ) -> BTreeMap<usize, Raised> {
        let mut out: BTreeMap<usize, Raised> = BTreeMap::new();
        let Some(newer) = newer else { return out };
        // What each stuck instance needs: all that bring it must be raised, and to which version is a choice.
        let mut asked: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        let mut chosen: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for (number, (instance, choice)) in instances.iter().zip(choices).enumerate() {
            if choice.stuck.is_empty() || choice.raise.is_some() {
                continue;
            }
            let roots = self.roots(instance.at);
            let options: Vec<Vec<bool>> = roots
                .iter()
                .filter_map(|root| self.package(*root))
                .map(|root| {
                    let ways = newer.ways(root);
                    ways.iter()
                        .filter(|way| !way.brings_affected(&instance.package.name))
                        .map(|way| way.breaking)
                        .collect()
                })
                .collect();
            if options.is_empty() || options.iter().any(Vec::is_empty) {
                continue;
            }
            let gentle = options.iter().all(|ways| ways.contains(&false));
            let set_gently = choice.set.is_some_and(|fix| !self.breaks(instance, &fix.version));
            if gentle || !set_gently {
                for root in &roots {
                    asked.entry(*root).or_default().insert(number);
                }
                chosen.insert(number, roots);
            }
        }
        let mut freed: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for (root, wanted) in &asked {
            let Some(package) = self.package(*root) else { continue };
            let frees = |way: &newer::Way| -> BTreeSet<usize> {
                let free = |number: &usize| {
                    instances.get(*number).is_some_and(|instance| !way.brings_affected(&instance.package.name))
                };
                wanted.iter().copied().filter(free).collect()
            };
            let ways = newer.ways(package);
            // The most; among those the first, which is the lowest.
            let Some(way) = ways.iter().rev().max_by_key(|way| frees(way).len()) else { continue };
            freed.insert(*root, frees(way));
            out.insert(*root, Raised { to: way.version.clone(), breaking: way.breaking, frees: Vec::new() });
        }
        for (number, roots) in &chosen {
            let all = roots.iter().all(|root| freed.get(root).is_some_and(|free| free.contains(number)));
            if let Some(raised) = roots.first().filter(|_| all).and_then(|root| out.get_mut(root)) {
                raised.frees.push(*number);
            }
        }
        // A step that in the end frees nothing, alone or with others, is none.
        let useful: BTreeSet<usize> = out
            .values()
            .flat_map(|raised| &raised.frees)
            .filter_map(|number| chosen.get(number))
            .flatten()
            .copied()
            .collect();
        out.retain(|root, _| useful.contains(root));
        out
    }

    fn breaks(&self, instance: &Instance<'_>, to: &str) -> bool {
        let (package, ecosystem) = (instance.package, instance.package.ecosystem);
        let (Some(from), Some(to)) = (current(package), Version::parse(ecosystem, to)) else { return true };
        if let Pinned::Range(text) = &package.version {
            return constraint(ecosystem, text).is_none_or(|allowed| !allowed.contains(&to))
                && is_breaking(ecosystem, &from, "", &to);
        }
        is_breaking(ecosystem, &from, package.version.as_written(), &to)
    }

    fn steps(
        &self,
        instances: &[Instance<'r>],
        choices: &[Choice<'r>],
        raised: &BTreeMap<usize, Raised>,
        out: &mut UpgradePlan,
    ) -> Vec<UpgradeStep> {
        let mut steps = Vec::new();
        let freed: BTreeSet<usize> = raised.values().flat_map(|raised| raised.frees.iter().copied()).collect();
        let mut upgraded: BTreeSet<usize> = raised.keys().copied().collect();
        upgraded.extend(
            instances.iter().zip(choices).filter(|(_, choice)| choice.raise.is_some()).map(|(instance, _)| instance.at),
        );
        // Raised for what they bring, though they have no hole themselves.
        for (root, raise) in raised {
            if !instances.iter().any(|instance| instance.at == *root)
                && let Some(package) = self.package(*root)
            {
                steps.push(self.raise(package, *root, &raise.to, raise.breaking, Vec::new(), instances, Some(raise)));
            }
        }
        let mut refreshes: BTreeMap<(FileId, Manager), Vec<(usize, &Fix)>> = BTreeMap::new();
        for (number, (instance, choice)) in instances.iter().zip(choices).enumerate() {
            let mut closed = false;
            if let Some(fix) = choice.raise {
                let more = raised.get(&instance.at);
                let to = more.map_or(fix.version.as_str(), |raise| &raise.to);
                // For those that do not allow it the old version stays beside the new one, or it cannot be installed.
                let stays = !choice.stuck.is_empty();
                let cleared = if stays { Vec::new() } else { cleared(instance, fix) };
                let breaking = self.breaks(instance, to);
                if !stays || more.is_some() {
                    let mut step = self.raise(instance.package, instance.at, to, breaking, cleared, instances, more);
                    step.notes.extend(gentler(instance, fix, breaking, |to| self.breaks(instance, to)));
                    steps.push(step);
                    closed = !stays;
                } else if let Some(fix) = choice.set {
                    // One step for the app's own request and one for the others close it together; where there can be
                    // but one version, the override is for all.
                    if instance.manager.keeps_several() {
                        steps.push(self.raise(
                            instance.package,
                            instance.at,
                            to,
                            breaking,
                            Vec::new(),
                            instances,
                            None,
                        ));
                    }
                    steps.push(self.set(instance, fix, &upgraded, choice));
                    closed = true;
                }
            } else if freed.contains(&number) {
                continue;
            } else if let Some(fix) = choice.set {
                steps.push(self.set(instance, fix, &upgraded, choice));
                closed = true;
            } else if let Some(fix) = choice.refresh {
                refreshes.entry((instance.package.span.file, instance.manager)).or_default().push((number, fix));
                closed = true;
            }
            if let Some(why) = &choice.why {
                let reached = choice.set.or(choice.refresh).or(choice.raise).filter(|_| closed);
                let stays: Vec<String> = match reached {
                    Some(fix) => fix.leaves.clone(),
                    None => instance.holes.iter().map(|hole| hole.id.clone()).collect(),
                };
                if !stays.is_empty() {
                    out.left.push(UpgradeLeft {
                        name: instance.package.name.clone(),
                        version: instance.package.version.as_written().to_owned(),
                        file: self.tree.file(instance.package.span.file).path.clone(),
                        advisories: stays,
                        why: why.clone(),
                    });
                }
            }
        }
        for ((file, manager), members) in refreshes {
            steps.push(self.refresh(file, manager, &members, instances, &upgraded));
        }
        steps
    }

    /// What the app names gets a newer version.
    #[expect(clippy::too_many_arguments, reason = "one step, from where it is known")]
    fn raise(
        &self,
        package: &Package,
        at: usize,
        to: &str,
        breaking: bool,
        mut clears: Vec<Cleared>,
        instances: &[Instance<'r>],
        more: Option<&Raised>,
    ) -> UpgradeStep {
        let file = self.tree.file(package.span.file);
        let format = self.formats.get(file.path.as_str()).copied().unwrap_or_default();
        let manager = Manager::of(file.name(), format);
        let freed: Vec<&Instance<'_>> =
            more.into_iter().flat_map(|raise| &raise.frees).filter_map(|number| instances.get(*number)).collect();
        clears.extend(freed.iter().map(|instance| whole(instance)));
        let lock_dir = file.path.rsplit_once('/').map_or("", |(dir, _)| dir);
        let mut says = Vec::new();
        for need in self.needs(at) {
            let Needer::App { dir, dev, span } = &need.by else { continue };
            let inner = dir.strip_prefix(lock_dir).unwrap_or(dir).trim_start_matches('/');
            let manifest = span.map_or(file.path.as_str(), |span| self.tree.file(span.file).path.as_str());
            let alias = if is_plain(&need.alias) { need.alias.as_str() } else { package.name.as_str() };
            let dir = if is_plain(inner) { inner } else { "" };
            let target = Target {
                name: &package.name,
                alias,
                from: package.version.as_written(),
                to,
                dev: *dev,
                dir,
                file: manifest,
            };
            says.push(manager.upgrade(package.ecosystem, &target));
        }
        if says.is_empty() {
            let name = package.name.as_str();
            let from = package.version.as_written();
            let target = Target { name, alias: name, from, to, dev: false, dir: "", file: &file.path };
            says.push(manager.upgrade(package.ecosystem, &target));
        }
        says.sort();
        says.dedup();
        // Others that bring it too keep what the lockfile has until they are asked anew.
        if manager.keeps_several() && self.needs(at).iter().any(|need| matches!(need.by, Needer::Package(_))) {
            says.push(manager.refresh(&[&package.name], &[(&package.name, to)]));
        }
        let mut notes = Vec::new();
        if !freed.is_empty() {
            let mut names: Vec<&str> = freed.iter().map(|instance| instance.package.name.as_str()).collect();
            names.sort_unstable();
            names.dedup();
            notes.push(format!("this version brings {} without these holes, or not at all", names.join(", ")));
        }
        let all: Vec<&Match> = instances
            .iter()
            .filter(|instance| instance.at == at)
            .chain(freed.iter().copied())
            .flat_map(|instance| instance.holes.iter().copied())
            .collect();
        UpgradeStep {
            way: UpgradeWay::Upgrade,
            ecosystem: package.ecosystem.as_str().to_owned(),
            file: file.path.clone(),
            changes: vec![UpgradeChange {
                name: package.name.clone(),
                from: package.version.as_written().to_owned(),
                to: to.to_owned(),
                asked_by: self.asked_by(at),
                unless: Vec::new(),
            }],
            instruction: says.join("; "),
            breaking,
            exploited: all.iter().any(|hole| hole.exploited.is_some()),
            severity: worst(&all),
            clears,
            reached: None,
            notes,
        }
    }

    fn set(&self, instance: &Instance<'r>, fix: &Fix, upgraded: &BTreeSet<usize>, choice: &Choice<'r>) -> UpgradeStep {
        let package = instance.package;
        let file = self.tree.file(package.span.file);
        let mut parents = self.parents(instance);
        parents.retain(|parent| is_plain(parent.name) && is_plain(parent.version));
        if !instance.manager.keeps_several() || self.alike(instance) {
            parents.clear();
        }
        let name = package.name.as_str();
        let from = package.version.as_written();
        let target = Target { name, alias: name, from, to: &fix.version, dev: false, dir: "", file: &file.path };
        let breaking = self.breaks(instance, &fix.version);
        let mut notes: Vec<String> = Vec::new();
        if !choice.stuck.is_empty() {
            notes.push(
                self.blocked(&choice.stuck, &fix.version)
                    .replace(&format!("so {} cannot be had", fix.version), "so this goes past it: try what uses it"),
            );
        }
        notes.extend(gentler(instance, fix, breaking, |to| self.breaks(instance, to)));
        UpgradeStep {
            way: UpgradeWay::Override,
            ecosystem: package.ecosystem.as_str().to_owned(),
            file: file.path.clone(),
            changes: vec![self.change(instance, fix, upgraded)],
            instruction: instance.manager.set(&target, &parents),
            breaking,
            exploited: instance.holes.iter().any(|hole| hole.exploited.is_some()),
            severity: worst(&instance.holes),
            clears: cleared(instance, fix),
            reached: None,
            notes,
        }
    }

    fn refresh(
        &self,
        file: FileId,
        manager: Manager,
        members: &[(usize, &Fix)],
        instances: &[Instance<'r>],
        upgraded: &BTreeSet<usize>,
    ) -> UpgradeStep {
        let members: Vec<(&Instance<'_>, &Fix)> =
            members.iter().filter_map(|(number, fix)| Some((instances.get(*number)?, *fix))).collect();
        let mut targets: Vec<(&str, &str)> =
            members.iter().map(|(instance, fix)| (instance.package.name.as_str(), fix.version.as_str())).collect();
        targets.dedup();
        let mut names: Vec<&str> = targets.iter().map(|(name, _)| *name).collect();
        names.dedup();
        let all: Vec<&Match> = members.iter().flat_map(|(instance, _)| instance.holes.iter().copied()).collect();
        let unsaid = members.iter().any(|(instance, _)| {
            let brought = |need: &&Need| matches!(need.by, Needer::Package(_));
            !manager.raises_freely()
                && self.needs(instance.at).iter().filter(|need| brought(need)).any(|need| need.range.is_none())
        });
        let mut notes = Vec::new();
        if unsaid {
            notes.push(
                "this lockfile does not say which versions are asked for: what stays as it was afterwards needs an override"
                    .to_owned(),
            );
        }
        UpgradeStep {
            way: UpgradeWay::Refresh,
            ecosystem: members.first().map_or("", |(instance, _)| instance.package.ecosystem.as_str()).to_owned(),
            file: self.tree.file(file).path.clone(),
            changes: members.iter().map(|(instance, fix)| self.change(instance, fix, upgraded)).collect(),
            instruction: manager.refresh(&names, &targets),
            breaking: members.iter().any(|(instance, fix)| self.breaks(instance, &fix.version)),
            exploited: all.iter().any(|hole| hole.exploited.is_some()),
            severity: worst(&all),
            clears: members.iter().flat_map(|(instance, fix)| cleared(instance, fix)).collect(),
            reached: None,
            notes,
        }
    }

    fn change(&self, instance: &Instance<'_>, fix: &Fix, upgraded: &BTreeSet<usize>) -> UpgradeChange {
        let mut roots = self.roots(instance.at);
        roots.remove(&instance.at);
        let mut unless: Vec<String> = Vec::new();
        if !roots.is_empty() && roots.iter().all(|root| upgraded.contains(root)) {
            unless.extend(roots.iter().filter_map(|root| self.package(*root)).map(|package| package.name.clone()));
            unless.sort();
            unless.dedup();
        }
        UpgradeChange {
            name: instance.package.name.clone(),
            from: instance.package.version.as_written().to_owned(),
            to: fix.version.clone(),
            asked_by: self.asked_by(instance.at),
            unless,
        }
    }

    /// Manifests as `file:line`, then packages as `name version`.
    fn asked_by(&self, at: usize) -> Vec<String> {
        let (mut manifests, mut packages) = (Vec::new(), Vec::new());
        for need in self.needs(at) {
            match &need.by {
                Needer::App { span: Some(span), .. } => {
                    let file = self.tree.file(span.file);
                    manifests.push(format!("{}:{}", file.path, file.line_of(span.start)));
                }
                Needer::App { dir, .. } => manifests.push(if dir.is_empty() { ".".to_owned() } else { dir.clone() }),
                Needer::Package(by) => packages.extend(
                    self.package(*by).map(|package| format!("{} {}", package.name, package.version.as_written())),
                ),
            }
        }
        for list in [&mut manifests, &mut packages] {
            list.sort();
            list.dedup();
        }
        let more = packages.len().saturating_sub(MAX_ASKED);
        packages.truncate(MAX_ASKED);
        if more > 0 {
            packages.push(format!("{more} more packages"));
        }
        manifests.append(&mut packages);
        manifests
    }
}

/// That a lower step would close some already, where the whole step is a breaking one.
fn gentler(instance: &Instance<'_>, fix: &Fix, breaking: bool, breaks: impl Fn(&str) -> bool) -> Option<String> {
    let lower =
        instance.finding.fixes.iter().rev().find(|other| other.version != fix.version && !breaks(&other.version));
    let lower = lower.filter(|_| breaking)?;
    let all = instance.holes.len();
    Some(format!(
        "without the breaking step: {} closes {} of {all}",
        lower.version,
        all.saturating_sub(lower.leaves.len())
    ))
}

fn whole(instance: &Instance<'_>) -> Cleared {
    Cleared {
        name: instance.package.name.clone(),
        version: instance.package.version.as_written().to_owned(),
        advisories: instance.holes.iter().map(|hole| hole.id.clone()).collect(),
    }
}

/// What going to a version closes.
fn cleared(instance: &Instance<'_>, fix: &Fix) -> Vec<Cleared> {
    let mut all = whole(instance);
    all.advisories.retain(|id| !fix.leaves.contains(id));
    if all.advisories.is_empty() { Vec::new() } else { vec![all] }
}

fn worst(holes: &[&Match]) -> Severity {
    holes.iter().map(|hole| hole.severity.for_model()).max().unwrap_or(Severity::Medium)
}
