//! What calls gave in a survey.
//!
//! A survey only wants to see what a function does, not under which conditions of its callers. What is called again with
//! the same does the same: handlers that hang on several elements, helpers that every one of them calls.

use std::collections::HashMap;
use std::rc::Rc;

use super::Machine;
use crate::env::Env;
use crate::event::Argument;
use crate::fact::Facts;
use crate::program::FunctionRef;
use crate::value::{Closure, SymbolKind, Value, ValueKind};

/// The calls of one survey that came to their end.
#[derive(Default)]
pub(super) struct Survey {
    calls: HashMap<(FunctionRef, *const Env), Vec<Call>>,
    /// Counts changes of what outlives a call: behind one nothing is the same.
    changes: u64,
}

/// One of them.
struct Call {
    this: Option<Value>,
    args: Vec<Argument>,
    changes: u64,
    gave: Value,
    learned: Facts,
    /// Keeps the scope alive by whose address the call is found.
    _env: Rc<Env>,
}

/// Of one function so many ways to call it are kept.
const MAX_CALLS: usize = 6;
const MAX_ARGUMENTS: usize = 8;

impl Machine<'_> {
    /// What a call gave that is made again, and the facts behind it.
    pub(super) fn known_call(&self, closure: &Closure, args: &[Argument], facts: &Facts) -> Option<(Value, Facts)> {
        let survey = self.survey.as_ref()?;
        let call = survey.calls.get(&key(closure))?.iter().find(|call| {
            call.changes == survey.changes
                && call.args.len() == args.len()
                && call
                    .args
                    .iter()
                    .zip(args)
                    .all(|(a, b)| a.name == b.name && a.spread == b.spread && same(&a.value, &b.value))
                && match (&call.this, &closure.this) {
                    (None, None) => true,
                    (Some(a), Some(b)) => same(a, b),
                    _ => false,
                }
        })?;
        Some((call.gave.clone(), facts.and(&call.learned)))
    }

    /// Keeps what a call gave that is none of the root itself.
    pub(super) fn keep_call(&mut self, closure: &Closure, args: &[Argument], before: &Facts, result: &(Value, Facts)) {
        let is_whole = !self.cut_off && !self.frames.is_empty() && args.len() <= MAX_ARGUMENTS;
        let Some(survey) = self.survey.as_mut().filter(|_| is_whole) else { return };
        let calls = survey.calls.entry(key(closure)).or_default();
        if calls.len() < MAX_CALLS {
            calls.push(Call {
                this: closure.this.clone(),
                args: args.to_vec(),
                changes: survey.changes,
                gave: result.0.clone(),
                learned: result.1.beyond(before),
                _env: Rc::clone(&closure.env),
            });
        }
    }

    /// Something changed that outlives the call that runs.
    pub(super) fn note_change(&mut self) {
        if let Some(survey) = &mut self.survey {
            survey.changes += 1;
        }
    }
}

fn key(closure: &Closure) -> (FunctionRef, *const Env) {
    (FunctionRef { module: closure.module, function: closure.function }, Rc::as_ptr(&closure.env))
}

/// Whether two values are the very same, as far as a look at their tops can tell.
fn same(a: &Value, b: &Value) -> bool {
    let kinds = match (&a.kind, &b.kind) {
        (ValueKind::Unknown, ValueKind::Unknown) | (ValueKind::Null, ValueKind::Null) => true,
        (ValueKind::Bool(a), ValueKind::Bool(b)) => a == b,
        (ValueKind::Num(a), ValueKind::Num(b)) => a == b,
        (ValueKind::Str(a), ValueKind::Str(b)) => a == b,
        (ValueKind::Class(a), ValueKind::Class(b)) => a == b,
        (ValueKind::Namespace(a), ValueKind::Namespace(b)) => a == b,
        (ValueKind::Symbol(a), ValueKind::Symbol(b)) => {
            let is_named =
                |kind: &SymbolKind| matches!(kind, SymbolKind::Import | SymbolKind::Global | SymbolKind::Given);
            Rc::ptr_eq(a, b) || (is_named(&a.kind) && is_named(&b.kind) && a.path == b.path)
        }
        (ValueKind::Closure(a), ValueKind::Closure(b)) => {
            Rc::ptr_eq(a, b)
                || (key(a) == key(b)
                    && match (&a.this, &b.this) {
                        (None, None) => true,
                        (Some(a), Some(b)) => same(a, b),
                        _ => false,
                    })
        }
        (ValueKind::Object(a), ValueKind::Object(b)) => Rc::ptr_eq(a, b),
        (ValueKind::Text(a), ValueKind::Text(b)) => Rc::ptr_eq(a, b),
        (ValueKind::Choice(a), ValueKind::Choice(b)) => Rc::ptr_eq(a, b),
        (ValueKind::Not(a), ValueKind::Not(b)) => Rc::ptr_eq(a, b),
        (ValueKind::And(a), ValueKind::And(b)) | (ValueKind::Or(a), ValueKind::Or(b)) => Rc::ptr_eq(a, b),
        _ => false,
    };
    kinds && a.labels == b.labels
}
