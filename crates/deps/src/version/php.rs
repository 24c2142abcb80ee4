//! Composer's order: its normalisation to four numbers, then PHP's `version_compare` (php.net, version_compare).

use std::cmp::Ordering;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Php(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    /// Digits without leading zeros.
    Number(String),
    Word(String),
}

impl Part {
    /// The rank of `version_compare`: any other word < dev < alpha < beta < RC < a number < pl.
    fn rank(&self) -> i8 {
        let Part::Word(word) = self else { return 4 };
        // PHP compares prefixes, so `post` counts as `p` and `build` as `b`.
        const FORMS: [(&str, i8); 5] = [("dev", 0), ("a", 1), ("b", 2), ("rc", 3), ("p", 5)];
        FORMS.iter().find(|(form, _)| word.starts_with(form)).map_or(-1, |(_, rank)| *rank)
    }
}

impl Php {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.to_ascii_lowercase();
        let text = text.strip_prefix('v').unwrap_or(&text);
        // `dev-main` and `2.x-dev` are branches: they have no place in the order.
        let known = |letter: char| letter.is_ascii_alphanumeric() || ".-_+".contains(letter);
        if !text.starts_with(|first: char| first.is_ascii_digit())
            || !text.chars().all(known)
            || text.split(['.', '-']).any(|part| part == "x")
        {
            return None;
        }
        let mut parts: Vec<Part> = Vec::new();
        let mut word = String::new();
        let flush = |word: &mut String, parts: &mut Vec<Part>| {
            if word.is_empty() {
                return;
            }
            let word = std::mem::take(word);
            parts.push(if word.starts_with(|first: char| first.is_ascii_digit()) {
                Part::Number(word.trim_start_matches('0').to_owned())
            } else {
                Part::Word(word)
            });
        };
        for letter in text.chars() {
            if matches!(letter, '.' | '-' | '_' | '+') {
                flush(&mut word, &mut parts);
                continue;
            }
            let changes = word.chars().next_back().is_some_and(|last| last.is_ascii_digit() != letter.is_ascii_digit());
            if changes {
                flush(&mut word, &mut parts);
            }
            word.push(letter);
        }
        flush(&mut word, &mut parts);
        let numbers = parts.iter().take_while(|part| matches!(part, Part::Number(_))).count();
        for at in numbers..4 {
            parts.insert(at, Part::Number(String::new()));
        }
        Some(Php(parts))
    }

    pub(super) fn is_prerelease(&self) -> bool {
        self.0.iter().any(|part| part.rank() < 4)
    }

    pub(super) fn major(&self) -> Option<u64> {
        match self.0.first()? {
            Part::Number(digits) if digits.is_empty() => Some(0),
            Part::Number(digits) => digits.parse().ok(),
            Part::Word(_) => None,
        }
    }
}

impl Ord for Php {
    fn cmp(&self, other: &Self) -> Ordering {
        for at in 0..self.0.len().max(other.0.len()) {
            let order = match (self.0.get(at), other.0.get(at)) {
                (Some(Part::Number(a)), Some(Part::Number(b))) => a.len().cmp(&b.len()).then_with(|| a.cmp(b)),
                (Some(a), Some(b)) => a.rank().cmp(&b.rank()),
                // A version that goes on with a word below a number is older than the one that ends here.
                (Some(a), None) => a.rank().cmp(&4).then(Ordering::Greater),
                (None, Some(b)) => 4.cmp(&b.rank()).then(Ordering::Less),
                (None, None) => Ordering::Equal,
            };
            if order != Ordering::Equal {
                return order;
            }
        }
        Ordering::Equal
    }
}

impl PartialOrd for Php {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
