//! Maven's order ("Version Order Specification" of the POM reference).

use std::cmp::Ordering;

#[derive(Clone, Debug)]
pub(super) struct Maven(Vec<Token>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Token {
    /// Whether the token follows a hyphen or a change between digits and letters, and not a dot.
    hyphen: bool,
    value: Part,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    /// Digits without leading zeros.
    Number(String),
    Word(String),
}

impl Part {
    fn is_null(&self) -> bool {
        match self {
            Part::Number(digits) => digits.is_empty(),
            Part::Word(word) => matches!(word.as_str(), "" | "final" | "ga" | "release"),
        }
    }
}

/// Position of the words that have one; others come after all of them, by the alphabet.
fn word_rank(word: &str) -> Option<u8> {
    Some(match word {
        "alpha" => 0,
        "beta" => 1,
        "milestone" => 2,
        "rc" | "cr" => 3,
        "snapshot" => 4,
        "" | "final" | "ga" | "release" => 5,
        "sp" => 6,
        _ => return None,
    })
}

impl Maven {
    pub(super) fn parse(text: &str) -> Option<Self> {
        if !text.chars().all(|letter| letter.is_ascii_graphic()) {
            return None;
        }
        let text = text.to_ascii_lowercase();
        let mut tokens: Vec<Token> = Vec::new();
        let mut word = String::new();
        let mut hyphen = false;
        let push = |word: &mut String, hyphen: bool, tokens: &mut Vec<Token>, before_digit: bool| {
            let text = std::mem::take(word);
            let value = if text.is_empty() {
                Part::Number(String::new())
            } else if text.starts_with(|first: char| first.is_ascii_digit()) {
                Part::Number(text.trim_start_matches('0').to_owned())
            } else {
                Part::Word(match (text.as_str(), before_digit) {
                    ("a", true) => "alpha".to_owned(),
                    ("b", true) => "beta".to_owned(),
                    ("m", true) => "milestone".to_owned(),
                    _ => text,
                })
            };
            tokens.push(Token { hyphen, value });
        };
        for letter in text.chars() {
            if matches!(letter, '.' | '-') {
                push(&mut word, hyphen, &mut tokens, false);
                hyphen = letter != '.';
                continue;
            }
            let last = word.chars().next_back();
            if last.is_some_and(|last| last.is_ascii_digit() != letter.is_ascii_digit()) {
                push(&mut word, hyphen, &mut tokens, letter.is_ascii_digit());
                hyphen = true;
            }
            word.push(letter);
        }
        push(&mut word, hyphen, &mut tokens, false);
        // Null values are cut at the end and before every hyphen.
        let mut at = tokens.len();
        while at > 1 {
            at -= 1;
            let ends_here = tokens.get(at + 1).is_none_or(|next| next.hyphen);
            if ends_here && tokens[at].value.is_null() {
                tokens.remove(at);
            }
        }
        Some(Maven(tokens))
    }

    pub(super) fn is_prerelease(&self) -> bool {
        self.0.iter().any(|token| match &token.value {
            Part::Word(word) => word_rank(word).is_some_and(|rank| rank < 5),
            Part::Number(_) => false,
        })
    }

    pub(super) fn major(&self) -> Option<u64> {
        match &self.0.first()?.value {
            Part::Number(digits) if digits.is_empty() => Some(0),
            Part::Number(digits) => digits.parse().ok(),
            Part::Word(_) => None,
        }
    }
}

/// `.qualifier` < `-qualifier` < `-number` < `.number`.
fn class(token: &Token) -> u8 {
    match (&token.value, token.hyphen) {
        (Part::Word(_), false) => 0,
        (Part::Word(_), true) => 1,
        (Part::Number(_), true) => 2,
        (Part::Number(_), false) => 3,
    }
}

fn compare(a: &Token, b: &Token) -> Ordering {
    match (&a.value, &b.value) {
        (Part::Number(x), Part::Number(y)) if a.hyphen == b.hyphen => x.len().cmp(&y.len()).then_with(|| x.cmp(y)),
        (Part::Word(x), Part::Word(y)) if a.hyphen == b.hyphen => match (word_rank(x), word_rank(y)) {
            (Some(x), Some(y)) => x.cmp(&y),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => x.cmp(y),
        },
        _ => class(a).cmp(&class(b)),
    }
}

/// What a missing token counts as beside `other`.
fn padding(other: &Token) -> Token {
    let value = match &other.value {
        Part::Number(_) => Part::Number(String::new()),
        Part::Word(_) => Part::Word(String::new()),
    };
    Token { hyphen: other.hyphen, value }
}

impl Ord for Maven {
    fn cmp(&self, other: &Self) -> Ordering {
        for at in 0..self.0.len().max(other.0.len()) {
            let order = match (self.0.get(at), other.0.get(at)) {
                (Some(a), Some(b)) => compare(a, b),
                (Some(a), None) => compare(a, &padding(a)),
                (None, Some(b)) => compare(&padding(b), b),
                (None, None) => Ordering::Equal,
            };
            if order != Ordering::Equal {
                return order;
            }
        }
        Ordering::Equal
    }
}

impl PartialOrd for Maven {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Maven {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Maven {}
