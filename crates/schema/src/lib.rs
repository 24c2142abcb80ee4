//! Data behind the app: SQL replayed into a final schema, rules files of Firebase, entities of Base44.
//!
//! Only the end state counts: an open policy that a later migration drops is no fact. Nothing here judges; whom a policy
//! admits, what a view passes over and what an account can write into its own row are facts with a place.

mod base44;
mod classify;
mod columns;
mod database;
mod firebase;
mod self_grant;
mod sql;
mod uses;

pub use columns::{CodeSql, read_code};

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_cache::Cache;
use plimsoll_model::NotChecked;
use plimsoll_model::app::{DbFunction, DbView, Exposure, Openness, RulesFile, SelfGrant, Store, StoreUse};
use plimsoll_source::{SourceTree, Span};

/// What was read.
#[derive(Clone, Debug, Default)]
pub struct SchemaFacts {
    /// Tables, collections and buckets in their final state.
    pub stores: Vec<Store>,
    /// Functions of the database.
    pub functions: Vec<DbFunction>,
    /// Views that are exposed.
    pub views: Vec<DbView>,
    /// Ways in which an account can give itself rights.
    pub self_grants: Vec<SelfGrant>,
    /// Rules files of Firebase.
    pub rules_files: Vec<RulesFile>,
    /// Where browser code talks to stores directly.
    pub store_uses: Vec<StoreUse>,
    /// Where a visitor can make an account.
    pub open_sign_up: Vec<Span>,
    /// What could not be looked at.
    pub not_checked: Vec<NotChecked>,
    /// What was looked at, for people.
    pub looked_at: Vec<String>,
}

/// Reads the SQL and the rules files of a tree.
pub fn read(tree: &SourceTree) -> SchemaFacts {
    read_with(tree, &Cache::off(), &[])
}

/// Reads the SQL and the rules files of a tree. What code says of stores is kept per file, what the SQL comes to for as long
/// as nothing of it changes. What holds one of the `secrets` is not
/// kept.
pub fn read_with(tree: &SourceTree, cache: &Cache, secrets: &[&str]) -> SchemaFacts {
    let uses = uses::read(tree, cache);
    let database = database::read_kept(tree, &uses.named(tree), cache, secrets);
    let mut firebase = firebase::read(tree, &uses);
    let mut base44 = base44::read(tree, &uses);
    let mut facts = SchemaFacts {
        stores: database.stores,
        functions: database.functions,
        views: database.views,
        self_grants: database.self_grants,
        rules_files: firebase.files,
        not_checked: database.not_checked,
        looked_at: database.looked_at,
        store_uses: uses.stores,
        open_sign_up: uses.sign_up,
    };
    facts.stores.append(&mut firebase.stores);
    facts.self_grants.append(&mut firebase.self_grants);
    facts.not_checked.append(&mut firebase.not_checked);
    facts.looked_at.append(&mut firebase.looked_at);
    facts.stores.append(&mut base44.stores);
    facts.self_grants.append(&mut base44.self_grants);
    facts.not_checked.append(&mut base44.not_checked);
    facts.looked_at.append(&mut base44.looked_at);
    not_understood(tree, &mut facts);
    facts
}

/// Policies of exposed stores whose condition was not understood: they may admit anybody.
fn not_understood(tree: &SourceTree, facts: &mut SchemaFacts) {
    let mut lines: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for store in facts.stores.iter().filter(|store| store.exposure == Exposure::Direct) {
        for policy in store.policies.iter().filter(|policy| policy.openness == Openness::Unknown) {
            let file = &tree.file(policy.span.file).path;
            let line = tree.lines(policy.span).0;
            lines.entry(file.clone()).or_default().insert(format!("line {line} (`{}`)", store.name));
        }
    }
    for (file, places) in lines {
        let shown: Vec<String> = places.iter().take(5).cloned().collect();
        let more = if places.len() > shown.len() { " and others" } else { "" };
        facts.not_checked.push(NotChecked {
            what: format!("{file}: whom the policies at {}{more} admit", shown.join(", ")),
            why: "their conditions were not understood".into(),
            weighs: true,
        });
    }
}

/// The order of openness, narrowest first.
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
