//! Pages of the browser side: where they stand, which guards in the browser stand before them, and what they call.
//!
//! A component that sends away whom it does not like is a guard. It stands before what is written inside it
//! (`<ProtectedRoute>…</ProtectedRoute>`), before the routes below the one that shows it, and before itself.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_analysis::{ModuleId, Program};
use plimsoll_ir::{Key, Kind, Language, Module, NodeId, Property, walk};
use plimsoll_model::App;
use plimsoll_model::app::{Guard, GuardKind, GuardStanding, Page, Side, StoredValueKind};
use plimsoll_source::{FileId, Span};

use crate::handler::words_of;

/// Files in which components and pages stand.
fn is_component_file(path: &str) -> bool {
    [".tsx", ".jsx", ".vue", ".svelte", ".astro", ".html", ".htm"].iter().any(|end| path.ends_with(end))
}

/// A component that sends away, by its module.
struct Lock {
    guard: Guard,
    /// The condition and what follows it.
    span: Span,
    /// It shows what is written inside it, so it stands before other components.
    wraps: bool,
    /// Name of the function around it, where it has one.
    function: Option<String>,
}

struct Reader<'p, 'a> {
    program: &'p Program<'p>,
    locks: &'a BTreeMap<ModuleId, Vec<Lock>>,
    pages: Vec<(Page, Option<ModuleId>)>,
    visited: BTreeSet<NodeId>,
}

/// What stands around a part of a page.
#[derive(Clone, Default)]
struct Around {
    path: String,
    guards: Vec<Guard>,
}

pub(crate) fn observe(program: &Program<'_>, app: &mut App) {
    let mut locks: BTreeMap<ModuleId, Vec<Lock>> = BTreeMap::new();
    for (id, module) in program.iter().filter(|(_, module)| module.language == Language::JavaScript) {
        let found = locks_of(module, program.path(id));
        if !found.is_empty() {
            locks.insert(id, found);
        }
    }
    let mut reader = Reader { program, locks: &locks, pages: Vec::new(), visited: BTreeSet::new() };
    for (id, module) in program.iter().filter(|(_, module)| module.language == Language::JavaScript) {
        reader.module(id, module);
    }
    let mut pages = reader.pages;
    // A lock stands before the component that it is in, unless that only stands before others.
    for (&id, list) in &locks {
        for lock in list {
            let path = program.path(id);
            let own = Page {
                path: file_route(path).unwrap_or_default(),
                component: name_of(path),
                guards: vec![lock.guard.clone()],
                calls: Vec::new(),
                span: lock.span,
            };
            pages.push((own, (!lock.wraps).then_some(id)));
        }
    }
    layouts(program, &locks, &mut pages);
    scripts(program, app, &mut pages);
    // What a page keeps of the visitor in its own file, and decides by.
    for (page, module) in &mut pages {
        let Some(file) = module.map(|id| program.module(id).file) else { continue };
        page.guards.extend(stored_in(app, &[file]));
    }
    let callers: Vec<Vec<FileId>> = app
        .api_calls
        .iter()
        .map(|call| {
            let files: BTreeSet<FileId> = call.from.iter().chain([&call.span]).map(|span| span.file).collect();
            let shown = |file: &&FileId| is_component_file(&program.tree.file(**file).path);
            // A helper that also runs on its own is no page of its own.
            match files.iter().any(|file| shown(&file)) {
                true => files.iter().filter(shown).copied().collect(),
                false => files.into_iter().collect(),
            }
        })
        .collect();
    let mut shown: BTreeMap<ModuleId, BTreeSet<FileId>> = BTreeMap::new();
    for (page, module) in &mut pages {
        let Some(id) = *module else { continue };
        let files = shown.entry(id).or_insert_with(|| files_below(program, id, &locks));
        let calls = callers.iter().enumerate().filter(|(_, from)| from.iter().any(|file| files.contains(file)));
        page.calls.extend(calls.map(|(index, _)| index));
        page.calls.sort_unstable();
        page.calls.dedup();
    }
    app.pages.extend(pages.into_iter().map(|(page, _)| page));
}

/// The files whose components a page is made of.
fn files_below(program: &Program<'_>, page: ModuleId, locks: &BTreeMap<ModuleId, Vec<Lock>>) -> BTreeSet<FileId> {
    let mut seen = BTreeSet::from([page]);
    let mut todo = vec![page];
    while let Some(id) = todo.pop() {
        for index in 0..program.module(id).imports.len() {
            let Some(target) = program.target(id, index) else { continue };
            let is_lock = locks.get(&target).is_some_and(|locks| locks.iter().any(|lock| lock.wraps));
            if !is_lock && seen.len() < 300 && seen.insert(target) {
                todo.push(target);
            }
        }
    }
    seen.into_iter().map(|id| program.module(id).file).collect()
}

fn name_of(path: &str) -> String {
    path.rsplit('/').next().unwrap_or(path).to_owned()
}

/// The address of a file that is a page by its place: Next's `app/x/page.tsx` and `pages/x.tsx`, `+page.svelte`.
fn file_route(path: &str) -> Option<String> {
    let bare = super::super::server::chain::stem(path);
    let (folders, leaf) = bare.rsplit_once('/')?;
    let parts: Vec<&str> = folders.split('/').collect();
    let below = |root: &str| parts.iter().rposition(|part| *part == root).map(|at| parts[at + 1..].to_vec());
    let shown: Vec<&str> = match leaf {
        "page" => below("app")?,
        "+page" => below("routes")?,
        _ => return None,
    };
    let shown = shown.iter().filter(|part| !part.starts_with('(') && !part.starts_with('@'));
    let shown: Vec<String> = shown
        .map(|part| match part.strip_prefix('[') {
            Some(name) => format!(":{}", name.trim_end_matches(']').trim_start_matches("...")),
            None => (*part).to_owned(),
        })
        .collect();
    Some(format!("/{}", shown.join("/")))
}

/// Guards that a value kept in the browser's storage makes in some files.
fn stored_in(app: &App, files: &[FileId]) -> Vec<Guard> {
    app.stored_values
        .iter()
        .filter(|value| matches!(value.kind, StoredValueKind::Privilege | StoredValueKind::Identity))
        .flat_map(|value| {
            let reads = value.read.iter().filter(|span| files.contains(&span.file));
            reads.map(|span| Guard {
                kind: if value.kind == StoredValueKind::Privilege {
                    GuardKind::Role
                } else {
                    GuardKind::Authentication
                },
                side: Side::Browser,
                name: format!("`{}` from the browser's storage", value.key),
                standing: GuardStanding::Enforced,
                roles: Vec::new(),
                span: *span,
            })
        })
        .collect()
}

/// The scripts of a page of plain HTML, in their order: those in it (the page's own file) and those that it loads. With
/// each whether it is a module, which keeps its names to itself.
fn scripts_of(program: &Program<'_>, page: FileId) -> Vec<(FileId, bool)> {
    let file = program.tree.file(page);
    let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut files = vec![(page, false)];
    for part in file.text().split("<script").skip(1) {
        let tag = part.split('>').next().unwrap_or("");
        let Some(source) = tag.split("src=").nth(1) else { continue };
        let source = source.trim_start_matches(['"', '\'']).split(['"', '\'', ' ', '?']).next().unwrap_or("");
        let source = source.trim_start_matches("./");
        if source.contains("://") || source.is_empty() {
            continue;
        }
        let bare = source.trim_start_matches('/');
        let beside = if folder.is_empty() { bare.to_owned() } else { format!("{folder}/{bare}") };
        let found = program.tree.find(&beside).or_else(|| program.tree.find(bare)).or_else(|| {
            // `/js/a.js` in `public/pages/a.html` lies below `public`.
            let mut up = folder;
            while let Some((outer, _)) = up.rsplit_once('/') {
                if let Some(found) = program.tree.find(&format!("{outer}/{bare}")) {
                    return Some(found);
                }
                up = outer;
            }
            None
        });
        files.extend(found.map(|file| (file, tag.contains("module"))));
    }
    files
}

fn is_page(file: &plimsoll_source::SourceFile) -> bool {
    matches!(file.extension(), "html" | "htm")
}

/// What the scripts of a page declare they share.
pub(crate) fn load_together(program: &mut Program<'_>) {
    let pages: Vec<FileId> = program.tree.iter().filter(|(_, file)| is_page(file)).map(|(id, _)| id).collect();
    for page in pages {
        let scripts: Vec<ModuleId> = scripts_of(program, page)
            .into_iter()
            .filter(|(_, is_module)| !is_module)
            .flat_map(|(file, _)| program.modules_of(file).iter().copied())
            .filter(|id| program.module(*id).language == Language::JavaScript)
            .collect();
        if scripts.len() > 1 {
            program.load_together(&scripts);
        }
    }
}

/// Pages of plain HTML: the scripts that each loads decide and call together.
fn scripts(program: &Program<'_>, app: &App, pages: &mut Vec<(Page, Option<ModuleId>)>) {
    for (id, file) in program.tree.iter().filter(|(_, file)| is_page(file)) {
        let files: Vec<FileId> = scripts_of(program, id).into_iter().map(|(file, _)| file).collect();
        let calls: Vec<usize> = app
            .api_calls
            .iter()
            .enumerate()
            .filter(|(_, call)| call.from.iter().chain([&call.span]).any(|span| files.contains(&span.file)))
            .map(|(index, _)| index)
            .collect();
        let guards = stored_in(app, &files);
        if calls.is_empty() && guards.is_empty() {
            continue;
        }
        let name = name_of(&file.path);
        let page = Page { path: String::new(), component: name, guards, calls, span: Span::whole(id) };
        pages.push((page, None));
    }
}

/// Next's layouts: a lock in one, or in a component that it shows, stands before every page of its folder.
fn layouts(program: &Program<'_>, locks: &BTreeMap<ModuleId, Vec<Lock>>, pages: &mut Vec<(Page, Option<ModuleId>)>) {
    let mut guarded: Vec<(String, Vec<Guard>)> = Vec::new();
    for (id, module) in program.iter() {
        let Some(folder) = ["/layout.tsx", "/layout.jsx", "/layout.js", "/+layout.svelte"]
            .iter()
            .find_map(|end| program.path(id).strip_suffix(end))
        else {
            continue;
        };
        let mut guards: Vec<Guard> = Vec::new();
        let mut all = vec![id];
        all.extend((0..module.imports.len()).filter_map(|index| program.target(id, index)));
        for part in all {
            guards.extend(locks.get(&part).into_iter().flatten().map(|lock| lock.guard.clone()));
        }
        if !guards.is_empty() {
            guarded.push((format!("{folder}/"), guards));
        }
    }
    if guarded.is_empty() {
        return;
    }
    for (id, _) in program.iter() {
        let path = program.path(id);
        let Some(route) = file_route(path) else { continue };
        let guards: Vec<Guard> = guarded
            .iter()
            .filter(|(folder, _)| path.starts_with(folder.as_str()))
            .flat_map(|(_, guards)| guards.clone())
            .collect();
        if !guards.is_empty() {
            let span = Span::whole(program.module(id).file);
            let page = Page { path: route, component: name_of(path), guards, calls: Vec::new(), span };
            pages.push((page, Some(id)));
        }
    }
}

impl Reader<'_, '_> {
    fn module(&mut self, id: ModuleId, module: &Module) {
        self.visited.clear();
        // Parents come after their children: from the end, the outermost first.
        for at in (0..module.nodes.len()).rev() {
            let Ok(at) = u32::try_from(at) else { continue };
            let node = NodeId(at);
            if self.visited.contains(&node) {
                continue;
            }
            match module.kind(node) {
                Kind::Element { .. } => self.part(id, module, node, &Around::default(), 0),
                Kind::Object(properties) if is_route(properties) => {
                    self.part(id, module, node, &Around::default(), 0);
                }
                _ => {}
            }
        }
    }

    /// Reads what is shown inside a node.
    fn part(&mut self, id: ModuleId, module: &Module, node: NodeId, around: &Around, depth: u32) {
        if depth > 60 {
            return;
        }
        match module.kind(node) {
            Kind::Element { tag, attributes, children } => {
                self.visited.insert(node);
                let mut inside = around.clone();
                let named = |name: &str| attribute(attributes, name);
                let is_routed =
                    named("element").is_some() || named("component").is_some() || named("Component").is_some();
                if let Some(path) = named("path").and_then(|path| module.string(path)) {
                    inside.path = joined(&around.path, path);
                }
                let name = module.path(*tag).unwrap_or_default();
                let target = self.component(id, module, &name);
                let guard = self.lock(id, &name, target).or_else(|| named_lock(&name, module.span(*tag)));
                inside.guards.extend(guard.clone());
                // `<Route element={<RequireAuth />}>` stands before the routes below it.
                let shown = named("element").map(|element| module.kind(element).clone());
                if let Some(Kind::Element { tag, .. }) = shown {
                    let name = module.path(tag).unwrap_or_default();
                    let lock = self.component(id, module, &name);
                    let guard = self.lock(id, &name, lock).or_else(|| named_lock(&name, module.span(tag)));
                    inside.guards.extend(guard);
                }
                if guard.is_none()
                    && let Some(target) = target
                    && (!inside.path.is_empty() || !inside.guards.is_empty())
                {
                    self.page(target, &inside, module.span(*tag));
                }
                for property in attributes {
                    let is_page = is_routed
                        && matches!(&property.key, Key::Named(name) if matches!(name.as_str(), "component" | "Component"));
                    if is_page && let Some(name) = module.path(property.value) {
                        if let Some(target) = self.component(id, module, &name) {
                            self.page(target, &inside, module.span(property.value));
                        }
                    } else {
                        self.part(id, module, property.value, &inside, depth + 1);
                    }
                }
                for &child in children {
                    self.part(id, module, child, &inside, depth + 1);
                }
            }
            Kind::Object(properties) if is_route(properties) => {
                self.visited.insert(node);
                let mut inside = around.clone();
                if let Some(path) = attribute(properties, "path").and_then(|path| module.string(path)) {
                    inside.path = joined(&around.path, path);
                }
                if let Some(meta) = attribute(properties, "meta")
                    && let Some(guard) = meta_lock(module, meta)
                {
                    inside.guards.push(guard);
                }
                for property in properties {
                    let Key::Named(key) = &property.key else { continue };
                    match key.as_str() {
                        "component" | "Component" | "lazy" => {
                            let target = self.shown(id, module, property.value);
                            if let Some(target) = target {
                                self.page(target, &inside, module.span(property.value));
                            }
                        }
                        "beforeEnter" | "canActivate" => {
                            inside.guards.push(browser_guard(
                                key,
                                GuardKind::Authentication,
                                module.span(property.value),
                            ));
                        }
                        _ => self.part(id, module, property.value, &inside, depth + 1),
                    }
                }
            }
            _ => {
                let mut parts = Vec::new();
                plimsoll_ir::children(module, node, &mut |child| parts.push(child));
                for part in parts {
                    self.part(id, module, part, around, depth + 1);
                }
            }
        }
    }

    fn page(&mut self, target: ModuleId, around: &Around, span: Span) {
        let component = name_of(self.program.path(target));
        let path = around.path.clone();
        // What a library's own folder of buttons shows is no page.
        if self.program.path(target).contains("/ui/") {
            return;
        }
        let page = Page { path, component, guards: around.guards.clone(), calls: Vec::new(), span };
        self.pages.push((page, Some(target)));
    }

    /// The module of a component by a name visible in a module: imported, or loaded when it is shown.
    fn component(&self, id: ModuleId, module: &Module, name: &str) -> Option<ModuleId> {
        let first = name.split('.').next().unwrap_or(name);
        if !first.starts_with(char::is_uppercase) {
            return None;
        }
        for (index, import) in module.imports.iter().enumerate() {
            if import.names.iter().any(|(_, local)| local == first) {
                return self.program.target(id, index);
            }
        }
        module.iter().find_map(|(_, node)| match &node.kind {
            Kind::Let { target, value: Some(value), .. }
                if matches!(module.kind(*target), Kind::Name(local) if local == first) =>
            {
                self.loaded(id, module, *value)
            }
            _ => None,
        })
    }

    /// The component that a route's value is: a name, or a function that loads it.
    fn shown(&self, id: ModuleId, module: &Module, value: NodeId) -> Option<ModuleId> {
        match module.path(value) {
            Some(name) => self.component(id, module, &name),
            None => self.loaded(id, module, value),
        }
    }

    /// The module of `lazy(() => import('./x'))`.
    fn loaded(&self, id: ModuleId, module: &Module, value: NodeId) -> Option<ModuleId> {
        let mut found = None;
        walk(module, value, &mut |inner| {
            if let Kind::Call { callee, args, .. } = module.kind(inner)
                && matches!(module.kind(*callee), Kind::Name(name) if name == "import")
                && let Some(specifier) = args.first().and_then(|arg| module.string(arg.value))
            {
                found = found.or_else(|| self.program.resolve(id, specifier));
            }
            true
        });
        found
    }

    /// The guard that a component is, if it stands before what is inside it.
    fn lock(&self, id: ModuleId, name: &str, target: Option<ModuleId>) -> Option<Guard> {
        let own = target.is_none();
        let list = self.locks.get(&target.unwrap_or(id))?;
        let lock = list.iter().find(|lock| lock.wraps && (!own || lock.function.as_deref() == Some(name)))?;
        Some(lock.guard.clone())
    }
}

fn attribute(properties: &[Property], name: &str) -> Option<NodeId> {
    properties
        .iter()
        .find(|property| matches!(&property.key, Key::Named(key) if key == name))
        .map(|property| property.value)
}

fn is_route(properties: &[Property]) -> bool {
    attribute(properties, "path").is_some()
        && ["component", "Component", "element", "children", "lazy"]
            .iter()
            .any(|key| attribute(properties, key).is_some())
}

fn joined(prefix: &str, path: &str) -> String {
    if path.starts_with('/') || prefix.is_empty() {
        return format!("/{}", path.trim_start_matches('/').trim_end_matches('*'));
    }
    format!("{}/{path}", prefix.trim_end_matches('/'))
}

fn browser_guard(name: &str, kind: GuardKind, span: Span) -> Guard {
    Guard {
        kind,
        side: Side::Browser,
        name: name.to_owned(),
        standing: GuardStanding::Enforced,
        roles: Vec::new(),
        span,
    }
}

/// A component that is a guard by its name.
fn named_lock(name: &str, span: Span) -> Option<Guard> {
    let words = words_of(name);
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    let before = has(&["protected", "private", "guarded", "authenticated"])
        || (has(&["require", "requires", "guard", "gate", "check", "with"])
            && has(&["auth", "login", "admin", "role", "roles", "user"]))
        || (has(&["admin", "auth"]) && has(&["route"]));
    if !before {
        return None;
    }
    let kind = if has(&["admin", "role", "roles"]) { GuardKind::Role } else { GuardKind::Authentication };
    Some(browser_guard(name, kind, span))
}

/// `meta: { requiresAuth: true }`, `meta: { roles: ['admin'] }`.
fn meta_lock(module: &Module, meta: NodeId) -> Option<Guard> {
    let Kind::Object(properties) = module.kind(meta) else { return None };
    properties.iter().find_map(|property| {
        let Key::Named(name) = &property.key else { return None };
        let words = words_of(name);
        let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
        let is_off = matches!(module.kind(property.value), Kind::Bool(false) | Kind::Null);
        let asks =
            !is_off && has(&["auth", "authenticated", "login", "role", "roles", "admin", "permission", "permissions"]);
        let kind = if has(&["auth", "authenticated", "login"]) { GuardKind::Authentication } else { GuardKind::Role };
        asks.then(|| browser_guard(&format!("meta.{name}"), kind, module.span_of(property.range)))
    })
}

/// The places of a module where a component sends away whom it does not like.
fn locks_of(module: &Module, path: &str) -> Vec<Lock> {
    let mut out = Vec::new();
    if !(path.ends_with(".tsx") || path.ends_with(".jsx") || path.ends_with(".vue") || path.ends_with(".svelte")) {
        return out;
    }
    // A page or layout of Next's that is not made for the browser decides on the server, before anything is sent.
    if is_server_component(module, path) {
        return out;
    }
    for (node, at) in module.iter() {
        let (test, branches) = match &at.kind {
            Kind::If { test, then, .. } => (*test, vec![*then]),
            // `return user ? children : <Navigate to="/login" />`
            Kind::Conditional { test, then, otherwise } => (*test, vec![*then, *otherwise]),
            _ => continue,
        };
        if !is_about_user(module, test) || !branches.iter().any(|&branch| sends_away(module, branch)) {
            continue;
        }
        let function = module
            .functions
            .iter()
            .filter(|function| function.range.start <= at.range.start && at.range.end <= function.range.end);
        // The component, not the effect in it.
        let function = function.min_by_key(|function| function.range.start);
        let wraps = function.is_some_and(|function| shows_inside(module, function));
        let guard = Guard {
            kind: GuardKind::Authentication,
            side: Side::Browser,
            name: "redirect in a component".into(),
            standing: GuardStanding::Enforced,
            roles: Vec::new(),
            span: module.span(test),
        };
        out.push(Lock {
            guard,
            span: module.span(node),
            wraps,
            function: function.and_then(|function| function.name.as_ref()).map(ToString::to_string),
        });
    }
    out
}

/// Whether a file of Next's `app` folder is rendered on the server: a page or layout that does not say otherwise and takes
/// its redirect from the framework.
fn is_server_component(module: &Module, path: &str) -> bool {
    let stem = super::super::server::chain::stem(path);
    let by_place = path.split('/').any(|part| part == "app")
        && ["page", "layout", "template", "default"].iter().any(|leaf| stem.ends_with(&format!("/{leaf}")));
    by_place
        && !module.directives.iter().any(|(directive, _)| directive == "use client")
        && module
            .imports
            .iter()
            .any(|import| import.module == "next/navigation" && import.names.iter().any(|(name, _)| name == "redirect"))
}

/// Whether a component shows what is written inside it: its `children`, the routes below it.
fn shows_inside(module: &Module, function: &plimsoll_ir::Function) -> bool {
    let mut shows = false;
    for (_, node) in module.iter() {
        if node.range.start < function.range.start || node.range.end > function.range.end {
            continue;
        }
        shows |= match &node.kind {
            Kind::Name(name) => name == "children" || name == "Outlet",
            Kind::Member { property, .. } => property == "children",
            _ => false,
        };
    }
    // `function ProtectedRoute({ component: Component })`
    shows
        || function.params.first().is_some_and(|param| match module.kind(param.pattern) {
            Kind::Object(properties) => attribute(properties, "component").is_some(),
            _ => false,
        })
}

fn is_about_user(module: &Module, test: NodeId) -> bool {
    let mut about_user = false;
    walk(module, test, &mut |inner| {
        let name = match module.kind(inner) {
            Kind::Name(name) => name.to_string(),
            Kind::Member { property, .. } => property.to_string(),
            _ => return true,
        };
        about_user |= words_of(&name).iter().any(|word| {
            matches!(
                word.as_str(),
                "user" | "role" | "roles" | "admin" | "session" | "auth" | "authenticated" | "token" | "logged"
            )
        });
        true
    });
    about_user
}

fn sends_away(module: &Module, branch: NodeId) -> bool {
    let mut sends_away = false;
    walk(module, branch, &mut |inner| {
        match module.kind(inner) {
            Kind::Call { callee, args, .. } => {
                let called = module.path(*callee).unwrap_or_default();
                let to = args.first().and_then(|arg| module.string(arg.value)).unwrap_or("");
                if (called.ends_with("outer.push")
                    || called.ends_with("outer.replace")
                    || called == "navigate"
                    || called == "setLocation"
                    || called == "goto"
                    || called == "redirect")
                    && (to == "/"
                        || to.contains("login")
                        || to.contains("auth")
                        || to.contains("signin")
                        || to.contains("unauthorized"))
                {
                    sends_away = true;
                }
            }
            Kind::Element { tag, .. }
                if module.path(*tag).is_some_and(|tag| tag == "Navigate" || tag == "Redirect") =>
            {
                sends_away = true;
            }
            _ => {}
        }
        true
    });
    sends_away
}

#[cfg(test)]
mod tests {
    use super::file_route;

    #[test]
    fn files_that_are_pages() {
        assert_eq!(file_route("src/app/(staff)/wages/[id]/page.tsx").as_deref(), Some("/wages/:id"));
        assert_eq!(file_route("app/page.tsx").as_deref(), Some("/"));
        assert_eq!(file_route("src/routes/wages/+page.svelte").as_deref(), Some("/wages"));
        assert_eq!(file_route("src/app/wages/table.tsx"), None);
    }
}
