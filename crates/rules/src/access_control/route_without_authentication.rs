//! A server route touches data without checking who calls.

use std::collections::{BTreeMap, BTreeSet};

use crate::habit::MANY;
use crate::{Rule, Sink, gains};
use plimsoll_model::app::{
    Effect, EffectKind, EntryKind, EntryPoint, GuardKind, GuardStanding, LiveContent, LiveVerdict, Purpose, Reach,
};
use plimsoll_model::{App, Claim, DataClass, Gap, Position, Severity};

pub(crate) static RULE: Rule = Rule {
    id: "route-without-authentication",
    summary: "a server route touches data without checking who calls",
    gap: Gap::BrokenAccessControl,
    severity: Severity::High,
    cwe: &[306, 862],
    owasp: &["A01:2025"],
    asvs: &["8.2.1"],
    page: include_str!("route_without_authentication.md"),
    run,
};

/// Entry points of one decision, each with the worst that it does.
type Group<'a> = Vec<(&'a EntryPoint, &'a Effect)>;

fn run(app: &App, sink: &mut Sink<'_>) {
    // One decision is one finding: routes of a file that nobody guards are listed together, by how bad they are.
    // Functions of a platform lie in a file each and have one decision behind them all.
    let mut groups: BTreeMap<(Severity, Option<u32>), Group<'_>> = BTreeMap::new();
    let mut asked = 0_usize;
    // A list in the code that nothing ever changes is no stored data.
    let kept: BTreeSet<&str> = app
        .entry_points
        .iter()
        .flat_map(|entry| &entry.effects)
        .filter(|effect| effect.kind == EffectKind::WriteMemory)
        .map(|effect| effect.target.as_str())
        .collect();
    for entry in &app.entry_points {
        if entry.trivial || matches!(entry.kind, EntryKind::StaticFiles) {
            continue;
        }
        asked += usize::from(entry.effects.iter().any(|effect| {
            effect.kind.touches_data() && (entry.reach_of(effect) != Reach::Anyone || effect.limited_to_caller)
        }));
        // It refused a stranger on the running app: what was seen goes before what was read.
        if !entry.refused_live.is_empty() && !entry.can_write() {
            continue;
        }
        if entry.open_by_nature() && !entry.purposes.contains(&Purpose::Admin) {
            continue;
        }
        // Messages of other services are judged on their own.
        if crate::access::unverified_message(entry).is_some() || crate::access::asks_service_back(entry) {
            continue;
        }
        let checks =
            entry.effects.iter().any(|effect| effect.kind.touches_data() && entry.reach_of(effect) != Reach::Anyone);
        // The worst thing that anyone can make happen.
        let worst = entry
            .effects
            .iter()
            .filter(|effect| {
                effect.kind.touches_data()
                    && !matches!(
                        effect.kind,
                        EffectKind::ReadFile | EffectKind::Fetch | EffectKind::SendMessage | EffectKind::CallAi
                    )
            })
            // A page that puts a file of the app's own making into place.
            .filter(|effect| {
                !(effect.kind == EffectKind::WriteFile && !effect.picked_by_input && entry.methods == ["GET"])
            })
            .filter(|effect| entry.reach_of(effect) == Reach::Anyone && !effect.limited_to_caller)
            // Whoever signs up for news is nobody yet.
            .filter(|effect| !(effect.kind == EffectKind::Create && takes_from_strangers(&effect.target)))
            .filter(|effect| !(checks && is_groundwork(entry, effect)))
            // What the database's policies admit is open without this route too; policies have rules of their own.
            .filter(|effect| !effect.governed_by_policies)
            .filter(|effect| {
                effect.kind != EffectKind::Read || effect.picked_by_input || !is_on_display(&effect.target)
            })
            .filter(|effect| effect.kind != EffectKind::ReadMemory || !is_sample(&effect.target, &kept))
            .filter(|effect| !is_front_page(app, entry, effect))
            .max_by_key(|effect| (effect.kind.writes(), effect.bypasses_policies));
        let Some(effect) = worst else { continue };
        // The login writes a session of its own.
        if entry.effects.iter().any(|effect| matches!(effect.kind, EffectKind::VerifyPassword)) {
            continue;
        }
        let severity = if matches!(effect.kind, EffectKind::CreateAccount | EffectKind::SetPassword)
            || effect.target.to_ascii_lowercase().contains("user") && effect.kind.writes()
        {
            Severity::Critical
        } else if effect.kind.writes()
            || effect.bypasses_policies
            || gains::is_about_people(&effect.target)
            || gains::class_of(app, effect) == DataClass::Sensitive
        {
            Severity::High
        } else if is_catalogue(&effect.target) || is_meant_for_all(app, entry, effect) {
            Severity::Low
        } else {
            Severity::Medium
        };
        let file = (entry.kind != EntryKind::Function).then_some(entry.span.file.0);
        groups.entry((severity, file)).or_default().push((entry, effect));
    }
    let open: usize = groups.values().map(Vec::len).sum();
    let asks_nobody = open >= MANY && asked * 10 <= open;
    for (severity, list) in crate::habit::merged(groups, if asks_nobody { 1 } else { MANY }) {
        let Some((first, effect)) = list.first() else { continue };
        let what =
            if effect.target.is_empty() { "data".to_owned() } else { format!("\u{201c}{}\u{201d}", effect.target) };
        let title = if list.len() == 1 {
            format!("{} can be called by anyone and {} {what}", first.label(), verb(effect.kind))
        } else if asks_nobody && list.len() >= MANY {
            format!("The server asks nobody who is calling: {} entry points, among them {}", list.len(), first.label())
        } else {
            format!("{} entry points can be called by anyone, among them {}", list.len(), first.label())
        };
        let mut draft = sink
            .at(
                first.handler,
                format!("{}: no check of the caller before it {} {what}", first.label(), verb(effect.kind)),
            )
            .title(title)
            .severity(severity)
            .subject(first.label());
        for (entry, effect) in &list {
            draft = draft.also(entry.handler, format!("{}: no check of the caller", entry.label()));
            draft = draft.also(entry.span, entry.label());
            draft = draft.also(effect.span, format!("{}: it {} {}", entry.label(), verb(effect.kind), effect.target));
            for guard in &entry.guards {
                if let (GuardKind::Authentication | GuardKind::Signature, GuardStanding::FailsOpen(why)) =
                    (guard.kind, &guard.standing)
                {
                    draft = draft.also(guard.span, format!("this check does not hold: {why}"));
                }
            }
            draft = draft.seen_live(entry, "answered without credentials");
            draft = draft.grants(
                [Claim::Stands(Position::Anyone)],
                gains::of_effect(app, effect),
                format!("calls {} without a login: it {} {}", entry.label(), verb(effect.kind), effect.target),
            );
            draft = draft.grants(
                [Claim::Stands(Position::Anyone)],
                Claim::Calls(entry.label()),
                format!("{} asks for no login", entry.label()),
            );
        }
        draft.done();
    }
    answered_live(app, sink);
}

/// Data of people came without credentials, where the code has a check or where nothing in the code was found.
fn answered_live(app: &App, sink: &mut Sink<'_>) {
    for answer in app.live.open_entry_points.iter().filter(|answer| answer.verdict == LiveVerdict::Confirmed) {
        let entry = answer.entry.and_then(|index| app.entry_points.get(index));
        // Pages are for the rule on guards in the browser; open by the code's own word is judged above.
        if answer.content == LiveContent::Html || entry.is_some_and(|entry| entry.reach() == Reach::Anyone) {
            continue;
        }
        let kinds: Vec<String> = answer.personal.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        let note = format!(
            "answered a stranger{}{}",
            answer.records.map_or(String::new(), |count| format!(" with {count} records")),
            if kinds.is_empty() { String::new() } else { format!(" and data of people: {}", kinds.join(", ")) }
        );
        let name = entry.map_or_else(|| answer.exchange.url.clone(), EntryPoint::label);
        let mut draft = sink
            .live(&answer.exchange, note)
            .title(format!("{name} gives data of people to anyone"))
            .severity(Severity::Critical)
            .subject(name.clone());
        if let Some(entry) = entry {
            draft = draft.also(entry.handler, "the handler");
            for guard in entry.guards.iter().filter(|guard| guard.kind == GuardKind::Authentication) {
                draft = draft.also(guard.span, "the code has this check, and it did not stop the request");
            }
        }
        draft.done();
    }
}

/// Whether a list in memory is made up or a constant of the code: by its name, and because nothing changes it.
fn is_sample(name: &str, kept: &BTreeSet<&str>) -> bool {
    let constant = !name.is_empty() && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    let made_up = ["mock", "sample", "demo", "dummy", "fake", "example", "placeholder", "fallback"];
    let by_name = plimsoll_model::names::has(&plimsoll_model::names::words(name), &made_up);
    !kept.contains(name) && (by_name || (constant && !gains::is_about_people(name)))
}

/// Stores whose name says that strangers are meant to leave something in them.
fn takes_from_strangers(target: &str) -> bool {
    let name = crate::access::normalised(target);
    [
        "newsletter",
        "subscriber",
        "emaillist",
        "mailinglist",
        "waitlist",
        "contactmessage",
        "contactform",
        "inquir",
        "enquir",
        "feedback",
    ]
    .iter()
    .any(|part| name.contains(part))
}

/// Stores whose name says that they are there to be shown to everybody.
fn is_catalogue(target: &str) -> bool {
    const NAMES: &[&str] = &[
        "product",
        "category",
        "tag",
        "post",
        "blogpost",
        "blog",
        "article",
        "menu",
        "menuitem",
        "testimonial",
        "faq",
        "banner",
        "brand",
        "country",
        "currency",
        "collection",
        "news",
        "page",
        "city",
    ];
    let name = crate::access::normalised(target);
    NAMES.contains(&name.as_str()) || name.starts_with("product")
}

/// Words of stores that hold what happens in a business.
const BUSINESS: &[&str] = &[
    "order",
    "invoice",
    "payment",
    "transaction",
    "expense",
    "income",
    "sale",
    "revenue",
    "budget",
    "cost",
    "booking",
    "appointment",
    "reservation",
    "report",
    "statistic",
    "stats",
    "log",
    "audit",
    "message",
    "ticket",
    "task",
    "note",
    "document",
    "file",
    "quote",
    "contract",
    "setting",
    "config",
    "session",
    "token",
    "block",
    "stock",
    "inventory",
];

fn is_of_business(target: &str) -> bool {
    plimsoll_model::names::words(target)
        .iter()
        .any(|word| BUSINESS.contains(&word.trim_end_matches('s')) || BUSINESS.contains(&word.as_str()))
}

/// The front page of a site whose other pages mostly ask who calls: what it shows without being asked for anything is there
/// for visitors.
fn is_front_page(app: &App, entry: &EntryPoint, effect: &Effect) -> bool {
    entry.path == "/"
        && entry.methods == ["GET"]
        && effect.kind == EffectKind::Read
        && !effect.picked_by_input
        && !is_of_business(&effect.target)
        && !gains::is_about_people(&effect.target)
        && gains::class_of(app, effect) < DataClass::Sensitive
        && asks_elsewhere(app)
}

/// Whether most of an app's entry points ask who calls.
fn asks_elsewhere(app: &App) -> bool {
    let asked = |other: &&EntryPoint| other.reach() != Reach::Anyone;
    app.entry_points.iter().filter(asked).count() * 2 >= app.entry_points.len()
}

/// A list without people, owners or business in it, given by an app that asks its callers elsewhere: a price list, a floor
/// plan. Somebody decided that visitors may see it.
fn is_meant_for_all(app: &App, entry: &EntryPoint, effect: &Effect) -> bool {
    let store = app.stores.iter().find(|store| store.name.eq_ignore_ascii_case(&effect.target));
    let plain = store.is_some_and(|store| {
        let people = store.fields.iter().any(|field| field.class >= DataClass::Personal);
        !store.fields.is_empty() && !people && !crate::stores::has_owner(app, store)
    });
    plain
        && effect.kind == EffectKind::Read
        && entry.methods == ["GET"]
        && !entry.purposes.contains(&Purpose::Admin)
        && !is_of_business(&effect.target)
        && asks_elsewhere(app)
}

/// Stores of what a site puts up for its visitors.
fn is_on_display(target: &str) -> bool {
    const NAMES: &[&str] = &[
        "announcement",
        "event",
        "gallery",
        "galleryimage",
        "destination",
        "opening",
        "openinghour",
        "location",
        "service",
        "holiday",
        "banner",
        "slide",
        "feature",
        "pricing",
    ];
    NAMES.contains(&crate::access::normalised(target).as_str())
        || describes_the_house(target)
        || plimsoll_model::names::words(target).iter().any(|word| matches!(word.as_str(), "news" | "announcement"))
}

/// What a site says of itself: `clinic_info`, `about`, `CompanyInfo`, `hero_section`.
fn describes_the_house(target: &str) -> bool {
    let words = plimsoll_model::names::words(target);
    let of_house =
        ["clinic", "company", "business", "site", "website", "shop", "store", "hotel", "restaurant", "school"];
    let says = ["info", "information", "about", "hero", "footer", "homepage", "landing"];
    let last = words.last().map_or("", String::as_str);
    says[2..].contains(&last)
        || (says.contains(&last) && words.iter().any(|word| of_house.contains(&word.as_str())))
        || words.iter().any(|word| word == "hero" || word == "about")
}

/// Tables and first rows that a helper lays down before the check, the same for everybody: in a handler that checks its
/// caller before it does what it is for, they are no work of its own.
fn is_groundwork(entry: &EntryPoint, effect: &Effect) -> bool {
    // The ticket that was sent along is looked up before it proves anything.
    if effect.kind == EffectKind::Read && keeps_tickets(&effect.target) {
        return true;
    }
    // What such a helper looks up before it writes belongs to it.
    if effect.kind == EffectKind::Read && !effect.picked_by_input {
        return effect.called_at.is_some()
            && entry.effects.iter().any(|other| {
                other.kind.writes() && other.called_at == effect.called_at && is_groundwork(entry, other)
            });
    }
    effect.kind.writes() && effect.called_at.is_some() && !effect.picked_by_input && !effect.writes_whole_input
}

/// Stores of what a caller shows to prove who it is: keys for programs, sessions.
fn keeps_tickets(store: &str) -> bool {
    let name = crate::access::normalised(store);
    crate::access::is_session_store(store) || name.ends_with("apikey") || name.ends_with("accesskey")
}

fn verb(kind: EffectKind) -> &'static str {
    match kind {
        EffectKind::Create | EffectKind::CreateAccount => "creates",
        EffectKind::Update | EffectKind::SetPassword | EffectKind::WriteMemory => "changes",
        EffectKind::Delete | EffectKind::DeleteFile => "deletes",
        EffectKind::WriteFile => "writes",
        _ => "reads",
    }
}

#[cfg(test)]
mod tests {
    use super::is_on_display;

    #[test]
    fn what_a_site_says_of_itself() {
        for shown in ["clinic_info", "about", "HeroSection", "NewsMessage", "announcements"] {
            assert!(is_on_display(shown), "{shown}");
        }
        for kept in ["customer_info", "patient", "payment_information", "orders"] {
            assert!(!is_on_display(kept), "{kept}");
        }
    }
}
