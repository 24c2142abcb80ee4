//! Pictures: the way of the data, the graph of the attack chains, the badge. Pure SVG without scripts or addresses.
//!
//! In the HTML report they take their colours from its style sheet; on their own they carry the style sheet in them.

mod badge;
mod chains;
mod data;

pub(crate) use badge::svg as badge;
pub(crate) use chains::svg as chains;
pub(crate) use data::svg as data;

use std::fmt::Write as _;

use crate::page::escape;

/// The style sheet of the pictures.
pub(crate) const STYLE: &str = include_str!("../templates/picture.css");

/// A picture in the making.
struct Canvas {
    out: String,
}

impl Canvas {
    fn new() -> Self {
        Canvas { out: String::new() }
    }

    fn rect(&mut self, class: &str, (x, y): (i32, i32), (width, height): (i32, i32), radius: i32) {
        let _ = write!(
            self.out,
            "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"{radius}\"/>"
        );
    }

    fn text(&mut self, class: &str, (x, y): (i32, i32), text: &str) {
        let _ = write!(self.out, "<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{}</text>", escape(text));
    }

    fn path(&mut self, class: &str, line: &str) {
        let _ = write!(self.out, "<path class=\"{class}\" d=\"{line}\"/>");
    }

    fn circle(&mut self, class: &str, (x, y): (i32, i32), radius: i32) {
        let _ = write!(self.out, "<circle class=\"{class}\" cx=\"{x}\" cy=\"{y}\" r=\"{radius}\"/>");
    }

    /// What follows until [`Canvas::end`] has this explanation when it is pointed at.
    fn group(&mut self, title: &str) {
        let _ = write!(self.out, "<g><title>{}</title>", escape(title));
    }

    fn end(&mut self) {
        self.out.push_str("</g>");
    }

    /// The point of an arrow that comes from the left.
    fn tip(&mut self, class: &str, (x, y): (i32, i32)) {
        self.path(class, &format!("M{x} {y}l-9 -5v10z"));
    }

    /// The whole picture. `name` makes the ids unique on a page; `alone` puts the style sheet in.
    fn finish(self, name: &str, (width, height): (i32, i32), title: &str, text: &str, alone: bool) -> String {
        let (style, ns) = match alone {
            true => (format!("<style>{STYLE}</style>"), " xmlns=\"http://www.w3.org/2000/svg\""),
            false => (String::new(), ""),
        };
        format!(
            "<svg class=\"picture\"{ns} viewBox=\"-2 -2 {} {}\" role=\"img\" aria-labelledby=\"{name}-title {name}-text\">\
             <title id=\"{name}-title\">{}</title><desc id=\"{name}-text\">{}</desc>{style}{}</svg>",
            // Half of a line at the edge lies outside of what it goes around.
            width + 6,
            height + 4,
            escape(title),
            escape(text),
            self.out
        )
    }
}

/// Width of a text, roughly: how wide letters are in the widest of the fonts that a page usually gets (DejaVu Sans).
/// Rather too wide than too narrow.
fn width(text: &str, size: i32) -> i32 {
    let hundredths = |c: char| match c {
        'i' | 'l' | 'j' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' => 32,
        'f' | 't' | 'r' | '(' | ')' | '[' | ']' | '-' | ' ' | '/' | '`' => 42,
        'm' | 'w' | 'M' | 'W' | '@' | '%' | '…' => 96,
        'A'..='Z' | '0'..='9' | '_' | '#' => 70,
        _ => i32::try_from(unicode_width::UnicodeWidthChar::width(c).unwrap_or(0)).unwrap_or(0) * 61,
    };
    let sum: i32 = text.chars().take(4000).map(hundredths).sum();
    sum.saturating_mul(size) / 100
}

/// The size to reckon with for bold letters.
const fn bold(size: i32) -> i32 {
    (size * 112 + 99) / 100
}

/// The text, cut short where it does not fit.
fn fit(text: &str, room: i32, size: i32) -> String {
    if width(text, size) <= room {
        return text.to_owned();
    }
    let mut short = String::new();
    for c in text.chars() {
        short.push(c);
        if width(&short, size) > room - size {
            short.pop();
            break;
        }
    }
    format!("{}…", short.trim_end())
}

/// The text in lines that fit; what does not fit into the last one is cut short.
fn wrap(text: &str, room: i32, size: i32, lines: usize) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut words = text.split_whitespace().peekable();
    while let Some(word) = words.next() {
        let mut line = word.to_owned();
        let last = out.len() + 1 == lines;
        while let Some(next) = words.peek() {
            let longer = format!("{line} {next}");
            if !last && width(&longer, size) > room {
                break;
            }
            line = longer;
            words.next();
        }
        out.push(fit(&line, room, size));
        if last {
            break;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{fit, wrap};

    #[test]
    fn long_names_are_cut_and_sentences_wrapped() {
        assert_eq!(fit("orders", 100, 10), "orders");
        assert_eq!(fit(&"x".repeat(100), 50, 10), "xxxxxx…");
        assert_eq!(wrap("one two three four five", 60, 10, 2), ["one two", "three fou…"]);
        assert!(super::width("WIDE", 10) > super::width("thin", 10) && super::bold(13) > 13);
        assert!(wrap("", 60, 10, 2).is_empty());
    }
}
