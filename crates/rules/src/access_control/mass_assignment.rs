//! Everything that the visitor sends is written to the record.

use plimsoll_model::app::{Effect, EffectKind, EntryPoint, GuardKind};
use plimsoll_model::{App, Claim, Confidence, Gap, Position, Severity};

use crate::access::{
    columns, is_account_store, is_decisive_column, is_judged, is_owner_column, is_privileged_column, is_role_column,
    normalised,
};
use crate::{Rule, Sink, gains};

pub(crate) static RULE: Rule = Rule {
    id: "mass-assignment",
    summary: "everything that the visitor sends is written to the record",
    gap: Gap::BrokenAccessControl,
    severity: Severity::Medium,
    cwe: &[915],
    owasp: &["A01:2025"],
    asvs: &["15.3.3"],
    page: include_str!("mass_assignment.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    // Where nothing is at stake that is known, it is one habit of the app, told once.
    let mut habit: Vec<(&EntryPoint, &Effect)> = Vec::new();
    for entry in app.entry_points.iter().filter(|entry| is_judged(entry)) {
        for effect in &entry.effects {
            let writes = matches!(effect.kind, EffectKind::Create | EffectKind::Update);
            if !writes || !effect.writes_whole_input || effect.governed_by_policies {
                continue;
            }
            // Fields set besides are set by the app, whatever was sent.
            let free = |name: &&String| !effect.fields.contains(*name);
            let known: Vec<&String> =
                columns(app, &effect.target).into_iter().flatten().filter(free).map(|name| name as &String).collect();
            let is_account = is_account_store(&effect.target);
            // `active` and `plan` say what an account may do; of a product they are what is entered.
            let privileged =
                known.iter().find(|name| is_privileged_column(name) && (is_account || is_role_column(name)));
            let owner = known
                .iter()
                .find(|name| is_owner_column(name))
                .filter(|_| effect.kind == EffectKind::Update && is_somebodys(app, &effect.target));
            let decisive = known.iter().find(|name| is_decisive_column(name));
            let for_a_role = entry.holding_at(effect, GuardKind::Role);
            let account = is_account_store(&effect.target) && known.is_empty();
            let (severity, confidence, which) = match (privileged, owner, decisive) {
                (Some(name), ..) if !for_a_role => (Severity::High, Confidence::Likely, Some(*name)),
                (None, Some(name), _) if !for_a_role => (Severity::Medium, Confidence::Likely, Some(*name)),
                // Prices and sums are often what the caller is there to enter.
                (None, None, Some(name)) if !for_a_role => (Severity::Low, Confidence::Possible, Some(*name)),
                _ if account && !for_a_role => (Severity::High, Confidence::Possible, None),
                _ if for_a_role => continue,
                _ => (Severity::Low, Confidence::Possible, None),
            };
            if severity == Severity::Low {
                habit.push((entry, effect));
                continue;
            }
            let what = match which {
                Some(name) => format!(", `{name}` among them"),
                None => String::new(),
            };
            let mut draft = sink
                .at(effect.span, format!("{}: the whole request body is written{what}", entry.label()))
                .title(format!(
                    "{} lets the caller set every field of \u{201c}{}\u{201d}{what}",
                    entry.label(),
                    effect.target
                ))
                .severity(severity)
                .confidence(confidence)
                .subject(entry.label())
                .also(entry.handler, "the handler")
                .all(effect.called_at, "the body is handed over here");
            if which.is_some_and(|name| is_privileged_column(name)) && is_account_store(&effect.target) {
                draft = draft.grants(
                    [Claim::Stands(gains::position(entry.reach_of(effect)).unwrap_or(Position::Anyone))],
                    Claim::Holds(gains::victim(app)),
                    format!("sends a higher role along with {}", entry.label()),
                );
            }
            draft.done();
        }
    }
    let Some((entry, effect)) = habit.first() else { return };
    let title = match habit.len() {
        1 => format!("{} lets the caller set every field of \u{201c}{}\u{201d}", entry.label(), effect.target),
        many => format!("{many} entry points write the whole request, among them {}", entry.label()),
    };
    let mut draft = sink
        .at(effect.span, format!("{}: the whole request body is written", entry.label()))
        .title(title)
        .severity(Severity::Low)
        .confidence(Confidence::Possible)
        .gap(Gap::Other)
        .subject(entry.label());
    for (entry, effect) in &habit {
        draft = draft
            .also(effect.span, format!("{}: the whole request body is written", entry.label()))
            .also(entry.handler, "the handler")
            .all(effect.called_at, "the body is handed over here");
    }
    draft.done();
}

/// Whether the app anywhere asks of a store's records whose they are. Where it does not, an owner is what is entered: the
/// customer whose car it is.
fn is_somebodys(app: &App, store: &str) -> bool {
    let store = normalised(store);
    app.entry_points.iter().any(|entry| {
        entry.effects.iter().any(|effect| {
            normalised(&effect.target) == store
                && (effect.limited_to_caller
                    || effect.caller_replaced
                    || effect.governed_by_policies
                    || entry.holding_at(effect, GuardKind::Ownership))
        })
    })
}
