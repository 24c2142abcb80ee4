//! One small tree for the program code of every language.
//!
//! A front end (crate `syntax`) lowers JavaScript, TypeScript, Python, PHP … into a [`Module`]; everything that
//! understands code (crates `analysis`, `witness`) reads only this. The tree keeps what matters for *what the code
//! does* (calls, names, literals, assignments, branches, functions) with byte spans, and drops types and layout.
//!
//! Invariants:
//! - Lowering never fails. What a front end cannot express becomes [`Kind::Opaque`] over its lowered children, so that
//!   calls inside are still seen; what it could not parse is listed in [`Module::problems`].
//! - Children come before their parents in the arena; a [`NodeId`] is only meaningful in its module.
//! - Destructuring patterns use the same nodes as expressions: `Object`, `Array`, `Name`, and `Assign` with
//!   `op: None` for a default value.

mod build;
mod dump;
mod walk;

pub use build::Builder;
pub use dump::dump;
pub use walk::{children, function_nodes, walk};

use plimsoll_source::{FileId, Span};
use serde::{Deserialize, Serialize};
pub use smol_str::SmolStr as Str;

/// A node of a module's arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NodeId(pub u32);

/// A function of a module, by position in [`Module::functions`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FunctionId(pub u32);

/// A class of a module, by position in [`Module::classes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ClassId(pub u32);

/// The language a module was written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Language {
    /// JavaScript and TypeScript, with or without JSX, and script blocks of Vue, Svelte, Astro and HTML.
    JavaScript,
    /// Python.
    Python,
    /// PHP.
    Php,
}

/// The code of one file (or of one script block in a file).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Module {
    /// The file it came from. Its number is another in another tree, so that it is not written with the rest.
    #[serde(skip, default = "nowhere")]
    pub file: FileId,
    /// Its language.
    pub language: Language,
    /// All nodes.
    pub nodes: Vec<Node>,
    /// All functions, methods and lambdas, in source order.
    pub functions: Vec<Function>,
    /// All classes, in source order.
    pub classes: Vec<Class>,
    /// Top-level statements in order.
    pub body: Vec<NodeId>,
    /// What it imports, wherever the import stands (`require` and dynamic `import()` with a literal included).
    pub imports: Vec<Import>,
    /// What it exports. In Python: nothing here, every top-level name can be imported.
    pub exports: Vec<Export>,
    /// Directives at the top of the file, such as `use server`, `use client`.
    pub directives: Vec<(Str, Range)>,
    /// Comments, in order.
    pub comments: Vec<Range>,
    /// What could not be parsed.
    pub problems: Vec<Problem>,
}

/// The file of a module that was just read back.
fn nowhere() -> FileId {
    FileId(u32::MAX)
}

/// A byte range within the module's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Range {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

/// A node: what it is and where it stands.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// Where.
    pub range: Range,
}

/// A list of child nodes.
pub type List = Box<[NodeId]>;

/// What a node is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Kind {
    // ---- expressions
    /// A string literal, its escapes decoded.
    Str(Str),
    /// A number.
    Num(f64),
    /// `true`, `false`.
    Bool(bool),
    /// `null`, `undefined`, `None`.
    Null,
    /// A regular expression literal: its pattern as written.
    Regex(Str),
    /// Interpolated text: `Str` pieces and expressions in order (template literal, f-string, PHP "…$x…").
    Template(List),
    /// A name. PHP variables come without `$`; `this`, `self` and `$this` are [`Kind::This`].
    Name(Str),
    /// The receiver: `this`, `$this`. (Python's `self` is an ordinary parameter and stays a `Name`.)
    This,
    /// `object.property`, `object?.property`, `$object->property`, `Class::member`.
    Member {
        /// Left side.
        object: NodeId,
        /// Name on the right.
        property: Str,
    },
    /// `object[index]`; a literal string index stays an `Index` over a `Str`.
    Index {
        /// Left side.
        object: NodeId,
        /// The index.
        index: NodeId,
    },
    /// A call or construction.
    Call {
        /// What is called. PHP `new Foo` and JS `new Foo` have the class here.
        callee: NodeId,
        /// Arguments in order.
        args: Box<[Arg]>,
        /// `new Foo(…)`.
        new: bool,
    },
    /// An object or dictionary literal (PHP arrays with keys), or an object pattern.
    Object(Box<[Property]>),
    /// An array, list, tuple or set, or an array pattern; the elements of a JS sequence `a, b` are not this.
    Array(List),
    /// `...x`, `*x`, `**x`.
    Spread(NodeId),
    /// A function, method or lambda as a value, or its declaration as a statement.
    Function(FunctionId),
    /// A class as a value, or its declaration as a statement.
    Class(ClassId),
    /// `target = value`, `target += value`.
    Assign {
        /// Name, member, index or pattern.
        target: NodeId,
        /// The operator of a compound assignment.
        op: Option<BinaryOp>,
        /// Right side.
        value: NodeId,
    },
    /// A binary or logical operation.
    Binary {
        /// Which.
        op: BinaryOp,
        /// Left side.
        left: NodeId,
        /// Right side.
        right: NodeId,
    },
    /// A unary operation.
    Unary {
        /// Which.
        op: UnaryOp,
        /// Its operand.
        operand: NodeId,
    },
    /// `test ? then : otherwise`, Python's `then if test else otherwise`.
    Conditional {
        /// Condition.
        test: NodeId,
        /// Value when it holds.
        then: NodeId,
        /// Value when not.
        otherwise: NodeId,
    },
    /// `await x`, `yield x`, `yield* x`.
    Await(NodeId),
    /// A JSX element.
    Element {
        /// Tag or component: a `Name` or `Member`; a fragment has the name `""`.
        tag: NodeId,
        /// Attributes; a spread attribute has a computed key of kind `Spread`.
        attributes: Box<[Property]>,
        /// Children: `Str` for text, expressions, elements.
        children: List,
    },
    // ---- statements
    /// A block; also the body of a function.
    Block(List),
    /// A declaration of one variable: `const t = v`, PHP `static $x = v`. One node per declarator.
    Let {
        /// Name or pattern.
        target: NodeId,
        /// Initial value.
        value: Option<NodeId>,
        /// `const` (or Python/PHP constants by declaration).
        constant: bool,
    },
    /// `if`. `elif` chains are nested in `otherwise`.
    If {
        /// Condition.
        test: NodeId,
        /// Branch when it holds.
        then: NodeId,
        /// Branch when not.
        otherwise: Option<NodeId>,
    },
    /// `return`; also the value of an arrow function without a block.
    Return(Option<NodeId>),
    /// `throw`, `raise`; PHP `exit` and `die` too (as [`Kind::Call`] inside, named `exit`).
    Throw(Option<NodeId>),
    /// Any loop. `for (x of xs)`, `for x in xs`, `foreach` fill `binding` and `iterable`; others leave them empty and put
    /// initialiser, condition and update into `header`.
    Loop {
        /// The loop variable or pattern.
        binding: Option<NodeId>,
        /// What is iterated.
        iterable: Option<NodeId>,
        /// Initialiser, condition, update in source order.
        header: List,
        /// Body; a comprehension's element expression stands here.
        body: NodeId,
    },
    /// `switch`, `match`.
    Switch {
        /// What is compared.
        subject: NodeId,
        /// Cases: test (none for default) and body.
        cases: Box<[(Option<NodeId>, NodeId)]>,
    },
    /// `try`.
    Try {
        /// Guarded block.
        body: NodeId,
        /// Handlers: bound name or pattern, and body.
        handlers: Box<[(Option<NodeId>, NodeId)]>,
        /// `finally` (Python's `else` is appended to the body).
        finalizer: Option<NodeId>,
    },
    /// Python `with`: items (`Assign` where bound) and body.
    With {
        /// Context managers.
        items: List,
        /// Body.
        body: NodeId,
    },
    /// `break`, `continue`, `goto`.
    Jump,
    /// Literal output to the response outside of code: PHP's inline HTML, `echo`/`print` arguments.
    Output(List),
    /// Several expressions in sequence, or anything the tree has no word for; its children are in source order.
    Opaque(List),
}

/// One argument of a call.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Arg {
    /// Name of a named argument.
    pub name: Option<Str>,
    /// The value; `Spread` for `...args`.
    pub value: NodeId,
}

/// One entry of an object, or one attribute of a JSX element.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Property {
    /// Its key.
    pub key: Key,
    /// Its value. A shorthand `{a}` has `Name("a")`; a method has `Function`; a JSX attribute without value `Bool(true)`;
    /// a spread has the spread expression itself under [`Key::Spread`].
    pub value: NodeId,
    /// The whole entry.
    pub range: Range,
}

/// The key of a [`Property`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Key {
    /// A name or literal string.
    Named(Str),
    /// `[expr]`.
    Computed(NodeId),
    /// `...value`.
    Spread,
}

/// Binary and logical operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum BinaryOp {
    /// `&&`, `and`.
    And,
    /// `||`, `or`, PHP `?:` short form.
    Or,
    /// `??`.
    Coalesce,
    /// `==`, `===`, `is`.
    Equal,
    /// `!=`, `!==`, `<>`, `is not`.
    NotEqual,
    /// `<`, `<=`, `>`, `>=`, `<=>`.
    Compare,
    /// `in` (JS: key in object; Python: membership), `not in` is `Unary Not` over this.
    In,
    /// `instanceof`.
    InstanceOf,
    /// `+`.
    Add,
    /// String concatenation where the language has its own operator (PHP `.`).
    Concat,
    /// `%` (also Python string formatting).
    Percent,
    /// Any other arithmetic or bit operation.
    Arithmetic,
}

/// Unary operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum UnaryOp {
    /// `!`, `not`.
    Not,
    /// `-`, `+`, `~`, `++`, `--`.
    Arithmetic,
    /// `typeof`.
    TypeOf,
    /// `delete x`, `unset(x)`, `del x`.
    Delete,
    /// `void`, PHP `@`, casts: the value passes through.
    Other,
}

/// A function, method or lambda.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Function {
    /// Its own name: declaration, method name, or the name it is assigned to where the front end sees that
    /// (`const f = () => …`, `f: function …`).
    pub name: Option<Str>,
    /// Parameters in order.
    pub params: Vec<Param>,
    /// Its body: a `Block` (an arrow's expression is wrapped in `Block[Return]`).
    pub body: NodeId,
    /// `async`.
    pub is_async: bool,
    /// Decorators or attributes, outermost first: `Call`, `Name` or `Member` nodes.
    pub decorators: Vec<NodeId>,
    /// The class it is a method of.
    pub class: Option<ClassId>,
    /// Directives at the top of its body (`use server`).
    pub directives: Vec<Str>,
    /// The function this one is nested in.
    pub parent: Option<FunctionId>,
    /// Everything, decorators included.
    pub range: Range,
    /// The head: from `def`/`function`/first parameter to the start of the body; what a finding points at.
    pub head: Range,
    /// First lines of the docstring or leading doc comment are not kept; this says whether the body is only `pass`,
    /// a docstring, `...` or nothing.
    pub is_empty: bool,
}

/// A parameter.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Param {
    /// Name or pattern.
    pub pattern: NodeId,
    /// Default value.
    pub default: Option<NodeId>,
    /// `...rest`, `*args`, `**kwargs`.
    pub rest: bool,
    /// Type annotation as an expression (Python: `Depends`-style defaults matter, `Annotated[…]` too; PHP type name;
    /// TypeScript: the type's text as `Str`).
    pub annotation: Option<NodeId>,
    /// Decorators (`@Body()` in Nest).
    pub decorators: Vec<NodeId>,
}

/// A class.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Class {
    /// Its name.
    pub name: Option<Str>,
    /// Base classes, interfaces, traits used, as expressions.
    pub bases: Vec<NodeId>,
    /// Methods.
    pub methods: Vec<FunctionId>,
    /// Fields and class-level assignments: name, value, range; nested classes (Django's `Meta`) as a field whose value
    /// is a [`Kind::Class`].
    pub fields: Vec<Field>,
    /// Decorators or attributes.
    pub decorators: Vec<NodeId>,
    /// Everything.
    pub range: Range,
}

/// A field of a class.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Field {
    /// Its name.
    pub name: Str,
    /// Its value.
    pub value: Option<NodeId>,
    /// Type annotation, as for [`Param::annotation`].
    pub annotation: Option<NodeId>,
    /// `static`, or assigned in the class body (Python).
    pub is_static: bool,
    /// Where.
    pub range: Range,
}

/// One import statement (or `require`, `include`).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Import {
    /// The specifier as written: `./db`, `express`, `app.models` (Python, leading dots kept), `inc/auth.php`.
    pub module: Str,
    /// What is bound: imported name (`default`, `*` for the namespace, or the name) and local name. Empty for a bare
    /// import. `const { a: b } = require('x')` gives `(a, b)`; `const x = require('x')` gives `("*", x)`.
    pub names: Vec<(Str, Str)>,
    /// TypeScript `import type`.
    pub type_only: bool,
    /// `import()` or a `require` inside a function: happens later, perhaps never.
    pub is_dynamic: bool,
    /// Where.
    pub range: Range,
}

/// One exported name.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Export {
    /// Name under which it is exported: `default`, a name, or `*` for `export * from`.
    pub name: Str,
    /// The exported expression or declaration; none for re-exports.
    pub value: Option<NodeId>,
    /// The local name, where it is one (`export { a as b }`: `a`); for a re-export the name in the other module.
    pub local: Option<Str>,
    /// The module re-exported from.
    pub from: Option<Str>,
    /// Where.
    pub range: Range,
}

/// Something that could not be parsed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Problem {
    /// Plain words.
    pub what: String,
    /// Where, as far as known.
    pub range: Range,
    /// Whether statements are missing from the tree because of it.
    pub lost_code: bool,
}

impl Module {
    /// A node.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    /// The kind of a node.
    pub fn kind(&self, id: NodeId) -> &Kind {
        &self.node(id).kind
    }

    /// A function.
    pub fn function(&self, id: FunctionId) -> &Function {
        &self.functions[id.0 as usize]
    }

    /// A class.
    pub fn class(&self, id: ClassId) -> &Class {
        &self.classes[id.0 as usize]
    }

    /// Where a node stands, as a span of the source tree.
    pub fn span(&self, id: NodeId) -> Span {
        self.span_of(self.node(id).range)
    }

    /// A range of this module as a span of the source tree.
    pub fn span_of(&self, range: Range) -> Span {
        Span::new(self.file, range.start, range.end)
    }

    /// The text of a string literal (a template without expressions included).
    pub fn string(&self, id: NodeId) -> Option<&str> {
        match self.kind(id) {
            Kind::Str(text) => Some(text),
            Kind::Template(parts) => match parts[..] {
                [] => Some(""),
                [part] => match self.kind(part) {
                    Kind::Str(text) => Some(text),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        }
    }

    /// The dotted path of a chain of names and members, `this` included: `req.session.user`; an index with a literal
    /// string counts as a member, `await` and calls end the path.
    pub fn path(&self, id: NodeId) -> Option<String> {
        fn go(module: &Module, id: NodeId, out: &mut String) -> bool {
            match module.kind(id) {
                Kind::Name(name) => {
                    out.push_str(name);
                    true
                }
                Kind::This => {
                    out.push_str("this");
                    true
                }
                Kind::Member { object, property } => {
                    go(module, *object, out) && {
                        out.push('.');
                        out.push_str(property);
                        true
                    }
                }
                Kind::Index { object, index } => {
                    let Some(key) = module.string(*index) else { return false };
                    go(module, *object, out) && {
                        out.push('.');
                        out.push_str(key);
                        true
                    }
                }
                _ => false,
            }
        }
        let mut out = String::new();
        go(self, id, &mut out).then_some(out)
    }

    /// The value of a named property of an object literal.
    pub fn property(&self, object: NodeId, name: &str) -> Option<NodeId> {
        let Kind::Object(properties) = self.kind(object) else { return None };
        properties
            .iter()
            .rev()
            .find(|property| matches!(&property.key, Key::Named(key) if key == name))
            .map(|property| property.value)
    }

    /// All nodes in arena order with their ids.
    pub fn iter(&self) -> impl Iterator<Item = (NodeId, &Node)> {
        (0u32..).map(NodeId).zip(&self.nodes)
    }
}
