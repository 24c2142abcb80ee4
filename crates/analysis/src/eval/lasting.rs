//! What was there before a survey stays as it was.
//!
//! A survey of one module's functions must not depend on what was surveyed before: then its result can be kept for as long
//! as the code behind it is the same, and surveys can be shared out. So what it changes of the values and names that the
//! program's start left is put back when it is over. And where the start of one module changed what belongs to
//! another, that is known: code that imports only the other depends on it all the same.

use std::collections::BTreeMap;
use std::rc::Rc;

use plimsoll_ir::Str;

use super::{Machine, Mode};
use crate::env::Env;
use crate::label::Labels;
use crate::program::ModuleId;
use crate::run;
use crate::value::{Object, Value};

/// Something as it was before the survey that goes on.
pub(super) enum Before {
    Name(Rc<Env>, Str, Value),
    Object(Rc<Object>, Box<Content>),
}

pub(super) struct Content {
    fields: BTreeMap<Str, Value>,
    items: Vec<Value>,
    spreads: Vec<Value>,
    keys: Labels,
    name: Option<Str>,
}

impl Machine<'_> {
    /// To be called before anything of an object changes.
    pub(super) fn before_change(&mut self, object: &Rc<Object>) {
        if self.puts_back && object.made_in <= self.kept_from && object.kept_in.get() != self.kept_from {
            object.kept_in.set(self.kept_from);
            let content = Content {
                fields: object.fields.borrow().clone(),
                items: object.items.borrow().clone(),
                spreads: object.spreads.borrow().clone(),
                keys: object.keys.borrow().clone(),
                name: object.name.borrow().clone(),
            };
            self.before.push(Before::Object(Rc::clone(object), Box::new(content)));
        }
        self.note_meddling(object.site.module);
    }

    /// To be called before a name gets another value, with the scope where the look-up begins.
    pub(super) fn before_assignment(&mut self, env: &Rc<Env>, name: &Str) {
        if self.puts_back {
            if let Some((holder, old)) = Env::holder(env, name).filter(|(holder, _)| holder.made_in() <= self.kept_from)
            {
                self.before.push(Before::Name(holder, name.clone(), old));
            }
        } else if self.mode == Mode::Setup && !env.has_own(name) {
            let module = self.module_id();
            self.note_meddling(module);
        }
    }

    /// From here on what runs change of what is there now is put back by [`Machine::put_back`].
    pub fn keep_as_it_is(&mut self) {
        self.puts_back = true;
        self.kept_from = run::current();
        // Whoever surveys counts the steps, also those of surveys that were not run again.
        self.allowance = u64::MAX;
    }

    /// Puts back what was changed since the last time.
    pub fn put_back(&mut self) {
        self.surveyed.clear();
        self.kept_from = run::current();
        for before in std::mem::take(&mut self.before).into_iter().rev() {
            match before {
                Before::Name(env, name, old) => {
                    env.assign(&name, &|_| old.clone());
                }
                Before::Object(object, content) => {
                    let Content { fields, items, spreads, keys, name } = *content;
                    object.fields.replace(fields);
                    object.items.replace(items);
                    object.spreads.replace(spreads);
                    object.keys.replace(keys);
                    object.name.replace(name);
                }
            }
        }
    }

    /// Something of a module changes while another one starts.
    fn note_meddling(&mut self, owner: ModuleId) {
        if let Some(&starting) = self.starting.last()
            && starting != owner
        {
            self.meddlers.insert(starting);
        }
    }

    /// Modules whose start changed what belongs to others.
    pub fn meddlers(&self) -> impl Iterator<Item = ModuleId> + '_ {
        self.meddlers.iter().copied()
    }
}
