//! Flask and FastAPI: decorated functions, blueprints and routers with prefixes, hooks before each request.

use std::collections::BTreeMap;

use plimsoll_analysis::{Argument, Event, EventKind, Symbol, SymbolKind, Value};
use plimsoll_ir::Kind;
use plimsoll_model::App;
use plimsoll_model::app::EntryKind;

use super::chain::{
    self, Convention, Passage, RETURNS_NOTHING, closure_in, finish, fix_request, given, join_path, pass,
};
use crate::Witnessing;

/// Hooks are called with nothing and go on by returning nothing.
const HOOK: Convention = Convention { args: Vec::new, next: RETURNS_NOTHING };

const METHODS: &[&str] = &["get", "post", "put", "patch", "delete"];

pub(crate) fn observe(witnessing: &mut Witnessing<'_, '_>, setup: &[Event], app: &mut App) {
    let prefixes = prefixes(setup);
    let hooks: Vec<&Event> = setup
        .iter()
        .filter(|event| {
            matches!(event.path().rsplit('.').next(), Some("before_request" | "before_app_request"))
                && is_server(event.path())
        })
        .collect();
    let mut seen = false;
    for event in setup {
        // `@app.route('/x')` calls what `app.route('/x')` gave with the function below it.
        let EventKind::Call { callee, args } = &event.kind else { continue };
        let SymbolKind::Call { callee: registrar, args: options, .. } = &callee.kind else { continue };
        if !is_server(&registrar.path) {
            continue;
        }
        let name = registrar.last_name();
        let methods: Vec<String> = if name == "route" || name == "api_route" {
            methods_of(options)
        } else if METHODS.contains(&name.as_str()) {
            vec![name.to_uppercase()]
        } else {
            continue;
        };
        let Some(handler) = args.first().and_then(|arg| closure_in(&arg.value)) else { continue };
        let Some(own) = options.first().and_then(|arg| arg.value.text_shape()) else { continue };
        let framework = if registrar.path.contains("fastapi") { "FastAPI" } else { "Flask" };
        if !seen {
            seen = true;
            app.stack.push(framework.into());
            app.serves_pages |= framework == "Flask";
        }
        let base = root_of(registrar);
        let prefix = base.and_then(|base| prefixes.get(&site_key(&base))).cloned().unwrap_or_default();
        let path = join_path(&prefix, &colon_parameters(&own));
        witnessing.machine.reset();
        let method = methods.iter().find(|method| *method != "GET").or(methods.first()).cloned();
        // A view that answers GET and POST decides by the method: it is not fixed.
        fix_request(witnessing.machine, if methods.len() == 1 { method.as_deref() } else { None }, &path);
        let mut passage = Passage::default();
        // The app's own hooks run first, then those of the blueprint that the route belongs to.
        let own_site = root_of(registrar).map(|base| site_key(&base));
        let of_app =
            |hook: &&&Event| hook.path().contains("flask.Flask()") || hook.path().ends_with("before_app_request");
        let of_blueprint = |hook: &&&Event| {
            let EventKind::Call { callee, .. } = &hook.kind else { return false };
            !of_app(hook) && root_of(callee).map(|base| site_key(&base)) == own_site
        };
        for hook in hooks.iter().filter(of_app).chain(hooks.iter().filter(of_blueprint)) {
            if let Some(closure) = hook.arg(0) {
                passage = pass(witnessing, &HOOK, closure, hook.span, passage);
            }
        }
        // Decorators of libraries below the route's own.
        if let Some(arg) = args.first() {
            passage = decorators(witnessing, &arg.value, event, passage);
        }
        // What runs may be a wrapper of the app's own decorator; the view is the function that the route stands above.
        let program = witnessing.machine.program;
        let above = program.module(event.site.module);
        let decorated = above.functions.iter().find(|function| function.decorators.contains(&event.site.node));
        let (module, function) = match decorated {
            Some(function) => (above, function),
            None => {
                let module = program.module(handler.module);
                (module, module.function(handler.function))
            }
        };
        let values = function
            .params
            .iter()
            .map(|param| {
                match (module.kind(param.pattern), param.default.map(|default| module.kind(default).clone())) {
                    // FastAPI's dependencies run before the handler; what they give is known by name.
                    (Kind::Name(name), Some(Kind::Call { callee, .. }))
                        if module
                            .path(callee)
                            .is_some_and(|path| path.ends_with("Depends") || path.ends_with("Security")) =>
                    {
                        if name.contains("user") || name.contains("admin") || name.contains("auth") {
                            given("@identity")
                        } else {
                            Value::unknown()
                        }
                    }
                    (Kind::Name(name), _) if name == "request" => given("@request"),
                    (Kind::Name(name), _) => chain::input(&format!("params.{name}")),
                    _ => Value::unknown(),
                }
            })
            .collect();
        let list: Vec<&str> = methods.iter().map(String::as_str).collect();
        let mut point = chain::entry(EntryKind::Route, &list, &path, framework, event.span);
        point.span = module.span_of(function.head);
        dependencies(witnessing, &handler, &mut passage);
        point.name = function.name.as_ref().map(ToString::to_string);
        let head = point.span;
        let index = finish(witnessing, point, &handler, values, passage);
        witnessing.entry_points[index].handler = head;
    }
}

fn is_server(path: &str) -> bool {
    ["flask.Flask()", "Blueprint()", "FastAPI()", "APIRouter()"].iter().any(|name| path.contains(name))
        && path.matches("()").count() == 1
}

/// The server or blueprint that a registrar belongs to.
fn root_of(registrar: &Symbol) -> Option<std::rc::Rc<Symbol>> {
    match &registrar.kind {
        SymbolKind::Member(base, _) => Some(std::rc::Rc::clone(base)),
        _ => None,
    }
}

fn site_key(symbol: &Symbol) -> String {
    symbol.site().map_or_else(String::new, |site| format!("{}:{}", site.module.0, site.node.0))
}

/// Prefixes of blueprints and routers, given where they are made or where they are registered.
fn prefixes(setup: &[Event]) -> BTreeMap<String, String> {
    let mut out: BTreeMap<String, String> = BTreeMap::new();
    for event in setup {
        let EventKind::Call { callee, .. } = &event.kind else { continue };
        if !matches!(callee.last_name().as_str(), "register_blueprint" | "include_router") {
            continue;
        }
        let Some(blueprint) = event.arg(0).and_then(Value::as_symbol) else { continue };
        let made = blueprint
            .calls()
            .first()
            .and_then(|(_, args, _)| named(args, &["url_prefix", "prefix"]))
            .unwrap_or_default();
        let given = event
            .named("url_prefix")
            .or_else(|| event.named("prefix"))
            .and_then(|value| value.as_str().map(str::to_owned));
        let prefix = match given {
            Some(given) if callee.last_name() == "include_router" => join_path(&given, &made),
            Some(given) => given,
            None => made,
        };
        out.insert(site_key(blueprint), prefix);
    }
    out
}

fn named(args: &[Argument], names: &[&str]) -> Option<String> {
    args.iter()
        .find(|arg| arg.name.as_deref().is_some_and(|name| names.contains(&name)))
        .and_then(|arg| arg.value.as_str().map(str::to_owned))
}

fn methods_of(options: &[Argument]) -> Vec<String> {
    let listed: Vec<String> = options
        .iter()
        .filter(|arg| arg.name.as_deref() == Some("methods"))
        .flat_map(|arg| arg.value.items())
        .filter_map(|item| item.as_str().map(str::to_uppercase))
        .collect();
    if listed.is_empty() { vec!["GET".into()] } else { listed }
}

/// `/jobs/<int:id>` and `/jobs/{id}` → `/jobs/:id`.
pub(super) fn colon_parameters(path: &str) -> String {
    path.split('/')
        .map(|part| {
            let inner = part
                .strip_prefix('<')
                .and_then(|part| part.strip_suffix('>'))
                .or_else(|| part.strip_prefix('{').and_then(|part| part.strip_suffix('}')));
            match inner {
                Some(inner) => format!(":{}", inner.rsplit(':').next().unwrap_or(inner)),
                None => part.to_owned(),
            }
        })
        .collect::<Vec<_>>()
        .join("/")
}

/// Guards of library decorators around a function: `login_required(f)`, `limiter.limit('5/minute')(f)`.
pub(super) fn decorators(
    witnessing: &mut Witnessing<'_, '_>,
    value: &Value,
    event: &Event,
    mut passage: Passage,
) -> Passage {
    let mut at = value.clone();
    for _ in 0..6 {
        let Some(symbol) = at.as_symbol().cloned() else { break };
        let SymbolKind::Call { callee, args, .. } = &symbol.kind else { break };
        let name = Value::symbol(std::rc::Rc::clone(callee), plimsoll_analysis::Labels::NONE);
        passage = pass(witnessing, &HOOK, &name, event.span, passage);
        let Some(inner) = args.first() else { break };
        at = inner.value.clone();
    }
    passage
}

/// Runs the functions that FastAPI calls before a handler.
fn dependencies(witnessing: &mut Witnessing<'_, '_>, handler: &plimsoll_analysis::Closure, passage: &mut Passage) {
    let program = witnessing.machine.program;
    let module = program.module(handler.module);
    let mut named = Vec::new();
    for param in &module.function(handler.function).params {
        let Some(Kind::Call { callee, args, .. }) = param.default.map(|default| module.kind(default)) else { continue };
        if !module.path(*callee).is_some_and(|path| path.ends_with("Depends") || path.ends_with("Security")) {
            continue;
        }
        if let Some(name) = args.first().and_then(|arg| module.path(arg.value)) {
            let words = crate::handler::words_of(&name);
            let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
            let span = module.span(*callee);
            if has(&["user", "auth", "token", "jwt", "authenticated", "login", "admin"]) {
                named.push(crate::handler::named_guard(plimsoll_model::app::GuardKind::Authentication, &name, span));
            }
            if has(&["admin", "role", "permission", "superuser"]) {
                named.push(crate::handler::named_guard(plimsoll_model::app::GuardKind::Role, &name, span));
            }
        }
    }
    passage.named.extend(named);
}
