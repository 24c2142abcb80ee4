//! Laravel: route files, groups, middleware by name and class, controllers, requests that authorise themselves, models.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use plimsoll_analysis::{
    Argument, ClassRef, Clean, Closure, Event, EventKind, Facts, FunctionRef, Label, Labels, ModuleId, Object, Program,
    Run, Site, Symbol, Value, ValueKind, assume,
};
use plimsoll_ir::{FunctionId, Kind, Language, NodeId, Str};
use plimsoll_model::app::{
    AllowedOrigins, CookieSet, CorsPolicy, EntryKind, Guard, GuardKind, GuardStanding, SameSite, SettingSeen,
};
use plimsoll_model::{App, NotChecked};
use plimsoll_source::Span;

use super::chain::{self, Passage, finish_run, fix_request, given, join_path};
use super::flask::colon_parameters;
use super::livewire;
use crate::Witnessing;
use crate::guards::is_privilege_name;
use crate::handler::named_guard;

const VERBS: &[&str] = &["get", "post", "put", "patch", "delete", "options", "any", "match"];

/// What a group of routes has in common.
#[derive(Clone, Default)]
struct Group {
    prefix: String,
    middleware: Vec<(Value, Span)>,
    without: Vec<String>,
    controller: Option<ClassRef>,
    namespace: Option<String>,
    /// Routes for browsers: their forms are protected by Laravel's token.
    is_web: bool,
}

/// A route as registered.
struct Route {
    methods: Vec<String>,
    path: String,
    handler: Value,
    group: Group,
    span: Span,
}

struct Laravel {
    aliases: BTreeMap<String, Value>,
    groups: BTreeMap<String, Vec<Value>>,
    models: BTreeMap<String, Model>,
    csrf_except: Vec<String>,
}

/// What a model lets a request fill.
#[derive(Default)]
struct Model {
    fillable: Option<Vec<String>>,
    unguarded: bool,
}

pub(crate) fn observe(witnessing: &mut Witnessing<'_, '_>, app: &mut App) {
    let program = witnessing.machine.program;
    let is_laravel = program.tree.iter().any(|(_, file)| {
        file.name() == "artisan" || (file.name() == "composer.json" && file.text().contains("\"laravel/framework\""))
    });
    if !is_laravel {
        return;
    }
    let files = route_files(program);
    let first = witnessing.entry_points.len();
    app.stack.push("Laravel".into());
    app.serves_pages = true;
    if files.is_empty() {
        app.not_checked.push(NotChecked {
            what: "Laravel: routes".into(),
            why: "no route file was found".into(),
            weighs: true,
        });
        return;
    }
    let laravel = Laravel {
        aliases: BTreeMap::new(),
        groups: BTreeMap::new(),
        models: models(program),
        csrf_except: csrf_exceptions(program),
    };
    let laravel = named_middleware(witnessing, laravel);
    let registered = registrations(witnessing);
    let mut routes: Vec<Route> = Vec::new();
    for (id, group) in files.iter().map(|&id| (id, group_of(program.path(id), &registered))) {
        let run = witnessing.machine.run_setup_file(id);
        collect(witnessing, &run.events, &group, &mut routes, 0);
    }
    let mut seen: BTreeSet<(String, String)> = BTreeSet::new();
    let mut shown = livewire::Shown::new();
    let mut components: Vec<ClassRef> = Vec::new();
    for route in &routes {
        // A route registered twice: the later one answers, but both are the same decision here.
        if !seen.insert((route.methods.join("/"), format!("{}{:?}", route.path, route.span))) {
            continue;
        }
        match class_in(&route.handler).filter(|&class| livewire::is_component(witnessing, class)) {
            Some(class) => {
                let passage = before(witnessing, &laravel, route, Vec::new());
                let path = colon_parameters(&route.path.replace("?}", "}"));
                livewire::page(witnessing, class, &path, route.span, passage, &mut shown);
                components.push(class);
            }
            None => entry(witnessing, &laravel, route, &mut shown),
        }
    }
    livewire::embedded(witnessing, &components, &mut shown);
    let scoped = super::scopes::scoped(witnessing);
    super::scopes::apply(witnessing, &scoped, first);
    super::filament::observe(witnessing, &scoped, app);
    settings(program, app);
}

/// The files under `routes/` that answer requests.
fn route_files(program: &Program<'_>) -> Vec<ModuleId> {
    let all: Vec<ModuleId> = program
        .iter()
        .filter(|(id, module)| {
            let path = program.path(*id);
            let mut parts = path.rsplit('/');
            let name = parts.next().unwrap_or("");
            module.language == Language::Php
                && parts.next() == Some("routes")
                && !matches!(name, "console.php" | "channels.php")
        })
        .map(|(id, _)| id)
        .collect();
    // A route file that another one requires runs there.
    let required: BTreeSet<ModuleId> = all
        .iter()
        .flat_map(|&id| {
            (0..program.module(id).imports.len()).filter_map(move |index| {
                program.module(id).imports[index].names.is_empty().then(|| program.target(id, index)).flatten()
            })
        })
        .collect();
    all.into_iter().filter(|id| !required.contains(id)).collect()
}

/// How route files are registered by providers: the file's name and what its group adds.
fn registrations(witnessing: &mut Witnessing<'_, '_>) -> BTreeMap<String, Group> {
    let program = witnessing.machine.program;
    let mut out = BTreeMap::new();
    for (id, module) in program.iter().filter(|(_, module)| module.language == Language::Php) {
        let path = program.path(id);
        if !path.ends_with("bootstrap/app.php") && !path.contains("/Providers/") {
            continue;
        }
        for function in (0u32..).map(FunctionId).take(module.functions.len()) {
            let closure = witnessing.machine.closure_of(FunctionRef { module: id, function });
            let run = witnessing.machine.run_setup(&closure, Vec::new());
            for event in run.events.iter().filter(|event| event.path().ends_with(".group")) {
                let EventKind::Call { callee, args } = &event.kind else { continue };
                let Some(file) = args.last().and_then(|arg| file_in(&arg.value)) else { continue };
                let mut group = Group::default();
                extend(witnessing, &mut group, callee, event.span);
                group.is_web = group.middleware.iter().any(|(value, _)| value.as_str() == Some("web"));
                out.insert(file, group);
            }
        }
    }
    out
}

/// `base_path('routes/admin.php')`, `__DIR__.'/../routes/admin.php'`: the file's name.
fn file_in(value: &Value) -> Option<String> {
    let text = match &value.kind {
        ValueKind::Symbol(symbol) => {
            symbol.calls().pop().and_then(|(_, args, _)| args.first()?.value.as_str().map(str::to_owned))?
        }
        _ => value.text_shape()?,
    };
    text.ends_with(".php").then(|| text.rsplit('/').next().unwrap_or(&text).to_owned())
}

fn group_of(path: &str, registered: &BTreeMap<String, Group>) -> Group {
    let name = path.rsplit('/').next().unwrap_or(path);
    if let Some(group) = registered.get(name) {
        return group.clone();
    }
    match name {
        "api.php" => Group { prefix: "/api".into(), ..Group::default() },
        _ => Group { is_web: true, ..Group::default() },
    }
}

/// The names of middleware: Laravel's own are known, the app's are looked up.
fn named_middleware(witnessing: &mut Witnessing<'_, '_>, mut laravel: Laravel) -> Laravel {
    let program = witnessing.machine.program;
    for (id, module) in program.iter().filter(|(_, module)| module.language == Language::Php) {
        let path = program.path(id);
        if path.ends_with("Http/Kernel.php") {
            for class in &module.classes {
                for field in &class.fields {
                    let Some(node) = field.value else { continue };
                    let value = witnessing.machine.evaluate(Site { module: id, node });
                    let Some(object) = value.as_object() else { continue };
                    let fields = object.fields.borrow().clone();
                    match field.name.as_str() {
                        "routeMiddleware" | "middlewareAliases" => {
                            laravel.aliases.extend(fields.into_iter().map(|(name, value)| (name.to_string(), value)));
                        }
                        "middlewareGroups" => {
                            for (name, value) in fields {
                                laravel.groups.insert(name.to_string(), value.items());
                            }
                        }
                        _ => {}
                    }
                }
            }
        }
        if path.ends_with("bootstrap/app.php") {
            for function in (0u32..).map(FunctionId).take(module.functions.len()) {
                let closure = witnessing.machine.closure_of(FunctionRef { module: id, function });
                let params = module.function(function).params.len();
                let run = witnessing.machine.run_setup(&closure, vec![given("@configuration"); params]);
                for event in &run.events {
                    match event.path() {
                        "@configuration.alias" => {
                            if let Some(object) = event.arg(0).and_then(Value::as_object) {
                                let fields = object.fields.borrow().clone();
                                laravel
                                    .aliases
                                    .extend(fields.into_iter().map(|(name, value)| (name.to_string(), value)));
                            }
                        }
                        "@configuration.validateCsrfTokens" => {
                            let except = event.named("except").or(event.arg(0)).map(Value::items).unwrap_or_default();
                            laravel
                                .csrf_except
                                .extend(except.iter().filter_map(|item| item.as_str().map(str::to_owned)));
                        }
                        path if path.starts_with("@configuration.") && path.matches('.').count() == 1 => {
                            let group = match path {
                                "@configuration.web" => "web",
                                "@configuration.api" => "api",
                                _ => continue,
                            };
                            let added = event
                                .named("append")
                                .or(event.named("prepend"))
                                .or(event.arg(0))
                                .map(Value::items)
                                .unwrap_or_default();
                            laravel.groups.entry(group.into()).or_default().extend(added);
                        }
                        _ => {}
                    }
                }
            }
        }
    }
    laravel
}

/// Paths that `VerifyCsrfToken` leaves out.
fn csrf_exceptions(program: &Program<'_>) -> Vec<String> {
    let mut out = Vec::new();
    for (id, module) in program.iter() {
        if !program.path(id).ends_with("VerifyCsrfToken.php") {
            continue;
        }
        for field in module.classes.iter().flat_map(|class| &class.fields).filter(|field| field.name == "except") {
            if let Some(Kind::Array(items)) = field.value.map(|value| module.kind(value)) {
                out.extend(items.iter().filter_map(|&item| module.string(item).map(str::to_owned)));
            }
        }
    }
    out
}

/// `$fillable` and `$guarded` of models.
fn models(program: &Program<'_>) -> BTreeMap<String, Model> {
    let mut out = BTreeMap::new();
    for (_, module) in program.iter().filter(|(_, module)| module.language == Language::Php) {
        for class in &module.classes {
            let Some(name) = &class.name else { continue };
            let mut model = Model::default();
            for field in &class.fields {
                let Some(Kind::Array(items)) = field.value.map(|value| module.kind(value)) else { continue };
                match field.name.as_str() {
                    "fillable" => {
                        let names = items.iter().filter_map(|&item| module.string(item).map(str::to_owned));
                        model.fillable = Some(names.collect());
                    }
                    "guarded" => model.unguarded = items.is_empty(),
                    _ => {}
                }
            }
            if model.fillable.is_some() || model.unguarded {
                out.insert(name.to_string(), model);
            }
        }
    }
    out
}

/// Takes in what a chain such as `Route::prefix('x')->middleware('auth')` says.
fn extend(witnessing: &Witnessing<'_, '_>, group: &mut Group, chain: &Symbol, span: Span) {
    for (name, args, _) in chain.calls() {
        apply(witnessing, group, &name, &args, span);
    }
}

fn apply(witnessing: &Witnessing<'_, '_>, group: &mut Group, name: &str, args: &[Argument], span: Span) {
    let first = args.first().map(|arg| &arg.value);
    match name {
        "prefix" => {
            if let Some(prefix) = first.and_then(|value| value.text_shape()) {
                group.prefix = join_path(&group.prefix, &prefix);
            }
        }
        "middleware" => {
            for arg in args {
                add_middleware(&arg.value, span, &mut group.middleware);
            }
        }
        "can" => {
            let ability = first.and_then(Value::as_str).unwrap_or("").to_owned();
            group.middleware.push((Value::string(format!("can:{ability}")), span));
        }
        "withoutMiddleware" => {
            for arg in args {
                let mut list = Vec::new();
                add_middleware(&arg.value, span, &mut list);
                group.without.extend(list.iter().map(|(value, _)| middleware_name(witnessing, value)));
            }
        }
        "controller" => group.controller = first.and_then(class_in),
        "namespace" => group.namespace = first.and_then(|value| value.as_str().map(str::to_owned)),
        _ => {}
    }
}

fn add_middleware(value: &Value, span: Span, out: &mut Vec<(Value, Span)>) {
    match &value.kind {
        ValueKind::Object(object) if object.class.is_none() => {
            for item in object.items.borrow().iter().chain(object.fields.borrow().values()) {
                add_middleware(item, span, out);
            }
        }
        _ => out.push((value.clone(), span)),
    }
}

fn class_in(value: &Value) -> Option<ClassRef> {
    match &value.kind {
        ValueKind::Class(class) => Some(*class),
        _ => None,
    }
}

fn middleware_name(witnessing: &Witnessing<'_, '_>, value: &Value) -> String {
    match &value.kind {
        ValueKind::Str(text) => text.to_string(),
        ValueKind::Class(class) => {
            let module = witnessing.machine.program.module(class.module);
            module.class(class.class).name.as_deref().unwrap_or_default().to_owned()
        }
        _ => value.path().to_owned(),
    }
}

/// Reads routes off the events of a route file or of the function of a group.
fn collect(witnessing: &mut Witnessing<'_, '_>, events: &[Event], group: &Group, out: &mut Vec<Route>, depth: u32) {
    if depth > 12 {
        return;
    }
    for event in events {
        let EventKind::Call { callee, args } = &event.kind else { continue };
        let path = callee.path.as_str();
        if path != "Route" && !path.starts_with("Route.") {
            continue;
        }
        let name = callee.last_name();
        let in_chain: Vec<Str> = callee.calls().into_iter().map(|(name, ..)| name).collect();
        let behind_route = in_chain.iter().any(|name| VERBS.contains(&name.as_str()) || is_resource(name));
        if behind_route {
            continue;
        }
        match name.as_str() {
            "group" => {
                let mut inner = group.clone();
                extend(witnessing, &mut inner, callee, event.span);
                // `Route::group(['prefix' => …, 'middleware' => …], function …)`
                if let Some(options) = args.first().and_then(|arg| arg.value.as_object()) {
                    let fields = options.fields.borrow().clone();
                    for (name, value) in fields {
                        let argument = Argument { name: None, value, spread: false };
                        apply(witnessing, &mut inner, &name, &[argument], event.span);
                    }
                }
                let Some(last) = args.last() else { continue };
                if let Some(closure) = last.value.as_closure().cloned() {
                    let run = witnessing.machine.run_setup(&closure, Vec::new());
                    collect(witnessing, &run.events, &inner, out, depth + 1);
                }
            }
            verb if VERBS.contains(&verb) => {
                let shift = usize::from(verb == "match");
                let methods: Vec<String> = match verb {
                    "any" => Vec::new(),
                    "match" => args
                        .first()
                        .map(|arg| arg.value.items())
                        .unwrap_or_default()
                        .iter()
                        .filter_map(|item| item.as_str().map(str::to_uppercase))
                        .collect(),
                    verb => vec![verb.to_uppercase()],
                };
                let (Some(uri), Some(handler)) = (args.get(shift), args.get(shift + 1)) else { continue };
                let Some(uri) = uri.value.text_shape() else { continue };
                let mut own = group.clone();
                extend(witnessing, &mut own, callee, event.span);
                let base = own.prefix.clone();
                later(witnessing, &mut own, events, event);
                out.push(Route {
                    methods,
                    path: join_path(&join_path("/", &base), &uri),
                    handler: handler.value.clone(),
                    group: own,
                    span: event.span,
                });
            }
            name if is_resource(name) => {
                let mut own = group.clone();
                extend(witnessing, &mut own, callee, event.span);
                let base = own.prefix.clone();
                let mut narrowed = later(witnessing, &mut own, events, event);
                if let Some(options) = args.get(2).and_then(|arg| arg.value.as_object()) {
                    for (key, value) in options.fields.borrow().iter() {
                        if matches!(key.as_str(), "only" | "except") {
                            narrowed.push((key.to_string(), strings(value)));
                        }
                    }
                }
                let lists: Vec<(String, Value)> = if name.ends_with("esources") {
                    args.first()
                        .and_then(|arg| arg.value.as_object().cloned())
                        .map(|object| object.fields.borrow().iter().map(|(n, v)| (n.to_string(), v.clone())).collect())
                        .unwrap_or_default()
                } else {
                    match (args.first().and_then(|arg| arg.value.as_str()), args.get(1)) {
                        (Some(name), Some(controller)) => vec![(name.to_owned(), controller.value.clone())],
                        _ => Vec::new(),
                    }
                };
                for (resource, controller) in lists {
                    let all = Resource { name: &resource, controller: &controller, is_api: name.starts_with("api") };
                    all.routes(&base, &own, &narrowed, event.span, out);
                }
            }
            _ => {}
        }
    }
}

fn is_resource(name: &str) -> bool {
    matches!(name, "resource" | "apiResource" | "resources" | "apiResources" | "singleton" | "apiSingleton")
}

fn strings(value: &Value) -> Vec<String> {
    match value.as_str() {
        Some(text) => vec![text.to_owned()],
        None => value.items().iter().filter_map(|item| item.as_str().map(str::to_owned)).collect(),
    }
}

/// What is said of a route behind its registration: `->middleware('auth')->only([...])`.
fn later(
    witnessing: &Witnessing<'_, '_>,
    group: &mut Group,
    events: &[Event],
    route: &Event,
) -> Vec<(String, Vec<String>)> {
    let mut narrowed = Vec::new();
    for event in events {
        let EventKind::Call { callee, args } = &event.kind else { continue };
        if !callee.passes(route.site) {
            continue;
        }
        match callee.last_name().as_str() {
            name @ ("only" | "except") => {
                let list = args.iter().flat_map(|arg| strings(&arg.value)).collect();
                narrowed.push((name.to_owned(), list));
            }
            name @ ("middleware" | "withoutMiddleware" | "can") => apply(witnessing, group, name, args, event.span),
            _ => {}
        }
    }
    narrowed
}

struct Resource<'a> {
    name: &'a str,
    controller: &'a Value,
    is_api: bool,
}

impl Resource<'_> {
    fn routes(&self, base: &str, group: &Group, narrowed: &[(String, Vec<String>)], span: Span, out: &mut Vec<Route>) {
        let mut uri = String::new();
        let parts: Vec<&str> = self.name.split('.').collect();
        for (index, part) in parts.iter().enumerate() {
            uri = join_path(&uri, part);
            if index + 1 < parts.len() {
                uri = join_path(&uri, &format!("{{{}}}", singular(part)));
            }
        }
        let one = join_path(&uri, &format!("{{{}}}", singular(parts.last().unwrap_or(&""))));
        let all: [(&str, &[&str], String); 7] = [
            ("index", &["GET"], uri.clone()),
            ("create", &["GET"], join_path(&uri, "create")),
            ("store", &["POST"], uri.clone()),
            ("show", &["GET"], one.clone()),
            ("edit", &["GET"], join_path(&one, "edit")),
            ("update", &["PUT", "PATCH"], one.clone()),
            ("destroy", &["DELETE"], one.clone()),
        ];
        for (action, methods, path) in all {
            if self.is_api && matches!(action, "create" | "edit") {
                continue;
            }
            let kept = narrowed.iter().all(|(kind, list)| list.iter().any(|name| name == action) == (kind == "only"));
            if !kept {
                continue;
            }
            let object = Object::new(Site { module: ModuleId(0), node: NodeId(0) }, true);
            object.items.borrow_mut().extend([self.controller.clone(), Value::string(action)]);
            out.push(Route {
                methods: methods.iter().map(|&method| method.to_owned()).collect(),
                path: join_path(&join_path("/", base), &path),
                handler: Value::plain(ValueKind::Object(Rc::new(object))),
                group: group.clone(),
                span,
            });
        }
    }
}

fn singular(name: &str) -> String {
    let name = name.replace('-', "_");
    if let Some(stem) = name.strip_suffix("ies") {
        return format!("{stem}y");
    }
    name.strip_suffix('s').map_or(name.clone(), str::to_owned)
}

/// Finds what a route runs: the class, where it is one, and the function.
fn resolve(witnessing: &mut Witnessing<'_, '_>, route: &Route) -> Option<(Option<ClassRef>, Rc<Closure>)> {
    if let Some(closure) = route.handler.as_closure() {
        return Some((None, Rc::clone(closure)));
    }
    if let Some(class) = class_in(&route.handler) {
        let closure = witnessing.machine.method(class, "__invoke")?;
        return Some((Some(class), closure));
    }
    if let Some(text) = route.handler.as_str() {
        let (class, method) = match (text.split_once('@'), route.group.controller) {
            (Some((name, method)), _) => {
                let qualified = match &route.group.namespace {
                    Some(space) => format!("App\\Http\\Controllers\\{space}\\{name}"),
                    None => format!("App\\Http\\Controllers\\{name}"),
                };
                let class = witnessing.machine.php_class(&qualified).or_else(|| witnessing.machine.php_class(name))?;
                (class, method.to_owned())
            }
            (None, Some(class)) => (class, text.to_owned()),
            (None, None) => (witnessing.machine.php_class(text)?, "__invoke".to_owned()),
        };
        return Some((Some(class), witnessing.machine.method(class, &method)?));
    }
    let items = route.handler.items();
    let [controller, method] = &items[..] else { return None };
    let class = match controller.as_str() {
        Some(name) => witnessing.machine.php_class(name)?,
        None => class_in(controller)?,
    };
    let method = method.as_str()?;
    Some((Some(class), witnessing.machine.method(class, method)?))
}

/// What the middleware of a route establishes; `own` is the controller's.
fn before(witnessing: &mut Witnessing<'_, '_>, laravel: &Laravel, route: &Route, own: Vec<(Value, Span)>) -> Passage {
    let mut passage = Passage::default();
    let in_group = if route.group.is_web { "web" } else { "api" };
    let of_group: Vec<(Value, Span)> =
        laravel.groups.get(in_group).into_iter().flatten().map(|value| (value.clone(), route.span)).collect();
    for (value, span) in of_group.iter().chain(&route.group.middleware).chain(&own) {
        let name = middleware_name(witnessing, value);
        let bare = name.split(':').next().unwrap_or(&name);
        if route.group.without.iter().any(|without| without == &name || without.split(':').next() == Some(bare)) {
            continue;
        }
        passage = middleware(witnessing, laravel, value, *span, passage, 0);
    }
    passage
}

fn entry(witnessing: &mut Witnessing<'_, '_>, laravel: &Laravel, route: &Route, shown: &mut livewire::Shown) {
    let program = witnessing.machine.program;
    let methods: Vec<&str> = route.methods.iter().map(String::as_str).collect();
    let path = colon_parameters(&route.path.replace("?}", "}"));
    let mut point = chain::entry(EntryKind::Route, &methods, &path, "Laravel", route.span);
    let Some((class, handler)) = resolve(witnessing, route) else {
        let is_own = route.handler.items().first().is_some_and(|first| class_in(first).is_some());
        if is_own {
            return; // the app's own controller has no such method: the route answers with an error
        }
        // A controller of a package.
        let mut passage = Passage { opaque: true, ..Passage::default() };
        for (value, span) in route.group.middleware.clone() {
            passage = middleware(witnessing, laravel, &value, span, passage, 0);
        }
        let run = Run {
            events: Vec::new(),
            value: Value::unknown(),
            yielded: None,
            facts: passage.facts.clone(),
            cut_off: false,
        };
        finish_run(witnessing, point, run, passage);
        return;
    };
    witnessing.machine.reset();
    fix_request(witnessing.machine, methods.first().copied().filter(|_| methods.len() == 1), &path);
    let own = class.map(|class| of_controller(witnessing, class, &handler)).unwrap_or_default();
    let mut passage = before(witnessing, laravel, route, own);
    let writes = methods.iter().any(|method| !matches!(*method, "GET" | "HEAD"));
    let is_excepted = laravel.csrf_except.iter().any(|pattern| matches_pattern(pattern, &path));
    let taken_out = route.group.without.iter().any(|name| name.to_ascii_lowercase().contains("csrf"));
    if route.group.is_web && writes && !is_excepted && !taken_out {
        passage.named.push(named_guard(GuardKind::Csrf, "VerifyCsrfToken", route.span));
    }
    let module = program.module(handler.module);
    let function = module.function(handler.function);
    let mut args = Vec::new();
    for param in &function.params {
        let name = match module.kind(param.pattern) {
            Kind::Name(name) => name.to_string(),
            _ => String::new(),
        };
        let wanted = param.annotation.map(|node| witnessing.machine.evaluate(Site { module: handler.module, node }));
        args.push(argument(witnessing, &name, wanted, &path, &mut passage));
    }
    let this = class.map(|class| witnessing.machine.instance_of(class));
    let handler = Rc::new(Closure { this, ..(*handler).clone() });
    point.span = route.span;
    point.name = class
        .and_then(|class| program.module(class.module).class(class.class).name.clone())
        .zip(function.name.clone())
        .map(|(class, method)| format!("{class}::{method}"));
    point.handler = module.span_of(function.head);
    let run = witnessing.machine.run(&handler, args, passage.facts.clone());
    livewire::note_views(&run.events, &passage, shown);
    let index = finish_run(witnessing, point, run, passage);
    let Some(point) = witnessing.entry_points.get_mut(index) else { return };
    super::php::mark_front_page(point);
    for effect in &mut point.effects {
        if !effect.writes_whole_input {
            continue;
        }
        // Eloquent writes only what the model lists, and nothing where it lists nothing.
        let model = laravel.models.get(&effect.target);
        effect.writes_whole_input = model.is_some_and(|model| model.unguarded && model.fillable.is_none());
        if let Some(fillable) = model.and_then(|model| model.fillable.as_ref()) {
            effect.fields.extend(fillable.iter().cloned());
            let privileges = fillable.iter().filter(|name| {
                is_privilege_name(name)
                    && !matches!(name.as_str(), "type" | "level" | "plan" | "rule" | "group" | "scope")
            });
            effect.privilege_fields.extend(privileges.cloned());
        }
    }
}

fn matches_pattern(pattern: &str, path: &str) -> bool {
    let (pattern, path) = (pattern.trim_matches('/'), path.trim_matches('/'));
    match pattern.strip_suffix('*') {
        Some(start) => path.starts_with(start.trim_end_matches('/')),
        None => pattern == path,
    }
}

/// What Laravel hands to a parameter of a handler.
pub(super) fn argument(
    witnessing: &mut Witnessing<'_, '_>,
    name: &str,
    wanted: Option<Value>,
    path: &str,
    passage: &mut Passage,
) -> Value {
    let program = witnessing.machine.program;
    match wanted.map(|value| value.kind) {
        Some(ValueKind::Class(class)) => {
            let at = program.module(class.module).class(class.class);
            let own_name = at.name.clone().unwrap_or_default();
            let whole = witnessing.machine.instance_of(class);
            let base = witnessing.machine.library_base(class).unwrap_or_default();
            if base.starts_with("FormRequest") || base.starts_with("Request") {
                authorise(witnessing, class, &whole, passage);
                return whole;
            }
            let in_path = path.split('/').any(|part| {
                part.strip_prefix(':').is_some_and(|part| {
                    part == name || part.replace('_', "").eq_ignore_ascii_case(&name.replace('_', ""))
                })
            });
            if in_path {
                // Bound by the id in the path.
                let labels: Labels =
                    [Label::Record(own_name, Clean::NONE), Label::Input(format!("params.{name}").into(), Clean::NONE)]
                        .into_iter()
                        .collect();
                return whole.with(&labels);
            }
            whole
        }
        Some(ValueKind::Symbol(symbol)) => match symbol.path.as_str() {
            "Request" | "request" => given("@laravel"),
            "int" => Value::of(Labels::one(Label::Input(format!("params.{name}").into(), Clean::ALL))),
            "string" | "mixed" => chain::input(&format!("params.{name}")),
            other => Value::symbol(Symbol::import(format!("{other}()")), Labels::NONE),
        },
        _ => chain::input(&format!("params.{name}")),
    }
}

/// A request class that decides by itself whom it lets through.
fn authorise(witnessing: &mut Witnessing<'_, '_>, class: ClassRef, whole: &Value, passage: &mut Passage) {
    let Some(method) = witnessing.machine.method(class, "authorize") else { return };
    let module = witnessing.machine.program.module(method.module);
    let span = module.span_of(module.function(method.function).head);
    let closure = Rc::new(Closure { this: Some(whole.clone()), ..(*method).clone() });
    let run = witnessing.machine.run(&closure, Vec::new(), passage.facts.clone());
    if let Some(facts) = assume(&run.value, true, span) {
        passage.facts = run.facts.with(facts);
    }
}

/// Middleware that a controller asks for: in its constructor or in `middleware()`.
fn of_controller(witnessing: &mut Witnessing<'_, '_>, class: ClassRef, handler: &Closure) -> Vec<(Value, Span)> {
    let program = witnessing.machine.program;
    let action =
        program.module(handler.module).function(handler.function).name.as_deref().unwrap_or_default().to_owned();
    let mut out = Vec::new();
    for name in ["__construct", "middleware"] {
        let Some(method) = witnessing.machine.method(class, name) else { continue };
        let this = Value::symbol(Symbol::given("@controller"), Labels::NONE);
        let closure = Rc::new(Closure { this: Some(this), ..(*method).clone() });
        let run = witnessing.machine.run_setup(&closure, Vec::new());
        let calls: Vec<&Event> = run.events.iter().collect();
        for event in &calls {
            let EventKind::Call { callee, args } = &event.kind else { continue };
            // `$this->middleware('auth')->only('store')`, `new Middleware('auth', only: ['store'])`
            let is_call = callee.path == "@controller.middleware" || callee.path == "Middleware";
            if !is_call {
                continue;
            }
            let mut applies = true;
            for arg in args.iter() {
                match arg.name.as_deref() {
                    Some("only") => applies &= strings(&arg.value).contains(&action),
                    Some("except") => applies &= !strings(&arg.value).contains(&action),
                    _ => {}
                }
            }
            for later in &calls {
                let EventKind::Call { callee, args } = &later.kind else { continue };
                if !callee.passes(event.site) {
                    continue;
                }
                let list: Vec<String> = args.iter().flat_map(|arg| strings(&arg.value)).collect();
                match callee.last_name().as_str() {
                    "only" => applies &= list.contains(&action),
                    "except" => applies &= !list.contains(&action),
                    _ => {}
                }
            }
            if applies && let Some(value) = args.first() {
                add_middleware(&value.value, event.span, &mut out);
            }
        }
        if name == "middleware" {
            let span =
                program.module(method.module).span_of(program.module(method.module).function(method.function).head);
            for item in run.value.items().iter().filter(|item| item.as_str().is_some()) {
                out.push((item.clone(), span));
            }
        }
    }
    out
}

/// Runs one middleware, by its name or class.
fn middleware(
    witnessing: &mut Witnessing<'_, '_>,
    laravel: &Laravel,
    value: &Value,
    span: Span,
    mut passage: Passage,
    depth: u32,
) -> Passage {
    if depth > 6 {
        return passage;
    }
    let mut add = |kind: GuardKind, name: &str| passage.named.push(named_guard(kind, name, span));
    match &value.kind {
        ValueKind::Str(text) => {
            let (name, parameters) = text.split_once(':').unwrap_or((text, ""));
            if let Some(group) = laravel.groups.get(name).filter(|_| !matches!(name, "web" | "api")) {
                for inner in group.clone() {
                    passage = middleware(witnessing, laravel, &inner, span, passage, depth + 1);
                }
                return passage;
            }
            if let Some(class) = laravel.aliases.get(name).and_then(class_in) {
                return run_middleware(witnessing, class, parameters, span, passage);
            }
            let name = match laravel.aliases.get(name) {
                Some(known) => {
                    known.as_symbol().map_or_else(|| name.to_owned(), |symbol| symbol.last_name().to_string())
                }
                None => name.to_owned(),
            };
            known_middleware(&name, text, &mut add);
            limit_fault(parameters, &mut passage);
            passage
        }
        ValueKind::Class(class) => run_middleware(witnessing, *class, "", span, passage),
        ValueKind::Symbol(symbol) => {
            let name = symbol.last_name();
            known_middleware(&name, &name, &mut add);
            passage
        }
        ValueKind::Closure(closure) => {
            let closure = Rc::clone(closure);
            pass_through(witnessing, &closure, Vec::new(), passage)
        }
        _ => passage,
    }
}

/// What Laravel's own middleware and those of well-known packages check.
pub(super) fn known_middleware(name: &str, whole: &str, add: &mut dyn FnMut(GuardKind, &str)) {
    match name {
        "auth"
        | "auth.basic"
        | "auth.session"
        | "verified"
        | "password.confirm"
        | "Authenticate"
        | "EnsureEmailIsVerified"
        | "AuthenticateWithBasicAuth"
        | "jwt.auth"
        | "jwt.verify"
        | "client"
        | "scope"
        | "scopes"
        | "abilities"
        | "ability"
        | "CheckForAnyAbility"
        | "CheckAbilities"
        | "auth.jwt"
        | "sanctum" => {
            add(GuardKind::Authentication, whole);
        }
        "can"
        | "role"
        | "permission"
        | "role_or_permission"
        | "Authorize"
        | "RoleMiddleware"
        | "PermissionMiddleware"
        | "RoleOrPermissionMiddleware" => {
            add(GuardKind::Authentication, whole);
            add(GuardKind::Role, whole);
        }
        "throttle" | "ThrottleRequests" | "ThrottleRequestsWithRedis" => add(GuardKind::RateLimit, whole),
        "signed" | "ValidateSignature" => add(GuardKind::Signature, whole),
        _ => {
            // The app's own, whose code was not found: its name is all there is.
            let words = crate::handler::words_of(name);
            let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
            if has(&["admin", "role", "permission", "superadmin", "owner", "staff"]) {
                add(GuardKind::Role, whole);
                add(GuardKind::Authentication, whole);
            } else if has(&["auth", "authenticated", "login", "authenticate"]) && !has(&["guest", "not"]) {
                add(GuardKind::Authentication, whole);
            }
        }
    }
}

/// `throttle:1000,1` stops nobody who guesses.
fn limit_fault(parameters: &str, passage: &mut Passage) {
    let Some(guard) = passage.named.last_mut().filter(|guard: &&mut Guard| guard.kind == GuardKind::RateLimit) else {
        return;
    };
    let mut numbers = parameters.split(',').map(|part| part.trim().parse::<f64>().ok());
    let (Some(Some(max)), minutes) = (numbers.next(), numbers.next().flatten().unwrap_or(1.0)) else { return };
    if max / minutes.max(0.01) > 120.0 || max >= 1_000.0 {
        guard.standing = GuardStanding::FailsOpen(format!("it allows {max} requests in {minutes} minutes"));
    }
}

fn run_middleware(
    witnessing: &mut Witnessing<'_, '_>,
    class: ClassRef,
    parameters: &str,
    span: Span,
    mut passage: Passage,
) -> Passage {
    let program = witnessing.machine.program;
    let Some(handle) = witnessing.machine.method(class, "handle") else {
        // It extends Laravel's own: the name of that says what it does.
        let base = witnessing.machine.library_base(class).unwrap_or_default();
        let base = base.split(':').next().unwrap_or(&base).to_owned();
        let mut add = |kind: GuardKind, name: &str| passage.named.push(named_guard(kind, name, span));
        let name = program.module(class.module).class(class.class).name.as_deref().unwrap_or_default().to_owned();
        let known = matches!(base.as_str(), "Middleware" | "Authenticate" | "");
        known_middleware(if known { &name } else { &base }, &name, &mut add);
        return passage;
    };
    let this = witnessing.machine.instance_of(class);
    let closure = Rc::new(Closure { this: Some(this), ..(*handle).clone() });
    let more = parameters.split(',').filter(|part| !part.is_empty()).map(Value::string).collect();
    pass_through(witnessing, &closure, more, passage)
}

/// What holds where a middleware goes on to the next.
fn pass_through(
    witnessing: &mut Witnessing<'_, '_>,
    closure: &Rc<Closure>,
    more: Vec<Value>,
    mut passage: Passage,
) -> Passage {
    let mut args = vec![given("@laravel"), given("@next")];
    args.extend(more);
    let run = witnessing.machine.run(closure, args, passage.facts.clone());
    let onwards: Vec<&Facts> =
        run.events.iter().filter(|event| event.path() == "@next").map(|event| &event.facts).collect();
    if let Some((first, rest)) = onwards.split_first() {
        let span = run.events.first().map(|event| event.span);
        // Each way on has its own conditions: what all have in common, and that one of them holds.
        let mut paths: Vec<Facts> = vec![(*first).clone()];
        paths.extend(rest.iter().map(|facts| (*facts).clone()));
        passage.facts = match span {
            Some(span) => Facts::joined(&paths, span),
            None => (*first).clone(),
        };
    }
    passage.opaque |= run.cut_off;
    passage.events.extend(run.events);
    passage
}

/// Debug mode, the session cookie and CORS as configured.
fn settings(program: &Program<'_>, app: &mut App) {
    for (id, file) in program.tree.iter() {
        let name = file.name();
        if matches!(name, ".env" | ".env.production" | ".env.prod") {
            let on = |key: &str, value: &str| {
                file.text().lines().any(|line| {
                    line.trim()
                        .strip_prefix(key)
                        .and_then(|rest| rest.trim_start().strip_prefix('='))
                        .is_some_and(|rest| rest.trim().trim_matches(['"', '\'']).eq_ignore_ascii_case(value))
                })
            };
            let is_production = on("APP_ENV", "production") || on("APP_ENV", "prod") || name != ".env";
            if on("APP_DEBUG", "true")
                && is_production
                && let Some(at) = file.text().find("APP_DEBUG")
            {
                let start = u32::try_from(at).unwrap_or(0);
                push_setting(app, "APP_DEBUG=true in production", Span::new(id, start, start + 14));
            }
        }
    }
    for (id, module) in program.iter().filter(|(_, module)| module.language == Language::Php) {
        let path = program.path(id);
        let Some((folder, name)) = path.rsplit_once('/') else { continue };
        if folder.rsplit('/').next() != Some("config") {
            continue;
        }
        let Some(returned) = module.body.iter().find_map(|&node| match module.kind(node) {
            Kind::Return(Some(value)) => Some(*value),
            _ => None,
        }) else {
            continue;
        };
        let option = |name: &str| module.property(returned, name);
        let is = |node: NodeId, wanted: bool| matches!(module.kind(node), Kind::Bool(value) if *value == wanted);
        // `env('KEY', default)`: what the app runs with where nothing is set.
        let default = |node: NodeId| match module.kind(node) {
            Kind::Call { callee, args, .. } if module.path(*callee).as_deref() == Some("env") => {
                args.get(1).map(|arg| arg.value)
            }
            _ => Some(node),
        };
        match name {
            "app.php" => {
                if let Some(node) = option("debug")
                    && default(node).is_some_and(|value| is(value, true))
                {
                    push_setting(app, "debug defaults to true", module.span(node));
                }
            }
            "session.php" => {
                let flag = |name: &str| {
                    let value = default(option(name)?)?;
                    if is(value, true) {
                        Some(true)
                    } else if is(value, false) {
                        Some(false)
                    } else {
                        None
                    }
                };
                let place = option("http_only").or(option("secure")).unwrap_or(returned);
                let same_site = option("same_site").and_then(default).and_then(|node| module.string(node));
                app.cookies.push(CookieSet {
                    name: "laravel_session".into(),
                    is_session: true,
                    http_only: flag("http_only").or(Some(true)),
                    secure: flag("secure"),
                    same_site: match same_site {
                        Some("none") => Some(SameSite::None),
                        Some("strict") => Some(SameSite::Strict),
                        _ => Some(SameSite::Lax),
                    },
                    max_age: None,
                    by: "Laravel".into(),
                    span: Some(module.span(place)),
                    exchange: None,
                });
            }
            "cors.php" => {
                let Some(list) = option("allowed_origins") else { continue };
                let Kind::Array(items) = module.kind(list) else { continue };
                let origins: Vec<String> =
                    items.iter().filter_map(|&item| module.string(item).map(str::to_owned)).collect();
                let origins = if origins.iter().any(|origin| origin == "*") {
                    AllowedOrigins::Any
                } else if origins.len() == items.len() && !items.is_empty() {
                    AllowedOrigins::Listed(origins)
                } else {
                    AllowedOrigins::Configured
                };
                let credentials = option("supports_credentials").is_some_and(|node| is(node, true));
                // With credentials Laravel repeats the origin that asks.
                let origins =
                    if credentials && origins == AllowedOrigins::Any { AllowedOrigins::Reflected } else { origins };
                app.cors.push(CorsPolicy {
                    origins,
                    credentials,
                    path: String::new(),
                    by: "Laravel".into(),
                    spans: vec![module.span(list)],
                });
            }
            _ => {}
        }
    }
    if let Some((id, _)) = program.iter().find(|(id, _)| program.path(*id).ends_with("bootstrap/app.php")) {
        let file = program.module(id).file;
        app.header_places.push(Span::new(file, 0, 5));
    }
}

fn push_setting(app: &mut App, value: &str, span: Span) {
    app.settings.push(SettingSeen {
        system: "Laravel".into(),
        key: "debug-mode".into(),
        value: value.into(),
        span,
        also: Vec::new(),
    });
}
