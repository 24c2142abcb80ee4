//! Flask and FastAPI: decorated functions, blueprints and routers with prefixes, hooks before each request.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_analysis::{Argument, Clean, Event, EventKind, FunctionRef, Label, Labels, Symbol, SymbolKind, Value};
use plimsoll_ir::{FunctionId, Kind, Language};
use plimsoll_model::App;
use plimsoll_model::app::{EntryKind, Guard, GuardKind, GuardStanding, SettingSeen};
use plimsoll_source::Span;

use super::chain::{
    self, Convention, Passage, RETURNS_NOTHING, closure_in, finish, fix_request, given, join_path, pass,
};
use crate::Witnessing;
use crate::handler::named_guard;

/// Hooks are called with nothing and go on by returning nothing.
const HOOK: Convention = Convention { args: Vec::new, next: RETURNS_NOTHING };

/// FastAPI's middleware: a request, and a function that goes on.
const AROUND: Convention = Convention { args: || vec![given("@request"), given("@call-next")], next: "@call-next" };

const METHODS: &[&str] = &["get", "post", "put", "patch", "delete"];

/// What stands around the routes of an app.
pub(super) struct Around<'e> {
    hooks: Vec<&'e Event>,
    middlewares: Vec<&'e Event>,
    limiter: Option<Guard>,
    csrf: Option<Guard>,
    prefixes: BTreeMap<String, String>,
    mounted: Option<BTreeSet<String>>,
}

impl<'e> Around<'e> {
    fn of(witnessing: &mut Witnessing<'_, '_>, setup: &'e [Event]) -> Self {
        let of_kind = |test: fn(&str) -> bool| setup.iter().filter(move |event| test(event.path()));
        Around {
            hooks: of_kind(|path| {
                matches!(path.rsplit('.').next(), Some("before_request" | "before_app_request")) && is_server(path)
            })
            .collect(),
            middlewares: of_kind(|path| path.ends_with("FastAPI().middleware()")).collect(),
            limiter: limiter_for_all(witnessing, setup),
            csrf: csrf_for_all(setup),
            prefixes: prefixes(setup),
            mounted: mounted(setup),
        }
    }

    /// Whether what belongs to a server or blueprint is never reached, because nothing takes it in.
    pub(super) fn is_left_out(&self, base: &Symbol) -> bool {
        is_part(base) && self.mounted.as_ref().is_some_and(|all| !all.contains(&site_key(base)))
    }

    /// What stands before the paths of a server or blueprint.
    pub(super) fn prefix(&self, base: &Symbol) -> String {
        self.prefixes.get(&site_key(base)).cloned().unwrap_or_default()
    }

    /// The app's own hooks run first, then those of the blueprint that the route belongs to.
    pub(super) fn pass(&self, witnessing: &mut Witnessing<'_, '_>, base: Option<&Symbol>) -> Passage {
        let own_site = base.map(site_key);
        let mut passage = Passage::default();
        let of_app =
            |hook: &&&Event| hook.path().contains("flask.Flask()") || hook.path().ends_with("before_app_request");
        let of_blueprint = |hook: &&&Event| {
            let EventKind::Call { callee, .. } = &hook.kind else { return false };
            !of_app(hook) && root_of(callee).map(|base| site_key(&base)) == own_site
        };
        for hook in self.hooks.iter().filter(of_app).chain(self.hooks.iter().filter(of_blueprint)) {
            if let Some(closure) = hook.arg(0) {
                passage = pass(witnessing, &HOOK, closure, hook.span, passage);
            }
        }
        for middleware in &self.middlewares {
            if let Some(closure) = middleware.arg(0) {
                passage = pass(witnessing, &AROUND, closure, middleware.span, passage);
            }
        }
        passage
    }

    /// What applies to every route that is not exempt.
    pub(super) fn for_all(&self, exempt: impl Fn(&str) -> bool) -> Vec<Guard> {
        [("limiter", &self.limiter), ("csrf", &self.csrf)]
            .into_iter()
            .filter(|(what, _)| !exempt(what))
            .filter_map(|(_, guard)| guard.clone())
            .collect()
    }
}

/// A place where a path is tied to what answers it.
pub(super) struct Registration<'e> {
    /// The server's or blueprint's method that ties them.
    pub(super) registrar: std::rc::Rc<Symbol>,
    /// What the method was given, the path among it.
    pub(super) options: &'e [Argument],
    /// What answers.
    pub(super) view: &'e Value,
}

impl<'e> Registration<'e> {
    pub(super) fn of(event: &'e Event) -> Option<Self> {
        let EventKind::Call { callee, args } = &event.kind else { return None };
        // `@app.route('/x')` calls what `app.route('/x')` gave with the function below it.
        if let SymbolKind::Call { callee: registrar, args: options, .. } = &callee.kind {
            let registrar = std::rc::Rc::clone(registrar);
            return Some(Registration { registrar, options, view: &args.first()?.value });
        }
        // `app.add_url_rule('/x', view_func=f)`, `app.add_api_route('/x', f)`
        let (name, position) = match callee.last_name().as_str() {
            "add_url_rule" => ("view_func", 2),
            "add_api_route" | "add_api_websocket_route" | "add_websocket_route" => ("endpoint", 1),
            _ => return None,
        };
        let by_position = args.get(position).filter(|arg| arg.name.is_none());
        let view = args.iter().find(|arg| arg.name.as_deref() == Some(name)).or(by_position)?;
        Some(Registration { registrar: std::rc::Rc::clone(callee), options: args, view: &view.value })
    }

    /// The path as it is written.
    pub(super) fn path(&self) -> Option<String> {
        let named = |arg: &&Argument| matches!(arg.name.as_deref(), Some("rule" | "path"));
        self.options
            .first()
            .filter(|arg| arg.name.is_none())
            .or_else(|| self.options.iter().find(named))?
            .value
            .text_shape()
    }

    /// Methods that are answered; `None` where it ties no path. A socket has none.
    fn methods(&self) -> Option<Vec<String>> {
        let name = self.registrar.last_name();
        match name.as_str() {
            "route" | "api_route" | "add_url_rule" | "add_api_route" => Some(methods_of(self.options)),
            "websocket" | "websocket_route" | "add_api_websocket_route" | "add_websocket_route" => Some(Vec::new()),
            _ => METHODS.contains(&name.as_str()).then(|| vec![name.to_uppercase()]),
        }
    }
}

pub(crate) fn observe(witnessing: &mut Witnessing<'_, '_>, setup: &[Event], app: &mut App) {
    let factories = factories(witnessing, setup);
    let setup: &[Event] = &factories;
    let around = Around::of(witnessing, setup);
    let included = included(setup);
    error_handlers(witnessing, setup);
    let mut seen = false;
    let mut in_address: Vec<Span> = Vec::new();
    for event in setup {
        let Some(registration) = Registration::of(event) else { continue };
        let Registration { registrar, options, view } = &registration;
        if !is_server(&registrar.path) {
            continue;
        }
        let Some(methods) = registration.methods() else { continue };
        let Some(handler) = closure_in(view) else { continue };
        let Some(own) = registration.path() else { continue };
        let framework = if registrar.path.contains("fastapi") { "FastAPI" } else { "Flask" };
        if !seen {
            seen = true;
            app.stack.push(framework.into());
            app.serves_pages |= framework == "Flask";
        }
        let base = root_of(registrar);
        if base.as_ref().is_some_and(|base| around.is_left_out(base)) {
            continue;
        }
        let prefix = base.as_ref().map(|base| around.prefix(base)).unwrap_or_default();
        let path = join_path(&prefix, &colon_parameters(&own));
        witnessing.machine.reset();
        let method = methods.iter().find(|method| *method != "GET").or(methods.first()).cloned();
        // A view that answers GET and POST decides by the method: it is not fixed.
        fix_request(witnessing.machine, if methods.len() == 1 { method.as_deref() } else { None }, &path);
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
        if framework == "Flask" {
            // Hooks tell views apart by their names: `auth.login` for `login` of the blueprint `auth`.
            let view = options
                .iter()
                .find(|arg| arg.name.as_deref() == Some("endpoint"))
                .and_then(|arg| arg.value.as_str().map(str::to_owned))
                .or_else(|| function.name.as_ref().map(ToString::to_string));
            name_view(witnessing, base.as_deref(), view);
        }
        let mut passage = around.pass(witnessing, base.as_deref());
        // Decorators of libraries below the route's own.
        passage = decorators(witnessing, view, event, passage);
        let span = module.span_of(function.head);
        let own_site = base.as_ref().map(|base| site_key(base));
        let values = if framework == "FastAPI" {
            for (_, made_with, _) in base.iter().flat_map(|base| base.calls()) {
                super::fastapi::listed(witnessing, &made_with, span, &mut passage);
            }
            if let Some(given_where_included) = included.get(&own_site.unwrap_or_default()) {
                super::fastapi::listed(witnessing, given_where_included, span, &mut passage);
            }
            super::fastapi::listed(witnessing, options, span, &mut passage);
            super::fastapi::parameters(witnessing, &handler, &path, &mut passage, 0)
        } else {
            let params = function.params.iter();
            params
                .map(|param| match module.kind(param.pattern) {
                    Kind::Name(name) => path_parameter(&own, name),
                    _ => Value::unknown(),
                })
                .collect()
        };
        passage.named.extend(around.for_all(|what| exempt(witnessing, event, what)));
        passage.sends_pages = framework == "Flask"
            || options
                .iter()
                .any(|arg| arg.name.as_deref() == Some("response_class") && arg.value.path().ends_with("HTMLResponse"));
        let list: Vec<&str> = methods.iter().map(String::as_str).collect();
        let kind = if methods.is_empty() { EntryKind::Socket } else { EntryKind::Route };
        let mut point = chain::entry(kind, &list, &path, framework, event.span);
        point.span = module.span_of(function.head);
        point.name = function.name.as_ref().map(ToString::to_string);
        let head = point.span;
        let first_flow = witnessing.flows.len();
        let index = finish(witnessing, point, &handler, values, passage);
        witnessing.entry_points[index].handler = head;
        // Only what the declared answer names is sent, whatever the handler returns.
        let model = options.iter().find(|arg| arg.name.as_deref() == Some("response_model"));
        if framework == "FastAPI"
            && model.is_some()
            && super::fastapi::declared_answer(witnessing, event)
                .is_some_and(|names| !names.iter().any(|name| says_password(name)))
        {
            without_credentials(witnessing, first_flow);
        }
        if takes_ticket_from_address(&witnessing.entry_points[index]) {
            in_address.push(head);
        }
    }
    super::resources::observe(witnessing, setup, &around, app);
    super::flask_admin::observe(witnessing, setup, app);
    super::fastapi_users::observe(witnessing, setup, &around, app);
    in_address.sort();
    in_address.dedup();
    if let Some((&span, rest)) = in_address.split_first() {
        app.settings.push(SettingSeen {
            system: "Python".into(),
            key: "session-token-in-url".into(),
            value: "query".into(),
            span,
            also: rest.to_vec(),
        });
    }
}

/// Fixes the name of the view that runs, by which hooks tell views apart.
pub(super) fn name_view(witnessing: &mut Witnessing<'_, '_>, base: Option<&Symbol>, view: Option<String>) {
    let blueprint = base.and_then(blueprint_name);
    if let Some(view) = view {
        let endpoint = blueprint.as_ref().map_or_else(|| view.clone(), |name| format!("{name}.{view}"));
        witnessing.machine.fix("flask.request.endpoint", Value::string(endpoint.as_str()));
    }
    if let Some(name) = blueprint {
        witnessing.machine.fix("flask.request.blueprint", Value::string(name.as_str()));
    }
}

/// The value of a parameter that stands in a path.
pub(super) fn path_parameter(path: &str, name: &str) -> Value {
    if is_number(path, name) {
        Value::of(Labels::one(Label::Input(format!("params.{name}").into(), Clean::ALL)))
    } else {
        chain::input(&format!("params.{name}"))
    }
}

/// Drops the flows from a number on by which a credential would be sent: only what is declared is.
pub(super) fn without_credentials(witnessing: &mut Witnessing<'_, '_>, first_flow: usize) {
    let mut at = 0;
    witnessing.flows.retain(|flow| {
        at += 1;
        at <= first_flow
            || flow.source != plimsoll_model::app::Source::Credential
            || flow.sink != plimsoll_model::app::Sink::Response
    });
}

fn says_password(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["password", "passwd", "hash", "pwd", "secret"].iter().any(|word| name.contains(word))
}

/// Whether a route knows its caller by something secret that is part of the address.
fn takes_ticket_from_address(entry: &plimsoll_model::app::EntryPoint) -> bool {
    let named = |input: &str, list: &[&str]| {
        input.strip_prefix("query.").is_some_and(|name| {
            let words = crate::handler::words_of(name);
            words.last().is_some_and(|word| list.contains(&word.as_str()))
        })
    };
    let any = |list: &[&str]| entry.inputs.iter().any(|input| named(input, list));
    let by_session = || entry.effects.iter().any(|effect| crate::knowledge::keeps_sessions(&effect.target));
    // `?key=…` against what only the server knows; a token may be that of a link that was sent.
    let by_secret = || entry.guards.iter().any(|guard| guard.kind == GuardKind::Signature);
    any(&["token", "jwt", "session"]) && by_session()
        || any(&["key", "secret", "password", "pwd", "apikey"]) && by_secret()
}

pub(super) fn is_server(path: &str) -> bool {
    ["flask.Flask()", "Blueprint()", "FastAPI()", "APIRouter()"].iter().any(|name| path.contains(name))
        && path.matches("()").count() == 1
}

/// The server or blueprint that a registrar belongs to.
pub(super) fn root_of(registrar: &Symbol) -> Option<std::rc::Rc<Symbol>> {
    match &registrar.kind {
        SymbolKind::Member(base, _) => Some(std::rc::Rc::clone(base)),
        _ => None,
    }
}

pub(super) fn site_key(symbol: &Symbol) -> String {
    symbol.site().map_or_else(String::new, |site| format!("{}:{}", site.module.0, site.node.0))
}

/// Whether it is a blueprint or router, which answers only where an app takes it in.
fn is_part(base: &Symbol) -> bool {
    base.path.ends_with("Blueprint()") || base.path.ends_with("APIRouter()")
}

/// The name that a blueprint was given.
fn blueprint_name(base: &Symbol) -> Option<String> {
    let (name, args, _) = base.calls().into_iter().next()?;
    (name == "Blueprint").then(|| args.first()?.value.as_str().map(str::to_owned)).flatten()
}

/// The blueprints and routers that are taken in somewhere; `None` where that is not known of all.
fn mounted(setup: &[Event]) -> Option<BTreeSet<String>> {
    let mut all = BTreeSet::new();
    for event in setup {
        let EventKind::Call { callee, .. } = &event.kind else { continue };
        if matches!(callee.last_name().as_str(), "register_blueprint" | "include_router") {
            let part = event.arg(0).or_else(|| event.named("router")).or_else(|| event.named("blueprint"))?;
            let part = part.as_symbol()?;
            // What a library made (`fastapi_users.get_auth_router(…)`) is none of the app's own parts.
            if !is_part(part) && part.path.contains("()") && !part.path.starts_with('@') {
                continue;
            }
            all.insert(site_key(Some(part).filter(|symbol| is_part(symbol))?));
        }
    }
    (!all.is_empty()).then_some(all)
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
        let given = event.named("url_prefix").or_else(|| event.named("prefix")).and_then(constant);
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
        .and_then(|arg| constant(&arg.value))
}

/// A text, also one that a setting may replace.
fn constant(value: &Value) -> Option<String> {
    match &value.kind {
        plimsoll_analysis::ValueKind::Or(pair) => constant(&pair.1),
        _ => value.as_str().map(str::to_owned),
    }
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

/// Set-up, with that of application factories which only the server calls.
fn factories(witnessing: &mut Witnessing<'_, '_>, setup: &[Event]) -> Vec<Event> {
    let program = witnessing.machine.program;
    let mut all = setup.to_vec();
    for (id, module) in program.iter().filter(|(_, module)| module.language == Language::Python) {
        for (function, at) in (0u32..).map(FunctionId).zip(&module.functions) {
            let is_factory = at.parent.is_none()
                && at.class.is_none()
                && at.name.as_deref().is_some_and(|name| {
                    matches!(name, "create_app" | "make_app" | "build_app" | "get_app" | "init_app" | "get_application")
                });
            let reference = FunctionRef { module: id, function };
            if !is_factory || witnessing.machine.entered().contains(&reference) {
                continue;
            }
            let closure = witnessing.machine.closure_of(reference);
            let events = witnessing.machine.run_setup(&closure, Vec::new()).events;
            witnessing.note_events(&events);
            all.extend(events);
        }
    }
    all
}

/// What routers are included with, by the place where they are made.
fn included(setup: &[Event]) -> BTreeMap<String, Vec<Argument>> {
    setup
        .iter()
        .filter(|event| event.path().ends_with(".include_router"))
        .filter_map(|event| {
            let router = event.arg(0).and_then(Value::as_symbol)?;
            Some((site_key(router), event.args().to_vec()))
        })
        .collect()
}

/// Whether a parameter of a path is taken as a number (`<int:id>`).
fn is_number(path: &str, name: &str) -> bool {
    ["int", "float", "uuid"].iter().any(|kind| path.contains(&format!("<{kind}:{name}>")))
}

/// A limiter that applies to every route that is not exempt.
fn limiter_for_all(witnessing: &mut Witnessing<'_, '_>, setup: &[Event]) -> Option<Guard> {
    let event = setup.iter().find(|event| matches!(event.path(), "flask_limiter.Limiter" | "slowapi.Limiter"))?;
    let limits = event.named("default_limits").or_else(|| event.named("application_limits"))?;
    if limits.items().is_empty() && limits.as_object().is_some() {
        return None;
    }
    let mut guard = named_guard(GuardKind::RateLimit, "limits for all routes", event.span);
    if let Some(why) = chosen_key(witnessing, event) {
        guard.standing = GuardStanding::FailsOpen(why);
    }
    Some(guard)
}

/// Why the key that a limiter counts by is one that the caller chooses.
fn chosen_key(witnessing: &mut Witnessing<'_, '_>, event: &Event) -> Option<String> {
    let key = event.named("key_func").or_else(|| event.arg(0))?.as_closure()?.clone();
    witnessing.machine.reset();
    let run = witnessing.machine.run(&key, Vec::new(), plimsoll_analysis::Facts::default());
    run.value
        .deep_labels()
        .any(|label| matches!(label, Label::Input(name, _) if name.starts_with("headers")))
        .then(|| "it counts by a header that the caller writes".to_owned())
}

/// Protection against forged requests that applies to every route that is not exempt.
fn csrf_for_all(setup: &[Event]) -> Option<Guard> {
    let event = setup.iter().find(|event| {
        let path = event.path();
        ["CSRFProtect", "CsrfProtect", "SeaSurf"].iter().any(|name| {
            (path.ends_with(name) && !event.args().is_empty()) || path.ends_with(&format!("{name}().init_app"))
        })
    })?;
    Some(named_guard(GuardKind::Csrf, "CSRFProtect", event.span))
}

/// Whether a route is taken out of what applies to all (`@csrf.exempt`, `@limiter.exempt`).
fn exempt(witnessing: &Witnessing<'_, '_>, event: &Event, what: &str) -> bool {
    let module = witnessing.machine.program.module(event.site.module);
    module.functions.iter().filter(|function| function.decorators.contains(&event.site.node)).any(|function| {
        function
            .decorators
            .iter()
            .filter_map(|&decorator| module.path(decorator))
            .any(|path| path.ends_with(".exempt") && path.to_ascii_lowercase().contains(what))
    })
}

/// Functions that answer for any error (`@app.errorhandler(Exception)`, `@app.exception_handler(Exception)`), run with an
/// error. What they tell of it reaches whoever asked.
fn error_handlers(witnessing: &mut Witnessing<'_, '_>, setup: &[Event]) {
    for event in setup {
        let EventKind::Call { callee, args } = &event.kind else { continue };
        let SymbolKind::Call { callee: registrar, args: kinds, .. } = &callee.kind else { continue };
        if !matches!(registrar.last_name().as_str(), "errorhandler" | "app_errorhandler" | "exception_handler")
            || !is_server(&registrar.path)
        {
            continue;
        }
        // Errors that the framework itself raises for the visitor (404) say nothing of the inside.
        let any = kinds.first().is_some_and(|kind| {
            matches!(kind.value.path(), "Exception" | "BaseException" | "InternalServerError")
                || kind.value.path().ends_with("InternalServerError")
                || matches!(kind.value.kind, plimsoll_analysis::ValueKind::Num(code) if code >= 500.0)
        });
        let Some(handler) = args.first().and_then(|arg| closure_in(&arg.value)).filter(|_| any) else { continue };
        witnessing.machine.reset();
        let count = witnessing.machine.program.module(handler.module).function(handler.function).params.len();
        let mut values = vec![given("@request"); count.saturating_sub(1)];
        values.push(Value::of(Labels::one(Label::ErrorDetail)));
        let run = witnessing.machine.run(&handler, values, plimsoll_analysis::Facts::default());
        let tells = run.events.iter().any(|event| event.path().ends_with("traceback.format_exc"));
        for mut flow in crate::handler::flows_of(&run.events) {
            if flow.source == plimsoll_model::app::Source::ErrorDetail
                && flow.sink == plimsoll_model::app::Sink::Response
            {
                flow.sink_name = "error handler".into();
                if tells && shows_traceback(witnessing, &flow) {
                    flow.source_name = "traceback".into();
                }
                witnessing.flows.push(flow);
            }
        }
        witnessing.note_events(&run.events);
    }
}

/// Whether the text of an answer holds the whole traceback.
fn shows_traceback(witnessing: &Witnessing<'_, '_>, flow: &plimsoll_model::app::Flow) -> bool {
    let tree = witnessing.machine.program.tree;
    tree.text(flow.to).contains("traceback") || tree.text(flow.to).contains("format_exc")
}
