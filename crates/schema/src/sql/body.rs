//! Bodies of database functions, as far as a policy that calls them needs it.

use std::collections::BTreeMap;

use super::expr::{Expr, Select, parse, parse_select};
use super::lex::{Dialect, Kind, Piece, lex, name_of, statements};

/// Blocks nested deeper than this are not followed.
const MAX_DEPTH: usize = 40;

/// Functions with more ways to return are not followed.
const MAX_RETURNS: usize = 40;

/// One way a function returns.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Return {
    /// Conditions on the way there, all of which hold.
    pub(crate) when: Vec<Expr>,
    /// What it returns.
    pub(crate) value: Expr,
}

/// What a function's body says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Body {
    /// Ways to return; empty when the body was not understood.
    pub(crate) returns: Vec<Return>,
    /// Local variables that are assigned once, by name.
    pub(crate) variables: BTreeMap<String, Expr>,
    /// Conditions that end the call with an exception when they hold (`IF NOT … THEN RAISE`).
    pub(crate) refusals: Vec<Expr>,
    /// Tables named after FROM, JOIN, INTO, UPDATE, DELETE FROM.
    pub(crate) touches: Vec<String>,
    /// It changes data.
    pub(crate) writes: bool,
    /// Tables it inserts into.
    pub(crate) inserts: Vec<String>,
    /// Tables it changes in any way.
    pub(crate) changes: Vec<String>,
    /// Names and calls in the text that depend on the caller.
    pub(crate) checks_caller: bool,
    /// Its blocks are nested beyond [`MAX_DEPTH`]: what it decides was not followed.
    pub(crate) too_deep: bool,
}

/// Reads the body of a function. `language` in lower case.
pub(crate) fn read(text: &str, language: &str) -> Body {
    let tokens = lex(text, Dialect::Postgres);
    let piece = Piece { text, tokens: &tokens };
    let mut body = Body::default();
    scan(piece, &mut body);
    match language {
        "sql" => read_sql(piece, &mut body),
        "plpgsql" => read_plpgsql(piece, &mut body),
        _ => {}
    }
    body
}

/// The expression of `RETURN expr` or a body of one query.
fn read_sql(piece: Piece<'_>, body: &mut Body) {
    let Some(&(from, to)) = statements(piece).last() else { return };
    let last = piece.slice(from, to);
    let value = if last.is(0, "return") {
        parse(last.slice(1, last.tokens.len()))
    } else {
        match parse_select(last) {
            Some(select) => simple_value(select),
            None => return,
        }
    };
    body.returns.push(Return { when: Vec::new(), value });
}

/// `SELECT expr` without tables is that expression.
fn simple_value(mut select: Select) -> Expr {
    let plain = select.from.is_empty()
        && select.conditions.is_empty()
        && select.unions.is_empty()
        && select.with.is_empty()
        && select.items.len() == 1;
    if plain && let Some((item, _)) = select.items.pop() {
        return item;
    }
    Expr::Scalar(Box::new(select))
}

/// Name at `index`, schema left out when it is `public`; the position after it.
pub(crate) fn table_name(piece: Piece<'_>, index: usize) -> Option<(String, usize)> {
    let kind = piece.kind(index)?;
    if !matches!(kind, Kind::Word | Kind::Quoted) {
        return None;
    }
    let mut name = name_of(kind, piece.raw(index));
    let mut at = index + 1;
    while piece.is_op(at, ".") {
        let kind = piece.kind(at + 1)?;
        let part = name_of(kind, piece.raw(at + 1));
        name = if matches!(name.as_str(), "public" | "dbo") { part } else { format!("{name}.{part}") };
        at += 2;
    }
    Some((name, at))
}

/// Functions that tell who calls.
const CALLER: &[&str] = &["uid", "jwt", "role", "email"];

/// Words of the text that say what it touches and whether it looks at the caller.
fn scan(piece: Piece<'_>, body: &mut Body) {
    let mut touched = Vec::new();
    for index in 0..piece.tokens.len() {
        if piece.is(index, "auth") && piece.is_op(index + 1, ".") && piece.is_op(index + 3, "(") {
            body.checks_caller |= CALLER.iter().any(|name| piece.is(index + 2, name));
        }
        if piece.is(index, "current_setting") && piece.raw(index + 2).contains("request.jwt") {
            body.checks_caller = true;
        }
        let target = if piece.are(index, &["insert", "into"]) || piece.are(index, &["delete", "from"]) {
            index + 2
        } else if piece.is(index, "update") && piece.slice(index, index + 9).find_top(0, &["set"]).is_some() {
            index + 1 + usize::from(piece.is(index + 1, "only"))
        } else if piece.is(index, "truncate") {
            index + 1 + usize::from(piece.is(index + 1, "table"))
        } else if piece.is(index, "from") || piece.is(index, "join") {
            if let Some((name, after)) = table_name(piece, index + 1)
                && !piece.is_op(after, "(")
                && !["lateral", "only", "select", "now", "new", "old"].contains(&name.as_str())
            {
                touched.push(name);
            }
            continue;
        } else {
            continue;
        };
        if let Some((name, _)) = table_name(piece, target) {
            body.writes = true;
            if piece.is(index, "insert") {
                body.inserts.push(name.clone());
            }
            body.changes.push(name.clone());
            touched.push(name);
        }
    }
    touched.sort();
    touched.dedup();
    body.inserts.sort();
    body.inserts.dedup();
    body.changes.sort();
    body.changes.dedup();
    body.touches = touched;
}

/// A small reading of PL/pgSQL: assignments, `SELECT … INTO`, `IF`, `RETURN`, `RAISE EXCEPTION`.
fn read_plpgsql(piece: Piece<'_>, body: &mut Body) {
    let mut at = 0;
    if let Some(begin) = (0..piece.tokens.len()).find(|&index| piece.is(index, "begin")) {
        declarations(piece.slice(0, begin), body);
        at = begin + 1;
    }
    let mut walker = Walker { piece, at, assigned: BTreeMap::new(), body, understood: true };
    walker.block(&mut Vec::new(), 0);
    let understood = walker.understood;
    let assigned = std::mem::take(&mut walker.assigned);
    for (name, values) in assigned {
        // Two assignments: which one counts depends on the path. Either could.
        if let [only] = values.as_slice() {
            body.variables.insert(name, only.clone());
        } else {
            body.variables.insert(name, Expr::Opaque("assigned more than once".into()));
        }
    }
    if !understood {
        body.returns.clear();
    }
}

/// `name type := value;` of a DECLARE section.
fn declarations(piece: Piece<'_>, body: &mut Body) {
    for (from, to) in statements(piece) {
        let part = piece.slice(from, to);
        let first = usize::from(part.is(0, "declare"));
        let Some(kind @ (Kind::Word | Kind::Quoted)) = part.kind(first) else { continue };
        let value = (first..part.tokens.len())
            .find(|&index| part.is_op(index, ":=") || part.is_op(index, "=") || part.is(index, "default"));
        if let Some(value) = value {
            let expr = parse(part.slice(value + 1, part.tokens.len()));
            body.variables.insert(name_of(kind, part.raw(first)), expr);
        }
    }
}

struct Walker<'t, 'b> {
    piece: Piece<'t>,
    at: usize,
    assigned: BTreeMap<String, Vec<Expr>>,
    body: &'b mut Body,
    understood: bool,
}

impl<'t> Walker<'t, '_> {
    fn is(&self, word: &str) -> bool {
        self.piece.is(self.at, word)
    }

    /// Reads statements until END, ELSE, ELSIF, EXCEPTION or the end of the text.
    fn block(&mut self, when: &mut Vec<Expr>, depth: usize) {
        if depth > MAX_DEPTH {
            self.understood = false;
            self.body.too_deep = true;
            self.at = self.piece.tokens.len();
            return;
        }
        let entered = when.len();
        while self.at < self.piece.tokens.len() {
            if ["end", "else", "elsif", "elseif", "exception", "when"].iter().any(|word| self.is(word)) {
                break;
            }
            if self.is("if") {
                self.branches(when, depth);
            } else if self.is("begin") || self.is("loop") {
                self.at += 1;
                self.block(when, depth + 1);
                if self.is("exception") {
                    self.skip_handlers();
                }
                self.skip_past_semicolon();
            } else if self.is("for") || self.is("while") || self.is("foreach") {
                // A loop: its returns are possible under conditions that are not followed.
                while self.at < self.piece.tokens.len() && !self.is("loop") {
                    self.at += 1;
                }
            } else if self.is("case") {
                self.understood = false;
                self.skip_past_semicolon();
            } else {
                self.statement(when);
            }
        }
        when.truncate(entered);
    }

    fn branches(&mut self, when: &mut Vec<Expr>, depth: usize) {
        let mut earlier: Vec<Expr> = Vec::new();
        loop {
            // At IF or ELSIF.
            self.at += 1;
            let Some(then) = self.piece.find_top(self.at, &["then"]) else {
                self.understood = false;
                self.at = self.piece.tokens.len();
                return;
            };
            let condition = parse(self.piece.slice(self.at, then));
            self.at = then + 1;
            if self.is("raise") && !self.is_notice() && earlier.is_empty() && when.is_empty() {
                self.body.refusals.push(condition.clone());
            }
            let entered = when.len();
            when.extend(earlier.iter().map(|test| Expr::Not(Box::new(test.clone()))));
            when.push(condition.clone());
            let returned_before = self.body.returns.len();
            self.block(when, depth + 1);
            when.truncate(entered);
            let ends_there = self.body.returns.len() > returned_before;
            earlier.push(condition);
            if self.is("elsif") || self.is("elseif") {
                continue;
            }
            if self.is("else") {
                self.at += 1;
                let entered = when.len();
                when.extend(earlier.iter().map(|test| Expr::Not(Box::new(test.clone()))));
                self.block(when, depth + 1);
                when.truncate(entered);
            } else if ends_there && earlier.len() == 1 {
                // `IF c THEN RETURN …; END IF;` : what follows runs only when `c` does not hold.
                when.extend(earlier.pop().map(|test| Expr::Not(Box::new(test))));
            }
            self.skip_past_semicolon();
            return;
        }
    }

    fn is_notice(&self) -> bool {
        ["notice", "warning", "info", "log", "debug"].iter().any(|level| self.piece.is(self.at + 1, level))
    }

    fn skip_handlers(&mut self) {
        let mut depth = 0_usize;
        while self.at < self.piece.tokens.len() {
            if self.is("begin") || self.is("if") || self.is("loop") || self.is("case") {
                depth += 1;
            } else if self.is("end") {
                if depth == 0 {
                    return;
                }
                depth -= 1;
                self.at += 1;
            }
            self.at += 1;
        }
    }

    fn semicolon(&self) -> usize {
        let mut at = self.at;
        while at < self.piece.tokens.len() && !self.piece.is_op(at, ";") {
            at += 1;
        }
        at
    }

    fn skip_past_semicolon(&mut self) {
        self.at = self.semicolon() + 1;
    }

    fn statement(&mut self, when: &[Expr]) {
        let end = self.semicolon();
        let piece = self.piece.slice(self.at, end);
        self.at = end + 1;
        if piece.is(0, "return") {
            let (mut value, dynamic) = if piece.is(1, "query") {
                let select = parse_select(piece.slice(2, piece.tokens.len()));
                (select.map(simple_value), piece.is(2, "execute"))
            } else {
                (Some(parse(piece.slice(1 + usize::from(piece.is(1, "next")), piece.tokens.len()))), false)
            };
            if dynamic {
                value = None;
            }
            match value {
                Some(value) if self.body.returns.len() < MAX_RETURNS => {
                    self.body.returns.push(Return { when: when.to_vec(), value })
                }
                _ => {
                    self.understood = false;
                    self.at = self.piece.tokens.len();
                }
            }
        } else if piece.is(0, "select") || piece.is(0, "with") {
            if let Some(mut select) = parse_select(piece) {
                let targets = std::mem::take(&mut select.into);
                for (index, target) in targets.into_iter().enumerate() {
                    let mut one = select.clone();
                    one.items = select.items.get(index).cloned().into_iter().collect();
                    self.assigned.entry(target).or_default().push(simple_value(one));
                }
            }
        } else if (piece.is_op(1, ":=") || piece.is_op(1, "="))
            && let Some(kind @ (Kind::Word | Kind::Quoted)) = piece.kind(0)
        {
            let value = parse(piece.slice(2, piece.tokens.len()));
            // Setting a variable to a constant first is only its start value.
            let name = name_of(kind, piece.raw(0));
            self.assigned.entry(name).or_default().push(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn sql_and_plpgsql() {
        let body = read("SELECT EXISTS (SELECT 1 FROM public.user_roles WHERE user_id = _u AND role = _r)", "sql");
        assert_eq!((body.returns.len(), body.touches.as_slice()), (1, &["user_roles".to_owned()][..]));

        let body = read(
            "DECLARE r text; BEGIN SELECT role INTO r FROM profiles WHERE id = auth.uid();
             IF r = 'admin' THEN RETURN true; END IF; RETURN false; END;",
            "plpgsql",
        );
        assert_eq!(body.returns.len(), 2);
        assert_eq!(body.returns[1].when.len(), 1);
        assert!(body.checks_caller && !body.writes && body.variables.contains_key("r"));

        let body = read(
            "BEGIN IF NOT is_admin() THEN RAISE EXCEPTION 'no'; END IF; DELETE FROM a.b; RETURN 1; END",
            "plpgsql",
        );
        assert_eq!((body.refusals.len(), body.writes, body.touches), (1, true, vec!["a.b".to_owned()]));
        assert!(read(&"BEGIN ".repeat(10_000), "plpgsql").returns.is_empty());
        assert!(read(&"IF a THEN ".repeat(10_000), "plpgsql").returns.is_empty());
    }
}
