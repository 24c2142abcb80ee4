//! `requirements.txt` and its relatives.

use std::collections::BTreeSet;

use plimsoll_source::{FileId, SourceTree, Span};

use super::manifest::{dir_of, join, lines_of, pep508};
use crate::package::{Ecosystem, Means, Origin, Package, Pinned, Scope};
use crate::version::exact_pin;

/// A requirement with its continuation lines joined.
pub(super) struct Line {
    pub(super) text: String,
    pub(super) start: u32,
    pub(super) end: u32,
    /// What the comments after it say: `via flask`.
    pub(super) via: Vec<String>,
}

/// The lines of a file, comments taken out, `\` continuations joined, in order.
pub(super) fn lines(text: &str) -> Vec<Line> {
    let mut out: Vec<Line> = Vec::new();
    let mut open = false;
    let mut in_via = false;
    for (start, line) in lines_of(text) {
        let line = line.trim_start_matches('\u{feff}');
        let trimmed = line.trim();
        if let Some(comment) = trimmed.strip_prefix('#') {
            let comment = comment.trim();
            if let Some(last) = out.last_mut() {
                if let Some(via) = comment.strip_prefix("via") {
                    in_via = true;
                    if !via.trim().is_empty() {
                        last.via.extend(via.split(',').map(|name| name.trim().to_owned()));
                    }
                } else if in_via && !comment.is_empty() {
                    last.via.push(comment.to_owned());
                }
            }
            continue;
        }
        in_via = false;
        let code = trimmed.split(" #").next().unwrap_or(trimmed).trim_end();
        let continues = code.ends_with('\\');
        let code = code.trim_end_matches('\\').trim();
        let indent = u32::try_from(line.len() - line.trim_start().len()).unwrap_or(0);
        let end = start.saturating_add(indent).saturating_add(u32::try_from(code.len()).unwrap_or(0));
        if open {
            if let Some(last) = out.last_mut() {
                last.text.push(' ');
                last.text.push_str(code);
                if !code.starts_with("--") {
                    last.end = end;
                }
            }
        } else if !code.is_empty() {
            out.push(Line { text: code.to_owned(), start: start.saturating_add(indent), end, via: Vec::new() });
        }
        open = continues;
        if let Some((_, via)) = trimmed.split_once("# via ")
            && let Some(last) = out.last_mut()
        {
            last.via.extend(via.split(',').map(|name| name.trim().to_owned()));
        }
    }
    // `--hash=…` after the requirement is not part of it.
    for line in &mut out {
        if !line.text.starts_with('-')
            && let Some(at) = line.text.find(" --")
        {
            line.text.truncate(at);
        }
    }
    out
}

/// `requirements.txt`, `requirements-dev.txt`, `dev-requirements.txt`, `constraints.txt`.
pub(super) fn is_requirements(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    let Some(stem) = name.strip_suffix(".txt") else { return false };
    let words: Vec<&str> = stem.split(['-', '_', '.']).collect();
    let folder = dir_of(path).rsplit('/').next().unwrap_or_default();
    words.iter().any(|word| matches!(*word, "requirements" | "requirement")) || folder == "requirements"
}

/// `requirements.in`: what pip-compile was asked for.
pub(super) fn is_input(name: &str) -> bool {
    name.strip_suffix(".in").is_some_and(|stem| stem.contains("requirements"))
}

/// Whether a file, group or extra is named as being for development.
pub(super) fn is_dev_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.split(['-', '_', '.', '/']).any(|word| {
        matches!(
            word,
            "dev"
                | "develop"
                | "development"
                | "test"
                | "tests"
                | "testing"
                | "lint"
                | "linting"
                | "docs"
                | "doc"
                | "ci"
                | "typing"
                | "mypy"
                | "qa"
                | "bench"
        )
    })
}

/// What one tree of requirement files says.
#[derive(Default)]
pub(super) struct Read {
    pub(super) packages: Vec<Package>,
    pub(super) problems: Vec<(String, String)>,
    /// Files that were read because another one includes them.
    pub(super) included: BTreeSet<FileId>,
}

/// How many files one chain of includes may reach.
const MAX_FILES: usize = 200;

/// Reads a requirements file and what it includes. Every file is read once, so that loops end.
pub(super) fn read(tree: &SourceTree, start: FileId) -> Read {
    let mut out = Read::default();
    let mut seen = BTreeSet::from([start]);
    let mut queue = vec![(start, is_dev_name(&tree.file(start).path))];
    let dir = dir_of(&tree.file(start).path).to_owned();
    while let Some((id, dev)) = queue.pop() {
        let file = tree.file(id);
        for line in lines(file.text()) {
            let span = Span::new(id, line.start, line.end);
            let text = line.text.trim();
            let option = |names: &[&str]| {
                names.iter().find_map(|name| {
                    let rest = text.strip_prefix(name)?;
                    (rest.starts_with([' ', '=', '\t']) || name.len() == 2)
                        .then(|| rest.trim_start_matches(['=', ' ', '\t']))
                })
            };
            if let Some(target) = option(&["--requirement", "-r"]) {
                let found = join(dir_of(&file.path), target).and_then(|path| tree.find(&path));
                match found {
                    Some(next) if seen.len() < MAX_FILES => {
                        if seen.insert(next) {
                            out.included.insert(next);
                            queue.push((next, dev));
                        }
                    }
                    Some(_) => out.problems.push((file.path.clone(), "it includes too many files".to_owned())),
                    None => out
                        .problems
                        .push((target.to_owned(), format!("{} includes it, but it is not in the app", file.path))),
                }
                continue;
            }
            // Constraints install nothing by themselves.
            if option(&["--constraint", "-c"]).is_some() {
                continue;
            }
            if let Some(target) = option(&["--editable", "-e"]) {
                if target.contains("://") || target.starts_with("git+") {
                    let name = egg(target).unwrap_or(target).to_owned();
                    out.packages.push(package(
                        name,
                        Pinned::Unknown("it comes from a repository".into()),
                        Origin::Git,
                        dev,
                        &line,
                        span,
                        &dir,
                    ));
                }
                continue;
            }
            if text.starts_with('-') {
                continue;
            }
            let Some(requirement) = pep508(text) else {
                if text.contains("://") || text.starts_with("git+") {
                    let name = egg(text).unwrap_or(text).to_owned();
                    out.packages.push(package(
                        name,
                        Pinned::Unknown("it comes from an address".into()),
                        Origin::Git,
                        dev,
                        &line,
                        span,
                        &dir,
                    ));
                } else if !(text.starts_with('.') || text.starts_with('/')) {
                    let shown: String = text.chars().take(80).collect();
                    out.problems
                        .push((format!("{}: `{shown}`", file.path), "this line is not a requirement".to_owned()));
                }
                continue;
            };
            let version = match exact_pin(Ecosystem::PyPi, &requirement.range) {
                _ if requirement.origin != Origin::Registry => Pinned::Unknown("it comes from an address".into()),
                Some(version) => Pinned::Exact(version),
                None if requirement.range.contains('$') => Pinned::Unknown("its version is a variable".into()),
                None => Pinned::Range(requirement.range.clone()),
            };
            out.packages.push(package(
                requirement.name.to_owned(),
                version,
                requirement.origin,
                dev,
                &line,
                span,
                &dir,
            ));
        }
    }
    out
}

fn egg(address: &str) -> Option<&str> {
    address.split_once("#egg=").map(|(_, name)| name.split(['&', '[']).next().unwrap_or(name))
}

fn package(name: String, version: Pinned, origin: Origin, dev: bool, line: &Line, span: Span, dir: &str) -> Package {
    // `# via -r requirements.in` names the manifest; without any word the file itself is the manifest.
    let parents: Vec<&str> = line
        .via
        .iter()
        .map(String::as_str)
        .filter(|via| !via.starts_with('-') && !via.contains(['/', '(']) && !via.is_empty())
        .collect();
    let direct = parents.is_empty() || line.via.len() > parents.len();
    let path = match parents.first() {
        Some(parent) if !direct => vec![(*parent).to_owned(), name.clone()],
        _ => vec![name.clone()],
    };
    Package {
        ecosystem: Ecosystem::PyPi,
        purl: Ecosystem::PyPi.purl(&name, version.exact()),
        name,
        version,
        scope: if dev { Scope::Development } else { Scope::Production },
        direct,
        path,
        span,
        manifest_span: direct.then_some(span),
        origin,
        workspace: dir.to_owned(),
        means: Means::Installed,
    }
}

/// Lengthens the paths that pip-compile's comments give, parent by parent, and points direct packages to the lines
/// of `requirements.in`.
pub(super) fn link(packages: &mut [Package], manifests: &super::manifest::Manifests) {
    let parents: std::collections::BTreeMap<String, (bool, Option<String>)> = packages
        .iter()
        .map(|package| {
            let parent = package.path.first().filter(|_| package.path.len() > 1).cloned();
            (Ecosystem::PyPi.normalized(&package.name), (package.direct, parent))
        })
        .collect();
    for package in packages {
        let mut guard = 0;
        while guard < 32 {
            guard += 1;
            let Some(first) = package.path.first().map(|name| Ecosystem::PyPi.normalized(name)) else { break };
            match parents.get(&first) {
                Some((false, Some(parent))) if !package.path.contains(parent) => package.path.insert(0, parent.clone()),
                _ => break,
            }
        }
        if package.direct
            && let Some(span) = manifests.span_of(Ecosystem::PyPi, &package.workspace, &package.name)
        {
            package.manifest_span = Some(span);
        }
    }
}
