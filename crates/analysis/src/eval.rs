//! The interpreter: runs the program once without real values.

mod call;
mod expression;
mod lasting;
mod member;
mod php;
mod sent;
mod statement;
mod survey;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use plimsoll_ir::{FunctionId, Kind, Language, NodeId, Str};
use plimsoll_source::Span;

use crate::env::Env;
use crate::event::{Argument, Event, EventKind};
use crate::fact::Facts;
use crate::knowledge::Knowledge;
use crate::program::{FunctionRef, ModuleId, Program, Site, declared_name};
use crate::value::{Closure, Object, Symbol, Value, ValueKind};

/// What is being run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Top-level code: functions handed to something outside are registrations and are not entered.
    Setup,
    /// A handler or any other function: functions handed to something outside are entered.
    Handler,
}

/// State of a module.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Loading {
    Not,
    Running,
    Done,
}

struct ModuleState {
    env: Rc<Env>,
    loading: Loading,
    /// Values of CommonJS `exports.x` and of ES `export default <expression>`.
    exports: BTreeMap<Str, Value>,
    cut_off: bool,
}

/// One activation of a function, or of a module's top level.
struct Frame {
    module: ModuleId,
    function: Option<FunctionId>,
    env: Rc<Env>,
    this: Option<Value>,
    facts: Facts,
    returns: Vec<(Value, Facts)>,
    /// How many conditional constructs we are inside of, within this frame.
    branches: u32,
}

/// Whether control goes on behind a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    Normal,
    Exit,
}

/// Bounds: hostile or huge code ends a run early and is marked as cut off, never silently complete.
const MAX_FRAMES: usize = 24;
const MAX_DEPTH: u32 = 400;
/// A name is followed through this many modules.
const MAX_HOPS: u32 = 12;
/// And through this many that import everything of another.
const MAX_STAR_HOPS: u32 = 8;
const HANDLER_STEPS: u64 = 150_000;
const SETUP_STEPS: u64 = 400_000;
/// A module's top level gets steps by its size, so that a thousand small scripts cost what a thousand small scripts are.
const SETUP_STEPS_LEAST: u64 = 40_000;
const SETUP_STEPS_PER_NODE: u64 = 250;
/// And once all modules together have taken this many, only so many per node of its own.
const ALL_SETUP_STEPS_LEAST: u64 = 4_000_000;
const ALL_SETUP_STEPS_PER_NODE: u64 = 3;
const SETUP_STEPS_BEHIND: u64 = 2_000;
const SETUP_STEPS_BEHIND_PER_NODE: u64 = 10;
/// All handlers together get steps by the size of the program; behind that each gets only a few. Growth stays linear.
const ALL_STEPS_LEAST: u64 = 10_000_000;
const ALL_STEPS_PER_NODE: u64 = 5;
const HANDLER_STEPS_BEHIND: u64 = 3_000;
/// Times that one place is recorded while one module loads: a loop at the top level says no more after that.
const MAX_PLACE_EVENTS: u16 = 64;

/// Runs a program.
pub struct Machine<'p> {
    /// The program.
    pub program: &'p Program<'p>,
    knowledge: &'p dyn Knowledge,
    modules: Vec<ModuleState>,
    frames: Vec<Frame>,
    events: Vec<Event>,
    /// How often each place has been recorded while the current module loads.
    recorded: HashMap<Site, u16>,
    mode: Mode,
    steps: u64,
    /// Steps of all runs, those of loading aside.
    spent: u64,
    /// Steps that all runs may take together before each gets only a few.
    allowance: u64,
    /// The same for the loading of all modules.
    spent_loading: u64,
    allowance_loading: u64,
    /// Scopes that the current run made, and objects that their own methods hold: closures keep both alive in circles.
    scopes: Vec<Rc<Env>>,
    wholes: Vec<Rc<Object>>,
    limit: u64,
    depth: u32,
    cut_off: bool,
    /// The call just evaluated never returns.
    never_returned: bool,
    /// What the root has handed out by `yield`.
    yielded: Option<Value>,
    /// Members assigned to symbols during the current run: `req.user = …`.
    assigned: HashMap<String, Value>,
    /// Which of these the current run asks for and changes, while somebody wants to know.
    watched: RefCell<Option<Watched>>,
    /// What calls give that a reader has settled: callee's path and first argument.
    settled: HashMap<(String, String), Value>,
    /// Names that a framework brings into the modules below a folder without an import.
    provided: BTreeMap<Str, Vec<(String, ModuleId)>>,
    /// What names stand for that a module imports from packages.
    packages: HashMap<ModuleId, HashMap<Str, Value>>,
    /// What names stand for that nobody defines.
    globals: HashMap<Str, Value>,
    /// All modules were loaded: what classes extend does not change any more.
    loaded: bool,
    /// What classes extend, once that is settled.
    bases: HashMap<crate::value::ClassRef, Rc<[Value]>>,
    /// The same as [`Machine::foreign_base`] gives it.
    foreign: HashMap<crate::value::ClassRef, Option<Rc<str>>>,
    entered: BTreeSet<FunctionRef>,
    /// What calls gave in the current survey; nothing in other runs.
    survey: Option<survey::Survey>,
    /// What was there before a run is put back after it.
    puts_back: bool,
    /// The last run whose values and names are to stay as they are.
    kept_from: u32,
    /// Functions that were entered since the last release, while things are put back.
    surveyed: BTreeSet<FunctionRef>,
    /// What is to be put back, as it was.
    before: Vec<lasting::Before>,
    /// Modules that are being loaded, the innermost last.
    starting: Vec<ModuleId>,
    meddlers: BTreeSet<ModuleId>,
    /// Components that put markup of their own making into the page.
    painters: BTreeSet<FunctionRef>,
    /// PHP functions by name: they are global once their file is included.
    php_functions: BTreeMap<Str, FunctionRef>,
    /// Python, PHP and JS classes by name, for names that resolve in no scope (PHP autoloading).
    php_classes: BTreeMap<Str, crate::value::ClassRef>,
    /// PHP classes by qualified name.
    php_qualified: BTreeMap<String, crate::value::ClassRef>,
    /// PHP functions of the files that ran so far in this page.
    php_declared: BTreeMap<Str, Rc<Closure>>,
    /// PHP constants of this page.
    php_constants: BTreeMap<Str, Value>,
    /// PHP files included by this page.
    php_included: BTreeSet<ModuleId>,
    /// The scope of the PHP page that runs.
    php_root: Option<Rc<Env>>,
    /// The PHP page that runs.
    php_page: Option<ModuleId>,
}

impl<'p> Machine<'p> {
    /// A machine for a program.
    pub fn new(program: &'p Program<'p>, knowledge: &'p dyn Knowledge) -> Self {
        let modules = program
            .modules
            .iter()
            .map(|_| ModuleState {
                env: Rc::new(Env::default()),
                loading: Loading::Not,
                exports: BTreeMap::new(),
                cut_off: false,
            })
            .collect();
        let mut php_functions = BTreeMap::new();
        let mut php_classes = BTreeMap::new();
        for (id, module) in program.iter().filter(|(_, module)| module.language == Language::Php) {
            for (function, at) in (0u32..).map(FunctionId).zip(&module.functions) {
                if let (Some(name), None, None) = (&at.name, at.class, at.parent) {
                    php_functions
                        .entry(name.to_ascii_lowercase().into())
                        .or_insert(FunctionRef { module: id, function });
                }
            }
            for (class, at) in (0u32..).map(plimsoll_ir::ClassId).zip(&module.classes) {
                if let Some(name) = &at.name {
                    php_classes.entry(name.clone()).or_insert(crate::value::ClassRef { module: id, class });
                }
            }
        }
        let mut machine = Machine {
            program,
            knowledge,
            modules,
            frames: Vec::new(),
            events: Vec::new(),
            recorded: HashMap::new(),
            mode: Mode::Setup,
            steps: 0,
            spent: 0,
            allowance: ALL_STEPS_LEAST + ALL_STEPS_PER_NODE * program.size(),
            spent_loading: 0,
            allowance_loading: ALL_SETUP_STEPS_LEAST + ALL_SETUP_STEPS_PER_NODE * program.size(),
            scopes: Vec::new(),
            wholes: Vec::new(),
            limit: SETUP_STEPS,
            depth: 0,
            cut_off: false,
            never_returned: false,
            yielded: None,
            assigned: HashMap::new(),
            watched: RefCell::default(),
            settled: HashMap::new(),
            provided: BTreeMap::new(),
            packages: HashMap::new(),
            globals: HashMap::new(),
            loaded: false,
            bases: HashMap::new(),
            foreign: HashMap::new(),
            entered: BTreeSet::new(),
            survey: None,
            puts_back: false,
            kept_from: 0,
            surveyed: BTreeSet::new(),
            before: Vec::new(),
            starting: Vec::new(),
            meddlers: BTreeSet::new(),
            painters: painters(program),
            php_functions,
            php_classes,
            php_qualified: BTreeMap::new(),
            php_declared: BTreeMap::new(),
            php_constants: BTreeMap::new(),
            php_included: BTreeSet::new(),
            php_root: None,
            php_page: None,
        };
        php::index_classes(&mut machine);
        machine
    }

    /// Runs the top level of every module once, imports first, and returns what happened.
    /// PHP files are pages: they are run by [`Machine::run_page`].
    pub fn load_all(&mut self) -> Vec<Event> {
        self.mode = Mode::Setup;
        for (id, module) in self.program.iter() {
            if module.language != Language::Php {
                self.load(id);
            }
        }
        self.loaded = true;
        std::mem::take(&mut self.events)
    }

    /// Modules whose top level was not run to its end.
    pub fn unfinished(&self) -> impl Iterator<Item = ModuleId> + '_ {
        self.program.iter().map(|(id, _)| id).filter(|id| self.modules[id.0 as usize].cut_off)
    }

    /// Runs a function as a root (a handler), starting from `facts`, and returns what happened, the facts under which it
    /// returned, and whether it was cut off. Members assigned to symbols (`req.user`) are kept from the previous call
    /// until [`Machine::reset`].
    pub fn run(&mut self, closure: &Rc<Closure>, args: Vec<Value>, facts: Facts) -> Run {
        self.begin(Mode::Handler, HANDLER_STEPS);
        self.run_begun(closure, args, facts)
    }

    fn run_begun(&mut self, closure: &Rc<Closure>, args: Vec<Value>, facts: Facts) -> Run {
        let args: Vec<Argument> = args.into_iter().map(|value| Argument { name: None, value, spread: false }).collect();
        let (value, facts) = self.contained(|machine| machine.invoke_root(closure, &args, facts)).unwrap_or_default();
        let site =
            Site { module: closure.module, node: self.program.module(closure.module).function(closure.function).body };
        let span = self.program.span(site);
        self.record(EventKind::Return { value: value.clone() }, span, site, &facts);
        let yielded = self.yielded.take();
        Run { events: std::mem::take(&mut self.events), value, yielded, facts, cut_off: self.cut_off }
    }

    /// Runs a function of which nothing is known but that it is there: as [`Machine::run`], within a number of steps.
    pub fn survey(&mut self, closure: &Rc<Closure>, args: Vec<Value>, steps: u64) -> Run {
        self.begin(Mode::Handler, steps.min(HANDLER_STEPS));
        self.survey = Some(survey::Survey::default());
        let run = self.run_begun(closure, args, Facts::default());
        self.survey = None;
        run
    }

    /// Lets go of what the last run made, once nobody looks at its values any more. Closures live in the scopes that they
    /// keep alive, so that without this everything would stay until the end.
    pub fn release(&mut self) {
        for scope in self.scopes.drain(..) {
            scope.set_names(Rc::default());
        }
        for object in self.wholes.drain(..) {
            object.fields.borrow_mut().clear();
        }
    }

    /// Steps of all runs so far, those of loading aside.
    pub fn spent(&self) -> u64 {
        self.spent + self.steps
    }

    /// Runs a module's top level as a page (PHP, Streamlit): a fresh environment, handler mode.
    pub fn run_page(&mut self, module: ModuleId, facts: Facts) -> Run {
        self.run_file(module, facts, Mode::Handler)
    }

    /// Runs a module's top level as set-up code (PHP route files): functions handed over are not entered.
    pub fn run_setup_file(&mut self, module: ModuleId) -> Run {
        self.run_file(module, Facts::default(), Mode::Setup)
    }

    /// Runs a function as set-up code: functions that it hands over are not entered.
    pub fn run_setup(&mut self, closure: &Rc<Closure>, args: Vec<Value>) -> Run {
        self.begin(Mode::Setup, HANDLER_STEPS);
        let args: Vec<Argument> = args.into_iter().map(|value| Argument { name: None, value, spread: false }).collect();
        let (value, facts) =
            self.contained(|machine| machine.invoke_root(closure, &args, Facts::default())).unwrap_or_default();
        let yielded = self.yielded.take();
        Run { events: std::mem::take(&mut self.events), value, yielded, facts, cut_off: self.cut_off }
    }

    fn run_file(&mut self, module: ModuleId, facts: Facts, mode: Mode) -> Run {
        self.begin(mode, HANDLER_STEPS);
        let env = Rc::new(Env::default());
        self.php_declared.clear();
        self.php_constants.clear();
        self.php_included.clear();
        self.php_root = Some(Rc::clone(&env));
        self.php_page = Some(module);
        self.frames.push(Frame { module, function: None, env, this: None, facts, returns: Vec::new(), branches: 0 });
        let program = self.program;
        let facts = self
            .contained(|machine| {
                machine.statements(&program.module(module).body);
                machine.frames.pop().map(|frame| frame.facts)
            })
            .flatten()
            .unwrap_or_default();
        self.php_root = None;
        self.php_page = None;
        let events = std::mem::take(&mut self.events);
        Run { events, value: Value::unknown(), yielded: None, facts, cut_off: self.cut_off }
    }

    /// Forgets members assigned to symbols: the next run is another request.
    pub fn reset(&mut self) {
        self.assigned.clear();
        self.settled.clear();
    }

    /// Settles what a call gives in the coming runs, by the callee's path and its first argument (`"@headers"`: whatever
    /// comes from a header of the request, `"*"`: any other).
    pub fn settle(&mut self, callee: &str, argument: &str, value: Value) {
        self.settled.insert((callee.to_owned(), argument.to_owned()), value);
    }

    /// Makes an export of `module` visible without an import to the modules whose path begins with `folder`. Frameworks
    /// with automatic imports need it before the program is loaded.
    pub fn provide(&mut self, folder: &str, name: Str, module: ModuleId) {
        self.provided.entry(name).or_default().push((folder.to_owned(), module));
    }

    /// Whether names come into modules without an import.
    pub fn provides(&self) -> bool {
        !self.provided.is_empty()
    }

    /// What a name stands for that another script of the same page declares.
    fn name_beside(&mut self, from: ModuleId, name: &str) -> Option<Value> {
        let script = self.program.declared_beside(from, name)?;
        self.load(script);
        self.modules[script.0 as usize].env.get(name)
    }

    fn provided_name(&mut self, from: ModuleId, name: &str) -> Option<Value> {
        let path = self.program.path(from);
        let list = self.provided.get(name)?;
        let module = list.iter().find(|(folder, module)| *module != from && path.starts_with(folder.as_str()))?.1;
        self.load(module);
        self.export_value(module, name, 0)
    }

    /// An instance of a class of the app whose fields are what a framework injects; its constructor is not run.
    pub fn instance(&mut self, class: crate::value::ClassRef, fields: Vec<(Str, Value)>) -> Value {
        let site = Site { module: class.module, node: NodeId(0) };
        let object = crate::value::Object { class: Some(class), ..crate::value::Object::new(site, false) };
        let whole = Value::plain(ValueKind::Object(Rc::new(object)));
        self.begin(Mode::Setup, HANDLER_STEPS);
        self.fill_fields(class, &whole, 0);
        if let ValueKind::Object(object) = &whole.kind {
            object.fields.borrow_mut().extend(fields);
        }
        whole
    }

    /// A class of the app by a name visible in a module.
    pub fn class_named(&mut self, module: ModuleId, name: &str) -> Option<Value> {
        self.module_name(module, name, 0)
    }

    /// The name under which members of a class are known that come from outside the app, where a base class does.
    pub fn outside_base(&mut self, class: crate::value::ClassRef) -> Option<String> {
        self.foreign_base(class, 0)
    }

    /// Fixes a member of a symbol for the coming runs, by path: `@req.path` to the path of the route under review.
    pub fn fix(&mut self, path: &str, value: Value) {
        self.assigned.insert(path.to_owned(), value);
    }

    /// What has been assigned to members of symbols so far, to be put back by [`Machine::restore`].
    pub fn assigned(&self) -> HashMap<String, Value> {
        self.assigned.clone()
    }

    /// Puts back what [`Machine::assigned`] gave.
    pub fn restore(&mut self, assigned: HashMap<String, Value>) {
        self.assigned = assigned;
    }

    /// Notes from here on what is asked of members assigned to symbols, and what is assigned.
    pub fn watch(&mut self) {
        *self.watched.get_mut() = Some(Watched::default());
    }

    /// What [`Machine::watch`] began to note; `None` where the runs since then depend on what had been assigned before.
    pub fn seen(&mut self) -> Option<Watched> {
        self.watched.get_mut().take().filter(|seen| self.settled.is_empty() && !seen.found)
    }

    /// Whether a run that saw this would see the same now.
    pub fn still_holds(&self, seen: &Watched) -> bool {
        self.settled.is_empty()
            && self.assigned.keys().all(|name| !seen.asked.contains(name) && !seen.written.contains_key(name))
    }

    /// Assigns what a run had assigned that is not run again.
    pub fn assign_again(&mut self, seen: &Watched) {
        self.assigned.extend(seen.written.iter().map(|(name, value)| (name.clone(), value.clone())));
    }

    fn assigned_to(&self, name: &str) -> Option<&Value> {
        let value = self.assigned.get(name);
        if let Some(watched) = &mut *self.watched.borrow_mut()
            && !watched.written.contains_key(name)
        {
            watched.found |= value.is_some();
            watched.asked.insert(name.to_owned());
        }
        value
    }

    fn assign_to(&mut self, name: String, value: Value) {
        if let Some(watched) = self.watched.get_mut() {
            watched.written.insert(name.clone(), value.clone());
        }
        self.assigned.insert(name, value);
    }

    /// The functions that have been entered so far.
    pub fn entered(&self) -> &BTreeSet<FunctionRef> {
        &self.entered
    }

    /// The functions that were entered since things were last put back; only noted behind
    /// [`Machine::keep_as_it_is`].
    pub fn surveyed(&self) -> &BTreeSet<FunctionRef> {
        &self.surveyed
    }

    /// Whether a function was entered: since what is there was last put back, or ever.
    fn has_entered(&self, function: FunctionRef) -> bool {
        if self.puts_back { &self.surveyed } else { &self.entered }.contains(&function)
    }

    /// Counts functions as entered that another machine has entered.
    pub fn count_as_entered(&mut self, functions: impl IntoIterator<Item = FunctionRef>) {
        self.entered.extend(functions);
    }

    /// A closure for a function, in the environment of its module. For functions nested in others names of the outer
    /// function are unknown.
    pub fn closure_of(&self, function: FunctionRef) -> Rc<Closure> {
        let env = Rc::clone(&self.modules[function.module.0 as usize].env);
        Rc::new(Closure { module: function.module, function: function.function, env, this: None })
    }

    /// The value of an exported (or, in Python, top-level) name of a module.
    pub fn export(&mut self, module: ModuleId, name: &str) -> Option<Value> {
        self.load(module);
        self.export_value(module, name, 0)
    }

    /// All exported names of a module.
    pub fn export_names(&self, module: ModuleId) -> Vec<Str> {
        let state = &self.modules[module.0 as usize];
        let mut names: BTreeSet<Str> = state.exports.keys().cloned().collect();
        names.extend(self.program.module(module).exports.iter().map(|export| export.name.clone()));
        names.into_iter().collect()
    }

    /// A method of a class of the app, looked up through its bases.
    pub fn method(&mut self, class: crate::value::ClassRef, name: &str) -> Option<Rc<Closure>> {
        self.find_method(class, name, 0)
    }

    /// Evaluates a node in the environment of its module, as set-up code would.
    pub fn evaluate(&mut self, site: Site) -> Value {
        self.begin(Mode::Setup, HANDLER_STEPS);
        let env = Rc::clone(&self.modules[site.module.0 as usize].env);
        self.frames.push(Frame {
            module: site.module,
            function: None,
            env,
            this: None,
            facts: Facts::default(),
            returns: Vec::new(),
            branches: 0,
        });
        let value = self.eval(site.node);
        self.frames.pop();
        self.events.clear();
        value
    }

    /// A mistake of ours costs what was being followed, not the review: it ends there and counts as cut off.
    fn contained<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> Option<T> {
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(self))).ok();
        if done.is_none() {
            self.frames.clear();
            self.cut_off = true;
        }
        done
    }

    fn begin(&mut self, mode: Mode, limit: u64) {
        crate::run::begin();
        self.spent += self.steps;
        let limit = if self.spent > self.allowance { limit.min(HANDLER_STEPS_BEHIND) } else { limit };
        self.events.clear();
        self.recorded.clear();
        self.scopes.clear();
        self.wholes.clear();
        self.frames.clear();
        self.mode = mode;
        self.steps = 0;
        self.limit = limit;
        self.depth = 0;
        self.cut_off = false;
        self.never_returned = false;
        self.yielded = None;
    }

    fn load(&mut self, id: ModuleId) {
        let state = &mut self.modules[id.0 as usize];
        if state.loading != Loading::Not {
            return;
        }
        state.loading = Loading::Running;
        let env = Rc::clone(&state.env);
        let program = self.program;
        for index in 0..program.module(id).imports.len() {
            let import = &program.module(id).imports[index];
            if import.type_only || import.is_dynamic {
                continue;
            }
            match program.target(id, index) {
                Some(target) => self.load(target),
                None => {
                    for (name, _) in &import.names {
                        if let Some(target) = program.in_plain_folder(id, import, name) {
                            self.load(target);
                        }
                    }
                }
            }
        }
        // Loading happens in the middle of other runs (a dynamic import in a handler), so the run's state is put aside.
        let saved = (self.mode, self.steps, self.limit, self.depth, self.cut_off);
        self.mode = Mode::Setup;
        self.steps = 0;
        let nodes = program.module(id).nodes.len() as u64;
        self.limit = if self.spent_loading < self.allowance_loading {
            SETUP_STEPS.min(SETUP_STEPS_LEAST + SETUP_STEPS_PER_NODE * nodes)
        } else {
            SETUP_STEPS_BEHIND + SETUP_STEPS_BEHIND_PER_NODE * nodes
        };
        self.depth = 0;
        self.cut_off = false;
        self.starting.push(id);
        let frames = std::mem::take(&mut self.frames);
        let recorded = std::mem::take(&mut self.recorded);
        self.frames.push(Frame {
            module: id,
            function: None,
            env,
            this: None,
            facts: Facts::default(),
            returns: Vec::new(),
            branches: 0,
        });
        self.contained(|machine| machine.statements(&program.module(id).body));
        self.starting.pop();
        self.spent_loading += self.steps;
        self.frames = frames;
        self.recorded = recorded;
        self.modules[id.0 as usize].cut_off = self.cut_off;
        (self.mode, self.steps, self.limit, self.depth, self.cut_off) = saved;
        self.modules[id.0 as usize].loading = Loading::Done;
    }

    fn export_value(&mut self, id: ModuleId, name: &str, hops: u32) -> Option<Value> {
        if hops > MAX_HOPS {
            return None;
        }
        let program = self.program;
        let module = program.module(id);
        if let Some(value) = self.modules[id.0 as usize].exports.get(name) {
            return Some(value.clone());
        }
        // `package/__init__.py` with `from package import users`: the name is that of the module beside it.
        let from_itself = module.imports.iter().enumerate().any(|(index, import)| {
            import.names.iter().any(|(wanted, local)| local == name && wanted == name)
                && program.target(id, index) == Some(id)
        });
        if from_itself && let Some(submodule) = program.submodule(id, name) {
            self.load(submodule);
            return Some(Value::plain(ValueKind::Namespace(submodule)));
        }
        if module.language != Language::JavaScript {
            return self.module_name(id, name, hops).or_else(|| {
                let submodule = program.submodule(id, name)?;
                self.load(submodule);
                Some(Value::plain(ValueKind::Namespace(submodule)))
            });
        }
        for export in &module.exports {
            if export.name == name {
                if let Some(from) = &export.from {
                    let wanted = export.local.clone().unwrap_or_else(|| export.name.clone());
                    return match program.resolve(id, from) {
                        Some(target) => {
                            self.load(target);
                            if wanted == "*" {
                                Some(Value::plain(ValueKind::Namespace(target)))
                            } else {
                                self.export_value(target, &wanted, hops + 1)
                            }
                        }
                        None => Some(self.imported_symbol(from, &wanted)),
                    };
                }
                let own_name =
                    export.local.clone().or_else(|| export.value.and_then(|value| declared_name(module, value)));
                if let Some(value) = own_name.and_then(|local| self.module_name(id, &local, hops)) {
                    return Some(value);
                }
                if let Some(value) = export.value {
                    let evaluated = self.evaluate_in_module(id, value);
                    self.modules[id.0 as usize].exports.insert(name.into(), evaluated.clone());
                    return Some(evaluated);
                }
            }
        }
        for export in module.exports.iter().filter(|export| export.name == "*") {
            if let Some(target) = export.from.as_ref().and_then(|from| program.resolve(id, from)) {
                self.load(target);
                if let Some(value) = self.export_value(target, name, hops + 1) {
                    return Some(value);
                }
            }
        }
        // `module.exports = { a, b }` imported by name.
        let whole = self.modules[id.0 as usize].exports.get("default").cloned()?;
        let value = self.member_of(&whole, name);
        (!matches!(value.kind, ValueKind::Unknown)).then_some(value)
    }

    fn evaluate_in_module(&mut self, id: ModuleId, node: NodeId) -> Value {
        let env = Rc::clone(&self.modules[id.0 as usize].env);
        self.frames.push(Frame {
            module: id,
            function: None,
            env,
            this: None,
            facts: Facts::default(),
            returns: Vec::new(),
            branches: 0,
        });
        let value = self.eval(node);
        self.frames.pop();
        value
    }

    /// A name at the top level of a module: declared there or imported into it. `hops` counts the modules on the way:
    /// modules that import a name from each other would be asked in turn for ever.
    fn module_name(&mut self, id: ModuleId, name: &str, hops: u32) -> Option<Value> {
        let env = Rc::clone(&self.modules[id.0 as usize].env);
        env.get(name).or_else(|| self.imported_name(id, name, hops))
    }

    fn imported_name(&mut self, id: ModuleId, name: &str, hops: u32) -> Option<Value> {
        if hops > MAX_HOPS {
            return None;
        }
        let program = self.program;
        let module = program.module(id);
        if let Some((index, at)) = program.import_of(id, name) {
            let import = &module.imports[index];
            let (imported, local) = &import.names[at];
            let Some(target) = program.target(id, index) else {
                if let Some(known) = self.packages.get(&id).and_then(|names| names.get(name)) {
                    return Some(known.clone());
                }
                if let Some(target) = program.in_plain_folder(id, import, imported) {
                    self.load(target);
                    return Some(Value::plain(ValueKind::Namespace(target)));
                }
                let value = self.imported_symbol_for(module.language, &import.module, imported, local);
                self.packages.entry(id).or_default().insert(local.clone(), value.clone());
                return Some(value);
            };
            self.load(target);
            if imported == "*" {
                // CommonJS: the whole is what `module.exports` was set to.
                let whole = self.modules[target.0 as usize].exports.get("default").cloned();
                let is_es = program
                    .module(target)
                    .exports
                    .iter()
                    .any(|export| export.value.is_some() && export.name != "default");
                return Some(match whole {
                    Some(value) if module.language == Language::JavaScript && !is_es => value,
                    _ => Value::plain(ValueKind::Namespace(target)),
                });
            }
            return Some(self.export_value(target, imported, hops + 1).unwrap_or_default());
        }
        // Everything of several modules, each with everything of several: the ways multiply.
        if hops > MAX_STAR_HOPS {
            return None;
        }
        for (index, import) in module.imports.iter().enumerate() {
            if import.names.iter().any(|(imported, local)| imported == "*" && local == "*")
                && let Some(target) = program.target(id, index)
            {
                self.load(target);
                let env = Rc::clone(&self.modules[target.0 as usize].env);
                if let Some(value) = env.get(name).or_else(|| self.imported_name(target, name, hops + 1)) {
                    return Some(value);
                }
            }
        }
        None
    }

    fn imported_symbol(&self, module: &str, name: &str) -> Value {
        self.imported_symbol_for(Language::JavaScript, module, name, name)
    }

    fn imported_symbol_for(&self, language: Language, module: &str, name: &str, local: &str) -> Value {
        let package = if language == Language::JavaScript { package_of(module) } else { module.to_owned() };
        let module = package.as_str();
        let path = match (language, name) {
            // `import os.path` binds `os`.
            (Language::Python, "*") if module.split('.').next() == Some(local) => local.to_owned(),
            (_, "*" | "default") => module.to_owned(),
            (Language::Php, name) => name.to_owned(),
            (_, name) => format!("{module}.{name}"),
        };
        if let Some(constant) = self.knowledge.constant(&path) {
            return constant;
        }
        let labels = self.knowledge.labels(&path);
        Value::symbol(Symbol::import(path), labels)
    }

    /// Whether the code running is a module's own set-up: what it makes outlives every request.
    fn is_set_up(&mut self) -> bool {
        self.mode == Mode::Setup && self.frame().function.is_none() && self.code().language != Language::Php
    }

    fn frame(&mut self) -> &mut Frame {
        // Every entry into evaluation pushes a frame first; an empty stack would be a fault of this crate, and is
        // answered with a frame of its own rather than with a panic.
        if self.frames.is_empty() {
            self.frames.push(Frame {
                module: ModuleId(0),
                function: None,
                env: Rc::new(Env::default()),
                this: None,
                facts: Facts::default(),
                returns: Vec::new(),
                branches: 0,
            });
        }
        let last = self.frames.len() - 1;
        &mut self.frames[last]
    }

    fn module_id(&self) -> ModuleId {
        self.frames.last().map_or(ModuleId(0), |frame| frame.module)
    }

    fn code(&self) -> &'p plimsoll_ir::Module {
        self.program.module(self.module_id())
    }

    fn kind(&self, node: NodeId) -> &'p Kind {
        self.code().kind(node)
    }

    fn site(&self, node: NodeId) -> Site {
        Site { module: self.module_id(), node }
    }

    fn span(&self, node: NodeId) -> Span {
        self.code().span(node)
    }

    fn record(&mut self, kind: EventKind, span: Span, site: Site, facts: &Facts) {
        // Far above what real code does; keeps a hostile app from filling memory.
        if self.events.len() > 400_000 {
            self.cut_off = true;
            return;
        }
        if self.mode == Mode::Setup {
            let times = self.recorded.entry(site).or_default();
            if *times == MAX_PLACE_EVENTS {
                return;
            }
            *times += 1;
        }
        let function = self
            .frames
            .last()
            .and_then(|frame| frame.function.map(|function| FunctionRef { module: frame.module, function }));
        self.events.push(Event { kind, facts: facts.clone(), span, site, function });
    }

    fn record_here(&mut self, kind: EventKind, node: NodeId) {
        let (span, site, facts) = (self.span(node), self.site(node), self.frame().facts.clone());
        self.record(kind, span, site, &facts);
    }
}

/// Functions around a place where markup is put into a page unescaped.
fn painters(program: &Program<'_>) -> BTreeSet<FunctionRef> {
    let mut out = BTreeSet::new();
    for (id, module) in program.iter().filter(|(_, module)| module.language == Language::JavaScript) {
        for (_, node) in module.iter() {
            let paints = match &node.kind {
                Kind::Element { attributes, .. } => attributes.iter().any(|attribute| {
                    matches!(&attribute.key, plimsoll_ir::Key::Named(name) if name == "dangerouslySetInnerHTML")
                }),
                Kind::Member { property, .. } => property == "innerHTML",
                _ => false,
            };
            if !paints {
                continue;
            }
            let around = (0u32..).map(FunctionId).zip(&module.functions).filter(|(_, function)| {
                function.parent.is_none()
                    && function.range.start <= node.range.start
                    && node.range.end <= function.range.end
            });
            out.extend(around.map(|(function, _)| FunctionRef { module: id, function }));
        }
    }
    out
}

/// The package that a specifier names, however it is reached: `npm:stripe@14`, `jsr:@a/b@1`, `node:fs` and the address of
/// a package on a content network (`https://cdn.example/v1/@a/b@2.0.1?target=x`) stand for the package's own name, so that
/// what is known of it applies. Modules of Deno's standard library keep their path: `std/http/server`.
fn package_of(specifier: &str) -> String {
    let bare = specifier.split(['?', '#']).next().unwrap_or(specifier);
    let (rest, is_address) = match bare.split_once("://") {
        Some((_, address)) => (address.split_once('/').map_or(address, |(_, path)| path), true),
        None => {
            let named = ["npm:", "jsr:", "node:"].iter().find_map(|scheme| bare.strip_prefix(scheme));
            match named {
                Some(rest) => (rest.trim_start_matches('/'), false),
                None => return bare.to_owned(),
            }
        }
    };
    let is_build =
        |part: &str| part.len() > 1 && part.starts_with('v') && part[1..].chars().all(|c| c.is_ascii_digit());
    let mut parts: Vec<&str> = rest.split('/').filter(|part| !part.is_empty()).collect();
    if is_address {
        while parts.len() > 1 && (matches!(parts[0], "x" | "npm" | "stable" | "gh" | "jsr") || is_build(parts[0])) {
            parts.remove(0);
        }
        if parts.len() > 1
            && let Some(last) = parts.last_mut()
        {
            *last = last.rsplit_once('.').map_or(*last, |(stem, _)| stem);
            if matches!(*last, "mod" | "index" | "main") {
                parts.pop();
            }
        }
    }
    let without_version = |part: &&str| {
        part.char_indices()
            .skip(1)
            .find(|(_, c)| *c == '@')
            .map_or(*part, |(at, _)| &part[..at])
            .trim_start_matches('*')
            .to_owned()
    };
    parts.iter().map(without_version).collect::<Vec<String>>().join("/")
}

/// What runs asked of the members that others assigned to symbols (`req.user`), and what they assigned themselves.
#[derive(Debug, Default)]
pub struct Watched {
    asked: HashSet<String>,
    /// Something that was asked for was there.
    found: bool,
    written: BTreeMap<String, Value>,
}

/// What a run gave.
#[derive(Clone, Debug)]
pub struct Run {
    /// What happened, in order.
    pub events: Vec<Event>,
    /// What was returned.
    pub value: Value,
    /// What was handed out by the root itself before it ended (Python's `yield`), the last of it.
    pub yielded: Option<Value>,
    /// The facts under which it returned normally.
    pub facts: Facts,
    /// It was too large and was not run to its end.
    pub cut_off: bool,
}
