//! From a text to a module, and what to do when the parser gives up.
//!
//! The parser recovers from some errors by itself. From others it does not and returns nothing at all; then the text is
//! cut at lines that look like the start of a top-level statement, the piece with the error is found by halving, and
//! what stands before and after it is read on its own.

use std::ops::Range;

use oxc_allocator::Allocator;
use oxc_parser::ParserReturn;
use oxc_span::Span;
use plimsoll_ir::{Builder, Language, Module};
use plimsoll_source::FileId;

use super::lower::Lower;
use super::{Dialect, placeholders, run, to_range};

/// After this many broken pieces the rest is given up.
const MAX_BROKEN: usize = 12;

/// All parses of one text together read at most this many times its length (and a little, for small texts).
const MAX_READS: usize = 24;

/// A text as it stands in the file, and as it is parsed: with placeholders for a server's tags, if it has any.
#[derive(Clone, Copy)]
struct Text<'s> {
    original: &'s str,
    code: &'s str,
}

impl<'s> Text<'s> {
    fn get(self, range: Range<usize>) -> Text<'s> {
        let slice = |text: &'s str| text.get(range.clone()).unwrap_or("");
        Text { original: slice(self.original), code: slice(self.code) }
    }
}

/// Reads a text that begins at `base` in its file; `filled` says that a server may fill it in.
pub(super) fn module(file: FileId, text: &str, base: u32, dialects: &[Dialect], filled: bool) -> Module {
    let allocators: Vec<Allocator> = dialects.iter().map(|_| Allocator::default()).collect();
    let best = attempt(&allocators, text, dialects);
    let is_unreadable = best.as_ref().is_some_and(|(_, parsed)| parsed.panicked);
    if is_unreadable
        && filled
        && let Some((code, tags)) = placeholders::fill(text)
    {
        let allocators: Vec<Allocator> = dialects.iter().map(|_| Allocator::default()).collect();
        let best = attempt(&allocators, &code, dialects);
        let offset = |at: usize| base.saturating_add(u32::try_from(at).unwrap_or(u32::MAX));
        let tags = tags.iter().map(|tag| plimsoll_ir::Range { start: offset(tag.start), end: offset(tag.end) });
        return lowered(file, Text { original: text, code: &code }, base, tags.collect(), best);
    }
    lowered(file, Text { original: text, code: text }, base, Vec::new(), best)
}

fn lowered(
    file: FileId,
    text: Text,
    base: u32,
    tags: Vec<plimsoll_ir::Range>,
    best: Option<(Dialect, ParserReturn)>,
) -> Module {
    let mut lower = Lower::new(Builder::new(file, Language::JavaScript));
    lower.tags = tags;
    if let Some((dialect, parsed)) = best {
        if parsed.panicked {
            drop(parsed);
            by_pieces(&mut lower, text, base, dialect);
        } else {
            lower.program(&parsed.program, text.original, base);
            let notes = notes(&lower, &parsed);
            push_notes(&mut lower, notes);
        }
    }
    finish(lower)
}

/// Parses a text in each dialect until one fits; the best of what was tried.
fn attempt<'a>(
    allocators: &'a [Allocator],
    text: &'a str,
    dialects: &[Dialect],
) -> Option<(Dialect, ParserReturn<'a>)> {
    let mut best: Option<(Dialect, ParserReturn)> = None;
    for (allocator, &dialect) in allocators.iter().zip(dialects) {
        let parsed = run(allocator, text, dialect);
        let is_clean = !parsed.panicked && parsed.diagnostics.is_empty();
        if best.as_ref().is_none_or(|(_, other)| rank(&parsed) < rank(other)) {
            best = Some((dialect, parsed));
        }
        if is_clean {
            break;
        }
    }
    best
}

/// Fewer is better: gave up, how early, how many errors.
fn rank(parsed: &ParserReturn) -> (bool, std::cmp::Reverse<usize>, usize) {
    let reached = if parsed.panicked { error_at(parsed).unwrap_or(0) } else { 0 };
    (parsed.panicked, std::cmp::Reverse(reached), parsed.diagnostics.len())
}

/// Where the error is that made the parser give up.
fn error_at(parsed: &ParserReturn) -> Option<usize> {
    parsed.diagnostics.iter().filter_map(|diagnostic| Some(diagnostic.labels.first()?.offset() as usize)).max()
}

/// What the parser recovered from: no code is lost.
type Note = (String, plimsoll_ir::Range);

fn notes(lower: &Lower, parsed: &ParserReturn) -> Vec<Note> {
    let one = |at: Option<(u32, u32)>| {
        let (start, length) = at.unwrap_or_default();
        lower.range(Span::new(start, start.saturating_add(length)))
    };
    parsed
        .diagnostics
        .iter()
        .take(20)
        .map(|diagnostic| {
            let label = diagnostic.labels.first().map(|label| (label.offset(), label.len()));
            (diagnostic.message.to_string(), one(label))
        })
        .collect()
}

/// Noted last: the builder keeps a limited number, and lost code matters more.
fn push_notes(lower: &mut Lower, notes: Vec<Note>) {
    for (what, range) in notes {
        lower.b.problem(what, range, false);
    }
}

fn finish(lower: Lower) -> Module {
    let mut module = lower.b.module;
    module.imports.sort_by_key(|import| import.range);
    module.comments.sort();
    module
}

fn by_pieces<'s>(lower: &mut Lower<'s>, text: Text<'s>, base: u32, dialect: Dialect) {
    let length = text.original.len();
    let starts = piece_starts(text.original);
    let offset = |index: usize| starts.get(index).copied().unwrap_or(length);
    let mut budget = length.saturating_mul(MAX_READS).saturating_add(1 << 16);
    let mut broken = 0;
    let mut first = 0;
    let mut notes = Vec::new();
    while first < starts.len() {
        let allocator = Allocator::default();
        let rest = text.get(offset(first)..length);
        let parsed = run(&allocator, rest.code, dialect);
        if !parsed.panicked {
            keep(lower, &parsed, rest.original, base, offset(first), &mut notes);
            break;
        }
        budget = budget.saturating_sub(rest.code.len());
        broken += 1;
        // `good` pieces from the first are readable; with `bad` of them it is not.
        let (mut good, mut bad) = (0, starts.len() - first);
        let mut what = message(&parsed);
        // The error is most likely in the piece where it was met.
        let met = offset(first).saturating_add(error_at(&parsed).unwrap_or(0));
        let mut guess = starts.partition_point(|&start| start <= met).saturating_sub(first + 1);
        while bad - good > 1 && budget > 0 {
            let middle = if guess > good && guess < bad { guess } else { good + (bad - good) / 2 };
            let allocator = Allocator::default();
            let piece = text.get(offset(first)..offset(first + middle));
            budget = budget.saturating_sub(piece.code.len());
            let parsed = run(&allocator, piece.code, dialect);
            if parsed.panicked {
                bad = middle;
                what = message(&parsed);
                guess = 0;
            } else {
                good = middle;
                // When all before the piece is readable, the piece is the broken one or the error lies further on.
                guess = middle + 1;
            }
        }
        if good > 0 {
            let allocator = Allocator::default();
            let piece = text.get(offset(first)..offset(first + good));
            let parsed = run(&allocator, piece.code, dialect);
            keep(lower, &parsed, piece.original, base, offset(first), &mut notes);
        }
        let mut lost = offset(first + good)..offset(first + good + 1);
        if broken == MAX_BROKEN || budget == 0 {
            lost.end = length;
        }
        lost.end = lost.start + text.get(lost.clone()).original.trim_end().len();
        lower.b.problem(what, shifted(&lost, base), true);
        if broken == MAX_BROKEN || budget == 0 {
            break;
        }
        first += good + 1;
    }
    push_notes(lower, notes);
}

fn keep<'s>(lower: &mut Lower<'s>, parsed: &ParserReturn, text: &'s str, base: u32, at: usize, notes: &mut Vec<Note>) {
    let base = base.saturating_add(u32::try_from(at).unwrap_or(u32::MAX));
    lower.program(&parsed.program, text, base);
    notes.extend(self::notes(lower, parsed));
}

fn shifted(range: &Range<usize>, base: u32) -> plimsoll_ir::Range {
    let range = to_range(range);
    plimsoll_ir::Range { start: base.saturating_add(range.start), end: base.saturating_add(range.end) }
}

fn message(parsed: &ParserReturn) -> String {
    parsed.diagnostics.last().map_or_else(|| "not readable".to_owned(), |diagnostic| diagnostic.message.to_string())
}

/// Offsets of lines that look like the start of a top-level statement: not indented further than the first line of
/// code, and not a closing bracket or the continuation of an expression. The first piece begins at 0.
fn piece_starts(text: &str) -> Vec<usize> {
    let mut starts = vec![0];
    let mut indentation = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let code = line.trim_start();
        let indent = line.len() - code.len();
        let begins = code.chars().next().is_some_and(|first| {
            first.is_alphabetic() || matches!(first, '_' | '$' | '@' | '/' | '#' | '"' | '\'' | '`')
        });
        // What a merge leaves behind stands alone.
        let begins = begins || ["<<<<<<<", "=======", ">>>>>>>"].iter().any(|marker| code.starts_with(marker));
        if begins && indent <= *indentation.get_or_insert(indent) {
            let word: &str = code.split(|c: char| !c.is_alphanumeric()).next().unwrap_or("");
            if at > 0 && !matches!(word, "else" | "catch" | "finally" | "in" | "instanceof" | "as") {
                starts.push(at);
            }
        }
        at += line.len();
    }
    starts
}

#[cfg(test)]
mod tests {
    use super::piece_starts;

    #[test]
    fn pieces_begin_at_top_level_lines() {
        assert_eq!(piece_starts("a\n  b\nc {\n}\nelse\n\nd"), [0, 6, 18]);
        assert_eq!(piece_starts("\n  a\n    b\n  c\n"), [0, 1, 11]);
        assert_eq!(piece_starts(""), [0]);
    }
}
