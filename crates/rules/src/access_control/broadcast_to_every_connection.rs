//! Records are sent to everyone who opens a socket.

use plimsoll_model::app::{Effect, EffectKind, EntryKind, EntryPoint, Reach};
use plimsoll_model::{App, Claim, Gap, Position, Severity};

use crate::{Rule, Sink, gains};

pub(crate) static RULE: Rule = Rule {
    id: "broadcast-to-every-connection",
    summary: "records are sent to everyone who opens a socket",
    gap: Gap::BrokenAccessControl,
    severity: Severity::High,
    cwe: &[306, 200],
    owasp: &["A01:2025"],
    asvs: &["4.4.3"],
    page: include_str!("broadcast_to_every_connection.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    // Who may listen is decided where sockets are opened.
    let Some(open) =
        app.entry_points.iter().find(|entry| entry.kind == EntryKind::Socket && entry.reach() == Reach::Anyone)
    else {
        return;
    };
    let sent: Vec<(&EntryPoint, &Effect)> = app
        .entry_points
        .iter()
        .flat_map(|entry| entry.effects.iter().map(move |effect| (entry, effect)))
        .filter(|(_, effect)| effect.kind == EffectKind::Broadcast && !effect.fields.is_empty())
        .collect();
    let Some((_, first)) = sent.first() else { return };
    let about_people = sent.iter().any(|(_, effect)| effect.fields.iter().any(|name| gains::is_about_people(name)));
    let mut draft = sink
        .at(first.span, format!("records of \u{201c}{}\u{201d} go to every connection", first.target))
        .title(format!(
            "Whoever opens a socket receives records of \u{201c}{}\u{201d}: nobody is asked who connects",
            first.target
        ))
        .severity(if about_people { Severity::High } else { Severity::Medium })
        .subject("broadcast")
        .also(open.span, "here anyone may connect");
    for (entry, effect) in &sent {
        draft = draft.also(effect.span, format!("{}: sent to everyone who is connected", entry.label()));
        draft = draft.grants(
            [Claim::Stands(Position::Anyone)],
            Claim::Reads(gains::class_of(app, effect)),
            format!("opens a socket and waits for records of {}", effect.target),
        );
    }
    draft.done();
}
