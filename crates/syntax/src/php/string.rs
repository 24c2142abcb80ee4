//! Strings, heredocs and what is interpolated in them.

use plimsoll_ir::{Kind, NodeId, Range};

use super::Lower;
use crate::cst::Cn;

/// Which escapes a text knows.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Style {
    /// `'…'`: only `\\` and `\'`.
    Single,
    /// `"…"`.
    Double,
    /// Heredoc: as `"…"`, but `\"` stays.
    Heredoc,
    /// Backticks.
    Shell,
    /// Nowdoc: none.
    Raw,
}

impl<'c> Lower<'c> {
    pub(super) fn string(&mut self, node: Cn<'c>) -> NodeId {
        match node.kind() {
            "heredoc" => match node.field("value") {
                Some(body) => self.text(body, self.heredoc_text(body), Style::Heredoc, node),
                None => self.add(Kind::Str("".into()), node),
            },
            "nowdoc" => match node.field("value") {
                Some(body) => self.text(body, self.heredoc_text(body), Style::Raw, node),
                None => self.add(Kind::Str("".into()), node),
            },
            "string" => self.quoted(node, '\'', Style::Single),
            _ => self.quoted(node, '"', Style::Double),
        }
    }

    /// A heredoc without the line breaks next to its tags. (The indentation of its end tag is not taken off.)
    fn heredoc_text(&self, body: Cn<'c>) -> Range {
        let text = body.text();
        let start = text.strip_prefix("\r\n").or_else(|| text.strip_prefix('\n')).unwrap_or(text);
        let inner = start.strip_suffix('\n').map_or(start, |inner| inner.strip_suffix('\r').unwrap_or(inner));
        let skipped = u32::try_from(text.len() - start.len()).unwrap_or(0);
        let start = body.start() + skipped;
        Range { start, end: start + u32::try_from(inner.len()).unwrap_or(0) }
    }

    /// `'…'`, `"…"` or `` `…` ``, perhaps with a `b` before it.
    pub(super) fn quoted(&mut self, node: Cn<'c>, quote: char, style: Style) -> NodeId {
        let text = node.text();
        let start = text.find(quote).map_or(0, |at| at + 1);
        let end = if text.len() > start && text.ends_with(quote) { text.len() - 1 } else { text.len() };
        let at = |offset: usize| node.start() + u32::try_from(offset).unwrap_or(0);
        let inner = Range { start: at(start), end: at(end) };
        self.text(node, inner, style, node)
    }

    /// The text of `inner` with the interpolations that are children of `parts`.
    fn text(&mut self, parts: Cn<'c>, inner: Range, style: Style, whole: Cn<'c>) -> NodeId {
        let mut pieces = Vec::new();
        let mut start = inner.start;
        let mut brace = None;
        for child in parts.children() {
            match child.kind() {
                "{" if !child.is_named() => brace = Some(child.start()),
                "}" if !child.is_named() => {
                    brace = None;
                    start = child.end();
                }
                "string_content" | "escape_sequence" | "nowdoc_string" | "comment" => {}
                _ if !child.is_named() => {}
                _ => {
                    self.text_piece(start, brace.unwrap_or_else(|| child.start()), style, &mut pieces);
                    start = child.end();
                    let id = if brace.is_some() { self.expr(child) } else { self.simple_interpolation(child) };
                    pieces.push(id);
                }
            }
        }
        if pieces.is_empty() {
            let text = decode(self.cst.slice(inner.start, inner.end), style);
            return self.add(Kind::Str(text.into()), whole);
        }
        self.text_piece(start, inner.end, style, &mut pieces);
        self.add(Kind::Template(pieces.into()), whole)
    }

    fn text_piece(&mut self, start: u32, end: u32, style: Style, pieces: &mut Vec<NodeId>) {
        if start < end {
            let text = decode(self.cst.slice(start, end), style);
            let id = self.add_range(Kind::Str(text.into()), Range { start, end });
            pieces.push(id);
        }
    }

    /// Without braces, `"$row[name]"` has a string as key.
    fn simple_interpolation(&mut self, node: Cn<'c>) -> NodeId {
        let mut kids = node.kids();
        if let ("subscript_expression", Some(object), Some(key)) = (node.kind(), kids.next(), kids.next())
            && key.kind() == "name"
        {
            let object = self.expr(object);
            let index = self.add(Kind::Str(key.text().into()), key);
            return self.add(Kind::Index { object, index }, node);
        }
        self.expr(node)
    }
}

fn decode(text: &str, style: Style) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    if style == Style::Raw {
        return text.to_owned();
    }
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let (decoded, length) = escape(after, style);
        match decoded {
            Some(c) => {
                out.push(c);
                rest = &after[length..];
            }
            None => {
                out.push('\\');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

fn escape(rest: &str, style: Style) -> (Option<char>, usize) {
    let Some(first) = rest.chars().next() else { return (None, 0) };
    if style == Style::Single {
        return (matches!(first, '\\' | '\'').then_some(first), 1);
    }
    match first {
        '\\' | '$' => (Some(first), 1),
        '"' if style == Style::Double => (Some(first), 1),
        '`' if style == Style::Shell => (Some(first), 1),
        'n' => (Some('\n'), 1),
        't' => (Some('\t'), 1),
        'r' => (Some('\r'), 1),
        'v' => (Some('\x0b'), 1),
        'e' => (Some('\x1b'), 1),
        'f' => (Some('\x0c'), 1),
        '0'..='7' => {
            let length = rest.bytes().take(3).take_while(|byte| (b'0'..=b'7').contains(byte)).count();
            (u32::from_str_radix(&rest[..length], 8).ok().and_then(|value| char::from_u32(value & 0xff)), length)
        }
        'x' => {
            let length = rest.bytes().skip(1).take(2).take_while(u8::is_ascii_hexdigit).count();
            (u32::from_str_radix(&rest[1..=length], 16).ok().and_then(char::from_u32), 1 + length)
        }
        'u' => {
            let digits = rest[1..].strip_prefix('{').and_then(|rest| rest.split_once('}')).map(|(digits, _)| digits);
            let value = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()).and_then(char::from_u32);
            (value, digits.map_or(0, |digits| digits.len() + 3))
        }
        _ => (None, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::{Style, decode};

    #[test]
    fn escapes() {
        assert_eq!(decode(r"a\'b\\c\n", Style::Single), r"a'b\c\n");
        assert_eq!(decode(r#"\"\$x\x41\u{e9}\101\q\x"#, Style::Double), "\"$xA\u{e9}A\\q\\x");
        assert_eq!(decode(r#"\"\u{zz}\u"#, Style::Heredoc), r#"\"\u{zz}\u"#);
        assert_eq!(decode(r"\`\n", Style::Shell), "`\n");
        assert_eq!(decode(r"\n\\", Style::Raw), r"\n\\");
        assert_eq!(decode("\\é\\", Style::Double), "\\é\\");
    }
}
