//! What code does.
//!
//! An abstract interpreter over `plimsoll-ir`: it runs the program once without real values. Names are resolved across
//! files, calls to the app's own functions are entered, values carry the labels of where they come from, and every call
//! that leaves the app's own code is recorded as an [`Event`] together with the [`Fact`]s that must hold for control to
//! get there. Frameworks are understood by what they do with such events (crate `witness`), not by their syntax.
//!
//! Layers: [`Program`] (modules and how their imports resolve) → [`Machine`] (runs) → [`Event`]s.

mod env;
mod eval;
mod event;
mod fact;
mod knowledge;
mod label;
mod program;
mod run;
mod value;

pub use eval::{Machine, Mode, Run, Watched};
pub use event::{Argument, Event, EventKind};
pub use fact::{Fact, Facts, assume};
pub use knowledge::{Knowledge, Outcome};
pub use label::{Clean, Label, Labels};
pub use program::{FunctionRef, ModuleId, Program, Site};
pub use value::{ClassRef, Closure, Object, Symbol, SymbolKind, Truth, Value, ValueKind};
