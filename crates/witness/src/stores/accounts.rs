//! Accounts that a service keeps: the passwords pass through the app's own forms.

use plimsoll_ir::{Kind, Module};
use plimsoll_model::App;
use plimsoll_model::app::StoreKind;

use super::{field, new_store};

pub(super) fn read(module: &Module, app: &mut App) {
    for (node, at) in module.iter() {
        let Kind::Call { callee, .. } = &at.kind else { continue };
        let name = match module.kind(*callee) {
            Kind::Name(name) => name.as_str(),
            Kind::Member { property, .. } => property.as_str(),
            _ => continue,
        };
        if !matches!(name, "signInWithPassword" | "signInWithEmailAndPassword" | "createUserWithEmailAndPassword") {
            continue;
        }
        let span = module.span(node);
        let mut store = new_store(StoreKind::Table, "auth.users", span);
        store.fields = vec![field("email", span), field("password", span)];
        // By its full name: the app may have a table `users` of its own.
        if !app.stores.iter().any(|known| known.name == "auth.users") {
            app.stores.push(store);
        }
    }
}
