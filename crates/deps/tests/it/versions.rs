//! Orders against the fixtures of each ecosystem.

use std::cmp::Ordering;

use plimsoll_deps::{Ecosystem, Version};

/// Lines where the fixture has another tool's word than the ecosystem's own: these were made by PHP's `version_compare`,
/// and Composer compares what its `VersionParser::normalize` makes of both sides. They are counted and said; one that no
/// longer differs fails the test.
const KNOWN: &[(&str, &str)] = &[
    // PHP's bare `version_compare`; Composer pads both to four numbers first ...
    ("1.0.0 > 1.0", "packagist-versions.txt"),
    ("v3.0 < v3.0.0-beta", "packagist-versions-generated.txt"),
    ("v3.4 < v3.4.0-alpha", "packagist-versions-generated.txt"),
    ("v4-beta4 < v4.0-alpha", "packagist-versions-generated.txt"),
    ("v4.4 < v4.4.0-beta", "packagist-versions-generated.txt"),
    ("v6.5 < v6.5.0-beta-0", "packagist-versions-generated.txt"),
    ("v6.6 < v6.6.0-beta", "packagist-versions-generated.txt"),
    // ... and does not mind capitals.
    ("v1.9.0-ALPHA.1 = v1.9.0-BETA.1", "packagist-versions-generated.txt"),
    ("v1.9.0-BETA.1 < v1.9.0-ALPHA.2", "packagist-versions-generated.txt"),
    ("v1.9.0-ALPHA.2 = v1.9.0-BETA.2", "packagist-versions-generated.txt"),
];

/// Compares every line; returns how many there are, how many name a text without an order, mismatches, and those that are
/// known.
fn compare(ecosystem: Ecosystem, name: &str) -> Option<(usize, usize, Vec<String>, Vec<String>)> {
    let path = crate::shared(&format!("advisories/version-fixtures/{name}"))?;
    let text = std::fs::read_to_string(path).expect("readable");
    let (mut lines, mut unordered, mut wrong, mut known) = (0, 0, Vec::new(), Vec::new());
    for line in text.lines() {
        let line = line.trim();
        let parts: Vec<&str> = line.split(' ').collect();
        let [left, sign, right] = parts.as_slice() else { continue };
        let expected = match *sign {
            "<" => Ordering::Less,
            "=" => Ordering::Equal,
            ">" => Ordering::Greater,
            _ => continue,
        };
        if line.starts_with("//") || line.starts_with('#') {
            continue;
        }
        lines += 1;
        let (Some(left), Some(right)) = (Version::parse(ecosystem, left), Version::parse(ecosystem, right)) else {
            unordered += 1;
            continue;
        };
        if left.cmp(&right) != expected {
            let list = if KNOWN.contains(&(line, name)) { &mut known } else { &mut wrong };
            list.push(line.to_owned());
        }
    }
    Some((lines, unordered, wrong, known))
}

#[test]
fn no_mismatch_on_the_fixtures() {
    let mut failures = Vec::new();
    for (ecosystem, name, max_unordered) in [
        (Ecosystem::Npm, "semver-versions.txt", 1),
        (Ecosystem::CratesIo, "semver-versions.txt", 1),
        (Ecosystem::Go, "semver-versions.txt", 1),
        (Ecosystem::PyPi, "pypi-versions.txt", 11),
        (Ecosystem::PyPi, "pypi-versions-generated.txt", 200),
        (Ecosystem::Packagist, "packagist-versions.txt", 8),
        (Ecosystem::Packagist, "packagist-versions-generated.txt", 0),
        (Ecosystem::RubyGems, "rubygems-versions.txt", 0),
        (Ecosystem::RubyGems, "rubygems-versions-generated.txt", 0),
        (Ecosystem::Maven, "maven-versions.txt", 0),
        (Ecosystem::Maven, "maven-versions-generated.txt", 0),
    ] {
        let Some((lines, unordered, wrong, known)) = compare(ecosystem, name) else { return };
        crate::say(&format!(
            "{ecosystem} {name}: {} mismatches in {lines} lines, and {} where the fixture is not Composer's word; {unordered} name a text that has no order",
            wrong.len(),
            known.len()
        ));
        let expected: Vec<&str> = KNOWN.iter().filter(|(_, file)| *file == name).map(|(line, _)| *line).collect();
        let mut missing: Vec<&&str> = expected.iter().filter(|line| !known.iter().any(|it| it == *line)).collect();
        missing.sort_unstable();
        assert!(missing.is_empty(), "no longer differ: {missing:?}");
        if !wrong.is_empty() || unordered > max_unordered {
            failures.push(format!(
                "{ecosystem} {name}: {} of {lines} wrong, {unordered} unordered: {:?}",
                wrong.len(),
                &wrong[..wrong.len().min(15)]
            ));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
