//! A public page shows the record whose number stands in its address.

use plimsoll_model::app::{EffectKind, EntryPoint, Purpose, Reach};
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
        let shown = entry.effects.iter().find(|effect| {
            effect.kind == EffectKind::Read
                && effect.picked_by_number
                && !effect.limited_to_caller
                && entry.reach_of(effect) == Reach::Anyone
                && (gains::is_about_people(&effect.target) || effect.target.to_ascii_lowercase().contains("quote"))
        });
        let Some(effect) = shown else { continue };
        sink.at(effect.span, "the record is picked by its number, and nothing else is asked")
            .title(format!(
                "{} shows any record of \u{201c}{}\u{201d} to whoever counts through the numbers",
                entry.label(),
                effect.target
            ))
            .also(entry.handler, entry.label())
            .subject(entry.label())
            .grants(
                [Claim::Stands(Position::Anyone)],
                gains::of_effect(app, effect),
                format!("counts through the numbers at {}", entry.label()),
            )
            .done();
    }
}

/// Whether the link carries a key of its own.
fn has_key(entry: &EntryPoint) -> bool {
    entry.inputs.iter().any(|input| {
        let input = input.to_ascii_lowercase();
        ["token", "code", "slug", "key", "signature", "sig", "secret", "hash", "uuid", "email"]
            .iter()
            .any(|word| input.contains(word))
    })
}
