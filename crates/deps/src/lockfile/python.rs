//! `Pipfile.lock`, `poetry.lock`, `uv.lock`, `pdm.lock` and `pylock.toml` (PEP 751).

use super::Context;
use super::graph::{Lock, Node, Root};
use super::manifest::pep508;
use super::requirements::is_dev_name;
use crate::doc::{self, Entry, Value};
use crate::package::{Ecosystem, Origin, Pinned};

fn place(value: &Value<'_>) -> (u32, u32) {
    value.get("name").unwrap_or(value).range()
}

fn unknown(why: &str) -> Pinned {
    Pinned::Unknown(why.to_owned())
}

pub(super) fn pipfile(cx: &Context<'_>) -> Result<Lock, String> {
    let root = doc::json(cx.text)?.shaped(&["default", "develop"], &[])?;
    let mut lock = Lock::new(Ecosystem::PyPi, "Pipfile.lock", cx.dir);
    if root.get("default").is_none() && root.get("develop").is_none() {
        return Err("it has neither `default` nor `develop`".to_owned());
    }
    for (section, dev) in [("default", false), ("develop", true)] {
        for entry in root.entries_of(section) {
            let value = &entry.value;
            let version = value.text_of("version").unwrap_or_default();
            let mut node =
                Node::new(entry.key.as_ref(), version.trim_start_matches('=').trim(), (entry.start, entry.end));
            node.dev = Some(dev);
            if value.get("git").is_some() || value.get("hg").is_some() {
                node.origin = Origin::Git;
            } else if value.get("path").is_some() || value.get("file").is_some() {
                node.origin = Origin::Local;
            }
            if version.is_empty() {
                node.version = unknown("the lockfile gives no version");
            }
            lock.push(node);
        }
    }
    lock.roots_by_name(cx.manifests, cx.dir);
    Ok(lock)
}

pub(super) fn poetry(cx: &Context<'_>) -> Result<Lock, String> {
    let root = doc::toml(cx.text)?.shaped(&[], &["package"])?;
    let version = root.at(&["metadata", "lock-version"]).and_then(Value::text).unwrap_or("1");
    let mut lock = Lock::new(Ecosystem::PyPi, format!("poetry.lock v{version}"), cx.dir);
    let mut needs = Vec::new();
    for package in root.items_of("package") {
        let Some(name) = package.text_of("name") else { continue };
        let mut node = Node::new(name, package.text_of("version").unwrap_or_default(), place(package));
        match package.at(&["source", "type"]).and_then(Value::text) {
            Some("git" | "url") => node.origin = Origin::Git,
            Some("directory" | "file") => node.origin = Origin::Local,
            _ => {}
        }
        let groups: Vec<&str> = package.items_of("groups").iter().filter_map(Value::text).collect();
        node.dev = match package.text_of("category") {
            Some(category) => Some(category != "main"),
            None if groups.is_empty() => None,
            None => Some(!groups.contains(&"main")),
        };
        if node.version.as_written().is_empty() {
            node.version = unknown("the lockfile gives no version");
        }
        let number = lock.push(node);
        // `name = ">=1"` or `name = { version = ">=1", markers = … }`.
        needs.extend(package.entries_of("dependencies").iter().map(|entry| {
            let range = entry.value.text().or_else(|| entry.value.text_of("version"));
            (number, entry.key.to_string(), range.map(str::to_owned))
        }));
    }
    lock.connect_by_name_asking(&needs);
    lock.roots_by_name(cx.manifests, cx.dir);
    Ok(lock)
}

pub(super) fn uv(cx: &Context<'_>) -> Result<Lock, String> {
    let root = doc::toml(cx.text)?.shaped(&[], &["package"])?;
    let version = root.text_of("version").ok_or("it has no `version`")?;
    let mut lock = Lock::new(Ecosystem::PyPi, format!("uv.lock v{version}"), cx.dir);
    let mut needs = Vec::new();
    // Own projects: what they ask for are the roots.
    let mut asked: Vec<(String, bool, String)> = Vec::new();
    for package in root.items_of("package") {
        let Some(name) = package.text_of("name") else { continue };
        let source = package.get("source");
        let own =
            source.and_then(|source| ["virtual", "editable", "directory"].iter().find_map(|kind| source.text_of(kind)));
        let names = |entries: &[Value<'_>]| -> Vec<String> {
            entries.iter().filter_map(|entry| entry.text_of("name")).map(str::to_owned).collect()
        };
        if let Some(folder) = own {
            let Some(dir) = super::manifest::join(cx.dir, folder) else { continue };
            if dir != cx.dir {
                lock.covers.push(dir.clone());
            }
            let mut ask = |found: Vec<String>, dev: bool| {
                asked.extend(found.into_iter().map(|name| (name, dev, dir.clone())));
            };
            ask(names(package.items_of("dependencies")), false);
            for extra in package.entries_of("optional-dependencies") {
                ask(names(extra.value.items()), is_dev_name(&extra.key));
            }
            for group in package.entries_of("dev-dependencies") {
                ask(names(group.value.items()), true);
            }
            continue;
        }
        let mut node = Node::new(name, package.text_of("version").unwrap_or_default(), place(package));
        if source.is_some_and(|source| source.get("git").is_some() || source.get("url").is_some()) {
            node.origin = Origin::Git;
        } else if source.is_some_and(|source| source.get("path").is_some()) {
            node.origin = Origin::Local;
        }
        if node.version.as_written().is_empty() {
            node.version = unknown("the lockfile gives no version");
        }
        let number = lock.push(node);
        needs.extend(names(package.items_of("dependencies")).into_iter().map(|name| (number, name)));
        for extra in package.entries_of("optional-dependencies") {
            needs.extend(names(extra.value.items()).into_iter().map(|name| (number, name)));
        }
    }
    lock.connect_by_name(&needs);
    for (name, dev, dir) in asked {
        let nodes: Vec<usize> =
            (0..lock.nodes.len()).filter(|at| lock.nodes.get(*at).is_some_and(|node| node.name == name)).collect();
        lock.roots.extend(nodes.into_iter().map(|node| Root { node, dev, dir: dir.clone(), alias: name.clone() }));
    }
    if lock.roots.is_empty() {
        lock.roots_by_name(cx.manifests, cx.dir);
    }
    Ok(lock)
}

pub(super) fn pdm(cx: &Context<'_>) -> Result<Lock, String> {
    let root = doc::toml(cx.text)?.shaped(&[], &["package"])?;
    let version = root.at(&["metadata", "lock_version"]).and_then(Value::text).unwrap_or("?");
    let mut lock = Lock::new(Ecosystem::PyPi, format!("pdm.lock v{version}"), cx.dir);
    let mut needs = Vec::new();
    for package in root.items_of("package") {
        let Some(name) = package.text_of("name") else { continue };
        let mut node = Node::new(name, package.text_of("version").unwrap_or_default(), place(package));
        if package.get("git").is_some() || package.get("url").is_some() {
            node.origin = Origin::Git;
        } else if package.get("path").is_some() {
            node.origin = Origin::Local;
        }
        let groups: Vec<&str> = package.items_of("groups").iter().filter_map(Value::text).collect();
        node.dev = (!groups.is_empty()).then(|| !groups.iter().any(|group| *group == "default" || !is_dev_name(group)));
        if node.version.as_written().is_empty() {
            node.version = unknown("the lockfile gives no version");
        }
        let number = lock.push(node);
        needs.extend(
            package
                .items_of("dependencies")
                .iter()
                .filter_map(Value::text)
                .filter_map(pep508)
                .map(|requirement| (number, requirement.name.to_owned())),
        );
    }
    lock.connect_by_name(&needs);
    lock.roots_by_name(cx.manifests, cx.dir);
    Ok(lock)
}

pub(super) fn pylock(cx: &Context<'_>) -> Result<Lock, String> {
    let root = doc::toml(cx.text)?.shaped(&[], &["packages"])?;
    let version = root.text_of("lock-version").ok_or("it has no `lock-version`")?;
    let mut lock = Lock::new(Ecosystem::PyPi, format!("pylock.toml v{version}"), cx.dir);
    let mut needs = Vec::new();
    for package in root.items_of("packages") {
        let Some(name) = package.text_of("name") else { continue };
        let mut node = Node::new(name, package.text_of("version").unwrap_or_default(), place(package));
        if package.get("vcs").is_some() || package.get("archive").is_some() {
            node.origin = Origin::Git;
        } else if package.get("directory").is_some() {
            node.origin = Origin::Local;
        }
        let marker = package.text_of("marker").unwrap_or_default();
        if marker.contains("in dependency_groups") && !marker.contains(" or ") {
            node.dev = Some(true);
        }
        if node.version.as_written().is_empty() {
            node.version = unknown("the lockfile gives no version");
        }
        let number = lock.push(node);
        needs.extend(
            package
                .items_of("dependencies")
                .iter()
                .filter_map(|dependency| dependency.text_of("name"))
                .map(|name| (number, name.to_owned())),
        );
    }
    lock.connect_by_name(&needs);
    lock.roots_by_name(cx.manifests, cx.dir);
    Ok(lock)
}

/// `composer.lock`.
pub(super) fn composer(cx: &Context<'_>) -> Result<Lock, String> {
    let root = doc::json(cx.text)?.shaped(&[], &["packages", "packages-dev"])?;
    let mut lock = Lock::new(Ecosystem::Packagist, "composer.lock", cx.dir);
    if root.get("packages").is_none() && root.get("packages-dev").is_none() {
        return Err("it has neither `packages` nor `packages-dev`".to_owned());
    }
    let mut needs = Vec::new();
    for (section, dev) in [("packages", false), ("packages-dev", true)] {
        for package in root.items_of(section) {
            let Some(name) = package.text_of("name") else { continue };
            let version = package.text_of("version").unwrap_or_default();
            let mut node = Node::new(name.to_lowercase(), version, place(package));
            node.dev = Some(dev);
            if package.at(&["dist", "type"]).and_then(Value::text) == Some("path") {
                node.origin = Origin::Local;
            }
            if version.starts_with("dev-") || version.ends_with("-dev") {
                node.version = Pinned::Unknown(format!("`{version}` is a branch and not a version"));
            } else if version.is_empty() {
                node.version = unknown("the lockfile gives no version");
            }
            let number = lock.push(node);
            let required =
                |entry: &Entry<'_>| (number, entry.key.to_lowercase(), entry.value.text().map(str::to_owned));
            needs.extend(package.entries_of("require").iter().map(required));
        }
    }
    lock.connect_by_name_asking(&needs);
    lock.roots_by_name(cx.manifests, cx.dir);
    Ok(lock)
}
