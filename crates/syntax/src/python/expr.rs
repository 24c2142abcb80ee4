//! Expressions, patterns and annotations.

use plimsoll_ir::{Arg, BinaryOp, Function, Key, Kind, NodeId, Param, Property, Range, Str, UnaryOp};

use super::Lower;
use crate::cst::Cn;
use crate::number::number;

impl<'c> Lower<'c> {
    /// An expression. Chains that lean to the left (`a + b + …`, `a.b().c()…`) and parentheses are walked in a loop, so
    /// that only true nesting counts against the depth bound.
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
                "binary_operator" | "boolean_operator" => at.field("left"),
                "call" => at.field("function"),
                "attribute" => at.field("object"),
                "subscript" => at.field("value"),
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
            "call" => {
                let args = match node.field("arguments") {
                    Some(list) if list.kind() == "argument_list" => self.args(list),
                    Some(generator) => vec![Arg { name: None, value: self.expr(generator) }],
                    None => Vec::new(),
                };
                self.add(Kind::Call { callee: left, args: args.into(), new: false }, node)
            }
            "attribute" => {
                let property = node.field("attribute").map_or("", Cn::text).into();
                self.add(Kind::Member { object: left, property }, node)
            }
            "subscript" => {
                let items: Vec<Cn<'c>> = node.children().filter(|child| child.field_name() == "subscript").collect();
                let index = self.index(node, &items);
                self.add(Kind::Index { object: left, index }, node)
            }
            _ => {
                let op = match node.field("operator").map_or("", Cn::kind) {
                    "and" => BinaryOp::And,
                    "or" => BinaryOp::Or,
                    "+" => BinaryOp::Add,
                    "%" => BinaryOp::Percent,
                    _ => BinaryOp::Arithmetic,
                };
                let right = self.expr_or_hole(node.field("right"), node);
                self.add(Kind::Binary { op, left, right }, node)
            }
        }
    }

    /// What stands between the brackets of a subscript: one thing, or a tuple of them.
    fn index(&mut self, node: Cn<'c>, items: &[Cn<'c>]) -> NodeId {
        match items {
            [] => self.opaque(node),
            [one] => self.annotation(*one),
            [first, .., last] => {
                let range = Range { start: first.start(), end: last.end() };
                let list: Vec<NodeId> = items.iter().map(|&item| self.annotation(item)).collect();
                self.add_range(Kind::Array(list.into()), range)
            }
        }
    }

    fn expr_or_hole(&mut self, node: Option<Cn<'c>>, parent: Cn<'c>) -> NodeId {
        match node {
            Some(node) => self.expr(node),
            None => self.add_range(Kind::Opaque(Box::default()), Range { start: parent.end(), end: parent.end() }),
        }
    }

    pub(super) fn args(&mut self, list: Cn<'c>) -> Vec<Arg> {
        list.kids()
            .map(|arg| match (arg.kind(), arg.field("value")) {
                ("keyword_argument", Some(value)) => {
                    let name: Option<Str> = arg.field("name").map(|name| name.text().into());
                    Arg { value: self.named_value(value, name.as_ref()), name }
                }
                _ => Arg { name: None, value: self.expr(arg) },
            })
            .collect()
    }

    /// A value that is being given a name: a lambda takes it over.
    pub(super) fn named_value(&mut self, value: Cn<'c>, name: Option<&Str>) -> NodeId {
        if value.kind() == "lambda" && self.b.enter(value.range()) {
            let id = self.lambda(value, name.cloned());
            self.b.leave();
            return id;
        }
        self.expr(value)
    }

    fn operand(&mut self, node: Cn<'c>) -> NodeId {
        match node.kind() {
            "identifier" => return self.name(node),
            "true" => return self.add(Kind::Bool(true), node),
            "false" => return self.add(Kind::Bool(false), node),
            "none" => return self.add(Kind::Null, node),
            "ellipsis" => return self.opaque(node),
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
            "string" | "concatenated_string" => self.string(node),
            "comparison_operator" => self.comparison(node),
            "not_operator" => self.unary(node, UnaryOp::Not),
            "unary_operator" => self.unary(node, UnaryOp::Arithmetic),
            "conditional_expression" => self.conditional(node),
            "named_expression" | "assignment" => self.assignment(node),
            "augmented_assignment" => self.augmented(node),
            "await" | "yield" => self.awaited(node),
            "lambda" => self.lambda(node, None),
            "list" | "tuple" | "set" | "expression_list" | "pattern_list" | "list_pattern" | "tuple_pattern" => {
                let items = self.many(node);
                self.add(Kind::Array(items), node)
            }
            "dictionary" => self.dictionary(node),
            "list_comprehension" | "set_comprehension" | "generator_expression" | "dictionary_comprehension" => {
                self.comprehension(node)
            }
            "list_splat" | "dictionary_splat" | "list_splat_pattern" | "dictionary_splat_pattern" | "splat_type" => {
                let inner = self.expr_or_hole(node.kid(), node);
                self.add(Kind::Spread(inner), node)
            }
            "as_pattern" => self.as_pattern(node),
            "as_pattern_target" | "parenthesized_list_splat" | "keyword_argument" | "if_clause" => {
                self.expr_or_hole(node.kids().last(), node)
            }
            "dotted_name" => self.dotted(node),
            "type" | "generic_type" | "union_type" | "member_type" => self.annotation_inner(node),
            _ => {
                let items = self.anything(node);
                self.add(Kind::Opaque(items), node)
            }
        }
    }

    fn many(&mut self, node: Cn<'c>) -> Box<[NodeId]> {
        node.kids().map(|kid| self.expr(kid)).collect()
    }

    /// The children of something that has no word of its own, broken code above all.
    pub(super) fn anything(&mut self, node: Cn<'c>) -> Box<[NodeId]> {
        let mut items = Vec::new();
        for kid in node.kids() {
            self.statement(kid, &mut items);
        }
        items.into()
    }

    fn dotted(&mut self, node: Cn<'c>) -> NodeId {
        let mut path: Option<NodeId> = None;
        for part in node.kids() {
            path = Some(match path {
                None => self.name(part),
                Some(object) => {
                    let range = Range { start: node.start(), end: part.end() };
                    self.add_range(Kind::Member { object, property: part.text().into() }, range)
                }
            });
        }
        path.unwrap_or_else(|| self.opaque(node))
    }

    fn unary(&mut self, node: Cn<'c>, op: UnaryOp) -> NodeId {
        let operand = self.expr_or_hole(node.field("argument"), node);
        self.add(Kind::Unary { op, operand }, node)
    }

    fn conditional(&mut self, node: Cn<'c>) -> NodeId {
        let mut kids = node.kids();
        let (then, test, otherwise) = (kids.next(), kids.next(), kids.next());
        let then = self.expr_or_hole(then, node);
        let test = self.expr_or_hole(test, node);
        let otherwise = self.expr_or_hole(otherwise, node);
        self.add(Kind::Conditional { test, then, otherwise }, node)
    }

    fn awaited(&mut self, node: Cn<'c>) -> NodeId {
        let inner = match node.kid() {
            Some(kid) => self.expr(kid),
            None => self.add(Kind::Null, node),
        };
        self.add(Kind::Await(inner), node)
    }

    /// `a < b <= c` is `a < b and b <= c`.
    fn comparison(&mut self, node: Cn<'c>) -> NodeId {
        let mut left: Option<(NodeId, Cn<'c>)> = None;
        let mut operator = "";
        let mut all: Option<NodeId> = None;
        for child in node.children() {
            if child.field_name() == "operators" {
                operator = child.kind();
                continue;
            }
            if !child.is_named() || matches!(child.kind(), "comment" | "line_continuation") {
                continue;
            }
            let right = self.expr(child);
            if let Some((left, at)) = left {
                let left = if all.is_some() { self.again(left, at) } else { left };
                let range = Range { start: at.start(), end: child.end() };
                let (op, negated) = match operator {
                    "==" | "is" => (BinaryOp::Equal, false),
                    "!=" | "<>" | "is not" => (BinaryOp::NotEqual, false),
                    "in" => (BinaryOp::In, false),
                    "not in" => (BinaryOp::In, true),
                    _ => (BinaryOp::Compare, false),
                };
                let mut pair = self.add_range(Kind::Binary { op, left, right }, range);
                if negated {
                    pair = self.add_range(Kind::Unary { op: UnaryOp::Not, operand: pair }, range);
                }
                all = Some(match all {
                    None => pair,
                    Some(before) => {
                        let range = Range { start: node.start(), end: child.end() };
                        self.add_range(Kind::Binary { op: BinaryOp::And, left: before, right: pair }, range)
                    }
                });
            }
            left = Some((right, child));
        }
        match (all, left) {
            (Some(all), _) => all,
            (None, Some((only, _))) => only,
            (None, None) => self.opaque(node),
        }
    }

    /// A second node for an operand that is used twice, where that is a name or a literal.
    fn again(&mut self, id: NodeId, at: Cn<'c>) -> NodeId {
        let kind = self.b.module.nodes.get(id.0 as usize).map(|node| &node.kind);
        let kind = match kind {
            Some(kind @ (Kind::Name(_) | Kind::Num(_) | Kind::Str(_) | Kind::Bool(_) | Kind::Null)) => kind.clone(),
            _ => Kind::Opaque(Box::default()),
        };
        self.add(kind, at)
    }

    /// `target = value`, `target: type = value`, `(target := value)`.
    pub(super) fn assignment(&mut self, node: Cn<'c>) -> NodeId {
        let left = node.field("left").or_else(|| node.field("name"));
        let right = node.field("right").or_else(|| node.field("value"));
        let target = self.expr_or_hole(left, node);
        let Some(right) = right else {
            return self.add(Kind::Let { target, value: None, constant: false }, node);
        };
        let name: Option<Str> = left.filter(|left| left.kind() == "identifier").map(|left| left.text().into());
        let value = self.named_value(right, name.as_ref());
        self.add(Kind::Assign { target, op: None, value }, node)
    }

    fn augmented(&mut self, node: Cn<'c>) -> NodeId {
        let op = match node.field("operator").map_or("", Cn::kind) {
            "+=" => BinaryOp::Add,
            "%=" => BinaryOp::Percent,
            _ => BinaryOp::Arithmetic,
        };
        let target = self.expr_or_hole(node.field("left"), node);
        let value = self.expr_or_hole(node.field("right"), node);
        self.add(Kind::Assign { target, op: Some(op), value }, node)
    }

    /// `open(path) as file`.
    fn as_pattern(&mut self, node: Cn<'c>) -> NodeId {
        let value = self.expr_or_hole(node.kid(), node);
        let Some(target) = node.field("alias") else { return value };
        let target = self.expr(target);
        self.add(Kind::Assign { target, op: None, value }, node)
    }

    fn dictionary(&mut self, node: Cn<'c>) -> NodeId {
        let mut entries = Vec::new();
        for kid in node.kids() {
            entries.push(match kid.kind() {
                "pair" => self.pair(kid),
                "dictionary_splat" => {
                    let value = self.expr_or_hole(kid.kid(), kid);
                    Property { key: Key::Spread, value, range: kid.range() }
                }
                _ => Property { key: Key::Spread, value: self.expr(kid), range: kid.range() },
            });
        }
        self.add(Kind::Object(entries.into()), node)
    }

    fn pair(&mut self, node: Cn<'c>) -> Property {
        let key = self.expr_or_hole(node.field("key"), node);
        let key = match self.b.module.kind(key) {
            Kind::Str(text) => Key::Named(text.clone()),
            _ => Key::Computed(key),
        };
        let name = match &key {
            Key::Named(name) => Some(name.clone()),
            Key::Computed(_) | Key::Spread => None,
        };
        let value = match node.field("value") {
            Some(value) => self.named_value(value, name.as_ref()),
            None => self.expr_or_hole(None, node),
        };
        Property { key, value, range: node.range() }
    }

    /// `[element for a in b if c for d in e]`: loops within loops around the element.
    fn comprehension(&mut self, node: Cn<'c>) -> NodeId {
        let mut body = match node.field("body") {
            Some(pair) if pair.kind() == "pair" => {
                let entry = self.pair(pair);
                self.add(Kind::Object([entry].into()), pair)
            }
            body => self.expr_or_hole(body, node),
        };
        let mut loops: Vec<(NodeId, NodeId, Vec<NodeId>)> = Vec::new();
        for clause in node.kids() {
            match clause.kind() {
                "for_in_clause" => {
                    let binding = self.expr_or_hole(clause.field("left"), clause);
                    let right: Vec<Cn<'c>> =
                        clause.kids().filter(|kid| kid.field_name() == "right" && kid.is_named()).collect();
                    let iterable = match right[..] {
                        [one] => self.expr(one),
                        _ => {
                            let items: Vec<NodeId> = right.into_iter().map(|item| self.expr(item)).collect();
                            self.add(Kind::Array(items.into()), clause)
                        }
                    };
                    loops.push((binding, iterable, Vec::new()));
                }
                "if_clause" => {
                    let test = self.expr_or_hole(clause.kid(), clause);
                    if let Some((_, _, header)) = loops.last_mut() {
                        header.push(test);
                    }
                }
                _ => {}
            }
        }
        for (binding, iterable, header) in loops.into_iter().rev() {
            let kind = Kind::Loop { binding: Some(binding), iterable: Some(iterable), header: header.into(), body };
            body = self.add(kind, node);
        }
        body
    }

    fn lambda(&mut self, node: Cn<'c>, name: Option<Str>) -> NodeId {
        let head_end =
            node.children().find(|child| child.kind() == ":" && !child.is_named()).map_or(node.end(), Cn::end);
        let head = Range { start: node.start(), end: head_end };
        let (id, outer) = self.open_function(node.range());
        let params = node.field("parameters").map_or_else(Vec::new, |list| self.params(list));
        let value = self.expr_or_hole(node.field("body"), node);
        let range = self.b.module.node(value).range;
        let value = self.add_range(Kind::Return(Some(value)), range);
        let body = self.add_range(Kind::Block([value].into()), range);
        let function = Function { name, params, body, head, ..self.blank(node.range(), outer.0) };
        self.close_function(id, outer, function);
        self.add(Kind::Function(id), node)
    }

    pub(super) fn params(&mut self, list: Cn<'c>) -> Vec<Param> {
        let mut params = Vec::new();
        for kid in list.kids() {
            let mut rest = false;
            let (pattern, default, annotation) = match kid.kind() {
                "keyword_separator" | "positional_separator" => continue,
                "default_parameter" | "typed_default_parameter" => {
                    (kid.field("name"), kid.field("value"), kid.field("type"))
                }
                "typed_parameter" => (kid.kid(), None, kid.field("type")),
                _ => (Some(kid), None, None),
            };
            let Some(mut pattern) = pattern else { continue };
            if matches!(pattern.kind(), "list_splat_pattern" | "dictionary_splat_pattern") {
                rest = true;
                pattern = pattern.kid().unwrap_or(pattern);
            }
            let pattern = self.expr(pattern);
            let annotation = annotation.map(|annotation| self.annotation(annotation));
            let default = default.map(|default| self.expr(default));
            params.push(Param { pattern, default, rest, annotation, decorators: Vec::new() });
        }
        params
    }

    /// An annotation, as the expression that it is.
    pub(super) fn annotation(&mut self, node: Cn<'c>) -> NodeId {
        if !matches!(node.kind(), "type" | "generic_type" | "union_type" | "member_type") {
            return self.expr(node);
        }
        if !self.b.enter(node.range()) {
            return self.opaque(node);
        }
        let id = self.annotation_inner(node);
        self.b.leave();
        id
    }

    fn annotation_inner(&mut self, node: Cn<'c>) -> NodeId {
        match node.kind() {
            "type" => match node.kid() {
                Some(inner) => self.annotation(inner),
                None => self.opaque(node),
            },
            "generic_type" => {
                let mut kids = node.kids();
                let object = match kids.next() {
                    Some(first) => self.annotation(first),
                    None => self.opaque(node),
                };
                let items: Vec<Cn<'c>> = kids.flat_map(Cn::kids).collect();
                let index = self.index(node, &items);
                self.add(Kind::Index { object, index }, node)
            }
            "member_type" => {
                let mut kids = node.kids();
                let object = match kids.next() {
                    Some(first) => self.annotation(first),
                    None => self.opaque(node),
                };
                let property = kids.next().map_or("", Cn::text).into();
                self.add(Kind::Member { object, property }, node)
            }
            _ => {
                let mut union: Option<NodeId> = None;
                for kid in node.kids() {
                    let right = self.annotation(kid);
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
        }
    }

    /// The pattern of a `case`; none for the wildcard.
    pub(super) fn case_pattern(&mut self, node: Cn<'c>) -> Option<NodeId> {
        if !self.b.enter(node.range()) {
            return Some(self.opaque(node));
        }
        let id = self.case_pattern_inner(node);
        self.b.leave();
        id
    }

    fn case_pattern_inner(&mut self, node: Cn<'c>) -> Option<NodeId> {
        Some(match node.kind() {
            "case_pattern" => match node.kid() {
                Some(inner) => {
                    let inner = self.case_pattern(inner);
                    match inner {
                        Some(operand) if node.has_token("-") => {
                            self.add(Kind::Unary { op: UnaryOp::Arithmetic, operand }, node)
                        }
                        inner => return inner,
                    }
                }
                None if node.text() == "_" => return None,
                None => self.opaque(node),
            },
            "union_pattern" => {
                let mut union: Option<NodeId> = None;
                for kid in node.kids() {
                    let right = self.case_pattern(kid).unwrap_or_else(|| self.opaque(kid));
                    union = Some(match union {
                        None => right,
                        Some(left) => {
                            let range = Range { start: node.start(), end: kid.end() };
                            self.add_range(Kind::Binary { op: BinaryOp::Or, left, right }, range)
                        }
                    });
                }
                return union;
            }
            "class_pattern" => {
                let mut kids = node.kids();
                let callee = match kids.next() {
                    Some(class) => self.expr(class),
                    None => self.opaque(node),
                };
                let mut args = Vec::new();
                for kid in kids {
                    let keyword = kid.kid_of("keyword_pattern");
                    let name = keyword.and_then(Cn::kid).map(|name| name.text().into());
                    let value = match keyword {
                        Some(keyword) => keyword.kids().nth(1).and_then(|value| self.case_pattern(value)),
                        None => self.case_pattern(kid),
                    };
                    args.push(Arg { name, value: value.unwrap_or_else(|| self.opaque(kid)) });
                }
                self.add(Kind::Call { callee, args: args.into(), new: false }, node)
            }
            "dict_pattern" => {
                let mut entries = Vec::new();
                let mut key: Option<(Key, Range)> = None;
                for kid in node.kids() {
                    match kid.field_name() {
                        "key" => {
                            let id = self.case_pattern(kid).unwrap_or_else(|| self.opaque(kid));
                            let named = match self.b.module.kind(id) {
                                Kind::Str(text) => Key::Named(text.clone()),
                                _ => Key::Computed(id),
                            };
                            key = Some((named, kid.range()));
                        }
                        _ => {
                            let inner = if kid.kind() == "splat_pattern" { kid.kid().unwrap_or(kid) } else { kid };
                            let value = self.case_pattern(inner).unwrap_or_else(|| self.opaque(kid));
                            let (key, start) = match key.take() {
                                Some((key, range)) => (key, range.start),
                                None => (Key::Spread, kid.start()),
                            };
                            entries.push(Property { key, value, range: Range { start, end: kid.end() } });
                        }
                    }
                }
                self.add(Kind::Object(entries.into()), node)
            }
            "list_pattern" | "tuple_pattern" => {
                let mut items = Vec::new();
                for kid in node.kids() {
                    items.push(self.case_pattern(kid).unwrap_or_else(|| self.opaque(kid)));
                }
                self.add(Kind::Array(items.into()), node)
            }
            "splat_pattern" => {
                let inner = self.expr_or_hole(node.kid(), node);
                self.add(Kind::Spread(inner), node)
            }
            "as_pattern" => {
                let mut kids = node.kids();
                let value = kids.next().and_then(|pattern| self.case_pattern(pattern));
                let value = value.unwrap_or_else(|| self.opaque(node));
                match kids.next() {
                    Some(target) => {
                        let target = self.expr(target);
                        self.add(Kind::Assign { target, op: None, value }, node)
                    }
                    None => value,
                }
            }
            _ => self.expr(node),
        })
    }
}
