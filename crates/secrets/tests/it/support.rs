//! Helpers of the tests.

use plimsoll_model::app::{SecretSeen, SecretTier};
use plimsoll_secrets::{Context, SecretFacts, read};
use plimsoll_source::SourceTree;

/// Random-looking text, the same in each run: no key lies in this file.
pub(crate) fn key(len: usize) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut state = 0x2545_f491_4f6c_dd1du64 ^ len as u64;
    (0..len)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            char::from(LETTERS[usize::try_from(state % LETTERS.len() as u64).unwrap_or(0)])
        })
        .collect()
}

/// Base64 in its address-safe alphabet.
pub(crate) fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0u32, |word, &byte| word << 8 | u32::from(byte)) << (8 * (3 - chunk.len()));
        for index in 0..=chunk.len() {
            out.push(char::from(LETTERS[(word >> (18 - 6 * index) & 63) as usize]));
        }
    }
    out
}

/// Reads one file.
pub(crate) fn look(path: &str, text: &str) -> SecretFacts {
    look_all(&[(path, text)])
}

/// Reads several files.
pub(crate) fn look_all(files: &[(&str, &str)]) -> SecretFacts {
    let tree = SourceTree::from_texts(files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())));
    read(&tree, &Context::default())
}

/// What counts: secret, and not in a test or sample.
pub(crate) fn real(facts: &SecretFacts) -> Vec<&SecretSeen> {
    facts.secrets.iter().filter(|seen| seen.tier == SecretTier::Secret && !seen.in_sample).collect()
}
