//! Events: what happens at the edge of the app's own code.

use std::rc::Rc;

use plimsoll_ir::Str;
use plimsoll_source::Span;

use crate::fact::Facts;
use crate::program::{FunctionRef, Site};
use crate::value::{Symbol, Value};

/// An argument of a call.
#[derive(Clone, Debug)]
pub struct Argument {
    /// Name of a named argument.
    pub name: Option<Str>,
    /// Its value.
    pub value: Value,
    /// `...value`.
    pub spread: bool,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum EventKind {
    /// A call of something outside the app's code.
    Call {
        /// What was called.
        callee: Rc<Symbol>,
        /// With what.
        args: Rc<[Argument]>,
    },
    /// A call of something unknown: a method on a value that is neither the app's nor a symbol.
    Method {
        /// The receiver.
        receiver: Value,
        /// Name of the method.
        name: Str,
        /// With what.
        args: Rc<[Argument]>,
    },
    /// An assignment to a member of something outside, of an object or of an unknown value.
    Assign {
        /// The receiver.
        receiver: Value,
        /// Name of the member; empty when computed.
        property: Str,
        /// The value of a computed index.
        index: Option<Value>,
        /// What is assigned.
        value: Value,
    },
    /// A JSX element with an attribute that matters (`dangerouslySetInnerHTML`, `href`, `src`, `on…` are all reported).
    Attribute {
        /// Tag or component name.
        tag: Str,
        /// Attribute name.
        name: Str,
        /// Its value.
        value: Value,
    },
    /// Text written to the answer (PHP `echo`, inline markup is not reported).
    Output {
        /// What.
        value: Value,
    },
    /// Markup was put together from parts (PHP: text with a tag in it and values between); it is output later.
    Compose {
        /// The whole text.
        value: Value,
    },
    /// The root function returned.
    Return {
        /// What.
        value: Value,
    },
    /// A function of the app was entered: lets witnesses see names (`requireAdmin(…)`).
    Enter {
        /// Which.
        function: FunctionRef,
        /// With what.
        args: Rc<[Argument]>,
    },
}

/// One event.
#[derive(Clone, Debug)]
pub struct Event {
    /// What happened.
    pub kind: EventKind,
    /// What must hold to get here.
    pub facts: Facts,
    /// Where.
    pub span: Span,
    /// Where, as identity.
    pub site: Site,
    /// The function it happens in.
    pub function: Option<FunctionRef>,
}

impl Event {
    /// The callee's path of a call; `""` otherwise.
    pub fn path(&self) -> &str {
        match &self.kind {
            EventKind::Call { callee, .. } => &callee.path,
            _ => "",
        }
    }

    /// The arguments of a call or method call.
    pub fn args(&self) -> &[Argument] {
        match &self.kind {
            EventKind::Call { args, .. } | EventKind::Method { args, .. } | EventKind::Enter { args, .. } => args,
            _ => &[],
        }
    }

    /// The positional argument at `index`.
    pub fn arg(&self, index: usize) -> Option<&Value> {
        self.args().iter().filter(|arg| arg.name.is_none()).nth(index).map(|arg| &arg.value)
    }

    /// The named argument.
    pub fn named(&self, name: &str) -> Option<&Value> {
        self.args().iter().find(|arg| arg.name.as_deref() == Some(name)).map(|arg| &arg.value)
    }
}
