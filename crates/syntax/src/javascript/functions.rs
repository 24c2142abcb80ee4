//! Functions and classes.

use oxc_ast::ast::{
    ArrowFunctionBody, ArrowFunctionExpression, Class, ClassElement, Decorator, FormalParameters, Function,
    FunctionBody, MethodDefinition, PropertyKey, StaticBlock, TSTypeAnnotation, TSTypeName,
};
use oxc_span::{GetSpan, Span};
use plimsoll_ir::{self as ir, ClassId, Field, FunctionId, Key, Kind, NodeId, Param, Range, Str};

use super::lower::{Lower, key_name};

/// What a function is besides its parameters and body.
#[derive(Default)]
struct Shell {
    name: Option<Str>,
    is_async: bool,
    decorators: Vec<NodeId>,
    class: Option<ClassId>,
    /// Everything, decorators included.
    span: Span,
    /// Where the head begins: after the decorators.
    head: u32,
}

impl Lower<'_> {
    /// A function declaration or expression; one without body (an overload, `declare`) is a type.
    pub(super) fn function_value(&mut self, function: &Function, name: Option<&str>) -> NodeId {
        let own = function.id.as_ref().map(|id| id.name.as_str());
        let shell = Shell {
            name: own.or(name).map(Str::from),
            is_async: function.r#async,
            span: function.span,
            head: function.span.start,
            ..Shell::default()
        };
        let id = self.function(shell, &function.params, function.body.as_deref());
        self.add(Kind::Function(id), function.span)
    }

    /// The function of an object's method, getter or setter, whose text is the whole `entry`.
    pub(super) fn method_value(&mut self, function: &Function, name: Option<&str>, entry: Span) -> NodeId {
        let shell = Shell {
            name: name.map(Str::from),
            is_async: function.r#async,
            span: entry,
            head: entry.start,
            ..Shell::default()
        };
        let id = self.function(shell, &function.params, function.body.as_deref());
        self.add(Kind::Function(id), entry)
    }

    pub(super) fn arrow(&mut self, arrow: &ArrowFunctionExpression, name: Option<&str>) -> NodeId {
        let shell = Shell {
            name: name.map(Str::from),
            is_async: arrow.r#async,
            span: arrow.span,
            head: arrow.span.start,
            ..Shell::default()
        };
        let id = match &arrow.body {
            ArrowFunctionBody::FunctionBody(body) => self.function(shell, &arrow.params, Some(body)),
            body => self.expression_function(shell, &arrow.params, body),
        };
        self.add(Kind::Function(id), arrow.span)
    }

    fn function(&mut self, shell: Shell, params: &FormalParameters, body: Option<&FunctionBody>) -> FunctionId {
        let id = self.open_function();
        let outer = self.function.replace(id);
        let params = self.params(params);
        let mut directives = Vec::new();
        let mut statements = Vec::new();
        let body_span = body.map_or(Span::new(shell.span.end, shell.span.end), |body| body.span);
        if let Some(body) = body {
            directives = body.directives.iter().map(|directive| Str::from(directive.directive.as_str())).collect();
            self.statements(&body.statements, &mut statements);
        }
        let is_empty = statements.is_empty() && directives.is_empty();
        let body = self.add(Kind::Block(statements.into()), body_span);
        self.function = outer;
        self.close_function(id, shell, params, body, directives, is_empty);
        id
    }

    fn expression_function(&mut self, shell: Shell, params: &FormalParameters, body: &ArrowFunctionBody) -> FunctionId {
        let id = self.open_function();
        let outer = self.function.replace(id);
        let params = self.params(params);
        let span = body.span();
        let value = match body.as_expression() {
            Some(expression) => self.expression(expression),
            None => self.opaque(Vec::new(), span),
        };
        let value = self.add(Kind::Return(Some(value)), span);
        let body = self.add(Kind::Block(Box::new([value])), span);
        self.function = outer;
        self.close_function(id, shell, params, body, Vec::new(), false);
        id
    }

    fn open_function(&mut self) -> FunctionId {
        let nowhere = Range { start: 0, end: 0 };
        self.b.reserve_function(ir::Function {
            name: None,
            params: Vec::new(),
            body: NodeId(0),
            is_async: false,
            decorators: Vec::new(),
            class: None,
            directives: Vec::new(),
            parent: self.function,
            range: nowhere,
            head: nowhere,
            is_empty: false,
        })
    }

    fn close_function(
        &mut self,
        id: FunctionId,
        shell: Shell,
        params: Vec<Param>,
        body: NodeId,
        directives: Vec<Str>,
        is_empty: bool,
    ) {
        let range = self.range(shell.span);
        let body_start = self.range_of(body).start;
        let start = self.range(Span::new(shell.head, shell.span.end)).start.min(body_start);
        let function = ir::Function {
            name: shell.name,
            params,
            body,
            is_async: shell.is_async,
            decorators: shell.decorators,
            class: shell.class,
            directives,
            parent: self.function,
            range,
            head: Range { start, end: body_start },
            is_empty,
        };
        self.b.set_function(id, function);
    }

    fn params(&mut self, params: &FormalParameters) -> Vec<Param> {
        let mut out = Vec::with_capacity(params.items.len() + 1);
        for param in &params.items {
            let decorators = self.decorators(&param.decorators);
            let pattern = self.pattern(&param.pattern);
            let annotation = self.annotation(param.type_annotation.as_deref());
            let default = param.initializer.as_ref().map(|value| self.expression(value));
            out.push(Param { pattern, default, rest: false, annotation, decorators });
        }
        if let Some(rest) = &params.rest {
            let decorators = self.decorators(&rest.decorators);
            let pattern = self.pattern(&rest.rest.argument);
            let annotation = self.annotation(rest.type_annotation.as_deref());
            out.push(Param { pattern, default: None, rest: true, annotation, decorators });
        }
        out
    }

    /// The text of a type, as a string.
    fn annotation(&mut self, annotation: Option<&TSTypeAnnotation>) -> Option<NodeId> {
        let span = annotation?.type_annotation.span();
        Some(self.add(Kind::Str(self.slice(span).into()), span))
    }

    fn decorators(&mut self, decorators: &[Decorator]) -> Vec<NodeId> {
        decorators.iter().map(|decorator| self.expression(&decorator.expression)).collect()
    }

    pub(super) fn class(&mut self, class: &Class, name: Option<&str>) -> NodeId {
        let own = class.id.as_ref().map(|id| id.name.as_str());
        let placeholder = ir::Class {
            name: own.or(name).map(Str::from),
            bases: Vec::new(),
            methods: Vec::new(),
            fields: Vec::new(),
            decorators: Vec::new(),
            range: self.range(with_decorators(class.span, &class.decorators)),
        };
        let id = self.b.reserve_class(placeholder.clone());
        let mut filled = placeholder;
        filled.decorators = self.decorators(&class.decorators);
        if let Some(heritage) = &class.heritage {
            let base = self.expression(&heritage.expression);
            filled.bases.push(base);
        }
        for interface in &class.implements {
            let base = self.type_name(&interface.expression);
            filled.bases.push(base);
        }
        for element in &class.body.body {
            self.class_element(element, id, &mut filled);
        }
        let span = with_decorators(class.span, &class.decorators);
        self.b.set_class(id, filled);
        self.add(Kind::Class(id), span)
    }

    fn class_element(&mut self, element: &ClassElement, id: ClassId, class: &mut ir::Class) {
        match element {
            ClassElement::MethodDefinition(method) => self.method(method, id, class),
            ClassElement::StaticBlock(block) => self.static_block(block, id, class),
            ClassElement::PropertyDefinition(field) => {
                let span = with_decorators(field.span, &field.decorators);
                self.field(
                    &field.key,
                    field.value.as_ref(),
                    field.type_annotation.as_deref(),
                    &field.decorators,
                    field.r#static,
                    span,
                    class,
                );
            }
            ClassElement::AccessorProperty(field) => {
                let span = with_decorators(field.span, &field.decorators);
                self.field(
                    &field.key,
                    field.value.as_ref(),
                    field.type_annotation.as_deref(),
                    &field.decorators,
                    field.r#static,
                    span,
                    class,
                );
            }
            ClassElement::TSIndexSignature(_) => {}
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the two kinds of field share these parts and no type")]
    fn field(
        &mut self,
        key: &PropertyKey,
        value: Option<&oxc_ast::ast::Expression>,
        annotation: Option<&TSTypeAnnotation>,
        decorators: &[Decorator],
        is_static: bool,
        span: Span,
        class: &mut ir::Class,
    ) {
        // A field has no place for decorators: what they call stays visible next to the value.
        let mut parts = self.decorators(decorators);
        let key = self.key(key);
        let name = Str::from(key_name(&key).unwrap_or(""));
        if let Key::Computed(key) = key {
            parts.push(key);
        }
        let mut value = value
            .map(|value| self.expression_named(value, Some(&name).filter(|name| !name.is_empty()).map(Str::as_str)));
        if !parts.is_empty() {
            parts.extend(value);
            value = Some(self.opaque(parts, span));
        }
        let annotation = self.annotation(annotation);
        class.fields.push(Field { name, value, annotation, is_static, range: self.range(span) });
    }

    fn method(&mut self, method: &MethodDefinition, id: ClassId, class: &mut ir::Class) {
        // Overloads and abstract methods are types.
        if method.value.body.is_none() {
            return;
        }
        let span = with_decorators(method.span, &method.decorators);
        let decorators = self.decorators(&method.decorators);
        let key = self.key(&method.key);
        if let Key::Computed(value) = key {
            let range = self.range_of(value);
            class.fields.push(Field { name: "".into(), value: Some(value), annotation: None, is_static: true, range });
        }
        let shell = Shell {
            name: key_name(&key).map(Str::from),
            is_async: method.value.r#async,
            decorators,
            class: Some(id),
            span,
            head: self.after_decorators(span, &method.decorators),
        };
        let function = self.function(shell, &method.value.params, method.value.body.as_deref());
        class.methods.push(function);
        for param in &method.value.params.items {
            // `constructor(private db: Db)` declares a field.
            if !(param.has_modifier()) {
                continue;
            }
            if let Some(name) = param.pattern.get_identifier_name() {
                let annotation = self.annotation(param.type_annotation.as_deref());
                let name = Str::from(name.as_str());
                let range = self.range(param.span);
                class.fields.push(Field { name, value: None, annotation, is_static: false, range });
            }
        }
    }

    /// A static block runs once and has no name: it stands as a method called `static`.
    fn static_block(&mut self, block: &StaticBlock, id: ClassId, class: &mut ir::Class) {
        let function = self.open_function();
        let outer = self.function.replace(function);
        let mut statements = Vec::new();
        self.statements(&block.body, &mut statements);
        let is_empty = statements.is_empty();
        let brace = self.slice(block.span).find('{').and_then(|at| u32::try_from(at).ok()).unwrap_or(0);
        let body_span = Span::new(block.span.start + brace, block.span.end);
        let body = self.add(Kind::Block(statements.into()), body_span);
        self.function = outer;
        let shell = Shell {
            name: Some("static".into()),
            class: Some(id),
            span: block.span,
            head: block.span.start,
            ..Shell::default()
        };
        self.close_function(function, shell, Vec::new(), body, Vec::new(), is_empty);
        class.methods.push(function);
    }

    fn after_decorators(&self, span: Span, decorators: &[Decorator]) -> u32 {
        let Some(last) = decorators.last() else { return span.start };
        let rest = self.slice(Span::new(last.span.end, span.end.max(last.span.end)));
        let blank = rest.len() - rest.trim_start().len();
        last.span.end.saturating_add(u32::try_from(blank).unwrap_or(0))
    }

    pub(super) fn type_name(&mut self, name: &TSTypeName) -> NodeId {
        match name {
            TSTypeName::IdentifierReference(name) => self.name(name.name.as_str(), name.span),
            TSTypeName::ThisExpression(this) => self.add(Kind::This, this.span),
            TSTypeName::QualifiedName(qualified) => {
                if !self.enter(qualified.span) {
                    return self.opaque(Vec::new(), qualified.span);
                }
                let object = self.type_name(&qualified.left);
                self.leave();
                let property = qualified.right.name.as_str().into();
                self.add(Kind::Member { object, property }, qualified.span)
            }
        }
    }
}

fn with_decorators(span: Span, decorators: &[Decorator]) -> Span {
    let start = decorators.iter().map(|decorator| decorator.span.start).min().unwrap_or(span.start);
    Span::new(start.min(span.start), span.end)
}
