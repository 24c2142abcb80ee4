//! An uploaded page is shown as a page of the app.

use plimsoll_model::{App, Claim, Gap, Severity};

use crate::{Draft, Rule, Sink, gains};

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
        let draft = sink
            .at(setting.span, format!("an upload is shown {}", setting.value))
            .all(setting.also.iter().copied(), "uploads are taken or shown here");
        granted(app, seen(app, draft)).done();
    }
    // Where the code does not show it.
    if !app.settings.iter().any(|setting| setting.key == "upload-served-inline")
        && let Some(first) = app.live.uploads.iter().find(|upload| upload.inline)
    {
        let draft = sink.live(&first.exchange, format!("{} that was uploaded came back {}", first.what, first.how));
        granted(app, draft.subject("uploads")).done();
    }
}

fn seen<'s, 'a>(app: &App, mut draft: Draft<'s, 'a>) -> Draft<'s, 'a> {
    for upload in app.live.uploads.iter().filter(|upload| upload.inline) {
        let note = format!("{} that was uploaded came back {}", upload.what, upload.how);
        draft = draft.also_live(&upload.exchange, note);
    }
    draft
}

fn granted<'s, 'a>(app: &App, draft: Draft<'s, 'a>) -> Draft<'s, 'a> {
    draft.grants(
        [Claim::Stands(gains::weakest_uploader(app)), Claim::Lures, Claim::NoScriptPolicy],
        Claim::RunsScript(gains::victim(app)),
        "uploads a page with a program in it, and has somebody open it",
    )
}
