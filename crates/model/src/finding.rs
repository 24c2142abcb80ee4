//! Findings.

use crate::evidence::Evidence;

/// The kind of weakness, fixed by the brief; SARIF and the corpus score by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the words are the documentation; `title` glosses each")]
pub enum Gap {
    ClientSideAuth,
    MissingRateLimit,
    VulnerableDependency,
    ExposedSessionToken,
    SensitiveDataInClient,
    MissingSecurityHeaders,
    PermissiveCors,
    BrokenAccessControl,
    Injection,
    Xss,
    UnsafeUpload,
    SecretInRepo,
    WeakCryptoOrPasswordStorage,
    Ssrf,
    Csrf,
    OpenRedirect,
    DebugOrMisconfig,
    Other,
}

impl Gap {
    /// The seven gaps typical for AI-built apps.
    pub const SEVEN: [Gap; 7] = [
        Gap::ClientSideAuth,
        Gap::MissingRateLimit,
        Gap::VulnerableDependency,
        Gap::ExposedSessionToken,
        Gap::SensitiveDataInClient,
        Gap::MissingSecurityHeaders,
        Gap::PermissiveCors,
    ];

    /// All gaps.
    pub const ALL: [Gap; 18] = [
        Gap::ClientSideAuth,
        Gap::MissingRateLimit,
        Gap::VulnerableDependency,
        Gap::ExposedSessionToken,
        Gap::SensitiveDataInClient,
        Gap::MissingSecurityHeaders,
        Gap::PermissiveCors,
        Gap::BrokenAccessControl,
        Gap::Injection,
        Gap::Xss,
        Gap::UnsafeUpload,
        Gap::SecretInRepo,
        Gap::WeakCryptoOrPasswordStorage,
        Gap::Ssrf,
        Gap::Csrf,
        Gap::OpenRedirect,
        Gap::DebugOrMisconfig,
        Gap::Other,
    ];

    /// The word of the contract.
    pub fn word(self) -> &'static str {
        match self {
            Gap::ClientSideAuth => "client_side_auth",
            Gap::MissingRateLimit => "missing_rate_limit",
            Gap::VulnerableDependency => "vulnerable_dependency",
            Gap::ExposedSessionToken => "exposed_session_token",
            Gap::SensitiveDataInClient => "sensitive_data_in_client",
            Gap::MissingSecurityHeaders => "missing_security_headers",
            Gap::PermissiveCors => "permissive_cors",
            Gap::BrokenAccessControl => "broken_access_control",
            Gap::Injection => "injection",
            Gap::Xss => "xss",
            Gap::UnsafeUpload => "unsafe_upload",
            Gap::SecretInRepo => "secret_in_repo",
            Gap::WeakCryptoOrPasswordStorage => "weak_crypto_or_password_storage",
            Gap::Ssrf => "ssrf",
            Gap::Csrf => "csrf",
            Gap::OpenRedirect => "open_redirect",
            Gap::DebugOrMisconfig => "debug_or_misconfig",
            Gap::Other => "other",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Gap::ALL.into_iter().find(|gap| gap.word() == word)
    }

    /// The gap in an owner's words.
    pub fn title(self) -> &'static str {
        match self {
            Gap::ClientSideAuth => "Doors locked only in the browser",
            Gap::MissingRateLimit => "No limit on attempts",
            Gap::VulnerableDependency => "Old libraries with known holes",
            Gap::ExposedSessionToken => "Login tickets that can be stolen",
            Gap::SensitiveDataInClient => "Business secrets sent to every visitor",
            Gap::MissingSecurityHeaders => "Browser protections not switched on",
            Gap::PermissiveCors => "Other websites may read your data",
            Gap::BrokenAccessControl => "The server lets the wrong people in",
            Gap::Injection => "Input that becomes a command",
            Gap::Xss => "Visitors' text that becomes a program",
            Gap::UnsafeUpload => "Dangerous file uploads",
            Gap::SecretInRepo => "Keys and passwords in the code",
            Gap::WeakCryptoOrPasswordStorage => "Passwords or tokens that can be guessed",
            Gap::Ssrf => "The server fetches what strangers name",
            Gap::Csrf => "Other websites can act in a user's name",
            Gap::OpenRedirect => "Links that lead to strangers' sites",
            Gap::DebugOrMisconfig => "Left in developer mode",
            Gap::Other => "Other weaknesses",
        }
    }
}

/// How bad it is when it is used against the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the words are the documentation")]
pub enum Severity {
    Low,
    Medium,
    High,
    Critical,
}

impl Severity {
    /// All, worst first.
    pub const ALL: [Severity; 4] = [Severity::Critical, Severity::High, Severity::Medium, Severity::Low];

    /// The word of the contract.
    pub fn word(self) -> &'static str {
        match self {
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Severity::ALL.into_iter().find(|severity| severity.word() == word)
    }
}

/// How sure we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// It may be so; what would settle it is in the evidence.
    Possible,
    /// The code says so.
    Likely,
    /// Observed live, or certain from the text.
    Confirmed,
}

impl Confidence {
    /// The word of the contract.
    pub fn word(self) -> &'static str {
        match self {
            Confidence::Possible => "possible",
            Confidence::Likely => "likely",
            Confidence::Confirmed => "confirmed",
        }
    }
}

/// Whether a finding counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It counts.
    Open,
    /// Waived by the owner, with reason and end.
    Waived {
        /// Why.
        reason: String,
        /// Who answers for it.
        owner: String,
        /// `YYYY-MM-DD`, after which it counts again.
        until: String,
    },
    /// Known from the baseline.
    Baseline,
}

/// A package that a finding is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageRef {
    /// Name in its ecosystem.
    pub name: String,
    /// Version in use, or the range where only that is known.
    pub version: String,
    /// Package URL.
    pub purl: String,
    /// `production`, `development` or `unknown`.
    pub scope: String,
    /// How it came in: from the app to the package.
    pub path: Vec<String>,
}

/// One finding. Built only through the rules' sink, which demands evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Short id for people and commands, from the fingerprint: `PL-1a2b3c4d`.
    pub id: String,
    /// Rule id, kebab-case.
    pub rule: String,
    /// The gap.
    pub gap: Gap,
    /// CWE numbers.
    pub cwe: Vec<u16>,
    /// OWASP Top 10 entries, such as `A01:2025`.
    pub owasp: Vec<String>,
    /// ASVS 5.0 requirement ids, such as `8.2.1`.
    pub asvs: Vec<String>,
    /// Severity.
    pub severity: Severity,
    /// Confidence.
    pub confidence: Confidence,
    /// One line: what is wrong, here.
    pub title: String,
    /// What it means for the business, in plain words.
    pub meaning: String,
    /// At least one piece; the first is the primary place.
    pub evidence: Vec<Evidence>,
    /// What to change, here.
    pub fix: String,
    /// Stable under moved lines and renamed folders.
    pub fingerprint: String,
    /// Whether it counts.
    pub standing: Standing,
    /// The package, for dependency findings.
    pub package: Option<PackageRef>,
    /// Advisory ids, one per alias group.
    pub advisories: Vec<String>,
    /// What it gives to an attacker; attack chains are composed of these.
    pub grants: Vec<crate::Grant>,
}

impl Finding {
    /// Whether it counts (not waived, not in the baseline).
    pub fn is_open(&self) -> bool {
        self.standing == Standing::Open
    }
}
