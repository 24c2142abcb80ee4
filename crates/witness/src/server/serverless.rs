//! Servers without a framework and functions of hosting platforms: Node's `http`, Bun, Deno, Vercel, Netlify, Cloudflare,
//! and the endpoints of Astro, which look alike.

use plimsoll_analysis::{Event, EventKind, ModuleId, Value};
use plimsoll_ir::Language;
use plimsoll_model::App;
use plimsoll_model::app::EntryKind;

use super::chain::{self, Convention, Passage, closure_in, export_span, finish, fix_request, given, pass};
use crate::Witnessing;

const METHODS: &[&str] = &["GET", "POST", "PUT", "PATCH", "DELETE", "ALL"];
const ASTRO: Convention = Convention { args: || vec![given("@args"), given("@next")], next: "@next" };

pub(crate) fn observe(witnessing: &mut Witnessing<'_, '_>, setup: &[Event], app: &mut App) {
    let program = witnessing.machine.program;
    servers(witnessing, setup, app);
    let is_vercel = program.tree.iter().any(|(_, file)| file.name() == "vercel.json")
        || chain::has_package(program.tree, "@vercel/node");
    let is_astro = chain::has_package(program.tree, "astro");
    let is_next = chain::has_package(program.tree, "next");
    if is_astro {
        app.stack.push("Astro".into());
        app.serves_pages = true;
    }
    let modules: Vec<(ModuleId, String)> = program
        .iter()
        .filter(|(_, module)| module.language == Language::JavaScript)
        .map(|(id, _)| (id, program.path(id).to_owned()))
        .collect();
    for (id, path) in modules {
        let stem = chain::stem(&path);
        if let Some(name) = below(stem, "netlify/functions/").or_else(|| below(stem, "netlify/edge-functions/")) {
            let name = name.split('/').next().unwrap_or(name);
            netlify(witnessing, id, &format!("/.netlify/functions/{name}"), app);
        } else if is_astro
            && let Some(inside) = below(stem, "src/pages/")
            && !path.ends_with(".astro")
        {
            astro(witnessing, id, stem, inside);
        } else if is_vercel
            && !is_next
            && let Some(inside) = below(stem, "api/").filter(|_| stem.starts_with("api/"))
        {
            vercel(witnessing, id, &super::next::url_of(&format!("api/{}", inside.trim_end_matches("/index"))), app);
        } else if let Some(inside) = below(stem, "functions/").filter(|_| !stem.contains("supabase/functions/")) {
            pages_function(witnessing, id, &super::next::url_of(inside.trim_end_matches("index")), app);
        }
        worker(witnessing, id, &path, app);
    }
}

fn below<'a>(stem: &'a str, folder: &str) -> Option<&'a str> {
    stem.strip_prefix(folder).or_else(|| stem.find(&format!("/{folder}")).map(|at| &stem[at + 1 + folder.len()..]))
}

fn add_stack(app: &mut App, name: &str) {
    if !app.stack.iter().any(|known| known == name) {
        app.stack.push(name.to_owned());
    }
}

/// `http.createServer(handler)`, `Bun.serve({ fetch })`, `Deno.serve(handler)`.
fn servers(witnessing: &mut Witnessing<'_, '_>, setup: &[Event], app: &mut App) {
    for event in setup {
        let EventKind::Call { callee, args } = &event.kind else { continue };
        let file = witnessing.machine.program.tree.file(event.span.file);
        let path = file.path.as_str();
        let (framework, handler, handler_args) = match callee.path.as_str() {
            "http.createServer" | "https.createServer" => (
                "Node.js",
                args.iter().find_map(|arg| arg.value.as_closure().cloned()),
                vec![given("@req"), given("@res")],
            ),
            "Bun.serve" => {
                let fetch = event.arg(0).and_then(|options| options.field("fetch"));
                ("Bun", fetch.and_then(|fetch| fetch.as_closure().cloned()), vec![given("@request")])
            }
            "Deno.serve" if !path.contains("supabase/functions/") && !super::base44::is_function(path, file.text()) => {
                ("Deno", args.iter().find_map(|arg| arg.value.as_closure().cloned()), vec![given("@request")])
            }
            _ => continue,
        };
        let Some(closure) = handler else { continue };
        add_stack(app, framework);
        witnessing.machine.reset();
        let point = chain::entry(EntryKind::Route, &[], "/*", framework, event.span);
        finish(witnessing, point, &closure, handler_args, Passage::default());
    }
}

fn function(
    witnessing: &mut Witnessing<'_, '_>,
    id: ModuleId,
    export: &str,
    methods: &[&str],
    path: &str,
    framework: &str,
    args: Vec<Value>,
) -> bool {
    let Some(closure) = witnessing.machine.export(id, export).as_ref().and_then(closure_in) else { return false };
    let span = export_span(witnessing, id, export);
    witnessing.machine.reset();
    let point = chain::entry(EntryKind::Function, methods, path, framework, span);
    finish(witnessing, point, &closure, args, Passage::default());
    true
}

/// Functions that the platform runs by the clock (`export const config = { schedule }`, `schedule('@daily', …)`) answer no
/// requests from outside.
fn is_scheduled(witnessing: &mut Witnessing<'_, '_>, id: ModuleId) -> bool {
    let by_config = witnessing.machine.export(id, "config").is_some_and(|config| config.field("schedule").is_some());
    by_config
        || ["handler", "default"].iter().any(|export| {
            witnessing
                .machine
                .export(id, export)
                .is_some_and(|value| value.path().ends_with("@netlify/functions.schedule()"))
        })
}

fn netlify(witnessing: &mut Witnessing<'_, '_>, id: ModuleId, path: &str, app: &mut App) {
    if is_scheduled(witnessing, id) {
        add_stack(app, "Netlify functions");
        return;
    }
    let found =
        function(witnessing, id, "handler", &[], path, "Netlify functions", vec![given("@event"), given("@context")])
            || function(
                witnessing,
                id,
                "default",
                &[],
                path,
                "Netlify functions",
                vec![given("@request"), given("@context")],
            );
    if found {
        add_stack(app, "Netlify functions");
    }
}

fn vercel(witnessing: &mut Witnessing<'_, '_>, id: ModuleId, path: &str, app: &mut App) {
    if path.split('/').any(|part| part.starts_with('_')) {
        return;
    }
    let mut found = false;
    for method in METHODS {
        found |= function(witnessing, id, method, &[method], path, "Vercel functions", vec![given("@request")]);
    }
    if !found {
        // One parameter is the standard request, two are Node's.
        let is_web = witnessing.machine.export(id, "default").as_ref().and_then(closure_in).is_some_and(|closure| {
            let module = witnessing.machine.program.module(closure.module);
            module.function(closure.function).params.len() < 2
        });
        let args = if is_web { vec![given("@request")] } else { vec![given("@req"), given("@res")] };
        found = function(witnessing, id, "default", &[], path, "Vercel functions", args);
    }
    if found {
        add_stack(app, "Vercel functions");
    }
}

/// Cloudflare Pages: `onRequestPost(context)` in `functions/`.
fn pages_function(witnessing: &mut Witnessing<'_, '_>, id: ModuleId, path: &str, app: &mut App) {
    for (export, methods) in [
        ("onRequest", &[][..]),
        ("onRequestGet", &["GET"]),
        ("onRequestPost", &["POST"]),
        ("onRequestPut", &["PUT"]),
        ("onRequestPatch", &["PATCH"]),
        ("onRequestDelete", &["DELETE"]),
    ] {
        if !path.ends_with("_middleware")
            && function(witnessing, id, export, methods, path, "Cloudflare Pages functions", vec![given("@args")])
        {
            add_stack(app, "Cloudflare Pages functions");
        }
    }
}

/// Cloudflare Workers: `export default { fetch(request, env) }`.
fn worker(witnessing: &mut Witnessing<'_, '_>, id: ModuleId, path: &str, app: &mut App) {
    if path.contains("supabase/functions/") || path.contains("netlify/") {
        return;
    }
    let exports_default = witnessing.machine.program.module(id).exports.iter().any(|export| export.name == "default");
    if !exports_default {
        return;
    }
    let fetch = witnessing.machine.export(id, "default").and_then(|value| value.field("fetch"));
    let Some(closure) = fetch.and_then(|fetch| fetch.as_closure().cloned()) else { return };
    let span = export_span(witnessing, id, "default");
    witnessing.machine.reset();
    let point = chain::entry(EntryKind::Function, &[], "/*", "Cloudflare Workers", span);
    let args = vec![given("@request"), given("@env"), given("@ctx")];
    finish(witnessing, point, &closure, args, Passage::default());
    add_stack(app, "Cloudflare Workers");
}

/// Endpoints of Astro, behind `onRequest` of `src/middleware`.
fn astro(witnessing: &mut Witnessing<'_, '_>, id: ModuleId, stem: &str, inside: &str) {
    let inside = inside.strip_suffix("/index").unwrap_or(inside);
    let route = super::next::url_of(chain::stem(inside));
    let program = witnessing.machine.program;
    let root = &stem[..stem.len() - stem.find("src/pages/").map_or(0, |at| stem.len() - at)];
    let hook = ["ts", "js"].iter().flat_map(|extension| {
        [format!("{root}src/middleware.{extension}"), format!("{root}src/middleware/index.{extension}")]
    });
    let hook = hook.into_iter().find_map(|path| program.modules_of(program.tree.find(&path)?).first().copied());
    for method in METHODS {
        let Some(closure) = witnessing.machine.export(id, method).as_ref().and_then(closure_in) else { continue };
        let span = export_span(witnessing, id, method);
        let methods: &[&str] = if *method == "ALL" { &[] } else { &[method] };
        witnessing.machine.reset();
        fix_request(witnessing.machine, Some(method), &route);
        for path in ["@args.url.pathname", "@args.request.url"] {
            witnessing.machine.fix(path, Value::string(route.as_str()));
        }
        let mut passage = Passage::default();
        if let Some(hook) = hook
            && let Some(value) = witnessing.machine.export(hook, "onRequest")
        {
            let list = match value.as_symbol().map(|symbol| symbol.calls()).as_deref() {
                Some([.., (_, args, _)]) => args.iter().map(|arg| arg.value.clone()).collect(),
                _ => vec![value],
            };
            for handler in list {
                passage = pass(witnessing, &ASTRO, &handler, span, passage);
            }
        }
        let point = chain::entry(EntryKind::Route, methods, &route, "Astro", span);
        finish(witnessing, point, &closure, vec![given("@args")], passage);
    }
}
