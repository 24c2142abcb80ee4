//! Visiting nodes.

use crate::{FunctionId, Key, Kind, Module, NodeId};

/// Calls `each` with every direct child of a node, in source order. A function's parameters and body count as
/// children of its `Function` node, a class's members of its `Class` node.
pub fn children(module: &Module, id: NodeId, each: &mut dyn FnMut(NodeId)) {
    match module.kind(id) {
        Kind::Str(_)
        | Kind::Num(_)
        | Kind::Bool(_)
        | Kind::Null
        | Kind::Regex(_)
        | Kind::Name(_)
        | Kind::This
        | Kind::Jump => {}
        Kind::Template(list) | Kind::Array(list) | Kind::Block(list) | Kind::Output(list) | Kind::Opaque(list) => {
            list.iter().copied().for_each(each);
        }
        Kind::Member { object, .. } => each(*object),
        Kind::Index { object, index } => {
            each(*object);
            each(*index);
        }
        Kind::Call { callee, args, .. } => {
            each(*callee);
            args.iter().for_each(|arg| each(arg.value));
        }
        Kind::Object(properties) => {
            for property in properties {
                if let Key::Computed(key) = property.key {
                    each(key);
                }
                each(property.value);
            }
        }
        Kind::Spread(inner) | Kind::Await(inner) => each(*inner),
        Kind::Function(function) => {
            let function = module.function(*function);
            function.decorators.iter().copied().for_each(&mut *each);
            for param in &function.params {
                each(param.pattern);
                param.default.into_iter().for_each(&mut *each);
                param.annotation.into_iter().for_each(&mut *each);
            }
            each(function.body);
        }
        Kind::Class(class) => {
            let class = module.class(*class);
            class.decorators.iter().chain(&class.bases).copied().for_each(&mut *each);
            for field in &class.fields {
                field.value.into_iter().for_each(&mut *each);
            }
            // Methods have no node of their own: their parts are visited here.
            for &method in &class.methods {
                let method = module.function(method);
                method.decorators.iter().copied().for_each(&mut *each);
                for param in &method.params {
                    each(param.pattern);
                    param.default.into_iter().for_each(&mut *each);
                    param.annotation.into_iter().for_each(&mut *each);
                }
                each(method.body);
            }
        }
        Kind::Assign { target, value, .. } => {
            each(*target);
            each(*value);
        }
        Kind::Binary { left, right, .. } => {
            each(*left);
            each(*right);
        }
        Kind::Unary { operand, .. } => each(*operand),
        Kind::Conditional { test, then, otherwise } => {
            each(*test);
            each(*then);
            each(*otherwise);
        }
        Kind::Element { tag, attributes, children } => {
            each(*tag);
            for attribute in attributes {
                if let Key::Computed(key) = attribute.key {
                    each(key);
                }
                each(attribute.value);
            }
            children.iter().copied().for_each(each);
        }
        Kind::Let { target, value, .. } => {
            each(*target);
            value.iter().copied().for_each(each);
        }
        Kind::If { test, then, otherwise } => {
            each(*test);
            each(*then);
            otherwise.iter().copied().for_each(each);
        }
        Kind::Return(value) | Kind::Throw(value) => value.iter().copied().for_each(each),
        Kind::Loop { binding, iterable, header, body } => {
            binding.iter().chain(iterable).chain(header).copied().for_each(&mut *each);
            each(*body);
        }
        Kind::Switch { subject, cases } => {
            each(*subject);
            for (test, body) in cases {
                test.iter().copied().for_each(&mut *each);
                each(*body);
            }
        }
        Kind::Try { body, handlers, finalizer } => {
            each(*body);
            for (binding, handler) in handlers {
                binding.iter().copied().for_each(&mut *each);
                each(*handler);
            }
            finalizer.iter().copied().for_each(each);
        }
        Kind::With { items, body } => {
            items.iter().copied().for_each(&mut *each);
            each(*body);
        }
    }
}

/// Visits `root` and everything below it, parents first. `each` returns whether to descend into the node.
pub fn walk(module: &Module, root: NodeId, each: &mut dyn FnMut(NodeId) -> bool) {
    let mut stack = vec![root];
    let mut below = Vec::new();
    while let Some(id) = stack.pop() {
        if each(id) {
            children(module, id, &mut |child| below.push(child));
            stack.extend(below.drain(..).rev());
        }
    }
}

/// The nodes of a function's body that belong to it and not to functions nested in it.
pub fn function_nodes(module: &Module, function: FunctionId) -> Vec<NodeId> {
    let mut out = Vec::new();
    walk(module, module.function(function).body, &mut |id| {
        out.push(id);
        !matches!(module.kind(id), Kind::Function(_) | Kind::Class(_))
    });
    out
}
