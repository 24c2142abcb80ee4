//! Laravel: migrations replayed in order, and Eloquent models.

use plimsoll_ir::{Kind, Language, Module, NodeId, function_nodes};
use plimsoll_model::App;
use plimsoll_model::app::{Store, StoreKind};
use plimsoll_source::{FileId, SourceTree};

use super::tree::elements;
use super::{add, choices, field, key, new_store};

/// Calls on a table that make no column of that name.
const NO_COLUMNS: &[&str] = &[
    "index",
    "unique",
    "primary",
    "foreign",
    "fullText",
    "dropIndex",
    "dropUnique",
    "dropForeign",
    "dropPrimary",
    "dropConstrainedForeignId",
    "timestamps",
    "softDeletes",
    "spatialIndex",
    "rawIndex",
    "nullableTimestamps",
    "engine",
    "charset",
    "collation",
    "comment",
    "after",
    "dropTimestamps",
    "dropSoftDeletes",
    "dropMorphs",
    "temporary",
];

pub(super) fn migrations(tree: &SourceTree, app: &mut App) {
    let mut files: Vec<(FileId, &str)> = tree
        .iter()
        .filter(|(_, file)| file.extension() == "php" && file.path.split('/').any(|part| part == "migrations"))
        .map(|(id, file)| (id, file.path.as_str()))
        .collect();
    // The time in a migration's name is its order.
    files.sort_by_key(|(_, path)| (path.rsplit('/').next().unwrap_or(path).to_owned(), (*path).to_owned()));
    let mut stores: Vec<Store> = Vec::new();
    for (id, _) in files {
        for module in plimsoll_syntax::parse(id, tree.file(id)) {
            let ups = (0u32..).map(plimsoll_ir::FunctionId).zip(&module.functions).filter(|(_, function)| {
                function.name.as_deref().is_some_and(|name| name == "up" || name.ends_with("::up"))
            });
            for (function, _) in ups {
                for node in function_nodes(&module, function) {
                    statement(&module, node, &mut stores);
                }
            }
        }
    }
    for store in stores {
        add(app, store);
    }
}

fn statement(module: &Module, node: NodeId, stores: &mut Vec<Store>) {
    let Kind::Call { callee, args, .. } = module.kind(node) else { return };
    let path = module.path(*callee).unwrap_or_default();
    let Some(name) = args.first().and_then(|arg| module.string(arg.value)) else { return };
    let position = stores.iter().position(|store| store.name == name);
    match path.rsplit('\\').next().unwrap_or(&path) {
        "Schema.create" | "Schema.table" => {
            let at = position.unwrap_or_else(|| {
                stores.push(new_store(StoreKind::Table, name, module.span(node)));
                stores.len() - 1
            });
            if let Some(Kind::Function(function)) = args.get(1).map(|arg| module.kind(arg.value)) {
                for node in function_nodes(module, *function) {
                    column(module, node, &mut stores[at]);
                }
            }
        }
        "Schema.drop" | "Schema.dropIfExists" => {
            if let Some(at) = position {
                stores.remove(at);
            }
        }
        "Schema.rename" => {
            if let (Some(at), Some(new)) = (position, args.get(1).and_then(|arg| module.string(arg.value))) {
                new.clone_into(&mut stores[at].name);
            }
        }
        _ => {}
    }
}

/// `$table->string('email')`, whatever follows.
fn column(module: &Module, node: NodeId, store: &mut Store) {
    let Kind::Call { callee, args, .. } = module.kind(node) else { return };
    let Kind::Member { object, property } = module.kind(*callee) else { return };
    if !matches!(module.kind(*object), Kind::Name(name) if name == "table") {
        return;
    }
    let span = module.span(node);
    let method = property.as_str();
    let first = args.first().map(|arg| arg.value);
    let names: Vec<&str> = first
        .into_iter()
        .flat_map(|first| elements(module, first).iter().copied().chain([first]))
        .filter_map(|name| module.string(name))
        .collect();
    match method {
        "dropColumn" | "removeColumn" => store.fields.retain(|field| !names.contains(&field.name.as_str())),
        "renameColumn" => {
            if let (Some(old), Some(new)) = (names.first(), args.get(1).and_then(|arg| module.string(arg.value))) {
                for field in store.fields.iter_mut().filter(|field| field.name == **old) {
                    new.clone_into(&mut field.name);
                }
            }
        }
        "rememberToken" => store.fields.push(field("remember_token", span)),
        _ if NO_COLUMNS.contains(&method) => {}
        _ => {
            let Some(name) = first.and_then(|first| module.string(first)) else { return };
            if !store.fields.iter().any(|known| known.name == name) {
                store.fields.push(field(name, span));
            }
            if method == "enum"
                && let Some(values) = args.get(1)
            {
                store.fields.extend(choices(name, module, elements(module, values.value), span));
            }
        }
    }
}

/// Columns that a model leaves out by itself when it becomes an answer (`$hidden`): its name and the column.
pub(super) fn hidden(module: &Module) -> Vec<(String, String)> {
    if module.language != Language::Php {
        return Vec::new();
    }
    let mut out = Vec::new();
    for class in &module.classes {
        let Some(name) = class.name.as_deref() else { continue };
        let list = class.fields.iter().find(|field| field.name.trim_start_matches('$') == "hidden");
        for &item in list.and_then(|field| field.value).map_or(&[][..], |value| elements(module, value)) {
            out.extend(module.string(item).map(|column| (name.to_owned(), column.to_owned())));
        }
    }
    out
}

pub(super) fn models(module: &Module, app: &mut App) {
    if module.language != Language::Php {
        return;
    }
    for class in &module.classes {
        let is_model = class
            .bases
            .iter()
            .filter_map(|&base| module.path(base))
            .any(|base| matches!(base.rsplit(['\\', '.']).next(), Some("Model" | "Authenticatable" | "Pivot")));
        let Some(name) = class.name.as_deref().filter(|_| is_model) else { continue };
        let value = |wanted: &str| {
            class.fields.iter().find(|field| field.name.trim_start_matches('$') == wanted).and_then(|field| field.value)
        };
        let table = value("table").and_then(|value| module.string(value)).unwrap_or(name);
        let mut store = new_store(StoreKind::Table, table, module.span_of(class.range));
        for list in ["fillable", "hidden"] {
            for &item in value(list).map_or(&[][..], |value| elements(module, value)) {
                if let Some(column) = module.string(item) {
                    store.fields.push(field(column, module.span(item)));
                }
            }
        }
        // Where migrations tell the columns, they are the truth: a model may list names that exist no more.
        let known = app.stores.iter().any(|known| key(&known.name) == key(&store.name) && !known.fields.is_empty());
        if !store.fields.is_empty() && !known {
            add(app, store);
        }
    }
}
