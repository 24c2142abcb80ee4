//! The data map: what data the app stores, collects, keeps in browsers and sends away, how sensitive each field is, and
//! who can reach it.
//!
//! Witnesses say which stores, forms and third parties there are; here their fields are classified by name and subject
//! ([`classify()`]), joined with entry points and policies, and put into one list.

mod classify;
mod map;
mod reach;
mod terms;
mod words;

pub use classify::{Classified, Context, classify};
pub use map::{build, recipients};
pub use reach::{ADMINISTRATORS, ANYONE, MACHINE, OWNER, SIGNED_IN};
pub use words::{store_key, words};

use std::collections::BTreeMap;

use plimsoll_model::app::Store;
use plimsoll_model::{App, Confidence, DataClass, DataItem};

/// What an app's own keys are called: they open doors to data, but are no data that the app carries.
pub const APP_SECRET: &str = "app-secret";

/// Fills in the class of every field and effect, for rules that weigh by it.
pub fn annotate(app: &mut App) {
    let mut heaviest: BTreeMap<String, DataClass> = BTreeMap::new();
    let animals = map::are_animals(app);
    for store in &mut app.stores {
        let context = context_of(store, animals);
        let mut class = DataClass::Demo;
        for field in &mut store.fields {
            // What a witness has already said stays.
            if !field.kind.is_empty() {
                class = class.max(field.class);
                continue;
            }
            let found = classify(&field.name, &context);
            field.kind = found.kind.to_owned();
            // What the name alone does not tell must not weigh.
            let sure = found.confidence >= Confidence::Likely;
            field.class = if sure { found.class } else { found.class.min(DataClass::Internal) };
            class = class.max(field.class);
        }
        for key in reach::keys(&store.name) {
            let known = heaviest.entry(key).or_default();
            *known = class.max(*known);
        }
    }
    for effect in app.entry_points.iter_mut().flat_map(|entry| &mut entry.effects) {
        if let Some(class) = heaviest.get(&store_key(&effect.target)) {
            effect.class = effect.class.max(*class);
        }
    }
}

pub(crate) fn context_of(store: &Store, animals: bool) -> Context {
    let context = Context::of(&store.name, store.fields.iter().map(|field| field.name.as_str()));
    if animals { context.of_animals() } else { context }
}

/// The highest class found with a confidence of at least likely.
///
/// Keys of the app itself in its code are listed in the map, but do not count here: a page with a forgotten API key and no
/// data of anybody does not carry sensitive data. Passwords and tokens of the app's users do count.
pub fn carries(items: &[DataItem]) -> DataClass {
    counting(items).map(|item| item.class).max().unwrap_or_default()
}

/// Why [`carries`] says what it says: a sentence for the owner.
pub fn carries_reason(items: &[DataItem]) -> String {
    let class = carries(items);
    if class == DataClass::Demo {
        return "No data of the business was seen in it.".into();
    }
    let heaviest: Vec<&DataItem> = counting(items).filter(|item| item.class == class).collect();
    let mut kinds: Vec<(&str, usize)> = Vec::new();
    for item in &heaviest {
        let kind = if item.kind.is_empty() { "record" } else { &item.kind };
        match kinds.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, count)) => *count += 1,
            None => kinds.push((kind, 1)),
        }
    }
    kinds.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    let named: Vec<&str> = kinds.iter().take(3).map(|(kind, _)| gloss(kind)).collect();
    let named = match named.as_slice() {
        [all @ .., last] if !all.is_empty() => format!("{} and {last}", all.join(", ")),
        other => other.concat(),
    };
    let example =
        // What the app keeps tells an owner more than what lies about in its code.
        heaviest.iter().find(|item| is_kept(item)).or(heaviest.first()).map(|item| format!(" (for example `{}` in `{}`)", item.field, item.store)).unwrap_or_default();
    format!("It keeps {named}{example}.")
}

fn is_kept(item: &DataItem) -> bool {
    let elsewhere = |who: &String| who == "everyone with the repository" || who == "scripts in the visitor's browser";
    !item.reachable_by.iter().any(elsewhere)
}

fn counting(items: &[DataItem]) -> impl Iterator<Item = &DataItem> {
    items.iter().filter(|item| item.confidence >= Confidence::Likely && item.kind != APP_SECRET)
}

/// A kind in words for people.
pub fn gloss(kind: &str) -> &str {
    match kind {
        "" => "business data",
        "name" => "names of people",
        "user-name" => "user names",
        "email" => "e-mail addresses",
        "phone" => "phone numbers",
        "address" => "addresses of people",
        "business-address" => "addresses of the business",
        "business-contact" => "contacts of the business",
        "business-number" => "numbers of the business",
        "date-of-birth" => "dates of birth",
        "government-identity" => "government identity numbers or papers",
        "tax-number" => "tax numbers",
        "bank-account" => "bank accounts",
        "bank-name" => "names of banks",
        "card" => "payment cards",
        "card-remainder" => "parts of payment cards",
        "health" => "health data",
        "animal-health" => "health of animals",
        "special-category" => "religion, origin or opinions",
        "biometrics" => "biometric data",
        "legal" => "legal matters",
        "children" => "data of children",
        "wage" => "wages",
        "password" => "passwords",
        "password-hash" => "password hashes",
        "token" => "session and access tokens",
        "secret-key" => "keys of services",
        "one-time-code" => "one-time codes",
        "location" => "places where people are",
        "ip-address" => "IP addresses",
        "device" => "devices of people",
        "signature" => "signatures",
        "image" => "pictures",
        "vehicle" => "number plates",
        "social" => "profiles in other networks",
        "person" => "details of people",
        "employment" => "details of employment",
        "activity" => "what people did and when",
        "message" => "messages",
        "free-text" => "free text",
        "file" => "files",
        "access-link" => "links that open a record",
        "invoice" => "invoice and order numbers",
        "amount" => "amounts and prices",
        "reference" => "references to other records",
        "record" => "records of people",
        "identity" => "who is signed in",
        "label" => "names of things",
        "setting" => "settings",
        APP_SECRET => "keys of the app itself",
        "database-file" => "a database with its contents",
        other => other,
    }
}

#[cfg(test)]
mod tests;
