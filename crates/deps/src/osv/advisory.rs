//! An advisory about one package, reduced to what is needed to judge a version.

use crate::Ecosystem;
use crate::version::{Interval, Set, Version};

/// How bad, in the words of the advisory or from its CVSS score.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The source rates nothing.
    Unknown,
    /// CVSS below 4.
    Low,
    /// CVSS from 4.
    Medium,
    /// CVSS from 7.
    High,
    /// CVSS from 9.
    Critical,
}

impl Severity {
    /// The word used in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Unknown => "unknown",
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }

    /// As the review has it. What nobody rates is taken for medium.
    pub fn for_model(self) -> plimsoll_model::Severity {
        match self {
            Severity::Critical => plimsoll_model::Severity::Critical,
            Severity::High => plimsoll_model::Severity::High,
            Severity::Medium | Severity::Unknown => plimsoll_model::Severity::Medium,
            Severity::Low => plimsoll_model::Severity::Low,
        }
    }

    pub(crate) fn from_word(word: &str) -> Option<Self> {
        match word.to_ascii_lowercase().as_str() {
            "low" => Some(Severity::Low),
            "moderate" | "medium" => Some(Severity::Medium),
            "high" => Some(Severity::High),
            "critical" => Some(Severity::Critical),
            _ => None,
        }
    }

    pub(crate) fn from_tenths(tenths: u8) -> Self {
        match tenths {
            0..=39 => Severity::Low,
            40..=69 => Severity::Medium,
            70..=89 => Severity::High,
            _ => Severity::Critical,
        }
    }
}

/// What an advisory is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A vulnerability.
    Vulnerability,
    /// The package itself is an attack.
    Malicious,
    /// Nobody maintains the package any more.
    Unmaintained,
    /// A remark of the source, such as unsound code.
    Notice,
}

/// Where an affected stretch ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Nothing is known to be fixed.
    Open,
    /// The first version that is not affected.
    Fixed(String),
    /// The last affected version; a fix may not exist.
    Last(String),
}

/// A stretch of affected versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    /// The first affected version; `""` is below every version, pre-releases included.
    pub(crate) introduced: String,
    /// Whether `introduced` itself is not affected.
    pub(crate) exclusive: bool,
    pub(crate) end: End,
}

/// An advisory about one package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advisory {
    /// The id of the record.
    pub id: String,
    /// Its other ids.
    pub aliases: Vec<String>,
    /// One line, shortened from the source's summary; `""` where it has none.
    pub summary: String,
    /// How bad.
    pub severity: Severity,
    /// The CVSS base score in tenths, where the source gives a vector.
    pub score: Option<u8>,
    /// What it is about.
    pub kind: Kind,
    /// The source keeps one range per advisory: other release lines may be affected or fixed as well.
    pub partial: bool,
    pub(crate) spans: Vec<Span>,
    /// Affected versions that no span covers.
    pub(crate) versions: Vec<String>,
    /// The functions with the hole, where the source names them: `import/path.Type.Method` (Go), `crate::module::function`
    /// (Rust); `import/path.*` for a whole package.
    pub(crate) symbols: Vec<String>,
}

/// Whether an advisory applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Affects {
    Yes,
    No,
    /// The record's bounds or the version have no place in the order.
    CannotTell,
}

impl Advisory {
    /// The affected versions; `None` when a bound cannot be ordered.
    pub(crate) fn set(&self, ecosystem: Ecosystem) -> Option<Set> {
        self.spans.iter().map(|span| span.interval(ecosystem)).collect::<Option<Vec<_>>>().map(Set)
    }

    /// Whether it applies to a version. Listed versions count as text and as versions; any span suffices.
    pub(crate) fn affects(&self, ecosystem: Ecosystem, text: &str, version: &Version) -> Affects {
        if self.versions.iter().any(|listed| listed == text) {
            return Affects::Yes;
        }
        if self.versions.iter().any(|listed| Version::parse(ecosystem, listed).as_ref() == Some(version)) {
            return Affects::Yes;
        }
        let mut unclear = self.spans.is_empty() && self.versions.is_empty();
        for span in &self.spans {
            match span.interval(ecosystem) {
                Some(interval) if interval.contains(version) => return Affects::Yes,
                Some(_) => {}
                None => unclear = true,
            }
        }
        if unclear { Affects::CannotTell } else { Affects::No }
    }

    /// Its id and its other ids.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.id.as_str()).chain(self.aliases.iter().map(String::as_str))
    }

    /// The affected versions in words: `>= 1.0.0, < 1.2.3; = 2.0.0`.
    pub fn affected(&self) -> String {
        let mut parts = Vec::new();
        for span in &self.spans {
            let low = match (span.introduced.as_str(), span.exclusive) {
                ("", _) => String::new(),
                (version, true) => format!("> {version}"),
                (version, false) => format!(">= {version}"),
            };
            let high = match &span.end {
                End::Open => String::new(),
                End::Fixed(version) => format!("< {version}"),
                End::Last(version) => format!("<= {version}"),
            };
            parts.push(match (low.is_empty(), high.is_empty()) {
                (true, true) => "every version".to_owned(),
                (false, false) => format!("{low}, {high}"),
                _ => low + &high,
            });
        }
        let listed = self.versions.len();
        parts.extend(self.versions.iter().take(5).map(|version| format!("= {version}")));
        if listed > 5 {
            parts.push(format!("{} more", listed - 5));
        }
        parts.join("; ")
    }

    /// The versions named as fixes.
    pub(crate) fn fixes(&self) -> impl Iterator<Item = &str> {
        self.spans.iter().filter_map(|span| match &span.end {
            End::Fixed(version) => Some(version.as_str()),
            End::Open | End::Last(_) => None,
        })
    }
}

impl Span {
    pub(crate) fn interval(&self, ecosystem: Ecosystem) -> Option<Interval> {
        let low = if self.introduced.is_empty() {
            None
        } else {
            Some((Version::parse(ecosystem, &self.introduced)?, !self.exclusive))
        };
        let high = match &self.end {
            End::Open => None,
            End::Fixed(version) => Some((Version::parse(ecosystem, version)?, false)),
            End::Last(version) => Some((Version::parse(ecosystem, version)?, true)),
        };
        Some(Interval { low, high })
    }
}

/// Groups advisories of one package that are about the same thing: they share an id or alias, directly or through
/// others. Returns the group number of each, groups numbered by first appearance.
pub(crate) fn groups(advisories: &[Advisory]) -> Vec<usize> {
    let mut parent: Vec<usize> = (0..advisories.len()).collect();
    fn root(parent: &mut [usize], mut at: usize) -> usize {
        while let Some(&up) = parent.get(at)
            && up != at
        {
            at = up;
        }
        at
    }
    let mut owner: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::new();
    for (at, advisory) in advisories.iter().enumerate() {
        for id in std::iter::once(&advisory.id).chain(&advisory.aliases) {
            let other = *owner.entry(id).or_insert(at);
            let (a, b) = (root(&mut parent, at), root(&mut parent, other));
            if let Some(slot) = parent.get_mut(a.max(b)) {
                *slot = a.min(b);
            }
        }
    }
    let mut numbers = std::collections::BTreeMap::new();
    (0..advisories.len())
        .map(|at| {
            let root = root(&mut parent, at);
            let next = numbers.len();
            *numbers.entry(root).or_insert(next)
        })
        .collect()
}
