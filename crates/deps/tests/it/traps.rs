//! What really is in the public advisory data and misleads a matcher, from a record to a finding. Traps of a single
//! record's ranges have their tests beside `osv`, those of updates beside `sync`.

use plimsoll_deps::{Certainty, Database, Day, Index, IndexBuilder, Kind, Report, Severity, check};
use plimsoll_source::SourceTree;

fn database(records: &[&str]) -> Database {
    let mut builder = IndexBuilder::new(Day::parse("2026-11-22").expect("day"));
    for record in records {
        builder.add_record("record.json", record.as_bytes());
    }
    assert_eq!(builder.unreadable(), []);
    Database::of(Index::from_bytes(builder.finish().expect("records")).expect("index"))
}

/// A record about one package with ranges or versions as given.
fn record(id: &str, more: &str, ecosystem: &str, name: &str, affected: &str) -> String {
    format!(
        r#"{{"id":"{id}","modified":"2026-01-01T00:00:00Z",{more}"affected":[{{"package":{{"ecosystem":"{ecosystem}","name":"{name}"}},{affected}}}]}}"#
    )
}

/// Everything below a version.
fn below(version: &str) -> String {
    format!(r#""ranges":[{{"type":"ECOSYSTEM","events":[{{"introduced":"0"}},{{"fixed":"{version}"}}]}}]"#)
}

fn npm(packages: &[(&str, &str)]) -> SourceTree {
    let entries: Vec<String> =
        packages.iter().map(|(name, version)| format!(r#""node_modules/{name}":{{"version":"{version}"}}"#)).collect();
    SourceTree::from_texts([(
        "package-lock.json",
        format!(r#"{{"lockfileVersion":3,"packages":{{{}}}}}"#, entries.join(",")),
    )])
}

fn python(text: &str) -> SourceTree {
    SourceTree::from_texts([("requirements.txt", text.to_owned())])
}

fn found(report: &Report) -> Vec<String> {
    report.findings.iter().map(|found| format!("{} {}", found.name, found.version)).collect()
}

#[test]
fn names_are_normalised_on_both_sides_where_the_ecosystem_does() {
    let records = [
        record("P-1", "", "PyPI", "jw.util", &below("2.3")),
        record("P-2", "", "PyPI", "Plone", &below("5.2.4")),
        record("C-1", "", "Packagist", "Acme/Blog", &below("2.0.0")),
        record("N-1", "", "npm", "JSONStream", &below("9.0.0")),
    ];
    let database = database(&records.each_ref().map(String::as_str));
    let report = check(&python("JW-Util==2.2\nplone==5.0\n"), &database);
    assert_eq!(found(&report).len(), 2, "{:?}", found(&report));
    let lock = r#"{"packages":[{"name":"acme/blog","version":"v1.9.0"}],"packages-dev":[]}"#;
    assert_eq!(found(&check(&SourceTree::from_texts([("composer.lock", lock)]), &database)).len(), 1);
    // npm has old packages that differ in capitals alone.
    assert_eq!(
        found(&check(&npm(&[("jsonstream", "1.0.0"), ("JSONStream", "1.0.0")]), &database)),
        ["JSONStream 1.0.0"]
    );
}

/// 639 CVEs have more than one live PYSEC record, each about another package; and GHSA and PYSEC records of one package
/// are one vulnerability.
#[test]
fn records_of_one_vulnerability_are_one_match_for_each_package() {
    let records = [
        record("PYSEC-1", r#""aliases":["CVE-2026-1"],"#, "PyPI", "alpha", &below("2.0")),
        record("PYSEC-2", r#""aliases":["CVE-2026-1"],"#, "PyPI", "alpha-fork", &below("3.0")),
        record("GHSA-x", r#""aliases":["CVE-2026-1","PYSEC-1"],"#, "PyPI", "alpha", &below("2.1")),
    ];
    let database = database(&records.each_ref().map(String::as_str));
    let report = check(&python("alpha==1.0\nalpha-fork==1.0\n"), &database);
    let shown: Vec<(&str, &str, usize)> = report
        .findings
        .iter()
        .flat_map(|found| found.advisories.iter().map(|it| (found.name.as_str(), it.id.as_str(), it.records.len())))
        .collect();
    assert_eq!(shown, [("alpha", "CVE-2026-1", 2), ("alpha-fork", "CVE-2026-1", 1)]);
    // The fix that clears the whole group.
    assert_eq!(report.findings[0].fixed_in.as_deref(), Some("2.1"));
}

#[test]
fn withdrawn_records_are_none() {
    let withdrawn = record("X-1", r#""withdrawn":"2026-02-01T00:00:00Z","#, "npm", "a", &below("2.0.0"));
    let live = record("X-2", r#""withdrawn":null,"#, "npm", "b", &below("2.0.0"));
    let report = check(&npm(&[("a", "1.0.0"), ("b", "1.0.0")]), &database(&[&withdrawn, &live]));
    assert_eq!(found(&report), ["b 1.0.0"]);
}

/// Version, bound, or package from elsewhere: not checked, never clean.
#[test]
fn what_cannot_be_compared_is_not_checked() {
    let records = [
        record("X-1", "", "npm", "a", &below("3.0.RC3")),
        record("X-2", "", "npm", "b", &below("2.0.0")),
        record("X-3", "", "PyPI", "c", &below("2.0")),
    ];
    let database = database(&records.each_ref().map(String::as_str));
    let report = check(&npm(&[("a", "1.0.0"), ("b", "not-a-version")]), &database);
    assert_eq!(report.findings.len(), 0);
    let gaps: Vec<&str> = report.not_checked.iter().filter(|gap| gap.matters).map(|gap| gap.what.as_str()).collect();
    assert_eq!(gaps, ["a 1.0.0", "b not-a-version"]);
    let report = check(&python("c @ git+https://git.example/c.git\n"), &database);
    assert!(report.not_checked.iter().any(|gap| gap.matters && gap.what.starts_with('c')), "{:?}", report.not_checked);
    // Nothing at all is known of the ecosystem.
    let lock = "%{\n  \"phoenix\": {:hex, :phoenix, \"1.7.0\", \"x\", [:mix], [], \"hexpm\", \"y\"},\n}\n";
    let report = check(&SourceTree::from_texts([("mix.lock", lock)]), &database);
    assert!(
        report.not_checked.iter().any(|gap| gap.matters && gap.what == "1 packages of Hex"),
        "{:?}",
        report.not_checked
    );
}

#[test]
fn a_pre_release_of_the_fix_is_affected_but_not_for_certain() {
    let npm_record = record("X-1", "", "npm", "a", &below("4.0.0"));
    let certainty = |version: &str| {
        let report = check(&npm(&[("a", version)]), &database(&[&npm_record]));
        report.findings.first().map(|found| found.certainty)
    };
    assert_eq!(certainty("4.0.0-rc.1"), Some(Certainty::Likely));
    assert_eq!(certainty("3.9.9-rc.1"), Some(Certainty::Certain));
    assert_eq!(certainty("3.9.9"), Some(Certainty::Certain));
    assert_eq!(certainty("4.0.0"), None);
    let record = record("X-2", "", "PyPI", "a", &below("4.0"));
    let report = check(&python("a==4.0rc1\n"), &database(&[&record]));
    assert_eq!(report.findings[0].certainty, Certainty::Likely);
}

/// `= 1.2.3` is written as the range up to the next version and a list, so what lies between is in.
#[test]
fn one_version_written_as_a_range_and_a_list() {
    let record = record(
        "X-1",
        "",
        "npm",
        "a",
        r#""ranges":[{"type":"SEMVER","events":[{"introduced":"1.2.3"},{"fixed":"1.2.4"}]}],"versions":["1.2.3"]"#,
    );
    let database = database(&[&record]);
    for (version, hit) in
        [("1.2.3", true), ("1.2.4-rc.1", true), ("1.2.3-rc.1", false), ("1.2.4", false), ("1.2.3+build", true)]
    {
        assert_eq!(check(&npm(&[("a", version)]), &database).findings.len(), usize::from(hit), "{version}");
    }
}

#[test]
fn end_of_life_is_a_remark_and_malware_is_none() {
    let records = [
        record(
            "R-1",
            r#""database_specific":{"severity":"LOW","cwe_ids":["CWE-1104"]},"#,
            "npm",
            "jquery",
            &below("2.999.999"),
        ),
        record("MAL-2026-1", "", "npm", "evil", r#""ranges":[{"type":"SEMVER","events":[{"introduced":"0"}]}]"#),
    ];
    let report =
        check(&npm(&[("jquery", "1.12.4"), ("evil", "0.0.1")]), &database(&records.each_ref().map(String::as_str)));
    let kinds: Vec<(&str, Kind, bool)> = report
        .findings
        .iter()
        .map(|found| (found.name.as_str(), found.advisories[0].kind, found.is_remark()))
        .collect();
    assert_eq!(kinds, [("evil", Kind::Malicious, false), ("jquery", Kind::Unmaintained, true)]);
    assert_eq!(report.findings[0].fixed_in, None);
}

/// Few npm records have a CVSS vector; nearly all have the word.
#[test]
fn severity_by_the_word_where_no_vector_is() {
    let record = record("X-1", r#""database_specific":{"severity":"CRITICAL"},"#, "npm", "a", &below("2.0.0"));
    let report = check(&npm(&[("a", "1.0.0")]), &database(&[&record]));
    assert_eq!(report.findings[0].severity, Severity::Critical);
}

#[test]
fn records_dated_in_the_future_do_not_make_an_index_fresher_than_it_is() {
    let now = record("X-1", "", "npm", "a", &below("2.0.0"));
    let future = record("X-2", "", "npm", "b", &below("2.0.0")).replace("2026-01-01", "2027-07-09");
    let database = database(&[&now, &future]);
    assert_eq!(database.date().to_string(), "2026-01-01");
    assert_eq!(check(&npm(&[("b", "1.0.0")]), &database).findings.len(), 1);
}

/// A dependency on itself by way of others, and files that include each other: read once, with a path that ends.
#[test]
fn circles_end() {
    let record = record("X-1", "", "npm", "c", &below("2.0.0"));
    let lock = r#"{"lockfileVersion":3,"packages":{
        "":{"dependencies":{"a":"*"}},
        "node_modules/a":{"version":"1.0.0","dependencies":{"b":"*"}},
        "node_modules/b":{"version":"1.0.0","dependencies":{"c":"*"}},
        "node_modules/c":{"version":"1.0.0","dependencies":{"a":"*","c":"*"}}}}"#;
    let tree = SourceTree::from_texts([("package-lock.json", lock), ("package.json", r#"{"dependencies":{"a":"*"}}"#)]);
    let report = check(&tree, &database(&[&record]));
    let hit = &report.packages[report.findings[0].packages[0]];
    assert_eq!(hit.path, ["a", "b", "c"]);

    let python_record = crate::traps::record("X-2", "", "PyPI", "flask", &below("2.0"));
    let tree = SourceTree::from_texts([
        ("requirements.txt", "-r base.txt\n-r requirements.txt\n"),
        ("base.txt", "-r requirements.txt\n-c base.txt\nflask==1.0\n"),
    ]);
    let report = check(&tree, &database(&[&python_record]));
    assert_eq!(found(&report), ["flask 1.0"]);
    assert_eq!(report.packages.len(), 1, "{:?}", report.packages);
}
