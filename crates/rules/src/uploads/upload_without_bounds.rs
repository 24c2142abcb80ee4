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
        let mut draft = sink
            .at(setting.span, setting.value.clone())
            .title(format!("Uploads are taken without bounds: {}", setting.value));
        let any_kind = setting.value.contains("kind");
        let uploader = gains::weakest_uploader(app);
        if any_kind && setting.system == "PHP" {
            draft = draft.grants(
                [Claim::Stands(uploader)],
                Claim::RunsCode,
                "uploads a file that is really a program, and opens its address: the server runs it",
            );
        } else if any_kind && gains::serves_uploads(app) {
            // A file that is only kept, or sent as a download, runs nowhere.
            draft = draft.grants(
                [Claim::Stands(uploader), Claim::Lures, Claim::NoScriptPolicy],
                Claim::RunsScript(gains::victim(app)),
                "uploads a file that is really a page with a program in it, and has somebody open it",
            );
        }
        draft.done();
    }
}
