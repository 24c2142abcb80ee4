//! Django: URL configurations, function and class views, mixins and decorators, settings.

use std::collections::BTreeMap;

use plimsoll_analysis::{ClassRef, Event, ModuleId, Value, ValueKind};
use plimsoll_ir::{ClassId, Kind, Language};
use plimsoll_model::App;
use plimsoll_model::app::{CookieSet, EntryKind, GuardKind, HeaderSet};

use super::chain::{self, Passage, closure_in, finish, fix_request, given, join_path};
use super::flask::{colon_parameters, decorators};
use crate::Witnessing;
use crate::handler::{named_guard, words_of};

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
    let prefixes = prefixes(witnessing, &routes);
    for event in routes {
        let (Some(own), Some(view)) = (event.arg(0).and_then(|path| path.text_shape()), event.arg(1)) else { continue };
        let prefix = prefixes.get(&event.site.module).cloned().unwrap_or_default();
        let path =
            join_path(&join_path("/", &prefix), &colon_parameters(own.trim_start_matches('^').trim_end_matches('$')));
        witnessing.machine.reset();
        fix_request(witnessing.machine, None, &path);
        let passage = decorators(witnessing, view, event, Passage::default());
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
            let mut point = chain::entry(EntryKind::Route, &[], &path, "Django", event.span);
            point.span = module.span_of(function.head);
            finish(witnessing, point, &handler, args, passage);
        } else if let Some(class) = class_of(witnessing, view) {
            class_view(witnessing, class, &path, event, &passage);
        }
    }
}

/// Prefixes that `include('app.urls')` gives a module's routes.
fn prefixes(witnessing: &Witnessing<'_, '_>, routes: &[&Event]) -> BTreeMap<ModuleId, String> {
    let mut out = BTreeMap::new();
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
            out.insert(module, prefix.trim_start_matches('^').to_owned());
        }
    }
    out
}

/// The class behind `SomeView.as_view()`.
fn class_of(witnessing: &Witnessing<'_, '_>, view: &Value) -> Option<ClassRef> {
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

fn class_view(witnessing: &mut Witnessing<'_, '_>, class: ClassRef, path: &str, event: &Event, passage: &Passage) {
    let program = witnessing.machine.program;
    let module = program.module(class.module);
    let at = module.class(class.class);
    let span = module.span_of(at.range);
    let mut named = passage.named.clone();
    for &base in &at.bases {
        let words = words_of(&module.path(base).unwrap_or_default());
        let has = |word: &str| words.iter().any(|known| known == word);
        if has("login") && has("required") {
            named.push(named_guard(GuardKind::Authentication, "LoginRequiredMixin", span));
        }
        if (has("permission") && has("required")) || (has("passes") && has("test")) {
            named.push(named_guard(GuardKind::Role, "PermissionRequiredMixin", span));
        }
    }
    for field in &at.fields {
        if field.name == "permission_classes"
            && let Some(value) = field.value
        {
            let text = program.tree.text(module.span(value)).to_owned();
            if text.contains("IsAuthenticated") || text.contains("IsOwner") {
                named.push(named_guard(GuardKind::Authentication, "permission_classes", module.span(value)));
            }
            if text.contains("IsAdmin") || text.contains("IsStaff") {
                named.push(named_guard(GuardKind::Role, "permission_classes", module.span(value)));
            }
        }
    }
    for method in ["get", "post", "put", "patch", "delete", "form_valid"] {
        let own = at.methods.iter().any(|&function| module.function(function).name.as_deref() == Some(method));
        if !own {
            continue;
        }
        let Some(handler) = witnessing.machine.method(class, method) else { continue };
        let http = if method == "form_valid" { "POST" } else { method };
        let mut point = chain::entry(EntryKind::Route, &[&http.to_uppercase()], path, "Django", event.span);
        point.span = module.span_of(module.function(handler.function).head);
        let passage = Passage { named: named.clone(), ..passage.clone() };
        witnessing.machine.fix("@self.request", given("@request"));
        witnessing.machine.reset();
        finish(witnessing, point, &handler, vec![given("@request"), chain::input("params")], passage);
    }
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
        for &statement in &module.body {
            let Kind::Assign { target, value, .. } = module.kind(statement) else { continue };
            let Kind::Name(name) = module.kind(*target) else { continue };
            match name.as_str() {
                "SESSION_COOKIE_SECURE" => secure = Some(!matches!(module.kind(*value), Kind::Bool(false))),
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
