//! Django: URL configurations, function and class views, mixins and decorators, settings.

use std::collections::BTreeMap;

use plimsoll_analysis::{Argument, ClassRef, Event, Labels, ModuleId, SymbolKind, Value, ValueKind};
use plimsoll_ir::{BinaryOp, ClassId, Kind, Language};
use plimsoll_model::App;
use plimsoll_model::app::{AllowedOrigins, CookieSet, CorsPolicy, EntryKind, GuardKind, HeaderSet, SettingSeen};
use plimsoll_source::Span;

use super::chain::{self, Passage, closure_in, finish, fix_request, given, join_path};
use super::drf;
use super::flask::colon_parameters;
use crate::Witnessing;
use crate::handler::named_guard;

/// How deep configurations of addresses are taken in by each other.
const MAX_INCLUDES: usize = 8;

pub(crate) fn observe(witnessing: &mut Witnessing<'_, '_>, setup: &[Event], app: &mut App) {
    let routes: Vec<&Event> = setup
        .iter()
        .filter(|event| {
            matches!(
                event.path(),
                "django.urls.path" | "django.urls.re_path" | "django.conf.urls.url" | "django.conf.urls.path"
            )
        })
        .collect();
    if routes.is_empty() {
        return;
    }
    app.stack.push("Django".into());
    app.serves_pages = true;
    settings(witnessing, app);
    let project = Project::read(witnessing, app);
    let first = witnessing.entry_points.len();
    let prefixes = prefixes(witnessing, &routes);
    for event in &routes {
        let (Some(own), Some(view)) = (event.arg(0).and_then(|path| path.text_shape()), event.arg(1)) else { continue };
        let prefix = prefixes.get(&event.site.module).cloned().unwrap_or_default();
        let path =
            join_path(&join_path("/", &prefix), &colon_parameters(own.trim_start_matches('^').trim_end_matches('$')));
        witnessing.machine.reset();
        fix_request(witnessing.machine, None, &path);
        let marks = Marks::of(view);
        let passage = marks.passage(witnessing, &project, event, marks.is_api);
        if let Some(handler) = closure_in(view) {
            let module = witnessing.machine.program.module(handler.module);
            let function = module.function(handler.function);
            let mut args = vec![given("@request")];
            for param in function.params.iter().skip(1) {
                args.push(match module.kind(param.pattern) {
                    Kind::Name(name) => chain::input(&format!("params.{name}")),
                    _ => Value::unknown(),
                });
            }
            let methods: Vec<&str> = marks.methods.iter().map(String::as_str).collect();
            let mut point = chain::entry(EntryKind::Route, &methods, &path, "Django", event.span);
            point.span = module.span_of(function.head);
            finish(witnessing, point, &handler, args, passage);
        } else if let Some(class) = class_of(witnessing, view) {
            drf::class_view(witnessing, &project, class, &path, event, &passage);
        } else {
            drf::library_view(witnessing, &project, view, &path, event);
        }
    }
    drf::routers(witnessing, &project, setup, &routes, &prefixes);
    drf::forms(witnessing, first);
}

/// What the project's settings say of all views.
#[derive(Debug, Default)]
pub(super) struct Project {
    /// Everybody must sign in, unless a view says otherwise.
    login_required: Option<Span>,
    /// Forms are protected against forged requests.
    csrf: Option<Span>,
    /// Wrong passwords are counted by a library.
    login_limited: Option<Span>,
    /// Permissions of views of an API that name none: the text of the list.
    permissions: String,
    /// Where that list stands.
    permissions_at: Option<Span>,
    /// Callers of an API that are not signed in are limited.
    throttled: Option<Span>,
    /// The API is called with tokens only, never with the session's cookie.
    token_only: bool,
}

impl Project {
    /// The text of the list of permissions that hold where a view names none.
    pub(super) fn permissions(&self) -> &str {
        &self.permissions
    }

    /// Where that list stands.
    pub(super) fn permissions_at(&self) -> Option<Span> {
        self.permissions_at
    }

    fn read(witnessing: &Witnessing<'_, '_>, app: &mut App) -> Self {
        let program = witnessing.machine.program;
        let mut project = Project::default();
        let (mut any_origin, mut credentials) = (None, false);
        // Settings that are split by where the app runs: what only holds at a desk is none of the app's.
        let stem = |path: &str| path.rsplit('/').next().unwrap_or(path).trim_end_matches(".py").to_ascii_lowercase();
        let is_split = program.iter().any(|(id, _)| {
            let path = program.path(id);
            path.contains("settings") && matches!(stem(path).as_str(), "prod" | "production" | "live" | "deploy")
        });
        let at_a_desk = |path: &str| {
            is_split
                && matches!(stem(path).as_str(), "dev" | "development" | "local" | "test" | "tests" | "testing" | "ci")
        };
        for (id, module) in program.iter() {
            let path = program.path(id);
            if module.language != Language::Python || !(path.ends_with("settings.py") || path.contains("/settings/")) {
                continue;
            }
            if at_a_desk(path) {
                continue;
            }
            for (node, at) in module.iter() {
                let Kind::Assign { target, value, .. } = &at.kind else { continue };
                let Kind::Name(name) = module.kind(*target) else { continue };
                let span = module.span(node);
                let text = program.tree.text(module.span(*value));
                match name.as_str() {
                    "MIDDLEWARE" => {
                        if text.contains("LoginRequiredMiddleware") {
                            project.login_required = Some(span);
                        }
                        if text.contains("CsrfViewMiddleware") {
                            project.csrf = Some(span);
                        }
                    }
                    "AUTHENTICATION_BACKENDS" if text.contains("axes.") => project.login_limited = Some(span),
                    "INSTALLED_APPS" if text.contains("defender") => project.login_limited = Some(span),
                    "REST_FRAMEWORK" => {
                        if let Some(list) = module.property(*value, "DEFAULT_PERMISSION_CLASSES") {
                            project.permissions = program.tree.text(module.span(list)).to_owned();
                            project.permissions_at = Some(module.span(list));
                        }
                        let throttles = module
                            .property(*value, "DEFAULT_THROTTLE_CLASSES")
                            .map(|list| program.tree.text(module.span(list)))
                            .unwrap_or_default();
                        if throttles.contains("AnonRateThrottle") {
                            project.throttled = Some(span);
                        }
                        if let Some(list) = module.property(*value, "DEFAULT_AUTHENTICATION_CLASSES") {
                            project.token_only =
                                !program.tree.text(module.span(list)).contains("SessionAuthentication");
                        }
                    }
                    "CORS_ALLOW_ALL_ORIGINS" | "CORS_ORIGIN_ALLOW_ALL"
                        if matches!(module.kind(*value), Kind::Bool(true)) =>
                    {
                        any_origin = Some(span);
                    }
                    "CORS_ALLOW_CREDENTIALS" => credentials = matches!(module.kind(*value), Kind::Bool(true)),
                    "DEBUG" => {
                        let on = crate::settings::python::simple(module, *value);
                        if defaults_to_on(module, *value, &on) {
                            app.settings.push(SettingSeen {
                                system: "Django".into(),
                                key: "debug-mode".into(),
                                value: "on unless a setting switches it off".into(),
                                span,
                                also: Vec::new(),
                            });
                        }
                    }
                    _ => {}
                }
            }
        }
        if let Some(span) = any_origin {
            app.cors.push(CorsPolicy {
                origins: if credentials { AllowedOrigins::Reflected } else { AllowedOrigins::Any },
                credentials,
                path: String::new(),
                by: "django-cors-headers".into(),
                spans: vec![span],
            });
        }
        project
    }
}

/// Whether a switch is on where its setting is missing: `os.environ.get("DEBUG", "True") == "True"`.
fn defaults_to_on(module: &plimsoll_ir::Module, node: plimsoll_ir::NodeId, value: &Value) -> bool {
    if let ValueKind::Or(pair) = &value.kind {
        return matches!(pair.1.kind, ValueKind::Bool(true))
            || pair
                .1
                .as_str()
                .is_some_and(|text| matches!(text.to_ascii_lowercase().as_str(), "true" | "1" | "yes" | "on"));
    }
    match module.kind(node) {
        Kind::Binary { op: BinaryOp::Equal | BinaryOp::In, left, right } => {
            let default = default_text(module, *left);
            let is_true = |text: &str| matches!(text.to_ascii_lowercase().as_str(), "true" | "1" | "yes" | "on");
            let asked = module.string(*right).is_none_or(is_true);
            asked && default.is_some_and(|text| is_true(&text))
        }
        Kind::Call { callee, args, .. } => {
            // `bool(os.environ.get("DEBUG", "1"))`, `int(…)`, `strtobool(…)`
            matches!(module.path(*callee).as_deref(), Some("bool" | "int" | "strtobool"))
                && args.first().is_some_and(|arg| {
                    let inner = crate::settings::python::simple(module, arg.value);
                    defaults_to_on(module, arg.value, &inner)
                })
        }
        _ => false,
    }
}

/// The default of a setting's value, looked for below `.lower()` and the like.
fn default_text(module: &plimsoll_ir::Module, node: plimsoll_ir::NodeId) -> Option<String> {
    let value = crate::settings::python::simple(module, node);
    if let ValueKind::Or(pair) = &value.kind {
        return pair.1.as_str().map(str::to_owned);
    }
    match module.kind(node) {
        Kind::Call { callee, .. } => match module.kind(*callee) {
            Kind::Member { object, .. } => default_text(module, *object),
            _ => None,
        },
        _ => None,
    }
}

/// What the decorators around a view say.
#[derive(Debug, Default)]
pub(super) struct Marks {
    /// Path of each decorator, with what it was made with.
    list: Vec<(String, Value, Vec<Argument>)>,
    /// Methods that the view answers; empty for all.
    pub(super) methods: Vec<String>,
    /// It is a view of Django REST framework.
    pub(super) is_api: bool,
}

impl Marks {
    pub(super) fn of(view: &Value) -> Self {
        let mut marks = Marks::default();
        let mut at = view.clone();
        for _ in 0..8 {
            let Some(symbol) = at.as_symbol().cloned() else { break };
            let SymbolKind::Call { callee, args, .. } = &symbol.kind else { break };
            let made_with = match &callee.kind {
                SymbolKind::Call { args, .. } => args.to_vec(),
                _ => Vec::new(),
            };
            let path = callee.path.trim_end_matches("()").to_owned();
            let name = path.rsplit('.').next().unwrap_or(&path).to_owned();
            match name.as_str() {
                "api_view" | "require_http_methods" => {
                    marks.is_api |= name == "api_view";
                    let list = made_with.first().map(|arg| arg.value.items()).unwrap_or_default();
                    marks.methods = list.iter().filter_map(|item| item.as_str().map(str::to_uppercase)).collect();
                    if marks.methods.is_empty() && name == "api_view" {
                        marks.methods = vec!["GET".into()];
                    }
                }
                "require_POST" => marks.methods = vec!["POST".into()],
                "require_GET" | "require_safe" => marks.methods = vec!["GET".into()],
                _ => {}
            }
            marks.list.push((path, Value::symbol(std::rc::Rc::clone(callee), Labels::NONE), made_with));
            let Some(inner) = args.first() else { break };
            at = inner.value.clone();
        }
        marks
    }

    fn has(&self, name: &str) -> bool {
        self.list.iter().any(|(path, ..)| path.rsplit('.').next() == Some(name))
    }

    /// Guards that the decorators and the project's settings amount to.
    pub(super) fn passage(
        &self,
        witnessing: &mut Witnessing<'_, '_>,
        project: &Project,
        event: &Event,
        is_api: bool,
    ) -> Passage {
        let mut passage = Passage::default();
        let span = event.span;
        let mut own_permissions = false;
        for (path, value, made_with) in &self.list {
            let name = path.rsplit('.').next().unwrap_or(path);
            let mut add = |kind: GuardKind| passage.named.push(named_guard(kind, name, span));
            match name {
                "login_required" => add(GuardKind::Authentication),
                "staff_member_required" | "permission_required" | "superuser_required" => {
                    add(GuardKind::Authentication);
                    add(GuardKind::Role);
                }
                "user_passes_test" => {
                    add(GuardKind::Authentication);
                    let test = made_with.first().and_then(|arg| closure_in(&arg.value));
                    if let Some(test) = test {
                        let run = witnessing.machine.run(
                            &test,
                            vec![given("@identity")],
                            plimsoll_analysis::Facts::default(),
                        );
                        if crate::guards::of_truth(&run.value, span).contains(&GuardKind::Role) {
                            passage.named.push(named_guard(GuardKind::Role, name, span));
                        }
                    }
                }
                "permission_classes" => {
                    own_permissions = true;
                    let list: Vec<Value> = made_with.first().map(|arg| arg.value.items()).unwrap_or_default();
                    let names: Vec<String> = list
                        .iter()
                        .map(|item| match item.kind {
                            ValueKind::Class(class) => class_name(witnessing, class),
                            _ => last_name(item.path()),
                        })
                        .collect();
                    passage.named.extend(drf::permissions(witnessing, &names.join(" "), span, true));
                }
                "throttle_classes" | "ratelimit" => add(GuardKind::RateLimit),
                "csrf_protect" => add(GuardKind::Csrf),
                _ if path.starts_with("django.")
                    || path.starts_with("rest_framework.")
                    || path.starts_with("functools.") => {}
                _ => {
                    let hook = chain::Convention { args: Vec::new, next: chain::RETURNS_NOTHING };
                    passage = chain::pass(witnessing, &hook, value, span, passage);
                }
            }
        }
        if is_api && !own_permissions {
            let defaults = project.permissions.clone();
            passage.named.extend(drf::permissions(witnessing, &defaults, project.permissions_at.unwrap_or(span), true));
        }
        if is_api && let Some(at) = project.throttled {
            passage.named.push(named_guard(GuardKind::RateLimit, "default throttle", at));
        }
        if let Some(at) = project.login_required
            && !self.has("login_not_required")
        {
            passage.named.push(named_guard(GuardKind::Authentication, "LoginRequiredMiddleware", at));
        }
        if let Some(at) = project.login_limited {
            passage.named.push(named_guard(GuardKind::RateLimit, "login attempts are counted", at));
        }
        let protected =
            if is_api { project.token_only.then_some(project.permissions_at.unwrap_or(span)) } else { project.csrf };
        if let Some(at) = protected
            && !self.has("csrf_exempt")
        {
            passage.named.push(named_guard(GuardKind::Csrf, "CsrfViewMiddleware", at));
        }
        passage
    }
}

fn class_name(witnessing: &Witnessing<'_, '_>, class: ClassRef) -> String {
    let at = witnessing.machine.program.module(class.module).class(class.class);
    at.name.as_ref().map(ToString::to_string).unwrap_or_default()
}

/// The last name of a path, behind dots and colons.
fn last_name(path: &str) -> String {
    path.rsplit(['.', ':']).next().unwrap_or(path).trim_end_matches("()").to_owned()
}

/// Prefixes that `include('app.urls')` gives a module's routes.
fn prefixes(witnessing: &Witnessing<'_, '_>, routes: &[&Event]) -> BTreeMap<ModuleId, String> {
    let mut included: BTreeMap<ModuleId, (ModuleId, String)> = BTreeMap::new();
    for event in routes {
        let Some(prefix) = event.arg(0).and_then(|path| path.text_shape()) else { continue };
        let Some(symbol) = event.arg(1).and_then(Value::as_symbol) else { continue };
        let Some((name, args, _)) = symbol.calls().pop() else { continue };
        if name != "include" {
            continue;
        }
        let wanted = args.iter().find_map(|arg| match &arg.value.kind {
            ValueKind::Str(text) => Some(text.to_string()),
            ValueKind::Object(_) => arg.value.items().first().and_then(|item| item.as_str().map(str::to_owned)),
            _ => None,
        });
        if let Some(module) = wanted.and_then(|wanted| witnessing.machine.program.resolve(event.site.module, &wanted)) {
            included.insert(module, (event.site.module, prefix.trim_start_matches('^').to_owned()));
        }
    }
    // What takes a configuration in may itself be taken in by another.
    let whole = |module: &ModuleId| {
        let mut parts: Vec<&str> = Vec::new();
        let mut at = module;
        while let Some((above, part)) = included.get(at).filter(|_| parts.len() < MAX_INCLUDES) {
            parts.push(part);
            at = above;
        }
        parts.iter().rev().fold(String::new(), |path, part| join_path(&path, part))
    };
    included.keys().map(|module| (*module, whole(module))).collect()
}

/// The class behind `SomeView.as_view()`.
pub(super) fn class_of(witnessing: &Witnessing<'_, '_>, view: &Value) -> Option<ClassRef> {
    let path = view.path();
    let (_, after) = path.rsplit_once(':')?;
    let end = after.find(['.', '(']).unwrap_or(after.len());
    let name = &after[..end];
    witnessing.machine.program.iter().filter(|(_, module)| module.language == Language::Python).find_map(
        |(id, module)| {
            let at = module.classes.iter().position(|class| class.name.as_deref() == Some(name))?;
            Some(ClassRef { module: id, class: ClassId(u32::try_from(at).ok()?) })
        },
    )
}

/// What `settings.py` says of headers and the session cookie.
fn settings(witnessing: &Witnessing<'_, '_>, app: &mut App) {
    let program = witnessing.machine.program;
    for (id, module) in program.iter() {
        let path = program.path(id);
        if !path.ends_with("settings.py") && !path.contains("/settings/") {
            continue;
        }
        let mut secure = None;
        let mut middleware = None;
        let mut policy = false;
        // A setting behind `if not DEBUG` is set where it matters.
        for (statement, at) in module.iter() {
            let Kind::Assign { target, value, .. } = &at.kind else { continue };
            let Kind::Name(name) = module.kind(*target) else { continue };
            match name.as_str() {
                "SESSION_COOKIE_SECURE" => {
                    secure = Some(secure == Some(true) || !matches!(module.kind(*value), Kind::Bool(false)));
                }
                "MIDDLEWARE" => {
                    middleware = Some((module.span(statement), program.tree.text(module.span(*value)).to_owned()))
                }
                "CONTENT_SECURITY_POLICY" | "CSP_DEFAULT_SRC" | "SECURE_CSP" => policy = true,
                _ => {}
            }
        }
        let Some((span, list)) = middleware else { continue };
        app.header_places.push(span);
        if list.contains("SecurityMiddleware") {
            app.headers.push(HeaderSet {
                name: "x-content-type-options".into(),
                value: None,
                by: "Django".into(),
                span,
            });
        }
        if policy || list.contains("csp") {
            app.headers.push(HeaderSet {
                name: "content-security-policy".into(),
                value: None,
                by: "Django".into(),
                span,
            });
        }
        app.cookies.push(CookieSet {
            name: "sessionid".into(),
            is_session: true,
            http_only: Some(true),
            secure: Some(secure.unwrap_or(false)),
            same_site: Some(plimsoll_model::app::SameSite::Lax),
            max_age: None,
            by: "Django".into(),
            span: Some(span),
            exchange: None,
        });
    }
}
