//! Whom a condition of a rules file admits.
//!
//! Like policies of a database, a condition is read for one caller at a time and becomes a disjunction of alternatives:
//! sets of facts that hold when it admits. No alternative: never true. An alternative without a fact: always true.

use std::collections::{BTreeMap, BTreeSet};

use super::parse::{Block, Expr, Function, PathPart};
use crate::sql::openness::Principal;

/// Alternatives beyond this are not followed.
const MAX_ALTERNATIVES: usize = 96;
/// Evaluation steps per condition.
const MAX_STEPS: usize = 30_000;
/// Functions in functions; the service itself allows 20.
const MAX_CALLS: usize = 20;

/// What is done with a document or file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Method {
    Get,
    List,
    Create,
    Update,
    Delete,
}

impl Method {
    /// The methods that a word of an `allow` statement stands for.
    pub(crate) fn of(word: &str) -> &'static [Method] {
        match word {
            "read" => &[Method::Get, Method::List],
            "get" => &[Method::Get],
            "list" => &[Method::List],
            "write" => &[Method::Create, Method::Update, Method::Delete],
            "create" => &[Method::Create],
            "update" => &[Method::Update],
            "delete" => &[Method::Delete],
            _ => &[],
        }
    }
}

/// What the caller is compared with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Subject {
    /// A variable of the path: the document's name.
    Variable(String),
    /// A field of what is stored.
    Stored(String),
    /// A field of what is being written.
    Written(String),
    /// A field of another document.
    Other(String),
}

/// Something that holds when an alternative admits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fact {
    /// The caller is tied to the subject.
    Tie(Subject),
    /// An attribute of the caller's own document decides: collection and field (`""`: that it exists).
    Own(String, String),
    /// The same, where it is only compared with fields of the document: it says whose the document is, not what the caller
    /// may do.
    Kin(String, String),
    /// A claim of the token, a fixed account.
    Named(String),
    /// The field keeps its value, or gets one of these.
    Fixed(String, Vec<String>),
    /// Only these fields are written.
    Only(BTreeSet<String>),
    /// What is stored says that it is meant for others, or only chosen documents are meant.
    Public(String),
    /// What is stored has some other value: says nothing about who.
    Content(String),
    /// Holds for a time only.
    Until(String),
    /// Not understood.
    Unknown(String),
}

pub(crate) type Alternative = BTreeSet<Fact>;
pub(crate) type Truth = Vec<Alternative>;

fn always() -> Truth {
    vec![Alternative::new()]
}

fn one(fact: Fact) -> Truth {
    vec![Alternative::from([fact])]
}

fn or(mut left: Truth, right: Truth) -> Truth {
    for alternative in right {
        if !left.contains(&alternative) {
            left.push(alternative);
        }
    }
    if left.len() > MAX_ALTERNATIVES { one(Fact::Unknown("too many alternatives".into())) } else { left }
}

fn and(left: &Truth, right: &Truth) -> Truth {
    if left.len() * right.len() > MAX_ALTERNATIVES {
        return if left.len() <= right.len() { left.clone() } else { right.clone() };
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

/// What a value depends on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Dep {
    Uid,
    /// A claim of the token.
    Claim(String),
    Stored(String),
    Written(String),
    Variable(String),
    /// A field of another document; `own` when the caller's identity picks the document.
    Document {
        collection: String,
        field: String,
        own: bool,
    },
    Time,
    /// Size, type and the like of what is written.
    Meta,
}

/// Special objects.
#[derive(Clone, Debug, PartialEq)]
enum Object {
    Request,
    Auth,
    Token,
    /// `resource` and `request.resource`.
    Stored,
    Written,
    /// `….data`, with the path of fields so far.
    StoredData(Vec<String>),
    WrittenData(Vec<String>),
    /// A document that was fetched: where, whether by the caller's identity, fields so far.
    Document {
        collection: String,
        own: bool,
        data: bool,
        fields: Vec<String>,
    },
    /// Names of the fields that are written, or that differ.
    Keys,
    Changed,
    /// `root`, `data.child(…)` of the Realtime Database.
    Node {
        root: NodeRoot,
        path: Vec<String>,
        own: bool,
    },
    Path {
        collection: String,
        own: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum NodeRoot {
    Root,
    Stored,
    Written,
}

#[derive(Clone, Debug, PartialEq)]
enum Lit {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
}

/// A value, as far as it matters.
#[derive(Clone, Debug, Default)]
struct Val {
    lit: Option<Lit>,
    list: Option<Vec<Val>>,
    map: Option<BTreeMap<String, Val>>,
    object: Option<Object>,
    deps: BTreeSet<Dep>,
    /// Reading it fails: the condition around it is false.
    error: bool,
    unknown: bool,
}

impl Val {
    fn lit(lit: Lit) -> Self {
        Val { lit: Some(lit), ..Val::default() }
    }

    fn object(object: Object) -> Self {
        Val { object: Some(object), ..Val::default() }
    }

    fn dep(dep: Dep) -> Self {
        Val { deps: BTreeSet::from([dep]), ..Val::default() }
    }

    fn error() -> Self {
        Val { error: true, ..Val::default() }
    }

    fn unknown() -> Self {
        Val { unknown: true, ..Val::default() }
    }

    fn text(&self) -> Option<&str> {
        match &self.lit {
            Some(Lit::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// Literal texts of a list, where all of it is known.
    fn texts(&self) -> Option<Vec<String>> {
        self.list.as_ref()?.iter().map(|item| item.text().map(str::to_owned)).collect()
    }

    /// What the value depends on, the meaning of special objects included.
    fn all_deps(&self) -> BTreeSet<Dep> {
        let mut deps = self.deps.clone();
        match &self.object {
            Some(Object::Auth | Object::Token) => {
                deps.insert(Dep::Uid);
            }
            Some(Object::StoredData(path)) => {
                deps.insert(Dep::Stored(path.join(".")));
            }
            Some(Object::WrittenData(path)) => {
                deps.insert(Dep::Written(path.join(".")));
            }
            Some(Object::Document { collection, own, fields, .. }) => {
                deps.insert(Dep::Document { collection: collection.clone(), field: fields.join("."), own: *own });
            }
            Some(Object::Path { collection, own }) => {
                deps.insert(Dep::Document { collection: collection.clone(), field: String::new(), own: *own });
            }
            Some(Object::Stored | Object::Written | Object::Keys | Object::Changed) => {
                deps.insert(Dep::Meta);
            }
            Some(Object::Node { root, path, own }) => {
                deps.insert(match root {
                    NodeRoot::Root => {
                        let (field, collection) = path.split_last().map_or((String::new(), ""), |(last, rest)| {
                            (last.clone(), rest.first().map_or("", String::as_str))
                        });
                        Dep::Document { collection: collection.to_owned(), field, own: *own }
                    }
                    NodeRoot::Stored => Dep::Stored(path.join(".")),
                    NodeRoot::Written => Dep::Written(path.join(".")),
                });
            }
            Some(Object::Request) | None => {}
        }
        for item in self.list.iter().flatten() {
            deps.extend(item.all_deps());
        }
        deps
    }

    fn is_own(&self) -> bool {
        self.all_deps().iter().any(|dep| matches!(dep, Dep::Uid | Dep::Claim(_) | Dep::Document { own: true, .. }))
    }

    fn merge(parts: &[Val]) -> Val {
        let mut out = Val::default();
        for part in parts {
            out.deps.extend(part.all_deps());
            out.error |= part.error;
            out.unknown |= part.unknown;
        }
        out
    }
}

#[derive(Clone, Debug, Default)]
struct Env<'r> {
    names: BTreeMap<String, Vec<(Val, Truth)>>,
    variables: BTreeSet<String>,
    bindings: Vec<(&'r str, &'r Expr)>,
}

/// Reads conditions.
pub(crate) struct Evaluator<'r> {
    principal: Principal,
    method: Method,
    functions: BTreeMap<&'r str, &'r Function>,
    variables: BTreeSet<String>,
    calls: usize,
    steps: usize,
}

impl<'r> Evaluator<'r> {
    /// For a caller and a method. `around` are the blocks around the statement, outermost first; their functions and path
    /// variables are in reach.
    pub(crate) fn new(principal: Principal, method: Method, around: &[&'r Block], variables: &[String]) -> Self {
        let mut functions = BTreeMap::new();
        for block in around {
            for function in &block.functions {
                functions.insert(function.name.as_str(), function);
            }
        }
        let variables = variables.iter().cloned().collect();
        Evaluator { principal, method, functions, variables, calls: 0, steps: 0 }
    }

    /// Reads the condition of an `allow` statement.
    pub(crate) fn read(&mut self, condition: Option<&'r Expr>) -> Truth {
        let Some(condition) = condition else { return always() };
        let env = Env { variables: self.variables.clone(), ..Env::default() };
        self.truth(condition, &env, false)
    }

    fn signed_in(&self) -> bool {
        self.principal == Principal::SignedIn
    }

    fn truth(&mut self, expr: &'r Expr, env: &Env<'r>, negate: bool) -> Truth {
        self.steps += 1;
        if self.steps > MAX_STEPS {
            return one(Fact::Unknown("too long to follow".into()));
        }
        match expr {
            Expr::And(parts) | Expr::Or(parts) => {
                let all = matches!(expr, Expr::And(_)) != negate;
                let mut truth = if all { always() } else { Truth::new() };
                for part in parts {
                    let next = self.truth(part, env, negate);
                    truth = if all { and(&truth, &next) } else { or(truth, next) };
                    if all && truth.is_empty() {
                        break;
                    }
                }
                truth
            }
            Expr::Not(inner) => self.truth(inner, env, !negate),
            Expr::Choice(condition, yes, no) => {
                let when = self.truth(condition, env, false);
                let yes = self.truth(yes, env, negate);
                let unless = self.truth(condition, env, true);
                let no = self.truth(no, env, negate);
                or(and(&when, &yes), and(&unless, &no))
            }
            Expr::Op(op, left, right) => self.compare(op, left, right, env, negate),
            Expr::Call(callee, args) => self.call_truth(callee, args, env, negate),
            Expr::Broken => one(Fact::Unknown("not understood".into())),
            _ => {
                let mut truth = Truth::new();
                for (value, needs) in self.values(expr, env) {
                    let next = self.holds(&value, expr, negate);
                    truth = or(truth, and(&needs, &next));
                }
                truth
            }
        }
    }

    /// A value used as a condition.
    fn holds(&mut self, value: &Val, expr: &Expr, negate: bool) -> Truth {
        if value.error {
            return Truth::new();
        }
        if value.unknown {
            return one(Fact::Unknown(show(expr)));
        }
        match &value.lit {
            Some(Lit::Bool(held)) => return if *held != negate { always() } else { Truth::new() },
            Some(_) => return Truth::new(),
            None => {}
        }
        self.tie("==", value, &Val::lit(Lit::Bool(!negate)), &show(expr), false)
    }

    fn compare(&mut self, op: &str, left: &'r Expr, right: &'r Expr, env: &Env<'r>, negate: bool) -> Truth {
        if op == "is" {
            let value = self.values(left, env);
            let fails = value.iter().all(|(value, _)| value.error);
            return if fails { Truth::new() } else { always() };
        }
        // `isOwner() == true`
        for (side, other) in [(left, right), (right, left)] {
            if let Expr::Bool(held) = side
                && matches!(op, "==" | "!=")
                && matches!(other, Expr::Call(..) | Expr::Op(..) | Expr::And(_) | Expr::Or(_) | Expr::Not(_))
                && !is_getter(other)
            {
                return self.truth(other, env, negate ^ (*held == (op == "!=")));
            }
        }
        let text = format!("{} {op} {}", show(left), show(right));
        let lefts = self.values(left, env);
        let rights = self.values(right, env);
        let mut truth = Truth::new();
        for (l, l_needs) in &lefts {
            for (r, r_needs) in &rights {
                let needs = and(l_needs, r_needs);
                let next = self.tie(op, l, r, &text, negate);
                truth = or(truth, and(&needs, &next));
            }
        }
        truth
    }

    /// What a comparison of two values says.
    fn tie(&mut self, op: &str, left: &Val, right: &Val, text: &str, negate: bool) -> Truth {
        if left.error || right.error {
            return Truth::new();
        }
        let equal = (op != "!=") != negate;
        // The existence of the caller, of what is stored and of what is written.
        for (side, other) in [(left, right), (right, left)] {
            if other.lit != Some(Lit::Null) {
                continue;
            }
            let known = match &side.object {
                Some(Object::Auth | Object::Token) => Some(!self.signed_in()),
                Some(Object::Stored) => Some(self.method == Method::Create),
                Some(Object::Node { root: NodeRoot::Stored, path, .. }) if path.is_empty() => {
                    Some(self.method == Method::Create)
                }
                Some(Object::Node { root: NodeRoot::Written, path, .. }) if path.is_empty() => {
                    Some(self.method == Method::Delete)
                }
                Some(Object::Written) => Some(!self.writes()),
                _ if side.deps == BTreeSet::from([Dep::Uid]) => Some(!self.signed_in()),
                _ if side.lit == Some(Lit::Null) => Some(true),
                _ if side.lit.is_some() => Some(false),
                _ => None,
            };
            if let Some(is_null) = known {
                return if is_null == equal { always() } else { Truth::new() };
            }
        }
        if let (Some(l), Some(r)) = (&left.lit, &right.lit) {
            return match compare_lits(op, l, r) {
                Some(held) => {
                    if held != negate {
                        always()
                    } else {
                        Truth::new()
                    }
                }
                None => one(Fact::Unknown(text.to_owned())),
            };
        }
        if op == "in"
            && let (Some(lit), Some(list)) = (&left.lit, &right.list)
            && list.iter().all(|item| item.lit.is_some())
        {
            let held = list.iter().any(|item| item.lit.as_ref() == Some(lit));
            return if held != negate { always() } else { Truth::new() };
        }
        // `'role' in request.resource.data`: whether the field is written at all.
        if let ("in", Some(name)) = (op, left.text()) {
            let field = match &right.object {
                Some(Object::WrittenData(path)) => Some(grown(path, name).join(".")),
                Some(Object::Keys | Object::Changed) => Some(name.to_owned()),
                _ => None,
            };
            if let Some(field) = field {
                return if negate { one(Fact::Fixed(field, Vec::new())) } else { always() };
            }
        }
        if left.unknown || right.unknown {
            return one(Fact::Unknown(shorten(text)));
        }
        let deps: BTreeSet<Dep> = left.all_deps().union(&right.all_deps()).cloned().collect();
        let own = |dep: &&Dep| matches!(dep, Dep::Uid | Dep::Claim(_) | Dep::Document { own: true, .. });
        let callers: Vec<&Dep> = deps.iter().filter(own).collect();
        let rows: Vec<&Dep> = deps.iter().filter(|dep| !own(dep) && !matches!(dep, Dep::Time | Dep::Meta)).collect();
        // `members[uid] != null`, `roles[uid] == 'admin'`: the caller picks an entry of the row's own field.
        let picks = [left, right].iter().any(|side| {
            let deps = side.all_deps();
            deps.iter().any(|dep| own(&dep)) && deps.iter().any(|dep| rows.contains(&dep))
        });
        if !callers.is_empty() && !rows.is_empty() {
            let ties = matches!(op, "==" | "!=" | "in" | "matches") && (equal || picks);
            if !ties {
                return always();
            }
            let mut alternative = Alternative::new();
            for row in rows {
                alternative.insert(Fact::Tie(match row {
                    Dep::Stored(field) => Subject::Stored(field.clone()),
                    Dep::Written(field) => Subject::Written(field.clone()),
                    Dep::Variable(name) => Subject::Variable(name.clone()),
                    Dep::Document { collection, .. } => Subject::Other(collection.clone()),
                    Dep::Uid | Dep::Claim(_) | Dep::Time | Dep::Meta => continue,
                }));
            }
            for caller in callers {
                if let Dep::Document { collection, field, .. } = caller {
                    alternative.insert(Fact::Kin(collection.clone(), field.clone()));
                }
            }
            return vec![alternative];
        }
        if !callers.is_empty() {
            let mut alternative = Alternative::new();
            for caller in callers {
                match caller {
                    Dep::Document { collection, field, .. } => {
                        alternative.insert(Fact::Own(collection.clone(), field.clone()));
                    }
                    // Every account has these.
                    Dep::Claim(claim)
                        if ["email_verified", "name", "picture", "auth_time", "firebase", "iss", "aud", "provider"]
                            .contains(&claim.as_str()) => {}
                    Dep::Claim(_) if [left, right].iter().any(|side| side.lit == Some(Lit::Null)) && !equal => {}
                    _ => {
                        if equal {
                            alternative.insert(Fact::Named(shorten(text)));
                        }
                    }
                }
            }
            return vec![alternative];
        }
        if deps.contains(&Dep::Time) && rows.is_empty() {
            return one(Fact::Until(shorten(text)));
        }
        match rows.as_slice() {
            [Dep::Stored(a), Dep::Written(b)] if a == b => {
                return if equal && matches!(op, "==" | "!=") {
                    one(Fact::Fixed(a.clone(), Vec::new()))
                } else {
                    always()
                };
            }
            [Dep::Written(field)] => {
                let values = match (&left.lit, &right.lit) {
                    (Some(lit), _) | (_, Some(lit)) => Some(vec![lit_text(lit)]),
                    _ => right.texts().or_else(|| left.texts()),
                };
                return match values {
                    Some(values) if equal && matches!(op, "==" | "!=" | "in") => {
                        one(Fact::Fixed(field.clone(), values))
                    }
                    _ => always(),
                };
            }
            [] => return always(),
            _ => {}
        }
        let stored: Vec<&str> = rows
            .iter()
            .filter_map(|row| match row {
                Dep::Stored(field) => Some(field.as_str()),
                _ => None,
            })
            .collect();
        if !stored.is_empty() {
            let lit = left.text().or(right.text()).unwrap_or("");
            let list = right.texts().unwrap_or_default().join(" ");
            let public = equal && (stored.iter().any(|field| says_public(field)) || says_public_value(lit, &list));
            let text = shorten(text);
            return one(if public { Fact::Public(text) } else { Fact::Content(text) });
        }
        if rows.iter().any(|row| matches!(row, Dep::Variable(_))) && equal {
            return one(Fact::Public(shorten(text)));
        }
        one(Fact::Content(shorten(text)))
    }

    fn writes(&self) -> bool {
        matches!(self.method, Method::Create | Method::Update)
    }

    fn call_truth(&mut self, callee: &'r Expr, args: &'r [Expr], env: &Env<'r>, negate: bool) -> Truth {
        match callee {
            Expr::Name(name) => {
                if let Some((function, inner)) = self.bind(name, args, env) {
                    let truth = self.truth(&function.result, &inner, negate);
                    self.calls = self.calls.saturating_sub(1);
                    return truth;
                }
                match name.as_str() {
                    "exists" | "existsAfter" => {
                        let Some(path) = args.first() else { return Truth::new() };
                        return self.exists(path, env, negate);
                    }
                    "debug" => {
                        return args.first().map_or_else(Truth::new, |inner| self.truth(inner, env, negate));
                    }
                    _ => {}
                }
                one(Fact::Unknown(format!("{name}(\u{2026})")))
            }
            Expr::Member(subject, method) => {
                if method == "exists" && args.is_empty() {
                    // `data.exists()`, `root.child(…).exists()` of the Realtime Database.
                    let mut truth = Truth::new();
                    for (value, needs) in self.values(subject, env) {
                        let next = match &value.object {
                            Some(Object::Node { root: NodeRoot::Stored, path, .. }) if path.is_empty() => {
                                let there = self.method != Method::Create;
                                if there != negate { always() } else { Truth::new() }
                            }
                            Some(Object::Node { root: NodeRoot::Written, path, .. }) if path.is_empty() => {
                                let there = self.method != Method::Delete;
                                if there != negate { always() } else { Truth::new() }
                            }
                            _ if value.error => Truth::new(),
                            _ => self.tie("!=", &value, &Val::lit(Lit::Null), &show(subject), negate),
                        };
                        truth = or(truth, and(&needs, &next));
                    }
                    return truth;
                }
                if method == "exists" && matches!(subject.as_ref(), Expr::Name(name) if name == "firestore") {
                    let Some(path) = args.first() else { return Truth::new() };
                    return self.exists(path, env, negate);
                }
                if !matches!(
                    method.as_str(),
                    "hasOnly"
                        | "hasAny"
                        | "hasAll"
                        | "matches"
                        | "hasChildren"
                        | "hasChild"
                        | "isNumber"
                        | "isString"
                        | "isBoolean"
                        | "contains"
                        | "beginsWith"
                        | "endsWith"
                ) {
                    let mut truth = Truth::new();
                    let whole = self.method_values(subject, method, args, env);
                    for (value, needs) in whole {
                        let next = self.holds(&value, subject, negate);
                        truth = or(truth, and(&needs, &next));
                    }
                    return truth;
                }
                let subjects = self.values(subject, env);
                let arg = match args.first() {
                    Some(arg) => self.values(arg, env),
                    None => vec![(Val::default(), always())],
                };
                let mut truth = Truth::new();
                for (value, needs) in &subjects {
                    for (arg, arg_needs) in &arg {
                        let needs = and(needs, arg_needs);
                        let next = self.set_test(value, method, arg, &show(subject), negate);
                        truth = or(truth, and(&needs, &next));
                    }
                }
                truth
            }
            _ => one(Fact::Unknown("a call".into())),
        }
    }

    /// `hasOnly`, `hasAny`, `hasAll`, `matches` on a value.
    fn set_test(&mut self, value: &Val, method: &str, arg: &Val, text: &str, negate: bool) -> Truth {
        if value.error || arg.error {
            return Truth::new();
        }
        match (&value.object, method) {
            (Some(Object::Keys | Object::Changed), "hasOnly") if !negate => match arg.texts() {
                Some(names) => one(Fact::Only(names.into_iter().collect())),
                // A list put together from parts: some limit, which is taken as a sound one.
                None => one(Fact::Only(BTreeSet::new())),
            },
            (Some(Object::Keys | Object::Changed), "hasAny") if negate => match arg.texts() {
                Some(names) => vec![names.into_iter().map(|name| Fact::Fixed(name, Vec::new())).collect()],
                None => one(Fact::Unknown(shorten(text))),
            },
            (Some(Object::Keys | Object::Changed), _) => always(),
            (_, "hasOnly" | "hasAny" | "hasAll") => {
                self.tie("in", arg, value, &format!("{text}.{method}(\u{2026})"), negate)
            }
            (_, "matches" | "contains" | "beginsWith" | "endsWith") => {
                self.tie("matches", value, arg, &format!("{text}.{method}(\u{2026})"), negate)
            }
            (_, "hasChild") if value.is_own() || arg.is_own() => {
                self.tie("in", arg, value, &format!("{text}.hasChild(\u{2026})"), negate)
            }
            _ => always(),
        }
    }

    fn exists(&mut self, path: &'r Expr, env: &Env<'r>, negate: bool) -> Truth {
        let mut truth = Truth::new();
        for (value, needs) in self.values(path, env) {
            if value.error {
                continue;
            }
            let (collection, own) = match &value.object {
                Some(Object::Path { collection, own }) => (collection.clone(), *own),
                _ => return one(Fact::Unknown("exists(\u{2026})".into())),
            };
            let next = match (own, negate) {
                (true, false) => one(Fact::Own(collection, String::new())),
                // "Has no document yet" is true of every new account.
                (true, true) | (false, _) => always(),
            };
            truth = or(truth, and(&needs, &next));
        }
        truth
    }

    fn bind(&mut self, name: &str, args: &'r [Expr], env: &Env<'r>) -> Option<(&'r Function, Env<'r>)> {
        let function = self.functions.get(name).copied()?;
        if self.calls >= MAX_CALLS {
            return None;
        }
        let mut inner = Env { variables: env.variables.clone(), ..Env::default() };
        for (param, arg) in function.params.iter().zip(args) {
            let values = self.values(arg, env);
            inner.names.insert(param.clone(), values);
        }
        self.calls += 1;
        inner.bindings = function.bindings.iter().map(|(name, expr)| (name.as_str(), expr)).collect();
        Some((function, inner))
    }

    /// All values that an expression can have, each with what must hold for it.
    fn values(&mut self, expr: &'r Expr, env: &Env<'r>) -> Vec<(Val, Truth)> {
        self.steps += 1;
        if self.steps > MAX_STEPS {
            return vec![(Val::unknown(), always())];
        }
        let mut out = match expr {
            Expr::Null => plain(Val::lit(Lit::Null)),
            Expr::Bool(value) => plain(Val::lit(Lit::Bool(*value))),
            Expr::Number(value) => plain(Val::lit(Lit::Number(*value))),
            Expr::Text(text) => plain(Val::lit(Lit::Text(text.clone()))),
            Expr::Pattern => plain(Val::lit(Lit::Text("pattern".into()))),
            Expr::Broken => plain(Val::unknown()),
            Expr::List(items) => {
                let mut list = Vec::new();
                for item in items.iter().take(200) {
                    list.push(self.value(item, env));
                }
                let error = list.iter().any(|item| item.error);
                plain(Val { list: Some(list), error, ..Val::default() })
            }
            Expr::Map(entries) => {
                let mut map = BTreeMap::new();
                for entry in entries.iter().take(200) {
                    let value = self.value(&entry.value, env);
                    map.insert(entry.key.clone(), value);
                }
                plain(Val { map: Some(map), ..Val::default() })
            }
            Expr::Path(parts) => plain(self.path(parts, env)),
            Expr::Name(name) => self.name(name, env),
            Expr::Member(subject, name) => {
                let subjects = self.values(subject, env);
                subjects.into_iter().map(|(value, needs)| (self.member(&value, name), needs)).collect()
            }
            Expr::Index(subject, index) => {
                let index = self.value(index, env);
                let subjects = self.values(subject, env);
                subjects
                    .into_iter()
                    .map(|(value, needs)| {
                        let picked = match index.text() {
                            Some(name) => self.member(&value, name),
                            None => Val::merge(&[value, index.clone()]),
                        };
                        (picked, needs)
                    })
                    .collect()
            }
            Expr::Call(callee, args) => match callee.as_ref() {
                Expr::Name(name) => self.call_values(name, args, env),
                Expr::Member(subject, method) => self.method_values(subject, method, args, env),
                _ => plain(Val::unknown()),
            },
            Expr::Choice(condition, yes, no) => {
                let when = self.truth(condition, env, false);
                let unless = self.truth(condition, env, true);
                let mut out: Vec<(Val, Truth)> = Vec::new();
                for (branch, needs) in [(yes, when), (no, unless)] {
                    if needs.is_empty() {
                        continue;
                    }
                    for (value, own) in self.values(branch, env) {
                        out.push((value, and(&needs, &own)));
                    }
                }
                out
            }
            Expr::Op(op, left, right) if matches!(op.as_str(), "+" | "-" | "*" | "/" | "%") => {
                let (left, right) = (self.value(left, env), self.value(right, env));
                plain(Val::merge(&[left, right]))
            }
            Expr::Not(_) | Expr::And(_) | Expr::Or(_) | Expr::Op(..) => {
                let truth = self.truth(expr, env, false);
                let mut out = vec![(Val::lit(Lit::Bool(true)), truth)];
                out.push((Val::lit(Lit::Bool(false)), always()));
                out
            }
        };
        if out.len() > 24 {
            let all: Vec<Val> = out.iter().map(|(value, _)| value.clone()).collect();
            out = plain(Val::merge(&all));
        }
        out
    }

    fn value(&mut self, expr: &'r Expr, env: &Env<'r>) -> Val {
        let mut values = self.values(expr, env);
        match values.len() {
            1 => values.pop().map_or_else(Val::unknown, |(value, _)| value),
            _ => Val::merge(&values.into_iter().map(|(value, _)| value).collect::<Vec<_>>()),
        }
    }

    fn name(&mut self, name: &str, env: &Env<'r>) -> Vec<(Val, Truth)> {
        if let Some(values) = env.names.get(name) {
            return values.clone();
        }
        if let Some(position) = env.bindings.iter().position(|(bound, _)| *bound == name)
            && let Some((_, expr)) = env.bindings.get(position)
        {
            // A binding sees those before it.
            let mut inner = env.clone();
            inner.bindings.truncate(position);
            return self.values(expr, &inner);
        }
        if env.variables.contains(name) {
            return plain(Val::dep(Dep::Variable(name.to_owned())));
        }
        plain(match name {
            "request" => Val::object(Object::Request),
            "resource" if self.method == Method::Create => Val::lit(Lit::Null),
            "resource" => Val::object(Object::Stored),
            "auth" => self.auth(),
            "now" => Val::dep(Dep::Time),
            "root" => Val::object(Object::Node { root: NodeRoot::Root, path: Vec::new(), own: false }),
            "data" => Val::object(Object::Node { root: NodeRoot::Stored, path: Vec::new(), own: false }),
            "newData" => Val::object(Object::Node { root: NodeRoot::Written, path: Vec::new(), own: false }),
            "database" | "bucket" => Val::default(),
            _ => Val::unknown(),
        })
    }

    fn auth(&self) -> Val {
        if self.signed_in() { Val::object(Object::Auth) } else { Val::lit(Lit::Null) }
    }

    fn member(&mut self, value: &Val, name: &str) -> Val {
        if value.error || value.unknown {
            return value.clone();
        }
        // A member of null fails, and with it the condition.
        if value.lit == Some(Lit::Null) {
            return Val::error();
        }
        if let Some(map) = &value.map {
            return map.get(name).cloned().unwrap_or_else(Val::error);
        }
        let Some(object) = &value.object else { return Val::merge(std::slice::from_ref(value)) };
        match (object, name) {
            (Object::Request, "auth") => self.auth(),
            (Object::Request, "resource") if self.method == Method::Delete => Val::lit(Lit::Null),
            (Object::Request, "resource") if !self.writes() => Val::lit(Lit::Null),
            (Object::Request, "resource") => Val::object(Object::Written),
            (Object::Request, "time") => Val::dep(Dep::Time),
            (Object::Request, "writeFields") => Val::object(Object::Changed),
            (Object::Request, _) => Val::dep(Dep::Meta),
            (Object::Auth, "uid") => Val::dep(Dep::Uid),
            (Object::Auth, "token") => Val::object(Object::Token),
            (Object::Auth, _) => Val::dep(Dep::Claim(name.to_owned())),
            (Object::Token, "sub" | "user_id") => Val::dep(Dep::Uid),
            (Object::Token, claim) => Val::dep(Dep::Claim(claim.to_owned())),
            (Object::Stored, "data") => Val::object(Object::StoredData(Vec::new())),
            (Object::Written, "data") => Val::object(Object::WrittenData(Vec::new())),
            (Object::Stored, "metadata") => Val::object(Object::StoredData(vec!["metadata".into()])),
            (Object::Written, "metadata") => Val::object(Object::WrittenData(vec!["metadata".into()])),
            (Object::Stored | Object::Written, "id" | "name" | "__name__") => Val::dep(Dep::Variable(name.to_owned())),
            (Object::Stored | Object::Written, _) => Val::dep(Dep::Meta),
            (Object::StoredData(path), _) => Val::object(Object::StoredData(grown(path, name))),
            (Object::WrittenData(path), _) => Val::object(Object::WrittenData(grown(path, name))),
            (Object::Document { collection, own, data: false, .. }, "data") => Val::object(Object::Document {
                collection: collection.clone(),
                own: *own,
                data: true,
                fields: Vec::new(),
            }),
            (Object::Document { collection, own, data, fields }, _) => Val::object(Object::Document {
                collection: collection.clone(),
                own: *own,
                data: *data,
                fields: grown(fields, name),
            }),
            (Object::Keys | Object::Changed, _) => value.clone(),
            (Object::Node { .. } | Object::Path { .. }, _) => value.clone(),
        }
    }

    fn path(&mut self, parts: &'r [PathPart], env: &Env<'r>) -> Val {
        let mut segments: Vec<(String, bool)> = Vec::new();
        for part in parts {
            match part {
                PathPart::Literal(text) => segments.push((text.clone(), false)),
                PathPart::Computed(expr) => {
                    let value = self.value(expr, env);
                    if value.error {
                        return Val::error();
                    }
                    segments.push(("*".into(), value.is_own()));
                }
            }
        }
        // `/databases/x/documents/` in front names the database.
        if segments.first().is_some_and(|(text, _)| text == "databases") {
            segments.drain(..segments.len().min(3));
        }
        let own = segments.iter().any(|(_, own)| *own);
        let collection = collection_of(segments.iter().map(|(text, _)| text.as_str()));
        Val::object(Object::Path { collection, own })
    }

    fn call_values(&mut self, name: &str, args: &'r [Expr], env: &Env<'r>) -> Vec<(Val, Truth)> {
        if let Some((function, inner)) = self.bind(name, args, env) {
            let values = self.values(&function.result, &inner);
            self.calls = self.calls.saturating_sub(1);
            return values;
        }
        let Some(first) = args.first() else { return plain(Val::unknown()) };
        let values = self.values(first, env);
        match name {
            "get" | "getAfter" => values.into_iter().map(|(value, needs)| (fetched(&value), needs)).collect(),
            "path" | "string" | "int" | "float" | "bool" | "debug" => values,
            "exists" | "existsAfter" => {
                let truth = self.exists(first, env, false);
                vec![(Val::lit(Lit::Bool(true)), truth), (Val::lit(Lit::Bool(false)), always())]
            }
            _ => plain(Val {
                unknown: true,
                ..Val::merge(&values.into_iter().map(|(value, _)| value).collect::<Vec<_>>())
            }),
        }
    }

    fn method_values(&mut self, subject: &'r Expr, method: &str, args: &'r [Expr], env: &Env<'r>) -> Vec<(Val, Truth)> {
        if let Expr::Name(space) = subject {
            match (space.as_str(), method) {
                ("firestore", "get") => {
                    let values = args.first().map_or_else(Vec::new, |path| self.values(path, env));
                    return values.into_iter().map(|(value, needs)| (fetched(&value), needs)).collect();
                }
                ("firestore", "exists") => {
                    let truth = args.first().map_or_else(Truth::new, |path| self.exists(path, env, false));
                    return vec![(Val::lit(Lit::Bool(true)), truth), (Val::lit(Lit::Bool(false)), always())];
                }
                // Constants as far as it matters.
                ("timestamp" | "duration" | "math" | "hashing" | "latlng", _) if !env.variables.contains(space) => {
                    return plain(Val::default());
                }
                _ => {}
            }
        }
        let args: Vec<Val> = args.iter().map(|arg| self.value(arg, env)).collect();
        let subjects = self.values(subject, env);
        let mut out = Vec::new();
        for (value, needs) in subjects {
            if value.error {
                out.push((value, needs));
                continue;
            }
            let first = args.first();
            let result = match method {
                "get" => match (first.and_then(Val::text), first) {
                    (Some(name), _) => {
                        let mut inner = value.clone();
                        for part in name.split('.') {
                            inner = match &inner.map {
                                Some(map) => match map.get(part) {
                                    Some(found) => found.clone(),
                                    None => args.get(1).cloned().unwrap_or_else(Val::error),
                                },
                                None => self.member(&inner, part),
                            };
                        }
                        inner
                    }
                    (None, Some(key)) => Val::merge(&[value, key.clone()]),
                    (None, None) => Val::unknown(),
                },
                "diff" if first.is_some_and(|first| first.error) => Val::error(),
                "diff" => Val::object(Object::Changed),
                "keys" => match &value.object {
                    Some(Object::WrittenData(path)) if path.is_empty() => Val::object(Object::Keys),
                    _ => value,
                },
                "child" => node_child(&value, first),
                "parent" => match &value.object {
                    Some(Object::Node { root: NodeRoot::Stored | NodeRoot::Written, .. }) => value,
                    _ => value,
                },
                "hasAny" | "hasAll" | "hasOnly" | "matches" | "hasChild" | "hasChildren" => {
                    let arg = first.cloned().unwrap_or_default();
                    let truth = self.set_test(&value, method, &arg, &show(subject), false);
                    out.push((Val::lit(Lit::Bool(true)), and(&needs, &truth)));
                    out.push((Val::lit(Lit::Bool(false)), needs));
                    continue;
                }
                "size" | "isNumber" | "isString" | "isBoolean" | "toMillis" | "date" | "time" | "seconds" => {
                    // Lengths and types say nothing about who.
                    match value.is_own() {
                        true => Val::merge(&[value]),
                        false => Val::dep(Dep::Meta),
                    }
                }
                _ => {
                    let mut parts = vec![value];
                    parts.extend(args.iter().cloned());
                    match parts.as_slice() {
                        [only] => only.clone(),
                        _ => Val::merge(&parts),
                    }
                }
            };
            out.push((result, needs));
        }
        out
    }
}

/// `.child('x')` of the Realtime Database.
fn node_child(value: &Val, name: Option<&Val>) -> Val {
    let Some(Object::Node { root, path, own }) = &value.object else { return Val::unknown() };
    if name.is_some_and(|name| name.error) {
        return Val::error();
    }
    let (name, picks) = match name {
        Some(name) => (name.text().unwrap_or("*").to_owned(), name.is_own()),
        None => ("*".to_owned(), false),
    };
    let mut path = path.clone();
    path.extend(name.split('/').filter(|part| !part.is_empty()).map(str::to_owned));
    let mut out = Val::object(Object::Node { root: *root, path, own: *own || picks });
    if picks && *root != NodeRoot::Root {
        out.deps.insert(Dep::Uid);
    }
    out
}

fn fetched(path: &Val) -> Val {
    match &path.object {
        _ if path.error => Val::error(),
        Some(Object::Path { collection, own }) => {
            Val::object(Object::Document { collection: collection.clone(), own: *own, data: false, fields: Vec::new() })
        }
        _ => Val::unknown(),
    }
}

fn plain(value: Val) -> Vec<(Val, Truth)> {
    vec![(value, always())]
}

fn grown(path: &[String], name: &str) -> Vec<String> {
    let mut path = path.to_vec();
    path.push(name.to_owned());
    path
}

/// The collection of a path whose variable parts are `*`: `users`, `clinics/members`.
pub(crate) fn collection_of<'t>(parts: impl Iterator<Item = &'t str>) -> String {
    parts.filter(|part| *part != "*").collect::<Vec<_>>().join("/")
}

/// A call whose value is data, not a condition: `x.get('role', '')`.
fn is_getter(expr: &Expr) -> bool {
    matches!(expr, Expr::Call(callee, _) if matches!(callee.as_ref(), Expr::Member(_, name)
        if !["hasAny", "hasAll", "hasOnly", "matches", "exists"].contains(&name.as_str())))
}

fn compare_lits(op: &str, left: &Lit, right: &Lit) -> Option<bool> {
    match (op, left, right) {
        ("==", ..) => Some(left == right),
        ("!=", ..) => Some(left != right),
        ("<", Lit::Number(a), Lit::Number(b)) => Some(a < b),
        (">", Lit::Number(a), Lit::Number(b)) => Some(a > b),
        ("<=", Lit::Number(a), Lit::Number(b)) => Some(a <= b),
        (">=", Lit::Number(a), Lit::Number(b)) => Some(a >= b),
        _ => None,
    }
}

fn lit_text(lit: &Lit) -> String {
    match lit {
        Lit::Null => "null".into(),
        Lit::Bool(value) => value.to_string(),
        Lit::Number(value) => value.to_string(),
        Lit::Text(text) => text.clone(),
    }
}

fn says_public(field: &str) -> bool {
    let field = field.to_ascii_lowercase();
    ["public", "publish", "visib", "shared", "approved", "private", "draft", "featured"]
        .iter()
        .any(|word| field.contains(word))
}

fn says_public_value(text: &str, list: &str) -> bool {
    let words = ["public", "published", "approved", "live", "open", "everyone", "visible"];
    words.contains(&text.to_ascii_lowercase().as_str())
        || list.split(' ').any(|word| words.contains(&word.to_ascii_lowercase().as_str()))
}

fn shorten(text: &str) -> String {
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match flat.char_indices().nth(90) {
        Some((at, _)) => format!("{}\u{2026}", flat.get(..at).unwrap_or("")),
        None => flat,
    }
}

/// The expression in short, for reasons.
pub(crate) fn show(expr: &Expr) -> String {
    shorten(&show_at(expr, 0))
}

fn show_at(expr: &Expr, depth: usize) -> String {
    if depth > 6 {
        return "\u{2026}".into();
    }
    let next = |inner: &Expr| show_at(inner, depth + 1);
    match expr {
        Expr::Null => "null".into(),
        Expr::Bool(value) => value.to_string(),
        Expr::Number(value) => value.to_string(),
        Expr::Text(text) => format!("'{text}'"),
        Expr::Pattern => "/\u{2026}/".into(),
        Expr::List(items) => format!("[{}]", items.iter().take(4).map(next).collect::<Vec<_>>().join(", ")),
        Expr::Map(_) => "{\u{2026}}".into(),
        Expr::Path(_) => "/\u{2026}".into(),
        Expr::Name(name) => name.clone(),
        Expr::Member(inner, name) => format!("{}.{name}", next(inner)),
        Expr::Index(inner, index) => format!("{}[{}]", next(inner), next(index)),
        Expr::Call(inner, args) => {
            format!("{}({})", next(inner), args.iter().take(4).map(next).collect::<Vec<_>>().join(", "))
        }
        Expr::Not(inner) => format!("!{}", next(inner)),
        Expr::And(parts) => parts.iter().take(4).map(next).collect::<Vec<_>>().join(" && "),
        Expr::Or(parts) => parts.iter().take(4).map(next).collect::<Vec<_>>().join(" || "),
        Expr::Op(op, left, right) => format!("{} {op} {}", next(left), next(right)),
        Expr::Choice(condition, ..) => format!("{} ? \u{2026}", next(condition)),
        Expr::Broken => "\u{2026}".into(),
    }
}
