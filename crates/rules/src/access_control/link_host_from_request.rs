//! A mailed link with a secret in it leads to the host that the request named.

use plimsoll_model::{App, Gap, Severity};

use crate::{Rule, Sink};

pub(crate) static RULE: Rule = Rule {
    id: "link-host-from-request",
    summary: "a mailed link with a secret in it leads to the host that the request named",
    gap: Gap::BrokenAccessControl,
    severity: Severity::Medium,
    cwe: &[640, 644],
    owasp: &["A07:2025"],
    asvs: &["6.4.3"],
    page: include_str!("link_host_from_request.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    let mut found = app.settings.iter().filter(|setting| setting.key == "link-host-from-request");
    let Some(first) = found.next() else { return };
    sink.at(first.span, format!("the link's host is `{}`, which whoever asks for the mail writes", first.value))
        .title(format!("The link in a mail leads to the host that the request names (`{}`)", first.value))
        .all(found.map(|setting| setting.span), "here too")
        .done();
}
