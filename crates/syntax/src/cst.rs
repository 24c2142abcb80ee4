//! A concrete syntax tree as plain data, made by tree-sitter under bounds.
//!
//! tree-sitter's own tree is read once with a cursor and then dropped: what follows works on indices, knows the depth
//! beforehand, and meets no foreign type.

use std::borrow::Cow;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use plimsoll_ir::{Builder, Language, Module, Range};
use plimsoll_source::FileId;
use tree_sitter::{ParseOptions, ParseState, Parser, Tree};

/// A grammar with its names looked up once.
pub(crate) struct Grammar {
    language: tree_sitter::Language,
    kinds: Vec<String>,
    fields: Vec<String>,
    /// What problems call the language.
    name: &'static str,
    /// Text that the parser must see as another of the same length.
    mask: Option<(&'static str, &'static str)>,
}

impl Grammar {
    pub(crate) fn new(language: tree_sitter::Language, name: &'static str) -> Self {
        let kinds = (0..u16::try_from(language.node_kind_count()).unwrap_or(u16::MAX))
            .map(|id| language.node_kind_for_id(id).unwrap_or("").to_owned())
            .collect();
        // Field ids count from 1; 0 stands for "no field".
        let fields = (0..=u16::try_from(language.field_count()).unwrap_or(u16::MAX))
            .map(|id| language.field_name_for_id(id).unwrap_or("").to_owned())
            .collect();
        Grammar { language, kinds, fields, name, mask: None }
    }

    /// The same, but with every `from` shown to the parser as `to`.
    pub(crate) fn masked(self, from: &'static str, to: &'static str) -> Self {
        debug_assert_eq!(from.len(), to.len(), "offsets must hold");
        Grammar { mask: Some((from, to)), ..self }
    }
}

/// One node; `0` in a link means none, as the root is nobody's child.
struct Raw {
    kind: u16,
    field: u16,
    named: bool,
    start: u32,
    end: u32,
    first_child: u32,
    next_sibling: u32,
}

/// The tree of one text.
pub(crate) struct Cst<'t> {
    text: &'t str,
    grammar: &'static Grammar,
    nodes: Vec<Raw>,
    depth: u32,
}

/// A node of a [`Cst`].
#[derive(Clone, Copy)]
pub(crate) struct Cn<'c> {
    cst: &'c Cst<'c>,
    index: u32,
}

impl<'c> Cn<'c> {
    fn raw(self) -> &'c Raw {
        &self.cst.nodes[self.index as usize]
    }

    /// Its kind; tokens have their own text as kind.
    pub(crate) fn kind(self) -> &'c str {
        self.cst.grammar.kinds.get(usize::from(self.raw().kind)).map_or("ERROR", String::as_str)
    }

    /// The name of the field it fills in its parent, or `""`.
    pub(crate) fn field_name(self) -> &'c str {
        self.cst.grammar.fields.get(usize::from(self.raw().field)).map_or("", String::as_str)
    }

    pub(crate) fn is_named(self) -> bool {
        self.raw().named
    }

    pub(crate) fn start(self) -> u32 {
        self.raw().start
    }

    pub(crate) fn end(self) -> u32 {
        self.raw().end
    }

    pub(crate) fn range(self) -> Range {
        Range { start: self.start(), end: self.end() }
    }

    pub(crate) fn text(self) -> &'c str {
        self.cst.slice(self.start(), self.end())
    }

    /// All children, tokens and comments included.
    pub(crate) fn children(self) -> impl Iterator<Item = Cn<'c>> {
        let cst = self.cst;
        let mut next = self.raw().first_child;
        std::iter::from_fn(move || {
            let index = next;
            (index != 0).then(|| {
                next = cst.nodes[index as usize].next_sibling;
                Cn { cst, index }
            })
        })
    }

    /// The children that mean something: no tokens, no comments.
    pub(crate) fn kids(self) -> impl Iterator<Item = Cn<'c>> {
        self.children().filter(|child| child.is_named() && !matches!(child.kind(), "comment" | "line_continuation"))
    }

    /// The first meaningful child.
    pub(crate) fn kid(self) -> Option<Cn<'c>> {
        self.kids().next()
    }

    /// The first meaningful child of a kind.
    pub(crate) fn kid_of(self, kind: &str) -> Option<Cn<'c>> {
        self.kids().find(|child| child.kind() == kind)
    }

    /// The child that fills a field.
    pub(crate) fn field(self, name: &str) -> Option<Cn<'c>> {
        self.children().find(|child| child.field_name() == name && child.kind() != "comment")
    }

    /// Whether it has this token as a direct child.
    pub(crate) fn has_token(self, token: &str) -> bool {
        self.children().any(|child| !child.is_named() && child.kind() == token)
    }
}

impl<'t> Cst<'t> {
    pub(crate) fn root(&self) -> Cn<'_> {
        Cn { cst: self, index: 0 }
    }

    pub(crate) fn slice(&self, start: u32, end: u32) -> &'t str {
        self.text.get(start as usize..end as usize).unwrap_or("")
    }
}

/// Texts up to this size are parsed on the caller's stack.
const SMALL: usize = 16 << 10;
/// A tree deeper than this is lowered on a stack of our own.
const SHALLOW: u32 = 100;
/// Enough for the depth bound of [`Builder`] in an unoptimised build.
const LOWERING_STACK: usize = 24 << 20;
/// tree-sitter frees its parse stacks by recursion (`stack_node_release`), one frame for each ambiguous nesting level;
/// measured: 30 bytes of stack per byte of `"{$"{$"{$…`. The pages are only touched when needed.
const STACK_PER_BYTE: usize = 128;

/// Parses a text and lowers it: never fails, never overflows the stack.
pub(crate) fn parse(
    file: FileId,
    language: Language,
    grammar: &'static Grammar,
    text: &str,
    lower: impl Fn(&Cst<'_>, Builder) -> Module + Send + Sync,
) -> Module {
    let mut builder = Builder::new(file, language);
    if text.len() <= SMALL {
        let Some(cst) = read(grammar, text, &mut builder) else { return builder.module };
        if cst.depth <= SHALLOW {
            return lower(&cst, builder);
        }
        return on_stack(file, language, text, LOWERING_STACK, || lower(&cst, builder));
    }
    on_stack(file, language, text, LOWERING_STACK + STACK_PER_BYTE * text.len(), || {
        match read(grammar, text, &mut builder) {
            Some(cst) => lower(&cst, builder),
            None => builder.module,
        }
    })
}

fn on_stack(file: FileId, language: Language, text: &str, size: usize, work: impl FnOnce() -> Module + Send) -> Module {
    std::thread::scope(|scope| match std::thread::Builder::new().stack_size(size).spawn_scoped(scope, work) {
        Ok(thread) => thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
        Err(error) => {
            let mut builder = Builder::new(file, language);
            builder.problem(format!("not read, no thread to do it: {error}"), whole(text), true);
            builder.module
        }
    })
}

fn whole(text: &str) -> Range {
    Range { start: 0, end: offset(text.len()) }
}

fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// Work (in hundreds of parser steps) that any text may cost, and on top of it how many bytes pay for one more. Valid
/// code was measured at one per 80 bytes, brackets only at one per 13.
const FREE_WORK: u64 = 2_000;
const BYTES_PER_WORK: u64 = 8;

/// Parses; notes comments and problems in the builder.
fn read<'t>(grammar: &'static Grammar, text: &'t str, builder: &mut Builder) -> Option<Cst<'t>> {
    if u32::try_from(text.len()).is_err() {
        builder.problem("larger than 4 GiB", Range { start: 0, end: 0 }, true);
        return None;
    }
    let tree = match parse_bounded(grammar, text) {
        Ok(tree) => tree,
        Err(why) => {
            builder.problem(why, whole(text), true);
            return None;
        }
    };
    Some(snapshot(grammar, text, &tree, builder))
}

fn parse_bounded(grammar: &Grammar, text: &str) -> Result<Tree, String> {
    let mut parser = Parser::new();
    parser.set_language(&grammar.language).map_err(|error| format!("the {} grammar: {error}", grammar.name))?;
    // The bound on work gives the same answer on every machine; the one on time is for inputs on which a step is slow.
    let allowed = FREE_WORK + text.len() as u64 / BYTES_PER_WORK;
    let deadline = Instant::now() + Duration::from_secs(2) + Duration::from_micros(text.len() as u64);
    let mut work = 0u64;
    let mut progress = |_: &ParseState| {
        work += 1;
        if work > allowed || Instant::now() > deadline { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let shown = match grammar.mask {
        Some((from, to)) if text.contains(from) => Cow::Owned(text.replace(from, to)),
        _ => Cow::Borrowed(text),
    };
    let bytes = shown.as_bytes();
    let options = ParseOptions::new().progress_callback(&mut progress);
    let tree = parser.parse_with_options(&mut |at, _| bytes.get(at..).unwrap_or(&[]), None, Some(options));
    tree.ok_or_else(|| format!("this {} takes too long to read and was given up", grammar.name))
}

fn snapshot<'t>(grammar: &'static Grammar, text: &'t str, tree: &Tree, builder: &mut Builder) -> Cst<'t> {
    let mut cst = Cst { text, grammar, nodes: Vec::with_capacity(text.len() / 3), depth: 0 };
    let mut cursor = tree.walk();
    // Parents of the current node, and the last child seen of each.
    let mut open: Vec<(u32, u32)> = Vec::new();
    let mut in_error: Option<usize> = None;
    loop {
        let node = cursor.node();
        let index = offset(cst.nodes.len());
        let start = text.floor_char_boundary(node.start_byte());
        let end = text.floor_char_boundary(node.end_byte()).max(start);
        let range = Range { start: offset(start), end: offset(end) };
        if let Some((parent, last)) = open.last_mut() {
            match *last {
                0 => cst.nodes[*parent as usize].first_child = index,
                last => cst.nodes[last as usize].next_sibling = index,
            }
            *last = index;
        }
        if node.is_error() && in_error.is_none() {
            in_error = Some(open.len());
            builder.problem(format!("not understood as {}", grammar.name), range, true);
        } else if node.is_missing() {
            builder.problem(format!("`{}` is missing here", node.kind()), range, true);
        } else if node.kind() == "comment" {
            builder.module.comments.push(range);
        }
        cst.nodes.push(Raw {
            kind: node.kind_id(),
            field: cursor.field_id().map_or(0, std::num::NonZero::get),
            named: node.is_named(),
            start: range.start,
            end: range.end,
            first_child: 0,
            next_sibling: 0,
        });
        if cursor.goto_first_child() {
            open.push((index, 0));
            cst.depth = cst.depth.max(offset(open.len()));
            continue;
        }
        loop {
            if in_error == Some(open.len()) {
                in_error = None;
            }
            if cursor.goto_next_sibling() {
                break;
            }
            if open.pop().is_none() || !cursor.goto_parent() {
                return cst;
            }
        }
    }
}
