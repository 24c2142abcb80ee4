//! The text of internal errors is sent to the visitor.

use crate::{Rule, Sink};
use plimsoll_model::app::{Flow, Sink as Ends, Source};
use plimsoll_model::{App, Claim, Gap, Severity};
use plimsoll_source::Span;

pub(crate) static RULE: Rule = Rule {
    id: "error-details-to-client",
    summary: "the text of internal errors is sent to the visitor",
    gap: Gap::DebugOrMisconfig,
    severity: Severity::Low,
    cwe: &[209],
    owasp: &["A10:2025"],
    asvs: &["16.5.1"],
    page: include_str!("error_details_to_client.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    let told: Vec<&Flow> = app
        .flows
        .iter()
        .filter(|flow| {
            flow.source == Source::ErrorDetail
                && flow.sink == Ends::Response
                // A handler for all errors answers for every entry point.
                && (flow.entry.is_some() || flow.sink_name == "error handler")
        })
        .collect();
    whole_traceback(&told, sink);
    let spans: Vec<Span> = told.iter().filter(|flow| flow.source_name != "traceback").map(|flow| flow.from).collect();
    // One habit is one finding.
    let mut live = app.live.details_shown.iter();
    let mut draft = match spans.split_first() {
        Some((&first, rest)) => {
            sink.at(first, "the error's text is part of the answer").all(rest.iter().copied(), "here too")
        }
        None => match live.next() {
            Some((exchange, what)) => sink.live(exchange, what.clone()),
            None => return,
        },
    };
    for (exchange, what) in live {
        draft = draft.also_live(exchange, what.clone());
    }
    draft.done();
}

/// The traceback shows the code itself, line by line.
fn whole_traceback(told: &[&Flow], sink: &mut Sink<'_>) {
    let mut spans = told.iter().filter(|flow| flow.source_name == "traceback").map(|flow| flow.from);
    let Some(first) = spans.next() else { return };
    sink.at(first, "the traceback is part of the answer")
        .title("Whoever causes an error is sent the app's traceback: its code, files and values")
        .severity(Severity::Medium)
        .all(spans, "here too")
        .eases([], Claim::ReadSource, "whoever causes an error is sent pieces of the code")
        .done();
}
