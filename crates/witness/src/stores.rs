//! What the app stores: schemas of ORMs, SQL in code, collections by use, files of records, lists in memory; also the
//! forms that collect data.

mod accounts;
mod by_use;
mod django;
mod drizzle;
mod eloquent;
mod files;
mod forms;
mod memory;
mod mongoose;
mod prisma;
mod sequelize;
mod settings_keys;
mod shapes;
mod sql;
mod sqlalchemy;
mod supabase_types;
mod tree;
mod typeorm;

use plimsoll_analysis::Program;
use plimsoll_ir::{Module, NodeId};
use plimsoll_model::App;
use plimsoll_model::DataClass;
use plimsoll_model::app::{Exposure, Field, Rls, Store, StoreKind};
use plimsoll_source::Span;

use crate::handler::words_of;

/// Records and fields beyond these are not listed.
const MAX_STORES: usize = 1_000;
const MAX_FIELDS: usize = 300;

pub(crate) use shapes::Shapes;

/// Columns that models leave out by themselves when they become answers: model and column.
pub(crate) fn hidden(program: &Program<'_>) -> Vec<(String, String)> {
    program.iter().flat_map(|(_, module)| eloquent::hidden(module)).collect()
}

pub(crate) fn observe(program: &Program<'_>, shapes: &Shapes, app: &mut App) {
    let source = program.tree;
    // Definitions first: what code writes only adds to them.
    prisma::read(source, app);
    supabase_types::read(source, app);
    eloquent::migrations(source, app);
    sql::read(program, app);
    for (id, module) in program.iter() {
        drizzle::read(module, app);
        mongoose::read(module, app);
        sequelize::read(module, app);
        typeorm::read(module, app);
        sqlalchemy::read(source, module, app);
        eloquent::models(module, app);
        memory::read(source, program.path(id), module, app);
        forms::read_code(program.path(id), module, app);
    }
    django::read(program, app);
    for (_, module) in program.iter() {
        by_use::read(module, shapes, app);
        settings_keys::read(module, app);
        accounts::read(module, app);
    }
    files::read(source, app);
    forms::read_markup(source, app);
    for store in &mut app.stores {
        store.fields.truncate(MAX_FIELDS);
    }
}

fn new_store(kind: StoreKind, name: impl Into<String>, span: Span) -> Store {
    Store {
        kind,
        name: name.into(),
        fields: Vec::new(),
        exposure: Exposure::ServerOnly,
        rls: Rls::NotApplicable,
        policies: Vec::new(),
        public_bucket: false,
        span,
    }
}

fn field(name: impl Into<String>, span: Span) -> Field {
    Field { name: name.into(), kind: String::new(), class: DataClass::Demo, span }
}

/// A name that is the same for `JobDocument`, `job_documents` and `jobDocuments`.
fn key(name: &str) -> String {
    let mut key: String = words_of(without_schema(name)).concat();
    if let Some(stem) = key.strip_suffix("ies") {
        return format!("{stem}y");
    }
    if key.len() > 3 && key.ends_with('s') && !key.ends_with("ss") && !key.ends_with("us") {
        key.pop();
    }
    key
}

/// A table's name without the schema where tables are by default. Others stay: `auth.users` holds the accounts of the
/// platform and is not the app's own `users`.
fn without_schema(name: &str) -> &str {
    if name.starts_with("auth.") { name } else { name.rsplit('.').next().unwrap_or(name) }
}

/// Adds a store, or what is new of it to one that is known: two descriptions of one table are one store.
fn add(app: &mut App, store: Store) {
    let records = |kind| matches!(kind, StoreKind::Table | StoreKind::View | StoreKind::Collection);
    let own = key(&store.name);
    if own.is_empty() || app.stores.len() >= MAX_STORES {
        return;
    }
    // Names are only taken apart where they begin alike.
    let begins = |name: &str| name.chars().find(|c| c.is_alphanumeric()).and_then(|c| c.to_lowercase().next());
    let first = begins(without_schema(&store.name));
    let known = app.stores.iter_mut().find(|known| {
        if records(known.kind) && records(store.kind) {
            begins(without_schema(&known.name)) == first && key(&known.name) == own
        } else {
            known.kind == store.kind && known.name == store.name
        }
    });
    let Some(known) = known else {
        app.stores.push(store);
        return;
    };
    known.public_bucket |= store.public_bucket;
    for new in store.fields {
        let same = words_of(&new.name).concat();
        if !known.fields.iter().any(|field| words_of(&field.name).concat() == same) {
            known.fields.push(new);
        }
    }
}

/// The values that a column admits, as `kind = passport`: they tell what a record is when its columns do not.
fn choices(column: &str, module: &Module, values: &[NodeId], span: Span) -> Vec<Field> {
    values
        .iter()
        .filter_map(|&value| module.string(value))
        .filter(|value| value.len() < 40)
        .take(20)
        .map(|value| field(format!("{column} = {value}"), span))
        .collect()
}

#[cfg(test)]
mod tests;
