//! Input that somebody made to mislead, exhaust or break a check: a clear word, the old index kept, and never "clean"
//! where the answer is not known.

use std::time::{Duration, Instant};

use plimsoll_deps::{
    Database, Day, Ecosystem, FolderBucket, Index, NotChecked, check, index_file, update, update_from_records,
};
use plimsoll_source::{Limits, SourceTree};

fn today() -> Day {
    Day::parse("2026-11-22").expect("day")
}

fn bucket(folder: &std::path::Path, record: &str) {
    use std::io::Write as _;
    std::fs::create_dir_all(folder.join("npm")).expect("folder");
    let file = std::fs::File::create(folder.join("npm/all.zip")).expect("file");
    let mut zip = zip_of(file);
    zip.start_file("X-1.json", zip::write::SimpleFileOptions::default()).expect("entry");
    zip.write_all(record.as_bytes()).expect("entry");
    zip.finish().expect("archive");
}

fn zip_of(file: std::fs::File) -> zip::ZipWriter<std::fs::File> {
    zip::ZipWriter::new(file)
}

const RECORD: &str = r#"{"id":"X-1","modified":"2026-11-01T00:00:00Z","affected":[{"package":{"ecosystem":"npm","name":"a"},
    "ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"2.0.0"}]}]}]}"#;

fn lock() -> SourceTree {
    SourceTree::from_texts([(
        "package-lock.json",
        r#"{"lockfileVersion":3,"packages":{"node_modules/a":{"version":"1.0.0"}}}"#,
    )])
}

fn weighing(gaps: &[NotChecked]) -> Vec<String> {
    gaps.iter().filter(|gap| gap.matters).map(|gap| format!("{}: {}", gap.what, gap.why)).collect()
}

/// An index that works, in a folder of its own, and the folder that it was made from.
fn installed() -> (tempfile::TempDir, tempfile::TempDir) {
    let (from, to) = (tempfile::tempdir().expect("folder"), tempfile::tempdir().expect("folder"));
    bucket(from.path(), RECORD);
    update(&FolderBucket::open(from.path()).expect("bucket"), Ecosystem::Npm, to.path(), today()).expect("update");
    (from, to)
}

#[test]
fn a_corrupt_archive_keeps_the_old_index() {
    let (from, to) = installed();
    let archive = from.path().join("npm/all.zip");
    let before = std::fs::read(index_file(to.path(), Ecosystem::Npm)).expect("index");
    let whole = std::fs::read(&archive).expect("archive");
    for cut in [0, 10, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&archive, &whole[..cut]).expect("written");
        let error = update_from_records(&archive, to.path(), today(), &[Ecosystem::Npm]).expect_err("no archive");
        assert!(error.to_string().contains("all.zip"), "{error}");
        assert_eq!(std::fs::read(index_file(to.path(), Ecosystem::Npm)).expect("index"), before);
    }
    assert_eq!(check(&lock(), &Database::with_folder(to.path())).findings.len(), 1);
}

#[test]
fn a_truncated_index_is_a_gap_that_weighs() {
    let (_from, to) = installed();
    let path = index_file(to.path(), Ecosystem::Npm);
    let whole = std::fs::read(&path).expect("index");
    for cut in [0, 4, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&path, &whole[..cut]).expect("written");
        let report = check(&lock(), &Database::with_folder(to.path()));
        let gaps = weighing(&report.not_checked);
        assert!(gaps.iter().any(|gap| gap.contains("npm advisories of the last update")), "{cut}: {gaps:?}");
    }
}

#[test]
fn hostile_records_and_lockfiles_are_named() {
    let deep = "[".repeat(200_000);
    let from = tempfile::tempdir().expect("folder");
    for record in [deep.as_str(), "{\"id\":", "", "\u{0}"] {
        bucket(from.path(), record);
        let mut builder = plimsoll_deps::IndexBuilder::new(today());
        builder.add_record("good.json", RECORD.as_bytes());
        builder.add_zip(&from.path().join("npm/all.zip")).expect("an archive");
        assert_eq!(builder.unreadable().len(), 1);
        let index = Index::from_bytes(builder.finish().expect("records")).expect("index");
        let report = check(&lock(), &Database::of(index));
        assert_eq!(report.findings.len(), 1);
        assert!(weighing(&report.not_checked).iter().any(|gap| gap.contains("1 npm advisory")), "{report:?}");
    }
    for (name, text) in [
        ("package-lock.json", deep.as_str()),
        ("package-lock.json", "{\"lockfileVersion\":3,\"packages\":[]}"),
        ("package-lock.json", "{\"lockfileVersion\":3,\"packages\":{\"node_modules/a\":{\"version\":\"1.0"),
        ("pnpm-lock.yaml", "lockfileVersion: '9.0'\npackages: &a [*a, *a]\n"),
        ("composer.lock", "{\"packages\": {\"a\": 1}}"),
        ("package.json", "{\"dependencies\": "),
        ("yarn.lock", "\u{0}\u{1}"),
        ("mix.lock", "%{\"a\": {:hex, :a, \"1.0.0\""),
    ] {
        let report = check(&SourceTree::from_texts([(name, text)]), &Database::builtin());
        assert!(report.findings.is_empty(), "{name}");
        assert!(!weighing(&report.not_checked).is_empty(), "{name} {}", &text[..text.len().min(60)]);
    }
}

#[test]
fn a_lockfile_of_50_megabytes_is_not_read_and_that_is_said() {
    let folder = tempfile::tempdir().expect("folder");
    let entry = |at: usize| format!("\"node_modules/p{at}\":{{\"version\":\"1.0.{at}\"}}");
    let mut text = String::from("{\"lockfileVersion\":3,\"packages\":{");
    let mut at = 0;
    while text.len() < 50 << 20 {
        text.push_str(&entry(at));
        text.push(',');
        at += 1;
    }
    text.push_str(&entry(at));
    text.push_str("}}");
    std::fs::write(folder.path().join("package-lock.json"), &text).expect("written");
    let start = Instant::now();
    let tree = SourceTree::read(folder.path(), &Limits::default()).expect("folder");
    let report = check(&tree, &Database::builtin());
    assert!(report.packages.is_empty());
    let gaps = weighing(&report.not_checked);
    assert!(gaps.iter().any(|gap| gap.starts_with("package-lock.json: ") && gap.contains("bytes")), "{gaps:?}");
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    crate::say(&format!("a lockfile of {} bytes: not checked, after {:?}", text.len(), start.elapsed()));
}

#[cfg(unix)]
#[test]
fn a_lockfile_that_is_a_link_out_of_the_tree_is_not_followed() {
    let (app, other) = (tempfile::tempdir().expect("folder"), tempfile::tempdir().expect("folder"));
    let text = r#"{"lockfileVersion":3,"packages":{"node_modules/lodash":{"version":"4.17.4"}}}"#;
    std::fs::write(other.path().join("package-lock.json"), text).expect("written");
    std::fs::write(app.path().join("package.json"), r#"{"dependencies":{"lodash":"^4.17.4"}}"#).expect("written");
    std::os::unix::fs::symlink(other.path().join("package-lock.json"), app.path().join("package-lock.json"))
        .expect("link");
    let tree = SourceTree::read(app.path(), &Limits::default()).expect("folder");
    let report = check(&tree, &Database::builtin());
    assert!(report.seen.iter().all(|seen| seen.path != "package-lock.json"), "{:?}", report.seen);
    let gaps = weighing(&report.not_checked);
    assert!(gaps.iter().any(|gap| gap.starts_with("package-lock.json: ") && gap.contains("link")), "{gaps:?}");
}

#[test]
fn a_graph_of_circles_ends_quickly() {
    // Every package needs every other one: paths without a bound would be more than atoms.
    let names: Vec<String> = (0..300).map(|at| format!("p{at}")).collect();
    let needs: Vec<String> = names.iter().map(|name| format!("\"{name}\":\"*\"")).collect();
    let needs = needs.join(",");
    let mut entries = vec![format!("\"\":{{\"dependencies\":{{\"p0\":\"*\"}}}}")];
    entries.extend(
        names
            .iter()
            .map(|name| format!("\"node_modules/{name}\":{{\"version\":\"1.0.0\",\"dependencies\":{{{needs}}}}}")),
    );
    let lock = format!("{{\"lockfileVersion\":3,\"packages\":{{{}}}}}", entries.join(","));
    let start = Instant::now();
    let tree = SourceTree::from_texts([
        ("package-lock.json", lock.as_str()),
        ("package.json", r#"{"dependencies":{"p0":"*"}}"#),
    ]);
    let report = check(&tree, &Database::builtin());
    assert_eq!(report.packages.len(), 300);
    assert!(report.packages.iter().all(|package| package.path.len() <= 3), "the shortest way in");
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

#[test]
fn requirements_that_include_each_other_are_read_once() {
    let mut files: Vec<(String, String)> = (0..60)
        .map(|at| {
            (
                format!("r/requirements-{at}.txt"),
                format!("-r requirements-{}.txt\n-c requirements-{at}.txt\np{at}==1.0\n", (at + 1) % 60),
            )
        })
        .collect();
    files.push((
        "r/requirements.txt".to_owned(),
        "-r requirements-0.txt\n-r ../../../etc/requirements.txt\n".to_owned(),
    ));
    let start = Instant::now();
    let report = check(&SourceTree::from_texts(files), &Database::builtin());
    let names: std::collections::BTreeSet<&str> = report.packages.iter().map(|package| package.name.as_str()).collect();
    assert_eq!(names.len(), 60);
    let gaps = weighing(&report.not_checked);
    assert!(gaps.iter().any(|gap| gap.contains("etc/requirements.txt")), "{gaps:?}");
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}
