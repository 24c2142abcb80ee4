//! What only PHP does: names with and without a dollar, constants, includes, functions that test or fill variables.
//!
//! Variables, constants, functions and classes of PHP live in name spaces of their own, and the tree writes all of them
//! as `Name`: the source text of a name says which it is. Functions, constants and superglobals are visible everywhere.

use std::rc::Rc;

use plimsoll_ir::{Import, Kind, Language, Module, NodeId, Str};

use super::statement::joined;
use super::{Flow, Frame, Machine};
use crate::env::Names;
use crate::event::{Argument, EventKind};
use crate::fact::{Facts, assume};
use crate::label::{Clean, Label, Labels};
use crate::program::{FunctionRef, ModuleId};
use crate::value::{ClassRef, Closure, Object, Symbol, Truth, Value, ValueKind};

const SUPERGLOBALS: &[&str] =
    &["_GET", "_POST", "_REQUEST", "_COOKIE", "_FILES", "_SERVER", "_SESSION", "_ENV", "GLOBALS"];

fn is_same(a: &Value, b: &Value) -> bool {
    if a.labels != b.labels {
        return false;
    }
    match (&a.kind, &b.kind) {
        (ValueKind::Unknown, ValueKind::Unknown) | (ValueKind::Null, ValueKind::Null) => true,
        (ValueKind::Str(a), ValueKind::Str(b)) => a == b,
        (ValueKind::Num(a), ValueKind::Num(b)) => a == b,
        (ValueKind::Bool(a), ValueKind::Bool(b)) => a == b,
        (ValueKind::Text(a), ValueKind::Text(b)) => Rc::ptr_eq(a, b),
        (ValueKind::Symbol(a), ValueKind::Symbol(b)) => Rc::ptr_eq(a, b),
        (ValueKind::Object(a), ValueKind::Object(b)) => Rc::ptr_eq(a, b),
        (ValueKind::Choice(a), ValueKind::Choice(b)) => Rc::ptr_eq(a, b),
        (ValueKind::Closure(a), ValueKind::Closure(b)) => Rc::ptr_eq(a, b),
        (ValueKind::Class(a), ValueKind::Class(b)) => a == b,
        _ => false,
    }
}

/// In a function's scope: this name means the page's variable.
fn global_mark(name: &str) -> Str {
    format!("global {name}").into()
}

/// Namespace of a module with its closing backslash; empty without.
fn namespace(module: &Module) -> String {
    module
        .directives
        .iter()
        .find_map(|(text, _)| text.strip_prefix("namespace "))
        .map_or_else(String::new, |name| format!("{name}\\"))
}

/// All classes of the app's PHP code by their qualified names, and by their bare names.
pub(super) fn index_classes(machine: &mut Machine<'_>) {
    for (id, module) in machine.program.iter().filter(|(_, module)| module.language == Language::Php) {
        let namespace = namespace(module);
        for (class, at) in (0u32..).map(plimsoll_ir::ClassId).zip(&module.classes) {
            if let Some(name) = &at.name {
                let reference = ClassRef { module: id, class };
                machine.php_qualified.entry(format!("{namespace}{name}")).or_insert(reference);
            }
        }
    }
}

impl Machine<'_> {
    /// The names of the scope before something of which perhaps only a part runs; nothing for other languages, whose
    /// assignments in branches add to what a name was before.
    pub(super) fn scope_before(&mut self) -> Option<Rc<Names>> {
        if !self.is_php() {
            return None;
        }
        let env = Rc::clone(&self.frame().env);
        Some(env.names())
    }

    pub(super) fn set_scope(&mut self, names: Option<&Rc<Names>>) {
        if let Some(names) = names {
            self.frame().env.set_names(Rc::clone(names));
        }
    }

    /// Behind several paths a name is any of what the paths left in it.
    pub(super) fn merge_scopes(&mut self, ends: Vec<(Rc<Names>, Facts)>) {
        let mut ends = ends.into_iter();
        let Some((mut all, first_facts)) = ends.next() else { return };
        let mut is_first = true;
        for (names, facts) in ends {
            // Most branches leave the names as they were.
            if Rc::ptr_eq(&all, &names) {
                is_first = false;
                continue;
            }
            let all = Rc::make_mut(&mut all);
            for (name, value) in names.iter() {
                match all.get_mut(name) {
                    None => all.insert(name.clone(), value.clone()),
                    Some(known) if is_same(known, value) => {}
                    Some(known) => {
                        let old = if is_first { vetted(known, &first_facts, true) } else { None };
                        let new = vetted(value, &facts, true).unwrap_or_else(|| value.clone());
                        *known = joined(old.as_ref().unwrap_or(known), &new);
                    }
                }
            }
            is_first = false;
        }
        self.frame().env.set_names(all);
    }

    pub(super) fn is_php(&self) -> bool {
        self.code().language == Language::Php
    }

    fn source(&self, node: NodeId) -> &str {
        self.program.tree.text(self.span(node))
    }

    /// A class of the app by its name as written somewhere: qualified or not.
    pub fn php_class(&self, name: &str) -> Option<ClassRef> {
        let name = name.trim_start_matches('\\');
        self.php_qualified.get(name).or_else(|| self.php_classes.get(name.rsplit('\\').next().unwrap_or(name))).copied()
    }

    /// The class of a library that a class of the app extends, with the class's own name: `Model:Invoice`.
    pub fn library_base(&mut self, class: ClassRef) -> Option<String> {
        self.foreign_base(class, 0)
    }

    /// The files that were included in the run so far.
    pub fn included(&self) -> impl Iterator<Item = ModuleId> + '_ {
        self.php_included.iter().copied()
    }

    /// The value of a name in PHP code.
    pub(super) fn php_name(&mut self, node: NodeId, name: &Str) -> Value {
        let text = self.source(node);
        if text.starts_with('$') {
            return self.php_variable(name);
        }
        let text = text.to_owned();
        match name.as_str() {
            "__DIR__" | "__FILE__" => {
                let path = format!("/{}", self.program.path(self.module_id()));
                let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
                return Value::string(if name == "__DIR__" { folder } else { path });
            }
            "DIRECTORY_SEPARATOR" => return Value::string("/"),
            // Pages are served, not started from a shell.
            "PHP_SAPI" => return Value::string("fpm-fcgi"),
            "PHP_EOL" => return Value::string("\n"),
            "self" | "static" => {
                if let Some(class) = self.own_class() {
                    return Value::plain(ValueKind::Class(class));
                }
            }
            "parent" => {
                if let Some(class) = self.own_class() {
                    return self.bases(class).first().cloned().unwrap_or_default();
                }
            }
            _ => {}
        }
        if let Some(value) = self.php_constants.get(name) {
            return value.clone();
        }
        let (class, foreign) = self.php_class_named(name, &text);
        if let Some(class) = class {
            return Value::plain(ValueKind::Class(class));
        }
        if foreign.is_none()
            && let Some(closure) = self.php_function(name)
        {
            return Value::plain(ValueKind::Closure(closure));
        }
        let path = foreign.unwrap_or_else(|| name.to_string());
        let labels = self.knowledge.labels(&path);
        Value::symbol(Symbol::global(&path), labels)
    }

    fn php_variable(&mut self, name: &Str) -> Value {
        if !SUPERGLOBALS.contains(&name.as_str())
            && let Some(value) = self.frame().env.get(name)
        {
            return value;
        }
        let labels = self.knowledge.labels(name);
        Value::symbol(Symbol::global(name), labels)
    }

    /// The class that a name stands for, or the name of a class of a library.
    fn php_class_named(&self, name: &Str, text: &str) -> (Option<ClassRef>, Option<String>) {
        let module = self.code();
        if text.contains('\\') {
            let class = self.php_qualified.get(text.trim_start_matches('\\')).copied();
            return (class, class.is_none().then(|| name.to_string()));
        }
        for import in &module.imports {
            for (imported, local) in &import.names {
                if local == name {
                    let qualified = qualified(import, imported);
                    return match self.php_qualified.get(&qualified) {
                        Some(&class) => (Some(class), None),
                        // Laravel's usual alias says more than the name `User`.
                        None if qualified == "Illuminate\\Foundation\\Auth\\User" => {
                            (None, Some("Authenticatable".into()))
                        }
                        None => (None, Some(imported.to_string())),
                    };
                }
            }
        }
        let own = self.php_qualified.get(&format!("{}{name}", namespace(module)));
        (own.or_else(|| self.php_classes.get(name)).copied(), None)
    }

    fn own_class(&mut self) -> Option<ClassRef> {
        let frame = self.frame();
        let module = frame.module;
        let mut function = frame.function;
        while let Some(id) = function {
            let at = self.program.module(module).function(id);
            if let Some(class) = at.class {
                return Some(ClassRef { module, class });
            }
            function = at.parent;
        }
        None
    }

    fn php_function(&self, name: &str) -> Option<Rc<Closure>> {
        let name = name.to_ascii_lowercase();
        if let Some(closure) = self.php_declared.get(name.as_str()) {
            return Some(Rc::clone(closure));
        }
        let function: FunctionRef = *self.php_functions.get(name.as_str())?;
        let mut closure = (*self.closure_of(function)).clone();
        if let Some(root) = &self.php_root {
            closure.env = Rc::clone(root);
        }
        Some(Rc::new(closure))
    }

    /// Notes a function that its file declares: it is visible everywhere from now on.
    pub(super) fn php_declare(&mut self, id: plimsoll_ir::FunctionId) {
        let Some(name) = self.code().function(id).name.clone() else { return };
        let module = self.module_id();
        let frame_env = Rc::clone(&self.frame().env);
        let env = self.php_root.clone().unwrap_or(frame_env);
        let closure = Closure { module, function: id, env, this: None };
        self.php_declared.insert(name.to_ascii_lowercase().into(), Rc::new(closure));
    }

    /// What is called by a bare name or by a variable that holds a function or its name.
    pub(super) fn php_callee(&mut self, node: NodeId, name: &Str) -> Value {
        if self.source(node).starts_with('$') {
            let value = self.php_variable(name);
            return match value.as_str() {
                Some(text) => self.php_function_value(text),
                None => value,
            };
        }
        self.php_function_value(name)
    }

    fn php_function_value(&mut self, name: &str) -> Value {
        if let Some(closure) = self.php_function(name) {
            return Value::plain(ValueKind::Closure(closure));
        }
        let path = name.trim_start_matches('\\').to_ascii_lowercase();
        let labels = self.knowledge.labels(&path);
        Value::symbol(Symbol::global(&path), labels)
    }

    /// A method on an object or class: `parent::`, `self::` and `static::` keep the receiver.
    pub(super) fn php_method(&mut self, object: NodeId, property: &Str) -> (Value, Value) {
        if let Kind::Name(name) = self.kind(object)
            && matches!(name.as_str(), "self" | "static" | "parent")
            && let Some(this) = self.frame().this.clone()
        {
            let class = match self.php_name(object, name).kind {
                ValueKind::Class(class) => Some(class),
                _ => None,
            };
            // `static` and `self` on an instance: the most derived method runs.
            let class = match (&this.kind, name.as_str()) {
                (ValueKind::Object(object), "static" | "self") => object.class.or(class),
                _ => class,
            };
            if let Some(class) = class
                && let Some(method) = self.find_method(class, property, 0)
            {
                let closure = Closure { this: Some(this.clone()), ..(*method).clone() };
                return (this, Value::plain(ValueKind::Closure(Rc::new(closure))));
            }
        }
        let receiver = self.eval(object);
        let function = self.member_of(&receiver, property);
        (receiver, function)
    }

    /// After a method ran on a prepared statement held in a variable: what was bound limits what it gives.
    pub(super) fn php_after_method(
        &mut self,
        object: NodeId,
        method: &str,
        args: &[Argument],
        nodes: &[plimsoll_ir::Arg],
    ) {
        match method.to_ascii_lowercase().as_str() {
            "execute" | "bind_param" | "bindparam" | "bindvalue" => self.php_bind(object, args),
            "bind_result" | "bindcolumn" => {
                let labels = self.eval(object).labels;
                self.php_fill(nodes, 0, &labels);
            }
            _ => {}
        }
    }

    fn php_bind(&mut self, statement: NodeId, args: &[Argument]) {
        let labels = args.iter().fold(Labels::NONE, |all, arg| all.union(&arg.value.deep_labels()));
        let identity = labels.filtered(|label| matches!(label, Label::Identity));
        if identity.is_empty() {
            return;
        }
        if let Kind::Name(name) = self.kind(statement) {
            let name = name.clone();
            let env = Rc::clone(&self.frame().env);
            env.assign(&name, &|old| old.clone().with(&identity));
        }
    }

    /// Arguments by reference that a call fills.
    fn php_fill(&mut self, nodes: &[plimsoll_ir::Arg], from: usize, labels: &Labels) {
        for node in nodes.iter().skip(from) {
            self.assign_pattern(node.value, Value::of(labels.clone()));
        }
    }

    /// `include` and its kin: every file that the path can mean runs in place.
    pub(super) fn php_include(&mut self, node: NodeId, args: &[plimsoll_ir::Arg]) -> Value {
        let once = self.source(node).get(..16).unwrap_or_else(|| self.source(node)).contains("_once");
        let Some(arg) = args.first() else { return Value::unknown() };
        let value = self.eval(arg.value);
        let mut targets = self.php_targets(&value, 0);
        if targets.is_empty() {
            let code = self.code();
            let range = code.node(node).range;
            let index = code.imports.iter().position(|import| {
                import.names.is_empty() && import.range.start <= range.end && range.start <= import.range.end
            });
            targets.extend(index.and_then(|index| self.program.target(self.module_id(), index)));
        }
        let chosen = if targets.is_empty() { self.php_matching(&value) } else { Vec::new() };
        if targets.is_empty() && !chosen.is_empty() {
            let argument = Argument { name: None, value: value.clone(), spread: false };
            self.record_here(EventKind::Call { callee: Symbol::global("include"), args: Rc::new([argument]) }, node);
            targets = chosen;
        }
        targets.truncate(24);
        if targets.is_empty() {
            let argument = Argument { name: None, value, spread: false };
            let callee = Symbol::global("include");
            self.record_here(EventKind::Call { callee, args: Rc::new([argument]) }, node);
            return Value::unknown();
        }
        if let [target] = targets[..] {
            return self.php_run_file(target, once);
        }
        // One of several: what holds behind all of them.
        let before = self.frame().facts.clone();
        let span = self.span(node);
        let mut ends = Vec::new();
        let mut scopes = Vec::new();
        let scope = self.scope_before();
        self.frame().branches += 1;
        for target in targets {
            self.set_scope(scope.as_ref());
            self.frame().facts = before.clone();
            self.php_run_file(target, once);
            if !std::mem::take(&mut self.never_returned) {
                ends.push(self.frame().facts.clone());
                scopes.push((self.frame().env.names(), Facts::default()));
            }
        }
        self.frame().branches -= 1;
        self.merge_scopes(scopes);
        self.frame().facts = if ends.is_empty() { before } else { Facts::joined(&ends, span) };
        self.never_returned = ends.is_empty();
        Value::unknown()
    }

    fn php_targets(&self, value: &Value, depth: u32) -> Vec<ModuleId> {
        let own = self.module_id();
        let mut out: Vec<ModuleId> = match &value.kind {
            ValueKind::Str(path) => {
                self.program.php_file(self.php_page.unwrap_or(own), own, path).into_iter().collect()
            }
            ValueKind::Choice(alternatives) if depth < 3 => {
                alternatives.iter().flat_map(|(value, _)| self.php_targets(value, depth + 1)).collect()
            }
            ValueKind::Or(pair) if depth < 3 => {
                [&pair.0, &pair.1].into_iter().flat_map(|value| self.php_targets(value, depth + 1)).collect()
            }
            ValueKind::Text(parts) if depth < 3 => {
                // Each alternative of the one part that is not fixed.
                let mut texts = vec![String::new()];
                for part in parts.iter() {
                    let alternatives = match &part.kind {
                        ValueKind::Str(text) => vec![text.to_string()],
                        ValueKind::Choice(list) => {
                            list.iter().filter_map(|(value, _)| value.as_str().map(str::to_owned)).collect()
                        }
                        _ => return Vec::new(),
                    };
                    texts = texts
                        .iter()
                        .flat_map(|text| alternatives.iter().map(move |more| format!("{text}{more}")))
                        .take(8)
                        .collect();
                }
                texts.iter().filter_map(|text| self.program.php_file(self.php_page.unwrap_or(own), own, text)).collect()
            }
            _ => Vec::new(),
        };
        out.dedup();
        out
    }

    /// The files that a path with one part that is not fixed can mean: `"pages/$name.php"`.
    fn php_matching(&self, value: &Value) -> Vec<ModuleId> {
        let Some(shape) = value.text_shape() else { return Vec::new() };
        let Some((before, after)) = shape.split_once("{}") else { return Vec::new() };
        let Some((folder, start)) = before.rsplit_once('/') else { return Vec::new() };
        if after.contains("{}") || folder.is_empty() || before.contains("://") {
            return Vec::new();
        }
        let own = self.module_id();
        let page = self.php_page.unwrap_or(own);
        self.program.php_files_in(page, own, folder, start, after)
    }

    fn php_run_file(&mut self, target: ModuleId, once: bool) -> Value {
        if self.frames.len() >= super::MAX_FRAMES
            || self.frames.iter().any(|frame| frame.module == target && frame.function.is_none())
            || (!self.php_included.insert(target) && once)
        {
            return Value::unknown();
        }
        let frame = self.frame();
        let (env, this, facts, branches) =
            (Rc::clone(&frame.env), frame.this.clone(), frame.facts.clone(), frame.branches);
        self.frames.push(Frame { module: target, function: None, env, this, facts, returns: Vec::new(), branches });
        let flow = self.statements(&self.program.module(target).body);
        let Some(frame) = self.frames.pop() else { return Value::unknown() };
        // A file that returns a value (settings) goes on in the file that included it.
        if let Some((value, facts)) = frame.returns.into_iter().next() {
            self.frame().facts = facts;
            return value;
        }
        if flow == Flow::Normal {
            self.frame().facts = frame.facts;
        } else {
            self.never_returned = true;
        }
        Value::unknown()
    }

    /// `global $a, $b;`
    pub(super) fn php_global(&mut self, node: NodeId, names: &[NodeId]) -> bool {
        if !self.is_php() || !self.source(node).get(..6).is_some_and(|word| word.eq_ignore_ascii_case("global")) {
            return false;
        }
        for &name in names {
            if let Kind::Name(name) = self.kind(name) {
                let mark = global_mark(name);
                self.frame().env.declare(mark, Value::unknown());
            }
        }
        true
    }

    /// Assigns to a page's variable from within a function that declared it `global`; `false` where it did not.
    pub(super) fn php_assign_global(&mut self, name: &Str, value: &Value) -> bool {
        if !self.is_php() || !self.frame().env.has_own(&global_mark(name)) {
            return false;
        }
        let Some(root) = self.php_root.clone() else { return false };
        if !root.assign(name, &|old| joined(old, value)) {
            root.declare(name.clone(), value.clone());
        }
        true
    }

    /// The loop variables of `foreach ($list as $key => $value)`; `None` for any other pattern.
    pub(super) fn php_pair(&self, binding: NodeId) -> Option<(NodeId, NodeId)> {
        let Kind::Array(items) = self.kind(binding) else { return None };
        let &[key, value] = &items[..] else { return None };
        let text = self.source(binding);
        let is_list = text.starts_with('[') || text.get(..4).is_some_and(|word| word.eq_ignore_ascii_case("list"));
        (self.is_php() && !is_list).then_some((key, value))
    }

    /// `match` as a value: any of its arms.
    pub(super) fn php_match(&mut self, subject: NodeId, cases: &[(Option<NodeId>, NodeId)]) -> Value {
        self.eval(subject);
        let before = self.frame().facts.clone();
        self.frame().branches += 1;
        let mut arms = Vec::new();
        for &(test, arm) in cases {
            if let Some(test) = test {
                self.eval(test);
            }
            if !matches!(self.kind(arm), Kind::Throw(_)) {
                arms.push(self.eval(arm));
            }
            self.frame().facts = before.clone();
        }
        self.frame().branches -= 1;
        Self::join_all(arms)
    }

    /// Functions of the language that the interpreter must understand itself.
    pub(super) fn php_builtin(
        &mut self,
        node: NodeId,
        name: &str,
        nodes: &[plimsoll_ir::Arg],
        args: &[Argument],
    ) -> Option<Value> {
        let first = args.first().map(|arg| arg.value.clone());
        match name {
            "isset" => {
                let mut all: Option<Value> = None;
                for arg in args {
                    let value = match &arg.value.kind {
                        ValueKind::Null => Value::plain(ValueKind::Bool(false)),
                        ValueKind::Str(_) | ValueKind::Num(_) | ValueKind::Bool(_) | ValueKind::Object(_)
                            if arg.value.labels.is_empty() =>
                        {
                            Value::plain(ValueKind::Bool(true))
                        }
                        _ => arg.value.clone(),
                    };
                    all = Some(match all {
                        None => value,
                        Some(left) => {
                            let labels = left.labels.union(&value.labels);
                            Value { kind: ValueKind::And(Rc::new((left, value))), labels }
                        }
                    });
                }
                all
            }
            "empty" | "is_null" => {
                let value = first?;
                Some(match value.truth() {
                    Truth::Maybe => {
                        let labels = value.labels.clone();
                        Value { kind: ValueKind::Not(Rc::new(value)), labels }
                    }
                    truth => Value { kind: ValueKind::Bool(truth == Truth::No), labels: value.labels },
                })
            }
            "define" => {
                if let Some(name) = first.as_ref().and_then(Value::as_str) {
                    let value = args.get(1).map(|arg| arg.value.clone()).unwrap_or_default();
                    self.php_constants.entry(name.into()).or_insert(value);
                }
                Some(Value::plain(ValueKind::Bool(true)))
            }
            "defined" => {
                let name = first?.as_str()?.to_owned();
                // Only a page that runs from its start knows what is not defined.
                let known = self.php_constants.contains_key(name.as_str());
                (known || self.php_root.is_some()).then(|| Value::plain(ValueKind::Bool(known)))
            }
            "constant" => self.php_constants.get(first?.as_str()?).cloned(),
            "php_sapi_name" => Some(Value::string("fpm-fcgi")),
            "array_key_exists" | "key_exists" => {
                let among = args.get(1)?.value.clone();
                Some(self.index_of(&among, first?))
            }
            "in_array" => {
                let (value, among) = (first?, args.get(1)?.value.clone());
                let labels = value.labels.union(&among.labels);
                if let (ValueKind::Str(wanted), ValueKind::Object(object), true) =
                    (&value.kind, &among.kind, labels.is_empty())
                {
                    let items = object.items.borrow();
                    let known = object.spreads.borrow().is_empty()
                        && object.fields.borrow().is_empty()
                        && items.iter().all(|item| matches!(item.kind, ValueKind::Str(_)));
                    if known {
                        let found = items.iter().any(|item| item.as_str() == Some(wanted.as_str()));
                        return Some(Value::plain(ValueKind::Bool(found)));
                    }
                }
                Some(Value { kind: ValueKind::In(Rc::new((value, among))), labels })
            }
            "sprintf" | "vsprintf" | "printf" | "vprintf" => {
                let values: Vec<Value> = if name.starts_with('v') {
                    args.get(1).map(|arg| arg.value.items()).unwrap_or_default()
                } else {
                    args.iter().skip(1).map(|arg| arg.value.clone()).collect()
                };
                let text = self.php_format(&first?, values);
                if name.ends_with("printf") && !name.ends_with("sprintf") {
                    self.record_here(EventKind::Output { value: text }, node);
                    return Some(Value::unknown());
                }
                Some(text)
            }
            "strtoupper" => Some(Value::string(first?.as_str()?.to_ascii_uppercase())),
            "strtolower" => Some(Value::string(first?.as_str()?.to_ascii_lowercase())),
            "dirname" => {
                let path = first?.as_str()?.to_owned();
                let levels = match args.get(1).map(|arg| &arg.value.kind) {
                    Some(ValueKind::Num(levels)) if *levels >= 1.0 && *levels < 16.0 => *levels as usize,
                    Some(_) => return None,
                    None => 1,
                };
                let mut at = path.as_str();
                for _ in 0..levels {
                    at = at.rsplit_once('/').map_or("", |(folder, _)| folder);
                }
                Some(Value::string(at))
            }
            "realpath" => Some(Value::string(first?.as_str()?)),
            "implode" | "join" => {
                let list = args.iter().find(|arg| matches!(arg.value.kind, ValueKind::Object(_)))?.value.clone();
                let separator = args.iter().find_map(|arg| arg.value.as_str()).unwrap_or("").to_owned();
                let object = list.as_object()?;
                if !object.spreads.borrow().is_empty() {
                    return Some(Value::plain(ValueKind::Text(Rc::new([Value::of(list.deep_labels())]))));
                }
                let inner: Vec<Value> =
                    object.items.borrow().iter().chain(object.fields.borrow().values()).cloned().collect();
                let mut parts = Vec::new();
                for value in inner {
                    if !parts.is_empty() {
                        parts.push(Value::string(separator.as_str()));
                    }
                    match &value.kind {
                        ValueKind::Text(more) => parts.extend(more.iter().cloned()),
                        _ => parts.push(value),
                    }
                }
                let labels = parts.iter().fold(Labels::NONE, |all, part| all.union(&part.labels));
                Some(Value { kind: ValueKind::Text(parts.into()), labels })
            }
            "compact" => {
                let object = Object::new(self.site(node), false);
                for name in args.iter().filter_map(|arg| arg.value.as_str()) {
                    let value = self.php_variable(&name.into());
                    object.fields.borrow_mut().insert(name.into(), value);
                }
                Some(Value::plain(ValueKind::Object(Rc::new(object))))
            }
            "extract" => {
                let object = first?.as_object().cloned()?;
                let fields = object.fields.borrow().clone();
                for (name, value) in fields {
                    self.frame().env.declare(name, value);
                }
                None
            }
            "array_merge" | "array_replace" => {
                let object = Object::new(self.site(node), false);
                object.may_be_empty.set(true);
                for arg in args {
                    match arg.value.as_object() {
                        Some(inner) => {
                            object.fields.borrow_mut().extend(inner.fields.borrow().clone());
                            object.items.borrow_mut().extend(inner.items.borrow().iter().cloned());
                            object.spreads.borrow_mut().extend(inner.spreads.borrow().iter().cloned());
                        }
                        None => object.spreads.borrow_mut().push(arg.value.clone()),
                    }
                }
                Some(Value::plain(ValueKind::Object(Rc::new(object))))
            }
            "array_push" | "array_unshift" => {
                let target = nodes.first()?.value;
                for arg in args.iter().skip(1) {
                    let receiver = self.eval(target);
                    self.assign_element(target, receiver, arg.value.clone());
                }
                Some(Value::unknown())
            }
            "array_map" | "array_filter" | "array_walk" => {
                let (function, list) = if name == "array_map" {
                    (first?, args.get(1)?)
                } else {
                    (args.get(1)?.value.clone(), args.first()?)
                };
                let list = list.value.clone();
                let function = match function.as_str() {
                    Some(text) => self.php_function_value(text),
                    None => function,
                };
                let mut results = Vec::new();
                for item in self.elements(&list) {
                    let argument = Argument { name: None, value: item, spread: false };
                    let facts = self.frame().facts.clone();
                    results.push(self.call_value(&function, None, vec![argument], node, ""));
                    self.frame().facts = facts;
                }
                if name != "array_map" {
                    return Some(list);
                }
                let object = Object::new(self.site(node), true);
                object.may_be_empty.set(true);
                object.items.borrow_mut().extend(results);
                Some(Value::plain(ValueKind::Object(Rc::new(object))))
            }
            "call_user_func" | "call_user_func_array" => {
                let rest: Vec<Argument> = if name == "call_user_func" {
                    args.get(1..).unwrap_or_default().to_vec()
                } else {
                    let items = args.get(1).map(|arg| arg.value.items()).unwrap_or_default();
                    items.into_iter().map(|value| Argument { name: None, value, spread: false }).collect()
                };
                let function = first?;
                let function = match (function.as_str(), &function.items()[..]) {
                    (Some(text), _) => self.php_function_value(text),
                    (None, [object, method]) => {
                        let method = method.as_str()?.to_owned();
                        let object = match object.as_str().and_then(|name| self.php_class(name)) {
                            Some(class) => Value::plain(ValueKind::Class(class)),
                            None => object.clone(),
                        };
                        self.member_of(&object, &method)
                    }
                    _ => function,
                };
                matches!(function.kind, ValueKind::Closure(_)).then(|| self.call_value(&function, None, rest, node, ""))
            }
            "preg_match" | "preg_match_all" => {
                let labels = args.get(1).map(|arg| arg.value.deep_labels()).unwrap_or_default();
                self.php_fill(nodes, 2, &labels);
                None
            }
            "mysqli_stmt_bind_param" | "mysqli_stmt_execute" => {
                self.php_bind(nodes.first()?.value, args.get(1..).unwrap_or_default());
                None
            }
            "mysqli_stmt_bind_result" => {
                let labels = first?.labels;
                self.php_fill(nodes, 1, &labels);
                None
            }
            // Laravel's helpers that refuse on a condition.
            "abort_if" | "abort_unless" | "throw_if" | "throw_unless" => {
                let refuses_when = name.ends_with("_if");
                let span = nodes.first().map_or_else(|| self.span(node), |arg| self.span(arg.value));
                match assume(&first?, !refuses_when, span) {
                    Some(facts) => {
                        let frame = self.frame();
                        frame.facts = frame.facts.with(facts);
                    }
                    None => self.never_returned = true,
                }
                Some(Value::unknown())
            }
            _ => None,
        }
    }

    /// `sprintf`: the text with its values in place.
    fn php_format(&mut self, format: &Value, values: Vec<Value>) -> Value {
        let Some(text) = format.as_str().map(str::to_owned) else {
            let labels = values.iter().fold(format.deep_labels(), |all, value| all.union(&value.deep_labels()));
            let mut parts = vec![format.clone()];
            parts.extend(values);
            return Value { kind: ValueKind::Text(parts.into()), labels };
        };
        let mut parts = Vec::new();
        let mut values = values.into_iter();
        let mut fixed = String::new();
        let mut rest = text.chars().peekable();
        while let Some(c) = rest.next() {
            if c != '%' {
                fixed.push(c);
                continue;
            }
            if rest.peek() == Some(&'%') {
                rest.next();
                fixed.push('%');
                continue;
            }
            let kind = rest.by_ref().find(char::is_ascii_alphabetic);
            let value = values.next().unwrap_or_default();
            if !fixed.is_empty() {
                parts.push(Value::string(std::mem::take(&mut fixed)));
            }
            parts.push(match kind {
                Some('s') | None => value,
                Some(_) => Value::of(value.deep_labels().cleaned(Clean::ALL)),
            });
        }
        if !fixed.is_empty() {
            parts.push(Value::string(fixed));
        }
        let labels = parts.iter().fold(Labels::NONE, |all, part| all.union(&part.deep_labels()));
        Value { kind: ValueKind::Text(parts.into()), labels }
    }

    /// An instance of a class as a framework makes it: what its constructor asks for by class is made too.
    pub fn instance_of(&mut self, class: ClassRef) -> Value {
        self.injected(class, 0)
    }

    fn injected(&mut self, class: ClassRef, depth: u32) -> Value {
        let whole = Value::plain(ValueKind::Object(Rc::new(Object {
            class: Some(class),
            ..Object::new(crate::program::Site { module: class.module, node: NodeId(0) }, false)
        })));
        if depth > 4 {
            return whole;
        }
        self.fill_fields(class, &whole, 0);
        let Some(method) = self.find_method(class, "__construct", 0) else { return whole };
        let program = self.program;
        let module = program.module(method.module);
        let mut args = Vec::new();
        for param in &module.function(method.function).params {
            let wanted = param.annotation.map(|annotation| self.evaluate_in_module(method.module, annotation));
            let value = match wanted.map(|value| value.kind) {
                Some(ValueKind::Class(class)) => self.injected(class, depth + 1),
                Some(ValueKind::Symbol(symbol)) if symbol.path == "Request" => {
                    Value::symbol(Symbol::given("@laravel"), Labels::NONE)
                }
                Some(ValueKind::Symbol(symbol)) => {
                    Value::symbol(Symbol::import(format!("{}()", symbol.path)), Labels::NONE)
                }
                _ => Value::unknown(),
            };
            args.push(Argument { name: None, value, spread: false });
        }
        let closure = Rc::new(Closure { this: Some(whole.clone()), ..(*method).clone() });
        let facts = Facts::default();
        self.invoke_root(&closure, &args, facts);
        whole
    }
}

fn qualified(import: &Import, name: &str) -> String {
    if import.module.is_empty() { name.to_owned() } else { format!("{}\\{name}", import.module) }
}

impl Facts {
    /// The value, with what these facts say was tested (against a fixed list or a strict pattern) taken as harmless.
    pub fn vet(&self, value: &Value) -> Value {
        if !value.labels.has_input(Clean::NONE) {
            return value.clone();
        }
        if let Some(vetted) = vetted(value, self, true) {
            return vetted;
        }
        match &value.kind {
            ValueKind::Text(parts) => {
                let parts: Rc<[Value]> = parts.iter().map(|part| self.vet(part)).collect();
                let labels = parts.iter().fold(Labels::NONE, |all, part| all.union(&part.labels));
                Value { kind: ValueKind::Text(parts), labels }
            }
            _ => value.clone(),
        }
    }
}

/// The labels of a value that was tested against a fixed list, a pattern or for being a number are harmless where the
/// test holds.
pub(super) fn vetted(value: &Value, facts: &Facts, holding: bool) -> Option<Value> {
    if !value.labels.has_input(Clean::NONE) {
        return None;
    }
    let is_same = |tested: &Value| !tested.labels.is_empty() && tested.labels == value.labels;
    let tested = facts.iter().any(|fact| match fact {
        crate::Fact::In { value, among, holds, .. } => {
            *holds == holding && is_same(value) && among.deep_labels().is_empty()
        }
        crate::Fact::Truthy { value, holds, .. } => {
            *holds == holding
                && value.as_symbol().is_some_and(|symbol| {
                    symbol.calls().last().is_some_and(|(name, args, _)| {
                        is_vetting(name) && args.iter().any(|arg| is_same(&arg.value))
                            || name == "preg_match"
                                && args.first().and_then(|arg| arg.value.as_str()).is_some_and(is_strict_pattern)
                                && args.get(1).is_some_and(|arg| is_same(&arg.value))
                    })
                })
        }
        _ => false,
    });
    // What it was put together from is tested with it.
    let kind = match &value.kind {
        ValueKind::Symbol(symbol) => ValueKind::Symbol(Rc::clone(symbol)),
        _ => ValueKind::Unknown,
    };
    tested.then(|| Value { kind, labels: value.labels.cleaned(Clean::ALL) })
}

/// A value that another takes the place of where it fails a test: where it stays it has passed. `fact` says that it failed.
pub(super) fn passed_where_kept(value: &Value, fact: &crate::Fact) -> Option<Value> {
    let alone = |fact: &crate::Fact| vetted(value, &Facts::default().with(vec![fact.clone()]), false);
    match fact {
        // It is kept where none of the conditions holds.
        crate::Fact::AnyOf { branches, .. } => branches.iter().find_map(|branch| match &branch[..] {
            [only] => alone(only),
            _ => None,
        }),
        fact => alone(fact),
    }
}

fn is_vetting(name: &str) -> bool {
    matches!(
        name,
        "is_numeric" | "ctype_digit" | "ctype_alnum" | "ctype_alpha" | "ctype_xdigit" | "is_int" | "checkdate"
    )
}

/// A pattern over the whole text without dots for anything.
fn is_strict_pattern(pattern: &str) -> bool {
    let inner = pattern.trim_start_matches(['/', '#', '~', '@', '!']);
    inner.starts_with('^')
        && inner.contains('$')
        && !inner.contains(".*")
        && !inner.contains(".+")
        && !inner.contains("\\S")
}
