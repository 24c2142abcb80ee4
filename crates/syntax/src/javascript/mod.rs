//! JavaScript and TypeScript, in files of their own and in the script blocks of pages and components.

mod blocks;
mod expressions;
mod functions;
mod guard;
mod jsx;
mod lower;
mod modules;
mod patterns;
mod placeholders;
mod recover;
mod statements;
mod template;

use std::panic::{AssertUnwindSafe, catch_unwind};

use oxc_allocator::Allocator;
use oxc_parser::{ParseOptions, Parser, ParserReturn};
use oxc_span::SourceType;
use plimsoll_ir::{Builder, Language, Module, Range};
use plimsoll_source::{Content, FileId, SourceFile};

use blocks::{Block, Container};

/// A way to read a text: the ones that may fit are tried in order.
type Dialect = SourceType;

pub(crate) fn parse(file: FileId, source_file: &SourceFile) -> Vec<Module> {
    let Content::Text(text) = &source_file.content else { return Vec::new() };
    let extension = source_file.extension().to_ascii_lowercase();
    let container = match extension.as_str() {
        "vue" => Container::Vue,
        "svelte" => Container::Svelte,
        "astro" => Container::Astro,
        "html" | "htm" => Container::Html,
        _ => {
            let dialects = dialects_of_file(&source_file.path, &extension);
            return vec![script(file, text, 0..text.len(), &dialects, false)];
        }
    };
    let mut modules: Vec<Module> = blocks::cut(text, container)
        .into_iter()
        .map(|Block { range, language }| match dialects_of_block(&language) {
            Some(dialects) => script(file, text, range, &dialects, container == Container::Html),
            None => {
                let mut b = Builder::new(file, Language::JavaScript);
                b.problem(format!("a script in the language `{language}` is not read"), to_range(&range), true);
                b.module
            }
        })
        .collect();
    if matches!(container, Container::Vue | Container::Svelte) {
        template::append(file, text, container, &mut modules);
    }
    modules
}

/// Script files are first read as modules, as bundlers and browsers' `type=module` do; what only fits a script (`with`,
/// names reserved in modules) is read as one. Type annotations in a `.js` file are Flow or a mistake, but readable.
fn dialects_of_file(path: &str, extension: &str) -> Vec<Dialect> {
    let module = SourceType::mjs().with_jsx(true);
    let script = SourceType::script().with_jsx(true);
    match extension {
        "ts" | "mts" | "cts" => {
            let name = path.rsplit('/').next().unwrap_or(path);
            if name.contains(".d.") { vec![SourceType::d_ts()] } else { vec![SourceType::ts(), SourceType::tsx()] }
        }
        "tsx" => vec![SourceType::tsx()],
        "cjs" => vec![SourceType::cjs().with_jsx(true), module, SourceType::tsx()],
        _ => vec![module, script, SourceType::tsx()],
    }
}

fn dialects_of_block(language: &str) -> Option<Vec<Dialect>> {
    match language {
        "js" | "jsx" | "javascript" | "babel" | "es6" => Some(dialects_of_file("", "js")),
        "ts" | "typescript" => Some(vec![SourceType::ts(), SourceType::tsx()]),
        "tsx" => Some(vec![SourceType::tsx()]),
        _ => None,
    }
}

/// One script: a whole file or a block of it; `filled` says that a server may fill it in.
fn script(file: FileId, source: &str, range: std::ops::Range<usize>, dialects: &[Dialect], filled: bool) -> Module {
    let text = source.get(range.clone()).unwrap_or("");
    let base = u32::try_from(range.start).unwrap_or(u32::MAX);
    let failed = |what: &str| {
        let mut b = Builder::new(file, Language::JavaScript);
        b.problem(what, to_range(&range), true);
        b.module
    };
    let shape = guard::measure(text);
    if shape.too_deep {
        return failed("nested too deep to be read");
    }
    let work = || {
        // A defect of the parser must cost this one file and not the review.
        catch_unwind(AssertUnwindSafe(|| recover::module(file, text, base, dialects, filled))).ok()
    };
    match guard::with_stack(&shape, work) {
        Some(Some(module)) => module,
        Some(None) => failed("the parser failed on this text"),
        None => failed("too large to be read with the memory at hand"),
    }
}

fn to_range(range: &std::ops::Range<usize>) -> Range {
    let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Range { start: offset(range.start), end: offset(range.end) }
}

fn run<'a>(allocator: &'a Allocator, text: &'a str, dialect: Dialect) -> ParserReturn<'a> {
    let options = ParseOptions {
        parse_regular_expression: false,
        // CommonJS modules are functions in all but syntax.
        allow_return_outside_function: true,
        preserve_parens: false,
        allow_v8_intrinsics: false,
        enable_ident_hashes: false,
    };
    Parser::new(allocator, text, dialect).with_options(options).parse()
}
