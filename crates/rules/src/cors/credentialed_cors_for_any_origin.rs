//! Any website may read answers with the visitor's login.

use crate::{Rule, Sink};
use plimsoll_model::app::{AllowedOrigins, LiveVerdict};
use plimsoll_model::{App, Claim, Confidence, Gap, Severity};

pub(crate) static RULE: Rule = Rule {
    id: "credentialed-cors-for-any-origin",
    summary: "any website may read answers with the visitor's login",
    gap: Gap::PermissiveCors,
    severity: Severity::High,
    cwe: &[942, 346],
    owasp: &["A05:2025"],
    asvs: &["3.4.2"],
    page: include_str!("credentialed_cors_for_any_origin.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    let mut seen = app.live.cors.iter().filter(|seen| {
        let open = matches!(seen.origins(), AllowedOrigins::Reflected | AllowedOrigins::Weak(_));
        open && seen.credentials && seen.verdict == LiveVerdict::Confirmed
    });
    let observed = seen.next();
    let mut in_source = false;
    for policy in &app.cors {
        let open = match &policy.origins {
            AllowedOrigins::Reflected => true,
            AllowedOrigins::Weak(_) => true,
            AllowedOrigins::Any | AllowedOrigins::Listed(_) | AllowedOrigins::Configured => false,
        };
        if !open || !policy.credentials {
            continue;
        }
        let Some((&first, rest)) = policy.spans.split_first() else { continue };
        in_source = true;
        // What was observed wins: a decision for the whole app that lets nobody in is not in force where it was looked.
        let closed = app.live.checks.iter().any(|one| one.check == "cors" && one.verdict == LiveVerdict::Passed);
        if observed.is_none() && closed && policy.path.trim_matches('/').is_empty() {
            sink.at(
                first,
                "the origin that asks is allowed, with credentials; yet the running app let no foreign origin in",
            )
            .title("Another website may read this app's answers where this setting is in force")
            .severity(Severity::Low)
            .confidence(Confidence::Possible)
            .all(rest.iter().copied(), "the same decision")
            .done();
            continue;
        }
        let (who, note) = match &policy.origins {
            AllowedOrigins::Weak(why) => ("Websites of strangers", format!("{why}, with credentials")),
            _ => ("Any other website", "the origin that asks is allowed, with credentials".to_owned()),
        };
        let mut draft = sink
            .at(first, note)
            .title(format!("{who} may read this app's answers with your users' logins"))
            .all(rest.iter().copied(), "the same decision")
            .grants([], Claim::ForeignReadsAllowed, "any website may read the app's answers with the visitor's login");
        if let Some(seen) = observed {
            draft = draft.also_live(&seen.exchange, format!("asked from {}, it was let in", seen.origin));
        }
        draft.done();
    }
    if let Some(seen) = observed.filter(|_| !in_source) {
        sink.live(&seen.exchange, format!("asked from {}, it was let in, with credentials", seen.origin))
            .title("Any other website may read this app's answers with your users' logins")
            .done();
    }
}
