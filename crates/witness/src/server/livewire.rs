//! Livewire, the components of Laravel apps: a page's browser may call every public method of a component, and set every
//! public property that is not locked.
//!
//! A call carries what the server gave out with the page, signed: whoever never saw the component cannot call it. So what
//! holds where the page is shown, and behind `mount()`, holds for its actions.

use std::collections::BTreeMap;
use std::rc::Rc;

use plimsoll_analysis::{ClassRef, Closure, Event, Facts, Run, Value, ValueKind};
use plimsoll_ir::{Field, Function, FunctionId, Kind, Language};
use plimsoll_model::app::{EntryKind, GuardKind};
use plimsoll_source::Span;

use super::chain::{self, Passage, finish_run, fix_request};
use super::laravel::argument;
use crate::Witnessing;
use crate::handler::named_guard;

/// Methods that Livewire calls itself, or never lets a browser call.
const LIFECYCLE: &[&str] = &[
    "mount",
    "render",
    "boot",
    "booted",
    "rules",
    "messages",
    "validationAttributes",
    "placeholder",
    "exception",
    "rendering",
    "rendered",
    "paginationView",
    "queryString",
    "getListeners",
    "with",
    "authorize",
];

/// Where pages show views: the view's name, and what holds there.
pub(super) type Shown = Vec<(String, Passage)>;

/// Whether a class is a component that browsers talk to.
pub(super) fn is_component(witnessing: &mut Witnessing<'_, '_>, class: ClassRef) -> bool {
    let base = witnessing.machine.library_base(class).unwrap_or_default();
    // Components of Blade have the same name and no life of their own.
    let is_blade = witnessing.machine.program.path(class.module).contains("View/Components/");
    !is_blade && base.split(':').next() == Some("Component")
}

/// The page that shows a component under a path of its own, and the actions behind it.
pub(super) fn page(
    witnessing: &mut Witnessing<'_, '_>,
    class: ClassRef,
    path: &str,
    span: Span,
    passage: Passage,
    shown: &mut Shown,
) {
    let mut point = chain::entry(EntryKind::ServerPage, &["GET"], path, "Livewire", span);
    point.name = Some(name_of(witnessing, class));
    let (whole, mut run) = mounted(witnessing, class, path, &passage);
    let facts = run.facts.clone();
    if let Some(render) = witnessing.machine.method(class, "render") {
        let closure = Rc::new(Closure { this: Some(whole), ..(*render).clone() });
        let shows = witnessing.machine.run(&closure, Vec::new(), facts.clone());
        run.events.extend(shows.events);
        run.value = shows.value;
        run.cut_off |= shows.cut_off;
    }
    let behind = Passage { facts, events: chain::Past::default(), ..passage.clone() };
    note_views(&run.events, &behind, shown);
    finish_run(witnessing, point, run, passage);
    actions(witnessing, class, path, &behind);
}

/// Components without a path: they stand in the views of others.
pub(super) fn embedded(witnessing: &mut Witnessing<'_, '_>, routed: &[ClassRef], shown: &mut Shown) {
    let program = witnessing.machine.program;
    let mut left: Vec<(ClassRef, String)> = Vec::new();
    for (id, module) in program.iter().filter(|(_, module)| module.language == Language::Php) {
        let path = program.path(id);
        let Some((_, inside)) = path.rsplit_once("/Livewire/") else { continue };
        for at in 0..module.classes.len() {
            let class = ClassRef { module: id, class: plimsoll_ir::ClassId(u32::try_from(at).unwrap_or(u32::MAX)) };
            if !routed.contains(&class) && is_component(witnessing, class) {
                left.push((class, tag_of(chain::stem(inside))));
            }
        }
    }
    let templates = templates(witnessing);
    // A component's view can hold others: those above first.
    for round in 0..3 {
        let mut later = Vec::new();
        for (class, tag) in std::mem::take(&mut left) {
            let found = places(&templates, &tag, shown);
            let passage = match chain::merge(found) {
                Some(passage) => passage,
                None if round == 2 => Passage { opaque: true, ..Passage::default() },
                None => {
                    later.push((class, tag));
                    continue;
                }
            };
            let module = program.module(class.module);
            let span = head_of(module.class(class.class).range.start, module.file);
            let path = format!("/livewire/{tag}");
            let (whole, run) = mounted(witnessing, class, &path, &passage);
            let behind = Passage { facts: run.facts, events: chain::Past::default(), ..passage };
            if let Some(render) = witnessing.machine.method(class, "render") {
                let closure = Rc::new(Closure { this: Some(whole), ..(*render).clone() });
                let shows = witnessing.machine.run(&closure, Vec::new(), behind.facts.clone());
                note_views(&shows.events, &behind, shown);
                // A call of nothing renders it anew.
                let own = name_of(witnessing, class);
                let label = format!("/livewire/update?{own}");
                let mut point = chain::entry(EntryKind::ServerAction, &["POST"], &label, "Livewire", span);
                point.name = Some(own);
                finish_run(witnessing, point, shows, behind.clone());
            }
            actions(witnessing, class, &path, &behind);
        }
        left = later;
    }
}

/// What views a run shows.
pub(super) fn note_views(events: &[Event], passage: &Passage, shown: &mut Shown) {
    for event in events.iter().filter(|event| matches!(event.path(), "view" | "View.make" | "view().make")) {
        if let Some(name) = event.arg(0).and_then(Value::as_str) {
            let facts = event.facts.clone();
            shown.push((name.replace('/', "."), Passage { facts, events: chain::Past::default(), ..passage.clone() }));
        }
    }
}

/// An instance as it is after `mount()`, and that run.
fn mounted(witnessing: &mut Witnessing<'_, '_>, class: ClassRef, path: &str, passage: &Passage) -> (Value, Run) {
    witnessing.machine.reset();
    fix_request(witnessing.machine, Some("GET"), path);
    let whole = witnessing.machine.instance_of(class);
    let nothing =
        |facts: Facts| Run { events: Vec::new(), value: Value::unknown(), yielded: None, facts, cut_off: false };
    let Some(mount) = witnessing.machine.method(class, "mount") else { return (whole, nothing(passage.facts.clone())) };
    let mut within = passage.clone();
    let args = arguments(witnessing, &mount, path, &mut within);
    let closure = Rc::new(Closure { this: Some(whole.clone()), ..(*mount).clone() });
    let run = witnessing.machine.run(&closure, args, within.facts);
    (whole, run)
}

fn arguments(
    witnessing: &mut Witnessing<'_, '_>,
    closure: &Rc<Closure>,
    path: &str,
    passage: &mut Passage,
) -> Vec<Value> {
    let program = witnessing.machine.program;
    let module = program.module(closure.module);
    let mut args = Vec::new();
    for param in &module.function(closure.function).params {
        let name = match module.kind(param.pattern) {
            Kind::Name(name) => name.to_string(),
            _ => String::new(),
        };
        let site = |node| plimsoll_analysis::Site { module: closure.module, node };
        let wanted = param.annotation.map(|node| witnessing.machine.evaluate(site(node)));
        args.push(argument(witnessing, &name, wanted, path, passage));
    }
    args
}

/// Every public method of the component, called by a browser that has set what it may.
fn actions(witnessing: &mut Witnessing<'_, '_>, class: ClassRef, path: &str, behind: &Passage) {
    let program = witnessing.machine.program;
    let module = program.module(class.module);
    let own = name_of(witnessing, class);
    let methods: Vec<FunctionId> = module.class(class.class).methods.clone();
    for method in methods {
        let function = module.function(method);
        let Some(name) = function.name.clone() else { continue };
        if !is_action(witnessing, class, function, &name) {
            continue;
        }
        let Some(closure) = witnessing.machine.method(class, &name) else { continue };
        let (whole, _) = mounted(witnessing, class, path, behind);
        settable(witnessing, class, &whole);
        let span = module.span_of(function.head);
        let label = format!("/livewire/update?{own}.{name}");
        let mut point = chain::entry(EntryKind::ServerAction, &["POST"], &label, "Livewire", span);
        point.name = Some(format!("{own}::{name}"));
        point.handler = span;
        let mut passage = behind.clone();
        passage.named.push(named_guard(GuardKind::Csrf, "Livewire's checksum", span));
        let by_name: String = function
            .params
            .iter()
            .filter_map(|param| match module.kind(param.pattern) {
                Kind::Name(name) => Some(format!("/:{name}")),
                _ => None,
            })
            .collect();
        let args = arguments(witnessing, &closure, &by_name, &mut passage);
        let bound = Rc::new(Closure { this: Some(whole), ..(*closure).clone() });
        let run = witnessing.machine.run(&bound, args, passage.facts.clone());
        finish_run(witnessing, point, run, passage);
        witnessing.machine.release();
    }
}

fn is_action(witnessing: &Witnessing<'_, '_>, class: ClassRef, function: &Function, name: &str) -> bool {
    let program = witnessing.machine.program;
    let module = program.module(class.module);
    let hook = |start: &str| {
        name.strip_prefix(start)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(|c: char| c.is_ascii_uppercase()))
    };
    if LIFECYCLE.contains(&name)
        || name.starts_with("__")
        || name.contains("::")
        || ["hydrate", "dehydrate", "updating", "updated", "boot", "mount"].iter().any(|start| hook(start))
        || (name.starts_with("get") && name.ends_with("Property"))
    {
        return false;
    }
    let text = program.tree.file(module.file).text();
    let before = text.get(function.range.start as usize..function.head.start as usize).unwrap_or_default();
    let is_hidden =
        before.split_whitespace().any(|word| matches!(word, "private" | "protected" | "static" | "abstract"));
    !is_hidden && !before.contains("Computed")
}

/// Sets the properties that a browser may set to what it sends.
fn settable(witnessing: &mut Witnessing<'_, '_>, class: ClassRef, whole: &Value) {
    let Some(object) = whole.as_object().cloned() else { return };
    let program = witnessing.machine.program;
    let module = program.module(class.module);
    let text = program.tree.file(module.file).text();
    let fields: Vec<Field> = module.class(class.class).fields.clone();
    for field in fields {
        let declared = declaration(text, field.range.start as usize);
        let is_public = declared.split_whitespace().any(|word| matches!(word, "public" | "var"));
        if field.is_static || !is_public || declared.contains("Locked") || field.name.is_empty() {
            continue;
        }
        let site = |node| plimsoll_analysis::Site { module: class.module, node };
        let wanted = field.annotation.map(|node| witnessing.machine.evaluate(site(node)));
        let sent = chain::input(&format!("body.{}", field.name));
        if let Some(ValueKind::Class(of)) = wanted.map(|value| value.kind) {
            // A form object: its properties are set likewise. A model keeps its identity.
            let base = witnessing.machine.library_base(of).unwrap_or_default();
            if base.split(':').next() == Some("Form") {
                let form = witnessing.machine.instance_of(of);
                settable(witnessing, of, &form);
                object.fields.borrow_mut().insert(field.name.clone(), form);
            }
            continue;
        }
        let keeps = object.fields.borrow().get(&field.name).is_some_and(is_record_itself);
        if !keeps {
            object.fields.borrow_mut().insert(field.name.clone(), sent);
        }
    }
}

/// Whether a property holds a model or a list of them, not a value out of one.
fn is_record_itself(value: &Value) -> bool {
    match &value.kind {
        ValueKind::Object(object) => object.class.is_some(),
        ValueKind::Symbol(symbol) => symbol.last_name().ends_with("()") && symbol.last_name() != "id()",
        _ => false,
    }
}

/// What stands before a property's name: attributes, visibility, type.
fn declaration(text: &str, name: usize) -> &str {
    let before = text.get(..name).unwrap_or_default();
    let start = before.rfind([';', '{', '}']).map_or(0, |at| at + 1);
    &before[start..]
}

fn name_of(witnessing: &Witnessing<'_, '_>, class: ClassRef) -> String {
    let module = witnessing.machine.program.module(class.module);
    module.class(class.class).name.as_deref().unwrap_or("component").to_owned()
}

fn head_of(start: u32, file: plimsoll_source::FileId) -> Span {
    Span::new(file, start, start + 1)
}

/// `Admin/UserList` → `admin.user-list`.
fn tag_of(stem: &str) -> String {
    stem.split('/')
        .map(|part| {
            let mut out = String::new();
            for c in part.chars() {
                if c.is_ascii_uppercase() && !out.is_empty() {
                    out.push('-');
                }
                out.push(c.to_ascii_lowercase());
            }
            out
        })
        .collect::<Vec<_>>()
        .join(".")
}

/// The views of the app: name and text.
fn templates<'t>(witnessing: &Witnessing<'t, '_>) -> BTreeMap<String, &'t str> {
    let tree = witnessing.machine.program.tree;
    tree.iter()
        .filter_map(|(_, file)| {
            let (_, inside) = file.path.rsplit_once("views/")?;
            Some((inside.strip_suffix(".blade.php")?.replace('/', "."), file.text()))
        })
        .collect()
}

/// What holds wherever a view is shown that embeds a component.
fn places(templates: &BTreeMap<String, &str>, tag: &str, shown: &Shown) -> Vec<Passage> {
    let names_it = |text: &str, name: &str| {
        [format!("'{name}'"), format!("\"{name}\"")].iter().any(|quoted| text.contains(quoted.as_str()))
    };
    let mut open: Vec<&str> = templates
        .iter()
        .filter(|(_, text)| {
            let as_element = text.match_indices(&format!("<livewire:{tag}")).any(|(at, found)| {
                text[at + found.len()..].starts_with(|c: char| c.is_whitespace() || matches!(c, '/' | '>'))
            });
            as_element || (text.contains("@livewire(") && names_it(text, tag))
        })
        .map(|(name, _)| name.as_str())
        .collect();
    let mut seen: Vec<&str> = Vec::new();
    let mut out = Vec::new();
    while let Some(view) = open.pop() {
        if seen.contains(&view) || seen.len() > 64 {
            continue;
        }
        seen.push(view);
        out.extend(shown.iter().filter(|(name, _)| name == view).map(|(_, passage)| passage.clone()));
        // Partial views and layouts: those that take them in.
        let as_tag = view.strip_prefix("components.").map(|name| format!("<x-{name}"));
        open.extend(
            templates
                .iter()
                .filter(|(_, text)| {
                    names_it(text, view) || as_tag.as_ref().is_some_and(|tag| text.contains(tag.as_str()))
                })
                .map(|(name, _)| name.as_str()),
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{declaration, tag_of};

    #[test]
    fn names() {
        assert_eq!(tag_of("Admin/UserList"), "admin.user-list");
        assert_eq!(
            declaration("class A { public $a = 1; #[Locked] public int $b; }", 46).trim(),
            "#[Locked] public int"
        );
    }
}
