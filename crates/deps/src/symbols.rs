//! Whether the app's own code calls the functions that have a hole, for languages whose advisories name them: Go and Rust.
//!
//! This reads tokens, not types: a method counts as called where a file that imports its package calls a method of that
//! name. It errs towards "called".

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_source::{FileId, SourceTree, Span};

use crate::Ecosystem;
use crate::check::Vulnerable;

/// Places that are kept for each hole.
const MAX_PLACES: usize = 10;
/// Larger files are generated.
const MAX_FILE: usize = 4 << 20;

/// Looks for calls of the functions that the findings' advisories name.
pub(crate) fn note_calls(tree: &SourceTree, findings: &mut [Vulnerable]) {
    for (ecosystem, extension) in [(Ecosystem::Go, "go"), (Ecosystem::CratesIo, "rs")] {
        let wanted = findings
            .iter()
            .filter(|finding| finding.ecosystem == ecosystem)
            .flat_map(|finding| &finding.advisories)
            .any(|found| !found.symbols.is_empty());
        if !wanted {
            continue;
        }
        let mut whole = true;
        let mut files: Vec<(FileId, Tokens<'_>)> = Vec::new();
        for (id, file) in tree.iter().filter(|(_, file)| file.extension() == extension) {
            let text = file.text();
            if text.is_empty() || text.len() > MAX_FILE {
                whole = false;
                continue;
            }
            files.push((id, Tokens::read(text)));
        }
        let missing = tree.not_read.iter().any(|missing| missing.path.ends_with(&format!(".{extension}")));
        // Without all of the code "never called" cannot be said; where it is called can.
        let whole = whole && !missing && !files.is_empty();
        for finding in findings.iter_mut().filter(|finding| finding.ecosystem == ecosystem) {
            for found in finding.advisories.iter_mut().filter(|found| !found.symbols.is_empty()) {
                let mut places: BTreeSet<Span> = BTreeSet::new();
                for (id, tokens) in &files {
                    for symbol in &found.symbols {
                        let calls = match ecosystem {
                            Ecosystem::Go => tokens.go_calls(symbol),
                            _ => tokens.rust_calls(symbol),
                        };
                        places.extend(calls.into_iter().map(|(start, end)| Span::new(*id, start, end)));
                    }
                }
                let places: Vec<Span> = places.into_iter().take(MAX_PLACES).collect();
                found.called = (whole || !places.is_empty()).then_some(places);
            }
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'a> {
    Word(&'a str),
    Text(&'a str),
    Sign(u8),
}

/// A file as words, texts and signs; comments are left out.
struct Tokens<'a> {
    all: Vec<(Token<'a>, u32)>,
    /// Go: path and local name of each import; `.` for names that need no prefix.
    imports: BTreeMap<&'a str, &'a str>,
}

fn at32(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

impl<'a> Tokens<'a> {
    fn read(text: &'a str) -> Self {
        let bytes = text.as_bytes();
        let mut all = Vec::new();
        let mut at = 0;
        let byte = |at: usize| bytes.get(at).copied().unwrap_or(0);
        while at < bytes.len() {
            let start = at;
            match byte(at) {
                b'/' if byte(at + 1) == b'/' => {
                    while at < bytes.len() && byte(at) != b'\n' {
                        at += 1;
                    }
                }
                b'/' if byte(at + 1) == b'*' => {
                    at += 2;
                    while at < bytes.len() && !(byte(at) == b'*' && byte(at + 1) == b'/') {
                        at += 1;
                    }
                    at += 2;
                }
                quote @ (b'"' | b'`') => {
                    at += 1;
                    while at < bytes.len() && byte(at) != quote {
                        at += if byte(at) == b'\\' && quote == b'"' { 2 } else { 1 };
                    }
                    all.push((Token::Text(text.get(start + 1..at).unwrap_or_default()), at32(start)));
                    at += 1;
                }
                // A character, not a lifetime.
                b'\'' if byte(at + 1) == b'\\' || byte(at + 2) == b'\'' => {
                    at += 2;
                    while at < bytes.len() && byte(at) != b'\'' && byte(at) != b'\n' {
                        at += 1;
                    }
                    at += 1;
                }
                first if first.is_ascii_alphabetic() || first == b'_' || first >= 0x80 => {
                    while at < bytes.len() && (byte(at).is_ascii_alphanumeric() || byte(at) == b'_' || byte(at) >= 0x80)
                    {
                        at += 1;
                    }
                    all.push((Token::Word(text.get(start..at).unwrap_or_default()), at32(start)));
                }
                sign => {
                    if !sign.is_ascii_whitespace() {
                        all.push((Token::Sign(sign), at32(start)));
                    }
                    at += 1;
                }
            }
        }
        let mut tokens = Tokens { all, imports: BTreeMap::new() };
        tokens.imports = tokens.go_imports();
        tokens
    }

    fn token(&self, at: usize) -> Option<Token<'a>> {
        self.all.get(at).map(|(token, _)| *token)
    }

    /// Imports stand before everything else.
    fn go_imports(&self) -> BTreeMap<&'a str, &'a str> {
        let mut out = BTreeMap::new();
        let mut at = 0;
        while let Some(token) = self.token(at) {
            at += 1;
            if token == Token::Word("func") {
                break;
            }
            if token != Token::Word("import") {
                continue;
            }
            let many = self.token(at) == Some(Token::Sign(b'('));
            if many {
                at += 1;
            }
            let mut name: Option<&str> = None;
            while let Some(token) = self.token(at) {
                at += 1;
                match token {
                    Token::Word(word) => name = Some(word),
                    Token::Sign(b'.') => name = Some("."),
                    Token::Text(path) => {
                        out.insert(path, name.take().unwrap_or_else(|| go_name(path)));
                        if !many {
                            break;
                        }
                    }
                    Token::Sign(b';') => {}
                    _ => break,
                }
            }
        }
        out
    }

    /// Where a file uses `import/path.Function` or `import/path.Type.Method`.
    fn go_calls(&self, symbol: &str) -> Vec<(u32, u32)> {
        let after = symbol.rfind('/').map_or(0, |at| at + 1);
        let Some(dot) = symbol.get(after..).and_then(first_dot).map(|at| after + at) else {
            return Vec::new();
        };
        let (path, names) = (symbol.get(..dot).unwrap_or_default(), symbol.get(dot + 1..).unwrap_or_default());
        let Some(local) = self.imports.get(path).copied().filter(|local| *local != "_") else { return Vec::new() };
        let mut out = Vec::new();
        for (at, (token, start)) in self.all.iter().enumerate() {
            let Token::Word(word) = token else { continue };
            let after_dot = at > 0 && self.token(at - 1) == Some(Token::Sign(b'.'));
            let of_package = after_dot && at > 1 && self.token(at - 2) == Some(Token::Word(local));
            let bare = local == "." && !after_dot;
            let hit = match names.split_once('.') {
                None if names == "*" => *word == local && self.token(at + 1) == Some(Token::Sign(b'.')),
                None => *word == names && (of_package || bare),
                // Of which type the value is, only a compiler knows.
                Some((_, method)) => *word == method && after_dot && self.token(at + 1) == Some(Token::Sign(b'(')),
            };
            if hit {
                out.push((*start, start.saturating_add(at32(word.len()))));
            }
        }
        out
    }

    /// Where a file that names the crate uses a function of it.
    fn rust_calls(&self, symbol: &str) -> Vec<(u32, u32)> {
        let mut parts = symbol.split("::");
        let (Some(krate), Some(function)) = (parts.next(), symbol.rsplit("::").next()) else { return Vec::new() };
        let names_crate = self.all.iter().any(|(token, _)| *token == Token::Word(krate));
        if !names_crate || krate == function {
            return Vec::new();
        }
        self.all
            .iter()
            .enumerate()
            .filter(|(_, (token, _))| *token == Token::Word(function))
            // Not the definition of one's own of that name.
            .filter(|(at, _)| *at == 0 || self.token(at - 1) != Some(Token::Word("fn")))
            .map(|(_, (_, start))| (*start, start.saturating_add(at32(function.len()))))
            .collect()
    }
}

/// The dot between a path's last part and the name: `gopkg.in/yaml.v3.Unmarshal` has one in the path.
fn first_dot(rest: &str) -> Option<usize> {
    rest.match_indices('.').map(|(at, _)| at).find(|at| {
        rest.get(at + 1..).is_some_and(|name| name.starts_with(|first: char| first.is_uppercase() || first == '*'))
    })
}

/// The name under which a package is used when the import gives none.
fn go_name(path: &str) -> &str {
    let mut parts = path.rsplit('/');
    let last = parts.next().unwrap_or(path);
    let is_version = |part: &str| {
        part.strip_prefix('v').is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let name = if is_version(last) { parts.next().unwrap_or(last) } else { last };
    let name = name.split_once(".v").map_or(name, |(name, _)| name);
    name.strip_prefix("go-").unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn go(text: &str, symbol: &str) -> usize {
        Tokens::read(text).go_calls(symbol).len()
    }

    #[test]
    fn go_functions_are_found_by_their_package() {
        let text = "package main\n\nimport (\n\t\"fmt\"\n\tj \"example.com/jwt/v5\"\n\t\"gopkg.in/yaml.v3\"\n\t_ \"example.com/only\"\n)\n\n\
                    // j.Parse in a comment\nfunc main() {\n\tfmt.Println(\"j.Parse(x)\")\n\tj.ParseUnverified(x)\n\tyaml.Unmarshal(b, &v)\n\tt.Claims()\n}\n";
        assert_eq!(go(text, "example.com/jwt/v5.Parse"), 0);
        assert_eq!(go(text, "example.com/jwt/v5.ParseUnverified"), 1);
        assert_eq!(go(text, "example.com/jwt/v5.Token.Claims"), 1);
        assert_eq!(go(text, "example.com/jwt/v4.ParseUnverified"), 0);
        assert_eq!(go(text, "gopkg.in/yaml.v3.Unmarshal"), 1);
        assert_eq!(go(text, "example.com/jwt/v5.*"), 1);
        assert_eq!(go(text, "example.com/only.Run"), 0);
        assert_eq!(go("package a\nimport . \"example.com/x\"\nfunc f() { Run() }", "example.com/x.Run"), 1);
        assert_eq!(go("import \"example.com/x\"", "no dot at all"), 0);
    }

    #[test]
    fn rust_functions_are_found_where_the_crate_is_named() {
        let calls = |text: &str, symbol: &str| Tokens::read(text).rust_calls(symbol).len();
        let text = "use time::OffsetDateTime;\nfn now() { let a = 'x'; let b: &'static str = \"now_local\"; OffsetDateTime::now_local() }\n";
        assert_eq!(calls(text, "time::OffsetDateTime::now_local"), 1);
        assert_eq!(calls(text, "time::OffsetDateTime::now_utc"), 0);
        assert_eq!(calls("fn at() { now_local() }", "time::at"), 0);
        assert_eq!(calls("use time::at;\nfn at() {}", "time::at"), 1);
    }
}
