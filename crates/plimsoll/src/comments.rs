//! Comments of the app's files. Front ends give those of the languages they read; for others a scanner tells comments from
//! texts in quotes as far as that goes without a grammar. In doubt it is no comment: a waiver that is not seen does no harm.

use plimsoll_source::{FileId, SourceFile, SourceTree};

/// A comment, its signs included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Comment {
    pub(crate) file: FileId,
    /// First byte.
    pub(crate) start: u32,
    /// One past the last.
    pub(crate) end: u32,
}

impl Comment {
    /// Whether nothing else stands on its lines (braces around it are part of a comment in JSX).
    pub(crate) fn is_alone(&self, text: &str) -> bool {
        let before = text.get(..self.start as usize).and_then(|before| before.rsplit('\n').next()).unwrap_or("");
        let after = text.get(self.end as usize..).and_then(|after| after.split('\n').next()).unwrap_or("");
        [before, after].iter().all(|part| part.chars().all(|c| c.is_whitespace() || matches!(c, '{' | '}')))
    }
}

/// The comments that contain a text, in the order of files and positions.
pub(crate) fn that_mention(tree: &SourceTree, needle: &str) -> Vec<Comment> {
    let mut out = Vec::new();
    for (id, file) in tree.iter() {
        if !file.text().contains(needle) {
            continue;
        }
        let of_file = ranges(id, file).into_iter().filter(|&(start, end)| {
            file.text().get(start as usize..end as usize).is_some_and(|text| text.contains(needle))
        });
        out.extend(of_file.map(|(start, end)| Comment { file: id, start, end }));
    }
    out.sort();
    out.dedup();
    out
}

fn ranges(id: FileId, file: &SourceFile) -> Vec<(u32, u32)> {
    let modules = plimsoll_syntax::parse(id, file);
    let mut out: Vec<(u32, u32)> =
        modules.iter().flat_map(|module| &module.comments).map(|range| (range.start, range.end)).collect();
    let scanned = match form(file) {
        Form::Parsed => Vec::new(),
        Form::Markup { fences } => markup(file.text(), fences),
        Form::Scanned(style) => scan(file.text(), style),
        Form::Unknown => Vec::new(),
    };
    let narrow = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    out.extend(scanned.into_iter().map(|(start, end)| (narrow(start), narrow(end))));
    out
}

enum Form {
    /// A front end has given them all.
    Parsed,
    /// HTML, components and templates: what stands outside the scripts. In Markdown code in fences is skipped.
    Markup {
        fences: bool,
    },
    Scanned(&'static Style),
    Unknown,
}

fn form(file: &SourceFile) -> Form {
    let name = file.name().to_ascii_lowercase();
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    if name.starts_with(".env") || name.starts_with("dockerfile") || name == "makefile" || name == ".htaccess" {
        return Form::Scanned(&HASH);
    }
    match extension {
        "js" | "mjs" | "cjs" | "jsx" | "ts" | "mts" | "cts" | "tsx" | "py" | "pyw" => Form::Parsed,
        "html" | "htm" | "vue" | "svelte" | "astro" | "php" | "phtml" | "inc" | "ejs" | "hbs" | "handlebars"
        | "twig" | "jinja" | "jinja2" | "j2" | "njk" | "mustache" | "erb" | "liquid" | "jsp" | "cshtml" | "razor"
        | "xml" | "svg" => Form::Markup { fences: false },
        "md" | "mdx" | "markdown" => Form::Markup { fences: true },
        "yml" | "yaml" | "toml" | "sh" | "bash" | "zsh" | "env" | "rb" | "conf" | "txt" | "graphql" | "gql" | "pl"
        | "r" | "ex" | "exs" => Form::Scanned(&HASH),
        "cfg" | "ini" | "properties" => Form::Scanned(&INI),
        "sql" => Form::Scanned(&SQL),
        "go" | "java" | "kt" | "kts" | "cs" | "rs" | "swift" | "dart" | "scala" | "groovy" | "gradle" | "prisma"
        | "rules" | "json" | "jsonc" | "json5" | "proto" | "c" | "h" | "cpp" | "tf" => Form::Scanned(&C_LIKE),
        "css" | "scss" | "less" => Form::Scanned(&CSS),
        _ => Form::Unknown,
    }
}

/// How a language writes comments and texts.
struct Style {
    line: &'static [&'static str],
    /// A sign of a line comment counts only at the start of a word: `a#b` is a value.
    at_word: bool,
    block: &'static [(&'static str, &'static str)],
    quotes: &'static [Quote],
    /// PostgreSQL's `$tag$ … $tag$`.
    dollar: bool,
}

/// A text in quotes; the same sign opens and closes it.
struct Quote {
    sign: &'static str,
    escapes: bool,
    /// It may go over lines.
    long: bool,
}

const fn quote(sign: &'static str, escapes: bool, long: bool) -> Quote {
    Quote { sign, escapes, long }
}

static HASH: Style = Style {
    line: &["#"],
    at_word: true,
    block: &[],
    quotes: &[
        quote("\"\"\"", true, true),
        quote("'''", false, true),
        quote("\"", true, false),
        quote("'", false, false),
        quote("`", false, false),
    ],
    dollar: false,
};
/// Values stand without quotes, and an apostrophe is one.
static INI: Style = Style { line: &["#", ";"], at_word: true, block: &[], quotes: &[], dollar: false };
static SQL: Style = Style {
    line: &["--"],
    at_word: false,
    block: &[("/*", "*/")],
    quotes: &[quote("'", false, true), quote("\"", false, true), quote("`", false, true)],
    dollar: true,
};
static C_LIKE: Style = Style {
    line: &["//"],
    at_word: false,
    block: &[("/*", "*/")],
    quotes: &[quote("\"\"\"", true, true), quote("\"", true, false), quote("'", true, false), quote("`", false, true)],
    dollar: false,
};
static CSS: Style = Style {
    line: &[],
    at_word: false,
    block: &[("/*", "*/")],
    quotes: &[quote("\"", true, false), quote("'", true, false)],
    dollar: false,
};

fn starts(text: &str, at: usize, sign: &str) -> bool {
    text.as_bytes().get(at..).is_some_and(|rest| rest.starts_with(sign.as_bytes()))
}

/// Where the next `sign` begins, from `from`.
fn next(text: &str, from: usize, sign: &str) -> Option<usize> {
    text.get(from..).and_then(|rest| rest.find(sign)).map(|at| from + at)
}

fn scan(text: &str, style: &Style) -> Vec<(usize, usize)> {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        // All signs are ASCII: a position inside a longer character matches none.
        if let Some((open, close)) = style.block.iter().find(|(open, _)| starts(text, at, open)) {
            let end = next(text, at + open.len(), close).map_or(bytes.len(), |end| end + close.len());
            out.push((at, end));
            at = end;
        } else if style.line.iter().any(|sign| starts(text, at, sign))
            && (!style.at_word || at == 0 || bytes[at - 1].is_ascii_whitespace())
        {
            let end = next(text, at, "\n").unwrap_or(bytes.len());
            out.push((at, end));
            at = end;
        } else if style.dollar && bytes[at] == b'$' {
            at = dollar(text, at);
        } else if let Some(quote) = style.quotes.iter().find(|quote| starts(text, at, quote.sign)) {
            at = quoted(text, at, quote);
        } else {
            at += 1;
        }
    }
    out
}

/// One past the end of a text in quotes.
fn quoted(text: &str, start: usize, quote: &Quote) -> usize {
    let bytes = text.as_bytes();
    let mut at = start + quote.sign.len();
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if quote.escapes => at += 2,
            b'\n' if !quote.long => return at,
            _ if starts(text, at, quote.sign) => return at + quote.sign.len(),
            _ => at += 1,
        }
    }
    bytes.len()
}

/// One past the end of `$tag$ … $tag$`, or past the dollar where it opens nothing.
fn dollar(text: &str, start: usize) -> usize {
    let rest = text.as_bytes().get(start + 1..).unwrap_or_default();
    let tag = rest.iter().take(64).take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
    if rest.get(tag) != Some(&b'$') {
        return start + 1;
    }
    let after = start + tag + 2;
    let sign = text.get(start..after).unwrap_or("$$");
    next(text, after, sign).map_or(text.len(), |end| end + sign.len())
}

/// Comments of markup and templates.
const COMMENTS: [(&str, &str); 6] =
    [("<!--", "-->"), ("{{--", "--}}"), ("{{!--", "--}}"), ("{#", "#}"), ("<%--", "--%>"), ("<%#", "%>")];
/// Code in markup: what is a comment in it is for the front end of its language.
const CODE: [(&str, &str); 5] = [("<?", "?>"), ("<%", "%>"), ("{{", "}}"), ("{%", "%}"), ("@{", "}")];
/// Elements whose content is no markup.
const RAW: [&str; 4] = ["script", "style", "textarea", "title"];

fn markup(text: &str, fences: bool) -> Vec<(usize, usize)> {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    // Frontmatter is code (Astro) or data.
    if text.starts_with("---\n") || text.starts_with("---\r\n") {
        at = next(text, 4, "\n---").map_or(0, |end| end + 4);
    }
    while at < bytes.len() {
        let is_line_start = at == 0 || bytes[at - 1] == b'\n';
        if fences && is_line_start && (starts(text, at, "```") || starts(text, at, "~~~")) {
            let fence = text.get(at..at + 3).unwrap_or("```");
            let close = format!("\n{fence}");
            at = next(text, at + 3, &close).map_or(bytes.len(), |end| end + close.len());
        } else if fences && bytes[at] == b'`' {
            at = quoted(text, at, &quote("`", false, false));
        } else if let Some((open, close)) = COMMENTS.iter().find(|(open, _)| starts(text, at, open)) {
            let end = next(text, at + open.len(), close).map_or(bytes.len(), |end| end + close.len());
            out.push((at, end));
            at = end;
        } else if let Some((open, close)) = CODE.iter().find(|(open, _)| starts(text, at, open)) {
            at = next(text, at + open.len(), close).map_or(bytes.len(), |end| end + close.len());
        } else if bytes[at] == b'<' && bytes.get(at + 1).is_some_and(u8::is_ascii_alphabetic) {
            at = tag(text, at);
        } else {
            at += 1;
        }
    }
    out
}

/// One past a start tag, its attributes in quotes skipped, and past the content of a script or style.
fn tag(text: &str, start: usize) -> usize {
    let bytes = text.as_bytes();
    let mut at = start + 1;
    let name_end = at + bytes[at..].iter().take(16).take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let name = text.get(at..name_end).unwrap_or("").to_ascii_lowercase();
    while at < bytes.len() && bytes[at] != b'>' {
        match bytes[at] {
            b'"' => at = quoted(text, at, &quote("\"", false, true)),
            b'\'' => at = quoted(text, at, &quote("'", false, true)),
            _ => at += 1,
        }
    }
    at = (at + 1).min(bytes.len());
    if !RAW.contains(&name.as_str()) || (at >= 2 && bytes.get(at - 2) == Some(&b'/')) {
        return at;
    }
    let mut from = at;
    while let Some(close) = next(text, from, "</") {
        let end = close + 2;
        if text.get(end..end + name.len()).is_some_and(|found| found.eq_ignore_ascii_case(&name)) {
            return end;
        }
        from = end;
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use plimsoll_source::SourceTree;

    use super::that_mention;

    fn found(path: &str, text: &str) -> Vec<String> {
        let tree = SourceTree::from_texts([(path, text)]);
        let text = |comment: super::Comment| {
            tree.file(comment.file).text()[comment.start as usize..comment.end as usize].trim().to_owned()
        };
        that_mention(&tree, "W:").into_iter().map(text).collect()
    }

    #[test]
    fn comments_and_no_texts() {
        for (path, text, expected) in [
            ("a.ts", "const a = \"// W: no\"; // W: yes\nconst b = `/* W: no */`;", vec!["// W: yes"]),
            ("a.tsx", "const a = <p>{/* W: yes */} // W: no</p>;", vec!["/* W: yes */"]),
            ("a.js", "const r = /[/]/; /* W: yes */", vec!["/* W: yes */"]),
            ("a.py", "a = '# W: no'\n\"\"\"\n# W: no\n\"\"\"\nb = 1  # W: yes\n", vec!["# W: yes"]),
            (
                "a.php",
                "<!-- W: one --><?php $a = '// W: no'; // W: two\n# W: three\n?>",
                vec!["<!-- W: one -->", "// W: two", "# W: three"],
            ),
            (
                "a.vue",
                "<template><!-- W: one --><p title=\"<!-- W: no -->\"/></template>\n<script>\nlet s = '<!-- W: no -->' // W: two\n</script>",
                vec!["<!-- W: one -->", "// W: two"],
            ),
            ("a.html", "<script>var s = \"<!-- W: no -->\";</script><!-- W: yes -->", vec!["<!-- W: yes -->"]),
            ("a.blade.php", "{{-- W: one --}} {{ '<!-- W: no -->' }}", vec!["{{-- W: one --}}"]),
            (
                "a.sql",
                "select '-- W: no', $$ -- W: no $$, $1; -- W: one\n/* W: two */ select 'it''s -- W: no'",
                vec!["-- W: one", "/* W: two */"],
            ),
            ("a.yml", "a: \"# W: no\"\nb: x#W: no\nc: d # W: one\n# W: two", vec!["# W: one", "# W: two"]),
            (".env", "KEY='# W: no'\n# W: yes", vec!["# W: yes"]),
            ("Dockerfile", "# W: yes\nRUN echo '# W: no'", vec!["# W: yes"]),
            ("a.go", "var a = `\n// W: no\n`\nvar b = '\"' // W: yes", vec!["// W: yes"]),
            ("a.css", "a { content: '/* W: no */' } /* W: yes */", vec!["/* W: yes */"]),
            ("README.md", "`<!-- W: no -->`\n```html\n<!-- W: no -->\n```\n<!-- W: yes -->", vec!["<!-- W: yes -->"]),
            ("a.json", "{\"a\": \"// W: no\"}", vec![]),
            ("a.png", "// W: no", vec![]),
        ] {
            assert_eq!(found(path, text), expected, "{path}");
        }
    }

    #[test]
    fn ends_of_files() {
        for path in ["a.html", "a.sql", "a.yml", "a.go", "a.css", "a.md", "a.vue", "a.php"] {
            for text in [
                "W:",
                "/* W:",
                "<!-- W:",
                "'W:\\",
                "$$W:",
                "$a$W:",
                "<script>W:",
                "<a b=\"W:",
                "---\nW:",
                "```W:",
                "é'é\\",
                "<script",
                "{#W:",
                "`W:",
                "<",
                "$",
            ] {
                found(path, &format!("é{text}"));
                found(path, text);
            }
        }
    }
}
