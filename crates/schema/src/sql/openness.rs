//! Whom a condition admits.
//!
//! A condition is read for one principal at a time (anonymous, signed in). The result is a disjunction of alternatives;
//! each alternative is a set of constraints that hold when it admits: which rows are tied to the caller, which attributes
//! are asked for. No alternative: never true. An empty alternative: always true. An owner column, a tenant sub-select
//! three levels down and a helper function all come out as a path of links between the row and the caller.

use std::collections::{BTreeMap, BTreeSet};

use super::expr::{Expr, From, Lit, Select};
use super::replay::{Function, Schema, Table, join_name};

/// Alternatives beyond this are not followed.
const MAX_ALTERNATIVES: usize = 96;
/// Functions in functions.
const MAX_CALLS: usize = 6;
/// Evaluation steps per condition: bounds time whatever the text says.
const MAX_STEPS: usize = 40_000;

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Principal {
    /// With the public key only.
    Anonymous,
    /// With an account.
    SignedIn,
}

/// What constraints speak about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Node {
    Caller,
    /// 0 is the row that the policy protects; others are rows of sub-selects.
    Row(usize),
}

/// What kind of attribute is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum AttrKind {
    /// Bookkeeping (`deleted_at IS NULL`, `is_active`): says nothing about who may.
    Soft,
    /// Says that a row is meant for others (`is_public`, `status = 'published'`).
    Public,
    /// Anything else.
    Plain,
}

/// Something that holds when an alternative admits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Constraint {
    /// Two nodes are tied by a comparison.
    Link(Node, Node),
    /// An attribute of a node has a value: column names and the text.
    Attr(Node, AttrKind, Vec<String>, String),
    /// A row of this table exists.
    In(usize, String),
    /// The caller can choose what is compared.
    Forged(String),
    /// Not understood.
    Unknown(String),
    /// Depends on neither row nor caller.
    State(String),
}

pub(crate) type Alternative = BTreeSet<Constraint>;
pub(crate) type Truth = Vec<Alternative>;

fn always() -> Truth {
    vec![Alternative::new()]
}

fn never() -> Truth {
    Vec::new()
}

fn one(constraint: Constraint) -> Truth {
    vec![Alternative::from([constraint])]
}

fn or(mut left: Truth, right: Truth) -> Truth {
    for alternative in right {
        if !left.contains(&alternative) {
            left.push(alternative);
        }
    }
    if left.len() > MAX_ALTERNATIVES {
        return one(Constraint::Unknown("too many alternatives".into()));
    }
    left
}

pub(crate) fn and(left: &Truth, right: &Truth) -> Truth {
    if left.len() * right.len() > MAX_ALTERNATIVES {
        // Either side alone still holds: keep the one that says more.
        let first = if left.len() <= right.len() { left } else { right };
        return first.clone();
    }
    let mut out = Truth::new();
    for a in left {
        for b in right {
            let both: Alternative = a.union(b).cloned().collect();
            if !out.contains(&both) {
                out.push(both);
            }
        }
    }
    out
}

/// A value, as far as it matters.
#[derive(Clone, Debug)]
struct Val {
    /// Known constant for this principal.
    lit: Option<Lit>,
    /// What it depends on.
    nodes: BTreeSet<Node>,
    /// Columns it is read from.
    cols: BTreeSet<(usize, String)>,
    /// Path into the token or the request's headers.
    json: Option<(Root, Vec<String>)>,
    forged: bool,
    unknown: bool,
    /// What must hold for it to exist.
    needs: Truth,
    /// The caller's identity itself (`auth.uid()`), not an attribute.
    identity: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Root {
    Token,
    Headers,
}

impl Val {
    fn new() -> Self {
        Val {
            lit: None,
            nodes: BTreeSet::new(),
            cols: BTreeSet::new(),
            json: None,
            forged: false,
            unknown: false,
            needs: always(),
            identity: false,
        }
    }

    fn lit(lit: Lit) -> Self {
        Val { lit: Some(lit), ..Val::new() }
    }

    fn null() -> Self {
        Val::lit(Lit::Null)
    }

    fn text(text: &str) -> Self {
        Val::lit(Lit::Str(text.into()))
    }

    fn caller() -> Self {
        Val { nodes: BTreeSet::from([Node::Caller]), ..Val::new() }
    }

    fn unknown() -> Self {
        Val { unknown: true, ..Val::new() }
    }

    fn is_null(&self) -> bool {
        self.lit == Some(Lit::Null)
    }

    /// A value made from several others.
    fn merge(parts: impl IntoIterator<Item = Val>) -> Val {
        let mut out = Val::new();
        for part in parts {
            out.nodes.extend(part.nodes);
            out.cols.extend(part.cols);
            out.forged |= part.forged;
            out.unknown |= part.unknown;
            out.needs = and(&out.needs, &part.needs);
        }
        out
    }
}

/// One source of columns.
#[derive(Clone, Debug)]
struct Frame {
    alias: String,
    node: usize,
    table: Option<String>,
    /// Columns of a sub-select or of a function, by name; `*` for all.
    derived: Option<BTreeMap<String, Vec<Val>>>,
}

/// What names mean at a place.
#[derive(Clone, Debug, Default)]
struct Env {
    /// Innermost last.
    scopes: Vec<Vec<Frame>>,
    params: BTreeMap<String, Vec<Val>>,
    positions: Vec<Vec<Val>>,
    variables: BTreeMap<String, Expr>,
    function: String,
}

/// Reads conditions.
pub(crate) struct Reader<'s> {
    schema: &'s Schema,
    principal: Principal,
    next: usize,
    /// Columns of the protected row that have a known value (`bucket_id` of a bucket's policies).
    fixed: BTreeMap<String, Lit>,
    calls: usize,
    /// Inside a function that runs with its owner's rights, row-level security does not apply.
    definer: usize,
    visiting: Vec<String>,
    steps: usize,
    /// Columns of the protected row that the condition looks at.
    pub(crate) outer_columns: BTreeSet<String>,
    /// The condition reads its own table in a sub-select: PostgreSQL may refuse it at run time.
    pub(crate) reads_itself: bool,
    table: String,
}

impl<'s> Reader<'s> {
    pub(crate) fn new(schema: &'s Schema, principal: Principal, table: &str) -> Self {
        Reader {
            schema,
            principal,
            next: 1,
            fixed: BTreeMap::new(),
            calls: 0,
            definer: 0,
            visiting: vec![table.to_owned()],
            steps: 0,
            outer_columns: BTreeSet::new(),
            reads_itself: false,
            table: table.to_owned(),
        }
    }

    /// Fixes a column of the protected row.
    pub(crate) fn fix(&mut self, column: &str, value: &str) {
        self.fixed.insert(column.to_owned(), Lit::Str(value.to_owned()));
    }

    /// Reads a condition of a policy on the table.
    pub(crate) fn read(&mut self, expr: &Expr) -> Truth {
        let table = self.table.clone();
        let env = Env { scopes: vec![vec![self.frame(&table, 0)]], ..Env::default() };
        self.truth(expr, &env, false)
    }

    /// Reads the query of a view: which of its rows exist for the caller.
    pub(crate) fn read_view(&mut self, select: &Select, invoker: bool) -> Truth {
        self.definer += usize::from(!invoker);
        let env = Env::default();
        let (_, frames, truth) = self.enter(select, &env, 0);
        let mut truth = truth;
        for frame in frames.iter().filter(|frame| frame.derived.is_none()) {
            truth = and(&truth, &one(link(Node::Row(0), Node::Row(frame.node))));
        }
        for union in &select.unions {
            let more = self.read_view(union, invoker);
            truth = or(truth, more);
        }
        self.definer -= usize::from(!invoker);
        truth
    }

    fn frame(&self, table: &str, node: usize) -> Frame {
        let alias = table.rsplit('.').next().unwrap_or(table).to_owned();
        Frame { alias, node, table: Some(table.to_owned()), derived: None }
    }

    fn fresh(&mut self) -> usize {
        self.next += 1;
        self.next - 1
    }

    fn spent(&mut self) -> bool {
        self.steps += 1;
        self.steps > MAX_STEPS
    }

    fn truth(&mut self, expr: &Expr, env: &Env, negate: bool) -> Truth {
        if self.spent() {
            return one(Constraint::Unknown("too long to follow".into()));
        }
        match expr {
            Expr::And(parts) | Expr::Or(parts) => {
                let is_and = matches!(expr, Expr::And(_)) != negate;
                let mut truth = if is_and { always() } else { never() };
                for part in parts {
                    let next = self.truth(part, env, negate);
                    truth = if is_and { and(&truth, &next) } else { or(truth, next) };
                    if is_and && truth.is_empty() {
                        break;
                    }
                }
                truth
            }
            Expr::Not(inner) => self.truth(inner, env, !negate),
            Expr::Lit(lit) => constant(lit, negate),
            Expr::Op { op, left, right } => {
                if let (Expr::List(left), Expr::List(right)) = (left.as_ref(), right.as_ref())
                    && left.len() == right.len()
                    && !negate
                {
                    let mut truth = always();
                    for (left, right) in left.iter().zip(right) {
                        let next = self.compare(op, left, right, env, false);
                        truth = and(&truth, &next);
                    }
                    return truth;
                }
                self.compare(op, left, right, env, negate)
            }
            Expr::Any { op, left, right, all } => self.any(op, left, right, *all, env, negate),
            Expr::IsNull(inner) => self.is_null(inner, env, negate),
            Expr::Between(value, low, high) => {
                let text = show(expr);
                let vals = [value, low, high].map(|part| self.value(part, env));
                let merged = Val::merge(vals);
                self.plain(&merged, &text, None)
            }
            Expr::Exists(select) => self.exists(select, env, negate),
            Expr::Case { arms, otherwise } => {
                let mut truth = never();
                for (condition, value) in arms {
                    let value = self.truth(value, env, negate);
                    if value.is_empty() {
                        continue;
                    }
                    let condition = self.truth(condition, env, false);
                    truth = or(truth, and(&condition, &value));
                }
                if let Some(value) = otherwise {
                    let rest = self.truth(value, env, negate);
                    truth = or(truth, rest);
                }
                truth
            }
            Expr::Opaque(text) => one(Constraint::Unknown(shorten(text))),
            Expr::Scalar(_) | Expr::Call { .. } | Expr::Col(_) | Expr::Param(_) | Expr::List(_) | Expr::Index(..) => {
                if let Expr::Call { name, args } = expr
                    && let Some(truth) = self.call_truth(name, args, env, negate)
                {
                    return truth;
                }
                let text = show(expr);
                let mut truth = never();
                for value in self.values(expr, env) {
                    let next = match &value.lit {
                        Some(lit) => and(&value.needs, &constant(lit, negate)),
                        None => {
                            let text = if negate { format!("NOT {text}") } else { text.clone() };
                            self.plain(&value, &text, Some(&Lit::Bool(!negate)))
                        }
                    };
                    truth = or(truth, next);
                }
                truth
            }
        }
    }

    /// An attribute test on one value.
    fn plain(&self, value: &Val, text: &str, lit: Option<&Lit>) -> Truth {
        if value.is_null() {
            return never();
        }
        let text = shorten(text);
        if value.forged {
            return and(&value.needs, &one(Constraint::Forged(text)));
        }
        if value.unknown {
            return and(&value.needs, &one(Constraint::Unknown(text)));
        }
        if value.nodes.is_empty() {
            return and(&value.needs, &one(Constraint::State(text)));
        }
        let mut alternative = Alternative::new();
        for node in &value.nodes {
            let names: Vec<String> =
                value.cols.iter().filter(|(row, _)| *node == Node::Row(*row)).map(|(_, name)| name.clone()).collect();
            let kind = if *node == Node::Caller { AttrKind::Plain } else { attr_kind(&names, lit) };
            alternative.insert(Constraint::Attr(*node, kind, names, text.clone()));
        }
        and(&value.needs, &vec![alternative])
    }

    fn compare(&mut self, op: &str, left: &Expr, right: &Expr, env: &Env, negate: bool) -> Truth {
        // `(condition) = true`
        for (side, other) in [(left, right), (right, left)] {
            if let Expr::Lit(Lit::Bool(value)) = side
                && matches!(op, "=" | "<>")
                && is_condition(other)
            {
                return self.truth(other, env, negate ^ (*value == (op == "<>")));
            }
        }
        let text = format!("{} {op} {}", show(left), show(right));
        let lefts = self.values(left, env);
        let rights = self.values(right, env);
        let mut truth = never();
        for l in &lefts {
            for r in &rights {
                if self.spent() {
                    return one(Constraint::Unknown("too long to follow".into()));
                }
                let next = self.compare_values(op, l, r, &text, negate);
                truth = or(truth, next);
            }
        }
        truth
    }

    fn compare_values(&self, op: &str, left: &Val, right: &Val, text: &str, negate: bool) -> Truth {
        let needs = and(&left.needs, &right.needs);
        if needs.is_empty() || left.is_null() || right.is_null() {
            return never();
        }
        if let (Some(l), Some(r)) = (&left.lit, &right.lit) {
            return match compare_lits(op, l, r) {
                Some(holds) if holds != negate => needs,
                Some(_) => never(),
                None => and(&needs, &one(Constraint::Unknown(shorten(text)))),
            };
        }
        let equal =
            !matches!(op, "<>" | "<" | ">" | "<=" | ">=" | "!~" | "!~*" | "!~~") && !negate || (op == "<>" && negate);
        let merged = Val::merge([left.clone(), right.clone()]);
        if merged.forged || merged.unknown {
            return self.plain(&merged, text, None);
        }
        if left.nodes == right.nodes && left.nodes.len() == 1 {
            let same_column = left.cols == right.cols && left.identity == right.identity;
            let caller_twice = left.nodes.contains(&Node::Caller);
            if same_column || caller_twice {
                // `auth.uid() = auth.uid()`, `id = id`: true for every row that has a value.
                return if equal || matches!(op, "<=" | ">=") { needs } else { never() };
            }
        }
        if merged.nodes.len() >= 2 && !left.nodes.is_empty() && !right.nodes.is_empty() {
            let mut alternative = Alternative::new();
            for a in &left.nodes {
                for b in &right.nodes {
                    if a == b {
                        continue;
                    }
                    // Being someone else, or older than, ties nothing.
                    if equal {
                        alternative.insert(link(*a, *b));
                    }
                }
            }
            return and(&needs, &vec![alternative]);
        }
        let lit = left.lit.as_ref().or(right.lit.as_ref());
        let shown = if negate { format!("NOT ({text})") } else { text.to_owned() };
        let bare = Val { needs, ..merged };
        if !equal && matches!(op, "=" | "<>") {
            // "Not this value" is bookkeeping when the value is (`status <> 'deleted'`).
            let soft = lit.is_some_and(|lit| matches!(lit, Lit::Str(word) if is_gone(word)));
            if soft {
                return bare.needs;
            }
        }
        self.plain(&bare, &shown, lit)
    }

    fn any(&mut self, op: &str, left: &Expr, right: &Expr, all: bool, env: &Env, negate: bool) -> Truth {
        let text = format!("{} IN ({})", show(left), show(right));
        if let Expr::List(items) = right {
            let words: Vec<&Lit> =
                items.iter().filter_map(|item| if let Expr::Lit(lit) = item { Some(lit) } else { None }).collect();
            if words.len() == items.len() && !items.is_empty() {
                let mut truth = never();
                for value in self.values(left, env) {
                    let next = if value.lit.is_some() {
                        let mut any = never();
                        let mut every = always();
                        for word in &words {
                            let next = self.compare_values(op, &value, &Val::lit((*word).clone()), &text, negate);
                            any = or(any, next.clone());
                            every = and(&every, &next);
                        }
                        if all != negate { every } else { any }
                    } else if negate && words.iter().all(|lit| matches!(lit, Lit::Str(word) if is_gone(word))) {
                        value.needs.clone()
                    } else {
                        let shown = if negate { format!("NOT {text}") } else { text.clone() };
                        self.plain(&value, &shown, words.first().copied().filter(|_| !negate))
                    };
                    truth = or(truth, next);
                }
                return truth;
            }
            let mut truth = if negate { always() } else { never() };
            for item in items {
                let next = self.compare(op, left, item, env, negate);
                truth = if negate { and(&truth, &next) } else { or(truth, next) };
            }
            return truth;
        }
        if let (Expr::List(parts), Expr::Scalar(select)) = (left, right)
            && !negate
        {
            let (inner, _, mut truth) = self.enter(select, env, 0);
            for (part, (item, _)) in parts.iter().zip(&select.items) {
                let value = self.value(part, env);
                let item = self.value(item, &inner);
                let next = self.compare_values(op, &value, &item, &text, false);
                truth = and(&truth, &next);
            }
            return truth;
        }
        if negate || (all && op != "=") {
            // Not among them: admits everyone else, unless the list can only be empty.
            return always();
        }
        self.compare(op, left, right, env, false)
    }

    fn is_null(&mut self, inner: &Expr, env: &Env, negate: bool) -> Truth {
        let text = format!("{} IS {}NULL", show(inner), if negate { "NOT " } else { "" });
        let mut truth = never();
        for value in self.values(inner, env) {
            let next = if let Some(lit) = &value.lit {
                if (*lit == Lit::Null) != negate { value.needs.clone() } else { never() }
            } else if value.forged || value.unknown {
                self.plain(&value, &text, None)
            } else if value.nodes == BTreeSet::from([Node::Caller]) {
                if negate { value.needs.clone() } else { never() }
            } else if value.needs != always() {
                // A sub-select that finds something; or finds nothing.
                if negate { value.needs.clone() } else { always() }
            } else {
                let names: Vec<String> = value.cols.iter().map(|(_, name)| name.clone()).collect();
                let key = names.iter().all(|name| name == "id" || name.ends_with("_id") || is_owner_name(name));
                if negate && (key || attr_kind(&names, None) == AttrKind::Soft) {
                    value.needs.clone()
                } else if key && !negate {
                    // Rows of nobody in particular.
                    let mut alternative = Alternative::new();
                    for node in &value.nodes {
                        alternative.insert(Constraint::Attr(*node, AttrKind::Public, names.clone(), shorten(&text)));
                    }
                    vec![alternative]
                } else {
                    self.plain(&value, &text, None)
                }
            };
            truth = or(truth, next);
        }
        truth
    }

    fn exists(&mut self, select: &Select, env: &Env, negate: bool) -> Truth {
        let (_, _, mut truth) = self.enter(select, env, 0);
        for union in &select.unions {
            let (_, _, more) = self.enter(union, env, 0);
            truth = or(truth, more);
        }
        if !negate {
            return truth;
        }
        if truth.is_empty() {
            return always();
        }
        let tied = truth.iter().flatten().any(|constraint| match constraint {
            Constraint::Link(a, b) => [a, b].iter().any(|node| matches!(node, Node::Caller | Node::Row(0))),
            Constraint::Attr(node, ..) => matches!(node, Node::Caller | Node::Row(0)),
            _ => false,
        });
        // "Unless blocked" admits everyone else; "as long as there is no administrator" depends on the moment.
        if tied { always() } else { one(Constraint::State("NOT EXISTS (…)".into())) }
    }

    /// Opens the scope of a query: its environment, its frames and what must hold for a row of it to exist.
    fn enter(&mut self, select: &Select, env: &Env, depth: usize) -> (Env, Vec<Frame>, Truth) {
        let mut truth = always();
        let mut frames: Vec<Frame> = Vec::new();
        if depth > 12 || self.spent() {
            return (env.clone(), frames, one(Constraint::Unknown("nested too deep".into())));
        }
        let mut tables = Vec::new();
        for from in &select.from {
            let (frame, needs) = self.frame_of(from, select, env, depth);
            truth = and(&truth, &needs);
            if let (Some(table), None) = (&frame.table, &frame.derived) {
                truth = and(&truth, &one(Constraint::In(frame.node, table.clone())));
                tables.push((frame.node, table.clone()));
            }
            frames.push(frame);
        }
        let mut inner = env.clone();
        inner.scopes.push(frames.clone());
        for condition in &select.conditions {
            let next = self.truth(condition, &inner, false);
            truth = and(&truth, &next);
        }
        if self.definer == 0 {
            for (node, table) in tables {
                truth = self.visible(&table, node, truth);
            }
        }
        (inner, frames, truth)
    }

    fn frame_of(&mut self, from: &From, select: &Select, env: &Env, depth: usize) -> (Frame, Truth) {
        let name = join_name(&from.name);
        let mut frame = Frame { alias: from.alias.clone(), node: 0, table: None, derived: None };
        let with = select.with.iter().find(|(with, _)| *with == name).map(|(_, inner)| inner);
        if let Some(inner) = from.select.as_deref().or(with) {
            let (inner_env, _, truth) = self.enter(inner, env, depth + 1);
            let mut columns = BTreeMap::new();
            for (item, alias) in &inner.items {
                let values = self.values(item, &inner_env);
                columns.insert(alias.clone().unwrap_or_default(), values);
            }
            if !inner.stars.is_empty() {
                let frames = inner_env.scopes.last().cloned().unwrap_or_default();
                frame.node = frames.first().map_or(0, |frame| frame.node);
                frame.table = frames.first().and_then(|frame| frame.table.clone());
            }
            if inner.stars.is_empty() {
                frame.derived = Some(columns);
            }
            return (frame, truth);
        }
        if let Some(args) = &from.call {
            let call = Expr::Call { name: from.name.clone(), args: args.clone() };
            let values = self.values(&call, env);
            frame.derived = Some(BTreeMap::from([("*".to_owned(), values)]));
            return (frame, always());
        }
        frame.node = self.fresh();
        if name == self.table && self.definer == 0 && self.calls == 0 {
            self.reads_itself = true;
        }
        frame.table = Some(name);
        (frame, always())
    }

    /// Row-level security of a table that a sub-select reads applies to the caller as well.
    fn visible(&mut self, name: &str, node: usize, truth: Truth) -> Truth {
        let Some(table) = self.schema.tables.get(name) else { return truth };
        if !table.rls || !table.created || self.visiting.iter().any(|visited| visited == name) {
            return truth;
        }
        if self.visiting.len() > 3 {
            return truth;
        }
        self.visiting.push(name.to_owned());
        let seen = self.select_truth(table, node);
        self.visiting.pop();
        if seen.is_empty() {
            return never();
        }
        let mut out = Truth::new();
        for alternative in truth {
            if connected(&alternative, Node::Caller).contains(&Node::Row(node)) {
                out = or(out, vec![alternative]);
            } else {
                out = or(out, and(&vec![alternative], &seen));
            }
        }
        out
    }

    /// The rows of a table that the caller can read, as a condition on `node`.
    fn select_truth(&mut self, table: &Table, node: usize) -> Truth {
        let mut truth = never();
        for policy in &table.policies {
            let reads =
                matches!(policy.command, plimsoll_model::app::Command::All | plimsoll_model::app::Command::Select);
            if !reads || policy.restrictive || !applies(&policy.roles, self.principal) {
                continue;
            }
            let Some((_, using)) = &policy.using else { continue };
            let env = Env { scopes: vec![vec![self.frame(&table.name, node)]], ..Env::default() };
            let next = self.truth(using, &env, false);
            truth = or(truth, next);
        }
        truth
    }

    /// All values that an expression can have, each with what must hold for it.
    fn values(&mut self, expr: &Expr, env: &Env) -> Vec<Val> {
        if self.spent() {
            return vec![Val::unknown()];
        }
        match expr {
            Expr::Scalar(select) => {
                let mut out = self.select_values(select, env);
                for union in &select.unions {
                    out.extend(self.select_values(union, env));
                }
                bounded(out)
            }
            Expr::Call { name, args } => {
                if let [only] = name.as_slice()
                    && only == "coalesce"
                {
                    let mut out = Vec::new();
                    for arg in args {
                        let values = self.values(arg, env);
                        let certain = values.iter().all(|value| value.lit.is_some() && !value.is_null());
                        out.extend(values.into_iter().filter(|value| !value.is_null()));
                        if certain {
                            break;
                        }
                    }
                    if out.is_empty() {
                        out.push(Val::null());
                    }
                    return bounded(out);
                }
                self.call(name, args, env)
            }
            Expr::Case { arms, otherwise } => {
                let mut out = Vec::new();
                for (condition, value) in arms {
                    let condition = self.truth(condition, env, false);
                    for mut value in self.values(value, env) {
                        value.needs = and(&value.needs, &condition);
                        out.push(value);
                    }
                }
                if let Some(value) = otherwise {
                    out.extend(self.values(value, env));
                }
                bounded(out)
            }
            Expr::Col(parts) => self.column(parts, env),
            Expr::Param(position) => position
                .checked_sub(1)
                .and_then(|index| env.positions.get(index))
                .cloned()
                .unwrap_or_else(|| vec![Val::unknown()]),
            _ => vec![self.simple(expr, env)],
        }
    }

    fn value(&mut self, expr: &Expr, env: &Env) -> Val {
        let mut values = self.values(expr, env);
        if values.len() == 1 { values.pop().unwrap_or_else(Val::unknown) } else { Val::merge(values) }
    }

    fn simple(&mut self, expr: &Expr, env: &Env) -> Val {
        match expr {
            Expr::Lit(lit) => Val::lit(lit.clone()),
            Expr::Op { op, left, right } => {
                let (left, right) = (self.value(left, env), self.value(right, env));
                if matches!(op.as_str(), "->" | "->>" | "#>" | "#>>") {
                    return self.step(&left, &right);
                }
                if op == "||" && (left.is_null() || right.is_null()) {
                    return Val::null();
                }
                if let (Some(Lit::Str(a)), Some(Lit::Str(b))) = (&left.lit, &right.lit)
                    && op == "||"
                {
                    return Val::text(&format!("{a}{b}"));
                }
                Val::merge([left, right])
            }
            Expr::Index(inner, _) => {
                let inner = self.value(inner, env);
                if inner.is_null() { Val::null() } else { Val::merge([inner]) }
            }
            Expr::List(items) => {
                let parts: Vec<Val> = items.iter().map(|item| self.value(item, env)).collect();
                Val::merge(parts)
            }
            Expr::Opaque(_) => Val::unknown(),
            // A condition used as a value.
            _ => {
                let truth = self.truth(expr, env, false);
                match truth.as_slice() {
                    [] => Val::lit(Lit::Bool(false)),
                    [only] if only.is_empty() => Val::lit(Lit::Bool(true)),
                    _ => Val { lit: Some(Lit::Bool(true)), needs: truth, ..Val::new() },
                }
            }
        }
    }

    /// `left -> key`.
    fn step(&self, left: &Val, key: &Val) -> Val {
        let Some((root, path)) = &left.json else {
            let merged = Val::merge([left.clone(), Val { needs: always(), ..key.clone() }]);
            return if left.is_null() { Val::null() } else { merged };
        };
        let mut path = path.clone();
        match &key.lit {
            Some(Lit::Str(key)) => {
                path.extend(key.trim_matches(['{', '}']).split(',').map(|part| part.trim().to_ascii_lowercase()))
            }
            _ => path.push("?".into()),
        }
        self.claim(*root, path)
    }

    /// A value of the token, by path. The top-level `role` of Supabase's tokens is the database role.
    fn claim(&self, root: Root, path: Vec<String>) -> Val {
        if root == Root::Headers {
            return Val { forged: true, json: Some((root, path)), ..Val::new() };
        }
        let signed_in = self.principal == Principal::SignedIn;
        let mut value = match path.first().map(String::as_str) {
            None => Val::caller(),
            Some("role") if path.len() == 1 => Val::text(if signed_in { "authenticated" } else { "anon" }),
            Some("aud") if path.len() == 1 && signed_in => Val::text("authenticated"),
            Some(_) if !signed_in => Val::null(),
            Some("sub") => Val { identity: true, ..Val::caller() },
            Some("user_metadata") => Val { forged: true, ..Val::new() },
            // Every account can enrol a second factor; anonymous accounts are accounts.
            Some("aal") => Val::text("aal2"),
            Some("is_anonymous") => Val::lit(Lit::Bool(false)),
            Some(_) => Val::caller(),
        };
        if value.lit.is_none() {
            value.json = Some((root, path));
        }
        value
    }

    fn select_values(&mut self, select: &Select, env: &Env) -> Vec<Val> {
        let (inner, _, truth) = self.enter(select, env, 0);
        if truth.is_empty() {
            return vec![Val::null()];
        }
        let mut out = Vec::new();
        if let Some((item, _)) = select.items.first() {
            for mut value in self.values(item, &inner) {
                value.needs = and(&value.needs, &truth);
                out.push(value);
            }
        } else {
            out.push(Val { unknown: true, needs: truth, ..Val::new() });
        }
        out
    }

    fn column(&mut self, parts: &[String], env: &Env) -> Vec<Val> {
        let Some(name) = parts.last() else { return vec![Val::unknown()] };
        let qualifier = parts.len().checked_sub(2).and_then(|at| parts.get(at));
        let mut guess: Option<&Frame> = None;
        for scope in env.scopes.iter().rev() {
            for frame in scope {
                if let Some(qualifier) = qualifier {
                    let by_table = frame.table.as_deref().and_then(|table| table.rsplit('.').next());
                    if frame.alias != *qualifier && by_table != Some(qualifier.as_str()) {
                        continue;
                    }
                    if frame.alias != *qualifier && scope.iter().any(|other| other.alias == *qualifier) {
                        continue;
                    }
                    return self.frame_column(frame, name);
                }
                match self.has_column(frame, name) {
                    Some(true) => return self.frame_column(frame, name),
                    Some(false) => {}
                    None => guess = guess.or(Some(frame)),
                }
            }
        }
        if qualifier.is_none() || qualifier == Some(&env.function) {
            if let Some(values) = env.params.get(name) {
                return values.clone();
            }
            if let Some(expr) = env.variables.get(name) {
                // A variable may be built from others; each is looked up once.
                let mut rest = env.clone();
                rest.variables.remove(name);
                let expr = expr.clone();
                return self.values(&expr, &rest);
            }
        }
        match guess {
            Some(frame) => {
                let frame = frame.clone();
                self.frame_column(&frame, name)
            }
            None => vec![Val::unknown()],
        }
    }

    /// Whether the frame has the column; `None` when its columns are not known.
    fn has_column(&self, frame: &Frame, name: &str) -> Option<bool> {
        if let Some(derived) = &frame.derived {
            return Some(derived.contains_key(name) || derived.contains_key("*"));
        }
        let table = frame.table.as_deref()?;
        if table == "auth.users" {
            return Some(["id", "email", "phone", "role", "raw_user_meta_data", "raw_app_meta_data"].contains(&name));
        }
        if table == "storage.objects" {
            return Some(
                ["id", "name", "bucket_id", "owner", "owner_id", "metadata", "path_tokens", "created_at"]
                    .contains(&name),
            );
        }
        let known = self.schema.tables.get(table)?;
        if known.columns.is_empty() {
            return None;
        }
        Some(known.columns.iter().any(|column| column.name == name))
    }

    fn frame_column(&mut self, frame: &Frame, name: &str) -> Vec<Val> {
        if let Some(derived) = &frame.derived {
            let found = derived.get(name).or_else(|| derived.get("*"));
            return found.cloned().unwrap_or_else(|| vec![Val::unknown()]);
        }
        if frame.node == 0 {
            self.outer_columns.insert(name.to_owned());
            if let Some(lit) = self.fixed.get(name) {
                return vec![Val::lit(lit.clone())];
            }
        }
        let forged = frame.table.as_deref() == Some("auth.users") && name == "raw_user_meta_data";
        vec![Val {
            nodes: BTreeSet::from([Node::Row(frame.node)]),
            cols: BTreeSet::from([(frame.node, name.to_owned())]),
            forged,
            ..Val::new()
        }]
    }

    fn call(&mut self, name: &[String], args: &[Expr], env: &Env) -> Vec<Val> {
        let signed_in = self.principal == Principal::SignedIn;
        let full = join_name(name);
        let simple = match full.as_str() {
            "auth.uid" if signed_in => Some(Val { identity: true, ..Val::caller() }),
            "auth.uid" => Some(Val::null()),
            "auth.email" if signed_in => Some(Val::caller()),
            "auth.email" => Some(Val::null()),
            "auth.role" | "current_user" | "current_role" | "session_user" | "user" => {
                Some(Val::text(if signed_in { "authenticated" } else { "anon" }))
            }
            "auth.jwt" => Some(Val { json: Some((Root::Token, Vec::new())), ..Val::caller() }),
            "current_setting" => {
                let key = match args.first() {
                    Some(Expr::Lit(Lit::Str(key))) => key.as_str(),
                    _ => "",
                };
                Some(match key {
                    "request.jwt.claims" => Val { json: Some((Root::Token, Vec::new())), ..Val::caller() },
                    "request.headers" | "request.cookies" => {
                        Val { json: Some((Root::Headers, Vec::new())), forged: true, ..Val::new() }
                    }
                    "role" => Val::text(if signed_in { "authenticated" } else { "anon" }),
                    _ => match key.strip_prefix("request.jwt.claim.") {
                        Some(claim) => self.claim(Root::Token, vec![claim.to_ascii_lowercase()]),
                        // Set by the app's own server for each request.
                        None if signed_in => Val { identity: true, ..Val::caller() },
                        None => Val::null(),
                    },
                })
            }
            _ => None,
        };
        if let Some(value) = simple {
            return vec![value];
        }
        if let Some(values) = self.user_function(&full, args, env) {
            return values;
        }
        let parts: Vec<Val> = args.iter().map(|arg| self.value(arg, env)).collect();
        if !is_builtin(&full) {
            return vec![Val { unknown: true, ..Val::merge(parts) }];
        }
        if let [only] = parts.as_slice()
            && (only.lit.is_some() || only.json.is_some())
        {
            return vec![only.clone()];
        }
        if parts.iter().any(Val::is_null) && !matches!(full.as_str(), "concat" | "array_length" | "cardinality") {
            return vec![Val::null()];
        }
        vec![Val::merge(parts)]
    }

    /// A call used as a condition, where the function's body is known.
    fn call_truth(&mut self, name: &[String], args: &[Expr], env: &Env, negate: bool) -> Option<Truth> {
        let full = join_name(name);
        if matches!(full.as_str(), "jsonb_exists" | "array_contains") {
            return None;
        }
        let (function, inner) = self.bind(&full, args, env)?;
        if function.body.returns.is_empty() {
            let text = shorten(&format!("{full}(…)"));
            return Some(one(Constraint::Unknown(text)));
        }
        self.open(&function);
        let mut truth = never();
        for one_return in &function.body.returns {
            let mut next = self.truth(&one_return.value, &inner, negate);
            if next.is_empty() {
                continue;
            }
            for condition in &one_return.when {
                let condition = self.truth(condition, &inner, false);
                next = and(&next, &condition);
            }
            truth = or(truth, next);
        }
        self.close(&function);
        Some(truth)
    }

    fn user_function(&mut self, name: &str, args: &[Expr], env: &Env) -> Option<Vec<Val>> {
        let (function, inner) = self.bind(name, args, env)?;
        if function.body.returns.is_empty() {
            let parts: Vec<Val> = args.iter().map(|arg| self.value(arg, env)).collect();
            return Some(vec![Val { unknown: true, ..Val::merge(parts) }]);
        }
        self.open(&function);
        let mut out = Vec::new();
        for one_return in &function.body.returns {
            let mut needs = always();
            for condition in &one_return.when {
                let condition = self.truth(condition, &inner, false);
                needs = and(&needs, &condition);
            }
            for mut value in self.values(&one_return.value, &inner) {
                value.needs = and(&value.needs, &needs);
                out.push(value);
            }
        }
        self.close(&function);
        Some(bounded(out))
    }

    fn open(&mut self, function: &Function) {
        self.calls += 1;
        self.definer += usize::from(function.definer);
    }

    fn close(&mut self, function: &Function) {
        self.calls -= 1;
        self.definer -= usize::from(function.definer);
    }

    fn bind(&mut self, name: &str, args: &[Expr], env: &Env) -> Option<(Function, Env)> {
        if self.calls >= MAX_CALLS {
            return None;
        }
        let overloads = self.schema.functions.get(name)?;
        let function =
            overloads.iter().find(|function| function.params.len() == args.len()).or_else(|| overloads.last())?.clone();
        let mut inner = Env { function: name.rsplit('.').next().unwrap_or(name).to_owned(), ..Env::default() };
        for (index, arg) in args.iter().enumerate() {
            let values = self.values(arg, env);
            if let Some(param) = function.params.get(index).filter(|param| !param.is_empty()) {
                inner.params.insert(param.clone(), values.clone());
            }
            inner.positions.push(values);
        }
        // Parameters left to their default: `is_admin(user_id uuid DEFAULT auth.uid())`.
        for param in function.params.iter().skip(args.len()) {
            let caller = self.call(&["auth".into(), "uid".into()], &[], env);
            inner.params.insert(param.clone(), caller.clone());
            inner.positions.push(caller);
        }
        inner.variables.clone_from(&function.body.variables);
        Some((function, inner))
    }
}

/// Whether a policy for these roles is about the principal.
pub(crate) fn applies(roles: &[String], principal: Principal) -> bool {
    roles.is_empty()
        || roles.iter().any(|role| match role.as_str() {
            "public" => true,
            "anon" => principal == Principal::Anonymous,
            "authenticated" => principal == Principal::SignedIn,
            _ => false,
        })
}

fn bounded(mut values: Vec<Val>) -> Vec<Val> {
    if values.len() > 24 {
        return vec![Val::merge(values)];
    }
    if values.is_empty() {
        values.push(Val::unknown());
    }
    values
}

fn link(a: Node, b: Node) -> Constraint {
    if a <= b { Constraint::Link(a, b) } else { Constraint::Link(b, a) }
}

fn constant(lit: &Lit, negate: bool) -> Truth {
    let holds = match lit {
        Lit::Bool(value) => *value,
        Lit::Str(text) => matches!(text.to_ascii_lowercase().as_str(), "true" | "t" | "on" | "1" | "yes"),
        Lit::Num(number) => *number != 0.0,
        Lit::Null => return never(),
    };
    if holds != negate { always() } else { never() }
}

fn is_condition(expr: &Expr) -> bool {
    !matches!(expr, Expr::Lit(_) | Expr::Scalar(_) | Expr::Col(_) | Expr::Param(_) | Expr::Index(..))
        && !matches!(expr, Expr::Op { op, .. } if matches!(op.as_str(), "->" | "->>" | "#>" | "#>>" | "||"))
}

fn compare_lits(op: &str, left: &Lit, right: &Lit) -> Option<bool> {
    use std::cmp::Ordering;
    let order = match (left, right) {
        (Lit::Str(a), Lit::Str(b)) => a.cmp(b),
        (Lit::Num(a), Lit::Num(b)) => a.partial_cmp(b)?,
        (Lit::Bool(a), Lit::Bool(b)) => a.cmp(b),
        (Lit::Bool(a), Lit::Str(b)) | (Lit::Str(b), Lit::Bool(a)) => {
            let text = if *a { "true" } else { "false" };
            text.cmp(b.as_str())
        }
        (Lit::Num(a), Lit::Str(b)) => a.partial_cmp(&b.parse().ok()?)?,
        (Lit::Str(a), Lit::Num(b)) => a.parse::<f64>().ok()?.partial_cmp(b)?,
        _ => return None,
    };
    match op {
        "=" => Some(order == Ordering::Equal),
        "<>" => Some(order != Ordering::Equal),
        "<" => Some(order == Ordering::Less),
        ">" => Some(order == Ordering::Greater),
        "<=" => Some(order != Ordering::Greater),
        ">=" => Some(order != Ordering::Less),
        _ => None,
    }
}

/// Words for rows that are out of use.
fn is_gone(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    ["deleted", "archived", "inactive", "disabled", "removed", "cancelled", "canceled", "trashed", "blocked", "banned"]
        .contains(&word.as_str())
}

fn is_owner_name(name: &str) -> bool {
    ["owner", "created_by", "user", "author", "uid", "uuid", "creator"].contains(&name)
}

const SOFT: &[&str] = &[
    "deleted_at",
    "is_deleted",
    "deleted",
    "archived",
    "is_archived",
    "archived_at",
    "active",
    "is_active",
    "enabled",
    "is_enabled",
    "disabled",
    "is_disabled",
    "removed_at",
    "is_removed",
    "blocked",
    "is_blocked",
    "banned",
    "is_banned",
    "suspended",
    "is_suspended",
    "locked",
    "is_locked",
    "deactivated_at",
    "isactive",
    "isdeleted",
    "deletedat",
];

const PUBLISHED: &[&str] = &[
    "is_public",
    "public",
    "ispublic",
    "published",
    "is_published",
    "ispublished",
    "published_at",
    "visibility",
    "is_visible",
    "visible",
    "is_shared",
    "shared",
    "approved",
    "is_approved",
    "approved_at",
    "featured",
    "is_featured",
    "is_template",
    "template",
    "is_default",
    "is_system",
    "is_global",
    "is_demo",
    "hidden",
    "is_hidden",
    "private",
    "is_private",
    "draft",
    "is_draft",
    "privacy",
    "access_level",
    "publish_date",
    "published_date",
    "is_preset",
    "is_sample",
];

/// Sorts an attribute by the names of its columns and the value asked for.
fn attr_kind(names: &[String], lit: Option<&Lit>) -> AttrKind {
    if names.is_empty() {
        return AttrKind::Plain;
    }
    let all = |list: &[&str]| names.iter().all(|name| list.contains(&name.to_ascii_lowercase().as_str()));
    if all(SOFT) {
        return AttrKind::Soft;
    }
    if all(PUBLISHED) {
        return AttrKind::Public;
    }
    if let Some(Lit::Str(word)) = lit {
        let word = word.to_ascii_lowercase();
        if ["active", "enabled"].contains(&word.as_str()) && all(&["status", "state"]) {
            return AttrKind::Soft;
        }
        if ["published", "approved", "public", "live", "open", "posted", "everyone"].contains(&word.as_str()) {
            return AttrKind::Public;
        }
    }
    // Paths of storage objects and file types say nothing about who.
    if all(&["name", "path_tokens", "metadata", "bucket_id", "created_at"]) && names.len() == 1 && lit.is_some() {
        return if names.first().is_some_and(|name| name == "name") { AttrKind::Soft } else { AttrKind::Plain };
    }
    AttrKind::Plain
}

/// Functions of PostgreSQL and Supabase that only reshape their arguments.
fn is_builtin(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "lower",
        "upper",
        "trim",
        "btrim",
        "ltrim",
        "rtrim",
        "length",
        "char_length",
        "nullif",
        "array_length",
        "cardinality",
        "now",
        "current_timestamp",
        "current_date",
        "localtimestamp",
        "current_time",
        "split_part",
        "string_to_array",
        "unnest",
        "array_agg",
        "regexp_replace",
        "regexp_match",
        "regexp_matches",
        "substring",
        "substr",
        "left",
        "right",
        "position",
        "strpos",
        "greatest",
        "least",
        "date_trunc",
        "date_part",
        "age",
        "extract",
        "md5",
        "format",
        "concat",
        "concat_ws",
        "replace",
        "array_position",
        "array_append",
        "any_value",
        "count",
        "max",
        "min",
        "sum",
        "bool_or",
        "bool_and",
        "exists",
        "uuid",
        "text",
        "starts_with",
        "encode",
        "decode",
        "clock_timestamp",
        "make_interval",
        "to_char",
        "to_timestamp",
        "quote_literal",
        "quote_ident",
        "abs",
        "round",
        "floor",
        "ceil",
        "storage.foldername",
        "storage.filename",
        "storage.extension",
        "timezone",
        "array",
        "gen_random_uuid",
        "array_remove",
        "array_cat",
        "realtime.topic",
        "cast",
        "initcap",
        "reverse",
        "row",
    ];
    NAMES.contains(&name)
        || name.starts_with("jsonb_")
        || name.starts_with("json_")
        || name.starts_with("to_json")
        || name.starts_with("pg_catalog.")
}

/// Nodes that links tie to `start`.
pub(crate) fn connected(alternative: &Alternative, start: Node) -> BTreeSet<Node> {
    let mut reached = BTreeSet::from([start]);
    loop {
        let before = reached.len();
        for constraint in alternative {
            if let Constraint::Link(a, b) = constraint {
                if reached.contains(a) {
                    reached.insert(*b);
                }
                if reached.contains(b) {
                    reached.insert(*a);
                }
            }
        }
        if reached.len() == before {
            return reached;
        }
    }
}

fn shorten(text: &str) -> String {
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match flat.char_indices().nth(90) {
        Some((at, _)) => format!("{}…", flat.get(..at).unwrap_or("")),
        None => flat,
    }
}

/// The expression in short, for reasons.
pub(crate) fn show(expr: &Expr) -> String {
    show_at(expr, 0)
}

fn show_at(expr: &Expr, depth: usize) -> String {
    if depth > 5 {
        return "…".into();
    }
    let list =
        |items: &[Expr]| items.iter().take(6).map(|item| show_at(item, depth + 1)).collect::<Vec<_>>().join(", ");
    match expr {
        Expr::Lit(Lit::Null) => "NULL".into(),
        Expr::Lit(Lit::Bool(value)) => value.to_string(),
        Expr::Lit(Lit::Num(number)) => number.to_string(),
        Expr::Lit(Lit::Str(text)) => format!("'{text}'"),
        Expr::Col(parts) => parts.join("."),
        Expr::Param(position) => format!("${position}"),
        Expr::Call { name, args } => format!("{}({})", name.join("."), list(args)),
        Expr::And(parts) => parts.iter().take(6).map(|part| show_at(part, depth + 1)).collect::<Vec<_>>().join(" AND "),
        Expr::Or(parts) => parts.iter().take(6).map(|part| show_at(part, depth + 1)).collect::<Vec<_>>().join(" OR "),
        Expr::Not(inner) => format!("NOT ({})", show_at(inner, depth + 1)),
        Expr::Op { op, left, right } => format!("{} {op} {}", show_at(left, depth + 1), show_at(right, depth + 1)),
        Expr::Any { left, right, .. } => format!("{} IN ({})", show_at(left, depth + 1), show_at(right, depth + 1)),
        Expr::IsNull(inner) => format!("{} IS NULL", show_at(inner, depth + 1)),
        Expr::Between(value, ..) => format!("{} BETWEEN …", show_at(value, depth + 1)),
        Expr::Exists(_) => "EXISTS (…)".into(),
        Expr::Scalar(_) => "(SELECT …)".into(),
        Expr::List(items) => list(items),
        Expr::Index(inner, _) => format!("{}[…]", show_at(inner, depth + 1)),
        Expr::Case { .. } => "CASE …".into(),
        Expr::Opaque(text) => text.clone(),
    }
}
