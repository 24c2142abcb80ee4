//! `CREATE TABLE` in strings of program code.

use plimsoll_analysis::Program;
use plimsoll_ir::{Kind, Module, NodeId};
use plimsoll_model::App;
use plimsoll_schema::CodeSql;

use super::add;

pub(super) fn read(program: &Program<'_>, app: &mut App) {
    let mut pieces = Vec::new();
    for (_, module) in program.iter() {
        for (node, _) in module.iter() {
            let Some(text) = sql_of(module, node) else { continue };
            let span = module.span(node);
            let raw = program.tree.text(span);
            // Where the string stands as it is written, columns point to their own lines.
            let at = text.get(..24.min(text.len())).and_then(|head| raw.find(head));
            let exact = at.filter(|&at| raw.get(at..at + text.len()) == Some(text.as_str()));
            pieces.push(CodeSql { span, inside: exact.and_then(|at| u32::try_from(at).ok()), text });
        }
    }
    for store in plimsoll_schema::read_code(program.tree, &pieces) {
        add(app, store);
    }
}

fn sql_of(module: &Module, node: NodeId) -> Option<String> {
    let text = match module.kind(node) {
        Kind::Str(text) => text.to_string(),
        // What is put in is a name or a value: a word in its place keeps the statement readable.
        Kind::Template(parts) => parts.iter().map(|&part| module.string(part).unwrap_or("x")).collect(),
        _ => return None,
    };
    if text.len() < 16 || text.len() > 400_000 {
        return None;
    }
    let upper = text.to_ascii_uppercase();
    let defines = upper.contains("CREATE TABLE")
        || upper.contains("CREATE TEMP")
        || (upper.contains("ALTER TABLE") && upper.contains("ADD"));
    (defines && text.contains(['(', ' '])).then_some(text)
}
