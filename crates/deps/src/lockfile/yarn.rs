//! `yarn.lock`: the classic format of yarn 1, and the YAML of yarn 2 and later ("berry").
//!
//! Neither knows development from production, nor which entries the manifests ask for: both come from the
//! `package.json` files of the root and the workspaces.

use std::collections::BTreeMap;

use super::Context;
use super::graph::{Lock, Node, Root};
use super::manifest::{join, lines_of};
use super::npm::origin_of;
use crate::doc;
use crate::package::{Ecosystem, Origin, Pinned};

pub(super) fn read(cx: &Context<'_>) -> Result<Lock, String> {
    if cx.text.lines().any(|line| line.starts_with("__metadata:")) { berry(cx) } else { classic(cx) }
}

/// A descriptor `name@range` as its two halves; the name may begin with `@`.
fn split(descriptor: &str) -> Option<(&str, &str)> {
    let at = descriptor.get(1..)?.find('@')? + 1;
    Some((descriptor.get(..at)?, descriptor.get(at + 1..)?))
}

#[derive(Default)]
struct Table {
    descriptors: BTreeMap<String, usize>,
    by_name: BTreeMap<String, Vec<usize>>,
    needs: Vec<(usize, String, String)>,
}

impl Table {
    /// The entry for a request. A request that an override (`resolutions`) answers has no descriptor of its own:
    /// then the entry of that name stands in.
    fn find(&self, name: &str, range: &str) -> Option<usize> {
        [format!("{name}@{range}"), format!("{name}@npm:{range}")]
            .iter()
            .find_map(|key| self.descriptors.get(key))
            .copied()
            .or_else(|| self.by_name.get(name).and_then(|nodes| nodes.first()).copied())
    }

    fn connect(&self, lock: &mut Lock) {
        for (from, name, range) in &self.needs {
            if let Some(to) = self.find(name, range) {
                lock.connect(*from, to, Some(range.strip_prefix("npm:").unwrap_or(range)));
            }
        }
    }

    fn roots(&self, cx: &Context<'_>, lock: &mut Lock) {
        let mut dirs = vec![cx.dir.to_owned()];
        dirs.extend(cx.manifests.workspaces(cx.dir, &[]));
        for extra in &lock.covers {
            if !dirs.contains(extra) {
                dirs.push(extra.clone());
            }
        }
        for dir in &dirs {
            for declared in cx.manifests.declared(Ecosystem::Npm, dir) {
                // A workspace of the same app.
                if declared.origin == Origin::Local {
                    continue;
                }
                let spec = if declared.alias == declared.name {
                    declared.range.clone()
                } else {
                    format!("npm:{}@{}", declared.name, declared.range)
                };
                if let Some(node) = self.find(&declared.alias, &spec) {
                    let alias = declared.alias.clone();
                    lock.roots.push(Root { node, dev: declared.dev, dir: dir.clone(), alias });
                }
            }
        }
        lock.covers = dirs;
    }
}

fn unquoted(text: &str) -> &str {
    let text = text.trim();
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text)
}

fn classic(cx: &Context<'_>) -> Result<Lock, String> {
    let mut lock = Lock::new(Ecosystem::Npm, "yarn.lock v1", cx.dir);
    let mut table = Table::default();
    let mut current: Option<(Vec<String>, usize)> = None;
    let mut section = "";
    for (start, line) in lines_of(cx.text) {
        let body = line.trim_start_matches('\u{feff}');
        let content = body.trim();
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        let indent = body.len() - body.trim_start().len();
        if indent == 0 {
            let Some(keys) = content.strip_suffix(':') else {
                return Err(format!("unexpected text: `{}`", content.chars().take(40).collect::<String>()));
            };
            let descriptors: Vec<String> = keys.split(", ").map(|key| unquoted(key).to_owned()).collect();
            let first = descriptors.first().map(String::as_str).unwrap_or_default();
            let (alias, range) = split(first).ok_or_else(|| format!("`{first}` is not `name@range`"))?;
            let name = match range.strip_prefix("npm:") {
                Some(target) => split(target).map_or(target, |(name, _)| name),
                None => alias,
            };
            let length = u32::try_from(line.len()).unwrap_or(0);
            let mut node = Node::new(name, "", (start, start.saturating_add(length)));
            node.version = Pinned::Unknown("the lockfile gives no version".to_owned());
            if range.starts_with("file:") || range.starts_with("link:") {
                node.origin = Origin::Local;
            } else if range.contains("://")
                || range.starts_with("git")
                || range.contains('/') && !range.contains("npm:")
            {
                node.origin = Origin::Git;
            }
            let alias = alias.to_owned();
            let number = lock.push(node);
            for descriptor in &descriptors {
                table.descriptors.insert(descriptor.clone(), number);
            }
            table.by_name.entry(alias).or_default().push(number);
            current = Some((descriptors, number));
            section = "";
            continue;
        }
        let Some((_, number)) = &current else { return Err("a field stands before the first entry".to_owned()) };
        if let Some(name) = content.strip_suffix(':').filter(|_| indent == 2) {
            section = if matches!(name, "dependencies" | "optionalDependencies") { "needs" } else { "other" };
            continue;
        }
        let (key, value) = key_value(content);
        if indent == 2 {
            section = "";
            let Some(node) = lock.nodes.get_mut(*number) else { continue };
            match key {
                "version" => node.version = Pinned::Exact(value.to_owned()),
                "resolved" if node.origin == Origin::Registry => node.origin = origin_of(value),
                _ => {}
            }
        } else if section == "needs" {
            table.needs.push((*number, key.to_owned(), value.to_owned()));
        }
    }
    table.connect(&mut lock);
    table.roots(cx, &mut lock);
    Ok(lock)
}

/// `name "value"`, where the name may be quoted too.
fn key_value(content: &str) -> (&str, &str) {
    if let Some((key, value)) = content.strip_prefix('"').and_then(|rest| rest.split_once('"')) {
        return (key, unquoted(value));
    }
    content.split_once(' ').map_or((content, ""), |(key, value)| (key, unquoted(value)))
}

fn berry(cx: &Context<'_>) -> Result<Lock, String> {
    let root = doc::yaml(cx.text)?;
    let version = root.at(&["__metadata", "version"]).and_then(|value| value.text()).unwrap_or("?");
    let mut lock = Lock::new(Ecosystem::Npm, format!("yarn.lock v{version}"), cx.dir);
    let mut table = Table::default();
    for entry in root.entries() {
        if entry.key == "__metadata" {
            continue;
        }
        let value = &entry.value;
        let Some(resolution) = value.text_of("resolution") else {
            lock.problems.push((entry.key.chars().take(80).collect(), "its entry has no `resolution`".to_owned()));
            continue;
        };
        let Some((ident, reference)) = split(resolution) else { continue };
        if let Some(folder) = reference.strip_prefix("workspace:") {
            if let Some(dir) = join(cx.dir, folder)
                && dir != cx.dir
            {
                lock.covers.push(dir);
            }
            continue;
        }
        let mut node = Node::new(ident, value.text_of("version").unwrap_or_default(), (entry.start, entry.end));
        node.origin = if reference.starts_with("npm:") {
            Origin::Registry
        } else if reference.starts_with("patch:") {
            // A patch of a registry package has the package's name and version, and what the patch changed is
            // unknown: the advisories of the version stand until someone says otherwise.
            if reference.contains("@npm%3A") || reference.contains("@npm:") { Origin::Registry } else { Origin::Git }
        } else if ["file:", "link:", "portal:"].iter().any(|prefix| reference.starts_with(prefix)) {
            Origin::Local
        } else {
            Origin::Git
        };
        if node.version.as_written().is_empty() {
            node.version = Pinned::Unknown("the lockfile gives no version".to_owned());
        }
        let number = lock.push(node);
        for descriptor in entry.key.split(", ") {
            if let Some((alias, _)) = split(descriptor) {
                table.by_name.entry(alias.to_owned()).or_default().push(number);
            }
            table.descriptors.insert(descriptor.to_owned(), number);
        }
        for section in ["dependencies", "optionalDependencies"] {
            for dependency in value.entries_of(section) {
                if let Some(range) = dependency.value.text() {
                    table.needs.push((number, dependency.key.to_string(), range.to_owned()));
                }
            }
        }
    }
    table.connect(&mut lock);
    table.roots(cx, &mut lock);
    Ok(lock)
}
