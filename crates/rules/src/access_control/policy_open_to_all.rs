//! A database policy lets everybody through.

use std::collections::BTreeMap;

use plimsoll_model::app::{Command, Exposure, LiveVerdict, Policy, Rls, Store, StoreKind};
use plimsoll_model::{App, Claim, DataClass, Gap, Position, Severity, Witness};

use crate::stores::{self, Act};
use crate::{Rule, Sink, gains};

pub(crate) static RULE: Rule = Rule {
    id: "policy-open-to-all",
    summary: "a database policy lets everybody through",
    gap: Gap::BrokenAccessControl,
    severity: Severity::High,
    cwe: &[284, 639],
    owasp: &["A01:2025"],
    asvs: &["8.2.2"],
    page: include_str!("policy_open_to_all.md"),
    run,
};

/// A policy that everybody passes.
struct Open<'a> {
    store: &'a Store,
    policy: &'a Policy,
    anyone: bool,
    act: Act,
}

fn run(app: &App, sink: &mut Sink<'_>) {
    let open_sign_up = app.open_sign_up.first().copied();
    // The same decision on several tables is one finding, as long as it weighs the same.
    let mut groups: BTreeMap<(bool, Act, Severity), Vec<Open<'_>>> = BTreeMap::new();
    for store in &app.stores {
        let direct = store.exposure == Exposure::Direct && store.rls == Rls::On;
        if !direct || !matches!(store.kind, StoreKind::Table | StoreKind::Collection) {
            continue;
        }
        let mut open: Vec<Open<'_>> = Vec::new();
        for policy in &store.policies {
            if let Some(anyone) = stores::open_to_anyone(policy) {
                open.push(Open { store, policy, anyone, act: Act::of(policy.command) });
            }
        }
        let changes: Vec<bool> = open.iter().filter(|one| one.act == Act::Change).map(|one| one.anyone).collect();
        let weighed: Vec<(Open<'_>, Option<Severity>)> = open
            .into_iter()
            .map(|one| {
                let severity = weight(app, &one, open_sign_up.is_some());
                (one, severity)
            })
            .collect();
        let heaviest = |anyone: bool| {
            let own = |one: &Open<'_>| one.anyone == anyone && one.act == Act::Change;
            weighed.iter().filter(|(one, _)| own(one)).filter_map(|(_, severity)| *severity).max()
        };
        let per_side = [heaviest(false), heaviest(true)];
        for (one, severity) in weighed {
            // Whoever may change a table as well may read it and add to it by the same decision.
            let side = per_side.get(usize::from(one.anyone)).copied().flatten();
            let (act, severity) = match (changes.contains(&one.anyone), side) {
                (true, Some(side)) => (Act::Change, Some(severity.map_or(side, |own| own.max(side)))),
                _ => (one.act, severity),
            };
            if let Some(severity) = severity {
                groups.entry((one.anyone, act, severity)).or_default().push(one);
            }
        }
    }
    for ((anyone, act, severity), list) in groups {
        let Some((first, rest)) = list.split_first() else { continue };
        let who = if anyone { "Anyone, without an account," } else { "Everyone with an account" };
        let names: Vec<&str> = list.iter().map(|one| one.store.name.as_str()).collect();
        let what = stores::list(&names, 4).replace("`all collections`", "every collection");
        let title = match act {
            Act::Change => format!("{who} can change what others have stored in {what}"),
            Act::Read => format!("{who} can read all of {what}"),
            Act::Add => format!("{who} can add to {what} in anybody's name"),
        };
        let note = |one: &Open<'_>| {
            let whom = if one.anyone { "anyone" } else { "every account" };
            let verb = Act::of(one.policy.command).verb();
            format!("\u{201c}{}\u{201d} on `{}` lets {whom} {verb}", one.policy.name, one.store.name)
        };
        let mut draft = sink
            .seen_by(Witness::Schema, first.policy.span, note(first))
            .title(title)
            .severity(severity)
            .subject(format!("{anyone} {}", act.verb()))
            .all_files(rest.iter().map(|one| (one.policy.span, note(one))));
        if let Some(used) = stores::used_at(app, first.store) {
            draft = draft.also(used, "the browser side uses it here");
        }
        if let Some(span) = open_sign_up.filter(|_| !anyone) {
            draft = draft.also(span, "a visitor can make an account here");
        }
        let read = list.iter().filter(|one| one.anyone && Act::of(one.policy.command) != Act::Add);
        for seen in read.filter_map(|one| stores::answered(app, one.store)) {
            draft = draft.also_live(&seen.exchange, seen.says().unwrap_or_default());
        }
        let position = if anyone { Position::Anyone } else { Position::SignedIn };
        for one in &list {
            let class = stores::class(app, one.store);
            let (gain, does) = match Act::of(one.policy.command) {
                Act::Read => (Claim::Reads(class), "reads"),
                Act::Change => (Claim::Writes(class), "changes"),
                // Adding takes nothing away; what is added is shown to others.
                Act::Add => (Claim::Plants(one.store.name.clone()), "adds a record of his own to"),
            };
            let text = format!("{does} {} directly through the database's public interface", one.store.name);
            draft = draft.grants([Claim::Stands(position)], gain, text);
            if gains::keeps_passwords(one.store) && Act::of(one.policy.command) != Act::Add {
                let text = format!("reads the accounts in {} through the database's public interface", one.store.name);
                draft = draft.grants([Claim::Stands(position)], Claim::Knows(Claim::STORED_PASSWORDS.to_owned()), text);
            }
        }
        draft.done();
    }
    answered_live(app, sink);
}

/// The database gave a stranger records of a table that the code keeps closed, or of which it says nothing.
fn answered_live(app: &App, sink: &mut Sink<'_>) {
    for seen in app.live.tables.iter().filter(|table| table.verdict == LiveVerdict::Confirmed) {
        let store = app.stores.iter().find(|store| store.name == seen.store);
        let told = store.is_some_and(|store| {
            let open =
                |policy: &Policy| stores::open_to_anyone(policy) == Some(true) && policy.command != Command::Insert;
            store.rls == Rls::Off || store.policies.iter().any(open)
        });
        if told || store.is_some_and(|store| stores::is_catalogue(app, store)) {
            continue;
        }
        let class = store.map_or(DataClass::Internal, |store| stores::class(app, store));
        let severity = match class {
            DataClass::Sensitive => Severity::Critical,
            DataClass::Personal => Severity::High,
            _ => Severity::Medium,
        };
        let mut draft = sink
            .live(&seen.exchange, seen.says().unwrap_or_default())
            .title(format!("The database gives {} to anyone", stores::list(&[&seen.store], 1)))
            .severity(severity)
            .subject(seen.store.clone());
        if let Some(store) = store {
            draft = draft
                .also(store.span, "by the code, strangers may not read it: the database is not what the code says");
        }
        let text = format!("reads {} directly through the database's public interface", seen.store);
        draft.grants([Claim::Stands(Position::Anyone)], Claim::Reads(class), text).done();
    }
}

/// How heavy it is that a policy admits everybody; `None` where that is usual for such a store.
fn weight(app: &App, one: &Open<'_>, open_sign_up: bool) -> Option<Severity> {
    let store = one.store;
    let class = stores::class(app, store);
    let columns = stores::field_class(app, store);
    let personal = class >= DataClass::Personal;
    match (one.anyone, one.act) {
        (true, Act::Change) => Some(if personal { Severity::Critical } else { Severity::High }),
        (true, Act::Read) => {
            let says = columns.unwrap_or(class);
            if stores::is_catalogue(app, store) || stores::is_reference(app, store) {
                None
            } else if says == DataClass::Sensitive {
                Some(Severity::Critical)
            } else if says == DataClass::Personal || (class >= DataClass::Personal && !is_profile(&store.name)) {
                Some(Severity::High)
            } else if class >= DataClass::Personal {
                // Names and pictures that a profile shows.
                None
            } else if stores::has_owner(app, store) || stores::is_kept_by_app(&store.name) {
                Some(Severity::Medium)
            } else {
                None
            }
        }
        // Contact forms, bookings, newsletters: sending in by anyone is often meant. Where no page sends anything in, the
        // policy was made for the server, which does not need one.
        (true, Act::Add) => kept_by_app(&store.name).or_else(|| {
            let told = personal || stores::has_owner(app, store);
            (told
                && store.kind == StoreKind::Table
                && !stores::holds_tenants(&store.name)
                && only_server_adds(app, store))
            .then_some(Severity::Medium)
        }),
        (false, Act::Change) => Some(if personal { Severity::High } else { Severity::Medium }),
        (false, Act::Read) => {
            let says = columns.unwrap_or(class);
            if stores::is_catalogue(app, store) || stores::is_reference(app, store) {
                None
            } else if says == DataClass::Sensitive
                || (says == DataClass::Personal && stores::has_owner(app, store) && open_sign_up)
            {
                Some(Severity::High)
            } else if says == DataClass::Personal || (personal && stores::has_owner(app, store)) {
                Some(Severity::Medium)
            } else {
                None
            }
        }
        (false, Act::Add) => match kept_by_app(&store.name) {
            Some(severity) => Some(severity),
            None if stores::holds_tenants(&store.name) => None,
            // A rules file does not say which fields there are: some say whose a document is.
            None if stores::has_owner(app, store)
                || (store.kind == StoreKind::Collection && !stores::is_catalogue(app, store)) =>
            {
                Some(Severity::Medium)
            }
            None => None,
        },
    }
}

/// Whether browser code that uses tables of the database adds nothing to this one.
fn only_server_adds(app: &App, store: &Store) -> bool {
    let mut tables = app.store_uses.iter().filter(|used| used.kind == Some(StoreKind::Table)).peekable();
    tables.peek().is_some() && !tables.any(|used| used.adds && used.store == store.name)
}

fn kept_by_app(name: &str) -> Option<Severity> {
    if stores::holds_rights(name) {
        Some(Severity::High)
    } else {
        stores::is_kept_by_app(name).then_some(Severity::Medium)
    }
}

fn is_profile(name: &str) -> bool {
    stores::has_any(&name.to_ascii_lowercase(), &["profile", "user", "member", "account"])
}
