//! Text of a visitor becomes part of a mail as markup.

use plimsoll_model::app::{EntryPoint, Flow, Reach, Sink as Ends, Source};
use plimsoll_model::{App, Confidence, Gap, Severity};

use crate::{Rule, Sink};

pub(crate) static RULE: Rule = Rule {
    id: "markup-in-mail",
    summary: "text of a visitor becomes part of a mail as markup",
    gap: Gap::Injection,
    severity: Severity::Medium,
    cwe: &[80, 116],
    owasp: &["A05:2025"],
    asvs: &["1.2.1"],
    page: include_str!("markup_in_mail.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    // Who may administer the app writes its mails; everybody else only fills them in.
    let mut seen = std::collections::BTreeSet::new();
    let found: Vec<(&Flow, &EntryPoint)> = app
        .flows
        .iter()
        .filter(|flow| flow.sink == Ends::Mail && matches!(flow.source, Source::Request | Source::Upload))
        .filter_map(|flow| Some((flow, flow.entry.and_then(|index| app.entry_points.get(index))?)))
        .filter(|(flow, entry)| {
            !matches!(entry.reach(), Reach::Role | Reach::Machine) && seen.insert((flow.to, flow.entry))
        })
        .collect();
    let Some(((first, entry), rest)) = found.split_first() else { return };
    let anyone = found.iter().any(|(_, entry)| entry.reach() == Reach::Anyone);
    let note = |flow: &Flow| format!("`{}` is put into the mail\u{2019}s markup as it was sent", flow.source_name);
    let mut draft = sink
        .at(first.to, note(first))
        .title(format!("What a visitor sends (`{}`) becomes markup of a mail", first.source_name))
        .subject(entry.label())
        .severity(if anyone { Severity::Medium } else { Severity::Low })
        .confidence(Confidence::Likely)
        .also(entry.handler, entry.label())
        .also(first.from, "where it is read");
    for (flow, entry) in rest {
        draft = draft.also(flow.to, note(flow)).also(entry.handler, entry.label()).also(flow.from, "where it is read");
    }
    draft.done();
}
