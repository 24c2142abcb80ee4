//! Files that belong to single users can be fetched or changed by others.

use plimsoll_model::app::{Exposure, Policy, Store, StoreKind};
use plimsoll_model::{App, Claim, DataClass, Gap, Position, Severity, Witness};

use crate::stores::{self, Act};
use crate::{Rule, Sink};

pub(crate) static RULE: Rule = Rule {
    id: "storage-open",
    summary: "files of single users can be fetched or changed by others",
    gap: Gap::BrokenAccessControl,
    severity: Severity::High,
    cwe: &[639, 284, 552],
    owasp: &["A01:2025"],
    asvs: &["8.2.2"],
    page: include_str!("storage_open.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    for store in app.stores.iter().filter(|store| store.kind == StoreKind::Bucket && store.exposure == Exposure::Direct)
    {
        let class = stores::class(app, store);
        let catalogue = stores::is_catalogue(app, store);
        let published = store.public_bucket && class >= DataClass::Personal && !catalogue;
        let mut open: Vec<(&Policy, bool, Act, Severity)> = Vec::new();
        for policy in &store.policies {
            let Some(anyone) = stores::open_to_anyone(policy) else { continue };
            let act = Act::of(policy.command);
            if let Some(severity) = weight(store, anyone, act, class, catalogue) {
                open.push((policy, anyone, act, severity));
            }
        }
        // Adding alone is not worth a finding beside nothing else; beside reading or changing it is part of it.
        open.sort_by_key(|(policy, _, act, _)| (*act, policy.span));
        let note = |policy: &Policy, anyone: bool| {
            let whom = if anyone { "anyone" } else { "every account" };
            format!("\u{201c}{}\u{201d} lets {whom} {} files", policy.name, Act::of(policy.command).verb())
        };
        let name = if stores::is_everything(store) { "every folder".to_owned() } else { format!("`{}`", store.name) };
        let mut severity = open.iter().map(|(.., severity)| *severity).max();
        if published {
            let by_address = if class == DataClass::Sensitive { Severity::Critical } else { Severity::High };
            severity = Some(severity.map_or(by_address, |other| other.max(by_address)));
        }
        let Some(severity) = severity else { continue };
        let anyone = published || open.iter().any(|(_, anyone, ..)| *anyone);
        let who = if anyone { "Anyone, without an account," } else { "Everyone with an account" };
        let reads = published || open.iter().any(|(_, _, act, _)| *act == Act::Read);
        let changes = open.iter().any(|(_, _, act, _)| *act == Act::Change);
        let what = match (reads, changes) {
            (true, true) => "fetch and change the files of all others",
            (true, false) => "fetch the files of all others",
            (false, true) => "replace or delete the files of others",
            (false, false) => "store files",
        };
        let draft = if published {
            sink.seen_by(Witness::Schema, store.span, format!("the bucket {name} is public: an address is enough"))
                .all_files(open.iter().map(|(policy, anyone, ..)| (policy.span, note(policy, *anyone))))
        } else {
            let Some(((policy, anyone, ..), rest)) = open.split_first() else { continue };
            sink.seen_by(Witness::Schema, policy.span, note(policy, *anyone))
                .all_files(rest.iter().map(|(policy, anyone, ..)| (policy.span, note(policy, *anyone))))
        };
        let mut draft =
            draft.title(format!("{who} can {what} in {name}")).severity(severity).subject(store.name.clone());
        if let Some(used) = stores::used_at(app, store) {
            draft = draft.also(used, "the browser side uses it here");
        }
        let position = if anyone { Position::Anyone } else { Position::SignedIn };
        for (holds, gain, does) in
            [(reads, Claim::Reads(class), "fetches"), (changes, Claim::Writes(class), "replaces")]
        {
            if holds {
                draft = draft.grants([Claim::Stands(position)], gain, format!("{does} the files in {name}"));
            }
        }
        draft.done();
    }
}

fn weight(store: &Store, anyone: bool, act: Act, class: DataClass, catalogue: bool) -> Option<Severity> {
    let shown = catalogue || store.public_bucket;
    match (act, anyone) {
        (Act::Change, true) => Some(Severity::High),
        (Act::Change, false) if shown => Some(Severity::Medium),
        (Act::Change, false) => Some(if class >= DataClass::Personal { Severity::High } else { Severity::Medium }),
        (Act::Read, _) if shown => None,
        (Act::Read, true) => Some(if class >= DataClass::Personal { Severity::High } else { Severity::Medium }),
        (Act::Read, false) => Some(if class >= DataClass::Personal { Severity::High } else { Severity::Medium }),
        (Act::Add, true) => Some(Severity::Medium),
        // Every account uploads: that is what most buckets are for.
        (Act::Add, false) => None,
    }
}
