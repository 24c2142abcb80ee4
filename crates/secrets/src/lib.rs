//! Secrets in files: what is a key, what is public by design, what is a placeholder.
//!
//! A witness over the text of files, not over a code tree, so that it works the same in every language and in files that
//! no front end parses. One Aho-Corasick pass over each file finds keywords; the rest runs only near them:
//!
//! - [`shapes`]: keys known by their shape (prefix, checksum, decoded claims);
//! - [`assign`]: values given to a name that speaks of a secret, and defaults of settings that the program falls back to;
//! - [`accounts`]: working accounts published in documents, pages, seeds and comparisons;
//! - [`committed`]: files that do not belong in a repository.
//!
//! What is where in the facts:
//! - `in_sample` marks tests, samples, scripts for trying things and the document of sample data. A document alone is no
//!   sample: guides and transcripts hold real values, and only values that look generated are taken from them.
//! - a file that is nothing but a private key is a [`CommittedFile`] and no [`SecretSeen`].
//! - tiers other than `Secret` are stated too, so that a rule can say what it looked at.
//!
//! Afterwards the same value in several places becomes one fact, and distinctive values are looked up in all other files:
//! a password that a server compares is often repeated in the browser's code.

mod accounts;
mod assign;
mod committed;
mod gate;
mod merge;
mod name;
mod place;
mod shapes;
mod text;
mod value;

use plimsoll_cache::Cache;
use plimsoll_model::NotChecked;
use plimsoll_model::app::{CommittedFile, SecretKind, SecretSeen, SecretTier};
use plimsoll_source::{Content, FileId, SourceTree};
use rayon::prelude::*;

use place::Place;

/// What the caller knows about the files.
pub struct Context<'a> {
    /// Whether a file is sent to the browser, from an import graph; `None` where the caller does not know, and the path
    /// and content decide.
    pub is_client_file: &'a (dyn Fn(FileId) -> Option<bool> + Sync),
}

impl Default for Context<'_> {
    /// Nothing known.
    fn default() -> Self {
        Context { is_client_file: &|_| None }
    }
}

impl std::fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Context")
    }
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct SecretFacts {
    /// Keys, passwords, tokens and published accounts, one per value, in the order of files and positions.
    pub secrets: Vec<SecretSeen>,
    /// Files that do not belong in a repository, in the order of files.
    pub committed: Vec<CommittedFile>,
    /// What could not be looked at.
    pub not_checked: Vec<NotChecked>,
    /// What was looked at, for people.
    pub looked_at: Vec<String>,
}

/// A secret in one place, before places of the same value are joined.
#[derive(Clone)]
pub(crate) struct Hit {
    pub(crate) kind: SecretKind,
    pub(crate) what: String,
    pub(crate) tier: SecretTier,
    pub(crate) value: String,
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) in_browser: bool,
    pub(crate) fallback_for: Option<String>,
    pub(crate) in_sample: bool,
    pub(crate) certain: bool,
}

/// Text files larger than this are scanned for shapes only: bundles and data, where names say nothing.
const MAX_NAMED_BYTES: usize = 1 << 20;

/// Reads the tree.
pub fn read(tree: &SourceTree, context: &Context) -> SecretFacts {
    read_with(tree, context, &Cache::off())
}

/// Reads the tree. Of a file without a hit it is kept that it has none; of one with a secret nothing is, neither here nor
/// by others: a secret must not lie about in one more place.
pub fn read_with(tree: &SourceTree, context: &Context, cache: &Cache) -> SecretFacts {
    let world = place::World::new(tree);
    let files: Vec<(FileId, &plimsoll_source::SourceFile)> = tree.iter().collect();
    let mut scanned: Vec<(FileId, Place, Vec<Hit>)> = files
        .par_iter()
        .filter(|(_, file)| matches!(file.content, Content::Text(_)))
        .map(|&(id, file)| {
            let place = Place::new(file, &world, (context.is_client_file)(id));
            let hits = scan_unless_quiet(id, file.text(), &place, cache);
            (id, place, hits)
        })
        .collect();
    scanned.sort_by_key(|(id, _, _)| *id);

    for (id, _, hits) in &scanned {
        if hits.iter().any(|hit| hit.tier == SecretTier::Secret) {
            cache.forget(id.0);
        }
    }
    let committed = committed::read(tree, &scanned);
    for (id, _, hits) in &mut scanned {
        if committed.key_files.contains(id) {
            hits.retain(|hit| hit.kind != SecretKind::PrivateKey);
        }
    }
    let texts = scanned.len();
    let secrets = merge::join(tree, scanned);
    let mut not_checked = committed.not_checked;
    not_checked.sort();
    SecretFacts {
        secrets,
        committed: committed.files,
        not_checked,
        looked_at: vec![
            format!("{texts} text files for keys, passwords and published accounts"),
            format!("{} files for databases, dumps, keys and uploads", tree.files.len()),
        ],
    }
}

fn scan_unless_quiet(id: FileId, text: &str, place: &Place, cache: &Cache) -> Vec<Hit> {
    let mut found = None;
    let depends = format!("{place:?}");
    let is_quiet = cache.get_or("a file without secrets", id.0, &[depends.as_bytes(), text.as_bytes()], || {
        found.insert(scan(text, place)).is_empty()
    });
    match found {
        Some(hits) => hits,
        None if is_quiet => Vec::new(),
        None => scan(text, place),
    }
}

/// Everything that one file shows.
fn scan(text: &str, place: &Place) -> Vec<Hit> {
    if place.is_lock {
        return Vec::new();
    }
    let mut hits = Vec::new();
    let found = gate::find(text);
    shapes::scan(text, place, &found, &mut hits);
    if text.len() <= MAX_NAMED_BYTES && !place.is_minified {
        assign::scan(text, place, &found, &mut hits);
        accounts::scan(text, place, &found, &mut hits);
    }
    merge::settle(hits)
}
