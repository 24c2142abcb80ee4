//! A table can be read and changed by anyone with the public key.

use plimsoll_model::app::{Exposure, Rls};
use plimsoll_model::{App, Claim, DataClass, Gap, Position, Severity, Witness};

use crate::stores;
use crate::{Rule, Sink, gains};

pub(crate) static RULE: Rule = Rule {
    id: "table-without-row-security",
    summary: "a table can be read and changed by anyone with the public key",
    gap: Gap::BrokenAccessControl,
    severity: Severity::Critical,
    cwe: &[862, 284],
    owasp: &["A01:2025"],
    asvs: &["8.2.2"],
    page: include_str!("table_without_row_security.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    let mut open: Vec<_> =
        app.stores.iter().filter(|store| store.exposure == Exposure::Direct && store.rls == Rls::Off).collect();
    open.sort_by_key(|store| std::cmp::Reverse(stores::class(app, store)));
    let Some((first, rest)) = open.split_first() else { return };
    let names: Vec<&str> = open.iter().map(|store| store.name.as_str()).collect();
    let severity = if stores::class(app, first) >= DataClass::Personal { Severity::Critical } else { Severity::High };
    let note = |name: &str| format!("`{name}`: row-level security is never switched on");
    let mut draft = sink
        .seen_by(Witness::Schema, first.span, note(&first.name))
        .title(format!("Anyone can read and change whole tables: {}", stores::list(&names, 6)))
        .severity(severity)
        .all_files(rest.iter().map(|store| (store.span, note(&store.name))));
    if let Some(used) = open.iter().find_map(|store| stores::used_at(app, store)) {
        draft = draft.also(used, "the browser side uses it here");
    }
    for seen in open.iter().filter_map(|store| stores::answered(app, store)) {
        draft = draft.also_live(&seen.exchange, seen.says().unwrap_or_default());
    }
    for store in &open {
        let class = stores::class(app, store);
        for (gain, does) in [(Claim::Reads(class), "reads"), (Claim::Writes(class), "changes")] {
            let text = format!("{does} the table {} with the key that is in every browser", store.name);
            draft = draft.grants([Claim::Stands(Position::Anyone)], gain, text);
        }
        if gains::keeps_passwords(store) {
            let text = format!("reads the accounts in {} with the key that is in every browser", store.name);
            let gain = Claim::Knows(Claim::STORED_PASSWORDS.to_owned());
            draft = draft.grants([Claim::Stands(Position::Anyone)], gain, text);
        }
    }
    draft.done();
}
