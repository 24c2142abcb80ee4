//! Files that do not belong in a repository.

use std::fs;

use plimsoll_model::app::{CommittedFile, CommittedKind};
use plimsoll_secrets::{Context, SecretFacts, read};
use plimsoll_source::{Limits, SourceTree};

use crate::support::key;

/// Writes files, with their folders, and reads them back.
fn on_disk(files: &[(&str, Vec<u8>)]) -> (SecretFacts, Vec<String>) {
    let Ok(folder) = tempfile::tempdir() else { panic!("no temporary folder") };
    for (path, bytes) in files {
        let full = folder.path().join(path);
        if let Some(parent) = full.parent() {
            assert!(fs::create_dir_all(parent).is_ok());
        }
        assert!(fs::write(full, bytes).is_ok());
    }
    let Ok(tree) = SourceTree::read(folder.path(), &Limits::default()) else { panic!("cannot read") };
    let facts = read(&tree, &Context::default());
    let shown =
        facts.committed.iter().map(|file| format!("{:?} {}", file.kind, tree.file(file.span.file).path)).collect();
    (facts, shown)
}

fn sqlite() -> Vec<u8> {
    let mut bytes = b"SQLite format 3\0".to_vec();
    bytes.resize(3_000, 0);
    bytes.extend_from_slice(b"CREATE TABLE users (id)CREATE TABLE \"orders\" (id)");
    bytes.resize(4_096, 0);
    bytes
}

fn people(rows: usize, host: &str) -> String {
    let mut text = "Name,E-Mail,Phone\n".to_owned();
    for row in 0..rows {
        text.push_str(&format!("Person {row},person{row}@{host},030 55{row}\n"));
    }
    text
}

#[test]
fn kinds_of_files() {
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n{}\n-----END PRIVATE KEY-----\n", key(64), key(63));
    let dump = "-- MySQL dump 10.13\nINSERT INTO `customers` VALUES (1,'Ann','ann@acme-books.io');\n";
    let jar = "# Netscape HTTP Cookie File\nlocalhost\tFALSE\t/\tFALSE\t0\tsid\tabc\n";
    let zip = [b"PK\x03\x04".as_slice(), &[0u8; 60]].concat();
    let (facts, shown) = on_disk(&[
        ("app.sqlite3", sqlite()),
        ("assets/icon.png", vec![0x89, b'P', 0, 1]),
        ("backup.sql", dump.into()),
        ("backups/site-backup.zip", zip),
        ("certs/server.key", pem.into_bytes()),
        ("cookies.txt", jar.into()),
        ("data/customers.csv", people(6, "acme-books.io").into()),
        ("data/few.csv", people(3, "acme-books.io").into()),
        ("data/made-up.csv", people(6, "example.com").into()),
        ("db/users.ibd", vec![0, 1, 2, 3]),
        ("docs/manual.pdf", vec![b'%', b'P', 0]),
        ("migrations/001.sql", b"CREATE TABLE users (id int);\nINSERT INTO users (email) VALUES ('a@b.org');".to_vec()),
        ("public/images/hero.jpg", vec![0xff, 0xd8, 0]),
        ("server.log", "GET /login 200\n".repeat(40).into()),
        ("storage/app/public/contract.pdf", vec![b'%', b'P', 0]),
        ("tests/fixtures/people.csv", people(9, "acme-books.io").into()),
        ("uploads/.gitkeep", Vec::new()),
        ("uploads/20250101_lease.pdf", vec![b'%', b'P', 0]),
        ("uploads/default-avatar.png", vec![0x89, b'P', 0]),
    ]);
    assert_eq!(
        shown,
        [
            "Database app.sqlite3",
            "Dump backup.sql",
            "Backup backups/site-backup.zip",
            "PrivateKey certs/server.key",
            "CookieJar cookies.txt",
            "PersonalRecords data/customers.csv",
            "PersonalRecords data/made-up.csv",
            "Database db/users.ibd",
            "Log server.log",
            "Uploads storage/app/public/contract.pdf",
            "Uploads uploads/20250101_lease.pdf",
        ]
    );
    // The file is the fact: the key in it is not told twice.
    assert!(facts.secrets.is_empty(), "{:?}", facts.secrets);
    let note =
        |kind| facts.committed.iter().find(|file| file.kind == kind).map_or("", |file: &CommittedFile| &file.note);
    assert_eq!(note(CommittedKind::Database), "SQLite, 4 KB, at least 2 tables: orders, users");
    assert!(facts.committed.iter().any(|file| file.note.ends_with("sample-looking addresses")));
}

#[test]
fn settings_files() {
    let (facts, shown) = on_disk(&[
        (".env", format!("JWT_SECRET={}\n", key(40)).into()),
        ("empty/.env", b"JWT_SECRET=\nPORT=3000\n".to_vec()),
        ("public/.env", format!("VITE_FIREBASE_API_KEY=AIza{}\nVITE_FIREBASE_AUTH_DOMAIN=x\n", key(35)).into()),
    ]);
    assert_eq!(shown, ["EnvFile .env"]);
    assert!(!facts.committed[0].git_ignored);
    assert!(!facts.secrets[0].git_ignored);
}

#[test]
fn what_git_ignores_is_only_here() {
    let (facts, shown) = on_disk(&[
        (".gitignore", b".env\n*.db\n".to_vec()),
        (".env", format!("JWT_SECRET={}\n", key(40)).into()),
        ("app.db", sqlite()),
        ("node_modules/x/index.js", b"1".to_vec()),
    ]);
    assert_eq!(shown, ["EnvFile .env", "Database app.db"]);
    assert!(facts.committed.iter().all(|file| file.git_ignored));
    assert!(facts.secrets.iter().all(|seen| seen.git_ignored));
}

#[test]
fn an_export_holds_what_was_committed() {
    let (facts, _) = on_disk(&[
        (".gitignore", b".env\n*.db\n".to_vec()),
        (".env", format!("JWT_SECRET={}\n", key(40)).into()),
        ("app.db", sqlite()),
    ]);
    let ignored: Vec<bool> = facts.committed.iter().map(|file| file.git_ignored).collect();
    assert_eq!(ignored, [true, false]);
}
