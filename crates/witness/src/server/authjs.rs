//! Auth.js (NextAuth): a login by password that the app checks in the `authorize` of its credentials provider. The library
//! serves it at an address of its own; what it does not do is count wrong passwords.

use plimsoll_analysis::{Event, EventKind};
use plimsoll_model::app::{EntryKind, Purpose};

use super::chain::{self, closure_in, finish, given};
use super::next::{Middleware, through_middleware};
use crate::Witnessing;

const PATH: &str = "/api/auth/callback/credentials";

/// The logins of the providers that the app sets up.
pub(super) fn observe(witnessing: &mut Witnessing<'_, '_>, setup: &[Event], middleware: Option<&Middleware>) {
    let mut seen = Vec::new();
    for event in setup {
        let EventKind::Call { callee, args } = &event.kind else { continue };
        let path = callee.path.as_str();
        let is_provider = path.ends_with("/providers/credentials")
            || path.ends_with("/providers/credentials.default")
            || path.ends_with("/providers.Credentials")
            || path.ends_with("/providers.default.Credentials");
        let authorize = args.first().filter(|_| is_provider).and_then(|options| options.value.field("authorize"));
        let Some(closure) = authorize.as_ref().and_then(closure_in) else { continue };
        let function = (closure.module, closure.function);
        if seen.contains(&function) {
            continue;
        }
        seen.push(function);
        let module = witnessing.machine.program.module(closure.module);
        let span = module.span_of(module.function(closure.function).head);
        let passage = through_middleware(witnessing, middleware, PATH, Some("POST"));
        let mut point = chain::entry(EntryKind::Route, &["POST"], PATH, "Auth.js", span);
        point.name = Some("authorize".into());
        point.purposes.insert(Purpose::Login);
        finish(witnessing, point, &closure, vec![chain::input("body"), given("@request")], passage);
    }
}
