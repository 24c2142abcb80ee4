//! What holds without any finding: how browsers and logins work, and what this app's positions can reach.

use std::collections::BTreeMap;

use plimsoll_model::app::{App, EffectKind, Purpose, Reach};
use plimsoll_model::{Claim, Confidence, DataClass, Position};

use crate::engine::{Base, By};

/// Data of the app by who may reach it in the ordinary way.
pub(crate) struct Holdings {
    /// Class and names of stores that any login reaches.
    pub(crate) signed_in: Held,
    /// Class and names of stores that the highest role reaches.
    pub(crate) administrator: Held,
    /// There are two kinds of logins.
    pub(crate) roles: bool,
    /// Some entry point asks for a login.
    pub(crate) logins: bool,
}

/// The heaviest class and where it lies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) class: DataClass,
    pub(crate) stores: Vec<String>,
    pub(crate) changes: bool,
}

impl Held {
    fn take(&mut self, class: DataClass, store: &str, writes: bool) {
        if class > self.class {
            self.class = class;
            self.stores.clear();
        }
        if class == self.class && !store.is_empty() && !self.stores.iter().any(|known| known == store) {
            self.stores.push(store.to_owned());
        }
        self.changes |= writes;
    }

    /// `customers, invoices and others`, or the class.
    pub(crate) fn words(&self) -> String {
        let shown = self.stores.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
        match (self.stores.len(), shown.is_empty()) {
            (_, true) => format!("{} data", self.class.word()),
            (4.., _) => format!("{shown} and others ({} data)", self.class.word()),
            _ => format!("{shown} ({} data)", self.class.word()),
        }
    }
}

/// What positions reach by the app's own entry points. `carries` is the heaviest class that the app holds at all.
pub(crate) fn holdings(app: &App, carries: DataClass) -> Holdings {
    let classes: BTreeMap<String, DataClass> = app
        .stores
        .iter()
        .map(|store| {
            let class = store.fields.iter().map(|field| field.class).max().unwrap_or_default();
            (store.name.to_ascii_lowercase(), class)
        })
        .collect();
    let (mut signed_in, mut administrator) = (Held::default(), Held::default());
    let (mut roles, mut logins) = (false, false);
    for entry in &app.entry_points {
        for effect in &entry.effects {
            let stored = matches!(
                effect.kind,
                EffectKind::Read
                    | EffectKind::Create
                    | EffectKind::Update
                    | EffectKind::Delete
                    | EffectKind::Query
                    | EffectKind::ReadMemory
                    | EffectKind::WriteMemory
            );
            if !stored {
                continue;
            }
            let known = classes.get(&effect.target.to_ascii_lowercase()).copied().unwrap_or_default();
            let class = effect.class.max(known).max(DataClass::Internal).min(carries);
            let reach = entry.reach_of(effect);
            roles |= reach == Reach::Role;
            logins |= matches!(reach, Reach::Role | Reach::SignedIn);
            if reach == Reach::SignedIn {
                signed_in.take(class, &effect.target, effect.kind.writes());
            }
            if matches!(reach, Reach::SignedIn | Reach::Role) {
                administrator.take(class, &effect.target, effect.kind.writes());
            }
        }
    }
    // Stores whose policies let users in by who they are.
    for store in &app.stores {
        let class = store.fields.iter().map(|field| field.class).max().unwrap_or_default().min(carries);
        if class > DataClass::Demo && !store.policies.is_empty() {
            logins = true;
            administrator.take(class, &store.name, true);
        }
    }
    // What a login is for is not always seen; the heaviest load is then what it must be assumed to open.
    for held in [&mut signed_in, &mut administrator] {
        if held.class == DataClass::Demo {
            *held = Held { class: carries, stores: Vec::new(), changes: true };
        }
    }
    Holdings { signed_in, administrator, roles, logins }
}

/// The highest position that the app knows: who is worth attacking.
pub(crate) fn highest(holdings: &Holdings) -> Position {
    if holdings.roles { Position::Administrator } else { Position::SignedIn }
}

/// Adds what holds without findings. `found_missing`: a finding says already that no content security policy is set.
pub(crate) fn add(base: &mut Base, app: &App, holdings: &Holdings, found_missing: bool) {
    use Claim::{
        ActsAs, ForeignReadsAllowed, ForeignRequestsAccepted, GuessesUnlimited, Holds, Lures, NoScriptPolicy, Reads,
        RunsCode, RunsScript, Stands, TokenReadable, Writes,
    };
    use Position::{Administrator, Anyone, SignedIn};
    let mut fact = |needs: &[Claim], gain: Claim, text: &str| {
        base.add(needs, &gain, By::Fact, text.to_owned(), Confidence::Likely);
    };
    fact(&[Stands(Administrator)], Stands(SignedIn), "an administrator may do what any user may");
    for position in [SignedIn, Administrator] {
        let who = if position == Administrator { "an administrator" } else { "a user" };
        fact(&[Holds(position)], Stands(position), &format!("whoever holds the login of {who} may do what {who} may"));
        fact(
            &[RunsScript(position)],
            ActsAs(position),
            &format!(
                "the script acts with the login of {who} while the page is open; a cookie marked HttpOnly does not prevent this"
            ),
        );
        fact(
            &[RunsScript(position), TokenReadable],
            Holds(position),
            &format!("the script reads the login token and sends it away: the attacker stays logged in as {who}"),
        );
        let held = if position == Administrator { &holdings.administrator } else { &holdings.signed_in };
        if held.class > DataClass::Demo {
            for claim in [Holds(position), ActsAs(position)] {
                fact(std::slice::from_ref(&claim), Reads(held.class), &format!("{who} sees {}", held.words()));
                if held.changes {
                    fact(&[claim], Writes(held.class), &format!("{who} may change {}", held.words()));
                }
            }
        }
    }
    let open_registration = app.entry_points.iter().any(|entry| {
        entry.purposes.contains(&Purpose::Register)
            && entry.reach() == Reach::Anyone
            && entry
                .effects
                .iter()
                .any(|effect| effect.kind == EffectKind::CreateAccount || effect.kind == EffectKind::Create)
    });
    if open_registration {
        fact(&[Stands(Anyone)], Stands(SignedIn), "anyone may register an account");
    }
    let top = if holdings.administrator.class > holdings.signed_in.class {
        &holdings.administrator
    } else {
        &holdings.signed_in
    };
    if top.class > DataClass::Demo {
        fact(&[RunsCode], Reads(top.class), &format!("code on the server reads {}", top.words()));
        fact(&[RunsCode], Writes(top.class), &format!("code on the server changes {}", top.words()));
        fact(
            &[Lures, ForeignReadsAllowed],
            Reads(top.class),
            "the attacker's page reads the app's answers with the visitor's login",
        );
        fact(
            &[Lures, ForeignRequestsAccepted],
            Writes(top.class),
            "the attacker's page makes the visitor's browser send changes",
        );
    }
    base.add(
        &[Stands(Anyone), GuessesUnlimited],
        &Holds(SignedIn),
        By::Fact,
        "if one user has a password that is on a list of common ones, a program finds it".to_owned(),
        Confidence::Possible,
    );
    let policy = app.headers.iter().any(|header| header.name == "content-security-policy")
        || app.live.pages.iter().any(|(_, headers)| headers.iter().any(|(name, _)| name == "content-security-policy"));
    if !policy && !found_missing {
        base.add(
            &[],
            &NoScriptPolicy,
            By::Fact,
            "if the host adds no content security policy, nothing stops a script that was slipped in".to_owned(),
            Confidence::Possible,
        );
    }
}
