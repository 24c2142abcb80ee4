//! Expressions.

use std::rc::Rc;

use plimsoll_ir::{BinaryOp, Key, Kind, Language, NodeId, Property, Str, UnaryOp};

use super::php::vetted;
use super::statement::joined;
use super::{Machine, Mode};
use crate::event::{Argument, EventKind};
use crate::fact::{Facts, assume};
use crate::label::{Clean, Labels};
use crate::value::{ClassRef, Object, Symbol, Value, ValueKind};

impl Machine<'_> {
    pub(super) fn eval(&mut self, node: NodeId) -> Value {
        self.steps += 1;
        if self.steps > self.limit || self.depth > super::MAX_DEPTH {
            self.cut_off = true;
            return Value::unknown();
        }
        self.depth += 1;
        let value = self.eval_inner(node);
        self.depth -= 1;
        value
    }

    fn eval_inner(&mut self, node: NodeId) -> Value {
        match self.kind(node) {
            Kind::Str(text) => Value::plain(ValueKind::Str(text.clone())),
            Kind::Num(number) => Value::plain(ValueKind::Num(*number)),
            Kind::Bool(value) => Value::plain(ValueKind::Bool(*value)),
            Kind::Null => Value::plain(ValueKind::Null),
            Kind::Regex(pattern) => Value::symbol(Symbol::import(format!("/{pattern}/")), Labels::NONE),
            Kind::Template(parts) => {
                let value = self.text(parts);
                self.note_markup(node, &value);
                value
            }
            Kind::Name(name) if self.code().language == Language::Php => self.php_name(node, name),
            Kind::Name(name) => self.name(name),
            Kind::This => self.this(),
            Kind::Member { object, property } => {
                let object = self.eval(*object);
                // `Name::class` is the class as a value.
                if property == "class" && self.code().language == Language::Php {
                    return object;
                }
                self.member_of(&object, property)
            }
            Kind::Index { object, index } => {
                let object = self.eval(*object);
                let index = self.eval(*index);
                self.index_of(&object, index)
            }
            Kind::Call { callee, args, new } => self.call(node, *callee, args, *new),
            Kind::Object(properties) => self.object(node, properties),
            Kind::Array(items) => {
                let object = Object::new(self.site(node), true);
                object.may_be_empty.set(self.code().language == Language::Php);
                for &item in items {
                    match self.kind(item) {
                        Kind::Spread(inner) => {
                            let value = self.eval(*inner);
                            let known = value.items();
                            if known.is_empty() {
                                object.spreads.borrow_mut().push(value);
                            } else {
                                object.items.borrow_mut().extend(known);
                            }
                        }
                        _ => {
                            let value = self.eval(item);
                            let mut slot = object.items.borrow_mut();
                            // A table of thousands of rows says no more than its first ones.
                            if slot.len() < 64 {
                                slot.push(value);
                            }
                        }
                    }
                }
                Value::plain(ValueKind::Object(Rc::new(object)))
            }
            Kind::Spread(inner) => self.eval(*inner),
            Kind::Function(id) => {
                let function = self.code().function(*id);
                if function.decorators.is_empty() {
                    return self.closure(*id);
                }
                self.exec(node);
                function.name.as_ref().map_or_else(Value::unknown, |name| self.name(name))
            }
            Kind::Class(id) => self.class(node, *id),
            Kind::Assign { target, op, value } => {
                let mut new = self.eval(*value);
                if let Some(op) = op {
                    let old = self.eval(*target);
                    let (was_markup, added) = (is_markup(&old, 0), new.clone());
                    new = self.binary(*op, old, new);
                    // `$html .= $name;`: what comes alone becomes part of the markup here.
                    if was_markup
                        && !matches!(added.kind, ValueKind::Text(_) | ValueKind::Str(_))
                        && !added.labels.is_empty()
                    {
                        self.record_here(EventKind::Compose { value: added }, node);
                    }
                }
                if let (Kind::Name(name), ValueKind::Object(object)) = (self.kind(*target), &new.kind) {
                    let is_top = self.is_set_up();
                    if object.name.borrow().is_none() {
                        self.before_change(object);
                        object.name.replace(Some(name.clone()));
                        object.is_global.set(object.is_global.get() || is_top);
                    }
                }
                self.assign_pattern(*target, new.clone());
                new
            }
            Kind::Binary { op, left, right } => {
                let value = self.eval_binary(*op, *left, *right);
                if *op == BinaryOp::Concat {
                    self.note_markup(node, &value);
                }
                value
            }
            Kind::Unary { op, operand } => {
                let value = self.eval(*operand);
                if matches!(op, UnaryOp::Delete) {
                    self.take_out(*operand);
                }
                match op {
                    UnaryOp::Not => match value.truth() {
                        crate::value::Truth::Maybe => {
                            let labels = value.labels.clone();
                            Value { kind: ValueKind::Not(Rc::new(value)), labels }
                        }
                        truth => {
                            Value { kind: ValueKind::Bool(truth == crate::value::Truth::No), labels: value.labels }
                        }
                    },
                    UnaryOp::Other => value,
                    UnaryOp::Delete => {
                        self.record_here(
                            EventKind::Method { receiver: value, name: "delete".into(), args: Rc::new([]) },
                            node,
                        );
                        Value::unknown()
                    }
                    UnaryOp::TypeOf => {
                        self.assigned_to(&format!("typeof {}", value.path())).cloned().unwrap_or_default()
                    }
                    UnaryOp::Arithmetic => match value.kind {
                        ValueKind::Num(number) => Value::plain(ValueKind::Num(-number)),
                        _ => Value::of(value.labels.cleaned(Clean::ALL)),
                    },
                }
            }
            Kind::Conditional { test, then, otherwise } => self.conditional(*test, *then, *otherwise),
            Kind::Await(inner) => {
                let value = self.eval(*inner);
                if self.frames.len() == 1
                    && self.code().language == Language::Python
                    && self.program.tree.text(self.span(node)).starts_with("yield")
                {
                    self.yielded = Some(value.clone());
                }
                value
            }
            Kind::Element { tag, attributes, children } => self.element(node, *tag, attributes, children),
            Kind::Loop { .. } => {
                // A comprehension: the values of its element expressions.
                self.comprehension(node)
            }
            Kind::Opaque(list) if self.php_global(node, list) => Value::unknown(),
            Kind::Switch { subject, cases }
                if cases.first().is_some_and(|(_, body)| !matches!(self.kind(*body), Kind::Block(_))) =>
            {
                self.php_match(*subject, cases)
            }
            Kind::Opaque(list) => {
                let mut last = Value::unknown();
                let mut labels = Labels::NONE;
                for &part in list {
                    last = self.eval(part);
                    labels = labels.union(&last.labels);
                }
                if list.len() == 1 { last } else { last.with(&labels) }
            }
            Kind::Let { .. }
            | Kind::Block(_)
            | Kind::If { .. }
            | Kind::Return(_)
            | Kind::Throw(_)
            | Kind::Switch { .. }
            | Kind::Try { .. }
            | Kind::With { .. }
            | Kind::Jump
            | Kind::Output(_) => {
                self.exec(node);
                Value::unknown()
            }
        }
    }

    /// `delete row.password`: from here on the variable holds everything of the record but that.
    fn take_out(&mut self, operand: NodeId) {
        let (object, property) = match self.kind(operand) {
            Kind::Member { object, property } => (*object, property.clone()),
            Kind::Index { object, index } => {
                let (object, index) = (*object, *index);
                let Some(key) = self.code().string(index) else { return };
                (object, Str::from(key))
            }
            _ => return,
        };
        if !matches!(self.kind(object), Kind::Name(_)) {
            return;
        }
        if let Some(left) = self.without(object, &property) {
            self.assign_pattern(object, left);
        }
    }

    /// A record without one of its columns; `None` where the value is no record.
    pub(super) fn without(&mut self, node: NodeId, property: &Str) -> Option<Value> {
        let whole = self.eval(node);
        let is_record = whole.deep_labels().any(|label| matches!(label, crate::label::Label::Record(..)));
        let gone = Value::plain(ValueKind::Null);
        match &whole.kind {
            ValueKind::Object(object) if !object.is_array && !object.is_global.get() => {
                self.before_change(object);
                object.fields.borrow_mut().insert(property.clone(), gone);
                None
            }
            ValueKind::Symbol(_) | ValueKind::Choice(_) | ValueKind::Unknown if is_record => {
                let rest = Object::new(self.site(node), false);
                rest.fields.borrow_mut().insert(property.clone(), gone);
                let labels = whole.labels.clone();
                rest.spreads.borrow_mut().push(whole);
                Some(Value { kind: ValueKind::Object(Rc::new(rest)), labels })
            }
            _ => None,
        }
    }

    fn note_markup(&mut self, node: NodeId, value: &Value) {
        if self.code().language == Language::Php && !value.labels.is_empty() && is_markup(value, 0) {
            self.record_here(EventKind::Compose { value: value.clone() }, node);
        }
    }

    fn text(&mut self, parts: &[NodeId]) -> Value {
        // What was tested before it is put in stays tested, whatever becomes of the text.
        let values: Vec<Value> = parts
            .iter()
            .map(|&part| {
                let value = self.eval(part);
                self.frame().facts.clone().vet(&value)
            })
            .collect();
        let labels = values.iter().fold(Labels::NONE, |all, value| all.union(&value.labels));
        if values.iter().all(|value| matches!(value.kind, ValueKind::Str(_))) {
            let text: String = values.iter().filter_map(Value::as_str).collect();
            return Value { kind: ValueKind::Str(text.into()), labels };
        }
        Value { kind: ValueKind::Text(values.into()), labels }
    }

    pub(super) fn name(&mut self, name: &Str) -> Value {
        let frame = self.frame();
        let (env, module) = (Rc::clone(&frame.env), frame.module);
        if let Some(value) = env.get(name) {
            return value;
        }
        if let Some(value) = self.imported_name(module, name, 0) {
            return value;
        }
        match self.code().language {
            Language::JavaScript => {
                if name == "module" || name == "exports" {
                    return Value::symbol(Symbol::global(name), Labels::NONE);
                }
                if let Some(value) = self.provided_name(module, name).or_else(|| self.name_beside(module, name)) {
                    return value;
                }
            }
            Language::Php | Language::Python => {}
        }
        if let Some(known) = self.globals.get(name) {
            return known.clone();
        }
        let value = Value::symbol(Symbol::global(name), self.knowledge.labels(name));
        self.globals.insert(name.clone(), value.clone());
        value
    }

    fn this(&mut self) -> Value {
        self.frame().this.clone().unwrap_or_else(|| Value::symbol(Symbol::global("this"), Labels::NONE))
    }

    /// `{ ...defaults, ...sent }`: what is sent may come in the place of each of the fields before it.
    fn overridden(&mut self, object: &Object, sent: &Value) {
        let is_open = matches!(sent.kind, ValueKind::Unknown | ValueKind::Symbol(_));
        if !is_open || !sent.labels.has_input(crate::label::Clean::ALL) {
            return;
        }
        let known: Vec<(Str, Value)> =
            object.fields.borrow().iter().take(64).map(|(name, field)| (name.clone(), field.clone())).collect();
        for (name, field) in known {
            let own = self.member_of(sent, &name);
            object.fields.borrow_mut().insert(name, super::statement::joined(&field, &own));
        }
    }

    fn object(&mut self, node: NodeId, properties: &[Property]) -> Value {
        let object = Object::new(self.site(node), false);
        object.may_be_empty.set(self.code().language == Language::Php);
        for property in properties {
            let value = self.eval(property.value);
            match &property.key {
                Key::Named(name) => {
                    let mut fields = object.fields.borrow_mut();
                    if fields.len() < 256 {
                        fields.insert(name.clone(), value);
                    }
                }
                Key::Computed(key) => {
                    let key = self.eval(*key);
                    match key.as_str() {
                        Some(name) => {
                            object.fields.borrow_mut().insert(name.into(), value);
                        }
                        None => object.spreads.borrow_mut().push(value.with(&key.labels)),
                    }
                }
                Key::Spread => {
                    if let ValueKind::Object(inner) = &value.kind {
                        let fields = inner.fields.borrow().clone();
                        let spreads = inner.spreads.borrow().clone();
                        // What was taken out of the rest (`const { role, ...rest } = body`) leaves nothing in its place,
                        // so that `{ role, ...rest }` keeps the role.
                        let mut own = object.fields.borrow_mut();
                        for (name, field) in fields {
                            if !matches!(field.kind, ValueKind::Null) || !own.contains_key(&name) {
                                own.insert(name, field);
                            }
                        }
                        object.spreads.borrow_mut().extend(spreads);
                    } else {
                        self.overridden(&object, &value);
                        object.spreads.borrow_mut().push(value);
                    }
                }
            }
        }
        let object = Rc::new(object);
        // Methods of an object literal see it as their receiver.
        let whole = Value::plain(ValueKind::Object(Rc::clone(&object)));
        let closures: Vec<(Str, Rc<crate::value::Closure>)> = object
            .fields
            .borrow()
            .iter()
            .filter_map(|(name, value)| match &value.kind {
                ValueKind::Closure(closure) if closure.this.is_none() => Some((name.clone(), Rc::clone(closure))),
                _ => None,
            })
            .collect();
        if self.mode == Mode::Handler && !closures.is_empty() {
            self.wholes.push(Rc::clone(&object));
        }
        for (name, closure) in closures {
            let bound = crate::value::Closure { this: Some(whole.clone()), ..(*closure).clone() };
            object.fields.borrow_mut().insert(name, Value::plain(ValueKind::Closure(Rc::new(bound))));
        }
        whole
    }

    fn class(&mut self, node: NodeId, id: plimsoll_ir::ClassId) -> Value {
        let class = self.code().class(id);
        let value = self.class_value(node);
        // Decorated classes and methods (`@Controller('users')`, `@Get()`) are registrations.
        if self.mode == Mode::Setup {
            let reference = ClassRef { module: self.module_id(), class: id };
            for &decorator in class.decorators.iter().rev() {
                let called = self.eval(decorator);
                let argument = Argument { name: None, value: value.clone(), spread: false };
                self.call_value(&called, None, vec![argument], decorator, "");
            }
            for &method in &class.methods {
                let function = self.code().function(method);
                for &decorator in function.decorators.iter().rev() {
                    let called = self.eval(decorator);
                    let name = function.name.clone().unwrap_or_default();
                    let closure = self.find_method(reference, &name, 0);
                    let value =
                        closure.map_or_else(Value::unknown, |closure| Value::plain(ValueKind::Closure(closure)));
                    let argument = Argument { name: None, value, spread: false };
                    self.call_value(&called, None, vec![argument], decorator, "");
                }
            }
        }
        value
    }

    fn eval_binary(&mut self, op: BinaryOp, left: NodeId, right: NodeId) -> Value {
        match op {
            BinaryOp::And | BinaryOp::Or | BinaryOp::Coalesce => {
                let first = self.eval(left);
                let span = self.span(left);
                let before = self.frame().facts.clone();
                // The right side is only reached when the left did not decide.
                let reached = assume(&first, op == BinaryOp::And, span);
                let Some(facts) = (if op == BinaryOp::Coalesce { Some(Vec::new()) } else { reached }) else {
                    return first;
                };
                self.frame().facts = before.with(facts);
                self.frame().branches += 1;
                let ended_before = std::mem::take(&mut self.never_returned);
                let second = self.eval(right);
                self.frame().branches -= 1;
                self.frame().facts = before.clone();
                let ends = std::mem::replace(&mut self.never_returned, ended_before);
                // `check() or die()`, `find() or abort(404)`: behind it the left side has decided.
                if matches!(self.kind(right), Kind::Throw(_)) || ends {
                    match assume(&first, op != BinaryOp::And, span) {
                        Some(facts) => self.frame().facts = before.with(facts),
                        None => self.never_returned = true,
                    }
                    return first;
                }
                let labels = first.labels.union(&second.labels);
                // A left side that never decides is only the right side.
                let undecided = match op {
                    BinaryOp::And => first.truth() == crate::value::Truth::Yes && first.labels.is_empty(),
                    // `globalThis.client ?? new Client()`: the slot holds over a reload what the right side made before.
                    _ => matches!(first.kind, ValueKind::Null) || is_slot_of_global(&first),
                };
                if undecided {
                    return second;
                }
                let pair = Rc::new((first, second));
                Value { kind: if op == BinaryOp::And { ValueKind::And(pair) } else { ValueKind::Or(pair) }, labels }
            }
            _ => {
                // Long chains of `a + b + c` lean to the left: walk them without recursion.
                let mut rest = vec![(op, right)];
                let mut at = left;
                while let Kind::Binary { op, left, right } = self.kind(at) {
                    if matches!(op, BinaryOp::And | BinaryOp::Or | BinaryOp::Coalesce) {
                        break;
                    }
                    rest.push((*op, *right));
                    at = *left;
                }
                let mut value = self.eval(at);
                // Markup that was put together before stays one part (PHP).
                if self.is_php() && matches!(value.kind, ValueKind::Text(_)) && is_markup(&value, 0) {
                    let labels = value.labels.clone();
                    value = Value { kind: ValueKind::Text(Rc::new([value])), labels };
                }
                while let Some((op, right)) = rest.pop() {
                    let right = self.eval(right);
                    value = self.binary(op, value, right);
                }
                value
            }
        }
    }

    pub(super) fn binary(&mut self, op: BinaryOp, left: Value, right: Value) -> Value {
        let labels = left.labels.union(&right.labels);
        let pair = |left: Value, right: Value| Rc::new((left, right));
        // Python's lists: one behind the other.
        if op == BinaryOp::Add
            && self.code().language == Language::Python
            && let Some(site) = [&left, &right]
                .iter()
                .find_map(|side| side.as_object().filter(|object| object.is_array).map(|object| object.site))
        {
            let both = Object::new(site, true);
            for side in [&left, &right] {
                match side.as_object().filter(|object| object.is_array && object.spreads.borrow().is_empty()) {
                    Some(list) => both.items.borrow_mut().extend(list.items.borrow().iter().take(64).cloned()),
                    None => both.spreads.borrow_mut().push(side.clone()),
                }
            }
            return Value { kind: ValueKind::Object(Rc::new(both)), labels };
        }
        match op {
            BinaryOp::Equal | BinaryOp::NotEqual => match (&left.kind, &right.kind) {
                (ValueKind::Str(a), ValueKind::Str(b)) if labels.is_empty() => {
                    Value::plain(ValueKind::Bool((a == b) == (op == BinaryOp::Equal)))
                }
                // `x == null`, `x !== undefined`, `x === false`: a test of truth.
                (_, ValueKind::Null) | (_, ValueKind::Bool(false))
                    if !matches!(left.kind, ValueKind::Null | ValueKind::Bool(_)) =>
                {
                    if op == BinaryOp::Equal {
                        Value { kind: ValueKind::Not(Rc::new(left)), labels }
                    } else {
                        Value {
                            kind: ValueKind::Not(Rc::new(Value {
                                labels: left.labels.clone(),
                                kind: ValueKind::Not(Rc::new(left)),
                            })),
                            labels,
                        }
                    }
                }
                (_, ValueKind::Bool(true)) => {
                    if op == BinaryOp::Equal {
                        left
                    } else {
                        Value { kind: ValueKind::Not(Rc::new(left)), labels }
                    }
                }
                _ => Value { kind: ValueKind::Equal(pair(left, right), op == BinaryOp::Equal), labels },
            },
            BinaryOp::Compare => Value { kind: ValueKind::Compare(pair(left, right)), labels },
            BinaryOp::In => match is_among(&left, &right) {
                Some(found) => Value { kind: ValueKind::Bool(found), labels },
                None => Value { kind: ValueKind::In(pair(left, right)), labels },
            },
            // PHP adds numbers only (and joins arrays).
            BinaryOp::Add if self.is_php() => match (&left.kind, &right.kind) {
                (ValueKind::Num(a), ValueKind::Num(b)) => Value { kind: ValueKind::Num(a + b), labels },
                (ValueKind::Object(_), _) => left.with(&right.deep_labels()),
                _ => Value::of(labels.cleaned(Clean::ALL)),
            },
            BinaryOp::Add | BinaryOp::Concat => match (&left.kind, &right.kind) {
                (ValueKind::Str(a), ValueKind::Str(b)) if a.len() + b.len() < 65_536 => {
                    Value { kind: ValueKind::Str(format!("{a}{b}").into()), labels }
                }
                (ValueKind::Num(a), ValueKind::Num(b)) => Value { kind: ValueKind::Num(a + b), labels },
                _ => {
                    let mut parts: Vec<Value> = Vec::with_capacity(2);
                    for side in [left, right] {
                        // Markup that was put together elsewhere stays one part (PHP).
                        let is_part = !parts.is_empty() && self.is_php() && is_markup(&side, 0);
                        match &side.kind {
                            ValueKind::Text(inner) if inner.len() < 200 && !is_part => {
                                parts.extend(inner.iter().cloned());
                            }
                            _ => parts.push(side),
                        }
                    }
                    if parts.len() > 400 {
                        return Value::of(labels);
                    }
                    Value { kind: ValueKind::Text(parts.into()), labels }
                }
            },
            BinaryOp::Percent => {
                // Python's `"…%s" % values`; a remainder is a number.
                if matches!(left.kind, ValueKind::Str(_) | ValueKind::Text(_)) {
                    return Value { kind: ValueKind::Text(Rc::new([left, right])), labels };
                }
                Value::of(labels.cleaned(Clean::ALL))
            }
            BinaryOp::Arithmetic => match (&left.kind, &right.kind) {
                (ValueKind::Num(a), ValueKind::Num(b)) => Value::plain(ValueKind::Num(a * b)),
                _ => Value::of(labels.cleaned(Clean::ALL)),
            },
            BinaryOp::InstanceOf => self.is_an(&left, &right),
            BinaryOp::And => Value { kind: ValueKind::And(pair(left, right)), labels },
            BinaryOp::Or | BinaryOp::Coalesce => Value { kind: ValueKind::Or(pair(left, right)), labels },
        }
    }

    fn conditional(&mut self, test: NodeId, then: NodeId, otherwise: NodeId) -> Value {
        let value = self.eval(test);
        let span = self.span(test);
        let before = self.frame().facts.clone();
        self.frame().branches += 1;
        let mut alternatives: Vec<(Value, Facts)> = Vec::new();
        for (holds, branch) in [(true, then), (false, otherwise)] {
            let Some(facts) = assume(&value, holds, span) else { continue };
            let facts = Facts::default().with(facts);
            self.frame().facts = before.and(&facts);
            let result = self.eval(branch);
            let result = vetted(&result, &facts, true).unwrap_or(result);
            alternatives.push((result, facts));
        }
        self.frame().branches -= 1;
        self.frame().facts = before;
        let labels = alternatives.iter().fold(Labels::NONE, |all, (value, _)| all.union(&value.labels));
        match <[(Value, Facts); 1]>::try_from(alternatives) {
            Ok([(value, _)]) => value,
            Err(alternatives) => Value { kind: ValueKind::Choice(alternatives.into()), labels },
        }
    }

    fn comprehension(&mut self, node: NodeId) -> Value {
        let Kind::Loop { binding, iterable, header, body } = self.kind(node) else { return Value::unknown() };
        let source = iterable.map(|iterable| self.eval(iterable));
        // Of what a visitor sent only what the elements are made of is in the list: `["?" for _ in ids]` holds none of it.
        let labels = source.as_ref().map(Value::deep_labels).unwrap_or_default();
        let labels = labels.filtered(|label| !matches!(label, crate::Label::Input(..) | crate::Label::Upload(..)));
        let items = source.as_ref().map(|source| self.elements(source)).unwrap_or_default();
        if let (Some(binding), Some(item)) = (binding, items.into_iter().next()) {
            self.declare_pattern(*binding, item);
        }
        for &part in header.iter() {
            self.eval(part);
        }
        let element = self.eval(*body);
        let object = Object::new(self.site(node), true);
        object.items.borrow_mut().push(element.clone());
        Value { kind: ValueKind::Object(Rc::new(object)), labels: labels.union(&element.labels) }
    }

    fn element(&mut self, node: NodeId, tag: NodeId, attributes: &[Property], children: &[NodeId]) -> Value {
        let tag_name: Str = self.code().path(tag).unwrap_or_default().into();
        let mut labels = Labels::NONE;
        let painter = self.painter(tag, &tag_name);
        let given = Object::new(self.site(node), false);
        for attribute in attributes {
            let value = self.eval(attribute.value);
            labels = labels.union(&value.labels);
            let name = match &attribute.key {
                Key::Named(name) => name.clone(),
                Key::Computed(_) | Key::Spread => Str::default(),
            };
            if painter.is_some() {
                if name.is_empty() {
                    given.spreads.borrow_mut().push(value.clone());
                } else {
                    given.fields.borrow_mut().insert(name.clone(), value.clone());
                }
            }
            if self.mode == Mode::Handler {
                let mut closures: Vec<Rc<crate::value::Closure>> = value.as_closure().cloned().into_iter().collect();
                // What a provider hands to the components below it: `value={{ login, logout }}`.
                if let (ValueKind::Object(object), "value") = (&value.kind, name.as_str()) {
                    let fields = object.fields.borrow();
                    closures.extend(fields.values().filter_map(|field| field.as_closure().cloned()).take(24));
                }
                for closure in closures {
                    let reference = crate::program::FunctionRef { module: closure.module, function: closure.function };
                    // What the component does when the visitor clicks belongs to it.
                    if name != "value" || !self.has_entered(reference) {
                        self.invoke_callback(&closure, vec![Value::unknown(); 2]);
                    }
                }
            }
            // Of raw markup it matters, too, that it is the app's own text.
            let is_markup = matches!(name.as_str(), "v-html" | "@html");
            if is_markup || !matches!(value.kind, ValueKind::Str(_) | ValueKind::Bool(_) | ValueKind::Num(_)) {
                self.record_here(EventKind::Attribute { tag: tag_name.clone(), name, value }, attribute.value);
            }
        }
        for &child in children {
            let value = self.eval(child);
            labels = labels.union(&value.labels);
            if self.mode == Mode::Handler
                && let ValueKind::Closure(closure) = &value.kind
            {
                let closure = Rc::clone(closure);
                self.invoke_callback(&closure, vec![Value::unknown(); 2]);
            }
        }
        if let Some(closure) = painter {
            self.invoke_callback(&closure, vec![Value::plain(ValueKind::Object(Rc::new(given)))]);
        }
        // An element is an object, never falsy; its identity is where it stands.
        let object = Object::new(self.site(node), false);
        Value { kind: ValueKind::Object(Rc::new(object)), labels }
    }

    /// The component that a tag names, where it puts markup of its own making into the page: what it is given decides.
    /// Others draw text, and are looked at on their own.
    fn painter(&mut self, tag: NodeId, name: &str) -> Option<Rc<crate::value::Closure>> {
        if self.mode != Mode::Handler || self.painters.is_empty() || !name.starts_with(char::is_uppercase) {
            return None;
        }
        let closure = self.eval(tag).as_closure().cloned()?;
        let reference = crate::program::FunctionRef { module: closure.module, function: closure.function };
        self.painters.contains(&reference).then_some(closure)
    }

    /// `left instanceof right`: helpers that give either an answer or a result are told apart by it.
    fn is_an(&mut self, left: &Value, right: &Value) -> Value {
        let name = match &right.kind {
            ValueKind::Symbol(symbol) => symbol.last_name(),
            _ => Str::default(),
        };
        let mut known = |value: &Value| match (&value.kind, &right.kind) {
            (ValueKind::Null | ValueKind::Bool(_) | ValueKind::Num(_) | ValueKind::Str(_) | ValueKind::Text(_), _) => {
                Some(false)
            }
            (_, ValueKind::Class(class)) => self.is_instance(value, *class),
            (ValueKind::Object(object), ValueKind::Symbol(_)) if object.class.is_none() => Some(false),
            // `new Response(…)`, `Response.json(…)`, `NextResponse.json(…)` are what they are called.
            (ValueKind::Symbol(symbol), ValueKind::Symbol(_)) => {
                let made = symbol.path.strip_suffix("()")?;
                let maker = made.rsplit(['.', '/']).find(|part| part.chars().next().is_some_and(char::is_uppercase))?;
                let last = made.rsplit('.').next().unwrap_or(made);
                (maker.ends_with(name.as_str()) && (last == maker || matches!(last, "json" | "redirect" | "error")))
                    .then_some(true)
            }
            _ => None,
        };
        match &left.kind {
            ValueKind::Choice(alternatives) => {
                let mapped: Vec<(Value, Facts)> = alternatives
                    .iter()
                    .map(|(value, facts)| {
                        let answer = match known(value) {
                            Some(answer) => Value::plain(ValueKind::Bool(answer)),
                            None => Value::of(value.labels.clone()),
                        };
                        (answer, facts.clone())
                    })
                    .collect();
                Value { kind: ValueKind::Choice(mapped.into()), labels: Labels::NONE }
            }
            _ => match known(left) {
                Some(answer) => Value::plain(ValueKind::Bool(answer)),
                None => Value::of(left.labels.union(&right.labels)),
            },
        }
    }

    /// Joins several values.
    pub(super) fn join_all(values: impl IntoIterator<Item = Value>) -> Value {
        let mut values = values.into_iter();
        let first = values.next().unwrap_or_default();
        values.fold(first, |all, value| joined(&all, &value))
    }
}

/// Whether a text has a tag in one of its fixed parts.
pub(super) fn is_markup(value: &Value, depth: u32) -> bool {
    match &value.kind {
        ValueKind::Str(text) => {
            text.as_bytes().windows(2).any(|pair| pair[0] == b'<' && (pair[1].is_ascii_alphabetic() || pair[1] == b'/'))
        }
        ValueKind::Text(parts) if depth < 4 => parts.iter().any(|part| is_markup(part, depth + 1)),
        ValueKind::Choice(list) if depth < 4 => list.iter().any(|(value, _)| is_markup(value, depth + 1)),
        _ => false,
    }
}

/// Whether a known text is among known texts; `None` where that cannot be told.
fn is_among(left: &Value, right: &Value) -> Option<bool> {
    let (ValueKind::Str(wanted), ValueKind::Object(object)) = (&left.kind, &right.kind) else { return None };
    let items = object.items.borrow();
    let all_known = object.is_array
        && !items.is_empty()
        && object.spreads.borrow().is_empty()
        && items.iter().all(|item| matches!(item.kind, ValueKind::Str(_)));
    all_known.then(|| items.iter().any(|item| item.as_str() == Some(wanted.as_str())))
}

/// A place on the global object (`globalThis.client`), which is empty until the app itself puts something there.
fn is_slot_of_global(value: &Value) -> bool {
    let ValueKind::Symbol(symbol) = &value.kind else { return false };
    let slot = symbol.path.strip_prefix("globalThis.").or_else(|| symbol.path.strip_prefix("global."));
    slot.is_some_and(|name| !name.is_empty() && !name.contains(['.', '(']))
}
