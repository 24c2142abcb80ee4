//! SQL expressions, as far as policies and functions need them.

use super::lex::{Kind, Piece, name_of, string_of};

/// Nesting beyond this is not followed: the expression becomes [`Expr::Opaque`].
const MAX_DEPTH: usize = 100;
/// Operators of one level chained beyond this are not followed.
const MAX_CHAIN: usize = 300;

/// A constant.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Lit {
    Null,
    Bool(bool),
    Num(f64),
    Str(String),
}

/// An expression. Casts and collations are left out: they do not change who is admitted.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expr {
    Lit(Lit),
    /// A name: `a`, `t.a`, `s.t.a`. Lower case unless quoted.
    Col(Vec<String>),
    /// `$1`.
    Param(usize),
    Call {
        name: Vec<String>,
        args: Vec<Expr>,
    },
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Not(Box<Expr>),
    /// Any operator with two sides, comparisons included.
    Op {
        op: String,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    /// `left op ANY (right)`, `left IN (…)`; `all` for `op ALL`.
    Any {
        op: String,
        left: Box<Expr>,
        right: Box<Expr>,
        all: bool,
    },
    IsNull(Box<Expr>),
    Between(Box<Expr>, Box<Expr>, Box<Expr>),
    Exists(Box<Select>),
    Scalar(Box<Select>),
    /// `ARRAY[…]`, `(a, b)`, the list of `IN`.
    List(Vec<Expr>),
    Index(Box<Expr>, Box<Expr>),
    Case {
        arms: Vec<(Expr, Expr)>,
        otherwise: Option<Box<Expr>>,
    },
    /// Not understood; as written.
    Opaque(String),
}

/// A table, function or sub-select in `FROM`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct From {
    /// Schema and name, or empty for a sub-select.
    pub(crate) name: Vec<String>,
    pub(crate) alias: String,
    pub(crate) select: Option<Box<Select>>,
    /// Arguments when it is a function call.
    pub(crate) call: Option<Vec<Expr>>,
}

/// A query.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Select {
    /// Output expressions with their names.
    pub(crate) items: Vec<(Expr, Option<String>)>,
    /// `*` or `t.*` is among them: the qualifiers (`""` for the bare star).
    pub(crate) stars: Vec<String>,
    pub(crate) from: Vec<From>,
    /// `WHERE`, `ON`, `HAVING`.
    pub(crate) conditions: Vec<Expr>,
    /// `UNION` and the like.
    pub(crate) unions: Vec<Select>,
    /// Common table expressions by name.
    pub(crate) with: Vec<(String, Select)>,
    /// `INTO` of PL/pgSQL.
    pub(crate) into: Vec<String>,
}

/// Reads a whole piece as one expression.
pub(crate) fn parse(piece: Piece<'_>) -> Expr {
    let mut parser = Parser { piece, at: 0, depth: 0 };
    match parser.or() {
        // A lone keyword is a torn-off query, not a column of that name.
        Some(Expr::Col(parts)) if matches!(&parts[..], [name] if name == "select") => {
            Expr::Opaque(piece.covered().to_owned())
        }
        Some(expr) if parser.at >= piece.tokens.len() => expr,
        _ => Expr::Opaque(piece.covered().to_owned()),
    }
}

/// Reads a whole piece as a query. `None` when it is none or something is left over.
pub(crate) fn parse_select(piece: Piece<'_>) -> Option<Select> {
    let mut parser = Parser { piece, at: 0, depth: 0 };
    let select = parser.select()?;
    (parser.at >= piece.tokens.len()).then_some(select)
}

/// Words that end an expression or cannot be a column name where one is expected.
const RESERVED: &[&str] = &[
    "from",
    "where",
    "group",
    "order",
    "having",
    "limit",
    "offset",
    "union",
    "intersect",
    "except",
    "on",
    "join",
    "inner",
    "left",
    "right",
    "full",
    "cross",
    "and",
    "or",
    "then",
    "else",
    "end",
    "when",
    "as",
    "using",
    "for",
    "window",
    "fetch",
    "is",
    "in",
    "like",
    "ilike",
    "between",
    "similar",
    "into",
    "returning",
    "natural",
    "with",
    "loop",
    "collate",
    "lateral",
];

struct Parser<'t> {
    piece: Piece<'t>,
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn is(&self, word: &str) -> bool {
        self.piece.is(self.at, word)
    }

    fn eat(&mut self, word: &str) -> bool {
        let hit = self.is(word);
        self.at += usize::from(hit);
        hit
    }

    fn eat_op(&mut self, op: &str) -> bool {
        let hit = self.piece.is_op(self.at, op);
        self.at += usize::from(hit);
        hit
    }

    fn or(&mut self) -> Option<Expr> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        let first = self.and()?;
        let mut parts = vec![first];
        while self.eat("or") {
            parts.push(self.and()?);
        }
        self.depth -= 1;
        Some(if parts.len() == 1 { parts.pop()? } else { Expr::Or(parts) })
    }

    fn and(&mut self) -> Option<Expr> {
        let mut parts = vec![self.not()?];
        while self.eat("and") {
            parts.push(self.not()?);
        }
        Some(if parts.len() == 1 { parts.pop()? } else { Expr::And(parts) })
    }

    fn not(&mut self) -> Option<Expr> {
        let mut negations = 0_usize;
        while self.eat("not") {
            negations += 1;
        }
        let inner = self.comparison()?;
        Some(if negations % 2 == 1 { Expr::Not(Box::new(inner)) } else { inner })
    }

    fn comparison(&mut self) -> Option<Expr> {
        let mut left = self.other(0)?;
        for _ in 0..MAX_CHAIN {
            let negated = self.is("not")
                && ["in", "like", "ilike", "between", "similar"].iter().any(|word| self.piece.is(self.at + 1, word));
            if negated {
                self.at += 1;
            }
            let next = if self.eat("is") {
                self.is_test(left)?
            } else if self.eat("isnull") {
                Expr::IsNull(Box::new(left))
            } else if self.eat("notnull") {
                Expr::Not(Box::new(Expr::IsNull(Box::new(left))))
            } else if self.eat("in") {
                let right = self.in_list()?;
                Expr::Any { op: "=".into(), left: Box::new(left), right: Box::new(right), all: false }
            } else if self.is("like") || self.is("ilike") || self.is("similar") {
                self.at += 1;
                self.eat("to");
                let right = self.other(0)?;
                if self.eat("escape") {
                    self.other(0)?;
                }
                Expr::Op { op: "like".into(), left: Box::new(left), right: Box::new(right) }
            } else if self.eat("between") {
                self.eat("symmetric");
                let low = self.other(0)?;
                if !self.eat("and") {
                    return None;
                }
                let high = self.other(0)?;
                Expr::Between(Box::new(left), Box::new(low), Box::new(high))
            } else if let Some(op) = self.comparison_op() {
                self.at += 1;
                if self.is("any") || self.is("some") || self.is("all") {
                    let all = self.is("all");
                    self.at += 1;
                    let right = self.in_list()?;
                    Expr::Any { op, left: Box::new(left), right: Box::new(right), all }
                } else {
                    let right = self.other(0)?;
                    Expr::Op { op, left: Box::new(left), right: Box::new(right) }
                }
            } else {
                return Some(left);
            };
            left = if negated { Expr::Not(Box::new(next)) } else { next };
        }
        None
    }

    fn comparison_op(&self) -> Option<String> {
        if self.piece.kind(self.at) != Some(Kind::Op) {
            return None;
        }
        match self.piece.raw(self.at) {
            "!=" => Some("<>".into()),
            "==" => Some("=".into()),
            op @ ("=" | "<>" | "<" | ">" | "<=" | ">=") => Some(op.into()),
            _ => None,
        }
    }

    fn is_test(&mut self, left: Expr) -> Option<Expr> {
        let negated = self.eat("not");
        let test = if self.eat("null") || self.eat("unknown") {
            Expr::IsNull(Box::new(left))
        } else if self.is("true") || self.is("false") {
            let value = self.is("true");
            self.at += 1;
            // `x IS NOT TRUE` holds for false and null alike.
            Expr::Op { op: "=".into(), left: Box::new(left), right: Box::new(Expr::Lit(Lit::Bool(value))) }
        } else if self.eat("distinct") {
            if !self.eat("from") {
                return None;
            }
            let right = self.other(0)?;
            if matches!(right, Expr::Lit(Lit::Null)) {
                return Some(negate_if(!negated, Expr::IsNull(Box::new(left))));
            }
            let op = if negated { "=" } else { "<>" };
            return Some(Expr::Op { op: op.into(), left: Box::new(left), right: Box::new(right) });
        } else {
            return None;
        };
        Some(negate_if(negated, test))
    }

    /// The right side of `IN` and `ANY`: a list, a query or an array.
    fn in_list(&mut self) -> Option<Expr> {
        if !self.piece.is_op(self.at, "(") {
            return self.other(0);
        }
        let mut ahead = self.at + 1;
        while self.piece.is_op(ahead, "(") {
            ahead += 1;
        }
        if self.piece.is(ahead, "select") || self.piece.is(ahead, "with") {
            let outer = self.at;
            self.at = ahead;
            let select = self.nested_select()?;
            for _ in outer..ahead {
                self.skip_cast();
                if !self.eat_op(")") {
                    return None;
                }
            }
            return Some(Expr::Scalar(Box::new(select)));
        }
        self.at += 1;
        let items = self.list(")")?;
        Some(Expr::List(items))
    }

    fn nested_select(&mut self) -> Option<Select> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        let select = self.select();
        self.depth -= 1;
        select
    }

    fn list(&mut self, close: &str) -> Option<Vec<Expr>> {
        let mut items = Vec::new();
        if self.eat_op(close) {
            return Some(items);
        }
        loop {
            items.push(self.or()?);
            if self.eat_op(close) {
                return Some(items);
            }
            if !self.eat_op(",") {
                return None;
            }
        }
    }

    /// Operators that bind tighter than comparisons: level 0 is "any other operator", 1 `+ -`, 2 `* / %`.
    fn other(&mut self, level: u8) -> Option<Expr> {
        if level == 3 {
            return self.unary();
        }
        let mut left = self.other(level + 1)?;
        for _ in 0..MAX_CHAIN {
            let raw = self.piece.raw(self.at);
            let fits = self.piece.kind(self.at) == Some(Kind::Op)
                && match level {
                    0 => {
                        !matches!(raw, "=" | "<" | ">" | "<=" | ">=" | "<>" | "!=" | "==" | "+" | "-" | "*" | "/" | "%")
                            && raw.bytes().all(|byte| b"<>=!~|&@#?-^".contains(&byte))
                            && !raw.is_empty()
                    }
                    1 => matches!(raw, "+" | "-"),
                    _ => matches!(raw, "*" | "/" | "%"),
                };
            if !fits {
                return Some(left);
            }
            let op = raw.to_owned();
            self.at += 1;
            if self.is("any") || self.is("all") {
                let all = self.is("all");
                self.at += 1;
                let right = self.in_list()?;
                left = Expr::Any { op, left: Box::new(left), right: Box::new(right), all };
                continue;
            }
            let right = self.other(level + 1)?;
            left = Expr::Op { op, left: Box::new(left), right: Box::new(right) };
        }
        None
    }

    fn unary(&mut self) -> Option<Expr> {
        for _ in 0..8 {
            if !(self.eat_op("-") || self.eat_op("+")) {
                break;
            }
        }
        let mut expr = self.primary()?;
        for _ in 0..MAX_CHAIN {
            if self.piece.is_op(self.at, "::") {
                self.skip_cast();
            } else if self.eat_op("[") {
                let index = self.or()?;
                if self.eat_op(":") {
                    self.or()?;
                }
                if !self.eat_op("]") {
                    return None;
                }
                expr = Expr::Index(Box::new(expr), Box::new(index));
            } else if self.eat("collate") {
                self.at += 1;
            } else if self.piece.are(self.at, &["at", "time", "zone"]) {
                self.at += 3;
                self.primary()?;
            } else if self.piece.is_op(self.at, ".") {
                // A field of a row: `(row).field`.
                self.at += 2;
            } else {
                return Some(expr);
            }
        }
        None
    }

    /// Skips `::type`, `::schema.type(n)[]`, `::timestamp with time zone`.
    fn skip_cast(&mut self) {
        while self.eat_op("::") {
            self.at += 1;
            while self.eat_op(".") {
                self.at += 1;
            }
            if self.is("precision") || self.is("varying") {
                self.at += 1;
            }
            if self.piece.is_op(self.at, "(") {
                self.at = self.piece.close_of(self.at) + 1;
            }
            if (self.is("with") || self.is("without")) && self.piece.is(self.at + 1, "time") {
                self.at += 3;
            }
            while self.piece.is_op(self.at, "[") && self.piece.is_op(self.at + 1, "]") {
                self.at += 2;
            }
        }
    }

    fn primary(&mut self) -> Option<Expr> {
        let kind = self.piece.kind(self.at)?;
        let raw = self.piece.raw(self.at);
        match kind {
            Kind::Str | Kind::Dollar => {
                self.at += 1;
                Some(Expr::Lit(Lit::Str(string_of(kind, raw))))
            }
            Kind::Number => {
                self.at += 1;
                Some(Expr::Lit(raw.parse().map_or_else(|_| Lit::Str(raw.to_owned()), Lit::Num)))
            }
            Kind::Param => {
                self.at += 1;
                let number = raw.get(1..).and_then(|digits| digits.parse().ok());
                Some(number.map_or_else(|| Expr::Opaque(raw.to_owned()), Expr::Param))
            }
            Kind::Op if raw == "(" => {
                self.at += 1;
                if self.is("select") || self.is("with") || self.is("values") {
                    let select = self.nested_select()?;
                    return self.eat_op(")").then(|| Expr::Scalar(Box::new(select)));
                }
                let mut items = self.list(")")?;
                Some(if items.len() == 1 { items.pop()? } else { Expr::List(items) })
            }
            Kind::Op => None,
            Kind::Quoted => self.name_or_call(),
            Kind::Word => self.word(),
        }
    }

    fn word(&mut self) -> Option<Expr> {
        let raw = self.piece.raw(self.at).to_ascii_lowercase();
        let literal = match raw.as_str() {
            "true" => Some(Lit::Bool(true)),
            "false" => Some(Lit::Bool(false)),
            "null" => Some(Lit::Null),
            _ => None,
        };
        if let Some(literal) = literal {
            self.at += 1;
            return Some(Expr::Lit(literal));
        }
        let next_op = |op: &str| self.piece.is_op(self.at + 1, op);
        match raw.as_str() {
            "exists" if next_op("(") => {
                self.at += 1;
                let Expr::Scalar(select) = self.primary()? else { return None };
                Some(Expr::Exists(select))
            }
            "array" if next_op("[") => {
                self.at += 2;
                Some(Expr::List(self.list("]")?))
            }
            "array" | "row" if next_op("(") => {
                self.at += 1;
                self.primary()
            }
            "case" => self.case(),
            "cast" | "try_cast" if next_op("(") => {
                self.at += 2;
                let inner = self.or()?;
                let close = self.piece.find_top(self.at, &["as"])?;
                if close != self.at {
                    return None;
                }
                let mut depth = 1_i32;
                while depth > 0 {
                    self.at += 1;
                    match self.piece.raw(self.at) {
                        "(" => depth += 1,
                        ")" => depth -= 1,
                        "" => return None,
                        _ => {}
                    }
                }
                self.at += 1;
                Some(inner)
            }
            "extract" if next_op("(") => {
                let close = self.piece.close_of(self.at + 1);
                let from = self.piece.find_top(self.at + 2, &["from"])?;
                self.at = from + 1;
                let inner = self.or()?;
                self.at = close + 1;
                Some(Expr::Call { name: vec!["extract".into()], args: vec![inner] })
            }
            "current_user" | "session_user" | "current_role" | "user" | "current_date" | "current_timestamp"
            | "localtimestamp" | "current_time"
                if !next_op(".") =>
            {
                self.at += 1;
                if self.piece.is_op(self.at, "(") {
                    self.at = self.piece.close_of(self.at) + 1;
                }
                Some(Expr::Call { name: vec![raw], args: Vec::new() })
            }
            _ if RESERVED.contains(&raw.as_str()) && !next_op("(") && !next_op(".") => None,
            // A typed constant: `interval '1 day'`, `date '2024-01-01'`.
            _ if self.piece.kind(self.at + 1) == Some(Kind::Str) => {
                self.at += 1;
                self.primary()
            }
            _ => self.name_or_call(),
        }
    }

    fn name_or_call(&mut self) -> Option<Expr> {
        let mut name = Vec::new();
        loop {
            let kind = self.piece.kind(self.at)?;
            if !matches!(kind, Kind::Word | Kind::Quoted) {
                return None;
            }
            name.push(name_of(kind, self.piece.raw(self.at)));
            self.at += 1;
            if name.len() < 4 && self.piece.is_op(self.at, ".") && self.piece.kind(self.at + 1) != Some(Kind::Op) {
                self.at += 1;
            } else {
                break;
            }
        }
        if !self.eat_op("(") {
            return Some(Expr::Col(name));
        }
        self.eat("distinct");
        if self.piece.is_op(self.at, "*") && self.piece.is_op(self.at + 1, ")") {
            self.at += 2;
            return Some(Expr::Call { name, args: Vec::new() });
        }
        if self.is("select") {
            let select = self.nested_select()?;
            return self.eat_op(")").then(|| Expr::Call { name, args: vec![Expr::Scalar(Box::new(select))] });
        }
        let mut args = Vec::new();
        if !self.eat_op(")") {
            loop {
                // A named argument: `user_id => auth.uid()`.
                if self.piece.is_op(self.at + 1, "=>") || self.piece.is_op(self.at + 1, ":=") {
                    self.at += 2;
                }
                args.push(self.or()?);
                if self.is("from") || self.is("for") || self.is("in") || self.is("order") {
                    // `substring(x from 1 for 2)`, `position(x in y)`, `array_agg(x order by y)`.
                    self.at += 1;
                    self.eat("by");
                    args.push(self.or()?);
                    let _ = self.eat("asc") || self.eat("desc");
                    if self.eat("for") {
                        args.push(self.or()?);
                    }
                }
                if self.eat_op(")") {
                    break;
                }
                if !self.eat_op(",") {
                    return None;
                }
            }
        }
        if self.is("filter") || self.is("over") {
            self.at = self.piece.close_of(self.at + 1) + 1;
        }
        Some(Expr::Call { name, args })
    }

    fn case(&mut self) -> Option<Expr> {
        self.at += 1;
        let subject = if self.is("when") { None } else { Some(self.or()?) };
        let mut arms = Vec::new();
        while self.eat("when") {
            let mut condition = self.or()?;
            if let Some(subject) = &subject {
                condition = Expr::Op { op: "=".into(), left: Box::new(subject.clone()), right: Box::new(condition) };
            }
            if !self.eat("then") {
                return None;
            }
            arms.push((condition, self.or()?));
        }
        let otherwise = if self.eat("else") { Some(Box::new(self.or()?)) } else { None };
        self.eat("end").then_some(Expr::Case { arms, otherwise })
    }

    fn select(&mut self) -> Option<Select> {
        let mut with = Vec::new();
        if self.eat("with") {
            self.eat("recursive");
            loop {
                let kind = self.piece.kind(self.at)?;
                let name = name_of(kind, self.piece.raw(self.at));
                self.at += 1;
                if self.piece.is_op(self.at, "(") {
                    self.at = self.piece.close_of(self.at) + 1;
                }
                if !self.eat("as") {
                    return None;
                }
                let _ = self.eat("not");
                let _ = self.eat("materialized");
                if !self.eat_op("(") {
                    return None;
                }
                let inner = self.nested_select()?;
                if !self.eat_op(")") {
                    return None;
                }
                with.push((name, inner));
                if !self.eat_op(",") {
                    break;
                }
            }
        }
        let mut select = self.simple_select()?;
        select.with = with;
        for _ in 0..MAX_CHAIN {
            if !(self.eat("union") || self.eat("intersect") || self.eat("except")) {
                return Some(select);
            }
            let _ = self.eat("all") || self.eat("distinct");
            let next = if self.eat_op("(") {
                let inner = self.nested_select()?;
                if !self.eat_op(")") {
                    return None;
                }
                inner
            } else {
                self.simple_select()?
            };
            select.unions.push(next);
        }
        None
    }

    fn simple_select(&mut self) -> Option<Select> {
        let mut select = Select::default();
        if self.eat("values") {
            let Expr::List(items) = self.in_list()? else { return None };
            select.items = items.into_iter().map(|item| (item, None)).collect();
            return Some(select);
        }
        if !self.eat("select") {
            return None;
        }
        if self.eat("distinct") && self.eat("on") {
            self.at = self.piece.close_of(self.at) + 1;
        }
        self.eat("all");
        if !self.ends_items() {
            loop {
                self.item(&mut select)?;
                if !self.eat_op(",") {
                    break;
                }
            }
        }
        self.read_targets(&mut select);
        if self.eat("from") {
            self.from(&mut select)?;
        }
        self.read_targets(&mut select);
        if self.eat("where") {
            select.conditions.push(self.or()?);
        }
        if self.eat("group") {
            self.eat("by");
            loop {
                self.or()?;
                if !self.eat_op(",") {
                    break;
                }
            }
        }
        if self.eat("having") {
            select.conditions.push(self.or()?);
        }
        if self.eat("order") {
            self.eat("by");
            loop {
                self.or()?;
                let _ = self.eat("asc") || self.eat("desc");
                if self.eat("nulls") {
                    self.at += 1;
                }
                if !self.eat_op(",") {
                    break;
                }
            }
        }
        for _ in 0..2 {
            if self.eat("limit") || self.eat("offset") {
                if !self.eat("all") {
                    self.other(0)?;
                }
                let _ = self.eat("rows") || self.eat("row");
            }
        }
        if self.eat("fetch") {
            while self.at < self.piece.tokens.len() && !self.eat("only") {
                self.at += 1;
            }
        }
        if self.eat("for") {
            while self.at < self.piece.tokens.len() && !self.piece.is_op(self.at, ")") {
                self.at += 1;
            }
        }
        Some(select)
    }

    fn ends_items(&self) -> bool {
        self.at >= self.piece.tokens.len() || self.is("from") || self.is("where") || self.piece.is_op(self.at, ")")
    }

    fn read_targets(&mut self, select: &mut Select) {
        if !self.eat("into") {
            return;
        }
        self.eat("strict");
        loop {
            let Some(kind @ (Kind::Word | Kind::Quoted)) = self.piece.kind(self.at) else { return };
            select.into.push(name_of(kind, self.piece.raw(self.at)));
            self.at += 1;
            while self.piece.is_op(self.at, ".") {
                self.at += 2;
            }
            if !self.eat_op(",") {
                return;
            }
        }
    }

    fn item(&mut self, select: &mut Select) -> Option<()> {
        if self.eat_op("*") {
            select.stars.push(String::new());
            return Some(());
        }
        let is_star = self.piece.is_op(self.at + 1, ".") && self.piece.is_op(self.at + 2, "*");
        if is_star {
            select.stars.push(name_of(self.piece.kind(self.at)?, self.piece.raw(self.at)));
            self.at += 3;
            return Some(());
        }
        let expr = self.or()?;
        let alias = if self.eat("as") {
            let name = name_of(self.piece.kind(self.at)?, self.piece.raw(self.at));
            self.at += 1;
            Some(name)
        } else {
            self.bare_alias()
        };
        let name = alias.or_else(|| match &expr {
            Expr::Col(parts) => parts.last().cloned(),
            Expr::Call { name, .. } => name.last().cloned(),
            _ => None,
        });
        select.items.push((expr, name));
        Some(())
    }

    fn bare_alias(&mut self) -> Option<String> {
        let kind = self.piece.kind(self.at)?;
        let raw = self.piece.raw(self.at);
        let usable =
            kind == Kind::Quoted || (kind == Kind::Word && !RESERVED.iter().any(|word| raw.eq_ignore_ascii_case(word)));
        usable.then(|| {
            self.at += 1;
            name_of(kind, raw)
        })
    }

    fn from(&mut self, select: &mut Select) -> Option<()> {
        self.read_source(select)?;
        for _ in 0..MAX_CHAIN {
            if self.eat_op(",") {
                self.read_source(select)?;
                continue;
            }
            let mut joined = false;
            while ["inner", "left", "right", "full", "cross", "outer", "natural"].iter().any(|word| self.is(word)) {
                self.at += 1;
                joined = true;
            }
            if !self.eat("join") {
                return (!joined).then_some(());
            }
            self.read_source(select)?;
            if self.eat("on") {
                let condition = self.or()?;
                select.conditions.push(condition);
            } else if self.eat("using") {
                self.using(select);
            }
        }
        None
    }

    /// `USING (a, b)` of the last two tables becomes `x.a = y.a AND …`.
    fn using(&mut self, select: &mut Select) {
        let close = self.piece.close_of(self.at);
        let [.., left, right] = select.from.as_slice() else { return };
        let (left, right) = (left.alias.clone(), right.alias.clone());
        for index in self.at + 1..close {
            if let Some(kind @ (Kind::Word | Kind::Quoted)) = self.piece.kind(index) {
                let column = name_of(kind, self.piece.raw(index));
                select.conditions.push(Expr::Op {
                    op: "=".into(),
                    left: Box::new(Expr::Col(vec![left.clone(), column.clone()])),
                    right: Box::new(Expr::Col(vec![right.clone(), column])),
                });
            }
        }
        self.at = close + 1;
    }

    fn read_source(&mut self, select: &mut Select) -> Option<()> {
        let _ = self.eat("lateral") || self.eat("only");
        if self.eat_op("(") {
            if self.is("select") || self.is("with") || self.is("values") {
                let inner = self.nested_select()?;
                if !self.eat_op(")") {
                    return None;
                }
                self.eat("as");
                let alias = self.bare_alias().unwrap_or_default();
                self.skip_column_list();
                select.from.push(From { name: Vec::new(), alias, select: Some(Box::new(inner)), call: None });
                return Some(());
            }
            self.depth += 1;
            if self.depth > MAX_DEPTH {
                return None;
            }
            self.from(select)?;
            self.depth -= 1;
            return self.eat_op(")").then_some(());
        }
        let (name, call) = match self.name_or_call()? {
            Expr::Col(name) => (name, None),
            Expr::Call { name, args } => (name, Some(args)),
            _ => return None,
        };
        self.eat("as");
        let alias = self.bare_alias().or_else(|| name.last().cloned()).unwrap_or_default();
        self.skip_column_list();
        select.from.push(From { name, alias, select: None, call });
        Some(())
    }

    fn skip_column_list(&mut self) {
        if self.piece.is_op(self.at, "(") {
            self.at = self.piece.close_of(self.at) + 1;
        }
    }
}

fn negate_if(negated: bool, expr: Expr) -> Expr {
    if negated { Expr::Not(Box::new(expr)) } else { expr }
}

impl Expr {
    /// Every column name mentioned, last parts only, in order; queries included.
    pub(crate) fn columns(&self, out: &mut Vec<String>) {
        match self {
            Expr::Col(parts) => out.extend(parts.last().cloned()),
            Expr::Lit(_) | Expr::Param(_) => {}
            Expr::Opaque(text) => out.extend(
                text.split(|letter: char| !letter.is_alphanumeric() && letter != '_').map(str::to_ascii_lowercase),
            ),
            Expr::Call { args, .. } | Expr::And(args) | Expr::Or(args) | Expr::List(args) => {
                args.iter().for_each(|arg| arg.columns(out));
            }
            Expr::Not(inner) | Expr::IsNull(inner) => inner.columns(out),
            Expr::Op { left, right, .. } | Expr::Any { left, right, .. } | Expr::Index(left, right) => {
                left.columns(out);
                right.columns(out);
            }
            Expr::Between(value, low, high) => [value, low, high].iter().for_each(|part| part.columns(out)),
            Expr::Exists(select) | Expr::Scalar(select) => select.columns(out),
            Expr::Case { arms, otherwise } => {
                for (condition, value) in arms {
                    condition.columns(out);
                    value.columns(out);
                }
                if let Some(value) = otherwise {
                    value.columns(out);
                }
            }
        }
    }
}

impl Select {
    fn columns(&self, out: &mut Vec<String>) {
        self.items.iter().for_each(|(item, _)| item.columns(out));
        self.conditions.iter().for_each(|condition| condition.columns(out));
        self.unions.iter().for_each(|union| union.columns(out));
        self.with.iter().for_each(|(_, inner)| inner.columns(out));
        self.from.iter().filter_map(|from| from.select.as_ref()).for_each(|inner| inner.columns(out));
    }
}

#[cfg(test)]
mod tests {
    use super::super::lex::{Dialect, Piece, lex};
    use super::{Expr, parse, parse_select};

    fn understood(text: &str) -> bool {
        let tokens = lex(text, Dialect::Postgres);
        !matches!(parse(Piece { text, tokens: &tokens }), Expr::Opaque(_))
    }

    #[test]
    fn expressions_of_real_policies() {
        for text in [
            "true",
            "auth.uid() = user_id",
            "(select auth.uid()) = user_id",
            "auth.uid()::text = (storage.foldername(name))[1]",
            "(auth.jwt() -> 'app_metadata' ->> 'role') = 'admin'",
            "auth.jwt() ->> 'role' = 'admin' OR id IN (SELECT a FROM b WHERE c = auth.uid())",
            "EXISTS (SELECT 1 FROM a JOIN b ON a.x = b.y LEFT JOIN c USING (z) WHERE a.i = b.i LIMIT 1)",
            "role = ANY (ARRAY['admin'::user_role, 'x'::public.user_role])",
            "deleted_at IS NULL AND NOT is_deleted AND x NOT IN ('a','b') AND y IS NOT DISTINCT FROM z",
            "created_at > now() - interval '1 day'",
            "CASE WHEN a THEN true ELSE b = c END",
            "coalesce((select is_admin from profiles where id = auth.uid()), false)",
            "(a, b) IN (SELECT c, d FROM e)",
            "auth.uid() = ANY (SELECT unnest(member_ids))",
            "x BETWEEN 1 AND 2 AND y",
            "public.has_role(auth.uid(), 'admin'::app_role)",
            "(current_setting('request.jwt.claims', true)::json ->> 'sub')::uuid = user_id",
            "tags @> ARRAY[auth.uid()] AND data ? 'x'",
            "extract(epoch from now()) > 3",
            "cast(auth.uid() as text) = owner",
            "(((((true)))))",
        ] {
            assert!(understood(text), "{text}");
        }
        for text in ["", "auth.uid() =", "(a", "a b c d", "SELECT", ")"] {
            assert!(!understood(text), "{text}");
        }
    }

    #[test]
    fn hostile_nesting_is_bounded() {
        let deep = format!("{}true{}", "(".repeat(50_000), ")".repeat(50_000));
        assert!(!understood(&deep));
        assert!(!understood(&"a = ".repeat(50_000)));
        assert!(!understood(&"(select ".repeat(20_000)));
        assert!(!understood(&"case when ".repeat(20_000)));
        assert!(understood(&format!("{}true", "not ".repeat(50_000))));
        assert!(understood(&format!("true{}", " and true".repeat(5_000))));
        assert!(!understood(&format!("1{}", " + 1".repeat(5_000))));
        let tokens = lex("select a, b.* from c", Dialect::Postgres);
        assert!(parse_select(Piece { text: "select a, b.* from c", tokens: &tokens }).is_some());
    }
}
