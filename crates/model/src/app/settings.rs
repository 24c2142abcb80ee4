//! Cookies, headers, CORS, limiters, packages, secrets and settings.

use plimsoll_source::Span;

use crate::evidence::Exchange;
use crate::redact::Secret;
use crate::{DataClass, Day, Severity};

/// `SameSite` of a cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[expect(missing_docs, reason = "the words are the documentation")]
pub enum SameSite {
    Strict,
    Lax,
    None,
}

/// A cookie that the server sets. `None` in a flag means not known.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct CookieSet {
    /// Name; empty when computed.
    pub name: String,
    /// It carries the session or a login token.
    pub is_session: bool,
    /// `HttpOnly`.
    pub http_only: Option<bool>,
    /// `Secure`; `Some(true)` also when it is set in production.
    pub secure: Option<bool>,
    /// `SameSite` as set; `None` when not set (browsers then treat it as lax).
    pub same_site: Option<SameSite>,
    /// Lifetime in seconds, where known.
    pub max_age: Option<u64>,
    /// What sets it: `res.cookie`, `express-session`, `Django`.
    pub by: String,
    /// Where, in source.
    pub span: Option<Span>,
    /// Where, live.
    pub exchange: Option<Exchange>,
}

/// A response header that is set for pages.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct HeaderSet {
    /// Lower-case name.
    pub name: String,
    /// Value, where known.
    pub value: Option<String>,
    /// What sets it: `helmet`, `next.config headers()`, `vercel.json`, `Django SecurityMiddleware`.
    pub by: String,
    /// Where.
    pub span: Span,
}

/// Which origins a CORS policy admits.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum AllowedOrigins {
    /// `*`.
    Any,
    /// Whatever origin asks.
    Reflected,
    /// Tested in a way that strangers can satisfy: why.
    Weak(String),
    /// A fixed list.
    Listed(Vec<String>),
    /// From a setting that is not in the code.
    Configured,
}

/// A CORS policy.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct CorsPolicy {
    /// Whom it admits.
    pub origins: AllowedOrigins,
    /// `Access-Control-Allow-Credentials: true`.
    pub credentials: bool,
    /// Path it applies to; empty for the whole app.
    pub path: String,
    /// What sets it.
    pub by: String,
    /// Where; the same decision repeated in several places is one policy.
    pub spans: Vec<Span>,
}

/// A rate limiter.
#[derive(Clone, Debug)]
pub struct Limiter {
    /// Name of the variable or library.
    pub name: String,
    /// Allowed requests per window, where known.
    pub max: Option<u64>,
    /// Window in seconds, where known.
    pub window: Option<u64>,
    /// Path prefixes where it is mounted; empty for nowhere, `/` for everywhere.
    pub mounted: Vec<String>,
    /// It counts by a value that the caller chooses (`X-Forwarded-For`, the visitor's own session cookie).
    pub keyed_by_caller: Option<String>,
    /// Where.
    pub span: Span,
}

/// A package with known advisories.
#[derive(Clone, Debug)]
pub struct Package {
    /// `npm`, `PyPI`, `Packagist` …
    pub ecosystem: String,
    /// Name.
    pub name: String,
    /// Version or range.
    pub version: String,
    /// Package URL.
    pub purl: String,
    /// `production`, `development`, `unknown`.
    pub scope: String,
    /// Named in the app's own manifest.
    pub direct: bool,
    /// From the app to the package.
    pub path: Vec<String>,
    /// Advisories, one per alias group, worst first.
    pub advisories: Vec<PackageAdvisory>,
    /// Lowest version that clears all, if there is one.
    pub fixed_in: Option<String>,
    /// The exact version is known and the ranges are complete.
    pub certain: bool,
    /// In the manifest (direct) or lockfile.
    pub span: Span,
    /// Further places.
    pub also: Vec<Span>,
    /// Where the app's own code imports it.
    pub imported_at: Vec<Span>,
    /// How it gets into the app.
    pub means: PackageMeans,
}

/// How a package gets into the app.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PackageMeans {
    /// A package manager installs it.
    #[default]
    Installed,
    /// A page, or code, loads it from a public network while it runs.
    Loaded,
    /// Its file was copied into the app.
    Copied,
}

/// A package whose name cannot be what was meant, or that nothing installs.
#[derive(Clone, Debug)]
pub struct StrangePackage {
    /// `npm`, `PyPI`.
    pub ecosystem: String,
    /// Name; of the imported module for Python.
    pub name: String,
    /// The package that many use and whose name this one nearly has.
    pub like: Option<String>,
    /// A manifest asks for it; otherwise code imports it and no manifest and no lockfile names it.
    pub declared: bool,
    /// Where.
    pub span: Span,
    /// Further places.
    pub also: Vec<Span>,
}

/// A language runtime or a system that the app's files ask for.
#[derive(Clone, Debug)]
pub struct RuntimeSeen {
    /// `Node.js`, `PHP`, `Debian`.
    pub product: String,
    /// What the file asks for, as written.
    pub asked: String,
    /// The newest release line that this allows.
    pub line: String,
    /// The last day on which that line gets repairs.
    pub ends: Day,
    /// The day of these facts.
    pub known_until: Day,
    /// Where.
    pub span: Span,
    /// Further places.
    pub also: Vec<Span>,
}

/// An advisory that applies.
#[derive(Clone, Debug)]
pub struct PackageAdvisory {
    /// Preferred id (CVE, else GHSA, else other).
    pub id: String,
    /// One line.
    pub summary: String,
    /// Severity.
    pub severity: Severity,
    /// Since when attackers are known to use it, `YYYY-MM-DD`.
    pub exploited: Option<String>,
    /// How likely it is to be exploited in the next 30 days, in ten-thousandths.
    pub likelihood: Option<u16>,
    /// Where the app's own code calls a function with the hole; `None` where the advisory names none, or the code could
    /// not be read.
    pub called: Option<Vec<Span>>,
}

/// Which advisories the packages of one ecosystem were compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdvisoriesUsed {
    /// `npm`, `PyPI`, `Packagist` …
    pub ecosystem: String,
    /// Nothing published after this day is known.
    pub known_until: Day,
}

/// What kind of secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SecretKind {
    /// A key of a service.
    ApiKey,
    /// A key that signs sessions or tokens.
    SigningKey,
    /// A password in code or configuration.
    Password,
    /// A connection string with a password.
    ConnectionString,
    /// A private key.
    PrivateKey,
    /// A working account (user and password) published in documents, pages or seeds.
    DefaultAccount,
    /// A token of a session or person.
    Token,
}

/// Whether it must be secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SecretTier {
    /// Must not be known to others.
    Secret,
    /// Public by design (publishable keys).
    PublicByDesign,
    /// A placeholder or example.
    Placeholder,
}

/// A secret seen in a file.
#[derive(Clone, Debug)]
pub struct SecretSeen {
    /// What kind.
    pub kind: SecretKind,
    /// Service or use: `Stripe secret key`, `Supabase service-role key`, `session signing key`.
    pub what: String,
    /// Whether it must be secret.
    pub tier: SecretTier,
    /// The value.
    pub value: Secret,
    /// It is sent to the browser (public prefix, client module, bundle, page).
    pub in_browser: bool,
    /// It is only a fallback when a setting is missing: name of the setting.
    pub fallback_for: Option<String>,
    /// The file is ignored by git.
    pub git_ignored: bool,
    /// The file is documentation, a test or a sample.
    pub in_sample: bool,
    /// Certain by its shape (prefix, checksum, decoded claims), not only by the name of the variable.
    pub certain: bool,
    /// Where.
    pub span: Span,
    /// Further places of the same value.
    pub also: Vec<Span>,
}

/// A use of cryptography or randomness.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct CryptoUse {
    /// What it is used for and how.
    pub kind: CryptoUseKind,
    /// Algorithm or function as written: `md5`, `Math.random`, `jwt.decode`.
    pub how: String,
    /// Where.
    pub span: Span,
    /// Further places.
    pub also: Vec<Span>,
}

/// How cryptography is misused or used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub enum CryptoUseKind {
    /// A fast or broken hash for passwords.
    FastPasswordHash,
    /// Passwords stored or compared in the clear.
    ClearPassword,
    /// A guessable generator for a token, password or code.
    GuessableToken,
    /// A token is read without verifying its signature.
    UnverifiedToken,
    /// TLS certificates are not verified.
    TlsNotVerified,
    /// A secret is compared in a way that leaks timing.
    TimingCompare,
    /// No or weak rule for new passwords.
    WeakPasswordRule,
    /// Proper password hashing: proves a control.
    SlowPasswordHash,
}

/// A setting that matters.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct SettingSeen {
    /// System: `Django`, `Flask`, `Vite`, `Next.js`, `Docker`.
    pub system: String,
    /// Kebab-case key the rules know: `debug-mode`, `published-source-maps`, `listens-on-all`, `type-errors-ignored`,
    /// `directory-listing`, `dev-server-in-production`, `runs-as-root`, `debug-script`, `public-web-root`.
    pub key: String,
    /// Value as written.
    pub value: String,
    /// Where.
    pub span: Span,
    /// Further places.
    pub also: Vec<Span>,
}

/// A third party that receives data.
#[derive(Clone, Debug)]
pub struct ThirdParty {
    /// `Stripe`, `OpenAI`.
    pub name: String,
    /// `payment`, `ai`, `mail`, `sms`, `analytics`, `error-tracking`, `maps`, `storage`, `auth`, `hosting`.
    pub purpose: String,
    /// Highest class sent, as far as known.
    pub class: DataClass,
    /// Where it is used.
    pub span: Span,
}
