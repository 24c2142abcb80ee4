//! Destructuring patterns, in declarations and in assignments: the same nodes as expressions.

use oxc_ast::ast::{
    ArrayAssignmentTarget, ArrayPattern, AssignmentTarget, AssignmentTargetMaybeDefault, AssignmentTargetProperty,
    BindingPattern, Expression, ObjectAssignmentTarget, ObjectPattern,
};
use oxc_span::{GetSpan, Span};
use plimsoll_ir::{Key, Kind, NodeId, Property};

use super::lower::Lower;

impl Lower<'_> {
    pub(super) fn pattern(&mut self, pattern: &BindingPattern) -> NodeId {
        let span = pattern.span();
        if !self.enter(span) {
            return self.opaque(Vec::new(), span);
        }
        let id = match pattern {
            BindingPattern::BindingIdentifier(name) => self.name(name.name.as_str(), name.span),
            BindingPattern::ObjectPattern(object) => self.object_pattern(object),
            BindingPattern::ArrayPattern(array) => self.array_pattern(array),
            BindingPattern::AssignmentPattern(default) => {
                let target = self.pattern(&default.left);
                let name = default.left.get_identifier_name();
                self.with_default(target, &default.right, name.as_ref().map(|name| name.as_str()), default.span)
            }
        };
        self.leave();
        id
    }

    fn with_default(&mut self, target: NodeId, value: &Expression, name: Option<&str>, span: Span) -> NodeId {
        let value = self.expression_named(value, name);
        self.add(Kind::Assign { target, op: None, value }, span)
    }

    fn object_pattern(&mut self, object: &ObjectPattern) -> NodeId {
        let mut properties = Vec::with_capacity(object.properties.len() + 1);
        for property in &object.properties {
            let key = self.key(&property.key);
            let value = self.pattern(&property.value);
            properties.push(Property { key, value, range: self.range(property.span) });
        }
        if let Some(rest) = &object.rest {
            let value = self.pattern(&rest.argument);
            properties.push(Property { key: Key::Spread, value, range: self.range(rest.span) });
        }
        self.add(Kind::Object(properties.into()), object.span)
    }

    fn array_pattern(&mut self, array: &ArrayPattern) -> NodeId {
        let mut items = Vec::with_capacity(array.elements.len() + 1);
        let mut at = array.span.start.saturating_add(1);
        for element in &array.elements {
            items.push(match element {
                Some(element) => {
                    at = element.span().end;
                    self.pattern(element)
                }
                None => self.add(Kind::Null, Span::new(at, at)),
            });
        }
        if let Some(rest) = &array.rest {
            let inner = self.pattern(&rest.argument);
            items.push(self.add(Kind::Spread(inner), rest.span));
        }
        self.add(Kind::Array(items.into()), array.span)
    }

    pub(super) fn target(&mut self, target: &AssignmentTarget) -> NodeId {
        let span = target.span();
        if !self.enter(span) {
            return self.opaque(Vec::new(), span);
        }
        let id = match target {
            AssignmentTarget::ArrayAssignmentTarget(array) => self.array_target(array),
            AssignmentTarget::ObjectAssignmentTarget(object) => self.object_target(object),
            target => match target.as_simple_assignment_target() {
                Some(simple) => self.simple_target(simple),
                None => self.opaque(Vec::new(), span),
            },
        };
        self.leave();
        id
    }

    fn maybe_default(&mut self, target: &AssignmentTargetMaybeDefault) -> NodeId {
        match target {
            AssignmentTargetMaybeDefault::AssignmentTargetWithDefault(default) => {
                let binding = self.target(&default.binding);
                self.with_default(binding, &default.init, None, default.span)
            }
            target => match target.as_assignment_target() {
                Some(target) => self.target(target),
                None => self.opaque(Vec::new(), target.span()),
            },
        }
    }

    fn array_target(&mut self, array: &ArrayAssignmentTarget) -> NodeId {
        let mut items = Vec::with_capacity(array.elements.len() + 1);
        let mut at = array.span.start.saturating_add(1);
        for element in &array.elements {
            items.push(match element {
                Some(element) => {
                    at = element.span().end;
                    self.maybe_default(element)
                }
                None => self.add(Kind::Null, Span::new(at, at)),
            });
        }
        if let Some(rest) = &array.rest {
            let inner = self.target(&rest.target);
            items.push(self.add(Kind::Spread(inner), rest.span));
        }
        self.add(Kind::Array(items.into()), array.span)
    }

    fn object_target(&mut self, object: &ObjectAssignmentTarget) -> NodeId {
        let mut properties = Vec::with_capacity(object.properties.len() + 1);
        for property in &object.properties {
            properties.push(self.target_property(property));
        }
        if let Some(rest) = &object.rest {
            let value = self.target(&rest.target);
            properties.push(Property { key: Key::Spread, value, range: self.range(rest.span) });
        }
        self.add(Kind::Object(properties.into()), object.span)
    }

    fn target_property(&mut self, property: &AssignmentTargetProperty) -> Property {
        match property {
            AssignmentTargetProperty::AssignmentTargetPropertyIdentifier(shorthand) => {
                let name = shorthand.binding.name.as_str();
                let mut value = self.name(name, shorthand.binding.span);
                if let Some(init) = &shorthand.init {
                    value = self.with_default(value, init, Some(name), shorthand.span);
                }
                Property { key: Key::Named(name.into()), value, range: self.range(shorthand.span) }
            }
            AssignmentTargetProperty::AssignmentTargetPropertyProperty(property) => {
                let key = self.key(&property.name);
                let value = self.maybe_default(&property.binding);
                Property { key, value, range: self.range(property.span) }
            }
        }
    }
}
