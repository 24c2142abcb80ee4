//! Abstract values.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use plimsoll_ir::{ClassId, FunctionId, Str};

use crate::env::Env;
use crate::event::Argument;
use crate::fact::Facts;
use crate::label::Labels;
use crate::program::{ModuleId, Site};

/// A value: what is known of it, and where it comes from.
#[derive(Clone, Debug, Default)]
pub struct Value {
    /// What is known.
    pub kind: ValueKind,
    /// Where it comes from.
    pub labels: Labels,
}

/// What is known of a value.
#[derive(Clone, Debug, Default)]
pub enum ValueKind {
    /// Nothing.
    #[default]
    Unknown,
    /// Null, undefined, None.
    Null,
    /// A constant.
    Bool(bool),
    /// A constant.
    Num(f64),
    /// A constant.
    Str(Str),
    /// Text put together from parts.
    Text(Rc<[Value]>),
    /// Something outside the app's own code.
    Symbol(Rc<Symbol>),
    /// A function of the app with its environment.
    Closure(Rc<Closure>),
    /// A class of the app.
    Class(ClassRef),
    /// A module as a whole: `import * as x`.
    Namespace(ModuleId),
    /// An object, array or instance with identity.
    Object(Rc<Object>),
    /// One of several, each with the facts under which it is that one.
    Choice(Rc<[(Value, Facts)]>),
    /// Negation.
    Not(Rc<Value>),
    /// `a && b`.
    And(Rc<(Value, Value)>),
    /// `a || b`, `a ?? b`.
    Or(Rc<(Value, Value)>),
    /// `a == b` (`true`) or `a != b` (`false`).
    Equal(Rc<(Value, Value)>, bool),
    /// `a < b` and the like.
    Compare(Rc<(Value, Value)>),
    /// `a in b`, `b.includes(a)`.
    In(Rc<(Value, Value)>),
}

/// A class of the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClassRef {
    /// Its module.
    pub module: ModuleId,
    /// Which.
    pub class: ClassId,
}

/// A function with the environment it was made in.
#[derive(Clone)]
pub struct Closure {
    /// Its module.
    pub module: ModuleId,
    /// Which.
    pub function: FunctionId,
    /// Names visible to it.
    pub env: Rc<Env>,
    /// Its receiver, once bound.
    pub this: Option<Value>,
}

impl std::fmt::Debug for Closure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Environments are cyclic: a closure lives in the environment it holds.
        write!(f, "Closure({:?}, {:?})", self.module, self.function)
    }
}

/// An object, array, map or instance.
pub struct Object {
    /// Where it was made: its identity.
    pub site: Site,
    /// Named fields.
    pub fields: RefCell<BTreeMap<Str, Value>>,
    /// Elements, for arrays and lists.
    pub items: RefCell<Vec<Value>>,
    /// It is an array or list.
    pub is_array: bool,
    /// It was made at the top level of a module: state that outlives a request.
    pub is_global: Cell<bool>,
    /// The run in which it was made.
    pub(crate) made_in: u32,
    /// The [`crate::Machine`]'s last lasting run when it was noted what this was before; `u32::MAX` before that.
    pub(crate) kept_in: Cell<u32>,
    /// It counts as false while it has no elements (PHP arrays), and whether it has any is not known.
    pub may_be_empty: Cell<bool>,
    /// Values spread into it.
    pub spreads: RefCell<Vec<Value>>,
    /// Where the names come from under which something was put into it by a computed index.
    pub keys: RefCell<Labels>,
    /// Its class.
    pub class: Option<ClassRef>,
    /// Name of the variable it was first bound to.
    pub name: RefCell<Option<Str>>,
}

impl std::fmt::Debug for Object {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Object({:?})", self.site)
    }
}

impl Object {
    /// An empty object.
    pub fn new(site: Site, is_array: bool) -> Self {
        Object {
            site,
            fields: RefCell::default(),
            items: RefCell::default(),
            is_array,
            is_global: Cell::new(false),
            made_in: crate::run::current(),
            kept_in: Cell::new(u32::MAX),
            may_be_empty: Cell::new(false),
            spreads: RefCell::default(),
            keys: RefCell::default(),
            class: None,
            name: RefCell::new(None),
        }
    }

    /// An instance of a class without fields.
    pub fn of_class(class: ClassRef, site: Site) -> Self {
        Object { class: Some(class), ..Object::new(site, false) }
    }
}

/// Something outside the app's own code, named by how it was reached.
#[derive(Debug)]
pub struct Symbol {
    /// How it was reached.
    pub kind: SymbolKind,
    /// The same as text: `express().get`, `@req.body.email`, `flask.request.form`.
    pub path: String,
}

/// How a symbol was reached.
#[derive(Clone, Debug)]
pub enum SymbolKind {
    /// A package or a name of it.
    Import,
    /// A name that is defined nowhere in the app.
    Global,
    /// A parameter that a framework passes: `@req`, `@res`.
    Given,
    /// A member of another.
    Member(Rc<Symbol>, Str),
    /// An element under an index that is not a literal.
    Index(Rc<Symbol>, Value),
    /// The result of a call.
    Call {
        /// What was called.
        callee: Rc<Symbol>,
        /// With what.
        args: Rc<[Argument]>,
        /// Where: its identity.
        site: Site,
    },
}

/// Paths longer than this are cut in front: builder chains of hundreds of calls exist.
const MAX_PATH: usize = 240;

impl Symbol {
    /// A name of a package (`express`, `express.Router`).
    pub fn import(path: impl Into<String>) -> Rc<Self> {
        Rc::new(Symbol { kind: SymbolKind::Import, path: path.into() })
    }

    /// A global name.
    pub fn global(name: &str) -> Rc<Self> {
        Rc::new(Symbol { kind: SymbolKind::Global, path: name.to_owned() })
    }

    /// A parameter given by a framework.
    pub fn given(name: &str) -> Rc<Self> {
        Rc::new(Symbol { kind: SymbolKind::Given, path: name.to_owned() })
    }

    /// A member.
    pub fn member(base: &Rc<Symbol>, name: &str) -> Rc<Self> {
        let path = if name == "default" { base.path.clone() } else { join(&base.path, ".", name) };
        Rc::new(Symbol { kind: SymbolKind::Member(Rc::clone(base), name.into()), path })
    }

    /// An element.
    pub fn index(base: &Rc<Symbol>, index: Value) -> Rc<Self> {
        Rc::new(Symbol { path: join(&base.path, "[]", ""), kind: SymbolKind::Index(Rc::clone(base), index) })
    }

    /// The result of a call.
    pub fn call(callee: &Rc<Symbol>, args: Rc<[Argument]>, site: Site) -> Rc<Self> {
        let kind = SymbolKind::Call { callee: Rc::clone(callee), args, site };
        Rc::new(Symbol { path: join(&callee.path, "()", ""), kind })
    }

    /// The symbol it was reached from.
    pub fn base(&self) -> Option<&Rc<Symbol>> {
        match &self.kind {
            SymbolKind::Import | SymbolKind::Global | SymbolKind::Given => None,
            SymbolKind::Member(base, _) | SymbolKind::Index(base, _) => Some(base),
            SymbolKind::Call { callee, .. } => Some(callee),
        }
    }

    /// The calls on the way to it, innermost (first made) first: name of the method called, arguments and place.
    pub fn calls(&self) -> Vec<(Str, Rc<[Argument]>, Site)> {
        let mut out = Vec::new();
        let mut at = self;
        loop {
            if let SymbolKind::Call { callee, args, site } = &at.kind {
                out.push((callee.last_name(), Rc::clone(args), *site));
            }
            match at.base() {
                Some(base) => at = base,
                None => break,
            }
        }
        out.reverse();
        out
    }

    /// The last name of its path, without calls.
    pub fn last_name(&self) -> Str {
        match &self.kind {
            SymbolKind::Member(_, name) => name.clone(),
            SymbolKind::Index(base, _) => base.last_name(),
            SymbolKind::Call { callee, .. } => callee.last_name(),
            SymbolKind::Import | SymbolKind::Global | SymbolKind::Given => {
                self.path.rsplit(['.', '/', ':']).next().unwrap_or(&self.path).into()
            }
        }
    }

    /// Where it was made, for the result of a call.
    pub fn site(&self) -> Option<Site> {
        match &self.kind {
            SymbolKind::Call { site, .. } => Some(*site),
            _ => None,
        }
    }

    /// Whether it was reached through a call made at `site`.
    pub fn passes(&self, site: Site) -> bool {
        let mut at = self;
        loop {
            if at.site() == Some(site) {
                return true;
            }
            match at.base() {
                Some(base) => at = base,
                None => return false,
            }
        }
    }
}

fn join(base: &str, separator: &str, name: &str) -> String {
    let mut out = String::with_capacity(base.len() + separator.len() + name.len());
    if base.len() > MAX_PATH {
        let mut cut = base.len() - MAX_PATH / 2;
        while !base.is_char_boundary(cut) {
            cut += 1;
        }
        out.push('…');
        out.push_str(&base[cut..]);
    } else {
        out.push_str(base);
    }
    out.push_str(separator);
    out.push_str(name);
    out
}

/// Alternatives of a value that are looked at: deep ones share their parts and would be met very often.
const MAX_ALTERNATIVES: usize = 256;

/// Labels as they are gathered. The parts of a value share theirs: each list is looked at once.
#[derive(Default)]
struct Gathered {
    all: Labels,
    taken: Vec<Labels>,
}

impl Gathered {
    fn take(&mut self, labels: &Labels) {
        const MANY: usize = 16;
        if labels.is_empty() || self.taken.iter().any(|known| known.is(labels)) {
            return;
        }
        self.all = self.all.union(labels);
        if self.taken.len() < MANY {
            self.taken.push(labels.clone());
        }
    }
}

/// Whether a value counts as true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    /// Always.
    Yes,
    /// Never.
    No,
    /// Not known.
    Maybe,
}

impl Value {
    /// Nothing known.
    pub fn unknown() -> Self {
        Value::default()
    }

    /// Nothing known but its origin.
    pub fn of(labels: Labels) -> Self {
        Value { kind: ValueKind::Unknown, labels }
    }

    /// A kind without labels.
    pub fn plain(kind: ValueKind) -> Self {
        Value { kind, labels: Labels::NONE }
    }

    /// A constant string.
    pub fn string(text: impl Into<Str>) -> Self {
        Value::plain(ValueKind::Str(text.into()))
    }

    /// A symbol.
    pub fn symbol(symbol: Rc<Symbol>, labels: Labels) -> Self {
        Value { kind: ValueKind::Symbol(symbol), labels }
    }

    /// The same value with more labels.
    #[must_use]
    pub fn with(mut self, labels: &Labels) -> Self {
        self.labels = self.labels.union(labels);
        self
    }

    /// Whether nothing tells the two apart: both unknown, or both nothing, from the same origins.
    pub(crate) fn is_no_other(&self, other: &Value) -> bool {
        let alike = matches!(
            (&self.kind, &other.kind),
            (ValueKind::Unknown, ValueKind::Unknown) | (ValueKind::Null, ValueKind::Null)
        );
        alike && self.labels == other.labels
    }

    /// The symbol, where it is one (also as the first alternative that is one).
    pub fn as_symbol(&self) -> Option<&Rc<Symbol>> {
        self.first(true, |kind| match kind {
            ValueKind::Symbol(symbol) => Some(symbol),
            _ => None,
        })
    }

    /// The path of the symbol; `""` where it is none.
    pub fn path(&self) -> &str {
        self.as_symbol().map_or("", |symbol| symbol.path.as_str())
    }

    /// The constant text.
    pub fn as_str(&self) -> Option<&str> {
        self.first(false, |kind| match kind {
            ValueKind::Str(text) => Some(text.as_str()),
            _ => None,
        })
    }

    /// The closure (first alternative that is one).
    pub fn as_closure(&self) -> Option<&Rc<Closure>> {
        self.first(false, |kind| match kind {
            ValueKind::Closure(closure) => Some(closure),
            _ => None,
        })
    }

    /// The object (first alternative that is one).
    pub fn as_object(&self) -> Option<&Rc<Object>> {
        self.first(true, |kind| match kind {
            ValueKind::Object(object) => Some(object),
            _ => None,
        })
    }

    /// The first alternative that is what is looked for; `last_of_and`: what `a && b` gives is `b`.
    fn first<'v, T>(&'v self, last_of_and: bool, pick: impl Fn(&'v ValueKind) -> Option<T>) -> Option<T> {
        match &self.kind {
            ValueKind::Choice(_) | ValueKind::Or(_) => {}
            ValueKind::And(_) if last_of_and => {}
            kind => return pick(kind),
        }
        let mut left = MAX_ALTERNATIVES;
        // The next one to look at lies on top.
        let mut open = vec![self];
        while let Some(value) = open.pop() {
            match &value.kind {
                ValueKind::Choice(alternatives) => open.extend(alternatives.iter().rev().map(|(value, _)| value)),
                ValueKind::Or(pair) => open.extend([&pair.1, &pair.0]),
                ValueKind::And(pair) if last_of_and => open.push(&pair.1),
                kind => {
                    if let Some(found) = pick(kind) {
                        return Some(found);
                    }
                }
            }
            left -= 1;
            if left == 0 {
                return None;
            }
        }
        None
    }

    /// A named field of an object literal.
    pub fn field(&self, name: &str) -> Option<Value> {
        self.as_object()?.fields.borrow().get(name).cloned()
    }

    /// A constant boolean field.
    pub fn bool_field(&self, name: &str) -> Option<bool> {
        match self.field(name)?.truth() {
            Truth::Yes => Some(true),
            Truth::No => Some(false),
            Truth::Maybe => None,
        }
    }

    /// The elements of an array.
    pub fn items(&self) -> Vec<Value> {
        self.as_object().map(|object| object.items.borrow().clone()).unwrap_or_default()
    }

    /// The text with `{}` for every part that is not constant; `None` where it is not text at all.
    pub fn text_shape(&self) -> Option<String> {
        match &self.kind {
            ValueKind::Str(text) => Some(text.to_string()),
            ValueKind::Text(parts) => {
                let mut out = String::new();
                for part in parts.iter() {
                    match part.text_shape() {
                        Some(text) => out.push_str(&text),
                        None => out.push_str("{}"),
                    }
                }
                Some(out)
            }
            ValueKind::Choice(alternatives) => alternatives.iter().find_map(|(value, _)| value.text_shape()),
            ValueKind::Or(pair) => pair.0.text_shape().or_else(|| pair.1.text_shape()),
            _ => None,
        }
    }

    /// All labels in it, those of nested objects, arrays and alternatives included, down to a small depth.
    pub fn deep_labels(&self) -> Labels {
        fn go(value: &Value, depth: u32, out: &mut Gathered) {
            out.take(&value.labels);
            if depth == 0 {
                return;
            }
            match &value.kind {
                ValueKind::Object(object) => {
                    let (fields, items, spreads) =
                        (object.fields.borrow(), object.items.borrow(), object.spreads.borrow());
                    let inner = fields.values().chain(items.iter()).chain(spreads.iter()).take(64);
                    inner.for_each(|inner| go(inner, depth - 1, out));
                }
                ValueKind::Choice(alternatives) => alternatives.iter().for_each(|(inner, _)| go(inner, depth - 1, out)),
                ValueKind::Text(parts) => parts.iter().for_each(|part| go(part, depth - 1, out)),
                ValueKind::Not(inner) => go(inner, depth - 1, out),
                ValueKind::And(pair) | ValueKind::Or(pair) | ValueKind::Compare(pair) | ValueKind::In(pair) => {
                    go(&pair.0, depth - 1, out);
                    go(&pair.1, depth - 1, out);
                }
                ValueKind::Equal(pair, _) => {
                    go(&pair.0, depth - 1, out);
                    go(&pair.1, depth - 1, out);
                }
                _ => {}
            }
        }
        let mut out = Gathered::default();
        go(self, 4, &mut out);
        out.all
    }

    /// Whether it counts as true.
    pub fn truth(&self) -> Truth {
        self.truth_within(6)
    }

    /// Alternatives of alternatives share their parts: deep ones would be met very often.
    fn truth_within(&self, depth: u32) -> Truth {
        if depth == 0 {
            return Truth::Maybe;
        }
        match &self.kind {
            ValueKind::Null => Truth::No,
            ValueKind::Bool(value) => {
                if *value {
                    Truth::Yes
                } else {
                    Truth::No
                }
            }
            ValueKind::Num(number) => {
                if *number == 0.0 {
                    Truth::No
                } else {
                    Truth::Yes
                }
            }
            ValueKind::Str(text) => {
                if text.is_empty() {
                    Truth::No
                } else {
                    Truth::Yes
                }
            }
            ValueKind::Object(object) if object.may_be_empty.get() => Truth::Maybe,
            ValueKind::Closure(_) | ValueKind::Class(_) | ValueKind::Namespace(_) | ValueKind::Object(_) => Truth::Yes,
            ValueKind::Not(inner) => match inner.truth_within(depth) {
                Truth::Yes => Truth::No,
                Truth::No => Truth::Yes,
                Truth::Maybe => Truth::Maybe,
            },
            // An answer object made on the spot (`NextResponse.json(…)`, `new Response(…)`) is never falsy.
            ValueKind::Symbol(symbol) => {
                if symbol.path.ends_with("Response()")
                    || symbol.path.ends_with("Response.json()")
                    || symbol.path.ends_with("Error()")
                {
                    Truth::Yes
                } else {
                    Truth::Maybe
                }
            }
            ValueKind::Choice(alternatives) => {
                let mut truths = alternatives.iter().map(|(value, _)| value.truth_within(depth - 1));
                let first = truths.next().unwrap_or(Truth::Maybe);
                if truths.all(|truth| truth == first) { first } else { Truth::Maybe }
            }
            _ => Truth::Maybe,
        }
    }
}
