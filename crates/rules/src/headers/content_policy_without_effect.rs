//! There is a content security policy, but a program that gets into a page still runs.

use plimsoll_model::{App, Claim, Gap, Severity};

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

const NAME: &str = "content-security-policy";

fn run(app: &App, sink: &mut Sink<'_>) {
    let live = app.live.pages.iter().find(|(exchange, _)| exchange.status == Some(200));
    let sent = live.and_then(|(exchange, headers)| {
        let (_, value) = headers.iter().find(|(name, _)| name == NAME)?;
        Some((exchange, value.as_str()))
    });
    let weak_in_code = || {
        app.headers
            .iter()
            .filter(|header| header.name == NAME)
            .find_map(|header| Some((header, weakness(header.value.as_deref()?)?)))
    };
    // What is sent decides; the code says where it is set.
    let (draft, why) = match sent {
        Some((exchange, value)) => {
            let Some(why) = weakness(value) else { return };
            let draft = sink.live(exchange, format!("the policy that is sent {why}"));
            let places = app.headers.iter().filter(|header| header.name == NAME).map(|header| header.span);
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
    let directives = || {
        policy
            .split(';')
            .map(|part| part.split_ascii_whitespace().map(str::to_ascii_lowercase).collect::<Vec<String>>())
    };
    let named = |wanted: &str| directives().find(|words| words.first().is_some_and(|name| name == wanted));
    let Some(sources) = named("script-src").or_else(|| named("default-src")) else {
        return Some("says nothing of scripts");
    };
    let has = |wanted: &str| sources.iter().any(|source| source == wanted);
    // A nonce or a hash makes browsers ignore `unsafe-inline`, and `strict-dynamic` the lists of hosts.
    let bound = sources.iter().any(|source| source.starts_with("'nonce-") || source.starts_with("'sha"));
    if has("'unsafe-inline'") && !bound {
        return Some("allows scripts written into the page (`unsafe-inline`)");
    }
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
