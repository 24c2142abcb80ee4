//! A public page shows the record whose number stands in its address.

use plimsoll_model::app::{Effect, EffectKind, EntryPoint, Purpose, Reach};
use plimsoll_model::{App, Claim, Gap, Position, Severity};

use crate::{Rule, Sink, gains};

pub(crate) static RULE: Rule = Rule {
    id: "public-record-by-number",
    summary: "a public page shows whichever record is counted up to",
    gap: Gap::BrokenAccessControl,
    severity: Severity::High,
    cwe: &[639, 340],
    owasp: &["A01:2025"],
    asvs: &["8.2.2"],
    page: include_str!("public_record_by_number.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    for entry in &app.entry_points {
        // What is not meant for everybody is reported where nobody is asked.
        if !entry.purposes.contains(&Purpose::PublicByDesign) || entry.reach() != Reach::Anyone || has_key(entry) {
            continue;
        }
        let shows = entry.methods.is_empty() || entry.methods.iter().any(|method| method == "GET");
        let read = |effect: &&Effect| effect.kind == EffectKind::Read && !effect.limited_to_caller;
        let people = |effect: &Effect| {
            gains::is_about_people(&effect.target) || effect.target.to_ascii_lowercase().contains("quote")
        };
        // An invoice is shown with its customer, whatever the table of invoices is called.
        let with_people = || entry.effects.iter().filter(read).any(people);
        let picked = |effect: &&Effect| effect.picked_by_number && entry.reach_of(effect) == Reach::Anyone;
        let mut by_number: Vec<&Effect> = entry.effects.iter().filter(read).filter(picked).collect();
        by_number.sort_by_key(|effect| !people(effect));
        let Some(&effect) = by_number.first().filter(|effect| shows && (people(effect) || with_people())) else {
            continue;
        };
        let mut draft = sink
            .at(effect.span, "the record is picked by its number, and nothing else is asked")
            .title(format!(
                "{} shows any record of \u{201c}{}\u{201d} to whoever counts through the numbers",
                entry.label(),
                effect.target
            ))
            .also(entry.handler, entry.label())
            .subject(entry.label())
            .grants(
                [Claim::Stands(Position::Anyone)],
                shown(app, entry, effect),
                format!("counts through the numbers at {}", entry.label()),
            );
        // The number is all that these ask for too.
        for other in behind_the_same_number(app, entry) {
            draft = draft.grants(
                [Claim::Stands(Position::Anyone)],
                Claim::Calls(other.label()),
                format!("counts through the numbers at {}: each of them opens {} too", entry.label(), other.label()),
            );
        }
        draft.done();
    }
}

/// What is read of whoever is counted up to: the record, and what is shown with it.
fn shown(app: &App, entry: &EntryPoint, effect: &Effect) -> Claim {
    let with = entry.effects.iter().filter(|with| with.kind == EffectKind::Read && !with.limited_to_caller);
    let class = with.map(|with| gains::class_of(app, with)).max().unwrap_or_default();
    Claim::Reads(class.max(gains::class_of(app, effect)).min(plimsoll_model::DataClass::Personal))
}

/// What else the number that is counted up to opens to anyone: entry points below the same part of the address.
fn behind_the_same_number<'a>(app: &'a App, entry: &EntryPoint) -> Vec<&'a EntryPoint> {
    let Some(below) = up_to_number(&entry.path) else { return Vec::new() };
    let others = app.entry_points.iter().filter(|other| {
        let under = up_to_number(&other.path).is_some_and(|part| part == below);
        under && other.reach() == Reach::Anyone && other.can_write() && !names_a_key(&other.path)
    });
    others.collect()
}

/// `/api/public/:number` of `/api/public/:number/comments`.
fn up_to_number(path: &str) -> Option<&str> {
    let at = path.find("/:")?;
    let end = path.get(at + 1..)?.find('/').map_or(path.len(), |end| at + 1 + end);
    path.get(..end)
}

/// Whether the link carries a key of its own.
fn has_key(entry: &EntryPoint) -> bool {
    entry.inputs.iter().any(|input| names_a_key(input) || input.to_ascii_lowercase().contains("email"))
}

fn names_a_key(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["token", "code", "slug", "key", "signature", "sig", "secret", "hash", "uuid"]
        .iter()
        .any(|word| name.contains(word))
}
