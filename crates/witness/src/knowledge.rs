//! Knowledge of platforms and libraries: where values come from and what calls do.
//!
//! Paths are those of `plimsoll_analysis::Symbol`: `@req` stands for a request that a framework passes to a handler,
//! packages stand under their own name (`jsonwebtoken.verify`), calls add `()`.

mod calls;
mod origins;
pub(crate) mod php;
pub(crate) mod python;
mod schemas;
pub(crate) mod stores;

pub(crate) use calls::{PLACES, keeps_sessions};
pub(crate) use origins::ends_with_name;

use std::cell::RefCell;
use std::collections::HashMap;

use plimsoll_analysis::{Argument, Knowledge, Labels, Outcome, Value};

/// Paths of which is kept at hand what the tables say of them.
const MAX_KNOWN: usize = 20_000;

/// What the tables say of paths: a few are met again and again, and a path says the same every time.
pub(crate) struct Remembered<T>(RefCell<HashMap<String, T>>);

impl<T> Default for Remembered<T> {
    fn default() -> Self {
        Remembered(RefCell::default())
    }
}

impl<T: Clone> Remembered<T> {
    pub(crate) fn get_or(&self, path: &str, look_up: impl FnOnce() -> T) -> T {
        if let Some(known) = self.0.borrow().get(path) {
            return known.clone();
        }
        let found = look_up();
        let mut known = self.0.borrow_mut();
        if known.len() >= MAX_KNOWN {
            known.clear();
        }
        known.insert(path.to_owned(), found.clone());
        found
    }
}

thread_local! {
    static LABELS: Remembered<Labels> = Remembered::default();
}

/// The tables of this crate as the interpreter asks them.
pub(crate) struct Known;

impl Knowledge for Known {
    fn labels(&self, path: &str) -> Labels {
        LABELS.with(|known| known.get_or(path, || origins::labels(path)))
    }

    fn constant(&self, path: &str) -> Option<Value> {
        // SvelteKit: what is served was built, and is not the development server.
        let off = matches!(path, "$app/environment.dev" | "$app/environment.building" | "esm-env.DEV");
        off.then(|| Value::plain(plimsoll_analysis::ValueKind::Bool(false)))
    }

    fn call(&self, path: &str, receiver: Option<&Value>, args: &[Argument]) -> Outcome {
        calls::outcome(path, receiver, args)
    }

    fn persists(&self, path: &str) -> bool {
        // Every place of a component has the same path; what is put into one says nothing of the others.
        let is_place = ["ref().value", "shallowRef().value", "useRef().current"].iter().any(|end| path.ends_with(end));
        is_place || python::persists(path)
    }

    fn field(&self, base: &str, name: &str, default: &Value) -> Option<Value> {
        python::setting(base, name, default)
    }

    fn is_store_name(&self, name: &str) -> bool {
        !stores::is_bookkeeping(name)
    }
}
