//! The app is deployed with the server that is meant for developing.

use plimsoll_model::{App, Gap, Severity};

use crate::{Rule, Sink};

pub(crate) static RULE: Rule = Rule {
    id: "development-server-deployed",
    summary: "the app is deployed with the server that is meant for developing",
    gap: Gap::DebugOrMisconfig,
    severity: Severity::Medium,
    cwe: &[489, 1188],
    owasp: &["A02:2025"],
    asvs: &["13.4.2"],
    page: include_str!("development_server_deployed.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    for setting in app.settings.iter().filter(|setting| setting.key == "development-server") {
        sink.at(setting.span, format!("{} is started by `{}`", setting.system, setting.value))
            .title(format!("The deployed app is started by `{}`, a server for developing", setting.value))
            .all(setting.also.iter().copied(), "here too")
            .done();
    }
}
