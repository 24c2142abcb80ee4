//! Prisma schema files.

use plimsoll_model::App;
use plimsoll_model::app::StoreKind;
use plimsoll_source::{SourceTree, Span};

use super::{add, field, new_store};

pub(super) fn read(tree: &SourceTree, app: &mut App) {
    for (id, file) in tree.iter().filter(|(_, file)| file.extension() == "prisma") {
        let text = file.text();
        let models: Vec<&str> = text.lines().filter_map(head).collect();
        let mut store = None;
        let mut offset = 0usize;
        for line in text.split_inclusive('\n') {
            let start = offset;
            offset += line.len();
            let code = line.split("//").next().unwrap_or("").trim();
            let span_of = |length: usize| {
                let start = start + (line.len() - line.trim_start().len());
                Span::new(id, u32::try_from(start).unwrap_or(0), u32::try_from(start + length).unwrap_or(0))
            };
            if let Some(name) = head(line) {
                store = Some(new_store(StoreKind::Table, name, span_of(code.len())));
                continue;
            }
            if code.starts_with('}') {
                if let Some(store) = store.take() {
                    add(app, store);
                }
                continue;
            }
            let Some(open) = store.as_mut() else { continue };
            if let Some(name) = attribute(code, "@@map(") {
                name.clone_into(&mut open.name);
                continue;
            }
            let mut parts = code.split_whitespace();
            let (Some(name), Some(ty)) = (parts.next(), parts.next()) else { continue };
            let base = ty.trim_end_matches(['?', ']', '[']);
            // A field whose type is another model is a relation and no column.
            if name.starts_with('@') || models.contains(&base) {
                continue;
            }
            let name = attribute(code, "@map(").unwrap_or(name);
            open.fields.push(field(name, span_of(code.len())));
        }
    }
}

fn head(line: &str) -> Option<&str> {
    let rest = line.trim().strip_prefix("model ")?;
    let name = rest.trim_start().split([' ', '{']).next()?;
    (!name.is_empty() && rest.contains('{')).then_some(name)
}

fn attribute<'t>(code: &'t str, name: &str) -> Option<&'t str> {
    let at = code.find(name)? + name.len();
    // `@map(` also ends `@@map(`, which names the table.
    if name == "@map(" && at > name.len() && code.as_bytes().get(at - name.len() - 1) == Some(&b'@') {
        return None;
    }
    code.get(at..)?.split('"').nth(1)
}
