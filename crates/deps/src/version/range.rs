//! Sets of versions: what advisories call affected, and what a manifest without a lockfile allows.

use pep440_rs::{Operator, VersionSpecifiers};

use super::Version;
use crate::Ecosystem;

/// One end of an interval: the version, and whether it belongs to the interval.
pub(crate) type Bound = Option<(Version, bool)>;

/// A stretch of the order; a missing end is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Interval {
    pub(crate) low: Bound,
    pub(crate) high: Bound,
}

impl Interval {
    pub(crate) const ALL: Interval = Interval { low: None, high: None };

    pub(crate) fn contains(&self, version: &Version) -> bool {
        let above = self.low.as_ref().is_none_or(|(low, inclusive)| low < version || (*inclusive && low == version));
        let below =
            self.high.as_ref().is_none_or(|(high, inclusive)| version < high || (*inclusive && high == version));
        above && below
    }

    fn is_empty(&self) -> bool {
        match (&self.low, &self.high) {
            (Some((low, low_in)), Some((high, high_in))) => low > high || (low == high && !(*low_in && *high_in)),
            _ => false,
        }
    }

    fn intersection(&self, other: &Interval) -> Interval {
        let low = match (&self.low, &other.low) {
            (Some(a), Some(b)) => Some(if (&a.0, !a.1) >= (&b.0, !b.1) { a.clone() } else { b.clone() }),
            (a, b) => a.clone().or_else(|| b.clone()),
        };
        let high = match (&self.high, &other.high) {
            (Some(a), Some(b)) => Some(if (&a.0, a.1) <= (&b.0, b.1) { a.clone() } else { b.clone() }),
            (a, b) => a.clone().or_else(|| b.clone()),
        };
        Interval { low, high }
    }
}

/// A union of intervals.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Set(pub(crate) Vec<Interval>);

impl Set {
    pub(crate) fn contains(&self, version: &Version) -> bool {
        self.0.iter().any(|interval| interval.contains(version))
    }

    /// Whether some version lies in both.
    pub(crate) fn meets(&self, other: &Set) -> bool {
        self.0.iter().any(|a| other.0.iter().any(|b| !a.intersection(b).is_empty()))
    }

    /// Whether every version of this set lies in `other`. Two intervals of `other` that touch count as one.
    pub(crate) fn within(&self, other: &Set) -> bool {
        let mut joined: Vec<Interval> = other.0.clone();
        joined.sort_by(|a, b| match (&a.low, &b.low) {
            (None, None) => std::cmp::Ordering::Equal,
            (None, Some(_)) => std::cmp::Ordering::Less,
            (Some(_), None) => std::cmp::Ordering::Greater,
            (Some(a), Some(b)) => (&a.0, !a.1).cmp(&(&b.0, !b.1)),
        });
        let mut merged: Vec<Interval> = Vec::new();
        for next in joined {
            if let Some(last) = merged.last_mut() {
                let touches = match (&last.high, &next.low) {
                    (Some(high), Some(low)) => low.0 < high.0 || (low.0 == high.0 && (low.1 || high.1)),
                    _ => true,
                };
                if touches {
                    let longer = match (&last.high, &next.high) {
                        (Some(a), Some(b)) => (&b.0, b.1) > (&a.0, a.1),
                        (Some(_), None) => true,
                        (None, _) => false,
                    };
                    if longer {
                        last.high = next.high;
                    }
                    continue;
                }
            }
            merged.push(next);
        }
        !self.0.is_empty()
            && self.0.iter().filter(|interval| !interval.is_empty()).all(|interval| {
                merged.iter().any(|outer| {
                    let low_in = match (&outer.low, &interval.low) {
                        (None, _) => true,
                        (Some(_), None) => false,
                        (Some(a), Some(b)) => a.0 < b.0 || (a.0 == b.0 && (a.1 || !b.1)),
                    };
                    let high_in = match (&outer.high, &interval.high) {
                        (None, _) => true,
                        (Some(_), None) => false,
                        (Some(a), Some(b)) => a.0 > b.0 || (a.0 == b.0 && (a.1 || !b.1)),
                    };
                    low_in && high_in
                })
            })
    }

    /// The lowest end of the set; `None` when it is open below or empty.
    pub(crate) fn lowest(&self) -> Option<&(Version, bool)> {
        let mut lowest: Option<&(Version, bool)> = None;
        for interval in &self.0 {
            let low = interval.low.as_ref()?;
            if lowest.is_none_or(|known| (&low.0, !low.1) < (&known.0, !known.1)) {
                lowest = Some(low);
            }
        }
        lowest
    }
}

/// The exact version that a manifest asks for; `None` when it leaves a choice.
pub(crate) fn exact_pin(ecosystem: Ecosystem, text: &str) -> Option<String> {
    let text = text.trim();
    let bare = match ecosystem {
        Ecosystem::PyPi => {
            let rest = text.strip_prefix("===").or_else(|| text.strip_prefix("=="))?;
            rest.trim()
        }
        Ecosystem::CratesIo => text.strip_prefix('=')?.trim(),
        Ecosystem::Npm => {
            let rest = text.trim_start_matches('=').trim_start();
            // A partial version is a range for npm.
            if rest.split(['-', '+']).next().unwrap_or_default().split('.').count() != 3 {
                return None;
            }
            rest.trim_start_matches('v')
        }
        Ecosystem::Packagist => text.trim_start_matches('=').trim(),
        _ => text.trim_start_matches('=').trim(),
    };
    if bare.contains(['*', ',', ' ', '|', '<', '>', '^', '~', ';']) {
        return None;
    }
    Version::parse(ecosystem, bare).map(|_| bare.to_owned())
}

/// The versions that a manifest's requirement allows; `None` where it names none (a tag, an address, a branch).
pub(crate) fn constraint(ecosystem: Ecosystem, text: &str) -> Option<Set> {
    let text = text.trim();
    if text.len() > 1000 {
        return None;
    }
    if ecosystem == Ecosystem::PyPi && !text.contains(['^', '|']) && !text.starts_with('~') || text.starts_with("~=") {
        return python(text);
    }
    let text = text.split('@').next().unwrap_or(text);
    let mut set = Set::default();
    for alternative in text.split("||").flat_map(|part| {
        // Composer also takes a single bar.
        if ecosystem == Ecosystem::Packagist { part.split('|').collect::<Vec<_>>() } else { vec![part] }
    }) {
        set.0.push(comparators(ecosystem, alternative.trim())?);
    }
    Some(set)
}

fn python(text: &str) -> Option<Set> {
    if text.is_empty() || text == "*" {
        return Some(Set(vec![Interval::ALL]));
    }
    let specifiers: VersionSpecifiers = text.parse().ok()?;
    let mut interval = Interval::ALL;
    for specifier in specifiers.iter() {
        let version = specifier.version();
        let wrap = |version: pep440_rs::Version| Version(super::Inner::Pep440(Box::new(version)));
        let next = |release: &[u64]| -> Option<pep440_rs::Version> {
            let mut release = release.to_vec();
            let last = release.last_mut()?;
            *last = last.checked_add(1)?;
            // `<2` in Python's words shuts out 2.0.dev0 as well.
            Some(pep440_rs::Version::new(release).with_epoch(version.epoch()).with_dev(Some(0)))
        };
        let this = wrap(version.clone());
        let part = match specifier.operator() {
            Operator::Equal | Operator::ExactEqual => {
                Interval { low: Some((this.clone(), true)), high: Some((this, true)) }
            }
            Operator::EqualStar => {
                Interval { low: Some((this, true)), high: Some((wrap(next(version.release())?), false)) }
            }
            Operator::TildeEqual => {
                let release = version.release();
                let head = release.get(..release.len().checked_sub(1)?)?;
                Interval { low: Some((this, true)), high: Some((wrap(next(head)?), false)) }
            }
            Operator::LessThan => Interval { low: None, high: Some((this, false)) },
            Operator::LessThanEqual => Interval { low: None, high: Some((this, true)) },
            Operator::GreaterThan => Interval { low: Some((this, false)), high: None },
            Operator::GreaterThanEqual => Interval { low: Some((this, true)), high: None },
            Operator::NotEqual | Operator::NotEqualStar => {
                // Only matters here at the lower end: the oldest allowed version is then some later one.
                if interval.low.as_ref().is_some_and(|(low, _)| *low == this) {
                    interval.low = Some((this, false));
                }
                continue;
            }
        };
        interval = interval.intersection(&part);
    }
    Some(Set(vec![interval]))
}

/// A partly given version: the numbers before the first wildcard, and the text after `-`.
struct Partial {
    numbers: Vec<u64>,
    wild: bool,
    full: String,
}

impl Partial {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim().trim_start_matches(['v', 'V']);
        let core = text.split(['-', '+']).next().unwrap_or(text);
        let mut numbers = Vec::new();
        let mut wild = false;
        for part in core.split('.') {
            if matches!(part, "*" | "x" | "X" | "") {
                wild = true;
            } else if !wild {
                match part.parse() {
                    Ok(number) => numbers.push(number),
                    Err(_) => break,
                }
            }
        }
        if numbers.is_empty() && !wild {
            return None;
        }
        Some(Partial { numbers, wild, full: text.to_owned() })
    }

    fn number(&self, at: usize) -> u64 {
        self.numbers.get(at).copied().unwrap_or(0)
    }

    fn low(&self, ecosystem: Ecosystem) -> Option<Version> {
        if self.wild || self.numbers.len() < 3 && !self.full.contains(['-', '+']) {
            let text = format!("{}.{}.{}", self.number(0), self.number(1), self.number(2));
            return Version::parse(ecosystem, &text);
        }
        Version::parse(ecosystem, &self.full)
    }
}

/// The first version of a release line, pre-releases included.
fn line(ecosystem: Ecosystem, numbers: [u64; 3]) -> Option<Version> {
    let [major, minor, patch] = numbers;
    let suffix = match ecosystem {
        Ecosystem::Packagist => "-dev",
        Ecosystem::RubyGems => ".a",
        Ecosystem::PyPi => ".dev0",
        Ecosystem::Maven => "-alpha",
        _ => "-0",
    };
    Version::parse(ecosystem, &format!("{major}.{minor}.{patch}{suffix}"))
}

fn comparators(ecosystem: Ecosystem, text: &str) -> Option<Interval> {
    if let Some((low, high)) = text.split_once(" - ") {
        let low = Partial::parse(low)?.low(ecosystem)?;
        let high = Partial::parse(high)?;
        let end = if high.wild || high.numbers.len() < 3 {
            (after(ecosystem, &high)?, false)
        } else {
            (Version::parse(ecosystem, &high.full)?, true)
        };
        return Some(Interval { low: Some((low, true)), high: Some(end) });
    }
    let mut interval = Interval::ALL;
    let mut rest = text.trim();
    while !rest.is_empty() {
        let operator_end = rest.find(|letter: char| !"<>=~^!".contains(letter)).unwrap_or(rest.len());
        let (operator, tail) = rest.split_at(operator_end);
        let tail = tail.trim_start();
        let end = tail.find([' ', ',']).unwrap_or(tail.len());
        let (version, tail) = tail.split_at(end);
        rest = tail.trim_start_matches([' ', ',']);
        if version.eq_ignore_ascii_case("and") {
            continue;
        }
        interval = interval.intersection(&comparator(ecosystem, operator, version)?);
    }
    Some(interval)
}

/// The first version after everything that a partial version covers.
fn after(ecosystem: Ecosystem, partial: &Partial) -> Option<Version> {
    let next = match partial.numbers.as_slice() {
        [] => return None,
        [major] => [major.checked_add(1)?, 0, 0],
        [major, minor] => [*major, minor.checked_add(1)?, 0],
        [major, minor, patch, ..] => [*major, *minor, patch.checked_add(1)?],
    };
    line(ecosystem, next)
}

fn comparator(ecosystem: Ecosystem, operator: &str, version: &str) -> Option<Interval> {
    let partial = Partial::parse(version)?;
    let low = partial.low(ecosystem)?;
    let is_partial = partial.wild || partial.numbers.len() < 3;
    if partial.wild && partial.numbers.is_empty() {
        return Some(Interval::ALL);
    }
    let upto = |numbers: [u64; 3]| -> Option<Interval> {
        Some(Interval { low: Some((low.clone(), true)), high: Some((line(ecosystem, numbers)?, false)) })
    };
    let (major, minor, patch) = (partial.number(0), partial.number(1), partial.number(2));
    let given = partial.numbers.len();
    let caret = || {
        if major > 0 || given == 1 {
            upto([major.checked_add(1)?, 0, 0])
        } else if minor > 0 || given == 2 {
            upto([0, minor.checked_add(1)?, 0])
        } else {
            upto([0, 0, patch.checked_add(1)?])
        }
    };
    match operator {
        "^" => caret(),
        // Cargo reads a bare version as a caret requirement.
        "" if ecosystem == Ecosystem::CratesIo && !partial.wild => caret(),
        "~" | "~>" => {
            let by_last = operator == "~>" || matches!(ecosystem, Ecosystem::Packagist);
            match (by_last, given) {
                (_, 1) => upto([major.checked_add(1)?, 0, 0]),
                (true, 2) => upto([major.checked_add(1)?, 0, 0]),
                (true, 4..) => upto([major, minor, patch.checked_add(1)?]),
                _ => upto([major, minor.checked_add(1)?, 0]),
            }
        }
        "" | "=" | "==" if is_partial && ecosystem != Ecosystem::RubyGems && ecosystem != Ecosystem::Maven => {
            // Composer and pub take `1.2` as 1.2.0 exactly; a wildcard is a range everywhere.
            let exact = matches!(ecosystem, Ecosystem::Packagist | Ecosystem::Pub | Ecosystem::Hex | Ecosystem::PyPi);
            if exact && !partial.wild {
                return Some(Interval { low: Some((low.clone(), true)), high: Some((low, true)) });
            }
            Some(Interval { low: Some((low, true)), high: Some((after(ecosystem, &partial)?, false)) })
        }
        "" | "=" | "==" => Some(Interval { low: Some((low.clone(), true)), high: Some((low, true)) }),
        ">=" => Some(Interval { low: Some((low, true)), high: None }),
        ">" if is_partial && ecosystem == Ecosystem::Npm => {
            Some(Interval { low: Some((after(ecosystem, &partial)?, true)), high: None })
        }
        ">" => Some(Interval { low: Some((low, false)), high: None }),
        "<=" if is_partial && ecosystem == Ecosystem::Npm => {
            Some(Interval { low: None, high: Some((after(ecosystem, &partial)?, false)) })
        }
        "<=" => Some(Interval { low: None, high: Some((low, true)) }),
        "<" => Some(Interval { low: None, high: Some((low, false)) }),
        "!=" | "<>" => Some(Interval::ALL),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(ecosystem: Ecosystem, range: &str, version: &str) -> bool {
        constraint(ecosystem, range)
            .unwrap_or_else(|| panic!("{range} is a range"))
            .contains(&Version::parse(ecosystem, version).expect("version"))
    }

    #[test]
    fn requirements_of_manifests() {
        use Ecosystem::{CratesIo, Npm, Packagist, PyPi, RubyGems};
        for (ecosystem, range, inside, outside) in [
            (Npm, "^1.2.3", "1.9.0", "2.0.0-rc.1"),
            (Npm, "^0.2.3", "0.2.9", "0.3.0"),
            (Npm, "^0.0.3", "0.0.3", "0.0.4"),
            (Npm, "~1.2", "1.2.9", "1.3.0"),
            (Npm, "1.x || >=2.5.0 <3", "2.6.0", "2.4.0"),
            (Npm, "1.2 - 2", "2.9.9", "3.0.0"),
            (Npm, ">= 1.0.0 < 1.4", "1.3.9", "1.4.0"),
            (Npm, ">1", "2.0.0", "1.5.0"),
            (Npm, "<=1.2", "1.2.7", "1.3.0"),
            (Npm, "*", "9.9.9", "not used"),
            (PyPi, ">=2.25,<2.26", "2.25.1", "2.26.0"),
            (PyPi, "~=1.4.2", "1.4.9", "1.5.0"),
            (PyPi, "==1.4.*", "1.4.9", "1.5.0"),
            (PyPi, "^2.1", "2.9.0", "3.0.0"),
            (Packagist, "~1.2", "1.9.0", "2.0.0"),
            (Packagist, "~1.2.3", "1.2.9", "1.3.0"),
            (Packagist, "^8.0|^9.0", "9.1.0", "10.0.0"),
            (Packagist, "1.0.*", "1.0.9", "1.1.0"),
            (RubyGems, "~> 7.0.4", "7.0.9", "7.1.0"),
            (RubyGems, "~> 7.0", "7.9.0", "8.0.0"),
            (RubyGems, ">= 3.0, < 5.0", "4.9.0", "5.0.0"),
            (CratesIo, "1.2", "1.9.0", "2.0.0"),
        ] {
            assert!(allows(ecosystem, range, inside), "{range} allows {inside}");
            if outside != "not used" {
                assert!(!allows(ecosystem, range, outside), "{range} shuts out {outside}");
            }
        }
        assert!(constraint(Npm, "latest").is_none());
        assert!(constraint(Packagist, "dev-main").is_none());
        assert_eq!(exact_pin(Npm, "4.17.11").as_deref(), Some("4.17.11"));
        assert_eq!(exact_pin(Npm, "4.17"), None);
        assert_eq!(exact_pin(PyPi, "==2.*"), None);
        assert_eq!(exact_pin(PyPi, "==2.0.1").as_deref(), Some("2.0.1"));
    }

    #[test]
    fn sets() {
        let set = |text: &str| constraint(Ecosystem::Npm, text).expect("range");
        assert!(set("^1.2.0").within(&set("<1.5.0 || >=1.5.0 <3.0.0")));
        assert!(!set("^1.2.0").within(&set("<1.5.0 || >1.5.0 <3.0.0")));
        assert!(set("^1.2.0").meets(&set("<1.5.0")));
        assert!(!set("^2.0.0").meets(&set("<1.5.0")));
        assert_eq!(set("^2.0.0 || ^1.3.0").lowest().map(|low| low.0.clone()), Version::parse(Ecosystem::Npm, "1.3.0"));
    }
}
