//! A readable form of a module, for the tests of front ends.

use std::fmt::Write;

use crate::{Function, Key, Kind, Module, NodeId, Property};

/// Prints a module as indented S-expressions, one statement a line, imports and exports first.
pub fn dump(module: &Module) -> String {
    let mut out = String::new();
    for (directive, _) in &module.directives {
        let _ = writeln!(out, "directive {directive:?}");
    }
    for import in &module.imports {
        let names: Vec<String> = import.names.iter().map(|(name, local)| format!("{name} as {local}")).collect();
        let flags = [(import.type_only, " type"), (import.is_dynamic, " dynamic")];
        let flags: String = flags.iter().filter(|(on, _)| *on).map(|(_, word)| *word).collect();
        let _ = writeln!(out, "import {:?} [{}]{flags}", import.module.as_str(), names.join(", "));
    }
    for export in &module.exports {
        let _ = write!(out, "export {}", export.name);
        if let Some(local) = &export.local {
            let _ = write!(out, " local {local}");
        }
        if let Some(from) = &export.from {
            let _ = write!(out, " from {from:?}");
        }
        if let Some(value) = export.value {
            let _ = write!(out, " = {}", inline(module, value));
        }
        out.push('\n');
    }
    for &statement in &module.body {
        out.push_str(&inline(module, statement));
        out.push('\n');
    }
    for problem in &module.problems {
        let _ = writeln!(out, "problem {} lost={}", problem.what, problem.lost_code);
    }
    out
}

fn inline(module: &Module, id: NodeId) -> String {
    let many = |ids: &[NodeId]| ids.iter().map(|&id| inline(module, id)).collect::<Vec<_>>().join(" ");
    let one = |id: NodeId| inline(module, id);
    let maybe = |id: &Option<NodeId>| id.map_or("_".to_owned(), one);
    match module.kind(id) {
        Kind::Str(text) => format!("{text:?}"),
        Kind::Num(number) => number.to_string(),
        Kind::Bool(value) => value.to_string(),
        Kind::Null => "null".to_owned(),
        Kind::Regex(pattern) => format!("/{pattern}/"),
        Kind::Template(parts) => format!("(template {})", many(parts)),
        Kind::Name(name) => name.to_string(),
        Kind::This => "this".to_owned(),
        Kind::Member { object, property } => format!("{}.{property}", one(*object)),
        Kind::Index { object, index } => format!("{}[{}]", one(*object), one(*index)),
        Kind::Call { callee, args, new } => {
            let mut out = format!("({} {}", if *new { "new" } else { "call" }, one(*callee));
            for arg in args {
                match &arg.name {
                    Some(name) => write!(out, " {name}:{}", one(arg.value)),
                    None => write!(out, " {}", one(arg.value)),
                }
                .ok();
            }
            out + ")"
        }
        Kind::Object(entries) => format!("{{{}}}", properties(module, entries)),
        Kind::Array(items) => format!("[{}]", many(items)),
        Kind::Spread(inner) => format!("...{}", one(*inner)),
        Kind::Function(id) => function(module, module.function(*id)),
        Kind::Class(id) => {
            let class = module.class(*id);
            let mut out = format!("(class {}", class.name.as_deref().unwrap_or("_"));
            for &decorator in &class.decorators {
                let _ = write!(out, " @{}", one(decorator));
            }
            if !class.bases.is_empty() {
                let _ = write!(out, " : {}", many(&class.bases));
            }
            for field in &class.fields {
                let _ = write!(out, " (field {} {})", field.name, maybe(&field.value));
            }
            for &method in &class.methods {
                let _ = write!(out, " {}", function(module, module.function(method)));
            }
            out + ")"
        }
        Kind::Assign { target, op, value } => {
            let op = op.map_or("=".to_owned(), |op| format!("{op:?}="));
            format!("({op} {} {})", one(*target), one(*value))
        }
        Kind::Binary { op, left, right } => format!("({op:?} {} {})", one(*left), one(*right)),
        Kind::Unary { op, operand } => format!("({op:?} {})", one(*operand)),
        Kind::Conditional { test, then, otherwise } => {
            format!("(cond {} {} {})", one(*test), one(*then), one(*otherwise))
        }
        Kind::Await(inner) => format!("(await {})", one(*inner)),
        Kind::Element { tag, attributes, children } => {
            format!("<{} {}| {}>", one(*tag), properties(module, attributes), many(children))
        }
        Kind::Block(body) => format!("(block {})", many(body)),
        Kind::Let { target, value, constant } => {
            format!("({} {} {})", if *constant { "const" } else { "let" }, one(*target), maybe(value))
        }
        Kind::If { test, then, otherwise } => format!("(if {} {} {})", one(*test), one(*then), maybe(otherwise)),
        Kind::Return(value) => format!("(return {})", maybe(value)),
        Kind::Throw(value) => format!("(throw {})", maybe(value)),
        Kind::Loop { binding, iterable, header, body } => {
            format!("(loop {} {} [{}] {})", maybe(binding), maybe(iterable), many(header), one(*body))
        }
        Kind::Switch { subject, cases } => {
            let cases: Vec<String> =
                cases.iter().map(|(test, body)| format!("({} {})", maybe(test), one(*body))).collect();
            format!("(switch {} {})", one(*subject), cases.join(" "))
        }
        Kind::Try { body, handlers, finalizer } => {
            let handlers: Vec<String> =
                handlers.iter().map(|(binding, body)| format!("(catch {} {})", maybe(binding), one(*body))).collect();
            format!("(try {} {} {})", one(*body), handlers.join(" "), maybe(finalizer))
        }
        Kind::With { items, body } => format!("(with [{}] {})", many(items), one(*body)),
        Kind::Jump => "(jump)".to_owned(),
        Kind::Output(parts) => format!("(output {})", many(parts)),
        Kind::Opaque(parts) => format!("(opaque {})", many(parts)),
    }
}

fn properties(module: &Module, entries: &[Property]) -> String {
    let mut out = String::new();
    for entry in entries {
        let value = inline(module, entry.value);
        let _ = match &entry.key {
            Key::Named(name) => write!(out, "{name}:{value} "),
            Key::Computed(key) => write!(out, "[{}]:{value} ", inline(module, *key)),
            Key::Spread => write!(out, "...{value} "),
        };
    }
    out
}

fn function(module: &Module, function: &Function) -> String {
    let mut out = format!("(fn {}", function.name.as_deref().unwrap_or("_"));
    for &decorator in &function.decorators {
        let _ = write!(out, " @{}", inline(module, decorator));
    }
    out.push_str(if function.is_async { " async [" } else { " [" });
    let params: Vec<String> = function
        .params
        .iter()
        .map(|param| {
            let mut text = String::from(if param.rest { "..." } else { "" }) + &inline(module, param.pattern);
            if let Some(default) = param.default {
                let _ = write!(text, "={}", inline(module, default));
            }
            text
        })
        .collect();
    let _ = write!(out, "{}] {})", params.join(" "), inline(module, function.body));
    out
}
