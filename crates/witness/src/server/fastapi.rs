//! FastAPI: what a handler's parameters are, and the functions that run before it.

use std::rc::Rc;

use plimsoll_analysis::{Argument, Clean, Closure, Label, Labels, Object, Site, Symbol, SymbolKind, Value, ValueKind};
use plimsoll_ir::{Kind, Module, NodeId, Param};
use plimsoll_model::app::GuardKind;
use plimsoll_source::Span;

use super::chain::{Passage, given};
use crate::Witnessing;
use crate::handler::{named_guard, words_of};

/// How deep dependencies of dependencies are followed.
const MAX_DEPTH: u32 = 5;

/// Runs what the parameters of a handler depend on; gives the values that the handler is called with.
pub(super) fn parameters(
    witnessing: &mut Witnessing<'_, '_>,
    handler: &Rc<Closure>,
    path: &str,
    passage: &mut Passage,
    depth: u32,
) -> Vec<Value> {
    let program = witnessing.machine.program;
    let module = program.module(handler.module);
    let function = module.function(handler.function);
    let skip = usize::from(function.class.is_some());
    function
        .params
        .iter()
        .skip(skip)
        .map(|param| parameter(witnessing, handler, module, param, path, passage, depth))
        .collect()
}

fn parameter(
    witnessing: &mut Witnessing<'_, '_>,
    handler: &Rc<Closure>,
    module: &Module,
    param: &Param,
    path: &str,
    passage: &mut Passage,
    depth: u32,
) -> Value {
    let Kind::Name(name) = module.kind(param.pattern) else { return Value::unknown() };
    let site = |node: NodeId| Site { module: handler.module, node };
    if let Some(call) = depends(module, param) {
        let Kind::Call { args, .. } = module.kind(call) else { return Value::unknown() };
        let Some(arg) = args.iter().find(|arg| arg.name.as_deref().is_none_or(|name| name == "dependency")) else {
            // `form: OAuth2PasswordRequestForm = Depends()`
            return annotated(witnessing, handler, module, param, "body").unwrap_or_default();
        };
        let target = witnessing.machine.evaluate(site(arg.value));
        return dependency(witnessing, &target, name, module.span(call), passage, depth);
    }
    let annotation = param.annotation.map(|node| witnessing.machine.program.tree.text(module.span(node)).to_owned());
    let annotation = annotation.unwrap_or_default();
    let bare = annotation.trim_start_matches("Optional[").trim_end_matches(']');
    let bare = bare.split(['|', '[', ' ']).next().unwrap_or(bare).trim();
    if name == "request" || bare == "Request" || bare.ends_with(".Request") {
        return given("@request");
    }
    if bare == "Response" || bare.ends_with(".Response") {
        return given("@response");
    }
    if bare == "WebSocket" || bare.ends_with(".WebSocket") {
        return given("@websocket");
    }
    if matches!(bare, "BackgroundTasks" | "Session" | "AsyncSession") {
        return session_by_name(bare).unwrap_or_default();
    }
    if annotation.contains("UploadFile") || annotation.contains("bytes") {
        return Value::of(Labels::one(Label::Upload("file".into(), Clean::NONE)));
    }
    if let Some(value) = annotated(witnessing, handler, module, param, "body") {
        return value;
    }
    let from = match param.default.map(|default| module.kind(default)) {
        Some(Kind::Call { callee, .. }) => {
            match module.path(*callee).as_deref().and_then(|path| path.rsplit('.').next()) {
                Some("Header") => "headers",
                Some("Cookie") => "cookies",
                Some("Body" | "Form") => "body",
                _ => "query",
            }
        }
        _ if path.contains(&format!(":{name}")) => "params",
        _ if annotation.starts_with("dict") || annotation.starts_with("Dict") => "body",
        _ => "query",
    };
    let clean = match bare {
        "bool" => Clean::LISTED,
        "int" | "float" | "UUID" | "uuid.UUID" | "date" | "datetime" | "Decimal" => Clean::ALL,
        _ => match param.annotation.and_then(|node| listed_in(witnessing, handler.module, node)) {
            Some(list) => of_list(&list),
            None if matches!(bare, "str" | "EmailStr") => Clean::SCALAR,
            None => Clean::NONE,
        },
    };
    // A body without a schema is taken as a whole.
    let label = if from == "body" && annotation.to_ascii_lowercase().starts_with("dict") {
        "body".to_owned()
    } else {
        format!("{from}.{name}")
    };
    Value::of(Labels::one(Label::Input(label.into(), clean)))
}

/// The `Depends(…)` or `Security(…)` of a parameter: its default, or inside `Annotated[…]`.
fn depends(module: &Module, param: &Param) -> Option<NodeId> {
    let is_depends = |node: NodeId| match module.kind(node) {
        Kind::Call { callee, .. } => {
            module.path(*callee).is_some_and(|path| path.ends_with("Depends") || path.ends_with("Security"))
        }
        _ => false,
    };
    if let Some(default) = param.default
        && is_depends(default)
    {
        return Some(default);
    }
    let mut found = None;
    plimsoll_ir::walk(module, param.annotation?, &mut |node| {
        if is_depends(node) {
            found = found.or(Some(node));
        }
        true
    });
    found
}

/// A parameter whose annotation is a schema: an object with the fields that the schema declares.
fn annotated(
    witnessing: &mut Witnessing<'_, '_>,
    handler: &Rc<Closure>,
    module: &Module,
    param: &Param,
    from: &str,
) -> Option<Value> {
    let annotation = param.annotation?;
    let text = witnessing.machine.program.tree.text(module.span(annotation));
    if text.contains("OAuth2PasswordRequestForm") || text.contains("HTTPBasicCredentials") {
        let object = Object::new(Site { module: handler.module, node: annotation }, false);
        for name in ["username", "password"] {
            object.fields.borrow_mut().insert(name.into(), super::chain::input(&format!("{from}.{name}")));
        }
        return Some(Value::plain(ValueKind::Object(Rc::new(object))));
    }
    let mut classes = Vec::new();
    plimsoll_ir::walk(module, annotation, &mut |node| {
        if matches!(module.kind(node), Kind::Name(_) | Kind::Member { .. }) {
            classes.push(node);
        }
        true
    });
    for node in classes {
        let value = witnessing.machine.evaluate(Site { module: handler.module, node });
        let ValueKind::Class(class) = value.kind else { continue };
        let fields = schema_fields(witnessing, class, 0);
        if fields.is_empty() {
            continue;
        }
        let object = Object::of_class(class, Site { module: handler.module, node: annotation });
        for (name, clean) in fields {
            let label = Label::Input(format!("{from}.{name}").into(), clean);
            object.fields.borrow_mut().insert(name.as_str().into(), Value::of(Labels::one(label)));
        }
        return Some(Value::plain(ValueKind::Object(Rc::new(object))));
    }
    None
}

/// Names of the fields that a schema declares, those of the app's own base classes included.
fn schema_fields(
    witnessing: &mut Witnessing<'_, '_>,
    class: plimsoll_analysis::ClassRef,
    hops: u32,
) -> Vec<(String, Clean)> {
    let program = witnessing.machine.program;
    let module = program.module(class.module);
    let at = module.class(class.class);
    let mut out: Vec<(String, Clean)> = Vec::new();
    if hops < 4 {
        for &base in &at.bases {
            let value = witnessing.machine.evaluate(Site { module: class.module, node: base });
            if let ValueKind::Class(base) = value.kind {
                out.extend(schema_fields(witnessing, base, hops + 1));
            }
        }
    }
    for field in &at.fields {
        let Some(annotation) = field.annotation else { continue };
        let text = program.tree.text(module.span(annotation));
        let bare = text.trim_start_matches("Optional[").trim_end_matches(']').split(['|', ' ']).next().unwrap_or(text);
        let clean = match bare.trim() {
            // Yes or no is the visitor's choice all the same.
            "bool" => Clean::LISTED,
            "int" | "float" | "UUID" | "date" | "datetime" | "Decimal" => Clean::ALL,
            _ => match listed_in(witnessing, class.module, annotation) {
                Some(list) => of_list(&list),
                None if matches!(bare.trim(), "str" | "EmailStr" | "SecretStr") => Clean::SCALAR,
                None => Clean::NONE,
            },
        };
        out.retain(|(name, _)| *name != field.name.as_str());
        out.push((field.name.to_string(), clean));
    }
    out
}

/// Names of the fields of the schemas that a route declares as its answer (`response_model=List[UserOut]`), those of
/// schemas within schemas included; `None` where it declares none of the app's own.
pub(super) fn declared_answer(
    witnessing: &mut Witnessing<'_, '_>,
    event: &plimsoll_analysis::Event,
) -> Option<Vec<String>> {
    let module = witnessing.machine.program.module(event.site.module);
    let Kind::Call { callee, .. } = module.kind(event.site.node) else {
        return answer_of(witnessing, event.site.module, event.site.node);
    };
    let callee = *callee;
    answer_of(witnessing, event.site.module, event.site.node)
        .or_else(|| answer_of(witnessing, event.site.module, callee))
}

fn answer_of(
    witnessing: &mut Witnessing<'_, '_>,
    id: plimsoll_analysis::ModuleId,
    node: NodeId,
) -> Option<Vec<String>> {
    let module = witnessing.machine.program.module(id);
    let Kind::Call { args, .. } = module.kind(node) else { return None };
    let model = args.iter().find(|arg| arg.name.as_deref() == Some("response_model"))?.value;
    let mut names = Vec::new();
    schemas_in(witnessing, id, model, 0, &mut names);
    (!names.is_empty()).then_some(names)
}

fn schemas_in(
    witnessing: &mut Witnessing<'_, '_>,
    id: plimsoll_analysis::ModuleId,
    node: NodeId,
    hops: u32,
    out: &mut Vec<String>,
) {
    let module = witnessing.machine.program.module(id);
    let mut named = Vec::new();
    plimsoll_ir::walk(module, node, &mut |node| {
        if matches!(module.kind(node), Kind::Name(_) | Kind::Member { .. }) {
            named.push(node);
        }
        true
    });
    for node in named {
        let value = witnessing.machine.evaluate(Site { module: id, node });
        let ValueKind::Class(class) = value.kind else { continue };
        out.extend(schema_fields(witnessing, class, 0).into_iter().map(|(name, _)| name));
        if hops < 3 {
            let home = witnessing.machine.program.module(class.module);
            let annotations: Vec<NodeId> =
                home.class(class.class).fields.iter().filter_map(|field| field.annotation).collect();
            for annotation in annotations {
                schemas_in(witnessing, class.module, annotation, hops + 1, out);
            }
        }
    }
}

/// What a value is fit for that is one of a list. Where the list names whoever may do everything, it is still the
/// visitor's choice to be that.
fn of_list(list: &str) -> Clean {
    const HIGH: &[&str] = &["admin", "administrator", "superadmin", "superuser", "owner", "root", "manager", "staff"];
    if words_of(list).iter().any(|word| HIGH.contains(&word.as_str())) { Clean::LISTED } else { Clean::ALL }
}

/// The text of the list, where an annotation admits nothing but values that the code lists: `Literal["a", "b"]`, an
/// `Enum`.
fn listed_in(
    witnessing: &mut Witnessing<'_, '_>,
    id: plimsoll_analysis::ModuleId,
    annotation: NodeId,
) -> Option<String> {
    let program = witnessing.machine.program;
    let module = program.module(id);
    let mut named = Vec::new();
    plimsoll_ir::walk(module, annotation, &mut |node| {
        if matches!(module.kind(node), Kind::Name(_) | Kind::Member { .. } | Kind::Index { .. }) {
            named.push(node);
        }
        true
    });
    named.into_iter().find_map(|node| {
        let value = witnessing.machine.evaluate(Site { module: id, node });
        if let ValueKind::Class(class) = value.kind {
            let home = program.module(class.module);
            let at = home.class(class.class);
            let is_enum = at.bases.iter().any(|&base| {
                home.path(base).is_some_and(|path| path.rsplit('.').next().is_some_and(|name| name.ends_with("Enum")))
            });
            let names = || at.fields.iter().map(|field| field.name.as_str()).collect::<Vec<_>>().join(" ");
            return is_enum.then(names);
        }
        let path = value.path();
        (path.starts_with("typing.Literal") || path.starts_with("typing_extensions.Literal"))
            .then(|| program.tree.text(module.span(annotation)).to_owned())
    })
}

/// Runs one dependency on top of a passage; gives what the handler gets of it.
fn dependency(
    witnessing: &mut Witnessing<'_, '_>,
    target: &Value,
    name: &str,
    span: Span,
    passage: &mut Passage,
    depth: u32,
) -> Value {
    let closure = match &target.kind {
        ValueKind::Closure(closure) => Some(Rc::clone(closure)),
        // An instance with `__call__`, or a class whose constructor takes the parameters.
        ValueKind::Object(object) => object
            .class
            .and_then(|class| witnessing.machine.method(class, "__call__"))
            .map(|method| Rc::new(Closure { this: Some(target.clone()), ..(*method).clone() })),
        _ => None,
    };
    let Some(closure) = closure else {
        let path = target.path();
        if let Some(session) = session_by_name(path) {
            return session;
        }
        // A declared scheme only reads the header; it verifies nothing.
        if [
            "OAuth2PasswordBearer()",
            "HTTPBearer()",
            "APIKeyHeader()",
            "HTTPBasic()",
            "APIKeyCookie()",
            "OAuth2PasswordBearer",
        ]
        .iter()
        .any(|scheme| path.ends_with(scheme))
        {
            return Value::of(Labels::one(Label::Input("headers.authorization".into(), Clean::NONE)));
        }
        if !path.is_empty() {
            by_name(path, span, passage);
        }
        // `fastapi_users.current_user(superuser=True)`
        let asks_superuser = target.as_symbol().is_some_and(|symbol| {
            let calls = symbol.calls();
            let mut args = calls.iter().flat_map(|(_, args, _)| args.iter());
            path.contains("fastapi_users.")
                && args.any(|arg| {
                    arg.name.as_deref() == Some("superuser") && arg.value.truth() == plimsoll_analysis::Truth::Yes
                })
        });
        if asks_superuser {
            passage.named.push(named_guard(GuardKind::Role, "current_user(superuser=True)", span));
        }
        return if is_person(name) { given("@identity") } else { Value::unknown() };
    };
    if depth >= MAX_DEPTH {
        passage.opaque = true;
        return Value::unknown();
    }
    let args = parameters(witnessing, &closure, "", passage, depth + 1);
    let run = witnessing.machine.run(&closure, args, passage.facts.clone());
    passage.facts = run.facts.clone();
    passage.opaque |= run.cut_off;
    let generator = run.yielded.is_some();
    passage.events.extend(
        run.events.into_iter().filter(|event| !matches!(event.kind, plimsoll_analysis::EventKind::Return { .. })),
    );
    let value = if generator { run.yielded.unwrap_or_default() } else { run.value };
    match value.kind {
        ValueKind::Null | ValueKind::Unknown if value.labels.is_empty() => session_by_name(name).unwrap_or_default(),
        _ => value,
    }
}

/// Guards that a library's dependency is known for by its name.
fn by_name(path: &str, span: Span, passage: &mut Passage) {
    let words = words_of(path);
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    if super::chain::is_limiter(&path.to_ascii_lowercase()) {
        passage.named.push(named_guard(GuardKind::RateLimit, path, span));
        return;
    }
    if has(&["user", "auth", "token", "jwt", "authenticated", "login", "admin"]) {
        passage.named.push(named_guard(GuardKind::Authentication, path, span));
    }
    if has(&["admin", "role", "permission", "superuser"]) {
        passage.named.push(named_guard(GuardKind::Role, path, span));
    }
}

fn is_person(name: &str) -> bool {
    name.contains("user") || name.contains("admin") || name.contains("auth")
}

/// A database session whose maker was not understood.
fn session_by_name(name: &str) -> Option<Value> {
    let words = words_of(name);
    let is_session =
        words.iter().any(|word| matches!(word.as_str(), "db" | "session" | "database" | "conn" | "asyncsession"))
            && !words.iter().any(|word| matches!(word.as_str(), "user" | "auth" | "token" | "id" | "cookie"));
    is_session.then(|| Value::symbol(Symbol::import("sqlalchemy.orm.Session()"), Labels::NONE))
}

/// Dependencies of a router, an app or a route: `dependencies=[Depends(f)]`.
pub(super) fn listed(witnessing: &mut Witnessing<'_, '_>, args: &[Argument], span: Span, passage: &mut Passage) {
    let Some(list) = args.iter().find(|arg| arg.name.as_deref() == Some("dependencies")) else { return };
    for item in list.value.items() {
        let Some(symbol) = item.as_symbol().cloned() else { continue };
        let SymbolKind::Call { callee, args, .. } = &symbol.kind else { continue };
        if !matches!(callee.last_name().as_str(), "Depends" | "Security") {
            continue;
        }
        if let Some(arg) = args.first() {
            dependency(witnessing, &arg.value, "", span, passage, 0);
        }
    }
}
