//! Columns of records that cannot hold text of somebody's choice: numbers, dates, words of a fixed list. What a statement
//! works out is told by the statement, what a table keeps by its declaration.

use plimsoll_analysis::{Label, Symbol, SymbolKind, Value, ValueKind};

use super::php::{dresses, is_number_name};
use super::rows::normalised;
use crate::knowledge::stores;

/// Marks a flow's limit as the list of columns that it shows: `customer+order.state customer.kind`.
pub(super) const COLUMNS: &str = "columns ";

/// How deep a value is looked into.
const DEPTH: u32 = 6;

/// The columns that a value shows, each behind the stores that it may belong to; `None` where something else of a record
/// is shown.
pub(super) fn columns(value: &Value) -> Option<Vec<String>> {
    let mut out = Vec::new();
    (gather(value, DEPTH, &mut out) && !out.is_empty()).then_some(out)
}

fn gather(value: &Value, depth: u32, out: &mut Vec<String>) -> bool {
    if depth == 0 {
        return false;
    }
    if !value.deep_labels().any(|label| matches!(label, Label::Record(..))) {
        return true;
    }
    match &value.kind {
        ValueKind::Text(parts) => parts.iter().all(|part| gather(part, depth - 1, out)),
        ValueKind::Choice(list) => list.iter().all(|(value, _)| gather(value, depth - 1, out)),
        ValueKind::Or(pair) => gather(&pair.0, depth - 1, out) && gather(&pair.1, depth - 1, out),
        ValueKind::Symbol(symbol) => {
            if is_number_name(&symbol.last_name()) || is_computed(symbol) {
                return true;
            }
            if let SymbolKind::Call { args, .. } = &symbol.kind
                && dresses(symbol)
            {
                return args.iter().all(|arg| gather(&arg.value, depth - 1, out));
            }
            let SymbolKind::Member(_, name) = &symbol.kind else { return false };
            let mut stores: Vec<String> = value
                .labels
                .iter()
                .filter_map(|label| match label {
                    Label::Record(store, _) if !store.is_empty() => Some(normalised(store)),
                    _ => None,
                })
                .collect();
            stores.sort();
            stores.dedup();
            out.push(format!("{}.{name}", stores.join("+")));
            true
        }
        _ => false,
    }
}

/// Whether a value is a column that its statement works out as a number or date: `COUNT(*) AS done`.
pub(super) fn is_computed(symbol: &Symbol) -> bool {
    let (row, column) = match &symbol.kind {
        SymbolKind::Member(row, name) => (row.as_ref(), Some(name.as_str())),
        SymbolKind::Index(row, _) => (row.as_ref(), None),
        SymbolKind::Call { callee, .. } if callee.last_name() == "fetchColumn" => (symbol, None),
        _ => return false,
    };
    statement_of(row, DEPTH).is_some_and(|sql| match column {
        Some(name) if !name.bytes().all(|c| c.is_ascii_digit()) => {
            selected(&sql).into_iter().any(|(alias, item)| alias.eq_ignore_ascii_case(name) && is_worked_out(item))
        }
        // `fetchColumn()`, `fetch_row()[0]`
        _ => {
            let all = selected(&sql);
            !all.is_empty() && all.iter().all(|(_, item)| is_worked_out(item))
        }
    })
}

/// The statement that a record came from.
fn statement_of(symbol: &Symbol, depth: u32) -> Option<String> {
    if depth == 0 {
        return None;
    }
    let calls = symbol.calls();
    let own = calls.iter().rev().find_map(|(name, args, _)| stores::sql_text(name, args));
    own.or_else(|| {
        // `mysqli_fetch_assoc(mysqli_query($db, "…"))`
        let inner = calls.iter().rev().flat_map(|(_, args, _)| args.iter());
        inner.filter_map(|arg| arg.value.as_symbol()).find_map(|inner| statement_of(inner, depth - 1))
    })
}

/// What a statement selects: name and expression, in order.
fn selected(sql: &str) -> Vec<(&str, &str)> {
    // Only ASCII is folded, so places in both texts are the same.
    let lower = sql.to_ascii_lowercase();
    let Some(from) = lower.find("select").map(|at| at + "select".len()) else { return Vec::new() };
    let bytes = lower.as_bytes();
    let (mut depth, mut quote, mut start) = (0u32, None, from);
    let mut out = Vec::new();
    let mut at = from;
    while at < bytes.len() {
        let byte = bytes[at];
        match (quote, byte) {
            (Some(open), _) if byte == open => quote = None,
            (Some(_), _) => {}
            (None, b'\'' | b'"' | b'`') => quote = Some(byte),
            (None, b'(') => depth += 1,
            (None, b')') => depth = depth.saturating_sub(1),
            (None, b',') if depth == 0 => {
                out.extend(sql.get(start..at).and_then(item));
                start = at + 1;
            }
            (None, b'f')
                if depth == 0
                    && lower[at..].starts_with("from")
                    && bytes.get(at.wrapping_sub(1)).is_some_and(u8::is_ascii_whitespace)
                    && bytes.get(at + 4).is_some_and(u8::is_ascii_whitespace) =>
            {
                break;
            }
            _ => {}
        }
        at += 1;
    }
    out.extend(sql.get(start..at).and_then(item));
    out
}

fn item(text: &str) -> Option<(&str, &str)> {
    let text = text.trim();
    let (rest, last) = match text.rsplit_once(|c: char| c.is_whitespace() || c == ')') {
        Some((_, last)) if !last.is_empty() => (&text[..text.len() - last.len()], last),
        _ => (text, ""),
    };
    let rest = rest.trim_end();
    let cut = rest.len().checked_sub(3).and_then(|at| rest.get(at..)).filter(|end| end.eq_ignore_ascii_case(" as"));
    let expression = if cut.is_some() { &rest[..rest.len() - 3] } else { rest };
    (!text.is_empty()).then(|| (last.trim_matches(['`', '"', '[', ']', '\'']), expression.trim()))
}

/// Whether an expression gives a number or a date, whatever the columns in it hold.
fn is_worked_out(expression: &str) -> bool {
    const FUNCTIONS: &[&str] = &[
        "count",
        "sum",
        "avg",
        "round",
        "ceil",
        "ceiling",
        "floor",
        "abs",
        "length",
        "char_length",
        "datediff",
        "timestampdiff",
        "year",
        "month",
        "day",
        "dayofweek",
        "week",
        "hour",
        "minute",
        "date",
        "time",
        "date_format",
        "time_format",
        "strftime",
        "julianday",
        "now",
        "curdate",
        "unix_timestamp",
        "extract",
        "exists",
        "row_number",
        "rank",
        "dense_rank",
        "last_insert_id",
        "to_days",
        "timediff",
        "dayname",
        "monthname",
        "total",
    ];
    // What gives one of its arguments back.
    const KEEPS: &[&str] = &["coalesce", "ifnull", "nullif", "max", "min", "isnull", "distinct"];
    let text = expression.trim();
    if let Some(inner) = text.strip_prefix('(') {
        let inner = inner.trim_start();
        return match inner.get(..6).filter(|word| word.eq_ignore_ascii_case("select")) {
            Some(_) => selected(inner)
                .first()
                .is_some_and(|(alias, item)| is_worked_out(if item.is_empty() { alias } else { item })),
            None => is_worked_out(inner),
        };
    }
    let Some((name, rest)) = text.split_once('(') else {
        let name = text.rsplit('.').next().unwrap_or(text).trim_end_matches(')').trim();
        let digits = name.trim_matches(['+', '-', '*', '/', ' ']);
        return !digits.is_empty() && (digits.bytes().all(|c| c.is_ascii_digit()) || is_number_name(name));
    };
    let name = name.trim().to_ascii_lowercase();
    FUNCTIONS.contains(&name.as_str())
        || (KEEPS.contains(&name.as_str()) && is_worked_out(rest.split(',').next().unwrap_or(rest)))
}

/// Whether a column of this declared type holds no text of somebody's choice.
pub(super) fn is_closed_type(kind: &str) -> bool {
    const TYPES: &[&str] = &[
        "int",
        "integer",
        "tinyint",
        "smallint",
        "mediumint",
        "bigint",
        "serial",
        "bigserial",
        "decimal",
        "numeric",
        "float",
        "double",
        "real",
        "money",
        "bool",
        "boolean",
        "bit",
        "date",
        "datetime",
        "timestamp",
        "timestamptz",
        "time",
        "year",
        "enum",
        "set",
        "uuid",
    ];
    let word: String = kind.trim_start().chars().take_while(char::is_ascii_alphabetic).collect();
    TYPES.contains(&word.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::{is_closed_type, is_worked_out, selected};

    #[test]
    fn what_statements_work_out() {
        let sql = "SELECT s.label, COUNT(*) AS done, SUM(CASE WHEN a = 'x, y' THEN 1 ELSE 0 END) open, \
                   (SELECT COUNT(*) FROM parts WHERE kit = s.id) as parts, MAX(s.note) AS note, MAX(s.created_at) newest \
                   FROM shelves s";
        let numbers: Vec<&str> =
            selected(sql).into_iter().filter(|(_, item)| is_worked_out(item)).map(|(name, _)| name).collect();
        assert_eq!(numbers, ["done", "open", "parts", "newest"]);
        assert!(selected("SELECT COUNT(*) FROM shelves").iter().all(|(_, item)| is_worked_out(item)));
        assert!(!selected("SELECT label FROM shelves").iter().all(|(_, item)| is_worked_out(item)));
        assert!(selected("").is_empty());
    }

    #[test]
    fn types_without_free_text() {
        for kind in ["ENUM('a','b') NOT NULL", "int(11)", "decimal(10,2)", "TIMESTAMP DEFAULT now()"] {
            assert!(is_closed_type(kind), "{kind}");
        }
        for kind in ["varchar(20)", "TEXT", "", "json"] {
            assert!(!is_closed_type(kind), "{kind}");
        }
    }
}
