//! Columns of tables as fields, and `CREATE TABLE` in strings of program code.

use plimsoll_model::DataClass;
use plimsoll_model::app::{Field, Store};
use plimsoll_source::{SourceTree, Span};

use crate::database::store;
use crate::sql::lex::dialect_of;
use crate::sql::replay::{Schema, Table};

/// SQL in a string of program code.
#[derive(Clone, Debug)]
pub struct CodeSql {
    /// The string, quotes included.
    pub span: Span,
    /// Where in the span the text begins, when it stands there as it is; otherwise everything in it points to the span.
    pub inside: Option<u32>,
    /// The text.
    pub text: String,
}

/// Tables that code creates, in the order of their names. The pieces are replayed in the order given.
pub fn read_code(tree: &SourceTree, pieces: &[CodeSql]) -> Vec<Store> {
    let mut schema = Schema::new(false);
    // Pieces without a place of their own are replayed apart, so that their columns can be given the place of the string.
    let mut stores = Vec::new();
    for piece in pieces {
        let dialect = dialect_of(&piece.text);
        if let Some(inside) = piece.inside {
            schema.replay_at(piece.span.file, (piece.span.start + inside) as usize, &piece.text, dialect);
        } else {
            let mut apart = Schema::new(false);
            apart.replay_at(piece.span.file, 0, &piece.text, dialect);
            for table in apart.tables.values() {
                let mut store = store(tree, &apart, table);
                store.fields = table.columns.iter().map(|column| field(column.name.clone(), piece.span)).collect();
                store.span = piece.span;
                stores.push(store);
            }
        }
    }
    for table in schema.tables.values() {
        let store = store(tree, &schema, table);
        stores.push(store);
    }
    stores.retain(|store| !store.fields.is_empty());
    stores
}

fn field(name: String, span: Span) -> Field {
    Field { name, kind: String::new(), class: DataClass::Demo, span }
}

/// The columns of a table; a column that admits only some words (`CHECK (kind IN ('passport', …))`) is followed by one
/// entry `kind = passport` for each.
pub(crate) fn fields(tree: &SourceTree, table: &Table) -> Vec<Field> {
    let mut out = Vec::new();
    for column in &table.columns {
        out.push(field(column.name.clone(), column.span));
        let text = tree.text(column.span);
        let upper = text.to_ascii_uppercase();
        if let Some(check) = upper.find("CHECK")
            && let Some(list) = upper[check..].find(" IN ")
        {
            // Indices of the two texts agree: only ASCII letters change.
            let words = text[check + list..].split('\'').skip(1).step_by(2).take(20);
            out.extend(words.map(|word| field(format!("{} = {word}", column.name), column.span)));
        }
    }
    out
}
