//! From hits in files to facts about the app.

use std::collections::{BTreeMap, BTreeSet};

use aho_corasick::{AhoCorasick, MatchKind};
use plimsoll_model::Secret;
use plimsoll_model::app::{SecretKind, SecretSeen, SecretTier};
use plimsoll_source::{FileId, SourceTree, Span};

use crate::Hit;
use crate::place::{Form, Place};
use crate::text;

/// How much a hit says, for choosing among those that overlap.
fn weight(hit: &Hit) -> u8 {
    let kind = match hit.kind {
        SecretKind::PrivateKey => 6,
        SecretKind::ConnectionString => 5,
        SecretKind::SigningKey => 4,
        SecretKind::DefaultAccount => 3,
        SecretKind::ApiKey => 2,
        SecretKind::Token => 2,
        SecretKind::Password => 1,
    };
    kind + if hit.certain { 20 } else { 0 } + if hit.fallback_for.is_some() { 8 } else { 0 }
}

/// Drops hits that lie over each other in one file: the one that says most stays.
pub(crate) fn settle(mut hits: Vec<Hit>) -> Vec<Hit> {
    hits.sort_by(|a, b| a.start.cmp(&b.start).then(weight(b).cmp(&weight(a))).then(b.end.cmp(&a.end)));
    let mut kept: Vec<Hit> = Vec::new();
    for hit in hits {
        let mut replace = None;
        let mut drop = false;
        for (index, other) in kept.iter().enumerate().rev().take(4) {
            if hit.start < other.end && other.start < hit.end {
                if weight(&hit) > weight(other) {
                    replace = Some(index);
                } else {
                    drop = true;
                }
                break;
            }
        }
        match replace {
            Some(index) => kept[index] = hit,
            None if drop => {}
            None => kept.push(hit),
        }
    }
    kept
}

/// Kinds that describe the same thing when the value is the same.
fn family(kind: SecretKind) -> u8 {
    match kind {
        // The password inside an address is the same password elsewhere.
        SecretKind::Password | SecretKind::DefaultAccount | SecretKind::ConnectionString => 0,
        SecretKind::SigningKey => 1,
        SecretKind::PrivateKey => 2,
        SecretKind::ApiKey | SecretKind::Token => 3,
    }
}

struct Group {
    hits: Vec<(FileId, Hit)>,
}

/// Joins places of the same value.
pub(crate) fn join(tree: &SourceTree, scanned: Vec<(FileId, Place, Vec<Hit>)>) -> Vec<SecretSeen> {
    let mut groups: BTreeMap<(String, u8, Option<String>), Group> = BTreeMap::new();
    let mut places: Vec<(FileId, Place)> = Vec::with_capacity(scanned.len());
    for (id, place, hits) in scanned {
        places.push((id, place));
        for hit in hits {
            let fallback = if hit.kind == SecretKind::SigningKey { hit.fallback_for.clone() } else { None };
            groups
                .entry((hit.value.clone(), family(hit.kind), fallback))
                .or_insert_with(|| Group { hits: Vec::new() })
                .hits
                .push((id, hit));
        }
    }
    let forms: BTreeMap<FileId, Form> = places.iter().map(|(id, place)| (*id, place.form)).collect();
    let published: BTreeSet<String> =
        tree.files.iter().filter_map(|file| file.name().strip_suffix(".txt")).map(str::to_owned).collect();
    let elsewhere = find_elsewhere(tree, &places, &groups);
    let mut secrets: Vec<SecretSeen> = Vec::new();
    for ((value, _, _), mut group) in groups {
        // The worst place speaks for all: a real one before samples, seen by visitors before hidden, certain before likely.
        group.hits.sort_by_key(|(id, hit)| {
            (
                match hit.tier {
                    SecretTier::Secret => 0,
                    SecretTier::PublicByDesign => 1,
                    SecretTier::Placeholder => 2,
                },
                hit.in_sample,
                tree.file(*id).git_ignored,
                !hit.in_browser,
                !hit.certain,
                hit.fallback_for.is_some(),
                *id,
                hit.start,
            )
        });
        let Some((first_id, mut first)) = group.hits.first().cloned() else { continue };
        // Proofs of ownership are published in a file of their name (IndexNow, domain checks).
        if first.kind == SecretKind::ApiKey && published.contains(&value) {
            first.tier = SecretTier::PublicByDesign;
        }
        // A document that names the password of sample data is about the sample.
        let is_docs = |id: FileId| forms.get(&id).is_some_and(|form| *form == Form::Docs);
        let about_sample = first.kind == SecretKind::DefaultAccount
            && is_distinctive(&value)
            && group.hits.iter().any(|(_, hit)| hit.in_sample)
            && group.hits.iter().all(|(id, hit)| hit.in_sample || is_docs(*id));
        let in_sample = first.in_sample || about_sample;
        let mut spans: BTreeSet<Span> = BTreeSet::new();
        let mut in_browser = false;
        let mut certain = false;
        let mut git_ignored = true;
        for (id, hit) in &group.hits {
            // Tests and samples repeat values; they are no further places of a real one.
            if hit.in_sample && !in_sample || hit.tier == SecretTier::Placeholder && first.tier == SecretTier::Secret {
                continue;
            }
            spans.insert(span(*id, hit.start, hit.end));
            in_browser |= hit.in_browser;
            certain |= hit.certain;
            git_ignored &= tree.file(*id).git_ignored;
        }
        if first.tier == SecretTier::Secret {
            for &(id, start, client) in elsewhere.get(&value).map_or(&[][..], Vec::as_slice) {
                let more = span(id, start, start + value.len());
                if !spans.iter().any(|own| own.file == more.file && own.start < more.end && more.start < own.end) {
                    spans.insert(more);
                    in_browser |= client;
                    git_ignored &= tree.file(id).git_ignored;
                }
            }
        }
        let main = span(first_id, first.start, first.end);
        spans.remove(&main);
        secrets.push(SecretSeen {
            kind: first.kind,
            what: first.what,
            tier: first.tier,
            value: Secret::new(value),
            in_browser: in_browser && first.tier == SecretTier::Secret,
            fallback_for: first.fallback_for,
            git_ignored,
            in_sample,
            certain,
            span: main,
            also: spans.into_iter().collect(),
        });
    }
    secrets.sort_by(|a, b| a.span.cmp(&b.span).then(a.kind.cmp(&b.kind)).then(a.fallback_for.cmp(&b.fallback_for)));
    secrets
}

fn span(file: FileId, start: usize, end: usize) -> Span {
    Span::new(file, u32::try_from(start).unwrap_or(u32::MAX), u32::try_from(end).unwrap_or(u32::MAX))
}

/// A value that nobody writes by chance.
fn is_distinctive(value: &str) -> bool {
    let has_digit = value.bytes().any(|byte| byte.is_ascii_digit());
    let has_letter = value.bytes().any(|byte| byte.is_ascii_alphabetic());
    value.len() >= 8 && has_digit && has_letter && value.len() < 600 && !crate::value::is_commonplace(value)
}

type Elsewhere = BTreeMap<String, Vec<(FileId, usize, bool)>>;

/// Looks distinctive values up in all texts: a password of the server is often repeated in the browser's code.
fn find_elsewhere(
    tree: &SourceTree,
    places: &[(FileId, Place)],
    groups: &BTreeMap<(String, u8, Option<String>), Group>,
) -> Elsewhere {
    use rayon::prelude::*;
    let mut values: Vec<&str> = groups
        .iter()
        .filter(|(_, group)| {
            group.hits.iter().any(|(_, hit)| hit.tier == SecretTier::Secret && hit.kind != SecretKind::PrivateKey)
        })
        .map(|((value, _, _), _)| value.as_str())
        .filter(|value| is_distinctive(value))
        .collect();
    values.dedup();
    let mut found: Elsewhere = BTreeMap::new();
    if values.is_empty() || values.len() > 2_000 {
        return found;
    }
    let Ok(search) = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&values) else { return found };
    let per_file: Vec<Vec<(usize, FileId, usize, bool)>> = places
        .par_iter()
        .map(|(id, place)| {
            let text = tree.file(*id).text();
            if place.is_lock || place.is_test || place.is_sample || place.form == Form::Other && !place.is_minified {
                return Vec::new();
            }
            search
                .find_iter(text)
                .filter(|hit| {
                    let inside = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
                    !inside(text::before(text, hit.start())) && !inside(text::at(text, hit.end()))
                })
                .map(|hit| (hit.pattern().as_usize(), *id, hit.start(), place.is_client || place.is_jsx))
                .take(50)
                .collect()
        })
        .collect();
    for (pattern, id, start, client) in per_file.into_iter().flatten() {
        if let Some(value) = values.get(pattern) {
            found.entry((*value).to_owned()).or_default().push((id, start, client));
        }
    }
    found
}
