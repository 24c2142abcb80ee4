//! The answer of a sign-in service is taken from whoever brings it.

use plimsoll_model::app::{Effect, EffectKind, EntryPoint, Flow, Reach, Sink as Ends};
use plimsoll_model::{App, Confidence, Gap, Severity};

use crate::{Rule, Sink};

pub(crate) static RULE: Rule = Rule {
    id: "sign-in-answer-without-state",
    summary: "the answer of a sign-in service is taken from whoever brings it",
    gap: Gap::Csrf,
    severity: Severity::Medium,
    cwe: &[352],
    owasp: &["A01:2025"],
    asvs: &["10.2.1"],
    page: include_str!("sign_in_answer_without_state.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    let mut seen = std::collections::BTreeSet::new();
    let answers = app
        .flows
        .iter()
        .filter(|flow| flow.sink == Ends::CodeExchange && flow.source_name.ends_with("code"))
        .filter_map(|flow| Some((flow, flow.entry?)))
        .filter_map(|(flow, index)| Some((flow, index, app.entry_points.get(index)?)));
    for (flow, index, entry) in answers {
        if !is_answer(entry, flow) || binds(entry) || !seen.insert(index) {
            continue;
        }
        let draft = sink
            .at(flow.to, format!("{}: the code of the address is redeemed, whoever brought it", entry.label()))
            .subject(entry.label())
            .confidence(Confidence::Likely);
        // The word of the address decides whose connection it becomes.
        match believed(entry) {
            Some(effect) => draft
                .title(format!("{} connects an account of another service to whomever `state` names", entry.label()))
                .severity(Severity::High)
                .also(entry.handler, "the handler: it takes `state` for the account and compares it with nothing")
                .also(effect.span, "what the service gave is kept under what `state` says")
                .done(),
            None => draft
                .title(format!("{} takes the answer of a sign-in service from whoever brings it", entry.label()))
                .also(entry.handler, "the handler: it reads no `state`")
                .done(),
        };
    }
}

/// Where the service sends the visitor's browser back: the code stands in the address.
fn is_answer(entry: &EntryPoint, flow: &Flow) -> bool {
    flow.source_name.starts_with("query")
        && (entry.methods.is_empty() || entry.methods.iter().any(|method| method == "GET"))
}

/// Whether something ties the answer to the browser that asked: a `state`, or the secret of PKCE that only it was given.
fn binds(entry: &EntryPoint) -> bool {
    let reads = |words: &[&str]| {
        entry.inputs.iter().any(|input| {
            let input = input.to_ascii_lowercase();
            words.iter().any(|word| input.contains(word))
        })
    };
    entry.reach() == Reach::Machine || reads(&["verifier", "nonce"]) || (reads(&["state"]) && believed(entry).is_none())
}

/// What is kept for a stranger under what `state` says: it then names an account instead of proving who asked.
fn believed(entry: &EntryPoint) -> Option<&Effect> {
    entry.effects.iter().find(|effect| {
        matches!(effect.kind, EffectKind::Update | EffectKind::Create)
            && entry.reach_of(effect) == Reach::Anyone
            && effect.picked_by.iter().any(|name| name.rsplit('.').next() == Some("state"))
    })
}
