//! An uploaded page is shown as a page of the app.

use plimsoll_model::{App, Claim, Gap, Severity};

use crate::{Rule, Sink, gains};

pub(crate) static RULE: Rule = Rule {
    id: "upload-served-inline",
    summary: "an uploaded page would be shown as a page of the app",
    gap: Gap::UnsafeUpload,
    severity: Severity::High,
    cwe: &[434, 79],
    owasp: &["A06:2025"],
    asvs: &["5.2.2", "5.4.1"],
    page: include_str!("upload_served_inline.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    for setting in app.settings.iter().filter(|setting| setting.key == "upload-served-inline") {
        sink.at(setting.span, format!("an upload is shown {}", setting.value))
            .all(setting.also.iter().copied(), "uploads are taken or shown here")
            .grants(
                [Claim::Stands(gains::weakest_uploader(app)), Claim::Lures, Claim::NoScriptPolicy],
                Claim::RunsScript(gains::victim(app)),
                "uploads a page with a program in it, and has somebody open it",
            )
            .done();
    }
}
