//! Express and servers that follow it: Fastify, Koa with a router, Hono, Polka.
//!
//! What counts is the order: a middleware guards what is registered behind it under its prefix, in the same server or in
//! routers mounted there.

use std::collections::BTreeMap;

use plimsoll_analysis::{Argument, Event, EventKind, Site, Symbol, SymbolKind, Value, ValueKind};
use plimsoll_model::App;
use plimsoll_model::app::{EntryKind, SettingSeen};
use plimsoll_source::Span;

use super::chain::{
    self, CONTEXT, Convention, EXPRESS, Passage, closure_in, finish, fix_request, given, join_path, pass,
};
use crate::Witnessing;

const METHODS: &[&str] = &["get", "post", "put", "patch", "delete", "all", "head", "options", "del"];

/// Calls that make a server or router: end of the path, framework, whether handlers take a context.
const SERVERS: &[(&str, &str, bool)] = &[
    ("express()", "Express", false),
    ("express.Router()", "Express", false),
    ("express.default.Router()", "Express", false),
    ("restify.createServer()", "Restify", false),
    ("polka()", "Polka", false),
    ("fastify()", "Fastify", false),
    ("Fastify()", "Fastify", false),
    ("fastify.fastify()", "Fastify", false),
    ("hono.Hono()", "Hono", true),
    ("Hono()", "Hono", true),
    ("@koa/router()", "Koa", true),
    ("koa-router()", "Koa", true),
    ("koa()", "Koa", true),
    ("Router()", "Express", false),
    ("OpenAPIHono()", "Hono", true),
    ("@app", "Express", false),
];

/// Hooks of Fastify that run before the handler.
const HOOKS: &[&str] = &["onRequest", "preParsing", "preValidation", "preHandler"];

/// Hooks and guards of Fastify: one that answers ends the request.
const FASTIFY: Convention =
    Convention { args: || vec![given("@req"), given("@hookreply"), given("@next")], next: "@next" };

/// A server or router, by where it was made.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum ServerId {
    Made(Site),
    /// A plugin of Fastify: what it registers is its own, unless it says otherwise.
    Plugin(u32),
    Given,
}

enum Registered {
    /// Middleware under a prefix.
    Use { prefix: String, handlers: Vec<Value>, span: Span },
    /// A route.
    Route { method: String, paths: Vec<String>, handlers: Vec<Value>, span: Span },
    /// Another router under a prefix, after handlers of its own.
    Mount { prefix: String, handlers: Vec<Value>, router: ServerId, span: Span },
}

struct Server {
    framework: &'static str,
    context: bool,
    registered: Vec<Registered>,
    mounted: bool,
    /// It answers nothing by itself: something else has to mount it.
    is_router: bool,
    /// Prefix that it was made with.
    prefix: String,
}

pub(crate) fn observe(witnessing: &mut Witnessing<'_, '_>, setup: &[Event], app: &mut App) {
    let mut servers: BTreeMap<ServerId, Server> = BTreeMap::new();
    let mut order: Vec<ServerId> = Vec::new();
    let mut queue: Vec<Event> = setup.to_vec();
    let mut decorators: BTreeMap<String, Value> = BTreeMap::new();
    let mut plugin_count = 0;
    let mut took_rest = false;
    let mut at = 0;
    loop {
        if at >= queue.len() {
            if took_rest {
                break;
            }
            // Functions that take the server as a parameter and are called by nobody we saw (`module.exports = app => …`).
            took_rest = true;
            queue.extend(plugins(witnessing));
            continue;
        }
        if at >= 200_000 {
            break;
        }
        let event = queue[at].clone();
        at += 1;
        let EventKind::Call { callee, args } = &event.kind else { continue };
        let Some((id, framework, context, base_path)) = server_of(callee) else { continue };
        let name = callee.last_name();
        let server = servers.entry(id).or_insert_with(|| {
            order.push(id);
            let is_router = makes_router(callee);
            Server {
                framework,
                context,
                registered: Vec::new(),
                mounted: false,
                is_router,
                prefix: made_prefix(callee),
            }
        });
        if name == "basePath"
            && let Some(path) = event.arg(0).and_then(Value::as_str)
        {
            path.clone_into(&mut server.prefix);
        }
        if let Some(registered) = registration(&name, args, event.span, base_path.as_deref(), framework) {
            server.registered.extend(registered);
        }
        if framework != "Fastify" {
            continue;
        }
        if name == "decorate"
            && let (Some(name), Some(value)) = (event.arg(0).and_then(Value::as_str), event.arg(1))
            && value.as_closure().is_some()
        {
            decorators.insert(name.to_owned(), value.clone());
        }
        if name != "register" {
            continue;
        }
        let Some((plugin, closure)) = event.arg(0).and_then(|value| Some((value, closure_in(value)?))) else {
            continue;
        };
        let options = event.arg(1).cloned().unwrap_or_default();
        // `fastify-plugin` makes a plugin register on the server itself.
        let is_open = plugin.path().contains("fastify-plugin");
        let given_server = match (&callee.kind, is_open) {
            (SymbolKind::Member(base, _), true) => {
                Value::symbol(std::rc::Rc::clone(base), plimsoll_analysis::Labels::NONE)
            }
            _ => {
                plugin_count += 1;
                let prefix = options.field("prefix").and_then(|prefix| prefix.as_str().map(str::to_owned));
                server.registered.push(Registered::Mount {
                    prefix: prefix.unwrap_or_default(),
                    handlers: Vec::new(),
                    router: ServerId::Plugin(plugin_count),
                    span: event.span,
                });
                given(&format!("@app#{plugin_count}"))
            }
        };
        if plugin_count < 400 {
            let run =
                witnessing.machine.run(&closure, vec![given_server, options], plimsoll_analysis::Facts::default());
            queue.extend(run.events);
        }
    }
    witnessing.trusts_any_proxy = queue.iter().find(|event| trusts_any_proxy(event)).map(|event| event.span);
    if servers.is_empty() {
        super::sockets::observe(witnessing, &queue, app);
        return;
    }
    for server in servers.values() {
        if !app.stack.iter().any(|known| known == server.framework) {
            app.stack.push(server.framework.to_owned());
        }
    }
    let mounted: Vec<ServerId> = servers
        .values()
        .flat_map(|server| server.registered.iter())
        .filter_map(|registered| match registered {
            Registered::Mount { router, .. } => Some(*router),
            _ => None,
        })
        .collect();
    for id in mounted {
        if let Some(server) = servers.get_mut(&id) {
            server.mounted = true;
        }
    }
    let roots: Vec<ServerId> =
        order.iter().copied().filter(|id| !servers[id].mounted && !is_left_over(witnessing, *id, &servers)).collect();
    let mut reader = Reader { witnessing, servers: &servers, decorators: &decorators, app, depth: 0 };
    for root in roots {
        reader.server(root, "", &Passage::default());
    }
    super::sockets::observe(witnessing, &queue, app);
}

/// `app.set('trust proxy', true)`, `fastify({ trustProxy: true })`: the address of the caller is then what the caller wrote
/// into `X-Forwarded-For`. A number of proxies or a list of them is no such switch.
fn trusts_any_proxy(event: &Event) -> bool {
    let EventKind::Call { callee, .. } = &event.kind else { return false };
    let is_on = |value: Option<&Value>| value.is_some_and(|value| matches!(value.kind, ValueKind::Bool(true)));
    match callee.last_name().as_str() {
        "set" => event.arg(0).and_then(Value::as_str) == Some("trust proxy") && is_on(event.arg(1)),
        "enable" => event.arg(0).and_then(Value::as_str) == Some("trust proxy"),
        "fastify" | "Fastify" => is_on(event.arg(0).and_then(|options| options.field("trustProxy")).as_ref()),
        _ => false,
    }
}

/// The server that a call is made on, and the path given to `.route(path)` on the way.
fn server_of(callee: &Symbol) -> Option<(ServerId, &'static str, bool, Option<String>)> {
    let SymbolKind::Member(base, _) = &callee.kind else { return None };
    let mut at = base;
    let mut route = None;
    loop {
        if let Some(plugin) = at.path.strip_prefix("@app#").and_then(|number| number.parse().ok()) {
            return Some((ServerId::Plugin(plugin), "Fastify", false, route));
        }
        if let Some((_, framework, context)) = SERVERS.iter().find(|(name, ..)| {
            at.path == *name
                || (name.ends_with("()")
                    && at.path.ends_with(&format!(".{name}"))
                    && at.path.matches("()").count() == 1)
        }) {
            let id = at.site().map_or(ServerId::Given, ServerId::Made);
            return Some((id, framework, *context, route));
        }
        // `app.route('/x').get(…).post(…)`, `new Hono().get(…).post(…)`
        match &at.kind {
            SymbolKind::Call { callee, args, .. } => {
                let name = callee.last_name();
                if name == "route"
                    && let Some(path) = args.first().and_then(|arg| arg.value.as_str())
                {
                    route.get_or_insert(path.to_owned());
                }
                if !METHODS.contains(&name.as_str()) && !matches!(name.as_str(), "route" | "use" | "basePath") {
                    return None;
                }
                at = callee.base()?;
            }
            _ => return None,
        }
    }
}

/// Whether the server that a call is made on is a router of Express.
fn makes_router(callee: &Symbol) -> bool {
    callee.calls().first().is_some_and(|(name, ..)| name == "Router") && !callee.path.contains("koa")
}

/// A router in a file that nothing imports, beside routers that are imported and mounted: it is not part of the app.
/// Apps that load every file of a folder import none of them.
fn is_left_over(witnessing: &Witnessing<'_, '_>, id: ServerId, servers: &BTreeMap<ServerId, Server>) -> bool {
    let ServerId::Made(site) = id else { return false };
    if !servers[&id].is_router {
        return false;
    }
    let program = witnessing.machine.program;
    let imported = |module: plimsoll_analysis::ModuleId| {
        program.iter().any(|(from, code)| {
            from != module && (0..code.imports.len()).any(|import| program.target(from, import) == Some(module))
        })
    };
    let folder = |module| program.path(module).rsplit_once('/').map_or("", |(folder, _)| folder);
    !imported(site.module)
        && servers.iter().any(|(other, server)| match other {
            ServerId::Made(at) => {
                server.mounted
                    && server.is_router
                    && at.module != site.module
                    && folder(at.module) == folder(site.module)
                    && imported(at.module)
            }
            _ => false,
        })
}

/// The prefix that a router was made with: `new Router({ prefix })`, `new Hono().basePath(path)`.
fn made_prefix(callee: &Symbol) -> String {
    let from = |(name, args, _): &(plimsoll_ir::Str, std::rc::Rc<[Argument]>, Site)| {
        let first = args.first()?;
        let prefix = if name == "basePath" { first.value.clone() } else { first.value.field("prefix")? };
        prefix.as_str().map(str::to_owned)
    };
    callee.calls().iter().find_map(from).unwrap_or_default()
}

fn paths_of(value: &Value) -> Option<Vec<String>> {
    if let Some(text) = value.text_shape() {
        return Some(vec![text.replace("{}", ":x")]);
    }
    if value.as_object().is_some_and(|object| object.is_array) {
        let all: Vec<String> = value.items().iter().filter_map(Value::text_shape).collect();
        if !all.is_empty() && value.items().iter().all(|item| item.as_closure().is_none()) {
            return Some(all);
        }
    }
    let path = value.path();
    if path.starts_with('/') && path.len() > 1 && path.ends_with('/') && value.as_symbol().is_some() {
        return Some(vec![path.trim_matches('/').trim_start_matches('^').to_owned()]);
    }
    None
}

fn registration(
    name: &str,
    args: &[Argument],
    span: Span,
    base: Option<&str>,
    framework: &str,
) -> Option<Vec<Registered>> {
    let values: Vec<Value> = args.iter().map(|arg| arg.value.clone()).collect();
    let (first, rest) = values.split_first()?;
    if name == "use" || (framework == "Fastify" && name == "addHook") || (framework == "Hono" && name == "route") {
        let (prefix, handlers) = match paths_of(first) {
            Some(hook) if name == "addHook" => {
                if !hook.first().is_some_and(|hook| HOOKS.contains(&hook.as_str())) {
                    return None;
                }
                (String::new(), rest.to_vec())
            }
            Some(paths) => (paths.first().cloned().unwrap_or_default(), rest.to_vec()),
            None => (String::new(), values.clone()),
        };
        return Some(mounts(&prefix.replace('*', ""), handlers, span));
    }
    if METHODS.contains(&name) {
        let (paths, handlers) = match base {
            Some(base) => (vec![base.to_owned()], values.clone()),
            None => (paths_of(first)?, rest.to_vec()),
        };
        // `app.get('setting')` reads a setting.
        if handlers.is_empty() {
            return None;
        }
        // Fastify: `get(path, { preHandler: [guard] }, handler)`.
        let mut all = Vec::new();
        for handler in handlers {
            let options = handler.as_object().filter(|object| !object.is_array).cloned();
            match options {
                Some(options) => {
                    for key in ["onRequest", "preHandler", "preValidation", "handler"] {
                        all.extend(options.fields.borrow().get(key).cloned());
                    }
                }
                None => all.push(handler),
            }
        }
        let method = if name == "del" { "delete" } else { name };
        return Some(vec![Registered::Route { method: method.to_uppercase(), paths, handlers: all, span }]);
    }
    // Hono with OpenAPI: `openapi(createRoute({ method, path, middleware }), handler)`.
    if name == "openapi" && framework == "Hono" {
        let described = first.as_symbol()?.calls().pop()?.1.first()?.value.clone();
        let path = described.field("path").and_then(|path| path.text_shape())?;
        let path = path
            .split('/')
            .map(|part| {
                part.strip_prefix('{')
                    .and_then(|part| part.strip_suffix('}'))
                    .map_or_else(|| part.to_owned(), |name| format!(":{name}"))
            })
            .collect::<Vec<_>>()
            .join("/");
        let method = described.field("method").and_then(|method| method.as_str().map(str::to_uppercase))?;
        let handlers = described.field("middleware").into_iter().chain(rest.iter().take(1).cloned()).collect();
        return Some(vec![Registered::Route { method, paths: vec![path], handlers, span }]);
    }
    // Fastify: `route({ method, url, handler })`.
    if name == "route" && first.field("handler").is_some() {
        let path = first.field("url").and_then(|url| url.text_shape()).unwrap_or_default();
        let method = first.field("method").and_then(|method| method.as_str().map(str::to_owned)).unwrap_or_default();
        let handlers =
            ["onRequest", "preHandler", "preValidation", "handler"].iter().filter_map(|key| first.field(key)).collect();
        return Some(vec![Registered::Route { method: method.to_uppercase(), paths: vec![path], handlers, span }]);
    }
    None
}

/// Splits the handlers of `use` at routers.
fn mounts(prefix: &str, handlers: Vec<Value>, span: Span) -> Vec<Registered> {
    let mut out = Vec::new();
    let mut before = Vec::new();
    let mut flat = Vec::new();
    for handler in handlers {
        if handler.as_object().is_some_and(|object| object.is_array) {
            flat.extend(handler.items());
        } else {
            flat.push(handler);
        }
    }
    for handler in flat {
        match router_of(&handler) {
            Some(router) => {
                out.push(Registered::Mount { prefix: prefix.to_owned(), handlers: before.clone(), router, span })
            }
            None => before.push(handler),
        }
    }
    if out.is_empty() && !before.is_empty() {
        out.push(Registered::Use { prefix: prefix.to_owned(), handlers: before, span });
    }
    out
}

fn router_of(value: &Value) -> Option<ServerId> {
    let symbol = match &value.kind {
        ValueKind::Symbol(symbol) => symbol,
        ValueKind::Choice(_) => value.as_symbol()?,
        _ => return None,
    };
    let mut at = symbol;
    loop {
        if SERVERS.iter().any(|(name, ..)| {
            at.path == *name
                || (name.ends_with("()")
                    && at.path.ends_with(&format!(".{name}"))
                    && at.path.matches("()").count() == 1)
        }) {
            return at.site().map(ServerId::Made);
        }
        // `router.routes()` of Koa, chains of Hono.
        match &at.kind {
            SymbolKind::Call { callee, .. }
                if METHODS.contains(&callee.last_name().as_str())
                    || matches!(callee.last_name().as_str(), "routes" | "use" | "route") =>
            {
                at = callee.base()?;
            }
            _ => return None,
        }
    }
}

/// Runs functions that take a server and were never entered.
fn plugins(witnessing: &mut Witnessing<'_, '_>) -> Vec<Event> {
    let program = witnessing.machine.program;
    let mut candidates = Vec::new();
    for (id, module) in program.iter() {
        for (function, at) in (0u32..).map(plimsoll_ir::FunctionId).zip(&module.functions) {
            let reference = plimsoll_analysis::FunctionRef { module: id, function };
            let takes_server = at.params.first().is_some_and(|param| {
                matches!(module.kind(param.pattern), plimsoll_ir::Kind::Name(name) if matches!(name.as_str(), "app" | "router" | "server" | "fastify"))
            });
            if takes_server
                && at.parent.is_none()
                && at.class.is_none()
                && !witnessing.machine.entered().contains(&reference)
                && module.language == plimsoll_ir::Language::JavaScript
            {
                candidates.push(reference);
            }
        }
    }
    let mut events = Vec::new();
    for reference in candidates {
        let closure = witnessing.machine.closure_of(reference);
        events.extend(
            witnessing
                .machine
                .run(&closure, vec![given("@app"), Value::unknown()], plimsoll_analysis::Facts::default())
                .events,
        );
    }
    events
}

struct Reader<'a, 'p, 'w> {
    witnessing: &'a mut Witnessing<'p, 'w>,
    servers: &'a BTreeMap<ServerId, Server>,
    /// What `decorate` put on a Fastify server.
    decorators: &'a BTreeMap<String, Value>,
    app: &'a mut App,
    depth: u32,
}

impl Reader<'_, '_, '_> {
    fn server(&mut self, id: ServerId, prefix: &str, inherited: &Passage) {
        let Some(server) = self.servers.get(&id) else { return };
        if self.depth > 6 {
            return;
        }
        self.depth += 1;
        let is_fastify = server.framework == "Fastify";
        let convention = match server.framework {
            "Fastify" => &FASTIFY,
            _ if server.context => &CONTEXT,
            _ => &EXPRESS,
        };
        let prefix = &join_path(prefix, &server.prefix);
        // Middleware registered so far: prefix and handlers.
        let mut middleware: Vec<(String, Vec<Value>, Span)> = Vec::new();
        if is_fastify {
            // Hooks are gathered before any request, wherever they stand.
            for registered in &server.registered {
                if let Registered::Use { prefix, handlers, span } = registered {
                    middleware.push((prefix.clone(), handlers.clone(), *span));
                }
            }
        }
        for registered in &server.registered {
            match registered {
                Registered::Use { .. } if is_fastify => {}
                Registered::Use { prefix: own, handlers, span } => {
                    self.static_files(&join_path(prefix, own), handlers, *span);
                    middleware.push((own.clone(), handlers.clone(), *span));
                }
                Registered::Route { method, paths, handlers, span } => {
                    for path in paths {
                        let full = join_path(prefix, path);
                        self.route(
                            convention,
                            server.framework,
                            method,
                            &full,
                            path,
                            handlers,
                            *span,
                            &middleware,
                            inherited,
                        );
                    }
                }
                Registered::Mount { prefix: own, handlers, router, span } => {
                    let full = join_path(prefix, own);
                    self.witnessing.machine.reset();
                    fix_request(self.witnessing.machine, None, &full);
                    let mut passage = inherited.clone();
                    for (at, list, at_span) in &middleware {
                        if under(own, at) {
                            passage = self.pass_all(convention, list, *at_span, passage);
                        }
                    }
                    passage = self.pass_all(convention, handlers, *span, passage);
                    self.server(*router, &full, &passage);
                }
            }
        }
        self.behind_the_routes(convention, server, prefix, inherited);
        self.depth -= 1;
    }

    /// Middleware that no route follows runs for the served files and for whatever nothing answers; what it sets counts
    /// as well.
    fn behind_the_routes(&mut self, convention: &Convention, server: &Server, prefix: &str, inherited: &Passage) {
        let routed = |registered: &Registered| !matches!(registered, Registered::Use { .. });
        let from = server.registered.iter().rposition(routed).map_or(0, |last| last + 1);
        for registered in &server.registered[from..] {
            let Registered::Use { handlers, span, .. } = registered else { continue };
            self.witnessing.machine.reset();
            fix_request(self.witnessing.machine, None, prefix);
            let passage = self.pass_all(convention, handlers, *span, inherited.clone());
            passage.events.note(self.witnessing);
        }
    }

    fn pass_all(&mut self, convention: &Convention, handlers: &[Value], span: Span, mut passage: Passage) -> Passage {
        for handler in handlers {
            let decorated = handler.as_symbol().filter(|_| convention.next == FASTIFY.next).and_then(|symbol| {
                let SymbolKind::Member(base, name) = &symbol.kind else { return None };
                let is_server =
                    base.path.starts_with("@app") || SERVERS.iter().any(|(server, ..)| base.path.ends_with(server));
                self.decorators.get(name.as_str()).filter(|_| is_server)
            });
            passage = pass(self.witnessing, convention, decorated.unwrap_or(handler), span, passage);
        }
        passage
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one registration")]
    fn route(
        &mut self,
        convention: &Convention,
        framework: &str,
        method: &str,
        full: &str,
        own: &str,
        handlers: &[Value],
        span: Span,
        middleware: &[(String, Vec<Value>, Span)],
        inherited: &Passage,
    ) {
        let mut flat: Vec<Value> = Vec::new();
        for handler in handlers {
            if handler.as_object().is_some_and(|object| object.is_array) {
                flat.extend(handler.items());
            } else {
                flat.push(handler.clone());
            }
        }
        let Some((last, before)) = flat.split_last() else { return };
        let method = if method == "ALL" { None } else { Some(method) };
        self.witnessing.machine.reset();
        fix_request(self.witnessing.machine, method, full);
        let mut passage = inherited.clone();
        for (at, list, at_span) in middleware {
            if under(own, at) {
                passage = self.pass_all(convention, list, *at_span, passage);
            }
        }
        passage = self.pass_all(convention, before, span, passage);
        let methods: Vec<&str> = method.into_iter().collect();
        let mut point = chain::entry(EntryKind::Route, &methods, full, framework, span);
        // A guard may be wrapped around the handler itself.
        if last.as_closure().is_none() {
            passage = pass(self.witnessing, convention, &strip_inner(last), span, passage);
        }
        match closure_in(last) {
            Some(handler) => {
                let args = if framework == "Fastify" { (EXPRESS.args)() } else { (convention.args)() };
                finish(self.witnessing, point, &handler, args, passage);
            }
            None => {
                point.opaque = true;
                let run = plimsoll_analysis::Run {
                    yielded: None,
                    events: Vec::new(),
                    value: Value::unknown(),
                    facts: passage.facts.clone(),
                    cut_off: false,
                };
                chain::finish_run(self.witnessing, point, run, passage);
            }
        }
    }

    fn static_files(&mut self, path: &str, handlers: &[Value], span: Span) {
        for handler in handlers {
            let symbol = handler.path();
            if !(symbol.ends_with("express.static()")
                || symbol.ends_with("serve-static()")
                || symbol.ends_with("serveStatic()")
                || symbol.ends_with("koa-static()"))
            {
                continue;
            }
            let folder = handler
                .as_symbol()
                .and_then(|symbol| symbol.calls().pop())
                .and_then(|(_, args, _)| args.first().map(|arg| arg.value.clone()));
            let mut point = chain::entry(EntryKind::StaticFiles, &["GET"], path, "Express", span);
            point.name = folder.as_ref().and_then(folder_text);
            self.app.serves_pages = true;
            if point.name.as_deref().is_some_and(|name| matches!(name, "" | "." | "./" | "/")) {
                self.app.settings.push(SettingSeen {
                    system: "Express".into(),
                    key: "public-web-root".into(),
                    value: ".".into(),
                    span,
                    also: Vec::new(),
                });
            }
            self.witnessing.entry_points.push(point);
        }
    }
}

/// A library's wrapper without the function in it, so that only its own guard is read.
fn strip_inner(value: &Value) -> Value {
    match value.as_symbol() {
        Some(symbol) => match &symbol.kind {
            SymbolKind::Call { callee, .. } => {
                let called = Symbol::call(
                    callee,
                    std::rc::Rc::new([]),
                    symbol
                        .site()
                        .unwrap_or(Site { module: plimsoll_analysis::ModuleId(0), node: plimsoll_ir::NodeId(0) }),
                );
                Value::symbol(called, value.labels.clone())
            }
            _ => value.clone(),
        },
        None => value.clone(),
    }
}

/// The folder of `express.static(path.join(__dirname, 'public'))` as written: `public`; `""` for the project itself.
fn folder_text(value: &Value) -> Option<String> {
    if let Some(text) = value.text_shape() {
        return Some(text.replace("{}", "").trim_start_matches("./").trim_matches('/').to_owned());
    }
    let symbol = value.as_symbol()?;
    if matches!(symbol.path.as_str(), "__dirname" | "process.cwd()" | "import.meta.dirname")
        || symbol.path.ends_with("dirname()")
    {
        return Some(String::new());
    }
    let (name, args, _) = symbol.calls().pop()?;
    if !matches!(name.as_str(), "join" | "resolve" | "normalize") {
        return None;
    }
    let mut parts: Vec<String> = Vec::new();
    for arg in args.iter() {
        if let Some(text) = arg.value.as_str() {
            for part in text.split('/') {
                match part {
                    "" | "." => {}
                    ".." => {
                        parts.pop();
                    }
                    part => parts.push(part.to_owned()),
                }
            }
        }
    }
    Some(parts.join("/"))
}

/// Whether a route lies under the prefix of a middleware.
fn under(path: &str, prefix: &str) -> bool {
    let prefix = prefix.trim_end_matches('/');
    if prefix.is_empty() {
        return true;
    }
    path == prefix || path.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('/'))
}
