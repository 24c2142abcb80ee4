//! `deno.lock`, versions 3 to 5.

use std::collections::BTreeMap;

use super::Context;
use super::graph::{Lock, Node, Root};
use super::manifest::join;
use crate::doc::{self, Entry, Value};
use crate::package::Ecosystem;

/// `name@1.2.3_peer@1.0.0` as name, version and the whole key.
fn split(key: &str) -> Option<(&str, &str)> {
    let at = key.get(1..)?.find('@')? + 1;
    let version = key.get(at + 1..)?;
    Some((key.get(..at)?, version.split('_').next().unwrap_or(version)))
}

pub(super) fn read(cx: &Context<'_>) -> Result<Lock, String> {
    let root = doc::json(cx.text)?.shaped(&["npm", "specifiers"], &[])?;
    let version = root.text_of("version").ok_or("it has no `version`")?;
    let mut lock = Lock::new(Ecosystem::Npm, format!("deno.lock v{version}"), cx.dir);
    // Version 3 nests what later versions have at the top.
    let base = root.get("packages").filter(|value| value.is_map()).unwrap_or(&root);
    let mut keys: BTreeMap<&str, usize> = BTreeMap::new();
    let mut by_name: BTreeMap<&str, usize> = BTreeMap::new();
    let entries = base.entries_of("npm");
    for entry in entries {
        let Some((name, version)) = split(&entry.key) else {
            lock.problems.push((entry.key.to_string(), "its entry in deno.lock cannot be read".to_owned()));
            continue;
        };
        let number = lock.push(Node::new(name, version, (entry.start, entry.end)));
        keys.insert(&entry.key, number);
        by_name.entry(name).or_insert(number);
    }
    let find = |reference: &str| -> Option<usize> {
        let reference = reference.rsplit_once("npm:").map_or(reference, |(_, target)| target);
        keys.get(reference).or_else(|| by_name.get(reference)).copied().or_else(|| {
            let (name, version) = split(reference)?;
            let node = by_name.get(name)?;
            // The key may carry peers that the reference leaves out.
            let prefix = format!("{name}@{version}");
            keys.range(prefix.as_str()..)
                .take_while(|(key, _)| key.starts_with(&prefix))
                .map(|(_, node)| *node)
                .next()
                .or(Some(*node))
        })
    };
    for entry in entries {
        let Some(&from) = keys.get(entry.key.as_ref()) else { continue };
        let needs = needs_of(entry, &find);
        if let Some(node) = lock.nodes.get_mut(from) {
            node.needs = needs;
        }
    }
    let specifiers: BTreeMap<&str, &str> = base
        .entries_of("specifiers")
        .iter()
        .filter_map(|entry| Some((entry.key.as_ref(), entry.value.text()?)))
        .collect();
    let resolve = |specifier: &str| -> Option<(usize, String)> {
        let target = specifier.strip_prefix("npm:")?;
        let (name, _) = split(target).unwrap_or((target, ""));
        let found = specifiers.get(specifier).and_then(|version| match version.strip_prefix("npm:") {
            Some(key) => find(key),
            None => find(&format!("{name}@{version}")),
        });
        Some((found.or_else(|| by_name.get(name).copied())?, name.to_owned()))
    };
    let mut asked: Vec<(String, String)> = Vec::new();
    let list = |value: &Value<'_>, dir: &str, asked: &mut Vec<(String, String)>| {
        let own = value.items_of("dependencies");
        let package = value.get("packageJson").map_or(&[][..], |value| value.items_of("dependencies"));
        for specifier in own.iter().chain(package).filter_map(Value::text) {
            asked.push((dir.to_owned(), specifier.to_owned()));
        }
    };
    if let Some(workspace) = root.get("workspace") {
        list(workspace, cx.dir, &mut asked);
        for member in workspace.entries_of("members") {
            if let Some(dir) = join(cx.dir, &member.key) {
                list(&member.value, &dir, &mut asked);
                lock.covers.push(dir);
            }
        }
    }
    if asked.is_empty() {
        asked = specifiers.keys().map(|specifier| (cx.dir.to_owned(), (*specifier).to_owned())).collect();
    }
    for (dir, specifier) in asked {
        let Some((node, name)) = resolve(&specifier) else { continue };
        // Only package.json tells development from production.
        let declared = cx.manifests.declared(Ecosystem::Npm, &dir).find(|declared| declared.name == name);
        let (dev, alias) = declared.map_or((false, name.clone()), |declared| (declared.dev, declared.alias.clone()));
        lock.roots.push(Root { node, dev, dir, alias });
    }
    let elsewhere = base.entries_of("jsr").len();
    if elsewhere > 0 {
        lock.problems.push((
            format!("{}: {elsewhere} packages from JSR", cx.path),
            "no advisory source for JSR is known here".to_owned(),
        ));
    }
    let mut remote: BTreeMap<(String, String), (u32, u32)> = BTreeMap::new();
    for entry in root.entries_of("remote") {
        if let Some(found) = from_address(&entry.key) {
            remote.entry(found).or_insert((entry.start, entry.end));
        }
    }
    for ((name, version), place) in remote {
        lock.push(Node::new(name, version, place));
    }
    Ok(lock)
}

fn needs_of(entry: &Entry<'_>, find: &impl Fn(&str) -> Option<usize>) -> Vec<usize> {
    let mut needs = Vec::new();
    for section in ["dependencies", "optionalDependencies"] {
        let Some(value) = entry.value.get(section) else { continue };
        needs.extend(value.items().iter().filter_map(Value::text).filter_map(find));
        needs.extend(value.entries().iter().filter_map(|entry| entry.value.text()).filter_map(find));
    }
    needs
}

/// The npm package behind an address of a module server, where it names an exact version.
fn from_address(address: &str) -> Option<(String, String)> {
    let (host, path) = address.strip_prefix("https://")?.split_once('/')?;
    let path = match host {
        "esm.sh" => {
            let path = path.strip_prefix("stable/").unwrap_or(path);
            let is_build = path.starts_with('v') && path.split('/').next()?.get(1..)?.parse::<u32>().is_ok();
            if is_build { path.split_once('/')?.1 } else { path }
        }
        "cdn.skypack.dev" | "unpkg.com" => path,
        "cdn.jsdelivr.net" => path.strip_prefix("npm/")?,
        _ => return None,
    };
    let mut parts = path.splitn(3, '/');
    let first = parts.next()?;
    let whole = if first.starts_with('@') { format!("{first}/{}", parts.next()?) } else { first.to_owned() };
    let (name, version) = split(&whole)?;
    let version = version.split(['?', '&']).next().unwrap_or(version);
    crate::version::exact_pin(Ecosystem::Npm, version).map(|version| (name.to_owned(), version))
}
