//! Supabase edge functions: each folder below `supabase/functions` answers at `/functions/v1/NAME`.
//!
//! `verify_jwt` in `supabase/config.toml` (on unless it says otherwise) asks for a token of the project, and the public
//! key that every visitor has is one: it says nothing about who calls.

use std::collections::BTreeMap;

use plimsoll_analysis::{Event, EventKind, Label, Labels, ModuleId, Symbol, Value};
use plimsoll_ir::Language;
use plimsoll_model::app::{EntryKind, Guard, GuardKind, GuardStanding, Reach, Side};
use plimsoll_model::{App, NotChecked};
use plimsoll_source::{SourceTree, Span};

use super::chain::{self, Passage, closure_in, export_span, finish, given};
use crate::Witnessing;

pub(crate) fn observe(witnessing: &mut Witnessing<'_, '_>, setup: &[Event], app: &mut App) {
    let program = witnessing.machine.program;
    let functions: Vec<(ModuleId, String)> = program
        .iter()
        .filter(|(_, module)| module.language == Language::JavaScript)
        .filter_map(|(id, _)| Some((id, function_name(program.path(id))?.to_owned())))
        .collect();
    if functions.is_empty() {
        return;
    }
    app.stack.push("Supabase edge functions".into());
    let settings = token_settings(program.tree);
    for (id, name) in functions {
        let file = program.module(id).file;
        let path = format!("/functions/v1/{name}");
        let served = setup.iter().filter(|event| event.span.file == file && is_serve(event));
        let mut handler: Option<(Value, Span)> = None;
        let mut by_router = false;
        for event in served {
            for arg in event.args() {
                by_router |= matches!(arg.value.path().rsplit('.').next(), Some("fetch" | "handle" | "routes"));
                if handler.is_none() && closure_in(&arg.value).is_some() {
                    handler = Some((arg.value.clone(), event.span));
                }
            }
        }
        // `export default { fetch }` and `export default handler`
        if handler.is_none()
            && let Some(value) = witnessing.machine.export(id, "default")
        {
            let value = value.field("fetch").unwrap_or(value);
            if closure_in(&value).is_some() {
                handler = Some((value, export_span(witnessing, id, "default")));
            }
        }
        let Some(closure) = handler.as_ref().and_then(|(value, _)| closure_in(value)) else {
            // The routes of a router in it are read where its framework is.
            if !by_router {
                app.not_checked.push(NotChecked {
                    what: format!("edge function {name}: its guards and what it does"),
                    why: "its handler was not found".into(),
                    weighs: true,
                });
            }
            continue;
        };
        let span = handler.map_or_else(|| Span::whole(file), |(_, span)| span);
        let (asks, at) = settings.get(&name).copied().map_or((true, None), |(asks, span)| (asks, Some(span)));
        witnessing.machine.reset();
        decoded_tokens(witnessing, asks);
        let mut point = chain::entry(EntryKind::Function, &[], &path, "Supabase edge functions", span);
        point.name = Some(name.clone());
        let index = finish(witnessing, point, &closure, vec![given("@req"), given("@info")], Passage::default());
        for point in &mut witnessing.entry_points[index..] {
            if !asks || point.trivial || point.reach() != Reach::Anyone {
                continue;
            }
            point.guards.push(Guard {
                kind: GuardKind::Authentication,
                side: Side::Server,
                name: "verify_jwt".into(),
                standing: GuardStanding::FailsOpen(
                    "the project's public key, which every visitor has, passes it".into(),
                ),
                roles: Vec::new(),
                span: at.unwrap_or(point.span),
            });
        }
    }
}

/// A token that the function takes apart by itself: where the platform has verified it, its `sub` says who calls (the
/// public key has none); elsewhere anybody can write one.
fn decoded_tokens(witnessing: &mut Witnessing<'_, '_>, verified: bool) {
    let label = if verified { Label::Identity } else { Label::UnverifiedIdentity };
    for decoder in ["atob", "jose.decodeJwt", "jwt-decode", "jwt-decode.jwtDecode", "djwt.decode"] {
        let claims = Value::symbol(Symbol::given("@claims"), Labels::one(label.clone()));
        // Of what a header carries; `atob` of a picture in the body is another matter.
        witnessing.machine.settle(decoder, "@headers", claims);
    }
}

/// The function whose entry file this is; folders beginning with `_` hold shared code.
fn function_name(path: &str) -> Option<&str> {
    let (folder, file) = path.rsplit_once('/')?;
    let is_entry = matches!(chain::stem(file), "index" | "main");
    let (above, name) = folder.rsplit_once('/')?;
    let is_place = above == "supabase/functions" || above.ends_with("/supabase/functions");
    (is_entry && is_place && !name.starts_with(['_', '.'])).then_some(name)
}

/// `Deno.serve(…)`, `serve(…)` of Deno's standard library.
fn is_serve(event: &Event) -> bool {
    let EventKind::Call { callee, .. } = &event.kind else { return false };
    callee.last_name() == "serve"
        && (callee.path == "Deno.serve" || callee.path.contains("http") || callee.path == "serve")
}

/// `verify_jwt` by function, with where it is set.
fn token_settings(tree: &SourceTree) -> BTreeMap<String, (bool, Span)> {
    let mut out = BTreeMap::new();
    for (id, file) in tree.iter() {
        if !(file.path == "supabase/config.toml" || file.path.ends_with("/supabase/config.toml")) {
            continue;
        }
        let mut function: Option<String> = None;
        let mut at = 0usize;
        for line in file.text().split_inclusive('\n') {
            let text = line.split('#').next().unwrap_or("").trim();
            if let Some(table) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
                function =
                    table.trim().strip_prefix("functions.").map(|name| name.trim_matches(['"', '\'']).to_owned());
            } else if let (Some(name), Some((key, value))) = (&function, text.split_once('='))
                && key.trim() == "verify_jwt"
            {
                let start = u32::try_from(at).unwrap_or(0);
                let end = start + u32::try_from(line.trim_end().len()).unwrap_or(1).max(1);
                out.insert(name.clone(), (value.trim() == "true", Span::new(id, start, end)));
            }
            at += line.len();
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::function_name;

    #[test]
    fn entry_files() {
        assert_eq!(function_name("supabase/functions/send-mail/index.ts"), Some("send-mail"));
        assert_eq!(function_name("apps/web/supabase/functions/a/index.ts"), Some("a"));
        assert_eq!(function_name("supabase/functions/_shared/index.ts"), None);
        assert_eq!(function_name("supabase/functions/a/lib/index.ts"), None);
    }
}
