//! What weaknesses give to attackers: shared words for [`Draft::grants`](crate::Draft::grants).

use plimsoll_model::app::{
    App, Effect, EffectKind, EntryKind, EntryPoint, Exposure, Field, Flow, GuardKind, Purpose, Reach, Store, StoreKind,
};
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
    writers(app).map(|(position, _)| position).min().unwrap_or(Position::Administrator)
}

/// Who can leave what, by position.
fn writers(app: &App) -> impl Iterator<Item = (Position, &Effect)> {
    app.entry_points
        .iter()
        .filter(|entry| entry.kind != EntryKind::StaticFiles)
        // Trying to log in leaves nothing that others see.
        .filter(|entry| !entry.purposes.contains(&Purpose::Login) && !entry.purposes.contains(&Purpose::Logout))
        .flat_map(|entry| {
            let leaves = entry.effects.iter().filter(|effect| effect.leaves_something());
            leaves.filter_map(|effect| Some((position(entry.reach_of(effect))?, effect)))
        })
}

/// What somebody needs to leave text that a flow puts before others: a way to write the store that it comes from, as far
/// as the field's name, and what is read where it is shown, tell which one that is. Where they do not, the way hangs on a
/// condition.
pub(crate) fn to_plant(app: &App, flow: &Flow) -> Vec<Claim> {
    let field = flow.source_name.rsplit(['.', '/']).next().unwrap_or_default();
    let lowest = |name: &str| {
        let of_it = writers(app).filter(|(_, effect)| effect.target.eq_ignore_ascii_case(name));
        let direct = app.stores.iter().filter(|store| store.name.eq_ignore_ascii_case(name));
        of_it.map(|(position, _)| position).chain(direct.filter_map(Store::weakest_direct_writer)).min()
    };
    let plants = |name: &str| vec![Claim::Plants(name.to_owned())];
    let with_field: Vec<&str> = app
        .stores
        .iter()
        .filter(|store| !field.is_empty() && store.fields.iter().any(|known| known.name == field))
        .map(|store| store.name.as_str())
        .filter(|name| lowest(name).is_some())
        .collect();
    if let [only] = with_field[..] {
        return plants(only);
    }
    let named = |name: &str| with_field.is_empty() || with_field.iter().any(|known| known.eq_ignore_ascii_case(name));
    let read = read_where_shown(app, flow);
    let shown = read.iter().filter(|name| named(name)).filter_map(|name| Some((lowest(name)?, *name)));
    if let Some((_, name)) = shown.min() {
        return plants(name);
    }
    // Whatever the weakest can write may be what is shown, and may not.
    let weakest = weakest_writer(app);
    let by_weakest = writers(app).filter(|(position, effect)| *position == weakest && !effect.target.is_empty());
    let records = |effect: &Effect| matches!(effect.kind, EffectKind::Create | EffectKind::Update);
    let guess = by_weakest
        .map(|(_, effect)| effect)
        .filter(|effect| named(&effect.target))
        .max_by_key(|effect| records(effect));
    let mut needs = guess.map_or_else(|| vec![Claim::Stands(weakest)], |effect| plants(&effect.target));
    needs.push(Claim::Knows(Claim::SHOWN_THERE.to_owned()));
    needs
}

/// The stores that are read where a flow shows something: by the handler itself, else by what the page's script asks.
fn read_where_shown<'a>(app: &'a App, flow: &Flow) -> Vec<&'a str> {
    let own = flow.entry.and_then(|index| app.entry_points.get(index));
    let asked = || {
        let here = |span: &plimsoll_source::Span| span.file == flow.to.file;
        app.api_calls.iter().filter(move |call| here(&call.span) || call.from.iter().any(here))
    };
    let entries: Vec<&EntryPoint> = match own {
        Some(entry) => vec![entry],
        None if app.entry_points.is_empty() => Vec::new(),
        None => asked().filter_map(|call| app.entry_points.get(call.entry?)).collect(),
    };
    let effects = entries.into_iter().flat_map(|entry| &entry.effects);
    let reads = effects.filter(|effect| {
        matches!(effect.kind, EffectKind::Read | EffectKind::Query | EffectKind::ReadMemory | EffectKind::ReadFile)
    });
    // What the page's script reads of the database itself.
    let used = app.store_uses.iter().filter(|used| own.is_none() && used.span.file == flow.to.file);
    let used = used.filter(|used| used.kind.is_some()).map(|used| used.store.as_str());
    reads.map(|effect| effect.target.as_str()).filter(|target| !target.is_empty()).chain(used).collect()
}

/// The accounts of an app without a server of its own that are part of what every visitor receives, with the field that
/// holds passwords or their hashes: the browser itself decides who is let in.
pub(crate) fn shipped_accounts(app: &App) -> Option<(&Store, &Field)> {
    if app.entry_points.iter().any(|entry| entry.kind != EntryKind::StaticFiles) {
        return None;
    }
    app.stores.iter().filter(|store| store.exposure == Exposure::Shipped).find_map(|store| {
        let secret = |kind: &str| kind == "password" || kind == "password-hash";
        store.fields.iter().find(|field| secret(&field.kind)).map(|field| (store, field))
    })
}

/// The heaviest class that the app's stores hold: what a way past everything opens.
pub(crate) fn heaviest(app: &App) -> DataClass {
    let fields = app.stores.iter().flat_map(|store| &store.fields).map(|field| field.class);
    fields.max().unwrap_or_default().max(DataClass::Internal)
}

/// Whether a store keeps passwords or their hashes.
pub(crate) fn keeps_passwords(store: &Store) -> bool {
    store.fields.iter().any(|field| field.kind == "password" || field.kind == "password-hash")
}

/// Whether some store behind the server does.
pub(crate) fn has_accounts(app: &App) -> bool {
    let behind = |store: &&Store| store.exposure != Exposure::Shipped && store.kind != StoreKind::Browser;
    app.stores.iter().filter(behind).any(keeps_passwords)
}

/// Who sends what a flow carries, and where to; anyone where that is not known.
pub(crate) fn sender(app: &App, flow: &Flow) -> (Position, String) {
    let entry = flow.entry.and_then(|index| app.entry_points.get(index));
    let position = entry.and_then(|entry| position(entry.reach())).unwrap_or(Position::Anyone);
    (position, entry.map(|entry| format!(" to {}", entry.label())).unwrap_or_default())
}

/// The lowest position that can upload files; that of the weakest writer where no upload is known.
pub(crate) fn weakest_uploader(app: &App) -> Position {
    let takes_files = |entry: &&EntryPoint| {
        entry.purposes.contains(&Purpose::Upload)
            || entry.effects.iter().any(|effect| effect.kind == EffectKind::WriteFile)
    };
    let positions = app.entry_points.iter().filter(takes_files).filter_map(|entry| position(entry.reach()));
    positions.min().unwrap_or_else(|| weakest_writer(app))
}

/// Whether files that people upload lie in a folder that the server hands out as it is, by the folder's name.
pub(crate) fn serves_uploads(app: &App) -> bool {
    const FOLDERS: [&str; 12] = [
        "upload",
        "file",
        "media",
        "image",
        "img",
        "photo",
        "picture",
        "avatar",
        "attachment",
        "document",
        "storage",
        "asset",
    ];
    app.entry_points.iter().filter(|entry| entry.kind == EntryKind::StaticFiles).any(|entry| {
        let path = entry.path.to_ascii_lowercase();
        FOLDERS.iter().any(|folder| path.contains(folder))
    })
}

/// What the key of a service gives to whoever has it, and the step as a sentence; `None` where that depends on what nobody
/// can see in the code.
pub(crate) fn of_key(app: &App, what: &str) -> Option<(Claim, String)> {
    let name = what.to_ascii_lowercase();
    let any = |words: &[&str]| words.iter().any(|word| name.contains(word));
    Some(if any(&["service-role", "service role", "service account", "firebase admin"]) {
        (Claim::Writes(heaviest(app)), format!("reads and changes the whole database with the {what}"))
    } else if any(&["stripe", "paypal", "razorpay", "mollie", "adyen", "square", "paddle"]) {
        (Claim::Reads(DataClass::Sensitive), format!("reads payments and customers with the {what}"))
    } else if any(&["sendgrid", "resend", "mailgun", "postmark", "brevo", "sendinblue", "mailchimp", "smtp", "mailjet"])
    {
        (Claim::SendsMail, format!("sends mail in the owner's name with the {what}"))
    } else if any(&["github", "gitlab", "bitbucket"]) {
        (Claim::ReadSource, format!("fetches the code with the {what}"))
    } else if any(&[
        "openai",
        "anthropic",
        "claude",
        "gemini",
        "groq",
        "mistral",
        "cohere",
        "replicate",
        "hugging",
        "deepseek",
        "perplexity",
        "openrouter",
        "elevenlabs",
        "twilio",
        "vonage",
        "aws",
        "maps",
    ]) {
        (Claim::SpendsMoney, format!("uses the {what} at the owner's cost"))
    } else {
        return None;
    })
}

/// Whether an entry point makes accounts for others, with a password that the request names.
pub(crate) fn makes_account(app: &App, entry: &EntryPoint) -> bool {
    let accounts =
        |target: &str| app.stores.iter().any(|store| store.name.eq_ignore_ascii_case(target) && keeps_passwords(store));
    let makes = entry.effects.iter().any(|effect| {
        effect.kind == EffectKind::CreateAccount || effect.kind == EffectKind::Create && accounts(&effect.target)
    });
    makes && entry.inputs.iter().any(|input| input.to_ascii_lowercase().contains("password"))
}
