//! Hostile input for tests and fuzzing.
//!
//! Everything that Plimsoll reads comes from somebody who may want to break the reader. [`TARGETS`] names one function for
//! each parser of ours, over arbitrary bytes. The tests of this crate run them in seconds over [`seeds`] changed by
//! [`Mutation`]s that are the same every time; the folder `fuzz/` holds the same targets for libFuzzer.
//!
//! Nothing of the product depends on this crate.

mod mutate;
mod seeds;

pub use mutate::Mutation;
pub use seeds::{Seed, seeds};

use plimsoll_deps::{Database, Day, Ecosystem, Index, IndexBuilder};
use plimsoll_source::SourceTree;

/// A parser under test.
pub struct Target {
    /// Name, also of its fuzz target.
    pub name: &'static str,
    /// Reads bytes; whatever they are, it comes back.
    pub run: fn(&[u8]),
    /// Whether a seed is something that it reads.
    pub wants: fn(&Seed) -> bool,
}

/// All targets.
pub const TARGETS: &[Target] = &[
    Target {
        name: "javascript",
        run: javascript,
        wants: |seed| seed.ends_with(&["js", "mjs", "ts", "tsx", "jsx", "vue", "html"]),
    },
    Target { name: "python", run: python, wants: |seed| seed.ends_with(&["py"]) },
    Target { name: "php", run: php, wants: |seed| seed.ends_with(&["php"]) },
    Target { name: "sql", run: sql, wants: |seed| seed.ends_with(&["sql"]) },
    Target {
        name: "lockfiles",
        run: lockfiles,
        wants: |seed| seed.ends_with(&["lock", "json", "yaml", "toml", "txt", "mod", "xml", "html", "image", "copy"]),
    },
    Target { name: "osv", run: osv, wants: |seed| seed.path.ends_with(".osv.json") },
    Target { name: "advisory_index", run: advisory_index, wants: |seed| seed.path.ends_with(".osv.json") },
    Target { name: "advisory_feeds", run: advisory_feeds, wants: |seed| seed.path.starts_with("small/feed.") },
    Target { name: "secrets", run: secrets, wants: |seed| seed.ends_with(&["env", "md", "js", "json", "py", "sql"]) },
    Target {
        name: "settings",
        run: settings,
        wants: |seed| seed.ends_with(&["env", "json", "toml", "conf", "rules", "yaml", "html", "txt"]),
    },
    Target { name: "config", run: config, wants: |seed| seed.path.ends_with("plimsoll.toml") },
    Target { name: "page", run: page, wants: |seed| seed.ends_with(&["html", "http"]) },
    Target { name: "http_answer", run: http_answer, wants: |seed| seed.ends_with(&["http"]) },
    Target { name: "probe_log", run: probe_log, wants: |seed| seed.ends_with(&["jsonl"]) },
];

/// Bytes as a text file has them once read: what is no UTF-8 does not reach the parsers.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The whole of the static review over files: every witness and every rule.
///
/// # Panics
/// When a rule failed: the review survives that, but here it is what is looked for.
pub fn review(files: &[(&str, &[u8])]) {
    let tree = SourceTree::from_texts(files.iter().map(|(path, bytes)| (*path, text(bytes))));
    let app = plimsoll_witness::observe(&tree);
    let (_, failed) = plimsoll_rules::run_all(&app, &tree);
    assert!(failed.is_empty(), "{failed:?}");
}

/// The names under which a text is read as code of a language.
fn code(names: &[&str], bytes: &[u8]) {
    for name in names {
        let _ = plimsoll_witness::observe(&SourceTree::from_texts([(*name, text(bytes))]));
    }
}

/// JavaScript and TypeScript: front end and analysis.
pub fn javascript(bytes: &[u8]) {
    code(&["server/index.js", "app/api/a/route.ts", "src/page.tsx", "src/a.vue", "public/index.html"], bytes);
}

/// Python: front end and analysis.
pub fn python(bytes: &[u8]) {
    code(&["app.py", "shop/settings.py"], bytes);
}

/// PHP: front end and analysis.
pub fn php(bytes: &[u8]) {
    code(&["index.php", "routes/web.php"], bytes);
}

/// SQL: replay of migrations and whom policies admit.
pub fn sql(bytes: &[u8]) {
    for name in ["supabase/migrations/1_init.sql", "db/schema.sql"] {
        let _ = plimsoll_schema::read(&SourceTree::from_texts([(name, text(bytes))]));
    }
}

/// Every lockfile and manifest format, scripts of public networks, copied libraries and runtimes.
pub fn lockfiles(bytes: &[u8]) {
    const NAMES: &[&str] = &[
        "package-lock.json",
        "npm-shrinkwrap.json",
        "pnpm-lock.yaml",
        "yarn.lock",
        "bun.lock",
        "deno.lock",
        "Pipfile.lock",
        "poetry.lock",
        "uv.lock",
        "pdm.lock",
        "pylock.toml",
        "requirements.txt",
        "composer.lock",
        "Gemfile.lock",
        "Cargo.lock",
        "go.mod",
        "pom.xml",
        "mix.lock",
        "pubspec.lock",
        "package.json",
        "pyproject.toml",
        "composer.json",
        "Pipfile",
        "setup.cfg",
        "index.html",
        "src/page.tsx",
        "jquery.js",
        "Dockerfile",
        ".nvmrc",
        ".tool-versions",
    ];
    let text = text(bytes);
    for name in NAMES {
        let tree = SourceTree::from_texts([(*name, text.as_str())]);
        let _ = plimsoll_deps::check(&tree, &Database::builtin());
        let _ = plimsoll_deps::runtimes(&tree);
    }
}

/// Advisory records, and the index made of them.
pub fn osv(bytes: &[u8]) {
    let Some(day) = Day::parse("2026-01-01") else { return };
    let mut builder = IndexBuilder::new(day);
    builder.add_record("a.json", bytes);
    let Ok(made) = builder.finish() else { return };
    let Ok(index) = Index::from_bytes(made) else { return };
    let _ = index.verify();
    for name in ["lodash", "a", "x"] {
        let _ = index.advisories(Ecosystem::Npm, name);
    }
    let lock = r#"{"lockfileVersion":3,"packages":{"node_modules/lodash":{"version":"4.17.4"}}}"#;
    let _ = plimsoll_deps::check(&SourceTree::from_texts([("package-lock.json", lock)]), &Database::of(index));
}

/// An index file that somebody else wrote.
pub fn advisory_index(bytes: &[u8]) {
    // A good index with these bytes over its middle, and the bytes alone.
    let Some(day) = Day::parse("2026-01-01") else { return };
    let mut builder = IndexBuilder::new(day);
    builder.add_record("a.json", seeds::OSV.as_bytes());
    let mut made = builder.finish().unwrap_or_default();
    let at = bytes.len() % made.len().max(1);
    for (old, new) in made.iter_mut().skip(at).zip(bytes.iter().take(16)) {
        *old ^= *new;
    }
    for bytes in [made, bytes.to_vec()] {
        if let Ok(index) = Index::from_bytes(bytes) {
            let _ = index.verify();
            let _ = index.advisories(Ecosystem::Npm, "lodash");
        }
    }
}

/// Lists of records and tables of exploited vulnerabilities.
pub fn advisory_feeds(bytes: &[u8]) {
    plimsoll_deps::untrusted::feeds(bytes);
}

/// Keys, passwords and accounts in any text.
pub fn secrets(bytes: &[u8]) {
    let text = text(bytes);
    for name in [".env", "config.js", "README.md", "settings.py", "seed.sql", "docker-compose.yml", "app.json"] {
        let tree = SourceTree::from_texts([(name, text.as_str())]);
        let facts = plimsoll_secrets::read(&tree, &plimsoll_secrets::Context::default());
        for seen in &facts.secrets {
            // A span outside the file or within a letter would show another text than was meant.
            let _ = tree.text(seen.span);
        }
    }
}

/// Settings of hosts, servers and platforms.
pub fn settings(bytes: &[u8]) {
    const NAMES: &[&str] = &[
        ".env",
        "vercel.json",
        "netlify.toml",
        "public/_headers",
        "nginx.conf",
        ".htaccess",
        "firebase.json",
        "firestore.rules",
        "storage.rules",
        "database.rules.json",
        "docker-compose.yml",
        "Dockerfile",
        "next.config.js",
        "plimsoll.toml",
        "public/robots.txt",
        "templates/a.html",
        "templates/a.blade.php",
        "views/a.ejs",
    ];
    let files: Vec<(&str, &[u8])> = NAMES.iter().map(|name| (*name, bytes)).collect();
    review(&files);
}

/// The owner's settings and waivers, which a pull request may change.
pub fn config(bytes: &[u8]) {
    let Some(today) = plimsoll_model::Day::parse("2026-01-01") else { return };
    let text = text(bytes);
    let _ = plimsoll_config::read_text(&text, today);
    for line in text.lines() {
        let _ = plimsoll_config::inline(line, today);
    }
}

/// Bodies that a server sends.
pub fn page(bytes: &[u8]) {
    plimsoll_probe::untrusted::body(bytes);
}

/// Answers of a server, from the first byte.
pub fn http_answer(bytes: &[u8]) {
    plimsoll_probe::untrusted::answer(bytes);
}

/// The log of the probe, read back.
pub fn probe_log(bytes: &[u8]) {
    let _ = plimsoll_probe::replay(text(bytes).lines());
}
