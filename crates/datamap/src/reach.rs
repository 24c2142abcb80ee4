//! Who can reach a store: entry points that read it, policies of stores that browsers talk to.

use std::collections::BTreeMap;

use plimsoll_model::App;
use plimsoll_model::app::{Command, Effect, EffectKind, EntryPoint, Exposure, Openness, Purpose, Reach, Rls, Store};

use crate::words::{store_key, words};

/// Anyone on the internet.
pub const ANYONE: &str = "anyone";
/// Whoever has an account.
pub const SIGNED_IN: &str = "any signed-in user";
/// Whom the record belongs to.
pub const OWNER: &str = "the owner of the record";
/// People with a role.
pub const ADMINISTRATORS: &str = "administrators";
/// Another system with a key.
pub const MACHINE: &str = "another system with a key";

/// In the order of how many people that is.
const ORDER: [&str; 5] = [ANYONE, SIGNED_IN, OWNER, ADMINISTRATORS, MACHINE];

/// Widest first.
pub(crate) fn sort(list: &mut Vec<String>) {
    list.sort_by_key(|who| ORDER.iter().position(|known| known == who).unwrap_or(ORDER.len()));
    list.dedup();
}

/// Whether the target of an effect is a store: `JobDocument` is `job_documents`, `User` is `accounts_user`.
pub(crate) fn same_store(target: &str, store: &str) -> bool {
    !target.is_empty() && target.len() <= 200 && keys(store).contains(&store_key(target))
}

/// What one reader of a store can see.
pub(crate) struct Reader<'a> {
    pub(crate) who: &'static str,
    /// Fields that are read or answered; empty when all may be.
    pub(crate) fields: Vec<&'a str>,
    /// Fields known to be in the answer.
    pub(crate) answered: Vec<&'a str>,
    /// `GET /api/customers`.
    pub(crate) through: String,
}

fn reads(effect: &Effect) -> bool {
    matches!(effect.kind, EffectKind::Read | EffectKind::Query | EffectKind::ReadMemory | EffectKind::ReadFile)
}

/// Effects by the store that they touch: a lookup instead of a comparison of every effect with every store.
pub(crate) struct Index<'a> {
    by_key: BTreeMap<String, Vec<(&'a EntryPoint, &'a Effect)>>,
}

impl<'a> Index<'a> {
    pub(crate) fn new(app: &'a App) -> Self {
        let mut by_key: BTreeMap<String, Vec<(&EntryPoint, &Effect)>> = BTreeMap::new();
        for entry in &app.entry_points {
            for effect in entry.effects.iter().filter(|effect| !effect.target.is_empty() && effect.target.len() <= 200)
            {
                by_key.entry(store_key(&effect.target)).or_default().push((entry, effect));
            }
        }
        Index { by_key }
    }

    /// Effects on a store.
    pub(crate) fn of(&self, store: &str) -> impl Iterator<Item = (&'a EntryPoint, &'a Effect)> {
        keys(store).into_iter().filter_map(|key| self.by_key.get(&key)).flatten().copied()
    }

    /// Entry points that read a store, with who can call them.
    pub(crate) fn readers(&self, store: &str) -> Vec<Reader<'a>> {
        let mut out = Vec::new();
        for (entry, effect) in self.of(store).filter(|(_, effect)| reads(effect)) {
            // Looking up an account to check a password shows nothing of it.
            let checks =
                [Purpose::Login, Purpose::Register, Purpose::PasswordReset, Purpose::OneTimeCode, Purpose::Logout];
            if checks.iter().any(|purpose| entry.purposes.contains(purpose)) {
                continue;
            }
            out.push(Reader {
                who: who(entry, effect),
                fields: if effect.fields.iter().any(|field| field.contains('*')) {
                    Vec::new()
                } else {
                    effect.fields.iter().map(String::as_str).collect()
                },
                answered: entry.returns.iter().map(String::as_str).collect(),
                through: entry.label(),
            });
        }
        out
    }
}

/// The keys under which a store may be spoken of: its own, and the one without a prefix of one word (the application's
/// label in Django, `tbl_`, `wp_`).
pub(crate) fn keys(store: &str) -> Vec<String> {
    let mut keys = vec![store_key(store)];
    let words = words(store.rsplit('.').next().unwrap_or(store));
    // The prefix of `auth.users` is no prefix to leave out: see `store_key`.
    if words.len() > 1 && !store.starts_with("auth.") {
        keys.push(store_key(&words[1..].join("_")));
    }
    keys.retain(|key| !key.is_empty());
    keys.dedup();
    keys
}

fn who(entry: &EntryPoint, effect: &Effect) -> &'static str {
    match entry.reach_of(effect) {
        Reach::Role => ADMINISTRATORS,
        Reach::Machine => MACHINE,
        Reach::SignedIn | Reach::Anyone if effect.limited_to_caller => OWNER,
        Reach::SignedIn => SIGNED_IN,
        Reach::Anyone => ANYONE,
    }
}

/// Who can read a store directly, by its policies.
pub(crate) fn direct(store: &Store) -> Vec<&'static str> {
    let mut out = Vec::new();
    if store.public_bucket || store.exposure == Exposure::Shipped {
        out.push(ANYONE);
    }
    if store.exposure != Exposure::Direct {
        return out;
    }
    if store.rls == Rls::Off {
        out.push(ANYONE);
        return out;
    }
    for policy in store.policies.iter().filter(|policy| matches!(policy.command, Command::All | Command::Select)) {
        match &policy.openness {
            Openness::Anyone => out.push(ANYONE),
            Openness::AnySignedIn | Openness::Hole(_) => out.push(SIGNED_IN),
            Openness::Limited => {
                let text = policy.using.as_deref().unwrap_or("").to_ascii_lowercase();
                let by_role = text.contains("role") || text.contains("admin");
                out.push(if by_role { ADMINISTRATORS } else { OWNER });
            }
            Openness::Nobody | Openness::Unknown => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::same_store;

    #[test]
    fn targets_and_stores() {
        for (target, store, same) in [
            ("JobDocument", "job_document", true),
            ("User", "accounts_user", true),
            ("customers", "public.customers", true),
            ("customer", "customers", true),
            ("orders", "customers", false),
            ("", "customers", false),
            ("document", "job_document", true),
            ("job", "job_document", false),
        ] {
            assert_eq!(same_store(target, store), same, "{target} {store}");
        }
    }
}
