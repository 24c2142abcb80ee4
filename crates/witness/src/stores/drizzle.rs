//! Drizzle tables: `pgTable('name', {…})` and its sisters.

use plimsoll_ir::{Kind, Module};
use plimsoll_model::App;
use plimsoll_model::app::StoreKind;

use super::tree::{elements, entries, first_call, returned};
use super::{add, choices, field, new_store};

pub(super) fn read(module: &Module, app: &mut App) {
    if !module.imports.iter().any(|import| import.module.starts_with("drizzle-orm")) {
        return;
    }
    for (node, at) in module.iter() {
        let Kind::Call { callee, args, .. } = &at.kind else { continue };
        let Some(path) = module.path(*callee) else { continue };
        let last = path.rsplit('.').next().unwrap_or(&path);
        if !(matches!(last, "pgTable" | "sqliteTable" | "mysqlTable" | "singlestoreTable" | "createTable")
            || (last == "table" && path.contains('.')))
        {
            continue;
        }
        let [name, columns, ..] = &**args else { continue };
        let Some(name) = module.string(name.value) else { continue };
        let columns = returned(module, columns.value).unwrap_or(columns.value);
        let mut store = new_store(StoreKind::Table, name, module.span(node));
        for (property, value, span) in entries(module, columns) {
            let call = first_call(module, value);
            // The first argument is the column's name in the database, where it is given.
            let column = call.as_ref().and_then(|(_, args)| module.string(args.first()?.value)).unwrap_or(property);
            store.fields.push(field(column, span));
            let values = call
                .as_ref()
                .and_then(|(_, args)| args.iter().find_map(|arg| module.property(arg.value, "enum")))
                .map(|list| elements(module, list));
            store.fields.extend(values.into_iter().flat_map(|values| choices(column, module, values, span)));
        }
        if !store.fields.is_empty() {
            add(app, store);
        }
    }
}
