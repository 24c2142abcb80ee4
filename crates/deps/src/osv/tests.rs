//! The traps of real records, one test each.

use super::*;

fn advisory(ecosystem: &str, affected: &str) -> Advisory {
    advisory_of(&format!(
        r#"{{"id":"X-1","affected":[{{"package":{{"ecosystem":"{ecosystem}","name":"p"}},{affected}}}]}}"#
    ))
}

fn advisory_of(json: &str) -> Advisory {
    let record = Record::parse(json.as_bytes()).expect("record");
    let mut all = record.advisories();
    assert_eq!(all.len(), 1);
    all.remove(0).2
}

fn hits(ecosystem: Ecosystem, advisory: &Advisory, version: &str) -> Affects {
    advisory.affects(ecosystem, version, &Version::parse(ecosystem, version).expect("version"))
}

#[test]
fn events_are_sorted_by_version() {
    let it = advisory(
        "npm",
        r#""ranges":[{"type":"SEMVER","events":[{"fixed":"2.10.0"},{"introduced":"2.0.0"},{"fixed":"1.2.0"},{"introduced":"0"}]}]"#,
    );
    for (version, expected) in [
        ("1.1.0", Affects::Yes),
        ("1.2.0", Affects::No),
        ("1.9.0", Affects::No),
        ("2.0.0-rc.1", Affects::No),
        ("2.9.0", Affects::Yes),
        ("2.10.0", Affects::No),
        ("0.0.0-alpha", Affects::Yes),
    ] {
        assert_eq!(hits(Ecosystem::Npm, &it, version), expected, "{version}");
    }
}

#[test]
fn introduced_equal_to_fixed_continues_the_branch() {
    let it = advisory(
        "Packagist",
        r#""ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"2.0.0"},{"fixed":"2.1.0"}]},{"type":"ECOSYSTEM","events":[{"introduced":"2.1.0"},{"fixed":"2.1.5"}]}]"#,
    );
    assert_eq!(hits(Ecosystem::Packagist, &it, "v2.1.0"), Affects::Yes);
    assert_eq!(hits(Ecosystem::Packagist, &it, "2.1.5"), Affects::No);
    let it = advisory(
        "PyPI",
        r#""ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"1.0"},{"introduced":"1.0"},{"fixed":"1.1"}]}]"#,
    );
    assert_eq!(hits(Ecosystem::PyPi, &it, "1.0"), Affects::Yes);
    assert_eq!(hits(Ecosystem::PyPi, &it, "1.1"), Affects::No);
}

#[test]
fn a_range_over_commits_is_skipped_and_not_stopped_at() {
    let it = advisory(
        "PyPI",
        r#""ranges":[{"type":"GIT","repo":"https://git.example/x","events":[{"introduced":"0"},{"fixed":"abc"}]},{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"2.3.1"}]}],"versions":["1.0"]"#,
    );
    assert_eq!(hits(Ecosystem::PyPi, &it, "2.3.0.post1"), Affects::Yes);
    assert_eq!(hits(Ecosystem::PyPi, &it, "2.3.1"), Affects::No);
}

#[test]
fn listed_versions_count_beside_ranges_as_text_and_as_versions() {
    let it = advisory(
        "PyPI",
        r#""ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"2.0"},{"fixed":"2.1"}]}],"versions":["1.0","2.0.1","2004d"]"#,
    );
    assert_eq!(it.versions, ["1.0", "2004d"]);
    assert_eq!(hits(Ecosystem::PyPi, &it, "1.0.0"), Affects::Yes);
    assert_eq!(hits(Ecosystem::PyPi, &it, "2.0.5"), Affects::Yes);
    assert_eq!(hits(Ecosystem::PyPi, &it, "1.1"), Affects::No);
    let only = advisory("PyPI", r#""versions":["3.1"]"#);
    assert_eq!(hits(Ecosystem::PyPi, &only, "3.1"), Affects::Yes);
    assert_eq!(hits(Ecosystem::PyPi, &only, "3.2"), Affects::No);
}

#[test]
fn nothing_named_or_nothing_orderable_cannot_be_told() {
    let nothing = advisory("PyPI", r#""ranges":[{"type":"GIT","events":[{"introduced":"0"}]}]"#);
    assert_eq!(hits(Ecosystem::PyPi, &nothing, "1.0"), Affects::CannotTell);
    let broken = advisory("npm", r#""ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"3.0.RC3"}]}]"#);
    assert_eq!(hits(Ecosystem::Npm, &broken, "1.0.0"), Affects::CannotTell);
    let headless = advisory("npm", r#""ranges":[{"type":"SEMVER","events":[{"fixed":"3.0.0"}]}]"#);
    assert_eq!(hits(Ecosystem::Npm, &headless, "1.0.0"), Affects::CannotTell);
}

#[test]
fn partial_and_odd_bounds() {
    let it = advisory("npm", r#""ranges":[{"type":"SEMVER","events":[{"introduced":"13.0"},{"fixed":"14"}]}]"#);
    assert_eq!(hits(Ecosystem::Npm, &it, "13.5.0"), Affects::Yes);
    assert_eq!(hits(Ecosystem::Npm, &it, "14.0.0"), Affects::No);
    let calendar =
        advisory("npm", r#""ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"2026.03.28"}]}]"#);
    assert_eq!(hits(Ecosystem::Npm, &calendar, "2026.3.27"), Affects::Yes);
    assert_eq!(hits(Ecosystem::Npm, &calendar, "2026.3.28"), Affects::No);
}

#[test]
fn last_affected_is_inclusive_and_names_no_fix() {
    let it = advisory("npm", r#""ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"last_affected":"0.3.0"}]}]"#);
    assert_eq!(hits(Ecosystem::Npm, &it, "0.3.0"), Affects::Yes);
    assert_eq!(hits(Ecosystem::Npm, &it, "0.3.1"), Affects::No);
    assert_eq!(it.fixes().count(), 0);
}

#[test]
fn several_entries_of_one_package_are_joined() {
    let it = advisory_of(
        r#"{"id":"X","affected":[
            {"package":{"ecosystem":"PyPI","name":"A.b"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"1"},{"fixed":"2"}]}]},
            {"package":{"ecosystem":"PyPI","name":"a_B"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"3"},{"fixed":"4"}]}]},
            {"package":{"ecosystem":"Unheard Of","name":"a"}}]}"#,
    );
    assert_eq!(hits(Ecosystem::PyPi, &it, "3.5"), Affects::Yes);
    assert_eq!(hits(Ecosystem::PyPi, &it, "2.5"), Affects::No);
}

#[test]
fn the_last_known_range_bounds_an_open_one() {
    let it = advisory(
        "npm",
        r#""ranges":[{"type":"SEMVER","events":[{"introduced":"0"}]}],"database_specific":{"last_known_affected_version_range":"< 7.23.2"}"#,
    );
    assert_eq!(hits(Ecosystem::Npm, &it, "6.26.0"), Affects::Yes);
    assert_eq!(hits(Ecosystem::Npm, &it, "7.23.2"), Affects::No);
}

#[test]
fn exclusive_lower_bounds() {
    let it = advisory(
        "npm",
        r#""ranges":[{"type":"SEMVER","events":[{"introduced":"1.0.0"},{"fixed":"2.0.0"}],"database_specific":{"introduced_exclusive":true}}]"#,
    );
    assert_eq!(hits(Ecosystem::Npm, &it, "1.0.0"), Affects::No);
    assert_eq!(hits(Ecosystem::Npm, &it, "1.0.1"), Affects::Yes);
}

#[test]
fn severity_from_words_then_from_vectors() {
    let named = advisory_of(
        r#"{"id":"X","database_specific":{"severity":"MODERATE"},"affected":[{"package":{"ecosystem":"npm","name":"p"}}]}"#,
    );
    assert_eq!((named.severity, named.score), (Severity::Medium, None));
    let scored = advisory_of(
        r#"{"id":"X","severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],"affected":[{"package":{"ecosystem":"npm","name":"p"}}]}"#,
    );
    assert_eq!((scored.severity, scored.score), (Severity::Critical, Some(98)));
    let four = advisory_of(
        r#"{"id":"X","severity":[{"type":"CVSS_V4","score":"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"},{"type":"NEW","score":"?"}],"affected":[{"package":{"ecosystem":"npm","name":"p"}}]}"#,
    );
    assert_eq!(four.score, Some(93));
}

#[test]
fn unknown_fields_and_nulls_do_not_lose_a_record() {
    let it = advisory_of(
        r#"{"id":"X","schema_version":"9.9.9","aliases":null,"summary":null,"new":{"a":[1]},"severity":null,
            "affected":[{"package":{"ecosystem":"npm","name":"p","purl":null},"ranges":[{"type":"QUANTUM","events":[{"introduced":"0"},{"vanished":"1"}]}],"versions":null}]}"#,
    );
    assert_eq!(hits(Ecosystem::Npm, &it, "1.0.0"), Affects::Yes);
    let record = Record::parse(br#"{"id":"X","withdrawn":"2024-01-01T00:00:00Z"}"#).expect("record");
    assert!(record.is_withdrawn());
}

#[test]
fn unmaintained_is_not_a_vulnerability() {
    let it = advisory(
        "crates.io",
        r#""database_specific":{"informational":"unmaintained"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0.0.0-0"}]}]"#,
    );
    assert_eq!(it.kind, Kind::Unmaintained);
}

#[test]
fn alias_groups_are_transitive() {
    let named = |id: &str, aliases: &[&str]| {
        let mut it = advisory("npm", r#""versions":["1.0.0"]"#);
        it.id = id.to_owned();
        it.aliases = aliases.iter().map(|&alias| alias.to_owned()).collect();
        it
    };
    let all = [
        named("GHSA-1", &["CVE-1"]),
        named("PYSEC-9", &["CVE-9"]),
        named("PYSEC-2", &["CVE-2"]),
        named("X", &["CVE-2", "CVE-1"]),
        named("CVE-9", &[]),
    ];
    assert_eq!(groups(&all), [0, 1, 0, 0, 1]);
}
