//! How a control is proven from the app model.
//!
//! Absence of a finding proves nothing by itself. A proof names what was looked at (so many handlers, so many queries)
//! and is given only where nothing that could hide a counter-example was left out.

use plimsoll_model::app::{
    AllowedOrigins, App, CryptoUseKind, Effect, EffectKind, EntryKind, EntryPoint, Exposure, GuardKind, GuardStanding,
    LiveVerdict, Openness, Purpose, Reach, Rls, SecretTier, StoreKind,
};
use plimsoll_model::{Exchange, NotChecked, Witness};
use plimsoll_source::{SourceTree, Span};

/// How many places a proof points at; the note says how many there are.
const SHOWN: usize = 3;

/// One piece of a proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Who saw it.
    pub(crate) witness: Witness,
    /// Where in the source.
    pub(crate) span: Option<Span>,
    /// What happened on the wire.
    pub(crate) exchange: Option<Exchange>,
    /// What it shows.
    pub(crate) note: String,
}

/// What the model says of a control that no finding fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// It holds, by this.
    Proven(Vec<Piece>),
    /// The app has nothing that needs it: why.
    NotApplicable(String),
    /// Not known: why.
    Unproven(String),
}

/// The app model with what most proofs ask of it.
pub struct Facts<'a> {
    app: &'a App,
    /// What was left out that could hide a counter-example in the code; `None` when nothing was.
    blind: Option<String>,
    /// Nothing reviewable: no code, page or schema, no package, no running app.
    nothing: bool,
}

/// Code, a page or a schema. A folder of data, settings and documents alone is not an app: nothing in it shows what the app
/// does.
fn is_part_of_an_app(file: &plimsoll_source::SourceFile) -> bool {
    const ENDINGS: &[&str] = &[
        "js", "mjs", "cjs", "jsx", "ts", "mts", "cts", "tsx", "vue", "svelte", "astro", "html", "htm", "py", "pyw",
        "php", "phtml", "inc", "rb", "go", "java", "kt", "cs", "rs", "ejs", "hbs", "twig", "sql", "rules", "prisma",
    ];
    ENDINGS.contains(&file.extension().to_ascii_lowercase().as_str())
}

impl<'a> Facts<'a> {
    pub(crate) fn new(app: &'a App, tree: &SourceTree) -> Self {
        let gaps: Vec<&NotChecked> =
            app.not_checked.iter().filter(|gap| gap.weighs && gap.what != NotChecked::RUNNING_APP).collect();
        let opaque = app.entry_points.iter().filter(|entry| entry.opaque).count();
        let nothing = app.entry_points.is_empty()
            && app.packages_seen == 0
            && app.live.origin.is_none()
            && !tree.files.iter().any(|file| !file.text().is_empty() && is_part_of_an_app(file));
        let blind = match gaps.first() {
            _ if nothing => Some("nothing that can be reviewed was found".to_owned()),
            Some(gap) if gaps.len() == 1 => Some(format!("not checked: {} ({})", gap.what, gap.why)),
            Some(gap) => Some(format!("{} things were not checked, first {} ({})", gaps.len(), gap.what, gap.why)),
            None if opaque > 0 => Some(format!("{opaque} entry points could not be followed to their end")),
            None => None,
        };
        Facts { app, blind, nothing }
    }

    pub(crate) fn nothing(&self) -> bool {
        self.nothing
    }

    /// Something that weighs was not looked at: it could hold anything, also a heavier load.
    pub(crate) fn half_blind(&self) -> bool {
        self.app.not_checked.iter().any(|gap| gap.weighs)
    }

    /// Entry points that run code of the app.
    fn handlers(&self) -> impl Iterator<Item = &'a EntryPoint> {
        self.app.entry_points.iter().filter(|entry| entry.kind != EntryKind::StaticFiles)
    }

    fn with(&self, purpose: Purpose) -> Vec<&'a EntryPoint> {
        self.handlers().filter(|entry| entry.purposes.contains(&purpose)).collect()
    }

    fn effects(&self, wanted: impl Fn(&Effect) -> bool) -> Vec<(&'a EntryPoint, &'a Effect)> {
        self.handlers()
            .flat_map(|entry| entry.effects.iter().map(move |effect| (entry, effect)))
            .filter(|(_, effect)| wanted(effect))
            .collect()
    }

    /// Tables and collections that browsers talk to directly.
    fn direct_stores(&self) -> Vec<&'a plimsoll_model::app::Store> {
        let stored = |kind| matches!(kind, StoreKind::Table | StoreKind::View | StoreKind::Collection);
        self.app
            .stores
            .iter()
            .filter(|store| {
                store.exposure == Exposure::Direct && (stored(store.kind) || store.kind == StoreKind::Bucket)
            })
            .collect()
    }

    /// Accounts are kept by a platform that has its own login.
    fn platform_login(&self) -> Option<&'a str> {
        self.app
            .stack
            .iter()
            .map(String::as_str)
            .find(|name| ["Supabase", "Firebase", "Clerk", "Auth0", "Base44"].iter().any(|known| name.contains(known)))
    }

    /// A proof from the whole code, unless something was left out.
    fn by_code(&self, spans: impl IntoIterator<Item = Span>, note: impl Into<String>) -> Proof {
        match &self.blind {
            Some(blind) => Proof::Unproven(blind.clone()),
            None => proven(Witness::Code, spans, note),
        }
    }
}

fn proven(witness: Witness, spans: impl IntoIterator<Item = Span>, note: impl Into<String>) -> Proof {
    let note = note.into();
    let mut pieces: Vec<Piece> = spans
        .into_iter()
        .take(SHOWN)
        .map(|span| Piece { witness, span: Some(span), exchange: None, note: String::new() })
        .collect();
    match pieces.first_mut() {
        Some(first) => first.note = note,
        None => pieces.push(Piece { witness, span: None, exchange: None, note }),
    }
    Proof::Proven(pieces)
}

fn seen_live(exchange: &Exchange, note: impl Into<String>) -> Proof {
    Proof::Proven(vec![Piece {
        witness: Witness::Live,
        span: None,
        exchange: Some(exchange.clone()),
        note: note.into(),
    }])
}

fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// Records in databases, memory or files of the app.
fn handles_records(effect: &Effect) -> bool {
    matches!(
        effect.kind,
        EffectKind::Read
            | EffectKind::Create
            | EffectKind::Update
            | EffectKind::Delete
            | EffectKind::Query
            | EffectKind::ReadMemory
            | EffectKind::WriteMemory
    )
}

pub(crate) fn only_the_owner_knows(_: &Facts<'_>) -> Proof {
    Proof::Unproven("no tool can see this; the owner has not answered".to_owned())
}

pub(crate) fn server_asks_who_calls(facts: &Facts<'_>) -> Proof {
    let handlers: Vec<&EntryPoint> =
        facts.handlers().filter(|entry| !entry.open_by_nature() && entry.effects.iter().any(handles_records)).collect();
    let stores = facts.direct_stores();
    if handlers.is_empty() && stores.is_empty() {
        return match &facts.blind {
            Some(blind) => Proof::Unproven(blind.clone()),
            None => Proof::NotApplicable("no entry point hands out or changes records".to_owned()),
        };
    }
    let open = handlers
        .iter()
        .flat_map(|entry| {
            entry.effects.iter().filter(|effect| handles_records(effect)).map(move |effect| (entry, effect))
        })
        .filter(|(entry, effect)| entry.reach_of(effect) == Reach::Anyone)
        .count();
    if open > 0 {
        return Proof::Unproven(format!(
            "{} answered without a login; whether the records are meant for everyone is not known",
            count(open, "place reads or changes records and is", "places read or change records and are")
        ));
    }
    let named = handlers
        .iter()
        .filter(|entry| {
            let who = |kind| matches!(kind, GuardKind::Authentication | GuardKind::Role | GuardKind::Signature);
            !entry.guards.iter().any(|guard| who(guard.kind) && guard.standing == GuardStanding::Enforced)
        })
        .count();
    if named > 0 {
        return Proof::Unproven(format!(
            "{} guarded by a check that is known only by its name",
            count(named, "entry point is", "entry points are")
        ));
    }
    let unknown = stores
        .iter()
        .filter(|store| {
            store.rls != Rls::On && store.kind != StoreKind::Collection
                || store.policies.iter().any(|policy| policy.openness == Openness::Unknown)
        })
        .count();
    if unknown > 0 {
        return Proof::Unproven(format!(
            "the rules of {} could not be judged",
            count(unknown, "store that browsers talk to", "stores that browsers talk to")
        ));
    }
    facts.by_code(
        handlers.iter().map(|entry| entry.span).chain(stores.iter().map(|store| store.span)),
        format!(
            "{} and {} were followed; each asks who is calling",
            count(handlers.len(), "entry point that handles records", "entry points that handle records"),
            count(stores.len(), "store with rules", "stores with rules"),
        ),
    )
}

pub(crate) fn own_records_only(facts: &Facts<'_>) -> Proof {
    let picked = facts.effects(|effect| effect.picked_by_input && handles_records(effect));
    let picked: Vec<_> =
        picked.into_iter().filter(|(entry, effect)| entry.reach_of(effect) == Reach::SignedIn).collect();
    if picked.is_empty() {
        return facts.blind.clone().map_or_else(
            || Proof::NotApplicable("no record is picked by what a user sends".to_owned()),
            Proof::Unproven,
        );
    }
    let free = picked
        .iter()
        .filter(|(entry, effect)| !effect.limited_to_caller && !entry.holding_at(effect, GuardKind::Ownership))
        .count();
    if free > 0 {
        return Proof::Unproven(format!(
            "{} picked by an id that the user sends, without a check whose it is",
            count(free, "record is", "records are")
        ));
    }
    facts.by_code(
        picked.iter().map(|(_, effect)| effect.span),
        format!("{} limited to the caller's own records", count(picked.len(), "place is", "places are")),
    )
}

pub(crate) fn roles_enforced(facts: &Facts<'_>) -> Proof {
    let admin = facts.with(Purpose::Admin);
    let guarded: Vec<&EntryPoint> = facts.handlers().filter(|entry| entry.reach() == Reach::Role).collect();
    if admin.is_empty() && guarded.is_empty() {
        return facts
            .blind
            .clone()
            .map_or_else(|| Proof::NotApplicable("the app knows no roles".to_owned()), Proof::Unproven);
    }
    let free = admin.iter().filter(|entry| !matches!(entry.reach(), Reach::Role | Reach::Machine)).count();
    if free > 0 {
        return Proof::Unproven(format!(
            "{} by name for administrators, without a check of the role for the whole of it",
            count(free, "entry point is", "entry points are")
        ));
    }
    facts.by_code(
        guarded.iter().map(|entry| entry.span),
        format!("{} of the role", count(guarded.len(), "entry point has a check", "entry points have a check")),
    )
}

pub(crate) fn machine_callers_verified(facts: &Facts<'_>) -> Proof {
    let machines: Vec<&EntryPoint> = facts
        .handlers()
        .filter(|entry| entry.purposes.contains(&Purpose::Webhook) || entry.purposes.contains(&Purpose::Cron))
        .collect();
    if machines.is_empty() {
        return facts
            .blind
            .clone()
            .map_or_else(|| Proof::NotApplicable("no machine calls the app".to_owned()), Proof::Unproven);
    }
    let free = machines.iter().filter(|entry| entry.reach() == Reach::Anyone).count();
    if free > 0 {
        return Proof::Unproven(format!("{} without a check of the sender", count(free, "is", "are")));
    }
    facts.by_code(machines.iter().map(|entry| entry.span), "each checks a signature or secret of the caller")
}

pub(crate) fn login_attempts_limited(facts: &Facts<'_>) -> Proof {
    let app = facts.app;
    if let Some(login) = app.live.login.as_ref().filter(|login| login.verdict == LiveVerdict::Passed) {
        let after = login.limited.as_ref().map_or(login.attempts, |limited| limited.0);
        return seen_live(&login.exchange, format!("wrong passwords were refused from attempt {after} on"));
    }
    let logins = facts.with(Purpose::Login);
    if logins.is_empty() {
        return match (&facts.blind, facts.platform_login()) {
            (_, Some(platform)) => {
                Proof::NotApplicable(format!("accounts and their login are kept by {platform}, which limits attempts"))
            }
            (Some(blind), None) => Proof::Unproven(blind.clone()),
            (None, None) => Proof::NotApplicable("the app has no login of its own".to_owned()),
        };
    }
    let free = logins.iter().filter(|entry| entry.holding(GuardKind::RateLimit).next().is_none()).count();
    if free > 0 {
        return Proof::Unproven(format!("no limiter was seen on {}", count(free, "login", "logins")));
    }
    proven(
        Witness::Code,
        logins.iter().flat_map(|entry| entry.holding(GuardKind::RateLimit).map(|guard| guard.span)),
        "a limiter stands before every login; the running app was not tried",
    )
}

pub(crate) fn no_published_accounts(facts: &Facts<'_>) -> Proof {
    facts.by_code([], "code, pages and documents were searched for accounts with their passwords")
}

pub(crate) fn passwords_stored_safely(facts: &Facts<'_>) -> Proof {
    let slow: Vec<Span> = facts
        .app
        .crypto
        .iter()
        .filter(|used| used.kind == CryptoUseKind::SlowPasswordHash)
        .map(|used| used.span)
        .collect();
    if !slow.is_empty() {
        return facts.by_code(slow, "passwords go through a hash made for passwords");
    }
    match (facts.with(Purpose::Login).is_empty(), facts.platform_login(), &facts.blind) {
        (true, Some(platform), _) => Proof::NotApplicable(format!("passwords are kept by {platform}")),
        (true, None, None) => Proof::NotApplicable("the app keeps no passwords".to_owned()),
        (_, _, Some(blind)) => Proof::Unproven(blind.clone()),
        (false, _, None) => Proof::Unproven("how passwords are stored was not seen".to_owned()),
    }
}

pub(crate) fn tokens_unguessable(facts: &Facts<'_>) -> Proof {
    let issued = facts.effects(|effect| effect.kind == EffectKind::IssueSession);
    if issued.is_empty() && facts.blind.is_none() {
        return Proof::NotApplicable("the app makes no tokens of its own".to_owned());
    }
    facts.by_code(
        issued.iter().map(|(_, effect)| effect.span),
        "the places that make tokens and read them were followed; none uses a guessable source",
    )
}

pub(crate) fn session_cookie_protected(facts: &Facts<'_>) -> Proof {
    let cookies: Vec<_> = facts.app.cookies.iter().filter(|cookie| cookie.is_session).collect();
    if cookies.is_empty() {
        return facts
            .blind
            .clone()
            .map_or_else(|| Proof::NotApplicable("the app sets no login cookie".to_owned()), Proof::Unproven);
    }
    let weak = cookies.iter().filter(|cookie| cookie.http_only != Some(true) || cookie.secure != Some(true)).count();
    if weak > 0 {
        return Proof::Unproven(format!(
            "HttpOnly and Secure could not be read for {}",
            count(weak, "login cookie", "login cookies")
        ));
    }
    let live = cookies.iter().find_map(|cookie| cookie.exchange.as_ref());
    match live {
        Some(exchange) => seen_live(exchange, "the login cookie came with HttpOnly and Secure"),
        None => facts.by_code(
            cookies.iter().filter_map(|cookie| cookie.span),
            format!("{} HttpOnly and Secure", count(cookies.len(), "login cookie has", "login cookies have")),
        ),
    }
}

pub(crate) fn session_token_not_readable(facts: &Facts<'_>) -> Proof {
    use plimsoll_model::app::StoredValueKind;
    let tokens = facts.app.stored_values.iter().filter(|value| value.kind == StoredValueKind::SessionToken).count();
    if tokens > 0 {
        return Proof::Unproven(format!("{} in web storage", count(tokens, "login token lies", "login tokens lie")));
    }
    if let Some(platform) = facts.platform_login() {
        return Proof::Unproven(format!(
            "{platform}'s browser library keeps the login token in web storage unless told otherwise"
        ));
    }
    facts.by_code([], "no browser code keeps a login token in web storage or an address")
}

pub(crate) fn sessions_end(facts: &Facts<'_>) -> Proof {
    let cookies: Vec<_> = facts.app.cookies.iter().filter(|cookie| cookie.is_session).collect();
    let logouts = facts.with(Purpose::Logout);
    if cookies.is_empty() && facts.with(Purpose::Login).is_empty() && facts.blind.is_none() {
        return Proof::NotApplicable("the app has no sessions of its own".to_owned());
    }
    if cookies.is_empty() || cookies.iter().any(|cookie| cookie.max_age.is_none()) || logouts.is_empty() {
        return Proof::Unproven("an end by time and a logout on the server were not both seen".to_owned());
    }
    facts.by_code(
        cookies.iter().filter_map(|cookie| cookie.span).chain(logouts.iter().map(|entry| entry.span)),
        "login cookies have an end and there is a logout",
    )
}

pub(crate) fn no_secrets_in_browser(facts: &Facts<'_>) -> Proof {
    if !facts.app.serves_pages && facts.app.pages.is_empty() && facts.blind.is_none() {
        return Proof::NotApplicable("the app sends no pages".to_owned());
    }
    let public = facts
        .app
        .secrets
        .iter()
        .filter(|secret| secret.in_browser && secret.tier == SecretTier::PublicByDesign)
        .map(|secret| secret.span);
    facts.by_code(public, "browser code was searched for keys; what it holds is public by design")
}

pub(crate) fn no_business_data_in_browser(facts: &Facts<'_>) -> Proof {
    if !facts.app.serves_pages && facts.app.pages.is_empty() && facts.blind.is_none() {
        return Proof::NotApplicable("the app sends no pages".to_owned());
    }
    facts.by_code([], "browser code was searched for records of people, wages and price formulas")
}

pub(crate) fn answers_hold_only_what_is_needed(facts: &Facts<'_>) -> Proof {
    let reads = facts.effects(|effect| matches!(effect.kind, EffectKind::Read | EffectKind::Query));
    if reads.is_empty() && facts.blind.is_none() {
        return Proof::NotApplicable("no handler reads records".to_owned());
    }
    facts.by_code(
        reads.iter().map(|(_, effect)| effect.span),
        format!("{} followed to the answer", count(reads.len(), "read was", "reads were")),
    )
}

pub(crate) fn private_files_not_served(facts: &Facts<'_>) -> Proof {
    let check = facts.app.live.checks.iter().find(|check| check.check == "exposed-files");
    match (check, &facts.app.live.origin) {
        (Some(check), Some(_)) if check.verdict == LiveVerdict::Passed => {
            proven(Witness::Live, [], format!("the running app was asked for private files: {}", check.note))
        }
        _ => {
            let folders: Vec<Span> = facts
                .app
                .entry_points
                .iter()
                .filter(|entry| entry.kind == EntryKind::StaticFiles)
                .map(|entry| entry.span)
                .collect();
            if folders.is_empty() && !facts.app.serves_pages && facts.blind.is_none() {
                return Proof::NotApplicable("the app serves no files".to_owned());
            }
            facts.by_code(folders, "the folders that the app serves hold no private files")
        }
    }
}

pub(crate) fn errors_say_little(facts: &Facts<'_>) -> Proof {
    let handlers: Vec<Span> = facts.handlers().map(|entry| entry.span).collect();
    if handlers.is_empty() && facts.blind.is_none() {
        return Proof::NotApplicable("the app has no server part".to_owned());
    }
    let number = handlers.len();
    facts.by_code(
        handlers,
        format!("{} followed; none answers with the text of an error", count(number, "handler was", "handlers were")),
    )
}

pub(crate) fn other_sites_cannot_read(facts: &Facts<'_>) -> Proof {
    let policies = &facts.app.cors;
    if facts.handlers().next().is_none() && facts.blind.is_none() {
        return Proof::NotApplicable("the app has no server part".to_owned());
    }
    if policies.is_empty() {
        return facts.by_code([], "nothing opens the app to other websites: browsers keep them out");
    }
    let loose = policies
        .iter()
        .filter(|policy| {
            policy.credentials && !matches!(policy.origins, AllowedOrigins::Listed(_) | AllowedOrigins::Any)
        })
        .count();
    if loose > 0 {
        return Proof::Unproven("which websites are let in is set outside the code".to_owned());
    }
    facts.by_code(
        policies.iter().flat_map(|policy| policy.spans.iter().copied()),
        "other websites are let in by a fixed list, or without the user's login",
    )
}

fn no_flow(facts: &Facts<'_>, looked: Vec<Span>, one: &str, many: &str, none: &str) -> Proof {
    if looked.is_empty() {
        return facts.blind.clone().map_or_else(|| Proof::NotApplicable(none.to_owned()), Proof::Unproven);
    }
    let number = looked.len();
    facts.by_code(looked, format!("{} followed; none takes text of a request as it came", count(number, one, many)))
}

pub(crate) fn input_never_becomes_a_query(facts: &Facts<'_>) -> Proof {
    let queries = facts.effects(|effect| {
        matches!(
            effect.kind,
            EffectKind::Read | EffectKind::Create | EffectKind::Update | EffectKind::Delete | EffectKind::Query
        )
    });
    let spans = queries.iter().map(|(_, effect)| effect.span).collect();
    no_flow(facts, spans, "database call was", "database calls were", "the app talks to no database itself")
}

pub(crate) fn input_never_becomes_a_program(facts: &Facts<'_>) -> Proof {
    let spans: Vec<Span> = facts.handlers().map(|entry| entry.span).collect();
    no_flow(facts, spans, "entry point was", "entry points were", "the app has no server part")
}

pub(crate) fn input_never_becomes_a_page(facts: &Facts<'_>) -> Proof {
    if !facts.app.serves_pages && facts.app.pages.is_empty() && facts.blind.is_none() {
        return Proof::NotApplicable("the app sends no pages".to_owned());
    }
    facts.by_code([], "pages and templates were followed; text of users goes through escaping")
}

pub(crate) fn uploads_bounded(facts: &Facts<'_>) -> Proof {
    let uploads: Vec<Span> = facts.with(Purpose::Upload).iter().map(|entry| entry.span).collect();
    no_flow(facts, uploads, "upload was", "uploads were", "the app takes no files")
}

pub(crate) fn server_fetches_only_known_addresses(facts: &Facts<'_>) -> Proof {
    let fetches: Vec<Span> =
        facts.effects(|effect| effect.kind == EffectKind::Fetch).iter().map(|(_, effect)| effect.span).collect();
    no_flow(facts, fetches, "outgoing request was", "outgoing requests were", "the server fetches nothing")
}

pub(crate) fn other_sites_cannot_act(facts: &Facts<'_>) -> Proof {
    let cookies: Vec<_> = facts.app.cookies.iter().filter(|cookie| cookie.is_session).collect();
    let writes: Vec<&EntryPoint> = facts
        .handlers()
        .filter(|entry| entry.can_write() && entry.effects.iter().any(|effect| effect.kind.writes()))
        .collect();
    if (cookies.is_empty() || writes.is_empty()) && facts.blind.is_none() {
        return Proof::NotApplicable("no login cookie travels with a request that changes something".to_owned());
    }
    use plimsoll_model::app::SameSite;
    let tokens = writes.iter().all(|entry| entry.holding(GuardKind::Csrf).next().is_some());
    let kept = cookies.iter().all(|cookie| matches!(cookie.same_site, Some(SameSite::Lax | SameSite::Strict)));
    if !tokens && !kept {
        return Proof::Unproven("the login cookie has no SameSite and requests carry no token of the page".to_owned());
    }
    facts.by_code(
        cookies.iter().filter_map(|cookie| cookie.span),
        if tokens {
            "every request that changes something carries a token of the page"
        } else {
            "the login cookie is not sent along by other websites (SameSite)"
        },
    )
}

pub(crate) fn paid_services_limited(facts: &Facts<'_>) -> Proof {
    let paid: Vec<Span> = facts
        .effects(|effect| matches!(effect.kind, EffectKind::CallAi | EffectKind::SendMessage))
        .iter()
        .map(|(_, effect)| effect.span)
        .collect();
    if paid.is_empty() && facts.blind.is_none() {
        return Proof::NotApplicable("the app calls no paid service".to_owned());
    }
    let number = paid.len();
    facts.by_code(
        paid,
        format!(
            "{} followed; strangers do not reach it without a limit",
            count(number, "call of a paid service was", "calls of paid services were")
        ),
    )
}

pub(crate) fn no_secrets_in_code(facts: &Facts<'_>) -> Proof {
    facts.by_code([], "all files that could be read were searched for keys and passwords")
}

pub(crate) fn libraries_without_known_holes(facts: &Facts<'_>) -> Proof {
    let old = facts.app.not_checked.iter().find(|gap| {
        let what = gap.what.to_ascii_lowercase();
        what.contains("advisor") || what.contains("lock") || what.contains("package") || what.contains("dependenc")
    });
    if let Some(gap) = old {
        return Proof::Unproven(format!("not checked: {} ({})", gap.what, gap.why));
    }
    if facts.app.packages_seen == 0 {
        return facts
            .blind
            .clone()
            .map_or_else(|| Proof::NotApplicable("the app declares no libraries".to_owned()), Proof::Unproven);
    }
    proven(
        Witness::Package,
        [],
        format!("{} compared with published holes", count(facts.app.packages_seen, "library was", "libraries were")),
    )
}

pub(crate) fn developer_mode_off(facts: &Facts<'_>) -> Proof {
    facts.by_code([], "settings and start commands were looked through for developer modes")
}

pub(crate) fn browser_protections_on(facts: &Facts<'_>) -> Proof {
    if !facts.app.serves_pages && facts.app.pages.is_empty() && facts.blind.is_none() {
        return Proof::NotApplicable("the app sends no pages".to_owned());
    }
    let wanted = ["content-security-policy", "x-content-type-options"];
    if let Some((exchange, headers)) = facts.app.live.pages.iter().find(|(exchange, _)| exchange.status == Some(200)) {
        let missing: Vec<&str> =
            wanted.into_iter().filter(|name| !headers.iter().any(|(known, _)| known == name)).collect();
        return if missing.is_empty() {
            seen_live(exchange, "the page came with a content security policy and without type guessing")
        } else {
            Proof::Unproven(format!("the running app sends no {}", missing.join(", ")))
        };
    }
    let set: Vec<Span> = facts
        .app
        .headers
        .iter()
        .filter(|header| wanted.contains(&header.name.as_str()))
        .map(|header| header.span)
        .collect();
    let all = wanted.iter().all(|name| facts.app.headers.iter().any(|header| header.name == *name));
    if all {
        facts.by_code(set, "the code sets a content security policy and forbids type guessing")
    } else {
        Proof::Unproven("not all of the headers are set in the code; the host may set them".to_owned())
    }
}

pub(crate) fn third_parties(facts: &Facts<'_>) -> Proof {
    if facts.app.third_parties.is_empty() && facts.blind.is_none() {
        return Proof::NotApplicable("no third party was seen to receive data".to_owned());
    }
    let mut names: Vec<&str> = facts.app.third_parties.iter().map(|party| party.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    Proof::Unproven(if names.is_empty() {
        "no tool can see this; the owner has not answered".to_owned()
    } else {
        format!("receive data: {}; the owner has not answered", names.join(", "))
    })
}
