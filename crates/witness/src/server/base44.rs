//! Functions of Base44: each file below `functions` that serves answers at `/functions/NAME`, to anyone who knows the app's
//! address. Who calls is what `auth.me()` says; `asServiceRole` goes around the entities' rules.

use plimsoll_analysis::{Event, EventKind, ModuleId};
use plimsoll_ir::Language;
use plimsoll_model::App;
use plimsoll_model::app::EntryKind;

use super::chain::{self, Passage, closure_in, finish, given};
use crate::Witnessing;

pub(crate) fn observe(witnessing: &mut Witnessing<'_, '_>, setup: &[Event], app: &mut App) {
    let program = witnessing.machine.program;
    let functions: Vec<(ModuleId, String)> = program
        .iter()
        .filter(|(_, module)| module.language == Language::JavaScript)
        .filter_map(|(id, module)| {
            let path = program.path(id);
            is_function(path, program.tree.file(module.file).text()).then(|| (id, name_of(path)))
        })
        .collect();
    let mut seen = false;
    for (id, name) in functions {
        let file = program.module(id).file;
        let serves = setup.iter().find(|event| {
            let EventKind::Call { callee, .. } = &event.kind else { return false };
            event.span.file == file && callee.path == "Deno.serve"
        });
        // Files without a server are parts that functions share.
        let Some(event) = serves else { continue };
        let Some(closure) = event.args().iter().find_map(|arg| closure_in(&arg.value)) else { continue };
        seen = true;
        witnessing.machine.reset();
        let path = format!("/functions/{name}");
        let mut point = chain::entry(EntryKind::Function, &[], &path, "Base44 functions", event.span);
        point.name = Some(name);
        finish(witnessing, point, &closure, vec![given("@req")], Passage::default());
    }
    if seen {
        app.stack.push("Base44 functions".into());
    }
}

/// `base44/functions/NAME/entry.ts`, and `functions/NAME.ts` of older exports.
pub(super) fn is_function(path: &str, text: &str) -> bool {
    path.split('/').rev().skip(1).any(|part| part == "functions") && text.contains("@base44/sdk")
}

fn name_of(path: &str) -> String {
    let stem = chain::stem(path);
    let inside = stem.rsplit_once("functions/").map_or(stem, |(_, inside)| inside);
    inside.trim_end_matches("/entry").trim_end_matches("/index").to_owned()
}

#[cfg(test)]
mod tests {
    use super::{is_function, name_of};

    #[test]
    fn files_of_functions() {
        let text = "import { createClientFromRequest } from 'npm:@base44/sdk@0.8.6';";
        assert!(is_function("base44/functions/pay/entry.ts", text) && is_function("functions/pay.ts", text));
        assert!(
            !is_function("functions/pay.ts", "export const onRequest = 1") && !is_function("src/functions.ts", text)
        );
        assert_eq!(name_of("base44/functions/shop/pay/entry.ts"), "shop/pay");
        assert_eq!(name_of("functions/pay.ts"), "pay");
    }
}
