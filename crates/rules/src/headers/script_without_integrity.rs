//! Scripts of other sites are loaded without a fingerprint.

use plimsoll_model::{App, Gap, Severity};

use crate::{Rule, Sink};

pub(crate) static RULE: Rule = Rule {
    id: "script-without-integrity",
    summary: "a script of another site is loaded whatever it has become",
    gap: Gap::Other,
    severity: Severity::Low,
    cwe: &[353, 829],
    owasp: &["A08:2025"],
    asvs: &["3.6.1"],
    page: include_str!("script_without_integrity.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    let mut scripts = app.settings.iter().filter(|setting| setting.key == "script-without-integrity");
    let mut live = app.live.foreign_scripts.iter();
    let mut draft = match scripts.next() {
        Some(first) => sink
            .at(first.span, format!("loaded from {} without `integrity`", first.value))
            .all(scripts.map(|setting| setting.span), "and here"),
        // Where the code does not show it.
        None => match live.next() {
            Some((page, script)) => sink.live(page, format!("it loads {script} without `integrity`")),
            None => return,
        },
    };
    for (page, script) in live {
        draft = draft.also_live(page, format!("it loads {script} without `integrity`"));
    }
    draft.done();
}
