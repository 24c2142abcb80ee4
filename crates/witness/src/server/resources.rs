//! Flask's class views: a class whose methods answer the methods of HTTP (`MethodView`, Flask-RESTful, Flask-RESTX,
//! Flask-Smorest).

use std::collections::BTreeMap;
use std::rc::Rc;

use plimsoll_analysis::{ClassRef, Event, EventKind, Facts, Site, Symbol, SymbolKind, Value, ValueKind};
use plimsoll_ir::Kind;
use plimsoll_model::App;
use plimsoll_model::app::EntryKind;

use super::chain::{self, Convention, Passage, RETURNS_NOTHING, closure_in, finish, fix_request, join_path, pass};
use super::flask::{self, Around, Registration};
use crate::Witnessing;

const HOOK: Convention = Convention { args: Vec::new, next: RETURNS_NOTHING };

const METHODS: &[&str] = &["get", "post", "put", "patch", "delete"];

/// Ends of the paths of what resources are tied to.
const APIS: &[&str] = &["flask_restful.Api()", "flask_restx.Api()", "flask_restplus.Api()"];
const NAMESPACES: &[&str] = &["flask_restx.Namespace()", "flask_restplus.Namespace()", ".namespace()"];

/// A class and a path that it answers.
struct Resource {
    class: ClassRef,
    path: String,
    /// What the class was tied to.
    base: Option<Rc<Symbol>>,
    /// Decorators around the view as a whole.
    around: Vec<Value>,
}

pub(super) fn observe(witnessing: &mut Witnessing<'_, '_>, setup: &[Event], around: &Around<'_>, app: &mut App) {
    let places = places(setup, around);
    let mut seen = std::collections::BTreeSet::new();
    for event in setup {
        for resource in resources(witnessing, event, &places, around) {
            if !seen.insert((resource.class.module, resource.class.class.0, resource.path.clone())) {
                continue;
            }
            if !app.stack.iter().any(|known| known == "Flask") {
                app.stack.push("Flask".into());
            }
            answer(witnessing, event, &resource, around);
        }
    }
}

/// Where APIs and namespaces stand: the path before theirs, and the decorators around all of it.
type Places = BTreeMap<String, (String, Vec<Value>)>;

fn places(setup: &[Event], around: &Around<'_>) -> Places {
    let mut out = Places::new();
    let ends = |path: &str, list: &[&str]| list.iter().any(|end| path.ends_with(end));
    let text = |args: &[plimsoll_analysis::Argument], names: &[&str]| {
        args.iter()
            .find(|arg| arg.name.as_deref().is_some_and(|name| names.contains(&name)))
            .and_then(|arg| arg.value.as_str().map(str::to_owned))
    };
    let base_of = |value: Option<&Value>| value.and_then(Value::as_symbol).map(|base| around.prefix(base));
    // `Api(app, prefix='/api')`, `Api(blueprint)`, `api.init_app(blueprint)`
    for event in setup {
        let made = event.path();
        let EventKind::Call { args, .. } = &event.kind else { continue };
        if ends(&format!("{made}()"), APIS) {
            let key = format!("{}:{}", event.site.module.0, event.site.node.0);
            let before = base_of(event.arg(0).or_else(|| event.named("app"))).unwrap_or_default();
            let prefix = join_path(&before, &text(args, &["prefix"]).unwrap_or_default());
            let decorators = event.named("decorators").map(Value::items).unwrap_or_default();
            out.insert(key, (prefix, decorators));
        }
    }
    for event in setup {
        let EventKind::Call { callee, .. } = &event.kind else { continue };
        let Some(api) = flask::root_of(callee).filter(|api| ends(&api.path, APIS)) else { continue };
        if callee.last_name() == "init_app"
            && let Some(before) = base_of(event.arg(0))
            && let Some((prefix, _)) = out.get_mut(&flask::site_key(&api))
        {
            *prefix = join_path(&before, prefix);
        }
    }
    for event in setup {
        let EventKind::Call { callee, args } = &event.kind else { continue };
        let Some(api) = flask::root_of(callee).filter(|api| ends(&api.path, APIS)) else { continue };
        let (before, decorators) = out.get(&flask::site_key(&api)).cloned().unwrap_or_default();
        match callee.last_name().as_str() {
            // `api.add_namespace(ns, path='/users')`: a namespace without a path of its own stands under its name.
            "add_namespace" => {
                let Some(namespace) = event.arg(0).and_then(Value::as_symbol) else { continue };
                let calls = namespace.calls();
                let made = calls.last().map(|(_, args, _)| args.to_vec()).unwrap_or_default();
                let own = text(args, &["path"])
                    .or_else(|| text(&made, &["path"]))
                    .or_else(|| made.first().and_then(|arg| arg.value.as_str().map(|name| format!("/{name}"))));
                let place = (join_path(&before, &own.unwrap_or_default()), decorators);
                out.insert(flask::site_key(namespace), place);
            }
            "namespace" => {
                let own = text(args, &["path"])
                    .or_else(|| event.arg(0).and_then(|name| name.as_str().map(|name| format!("/{name}"))));
                let key = format!("{}:{}", event.site.module.0, event.site.node.0);
                out.insert(key, (join_path(&before, &own.unwrap_or_default()), decorators));
            }
            _ => {}
        }
    }
    out
}

/// The class views that an event ties to paths.
fn resources(
    witnessing: &mut Witnessing<'_, '_>,
    event: &Event,
    places: &Places,
    around: &Around<'_>,
) -> Vec<Resource> {
    let EventKind::Call { callee, args } = &event.kind else { return Vec::new() };
    // `api.add_resource(Invoice, '/invoices/<int:id>', '/invoice/<int:id>')`
    if callee.last_name() == "add_resource" {
        let Some(base) = flask::root_of(callee) else { return Vec::new() };
        let Some(class) = event.arg(0).and_then(|value| class_in(witnessing, value)) else { return Vec::new() };
        let (prefix, decorators) = places.get(&flask::site_key(&base)).cloned().unwrap_or_default();
        let paths = args.iter().skip(1).filter(|arg| arg.name.is_none()).filter_map(|arg| arg.value.text_shape());
        return paths
            .map(|path| Resource {
                class,
                path: join_path(&prefix, &path),
                base: Some(Rc::clone(&base)),
                around: decorators.clone(),
            })
            .collect();
    }
    let Some(registration) = Registration::of(event) else { return Vec::new() };
    let name = registration.registrar.last_name();
    if !matches!(name.as_str(), "route" | "add_url_rule") {
        return Vec::new();
    }
    let Some(base) = flask::root_of(&registration.registrar) else { return Vec::new() };
    let is_known = |list: &[&str]| list.iter().any(|end| base.path.ends_with(end));
    if !(flask::is_server(&registration.registrar.path) || is_known(APIS) || is_known(NAMESPACES)) {
        return Vec::new();
    }
    let mut wrapped = Vec::new();
    let class = match registration.view.as_symbol() {
        Some(symbol) if matches!(symbol.kind, SymbolKind::Call { .. }) => {
            view_class(witnessing, symbol, &mut wrapped, 0)
        }
        _ => class_in(witnessing, registration.view),
    };
    let Some(class) = class else { return Vec::new() };
    if around.is_left_out(&base) {
        return Vec::new();
    }
    let (prefix, mut decorators) =
        places.get(&flask::site_key(&base)).cloned().unwrap_or_else(|| (around.prefix(&base), Vec::new()));
    decorators.extend(wrapped);
    // `@ns.route('/a', '/b')`: every text is a path.
    let rules = registration.options.iter().filter(|arg| arg.name.is_none()).filter_map(|arg| arg.value.text_shape());
    let rules: Vec<String> = match name.as_str() {
        "route" => rules.collect(),
        _ => registration.path().into_iter().collect(),
    };
    rules
        .into_iter()
        .map(|path| Resource {
            class,
            path: join_path(&prefix, &path),
            base: Some(Rc::clone(&base)),
            around: decorators.clone(),
        })
        .collect()
}

/// A class of the app: itself, or by the name under which the library that it inherits from knows it.
fn class_in(witnessing: &Witnessing<'_, '_>, value: &Value) -> Option<ClassRef> {
    match &value.kind {
        ValueKind::Class(class) => Some(*class),
        ValueKind::Symbol(symbol) if symbol.path.contains(':') => super::django::class_of(witnessing, value),
        _ => None,
    }
}

/// The class of `View.as_view('name')`, with the decorators around it (`login_required(View.as_view('name'))`).
fn view_class(
    witnessing: &Witnessing<'_, '_>,
    symbol: &Rc<Symbol>,
    decorators: &mut Vec<Value>,
    depth: u32,
) -> Option<ClassRef> {
    let SymbolKind::Call { callee, args, .. } = &symbol.kind else { return None };
    if callee.last_name() == "as_view" {
        return super::django::class_of(witnessing, &Value::symbol(Rc::clone(callee), plimsoll_analysis::Labels::NONE));
    }
    if depth > 4 {
        return None;
    }
    let inner = args.first()?.value.as_symbol()?.clone();
    let found = view_class(witnessing, &inner, decorators, depth + 1)?;
    decorators.push(Value::symbol(Rc::clone(callee), plimsoll_analysis::Labels::NONE));
    Some(found)
}

/// The entry points of one class view.
fn answer(witnessing: &mut Witnessing<'_, '_>, event: &Event, resource: &Resource, around: &Around<'_>) {
    let path = flask::colon_parameters(&resource.path);
    for method in METHODS {
        let Some(handler) = super::drf::bound(witnessing, resource.class, method) else { continue };
        let program = witnessing.machine.program;
        let module = program.module(handler.module);
        let function = module.function(handler.function);
        let http = method.to_uppercase();
        witnessing.machine.reset();
        fix_request(witnessing.machine, Some(&http), &path);
        let name = program.module(resource.class.module).class(resource.class.class).name.clone();
        flask::name_view(witnessing, resource.base.as_deref(), name.map(|name| name.to_ascii_lowercase()));
        let mut passage = around.pass(witnessing, resource.base.as_deref());
        passage.named.extend(around.for_all(|_| false));
        // Decorators of the API, of the class and of the method, from the outermost in.
        let mut view = Value::plain(ValueKind::Closure(Rc::clone(&handler)));
        let mut marshalled = false;
        for &decorator in function.decorators.iter().rev() {
            let value = witnessing.machine.evaluate(Site { module: handler.module, node: decorator });
            marshalled |= is_marshal(&value);
            view = wrap(witnessing, event, &value, view, &mut passage);
        }
        for value in resource.around.iter().cloned().chain(declared(witnessing, resource.class, method)) {
            view = wrap(witnessing, event, &value, view, &mut passage);
        }
        let Some(outer) = closure_in(&view) else { continue };
        let values: Vec<Value> = function
            .params
            .iter()
            .skip(1)
            .map(|param| match module.kind(param.pattern) {
                Kind::Name(_) if param.rest => Value::unknown(),
                Kind::Name(name)
                    if resource.path.contains(&format!(":{name}>")) || resource.path.contains(&format!("<{name}>")) =>
                {
                    flask::path_parameter(&resource.path, name)
                }
                // What a schema made of the body (`@blueprint.arguments(Schema)`).
                Kind::Name(_) => chain::input("body"),
                _ => Value::unknown(),
            })
            .collect();
        let mut point = chain::entry(EntryKind::Route, &[&http], &path, "Flask", event.span);
        let head = module.span_of(function.head);
        point.span = head;
        point.name = function.name.as_ref().map(ToString::to_string);
        let first_flow = witnessing.flows.len();
        let index = finish(witnessing, point, &outer, values, passage);
        witnessing.entry_points[index].handler = head;
        // Only the fields of the declared answer are sent.
        if marshalled {
            flask::without_credentials(witnessing, first_flow);
        }
    }
}

/// Whether a decorator sends the declared fields only: `@ns.marshal_with(model)`, `@blueprint.response(200, Schema)`.
fn is_marshal(decorator: &Value) -> bool {
    let path = decorator.path();
    let name = path.trim_end_matches("()").rsplit('.').next().unwrap_or(path);
    name.starts_with("marshal_") || (name == "response" && path.contains("flask_smorest"))
}

/// Puts a decorator around a view: one of the app's own runs, one of a library is known by its name.
fn wrap(
    witnessing: &mut Witnessing<'_, '_>,
    event: &Event,
    decorator: &Value,
    view: Value,
    passage: &mut Passage,
) -> Value {
    match &decorator.kind {
        ValueKind::Closure(closure) => {
            let run = witnessing.machine.run(closure, vec![view.clone()], Facts::default());
            if closure_in(&run.value).is_some() { run.value } else { view }
        }
        ValueKind::Symbol(_) => {
            *passage = pass(witnessing, &HOOK, decorator, event.span, std::mem::take(passage));
            view
        }
        _ => view,
    }
}

/// Decorators that a class names for its methods (`method_decorators`, `decorators`), the innermost first.
fn declared(witnessing: &mut Witnessing<'_, '_>, class: ClassRef, method: &str) -> Vec<Value> {
    let mut out = Vec::new();
    for name in ["method_decorators", "decorators"] {
        let Some((owner, node)) = super::drf::field(witnessing, class, name, 0) else { continue };
        let value = witnessing.machine.evaluate(Site { module: owner.module, node });
        // `method_decorators = {'get': [jwt_required()]}`
        let value = value.field(method).unwrap_or(value);
        out.extend(value.items());
    }
    out
}
