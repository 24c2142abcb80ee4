//! A record is picked by its number without asking whose it is.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::app::{
    Effect, EffectKind, EntryPoint, GuardKind, GuardStanding, LiveAccess, LiveVerdict, Purpose, Reach, Sink as Ends,
    Source,
};
use plimsoll_model::{App, Claim, Confidence, DataClass, Gap, Position, Severity};

use plimsoll_model::names::is_tenant;

use crate::access::{
    columns, for_any_signed_in, is_above_tenants, is_account_store, is_judged, is_owner_column, is_session_store,
    names_a_record, normalised, open_to_register,
};
use crate::{Rule, Sink, gains};
use plimsoll_source::Span;

pub(crate) static RULE: Rule = Rule {
    id: "object-without-owner-check",
    summary: "a record is picked by its number without asking whose it is",
    gap: Gap::BrokenAccessControl,
    severity: Severity::High,
    cwe: &[639],
    owasp: &["A01:2025"],
    asvs: &["8.2.2"],
    page: include_str!("object_without_owner_check.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    let shared = listed_to_all(app);
    // Per store: the handlers that limit to the caller, and those that do not although the request names the record.
    let mut limited: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    // Who made a record is noted in many that all may read: only what looks records up for their owner shows that not.
    let mut looked_up: BTreeSet<String> = BTreeSet::new();
    let mut open: BTreeMap<String, Vec<(usize, &EntryPoint, &Effect)>> = BTreeMap::new();
    for (index, entry) in app.entry_points.iter().enumerate().filter(|(_, entry)| is_judged(entry)) {
        let own_account = [Purpose::Login, Purpose::Register, Purpose::Logout, Purpose::PasswordReset]
            .iter()
            .any(|purpose| entry.purposes.contains(purpose));
        if own_account {
            continue;
        }
        for effect in &entry.effects {
            let store = normalised(&effect.target);
            if store.is_empty() || is_session_store(&store) {
                continue;
            }
            // What is meant for the caller shows whose the records are, also where the request comes first.
            let owned =
                effect.limited_to_caller || effect.caller_replaced || entry.holding_at(effect, GuardKind::Ownership);
            if owned {
                let by_owner =
                    effect.kind != EffectKind::Create || effect.fields.iter().any(|name| is_owner_column(name));
                if matches!(entry.reach_of(effect), Reach::SignedIn | Reach::Role) && by_owner {
                    if effect.kind != EffectKind::Create {
                        looked_up.insert(store.clone());
                    }
                    limited.entry(store).or_default().insert(index);
                }
                continue;
            }
            // What a list shows to every user, its number shows to nobody new.
            if matches!(effect.kind, EffectKind::Read | EffectKind::ReadMemory) && shared.contains(&store) {
                continue;
            }
            let touches = matches!(
                effect.kind,
                EffectKind::Read
                    | EffectKind::Update
                    | EffectKind::Delete
                    | EffectKind::ReadMemory
                    | EffectKind::WriteMemory
            );
            if touches
                // What a reading request counts up or brings up to date is no change of the caller's.
                && (entry.can_write() || !effect.kind.writes())
                && effect.picked_by_input
                && !effect.governed_by_policies
                && names_a_record(entry)
                && for_any_signed_in(entry, effect)
                && !entry.purposes.contains(&Purpose::Admin)
                && !entry.purposes.contains(&Purpose::PublicByDesign)
                && (effect.kind.writes() || is_given_away(app, index, &effect.target))
            {
                open.entry(store).or_default().push((index, entry, effect));
            }
        }
    }
    replaced(app, sink);
    beyond(app, sink);
    across_tenants(app, sink);
    // One handler is one decision, however many stores it reads: those reached by the record's own number come first.
    let mut told: BTreeSet<usize> = BTreeSet::new();
    let mut open: Vec<_> = open.into_iter().filter(|(store, _)| !is_account_store(store)).collect();
    open.sort_by_key(|(store, list)| (list.iter().map(|(_, _, effect)| effect.span).min(), store.clone()));
    for (store, mut list) in open {
        list.retain(|(index, ..)| !told.contains(index));
        let others = limited.get(&store).filter(|_| looked_up.contains(&store)).map_or(0, BTreeSet::len);
        let has_owner = columns(app, &store).is_some_and(|columns| columns.iter().any(|name| is_owner_column(name)));
        // A handler that limits one of its steps to the caller knows whose the record is.
        list.retain(|(index, ..)| !limited.get(&store).is_some_and(|known| known.contains(index)));
        list.dedup_by_key(|(index, ..)| *index);
        let strangers = has_owner && open_to_register(app);
        let broken = list.iter().find_map(|(_, entry, _)| failing(entry));
        if (others == 0 && !strangers && broken.is_none()) || list.is_empty() {
            continue;
        }
        told.extend(list.iter().map(|(index, ..)| *index));
        let Some(&(_, first, effect)) = list.iter().find(|(.., effect)| effect.kind.writes()).or(list.first()) else {
            continue;
        };
        let severity = if others >= list.len().min(3) || broken.is_some() { Severity::High } else { Severity::Medium };
        let confidence = if others > 0 || broken.is_some() { Confidence::Likely } else { Confidence::Possible };
        let title = if list.len() == 1 {
            format!(
                "{} {} any record of \u{201c}{}\u{201d} whose number is known",
                first.label(),
                verb(effect),
                effect.target
            )
        } else {
            format!(
                "{} entry points take any record of \u{201c}{}\u{201d} by its number, among them {}",
                list.len(),
                effect.target,
                first.label()
            )
        };
        let compared = match others {
            _ if let Some((_, why)) = broken => format!("a check is there and does not hold: {why}"),
            0 => "the store says whose a record is, but no handler asks".to_owned(),
            1 => "1 other handler limits this store to the caller; this one does not".to_owned(),
            _ => format!("{others} other handlers limit this store to the caller; this one does not"),
        };
        let mut draft = sink
            .at(effect.span, format!("{}: the record is picked by the request, {compared}", first.label()))
            .title(title)
            .severity(severity)
            .confidence(confidence)
            .subject(first.label())
            .all(broken.map(|(span, _)| span), "what should narrow it, and does not")
            .all(effect.called_at.filter(|_| broken.is_some()), "here");
        for (_, entry, effect) in &list {
            draft = draft.also(entry.handler, format!("{}: no check whose it is", entry.label()));
            for access in foreign(app).filter(|access| is_entry(app, access, entry)) {
                draft = draft.also_live(&access.exchange, given(access));
            }
            draft = draft.also(effect.span, format!("{}: it {} the record", entry.label(), verb(effect)));
            draft = draft.grants(
                [Claim::Stands(Position::SignedIn)],
                gains::of_effect(app, effect),
                format!(
                    "counts through the numbers in {}: it {} {} of others",
                    entry.label(),
                    verb(effect),
                    effect.target
                ),
            );
        }
        draft.done();
    }
    let told: BTreeSet<usize> = told;
    shown_live(app, &told, sink);
}

/// A check of whose the record is that does not hold: where, and why.
fn failing(entry: &EntryPoint) -> Option<(Span, &str)> {
    entry.guards[..entry.whole.min(entry.guards.len())].iter().find_map(|guard| match (guard.kind, &guard.standing) {
        (GuardKind::Ownership, GuardStanding::FailsOpen(why)) => Some((guard.span, why.as_str())),
        _ => None,
    })
}

/// What the second test account was given and was not meant to have.
fn foreign(app: &App) -> impl Iterator<Item = &LiveAccess> {
    app.live.access.iter().filter(|access| {
        access.second && access.object && access.allowed() && (access.marked || (access.same && access.from_refused))
    })
}

fn is_entry(app: &App, access: &LiveAccess, entry: &EntryPoint) -> bool {
    access.entry.and_then(|index| app.entry_points.get(index)).is_some_and(|known| std::ptr::eq(known, entry))
}

fn given(access: &LiveAccess) -> String {
    match access.marked {
        true => format!("the test account `{}` was given a record of the other one", access.account),
        false => format!(
            "the test account `{}` was given, byte for byte, what it is refused to see on the page that leads there",
            access.account
        ),
    }
}

/// Objects that the running app gave to the wrong one, beyond what the code showed.
fn shown_live(app: &App, told: &BTreeSet<usize>, sink: &mut Sink<'_>) {
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for access in foreign(app) {
        let entry = access.entry.and_then(|index| app.entry_points.get(index));
        let name = entry.map_or_else(|| access.exchange.url.clone(), EntryPoint::label);
        if access.entry.is_some_and(|index| told.contains(&index)) || !seen.insert(name.clone()) {
            continue;
        }
        let mut draft = sink
            .live(&access.exchange, given(access))
            .title(format!("{name} gives a record to an account that it is not meant for"))
            .subject(name.clone());
        if !access.marked {
            draft = draft.confidence(Confidence::Likely);
        }
        if let Some(entry) = entry {
            draft = draft.also(entry.handler, "the handler");
            for guard in entry.guards.iter().filter(|guard| guard.kind == GuardKind::Ownership) {
                draft = draft.also(guard.span, "the code has this check, and it did not hold");
            }
        }
        draft.done();
    }
    // An object whose number can be counted, and which needs no login at all.
    for answer in app.live.open_entry_points.iter().filter(|answer| answer.verdict == LiveVerdict::Confirmed) {
        let object = app.live.access.iter().any(|access| access.object && access.exchange.url == answer.exchange.url);
        let Some(entry) = answer.entry.and_then(|index| app.entry_points.get(index)).filter(|_| object) else {
            continue;
        };
        let last = answer.exchange.url.rsplit('/').next().unwrap_or_default();
        if entry.reach() != Reach::Anyone || !can_be_counted(last) || !seen.insert(entry.label()) {
            continue;
        }
        sink.live(&answer.exchange, "a stranger was given a record with data of people by its number")
            .title(format!("Anyone can read the records behind {} by counting through their numbers", entry.label()))
            .subject(entry.label())
            .also(entry.handler, "the handler: the number alone opens the record")
            .grants(
                [Claim::Stands(Position::Anyone)],
                Claim::Reads(
                    entry
                        .effects
                        .iter()
                        .map(|effect| gains::class_of(app, effect))
                        .max()
                        .unwrap_or(DataClass::Personal),
                ),
                format!("counts through the numbers in {}", entry.label()),
            )
            .done();
    }
}

/// A running number, with or without letters before it; a random value is none.
fn can_be_counted(value: &str) -> bool {
    let digits = value.chars().rev().take_while(char::is_ascii_digit).count();
    value.len() <= 16 && digits > 0 && digits >= value.len().saturating_sub(8)
}

/// Handlers that take the caller's own only where the request names nobody else.
fn replaced(app: &App, sink: &mut Sink<'_>) {
    for (index, entry) in app.entry_points.iter().enumerate().filter(|(_, entry)| is_judged(entry)) {
        let mut found = entry.effects.iter().filter(|effect| {
            effect.caller_replaced
                && for_any_signed_in(entry, effect)
                && !effect.governed_by_policies
                && (effect.kind.writes() || is_given_away(app, index, &effect.target))
        });
        let Some(effect) = found.next() else { continue };
        sink.at(effect.span, format!("{}: what the request names comes before who calls", entry.label()))
            .title(format!(
                "{} {} \u{201c}{}\u{201d} of whomever the request names",
                entry.label(),
                verb(effect),
                effect.target
            ))
            .subject(format!("{} in place of the caller", entry.label()))
            .also(entry.handler, "the handler")
            .all(found.map(|effect| effect.span), "the same here")
            .grants(
                [Claim::Stands(Position::SignedIn)],
                gains::of_effect(app, effect),
                format!("names somebody else in {}: it {} {}", entry.label(), verb(effect), effect.target),
            )
            .done();
    }
}

/// Handlers that ask what the caller may do with one thing that the request names, and then change another. Those of a
/// file that do it with the same store are one decision.
fn beyond(app: &App, sink: &mut Sink<'_>) {
    let mut groups: BTreeMap<(u32, &str), Vec<(&EntryPoint, &Effect)>> = BTreeMap::new();
    for entry in app.entry_points.iter().filter(|entry| is_judged(entry)) {
        let found = entry
            .effects
            .iter()
            .find(|effect| effect.beyond_guards && !effect.governed_by_policies && !is_session_store(&effect.target));
        if let Some(effect) = found {
            groups.entry((entry.handler.file.0, &effect.target)).or_default().push((entry, effect));
        }
    }
    for list in groups.values() {
        let Some(&(first, effect)) = list.first() else { continue };
        let by = effect.picked_by.join("`, `");
        let more = match list.len() {
            1 => String::new(),
            many => format!(" ({} more like it)", many - 1),
        };
        let mut draft = sink
            .at(effect.span, format!("{}: `{by}` picks the record, and no check before looks at it", first.label()))
            .title(format!(
                "{} checks what the caller may do with one thing and {} any record of \u{201c}{}\u{201d}{more}",
                first.label(),
                verb(effect),
                effect.target
            ))
            .subject(format!("{} beyond its check", first.label()));
        for (entry, effect) in list {
            let asked =
                entry.guards.iter().filter(|guard| matches!(guard.kind, GuardKind::Role | GuardKind::Ownership));
            draft = draft
                .also(entry.handler, format!("{}: the handler", entry.label()))
                .all(asked.map(|guard| guard.span), "what is checked is something else that the request names")
                .also(effect.span, format!("{}: it {} the record", entry.label(), verb(effect)))
                .grants(
                    [Claim::Stands(Position::SignedIn)],
                    gains::of_effect(app, effect),
                    format!("shows {} a right of its own and names a record of others", entry.label()),
                );
        }
        draft.done();
    }
}

/// Records of any organisation, for those who have a role in one of them: other handlers behind a role keep to the caller's
/// organisation, and these take what the request names.
fn across_tenants(app: &App, sink: &mut Sink<'_>) {
    let has_tenant = |store: &str| columns(app, store).is_some_and(|all| all.iter().any(|name| is_tenant(name)));
    let by_role = |entry: &EntryPoint, effect: &Effect| {
        entry.reach_of(effect) == Reach::Role && !is_above_tenants(entry) && has_tenant(&effect.target)
    };
    let judged = || app.entry_points.iter().enumerate().filter(|(_, entry)| is_judged(entry));
    let kept = judged()
        .filter(|(_, entry)| entry.effects.iter().any(|effect| by_role(entry, effect) && effect.limited_to_tenant))
        .count();
    if kept < 2 {
        return;
    }
    let mut found: BTreeMap<String, Vec<(&EntryPoint, &Effect)>> = BTreeMap::new();
    for (index, entry) in judged() {
        let effect = entry.effects.iter().find(|effect| {
            matches!(effect.kind, EffectKind::Read | EffectKind::Update | EffectKind::Delete)
                && by_role(entry, effect)
                && effect.picked_by_input
                && !effect.limited_to_caller
                && !effect.caller_replaced
                && !effect.beyond_guards
                && !effect.governed_by_policies
                && !is_session_store(&normalised(&effect.target))
                && !entry.holding_at(effect, GuardKind::Ownership)
                && (effect.kind.writes() || is_given_away(app, index, &effect.target))
        });
        // A handler that asks for the organisation at one step knows of it.
        let knows = entry.effects.iter().any(|effect| effect.limited_to_tenant)
            || entry.guards.iter().any(|guard| guard.kind == GuardKind::Ownership);
        if let Some(effect) = effect.filter(|_| names_a_record(entry) && !knows) {
            found.entry(normalised(&effect.target)).or_default().push((entry, effect));
        }
    }
    // Where most do not ask, whoever has the role stands above the organisations.
    let open: usize = found.values().map(Vec::len).sum();
    if open > kept * 2 {
        return;
    }
    for list in found.values() {
        let Some(&(first, effect)) = list.iter().find(|(_, effect)| effect.kind.writes()).or(list.first()) else {
            continue;
        };
        let title = format!(
            "{} {} records of \u{201c}{}\u{201d} of every organisation, not only of the caller's",
            first.label(),
            verb(effect),
            effect.target
        );
        let mut draft = sink
            .at(
                effect.span,
                format!("{}: the record is picked by the request, its organisation is not compared", first.label()),
            )
            .title(title)
            .confidence(Confidence::Likely)
            .subject(format!("{} across organisations", first.label()));
        for (entry, effect) in list {
            draft = draft
                .also(entry.handler, format!("{}: asks for a role, not for the organisation", entry.label()))
                .also(effect.span, format!("{}: it {} the record", entry.label(), verb(effect)))
                .grants(
                    [Claim::Stands(Position::Administrator)],
                    gains::of_effect(app, effect),
                    format!("names a record of another organisation in {}", entry.label()),
                );
        }
        draft.done();
    }
}

/// Stores whose records some route lists for every signed-in user, whoever they belong to.
fn listed_to_all(app: &App) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    for (index, entry) in app.entry_points.iter().enumerate().filter(|(_, entry)| is_judged(entry)) {
        let open = entry.reach() == Reach::Anyone;
        let names_one = entry.path.contains([':', '[', '{']) && !open;
        let of_admin = entry.purposes.contains(&Purpose::Admin);
        if names_one || of_admin || !entry.methods.iter().any(|method| method == "GET") {
            continue;
        }
        for effect in &entry.effects {
            let reads = matches!(effect.kind, EffectKind::Read | EffectKind::ReadMemory);
            // A list that is the caller's own on another branch is not for everybody.
            let own_elsewhere =
                entry.effects.iter().any(|other| other.limited_to_caller && other.target == effect.target);
            if reads
                && !own_elsewhere
                && !effect.limited_to_caller
                // Meant to be the caller's own: the request only comes before.
                && !effect.caller_replaced
                && !entry.holding_at(effect, GuardKind::Ownership)
                && matches!(entry.reach_of(effect), Reach::SignedIn | Reach::Anyone)
                && is_given_away(app, index, &effect.target)
            {
                out.insert(normalised(&effect.target));
            }
        }
    }
    out
}

/// Whether an answer of the handler carries records of the store.
fn is_given_away(app: &App, entry: usize, target: &str) -> bool {
    app.flows.iter().any(|flow| {
        flow.entry == Some(entry)
            && flow.source == Source::Stored
            && matches!(flow.sink, Ends::Response)
            && flow.source_name == target
    })
}

fn verb(effect: &Effect) -> &'static str {
    match effect.kind {
        EffectKind::Delete => "deletes",
        kind if kind.writes() => "changes",
        _ => "reads",
    }
}
