//! A rule's page: Markdown to HTML that cannot carry anything but text.

use pulldown_cmark::{CodeBlockKind, CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

/// The parser for pages: CommonMark with tables.
pub(crate) fn parser(markdown: &str) -> Parser<'_> {
    Parser::new_ext(markdown, Options::ENABLE_TABLES)
}

/// Text between HTML tags.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    out
}

/// The file that a fence is: `path=src/app.ts` in its info string.
pub(crate) fn fence_path(info: &str) -> Option<&str> {
    info.split_whitespace().find_map(|word| word.strip_prefix("path="))
}

/// Renders a page. HTML in it is shown as text, pictures are their description, links lead only to the web. Headings
/// begin at level 5, below the heading of a finding; the page's own title is left out.
pub(crate) fn to_html(markdown: &str) -> String {
    let mut events = Vec::new();
    let mut links: Vec<bool> = Vec::new();
    let mut in_title = false;
    let mut in_image = 0_u32;
    for event in parser(markdown) {
        let event = match event {
            Event::Start(Tag::Heading { level: HeadingLevel::H1, .. }) => {
                in_title = true;
                continue;
            }
            Event::End(TagEnd::Heading(HeadingLevel::H1)) => {
                in_title = false;
                continue;
            }
            _ if in_title => continue,
            Event::Start(Tag::Heading { level, classes: _, attrs: _, id: _ }) => {
                Event::Start(Tag::Heading { level: lower(level), id: None, classes: Vec::new(), attrs: Vec::new() })
            }
            Event::End(TagEnd::Heading(level)) => Event::End(TagEnd::Heading(lower(level))),
            Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
            Event::Start(Tag::HtmlBlock) => Event::Start(Tag::Paragraph),
            Event::End(TagEnd::HtmlBlock) => Event::End(TagEnd::Paragraph),
            Event::Start(Tag::Image { .. }) => {
                in_image += 1;
                continue;
            }
            Event::End(TagEnd::Image) => {
                in_image = in_image.saturating_sub(1);
                continue;
            }
            Event::Start(Tag::Link { link_type, dest_url, title: _, id: _ }) => {
                let allowed = dest_url.starts_with("https://") || dest_url.starts_with("http://");
                links.push(allowed);
                if !allowed {
                    continue;
                }
                Event::Start(Tag::Link { link_type, dest_url, title: CowStr::Borrowed(""), id: CowStr::Borrowed("") })
            }
            Event::End(TagEnd::Link) => {
                if !links.pop().unwrap_or(false) {
                    continue;
                }
                Event::End(TagEnd::Link)
            }
            Event::Start(Tag::CodeBlock(kind)) => {
                let caption = match &kind {
                    CodeBlockKind::Fenced(info) => fence_path(info).map(escape),
                    CodeBlockKind::Indented => None,
                };
                let caption = caption.map(|path| format!("<p class=\"path\">{path}</p>")).unwrap_or_default();
                Event::Html(format!("{caption}<pre><code>").into())
            }
            Event::End(TagEnd::CodeBlock) => Event::Html("</code></pre>\n".into()),
            other => other,
        };
        events.push(event);
    }
    let mut out = String::new();
    html::push_html(&mut out, events.into_iter());
    out
}

fn lower(level: HeadingLevel) -> HeadingLevel {
    match level {
        HeadingLevel::H1 | HeadingLevel::H2 => HeadingLevel::H5,
        HeadingLevel::H3 | HeadingLevel::H4 | HeadingLevel::H5 | HeadingLevel::H6 => HeadingLevel::H6,
    }
}

#[cfg(test)]
mod tests {
    use super::to_html;

    #[test]
    fn pages_carry_text_only() {
        let html = to_html(
            "# Title\n\nA <b>bold</b> <script>alert(1)</script> `a<b` [x](javascript:alert(1)) [y](https://example.org/) \
             ![pic <i>](https://example.org/p.png)\n\n<iframe src=x></iframe>\n\n## Part\n\n```tsx path=src/<a>.tsx\nif (a < b) \"c\"\n```\n",
        );
        assert!(!html.contains("Title"));
        for tag in ["<script", "<b>", "<iframe", "<img", "javascript:", "src=\"", "<a>.tsx"] {
            assert!(!html.contains(tag), "{tag} in {html}");
        }
        assert!(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{html}");
        assert!(html.contains("<a href=\"https://example.org/\">y</a>"), "{html}");
        assert!(html.contains("<h5>Part</h5>"), "{html}");
        assert!(html.contains("<p class=\"path\">src/&lt;a&gt;.tsx</p><pre><code>if (a &lt; b)"), "{html}");
    }
}
