//! Input that wants to break the witness.

use std::time::{Duration, Instant};

use plimsoll_source::SourceTree;

use crate::support::{key, look};

/// Cuts and doubles a text at every place: no panic, and all spans lie on boundaries inside their file.
#[test]
fn any_cut_is_survived() {
    let text = format!(
        "const pässwörd = 'é\\'; JWT_SECRET = process.env.X || `ü{}`\n| Usér | Password |\n|--|--|\n| a@b.org | Sommer24 |\n\
         user(\"a@b.org\", 'hr-demo-1x')\n-----BEGIN PRIVATE KEY-----\\nAAAA\nhttps://a:b@c ${{DB_PASSWORD:-x}} eyJhbGciOiJ9.eyJ9.x\n\
         INSERT INTO users (email, password) VALUES ('a', 'Start#12\n\"password\\\": \\\"Start#12\\\" <b>Passwort: ⟂x1</b> {{\"role\"",
        key(20)
    );
    for path in ["a.js", "a.md", "a.tsx", "a.html", ".env", "a.sql", "a.json", "a.yml", "a.py"] {
        for (cut, _) in text.char_indices() {
            for piece in [&text[cut..], &text[..cut]] {
                let tree = SourceTree::from_texts([(path, piece)]);
                let facts = plimsoll_secrets::read(&tree, &plimsoll_secrets::Context::default());
                for seen in &facts.secrets {
                    for span in std::iter::once(&seen.span).chain(&seen.also) {
                        assert!(seen.value.is(tree.text(*span)), "{path} {cut} {:?}", seen.span);
                    }
                }
            }
        }
    }
}

/// Keywords without end must not make it quadratic. The bound is generous: a quadratic scan takes minutes.
#[test]
fn repetition_stays_linear() {
    for unit in [
        "-----BEGIN PRIVATE KEY-----",
        "eyJ-",
        "SECRET='x'",
        "password=",
        "process.env.",
        "insert into ",
        "a@b.c ",
        "://",
        "sk-",
        "<a",
        "users = {",
        "| a | Password |\n",
        "password: a1b2 / ",
        "hash('a1b2c3')\n",
        "\"email\":\"a@b.org\",\"password\":\"a1b2c3\",",
        "x || ",
        "'",
    ] {
        for path in ["a.js", "a.md", "a.html"] {
            let start = Instant::now();
            let _ = look(path, &unit.repeat(200_000 / unit.len()));
            assert!(start.elapsed() < Duration::from_secs(20), "{unit} {path}: {:?}", start.elapsed());
        }
    }
}

#[test]
fn the_order_is_fixed() {
    let text =
        "a = process.env.JWT_SECRET || 'one-two';\nb = 'x'; DB_PASSWORD = 'Wq7!kdPe'\nif (password === 'Sommer24') {}";
    let shown = || format!("{:?}", look("a.js", text).secrets);
    assert_eq!(shown(), shown());
}
