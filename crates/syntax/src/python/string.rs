//! String literals of Python.

use plimsoll_ir::{Kind, NodeId, Range};

use super::Lower;
use crate::cst::Cn;

/// A stretch of literal text, or an expression within it.
enum Piece {
    Text(String, Range),
    Expression(NodeId),
}

impl<'c> Lower<'c> {
    /// A string, or several that stand side by side.
    pub(super) fn string(&mut self, node: Cn<'c>) -> NodeId {
        let mut pieces = Vec::new();
        if node.kind() == "string" {
            self.pieces(node, &mut pieces);
        } else {
            for part in node.kids() {
                if part.kind() == "string" {
                    self.pieces(part, &mut pieces);
                }
            }
        }
        if pieces.iter().all(|piece| matches!(piece, Piece::Text(..))) {
            let whole: String = pieces
                .iter()
                .map(|piece| match piece {
                    Piece::Text(text, _) => text.as_str(),
                    Piece::Expression(_) => "",
                })
                .collect();
            return self.add(Kind::Str(whole.into()), node);
        }
        let parts: Vec<NodeId> = pieces
            .into_iter()
            .map(|piece| match piece {
                Piece::Text(text, range) => self.add_range(Kind::Str(text.into()), range),
                Piece::Expression(id) => id,
            })
            .collect();
        self.add(Kind::Template(parts.into()), node)
    }

    fn pieces(&mut self, node: Cn<'c>, out: &mut Vec<Piece>) {
        let mut children = node.children();
        let Some(opening) = children.next() else { return };
        let style = Style::of(opening.text());
        let mut start = opening.end();
        for child in children {
            match child.kind() {
                "interpolation" => {
                    self.text_piece(start, child.start(), style, out);
                    start = child.end();
                    if let Some(expression) = child.field("expression").or_else(|| child.kid()) {
                        out.push(Piece::Expression(self.expr(expression)));
                    }
                }
                "string_end" => {
                    self.text_piece(start, child.start(), style, out);
                    start = child.end();
                }
                _ => {}
            }
        }
        // Only where the closing quote is missing.
        self.text_piece(start, node.end(), style, out);
    }

    fn text_piece(&self, start: u32, end: u32, style: Style, out: &mut Vec<Piece>) {
        if start >= end {
            return;
        }
        let text = style.decode(self.cst.slice(start, end));
        if let Some(Piece::Text(before, range)) = out.last_mut() {
            before.push_str(&text);
            range.end = end;
        } else {
            out.push(Piece::Text(text, Range { start, end }));
        }
    }
}

#[derive(Clone, Copy)]
struct Style {
    raw: bool,
    bytes: bool,
    format: bool,
}

impl Style {
    fn of(opening: &str) -> Self {
        let has = |letter: char| opening.chars().any(|c| c.eq_ignore_ascii_case(&letter));
        Style { raw: has('r'), bytes: has('b'), format: has('f') || has('t') }
    }

    fn decode(self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find(['\\', '{', '}']) {
            let (before, from) = rest.split_at(at);
            out.push_str(before);
            rest = match from.as_bytes() {
                [b'{', b'{', ..] | [b'}', b'}', ..] if self.format => {
                    out.push_str(&from[..1]);
                    &from[2..]
                }
                [b'\\', _, ..] if !self.raw => {
                    let (decoded, length) = self.escape(&from[1..]);
                    match decoded {
                        Some(c) => out.extend(c),
                        None => out.push_str(&from[..=length]),
                    }
                    &from[1 + length..]
                }
                _ => {
                    out.push_str(&from[..1]);
                    &from[1..]
                }
            };
        }
        out.push_str(rest);
        out
    }

    /// Reads what follows a backslash: what it stands for (`Some(None)` for nothing, `None` for itself) and how many
    /// bytes it takes.
    fn escape(self, rest: &str) -> (Option<Option<char>>, usize) {
        let Some(first) = rest.chars().next() else { return (None, 0) };
        let one = |c: char| (Some(Some(c)), 1);
        let hex = |digits: usize| {
            let value = rest.get(1..=digits).and_then(|digits| u32::from_str_radix(digits, 16).ok());
            match value.and_then(char::from_u32) {
                Some(c) => (Some(Some(c)), 1 + digits),
                None => (None, 1),
            }
        };
        match first {
            '\n' => (Some(None), 1),
            '\r' => (Some(None), if rest.starts_with("\r\n") { 2 } else { 1 }),
            '\\' | '\'' | '"' => one(first),
            'a' => one('\x07'),
            'b' => one('\x08'),
            'f' => one('\x0c'),
            'n' => one('\n'),
            'r' => one('\r'),
            't' => one('\t'),
            'v' => one('\x0b'),
            '0'..='7' => {
                let length = rest.bytes().take(3).take_while(|byte| (b'0'..=b'7').contains(byte)).count();
                let value = u32::from_str_radix(&rest[..length], 8).ok().and_then(char::from_u32);
                (value.map(Some), length)
            }
            'x' => hex(2),
            'u' if !self.bytes => hex(4),
            'U' if !self.bytes => hex(8),
            _ => (None, first.len_utf8()),
        }
    }
}
