//! PHP without a framework: every file that the web server can run is an entry point.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_analysis::{Event, EventKind, Fact, Facts, FunctionRef, ModuleId, Program, Value};
use plimsoll_ir::{ClassId, Kind, Language, Module, NodeId};
use plimsoll_model::app::{EntryKind, EntryPoint, Purpose, SettingSeen};
use plimsoll_model::{App, NotChecked};
use plimsoll_source::Span;

use super::chain::{self, Passage};
use crate::Witnessing;

/// Folders that a web server is usually pointed at.
const ROOTS: &[&str] = &["public", "htdocs", "public_html", "www", "webroot", "httpdocs", "html", "web"];

/// Frameworks whose routes are not understood: a package of `composer.json`, its name, and what code that uses it says.
const OTHERS: &[(&str, &str, &str)] = &[
    ("symfony/framework-bundle", "Symfony", "Symfony\\"),
    ("codeigniter4/framework", "CodeIgniter", "CodeIgniter"),
    ("codeigniter/framework", "CodeIgniter", "CI_"),
    ("slim/slim", "Slim", "Slim\\"),
    ("cakephp/cakephp", "CakePHP", "Cake\\"),
    ("yiisoft/yii2", "Yii", "yii\\"),
    ("laravel/lumen-framework", "Lumen", "Laravel\\Lumen"),
    ("laminas/laminas-mvc", "Laminas", "Laminas\\"),
    ("drupal/core", "Drupal", "Drupal\\"),
    ("typo3/cms-core", "TYPO3", "TYPO3\\"),
];

pub(crate) fn observe(witnessing: &mut Witnessing<'_, '_>, app: &mut App) {
    let program = witnessing.machine.program;
    let modules: Vec<ModuleId> =
        program.iter().filter(|(_, module)| module.language == Language::Php).map(|(id, _)| id).collect();
    if modules.is_empty() || app.stack.iter().any(|known| known == "Laravel") {
        return;
    }
    let framework = other_framework(program);
    if let Some(name) = framework {
        app.stack.push(name.into());
        app.not_checked.push(NotChecked {
            what: format!("{name}: its routes and their guards"),
            why: "Plimsoll does not understand this PHP framework yet".into(),
            weighs: true,
        });
    }
    let root = root_of(program, &modules);
    let included = included_statically(program, &modules);
    let closed = closed_folders(program);
    let first = witnessing.entry_points.len();
    let mut pages: Vec<ModuleId> = Vec::new();
    let mut in_runs: BTreeSet<ModuleId> = BTreeSet::new();
    let mut serves = false;
    let mut tables = if framework.is_none() { super::php_table::tables(witnessing) } else { Vec::new() };
    for &id in &modules {
        let path = program.path(id);
        let Some(url) = path.strip_prefix(root.as_str()) else { continue };
        let is_page = !included.contains(&id)
            && acts(program.module(id))
            && !closed.iter().any(|folder| path.starts_with(folder.as_str()))
            && !is_script(program, id);
        if !is_page {
            continue;
        }
        witnessing.machine.reset();
        let run = witnessing.machine.run_page(id, Facts::default());
        let included: BTreeSet<ModuleId> = witnessing.machine.included().filter(|&other| other != id).collect();
        in_runs.extend(&included);
        let module = program.module(id);
        let span = first_code(module);
        let mut point =
            chain::entry(EntryKind::ServerPage, &[], &format!("/{}", url.trim_start_matches('/')), "PHP", span);
        point.methods = methods(&run.events);
        serves |= sends_markup(program, id);
        for (span, value) in crate::handler::upload_without_checks(&run.events) {
            app.settings.push(SettingSeen {
                system: "PHP".into(),
                key: "upload-without-bounds".into(),
                value,
                span,
                also: Vec::new(),
            });
        }
        let events = run.events.clone();
        let index = chain::finish_run(witnessing, point, run, Passage::default());
        if let Some(point) = witnessing.entry_points.get_mut(index) {
            mark_front_page(point);
        }
        let known = witnessing.entry_points.len();
        super::php_router::observe(witnessing, id, &events);
        // Views that a handler shows are no pages by themselves.
        in_runs.extend(super::php_table::observe(witnessing, app, id, &events, &included, &mut tables));
        // Where routes are written down, these say which handlers there are.
        if framework.is_none() && witnessing.entry_points.len() == known {
            in_runs.extend(super::php_named::observe(witnessing, id, &events, &included));
        }
        pages.extend(std::iter::repeat_n(id, witnessing.entry_points.len() - index));
    }
    super::php_table::report_unused(witnessing, app, &tables);
    forget_included(witnessing, first, &pages, &in_runs);
    // Beside a framework stand only the pages that do without it.
    if framework.is_some() && witnessing.entry_points[first..].iter().all(|point| point.effects.is_empty()) {
        witnessing.entry_points.truncate(first);
        return;
    }
    app.stack.push("PHP".into());
    if serves {
        app.serves_pages = true;
        // Where a header for all pages would be sent: the file that most pages include, else the first page.
        let place = most_included(program, &modules).or_else(|| pages.first().copied());
        if let Some(place) = place {
            witnessing.notes.header_places.push(first_code(program.module(place)));
        }
    }
}

/// Says which code handles requests without any page or route that was found to call it: how requests get there, and what
/// is checked on the way, was not understood. `reached` are the functions that pages and routes run, `handlers` others that
/// read what visitors send. A method that nobody calls of a class that is in use is only left over.
pub(crate) fn note_unreached(
    program: &Program<'_>,
    reached: &BTreeSet<FunctionRef>,
    handlers: &[FunctionRef],
    app: &mut App,
) {
    const LISTED: usize = 12;
    if !app.stack.iter().any(|known| known == "PHP") {
        return;
    }
    let class_of = |at: &FunctionRef| program.module(at.module).function(at.function).class;
    let in_use: BTreeSet<(ModuleId, ClassId)> =
        reached.iter().filter_map(|at| Some((at.module, class_of(at)?))).collect();
    let left = handlers.iter().filter(|at| class_of(at).is_none_or(|class| !in_use.contains(&(at.module, class))));
    let files: BTreeSet<&str> = left.map(|at| program.path(at.module)).collect();
    let why = "it handles requests, and how they get there was not understood: what is checked before it is not known";
    for file in files.iter().take(LISTED) {
        app.not_checked.push(NotChecked { what: (*file).to_owned(), why: why.into(), weighs: true });
    }
    if let Some(more) = files.len().checked_sub(LISTED).filter(|more| *more > 0) {
        app.not_checked.push(NotChecked { what: format!("{more} more files of PHP"), why: why.into(), weighs: true });
    }
}

/// Whether an event uses what a visitor sends.
pub(crate) fn reads_request(event: &Event) -> bool {
    let reads = |value: &Value| {
        value.deep_labels().any(|label| {
            matches!(label, plimsoll_analysis::Label::Input(name, _) if name.starts_with("body") || name.starts_with("query"))
        })
    };
    match &event.kind {
        EventKind::Assign { value, .. } | EventKind::Output { value } | EventKind::Compose { value } => reads(value),
        _ => event.args().iter().any(|arg| reads(&arg.value)),
    }
}

/// The front page shows what is meant for everybody, as long as it only reads.
pub(super) fn mark_front_page(point: &mut EntryPoint) {
    let is_front = matches!(point.path.as_str(), "/" | "/index.php" | "/home.php");
    if is_front && point.effects.iter().all(|effect| !effect.kind.writes()) {
        point.purposes.insert(Purpose::PublicByDesign);
    }
}

fn other_framework(program: &Program<'_>) -> Option<&'static str> {
    let tree = program.tree;
    for (_, file) in tree.iter().filter(|(_, file)| file.name() == "composer.json" && !file.path.contains("vendor/")) {
        for (package, name, mark) in OTHERS {
            // Named among the packages and never used: the app does without.
            let is_used = || tree.iter().any(|(_, file)| file.extension() == "php" && file.text().contains(mark));
            if file.text().contains(&format!("\"{package}\"")) && is_used() {
                return Some(name);
            }
        }
    }
    if tree.iter().any(|(_, file)| file.path == "system/core/CodeIgniter.php") {
        return Some("CodeIgniter");
    }
    let is_wordpress = tree.iter().any(|(_, file)| {
        file.name() == "wp-config.php"
            || file.name() == "wp-load.php"
            || (file.extension() == "php" && file.text().get(..2000).unwrap_or(file.text()).contains("Plugin Name:"))
            || (file.name() == "style.css" && file.text().get(..400).unwrap_or(file.text()).contains("Theme Name:"))
    });
    is_wordpress.then_some("WordPress")
}

/// The folder that the web server serves, with its closing slash; empty for the whole project.
fn root_of(program: &Program<'_>, modules: &[ModuleId]) -> String {
    let mut candidates: Vec<String> = Vec::new();
    for &id in modules {
        let path = program.path(id);
        let Some((folder, name)) = path.rsplit_once('/') else { continue };
        let last = folder.rsplit('/').next().unwrap_or(folder);
        if name == "index.php" && ROOTS.contains(&last) {
            candidates.push(format!("{folder}/"));
        }
    }
    candidates.sort_by_key(|path| path.matches('/').count());
    if let Some(folder) = candidates.first() {
        // Pages that lie beside that folder would not be served at all: then it is only one folder among others.
        let beside = modules.iter().any(|&id| !program.path(id).contains('/') && acts(program.module(id)));
        if !beside {
            return folder.clone();
        }
    }
    // A project in a folder of its own.
    let mut shallowest: BTreeMap<usize, &str> = BTreeMap::new();
    for &id in modules {
        let path = program.path(id);
        if matches!(path.rsplit('/').next(), Some("index.php" | "login.php")) {
            shallowest.entry(path.matches('/').count()).or_insert(path);
        }
    }
    let Some((folder, _)) = shallowest.into_iter().next().and_then(|(_, path)| path.rsplit_once('/')) else {
        return String::new();
    };
    // Only where nearly all pages lie below it; else it is one folder of several.
    let pages: Vec<&str> = modules.iter().filter(|&&id| acts(program.module(id))).map(|&id| program.path(id)).collect();
    let below = pages.iter().filter(|path| path.starts_with(&format!("{folder}/"))).count();
    if below * 10 >= pages.len() * 8 { format!("{folder}/") } else { String::new() }
}

/// Files that others include under a path that can be told without running anything.
fn included_statically(program: &Program<'_>, modules: &[ModuleId]) -> BTreeSet<ModuleId> {
    let mut out = BTreeSet::new();
    for &id in modules {
        for (index, import) in program.module(id).imports.iter().enumerate() {
            if import.names.is_empty()
                && let Some(target) = program.target(id, index)
                && target != id
            {
                out.insert(target);
            }
        }
    }
    out
}

fn most_included(program: &Program<'_>, modules: &[ModuleId]) -> Option<ModuleId> {
    let mut counts: BTreeMap<ModuleId, usize> = BTreeMap::new();
    for &id in modules {
        for (index, import) in program.module(id).imports.iter().enumerate() {
            if import.names.is_empty()
                && let Some(target) = program.target(id, index)
            {
                *counts.entry(target).or_default() += 1;
            }
        }
    }
    counts.into_iter().max_by_key(|(id, count)| (*count, std::cmp::Reverse(*id))).map(|(id, _)| id)
}

/// Folders that `.htaccess` closes.
fn closed_folders(program: &Program<'_>) -> Vec<String> {
    let mut out = Vec::new();
    for (_, file) in program.tree.iter().filter(|(_, file)| file.name() == ".htaccess") {
        let below = file.path.strip_suffix(".htaccess").unwrap_or_default();
        out.extend(file.text().lines().flat_map(forbidden_by).map(|folder| format!("{below}{folder}/")));
        // The folder of the app as a whole is not closed by its own file.
        let Some((folder, _)) = file.path.rsplit_once('/') else { continue };
        let mut inside = 0usize;
        for line in file.text().lines() {
            let line = line.trim().to_ascii_lowercase();
            if line.starts_with("<files") {
                inside += 1;
            } else if line.starts_with("</files") {
                inside = inside.saturating_sub(1);
            }
            if inside == 0 && (line == "deny from all" || line == "require all denied") {
                out.push(format!("{folder}/"));
            }
        }
    }
    out
}

/// Folders that a line such as `RewriteRule ^(app|config)/ - [F,L]` closes.
fn forbidden_by(line: &str) -> Vec<&str> {
    let parts: Vec<&str> = line.split_whitespace().collect();
    let [rule, pattern, "-", flags] = parts[..] else { return Vec::new() };
    let mut flags = flags.trim_matches(['[', ']']).split(',');
    if !rule.eq_ignore_ascii_case("RewriteRule") || !flags.any(|flag| matches!(flag, "F" | "f" | "R=404" | "forbidden"))
    {
        return Vec::new();
    }
    let Some(inner) = pattern.strip_prefix('^').and_then(|inner| inner.split_once('/')).map(|(inner, _)| inner) else {
        return Vec::new();
    };
    let names = inner.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')).unwrap_or(inner);
    let is_plain = |name: &&str| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "_-".contains(c));
    names.split('|').filter(is_plain).collect()
}

/// Whether a file does something when it is requested, besides declaring and including.
fn acts(module: &Module) -> bool {
    fn any(module: &Module, list: &[NodeId]) -> bool {
        list.iter().any(|&node| match module.kind(node) {
            Kind::Function(_) | Kind::Class(_) | Kind::Let { .. } => false,
            // `return [ … ];`: a file of settings.
            Kind::Return(_) => false,
            Kind::Block(inner) => any(module, inner),
            Kind::Call { callee, .. } => match module.kind(*callee) {
                Kind::Name(name) => !matches!(
                    name.to_ascii_lowercase().as_str(),
                    "include"
                        | "define"
                        | "spl_autoload_register"
                        | "session_start"
                        | "ini_set"
                        | "error_reporting"
                        | "date_default_timezone_set"
                        | "header"
                        | "mb_internal_encoding"
                        | "set_error_handler"
                ),
                _ => true,
            },
            Kind::Assign { value, .. } => {
                // Settings: constants and arrays of them.
                let mut calls = false;
                plimsoll_ir::walk(module, *value, &mut |inner| {
                    calls |= matches!(module.kind(inner), Kind::Call { .. } | Kind::Name(_) | Kind::Template(_));
                    !calls
                });
                calls
            }
            Kind::Output(parts) => {
                parts.iter().any(|&part| !matches!(module.kind(part), Kind::Str(text) if text.trim().is_empty()))
            }
            _ => true,
        })
    }
    any(module, &module.body)
}

/// Scripts for the command line.
fn is_script(program: &Program<'_>, id: ModuleId) -> bool {
    let module = program.module(id);
    let text = program.tree.file(module.file).text();
    text.starts_with("#!") || program.path(id).starts_with("bin/") || program.path(id).contains("/bin/")
}

fn first_code(module: &Module) -> Span {
    let first = module
        .body
        .iter()
        .find(|&&node| !matches!(module.kind(node), Kind::Function(_) | Kind::Class(_)))
        .or(module.body.first());
    first.map_or(Span::new(module.file, 0, 1), |&node| {
        let span = module.span(node);
        // A page's first statement can be the whole page.
        Span::new(span.file, span.start, span.end.min(span.start + 120))
    })
}

/// GET, and POST where the page reads a form or tests for it.
pub(super) fn methods(events: &[Event]) -> Vec<String> {
    let mut post = false;
    let mut others: BTreeSet<String> = BTreeSet::new();
    let mut get = false;
    for event in events {
        for fact in event.facts.iter() {
            let (left, right) = match fact {
                Fact::Equal { left, right, .. } => (left, right),
                _ => continue,
            };
            for (a, b) in [(left, right), (right, left)] {
                if a.path() == "_SERVER.REQUEST_METHOD"
                    && let Some(method) = b.as_str()
                {
                    match method.to_ascii_uppercase().as_str() {
                        "POST" => post = true,
                        "GET" => get = true,
                        other if matches!(other, "PUT" | "PATCH" | "DELETE") => {
                            others.insert(other.to_owned());
                        }
                        _ => {}
                    }
                }
            }
        }
        post |= event.args().iter().any(|arg| reads_form(&arg.value));
        if let EventKind::Assign { value, .. } | EventKind::Output { value } | EventKind::Compose { value } =
            &event.kind
        {
            post |= reads_form(value);
        }
    }
    let mut out = Vec::new();
    if get || !post || others.is_empty() {
        out.push("GET".to_owned());
    }
    if post {
        out.push("POST".to_owned());
    }
    out.extend(others);
    out
}

fn reads_form(value: &Value) -> bool {
    value.labels.any(|label| {
        matches!(label, plimsoll_analysis::Label::Input(name, _) if name.starts_with("body"))
            || matches!(label, plimsoll_analysis::Label::Upload(..))
    })
}

fn sends_markup(program: &Program<'_>, id: ModuleId) -> bool {
    let lower = program.tree.file(program.module(id).file).text().to_ascii_lowercase();
    lower.contains("<html") || lower.contains("<body") || lower.contains("<form") || lower.contains("<div")
}

/// Takes back entry points of files that another page turned out to include.
fn forget_included(
    witnessing: &mut Witnessing<'_, '_>,
    first: usize,
    pages: &[ModuleId],
    included: &BTreeSet<ModuleId>,
) {
    let mut places: BTreeMap<usize, Option<usize>> = BTreeMap::new();
    let mut kept: Vec<EntryPoint> = Vec::new();
    for (offset, point) in witnessing.entry_points.drain(first..).enumerate() {
        let is_included = pages.get(offset).is_some_and(|page| included.contains(page));
        places.insert(first + offset, (!is_included).then_some(first + kept.len()));
        if !is_included {
            kept.push(point);
        }
    }
    witnessing.entry_points.extend(kept);
    for flow in &mut witnessing.flows {
        if let Some(place) = flow.entry.and_then(|entry| places.get(&entry)) {
            flow.entry = *place;
        }
    }
}
