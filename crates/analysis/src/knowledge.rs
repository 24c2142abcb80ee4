//! What is known of code outside the app: the interpreter asks, the witnesses' tables answer.

use crate::event::Argument;
use crate::label::{Clean, Labels};
use crate::value::Value;

/// Knowledge of libraries and platforms.
pub trait Knowledge {
    /// Labels that a symbol has by the way it was reached (`@req.body`, `process.env.X`).
    fn labels(&self, path: &str) -> Labels;

    /// The value of a name that a package gives, where it is the same wherever the app is served.
    fn constant(&self, _path: &str) -> Option<Value> {
        None
    }

    /// What a call does. `path` is that of the callee: for a method on something that is no symbol it is `.name`.
    fn call(&self, path: &str, receiver: Option<&Value>, args: &[Argument]) -> Outcome;

    /// Whether a list or map of this name, kept in the server's memory, may hold records; counters and caches do not.
    fn is_store_name(&self, _name: &str) -> bool {
        true
    }

    /// Whether what is kept under a path outlives the run (the state of a visitor's session), so that an assignment says
    /// nothing about what a later read gives.
    fn persists(&self, _path: &str) -> bool {
        false
    }

    /// What a field of an instance holds, where a class of a library says more than the field's default (a class of
    /// settings reads each from the environment). `base` is the path of the library's class.
    fn field(&self, _base: &str, _name: &str, _default: &Value) -> Option<Value> {
        None
    }
}

/// What a call does.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// The result carries only these labels, instead of those of receiver and arguments.
    pub replace: Option<Labels>,
    /// Labels the result has besides.
    pub add: Labels,
    /// Labels of the arguments are made harmless for this.
    pub clean: Clean,
    /// With `replace`: the caller's identity in the arguments still shows in the result (a query limited by it).
    pub keep_identity: bool,
    /// It refuses on its own (throws, ends the request), so what follows may take it as passed.
    pub passes: bool,
    /// It never returns (`redirect()`, `abort(401)`, `process.exit`).
    pub never_returns: bool,
    /// Functions given to it run later or elsewhere and are not entered (registrations).
    pub defers: bool,
    /// The result is this positional argument (wrappers such as `asyncHandler(fn)`, `Object.freeze(x)`).
    pub returns_arg: Option<usize>,
    /// The result is what the function at this position gives (`useMemo(() => total)`).
    pub gives_result_of: Option<usize>,
    /// It makes a place into which values are put later, and from which they are read (`useState`).
    pub keeps: bool,
    /// It puts what it is given, or what a function given to it makes of what was there, into such a place.
    pub puts: bool,
    /// The result is exactly this.
    pub result: Option<Value>,
}
