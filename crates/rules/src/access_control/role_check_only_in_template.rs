//! A form is hidden from those without the role, but works for them all the same.

use plimsoll_model::app::{GuardKind, Side};
use plimsoll_model::{App, Claim, Gap, Position, Severity};

use crate::{Rule, Sink, gains};

pub(crate) static RULE: Rule = Rule {
    id: "role-check-only-in-template",
    summary: "who may send a form is decided only where the form is drawn",
    gap: Gap::BrokenAccessControl,
    severity: Severity::High,
    cwe: &[862, 602],
    owasp: &["A01:2025"],
    asvs: &["8.3.1"],
    page: include_str!("role_check_only_in_template.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    for entry in &app.entry_points {
        let mut hidden =
            entry.guards.iter().filter(|guard| guard.side == Side::Browser && guard.kind == GuardKind::Role);
        let Some(guard) = hidden.next() else { continue };
        let mut draft = sink
            .at(entry.handler, format!("{} asks for no role", entry.label()))
            .also(guard.span, format!("the form is drawn only if `{}`", guard.name))
            .title(format!("{} is hidden from those without the role, but works for them", entry.label()))
            .subject(entry.label());
        if let Some(effect) = entry.effects.iter().find(|effect| effect.kind.writes()) {
            let by = gains::position(entry.reach_of(effect)).unwrap_or(Position::Anyone);
            draft = draft.grants(
                [Claim::Stands(by)],
                Claim::Calls(entry.label()),
                format!("{} is hidden from an ordinary login, but answers it", entry.label()),
            );
            draft = draft.grants(
                [Claim::Stands(by)],
                gains::of_effect(app, effect),
                format!("sends what the hidden form of {} would send", entry.label()),
            );
        }
        draft.done();
    }
}
