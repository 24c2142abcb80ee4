//! Text in lines of a terminal: widths, wrapping, colour.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Columns that a text takes.
pub(crate) fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// Breaks prose into lines of at most `columns`. Runs of spaces become one; a word that is too long is cut.
pub(crate) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(8);
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    for word in text.split_whitespace() {
        let wide = width(word);
        if used > 0 && used + 1 + wide <= columns {
            line.push(' ');
            line.push_str(word);
            used += 1 + wide;
            continue;
        }
        if used > 0 {
            lines.push(std::mem::take(&mut line));
        }
        if wide <= columns {
            line.push_str(word);
            used = wide;
        } else {
            let mut pieces = chop(word, columns);
            line = pieces.pop().unwrap_or_default();
            used = width(&line);
            lines.append(&mut pieces);
        }
    }
    if used > 0 {
        lines.push(line);
    }
    lines
}

/// Cuts a text into pieces of at most `columns`, keeping its spaces: code and paths.
pub(crate) fn chop(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(8);
    let mut pieces = Vec::new();
    let mut piece = String::new();
    let mut used = 0;
    for c in text.chars() {
        let wide = c.width().unwrap_or(0);
        if used + wide > columns {
            pieces.push(std::mem::take(&mut piece));
            used = 0;
        }
        piece.push(c);
        used += wide;
    }
    if !piece.is_empty() || pieces.is_empty() {
        pieces.push(piece);
    }
    pieces
}

/// How a stretch of text looks. Colour always repeats what words or shapes already say.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Style {
    Plain,
    Bold,
    Dim,
    Alarm,
    Red,
    Yellow,
    Cyan,
    Green,
}

impl Style {
    fn code(self) -> &'static str {
        match self {
            Style::Plain => "",
            Style::Bold => "1",
            Style::Dim => "2",
            Style::Alarm => "1;97;41",
            Style::Red => "1;31",
            Style::Yellow => "1;33",
            Style::Cyan => "1;36",
            Style::Green => "1;32",
        }
    }
}

/// What draws lines and marks.
#[derive(Clone, Copy)]
pub(crate) struct Glyphs {
    pub(crate) rule: char,
    pub(crate) bar: char,
    pub(crate) bullet: &'static str,
    pub(crate) dot: &'static str,
    pub(crate) arrow: &'static str,
    pub(crate) pointer: &'static str,
    pub(crate) yes: &'static str,
    pub(crate) no: &'static str,
    pub(crate) open: &'static str,
}

const UNICODE: Glyphs =
    Glyphs {
        rule: '━', bar: '│', bullet: "•", dot: "·", arrow: "→", pointer: "◀", yes: "✓", no: "✗", open: "○"
    };

const ASCII: Glyphs =
    Glyphs { rule: '=', bar: '|', bullet: "*", dot: "-", arrow: "->", pointer: "<", yes: "+", no: "x", open: "?" };

/// A text for a terminal, line by line.
pub(crate) struct Canvas {
    text: String,
    colour: bool,
    /// Columns.
    pub(crate) columns: usize,
    /// What draws.
    pub(crate) glyphs: Glyphs,
}

impl Canvas {
    pub(crate) fn new(colour: bool, unicode: bool, columns: usize) -> Self {
        Canvas { text: String::new(), colour, columns, glyphs: if unicode { UNICODE } else { ASCII } }
    }

    /// An empty canvas of the same kind.
    pub(crate) fn like(&self) -> Self {
        Canvas { text: String::new(), colour: self.colour, columns: self.columns, glyphs: self.glyphs }
    }

    pub(crate) fn finish(self) -> String {
        self.text
    }

    /// A text in a style, for composing a line.
    pub(crate) fn paint(&self, style: Style, text: &str) -> String {
        match self.colour && style != Style::Plain && !text.is_empty() {
            true => format!("\u{1b}[{}m{text}\u{1b}[0m", style.code()),
            false => text.to_owned(),
        }
    }

    /// A line that is already composed.
    pub(crate) fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    /// An empty line, never two in a row.
    pub(crate) fn gap(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    /// Prose behind a margin.
    pub(crate) fn prose(&mut self, indent: usize, style: Style, text: &str) {
        self.hang("", Style::Plain, indent, style, text);
    }

    /// Prose with something in front of its first line, wrapped under itself: `lead` is padded to `indent`.
    pub(crate) fn hang(&mut self, lead: &str, lead_style: Style, indent: usize, style: Style, text: &str) {
        let pad = " ".repeat(indent.saturating_sub(width(lead)));
        let mut front = format!("{}{pad}", self.paint(lead_style, lead));
        for line in wrap(text, self.columns.saturating_sub(indent)) {
            let line = format!("{front}{}", self.paint(style, &line));
            self.line(&line);
            front = " ".repeat(indent);
        }
    }

    /// Code behind a bar: cut, not wrapped.
    pub(crate) fn code(&mut self, indent: usize, text: &str) {
        let bar = self.paint(Style::Dim, &self.glyphs.bar.to_string());
        for line in text.lines() {
            for piece in chop(line.trim_end(), self.columns.saturating_sub(indent + 2)) {
                self.line(&format!("{}{bar} {piece}", " ".repeat(indent)));
            }
        }
    }

    /// Prose of several lines: paragraphs are wrapped, list items hang, what is fenced or indented stays as it is.
    pub(crate) fn block(&mut self, indent: usize, text: &str) {
        let mut fenced = false;
        for line in text.lines() {
            let trimmed = line.trim_start();
            if trimmed.starts_with("```") {
                fenced = !fenced;
            } else if fenced || line.starts_with("    ") {
                self.code(indent, line);
            } else if trimmed.is_empty() {
                self.gap();
            } else {
                match list_item(trimmed) {
                    Some((marker, rest)) => {
                        let depth = line.len() - trimmed.len();
                        let lead = format!("{}{marker}", " ".repeat(indent + depth));
                        let hang = width(&lead) + 1;
                        self.hang(&lead, Style::Plain, hang, Style::Plain, rest);
                    }
                    None => self.prose(indent, Style::Plain, trimmed),
                }
            }
        }
    }

    /// A heading across the page.
    pub(crate) fn heading(&mut self, title: &str, style: Style) {
        self.gap();
        let rule = self.glyphs.rule.to_string();
        for (at, part) in wrap(title, self.columns.saturating_sub(3)).iter().enumerate() {
            let line = match at {
                0 => {
                    let rest = self.columns.saturating_sub(4 + width(part));
                    format!("{0}{0} {part} {1}", rule, rule.repeat(rest))
                }
                _ => format!("   {part}"),
            };
            let line = self.paint(style, line.trim_end());
            self.line(&line);
        }
        self.gap();
    }
}

/// The marker and the rest of `- item` and `1. item`.
fn list_item(line: &str) -> Option<(&str, &str)> {
    let (marker, rest) = line.split_once(' ')?;
    let number =
        marker.strip_suffix(['.', ')']).is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
    (marker == "-" || marker == "*" || number).then_some((marker, rest))
}

#[cfg(test)]
mod tests {
    use super::{chop, width, wrap};

    #[test]
    fn wrapping_by_columns() {
        assert_eq!(wrap("one two  three\nfour", 9), ["one two", "three", "four"]);
        assert_eq!(wrap("", 20), Vec::<String>::new());
        assert_eq!(wrap("日本語日本語日本語 ab", 10), ["日本語日本", "語日本語", "ab"]);
        assert_eq!(wrap("abcdefghijklmnop q", 10), ["abcdefghij", "klmnop q"]);
        for columns in 8..40 {
            for line in wrap("Ärger mit  日本語 and https://example.invalid/a/very/long/path?x=1 in text", columns)
            {
                assert!(width(&line) <= columns, "{columns}: {line}");
            }
        }
        assert_eq!(chop("", 10), [""]);
        assert_eq!(chop("  two  spaces", 8), ["  two  s", "paces"]);
    }
}
