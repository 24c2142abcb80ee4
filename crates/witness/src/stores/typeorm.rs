//! TypeORM and MikroORM entities: classes with `@Entity()`.

use plimsoll_ir::{Kind, Module, NodeId};
use plimsoll_model::App;
use plimsoll_model::app::StoreKind;

use super::{add, field, new_store};

pub(super) fn read(module: &Module, app: &mut App) {
    for class in &module.classes {
        let Some(entity) = class.decorators.iter().find(|&&decorator| is_entity(module, decorator)) else { continue };
        let named = match module.kind(*entity) {
            Kind::Call { args, .. } => args.first().and_then(|arg| {
                module.string(arg.value).or_else(|| {
                    module.string(module.property(arg.value, "name").or(module.property(arg.value, "tableName"))?)
                })
            }),
            _ => None,
        };
        let Some(name) = named.or(class.name.as_deref()) else { continue };
        let mut store = new_store(StoreKind::Table, name, module.span_of(class.range));
        let fields = class.fields.iter().filter(|field| !field.is_static && !field.name.is_empty());
        store.fields.extend(fields.map(|known| field(known.name.as_str(), module.span_of(known.range))));
        if !store.fields.is_empty() {
            add(app, store);
        }
    }
}

fn is_entity(module: &Module, decorator: NodeId) -> bool {
    let callee = match module.kind(decorator) {
        Kind::Call { callee, .. } => *callee,
        _ => decorator,
    };
    module.path(callee).is_some_and(|path| path.rsplit('.').next() == Some("Entity"))
}
