//! Statements.

use std::rc::Rc;

use plimsoll_ir::{BinaryOp, Key, Kind, Language, NodeId};

use super::{Flow, Machine};
use crate::event::EventKind;
use crate::fact::{Fact, Facts, assume};
use crate::value::{Closure, Object, Symbol, Value, ValueKind};

impl Machine<'_> {
    /// Runs a list of statements: function declarations first, as they are hoisted.
    pub(super) fn statements(&mut self, list: &[NodeId]) -> Flow {
        if self.code().language != Language::Python {
            for &node in list {
                if let Kind::Function(id) = self.kind(node)
                    && let Some(name) = &self.code().function(*id).name
                {
                    if self.code().language == Language::Php {
                        self.php_declare(*id);
                        continue;
                    }
                    let value = self.closure(*id);
                    self.frame().env.declare(name.clone(), value);
                }
            }
        }
        for &node in list {
            if self.exec(node) == Flow::Exit {
                return Flow::Exit;
            }
        }
        Flow::Normal
    }

    pub(super) fn closure(&mut self, function: plimsoll_ir::FunctionId) -> Value {
        let module = self.module_id();
        let frame = self.frame();
        let closure = Closure { module, function, env: Rc::clone(&frame.env), this: frame.this.clone() };
        Value::plain(ValueKind::Closure(Rc::new(closure)))
    }

    /// Counts a step; `false` when the run must end.
    fn step(&mut self) -> bool {
        self.steps += 1;
        if self.steps > self.limit || self.depth > super::MAX_DEPTH {
            self.cut_off = true;
            return false;
        }
        true
    }

    pub(super) fn exec(&mut self, node: NodeId) -> Flow {
        if !self.step() {
            return Flow::Normal;
        }
        self.depth += 1;
        let flow = self.exec_inner(node);
        self.depth -= 1;
        flow
    }

    fn exec_inner(&mut self, node: NodeId) -> Flow {
        match self.kind(node) {
            Kind::Block(list) => self.statements(list),
            Kind::Let { target, value, constant } => {
                let bound = match value {
                    Some(value) => self.eval(*value),
                    None => Value::plain(ValueKind::Null),
                };
                if let (Kind::Name(name), true, Language::Php) = (self.kind(*target), constant, self.code().language) {
                    self.php_constants.insert(name.clone(), bound);
                    return Flow::Normal;
                }
                if let (Kind::Name(name), ValueKind::Object(object)) = (self.kind(*target), &bound.kind) {
                    let is_top = self.is_set_up();
                    if object.name.borrow().is_none() {
                        self.before_change(object);
                        object.name.replace(Some(name.clone()));
                        object.is_global.set(object.is_global.get() || is_top);
                    }
                }
                let bound = match self.kind(*target) {
                    Kind::Name(name) => self.kept_in_memory(bound, &name.clone()),
                    _ => bound,
                };
                self.declare_pattern(*target, bound);
                Flow::Normal
            }
            Kind::Function(id) => {
                self.declare_function(*id);
                Flow::Normal
            }
            Kind::Class(_) => {
                let value = self.eval(node);
                if self.code().language != Language::Php
                    && let Kind::Class(id) = self.kind(node)
                    && let Some(name) = &self.code().class(*id).name
                {
                    self.frame().env.declare(name.clone(), value);
                }
                Flow::Normal
            }
            Kind::If { test, then, otherwise } => self.exec_if(node, *test, *then, *otherwise),
            Kind::Return(value) => {
                let node = *value;
                let value = match node {
                    Some(value) => self.eval(value),
                    None => Value::plain(ValueKind::Null),
                };
                // `return redirect(…)` of a call that throws returns nothing to its caller.
                let never = self.take_never_returned() && node.is_some_and(|node| self.is_bare_call(node));
                if !never || self.frames.len() <= 1 {
                    let frame = self.frame();
                    let facts = frame.facts.clone();
                    frame.returns.push((value, facts));
                }
                Flow::Exit
            }
            Kind::Throw(value) => {
                if let Some(value) = value {
                    self.eval(*value);
                    // `exit()` stands inside: this statement has ended the path already.
                    self.never_returned = false;
                }
                // `throw redirect(…)`: told by the statement itself.
                self.take_never_returned();
                Flow::Exit
            }
            Kind::Loop { binding, iterable, header, body } => {
                self.exec_loop(*binding, *iterable, header, *body);
                Flow::Normal
            }
            Kind::Switch { subject, cases } => {
                let subject = self.eval(*subject);
                let before = self.frame().facts.clone();
                self.frame().branches += 1;
                let mut all_exit = !cases.is_empty();
                let mut has_default = false;
                let mut ends = Vec::new();
                let scope = self.scope_before();
                let mut scopes: Vec<_> = scope.iter().map(|names| (names.clone(), before.clone())).collect();
                for (test, body) in cases {
                    self.set_scope(scope.as_ref());
                    let span = self.span(*body);
                    let facts = match test {
                        Some(test) => {
                            let value = self.eval(*test);
                            before.with([Fact::Equal { left: subject.clone(), right: value, holds: true, span }])
                        }
                        None => {
                            has_default = true;
                            before.clone()
                        }
                    };
                    self.frame().facts = facts;
                    let flow = self.exec(*body);
                    // `break` leaves the case, not the function; an empty case falls through.
                    let leaves = flow == Flow::Exit && !ends_with_jump(self.code(), *body);
                    if !leaves {
                        all_exit = false;
                        ends.push(self.frame().facts.clone());
                        if scope.is_some() {
                            scopes.push((self.frame().env.names(), self.frame().facts.clone()));
                        }
                    }
                }
                if has_default && scopes.len() > 1 {
                    scopes.remove(0);
                }
                self.merge_scopes(scopes);
                self.frame().branches -= 1;
                self.frame().facts = before;
                if all_exit && has_default { Flow::Exit } else { Flow::Normal }
            }
            Kind::Try { body, handlers, finalizer } => self.exec_try(*body, handlers, *finalizer),
            Kind::With { items, body } => {
                for &item in items {
                    self.eval(item);
                }
                self.exec(*body)
            }
            Kind::Jump => Flow::Exit,
            Kind::Output(parts) => {
                for &part in parts {
                    let value = self.eval(part);
                    if !matches!(self.kind(part), Kind::Str(_)) {
                        self.record_here(EventKind::Output { value }, part);
                    }
                }
                Flow::Normal
            }
            _ => {
                // What a condition called before says nothing of this statement.
                if self.is_php() {
                    self.never_returned = false;
                }
                let value = self.eval(node);
                if self.take_never_returned() && matches!(value.kind, ValueKind::Unknown) {
                    Flow::Exit
                } else {
                    Flow::Normal
                }
            }
        }
    }

    /// Whether the call just evaluated never returns; see [`crate::Outcome::never_returns`].
    fn take_never_returned(&mut self) -> bool {
        std::mem::take(&mut self.never_returned)
    }

    fn is_bare_call(&self, node: NodeId) -> bool {
        match self.kind(node) {
            Kind::Call { .. } => true,
            Kind::Await(inner) => matches!(self.kind(*inner), Kind::Call { .. }),
            _ => false,
        }
    }

    fn declare_function(&mut self, id: plimsoll_ir::FunctionId) {
        let function = self.code().function(id);
        let Some(name) = function.name.clone() else { return };
        if self.code().language == Language::Php {
            self.php_declare(id);
            return;
        }
        let mut value = self.closure(id);
        if !function.decorators.is_empty() {
            for &decorator in function.decorators.iter().rev() {
                let called = self.eval(decorator);
                let argument = crate::event::Argument { name: None, value, spread: false };
                value = self.call_value(&called, None, vec![argument], decorator, "");
            }
        }
        self.frame().env.declare(name, value);
    }

    /// The variable and class of a test `x instanceof Y`.
    fn instance_test(&mut self, test: NodeId) -> Option<(plimsoll_ir::Str, crate::value::ClassRef)> {
        let Kind::Binary { op: BinaryOp::InstanceOf, left, right } = self.kind(test) else { return None };
        let Kind::Name(name) = self.kind(*left) else { return None };
        match self.eval(*right).kind {
            ValueKind::Class(class) => Some((name.clone(), class)),
            _ => None,
        }
    }

    fn exec_if(&mut self, node: NodeId, test: NodeId, then: NodeId, otherwise: Option<NodeId>) -> Flow {
        let value = self.eval(test);
        let narrowing = self.instance_test(test).and_then(|(name, class)| {
            let whole = self.frame().env.get(&name)?;
            matches!(whole.kind, ValueKind::Choice(_)).then_some((name, class, whole))
        });
        let span = self.span(test);
        let before = self.frame().facts.clone();
        let yes = assume(&value, true, span);
        let no = assume(&value, false, span);
        self.frame().branches += 1;
        let mut ends: Vec<(Flow, Facts, usize)> = Vec::new();
        let scope = self.scope_before();
        let mut scopes = Vec::new();
        for (holds, facts, branch) in [(true, yes, Some(then)), (false, no, otherwise)] {
            let Some(facts) = facts else { continue };
            self.set_scope(scope.as_ref());
            if let Some((name, class, whole)) = &narrowing {
                let narrowed = self.narrowed(whole, *class, holds);
                let env = Rc::clone(&self.frame().env);
                self.before_assignment(&env, name);
                env.assign(name, &|_| narrowed.clone());
            }
            let start = before.with(facts);
            let known = start.len();
            self.frame().facts = start;
            let flow = branch.map_or(Flow::Normal, |branch| self.exec(branch));
            ends.push((flow, self.frame().facts.clone(), known));
            if scope.is_some() && flow == Flow::Normal {
                scopes.push((self.frame().env.names(), self.frame().facts.clone()));
            }
        }
        self.merge_scopes(scopes);
        self.frame().branches -= 1;
        // Behind the test the variable is what it was, unless only one branch gets there.
        if let Some((name, class, whole)) = &narrowing {
            let after = match ends[..] {
                [(Flow::Normal, ..), (Flow::Exit, ..)] => self.narrowed(whole, *class, true),
                [(Flow::Exit, ..), (Flow::Normal, ..)] => self.narrowed(whole, *class, false),
                _ => whole.clone(),
            };
            let env = Rc::clone(&self.frame().env);
            self.before_assignment(&env, name);
            env.assign(name, &|_| after.clone());
        }
        let going: Vec<&(Flow, Facts, usize)> = ends.iter().filter(|(flow, ..)| *flow == Flow::Normal).collect();
        let (flow, facts) = match going[..] {
            [] if ends.is_empty() => (Flow::Normal, before),
            [] => (Flow::Exit, before),
            [only] => (Flow::Normal, only.1.clone()),
            // Both go on: only conditions met inside a branch beyond the test itself can matter behind it.
            ref several => {
                let learned = several.iter().any(|(_, facts, known)| facts.len() > *known);
                if learned {
                    let paths: Vec<Facts> = several.iter().map(|(_, facts, _)| facts.clone()).collect();
                    (Flow::Normal, Facts::joined(&paths, self.span(node)))
                } else {
                    (Flow::Normal, before)
                }
            }
        };
        self.frame().facts = facts;
        flow
    }

    fn exec_loop(&mut self, binding: Option<NodeId>, iterable: Option<NodeId>, header: &[NodeId], body: NodeId) {
        let before = self.frame().facts.clone();
        let source = iterable.map(|iterable| self.eval(iterable));
        let mut conditions = Vec::new();
        for &part in header {
            if is_statement(self.kind(part)) {
                self.exec(part);
            } else {
                let value = self.eval(part);
                conditions.extend(assume(&value, true, self.span(part)).unwrap_or_default());
            }
        }
        self.frame().branches += 1;
        // The body may run never, once or often.
        let mut scopes: Vec<_> = self.scope_before().map(|names| (names, Facts::default())).into_iter().collect();
        let items = source.as_ref().map(|source| self.elements(source)).unwrap_or_default();
        for item in items {
            // Each turn has a value of its own: it replaces that of the turn before.
            self.frame().branches -= 1;
            if let Some(binding) = binding {
                let (binding, item) = match self.php_pair(binding) {
                    Some((key, value)) => {
                        let labels = source.as_ref().map(|source| source.labels.clone()).unwrap_or_default();
                        let keys = labels.filtered(|label| matches!(label, crate::Label::Input(..)));
                        self.declare_pattern(key, Value::of(keys));
                        (value, item)
                    }
                    None => (binding, item),
                };
                match self.kind(binding) {
                    Kind::Let { target, .. } => self.declare_pattern(*target, item),
                    _ => self.declare_pattern(binding, item),
                }
            }
            self.frame().branches += 1;
            self.frame().facts = before.with(conditions.iter().cloned());
            self.exec(body);
        }
        if iterable.is_none() {
            self.frame().facts = before.with(conditions);
            self.exec(body);
        }
        if !scopes.is_empty() {
            scopes.push((self.frame().env.names(), Facts::default()));
            self.merge_scopes(scopes);
        }
        self.frame().branches -= 1;
        self.frame().facts = before;
    }

    fn exec_try(&mut self, body: NodeId, handlers: &[(Option<NodeId>, NodeId)], finalizer: Option<NodeId>) -> Flow {
        let before = self.frame().facts.clone();
        let start = self.scope_before();
        let flow = self.exec(body);
        let after = self.frame().facts.clone();
        let end = self.scope_before();
        let mut scopes: Vec<_> = Vec::new();
        if flow == Flow::Normal {
            scopes.extend(end.clone().map(|names| (names, Facts::default())));
        }
        let mut handlers_exit = true;
        let mut rest = Vec::new();
        self.frame().branches += 1;
        for (binding, handler) in handlers {
            self.frame().facts = before.clone();
            if let (Some(start), Some(end)) = (&start, &end) {
                self.merge_scopes(vec![(start.clone(), Facts::default()), (end.clone(), Facts::default())]);
            }
            if let Some(binding) = binding {
                let error = Value::of(crate::label::Labels::one(crate::label::Label::ErrorDetail));
                self.declare_pattern(*binding, error);
            }
            if self.exec(*handler) == Flow::Normal {
                handlers_exit = false;
                rest.push(self.frame().facts.clone());
                scopes.extend(self.scope_before().map(|names| (names, Facts::default())));
            }
        }
        self.frame().branches -= 1;
        self.merge_scopes(scopes);
        let (flow, facts) = match (flow, handlers_exit) {
            // What the body established holds where its failure ends the function.
            (Flow::Normal, true) => (Flow::Normal, after),
            (Flow::Normal, false) => (Flow::Normal, rest.iter().fold(after, |common, facts| common.common(facts))),
            (Flow::Exit, true) => (Flow::Exit, before),
            (Flow::Exit, false) => (Flow::Normal, before),
        };
        self.frame().facts = facts;
        if let Some(finalizer) = finalizer
            && self.exec(finalizer) == Flow::Exit
        {
            return Flow::Exit;
        }
        flow
    }

    /// Binds the names of a pattern as new names.
    pub(super) fn declare_pattern(&mut self, pattern: NodeId, value: Value) {
        self.bind(pattern, value, true);
    }

    /// Assigns to a target: name, member, index or pattern.
    pub(super) fn assign_pattern(&mut self, target: NodeId, value: Value) {
        self.bind(target, value, false);
    }

    fn bind(&mut self, target: NodeId, value: Value, declare: bool) {
        if !self.step() {
            return;
        }
        match self.kind(target) {
            Kind::Name(name) => {
                if self.php_assign_global(name, &value) {
                    return;
                }
                let in_branch = self.frame().branches > 0 && !self.is_php();
                let env = Rc::clone(&self.frame().env);
                // Python and PHP have no declarations: the first assignment in a function is one.
                let implicit = !declare && self.code().language != Language::JavaScript && !env.has_own(name);
                if declare || implicit {
                    if declare && in_branch && env.has_own(name) && self.code().language != Language::JavaScript {
                        env.assign(name, &|old| joined(old, &value));
                    } else {
                        env.declare(name.clone(), value);
                    }
                } else {
                    if !env.has_own(name) {
                        self.note_change();
                    }
                    self.before_assignment(&env, name);
                    // `if x not in LIST: x = "y"`: what is left of the old value is in the list.
                    let last = self.frame().facts.shared().last().cloned();
                    let beside = |old: &Value| {
                        let kept = last.as_ref().and_then(|fact| super::php::passed_where_kept(old, fact));
                        joined(kept.as_ref().unwrap_or(old), &value)
                    };
                    if !env.assign(name, &|old| if in_branch { beside(old) } else { value.clone() }) {
                        env.declare(name.clone(), value.clone());
                    }
                }
            }
            Kind::Object(properties) => {
                for property in properties {
                    let inner = match &property.key {
                        Key::Named(name) => self.member_of(&value, name),
                        Key::Computed(key) => {
                            let key = self.eval(*key);
                            self.index_of(&value, key)
                        }
                        Key::Spread => rest_of(&value, properties, self.site(target)),
                    };
                    self.bind(property.value, inner, declare);
                }
            }
            Kind::Array(items) => {
                for (index, &item) in items.iter().enumerate() {
                    let inner = match self.kind(item) {
                        Kind::Spread(inner) => {
                            let inner = *inner;
                            self.bind(inner, Value::of(value.labels.clone()), declare);
                            continue;
                        }
                        _ => self.element_at(&value, index),
                    };
                    self.bind(item, inner, declare);
                }
            }
            Kind::Assign { target, op: None, value: default } => {
                let inner = if matches!(value.kind, ValueKind::Null)
                    || (matches!(value.kind, ValueKind::Unknown) && value.labels.is_empty())
                {
                    let default = self.eval(*default);
                    joined(&value, &default)
                } else {
                    value
                };
                self.bind(*target, inner, declare);
            }
            Kind::Spread(inner) => self.bind(*inner, value, declare),
            Kind::Let { target, .. } => self.bind(*target, value, declare),
            Kind::Member { object, property } => {
                let receiver = self.eval(*object);
                self.assign_member(target, receiver, property, None, value);
            }
            Kind::Index { object, index } => {
                let receiver = self.eval(*object);
                let index = self.eval(*index);
                let name = index.as_str().map(plimsoll_ir::Str::from).unwrap_or_default();
                self.assign_member(target, receiver, &name, Some(index), value);
            }
            _ => {
                self.eval(target);
            }
        }
    }

    pub(super) fn assign_member(
        &mut self,
        node: NodeId,
        receiver: Value,
        property: &plimsoll_ir::Str,
        index: Option<Value>,
        value: Value,
    ) {
        self.note_change();
        let path = self.code().path(node);
        if let Some(path) = path.as_deref()
            && self.code().language == Language::JavaScript
        {
            self.note_commonjs_export(path, &value);
        }
        // In PHP what is set here outlives the function: the branches of its callers count too.
        let in_branch =
            self.frame().branches > 0 || (self.is_php() && self.frames.iter().any(|frame| frame.branches > 0));
        match &receiver.kind {
            ValueKind::Object(object) => {
                self.before_change(object);
                let value = if object.class.is_some() { self.kept_in_memory(value, property) } else { value };
                if property.is_empty() {
                    // Read before it is borrowed: a list may be put into itself.
                    let labels = value.deep_labels();
                    object.spreads.borrow_mut().push(Value::of(labels));
                    if let Some(index) = &index {
                        let key = self.frame().facts.clone().vet(index).deep_labels();
                        let all = object.keys.borrow().union(&key);
                        *object.keys.borrow_mut() = all;
                    }
                } else {
                    let old = object.fields.borrow().get(property).cloned();
                    let new = match old {
                        Some(old) if in_branch => joined(&old, &value),
                        _ => value.clone(),
                    };
                    object.fields.borrow_mut().insert(property.clone(), new);
                }
                self.record_here(EventKind::Assign { receiver, property: property.clone(), index, value }, node);
            }
            ValueKind::Symbol(symbol) => {
                if !property.is_empty() && !self.knowledge.persists(&symbol.path) {
                    let key = Symbol::member(symbol, property).path.clone();
                    let old = self.assigned_to(&key).cloned();
                    let new = match old {
                        Some(old) if in_branch => joined(&old, &value),
                        // PHP's session outlives the page: where a branch sets it, it may be what it was before.
                        None if in_branch && self.code().language == Language::Php => {
                            let before = self.member_of(&receiver, property);
                            joined(&before, &value)
                        }
                        _ => value.clone(),
                    };
                    self.assign_to(key, new);
                }
                self.record_here(EventKind::Assign { receiver, property: property.clone(), index, value }, node);
            }
            ValueKind::Class(class) if !property.is_empty() => {
                let key = format!("class {}:{}.{property}", class.module.0, class.class.0);
                let old = self.assigned_to(&key).cloned();
                let new = match old {
                    Some(old) if in_branch => joined(&old, &value),
                    _ => value,
                };
                self.assign_to(key, new);
            }
            _ => self.record_here(EventKind::Assign { receiver, property: property.clone(), index, value }, node),
        }
    }

    /// `$list[] = value`.
    pub(super) fn assign_element(&mut self, node: NodeId, receiver: Value, value: Value) {
        self.assign_member(node, receiver, &plimsoll_ir::Str::default(), None, value);
    }

    fn note_commonjs_export(&mut self, path: &str, value: &Value) {
        let name = match path {
            "module.exports" => "default",
            _ => match path.strip_prefix("module.exports.").or_else(|| path.strip_prefix("exports.")) {
                Some(name) if !name.contains('.') => name,
                _ => return,
            },
        };
        let module = self.module_id();
        self.modules[module.0 as usize].exports.insert(name.into(), value.clone());
    }
}

/// What is left of a value without the fields that a pattern takes out of it.
fn rest_of(value: &Value, taken: &[plimsoll_ir::Property], site: crate::program::Site) -> Value {
    let names = taken.iter().filter_map(|property| match &property.key {
        Key::Named(name) => Some(name),
        _ => None,
    });
    match &value.kind {
        ValueKind::Object(object) if object.class.is_none() && !object.is_array => {
            let rest = Object::new(site, false);
            *rest.fields.borrow_mut() = object.fields.borrow().clone();
            *rest.spreads.borrow_mut() = object.spreads.borrow().clone();
            // A field taken out may still come from what was spread: nothing stands in its place.
            for name in names {
                rest.fields.borrow_mut().insert(name.clone(), Value::plain(ValueKind::Null));
            }
            Value { kind: ValueKind::Object(Rc::new(rest)), labels: value.labels.clone() }
        }
        ValueKind::Symbol(_) | ValueKind::Choice(_) | ValueKind::Unknown
            if value
                .labels
                .any(|label| matches!(label, crate::label::Label::Record(..) | crate::label::Label::Input(..))) =>
        {
            let rest = Object::new(site, false);
            for name in names {
                rest.fields.borrow_mut().insert(name.clone(), Value::plain(ValueKind::Null));
            }
            rest.spreads.borrow_mut().push(value.clone());
            Value { kind: ValueKind::Object(Rc::new(rest)), labels: value.labels.clone() }
        }
        _ => value.clone(),
    }
}

/// Either of two values.
pub(super) fn joined(old: &Value, new: &Value) -> Value {
    let labels = old.labels.union(&new.labels);
    let kind = match (&old.kind, &new.kind) {
        (ValueKind::Unknown, ValueKind::Unknown) => ValueKind::Unknown,
        (ValueKind::Str(a), ValueKind::Str(b)) if a == b => new.kind.clone(),
        (ValueKind::Object(a), ValueKind::Object(b)) if Rc::ptr_eq(a, b) => new.kind.clone(),
        (ValueKind::Null, ValueKind::Null) => ValueKind::Null,
        (ValueKind::Choice(list), _) => {
            if list.len() >= 6 || list.iter().any(|(known, facts)| facts.is_empty() && known.is_no_other(new)) {
                return Value { kind: old.kind.clone(), labels };
            }
            let mut all: Vec<(Value, Facts)> = list.to_vec();
            all.push((new.clone(), Facts::default()));
            ValueKind::Choice(all.into())
        }
        _ => ValueKind::Choice(Rc::new([(old.clone(), Facts::default()), (new.clone(), Facts::default())])),
    };
    Value { kind, labels }
}

fn is_statement(kind: &Kind) -> bool {
    matches!(kind, Kind::Let { .. } | Kind::Block(_) | Kind::If { .. } | Kind::Loop { .. })
}

fn ends_with_jump(module: &plimsoll_ir::Module, body: NodeId) -> bool {
    match module.kind(body) {
        Kind::Jump => true,
        Kind::Block(list) => list.last().is_some_and(|&last| ends_with_jump(module, last)),
        Kind::Opaque(list) => list.is_empty(),
        _ => false,
    }
}
