//! Flask-Admin: every view that is added is a page by which records are read, changed and deleted. Who may is what the
//! view's own `is_accessible` says; the library's lets everybody in.

use plimsoll_analysis::{ClassRef, Event, Facts, SymbolKind, Value, ValueKind};
use plimsoll_model::App;
use plimsoll_model::app::{Effect, EffectKind, EntryKind, Guard, Purpose};

use super::chain;
use crate::Witnessing;
use crate::handler::named_guard;

pub(super) fn observe(witnessing: &mut Witnessing<'_, '_>, setup: &[Event], app: &mut App) {
    let base = setup
        .iter()
        .find(|event| event.path() == "flask_admin.Admin")
        .and_then(|event| event.named("url").and_then(Value::as_str).map(str::to_owned))
        .unwrap_or_else(|| "/admin".to_owned());
    for event in setup {
        if !event.path().ends_with("flask_admin.Admin().add_view") {
            continue;
        }
        let Some((model, own)) = event.arg(0).and_then(view_of) else { continue };
        if !app.stack.iter().any(|known| known == "Flask-Admin") {
            app.stack.push("Flask-Admin".into());
        }
        let path = chain::join_path(&base, &model.to_lowercase());
        let mut point = chain::entry(EntryKind::Route, &["GET", "POST"], &path, "Flask-Admin", event.span);
        point.name = Some(model.clone());
        point.guards = own.map_or_else(Vec::new, |class| guards(witnessing, class));
        point.whole = point.guards.len();
        point.effects = [EffectKind::Read, EffectKind::Update, EffectKind::Delete]
            .into_iter()
            .map(|kind| Effect { picked_by_input: true, ..Effect::new(kind, model.clone(), event.span) })
            .collect();
        point.purposes.insert(Purpose::Admin);
        witnessing.entry_points.push(point);
    }
}

/// The model that a view is about, and the view's class where it is the app's own.
fn view_of(view: &Value) -> Option<(String, Option<ClassRef>)> {
    let named = |value: &Value| {
        let name = value.path().rsplit_once(':').map(|(_, name)| name.to_owned())?;
        (!name.is_empty()).then_some(name)
    };
    match &view.kind {
        ValueKind::Symbol(symbol) => {
            let SymbolKind::Call { callee, args, .. } = &symbol.kind else { return None };
            let of_library = callee.path.contains("flask_admin") && callee.path.ends_with("ModelView");
            of_library.then(|| args.first().and_then(|arg| named(&arg.value)).map(|model| (model, None))).flatten()
        }
        ValueKind::Object(object) => {
            let class = object.class?;
            let spreads = object.spreads.borrow();
            Some((spreads.iter().find_map(named)?, Some(class)))
        }
        _ => None,
    }
}

/// What `is_accessible` asks for.
fn guards(witnessing: &mut Witnessing<'_, '_>, class: ClassRef) -> Vec<Guard> {
    let Some(method) = witnessing.machine.method(class, "is_accessible") else { return Vec::new() };
    witnessing.machine.reset();
    let module = witnessing.machine.program.module(method.module);
    let span = module.span_of(module.function(method.function).head);
    let run = witnessing.machine.run(&method, Vec::new(), Facts::default());
    crate::guards::of_truth(&run.value, span).into_iter().map(|kind| named_guard(kind, "is_accessible", span)).collect()
}
