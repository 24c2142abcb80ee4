//! An administrative action is open to every signed-in user.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::app::{
    Effect, EffectKind, EntryKind, EntryPoint, GuardKind, GuardStanding, Purpose, Reach, Sink as Ends, Source,
};
use plimsoll_model::{App, Claim, Confidence, DataClass, Gap, Position, Severity};

use plimsoll_source::Span;

use crate::access::{
    columns, for_any_signed_in, has_role_of_outsiders, has_roles, is_account_store, is_judged, is_owner_column,
    normalised, open_to_register,
};
use crate::{Rule, Sink, gains};

pub(crate) static RULE: Rule = Rule {
    id: "role-check-missing",
    summary: "an administrative action is open to every signed-in user",
    gap: Gap::BrokenAccessControl,
    severity: Severity::High,
    cwe: &[862, 285],
    owasp: &["A01:2025"],
    asvs: &["8.2.1"],
    page: include_str!("role_check_missing.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    let roles = has_roles(app);
    // Without roles and without strangers everybody who can sign in is the administrator.
    if !roles && !open_to_register(app) {
        return;
    }
    // How often a role stands in front of the same action on the same store.
    let mut guarded: BTreeMap<(String, EffectKind), usize> = BTreeMap::new();
    for entry in app.entry_points.iter().filter(|entry| is_judged(entry)) {
        for effect in entry.effects.iter().filter(|effect| effect.kind.writes()) {
            if entry.holding_at(effect, GuardKind::Role) {
                *guarded.entry((normalised(&effect.target), effect.kind)).or_default() += 1;
            }
        }
    }
    // What many handlers do on their way (creating what is missing) is no action of theirs.
    let mut shared: BTreeMap<Span, BTreeSet<Span>> = BTreeMap::new();
    for entry in &app.entry_points {
        for effect in &entry.effects {
            shared.entry(effect.span).or_default().insert(entry.handler);
        }
    }
    // Routes of a file are one decision; functions of a platform lie in a file each and have one decision behind them all.
    let mut found: BTreeMap<Option<u32>, Vec<(&EntryPoint, &Effect, String)>> = BTreeMap::new();
    for entry in app.entry_points.iter().filter(|entry| is_judged(entry)) {
        let own = [
            Purpose::Login,
            Purpose::Register,
            Purpose::Logout,
            Purpose::PasswordReset,
            Purpose::PasswordChange,
            Purpose::OneTimeCode,
        ];
        if own.iter().any(|purpose| entry.purposes.contains(purpose)) {
            continue;
        }
        let candidate = entry
            .effects
            .iter()
            .filter(|effect| {
                for_any_signed_in(entry, effect)
                    && shared.get(&effect.span).map_or(0, BTreeSet::len) <= 4
                    && (entry.can_write() || !effect.kind.writes())
                    && !effect.limited_to_caller
                    && !effect.governed_by_policies
                    && !entry.holding_at(effect, GuardKind::Ownership)
            })
            .filter_map(|effect| reason(app, entry, effect, roles, &guarded).map(|why| (effect, why)))
            .max_by_key(|(effect, _)| effect.kind.writes());
        if let Some((effect, why)) = candidate {
            let file = (entry.kind != EntryKind::Function).then_some(entry.span.file.0);
            found.entry(file).or_default().push((entry, effect, why));
        }
    }
    read_by_all(app, &guarded, sink);
    for list in found.values() {
        let Some((first, effect, why)) = list.first() else { continue };
        let title = if list.len() == 1 {
            format!("Every signed-in user can call {}: {why}", first.label())
        } else {
            format!(
                "Every signed-in user can call {} administrative entry points, among them {}",
                list.len(),
                first.label()
            )
        };
        let worst = list.iter().any(|(_, effect, _)| effect.kind.writes());
        let mut draft = sink
            .at(first.handler, format!("{}: a login is asked for, but no role", first.label()))
            .title(title)
            .severity(if worst { Severity::High } else { Severity::Medium })
            .subject(first.label())
            .also(effect.span, why.clone());
        for (entry, effect, why) in list {
            draft = draft.also(entry.handler, format!("{}: no role", entry.label()));
            draft = draft.also(entry.span, entry.label());
            draft = draft.also(effect.span, why.clone());
            draft = draft.grants(
                [Claim::Stands(Position::SignedIn)],
                gains::of_effect(app, effect),
                format!("calls {} with an ordinary login", entry.label()),
            );
            draft = draft.grants(
                [Claim::Stands(Position::SignedIn)],
                Claim::Calls(entry.label()),
                format!("{} asks for a login, but for no role", entry.label()),
            );
        }
        draft.done();
    }
}

/// Records of people that only those with a role may change, and that everybody who can sign in may read: customers and
/// patients sign in, too.
fn read_by_all(app: &App, guarded: &BTreeMap<(String, EffectKind), usize>, sink: &mut Sink<'_>) {
    let by_role = has_role_of_outsiders(app);
    if !by_role && !open_to_register(app) {
        return;
    }
    // What strangers may read is no secret.
    let public: BTreeSet<String> = app
        .entry_points
        .iter()
        .filter(|entry| is_judged(entry))
        .flat_map(|entry| entry.effects.iter().filter(|effect| entry.reach_of(effect) == Reach::Anyone))
        .filter(|effect| effect.kind == EffectKind::Read)
        .map(|effect| normalised(&effect.target))
        .collect();
    let mut found: BTreeMap<u32, Vec<(&EntryPoint, &Effect)>> = BTreeMap::new();
    for (index, entry) in app.entry_points.iter().enumerate().filter(|(_, entry)| is_judged(entry)) {
        if entry.purposes.contains(&Purpose::Admin) || entry.purposes.contains(&Purpose::PublicByDesign) {
            continue;
        }
        let effect = entry.effects.iter().find(|effect| {
            let store = normalised(&effect.target);
            let changed_by_role = [EffectKind::Create, EffectKind::Update, EffectKind::Delete]
                .iter()
                .filter_map(|kind| guarded.get(&(store.clone(), *kind)))
                .sum::<usize>();
            effect.kind == EffectKind::Read
                && changed_by_role >= 1
                && !public.contains(&store)
                && is_private(app, effect, by_role)
                && for_any_signed_in(entry, effect)
                && !effect.limited_to_caller
                && !effect.caller_replaced
                && !effect.governed_by_policies
                && !entry.holding_at(effect, GuardKind::Ownership)
                && app.flows.iter().any(|flow| {
                    flow.entry == Some(index)
                        && flow.source == Source::Stored
                        && matches!(flow.sink, Ends::Response)
                        && flow.source_name == effect.target
                })
        });
        // Where one of several ways is the caller's own, the handler tells who asks.
        let tells = |effect: &Effect| {
            entry.effects.iter().any(|other| other.target == effect.target && other.limited_to_caller)
        };
        if let Some(effect) = effect.filter(|effect| !tells(effect)) {
            found.entry(entry.span.file.0).or_default().push((entry, effect));
        }
    }
    for list in found.values() {
        let Some(&(first, effect)) = list.first() else { continue };
        let title = match list.len() {
            1 => {
                format!("Everyone who can sign in reads \u{201c}{}\u{201d} of all at {}", effect.target, first.label())
            }
            many => format!(
                "Everyone who can sign in reads records of all people at {many} entry points, among them {}",
                first.label()
            ),
        };
        let mut draft = sink
            .at(
                first.handler,
                format!("{}: a login is asked for, but no role, and nothing narrows it to the caller", first.label()),
            )
            .title(title)
            .severity(if by_role { Severity::High } else { Severity::Medium })
            .confidence(Confidence::Likely)
            .subject(format!("{} read by all", first.label()));
        for (entry, effect) in list {
            draft = draft
                .also(entry.handler, format!("{}: no role", entry.label()))
                .also(entry.span, entry.label())
                .also(
                    effect.span,
                    format!("only a role may change \u{201c}{}\u{201d}; here all read it", effect.target),
                )
                .grants(
                    [Claim::Stands(Position::SignedIn)],
                    gains::of_effect(app, effect),
                    format!("reads {} with an ordinary login", entry.label()),
                );
        }
        draft.done();
    }
}

/// Whether a store holds what people would not want others to read. Whom one can book or ask is shown to those who do, and
/// what is announced to everybody; where outsiders only may be among those who register, only what is worse counts.
fn is_private(app: &App, effect: &Effect, by_role: bool) -> bool {
    const ANNOUNCED: &[&str] = &[
        "holiday",
        "notice",
        "announcement",
        "event",
        "post",
        "blog",
        "comment",
        "review",
        "news",
        "notification",
        "message",
        "product",
        "service",
        "category",
        "course",
        "class",
        "subject",
        "property",
        "room",
        "branch",
        "store",
        "shop",
        "office",
        "company",
        "organization",
        "school",
        "department",
        "setting",
        "timetable",
        "schedule",
        "plan",
        "hotel",
        "tour",
        "vehicle",
        "menu",
    ];
    const ASKED: &[&str] = &[
        "doctor",
        "teacher",
        "staff",
        "employee",
        "instructor",
        "trainer",
        "barber",
        "stylist",
        "provider",
        "therapist",
        "agent",
        "driver",
        "technician",
        "author",
    ];
    let words = plimsoll_model::names::words(&effect.target);
    if plimsoll_model::names::has(&words, ANNOUNCED) {
        return false;
    }
    match gains::class_of(app, effect) {
        DataClass::Sensitive => true,
        DataClass::Personal => by_role && !plimsoll_model::names::has(&words, ASKED),
        _ => false,
    }
}

/// Why an action is one for administrators.
fn reason(
    app: &App,
    entry: &EntryPoint,
    effect: &Effect,
    roles: bool,
    guarded: &BTreeMap<(String, EffectKind), usize>,
) -> Option<String> {
    let store = normalised(&effect.target);
    // Somebody meant to ask, and the code does not.
    if effect.kind.writes() {
        let failing = entry.guards.iter().find_map(|guard| match (guard.kind, &guard.standing) {
            (GuardKind::Role, GuardStanding::FailsOpen(why)) => Some(why),
            _ => None,
        });
        if let Some(why) = failing {
            return Some(format!("a role is meant to be asked for, but the check does not hold: {why}"));
        }
    }
    let records = matches!(
        effect.kind,
        EffectKind::Create
            | EffectKind::Update
            | EffectKind::Delete
            | EffectKind::SetPassword
            | EffectKind::CreateAccount
            | EffectKind::WriteMemory
    );
    if records && is_account_store(&store) && roles && (effect.picked_by_input || effect.kind != EffectKind::Update) {
        return Some("it changes accounts".into());
    }
    if entry.purposes.contains(&Purpose::Admin) && effect.kind.touches_data() && !store.is_empty() {
        return Some("its address says administration".into());
    }
    let personal = columns(app, &store).is_some_and(|columns| columns.iter().any(|name| is_owner_column(name)));
    let settings =
        ["setting", "config", "configuration", "sitesetting", "permission", "role", "pricing", "businessprofile"];
    if records && roles && !personal && settings.contains(&store.as_str()) {
        return Some("it changes settings of the whole app".into());
    }
    let others = guarded.get(&(store.clone(), effect.kind)).copied().unwrap_or(0);
    if records && !store.is_empty() && (others >= 2 || (others == 1 && effect.kind == EffectKind::Delete)) {
        return Some(format!("elsewhere the same action on \u{201c}{}\u{201d} asks for a role", effect.target));
    }
    None
}
