//! Names and their values at run time.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use plimsoll_ir::Str;

use crate::run;
use crate::value::Value;

/// A scope: a module's top level or one activation of a function.
pub struct Env {
    names: RefCell<Rc<Names>>,
    parent: Option<Rc<Env>>,
    /// The run in which it was made.
    made_in: u32,
}

impl Default for Env {
    fn default() -> Self {
        Env { names: RefCell::default(), parent: None, made_in: run::current() }
    }
}

/// Names in the order in which they were declared. Most scopes are made, filled with a few names and thrown away; what is
/// kept of one for another branch is copied when that branch changes something.
#[derive(Clone, Default)]
pub(crate) struct Names {
    list: Vec<(Str, Value)>,
    /// Positions, once there are more than [`FEW`].
    places: Option<HashMap<Str, usize>>,
}

/// So many names are looked through faster than they are hashed.
const FEW: usize = 12;

impl Names {
    /// Names and values.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &(Str, Value)> {
        self.list.iter()
    }

    /// The value of a name, to be changed.
    pub(crate) fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        self.place(name).map(|at| &mut self.list[at].1)
    }

    fn place(&self, name: &str) -> Option<usize> {
        match &self.places {
            Some(places) => places.get(name).copied(),
            None => self.list.iter().position(|(known, _)| known == name),
        }
    }

    /// Sets the value of a name.
    pub(crate) fn insert(&mut self, name: Str, value: Value) {
        if let Some(at) = self.place(&name) {
            self.list[at].1 = value;
            return;
        }
        match &mut self.places {
            Some(places) => {
                places.insert(name.clone(), self.list.len());
            }
            None if self.list.len() == FEW => {
                let all = self.list.iter().map(|(known, _)| known).chain([&name]).cloned().zip(0..);
                self.places = Some(all.collect());
            }
            None => {}
        }
        self.list.push((name, value));
    }
}

impl Env {
    /// A scope inside another.
    pub fn inside(parent: &Rc<Env>) -> Rc<Env> {
        Rc::new(Env { parent: Some(Rc::clone(parent)), ..Env::default() })
    }

    /// The value of a name, looked up outwards.
    pub fn get(&self, name: &str) -> Option<Value> {
        let mut env = self;
        loop {
            let names = env.names.borrow();
            if let Some(at) = names.place(name) {
                return Some(names.list[at].1.clone());
            }
            drop(names);
            env = env.parent.as_ref()?;
        }
    }

    /// The scope where a name is declared, looked up outwards, and its value there.
    pub(crate) fn holder(env: &Rc<Env>, name: &str) -> Option<(Rc<Env>, Value)> {
        let mut env = env;
        loop {
            let names = env.names.borrow();
            if let Some(at) = names.place(name) {
                return Some((Rc::clone(env), names.list[at].1.clone()));
            }
            drop(names);
            env = env.parent.as_ref()?;
        }
    }

    /// The run in which it was made.
    pub(crate) fn made_in(&self) -> u32 {
        self.made_in
    }

    /// Declares a name in this scope.
    pub fn declare(&self, name: Str, value: Value) {
        Rc::make_mut(&mut self.names.borrow_mut()).insert(name, value);
    }

    /// Whether this very scope has the name.
    pub fn has_own(&self, name: &str) -> bool {
        self.names.borrow().place(name).is_some()
    }

    /// The names of this very scope.
    pub(crate) fn names(&self) -> Rc<Names> {
        Rc::clone(&self.names.borrow())
    }

    /// Puts back what [`Env::names`] gave.
    pub(crate) fn set_names(&self, names: Rc<Names>) {
        // What was there may be the last to hold values that look at this scope when they go.
        let old = self.names.replace(names);
        drop(old);
    }

    /// Replaces the value where the name is declared; `false` where it is not.
    pub fn assign(&self, name: &str, change: &dyn Fn(&Value) -> Value) -> bool {
        let mut env = self;
        loop {
            let mut names = env.names.borrow_mut();
            if let Some(at) = names.place(name) {
                let new = change(&names.list[at].1);
                Rc::make_mut(&mut names).list[at].1 = new;
                return true;
            }
            drop(names);
            match &env.parent {
                Some(parent) => env = parent,
                None => return false,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::{Env, FEW};
    use crate::value::Value;

    #[test]
    fn names_are_found_however_many_there_are() {
        let outer = Rc::new(Env::default());
        outer.declare("outer".into(), Value::string("o"));
        let env = Env::inside(&outer);
        for at in 0..FEW * 3 {
            env.declare(format!("name{at}").into(), Value::string(at.to_string()));
            env.declare("again".into(), Value::string(at.to_string()));
            for known in 0..=at {
                let value = env.get(&format!("name{known}"));
                assert_eq!(value.and_then(|value| value.as_str().map(str::to_owned)), Some(known.to_string()));
            }
        }
        assert_eq!(env.names().iter().count(), FEW * 3 + 1);
        assert!(env.assign("outer", &|_| Value::string("changed")) && !env.has_own("outer"));
        assert_eq!(outer.get("outer").as_ref().and_then(Value::as_str), Some("changed"));
        assert!(!env.assign("nowhere", &Value::clone) && env.get("nowhere").is_none());
        let names = env.names();
        env.set_names(Rc::default());
        assert!(env.get("name3").is_none());
        env.set_names(names);
        assert_eq!(env.get("again").as_ref().and_then(Value::as_str), Some("35"));
    }
}
