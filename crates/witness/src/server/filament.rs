//! Filament, the panels of Laravel apps: pages that list, create, change and delete the records of a model, made by the
//! framework from a class of the app.
//!
//! Whoever has an account of the app may enter a panel unless `canAccessPanel` says otherwise; what is done to records
//! there is asked of the model's policy, and where there is none, everybody who is in may do everything.

use std::collections::BTreeMap;
use std::rc::Rc;

use plimsoll_analysis::{ClassRef, Closure, Event, Facts, Label, Labels, Site, Truth, Value, ValueKind};
use plimsoll_ir::{ClassId, Kind, Language};
use plimsoll_model::App;
use plimsoll_model::app::{Effect, EffectKind, EntryKind, EntryPoint, Guard, GuardKind, GuardStanding, Purpose};
use plimsoll_source::Span;

use super::chain::{self, given, join_path};
use super::scopes::Scoped;
use crate::Witnessing;
use crate::guards::is_privilege_name;
use crate::handler::{named_guard, words_of};

/// What a panel's provider says.
#[derive(Default)]
struct Panel {
    id: String,
    path: String,
    /// Guards in front of all of its pages.
    guards: Vec<Guard>,
    /// It has a page to log in, one to make an account.
    login: Option<Span>,
    registration: Option<Span>,
    /// Records are those of the tenant in the address.
    tenant: bool,
    /// Classes of the app that run before its pages, and not before what these ask for later, with their text.
    once: Vec<(String, Span)>,
    /// Name spaces whose resources it shows, and resources that it names.
    spaces: Vec<String>,
    resources: Vec<ClassRef>,
}

/// What is done to the records of a resource: ability of the policy, method of the resource, verb, effect.
const ABILITIES: &[(&str, &str, &str, EffectKind)] = &[
    ("viewAny", "canViewAny", "GET", EffectKind::Read),
    ("create", "canCreate", "POST", EffectKind::Create),
    ("update", "canEdit", "PUT", EffectKind::Update),
    ("delete", "canDelete", "DELETE", EffectKind::Delete),
];

pub(super) fn observe(witnessing: &mut Witnessing<'_, '_>, scoped: &BTreeMap<String, Scoped>, app: &mut App) {
    let mut panels: Vec<Panel> = Vec::new();
    for class in classes(witnessing) {
        if base_of(witnessing, class) == "PanelProvider" {
            panels.extend(panel(witnessing, class));
        }
    }
    if panels.is_empty() {
        return;
    }
    app.stack.push("Filament".into());
    for panel in &panels {
        doors(witnessing, panel);
        for class in classes(witnessing) {
            if base_of(witnessing, class) == "Resource" && shows(witnessing, panel, class) {
                resource(witnessing, panel, scoped, class);
            }
        }
    }
}

fn classes(witnessing: &Witnessing<'_, '_>) -> Vec<ClassRef> {
    let program = witnessing.machine.program;
    program
        .iter()
        .filter(|(_, module)| module.language == Language::Php)
        .flat_map(|(id, module)| {
            (0u32..).take(module.classes.len()).map(move |class| ClassRef { module: id, class: ClassId(class) })
        })
        .collect()
}

fn base_of(witnessing: &mut Witnessing<'_, '_>, class: ClassRef) -> String {
    let base = witnessing.machine.library_base(class).unwrap_or_default();
    base.split(':').next().unwrap_or_default().to_owned()
}

fn name_of(witnessing: &Witnessing<'_, '_>, class: ClassRef) -> String {
    let module = witnessing.machine.program.module(class.module);
    module.class(class.class).name.as_deref().unwrap_or_default().to_owned()
}

/// The name space of a class, with its closing backslash.
fn space_of(witnessing: &Witnessing<'_, '_>, class: ClassRef) -> String {
    let module = witnessing.machine.program.module(class.module);
    let own = module.directives.iter().find_map(|(text, _)| text.strip_prefix("namespace "));
    own.map_or_else(String::new, |name| format!("{name}\\"))
}

fn head_of(witnessing: &Witnessing<'_, '_>, class: ClassRef) -> Span {
    let module = witnessing.machine.program.module(class.module);
    let start = module.class(class.class).range.start;
    Span::new(module.file, start, start + 1)
}

/// Reads a provider: what it calls on the panel that it is given.
fn panel(witnessing: &mut Witnessing<'_, '_>, class: ClassRef) -> Option<Panel> {
    let method = witnessing.machine.method(class, "panel")?;
    let this = witnessing.machine.instance_of(class);
    let closure = Rc::new(Closure { this: Some(this), ..(*method).clone() });
    let run = witnessing.machine.run_setup(&closure, vec![given("@panel")]);
    let mut panel = Panel::default();
    for event in run.events.iter().filter(|event| event.path().starts_with("@panel")) {
        let text = || event.arg(0).and_then(Value::as_str).map(str::to_owned);
        match event.path().rsplit('.').next().unwrap_or_default() {
            "id" => panel.id = text()?,
            "path" => panel.path = text()?,
            "login" => panel.login = Some(last_line(event)),
            "registration" => panel.registration = Some(last_line(event)),
            "tenant" => panel.tenant = true,
            "discoverResources" => {
                let space = event.named("for").or_else(|| event.arg(1)).and_then(Value::as_str);
                panel.spaces.extend(space.map(|space| format!("{}\\", space.trim_end_matches('\\'))));
            }
            "resources" => {
                let list = event.arg(0).map(Value::items).unwrap_or_default();
                panel.resources.extend(list.iter().filter_map(|item| match item.kind {
                    ValueKind::Class(class) => Some(class),
                    _ => None,
                }));
            }
            "middleware" if event.named("isPersistent").is_none_or(|kept| kept.truth() != Truth::Yes) => {
                let list = event.arg(0).map(Value::items).unwrap_or_default();
                for item in &list {
                    if let ValueKind::Class(class) = item.kind {
                        let program = witnessing.machine.program;
                        let text = program.tree.file(program.module(class.module).file).text();
                        panel.once.push((text.to_owned(), last_line(event)));
                    }
                }
            }
            "authMiddleware" => {
                let list = event.arg(0).map(Value::items).unwrap_or_default();
                let asks = list.iter().any(|item| match &item.kind {
                    ValueKind::Class(class) => name_of(witnessing, *class).contains("Authenticate"),
                    _ => item.path().contains("Authenticate"),
                });
                if asks {
                    panel.guards.push(named_guard(GuardKind::Authentication, "Authenticate", last_line(event)));
                }
            }
            _ => {}
        }
    }
    if panel.path.is_empty() {
        panel.path.clone_from(&panel.id);
    }
    if !panel.guards.is_empty() {
        admission(witnessing, &mut panel);
    }
    Some(panel)
}

/// Calls of a chain all begin where the chain does: what tells one from the others is its end.
fn last_line(event: &Event) -> Span {
    Span::new(event.span.file, event.span.end.saturating_sub(1), event.span.end)
}

/// Whom the account's class lets into the panel.
fn admission(witnessing: &mut Witnessing<'_, '_>, panel: &mut Panel) {
    let Some((class, method)) = classes(witnessing)
        .into_iter()
        .find_map(|class| Some((class, witnessing.machine.method(class, "canAccessPanel")?)))
    else {
        // Without a word of the app nobody gets in where it is deployed.
        let span = panel.guards[0].span;
        panel.guards.push(named_guard(GuardKind::Role, "Filament admits nobody by itself", span));
        return;
    };
    let module = witnessing.machine.program.module(method.module);
    let span = module.span_of(module.function(method.function).head);
    witnessing.machine.reset();
    witnessing.machine.settle("@panel.getId", "*", Value::string(panel.id.as_str()));
    let closure = Rc::new(Closure { this: Some(given("@identity")), ..(*method).clone() });
    let run = witnessing.machine.run(&closure, vec![given("@panel")], Facts::default());
    let of_text = run.value.as_symbol().is_some_and(|symbol| {
        matches!(symbol.last_name().as_str(), "str_ends_with()" | "endsWith()" | "str_ends_with" | "endsWith")
    });
    if of_text || crate::guards::of_truth(&run.value, span).contains(&GuardKind::Role) {
        let name = format!("{}::canAccessPanel", name_of(witnessing, class));
        panel.guards.push(named_guard(GuardKind::Role, &name, span));
    }
    witnessing.machine.reset();
}

/// The panel's own pages to log in and to make an account. Wrong passwords are counted by the framework.
fn doors(witnessing: &mut Witnessing<'_, '_>, panel: &Panel) {
    let mut door = |span: Span, name: &str, purpose: Purpose, effects: &[EffectKind]| {
        let path = join_path(&join_path("/", &panel.path), name);
        let mut point = chain::entry(EntryKind::Route, &["POST"], &path, "Filament", span);
        point.guards.push(named_guard(GuardKind::RateLimit, "Filament counts attempts", span));
        point.guards.push(named_guard(GuardKind::Csrf, "Livewire's checksum", span));
        point.whole = point.guards.len();
        point.inputs = vec!["body.email".into(), "body.password".into()];
        point.effects = effects.iter().map(|&kind| Effect::new(kind, "", span)).collect();
        point.purposes.insert(purpose);
        witnessing.entry_points.push(point);
    };
    if let Some(span) = panel.login {
        door(span, "login", Purpose::Login, &[EffectKind::VerifyPassword, EffectKind::IssueSession]);
    }
    if let Some(span) = panel.registration {
        door(span, "register", Purpose::Register, &[EffectKind::CreateAccount, EffectKind::IssueSession]);
    }
}

fn shows(witnessing: &Witnessing<'_, '_>, panel: &Panel, class: ClassRef) -> bool {
    let space = space_of(witnessing, class);
    panel.resources.contains(&class) || panel.spaces.iter().any(|shown| space.starts_with(shown.as_str()))
}

/// What can be done to the records of a resource, and who may.
fn resource(witnessing: &mut Witnessing<'_, '_>, panel: &Panel, scoped: &BTreeMap<String, Scoped>, class: ClassRef) {
    let Some(model) = model_of(witnessing, class) else { return };
    let own = name_of(witnessing, class);
    let base = join_path(&join_path("/", &panel.path), &slug(&own));
    let span = head_of(witnessing, class);
    let text = texts(witnessing, class);
    let scope = scoped.get(&model);
    // Livewire runs again only what is persistent: a scope that asks for what other middleware has set finds nothing.
    let lost = scope.and_then(|scope| {
        let sets = |text: &str| scope.asks.iter().any(|name| text.contains(&format!("{name}::")));
        Some((scope.span, panel.once.iter().find(|(text, _)| sets(text))?.1))
    });
    let limited = panel.tenant || (scope.is_some() && lost.is_none()) || limited_to_caller(witnessing, class);
    let (fields, privileges) = fields_of(&text);
    for &(ability, asked, verb, kind) in ABILITIES {
        let is_there = match kind {
            EffectKind::Create => text.contains("CreateRecord") || text.contains("CreateAction"),
            EffectKind::Update => text.contains("EditRecord") || text.contains("EditAction"),
            EffectKind::Delete => text.contains("DeleteAction") || text.contains("DeleteBulkAction"),
            _ => true,
        };
        if !is_there {
            continue;
        }
        let mut guards = panel.guards.clone();
        let (more, decided_at) = asked_of(witnessing, class, &model, ability, asked);
        guards.extend(more);
        guards.push(named_guard(GuardKind::Csrf, "Livewire's checksum", span));
        let picks = matches!(kind, EffectKind::Update | EffectKind::Delete);
        let path = if picks { join_path(&base, ":record") } else { base.clone() };
        let mut effect = Effect::new(kind, model.clone(), decided_at.unwrap_or(span));
        effect.picked_by_input = picks;
        effect.limited_to_caller = limited;
        if let Some((scope, middleware)) = lost.filter(|_| !limited) {
            effect.called_at = Some(scope);
            guards.push(Guard {
                standing: GuardStanding::FailsOpen(
                    "the model is narrowed only where it is known whose records are asked for, and the middleware that \
                     says so does not run again for what the page asks for later: it is not persistent"
                        .into(),
                ),
                ..named_guard(GuardKind::Ownership, "global scope", middleware)
            });
        }
        if matches!(kind, EffectKind::Create | EffectKind::Update) {
            effect.fields.clone_from(&fields);
            effect.privilege_fields.clone_from(&privileges);
        }
        let mut point = chain::entry(EntryKind::Route, &[verb], &path, "Filament", span);
        point.name = Some(format!("{own}::{ability}"));
        point.whole = guards.len();
        point.guards = guards;
        point.effects = vec![effect];
        if picks {
            point.inputs.push("params.record".into());
        }
        point.purposes = crate::handler::purposes_of(&point);
        settle(&mut point);
        witnessing.entry_points.push(point);
    }
}

/// A page of a panel is never meant for everybody, whatever its resource is called.
fn settle(point: &mut EntryPoint) {
    point.purposes.retain(|purpose| matches!(purpose, Purpose::Admin | Purpose::Export));
}

fn model_of(witnessing: &mut Witnessing<'_, '_>, class: ClassRef) -> Option<String> {
    let module = witnessing.machine.program.module(class.module);
    let field = module.class(class.class).fields.iter().find(|field| field.name == "model");
    match field.and_then(|field| field.value) {
        Some(node) => match witnessing.machine.evaluate(Site { module: class.module, node }).kind {
            ValueKind::Class(model) => Some(name_of(witnessing, model)),
            _ => None,
        },
        None => name_of(witnessing, class).strip_suffix("Resource").map(str::to_owned),
    }
    .filter(|name| !name.is_empty())
}

/// `BlogPostResource` → `blog-posts`.
fn slug(name: &str) -> String {
    let words = words_of(name.strip_suffix("Resource").unwrap_or(name)).join("-");
    match words.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{stem}ies"),
        _ if words.ends_with('s') => words,
        _ => format!("{words}s"),
    }
}

/// The text of a resource and of what belongs to it: its pages, its tables and forms.
fn texts(witnessing: &Witnessing<'_, '_>, class: ClassRef) -> String {
    let program = witnessing.machine.program;
    let own = program.path(class.module);
    let folder = chain::stem(own);
    let beside = own.rsplit_once('/').map(|(folder, _)| folder).unwrap_or_default();
    // From the fourth version on a resource has a folder of its own.
    let has_folder = beside.rsplit('/').next().is_some_and(|name| !matches!(name, "Resources"));
    program
        .iter()
        .filter(|(id, module)| {
            let path = program.path(*id);
            module.language == Language::Php
                && (*id == class.module
                    || path.starts_with(&format!("{folder}/"))
                    || (has_folder && path.starts_with(&format!("{beside}/"))))
        })
        .map(|(_, module)| program.tree.file(module.file).text())
        .collect::<Vec<_>>()
        .join("\n")
}

/// Fields of a form, and those among them that decide what somebody may do.
fn fields_of(text: &str) -> (Vec<String>, Vec<String>) {
    let mut fields: Vec<String> = Vec::new();
    for (at, _) in text.match_indices("::make(") {
        let component = text[..at].rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
        let is_input =
            ["TextInput", "Select", "Toggle", "Checkbox", "Radio", "Textarea", "DatePicker", "FileUpload", "TagsInput"]
                .contains(&component);
        let rest = text[at + 7..].trim_start();
        let Some(quote) = rest.chars().next().filter(|quote| matches!(quote, '\'' | '"')) else { continue };
        if let Some(name) = rest[1..].split(quote).next().filter(|name| is_input && !fields.iter().any(|f| f == name)) {
            fields.push(name.to_owned());
        }
    }
    let privileges = fields
        .iter()
        .filter(|name| {
            is_privilege_name(name)
                && !matches!(name.as_str(), "type" | "level" | "plan" | "rule" | "group" | "scope" | "rank")
        })
        .cloned()
        .collect();
    (fields, privileges)
}

/// Whether a resource looks only among the caller's own records.
fn limited_to_caller(witnessing: &mut Witnessing<'_, '_>, class: ClassRef) -> bool {
    let Some(method) = witnessing.machine.method(class, "getEloquentQuery") else { return false };
    witnessing.machine.reset();
    let run = witnessing.machine.run(&method, Vec::new(), Facts::default());
    run.value.deep_labels().has_identity()
        || run.events.iter().any(|event| event.args().iter().any(|arg| arg.value.deep_labels().has_identity()))
}

/// Guards that the resource or the model's policy puts in front of an ability, and where that is decided.
fn asked_of(
    witnessing: &mut Witnessing<'_, '_>,
    class: ClassRef,
    model: &str,
    ability: &str,
    asked: &str,
) -> (Vec<Guard>, Option<Span>) {
    for name in [asked, "canAccess"] {
        if let Some(method) = witnessing.machine.method(class, name) {
            return verdict(witnessing, &method, format!("{}::{name}", name_of(witnessing, class)));
        }
    }
    let policy = format!("{model}Policy");
    let Some(policy_class) = witnessing.machine.php_class(&policy) else { return (Vec::new(), None) };
    for name in ["before", ability] {
        if let Some(method) = witnessing.machine.method(policy_class, name) {
            let (guards, at) = verdict(witnessing, &method, format!("{policy}::{name}"));
            if name == ability || !guards.is_empty() {
                return (guards, at);
            }
        }
    }
    // A policy of a package, or one whose methods are made elsewhere.
    let has_base = !base_of(witnessing, policy_class).is_empty();
    let span = head_of(witnessing, policy_class);
    (has_base.then(|| named_guard(GuardKind::Role, &policy, span)).into_iter().collect(), Some(span))
}

/// What a method that answers yes or no asks of the caller.
fn verdict(witnessing: &mut Witnessing<'_, '_>, method: &Rc<Closure>, name: String) -> (Vec<Guard>, Option<Span>) {
    let module = witnessing.machine.program.module(method.module);
    let function = module.function(method.function);
    let span = module.span_of(function.head);
    let args = function
        .params
        .iter()
        .enumerate()
        .map(|(index, param)| match (index, module.kind(param.pattern)) {
            (0, _) => given("@identity"),
            (_, Kind::Name(name)) => {
                let label = Label::Record(name.clone(), plimsoll_analysis::Clean::NONE);
                Value::symbol(plimsoll_analysis::Symbol::given(&format!("@{name}")), Labels::one(label))
            }
            _ => Value::unknown(),
        })
        .collect();
    witnessing.machine.reset();
    let this = function.class.map(|class| witnessing.machine.instance_of(ClassRef { module: method.module, class }));
    let method = Rc::new(Closure { this, ..(**method).clone() });
    let run = witnessing.machine.run(&method, args, Facts::default());
    let mut guards: Vec<Guard> = Vec::new();
    let never = run.value.truth() == Truth::No;
    if never {
        guards.push(named_guard(GuardKind::Role, &name, span));
    }
    for kind in crate::guards::of_truth(&run.value, span) {
        if !guards.iter().any(|guard| guard.kind == kind) {
            guards.push(named_guard(kind, &name, span));
        }
    }
    (guards, Some(span))
}
