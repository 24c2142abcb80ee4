//! SemVer 2.0 precedence, reading as leniently as npm and the advisory records need: a leading `v`, `=`, and the
//! partial bounds (`13.0`, `3`) that records contain. Build metadata has no part in the order.

use std::cmp::Ordering;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Semver {
    /// Digits without leading zeros: they may exceed any integer type.
    numbers: [String; 3],
    /// Empty for a release.
    pre: Vec<Identifier>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Identifier {
    Number(String),
    Text(String),
}

impl Semver {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim_start_matches(['v', 'V', '=', ' ', '\t']);
        let (text, build) = text.split_once('+').map_or((text, None), |(text, build)| (text, Some(build)));
        if build.is_some_and(|build| !build.chars().all(is_identifier)) {
            return None;
        }
        let (core, pre) = text.split_once('-').map_or((text, None), |(core, pre)| (core, Some(pre)));
        let mut numbers: [String; 3] = Default::default();
        for (at, part) in core.split('.').enumerate() {
            if part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            *numbers.get_mut(at)? = part.trim_start_matches('0').to_owned();
        }
        let mut identifiers = Vec::new();
        if let Some(pre) = pre {
            if !pre.chars().all(is_identifier) {
                return None;
            }
            for part in pre.split('.') {
                let is_number = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
                identifiers.push(if is_number {
                    Identifier::Number(part.trim_start_matches('0').to_owned())
                } else {
                    Identifier::Text(part.to_owned())
                });
            }
        }
        Some(Semver { numbers, pre: identifiers })
    }

    pub(super) fn is_prerelease(&self) -> bool {
        !self.pre.is_empty()
    }

    pub(super) fn major(&self) -> Option<u64> {
        let [major, ..] = &self.numbers;
        if major.is_empty() { Some(0) } else { major.parse().ok() }
    }
}

fn numbers(version: &Semver) -> impl Iterator<Item = (usize, &String)> {
    version.numbers.iter().map(|digits| (digits.len(), digits))
}

fn is_identifier(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '.' || letter == '-'
}

impl Ord for Semver {
    fn cmp(&self, other: &Self) -> Ordering {
        numbers(self).cmp(numbers(other)).then_with(|| match (self.pre.is_empty(), other.pre.is_empty()) {
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            _ => self.pre.cmp(&other.pre),
        })
    }
}

impl PartialOrd for Semver {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Identifier {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Identifier::Number(a), Identifier::Number(b)) => a.len().cmp(&b.len()).then_with(|| a.cmp(b)),
            (Identifier::Number(_), Identifier::Text(_)) => Ordering::Less,
            (Identifier::Text(_), Identifier::Number(_)) => Ordering::Greater,
            (Identifier::Text(a), Identifier::Text(b)) => a.cmp(b),
        }
    }
}

impl PartialOrd for Identifier {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
