//! Any website may read answers with the visitor's login.

use crate::{Rule, Sink};
use plimsoll_model::app::AllowedOrigins;
use plimsoll_model::{App, Gap, Severity};

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
        sink.at(first, "the origin that asks is allowed, with credentials")
            .title("Any other website may read this app's answers with your users' logins")
            .all(rest.iter().copied(), "the same decision")
            .done();
    }
}
