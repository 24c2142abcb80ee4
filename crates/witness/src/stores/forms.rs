//! Forms: what the app asks people for.

use plimsoll_ir::{Kind, Language, Module};
use plimsoll_model::App;
use plimsoll_model::app::{Field, Form};
use plimsoll_source::{SourceTree, Span};

use super::field;

const MAX_INPUTS: usize = 200;

/// JSX inputs, `register('x')`, `formData.get('x')`, form classes.
pub(super) fn read_code(path: &str, module: &Module, app: &mut App) {
    let mut fields: Vec<Field> = Vec::new();
    for (node, at) in module.iter() {
        match &at.kind {
            Kind::Element { tag, attributes, .. } => {
                let Kind::Name(tag) = module.kind(*tag) else { continue };
                if !matches!(
                    tag.as_str(),
                    "input"
                        | "Input"
                        | "select"
                        | "textarea"
                        | "Textarea"
                        | "TextField"
                        | "Field"
                        | "FormField"
                        | "TextInput"
                ) {
                    continue;
                }
                let value = |wanted: &str| {
                    attributes
                        .iter()
                        .find(|attribute| matches!(&attribute.key, plimsoll_ir::Key::Named(name) if name == wanted))
                        .and_then(|attribute| module.string(attribute.value))
                };
                input(value("type"), value("name").or(value("id")), module.span(node), &mut fields);
            }
            Kind::Call { callee, args, .. } => {
                let called = match module.kind(*callee) {
                    Kind::Name(name) => name.to_string(),
                    Kind::Member { object, property } => {
                        let object = module.path(*object).unwrap_or_default().to_ascii_lowercase();
                        if property == "get" && !object.contains("formdata") {
                            continue;
                        }
                        property.to_string()
                    }
                    _ => continue,
                };
                if matches!(called.as_str(), "register" | "get") && module.language == Language::JavaScript {
                    let name = args.first().and_then(|arg| module.string(arg.value));
                    input(None, name.filter(|name| !name.contains(['/', ' '])), module.span(node), &mut fields);
                }
            }
            _ => {}
        }
    }
    for class in &module.classes {
        form_class(module, class, &mut fields);
    }
    add(app, path, module.file, fields);
}

/// `class LoginForm(FlaskForm)`, `class BookingForm(forms.Form)`.
fn form_class(module: &Module, class: &plimsoll_ir::Class, fields: &mut Vec<Field>) {
    let is_form = class.bases.iter().filter_map(|&base| module.path(base)).any(|base| base.ends_with("Form"));
    if !is_form || module.language != Language::Python {
        return;
    }
    for known in &class.fields {
        if let Some(Kind::Call { callee, .. }) = known.value.map(|value| module.kind(value))
            && module.path(*callee).is_some_and(|path| {
                path.ends_with("Field") && !path.ends_with("SubmitField") && !path.ends_with("BooleanField")
            })
        {
            fields.push(field(known.name.as_str(), module.span_of(known.range)));
        }
        if known.name == "Meta"
            && let Some(Kind::Class(meta)) = known.value.map(|value| module.kind(value))
            && let Some(list) =
                module.class(*meta).fields.iter().find(|field| field.name == "fields").and_then(|field| field.value)
        {
            for &name in super::tree::elements(module, list) {
                fields.extend(module.string(name).map(|text| field(text, module.span(name))));
            }
        }
    }
}

fn input(ty: Option<&str>, name: Option<&str>, span: Span, fields: &mut Vec<Field>) {
    let Some(name) = name.filter(|name| !name.is_empty() && name.len() < 80) else { return };
    if matches!(
        ty,
        Some("submit" | "button" | "checkbox" | "radio" | "hidden" | "reset" | "search" | "range" | "color")
    ) {
        return;
    }
    if fields.len() < MAX_INPUTS && !fields.iter().any(|known| known.name == name) {
        fields.push(field(name, span));
    }
}

fn add(app: &mut App, path: &str, file: plimsoll_source::FileId, fields: Vec<Field>) {
    if !fields.is_empty() {
        app.forms.push(Form { name: path.to_owned(), fields, span: Span::whole(file) });
    }
}

/// Inputs of HTML and templates.
pub(super) fn read_markup(tree: &SourceTree, app: &mut App) {
    const EXTENSIONS: &[&str] =
        &["html", "htm", "php", "ejs", "hbs", "njk", "twig", "jinja", "jinja2", "j2", "vue", "svelte", "astro"];
    for (id, file) in tree.iter().filter(|(_, file)| EXTENSIONS.contains(&file.extension())) {
        let text = file.text();
        let mut fields = Vec::new();
        let mut from = 0;
        while let Some(at) = text[from..].find('<') {
            let start = from + at;
            from = start + 1;
            let rest = &text[from..];
            if !["input", "select", "textarea"]
                .iter()
                .any(|tag| rest.get(..tag.len()).is_some_and(|head| head.eq_ignore_ascii_case(tag)))
            {
                continue;
            }
            let Some(end) = rest.find('>').filter(|&end| end < 2_000) else { continue };
            let tag = &rest[..end];
            let span = Span::new(id, u32::try_from(start).unwrap_or(0), u32::try_from(from + end + 1).unwrap_or(0));
            let name = attribute(tag, "name").or_else(|| attribute(tag, "v-model")).or_else(|| attribute(tag, "id"));
            let name = name.filter(|name| !name.contains(['{', '<', '$']));
            input(attribute(tag, "type"), name.map(|name| name.rsplit('.').next().unwrap_or(name)), span, &mut fields);
        }
        add(app, &file.path, id, fields);
    }
}

fn attribute<'t>(tag: &'t str, name: &str) -> Option<&'t str> {
    let mut from = 0;
    while let Some(at) = tag[from..].find(name) {
        let start = from + at;
        from = start + name.len();
        let before = tag[..start].chars().next_back();
        let Some(rest) = tag[from..].trim_start().strip_prefix('=') else { continue };
        if !before.is_some_and(char::is_whitespace) {
            continue;
        }
        let rest = rest.trim_start();
        return match rest.chars().next()? {
            quote @ ('"' | '\'') => rest[1..].split(quote).next(),
            _ => rest.split([' ', '>', '/']).next(),
        };
    }
    None
}
