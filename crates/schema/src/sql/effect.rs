//! Statements that a DO block builds at run time: `EXECUTE format('CREATE POLICY … ON %I', t)` in a loop.

use std::collections::BTreeMap;

use super::expr::{Expr, Lit, parse};
use super::lex::{Kind, Piece, name_of, string_of};
use super::replay::Schema;

/// A value that is known when the block is read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Text(String),
    List(Vec<String>),
    /// Fields of a row: `r.tablename`.
    Row(BTreeMap<String, String>),
}

/// A loop: its variable and the values it takes; `None` when they are not known.
#[derive(Clone, Debug)]
pub(crate) struct Loop {
    variable: String,
    values: Option<Vec<Value>>,
}

/// What a call gives, one for each argument: the text where it is a constant.
pub(crate) fn arguments(piece: Piece<'_>) -> Vec<Option<String>> {
    if piece.tokens.is_empty() {
        return Vec::new();
    }
    let known = BTreeMap::new();
    piece.split_commas().into_iter().map(|argument| text_of(&parse(argument), &known)).collect()
}

/// Strings in a piece.
fn strings(piece: Piece<'_>) -> Vec<String> {
    (0..piece.tokens.len())
        .filter_map(|index| {
            let kind = piece.kind(index).filter(|kind| *kind == Kind::Str)?;
            Some(string_of(kind, piece.raw(index)))
        })
        .collect()
}

/// Reads `FOR v IN …` or `FOREACH v IN ARRAY …` (without the word LOOP).
pub(crate) fn read_loop(piece: Piece<'_>, variables: &BTreeMap<String, Value>, schema: &Schema) -> Loop {
    let variable = piece.kind(1).map_or_else(String::new, |kind| name_of(kind, piece.raw(1)));
    let mentions = |word: &str| (0..piece.tokens.len()).any(|index| piece.is(index, word));
    let row = |pairs: &[(&str, &str)]| {
        Value::Row(pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect())
    };
    let mut wanted = strings(piece);
    // `tablename = t`, where the value of `t` is known: a parameter, an outer loop's variable has its own way.
    wanted.extend((2..piece.tokens.len()).filter_map(|index| {
        let kind = piece.kind(index).filter(|kind| matches!(kind, Kind::Word | Kind::Quoted))?;
        match variables.get(&name_of(kind, piece.raw(index)))? {
            Value::Text(text) => Some(text.rsplit('.').next().unwrap_or(text).to_owned()),
            Value::List(_) | Value::Row(_) => None,
        }
    }));
    let values = if mentions("pg_policies") || mentions("pg_policy") {
        // Which tables: those named in the condition; all of the schema where none is.
        let schemas = ["public", "storage", "auth"];
        let named: Vec<&String> = wanted.iter().filter(|name| !schemas.contains(&name.as_str())).collect();
        let in_storage = wanted.iter().any(|name| name == "storage");
        let mut rows = Vec::new();
        for table in schema.tables.values() {
            let storage = table.name.starts_with("storage.");
            let bare = table.name.rsplit('.').next().unwrap_or(&table.name);
            if storage != in_storage || !(named.is_empty() || named.iter().any(|name| name.as_str() == bare)) {
                continue;
            }
            let space = if storage { "storage" } else { "public" };
            for policy in &table.policies {
                rows.push(row(&[("policyname", &policy.name), ("tablename", bare), ("schemaname", space)]));
            }
        }
        let by_name = mentions("like") || mentions("ilike") || wanted.iter().any(|name| name.contains(' '));
        (!by_name).then_some(rows)
    } else if mentions("pg_tables") || mentions("tables") {
        let excluded = mentions("not");
        let named: Vec<&String> = wanted.iter().filter(|name| *name != "public" && *name != "BASE TABLE").collect();
        let tables = schema.tables.values().filter(|table| !table.name.contains('.') && table.view.is_none());
        let rows = tables
            .filter(|table| named.is_empty() || (named.contains(&&table.name) != excluded))
            .map(|table| row(&[("tablename", &table.name), ("table_name", &table.name), ("schemaname", "public")]))
            .collect();
        Some(rows)
    } else if mentions("array") || mentions("unnest") || mentions("values") {
        if wanted.is_empty() { list_variable(piece, variables) } else { Some(texts(&wanted)) }
    } else {
        list_variable(piece, variables)
    };
    Loop { variable, values }
}

fn texts(list: &[String]) -> Vec<Value> {
    list.iter().cloned().map(Value::Text).collect()
}

fn list_variable(piece: Piece<'_>, variables: &BTreeMap<String, Value>) -> Option<Vec<Value>> {
    (2..piece.tokens.len()).find_map(|index| match variables.get(&name_of(piece.kind(index)?, piece.raw(index)))? {
        Value::List(list) => Some(texts(list)),
        Value::Text(_) | Value::Row(_) => None,
    })
}

/// `v text := 'x'`, `v := ARRAY['a', 'b']`; a `declare` in front is skipped.
pub(crate) fn assign(piece: Piece<'_>, variables: &mut BTreeMap<String, Value>) {
    let first = usize::from(piece.is(0, "declare"));
    let Some(kind @ (Kind::Word | Kind::Quoted)) = piece.kind(first) else { return };
    let value = (first + 1..piece.tokens.len().min(first + 12))
        .find(|&index| piece.is_op(index, ":=") || piece.is_op(index, "=") || piece.is(index, "default"));
    let Some(value) = value else { return };
    let name = name_of(kind, piece.raw(first));
    let known = match parse(piece.slice(value + 1, piece.tokens.len())) {
        Expr::List(items) => items
            .iter()
            .map(|item| if let Expr::Lit(Lit::Str(text)) = item { Some(text.clone()) } else { None })
            .collect::<Option<Vec<_>>>()
            .map(Value::List),
        expr => text_of(&expr, variables).map(Value::Text),
    };
    match known {
        Some(known) => {
            variables.insert(name, known);
        }
        None => {
            variables.remove(&name);
        }
    }
}

/// The statements that `EXECUTE …` runs, once per value of the loops around it. `None` when that is not known.
pub(crate) fn expand(piece: Piece<'_>, loops: &[Loop], variables: &BTreeMap<String, Value>) -> Option<Vec<String>> {
    let end = piece.find_top(1, &["using", "into"]).unwrap_or(piece.tokens.len());
    let expr = parse(piece.slice(1, end));
    let mut environments = vec![variables.clone()];
    for one in loops {
        let Some(values) = &one.values else {
            // The loop's variable may not be used.
            continue;
        };
        let mut next = Vec::new();
        for environment in &environments {
            for value in values {
                if next.len() > 2_000 {
                    return None;
                }
                let mut environment = environment.clone();
                environment.insert(one.variable.clone(), value.clone());
                next.push(environment);
            }
        }
        environments = next;
    }
    environments.iter().map(|environment| text_of(&expr, environment)).collect()
}

/// Evaluates an expression that builds a text.
fn text_of(expr: &Expr, environment: &BTreeMap<String, Value>) -> Option<String> {
    match expr {
        Expr::Lit(Lit::Str(text)) => Some(text.clone()),
        Expr::Op { op, left, right } if op == "||" => Some(text_of(left, environment)? + &text_of(right, environment)?),
        Expr::Col(parts) => match (parts.as_slice(), environment.get(parts.first()?)?) {
            ([_], Value::Text(text)) => Some(text.clone()),
            ([_], Value::Row(row)) => row.get("tablename").cloned(),
            ([_, field], Value::Row(row)) => row.get(field).cloned(),
            ([_, _], Value::Text(text)) => Some(text.clone()),
            _ => None,
        },
        Expr::Call { name, args } => match (name.last()?.as_str(), args.as_slice()) {
            ("quote_ident", [inner]) => Some(quote(&text_of(inner, environment)?, '"')),
            ("quote_literal", [inner]) => Some(quote(&text_of(inner, environment)?, '\'')),
            ("format", [pattern, values @ ..]) => format(&text_of(pattern, environment)?, values, environment),
            ("concat", parts) => parts.iter().map(|part| text_of(part, environment)).collect(),
            ("initcap" | "lower" | "replace" | "trim", [inner, ..]) => text_of(inner, environment),
            _ => None,
        },
        _ => None,
    }
}

fn quote(text: &str, mark: char) -> String {
    let twice = format!("{mark}{mark}");
    format!("{mark}{}{mark}", text.replace(mark, &twice))
}

/// `format` with `%I`, `%L`, `%s`, `%1$I` and `%%`.
fn format(pattern: &str, values: &[Expr], environment: &BTreeMap<String, Value>) -> Option<String> {
    let mut out = String::new();
    let mut next = 0;
    let mut rest = pattern;
    while let Some(at) = rest.find('%') {
        out.push_str(rest.get(..at)?);
        rest = rest.get(at + 1..)?;
        if let Some(after) = rest.strip_prefix('%') {
            out.push('%');
            rest = after;
            continue;
        }
        if let Some(dollar) = rest.find('$').filter(|&dollar| dollar <= 2)
            && let Ok(position) = rest.get(..dollar)?.parse::<usize>()
        {
            next = position.checked_sub(1)?;
            rest = rest.get(dollar + 1..)?;
        }
        let kind = rest.chars().next()?;
        let value = text_of(values.get(next)?, environment)?;
        next += 1;
        out.push_str(&match kind {
            'I' => quote(&value, '"'),
            'L' => quote(&value, '\''),
            's' => value,
            _ => return None,
        });
        rest = rest.get(1..)?;
        if out.len() > 100_000 {
            return None;
        }
    }
    out.push_str(rest);
    Some(out)
}
