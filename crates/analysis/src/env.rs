//! Names and their values at run time.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use plimsoll_ir::Str;

use crate::value::Value;

/// A scope: a module's top level or one activation of a function.
#[derive(Default)]
pub struct Env {
    names: RefCell<HashMap<Str, Value>>,
    parent: Option<Rc<Env>>,
}

impl Env {
    /// A scope inside another.
    pub fn inside(parent: &Rc<Env>) -> Rc<Env> {
        Rc::new(Env { names: RefCell::default(), parent: Some(Rc::clone(parent)) })
    }

    /// The value of a name, looked up outwards.
    pub fn get(&self, name: &str) -> Option<Value> {
        if let Some(value) = self.names.borrow().get(name) {
            return Some(value.clone());
        }
        self.parent.as_ref()?.get(name)
    }

    /// Declares a name in this scope.
    pub fn declare(&self, name: Str, value: Value) {
        self.names.borrow_mut().insert(name, value);
    }

    /// Whether this very scope has the name.
    pub fn has_own(&self, name: &str) -> bool {
        self.names.borrow().contains_key(name)
    }

    /// The names of this very scope.
    pub fn names(&self) -> BTreeMap<Str, Value> {
        self.names.borrow().iter().map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    /// Puts back what [`Env::names`] gave.
    pub fn set_names(&self, names: BTreeMap<Str, Value>) {
        *self.names.borrow_mut() = names.into_iter().collect();
    }

    /// Replaces the value where the name is declared; `false` where it is not.
    pub fn assign(&self, name: &str, change: &dyn Fn(&Value) -> Value) -> bool {
        if let Some(slot) = self.names.borrow_mut().get_mut(name) {
            let new = change(slot);
            *slot = new;
            return true;
        }
        self.parent.as_ref().is_some_and(|parent| parent.assign(name, change))
    }
}
