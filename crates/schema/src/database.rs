//! The replayed schema as facts: tables with their policies, views, functions, buckets.

use std::collections::BTreeSet;

use plimsoll_cache::Cache;
use plimsoll_model::NotChecked;
use plimsoll_model::app::{Command, DbFunction, DbView, Exposure, Openness, Policy, Rls, SelfGrant, Store, StoreKind};
use plimsoll_source::SourceTree;

use crate::rank;
use crate::self_grant;
use crate::sql::body::Body;
use crate::sql::files;
use crate::sql::lex::{Dialect, dialect_of};
use crate::sql::openness::{
    Alternative, AttrKind, Constraint, Node, Principal, Reader, Truth, and, applies, connected,
};
use crate::sql::replay::{Function, OUTSIDE, RawPolicy, Schema, Table, join_name};
use crate::uses::{self, Named};
use crate::{classify, columns, sql};

/// What SQL says.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct Facts {
    pub(crate) stores: Vec<Store>,
    pub(crate) functions: Vec<DbFunction>,
    pub(crate) views: Vec<DbView>,
    pub(crate) self_grants: Vec<SelfGrant>,
    pub(crate) not_checked: Vec<NotChecked>,
    pub(crate) looked_at: Vec<String>,
}

/// Entries that belong to no single file.
const OF_ALL_FILES: u32 = u32::MAX;

/// Reads the SQL of a tree, or takes what it came to before where nothing that it depends on has changed: the paths of all
/// files, the text of those that are no code, and what code says of stores.
pub(crate) fn read_kept(tree: &SourceTree, uses: &Named, cache: &Cache, secrets: &[&str]) -> Facts {
    let mut parts: Vec<&[u8]> = Vec::new();
    for file in &tree.files {
        parts.push(file.path.as_bytes());
        parts.push(if uses::is_code(file) { b"" } else { file.text().as_bytes() });
    }
    let uses_said = format!("{uses:?}");
    parts.push(uses_said.as_bytes());
    // The text that was found may have its quotes around it.
    let bare = |secret: &&'_ str| secret.trim_matches(['\'', '"', '`', ' ']).to_owned();
    let secrets: Vec<String> = secrets.iter().map(bare).filter(|secret| !secret.is_empty()).collect();
    let holds_one = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        secrets.iter().any(|secret| text.contains(secret.as_str()))
    };
    cache.get_or_unless("database", OF_ALL_FILES, &parts, || read(tree, uses), holds_one)
}

/// Reads the SQL of a tree.
fn read(tree: &SourceTree, uses: &Named) -> Facts {
    let mut facts = Facts::default();
    let plan = files::plan(tree);
    let supabase = uses.client.is_some() || is_supabase(tree);
    let mut schema = Schema::new(supabase);
    for &id in &plan.migrations {
        let file = tree.file(id);
        schema.replay(id, &file.path, file.text(), dialect_of(file.text()));
    }
    let replayed = plan.migrations.len();
    // Loose files are pasted by hand, or repeat the migrations: what only they create counts.
    let mut loose = Schema::new(supabase);
    for &id in &plan.loose {
        let file = tree.file(id);
        loose.replay(id, &file.path, file.text(), dialect_of(file.text()));
    }
    let some_sql = plan.has_sql();
    if !some_sql && supabase {
        for &id in &plan.documents {
            for (at, text) in files::pieces(&tree.file(id).path, tree.file(id).text()) {
                loose.replay_at(id, at, text, Dialect::Postgres);
            }
        }
    }
    if replayed > 0 {
        let before: BTreeSet<String> =
            schema.tables.values().filter(|table| table.created).map(|table| table.name.clone()).collect();
        let left_out: Vec<String> = merge(&mut schema, loose, &before);
        if !left_out.is_empty() && !plan.loose.is_empty() {
            facts.not_checked.push(NotChecked {
                what: format!("loose SQL beside migrations ({} files)", plan.loose.len()),
                why: "what it says about tables that migrations create was left out: it may repeat or undo them".into(),
                weighs: false,
            });
        }
    } else {
        schema = loose;
    }
    if some_sql {
        facts.looked_at.push(format!("{} SQL files replayed in order", replayed + plan.loose.len()));
    }
    facts.not_checked.append(&mut schema.not_checked);
    for table in schema.tables.values().filter(|table| table.created && table.name != "storage.objects") {
        facts.stores.push(store(tree, &schema, table));
        if table.view.is_some() {
            facts.views.extend(view(&schema, table));
        }
    }
    facts.stores.extend(buckets(&schema));
    for function in schema.functions.values().flatten() {
        facts.functions.push(db_function(&schema, function));
    }
    facts.self_grants = self_grant::find(&schema, tree, uses);
    dashboard(uses, &schema, supabase, &mut facts);
    facts
}

fn is_supabase(tree: &SourceTree) -> bool {
    tree.files.iter().any(|file| {
        file.path.starts_with("supabase/")
            || file.path.contains("/supabase/migrations/")
            || (file.name() == "package.json" && file.text().contains("@supabase/"))
            || (file.name() == "requirements.txt" && file.text().lines().any(|line| line.starts_with("supabase")))
            || (file.path.ends_with(".sql") && file.text().contains("auth.uid()"))
    })
}

/// Takes over what migrations do not create; returns the names of tables that both speak of.
fn merge(schema: &mut Schema, loose: Schema, before: &BTreeSet<String>) -> Vec<String> {
    let mut both = Vec::new();
    for (name, table) in loose.tables {
        if before.contains(&name) {
            both.push(name);
        } else if let Some(known) = schema.tables.get_mut(&name) {
            // Both only speak of it (`storage.objects`): policies add up.
            if table.created {
                let policies = std::mem::take(&mut known.policies);
                *known = table;
                known.policies.extend(policies);
            } else if !known.created {
                for policy in table.policies {
                    if !known.policies.iter().any(|other| other.name == policy.name) {
                        known.policies.push(policy);
                    }
                }
            }
        } else {
            schema.tables.insert(name, table);
        }
    }
    for (name, functions) in loose.functions {
        schema.functions.entry(name).or_insert(functions);
    }
    for (name, bucket) in loose.buckets {
        schema.buckets.entry(name).or_insert(bucket);
    }
    both
}

/// Tables that the browser uses but no SQL creates: made by hand, nobody here knows their policies.
fn dashboard(uses: &Named, schema: &Schema, supabase: bool, facts: &mut Facts) {
    let Some(client) = uses.client.as_ref().filter(|_| supabase) else { return };
    let created = |name: &str| schema.tables.get(name).is_some_and(|table| table.created);
    let missing: Vec<&str> = uses
        .tables
        .iter()
        .map(String::as_str)
        .filter(|name| !created(name) && !schema.buckets.contains_key(*name))
        .collect();
    if missing.is_empty() {
        return;
    }
    let names: Vec<&str> = missing.iter().copied().take(8).collect();
    let more = if missing.len() > names.len() { " and more" } else { "" };
    facts.not_checked.push(NotChecked {
        what: format!("who may read and change {}{more}", names.join(", ")),
        why: format!(
            "browser code uses these tables ({client}), but no SQL in the repository creates them: their policies are not known"
        ),
        weighs: true,
    });
}

/// Whether the role may do this with the table, policies aside.
pub(crate) fn granted(schema: &Schema, table: &Table, principal: Principal, command: Command) -> bool {
    let role = role_of(principal);
    let Some(privileges) = table.grants.get(role) else { return false };
    let may = |command: &Command| {
        privileges.commands.contains(command)
            || privileges.columns.get(command).is_some_and(|columns| !columns.is_empty())
    };
    schema.may_use_schema(&table.name, role)
        && match command {
            Command::All => sql::replay::COMMANDS.iter().any(may),
            one => may(&one),
        }
}

fn role_of(principal: Principal) -> &'static str {
    match principal {
        Principal::Anonymous => OUTSIDE[0],
        Principal::SignedIn => OUTSIDE[1],
    }
}

fn is_exposed(schema: &Schema, table: &Table) -> bool {
    let in_public = !table.name.contains('.') || table.name.starts_with("storage.");
    let by = |principal| granted(schema, table, principal, Command::All);
    schema.supabase
        && table.dialect == Dialect::Postgres
        && in_public
        && (by(Principal::Anonymous) || by(Principal::SignedIn))
}

/// A table with its policies and columns.
pub(crate) fn store(tree: &SourceTree, schema: &Schema, table: &Table) -> Store {
    Store {
        kind: if table.view.is_some() { StoreKind::View } else { StoreKind::Table },
        name: table.name.clone(),
        fields: columns::fields(tree, table),
        exposure: if is_exposed(schema, table) { Exposure::Direct } else { Exposure::ServerOnly },
        rls: if !schema.supabase || table.view.is_some() {
            Rls::NotApplicable
        } else if table.rls {
            Rls::On
        } else {
            Rls::Off
        },
        policies: table.policies.iter().map(|policy| read_policy(schema, table, policy, None)).collect(),
        public_bucket: false,
        span: table.span,
    }
}

/// The conditions of a policy for a caller, restrictive policies of the same command included.
pub(crate) fn policy_truth(
    schema: &Schema,
    table: &Table,
    policy: &RawPolicy,
    principal: Principal,
    bucket: Option<&str>,
) -> Truth {
    // Asked for by several readers, and costly. Only of the schema's own policies.
    let is_own = schema.tables.get(&table.name).is_some_and(|own| std::ptr::eq(own, table)) && bucket.is_none();
    let Some(at) = table.policies.iter().position(|own| std::ptr::eq(own, policy)).filter(|_| is_own) else {
        return policy_truth_anew(schema, table, policy, principal, bucket);
    };
    let key = (table.name.clone(), at, principal);
    if let Some(known) = schema.truths.borrow().get(&key) {
        return known.clone();
    }
    let truth = policy_truth_anew(schema, table, policy, principal, bucket);
    schema.truths.borrow_mut().insert(key, truth.clone());
    truth
}

fn policy_truth_anew(
    schema: &Schema,
    table: &Table,
    policy: &RawPolicy,
    principal: Principal,
    bucket: Option<&str>,
) -> Truth {
    if !applies(&policy.roles, principal) || !granted(schema, table, principal, policy.command) {
        return Truth::new();
    }
    let mut truth: Truth = vec![Alternative::new()];
    let mut take = |policy: &RawPolicy, command: Command| {
        let parts: Vec<_> = match command {
            Command::Insert => {
                vec![policy.check.as_ref().or(policy.using.as_ref().filter(|_| policy.command == Command::All))]
            }
            Command::Select | Command::Delete => vec![policy.using.as_ref()],
            // Without a condition of its own for new rows, the one for existing rows applies to them too.
            Command::Update | Command::All => vec![policy.using.as_ref(), policy.check.as_ref()],
        };
        for (_, expr) in parts.into_iter().flatten() {
            let mut reader = Reader::new(schema, principal, &table.name);
            if let Some(bucket) = bucket {
                reader.fix("bucket_id", bucket);
            }
            truth = and(&truth, &reader.read(expr));
        }
    };
    take(policy, policy.command);
    for other in table.policies.iter().filter(|other| other.restrictive && applies(&other.roles, principal)) {
        if other.command == Command::All || other.command == policy.command {
            take(other, policy.command);
        }
    }
    truth
}

fn read_policy(schema: &Schema, table: &Table, policy: &RawPolicy, bucket: Option<&str>) -> Policy {
    let admits = |principal: Principal| openness(&policy_truth(schema, table, policy, principal, bucket), principal);
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

/// Whether an alternative asks for an attribute of the caller, or of a row tied to the caller: a role.
pub(crate) fn asks_role(alternative: &Alternative) -> bool {
    let reached = connected(alternative, Node::Caller);
    alternative.iter().any(|constraint| match constraint {
        Constraint::Attr(node, ..) => *node == Node::Caller || (*node != Node::Row(0) && reached.contains(node)),
        _ => false,
    })
}

/// Whom a condition admits: the widest of its alternatives.
pub(crate) fn openness(truth: &Truth, principal: Principal) -> Openness {
    let mut widest = Openness::Nobody;
    for alternative in truth {
        let reached = connected(alternative, Node::Caller);
        let limited = reached.contains(&Node::Row(0))
            || asks_role(alternative)
            || alternative.iter().any(|constraint| match constraint {
                Constraint::Attr(_, kind, ..) => *kind == AttrKind::Public,
                Constraint::In(row, _) => reached.contains(&Node::Row(*row)),
                Constraint::State(_) => true,
                _ => false,
            });
        let found = if alternative.iter().any(|constraint| matches!(constraint, Constraint::Forged(_))) {
            Openness::Hole("the caller can choose what is compared".into())
        } else if alternative.iter().any(|constraint| matches!(constraint, Constraint::Unknown(_))) {
            if limited { Openness::Limited } else { Openness::Unknown }
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

/// Whom the policies for reading admit.
fn readable_by(schema: &Schema, table: &Table, principal: Principal) -> Openness {
    if !table.rls {
        return if granted(schema, table, principal, Command::Select) { open_to(principal) } else { Openness::Nobody };
    }
    let mut widest = Openness::Nobody;
    for policy in &table.policies {
        if policy.restrictive || !matches!(policy.command, Command::All | Command::Select) {
            continue;
        }
        let found = openness(&policy_truth(schema, table, policy, principal, None), principal);
        if rank(&found) > rank(&widest) {
            widest = found;
        }
    }
    widest
}

fn open_to(principal: Principal) -> Openness {
    if principal == Principal::Anonymous { Openness::Anyone } else { Openness::AnySignedIn }
}

/// A view that is exposed: whom it admits, and whose policies it passes over.
fn view(schema: &Schema, table: &Table) -> Option<DbView> {
    let definition = table.view.as_ref()?;
    let select = definition.select.as_ref()?;
    if !is_exposed(schema, table) {
        return None;
    }
    let mut found = (Openness::Nobody, Principal::SignedIn);
    for principal in [Principal::Anonymous, Principal::SignedIn] {
        if granted(schema, table, principal, Command::Select) {
            let truth = Reader::new(schema, principal, &table.name).read_view(select, definition.invoker);
            found = (openness(&truth, principal), principal);
        }
        if found.0 != Openness::Nobody {
            break;
        }
    }
    let (openness, principal) = found;
    let mut bypasses = Vec::new();
    if !definition.invoker && matches!(openness, Openness::Anyone | Openness::AnySignedIn) {
        let mut names = BTreeSet::new();
        sources(select, &mut names, 0);
        for name in names {
            if name == "auth.users" {
                bypasses.push(name);
            } else if let Some(under) = schema.tables.get(&name)
                && under.created
                && under.rls
                && rank(&readable_by(schema, under, principal)) < rank(&openness)
            {
                bypasses.push(name);
            }
        }
    }
    let columns: Vec<String> = table.columns.iter().map(|column| column.name.clone()).collect();
    Some(DbView { name: table.name.clone(), columns, openness, bypasses, span: table.span })
}

fn sources(select: &sql::expr::Select, out: &mut BTreeSet<String>, depth: usize) {
    if depth > 10 {
        return;
    }
    for from in &select.from {
        match &from.select {
            Some(inner) => sources(inner, out, depth + 1),
            None if from.call.is_none() => {
                let name = join_name(&from.name);
                if !select.with.iter().any(|(with, _)| *with == name) {
                    out.insert(name);
                }
            }
            None => {}
        }
    }
    for inner in select.unions.iter().chain(select.with.iter().map(|(_, inner)| inner)) {
        sources(inner, out, depth + 1);
    }
}

/// Buckets with the policies of `storage.objects` that speak of them.
fn buckets(schema: &Schema) -> Vec<Store> {
    let Some(objects) = schema.tables.get("storage.objects") else {
        return schema
            .buckets
            .iter()
            .map(|(name, bucket)| bucket_store(name, bucket.public, bucket.span, Vec::new()))
            .collect();
    };
    let mut names: Vec<(String, bool, plimsoll_source::Span)> =
        schema.buckets.iter().map(|(name, bucket)| (name.clone(), bucket.public, bucket.span)).collect();
    // Buckets that only policies name were made by hand.
    for policy in &objects.policies {
        for (text, _) in [&policy.using, &policy.check].into_iter().flatten() {
            for name in named_buckets(text) {
                if !names.iter().any(|(known, ..)| *known == name) {
                    names.push((name, false, policy.span));
                }
            }
        }
    }
    if names.is_empty() && !objects.policies.is_empty() {
        names.push(("all buckets".into(), false, objects.span));
    }
    names
        .into_iter()
        .map(|(name, public, span)| {
            let policies = objects
                .policies
                .iter()
                .map(|policy| read_policy(schema, objects, policy, Some(&name)))
                .filter(|policy| policy.openness != Openness::Nobody)
                .collect();
            bucket_store(&name, public, span, policies)
        })
        .collect()
}

fn bucket_store(name: &str, public: bool, span: plimsoll_source::Span, policies: Vec<Policy>) -> Store {
    Store {
        kind: StoreKind::Bucket,
        name: name.to_owned(),
        fields: Vec::new(),
        exposure: Exposure::Direct,
        rls: Rls::On,
        policies,
        public_bucket: public,
        span,
    }
}

/// Texts that `bucket_id` is compared with.
fn named_buckets(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    for (at, _) in text.match_indices("bucket_id") {
        let Some(rest) = text.get(at + "bucket_id".len()..) else { continue };
        let rest = rest.trim_start_matches([' ', '=', ':', '(', '\n', '\t', ')']);
        let rest = rest.trim_start_matches("text").trim_start_matches([' ', '=', '(', ')', ':']);
        let rest = rest.strip_prefix("in").map_or(rest, |list| list.trim_start_matches([' ', '(']));
        for part in rest.split(',') {
            let Some(name) = part.trim().strip_prefix('\'').and_then(|part| part.split('\'').next()) else { break };
            out.push(name.to_owned());
            if part.contains(')') {
                break;
            }
        }
    }
    out
}

fn db_function(schema: &Schema, function: &Function) -> DbFunction {
    let callable_by = OUTSIDE
        .into_iter()
        .filter(|role| {
            (function.execute.contains(*role) || function.execute.contains("public"))
                && schema.may_use_schema(&function.name, role)
                && !function.name.contains('.')
                && schema.supabase
        })
        .map(str::to_owned)
        .collect();
    DbFunction {
        name: function.name.clone(),
        params: function.params.clone(),
        security_definer: function.definer,
        fixed_search_path: function.fixed_path,
        checks_caller: checks_caller(schema, &function.name, &function.body, &function.text, &mut Vec::new()),
        is_trigger: function.is_trigger,
        callable_by,
        touches: function.body.touches.clone(),
        changes: function.body.changes.clone(),
        writes: function.body.writes,
        returns_data: returns_data(schema, function),
        span: function.span,
    }
}

/// Whether a function looks at who calls, itself or through one that it calls.
fn checks_caller(schema: &Schema, name: &str, body: &Body, text: &str, seen: &mut Vec<String>) -> bool {
    if body.checks_caller {
        return true;
    }
    if seen.len() > 20 || seen.iter().any(|known| known == name) {
        return false;
    }
    seen.push(name.to_owned());
    schema.functions.iter().any(|(other, overloads)| {
        other != name
            && calls(text, other)
            && overloads.iter().any(|one| checks_caller(schema, other, &one.body, &one.text, seen))
    })
}

fn calls(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(at, _)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let after = text.get(at + name.len()..).unwrap_or("").trim_start();
        after.starts_with('(') && !before.is_some_and(|letter| letter.is_alphanumeric() || letter == '_')
    })
}

fn returns_data(schema: &Schema, function: &Function) -> bool {
    let ty = function.returns.trim_start_matches("setof ").trim_start_matches("public.");
    // Several ids or names of roles (`SETOF uuid`) are answers for policies.
    let rows = matches!(ty, "table" | "json" | "jsonb" | "record" | "refcursor") || schema.tables.contains_key(ty);
    // One text is a name of a role or a state more often than a secret.
    let words = classify::words(&function.name);
    let told = ["email", "phone", "address", "secret", "key", "token", "password"]
        .iter()
        .any(|word| words.iter().any(|own| own == word));
    let text = told && matches!(ty, "text" | "varchar" | "character" | "citext");
    (rows || text) && !function.body.touches.is_empty()
}
