//! A link writes into what the visitor's browser keeps, and nobody is asked.

use plimsoll_model::{App, Claim, Gap, Severity};

use crate::{Rule, Sink};

pub(crate) static RULE: Rule = Rule {
    id: "record-taken-from-link",
    summary: "a link replaces what the visitor's browser keeps, and nobody is asked",
    gap: Gap::Other,
    severity: Severity::Medium,
    cwe: &[345, 352],
    owasp: &["A08:2025"],
    asvs: &["3.5.1"],
    page: include_str!("record_taken_from_link.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    let mut seen = app.settings.iter().filter(|setting| setting.key == "records-from-address");
    let Some(first) = seen.next() else { return };
    // The page reads its address in one way, however many lists it then fills.
    let mut draft = sink.at(first.span, "a record out of the address is put into what is kept here");
    draft = draft.all(first.also.iter().copied(), "it is read out of the address here");
    for other in seen {
        draft =
            draft.also(other.span, "here too").all(other.also.iter().copied(), "it is read out of the address here");
    }
    draft
        .grants(
            [Claim::Lures],
            Claim::Plants(Claim::BROWSER_KEPT.to_owned()),
            "makes somebody open a link that carries a record, which is kept without asking",
        )
        .done();
}
