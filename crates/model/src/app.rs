//! The app model: what the app is.
//!
//! Static and live witnesses fill the same entities. A fact says where it was seen ([`Span`] or [`Exchange`]); it never
//! judges. Lists are in the order of files and positions unless said otherwise.

mod browser;
mod data;
mod entry;
mod flow;
mod live;
mod settings;

pub use browser::{ApiCall, Page, StoredValue, StoredValueKind, WebStorage};
pub use data::{
    Command, CommittedFile, CommittedKind, DbFunction, DbView, Exposure, Field, Form, Gain, GrantWay, Openness, Policy,
    Reliance, Rls, RulesFile, SelfGrant, Store, StoreKind, StoreUse,
};
pub use entry::{Effect, EffectKind, EntryKind, EntryPoint, Guard, GuardKind, GuardStanding, Purpose, Reach, Side};
pub use flow::{Flow, Sink, Source};
pub use live::{
    Disagreement, GuardPassed, LiveAccess, LiveAccount, LiveGuard, LiveTable, LiveToken, Picture, TokenPlace,
};
pub use settings::{
    AdvisoriesUsed, AllowedOrigins, CookieSet, CorsPolicy, CryptoUse, CryptoUseKind, HeaderSet, Limiter, Package,
    PackageAdvisory, PackageMeans, RuntimeSeen, SameSite, SecretKind, SecretSeen, SecretTier, SettingSeen,
    StrangePackage, ThirdParty,
};

use plimsoll_source::Span;

use crate::Day;
use crate::evidence::Exchange;
use crate::review::NotChecked;

/// What the app is.
#[derive(Clone, Debug, Default)]
pub struct App {
    /// Frameworks, libraries and languages recognised, for people: `Express`, `React`, `Supabase`.
    pub stack: Vec<String>,
    /// Everything that answers a request.
    pub entry_points: Vec<EntryPoint>,
    /// Pages and routes that exist in the browser.
    pub pages: Vec<Page>,
    /// Calls from the browser to the app's own server.
    pub api_calls: Vec<ApiCall>,
    /// What the browser side keeps in web storage or cookies.
    pub stored_values: Vec<StoredValue>,
    /// Tables, collections, buckets, stores.
    pub stores: Vec<Store>,
    /// Forms that people fill in.
    pub forms: Vec<Form>,
    /// Functions of the database that can be called from outside.
    pub db_functions: Vec<DbFunction>,
    /// Views of the database that can be read from outside.
    pub db_views: Vec<DbView>,
    /// Ways in which an account can give itself rights.
    pub self_grants: Vec<SelfGrant>,
    /// Files of rules.
    pub rules_files: Vec<RulesFile>,
    /// Places where the browser side talks to stores directly.
    pub store_uses: Vec<StoreUse>,
    /// Places where a visitor can make an account with the authentication service (Supabase, Firebase).
    pub open_sign_up: Vec<Span>,
    /// Values that travel from an input to a sink.
    pub flows: Vec<Flow>,
    /// Cookies that the server sets.
    pub cookies: Vec<CookieSet>,
    /// Security headers that are set somewhere.
    pub headers: Vec<HeaderSet>,
    /// Where headers could be set and were looked for (server set-up, framework and host configuration).
    pub header_places: Vec<Span>,
    /// Whether the app serves pages to a browser itself or through a static host.
    pub serves_pages: bool,
    /// CORS policies.
    pub cors: Vec<CorsPolicy>,
    /// Rate limiters, applied or not.
    pub limiters: Vec<Limiter>,
    /// Packages that have a known advisory.
    pub packages: Vec<Package>,
    /// Number of packages looked at.
    pub packages_seen: usize,
    /// Packages whose name cannot be what was meant, or that nothing installs.
    pub strange_packages: Vec<StrangePackage>,
    /// Language runtimes and systems that the files ask for.
    pub runtimes: Vec<RuntimeSeen>,
    /// The day of the review; `None` where nobody said it.
    pub today: Option<Day>,
    /// With what they were compared, by ecosystem.
    pub advisories: Vec<AdvisoriesUsed>,
    /// What to do about them.
    pub upgrades: crate::UpgradePlan,
    /// Keys, passwords and tokens written in files.
    pub secrets: Vec<SecretSeen>,
    /// Files in the repository that should not be there.
    pub committed: Vec<CommittedFile>,
    /// Uses of cryptography and randomness.
    pub crypto: Vec<CryptoUse>,
    /// Settings that matter: debug switches, TLS verification, published source maps.
    pub settings: Vec<SettingSeen>,
    /// Third parties that receive data.
    pub third_parties: Vec<ThirdParty>,
    /// Column names that code and schema show, by the name of the store in lower case and singular.
    pub columns: std::collections::BTreeMap<String, std::collections::BTreeSet<String>>,
    /// What could not be understood or looked at.
    pub not_checked: Vec<NotChecked>,
    /// What was looked at, for the coverage section.
    pub looked_at: Vec<String>,
    /// What the live witness saw; empty without `--url`.
    pub live: Live,
}

impl App {
    /// Adds what another witness of the same app's files saw, behind what is known.
    pub fn append(&mut self, more: App) {
        // All fields by name: a new one cannot be forgotten here.
        let App {
            stack,
            entry_points,
            pages,
            api_calls,
            stored_values,
            stores,
            forms,
            db_functions,
            db_views,
            self_grants,
            rules_files,
            store_uses,
            open_sign_up,
            flows,
            cookies,
            headers,
            header_places,
            serves_pages,
            cors,
            limiters,
            packages,
            packages_seen,
            strange_packages,
            runtimes,
            today,
            advisories,
            upgrades,
            secrets,
            committed,
            crypto,
            settings,
            third_parties,
            columns,
            not_checked,
            looked_at,
            // Only the live witness fills it, and joins it itself.
            live: _,
        } = more;
        self.stack.extend(stack);
        self.entry_points.extend(entry_points);
        self.pages.extend(pages);
        self.api_calls.extend(api_calls);
        self.stored_values.extend(stored_values);
        self.stores.extend(stores);
        self.forms.extend(forms);
        self.db_functions.extend(db_functions);
        self.db_views.extend(db_views);
        self.self_grants.extend(self_grants);
        self.rules_files.extend(rules_files);
        self.store_uses.extend(store_uses);
        self.open_sign_up.extend(open_sign_up);
        self.flows.extend(flows);
        self.cookies.extend(cookies);
        self.headers.extend(headers);
        self.header_places.extend(header_places);
        self.serves_pages |= serves_pages;
        self.cors.extend(cors);
        self.limiters.extend(limiters);
        self.packages.extend(packages);
        self.packages_seen += packages_seen;
        self.strange_packages.extend(strange_packages);
        self.runtimes.extend(runtimes);
        self.today = self.today.or(today);
        self.advisories.extend(advisories);
        self.upgrades.append(upgrades);
        self.secrets.extend(secrets);
        self.committed.extend(committed);
        self.crypto.extend(crypto);
        self.settings.extend(settings);
        self.third_parties.extend(third_parties);
        for (store, names) in columns {
            self.columns.entry(store).or_default().extend(names);
        }
        self.not_checked.extend(not_checked);
        self.looked_at.extend(looked_at);
    }
}

/// What was observed on the running app.
#[derive(Clone, Debug, Default)]
pub struct Live {
    /// The origin probed; `None` when nothing was.
    pub origin: Option<String>,
    /// Response headers of pages: request, and all header names (lower case) with values.
    pub pages: Vec<(Exchange, Vec<(String, String)>)>,
    /// Files that must not be served, but are: request, what it is.
    pub exposed_files: Vec<(Exchange, String)>,
    /// Entry points that answered without credentials.
    pub open_entry_points: Vec<LiveAnswer>,
    /// Entry points that refused a request without credentials (401, 403, redirect to a login page).
    pub refused_entry_points: Vec<LiveAnswer>,
    /// Answers to requests that came with a foreign `Origin`.
    pub cors: Vec<LiveCors>,
    /// Scripts of other servers that pages load whatever they have become: the page and the script's address.
    pub foreign_scripts: Vec<(Exchange, String)>,
    /// Whether a script that is slipped into a page runs in the browser.
    pub inline_script: Option<LiveInline>,
    /// What a service that browsers talk to directly gives to strangers of each table.
    pub tables: Vec<LiveTable>,
    /// Files that were uploaded with the owner's consent, and how they are given back.
    pub uploads: Vec<LiveUpload>,
    /// Addresses that sent a visitor to the other site that their own query named.
    pub redirects: Vec<LiveRedirect>,
    /// Inner details shown to strangers (stack trace, debug page): request, what it is.
    pub details_shown: Vec<(Exchange, String)>,
    /// How wrong passwords in a row were answered; `None` when this was not tried.
    pub login: Option<LiveLogin>,
    /// Secrets in scripts that the running app serves to everyone.
    pub secrets: Vec<LiveSecret>,
    /// Records and figures in scripts that the running app serves to everyone.
    pub shipped: Vec<LiveShipped>,
    /// How each check ended.
    pub checks: Vec<LiveCheck>,
    /// Test accounts that could be signed in.
    pub accounts: Vec<LiveAccount>,
    /// What test accounts were answered.
    pub access: Vec<LiveAccess>,
    /// Login tokens where they can be taken.
    pub tokens: Vec<LiveToken>,
    /// Guards that stand only in the browser.
    pub guards: Vec<LiveGuard>,
    /// What a visitor sees.
    pub pictures: Vec<Picture>,
    /// Where code and running app contradict each other.
    pub disagreements: Vec<Disagreement>,
    /// Requests sent.
    pub requests: usize,
}

/// A secret in a script, or in the source map of one, that the running app serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveSecret {
    /// What kind.
    pub kind: SecretKind,
    /// Service or use: `Stripe secret key`.
    pub what: String,
    /// The value.
    pub value: crate::Secret,
    /// Certain by its shape, not only by the name of the variable.
    pub certain: bool,
    /// The request that brought it.
    pub exchange: Exchange,
    /// Where in the answer: `script`, `script in the page`, `source map`.
    pub place: String,
}

/// Data in a script, or in the source map of one, that the running app serves: the fields that weigh, never their values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveShipped {
    /// Names of the fields and what each is: `wage`, `password-hash`.
    pub fields: Vec<(String, String)>,
    /// How many records hold a value; none where it is one table of figures.
    pub records: Option<usize>,
    /// The request that brought it.
    pub exchange: Exchange,
    /// Where in the answer: `script`, `script in the page`, `source map`.
    pub place: String,
}

impl Live {
    /// Appends what another run saw; indices of entry points are taken as they are.
    pub fn append(&mut self, mut other: Live) {
        self.origin = self.origin.take().or(other.origin);
        self.pages.append(&mut other.pages);
        self.exposed_files.append(&mut other.exposed_files);
        self.open_entry_points.append(&mut other.open_entry_points);
        self.refused_entry_points.append(&mut other.refused_entry_points);
        self.cors.append(&mut other.cors);
        self.foreign_scripts.append(&mut other.foreign_scripts);
        self.inline_script = self.inline_script.take().or(other.inline_script);
        self.tables.append(&mut other.tables);
        self.uploads.append(&mut other.uploads);
        self.redirects.append(&mut other.redirects);
        self.details_shown.append(&mut other.details_shown);
        self.login = self.login.take().or(other.login);
        self.secrets.append(&mut other.secrets);
        self.shipped.append(&mut other.shipped);
        self.checks.append(&mut other.checks);
        self.accounts.append(&mut other.accounts);
        self.access.append(&mut other.access);
        self.tokens.append(&mut other.tokens);
        self.guards.append(&mut other.guards);
        self.pictures.append(&mut other.pictures);
        self.disagreements.append(&mut other.disagreements);
        self.requests += other.requests;
    }
}

/// How sure a live check is of what it saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LiveVerdict {
    /// Seen, by two independent signals.
    Confirmed,
    /// Seen, by one signal.
    Likely,
    /// Tried, and the app behaved as it should.
    Passed,
    /// Tried or wanted to, without a clear result.
    CouldNotTell,
}

impl LiveVerdict {
    /// The word used in outputs.
    pub fn word(self) -> &'static str {
        match self {
            LiveVerdict::Confirmed => "confirmed",
            LiveVerdict::Likely => "likely",
            LiveVerdict::Passed => "passed",
            LiveVerdict::CouldNotTell => "could_not_tell",
        }
    }
}

/// How one check ended. [`LiveVerdict::Passed`] is never given on silence: `note` says what was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveCheck {
    /// Kebab-case id: `exposed-files`, `cors`.
    pub check: String,
    /// How it ended.
    pub verdict: LiveVerdict,
    /// What was tried and what came, or what is missing, in plain words.
    pub note: String,
}

/// What kind of body came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LiveContent {
    /// JSON.
    Json,
    /// A page.
    Html,
    /// A table as text (CSV).
    Table,
    /// Anything else, or nothing.
    Other,
}

/// One answer of an entry point to a request without credentials. The body itself is never kept.
#[derive(Clone, Debug)]
pub struct LiveAnswer {
    /// The request.
    pub exchange: Exchange,
    /// Entry point it belongs to, by position in [`App::entry_points`], where the source knows it.
    pub entry: Option<usize>,
    /// What kind of body came.
    pub content: LiveContent,
    /// Names of fields in the JSON that came, sorted.
    pub fields: Vec<String>,
    /// How many records came, where it was a list.
    pub records: Option<usize>,
    /// How many distinct values looked like data of people, by kind: `email`, `phone`, `iban`.
    pub personal: Vec<(String, usize)>,
    /// How sure it is that data came which is not meant for everyone ([`LiveVerdict::Passed`] for a refusal).
    pub verdict: LiveVerdict,
}

/// A harmless script, added to a page in the browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveInline {
    /// The page.
    pub exchange: Exchange,
    /// It ran: no policy of the page stopped it.
    pub ran: bool,
}

/// An uploaded file, as the app gives it back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveUpload {
    /// The request that gave it back.
    pub exchange: Exchange,
    /// Entry point that took it, by position in [`App::entry_points`], where the source knows it.
    pub entry: Option<usize>,
    /// What was uploaded: `a page`, `a drawing (SVG)`.
    pub what: String,
    /// A browser runs it as a page of the app.
    pub inline: bool,
    /// How it is given back: `as text/html`.
    pub how: String,
}

/// A redirect to another site, by a word of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveRedirect {
    /// The request.
    pub exchange: Exchange,
    /// Entry point it belongs to, by position in [`App::entry_points`], where the source knows it.
    pub entry: Option<usize>,
    /// Name of the part of the query that decided.
    pub parameter: String,
}

/// What the app told a browser about a foreign origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveCors {
    /// The request (`OPTIONS` for a preflight).
    pub exchange: Exchange,
    /// `Origin` that was sent.
    pub origin: String,
    /// `Access-Control-Allow-Origin` that came.
    pub allow_origin: String,
    /// `Access-Control-Allow-Credentials: true` came.
    pub credentials: bool,
    /// Confirmed on a successful answer, likely on a refused one.
    pub verdict: LiveVerdict,
}

impl LiveCors {
    /// Whom the answer shows to be let in.
    pub fn origins(&self) -> AllowedOrigins {
        match self.origin.as_str() {
            _ if self.allow_origin == "*" => AllowedOrigins::Any,
            "null" => AllowedOrigins::Weak("pages without an origin (`null`) are let in".to_owned()),
            origin if origin.starts_with("http://") => {
                AllowedOrigins::Weak("any origin that begins like the app's own is let in".to_owned())
            }
            _ => AllowedOrigins::Reflected,
        }
    }
}

/// How wrong passwords in a row were answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveLogin {
    /// The login request.
    pub exchange: Exchange,
    /// Entry point it belongs to, by position in [`App::entry_points`].
    pub entry: Option<usize>,
    /// How many wrong passwords were sent.
    pub attempts: usize,
    /// What limited them and from which attempt on; `None` when all were answered alike.
    pub limited: Option<(usize, String)>,
    /// How the limit was got around, where it was: `counts again when X-Forwarded-For changes`.
    pub bypassed: Option<String>,
    /// A known account is answered differently from an unknown one.
    pub enumerates: bool,
    /// Confirmed: no limit seen. Passed: limited. Otherwise the answers were not clear.
    pub verdict: LiveVerdict,
}

impl App {
    /// The calls of the browser side that reach an entry point, by its position.
    pub fn calls_to(&self, entry: usize) -> impl Iterator<Item = &ApiCall> {
        self.api_calls.iter().filter(move |call| call.entry == Some(entry))
    }

    /// The pages that make a call which reaches an entry point, by its position.
    pub fn pages_calling(&self, entry: usize) -> impl Iterator<Item = &Page> {
        self.pages.iter().filter(move |page| {
            page.calls.iter().any(|&call| self.api_calls.get(call).is_some_and(|call| call.entry == Some(entry)))
        })
    }

    /// Adds what another witness found; lists are appended in order. Indices inside `other` (entry points of flows and
    /// calls) are shifted.
    pub fn absorb(&mut self, mut other: App) {
        let entries = self.entry_points.len();
        let calls = self.api_calls.len();
        for call in other.pages.iter_mut().flat_map(|page| &mut page.calls) {
            *call += calls;
        }
        for flow in &mut other.flows {
            flow.entry = flow.entry.map(|index| index + entries);
        }
        for call in &mut other.api_calls {
            call.entry = call.entry.map(|index| index + entries);
        }
        let live = &mut other.live;
        for answer in live.open_entry_points.iter_mut().chain(&mut live.refused_entry_points) {
            answer.entry = answer.entry.map(|index| index + entries);
        }
        for access in &mut live.access {
            access.entry = access.entry.map(|index| index + entries);
        }
        if let Some(login) = &mut live.login {
            login.entry = login.entry.map(|index| index + entries);
        }
        self.stack.append(&mut other.stack);
        self.entry_points.append(&mut other.entry_points);
        self.pages.append(&mut other.pages);
        self.api_calls.append(&mut other.api_calls);
        self.stored_values.append(&mut other.stored_values);
        self.stores.append(&mut other.stores);
        self.forms.append(&mut other.forms);
        self.db_functions.append(&mut other.db_functions);
        self.db_views.append(&mut other.db_views);
        self.self_grants.append(&mut other.self_grants);
        self.rules_files.append(&mut other.rules_files);
        self.store_uses.append(&mut other.store_uses);
        self.open_sign_up.append(&mut other.open_sign_up);
        self.flows.append(&mut other.flows);
        self.cookies.append(&mut other.cookies);
        self.headers.append(&mut other.headers);
        self.header_places.append(&mut other.header_places);
        self.serves_pages |= other.serves_pages;
        self.cors.append(&mut other.cors);
        self.limiters.append(&mut other.limiters);
        self.packages.append(&mut other.packages);
        self.packages_seen += other.packages_seen;
        self.advisories.append(&mut other.advisories);
        self.upgrades.append(std::mem::take(&mut other.upgrades));
        self.secrets.append(&mut other.secrets);
        self.committed.append(&mut other.committed);
        self.crypto.append(&mut other.crypto);
        self.settings.append(&mut other.settings);
        self.third_parties.append(&mut other.third_parties);
        for (store, mut columns) in std::mem::take(&mut other.columns) {
            self.columns.entry(store).or_default().append(&mut columns);
        }
        self.not_checked.append(&mut other.not_checked);
        self.looked_at.append(&mut other.looked_at);
        self.live.append(other.live);
    }
}
