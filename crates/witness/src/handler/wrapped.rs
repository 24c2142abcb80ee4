//! Handlers inside wrappers of the app's own: `asyncHandler(fn)`, `withAuth(fn)`. What runs first is the wrapper; the
//! decisions of the entry point stand in what it was given.

use plimsoll_analysis::{Event, EventKind, FunctionRef, Program, Site};
use plimsoll_ir::{FunctionId, Kind};

/// More wrappers than this around one handler are not looked through.
const MAX_WRAPPERS: u32 = 4;

/// The function behind the wrappers that a handler is made of; the handler itself where there are none.
pub(crate) fn innermost(program: &Program<'_>, events: &[Event], handler: FunctionRef) -> FunctionRef {
    let mut at = handler;
    for _ in 0..MAX_WRAPPERS {
        // A wrapper may ask another function that it was given first; what it hands the request on to last is the handler.
        let inner = events.iter().rev().find_map(|event| match &event.kind {
            EventKind::Enter { function, args } if *function != at => {
                let hands_on = args.first().is_some_and(|arg| is_request(arg.value.path()));
                let within = event.function.is_some_and(|function| lies_in(program, function, at));
                (hands_on && within && calls_what_it_was_given(program, event.site, at)).then_some(*function)
            }
            _ => None,
        });
        match inner {
            Some(inner) => at = inner,
            None => break,
        }
    }
    at
}

/// What frameworks hand to handlers first: the request or a context, whole.
fn is_request(path: &str) -> bool {
    path.starts_with('@') && !path.contains(['.', '(', '['])
}

fn lies_in(program: &Program<'_>, function: FunctionRef, outer: FunctionRef) -> bool {
    function.module == outer.module && ancestors(program, function).any(|id| id == outer.function)
}

/// A function and those around it.
fn ancestors<'p>(program: &'p Program<'_>, function: FunctionRef) -> impl Iterator<Item = FunctionId> + 'p {
    let module = program.module(function.module);
    std::iter::successors(Some(function.function), move |id| module.function(*id).parent)
}

/// Whether a call is of a parameter of a function around the wrapper: it calls what it was made with.
fn calls_what_it_was_given(program: &Program<'_>, site: Site, wrapper: FunctionRef) -> bool {
    let module = program.module(site.module);
    let Kind::Call { callee, .. } = module.kind(site.node) else { return false };
    let Kind::Name(name) = module.kind(*callee) else { return false };
    site.module == wrapper.module
        && ancestors(program, wrapper).skip(1).any(|id| {
            module
                .function(id)
                .params
                .iter()
                .any(|param| matches!(module.kind(param.pattern), Kind::Name(known) if known == name))
        })
}
