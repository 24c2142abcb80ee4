//! Expressions, patterns and types.

use plimsoll_ir::{Arg, BinaryOp, Function, Import, Key, Kind, NodeId, Param, Property, Range, Str, UnaryOp};

use super::Lower;
use super::string::Style;
use crate::cst::Cn;
use crate::number::number;

impl<'c> Lower<'c> {
    /// An expression. Chains that lean to the left (`$a . $b . …`, `$a->b()->c()…`) and parentheses are walked in a
    /// loop, so that only true nesting counts against the depth bound.
    pub(super) fn expr(&mut self, node: Cn<'c>) -> NodeId {
        let mut spine = Vec::new();
        let mut at = node;
        loop {
            let left = match at.kind() {
                "parenthesized_expression" => {
                    let Some(inner) = at.kid() else { break };
                    at = inner;
                    continue;
                }
                "binary_expression" => at.field("left"),
                "member_access_expression"
                | "nullsafe_member_access_expression"
                | "member_call_expression"
                | "nullsafe_member_call_expression" => at.field("object"),
                "scoped_call_expression" | "scoped_property_access_expression" => at.field("scope"),
                "function_call_expression" => at.field("function"),
                "subscript_expression" | "class_constant_access_expression" => at.kid(),
                _ => None,
            };
            let Some(left) = left else { break };
            spine.push(at);
            at = left;
        }
        // Arguments, indexes and right sides lie one level deeper.
        let nests = !spine.is_empty();
        if nests && !self.b.enter(node.range()) {
            return self.opaque(node);
        }
        let mut done = self.operand(at);
        while let Some(node) = spine.pop() {
            done = self.extend(node, done);
        }
        if nests {
            self.b.leave();
        }
        done
    }

    /// The parent of a left operand that is already lowered.
    fn extend(&mut self, node: Cn<'c>, left: NodeId) -> NodeId {
        match node.kind() {
            "binary_expression" => self.binary(node, left),
            "function_call_expression" => self.call(node, left),
            "member_call_expression" | "nullsafe_member_call_expression" | "scoped_call_expression" => {
                let callee = self.member(node, left);
                self.call(node, callee)
            }
            "subscript_expression" => {
                let index = match node.kids().nth(1) {
                    Some(index) => self.expr(index),
                    // `$list[] = …`
                    None => self.hole(node),
                };
                self.add(Kind::Index { object: left, index }, node)
            }
            _ => self.member(node, left),
        }
    }

    fn binary(&mut self, node: Cn<'c>, left: NodeId) -> NodeId {
        let operator = node.field("operator").map_or("", Cn::text).to_ascii_lowercase();
        let right = self.expr_or_hole(node.field("right"), node);
        let op = match operator.as_str() {
            "&&" | "and" => BinaryOp::And,
            "||" | "or" => BinaryOp::Or,
            "??" => BinaryOp::Coalesce,
            "==" | "===" => BinaryOp::Equal,
            "!=" | "!==" | "<>" => BinaryOp::NotEqual,
            "<" | "<=" | ">" | ">=" | "<=>" => BinaryOp::Compare,
            "instanceof" => BinaryOp::InstanceOf,
            "+" => BinaryOp::Add,
            "." => BinaryOp::Concat,
            "%" => BinaryOp::Percent,
            "|>" => {
                let args = [Arg { name: None, value: left }].into();
                return self.add(Kind::Call { callee: right, args, new: false }, node);
            }
            _ => BinaryOp::Arithmetic,
        };
        self.add(Kind::Binary { op, left, right }, node)
    }

    /// `object->name`, `Class::name`, `object->$name`, as far as the name.
    fn member(&mut self, node: Cn<'c>, object: NodeId) -> NodeId {
        let name = node.field("name").or_else(|| node.kids().nth(1));
        let range = Range { start: node.start(), end: name.map_or(node.end(), Cn::end) };
        let Some(name) = name else {
            return self.add_range(Kind::Member { object, property: Str::default() }, range);
        };
        let is_static = matches!(node.kind(), "scoped_property_access_expression");
        match name.kind() {
            "name" => self.add_range(Kind::Member { object, property: name.text().into() }, range),
            "variable_name" if is_static => {
                let property = name.text().trim_start_matches('$').into();
                self.add_range(Kind::Member { object, property }, range)
            }
            _ => {
                let index = self.expr(name);
                self.add_range(Kind::Index { object, index }, range)
            }
        }
    }

    fn call(&mut self, node: Cn<'c>, callee: NodeId) -> NodeId {
        let list = node.field("arguments");
        if list.is_some_and(|list| list.kid().is_some_and(|kid| kid.kind() == "variadic_placeholder")) {
            return callee;
        }
        let args = list.map_or_else(Vec::new, |list| self.args(list));
        let plain = match self.b.module.kind(callee) {
            Kind::Name(name) => name.to_ascii_lowercase(),
            _ => String::new(),
        };
        if plain == "define"
            && let [name, value] = &args[..]
            && let Kind::Str(name) = self.b.module.kind(name.value)
        {
            let name = name.clone();
            self.note_constant(name, value.value);
        }
        let id = self.add(Kind::Call { callee, args: args.into(), new: false }, node);
        if matches!(plain.as_str(), "exit" | "die") {
            if let Some(Kind::Name(name)) = self.b.module.nodes.get_mut(callee.0 as usize).map(|node| &mut node.kind) {
                *name = "exit".into();
            }
            return self.add(Kind::Throw(Some(id)), node);
        }
        id
    }

    pub(super) fn args(&mut self, list: Cn<'c>) -> Vec<Arg> {
        let mut args = Vec::new();
        for arg in list.kids() {
            if arg.kind() != "argument" {
                args.push(Arg { name: None, value: self.expr(arg) });
                continue;
            }
            let name: Option<Str> = arg.field("name").map(|name| name.text().into());
            let value = arg.kids().filter(|kid| !matches!(kid.field_name(), "name" | "reference_modifier")).last();
            let value = match value {
                Some(value) => self.named_value(value, name.as_ref()),
                None => self.hole(arg),
            };
            args.push(Arg { name, value });
        }
        args
    }

    pub(super) fn expr_or_hole(&mut self, node: Option<Cn<'c>>, parent: Cn<'c>) -> NodeId {
        match node {
            Some(node) => self.expr(node),
            None => self.hole(parent),
        }
    }

    /// A value that is being given a name: a closure takes it over.
    pub(super) fn named_value(&mut self, value: Cn<'c>, name: Option<&Str>) -> NodeId {
        if matches!(value.kind(), "anonymous_function" | "arrow_function") && self.b.enter(value.range()) {
            let id = self.closure(value, name.cloned());
            self.b.leave();
            return id;
        }
        self.expr(value)
    }

    fn operand(&mut self, node: Cn<'c>) -> NodeId {
        match node.kind() {
            "variable_name" => return self.variable(node),
            "name" | "relative_scope" => return self.name(node),
            "qualified_name" | "relative_name" => return self.qualified(node),
            "boolean" => return self.add(Kind::Bool(node.text().eq_ignore_ascii_case("true")), node),
            "null" => return self.add(Kind::Null, node),
            "integer" | "float" => {
                let kind = number(node.text()).map_or(Kind::Opaque(Box::default()), Kind::Num);
                return self.add(kind, node);
            }
            _ => {}
        }
        if !self.b.enter(node.range()) {
            return self.opaque(node);
        }
        let id = self.nested(node);
        self.b.leave();
        id
    }

    fn nested(&mut self, node: Cn<'c>) -> NodeId {
        match node.kind() {
            "string" | "encapsed_string" | "heredoc" | "nowdoc" => self.string(node),
            "shell_command_expression" => {
                let command = self.quoted(node, '`', Style::Shell);
                let callee = self.add(Kind::Name("shell_exec".into()), node);
                let args = [Arg { name: None, value: command }].into();
                self.add(Kind::Call { callee, args, new: false }, node)
            }
            "assignment_expression" | "reference_assignment_expression" => self.assignment(node),
            "augmented_assignment_expression" => self.augmented(node),
            "conditional_expression" => self.conditional(node),
            "unary_op_expression" => self.unary(node),
            "update_expression" => self.pass_through(node, UnaryOp::Arithmetic),
            "error_suppression_expression" | "clone_expression" => self.pass_through(node, UnaryOp::Other),
            "cast_expression" => self.cast(node),
            "include_expression" | "include_once_expression" | "require_expression" | "require_once_expression" => {
                self.include(node)
            }
            "object_creation_expression" => self.creation(node),
            "array_creation_expression" => self.array(node),
            "list_literal" => self.list_pattern(node),
            "anonymous_function" | "arrow_function" => self.closure(node, None),
            "anonymous_class" => {
                let id = self.class(node);
                self.add(Kind::Class(id), node)
            }
            "match_expression" => self.match_expression(node),
            "print_intrinsic" => {
                let value = self.expr_or_hole(node.kid(), node);
                self.add(Kind::Output([value].into()), node)
            }
            "throw_expression" => {
                let value = self.expr_or_hole(node.kid(), node);
                self.add(Kind::Throw(Some(value)), node)
            }
            "yield_expression" => self.yielded(node),
            "by_ref" | "argument" => self.expr_or_hole(node.kids().last(), node),
            "variadic_unpacking" => {
                let value = self.expr_or_hole(node.kid(), node);
                self.add(Kind::Spread(value), node)
            }
            "dynamic_variable_name" => self.dynamic_variable(node),
            "sequence_expression" => {
                let items = self.sequence(node);
                self.add(Kind::Opaque(items.into()), node)
            }
            "pair" => {
                let items: Box<[NodeId]> = node.kids().map(|kid| self.expr(kid)).collect();
                self.add(Kind::Array(items), node)
            }
            "optional_type"
            | "union_type"
            | "intersection_type"
            | "disjunctive_normal_form_type"
            | "named_type"
            | "primitive_type"
            | "bottom_type"
            | "type_list" => self.type_name(node),
            _ => {
                let items = self.anything(node);
                self.add(Kind::Opaque(items), node)
            }
        }
    }

    /// The children of something that has no word of its own, broken code above all.
    pub(super) fn anything(&mut self, node: Cn<'c>) -> Box<[NodeId]> {
        let mut items = Vec::new();
        self.statements(node, &mut items);
        items.into()
    }

    fn variable(&mut self, node: Cn<'c>) -> NodeId {
        match node.text() {
            "$this" => self.add(Kind::This, node),
            text => self.add(Kind::Name(text.trim_start_matches('$').into()), node),
        }
    }

    /// `\App\Models\User`: the name, and where it comes from.
    pub(super) fn qualified(&mut self, node: Cn<'c>) -> NodeId {
        let text: String = node.text().chars().filter(|c| !c.is_whitespace()).collect();
        let path = text.trim_start_matches('\\');
        let path = if node.kind() == "relative_name" { path.trim_start_matches("namespace\\") } else { path };
        let (module, last) = path.rsplit_once('\\').unwrap_or(("", path));
        let last: Str = last.into();
        if !module.is_empty() && self.imported.insert((module.into(), last.clone())) {
            self.b.module.imports.push(Import {
                module: module.into(),
                names: vec![(last.clone(), last.clone())],
                type_only: false,
                is_dynamic: false,
                range: node.range(),
            });
        }
        self.add(Kind::Name(last), node)
    }

    /// `${name}` is `$name`; `$$name` cannot be told.
    fn dynamic_variable(&mut self, node: Cn<'c>) -> NodeId {
        let inner = node.kid();
        let braces = node.has_token("{");
        match inner {
            Some(name) if name.kind() == "name" && braces => self.name(name),
            // `${row['key']}` within a string is `$row['key']`.
            Some(index) if index.kind() == "subscript_expression" && braces => self.expr(index),
            Some(inner) => {
                let inner = self.expr(inner);
                self.add(Kind::Opaque([inner].into()), node)
            }
            None => self.opaque(node),
        }
    }

    fn assignment(&mut self, node: Cn<'c>) -> NodeId {
        let left = node.field("left");
        let target = self.expr_or_hole(left, node);
        let name: Option<Str> =
            left.filter(|left| left.kind() == "variable_name").map(|left| left.text().trim_start_matches('$').into());
        let value = match node.field("right") {
            Some(right) => self.named_value(right, name.as_ref()),
            None => self.hole(node),
        };
        self.add(Kind::Assign { target, op: None, value }, node)
    }

    fn augmented(&mut self, node: Cn<'c>) -> NodeId {
        let op = match node.field("operator").map_or("", Cn::kind) {
            "+=" => BinaryOp::Add,
            ".=" => BinaryOp::Concat,
            "??=" => BinaryOp::Coalesce,
            "%=" => BinaryOp::Percent,
            _ => BinaryOp::Arithmetic,
        };
        let target = self.expr_or_hole(node.field("left"), node);
        let value = self.expr_or_hole(node.field("right"), node);
        self.add(Kind::Assign { target, op: Some(op), value }, node)
    }

    fn conditional(&mut self, node: Cn<'c>) -> NodeId {
        let test = self.expr_or_hole(node.field("condition"), node);
        let Some(then) = node.field("body") else {
            let right = self.expr_or_hole(node.field("alternative"), node);
            return self.add(Kind::Binary { op: BinaryOp::Or, left: test, right }, node);
        };
        let then = self.expr(then);
        let otherwise = self.expr_or_hole(node.field("alternative"), node);
        self.add(Kind::Conditional { test, then, otherwise }, node)
    }

    fn unary(&mut self, node: Cn<'c>) -> NodeId {
        let op = match node.field("operator").map_or("", Cn::kind) {
            "!" => UnaryOp::Not,
            _ => UnaryOp::Arithmetic,
        };
        self.pass_through(node, op)
    }

    fn pass_through(&mut self, node: Cn<'c>, op: UnaryOp) -> NodeId {
        let operand = self.expr_or_hole(node.field("argument").or_else(|| node.kid()), node);
        self.add(Kind::Unary { op, operand }, node)
    }

    /// `(int) $x` is a call of `int`: casts make values harmless.
    fn cast(&mut self, node: Cn<'c>) -> NodeId {
        let word = node.field("type");
        let name = match word.map_or("", Cn::text).trim().to_ascii_lowercase().as_str() {
            "int" | "integer" => "int",
            "bool" | "boolean" => "bool",
            "float" | "double" | "real" => "float",
            "string" | "binary" => "string",
            "array" => "array",
            "object" => "object",
            _ => "unset",
        };
        let callee = self.add(Kind::Name(name.into()), word.unwrap_or(node));
        let value = self.expr_or_hole(node.field("value"), node);
        self.add(Kind::Call { callee, args: [Arg { name: None, value }].into(), new: false }, node)
    }

    fn include(&mut self, node: Cn<'c>) -> NodeId {
        let word = node.children().next().unwrap_or(node);
        let callee = self.add(Kind::Name("include".into()), word);
        let value = self.expr_or_hole(node.kid(), node);
        self.note_include(value, node.range());
        self.add(Kind::Call { callee, args: [Arg { name: None, value }].into(), new: false }, node)
    }

    fn creation(&mut self, node: Cn<'c>) -> NodeId {
        let class = node.kids().find(|kid| kid.kind() != "arguments");
        // The arguments of an anonymous class stand inside of it.
        let list = node.kid_of("arguments").or_else(|| class.and_then(|class| class.kid_of("arguments")));
        let callee = match class {
            Some(class) => self.expr(class),
            // `new static`
            None => {
                let word = node.children().filter(|child| !child.is_named() && child.kind() != "new").last();
                self.name(word.unwrap_or(node))
            }
        };
        let args = list.map_or_else(Vec::new, |list| self.args(list));
        self.add(Kind::Call { callee, args: args.into(), new: true }, node)
    }

    fn array(&mut self, node: Cn<'c>) -> NodeId {
        let elements: Vec<Cn<'c>> = node.kids().collect();
        if !elements.iter().any(|element| element.has_token("=>")) {
            let items: Vec<NodeId> = elements
                .into_iter()
                .map(|element| match element.kind() {
                    "array_element_initializer" => self.expr_or_hole(element.kid(), element),
                    _ => self.expr(element),
                })
                .collect();
            return self.add(Kind::Array(items.into()), node);
        }
        let mut entries = Vec::new();
        let mut next_index = 0u32;
        for element in elements {
            let kids: Vec<Cn<'c>> = element.kids().collect();
            let range = element.range();
            let entry = match kids[..] {
                [key, value] if element.has_token("=>") => {
                    let key = self.key(key);
                    let name = match &key {
                        Key::Named(name) => Some(name.clone()),
                        Key::Computed(_) | Key::Spread => None,
                    };
                    Property { key, value: self.named_value(value, name.as_ref()), range }
                }
                [spread] if spread.kind() == "variadic_unpacking" => {
                    Property { key: Key::Spread, value: self.expr_or_hole(spread.kid(), spread), range }
                }
                [value] => {
                    let key = Key::Named(next_index.to_string().into());
                    next_index += 1;
                    Property { key, value: self.expr(value), range }
                }
                _ => Property { key: Key::Spread, value: self.expr(element), range },
            };
            entries.push(entry);
        }
        self.add(Kind::Object(entries.into()), node)
    }

    fn key(&mut self, node: Cn<'c>) -> Key {
        if node.kind() == "integer" {
            return Key::Named(node.text().into());
        }
        let id = self.expr(node);
        match self.b.module.kind(id) {
            Kind::Str(text) => Key::Named(text.clone()),
            _ => Key::Computed(id),
        }
    }

    /// `list($a, , $b)`, `[$a, $b]` and `['x' => $a]` on the left of an assignment.
    fn list_pattern(&mut self, node: Cn<'c>) -> NodeId {
        let keyed = node.has_token("=>");
        let mut entries = Vec::new();
        let mut items: Vec<Option<NodeId>> = Vec::new();
        let mut key: Option<Cn<'c>> = None;
        let mut last: Option<Cn<'c>> = None;
        for child in node.children() {
            match child.kind() {
                "=>" => key = last.take(),
                "," | ")" | "]" if !child.is_named() => {
                    let value = last.take();
                    if keyed {
                        if let Some(value) = value {
                            let start = key.unwrap_or(value).start();
                            let key = match key.take() {
                                Some(key) => self.key(key),
                                None => Key::Spread,
                            };
                            let range = Range { start, end: value.end() };
                            entries.push(Property { key, value: self.expr(value), range });
                        }
                    } else if value.is_some() || child.kind() == "," {
                        items.push(value.map(|value| self.expr(value)));
                    }
                }
                "comment" => {}
                _ if child.is_named() => last = Some(child),
                _ => {}
            }
        }
        if keyed {
            return self.add(Kind::Object(entries.into()), node);
        }
        let items: Vec<NodeId> = items
            .into_iter()
            .map(|item| match item {
                Some(id) => id,
                None => self.b.add(Kind::Opaque(Box::default()), node.start(), node.start()),
            })
            .collect();
        self.add(Kind::Array(items.into()), node)
    }

    fn yielded(&mut self, node: Cn<'c>) -> NodeId {
        let inner = match node.kid() {
            Some(element) if element.kind() == "array_element_initializer" => {
                let kids: Vec<Cn<'c>> = element.kids().collect();
                match kids[..] {
                    [one] => self.expr(one),
                    _ => {
                        let items: Vec<NodeId> = kids.into_iter().map(|kid| self.expr(kid)).collect();
                        self.add(Kind::Array(items.into()), element)
                    }
                }
            }
            Some(value) => self.expr(value),
            None => self.add(Kind::Null, node),
        };
        self.add(Kind::Await(inner), node)
    }

    /// `a, b, c` in `for` and `echo`: nested to the right in the grammar, flat here.
    pub(super) fn sequence(&mut self, node: Cn<'c>) -> Vec<NodeId> {
        let mut items = Vec::new();
        let mut next = Some(node);
        while let Some(node) = next.take() {
            if node.kind() != "sequence_expression" {
                items.push(self.expr(node));
                break;
            }
            for kid in node.kids() {
                if kid.kind() == "sequence_expression" {
                    next = Some(kid);
                } else {
                    items.push(self.expr(kid));
                }
            }
        }
        items
    }

    fn match_expression(&mut self, node: Cn<'c>) -> NodeId {
        let subject = self.expr_or_hole(node.field("condition"), node);
        let mut cases = Vec::new();
        for arm in node.field("body").into_iter().flat_map(Cn::kids) {
            let mut test: Option<NodeId> = None;
            for condition in arm.field("conditional_expressions").into_iter().flat_map(Cn::kids) {
                let right = self.expr(condition);
                test = Some(match test {
                    None => right,
                    Some(left) => {
                        let range = Range { start: arm.start(), end: condition.end() };
                        self.add_range(Kind::Binary { op: BinaryOp::Or, left, right }, range)
                    }
                });
            }
            let body = self.expr_or_hole(arm.field("return_expression"), arm);
            cases.push((test, body));
        }
        self.add(Kind::Switch { subject, cases: cases.into() }, node)
    }

    fn closure(&mut self, node: Cn<'c>, name: Option<Str>) -> NodeId {
        let placeholder = self.blank(node.range(), self.function);
        let id = self.b.reserve_function(placeholder);
        let decorators = self.attributes(node);
        let outer = (self.function.replace(id), self.class.take());
        let params = node.field("parameters").map_or_else(Vec::new, |list| self.params(list, &mut Vec::new()));
        let body = node.field("body");
        let (block, is_empty) = match body {
            Some(value) if node.kind() == "arrow_function" => {
                let range = value.range();
                let value = self.expr(value);
                let value = self.add_range(Kind::Return(Some(value)), range);
                (self.add_range(Kind::Block([value].into()), range), false)
            }
            body => (self.block_or_hole(body, node), body.is_none_or(|body| body.kid().is_none())),
        };
        let function = Function {
            name,
            params,
            body: block,
            decorators,
            head: self.head(node),
            is_empty,
            ..self.blank(node.range(), outer.0)
        };
        (self.function, self.class) = outer;
        self.b.set_function(id, function);
        self.add(Kind::Function(id), node)
    }

    /// Parameters; those promoted to properties are put into `promoted` too.
    pub(super) fn params(&mut self, list: Cn<'c>, promoted: &mut Vec<plimsoll_ir::Field>) -> Vec<Param> {
        let mut params = Vec::new();
        for kid in list.kids() {
            if !matches!(kid.kind(), "simple_parameter" | "variadic_parameter" | "property_promotion_parameter") {
                continue;
            }
            let Some(name) = kid.field("name") else { continue };
            let decorators = self.attributes(kid);
            let annotation = kid.field("type").map(|annotation| self.type_name(annotation));
            let pattern = self.expr(name);
            let default = kid.field("default_value").map(|value| self.expr(value));
            if kid.kind() == "property_promotion_parameter" {
                promoted.push(plimsoll_ir::Field {
                    name: name.text().trim_start_matches(['&', '$', ' ']).into(),
                    value: None,
                    annotation,
                    is_static: false,
                    range: kid.range(),
                });
            }
            let rest = kid.kind() == "variadic_parameter";
            params.push(Param { pattern, default, rest, annotation, decorators });
        }
        params
    }

    /// A type as an expression: its name; a union as an operation on names.
    pub(super) fn type_name(&mut self, node: Cn<'c>) -> NodeId {
        if !self.b.enter(node.range()) {
            return self.opaque(node);
        }
        let id = match node.kind() {
            "primitive_type" | "bottom_type" => self.name(node),
            "named_type" | "optional_type" => match node.kid() {
                Some(inner) => self.type_name(inner),
                None => self.name(node),
            },
            "union_type" | "intersection_type" | "disjunctive_normal_form_type" | "type_list" => {
                let mut union: Option<NodeId> = None;
                for kid in node.kids() {
                    let right = self.type_name(kid);
                    union = Some(match union {
                        None => right,
                        Some(left) => {
                            let range = Range { start: node.start(), end: kid.end() };
                            self.add_range(Kind::Binary { op: BinaryOp::Arithmetic, left, right }, range)
                        }
                    });
                }
                union.unwrap_or_else(|| self.opaque(node))
            }
            _ => self.expr(node),
        };
        self.b.leave();
        id
    }

    /// Attributes, as decorators.
    pub(super) fn attributes(&mut self, node: Cn<'c>) -> Vec<NodeId> {
        let mut decorators = Vec::new();
        let groups = node.field("attributes").into_iter().flat_map(Cn::kids);
        for attribute in groups.flat_map(Cn::kids) {
            let Some(name) = attribute.kid() else { continue };
            let callee = self.expr(name);
            decorators.push(match attribute.field("parameters") {
                Some(list) => {
                    let args = self.args(list).into();
                    self.add(Kind::Call { callee, args, new: false }, attribute)
                }
                None => callee,
            });
        }
        decorators
    }
}
