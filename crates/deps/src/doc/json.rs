//! JSON with comments, trailing commas and positions.

use std::borrow::Cow;

use super::{Entry, Kind, Value};

const MAX_DEPTH: usize = 200;

pub(super) fn read(text: &str) -> Result<Value<'_>, String> {
    let mut reader = Reader { text, at: if text.starts_with('\u{feff}') { 3 } else { 0 } };
    reader.blank()?;
    let value = reader.value(0)?;
    reader.blank()?;
    if reader.at < text.len() { Err(reader.problem("text after the end")) } else { Ok(value) }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn problem(&self, what: &str) -> String {
        let before = &self.text.as_bytes()[..self.at.min(self.text.len())];
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        format!("not valid JSON in line {line}: {what}")
    }

    fn blank(&mut self) -> Result<(), String> {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\r' | b'\n') => self.at += 1,
                Some(b'/') => {
                    let rest = &self.text[self.at..];
                    let length = if rest.starts_with("//") {
                        rest.find('\n').unwrap_or(rest.len())
                    } else if rest.starts_with("/*") {
                        rest.find("*/").ok_or_else(|| self.problem("comment without an end"))? + 2
                    } else {
                        return Err(self.problem("unexpected `/`"));
                    };
                    self.at += length;
                }
                _ => return Ok(()),
            }
        }
    }

    fn value(&mut self, depth: usize) -> Result<Value<'a>, String> {
        if depth > MAX_DEPTH {
            return Err(self.problem("nested too deep"));
        }
        let start = self.at;
        let kind = match self.peek() {
            Some(b'{') => self.map(depth)?,
            Some(b'[') => self.list(depth)?,
            Some(b'"') => Kind::Text(self.string()?),
            Some(byte) if byte == b'-' || byte.is_ascii_alphanumeric() => {
                while self.peek().is_some_and(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte)) {
                    self.at += 1;
                }
                let word = &self.text[start..self.at];
                let known = matches!(word, "true" | "false" | "null");
                if !known && !word.starts_with(|first: char| first == '-' || first.is_ascii_digit()) {
                    return Err(self.problem("unknown word"));
                }
                if word == "null" { Kind::Null } else { Kind::Scalar(Cow::Borrowed(word)) }
            }
            Some(_) => return Err(self.problem("unexpected character")),
            None => return Err(self.problem("unexpected end")),
        };
        Ok(Value { kind, start: offset(start), end: offset(self.at) })
    }

    fn map(&mut self, depth: usize) -> Result<Kind<'a>, String> {
        self.at += 1;
        let mut entries = Vec::new();
        loop {
            self.blank()?;
            match self.peek() {
                Some(b'}') => {
                    self.at += 1;
                    return Ok(Kind::Map(entries));
                }
                Some(b'"') => {}
                _ => return Err(self.problem("expected a name or `}`")),
            }
            let start = self.at;
            let key = self.string()?;
            let end = self.at;
            self.blank()?;
            if self.peek() != Some(b':') {
                return Err(self.problem("expected `:`"));
            }
            self.at += 1;
            self.blank()?;
            let value = self.value(depth + 1)?;
            entries.push(Entry { key, start: offset(start), end: offset(end), value });
            self.blank()?;
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {}
                _ => return Err(self.problem("expected `,` or `}`")),
            }
        }
    }

    fn list(&mut self, depth: usize) -> Result<Kind<'a>, String> {
        self.at += 1;
        let mut items = Vec::new();
        loop {
            self.blank()?;
            if self.peek() == Some(b']') {
                self.at += 1;
                return Ok(Kind::List(items));
            }
            items.push(self.value(depth + 1)?);
            self.blank()?;
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {}
                _ => return Err(self.problem("expected `,` or `]`")),
            }
        }
    }

    fn string(&mut self) -> Result<Cow<'a, str>, String> {
        self.at += 1;
        let start = self.at;
        let bytes = self.text.as_bytes();
        while let Some(byte) = bytes.get(self.at) {
            match byte {
                b'"' => {
                    let text = &self.text[start..self.at];
                    self.at += 1;
                    return Ok(Cow::Borrowed(text));
                }
                b'\\' => return self.escaped(start),
                b'\n' => return Err(self.problem("string without an end")),
                _ => self.at += 1,
            }
        }
        Err(self.problem("string without an end"))
    }

    fn escaped(&mut self, start: usize) -> Result<Cow<'a, str>, String> {
        let mut text = self.text[start..self.at].to_owned();
        loop {
            let rest = &self.text[self.at..];
            let Some(next) = rest.chars().next() else { return Err(self.problem("string without an end")) };
            self.at += next.len_utf8();
            match next {
                '"' => return Ok(Cow::Owned(text)),
                '\n' => return Err(self.problem("string without an end")),
                '\\' => {
                    let escape = self.peek().ok_or_else(|| self.problem("string without an end"))?;
                    self.at += 1;
                    match escape {
                        b'n' => text.push('\n'),
                        b't' => text.push('\t'),
                        b'r' => text.push('\r'),
                        b'b' => text.push('\u{8}'),
                        b'f' => text.push('\u{c}'),
                        b'"' | b'\\' | b'/' => text.push(escape as char),
                        b'u' => {
                            let unit = self.unit()?;
                            let mut point = u32::from(unit);
                            if (0xd800..0xdc00).contains(&unit) && self.text[self.at..].starts_with("\\u") {
                                self.at += 2;
                                let low = self.unit()?;
                                point = (0x10000 + ((point - 0xd800) << 10))
                                    .wrapping_add(u32::from(low).wrapping_sub(0xdc00));
                            }
                            text.push(char::from_u32(point).unwrap_or('\u{fffd}'));
                        }
                        _ => return Err(self.problem("unknown escape")),
                    }
                }
                other => text.push(other),
            }
        }
    }

    fn unit(&mut self) -> Result<u16, String> {
        let digits = self.text.get(self.at..self.at + 4).ok_or_else(|| self.problem("bad \\u escape"))?;
        let unit = u16::from_str_radix(digits, 16).map_err(|_| self.problem("bad \\u escape"))?;
        self.at += 4;
        Ok(unit)
    }
}

fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
