//! There is a content security policy, but a program that gets into a page still runs.

use plimsoll_model::{App, Claim, ContentPolicy, Gap, Severity, content_policy};

use crate::{Rule, Sink};

pub(crate) static RULE: Rule = Rule {
    id: "content-policy-without-effect",
    summary: "the content security policy lets foreign programs run",
    gap: Gap::MissingSecurityHeaders,
    severity: Severity::Low,
    cwe: &[693, 79],
    owasp: &["A05:2025"],
    asvs: &["3.4.3"],
    page: include_str!("content_policy_without_effect.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    let live = app.live.pages.iter().find(|(exchange, _)| exchange.status == Some(200));
    let sent = live.and_then(|(exchange, headers)| {
        let (_, value) = headers.iter().find(|(name, _)| name == ContentPolicy::HEADER)?;
        Some((exchange, value.as_str()))
    });
    let weak_in_code = || {
        app.headers
            .iter()
            .filter(|header| header.name == ContentPolicy::HEADER)
            .find_map(|header| Some((header, weakness(header.value.as_deref()?)?)))
    };
    // What is sent decides; the code says where it is set.
    let (draft, why) = match sent {
        Some((exchange, value)) => {
            let Some(why) = weakness(value) else { return };
            let draft = sink.live(exchange, format!("the policy that is sent {why}"));
            let places =
                app.headers.iter().filter(|header| header.name == ContentPolicy::HEADER).map(|header| header.span);
            (draft.all(places, "it is set here"), why)
        }
        None => match weak_in_code() {
            Some((header, why)) => (sink.at(header.span, format!("the policy {why}")), why),
            None => return,
        },
    };
    let mut draft = draft.title(format!("The content security policy {why}")).subject("content policy");
    if let Some(seen) = app.live.inline_script.as_ref().filter(|seen| seen.ran) {
        draft = draft.also_live(&seen.exchange, "the browser ran a program that was slipped into the page");
    }
    draft.grants([], Claim::NoScriptPolicy, "the content security policy stops no program slipped into a page").done();
}

/// What makes a policy stop no script; `None` when it stops those that are slipped in.
fn weakness(policy: &str) -> Option<&'static str> {
    let policy = ContentPolicy::parse(policy);
    let Some(sources) = policy.scripts() else { return Some("says nothing of scripts") };
    if !policy.stops_inline() {
        return Some("allows scripts written into the page (`unsafe-inline`)");
    }
    let has = |wanted: &str| sources.iter().any(|source| source == wanted);
    // `strict-dynamic` makes browsers ignore the lists of hosts, where a nonce or a hash says what may begin.
    let bound = content_policy::is_bound(sources);
    let anywhere = ["*", "https:", "http:", "data:"].iter().any(|wide| has(wide));
    (anywhere && !(bound && has("'strict-dynamic'"))).then_some("allows scripts from anywhere")
}

#[cfg(test)]
mod tests {
    use super::weakness;

    #[test]
    fn policies() {
        for (policy, weak) in [
            ("default-src 'self'", false),
            ("default-src 'self'; style-src 'unsafe-inline'", false),
            ("script-src 'nonce-abc' 'unsafe-inline' https: 'strict-dynamic'; object-src 'none'", false),
            ("script-src 'self' 'sha256-abc' 'unsafe-inline'", false),
            ("default-src 'self'; script-src 'self' 'unsafe-inline'", true),
            ("Default-Src * data:", true),
            ("script-src https:", true),
            ("frame-ancestors 'none'", true),
            ("", true),
        ] {
            assert_eq!(weakness(policy).is_some(), weak, "{policy}");
        }
    }
}
