//! Forms and serializers of Python's libraries: what a class of the app says about what was sent runs when the library is
//! asked whether it is valid, and when it stores it.

use std::rc::Rc;

use plimsoll_ir::{Language, NodeId, Str};

use super::{MAX_FRAMES, Machine, Mode};
use crate::event::Argument;
use crate::value::{ClassRef, Closure, Object, Value, ValueKind};

/// Checks of single fields that are run of one class.
const MAX_CHECKS: usize = 24;

/// What a library calls the parts of such a class.
struct Names {
    /// The name under which what was found valid is kept.
    kept: &'static str,
    /// The check of all that was sent.
    whole: &'static str,
    /// What the name of a check of one field begins with.
    field: &'static str,
    /// The checks are given what they check, and give it back.
    given: bool,
}

const SERIALIZER: Names = Names { kept: "validated_data", whole: "validate", field: "validate_", given: true };
const FORM: Names = Names { kept: "cleaned_data", whole: "clean", field: "clean_", given: false };

impl Machine<'_> {
    /// Runs what a class of the app adds to a library's method: `is_valid()` its checks, `save()` what it stores.
    pub(super) fn enter_checks(&mut self, receiver: &Value, name: &str, node: NodeId) {
        if !matches!(name, "is_valid" | "save")
            || self.mode != Mode::Handler
            || self.code().language != Language::Python
            || self.frames.len() >= MAX_FRAMES
        {
            return;
        }
        let ValueKind::Object(object) = &receiver.kind else { return };
        let Some(class) = object.class else { return };
        let object = Rc::clone(object);
        let names = match self.foreign_base(class, 0) {
            Some(base) if base.starts_with("rest_framework.") => SERIALIZER,
            Some(base) if base.starts_with("django.forms.") || base.starts_with("django.contrib.auth.forms.") => FORM,
            _ => return,
        };
        match name {
            "is_valid" => self.check(receiver, &object, class, &names, node),
            _ if names.given => self.store(receiver, &object, class, node),
            _ => {}
        }
    }

    fn check(&mut self, receiver: &Value, object: &Rc<Object>, class: ClassRef, names: &Names, node: NodeId) {
        let sent = object.fields.borrow().get("data").cloned();
        let Some(sent) = sent.or_else(|| object.spreads.borrow().first().cloned()) else { return };
        let all = Object::new(self.site(node), false);
        all.spreads.borrow_mut().push(sent.clone());
        let all = Value::plain(ValueKind::Object(Rc::new(all))).with(&sent.labels);
        object.fields.borrow_mut().insert(names.kept.into(), all.clone());
        for method in self.methods_named(class, names.field) {
            let field = method.trim_start_matches(names.field).to_owned();
            let value = self.member_of(&sent, &field);
            let given = if names.given { vec![value] } else { Vec::new() };
            self.enter_method(receiver, class, &method, given, node);
        }
        let given = if names.given { vec![all] } else { Vec::new() };
        if let Some(found) = self.enter_method(receiver, class, names.whole, given, node)
            && matches!(found.kind, ValueKind::Object(_))
        {
            object.fields.borrow_mut().insert(names.kept.into(), found);
        }
    }

    fn store(&mut self, receiver: &Value, object: &Rc<Object>, class: ClassRef, node: NodeId) {
        let Some(valid) = object.fields.borrow().get(SERIALIZER.kept).cloned() else { return };
        let stored = object.fields.borrow().get("instance").or(object.spreads.borrow().first()).cloned();
        match stored {
            Some(stored) => self.enter_method(receiver, class, "update", vec![stored, valid], node),
            None => self.enter_method(receiver, class, "create", vec![valid], node),
        };
    }

    /// Calls a method that the class has of its own.
    fn enter_method(
        &mut self,
        receiver: &Value,
        class: ClassRef,
        name: &str,
        given: Vec<Value>,
        node: NodeId,
    ) -> Option<Value> {
        let method = self.find_method(class, name, 0)?;
        let closure = Rc::new(Closure { this: Some(receiver.clone()), ..(*method).clone() });
        let args: Vec<Argument> =
            given.into_iter().map(|value| Argument { name: None, value, spread: false }).collect();
        Some(self.invoke(&closure, &args, node))
    }

    /// Names of the class's own methods that begin with something.
    fn methods_named(&self, class: ClassRef, start: &str) -> Vec<Str> {
        let module = self.program.module(class.module);
        let methods = module.class(class.class).methods.iter();
        methods
            .filter_map(|&method| module.function(method).name.clone())
            .filter(|name| name.starts_with(start))
            .take(MAX_CHECKS)
            .collect()
    }
}
