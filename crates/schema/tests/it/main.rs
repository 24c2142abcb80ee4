//! Tables of small cases, weak and strong, read through the crate's front door.

use plimsoll_model::app::{Command, Exposure, Gain, GrantWay, Openness, Reliance, Rls, StoreKind};
use plimsoll_schema::{SchemaFacts, read};
use plimsoll_source::SourceTree;

mod firebase;
mod supabase;

fn facts(files: &[(&str, &str)]) -> SchemaFacts {
    read(&SourceTree::from_texts(files.iter().copied()))
}

/// A short word for whom a policy admits.
fn word(openness: &Openness) -> &'static str {
    match openness {
        Openness::Anyone => "anyone",
        Openness::AnySignedIn => "signed in",
        Openness::Limited => "limited",
        Openness::Hole(_) => "hole",
        Openness::Nobody => "nobody",
        Openness::Unknown => "unknown",
    }
}
