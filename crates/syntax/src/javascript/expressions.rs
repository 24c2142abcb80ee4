//! Expressions.

use oxc_ast::ast::{
    Argument, ArrayExpression, ArrayExpressionElement, AssignmentExpression, AssignmentTarget, BinaryExpression,
    CallExpression, ChainElement, ComputedMemberExpression, Expression, LogicalExpression, NewExpression,
    ObjectExpression, ObjectPropertyKind, PrivateFieldExpression, PropertyKind, SimpleAssignmentTarget,
    StaticMemberExpression, TaggedTemplateExpression, TemplateLiteral, UnaryExpression,
};
use oxc_span::{GetSpan, Span};
use oxc_syntax::operator::{AssignmentOperator, BinaryOperator, LogicalOperator, UnaryOperator};
use oxc_syntax::precedence::{GetPrecedence, Precedence};
use plimsoll_ir::{Arg, BinaryOp, Key, Kind, NodeId, Property, Range, UnaryOp};

use super::lower::{Lower, key_name, private};

/// Chains of one precedence longer than this become a balanced tree instead of one as deep as the chain is long, so
/// that nothing that reads the tree needs a stack for it. The operands keep their order.
const LEFT_DEEP: usize = 16;

/// One operator of a chain with its right operand.
struct Step<'e, 'a> {
    op: BinaryOp,
    precedence: Precedence,
    right: &'e Expression<'a>,
    /// The whole operation, its left side included.
    span: Span,
}

/// One step outwards from the innermost object of `a.b(c)[d]`.
enum Link<'e, 'a> {
    Call(&'e CallExpression<'a>),
    Static(&'e StaticMemberExpression<'a>),
    Computed(&'e ComputedMemberExpression<'a>),
    Private(&'e PrivateFieldExpression<'a>),
    Tagged(&'e TaggedTemplateExpression<'a>),
}

impl Lower<'_> {
    pub(super) fn expression(&mut self, expression: &Expression) -> NodeId {
        self.expression_named(expression, None)
    }

    /// Lowers an expression; a function or class without a name of its own takes `name`.
    pub(super) fn expression_named(&mut self, expression: &Expression, name: Option<&str>) -> NodeId {
        let span = expression.span();
        if !self.enter(span) {
            return self.opaque(Vec::new(), span);
        }
        let id = self.dispatch(expression, name);
        self.leave();
        id
    }

    // Every arm only forwards: the locals of arms would add up in the frame of this function, which is on the stack
    // once for each level of nesting.
    fn dispatch(&mut self, expression: &Expression, name: Option<&str>) -> NodeId {
        match expression {
            Expression::CallExpression(_)
            | Expression::ChainExpression(_)
            | Expression::StaticMemberExpression(_)
            | Expression::ComputedMemberExpression(_)
            | Expression::PrivateFieldExpression(_)
            | Expression::TaggedTemplateExpression(_) => self.postfix_chain(expression),
            Expression::BinaryExpression(_) | Expression::LogicalExpression(_) => self.operator_chain(expression),
            Expression::ArrowFunctionExpression(arrow) => self.arrow(arrow, name),
            Expression::FunctionExpression(function) => self.function_value(function, name),
            Expression::ClassExpression(class) => self.class(class, name),
            Expression::ObjectExpression(object) => self.object(object),
            Expression::ArrayExpression(array) => self.array(array),
            Expression::AssignmentExpression(assignment) => self.assignment(assignment),
            Expression::JSXElement(element) => self.element(element),
            Expression::JSXFragment(fragment) => self.fragment(fragment),
            Expression::TemplateLiteral(template) => self.template(template),
            Expression::UnaryExpression(unary) => self.unary(unary),
            Expression::NewExpression(new) => self.construction(new),
            Expression::ConditionalExpression(conditional) => {
                let test = self.expression(&conditional.test);
                let then = self.expression_named(&conditional.consequent, name);
                let otherwise = self.expression_named(&conditional.alternate, name);
                self.add(Kind::Conditional { test, then, otherwise }, conditional.span)
            }
            Expression::AwaitExpression(inner) => {
                let value = self.expression(&inner.argument);
                self.add(Kind::Await(value), inner.span)
            }
            Expression::YieldExpression(inner) => {
                let value = match &inner.argument {
                    Some(argument) => self.expression(argument),
                    None => self.add(Kind::Null, inner.span),
                };
                self.add(Kind::Await(value), inner.span)
            }
            Expression::ParenthesizedExpression(inner) => self.expression_named(&inner.expression, name),
            Expression::TSAsExpression(inner) => self.expression_named(&inner.expression, name),
            Expression::TSSatisfiesExpression(inner) => self.expression_named(&inner.expression, name),
            Expression::TSTypeAssertion(inner) => self.expression_named(&inner.expression, name),
            Expression::TSNonNullExpression(inner) => self.expression_named(&inner.expression, name),
            Expression::TSInstantiationExpression(inner) => self.expression_named(&inner.expression, name),
            Expression::ImportExpression(import) => self.dynamic_import(import),
            Expression::SequenceExpression(sequence) => {
                let parts = sequence.expressions.iter().map(|part| self.expression(part)).collect();
                self.opaque(parts, sequence.span)
            }
            Expression::UpdateExpression(update) => {
                let operand = self.simple_target(&update.argument);
                self.add(Kind::Unary { op: UnaryOp::Arithmetic, operand }, update.span)
            }
            Expression::PrivateInExpression(inner) => {
                let left = self.name(&private(inner.left.name.as_str()), inner.left.span);
                let right = self.expression(&inner.right);
                self.add(Kind::Binary { op: BinaryOp::In, left, right }, inner.span)
            }
            Expression::V8IntrinsicExpression(call) => {
                let callee = self.name(call.name.name.as_str(), call.name.span);
                let args = self.arguments(&call.arguments);
                self.add(Kind::Call { callee, args, new: false }, call.span)
            }
            Expression::BooleanLiteral(_)
            | Expression::NullLiteral(_)
            | Expression::NumericLiteral(_)
            | Expression::BigIntLiteral(_)
            | Expression::RegExpLiteral(_)
            | Expression::StringLiteral(_)
            | Expression::Identifier(_)
            | Expression::Super(_)
            | Expression::ThisExpression(_)
            | Expression::ImportMeta(_)
            | Expression::NewTarget(_) => self.leaf(expression),
        }
    }

    fn leaf(&mut self, expression: &Expression) -> NodeId {
        let span = expression.span();
        if !self.tags.is_empty() && !self.tags_in(span).is_empty() {
            return match expression {
                Expression::StringLiteral(_) => {
                    let inside = Span::new(span.start.saturating_add(1), span.end.saturating_sub(1));
                    let parts = self.text_with_tags(inside);
                    self.add(Kind::Template(parts.into()), span)
                }
                _ => self.opaque(Vec::new(), span),
            };
        }
        let kind = match expression {
            Expression::BooleanLiteral(literal) => Kind::Bool(literal.value),
            Expression::NumericLiteral(literal) => Kind::Num(literal.value),
            Expression::BigIntLiteral(literal) => Kind::Num(literal.value.as_str().parse().unwrap_or(f64::NAN)),
            Expression::RegExpLiteral(literal) => Kind::Regex(literal.regex.pattern.text.as_str().into()),
            Expression::StringLiteral(literal) => Kind::Str(literal.value.as_str().into()),
            Expression::Identifier(name) if name.name.as_str() == "undefined" => Kind::Null,
            Expression::Identifier(name) => Kind::Name(name.name.as_str().into()),
            Expression::Super(_) => Kind::Name("super".into()),
            Expression::ThisExpression(_) => Kind::This,
            Expression::ImportMeta(_) => {
                let object = self.name("import", Span::new(span.start, span.start.saturating_add(6).min(span.end)));
                Kind::Member { object, property: "meta".into() }
            }
            Expression::NewTarget(_) => {
                let object = self.name("new", Span::new(span.start, span.start.saturating_add(3).min(span.end)));
                Kind::Member { object, property: "target".into() }
            }
            _ => Kind::Null,
        };
        self.add(kind, span)
    }

    /// Members and calls nest to the left, one level for each: they are walked in a loop.
    fn postfix_chain(&mut self, outermost: &Expression) -> NodeId {
        let mut links = Vec::new();
        let mut current = Some(outermost);
        let mut too_deep = None;
        let mut innermost = outermost;
        while let Some(expression) = current {
            innermost = expression;
            let (link, next) = match expression {
                Expression::CallExpression(call) => (Some(Link::Call(call)), &call.callee),
                Expression::StaticMemberExpression(member) => (Some(Link::Static(member)), &member.object),
                Expression::ComputedMemberExpression(member) => (Some(Link::Computed(member)), &member.object),
                Expression::PrivateFieldExpression(member) => (Some(Link::Private(member)), &member.object),
                Expression::TaggedTemplateExpression(tagged) => (Some(Link::Tagged(tagged)), &tagged.tag),
                Expression::ChainExpression(chain) => match &chain.expression {
                    ChainElement::CallExpression(call) => (Some(Link::Call(call)), &call.callee),
                    ChainElement::TSNonNullExpression(inner) => (None, &inner.expression),
                    ChainElement::StaticMemberExpression(member) => (Some(Link::Static(member)), &member.object),
                    ChainElement::ComputedMemberExpression(member) => (Some(Link::Computed(member)), &member.object),
                    ChainElement::PrivateFieldExpression(member) => (Some(Link::Private(member)), &member.object),
                },
                Expression::TSNonNullExpression(inner) => (None, &inner.expression),
                Expression::TSAsExpression(inner) => (None, &inner.expression),
                Expression::TSSatisfiesExpression(inner) => (None, &inner.expression),
                Expression::TSTypeAssertion(inner) => (None, &inner.expression),
                Expression::TSInstantiationExpression(inner) => (None, &inner.expression),
                Expression::ParenthesizedExpression(inner) => (None, &inner.expression),
                _ => break,
            };
            if let Some(link) = link {
                if !self.enter(expression.span()) {
                    too_deep = Some(expression.span());
                    break;
                }
                links.push(link);
            }
            current = Some(next);
        }
        let mut id = match too_deep {
            Some(span) => self.opaque(Vec::new(), span),
            None => self.expression(innermost),
        };
        while let Some(link) = links.pop() {
            id = self.link(&link, id);
            self.leave();
        }
        id
    }

    fn link(&mut self, link: &Link, inner: NodeId) -> NodeId {
        match link {
            Link::Call(call) => {
                let args = self.arguments(&call.arguments);
                let id = self.add(Kind::Call { callee: inner, args, new: false }, call.span);
                self.note_call(call, id);
                id
            }
            Link::Static(member) => {
                let property = member.property.name.as_str().into();
                self.add(Kind::Member { object: inner, property }, member.span)
            }
            Link::Private(member) => {
                let property = private(member.field.name.as_str());
                self.add(Kind::Member { object: inner, property }, member.span)
            }
            Link::Computed(member) => {
                let index = self.expression(&member.expression);
                self.add(Kind::Index { object: inner, index }, member.span)
            }
            Link::Tagged(tagged) => {
                let text = self.template(&tagged.quasi);
                let args = Box::new([Arg { name: None, value: text }]);
                self.add(Kind::Call { callee: inner, args, new: false }, tagged.span)
            }
        }
    }

    pub(super) fn arguments(&mut self, arguments: &[Argument]) -> Box<[Arg]> {
        arguments
            .iter()
            .map(|argument| {
                let value = match argument {
                    Argument::SpreadElement(spread) => {
                        let inner = self.expression(&spread.argument);
                        self.add(Kind::Spread(inner), spread.span)
                    }
                    argument => match argument.as_expression() {
                        Some(expression) => self.expression(expression),
                        None => self.opaque(Vec::new(), argument.span()),
                    },
                };
                Arg { name: None, value }
            })
            .collect()
    }

    fn construction(&mut self, new: &NewExpression) -> NodeId {
        let callee = self.expression(&new.callee);
        let args = self.arguments(&new.arguments);
        self.add(Kind::Call { callee, args, new: true }, new.span)
    }

    /// Binary and logical operators nest to the left too. Operands of one precedence form a group.
    fn operator_chain(&mut self, outermost: &Expression) -> NodeId {
        let mut steps: Vec<Step> = Vec::new();
        let mut current = outermost;
        loop {
            current = match current {
                Expression::BinaryExpression(binary) => {
                    let BinaryExpression { left, operator, right, .. } = &**binary;
                    steps.push(Step {
                        op: binary_op(*operator),
                        precedence: operator.precedence(),
                        right,
                        span: binary.span,
                    });
                    left
                }
                Expression::LogicalExpression(logical) => {
                    let LogicalExpression { left, operator, right, .. } = &**logical;
                    steps.push(Step {
                        op: logical_op(*operator),
                        precedence: operator.precedence(),
                        right,
                        span: logical.span,
                    });
                    left
                }
                _ => break,
            };
        }
        steps.reverse();
        // Each group deepens the tree on its left side, so the levels are taken outermost group first.
        let mut groups = Vec::new();
        let mut end = steps.len();
        while end > 0 {
            let start = steps[..end]
                .iter()
                .rposition(|step| step.precedence != steps[end - 1].precedence)
                .map_or(0, |at| at + 1);
            groups.push(start..end);
            end = start;
        }
        let mut entered = 0;
        let mut kept = groups.len();
        'groups: for (index, group) in groups.iter().enumerate() {
            let length = group.len();
            let levels = if length <= LEFT_DEEP { length } else { length.ilog2() as usize + 1 };
            for _ in 0..levels {
                if !self.enter(outermost.span()) {
                    kept = index;
                    break 'groups;
                }
                entered += 1;
            }
        }
        let mut id =
            if kept < groups.len() { self.opaque(Vec::new(), current.span()) } else { self.expression(current) };
        for group in groups[..kept].iter().rev() {
            let steps = &steps[group.clone()];
            if steps.len() <= LEFT_DEEP {
                for step in steps {
                    let right = self.expression(step.right);
                    id = self.add(Kind::Binary { op: step.op, left: id, right }, step.span);
                }
            } else {
                let mut operands = vec![id];
                operands.extend(steps.iter().map(|step| self.expression(step.right)));
                id = self.join(&operands, steps);
            }
        }
        for _ in 0..entered {
            self.leave();
        }
        id
    }

    /// Joins many operands with the operators between them into a balanced tree.
    fn join(&mut self, operands: &[NodeId], steps: &[Step]) -> NodeId {
        let middle = steps.len() / 2;
        let (left, right) = match (operands, steps) {
            (&[only], _) => return only,
            (_, []) => return self.opaque(operands.to_vec(), Span::default()),
            _ => (
                self.join(&operands[..=middle], &steps[..middle]),
                self.join(&operands[middle + 1..], &steps[middle + 1..]),
            ),
        };
        self.add_between(Kind::Binary { op: steps[middle].op, left, right }, left, right)
    }

    fn unary(&mut self, unary: &UnaryExpression) -> NodeId {
        // Minifiers write `!0`, `!1` and `void 0` for the constants.
        match (unary.operator, &unary.argument) {
            (UnaryOperator::LogicalNot, Expression::NumericLiteral(number)) => {
                return self.add(Kind::Bool(number.value == 0.0), unary.span);
            }
            (UnaryOperator::Void, Expression::NumericLiteral(_)) => return self.add(Kind::Null, unary.span),
            (UnaryOperator::UnaryNegation, Expression::NumericLiteral(number)) => {
                return self.add(Kind::Num(-number.value), unary.span);
            }
            _ => {}
        }
        let op = match unary.operator {
            UnaryOperator::LogicalNot => UnaryOp::Not,
            UnaryOperator::UnaryPlus | UnaryOperator::UnaryNegation | UnaryOperator::BitwiseNot => UnaryOp::Arithmetic,
            UnaryOperator::Typeof => UnaryOp::TypeOf,
            UnaryOperator::Delete => UnaryOp::Delete,
            UnaryOperator::Void => UnaryOp::Other,
        };
        let operand = self.expression(&unary.argument);
        self.add(Kind::Unary { op, operand }, unary.span)
    }

    pub(super) fn template(&mut self, template: &TemplateLiteral) -> NodeId {
        let mut parts = Vec::with_capacity(template.quasis.len() + template.expressions.len());
        let mut expressions = template.expressions.iter();
        for quasi in &template.quasis {
            let text = quasi.value.cooked.unwrap_or(quasi.value.raw);
            if !self.tags.is_empty() && !self.tags_in(quasi.span).is_empty() {
                parts.extend(self.text_with_tags(quasi.span));
            } else if !text.is_empty() {
                parts.push(self.add(Kind::Str(text.as_str().into()), quasi.span));
            }
            if let Some(expression) = expressions.next() {
                parts.push(self.expression(expression));
            }
        }
        self.add(Kind::Template(parts.into()), template.span)
    }

    fn array(&mut self, array: &ArrayExpression) -> NodeId {
        let items: Vec<NodeId> = array.elements.iter().map(|element| self.array_element(element)).collect();
        self.add(Kind::Array(items.into()), array.span)
    }

    fn array_element(&mut self, element: &ArrayExpressionElement) -> NodeId {
        match element {
            ArrayExpressionElement::SpreadElement(spread) => {
                let inner = self.expression(&spread.argument);
                self.add(Kind::Spread(inner), spread.span)
            }
            ArrayExpressionElement::Elision(hole) => self.add(Kind::Null, hole.span),
            element => match element.as_expression() {
                Some(expression) => self.expression(expression),
                None => self.opaque(Vec::new(), element.span()),
            },
        }
    }

    fn object(&mut self, object: &ObjectExpression) -> NodeId {
        let mut properties = Vec::with_capacity(object.properties.len());
        for property in &object.properties {
            properties.push(self.property(property));
        }
        self.add(Kind::Object(properties.into()), object.span)
    }

    fn property(&mut self, property: &ObjectPropertyKind) -> Property {
        match property {
            ObjectPropertyKind::SpreadProperty(spread) => {
                let value = self.expression(&spread.argument);
                Property { key: Key::Spread, value, range: self.range(spread.span) }
            }
            ObjectPropertyKind::ObjectProperty(property) => {
                let key = self.key(&property.key);
                let name = key_name(&key).map(str::to_owned);
                let is_method = property.method || property.kind != PropertyKind::Init;
                let value = match &property.value {
                    // The function of a method begins at its parameters; its head is the whole entry's.
                    Expression::FunctionExpression(function) if is_method => {
                        self.method_value(function, name.as_deref(), property.span)
                    }
                    value => self.expression_named(value, name.as_deref()),
                };
                Property { key, value, range: self.range(property.span) }
            }
        }
    }

    fn assignment(&mut self, assignment: &AssignmentExpression) -> NodeId {
        if assignment.operator == AssignmentOperator::Assign {
            self.note_assigned_import(&assignment.left, &assignment.right);
        }
        let target = self.target(&assignment.left);
        let name = match &assignment.left {
            AssignmentTarget::AssignmentTargetIdentifier(name) => Some(name.name.as_str()),
            AssignmentTarget::StaticMemberExpression(member) => Some(member.property.name.as_str()),
            _ => None,
        };
        // `module.exports` would be no name for a function.
        let value = self.expression_named(&assignment.right, name.filter(|&name| name != "exports"));
        let op = assignment_op(assignment.operator);
        if op.is_none() {
            self.note_commonjs_export(target, value, assignment.span);
        }
        self.add(Kind::Assign { target, op, value }, assignment.span)
    }

    pub(super) fn simple_target(&mut self, target: &SimpleAssignmentTarget) -> NodeId {
        match target {
            SimpleAssignmentTarget::AssignmentTargetIdentifier(name) => self.name(name.name.as_str(), name.span),
            SimpleAssignmentTarget::TSAsExpression(inner) => self.expression(&inner.expression),
            SimpleAssignmentTarget::TSSatisfiesExpression(inner) => self.expression(&inner.expression),
            SimpleAssignmentTarget::TSNonNullExpression(inner) => self.expression(&inner.expression),
            SimpleAssignmentTarget::TSTypeAssertion(inner) => self.expression(&inner.expression),
            SimpleAssignmentTarget::StaticMemberExpression(member) => {
                let object = self.expression(&member.object);
                self.add(Kind::Member { object, property: member.property.name.as_str().into() }, member.span)
            }
            SimpleAssignmentTarget::PrivateFieldExpression(member) => {
                let object = self.expression(&member.object);
                self.add(Kind::Member { object, property: private(member.field.name.as_str()) }, member.span)
            }
            SimpleAssignmentTarget::ComputedMemberExpression(member) => {
                let object = self.expression(&member.object);
                let index = self.expression(&member.expression);
                self.add(Kind::Index { object, index }, member.span)
            }
        }
    }

    /// The range of a node, for the parts that record it elsewhere.
    pub(super) fn range_of(&self, id: NodeId) -> Range {
        self.b.module.node(id).range
    }
}

fn binary_op(operator: BinaryOperator) -> BinaryOp {
    match operator {
        BinaryOperator::Equality | BinaryOperator::StrictEquality => BinaryOp::Equal,
        BinaryOperator::Inequality | BinaryOperator::StrictInequality => BinaryOp::NotEqual,
        BinaryOperator::LessThan
        | BinaryOperator::LessEqualThan
        | BinaryOperator::GreaterThan
        | BinaryOperator::GreaterEqualThan => BinaryOp::Compare,
        BinaryOperator::Addition => BinaryOp::Add,
        BinaryOperator::Remainder => BinaryOp::Percent,
        BinaryOperator::In => BinaryOp::In,
        BinaryOperator::Instanceof => BinaryOp::InstanceOf,
        BinaryOperator::Subtraction
        | BinaryOperator::Multiplication
        | BinaryOperator::Division
        | BinaryOperator::Exponential
        | BinaryOperator::ShiftLeft
        | BinaryOperator::ShiftRight
        | BinaryOperator::ShiftRightZeroFill
        | BinaryOperator::BitwiseOR
        | BinaryOperator::BitwiseXOR
        | BinaryOperator::BitwiseAnd => BinaryOp::Arithmetic,
    }
}

fn logical_op(operator: LogicalOperator) -> BinaryOp {
    match operator {
        LogicalOperator::And => BinaryOp::And,
        LogicalOperator::Or => BinaryOp::Or,
        LogicalOperator::Coalesce => BinaryOp::Coalesce,
    }
}

fn assignment_op(operator: AssignmentOperator) -> Option<BinaryOp> {
    match operator {
        AssignmentOperator::Assign => None,
        AssignmentOperator::Addition => Some(BinaryOp::Add),
        AssignmentOperator::Remainder => Some(BinaryOp::Percent),
        AssignmentOperator::LogicalOr => Some(BinaryOp::Or),
        AssignmentOperator::LogicalAnd => Some(BinaryOp::And),
        AssignmentOperator::LogicalNullish => Some(BinaryOp::Coalesce),
        _ => Some(BinaryOp::Arithmetic),
    }
}
