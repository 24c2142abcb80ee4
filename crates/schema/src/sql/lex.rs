//! Tokens of SQL as PostgreSQL, MySQL, SQLite and SQL Server write it.
//!
//! One tolerant lexer for all: a file that one dialect's parser refuses still has tables in it.

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Bare word: keyword or name.
    Word,
    /// Name in double quotes or backticks.
    Quoted,
    /// String in single quotes.
    Str,
    /// Dollar-quoted string.
    Dollar,
    /// Number.
    Number,
    /// `$1`, `:name`, `?`, `@v`.
    Param,
    /// Operator or punctuation.
    Op,
}

/// A token: byte range in the text that was lexed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// Text and tokens of a piece of SQL.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece<'t> {
    pub(crate) text: &'t str,
    pub(crate) tokens: &'t [Token],
}

impl<'t> Piece<'t> {
    /// The token as written; `""` past the end.
    pub(crate) fn raw(&self, index: usize) -> &'t str {
        self.tokens.get(index).and_then(|token| self.text.get(token.start..token.end)).unwrap_or("")
    }

    pub(crate) fn kind(&self, index: usize) -> Option<Kind> {
        self.tokens.get(index).map(|token| token.kind)
    }

    /// Whether the token is this keyword (not a quoted name).
    pub(crate) fn is(&self, index: usize, word: &str) -> bool {
        self.kind(index) == Some(Kind::Word) && self.raw(index).eq_ignore_ascii_case(word)
    }

    pub(crate) fn is_op(&self, index: usize, op: &str) -> bool {
        self.kind(index) == Some(Kind::Op) && self.raw(index) == op
    }

    /// Whether the tokens from `index` are these keywords.
    pub(crate) fn are(&self, index: usize, words: &[&str]) -> bool {
        words.iter().enumerate().all(|(offset, word)| self.is(index + offset, word))
    }

    /// First position from `from` where the keyword stands outside parentheses.
    pub(crate) fn find_top(&self, from: usize, words: &[&str]) -> Option<usize> {
        let mut depth = 0_i32;
        for index in from..self.tokens.len() {
            match self.raw(index) {
                "(" | "[" => depth += 1,
                ")" | "]" => depth -= 1,
                _ if depth == 0 && words.iter().any(|word| self.is(index, word)) => return Some(index),
                _ => {}
            }
        }
        None
    }

    /// Position of the `)` that closes the `(` at `open`; the end of the piece when it never closes.
    pub(crate) fn close_of(&self, open: usize) -> usize {
        let mut depth = 0_i32;
        for index in open..self.tokens.len() {
            if self.is_op(index, "(") {
                depth += 1;
            } else if self.is_op(index, ")") {
                depth -= 1;
                if depth <= 0 {
                    return index;
                }
            }
        }
        self.tokens.len()
    }

    /// The tokens `from..to`, same text.
    pub(crate) fn slice(&self, from: usize, to: usize) -> Piece<'t> {
        let to = to.min(self.tokens.len());
        Piece { text: self.text, tokens: self.tokens.get(from.min(to)..to).unwrap_or(&[]) }
    }

    /// The text that the tokens cover, as written.
    pub(crate) fn covered(&self) -> &'t str {
        match (self.tokens.first(), self.tokens.last()) {
            (Some(first), Some(last)) => self.text.get(first.start..last.end).unwrap_or(""),
            _ => "",
        }
    }

    /// Splits at commas outside parentheses.
    pub(crate) fn split_commas(&self) -> Vec<Piece<'t>> {
        let mut parts = Vec::new();
        let (mut depth, mut from) = (0_i32, 0);
        for index in 0..self.tokens.len() {
            match self.raw(index) {
                "(" | "[" if self.kind(index) == Some(Kind::Op) => depth += 1,
                ")" | "]" if self.kind(index) == Some(Kind::Op) => depth -= 1,
                "," if depth == 0 && self.kind(index) == Some(Kind::Op) => {
                    parts.push(self.slice(from, index));
                    from = index + 1;
                }
                _ => {}
            }
        }
        if from < self.tokens.len() {
            parts.push(self.slice(from, self.tokens.len()));
        }
        parts
    }
}

/// The content of a quoted token, or the word in lower case.
pub(crate) fn name_of(kind: Kind, raw: &str) -> String {
    match kind {
        Kind::Quoted => {
            let inner = raw.get(1..raw.len().saturating_sub(1)).unwrap_or("");
            inner.replace("\"\"", "\"")
        }
        _ => raw.to_ascii_lowercase(),
    }
}

/// The content of a string token: quotes, prefix and doubled quotes removed.
pub(crate) fn string_of(kind: Kind, raw: &str) -> String {
    if kind == Kind::Dollar {
        return dollar_body(raw).map_or_else(String::new, |(from, to)| raw.get(from..to).unwrap_or("").to_owned());
    }
    let from = raw.find('\'').map_or(raw.len(), |at| at + 1);
    let to = if raw.len() > from && raw.ends_with('\'') { raw.len() - 1 } else { raw.len() };
    raw.get(from..to).unwrap_or("").replace("''", "'")
}

/// Range of the content inside a dollar-quoted token.
pub(crate) fn dollar_body(raw: &str) -> Option<(usize, usize)> {
    let tag_end = raw.get(1..)?.find('$')? + 2;
    let to = raw.len().checked_sub(tag_end)?;
    (tag_end <= to).then_some((tag_end, to))
}

/// Which dialect's lexical habits a text has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// PostgreSQL, or nothing says otherwise.
    Postgres,
    /// Backticks, `AUTO_INCREMENT`, `ENGINE=`.
    MySql,
    /// `AUTOINCREMENT`, `PRAGMA`.
    Sqlite,
    /// `[name]`, `NVARCHAR`, `GO`, `IDENTITY(1,1)`.
    SqlServer,
}

/// Guesses the dialect of a file.
pub(crate) fn dialect_of(text: &str) -> Dialect {
    let mut end = text.len().min(200_000);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let head = text.get(..end).unwrap_or("").to_ascii_lowercase();
    if head.contains("auto_increment") || head.contains("engine=") || head.contains("engine =") {
        return Dialect::MySql;
    }
    if head.contains("autoincrement") || head.lines().any(|line| line.trim_start().starts_with("pragma ")) {
        return Dialect::Sqlite;
    }
    if head.contains("nvarchar") || head.contains("identity(1,1)") || head.contains("create table [") {
        return Dialect::SqlServer;
    }
    if head.contains('`') && !head.contains("$$") && !head.contains("create policy") && in_code(&head, '`') {
        return Dialect::MySql;
    }
    Dialect::Postgres
}

/// Whether the character stands outside line comments.
fn in_code(text: &str, wanted: char) -> bool {
    text.lines().any(|line| line.split("--").next().unwrap_or("").contains(wanted))
}

/// Lexes a text. Never fails: an unterminated string runs to the end.
pub(crate) fn lex(text: &str, dialect: Dialect) -> Vec<Token> {
    let bytes = text.as_bytes();
    let mut tokens = Vec::with_capacity(text.len() / 6);
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let start = at;
        let kind = match byte {
            b' ' | b'\t' | b'\r' | b'\n' | 0x0c => {
                at += 1;
                continue;
            }
            b'-' if bytes.get(at + 1) == Some(&b'-') => {
                at = line_end(bytes, at);
                continue;
            }
            b'#' if dialect == Dialect::MySql => {
                at = line_end(bytes, at);
                continue;
            }
            b'/' if bytes.get(at + 1) == Some(&b'*') => {
                at = comment_end(bytes, at);
                continue;
            }
            b'\'' => {
                at = string_end(bytes, at, dialect == Dialect::MySql);
                Kind::Str
            }
            b'"' | b'`' => {
                at = quoted_end(bytes, at, byte);
                Kind::Quoted
            }
            b'$' => {
                if let Some(end) = dollar_end(text, at) {
                    at = end;
                    Kind::Dollar
                } else if bytes.get(at + 1).is_some_and(u8::is_ascii_digit) {
                    at = while_bytes(bytes, at + 1, |byte| byte.is_ascii_digit());
                    Kind::Param
                } else {
                    at += 1;
                    Kind::Op
                }
            }
            b'0'..=b'9' => {
                at = while_bytes(bytes, at, |byte| byte.is_ascii_alphanumeric() || byte == b'.');
                Kind::Number
            }
            b'?' if dialect != Dialect::Postgres => {
                at += 1;
                Kind::Param
            }
            b'@' if bytes.get(at + 1).is_some_and(|&next| is_word(next)) => {
                at = while_bytes(bytes, at + 1, is_word);
                Kind::Param
            }
            b':' if bytes.get(at + 1) == Some(&b':') => {
                at += 2;
                Kind::Op
            }
            b':' if bytes.get(at + 1) == Some(&b'=') => {
                at += 2;
                Kind::Op
            }
            _ if is_word(byte) => {
                at = while_bytes(bytes, at, |byte| is_word(byte) || byte == b'$');
                let prefix = text.get(start..at).unwrap_or("");
                if bytes.get(at) == Some(&b'\'') && matches!(prefix, "E" | "e" | "N" | "n" | "B" | "b" | "X" | "x") {
                    at = string_end(bytes, at, matches!(prefix, "E" | "e"));
                    Kind::Str
                } else {
                    Kind::Word
                }
            }
            _ if b"<>=!~|&+-*/%^@#?".contains(&byte) => {
                at = while_bytes(bytes, at, |byte| b"<>=!~|&@#?".contains(&byte)).max(at + 1);
                // `->` and `->>` begin with a sign that otherwise stands alone.
                if byte == b'-' && bytes.get(start + 1) == Some(&b'>') {
                    at = if bytes.get(start + 2) == Some(&b'>') { start + 3 } else { start + 2 };
                }
                Kind::Op
            }
            _ => {
                at += 1;
                Kind::Op
            }
        };
        tokens.push(Token { kind, start, end: at.min(text.len()) });
    }
    tokens
}

/// ASCII word bytes and every byte of a non-ASCII character.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

fn while_bytes(bytes: &[u8], from: usize, keep: impl Fn(u8) -> bool) -> usize {
    let mut at = from;
    while bytes.get(at).is_some_and(|&byte| keep(byte)) {
        at += 1;
    }
    at
}

fn line_end(bytes: &[u8], from: usize) -> usize {
    while_bytes(bytes, from, |byte| byte != b'\n')
}

fn comment_end(bytes: &[u8], from: usize) -> usize {
    let (mut at, mut depth) = (from, 0_u32);
    while at < bytes.len() {
        match (bytes.get(at), bytes.get(at + 1)) {
            (Some(b'/'), Some(b'*')) => {
                depth += 1;
                at += 2;
            }
            (Some(b'*'), Some(b'/')) => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    bytes.len()
}

fn string_end(bytes: &[u8], from: usize, backslashes: bool) -> usize {
    let mut at = from + 1;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' if backslashes => at += 2,
            b'\'' if bytes.get(at + 1) == Some(&b'\'') => at += 2,
            b'\'' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn quoted_end(bytes: &[u8], from: usize, quote: u8) -> usize {
    let mut at = from + 1;
    while let Some(&byte) = bytes.get(at) {
        if byte == quote {
            if bytes.get(at + 1) == Some(&quote) {
                at += 2;
                continue;
            }
            return at + 1;
        }
        at += 1;
    }
    bytes.len()
}

/// End of a dollar-quoted string that begins at `from`; `None` where none begins.
fn dollar_end(text: &str, from: usize) -> Option<usize> {
    let rest = text.get(from..)?;
    let tag_len = rest.get(1..)?.find('$')? + 2;
    let tag = rest.get(..tag_len)?;
    let word = tag.get(1..tag_len - 1)?;
    if word.len() > 63 || word.bytes().next().is_some_and(|byte| byte.is_ascii_digit()) || !word.bytes().all(is_word) {
        return None;
    }
    let body = rest.get(tag_len..)?;
    Some(body.find(tag).map_or(text.len(), |at| from + tag_len + at + tag_len))
}

/// Token ranges of the statements of a text: split at `;` outside parentheses, at `GO` lines for SQL Server.
///
/// PostgreSQL's `BEGIN ATOMIC` bodies and triggers of SQLite and MySQL hold `;` inside `BEGIN … END`.
pub(crate) fn statements(piece: Piece<'_>) -> Vec<(usize, usize)> {
    let mut ranges = Vec::new();
    let (mut from, mut begins, mut parens) = (0, 0_u32, 0_i32);
    let mut routine = false;
    let count = piece.tokens.len();
    let mut index = 0;
    while index < count {
        if index == from {
            routine = false;
            begins = 0;
            parens = 0;
        }
        let op = piece.kind(index) == Some(Kind::Op);
        let raw = piece.raw(index);
        if op && raw == "(" {
            parens += 1;
        } else if op && raw == ")" {
            parens -= 1;
        } else if op && raw == ";" {
            // An unbalanced parenthesis must not swallow the rest of the file.
            if begins == 0 && (parens <= 0 || starts_statement(piece, index + 1)) {
                if index > from {
                    ranges.push((from, index));
                }
                from = index + 1;
            }
        } else if piece.kind(index) == Some(Kind::Word) {
            if index <= from + 6 && index > from {
                routine |= ["trigger", "procedure", "function"].iter().any(|word| piece.is(index, word))
                    && piece.is(from, "create");
            }
            if routine {
                if piece.is(index, "begin") || piece.is(index, "case") {
                    begins += 1;
                } else if piece.is(index, "end") && begins > 0 && !ends_inner(piece, index) {
                    begins -= 1;
                }
            }
            if piece.is(index, "go") && alone_on_line(piece, index) {
                if index > from {
                    ranges.push((from, index));
                }
                from = index + 1;
            }
        }
        index += 1;
    }
    if from < count {
        ranges.push((from, count));
    }
    ranges
}

fn ends_inner(piece: Piece<'_>, index: usize) -> bool {
    ["if", "loop", "while", "repeat"].iter().any(|word| piece.is(index + 1, word))
}

fn starts_statement(piece: Piece<'_>, index: usize) -> bool {
    ["create", "alter", "drop", "insert", "grant", "revoke", "update", "delete", "comment", "do"]
        .iter()
        .any(|word| piece.is(index, word))
}

fn alone_on_line(piece: Piece<'_>, index: usize) -> bool {
    let Some(token) = piece.tokens.get(index) else { return false };
    let blank = |byte: &&u8| matches!(byte, b' ' | b'\t' | b'\r');
    let bytes = piece.text.as_bytes();
    let before = bytes.get(..token.start).and_then(|head| head.iter().rev().find(|byte| !blank(byte)));
    let after = bytes.get(token.end..).and_then(|tail| tail.iter().find(|byte| !blank(byte)));
    matches!(before, None | Some(b'\n')) && matches!(after, None | Some(b'\n' | b';'))
}

#[cfg(test)]
mod tests {
    use super::{Dialect, Kind, Piece, dialect_of, lex, statements};

    fn raws(text: &str) -> Vec<String> {
        lex(text, Dialect::Postgres).iter().map(|token| text[token.start..token.end].to_owned()).collect()
    }

    #[test]
    fn tokens_of_postgres() {
        assert_eq!(raws("a->>'b' ->x <> 1::int"), ["a", "->>", "'b'", "->", "x", "<>", "1", "::", "int"]);
        assert_eq!(raws("'it''s' E'a\\'b' -- c\n /* /* n */ */ \"Q\"\"r\""), ["'it''s'", "E'a\\'b'", "\"Q\"\"r\""]);
        assert_eq!(raws("$$a;b$$ $f$ $$ $f$ $1"), ["$$a;b$$", "$f$ $$ $f$", "$1"]);
        assert_eq!(raws("größe=-1"), ["größe", "=", "-", "1"]);
        assert_eq!(raws("'never ends"), ["'never ends"]);
        assert_eq!(lex("$", Dialect::Postgres)[0].kind, Kind::Op);
    }

    #[test]
    fn statements_of_several_dialects() {
        let count = |text: &str| {
            let tokens = lex(text, dialect_of(text));
            statements(Piece { text, tokens: &tokens }).len()
        };
        assert_eq!(count("select 1; select ';'; do $$ begin a; end $$;"), 3);
        assert_eq!(count("CREATE TRIGGER t AFTER INSERT ON a BEGIN update b set c=1; delete from d; END; select 1"), 2);
        assert_eq!(count("create table a(x int\nGO\ncreate table b(y int)\nGO"), 2);
        assert_eq!(count("create table a (x int; create table b (y int);"), 2);
        assert_eq!(count(";;;"), 0);
    }

    #[test]
    fn dialects() {
        assert_eq!(dialect_of("CREATE TABLE `a` (`b` int)"), Dialect::MySql);
        assert_eq!(dialect_of("-- use `psql`\ncreate table a(b int)"), Dialect::Postgres);
        assert_eq!(dialect_of("create table a(id integer primary key autoincrement)"), Dialect::Sqlite);
    }
}
