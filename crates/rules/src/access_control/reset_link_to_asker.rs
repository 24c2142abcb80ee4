//! The link that sets a new password is shown to whoever asks for it.

use plimsoll_model::app::{Purpose, Reach, Sink as Ends, Source};
use plimsoll_model::{App, Claim, Gap, Position, Severity};

use crate::{Rule, Sink, gains};

pub(crate) static RULE: Rule = Rule {
    id: "reset-link-to-asker",
    summary: "the link that sets a new password is shown to whoever asks",
    gap: Gap::BrokenAccessControl,
    severity: Severity::Critical,
    cwe: &[640],
    owasp: &["A07:2025"],
    asvs: &["6.4.3"],
    page: include_str!("reset_link_to_asker.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    for (index, entry) in app.entry_points.iter().enumerate() {
        if !entry.purposes.contains(&Purpose::PasswordReset) || entry.reach() != Reach::Anyone {
            continue;
        }
        let mut told = app.flows.iter().filter(|flow| {
            flow.entry == Some(index) && flow.source == Source::FreshToken && flow.sink == Ends::Response
        });
        let Some(flow) = told.next() else { continue };
        sink.at(flow.from, "what was made for the account's owner alone goes to whoever asked")
            .all((flow.from != flow.to).then_some(flow.to), "it is sent here")
            .also(entry.handler, format!("{} asks for no login", entry.label()))
            .title(format!("{} shows the link or code for a new password to whoever asks", entry.label()))
            .subject(entry.label())
            .all(told.map(|flow| flow.to), "and here")
            .grants(
                [Claim::Stands(Position::Anyone)],
                Claim::Holds(gains::victim(app)),
                format!("asks {} for a new password of somebody else's account and is shown the link", entry.label()),
            )
            .done();
    }
}
