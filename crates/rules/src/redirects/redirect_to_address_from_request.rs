//! The app sends visitors to any address that a link names.

use std::collections::BTreeSet;

use plimsoll_model::app::{Sink as Ends, Source};
use plimsoll_model::{App, Claim, Gap, Severity};

use crate::{Rule, Sink};

pub(crate) static RULE: Rule = Rule {
    id: "redirect-to-address-from-request",
    summary: "the app sends visitors to any address that a link names",
    gap: Gap::OpenRedirect,
    severity: Severity::Medium,
    cwe: &[601],
    owasp: &["A01:2025"],
    asvs: &["1.2.2"],
    page: include_str!("redirect_to_address_from_request.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    let mut seen = BTreeSet::new();
    let mut told = BTreeSet::new();
    for flow in &app.flows {
        let Some(entry) = flow.entry.and_then(|index| app.entry_points.get(index)) else { continue };
        let leads_there =
            flow.sink == Ends::Redirect && flow.source == Source::Request && is_own_word(&flow.source_name);
        if !leads_there || !seen.insert(flow.to) {
            continue;
        }
        let mut draft = sink
            .at(flow.to, format!("`{}` decides where the visitor goes", flow.source_name))
            .title(format!("{} sends the visitor to any address (`{}`)", entry.label(), flow.source_name))
            .subject(entry.label())
            .eases(
                [],
                Claim::Lures,
                format!("the link may begin with the app's own address: {} passes it on", entry.label()),
            )
            .also(entry.handler, "the handler");
        for live in app.live.redirects.iter().filter(|live| live.entry == flow.entry) {
            told.insert(live.exchange.clone());
            draft = draft.also_live(&live.exchange, "it sent the visitor to the other site that the address named");
        }
        draft.done();
    }
    // Where the code does not show it.
    for live in app.live.redirects.iter().filter(|live| !told.contains(&live.exchange)) {
        let address = live.exchange.url.split('?').next().unwrap_or_default();
        sink.live(&live.exchange, format!("it sent the visitor to the other site that `{}` named", live.parameter))
            .title(format!("{address} sends the visitor to any address (`{}`)", live.parameter))
            .subject(address.to_owned())
            .done();
    }
}

/// What another site cannot put into a link: headers, cookies, the address of the request itself.
fn is_own_word(name: &str) -> bool {
    !name.starts_with("url")
        && !name.starts_with("params")
        && !name.starts_with("headers")
        && !name.starts_with("cookies")
}
