//! Statements and declarations.

use oxc_ast::ast::{
    BlockStatement, Declaration, ExportDefaultDeclarationKind, Expression, ForInStatement, ForOfStatement,
    ForStatement, ForStatementInit, ForStatementLeft, Function, FunctionType, IfStatement, Statement, SwitchStatement,
    TSEnumDeclaration, TSEnumMemberName, TSModuleBlock, TSNamespaceDeclaration, TSNamespaceDeclarationBody,
    TryStatement, VariableDeclaration,
};
use oxc_span::{GetSpan, Span};
use plimsoll_ir::{Key, Kind, NodeId, Property};

use super::lower::Lower;

impl Lower<'_> {
    pub(super) fn statements(&mut self, statements: &[Statement], out: &mut Vec<NodeId>) {
        for statement in statements {
            self.statement(statement, out);
        }
    }

    pub(super) fn statement(&mut self, statement: &Statement, out: &mut Vec<NodeId>) {
        let span = statement.span();
        if !self.enter(span) {
            out.push(self.opaque(Vec::new(), span));
            return;
        }
        self.statement_inner(statement, out);
        self.leave();
    }

    fn statement_inner(&mut self, statement: &Statement, out: &mut Vec<NodeId>) {
        match statement {
            Statement::ExpressionStatement(statement) => out.push(self.expression(&statement.expression)),
            Statement::BlockStatement(block) => out.push(self.block(block)),
            Statement::IfStatement(statement) => out.push(self.if_statement(statement)),
            Statement::ReturnStatement(statement) => {
                let value = statement.argument.as_ref().map(|value| self.expression(value));
                out.push(self.add(Kind::Return(value), statement.span));
            }
            Statement::ThrowStatement(statement) => {
                let value = self.expression(&statement.argument);
                out.push(self.add(Kind::Throw(Some(value)), statement.span));
            }
            Statement::BreakStatement(statement) => out.push(self.add(Kind::Jump, statement.span)),
            Statement::ContinueStatement(statement) => out.push(self.add(Kind::Jump, statement.span)),
            Statement::ForStatement(statement) => out.push(self.for_statement(statement)),
            Statement::ForInStatement(statement) => out.push(self.for_in(statement)),
            Statement::ForOfStatement(statement) => out.push(self.for_of(statement)),
            Statement::WhileStatement(statement) => {
                let test = self.expression(&statement.test);
                out.push(self.plain_loop(vec![test], &statement.body, statement.span));
            }
            Statement::DoWhileStatement(statement) => {
                let body = self.body(&statement.body);
                let header = Box::new([self.expression(&statement.test)]);
                out.push(self.add(Kind::Loop { binding: None, iterable: None, header, body }, statement.span));
            }
            Statement::SwitchStatement(statement) => out.push(self.switch(statement)),
            Statement::TryStatement(statement) => out.push(self.try_statement(statement)),
            Statement::LabeledStatement(statement) => self.statement(&statement.body, out),
            Statement::WithStatement(statement) => {
                let items = Box::new([self.expression(&statement.object)]);
                let body = self.body(&statement.body);
                out.push(self.add(Kind::With { items, body }, statement.span));
            }
            Statement::EmptyStatement(_) | Statement::DebuggerStatement(_) => {}
            statement => {
                if let Some(declaration) = statement.as_declaration() {
                    self.declaration(declaration, out);
                } else if let Some(declaration) = statement.as_module_declaration() {
                    self.module_declaration(declaration, out);
                }
            }
        }
    }

    /// The body of a branch or loop: always a block, whatever was written.
    fn body(&mut self, statement: &Statement) -> NodeId {
        if let Statement::BlockStatement(block) = statement {
            return self.block(block);
        }
        let mut statements = Vec::new();
        self.statement(statement, &mut statements);
        self.add(Kind::Block(statements.into()), statement.span())
    }

    fn block(&mut self, block: &BlockStatement) -> NodeId {
        let mut statements = Vec::with_capacity(block.body.len());
        self.statements(&block.body, &mut statements);
        self.add(Kind::Block(statements.into()), block.span)
    }

    fn if_statement(&mut self, statement: &IfStatement) -> NodeId {
        if !self.enter(statement.span) {
            return self.opaque(Vec::new(), statement.span);
        }
        let test = self.expression(&statement.test);
        let then = self.body(&statement.consequent);
        let otherwise = statement.alternate.as_ref().map(|alternate| match alternate {
            Statement::IfStatement(inner) => self.if_statement(inner),
            other => self.body(other),
        });
        self.leave();
        self.add(Kind::If { test, then, otherwise }, statement.span)
    }

    fn plain_loop(&mut self, header: Vec<NodeId>, body: &Statement, span: Span) -> NodeId {
        let body = self.body(body);
        self.add(Kind::Loop { binding: None, iterable: None, header: header.into(), body }, span)
    }

    fn for_statement(&mut self, statement: &ForStatement) -> NodeId {
        let mut header = Vec::new();
        match &statement.init {
            Some(ForStatementInit::VariableDeclaration(declaration)) => self.variables(declaration, &mut header),
            Some(init) => header.extend(init.as_expression().map(|init| self.expression(init))),
            None => {}
        }
        header.extend(statement.test.as_ref().map(|test| self.expression(test)));
        header.extend(statement.update.as_ref().map(|update| self.expression(update)));
        self.plain_loop(header, &statement.body, statement.span)
    }

    fn for_in(&mut self, statement: &ForInStatement) -> NodeId {
        self.iteration(&statement.left, &statement.right, &statement.body, statement.span)
    }

    fn for_of(&mut self, statement: &ForOfStatement) -> NodeId {
        self.iteration(&statement.left, &statement.right, &statement.body, statement.span)
    }

    fn iteration(&mut self, left: &ForStatementLeft, right: &Expression, body: &Statement, span: Span) -> NodeId {
        let mut header = Vec::new();
        let binding = match left {
            ForStatementLeft::VariableDeclaration(declaration) => declaration.declarations.first().map(|declarator| {
                // `for (var i = 0 in xs)` is legal in sloppy scripts.
                header.extend(declarator.init.as_ref().map(|init| self.expression(init)));
                self.pattern(&declarator.id)
            }),
            left => left.as_assignment_target().map(|target| self.target(target)),
        };
        let iterable = Some(self.expression(right));
        let body = self.body(body);
        self.add(Kind::Loop { binding, iterable, header: header.into(), body }, span)
    }

    fn switch(&mut self, statement: &SwitchStatement) -> NodeId {
        let subject = self.expression(&statement.discriminant);
        let mut cases = Vec::with_capacity(statement.cases.len());
        for case in &statement.cases {
            let test = case.test.as_ref().map(|test| self.expression(test));
            let mut statements = Vec::new();
            self.statements(&case.consequent, &mut statements);
            let start = case.consequent.first().map_or(case.span.end, |first| first.span().start);
            let body = self.add(Kind::Block(statements.into()), Span::new(start.min(case.span.end), case.span.end));
            cases.push((test, body));
        }
        self.add(Kind::Switch { subject, cases: cases.into() }, statement.span)
    }

    fn try_statement(&mut self, statement: &TryStatement) -> NodeId {
        let body = self.block(&statement.block);
        let mut handlers = Vec::new();
        if let Some(handler) = &statement.handler {
            let binding = handler.param.as_ref().map(|param| self.pattern(&param.pattern));
            let body = self.block(&handler.body);
            handlers.push((binding, body));
        }
        let finalizer = statement.finalizer.as_ref().map(|block| self.block(block));
        self.add(Kind::Try { body, handlers: handlers.into(), finalizer }, statement.span)
    }

    pub(super) fn declaration(&mut self, declaration: &Declaration, out: &mut Vec<NodeId>) {
        match declaration {
            Declaration::VariableDeclaration(declaration) => self.variables(declaration, out),
            Declaration::FunctionDeclaration(function) => out.extend(self.function_declaration(function)),
            Declaration::ClassDeclaration(class) if !class.declare => out.push(self.class(class, None)),
            Declaration::TSEnumDeclaration(declaration) if !declaration.declare => {
                out.push(self.enumeration(declaration));
            }
            Declaration::TSNamespaceDeclaration(declaration) if !declaration.declare => {
                out.push(self.namespace(declaration));
            }
            Declaration::TSImportEqualsDeclaration(import) => out.extend(self.import_equals(import)),
            Declaration::ClassDeclaration(_)
            | Declaration::TSEnumDeclaration(_)
            | Declaration::TSNamespaceDeclaration(_)
            | Declaration::TSTypeAliasDeclaration(_)
            | Declaration::TSInterfaceDeclaration(_)
            | Declaration::TSExternalModuleDeclaration(_)
            | Declaration::TSGlobalDeclaration(_) => {}
        }
    }

    pub(super) fn function_declaration(&mut self, function: &Function) -> Option<NodeId> {
        let is_type = function.declare || function.r#type == FunctionType::TSDeclareFunction;
        (!is_type).then(|| self.function_value(function, None))
    }

    pub(super) fn variables(&mut self, declaration: &VariableDeclaration, out: &mut Vec<NodeId>) {
        if declaration.declare {
            return;
        }
        let constant = declaration.kind.is_const() || declaration.kind.is_using();
        for declarator in &declaration.declarations {
            if let Some(init) = &declarator.init {
                self.note_bound_import(&declarator.id, init);
            }
            let target = self.pattern(&declarator.id);
            let name = declarator.id.get_identifier_name();
            let value = declarator
                .init
                .as_ref()
                .map(|init| self.expression_named(init, name.as_ref().map(|name| name.as_str())));
            out.push(self.add(Kind::Let { target, value, constant }, declarator.span));
        }
    }

    /// An enum is a constant object.
    pub(super) fn enumeration(&mut self, declaration: &TSEnumDeclaration) -> NodeId {
        let target = self.name(declaration.id.name.as_str(), declaration.id.span);
        let mut properties = Vec::with_capacity(declaration.body.members.len());
        let mut next = 0.0;
        for member in &declaration.body.members {
            let key = match &member.id {
                TSEnumMemberName::Identifier(name) => Key::Named(name.name.as_str().into()),
                TSEnumMemberName::String(text) | TSEnumMemberName::ComputedString(text) => {
                    Key::Named(text.value.as_str().into())
                }
                TSEnumMemberName::ComputedTemplateString(template) => Key::Computed(self.template(template)),
            };
            let value = match &member.initializer {
                Some(value) => self.expression(value),
                None => self.add(Kind::Num(next), member.span),
            };
            if let Kind::Num(number) = self.b.module.kind(value) {
                next = number + 1.0;
            }
            properties.push(Property { key, value, range: self.range(member.span) });
        }
        let value = self.add(Kind::Object(properties.into()), declaration.body.span);
        self.add(Kind::Let { target, value: Some(value), constant: true }, declaration.span)
    }

    fn namespace(&mut self, outermost: &TSNamespaceDeclaration) -> NodeId {
        let mut declaration = outermost;
        loop {
            match &declaration.body {
                TSNamespaceDeclarationBody::TSNamespaceDeclaration(inner) => declaration = inner,
                TSNamespaceDeclarationBody::TSModuleBlock(block) => return self.module_block(block, outermost.span),
            }
        }
    }

    fn module_block(&mut self, block: &TSModuleBlock, span: Span) -> NodeId {
        self.namespaces += 1;
        let mut statements = Vec::new();
        self.statements(&block.body, &mut statements);
        self.namespaces -= 1;
        self.add(Kind::Block(statements.into()), span)
    }

    /// What `export default` exports, as a statement.
    pub(super) fn default_declaration(&mut self, kind: &ExportDefaultDeclarationKind) -> Option<NodeId> {
        match kind {
            ExportDefaultDeclarationKind::FunctionDeclaration(function) => self.function_declaration(function),
            ExportDefaultDeclarationKind::ClassDeclaration(class) => Some(self.class(class, None)),
            ExportDefaultDeclarationKind::TSInterfaceDeclaration(_) => None,
            kind => kind.as_expression().map(|expression| self.expression(expression)),
        }
    }
}
