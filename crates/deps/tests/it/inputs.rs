//! What reaches an app beside its lockfiles: scripts of public networks, copied libraries, odd layouts.

use plimsoll_deps::{Database, Day, Ecosystem, Index, IndexBuilder, Means, Report, check};
use plimsoll_source::SourceTree;

fn database() -> Database {
    let mut builder = IndexBuilder::new(Day::parse("2026-11-22").expect("day"));
    for (name, fixed) in [("lodash", "4.17.21"), ("jquery", "3.5.0"), ("vue", "2.5.17"), ("moment", "2.29.4")] {
        let record = format!(
            r#"{{"id":"X-{name}","modified":"2026-01-01T00:00:00Z","affected":[{{"package":{{"ecosystem":"npm","name":"{name}"}},
            "ranges":[{{"type":"SEMVER","events":[{{"introduced":"0"}},{{"fixed":"{fixed}"}}]}}]}}]}}"#
        );
        builder.add_record("record.json", record.as_bytes());
    }
    Database::of(Index::from_bytes(builder.finish().expect("records")).expect("index"))
}

fn found(report: &Report) -> Vec<(&str, &str, usize)> {
    report.findings.iter().map(|found| (found.name.as_str(), found.version.as_str(), found.packages.len())).collect()
}

#[test]
fn one_version_by_several_ways_is_one_finding() {
    let tree = SourceTree::from_texts([
        ("package-lock.json", r#"{"lockfileVersion":3,"packages":{"node_modules/lodash":{"version":"4.17.4"}}}"#),
        ("public/index.html", "<script src=\"https://unpkg.com/lodash@4.17.4\"></script>"),
        ("public/about.html", "<script src=\"https://cdn.jsdelivr.net/npm/lodash@4.17.4/lodash.min.js\"></script>"),
        ("public/jquery.min.js", "/*! jQuery v1.12.4 | (c) jQuery Foundation */"),
    ]);
    let report = check(&tree, &database());
    assert_eq!(found(&report), [("jquery", "1.12.4", 1), ("lodash", "4.17.4", 3)]);
    let copy = &report.packages[report.findings[0].packages[0]];
    assert_eq!((copy.means, copy.direct), (Means::Copied, true));
    assert_eq!(tree.text(copy.span), "1.12.4");
}

/// What a network serves is the newest that the address allows, not the oldest.
#[test]
fn a_moving_address_is_judged_by_the_newest_it_allows() {
    let page = |version: &str| {
        let text = format!("<script src=\"https://cdn.jsdelivr.net/npm/vue{version}\"></script>");
        let report = check(&SourceTree::from_texts([("index.html", text)]), &database());
        assert_eq!(report.packages.len(), 1);
        report.findings.len()
    };
    assert_eq!([page("@2.5.16"), page("@2.5.17"), page("@2"), page(""), page("@latest")], [1, 0, 0, 0, 0]);
    // Nothing that it allows has the fix.
    assert_eq!(page("@1"), 1);
    // A manifest, by contrast, may have been installed from long ago.
    let manifest = SourceTree::from_texts([("package.json", r#"{"dependencies":{"vue":"^2.0.0"}}"#)]);
    assert_eq!(check(&manifest, &database()).findings.len(), 1);
}

#[test]
fn the_shared_page_is_read_whole() {
    let Some(folder) = crate::shared("advisories/projects/web/public") else { return };
    let page = std::fs::read_to_string(folder.join("index.html")).expect("page");
    let report = check(&SourceTree::from_texts([("index.html", page)]), &Database::builtin());
    let names: Vec<String> =
        report.packages.iter().map(|package| format!("{}@{}", package.name, package.version.as_written())).collect();
    assert_eq!(
        names,
        [
            "angular@1.6.0",
            "axios@0.18.0",
            "bootstrap@3.3.7",
            "dompurify@2.0.0",
            "jquery@1.12.4",
            "jquery@3.3.1",
            "lodash@4.17.4",
            "moment@2.18.1",
            "react@16.4.0",
            "tailwindcss@3.4.1",
            "vue@2",
        ]
    );
    let vulnerable: Vec<&str> = report.findings.iter().map(|found| found.name.as_str()).collect();
    crate::say(&format!(
        "index.html: {} libraries, {} with known holes: {vulnerable:?}",
        names.len(),
        vulnerable.len()
    ));
    for name in ["angular", "axios", "bootstrap", "dompurify", "jquery", "lodash", "moment"] {
        assert!(vulnerable.contains(&name), "{name}");
    }
}

/// mix writes one entry a line and reads any layout.
#[test]
fn a_mix_lock_in_any_layout() {
    let lines = "%{\n  \"jason\": {:hex, :jason, \"1.4.0\", \"x\", [:mix], [{:decimal, \"~> 1.0 or ~> 2.0\", [hex: :decimal]}], \"hexpm\", \"y\"},\n  \"decimal\": {:hex, :decimal, \"2.0.0\", \"x\", [:mix], [], \"hexpm\", \"y\"},\n  \"own\": {:git, \"https://git.example/own.git\", \"abc\", []},\n}\n";
    let packages = |text: &str| {
        let report = check(&SourceTree::from_texts([("mix.lock", text)]), &database());
        let names: Vec<String> = report
            .packages
            .iter()
            .map(|package| format!("{} {}", package.name, package.version.as_written()))
            .collect();
        assert!(report.packages.iter().all(|package| package.ecosystem == Ecosystem::Hex));
        names
    };
    let expected = ["decimal 2.0.0", "jason 1.4.0", "own "];
    assert_eq!(packages(lines), expected);
    assert_eq!(packages(&lines.replace('\n', "")), expected);
    assert_eq!(packages(&lines.replace("\": {", "\" => {").replace(", ", ",\n   ")), expected);
    assert_eq!(packages("%{}"), [] as [&str; 0]);
}
