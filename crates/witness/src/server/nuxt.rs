//! Nuxt and Nitro: handlers below `server/api` and `server/routes`, middleware that runs before every request.

use plimsoll_analysis::{Machine, ModuleId, Program, Value};
use plimsoll_ir::{Language, Str};
use plimsoll_model::App;
use plimsoll_model::app::EntryKind;

use super::chain::{
    self, Convention, Passage, RETURNS_NOTHING, closure_in, export_span, finish, fix_request, given, pass,
};
use crate::Witnessing;

const HOOK: Convention = Convention { args: || vec![given("@event")], next: RETURNS_NOTHING };
const METHODS: &[&str] = &["get", "post", "put", "patch", "delete", "head", "options"];

/// Exports of `server/utils` are visible to all of `server` without an import.
pub(crate) fn provide(program: &Program<'_>, machine: &mut Machine<'_>) {
    if !is_nitro(program) {
        return;
    }
    for (id, module) in program.iter() {
        let path = program.path(id);
        let Some(folder) = server_folder(path) else { continue };
        let inside = &path[folder.len()..];
        if module.language != Language::JavaScript || !(inside.starts_with("utils/") || inside.starts_with("lib/")) {
            continue;
        }
        for export in module.exports.iter().filter(|export| export.name != "default" && export.name != "*") {
            machine.provide(folder, Str::clone(&export.name), id);
        }
    }
}

fn is_nitro(program: &Program<'_>) -> bool {
    chain::has_package(program.tree, "nuxt")
        || chain::has_package(program.tree, "nitropack")
        || chain::has_package(program.tree, "nitro")
}

/// The `server` folder that a path lies in, with `/` behind.
fn server_folder(path: &str) -> Option<&str> {
    if path.starts_with("server/") {
        return Some("server/");
    }
    path.find("/server/").map(|at| &path[..at + 8])
}

pub(crate) fn observe(witnessing: &mut Witnessing<'_, '_>, app: &mut App) {
    let program = witnessing.machine.program;
    if !is_nitro(program) {
        return;
    }
    app.stack.push("Nuxt".into());
    app.serves_pages = true;
    let modules: Vec<(ModuleId, String)> = program
        .iter()
        .filter(|(_, module)| module.language == Language::JavaScript)
        .map(|(id, _)| (id, program.path(id).to_owned()))
        .collect();
    let mut hooks: Vec<(String, String, ModuleId)> = Vec::new();
    for (id, path) in &modules {
        if let Some(folder) = server_folder(path)
            && path[folder.len()..].starts_with("middleware/")
        {
            hooks.push((folder.to_owned(), path.clone(), *id));
        }
    }
    hooks.sort();
    for (id, path) in modules {
        let Some(folder) = server_folder(&path) else { continue };
        let Some((route, method)) = route_of(chain::stem(&path[folder.len()..])) else { continue };
        let Some(value) = witnessing.machine.export(id, "default") else { continue };
        let Some(closure) = handler_in(&value) else { continue };
        let span = export_span(witnessing, id, "default");
        witnessing.machine.reset();
        fix_request(witnessing.machine, method, &route);
        let mut passage = Passage::default();
        for (_, _, hook) in hooks.iter().filter(|(at, ..)| at == folder) {
            if let Some(value) = witnessing.machine.export(*hook, "default")
                && let Some(closure) = handler_in(&value)
            {
                let at = export_span(witnessing, *hook, "default");
                let value = Value::plain(plimsoll_analysis::ValueKind::Closure(closure));
                passage = pass(witnessing, &HOOK, &value, at, passage);
            }
        }
        // `defineEventHandler({ onRequest: [guard], handler })`
        if let Some(before) = options_of(&value).and_then(|options| options.field("onRequest")) {
            passage = pass(witnessing, &HOOK, &before, span, passage);
        }
        let methods: Vec<String> = method.iter().map(|method| method.to_uppercase()).collect();
        let methods: Vec<&str> = methods.iter().map(String::as_str).collect();
        let point = chain::entry(EntryKind::Route, &methods, &route, "Nuxt", span);
        finish(witnessing, point, &closure, vec![given("@event")], passage);
    }
}

fn options_of(value: &Value) -> Option<Value> {
    let (_, args, _) = value.as_symbol()?.calls().pop()?;
    args.iter().map(|arg| arg.value.clone()).find(|arg| arg.field("handler").is_some())
}

fn handler_in(value: &Value) -> Option<std::rc::Rc<plimsoll_analysis::Closure>> {
    if let Some(options) = options_of(value) {
        return options.field("handler").as_ref().and_then(closure_in);
    }
    closure_in(value)
}

/// `api/users/[id].get` → `/api/users/:id`, GET.
fn route_of(stem: &str) -> Option<(String, Option<&'static str>)> {
    let inside = if stem.starts_with("api/") { stem } else { stem.strip_prefix("routes/")? };
    let (inside, method) = match inside.rsplit_once('.') {
        Some((rest, last)) => match METHODS.iter().find(|method| **method == last) {
            Some(method) => (rest, Some(upper(method))),
            None => (inside, None),
        },
        None => (inside, None),
    };
    let inside = if inside == "index" { "" } else { inside.strip_suffix("/index").unwrap_or(inside) };
    Some((super::next::url_of(inside), method))
}

fn upper(method: &str) -> &'static str {
    match method {
        "get" => "GET",
        "post" => "POST",
        "put" => "PUT",
        "patch" => "PATCH",
        "delete" => "DELETE",
        "head" => "HEAD",
        _ => "OPTIONS",
    }
}

#[cfg(test)]
mod tests {
    use super::route_of;

    #[test]
    fn routes_from_files() {
        assert_eq!(route_of("api/users/[id].get"), Some(("/api/users/:id".into(), Some("GET"))));
        assert_eq!(route_of("api/users/index.post"), Some(("/api/users".into(), Some("POST"))));
        assert_eq!(route_of("routes/[...slug]"), Some(("/:slug".into(), None)));
        assert_eq!(route_of("utils/db"), None);
    }
}
