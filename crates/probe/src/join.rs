//! Where the running app and the code speak of the same thing: one entity, and where they contradict each other, both words.
//!
//! What was observed wins. The contradiction is told, because it means that one of the witnesses looked at something else:
//! a limiter on another address, a check that is skipped, a build that is older than the code.

use plimsoll_model::app::{
    AllowedOrigins, App, CookieSet, Disagreement, EntryPoint, GuardKind, Live, LiveVerdict, Purpose, Reach,
};

/// Attaches live facts to what the code knows, and notes the contradictions.
pub(crate) fn settle(app: &mut App, live: &mut Live, cookies: &mut Vec<CookieSet>) {
    let mut found = Vec::new();
    entries(app, live, &mut found);
    second_account(app, live, &mut found);
    login(app, live, &mut found);
    origins(app, live, &mut found);
    merge_cookies(app, cookies, &mut found);
    found.sort_by(|a, b| (&a.about, &a.exchange).cmp(&(&b.about, &b.exchange)));
    found.dedup_by(|a, b| a.about == b.about && a.live == b.live);
    live.disagreements.append(&mut found);
}

fn entries(app: &App, live: &Live, found: &mut Vec<Disagreement>) {
    for answer in &live.open_entry_points {
        let Some(entry) = answer.entry.and_then(|index| app.entry_points.get(index)) else { continue };
        let guard = entry.guards.iter().find(|guard| guard.kind == GuardKind::Authentication && guard.holds());
        // What came must be more than a friendly word for strangers.
        let data = matches!(answer.verdict, LiveVerdict::Confirmed | LiveVerdict::Likely);
        if let Some(guard) = guard.filter(|_| data && entry.reach() != Reach::Anyone) {
            found.push(Disagreement {
                about: entry.label(),
                code: format!("`{}` asks for a login", guard.name),
                span: guard.span,
                live: "it answered with data to a request without any credentials".to_owned(),
                exchange: answer.exchange.clone(),
            });
        }
    }
    for answer in &live.refused_entry_points {
        let Some(entry) = answer.entry.and_then(|index| app.entry_points.get(index)) else { continue };
        let judged = !entry.opaque && !entry.trivial && entry.reach() == Reach::Anyone && !entry.open_by_nature();
        let touches =
            entry.effects.iter().any(|effect| effect.kind.touches_data() && entry.reach_of(effect) == Reach::Anyone);
        if judged && touches {
            found.push(Disagreement {
                about: entry.label(),
                code: "no check of the caller was found before it touches data".to_owned(),
                span: entry.handler,
                live: "it refused a request without credentials".to_owned(),
                exchange: answer.exchange.clone(),
            });
        }
    }
}

/// An ownership check in the code, and yet the second account was shown words of the first one's own records.
fn second_account(app: &App, live: &Live, found: &mut Vec<Disagreement>) {
    for access in live.access.iter().filter(|access| access.second && access.marked && access.allowed()) {
        let Some(entry) = access.entry.and_then(|index| app.entry_points.get(index)) else { continue };
        let guard = entry.guards.iter().find(|guard| guard.kind == GuardKind::Ownership && guard.holds());
        if let Some(guard) = guard {
            found.push(Disagreement {
                about: entry.label(),
                code: format!("`{}` asks whose the record is", guard.name),
                span: guard.span,
                live: format!("`{}` was given the other test account's record", access.account),
                exchange: access.exchange.clone(),
            });
        }
    }
}

/// Foreign origins are let in by the code, and the running app let none in.
fn origins(app: &App, live: &Live, found: &mut Vec<Disagreement>) {
    let closed = live.checks.iter().any(|one| one.check == crate::plan::CORS && one.verdict == LiveVerdict::Passed);
    let Some((exchange, _)) = live.pages.first().filter(|_| closed) else { return };
    for policy in &app.cors {
        let open = policy.credentials && matches!(policy.origins, AllowedOrigins::Reflected | AllowedOrigins::Weak(_));
        let Some(&span) = policy.spans.first().filter(|_| open && policy.path.trim_matches('/').is_empty()) else {
            continue;
        };
        found.push(Disagreement {
            about: "answers for other websites (CORS)".to_owned(),
            code: "any origin that asks is let in, with credentials".to_owned(),
            span,
            live: "none of the foreign origins that were tried was let in".to_owned(),
            exchange: exchange.clone(),
        });
    }
}

fn login(app: &App, live: &mut Live, found: &mut Vec<Disagreement>) {
    let logins = || app.entry_points.iter().enumerate().filter(|(_, entry)| entry.purposes.contains(&Purpose::Login));
    let Some(seen) = &mut live.login else { return };
    // A login that the source knows under the same path is the same login.
    if seen.entry.is_none() {
        let path = path_of(&seen.exchange.url);
        seen.entry = logins().find(|(_, entry)| entry.path == path && entry.can_write()).map(|(index, _)| index);
    }
    let Some(entry) = seen.entry.and_then(|index| app.entry_points.get(index)) else { return };
    let guard = limiter(entry);
    match (guard, seen.verdict) {
        (Some((name, span)), LiveVerdict::Confirmed | LiveVerdict::Likely) => found.push(Disagreement {
            about: entry.label(),
            code: format!("`{name}` limits how often it may be called"),
            span,
            live: match &seen.bypassed {
                Some(how) => how.clone(),
                None => format!("{} wrong passwords in a row were all answered alike", seen.attempts),
            },
            exchange: seen.exchange.clone(),
        }),
        (None, LiveVerdict::Passed) if !entry.opaque => found.push(Disagreement {
            about: entry.label(),
            code: "no limiter was found before it".to_owned(),
            span: entry.handler,
            live: format!(
                "wrong passwords were refused from attempt {} on",
                seen.limited.as_ref().map_or(seen.attempts, |limited| limited.0)
            ),
            exchange: seen.exchange.clone(),
        }),
        _ => {}
    }
}

fn limiter(entry: &EntryPoint) -> Option<(&str, plimsoll_source::Span)> {
    let whole = entry.holding(GuardKind::RateLimit).next();
    let inside = || {
        let holding =
            entry.effects.iter().flat_map(|effect| &effect.guards).filter_map(|&index| entry.guards.get(index));
        holding.into_iter().find(|guard| guard.kind == GuardKind::RateLimit && guard.holds())
    };
    whole.or_else(inside).map(|guard| (guard.name.as_str(), guard.span))
}

/// A cookie of the same name is the same cookie: how it was set counts, where it is set stays known.
fn merge_cookies(app: &mut App, cookies: &mut Vec<CookieSet>, found: &mut Vec<Disagreement>) {
    cookies.retain(|seen| {
        let Some(known) = app.cookies.iter_mut().find(|known| known.name == seen.name) else { return true };
        let Some(exchange) = &seen.exchange else { return true };
        for (flag, code, live) in [("HttpOnly", known.http_only, seen.http_only), ("Secure", known.secure, seen.secure)]
        {
            // `Secure` over plain http on this computer may rightly be left out by a setting.
            if let (Some(span), Some(true), Some(false)) = (known.span, code, live)
                && flag == "HttpOnly"
            {
                found.push(Disagreement {
                    about: format!("cookie `{}`", known.name),
                    code: format!("it is set with {flag}"),
                    span,
                    live: format!("it came without {flag}"),
                    exchange: exchange.clone(),
                });
            }
        }
        known.http_only = seen.http_only;
        // What a library decides by the scheme cannot be seen over plain http.
        known.secure = known.secure.filter(|&secure| secure).or(seen.secure);
        known.same_site = seen.same_site;
        known.is_session = seen.is_session || (known.is_session && seen.by == "seen in an answer");
        known.exchange = seen.exchange.clone();
        false
    });
}

fn path_of(url: &str) -> &str {
    let after = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = after.find('/').and_then(|at| after.get(at..)).unwrap_or("/");
    path.split('?').next().unwrap_or(path)
}
