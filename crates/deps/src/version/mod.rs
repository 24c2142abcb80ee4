//! Version order, exactly as each ecosystem's own tools have it.
//!
//! An order that is nearly right is worse than none: it calls an affected version clean. What cannot be parsed is
//! therefore never guessed at; the caller reports it as not checked.

mod gem;
mod maven;
mod php;
mod range;
mod semver;

pub(crate) use range::{Interval, Set, constraint, exact_pin};

use crate::Ecosystem;

/// A version of one ecosystem. Versions of different ecosystems must not be compared; the order between them is
/// arbitrary but total.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(Inner);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Inner {
    Semver(semver::Semver),
    Pep440(Box<pep440_rs::Version>),
    Php(php::Php),
    Gem(gem::Gem),
    Maven(maven::Maven),
}

/// Longer texts are not versions but an attempt to waste time.
const MAX_LENGTH: usize = 512;

impl Version {
    /// Parses a version; `None` where the ecosystem has no order for the text (a branch, a tag, a legacy form).
    pub fn parse(ecosystem: Ecosystem, text: &str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() || text.len() > MAX_LENGTH {
            return None;
        }
        Some(Version(match ecosystem {
            Ecosystem::Npm | Ecosystem::CratesIo | Ecosystem::Go | Ecosystem::Hex | Ecosystem::Pub => {
                Inner::Semver(semver::Semver::parse(text)?)
            }
            Ecosystem::PyPi => Inner::Pep440(Box::new(text.parse().ok()?)),
            Ecosystem::Packagist => Inner::Php(php::Php::parse(text)?),
            Ecosystem::RubyGems => Inner::Gem(gem::Gem::parse(text)?),
            Ecosystem::Maven => Inner::Maven(maven::Maven::parse(text)?),
        }))
    }

    /// Whether this is a pre-release in the sense of its ecosystem.
    pub fn is_prerelease(&self) -> bool {
        match &self.0 {
            Inner::Semver(version) => version.is_prerelease(),
            Inner::Pep440(version) => version.any_prerelease(),
            Inner::Php(version) => version.is_prerelease(),
            Inner::Gem(version) => version.is_prerelease(),
            Inner::Maven(version) => version.is_prerelease(),
        }
    }

    /// The leading number, to tell a major step; `None` where there is none.
    pub fn major(&self) -> Option<u64> {
        match &self.0 {
            Inner::Semver(version) => version.major(),
            Inner::Pep440(version) => version.release().first().copied(),
            Inner::Php(version) => version.major(),
            Inner::Gem(version) => version.major(),
            Inner::Maven(version) => version.major(),
        }
    }
}
