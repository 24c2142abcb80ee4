//! The script blocks of pages and components.

use std::ops::Range;

/// What kind of file the blocks are cut from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Container {
    /// A page: scripts stand anywhere in the markup.
    Html,
    /// A Vue component.
    Vue,
    /// A Svelte component.
    Svelte,
    /// An Astro page: TypeScript between `---` first, then markup.
    Astro,
}

/// A script: where its text is and in which language it is written (`js`, `ts`, `tsx` … or what `lang` says).
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) range: Range<usize>,
    pub(super) language: String,
}

/// Cuts the scripts of a file, in order. A script with `src` and no text, and data (`application/json` …), is none.
pub(super) fn cut(text: &str, container: Container) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut at = 0;
    if container == Container::Astro
        && let Some((range, end)) = frontmatter(text)
    {
        if !text.get(range.clone()).unwrap_or("").trim().is_empty() {
            blocks.push(Block { range, language: "ts".into() });
        }
        at = end;
    }
    let bytes = text.as_bytes();
    while let Some(open) = find(bytes, at, b'<') {
        at = open + 1;
        if bytes[at..].starts_with(b"!--") {
            at = find_text(bytes, at + 3, b"-->").map_or(bytes.len(), |end| end + 3);
            continue;
        }
        if !bytes.get(at).is_some_and(u8::is_ascii_alphabetic) {
            continue;
        }
        let tag = tag(text, at);
        at = tag.end;
        // The content of these elements is text for a browser: a `<script` in it is none. Component files know no
        // such elements: in a template, `<title>` may hold whatever its framework allows.
        let raw = match tag.name.to_ascii_lowercase().as_str() {
            "script" => "script",
            "style" => "style",
            "textarea" if container == Container::Html => "textarea",
            "title" if container == Container::Html => "title",
            _ => continue,
        };
        if tag.self_closing && (raw == "script" || raw == "style") && container != Container::Html {
            continue;
        }
        let end = closing(bytes, at, raw);
        if raw == "script" {
            let body = at..end;
            let is_blank = text.get(body.clone()).unwrap_or("").trim().is_empty();
            if !is_blank && let Some(language) = language(&tag, container) {
                blocks.push(Block { range: body, language });
            }
        }
        at = end;
    }
    blocks
}

/// An opening tag.
pub(super) struct Tag<'t> {
    pub(super) name: &'t str,
    pub(super) attributes: Vec<(String, &'t str)>,
    self_closing: bool,
    /// One past its `>`.
    pub(super) end: usize,
}

/// Reads the tag whose name begins at `start`.
pub(super) fn tag(text: &str, start: usize) -> Tag<'_> {
    let bytes = text.as_bytes();
    let slice = |range: Range<usize>| text.get(range).unwrap_or("");
    let is_end = |byte: u8| byte.is_ascii_whitespace() || byte == b'>' || byte == b'/';
    let mut at = start;
    while bytes.get(at).is_some_and(|&byte| !is_end(byte)) {
        at += 1;
    }
    let mut tag = Tag { name: slice(start..at), attributes: Vec::new(), self_closing: false, end: bytes.len() };
    loop {
        while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
            at += 1;
        }
        match bytes.get(at) {
            None => return tag,
            Some(b'>') => {
                tag.end = at + 1;
                return tag;
            }
            Some(b'/') => {
                at += 1;
                tag.self_closing = bytes.get(at) == Some(&b'>');
                continue;
            }
            // An expression of a template language as an attribute: `{...rest}`, `{a > b}`.
            Some(b'{') => {
                at = after_braces(bytes, at);
                continue;
            }
            Some(_) => {}
        }
        let name = at;
        at += 1;
        while bytes.get(at).is_some_and(|&byte| !is_end(byte) && byte != b'=') {
            at += 1;
        }
        let name = slice(name..at).to_ascii_lowercase();
        let mut next = at;
        while bytes.get(next).is_some_and(u8::is_ascii_whitespace) {
            next += 1;
        }
        if bytes.get(next) != Some(&b'=') {
            tag.attributes.push((name, ""));
            continue;
        }
        at = next + 1;
        while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
            at += 1;
        }
        let value = match bytes.get(at) {
            Some(&quote @ (b'"' | b'\'')) => {
                let from = at + 1;
                let to = find(bytes, from, quote).unwrap_or(bytes.len());
                at = (to + 1).min(bytes.len());
                slice(from..to)
            }
            Some(b'{') => {
                let from = at;
                at = after_braces(bytes, at);
                slice(from..at)
            }
            _ => {
                let from = at;
                while bytes.get(at).is_some_and(|&byte| !byte.is_ascii_whitespace() && byte != b'>') {
                    at += 1;
                }
                slice(from..at)
            }
        };
        tag.attributes.push((name, value));
    }
}

/// After the brace that closes the one at `open`; where none does within the length of a sensible expression, after
/// what was looked at, so that unclosed braces do not cost the square of their number.
pub(super) fn after_braces(bytes: &[u8], open: usize) -> usize {
    const LONGEST: usize = 4096;
    let mut depth = 0_usize;
    for (at, &byte) in bytes.iter().enumerate().skip(open).take(LONGEST) {
        match byte {
            b'{' => depth += 1,
            b'}' if depth <= 1 => return at + 1,
            b'}' => depth -= 1,
            _ => {}
        }
    }
    open.saturating_add(LONGEST).min(bytes.len())
}

/// Where the content of a raw element ends: at the first `</name`, even inside a string, as in browsers.
pub(super) fn closing(bytes: &[u8], from: usize, name: &str) -> usize {
    let mut at = from;
    while let Some(open) = find_text(bytes, at, b"</") {
        at = open + 2;
        let end = at + name.len();
        let is_name = bytes.get(at..end).is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes()));
        let is_over = bytes.get(end).is_none_or(|&byte| byte.is_ascii_whitespace() || byte == b'>' || byte == b'/');
        if is_name && is_over {
            return open;
        }
    }
    bytes.len()
}

/// The language of a script, or none when it is data.
fn language(tag: &Tag, container: Container) -> Option<String> {
    let attribute = |name: &str| tag.attributes.iter().find(|(other, _)| other == name).map(|(_, value)| value.trim());
    if let Some(language) = attribute("lang").filter(|language| !language.is_empty()) {
        return Some(language.to_ascii_lowercase());
    }
    let kind = attribute("type").unwrap_or("").to_ascii_lowercase();
    let kind = kind.split(';').next().unwrap_or("").trim();
    let default = if container == Container::Astro { "ts" } else { "js" };
    match kind {
        "" | "module" | "text/partytown" => Some(default.into()),
        "text/babel" | "text/jsx" | "application/jsx" => Some("jsx".into()),
        "text/typescript" | "application/typescript" | "ts" => Some("ts".into()),
        kind if kind.ends_with("javascript") || kind.ends_with("ecmascript") => Some("js".into()),
        _ => None,
    }
}

/// The text between the `---` fences an Astro file begins with, and where the markup begins.
fn frontmatter(text: &str) -> Option<(Range<usize>, usize)> {
    let open = text.find("---")?;
    let before = text.get(..open)?.trim_start_matches('\u{feff}').trim();
    if !before.is_empty() && !before.starts_with("<!--") {
        return None;
    }
    let start = open + 3;
    let mut at = start;
    for line in text.get(start..)?.split_inclusive('\n') {
        let indent = line.len() - line.trim_start().len();
        if at > start && line.trim_start().starts_with("---") {
            return Some((start..at, at + indent + 3));
        }
        at += line.len();
    }
    // A fence on the same line, or none at all.
    match text.get(start..)?.find("---") {
        Some(length) => Some((start..start + length, start + length + 3)),
        None => Some((start..text.len(), text.len())),
    }
}

pub(super) fn find(bytes: &[u8], from: usize, byte: u8) -> Option<usize> {
    bytes.get(from..)?.iter().position(|&other| other == byte).map(|at| from + at)
}

pub(super) fn find_text(bytes: &[u8], from: usize, text: &[u8]) -> Option<usize> {
    bytes.get(from..)?.windows(text.len()).position(|window| window == text).map(|at| from + at)
}

#[cfg(test)]
mod tests {
    use super::{Container, cut};

    fn scripts(text: &str, container: Container) -> Vec<(&str, String)> {
        cut(text, container).into_iter().map(|block| (&text[block.range], block.language)).collect()
    }

    fn html(text: &str) -> Vec<&str> {
        scripts(text, Container::Html).into_iter().map(|(text, _)| text).collect()
    }

    #[test]
    fn pages() {
        assert_eq!(html("<p>a</p><SCRIPT>b</Script><script type=module>c</script >"), ["b", "c"]);
        assert_eq!(html("<script>a = '</script>' + b</script>"), ["a = '"]);
        assert_eq!(html("<script>a </scripty> b</script>"), ["a </scripty> b"]);
        assert_eq!(html("<script src=a.js></script><script src='b.js'> </script><script>c"), ["c"]);
        assert_eq!(html("<!-- <script>a</script> --><style><script></style><textarea><script>b</textarea>"), [""; 0]);
        assert_eq!(html("<script type='application/ld+json'>{}</script><script type=importmap>{}</script>"), [""; 0]);
        assert_eq!(html("<script type='text/javascript; charset=utf-8' async>a</script>"), ["a"]);
        assert_eq!(html("<div title='<script>a</script>' data-x=\"a > b\"></div><script>b</script>"), ["b"]);
        assert_eq!(html("a < b <script>c</script"), ["c"]);
        assert_eq!(html("<script"), [""; 0]);
        assert_eq!(scripts("<script type=text/babel>a</script>", Container::Html), [("a", "jsx".into())]);
    }

    #[test]
    fn components() {
        let vue = "<template><a :b=\"c > d\" v-if=\"e < f\"/></template>\n<script setup lang=\"ts\">\na\n</script>";
        assert_eq!(scripts(vue, Container::Vue), [("\na\n", "ts".into())]);
        let svelte =
            "<script context='module'>a</script><script lang=ts>b</script>{#if c < d}<p {...e} f={g > h}/>{/if}";
        assert_eq!(scripts(svelte, Container::Svelte), [("a", "js".into()), ("b", "ts".into())]);
        let astro =
            "---\nconst a = 'x---y';\n---\n<b/><script>c</script><script is:inline define:vars={{ d }}>e</script>";
        let blocks = scripts(astro, Container::Astro);
        assert_eq!(blocks.iter().map(|(text, _)| *text).collect::<Vec<_>>(), ["\nconst a = 'x---y';\n", "c", "e"]);
        assert_eq!(scripts("<a/>", Container::Astro), []);
        assert_eq!(scripts("---\na", Container::Astro), [("\na", "ts".into())]);
    }
}
