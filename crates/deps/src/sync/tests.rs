//! Updates against a bucket in memory that counts what it is asked.

use std::cell::RefCell;
use std::io::{Seek as _, Write as _};

use super::*;
use crate::index::IndexError;

const TODAY: Day = Day(20_787);

#[derive(Default)]
struct Memory {
    live: bool,
    /// Id to moment of change and record.
    records: BTreeMap<String, (String, String)>,
    /// The archive is older than the list by these records.
    not_in_archive: BTreeSet<String>,
    broken_archive: bool,
    asked: RefCell<Vec<String>>,
}

fn record(id: &str, package: &str, moment: &str, fixed: &str) -> String {
    format!(
        r#"{{"id":"{id}","modified":"{moment}","affected":[{{"package":{{"ecosystem":"npm","name":"{package}"}},
            "ranges":[{{"type":"SEMVER","events":[{{"introduced":"0"}},{{"fixed":"{fixed}"}}]}}]}}]}}"#
    )
}

impl Memory {
    fn live() -> Self {
        Memory { live: true, ..Self::default() }
    }

    fn put(&mut self, id: &str, package: &str, moment: &str, fixed: &str) {
        self.records.insert(id.to_owned(), (moment.to_owned(), record(id, package, moment, fixed)));
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.borrow_mut())
    }
}

impl Bucket for Memory {
    fn label(&self) -> String {
        "memory".to_owned()
    }

    fn is_live(&self) -> bool {
        self.live
    }

    fn read(&self, path: &str, tag: Option<&str>, _: u64) -> Result<Answer, UpdateError> {
        self.asked.borrow_mut().push(path.to_owned());
        let text = if path == "npm/modified_id.csv" {
            self.records.iter().map(|(id, (moment, _))| format!("{moment},{id}\n")).collect::<String>()
        } else {
            let id = path.trim_start_matches("npm/").trim_end_matches(".json");
            match self.records.get(id) {
                Some((_, record)) => record.clone(),
                None => return Ok(Answer::Missing),
            }
        };
        let now = format!("{:08x}", checksum(text.as_bytes()));
        if tag == Some(&now) { Ok(Answer::Unchanged) } else { Ok(Answer::File { tag: now, bytes: text.into_bytes() }) }
    }

    fn archive(&self, path: &str) -> Result<Option<std::fs::File>, UpdateError> {
        self.asked.borrow_mut().push(path.to_owned());
        if !path.starts_with("npm/") {
            return Ok(None);
        }
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for (id, (_, record)) in self.records.iter().filter(|(id, _)| !self.not_in_archive.contains(*id)) {
            zip.start_file(format!("{id}.json"), zip::write::SimpleFileOptions::default()).expect("zip");
            zip.write_all(record.as_bytes()).expect("zip");
        }
        let mut bytes = zip.finish().expect("zip").into_inner();
        if self.broken_archive {
            bytes.truncate(bytes.len() / 2);
        }
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(&bytes).expect("a file");
        file.rewind().expect("a file");
        Ok(Some(file))
    }
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

fn npm(bucket: &Memory, folder: &tempfile::TempDir) -> Result<Updated, UpdateError> {
    update(bucket, Ecosystem::Npm, folder.path(), TODAY)
}

fn open(folder: &tempfile::TempDir) -> Index {
    Index::open(&index_file(folder.path(), Ecosystem::Npm)).expect("an index")
}

fn ids(folder: &tempfile::TempDir, package: &str) -> Vec<String> {
    let advisories = open(folder).advisories(Ecosystem::Npm, package).expect("whole");
    advisories.into_iter().map(|advisory| format!("{} {}", advisory.id, advisory.affected())).collect()
}

#[test]
fn the_first_update_reads_the_archive_and_the_next_one_nothing() {
    let (mut bucket, folder) = (Memory::live(), folder());
    bucket.put("X-1", "a", "2026-01-01T00:00:00Z", "1.0.0");
    bucket.put("X-2", "b", "2026-02-01T00:00:00.5Z", "2.0.0");
    let first = npm(&bucket, &folder).expect("update");
    assert!(matches!(first, Updated::Replaced { records: 2, whole: true, .. }), "{first:?}");
    assert_eq!(bucket.asked(), ["npm/modified_id.csv", "npm/all.zip"]);
    assert_eq!(ids(&folder, "a"), ["X-1 < 1.0.0"]);
    let second = update(&bucket, Ecosystem::Npm, folder.path(), Day(TODAY.0 + 3)).expect("update");
    assert_eq!(second, Updated::Unchanged { records: 2 });
    assert_eq!(bucket.asked(), ["npm/modified_id.csv"]);
    // A live source that has nothing new is known up to today; its newest record is older.
    let index = open(&folder);
    let source = index.source(Ecosystem::Npm).expect("npm");
    assert_eq!(source.as_of.to_string(), "2026-02-01");
    assert_eq!(index.known_until(source), Day(TODAY.0 + 3));
    index.verify().expect("whole");
    assert_eq!(update(&bucket, Ecosystem::Go, folder.path(), TODAY).expect("update"), Updated::Absent);
}

#[test]
fn only_what_changed_is_fetched_and_what_is_gone_leaves() {
    let (mut bucket, folder) = (Memory::live(), folder());
    for at in 0..20 {
        bucket.put(&format!("X-{at}"), &format!("p{at}"), "2026-01-01T00:00:00Z", "1.0.0");
    }
    npm(&bucket, &folder).expect("update");
    bucket.asked();
    bucket.put("X-3", "p3", "2026-03-01T00:00:00Z", "1.5.0");
    bucket.put("X-20", "p0", "2026-03-02T00:00:00Z", "3.0.0");
    bucket.records.remove("X-7");
    let updated = npm(&bucket, &folder).expect("update");
    assert!(matches!(updated, Updated::Replaced { records: 20, changed: 2, gone: 1, whole: false, .. }), "{updated:?}");
    assert_eq!(bucket.asked(), ["npm/modified_id.csv", "npm/X-20.json", "npm/X-3.json"]);
    assert_eq!(ids(&folder, "p3"), ["X-3 < 1.5.0"]);
    assert_eq!(ids(&folder, "p0"), ["X-0 < 1.0.0", "X-20 < 3.0.0"]);
    assert_eq!(ids(&folder, "p7"), [] as [String; 0]);
    assert_eq!(ids(&folder, "p1"), ["X-1 < 1.0.0"]);
}

/// PYSEC-2025-19 and PYSEC-2024-115 are dated 2027 in the public data of 2026: with a mark at the newest moment seen,
/// nothing newer than that would be fetched for a year.
#[test]
fn records_dated_in_the_future_do_not_stall_updates() {
    let (mut bucket, folder) = (Memory::live(), folder());
    bucket.put("X-1", "a", "2099-07-09T15:54:00Z", "1.0.0");
    bucket.put("X-2", "b", "2026-02-01T00:00:00Z", "2.0.0");
    npm(&bucket, &folder).expect("update");
    assert_eq!(open(&folder).source(Ecosystem::Npm).expect("npm").as_of.to_string(), "2026-02-01");
    bucket.asked();
    bucket.put("X-3", "c", "2026-03-01T00:00:00Z", "3.0.0");
    npm(&bucket, &folder).expect("update");
    assert_eq!(bucket.asked(), ["npm/modified_id.csv", "npm/X-3.json"]);
    assert_eq!(ids(&folder, "c"), ["X-3 < 3.0.0"]);
    // Put right, it is dated earlier than before; that is a change too.
    bucket.put("X-1", "a", "2026-07-09T15:54:00Z", "1.1.0");
    npm(&bucket, &folder).expect("update");
    assert_eq!(ids(&folder, "a"), ["X-1 < 1.1.0"]);
    assert_eq!(open(&folder).source(Ecosystem::Npm).expect("npm").as_of.to_string(), "2026-07-09");
}

#[test]
fn withdrawn_records_leave_and_are_not_asked_for_again() {
    let (mut bucket, folder) = (Memory::live(), folder());
    bucket.put("X-1", "a", "2026-01-01T00:00:00Z", "1.0.0");
    bucket.put("X-2", "b", "2026-01-01T00:00:00Z", "1.0.0");
    npm(&bucket, &folder).expect("update");
    let moment = "2026-04-01T00:00:00Z";
    let withdrawn = record("X-1", "a", moment, "1.0.0").replacen('{', r#"{"withdrawn":"2026-04-01T00:00:00Z","#, 1);
    bucket.records.insert("X-1".to_owned(), (moment.to_owned(), withdrawn));
    npm(&bucket, &folder).expect("update");
    assert_eq!(ids(&folder, "a"), [] as [String; 0]);
    bucket.asked();
    assert_eq!(npm(&bucket, &folder).expect("update"), Updated::Unchanged { records: 1 });
    assert_eq!(bucket.asked(), ["npm/modified_id.csv"]);
}

#[test]
fn a_list_that_is_cut_short_or_no_list_changes_nothing() {
    let (mut bucket, folder) = (Memory::live(), folder());
    for at in 0..30 {
        bucket.put(&format!("X-{at}"), "a", "2026-01-01T00:00:00Z", "1.0.0");
    }
    npm(&bucket, &folder).expect("update");
    let path = index_file(folder.path(), Ecosystem::Npm);
    let before = std::fs::read(&path).expect("an index");
    let all = std::mem::take(&mut bucket.records);
    bucket.records = all.clone().into_iter().take(5).collect();
    assert!(matches!(npm(&bucket, &folder), Err(UpdateError::Shrunk { now: 5, before: 30, .. })));
    bucket.records.clear();
    assert!(matches!(npm(&bucket, &folder), Err(UpdateError::List { line: 1, .. })));
    bucket.records = all;
    bucket.records.insert("../../x".to_owned(), ("2026-01-01T00:00:00Z".to_owned(), String::new()));
    assert!(matches!(npm(&bucket, &folder), Err(UpdateError::List { .. })));
    assert_eq!(std::fs::read(&path).expect("an index"), before);
}

#[test]
fn a_corrupt_archive_leaves_the_old_index() {
    let (mut bucket, folder) = (Memory::default(), folder());
    bucket.put("X-1", "a", "2026-01-01T00:00:00Z", "1.0.0");
    npm(&bucket, &folder).expect("update");
    bucket.put("X-2", "a", "2026-01-02T00:00:00Z", "2.0.0");
    bucket.broken_archive = true;
    let error = npm(&bucket, &folder).expect_err("a corrupt archive").to_string();
    assert!(error.contains("memory/npm/all.zip is not a whole zip archive"), "{error}");
    assert_eq!(ids(&folder, "a"), ["X-1 < 1.0.0"]);
}

#[test]
fn an_archive_older_than_its_list_is_made_up_for_the_next_time() {
    let (mut bucket, folder) = (Memory::live(), folder());
    bucket.put("X-1", "a", "2026-01-01T00:00:00Z", "1.0.0");
    bucket.put("X-2", "b", "2026-02-01T00:00:00Z", "2.0.0");
    bucket.not_in_archive.insert("X-2".to_owned());
    npm(&bucket, &folder).expect("update");
    assert_eq!(ids(&folder, "b"), [] as [String; 0]);
    // Until then the index says that it lacks one.
    assert_eq!(open(&folder).source(Ecosystem::Npm).expect("npm").unreadable, 1);
    npm(&bucket, &folder).expect("update");
    assert_eq!(ids(&folder, "b"), ["X-2 < 2.0.0"]);
    assert_eq!(open(&folder).source(Ecosystem::Npm).expect("npm").unreadable, 0);
    bucket.asked();
    assert_eq!(npm(&bucket, &folder).expect("update"), Updated::Unchanged { records: 2 });
}

#[test]
fn hostile_records_are_named_keep_what_was_known_and_are_asked_for_again() {
    let (mut bucket, folder) = (Memory::live(), folder());
    bucket.put("X-1", "a", "2026-01-01T00:00:00Z", "1.0.0");
    npm(&bucket, &folder).expect("update");
    let deep = "[".repeat(100_000);
    for hostile in [deep.as_str(), "{\"id\":", "\u{0}", "{\"id\":\"X-1\",\"affected\":\"no\"}"] {
        bucket.records.insert("X-1".to_owned(), ("2026-02-01T00:00:00Z".to_owned(), hostile.to_owned()));
        let Updated::Replaced { unreadable, .. } = npm(&bucket, &folder).expect("update") else { panic!("unchanged") };
        assert_eq!(unreadable.len(), 1, "{unreadable:?}");
        assert_eq!(ids(&folder, "a"), ["X-1 < 1.0.0"]);
        assert_eq!(open(&folder).source(Ecosystem::Npm).expect("npm").unreadable, 1);
    }
    bucket.put("X-1", "a", "2026-02-01T00:00:00Z", "1.1.0");
    npm(&bucket, &folder).expect("update");
    assert_eq!(ids(&folder, "a"), ["X-1 < 1.1.0"]);
    assert_eq!(open(&folder).source(Ecosystem::Npm).expect("npm").unreadable, 0);
}

/// Whatever moment an update is killed at, a part of the new file is never in the old one's place.
#[test]
fn what_a_killed_update_left_is_neither_read_nor_kept() {
    let (mut bucket, folder) = (Memory::live(), folder());
    bucket.put("X-1", "a", "2026-01-01T00:00:00Z", "1.0.0");
    npm(&bucket, &folder).expect("update");
    let left = folder.path().join("npm.idx.4711.part");
    std::fs::write(&left, "half an index").expect("a file");
    assert_eq!(ids(&folder, "a"), ["X-1 < 1.0.0"]);
    bucket.put("X-1", "a", "2026-01-02T00:00:00Z", "1.1.0");
    npm(&bucket, &folder).expect("update");
    assert!(!left.exists());
    assert_eq!(ids(&folder, "a"), ["X-1 < 1.1.0"]);
}

#[test]
fn a_truncated_index_is_damaged_and_the_next_update_makes_it_new() {
    let (mut bucket, folder) = (Memory::live(), folder());
    for at in 0..50 {
        bucket.put(&format!("X-{at}"), &format!("p{at}"), "2026-01-01T00:00:00Z", "1.0.0");
    }
    npm(&bucket, &folder).expect("update");
    let path = index_file(folder.path(), Ecosystem::Npm);
    let bytes = std::fs::read(&path).expect("an index");
    for length in [0, 5, 11, 12, bytes.len() / 3, bytes.len() - 1] {
        std::fs::write(&path, &bytes[..length]).expect("a file");
        assert!(matches!(Index::open(&path), Err(IndexError::Damaged(_))), "{length} bytes");
    }
    let updated = npm(&bucket, &folder).expect("update");
    assert!(matches!(updated, Updated::Replaced { whole: true, .. }), "{updated:?}");
    // A byte that changed is found when its part is read, and by an update.
    let mut bytes = std::fs::read(&path).expect("an index");
    let middle = bytes.len() - 200;
    bytes[middle] ^= 1;
    std::fs::write(&path, &bytes).expect("a file");
    assert!(Index::open(&path).expect("its head is whole").verify().is_err());
    assert!(matches!(npm(&bucket, &folder).expect("update"), Updated::Replaced { whole: true, .. }));
    open(&folder).verify().expect("whole");
}

#[test]
fn another_source_is_read_whole() {
    let (mut bucket, folder) = (Memory::live(), folder());
    bucket.put("X-1", "a", "2026-01-01T00:00:00Z", "1.0.0");
    npm(&bucket, &folder).expect("update");
    let records = tempfile::tempdir().expect("a folder");
    std::fs::write(records.path().join("Y-1.json"), record("Y-1", "a", "2026-01-01T00:00:00Z", "9.0.0"))
        .expect("a file");
    let updated = update_from_records(records.path(), folder.path(), TODAY, &Ecosystem::ALL).expect("update");
    assert_eq!(updated.keys().collect::<Vec<_>>(), [&Ecosystem::Npm]);
    assert_eq!(ids(&folder, "a"), ["Y-1 < 9.0.0"]);
    assert!(matches!(npm(&bucket, &folder).expect("update"), Updated::Replaced { whole: true, .. }));
    assert_eq!(ids(&folder, "a"), ["X-1 < 1.0.0"]);
}

#[test]
fn moments() {
    let stamp = |text: &str| Stamp::parse(text);
    assert_eq!(stamp("1970-01-01T00:00:01Z"), Some(Stamp(1_000_000)));
    assert_eq!(stamp("2026-05-21T14:54:44.011147Z"), stamp("2026-05-21T14:54:44.0111470Z"));
    assert!(stamp("2026-05-21T14:54:44.01Z") < stamp("2026-05-21T14:54:44.011147Z"));
    for text in ["", "2026-05-21", "2026-05-21T25:00:00Z", "2026-05-21T14:54:44", "x"] {
        assert_eq!(stamp(text), None, "{text}");
    }
}

/// A copy of the data that shortens records says so in them; an update from it is not as good as one from the source.
#[test]
fn records_that_were_shortened_make_the_index_partial() {
    let (mut bucket, folder) = (Memory::default(), folder());
    bucket.put("X-1", "a", "2026-01-01T00:00:00Z", "1.0.0");
    npm(&bucket, &folder).expect("update");
    assert!(!open(&folder).source(Ecosystem::Npm).expect("npm").partial);
    let shortened = record("X-2", "b", "2026-01-01T00:00:00Z", "1.0.0").replacen(
        '{',
        r#"{"database_specific":{"details_truncated_at":500},"#,
        1,
    );
    bucket.records.insert("X-2".to_owned(), ("2026-01-01T00:00:00Z".to_owned(), shortened));
    npm(&bucket, &folder).expect("update");
    assert!(open(&folder).source(Ecosystem::Npm).expect("npm").partial);
    assert!(open(&folder).advisories(Ecosystem::Npm, "b").expect("whole")[0].partial);
}
