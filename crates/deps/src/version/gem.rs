//! RubyGems' order (`Gem::Version`).

use std::cmp::Ordering;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Gem(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    /// Digits without leading zeros.
    Number(String),
    Word(String),
}

impl Gem {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let valid = text.starts_with(|first: char| first.is_ascii_digit())
            && text.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '.' || letter == '-');
        if !valid {
            return None;
        }
        let text = text.replace('-', ".pre.");
        let mut parts: Vec<Part> = Vec::new();
        let mut rest = text.as_str();
        while let Some(first) = rest.chars().next() {
            let digits = first.is_ascii_digit();
            let end = rest
                .find(|letter: char| letter.is_ascii_digit() != digits || !letter.is_ascii_alphanumeric())
                .unwrap_or(rest.len());
            if end == 0 {
                rest = &rest[first.len_utf8()..];
                continue;
            }
            let word = &rest[..end];
            parts.push(if digits {
                Part::Number(word.trim_start_matches('0').to_owned())
            } else {
                Part::Word(word.to_owned())
            });
            rest = &rest[end..];
        }
        // Zeros before the first word and at the end do not count.
        let split = parts.iter().position(|part| matches!(part, Part::Word(_))).unwrap_or(parts.len());
        let mut tail = parts.split_off(split);
        for half in [&mut parts, &mut tail] {
            while matches!(half.last(), Some(Part::Number(digits)) if digits.is_empty()) {
                half.pop();
            }
        }
        parts.append(&mut tail);
        Some(Gem(parts))
    }

    pub(super) fn is_prerelease(&self) -> bool {
        self.0.iter().any(|part| matches!(part, Part::Word(_)))
    }

    pub(super) fn major(&self) -> Option<u64> {
        match self.0.first() {
            Some(Part::Number(digits)) if !digits.is_empty() => digits.parse().ok(),
            _ => Some(0),
        }
    }
}

impl Ord for Gem {
    fn cmp(&self, other: &Self) -> Ordering {
        let zero = Part::Number(String::new());
        for at in 0..self.0.len().max(other.0.len()) {
            let order = match (self.0.get(at).unwrap_or(&zero), other.0.get(at).unwrap_or(&zero)) {
                (Part::Number(a), Part::Number(b)) => a.len().cmp(&b.len()).then_with(|| a.cmp(b)),
                (Part::Word(_), Part::Number(_)) => Ordering::Less,
                (Part::Number(_), Part::Word(_)) => Ordering::Greater,
                (Part::Word(a), Part::Word(b)) => a.cmp(b),
            };
            if order != Ordering::Equal {
                return order;
            }
        }
        Ordering::Equal
    }
}

impl PartialOrd for Gem {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
