//! PHP to `plimsoll-ir`.
//!
//! What may surprise:
//! - The namespace of a file is a directive: `namespace App\Models`.
//! - A qualified name keeps its last segment as `Name` and adds an import of it; `use A\B\C as D` is an import of `C`
//!   from module `A\B`.
//! - An `include` is an import and a call named `include`. Paths built with `__DIR__` or `dirname(__FILE__)` begin with
//!   `./` or `../`; constants defined before in the same file are put in; of a path that starts with another
//!   constant only the literal rest is kept.
//! - The loop variable of `foreach (… as $k => $v)` is the array pattern `[k, v]`.
//! - A property hook is a method named `property::get`.
//! - Backticks are a call of `shell_exec`; a first-class callable `f(...)` is the function itself.

mod expr;
mod include;
mod stmt;
mod string;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use plimsoll_ir::{Builder, ClassId, FunctionId, Kind, Language, Module, NodeId, Range, Str};
use plimsoll_source::FileId;

use crate::cst::{self, Cn, Cst, Grammar};

/// The grammar takes any `<?` for PHP; an XML declaration is text unless the server is set up in a rare way.
static GRAMMAR: LazyLock<Grammar> =
    LazyLock::new(|| Grammar::new(tree_sitter_php::LANGUAGE_PHP.into(), "PHP").masked("<?xml", "<_xml"));

/// Whether a file with an extension of PHP is a template of another language: Blade.
pub(crate) fn is_template(name: &str) -> bool {
    name.to_ascii_lowercase().ends_with(".blade.php")
}

/// Parses a PHP file, its inline HTML included.
pub(crate) fn parse(file: FileId, text: &str) -> Module {
    cst::parse(file, Language::Php, &GRAMMAR, text, lower)
}

fn lower(cst: &Cst<'_>, builder: Builder) -> Module {
    let mut lower = Lower {
        b: builder,
        cst,
        function: None,
        class: None,
        echo: false,
        constants: BTreeMap::new(),
        imported: BTreeSet::new(),
    };
    let mut body = Vec::new();
    lower.statements(cst.root(), &mut body);
    lower.b.module.body = body;
    lower.b.module
}

struct Lower<'c> {
    b: Builder,
    cst: &'c Cst<'c>,
    /// The function whose body is being lowered.
    function: Option<FunctionId>,
    /// The class whose members are being lowered.
    class: Option<ClassId>,
    /// `<?=` stands before the next expression.
    echo: bool,
    /// Constants defined with a path so far, for the paths of `include`.
    constants: BTreeMap<Str, include::Path>,
    /// Imports already noted for qualified names.
    imported: BTreeSet<(Str, Str)>,
}

impl<'c> Lower<'c> {
    fn add(&mut self, kind: Kind, at: Cn<'c>) -> NodeId {
        self.b.add(kind, at.start(), at.end())
    }

    fn add_range(&mut self, kind: Kind, range: Range) -> NodeId {
        self.b.add(kind, range.start, range.end)
    }

    fn opaque(&mut self, at: Cn<'c>) -> NodeId {
        self.add(Kind::Opaque(Box::default()), at)
    }

    /// An empty node at the end of another, where something is missing.
    fn hole(&mut self, parent: Cn<'c>) -> NodeId {
        self.b.add(Kind::Opaque(Box::default()), parent.end(), parent.end())
    }

    fn name(&mut self, at: Cn<'c>) -> NodeId {
        self.add(Kind::Name(at.text().into()), at)
    }
}
