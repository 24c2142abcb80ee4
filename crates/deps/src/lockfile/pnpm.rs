//! `pnpm-lock.yaml`, lockfile versions 5 to 9.

use std::collections::BTreeMap;

use super::Context;
use super::graph::{Lock, Node, Root};
use super::manifest::join;
use super::npm::origin_of;
use crate::doc::{self, Value};
use crate::package::{Ecosystem, Origin, Pinned};

pub(super) fn read(cx: &Context<'_>) -> Result<Lock, String> {
    let root = doc::yaml(cx.text)?.shaped(&["packages", "snapshots", "importers"], &[])?;
    let version = root.text_of("lockfileVersion").ok_or("it has no `lockfileVersion`")?.to_owned();
    let major: u32 = version.split('.').next().and_then(|text| text.parse().ok()).unwrap_or(0);
    if !(5..=9).contains(&major) {
        return Err(format!("lockfile version {version} is not known"));
    }
    let mut lock = Lock::new(Ecosystem::Npm, format!("pnpm-lock.yaml v{version}"), cx.dir);
    let packages: BTreeMap<&str, &crate::doc::Entry<'_>> =
        root.entries_of("packages").iter().map(|entry| (entry.key.as_ref(), entry)).collect();

    // Version 9 keeps the graph apart from what was resolved.
    let graph = if major >= 9 { "snapshots" } else { "packages" };
    let mut keys: BTreeMap<String, usize> = BTreeMap::new();
    let mut requests: Vec<(usize, Vec<(String, String)>)> = Vec::new();
    for entry in root.entries_of(graph) {
        let key = entry.key.as_ref();
        let bare = key.split('(').next().unwrap_or(key);
        let package = packages.get(key).or_else(|| packages.get(bare)).copied().unwrap_or(entry);
        let mut node = node_of(bare, &package.value, major, (package.start, package.end));
        let flag = entry.value.get("dev").and_then(Value::text);
        node.dev = flag.map(|flag| flag == "true");
        let needs = ["dependencies", "optionalDependencies"]
            .iter()
            .flat_map(|section| entry.value.entries_of(section))
            .filter_map(|entry| Some((entry.key.to_string(), entry.value.text()?.to_owned())))
            .collect();
        let number = lock.push(node);
        keys.insert(key.to_owned(), number);
        requests.push((number, needs));
    }
    // A package without a snapshot is not installed, but what is listed is looked at.
    if major >= 9 {
        let snapshots: std::collections::BTreeSet<&str> =
            root.entries_of("snapshots").iter().map(|entry| bare_key(&entry.key)).collect();
        for (key, entry) in &packages {
            if !snapshots.contains(bare_key(key)) {
                lock.push(node_of(bare_key(key), &entry.value, major, (entry.start, entry.end)));
            }
        }
    }
    for (from, needs) in requests {
        let needs: Vec<usize> = needs.iter().filter_map(|(name, value)| resolve(&keys, name, value)).collect();
        if let Some(node) = lock.nodes.get_mut(from) {
            node.needs = needs;
        }
    }
    let importers = root.entries_of("importers");
    if importers.is_empty() {
        importer(cx, &mut lock, &keys, ".", &root);
    }
    for entry in importers {
        importer(cx, &mut lock, &keys, &entry.key, &entry.value);
    }
    Ok(lock)
}

fn bare_key(key: &str) -> &str {
    key.split('(').next().unwrap_or(key)
}

fn importer(cx: &Context<'_>, lock: &mut Lock, keys: &BTreeMap<String, usize>, folder: &str, value: &Value<'_>) {
    let Some(dir) = join(cx.dir, folder) else { return };
    if dir != cx.dir {
        lock.covers.push(dir.clone());
    }
    for (section, dev) in [("dependencies", false), ("optionalDependencies", false), ("devDependencies", true)] {
        for entry in value.entries_of(section) {
            let Some(version) = entry.value.text().or_else(|| entry.value.text_of("version")) else { continue };
            if let Some(node) = resolve(keys, &entry.key, version) {
                lock.roots.push(Root { node, dev, dir: dir.clone(), alias: entry.key.to_string() });
            }
        }
    }
}

/// The package behind `name: value`: a version, a key, or a link to a workspace (none).
fn resolve(keys: &BTreeMap<String, usize>, name: &str, value: &str) -> Option<usize> {
    if value.starts_with("link:") {
        return None;
    }
    let tries = [format!("{name}@{value}"), format!("/{name}@{value}"), format!("/{name}/{value}"), value.to_owned()];
    tries.iter().find_map(|key| keys.get(key)).copied()
}

fn node_of(key: &str, package: &Value<'_>, major: u32, place: (u32, u32)) -> Node {
    let parsed = parse_key(key, major);
    let name = package.text_of("name").map(str::to_owned).or_else(|| parsed.as_ref().map(|(name, _)| name.clone()));
    let version = package.text_of("version").map(str::to_owned).or_else(|| parsed.map(|(_, version)| version));
    let resolution = package.get("resolution");
    let tarball = resolution.and_then(|value| value.text_of("tarball")).unwrap_or_default();
    let kind = resolution.and_then(|value| value.text_of("type")).unwrap_or_default();
    let address = key.split_once('@').map_or(key, |(_, address)| address);
    let mut node = Node::new(name.unwrap_or_else(|| key.to_owned()), version.clone().unwrap_or_default(), place);
    node.origin = if kind == "directory" || key.starts_with("file:") || address.starts_with("file:") {
        Origin::Local
    } else if kind == "git" || package.text_of("id").is_some() {
        Origin::Git
    } else {
        [tarball, key, address]
            .iter()
            .map(|text| origin_of(text))
            .find(|origin| *origin != Origin::Registry)
            .unwrap_or(if key.contains("://") { Origin::Git } else { Origin::Registry })
    };
    if version.is_none() || node.version.as_written().contains([':', '/']) {
        node.version = Pinned::Unknown("its entry in the lockfile names no version".to_owned());
        if node.origin == Origin::Registry {
            node.origin = Origin::Git;
        }
    }
    node
}

/// Name and version of `/name/1.2.3_peers` (5), `/name@1.2.3` (6) and `name@1.2.3` (9).
fn parse_key(key: &str, major: u32) -> Option<(String, String)> {
    if key.contains("://") {
        return None;
    }
    if major == 5 {
        // A registry other than the usual one stands before the first slash.
        let key = key.split_once('/').map(|(_, rest)| rest)?;
        let (name, version) = key.rsplit_once('/')?;
        let version = version.split('_').next().unwrap_or(version);
        return version
            .starts_with(|first: char| first.is_ascii_digit())
            .then(|| (name.to_owned(), version.to_owned()));
    }
    let key = key.strip_prefix('/').unwrap_or(key);
    let at = key.get(1..)?.find('@')? + 1;
    let (name, version) = key.split_at(at);
    let version = version.strip_prefix('@')?;
    version.starts_with(|first: char| first.is_ascii_digit()).then(|| (name.to_owned(), version.to_owned()))
}
