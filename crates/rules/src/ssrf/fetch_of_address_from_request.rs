//! The server requests an address that the visitor chooses.

use std::collections::BTreeSet;

use plimsoll_model::app::{Sink as Ends, Source};
use plimsoll_model::{App, Claim, Gap, Severity};

use crate::{Rule, Sink, gains};

pub(crate) static RULE: Rule = Rule {
    id: "fetch-of-address-from-request",
    summary: "the server requests an address that the visitor chooses",
    gap: Gap::Ssrf,
    severity: Severity::High,
    cwe: &[918],
    owasp: &["A01:2025"],
    asvs: &["1.3.6"],
    page: include_str!("fetch_of_address_from_request.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    let mut seen = BTreeSet::new();
    for flow in &app.flows {
        let Some(entry) = flow.entry.and_then(|index| app.entry_points.get(index)) else { continue };
        let leads_there = flow.sink == Ends::Url && flow.source == Source::Request && is_own_word(&flow.source_name);
        if !leads_there || !seen.insert(flow.to) {
            continue;
        }
        let (who, to) = gains::sender(app, flow);
        let name = &flow.source_name;
        sink.at(flow.to, format!("`{}` decides where the request goes", flow.source_name))
            .title(format!("{} makes the server request any address (`{}`)", entry.label(), flow.source_name))
            .subject(entry.label())
            .grants(
                [Claim::Stands(who)],
                Claim::ReachesInside,
                format!("names an address inside the owner's network as `{name}`{to}: the server asks there"),
            )
            .also(entry.handler, "the handler")
            .done();
    }
}

/// Headers and the address of the request itself are no field of a form.
fn is_own_word(name: &str) -> bool {
    name != "body" && !name.starts_with("url") && !name.starts_with("headers") && !name.starts_with("cookies")
}
