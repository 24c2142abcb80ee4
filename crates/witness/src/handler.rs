//! What a handler does: events of a run turned into guards, effects and flows of an entry point.

mod beyond;
mod computed;
mod effects;
mod flows;
mod mail;
mod php;
mod placed;
mod purpose;
pub(crate) mod rows;
pub(crate) mod state;
pub(crate) mod uploads;
mod vetting;
mod wrapped;

pub(crate) use effects::{is_session_name, sends_messages};
pub(crate) use flows::{RETURNED, answer, flows_of};
pub(crate) use php::{header_line, upload_without_checks};
pub(crate) use purpose::{purposes_of, words_of};
pub(crate) use rows::is_ticket_column;
pub(crate) use wrapped::innermost;

use plimsoll_analysis::{Event, EventKind, Fact, Facts, FunctionRef, Label, Program, Value, ValueKind};
use plimsoll_model::app::{Effect, EffectKind, EntryPoint, Flow, Guard, GuardKind, GuardStanding};

use crate::guards;
use crate::server::chain::Past;

/// Everything read off the run of one handler.
#[derive(Debug, Default)]
pub(crate) struct Interpretation {
    /// Guards: those that apply to the whole handler first.
    pub(crate) guards: Vec<Guard>,
    /// How many apply to the whole handler.
    pub(crate) whole: usize,
    /// Effects.
    pub(crate) effects: Vec<Effect>,
    /// Names of inputs read.
    pub(crate) inputs: Vec<String>,
    /// Flows, their entry not set.
    pub(crate) flows: Vec<Flow>,
    /// Functions of the app that were entered.
    pub(crate) entered: Vec<FunctionRef>,
    /// The answer carries data that is not constant.
    pub(crate) answers_with_data: bool,
}

/// Interprets the events of a handler that started from `start` (what its middleware, whose own events are `before`,
/// established).
pub(crate) fn interpret(events: &[Event], start: &Facts, before: &Past, program: &Program<'_>) -> Interpretation {
    let tree = program.tree;
    let mut out = Interpretation::default();
    let mut found: Vec<(Effect, Facts)> = Vec::new();
    // The handler itself is entered without an event, so what happens first happens in it.
    let handler =
        events.first().and_then(|event| event.function).map(|function| wrapped::innermost(program, events, function));
    let mut called_at = None;
    for (index, event) in events.iter().enumerate() {
        if matches!(event.kind, EventKind::Enter { .. }) && event.function == handler {
            called_at = Some(event.span);
        }
        if let EventKind::Enter { function, .. } = event.kind {
            out.entered.push(function);
        }
        if let Some(mut effect) = effects::effect_of(events, index) {
            effect.called_at = called_at.filter(|_| event.function != handler);
            found.push((effect, event.facts.clone()));
        }
        collect_inputs(event, &mut out.inputs);
    }
    for event in events.iter().filter(|event| flows::is_success_answer(event)) {
        for table in flows::records_in(event) {
            let known = found.iter().any(|(effect, _)| effect.target == table);
            if !known {
                found.push((effects::given_away(event, &table), event.facts.clone()));
            }
        }
    }
    if !found.iter().any(|(effect, _)| effect.kind == EffectKind::VerifyPassword)
        && let Some(span) = compared_password(events)
    {
        found.push((effects::compared_password(span), start.clone()));
    }
    out.inputs.sort();
    out.inputs.dedup();
    let mut reader = guards::Reader::new(tree);
    limit_reads(events, &mut found, &mut reader);

    // What every effect has in common applies to the whole handler. Looking up the caller's own record is how a guard
    // works, not what it guards.
    let mut whole: Option<Facts> = None;
    for (effect, facts) in &found {
        if is_lookup(effect) || !effect.kind.touches_data() {
            continue;
        }
        whole = Some(match whole {
            Some(common) => common.common(facts),
            None => facts.clone(),
        });
    }
    // A handler without effects is guarded by what holds where it answers.
    let whole = whole.unwrap_or_else(|| {
        let answers: Vec<&Facts> = events
            .iter()
            .filter(|event| flows::is_success_answer(event) && !is_preflight(event))
            .map(|event| &event.facts)
            .collect();
        match answers.split_first() {
            Some((first, rest)) => rest.iter().fold((*first).clone(), |common, facts| common.common(facts)),
            // It answers with nothing that was seen: what holds where it looks things up.
            None => match found.split_first() {
                Some(((_, first), rest)) => rest.iter().fold(first.clone(), |common, (_, facts)| common.common(facts)),
                None => start.clone(),
            },
        }
    });
    let mut whole = whole;
    if !reader.guards_of(&whole).iter().any(Guard::holds) {
        // A handler that only hands out the caller's own is guarded by what holds where it looks that up.
        let mut lookups = found.iter().filter(|(effect, _)| effect.kind.touches_data()).map(|(_, facts)| facts);
        if let Some(first) = lookups.next() {
            let common = lookups.fold(first.clone(), |common, facts| common.common(facts));
            if reader.guards_of(&common).iter().any(Guard::holds) {
                whole = common;
            }
        }
    }
    out.guards = reader.guards_of(&whole);
    for guard in reader.guards_of(start) {
        if !out.guards.iter().any(|known| known.kind == guard.kind) {
            out.guards.push(guard);
        }
    }
    // Each thing that it does is behind a login, though no single condition stands before all of them: a helper that says
    // who calls does something itself.
    if !out.guards.iter().any(|guard| is_of_caller(guard.kind) && guard.holds()) {
        let done = found.iter().filter(|(effect, _)| effect.kind.touches_data() && !is_lookup(effect));
        let mut behind = done.map(|(_, facts)| {
            reader.guards_of(facts).into_iter().filter(|guard| is_of_caller(guard.kind) && guard.holds())
        });
        let mut first = None;
        let all = behind.all(|mut guards| match guards.find(|guard| guard.kind == GuardKind::Authentication) {
            Some(guard) => {
                first.get_or_insert(guard);
                true
            }
            None => false,
        });
        out.guards.extend(first.filter(|_| all));
    }
    if !out.guards.iter().any(|guard| guard.kind == GuardKind::RateLimit)
        && let Some(guard) = own_limiter(events.iter()).or_else(|| before.limiter())
    {
        out.guards.push(guard);
    }
    out.whole = out.guards.len();
    let by_login = |guards: &[Guard]| guards.iter().any(|guard| is_of_caller(guard.kind) && guard.holds());
    for (mut effect, facts) in found {
        effect.beyond_guards = beyond::is_beyond(&effect, &facts, tree);
        effect.limited_to_tenant |= guards::ask_for_tenant(facts.iter(), 0);
        if by_login(&out.guards[..out.whole]) {
            let before = before_comparison(events, &effect).unwrap_or_else(|| facts.clone());
            effect.ahead = !by_login(&reader.guards_of(&before));
        }
        for guard in reader.guards_of(&facts) {
            let known = out.guards.iter().position(|known| known.kind == guard.kind && known.span == guard.span);
            let index = known.unwrap_or_else(|| {
                out.guards.push(guard);
                out.guards.len() - 1
            });
            if index >= out.whole && !effect.guards.contains(&index) {
                effect.guards.push(index);
            }
        }
        out.effects.push(effect);
    }
    out.flows = flows_of(events);
    out.answers_with_data = events.iter().any(flows::answers_with_data);
    out
}

/// Whether a step only looks up the caller's own, which is how a guard works.
fn is_lookup(effect: &Effect) -> bool {
    matches!(effect.kind, EffectKind::Read | EffectKind::Query | EffectKind::ReadMemory)
        && (effect.limited_to_caller || effect.target.to_ascii_lowercase().contains("session"))
}

/// Whether a guard says who may call.
fn is_of_caller(kind: GuardKind) -> bool {
    matches!(kind, GuardKind::Authentication | GuardKind::Role | GuardKind::Ownership)
}

/// What holds before a password is compared by hand: the comparison is a condition, not something that happens.
fn before_comparison(events: &[Event], effect: &Effect) -> Option<Facts> {
    if effect.kind != EffectKind::VerifyPassword {
        return None;
    }
    let is_it = |fact: &Fact| matches!(fact, Fact::Equal { span, .. } if *span == effect.span);
    let event = events.iter().find(|event| event.facts.iter().any(is_it))?;
    Some(Facts::default().with(event.facts.iter().take_while(|fact| !is_it(fact)).cloned()))
}

/// Whether an event answers a browser's question before the request proper.
fn is_preflight(event: &Event) -> bool {
    event.facts.iter().any(|fact| match fact {
        Fact::Equal { left, right, holds: true, .. } => [(left, right), (right, left)]
            .iter()
            .any(|(a, b)| a.path().ends_with(".method") && b.as_str() == Some("OPTIONS")),
        _ => false,
    })
}

/// Where a password that was sent is compared with what the app knows, without a library's help.
fn compared_password(events: &[Event]) -> Option<plimsoll_source::Span> {
    let is_sent = |value: &Value| {
        value.deep_labels().any(|label| {
            matches!(label, Label::Input(name, _) if {
                let name = name.to_ascii_lowercase();
                name.ends_with("password") || name.ends_with(".pwd") || name.ends_with("passwd") || name.ends_with("passcode")
            })
        })
    };
    // `USERS[name]` is the app's own although the visitor's name picks it; what is sent as it is, is not.
    fn is_known(value: &Value) -> bool {
        let sent = || value.labels.any(|label| matches!(label, Label::Input(..)));
        let stored = || value.labels.any(|label| matches!(label, Label::Record(..) | Label::Env(_)));
        match &value.kind {
            ValueKind::Null | ValueKind::Bool(_) | ValueKind::Num(_) | ValueKind::Compare(_) => false,
            ValueKind::Str(text) => text.len() >= 3,
            ValueKind::Unknown | ValueKind::Symbol(_) => stored() || (!sent() && !value.labels.is_empty()),
            ValueKind::Choice(alternatives) => alternatives.iter().any(|(value, _)| is_known(value)),
            _ => !sent(),
        }
    }
    // Conditions on the way to what happens, and on the way to each value that is returned.
    let returned = events.iter().filter_map(|event| match &event.kind {
        EventKind::Return { value } => match &value.kind {
            ValueKind::Choice(alternatives) => Some(alternatives.iter().flat_map(|(_, facts)| facts.iter())),
            _ => None,
        },
        _ => None,
    });
    Facts::distinct(events.iter().map(|event| &event.facts)).chain(returned.flatten()).find_map(|fact| match fact {
        Fact::Equal { left, right, span, .. }
            if (is_sent(left) && is_known(right)) || (is_sent(right) && is_known(left)) =>
        {
            Some(*span)
        }
        _ => None,
    })
}

/// A record that is given away only behind a check whose it is, is limited to the caller, although it was read before.
fn limit_reads(events: &[Event], found: &mut [(Effect, Facts)], reader: &mut guards::Reader<'_>) {
    // The same for every record: looked for once.
    let sent: Vec<&Event> = events
        .iter()
        .filter(|event| {
            !matches!(event.kind, EventKind::Return { .. })
                && (flows::is_success_answer(event) || event.path().ends_with("render_template"))
        })
        .collect();
    let returned: Vec<(&Event, &Value)> = events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::Return { value } => Some((event, value)),
            _ => None,
        })
        .collect();
    for (effect, before) in found.iter_mut() {
        let reads = matches!(effect.kind, EffectKind::Read | EffectKind::ReadMemory | EffectKind::ReadFile);
        if !reads || !effect.picked_by_input || effect.limited_to_caller {
            continue;
        }
        let about = |value: &Value| {
            value.deep_labels().any(|label| matches!(label, Label::Record(name, _) if name.as_str() == effect.target))
        };
        let mut answers: Vec<Facts> = sent
            .iter()
            .filter(|event| effect.kind == EffectKind::ReadFile || event.args().iter().any(|arg| about(&arg.value)))
            .map(|event| event.facts.clone())
            .collect();
        // Frameworks whose handlers return the answer.
        let returned = if answers.is_empty() { &returned[..] } else { &[] };
        for (event, value) in returned {
            match &value.kind {
                ValueKind::Choice(alternatives) => answers.extend(
                    alternatives.iter().filter(|(value, _)| about(value)).map(|(_, more)| event.facts.and(more)),
                ),
                _ if about(value) => answers.push(event.facts.clone()),
                _ => {}
            }
        }
        // A role that was asked for before says nothing of whose the record is.
        let by_role = reader.guards_of(before).iter().any(|guard| guard.kind == GuardKind::Role && guard.holds());
        effect.limited_to_caller = !answers.is_empty()
            && answers.iter().all(|facts| {
                reader.guards_of(facts).iter().any(|guard| {
                    guard.holds() && (guard.kind == GuardKind::Ownership || guard.kind == GuardKind::Role && !by_role)
                })
            });
    }
}

/// A limiter of the app's own: the handler can answer 429 (too many requests, RFC 6585). One that counts in the
/// visitor's own session is reset by sending no cookie.
pub(crate) fn own_limiter<'e>(mut events: impl Iterator<Item = &'e Event> + Clone) -> Option<Guard> {
    // `hits.get(ip)`: what the count is kept under.
    let keyed_by_header = events.clone().any(|event| {
        let path = event.path();
        (path.starts_with(crate::knowledge::stores::MEMORY) || matches!(path, "Map().get" | "Map().set" | "Map().has"))
            && event.arg(0).is_some_and(comes_from_forwarded)
    });
    let is_429 = |value: &Value| matches!(value.kind, ValueKind::Num(number) if number == 429.0);
    let refuses = |value: &Value| is_429(value) || value.field("status").is_some_and(|status| is_429(&status));
    // `if (answer.status === 429)`: another service's limit is passed on, which spends its owner's money up to there.
    let passes_on = |event: &Event| {
        event
            .facts
            .iter()
            .any(|fact| matches!(fact, Fact::Equal { left, right, holds: true, .. } if is_429(left) || is_429(right)))
    };
    let event = events.find(|event| match &event.kind {
        _ if passes_on(event) => false,
        EventKind::Call { args, .. } | EventKind::Method { args, .. } => args.iter().any(|arg| refuses(&arg.value)),
        EventKind::Return { value } => value.items().iter().any(is_429),
        _ => false,
    })?;
    let mut guard = named_guard(GuardKind::RateLimit, "answers 429", event.span);
    let in_session = |value: &Value| value.path().contains("session");
    let by_header = event.facts.iter().any(|fact| match fact {
        Fact::Compared { left, right, .. } => [left, right].iter().any(|value| {
            value
                .deep_labels()
                .any(|label| matches!(label, Label::Input(name, _) if crate::server::chain::is_forwarded_header(name)))
        }),
        _ => false,
    });
    if by_header || keyed_by_header {
        guard.standing = GuardStanding::FailsOpen(BY_FORWARDED_HEADER.into());
    }
    let by_caller = event
        .facts
        .iter()
        .any(|fact| matches!(fact, Fact::Compared { left, right, .. } if in_session(left) || in_session(right)));
    if by_caller {
        guard.standing = GuardStanding::FailsOpen("it counts in the visitor's own session".into());
    }
    Some(guard)
}

/// Whether a value is what a header of proxies says, first of all.
fn comes_from_forwarded(value: &Value) -> bool {
    match &value.kind {
        ValueKind::Or(pair) => comes_from_forwarded(&pair.0),
        ValueKind::Choice(ways) => ways.first().is_some_and(|(value, _)| comes_from_forwarded(value)),
        _ => value
            .deep_labels()
            .any(|label| matches!(label, Label::Input(name, _) if crate::server::chain::is_forwarded_header(name))),
    }
}

/// Why a limiter of the app's own does not hold that counts by a header of proxies.
const BY_FORWARDED_HEADER: &str = "it counts by the address in a header that the caller writes";

/// Frameworks that usually run on a platform which writes the header of the sender's address itself.
const ON_PLATFORMS: &[&str] =
    &["Next.js", "Supabase edge functions", "SvelteKit", "Nuxt", "Remix", "Serverless", "Firebase"];

impl Interpretation {
    /// Puts what was read into an entry point.
    pub(crate) fn fill(self, entry: &mut EntryPoint, named: Vec<Guard>) -> Vec<Flow> {
        // Guards known by name (a library's middleware) come first: they run before the handler.
        let shift = named.len();
        let mut guards = named;
        guards.extend(self.guards);
        if ON_PLATFORMS.contains(&entry.framework.as_str()) {
            for guard in &mut guards {
                if guard.standing == GuardStanding::FailsOpen(BY_FORWARDED_HEADER.into()) {
                    guard.standing = GuardStanding::Named;
                }
            }
        }
        entry.whole = shift + self.whole;
        entry.guards = guards;
        entry.effects = self.effects;
        for effect in &mut entry.effects {
            for index in &mut effect.guards {
                *index += shift;
            }
        }
        entry.inputs = self.inputs;
        entry.trivial = entry.effects.is_empty() && !self.answers_with_data;
        entry.purposes = purposes_of(entry);
        // A login that writes a row into the app's own table of sessions has issued one.
        let issues = |effect: &&Effect| effect.kind == EffectKind::IssueSession;
        if entry.purposes.contains(&plimsoll_model::app::Purpose::Login)
            && !entry.effects.iter().any(|effect| issues(&effect))
            && let Some(row) = entry
                .effects
                .iter()
                .find(|effect| effect.kind == EffectKind::Create && crate::knowledge::keeps_sessions(&effect.target))
        {
            let issued =
                Effect { guards: row.guards.clone(), ..Effect::new(EffectKind::IssueSession, "session", row.span) };
            entry.effects.push(issued);
        }
        self.flows
    }
}

/// The records that middleware looks up for the handler behind it, by what the address names: `app.param`, `loadInvoice`.
/// What it looks up by the caller's own login is how a guard works.
pub(crate) fn loaded(events: &[Event]) -> Vec<Effect> {
    let mut out: Vec<Effect> = Vec::new();
    for index in 0..events.len() {
        let Some(effect) = effects::effect_of(events, index) else { continue };
        let known = out.iter().any(|other| other.target == effect.target);
        if effect.kind == EffectKind::Read
            && (effect.picked_by_input || effect.picked_by_number)
            && !effect.limited_to_caller
            && !effect.target.is_empty()
            && !crate::knowledge::keeps_sessions(&effect.target)
            && !known
        {
            out.push(effect);
        }
    }
    out
}

fn collect_inputs(event: &Event, out: &mut Vec<String>) {
    let mut add = |value: &Value| {
        for label in value.labels.iter() {
            match label {
                Label::Input(name, _) | Label::Upload(name, _) if out.len() < 64 => out.push(name.to_string()),
                _ => {}
            }
        }
    };
    match &event.kind {
        EventKind::Call { args, .. } | EventKind::Method { args, .. } => {
            for arg in args.iter() {
                add(&Value::of(arg.value.deep_labels()));
            }
        }
        EventKind::Assign { value, .. }
        | EventKind::Attribute { value, .. }
        | EventKind::Output { value }
        | EventKind::Compose { value }
        | EventKind::Return { value } => {
            add(value);
        }
        EventKind::Enter { .. } => {}
    }
}

/// A guard that is known by its name or library only.
pub(crate) fn named_guard(kind: GuardKind, name: &str, span: plimsoll_source::Span) -> Guard {
    Guard {
        kind,
        side: plimsoll_model::app::Side::Server,
        name: name.to_owned(),
        standing: plimsoll_model::app::GuardStanding::Named,
        roles: Vec::new(),
        span,
    }
}
