//! What the app's own manifests ask for.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_source::{FileId, SourceTree, Span};

use super::requirements;
use crate::doc::{self, Entry, Value};
use crate::package::{Ecosystem, Origin};

/// A request of a manifest.
#[derive(Clone, Debug)]
pub(crate) struct Declared {
    /// The name in the registry.
    pub(crate) name: String,
    /// The name in the manifest.
    pub(crate) alias: String,
    /// The range, as written.
    pub(crate) range: String,
    pub(crate) dev: bool,
    /// May be absent from a lockfile without that being odd.
    pub(crate) optional: bool,
    pub(crate) origin: Origin,
    pub(crate) span: Span,
}

/// A manifest.
#[derive(Debug)]
pub(crate) struct Manifest {
    pub(crate) ecosystem: Ecosystem,
    pub(crate) path: String,
    pub(crate) dir: String,
    pub(crate) format: &'static str,
    pub(crate) declared: Vec<Declared>,
    /// The package manager that it names (`pnpm`, `yarn`).
    pub(crate) manager: Option<String>,
    /// Patterns of workspace folders.
    pub(crate) workspaces: Vec<String>,
    /// The name of the package itself.
    pub(crate) name: Option<String>,
    /// Further names that code may import: what somebody else must install beside it, names of an import map.
    pub(crate) also: Vec<String>,
}

/// All manifests of the subject.
#[derive(Debug, Default)]
pub(crate) struct Manifests {
    pub(crate) all: Vec<Manifest>,
    pub(crate) problems: Vec<(String, String)>,
    spans: BTreeMap<(Ecosystem, String, String), Span>,
}

impl Manifests {
    pub(crate) fn read(tree: &SourceTree) -> Self {
        let mut manifests = Manifests::default();
        for (id, file) in tree.iter() {
            let dir = dir_of(&file.path);
            let text = file.text();
            if text.is_empty() {
                continue;
            }
            let read = match file.name() {
                "package.json" => package_json(id, text),
                "pyproject.toml" => pyproject(id, text),
                "Pipfile" => pipfile(id, text),
                "composer.json" => composer(id, text),
                "Cargo.toml" => cargo(id, text),
                "Gemfile" | "gems.rb" => Ok(gemfile(id, text)),
                "pubspec.yaml" | "pubspec.yml" => pubspec(id, text),
                "environment.yml" | "environment.yaml" => conda(id, text),
                "mix.exs" => Ok(mix(id, text)),
                _ if requirements::is_input(file.name()) => Ok(requirements_in(id, text)),
                _ => continue,
            };
            match read {
                Ok(Some(mut manifest)) => {
                    manifest.path.clone_from(&file.path);
                    manifest.dir = dir.to_owned();
                    for declared in &manifest.declared {
                        let alias = manifest.ecosystem.normalized(&declared.alias);
                        let key = (manifest.ecosystem, manifest.dir.clone(), alias);
                        manifests.spans.entry(key).or_insert(declared.span);
                    }
                    manifests.all.push(manifest);
                }
                Ok(None) => {}
                Err(why) => manifests.problems.push((file.path.clone(), why)),
            }
        }
        manifests
    }

    /// What the manifests of a folder ask for.
    pub(crate) fn declared<'a>(
        &'a self,
        ecosystem: Ecosystem,
        dir: &'a str,
    ) -> impl Iterator<Item = &'a Declared> + use<'a> {
        self.of(ecosystem, dir).flat_map(|manifest| &manifest.declared)
    }

    /// The manifests of a folder.
    pub(crate) fn of<'a>(&'a self, ecosystem: Ecosystem, dir: &'a str) -> impl Iterator<Item = &'a Manifest> + use<'a> {
        self.all.iter().filter(move |manifest| manifest.ecosystem == ecosystem && manifest.dir == dir)
    }

    /// Where a manifest of a folder names a package.
    pub(crate) fn span_of(&self, ecosystem: Ecosystem, dir: &str, alias: &str) -> Option<Span> {
        self.spans.get(&(ecosystem, dir.to_owned(), ecosystem.normalized(alias))).copied()
    }

    /// The folders of JavaScript workspaces under a root manifest, by its patterns.
    pub(crate) fn workspaces(&self, root: &str, extra: &[String]) -> Vec<String> {
        let mut patterns: Vec<&str> = extra.iter().map(String::as_str).collect();
        for manifest in self.of(Ecosystem::Npm, root) {
            patterns.extend(manifest.workspaces.iter().map(String::as_str));
        }
        if patterns.is_empty() {
            return Vec::new();
        }
        let mut found = BTreeSet::new();
        for manifest in self.all.iter().filter(|manifest| manifest.ecosystem == Ecosystem::Npm) {
            let Some(relative) = relative_to(&manifest.dir, root) else { continue };
            let matches = |pattern: &str| glob(pattern.trim_start_matches("./").trim_end_matches('/'), relative);
            let chosen = patterns.iter().any(|pattern| !pattern.starts_with('!') && matches(pattern));
            let shut_out = patterns.iter().any(|pattern| pattern.strip_prefix('!').is_some_and(matches));
            if !relative.is_empty() && chosen && !shut_out {
                found.insert(manifest.dir.clone());
            }
        }
        found.into_iter().collect()
    }
}

/// The folder of a path; `""` at the top.
pub(crate) fn dir_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(dir, _)| dir)
}

/// Joins a folder of the subject and a relative path, taking `.` and `..` away; `None` when it leads out.
pub(crate) fn join(dir: &str, relative: &str) -> Option<String> {
    let mut parts: Vec<&str> = dir.split('/').filter(|part| !part.is_empty()).collect();
    for part in relative.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

fn relative_to<'a>(dir: &'a str, root: &str) -> Option<&'a str> {
    if root.is_empty() {
        return Some(dir);
    }
    let rest = dir.strip_prefix(root)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
}

/// `*` within a folder name, `**` over any number of folders.
fn glob(pattern: &str, path: &str) -> bool {
    fn names(pattern: &[&str], path: &[&str], budget: &mut u32) -> bool {
        if *budget == 0 {
            return false;
        }
        *budget -= 1;
        match (pattern.split_first(), path.split_first()) {
            (None, None) => true,
            (Some((&"**", rest)), _) => {
                names(rest, path, budget) || path.split_first().is_some_and(|(_, tail)| names(pattern, tail, budget))
            }
            (Some((part, rest)), Some((name, tail))) => one(part, name) && names(rest, tail, budget),
            _ => false,
        }
    }
    fn one(pattern: &str, name: &str) -> bool {
        let mut pieces = pattern.split('*');
        let first = pieces.next().unwrap_or_default();
        let Some(mut rest) = name.strip_prefix(first) else { return false };
        let mut pieces: Vec<&str> = pieces.collect();
        let Some(last) = pieces.pop() else { return rest.is_empty() };
        for piece in pieces {
            match rest.find(piece) {
                Some(at) => rest = rest.get(at + piece.len()..).unwrap_or_default(),
                None => return false,
            }
        }
        rest.ends_with(last)
    }
    let (pattern, path): (Vec<&str>, Vec<&str>) = (pattern.split('/').collect(), path.split('/').collect());
    names(&pattern, &path, &mut 10_000)
}

fn manifest(ecosystem: Ecosystem, format: &'static str) -> Manifest {
    Manifest {
        ecosystem,
        path: String::new(),
        dir: String::new(),
        format,
        declared: Vec::new(),
        manager: None,
        workspaces: Vec::new(),
        name: None,
        also: Vec::new(),
    }
}

fn entry_span(file: FileId, entry: &Entry<'_>) -> Span {
    Span::new(file, entry.start, entry.value.end.max(entry.end))
}

type Read = Result<Option<Manifest>, String>;

fn package_json(file: FileId, text: &str) -> Read {
    let root = doc::json(text)?;
    let mut out = manifest(Ecosystem::Npm, "package.json");
    out.manager = root.text_of("packageManager").and_then(|text| text.split('@').next()).map(str::to_owned);
    out.name = root.text_of("name").map(str::to_owned);
    let workspaces = root.get("workspaces");
    let patterns =
        workspaces.map_or(&[][..], |value| if value.is_map() { value.items_of("packages") } else { value.items() });
    out.workspaces = patterns.iter().filter_map(Value::text).map(str::to_owned).collect();
    let optional: BTreeSet<&str> =
        root.entries_of("optionalDependencies").iter().map(|entry| entry.key.as_ref()).collect();
    let mut seen = BTreeSet::new();
    for (section, dev) in [("dependencies", false), ("optionalDependencies", false), ("devDependencies", true)] {
        for entry in root.entries_of(section) {
            let Some(range) = entry.value.text() else { continue };
            if !seen.insert(entry.key.clone()) {
                continue;
            }
            let (name, range, origin) = npm_spec(&entry.key, range);
            out.declared.push(Declared {
                name,
                alias: entry.key.to_string(),
                range,
                dev,
                optional: optional.contains(entry.key.as_ref()),
                origin,
                span: entry_span(file, entry),
            });
        }
    }
    out.also.extend(root.entries_of("peerDependencies").iter().map(|entry| entry.key.to_string()));
    Ok(Some(out))
}

/// Name, range and origin of what a `package.json` gives for a dependency.
pub(crate) fn npm_spec(alias: &str, spec: &str) -> (String, String, Origin) {
    let spec = spec.trim();
    if let Some(target) = spec.strip_prefix("npm:") {
        return match target.get(1..).and_then(|rest| rest.find('@')) {
            Some(at) => {
                let (name, range) = target.split_at(at + 1);
                (name.to_owned(), range.trim_start_matches('@').to_owned(), Origin::Registry)
            }
            // `npm:^1.2.3` without a name keeps the name.
            None if target.starts_with(|first: char| first.is_ascii_digit() || "^~><=*".contains(first)) => {
                (alias.to_owned(), target.to_owned(), Origin::Registry)
            }
            None => (target.to_owned(), "*".to_owned(), Origin::Registry),
        };
    }
    let local = ["workspace:", "file:", "link:", "portal:", "./", "../", "/", "~/"];
    let origin = if local.iter().any(|prefix| spec.starts_with(prefix)) {
        Origin::Local
    } else if spec.contains("://") || spec.contains(':') || spec.contains('/') && !spec.contains(' ') {
        if spec.starts_with("catalog:") { Origin::Registry } else { Origin::Git }
    } else {
        Origin::Registry
    };
    (alias.to_owned(), spec.to_owned(), origin)
}

/// A requirement as PEP 508 writes it.
pub(crate) struct Requirement<'a> {
    pub(crate) name: &'a str,
    pub(crate) range: String,
    pub(crate) marker: &'a str,
    pub(crate) origin: Origin,
}

/// Reads `name[extra]>=1,<2 ; marker` or `name @ address`; `None` where there is no name.
pub(crate) fn pep508(text: &str) -> Option<Requirement<'_>> {
    let text = text.trim();
    let end =
        text.find(|letter: char| !(letter.is_ascii_alphanumeric() || "-_.".contains(letter))).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    if name.is_empty() || !name.starts_with(|first: char| first.is_ascii_alphanumeric()) {
        return None;
    }
    let mut rest = rest.trim_start();
    if let Some(extras) = rest.strip_prefix('[') {
        rest = extras.split_once(']').map_or("", |(_, tail)| tail).trim_start();
    }
    if let Some(address) = rest.strip_prefix('@') {
        let local = address.trim_start().starts_with("file:") || !address.contains(':');
        let origin = if local { Origin::Local } else { Origin::Git };
        return Some(Requirement { name, range: address.trim().to_owned(), marker: "", origin });
    }
    let (range, marker) = rest.split_once(';').unwrap_or((rest, ""));
    let range = range.trim().trim_start_matches('(').trim_end_matches(')').trim();
    if !range.is_empty() && !range.starts_with(['<', '>', '=', '!', '~']) {
        return None;
    }
    Some(Requirement { name, range: range.to_owned(), marker: marker.trim(), origin: Origin::Registry })
}

fn python(file: FileId, text: &str, span: (u32, u32), dev: bool, optional: bool) -> Option<Declared> {
    let requirement = pep508(text)?;
    Some(Declared {
        name: requirement.name.to_owned(),
        alias: requirement.name.to_owned(),
        range: requirement.range,
        dev,
        optional: optional || !requirement.marker.is_empty(),
        origin: requirement.origin,
        span: Span::new(file, span.0, span.1),
    })
}

/// A table of poetry or pipenv: `name = "range"` or `name = { version = "range", git = … }`.
fn python_table(file: FileId, entries: &[Entry<'_>], dev: bool, out: &mut Vec<Declared>) {
    for entry in entries.iter().filter(|entry| entry.key != "python") {
        let value = &entry.value;
        let origin = if value.get("git").is_some() || value.get("url").is_some() {
            Origin::Git
        } else if value.get("path").is_some() || value.get("file").is_some() {
            Origin::Local
        } else {
            Origin::Registry
        };
        let range = value.text().or_else(|| value.text_of("version")).unwrap_or("*");
        out.push(Declared {
            name: entry.key.to_string(),
            alias: entry.key.to_string(),
            range: poetry_range(range),
            dev,
            optional: value.is_true("optional") || value.get("markers").is_some(),
            origin,
            span: entry_span(file, entry),
        });
    }
}

/// Poetry reads a bare version as `==`.
fn poetry_range(range: &str) -> String {
    let range = range.trim();
    if range.starts_with(|first: char| first.is_ascii_digit()) && !range.contains(['*', ',', ' ', '|']) {
        format!("=={range}")
    } else {
        range.to_owned()
    }
}

fn pyproject(file: FileId, text: &str) -> Read {
    let root = doc::toml(text)?;
    let mut out = manifest(Ecosystem::PyPi, "pyproject.toml");
    let list = |values: &[Value<'_>], dev: bool, optional: bool, out: &mut Vec<Declared>| {
        for value in values {
            if let Some(text) = value.text() {
                out.extend(python(file, text, value.range(), dev, optional));
            }
        }
    };
    if let Some(project) = root.get("project") {
        out.name = project.text_of("name").map(str::to_owned);
        list(project.items_of("dependencies"), false, false, &mut out.declared);
        for entry in project.entries_of("optional-dependencies") {
            let dev = requirements::is_dev_name(&entry.key);
            list(entry.value.items(), dev, true, &mut out.declared);
        }
    }
    for entry in root.entries_of("dependency-groups") {
        list(entry.value.items(), true, true, &mut out.declared);
    }
    for path in [&["tool", "pdm", "dev-dependencies"][..], &["tool", "hatch", "envs"]] {
        if let Some(table) = root.at(path) {
            for entry in table.entries() {
                list(entry.value.items(), true, true, &mut out.declared);
                list(entry.value.items_of("dependencies"), true, true, &mut out.declared);
            }
        }
    }
    if let Some(uv) = root.at(&["tool", "uv", "dev-dependencies"]) {
        list(uv.items(), true, true, &mut out.declared);
    }
    if let Some(poetry) = root.at(&["tool", "poetry"]) {
        python_table(file, poetry.entries_of("dependencies"), false, &mut out.declared);
        python_table(file, poetry.entries_of("dev-dependencies"), true, &mut out.declared);
        for group in poetry.entries_of("group") {
            let dev = group.key != "main";
            python_table(file, group.value.entries_of("dependencies"), dev, &mut out.declared);
        }
    }
    let known = root.get("project").is_some() || root.at(&["tool", "poetry"]).is_some() || !out.declared.is_empty();
    Ok(known.then_some(out))
}

fn pipfile(file: FileId, text: &str) -> Read {
    let root = doc::toml(text)?;
    let mut out = manifest(Ecosystem::PyPi, "Pipfile");
    python_table(file, root.entries_of("packages"), false, &mut out.declared);
    python_table(file, root.entries_of("dev-packages"), true, &mut out.declared);
    for declared in &mut out.declared {
        // pipenv wants an operator; a bare version is not Poetry's `==` here, but pins all the same.
        declared.range = declared.range.trim().to_owned();
    }
    Ok(Some(out))
}

fn requirements_in(file: FileId, text: &str) -> Option<Manifest> {
    let mut out = manifest(Ecosystem::PyPi, "requirements.in");
    for line in requirements::lines(text) {
        out.declared.extend(python(file, &line.text, (line.start, line.end), false, false));
    }
    Some(out)
}

fn composer(file: FileId, text: &str) -> Read {
    let root = doc::json(text)?;
    let mut out = manifest(Ecosystem::Packagist, "composer.json");
    out.name = root.text_of("name").map(str::to_owned);
    for (section, dev) in [("require", false), ("require-dev", true)] {
        // Platform requirements have no vendor.
        for entry in root.entries_of(section).iter().filter(|entry| entry.key.contains('/')) {
            let range = entry.value.text().unwrap_or("*");
            out.declared.push(Declared {
                name: entry.key.to_lowercase(),
                alias: entry.key.to_string(),
                range: range.to_owned(),
                dev,
                optional: false,
                origin: if range.contains("dev-") { Origin::Git } else { Origin::Registry },
                span: entry_span(file, entry),
            });
        }
    }
    Ok(Some(out))
}

fn cargo(file: FileId, text: &str) -> Read {
    let root = doc::toml(text)?;
    let mut out = manifest(Ecosystem::CratesIo, "Cargo.toml");
    out.name = root.at(&["package", "name"]).and_then(Value::text).map(str::to_owned);
    let table = |entries: &[Entry<'_>], dev: bool, out: &mut Vec<Declared>| {
        for entry in entries {
            let value = &entry.value;
            if value.is_true("workspace") {
                continue;
            }
            let origin = if value.get("git").is_some() {
                Origin::Git
            } else if value.get("path").is_some() {
                Origin::Local
            } else {
                Origin::Registry
            };
            out.push(Declared {
                name: value.text_of("package").unwrap_or(&entry.key).to_owned(),
                alias: entry.key.to_string(),
                range: value.text().or_else(|| value.text_of("version")).unwrap_or("*").to_owned(),
                dev,
                optional: value.is_true("optional"),
                origin,
                span: entry_span(file, entry),
            });
        }
    };
    let mut sections = vec![&root];
    sections.extend(root.entries_of("target").iter().map(|entry| &entry.value));
    for section in sections {
        table(section.entries_of("dependencies"), false, &mut out.declared);
        table(section.entries_of("build-dependencies"), false, &mut out.declared);
        table(section.entries_of("dev-dependencies"), true, &mut out.declared);
    }
    if let Some(workspace) = root.get("workspace") {
        table(workspace.entries_of("dependencies"), false, &mut out.declared);
    }
    Ok(Some(out))
}

fn pubspec(file: FileId, text: &str) -> Read {
    let root = doc::yaml(text)?;
    let mut out = manifest(Ecosystem::Pub, "pubspec.yaml");
    out.name = root.text_of("name").map(str::to_owned);
    for (section, dev) in [("dependencies", false), ("dev_dependencies", true)] {
        for entry in root.entries_of(section) {
            let value = &entry.value;
            let origin = if value.get("git").is_some() {
                Origin::Git
            } else if value.get("path").is_some() || value.get("sdk").is_some() {
                Origin::Local
            } else {
                Origin::Registry
            };
            out.declared.push(Declared {
                name: entry.key.to_string(),
                alias: entry.key.to_string(),
                range: value.text().or_else(|| value.text_of("version")).unwrap_or("*").replace("any", "*"),
                dev,
                optional: false,
                origin,
                span: entry_span(file, entry),
            });
        }
    }
    Ok(Some(out))
}

/// Conda's names are not those of the Python registry; only the list under `pip:` is.
fn conda(file: FileId, text: &str) -> Read {
    let root = doc::yaml(text)?;
    let mut out = manifest(Ecosystem::PyPi, "environment.yml");
    for item in root.items_of("dependencies") {
        out.also.extend(item.text().and_then(|text| text.split(['=', '<', '>', ' ']).next()).map(str::to_owned));
        for value in item.items_of("pip") {
            if let Some(text) = value.text() {
                out.declared.extend(python(file, text, value.range(), false, false));
            }
        }
    }
    Ok((!out.declared.is_empty() || !out.also.is_empty()).then_some(out))
}

/// The lines of a text with the byte where each begins.
pub(crate) fn lines_of(text: &str) -> impl Iterator<Item = (u32, &str)> {
    let mut at = 0usize;
    text.split_inclusive('\n').map(move |line| {
        let start = at;
        at += line.len();
        (u32::try_from(start).unwrap_or(u32::MAX), line.trim_end_matches(['\r', '\n']))
    })
}

fn line_span(file: FileId, start: u32, line: &str) -> Span {
    let indent = u32::try_from(line.len() - line.trim_start().len()).unwrap_or(0);
    let length = u32::try_from(line.trim_end().len()).unwrap_or(0);
    Span::new(file, start.saturating_add(indent), start.saturating_add(length))
}

/// The texts in quotes of a line.
fn quoted(line: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut rest = line;
    while let Some(at) = rest.find(['"', '\'']) {
        let quote = &rest[at..=at];
        let Some((text, tail)) = rest.get(at + 1..).and_then(|tail| tail.split_once(quote)) else { break };
        out.push(text);
        rest = tail;
    }
    out
}

fn gemfile(file: FileId, text: &str) -> Option<Manifest> {
    let mut out = manifest(Ecosystem::RubyGems, "Gemfile");
    let is_dev = |text: &str| {
        let names = [":development", ":test", ":ci", "'development'", "\"development\"", "\"test\"", "'test'"];
        names.iter().any(|name| text.contains(name)) && !text.contains(":production") && !text.contains(":default")
    };
    let mut blocks: Vec<bool> = Vec::new();
    for (start, line) in lines_of(text) {
        let code = line.split('#').next().unwrap_or(line).trim();
        if code.ends_with(" do") || code.contains(" do |") {
            blocks.push(code.starts_with("group") && is_dev(code));
        } else if code == "end" {
            blocks.pop();
        }
        let Some(arguments) = code.strip_prefix("gem ").or_else(|| code.strip_prefix("gem(")) else { continue };
        let texts = quoted(arguments);
        let Some(name) = texts.first() else { continue };
        let ranges: Vec<&str> = texts
            .iter()
            .skip(1)
            .take_while(|text| text.starts_with(|first: char| first.is_ascii_digit() || "<>=~!".contains(first)))
            .copied()
            .collect();
        let has = |key: &str| arguments.contains(&format!("{key}:")) || arguments.contains(&format!(":{key} =>"));
        let origin = if has("git") || has("github") {
            Origin::Git
        } else if has("path") {
            Origin::Local
        } else {
            Origin::Registry
        };
        out.declared.push(Declared {
            name: (*name).to_owned(),
            alias: (*name).to_owned(),
            range: if ranges.is_empty() { "*".to_owned() } else { ranges.join(", ") },
            dev: blocks.contains(&true) || (has("group") || has("groups")) && is_dev(arguments),
            optional: has("platforms") || has("platform") || has("install_if"),
            origin,
            span: line_span(file, start, line),
        });
    }
    Some(out)
}

fn mix(file: FileId, text: &str) -> Option<Manifest> {
    let mut out = manifest(Ecosystem::Hex, "mix.exs");
    for (start, line) in lines_of(text) {
        let Some(tuple) = line.trim().strip_prefix("{:") else { continue };
        let end = tuple.find(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_')).unwrap_or(tuple.len());
        let (name, rest) = tuple.split_at(end);
        let range =
            quoted(rest).first().copied().filter(|range| range.contains(|letter: char| letter.is_ascii_digit()));
        let only = rest.split_once("only:").map_or("", |(_, only)| only);
        out.declared.push(Declared {
            name: name.to_owned(),
            alias: name.to_owned(),
            range: range.unwrap_or("*").to_owned(),
            dev: !only.is_empty() && !only.contains(":prod"),
            optional: rest.contains("optional: true"),
            origin: if rest.contains("git:") || rest.contains("github:") {
                Origin::Git
            } else if rest.contains("path:") || rest.contains("in_umbrella:") {
                Origin::Local
            } else {
                Origin::Registry
            },
            span: line_span(file, start, line),
        });
    }
    (!out.declared.is_empty()).then_some(out)
}
