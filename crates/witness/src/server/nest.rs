//! NestJS: controllers and resolvers. A guard is a class: its `canActivate` is run, with what decorators of the route say.

use std::collections::BTreeMap;
use std::rc::Rc;

use plimsoll_analysis::{
    Argument, ClassRef, Closure, Event, EventKind, Facts, Label, Labels, ModuleId, Site, Symbol, Value, ValueKind,
    assume,
};
use plimsoll_ir::{ClassId, FunctionId, Key, Kind, Language, NodeId, Str};
use plimsoll_model::App;
use plimsoll_model::app::{EntryKind, GuardKind, GuardStanding};
use plimsoll_source::Span;

use super::chain::{self, Passage, finish, fix_request, given, join_path};
use crate::Witnessing;
use crate::handler::named_guard;

const REQUEST: &str = "@context.switchToHttp().getRequest()";
const METHODS: &[(&str, &[&str])] = &[
    ("Get", &["GET"]),
    ("Post", &["POST"]),
    ("Put", &["PUT"]),
    ("Patch", &["PATCH"]),
    ("Delete", &["DELETE"]),
    ("All", &[]),
    ("Sse", &["GET"]),
];

pub(crate) fn observe(witnessing: &mut Witnessing<'_, '_>, setup: &[Event], app: &mut App) {
    let program = witnessing.machine.program;
    if !chain::has_package(program.tree, "@nestjs/common") && !chain::has_package(program.tree, "@nestjs/core") {
        return;
    }
    app.stack.push("NestJS".into());
    let mut prefix = String::new();
    let mut global: Vec<(Value, Span)> = Vec::new();
    for event in setup {
        let EventKind::Call { callee, args } = &event.kind else { continue };
        match callee.last_name().as_str() {
            "setGlobalPrefix" => {
                if let Some(text) = event.arg(0).and_then(Value::as_str) {
                    text.clone_into(&mut prefix);
                }
            }
            "useGlobalGuards" => global.extend(args.iter().map(|arg| (arg.value.clone(), event.span))),
            _ => {}
        }
    }
    global.extend(provided_guards(witnessing));
    let mut reader = Reader { witnessing, global, built: BTreeMap::new() };
    let classes: Vec<ClassRef> = program
        .iter()
        .filter(|(_, module)| module.language == Language::JavaScript)
        .flat_map(|(module, at)| {
            (0u32..)
                .map(ClassId)
                .zip(&at.classes)
                .filter(|(_, class)| !class.decorators.is_empty())
                .map(move |(class, _)| ClassRef { module, class })
        })
        .collect();
    for class in classes {
        reader.class(class, &prefix);
    }
}

/// `{ provide: APP_GUARD, useClass: X }` among the providers of a module.
fn provided_guards(witnessing: &mut Witnessing<'_, '_>) -> Vec<(Value, Span)> {
    let program = witnessing.machine.program;
    let mut found: Vec<(Site, Span)> = Vec::new();
    for (id, module) in program.iter().filter(|(_, module)| module.language == Language::JavaScript) {
        for (node, at) in module.iter() {
            let Kind::Object(properties) = &at.kind else { continue };
            let named = |name: &str| {
                properties
                    .iter()
                    .find(|property| matches!(&property.key, Key::Named(key) if key == name))
                    .map(|property| property.value)
            };
            let is_guard = named("provide")
                .is_some_and(|value| matches!(module.kind(value), Kind::Name(name) if name == "APP_GUARD"));
            if is_guard && let Some(class) = named("useClass").or_else(|| named("useExisting")) {
                found.push((Site { module: id, node: class }, module.span(node)));
            }
        }
    }
    found.into_iter().map(|(site, span)| (witnessing.machine.evaluate(site), span)).collect()
}

/// One decorator as evaluated: its name and arguments.
type Decorator = (Str, Rc<[Argument]>);

struct Reader<'a, 'p, 'w> {
    witnessing: &'a mut Witnessing<'p, 'w>,
    global: Vec<(Value, Span)>,
    built: BTreeMap<ClassRef, Value>,
}

impl Reader<'_, '_, '_> {
    fn decorators(&mut self, module: ModuleId, nodes: &[NodeId]) -> Vec<Decorator> {
        let mut out = Vec::new();
        for &node in nodes {
            let value = self.witnessing.machine.evaluate(Site { module, node });
            flatten(&value, &mut out, 0);
        }
        out
    }

    fn class(&mut self, class: ClassRef, prefix: &str) {
        let program = self.witnessing.machine.program;
        let module = program.module(class.module);
        let at = module.class(class.class);
        let own = self.decorators(class.module, &at.decorators);
        let controller = own.iter().find(|(name, _)| name == "Controller").map(|(_, args)| Rc::clone(args));
        let is_resolver = own.iter().any(|(name, _)| name == "Resolver");
        if controller.is_none() && !is_resolver {
            return;
        }
        let bases = controller.as_deref().map_or_else(|| vec![String::new()], paths_in);
        let instance = self.build(class, 0);
        for &method in &at.methods {
            let function = module.function(method);
            if function.decorators.is_empty() {
                continue;
            }
            let decorators = self.decorators(class.module, &function.decorators);
            for (name, args) in &decorators {
                let span = module.span_of(function.head);
                if is_resolver {
                    if matches!(name.as_str(), "Query" | "Mutation" | "Subscription") {
                        let path = function.name.as_deref().unwrap_or_default();
                        let verb: &[&str] = if name == "Mutation" { &["POST"] } else { &["GET"] };
                        let point = chain::entry(EntryKind::ServerAction, verb, path, "NestJS", span);
                        self.handler(class, method, &instance, point, &own, &decorators);
                    }
                    continue;
                }
                let Some((_, verbs)) = METHODS.iter().find(|(verb, _)| *verb == name.as_str()) else { continue };
                for base in &bases {
                    for path in paths_in(args) {
                        let full = join_path(prefix, &join_path(base, &path));
                        let full = if full.starts_with('/') { full } else { format!("/{full}") };
                        let point = chain::entry(EntryKind::Route, verbs, &full, "NestJS", span);
                        self.handler(class, method, &instance, point, &own, &decorators);
                    }
                }
            }
        }
    }

    fn handler(
        &mut self,
        class: ClassRef,
        method: FunctionId,
        instance: &Value,
        point: plimsoll_model::app::EntryPoint,
        of_class: &[Decorator],
        of_method: &[Decorator],
    ) {
        let span = point.span;
        let machine = &mut *self.witnessing.machine;
        machine.reset();
        fix_request(machine, point.methods.first().map(String::as_str), &point.path);
        // What the route says of itself, as guards ask for it.
        for reads in ["getAllAndOverride", "getAllAndMerge", "get", "getAll"] {
            let callee = format!("@nestjs/core.Reflector().{reads}");
            machine.settle(&callee, "*", Value::plain(ValueKind::Null));
            for (name, args) in of_class.iter().chain(of_method) {
                if name == "SetMetadata"
                    && let [key, value, ..] = &args[..]
                    && let Some(key) = key.value.as_str()
                {
                    machine.settle(&callee, key, value.value.clone());
                }
            }
        }
        let mut passage = Passage::default();
        let mut guards = self.global.clone();
        for (name, args) in of_class.iter().chain(of_method) {
            match name.as_str() {
                "UseGuards" => guards.extend(args.iter().map(|arg| (arg.value.clone(), span))),
                "Throttle" => passage.named.push(named_guard(GuardKind::RateLimit, "@Throttle", span)),
                _ => {}
            }
        }
        let skips = of_class.iter().chain(of_method).any(|(name, _)| name == "SkipThrottle");
        for (guard, at) in guards {
            if skips && guard.path().contains("Throttler") {
                continue;
            }
            passage = self.guard(&guard, at, passage);
        }
        let args = self.arguments(class.module, method);
        let program = self.witnessing.machine.program;
        let name = program.module(class.module).function(method).name.clone().unwrap_or_default();
        let Some(closure) = self.witnessing.machine.method(class, &name) else { return };
        let bound = Rc::new(Closure { this: Some(instance.clone()), ..(*closure).clone() });
        finish(self.witnessing, point, &bound, args, passage);
    }

    /// Runs one guard on top of a passage.
    fn guard(&mut self, guard: &Value, span: Span, mut passage: Passage) -> Passage {
        let class = match &guard.kind {
            ValueKind::Class(class) => *class,
            ValueKind::Object(object) => match object.class {
                Some(class) => class,
                None => return passage,
            },
            _ => {
                let path = guard.path();
                if path.contains("ThrottlerGuard") {
                    passage.named.push(named_guard(GuardKind::RateLimit, path, span));
                } else if path.contains("AuthGuard") {
                    passage.named.push(named_guard(GuardKind::Authentication, path, span));
                } else {
                    passage.opaque |= !path.is_empty();
                }
                return passage;
            }
        };
        let program = self.witnessing.machine.program;
        let name = program.module(class.module).class(class.class).name.clone().unwrap_or_default();
        let base = self.witnessing.machine.outside_base(class).unwrap_or_default();
        let by_passport = base.contains("AuthGuard");
        if base.contains("ThrottlerGuard") {
            passage.named.push(named_guard(GuardKind::RateLimit, &name, span));
            return passage;
        }
        // Passport hands over whom it found, or nobody: the app's own `handleRequest` decides.
        let lets_nobody_in = !by_passport || self.refuses_nobody(class, span);
        let mut open = named_guard(GuardKind::Authentication, &name, span);
        open.standing = GuardStanding::FailsOpen("it also goes on when nobody is signed in".into());
        let Some(method) = self.witnessing.machine.method(class, "canActivate") else {
            if by_passport {
                passage.named.push(if lets_nobody_in {
                    named_guard(GuardKind::Authentication, &name, span)
                } else {
                    open
                });
            } else {
                passage.opaque = true;
            }
            return passage;
        };
        if !lets_nobody_in {
            passage.named.push(open);
            return passage;
        }
        let instance = self.build(class, 0);
        let bound = Rc::new(Closure { this: Some(instance), ..(*method).clone() });
        let run = self.witnessing.machine.run(&bound, vec![given("@context")], passage.facts.clone());
        let function = program.module(method.module).function(method.function);
        let at = program.module(method.module).span_of(function.head);
        passage.facts = match assume(&run.value, true, at) {
            Some(more) => run.facts.with(more),
            None => run.facts.clone(),
        };
        passage.opaque |= run.cut_off;
        passage.events.extend(run.events);
        passage
    }

    /// Whether `handleRequest(error, user)` of a passport guard throws where there is no user.
    fn refuses_nobody(&mut self, class: ClassRef, _span: Span) -> bool {
        let Some(method) = self.witnessing.machine.method(class, "handleRequest") else { return true };
        let user = Value::symbol(Symbol::given("@user"), Labels::one(Label::Identity));
        let bound = Rc::new(Closure { this: None, ..(*method).clone() });
        let run = self.witnessing.machine.run(&bound, vec![Value::unknown(), user], Facts::default());
        let tree = self.witnessing.machine.program.tree;
        // `super.handleRequest(…)` throws itself.
        run.events.iter().any(|event| event.path() == "super.handleRequest")
            || crate::guards::guards_of(&run.facts, tree).iter().any(|guard| guard.kind == GuardKind::Authentication)
    }

    /// What Nest hands to a method, by the decorators of its parameters.
    fn arguments(&mut self, module: ModuleId, method: FunctionId) -> Vec<Value> {
        let program = self.witnessing.machine.program;
        let code = program.module(module);
        let request = || Value::symbol(Symbol::given(REQUEST), Labels::NONE);
        let mut out = Vec::new();
        for param in &code.function(method).params {
            let called = param.decorators.first().map(|&node| match code.kind(node) {
                Kind::Call { callee, args, .. } => (
                    code.path(*callee).unwrap_or_default(),
                    args.first().and_then(|arg| code.string(arg.value)).map(str::to_owned),
                ),
                _ => (code.path(node).unwrap_or_default(), None),
            });
            let Some((name, key)) = called else {
                out.push(Value::unknown());
                continue;
            };
            let below =
                |base: &str| chain::input(&key.as_ref().map_or_else(|| base.to_owned(), |key| format!("{base}.{key}")));
            let words = crate::handler::words_of(&name);
            let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
            out.push(match name.as_str() {
                "Body" | "Args" | "RawBody" => below("body"),
                "Query" => below("query"),
                "Param" => below("params"),
                "Headers" => below("headers"),
                "Cookies" => below("cookies"),
                "Req" | "Request" | "Context" => request(),
                "Res" | "Response" => given("@res"),
                "UploadedFile" | "UploadedFiles" => {
                    Value::of(Labels::one(Label::Upload("file".into(), plimsoll_analysis::Clean::NONE)))
                }
                // The app's own: `@CurrentUser()`, `@GetUser('id')`.
                _ if has(&["user", "auth", "account", "session", "member"]) => {
                    Value::symbol(Symbol::given("@user"), Labels::one(Label::Identity))
                }
                _ => Value::unknown(),
            });
        }
        out
    }

    /// An instance of a class with what Nest injects into its constructor.
    fn build(&mut self, class: ClassRef, depth: u32) -> Value {
        if let Some(known) = self.built.get(&class) {
            return known.clone();
        }
        let program = self.witnessing.machine.program;
        let base = self.witnessing.machine.outside_base(class).unwrap_or_default();
        if base.contains("PrismaClient") {
            let client = Value::symbol(Symbol::import("@prisma/client.PrismaClient()"), Labels::NONE);
            self.built.insert(class, client.clone());
            return client;
        }
        // Against circles, which Nest allows by forward references.
        self.built.insert(class, Value::unknown());
        let code = program.module(class.module);
        let constructor = code
            .class(class.class)
            .methods
            .iter()
            .map(|&method| code.function(method))
            .find(|function| function.name.as_deref() == Some("constructor"));
        let mut fields: Vec<(Str, Value)> = Vec::new();
        for param in constructor.map(|function| &function.params[..]).unwrap_or_default() {
            let Kind::Name(name) = code.kind(param.pattern) else { continue };
            let value = self.injected(class.module, param, depth);
            fields.push((name.clone(), value));
        }
        let instance = self.witnessing.machine.instance(class, fields);
        self.built.insert(class, instance.clone());
        instance
    }

    fn injected(&mut self, module: ModuleId, param: &plimsoll_ir::Param, depth: u32) -> Value {
        let program = self.witnessing.machine.program;
        let code = program.module(module);
        for &node in &param.decorators {
            let Kind::Call { callee, args, .. } = code.kind(node) else { continue };
            let target = args.first().and_then(|arg| {
                code.string(arg.value)
                    .map(str::to_owned)
                    .or_else(|| Some(code.path(arg.value)?.trim_end_matches(".name").to_owned()))
            });
            let maker = match code.path(*callee).as_deref() {
                Some("InjectRepository") => "typeorm.getRepository",
                Some("InjectModel") => "mongoose.model",
                _ => continue,
            };
            let args = [Argument { name: None, value: Value::string(target.unwrap_or_default()), spread: false }];
            let symbol = Symbol::call(&Symbol::import(maker), Rc::new(args), Site { module, node });
            return Value::symbol(symbol, Labels::NONE);
        }
        let Some(annotation) = param.annotation.and_then(|annotation| code.string(annotation)) else {
            return Value::unknown();
        };
        let name = annotation.split(['<', '|', ' ']).next().unwrap_or(annotation).trim().to_owned();
        match self.witnessing.machine.class_named(module, &name) {
            Some(Value { kind: ValueKind::Class(class), .. }) if depth < 6 => self.build(class, depth + 1),
            Some(value) if value.as_symbol().is_some() => {
                Value::symbol(Symbol::import(format!("{}()", value.path())), Labels::NONE)
            }
            _ => Value::unknown(),
        }
    }
}

fn flatten(value: &Value, out: &mut Vec<Decorator>, depth: u32) {
    let Some(symbol) = value.as_symbol() else { return };
    let Some((name, args, _)) = symbol.calls().pop() else { return };
    if name == "applyDecorators" && depth < 4 {
        for arg in args.iter() {
            flatten(&arg.value, out, depth + 1);
        }
        return;
    }
    out.push((name, args));
}

/// Paths of `@Get('a')`, `@Get(['a', 'b'])`, `@Controller({ path: 'a' })`; one empty path without any.
fn paths_in(args: &[Argument]) -> Vec<String> {
    let Some(first) = args.first().map(|arg| &arg.value) else { return vec![String::new()] };
    let first = first.field("path").unwrap_or_else(|| first.clone());
    if first.as_object().is_some_and(|object| object.is_array) {
        return first.items().iter().filter_map(|item| item.as_str().map(str::to_owned)).collect();
    }
    vec![first.as_str().unwrap_or_default().to_owned()]
}
