//! Small helpers over text, safe at every boundary.

use std::ops::Range;

/// The part of a text between two offsets, moved inwards to character boundaries.
pub(crate) fn slice(text: &str, mut start: usize, mut end: usize) -> &str {
    end = end.min(text.len());
    start = start.min(end);
    while start < end && !text.is_char_boundary(start) {
        start += 1;
    }
    while end > start && !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(start..end).unwrap_or("")
}

/// How far a "line" reaches at most: bundles have lines of megabytes.
const MAX_LINE: usize = 600;

/// The line around an offset, without its break, at most [`MAX_LINE`] bytes to either side.
pub(crate) fn line_around(text: &str, at: usize) -> Range<usize> {
    let at = at.min(text.len());
    let bytes = text.as_bytes();
    let low = at.saturating_sub(MAX_LINE);
    let high = (at + MAX_LINE).min(bytes.len());
    let start = bytes[low..at].iter().rposition(|&byte| byte == b'\n').map_or(low, |found| low + found + 1);
    let end = bytes[at..high].iter().position(|&byte| byte == b'\n').map_or(high, |found| at + found);
    let end = if end > start && bytes.get(end - 1) == Some(&b'\r') { end - 1 } else { end };
    let mut start = start;
    let mut end = end;
    while start < end && !text.is_char_boundary(start) {
        start += 1;
    }
    while end > start && !text.is_char_boundary(end) {
        end -= 1;
    }
    start..end
}

/// The lines around an offset: `before` lines up and `after` lines down, bounded in bytes.
pub(crate) fn lines_around(text: &str, at: usize, before: usize, after: usize) -> Range<usize> {
    let mut range = line_around(text, at);
    for _ in 0..before {
        if range.start == 0 {
            break;
        }
        range.start = line_around(text, range.start - 1).start;
    }
    for _ in 0..after {
        let next = range.end + 1;
        if next >= text.len() {
            break;
        }
        let line = line_around(text, next);
        if line.end <= range.end {
            break;
        }
        range.end = line.end;
    }
    range
}

/// Letters, digits and `_` in any script.
pub(crate) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The character before an offset.
pub(crate) fn before(text: &str, at: usize) -> Option<char> {
    text.get(..at).and_then(|head| head.chars().next_back())
}

/// The character at an offset.
pub(crate) fn at(text: &str, at: usize) -> Option<char> {
    text.get(at..).and_then(|tail| tail.chars().next())
}

/// The offset after blanks (not line breaks).
pub(crate) fn skip_blanks(text: &str, mut at: usize) -> usize {
    let bytes = text.as_bytes();
    while matches!(bytes.get(at), Some(b' ' | b'\t')) {
        at += 1;
    }
    at
}

/// The offset after blanks and line breaks.
pub(crate) fn skip_space(text: &str, mut at: usize) -> usize {
    let bytes = text.as_bytes();
    while matches!(bytes.get(at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
        at += 1;
    }
    at
}

/// Longest literal that is read.
const MAX_LITERAL: usize = 4096;

/// A string literal that begins at an offset with `'`, `"` or a backtick, after Python's, C#'s and Go's prefixes: the range of
/// its content. It must end on the same line.
pub(crate) fn literal(text: &str, at: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let mut start = at;
    // b'…', r"…", u'…', f"…", @"…", $"…", N'…'
    while start - at < 2
        && matches!(bytes.get(start), Some(b'b' | b'r' | b'u' | b'f' | b'B' | b'R' | b'U' | b'@' | b'N'))
    {
        start += 1;
    }
    let mut quote = *bytes.get(start)?;
    // A quote that is itself escaped: JSON inside a string.
    let mut escaped = false;
    if quote == b'\\' && matches!(bytes.get(start + 1), Some(b'"' | b'\'')) {
        start += 1;
        quote = *bytes.get(start)?;
        escaped = true;
    }
    if !matches!(quote, b'\'' | b'"' | b'`') {
        return None;
    }
    start += 1;
    // Triple quotes: treated as an empty literal, which is no value.
    let mut end = start;
    while end < bytes.len() && end - start < MAX_LITERAL {
        match bytes[end] {
            b'\\' if escaped && bytes.get(end + 1) == Some(&quote) => return Some(start..end),
            b'\\' => end += 1,
            b'\n' => return None,
            byte if byte == quote => return Some(start..end),
            _ => {}
        }
        end += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{line_around, lines_around, literal, slice};

    #[test]
    fn slices_stay_on_boundaries() {
        assert_eq!(slice("aéb", 2, 99), "b");
        assert_eq!(slice("aéb", 0, 2), "a");
        assert_eq!(line_around("ab\ncd\r\nef", 4), 3..5);
        assert_eq!(lines_around("a\nb\nc\nd", 2, 1, 1), 0..5);
        assert_eq!(lines_around("a", 0, 3, 3), 0..1);
    }

    #[test]
    fn literals_end_on_their_line() {
        let read = |text: &str| literal(text, 0).and_then(|range| text.get(range)).map(str::to_owned);
        assert_eq!(read("'a\\'b' c").as_deref(), Some("a\\'b"));
        assert_eq!(read("b\"abc\"").as_deref(), Some("abc"));
        assert_eq!(read("\\\"abc\\\" x").as_deref(), Some("abc"));
        assert_eq!(read("'abc\n'"), None);
        assert_eq!(read("abc"), None);
    }
}
