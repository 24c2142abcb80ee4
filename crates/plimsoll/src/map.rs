//! From the app model to the map.

use plimsoll_model::App;
use plimsoll_model::app::{
    Effect, EffectKind, EntryKind, EntryPoint, Exposure, GuardKind, GuardStanding, Openness, Purpose, Reach, Rls, Side,
};
use plimsoll_report::{Map, MapCaller, MapEffect, MapEntry, MapGuard, MapStore};
use plimsoll_source::{SourceTree, Span};

/// What was understood, ready to be shown.
pub(crate) fn build(name: String, app: &App, tree: &SourceTree) -> Map {
    Map {
        schema: "plimsoll-map/1",
        name,
        stack: app.stack.clone(),
        entry_points: app
            .entry_points
            .iter()
            .enumerate()
            .map(|(index, point)| MapEntry { called_from: callers(app, index, tree), ..entry(point, tree) })
            .collect(),
        stores: app
            .stores
            .iter()
            .filter(|store| store.exposure == Exposure::Direct)
            .map(|store| MapStore {
                name: store.name.clone(),
                policies: store
                    .policies
                    .iter()
                    .map(|policy| {
                        let command = format!("{:?}", policy.command).to_ascii_lowercase();
                        format!("{command}: {} ({})", whom(&policy.openness), policy.name)
                    })
                    .collect(),
                unprotected: store.rls == Rls::Off,
                at: place(tree, store.span),
            })
            .collect(),
        not_checked: app.not_checked.iter().map(|gap| format!("{}: {}", gap.what, gap.why)).collect(),
    }
}

fn whom(openness: &Openness) -> String {
    match openness {
        Openness::Anyone => "anyone".to_owned(),
        Openness::AnySignedIn => "anyone with a login".to_owned(),
        Openness::Limited => "limited".to_owned(),
        Openness::Hole(why) => format!("limited, with a hole: {why}"),
        Openness::Nobody => "nobody".to_owned(),
        Openness::Unknown => "not understood".to_owned(),
    }
}

fn place(tree: &SourceTree, span: Span) -> String {
    let path = &tree.file(span.file).path;
    if span.end == 0 { path.clone() } else { format!("{path}:{}", tree.lines(span).0) }
}

fn entry(entry: &EntryPoint, tree: &SourceTree) -> MapEntry {
    MapEntry {
        label: entry.label(),
        kind: match entry.kind {
            EntryKind::Route => "route",
            EntryKind::ServerAction => "action",
            EntryKind::Function => "function",
            EntryKind::ServerPage => "page",
            EntryKind::Socket => "socket",
            EntryKind::StaticFiles => "files",
        },
        framework: entry.framework.clone(),
        reach: reach(entry.reach()),
        purposes: entry.purposes.iter().map(|purpose| purpose_word(*purpose).to_owned()).collect(),
        at: place(tree, entry.span),
        guards: entry
            .guards
            .iter()
            .enumerate()
            .map(|(at, guard)| MapGuard {
                kind: match guard.kind {
                    GuardKind::Authentication => "authentication",
                    GuardKind::Role => "role",
                    GuardKind::Ownership => "ownership",
                    GuardKind::RateLimit => "rate limit",
                    GuardKind::Csrf => "request forgery",
                    GuardKind::Signature => "signature",
                },
                name: guard.name.clone(),
                standing: match &guard.standing {
                    GuardStanding::Enforced => "enforced".to_owned(),
                    GuardStanding::Named => "known by name".to_owned(),
                    GuardStanding::FailsOpen(why) => format!("lets through: {why}"),
                },
                whole: at < entry.whole,
                server: guard.side == Side::Server,
                at: place(tree, guard.span),
            })
            .collect(),
        effects: entry.effects.iter().map(|effect| self::effect(entry, effect, tree)).collect(),
        inputs: entry.inputs.clone(),
        returns: entry.returns.clone(),
        opaque: entry.opaque,
        called_from: Vec::new(),
        seen_live: entry.seen_live.len(),
    }
}

/// The places of the browser side that call an entry point.
fn callers(app: &App, index: usize, tree: &SourceTree) -> Vec<MapCaller> {
    let calls = app.api_calls.iter().enumerate().filter(|(_, call)| call.entry == Some(index));
    calls
        .map(|(at, call)| {
            let pages: Vec<_> = app.pages.iter().filter(|page| page.calls.contains(&at)).collect();
            let mut names: Vec<String> = pages
                .iter()
                .map(|page| if page.path.is_empty() { page.component.clone() } else { page.path.clone() })
                .collect();
            names.sort();
            names.dedup();
            MapCaller {
                at: place(tree, call.span),
                locked: !pages.is_empty() && pages.iter().all(|page| !page.guards.is_empty()),
                pages: names,
            }
        })
        .collect()
}

fn effect(entry: &EntryPoint, effect: &Effect, tree: &SourceTree) -> MapEffect {
    MapEffect {
        does: match effect.kind {
            EffectKind::Read | EffectKind::ReadMemory => "reads",
            EffectKind::Create => "creates",
            EffectKind::Update | EffectKind::WriteMemory => "changes",
            EffectKind::Delete => "deletes",
            EffectKind::Query => "queries",
            EffectKind::VerifyPassword => "checks a password of",
            EffectKind::IssueSession => "starts a session",
            EffectKind::SetPassword => "sets a password of",
            EffectKind::CreateAccount => "creates an account in",
            EffectKind::WriteFile => "writes the file",
            EffectKind::ReadFile => "reads the file",
            EffectKind::DeleteFile => "deletes the file",
            EffectKind::SendMessage => "sends a message by",
            EffectKind::CallAi => "calls the AI service",
            EffectKind::Payment => "moves money by",
            EffectKind::Fetch => "requests",
            EffectKind::Execute => "starts the process",
            EffectKind::Broadcast => "sends to all connected",
        },
        target: effect.target.clone(),
        fields: effect.fields.clone(),
        reach: reach(entry.reach_of(effect)),
        own_only: effect.limited_to_caller,
        picked_by_caller: effect.picked_by_input,
        at: place(tree, effect.span),
    }
}

fn reach(reach: Reach) -> &'static str {
    match reach {
        Reach::Anyone => "anyone",
        Reach::SignedIn => "signed-in",
        Reach::Role => "role",
        Reach::Machine => "machine",
    }
}

fn purpose_word(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Login => "login",
        Purpose::Register => "registration",
        Purpose::Logout => "logout",
        Purpose::PasswordReset => "password reset",
        Purpose::PasswordChange => "password change",
        Purpose::OneTimeCode => "one-time code",
        Purpose::Upload => "upload",
        Purpose::Webhook => "webhook",
        Purpose::Cron => "timed job",
        Purpose::Setup => "set-up",
        Purpose::Health => "health check",
        Purpose::Export => "export",
        Purpose::Admin => "administration",
        Purpose::PaidApi => "paid service",
        Purpose::PublicByDesign => "public by design",
    }
}
