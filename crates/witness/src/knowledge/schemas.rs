//! Schema libraries (Zod, Yup, Joi, Valibot, drizzle-zod): what passes a check has the listed fields and no others.

use std::collections::BTreeMap;
use std::rc::Rc;

use plimsoll_analysis::{Argument, Clean, Label, Labels, Object, Symbol, Value, ValueKind};
use plimsoll_ir::Str;

/// The result of a check by a schema, where its fields are known.
pub(super) fn checked(path: &str, receiver: Option<&Value>, args: &[Argument]) -> Option<Value> {
    let name = path.rsplit('.').next().unwrap_or(path);
    let first = args.first().map(|arg| &arg.value);
    let (schema, input) = match name {
        "parse" | "parseAsync" | "safeParse" | "safeParseAsync" | "validate" | "validateSync" | "validateAsync"
        | "cast" | "parseBody" => match receiver.and_then(Value::as_symbol) {
            Some(schema) if !schema.calls().is_empty() => (Rc::clone(schema), first?),
            // Valibot: `parse(schema, input)`
            _ => (Rc::clone(first?.as_symbol()?), &args.get(1)?.value),
        },
        _ => return None,
    };
    let fields = fields_of(&schema, 0)?;
    let site = schema.site()?;
    // Of a record put together on the spot each field is known by itself; only the rest comes from what is spread into it.
    let literal = match &input.kind {
        ValueKind::Object(object) if !object.is_array => Some(Rc::clone(object)),
        _ => None,
    };
    let origin = match &literal {
        Some(object) => {
            object.spreads.borrow().iter().fold(Labels::NONE, |all, spread| all.union(&spread.deep_labels()))
        }
        None => input.deep_labels(),
    };
    let object = Object::new(site, false);
    for (field, clean) in fields {
        if let Some(given) = literal.as_ref().and_then(|object| object.fields.borrow().get(&field).cloned()) {
            let labels = given.labels.cleaned(clean);
            object.fields.borrow_mut().insert(field, Value { kind: given.kind, labels });
            continue;
        }
        let labels: Labels = origin
            .iter()
            .map(|label| match label {
                Label::Input(path, known) if path.matches('.').count() < 2 => {
                    Label::Input(format!("{path}.{field}").into(), known.and(clean))
                }
                Label::Input(path, known) => Label::Input(path.clone(), known.and(clean)),
                other => other.clone(),
            })
            .collect();
        let value = Value::symbol(Symbol::member(&Symbol::global("?"), &field), labels);
        object.fields.borrow_mut().insert(field, value);
    }
    let value = Value::plain(ValueKind::Object(Rc::new(object)));
    // `safeParse` and Joi give an envelope.
    let wrapped = if name.starts_with("safe") {
        "data"
    } else if name == "validate" && schema.path.to_ascii_lowercase().contains("joi") {
        "value"
    } else {
        return Some(value);
    };
    let envelope = Object::new(site, false);
    envelope.fields.borrow_mut().insert(wrapped.into(), value);
    for other in ["success", "error"] {
        envelope.fields.borrow_mut().insert(other.into(), Value::unknown());
    }
    Some(Value::plain(ValueKind::Object(Rc::new(envelope))))
}

/// The fields that a schema lets through, with what their kinds rule out. `None` where it lets others through as well,
/// or is not understood.
fn fields_of(schema: &Symbol, depth: u32) -> Option<BTreeMap<Str, Clean>> {
    if depth > 4 {
        return None;
    }
    let mut fields: Option<BTreeMap<Str, Clean>> = None;
    for (name, args, _) in schema.calls() {
        let first = args.first().map(|arg| &arg.value);
        match name.as_str() {
            "object" | "strictObject" | "interface" => {
                fields = Some(literal(first?)?);
            }
            "createInsertSchema" | "createUpdateSchema" => fields = Some(columns(first?)?),
            "extend" | "merge" | "augment" | "safeExtend" | "keys" | "append" | "shape" => {
                let more = match first.and_then(Value::as_symbol) {
                    Some(other) if first.is_some_and(|first| first.as_object().is_none()) => {
                        fields_of(other, depth + 1)?
                    }
                    _ => literal(first?)?,
                };
                fields.as_mut()?.extend(more);
            }
            "pick" => {
                let kept = names(first?);
                fields.as_mut()?.retain(|field, _| kept.contains(field));
            }
            "omit" => {
                let dropped = names(first?);
                fields.as_mut()?.retain(|field, _| !dropped.contains(field));
            }
            "passthrough" | "loose" | "catchall" | "unknown" | "looseObject" | "and" | "or" => return None,
            _ => {}
        }
    }
    fields
}

fn names(value: &Value) -> Vec<Str> {
    value.as_object().map(|object| object.fields.borrow().keys().cloned().collect()).unwrap_or_default()
}

fn literal(value: &Value) -> Option<BTreeMap<Str, Clean>> {
    let object = value.as_object()?;
    if !object.spreads.borrow().is_empty() {
        return None;
    }
    let fields = object.fields.borrow();
    Some(fields.iter().map(|(name, value)| (name.clone(), kind_of(value.path()))).collect())
}

/// What the kind of a field rules out.
fn kind_of(path: &str) -> Clean {
    let has = |words: &[&str]| words.iter().any(|word| path.contains(word));
    if has(&["number()", "boolean()", "int()", "bigint()", "date()", "uuid()", "datetime()"]) {
        Clean::ALL
    } else if has(&["enum()", "nativeEnum()", "literal()", "oneOf()", "valid()", "picklist()"]) {
        Clean::LISTED
    } else if has(&["string()", "email()", "url()"]) {
        Clean::SCALAR
    } else {
        Clean::NONE
    }
}

/// The columns of a Drizzle table.
fn columns(table: &Value) -> Option<BTreeMap<Str, Clean>> {
    let symbol = table.as_symbol()?;
    let (_, args, _) = symbol.calls().into_iter().rev().find(|(name, ..)| name.ends_with("Table"))?;
    let fields = names(&args.get(1)?.value);
    (!fields.is_empty()).then(|| fields.into_iter().map(|name| (name, Clean::SCALAR)).collect())
}
