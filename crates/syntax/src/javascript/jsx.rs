//! JSX elements.

use oxc_ast::ast::{
    JSXAttribute, JSXAttributeItem, JSXAttributeName, JSXAttributeValue, JSXChild, JSXElement, JSXElementName,
    JSXExpressionContainer, JSXFragment, JSXMemberExpression, JSXMemberExpressionObject, JSXText,
};
use oxc_span::Span;
use plimsoll_ir::{Key, Kind, NodeId, Property, Str};

use super::lower::Lower;

impl Lower<'_> {
    pub(super) fn element(&mut self, element: &JSXElement) -> NodeId {
        let tag = self.tag(&element.opening_element.name);
        let mut attributes = Vec::with_capacity(element.opening_element.attributes.len());
        for attribute in &element.opening_element.attributes {
            attributes.push(self.attribute(attribute));
        }
        let children = self.jsx_children(&element.children);
        self.add(Kind::Element { tag, attributes: attributes.into(), children: children.into() }, element.span)
    }

    pub(super) fn fragment(&mut self, fragment: &JSXFragment) -> NodeId {
        let tag = self.name("", fragment.opening_fragment.span);
        let children = self.jsx_children(&fragment.children);
        self.add(Kind::Element { tag, attributes: Box::new([]), children: children.into() }, fragment.span)
    }

    fn tag(&mut self, name: &JSXElementName) -> NodeId {
        match name {
            JSXElementName::Identifier(name) => self.name(name.name.as_str(), name.span),
            JSXElementName::IdentifierReference(name) => self.name(name.name.as_str(), name.span),
            JSXElementName::NamespacedName(name) => {
                let text = format!("{}:{}", name.namespace.name, name.name.name);
                self.name(&text, name.span)
            }
            JSXElementName::MemberExpression(member) => self.tag_member(member),
            JSXElementName::ThisExpression(this) => self.add(Kind::This, this.span),
        }
    }

    fn tag_member(&mut self, outermost: &JSXMemberExpression) -> NodeId {
        let mut links: Vec<(&str, Span)> = Vec::new();
        let mut member = outermost;
        let mut id = loop {
            if !self.enter(member.span) {
                break self.opaque(Vec::new(), member.span);
            }
            links.push((member.property.name.as_str(), member.span));
            match &member.object {
                JSXMemberExpressionObject::MemberExpression(inner) => member = inner,
                JSXMemberExpressionObject::IdentifierReference(name) => {
                    break self.name(name.name.as_str(), name.span);
                }
                JSXMemberExpressionObject::ThisExpression(this) => break self.add(Kind::This, this.span),
            }
        };
        while let Some((property, span)) = links.pop() {
            id = self.add(Kind::Member { object: id, property: property.into() }, span);
            self.leave();
        }
        id
    }

    fn attribute(&mut self, attribute: &JSXAttributeItem) -> Property {
        match attribute {
            JSXAttributeItem::SpreadAttribute(spread) => {
                let value = self.expression(&spread.argument);
                Property { key: Key::Spread, value, range: self.range(spread.span) }
            }
            JSXAttributeItem::Attribute(attribute) => self.named_attribute(attribute),
        }
    }

    fn named_attribute(&mut self, attribute: &JSXAttribute) -> Property {
        let name: Str = match &attribute.name {
            JSXAttributeName::Identifier(name) => name.name.as_str().into(),
            JSXAttributeName::NamespacedName(name) => format!("{}:{}", name.namespace.name, name.name.name).into(),
        };
        let value = match &attribute.value {
            None => self.add(Kind::Bool(true), attribute.span),
            Some(JSXAttributeValue::StringLiteral(text)) => self.add(Kind::Str(text.value.as_str().into()), text.span),
            Some(JSXAttributeValue::ExpressionContainer(container)) => match container.expression.as_expression() {
                Some(expression) => self.expression(expression),
                None => self.add(Kind::Null, container.span),
            },
            Some(JSXAttributeValue::Element(element)) => self.nested(element),
            Some(JSXAttributeValue::Fragment(fragment)) => self.nested_fragment(fragment),
        };
        Property { key: Key::Named(name), value, range: self.range(attribute.span) }
    }

    fn jsx_children(&mut self, children: &[JSXChild]) -> Vec<NodeId> {
        let mut out = Vec::with_capacity(children.len());
        for child in children {
            match child {
                JSXChild::Text(text) => out.extend(self.jsx_text(text)),
                JSXChild::Element(element) => out.push(self.nested(element)),
                JSXChild::Fragment(fragment) => out.push(self.nested_fragment(fragment)),
                JSXChild::ExpressionContainer(container) => out.extend(self.container(container)),
                JSXChild::Spread(spread) => {
                    let inner = self.expression(&spread.expression);
                    out.push(self.add(Kind::Spread(inner), spread.span));
                }
            }
        }
        out
    }

    fn container(&mut self, container: &JSXExpressionContainer) -> Option<NodeId> {
        container.expression.as_expression().map(|expression| self.expression(expression))
    }

    fn jsx_text(&mut self, text: &JSXText) -> Option<NodeId> {
        let trimmed = text.value.as_str().trim();
        if trimmed.is_empty() {
            return None;
        }
        let raw = self.slice(text.span);
        let before = u32::try_from(raw.len() - raw.trim_start().len()).unwrap_or(0);
        let after = u32::try_from(raw.len() - raw.trim_end().len()).unwrap_or(0);
        let span =
            Span::new(text.span.start + before, text.span.end.saturating_sub(after).max(text.span.start + before));
        Some(self.add(Kind::Str(trimmed.into()), span))
    }

    fn nested(&mut self, element: &JSXElement) -> NodeId {
        if !self.enter(element.span) {
            return self.opaque(Vec::new(), element.span);
        }
        let id = self.element(element);
        self.leave();
        id
    }

    fn nested_fragment(&mut self, fragment: &JSXFragment) -> NodeId {
        if !self.enter(fragment.span) {
            return self.opaque(Vec::new(), fragment.span);
        }
        let id = self.fragment(fragment);
        self.leave();
        id
    }
}
