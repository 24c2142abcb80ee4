//! `package-lock.json` and `npm-shrinkwrap.json`, versions 1 to 3.
//!
//! Version 2 holds both shapes; `packages` is the one npm itself reads.

use std::collections::BTreeMap;

use super::Context;
use super::graph::{Lock, Node, Root};
use super::manifest::join;
use crate::doc::{self, Entry, Value};
use crate::package::{Ecosystem, Origin, Pinned};

pub(super) fn read(cx: &Context<'_>) -> Result<Lock, String> {
    let root = doc::json(cx.text)?.shaped(&["packages", "dependencies"], &[])?;
    let version = root.text_of("lockfileVersion").unwrap_or("1");
    let mut lock = Lock::new(Ecosystem::Npm, format!("{} v{version}", cx.name), cx.dir);
    if root.get("packages").is_some_and(Value::is_map) {
        packages(cx, &root, &mut lock);
    } else if root.get("dependencies").is_some_and(Value::is_map) || root.get("lockfileVersion").is_some() {
        tree(cx, &root, &mut lock);
    } else {
        return Err("it has neither `packages` nor `dependencies`".to_owned());
    }
    Ok(lock)
}

/// How far up a chain of folders a dependency is looked for.
const MAX_UP: usize = 128;

struct Requests {
    node: usize,
    key: String,
    /// Names with ranges.
    asked: Vec<(String, String)>,
}

fn asked(entry: &Entry<'_>) -> (String, String) {
    (entry.key.to_string(), entry.value.text().unwrap_or_default().to_owned())
}

/// Node's resolution: the folder's own `node_modules`, then those of the folders above.
fn resolve(keys: &BTreeMap<String, usize>, from: &str, name: &str) -> Option<usize> {
    let mut folder = from;
    for _ in 0..MAX_UP {
        let key =
            if folder.is_empty() { format!("node_modules/{name}") } else { format!("{folder}/node_modules/{name}") };
        if let Some(&node) = keys.get(&key) {
            return Some(node);
        }
        if folder.is_empty() {
            return None;
        }
        folder = match folder.rfind("node_modules/") {
            Some(at) => folder.get(..at).unwrap_or_default().trim_end_matches('/'),
            None => folder.rsplit_once('/').map_or("", |(above, _)| above),
        };
    }
    None
}

fn packages(cx: &Context<'_>, root: &Value<'_>, lock: &mut Lock) {
    let mut keys: BTreeMap<String, usize> = BTreeMap::new();
    let mut requests: Vec<Requests> = Vec::new();
    let mut manifests: Vec<&Entry<'_>> = Vec::new();
    for entry in root.entries_of("packages") {
        let value = &entry.value;
        let key = entry.key.as_ref();
        // A link is a workspace folder under its package name: the folder has an entry of its own.
        if value.is_true("link") || value.is_true("extraneous") {
            continue;
        }
        let Some(at) = key.rfind("node_modules/") else {
            manifests.push(entry);
            continue;
        };
        let folder = key.get(at + "node_modules/".len()..).unwrap_or(key);
        let name = value.text_of("name").unwrap_or(folder);
        let resolved = value.text_of("resolved").unwrap_or_default();
        let mut node = Node::new(name, value.text_of("version").unwrap_or_default(), (entry.start, entry.end));
        node.origin = origin_of(resolved);
        if node.version.as_written().is_empty() {
            node.version = Pinned::Unknown("the lockfile gives no version".to_owned());
        }
        node.dev = Some(value.is_true("dev") || value.is_true("devOptional"));
        let asked = ["dependencies", "optionalDependencies", "peerDependencies"]
            .iter()
            .flat_map(|section| value.entries_of(section))
            .map(asked)
            .collect();
        let number = lock.push(node);
        keys.insert(key.to_owned(), number);
        requests.push(Requests { node: number, key: key.to_owned(), asked });
    }
    connect(lock, &keys, &requests);
    for entry in manifests {
        let Some(dir) = join(cx.dir, &entry.key) else { continue };
        if dir != cx.dir {
            lock.covers.push(dir.clone());
        }
        for (section, dev) in [
            ("dependencies", false),
            ("optionalDependencies", false),
            ("peerDependencies", false),
            ("devDependencies", true),
        ] {
            for dependency in entry.value.entries_of(section) {
                if let Some(node) = resolve(&keys, &entry.key, &dependency.key) {
                    lock.roots.push(Root { node, dev, dir: dir.clone(), alias: dependency.key.to_string() });
                }
            }
        }
    }
}

fn connect(lock: &mut Lock, keys: &BTreeMap<String, usize>, requests: &[Requests]) {
    for request in requests {
        for (name, range) in &request.asked {
            if let Some(to) = resolve(keys, &request.key, name) {
                lock.connect(request.node, to, Some(range.as_str()).filter(|range| !range.is_empty()));
            }
        }
    }
}

/// The nested tree of version 1.
fn tree(cx: &Context<'_>, root: &Value<'_>, lock: &mut Lock) {
    let mut keys: BTreeMap<String, usize> = BTreeMap::new();
    let mut requests: Vec<Requests> = Vec::new();
    let mut stack: Vec<(String, &[Entry<'_>])> = vec![(String::new(), root.entries_of("dependencies"))];
    while let Some((above, entries)) = stack.pop() {
        for entry in entries {
            let value = &entry.value;
            let key = if above.is_empty() {
                format!("node_modules/{}", entry.key)
            } else {
                format!("{above}/node_modules/{}", entry.key)
            };
            let written = value.text_of("version").unwrap_or_default();
            let mut node = Node::new(entry.key.as_ref(), written, (entry.start, entry.end));
            if let Some(alias) = written.strip_prefix("npm:") {
                if let Some((name, version)) = alias.rsplit_once('@').filter(|(name, _)| !name.is_empty()) {
                    node = Node::new(name, version, (entry.start, entry.end));
                }
            } else if written.starts_with("file:") || written.starts_with("link:") {
                node.origin = Origin::Local;
            } else if written.contains(':') || written.contains('/') {
                node.origin = Origin::Git;
            } else {
                node.origin = origin_of(value.text_of("resolved").unwrap_or_default());
            }
            if written.is_empty() {
                node.version = Pinned::Unknown("the lockfile gives no version".to_owned());
            }
            node.dev = Some(value.is_true("dev"));
            let asked = value.entries_of("requires").iter().map(asked).collect();
            let number = lock.push(node);
            keys.insert(key.clone(), number);
            requests.push(Requests { node: number, key: key.clone(), asked });
            let inner = value.entries_of("dependencies");
            if !inner.is_empty() {
                stack.push((key, inner));
            }
        }
    }
    connect(lock, &keys, &requests);
    for declared in cx.manifests.declared(Ecosystem::Npm, cx.dir) {
        if let Some(node) = resolve(&keys, "", &declared.alias) {
            lock.roots.push(Root { node, dev: declared.dev, dir: cx.dir.to_owned(), alias: declared.alias.clone() });
        }
    }
}

/// Where a tarball or repository address points to.
pub(super) fn origin_of(resolved: &str) -> Origin {
    if resolved.starts_with("file:") || resolved.starts_with("link:") || resolved.starts_with("portal:") {
        return Origin::Local;
    }
    let repositories = ["codeload.", "/archive/", "/tarball/", "//github.com/", "//gitlab.com/", "//bitbucket.org/"];
    let git = resolved.starts_with("git") || resolved.starts_with("github:") || resolved.starts_with("ssh:");
    if git || resolved.contains(".git#") || repositories.iter().any(|part| resolved.contains(part)) {
        return Origin::Git;
    }
    Origin::Registry
}
