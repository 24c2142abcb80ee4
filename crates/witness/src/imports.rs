//! Packages that code imports and nothing installs: names that an assistant made up, or misspelt.
//!
//! A name counts only where nothing else explains it: the language's own modules, the app's files and aliases, its
//! manifests and lockfiles, import maps, what images and scripts install, and packages that many use (somebody forgot to
//! name those; nobody can register them).

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_analysis::Program;
use plimsoll_deps::{Ecosystem, Names};
use plimsoll_ir::{Import, Language, Module};
use plimsoll_model::app::StrangePackage;
use plimsoll_model::{App, NotChecked};
use plimsoll_source::{SourceFile, SourceTree};

pub(crate) fn observe(program: &Program<'_>, names: &Names, app: &mut App) {
    let tree = program.tree;
    let mut found: BTreeMap<(Ecosystem, String), StrangePackage> = BTreeMap::new();
    let mut looked_for = 0usize;
    let mut own: Option<BTreeSet<&str>> = None;
    // What was decided of a name, whoever imports it.
    let mut known: BTreeMap<(Ecosystem, &str), bool> = BTreeMap::new();
    for (id, module) in program.iter() {
        for (at, import) in module.imports.iter().enumerate() {
            let Some((ecosystem, name)) = package_of(module, import) else { continue };
            if program.target(id, at).is_some() {
                continue;
            }
            let explained = *known
                .entry((ecosystem, name))
                .or_insert_with(|| names.explain(ecosystem, name) || is_popular(ecosystem, name));
            if explained {
                continue;
            }
            let span = module.span_of(import.range);
            if let Some(known) = found.get_mut(&(ecosystem, name.to_owned())) {
                known.also.push(span);
                continue;
            }
            // Names of the app's own files and folders, gathered only where something is left to explain.
            let own = own.get_or_insert_with(|| own_names(tree));
            if looked_for == MOST {
                continue;
            }
            let first = name.split('/').next().unwrap_or(name).trim_start_matches(['@', '~']);
            let file = tree.file(module.file);
            if !has_manifest(tree, ecosystem, &file.path, names) || is_tried(file, import.range.start) {
                continue;
            }
            looked_for += 1;
            if own.contains(first) || is_spoken_of(tree, name) {
                known.insert((ecosystem, name), true);
                continue;
            }
            let strange = StrangePackage {
                ecosystem: ecosystem.as_str().to_owned(),
                name: name.to_owned(),
                like: plimsoll_deps::looks_like(ecosystem, name).map(str::to_owned),
                declared: false,
                span,
                also: Vec::new(),
            };
            found.insert((ecosystem, name.to_owned()), strange);
        }
    }
    if looked_for == MOST {
        app.not_checked.push(NotChecked {
            what: "imports that no manifest names".into(),
            why: format!("more than {MOST} of them: the rest was not compared"),
            weighs: false,
        });
    }
    app.strange_packages.extend(found.into_values());
}

/// How many names are looked for in files: an ordinary app has hardly any that nothing else explains.
const MOST: usize = 100;

fn is_popular(ecosystem: Ecosystem, name: &str) -> bool {
    match ecosystem {
        Ecosystem::PyPi => plimsoll_deps::is_popular_module(name),
        _ => plimsoll_deps::is_popular(ecosystem, name),
    }
}

/// The package that an import names; `None` for files, addresses, aliases and types.
fn package_of<'m>(module: &Module, import: &'m Import) -> Option<(Ecosystem, &'m str)> {
    let specifier: &str = &import.module;
    if import.type_only || specifier.is_empty() {
        return None;
    }
    match module.language {
        Language::JavaScript => {
            // `a!b` is a loader, `virtual:x` and `https://x` are no packages.
            if specifier.contains([':', '!', '\\', '$', '#', '?', '*', ' '])
                || specifier.starts_with(['.', '/', '~', '_'])
            {
                return None;
            }
            let mut cuts = specifier.match_indices('/').map(|(at, _)| at);
            let name = match specifier.strip_prefix('@') {
                Some(rest) => {
                    // `@/x` is an alias.
                    cuts.next().filter(|at| *at > 1)?;
                    let end = cuts.next().unwrap_or(specifier.len());
                    rest.contains('/').then_some(&specifier[..end])?
                }
                None => &specifier[..cuts.next().unwrap_or(specifier.len())],
            };
            // Names of the registry are in small letters since 2014, and a file's name with its ending is no package.
            let is_name = name.len() > 1
                && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-._@/".contains(c))
                && ![".ts", ".mjs", ".css", ".json", ".vue", ".svelte"].iter().any(|end| name.ends_with(end));
            is_name.then_some((Ecosystem::Npm, name))
        }
        Language::Python => {
            let name = specifier.split('.').next().filter(|name| !name.is_empty() && !name.starts_with('_'))?;
            Some((Ecosystem::PyPi, name))
        }
        Language::Php => None,
    }
}

/// Every folder's name and every file's without its endings.
fn own_names(tree: &SourceTree) -> BTreeSet<&str> {
    let mut out = BTreeSet::new();
    for (_, file) in tree.iter() {
        let mut parts = file.path.split('/').rev();
        out.extend(parts.next().and_then(|name| name.split('.').next()));
        out.extend(parts);
    }
    out
}

/// Whether a package manager looks after a file at all.
fn has_manifest(tree: &SourceTree, ecosystem: Ecosystem, path: &str, names: &Names) -> bool {
    if ecosystem == Ecosystem::PyPi {
        return names.any(ecosystem);
    }
    let mut folder = path;
    while let Some((above, _)) = folder.rsplit_once('/') {
        folder = above;
        if tree.find(&format!("{folder}/package.json")).is_some() {
            return true;
        }
    }
    tree.find("package.json").is_some()
}

/// Whether the app goes on without it: the import stands right behind a `try`.
fn is_tried(file: &SourceFile, start: u32) -> bool {
    let line = file.line_of(start);
    let before = (1..line).rev().map(|line| file.line_text(line).trim()).filter(|text| !text.is_empty());
    let opening = before.take(8).find(|text| !text.starts_with("import ") && !text.starts_with("from "));
    let own = file.line_text(line);
    opening.is_some_and(|text| text.starts_with("try") || text.contains("try {") || text.starts_with("except"))
        || own.contains("try {")
        || own.contains(".catch(")
}

/// Files that give names to modules, or install packages in their own way.
fn speaks_of_packages(file: &SourceFile) -> bool {
    let name = file.name().to_ascii_lowercase();
    let stem = name.split('.').next().unwrap_or(&name);
    let is_settings = name.contains("config") || name.contains("import_map") || name.contains("importmap");
    let is_install =
        stem == "dockerfile" || name.ends_with(".dockerfile") || name.ends_with(".sh") || stem == "makefile";
    is_settings
        || is_install
        || matches!(
            name.as_str(),
            "package.json"
                | "deno.json"
                | "deno.jsonc"
                | ".babelrc"
                | "angular.json"
                | "setup.py"
                | "setup.cfg"
                | "tox.ini"
        )
        || (file.extension() == "html" && file.text().contains("importmap"))
}

fn is_spoken_of(tree: &SourceTree, name: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    tree.iter().filter(|(_, file)| file.text().len() < 300_000 && speaks_of_packages(file)).any(|(_, file)| {
        let text = file.text();
        text.match_indices(name).any(|(at, _)| {
            !text[..at].chars().next_back().is_some_and(is_part)
                && !text[at + name.len()..].chars().next().is_some_and(is_part)
        })
    })
}

#[cfg(test)]
mod tests {
    use plimsoll_source::SourceTree;

    fn strange(files: &[(&str, &str)]) -> Vec<(String, Option<String>)> {
        let app = crate::observe(&SourceTree::from_texts(files.iter().copied()));
        app.strange_packages.into_iter().map(|it| (it.name, it.like)).collect()
    }

    const NO_ONE: [(String, Option<String>); 0] = [];

    #[test]
    fn a_package_that_nothing_installs() {
        let manifest = ("package.json", r#"{"name": "own", "dependencies": {"express": "4"}}"#);
        let code = "import express from 'express';\nimport { pay } from 'express-payment-guardian/core';\nimport x from '@made-up/forms';\n";
        assert_eq!(
            strange(&[manifest, ("src/a.ts", code), ("src/b.ts", "import 'express-payment-guardian'")]),
            [("@made-up/forms".to_owned(), None), ("express-payment-guardian".to_owned(), None)]
        );
        let python = [("requirements.txt", "flask==3.0\n"), ("app.py", "import flask\nimport flask_invoice_wizard\n")];
        // Its name has that of a declared package in it: what brings it cannot be told.
        assert_eq!(strange(&python), NO_ONE);
        let python = [("requirements.txt", "flask==3.0\n"), ("app.py", "import os.path\nimport invoice_wizard.api\n")];
        assert_eq!(strange(&python), [("invoice_wizard".to_owned(), None)]);
        let misspelt = [("requirements.txt", "flask==3.0\n"), ("app.py", "import reqeusts\n")];
        assert_eq!(strange(&misspelt), [("reqeusts".to_owned(), Some("requests".to_owned()))]);
    }

    #[test]
    fn what_is_explained() {
        let manifest =
            ("package.json", r#"{"name": "own", "dependencies": {"a1": "1"}, "peerDependencies": {"b1": "1"}}"#);
        for code in [
            "import 'fs/promises'; import 'node:fs'; import 'a1/x'; import 'b1'; import 'own/x';",
            "import type { X } from 'only-its-types-here';",
            "import x from '@/lib/x'; import y from '~/y'; import z from '#z'; import './gone'; import '$app/forms';",
            "import 'virtual:pwa-register'; import 'https://esm.sh/made-up-here'; import 'npm:made-up-here@1';",
            // Many use it, so nobody can register it.
            "import _ from 'lodash';",
            "import x from 'parts/x';",
            "import x from 'an-alias-of-mine/x';",
            "let sharp;\ntry {\n  sharp = require('a-package-for-some');\n} catch {}",
        ] {
            let files = [
                manifest,
                ("src/a.ts", code),
                ("lib/parts/y.css", ""),
                ("tsconfig.json", r#"{"compilerOptions": {"paths": {"an-alias-of-mine/*": ["src/*"]}}}"#),
            ];
            assert_eq!(strange(&files), NO_ONE, "{code}");
        }
        // No manifest: how packages come there is not known.
        assert_eq!(strange(&[("a.ts", "import 'made-up-here'")]), NO_ONE);
        let python = [
            ("requirements.txt", "PyYAML==6\n"),
            ("Dockerfile", "RUN pip install somewhere_else\n"),
            (
                "app.py",
                "import yaml\nimport somewhere_else\nimport numpy\ntry:\n    import fast_variant\nexcept ImportError:\n    fast_variant = None\n",
            ),
        ];
        assert_eq!(strange(&python), NO_ONE);
    }
}
