//! Files that are not for visitors can be fetched.

use plimsoll_model::{App, Claim, Gap, Position, Severity};

use crate::{Rule, Sink};

pub(crate) static RULE: Rule = Rule {
    id: "private-files-served",
    summary: "files that are not for visitors can be fetched",
    gap: Gap::DebugOrMisconfig,
    severity: Severity::High,
    cwe: &[548, 538],
    owasp: &["A05:2025"],
    asvs: &["13.4.3"],
    page: include_str!("private_files_served.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    let places: Vec<_> = app.settings.iter().filter(|setting| setting.key == "public-web-root").collect();
    let mut live = app.live.exposed_files.iter();
    let mut draft = match places.first() {
        Some(setting) => sink
            .at(setting.span, "the whole project folder is served")
            .title("The folder with the app's code and data is served to everyone"),
        None => match live.next() {
            Some((exchange, what)) => sink.live(exchange, what.clone()).title(format!("Anyone can fetch: {what}")),
            None => return,
        },
    };
    for (exchange, what) in live {
        draft = draft.also_live(exchange, what.clone());
    }
    draft
        .grants([Claim::Stands(Position::Anyone)], Claim::ReadSource, "fetches the app's own code and data by address")
        .done();
}
