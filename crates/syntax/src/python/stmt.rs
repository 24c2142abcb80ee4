//! Statements, functions and classes.

use plimsoll_ir::{Class, ClassId, Field, Function, FunctionId, Import, Kind, NodeId, Range, Str, UnaryOp};

use super::Lower;
use crate::cst::Cn;

/// What [`Lower::open_function`] put aside.
pub(super) type Outer = (Option<FunctionId>, Option<ClassId>);

#[derive(Default)]
struct Members {
    methods: Vec<FunctionId>,
    fields: Vec<Field>,
}

impl<'c> Lower<'c> {
    /// A statement, as no, one or several nodes. An expression counts as one.
    pub(super) fn statement(&mut self, node: Cn<'c>, out: &mut Vec<NodeId>) {
        match node.kind() {
            "pass_statement" | "comment" => return,
            "expression_statement" => return self.expression_statement(node, out),
            "import_statement" | "import_from_statement" | "future_import_statement" => return self.import(node),
            _ => {}
        }
        if !self.b.enter(node.range()) {
            let id = self.opaque(node);
            out.push(id);
            return;
        }
        self.compound(node, out);
        self.b.leave();
    }

    fn expression_statement(&mut self, node: Cn<'c>, out: &mut Vec<NodeId>) {
        let mut kids = node.kids();
        let Some(first) = kids.next() else { return };
        if kids.next().is_none() {
            let id = self.expr(first);
            out.push(id);
        } else {
            // `a, b` as a statement.
            let items: Vec<NodeId> = node.kids().map(|kid| self.expr(kid)).collect();
            let id = self.add(Kind::Array(items.into()), node);
            out.push(id);
        }
    }

    fn compound(&mut self, node: Cn<'c>, out: &mut Vec<NodeId>) {
        let id = match node.kind() {
            "function_definition" => {
                let id = self.function(node, None);
                self.add(Kind::Function(id), node)
            }
            "class_definition" => {
                let id = self.class(node, None);
                self.add(Kind::Class(id), node)
            }
            "decorated_definition" => match node.field("definition") {
                Some(class) if class.kind() == "class_definition" => {
                    let id = self.class(class, Some(node));
                    self.add(Kind::Class(id), node)
                }
                Some(function) => {
                    let id = self.function(function, Some(node));
                    self.add(Kind::Function(id), node)
                }
                None => {
                    let items = self.anything(node);
                    self.add(Kind::Opaque(items), node)
                }
            },
            "if_statement" => self.if_statement(node),
            "for_statement" | "while_statement" => return self.loop_statement(node, out),
            "try_statement" => self.try_statement(node),
            "with_statement" => self.with_statement(node),
            "match_statement" => self.match_statement(node),
            "return_statement" => {
                let value = node.kid().map(|value| self.expr(value));
                self.add(Kind::Return(value), node)
            }
            "raise_statement" => self.raise(node),
            "assert_statement" => self.assert(node),
            "delete_statement" => return self.delete(node, out),
            "break_statement" | "continue_statement" => self.add(Kind::Jump, node),
            "block" => self.block(node),
            "print_statement" | "exec_statement" => self.old_statement(node),
            "type_alias_statement" => {
                let mut kids = node.kids();
                let (Some(left), Some(right)) = (kids.next(), kids.next()) else { return };
                let target = self.annotation(left);
                let value = Some(self.annotation(right));
                self.add(Kind::Let { target, value, constant: true }, node)
            }
            "import_prefix" | "string_content" | "string_end" | "string_start" => return,
            _ => self.expr(node),
        };
        out.push(id);
    }

    fn block(&mut self, node: Cn<'c>) -> NodeId {
        let mut body = Vec::new();
        for statement in node.kids() {
            self.statement(statement, &mut body);
        }
        self.add(Kind::Block(body.into()), node)
    }

    fn block_or_hole(&mut self, node: Option<Cn<'c>>, parent: Cn<'c>) -> NodeId {
        match node {
            Some(node) => self.block(node),
            None => self.add_range(Kind::Block(Box::default()), Range { start: parent.end(), end: parent.end() }),
        }
    }

    fn expr_or_null(&mut self, node: Option<Cn<'c>>, parent: Cn<'c>) -> NodeId {
        match node {
            Some(node) => self.expr(node),
            None => self.opaque(parent),
        }
    }

    fn if_statement(&mut self, node: Cn<'c>) -> NodeId {
        let test = self.expr_or_null(node.field("condition"), node);
        let then = self.block_or_hole(node.field("consequence"), node);
        let mut branches = vec![(test, then, node.start())];
        let mut otherwise = None;
        for clause in node.kids() {
            match clause.kind() {
                "elif_clause" => {
                    let test = self.expr_or_null(clause.field("condition"), clause);
                    let then = self.block_or_hole(clause.field("consequence"), clause);
                    branches.push((test, then, clause.start()));
                }
                "else_clause" => otherwise = Some(self.block_or_hole(clause.field("body"), clause)),
                _ => {}
            }
        }
        let end = node.end();
        let mut done = None;
        for (test, then, start) in branches.into_iter().rev() {
            let id = self.add_range(Kind::If { test, then, otherwise }, Range { start, end });
            otherwise = Some(id);
            done = Some(id);
        }
        done.unwrap_or_else(|| self.opaque(node))
    }

    fn loop_statement(&mut self, node: Cn<'c>, out: &mut Vec<NodeId>) {
        let kind = if node.kind() == "for_statement" {
            let binding = Some(self.expr_or_null(node.field("left"), node));
            let iterable = Some(self.expr_or_null(node.field("right"), node));
            let body = self.block_or_hole(node.field("body"), node);
            Kind::Loop { binding, iterable, header: Box::default(), body }
        } else {
            let test = self.expr_or_null(node.field("condition"), node);
            let body = self.block_or_hole(node.field("body"), node);
            Kind::Loop { binding: None, iterable: None, header: [test].into(), body }
        };
        let id = self.add(kind, node);
        out.push(id);
        // `else` of a loop: it runs after it.
        if let Some(clause) = node.field("alternative") {
            let id = self.block_or_hole(clause.field("body"), clause);
            out.push(id);
        }
    }

    fn try_statement(&mut self, node: Cn<'c>) -> NodeId {
        let mut statements = Vec::new();
        let mut range = Range { start: node.start(), end: node.start() };
        if let Some(body) = node.field("body") {
            range = body.range();
            for statement in body.kids() {
                self.statement(statement, &mut statements);
            }
        }
        let mut handlers = Vec::new();
        let mut finalizer = None;
        for clause in node.kids() {
            match clause.kind() {
                "except_clause" | "except_group_clause" => {
                    let alias = clause.field("alias").or_else(|| {
                        clause.kids().find(|kid| kid.kind() == "as_pattern").and_then(|pattern| pattern.field("alias"))
                    });
                    let binding = alias.map(|alias| self.expr(alias));
                    let body = self.block_or_hole(clause.kid_of("block"), clause);
                    handlers.push((binding, body));
                }
                "else_clause" => {
                    for statement in clause.field("body").into_iter().flat_map(Cn::kids) {
                        self.statement(statement, &mut statements);
                    }
                }
                "finally_clause" => finalizer = Some(self.block_or_hole(clause.kid_of("block"), clause)),
                _ => {}
            }
        }
        let body = self.add_range(Kind::Block(statements.into()), range);
        self.add(Kind::Try { body, handlers: handlers.into(), finalizer }, node)
    }

    fn with_statement(&mut self, node: Cn<'c>) -> NodeId {
        let mut items = Vec::new();
        for item in node.kids().filter(|kid| kid.kind() == "with_clause").flat_map(Cn::kids) {
            match item.field("value").or_else(|| item.kid()) {
                // `with (open(a) as f, open(b) as g):` is read as one parenthesised tuple.
                Some(tuple) if tuple.kind() == "tuple" && tuple.kids().any(|kid| kid.kind() == "as_pattern") => {
                    for kid in tuple.kids() {
                        let id = self.expr(kid);
                        items.push(id);
                    }
                }
                Some(value) => {
                    let id = self.expr(value);
                    items.push(id);
                }
                None => {}
            }
        }
        let body = self.block_or_hole(node.field("body"), node);
        self.add(Kind::With { items: items.into(), body }, node)
    }

    fn match_statement(&mut self, node: Cn<'c>) -> NodeId {
        let subjects: Vec<Cn<'c>> = node.kids().filter(|kid| kid.field_name() == "subject").collect();
        let subject = match subjects[..] {
            [one] => self.expr(one),
            _ => {
                let items: Vec<NodeId> = subjects.into_iter().map(|subject| self.expr(subject)).collect();
                self.add(Kind::Array(items.into()), node)
            }
        };
        let mut cases = Vec::new();
        for clause in node.field("body").into_iter().flat_map(Cn::kids) {
            if clause.kind() != "case_clause" {
                continue;
            }
            let patterns: Vec<Cn<'c>> = clause.kids().filter(|kid| kid.kind() == "case_pattern").collect();
            let pattern = match patterns[..] {
                [one] => self.case_pattern(one),
                _ => {
                    let mut items = Vec::new();
                    for pattern in patterns {
                        items.push(self.case_pattern(pattern).unwrap_or_else(|| self.opaque(pattern)));
                    }
                    Some(self.add(Kind::Array(items.into()), clause))
                }
            };
            let guard = clause.field("guard").map(|guard| (self.expr(guard), guard.end()));
            let test = match (pattern, guard) {
                (Some(left), Some((right, end))) => {
                    let range = Range { start: self.b.module.node(left).range.start, end };
                    Some(self.add_range(Kind::Binary { op: plimsoll_ir::BinaryOp::And, left, right }, range))
                }
                (pattern, guard) => pattern.or(guard.map(|(guard, _)| guard)),
            };
            let body = self.block_or_hole(clause.field("consequence"), clause);
            cases.push((test, body));
        }
        self.add(Kind::Switch { subject, cases: cases.into() }, node)
    }

    fn raise(&mut self, node: Cn<'c>) -> NodeId {
        let mut value = None;
        let mut cause = None;
        for kid in node.kids() {
            if kid.field_name() == "cause" {
                cause = (!matches!(kid.kind(), "identifier" | "none")).then(|| self.expr(kid));
            } else {
                value = Some(self.expr(kid));
            }
        }
        if let (Some(thrown), Some(cause)) = (value, cause) {
            value = Some(self.add(Kind::Opaque([thrown, cause].into()), node));
        }
        self.add(Kind::Throw(value), node)
    }

    fn assert(&mut self, node: Cn<'c>) -> NodeId {
        let mut kids = node.kids();
        let condition = kids.next();
        let message = kids.next();
        let at = condition.unwrap_or(node);
        let operand = self.expr_or_null(condition, node);
        let test = self.add(Kind::Unary { op: UnaryOp::Not, operand }, at);
        let message = message.map(|message| self.expr(message));
        let then = self.add(Kind::Throw(message), node);
        self.add(Kind::If { test, then, otherwise: None }, node)
    }

    fn delete(&mut self, node: Cn<'c>, out: &mut Vec<NodeId>) {
        let targets: Vec<Cn<'c>> = match node.kid() {
            Some(list) if list.kind() == "expression_list" => list.kids().collect(),
            _ => node.kids().collect(),
        };
        for target in targets {
            let operand = self.expr(target);
            let id = self.add(Kind::Unary { op: UnaryOp::Delete, operand }, target);
            out.push(id);
        }
    }

    /// `print "x"` and `exec "x"` of Python 2.
    fn old_statement(&mut self, node: Cn<'c>) -> NodeId {
        let Some(word) = node.children().next() else { return self.opaque(node) };
        let callee = self.add(Kind::Name(word.text().into()), word);
        let mut args = Vec::new();
        for kid in node.kids() {
            let value = if kid.kind() == "chevron" { self.expr_or_null(kid.kid(), kid) } else { self.expr(kid) };
            args.push(plimsoll_ir::Arg { name: None, value });
        }
        self.add(Kind::Call { callee, args: args.into(), new: false }, node)
    }

    fn import(&mut self, node: Cn<'c>) {
        let is_dynamic = self.function.is_some();
        let imported = |kid: Cn<'c>| -> (Str, Option<Str>) {
            if kid.kind() == "aliased_import" {
                let name = kid.field("name").map_or("", Cn::text);
                (squeeze(name), kid.field("alias").map(|alias| alias.text().into()))
            } else {
                (squeeze(kid.text()), None)
            }
        };
        let names = node.kids().filter(|kid| kid.field_name() == "name");
        if node.kind() == "import_statement" {
            for kid in names {
                let (module, alias) = imported(kid);
                let local = alias.unwrap_or_else(|| module.split('.').next().unwrap_or("").into());
                let names = vec![("*".into(), local)];
                let import = Import { module, names, type_only: false, is_dynamic, range: node.range() };
                self.b.module.imports.push(import);
            }
            return;
        }
        let module = match node.field("module_name") {
            Some(module) => squeeze(module.text()),
            None => "__future__".into(),
        };
        let mut names: Vec<(Str, Str)> = names
            .map(|kid| {
                let (name, alias) = imported(kid);
                let local = alias.unwrap_or_else(|| name.clone());
                (name, local)
            })
            .collect();
        if node.kid_of("wildcard_import").is_some() {
            names.push(("*".into(), "*".into()));
        }
        self.b.module.imports.push(Import { module, names, type_only: false, is_dynamic, range: node.range() });
    }

    /// A function without content, for [`Builder::reserve_function`](plimsoll_ir::Builder::reserve_function).
    pub(super) fn blank(&self, range: Range, parent: Option<FunctionId>) -> Function {
        Function {
            name: None,
            params: Vec::new(),
            body: NodeId(0),
            is_async: false,
            decorators: Vec::new(),
            class: None,
            directives: Vec::new(),
            parent,
            range,
            head: range,
            is_empty: false,
        }
    }

    pub(super) fn open_function(&mut self, range: Range) -> (FunctionId, Outer) {
        let placeholder = self.blank(range, self.function);
        let id = self.b.reserve_function(placeholder);
        (id, (self.function.replace(id), self.class.take()))
    }

    pub(super) fn close_function(&mut self, id: FunctionId, outer: Outer, function: Function) {
        (self.function, self.class) = outer;
        self.b.set_function(id, function);
    }

    fn decorators(&mut self, decorated: Option<Cn<'c>>) -> Vec<NodeId> {
        let mut decorators = Vec::new();
        for kid in decorated.into_iter().flat_map(Cn::kids) {
            if let ("decorator", Some(expression)) = (kid.kind(), kid.kid()) {
                decorators.push(self.expr(expression));
            }
        }
        decorators
    }

    fn function(&mut self, node: Cn<'c>, decorated: Option<Cn<'c>>) -> FunctionId {
        let range = Range { start: decorated.map_or(node.start(), Cn::start), end: node.end() };
        let placeholder = self.blank(range, self.function);
        let id = self.b.reserve_function(placeholder);
        let decorators = self.decorators(decorated);
        let class = self.class;
        let outer = (self.function, self.class.take());
        // Defaults and annotations are evaluated outside, where the function is defined.
        let params = node.field("parameters").map_or_else(Vec::new, |list| self.params(list));
        self.function = Some(id);
        let block = node.field("body");
        let body = self.block_or_hole(block, node);
        let head_end = node
            .children()
            .take_while(|child| child.field_name() != "body")
            .filter(|child| child.kind() == ":" && !child.is_named())
            .last()
            .map_or(node.end(), Cn::end);
        let function = Function {
            name: node.field("name").map(|name| name.text().into()),
            params,
            body,
            is_async: node.has_token("async"),
            decorators,
            class,
            head: Range { start: node.start(), end: head_end },
            is_empty: block.is_none_or(|block| block.kids().all(says_nothing)),
            ..self.blank(range, outer.0)
        };
        self.close_function(id, outer, function);
        id
    }

    fn class(&mut self, node: Cn<'c>, decorated: Option<Cn<'c>>) -> ClassId {
        let range = Range { start: decorated.map_or(node.start(), Cn::start), end: node.end() };
        let mut class = Class {
            name: node.field("name").map(|name| name.text().into()),
            bases: Vec::new(),
            methods: Vec::new(),
            fields: Vec::new(),
            decorators: Vec::new(),
            range,
        };
        let id = self.b.reserve_class(class.clone());
        class.decorators = self.decorators(decorated);
        let mut members = Members::default();
        let bases = node.field("superclasses").map(|list| self.args(list));
        for arg in bases.into_iter().flatten() {
            match arg.name {
                None => class.bases.push(arg.value),
                Some(name) if name == "metaclass" => {}
                Some(name) => {
                    let range = self.b.module.node(arg.value).range;
                    members.fields.push(Field {
                        name,
                        value: Some(arg.value),
                        annotation: None,
                        is_static: true,
                        range,
                    });
                }
            }
        }
        let outer = self.class.replace(id);
        for member in node.field("body").into_iter().flat_map(Cn::kids) {
            self.member(member, &mut members);
        }
        self.class = outer;
        class.methods = members.methods;
        class.fields = members.fields;
        self.b.set_class(id, class);
        id
    }

    fn member(&mut self, node: Cn<'c>, out: &mut Members) {
        if !self.b.enter(node.range()) {
            return;
        }
        self.member_inner(node, out);
        self.b.leave();
    }

    fn member_inner(&mut self, node: Cn<'c>, out: &mut Members) {
        let (definition, decorated) = match node.kind() {
            "decorated_definition" => (node.field("definition"), Some(node)),
            _ => (Some(node), None),
        };
        match definition.map_or("", Cn::kind) {
            "function_definition" => {
                if let Some(definition) = definition {
                    let id = self.function(definition, decorated);
                    out.methods.push(id);
                }
            }
            "class_definition" => {
                if let Some(definition) = definition {
                    let id = self.class(definition, decorated);
                    let name = self.b.module.class(id).name.clone().unwrap_or_default();
                    let value = Some(self.add(Kind::Class(id), node));
                    out.fields.push(Field { name, value, annotation: None, is_static: true, range: node.range() });
                }
            }
            "pass_statement" => {}
            "expression_statement" => match node.kid() {
                Some(assignment) if assignment.kind() == "assignment" => self.fields(assignment, out),
                _ if says_nothing(node) => {}
                _ => self.loose(node, out),
            },
            "if_statement" | "elif_clause" | "else_clause" | "try_statement" | "except_clause" | "finally_clause"
            | "with_statement" | "for_statement" => {
                for kid in node.kids() {
                    match kid.kind() {
                        "block" => kid.kids().for_each(|kid| self.member(kid, out)),
                        "elif_clause" | "else_clause" | "except_clause" | "finally_clause" => self.member(kid, out),
                        _ => self.loose(kid, out),
                    }
                }
            }
            _ => self.loose(node, out),
        }
    }

    /// A statement in a class body that defines no member.
    fn loose(&mut self, node: Cn<'c>, out: &mut Members) {
        let class = self.class.take();
        let mut nodes = Vec::new();
        self.statement(node, &mut nodes);
        self.class = class;
        for value in nodes {
            let value = Some(value);
            out.fields.push(Field {
                name: Str::default(),
                value,
                annotation: None,
                is_static: true,
                range: node.range(),
            });
        }
    }

    /// `a = value`, `a: type = value`, `a = b = value`, `a, b = 1, 2`.
    fn fields(&mut self, assignment: Cn<'c>, out: &mut Members) {
        let mut targets = Vec::new();
        let mut at = assignment;
        let value = loop {
            targets.extend(at.field("left"));
            match at.field("right") {
                Some(next) if next.kind() == "assignment" => at = next,
                value => break value,
            }
        };
        let annotation = assignment.field("type").map(|annotation| self.annotation(annotation));
        let is_static = value.is_some();
        let range = assignment.range();
        let is_list =
            |node: Cn<'c>| matches!(node.kind(), "pattern_list" | "tuple_pattern" | "expression_list" | "tuple");
        if let ([pattern], Some(values)) = (&targets[..], value)
            && is_list(*pattern)
            && is_list(values)
            && pattern.kids().count() == values.kids().count()
        {
            for (target, value) in pattern.kids().zip(values.kids()) {
                let name: Str = target.text().into();
                let value = Some(self.named_value(value, Some(&name)));
                out.fields.push(Field { name, value, annotation: None, is_static, range });
            }
            return;
        }
        let mut value = value.map(|value| {
            let name = targets.first().map(|target| Str::from(target.text()));
            self.named_value(value, name.as_ref())
        });
        for target in targets {
            let names: Vec<Cn<'c>> = if is_list(target) { target.kids().collect() } else { vec![target] };
            for name in names {
                // Only the first keeps the value: a node has one parent.
                let (name, value) = (name.text().into(), value.take());
                out.fields.push(Field { name, value, annotation, is_static, range });
            }
        }
    }
}

/// Whether a statement is `pass`, `...` or only a string.
fn says_nothing(node: Cn<'_>) -> bool {
    match node.kind() {
        "pass_statement" => true,
        "expression_statement" => {
            node.kids().all(|kid| matches!(kid.kind(), "string" | "concatenated_string" | "ellipsis"))
        }
        _ => false,
    }
}

/// A dotted name without the white space that may stand in it.
fn squeeze(text: &str) -> Str {
    text.chars().filter(|c| !c.is_whitespace() && *c != '\\').collect::<String>().into()
}
