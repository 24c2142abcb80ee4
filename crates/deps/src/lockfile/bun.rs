//! `bun.lock`, versions 0 to 2. The binary `bun.lockb` is not read.

use std::collections::BTreeMap;

use super::Context;
use super::graph::{Lock, Node, Root};
use super::manifest::join;
use crate::doc::{self, Value};
use crate::package::{Ecosystem, Origin, Pinned};

/// Name and range of each package that one asks for.
type Asked = Vec<(String, String)>;

pub(super) fn read(cx: &Context<'_>) -> Result<Lock, String> {
    let root = doc::json(cx.text)?.shaped(&["packages", "workspaces"], &[])?;
    let version = root.text_of("lockfileVersion").ok_or("it has no `lockfileVersion`")?;
    let mut lock = Lock::new(Ecosystem::Npm, format!("bun.lock v{version}"), cx.dir);
    let mut keys: BTreeMap<String, usize> = BTreeMap::new();
    let mut requests: Vec<(usize, String, Asked)> = Vec::new();
    for entry in root.entries_of("packages") {
        let items = entry.value.items();
        let Some(first) = items.first().and_then(Value::text) else {
            lock.problems.push((entry.key.to_string(), "its entry in bun.lock cannot be read".to_owned()));
            continue;
        };
        let Some(at) = first.get(1..).and_then(|rest| rest.find('@')).map(|at| at + 1) else {
            lock.problems.push((entry.key.to_string(), "its entry in bun.lock cannot be read".to_owned()));
            continue;
        };
        let (name, version) = (first.get(..at).unwrap_or(first), first.get(at + 1..).unwrap_or_default());
        if version.starts_with("workspace:") {
            continue;
        }
        let mut node = Node::new(name, version, (entry.start, entry.end));
        if !version.starts_with(|first: char| first.is_ascii_digit()) || version.contains([':', '/']) {
            let local = ["file:", "link:", "root:", "./", "../", "/"].iter().any(|prefix| version.starts_with(prefix));
            node.origin = if local { Origin::Local } else { Origin::Git };
            node.version = Pinned::Unknown("it comes from an address and not from the registry".to_owned());
        }
        let number = lock.push(node);
        let asked = items
            .iter()
            .filter(|item| item.is_map())
            .flat_map(|item| {
                ["dependencies", "optionalDependencies", "peerDependencies"].map(|section| item.entries_of(section))
            })
            .flatten()
            .map(|entry| (entry.key.to_string(), entry.value.text().unwrap_or_default().to_owned()))
            .collect();
        keys.insert(entry.key.to_string(), number);
        requests.push((number, entry.key.to_string(), asked));
    }
    for (from, key, asked) in requests {
        for (name, range) in &asked {
            if let Some(to) = resolve(&keys, &key, name) {
                lock.connect(from, to, Some(range.as_str()).filter(|range| !range.is_empty()));
            }
        }
    }
    for workspace in root.entries_of("workspaces") {
        let Some(dir) = join(cx.dir, &workspace.key) else { continue };
        let name = workspace.value.text_of("name").unwrap_or_default();
        if dir != cx.dir {
            lock.covers.push(dir.clone());
        }
        for (section, dev) in [("dependencies", false), ("optionalDependencies", false), ("devDependencies", true)] {
            for entry in workspace.value.entries_of(section) {
                if let Some(node) = resolve(&keys, name, &entry.key) {
                    lock.roots.push(Root { node, dev, dir: dir.clone(), alias: entry.key.to_string() });
                }
            }
        }
    }
    Ok(lock)
}

/// Keys are chains of package names; the innermost that has the name wins.
fn resolve(keys: &BTreeMap<String, usize>, from: &str, name: &str) -> Option<usize> {
    let mut above = from;
    for _ in 0..128 {
        if above.is_empty() {
            break;
        }
        if let Some(&node) = keys.get(&format!("{above}/{name}")) {
            return Some(node);
        }
        let parent = above.rsplit_once('/').map_or("", |(parent, _)| parent);
        // A scope is half a name.
        let is_scope = parent.rsplit('/').next().is_some_and(|last| last.starts_with('@'));
        above = if is_scope { parent.rsplit_once('/').map_or("", |(parent, _)| parent) } else { parent };
    }
    keys.get(name).copied()
}
