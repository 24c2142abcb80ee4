//! The keyword gate: one pass over a file tells where looking closer is worth it.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, MatchKind};

use crate::{name, shapes};

/// What a keyword opens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Gate {
    /// A shape, by its position in the table.
    Shape(usize),
    /// A name that speaks of a secret.
    Name,
    /// A read of a setting that may carry a default.
    Setting,
    /// A call that takes a password or key.
    Call,
    /// A word near which accounts are told.
    Near,
    /// `@`, seen in documents and pages: an e-mail address.
    At,
}

/// Where keywords stand.
pub(crate) struct Found {
    /// Position and length of the keyword, what it opens; by position.
    pub(crate) at: Vec<(usize, usize, Gate)>,
}

impl Found {
    /// Positions of one gate.
    pub(crate) fn of(&self, gate: Gate) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.at.iter().filter(move |(_, _, opened)| *opened == gate).map(|&(start, len, _)| (start, len))
    }
}

/// Reads of settings: `process.env.X`, `os.environ.get("X", …)`, `env('X', …)`, `${X:-…}`.
const SETTINGS: &[&str] = &[
    "env.",
    "env[",
    "env(",
    "environ",
    "getenv",
    "env.get",
    "env.fetch",
    "config(",
    "config.get",
    "service.get",
    "${",
    // Helpers of the app's own, as they are usually called.
    "env::get(",
    "envvalue(",
    "env_value(",
    "env_get(",
    "get_env(",
    "getenvvar(",
    "env_or(",
    "envor(",
];

/// Calls that take a password or key as an argument.
const CALLS: &[&str] = &[
    "hash(",
    "hashsync(",
    "::make(",
    "bcrypt(",
    "_hash(",
    "make_password(",
    "set_password(",
    "setpassword(",
    "hash_password(",
    "hashpassword(",
    "encode(",
    "encodepassword(",
    "jwt.sign(",
    "jwt.verify(",
    "jwt.encode(",
    "jwt.decode(",
    "createhmac(",
    "createcipheriv(",
    "aes.encrypt(",
    "aes.decrypt(",
    "cookieparser(",
    "usestate(",
    "ref(",
    "create_user(",
    "create_superuser(",
    "crypt(",
    "md5(",
    "insert into",
    "emailandpassword(",
];

/// Words near which accounts are told without the word for a password.
const NEAR: &[&str] =
    &["login", "log in", "sign in", "account", "zugang", "iniciar", "connexion", "acesso", "konto", "superuser"];

struct Automaton {
    search: AhoCorasick,
    gates: Vec<Gate>,
}

static AUTOMATON: LazyLock<Option<Automaton>> = LazyLock::new(|| {
    let mut words: Vec<&str> = Vec::new();
    let mut gates = Vec::new();
    for (index, shape) in shapes::TABLE.iter().enumerate() {
        for keyword in shape.keywords {
            words.push(keyword);
            gates.push(Gate::Shape(index));
        }
    }
    for (list, gate) in [(name::KEYWORDS, Gate::Name), (SETTINGS, Gate::Setting), (CALLS, Gate::Call)] {
        for keyword in list {
            words.push(keyword);
            gates.push(gate);
        }
    }
    for keyword in NEAR {
        words.push(keyword);
        gates.push(Gate::Near);
    }
    words.push("@");
    gates.push(Gate::At);
    let search =
        AhoCorasickBuilder::new().ascii_case_insensitive(true).match_kind(MatchKind::Standard).build(&words).ok()?;
    Some(Automaton { search, gates })
});

/// Finds all keywords of a text, overlapping ones too, by position.
pub(crate) fn find(text: &str) -> Found {
    let mut at = Vec::new();
    if let Some(automaton) = &*AUTOMATON {
        for hit in automaton.search.find_overlapping_iter(text) {
            if let Some(&gate) = automaton.gates.get(hit.pattern().as_usize()) {
                at.push((hit.start(), hit.end() - hit.start(), gate));
            }
        }
    }
    at.sort_by_key(|&(start, len, _)| (start, len));
    Found { at }
}

#[cfg(test)]
mod tests {
    use super::{AUTOMATON, Gate, find};

    #[test]
    fn keywords_compile_and_are_found_in_any_case() {
        assert!(AUTOMATON.is_some());
        let found = find("DB_PASSWORD=x");
        assert!(found.of(Gate::Name).next().is_some());
    }
}
