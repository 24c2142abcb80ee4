//! Which SQL counts, and in which order it is replayed.

use plimsoll_model::names::{has, words};
use plimsoll_source::{FileId, SourceTree};

/// Migrations, loose files beside them, and documents with SQL to paste.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// Replayed in this order.
    pub(crate) migrations: Vec<FileId>,
    /// Files to be pasted into a console; what they create counts where no migration creates it.
    pub(crate) loose: Vec<FileId>,
    /// Documents with SQL in them: Markdown with fences, notes to paste from.
    pub(crate) documents: Vec<FileId>,
}

impl Plan {
    /// Whether there is SQL that is not part of a document.
    pub(crate) fn has_sql(&self) -> bool {
        !(self.migrations.is_empty() && self.loose.is_empty())
    }
}

/// Migrations by name, preferring Supabase's own folder; other SQL by path.
pub(crate) fn plan(tree: &SourceTree) -> Plan {
    let mut plan = Plan::default();
    for (id, file) in tree.iter() {
        let lower = file.path.to_ascii_lowercase();
        if lower.ends_with(".md") || (lower.ends_with(".txt") && is_note(file.text())) {
            plan.documents.push(id);
        } else if lower.ends_with(".sql") && !is_undone(&lower) {
            if is_migration(&lower) { plan.migrations.push(id) } else { plan.loose.push(id) }
        }
    }
    let supabase = |id: &FileId| tree.file(*id).path.contains("supabase/");
    if plan.migrations.iter().any(supabase) {
        let (own, others): (Vec<FileId>, Vec<FileId>) = plan.migrations.into_iter().partition(supabase);
        plan.migrations = own;
        plan.loose.extend(others);
    }
    plan.migrations.sort_by_key(|&id| natural(&tree.file(id).path));
    plan.loose.sort_by_key(|&id| {
        let path = &tree.file(id).path;
        // Without the ending: `schema.sql` comes before `schema-v2.sql`.
        (phase(path), natural(path.strip_suffix(".sql").unwrap_or(path)))
    });
    plan
}

/// What is pasted by hand says in its name when: first what sets a database up, last what changes one that is there.
/// Numbers in front are an order of their own.
fn phase(path: &str) -> u8 {
    let name = path.rsplit('/').next().unwrap_or(path);
    if name.starts_with(|letter: char| letter.is_ascii_digit()) {
        return 1;
    }
    let words = words(name.strip_suffix(".sql").unwrap_or(name));
    if has(&words, CHANGES) {
        2
    } else if has(&words, BEGINNINGS) {
        0
    } else {
        1
    }
}

/// Names of files that set a database up.
const BEGINNINGS: &[&str] = &["setup", "schema", "init", "initial", "create", "base", "install", "tables", "structure"];

/// Names of files that change a database which is there.
const CHANGES: &[&str] = &[
    "migration",
    "migrations",
    "migrate",
    "fix",
    "fixes",
    "fixed",
    "hotfix",
    "patch",
    "update",
    "upgrade",
    "alter",
    "harden",
    "hardening",
    "add",
    "repair",
    "correct",
    "changes",
];

fn is_migration(lower: &str) -> bool {
    lower.split('/').any(|part| matches!(part, "migrations" | "migration" | "drizzle"))
}

/// Steps back, tests of the database, and copies put aside.
fn is_undone(lower: &str) -> bool {
    let name = lower.rsplit('/').next().unwrap_or(lower);
    name.ends_with(".down.sql")
        || name == "down.sql"
        || name.contains("rollback")
        || name.starts_with("undo")
        || lower.split('/').any(|part| {
            matches!(
                part,
                "tests"
                    | "test"
                    | "rollback"
                    | "rollbacks"
                    | "down"
                    | "archive"
                    | "archived"
                    | "_archive"
                    | "old"
                    | "backup"
                    | "backups"
            )
        })
}

/// The path with numbers padded: `2_b.sql` comes before `10_a.sql`. Dates are of different length, with a time of day or
/// without: they are compared from their beginning, as the tools that run them do.
fn natural(path: &str) -> String {
    let mut out = String::with_capacity(path.len() + 20);
    let mut digits = String::new();
    for letter in path.chars().chain(std::iter::once('\0')) {
        if letter.is_ascii_digit() {
            digits.push(letter);
            continue;
        }
        if !digits.is_empty() {
            let pad = 24_usize.saturating_sub(digits.len());
            if is_date(&digits) {
                out.push_str(&digits);
                out.extend(std::iter::repeat_n('_', pad));
            } else {
                out.extend(std::iter::repeat_n('0', pad));
                out.push_str(&digits);
            }
            digits.clear();
        }
        out.push(letter);
    }
    out
}

/// A year, a month and a day, with or without the time: `20251231`, `20251231235959`.
fn is_date(digits: &str) -> bool {
    let number = |from: usize, to: usize| digits.get(from..to).and_then(|part| part.parse::<u32>().ok()).unwrap_or(0);
    matches!(number(0, 2), 19 | 20) && (1..=12).contains(&number(4, 6)) && (1..=31).contains(&number(6, 8))
}

/// Whether a text makes tables and says who may use them: a note to paste into a console.
fn is_note(text: &str) -> bool {
    /// A list of words or a log is no note.
    const MAX: usize = 400_000;
    if text.len() > MAX {
        return false;
    }
    let lower = text.to_ascii_lowercase();
    lower.contains("create table")
        && ["row level security", "create policy", "auth.uid()", "storage.buckets"]
            .iter()
            .any(|word| lower.contains(word))
}

/// The SQL of a document: offset and text of each piece.
pub(crate) fn pieces<'t>(path: &str, text: &'t str) -> Vec<(usize, &'t str)> {
    if path.to_ascii_lowercase().ends_with(".txt") { pasted(text) } else { fences(text) }
}

/// Statements among the lines of a note. Each begins on a line of its own and goes on to a line that ends it; the body of
/// a function has such lines inside.
fn pasted(text: &str) -> Vec<(usize, &str)> {
    const BEGINNINGS: &[&str] = &[
        "create table",
        "create policy",
        "create or replace",
        "create function",
        "create view",
        "create type",
        "create trigger",
        "create schema",
        "alter table",
        "drop policy",
        "drop table",
        "drop function",
        "grant ",
        "revoke ",
        "insert into",
    ];
    let mut out = Vec::new();
    let mut at = 0;
    let mut open: Option<(usize, bool)> = None;
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim();
        let lower = trimmed.to_ascii_lowercase();
        if open.is_none() && BEGINNINGS.iter().any(|beginning| lower.starts_with(beginning)) {
            open = Some((at, false));
        }
        if let Some((start, in_body)) = &mut open {
            // `$$` opens a body, and the next one ends it.
            if lower.matches("$$").count() % 2 == 1 {
                *in_body = !*in_body;
            }
            if !*in_body && trimmed.ends_with(';') {
                out.extend(text.get(*start..at + line.len()).map(|piece| (*start, piece)));
                open = None;
            }
        }
        at += line.len();
    }
    out
}

/// SQL in fences of a Markdown text: offset and text of each.
fn fences(text: &str) -> Vec<(usize, &str)> {
    let mut out = Vec::new();
    let mut at = 0;
    let mut open: Option<usize> = None;
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim();
        match open {
            None if trimmed.eq_ignore_ascii_case("```sql") || trimmed.eq_ignore_ascii_case("```postgresql") => {
                open = Some(at + line.len());
            }
            Some(start) if trimmed.starts_with("```") => {
                out.extend(text.get(start..at).map(|inner| (start, inner)));
                open = None;
            }
            _ => {}
        }
        at += line.len();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{fences, pieces, plan};
    use plimsoll_source::SourceTree;

    #[test]
    fn order_and_choice() {
        let tree = SourceTree::from_texts(
            [
                "supabase/migrations/10_b.sql",
                "supabase/migrations/2_a.sql",
                "supabase/migrations/3.down.sql",
                "db/setup.sql",
                "migrations/1.sql",
            ]
            .map(|path| (path, "")),
        );
        let plan = plan(&tree);
        let names =
            |list: &[plimsoll_source::FileId]| list.iter().map(|&id| tree.file(id).path.clone()).collect::<Vec<_>>();
        assert_eq!(names(&plan.migrations), ["supabase/migrations/2_a.sql", "supabase/migrations/10_b.sql"]);
        assert_eq!(names(&plan.loose), ["db/setup.sql", "migrations/1.sql"]);
        let by_hand = ["orders.sql", "fix-orders.sql", "shop-setup.sql", "shop-schema-v2.sql", "shop-schema.sql"];
        let by_hand = SourceTree::from_texts(by_hand.map(|path| (path, "")));
        let order: Vec<&str> = super::plan(&by_hand).loose.iter().map(|&id| by_hand.file(id).name()).collect();
        assert_eq!(order, ["shop-schema.sql", "shop-schema-v2.sql", "shop-setup.sql", "orders.sql", "fix-orders.sql"]);
        let dated =
            ["20251028145550_b.sql", "20251212_c.sql", "20251212101010_c.sql", "1700000000_a.sql", "0001_z.sql"];
        let tree = SourceTree::from_texts(dated.map(|name| (format!("supabase/migrations/{name}"), "")));
        let order: Vec<&str> = super::plan(&tree).migrations.iter().map(|&id| tree.file(id).name()).collect();
        assert_eq!(
            order,
            ["0001_z.sql", "1700000000_a.sql", "20251028145550_b.sql", "20251212101010_c.sql", "20251212_c.sql"]
        );
        let note = "1. First\ncreate table a (\n id int\n);\nThen:\nalter table a enable row level security;\nDone.";
        let found: Vec<&str> = pieces("notes.txt", note).into_iter().map(|(_, piece)| piece.trim()).collect();
        assert_eq!(found, ["create table a (\n id int\n);", "alter table a enable row level security;"]);
        assert_eq!(fences("a\n```sql\nSELECT 1;\n```\nb\n```js\nx\n```"), [(9, "SELECT 1;\n")]);
    }
}
