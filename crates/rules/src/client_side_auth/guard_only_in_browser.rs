//! A page is locked only in the visitor's browser.

use crate::access::is_by_account_service;
use crate::{Rule, Sink, gains, stores};
use plimsoll_model::app::{
    ApiCall, EffectKind, EntryKind, EntryPoint, GuardPassed, LiveGuard, LiveVerdict, Page, Purpose, Reach,
    StoredValueKind,
};
use plimsoll_model::{App, Claim, Gap, Severity};
use plimsoll_source::Span;

pub(crate) static RULE: Rule = Rule {
    id: "guard-only-in-browser",
    summary: "a page is locked only in the visitor's browser",
    gap: Gap::ClientSideAuth,
    severity: Severity::High,
    cwe: &[602, 603],
    owasp: &["A01:2025"],
    asvs: &["8.3.1"],
    page: include_str!("guard_only_in_browser.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    // The browser side decides by a value that the visitor can write, and the server behind it answers everybody.
    let open: Vec<(usize, &EntryPoint)> = app
        .entry_points
        .iter()
        .enumerate()
        .filter(|(_, entry)| {
            entry.reach() == Reach::Anyone
                && !entry.trivial
                // It refused a stranger: what was seen goes before what was read.
                && (entry.refused_live.is_empty() || entry.can_write())
                && entry.effects.iter().any(|effect| effect.kind.touches_data())
        })
        // Other services and machines call without any page.
        .filter(|(_, entry)| {
            !entry.open_by_nature()
                && !entry.purposes.contains(&Purpose::Webhook)
                && !entry.purposes.contains(&Purpose::Cron)
        })
        .filter(|(_, entry)| !matches!(entry.kind, EntryKind::StaticFiles))
        .filter(|(_, entry)| entry.kind != EntryKind::ServerPage || is_behind_lock(app, entry))
        .filter(|(_, entry)| {
            entry.effects.iter().any(|effect| {
                !matches!(
                    effect.kind,
                    EffectKind::ReadFile
                        | EffectKind::Fetch
                        | EffectKind::CallAi
                        | EffectKind::SendMessage
                        | EffectKind::IssueSession
                ) && entry.reach_of(effect) == Reach::Anyone
                    && !effect.limited_to_caller
                    && !is_by_account_service(effect)
                    // The database asks who calls, whichever way the question comes.
                    && !effect.governed_by_policies
                    // What is made to be seen by all is behind no lock.
                    && (effect.kind.writes() || !stores::is_made_to_be_shown(&effect.target))
            })
        })
        .collect();
    // Where the browser decides by its pages alone, what only unlocked pages ask for stands before no lock.
    let by_pages_alone = !app
        .stored_values
        .iter()
        .any(|value| matches!(value.kind, StoredValueKind::Privilege | StoredValueKind::Identity));
    let open: Vec<(usize, &EntryPoint)> = open
        .into_iter()
        .filter(|(index, _)| {
            let mut asking = app.pages.iter().filter(|page| {
                page.calls.iter().any(|&call| app.api_calls.get(call).is_some_and(|call| call.entry == Some(*index)))
            });
            let first = asking.next();
            !by_pages_alone
                || first.is_none_or(|page| !page.guards.is_empty())
                || asking.any(|page| !page.guards.is_empty())
        })
        .collect();
    if open.is_empty() {
        if !login_without_a_server(app, sink) {
            only_seen_live(app, sink);
        }
        return;
    }
    let mut places: Vec<Span> = Vec::new();
    for value in &app.stored_values {
        if matches!(value.kind, StoredValueKind::Privilege | StoredValueKind::Identity) {
            places.extend(value.read.iter().chain(&value.written));
        }
    }
    // Components that send visitors away, and only that, stand before the pages.
    places.extend(app.pages.iter().flat_map(|page| &page.guards).map(|guard| guard.span));
    places.sort();
    places.dedup();
    let locked = behind_locks(app, &open);
    if let Some((page, ..)) = locked.first() {
        // The lock of the page that shows it best comes first.
        places.retain(|place| *place != page.guards[0].span);
        places.insert(0, page.guards[0].span);
    }
    let Some((&first, rest)) = places.split_first() else {
        only_seen_live(app, sink);
        return;
    };
    let title = match locked.first() {
        Some((page, _, entry)) => format!(
            "{} is locked only in the browser: {}, which it calls, answers anyone",
            address(page),
            entry.label()
        ),
        None => {
            format!("Who is let in is decided in the browser, while the server answers anyone ({})", open[0].1.label())
        }
    };
    let mut draft = sink
        .at(first, "here the browser decides whether somebody is let in")
        .title(title)
        .all(rest.iter().copied(), "decided here too");
    for (page, call, entry) in locked.iter().take(6) {
        draft = draft
            .also(call.span, format!("{} asks {}", address(page), entry.label()))
            .also(entry.handler, format!("{} answers without a check", entry.label()))
            .seen_live(entry, "answered without credentials");
    }
    // Where nothing is known of who calls an entry point, a page behind a lock may.
    let others = open.iter().filter(|(index, entry)| {
        let named = locked.iter().any(|(_, _, known)| std::ptr::eq(*known, *entry));
        !named && (locked.is_empty() || app.calls_to(*index).next().is_none())
    });
    for (_, entry) in others.take(6_usize.saturating_sub(locked.len())) {
        draft = draft
            .also(entry.handler, format!("{} answers without a check", entry.label()))
            .seen_live(entry, "answered without credentials");
    }
    for guard in &app.live.guards {
        draft = draft.also_live(&guard.exchange, how(guard));
    }
    draft.done();
}

/// What the browser of the live witness did.
fn how(guard: &LiveGuard) -> String {
    let shown: Vec<String> = guard.personal.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    let shown = if shown.is_empty() { String::new() } else { format!(", with data of people ({})", shown.join(", ")) };
    match &guard.passed {
        GuardPassed::WithoutScripts => format!("{} comes whole to a browser without scripts{shown}", guard.page),
        GuardPassed::StoredValue(key) => {
            format!("a value written into {key} opened {} without a password{shown}", guard.page)
        }
        GuardPassed::NothingAsked => format!("signing in at {} asked no server at all", guard.page),
    }
}

/// Nothing in the code, but a browser went past the guard.
fn only_seen_live(app: &App, sink: &mut Sink<'_>) {
    let mut guards = app.live.guards.iter().filter(|guard| guard.verdict == LiveVerdict::Confirmed);
    let Some(first) = guards.next() else { return };
    let mut draft = sink
        .live(&first.exchange, how(first))
        .title(format!("{} is locked only in the visitor's browser", first.page))
        .subject(first.page.clone());
    for guard in guards {
        draft = draft.also_live(&guard.exchange, how(guard));
    }
    for call in app.live.guards.iter().flat_map(|guard| &guard.calls) {
        draft = draft.also_live(call, "answered the page without credentials");
    }
    draft.done();
}

/// Whether a page that the server renders is one of those that the browser locks: others show what they show to everybody.
/// Frameworks with a router of their own in the browser say which pages are locked.
fn is_behind_lock(app: &App, entry: &EntryPoint) -> bool {
    let known = app.pages.iter().filter(|page| !page.path.is_empty() && !page.guards.is_empty());
    let mut known = known.peekable();
    known.peek().is_none() || known.any(|page| page.path == entry.path)
}

/// Pages behind a lock in the browser, the calls that they make to open entry points, and these: each entry point once.
fn behind_locks<'a>(app: &'a App, open: &[(usize, &'a EntryPoint)]) -> Vec<(&'a Page, &'a ApiCall, &'a EntryPoint)> {
    let mut out: Vec<(&Page, &ApiCall, &EntryPoint)> = Vec::new();
    for page in app.pages.iter().filter(|page| !page.guards.is_empty()) {
        for call in page.calls.iter().filter_map(|&call| app.api_calls.get(call)) {
            let Some((_, entry)) = open.iter().find(|(index, _)| call.entry == Some(*index)) else { continue };
            if !out.iter().any(|(.., known)| std::ptr::eq(*known, *entry)) {
                out.push((page, call, entry));
            }
        }
    }
    out.sort_by_key(|(page, ..)| page.path.is_empty());
    out
}

/// How a page is called: by its address, else by its file.
fn address(page: &Page) -> &str {
    if page.path.is_empty() { &page.component } else { &page.path }
}

/// An app without any server of its own whose accounts, with passwords or their hashes, are part of what every visitor
/// receives: the browser itself decides who is let in.
fn login_without_a_server(app: &App, sink: &mut Sink<'_>) -> bool {
    let Some((store, field)) = gains::shipped_accounts(app) else { return false };
    let mut kept: Vec<Span> = app
        .stored_values
        .iter()
        .filter(|value| matches!(value.kind, StoredValueKind::Privilege | StoredValueKind::Identity))
        .flat_map(|value| value.written.iter().chain(&value.read).copied())
        .collect();
    kept.sort();
    kept.dedup();
    let Some((&first, rest)) = kept.split_first() else { return false };
    let mut draft = sink
        .at(first, "here the browser decides whether somebody is let in")
        .title(format!(
            "The login is checked in the browser, against accounts that every visitor receives ({})",
            store.name
        ))
        .all(rest.iter().copied(), "decided here too")
        .also(field.span, "the accounts, part of what every visitor receives")
        .grants(
            // Writing into the own browser who to be shows nothing that the visitor has not received already. With a
            // password it is the account itself, wherever else it is used.
            [Claim::Knows(Claim::SHIPPED_PASSWORDS.to_owned())],
            Claim::Holds(gains::victim(app)),
            "logs in with them, or writes into the browser's storage who to be: no server checks it",
        );
    for guard in &app.live.guards {
        draft = draft.also_live(&guard.exchange, how(guard));
    }
    draft.done();
    true
}
