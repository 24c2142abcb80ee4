//! From facts to guards: which conditions keep whom out.

use std::collections::HashMap;
use std::rc::Rc;

use plimsoll_analysis::{Fact, Facts, Label, Value, ValueKind};
use plimsoll_model::app::{Guard, GuardKind, GuardStanding, Side};
use plimsoll_source::SourceTree;

/// A guard as read from a fact, before it has a name.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Check {
    kind: GuardKind,
    standing: GuardStanding,
}

impl Check {
    fn holds(kind: GuardKind) -> Self {
        Check { kind, standing: GuardStanding::Enforced }
    }

    fn fails(kind: GuardKind, why: &str) -> Self {
        Check { kind, standing: GuardStanding::FailsOpen(why.to_owned()) }
    }
}

/// The guards that facts amount to, in the order in which they were established.
pub(crate) fn guards_of(facts: &Facts, tree: &SourceTree) -> Vec<Guard> {
    Reader::new(tree).guards_of(facts)
}

/// A fact, and the guards that it amounts to.
type Understood = (Rc<Fact>, Vec<Guard>);

/// Reads guards off many lists of facts. The lists of one run share most of their facts: each is understood once.
pub(crate) struct Reader<'t> {
    tree: &'t SourceTree,
    /// By the fact's identity, which it keeps while it is held here, and whether the login was checked before it.
    known: HashMap<(*const Fact, bool), Understood>,
}

impl<'t> Reader<'t> {
    pub(crate) fn new(tree: &'t SourceTree) -> Self {
        Reader { tree, known: HashMap::new() }
    }

    /// The guards that facts amount to, in the order in which they were established.
    pub(crate) fn guards_of(&mut self, facts: &Facts) -> Vec<Guard> {
        let mut guards: Vec<Guard> = Vec::new();
        for fact in facts.shared() {
            let tree = self.tree;
            let signed_in = guards
                .iter()
                .any(|guard| guard.kind == GuardKind::Authentication && guard.standing == GuardStanding::Enforced);
            let known = self.known.entry((Rc::as_ptr(fact), signed_in)).or_insert_with(|| {
                let read = if signed_in { guards_in(&without_nobody(fact), tree) } else { guards_in(fact, tree) };
                (Rc::clone(fact), read)
            });
            for guard in &known.1 {
                if !guards.iter().any(|other| other.kind == guard.kind && other.standing == guard.standing) {
                    guards.push(guard.clone());
                }
            }
        }
        // Whoever has a ticket that was found genuine has sent one.
        let known = |guard: &Guard| {
            matches!(guard.kind, GuardKind::Authentication | GuardKind::Role | GuardKind::Signature) && guard.holds()
        };
        if guards.iter().any(known) {
            guards.retain(|guard| guard.standing != GuardStanding::FailsOpen(MERE_TICKET.to_owned()));
        }
        guards
    }
}

fn guards_in(fact: &Fact, tree: &SourceTree) -> Vec<Guard> {
    let mut roles = Vec::new();
    roles_in(fact, 0, &mut roles);
    let guard = |check: Check| Guard {
        kind: check.kind,
        side: Side::Server,
        name: name_of(fact, tree),
        standing: check.standing,
        roles: roles.clone(),
        span: fact.span(),
    };
    checks(fact, 0).into_iter().map(guard).collect()
}

/// Whether some condition on the way sets the caller's organisation against that of something else, also where it does so
/// for some callers only: `user.role === 'super_admin' || user.companyId === order.companyId`.
pub(crate) fn ask_for_tenant<'f>(mut facts: impl Iterator<Item = &'f Fact>, depth: u32) -> bool {
    let is_own = |value: &Value| {
        is_identity(value)
            && value.as_symbol().is_some_and(|symbol| plimsoll_model::names::is_tenant(name_of_field(symbol).as_str()))
    };
    facts.any(|fact| match fact {
        Fact::Equal { left, right, .. } => {
            let constant = |value: &Value| value.labels.is_empty();
            (is_own(left) && !constant(right)) || (is_own(right) && !constant(left))
        }
        Fact::In { value, among, .. } => is_own(value) && !among.labels.is_empty(),
        Fact::AnyOf { branches, .. } => depth < 4 && ask_for_tenant(branches.iter().flatten(), depth + 1),
        _ => false,
    })
}

/// The fixed words that a fact sets what the caller may do against: `user.role === 'admin'`, `roles.includes(user.role)`.
fn roles_in(fact: &Fact, depth: u32, out: &mut Vec<String>) {
    const MANY: usize = 16;
    let is_right = |value: &Value| is_identity(value) && is_privilege(value);
    let mut add = |value: &Value| {
        if let Some(word) = value.as_str()
            && out.len() < MANY
            && !out.iter().any(|known| known == word)
        {
            out.push(word.to_owned());
        }
    };
    match fact {
        Fact::Equal { left, right, holds: true, .. } => {
            for (right_of, word) in [(left, right), (right, left)] {
                if is_right(right_of) {
                    add(word);
                }
            }
        }
        Fact::In { value, among, holds: true, .. } if is_right(value) => among.items().iter().for_each(add),
        Fact::In { value, among, holds: true, .. } if is_right(among) => add(value),
        Fact::AnyOf { branches, .. } if depth < 4 => {
            for fact in branches.iter().flatten() {
                roles_in(fact, depth + 1, out);
            }
        }
        _ => {}
    }
}

/// The fact without alternatives in which nobody is signed in: behind a check of the login they cannot be.
fn without_nobody(fact: &Fact) -> Fact {
    let Fact::AnyOf { branches, depth, span } = fact else { return fact.clone() };
    let is_nobody = |fact: &Fact| match fact {
        Fact::Truthy { value, holds: false, .. } => {
            let path = value.path();
            let last = path.rsplit('.').next().unwrap_or(path);
            is_identity(value)
                && (path.is_empty()
                    || last.ends_with("()")
                    || matches!(last, "user" | "current_user" | "currentUser" | "session" | "@identity"))
        }
        _ => false,
    };
    let rest: Vec<Vec<Fact>> = branches.iter().filter(|facts| !facts.first().is_some_and(is_nobody)).cloned().collect();
    match &rest[..] {
        [] => fact.clone(),
        // One way is left: what it asks holds. A list of one alternative reads as all of it.
        _ => Fact::AnyOf { branches: rest.into(), depth: *depth, span: *span },
    }
}

/// What kinds of guard it amounts to that a value counts as true.
pub(crate) fn of_truth(value: &Value, span: plimsoll_source::Span) -> Vec<GuardKind> {
    let fact = match &value.kind {
        ValueKind::Equal(pair, holds) => {
            Fact::Equal { left: pair.0.clone(), right: pair.1.clone(), holds: *holds, span }
        }
        ValueKind::In(pair) => Fact::In { value: pair.0.clone(), among: pair.1.clone(), holds: true, span },
        ValueKind::And(pair) => {
            let mut all = of_truth(&pair.0, span);
            all.extend(of_truth(&pair.1, span));
            return all;
        }
        ValueKind::Or(pair) => {
            let other = of_truth(&pair.1, span);
            return of_truth(&pair.0, span).into_iter().filter(|kind| other.contains(kind)).collect();
        }
        // What is simply true lets anybody in; the others must each be a guard.
        ValueKind::Choice(alternatives) => {
            let mut ways = alternatives.iter().filter(|(value, _)| value.truth() != plimsoll_analysis::Truth::No).map(
                |(value, facts)| {
                    let mut kinds = of_truth(value, span);
                    kinds.extend(facts.iter().flat_map(|fact| checks(fact, 0)).map(|check| check.kind));
                    kinds
                },
            );
            let first = ways.next().unwrap_or_default();
            return ways.fold(first, |common, kinds| common.into_iter().filter(|kind| kinds.contains(kind)).collect());
        }
        _ => Fact::Truthy { value: value.clone(), holds: true, span },
    };
    checks(&fact, 0)
        .into_iter()
        .filter(|check| check.standing == GuardStanding::Enforced)
        .map(|check| check.kind)
        .collect()
}

/// The fact as the code writes it, for people.
fn name_of(fact: &Fact, tree: &SourceTree) -> String {
    match fact {
        Fact::Passed { path, .. } => path.clone(),
        _ => {
            let text = tree.text(fact.span());
            let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(80).collect();
            line
        }
    }
}

fn checks(fact: &Fact, depth: u32) -> Vec<Check> {
    if depth > 4 {
        return Vec::new();
    }
    match fact {
        Fact::Truthy { value, holds: true, .. } => truthy(value),
        Fact::Truthy { value, holds: false, .. } => falsy(value),
        Fact::Equal { left, right, holds, .. } => equal(left, right, *holds),
        Fact::In { value, among, holds, .. } => membership(value, among, *holds),
        Fact::Compared { left, right, .. } => compared(left, right),
        Fact::Passed { path, value, .. } => passed(path, value),
        Fact::AnyOf { branches, .. } => any_of(branches, depth),
    }
}

fn truthy(value: &Value) -> Vec<Check> {
    let mut out = Vec::new();
    // What was sent is well-formed, whoever sent it.
    if value.as_symbol().is_some_and(|symbol| {
        matches!(symbol.last_name().trim_end_matches("()"), "is_valid" | "validate_on_submit" | "is_bound")
    }) {
        return out;
    }
    // An error beside the caller (`const { data, error } = await …getUser()`) is the sign of nobody.
    if value.as_symbol().is_some_and(|symbol| symbol.last_name().to_ascii_lowercase().ends_with("error")) {
        return out;
    }
    // `bool(row[0])` is true where `row[0]` counts as true.
    if let Some(symbol) = value.as_symbol()
        && symbol.path == "bool()"
        && let Some((_, args, _)) = symbol.calls().pop()
        && let Some(inner) = args.first()
    {
        return truthy(&inner.value);
    }
    if is_identity(value) {
        // Every account has claims.
        let is_claims = value.path().ends_with("getClaims().data.claims");
        if (is_privilege(value) && !is_claims)
            || asks_for_role(value)
            || kind_of_user(value).is_some()
            || is_group(value)
        {
            out.push(Check::holds(GuardKind::Role));
        }
        // A record found by an id of the request *and* the caller's own: nothing comes back for others.
        if is_record(value) && (has_input(value) || is_picked(value)) || may_touch(value) {
            out.push(Check::holds(GuardKind::Ownership));
        }
        out.push(Check::holds(GuardKind::Authentication));
    } else if let Some(only) = callers_share(value) {
        // The caller is among those who hang on the record.
        if privilege_asked(&only) {
            out.push(Check::holds(GuardKind::Role));
        }
        out.push(Check::holds(GuardKind::Ownership));
        out.push(Check::holds(GuardKind::Authentication));
    } else if found_by_ticket(value) {
        out.push(Check::holds(GuardKind::Signature));
    } else if is_mere_ticket(value) {
        out.push(Check::fails(GuardKind::Authentication, MERE_TICKET));
    }
    out
}

const MERE_TICKET: &str = "it asks only whether a ticket was sent, not whether it is genuine";

/// Whether a value is what a request shows as the ticket of a login, as it was sent: the cookie of a session, the header
/// that carries a token.
fn is_mere_ticket(value: &Value) -> bool {
    let mut sent = value.labels.iter().filter_map(|label| match label {
        Label::Input(name, _) => Some(name.as_str()),
        _ => None,
    });
    let by_cookie = |name: &str| {
        value.as_symbol().is_some_and(|symbol| {
            symbol
                .calls()
                .iter()
                .flat_map(|(_, args, _)| args.iter())
                .any(|arg| arg.value.as_str().is_some_and(crate::handler::is_session_name))
        }) || name.rsplit('.').next().is_some_and(crate::handler::is_session_name)
    };
    sent.any(|name| {
        (name.starts_with("cookies") && by_cookie(name)) || (name.starts_with("headers") && by_header(value, name))
    })
}

fn by_header(value: &Value, name: &str) -> bool {
    let names_it = |text: &str| text.to_ascii_lowercase().contains("authorization");
    names_it(name)
        || value.as_symbol().is_some_and(|symbol| {
            symbol
                .calls()
                .iter()
                .flat_map(|(_, args, _)| args.iter())
                .any(|arg| arg.value.as_str().is_some_and(names_it))
        })
}

/// Whether the caller is asked what it may do with a record: `user.can_edit(invoice)`, `user.owns(invoice)`.
fn may_touch(value: &Value) -> bool {
    let Some(plimsoll_analysis::SymbolKind::Call { callee, args, .. }) = value.as_symbol().map(|symbol| &symbol.kind)
    else {
        return false;
    };
    let words = crate::handler::words_of(&callee.last_name());
    let asks = words.first().is_some_and(|word| matches!(word.as_str(), "can" | "may" | "owns" | "has" | "is"))
        && (words.len() > 1 || words.first().is_some_and(|word| word == "owns" || word == "can"));
    asks && args.iter().any(|arg| is_record(&arg.value))
}

/// Whether a record was found by a secret that the request shows: the token of an invitation, the code of a link. Whoever
/// has it was given it.
fn found_by_ticket(value: &Value) -> bool {
    is_record(value) && value.as_symbol().is_some_and(|symbol| asks_by_ticket(symbol, 0))
}

/// Whether one of the calls on the way to a value asks for what a secret of the request opens.
fn asks_by_ticket(symbol: &plimsoll_analysis::Symbol, depth: u32) -> bool {
    depth < 4 && chain_by_ticket(&symbol.calls(), depth)
}

/// The same for the calls of a query.
pub(crate) fn chain_by_ticket(
    chain: &[(plimsoll_ir::Str, std::rc::Rc<[plimsoll_analysis::Argument]>, plimsoll_analysis::Site)],
    depth: u32,
) -> bool {
    let args = || chain.iter().flat_map(|(_, args, _)| args.iter());
    // `prepare('… WHERE token = ?').get(token)`; what PHP binds to a statement is bound beside the chain.
    let by_sql = args().any(|arg| arg.value.text_shape().is_some_and(|text| sql_asks_by_ticket(&text)))
        && (args().any(|arg| is_shown(&arg.value)) || chain.iter().any(|(name, ..)| name == "prepare"));
    by_sql
        || chain.iter().any(|(name, args, _)| call_by_ticket(name, args))
        || args().any(|arg| {
            arg.value.as_object().is_none()
                && arg.value.text_shape().is_none()
                && arg.value.as_symbol().is_some_and(|inner| asks_by_ticket(inner, depth + 1))
        })
}

/// Whether a value comes from what the request shows openly: a link, a form.
fn is_shown(value: &Value) -> bool {
    has_label(
        value,
        |label| matches!(label, Label::Input(name, _) if !name.starts_with("cookies") && !name.starts_with("headers")),
    )
}

/// Whether a call compares a column that holds secrets given out earlier with what the request shows.
fn call_by_ticket(name: &str, args: &[plimsoll_analysis::Argument]) -> bool {
    fn named(value: &Value, depth: u32) -> bool {
        let Some(object) = value.as_object() else { return false };
        let fields = object.fields.borrow();
        fields.iter().any(|(name, field)| {
            (crate::handler::is_ticket_column(name) && is_shown(field))
                || (depth < 2 && name == "where" && (named(field, depth + 1) || by_symbol(field)))
        })
    }
    fn by_symbol(value: &Value) -> bool {
        value.as_symbol().is_some_and(|symbol| asks_by_ticket(symbol, 1))
    }
    let given = |at: usize| args.get(at).map(|arg| &arg.value);
    // `eq(invitations.token, token)`, `.eq('token', token)`, `.where('token', token)`
    let column = given(0).and_then(|first| match first.as_str() {
        Some(text) => Some(text.to_owned()),
        None => first.as_symbol().map(|symbol| symbol.last_name().to_string()),
    });
    let by_pair = matches!(name, "eq" | "where" | "equals" | "is")
        && column.is_some_and(|column| crate::handler::is_ticket_column(&column))
        && given(args.len().saturating_sub(1)).is_some_and(is_shown);
    by_pair || args.iter().any(|arg| named(&arg.value, 0))
}

/// `… WHERE invite_token = ?`
fn sql_asks_by_ticket(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let Some((_, condition)) = lower.split_once("where ") else { return false };
    condition.split(" and ").any(|part| {
        part.split_once('=').is_some_and(|(column, value)| {
            let column = column.trim().rsplit('.').next().unwrap_or("").trim_matches(['"', '`', '(', ' ']).to_owned();
            crate::handler::is_ticket_column(&column) && value.trim_start().starts_with(['?', '$', ':', '@', '%', '{'])
        })
    })
}

fn falsy(value: &Value) -> Vec<Check> {
    // `const { error } = await requireUser()`: no error means it passed; facts of the alternatives say the rest.
    // `@limiter.isLimited`, `!success`-style results of rate limiters.
    let path = value.path().to_ascii_lowercase();
    // Supabase: the check of a token gives a user or an error, never neither.
    if path.ends_with(".auth.getuser().error") {
        return vec![Check::holds(GuardKind::Authentication)];
    }
    if ["ratelimit", "rate_limit", "limiter", "throttle"].iter().any(|word| path.contains(word))
        || has_label(value, |label| {
            // `if (locked) return`: the database counts, and says so.
            let counts = |name: &str| ["attempt", "locked", "lockout"].iter().any(|word| name.contains(word));
            matches!(label, Label::Record(name, _) if counts(name))
        })
    {
        return vec![Check::holds(GuardKind::RateLimit)];
    }
    // `if user.is_customer: raise Forbidden`: what is left are those who work here.
    let outsiders = ["patient", "customer", "client", "student", "guest", "visitor", "tenant", "parent"];
    if is_identity(value) && kind_of_user(value).is_some_and(|kind| outsiders.contains(&kind.as_str())) {
        return vec![Check::holds(GuardKind::Role), Check::holds(GuardKind::Authentication)];
    }
    Vec::new()
}

/// Whether it is asked in which of an app's groups the caller is.
fn is_group(value: &Value) -> bool {
    let path = value.path();
    [".groups.", ".roles.", ".user_permissions."].iter().any(|list| path.contains(list))
}

/// What kind of user a property of the caller asks for: `doctor` for `user.is_doctor`.
fn kind_of_user(value: &Value) -> Option<String> {
    let symbol = value.as_symbol()?;
    let words = crate::handler::words_of(symbol.last_name().trim_end_matches("()"));
    let ["is", kind, ..] = &words.iter().map(String::as_str).collect::<Vec<_>>()[..] else { return None };
    let is_state = matches!(
        *kind,
        "authenticated"
            | "active"
            | "anonymous"
            | "verified"
            | "logged"
            | "signed"
            | "valid"
            | "confirmed"
            | "email"
            | "phone"
            | "null"
            | "none"
            | "new"
            | "deleted"
            | "blocked"
            | "banned"
            | "locked"
            | "expired"
            | "approved"
            | "enabled"
            | "disabled"
            | "online"
            | "loading"
            | "ok"
            | "error"
            | "success"
    );
    // `is_int($id)` asks what a value is, not who somebody is.
    let is_kind_of_value = matches!(
        *kind,
        "int"
            | "integer"
            | "numeric"
            | "number"
            | "float"
            | "string"
            | "str"
            | "bool"
            | "array"
            | "object"
            | "dict"
            | "list"
            | "callable"
            | "iterable"
            | "scalar"
            | "finite"
            | "nan"
            | "empty"
            | "undefined"
            | "function"
            | "digit"
            | "plain"
            | "a"
    );
    (!is_state && !is_kind_of_value).then(|| (*kind).to_owned())
}

fn equal(left: &Value, right: &Value, holds: bool) -> Vec<Check> {
    let pairs = [(left, right), (right, left)];
    if holds && pairs.iter().any(|(a, b)| has_input(a) && is_csrf_token(b)) {
        return vec![Check::holds(GuardKind::Csrf)];
    }
    // `rows.length !== 0`: something was found.
    if !holds && matches!(right.kind, ValueKind::Num(number) if number == 0.0) && is_record(left) {
        return truthy(left);
    }
    for (a, b) in pairs {
        // A password against its record is no guard of the caller: it is the login itself.
        if has_label(a, |label| matches!(label, Label::Credential)) {
            return Vec::new();
        }
        if is_identity(a) || callers_share(a).is_some() {
            let constant = b.as_str().is_some() || matches!(b.kind, ValueKind::Num(_)) || b.labels.is_empty();
            // What the ticket is for, and who gave it out: every account has one of the kind.
            if constant && tells_tickets_apart(a, b) {
                return if holds { vec![Check::holds(GuardKind::Authentication)] } else { Vec::new() };
            }
            if is_privilege(a) && constant {
                // `role != 'banned'`, `role == 'guest'` keep hardly anybody out.
                let weak = b.as_str().is_some_and(|word| {
                    matches!(
                        word.to_ascii_lowercase().as_str(),
                        "guest" | "banned" | "blocked" | "disabled" | "suspended" | "inactive"
                    )
                });
                // What everybody is who signs up keeps nobody out who has done that.
                let of_everybody = b.as_str().is_some_and(|word| {
                    matches!(
                        word.to_ascii_lowercase().as_str(),
                        "customer"
                            | "client"
                            | "patient"
                            | "student"
                            | "buyer"
                            | "traveler"
                            | "traveller"
                            | "passenger"
                            | "visitor"
                            | "subscriber"
                            | "candidate"
                            | "applicant"
                            | "shopper"
                    )
                });
                if holds && of_everybody {
                    return vec![Check::holds(GuardKind::Authentication)];
                }
                if holds && !weak {
                    return vec![Check::holds(GuardKind::Role), Check::holds(GuardKind::Authentication)];
                }
                return if holds { Vec::new() } else { vec![] };
            }
            if holds && !is_identity(b) && (is_record(b) || has_input(b)) {
                return vec![Check::holds(GuardKind::Ownership), Check::holds(GuardKind::Authentication)];
            }
            if holds && is_identity(b) && (is_record(b) || is_record(a)) {
                // Both carry the caller: a record looked up for the caller, compared with the caller.
                return vec![Check::holds(GuardKind::Ownership), Check::holds(GuardKind::Authentication)];
            }
            if holds && constant {
                // An account that is in order (`user.status == 'active'`) may do no more than others.
                if says_state(a) {
                    return vec![Check::holds(GuardKind::Authentication)];
                }
                // The state of a record of the caller's own (`invoice.status == 'draft'`) says nothing of the caller.
                if is_record(a) && !names_somebody(a) {
                    return vec![Check::holds(GuardKind::Authentication)];
                }
                return vec![Check::holds(GuardKind::Role), Check::holds(GuardKind::Authentication)];
            }
        }
    }
    for (a, b) in pairs {
        if holds && has_input(a) && crate::knowledge::php::is_form_token(b) {
            return vec![Check::holds(GuardKind::Csrf)];
        }
        // What the caller sends against what only the server knows.
        if holds
            && has_input(a)
            && !is_identity(b)
            && is_server_secret(b)
            && (b.as_str().is_none() || is_sent_as_secret(a))
        {
            return vec![Check::holds(GuardKind::Signature)];
        }
    }
    Vec::new()
}

/// Whether a claim is compared with the kind of ticket that a place takes (`payload["type"] != "access"`), or with who gave
/// it out and for whom: that keeps tickets apart, not their owners.
fn tells_tickets_apart(claim: &Value, wanted: &Value) -> bool {
    let Some(symbol) = claim.as_symbol() else { return false };
    let by_key = match &symbol.kind {
        // `payload.get("type")`
        plimsoll_analysis::SymbolKind::Call { callee, args, .. } if callee.last_name() == "get" => {
            args.first().and_then(|arg| arg.value.as_str()).map(str::to_owned)
        }
        _ => None,
    };
    let name = by_key.unwrap_or_else(|| name_of_field(symbol).to_string());
    let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    if matches!(name.as_str(), "iss" | "issuer" | "aud" | "audience" | "alg" | "typ" | "tokenuse" | "tokentype") {
        return true;
    }
    if !matches!(name.as_str(), "type" | "kind" | "purpose" | "use" | "usage" | "scope" | "action" | "for") {
        return false;
    }
    // `"access"`, `TokenType.ACCESS`, `TokenType.ACCESS.value`
    let wanted = match wanted.as_str() {
        Some(text) => text.to_owned(),
        None => wanted.as_symbol().map_or_else(String::new, |symbol| name_of_field(symbol).to_string()),
    };
    crate::handler::words_of(&wanted).first().is_some_and(|word| {
        matches!(
            word.as_str(),
            "access"
                | "refresh"
                | "bearer"
                | "session"
                | "auth"
                | "login"
                | "id"
                | "reset"
                | "password"
                | "verify"
                | "verification"
                | "email"
                | "confirm"
                | "confirmation"
                | "activation"
                | "invite"
                | "invitation"
                | "jwt"
                | "token"
                | "api"
                | "mfa"
                | "2fa"
                | "otp"
        )
    })
}

/// Prisma's ways to read a model.
pub(crate) fn is_prisma_read(name: &str) -> bool {
    matches!(
        name,
        "findUnique" | "findUniqueOrThrow" | "findFirst" | "findFirstOrThrow" | "findMany" | "count" | "aggregate"
    )
}

/// What hangs on a record for the caller alone (Prisma), and the condition that says so: `project.members[0].role`, where
/// the query has `include: { members: { where: { userId: session.user.id } } }`.
fn callers_share(value: &Value) -> Option<Value> {
    use plimsoll_analysis::SymbolKind;
    let mut names = Vec::new();
    let mut at = std::rc::Rc::clone(value.as_symbol()?);
    let args = loop {
        let next = match &at.kind {
            SymbolKind::Member(base, name) => {
                names.push(name.clone());
                std::rc::Rc::clone(base)
            }
            SymbolKind::Index(base, _) => std::rc::Rc::clone(base),
            SymbolKind::Call { callee, args, .. } if is_prisma_read(&callee.last_name()) => break args.clone(),
            // `members.find(…)`, `members.at(0)`
            SymbolKind::Call { callee, .. } if matches!(callee.last_name().as_str(), "find" | "at" | "filter") => {
                match &callee.kind {
                    SymbolKind::Member(base, _) => std::rc::Rc::clone(base),
                    _ => return None,
                }
            }
            _ => return None,
        };
        at = next;
    };
    let mut level = args.first()?.value.clone();
    for name in names.iter().rev() {
        // What is not named there is a column of the record that was reached.
        let Some(below) = ["include", "select"].iter().find_map(|part| level.field(part)?.field(name)) else {
            continue;
        };
        level = below;
        if let Some(only) = level.field("where").filter(|only| only.deep_labels().has_identity()) {
            return Some(only);
        }
    }
    None
}

/// Whether a condition names a right with a fixed value: `{ userId: me, role: 'ADMIN' }`.
fn privilege_asked(filter: &Value) -> bool {
    filter.as_object().is_some_and(|filter| {
        filter.fields.borrow().iter().any(|(name, value)| {
            is_privilege_name(name) && (value.as_str().is_some() || matches!(value.kind, ValueKind::Bool(true)))
        })
    })
}

/// A token that the session keeps against forged requests.
fn is_csrf_token(value: &Value) -> bool {
    let path = value.path().to_ascii_lowercase();
    path.contains("session") && (path.contains("csrf") || path.contains("xsrf"))
}

fn membership(value: &Value, among: &Value, holds: bool) -> Vec<Check> {
    if is_identity(value) && holds {
        let kind = if is_record(among) { GuardKind::Ownership } else { GuardKind::Role };
        if kind == GuardKind::Role && is_record(value) && !is_privilege(value) && !names_somebody(value) {
            return vec![Check::holds(GuardKind::Authentication)];
        }
        return vec![Check::holds(kind), Check::holds(GuardKind::Authentication)];
    }
    // `header.includes(process.env.KEY)`
    if holds && has_input(among) && is_setting(value) && !has_input(value) {
        return vec![Check::holds(GuardKind::Signature)];
    }
    let session = among.path();
    if holds
        && (session == "flask.session"
            || session == "_SESSION"
            || session.ends_with("request.session")
            || session.ends_with("SessionStorage().getSession()")
            || session.ends_with("req.session"))
    {
        return vec![Check::holds(GuardKind::Authentication)];
    }
    // `"user" in st.session_state`: what is kept there only once somebody is known.
    if holds
        && session == crate::knowledge::python::VISITOR_STATE
        && value.as_str().is_some_and(crate::knowledge::python::is_login_key)
    {
        return vec![Check::holds(GuardKind::Authentication)];
    }
    // `myTeam.includes(request.userId)`: the record is one of those that are the caller's.
    if holds && is_identity(among) && is_record(value) && !is_identity(value) && value.as_str().is_none() {
        return vec![Check::holds(GuardKind::Ownership), Check::holds(GuardKind::Authentication)];
    }
    if holds && is_identity(among) {
        // `user.roles.includes('admin')`, `user.permissions.has(x)`; what a record or a dictionary has fields of is no
        // right.
        let names_right = value.as_str().is_some() && among.as_object().is_none() && among.as_symbol().is_none();
        if speaks_of_rights(among) || names_right || among.as_object().is_some_and(|list| list.is_array) {
            return vec![Check::holds(GuardKind::Role), Check::holds(GuardKind::Authentication)];
        }
        if among.as_symbol().is_some() {
            return vec![Check::holds(GuardKind::Authentication)];
        }
    }
    Vec::new()
}

/// Whether a name on the way to a value is that of what somebody may do: `user.roles.pluck("slug").toArray()`.
fn speaks_of_rights(value: &Value) -> bool {
    let mut at = value.as_symbol().map(|symbol| &**symbol);
    while let Some(symbol) = at {
        if is_privilege_name(symbol.last_name().trim_end_matches("()")) {
            return true;
        }
        at = symbol.base().map(|base| &**base);
    }
    false
}

fn compared(left: &Value, right: &Value) -> Vec<Check> {
    for value in [left, right] {
        if is_identity(value) && is_privilege(value) {
            return vec![Check::holds(GuardKind::Role), Check::holds(GuardKind::Authentication)];
        }
        if is_counter(value) {
            // What is counted in the visitor's own session starts anew for whoever sends no cookie.
            if value.path().to_ascii_lowercase().contains("session")
                && !has_label(value, |label| matches!(label, Label::Record(..)))
            {
                return vec![Check::fails(GuardKind::RateLimit, "it counts in the visitor's own session")];
            }
            return vec![Check::holds(GuardKind::RateLimit)];
        }
        // `rows.length > 0`
        if (is_identity(value) && is_record(value) && is_picked(value)) || callers_share(value).is_some() {
            return vec![Check::holds(GuardKind::Ownership), Check::holds(GuardKind::Authentication)];
        }
    }
    Vec::new()
}

/// Whether a record of the caller was looked up together with a right that it must have:
/// `.eq("user_id", user.id).eq("role", "admin")`, `.in("role", ["admin", "owner"])`, `rpc("has_role", { … })`.
fn asks_for_role(value: &Value) -> bool {
    let Some(symbol) = value.as_symbol() else { return false };
    symbol.calls().iter().any(|(name, args, _)| {
        let text = args.first().and_then(|arg| arg.value.as_str());
        let fixed = |arg: Option<&plimsoll_analysis::Argument>| {
            arg.is_some_and(|arg| {
                arg.value.as_str().is_some()
                    || matches!(arg.value.kind, ValueKind::Bool(true))
                    || arg.value.as_object().is_some_and(|list| {
                        list.is_array && list.items.borrow().iter().all(|item| item.as_str().is_some())
                    })
            })
        };
        match name.as_str() {
            "eq" | "in" => text.is_some_and(is_privilege_name) && fixed(args.get(1)),
            "rpc" => text.is_some_and(|name| {
                let words = crate::handler::words_of(name);
                let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
                has(&["is", "has", "check"]) && has(&["role", "admin", "permission", "staff", "superadmin", "owner"])
            }),
            // Base44, Prisma and document stores: `{ user_id: user.id, role: 'admin' }`
            "filter" | "findFirst" | "findOne" | "findUnique" | "findMany" | "count" | "findFirstOrThrow" => args
                .first()
                .is_some_and(|arg| privilege_asked(&arg.value.field("where").unwrap_or_else(|| arg.value.clone()))),
            _ => false,
        }
    })
}

/// Whether a record was looked up by an id of the request (not by the ticket that says who calls), or by the id of another
/// record that was: who is a member of the project that the address names.
fn is_picked(value: &Value) -> bool {
    /// More steps than any query on the way to a record has.
    const STEPS: u32 = 160;
    fn by_id(value: &Value, steps: &mut u32) -> bool {
        if *steps == 0 {
            return false;
        }
        *steps -= 1;
        let sent = |label: &Label| matches!(label, Label::Input(name, _) if !name.starts_with("cookies") && !name.starts_with("headers"));
        has_label(value, sent)
            || match &value.kind {
                ValueKind::Object(object) => {
                    object.fields.borrow().values().any(|inner| by_id(inner, steps))
                        || object.items.borrow().iter().any(|inner| by_id(inner, steps))
                }
                ValueKind::Symbol(symbol) => asked(symbol, steps),
                _ => false,
            }
    }
    fn asked(symbol: &plimsoll_analysis::Symbol, steps: &mut u32) -> bool {
        symbol.calls().iter().any(|(_, args, _)| args.iter().any(|arg| by_id(&arg.value, steps)))
    }
    value.as_symbol().is_some_and(|symbol| asked(symbol, &mut { STEPS }))
}

/// A count of attempts: a record or state whose name says so.
fn is_counter(value: &Value) -> bool {
    let path = value.path().to_ascii_lowercase();
    let named = |name: &str| {
        [
            "attempt",
            "ratelimit",
            "rate_limit",
            "throttl",
            "failures",
            "tries",
            "lockout",
            "hits",
            "locked_until",
            "failed_login",
        ]
        .iter()
        .any(|word| name.contains(word))
    };
    named(&path)
        || value.as_symbol().is_some_and(|symbol| asks_for(symbol, &named, 0))
        || has_label(value, |label| matches!(label, Label::Record(name, _) if named(&name.to_ascii_lowercase())))
}

/// Whether a query on the way to a value names something.
fn asks_for(symbol: &plimsoll_analysis::Symbol, named: &dyn Fn(&str) -> bool, depth: u32) -> bool {
    depth < 4
        && symbol.calls().iter().flat_map(|(_, args, _)| args.iter()).any(|arg| match arg.value.text_shape() {
            Some(text) => crate::knowledge::stores::statement(&text).is_some() && named(&text.to_ascii_lowercase()),
            None => arg.value.as_symbol().is_some_and(|inner| asks_for(inner, named, depth + 1)),
        })
}

fn passed(path: &str, value: &Value) -> Vec<Check> {
    let lower = path.to_ascii_lowercase();
    if lower.contains("webhook") {
        return vec![Check::holds(GuardKind::Signature)];
    }
    if lower.contains("limit") || lower.contains("throttle") {
        return vec![Check::holds(GuardKind::RateLimit)];
    }
    if lower.contains("csrf") || lower.contains("referer") {
        return vec![Check::holds(GuardKind::Csrf)];
    }
    if lower.contains("authorize")
        || lower.contains("abort_unless")
        || lower.contains("abort_if")
        || lower.contains("permission")
    {
        return vec![Check::holds(GuardKind::Role), Check::holds(GuardKind::Authentication)];
    }
    if is_identity(value) {
        return vec![Check::holds(GuardKind::Authentication)];
    }
    Vec::new()
}

/// One of several conditions holds: a guard only where each of them is one.
fn any_of(branches: &[Vec<Fact>], depth: u32) -> Vec<Check> {
    // A switch of the installation that turns the check off is its owner's decision; what is left is the check.
    let mut left: Vec<&[Fact]> =
        branches.iter().map(Vec::as_slice).filter(|facts| !facts.iter().any(is_off_switch)).collect();
    if left.is_empty() {
        left = branches.iter().map(Vec::as_slice).collect();
    }
    let branches = &left[..];
    let per_branch: Vec<Vec<Check>> =
        branches.iter().map(|facts| facts.iter().flat_map(|fact| checks(fact, depth + 1)).collect()).collect();
    let has = |checks: &[Check], kinds: &[GuardKind]| {
        checks.iter().any(|check| kinds.contains(&check.kind) && check.standing == GuardStanding::Enforced)
    };
    let identity = [GuardKind::Authentication, GuardKind::Role, GuardKind::Ownership];
    let mut out = Vec::new();
    if per_branch.iter().all(|checks| has(checks, &identity)) {
        // "the owner or an administrator" limits like the weaker of the two.
        if per_branch.iter().all(|checks| has(checks, &[GuardKind::Role])) {
            out.push(Check::holds(GuardKind::Role));
        } else if per_branch.iter().all(|checks| has(checks, &[GuardKind::Role, GuardKind::Ownership])) {
            out.push(Check::holds(GuardKind::Ownership));
        }
        out.push(Check::holds(GuardKind::Authentication));
        return out;
    }
    if per_branch.iter().all(|checks| {
        has(checks, &[GuardKind::Signature, GuardKind::Authentication, GuardKind::Role, GuardKind::Ownership])
    }) {
        return vec![Check::holds(GuardKind::Signature)];
    }
    // A branch for another method changes nothing that a forged request could want.
    let other_method = |facts: &[Fact]| {
        facts
            .iter()
            .any(|fact| matches!(fact, Fact::Equal { left, holds: false, .. } if left.path().ends_with(".method")))
    };
    for kind in [GuardKind::RateLimit, GuardKind::Csrf] {
        let mut relevant = per_branch
            .iter()
            .zip(branches)
            .filter(|(_, facts)| kind != GuardKind::Csrf || !other_method(facts))
            .peekable();
        if relevant.peek().is_some() && relevant.all(|(checks, _)| has(checks, &[kind])) {
            out.push(Check::holds(kind));
        }
    }
    // One branch is a way around the others.
    for (index, facts) in branches.iter().enumerate() {
        if !per_branch[index].is_empty() {
            continue;
        }
        let others: Vec<&Check> =
            per_branch.iter().enumerate().filter(|(other, _)| *other != index).flat_map(|(_, checks)| checks).collect();
        let around_nobody =
            facts.iter().any(|fact| matches!(fact, Fact::Truthy { value, holds: false, .. } if is_identity(value)));
        let around_setting =
            facts.iter().any(|fact| matches!(fact, Fact::Truthy { value, holds: false, .. } if is_setting(value)));
        if around_nobody && let Some(check) = others.iter().find(|check| check.kind != GuardKind::Authentication) {
            out.push(Check::fails(check.kind, "it is skipped when nobody is signed in"));
        } else if around_setting && let Some(check) = others.first() {
            out.push(Check::fails(check.kind, "it is skipped when the setting it compares with is missing"));
        }
    }
    out
}

/// `$config['disable_authentication']` and the like.
fn is_off_switch(fact: &Fact) -> bool {
    let Fact::Truthy { value, holds: true, .. } = fact else { return false };
    let words = crate::handler::words_of(value.path());
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    has(&["disable", "disabled", "skip", "bypass"])
        && has(&["auth", "authentication", "login", "security"])
        && !has_input(value)
}

pub(crate) fn has_label(value: &Value, test: impl Fn(&Label) -> bool) -> bool {
    value.deep_labels().any(test)
}

pub(crate) fn is_identity(value: &Value) -> bool {
    value.deep_labels().has_identity()
}

fn is_record(value: &Value) -> bool {
    has_label(value, |label| matches!(label, Label::Record(..)))
}

fn has_input(value: &Value) -> bool {
    has_label(value, |label| matches!(label, Label::Input(..)))
}

fn is_setting(value: &Value) -> bool {
    has_label(value, |label| matches!(label, Label::Env(_)))
}

/// Whether a field says whether an account is in order.
fn says_state(value: &Value) -> bool {
    let Some(symbol) = value.as_symbol() else { return false };
    crate::handler::words_of(&name_of_field(symbol)).iter().any(|word| {
        matches!(
            word.as_str(),
            "status"
                | "state"
                | "active"
                | "enabled"
                | "verified"
                | "approved"
                | "blocked"
                | "banned"
                | "suspended"
                | "locked"
        )
    })
}

/// Whether a field says who somebody is.
fn names_somebody(value: &Value) -> bool {
    let Some(symbol) = value.as_symbol() else { return true };
    let words = crate::handler::words_of(&symbol.last_name());
    words.iter().any(|word| {
        matches!(
            word.as_str(),
            "id" | "uid" | "email" | "mail" | "username" | "user" | "login" | "name" | "sub" | "phone"
        )
    })
}

/// A constant is a secret only where what is compared with it is sent as one; others choose an action or a state.
fn is_sent_as_secret(value: &Value) -> bool {
    const WORDS: &[&str] = &[
        "key",
        "token",
        "secret",
        "auth",
        "authorization",
        "password",
        "passwd",
        "pass",
        "pin",
        "signature",
        "sign",
        "hash",
        "apikey",
        "code",
        "cron",
    ];
    let named = |text: &str| crate::handler::words_of(text).iter().any(|word| WORDS.contains(&word.as_str()));
    has_label(value, |label| match label {
        // Of a whole (`headers`, `body`) the name of the field is not known; the address itself is no secret.
        Label::Input(name, _) => named(name) || (!name.contains('.') && name != "url"),
        _ => false,
    })
}

/// A setting, or a constant long enough to be a shared secret.
fn is_server_secret(value: &Value) -> bool {
    is_setting(value) || value.as_str().is_some_and(|text| text.len() >= 6 && !text.contains(' ')) || is_digest(value)
}

fn is_digest(value: &Value) -> bool {
    let path = value.path();
    path.contains("createHmac()") || path.contains("hmac.new()") || path.contains("hash_hmac()")
}

/// Whether the value speaks of what the caller may do rather than of who it is.
fn is_privilege(value: &Value) -> bool {
    // A field of a record whose symbol is lost: its labels still say identity.
    let Some(symbol) = value.as_symbol() else { return false };
    let name = name_of_field(symbol).to_ascii_lowercase();
    // `SELECT u.is_admin FROM sessions …`, then `row[0]`.
    if let Some(column) = value.as_symbol().and_then(|symbol| crate::handler::rows::column_at(symbol)) {
        return is_privilege_name(&column);
    }
    // PHP: the administrator's session has a name of its own (`$_SESSION['admin_id']`).
    if value.path().starts_with("_SESSION.")
        && crate::handler::words_of(&name).first().is_some_and(|word| word == "admin")
    {
        return true;
    }
    is_privilege_name(&name)
}

/// The name of the field that a value is read from; what is done to a text or a member of an enumeration to compare it
/// (`user.role.value`, `user.role.lower()`) leaves it the same field.
fn name_of_field(symbol: &plimsoll_analysis::Symbol) -> plimsoll_ir::Str {
    const FORMS: &[&str] = &["value", "lower", "upper", "strip", "toLowerCase", "toUpperCase", "trim"];
    let is_form = |name: &str| FORMS.contains(&name.trim_end_matches("()"));
    let name = symbol.last_name();
    let mut at = symbol;
    for _ in 0..6 {
        let inner = at.last_name();
        if !is_form(&inner) {
            return inner;
        }
        let Some(base) = at.base() else { break };
        at = base;
    }
    name
}

/// Whether a role is one that somebody appoints people to: nobody has it by signing up for it.
pub(crate) fn is_staff_role(role: &str) -> bool {
    const WORDS: &[&str] = &[
        "admin",
        "administrator",
        "superadmin",
        "superuser",
        "root",
        "owner",
        "manager",
        "staff",
        "employee",
        "hr",
        "teacher",
        "principal",
        "headmaster",
        "librarian",
        "doctor",
        "nurse",
        "pharmacist",
        "receptionist",
        "cashier",
        "accountant",
        "moderator",
        "supervisor",
        "operator",
        "counselor",
        "officer",
        "technician",
        "agent",
        "editor",
        "administrateur",
        "enseignant",
        "professeur",
        "directeur",
        "surveillant",
        "gestionnaire",
        "medecin",
        "infirmier",
        "comptable",
        "administrador",
        "gerente",
        "profesor",
        "docente",
        "empleado",
        "medico",
        "encargado",
        "professor",
        "funcionario",
        "lehrer",
        "mitarbeiter",
        "verwalter",
        "arzt",
        "leiter",
        "guru",
        "dokter",
        "petugas",
        "kasir",
        "karyawan",
        "pegawai",
    ];
    crate::handler::words_of(role).iter().any(|word| WORDS.contains(&word.as_str()))
}

/// Names of fields that decide what somebody may do.
pub(crate) fn is_privilege_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let bare: String = name.chars().filter(|c| c.is_ascii_alphanumeric()).collect();
    const WORDS: &[&str] = &[
        "role",
        "roles",
        "isadmin",
        "admin",
        "issuperuser",
        "superuser",
        "isstaff",
        "staff",
        "permission",
        "permissions",
        "userrole",
        "usertype",
        "accounttype",
        "accesslevel",
        "privilege",
        "privileges",
        "isowner",
        "issuperadmin",
        "superadmin",
        "claims",
        "scope",
        "scopes",
        "rolle",
        "rol",
        "rule",
        "type",
        "group",
        "groups",
        "plan",
        "ismanager",
        "ismoderator",
        "rank",
        "level",
        "hasrole",
        "haspermission",
        "hasperm",
        "hasaccess",
        "can",
        "cannot",
        "isadministrator",
    ];
    WORDS.contains(&bare.as_str())
        || bare.ends_with("role")
        // `can_edit_invoices`, `canManageUsers`
        || (name.starts_with("can_") && name.len() > 4)
        || (bare.starts_with("is") && bare.ends_with("admin"))
        || bare.contains("permission")
}
