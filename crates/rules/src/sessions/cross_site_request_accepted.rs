//! Other websites can act with the login of whoever visits them.

use plimsoll_model::app::{CookieSet, EffectKind, EntryKind, EntryPoint, GuardKind, Purpose, SameSite};
use plimsoll_model::{App, Claim, Confidence, Gap, Severity};

use crate::access::is_judged;
use crate::{Rule, Sink, gains};

pub(crate) static RULE: Rule = Rule {
    id: "cross-site-request-accepted",
    summary: "other websites can act with the login of whoever visits them",
    gap: Gap::Csrf,
    severity: Severity::Medium,
    cwe: &[352],
    owasp: &["A01:2025"],
    asvs: &["3.5.1"],
    page: include_str!("cross_site_request_accepted.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    // The weakest session cookie decides. Without one, other websites cannot borrow the login.
    let sessions: Vec<&CookieSet> = app.cookies.iter().filter(|cookie| cookie.is_session).collect();
    let Some(weakest) = sessions.iter().min_by_key(|cookie| match cookie.same_site {
        Some(SameSite::None) => 0,
        None => 1,
        Some(SameSite::Lax) => 2,
        Some(SameSite::Strict) => 3,
    }) else {
        return;
    };
    let by_cookie: Vec<&EntryPoint> = app.entry_points.iter().filter(|entry| acts_by_cookie(entry)).collect();
    let writing: Vec<&EntryPoint> =
        by_cookie.iter().copied().filter(|entry| entry.can_write() || is_link_that_acts(entry)).collect();
    let (list, severity, confidence, why): (Vec<&EntryPoint>, _, _, _) = match weakest.same_site {
        Some(SameSite::None) => (
            writing,
            Severity::High,
            Confidence::Likely,
            "the session cookie is sent along from every website (`SameSite=None`)",
        ),
        // Browsers that do not take the missing attribute as `Lax`, and forms within two minutes of the login.
        None if writing.iter().any(|entry| takes_forms(entry)) => (
            by_cookie
                .into_iter()
                .filter(|entry| entry.can_write() && takes_forms(entry) || is_link_that_acts(entry))
                .collect(),
            Severity::Medium,
            Confidence::Likely,
            "the session cookie says nothing of other websites; not every browser treats it as `Lax`",
        ),
        Some(SameSite::Lax) | None => (
            by_cookie.into_iter().filter(|entry| is_link_that_acts(entry)).collect(),
            Severity::Medium,
            Confidence::Likely,
            "a link is enough: with `Lax` the session cookie is sent along",
        ),
        Some(SameSite::Strict) => return,
    };
    let Some((first, rest)) = list.split_first() else { return };
    let mut draft = sink
        .at(first.handler, format!("{}: neither a token nor the origin is checked", first.label()))
        .title(format!("Another website can make {} happen with a visitor's login: {why}", first.label()))
        .severity(severity)
        .confidence(confidence)
        .subject(first.label());
    if let Some(span) = weakest.span {
        draft = draft.also(span, "the session cookie");
    }
    for entry in rest {
        draft = draft.also(entry.handler, format!("{}: the same", entry.label()));
    }
    // A cookie that says nothing of other websites is sent along by some browsers only; a link is followed by all.
    let mut needs = vec![Claim::Lures];
    if weakest.same_site.is_none() && list.iter().any(|entry| takes_forms(entry)) {
        needs.push(Claim::Knows(Claim::SENDS_COOKIES.to_owned()));
    }
    draft = draft.grants(
        needs.clone(),
        Claim::ForeignRequestsAccepted,
        "makes somebody who is logged in open a page of its own",
    );
    // What an attacker does with a request whose answer he does not see.
    for entry in &list {
        let sets = entry.purposes.contains(&Purpose::PasswordChange) || gains::makes_account(app, entry);
        if sets {
            draft = draft.grants(
                needs.clone(),
                Claim::Forges(entry.label()),
                format!("makes somebody who is logged in open a page of its own, which sends {}", entry.label()),
            );
        }
    }
    draft
        .eases(
            [],
            Claim::ActsAs(gains::victim(app)),
            "the app's forms ask for no token, so that the script need not even fetch one",
        )
        .done();
}

/// Whether a login by cookie lets the entry point change something.
fn acts_by_cookie(entry: &EntryPoint) -> bool {
    let changes = entry.effects.iter().any(|effect| {
        effect.kind.writes()
            && !matches!(
                effect.kind,
                EffectKind::IssueSession | EffectKind::Fetch | EffectKind::Execute | EffectKind::Broadcast
            )
            && (entry.holding_at(effect, GuardKind::Authentication) || entry.holding_at(effect, GuardKind::Role))
    });
    // Tokens are asked for with forms, not with links.
    let by_link = is_view_that_acts(entry);
    let guarded = (!by_link && entry.holding(GuardKind::Csrf).next().is_some())
        || entry.holding(GuardKind::Signature).next().is_some();
    // Headers and frameworks that another website cannot use.
    let by_header =
        entry.inputs.iter().any(|input| input.starts_with("headers.authorization") || input.starts_with("headers.x"));
    let protected_by_framework = entry.kind == EntryKind::ServerAction
        || ["Django", "SvelteKit", "Laravel", "Remix"].contains(&entry.framework.as_str());
    let protected_by_framework = protected_by_framework && !by_link;
    is_judged(entry)
        && changes
        && !guarded
        && !by_header
        && !protected_by_framework
        && !entry.purposes.contains(&Purpose::Login)
        && !entry.purposes.contains(&Purpose::Logout)
        && (by_link || !entry.effects.iter().any(|effect| entry.holding_at(effect, GuardKind::Csrf)))
}

/// Frameworks whose handlers read forms without being told to.
fn takes_forms(entry: &EntryPoint) -> bool {
    matches!(entry.framework.as_str(), "Flask" | "PHP" | "Bottle" | "Tornado")
}

/// A view of Django that does to a record what its address says, whatever the method: its tokens are asked for with forms only.
fn is_view_that_acts(entry: &EntryPoint) -> bool {
    entry.framework == "Django"
        && entry.kind == EntryKind::Route
        && (entry.methods.is_empty() || entry.methods.iter().any(|method| method == "GET"))
        && entry.effects.iter().any(|effect| {
            effect.by_link && effect.picked_by_input && matches!(effect.kind, EffectKind::Delete | EffectKind::Update)
        })
}

/// A change that opening an address causes.
fn is_link_that_acts(entry: &EntryPoint) -> bool {
    let by_link = !entry.methods.is_empty() && entry.methods.iter().all(|method| method == "GET" || method == "HEAD");
    // `delete.php?id=7`: a page that does to a record what its address says.
    let page_acts = entry.framework == "PHP"
        && entry.effects.iter().any(|effect| {
            matches!(effect.kind, EffectKind::Delete | EffectKind::Update)
                && effect.picked_by_input
                && !effect.limited_to_caller
        });
    if by_link && page_acts || is_view_that_acts(entry) {
        return true;
    }
    by_link
        && entry.kind == EntryKind::Route
        && entry.effects.iter().any(|effect| {
            matches!(
                effect.kind,
                EffectKind::Delete | EffectKind::SetPassword | EffectKind::DeleteFile | EffectKind::Payment
            ) || (effect.kind == EffectKind::Update && !effect.privilege_fields.is_empty())
        })
}
