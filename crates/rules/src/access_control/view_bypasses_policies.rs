//! A view shows what the policies of its tables withhold.

use plimsoll_model::app::{Openness, StoreKind};
use plimsoll_model::{App, Claim, DataClass, Gap, Position, Severity, Witness};

use crate::stores;
use crate::{Rule, Sink};

pub(crate) static RULE: Rule = Rule {
    id: "view-bypasses-policies",
    summary: "a view shows what the policies of its tables withhold",
    gap: Gap::BrokenAccessControl,
    severity: Severity::High,
    cwe: &[284, 863],
    owasp: &["A01:2025"],
    asvs: &["8.2.2", "8.2.3"],
    page: include_str!("view_bypasses_policies.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    for view in app.db_views.iter().filter(|view| !view.bypasses.is_empty()) {
        let accounts = view.bypasses.iter().any(|name| name == "auth.users");
        let anyone = view.openness == Openness::Anyone;
        let contact = view.columns.iter().any(|name| {
            stores::has_any(&name.to_ascii_lowercase(), &["email", "phone", "address", "birth", "password"])
        });
        let class = class_of(app, &view.name);
        let meant = stores::has_any(&view.name.to_ascii_lowercase(), &["public", "leaderboard", "stats", "summary"]);
        if (meant && !contact) || (class < DataClass::Personal && !accounts) {
            continue;
        }
        let severity = match (class, anyone) {
            (DataClass::Sensitive, true) => Severity::Critical,
            (DataClass::Sensitive, false) | (_, true) => Severity::High,
            _ if accounts && contact => Severity::High,
            _ => Severity::Medium,
        };
        let who = if anyone { "Anyone, without an account," } else { "Everyone with an account" };
        let under: Vec<&str> = view.bypasses.iter().map(String::as_str).collect();
        sink.seen_by(
            Witness::Schema,
            view.span,
            format!(
                "`{}` reads {} with its owner's rights: their policies do not apply",
                view.name,
                stores::list(&under, 4)
            ),
        )
        .title(format!("{who} can read through the view `{}` what policies withhold", view.name))
        .severity(severity)
        .subject(view.name.clone())
        .grants(
            [Claim::Stands(if anyone { Position::Anyone } else { Position::SignedIn })],
            Claim::Reads(class.max(DataClass::Personal)),
            format!("reads the view {} past the policies of its tables", view.name),
        )
        .done();
    }
}

/// Class of what a view shows: by its columns where they are known.
fn class_of(app: &App, name: &str) -> DataClass {
    let store = app.stores.iter().find(|store| store.kind == StoreKind::View && store.name == name);
    store.map_or(DataClass::Internal, |store| match stores::field_class(app, store) {
        // Not classified, or nothing in it: its name has to say it.
        None | Some(DataClass::Demo) => stores::class(app, store),
        Some(class) => class,
    })
}
