//! The lockfiles and manifests of the subject as packages.

mod bun;
mod deno;
mod graph;
mod manifest;
mod npm;
mod others;
mod pnpm;
mod python;
mod requirements;
mod yarn;

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_source::{Content, FileId, SourceTree};

use crate::known::Names;
use crate::package::{Ecosystem, Means, Need, Needer, NotChecked, Origin, Package, Pinned, Scope, Seen};
use crate::version::{Version, constraint, exact_pin};
use graph::{Lock, NeedByKey};
pub(crate) use manifest::dir_of;
use manifest::{Declared, Manifests};

/// A lockfile that is being read.
pub(crate) struct Context<'a> {
    pub(crate) path: &'a str,
    pub(crate) name: &'a str,
    pub(crate) dir: &'a str,
    pub(crate) text: &'a str,
    pub(crate) manifests: &'a Manifests,
}

/// Everything that lockfiles and manifests say.
#[derive(Debug, Default)]
pub(crate) struct Inventory {
    pub(crate) packages: Vec<Package>,
    /// Who needs which of them, sorted.
    pub(crate) needs: Vec<Need>,
    pub(crate) seen: Vec<Seen>,
    pub(crate) not_checked: Vec<NotChecked>,
    pub(crate) names: Names,
}

type Reader = fn(&Context<'_>) -> Result<Lock, String>;

/// The reader for a file name. Names are matched whole: a copy named otherwise is not what gets installed.
fn reader_of(name: &str) -> Option<(Ecosystem, Reader)> {
    Some(match name {
        "package-lock.json" | "npm-shrinkwrap.json" => (Ecosystem::Npm, npm::read as Reader),
        "pnpm-lock.yaml" => (Ecosystem::Npm, pnpm::read),
        "yarn.lock" => (Ecosystem::Npm, yarn::read),
        "bun.lock" => (Ecosystem::Npm, bun::read),
        "deno.lock" => (Ecosystem::Npm, deno::read),
        "Pipfile.lock" => (Ecosystem::PyPi, python::pipfile),
        "poetry.lock" => (Ecosystem::PyPi, python::poetry),
        "uv.lock" => (Ecosystem::PyPi, python::uv),
        "pdm.lock" => (Ecosystem::PyPi, python::pdm),
        "composer.lock" => (Ecosystem::Packagist, python::composer),
        "Gemfile.lock" | "gems.locked" => (Ecosystem::RubyGems, others::gemfile),
        "Cargo.lock" => (Ecosystem::CratesIo, others::cargo),
        "go.mod" => (Ecosystem::Go, others::go),
        "gradle.lockfile" => (Ecosystem::Maven, others::gradle),
        "pom.xml" => (Ecosystem::Maven, others::pom),
        "mix.lock" => (Ecosystem::Hex, others::mix),
        "pubspec.lock" => (Ecosystem::Pub, others::pubspec),
        _ if is_pylock(name) => (Ecosystem::PyPi, python::pylock),
        _ => return None,
    })
}

/// `pylock.toml` and `pylock.NAME.toml`.
fn is_pylock(name: &str) -> bool {
    name == "pylock.toml" || (name.starts_with("pylock.") && name.ends_with(".toml") && name.matches('.').count() == 2)
}

/// Reads every lockfile and manifest of the subject.
pub(crate) fn read(tree: &SourceTree) -> Inventory {
    let manifests = Manifests::read(tree);
    let mut out = Inventory::default();
    let mut gap = |what: &str, why: String, matters: bool| {
        out.not_checked.push(NotChecked { what: what.to_owned(), why, matters });
    };
    for (path, why) in &manifests.problems {
        gap(path, format!("this manifest could not be read: {why}"), true);
    }
    for missing in &tree.not_read {
        let name = missing.path.rsplit('/').next().unwrap_or(&missing.path);
        if reader_of(name).is_some() || requirements::is_requirements(&missing.path) || name == "package.json" {
            gap(&missing.path, format!("this lockfile could not be read: {}", missing.why), true);
        }
    }

    let mut locks: Vec<(FileId, Lock)> = Vec::new();
    let mut requirement_files: Vec<FileId> = Vec::new();
    for (id, file) in tree.iter() {
        let (name, dir) = (file.name(), dir_of(&file.path));
        if name == "bun.lockb" {
            let beside = |other: &str| tree.find(&manifest::join(dir, other).unwrap_or_default()).is_some();
            if !beside("bun.lock") && !beside("yarn.lock") {
                let why = "this is bun's binary lockfile; run `bun install --save-text-lockfile` and check again";
                gap(&file.path, why.to_owned(), true);
            }
            continue;
        }
        if requirements::is_requirements(&file.path) {
            if matches!(file.content, Content::Text(_)) {
                requirement_files.push(id);
            }
            continue;
        }
        let Some((_, reader)) = reader_of(name) else { continue };
        if !matches!(file.content, Content::Text(_)) {
            if !tree.not_read.iter().any(|missing| missing.path == file.path) {
                gap(&file.path, "this lockfile is not text".to_owned(), true);
            }
            continue;
        }
        let cx = Context { path: &file.path, name, dir, text: file.text(), manifests: &manifests };
        match reader(&cx) {
            Ok(lock) => locks.push((id, lock)),
            Err(why) => gap(&file.path, format!("this lockfile could not be read: {why}"), true),
        }
    }

    let left_out = choose(tree, &locks, &manifests, &mut out.not_checked);
    let mut covered: BTreeSet<(Ecosystem, String)> = BTreeSet::new();
    let mut answered: Vec<(usize, &Declared)> = Vec::new();
    let mut edges: Vec<(FileId, Vec<NeedByKey>)> = Vec::new();
    for (at, (id, lock)) in locks.iter().enumerate() {
        let file = tree.file(*id);
        if left_out.contains(id) {
            out.seen.push(Seen { path: file.path.clone(), format: lock.format.clone(), packages: 0 });
            continue;
        }
        let packages = lock.packages(*id, dir_of(&file.path), &manifests);
        out.seen.push(Seen { path: file.path.clone(), format: lock.format.clone(), packages: packages.len() });
        for (what, why) in &lock.problems {
            out.not_checked.push(NotChecked { what: what.clone(), why: why.clone(), matters: true });
        }
        out.packages.extend(packages);
        edges.push((*id, lock.needs(&manifests)));
        for dir in &lock.covers {
            covered.insert((lock.ecosystem, dir.clone()));
            answered.extend(unanswered(lock, dir, &manifests).into_iter().map(|declared| (at, declared)));
        }
    }

    requirements_of(tree, &requirement_files, &manifests, &mut out);
    let has_requirements: BTreeSet<String> =
        requirement_files.iter().map(|id| dir_of(&tree.file(*id).path).to_owned()).collect();

    // Asked for in a manifest, missing from its lockfile or there in a version that the manifest does not allow.
    for (at, declared) in answered {
        let Some((id, _)) = locks.get(at) else { continue };
        let path = &tree.file(*id).path;
        let what = format!("{} {}", declared.name, declared.range);
        let why = format!("the manifest asks for it, but {path} does not have it: the lockfile is out of date");
        out.not_checked.push(NotChecked { what, why, matters: false });
        let ecosystem = locks.get(at).map_or(Ecosystem::Npm, |(_, lock)| lock.ecosystem);
        out.packages.push(ranged(ecosystem, dir_of(&tree.file(declared.span.file).path), declared));
    }
    for manifest in &manifests.all {
        let is_covered = covered.contains(&(manifest.ecosystem, manifest.dir.clone()))
            || (manifest.format == "requirements.in" && has_requirements.contains(&manifest.dir))
            || (manifest.format == "pyproject.toml"
                && has_requirements.contains(&manifest.dir)
                && manifest.declared.is_empty());
        let mut count = 0;
        if !is_covered {
            for declared in manifest.declared.iter().filter(|declared| declared.origin != Origin::Local) {
                out.packages.push(ranged(manifest.ecosystem, &manifest.dir, declared));
                count += 1;
            }
            let open =
                manifest.declared.iter().any(|declared| exact_pin(manifest.ecosystem, &declared.range).is_none());
            if count > 0 && open {
                let why = "there is no lockfile beside it: which versions get installed, and everything those bring \
                           along, is not known";
                out.not_checked.push(NotChecked { what: manifest.path.clone(), why: why.to_owned(), matters: true });
            }
        }
        out.seen.push(Seen { path: manifest.path.clone(), format: manifest.format.to_owned(), packages: count });
    }
    for manifest in &manifests.all {
        for declared in &manifest.declared {
            out.names.add(manifest.ecosystem, &declared.name);
            out.names.add(manifest.ecosystem, &declared.alias);
        }
        for name in manifest.name.iter().chain(&manifest.also) {
            out.names.add(manifest.ecosystem, name);
        }
    }
    for package in &out.packages {
        out.names.add(package.ecosystem, &package.name);
    }
    crate::web::read(tree, &mut out);
    out.seen.sort();
    out.not_checked.sort();
    out.not_checked.dedup();
    out.packages
        .sort_by(|a, b| (a.ecosystem, &a.name, &a.version, a.span).cmp(&(b.ecosystem, &b.name, &b.version, b.span)));
    out.needs = needs(&out.packages, edges);
    out
}

/// The edges by position. What has none (a manifest without a lockfile, lists that only name parents in comments) gets
/// the last step of its path.
fn needs(packages: &[Package], edges: Vec<(FileId, Vec<NeedByKey>)>) -> Vec<Need> {
    let mut at: BTreeMap<(FileId, &str, &Pinned, Origin), usize> = BTreeMap::new();
    let mut by_name: BTreeMap<(FileId, String), usize> = BTreeMap::new();
    for (number, package) in packages.iter().enumerate() {
        at.entry((package.span.file, &package.name, &package.version, package.origin)).or_insert(number);
        by_name.entry((package.span.file, package.ecosystem.normalized(&package.name))).or_insert(number);
    }
    let mut out = Vec::new();
    for (file, edge) in edges.iter().flat_map(|(file, edges)| edges.iter().map(move |edge| (*file, edge))) {
        let find = |key: &graph::Key| at.get(&(file, key.0.as_str(), &key.1, key.2)).copied();
        let Some(package) = find(&edge.of) else { continue };
        let by = match &edge.by {
            None => Needer::App { dir: edge.dir.clone(), dev: edge.dev, span: edge.span },
            Some(key) => match find(key) {
                Some(by) => Needer::Package(by),
                None => continue,
            },
        };
        out.push(Need { package, by, alias: edge.alias.clone(), range: edge.range.clone() });
    }
    let has: BTreeSet<usize> = out.iter().map(|need| need.package).collect();
    for (number, package) in packages.iter().enumerate().filter(|(number, _)| !has.contains(number)) {
        let alias = package.name.clone();
        let parent = package.path.len().checked_sub(2).and_then(|at| package.path.get(at)).filter(|_| !package.direct);
        let by = match parent {
            Some(parent) => match by_name.get(&(package.span.file, package.ecosystem.normalized(parent))) {
                Some(by) => Needer::Package(*by),
                None => continue,
            },
            None if package.direct => Needer::App {
                dir: package.workspace.clone(),
                dev: package.scope == Scope::Development,
                span: package.manifest_span,
            },
            None => continue,
        };
        let range = match &package.version {
            Pinned::Range(range) => Some(range.clone()),
            Pinned::Exact(_) | Pinned::Unknown(_) => None,
        };
        out.push(Need { package: number, by, alias, range });
    }
    out.sort();
    out.dedup();
    out
}

fn requirements_of(tree: &SourceTree, files: &[FileId], manifests: &Manifests, out: &mut Inventory) {
    let mut reads: BTreeMap<FileId, requirements::Read> = BTreeMap::new();
    let mut included = BTreeSet::new();
    for &id in files {
        let read = requirements::read(tree, id);
        included.extend(read.included.iter().copied());
        reads.insert(id, read);
    }
    for (id, mut read) in reads {
        let path = &tree.file(id).path;
        let own = read.packages.iter().filter(|package| package.span.file == id).count();
        // A file that only others include is read as part of them, except in a loop, where all are included.
        if included.contains(&id)
            && read.included.iter().all(|inner| !files.contains(inner) || !reaches(tree, *inner, id))
        {
            out.seen.push(Seen { path: path.clone(), format: "requirements.txt".to_owned(), packages: own });
            continue;
        }
        requirements::link(&mut read.packages, manifests);
        out.seen.push(Seen { path: path.clone(), format: "requirements.txt".to_owned(), packages: own });
        for (what, why) in read.problems {
            out.not_checked.push(NotChecked { what, why, matters: true });
        }
        out.packages.append(&mut read.packages);
    }
}

fn reaches(tree: &SourceTree, from: FileId, to: FileId) -> bool {
    requirements::read(tree, from).included.contains(&to)
}

fn ranged(ecosystem: Ecosystem, dir: &str, declared: &Declared) -> Package {
    let version = match exact_pin(ecosystem, &declared.range) {
        _ if declared.origin == Origin::Git => Pinned::Unknown("it comes from a repository or an address".to_owned()),
        Some(version) => Pinned::Exact(version),
        None => Pinned::Range(declared.range.clone()),
    };
    Package {
        ecosystem,
        name: declared.name.clone(),
        purl: ecosystem.purl(&declared.name, version.exact()),
        version,
        scope: if declared.dev { Scope::Development } else { Scope::Production },
        direct: true,
        path: vec![declared.name.clone()],
        span: declared.span,
        manifest_span: Some(declared.span),
        origin: declared.origin,
        workspace: dir.to_owned(),
        means: Means::Installed,
    }
}

/// Requests of a folder's manifests that a lockfile does not answer with an allowed version.
fn unanswered<'a>(lock: &Lock, dir: &str, manifests: &'a Manifests) -> Vec<&'a Declared> {
    let ecosystem = lock.ecosystem;
    let mut locked: BTreeMap<String, Vec<&Pinned>> = BTreeMap::new();
    for root in lock.roots.iter().filter(|root| root.dir == dir) {
        if let Some(node) = lock.nodes.get(root.node) {
            locked.entry(ecosystem.normalized(&root.alias)).or_default().push(&node.version);
        }
    }
    if locked.is_empty() && lock.roots.is_empty() {
        // The format does not say what is direct: nothing can be compared.
        return Vec::new();
    }
    let own: BTreeSet<&str> = manifests.all.iter().filter_map(|manifest| manifest.name.as_deref()).collect();
    let mut out = Vec::new();
    for manifest in manifests.all.iter().filter(|manifest| manifest.ecosystem == ecosystem && manifest.dir == dir) {
        for declared in &manifest.declared {
            if declared.origin != Origin::Registry || declared.optional || own.contains(declared.name.as_str()) {
                continue;
            }
            // A range that only the package manager can read is not compared.
            let Some(allowed) = constraint(ecosystem, &declared.range) else { continue };
            let versions = locked.get(&ecosystem.normalized(&declared.alias)).map_or(&[][..], Vec::as_slice);
            let fits = versions.iter().any(|version| match version {
                Pinned::Exact(version) => {
                    Version::parse(ecosystem, version).is_none_or(|version| allowed.contains(&version))
                }
                Pinned::Range(_) | Pinned::Unknown(_) => true,
            });
            if !fits {
                out.push(declared);
            }
        }
    }
    out
}

/// Of several JavaScript lockfiles for one manifest, the ones to leave out.
fn choose(
    tree: &SourceTree,
    locks: &[(FileId, Lock)],
    manifests: &Manifests,
    not_checked: &mut Vec<NotChecked>,
) -> BTreeSet<FileId> {
    let mut by_dir: BTreeMap<&str, Vec<(FileId, &Lock)>> = BTreeMap::new();
    for (id, lock) in locks.iter().filter(|(_, lock)| lock.ecosystem == Ecosystem::Npm) {
        by_dir.entry(dir_of(&tree.file(*id).path)).or_default().push((*id, lock));
    }
    let mut out = BTreeSet::new();
    for (dir, candidates) in by_dir.into_iter().filter(|(_, candidates)| candidates.len() > 1) {
        let manager = manifests.of(Ecosystem::Npm, dir).find_map(|manifest| manifest.manager.clone());
        let ranked: Vec<(usize, bool, FileId)> = candidates
            .iter()
            .map(|(id, lock)| {
                let name = tree.file(*id).name();
                let of_manager = manager.as_deref().is_some_and(|manager| match manager {
                    "npm" => matches!(name, "package-lock.json" | "npm-shrinkwrap.json"),
                    "pnpm" => name == "pnpm-lock.yaml",
                    "yarn" => name == "yarn.lock",
                    "bun" => name == "bun.lock",
                    _ => false,
                });
                (unanswered(lock, dir, manifests).len(), !of_manager, *id)
            })
            .collect();
        let Some(best) = ranked.iter().map(|(missing, other, _)| (*missing, *other)).min() else { continue };
        let shrinkwrap = ranked.iter().any(|(_, _, id)| tree.file(*id).name() == "npm-shrinkwrap.json");
        let kept: Vec<&str> = ranked
            .iter()
            .filter(|(missing, other, id)| {
                (*missing, *other) == best && !(shrinkwrap && tree.file(*id).name() == "package-lock.json")
            })
            .map(|(_, _, id)| tree.file(*id).path.as_str())
            .collect();
        for (missing, _, id) in &ranked {
            let path = &tree.file(*id).path;
            if kept.contains(&path.as_str()) {
                continue;
            }
            out.insert(*id);
            let used = kept.join(", ");
            let why = if *missing > best.0 {
                format!(
                    "{used} fits package.json and this file does not ({missing} of its packages are missing or have other versions): left out; delete it"
                )
            } else if tree.file(*id).name() == "package-lock.json" && shrinkwrap {
                "npm-shrinkwrap.json takes its place".to_owned()
            } else {
                format!("package.json names another package manager, so {used} was used; delete the other")
            };
            not_checked.push(NotChecked { what: path.clone(), why, matters: false });
        }
        if kept.len() > 1 {
            let what = kept.join(", ");
            let why = "several lockfiles fit package.json; all were read, and what gets installed depends on the tool: keep one";
            not_checked.push(NotChecked { what, why: why.to_owned(), matters: false });
        }
    }
    out
}

#[cfg(test)]
mod tests;
