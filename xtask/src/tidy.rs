//! House rules about files.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::workspace;

/// All `.rs` files under a folder.
fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut out = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                out.push(path);
            }
        }
    }
    out.sort();
    out
}

/// The files that a root file compiles: its `mod name;` lines, followed.
fn compiled(root_file: &Path) -> BTreeSet<PathBuf> {
    let mut seen = BTreeSet::new();
    let mut open = vec![(root_file.to_owned(), root_file.parent().unwrap_or(Path::new("")).to_owned())];
    while let Some((file, folder)) = open.pop() {
        let Ok(text) = std::fs::read_to_string(&file) else { continue };
        if !seen.insert(file.clone()) {
            continue;
        }
        let mut path_attribute = None;
        for line in text.lines().map(str::trim) {
            if let Some(path) = line.strip_prefix("#[path = \"").and_then(|rest| rest.strip_suffix("\"]")) {
                path_attribute = Some(path);
                continue;
            }
            let declared = line.trim_start_matches("pub(crate) ").trim_start_matches("pub ").strip_prefix("mod ");
            if let Some(name) = declared.and_then(|rest| rest.strip_suffix(';')) {
                match path_attribute {
                    Some(path) => {
                        let beside = file.parent().unwrap_or(Path::new("")).join(path);
                        open.push((beside.clone(), beside.with_extension("")));
                    }
                    None => {
                        open.push((folder.join(name).join("mod.rs"), folder.join(name)));
                        open.push((folder.join(name).with_extension("rs"), folder.join(name)));
                    }
                }
            }
            if !line.starts_with("#[") {
                path_attribute = None;
            }
        }
    }
    seen
}

/// Folders of the crates of the workspace.
fn crates() -> Vec<PathBuf> {
    let root = workspace::root();
    let mut out: Vec<PathBuf> = std::fs::read_dir(root.join("crates"))
        .expect("crates")
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.join("Cargo.toml").is_file())
        .collect();
    out.push(root.join("xtask"));
    out.sort();
    out
}

/// A file that no `mod` names is never compiled: tests in it never fail.
#[test]
fn no_source_or_test_file_is_forgotten() {
    let root = workspace::root();
    let mut wrong = Vec::new();
    for folder in crates() {
        let integration = [folder.join("tests/it.rs"), folder.join("tests/it/main.rs")];
        let roots = [folder.join("src/lib.rs"), folder.join("src/main.rs"), folder.join("build.rs")];
        let reached: BTreeSet<PathBuf> = integration.iter().chain(&roots).flat_map(|file| compiled(file)).collect();
        for file in rust_files(&folder.join("src")).into_iter().chain(rust_files(&folder.join("tests"))) {
            if !reached.contains(&file) {
                let name = file.strip_prefix(&root).unwrap_or(&file).display().to_string();
                wrong.push(format!("{name} is part of no binary: tests belong to tests/it.rs or tests/it/main.rs"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Lines that are neither code nor blank; `gen` and the literate tests check the rest of a page.
const HEADINGS: &[&str] =
    &["What it finds", "Why it matters", "Example", "Do this instead", "How we know", "What we cannot see"];

#[test]
fn every_rule_has_its_page_with_the_headings_in_order() {
    let mut wrong = Vec::new();
    let base = crate::rule_text::folder(&workspace::root());
    let rules = crate::rule_text::all(&workspace::root()).expect("every rule file declares a rule and has a page");
    for rule in &rules {
        let page =
            std::fs::read_to_string(base.join(&rule.family).join(&rule.stem).with_extension("md")).expect("a page");
        let mut fenced = false;
        let mut headings = Vec::new();
        for line in page.lines() {
            fenced ^= line.starts_with("```");
            if let Some(heading) = line.strip_prefix("## ").filter(|_| !fenced) {
                headings.push(heading.trim());
            }
        }
        if headings != HEADINGS {
            wrong.push(format!("{}: the headings are {headings:?}, not {HEADINGS:?}", rule.id));
        }
        if !page.starts_with("# ") {
            wrong.push(format!("{}: the page does not begin with its title", rule.id));
        }
    }
    for family in std::fs::read_dir(&base).expect("families").flatten().filter(|entry| entry.path().is_dir()) {
        for file in std::fs::read_dir(family.path()).expect("files").flatten().map(|entry| entry.path()) {
            if file.extension().is_some_and(|extension| extension == "md") && !file.with_extension("rs").is_file() {
                wrong.push(format!("{} is a page without a rule", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Paths of somebody's machine and hosts of package registries do not belong in the project: it runs anywhere, and what it
/// downloads is what the user's cargo and npm are set to.
#[test]
fn no_machine_path_and_no_registry_host_in_any_file() {
    // Assembled, so that this file does not hold what it looks for.
    let hosts: Vec<String> = [
        ["registry.npm", "js.org"],
        ["registry.yarn", "pkg.com"],
        ["pypi", ".org"],
        ["python", "hosted.org"],
        ["static.crates", ".io"],
        ["index.crates", ".io"],
        ["deb.debian", ".org"],
        ["proxy.golang", ".org"],
        ["repo.packagist", ".org"],
        ["rubygems", ".org"],
    ]
    .iter()
    .map(|parts| parts.concat())
    .collect();
    let paths: Vec<String> = [["/wo", "rk/"], ["/ro", "ot/"], ["/ho", "me/"], ["/Us", "ers/"], ["/tm", "p/"]]
        .iter()
        .map(|parts| parts.concat())
        .collect();
    let root = workspace::root();
    let mut wrong = Vec::new();
    for name in workspace::tracked() {
        let Ok(bytes) = std::fs::read(root.join(&name)) else { continue };
        let Ok(text) = String::from_utf8(bytes) else { continue };
        for (index, line) in text.lines().enumerate() {
            let host = hosts.iter().find(|host| line.contains(host.as_str()));
            // `src/work/x` is a path of a project; a machine's path begins where a word begins.
            let path = paths.iter().find(|path| {
                line.match_indices(path.as_str()).any(|(at, _)| {
                    !line[..at].ends_with(|c: char| {
                        c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '*' | '}' | ')' | '/' | '~' | ':')
                    })
                })
            });
            if let Some(found) = host.or(path) {
                wrong.push(format!("{name}:{}: {found}", index + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The edges: who may touch the world outside (invariants 2 and 4), by crate and module of the standard library.
const EDGES: &[(&str, &[&str])] = &[
    // `deps` reads and writes advisory archives, which are ours and not the subject's; `probe` copies the subject before it
    // starts it (`--run`), and starts nothing else.
    // `online` writes what it downloads beside them.
    ("std::fs", &["source", "cache", "plimsoll", "deps", "online", "probe", "hostile"]),
    ("std::net", &["probe"]),
    ("std::process::Command", &["plimsoll", "probe", "browser"]),
    ("std::env::var", &["plimsoll", "probe"]),
];

#[test]
fn only_the_edges_touch_files_sockets_processes_and_the_environment() {
    let mut wrong = Vec::new();
    for folder in crates().into_iter().filter(|folder| !folder.ends_with("xtask")) {
        let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        for file in rust_files(&folder.join("src")) {
            let text = std::fs::read_to_string(&file).unwrap_or_default();
            // Tests stand at the end of a file or in a file of their own.
            if file.file_stem().is_some_and(|stem| stem == "tests") {
                continue;
            }
            let code = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
            for (module, allowed) in EDGES {
                if code.contains(module) && !allowed.contains(&name.as_str()) {
                    let file = file.strip_prefix(workspace::root()).unwrap_or(&file).display().to_string();
                    wrong.push(format!("{file} uses {module}: only {allowed:?} may"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
