//! Libraries copied into the app: told by the header of the file, by its name together with its header, or by its name
//! and the version that its code states.
//!
//! Only what a file is as a whole is told. Bundles hold many libraries; what is in them, their lockfile knows.

use plimsoll_source::SourceFile;

use super::address::{by_header, named_file, squashed};
use crate::{Ecosystem, Version};

/// A file that is a published library.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Copy {
    /// npm's name.
    pub(super) name: &'static str,
    pub(super) version: String,
    /// Where it says so, in bytes.
    pub(super) start: usize,
    pub(super) end: usize,
}

/// How much of a file is looked at for its header.
const HEAD: usize = 1_500;

/// What a file is a copy of.
pub(super) fn copy(file: &SourceFile) -> Option<Copy> {
    let name = file.name();
    let text = file.text();
    if !(name.ends_with(".js") || name.ends_with(".mjs")) || text.is_empty() {
        return None;
    }
    let stem = stem(name);
    let end = (0..=HEAD.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let head = &text[..end];
    let headings = headings(head);
    for heading in headings.iter().take(6) {
        let Some((npm, is_sure)) = by_header(&heading.name) else { continue };
        // A name that many projects could have counts only where the file is called so, too.
        let (file, header) = (squashed(stem), squashed(&heading.name));
        let fits = file.starts_with(header.trim_end_matches("js")) || header.starts_with(file.trim_end_matches("js"));
        if !(is_sure || (fits && file.len() > 2)) {
            continue;
        }
        let version = match &heading.version {
            Some((version, start, end)) => Some((version.clone(), *start, *end)),
            None => constant(text).or_else(|| of_name(name, stem, heading)),
        };
        return version.map(|(version, start, end)| Copy { name: npm, version, start, end });
    }
    // No header, but file and code agree on the name, and one of them says the version.
    let (npm, true) = by_header(stem)? else { return None };
    let mentions = |text: &str| text.to_ascii_lowercase().contains(&stem.trim_end_matches(".js").to_ascii_lowercase());
    if stem.len() < 4 || !mentions(text) {
        return None;
    }
    let by_name = named_file(name, stem).and_then(|version| version.exact().map(str::to_owned));
    match by_name {
        Some(version) => Some(Copy { name: npm, version, start: 0, end: 0 }),
        None => constant(text).map(|(version, start, end)| Copy { name: npm, version, start, end }),
    }
}

/// The version in the file's name, shown at the heading.
fn of_name(name: &str, stem: &str, heading: &Heading) -> Option<(String, usize, usize)> {
    let version = named_file(name, stem)?;
    version.exact().map(|version| (version.to_owned(), heading.start, heading.end))
}

/// `jquery-1.12.4.min.js`: `jquery`. `bootstrap.bundle.min.js`: `bootstrap`.
fn stem(name: &str) -> &str {
    let bare = name.trim_end_matches(".mjs").trim_end_matches(".js");
    let mut end = bare.len();
    for (at, _) in bare.match_indices(['-', '.', '_', '@']) {
        let rest = bare[at + 1..].trim_start_matches('v');
        let is_version = rest.starts_with(|first: char| first.is_ascii_digit()) && rest.contains('.');
        let kinds =
            ["min", "bundle", "slim", "pack", "packed", "prod", "production", "umd", "iife", "esm", "full", "core"];
        if is_version || rest.split(['.', '-']).next().is_some_and(|first| kinds.contains(&first)) {
            end = at;
            break;
        }
    }
    &bare[..end]
}

/// A line of a header that may name a library.
#[derive(Debug)]
struct Heading {
    name: String,
    version: Option<(String, usize, usize)>,
    start: usize,
    end: usize,
}

/// The lines of the comments that a file begins with.
fn headings(head: &str) -> Vec<Heading> {
    let mut out: Vec<Heading> = Vec::new();
    let mut in_block = false;
    let mut at = 0usize;
    for line in head.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let trimmed = line.trim();
        let opens = trimmed.starts_with("/*");
        if !(in_block || opens || trimmed.starts_with("//")) {
            // Code before any header, as in `;(function(){` or `"use strict";`: a header may follow in the next lines.
            if trimmed.len() > 60 || out.len() > 1 {
                break;
            }
            continue;
        }
        let comment_end = if opens || in_block { trimmed.find("*/") } else { None };
        in_block = (in_block || opens) && comment_end.is_none();
        let comment = comment_end.map_or(trimmed, |end| &trimmed[..end]);
        let content = comment
            .trim_start_matches(['/', '*', '!', ' ', '\t'])
            .trim_start_matches("@license")
            .trim_start_matches("@preserve")
            .trim_start_matches("@overview")
            .trim_start_matches("@name")
            .trim_start();
        let content = content.strip_prefix("@license").unwrap_or(content).trim();
        if content.is_empty() {
            continue;
        }
        let offset = start + line.find(content).unwrap_or(0);
        // A version of its own line belongs to the name before it.
        if let Some(rest) = own_line(content) {
            if let Some(last) = out.iter_mut().find(|heading| heading.version.is_none())
                && let Some((version, length)) = version_at(rest)
            {
                let from = offset + (content.len() - rest.len());
                last.version = Some((version, from, from + length));
            }
            continue;
        }
        out.push(heading(content, offset));
        if comment_end.is_some() && !trimmed.ends_with("*/") {
            break;
        }
    }
    out
}

/// `@version 1.2.3`, `version : 1.2.3`, `Version 1.2.3 Built on …`.
fn own_line(content: &str) -> Option<&str> {
    let rest = content.trim_start_matches('@');
    let rest = rest.get(..7).filter(|word| word.eq_ignore_ascii_case("version")).and(rest.get(7..))?;
    let rest = rest.trim_start_matches([' ', ':', '=', '\t']);
    rest.trim_start_matches('v').starts_with(|first: char| first.is_ascii_digit()).then_some(rest)
}

/// `NAME v1.2.3 …`, `NAME JavaScript Library v1.2.3`, `NAME - what it is`.
fn heading(content: &str, offset: usize) -> Heading {
    let mut name = content;
    let mut version = None;
    for (at, _) in content.match_indices(|letter: char| letter.is_ascii_digit()) {
        let before = content[..at].chars().next_back().unwrap_or(' ');
        if !(before == 'v' || before == ' ' || before == '@' || before == '-') {
            continue;
        }
        if let Some((text, length)) = version_at(&content[at..]) {
            name = &content[..at];
            version = Some((text, offset + at, offset + at + length));
            break;
        }
    }
    // What it is, whose it is and where it comes from stand behind the name.
    for cut in [" - ", " \u{2013} ", " | ", " (", ", ", ": ", " http", " <", " by ", " -- "] {
        name = name.split(cut).next().unwrap_or(name);
    }
    let mut name = name.trim_end_matches(['v', 'V', ' ', '-', '@', '|', ':', ',']).trim();
    for word in ["javascript library", "library", "plugin", "version", "editor", "free", "core"] {
        let cut = name.len().checked_sub(word.len());
        if let Some(cut) = cut.filter(|cut| *cut > 0 && name.is_char_boundary(*cut))
            && name[cut..].eq_ignore_ascii_case(word)
            && name[..cut].ends_with([' ', '\t'])
        {
            name = name[..cut].trim_end();
        }
    }
    let name = if name.len() > 60 { "" } else { name };
    Heading { name: name.to_owned(), version, start: offset, end: offset + content.len() }
}

/// A version with at least two numbers at the start of a text, and its length.
fn version_at(text: &str) -> Option<(String, usize)> {
    let bare = text.trim_start_matches('v');
    let skipped = text.len() - bare.len();
    let mut end = bare
        .find(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '.' || letter == '-'))
        .unwrap_or(bare.len());
    // `1.12.1 - 2016`, `3.3.7.`, `1.8.3-min`.
    while bare[..end].ends_with(['.', '-']) {
        end -= 1;
    }
    let version = &bare[..end];
    let numbers =
        version.split(['-', '.']).take_while(|part| part.chars().all(|letter| letter.is_ascii_digit())).count();
    let is_day = version.split('-').next().is_some_and(|first| first.len() == 4 && !first.contains('.'));
    if numbers < 2 || is_day || version.len() > 30 {
        return None;
    }
    // `1.8` stands for 1.8.0.
    let full = match version.split('.').count() {
        2 if !version.contains('-') => format!("{version}.0"),
        _ => version.to_owned(),
    };
    Version::parse(Ecosystem::Npm, &full).map(|_| (full, skipped + end))
}

/// The version that code states as a constant, where all its statements agree.
fn constant(text: &str) -> Option<(String, usize, usize)> {
    let mut found: Option<(String, usize, usize)> = None;
    for word in ["VERSION", ".version"] {
        for (at, _) in text.match_indices(word).take(40) {
            let rest = text[at + word.len()..].trim_start();
            let Some(value) = rest.strip_prefix('=').or_else(|| rest.strip_prefix(':')) else { continue };
            let value = value.trim_start();
            let Some(quote) = value.chars().next().filter(|quote| matches!(quote, '"' | '\'')) else { continue };
            let Some(inner) = value[1..].split(quote).next().filter(|inner| inner.len() < 30) else { continue };
            let Some((version, length)) = version_at(inner) else { continue };
            if length != inner.len() {
                continue;
            }
            let start = text.len() - value.len();
            match &found {
                Some((known, ..)) if *known != version => return None,
                Some(_) => {}
                None => found = Some((version, start, start + inner.len() + 2)),
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use plimsoll_source::SourceTree;

    use super::{copy, stem};

    fn of(path: &str, text: &str) -> String {
        let tree = SourceTree::from_texts([(path, text)]);
        let file = &tree.files[0];
        copy(file).map_or("-".to_owned(), |it| {
            // The place is where the version stands, where it stands in the file.
            let shown = &file.text()[it.start..it.end];
            assert!(shown.is_empty() || shown.contains(it.version.trim_end_matches(".0")), "{shown} {}", it.version);
            format!("{}@{}", it.name, it.version)
        })
    }

    #[test]
    fn headers() {
        for (path, text, expected) in [
            ("js/jquery.min.js", "/*! jQuery v1.12.4 | (c) jQuery Foundation */\n!function(){}", "jquery@1.12.4"),
            ("a.js", "/*!\n * jQuery JavaScript Library v3.3.1\n * https://x.example/\n */", "jquery@3.3.1"),
            ("b.js", "/*! jQuery UI - v1.12.1 - 2016-09-14\n* http://x */", "jquery-ui@1.12.1"),
            ("c.js", "/*!\n * Bootstrap v3.3.7 (http://x.example)\n */", "bootstrap@3.3.7"),
            ("moment.js", "//! moment.js\n//! version : 2.18.1\n//! license : MIT\n;(function(){})", "moment@2.18.1"),
            ("v.js", "/*!\n * Vue.js v2.5.16\n * (c) 2014-2018 X\n */", "vue@2.5.16"),
            ("r.js", "/** @license React v16.4.0\n * react.production.min.js\n */", "react@16.4.0"),
            ("ng.js", "/*\n AngularJS v1.6.0\n (c) 2010-2016 X\n*/", "angular@1.6.0"),
            ("p.js", "/*! @license DOMPurify 2.0.0 | (c) X */", "dompurify@2.0.0"),
            ("h.js", "/**!\n\n @license\n handlebars v4.0.11\n\n*/", "handlebars@4.0.11"),
            ("u.js", "//     Underscore.js 1.8.3\n//     http://x", "underscore@1.8.3"),
            ("x.js", "/* axios v0.18.0 | (c) 2018 by X */", "axios@0.18.0"),
            ("s.js", "/*! Select2 4.0.5 | https://x */", "select2@4.0.5"),
            (
                "lodash.min.js",
                "/**\n * @license\n * Lodash lodash.com/license | Underscore.js 1.8.3 underscorejs.org/LICENSE\n */\n;(function(){n.VERSION=\"4.17.4\"}",
                "lodash@4.17.4",
            ),
            ("jquery-2.1.0.min.js", "(function(a){a.jQuery=b})(window)", "jquery@2.1.0"),
            ("dompurify.js", "(function(){DOMPurify.version = '2.0.7';})", "dompurify@2.0.7"),
            // The app's own files, and files that only speak of a library.
            ("app.js", "/* My shop v1.2.3 */\nvar a = 1;", "-"),
            ("main.js", "// uses jQuery 1.12.4\n$(function(){})", "-"),
            ("cart.js", "// Cart 1.0.0\nexport default 1", "-"),
            ("jquery-init.js", "$(function(){ window.VERSION = '1.0.0' })", "-"),
            ("util.js", "/* Copyright 2016-2020 Example. Version 2.0 of the licence */", "-"),
            ("index-3f2a1b.js", "const VERSION='1.2.3';", "-"),
        ] {
            assert_eq!(of(path, text), expected, "{path}: {text}");
        }
    }

    #[test]
    fn names_of_files() {
        for (name, expected) in [
            ("jquery-1.12.4.min.js", "jquery"),
            ("bootstrap.bundle.min.js", "bootstrap"),
            ("jquery-ui.min.js", "jquery-ui"),
            ("vue.js", "vue"),
            ("chart.umd.js", "chart"),
        ] {
            assert_eq!(stem(name), expected, "{name}");
        }
    }
}
