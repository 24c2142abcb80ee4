//! What a lockfile or manifest says about a package.

use plimsoll_source::Span;

/// Where packages come from and which version order holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Ecosystem {
    /// JavaScript.
    Npm,
    /// Python.
    PyPi,
    /// PHP.
    Packagist,
    /// Ruby.
    RubyGems,
    /// Rust.
    CratesIo,
    /// Go.
    Go,
    /// Java.
    Maven,
    /// Elixir and Erlang.
    Hex,
    /// Dart.
    Pub,
}

impl Ecosystem {
    /// All of them.
    pub const ALL: [Ecosystem; 9] = [
        Ecosystem::Npm,
        Ecosystem::PyPi,
        Ecosystem::Packagist,
        Ecosystem::RubyGems,
        Ecosystem::CratesIo,
        Ecosystem::Go,
        Ecosystem::Maven,
        Ecosystem::Hex,
        Ecosystem::Pub,
    ];

    /// The name in OSV records.
    pub fn as_str(self) -> &'static str {
        match self {
            Ecosystem::Npm => "npm",
            Ecosystem::PyPi => "PyPI",
            Ecosystem::Packagist => "Packagist",
            Ecosystem::RubyGems => "RubyGems",
            Ecosystem::CratesIo => "crates.io",
            Ecosystem::Go => "Go",
            Ecosystem::Maven => "Maven",
            Ecosystem::Hex => "Hex",
            Ecosystem::Pub => "Pub",
        }
    }

    /// The ecosystem of an OSV name; a suffix as in `Maven:repository` does not matter. `None` for those unknown here.
    pub fn from_osv(name: &str) -> Option<Self> {
        let name = name.split(':').next().unwrap_or(name);
        Self::ALL.into_iter().find(|ecosystem| ecosystem.as_str() == name)
    }

    /// The name under which the ecosystem's registry looks a package up: two spellings of one package become equal.
    pub fn normalized(self, name: &str) -> String {
        match self {
            // PEP 503.
            Ecosystem::PyPi => {
                let mut out = String::with_capacity(name.len());
                for letter in name.chars() {
                    if matches!(letter, '-' | '_' | '.') {
                        if !out.ends_with('-') {
                            out.push('-');
                        }
                    } else {
                        out.extend(letter.to_lowercase());
                    }
                }
                out
            }
            Ecosystem::Packagist => name.to_lowercase(),
            _ => name.to_owned(),
        }
    }

    /// The type in a package URL (github.com/package-url/purl-spec).
    fn purl_type(self) -> &'static str {
        match self {
            Ecosystem::Npm => "npm",
            Ecosystem::PyPi => "pypi",
            Ecosystem::Packagist => "composer",
            Ecosystem::RubyGems => "gem",
            Ecosystem::CratesIo => "cargo",
            Ecosystem::Go => "golang",
            Ecosystem::Maven => "maven",
            Ecosystem::Hex => "hex",
            Ecosystem::Pub => "pub",
        }
    }

    /// The package URL of a package, with its version where that is exact.
    pub fn purl(self, name: &str, version: Option<&str>) -> String {
        let name = self.normalized(name);
        let name = if self == Ecosystem::Maven { name.replacen(':', "/", 1) } else { name };
        let mut purl = format!("pkg:{}/{}", self.purl_type(), encoded(&name));
        if let Some(version) = version {
            purl.push('@');
            purl.push_str(&encoded(version).replace('/', "%2F"));
        }
        purl
    }
}

fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(byte as char);
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

impl std::fmt::Display for Ecosystem {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(self.as_str())
    }
}

/// Whether a package runs where the app runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Reached from what the app needs to run.
    Production,
    /// Neither the lockfile nor the manifests tell.
    Unknown,
    /// Only reached from tools for development and tests.
    Development,
}

/// Where the package is fetched from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// The ecosystem's registry or a mirror of it: advisories apply by name and version.
    Registry,
    /// A git repository or an archive at some address: name and version are the maker's word only.
    Git,
    /// A folder or file of the app itself.
    Local,
}

/// How a package gets into the app.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Means {
    /// A package manager installs it.
    #[default]
    Installed,
    /// A page, or code, loads it from a public network while it runs.
    Loaded,
    /// Its file was copied into the app.
    Copied,
}

/// What is known of the version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pinned {
    /// Exactly this version is installed.
    Exact(String),
    /// A manifest without a lockfile: any version in this range may be installed.
    Range(String),
    /// No version at all, and why.
    Unknown(String),
}

impl Pinned {
    /// The exact version, if there is one.
    pub fn exact(&self) -> Option<&str> {
        match self {
            Pinned::Exact(version) => Some(version),
            Pinned::Range(_) | Pinned::Unknown(_) => None,
        }
    }

    /// The version or the range, as written; `""` when unknown.
    pub fn as_written(&self) -> &str {
        match self {
            Pinned::Exact(text) | Pinned::Range(text) => text,
            Pinned::Unknown(_) => "",
        }
    }
}

/// A package as one lockfile or manifest has it.
#[derive(Clone, Debug)]
pub struct Package {
    /// The ecosystem.
    pub ecosystem: Ecosystem,
    /// The name in the registry, also where the app uses an alias.
    pub name: String,
    /// Its version.
    pub version: Pinned,
    /// The package URL.
    pub purl: String,
    /// Production or development.
    pub scope: Scope,
    /// Whether a manifest of the app names it.
    pub direct: bool,
    /// How it came in: names from the direct dependency down to this package; only itself when nothing is known.
    pub path: Vec<String>,
    /// Where the lockfile (or the manifest, without one) declares it.
    pub span: Span,
    /// For a direct dependency: its line in `package.json`, `requirements.in`, `composer.json` and so on.
    pub manifest_span: Option<Span>,
    /// Where it is fetched from.
    pub origin: Origin,
    /// The folder of the manifest that needs it, relative to the subject; `""` is the subject itself.
    pub workspace: String,
    /// How it gets into the app.
    pub means: Means,
}

/// Who needs a package.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Needer {
    /// A manifest of the app.
    App {
        /// The folder of the manifest, relative to the subject.
        dir: String,
        /// Only for development.
        dev: bool,
        /// Where it asks, where that is known.
        span: Option<Span>,
    },
    /// Another package: its position in the list of packages.
    Package(usize),
}

/// An edge of the graph of packages.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Need {
    /// The position of the package that is needed.
    pub package: usize,
    /// Who needs it.
    pub by: Needer,
    /// The name that is used for it, which may be an alias.
    pub alias: String,
    /// What is asked for; `None` where the lockfile does not say.
    pub range: Option<String>,
}

/// Something about dependencies that could not be checked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NotChecked {
    /// The file or the package.
    pub what: String,
    /// Why, in plain words, with what to do where something can be done.
    pub why: String,
    /// Whether a vulnerable package may hide behind it. False for remarks such as "a second lockfile was left out".
    pub matters: bool,
}

/// A lockfile or manifest that was seen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seen {
    /// Path relative to the subject.
    pub path: String,
    /// What it is, such as `package-lock.json v3`.
    pub format: String,
    /// How many packages it lists. Zero for manifests that a lockfile covers.
    pub packages: usize,
}
