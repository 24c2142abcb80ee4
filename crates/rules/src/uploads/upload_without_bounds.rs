//! Anything of any size can be uploaded.

use plimsoll_model::{App, Claim, Gap, Severity};

use crate::{Rule, Sink, gains};

pub(crate) static RULE: Rule = Rule {
    id: "upload-without-bounds",
    summary: "anything of any size can be uploaded",
    gap: Gap::UnsafeUpload,
    severity: Severity::Medium,
    cwe: &[434, 770],
    owasp: &["A06:2025"],
    asvs: &["5.2.2"],
    page: include_str!("upload_without_bounds.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    for setting in app.settings.iter().filter(|setting| setting.key == "upload-without-bounds") {
        sink.at(setting.span, setting.value.clone())
            .title(format!("Uploads are taken without bounds: {}", setting.value))
            .grants(
                [Claim::Stands(gains::weakest_writer(app)), Claim::Lures, Claim::NoScriptPolicy],
                Claim::RunsScript(gains::victim(app)),
                "uploads a file that is really a page with a program in it, and has somebody open it",
            )
            .done();
    }
}
