//! Text of others is put into the page as a program.

use std::collections::{BTreeMap, BTreeSet};

use crate::{Rule, Sink, gains};
use plimsoll_model::app::{Flow, Sink as Ends, Source};
use plimsoll_model::{App, Claim, Confidence, Gap, Severity};

pub(crate) static RULE: Rule = Rule {
    id: "markup-from-untrusted-text",
    summary: "text of others is put into the page as a program",
    gap: Gap::Xss,
    severity: Severity::High,
    cwe: &[79],
    owasp: &["A03:2025"],
    asvs: &["1.2.1"],
    page: include_str!("markup_from_untrusted_text.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    let mut seen = BTreeSet::new();
    let mut mistakes: BTreeMap<((Source, bool), u32), Vec<&Flow>> = BTreeMap::new();
    for flow in &app.flows {
        // Several sources that meet in one place are one mistake.
        if flow.sink == Ends::Html && !seen.insert(flow.to) {
            continue;
        }
        // The text of an error often repeats what was sent; only an answer to a request can carry it to somebody.
        // A page is opened by its address: what only answers a program's requests is shown by none.
        let entry = flow.entry.and_then(|index| app.entry_points.get(index));
        let shown = entry.is_some_and(|entry| {
            entry.methods.is_empty()
                || entry.methods.iter().any(|method| matches!(method.as_str(), "GET" | "ANY" | "*"))
        });
        if flow.sink != Ends::Html || (flow.source == Source::ErrorDetail && !shown) {
            continue;
        }
        // A page that escapes nothing is one habit: its places are listed together. What a server writes and what a
        // script of the page writes are escaped in different ways.
        let by_server = matches!(flow.sink_name.as_str(), "echo" | "the page's text");
        mistakes.entry(((flow.source, by_server), flow.to.file.0)).or_default().push(flow);
    }
    for (_, flows) in crate::habit::merged(mistakes, crate::habit::MANY) {
        let Some((flow, rest)) = flows.split_first() else { continue };
        let by_error = flow.source == Source::ErrorDetail;
        // Where a component's data comes from was not seen.
        let given = flow.limit == "given";
        let (severity, confidence) = match (by_error, given) {
            (true, _) => (Severity::Medium, Confidence::Possible),
            (false, true) => (Severity::Medium, Confidence::Likely),
            (false, false) => (Severity::High, Confidence::Likely),
        };
        let (mut needs, how) = match flow.source {
            Source::Stored | Source::Upload => (
                gains::to_plant(app, flow),
                "the text holds a hidden program, which runs when somebody looks at it".to_owned(),
            ),
            Source::Browser if flow.source_name == "storage" => (
                vec![Claim::Plants(Claim::BROWSER_KEPT.to_owned())],
                "the record holds a hidden program, which runs when the page shows it".to_owned(),
            ),
            Source::Browser if flow.source_name == "message" => (
                vec![Claim::Lures],
                "makes somebody open a page that sends the app's window a hidden program".to_owned(),
            ),
            _ => (vec![Claim::Lures], "makes somebody open a link that carries a hidden program".to_owned()),
        };
        needs.push(Claim::NoScriptPolicy);
        let mut names: Vec<&str> = flows.iter().map(|flow| flow.source_name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        let more = match names.len() {
            1 => String::new(),
            many => format!(" and {} more", many - 1),
        };
        let noted = |flow: &Flow| format!("`{}` becomes markup through {}", flow.source_name, flow.sink_name);
        sink.at(flow.to, noted(flow))
            .title(format!("Text from `{}`{more} is put into the page as markup", flow.source_name))
            .all_files(rest.iter().map(|flow| (flow.to, noted(flow))))
            .subject(format!("{:?}", flow.source))
            .habit()
            .severity(severity)
            .confidence(confidence)
            .grants(needs, Claim::RunsScript(gains::victim(app)), how)
            .done();
    }
}
