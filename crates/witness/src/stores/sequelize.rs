//! Sequelize models: `define('name', {…})` and `Model.init({…}, …)`.

use plimsoll_ir::{Kind, Module, NodeId};
use plimsoll_model::App;
use plimsoll_model::app::StoreKind;

use super::tree::entries;
use super::{add, field, new_store};

pub(super) fn read(module: &Module, app: &mut App) {
    for (node, at) in module.iter() {
        let Kind::Call { callee, args, .. } = &at.kind else { continue };
        let Kind::Member { object, property } = module.kind(*callee) else { continue };
        let (name, columns, options) = match (property.as_str(), &**args) {
            ("define", [name, columns, rest @ ..]) => {
                let Some(name) = module.string(name.value) else { continue };
                (name.to_owned(), columns.value, rest.first())
            }
            ("init", [columns, options, ..]) => {
                let name = module.path(*object).unwrap_or_default();
                let name = module
                    .property(options.value, "modelName")
                    .and_then(|name| module.string(name))
                    .map_or(name, str::to_owned);
                (name, columns.value, Some(options))
            }
            _ => continue,
        };
        let columns = entries(module, columns);
        // Other libraries have `define` and `init` too: Sequelize's columns have a type of its own.
        if columns.is_empty() || !columns.iter().any(|(_, value, _)| has_type(module, *value)) {
            continue;
        }
        let table = options
            .and_then(|options| module.property(options.value, "tableName"))
            .and_then(|name| module.string(name))
            .map_or(name, str::to_owned);
        let mut store = new_store(StoreKind::Table, table, module.span(node));
        for (property, value, span) in columns {
            let column = module.property(value, "field").and_then(|name| module.string(name)).unwrap_or(property);
            store.fields.push(field(column, span));
        }
        add(app, store);
    }
}

fn has_type(module: &Module, value: NodeId) -> bool {
    let mut found = false;
    plimsoll_ir::walk(module, value, &mut |node| {
        if let Kind::Member { object, .. } = module.kind(node)
            && let Some(path) = module.path(*object)
        {
            found |= matches!(path.rsplit('.').next(), Some("DataTypes" | "Sequelize" | "DataType" | "types"));
        }
        true
    });
    found
}
