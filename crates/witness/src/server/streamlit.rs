//! Streamlit: the script and every page beside it run anew for each interaction of a visitor.
//!
//! What a visitor is known by is kept in `st.session_state`, on the server. A page under `pages/` runs alone: a check in
//! the main script does not stand before it, unless the pages are shown through `st.navigation`.

use std::collections::BTreeSet;

use plimsoll_analysis::{Event, Facts, ModuleId, Value};
use plimsoll_ir::{Kind, Language, Module};
use plimsoll_model::App;
use plimsoll_model::app::{EffectKind, EntryKind, GuardKind, Purpose};
use plimsoll_source::Span;

use super::chain::{self, Passage, finish_run};
use crate::Witnessing;
use crate::handler::named_guard;

pub(crate) fn observe(witnessing: &mut Witnessing<'_, '_>, app: &mut App) {
    let program = witnessing.machine.program;
    let users: Vec<ModuleId> = program.iter().filter(|(_, module)| uses(module)).map(|(id, _)| id).collect();
    if users.is_empty() {
        return;
    }
    // What a script of Streamlit imports is part of it. A job that runs on its own may import a script, too.
    let mut imported = BTreeSet::new();
    for &user in &users {
        let mut reached = BTreeSet::from([user]);
        let mut open = vec![user];
        while let Some(id) = open.pop() {
            for target in (0..program.module(id).imports.len()).filter_map(|index| program.target(id, index)) {
                if reached.insert(target) {
                    open.push(target);
                    imported.insert(target);
                }
            }
        }
    }
    let is_page = |id: ModuleId| program.path(id).split('/').rev().nth(1) == Some("pages");
    let shown: Vec<String> = users.iter().flat_map(|&id| named_pages(program.module(id))).collect();
    let is_shown = |id: ModuleId| {
        shown.iter().any(|name| program.path(id) == name || program.path(id).ends_with(&format!("/{name}")))
    };
    let mains: Vec<ModuleId> = users
        .iter()
        .copied()
        .filter(|&id| !is_page(id) && !is_shown(id) && !imported.contains(&id) && acts(program.module(id)))
        .collect();
    if mains.is_empty() && !users.iter().any(|&id| is_page(id)) {
        return;
    }
    app.stack.push("Streamlit".into());
    app.serves_pages = true;
    let first = witnessing.entry_points.len();
    let (mut shown_by_main, mut guarded): (BTreeSet<ModuleId>, Option<Span>) = (BTreeSet::new(), None);
    for &main in &mains {
        let events = run(witnessing, main, "/", Passage::default());
        if events.iter().any(|event| event.path() == "streamlit.navigation") {
            let pages = events.iter().filter(|event| event.path() == "streamlit.Page");
            shown_by_main.extend(pages.filter_map(|page| page_file(witnessing, main, page)));
            shown_by_main.extend(users.iter().copied().filter(|&id| is_page(id)));
            let checks = events.iter().flat_map(|event| {
                crate::guards::guards_of(&event.facts, program.tree)
                    .into_iter()
                    .filter(|guard| guard.kind == GuardKind::Authentication)
            });
            guarded = guarded.or(checks.map(|guard| guard.span).next());
        }
    }
    let pages: BTreeSet<ModuleId> =
        users.iter().copied().filter(|&id| is_page(id)).chain(shown_by_main.iter().copied()).collect();
    for page in pages {
        let mut passage = Passage::default();
        if shown_by_main.contains(&page)
            && let Some(span) = guarded
        {
            passage.named.push(named_guard(GuardKind::Authentication, "st.navigation behind a check", span));
        }
        let path = format!("/{}", page_name(program.path(page)));
        run(witnessing, page, &path, passage);
    }
    settle(witnessing, first);
}

fn uses(module: &Module) -> bool {
    module.language == Language::Python
        && module.imports.iter().any(|import| import.module == "streamlit" || import.module.starts_with("streamlit."))
}

/// Files that a module names in `st.Page("x.py")`.
fn named_pages(module: &Module) -> Vec<String> {
    module
        .iter()
        .filter_map(|(_, node)| match &node.kind {
            Kind::Call { callee, args, .. } if module.path(*callee).is_some_and(|path| path.ends_with("Page")) => {
                module.string(args.first()?.value).map(str::to_owned)
            }
            _ => None,
        })
        .collect()
}

/// Whether a module does something by itself rather than only offering functions.
fn acts(module: &Module) -> bool {
    module.body.iter().any(|&statement| match module.kind(statement) {
        Kind::Call { .. } | Kind::If { .. } | Kind::With { .. } | Kind::Loop { .. } => true,
        Kind::Assign { value, .. } => matches!(module.kind(*value), Kind::Call { .. }),
        _ => false,
    })
}

fn run(witnessing: &mut Witnessing<'_, '_>, id: ModuleId, path: &str, passage: Passage) -> Vec<Event> {
    let program = witnessing.machine.program;
    let module = program.module(id);
    let start = module
        .body
        .iter()
        .map(|&statement| module.span(statement))
        .find(|&span| {
            let text = program.tree.text(span);
            !text.starts_with("import ") && !text.starts_with("from ") && !text.starts_with('"')
        })
        .unwrap_or(Span::new(module.file, 0, 1));
    let span = Span::new(start.file, start.start, start.start + 1);
    let mut point = chain::entry(EntryKind::ServerPage, &["GET", "POST"], path, "Streamlit", span);
    point.name = Some(page_name(program.path(id)));
    witnessing.machine.reset();
    let run = witnessing.machine.run_page(id, Facts::default());
    let events = run.events.clone();
    finish_run(witnessing, point, run, passage);
    events
}

/// The module that `st.Page("pages/x.py")` names.
fn page_file(witnessing: &Witnessing<'_, '_>, main: ModuleId, page: &Event) -> Option<ModuleId> {
    let program = witnessing.machine.program;
    let name = page.arg(0).and_then(Value::as_str)?;
    let folder = program.path(main).rsplit_once('/').map_or("", |(folder, _)| folder);
    let wanted = chain::join_path(folder, name);
    let wanted = wanted.trim_start_matches('/');
    program.iter().find(|(id, _)| program.path(*id) == wanted).map(|(id, _)| id)
}

/// `pages/1_📊_Sales.py` → `Sales`.
fn page_name(path: &str) -> String {
    let stem = path.rsplit('/').next().unwrap_or(path).trim_end_matches(".py");
    let name: String =
        stem.split('_').filter(|part| part.chars().any(char::is_alphabetic)).collect::<Vec<_>>().join("_");
    if name.is_empty() { stem.to_owned() } else { name }
}

/// What only the pages together show.
fn settle(witnessing: &mut Witnessing<'_, '_>, first: usize) {
    let entries = &mut witnessing.entry_points[first..];
    let some_guarded = entries
        .iter()
        .any(|entry| entry.guards.iter().any(|guard| guard.kind == GuardKind::Authentication && guard.holds()));
    let mut logins: BTreeSet<Span> = BTreeSet::new();
    for entry in entries.iter_mut() {
        // The same login form on every page is one login.
        entry.effects.retain(|effect| !matches!(effect.kind, EffectKind::VerifyPassword) || logins.insert(effect.span));
        if !entry.effects.iter().any(|effect| effect.kind == EffectKind::VerifyPassword) {
            entry.purposes.remove(&Purpose::Login);
        }
        tables_in_files(entry, some_guarded);
    }
}

/// A table in a file is a store where its name speaks of people or money, or where the app locks others of its pages.
pub(super) fn tables_in_files(entry: &mut plimsoll_model::app::EntryPoint, some_guarded: bool) {
    for effect in &mut entry.effects {
        let lower = effect.target.to_ascii_lowercase();
        let is_table = [".csv", ".xlsx", ".xls", ".json", ".parquet"].iter().any(|end| lower.ends_with(end));
        if !is_table {
            continue;
        }
        let about_people = [
            "customer",
            "client",
            "employee",
            "staff",
            "payroll",
            "salar",
            "order",
            "invoice",
            "lead",
            "patient",
            "user",
            "contact",
            "member",
            "expense",
            "transaction",
            "supplier",
            "booking",
            "appointment",
            "candidate",
            "student",
        ]
        .iter()
        .any(|word| lower.contains(word));
        if about_people || some_guarded {
            match effect.kind {
                EffectKind::ReadFile => effect.kind = EffectKind::Read,
                EffectKind::WriteFile => effect.kind = EffectKind::Update,
                _ => {}
            }
        }
    }
}
