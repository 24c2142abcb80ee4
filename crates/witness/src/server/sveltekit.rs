//! SvelteKit: `+server`, `load` and `actions` of `+page.server`, `+layout.server`, remote functions, the `handle` hook.
//!
//! The hook runs before everything. A layout's `load` guards neither actions nor endpoints; the `load` of a page runs
//! beside it unless it waits for `parent()`.

use plimsoll_analysis::{ModuleId, Value};
use plimsoll_ir::Language;
use plimsoll_model::App;
use plimsoll_model::app::{EntryKind, EntryPoint, Guard, GuardKind, GuardStanding};

use super::chain::{self, Convention, Passage, closure_in, export_span, finish, fix_request, given, pass};
use crate::Witnessing;

const METHODS: &[&str] = &["GET", "POST", "PUT", "PATCH", "DELETE", "fallback"];

const HANDLE: Convention = Convention {
    args: || vec![chain::object(vec![("event", given("@event")), ("resolve", given("@resolve"))])],
    next: "@resolve",
};
const LOAD: Convention = Convention { args: || vec![given("@event")], next: "@children" };

pub(crate) fn observe(witnessing: &mut Witnessing<'_, '_>, app: &mut App) {
    let program = witnessing.machine.program;
    if !chain::has_package(program.tree, "@sveltejs/kit") {
        return;
    }
    app.stack.push("SvelteKit".into());
    app.serves_pages = true;
    let modules: Vec<ModuleId> =
        program.iter().filter(|(_, module)| module.language == Language::JavaScript).map(|(id, _)| id).collect();
    for id in modules {
        let path = program.path(id).to_owned();
        let stem = chain::stem(&path);
        if stem.ends_with(".remote") {
            remote_functions(witnessing, id);
            continue;
        }
        let Some((root, folder, leaf)) = place(stem) else { continue };
        let site = Site { root, folder, route: route_of(folder) };
        match leaf {
            "+server" => endpoints(witnessing, id, &site),
            "+page.server" => {
                load(witnessing, id, &site, true);
                actions(witnessing, id, &site);
            }
            "+layout.server" => load(witnessing, id, &site, false),
            _ => {}
        }
    }
}

struct Site<'a> {
    /// Folder of `src`, with `/` behind; empty at the root.
    root: &'a str,
    /// Folder below `routes`.
    folder: &'a str,
    /// The address.
    route: String,
}

/// `web/src/routes/app/[id]/+server` → (`web/src/`, `app/[id]`, `+server`).
fn place(stem: &str) -> Option<(&str, &str, &str)> {
    let (folder, leaf) = stem.rsplit_once('/')?;
    if !leaf.starts_with('+') {
        return None;
    }
    let at = if folder.starts_with("routes") { 0 } else { folder.find("/routes").map(|at| at + 1)? };
    let inside = folder[at..].strip_prefix("routes")?;
    (inside.is_empty() || inside.starts_with('/')).then(|| (&folder[..at], inside.trim_start_matches('/'), leaf))
}

/// `app/(main)/[id=integer]/[[page]]` → `/app/:id/:page`.
fn route_of(folder: &str) -> String {
    let parts: Vec<String> = folder
        .split('/')
        .filter(|part| !(part.is_empty() || part.starts_with('(') && part.ends_with(')')))
        .map(|part| {
            let mut out = String::new();
            let mut rest = part;
            while let Some(open) = rest.find('[') {
                let close = rest[open..].rfind(']').map_or(rest.len(), |at| open + at + 1);
                let inside = rest[open..close].trim_matches(['[', ']']).trim_start_matches("...");
                out.push_str(&rest[..open]);
                out.push(':');
                out.push_str(inside.split('=').next().unwrap_or(inside));
                rest = &rest[close..];
            }
            out.push_str(rest);
            out
        })
        .collect();
    format!("/{}", parts.join("/"))
}

/// What the hook establishes for a request.
fn through_hook(witnessing: &mut Witnessing<'_, '_>, site: &Site<'_>, method: &str) -> Passage {
    witnessing.machine.reset();
    fix_request(witnessing.machine, Some(method), &site.route);
    witnessing.machine.fix("@event.route.id", Value::string(format!("/{}", site.folder)));
    let program = witnessing.machine.program;
    let hook = ["ts", "js"].iter().find_map(|extension| {
        let file = program.tree.find(&format!("{}hooks.server.{extension}", site.root))?;
        program.modules_of(file).first().copied()
    });
    let Some(module) = hook else { return Passage::default() };
    let Some(handle) = witnessing.machine.export(module, "handle") else { return Passage::default() };
    let span = export_span(witnessing, module, "handle");
    let mut list = Vec::new();
    in_sequence(&handle, &mut list, 0);
    let mut passage = Passage::default();
    for handle in list {
        passage = pass(witnessing, &HANDLE, &handle, span, passage);
    }
    passage
}

/// The parts of `sequence(a, b)`.
fn in_sequence(handle: &Value, out: &mut Vec<Value>, depth: u32) {
    let calls = handle.as_symbol().filter(|_| handle.as_closure().is_none()).map(|symbol| symbol.calls());
    match calls.as_deref() {
        Some([.., (name, args, _)]) if name == "sequence" && depth < 4 => {
            for arg in args.iter() {
                in_sequence(&arg.value, out, depth + 1);
            }
        }
        _ => out.push(handle.clone()),
    }
}

fn endpoints(witnessing: &mut Witnessing<'_, '_>, id: ModuleId, site: &Site<'_>) {
    for method in METHODS {
        let Some(closure) = witnessing.machine.export(id, method).as_ref().and_then(closure_in) else { continue };
        let span = export_span(witnessing, id, method);
        let methods: &[&str] = if *method == "fallback" { &[] } else { &[method] };
        let passage = through_hook(witnessing, site, method);
        let mut point = chain::entry(EntryKind::Route, methods, &site.route, "SvelteKit", span);
        point.name = Some((*method).to_owned());
        finish(witnessing, point, &closure, vec![given("@event")], passage);
    }
}

fn load(witnessing: &mut Witnessing<'_, '_>, id: ModuleId, site: &Site<'_>, is_page: bool) {
    let Some(closure) = witnessing.machine.export(id, "load").as_ref().and_then(closure_in) else { return };
    let span = export_span(witnessing, id, "load");
    let mut passage = through_hook(witnessing, site, "GET");
    let alone = passage.facts.clone();
    let layouts = layouts(witnessing, id, site);
    // What the layouts above would establish, were they waited for.
    let mut behind = passage.clone();
    for layout in &layouts {
        behind = pass(witnessing, &LOAD, layout, span, behind);
    }
    let events = witnessing.machine.run(&closure, vec![given("@event")], passage.facts.clone()).events;
    let waits = events.iter().any(|event| event.path() == "@event.parent");
    if waits {
        passage = behind.clone();
    }
    let mut point = chain::entry(EntryKind::ServerPage, &["GET"], &site.route, "SvelteKit", span);
    point.name = Some(if is_page { "load".into() } else { "load of the layout".into() });
    let index = finish(witnessing, point, &closure, vec![given("@event")], passage);
    if !waits {
        let tree = witnessing.machine.program.tree;
        let more = crate::guards::guards_of(&behind.facts.beyond(&alone), tree);
        not_waited_for(&mut witnessing.entry_points[index], more);
    }
}

/// Checks of layouts that do not hold for the page's data.
fn not_waited_for(point: &mut EntryPoint, guards: Vec<Guard>) {
    if point.trivial || point.holding(GuardKind::Authentication).next().is_some() {
        return;
    }
    for mut guard in guards.into_iter().filter(|guard| guard.holds()) {
        guard.standing =
            GuardStanding::FailsOpen("the page's data can be asked for without the layout that checks".into());
        point.guards.push(guard);
    }
}

/// `load` of the layouts above, outermost first.
fn layouts(witnessing: &mut Witnessing<'_, '_>, own: ModuleId, site: &Site<'_>) -> Vec<Value> {
    let program = witnessing.machine.program;
    let mut folders = vec![String::new()];
    for part in site.folder.split('/').filter(|part| !part.is_empty()) {
        let above = folders.last().cloned().unwrap_or_default();
        folders.push(if above.is_empty() { part.to_owned() } else { format!("{above}/{part}") });
    }
    let mut out = Vec::new();
    for folder in folders {
        let base = format!("{}routes/{folder}", site.root);
        for extension in ["ts", "js"] {
            let Some(file) = program.tree.find(&format!("{}/+layout.server.{extension}", base.trim_end_matches('/')))
            else {
                continue;
            };
            let Some(&module) = program.modules_of(file).first() else { continue };
            if module != own
                && let Some(value) = witnessing.machine.export(module, "load")
            {
                out.push(value);
            }
        }
    }
    out
}

fn actions(witnessing: &mut Witnessing<'_, '_>, id: ModuleId, site: &Site<'_>) {
    let Some(actions) = witnessing.machine.export(id, "actions") else { return };
    let Some(object) = actions.as_object().cloned() else { return };
    let span = export_span(witnessing, id, "actions");
    let fields: Vec<(String, Value)> =
        object.fields.borrow().iter().map(|(name, value)| (name.to_string(), value.clone())).collect();
    for (name, value) in fields {
        let Some(closure) = closure_in(&value) else { continue };
        let path = if name == "default" { site.route.clone() } else { format!("{}?/{name}", site.route) };
        let passage = through_hook(witnessing, site, "POST");
        let at = witnessing.machine.program.module(closure.module);
        let span = if closure.module == id { at.span_of(at.function(closure.function).head) } else { span };
        let mut point = chain::entry(EntryKind::Route, &["POST"], &path, "SvelteKit", span);
        point.name = Some(name);
        finish(witnessing, point, &closure, vec![given("@event")], passage);
    }
}

/// `query`, `form` and `command` of `$app/server` in `*.remote.ts`: callable by any visitor.
fn remote_functions(witnessing: &mut Witnessing<'_, '_>, id: ModuleId) {
    let root = {
        let path = witnessing.machine.program.path(id);
        path.find("src/").map_or("", |at| &path[..at + 4]).to_owned()
    };
    for name in witnessing.machine.export_names(id) {
        let Some(value) = witnessing.machine.export(id, &name) else { continue };
        let Some(kind) = value.path().strip_prefix("$app/server.").map(str::to_owned) else { continue };
        let Some(closure) = closure_in(&value) else { continue };
        let span = export_span(witnessing, id, &name);
        let method = if kind.starts_with("query") { "GET" } else { "POST" };
        let site = Site { root: &root, folder: "", route: "/_app/remote".into() };
        let passage = through_hook(witnessing, &site, method);
        let mut point = chain::entry(EntryKind::ServerAction, &[method], &name, "SvelteKit", span);
        point.name = Some(name.to_string());
        finish(witnessing, point, &closure, vec![chain::input("body")], passage);
    }
}

#[cfg(test)]
mod tests {
    use super::{place, route_of};

    #[test]
    fn places() {
        assert_eq!(place("src/routes/app/[id]/+server"), Some(("src/", "app/[id]", "+server")));
        assert_eq!(place("web/src/routes/+page.server"), Some(("web/src/", "", "+page.server")));
        assert_eq!(place("src/lib/+server"), None);
        assert_eq!(route_of("app/(main)/[id=integer]/x-[[page]]/[...rest]"), "/app/:id/x-:page/:rest");
        assert_eq!(route_of(""), "/");
    }
}
