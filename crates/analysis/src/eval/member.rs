//! Members, elements and classes.

use std::rc::Rc;

use plimsoll_ir::{Kind, Str};

use super::Machine;
use crate::fact::Facts;
use crate::label::{Clean, Label, Labels};
use crate::value::{ClassRef, Closure, Object, Symbol, Value, ValueKind};

/// Beginning of the path of a map or set that a server keeps in memory.
const MEMORY_STORE: &str = "store:memory.";

impl Machine<'_> {
    /// `value.name`.
    pub(super) fn member_of(&mut self, value: &Value, name: &str) -> Value {
        self.member_within(value, name, 0)
    }

    /// Alternatives share their parts, so a value can be far larger as a tree than in memory: what lies deep is only
    /// known by its labels, and every visit counts as a step.
    fn member_within(&mut self, value: &Value, name: &str, depth: u32) -> Value {
        self.steps += 1;
        if depth > 8 || self.steps > self.limit {
            self.cut_off |= self.steps > self.limit;
            return Value::of(value.labels.iter().map(|label| refine_label(label, name)).collect());
        }
        match &value.kind {
            ValueKind::Symbol(symbol) => {
                let member = Symbol::member(symbol, name);
                if let Some(assigned) = self.assigned_to(&member.path) {
                    return assigned.clone();
                }
                let own = self.knowledge.labels(&member.path);
                let labels = refine(&value.labels, symbol, name).union(&own);
                Value::symbol(member, labels)
            }
            ValueKind::Object(object) => self.field_of(object, value, name),
            ValueKind::Namespace(module) => {
                let module = *module;
                self.load(module);
                self.export_value(module, name, 0).unwrap_or_default()
            }
            ValueKind::Class(class) => self.class_member(*class, name, value),
            ValueKind::Choice(alternatives) => {
                let mut mapped: Vec<(Value, Facts)> = Vec::with_capacity(alternatives.len());
                for (alternative, facts) in alternatives.iter() {
                    // A member of nothing is nothing: keeps the alternatives apart for later tests.
                    let member = if matches!(alternative.kind, ValueKind::Null) {
                        Value::plain(ValueKind::Null)
                    } else {
                        self.member_within(alternative, name, depth + 1)
                    };
                    // The same once more is no further alternative.
                    let is_known = |(known, under): &(Value, Facts)| {
                        (under.is(facts) || under.is_empty() && facts.is_empty()) && known.is_no_other(&member)
                    };
                    if !mapped.iter().any(is_known) {
                        mapped.push((member, facts.clone()));
                    }
                }
                if let [(only, facts)] = &mapped[..]
                    && facts.is_empty()
                {
                    return only.clone();
                }
                let labels = mapped.iter().fold(Labels::NONE, |all, (member, _)| all.union(&member.labels));
                Value { kind: ValueKind::Choice(mapped.into()), labels }
            }
            ValueKind::Or(pair) => {
                let (left, right) =
                    (self.member_within(&pair.0, name, depth + 1), self.member_within(&pair.1, name, depth + 1));
                let labels = left.labels.union(&right.labels);
                Value { kind: ValueKind::Or(Rc::new((left, right))), labels }
            }
            ValueKind::And(pair) => self.member_within(&pair.1, name, depth + 1),
            ValueKind::Unknown => {
                let labels: Labels = value.labels.iter().map(|label| refine_label(label, name)).collect();
                if labels.is_empty() {
                    return Value::unknown();
                }
                // The name still says what is read of it (`row.role`).
                Value::symbol(Symbol::member(&Symbol::global("?"), name), labels)
            }
            // Length of a text, a method of a number and the like.
            _ if name == "length" => Value::of(value.labels.cleaned(Clean::ALL)),
            _ => Value::of(value.labels.clone()),
        }
    }

    fn field_of(&mut self, object: &Rc<Object>, whole: &Value, name: &str) -> Value {
        if let Some(field) = object.fields.borrow().get(name) {
            return field.clone().with(&memory_label(object));
        }
        if let Some(class) = object.class {
            if let Some(method) = self.find_method(class, name, 0) {
                let closure = Closure { this: Some(whole.clone()), ..(*method).clone() };
                return Value::plain(ValueKind::Closure(Rc::new(closure)));
            }
            if let Some(symbol) = self.foreign_base(class, 0) {
                // What extends a request is the request.
                let instance = if symbol.starts_with("FormRequest:") || symbol.starts_with("Request:") {
                    Symbol::given("@laravel")
                } else {
                    Symbol::import(format!("{symbol}()"))
                };
                let member = Symbol::member(&instance, name);
                let labels = self.knowledge.labels(&member.path);
                return Value::symbol(member, labels.union(&whole.labels));
            }
        }
        let spreads: Vec<Value> = object.spreads.borrow().clone();
        if !spreads.is_empty() {
            let mut members = spreads.iter().map(|spread| self.member_of(spread, name));
            let first = members.next().unwrap_or_default();
            let rest: Vec<Value> = members.collect();
            return rest.iter().fold(first, |all, member| super::statement::joined(&all, member));
        }
        let items: Labels = object.items.borrow().iter().fold(Labels::NONE, |all, item| all.union(&item.labels));
        Value::of(whole.labels.union(&items))
    }

    /// `value[index]`.
    pub(super) fn index_of(&mut self, value: &Value, index: Value) -> Value {
        if let Some(name) = index.as_str() {
            let name = name.to_owned();
            return self.member_of(value, &name);
        }
        match &value.kind {
            ValueKind::Symbol(symbol) => {
                let labels = value.labels.union(&index.labels);
                let element = Symbol::index(symbol, index);
                let labels = labels.union(&self.knowledge.labels(&element.path));
                Value::symbol(element, labels)
            }
            ValueKind::Object(object) => {
                if let ValueKind::Num(number) = index.kind
                    && number >= 0.0
                    && let Some(item) = object.items.borrow().get(number as usize)
                {
                    return item.clone();
                }
                let inner: Vec<Value> =
                    object.items.borrow().iter().chain(object.fields.borrow().values()).take(8).cloned().collect();
                // Of the app's own texts, whichever is picked: `TAGS[row.kind]` is none of the row's.
                let is_own_text = |inner: &Value| inner.labels.is_empty() && matches!(inner.kind, ValueKind::Str(_));
                let picks = !inner.is_empty()
                    && inner.iter().all(is_own_text)
                    && object.items.borrow().len() + object.fields.borrow().len() <= inner.len()
                    && object.spreads.borrow().is_empty()
                    && object.keys.borrow().is_empty();
                let picked = if picks { index.labels.cleaned(Clean::LISTED) } else { index.labels };
                let mut all = Value::of(value.labels.union(&picked).union(&memory_label(object)));
                if let Some((first, rest)) = inner.split_first() {
                    all = rest
                        .iter()
                        .fold(first.clone(), |all, item| super::statement::joined(&all, item))
                        .with(&all.labels);
                }
                all
            }
            ValueKind::Choice(_) | ValueKind::Or(_) | ValueKind::And(_) => {
                if let Some(symbol) = value.as_symbol() {
                    let labels = value.labels.union(&index.labels);
                    return Value::symbol(Symbol::index(symbol, index), labels);
                }
                Value::of(value.labels.union(&index.labels))
            }
            _ => Value::of(value.labels.union(&index.labels)),
        }
    }

    /// The element at a known position, for array patterns.
    pub(super) fn element_at(&mut self, value: &Value, index: usize) -> Value {
        #[expect(clippy::cast_precision_loss, reason = "positions in a pattern are small")]
        let position = Value::plain(ValueKind::Num(index as f64));
        match &value.kind {
            ValueKind::Choice(alternatives) => {
                let mapped: Vec<(Value, Facts)> = alternatives
                    .iter()
                    .map(|(alternative, facts)| (self.index_of(alternative, position.clone()), facts.clone()))
                    .collect();
                Value { kind: ValueKind::Choice(mapped.into()), labels: value.labels.clone() }
            }
            _ => self.index_of(value, position),
        }
    }

    /// The elements of something iterated: all of a short known list, else one that stands for all.
    pub(super) fn elements(&mut self, value: &Value) -> Vec<Value> {
        if let ValueKind::Object(object) = &value.kind {
            let stored = memory_label(object);
            let items = object.items.borrow();
            if object.is_array && !items.is_empty() && items.len() <= 12 {
                return items.iter().map(|item| item.clone().with(&stored)).collect();
            }
            let all: Vec<Value> = items.iter().chain(object.fields.borrow().values()).take(8).cloned().collect();
            drop(items);
            if let Some((first, rest)) = all.split_first() {
                let one = rest.iter().fold(first.clone(), |all, item| super::statement::joined(&all, item));
                return vec![one.with(&value.labels).with(&stored)];
            }
        }
        if let Some(symbol) = value.as_symbol() {
            let element = Symbol::index(symbol, Value::unknown());
            return vec![Value::symbol(element, value.labels.clone())];
        }
        vec![Value::of(value.deep_labels())]
    }

    /// Whether a value is an instance of a class of the app; `None` where both are possible. What comes from outside
    /// (a request, a record, an answer) is never one.
    pub(super) fn is_instance(&mut self, value: &Value, class: ClassRef) -> Option<bool> {
        self.is_instance_within(value, class, 6)
    }

    fn is_instance_within(&mut self, value: &Value, class: ClassRef, depth: u32) -> Option<bool> {
        match &value.kind {
            ValueKind::Choice(_) if depth == 0 => None,
            ValueKind::Object(object) => Some(object.class.is_some_and(|own| self.derives(own, class, 0))),
            ValueKind::Choice(alternatives) => {
                let alternatives = Rc::clone(alternatives);
                let mut answers =
                    alternatives.iter().map(|(value, _)| self.is_instance_within(value, class, depth - 1));
                let first = answers.next()??;
                answers.all(|answer| answer == Some(first)).then_some(first)
            }
            ValueKind::Unknown if value.labels.is_empty() => None,
            ValueKind::And(_) | ValueKind::Or(_) => None,
            _ => Some(false),
        }
    }

    fn derives(&mut self, own: ClassRef, class: ClassRef, hops: u32) -> bool {
        own == class
            || (hops < 8
                && self
                    .bases(own)
                    .iter()
                    .any(|base| matches!(base.kind, ValueKind::Class(base) if self.derives(base, class, hops + 1))))
    }

    /// The alternatives of a value that are instances of a class (or that are not). A value of which none is left stays
    /// as it is: the branch is not taken, or not understood.
    pub(super) fn narrowed(&mut self, value: &Value, class: ClassRef, holds: bool) -> Value {
        self.kept(value, class, holds, 8).unwrap_or_else(|| value.clone())
    }

    fn kept(&mut self, value: &Value, class: ClassRef, holds: bool, depth: u32) -> Option<Value> {
        if depth == 0 {
            return Some(value.clone());
        }
        match &value.kind {
            // Alternatives can have alternatives of their own.
            ValueKind::Choice(alternatives) => {
                let kept: Vec<(Value, Facts)> = alternatives
                    .iter()
                    .filter_map(|(value, facts)| Some((self.kept(value, class, holds, depth - 1)?, facts.clone())))
                    .collect();
                match &kept[..] {
                    [] => None,
                    [(only, _)] => Some(only.clone()),
                    _ => {
                        let labels = kept.iter().fold(Labels::NONE, |all, (value, _)| all.union(&value.labels));
                        Some(Value { kind: ValueKind::Choice(kept.into()), labels })
                    }
                }
            }
            ValueKind::Or(pair) => {
                let pair = Rc::clone(pair);
                match (self.kept(&pair.0, class, holds, depth - 1), self.kept(&pair.1, class, holds, depth - 1)) {
                    (Some(left), Some(right)) => {
                        let labels = left.labels.union(&right.labels);
                        Some(Value { kind: ValueKind::Or(Rc::new((left, right))), labels })
                    }
                    (left, right) => left.or(right),
                }
            }
            _ => (self.is_instance(value, class) != Some(!holds)).then(|| value.clone()),
        }
    }

    pub(super) fn find_method(&mut self, class: ClassRef, name: &str, hops: u32) -> Option<Rc<Closure>> {
        if hops > 8 {
            return None;
        }
        let module = self.program.module(class.module);
        let at = module.class(class.class);
        for &method in &at.methods {
            if module.function(method).name.as_deref() == Some(name) {
                let env = Rc::clone(&self.modules[class.module.0 as usize].env);
                return Some(Rc::new(Closure { module: class.module, function: method, env, this: None }));
            }
        }
        for base in self.bases(class).iter() {
            if let ValueKind::Class(base) = base.kind
                && let Some(found) = self.find_method(base, name, hops + 1)
            {
                return Some(found);
            }
        }
        None
    }

    /// The base classes of a class, evaluated in its module.
    pub(super) fn bases(&mut self, class: ClassRef) -> Rc<[Value]> {
        if let Some(known) = self.bases.get(&class) {
            return Rc::clone(known);
        }
        let module = self.program.module(class.module);
        let nodes = &module.class(class.class).bases;
        let bases: Rc<[Value]> = nodes.iter().map(|&base| self.evaluate_in_module(class.module, base)).collect();
        // What is called to make a base is called every time, as far as anybody sees.
        if self.loaded && nodes.iter().all(|&base| is_name(module, base)) {
            self.bases.insert(class, Rc::clone(&bases));
        }
        bases
    }

    /// Name under which members of a class are known that come from outside the app: `flask_sqlalchemy.SQLAlchemy().Model:User`.
    pub(super) fn foreign_base(&mut self, class: ClassRef, hops: u32) -> Option<String> {
        if hops > 8 {
            return None;
        }
        if let Some(known) = self.foreign.get(&class) {
            return known.as_deref().map(str::to_owned);
        }
        let found = self.foreign_base_anew(class, hops);
        // Only what was looked for from its beginning to its end.
        if hops == 0 && self.bases.contains_key(&class) {
            self.foreign.insert(class, found.as_deref().map(Rc::from));
        }
        found
    }

    fn foreign_base_anew(&mut self, class: ClassRef, hops: u32) -> Option<String> {
        let name = self.program.module(class.module).class(class.class).name.clone().unwrap_or_default();
        for base in self.bases(class).iter() {
            match &base.kind {
                ValueKind::Symbol(symbol) => return Some(format!("{}:{name}", symbol.path)),
                ValueKind::Class(inner) if *inner != class => {
                    if let Some(found) = self.foreign_base(*inner, hops + 1) {
                        let path = found.rsplit_once(':').map_or(found.as_str(), |(path, _)| path);
                        return Some(format!("{path}:{name}"));
                    }
                }
                _ => {}
            }
        }
        None
    }

    fn class_member(&mut self, class: ClassRef, name: &str, whole: &Value) -> Value {
        if let Some(method) = self.find_method(class, name, 0) {
            let closure = Closure { this: Some(whole.clone()), ..(*method).clone() };
            return Value::plain(ValueKind::Closure(Rc::new(closure)));
        }
        let key = format!("class {}:{}.{name}", class.module.0, class.class.0);
        if let Some(value) = self.assigned_to(&key) {
            return value.clone();
        }
        let module = self.program.module(class.module);
        let field =
            module.class(class.class).fields.iter().find(|field| field.name == name).and_then(|field| field.value);
        if let Some(field) = field
            && self.foreign_base(class, 0).is_none()
        {
            return self.evaluate_in_module(class.module, field);
        }
        match self.foreign_base(class, 0) {
            Some(base) => {
                let member = Symbol::member(&Symbol::import(base), name);
                let labels = self.knowledge.labels(&member.path);
                Value::symbol(member, labels)
            }
            None => Value::of(whole.labels.clone()),
        }
    }

    /// A map, set or list that a server makes while it starts outlives every request: it is a store of that name.
    /// The same in the browser is one visitor's own.
    pub(super) fn kept_in_memory(&mut self, value: Value, name: &Str) -> Value {
        if self.mode != super::Mode::Setup
            || self.code().language != plimsoll_ir::Language::JavaScript
            || !self.knowledge.is_store_name(name)
        {
            return value;
        }
        match &value.kind {
            ValueKind::Symbol(symbol) if matches!(symbol.path.as_str(), "Map()" | "Set()") => {
                if self.is_page_code() {
                    return value;
                }
                let store = Symbol::import(format!("{MEMORY_STORE}{name}"));
                Value::symbol(store, Labels::one(Label::Record(name.clone(), Clean::NONE)))
            }
            ValueKind::Object(object) if object.is_array && object.name.borrow().is_none() => {
                if !self.is_page_code() {
                    *object.name.borrow_mut() = Some(name.clone());
                    object.is_global.set(true);
                }
                value
            }
            _ => value,
        }
    }

    /// Whether the running module belongs to pages: what it says at its top runs in a browser.
    fn is_page_code(&self) -> bool {
        const FOLDERS: &[&str] =
            &["client", "frontend", "components", "hooks", "public", "static", "pages", "web", "ui"];
        const LIBRARIES: &[&str] =
            &["react", "react-dom", "vue", "svelte", "preact", "solid-js", "@angular/core", "jquery"];
        let path = self.program.path(self.module_id());
        [".tsx", ".jsx", ".vue", ".svelte"].iter().any(|ending| path.ends_with(ending))
            || path.split('/').any(|part| FOLDERS.contains(&part))
            || self.code().imports.iter().any(|import| LIBRARIES.contains(&import.module.as_str()))
    }

    /// The class value itself, with its static fields left to [`Machine::class_member`].
    pub(super) fn class_value(&self, node: plimsoll_ir::NodeId) -> Value {
        match self.kind(node) {
            Kind::Class(class) => Value::plain(ValueKind::Class(ClassRef { module: self.module_id(), class: *class })),
            _ => Value::unknown(),
        }
    }
}

/// Whether an expression only names something: `Base`, `package.Base`.
fn is_name(module: &plimsoll_ir::Module, node: plimsoll_ir::NodeId) -> bool {
    match module.kind(node) {
        Kind::Name(_) => true,
        Kind::Member { object, .. } => is_name(module, *object),
        _ => false,
    }
}

/// What is kept in a list or map at the top level of a module outlives a request: it is a store. Only closures and
/// constants for configuration look the same; they carry no harm as records.
fn memory_label(object: &Object) -> Labels {
    let is_store = object.is_global.get()
        && (object.is_array || object.fields.borrow().is_empty())
        && !object.items.borrow().iter().any(|item| matches!(item.kind, ValueKind::Str(_) | ValueKind::Closure(_)));
    if !is_store {
        return Labels::NONE;
    }
    let name = object.name.borrow().clone().unwrap_or_default();
    Labels::one(Label::Record(name, crate::label::Clean::NONE))
}

/// Labels of `base.name`: request input is named more exactly the deeper it is read.
fn refine(labels: &Labels, base: &Symbol, name: &str) -> Labels {
    if labels.is_empty() {
        return Labels::NONE;
    }
    // Only direct access (`@req.body.email`), not what was computed from it (`parse(@req.body).email` keeps its name).
    let _ = base;
    labels.iter().map(|label| refine_label(label, name)).collect()
}

fn refine_label(label: &Label, name: &str) -> Label {
    let deeper = |path: &Str| -> Str {
        if path.matches('.').count() < 2 && !is_method(name) { format!("{path}.{name}").into() } else { path.clone() }
    };
    let refined = match label {
        // `new URL(request.url).searchParams`
        Label::Input(path, clean) if path == "url" && name == "searchParams" => Label::Input("query".into(), *clean),
        Label::Input(path, clean) => Label::Input(deeper(path), *clean),
        Label::Upload(path, clean) => Label::Upload(deeper(path), *clean),
        other => other.clone(),
    };
    // A length is a number, and the number of a record in the server's answer is given by the server.
    let harmless =
        name == "length" || (matches!(label, Label::Answer(_) | Label::Kept(..)) && matches!(name, "id" | "_id"));
    if harmless { refined.with(Clean::ALL) } else { refined }
}

/// Names of methods that only pass on what they are called on; they are no part of an input's name.
fn is_method(name: &str) -> bool {
    matches!(
        name,
        "trim"
            | "toString"
            | "toLowerCase"
            | "toUpperCase"
            | "get"
            | "slice"
            | "split"
            | "map"
            | "filter"
            | "length"
            | "strip"
            | "lower"
            | "upper"
            | "replace"
            | "then"
            | "json"
            | "parse"
            | "substring"
            | "getlist"
            | "copy"
            | "items"
    )
}
