//! What a front end uses to fill a [`Module`].

use plimsoll_source::FileId;

use crate::{Class, ClassId, Function, FunctionId, Kind, Language, Module, Node, NodeId, Problem, Range};

/// Fills a module; keeps the depth bound that every front end needs.
pub struct Builder {
    /// The module so far. Lists such as imports and comments are pushed directly.
    pub module: Module,
    depth: u32,
    too_deep: bool,
}

/// Nesting deeper than this is cut off: real code stays below 200, hostile input does not.
const MAX_DEPTH: u32 = 600;

impl Builder {
    /// An empty module.
    pub fn new(file: FileId, language: Language) -> Self {
        Builder {
            module: Module {
                file,
                language,
                nodes: Vec::new(),
                functions: Vec::new(),
                classes: Vec::new(),
                body: Vec::new(),
                imports: Vec::new(),
                exports: Vec::new(),
                directives: Vec::new(),
                comments: Vec::new(),
                problems: Vec::new(),
            },
            depth: 0,
            too_deep: false,
        }
    }

    /// Adds a node.
    pub fn add(&mut self, kind: Kind, start: u32, end: u32) -> NodeId {
        let id = NodeId(u32::try_from(self.module.nodes.len()).unwrap_or(u32::MAX));
        self.module.nodes.push(Node { kind, range: Range { start, end } });
        id
    }

    /// Reserves the id of a function before its body is lowered, so that nested functions can name it as parent.
    /// Fill it with [`Builder::set_function`].
    pub fn reserve_function(&mut self, placeholder: Function) -> FunctionId {
        let id = FunctionId(u32::try_from(self.module.functions.len()).unwrap_or(u32::MAX));
        self.module.functions.push(placeholder);
        id
    }

    /// Replaces a reserved function.
    pub fn set_function(&mut self, id: FunctionId, function: Function) {
        self.module.functions[id.0 as usize] = function;
    }

    /// Reserves the id of a class, so that its methods can name it.
    pub fn reserve_class(&mut self, placeholder: Class) -> ClassId {
        let id = ClassId(u32::try_from(self.module.classes.len()).unwrap_or(u32::MAX));
        self.module.classes.push(placeholder);
        id
    }

    /// Replaces a reserved class.
    pub fn set_class(&mut self, id: ClassId, class: Class) {
        self.module.classes[id.0 as usize] = class;
    }

    /// Enters one level of nesting; `false` when the bound is reached, and then the caller adds an empty
    /// [`Kind::Opaque`] instead of descending. Pair each `true` with [`Builder::leave`].
    pub fn enter(&mut self, at: Range) -> bool {
        if self.depth >= MAX_DEPTH {
            if !self.too_deep {
                self.too_deep = true;
                self.problem(format!("nested deeper than {MAX_DEPTH} levels"), at, true);
            }
            return false;
        }
        self.depth += 1;
        true
    }

    /// Leaves one level of nesting.
    pub fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// Notes what could not be parsed. At most 20 are kept per module.
    pub fn problem(&mut self, what: impl Into<String>, range: Range, lost_code: bool) {
        if self.module.problems.len() < 20 {
            self.module.problems.push(Problem { what: what.into(), range, lost_code });
        }
    }
}
