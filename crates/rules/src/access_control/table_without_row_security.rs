//! A table can be read and changed by anyone with the public key.

use plimsoll_model::app::{Exposure, Rls};
use plimsoll_model::{App, Gap, Severity, Witness};

use crate::{Rule, Sink};

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
    let open: Vec<_> =
        app.stores.iter().filter(|store| store.exposure == Exposure::Direct && store.rls == Rls::Off).collect();
    let Some((first, rest)) = open.split_first() else { return };
    let names: Vec<&str> = open.iter().map(|store| store.name.as_str()).take(6).collect();
    sink.seen_by(Witness::Schema, first.span, format!("`{}`: row-level security is never switched on", first.name))
        .title(format!("Anyone can read and change whole tables: {}", names.join(", ")))
        .all_files(
            rest.iter().map(|store| (store.span, format!("`{}`: row-level security is never switched on", store.name))),
        )
        .done();
}
