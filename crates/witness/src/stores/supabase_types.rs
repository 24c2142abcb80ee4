//! Types that Supabase generates from a database (`Tables: { customers: { Row: { … } } }`): the schema where no migrations
//! are in the repository.

use plimsoll_model::App;
use plimsoll_model::app::StoreKind;
use plimsoll_source::{SourceTree, Span};

use super::{add, field, new_store};

pub(super) fn read(tree: &SourceTree, app: &mut App) {
    for (id, file) in tree.iter().filter(|(_, file)| matches!(file.extension(), "ts")) {
        let text = file.text();
        if !text.contains("Row: {") || !text.contains("Tables: {") {
            continue;
        }
        let mut offset = 0usize;
        let mut table: Option<(usize, String)> = None;
        let mut row: Option<(usize, plimsoll_model::app::Store)> = None;
        let mut in_tables = None;
        for line in text.split_inclusive('\n') {
            let start = offset;
            offset += line.len();
            let indent = line.len() - line.trim_start().len();
            let code = line.trim();
            let span = || {
                let from = u32::try_from(start + indent).unwrap_or(0);
                Span::new(id, from, from + u32::try_from(code.len()).unwrap_or(0))
            };
            if let Some((depth, store)) = &mut row {
                if indent <= *depth {
                    if let Some((_, store)) = row.take() {
                        add(app, store);
                    }
                } else if let Some((name, _)) = code.split_once(':') {
                    store.fields.push(field(name.trim_end_matches('?').trim_matches('"'), span()));
                }
                continue;
            }
            match code {
                "Tables: {" => in_tables = Some(indent),
                "Row: {" => {
                    if let Some((_, name)) = &table {
                        row = Some((indent, new_store(StoreKind::Table, name.as_str(), span())));
                    }
                }
                _ => {
                    if in_tables.is_some_and(|depth| indent <= depth) {
                        in_tables = None;
                        table = None;
                    } else if let Some(name) = code.strip_suffix(": {")
                        && in_tables.is_some()
                        && !matches!(name, "Insert" | "Update")
                    {
                        table = Some((indent, name.trim_matches('"').to_owned()));
                    }
                }
            }
        }
    }
}
