//! What a module imports and exports: ECMAScript modules, CommonJS and the forms compilers emit for it.

use oxc_ast::ast::{
    AssignmentTarget, AssignmentTargetMaybeDefault, AssignmentTargetProperty, BindingPattern, CallExpression,
    Declaration, ExportFromDeclaration, ExportNamedDeclaration, Expression, ImportDeclaration,
    ImportDeclarationSpecifier, ImportExpression, ImportOrExportKind, ModuleDeclaration, ModuleExportName,
    TSImportEqualsDeclaration, TSModuleReference, TSQualifiedName,
};
use oxc_span::Span;
use plimsoll_ir::{Arg, Export, Import, Key, Kind, NodeId, Range, Str};

use super::lower::Lower;

/// Helpers that compilers wrap around `require`: what comes out is the namespace.
const INTEROP: &[&str] = &[
    "__importDefault",
    "__importStar",
    "_interopRequireDefault",
    "_interopRequireWildcard",
    "_interop_require_default",
    "_interop_require_wildcard",
    "__toESM",
];

impl Lower<'_> {
    pub(super) fn module_declaration(&mut self, declaration: &ModuleDeclaration, out: &mut Vec<NodeId>) {
        match declaration {
            ModuleDeclaration::ImportDeclaration(import) => self.import(import),
            ModuleDeclaration::ExportDeclaration(export) => {
                self.export_declaration(&export.declaration, export.span, out);
            }
            ModuleDeclaration::ExportNamedDeclaration(export) => self.export_names(export),
            ModuleDeclaration::ExportFromDeclaration(export) => self.export_from(export),
            ModuleDeclaration::ExportAllDeclaration(export) => {
                if export.export_kind == ImportOrExportKind::Value {
                    let range = self.range(export.span);
                    let from = Some(Str::from(export.source.value.as_str()));
                    let (name, local) = match &export.exported {
                        Some(name) => (exported_name(name), Some("*".into())),
                        None => ("*".into(), None),
                    };
                    self.push_export(Export { name, value: None, local, from, range });
                }
            }
            ModuleDeclaration::ExportDefaultDeclaration(export) => {
                if let Some(value) = self.default_declaration(&export.declaration) {
                    let local = self.declared_name(value);
                    let range = self.range(export.span);
                    self.push_export(Export { name: "default".into(), value: Some(value), local, from: None, range });
                    out.push(value);
                }
            }
            ModuleDeclaration::TSExportAssignment(export) => {
                let value = self.expression(&export.expression);
                let range = self.range(export.span);
                self.export_object(value, range);
                out.push(value);
            }
            ModuleDeclaration::TSNamespaceExportDeclaration(_) => {}
        }
    }

    fn push_export(&mut self, export: Export) {
        if self.namespaces == 0 {
            self.b.module.exports.push(export);
        }
    }

    fn import(&mut self, import: &ImportDeclaration) {
        let mut names = Vec::new();
        let mut all_types = false;
        if let Some(specifiers) = &import.specifiers {
            all_types = !specifiers.is_empty();
            for specifier in specifiers {
                let (name, local, is_type): (Str, Str, bool) = match specifier {
                    ImportDeclarationSpecifier::ImportSpecifier(specifier) => (
                        exported_name(&specifier.imported),
                        specifier.local.name.as_str().into(),
                        specifier.import_kind == ImportOrExportKind::Type,
                    ),
                    ImportDeclarationSpecifier::ImportDefaultSpecifier(specifier) => {
                        ("default".into(), specifier.local.name.as_str().into(), false)
                    }
                    ImportDeclarationSpecifier::ImportNamespaceSpecifier(specifier) => {
                        ("*".into(), specifier.local.name.as_str().into(), false)
                    }
                };
                all_types &= is_type;
                names.push((name, local));
            }
        }
        let range = self.range(import.span);
        self.b.module.imports.push(Import {
            module: import.source.value.as_str().into(),
            names,
            type_only: all_types || import.import_kind == ImportOrExportKind::Type,
            is_dynamic: false,
            range,
        });
    }

    /// `import x = require('m')` imports; `import x = A.b` is a constant.
    pub(super) fn import_equals(&mut self, import: &TSImportEqualsDeclaration) -> Option<NodeId> {
        let local = Str::from(import.id.name.as_str());
        let type_only = import.import_kind == ImportOrExportKind::Type;
        let value = match &import.module_reference {
            TSModuleReference::ExternalModuleReference(reference) => {
                let range = self.range(import.span);
                let module = reference.expression.value.as_str().into();
                let names = vec![("*".into(), local)];
                self.b.module.imports.push(Import { module, names, type_only, is_dynamic: false, range });
                return None;
            }
            TSModuleReference::IdentifierReference(name) => self.name(name.name.as_str(), name.span),
            TSModuleReference::QualifiedName(name) => self.qualified_name(name),
        };
        let target = self.name(&local, import.id.span);
        Some(self.add(Kind::Let { target, value: Some(value), constant: true }, import.span))
    }

    fn qualified_name(&mut self, name: &TSQualifiedName) -> NodeId {
        let object = self.type_name(&name.left);
        self.add(Kind::Member { object, property: name.right.name.as_str().into() }, name.span)
    }

    fn export_declaration(&mut self, declaration: &Declaration, span: Span, out: &mut Vec<NodeId>) {
        let first = out.len();
        self.declaration(declaration, out);
        let range = self.range(span);
        let mut exports = Vec::new();
        for &statement in out.get(first..).unwrap_or_default() {
            if let Kind::Let { target, value, .. } = *self.b.module.kind(statement) {
                if matches!(self.b.module.kind(target), Kind::Name(_)) {
                    exports.extend(self.declared_name(target).map(|name| (name, value.unwrap_or(statement))));
                } else {
                    let mut names = Vec::new();
                    self.bound_names(target, &mut names);
                    exports.extend(names.into_iter().map(|name| (name, statement)));
                }
            } else {
                exports.extend(self.declared_name(statement).map(|name| (name, statement)));
            }
        }
        if let Declaration::TSNamespaceDeclaration(namespace) = declaration
            && let Some(&block) = out.get(first)
        {
            exports.push((namespace.id.name.as_str().into(), block));
        }
        for (name, value) in exports {
            let local = Some(name.clone());
            self.push_export(Export { name, value: Some(value), local, from: None, range });
        }
    }

    /// The name a node is known by in this file.
    fn declared_name(&self, id: NodeId) -> Option<Str> {
        match self.b.module.kind(id) {
            Kind::Name(name) => Some(name.clone()),
            Kind::Function(id) => self.b.module.function(*id).name.clone(),
            Kind::Class(id) => self.b.module.class(*id).name.clone(),
            _ => None,
        }
    }

    /// The names that a lowered pattern binds.
    fn bound_names(&self, pattern: NodeId, out: &mut Vec<Str>) {
        let mut stack = vec![pattern];
        while let Some(id) = stack.pop() {
            match self.b.module.kind(id) {
                Kind::Name(name) => out.push(name.clone()),
                Kind::Object(properties) => stack.extend(properties.iter().rev().map(|property| property.value)),
                Kind::Array(items) => stack.extend(items.iter().rev()),
                Kind::Spread(inner) => stack.push(*inner),
                Kind::Assign { target, .. } => stack.push(*target),
                _ => {}
            }
        }
    }

    fn export_names(&mut self, export: &ExportNamedDeclaration) {
        if export.export_kind == ImportOrExportKind::Type {
            return;
        }
        for specifier in &export.specifiers {
            if specifier.export_kind == ImportOrExportKind::Type {
                continue;
            }
            let name = exported_name(&specifier.exported);
            let local = Some(exported_name(&specifier.local));
            let range = self.range(specifier.span);
            self.push_export(Export { name, value: None, local, from: None, range });
        }
    }

    fn export_from(&mut self, export: &ExportFromDeclaration) {
        if export.export_kind == ImportOrExportKind::Type {
            return;
        }
        for specifier in &export.specifiers {
            if specifier.export_kind == ImportOrExportKind::Type {
                continue;
            }
            let name = exported_name(&specifier.exported);
            let local = Some(exported_name(&specifier.local));
            let from = Some(Str::from(export.source.value.as_str()));
            let range = self.range(specifier.span);
            self.push_export(Export { name, value: None, local, from, range });
        }
    }

    // ---- CommonJS

    /// `module.exports = …`, `exports.x = …`, `module.exports.x = …` outside of functions: inside of them it is a
    /// bundle's own module system.
    pub(super) fn note_commonjs_export(&mut self, target: NodeId, value: NodeId, span: Span) {
        if self.function.is_some() || self.namespaces > 0 {
            return;
        }
        let range = self.range(span);
        // `module.exports = exports = value` exports the value.
        let mut value = value;
        while let Kind::Assign { op: None, value: inner, .. } = *self.b.module.kind(value) {
            value = inner;
        }
        let (object, name) = match self.b.module.kind(target) {
            Kind::Member { object, property } => (*object, property.clone()),
            Kind::Index { object, index } => match self.b.module.string(*index) {
                Some(name) => (*object, Str::from(name)),
                None => return,
            },
            _ => return,
        };
        if name == "exports" && self.is_name(object, "module") {
            self.export_object(value, range);
        } else if self.is_exports(object) {
            // Compilers announce names with `exports.a = exports.b = void 0` and mark the module.
            if name == "__esModule" || matches!(self.b.module.kind(value), Kind::Null) {
                return;
            }
            let local = self.plain_name(value);
            self.push_export(Export { name, value: Some(value), local, from: None, range });
        }
    }

    /// `Object.defineProperty(exports, 'x', { get: function () { return y.x } })`.
    fn note_defined_export(&mut self, args: &[Arg], range: Range) {
        let &[object, name, descriptor] = &args.iter().map(|arg| arg.value).collect::<Vec<_>>()[..] else { return };
        if self.function.is_some() || !self.is_exports(object) {
            return;
        }
        let Some(name) = self.b.module.string(name).filter(|&name| name != "__esModule").map(Str::from) else {
            return;
        };
        let returned = self.b.module.property(descriptor, "get").and_then(|getter| match self.b.module.kind(getter) {
            Kind::Function(id) => match self.b.module.kind(self.b.module.function(*id).body) {
                Kind::Block(body) => body.first().copied(),
                _ => None,
            },
            _ => None,
        });
        let value = match returned.map(|id| self.b.module.kind(id)) {
            Some(Kind::Return(Some(value))) => Some(*value),
            _ => self.b.module.property(descriptor, "value"),
        };
        if value.is_some() {
            let local = value.and_then(|value| self.plain_name(value));
            self.push_export(Export { name, value, local, from: None, range });
        }
    }

    /// An exported object: each of its properties can be imported by name, and the whole as the default.
    fn export_object(&mut self, value: NodeId, range: Range) {
        let local = self.plain_name(value);
        self.push_export(Export { name: "default".into(), value: Some(value), local, from: None, range });
        let mut named = Vec::new();
        if let Kind::Object(properties) = self.b.module.kind(value) {
            for property in properties {
                match &property.key {
                    Key::Named(name) => named.push((name.clone(), Some(property.value), None, property.range)),
                    Key::Computed(_) => {}
                    // `...require('./other')` exports all names of the other.
                    Key::Spread => {
                        if let Some(from) = self.required(property.value) {
                            named.push(("*".into(), None, Some(from), property.range));
                        }
                    }
                }
            }
        }
        for (name, value, from, range) in named {
            let local = value.and_then(|value| self.plain_name(value));
            self.push_export(Export { name, value, local, from, range });
        }
    }

    /// The name in this file that a value is: a function that is exported where it is written has none.
    fn plain_name(&self, id: NodeId) -> Option<Str> {
        match self.b.module.kind(id) {
            Kind::Name(name) => Some(name.clone()),
            _ => None,
        }
    }

    fn is_name(&self, id: NodeId, name: &str) -> bool {
        matches!(self.b.module.kind(id), Kind::Name(text) if text == name)
    }

    /// `exports`, `module.exports`.
    fn is_exports(&self, id: NodeId) -> bool {
        match self.b.module.kind(id) {
            Kind::Name(name) => name == "exports",
            Kind::Member { object, property } => property == "exports" && self.is_name(*object, "module"),
            _ => false,
        }
    }

    /// The module a lowered `require('m')` call names.
    fn required(&self, id: NodeId) -> Option<Str> {
        match self.b.module.kind(id) {
            Kind::Call { callee, args, new: false } if self.is_name(*callee, "require") => {
                self.b.module.string(args.first()?.value).map(Str::from)
            }
            _ => None,
        }
    }

    // ---- require and import()

    /// Called for every call: records a `require`, and exports that are defined by a call.
    pub(super) fn note_call(&mut self, call: &CallExpression, id: NodeId) {
        match &call.callee {
            Expression::Identifier(name) if name.name.as_str() == "require" => {
                if let Some(module) = self.required(id) {
                    let is_dynamic = self.function.is_some();
                    self.record_import(module, is_dynamic, call.span);
                }
            }
            Expression::StaticMemberExpression(member)
                if member.property.name.as_str() == "defineProperty" && member.object.is_specific_id("Object") =>
            {
                if let Kind::Call { args, .. } = self.b.module.kind(id).clone() {
                    let range = self.range(call.span);
                    self.note_defined_export(&args, range);
                }
            }
            _ => {}
        }
    }

    pub(super) fn dynamic_import(&mut self, import: &ImportExpression) -> NodeId {
        let start = import.span.start;
        let callee = self.name("import", Span::new(start, start.saturating_add(6)));
        let source = self.expression(&import.source);
        let mut args = vec![Arg { name: None, value: source }];
        if let Some(options) = &import.options {
            args.push(Arg { name: None, value: self.expression(options) });
        }
        let id = self.add(Kind::Call { callee, args: args.into(), new: false }, import.span);
        if let Some(module) = self.b.module.string(source).map(Str::from) {
            self.record_import(module, true, import.span);
        }
        id
    }

    fn record_import(&mut self, module: Str, is_dynamic: bool, span: Span) {
        let names = self.bindings.remove(&span.start).unwrap_or_default();
        let range = self.range(span);
        self.b.module.imports.push(Import { module, names, type_only: false, is_dynamic, range });
    }

    /// Notes which names a declaration will bind to the modules its value loads.
    pub(super) fn note_bound_import(&mut self, target: &BindingPattern, value: &Expression) {
        let mut loads = Vec::new();
        loaded(value, None, 0, &mut loads);
        for (start, member) in loads {
            let names = match target {
                BindingPattern::BindingIdentifier(local) => {
                    vec![(member.unwrap_or("*").into(), local.name.as_str().into())]
                }
                BindingPattern::ObjectPattern(object) if member.is_none() => {
                    let mut names = Vec::new();
                    for property in &object.properties {
                        let inner = match &property.value {
                            BindingPattern::AssignmentPattern(default) => &default.left,
                            inner => inner,
                        };
                        if let BindingPattern::BindingIdentifier(local) = inner
                            && let Some(name) = property.key.static_name()
                        {
                            names.push((name.as_ref().into(), local.name.as_str().into()));
                        }
                    }
                    if let Some(rest) = &object.rest
                        && let Some(local) = rest.argument.get_identifier_name()
                    {
                        names.push(("*".into(), local.as_str().into()));
                    }
                    names
                }
                _ => Vec::new(),
            };
            self.bindings.insert(start, names);
        }
    }

    /// The same for an assignment: `x = require('m')`, `({ a } = require('m'))`.
    pub(super) fn note_assigned_import(&mut self, target: &AssignmentTarget, value: &Expression) {
        if !matches!(
            target,
            AssignmentTarget::AssignmentTargetIdentifier(_) | AssignmentTarget::ObjectAssignmentTarget(_)
        ) {
            return;
        }
        let mut loads = Vec::new();
        loaded(value, None, 0, &mut loads);
        for (start, member) in loads {
            let mut names: Vec<(Str, Str)> = Vec::new();
            match target {
                AssignmentTarget::AssignmentTargetIdentifier(local) => {
                    names.push((member.unwrap_or("*").into(), local.name.as_str().into()));
                }
                AssignmentTarget::ObjectAssignmentTarget(object) if member.is_none() => {
                    for property in &object.properties {
                        match property {
                            AssignmentTargetProperty::AssignmentTargetPropertyIdentifier(shorthand) => {
                                let name = shorthand.binding.name.as_str();
                                names.push((name.into(), name.into()));
                            }
                            AssignmentTargetProperty::AssignmentTargetPropertyProperty(property) => {
                                if let AssignmentTargetMaybeDefault::AssignmentTargetIdentifier(local) =
                                    &property.binding
                                    && let Some(name) = property.name.static_name()
                                {
                                    names.push((name.as_ref().into(), local.name.as_str().into()));
                                }
                            }
                        }
                    }
                }
                _ => {}
            }
            self.bindings.insert(start, names);
        }
    }
}

/// The `require('m')` and `import('m')` calls that a value may be, by where they begin, with the member taken of each.
fn loaded<'e>(value: &'e Expression, member: Option<&'e str>, depth: u32, out: &mut Vec<(u32, Option<&'e str>)>) {
    // Real code wraps a load a few times at most.
    if depth > 16 {
        return;
    }
    match value {
        Expression::CallExpression(call) => match &call.callee {
            Expression::Identifier(name) if name.name.as_str() == "require" => out.push((call.span.start, member)),
            callee => {
                let helper = match callee {
                    Expression::Identifier(name) => name.name.as_str(),
                    Expression::StaticMemberExpression(member) => member.property.name.as_str(),
                    _ => "",
                };
                if INTEROP.contains(&helper)
                    && let Some(inner) = call.arguments.first().and_then(|argument| argument.as_expression())
                {
                    loaded(inner, member, depth + 1, out);
                }
            }
        },
        Expression::ImportExpression(import) => out.push((import.span.start, member)),
        Expression::AwaitExpression(inner) => loaded(&inner.argument, member, depth + 1, out),
        Expression::StaticMemberExpression(outer) if member.is_none() => {
            loaded(&outer.object, Some(outer.property.name.as_str()), depth + 1, out);
        }
        Expression::ParenthesizedExpression(inner) => loaded(&inner.expression, member, depth + 1, out),
        Expression::TSAsExpression(inner) => loaded(&inner.expression, member, depth + 1, out),
        Expression::TSSatisfiesExpression(inner) => loaded(&inner.expression, member, depth + 1, out),
        Expression::TSTypeAssertion(inner) => loaded(&inner.expression, member, depth + 1, out),
        Expression::TSNonNullExpression(inner) => loaded(&inner.expression, member, depth + 1, out),
        Expression::ConditionalExpression(conditional) => {
            loaded(&conditional.consequent, member, depth + 1, out);
            loaded(&conditional.alternate, member, depth + 1, out);
        }
        Expression::LogicalExpression(logical) => {
            loaded(&logical.left, member, depth + 1, out);
            loaded(&logical.right, member, depth + 1, out);
        }
        _ => {}
    }
}

fn exported_name(name: &ModuleExportName) -> Str {
    match name {
        ModuleExportName::IdentifierName(name) => name.name.as_str().into(),
        ModuleExportName::IdentifierReference(name) => name.name.as_str().into(),
        ModuleExportName::StringLiteral(name) => name.value.as_str().into(),
    }
}
