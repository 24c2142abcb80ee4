//! The rules language of Firestore and Cloud Storage, and the JSON of the Realtime Database.
//!
//! Reading never fails: what is broken becomes a [`Problem`] and reading goes on behind it, so that the rest of the file
//! still says whom it admits. Nesting, chains and length are bounded.

/// Nesting beyond this is a problem of the file.
const MAX_DEPTH: usize = 80;
/// Items beyond this many are not read.
const MAX_ITEMS: usize = 20_000;
/// Problems beyond this many are not listed.
const MAX_PROBLEMS: usize = 20;

/// Something that the service would refuse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// Byte offset in the file.
    pub(crate) at: usize,
    pub(crate) what: String,
}

/// A file of rules.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ruleset {
    pub(crate) services: Vec<Service>,
    pub(crate) problems: Vec<Problem>,
}

/// `service cloud.firestore { … }`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Service {
    pub(crate) name: String,
    pub(crate) body: Block,
}

/// What stands in braces.
#[derive(Clone, Debug, Default)]
pub(crate) struct Block {
    pub(crate) matches: Vec<Match>,
    pub(crate) allows: Vec<Allow>,
    pub(crate) functions: Vec<Function>,
}

/// A part of a path pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Segment {
    Literal(String),
    /// `{id}`.
    Variable(String),
    /// `{path=**}`.
    Recursive(String),
}

/// `match /users/{id} { … }`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Match {
    pub(crate) path: Vec<Segment>,
    pub(crate) body: Block,
}

/// `allow read, write: if …;`.
#[derive(Clone, Debug)]
pub(crate) struct Allow {
    pub(crate) methods: Vec<String>,
    /// Without a condition it holds always.
    pub(crate) condition: Option<Expr>,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// `function f(a, b) { let x = …; return …; }`.
#[derive(Clone, Debug)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) params: Vec<String>,
    pub(crate) bindings: Vec<(String, Expr)>,
    pub(crate) result: Expr,
}

/// A part of a path in an expression.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum PathPart {
    Literal(String),
    Computed(Expr),
}

/// An entry of a map literal: key, where the key stands, value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) value: Expr,
}

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expr {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    /// `/…/` of the Realtime Database.
    Pattern,
    List(Vec<Expr>),
    Map(Vec<Entry>),
    Path(Vec<PathPart>),
    Name(String),
    Member(Box<Expr>, String),
    Index(Box<Expr>, Box<Expr>),
    Call(Box<Expr>, Vec<Expr>),
    Not(Box<Expr>),
    And(Vec<Expr>),
    Or(Vec<Expr>),
    /// Comparisons, arithmetic, `in`, `is`.
    Op(String, Box<Expr>, Box<Expr>),
    Choice(Box<Expr>, Box<Expr>, Box<Expr>),
    Broken,
}

/// Reads a file in the rules language.
pub(crate) fn rules(text: &str) -> Ruleset {
    let mut reader = Reader::new(text, false);
    let mut ruleset = Ruleset::default();
    let mut items = 0;
    loop {
        reader.space();
        items += 1;
        if reader.at >= text.len() || items > MAX_ITEMS {
            break;
        }
        if reader.word("service") {
            let mut name = String::new();
            reader.space();
            while let Some(letter) = reader.peek().filter(|&letter| is_name(letter) || letter == '.') {
                name.push(letter);
                reader.bump();
            }
            if !reader.eat("{") {
                reader.problem("`{` is missing after the name of the service");
                reader.skip_item();
                continue;
            }
            let body = reader.block();
            ruleset.services.push(Service { name, body });
        } else if reader.word("rules_version") {
            if !reader.eat("=") {
                reader.problem("`=` is missing after rules_version");
            }
            reader.space();
            if reader.string().is_none() {
                reader.problem("the version is no string");
            }
            reader.eat(";");
        } else if reader.eat(";") {
        } else if reader.word("function") || reader.word("match") {
            // They belong into a service; read on to find more.
            reader.problem("a function or match block stands outside of a service");
            reader.skip_item();
        } else {
            let stray = reader.peek() == Some('}');
            reader.problem(if stray { "a `}` too many" } else { "text that is no rule" });
            if stray {
                reader.bump();
            } else {
                reader.skip_line();
            }
        }
    }
    if ruleset.services.is_empty() && reader.problems.is_empty() {
        reader.problem("the file holds no service");
    }
    ruleset.problems = reader.problems;
    ruleset
}

/// Whether a file holds nothing but white space and comments: put aside, not broken.
pub(crate) fn is_blank(text: &str) -> bool {
    let mut reader = Reader::new(text, false);
    reader.space();
    reader.at >= text.len()
}

/// Reads JSON with comments (rules of the Realtime Database, `firebase.json`).
pub(crate) fn json(text: &str) -> (Expr, Vec<Problem>) {
    let mut reader = Reader::new(text, false);
    let value = reader.expression();
    reader.space();
    if reader.at < text.len() {
        reader.problem("text behind the end of the rules");
    }
    (value, reader.problems)
}

/// Reads a condition of the Realtime Database.
pub(crate) fn condition(text: &str) -> (Expr, Vec<Problem>) {
    let mut reader = Reader::new(text, true);
    let value = reader.expression();
    reader.space();
    if reader.at < text.len() {
        reader.problem("text behind the end of the condition");
    }
    (value, reader.problems)
}

fn is_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_' || letter == '$'
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
    /// Regular expressions instead of paths.
    patterns: bool,
    problems: Vec<Problem>,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str, patterns: bool) -> Self {
        Reader { text, at: 0, depth: 0, patterns, problems: Vec::new() }
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn bump(&mut self) {
        self.at += self.peek().map_or(0, char::len_utf8);
    }

    fn problem(&mut self, what: &str) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(Problem { at: self.at.min(self.text.len()), what: what.to_owned() });
        }
    }

    fn skip_line(&mut self) {
        self.at += self.rest().find('\n').map_or(self.rest().len(), |end| end + 1);
    }

    /// White space and comments.
    fn space(&mut self) {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start_matches(|letter: char| letter.is_whitespace() || letter == '\u{feff}');
            self.at += rest.len() - trimmed.len();
            if trimmed.starts_with("//") {
                self.skip_line();
            } else if trimmed.starts_with("/*") {
                match trimmed.find("*/") {
                    Some(end) => self.at += end + 2,
                    None => {
                        self.problem("a comment does not end");
                        self.at = self.text.len();
                    }
                }
            } else {
                return;
            }
        }
    }

    fn eat(&mut self, op: &str) -> bool {
        self.space();
        let found = self.rest().starts_with(op);
        if found {
            self.at += op.len();
        }
        found
    }

    /// An operator that is not the beginning of a longer one.
    fn eat_op(&mut self, op: &str, not_before: &[char]) -> bool {
        self.space();
        let rest = self.rest();
        let found = rest
            .strip_prefix(op)
            .is_some_and(|after| !after.chars().next().is_some_and(|letter| not_before.contains(&letter)));
        if found {
            self.at += op.len();
        }
        found
    }

    fn word(&mut self, word: &str) -> bool {
        self.space();
        let found = self.rest().strip_prefix(word).is_some_and(|after| !after.chars().next().is_some_and(is_name));
        if found {
            self.at += word.len();
        }
        found
    }

    fn name(&mut self) -> Option<String> {
        self.space();
        let rest = self.rest();
        let len = rest.find(|letter| !is_name(letter)).unwrap_or(rest.len());
        let name =
            rest.get(..len).filter(|name| !name.is_empty() && !name.starts_with(|l: char| l.is_ascii_digit()))?;
        self.at += len;
        Some(name.to_owned())
    }

    fn string(&mut self) -> Option<String> {
        self.space();
        let quote = self.peek().filter(|letter| matches!(letter, '\'' | '"'))?;
        let mut out = String::new();
        let mut letters = self.rest().char_indices().skip(1);
        while let Some((offset, letter)) = letters.next() {
            if letter == quote {
                self.at += offset + 1;
                return Some(out);
            }
            if letter == '\n' {
                break;
            }
            if letter == '\\' {
                if let Some((_, escaped)) = letters.next() {
                    out.push(escaped);
                }
                continue;
            }
            out.push(letter);
        }
        self.problem("a text does not end");
        self.skip_line();
        Some(out)
    }

    /// Skips one broken item: to behind its `;`, to behind its own braces, or to the `}` that closes around it.
    fn skip_item(&mut self) {
        let mut depth = 0_usize;
        while self.at < self.text.len() {
            self.space();
            match self.peek() {
                None => return,
                Some('\'' | '"') => {
                    self.string();
                    continue;
                }
                Some(';') if depth == 0 => {
                    self.bump();
                    return;
                }
                Some('{') => depth += 1,
                Some('}') if depth == 0 => return,
                Some('}') => {
                    depth -= 1;
                    if depth == 0 {
                        self.bump();
                        return;
                    }
                }
                Some('a') if depth == 0 && self.rest().starts_with("allow ") => return,
                Some('m') if depth == 0 && self.rest().starts_with("match /") => return,
                _ => {}
            }
            self.bump();
        }
    }

    /// What stands in braces, the opening one read already.
    fn block(&mut self) -> Block {
        let mut block = Block::default();
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            self.problem("nested too deep");
            self.at = self.text.len();
        }
        for _ in 0..MAX_ITEMS {
            self.space();
            if self.at >= self.text.len() {
                self.problem("a `}` is missing at the end");
                break;
            }
            if self.eat("}") {
                break;
            }
            let start = self.at;
            if self.word("match") {
                match self.pattern() {
                    Some(path) if self.eat("{") => {
                        let body = self.block();
                        block.matches.push(Match { path, body });
                    }
                    _ => {
                        self.problem("a match block is not complete");
                        self.skip_item();
                    }
                }
            } else if self.word("allow") {
                match self.allow(start) {
                    Some(allow) => block.allows.push(allow),
                    None => {
                        self.problem("an allow statement is not complete");
                        self.skip_item();
                    }
                }
            } else if self.word("function") {
                match self.function() {
                    Some(function) => block.functions.push(function),
                    None => {
                        self.problem("a function is not complete");
                        self.skip_item();
                    }
                }
            } else if self.eat(";") {
            } else {
                self.problem("text that is no rule");
                self.skip_item();
                if self.at == start {
                    self.bump();
                }
            }
        }
        self.depth = self.depth.saturating_sub(1);
        block
    }

    /// `/users/{id}/files/{path=**}`.
    fn pattern(&mut self) -> Option<Vec<Segment>> {
        self.space();
        let mut out = Vec::new();
        // A first `/` is usual, and not demanded for nested blocks.
        if self.peek() != Some('/') && self.peek() != Some('{') && !self.peek().is_some_and(is_name) {
            return None;
        }
        loop {
            let had_slash = self.rest().starts_with('/');
            if had_slash {
                self.bump();
            }
            match self.peek() {
                Some('{') => {
                    let rest = self.rest();
                    let end = rest.find('}').filter(|&end| {
                        end < 200 && rest.get(..end).is_some_and(|inner| !inner.contains(['\n', ';', ':']))
                    });
                    // The block's own brace: `match / {`.
                    let Some(end) = end else { return Some(out) };
                    let inner = rest.get(1..end).unwrap_or("").trim();
                    out.push(match inner.split_once('=') {
                        Some((name, stars)) if stars.trim() == "**" => Segment::Recursive(name.trim().to_owned()),
                        Some((name, _)) => Segment::Variable(name.trim().to_owned()),
                        None => Segment::Variable(inner.to_owned()),
                    });
                    self.at += end + 1;
                }
                Some(letter) if is_path_letter(letter) => {
                    let rest = self.rest();
                    let len = rest.find(|letter| !is_path_letter(letter)).unwrap_or(rest.len());
                    out.push(Segment::Literal(rest.get(..len).unwrap_or("").to_owned()));
                    self.at += len;
                }
                _ => return Some(out).filter(|out| !out.is_empty() || had_slash),
            }
            if out.len() > 100 || !self.rest().starts_with('/') {
                return Some(out);
            }
            if self.rest().starts_with("//") || self.rest().starts_with("/*") {
                return Some(out);
            }
        }
    }

    fn allow(&mut self, start: usize) -> Option<Allow> {
        let mut methods = Vec::new();
        loop {
            methods.push(self.name()?);
            if !self.eat(",") {
                break;
            }
        }
        let mut condition = None;
        if self.eat(":") {
            if !self.word("if") {
                return None;
            }
            let before = self.problems.len();
            let expr = self.expression();
            if self.problems.len() > before {
                return None;
            }
            condition = Some(expr);
        }
        let end = self.at;
        self.eat(";");
        Some(Allow { methods, condition, start, end })
    }

    fn function(&mut self) -> Option<Function> {
        let name = self.name()?;
        if !self.eat("(") {
            return None;
        }
        let mut params = Vec::new();
        while !self.eat(")") {
            params.push(self.name()?);
            if !self.eat(",") && !self.rest().trim_start().starts_with(')') {
                return None;
            }
        }
        if !self.eat("{") {
            return None;
        }
        let mut bindings = Vec::new();
        while self.word("let") {
            let name = self.name()?;
            if !self.eat("=") {
                return None;
            }
            bindings.push((name, self.expression()));
            self.eat(";");
        }
        if !self.word("return") {
            return None;
        }
        let before = self.problems.len();
        let result = self.expression();
        self.eat(";");
        if self.problems.len() > before || !self.eat("}") {
            return None;
        }
        Some(Function { name, params, bindings, result })
    }

    fn expression(&mut self) -> Expr {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            self.problem("nested too deep");
            self.at = self.text.len();
            self.depth -= 1;
            return Expr::Broken;
        }
        let mut expr = self.or();
        if self.eat("?") {
            let yes = self.expression();
            if !self.eat(":") {
                self.problem("`:` is missing in a choice");
            }
            let no = self.expression();
            expr = Expr::Choice(Box::new(expr), Box::new(yes), Box::new(no));
        }
        self.depth -= 1;
        expr
    }

    fn or(&mut self) -> Expr {
        let first = self.and();
        let mut parts = vec![first];
        while self.eat("||") {
            let next = self.and();
            parts.push(next);
            if parts.len() > 2_000 {
                break;
            }
        }
        if let [_] = parts.as_slice() { parts.pop().unwrap_or(Expr::Broken) } else { Expr::Or(parts) }
    }

    fn and(&mut self) -> Expr {
        let first = self.equality();
        let mut parts = vec![first];
        while self.eat("&&") {
            let next = self.equality();
            parts.push(next);
            if parts.len() > 2_000 {
                break;
            }
        }
        if let [_] = parts.as_slice() { parts.pop().unwrap_or(Expr::Broken) } else { Expr::And(parts) }
    }

    fn equality(&mut self) -> Expr {
        let mut left = self.sum();
        for _ in 0..300 {
            let op = if self.eat("===") || self.eat("==") {
                "=="
            } else if self.eat("!==") || self.eat("!=") {
                "!="
            } else if self.eat("<=") {
                "<="
            } else if self.eat(">=") {
                ">="
            } else if self.eat("<") {
                "<"
            } else if self.eat(">") {
                ">"
            } else if self.word("in") {
                "in"
            } else if self.word("is") {
                "is"
            } else {
                return left;
            };
            let right = self.sum();
            left = Expr::Op(op.to_owned(), Box::new(left), Box::new(right));
        }
        self.problem("too long to read");
        left
    }

    fn sum(&mut self) -> Expr {
        let mut left = self.product();
        for _ in 0..300 {
            let op = if self.eat("+") {
                "+"
            } else if self.eat("-") {
                "-"
            } else {
                return left;
            };
            let right = self.product();
            left = Expr::Op(op.to_owned(), Box::new(left), Box::new(right));
        }
        self.problem("too long to read");
        left
    }

    fn product(&mut self) -> Expr {
        let mut left = self.unary();
        for _ in 0..300 {
            let op = if self.eat("*") {
                "*"
            } else if self.eat("%") {
                "%"
            } else if self.eat_op("/", &['/', '*']) {
                "/"
            } else {
                return left;
            };
            let right = self.unary();
            left = Expr::Op(op.to_owned(), Box::new(left), Box::new(right));
        }
        self.problem("too long to read");
        left
    }

    fn unary(&mut self) -> Expr {
        let mut negations = 0_usize;
        loop {
            if self.eat_op("!", &['=']) {
                negations += 1;
            } else if !self.eat("-") {
                break;
            }
            if self.at >= self.text.len() {
                break;
            }
        }
        let expr = self.postfix();
        if negations % 2 == 1 { Expr::Not(Box::new(expr)) } else { expr }
    }

    fn postfix(&mut self) -> Expr {
        let mut expr = self.primary();
        for _ in 0..300 {
            if self.eat(".") {
                let Some(name) = self.name() else {
                    self.problem("a name is missing after `.`");
                    return Expr::Broken;
                };
                expr = Expr::Member(Box::new(expr), name);
            } else if self.eat("(") {
                let args = self.list(")");
                expr = Expr::Call(Box::new(expr), args);
            } else if self.eat("[") {
                let index = self.expression();
                if self.eat(":") {
                    self.expression();
                }
                if !self.eat("]") {
                    self.problem("`]` is missing");
                    return Expr::Broken;
                }
                expr = Expr::Index(Box::new(expr), Box::new(index));
            } else {
                return expr;
            }
        }
        self.problem("too long to read");
        expr
    }

    fn list(&mut self, close: &str) -> Vec<Expr> {
        let mut out = Vec::new();
        loop {
            if self.eat(close) {
                return out;
            }
            let before = self.problems.len();
            out.push(self.expression());
            if self.problems.len() > before || out.len() > MAX_ITEMS {
                return out;
            }
            if !self.eat(",") {
                if !self.eat(close) {
                    self.problem(&format!("`{close}` is missing"));
                }
                return out;
            }
        }
    }

    fn map(&mut self) -> Expr {
        let mut entries = Vec::new();
        loop {
            if self.eat("}") {
                return Expr::Map(entries);
            }
            self.space();
            let start = self.at;
            let key = if matches!(self.peek(), Some('\'' | '"')) { self.string() } else { self.name() };
            let end = self.at;
            let Some(key) = key.filter(|_| self.eat(":")) else {
                self.problem("a key or `:` is missing");
                return Expr::Map(entries);
            };
            let before = self.problems.len();
            let value = self.expression();
            let stop = self.at.max(end);
            entries.push(Entry { key, start, end: stop, value });
            if self.problems.len() > before || entries.len() > MAX_ITEMS {
                return Expr::Map(entries);
            }
            if !self.eat(",") {
                if !self.eat("}") {
                    self.problem("`,` or `}` is missing");
                }
                return Expr::Map(entries);
            }
        }
    }

    /// `/databases/$(database)/documents/users/$(request.auth.uid)`.
    fn path(&mut self) -> Expr {
        let mut parts = Vec::new();
        while self.rest().starts_with('/') && !self.rest().starts_with("//") {
            self.bump();
            if self.rest().starts_with("$(") {
                self.at += 2;
                let inner = self.expression();
                if !self.eat(")") {
                    self.problem("`)` is missing in a path");
                    return Expr::Broken;
                }
                parts.push(PathPart::Computed(inner));
                continue;
            }
            let rest = self.rest();
            let mut len = rest.find(|letter| !is_path_letter(letter)).unwrap_or(rest.len());
            if rest.starts_with("(default)") {
                len = "(default)".len();
            } else if rest.starts_with('{') {
                len = rest.find('}').map_or(rest.len(), |end| end + 1);
            }
            if len == 0 {
                break;
            }
            parts.push(PathPart::Literal(rest.get(..len).unwrap_or("").to_owned()));
            self.at += len;
            if parts.len() > 200 {
                break;
            }
        }
        Expr::Path(parts)
    }

    fn primary(&mut self) -> Expr {
        self.space();
        match self.peek() {
            Some('(') => {
                self.bump();
                let inner = self.expression();
                if !self.eat(")") {
                    self.problem("`)` is missing");
                    return Expr::Broken;
                }
                inner
            }
            Some('[') => {
                self.bump();
                Expr::List(self.list("]"))
            }
            Some('{') => {
                self.bump();
                self.map()
            }
            Some('/') if self.patterns => {
                let rest = self.rest();
                let mut escaped = false;
                let end = rest.char_indices().skip(1).find(|&(_, letter)| {
                    let ends = letter == '/' && !escaped;
                    escaped = letter == '\\' && !escaped;
                    ends
                });
                self.at += end.map_or(rest.len(), |(end, _)| end + 1);
                while self.peek().is_some_and(|letter| letter.is_ascii_alphabetic()) {
                    self.bump();
                }
                Expr::Pattern
            }
            Some('/') => self.path(),
            Some('\'' | '"') => self.string().map_or(Expr::Broken, Expr::Text),
            Some(letter) if letter.is_ascii_digit() => {
                let rest = self.rest();
                let len =
                    rest.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '.').unwrap_or(rest.len());
                self.at += len;
                Expr::Number(rest.get(..len).unwrap_or("").parse().unwrap_or(0.0))
            }
            Some(letter) if is_name(letter) => match self.name().as_deref() {
                Some("true") => Expr::Bool(true),
                Some("false") => Expr::Bool(false),
                Some("null") => Expr::Null,
                Some(name) => Expr::Name(name.to_owned()),
                None => Expr::Broken,
            },
            _ => {
                self.problem("an expression is missing or not understood");
                Expr::Broken
            }
        }
    }
}

fn is_path_letter(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.' | '~' | '@' | '%' | '+')
}

#[cfg(test)]
mod tests {
    use super::{Expr, condition, json, rules};

    #[test]
    fn reads_what_the_service_accepts() {
        let good = [
            "rules_version = '2'; service cloud.firestore { match /databases/{database}/documents { match /a/{b} { allow read; } } }",
            "service firebase.storage { match /b/{bucket}/o { match /{all=**} { allow read, write: if request.auth != null; } } }",
            "service cloud.firestore { match /databases/{d}/documents { function f(a, b) { let x = get(/databases/$(d)/documents/u/$(a)); return x.data.r == b || a in ['x', 'y']; } match /c/{i} { allow create: if f(request.auth.uid, 'z') && request.resource.data.keys().hasOnly(['a']); } } }",
            "service cloud.firestore { // note\n /* more */ match /databases/{d}/documents { match /a/{b} { allow read: if true\n allow write: if false; } } }",
            "service cloud.firestore { match /databases/{d}/documents/a/{b} { allow get: if request.time < timestamp.date(2025, 1, 2) && (a.b[0:3] == 'x' ? true : false); } }",
            "service cloud.firestore { match /databases/{d}/documents { match /a/{b} { allow read: if exists(/databases/(default)/documents/u/$(request.auth.uid)) && {'a': 1}.get('a', 2) / 2 > -1 && x is string; } } }",
        ];
        for text in good {
            let ruleset = rules(text);
            assert_eq!(ruleset.problems, [], "{text}");
            assert_eq!(ruleset.services.len(), 1);
        }
    }

    #[test]
    fn says_what_the_service_refuses() {
        let bad = [
            "",
            "service cloud.firestore { match /databases/{d}/documents { match /a/{b} { allow read: if true; } }",
            "service cloud.firestore { match /databases/{d}/documents { match /a/{b} { allow read: if ; } } }",
            "service cloud.firestore { match /databases/{d}/documents { match /a/{b} { allow read: true; } } }",
            "service cloud.firestore { match /databases/{d}/documents { match /a/{b} { allow read: if (a == b; } } }",
            "service cloud.firestore { } }",
            "match /a/{b} { allow read; }",
            "service cloud.firestore { match /databases/{d}/documents { function f() { if (x) { return true; } } } }",
            "service cloud.firestore { hello }",
        ];
        for text in bad {
            assert!(!rules(text).problems.is_empty(), "{text}");
        }
        // What stands behind the broken place is still read.
        let ruleset =
            rules("service cloud.firestore { match /d { match /a/{b} { allow read: if (; allow write: if true; } } }");
        assert_eq!(ruleset.services[0].body.matches[0].body.matches[0].body.allows.len(), 1);
    }

    #[test]
    fn hostile_nesting_is_bounded() {
        for text in [
            "service x { ".repeat(10_000),
            format!("service x {{ match /a {{ allow read: if {}true; }} }}", "(".repeat(100_000)),
            format!("service x {{ match /a {{ allow read: if {}b; }} }}", "a.".repeat(100_000)),
            format!("service x {{ match /a {{ allow read: if {}b; }} }}", "a + ".repeat(100_000)),
            "match /a { ".repeat(10_000),
            "[".repeat(100_000),
        ] {
            assert!(!rules(&text).problems.is_empty());
            json(&text);
            condition(&text);
        }
    }

    #[test]
    fn many_negations_are_read() {
        let text = format!("service x {{ match /a {{ allow read: if {}true; }} }}", "!".repeat(100_000));
        assert_eq!(rules(&text).problems, []);
    }

    #[test]
    fn json_and_conditions() {
        let (value, problems) = json("{ // a\n \"rules\": { \".read\": true, \"a\": [1, \"x\"], }, }");
        assert!(problems.is_empty() && matches!(value, Expr::Map(_)));
        let (_, problems) = condition(
            "auth !== null && newData.val().matches(/^a\\/b+$/i) && root.child('u').child(auth.uid).child('r').val() === 'x'",
        );
        assert_eq!(problems, []);
    }
}
