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

pub(crate) use calls::keeps_sessions;
pub(crate) use origins::ends_with_name;

use plimsoll_analysis::{Argument, Knowledge, Labels, Outcome, Value};

/// The tables of this crate as the interpreter asks them.
pub(crate) struct Known;

impl Knowledge for Known {
    fn labels(&self, path: &str) -> Labels {
        origins::labels(path)
    }

    fn call(&self, path: &str, receiver: Option<&Value>, args: &[Argument]) -> Outcome {
        calls::outcome(path, receiver, args)
    }

    fn persists(&self, path: &str) -> bool {
        // Every place of a component has the same path; what is put into one says nothing of the others.
        let is_place = ["ref().value", "shallowRef().value", "useRef().current"].iter().any(|end| path.ends_with(end));
        is_place || python::persists(path)
    }

    fn is_store_name(&self, name: &str) -> bool {
        !stores::is_bookkeeping(name)
    }
}
