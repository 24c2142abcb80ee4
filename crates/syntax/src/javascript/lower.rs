//! The state of a lowering and the small helpers all its parts share.

use std::collections::BTreeMap;

use oxc_ast::ast::{Expression, Program, PropertyKey};
use oxc_span::{GetSpan, Span};
use plimsoll_ir::{Builder, FunctionId, Key, Kind, NodeId, Range, Str};

/// Lowers the syntax trees of one script (or of the pieces of a broken one) into a module.
pub(super) struct Lower<'s> {
    pub(super) b: Builder,
    /// The text that was parsed: the whole file, a script block, or a piece.
    pub(super) text: &'s str,
    /// Where that text begins in the file.
    pub(super) base: u32,
    /// The function being lowered.
    pub(super) function: Option<FunctionId>,
    /// How many TypeScript namespaces are open: their exports are not the module's.
    pub(super) namespaces: u32,
    /// Names that a coming `require` or `import()` call is bound to, by the start of the call.
    pub(super) bindings: BTreeMap<u32, Vec<(Str, Str)>>,
    /// Where a server's tags were replaced by placeholders, in the file, in order.
    pub(super) tags: Vec<Range>,
}

impl<'s> Lower<'s> {
    pub(super) fn new(b: Builder) -> Self {
        Lower { b, text: "", base: 0, function: None, namespaces: 0, bindings: BTreeMap::new(), tags: Vec::new() }
    }

    /// Lowers a parsed text that begins at `base` in the file.
    pub(super) fn program(&mut self, program: &Program, text: &'s str, base: u32) {
        self.text = text;
        self.base = base;
        for comment in &program.comments {
            let range = self.range(comment.span);
            self.b.module.comments.push(range);
        }
        for directive in &program.directives {
            let range = self.range(directive.span);
            self.b.module.directives.push((directive.directive.as_str().into(), range));
        }
        let mut body = std::mem::take(&mut self.b.module.body);
        self.statements(&program.body, &mut body);
        self.b.module.body = body;
    }

    /// A span of the parsed text as a range of the file. A recovering parser may hand out a span that ends inside a
    /// character or past the text: the range is cut back to what can be sliced.
    pub(super) fn range(&self, span: Span) -> Range {
        let end = self.boundary(span.end);
        let start = self.boundary(span.start).min(end);
        Range { start: self.base.saturating_add(start), end: self.base.saturating_add(end) }
    }

    fn boundary(&self, at: u32) -> u32 {
        let mut at = (at as usize).min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        u32::try_from(at).unwrap_or(u32::MAX)
    }

    /// The tags inside a span.
    pub(super) fn tags_in(&self, span: Span) -> &[Range] {
        let range = self.range(span);
        let from = self.tags.partition_point(|tag| tag.end <= range.start);
        let to = self.tags.partition_point(|tag| tag.start < range.end);
        self.tags.get(from..to).unwrap_or_default()
    }

    /// Text with tags in it: its pieces as written, and something unknown for each tag.
    pub(super) fn text_with_tags(&mut self, span: Span) -> Vec<NodeId> {
        let whole = self.range(span);
        let tags = self.tags_in(span).to_vec();
        let mut parts = Vec::with_capacity(tags.len() * 2 + 1);
        let mut at = whole.start;
        for tag in tags {
            self.text_piece(at, tag.start, &mut parts);
            at = tag.end.min(whole.end);
            parts.push(self.b.add(Kind::Opaque(Box::new([])), tag.start.max(whole.start), at));
        }
        self.text_piece(at, whole.end, &mut parts);
        parts
    }

    fn text_piece(&mut self, start: u32, end: u32, parts: &mut Vec<NodeId>) {
        let text = self.slice(Span::new(
            start.saturating_sub(self.base),
            end.saturating_sub(self.base).max(start.saturating_sub(self.base)),
        ));
        if !text.is_empty() {
            parts.push(self.b.add(Kind::Str(text.into()), start, end));
        }
    }

    /// The source text of a span.
    pub(super) fn slice(&self, span: Span) -> &'s str {
        self.text.get(span.start as usize..span.end as usize).unwrap_or("")
    }

    pub(super) fn add(&mut self, kind: Kind, span: Span) -> NodeId {
        let range = self.range(span);
        self.b.add(kind, range.start, range.end)
    }

    /// Adds a node that reaches from one node to another.
    pub(super) fn add_between(&mut self, kind: Kind, first: NodeId, last: NodeId) -> NodeId {
        let start = self.b.module.node(first).range.start;
        let end = self.b.module.node(last).range.end;
        self.b.add(kind, start.min(end), end)
    }

    pub(super) fn name(&mut self, name: &str, span: Span) -> NodeId {
        self.add(Kind::Name(name.into()), span)
    }

    pub(super) fn opaque(&mut self, children: Vec<NodeId>, span: Span) -> NodeId {
        self.add(Kind::Opaque(children.into()), span)
    }

    pub(super) fn enter(&mut self, span: Span) -> bool {
        let range = self.range(span);
        self.b.enter(range)
    }

    pub(super) fn leave(&mut self) {
        self.b.leave();
    }

    /// The key of a property, field or method. A literal key is a name, computed or not.
    pub(super) fn key(&mut self, key: &PropertyKey) -> Key {
        match key {
            PropertyKey::StaticIdentifier(name) => Key::Named(name.name.as_str().into()),
            PropertyKey::PrivateIdentifier(name) => Key::Named(private(name.name.as_str())),
            PropertyKey::StringLiteral(text) => Key::Named(text.value.as_str().into()),
            PropertyKey::NumericLiteral(number) => {
                let text = number.raw.map_or_else(|| number.value.to_string(), |raw| raw.as_str().to_owned());
                Key::Named(text.into())
            }
            key => match key.as_expression() {
                Some(Expression::TemplateLiteral(template)) if template.is_no_substitution_template() => {
                    let text = template.single_quasi();
                    Key::Named(text.map_or("", |text| text.as_str()).into())
                }
                Some(expression) => Key::Computed(self.expression(expression)),
                None => Key::Computed(self.opaque(Vec::new(), key.span())),
            },
        }
    }
}

/// The name of a private member, with its `#`.
pub(super) fn private(name: &str) -> Str {
    format!("#{name}").into()
}

/// The name a value gets from the key it stands under.
pub(super) fn key_name(key: &Key) -> Option<&str> {
    match key {
        Key::Named(name) => Some(name),
        Key::Computed(_) | Key::Spread => None,
    }
}
