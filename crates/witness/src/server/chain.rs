//! Running a chain of middleware and a handler as one request would.

use std::cell::{Cell, OnceCell};
use std::rc::Rc;

use plimsoll_analysis::{
    Closure, Event, EventKind, Facts, FunctionRef, Label, Labels, Machine, Run, Symbol, Value, ValueKind, Watched,
};
use plimsoll_model::app::{
    Effect, EffectKind, EntryKind, EntryPoint, Guard, GuardKind, GuardStanding, Purpose, SettingSeen, Sink,
};
use plimsoll_source::Span;

use crate::Witnessing;
use crate::handler::{innermost, interpret, named_guard};

/// A value that a framework passes to a handler.
pub(crate) fn given(path: &str) -> Value {
    let labels = plimsoll_analysis::Knowledge::labels(&crate::knowledge::Known, path);
    Value::symbol(Symbol::given(path), labels)
}

/// A bare entry point.
pub(crate) fn entry(kind: EntryKind, methods: &[&str], path: &str, framework: &str, span: Span) -> EntryPoint {
    EntryPoint {
        kind,
        methods: methods.iter().map(|&method| method.to_owned()).collect(),
        path: path.to_owned(),
        framework: framework.to_owned(),
        name: None,
        span,
        handler: span,
        guards: Vec::new(),
        whole: 0,
        purposes: std::collections::BTreeSet::new(),
        effects: Vec::new(),
        inputs: Vec::new(),
        returns: Vec::new(),
        opaque: false,
        trivial: false,
        seen_live: Vec::new(),
        refused_live: Vec::new(),
    }
}

/// What a chain of middleware has established.
#[derive(Clone, Default)]
pub(crate) struct Passage {
    /// Conditions that hold behind it.
    pub(crate) facts: Facts,
    /// Guards known by name only.
    pub(crate) named: Vec<Guard>,
    /// Inputs that middleware makes (`file`).
    pub(crate) inputs: Vec<String>,
    /// Events of the middleware itself.
    pub(crate) events: Past,
    /// Something in it was not understood.
    pub(crate) opaque: bool,
    /// Text that the handler returns is sent as a page.
    pub(crate) sends_pages: bool,
}

/// What middleware did on the way, in parts that all entry points behind it share: what follows from one is worked out
/// once.
#[derive(Clone, Default)]
pub(crate) struct Past(Vec<Rc<Part>>);

struct Part {
    events: Vec<Event>,
    noted: Cell<bool>,
    loaded: OnceCell<Vec<Effect>>,
    limiter: OnceCell<Option<Guard>>,
}

impl Past {
    /// With more events behind.
    pub(crate) fn extend(&mut self, events: impl IntoIterator<Item = Event>) {
        let events: Vec<Event> = events.into_iter().collect();
        if !events.is_empty() {
            let (noted, loaded, limiter) = (Cell::new(false), OnceCell::new(), OnceCell::new());
            self.0.push(Rc::new(Part { events, noted, loaded, limiter }));
        }
    }

    /// Notes what it says. The same middleware lies before many entry points; what it says it says once.
    pub(crate) fn note(&self, witnessing: &mut Witnessing<'_, '_>) {
        for part in self.0.iter().filter(|part| !part.noted.replace(true)) {
            witnessing.note_events(&part.events);
        }
    }

    /// All events in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Event> {
        self.0.iter().flat_map(|part| &part.events)
    }

    /// A limiter of the app's own among it.
    pub(crate) fn limiter(&self) -> Option<Guard> {
        let limiter =
            |part: &Rc<Part>| part.limiter.get_or_init(|| crate::handler::own_limiter(part.events.iter())).clone();
        self.0.iter().find_map(limiter)
    }

    /// The records that it looks up.
    fn loaded(&self) -> Vec<Effect> {
        let mut out: Vec<Effect> = Vec::new();
        for effect in self.0.iter().flat_map(|part| part.loaded.get_or_init(|| crate::handler::loaded(&part.events))) {
            if !out.iter().any(|other| other.target == effect.target) {
                out.push(effect.clone());
            }
        }
        out
    }
}

/// A middleware that was run. It lies before many entry points, and where it asks for nothing that is known of one of them
/// (the path, what others put into the request) it does the same before all.
pub(crate) struct Passed {
    closure: Rc<Closure>,
    next: &'static str,
    args: Vec<Value>,
    before: Facts,
    seen: Watched,
    facts: Facts,
    part: Option<Rc<Part>>,
    opaque: bool,
}

/// So many runs of middleware are kept at a time: more than lie before one server, and their events take memory.
const MAX_PASSED: usize = 64;

impl Passed {
    fn find(
        witnessing: &Witnessing<'_, '_>,
        convention: &Convention,
        closure: &Rc<Closure>,
        args: &[Value],
        facts: &Facts,
    ) -> Option<Rc<Passed>> {
        let same = |known: &&Rc<Passed>| {
            known.closure.module == closure.module
                && known.closure.function == closure.function
                && known.next == convention.next
                && (known.before.is(facts) || known.before.is_empty() && facts.is_empty())
                && Rc::ptr_eq(&known.closure.env, &closure.env)
                && (Rc::ptr_eq(&known.closure, closure) || known.closure.this.is_none() && closure.this.is_none())
                && known.args.iter().map(Value::path).eq(args.iter().map(Value::path))
                && witnessing.machine.still_holds(&known.seen)
        };
        witnessing.passed.iter().find(same).cloned()
    }
}

/// How a framework calls middleware and handlers.
pub(crate) struct Convention {
    /// What handlers are given.
    pub(crate) args: fn() -> Vec<Value>,
    /// Path of the call that goes on to the next one.
    pub(crate) next: &'static str,
}

/// In place of a call that goes on: the function returns nothing.
pub(crate) const RETURNS_NOTHING: &str = "@returns-nothing";

/// What holds where a hook returns nothing.
fn returning_nothing(run: &Run) -> Facts {
    let is_nothing = |value: &Value| matches!(value.kind, ValueKind::Null | ValueKind::Unknown);
    let ValueKind::Choice(alternatives) = &run.value.kind else { return run.facts.clone() };
    let mut onwards = alternatives.iter().filter(|(value, _)| is_nothing(value)).map(|(_, more)| run.facts.and(more));
    match onwards.next() {
        Some(first) => onwards.fold(first, |common, facts| common.common(&facts)),
        None => run.facts.clone(),
    }
}

/// Request, response, next.
pub(crate) const EXPRESS: Convention =
    Convention { args: || vec![given("@req"), given("@res"), given("@next")], next: "@next" };
/// Context, next.
pub(crate) const CONTEXT: Convention = Convention { args: || vec![given("@c"), given("@next")], next: "@next" };

/// Runs one middleware value on top of a passage.
pub(crate) fn pass(
    witnessing: &mut Witnessing<'_, '_>,
    convention: &Convention,
    middleware: &Value,
    span: Span,
    mut passage: Passage,
) -> Passage {
    match &middleware.kind {
        ValueKind::Object(object) if object.is_array => {
            let items = object.items.borrow().clone();
            for item in &items {
                passage = pass(witnessing, convention, item, span, passage);
            }
            passage
        }
        ValueKind::Choice(alternatives) => {
            // Which one it is depends on the set-up: only what all of them establish holds.
            let mut results: Vec<Passage> = Vec::new();
            for (alternative, _) in alternatives.iter().take(3) {
                results.push(pass(witnessing, convention, alternative, span, passage.clone()));
            }
            merge(results).unwrap_or(passage)
        }
        ValueKind::Closure(closure) => {
            let module = witnessing.machine.program.module(closure.module);
            let params = module.function(closure.function).params.len();
            if params >= 4 {
                return passage; // an error handler: only reached by errors
            }
            let args = (convention.args)();
            if let Some(known) = Passed::find(witnessing, convention, closure, &args, &passage.facts) {
                witnessing.machine.assign_again(&known.seen);
                passage.facts = known.facts.clone();
                passage.opaque |= known.opaque;
                passage.events.0.extend(known.part.clone());
                return passage;
            }
            let before = passage.facts.clone();
            witnessing.machine.watch();
            let run = witnessing.machine.run(closure, args.clone(), before.clone());
            let seen = witnessing.machine.seen();
            let onwards: Vec<&Facts> = run
                .events
                .iter()
                .filter(|event| {
                    event.path() == convention.next && (convention.next != "@next" || !is_error_call(event))
                })
                .map(|event| &event.facts)
                .collect();
            let facts = match onwards.split_first() {
                Some((first, rest)) => rest.iter().fold((*first).clone(), |common, facts| common.common(facts)),
                // A hook goes on by returning nothing; what holds there holds behind it.
                None if convention.next == RETURNS_NOTHING => returning_nothing(&run),
                // It never goes on by itself: an awaited hook (Fastify) or one that always answers.
                None => run.facts.clone(),
            };
            passage.facts = facts;
            passage.opaque |= run.cut_off;
            let parts = passage.events.0.len();
            passage.events.extend(run.events);
            if let Some(seen) = seen {
                if witnessing.passed.len() >= MAX_PASSED {
                    witnessing.passed.pop_front();
                }
                witnessing.passed.push_back(Rc::new(Passed {
                    closure: Rc::clone(closure),
                    next: convention.next,
                    args,
                    before,
                    seen,
                    facts: passage.facts.clone(),
                    part: passage.events.0.get(parts).cloned(),
                    opaque: run.cut_off,
                }));
            }
            passage
        }
        ValueKind::Symbol(_) | ValueKind::Or(_) | ValueKind::And(_) => {
            let mut known = known_middleware(middleware, span);
            for guard in known.guards.iter_mut().filter(|guard| guard.kind == GuardKind::RateLimit) {
                if !matches!(guard.standing, GuardStanding::FailsOpen(_))
                    && let Some(why) = counts_by_caller(witnessing, middleware)
                {
                    guard.standing = GuardStanding::FailsOpen(why);
                }
            }
            passage.named.extend(known.guards);
            passage.inputs.extend(known.inputs);
            if let Some(inner) = known.inner {
                return pass(witnessing, convention, &inner, span, passage);
            }
            passage
        }
        _ => {
            passage.opaque = true;
            passage
        }
    }
}

/// What holds on every one of several ways.
pub(crate) fn merge(results: Vec<Passage>) -> Option<Passage> {
    let mut results = results.into_iter();
    let mut all = results.next()?;
    for other in results {
        all.facts = all.facts.common(&other.facts);
        all.named.retain(|guard| other.named.iter().any(|theirs| theirs.kind == guard.kind));
        all.events.extend(other.events.iter().cloned());
        all.opaque |= other.opaque;
    }
    Some(all)
}

fn is_error_call(event: &Event) -> bool {
    event
        .args()
        .first()
        .is_some_and(|arg| !matches!(arg.value.kind, ValueKind::Null) && arg.value.as_str() != Some("route"))
}

/// What is known of a library's middleware.
#[derive(Default)]
pub(crate) struct KnownMiddleware {
    pub(crate) guards: Vec<Guard>,
    pub(crate) inputs: Vec<String>,
    pub(crate) inner: Option<Value>,
}

fn known_middleware(value: &Value, span: Span) -> KnownMiddleware {
    let mut known = KnownMiddleware::default();
    let Some(symbol) = value.as_symbol().cloned() else { return known };
    let path = symbol.path.as_str();
    let lower = path.to_ascii_lowercase();
    let last = symbol.last_name();
    // A wrapper around a handler of the app: what it wraps runs.
    let wrapped = symbol
        .calls()
        .iter()
        .rev()
        .find_map(|(_, args, _)| args.iter().find_map(|arg| arg.value.as_closure().cloned()));
    if is_limiter(&lower) {
        let mut guard = named_guard(GuardKind::RateLimit, path, span);
        if let Some(why) = limiter_fault(&symbol) {
            guard.standing = GuardStanding::FailsOpen(why);
        }
        known.guards.push(guard);
        return known;
    }
    if ["multer()", "formidable", "busboy", "express-fileupload", "multipart"].iter().any(|part| lower.contains(part)) {
        known.inputs.push("file".into());
        return known;
    }
    if ["csurf", "csrf", "lusca.csrf"].iter().any(|part| lower.contains(part)) {
        known.guards.push(named_guard(GuardKind::Csrf, path, span));
        return known;
    }
    if is_authentication(&lower) {
        known.guards.push(named_guard(GuardKind::Authentication, path, span));
        if lower.contains("role") || lower.contains("permission") || lower.contains("admin") {
            known.guards.push(named_guard(GuardKind::Role, path, span));
        }
        return known;
    }
    let is_library = [
        "helmet",
        "cors",
        "compression",
        "morgan",
        "express.json",
        "express.urlencoded",
        "express.static",
        "body-parser",
        "cookie-parser",
        "express-session",
        "cookie-session",
        "passport.initialize",
        "passport.session",
        "serve-static",
        "express.text",
        "express.raw",
        "connect-flash",
        "method-override",
    ]
    .iter()
    .any(|part| path.contains(part));
    if let Some(closure) = wrapped {
        known.inner = Some(Value::plain(ValueKind::Closure(closure)));
    }
    if !is_library {
        // Named like a guard, but its code was not found.
        let words = crate::handler::words_of(&last);
        let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
        if has(&[
            "auth",
            "authenticate",
            "authenticated",
            "authorize",
            "protect",
            "protected",
            "session",
            "jwt",
            "token",
            "login",
            "logged",
            "user",
        ]) && has(&[
            "require",
            "required",
            "is",
            "ensure",
            "check",
            "verify",
            "auth",
            "authenticate",
            "authenticated",
            "protect",
            "authorize",
            "validate",
            "guard",
            "jwt",
            "token",
        ]) {
            known.guards.push(named_guard(GuardKind::Authentication, &last, span));
        }
        if has(&["admin", "role", "roles", "permission", "permissions", "authorize"]) {
            known.guards.push(named_guard(GuardKind::Role, &last, span));
            known.guards.push(named_guard(GuardKind::Authentication, &last, span));
        }
    }
    known
}

/// Whether a lower-case path is that of a rate limiter.
pub(crate) fn is_limiter(lower: &str) -> bool {
    [
        "express-rate-limit",
        "ratelimit",
        "rate-limit",
        "rate_limit",
        "slow-down",
        "slowdown",
        "express-brute",
        "limiter",
        "throttle",
        "bottleneck",
    ]
    .iter()
    .any(|part| lower.contains(part))
}

fn is_authentication(lower: &str) -> bool {
    [
        "passport.authenticate()",
        "express-jwt",
        "requireauth()",
        "requiresauth()",
        "withauth()",
        "connect-ensure-login",
        "koa-jwt",
        "clerkexpressrequireauth",
        "hono/jwt",
        "hono/bearer-auth",
        "basic-auth",
        "express-basic-auth",
        "isauthenticated()",
    ]
    .iter()
    .any(|part| lower.contains(part))
}

/// Headers by which proxies say whom a request comes from; whoever asks the server itself writes into them what he likes.
pub(crate) fn is_forwarded_header(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["x-forwarded-for", "x-real-ip", "x-client-ip", "true-client-ip", "forwarded"]
        .iter()
        .any(|header| name.ends_with(header))
}

/// Why a limiter counts by something that the caller chooses, so that everyone can start anew.
fn counts_by_caller(witnessing: &mut Witnessing<'_, '_>, middleware: &Value) -> Option<String> {
    let symbol = middleware.as_symbol()?;
    let (_, args, _) = symbol.calls().into_iter().next_back()?;
    let options = args.first().map(|arg| arg.value.clone()).unwrap_or_default();
    let by_default = || {
        witnessing
            .trusts_any_proxy
            .map(|_| "it counts by the address in `X-Forwarded-For`, which the caller writes".to_owned())
    };
    let Some(closure) = options.field("keyGenerator").and_then(|key| key.as_closure().cloned()) else {
        return by_default();
    };
    let run = witnessing.machine.run(&closure, (EXPRESS.args)(), Facts::default());
    let labels = run.value.deep_labels();
    // Whom a password is tried for is a good count; a device or client that the caller names is none.
    let chosen = labels.iter().find_map(|label| match label {
        Label::Input(name, _) if is_forwarded_header(name) => {
            Some("it counts by the address in a header that the caller writes".to_owned())
        }
        Label::Input(name, _) => {
            let words = crate::handler::words_of(name);
            let is_own = ["device", "client", "fingerprint", "visitor", "cookies"]
                .iter()
                .any(|word| words.iter().any(|own| own == word));
            is_own.then(|| format!("it counts by `{name}`, which the caller chooses"))
        }
        _ => None,
    });
    // Something of the request besides what the caller chooses: then starting anew takes more.
    let also_account = labels.any(|label| {
        matches!(label, Label::Identity)
            || matches!(label, Label::Input(name, _) if name.contains("email") || name.contains("user"))
    });
    chosen.filter(|_| !also_account)
}

/// What is wrong with how a limiter is set up.
fn limiter_fault(symbol: &Symbol) -> Option<String> {
    let (_, args, _) = symbol.calls().into_iter().next_back()?;
    let options = args.first()?.value.clone();
    let number = |name: &str| match options.field(name)?.kind {
        ValueKind::Num(number) => Some(number),
        _ => None,
    };
    let max = number("max").or_else(|| number("limit"));
    let window = number("windowMs").unwrap_or(60_000.0);
    let per_minute = max.map(|max| max / (window / 60_000.0).max(0.01));
    if let (Some(max), Some(rate)) = (max, per_minute)
        && (rate > 120.0 || max >= 1_000.0)
    {
        return Some(format!("it allows {max} requests in {} seconds", window / 1000.0));
    }
    None
}

/// Fixes what is known of the request for a concrete route, so that tests of the path decide.
pub(crate) fn fix_request(machine: &mut Machine<'_>, method: Option<&str>, path: &str) {
    // A parameter can be anything; a word that no prefix test names stands for it.
    let concrete: String = path
        .split('/')
        .map(|part| if part.starts_with(':') || part.starts_with('[') { "x1" } else { part })
        .collect::<Vec<_>>()
        .join("/");
    for name in [
        "@req.path",
        "@req.originalUrl",
        "@req.url",
        "@request.nextUrl.pathname",
        "URL().pathname",
        "@c.req.path",
        "@ctx.path",
        "@event.url.pathname",
        "@request.path",
        "@request.url.path",
        "flask.request.path",
        "@event.path",
        "@event.node.req.url",
        "getRequestURL().pathname",
        "h3.getRequestURL().pathname",
    ] {
        machine.fix(name, Value::string(concrete.as_str()));
    }
    if let Some(method) = method {
        for name in [
            "@req.method",
            "@request.method",
            "@c.req.method",
            "@ctx.method",
            "flask.request.method",
            "@event.request.method",
            "@event.method",
            "@args.request.method",
        ] {
            machine.fix(name, Value::string(method));
        }
    }
}

/// Runs a handler on top of a passage and fills the entry point. Returns its flows, not yet tied to the entry point.
pub(crate) fn finish(
    witnessing: &mut Witnessing<'_, '_>,
    mut point: EntryPoint,
    handler: &Rc<Closure>,
    args: Vec<Value>,
    passage: Passage,
) -> usize {
    let program = witnessing.machine.program;
    let run = witnessing.machine.run(handler, args, passage.facts.clone());
    let outer = FunctionRef { module: handler.module, function: handler.function };
    let inner = innermost(program, &run.events, outer);
    let head_of = |at: FunctionRef| program.module(at.module).function(at.function);
    point.handler = program.module(inner.module).span_of(head_of(inner).head);
    if point.name.is_none() {
        let name = head_of(inner).name.as_ref().or(head_of(outer).name.as_ref());
        point.name = name.map(|name| name.to_string());
    }
    let index = finish_run(witnessing, point, run, passage);
    witnessing.machine.release();
    index
}

/// Fills an entry point from a finished run and adds it. A handler that tells requests apart by hand gives further entry
/// points behind it.
pub(crate) fn finish_run(
    witnessing: &mut Witnessing<'_, '_>,
    mut point: EntryPoint,
    run: Run,
    passage: Passage,
) -> usize {
    point.opaque |= run.cut_off || passage.opaque;
    if let Some((span, value)) = crate::handler::uploads::stored_without_checks(&run.events) {
        witnessing.notes.seen.push(SettingSeen {
            system: point.framework.clone(),
            key: "upload-without-bounds".into(),
            value,
            span,
            also: Vec::new(),
        });
    }
    let (ways, rest) = super::dispatch::ways(&run.events, &point);
    let index = witnessing.entry_points.len();
    if ways.is_empty() {
        add(witnessing, point, &run.events, &passage);
    } else {
        add(witnessing, point.clone(), &rest, &passage);
        for way in ways {
            let methods = if way.methods.is_empty() { point.methods.clone() } else { way.methods };
            let point = EntryPoint { methods, path: way.path, span: way.span, handler: way.span, ..point.clone() };
            add(witnessing, point, &way.events, &passage);
        }
    }
    witnessing.note_events(&run.events);
    passage.events.note(witnessing);
    index
}

fn add(witnessing: &mut Witnessing<'_, '_>, mut point: EntryPoint, events: &[Event], passage: &Passage) {
    let read = interpret(events, &passage.facts, &passage.events, witnessing.machine.program);
    witnessing.reached.extend(read.entered.iter().copied());
    let mut flows = read.fill(&mut point, passage.named.clone());
    if point.kind == EntryKind::ServerPage {
        flows.extend(given_to_browser(events, witnessing.machine.program));
    }
    if !passage.inputs.is_empty() {
        point.inputs.extend(passage.inputs.iter().cloned());
        point.inputs.sort();
        point.inputs.dedup();
        point.purposes = crate::handler::purposes_of(&point);
    }
    for effect in passage.events.loaded() {
        let is_known = |known: &plimsoll_model::app::Effect| {
            known.target == effect.target && (known.picked_by_input || known.picked_by_number)
        };
        if !point.effects.iter().any(is_known) {
            point.effects.push(effect);
        }
    }
    point.trivial &= point.effects.is_empty();
    note_login(witnessing, &point, events.iter().chain(passage.events.iter()));
    let index = witnessing.entry_points.len();
    for mut flow in flows {
        if flow.sink == Sink::Html && flow.sink_name == crate::handler::RETURNED && !passage.sends_pages {
            continue;
        }
        flow.entry = Some(index);
        witnessing.flows.push(flow);
    }
    witnessing.entry_points.push(point);
}

/// Columns with credentials in what a page of the server hands to a component that runs in the browser: all of it is
/// part of the page's source, whatever the component shows.
fn given_to_browser(events: &[Event], program: &plimsoll_analysis::Program) -> Vec<plimsoll_model::app::Flow> {
    let mut out = Vec::new();
    for event in events {
        let EventKind::Attribute { tag, value, .. } = &event.kind else { continue };
        if tag.starts_with(char::is_uppercase) && runs_in_browser(program, event.span.file, tag) {
            crate::handler::answer(event, value, tag, &mut out);
        }
    }
    out.retain(|flow| flow.source == plimsoll_model::app::Source::Credential);
    out
}

/// Whether a component that a file imports says of itself that it runs in the browser.
fn runs_in_browser(program: &plimsoll_analysis::Program, file: plimsoll_source::FileId, component: &str) -> bool {
    program.modules_of(file).iter().any(|&id| {
        program.module(id).imports.iter().any(|import| {
            import.names.iter().any(|(_, local)| local.as_str() == component)
                && program.resolve(id, &import.module).is_some_and(|target| {
                    program.module(target).directives.iter().any(|(directive, _)| directive == "use client")
                })
        })
    })
}

/// A login into a session on the server that keeps the session's id.
fn note_login<'e>(
    witnessing: &mut Witnessing<'_, '_>,
    point: &EntryPoint,
    mut events: impl Iterator<Item = &'e Event>,
) {
    if !point.purposes.contains(&Purpose::Login) {
        return;
    }
    let on_server = match point.framework.as_str() {
        "PHP" => true,
        "Express" => has_package(witnessing.machine.program.tree, "express-session"),
        _ => false,
    };
    if !on_server {
        return;
    }
    let issued =
        point.effects.iter().find(|effect| effect.kind == EffectKind::IssueSession && effect.target == "session");
    let renews = |event: &Event| {
        let path = event.path();
        matches!(path, "session_regenerate_id" | "session_create_id") || path.ends_with("session.regenerate")
    };
    if let Some(effect) = issued
        && !events.any(renews)
    {
        witnessing.notes.seen.push(SettingSeen {
            system: point.framework.clone(),
            key: "session-not-renewed".into(),
            value: format!("{} writes the account into the session that the visitor came with", point.label()),
            span: effect.span,
            also: Vec::new(),
        });
    }
}

/// The function that a value is or wraps.
pub(crate) fn closure_in(value: &Value) -> Option<Rc<Closure>> {
    if let Some(closure) = value.as_closure() {
        return Some(Rc::clone(closure));
    }
    let symbol = value.as_symbol()?;
    symbol.calls().iter().rev().find_map(|(_, args, _)| args.iter().rev().find_map(|arg| closure_in(&arg.value)))
}

/// Joins a prefix and a path.
pub(crate) fn join_path(prefix: &str, path: &str) -> String {
    let joined = format!("{}/{}", prefix.trim_end_matches('/'), path.trim_start_matches('/'));
    let trimmed = joined.trim_end_matches('/');
    if trimmed.is_empty() { "/".to_owned() } else { trimmed.to_owned() }
}

/// Labels of an argument that a framework fills with the path's parameters.
pub(crate) fn input(name: &str) -> Value {
    Value::of(Labels::one(Label::Input(name.into(), plimsoll_analysis::Clean::NONE)))
}

/// A path without its extension.
pub(crate) fn stem(path: &str) -> &str {
    let name = path.rfind('/').map_or(0, |at| at + 1);
    match path[name..].rfind('.') {
        Some(dot) if dot > 0 => &path[..name + dot],
        _ => path,
    }
}

/// Whether some `package.json` of the app names a package.
pub(crate) fn has_package(tree: &plimsoll_source::SourceTree, name: &str) -> bool {
    let quoted = format!("\"{name}\"");
    tree.iter().any(|(_, file)| file.name() == "package.json" && file.text().contains(&quoted))
}

/// An object as a framework passes it to a handler.
pub(crate) fn object(fields: Vec<(&str, Value)>) -> Value {
    let site = plimsoll_analysis::Site { module: plimsoll_analysis::ModuleId(0), node: plimsoll_ir::NodeId(0) };
    let object = plimsoll_analysis::Object::new(site, false);
    object.fields.borrow_mut().extend(fields.into_iter().map(|(name, value)| (name.into(), value)));
    Value::plain(ValueKind::Object(Rc::new(object)))
}

/// Where an export stands: the head of a function, else the statement.
pub(crate) fn export_span(witnessing: &Witnessing<'_, '_>, id: plimsoll_analysis::ModuleId, name: &str) -> Span {
    let module = witnessing.machine.program.module(id);
    let export = module.exports.iter().find(|export| export.name == name);
    export.map_or_else(
        || Span::whole(module.file),
        |export| {
            let range = match export.value.map(|value| module.node(value).kind.clone()) {
                Some(plimsoll_ir::Kind::Function(function)) => module.function(function).head,
                _ => export.range,
            };
            module.span_of(range)
        },
    )
}
