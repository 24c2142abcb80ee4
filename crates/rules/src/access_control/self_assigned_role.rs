//! An account can give itself rights in the database.

use std::collections::BTreeMap;

use plimsoll_model::app::{Gain, GrantWay, Reliance, SelfGrant};
use plimsoll_model::{App, Claim, DataClass, Gap, Position, Severity, Witness};

use crate::stores;
use crate::{Rule, Sink};

pub(crate) static RULE: Rule = Rule {
    id: "self-assigned-role",
    summary: "an account can give itself rights",
    gap: Gap::BrokenAccessControl,
    severity: Severity::High,
    cwe: &[269, 266, 285],
    owasp: &["A01:2025"],
    asvs: &["8.2.3", "8.3.1"],
    page: include_str!("self_assigned_role.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    // Adding and changing the own row of a store is one decision, whichever of its columns it leaves open.
    let mut groups: BTreeMap<(&str, u8), Vec<&SelfGrant>> = BTreeMap::new();
    for grant in &app.self_grants {
        let kind = match grant.way {
            GrantWay::ChangesOwnRow | GrantWay::AddsOwnRow => 0,
            GrantWay::AddsForeignRow => 1,
            GrantWay::TakesOver => 2,
            GrantWay::OwnMetadata => 3,
            GrantWay::FixedEmail => 4,
            GrantWay::FirstAccount => 5,
            GrantWay::AddsToForeign => 6,
        };
        // Taking over and foreign rows are the same mistake on whatever store.
        let store = if matches!(kind, 1 | 2 | 6) { "" } else { grant.store.as_str() };
        groups.entry((store, kind)).or_default().push(grant);
    }
    for mut list in groups.into_values() {
        list.sort_by_key(|grant| (std::cmp::Reverse(weight(grant)), grant.gain, grant.span));
        let Some((first, rest)) = list.split_first() else { continue };
        let mut fields: Vec<&str> = list.iter().flat_map(|grant| grant.fields.iter().map(String::as_str)).collect();
        fields.sort_unstable();
        fields.dedup();
        let names: Vec<&str> = list.iter().map(|grant| grant.store.as_str()).collect();
        let mut draft = sink
            .seen_by(Witness::Schema, first.span, note(first))
            .title(title(first, &fields, &stores::list(&names, 4)))
            .severity(weight(first))
            .subject(format!("{} {:?}", first.store, first.way))
            .all_files(rest.iter().map(|grant| (grant.span, note(grant))));
        if let Some(fix) = fix(first) {
            draft = draft.fix(fix);
        }
        for grant in &list {
            let (needs, gain, does) = match (grant.way, grant.gain) {
                (GrantWay::AddsForeignRow | GrantWay::AddsToForeign | GrantWay::TakesOver, _) => {
                    (Position::SignedIn, Claim::Writes(DataClass::Personal), "writes into what belongs to others in")
                }
                (GrantWay::FixedEmail | GrantWay::FirstAccount, _)
                | (_, Gain::Approval | Gain::Paid | Gain::Outcome) => continue,
                (GrantWay::OwnMetadata, Gain::Role) if grant.fields.is_empty() => {
                    (Position::SignedIn, Claim::Holds(Position::Administrator), "gives itself a role for")
                }
                (GrantWay::OwnMetadata, Gain::Role) => {
                    (Position::Anyone, Claim::Holds(Position::Administrator), "signs up with a role of its choice in")
                }
                (GrantWay::OwnMetadata, Gain::Tenant) => {
                    (Position::Anyone, Claim::Reads(DataClass::Personal), "signs up into another organisation by")
                }
                (_, Gain::Role) => {
                    (Position::SignedIn, Claim::Holds(Position::Administrator), "gives itself a role in")
                }
                (_, Gain::Tenant) => {
                    (Position::SignedIn, Claim::Reads(DataClass::Personal), "moves itself into another organisation by")
                }
            };
            // A role that nothing relies on opens nothing.
            if grant.relied_on != Reliance::Nobody {
                draft = draft.grants([Claim::Stands(needs)], gain, format!("{does} {}", grant.store));
            }
        }
        draft.done();
    }
}

fn title(grant: &SelfGrant, fields: &[&str], stores: &str) -> String {
    let what = match grant.gain {
        Gain::Role => "a role",
        Gain::Tenant => "access to another organisation's data",
        Gain::Approval => "an approval",
        Gain::Paid => "a paid plan or credit",
        Gain::Outcome => "a price or a decision of its choice",
    };
    let by = match fields {
        [] => String::new(),
        fields => format!(" ({})", fields.join(", ")),
    };
    match grant.way {
        GrantWay::ChangesOwnRow | GrantWay::AddsOwnRow if grant.fields.is_empty() => {
            format!("Every account can add itself to {stores}, and being in it is a right")
        }
        GrantWay::ChangesOwnRow | GrantWay::AddsOwnRow => {
            format!("Every account can give itself {what} by writing its own row of {stores}{by}")
        }
        GrantWay::AddsForeignRow => format!("Every account can put rows into another organisation: {stores}{by}"),
        GrantWay::AddsToForeign => format!("Every account can add to what belongs to others: {stores}{by}"),
        GrantWay::TakesOver => format!("Every account can take over what others have stored in {stores}{by}"),
        GrantWay::OwnMetadata => {
            format!("The browser decides the rights of an account: metadata that its user writes is trusted{by}")
        }
        GrantWay::FixedEmail => {
            "Whoever signs up with one address written in the database becomes administrator".into()
        }
        GrantWay::FirstAccount => "Whoever signs up first becomes administrator".into(),
    }
}

fn note(grant: &SelfGrant) -> String {
    let by = &grant.by;
    match grant.way {
        GrantWay::ChangesOwnRow => format!("\u{201c}{by}\u{201d} guards the row, not its columns"),
        GrantWay::AddsOwnRow => format!("\u{201c}{by}\u{201d} checks whose the row is, not what is in it"),
        GrantWay::AddsForeignRow => format!("\u{201c}{by}\u{201d} does not check the organisation of the new row"),
        GrantWay::AddsToForeign => format!("\u{201c}{by}\u{201d} does not check whose the new row will be"),
        GrantWay::TakesOver => format!("\u{201c}{by}\u{201d} compares only what is being written"),
        GrantWay::OwnMetadata => format!("\u{201c}{by}\u{201d} trusts metadata that the account itself sends"),
        GrantWay::FixedEmail => format!("`{by}` gives rights by an address in the code"),
        GrantWay::FirstAccount => format!("`{by}` gives rights while there is nobody yet"),
    }
}

fn fix(grant: &SelfGrant) -> Option<String> {
    Some(match grant.way {
        GrantWay::ChangesOwnRow | GrantWay::AddsOwnRow => return None,
        GrantWay::AddsForeignRow => {
            "Let the condition for new rows look the organisation up in the caller's memberships.".into()
        }
        GrantWay::AddsToForeign => {
            "Let the condition for new rows ask the same as the one for reading: that the record they belong to is the caller's.".into()
        }
        GrantWay::TakesOver => "Compare the owner that is stored with the caller, and demand that it stays the same.".into(),
        GrantWay::OwnMetadata => {
            "Set the role to the least one at sign-up, keep roles in a table that only an administrator can write, and never read rights from user metadata.".into()
        }
        GrantWay::FixedEmail | GrantWay::FirstAccount => {
            "Give the first administrator the role by hand, in the database's console, and take the branch out of the function.".into()
        }
    })
}

fn weight(grant: &SelfGrant) -> Severity {
    match (grant.way, grant.gain, grant.relied_on) {
        (GrantWay::FixedEmail | GrantWay::FirstAccount, ..) => Severity::Low,
        (GrantWay::TakesOver, ..) => Severity::High,
        (GrantWay::AddsForeignRow | GrantWay::AddsToForeign, ..) => Severity::Medium,
        (_, Gain::Role, Reliance::Policies) => Severity::Critical,
        (_, Gain::Role, Reliance::Code) => Severity::High,
        (_, Gain::Role, Reliance::Nobody) => Severity::Low,
        (_, Gain::Tenant, _) => Severity::High,
        (_, Gain::Outcome, _) => Severity::Medium,
        (_, _, Reliance::Policies) => Severity::High,
        (..) => Severity::Medium,
    }
}
