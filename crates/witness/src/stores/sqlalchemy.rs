//! SQLAlchemy, Flask-SQLAlchemy and SQLModel classes; `Table('name', metadata, Column(…))`.

use plimsoll_ir::{Class, Kind, Language, Module, NodeId};
use plimsoll_model::App;
use plimsoll_model::app::StoreKind;
use plimsoll_source::SourceTree;

use super::tree::first_call;
use super::{add, field, new_store};

pub(super) fn read(tree: &SourceTree, module: &Module, app: &mut App) {
    if module.language != Language::Python {
        return;
    }
    for class in &module.classes {
        let head = tree.text(module.span_of(class.range)).lines().take(4).collect::<String>();
        let sqlmodel = head.contains("SQLModel") && head.replace(' ', "").contains("table=True");
        let mut store = new_store(StoreKind::Table, table_name(module, class), module.span_of(class.range));
        let mut columns = 0;
        for known in &class.fields {
            let call =
                known.value.and_then(|value| first_call(module, value)).map(|(path, _)| path).unwrap_or_default();
            let last = call.rsplit('.').next().unwrap_or("");
            let is_column =
                matches!(last, "Column" | "mapped_column") || (sqlmodel && (last == "Field" || call.is_empty()));
            let annotated = known.annotation.is_some_and(|annotation| mentions(module, annotation, "Mapped"));
            // `class Hero(SQLModel, table=True)`: the argument of the class comes as a field of it.
            if known.value.is_some_and(|value| matches!(module.kind(value), Kind::Bool(_)))
                && known.annotation.is_none()
            {
                continue;
            }
            if matches!(last, "Relationship" | "relationship" | "dynamic_loader") || known.name.starts_with("__") {
                continue;
            }
            if is_column || (annotated && call.is_empty()) {
                columns += usize::from(is_column || annotated);
                store.fields.push(field(known.name.as_str(), module.span_of(known.range)));
            }
        }
        if columns > 0 {
            add(app, store);
        }
    }
    for (node, at) in module.iter() {
        let Kind::Call { callee, args, .. } = &at.kind else { continue };
        if module.path(*callee).is_none_or(|path| path.rsplit('.').next() != Some("Table")) {
            continue;
        }
        let Some(name) = args.first().and_then(|arg| module.string(arg.value)) else { continue };
        let mut store = new_store(StoreKind::Table, name, module.span(node));
        for arg in args.iter().skip(1) {
            if let Some((path, args)) = first_call(module, arg.value)
                && path.rsplit('.').next() == Some("Column")
                && let Some(column) = args.first().and_then(|arg| module.string(arg.value))
            {
                store.fields.push(field(column, module.span(arg.value)));
            }
        }
        if !store.fields.is_empty() {
            add(app, store);
        }
    }
}

fn table_name(module: &Module, class: &Class) -> String {
    class
        .fields
        .iter()
        .find(|field| field.name == "__tablename__")
        .and_then(|field| module.string(field.value?))
        .or(class.name.as_deref())
        .unwrap_or_default()
        .to_owned()
}

fn mentions(module: &Module, node: NodeId, name: &str) -> bool {
    let mut found = false;
    plimsoll_ir::walk(module, node, &mut |node| {
        found |= match module.kind(node) {
            Kind::Name(known) => known == name,
            Kind::Member { property, .. } => property == name,
            _ => false,
        };
        true
    });
    found
}
