//! Django models.

use std::collections::BTreeMap;

use plimsoll_analysis::Program;
use plimsoll_ir::{Class, Kind, Language, Module};
use plimsoll_model::App;
use plimsoll_model::app::{Field, StoreKind};

use super::tree::{elements, first_call, value_of};
use super::{add, choices, field, new_store};

/// Columns that Django's own user classes bring.
const ABSTRACT_USER: &[&str] = &["username", "first_name", "last_name", "email", "password", "last_login"];
const ABSTRACT_BASE_USER: &[&str] = &["password", "last_login"];

pub(super) fn read(program: &Program<'_>, app: &mut App) {
    let python = || program.iter().filter(|(_, module)| module.language == Language::Python);
    let is_django = |module: &Module| module.imports.iter().any(|import| import.module.starts_with("django"));
    // Columns of abstract classes by class name, for the classes that inherit them.
    let mut inherited: BTreeMap<String, Vec<Field>> = BTreeMap::new();
    for (_, module) in python().filter(|(_, module)| is_django(module)) {
        for class in module.classes.iter().filter(|class| is_abstract(module, class)) {
            let Some(name) = &class.name else { continue };
            inherited.entry(name.to_string()).or_default().extend(columns(module, class));
        }
    }
    for (id, module) in python() {
        for class in module.classes.iter().filter(|class| !is_abstract(module, class)) {
            let bases: Vec<String> = class.bases.iter().filter_map(|&base| module.path(base)).collect();
            let base_is = |name: &str| bases.iter().any(|base| base.rsplit('.').next() == Some(name));
            let span = module.span_of(class.range);
            let mut fields: Vec<Field> = Vec::new();
            if base_is("AbstractUser") {
                fields.extend(ABSTRACT_USER.iter().map(|&name| field(name, span)));
            } else if base_is("AbstractBaseUser") {
                fields.extend(ABSTRACT_BASE_USER.iter().map(|&name| field(name, span)));
            }
            let own = if is_django(module) { columns(module, class) } else { Vec::new() };
            let known = bases.iter().filter_map(|base| inherited.get(base.rsplit('.').next().unwrap_or(base)));
            let from_above: Vec<Field> = known.flatten().cloned().collect();
            let is_model = bases.iter().any(|base| base == "models.Model" || base.ends_with(".models.Model"))
                || !own.is_empty()
                || !fields.is_empty()
                || !from_above.is_empty();
            fields.extend(from_above);
            fields.extend(own);
            if !is_model || fields.is_empty() {
                continue;
            }
            let name = class.name.as_deref().unwrap_or_default();
            let mut store = new_store(StoreKind::Table, table_name(module, class, program.path(id), name), span);
            store.fields = fields;
            add(app, store);
        }
    }
    let has_accounts = app.stores.iter().any(|store| store.fields.iter().any(|field| field.name == "username"));
    // Without a user class of its own the app uses Django's.
    if !has_accounts
        && let Some((_, module)) = python().find(|(id, module)| {
            program.path(*id).ends_with("settings.py")
                && module.iter().any(|(_, at)| matches!(&at.kind, Kind::Str(text) if text == "django.contrib.auth"))
        })
    {
        let span = plimsoll_source::Span::whole(module.file);
        let mut store = new_store(StoreKind::Table, "auth_user", span);
        store.fields.extend(ABSTRACT_USER.iter().map(|&name| field(name, span)));
        add(app, store);
    }
}

fn meta<'m>(module: &'m Module, class: &Class) -> Option<&'m Class> {
    let value = class.fields.iter().find(|field| field.name == "Meta")?.value?;
    match module.kind(value) {
        Kind::Class(id) => Some(module.class(*id)),
        _ => None,
    }
}

fn is_abstract(module: &Module, class: &Class) -> bool {
    meta(module, class).is_some_and(|meta| {
        meta.fields.iter().any(|field| {
            field.name == "abstract" && field.value.is_some_and(|value| matches!(module.kind(value), Kind::Bool(true)))
        })
    })
}

/// `app_model`, the app being the folder of the file.
fn table_name(module: &Module, class: &Class, path: &str, name: &str) -> String {
    let given = meta(module, class)
        .and_then(|meta| meta.fields.iter().find(|field| field.name == "db_table"))
        .and_then(|field| module.string(field.value?));
    if let Some(given) = given {
        return given.to_owned();
    }
    let mut folders: Vec<&str> = path.split('/').collect();
    folders.pop();
    if folders.last() == Some(&"models") {
        folders.pop();
    }
    match folders.last() {
        Some(folder) => format!("{}_{}", folder.to_lowercase(), name.to_lowercase()),
        None => name.to_lowercase(),
    }
}

fn columns(module: &Module, class: &Class) -> Vec<Field> {
    let mut out = Vec::new();
    for known in &class.fields {
        let Some((path, args)) = known.value.and_then(|value| first_call(module, value)) else { continue };
        let last = path.rsplit('.').next().unwrap_or("");
        let own_type = last.ends_with("Field") || matches!(last, "ForeignKey");
        // A form has fields too; theirs come from `forms`.
        if !own_type || path.starts_with("forms.") || path.starts_with("serializers.") || path.starts_with("filters.") {
            continue;
        }
        if !(path.starts_with("models.") || path.contains(".models.") || !path.contains('.')) {
            continue;
        }
        if !path.contains("models.") && !module.imports.iter().any(|import| import.module.contains("models")) {
            continue;
        }
        let span = module.span_of(known.range);
        out.push(field(known.name.as_str(), span));
        let choice =
            args.iter().find(|arg| arg.name.as_deref() == Some("choices")).map(|arg| match module.kind(arg.value) {
                Kind::Name(name) => class
                    .fields
                    .iter()
                    .find(|field| field.name == *name)
                    .and_then(|field| field.value)
                    .or_else(|| value_of(module, name, arg.value))
                    .unwrap_or(arg.value),
                _ => arg.value,
            });
        if let Some(list) = choice {
            let values: Vec<_> = elements(module, list)
                .iter()
                .map(|&pair| elements(module, pair).first().copied().unwrap_or(pair))
                .collect();
            out.extend(choices(&known.name, module, &values, span));
        }
    }
    out
}
