//! What several rules about access ask of the model.

use std::collections::BTreeSet;

use plimsoll_model::App;
use plimsoll_model::app::{Effect, EffectKind, EntryKind, EntryPoint, GuardKind, Purpose, Reach};

/// One name for `User`, `users` and `public.users`.
pub(crate) fn normalised(store: &str) -> String {
    let last = store.rsplit('.').next().unwrap_or(store);
    let bare: String = last.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
    match bare.strip_suffix("ies") {
        Some(stem) => format!("{stem}y"),
        None => bare.trim_end_matches('s').to_owned(),
    }
}

fn bare(name: &str) -> String {
    name.chars().filter(|c| c.is_ascii_alphanumeric()).collect::<String>().to_ascii_lowercase()
}

/// Whether a column says to whom of the users, or to which tenant, a record belongs.
pub(crate) fn is_owner_column(name: &str) -> bool {
    matches!(
        bare(name).as_str(),
        "userid"
            | "user"
            | "ownerid"
            | "owner"
            | "accountid"
            | "tenantid"
            | "tenant"
            | "orgid"
            | "organizationid"
            | "organisationid"
            | "companyid"
            | "businessid"
            | "workspaceid"
            | "teamid"
            | "uid"
            | "profileid"
            | "franchiseid"
            | "shopid"
    )
}

/// Whether a column says what somebody may do, in whatever store it stands.
pub(crate) fn is_role_column(name: &str) -> bool {
    let name = bare(name);
    name.ends_with("role")
        || name.contains("permission")
        || (name.starts_with("is") && (name.ends_with("admin") || name.ends_with("staff")))
        || matches!(name.as_str(), "admin" | "superuser" | "credits" | "balance" | "accesslevel" | "usertype")
}

/// Whether a column decides what somebody may do or owes.
pub(crate) fn is_privileged_column(name: &str) -> bool {
    let name = bare(name);
    name.ends_with("role")
        || name.contains("permission")
        || (name.starts_with("is")
            && (name.ends_with("admin") || name.ends_with("staff") || name.ends_with("verified")))
        || matches!(
            name.as_str(),
            "admin"
                | "superuser"
                | "approved"
                | "verified"
                | "emailverified"
                | "plan"
                | "tier"
                | "subscription"
                | "credits"
                | "balance"
                | "passwordhash"
                | "password"
                | "accesslevel"
                | "usertype"
                | "active"
                | "isactive"
        )
}

/// Whether a column holds money or a state that somebody else decides.
pub(crate) fn is_decisive_column(name: &str) -> bool {
    let name = bare(name);
    matches!(
        name.as_str(),
        "price"
            | "total"
            | "amount"
            | "discount"
            | "paid"
            | "ispaid"
            | "paymentstatus"
            | "salary"
            | "wage"
            | "commission"
            | "totalamount"
            | "paidat"
            | "fee"
            | "cost"
            | "unitprice"
    )
}

/// The columns known of a store.
pub(crate) fn columns<'a>(app: &'a App, store: &str) -> Option<&'a BTreeSet<String>> {
    app.columns.get(&normalised(store))
}

/// Stores that say who the users are.
pub(crate) fn is_account_store(store: &str) -> bool {
    let name = normalised(store);
    matches!(
        name.as_str(),
        "user"
            | "account"
            | "admin"
            | "profile"
            | "member"
            | "staff"
            | "employee"
            | "appuser"
            | "adminuser"
            | "authuser"
    )
}

/// Stores that keep who is signed in.
pub(crate) fn is_session_store(store: &str) -> bool {
    let name = normalised(store);
    name.contains("session") || name.contains("token")
}

/// Whether everybody can make an account.
pub(crate) fn open_to_register(app: &App) -> bool {
    app.entry_points.iter().any(|entry| {
        entry.purposes.contains(&Purpose::Register)
            && entry.reach() == Reach::Anyone
            && entry.effects.iter().any(|effect| {
                matches!(effect.kind, EffectKind::Create | EffectKind::CreateAccount | EffectKind::WriteMemory)
            })
    })
}

/// Whether there is a role for people who do not work for whoever runs the app.
pub(crate) fn has_role_of_outsiders(app: &App) -> bool {
    const OUTSIDERS: &[&str] = &[
        "student",
        "parent",
        "guardian",
        "patient",
        "customer",
        "client",
        "guest",
        "visitor",
        "buyer",
        "tenant",
        "resident",
        "candidate",
        "applicant",
        "supplier",
        "vendor",
        "subscriber",
        "passenger",
        "donor",
    ];
    let named = |role: &String| plimsoll_model::names::has(&plimsoll_model::names::words(role), OUTSIDERS);
    app.entry_points.iter().flat_map(|entry| &entry.guards).any(|guard| guard.roles.iter().any(named))
}

/// Whether a guard asks for somebody who runs the app for all organisations: `super_admin`, `platformAdmin`.
pub(crate) fn is_above_tenants(entry: &EntryPoint) -> bool {
    let says = |text: &str| {
        let text = text.to_ascii_lowercase();
        ["super", "platform", "sysadmin", "system", "root", "global"].iter().any(|word| text.contains(word))
    };
    says(&entry.path)
        || entry.guards.iter().filter(|guard| guard.kind == GuardKind::Role).any(|guard| match &guard.roles[..] {
            [] => says(&guard.name),
            roles => roles.iter().all(|role| says(role)),
        })
}

/// Whether a guard's own words ask for more than a login: `requireAdmin`, `session.adminId`.
fn asks_for_more(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["admin", "owner", "manager", "role", "permission", "superuser", "is_staff"].iter().any(|word| name.contains(word))
}

/// Whether an effect needs a login and nothing more.
pub(crate) fn for_any_signed_in(entry: &EntryPoint, effect: &Effect) -> bool {
    entry.reach_of(effect) == Reach::SignedIn
        && !entry
            .guards
            .iter()
            .enumerate()
            .filter(|(index, _)| *index < entry.whole || effect.guards.contains(index))
            .any(|(_, guard)| guard.kind == GuardKind::Authentication && guard.holds() && asks_for_more(&guard.name))
}

/// Whether an entry point does something that other rules may judge at all.
pub(crate) fn is_judged(entry: &EntryPoint) -> bool {
    !entry.trivial && !entry.opaque && entry.kind != EntryKind::StaticFiles
}

/// Whether the request names the record: an id in the path, the query or the body.
pub(crate) fn names_a_record(entry: &EntryPoint) -> bool {
    entry.inputs.iter().any(|input| {
        let last = input.rsplit('.').next().unwrap_or(input);
        input.starts_with("params")
            || last == "id"
            || last.ends_with("Id")
            || last.ends_with("_id")
            || last.ends_with("Ids")
    })
}

/// What a message of another service changes although nothing proves where it comes from.
pub(crate) fn unverified_message(entry: &EntryPoint) -> Option<&Effect> {
    if !entry.purposes.contains(&Purpose::Webhook) || entry.purposes.contains(&Purpose::Admin) || !entry.can_write() {
        return None;
    }
    if asks_service_back(entry) {
        return None;
    }
    entry.effects.iter().find(|effect| {
        effect.kind.writes()
            && !matches!(effect.kind, EffectKind::Fetch | EffectKind::SendMessage | EffectKind::IssueSession)
            && entry.reach_of(effect) == Reach::Anyone
            && !entry.holding_at(effect, GuardKind::Signature)
    })
}

/// Whether a message about a payment is taken for no more than a hint: the service itself is asked how the payment stands.
pub(crate) fn asks_service_back(entry: &EntryPoint) -> bool {
    entry.purposes.contains(&Purpose::Webhook)
        && entry.effects.iter().any(|effect| effect.kind == EffectKind::Fetch && is_payment_service(&effect.target))
}

/// Whether an address is that of a service for payments.
fn is_payment_service(address: &str) -> bool {
    const HOSTS: &[&str] = &[
        "api.stripe.com",
        "api.paypal.com",
        "api-m.paypal.com",
        "api-m.sandbox.paypal.com",
        "api.mollie.com",
        "api.mercadopago.com",
        "api.tosspayments.com",
        "api.paystack.co",
        "api.flutterwave.com",
        "api.razorpay.com",
        "api.xendit.co",
        "api.midtrans.com",
        "api.iamport.kr",
        "api.asaas.com",
        "api.pagar.me",
        "khalti.com",
        "api.lemonsqueezy.com",
        "connect.squareup.com",
    ];
    HOSTS.iter().any(|host| address.contains(host))
}

/// Whether a service that keeps the accounts (Supabase, Firebase) does it: it checks, sends and counts by itself.
pub(crate) fn is_by_account_service(effect: &Effect) -> bool {
    effect.target == "authentication service"
}

/// The tickets that a login makes for whatever account the request names, where it asks for nothing that only the owner knows.
pub(crate) fn logins_given_away(entry: &EntryPoint) -> Vec<&Effect> {
    if !entry.purposes.contains(&Purpose::Login) || asks_for_proof(entry) {
        return Vec::new();
    }
    entry
        .effects
        .iter()
        .filter(|effect| {
            effect.kind == EffectKind::IssueSession
                && effect.picked_by_input
                && entry.reach_of(effect) == Reach::Anyone
                && !entry.holding_at(effect, GuardKind::Signature)
        })
        .collect()
}

/// A password set by the library's own means, or a column of passwords written by the app itself.
pub(crate) fn sets_password(effect: &Effect) -> bool {
    let is_password = |field: &String| field.to_ascii_lowercase().contains("password");
    effect.kind == EffectKind::SetPassword || effect.kind == EffectKind::Update && effect.fields.iter().any(is_password)
}

/// Whether a request brings something that was given to one person only: the token of a link, a code, the current password.
/// A new password is none.
pub(crate) fn sends_secret(entry: &EntryPoint) -> bool {
    const SECRETS: &[&str] = &[
        "token",
        "code",
        "otp",
        "pin",
        "secret",
        "hash",
        "key",
        "ticket",
        "signature",
        "uid",
        "answer",
        "current",
        "old",
    ];
    entry.inputs.iter().any(|input| {
        let last = bare(input.rsplit('.').next().unwrap_or(input));
        // Of a whole body the fields are not known.
        matches!(last.as_str(), "body" | "some" | "all")
            || SECRETS.iter().any(|secret| last.contains(secret))
            || input.starts_with("headers")
            || input.starts_with("cookies")
    })
}

/// Whether a login asks for or looks up something besides the name of the account: a password, a code, a token of somebody
/// else, an account that is only now made. What is looked up can be compared with what was sent.
fn asks_for_proof(entry: &EntryPoint) -> bool {
    const PROOFS: &[&str] = &[
        "password",
        "passwd",
        "passwort",
        "pwd",
        "pass",
        "pin",
        "code",
        "otp",
        "token",
        "credential",
        "assertion",
        "signature",
        "state",
        "secret",
        "hash",
        "key",
        "ticket",
        "response",
        "answer",
        // and in other languages
        "senha",
        "contrasen",
        "clave",
        "motdepasse",
        "mdp",
        "parola",
        "sifre",
        "wachtwoord",
        "kennwort",
        "haslo",
        "losenord",
    ];
    let does = |kinds: &[EffectKind]| entry.effects.iter().any(|effect| kinds.contains(&effect.kind));
    does(&[
        EffectKind::VerifyPassword,
        EffectKind::CreateAccount,
        EffectKind::SetPassword,
        EffectKind::Create,
        EffectKind::Fetch,
        EffectKind::Execute,
        EffectKind::Read,
        EffectKind::ReadMemory,
        EffectKind::ReadFile,
        EffectKind::Query,
    ]) || entry.inputs.iter().any(|input| {
        // Whole bodies are read by their fields; headers and cookies may carry a ticket.
        let last = bare(input.rsplit('.').next().unwrap_or(input));
        PROOFS.iter().any(|proof| last.contains(proof)) || input.starts_with("headers") || input.starts_with("cookies")
    })
}

/// Whether roles exist in the app.
pub(crate) fn has_roles(app: &App) -> bool {
    let guarded = app.entry_points.iter().any(|entry| entry.guards.iter().any(|guard| guard.kind == GuardKind::Role));
    guarded
        || app.columns.iter().any(|(store, columns)| {
            is_account_store(store)
                && columns.iter().any(|column| {
                    let name = bare(column);
                    name.ends_with("role") || name == "isadmin" || name == "admin" || name == "issuperuser"
                })
        })
}
