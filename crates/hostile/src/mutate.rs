//! Changes to a seed, the same every time.

/// Delimiters, quotes and openings of the formats that are read.
const TOKENS: &[&str] = &[
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "<",
    ">",
    "\"",
    "'",
    "`",
    "${",
    "\\",
    "/*",
    "*/",
    "//",
    "#",
    "--",
    "$$",
    "<!--",
    "-->",
    "<script>",
    "</script",
    "<?php ",
    "?>",
    "{{",
    "}}",
    "{%",
    ":",
    ";",
    ",",
    "=",
    "=>",
    "&",
    "*",
    "%s",
    "\n",
    "\r",
    "\r\n",
    "\t",
    "\0",
    " ",
    "- ",
    "? ",
    "|\n",
    "@",
    "\u{feff}",
    "é",
    "\u{202e}",
    "🦀",
    "\u{d7ff}",
    "0x",
    "1e999",
    "-1",
    "18446744073709551616",
    "\\u{110000}",
    "\\ud800",
    "async ",
    "def ",
    "class ",
    "function ",
    "select ",
    "begin ",
    "end;",
    "true",
    "null",
    "Content-Length: 9999999999999999999\r\n",
    "Transfer-Encoding: chunked\r\n\r\n",
    "ffffffffffffffff\r\n",
];

/// How often a token is repeated at most.
const MOST: usize = 3_000;

/// One way to change bytes. The number decides everything: the same number makes the same change.
#[derive(Clone, Copy, Debug)]
pub struct Mutation(pub u64);

impl Mutation {
    /// The changed bytes; `other` is a second seed, of which a piece may be put in.
    pub fn apply(self, seed: &[u8], other: &[u8]) -> Vec<u8> {
        let mut random = Random(self.0.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let mut bytes = seed.to_vec();
        for _ in 0..=random.below(3) {
            change(&mut bytes, other, &mut random);
        }
        bytes
    }
}

fn change(bytes: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    let at = random.below(bytes.len() + 1);
    // Pieces are short more often than long, as mistakes are.
    let longest = 1 << random.below(10);
    let length = random.below(longest).min(bytes.len() - at);
    match random.below(10) {
        0 => bytes.truncate(at),
        1 => drop(bytes.drain(..at)),
        2 => drop(bytes.drain(at..at + length)),
        3 => {
            let piece = bytes[at..at + length].to_vec();
            insert(bytes, random.below(bytes.len() + 1), &piece);
        }
        4 => {
            let piece = bytes[at..at + length].repeat(random.below(20));
            insert(bytes, at, &piece);
        }
        5 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << random.below(8);
            }
        }
        6 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = u8::try_from(random.below(256)).unwrap_or(0);
            }
        }
        7 => insert(bytes, at, TOKENS[random.below(TOKENS.len())].as_bytes()),
        8 => {
            let times = 1 << random.below(MOST.ilog2() as usize + 1);
            insert(bytes, at, TOKENS[random.below(TOKENS.len())].repeat(times).as_bytes());
        }
        _ => {
            let from = random.below(other.len() + 1);
            let piece = &other[from..other.len().min(from + length + 1)];
            insert(bytes, at, piece);
        }
    }
}

fn insert(bytes: &mut Vec<u8>, at: usize, piece: &[u8]) {
    bytes.splice(at..at, piece.iter().copied());
}

/// Marsaglia's xorshift: small, and the same on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let bound = u64::try_from(bound.max(1)).unwrap_or(u64::MAX);
        usize::try_from((self.0 >> 11) % bound).unwrap_or(0)
    }
}
