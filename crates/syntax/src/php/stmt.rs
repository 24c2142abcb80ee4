//! Statements, functions and classes.

use plimsoll_ir::{Arg, Class, ClassId, Field, Function, FunctionId, Import, Kind, NodeId, Range, Str, UnaryOp};

use super::Lower;
use crate::cst::Cn;

impl<'c> Lower<'c> {
    /// The statements that are children of a node, inline HTML among them.
    pub(super) fn statements(&mut self, parent: Cn<'c>, out: &mut Vec<NodeId>) {
        for child in parent.kids() {
            self.statement(child, out);
        }
    }

    /// A statement, as no, one or several nodes. An expression counts as one.
    pub(super) fn statement(&mut self, node: Cn<'c>, out: &mut Vec<NodeId>) {
        match node.kind() {
            "comment"
            | "empty_statement"
            | "php_end_tag"
            | "named_label_statement"
            | "string_content"
            | "heredoc_start"
            | "heredoc_end"
            | "escape_sequence" => return,
            "php_tag" => {
                self.echo = node.text() == "<?=";
                return;
            }
            "text" => {
                let html = self.add(Kind::Str(node.text().into()), node);
                let id = self.add(Kind::Output([html].into()), node);
                out.push(id);
                return;
            }
            "text_interpolation" => return self.statements(node, out),
            "ERROR" if self.echo && self.echoed_list(node, out) => return,
            "expression_statement" => {
                let echo = std::mem::take(&mut self.echo);
                let Some(expression) = node.kid() else { return };
                if echo {
                    let items = self.sequence(expression);
                    let id = self.add(Kind::Output(items.into()), expression);
                    out.push(id);
                } else {
                    let id = self.expr(expression);
                    out.push(id);
                }
                return;
            }
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

    /// `<?= $a, $b ?>` is valid, but the grammar takes all items before the last for an error.
    fn echoed_list(&mut self, node: Cn<'c>, out: &mut Vec<NodeId>) -> bool {
        let mut commas = node.children().map(|child| !child.is_named() && child.kind() == ",");
        let is_list = loop {
            match (commas.next(), commas.next()) {
                (Some(false), Some(true)) => {}
                (None, None) => break node.kid().is_some(),
                _ => break false,
            }
        };
        if is_list {
            let items: Vec<NodeId> = node.kids().map(|kid| self.expr(kid)).collect();
            let id = self.add(Kind::Output(items.into()), node);
            out.push(id);
            let range = node.range();
            self.b.module.problems.retain(|problem| problem.range != range);
        }
        is_list
    }

    fn compound(&mut self, node: Cn<'c>, out: &mut Vec<NodeId>) {
        let id = match node.kind() {
            "compound_statement" | "colon_block" => self.block(node),
            "echo_statement" => {
                let items = match node.kid() {
                    Some(items) => self.sequence(items),
                    None => Vec::new(),
                };
                self.add(Kind::Output(items.into()), node)
            }
            "if_statement" => self.if_statement(node),
            "while_statement" | "do_statement" | "for_statement" | "foreach_statement" => self.loop_statement(node),
            "switch_statement" => self.switch(node),
            "try_statement" => self.try_statement(node),
            "return_statement" => {
                let value = node.kid().map(|value| self.expr(value));
                self.add(Kind::Return(value), node)
            }
            "exit_statement" => {
                let word = node.children().next().unwrap_or(node);
                let callee = self.add(Kind::Name("exit".into()), word);
                let args: Vec<Arg> = node.kids().map(|value| Arg { name: None, value: self.expr(value) }).collect();
                let call = self.add(Kind::Call { callee, args: args.into(), new: false }, node);
                self.add(Kind::Throw(Some(call)), node)
            }
            "break_statement" | "continue_statement" | "goto_statement" => self.add(Kind::Jump, node),
            "unset_statement" => {
                for target in node.kids() {
                    let operand = self.expr(target);
                    let id = self.add(Kind::Unary { op: UnaryOp::Delete, operand }, target);
                    out.push(id);
                }
                return;
            }
            "global_declaration" => {
                let names: Vec<NodeId> = node.kids().map(|kid| self.expr(kid)).collect();
                self.add(Kind::Opaque(names.into()), node)
            }
            "function_static_declaration" => {
                for variable in node.kids() {
                    let target = self.expr_or_hole(variable.field("name"), variable);
                    let value = variable.field("value").map(|value| self.expr(value));
                    let id = self.add(Kind::Let { target, value, constant: false }, variable);
                    out.push(id);
                }
                return;
            }
            "const_declaration" => {
                for element in node.kids().filter(|kid| kid.kind() == "const_element") {
                    let Some((name, value)) = self.const_element(element) else { continue };
                    let at = element.kid().unwrap_or(element);
                    let target = self.add(Kind::Name(name.clone()), at);
                    self.note_constant(name, value);
                    let id = self.add(Kind::Let { target, value: Some(value), constant: true }, element);
                    out.push(id);
                }
                return;
            }
            "function_definition" | "method_declaration" => {
                let id = self.function(node, &mut Vec::new());
                self.add(Kind::Function(id), node)
            }
            "class_declaration" | "interface_declaration" | "trait_declaration" | "enum_declaration" => {
                let id = self.class(node);
                self.add(Kind::Class(id), node)
            }
            "namespace_definition" => {
                if let Some(name) = node.field("name") {
                    let directive = format!("namespace {}", squeeze(name.text()));
                    self.b.module.directives.push((directive.into(), node.range()));
                }
                if let Some(body) = node.field("body") {
                    self.statements(body, out);
                }
                return;
            }
            "namespace_use_declaration" => return self.use_declaration(node),
            "declare_statement" => {
                for kid in node.kids().filter(|kid| kid.kind() != "declare_directive") {
                    self.statement(kid, out);
                }
                return;
            }
            _ => self.expr(node),
        };
        out.push(id);
    }

    fn block(&mut self, node: Cn<'c>) -> NodeId {
        let mut body = Vec::new();
        self.statements(node, &mut body);
        self.add(Kind::Block(body.into()), node)
    }

    pub(super) fn block_or_hole(&mut self, node: Option<Cn<'c>>, parent: Cn<'c>) -> NodeId {
        match node {
            Some(node) => self.block(node),
            None => self.b.add(Kind::Block(Box::default()), parent.end(), parent.end()),
        }
    }

    /// The statements of a body, whether in braces, after a colon or a single one.
    fn body(&mut self, node: Cn<'c>, out: &mut Vec<NodeId>) {
        if matches!(node.kind(), "compound_statement" | "colon_block") {
            self.statements(node, out);
        } else {
            self.statement(node, out);
        }
    }

    /// `if`, with its `elseif`s and `else if`s walked in a loop. Inline HTML at the end of a branch (`if (x): ?> … <?php
    /// endif`) is a child of the statement in the grammar, of the branch here.
    fn if_statement(&mut self, node: Cn<'c>) -> NodeId {
        struct Branch {
            start: u32,
            test: Option<NodeId>,
            body: Vec<NodeId>,
            range: Range,
        }
        let mut branches: Vec<Branch> = Vec::new();
        let mut next = Some(node);
        while let Some(at) = next.take() {
            let open = |start: u32| Branch { start, test: None, body: Vec::new(), range: Range { start, end: start } };
            branches.push(open(at.start()));
            for child in at.kids() {
                let mut clause = child;
                if matches!(child.kind(), "else_if_clause" | "else_clause") {
                    branches.push(open(child.start()));
                } else {
                    clause = at;
                }
                let inner = match child.kind() {
                    "text_interpolation" | "ERROR" => {
                        if let Some(branch) = branches.last_mut() {
                            self.statement(child, &mut branch.body);
                        }
                        continue;
                    }
                    "else_if_clause" | "else_clause" => None,
                    _ => Some(child),
                };
                let (test, body) = match inner {
                    Some(part) if part.field_name() == "condition" => (Some(part), None),
                    Some(part) => (None, Some(part)),
                    None => (clause.field("condition"), clause.field("body")),
                };
                let Some(branch) = branches.last_mut() else { continue };
                if let Some(test) = test {
                    branch.test = Some(self.expr(test));
                }
                match body {
                    Some(nested) if nested.kind() == "if_statement" && clause.kind() == "else_clause" => {
                        branches.pop();
                        next = Some(nested);
                    }
                    Some(body) => {
                        branch.range = body.range();
                        self.body(body, &mut branch.body);
                    }
                    None => {}
                }
            }
        }
        let end = node.end();
        let mut otherwise = None;
        for (index, branch) in branches.into_iter().enumerate().rev() {
            let last = branch.body.last().map_or(0, |id| self.b.module.node(*id).range.end);
            let range = Range { start: branch.range.start, end: branch.range.end.max(last) };
            let block = self.add_range(Kind::Block(branch.body.into()), range);
            otherwise = Some(match branch.test {
                None if index > 0 => block,
                test => {
                    let test = test.unwrap_or_else(|| self.hole(node));
                    self.add_range(Kind::If { test, then: block, otherwise }, Range { start: branch.start, end })
                }
            });
        }
        otherwise.unwrap_or_else(|| self.opaque(node))
    }

    fn loop_statement(&mut self, node: Cn<'c>) -> NodeId {
        let is_foreach = node.kind() == "foreach_statement";
        let (mut binding, mut iterable) = (None, None);
        let mut header = Vec::new();
        let mut statements = Vec::new();
        let mut range: Option<Range> = None;
        let mut in_body = false;
        for child in node.children() {
            match child.kind() {
                "comment" => {}
                // Only what follows the head is output of the loop.
                ")" if !child.is_named() => in_body = true,
                "text_interpolation" | "ERROR" => self.statement(child, &mut statements),
                _ if !child.is_named() => {}
                _ if child.field_name() == "body" || (is_foreach && in_body) => {
                    let all = range.get_or_insert(child.range());
                    all.end = child.end();
                    self.body(child, &mut statements);
                }
                _ if !is_foreach => header.extend(self.sequence(child)),
                _ if iterable.is_none() => iterable = Some(self.expr(child)),
                _ => binding = Some(self.expr(child)),
            }
        }
        let mut range = range.unwrap_or(Range { start: node.end(), end: node.end() });
        if let Some(last) = statements.last() {
            range.end = range.end.max(self.b.module.node(*last).range.end);
        }
        let body = self.add_range(Kind::Block(statements.into()), range);
        self.add(Kind::Loop { binding, iterable, header: header.into(), body }, node)
    }

    fn switch(&mut self, node: Cn<'c>) -> NodeId {
        let subject = self.expr_or_hole(node.field("condition"), node);
        let mut cases: Vec<(Option<NodeId>, Vec<NodeId>, Range)> = Vec::new();
        for clause in node.field("body").into_iter().flat_map(Cn::kids) {
            match clause.kind() {
                "case_statement" | "default_statement" => {
                    let value = clause.field("value");
                    let test = value.map(|value| self.expr(value));
                    let mut body = Vec::new();
                    for statement in clause.kids().filter(|kid| kid.field_name() != "value") {
                        self.statement(statement, &mut body);
                    }
                    cases.push((test, body, clause.range()));
                }
                _ => {
                    if let Some((_, body, _)) = cases.last_mut() {
                        self.statement(clause, body);
                    }
                }
            }
        }
        let mut done = Vec::new();
        for (test, body, range) in cases {
            let body = self.add_range(Kind::Block(body.into()), range);
            done.push((test, body));
        }
        self.add(Kind::Switch { subject, cases: done.into() }, node)
    }

    fn try_statement(&mut self, node: Cn<'c>) -> NodeId {
        let body = self.block_or_hole(node.field("body"), node);
        let mut handlers = Vec::new();
        let mut finalizer = None;
        for clause in node.kids() {
            match clause.kind() {
                "catch_clause" => {
                    let binding = clause.field("name").map(|name| self.expr(name));
                    handlers.push((binding, self.block_or_hole(clause.field("body"), clause)));
                }
                "finally_clause" => finalizer = Some(self.block_or_hole(clause.field("body"), clause)),
                _ => {}
            }
        }
        self.add(Kind::Try { body, handlers: handlers.into(), finalizer }, node)
    }

    fn const_element(&mut self, element: Cn<'c>) -> Option<(Str, NodeId)> {
        let mut kids = element.kids();
        let name = kids.next()?.text().into();
        let value = self.expr_or_hole(kids.next(), element);
        Some((name, value))
    }

    /// `use A\B\C as D;`, `use A\{B, C as D};`
    fn use_declaration(&mut self, node: Cn<'c>) {
        let prefix = node.kid_of("namespace_name").map(|name| squeeze(name.text()));
        let clauses: Vec<Cn<'c>> = match node.field("body").or_else(|| node.kid_of("namespace_use_group")) {
            Some(group) => group.kids().collect(),
            None => node.kids().collect(),
        };
        for clause in clauses {
            if clause.kind() != "namespace_use_clause" {
                continue;
            }
            let alias = clause.field("alias");
            let Some(name) = clause.kids().find(|kid| matches!(kid.kind(), "name" | "qualified_name")) else {
                continue;
            };
            let mut path = squeeze(name.text());
            if let Some(prefix) = &prefix {
                path = format!("{}\\{path}", prefix.trim_end_matches('\\'));
            }
            let path = path.trim_start_matches('\\');
            let (module, last) = path.rsplit_once('\\').unwrap_or(("", path));
            let local = alias.map_or(last, Cn::text);
            self.b.module.imports.push(Import {
                module: module.into(),
                names: vec![(last.into(), local.into())],
                type_only: false,
                is_dynamic: false,
                range: clause.range(),
            });
        }
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

    /// From `function` or `fn` to the start of the body.
    pub(super) fn head(&self, node: Cn<'c>) -> Range {
        let word = node.children().find(|child| !child.is_named() && matches!(child.kind(), "function" | "fn"));
        let start = word.or_else(|| node.field("name")).map_or(node.start(), Cn::start);
        let end = node.field("body").map_or(node.end(), Cn::start).max(start);
        let text = self.cst.slice(start, end).trim_end();
        Range { start, end: start + u32::try_from(text.len()).unwrap_or(0) }
    }

    fn function(&mut self, node: Cn<'c>, promoted: &mut Vec<Field>) -> FunctionId {
        let placeholder = self.blank(node.range(), self.function);
        let id = self.b.reserve_function(placeholder);
        let class = self.class;
        let decorators = self.attributes(node);
        let outer = (self.function.replace(id), self.class.take());
        let params = node.field("parameters").map_or_else(Vec::new, |list| self.params(list, promoted));
        let block = node.field("body");
        let body = match block {
            // The short form of a property hook.
            Some(value) if value.kind() != "compound_statement" => {
                let range = value.range();
                let value = self.expr(value);
                let value = self.add_range(Kind::Return(Some(value)), range);
                self.add_range(Kind::Block([value].into()), range)
            }
            block => self.block_or_hole(block, node),
        };
        let function = Function {
            name: node.field("name").or_else(|| node.kid_of("name")).map(|name| name.text().into()),
            params,
            body,
            decorators,
            class,
            head: self.head(node),
            is_empty: block.is_none_or(|block| block.kind() == "compound_statement" && block.kid().is_none()),
            ..self.blank(node.range(), outer.0)
        };
        (self.function, self.class) = outer;
        self.b.set_function(id, function);
        id
    }

    pub(super) fn class(&mut self, node: Cn<'c>) -> ClassId {
        let mut class = Class {
            name: node.field("name").map(|name| name.text().into()),
            bases: Vec::new(),
            methods: Vec::new(),
            fields: Vec::new(),
            decorators: Vec::new(),
            range: node.range(),
        };
        let id = self.b.reserve_class(class.clone());
        class.decorators = self.attributes(node);
        for clause in node.kids().filter(|kid| matches!(kid.kind(), "base_clause" | "class_interface_clause")) {
            for base in clause.kids() {
                class.bases.push(self.expr(base));
            }
        }
        let outer = self.class.replace(id);
        for member in node.field("body").into_iter().flat_map(Cn::kids) {
            self.class_member(member, &mut class);
        }
        self.class = outer;
        self.b.set_class(id, class);
        id
    }

    fn class_member(&mut self, node: Cn<'c>, class: &mut Class) {
        let annotation = node.field("type").map(|annotation| self.type_name(annotation));
        match node.kind() {
            "method_declaration" => {
                let id = self.function(node, &mut class.fields);
                class.methods.push(id);
            }
            "use_declaration" => {
                for base in node.kids().filter(|kid| kid.kind() != "use_list") {
                    class.bases.push(self.expr(base));
                }
            }
            "const_declaration" => {
                for element in node.kids().filter(|kid| kid.kind() == "const_element") {
                    let Some((name, value)) = self.const_element(element) else { continue };
                    let range = element.range();
                    class.fields.push(Field { name, value: Some(value), annotation, is_static: true, range });
                }
            }
            "enum_case" => {
                let value = node.field("value").map(|value| self.expr(value));
                let name = node.field("name").map_or("", Cn::text).into();
                class.fields.push(Field { name, value, annotation, is_static: true, range: node.range() });
            }
            "property_declaration" => {
                let is_static = node.kid_of("static_modifier").is_some();
                let mut last = Str::default();
                for kid in node.kids() {
                    if kid.kind() == "property_element" {
                        last = kid.field("name").map_or("", Cn::text).trim_start_matches('$').into();
                        let value = kid.field("default_value").map(|value| self.named_value(value, Some(&last)));
                        let (name, range) = (last.clone(), kid.range());
                        class.fields.push(Field { name, value, annotation, is_static, range });
                    } else if kid.kind() == "property_hook_list" {
                        for hook in kid.kids().filter(|hook| hook.kind() == "property_hook") {
                            let id = self.function(hook, &mut Vec::new());
                            if let Some(function) = self.b.module.functions.get_mut(id.0 as usize) {
                                let own = function.name.take().unwrap_or_default();
                                function.name = Some(format!("{last}::{own}").into());
                            }
                            class.methods.push(id);
                        }
                    }
                }
            }
            // What does not belong in a class is kept, as a field without a name.
            _ => {
                let outer = self.class.take();
                let mut nodes = Vec::new();
                self.statement(node, &mut nodes);
                self.class = outer;
                for value in nodes {
                    let (name, value, range) = (Str::default(), Some(value), node.range());
                    class.fields.push(Field { name, value, annotation: None, is_static: true, range });
                }
            }
        }
    }
}

/// A namespace or name without the white space that may stand in it.
fn squeeze(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}
