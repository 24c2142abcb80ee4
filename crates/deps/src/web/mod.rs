//! Libraries that reach the browser without a package manager: loaded from a public network by a page, or copied into
//! the app.

mod address;
mod copies;

use std::cell::LazyCell;

use plimsoll_source::{FileId, SourceFile, SourceTree, Span};

pub use address::{Address, address};

use crate::doc;
use crate::lockfile::Inventory;
use crate::lockfile::dir_of;
use crate::package::{Ecosystem, Means, Origin, Package, Pinned, Scope, Seen};

/// How a program of another site is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoadedBy {
    /// A `<script>` element.
    Tag,
    /// A line of an import map.
    ImportMap,
    /// A text in code: `import … from`, `import()`, `importScripts`, `script.src = …`.
    Code,
}

/// A program of another site that the app loads.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// Where: the element, or the text in the code.
    pub span: Span,
    /// From where, as written.
    pub address: String,
    /// How.
    pub by: LoadedBy,
    /// The browser compares it with a fingerprint.
    pub has_integrity: bool,
}

const PAGES: &[&str] = &[
    "html",
    "htm",
    "xhtml",
    "php",
    "phtml",
    "ejs",
    "hbs",
    "handlebars",
    "mustache",
    "jinja",
    "jinja2",
    "j2",
    "njk",
    "twig",
    "erb",
    "cshtml",
    "razor",
    "jsp",
    "liquid",
    "tmpl",
    "gohtml",
    "vue",
    "svelte",
    "astro",
    "jsx",
    "tsx",
    "js",
    "ts",
];
const CODE: &[&str] = &["js", "jsx", "mjs", "cjs", "ts", "tsx", "mts", "vue", "svelte", "astro"];

/// Larger code is a bundle or data.
const MAX_CODE: usize = 512 << 10;

/// The programs of other sites that a file loads.
pub fn loaded(id: FileId, file: &SourceFile) -> Vec<Loaded> {
    let text = file.text();
    let extension = file.extension().to_ascii_lowercase();
    let mut out = Vec::new();
    if !PAGES.contains(&extension.as_str()) && !CODE.contains(&extension.as_str()) || !text.contains("//") {
        return out;
    }
    let is_code = CODE.contains(&extension.as_str());
    if is_code && (text.len() > MAX_CODE || is_built(&file.path)) {
        return out;
    }
    // Most code loads nothing, and then nobody asks where its comments are.
    let comments = LazyCell::new(|| joined(if is_code { code_comments(text) } else { markup_comments(text) }));
    let mut tags: Vec<(usize, usize)> = Vec::new();
    let mut from = 0;
    while let Some(start) = find_tag(text, from) {
        let Some(end) = tag_end(text, start) else { break };
        from = end;
        if within(&comments, start) {
            continue;
        }
        let tag = &text[start..end];
        tags.push((start, end));
        if let Some(address) = attribute(tag, "src") {
            if is_remote(&address) {
                let has_integrity = attribute(tag, "integrity").is_some_and(|value| !value.trim().is_empty());
                let span = span(id, start, end);
                out.push(Loaded { span, address, by: LoadedBy::Tag, has_integrity });
            }
            continue;
        }
        let is_map = attribute(tag, "type").is_some_and(|kind| kind.eq_ignore_ascii_case("importmap"));
        if is_code && !is_map {
            continue;
        }
        // Up to its end nothing is a tag. Each body is looked at once, however many begin.
        let close = end_tag(text, end);
        from = close.unwrap_or(text.len());
        if is_map {
            import_map(id, text, end, from, &mut out);
        } else {
            // A module's own imports, and what an inline script adds to the page.
            let comments = LazyCell::new(|| joined(code_comments_in(text, end, from)));
            in_code(id, text, end, from, |at| within(&comments, at), &mut out);
        }
    }
    if is_code {
        in_code(id, text, 0, text.len(), |at| within(&tags, at) || within(&comments, at), &mut out);
    }
    out
}

fn span(id: FileId, start: usize, end: usize) -> Span {
    Span::new(id, u32::try_from(start).unwrap_or(0), u32::try_from(end).unwrap_or(u32::MAX))
}

fn is_remote(address: &str) -> bool {
    ["https://", "http://", "//"].iter().any(|scheme| address.starts_with(scheme))
}

/// The next `<script` element (or Next.js's `<Script`).
fn find_tag(text: &str, from: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = from;
    while let Some(found) = bytes.get(at..)?.iter().position(|byte| *byte == b'<').map(|offset| at + offset) {
        let name = bytes.get(found + 1..found + 7).unwrap_or_default();
        let behind = bytes.get(found + 7).copied().unwrap_or(b' ');
        if name.eq_ignore_ascii_case(b"script") && !behind.is_ascii_alphanumeric() && behind != b'-' {
            return Some(found);
        }
        at = found + 1;
    }
    None
}

/// Where a tag ends, behind its `>`; quotes and braces may hold one.
fn tag_end(text: &str, start: usize) -> Option<usize> {
    let (mut quote, mut depth) = (None, 0usize);
    for (offset, byte) in text.bytes().enumerate().skip(start).take(8_000) {
        match (quote, byte) {
            (Some(open), byte) if open == byte => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'' | b'`') => quote = Some(byte),
            (None, b'{') => depth += 1,
            (None, b'}') => depth = depth.saturating_sub(1),
            (None, b'>') if depth == 0 => return Some(offset + 1),
            _ => {}
        }
    }
    // An odd quote or brace: the next `>` then.
    text.get(start..)?.find('>').map(|length| start + length + 1)
}

/// Where the next `</script` stands.
fn end_tag(text: &str, from: usize) -> Option<usize> {
    let ends =
        |at: &usize| text.as_bytes().get(at + 2..at + 8).is_some_and(|name| name.eq_ignore_ascii_case(b"script"));
    text.get(from..)?.match_indices("</").map(|(offset, _)| from + offset).find(ends)
}

/// An attribute's value: `a="v"`, `a='v'`, `a=v`, `a={"v"}`.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let bytes = tag.as_bytes();
    for (at, _) in tag.match_indices(name) {
        let before = at.checked_sub(1).and_then(|at| bytes.get(at)).copied().unwrap_or(b' ');
        if !(before.is_ascii_whitespace() || before == b'"' || before == b'\'') {
            continue;
        }
        let rest = tag.get(at + name.len()..)?.trim_start();
        let Some(value) = rest.strip_prefix('=') else { continue };
        let value = value.trim_start();
        let value = value.strip_prefix('{').map_or(value, str::trim_start);
        let first = value.chars().next()?;
        return Some(match first {
            '"' | '\'' | '`' => value.get(1..)?.split(first).next().unwrap_or_default().trim().to_owned(),
            _ => value.split(|letter: char| letter.is_whitespace() || letter == '>').next()?.to_owned(),
        });
    }
    None
}

fn import_map(id: FileId, text: &str, start: usize, end: usize, out: &mut Vec<Loaded>) {
    let Some(body) = text.get(start..end) else { return };
    let Ok(map) = doc::json(body) else { return };
    let scopes = map.entries_of("scopes").iter().flat_map(|scope| scope.value.entries());
    for entry in map.entries_of("imports").iter().chain(scopes) {
        let Some(address) = entry.value.text().filter(|address| is_remote(address)) else { continue };
        let from = start + entry.start as usize;
        let to = start + entry.value.end as usize;
        let has_integrity = map.get("integrity").is_some_and(|known| known.get(address).is_some());
        out.push(Loaded {
            span: span(id, from, to),
            address: address.to_owned(),
            by: LoadedBy::ImportMap,
            has_integrity,
        });
    }
}

/// Addresses that stand as whole texts in code, where they name a program.
fn in_code(
    id: FileId,
    text: &str,
    start: usize,
    end: usize,
    is_left_out: impl Fn(usize) -> bool,
    out: &mut Vec<Loaded>,
) {
    let Some(code) = text.get(start..end) else { return };
    for (at, _) in code.match_indices("https://").chain(code.match_indices("http://")) {
        let at = start + at;
        let Some(quote) = text[..at].chars().next_back().filter(|quote| matches!(quote, '"' | '\'' | '`')) else {
            continue;
        };
        let Some(found) = text.get(at..end).and_then(|rest| rest.split([quote, '\n']).next()) else { continue };
        if is_program(found) && !is_left_out(at) {
            let span = span(id, at - 1, at + found.len() + 1);
            out.push(Loaded { span, address: found.to_owned(), by: LoadedBy::Code, has_integrity: false });
        }
    }
}

/// Whether an address in code names a program: by its ending, or because its host hands out nothing else.
fn is_program(address: &str) -> bool {
    let path = address.split(['?', '#']).next().unwrap_or(address);
    let host = path.split('/').nth(2).unwrap_or_default();
    let file = path.rsplit('/').next().unwrap_or_default();
    let is_module_host =
        matches!(host, "esm.sh" | "cdn.esm.sh" | "esm.run" | "cdn.skypack.dev" | "ga.jspm.io" | "jspm.dev");
    let other = [".css", ".json", ".wasm", ".png", ".svg", ".jpg", ".woff", ".woff2", ".ttf", ".map", ".d.ts"];
    let is_other = other.iter().any(|end| file.ends_with(end));
    let is_module = path.ends_with("/+esm") || file.ends_with(".js") || file.ends_with(".mjs");
    !address.contains("${") && !is_other && (is_module || is_module_host)
}

/// What was built or belongs to tests: its addresses are those of its source.
pub(crate) fn is_built(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let name = lower.rsplit('/').next().unwrap_or(&lower);
    let folders = [
        "dist",
        "build",
        "out",
        "coverage",
        ".output",
        "storybook-static",
        "vendor",
        "tests",
        "test",
        "__tests__",
        "__mocks__",
        "e2e",
        "cypress",
        "fixtures",
        "spec",
    ];
    name.contains(".min.")
        || name.contains(".test.")
        || name.contains(".spec.")
        || lower.split('/').rev().skip(1).any(|part| folders.contains(&part))
}

/// Sorted, and what overlaps made one.
fn joined(mut ranges: Vec<(usize, usize)>) -> Vec<(usize, usize)> {
    ranges.sort_unstable();
    let mut out: Vec<(usize, usize)> = Vec::with_capacity(ranges.len());
    for (start, end) in ranges {
        match out.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => out.push((start, end)),
        }
    }
    out
}

/// Whether a place lies in one of some sorted ranges.
fn within(ranges: &[(usize, usize)], at: usize) -> bool {
    let behind = ranges.partition_point(|(start, _)| *start <= at);
    behind.checked_sub(1).and_then(|last| ranges.get(last)).is_some_and(|(_, end)| at < *end)
}

fn markup_comments(text: &str) -> Vec<(usize, usize)> {
    let mut out = Vec::new();
    let mut from = 0;
    for (open, close) in [("<!--", "-->"), ("{#", "#}"), ("<%#", "%>"), ("{{!--", "--}}"), ("{{--", "--}}")] {
        while let Some(start) = text[from..].find(open).map(|at| from + at) {
            let end = text[start..].find(close).map_or(text.len(), |at| start + at + close.len());
            out.push((start, end));
            from = end;
        }
        from = 0;
    }
    out
}

fn code_comments(text: &str) -> Vec<(usize, usize)> {
    let mut out = code_comments_in(text, 0, text.len());
    // Single-file components have both kinds.
    out.extend(markup_comments(text).into_iter().filter(|(start, _)| text[*start..].starts_with("<!--")));
    out
}

/// Comments of JavaScript between two places. Regular expressions are not told from divisions; a `//` in one ends at the
/// line's end like any other.
fn code_comments_in(text: &str, start: usize, end: usize) -> Vec<(usize, usize)> {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut at = start;
    while at < end {
        let Some(&byte) = bytes.get(at) else { break };
        match (byte, bytes.get(at + 1)) {
            (b'"' | b'\'', _) => {
                // To the same quote in this line.
                let mut close = at + 1;
                while close < end && bytes[close] != byte && bytes[close] != b'\n' {
                    close += if bytes[close] == b'\\' { 2 } else { 1 };
                }
                at = close + 1;
            }
            (b'/', Some(b'/')) if at.checked_sub(1).and_then(|at| bytes.get(at)) != Some(&b':') => {
                let close = bytes[at..end].iter().position(|byte| *byte == b'\n').map_or(end, |length| at + length);
                out.push((at, close));
                at = close + 1;
            }
            (b'/', Some(b'*')) => {
                let close =
                    text.get(at + 2..end).and_then(|rest| rest.find("*/")).map_or(end, |length| at + length + 4);
                out.push((at, close));
                at = close;
            }
            _ => at += 1,
        }
    }
    out
}

/// Adds the packages that pages load and those that were copied into the app.
pub(crate) fn read(tree: &SourceTree, out: &mut Inventory) {
    for (id, file) in tree.iter() {
        if tree.is_git && file.git_ignored {
            continue;
        }
        let mut packages: Vec<Package> = Vec::new();
        for loaded in loaded(id, file) {
            let Some(address) = address(&loaded.address) else { continue };
            for (name, version) in address.packages {
                packages.push(package(name, version, Means::Loaded, loaded.span, &file.path));
            }
        }
        if !packages.is_empty() {
            let format = "scripts of a public network".to_owned();
            out.seen.push(Seen { path: file.path.clone(), format, packages: packages.len() });
        }
        if let Some(copy) = copies::copy(file) {
            let span = span(id, copy.start, copy.end);
            packages.push(package(copy.name.to_owned(), Pinned::Exact(copy.version), Means::Copied, span, &file.path));
            out.seen.push(Seen { path: file.path.clone(), format: "a copied library".to_owned(), packages: 1 });
        }
        out.packages.append(&mut packages);
    }
}

fn package(name: String, version: Pinned, means: Means, span: Span, path: &str) -> Package {
    Package {
        ecosystem: Ecosystem::Npm,
        purl: Ecosystem::Npm.purl(&name, version.exact()),
        path: vec![name.clone()],
        name,
        version,
        scope: Scope::Production,
        direct: true,
        span,
        manifest_span: Some(span),
        origin: Origin::Registry,
        workspace: dir_of(path).to_owned(),
        means,
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_source::SourceTree;

    use super::{LoadedBy, loaded};

    fn of(path: &str, text: &str) -> Vec<(String, LoadedBy, bool)> {
        let tree = SourceTree::from_texts([(path, text)]);
        let (id, file) = tree.iter().next().expect("file");
        loaded(id, file).into_iter().map(|it| (it.address, it.by, it.has_integrity)).collect()
    }

    #[test]
    fn tags_maps_and_modules_of_a_page() {
        let page = r#"<!-- <script src="https://unpkg.com/a@1.0.0"></script> -->
<SCRIPT>var a = "<script>";</SCRIPT><SCRIPT defer src='//unpkg.com/b@1.0.0' integrity="sha384-A"></SCRIPT>
<script data-x="a > b" src="https://unpkg.com/c@1.0.0"></script>
<script src="/own.js"></script>
<script type="importmap">{"imports": {"d": "https://esm.sh/d@1.0.0", "own": "/own.js"},
 "integrity": {"https://esm.sh/d@1.0.0": "sha384-A"}}</script>
<script type="module">
  // import x from "https://esm.sh/no@1.0.0";
  import e from "https://esm.sh/e@1.0.0";
  const url = "https://api.example/v1";
</script>"#;
        let found = of("index.html", page);
        assert_eq!(
            found,
            [
                ("//unpkg.com/b@1.0.0".to_owned(), LoadedBy::Tag, true),
                ("https://unpkg.com/c@1.0.0".to_owned(), LoadedBy::Tag, false),
                ("https://esm.sh/d@1.0.0".to_owned(), LoadedBy::ImportMap, true),
                ("https://esm.sh/e@1.0.0".to_owned(), LoadedBy::Code, false),
            ]
        );
    }

    #[test]
    fn code() {
        let code = r#"/* "https://unpkg.com/no@1.0.0/a.js" */
importScripts("https://unpkg.com/a@1.0.0/a.js");
script.src = 'https://cdnjs.cloudflare.com/ajax/libs/b/1.0.0/b.min.js';
const icon = "https://unpkg.com/leaflet@1.7.1/dist/images/marker-icon.png";
const say = "see https://unpkg.com/c@1.0.0/c.js";
export default () => <Head><Script src={"https://unpkg.com/d@1.0.0/d.js"} strategy="lazyOnload" /></Head>;"#;
        let addresses: Vec<String> = of("app/layout.tsx", code).into_iter().map(|it| it.0).collect();
        assert_eq!(
            addresses,
            [
                "https://unpkg.com/d@1.0.0/d.js",
                "https://unpkg.com/a@1.0.0/a.js",
                "https://cdnjs.cloudflare.com/ajax/libs/b/1.0.0/b.min.js",
            ]
        );
        assert!(of("dist/app.js", code).is_empty() && of("src/a.test.ts", code).is_empty());
        assert_eq!(of("a.vue", "<template><script src=\"https://unpkg.com/a@1.0.0\"></script></template>").len(), 1);
    }

    #[test]
    fn broken_markup_ends() {
        // Each byte is looked at a few times, not once for every tag.
        let many = "<script><!--x".repeat(200_000);
        let start = std::time::Instant::now();
        of("a.html", &many);
        of("a.html", &"<script src='//unpkg.com/a'>//https://".repeat(50_000));
        assert!(start.elapsed() < std::time::Duration::from_secs(20), "{:?}", start.elapsed());
        for text in ["<script", "<script src=", "<script src=\"https://unpkg.com/é", "<!--", "<script>'//", "{#"] {
            of("a.html", text);
            of("a.tsx", text);
        }
    }
}
