//! The app model: what the app is.
//!
//! Static and live witnesses fill the same entities. A fact says where it was seen ([`Span`] or [`Exchange`]); it never
//! judges. Lists are in the order of files and positions unless said otherwise.

mod browser;
mod data;
mod entry;
mod flow;
mod settings;

pub use browser::{ApiCall, Page, StoredValue, StoredValueKind, WebStorage};
pub use data::{
    Command, CommittedFile, CommittedKind, DbFunction, Exposure, Field, Openness, Policy, Rls, Store, StoreKind,
};
pub use entry::{Effect, EffectKind, EntryKind, EntryPoint, Guard, GuardKind, GuardStanding, Purpose, Reach, Side};
pub use flow::{Flow, Sink, Source};
pub use settings::{
    AllowedOrigins, CookieSet, CorsPolicy, CryptoUse, CryptoUseKind, HeaderSet, Limiter, Package, PackageAdvisory,
    SameSite, SecretKind, SecretSeen, SecretTier, SettingSeen, ThirdParty,
};

use plimsoll_source::Span;

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
    /// Functions of the database that can be called from outside.
    pub db_functions: Vec<DbFunction>,
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
    /// What could not be understood or looked at.
    pub not_checked: Vec<NotChecked>,
    /// What was looked at, for the coverage section.
    pub looked_at: Vec<String>,
    /// What the live witness saw; empty without `--url`.
    pub live: Live,
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
    /// Paths of API entry points that answered without credentials: request, whether JSON data came, note.
    pub open_entry_points: Vec<LiveAnswer>,
}

/// One answer of an entry point to a request without credentials.
#[derive(Clone, Debug)]
pub struct LiveAnswer {
    /// The request.
    pub exchange: Exchange,
    /// Entry point it belongs to, by position in [`App::entry_points`], where the source knows it.
    pub entry: Option<usize>,
    /// Names of fields in the JSON that came, sorted.
    pub fields: Vec<String>,
    /// How many records came, where it was a list.
    pub records: Option<usize>,
}

impl App {
    /// Adds what another witness found; lists are appended in order. Indices inside `other` (entry points of flows and
    /// calls) are shifted.
    pub fn absorb(&mut self, mut other: App) {
        let entries = self.entry_points.len();
        for flow in &mut other.flows {
            flow.entry = flow.entry.map(|index| index + entries);
        }
        for call in &mut other.api_calls {
            call.entry = call.entry.map(|index| index + entries);
        }
        for answer in &mut other.live.open_entry_points {
            answer.entry = answer.entry.map(|index| index + entries);
        }
        self.stack.append(&mut other.stack);
        self.entry_points.append(&mut other.entry_points);
        self.pages.append(&mut other.pages);
        self.api_calls.append(&mut other.api_calls);
        self.stored_values.append(&mut other.stored_values);
        self.stores.append(&mut other.stores);
        self.db_functions.append(&mut other.db_functions);
        self.flows.append(&mut other.flows);
        self.cookies.append(&mut other.cookies);
        self.headers.append(&mut other.headers);
        self.header_places.append(&mut other.header_places);
        self.serves_pages |= other.serves_pages;
        self.cors.append(&mut other.cors);
        self.limiters.append(&mut other.limiters);
        self.packages.append(&mut other.packages);
        self.packages_seen += other.packages_seen;
        self.secrets.append(&mut other.secrets);
        self.committed.append(&mut other.committed);
        self.crypto.append(&mut other.crypto);
        self.settings.append(&mut other.settings);
        self.third_parties.append(&mut other.third_parties);
        self.not_checked.append(&mut other.not_checked);
        self.looked_at.append(&mut other.looked_at);
        self.live.origin = self.live.origin.take().or(other.live.origin);
        self.live.pages.append(&mut other.live.pages);
        self.live.exposed_files.append(&mut other.live.exposed_files);
        self.live.open_entry_points.append(&mut other.live.open_entry_points);
    }
}
