//! Witnesses over source: frameworks, settings and files turned into facts of the app model.
//!
//! `observe` parses everything, runs the program once in the abstract (crate `analysis`) and lets readers interpret what
//! happened: `server/` one file per framework, `browser/` what exists on the visitor's side, `settings/` cookies, headers,
//! CORS and switches, `packages` and `secrets` what other crates found. A witness never judges.

mod behind;
mod browser;
mod guards;
mod handler;
mod imports;
mod knowledge;
mod own_code;
mod packages;
mod rest;
mod scan;
mod server;
mod settings;
mod stores;
mod templates;
mod third_parties;

use std::collections::{BTreeSet, HashMap, VecDeque};

use plimsoll_analysis::{Event, FunctionRef, Machine, Program};
use plimsoll_cache::Cache;
use plimsoll_deps::{Database, Names};
use plimsoll_model::app::{EntryPoint, Flow, SecretKind, SecretTier};
use plimsoll_model::{App, NotChecked};
use plimsoll_source::{FileId, SourceFile, SourceTree};

/// What the readers share while they look at a program.
pub(crate) struct Witnessing<'p, 'w> {
    pub(crate) machine: &'w mut Machine<'p>,
    pub(crate) entry_points: Vec<EntryPoint>,
    pub(crate) flows: Vec<Flow>,
    /// Functions that run in some entry point's handler.
    pub(crate) reached: BTreeSet<FunctionRef>,
    /// Cookies, headers, storage and the like, gathered from all events.
    pub(crate) notes: settings::Notes,
    /// Where a server is told to believe whatever a request says about its sender's address.
    pub(crate) trusts_any_proxy: Option<plimsoll_source::Span>,
    /// Middleware that was run.
    pub(crate) passed: VecDeque<std::rc::Rc<server::chain::Passed>>,
    /// Classes of Python by name, the first of each; made when somebody asks.
    pub(crate) python_classes: std::cell::OnceCell<HashMap<plimsoll_ir::Str, plimsoll_analysis::ClassRef>>,
}

impl<'p, 'w> Witnessing<'p, 'w> {
    fn new(machine: &'w mut Machine<'p>) -> Self {
        Witnessing {
            machine,
            entry_points: Vec::new(),
            flows: Vec::new(),
            reached: BTreeSet::new(),
            notes: settings::Notes::default(),
            trusts_any_proxy: None,
            passed: VecDeque::new(),
            python_classes: std::cell::OnceCell::new(),
        }
    }

    /// Gathers what single events say whatever handler they belong to.
    pub(crate) fn note_events(&mut self, events: &[Event]) {
        for event in events {
            self.notes.note(event, self.machine.program);
        }
        settings::cors_asked(self.machine, events, &mut self.notes);
        browser::calls::note(events, self.machine.program, &mut self.notes.calls);
        browser::taken::note(events, self.machine.program, &mut self.notes.seen);
    }
}

/// Observes the source of an app, with the advisories that are part of the program.
pub fn observe(tree: &SourceTree) -> App {
    observe_with(tree, &Database::builtin(), &Cache::off())
}

/// Observes the source of an app. What was worked out of single files is kept in the cache, and taken from there where
/// the file is the same.
pub fn observe_with(tree: &SourceTree, advisories: &Database, cache: &Cache) -> App {
    let mut app = App::default();
    let modules = parse_all(tree, cache, &mut app);
    let mut program = Program::new(tree, modules);
    browser::pages::load_together(&mut program);
    std::thread::scope(|scope| {
        // The program is run by one thread; what files show without that is gathered beside it.
        let still = scope.spawn(|| observe_still(&program, advisories, cache));
        let still = || still.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        run_program(&program, app, cache, still)
    })
}

/// What is seen without running the program.
struct Still {
    /// Settings in code and files.
    settings: App,
    /// Packages, secrets, schemas.
    files: App,
    /// What imports and addresses say.
    imports: App,
    /// Types of records.
    shapes: stores::Shapes,
}

fn observe_still(program: &Program<'_>, advisories: &Database, cache: &Cache) -> Still {
    let (files, names) = observe_files(program.tree, advisories, cache);
    let mut settings = App::default();
    contained(&mut settings, "settings in the code", |app| scan::observe(program, app));
    contained(&mut settings, "settings in files", |app| settings::observe_files(program, app));
    let mut imports = App::default();
    contained(&mut imports, "imports", |app| imports::observe(program, &names, app));
    contained(&mut imports, "third parties", |app| third_parties::observe(program, app));
    Still { settings, files, imports, shapes: stores::Shapes::read(program.tree) }
}

/// What files show without the program: packages, secrets, schemas.
fn observe_files(tree: &SourceTree, advisories: &Database, cache: &Cache) -> (App, Names) {
    let mut app = App::default();
    let mut names = Names::default();
    contained(&mut app, "packages", |app| names = packages::observe(tree, advisories, app));
    contained(&mut app, "keys and passwords in files", |app| secrets(tree, cache, app));
    contained(&mut app, "the database's tables and policies", |app| {
        let secrets = app.secrets.iter().filter(|secret| secret.tier == SecretTier::Secret);
        let places = secrets.flat_map(|secret| std::iter::once(&secret.span).chain(&secret.also));
        let texts: Vec<&str> = places.map(|span| tree.text(*span)).collect();
        let mut schema = plimsoll_schema::read_with(tree, cache, &texts);
        app.stores.append(&mut schema.stores);
        app.db_functions.append(&mut schema.functions);
        app.db_views.append(&mut schema.views);
        app.self_grants.append(&mut schema.self_grants);
        app.rules_files.append(&mut schema.rules_files);
        app.store_uses.append(&mut schema.store_uses);
        app.open_sign_up.append(&mut schema.open_sign_up);
        app.not_checked.append(&mut schema.not_checked);
        app.looked_at.append(&mut schema.looked_at);
    });
    (app, names)
}

fn run_program(program: &Program<'_>, mut app: App, cache: &Cache, still: impl FnOnce() -> Still) -> App {
    let tree = program.tree;
    let known = knowledge::Known;
    let mut machine = Machine::new(program, &known);
    server::nuxt::provide(program, &mut machine);
    let setup = machine.load_all();
    note_unfinished(&machine, tree, &mut app);
    let mut witnessing = Witnessing::new(&mut machine);
    witnessing.note_events(&setup);
    server::observe(&mut witnessing, &setup, &mut app);
    let rest = rest::run(program, &witnessing, cache);
    witnessing.notes.append(rest.notes);
    witnessing.flows.extend(rest.flows);
    server::php::note_unreached(program, witnessing.machine.entered(), &rest.handlers, &mut app);
    if rest.unfollowed > 0 {
        app.not_checked.push(NotChecked {
            what: format!("what {} functions do that no entry point reaches", rest.unfollowed),
            why: "too much of it to follow".into(),
            weighs: true,
        });
    }
    // Scripts of pages do their work while they load. (Pages of PHP are entry points, and run as such.)
    let scripts: BTreeSet<_> = program
        .iter()
        .filter(|(_, module)| module.language == plimsoll_ir::Language::JavaScript)
        .map(|(_, module)| module.file)
        .collect();
    let loading = handler::flows_of(&setup).into_iter().filter(|flow| scripts.contains(&flow.to.file));
    witnessing.flows.extend(loading);
    app.entry_points = std::mem::take(&mut witnessing.entry_points);
    app.flows = std::mem::take(&mut witnessing.flows);
    let calls = std::mem::take(&mut witnessing.notes.calls);
    let markup = std::mem::take(&mut witnessing.notes.markup);
    let scripted = std::mem::take(&mut witnessing.notes.scripted);
    let (cleaned, rows) = std::mem::take(&mut witnessing.notes).finish(program, &mut app);
    contained(&mut app, "what the browser does", |app| {
        browser::calls::settle(calls, app);
        browser::pages::observe(program, app);
        browser::observe(program, app);
    });
    contained(&mut app, "templates", |app| {
        templates::observe(tree, &cleaned, &markup, &scripted, app);
        templates::role_forms(tree, program, app);
    });
    let Still { settings, files, imports, shapes } = still();
    app.append(settings);
    app.append(files);
    app.append(imports);
    packages::note_imports(program, &mut app);
    contained(&mut app, "models in the code", |app| stores::observe(program, &shapes, app));
    app.columns = handler::rows::settle(rows, &stores::hidden(program), &mut app, tree);
    rest::forget(program, &app, &rest.behind, cache);
    settle(tree, &mut app);
    app
}

/// A pass that fails is a coverage gap, never a lost review.
pub(crate) fn contained(app: &mut App, what: &str, work: impl FnOnce(&mut App)) {
    let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(app)));
    if done.is_err() {
        app.not_checked.push(NotChecked {
            what: what.into(),
            why: "Plimsoll failed on this app here; please report it".into(),
            weighs: true,
        });
    }
}

/// More files than this are counted and not listed.
const MAX_UNFINISHED: usize = 40;

/// Start-up code that was not run to its end: what it registers is not all known.
fn note_unfinished(machine: &Machine<'_>, tree: &SourceTree, app: &mut App) {
    let unfinished: Vec<_> = machine.unfinished().collect();
    if unfinished.len() > MAX_UNFINISHED {
        app.not_checked.push(NotChecked {
            what: format!("what {} files do when they start", unfinished.len()),
            why: "too much of it to follow".into(),
            weighs: true,
        });
        return;
    }
    for module in unfinished {
        app.not_checked.push(NotChecked {
            what: format!("{}: what it does when it starts", tree.file(machine.program.module(module).file).path),
            why: "too much of it to follow".into(),
            weighs: true,
        });
    }
}

fn parse_all(tree: &SourceTree, cache: &Cache, app: &mut App) -> Vec<plimsoll_ir::Module> {
    use rayon::prelude::*;
    let parsed: Vec<Vec<plimsoll_ir::Module>> = tree
        .iter()
        .collect::<Vec<_>>()
        .into_par_iter()
        .map(|(id, file)| {
            let reads = own_code::is_own(&file.path) && !is_minified(file);
            if reads { parse(id, file, cache) } else { Vec::new() }
        })
        .collect();
    let minified: Vec<_> = tree.iter().filter(|(_, file)| own_code::is_own(&file.path) && is_minified(file)).collect();
    if let Some((_, first)) = minified.first() {
        app.not_checked.push(NotChecked {
            what: match minified.len() {
                1 => format!("{}: what it does", first.path),
                many => format!("{} and {} more minified scripts: what they do", first.path, many - 1),
            },
            why: "a tool made it from code that is elsewhere; it was searched for secrets only".into(),
            weighs: parsed.iter().all(Vec::is_empty),
        });
    }
    let mut modules = Vec::new();
    let mut count = 0usize;
    for (list, (_, file)) in parsed.into_iter().zip(tree.iter()) {
        if !list.is_empty() {
            count += 1;
        }
        for module in &list {
            for problem in module.problems.iter().filter(|problem| problem.lost_code).take(1) {
                app.not_checked.push(NotChecked {
                    what: format!("{}:{}", file.path, file.line_of(problem.range.start)),
                    why: format!("could not be parsed: {}", problem.what),
                    weighs: true,
                });
            }
        }
        if matches!(file.extension(), "html" | "htm") && nested_deeper_than(file.text(), MAX_PAGE_DEPTH) {
            app.not_checked.push(NotChecked {
                what: file.path.clone(),
                why: format!("nested deeper than {MAX_PAGE_DEPTH} elements: browsers rebuild such a page, and what they make of it is not known"),
                weighs: true,
            });
        }
        modules.extend(list);
    }
    app.looked_at.push(format!("{count} files of program code"));
    modules
}

fn parse(id: FileId, file: &SourceFile, cache: &Cache) -> Vec<plimsoll_ir::Module> {
    if plimsoll_syntax::language_of(&file.path).is_none() {
        return Vec::new();
    }
    let mut modules = cache
        .get_or("modules", id.0, &[file.path.as_bytes(), file.text().as_bytes()], || plimsoll_syntax::parse(id, file));
    for module in &mut modules {
        module.file = id;
    }
    modules
}

/// Browsers stop nesting at 512 elements (Blink's and WebKit's `maximumHTMLParserDOMTreeDepth`); no page that people made
/// comes near.
const MAX_PAGE_DEPTH: usize = 512;

/// Whether a page opens that many more elements than it has closed, somewhere.
fn nested_deeper_than(page: &str, most: usize) -> bool {
    // Elements without an end tag, and those whose end tag may be left out: they nest in the text, not in the page.
    const OPEN: &[&str] = &[
        "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr", "li",
        "p", "dt", "dd", "option", "optgroup", "tr", "td", "th", "tbody", "thead", "tfoot", "path", "circle", "rect",
        "line", "use",
    ];
    let mut depth = 0usize;
    for part in page.split('<').skip(1) {
        if part.starts_with('/') {
            depth = depth.saturating_sub(1);
        } else if part.starts_with(|first: char| first.is_ascii_alphabetic()) {
            let name = part.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
            let ends_itself = part.split('>').next().is_some_and(|tag| tag.ends_with('/'));
            if !ends_itself && !OPEN.iter().any(|open| open.eq_ignore_ascii_case(name)) {
                depth += 1;
                if depth > most {
                    return true;
                }
            }
        }
    }
    false
}

/// Scripts that no person reads: a tool took the line breaks out of code. A long line of data is none of these.
fn is_minified(file: &SourceFile) -> bool {
    const LEAST: usize = 20_000;
    const LETTERS_A_LINE: usize = 500;
    const LETTERS_A_FUNCTION: usize = 2_000;
    let text = file.text();
    matches!(file.extension(), "js" | "mjs" | "cjs")
        && text.len() >= LEAST
        && text.len() / LETTERS_A_LINE > text.bytes().filter(|&byte| byte == b'\n').count()
        && text.len() / LETTERS_A_FUNCTION < text.matches("function").count() + text.matches("=>").count()
}

fn secrets(tree: &SourceTree, cache: &Cache, app: &mut App) {
    let mut facts = plimsoll_secrets::read_with(tree, &plimsoll_secrets::Context::default(), cache);
    let sample: Vec<plimsoll_source::FileId> =
        tree.iter().filter(|(_, file)| is_sample_command(tree, &file.path)).map(|(id, _)| id).collect();
    facts.secrets.retain(|secret| {
        // Documents that repeat the command's account say no more than the command does.
        let places = || std::iter::once(&secret.span).chain(&secret.also).map(|span| span.file);
        let only_samples = places()
            .all(|file| sample.contains(&file) || matches!(tree.file(file).extension(), "md" | "txt" | "rst" | "html"));
        let is_account = matches!(secret.kind, SecretKind::DefaultAccount | SecretKind::Password);
        !(is_account && only_samples && places().any(|file| sample.contains(&file)))
    });
    app.secrets.append(&mut facts.secrets);
    app.committed.append(&mut facts.committed);
    app.not_checked.append(&mut facts.not_checked);
    app.looked_at.append(&mut facts.looked_at);
}

/// Whether a file is a command that fills in sample data: somebody has to run it by hand, its name says that what it makes
/// is not real, and nothing that starts or deploys the app calls it. Its accounts exist only where they were asked for,
/// unlike those that a seed makes on the first start or that a command for the first administrator makes in earnest.
fn is_sample_command(tree: &SourceTree, path: &str) -> bool {
    let Some((folder, name)) = path.rsplit_once('/') else { return false };
    let Some(name) = name.strip_suffix(".py").filter(|_| folder.ends_with("management/commands")) else { return false };
    let words = handler::words_of(name);
    let says_sample = words.iter().any(|word| {
        matches!(
            word.as_str(),
            "sample" | "samples" | "demo" | "fake" | "dummy" | "mock" | "example" | "examples" | "test" | "testdata"
        )
    });
    let starts = |file: &str| {
        let base = file.rsplit('/').next().unwrap_or(file).to_ascii_lowercase();
        base.starts_with("dockerfile")
            || base.starts_with("docker-compose")
            || base.starts_with("compose.")
            || base.starts_with("entrypoint")
            || base == "procfile"
            || base == "makefile"
            || base == "package.json"
            || [".sh", ".yml", ".yaml", ".toml", ".bat", ".ps1"].iter().any(|end| base.ends_with(end))
    };
    let is_called = tree.iter().any(|(_, file)| {
        (starts(&file.path) && file.text().contains(name))
            || (file.path.ends_with(".py")
                && file.path != path
                && file.text().contains(&format!("call_command(\"{name}\"")))
            || (file.path.ends_with(".py")
                && file.path != path
                && file.text().contains(&format!("call_command('{name}'")))
    });
    says_sample && !is_called
}

/// What follows from several facts together.
fn settle(tree: &SourceTree, app: &mut App) {
    app.stack.sort();
    app.stack.dedup();
    app.looked_at.push(format!("{} entry points", app.entry_points.len()));
    // Languages whose frameworks no reader understands yet: their entry points are unknown, which is not the same as none.
    for (language, extensions) in [
        ("Python", &["py"][..]),
        ("PHP", &["php"]),
        ("Ruby", &["rb"]),
        ("Go", &["go"]),
        ("Java", &["java", "kt"]),
        ("C#", &["cs"]),
    ] {
        let count = tree
            .files
            .iter()
            .filter(|file| extensions.contains(&file.extension()) && own_code::is_own(&file.path))
            .count();
        let understood = language == "Python"
            && app
                .stack
                .iter()
                .any(|known| matches!(known.as_str(), "Flask" | "FastAPI" | "Django" | "Streamlit" | "Dash"))
            || language == "PHP" && app.stack.iter().any(|known| matches!(known.as_str(), "PHP" | "Laravel"));
        if count > 0 && !understood {
            app.not_checked.push(NotChecked {
                what: format!("{language} code ({count} files): its routes and their guards"),
                why: "Plimsoll does not understand its web frameworks yet".into(),
                weighs: true,
            });
        }
    }
    for problem in &tree.not_read {
        app.not_checked.push(NotChecked {
            what: problem.path.clone(),
            why: problem.why.clone(),
            weighs: problem.matters,
        });
    }
    app.not_checked.sort();
    app.not_checked.dedup();
}
