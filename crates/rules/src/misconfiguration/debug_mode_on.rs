//! The app runs in developer mode.

use plimsoll_model::{App, Claim, Gap, Position, Severity};

use crate::{Rule, Sink};

pub(crate) static RULE: Rule = Rule {
    id: "debug-mode-on",
    summary: "the app runs in developer mode",
    gap: Gap::DebugOrMisconfig,
    severity: Severity::High,
    cwe: &[489],
    owasp: &["A05:2025"],
    asvs: &["13.4.2"],
    page: include_str!("debug_mode_on.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    for setting in app.settings.iter().filter(|setting| setting.key == "debug-mode") {
        let draft = sink
            .at(setting.span, format!("{}: debug is {}", setting.system, setting.value))
            .all(setting.also.iter().copied(), "here too");
        // The debugger of Werkzeug runs what is typed into it, for whoever has its code. The code is made from what stands
        // in files of the server. Other error pages show code and settings.
        let draft = match setting.system.as_str() {
            "Flask" | "Werkzeug" => draft
                .grants(
                    [Claim::ReadsFiles],
                    Claim::Knows(Claim::DEBUGGER_CODE.to_owned()),
                    "works out the debugger's code from files of the server",
                )
                .grants(
                    [Claim::Stands(Position::Anyone), Claim::Knows(Claim::DEBUGGER_CODE.to_owned())],
                    Claim::RunsCode,
                    "types a program into the debugger that answers errors",
                ),
            _ => draft,
        };
        draft.eases([], Claim::ReadSource, "the page of an error shows pieces of the code and of the settings").done();
    }
}
