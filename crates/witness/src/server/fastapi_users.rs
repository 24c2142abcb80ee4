//! FastAPI Users: routers for logging in, signing up and resetting passwords that an app only takes in.

use plimsoll_analysis::{Event, EventKind, Value};
use plimsoll_model::App;
use plimsoll_model::app::{Effect, EffectKind, EntryKind, Purpose};

use super::chain;
use super::flask::Around;
use crate::Witnessing;

/// What stands behind a path of one of the library's routers.
struct Behind {
    router: &'static str,
    path: &'static str,
    purpose: Purpose,
    effects: &'static [EffectKind],
    inputs: &'static [&'static str],
}

/// <https://fastapi-users.github.io/fastapi-users/latest/usage/routes/>
const ROUTES: &[Behind] = &[
    Behind {
        router: "get_auth_router()",
        path: "login",
        purpose: Purpose::Login,
        effects: &[EffectKind::VerifyPassword, EffectKind::IssueSession],
        inputs: &["body.username", "body.password"],
    },
    Behind {
        router: "get_register_router()",
        path: "register",
        purpose: Purpose::Register,
        effects: &[EffectKind::CreateAccount],
        inputs: &["body.email", "body.password"],
    },
    Behind {
        router: "get_reset_password_router()",
        path: "forgot-password",
        purpose: Purpose::PasswordReset,
        effects: &[EffectKind::SendMessage],
        inputs: &["body.email"],
    },
];

pub(super) fn observe(witnessing: &mut Witnessing<'_, '_>, setup: &[Event], around: &Around<'_>, app: &mut App) {
    for event in setup {
        let EventKind::Call { callee, .. } = &event.kind else { continue };
        if callee.last_name() != "include_router" {
            continue;
        }
        let Some(router) = event.arg(0).or_else(|| event.named("router")).map(Value::path) else { continue };
        if !router.contains("fastapi_users.") {
            continue;
        }
        let Some(behind) = ROUTES.iter().find(|behind| router.ends_with(behind.router)) else { continue };
        if !app.stack.iter().any(|known| known == "FastAPI") {
            app.stack.push("FastAPI".into());
        }
        let prefix = event.named("prefix").and_then(Value::as_str).unwrap_or_default();
        let path = chain::join_path(prefix, behind.path);
        let mut point = chain::entry(EntryKind::Route, &["POST"], &path, "FastAPI Users", event.span);
        point.guards = around.for_all(|_| false);
        point.whole = point.guards.len();
        point.purposes.insert(behind.purpose);
        point.inputs = behind.inputs.iter().map(ToString::to_string).collect();
        point.effects = behind.effects.iter().map(|&kind| Effect::new(kind, "User", event.span)).collect();
        witnessing.entry_points.push(point);
    }
}
