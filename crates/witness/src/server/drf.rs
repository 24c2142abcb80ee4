//! Class views: Django's own and those of Django REST framework. What they do is mostly in what they inherit.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use plimsoll_analysis::{ClassRef, Closure, Event, Facts, Label, Object, Site, Symbol, Value, ValueKind};
use plimsoll_ir::{BinaryOp, ClassId, Kind, Language, Module, NodeId};
use plimsoll_model::app::{
    Effect, EffectKind, EntryKind, EntryPoint, Guard, GuardKind, GuardStanding, Purpose, SettingSeen,
};
use plimsoll_source::Span;

use super::chain::{self, Passage, finish, given, join_path};
use super::django::{Marks, Project, class_of};
use crate::Witnessing;
use crate::guards::is_privilege_name;
use crate::handler::named_guard;

/// What an inherited view does: method of HTTP, name of the method that an app overrides, effect, whether it takes one
/// record by its address.
type Action = (&'static str, &'static str, EffectKind, bool);

const LIST: Action = ("GET", "list", EffectKind::Read, false);
const RETRIEVE: Action = ("GET", "retrieve", EffectKind::Read, true);
const CREATE: Action = ("POST", "create", EffectKind::Create, false);
const UPDATE: Action = ("PUT", "update", EffectKind::Update, true);
const DESTROY: Action = ("DELETE", "destroy", EffectKind::Delete, true);

/// Inherited views by the end of the base's name.
const BASES: &[(&str, &[Action])] = &[
    ("ReadOnlyModelViewSet", &[LIST, RETRIEVE]),
    ("ModelViewSet", &[LIST, RETRIEVE, CREATE, UPDATE, DESTROY]),
    ("ListModelMixin", &[LIST]),
    ("RetrieveModelMixin", &[RETRIEVE]),
    ("CreateModelMixin", &[CREATE]),
    ("UpdateModelMixin", &[UPDATE]),
    ("DestroyModelMixin", &[DESTROY]),
    ("RetrieveUpdateDestroyAPIView", &[RETRIEVE, UPDATE, DESTROY]),
    ("RetrieveUpdateAPIView", &[RETRIEVE, UPDATE]),
    ("RetrieveDestroyAPIView", &[RETRIEVE, DESTROY]),
    ("ListCreateAPIView", &[LIST, CREATE]),
    ("ListAPIView", &[LIST]),
    ("RetrieveAPIView", &[RETRIEVE]),
    ("CreateAPIView", &[CREATE]),
    ("UpdateAPIView", &[UPDATE]),
    ("DestroyAPIView", &[DESTROY]),
    ("ListView", &[("GET", "get", EffectKind::Read, false)]),
    ("DetailView", &[("GET", "get", EffectKind::Read, true)]),
    ("CreateView", &[("POST", "post", EffectKind::Create, false)]),
    ("UpdateView", &[("POST", "post", EffectKind::Update, true)]),
    ("DeleteView", &[("POST", "post", EffectKind::Delete, true)]),
];

/// Methods by which a class view answers, when the app writes them itself.
const OWN: &[(&str, &str)] = &[
    ("get", "GET"),
    ("post", "POST"),
    ("put", "PUT"),
    ("patch", "PATCH"),
    ("delete", "DELETE"),
    ("form_valid", "POST"),
    ("list", "GET"),
    ("retrieve", "GET"),
    ("create", "POST"),
    ("update", "PUT"),
    ("partial_update", "PATCH"),
    ("destroy", "DELETE"),
    ("perform_create", "POST"),
    ("perform_update", "PUT"),
    ("perform_destroy", "DELETE"),
];

/// Guards that a list of permission classes amounts to; `writes`: for a method that changes something.
pub(super) fn permissions(witnessing: &mut Witnessing<'_, '_>, list: &str, span: Span, writes: bool) -> Vec<Guard> {
    let mut guards = Vec::new();
    let mut add = |kind: GuardKind, name: &str| guards.push(named_guard(kind, name, span));
    for name in list.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|name| !name.is_empty()) {
        match name {
            "IsAuthenticated" => add(GuardKind::Authentication, name),
            "IsAdminUser" | "DjangoModelPermissions" | "DjangoObjectPermissions" => {
                add(GuardKind::Authentication, name);
                add(GuardKind::Role, name);
            }
            "IsAuthenticatedOrReadOnly" | "DjangoModelPermissionsOrAnonReadOnly" if writes => {
                add(GuardKind::Authentication, name);
            }
            "AllowAny" | "rest_framework" | "permissions" => {}
            _ => {
                let Some(class) = class_named(witnessing, name) else { continue };
                for (method, object) in [("has_permission", false), ("has_object_permission", true)] {
                    let Some(closure) = witnessing.machine.method(class, method) else { continue };
                    let mut args = vec![given("@request"), Value::unknown()];
                    if object {
                        let labels = plimsoll_analysis::Labels::one(plimsoll_analysis::Label::Record(
                            "object".into(),
                            plimsoll_analysis::Clean::NONE,
                        ));
                        args.push(Value::symbol(Symbol::import("object"), labels));
                    }
                    witnessing.machine.fix("@request.method", Value::string(if writes { "POST" } else { "GET" }));
                    let run = witnessing.machine.run(&closure, args, Facts::default());
                    for kind in crate::guards::of_truth(&run.value, span) {
                        add(kind, name);
                    }
                }
            }
        }
    }
    guards
}

fn class_named(witnessing: &Witnessing<'_, '_>, name: &str) -> Option<ClassRef> {
    let program = witnessing.machine.program;
    let classes = witnessing.python_classes.get_or_init(|| {
        let mut classes = std::collections::HashMap::new();
        for (id, module) in program.iter().filter(|(_, module)| module.language == Language::Python) {
            for (class, at) in (0u32..).map(ClassId).zip(&module.classes) {
                if let Some(name) = &at.name {
                    classes.entry(name.clone()).or_insert(ClassRef { module: id, class });
                }
            }
        }
        classes
    });
    classes.get(name).copied()
}

/// Names of all bases of a class, the app's own followed.
fn bases(witnessing: &Witnessing<'_, '_>, class: ClassRef, hops: u32, out: &mut Vec<String>) {
    let module = witnessing.machine.program.module(class.module);
    for &base in &module.class(class.class).bases {
        let Some(path) = module.path(base) else { continue };
        let name = path.rsplit('.').next().unwrap_or(&path).to_owned();
        if hops < 5
            && let Some(own) = class_named(witnessing, &name)
            && own != class
        {
            bases(witnessing, own, hops + 1, out);
        }
        out.push(name);
    }
}

/// A field of a class or of one of its bases.
pub(super) fn field(
    witnessing: &Witnessing<'_, '_>,
    class: ClassRef,
    name: &str,
    hops: u32,
) -> Option<(ClassRef, NodeId)> {
    let module = witnessing.machine.program.module(class.module);
    let at = module.class(class.class);
    if let Some(value) = at.fields.iter().find(|field| field.name == name).and_then(|field| field.value) {
        return Some((class, value));
    }
    if hops > 5 {
        return None;
    }
    at.bases.iter().find_map(|&base| {
        let path = module.path(base)?;
        let own = class_named(witnessing, path.rsplit('.').next().unwrap_or(&path))?;
        (own != class).then(|| field(witnessing, own, name, hops + 1)).flatten()
    })
}

fn text_of(witnessing: &Witnessing<'_, '_>, class: ClassRef, node: NodeId) -> String {
    let program = witnessing.machine.program;
    program.tree.text(program.module(class.module).span(node)).to_owned()
}

/// An instance of a view, with the request that it answers and the name of the action that it was called for.
fn instance(class: ClassRef, at: NodeId, action: Option<&str>) -> Value {
    let object = Object::of_class(class, Site { module: class.module, node: at });
    object.fields.borrow_mut().insert("request".into(), given("@request"));
    let kwargs = Symbol::given("@self.kwargs");
    let labels = plimsoll_analysis::Knowledge::labels(&crate::knowledge::Known, &kwargs.path);
    object.fields.borrow_mut().insert("kwargs".into(), Value::symbol(kwargs, labels));
    if let Some(action) = action {
        object.fields.borrow_mut().insert("action".into(), Value::string(action));
    }
    Value::plain(ValueKind::Object(Rc::new(object)))
}

pub(super) fn bound(witnessing: &mut Witnessing<'_, '_>, class: ClassRef, method: &str) -> Option<Rc<Closure>> {
    bound_for(witnessing, class, method, None)
}

/// The same, called for one action of a view set.
fn bound_for(
    witnessing: &mut Witnessing<'_, '_>,
    class: ClassRef,
    method: &str,
    action: Option<&str>,
) -> Option<Rc<Closure>> {
    let closure = witnessing.machine.method(class, method)?;
    let body = witnessing.machine.program.module(closure.module).function(closure.function).body;
    Some(Rc::new(Closure { this: Some(instance(class, body, action)), ..(*closure).clone() }))
}

/// What a method of a view gives for one action: each of the values that it can be.
fn given_for(
    witnessing: &mut Witnessing<'_, '_>,
    class: ClassRef,
    method: &str,
    action: &str,
    http: &str,
) -> Option<Vec<Value>> {
    let closure = bound_for(witnessing, class, method, Some(action))?;
    witnessing.machine.reset();
    witnessing.machine.fix("@self.request", given("@request"));
    witnessing.machine.fix("@request.method", Value::string(http));
    let run = witnessing.machine.run(&closure, Vec::new(), Facts::default());
    Some(match &run.value.kind {
        ValueKind::Choice(ways) => ways.iter().map(|(way, _)| way.clone()).collect(),
        _ => vec![run.value],
    })
}

/// Who may call one action of a view of an API. `get_permissions` decides, where the view has its own; else the
/// permissions that are `declared`: those of the action's decorator, of the class, or of the project.
fn allowed(
    witnessing: &mut Witnessing<'_, '_>,
    project: &Project,
    class: ClassRef,
    (action, http): (&str, &str),
    decorated: Option<(ClassRef, NodeId)>,
    span: Span,
) -> Vec<Guard> {
    let writes = http != "GET";
    let (list, at) = match decorated.or_else(|| field(witnessing, class, "permission_classes", 0)) {
        Some((owner, node)) => {
            (text_of(witnessing, owner, node), witnessing.machine.program.module(owner.module).span(node))
        }
        None => (project.permissions().to_owned(), project.permissions_at().unwrap_or(span)),
    };
    let declared = permissions(witnessing, &list, at, writes);
    let Some(ways) = given_for(witnessing, class, "get_permissions", action, http) else { return declared };
    let mut common: Option<Vec<Guard>> = None;
    for way in &ways {
        let guards = match names_in(witnessing, way) {
            Some(names) => permissions(witnessing, &names, span, writes),
            // `super().get_permissions()`, or a list made of `self.permission_classes`
            None => declared.clone(),
        };
        common = Some(match common {
            None => guards,
            Some(known) => {
                known.into_iter().filter(|guard| guards.iter().any(|other| other.kind == guard.kind)).collect()
            }
        });
    }
    common.unwrap_or(declared)
}

/// The names of the classes that a list holds, or instances of which.
fn names_in(witnessing: &Witnessing<'_, '_>, list: &Value) -> Option<String> {
    let object = list.as_object().filter(|object| object.is_array)?;
    let mut names = Vec::new();
    for item in object.items.borrow().iter() {
        let class = match &item.kind {
            ValueKind::Class(class) => Some(*class),
            ValueKind::Object(object) => object.class,
            _ => None,
        };
        names.push(match class {
            Some(class) => {
                let module = witnessing.machine.program.module(class.module);
                module.class(class.class).name.as_ref()?.to_string()
            }
            None => item.as_symbol()?.last_name().trim_end_matches("()").to_owned(),
        });
    }
    (!names.is_empty()).then(|| names.join(" "))
}

/// Names that `get_permissions` compares the action with although the view has none of that name: what is asked for there
/// is asked of nobody.
fn names_of_no_action(witnessing: &mut Witnessing<'_, '_>, class: ClassRef) -> Vec<String> {
    let Some(closure) = witnessing.machine.method(class, "get_permissions") else { return Vec::new() };
    let program = witnessing.machine.program;
    let module = program.module(closure.module);
    let within = module.function(closure.function).range;
    let mut names: Vec<String> = Vec::new();
    for (_, node) in module.iter().filter(|(_, node)| within.start <= node.range.start && node.range.end <= within.end)
    {
        let Kind::Binary { op: BinaryOp::Equal | BinaryOp::NotEqual | BinaryOp::In, left, right } = &node.kind else {
            continue;
        };
        if !module.path(*left).is_some_and(|path| path.ends_with(".action")) {
            continue;
        }
        match module.kind(*right) {
            Kind::Array(items) => names.extend(items.iter().filter_map(|&item| module.string(item)).map(str::to_owned)),
            _ => names.extend(module.string(*right).map(str::to_owned)),
        }
    }
    names.retain(|name| {
        !OWN.iter().any(|(own, _)| own == name)
            && name != "metadata"
            && witnessing.machine.method(class, name).is_none()
    });
    names
}

/// A check of a role that was meant for this action and never runs: why.
fn meant_for_another(
    witnessing: &mut Witnessing<'_, '_>,
    project: &Project,
    class: ClassRef,
    (action, http): (&str, &str),
    span: Span,
) -> Option<Guard> {
    let words = crate::handler::words_of(action);
    let names = names_of_no_action(witnessing, class);
    let name = names.iter().find(|name| {
        let theirs = crate::handler::words_of(name);
        words.iter().all(|word| theirs.contains(word)) || theirs.iter().all(|word| words.contains(word))
    })?;
    let wanted = allowed(witnessing, project, class, (name, http), None, span);
    wanted.into_iter().find(|guard| guard.kind == GuardKind::Role).map(|guard| Guard {
        standing: GuardStanding::FailsOpen(format!(
            "`get_permissions` asks for it where the action is called `{name}`, and this one is called `{action}`"
        )),
        ..guard
    })
}

/// A check that an action makes by `self.permission_classes = […]; self.check_permissions(request)`.
fn checked_within(witnessing: &mut Witnessing<'_, '_>, class: ClassRef, handler: &Closure) -> Vec<Guard> {
    let program = witnessing.machine.program;
    let module = program.module(handler.module);
    let within = module.function(handler.function).range;
    let inside = || module.iter().filter(|(_, node)| within.start <= node.range.start && node.range.end <= within.end);
    let assigned = inside().find_map(|(id, node)| match &node.kind {
        Kind::Assign { target, value, .. }
            if module.path(*target).is_some_and(|path| path.ends_with(".permission_classes")) =>
        {
            Some((id, *value))
        }
        _ => None,
    });
    let asks = inside().any(|(_, node)| {
        matches!(&node.kind, Kind::Call { callee, .. }
            if module.path(*callee).is_some_and(|path| path.ends_with(".check_permissions")))
    });
    let Some((at, list)) = assigned.filter(|_| asks) else { return Vec::new() };
    let list = program.tree.text(module.span(list)).to_owned();
    let span = module.span(at);
    let mut guards = permissions(witnessing, &list, span, true);
    let Some(own) = witnessing.machine.method(class, "get_permissions") else { return guards };
    let own = program.module(own.module).function(own.function).range;
    let text = program.tree.text(module.span_of(own));
    if !text.contains("permission_classes") && !text.contains("super(") {
        guards.retain(|guard| guard.kind == GuardKind::Role);
        for guard in &mut guards {
            guard.standing = GuardStanding::FailsOpen(
                "`check_permissions` asks `get_permissions`, which the view has written anew and which does not look at \
                 `permission_classes`"
                    .into(),
            );
        }
    }
    guards
}

/// What holds before all actions of a view of an API; who may call them is asked for each.
fn of_api(witnessing: &mut Witnessing<'_, '_>, project: &Project, class: ClassRef, event: &Event) -> Passage {
    let mut passage = Marks::default().passage(witnessing, project, event, true);
    passage.named.retain(|guard| matches!(guard.kind, GuardKind::RateLimit | GuardKind::Csrf));
    if let Some((owner, node)) = field(witnessing, class, "throttle_classes", 0) {
        let span = witnessing.machine.program.module(owner.module).span(node);
        passage.named.retain(|guard| guard.kind != GuardKind::RateLimit);
        if text_of(witnessing, owner, node).contains("hrottle") {
            passage.named.push(named_guard(GuardKind::RateLimit, "throttle_classes", span));
        }
    }
    passage
}

/// The entry points of one class view.
pub(super) fn class_view(
    witnessing: &mut Witnessing<'_, '_>,
    project: &Project,
    class: ClassRef,
    path: &str,
    event: &Event,
    around: &Passage,
) {
    let program = witnessing.machine.program;
    let module = program.module(class.module);
    let at = module.class(class.class);
    let span = module.span_of(at.range);
    let mut names = Vec::new();
    bases(witnessing, class, 0, &mut names);
    let is_api = names.iter().any(|name| name.contains("APIView") || name.contains("ViewSet"));
    let mut passage = if is_api { of_api(witnessing, project, class, event) } else { around.clone() };
    mixins(witnessing, class, &names, span, &mut passage);
    // A page for signing in that only has a form or an address of its own is the library's all the same.
    let is_own = ["post", "form_valid"].iter().any(|name| witnessing.machine.method(class, name).is_some());
    if !is_own && names.iter().any(|name| is_library_sign_in(name)) {
        library_sign_in(witnessing, path, event, span, passage);
        return;
    }
    let model = model_of(witnessing, class);
    let (limited, looking) = look_up(witnessing, class);
    let own: Vec<(&str, &str)> =
        OWN.iter().copied().filter(|(name, _)| witnessing.machine.method(class, name).is_some()).collect();
    for (method, http) in &own {
        let Some(handler) = bound_for(witnessing, class, method, Some(method)) else { continue };
        let home = program.module(handler.module);
        let function = home.function(handler.function);
        let mut point = chain::entry(EntryKind::Route, &[http], path, "Django", event.span);
        point.span = home.span_of(function.head);
        witnessing.machine.reset();
        witnessing.machine.fix("@self.request", given("@request"));
        let mut args = Vec::new();
        for param in function.params.iter().skip(1) {
            args.push(match home.kind(param.pattern) {
                Kind::Name(name) if name == "request" => given("@request"),
                Kind::Name(name) if name == "form" || name == "serializer" => form_given(witnessing, class),
                Kind::Name(name) => chain::input(&format!("params.{name}")),
                _ => Value::unknown(),
            });
        }
        let mut passage = passage.clone();
        if is_api {
            let action = method.strip_prefix("perform_").unwrap_or(method);
            passage.named.extend(allowed(witnessing, project, class, (action, http), None, span));
            witnessing.machine.reset();
            witnessing.machine.fix("@self.request", given("@request"));
        }
        let index = finish(witnessing, point, &handler, args, passage);
        settle(witnessing, index, class, &model, limited, path.contains(':'));
    }
    let mut seen: Vec<&str> = Vec::new();
    for name in &names {
        let Some((_, actions)) = BASES.iter().find(|(base, _)| name == base) else { continue };
        for (http, method, kind, one) in *actions {
            // Written by the app itself, or already there by another base.
            let written = own.iter().any(|(own, _)| own == method || own.strip_prefix("perform_") == Some(*method));
            if seen.contains(method) && is_api || (written && !matches!(*method, "get" | "post")) {
                continue;
            }
            if own.iter().any(|(own, _)| own == method)
                || (*method == "post" && own.iter().any(|(own, _)| *own == "form_valid"))
            {
                continue;
            }
            seen.push(method);
            let full = if *one && is_api && !path.contains(':') { join_path(path, ":id") } else { path.to_owned() };
            let mut point = chain::entry(EntryKind::Route, &[http], &full, "Django", event.span);
            let head = Span::new(span.file, span.start, span.start + 1);
            point.span = head;
            point.handler = head;
            point.name = at.name.as_ref().map(|name| format!("{name}.{method}"));
            point.guards = passage.named.clone();
            point.guards.extend(looking.iter().cloned());
            if is_api {
                point.guards.extend(allowed(witnessing, project, class, (method, http), None, span));
            }
            point.whole = point.guards.len();
            point.effects = vec![Effect {
                picked_by_input: *one,
                limited_to_caller: limited && (*one || *kind == EffectKind::Read),
                ..Effect::new(*kind, model.clone(), head)
            }];
            if *one {
                point.inputs.push("params.pk".into());
            }
            written_fields(witnessing, class, (method, http), &mut point);
            point.purposes = crate::handler::purposes_of(&point);
            // The other way to change a record has a name of its own, which is easily forgotten.
            if is_api && *method == "update" && !own.iter().any(|(own, _)| own.ends_with("update")) {
                let guards = allowed(witnessing, project, class, ("partial_update", "PATCH"), None, span);
                let kinds = |list: &[Guard]| list.iter().map(|guard| guard.kind).collect::<BTreeSet<_>>();
                let beside = passage.named.len();
                if kinds(&guards) != kinds(&point.guards[beside.min(point.guards.len())..]) {
                    let mut other = point.clone();
                    other.methods = vec!["PATCH".into()];
                    other.name = at.name.as_ref().map(|name| format!("{name}.partial_update"));
                    other.guards.truncate(beside);
                    other.guards.extend(guards);
                    other.whole = other.guards.len();
                    witnessing.entry_points.push(other);
                }
            }
            witnessing.entry_points.push(point);
        }
    }
}

/// What `self.get_object()` finds is a record of the view's model: picked by the address, and out of the view's own list.
fn settle(witnessing: &mut Witnessing<'_, '_>, index: usize, class: ClassRef, model: &str, limited: bool, picks: bool) {
    let view = witnessing.machine.program.module(class.module).class(class.class).name.clone().unwrap_or_default();
    let is_own = |target: &str| target == "object" || (!view.is_empty() && target == view);
    for point in &mut witnessing.entry_points[index..] {
        for effect in &mut point.effects {
            let own = is_own(&effect.target);
            effect.limited_to_caller |= limited && own;
            if own && !model.is_empty() {
                effect.target = model.to_owned();
                effect.picked_by_input |= picks && effect.kind != EffectKind::Create;
            }
        }
    }
    for flow in witnessing.flows.iter_mut().filter(|flow| flow.entry.is_some_and(|entry| entry >= index)) {
        if is_own(&flow.source_name) && !model.is_empty() {
            flow.source_name = model.to_owned();
        }
    }
}

/// Guards of mixins and of a decorator around `dispatch`.
fn mixins(witnessing: &mut Witnessing<'_, '_>, class: ClassRef, names: &[String], span: Span, passage: &mut Passage) {
    // A mixin behind the view that it should guard is asked too late.
    let view = names.iter().position(|name| name.ends_with("View"));
    for (index, name) in names.iter().enumerate() {
        if view.is_some_and(|view| view < index) {
            break;
        }
        let lower = name.to_ascii_lowercase();
        if lower.contains("loginrequired") {
            passage.named.push(named_guard(GuardKind::Authentication, name, span));
        } else if lower.contains("permissionrequired") || lower.contains("staffrequired") || lower.contains("superuser")
        {
            passage.named.push(named_guard(GuardKind::Authentication, name, span));
            passage.named.push(named_guard(GuardKind::Role, name, span));
        } else if lower.contains("userpassestest")
            && let Some(test) = bound(witnessing, class, "test_func")
        {
            witnessing.machine.reset();
            let run = witnessing.machine.run(&test, Vec::new(), Facts::default());
            for kind in crate::guards::of_truth(&run.value, span) {
                passage.named.push(named_guard(kind, "test_func", span));
            }
        }
    }
    // A `dispatch` of the app's own runs before the method that answers; what holds where it goes on to the one that it
    // overrides holds behind it.
    if let Some(dispatch) = bound(witnessing, class, "dispatch") {
        witnessing.machine.reset();
        witnessing.machine.fix("@self.request", given("@request"));
        let run = witnessing.machine.run(&dispatch, vec![given("@request")], Facts::default());
        let onwards: Vec<&Facts> = run
            .events
            .iter()
            .filter(|event| event.path().ends_with("dispatch") && event.path().contains("super"))
            .map(|event| &event.facts)
            .collect();
        if let Some((first, rest)) = onwards.split_first() {
            let facts = rest.iter().fold((*first).clone(), |common, facts| common.common(facts));
            passage.named.extend(crate::guards::guards_of(&facts, witnessing.machine.program.tree));
        }
    }
    let program = witnessing.machine.program;
    let module = program.module(class.module);
    for &decorator in &module.class(class.class).decorators {
        let text = program.tree.text(module.span(decorator));
        if text.contains("login_required") {
            passage.named.push(named_guard(GuardKind::Authentication, "login_required", span));
        }
        if text.contains("staff_member_required") || text.contains("permission_required") {
            passage.named.push(named_guard(GuardKind::Authentication, "staff_member_required", span));
            passage.named.push(named_guard(GuardKind::Role, "staff_member_required", span));
        }
        if text.contains("csrf_exempt") {
            passage.named.retain(|guard| guard.kind != GuardKind::Csrf);
        }
        if text.contains("ratelimit") {
            passage.named.push(named_guard(GuardKind::RateLimit, "ratelimit", span));
        }
    }
}

/// The model whose records a view is about.
fn model_of(witnessing: &mut Witnessing<'_, '_>, class: ClassRef) -> String {
    for name in ["model", "queryset"] {
        if let Some((owner, node)) = field(witnessing, class, name, 0) {
            let text = text_of(witnessing, owner, node);
            let first = text.split(['.', '(']).next().unwrap_or(&text);
            return first.trim().to_owned();
        }
    }
    if let Some((owner, node)) = field(witnessing, class, "serializer_class", 0) {
        let name = text_of(witnessing, owner, node);
        if let Some(serializer) = class_named(witnessing, name.rsplit('.').next().unwrap_or(&name))
            && let Some((model, ..)) = meta(witnessing, serializer)
        {
            return model;
        }
    }
    // `def get_queryset(self): return Order.objects.filter(…)`
    let Some(closure) = bound(witnessing, class, "get_queryset") else { return String::new() };
    witnessing.machine.reset();
    let run = witnessing.machine.run(&closure, Vec::new(), Facts::default());
    let name = run.value.deep_labels().iter().find_map(|label| match label {
        Label::Record(name, _) if !name.is_empty() => Some(name.to_string()),
        _ => None,
    });
    name.unwrap_or_default()
}

/// Whether the records that a view works on are those of the caller, and what it checks while it looks them up.
fn look_up(witnessing: &mut Witnessing<'_, '_>, class: ClassRef) -> (bool, Vec<Guard>) {
    let mut limited = false;
    let mut guards = Vec::new();
    for method in ["get_queryset", "get_object"] {
        let Some(closure) = bound(witnessing, class, method) else { continue };
        witnessing.machine.reset();
        let run = witnessing.machine.run(&closure, Vec::new(), Facts::default());
        limited |= run.value.deep_labels().has_identity();
        guards.extend(crate::guards::guards_of(&run.facts, witnessing.machine.program.tree));
    }
    (limited, guards)
}

/// Model, fields and whether all fields are taken, as a form or serializer declares.
fn meta(witnessing: &Witnessing<'_, '_>, class: ClassRef) -> Option<(String, Vec<String>, bool, Vec<String>)> {
    let module = witnessing.machine.program.module(class.module);
    let (owner, node) = field(witnessing, class, "Meta", 0)?;
    let home = witnessing.machine.program.module(owner.module);
    let Kind::Class(inner) = home.kind(node) else { return None };
    let inner = home.class(*inner);
    let value = |name: &str| inner.fields.iter().find(|field| field.name == name).and_then(|field| field.value);
    let model = value("model").and_then(|node| home.path(node)).unwrap_or_default();
    let model = model.rsplit('.').next().unwrap_or(&model).to_owned();
    let list = |node: Option<NodeId>| -> Vec<String> {
        match node.map(|node| home.kind(node)) {
            Some(Kind::Array(items)) => items.iter().filter_map(|&item| home.string(item).map(str::to_owned)).collect(),
            _ => Vec::new(),
        }
    };
    let all = value("fields").and_then(|node| home.string(node)) == Some("__all__") || value("exclude").is_some();
    let mut read_only = list(value("read_only_fields"));
    read_only.extend(list(value("exclude")));
    // Fields declared with `read_only=True` are taken from nobody.
    for field in &module.class(class.class).fields {
        if let Some(node) = field.value
            && witnessing.machine.program.tree.text(module.span(node)).contains("read_only=True")
        {
            read_only.push(field.name.to_string());
        }
    }
    Some((model, list(value("fields")), all, read_only))
}

/// Names of a model's fields.
fn model_fields(witnessing: &Witnessing<'_, '_>, model: &str) -> Vec<String> {
    let Some(class) = class_named(witnessing, model) else { return Vec::new() };
    let module: &Module = witnessing.machine.program.module(class.module);
    let mut out: Vec<String> = module.class(class.class).fields.iter().map(|field| field.name.to_string()).collect();
    let mut names = Vec::new();
    bases(witnessing, class, 0, &mut names);
    if names.iter().any(|name| name == "AbstractUser") {
        out.extend(["password", "is_staff", "is_superuser", "is_active"].map(str::to_owned));
    }
    out
}

/// Fields that a form or serializer takes from the request although they decide what somebody may do.
fn taken_privileges(witnessing: &Witnessing<'_, '_>, form: ClassRef) -> Vec<String> {
    let Some((model, fields, all, read_only)) = meta(witnessing, form) else { return Vec::new() };
    let named = if all { model_fields(witnessing, &model) } else { fields };
    named
        .into_iter()
        .filter(|name| {
            is_privilege_name(name)
                && !matches!(name.as_str(), "type" | "level" | "plan" | "rule" | "group" | "scope")
                && !read_only.contains(name)
        })
        .collect()
}

/// What a view's serializer or form lets the request write, and what its answer shows.
fn written_fields(
    witnessing: &mut Witnessing<'_, '_>,
    class: ClassRef,
    (action, http): (&str, &str),
    point: &mut EntryPoint,
) {
    for name in ["serializer_class", "form_class"] {
        let of_action = if name == "serializer_class" {
            given_for(witnessing, class, "get_serializer_class", action, http).and_then(|ways| match &ways[..] {
                [Value { kind: ValueKind::Class(form), .. }] => Some(*form),
                _ => None,
            })
        } else {
            None
        };
        let form = of_action.or_else(|| {
            let (owner, node) = field(witnessing, class, name, 0)?;
            let text = text_of(witnessing, owner, node);
            class_named(witnessing, text.rsplit('.').next().unwrap_or(&text))
        });
        let Some(form) = form else { continue };
        if point.effects.iter().any(|effect| effect.kind.writes() && effect.kind != EffectKind::Delete) {
            open_files(witnessing, form, Some(class));
        }
        let privileges = taken_privileges(witnessing, form);
        for effect in &mut point.effects {
            if effect.kind.writes() && effect.kind != EffectKind::Delete {
                effect.privilege_fields.extend(privileges.iter().cloned());
            }
        }
        if let Some((model, fields, all, _)) = meta(witnessing, form)
            && name == "serializer_class"
        {
            point.returns = if all { model_fields(witnessing, &model) } else { fields };
        }
    }
}

/// The form or serializer that a view hands to its own method.
fn form_given(witnessing: &Witnessing<'_, '_>, class: ClassRef) -> Value {
    for (name, base) in
        [("form_class", "django.forms.ModelForm"), ("serializer_class", "rest_framework.serializers.ModelSerializer")]
    {
        if let Some((owner, node)) = field(witnessing, class, name, 0) {
            let text = text_of(witnessing, owner, node);
            let form = text.rsplit('.').next().unwrap_or(&text);
            return Value::symbol(Symbol::import(format!("{base}:{form}()")), plimsoll_analysis::Labels::NONE);
        }
    }
    Value::unknown()
}

/// Effects of forms and serializers are effects on their models.
pub(super) fn forms(witnessing: &mut Witnessing<'_, '_>, first: usize) {
    let program = witnessing.machine.program;
    let mut known: BTreeMap<String, (String, Vec<String>, Vec<String>)> = BTreeMap::new();
    let mut forms: BTreeMap<String, ClassRef> = BTreeMap::new();
    for (id, module) in program.iter().filter(|(_, module)| module.language == Language::Python) {
        for (index, class) in module.classes.iter().enumerate() {
            let (Some(name), Ok(index)) = (&class.name, u32::try_from(index)) else { continue };
            let class = ClassRef { module: id, class: ClassId(index) };
            // A model has a `Meta` too, which names no model.
            if let Some((model, fields, all, read_only)) = meta(witnessing, class)
                && !model.is_empty()
            {
                let mut fields = if all { model_fields(witnessing, &model) } else { fields };
                fields.retain(|name| !read_only.contains(name));
                forms.insert(name.to_string(), class);
                known.insert(name.to_string(), (model, fields, taken_privileges(witnessing, class)));
            }
        }
    }
    let mut used: Vec<ClassRef> = Vec::new();
    for entry in &mut witnessing.entry_points[first..] {
        let mut takes_a_form = false;
        for effect in &mut entry.effects {
            let Some((model, fields, privileges)) = known.get(&effect.target) else { continue };
            if effect.kind.writes() {
                used.extend(forms.get(&effect.target));
            }
            effect.target.clone_from(model);
            if effect.kind.writes() {
                takes_a_form = true;
                effect.privilege_fields.extend(privileges.iter().cloned());
                entry.inputs.extend(fields.iter().map(|field| format!("body.{field}")));
            }
        }
        // What it is for is seen by what it takes.
        if takes_a_form {
            entry.purposes.extend(crate::handler::purposes_of(entry));
        }
    }
    for form in used {
        open_files(witnessing, form, None);
    }
}

/// Files that a form or serializer takes whatever they hold: a `FileField` of the model for which neither the model, the
/// form nor the view has a check. (An `ImageField` takes pictures only.)
fn open_files(witnessing: &mut Witnessing<'_, '_>, form: ClassRef, view: Option<ClassRef>) {
    let Some((model, fields, all, read_only)) = meta(witnessing, form) else { return };
    let Some(model) = class_named(witnessing, &model) else { return };
    let program = witnessing.machine.program;
    let whole = |class: ClassRef| {
        let module = program.module(class.module);
        program.tree.text(module.span_of(module.class(class.class).range))
    };
    let is_looked_at = [Some(form), Some(model), view].into_iter().flatten().any(|class| {
        let text = whole(class);
        ["def clean", "def validate", ".size", "content_type", "splitext", "endswith", "full_clean"]
            .iter()
            .any(|word| text.contains(word))
    });
    if is_looked_at {
        return;
    }
    let declared = &program.module(form.module).class(form.class).fields;
    let module = program.module(model.module);
    for field in &module.class(model.class).fields {
        let Some(node) = field.value else { continue };
        let span = module.span(node);
        let text = program.tree.text(span);
        let is_file = text.split('(').next().is_some_and(|kind| kind.rsplit('.').next() == Some("FileField"));
        let is_taken = (all || fields.iter().any(|name| *name == field.name.as_str()))
            && !read_only.iter().any(|name| *name == field.name.as_str())
            && !declared.iter().any(|own| own.name == field.name);
        if is_file
            && is_taken
            && !text.contains("validators")
            && witnessing.notes.seen.iter().all(|seen| seen.span != span)
        {
            witnessing.notes.seen.push(SettingSeen {
                system: "Django".into(),
                key: "upload-without-bounds".into(),
                value: "the kind of file is not checked, nor its size".into(),
                span,
                also: Vec::new(),
            });
        }
    }
}

fn is_library_sign_in(name: &str) -> bool {
    ["LoginView", "obtain_auth_token", "ObtainAuthToken", "TokenObtain"].iter().any(|known| name.contains(known))
}

/// Views that come whole from a library: sign-in pages and token endpoints.
pub(super) fn library_view(
    witnessing: &mut Witnessing<'_, '_>,
    project: &Project,
    view: &Value,
    path: &str,
    event: &Event,
) {
    let name = view.path();
    if is_library_sign_in(name) {
        let passage = Marks::of(view).passage(witnessing, project, event, !name.contains("LoginView"));
        library_sign_in(witnessing, path, event, event.span, passage);
    }
}

/// `handler` is the app's own part of it, or where it is mounted.
fn library_sign_in(
    witnessing: &mut Witnessing<'_, '_>,
    path: &str,
    event: &Event,
    handler: plimsoll_source::Span,
    mut passage: Passage,
) {
    passage.named.retain(|guard| matches!(guard.kind, GuardKind::RateLimit | GuardKind::Csrf));
    let mut point = chain::entry(EntryKind::Route, &["POST"], path, "Django", event.span);
    point.guards = passage.named;
    point.whole = point.guards.len();
    point.inputs = vec!["body.password".into(), "body.username".into()];
    point.handler = handler;
    point.purposes.insert(Purpose::Login);
    point.effects = [EffectKind::VerifyPassword, EffectKind::IssueSession]
        .into_iter()
        .map(|kind| Effect::new(kind, "", event.span))
        .collect();
    witnessing.entry_points.push(point);
}

/// Classes registered with a router of Django REST framework.
pub(super) fn routers(
    witnessing: &mut Witnessing<'_, '_>,
    project: &Project,
    setup: &[Event],
    routes: &[&Event],
    prefixes: &BTreeMap<plimsoll_analysis::ModuleId, String>,
) {
    for event in setup {
        let path = event.path();
        if !(path.ends_with(".register") && path.contains("Router()")) {
            continue;
        }
        let (Some(prefix), Some(view)) = (event.arg(0).and_then(Value::as_str), event.arg(1)) else { continue };
        let Some(class) = class_of(witnessing, view) else { continue };
        let module_prefix = prefixes.get(&event.site.module).cloned().unwrap_or_default();
        // `path("api/", include(router.urls))` in the same or another file.
        let included = routes.iter().find_map(|route| {
            let symbol = route.arg(1)?.as_symbol()?.clone();
            let (name, args, _) = symbol.calls().pop()?;
            let of_router = name == "include" && args.first().is_some_and(|arg| arg.value.path().contains("Router()"));
            (of_router && route.site.module == event.site.module).then(|| route.arg(0)?.text_shape()).flatten()
        });
        let base = join_path(&join_path("/", &module_prefix), &included.unwrap_or_default());
        let full = join_path(&base, prefix);
        class_view(witnessing, project, class, &full, event, &Passage::default());
        actions(witnessing, project, class, &full, event);
    }
}

/// Further methods of a view set, marked with `@action`.
fn actions(witnessing: &mut Witnessing<'_, '_>, project: &Project, class: ClassRef, path: &str, event: &Event) {
    let program = witnessing.machine.program;
    let module = program.module(class.module);
    let methods = module.class(class.class).methods.clone();
    for method in methods {
        let function = module.function(method);
        let mark = function.decorators.iter().find_map(|&decorator| match module.kind(decorator) {
            Kind::Call { callee, args, .. } if module.path(*callee).is_some_and(|path| path.ends_with("action")) => {
                Some(args)
            }
            _ => None,
        });
        let (Some(args), Some(name)) = (mark, function.name.clone()) else { continue };
        let named = |wanted: &str| args.iter().find(|arg| arg.name.as_deref() == Some(wanted)).map(|arg| arg.value);
        let http: Vec<String> = match named("methods").map(|node| module.kind(node)) {
            Some(Kind::Array(items)) => {
                items.iter().filter_map(|&item| module.string(item).map(str::to_uppercase)).collect()
            }
            _ => vec!["GET".into()],
        };
        let mut passage = of_api(witnessing, project, class, event);
        let own = named("permission_classes").map(|node| (class, node));
        let list: Vec<&str> = http.iter().map(String::as_str).collect();
        let verb = list.first().copied().unwrap_or("GET");
        let span = module.span_of(function.head);
        let guards = allowed(witnessing, project, class, (&name, verb), own, span);
        let has_role = guards.iter().any(|guard| guard.kind == GuardKind::Role);
        passage.named.extend(guards);
        let Some(handler) = bound_for(witnessing, class, &name, Some(&name)) else { continue };
        if !has_role {
            passage.named.extend(checked_within(witnessing, class, &handler));
            passage.named.extend(meant_for_another(witnessing, project, class, (&name, verb), span));
        }
        let detail = named("detail").is_some_and(|node| matches!(module.kind(node), Kind::Bool(true)));
        let last = named("url_path").and_then(|node| module.string(node)).unwrap_or(&name);
        let full = if detail { join_path(&join_path(path, ":id"), last) } else { join_path(path, last) };
        let mut point = chain::entry(EntryKind::Route, &list, &full, "Django", event.span);
        point.span = span;
        witnessing.machine.reset();
        witnessing.machine.fix("@self.request", given("@request"));
        let index = finish(witnessing, point, &handler, vec![given("@request"), chain::input("params.pk")], passage);
        let (model, limited) = (model_of(witnessing, class), look_up(witnessing, class).0);
        settle(witnessing, index, class, &model, limited, detail);
    }
}
