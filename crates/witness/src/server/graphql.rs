//! GraphQL: every resolver of a query, mutation or subscription is an entry point of its own. All of them stand behind one
//! address, so a guard on that address guards them all; what usually decides is the context that a resolver looks at.
//!
//! Read are maps of resolvers (Apollo, Yoga, `makeExecutableSchema`), types built by hand (`GraphQLObjectType`), Pothos,
//! TypeGraphQL, and in Python Strawberry and Graphene.

use std::collections::BTreeSet;

use plimsoll_analysis::{ClassRef, Event, EventKind, Facts, Value};
use plimsoll_ir::{ClassId, Kind, Language, Module, NodeId};
use plimsoll_model::App;
use plimsoll_model::app::{EntryKind, GuardKind};
use plimsoll_source::Span;

use super::chain::{self, Passage, closure_in, finish, given, input, object};
use crate::Witnessing;
use crate::handler::named_guard;

const ROOTS: &[&str] = &["Query", "Mutation", "Subscription"];

pub(super) fn observe(witnessing: &mut Witnessing<'_, '_>, setup: &[Event], app: &mut App) {
    let before = witnessing.entry_points.len();
    let mut reader =
        Reader { context: None, facts: Facts::default(), elsewhere: false, seen: BTreeSet::new(), witnessing };
    reader.elsewhere = ["graphql-shield", "@graphql-authz/core"]
        .iter()
        .any(|name| chain::has_package(reader.witnessing.machine.program.tree, name));
    reader.context = reader.context_of(setup);
    for event in setup {
        let EventKind::Call { callee, args } = &event.kind else { continue };
        let options = args.first().map(|arg| arg.value.clone()).unwrap_or_default();
        if let Some(resolvers) = options.field("resolvers") {
            reader.map(&resolvers, event.span, 0);
        }
        match callee.last_name().as_str() {
            "GraphQLObjectType" => {
                let name = options.field("name").and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default();
                let root = ROOTS.iter().find(|root| name.contains(*root));
                if let (Some(root), Some(fields)) = (root, options.field("fields")) {
                    let fields = reader.made(&fields, Value::unknown());
                    reader.fields(root, &fields, event.span);
                }
            }
            name @ ("queryType" | "mutationType" | "queryFields" | "mutationFields") if is_pothos(&callee.path) => {
                let fields = options.field("fields").unwrap_or_else(|| options.clone());
                let fields = reader.made(&fields, given("@fields"));
                reader.fields(if name.starts_with("query") { "Query" } else { "Mutation" }, &fields, event.span);
            }
            name @ ("queryField" | "mutationField") if is_pothos(&callee.path) => {
                let (Some(field), Some(made)) = (options.as_str(), args.get(1)) else { continue };
                let made = reader.made(&made.value, given("@fields"));
                reader.field(if name == "queryField" { "Query" } else { "Mutation" }, field, &made, event.span);
            }
            _ => {}
        }
    }
    reader.classes();
    if reader.witnessing.entry_points.len() > before && !app.stack.iter().any(|known| known == "GraphQL") {
        app.stack.push("GraphQL".into());
    }
}

fn is_pothos(path: &str) -> bool {
    path.contains("@pothos/core")
}

struct Reader<'a, 'p, 'w> {
    witnessing: &'a mut Witnessing<'p, 'w>,
    /// What resolvers are given as context.
    context: Option<Value>,
    /// What holds once the context is made: it may refuse.
    facts: Facts,
    /// A library decides apart from the resolvers.
    elsewhere: bool,
    seen: BTreeSet<(String, Span)>,
}

impl Reader<'_, '_, '_> {
    /// What the app's own function puts together for each request; without one, names decide (`context.user`).
    fn context_of(&mut self, setup: &[Event]) -> Option<Value> {
        for event in setup {
            let EventKind::Call { callee, args } = &event.kind else { continue };
            let serves = [
                "ApolloServer",
                "startStandaloneServer",
                "expressMiddleware",
                "createYoga",
                "createHandler",
                "graphqlHTTP",
                "startServerAndCreateNextHandler",
                "mercurius",
                "register",
            ]
            .contains(&callee.last_name().as_str());
            let Some(context) = args.iter().find_map(|arg| arg.value.field("context")).filter(|_| serves) else {
                continue;
            };
            let Some(closure) = context.as_closure().cloned() else { return Some(context) };
            self.witnessing.machine.reset();
            let request = object(vec![
                ("req", given("@req")),
                ("res", given("@res")),
                ("request", given("@req")),
                ("connection", Value::unknown()),
            ]);
            let run = self.witnessing.machine.run(&closure, vec![request, given("@res")], Facts::default());
            self.facts = run.facts;
            return Some(run.value);
        }
        None
    }

    fn passage(&self) -> Passage {
        Passage { facts: self.facts.clone(), ..Passage::default() }
    }

    /// The value of fields that may be made by a function.
    fn made(&mut self, value: &Value, argument: Value) -> Value {
        match value.as_closure().cloned() {
            Some(closure) => self.witnessing.machine.run_setup(&closure, vec![argument]).value,
            None => value.clone(),
        }
    }

    fn map(&mut self, resolvers: &Value, span: Span, depth: u32) {
        let Some(made) = resolvers.as_object().filter(|_| depth < 4) else { return };
        let (items, spreads) = (made.items.borrow().clone(), made.spreads.borrow().clone());
        for part in items.iter().chain(&spreads) {
            self.map(part, span, depth + 1);
        }
        for root in ROOTS {
            if let Some(fields) = resolvers.field(root) {
                self.fields(root, &fields, span);
            }
        }
    }

    fn fields(&mut self, root: &str, fields: &Value, span: Span) {
        let Some(made) = fields.as_object() else { return };
        let (own, spreads) = (made.fields.borrow().clone(), made.spreads.borrow().clone());
        for (name, resolver) in own {
            self.field(root, &name, &resolver, span);
        }
        for spread in &spreads {
            self.fields(root, spread, span);
        }
    }

    fn field(&mut self, root: &str, name: &str, resolver: &Value, span: Span) {
        // `{ type, resolve }`, Pothos' `t.field({ resolve })`.
        let described = resolver.as_symbol().and_then(|symbol| symbol.calls().pop());
        let described = described.and_then(|(_, args, _)| args.iter().find_map(|arg| arg.value.field("resolve")));
        let handler = ["resolve", "subscribe"]
            .iter()
            .find_map(|key| resolver.field(key))
            .or(described)
            .unwrap_or_else(|| resolver.clone());
        let Some(closure) = closure_in(&handler) else { return };
        let path = format!("{root}.{name}");
        if !self.seen.insert((path.clone(), span)) {
            return;
        }
        self.witnessing.machine.reset();
        let mut point = chain::entry(EntryKind::ServerAction, &["POST"], &path, "GraphQL", span);
        if root != "Mutation" {
            point.methods.insert(0, "GET".into());
        }
        point.opaque = self.elsewhere;
        point.name = Some(name.to_owned());
        let context = self.context.clone().unwrap_or_else(|| given("@trpc"));
        let args = vec![Value::unknown(), input("body"), context, Value::unknown()];
        let index = finish(self.witnessing, point, &closure, args, self.passage());
        let entry = &mut self.witnessing.entry_points[index];
        entry.span = entry.handler;
    }

    /// Resolvers as methods of classes.
    fn classes(&mut self) {
        let program = self.witnessing.machine.program;
        for (id, module) in program.iter() {
            for (class, at) in (0u32..).map(ClassId).zip(&module.classes) {
                let reference = ClassRef { module: id, class };
                let decorated =
                    |names: &[&str]| at.decorators.iter().any(|&node| names.contains(&called(module, node).as_str()));
                let name = at.name.as_deref().unwrap_or_default();
                let root = ROOTS.iter().find(|root| name.contains(*root)).copied();
                match module.language {
                    Language::JavaScript
                        if decorated(&["Resolver"])
                            && module.imports.iter().any(|import| import.module == "type-graphql") =>
                    {
                        self.methods(reference, module, |name, decorators| {
                            let root = decorators.iter().find(|name| ROOTS.contains(&name.as_str()))?;
                            Some(format!("{root}.{name}"))
                        });
                    }
                    Language::Python if decorated(&["strawberry.type", "type"]) && root.is_some() => {
                        self.methods(reference, module, |name, decorators| {
                            let is_field = decorators.iter().any(|name| {
                                matches!(name.rsplit('.').next(), Some("field" | "mutation" | "subscription"))
                            });
                            is_field.then(|| format!("{}.{name}", root.unwrap_or_default()))
                        });
                    }
                    Language::Python => {
                        let is_graphene = |end: &str| {
                            at.bases.iter().any(|&base| {
                                let base = module.path(base).unwrap_or_default();
                                base == format!("graphene.{end}") || (base == end && imports(module, "graphene"))
                            })
                        };
                        if is_graphene("ObjectType") && root.is_some() {
                            self.methods(reference, module, |name, _| {
                                Some(format!("Query.{}", name.strip_prefix("resolve_")?))
                            });
                        } else if is_graphene("Mutation") {
                            self.methods(reference, module, |method, _| {
                                (method == "mutate").then(|| format!("Mutation.{name}"))
                            });
                        }
                    }
                    _ => {}
                }
            }
        }
    }

    fn methods(&mut self, class: ClassRef, module: &Module, path_of: impl Fn(&str, &[String]) -> Option<String>) {
        for &method in &module.class(class.class).methods {
            let function = module.function(method);
            let Some(name) = function.name.as_deref() else { continue };
            let decorators: Vec<String> = function.decorators.iter().map(|&node| called(module, node)).collect();
            let Some(path) = path_of(name, &decorators) else { continue };
            let span = module.span_of(function.head);
            if !self.seen.insert((path.clone(), span)) {
                continue;
            }
            let Some(closure) = self.witnessing.machine.method(class, name) else { continue };
            self.witnessing.machine.reset();
            let mut passage = self.passage();
            for &decorator in &function.decorators {
                let text = self.witnessing.machine.program.tree.text(module.span(decorator)).to_ascii_lowercase();
                if text.contains("authorized") || text.contains("permission_classes") || text.contains("login_required")
                {
                    passage.named.push(named_guard(GuardKind::Authentication, "decorator", module.span(decorator)));
                    if text.contains("admin") || text.contains("role") || text.contains("staff") {
                        passage.named.push(named_guard(GuardKind::Role, "decorator", module.span(decorator)));
                    }
                }
            }
            let is_python = module.language == Language::Python;
            // Without its receiver, which the machine fills in.
            let skip = usize::from(is_python);
            let args = function.params.iter().skip(skip).map(|param| {
                let name = match module.kind(param.pattern) {
                    Kind::Name(name) => name.to_string(),
                    _ => String::new(),
                };
                let is_context = param.decorators.iter().any(|&node| called(module, node) == "Ctx");
                match name.as_str() {
                    "info" => object(vec![("context", given("@req"))]),
                    "root" | "parent" | "self" | "_" => Value::unknown(),
                    _ if is_context => self.context.clone().unwrap_or_else(|| given("@trpc")),
                    _ => input(&format!("body.{name}")),
                }
            });
            let args: Vec<Value> = args.collect();
            let mut point = chain::entry(EntryKind::ServerAction, &["POST"], &path, "GraphQL", span);
            if !path.starts_with("Mutation") {
                point.methods.insert(0, "GET".into());
            }
            point.name = Some(name.to_owned());
            point.opaque = self.elsewhere;
            finish(self.witnessing, point, &closure, args, passage);
        }
    }
}

/// The path of a decorator, called or not.
fn called(module: &Module, node: NodeId) -> String {
    match module.kind(node) {
        Kind::Call { callee, .. } => module.path(*callee).unwrap_or_default(),
        _ => module.path(node).unwrap_or_default(),
    }
}

fn imports(module: &Module, name: &str) -> bool {
    module.imports.iter().any(|import| import.module == name)
}
