//! Front controllers of PHP with a router of the app's own: `$router->get('/orders/{id}', [OrderController::class, 'show'])`.
//!
//! The router is code of the app like any other, but which handler it calls depends on the address. So what is registered
//! with it is read off the calls, and each handler runs behind what the front controller has done until it hands over.

use std::collections::BTreeSet;
use std::rc::Rc;

use plimsoll_analysis::{
    ClassRef, Closure, Event, EventKind, Fact, Facts, FunctionRef, Label, Labels, ModuleId, Program, Value, ValueKind,
};
use plimsoll_ir::{Kind, Str};
use plimsoll_model::app::{EntryKind, GuardKind};
use plimsoll_source::Span;

use super::chain::{self, Passage, finish_run, given, join_path};
use super::flask::colon_parameters;
use super::laravel::known_middleware;
use crate::Witnessing;
use crate::handler::named_guard;

pub(super) const VERBS: &[&str] = &["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"];

/// Methods of routers that take the verb as an argument, or none.
const GENERAL: &[&str] = &["add", "map", "match", "route", "addroute", "register", "any", "all", "on"];

/// From so many registrations on, a class is a router.
const MANY: usize = 2;

/// A route as registered, or as a table of routes says it.
pub(super) struct Route {
    /// The router it is registered with.
    pub(super) class: Option<ClassRef>,
    pub(super) methods: Vec<String>,
    pub(super) path: String,
    pub(super) handler: Value,
    /// What stands between address and handler.
    pub(super) before: Vec<Value>,
    pub(super) span: Span,
}

/// Adds the routes of a page that is a front controller. `events` are those of the page as it loads.
pub(super) fn observe(witnessing: &mut Witnessing<'_, '_>, page: ModuleId, events: &[Event]) {
    let all = routes(witnessing, events);
    if all.len() < MANY {
        return;
    }
    let methods: BTreeSet<Option<String>> = all
        .iter()
        .flat_map(|route| match &route.methods[..] {
            [] => vec![None],
            list => list.iter().map(|method| Some(method.clone())).collect(),
        })
        .collect();
    for method in methods {
        // What the front controller checks may depend on the method.
        witnessing.machine.reset();
        if let Some(method) = &method {
            witnessing.machine.fix("_SERVER.REQUEST_METHOD", Value::string(method.as_str()));
        }
        let run = witnessing.machine.run_page(page, Facts::default());
        let found = routes(witnessing, &run.events);
        let assigned = witnessing.machine.assigned();
        for route in &found {
            let is_asked = match &method {
                Some(method) => route.methods.contains(method),
                None => route.methods.is_empty(),
            };
            if is_asked {
                let facts = concerning(&handed_over(witnessing, &run.events, route), &route.path);
                // What one handler leaves in the session, the next one does not find there.
                witnessing.machine.restore(assigned.clone());
                entry(witnessing, route, method.as_deref(), facts);
            }
        }
    }
    witnessing.machine.reset();
}

/// The class that a function is a method of.
fn class_of(witnessing: &Witnessing<'_, '_>, function: FunctionRef) -> Option<ClassRef> {
    let at = witnessing.machine.program.module(function.module).function(function.function);
    at.class.map(|class| ClassRef { module: function.module, class })
}

/// Calls of methods of the app's classes from outside of these: function and event.
fn entered<'e>(witnessing: &Witnessing<'_, '_>, events: &'e [Event]) -> Vec<(FunctionRef, ClassRef, &'e Event)> {
    events
        .iter()
        .filter_map(|event| {
            let EventKind::Enter { function, .. } = &event.kind else { return None };
            let class = class_of(witnessing, *function)?;
            let from = event.function.and_then(|from| class_of(witnessing, from));
            (from != Some(class)).then_some((*function, class, event))
        })
        .collect()
}

fn routes(witnessing: &Witnessing<'_, '_>, events: &[Event]) -> Vec<Route> {
    let program = witnessing.machine.program;
    let calls = entered(witnessing, events);
    let name_of = |function: FunctionRef| {
        program
            .module(function.module)
            .function(function.function)
            .name
            .clone()
            .unwrap_or_default()
            .to_ascii_lowercase()
    };
    let mut out: Vec<Route> = Vec::new();
    for (function, class, event) in &calls {
        let Some(mut route) = registration(&name_of(*function), event) else { continue };
        route.class = Some(*class);
        // `$router->group('/admin', function ($router) { … }, [Auth::class])`
        let groups =
            calls.iter().filter(|(function, ..)| matches!(name_of(*function).as_str(), "group" | "prefix" | "mount"));
        let mut around: Vec<&Event> = groups
            .filter(|(.., group)| {
                group.args().iter().any(|arg| {
                    arg.value.as_closure().is_some_and(|closure| {
                        let module = program.module(closure.module);
                        module.span_of(module.function(closure.function).range).contains(route.span)
                    })
                })
            })
            .map(|(.., group)| *group)
            .collect();
        around.reverse();
        for group in around {
            for arg in group.args().iter().filter(|arg| arg.value.as_closure().is_none()) {
                match arg.value.as_str() {
                    Some(text) if text.starts_with('/') || text.is_empty() => route.path = join_path(text, &route.path),
                    _ => {
                        if let Some(prefix) = arg.value.field("prefix").and_then(|prefix| prefix.text_shape()) {
                            route.path = join_path(&join_path("/", &prefix), &route.path);
                        }
                        let inner = arg.value.field("middleware").unwrap_or_else(|| arg.value.clone());
                        flatten(&inner, &mut route.before);
                    }
                }
            }
        }
        // `$router->get(…)->middleware('auth')`
        let behind = calls.iter().filter(|(function, _, later)| {
            matches!(name_of(*function).as_str(), "middleware" | "before" | "only" | "guard" | "auth" | "role")
                && later.span != route.span
                && later.span.contains(route.span)
        });
        for (function, _, later) in behind {
            if later.args().is_empty() {
                route.before.push(Value::string(name_of(*function)));
            }
            later.args().iter().for_each(|arg| flatten(&arg.value, &mut route.before));
        }
        out.push(route);
    }
    out
}

/// What a call registers, by the name of the method and its arguments.
fn registration(name: &str, event: &Event) -> Option<Route> {
    let by_name = VERBS.iter().find(|verb| verb.eq_ignore_ascii_case(name));
    if by_name.is_none() && !GENERAL.contains(&name) {
        return None;
    }
    let mut methods: Vec<String> = by_name.map(|verb| (*verb).to_owned()).into_iter().collect();
    let (mut path, mut handler, mut before) = (None, None, Vec::new());
    for arg in event.args() {
        let verbs = if by_name.is_none() { verbs_in(&arg.value) } else { Vec::new() };
        if !verbs.is_empty() && methods.is_empty() && path.is_none() {
            methods = verbs;
        } else if path.is_none() {
            path = Some(arg.value.text_shape()?);
        } else if handler.is_none() && is_handler(&arg.value) {
            handler = Some(arg.value.clone());
        } else {
            flatten(&arg.value, &mut before);
        }
    }
    let path = path.filter(|path| path.len() < 200 && !path.contains(char::is_whitespace))?;
    Some(Route {
        class: None,
        methods,
        path: join_path("/", &plain(&path)),
        handler: handler?,
        before,
        span: event.span,
    })
}

/// `GET`, `GET|POST`, `['GET', 'POST']`
fn verbs_in(value: &Value) -> Vec<String> {
    let texts: Vec<String> = match value.as_str() {
        Some(text) => text.split(['|', ',']).map(|part| part.trim().to_ascii_uppercase()).collect(),
        None => value.items().iter().filter_map(|item| item.as_str().map(str::to_ascii_uppercase)).collect(),
    };
    if !texts.is_empty() && texts.iter().all(|text| VERBS.contains(&text.as_str())) { texts } else { Vec::new() }
}

/// A pattern as a path with parameters: `/orders/(\d+)`, `/orders/[i:id]`, `/orders/{id}`.
pub(super) fn plain(pattern: &str) -> String {
    let inner = pattern.trim_matches(['#', '~']).trim_start_matches('^').trim_end_matches('$').replace("\\/", "/");
    let parts: Vec<String> = inner
        .split('/')
        .map(|part| match part.chars().next() {
            Some('(') => ":id".to_owned(),
            Some('[') => {
                let name = part.trim_matches(['[', ']']).rsplit(':').next().unwrap_or("id");
                if name.chars().all(|c| c.is_alphanumeric() || c == '_') {
                    format!(":{name}")
                } else {
                    ":id".to_owned()
                }
            }
            _ => part.to_owned(),
        })
        .collect();
    colon_parameters(&parts.join("/").replace("?}", "}"))
}

pub(super) fn is_handler(value: &Value) -> bool {
    match &value.kind {
        ValueKind::Closure(_) | ValueKind::Class(_) => true,
        ValueKind::Str(text) => text.contains('@') || text.contains("::"),
        ValueKind::Object(object) => {
            let items = object.items.borrow();
            items.len() == 2 && items[1].as_str().is_some() && {
                matches!(items[0].kind, ValueKind::Class(_) | ValueKind::Str(_))
                    || items[0].as_object().is_some_and(|whole| whole.class.is_some())
            }
        }
        _ => false,
    }
}

fn flatten(value: &Value, out: &mut Vec<Value>) {
    match value.as_object().filter(|object| object.class.is_none()) {
        Some(object) => object.items.borrow().iter().for_each(|item| flatten(item, out)),
        None => out.push(value.clone()),
    }
}

/// The conditions under which the front controller hands over to its router.
fn handed_over(witnessing: &Witnessing<'_, '_>, events: &[Event], route: &Route) -> Facts {
    let calls = entered(witnessing, events);
    calls
        .iter()
        .rev()
        .find(|(_, class, _)| Some(*class) == route.class)
        .map(|(.., event)| event.facts.clone())
        .unwrap_or_default()
}

/// Conditions as they are for one address: a way that is open only to other addresses is none here.
pub(super) fn concerning(facts: &Facts, path: &str) -> Facts {
    let mut out = Facts::default();
    for fact in facts.iter() {
        let Fact::AnyOf { branches, depth, span } = fact else {
            out = out.with([fact.clone()]);
            continue;
        };
        let left: Vec<Vec<Fact>> =
            branches.iter().filter(|branch| !branch.iter().any(|fact| is_elsewhere(fact, path))).cloned().collect();
        out = match &left[..] {
            [] => out.with([fact.clone()]),
            [only] => out.with(only.iter().cloned()),
            _ => out.with([Fact::AnyOf { branches: left.into(), depth: *depth, span: *span }]),
        };
    }
    out
}

/// Whether a condition on the address does not hold for this one.
fn is_elsewhere(fact: &Fact, path: &str) -> bool {
    let is_this = |text: &str| {
        let parts = |path: &str| path.trim_matches('/').split('/').map(str::to_owned).collect::<Vec<_>>();
        let (own, asked) = (parts(path), parts(text));
        own.len() == asked.len() && own.iter().zip(&asked).all(|(own, asked)| own.starts_with(':') || own == asked)
    };
    match fact {
        Fact::In { value, among, holds, .. } if is_address(value) => {
            let items = among.items();
            let texts: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            !texts.is_empty() && texts.len() == items.len() && texts.iter().any(|text| is_this(text)) != *holds
        }
        Fact::Equal { left, right, holds, .. } => [(left, right), (right, left)]
            .iter()
            .any(|(value, text)| is_address(value) && text.as_str().is_some_and(|text| is_this(text) != *holds)),
        _ => false,
    }
}

fn is_address(value: &Value) -> bool {
    value.as_str().is_none()
        && value.deep_labels().any(|label| match label {
            Label::Input(name, _) => {
                let last = name.rsplit('.').next().unwrap_or(name);
                matches!(last, "url" | "route" | "path" | "uri" | "page" | "action" | "controller" | "module")
            }
            _ => false,
        })
}

/// The function that a closure does nothing but call.
fn behind(program: &Program<'_>, events: &[Event], outer: FunctionRef) -> Option<FunctionRef> {
    let module = program.module(outer.module);
    let Kind::Block(list) = module.kind(module.function(outer.function).body) else { return None };
    let [only] = list[..] else { return None };
    let call = match module.kind(only) {
        Kind::Return(Some(value)) => *value,
        _ => only,
    };
    matches!(module.kind(call), Kind::Call { .. }).then_some(())?;
    events.iter().find_map(|event| match &event.kind {
        EventKind::Enter { function, .. } if event.function == Some(outer) => Some(*function),
        _ => None,
    })
}

/// The class and function behind a handler.
pub(super) fn resolve(witnessing: &mut Witnessing<'_, '_>, handler: &Value) -> Option<(Option<ClassRef>, Rc<Closure>)> {
    if let Some(closure) = handler.as_closure() {
        return Some((None, Rc::clone(closure)));
    }
    let (class, method): (ClassRef, Str) = match &handler.kind {
        ValueKind::Class(class) => (*class, "__invoke".into()),
        ValueKind::Str(text) => {
            let (class, method) = text.split_once('@').or_else(|| text.split_once("::"))?;
            (witnessing.machine.php_class(class)?, method.into())
        }
        _ => {
            let items = handler.items();
            let [of, method] = &items[..] else { return None };
            let class = match &of.kind {
                ValueKind::Class(class) => *class,
                ValueKind::Str(name) => witnessing.machine.php_class(name)?,
                _ => of.as_object()?.class?,
            };
            (class, method.as_str()?.into())
        }
    };
    Some((Some(class), witnessing.machine.method(class, &method)?))
}

/// Runs a route's handler, adds it, and returns the files that it included.
pub(super) fn entry(
    witnessing: &mut Witnessing<'_, '_>,
    route: &Route,
    method: Option<&str>,
    facts: Facts,
) -> BTreeSet<ModuleId> {
    let program = witnessing.machine.program;
    let methods: Vec<&str> = method.into_iter().collect();
    let mut point = chain::entry(EntryKind::Route, &methods, &route.path, "PHP", route.span);
    let mut passage = Passage { facts, ..Passage::default() };
    for value in &route.before {
        passage = before(witnessing, value, route.span, passage);
    }
    let Some((class, handler)) = resolve(witnessing, &route.handler) else { return BTreeSet::new() };
    let module = program.module(handler.module);
    let function = module.function(handler.function);
    let args = function
        .params
        .iter()
        .map(|param| {
            let name = match module.kind(param.pattern) {
                Kind::Name(name) => name.to_string(),
                _ => String::new(),
            };
            let kind = param.annotation.map(|node| program.tree.text(module.span(node)).to_ascii_lowercase());
            match kind.as_deref() {
                Some("int" | "float" | "?int") => {
                    let label = Label::Input(format!("params.{name}").into(), plimsoll_analysis::Clean::ALL);
                    Value::of(Labels::one(label))
                }
                Some("string" | "?string" | "mixed") => chain::input(&format!("params.{name}")),
                Some("array") => chain::input("params"),
                None if !matches!(name.as_str(), "params" | "args" | "vars" | "matches") => {
                    chain::input(&format!("params.{name}"))
                }
                None => chain::input("params"),
                Some(_) => Value::unknown(),
            }
        })
        .collect();
    if let Some(name) = class.and_then(|class| program.module(class.module).class(class.class).name.clone()) {
        point.name = Some(format!("{name}::{}", function.name.clone().unwrap_or_default()));
    }
    point.handler = module.span_of(function.head);
    let declared = program.tree.text(module.span_of(function.range));
    let is_static = declared.split('(').next().unwrap_or_default().split_whitespace().any(|word| word == "static");
    let handler = match class {
        Some(class) if handler.this.is_none() => {
            let whole = witnessing.machine.instance_of(class);
            // Who makes the controller runs its constructor, which may refuse the caller.
            if !is_static && let Some(made) = witnessing.machine.method(class, "__construct") {
                // On an instance of its own: what is not known here must not overwrite what was injected.
                let other = witnessing.machine.instance_of(class);
                let made = Rc::new(Closure { this: Some(other), ..(*made).clone() });
                let run = witnessing.machine.run(&made, Vec::new(), passage.facts.clone());
                passage.facts = run.facts.clone();
                passage.opaque |= run.cut_off;
                passage.events.extend(run.events);
            }
            Rc::new(Closure { this: Some(whole), ..(*handler).clone() })
        }
        _ => handler,
    };
    let run = witnessing.machine.run(&handler, args, passage.facts.clone());
    let included = witnessing.machine.included().collect();
    if route.class.is_none() && point.methods.is_empty() {
        // A table without verbs: the handler says what it takes.
        point.methods = super::php::methods(&run.events);
    }
    // A closure that only hands over: what it hands over to is the handler.
    let outer = FunctionRef { module: handler.module, function: handler.function };
    if let Some(inner) = behind(program, &run.events, outer) {
        let home = program.module(inner.module);
        let at = home.function(inner.function);
        let class = at.class.and_then(|class| home.class(class).name.clone());
        let method = at.name.clone().unwrap_or_default();
        point.name = Some(class.map_or_else(|| method.to_string(), |class| format!("{class}::{method}")));
        point.handler = home.span_of(at.head);
    }
    finish_run(witnessing, point, run, passage);
    included
}

/// What holds behind something that a route names to run before its handler.
fn before(witnessing: &mut Witnessing<'_, '_>, value: &Value, span: Span, mut passage: Passage) -> Passage {
    let class = match &value.kind {
        ValueKind::Class(class) => Some(*class),
        ValueKind::Str(name) => witnessing.machine.php_class(name),
        _ => value.as_object().and_then(|object| object.class),
    };
    let closure = match class {
        Some(class) => ["handle", "__invoke", "process", "before", "check"].iter().find_map(|name| {
            let method = witnessing.machine.method(class, name)?;
            let whole = witnessing.machine.instance_of(class);
            Some(Rc::new(Closure { this: Some(whole), ..(*method).clone() }))
        }),
        None => value.as_closure().cloned(),
    };
    let Some(closure) = closure else {
        let name = value.as_str().unwrap_or_default().to_owned();
        let mut add = |kind: GuardKind, name: &str| passage.named.push(named_guard(kind, name, span));
        known_middleware(name.split(':').next().unwrap_or(&name), &name, &mut add);
        return passage;
    };
    let run = witnessing.machine.run(&closure, vec![Value::unknown(), given("@next")], passage.facts.clone());
    let onwards: Vec<&Facts> =
        run.events.iter().filter(|event| event.path() == "@next").map(|event| &event.facts).collect();
    passage.facts = match onwards.split_first() {
        Some((first, rest)) => rest.iter().fold((*first).clone(), |common, facts| common.common(facts)),
        None => run.facts.clone(),
    };
    passage.opaque |= run.cut_off;
    passage.events.extend(run.events);
    passage
}
