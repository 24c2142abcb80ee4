//! Calls: into the app's own functions, and out of its code.

use std::rc::Rc;

use plimsoll_ir::{Kind, Language, NodeId, Str};

use super::{Flow, Frame, Machine, Mode};
use crate::env::Env;
use crate::event::{Argument, EventKind};
use crate::fact::{Fact, Facts};
use crate::label::{Clean, Label, Labels};
use crate::program::{FunctionRef, Site};
use crate::value::{ClassRef, Closure, Object, Symbol, Truth, Value, ValueKind};

/// Methods of lists and maps that call the function given to them with an element, at once.
const ITERATES: &[&str] = &[
    "map",
    "forEach",
    "filter",
    "find",
    "findIndex",
    "findLast",
    "some",
    "every",
    "flatMap",
    "sort",
    "toSorted",
    "each",
    "reduce",
];

impl Machine<'_> {
    pub(super) fn call(&mut self, node: NodeId, callee: NodeId, args: &[plimsoll_ir::Arg], new: bool) -> Value {
        if let Some(value) = self.special_form(node, callee, args) {
            return value;
        }
        // The receiver is evaluated once, before the arguments.
        let is_php = self.code().language == Language::Php;
        let (receiver, function, name) = match self.kind(callee) {
            Kind::Member { object, property } if is_php => {
                let (receiver, function) = self.php_method(*object, property);
                (Some(receiver), function, property.clone())
            }
            Kind::Name(name) if is_php && !new => (None, self.php_callee(callee, name), Str::default()),
            Kind::Member { object, property } => {
                let receiver = self.eval(*object);
                let function = self.member_of(&receiver, property);
                (Some(receiver), function, property.clone())
            }
            _ => (None, self.eval(callee), Str::default()),
        };
        let mut arguments = Vec::with_capacity(args.len());
        let tagged = self.tag_arguments(node, callee, args, &function);
        let args = if tagged.is_some() { &[] } else { args };
        arguments.extend(tagged.into_iter().flatten());
        for arg in args {
            let spread = matches!(self.kind(arg.value), Kind::Spread(_));
            let value = self.eval(arg.value);
            if spread {
                let known = value.items();
                // `**values` with known keys: each is an argument by name.
                let by_name: Vec<Argument> = match &value.kind {
                    ValueKind::Object(object)
                        if self.code().language == Language::Python
                            && !object.is_array
                            && object.spreads.borrow().is_empty() =>
                    {
                        let fields = object.fields.borrow();
                        let named = fields.iter().take(64);
                        named
                            .map(|(name, value)| Argument {
                                name: Some(name.clone()),
                                value: value.clone(),
                                spread: false,
                            })
                            .collect()
                    }
                    _ => Vec::new(),
                };
                if !by_name.is_empty() {
                    arguments.extend(by_name);
                } else if known.is_empty() {
                    arguments.push(Argument { name: None, value, spread: true });
                } else {
                    arguments.extend(known.into_iter().map(|value| Argument { name: None, value, spread: false }));
                }
            } else {
                arguments.push(Argument { name: arg.name.clone(), value, spread: false });
            }
        }
        if new && let ValueKind::Class(class) = function.kind {
            return self.instantiate(class, arguments, node);
        }
        // `row.pop("password", None)` takes a column out of a record.
        if name == "pop"
            && self.code().language == Language::Python
            && let Kind::Member { object, .. } = self.kind(callee)
            && matches!(self.kind(*object), Kind::Name(_))
            && let Some(key) = arguments.first().and_then(|first| first.value.as_str()).map(Str::from)
        {
            let object = *object;
            if let Some(left) = self.without(object, &key) {
                self.assign_pattern(object, left);
            }
        }
        if is_php && !new {
            if receiver.is_none()
                && let ValueKind::Symbol(symbol) = &function.kind
            {
                let path = symbol.path.clone();
                if let Some(value) = self.php_builtin(node, &path, args, &arguments) {
                    return value;
                }
            }
            if let Kind::Member { object, .. } = self.kind(callee) {
                let (object, given) = (*object, arguments.clone());
                let value = self.call_value(&function, receiver, arguments, node, &name);
                self.php_after_method(object, &name, &given, args);
                return value;
            }
        }
        self.call_value(&function, receiver, arguments, node, &name)
    }

    /// What a function of the app gets that is used as a tag: the fixed parts as a list, then each inserted value.
    fn tag_arguments(
        &mut self,
        node: NodeId,
        callee: NodeId,
        args: &[plimsoll_ir::Arg],
        function: &Value,
    ) -> Option<Vec<Argument>> {
        let ([arg], ValueKind::Closure(_)) = (args, &function.kind) else { return None };
        let Kind::Template(parts) = self.kind(arg.value) else { return None };
        // `tag(`…`)` has a bracket between the two.
        let (tag, text) = (self.span(callee), self.span(arg.value));
        if tag.end != text.start || self.span(node).end != text.end {
            return None;
        }
        let fixed = crate::value::Object::new(self.site(arg.value), true);
        let mut values = Vec::new();
        for &part in parts.iter() {
            match self.kind(part) {
                Kind::Str(text) => fixed.items.borrow_mut().push(Value::string(text.clone())),
                _ => values.push(self.eval(part)),
            }
        }
        // There is one fixed part more than there are values, however empty.
        while fixed.items.borrow().len() <= values.len().min(60) {
            fixed.items.borrow_mut().push(Value::string(""));
        }
        let first = Value::plain(ValueKind::Object(Rc::new(fixed)));
        let all = std::iter::once(first).chain(values);
        Some(all.map(|value| Argument { name: None, value, spread: false }).collect())
    }

    /// `require`, `import()`, PHP's `include`, `super()` and the like.
    fn special_form(&mut self, node: NodeId, callee: NodeId, args: &[plimsoll_ir::Arg]) -> Option<Value> {
        let Kind::Name(name) = self.kind(callee) else { return None };
        let module = self.module_id();
        match (self.code().language, name.as_str()) {
            (Language::JavaScript, "require" | "import") => {
                let specifier = self.code().string(args.first()?.value)?.to_owned();
                let Some(target) = self.program.resolve(module, &specifier) else {
                    return Some(self.imported_symbol_for(Language::JavaScript, &specifier, "*", "*"));
                };
                self.load(target);
                if name == "require"
                    && let Some(whole) = self.modules[target.0 as usize].exports.get("default")
                {
                    return Some(whole.clone());
                }
                Some(Value::plain(ValueKind::Namespace(target)))
            }
            // It is true where its argument is.
            (Language::JavaScript, "Boolean") if args.len() == 1 => {
                let value = self.eval(args[0].value);
                let labels = value.labels.cleaned(Clean::ALL);
                let kind = match value.truth() {
                    Truth::Yes => ValueKind::Bool(true),
                    Truth::No => ValueKind::Bool(false),
                    Truth::Maybe => {
                        let not = Value { kind: ValueKind::Not(Rc::new(value)), labels: labels.clone() };
                        ValueKind::Not(Rc::new(not))
                    }
                };
                Some(Value { kind, labels })
            }
            (Language::Php, "include") => Some(self.php_include(node, args)),
            (Language::Python, "getattr") if args.len() > 1 => {
                let receiver = self.eval(args[0].value);
                let key = self.eval(args[1].value);
                let value = self.index_of(&receiver, key);
                let is_there = !matches!(value.kind, ValueKind::Unknown | ValueKind::Null) || !value.labels.is_empty();
                match args.get(2) {
                    Some(default) if !is_there => Some(self.eval(default.value)),
                    _ => Some(value),
                }
            }
            (Language::Python, "setattr") if args.len() == 3 => {
                let receiver = self.eval(args[0].value);
                let key = self.eval(args[1].value);
                let value = self.eval(args[2].value);
                let property = key.as_str().map(Str::from).unwrap_or_default();
                self.assign_member(node, receiver, &property, Some(key), value);
                Some(Value::plain(ValueKind::Null))
            }
            _ => None,
        }
    }

    /// Calls a value.
    pub(super) fn call_value(
        &mut self,
        function: &Value,
        receiver: Option<Value>,
        args: Vec<Argument>,
        node: NodeId,
        name: &str,
    ) -> Value {
        match &function.kind {
            ValueKind::Closure(closure) => {
                if matches!(name, "call" | "apply" | "bind") {
                    return Value::plain(ValueKind::Closure(Rc::clone(closure)));
                }
                let closure = Rc::clone(closure);
                self.invoke(&closure, &args, node)
            }
            ValueKind::Class(class) => self.instantiate(*class, args, node),
            ValueKind::Choice(alternatives) => {
                // Only what can be called at all; usually one. Alternatives of alternatives are flattened, not multiplied.
                let mut callable: Vec<Value> = Vec::new();
                for (value, _) in alternatives.iter() {
                    callables(value, &mut callable, 0);
                }
                if callable.is_empty() {
                    return self.call_unknown(receiver, args, node, name);
                }
                let results: Vec<Value> = callable
                    .iter()
                    .map(|value| self.call_value(value, receiver.clone(), args.clone(), node, name))
                    .collect();
                Self::join_all(results)
            }
            ValueKind::Or(pair) | ValueKind::And(pair) => {
                let pair = Rc::clone(pair);
                let callable = [&pair.0, &pair.1].into_iter().find(|value| {
                    matches!(
                        value.kind,
                        ValueKind::Closure(_) | ValueKind::Class(_) | ValueKind::Symbol(_) | ValueKind::Choice(_)
                    )
                });
                match callable {
                    Some(value) => self.call_value(value, receiver, args, node, name),
                    None => self.call_unknown(receiver, args, node, name),
                }
            }
            ValueKind::Symbol(symbol) => {
                if let Some(result) = self.builtin(receiver.as_ref(), name, &args, node) {
                    return result;
                }
                // A function below a library's decorator is called through it. What is given a function is no such
                // function but a decorator itself (`functools.wraps(f)`).
                if self.code().language == Language::Python
                    && !args.iter().any(|arg| arg.value.as_closure().is_some())
                    && let Some(closure) = decorated(symbol, 0)
                {
                    return self.invoke(&closure, &args, node);
                }
                let symbol = Rc::clone(symbol);
                self.call_symbol(&symbol, receiver.as_ref(), args, node)
            }
            _ => {
                // `.call` and `.bind` on a function read as members of it.
                if let Some(receiver) = &receiver
                    && let ValueKind::Closure(closure) = &receiver.kind
                {
                    let closure = Rc::clone(closure);
                    return match name {
                        "bind" => Value::plain(ValueKind::Closure(closure)),
                        "call" => self.invoke(&closure, args.get(1..).unwrap_or_default(), node),
                        "apply" => {
                            let items = args.get(1).map(|arg| arg.value.items()).unwrap_or_default();
                            let args: Vec<Argument> =
                                items.into_iter().map(|value| Argument { name: None, value, spread: false }).collect();
                            self.invoke(&closure, &args, node)
                        }
                        _ => Value::unknown(),
                    };
                }
                self.call_unknown(receiver, args, node, name)
            }
        }
    }

    /// Calls something of which nothing is known: a method of a text, of a list, of a parameter.
    fn call_unknown(&mut self, receiver: Option<Value>, args: Vec<Argument>, node: NodeId, name: &str) -> Value {
        if let Some(result) = self.builtin(receiver.as_ref(), name, &args, node) {
            return result;
        }
        let receiver = receiver.unwrap_or_default();
        let outcome = self.knowledge.call(&format!(".{name}"), Some(&receiver), &args);
        let labels = self.result_labels(&outcome, Some(&receiver), &args);
        let args: Rc<[Argument]> = args.into();
        self.record_here(EventKind::Method { receiver, name: name.into(), args: Rc::clone(&args) }, node);
        if !outcome.defers && self.mode == Mode::Handler {
            self.enter_callbacks(&args, &labels, None);
        }
        if let Some(index) = outcome.returns_arg
            && let Some(arg) = args.get(index).filter(|arg| arg.name.is_none())
        {
            return arg.value.clone();
        }
        outcome.result.unwrap_or_else(|| Value::of(labels))
    }

    /// A class that stands for a table of a library is known to that library by its name.
    fn tables_by_name(&mut self, args: Vec<Argument>) -> Vec<Argument> {
        let python = self.code().language == Language::Python;
        args.into_iter()
            .map(|arg| match arg.value.kind {
                ValueKind::Class(class) if python => match self.foreign_base(class, 0) {
                    Some(base) => Argument { value: Value::symbol(Symbol::import(base), arg.value.labels), ..arg },
                    None => arg,
                },
                _ => arg,
            })
            .collect()
    }

    fn call_symbol(
        &mut self,
        symbol: &Rc<Symbol>,
        receiver: Option<&Value>,
        args: Vec<Argument>,
        node: NodeId,
    ) -> Value {
        let args = self.tables_by_name(args);
        let outcome = self.knowledge.call(&symbol.path, receiver, &args);
        let settled = self.settled_call(symbol, &args);
        let mut labels = self.result_labels(&outcome, receiver, &args);
        let args: Rc<[Argument]> = args.into();
        let site = self.site(node);
        self.record_here(EventKind::Call { callee: Rc::clone(symbol), args: Rc::clone(&args) }, node);
        let result = Symbol::call(symbol, Rc::clone(&args), site);
        labels = labels.union(&self.knowledge.labels(&result.path));
        if outcome.keeps {
            labels = labels.union(&Labels::one(Label::Kept(site, Clean::NONE)));
        }
        let value = Value::symbol(result, labels.clone());
        let passed = outcome.passes.then(|| Fact::Passed {
            path: symbol.path.clone(),
            value: value.clone(),
            span: self.span(node),
        });
        if self.mode == Mode::Handler
            && let Some(index) = outcome.gives_result_of
            && let Some(closure) = args.get(index).and_then(|arg| arg.value.as_closure()).cloned()
        {
            return self.invoke_callback(&closure, Vec::new());
        }
        // `setRows((rows) => [...rows, row])` puts in what the function gives.
        if outcome.puts
            && self.mode == Mode::Handler
            && let Some(place) = symbol.base()
            && let Some(closure) = args.first().and_then(|arg| arg.value.as_closure()).cloned()
        {
            let kept = place.site().map_or(Labels::NONE, |site| Labels::one(Label::Kept(site, Clean::NONE)));
            let place = Value::symbol(Rc::clone(place), kept.clone());
            let value = self.invoke_callback(&closure, vec![Value::of(kept)]);
            self.record_here(EventKind::Assign { receiver: place, property: "".into(), index: None, value }, node);
            return Value::unknown();
        }
        if !outcome.defers && self.mode == Mode::Handler {
            self.enter_callbacks(&args, &labels, passed.as_ref());
        }
        let has_callback = args.iter().any(|arg| arg.value.as_closure().is_some());
        if let Some(passed) = passed
            && !has_callback
        {
            let frame = self.frame();
            frame.facts = frame.facts.with([passed]);
        }
        if outcome.never_returns {
            self.never_returned = true;
            return Value::unknown();
        }
        if let Some(index) = outcome.returns_arg
            && let Some(arg) = args.get(index).filter(|arg| arg.name.is_none())
        {
            return arg.value.clone();
        }
        settled.or(outcome.result).unwrap_or(value)
    }

    fn settled_call(&self, symbol: &Symbol, args: &[Argument]) -> Option<Value> {
        if self.settled.is_empty() {
            return None;
        }
        let argument = args.first().and_then(|arg| arg.value.as_str()).unwrap_or_default();
        let get = |argument: &str| self.settled.get(&(symbol.path.clone(), argument.to_owned())).cloned();
        let from_header = || {
            let is_header = |label: &Label| matches!(label, Label::Input(name, _) if name.starts_with("headers"));
            args.iter().any(|arg| arg.value.deep_labels().any(is_header))
        };
        get(argument).or_else(|| get("@headers").filter(|_| from_header())).or_else(|| get("*"))
    }

    fn result_labels(
        &mut self,
        outcome: &crate::knowledge::Outcome,
        receiver: Option<&Value>,
        args: &[Argument],
    ) -> Labels {
        let mut given = match receiver {
            // `list.join('')` is made of the elements.
            Some(receiver) if receiver.as_object().is_some_and(|object| object.is_array) => receiver.deep_labels(),
            Some(receiver) => receiver.labels.clone(),
            None => Labels::NONE,
        };
        for arg in args {
            // What a function given as an argument refers to is no part of the result.
            if arg.value.as_closure().is_none() {
                given = given.union(&arg.value.deep_labels());
            }
        }
        let base = match &outcome.replace {
            Some(labels) if outcome.keep_identity && given.has_identity() => {
                labels.union(&Labels::one(Label::Identity))
            }
            Some(labels) => labels.clone(),
            None => given.cleaned(outcome.clean),
        };
        base.union(&outcome.add)
    }

    /// Enters functions given to something outside: they run with what it passes on.
    fn enter_callbacks(&mut self, args: &[Argument], labels: &Labels, passed: Option<&Fact>) {
        let mut closures: Vec<Rc<Closure>> = Vec::new();
        for arg in args {
            match &arg.value.kind {
                ValueKind::Closure(closure) => closures.push(Rc::clone(closure)),
                ValueKind::Object(object) => {
                    closures.extend(object.fields.borrow().values().filter_map(|value| match &value.kind {
                        ValueKind::Closure(closure) => Some(Rc::clone(closure)),
                        _ => None,
                    }));
                    closures.extend(object.items.borrow().iter().filter_map(|value| match &value.kind {
                        ValueKind::Closure(closure) => Some(Rc::clone(closure)),
                        _ => None,
                    }));
                }
                _ => {}
            }
        }
        for closure in closures.into_iter().take(8) {
            let module = self.program.module(closure.module);
            let function = module.function(closure.function);
            let mut values = Vec::new();
            for (index, param) in function.params.iter().enumerate() {
                let is_error =
                    index == 0 && matches!(module.kind(param.pattern), Kind::Name(name) if is_error_name(name));
                if is_error {
                    // Node's convention: no error is what success looks like.
                    let success = passed.map_or_else(Facts::default, |passed| Facts::default().with([passed.clone()]));
                    // An error that is passed is never falsy.
                    let failure = Value::symbol(Symbol::global("Error()"), Labels::one(Label::ErrorDetail));
                    let choice = Rc::new([(Value::plain(ValueKind::Null), success), (failure, Facts::default())]);
                    values.push(Value { kind: ValueKind::Choice(choice), labels: Labels::one(Label::ErrorDetail) });
                } else {
                    values.push(Value::of(labels.clone()));
                }
            }
            self.invoke_callback(&closure, values);
        }
    }

    /// Enters a function as a callback: what it learns does not hold behind it.
    pub(super) fn invoke_callback(&mut self, closure: &Rc<Closure>, values: Vec<Value>) -> Value {
        let facts = self.frame().facts.clone();
        let args: Vec<Argument> =
            values.into_iter().map(|value| Argument { name: None, value, spread: false }).collect();
        let body = self.program.module(closure.module).function(closure.function).body;
        let result = self.invoke_at(closure, &args, Site { module: closure.module, node: body });
        self.frame().facts = facts;
        result
    }

    /// Methods that need no knowledge of a library.
    fn builtin(&mut self, receiver: Option<&Value>, name: &str, args: &[Argument], node: NodeId) -> Option<Value> {
        let receiver = receiver?;
        self.enter_checks(receiver, name, node);
        let first = args.first().map(|arg| &arg.value);
        if let (ValueKind::Str(text), Some(ValueKind::Str(part))) = (&receiver.kind, first.map(|first| &first.kind)) {
            // Tests of a known path against fixed prefixes decide which branch a request takes.
            let result = match name {
                "startsWith" | "startswith" => Some(text.starts_with(part.as_str())),
                "endsWith" | "endswith" => Some(text.ends_with(part.as_str())),
                "includes" => Some(text.contains(part.as_str())),
                _ => None,
            };
            if let Some(result) = result {
                return Some(Value::plain(ValueKind::Bool(result)));
            }
        }
        if let (ValueKind::Str(text), "toLowerCase" | "lower") = (&receiver.kind, name) {
            return Some(Value::string(text.to_lowercase()));
        }
        if name == "split"
            && let Some(result) = self.split(receiver, first, node)
        {
            return Some(result);
        }
        if let Some(result) = self.text_kept(receiver, name, args, 0) {
            return Some(result);
        }
        if let (ValueKind::Object(object), "includes", Some(ValueKind::Str(wanted))) =
            (&receiver.kind, name, first.map(|first| &first.kind))
        {
            let items = object.items.borrow();
            if object.spreads.borrow().is_empty()
                && !items.is_empty()
                && items.iter().all(|item| matches!(item.kind, ValueKind::Str(_)))
            {
                let found = items.iter().any(|item| item.as_str() == Some(wanted.as_str()));
                return Some(Value::plain(ValueKind::Bool(found)));
            }
        }
        match name {
            // The names of a record's fields are known, or are those under which something was put into it.
            "keys" if receiver.path() == "Object" => {
                let object = first?.as_object()?;
                let names = Object::new(self.site(node), true);
                let fixed =
                    object.fields.borrow().keys().take(32).map(|name| Value::string(name.clone())).collect::<Vec<_>>();
                let chosen =
                    object.keys.borrow().union(&object.spreads.borrow().iter().fold(Labels::NONE, |all, spread| {
                        match spread.kind {
                            // What was put in under a computed name is in `keys`.
                            ValueKind::Unknown => all,
                            _ => all.union(&spread.labels),
                        }
                    }));
                names.items.borrow_mut().extend(fixed);
                if !chosen.is_empty() {
                    names.items.borrow_mut().push(Value::of(chosen));
                }
                Some(Value::plain(ValueKind::Object(Rc::new(names))))
            }
            "then" | "catch" | "finally" => {
                let closure = first?.as_closure()?.clone();
                let input = if name == "catch" { Value::of(Labels::one(Label::ErrorDetail)) } else { receiver.clone() };
                let before = self.frame().facts.clone();
                let result = self.invoke_callback_keeping(&closure, vec![input]);
                if let Some(failure) = args.get(1).and_then(|arg| arg.value.as_closure()).cloned() {
                    self.invoke_callback(&failure, vec![Value::of(Labels::one(Label::ErrorDetail))]);
                }
                self.frame().facts = before;
                Some(match name {
                    "then" => result,
                    "catch" => super::statement::joined(receiver, &result),
                    _ => receiver.clone(),
                })
            }
            _ if ITERATES.contains(&name) && first.and_then(Value::as_closure).is_some() => {
                let closure = first?.as_closure()?.clone();
                let mut results = Vec::new();
                for item in self.elements(receiver) {
                    let item = if name == "reduce" {
                        let start = args.get(1).map(|arg| arg.value.clone()).unwrap_or_default();
                        vec![start, item]
                    } else {
                        vec![item.clone(), Value::unknown(), receiver.clone()]
                    };
                    results.push((item[0].clone(), self.invoke_callback(&closure, item)));
                }
                let is_state = match &receiver.kind {
                    ValueKind::Object(object) => object.is_global.get(),
                    _ => receiver.path().starts_with("store:"),
                };
                if is_state {
                    self.record_here(
                        EventKind::Method { receiver: receiver.clone(), name: name.into(), args: args.to_vec().into() },
                        node,
                    );
                }
                Some(match name {
                    "map" | "flatMap" => {
                        let object = Object::new(self.site(node), true);
                        let labels = results.iter().fold(Labels::NONE, |all, (_, result)| all.union(&result.labels));
                        object.items.borrow_mut().extend(results.into_iter().map(|(_, result)| result));
                        Value { kind: ValueKind::Object(Rc::new(object)), labels }
                    }
                    "find" | "findLast" => {
                        // An element or nothing; what the test compared says whom the element belongs to.
                        let tested = results.iter().fold(Labels::NONE, |all, (_, result)| all.union(&result.labels));
                        let item = Self::join_all(results.into_iter().map(|(item, _)| item));
                        let identity = tested.filtered(|label| matches!(label, Label::Identity));
                        item.with(&receiver.labels).with(&identity)
                    }
                    "some" | "every" => {
                        let known: Option<Vec<bool>> = results
                            .iter()
                            .map(|(_, result)| match result.kind {
                                ValueKind::Bool(value) => Some(value),
                                _ => None,
                            })
                            .collect();
                        if let Some(known) = known.filter(|known| !known.is_empty()) {
                            let result = if name == "some" { known.contains(&true) } else { !known.contains(&false) };
                            return Some(Value::plain(ValueKind::Bool(result)));
                        }
                        let result = Self::join_all(results.into_iter().map(|(_, result)| result));
                        result.with(&receiver.labels)
                    }
                    "reduce" => Self::join_all(results.into_iter().map(|(_, result)| result)),
                    "filter" | "sort" | "toSorted" => {
                        let tested = results.iter().fold(Labels::NONE, |all, (_, result)| all.union(&result.labels));
                        receiver.clone().with(&tested.filtered(|label| matches!(label, Label::Identity)))
                    }
                    _ => Value::unknown(),
                })
            }
            // A schema's values as a dictionary are the same values.
            "dict" | "model_dump" | "_asdict" | "copy" | "model_copy"
                if self.code().language == Language::Python
                    && receiver
                        .as_object()
                        .is_some_and(|object| object.class.is_some() || (name == "copy" && args.is_empty())) =>
            {
                let named = |wanted: &str| {
                    let list = args.iter().find(|arg| arg.name.as_deref() == Some(wanted))?;
                    let names: Vec<Str> =
                        list.value.items().iter().filter_map(|item| item.as_str().map(Str::from)).collect();
                    (!names.is_empty()).then_some(names)
                };
                let (left_out, taken) = (named("exclude"), named("include"));
                let Some(object) = receiver.as_object().filter(|_| left_out.is_some() || taken.is_some()) else {
                    return Some(receiver.clone());
                };
                // `model_dump(exclude={"password"})`
                let part = Object { class: object.class, ..Object::new(self.site(node), false) };
                let keeps = |name: &Str| {
                    !left_out.as_ref().is_some_and(|list| list.contains(name))
                        && taken.as_ref().is_none_or(|list| list.contains(name))
                };
                part.fields.borrow_mut().extend(
                    object
                        .fields
                        .borrow()
                        .iter()
                        .filter(|(name, _)| keeps(name))
                        .map(|(name, value)| (name.clone(), value.clone())),
                );
                Some(Value { kind: ValueKind::Object(Rc::new(part)), labels: receiver.labels.clone() })
            }
            "items"
                if self.code().language == Language::Python
                    && receiver
                        .as_object()
                        .is_some_and(|object| !object.is_array && !object.fields.borrow().is_empty()) =>
            {
                let pairs = Object::new(self.site(node), true);
                if let Some(object) = receiver.as_object() {
                    for (key, value) in object.fields.borrow().iter().take(12) {
                        let pair = Object::new(self.site(node), true);
                        pair.items.borrow_mut().extend([Value::string(key.as_str()), value.clone()]);
                        pairs.items.borrow_mut().push(Value::plain(ValueKind::Object(Rc::new(pair))));
                    }
                }
                Some(Value { kind: ValueKind::Object(Rc::new(pairs)), labels: receiver.labels.clone() })
            }
            // A value of a dictionary, or the default.
            "get"
                if self.code().language == Language::Python
                    && !args.is_empty()
                    && receiver.as_object().is_some_and(|object| {
                        !object.is_array && object.class.is_none() && !object.fields.borrow().is_empty()
                    }) =>
            {
                let key = first?.clone();
                let known = key.as_str().is_none_or(|name| receiver.field(name).is_some());
                let found = if known { self.index_of(receiver, key) } else { Value::plain(ValueKind::Null) };
                let default = args.get(1).map_or(Value::plain(ValueKind::Null), |arg| arg.value.clone());
                let has_spread = receiver.as_object().is_some_and(|object| !object.spreads.borrow().is_empty());
                if has_spread {
                    return None;
                }
                Some(super::statement::joined(&found, &default))
            }
            "includes" | "has" | "contains" | "in_array" if args.len() == 1 => {
                let value = first?.clone();
                let labels = receiver.labels.union(&value.labels);
                Some(Value { kind: ValueKind::In(Rc::new((value, receiver.clone()))), labels })
            }
            "push" | "unshift" | "append" | "add" if matches!(receiver.kind, ValueKind::Object(_)) => {
                if let ValueKind::Object(object) = &receiver.kind {
                    self.before_change(object);
                    let mut items = object.items.borrow_mut();
                    for arg in args {
                        if items.len() < 64 {
                            items.push(arg.value.clone());
                        }
                    }
                    drop(items);
                    self.record_here(
                        EventKind::Method { receiver: receiver.clone(), name: name.into(), args: args.to_vec().into() },
                        node,
                    );
                }
                Some(Value::unknown())
            }
            "concat" if matches!(receiver.kind, ValueKind::Object(_)) => {
                let object = Object::new(self.site(node), true);
                let mut all = receiver.items();
                for arg in args {
                    all.extend(arg.value.items());
                }
                all.truncate(64);
                object.items.borrow_mut().extend(all);
                Some(Value { kind: ValueKind::Object(Rc::new(object)), labels: receiver.labels.clone() })
            }
            _ => None,
        }
    }

    /// `os.environ.get("ORIGINS", "*").split(",")`: the list of what holds where the setting is missing.
    fn split(&mut self, receiver: &Value, separator: Option<&Value>, node: NodeId) -> Option<Value> {
        let (setting, text) = match &receiver.kind {
            ValueKind::Str(text) => (None, text),
            ValueKind::Or(pair) => match &pair.1.kind {
                ValueKind::Str(text) => (Some(&pair.0), text),
                _ => return None,
            },
            _ => return None,
        };
        let separator = separator?.as_str().filter(|separator| !separator.is_empty())?;
        if self.code().language != Language::Python {
            return None;
        }
        let list = Object::new(self.site(node), true);
        for part in text.split(separator).take(32) {
            let part = Value::string(part);
            let item = match setting {
                Some(setting) => Value {
                    labels: setting.labels.clone(),
                    kind: ValueKind::Or(Rc::new((Value::of(setting.labels.clone()), part))),
                },
                None => part,
            };
            list.items.borrow_mut().push(item);
        }
        Some(Value { kind: ValueKind::Object(Rc::new(list)), labels: receiver.labels.clone() })
    }

    /// Methods that leave a text what it is, give or take a few characters: a statement behind `.trim()` or
    /// `.replace(/\$\d+/g, '?')` is still that statement, put together from the same parts.
    fn text_kept(&mut self, receiver: &Value, name: &str, args: &[Argument], depth: u32) -> Option<Value> {
        if depth > 4
            || !matches!(name, "trim" | "trimStart" | "trimEnd" | "toString" | "replace" | "replaceAll" | "strip")
        {
            return None;
        }
        match &receiver.kind {
            ValueKind::Str(_) | ValueKind::Text(_) => {}
            // A setting, or the text that holds where it is missing.
            ValueKind::Or(pair) if matches!(pair.1.kind, ValueKind::Str(_)) => {}
            ValueKind::Choice(alternatives) => {
                let alternatives = Rc::clone(alternatives);
                let kept: Option<Vec<(Value, Facts)>> = alternatives
                    .iter()
                    .map(|(value, facts)| Some((self.text_kept(value, name, args, depth + 1)?, facts.clone())))
                    .collect();
                let kept = kept?;
                let labels = kept.iter().fold(Labels::NONE, |all, (value, _)| all.union(&value.labels));
                return Some(Value { kind: ValueKind::Choice(kept.into()), labels });
            }
            _ => return None,
        }
        let clean = self.knowledge.call(&format!(".{name}"), Some(receiver), args).clean;
        let kept = cleaned_text(receiver, clean, 0);
        // What is put in comes with the rest of the text; a function that makes it is not run here.
        let inserted = args.get(1).map(|arg| &arg.value).filter(|_| name.starts_with("replace"));
        match inserted {
            Some(value) if value.as_closure().is_some() => None,
            Some(value) if !value.deep_labels().is_empty() => {
                let labels = kept.labels.union(&value.deep_labels());
                Some(Value { kind: ValueKind::Text(vec![kept, value.clone()].into()), labels })
            }
            _ => Some(kept),
        }
    }

    fn invoke_callback_keeping(&mut self, closure: &Rc<Closure>, values: Vec<Value>) -> Value {
        let args: Vec<Argument> =
            values.into_iter().map(|value| Argument { name: None, value, spread: false }).collect();
        let body = self.program.module(closure.module).function(closure.function).body;
        self.invoke_at(closure, &args, Site { module: closure.module, node: body })
    }

    fn instantiate(&mut self, class: ClassRef, args: Vec<Argument>, node: NodeId) -> Value {
        let object = Object { class: Some(class), ..Object::new(self.site(node), false) };
        let whole = Value::plain(ValueKind::Object(Rc::new(object)));
        let arg_labels = args.iter().fold(Labels::NONE, |all, arg| all.union(&arg.value.deep_labels()));
        let may_enter = self.frames.len() < super::MAX_FRAMES;
        if may_enter {
            self.fill_fields(class, &whole, 0);
        }
        if let Some(base) = self.foreign_base(class, 0) {
            // A model or schema of a library: constructing it is an event there.
            let callee = Symbol::import(base.clone());
            let args = self.tables_by_name(args.clone());
            self.record_here(EventKind::Call { callee, args: args.clone().into() }, node);
            if let ValueKind::Object(object) = &whole.kind {
                object.name.borrow_mut().clone_from(&self.program.module(class.module).class(class.class).name);
                let mut fields = object.fields.borrow_mut();
                for (name, value) in fields.iter_mut() {
                    if let Some(given) = self.knowledge.field(&base, name, value) {
                        *value = given;
                    }
                }
                for arg in &args {
                    match &arg.name {
                        Some(name) => {
                            fields.insert(name.clone(), arg.value.clone());
                        }
                        None => object.spreads.borrow_mut().push(arg.value.clone()),
                    }
                }
                drop(fields);
                self.fill_from_spread(class, object, &args);
            }
        }
        if may_enter {
            for constructor in ["constructor", "__init__", "__construct"] {
                if let Some(method) = self.find_method(class, constructor, 0) {
                    let closure = Rc::new(Closure { this: Some(whole.clone()), ..(*method).clone() });
                    self.invoke(&closure, &args, node);
                    break;
                }
            }
        }
        whole.with(&arg_labels)
    }

    /// `Payload(**decoded)`: what the class declares is what lies in the dictionary under that name.
    fn fill_from_spread(&mut self, class: ClassRef, object: &Object, args: &[Argument]) {
        let Some(spread) = args.iter().find(|arg| arg.spread && arg.name.is_none()).map(|arg| arg.value.clone()) else {
            return;
        };
        if spread.labels.is_empty() || self.code().language != Language::Python {
            return;
        }
        let mut open = vec![class];
        for _ in 0..6 {
            let Some(at) = open.pop() else { break };
            let declared: Vec<Str> = self
                .program
                .module(at.module)
                .class(at.class)
                .fields
                .iter()
                .filter(|field| field.annotation.is_some())
                .map(|field| field.name.clone())
                .collect();
            for name in declared {
                let is_given = args.iter().any(|arg| arg.name.as_ref() == Some(&name));
                if !is_given {
                    let member = self.member_of(&spread, &name);
                    object.fields.borrow_mut().insert(name, member);
                }
            }
            open.extend(self.bases(at).iter().filter_map(|base| match base.kind {
                ValueKind::Class(base) => Some(base),
                _ => None,
            }));
        }
    }

    pub(super) fn fill_fields(&mut self, class: ClassRef, whole: &Value, hops: u32) {
        if hops > 4 {
            return;
        }
        for base in self.bases(class).iter() {
            if let ValueKind::Class(base) = base.kind {
                self.fill_fields(base, whole, hops + 1);
            }
        }
        let program = self.program;
        let fields = &program.module(class.module).class(class.class).fields;
        for field in fields {
            let Some(value) = field.value else { continue };
            let evaluated = self.evaluate_in_module(class.module, value);
            let evaluated = self.kept_in_memory(evaluated, &field.name);
            if let ValueKind::Object(object) = &whole.kind {
                let evaluated = match &evaluated.kind {
                    // Arrow functions as fields see the instance.
                    ValueKind::Closure(closure) => {
                        let bound = Closure { this: Some(whole.clone()), ..(**closure).clone() };
                        Value::plain(ValueKind::Closure(Rc::new(bound)))
                    }
                    _ => evaluated,
                };
                object.fields.borrow_mut().insert(field.name.clone(), evaluated);
            }
        }
    }

    pub(super) fn invoke(&mut self, closure: &Rc<Closure>, args: &[Argument], node: NodeId) -> Value {
        let site = self.site(node);
        self.invoke_at(closure, args, site)
    }

    fn invoke_at(&mut self, closure: &Rc<Closure>, args: &[Argument], site: Site) -> Value {
        let facts = self.frame().facts.clone();
        let function = FunctionRef { module: closure.module, function: closure.function };
        let span = self.program.span(site);
        self.record(EventKind::Enter { function, args: args.to_vec().into() }, span, site, &facts);
        let (value, facts) = self.invoke_root(closure, args, facts);
        self.frame().facts = facts;
        value
    }

    /// Enters a function; gives its value and the facts under which it returns normally.
    pub(super) fn invoke_root(&mut self, closure: &Rc<Closure>, args: &[Argument], facts: Facts) -> (Value, Facts) {
        let reference = FunctionRef { module: closure.module, function: closure.function };
        let repeated = self
            .frames
            .iter()
            .filter(|frame| frame.module == closure.module && frame.function == Some(closure.function))
            .count();
        // What a function gives for the parts of what it was given is among what it gives at all.
        if repeated >= 2 && closure.this.is_none() {
            return (Value::unknown(), facts);
        }
        if self.frames.len() >= super::MAX_FRAMES || repeated >= 2 {
            let labels = args.iter().fold(Labels::NONE, |all, arg| all.union(&arg.value.deep_labels()));
            return (Value::of(labels), facts);
        }
        if let Some(known) = self.known_call(closure, args, &facts) {
            return known;
        }
        self.entered.insert(reference);
        if self.puts_back {
            self.surveyed.insert(reference);
        }
        let program = self.program;
        let function = program.module(closure.module).function(closure.function);
        let env = Env::inside(&closure.env);
        if self.mode == Mode::Handler {
            self.scopes.push(Rc::clone(&env));
        }
        self.frames.push(Frame {
            module: closure.module,
            function: Some(closure.function),
            env,
            this: closure.this.clone(),
            facts: facts.clone(),
            returns: Vec::new(),
            branches: 0,
        });
        self.bind_params(closure, function, args);
        let flow = self.exec(function.body);
        // `redirect()` as the last call of an inlined helper ends the helper, not the caller's caller.
        let never = std::mem::take(&mut self.never_returned);
        let Some(mut frame) = self.frames.pop() else { return (Value::unknown(), facts) };
        if flow == Flow::Normal && !never {
            frame.returns.push((Value::plain(ValueKind::Null), frame.facts));
        }
        // It only ever throws: what follows is unreachable, and nothing more is known there.
        if frame.returns.is_empty() {
            // A PHP function that never comes back has ended the page.
            let ended = always_throws(program.module(closure.module), function.body)
                || (flow == Flow::Exit && program.module(closure.module).language == Language::Php);
            self.never_returned = !self.frames.is_empty() && ended;
            return (Value::unknown(), facts);
        }
        let result = Self::merge_returns(frame.returns, &facts, program.module(closure.module).span_of(function.head));
        self.keep_call(closure, args, &facts, &result);
        result
    }

    fn merge_returns(returns: Vec<(Value, Facts)>, before: &Facts, span: plimsoll_source::Span) -> (Value, Facts) {
        if let [(value, facts)] = &returns[..] {
            return (value.clone(), facts.clone());
        }
        let is_plain = |value: &Value| matches!(value.kind, ValueKind::Null | ValueKind::Unknown);
        let paths: Vec<Facts> = returns.iter().map(|(_, facts)| facts.clone()).collect();
        if returns.iter().all(|(value, _)| is_plain(value)) {
            let labels = returns.iter().fold(Labels::NONE, |all, (value, _)| all.union(&value.labels));
            return (Value::of(labels), Facts::joined(&paths, span));
        }
        let common = paths.iter().skip(1).fold(paths[0].clone(), |common, path| common.common(path));
        let labels = returns.iter().fold(Labels::NONE, |all, (value, _)| all.union(&value.labels));
        let alternatives: Vec<(Value, Facts)> =
            returns.into_iter().take(8).map(|(value, facts)| (value, facts.beyond(before))).collect();
        (Value { kind: ValueKind::Choice(alternatives.into()), labels }, common)
    }

    fn bind_params(&mut self, closure: &Closure, function: &plimsoll_ir::Function, args: &[Argument]) {
        let is_method = function.class.is_some() && self.program.module(closure.module).language == Language::Python;
        let takes_self = is_method
            && !function.decorators.iter().any(|&decorator| {
                self.program.module(closure.module).path(decorator).is_some_and(|path| path == "staticmethod")
            });
        let mut positional = args.iter().filter(|arg| arg.name.is_none());
        let spread: Option<Value> = args.iter().find(|arg| arg.spread).map(|arg| Value::of(arg.value.deep_labels()));
        for (index, param) in function.params.iter().enumerate() {
            let module = self.program.module(closure.module);
            let param_name = match module.kind(param.pattern) {
                Kind::Name(name) => Some(name.clone()),
                _ => None,
            };
            let value = if index == 0 && takes_self {
                closure.this.clone().unwrap_or_else(|| Value::symbol(Symbol::given("@self"), Labels::NONE))
            } else if param.rest {
                let object = Object::new(Site { module: closure.module, node: param.pattern }, true);
                for arg in positional.by_ref() {
                    object.items.borrow_mut().push(arg.value.clone());
                }
                if let Some(spread) = &spread {
                    object.spreads.borrow_mut().push(spread.clone());
                }
                let is_empty = object.items.borrow().is_empty() && object.spreads.borrow().is_empty();
                if is_empty && module.language == Language::Python {
                    // An empty tuple counts as false: `if roles and user.role not in roles` asks nothing.
                    Value::plain(ValueKind::Null)
                } else {
                    Value::plain(ValueKind::Object(Rc::new(object)))
                }
            } else if let Some(named) = args.iter().find(|arg| arg.name.is_some() && arg.name == param_name) {
                named.value.clone()
            } else if let Some(arg) = positional.next() {
                if arg.spread { Value::of(arg.value.deep_labels()) } else { arg.value.clone() }
            } else if let Some(spread) = &spread {
                spread.clone()
            } else if let Some(default) = param.default {
                self.eval(default)
            } else if args.is_empty() && self.frames.len() <= 1 {
                // A root without arguments: parameters are unknown rather than missing.
                Value::unknown()
            } else {
                Value::plain(ValueKind::Null)
            };
            if let Some(name) = &param_name {
                self.promote(closure, function, name, param.pattern, &value);
            }
            self.declare_pattern(param.pattern, value);
        }
    }

    /// PHP: a parameter of a constructor that is declared as a property with it.
    fn promote(
        &mut self,
        closure: &Closure,
        function: &plimsoll_ir::Function,
        name: &Str,
        pattern: NodeId,
        value: &Value,
    ) {
        let module = self.program.module(closure.module);
        if module.language != Language::Php || function.name.as_deref() != Some("__construct") {
            return;
        }
        let (Some(class), Some(Value { kind: ValueKind::Object(object), .. })) = (function.class, &closure.this) else {
            return;
        };
        let at = module.node(pattern).range;
        let is_promoted = module
            .class(class)
            .fields
            .iter()
            .any(|field| field.name == *name && field.range.start <= at.start && at.end <= field.range.end);
        if is_promoted {
            object.fields.borrow_mut().insert(name.clone(), value.clone());
        }
    }
}

/// What can be called among the alternatives of a value: a few, as distinct as they come.
fn callables(value: &Value, out: &mut Vec<Value>, depth: u32) {
    if out.len() >= 3 || depth > 6 {
        return;
    }
    match &value.kind {
        ValueKind::Choice(alternatives) => alternatives.iter().for_each(|(value, _)| callables(value, out, depth + 1)),
        ValueKind::Symbol(symbol) => {
            let known =
                out.iter().any(|other| matches!(&other.kind, ValueKind::Symbol(other) if other.path == symbol.path));
            // The same way of reaching something, through several branches, is one; distinct clients stay apart.
            if !known || depth == 0 {
                out.push(value.clone());
            }
        }
        ValueKind::Closure(_) | ValueKind::Class(_) => out.push(value.clone()),
        _ => {}
    }
}

/// A text whose parts are made harmless for a purpose.
fn cleaned_text(value: &Value, clean: crate::label::Clean, depth: u32) -> Value {
    let kind = match &value.kind {
        ValueKind::Text(parts) if depth < 4 => {
            ValueKind::Text(parts.iter().map(|part| cleaned_text(part, clean, depth + 1)).collect())
        }
        kind => kind.clone(),
    };
    Value { kind, labels: value.labels.cleaned(clean) }
}

fn is_error_name(name: &str) -> bool {
    matches!(name, "err" | "error" | "e" | "er" | "_err" | "_error")
}

fn always_throws(module: &plimsoll_ir::Module, body: NodeId) -> bool {
    match module.kind(body) {
        Kind::Throw(_) => true,
        Kind::Block(list) => list.last().is_some_and(|&last| always_throws(module, last)),
        _ => false,
    }
}

/// The function that decorators of libraries stand above: `@cache.memoize(60)`, `@retry`.
fn decorated(symbol: &Symbol, depth: u32) -> Option<Rc<Closure>> {
    let crate::value::SymbolKind::Call { args, .. } = &symbol.kind else { return None };
    let [Argument { name: None, value, spread: false }] = &args[..] else { return None };
    match &value.kind {
        ValueKind::Closure(closure) => Some(Rc::clone(closure)),
        ValueKind::Symbol(inner) if depth < 4 => decorated(inner, depth + 1),
        _ => None,
    }
}
