//! Data behind the app: SQL migrations replayed into a final schema.
//!
//! Only the end state counts: an open policy that a later migration drops is no fact. Rules files of Firebase and ORM
//! models are not read yet.

#[expect(
    dead_code,
    clippy::wrong_self_convention,
    clippy::type_complexity,
    reason = "views, triggers, buckets and SQL in code are understood here, but not yet turned into facts"
)]
mod sql;

use std::collections::BTreeMap;

use plimsoll_model::NotChecked;
use plimsoll_model::app::{Command, Exposure, Openness, Policy, Rls, Store, StoreKind};
use plimsoll_source::{FileId, SourceTree};

use sql::lex::Dialect;
use sql::openness::{Alternative, AttrKind, Constraint, Node, Principal, Reader, Truth, applies, connected};
use sql::replay::{RawPolicy, Schema, Table};

/// What was read.
#[derive(Clone, Debug, Default)]
pub struct SchemaFacts {
    /// Tables and buckets in their final state.
    pub stores: Vec<Store>,
    /// What could not be looked at.
    pub not_checked: Vec<NotChecked>,
    /// What was looked at, for people.
    pub looked_at: Vec<String>,
}

/// Reads the SQL of a tree.
pub fn read(tree: &SourceTree) -> SchemaFacts {
    let mut facts = SchemaFacts::default();
    let plan = sql::files::plan(tree);
    if plan.replay.is_empty() {
        return facts;
    }
    let supabase = tree.files.iter().any(|file| {
        file.path.starts_with("supabase/")
            || file.path.contains("/supabase/")
            || (file.name() == "package.json" && file.text().contains("@supabase/"))
            || (file.path.ends_with(".sql") && file.text().contains("auth.uid()"))
    });
    let mut schema = Schema::default();
    schema.supabase = supabase;
    for &id in &plan.replay {
        let file = tree.file(id);
        schema.replay(id, &file.path, file.text(), dialect(file.text()));
    }
    facts.looked_at.push(format!("{} SQL files replayed in order", plan.replay.len()));
    for id in plan.left_out {
        facts.not_checked.push(NotChecked {
            what: tree.file(id).path.clone(),
            why: "loose SQL beside migrations: it may repeat or undo them, so it was not replayed".into(),
            weighs: false,
        });
    }
    facts.not_checked.append(&mut schema.not_checked);
    for table in schema.tables.values().filter(|table| table.created || table.name == "storage.objects") {
        facts.stores.push(store(&schema, table));
    }
    facts.not_checked.append(&mut not_understood(tree, &facts.stores));
    facts
}

/// Policies whose condition could not be read, by file: neither open nor closed, and said so.
fn not_understood(tree: &SourceTree, stores: &[Store]) -> Vec<NotChecked> {
    let mut files: BTreeMap<FileId, (usize, String)> = BTreeMap::new();
    for store in stores.iter().filter(|store| store.exposure == Exposure::Direct) {
        for policy in store.policies.iter().filter(|policy| policy.openness == Openness::Unknown) {
            let first = || (0, format!("\u{201c}{}\u{201d} on `{}`", policy.name, store.name));
            files.entry(policy.span.file).or_insert_with(first).0 += 1;
        }
    }
    let lines = files.into_iter().map(|(file, (count, first))| NotChecked {
        what: tree.file(file).path.clone(),
        why: match count {
            1 => format!("whom the policy {first} lets in was not understood"),
            _ => format!("whom {count} policies let in was not understood, among them {first}"),
        },
        weighs: true,
    });
    lines.collect()
}

fn dialect(text: &str) -> Dialect {
    let upper = text.to_ascii_uppercase();
    if upper.contains("AUTO_INCREMENT") || upper.contains("ENGINE=") {
        Dialect::MySql
    } else if upper.contains("AUTOINCREMENT") || upper.contains("PRAGMA ") {
        Dialect::Sqlite
    } else {
        Dialect::Postgres
    }
}

fn store(schema: &Schema, table: &Table) -> Store {
    let in_public = !table.name.contains('.') || table.name.starts_with("public.") || table.name == "storage.objects";
    let may = |role: &str| schema.may_use_schema(&table.name, role);
    let exposed = schema.supabase && in_public && (may("anon") || may("authenticated"));
    Store {
        kind: if table.view.is_some() { StoreKind::View } else { StoreKind::Table },
        name: table.name.clone(),
        fields: Vec::new(),
        exposure: if exposed { Exposure::Direct } else { Exposure::ServerOnly },
        rls: if !schema.supabase || table.view.is_some() {
            Rls::NotApplicable
        } else if table.rls || table.name == "storage.objects" {
            Rls::On
        } else {
            Rls::Off
        },
        policies: table.policies.iter().map(|policy| read_policy(schema, table, policy)).collect(),
        public_bucket: false,
        span: table.span,
    }
}

fn read_policy(schema: &Schema, table: &Table, policy: &RawPolicy) -> Policy {
    let parts: Vec<_> = match policy.command {
        Command::Insert => vec![policy.check.as_ref()],
        Command::Select | Command::Delete => vec![policy.using.as_ref()],
        // Without a condition of its own for new rows, the one for existing rows applies to them too.
        Command::Update | Command::All => vec![policy.using.as_ref(), policy.check.as_ref()],
    };
    let conditions: Vec<_> = parts.into_iter().flatten().collect();
    let admits = |principal: Principal| -> Openness {
        if !applies(&policy.roles, principal) {
            return Openness::Nobody;
        }
        let mut truth: Truth = vec![Alternative::new()];
        for (_, expr) in &conditions {
            let read = Reader::new(schema, principal, &table.name).read(expr);
            truth = sql::openness::and(&truth, &read);
        }
        openness(&truth, principal)
    };
    let openness = if policy.restrictive {
        Openness::Limited
    } else {
        match admits(Principal::Anonymous) {
            Openness::Nobody => admits(Principal::SignedIn),
            open => open,
        }
    };
    Policy {
        name: policy.name.clone(),
        command: policy.command,
        roles: policy.roles.clone(),
        using: policy.using.as_ref().map(|(text, _)| text.clone()),
        check: policy.check.as_ref().map(|(text, _)| text.clone()),
        openness,
        span: policy.span,
    }
}

/// Whom a condition admits: the widest of its alternatives.
fn openness(truth: &Truth, principal: Principal) -> Openness {
    let mut widest = Openness::Nobody;
    for alternative in truth {
        let reached = connected(alternative, Node::Caller);
        let limited = reached.contains(&Node::Row(0))
            || alternative.iter().any(|constraint| match constraint {
                // An attribute of the caller, or of a row tied to the caller, is a role.
                Constraint::Attr(node, kind, ..) => {
                    (*node == Node::Caller || (*node != Node::Row(0) && reached.contains(node)))
                        || *kind == AttrKind::Public
                }
                Constraint::In(row, _) => reached.contains(&Node::Row(*row)),
                Constraint::State(_) => true,
                _ => false,
            });
        let found = if alternative.iter().any(|constraint| matches!(constraint, Constraint::Forged(_))) {
            Openness::Hole("the caller can choose what is compared".into())
        } else if alternative.iter().any(|constraint| matches!(constraint, Constraint::Unknown(_))) {
            Openness::Unknown
        } else if limited {
            Openness::Limited
        } else if principal == Principal::Anonymous {
            Openness::Anyone
        } else {
            Openness::AnySignedIn
        };
        if rank(&found) > rank(&widest) {
            widest = found;
        }
    }
    widest
}

fn rank(openness: &Openness) -> u8 {
    match openness {
        Openness::Nobody => 0,
        Openness::Limited => 1,
        Openness::Unknown => 2,
        Openness::Hole(_) => 3,
        Openness::AnySignedIn => 4,
        Openness::Anyone => 5,
    }
}

#[cfg(test)]
mod tests {
    use super::read;
    use plimsoll_model::app::{Openness, Rls};
    use plimsoll_source::SourceTree;

    fn policies(sql: &str) -> Vec<(String, Openness)> {
        let tree = SourceTree::from_texts([("supabase/migrations/1.sql", sql)]);
        let facts = read(&tree);
        facts
            .stores
            .iter()
            .flat_map(|store| store.policies.iter().map(|policy| (policy.name.clone(), policy.openness.clone())))
            .collect()
    }

    const TABLE: &str = "CREATE TABLE notes (id uuid PRIMARY KEY, user_id uuid, text text);\nALTER TABLE notes ENABLE ROW LEVEL SECURITY;\n";

    #[test]
    fn whom_policies_admit() {
        let cases = [
            ("FOR SELECT USING (true)", Openness::Anyone),
            ("FOR SELECT TO authenticated USING (true)", Openness::AnySignedIn),
            ("FOR SELECT USING (auth.role() = 'authenticated')", Openness::AnySignedIn),
            ("FOR SELECT USING (auth.uid() IS NOT NULL)", Openness::AnySignedIn),
            ("FOR SELECT USING (auth.uid() = user_id)", Openness::Limited),
            ("FOR ALL USING ((select auth.uid()) = user_id)", Openness::Limited),
            ("FOR SELECT USING (false)", Openness::Nobody),
            ("FOR SELECT TO service_role USING (true)", Openness::Nobody),
        ];
        for (text, expected) in cases {
            let found = policies(&format!("{TABLE}CREATE POLICY \"p\" ON notes {text};"));
            assert_eq!(found, [("p".to_owned(), expected)], "{text}");
        }
    }

    #[test]
    fn only_the_end_state_counts() {
        let dropped = policies(&format!(
            "{TABLE}CREATE POLICY \"p\" ON notes FOR SELECT USING (true);\nDROP POLICY \"p\" ON notes;"
        ));
        assert_eq!(dropped, []);
        let tree = SourceTree::from_texts([("supabase/migrations/1.sql", "CREATE TABLE notes (id int);")]);
        assert_eq!(read(&tree).stores[0].rls, Rls::Off);
    }
}
