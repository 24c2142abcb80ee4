//! A login is given to whoever names an account.

use plimsoll_model::{App, Claim, Gap, Position, Severity};

use crate::access::{is_judged, logins_given_away};
use crate::{Rule, Sink, gains};

pub(crate) static RULE: Rule = Rule {
    id: "login-without-proof",
    summary: "a login is given to whoever names an account",
    gap: Gap::BrokenAccessControl,
    severity: Severity::Critical,
    cwe: &[287, 306],
    owasp: &["A07:2025"],
    asvs: &["6.3.4"],
    page: include_str!("login_without_proof.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    for entry in app.entry_points.iter().filter(|entry| is_judged(entry)) {
        let mut given = logins_given_away(entry).into_iter();
        let Some(effect) = given.next() else { continue };
        sink.at(effect.span, "the login is made for whatever account the request names")
            .title(format!("{} lets anyone in as whomever they name", entry.label()))
            .subject(entry.label())
            .also(entry.handler, "nothing that only the owner of the account knows is asked for")
            .all(given.map(|effect| effect.span), "and here")
            .grants(
                [Claim::Stands(Position::Anyone)],
                Claim::Holds(gains::victim(app)),
                format!("names an account at {} and is logged in", entry.label()),
            )
            .done();
    }
}
