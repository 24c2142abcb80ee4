//! Templates: places where escaping is switched off.

use plimsoll_model::App;
use plimsoll_model::app::{Flow, Sink, Source};
use plimsoll_source::{SourceTree, Span};

/// A way to put markup in unescaped: what begins the expression, what ends it, and what must be in between.
struct Raw {
    name: &'static str,
    open: &'static str,
    close: &'static str,
    must: &'static str,
    extensions: &'static [&'static str],
}

const RAW: &[Raw] = &[
    Raw {
        name: "|safe",
        open: "{{",
        close: "}}",
        must: "safe",
        extensions: &["html", "htm", "jinja", "jinja2", "j2", "txt", "njk", "twig"],
    },
    Raw { name: "|raw", open: "{{", close: "}}", must: "raw", extensions: &["twig", "html"] },
    Raw { name: "{!! !!}", open: "{!!", close: "!!}", must: "", extensions: &["php"] },
    Raw { name: "<%- %>", open: "<%-", close: "%>", must: "", extensions: &["ejs", "html"] },
    Raw { name: "{{{ }}}", open: "{{{", close: "}}}", must: "", extensions: &["hbs", "handlebars", "mustache"] },
    Raw { name: "v-html", open: "v-html=\"", close: "\"", must: "", extensions: &["vue", "html"] },
    Raw { name: "{@html}", open: "{@html", close: "}", must: "", extensions: &["svelte"] },
];

pub(crate) fn observe(tree: &SourceTree, app: &mut App) {
    for (id, file) in tree.iter() {
        let extension = file.extension().to_ascii_lowercase();
        let text = file.text();
        for raw in RAW.iter().filter(|raw| raw.extensions.contains(&extension.as_str())) {
            let mut from = 0;
            while let Some(at) = text[from..].find(raw.open) {
                let start = from + at;
                let inside = start + raw.open.len();
                let Some(length) = text[inside..].find(raw.close) else { break };
                let end = inside + length + raw.close.len();
                from = end;
                let expression = text[inside..inside + length].trim();
                if !is_raw(expression, raw) || is_harmless(expression) {
                    continue;
                }
                let name = expression.split(['|', '(', ' ']).find(|part| !part.is_empty()).unwrap_or(expression);
                let span = Span::new(id, u32::try_from(start).unwrap_or(0), u32::try_from(end).unwrap_or(0));
                app.flows.push(Flow {
                    source: Source::Stored,
                    source_name: name.chars().take(60).collect(),
                    sink: Sink::Html,
                    sink_name: raw.name.to_owned(),
                    from: span,
                    to: span,
                    entry: None,
                    limit: String::new(),
                });
            }
        }
    }
}

fn is_raw(expression: &str, raw: &Raw) -> bool {
    raw.must.is_empty() || expression.rsplit('|').next().is_some_and(|filter| filter.trim() == raw.must)
}

/// Expressions that put in no text of others: JSON for scripts, parts of the page itself, what was sanitised.
fn is_harmless(expression: &str) -> bool {
    const WORDS: &[&str] = &[
        "tojson",
        "json",
        "qrcode",
        "json_encode",
        "JSON.stringify",
        "include",
        "partial",
        "yield",
        "csrf",
        "sanitize",
        "purify",
        "escape",
        "markdown_safe",
        "form.",
        "as_p",
        "super()",
        "caller()",
        "body",
        "content_for",
        "asset",
        "vite",
        "nonce",
        "strip_tags",
        "i18n",
        "$t(",
        "__(",
        "trans(",
        "svg",
        "icon",
    ];
    let lower = expression.to_ascii_lowercase();
    let is_constant = expression.starts_with(['\'', '"', '`']) && !expression.contains(['$', '+']);
    is_constant || expression.is_empty() || WORDS.iter().any(|word| lower.contains(&word.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::observe;
    use plimsoll_model::App;
    use plimsoll_source::SourceTree;

    #[test]
    fn only_raw_text_of_others() {
        let tree = SourceTree::from_texts([
            ("templates/a.html", "{{ note|safe }} {{ note }} {{ data|tojson|safe }} {{ form.as_p|safe }}"),
            ("b.blade.php", "{!! $post->text !!} {{ $post->text }} {!! csrf_field() !!}"),
            ("c.ejs", "<%- include('head') %><%- comment %><%= comment %>"),
        ]);
        let mut app = App::default();
        observe(&tree, &mut app);
        let names: Vec<&str> = app.flows.iter().map(|flow| flow.source_name.as_str()).collect();
        assert_eq!(names, ["$post->text", "comment", "note"]);
    }
}
