//! What weaknesses give to attackers: shared words for [`Draft::grants`](crate::Draft::grants).

use plimsoll_model::app::{App, Effect, EffectKind, EntryKind, EntryPoint, GuardKind, Purpose, Reach};
use plimsoll_model::{Claim, DataClass, Position};

/// Class of what an effect touches: from the data map, else from the fields of its store, else by the store's name.
pub(crate) fn class_of(app: &App, effect: &Effect) -> DataClass {
    let store = app.stores.iter().find(|store| store.name.eq_ignore_ascii_case(&effect.target));
    let by_fields = store.and_then(|store| store.fields.iter().map(|field| field.class).max()).unwrap_or_default();
    let by_name = if is_about_people(&effect.target) { DataClass::Personal } else { DataClass::Internal };
    match effect.class.max(by_fields) {
        DataClass::Demo => by_name,
        known => known,
    }
}

/// Stores whose name says that they hold records of people.
pub(crate) fn is_about_people(target: &str) -> bool {
    let target = target.to_ascii_lowercase();
    [
        "user", "customer", "client", "staff", "employee", "patient", "member", "contact", "payroll", "salar",
        "invoice", "order", "booking",
    ]
    .iter()
    .any(|word| target.contains(word))
}

/// The position that callers of an effect have; `None` for machines.
pub(crate) fn position(reach: Reach) -> Option<Position> {
    match reach {
        Reach::Anyone => Some(Position::Anyone),
        Reach::SignedIn => Some(Position::SignedIn),
        Reach::Role => Some(Position::Administrator),
        Reach::Machine => None,
    }
}

/// What somebody gains who can make an effect happen that is not meant for him.
pub(crate) fn of_effect(app: &App, effect: &Effect) -> Claim {
    match effect.kind {
        EffectKind::SetPassword => Claim::Holds(victim(app)),
        kind if kind.writes() => Claim::Writes(class_of(app, effect)),
        _ => Claim::Reads(class_of(app, effect)),
    }
}

/// The position worth attacking: administrators where the app tells them apart.
pub(crate) fn victim(app: &App) -> Position {
    let role = |entry: &EntryPoint| {
        entry.holding(GuardKind::Role).next().is_some()
            || entry.effects.iter().any(|effect| entry.holding_at(effect, GuardKind::Role))
    };
    if app.entry_points.iter().any(role) { Position::Administrator } else { Position::SignedIn }
}

/// The lowest position that can leave text or files which others see.
pub(crate) fn weakest_writer(app: &App) -> Position {
    let mut weakest = Position::Administrator;
    for entry in app.entry_points.iter().filter(|entry| entry.kind != EntryKind::StaticFiles) {
        // Trying to log in leaves nothing that others see.
        if entry.purposes.contains(&Purpose::Login) || entry.purposes.contains(&Purpose::Logout) {
            continue;
        }
        for effect in &entry.effects {
            let leaves = matches!(
                effect.kind,
                EffectKind::Create
                    | EffectKind::CreateAccount
                    | EffectKind::Update
                    | EffectKind::WriteFile
                    | EffectKind::WriteMemory
                    | EffectKind::Query
            );
            if leaves && let Some(position) = position(entry.reach_of(effect)) {
                weakest = weakest.min(position);
            }
        }
    }
    weakest
}
