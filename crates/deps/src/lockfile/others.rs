//! `Gemfile.lock`, `Cargo.lock`, `go.mod`, `pom.xml`, `gradle.lockfile`, `mix.lock` and `pubspec.lock`.

use std::collections::{BTreeMap, BTreeSet};

use super::Context;
use super::graph::{Lock, Node, Root};
use super::manifest::lines_of;
use crate::doc::{self, Value};
use crate::package::{Ecosystem, Origin, Pinned};

fn span_of_line(start: u32, line: &str) -> (u32, u32) {
    let indent = u32::try_from(line.len() - line.trim_start().len()).unwrap_or(0);
    (start.saturating_add(indent), start.saturating_add(u32::try_from(line.trim_end().len()).unwrap_or(0)))
}

/// Bundler's own format: sections at the margin, packages four spaces in, what they need six.
pub(super) fn gemfile(cx: &Context<'_>) -> Result<Lock, String> {
    let mut lock = Lock::new(Ecosystem::RubyGems, "Gemfile.lock", cx.dir);
    let mut section = "";
    let mut current: Option<usize> = None;
    let mut needs = Vec::new();
    let mut direct: BTreeSet<String> = BTreeSet::new();
    let mut known = false;
    for (start, line) in lines_of(cx.text) {
        if line.trim().is_empty() {
            continue;
        }
        let indent = line.len() - line.trim_start().len();
        let content = line.trim();
        if indent == 0 {
            section = content;
            current = None;
            known |= matches!(content, "GEM" | "GIT" | "PATH" | "DEPENDENCIES" | "PLATFORMS");
            continue;
        }
        let in_packages = matches!(section, "GEM" | "GIT" | "PATH" | "PLUGIN SOURCE");
        let name = content.split([' ', '!']).next().unwrap_or(content);
        if section == "DEPENDENCIES" {
            direct.insert(name.to_owned());
        } else if in_packages && indent == 4 {
            let Some(version) = content.split_once(" (").and_then(|(_, rest)| rest.strip_suffix(')')) else { continue };
            // `1.16.0-x86_64-linux`: the platform is not part of the version.
            let version = version.split_once('-').map_or(version, |(version, _)| version);
            let mut node = Node::new(name, version, span_of_line(start, line));
            node.origin = match section {
                "GIT" => Origin::Git,
                "PATH" => Origin::Local,
                _ => Origin::Registry,
            };
            current = Some(lock.push(node));
        } else if in_packages
            && indent == 6
            && let Some(from) = current
        {
            let range = content.split_once(" (").and_then(|(_, rest)| rest.strip_suffix(')'));
            needs.push((from, name.to_owned(), range.map(str::to_owned)));
        }
    }
    if !known {
        return Err("it has none of the sections of a Gemfile.lock".to_owned());
    }
    lock.connect_by_name_asking(&needs);
    lock.roots_by_name(cx.manifests, cx.dir);
    if lock.roots.is_empty() {
        // Without a Gemfile the section DEPENDENCIES still names the direct ones, though not their groups.
        for node in &mut lock.nodes {
            node.direct = direct.contains(&node.name);
        }
    }
    Ok(lock)
}

pub(super) fn cargo(cx: &Context<'_>) -> Result<Lock, String> {
    let root = doc::toml(cx.text)?.shaped(&[], &["package"])?;
    let version = root.text_of("version").unwrap_or("1");
    let mut lock = Lock::new(Ecosystem::CratesIo, format!("Cargo.lock v{version}"), cx.dir);
    let mut by_name: BTreeMap<String, Vec<(String, usize)>> = BTreeMap::new();
    let mut needs: Vec<(usize, String)> = Vec::new();
    let mut own: Vec<usize> = Vec::new();
    for package in root.items_of("package") {
        let Some(name) = package.text_of("name") else { continue };
        let version = package.text_of("version").unwrap_or_default();
        let place = package.get("name").unwrap_or(package).range();
        let mut node = Node::new(name, version, place);
        node.origin = match package.text_of("source") {
            None => Origin::Local,
            Some(source) if source.starts_with("git+") => Origin::Git,
            Some(_) => Origin::Registry,
        };
        let is_own = node.origin == Origin::Local;
        let number = lock.push(node);
        if is_own {
            own.push(number);
        }
        by_name.entry(name.to_owned()).or_default().push((version.to_owned(), number));
        // `name`, `name version` or `name version (source)`.
        needs.extend(
            package.items_of("dependencies").iter().filter_map(Value::text).map(|text| (number, text.to_owned())),
        );
    }
    let target = |text: &str| -> Option<usize> {
        let mut words = text.split(' ');
        let nodes = by_name.get(words.next()?)?;
        match words.next() {
            Some(version) => nodes.iter().find(|(known, _)| known == version).map(|(_, node)| *node),
            None => nodes.first().map(|(_, node)| *node),
        }
    };
    let manifests = cx.manifests;
    let mut roots = Vec::new();
    for (from, text) in &needs {
        let Some(to) = target(text) else { continue };
        if !own.contains(from) {
            if let Some(node) = lock.nodes.get_mut(*from) {
                node.needs.push(to);
            }
            continue;
        }
        // A crate of the app: its manifest tells development from production.
        let own_name = lock.nodes.get(*from).map(|node| node.name.clone()).unwrap_or_default();
        let manifest = manifests
            .all
            .iter()
            .find(|manifest| manifest.ecosystem == Ecosystem::CratesIo && manifest.name.as_ref() == Some(&own_name));
        let name = lock.nodes.get(to).map(|node| node.name.clone()).unwrap_or_default();
        let declared: Vec<_> = manifest
            .map(|manifest| manifest.declared.iter().filter(|declared| declared.name == name).collect())
            .unwrap_or_default();
        let dev = !declared.is_empty() && declared.iter().all(|declared| declared.dev);
        let dir = manifest.map_or_else(|| cx.dir.to_owned(), |manifest| manifest.dir.clone());
        let alias = declared.first().map_or(name, |declared| declared.alias.clone());
        if lock.nodes.get(to).is_some_and(|node| node.origin != Origin::Local) {
            roots.push(Root { node: to, dev, dir, alias });
        }
    }
    lock.covers.extend(roots.iter().map(|root| root.dir.clone()));
    lock.roots = roots;
    Ok(lock)
}

/// `go.mod` lists every module since Go 1.17; `go.sum` also lists unused ones and is not read.
pub(super) fn go(cx: &Context<'_>) -> Result<Lock, String> {
    let mut lock = Lock::new(Ecosystem::Go, "go.mod", cx.dir);
    let mut replaced: BTreeMap<(String, String), (String, String)> = BTreeMap::new();
    let mut block = String::new();
    let mut go_version: Option<(String, (u32, u32))> = None;
    let mut has_module = false;
    for (start, line) in lines_of(cx.text) {
        let place = span_of_line(start, line);
        let (code, comment) = line.split_once("//").unwrap_or((line, ""));
        let words: Vec<&str> = code.split_whitespace().map(|word| word.trim_matches('"')).collect();
        let indirect = comment.trim().starts_with("indirect");
        let words = match words.as_slice() {
            [] => continue,
            [")"] => {
                block.clear();
                continue;
            }
            [verb, "("] => {
                block = (*verb).to_owned();
                continue;
            }
            [verb, rest @ ..] if block.is_empty() => {
                let verb = (*verb).to_owned();
                directive(&verb, rest, indirect, place, &mut lock, &mut replaced, &mut go_version);
                has_module |= verb == "module";
                continue;
            }
            words => words.to_vec(),
        };
        directive(&block, &words, indirect, place, &mut lock, &mut replaced, &mut go_version);
    }
    if !has_module {
        return Err("it has no `module` line".to_owned());
    }
    for node in &mut lock.nodes {
        let version = node.version.as_written().to_owned();
        let target =
            replaced.get(&(node.name.clone(), version)).or_else(|| replaced.get(&(node.name.clone(), String::new())));
        if let Some((path, version)) = target {
            if version.is_empty() {
                node.origin = Origin::Local;
            } else {
                node.name.clone_from(path);
                node.version = Pinned::Exact(version.trim_start_matches('v').to_owned());
            }
        }
        if let Pinned::Exact(version) = &mut node.version {
            *version = version.trim_start_matches('v').to_owned();
        }
        node.dev = Some(false);
    }
    if let Some((version, place)) = go_version {
        let mut node = Node::new("stdlib", version, place);
        node.dev = Some(false);
        node.direct = true;
        lock.push(node);
    }
    Ok(lock)
}

fn directive(
    verb: &str,
    words: &[&str],
    indirect: bool,
    place: (u32, u32),
    lock: &mut Lock,
    replaced: &mut BTreeMap<(String, String), (String, String)>,
    go_version: &mut Option<(String, (u32, u32))>,
) {
    match (verb, words) {
        ("require", [name, version, ..]) => {
            let mut node = Node::new(*name, *version, place);
            node.direct = !indirect;
            lock.push(node);
        }
        ("replace", words) => {
            let Some(arrow) = words.iter().position(|word| *word == "=>") else { return };
            let (from, to) = words.split_at(arrow);
            let word = |words: &[&str], at: usize| words.get(at).map_or(String::new(), |word| (*word).to_owned());
            replaced.insert((word(from, 0), word(from, 1)), (word(to, 1), word(to, 2)));
        }
        // The toolchain line names what builds the app; the go line only the least version.
        ("toolchain", [name, ..]) => {
            if let Some(version) = name.strip_prefix("go") {
                let version = version.split('-').next().unwrap_or(version);
                *go_version = Some((full(version), place));
            }
        }
        _ => {}
    }
}

/// `1.22` as a version.
fn full(version: &str) -> String {
    if version.split('.').count() == 2 { format!("{version}.0") } else { version.to_owned() }
}

pub(super) fn gradle(cx: &Context<'_>) -> Result<Lock, String> {
    let mut lock = Lock::new(Ecosystem::Maven, "gradle.lockfile", cx.dir);
    for (start, line) in lines_of(cx.text) {
        let content = line.trim();
        if content.is_empty() || content.starts_with('#') || content.starts_with("empty=") {
            continue;
        }
        let (coordinates, configurations) = content.split_once('=').unwrap_or((content, ""));
        let parts: Vec<&str> = coordinates.split(':').collect();
        let [group, artifact, version] = parts.as_slice() else {
            lock.problems.push((coordinates.chars().take(80).collect(), "this line names no package".to_owned()));
            continue;
        };
        let mut node = Node::new(format!("{group}:{artifact}"), *version, span_of_line(start, line));
        if !configurations.is_empty() {
            node.dev = Some(configurations.split(',').all(|name| name.to_ascii_lowercase().contains("test")));
        }
        lock.push(node);
    }
    Ok(lock)
}

/// A `pom.xml` as far as it stands alone: properties are filled in; parents and imported lists are not fetched.
pub(super) fn pom(cx: &Context<'_>) -> Result<Lock, String> {
    let mut lock = Lock::new(Ecosystem::Maven, "pom.xml", cx.dir);
    let mut stack: Vec<String> = Vec::new();
    let mut properties: BTreeMap<String, String> = BTreeMap::new();
    let mut managed: BTreeMap<String, String> = BTreeMap::new();
    let mut fields: BTreeMap<String, String> = BTreeMap::new();
    let mut found: Vec<(BTreeMap<String, String>, u32, u32, bool)> = Vec::new();
    let mut start = 0usize;
    let mut at = 0usize;
    let text = cx.text;
    if !text.contains("<project") {
        return Err("it has no `<project>`".to_owned());
    }
    while let Some(open) = text.get(at..).and_then(|rest| rest.find('<')).map(|offset| at + offset) {
        let content = text.get(at..open).unwrap_or_default().trim();
        if !content.is_empty() {
            let path: Vec<&str> = stack.iter().map(String::as_str).collect();
            if let [.., "dependency", field] = path.as_slice() {
                fields.insert((*field).to_owned(), content.to_owned());
            } else if let ["project", "properties", name] = path.as_slice() {
                properties.insert((*name).to_owned(), content.to_owned());
            } else if let ["project", field @ ("version" | "groupId")] = path.as_slice() {
                properties.insert(format!("project.{field}"), content.to_owned());
            } else if let ["project", "parent", field @ ("version" | "groupId")] = path.as_slice() {
                properties.entry(format!("project.{field}")).or_insert_with(|| content.to_owned());
            }
        }
        let rest = text.get(open..).unwrap_or_default();
        if rest.starts_with("<!--") {
            at = rest.find("-->").map_or(text.len(), |end| open + end + 3);
            continue;
        }
        if rest.starts_with("<![CDATA[") {
            at = rest.find("]]>").map_or(text.len(), |end| open + end + 3);
            continue;
        }
        let Some(close) = rest.find('>') else { break };
        let tag = rest.get(1..close).unwrap_or_default();
        at = open + close + 1;
        if tag.starts_with(['?', '!']) {
            continue;
        }
        if let Some(name) = tag.strip_prefix('/') {
            if name.trim() == "dependency" && stack.last().is_some_and(|last| last == "dependency") {
                let is_managed = stack.iter().any(|name| name == "dependencyManagement");
                let is_plugin = stack.iter().any(|name| name == "plugin");
                if !is_plugin {
                    let end = u32::try_from(at).unwrap_or(u32::MAX);
                    found.push((
                        std::mem::take(&mut fields),
                        u32::try_from(start).unwrap_or(u32::MAX),
                        end,
                        is_managed,
                    ));
                }
            }
            stack.pop();
        } else if !tag.ends_with('/') {
            let name = tag.split_whitespace().next().unwrap_or_default().to_owned();
            if name == "dependency" {
                fields.clear();
                start = open;
            }
            if stack.len() > 200 {
                return Err("its elements are nested too deep".to_owned());
            }
            stack.push(name);
        }
    }
    let fill = |text: &str| -> String {
        let mut text = text.to_owned();
        for _ in 0..8 {
            let Some((head, rest)) = text.split_once("${") else { break };
            let Some((name, tail)) = rest.split_once('}') else { break };
            let Some(value) = properties.get(name).or_else(|| properties.get(&format!("project.{name}"))) else {
                break;
            };
            if value.len() > 500 {
                break;
            }
            text = format!("{head}{value}{tail}");
        }
        text
    };
    let name_of = |fields: &BTreeMap<String, String>| {
        let part = |key: &str| fields.get(key).map(|text| fill(text)).unwrap_or_default();
        format!("{}:{}", part("groupId"), part("artifactId"))
    };
    for (fields, _, _, is_managed) in &found {
        if *is_managed && let Some(version) = fields.get("version") {
            managed.insert(name_of(fields), fill(version));
        }
    }
    for (fields, start, end, is_managed) in &found {
        if *is_managed {
            continue;
        }
        let name = name_of(fields);
        let version = fields.get("version").map(|version| fill(version)).or_else(|| managed.get(&name).cloned());
        let mut node = Node::new(&name, "", (*start, *end));
        node.version = match version {
            Some(version) if version.contains("${") => {
                Pinned::Unknown(format!("its version `{version}` is set elsewhere"))
            }
            Some(version) if version.starts_with(['[', '(']) => Pinned::Unknown(format!("`{version}` is a range")),
            Some(version) => Pinned::Exact(version),
            None => Pinned::Unknown("its version comes from a parent that is not here".to_owned()),
        };
        node.dev = Some(fields.get("scope").is_some_and(|scope| scope == "test"));
        node.direct = true;
        lock.push(node);
    }
    Ok(lock)
}

/// `"name": {:hex, :name, "1.2.3", …}` line by line.
/// A map of Elixir: `%{ "name": {:hex, :name, "1.2.3", …}, … }`, usually one entry a line, but mix reads any layout.
pub(super) fn mix(cx: &Context<'_>) -> Result<Lock, String> {
    let mut lock = Lock::new(Ecosystem::Hex, "mix.lock", cx.dir);
    let mut needs = Vec::new();
    let text = cx.text;
    let Some(mut at) = text.find("%{").map(|at| at + 2) else {
        return Err("it has no map of packages".to_owned());
    };
    loop {
        at += text[at..].len() - text[at..].trim_start_matches([' ', '\t', '\r', '\n', ',']).len();
        let rest = &text[at..];
        if rest.is_empty() {
            lock.problems.push((cx.path.to_owned(), "it breaks off: packages may be missing".to_owned()));
            break;
        }
        if rest.starts_with('}') {
            break;
        }
        if rest.starts_with('#') {
            at += rest.find('\n').unwrap_or(rest.len());
            continue;
        }
        let entry = rest.strip_prefix('"').and_then(|rest| rest.split_once('"')).and_then(|(key, rest)| {
            let rest = rest.trim_start();
            let rest = rest.strip_prefix("=>").or_else(|| rest.strip_prefix(':'))?.trim_start();
            let length = rest.starts_with('{').then(|| term_end(rest)).flatten()?;
            Some((key, &rest[1..length - 1], text.len() - rest.len() + length))
        });
        let Some((key, tuple, end)) = entry else {
            lock.problems.push((cx.path.to_owned(), "not all of it could be read: packages may be missing".to_owned()));
            break;
        };
        let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let range = (place(at), place(end));
        at = end;
        let mut parts = tuple.splitn(3, ',');
        let kind = parts.next().unwrap_or_default().trim().trim_start_matches(':');
        let name = parts.next().unwrap_or_default().trim().trim_start_matches(':').trim_matches('"');
        let version = parts.next().unwrap_or_default().trim().strip_prefix('"').and_then(|text| text.split_once('"'));
        let mut node = match (kind, version) {
            ("hex", Some((version, _))) => Node::new(name, version, range),
            _ => {
                let mut node = Node::new(key, "", range);
                node.version = Pinned::Unknown("it comes from a repository".to_owned());
                node.origin = Origin::Git;
                node
            }
        };
        if kind == "path" {
            node.origin = Origin::Local;
        }
        let number = lock.push(node);
        // What it needs: `{:other, "~> 1.0", [hex: :other, …]}`.
        for piece in tuple.split("{:").skip(1) {
            let name = piece.split([',', '}']).next().unwrap_or_default().trim();
            needs.push((number, name.to_owned()));
        }
    }
    lock.connect_by_name(&needs);
    lock.roots_by_name(cx.manifests, cx.dir);
    Ok(lock)
}

/// The length of a term that begins with a bracket; texts may hold brackets.
fn term_end(text: &str) -> Option<usize> {
    let (mut depth, mut in_text, mut escaped) = (0usize, false, false);
    for (at, byte) in text.bytes().enumerate() {
        if in_text {
            (in_text, escaped) = (byte != b'"' || escaped, byte == b'\\' && !escaped);
            continue;
        }
        match byte {
            b'"' => in_text = true,
            b'{' | b'[' | b'(' => depth += 1,
            b'}' | b']' | b')' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

pub(super) fn pubspec(cx: &Context<'_>) -> Result<Lock, String> {
    let root = doc::yaml(cx.text)?.shaped(&["packages"], &[])?;
    let mut lock = Lock::new(Ecosystem::Pub, "pubspec.lock", cx.dir);
    for entry in root.entries_of("packages") {
        let value = &entry.value;
        let mut node =
            Node::new(entry.key.as_ref(), value.text_of("version").unwrap_or_default(), (entry.start, entry.end));
        node.origin = match value.text_of("source") {
            Some("git") => Origin::Git,
            Some("path" | "sdk") => Origin::Local,
            _ => Origin::Registry,
        };
        let kind = value.text_of("dependency").unwrap_or_default();
        node.direct = kind.starts_with("direct");
        node.dev = match kind {
            "direct dev" => Some(true),
            "direct main" | "direct overridden" => Some(false),
            _ => None,
        };
        if node.version.as_written().is_empty() {
            node.version = Pinned::Unknown("the lockfile gives no version".to_owned());
        }
        lock.push(node);
    }
    Ok(lock)
}
