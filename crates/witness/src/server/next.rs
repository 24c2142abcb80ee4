//! Next.js: route handlers, API routes, server actions, server components, middleware.

use std::rc::Rc;

use plimsoll_analysis::{Closure, EventKind, Facts, FunctionRef, ModuleId, Value, ValueKind};
use plimsoll_ir::{FunctionId, Kind, Language};
use plimsoll_model::App;
use plimsoll_model::app::EntryKind;

use super::chain::{self, Passage, closure_in, export_span, finish, fix_request, given};
use crate::Witnessing;

const METHODS: &[&str] = &["GET", "POST", "PUT", "PATCH", "DELETE"];

pub(crate) fn observe(witnessing: &mut Witnessing<'_, '_>, setup: &[plimsoll_analysis::Event], app: &mut App) {
    let program = witnessing.machine.program;
    let is_next = program.tree.iter().any(|(_, file)| {
        file.name().starts_with("next.config.") || (file.name() == "package.json" && file.text().contains("\"next\""))
    });
    let middleware = if is_next { find_middleware(witnessing) } else { None };
    let modules: Vec<ModuleId> =
        program.iter().filter(|(_, module)| module.language == Language::JavaScript).map(|(id, _)| id).collect();
    if is_next {
        app.stack.push("Next.js".into());
        app.serves_pages = true;
        super::authjs::observe(witnessing, setup, middleware.as_ref());
    }
    for id in modules {
        let path = program.path(id).to_owned();
        let stem = path.rsplit_once('.').map_or(path.as_str(), |(stem, _)| stem).to_owned();
        if is_next {
            if let Some(route) = app_route(&stem, "route") {
                route_handlers(witnessing, id, &route, middleware.as_ref());
            } else if let Some(route) = app_route(&stem, "page") {
                page(witnessing, id, &route, middleware.as_ref());
            } else if let Some(route) = pages_route(&stem) {
                api_route(witnessing, id, &route, middleware.as_ref());
            }
        }
        if is_next || program.module(id).directives.iter().any(|(directive, _)| directive == "use server") {
            actions(witnessing, id, &stem, is_next);
        }
    }
}

/// `src/app/api/users/[id]/route` → `/api/users/:id`.
fn app_route(stem: &str, leaf: &str) -> Option<String> {
    let folder = stem.strip_suffix(leaf)?.trim_end_matches('/');
    let inside = if folder == "app" || folder.ends_with("/app") && !folder.contains("/app/") {
        ""
    } else if let Some(rest) = folder.strip_prefix("app/") {
        rest
    } else {
        let at = folder.find("/app/")?;
        &folder[at + 5..]
    };
    Some(url_of(inside))
}

/// `pages/api/users/[id]` → `/api/users/:id`.
fn pages_route(stem: &str) -> Option<String> {
    let at = if stem.starts_with("pages/api/") { Some(6) } else { stem.find("/pages/api/").map(|at| at + 7) }?;
    let inside = stem[at..].trim_end_matches("/index");
    Some(url_of(inside))
}

pub(super) fn url_of(inside: &str) -> String {
    let parts: Vec<String> = inside
        .split('/')
        .filter(|part| {
            // Groups and slots are no part of the address.
            let is_group = part.starts_with('(') && part.ends_with(')');
            !(part.is_empty() || is_group || part.starts_with('@'))
        })
        .map(|part| match part.strip_prefix('[').and_then(|part| part.strip_suffix(']')) {
            Some(name) => format!(":{}", name.trim_matches(['[', ']']).trim_start_matches("...")),
            None => part.to_owned(),
        })
        .collect();
    format!("/{}", parts.join("/"))
}

/// The middleware (`middleware.ts`, since Next 16 `proxy.ts`) and its matchers.
pub(super) struct Middleware {
    closure: Rc<Closure>,
    matchers: Vec<String>,
}

fn find_middleware(witnessing: &mut Witnessing<'_, '_>) -> Option<Middleware> {
    let program = witnessing.machine.program;
    for (id, module) in program.iter() {
        let path = program.path(id);
        let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
        let name = stem.rsplit('/').next().unwrap_or(stem);
        if module.language != Language::JavaScript || !matches!(name, "middleware" | "proxy") {
            continue;
        }
        let folder = stem.strip_suffix(name).unwrap_or("").trim_end_matches('/');
        // Only beside the `app` or `pages` folder does the framework run it.
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let beside = program.tree.files.iter().any(|file| {
            file.path.starts_with(&format!("{prefix}app/")) || file.path.starts_with(&format!("{prefix}pages/"))
        });
        if !beside {
            continue;
        }
        let value = witnessing.machine.export(id, name).or_else(|| witnessing.machine.export(id, "default"))?;
        let closure = closure_in(&value)?;
        let matchers = witnessing
            .machine
            .export(id, "config")
            .and_then(|config| config.field("matcher"))
            .map(|matcher| match matcher.text_shape() {
                Some(text) => vec![text],
                None => matcher
                    .items()
                    .iter()
                    .filter_map(|item| item.text_shape().or_else(|| item.field("source")?.text_shape()))
                    .collect(),
            })
            .unwrap_or_default();
        return Some(Middleware { closure, matchers });
    }
    None
}

/// Whether a matcher covers a path. Matchers are `path-to-regexp` patterns; the forms in use are a fixed path,
/// `/admin/:path*`, and "everything but" with a negative look-ahead.
fn covers(matchers: &[String], path: &str) -> bool {
    if matchers.is_empty() {
        return true;
    }
    matchers.iter().any(|matcher| {
        if let Some(start) = matcher.find("(?!") {
            let excluded = &matcher[start + 3..];
            let end = excluded.find(')').unwrap_or(excluded.len());
            let prefix = &matcher[..start].trim_end_matches('(');
            let Some(rest) = path.strip_prefix(*prefix) else { return false };
            return !excluded[..end].split('|').any(|word| {
                let word = word.trim_start_matches('/').trim_end_matches('$').replace("\\.", ".");
                !word.is_empty() && !word.contains('*') && rest.starts_with(&word)
            });
        }
        let fixed = matcher.split([':', '(', '*']).next().unwrap_or(matcher).trim_end_matches('/');
        let open = matcher.len() > fixed.len() + 1 || matcher.contains(['*', ':']);
        if open {
            path == fixed || path.strip_prefix(fixed).is_some_and(|rest| rest.starts_with('/'))
        } else {
            path == fixed || matcher == path
        }
    })
}

/// What the middleware establishes for a path.
pub(super) fn through_middleware(
    witnessing: &mut Witnessing<'_, '_>,
    middleware: Option<&Middleware>,
    path: &str,
    method: Option<&str>,
) -> Passage {
    witnessing.machine.reset();
    fix_request(witnessing.machine, method, path);
    let Some(middleware) = middleware.filter(|middleware| covers(&middleware.matchers, path)) else {
        return Passage::default();
    };
    let run = witnessing.machine.run(&middleware.closure, vec![given("@request"), Value::unknown()], Facts::default());
    // It goes on where it answers `NextResponse.next()` or returns nothing; what held there holds for the page.
    let mut onwards: Vec<Facts> = Vec::new();
    collect_onwards(&run.value, &run.facts, &mut onwards);
    for event in &run.events {
        if let EventKind::Call { callee, .. } = &event.kind
            && callee.path.ends_with("NextResponse.next")
        {
            onwards.push(event.facts.clone());
        }
    }
    let facts = match onwards.split_first() {
        Some((first, rest)) => rest.iter().fold(first.clone(), |common, facts| common.common(facts)),
        None => Facts::default(),
    };
    let mut passage = Passage { facts, opaque: run.cut_off, ..Passage::default() };
    passage.events.extend(run.events);
    passage
}

fn collect_onwards(value: &Value, facts: &Facts, out: &mut Vec<Facts>) {
    if let ValueKind::Choice(alternatives) = &value.kind {
        for (alternative, more) in alternatives.iter() {
            if matches!(alternative.kind, ValueKind::Null) {
                out.push(facts.and(more));
            }
        }
    } else if matches!(value.kind, ValueKind::Null) {
        out.push(facts.clone());
    }
}

fn request_args() -> Vec<Value> {
    let context = given("@context");
    vec![given("@request"), context]
}

fn route_handlers(witnessing: &mut Witnessing<'_, '_>, id: ModuleId, route: &str, middleware: Option<&Middleware>) {
    for method in METHODS {
        let Some(value) = witnessing.machine.export(id, method) else { continue };
        let span = export_span(witnessing, id, method);
        let mut passage = through_middleware(witnessing, middleware, route, Some(method));
        let mut point = chain::entry(EntryKind::Route, &[method], route, "Next.js", span);
        point.name = Some((*method).to_owned());
        if value.as_closure().is_none() {
            passage = chain::pass(witnessing, &chain::EXPRESS, &without_closures(&value), span, passage);
        }
        // Without a function of the app (`export const { GET, POST } = handlers`) these are a library's own endpoints.
        if let Some(closure) = closure_in(&value) {
            finish(witnessing, point, &closure, request_args(), passage);
        }
    }
}

fn without_closures(value: &Value) -> Value {
    match &value.kind {
        ValueKind::Symbol(_) => Value::of(value.labels.clone()),
        _ => value.clone(),
    }
}

fn api_route(witnessing: &mut Witnessing<'_, '_>, id: ModuleId, route: &str, middleware: Option<&Middleware>) {
    let Some(value) = witnessing.machine.export(id, "default") else { return };
    let Some(closure) = closure_in(&value) else { return };
    let span = export_span(witnessing, id, "default");
    let passage = through_middleware(witnessing, middleware, route, None);
    let point = chain::entry(EntryKind::Route, &[], route, "Next.js", span);
    finish(witnessing, point, &closure, vec![given("@req"), given("@res")], passage);
}

fn page(witnessing: &mut Witnessing<'_, '_>, id: ModuleId, route: &str, middleware: Option<&Middleware>) {
    let program = witnessing.machine.program;
    if program.module(id).directives.iter().any(|(directive, _)| directive == "use client") {
        return;
    }
    let Some(value) = witnessing.machine.export(id, "default") else { return };
    let Some(closure) = closure_in(&value) else { return };
    let span = export_span(witnessing, id, "default");
    let mut passage = through_middleware(witnessing, middleware, route, Some("GET"));
    for layout in layouts(witnessing, id) {
        passage = chain::pass(
            witnessing,
            &chain::Convention { args: || vec![given("@props")], next: "@children" },
            &layout,
            span,
            passage,
        );
    }
    let point = chain::entry(EntryKind::ServerPage, &["GET"], route, "Next.js", span);
    let object =
        plimsoll_analysis::Object::new(plimsoll_analysis::Site { module: id, node: plimsoll_ir::NodeId(0) }, false);
    object.fields.borrow_mut().insert("params".into(), given("@params"));
    object.fields.borrow_mut().insert("searchParams".into(), given("@searchParams"));
    finish(witnessing, point, &closure, vec![Value::plain(ValueKind::Object(Rc::new(object)))], passage);
}

/// Layouts above a page, outermost first; a layout that redirects guards what it shows.
fn layouts(witnessing: &mut Witnessing<'_, '_>, id: ModuleId) -> Vec<Value> {
    let program = witnessing.machine.program;
    let path = program.path(id).to_owned();
    let mut out = Vec::new();
    let mut folder = path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
    loop {
        for extension in ["tsx", "jsx", "ts", "js"] {
            let candidate =
                if folder.is_empty() { format!("layout.{extension}") } else { format!("{folder}/layout.{extension}") };
            let Some(file) = program.tree.find(&candidate) else { continue };
            let Some(&module) = program.modules_of(file).first() else { continue };
            if program.module(module).directives.iter().any(|(directive, _)| directive == "use client") {
                continue;
            }
            if let Some(value) = witnessing.machine.export(module, "default") {
                out.push(value);
            }
        }
        match folder.rsplit_once('/') {
            Some((above, _)) => folder = above.to_owned(),
            None => break,
        }
    }
    out.reverse();
    out
}

/// Exported functions of `'use server'` files, and functions with the directive in their body.
fn actions(witnessing: &mut Witnessing<'_, '_>, id: ModuleId, stem: &str, is_next: bool) {
    let program = witnessing.machine.program;
    let module = program.module(id);
    let whole_file = module.directives.iter().any(|(directive, _)| directive == "use server");
    let mut found: Vec<(String, FunctionId, Rc<Closure>)> = Vec::new();
    if whole_file {
        for name in witnessing.machine.export_names(id) {
            let Some(value) = witnessing.machine.export(id, &name) else { continue };
            let Some(closure) = closure_in(&value) else { continue };
            if closure.module == id {
                found.push((name.to_string(), closure.function, closure));
            }
        }
    }
    for (function, at) in (0u32..).map(FunctionId).zip(&module.functions) {
        if at.directives.iter().any(|directive| directive == "use server") {
            let closure = witnessing.machine.closure_of(FunctionRef { module: id, function });
            found.push((at.name.as_ref().map_or_else(|| stem.to_owned(), |name| name.to_string()), function, closure));
        }
    }
    let _ = is_next;
    found.sort_by_key(|(_, function, _)| *function);
    found.dedup_by_key(|(_, function, _)| *function);
    for (name, function, closure) in found {
        let at = module.function(function);
        let span = module.span_of(at.head);
        witnessing.machine.reset();
        // Arguments come from the browser, whatever their types say.
        let args = at
            .params
            .iter()
            .enumerate()
            .map(|(index, param)| match module.kind(param.pattern) {
                Kind::Name(name)
                    if matches!(name.as_str(), "prevState" | "_prevState" | "previousState" | "_prev" | "_")
                        && index == 0 =>
                {
                    Value::unknown()
                }
                Kind::Name(name) => chain::input(&format!("body.{name}")),
                _ => chain::input("body"),
            })
            .collect();
        let mut point = chain::entry(EntryKind::ServerAction, &["POST"], &name, "Next.js", span);
        point.name = Some(name);
        finish(witnessing, point, &closure, args, Passage::default());
    }
}

#[cfg(test)]
mod tests {
    use super::{app_route, covers, pages_route};

    #[test]
    fn routes_from_files() {
        assert_eq!(app_route("src/app/api/users/[id]/route", "route").as_deref(), Some("/api/users/:id"));
        assert_eq!(app_route("app/(auth)/login/page", "page").as_deref(), Some("/login"));
        assert_eq!(app_route("app/page", "page").as_deref(), Some("/"));
        assert_eq!(app_route("src/components/page", "page"), None);
        assert_eq!(pages_route("pages/api/users/index").as_deref(), Some("/api/users"));
        assert_eq!(pages_route("src/pages/home"), None);
    }

    #[test]
    fn matchers() {
        let all_but = vec!["/((?!_next/static|_next/image|favicon.ico).*)".to_owned()];
        assert!(covers(&all_but, "/api/users"));
        assert!(!covers(&all_but, "/_next/static/x.js"));
        let without_api = vec!["/((?!api|_next).*)".to_owned()];
        assert!(!covers(&without_api, "/api/users") && covers(&without_api, "/admin"));
        let admin = vec!["/admin/:path*".to_owned()];
        assert!(covers(&admin, "/admin/users") && covers(&admin, "/admin") && !covers(&admin, "/api/admin"));
        assert!(covers(&[], "/anything"));
    }
}
