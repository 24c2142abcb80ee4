//! A rule's page for the terminal.

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Tag, TagEnd};

use crate::TerminalOptions;
use crate::layout::{Canvas, Style, width};
use crate::page;

/// Deepest nesting of lists that still moves the text to the right.
const DEEPEST: usize = 6;

pub(crate) fn render(markdown: &str, options: &TerminalOptions) -> String {
    let markdown = options.cleaning().text(markdown);
    let mut view = View {
        canvas: options.canvas(),
        inline: String::new(),
        lists: Vec::new(),
        lead: None,
        code: None,
        quote: 0,
        links: Vec::new(),
    };
    for event in page::parser(&markdown) {
        view.event(event);
    }
    view.flush();
    view.canvas.finish()
}

struct View {
    canvas: Canvas,
    /// Text of the paragraph so far.
    inline: String,
    /// Open lists: the next number, or `None` for bullets.
    lists: Vec<Option<u64>>,
    /// Marker for the next paragraph.
    lead: Option<String>,
    /// Text of the code block so far.
    code: Option<String>,
    quote: usize,
    /// Addresses of the open links.
    links: Vec<String>,
}

impl View {
    fn indent(&self) -> usize {
        (self.lists.len().min(DEEPEST) + self.quote.min(DEEPEST)) * 2
    }

    fn flush(&mut self) {
        let text = std::mem::take(&mut self.inline);
        if text.trim().is_empty() {
            return;
        }
        let indent = self.indent();
        match self.lead.take() {
            Some(marker) => {
                let lead = format!("{}{marker}", " ".repeat(indent.saturating_sub(2)));
                let hang = (width(&lead) + 1).max(indent);
                self.canvas.hang(&lead, Style::Plain, hang, Style::Plain, &text);
            }
            None => self.canvas.prose(indent, Style::Plain, &text),
        }
    }

    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(Tag::Heading { .. }) => {
                self.flush();
                self.canvas.gap();
            }
            Event::End(TagEnd::Heading(level)) => {
                let text = std::mem::take(&mut self.inline);
                match level {
                    HeadingLevel::H1 => self.canvas.heading(&text, Style::Bold),
                    _ => self.canvas.prose(0, Style::Bold, &text),
                }
            }
            Event::Start(Tag::Paragraph) if self.lead.is_none() => {
                self.flush();
                self.canvas.gap();
            }
            Event::End(TagEnd::Paragraph | TagEnd::HtmlBlock) => self.flush(),
            Event::Start(Tag::BlockQuote(_)) => {
                self.flush();
                self.quote += 1;
            }
            Event::End(TagEnd::BlockQuote(_)) => {
                self.flush();
                self.quote = self.quote.saturating_sub(1);
            }
            Event::Start(Tag::List(start)) => {
                self.flush();
                if self.lists.is_empty() {
                    self.canvas.gap();
                }
                self.lists.push(start);
            }
            Event::End(TagEnd::List(_)) => {
                self.flush();
                self.lists.pop();
            }
            Event::Start(Tag::Item) => {
                self.flush();
                let bullet = self.canvas.glyphs.bullet;
                self.lead = Some(match self.lists.last_mut() {
                    Some(Some(number)) => {
                        let marker = format!("{number}.");
                        *number = number.saturating_add(1);
                        marker
                    }
                    _ => bullet.to_owned(),
                });
            }
            Event::End(TagEnd::Item) => {
                self.flush();
                self.lead = None;
            }
            Event::Start(Tag::CodeBlock(kind)) => {
                self.flush();
                self.canvas.gap();
                if let CodeBlockKind::Fenced(info) = &kind
                    && let Some(path) = page::fence_path(info)
                {
                    let indent = self.indent() + 2;
                    self.canvas.prose(indent, Style::Cyan, path);
                }
                self.code = Some(String::new());
            }
            Event::End(TagEnd::CodeBlock) => {
                let code = self.code.take().unwrap_or_default();
                let indent = self.indent() + 2;
                self.canvas.code(indent, &code);
                self.canvas.gap();
            }
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => match &mut self.code {
                Some(code) => code.push_str(&text),
                None => self.inline.push_str(&text),
            },
            Event::Code(text) => self.inline.push_str(&format!("`{text}`")),
            Event::SoftBreak | Event::HardBreak => self.inline.push(' '),
            Event::Rule => {
                self.flush();
                self.canvas.gap();
            }
            Event::Start(Tag::TableHead | Tag::TableRow) => self.flush(),
            Event::End(TagEnd::TableCell) => self.inline.push_str(&format!(" {} ", self.canvas.glyphs.bar)),
            Event::End(TagEnd::TableHead | TagEnd::TableRow) => {
                let bar = self.canvas.glyphs.bar;
                let row = self.inline.trim_end().trim_end_matches(bar).trim_end().to_owned();
                self.inline = row;
                self.flush();
            }
            Event::Start(Tag::Link { dest_url, .. }) => self.links.push(dest_url.to_string()),
            Event::End(TagEnd::Link) => {
                let address = self.links.pop().unwrap_or_default();
                if address.starts_with("http") && !self.inline.ends_with(&address) {
                    self.inline.push_str(&format!(" <{address}>"));
                }
            }
            _ => {}
        }
    }
}
