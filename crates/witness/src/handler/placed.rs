//! Which value goes where in an SQL statement: into a column, or into the condition that chooses the rows.

use std::collections::BTreeMap;

use plimsoll_analysis::{Argument, Event, EventKind, Value, ValueKind};
use plimsoll_model::app::EffectKind;

/// The values bound to a statement.
#[derive(Debug, Default)]
pub(super) struct Placed {
    /// Column and value of what is written.
    pub(super) written: Vec<(String, Value)>,
    /// Values of the condition.
    pub(super) filters: Vec<Value>,
}

/// What is handed over beside a statement, by position and by name.
#[derive(Debug, Default)]
struct Bound {
    values: Vec<Value>,
    named: BTreeMap<String, Value>,
}

impl Bound {
    /// `execute([$a, $b])`, `execute(['name' => $a])`
    fn take_list(&mut self, value: &Value) {
        let Some(object) = value.as_object().filter(|object| object.spreads.borrow().is_empty()) else { return };
        self.values.extend(object.items.borrow().iter().cloned());
        let fields = object.fields.borrow();
        self.named.extend(fields.iter().map(|(name, value)| (name.trim_start_matches(':').to_owned(), value.clone())));
    }

    /// `bindValue(':name', $a)`, `bindValue(1, $a)`
    fn take_one(&mut self, args: &[Argument]) {
        let [place, value, ..] = args else { return };
        match place.value.as_str() {
            Some(name) => _ = self.named.insert(name.trim_start_matches(':').to_owned(), value.value.clone()),
            None => self.values.push(value.value.clone()),
        }
    }
}

/// Places the values that a prepared statement is given before it runs for the first time: PDO and mysqli.
pub(super) fn placed_later(sql: &str, kind: EffectKind, events: &[Event], index: usize) -> Option<Placed> {
    const NEAR: usize = 400;
    let site = events[index].site;
    let mut bound = Bound::default();
    for later in events[index + 1..].iter().take(NEAR) {
        let EventKind::Call { callee, args } = &later.kind else { continue };
        let of_statement = |arg: &Argument| arg.value.as_symbol().is_some_and(|symbol| symbol.passes(site));
        match callee.last_name().as_str() {
            "mysqli_stmt_bind_param" if args.first().is_some_and(of_statement) => {
                bound.values.extend(args.iter().skip(2).map(|arg| arg.value.clone()));
            }
            _ if !callee.passes(site) => {}
            "bind_param" => bound.values.extend(args.iter().skip(1).map(|arg| arg.value.clone())),
            "bindParam" | "bindValue" => bound.take_one(args),
            "execute" => {
                if let Some(list) = args.first() {
                    bound.take_list(&list.value);
                }
                break;
            }
            _ => {}
        }
    }
    places(sql, kind, bound)
}

/// Places the values of a list handed over beside the text; `None` where their number or places are not certain.
pub(super) fn placed(sql: &str, kind: EffectKind, args: &[Argument]) -> Option<Placed> {
    let list = args.iter().find(|arg| {
        arg.value.as_object().is_some_and(|object| object.is_array && object.spreads.borrow().is_empty())
            && matches!(arg.value.kind, ValueKind::Object(_))
    })?;
    places(sql, kind, Bound { values: list.value.items(), named: BTreeMap::new() })
}

fn places(sql: &str, kind: EffectKind, given: Bound) -> Option<Placed> {
    // What is put together while it runs has no fixed places.
    if (given.values.is_empty() && given.named.is_empty()) || sql.contains("{}") {
        return None;
    }
    let lower = sql.to_ascii_lowercase();
    let mut out = Placed::default();
    match kind {
        EffectKind::Create => {
            let open = sql.find('(')?;
            let close = open + sql[open..].find(')')?;
            let columns: Vec<&str> = sql[open + 1..close].split(',').map(name_of).collect();
            let after = close + lower[close..].find("values")?;
            let start = after + sql[after..].find('(')?;
            let mut next = 0;
            for (column, slot) in columns.iter().zip(slots(&sql[start + 1..])) {
                if let Some(value) = bound(slot, &mut next, &given) {
                    out.written.push(((*column).to_owned(), value));
                }
            }
        }
        EffectKind::Update => {
            let set = lower.find(" set ").or_else(|| lower.find("\nset ")).or_else(|| lower.find(" set\n"))? + 5;
            let end = lower[set..].find("where").map_or(sql.len(), |at| set + at);
            let mut next = 0;
            for part in slots(&sql[set..end]) {
                let Some((column, value)) = part.split_once('=') else { continue };
                if let Some(value) = bound(value, &mut next, &given) {
                    out.written.push((name_of(column).to_owned(), value));
                }
            }
            conditions(&sql[end..], next, &given, &mut out);
        }
        EffectKind::Read | EffectKind::Delete => {
            out.filters = given.values;
            out.filters.extend(given.named.into_values());
        }
        _ => return None,
    }
    Some(out)
}

/// Everything bound in a condition.
fn conditions(text: &str, mut next: usize, given: &Bound, out: &mut Placed) {
    let mut rest = text;
    while let Some(at) = rest.find(['?', '$', '%', ':']) {
        if let Some(value) = bound(&rest[at..], &mut next, given) {
            out.filters.push(value);
        }
        rest = &rest[at + 1..];
    }
}

/// Splits at commas that stand in no bracket, up to the bracket that ends the list.
fn slots(text: &str) -> Vec<&str> {
    let (mut depth, mut start, mut out) = (0i32, 0, Vec::new());
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' if depth == 0 => {
                out.push(&text[start..at]);
                return out;
            }
            ')' => depth -= 1,
            ',' if depth == 0 => {
                out.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    out.push(&text[start..]);
    out
}

/// The value of a place that is nothing but a placeholder: `?`, `$2`, `%s`, `:name`. Counts every placeholder in it.
fn bound(slot: &str, next: &mut usize, given: &Bound) -> Option<Value> {
    let (slot, values) = (slot.trim(), &given.values);
    if let Some(name) = slot.strip_prefix(':') {
        let end = name.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(name.len());
        return given.named.get(&name[..end]).cloned();
    }
    if let Some(number) = slot.strip_prefix('$') {
        let digits: String = number.chars().take_while(char::is_ascii_digit).collect();
        return values.get(digits.parse::<usize>().ok()?.checked_sub(1)?).cloned();
    }
    let marks = slot.matches('?').count() + slot.matches("%s").count();
    let is_first = slot.starts_with('?') || slot.starts_with("%s");
    let value = values.get(*next).filter(|_| is_first).cloned();
    *next += marks.min(if is_first { 1 } else { marks });
    value
}

fn name_of(column: &str) -> &str {
    column.trim().rsplit('.').next().unwrap_or("").trim_matches(['"', '`', '[', ']', ' '])
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use plimsoll_analysis::{Argument, ModuleId, Object, Site, Value, ValueKind};
    use plimsoll_model::app::EffectKind;

    use super::placed;

    fn list(words: &[&str]) -> Vec<Argument> {
        let site = Site { module: ModuleId(0), node: plimsoll_ir::NodeId(0) };
        let object = Object::new(site, true);
        object.items.borrow_mut().extend(words.iter().map(|word| Value::string(*word)));
        let value = Value::plain(ValueKind::Object(Rc::new(object)));
        vec![Argument { name: None, value, spread: false }]
    }

    #[test]
    fn places() {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let cases = [
            ("INSERT INTO t (a, b, c) VALUES (?, NOW(), ?)", EffectKind::Create, "a=1 c=2", ""),
            ("INSERT INTO t (a, \"b\") VALUES ($2, $1)", EffectKind::Create, "a=2 b=1", ""),
            ("UPDATE t SET a = ?, b = COALESCE(?, b) WHERE id = ?", EffectKind::Update, "a=1", "3"),
            ("UPDATE t\nSET a = $1 WHERE id = $3 AND c = $2", EffectKind::Update, "a=1", "3 2"),
            ("DELETE FROM t WHERE id = ?", EffectKind::Delete, "", "1 2 3"),
        ];
        for (sql, kind, written, filters) in cases {
            let found = placed(sql, kind, &list(&["1", "2", "3"])).unwrap_or_default();
            let pairs: Vec<String> =
                found.written.iter().map(|(name, value)| format!("{name}={}", text(value))).collect();
            assert_eq!(pairs.join(" "), written, "{sql}");
            assert_eq!(found.filters.iter().map(text).collect::<Vec<_>>().join(" "), filters, "{sql}");
        }
    }
}
