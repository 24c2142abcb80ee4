//! Remix and React Router in framework mode: `loader` and `action` of route modules, `middleware`.
//!
//! Each loader answers on its own: a check in the loader of a parent route does not protect its children.

use std::collections::BTreeMap;

use plimsoll_analysis::{ModuleId, Value};
use plimsoll_ir::Language;
use plimsoll_model::App;
use plimsoll_model::app::EntryKind;

use super::chain::{self, Convention, Passage, closure_in, export_span, finish, fix_request, given, join_path, pass};
use crate::Witnessing;

const MIDDLEWARE: Convention = Convention { args: || vec![given("@args"), given("@next")], next: "@next" };

pub(crate) fn observe(witnessing: &mut Witnessing<'_, '_>, app: &mut App) {
    let program = witnessing.machine.program;
    let is_remix =
        chain::has_package(program.tree, "@remix-run/react") || chain::has_package(program.tree, "@remix-run/node");
    let is_router =
        chain::has_package(program.tree, "@react-router/dev") || chain::has_package(program.tree, "@react-router/node");
    if !is_remix && !is_router {
        return;
    }
    let framework = if is_router { "React Router" } else { "Remix" };
    app.stack.push(framework.into());
    app.serves_pages = true;
    let listed = listed_routes(witnessing);
    let modules: Vec<ModuleId> =
        program.iter().filter(|(_, module)| module.language == Language::JavaScript).map(|(id, _)| id).collect();
    for id in modules {
        let path = program.path(id).to_owned();
        let stem = chain::stem(&path).to_owned();
        let Some(route) = listed.get(&stem).cloned().or_else(|| file_route(&stem)) else { continue };
        let before = middleware_before(witnessing, id, &stem);
        for (name, kind, method) in [("loader", EntryKind::ServerPage, "GET"), ("action", EntryKind::Route, "POST")] {
            let Some(closure) = witnessing.machine.export(id, name).as_ref().and_then(closure_in) else { continue };
            let span = export_span(witnessing, id, name);
            witnessing.machine.reset();
            fix_request(witnessing.machine, None, &route);
            let mut passage = Passage::default();
            for list in &before {
                passage = pass(witnessing, &MIDDLEWARE, list, span, passage);
            }
            let mut point = chain::entry(kind, &[method], &route, framework, span);
            point.name = Some(name.to_owned());
            finish(witnessing, point, &closure, vec![given("@args")], passage);
        }
    }
}

/// `app/routes/admin.users_.$id` → `/admin/users/:id`; folders of routes hold a `route` file.
fn file_route(stem: &str) -> Option<String> {
    let at = if stem.starts_with("app/routes/") { 11 } else { stem.find("/app/routes/").map(|at| at + 12)? };
    let inside = &stem[at..];
    let inside = inside.strip_suffix("/route").or_else(|| inside.strip_suffix("/index")).unwrap_or(inside);
    Some(address_of(inside))
}

fn address_of(inside: &str) -> String {
    let mut parts: Vec<String> = Vec::new();
    for part in inside.split(['/', '.', '+']) {
        let part = part.trim_matches(['(', ')']);
        // A leading underscore marks a layout without an address or the index; a trailing one leaves the layout.
        if part.is_empty() || part.starts_with('_') || part == "index" || part == "route" {
            continue;
        }
        let part = part.trim_end_matches('_').replace(['[', ']'], "");
        parts.push(match part.strip_prefix('$') {
            Some("") => ":rest".to_owned(),
            Some(name) => format!(":{name}"),
            None => part,
        });
    }
    format!("/{}", parts.join("/"))
}

/// Addresses by file, from `routes.ts`.
fn listed_routes(witnessing: &mut Witnessing<'_, '_>) -> BTreeMap<String, String> {
    let program = witnessing.machine.program;
    let mut out = BTreeMap::new();
    let tables: Vec<(ModuleId, String)> = program
        .iter()
        .filter_map(|(id, _)| {
            let folder = chain::stem(program.path(id)).strip_suffix("routes")?;
            (folder == "app/" || folder.ends_with("/app/")).then(|| (id, folder.to_owned()))
        })
        .collect();
    for (id, folder) in tables {
        if let Some(table) = witnessing.machine.export(id, "default") {
            collect(&table, "", &folder, &mut out, 0);
        }
    }
    out
}

fn collect(value: &Value, above: &str, folder: &str, out: &mut BTreeMap<String, String>, depth: u32) {
    if depth > 10 {
        return;
    }
    if value.as_object().is_some_and(|object| object.is_array) {
        let spreads = value.as_object().map(|object| object.spreads.borrow().clone()).unwrap_or_default();
        for item in value.items().iter().chain(&spreads) {
            collect(item, above, folder, out, depth + 1);
        }
        return;
    }
    let Some((name, args, _)) = value.as_symbol().and_then(|symbol| symbol.calls().pop()) else { return };
    let text = |index: usize| args.get(index).and_then(|arg| arg.value.as_str()).unwrap_or_default().to_owned();
    let (path, file) = match name.as_str() {
        "route" => (text(0), Some(text(1))),
        "index" => (String::new(), Some(text(0))),
        "layout" => (String::new(), Some(text(0))),
        "prefix" => (text(0), None),
        _ => return,
    };
    let joined =
        join_path(above, &path.split('/').map(|part| part.trim_end_matches('?')).collect::<Vec<_>>().join("/"));
    if let Some(file) = file {
        let file = file.trim_start_matches("./").to_owned();
        out.insert(format!("{folder}{}", chain::stem(&file)), joined.replace("/*", "/:rest"));
    }
    for arg in args.iter() {
        if arg.value.as_object().is_some_and(|object| object.is_array) {
            collect(&arg.value, &joined, folder, out, depth + 1);
        }
    }
}

/// Lists of middleware of the root, of the layouts above by name, and of the module itself.
fn middleware_before(witnessing: &mut Witnessing<'_, '_>, id: ModuleId, stem: &str) -> Vec<Value> {
    let program = witnessing.machine.program;
    let Some(at) = stem.find("app/routes/").map(|at| at + 11) else { return own_middleware(witnessing, id) };
    let (base, inside) = stem.split_at(at);
    let mut stems = vec![format!("{}root", base.trim_end_matches("routes/"))];
    for (at, _) in inside.match_indices(['.', '/']) {
        stems.push(format!("{base}{}", &inside[..at]));
    }
    let mut out = Vec::new();
    for above in stems {
        for (module, _) in program.iter() {
            let own = chain::stem(program.path(module));
            if module != id && (own == above || own.strip_suffix("/route") == Some(above.as_str())) {
                out.extend(own_middleware(witnessing, module));
            }
        }
    }
    out.extend(own_middleware(witnessing, id));
    out
}

fn own_middleware(witnessing: &mut Witnessing<'_, '_>, id: ModuleId) -> Vec<Value> {
    ["middleware", "unstable_middleware"].iter().filter_map(|name| witnessing.machine.export(id, name)).collect()
}

#[cfg(test)]
mod tests {
    use super::file_route;

    #[test]
    fn routes_from_files() {
        let cases = [
            ("app/routes/_index", "/"),
            ("app/routes/admin.users_.$id", "/admin/users/:id"),
            ("app/routes/_auth.login", "/login"),
            ("web/app/routes/api/orders/route", "/api/orders"),
            ("app/routes/files.$", "/files/:rest"),
        ];
        for (stem, expected) in cases {
            assert_eq!(file_route(stem).as_deref(), Some(expected), "{stem}");
        }
        assert_eq!(file_route("app/models/user.server"), None);
    }
}
