//! Python to `plimsoll-ir`.
//!
//! What may surprise:
//! - `import a.b` binds `a`, written as `("*", "a")` of module `a.b`; `from m import *` is `("*", "*")`.
//! - The second use of a middle operand in `a < f() < b` is an empty `Opaque`: the tree would else visit `f()` twice.
//! - A class has no statements of its own in the tree: `if`/`try` in a class body are flattened into its members, and an
//!   expression there becomes a field without a name. Keyword bases (`table=True`) are fields, `metaclass` is dropped.
//! - The exception types of `except` and return annotations are dropped.

mod expr;
mod stmt;
mod string;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use plimsoll_ir::{Builder, ClassId, FunctionId, Kind, Language, Module, NodeId, Range};
use plimsoll_source::FileId;

use crate::cst::{self, Cn, Cst, Grammar};

static GRAMMAR: LazyLock<Grammar> = LazyLock::new(|| Grammar::new(tree_sitter_python::LANGUAGE.into(), "Python"));

/// Parses a Python file.
pub(crate) fn parse(file: FileId, text: &str) -> Module {
    if !indentation_is_bounded(text) {
        let mut builder = Builder::new(file, Language::Python);
        let range = Range { start: 0, end: u32::try_from(text.len()).unwrap_or(u32::MAX) };
        builder.problem("indented in more different depths than code ever is", range, true);
        return builder.module;
    }
    cst::parse(file, Language::Python, &GRAMMAR, text, lower)
}

/// Distinct indentation widths that are let through.
const MAX_INDENTS: usize = 250;

/// The grammar's scanner saves its stack of indentations and open strings in 1,024 bytes and can write one byte past
/// them; the stack is strictly increasing, so the number of distinct widths in the text bounds it. (Widths count
/// modulo 65,536 there, hence the bound on the width.)
fn indentation_is_bounded(text: &str) -> bool {
    let mut widths = BTreeSet::new();
    let mut bytes = text.bytes().peekable();
    let mut at_line_start = true;
    // Since the last line break, and since the first of several lines joined by backslashes.
    let (mut here, mut joined) = (0usize, 0usize);
    while let Some(byte) = bytes.next() {
        match byte {
            b'\n' => (at_line_start, here, joined) = (true, 0, 0),
            _ if !at_line_start => {}
            b' ' => (here, joined) = (here + 1, joined + 1),
            b'\t' => (here, joined) = (here + 8, joined + 8),
            b'\r' | 0x0c => (here, joined) = (0, 0),
            b'\\' => {
                bytes.next_if_eq(&b'\r');
                at_line_start = bytes.next_if_eq(&b'\n').is_some();
                widths.insert(here);
                here = 0;
            }
            _ => {
                at_line_start = false;
                widths.insert(here);
                widths.insert(joined);
            }
        }
        if joined > 60_000 {
            return false;
        }
    }
    widths.len() <= MAX_INDENTS
}

fn lower(cst: &Cst<'_>, builder: Builder) -> Module {
    let mut lower = Lower { b: builder, cst, function: None, class: None };
    let mut body = Vec::new();
    for statement in cst.root().kids() {
        lower.statement(statement, &mut body);
    }
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

    fn name(&mut self, at: Cn<'c>) -> NodeId {
        self.add(Kind::Name(at.text().into()), at)
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_INDENTS, indentation_is_bounded};

    #[test]
    fn stairs_of_indentation_are_refused() {
        let stairs = |n: usize| (0..n).map(|i| " ".repeat(i) + "if x:\n").collect::<String>();
        assert!(indentation_is_bounded(&stairs(MAX_INDENTS)));
        assert!(!indentation_is_bounded(&stairs(MAX_INDENTS + 1)));
        assert!(!indentation_is_bounded(&(" ".repeat(70_000) + "x")));
        let joined: String =
            (0..300).map(|i| " ".repeat(i / 2) + "\\\n" + &" ".repeat(i.div_ceil(2)) + "x\n").collect();
        assert!(!indentation_is_bounded(&joined));
    }
}
