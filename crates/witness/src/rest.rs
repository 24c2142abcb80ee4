//! Functions that no entry point and no set-up reached run once on their own, so that what they do is seen: event handlers
//! of pages, jobs, and code whose framework is not known.
//!
//! Those of a module run in the state that the program's start leaves, whatever ran of other modules, so that what they
//! show depends on the code behind them alone: it is kept for as long as that stays the same, and two machines share the
//! work.

use std::collections::BTreeSet;
use std::ops::Range;

use plimsoll_analysis::{Clean, FunctionRef, Label, Labels, Machine, ModuleId, Program, Value};
use plimsoll_cache::Cache;
use plimsoll_ir::{FunctionId, Language};
use plimsoll_model::App;
use plimsoll_model::app::{Flow, SecretTier};
use plimsoll_source::FileId;

use crate::behind::Behind;
use crate::{Witnessing, browser, handler, knowledge, server, settings};

/// Steps for all functions that nothing reaches: in ordinary apps they take a few per node of the program, in bundles of
/// others' code, where everything calls everything, hundreds.
const STEPS_LEAST: u64 = 2_000_000;
const STEPS_PER_NODE: u64 = 20;
/// And for each once those are spent: enough for its own body.
const STEPS_BEHIND: u64 = 500;
/// One function gets as many as a handler.
const STEPS_MOST: u64 = 150_000;

/// What these functions show.
pub(crate) struct Rest {
    pub(crate) notes: settings::Notes,
    pub(crate) flows: Vec<Flow>,
    /// Functions of PHP that read what visitors send.
    pub(crate) handlers: Vec<FunctionRef>,
    /// How many were not run to their end for want of steps.
    pub(crate) unfollowed: usize,
    /// Under what the results are kept, where they are.
    pub(crate) behind: Option<Behind>,
}

/// Runs what nothing has entered so far.
pub(crate) fn run(program: &Program<'_>, witnessing: &Witnessing<'_, '_>, cache: &Cache) -> Rest {
    let machine = &*witnessing.machine;
    let behind = Behind::of(program, machine.provides(), cache);
    let meddlers: Vec<ModuleId> = machine.meddlers().collect();
    let kept = behind.as_ref().map(|behind| Kept { behind, meddlers: &meddlers, cache });
    let half = half(machine);
    let steps = (STEPS_LEAST + STEPS_PER_NODE * program.size()) / 2;
    let share = |modules: Range<usize>| Share { program, entered: machine.entered().clone(), modules, steps };
    let (first, second) = (share(0..half), share(half..program.modules.len()));
    let mut rest = Rest {
        notes: settings::Notes::default(),
        flows: Vec::new(),
        handlers: Vec::new(),
        unfollowed: 0,
        behind: None,
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(|| second.work_off(kept.as_ref()));
        let mut all = first.work_off(kept.as_ref());
        all.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        for seen in all {
            rest.notes.append(seen.notes);
            rest.flows.extend(seen.flows);
            rest.handlers.extend(seen.handlers.iter().copied().map(function));
            rest.unfollowed += seen.unfollowed;
        }
    });
    rest.behind = behind;
    rest
}

/// Where the functions are halved: the number of modules in the first half. It depends on the program alone, so that a
/// review says the same on every computer.
fn half(machine: &Machine<'_>) -> usize {
    let weights: Vec<u64> = machine
        .program
        .iter()
        .map(|(id, module)| {
            let functions = (0u32..).map(FunctionId).zip(&module.functions);
            let left = functions.filter(|(function, at)| {
                at.parent.is_none() && !machine.entered().contains(&FunctionRef { module: id, function: *function })
            });
            left.map(|(_, at)| u64::from(at.range.end - at.range.start)).sum()
        })
        .collect();
    let all: u64 = weights.iter().sum();
    let mut so_far = 0u64;
    let in_first = weights.iter().take_while(|&&weight| {
        let takes = so_far * 2 < all;
        so_far += weight;
        takes
    });
    in_first.count()
}

/// What one of two machines is to do.
struct Share<'p> {
    program: &'p Program<'p>,
    /// Of which functions nothing has to be seen any more.
    entered: BTreeSet<FunctionRef>,
    modules: Range<usize>,
    steps: u64,
}

/// What the functions of one module showed.
#[derive(Default, serde::Serialize, serde::Deserialize)]
struct Seen {
    notes: settings::Notes,
    flows: Vec<Flow>,
    /// Those of PHP that read what visitors send: module and function.
    handlers: Vec<(u32, u32)>,
    /// What they entered.
    entered: Vec<(u32, u32)>,
    steps: u64,
    unfollowed: usize,
}

fn function((module, function): (u32, u32)) -> FunctionRef {
    FunctionRef { module: ModuleId(module), function: FunctionId(function) }
}

/// How results are kept.
struct Kept<'a> {
    behind: &'a Behind,
    /// Modules whose start changes what belongs to others: everything rests on them.
    meddlers: &'a [ModuleId],
    cache: &'a Cache,
}

impl Kept<'_> {
    fn get_or(&self, module: ModuleId, functions: &[FunctionId], steps: u64, make: impl FnOnce() -> Seen) -> Seen {
        let functions: Vec<u8> = functions.iter().flat_map(|function| function.0.to_le_bytes()).collect();
        let (number, steps) = (module.0.to_le_bytes(), steps.to_le_bytes());
        let mut parts: Vec<&[u8]> = vec![self.behind.digest(module), &number, &functions, &steps];
        parts.extend(self.meddlers.iter().map(|module| self.behind.digest(*module)));
        self.cache.get_or("what functions show", owner(module), &parts, make)
    }
}

/// Whose an entry is: not only the file's, since secrets of the files it imports must not be kept either.
fn owner(module: ModuleId) -> u32 {
    module.0 | 1 << 31
}

/// Keeps nothing of functions that rest on a file with a secret in it.
pub(crate) fn forget(program: &Program<'_>, app: &App, behind: &Option<Behind>, cache: &Cache) {
    let Some(behind) = behind else { return };
    let secrets = app.secrets.iter().filter(|secret| secret.tier == SecretTier::Secret);
    let files: BTreeSet<FileId> =
        secrets.flat_map(|secret| std::iter::once(&secret.span).chain(&secret.also)).map(|span| span.file).collect();
    for ((id, _), rests) in program.iter().zip(behind.rest_on(&files)) {
        if rests {
            cache.forget(owner(id));
        }
    }
}

impl<'p> Share<'p> {
    fn work_off(mut self, kept: Option<&Kept<'_>>) -> Vec<Seen> {
        let program = self.program;
        // Made when the first function has to be run.
        let mut machine: Option<Machine<'p>> = None;
        let mut all = Vec::new();
        let mut left = self.steps;
        for (id, module) in program.iter().skip(self.modules.start).take(self.modules.len()) {
            // Nested functions are entered by what is around them.
            let functions = (0u32..).map(FunctionId).zip(&module.functions).filter(|(_, at)| at.parent.is_none());
            let functions: Vec<FunctionId> = functions
                .map(|(function, _)| function)
                .filter(|function| !self.entered.contains(&FunctionRef { module: id, function: *function }))
                .collect();
            if functions.is_empty() {
                continue;
            }
            let steps = left.min(STEPS_MOST * functions.len() as u64);
            let mut make = || survey(machine.get_or_insert_with(|| started(program)), id, &functions, steps);
            let seen = match kept {
                Some(kept) => kept.get_or(id, &functions, steps, make),
                None => make(),
            };
            left = left.saturating_sub(seen.steps);
            self.entered.extend(seen.entered.iter().copied().map(function));
            all.push(seen);
        }
        all
    }
}

/// A machine in the state that the program's start leaves.
fn started<'p>(program: &'p Program<'p>) -> Machine<'p> {
    let mut machine = Machine::new(program, &knowledge::Known);
    server::nuxt::provide(program, &mut machine);
    machine.load_all();
    machine.keep_as_it_is();
    machine
}

/// Runs functions of a module, those aside that an earlier one enters. They see what earlier ones leave in the module's
/// variables: what one handler loads, another shows.
fn survey(machine: &mut Machine<'_>, id: ModuleId, functions: &[FunctionId], steps: u64) -> Seen {
    let program = machine.program;
    let module = program.module(id);
    let path = program.path(id);
    let listeners = browser::taken::listeners(module);
    let start = machine.spent();
    let mut seen = Seen::default();
    for &function in functions {
        let reference = FunctionRef { module: id, function };
        if machine.surveyed().contains(&reference) {
            continue;
        }
        let at = module.function(function);
        let closure = machine.closure_of(reference);
        machine.reset();
        if is_shown(path, module) {
            // What a page shows is shown in a browser; what a server draws before has no data yet.
            machine.fix("typeof window", Value::string("object"));
        }
        let mut args = vec![given_to(path, at); at.params.len()];
        if let Some(first) = args.first_mut().filter(|_| listeners.contains(&function)) {
            *first = browser::taken::message();
        }
        let left = steps.saturating_sub(machine.spent() - start);
        let run = machine.survey(&closure, args, left.clamp(STEPS_BEHIND, STEPS_MOST));
        seen.unfollowed += usize::from(run.cut_off && left < STEPS_BEHIND);
        let mut witnessing = Witnessing::new(machine);
        witnessing.note_events(&run.events);
        seen.notes.append(std::mem::take(&mut witnessing.notes));
        seen.flows.extend(handler::flows_of(&run.events));
        if module.language == Language::Php && run.events.iter().any(server::php::reads_request) {
            seen.handlers.push((id.0, function.0));
        }
        drop(run);
        machine.release();
    }
    seen.entered = machine.surveyed().iter().map(|function| (function.module.0, function.function.0)).collect();
    seen.steps = machine.spent() - start;
    machine.put_back();
    seen
}

/// Whether a file holds components of pages.
fn is_shown(path: &str, module: &plimsoll_ir::Module) -> bool {
    [".tsx", ".jsx", ".vue", ".svelte"].iter().any(|end| path.ends_with(end))
        || module.directives.iter().any(|(directive, _)| directive == "use client")
}

/// What a function that nothing reaches is run with. A component is given what whoever shows it has.
fn given_to(path: &str, function: &plimsoll_ir::Function) -> Value {
    let is_component = (path.ends_with(".tsx") || path.ends_with(".jsx"))
        && function.name.as_ref().is_some_and(|name| name.starts_with(|first: char| first.is_ascii_uppercase()));
    if is_component { Value::of(Labels::one(Label::Given(Clean::NONE))) } else { Value::unknown() }
}
