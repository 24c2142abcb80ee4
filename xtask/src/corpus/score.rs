//! Labels against findings.
//!
//! A finding matches an item of the same gap (or of a neighbouring one, or with the same CWE number) in the same file
//! within five lines; an absence matches by its gap alone; a dependency by the package's name. A trap is hit by a finding
//! that matched no item, within two lines. Precision is a floor: labels are not exhaustive.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::labels::{Item, Labels, text};
use super::sarif::{Finding, cwes, normal};

/// Gaps between which a finding may fall either way.
const NEAR: &[(&str, &str)] = &[
    ("broken_access_control", "client_side_auth"),
    ("secret_in_repo", "sensitive_data_in_client"),
    ("exposed_session_token", "csrf"),
    ("injection", "xss"),
    ("debug_or_misconfig", "secret_in_repo"),
    ("weak_crypto_or_password_storage", "secret_in_repo"),
    ("broken_access_control", "exposed_session_token"),
];

const SEVERITIES: [&str; 4] = ["critical", "high", "medium", "low"];

/// What was counted, of one app or of all.
#[derive(Default)]
pub(crate) struct Score {
    items: usize,
    hit: usize,
    traps: usize,
    traps_hit: usize,
    findings: usize,
    /// Findings that matched an item.
    matched: usize,
    /// Findings that hit a trap.
    on_traps: usize,
    /// Findings at no labelled place.
    rest: usize,
    /// Items and matched items, by gap.
    gaps: BTreeMap<String, (usize, usize)>,
    /// Items and matched items, by severity.
    severities: BTreeMap<String, (usize, usize)>,
}

fn same_file(a: &str, b: &str) -> bool {
    let ends = |long: &str, short: &str| long.strip_suffix(short).is_some_and(|start| start.ends_with('/'));
    a == b || ends(a, b) || ends(b, a)
}

fn is_near(finding: &Finding, file: &str, line: Option<i64>, tolerance: u64) -> bool {
    finding.places.iter().any(|(found, at)| {
        same_file(found, file)
            && match (line, at) {
                (Some(line), Some(at)) => at.abs_diff(line) <= tolerance,
                _ => true,
            }
    })
}

fn same_kind(finding: &Finding, gap: &str, cwe: &str) -> bool {
    let gap = normal(gap);
    let found = finding.gap.as_deref();
    found == Some(gap)
        || cwes(cwe).iter().any(|number| finding.cwes.contains(number))
        || found.is_some_and(|found| NEAR.iter().any(|&(a, b)| (a, b) == (found, gap) || (b, a) == (found, gap)))
}

/// Whether a finding is about a labelled problem.
pub(crate) fn matches(finding: &Finding, item: &Item) -> bool {
    if item.gap == "vulnerable_dependency" {
        let named = item.package.as_deref().filter(|name| !name.is_empty());
        let package = named.or_else(|| item.evidence.split_whitespace().next()).unwrap_or_default();
        return finding.gap.as_deref() == Some("vulnerable_dependency")
            && finding.message.to_lowercase().contains(&package.to_lowercase());
    }
    if !same_kind(finding, &item.gap, &text(&item.cwe)) {
        return false;
    }
    if item.absence == Some(true) || item.gap == "missing_security_headers" {
        return finding.gap.as_deref() == Some(normal(&item.gap));
    }
    item.places().iter().any(|(file, line)| is_near(finding, file, *line, 5))
}

/// Scores an app; the notes name every miss, trap and unlabelled finding.
pub(crate) fn app(name: &str, labels: &Labels, findings: &[Finding]) -> (Score, Vec<String>) {
    let cut = |text: &str, most: usize| text.chars().take(most).collect::<String>();
    let at = |file: &str, line: Option<i64>| line.map_or_else(|| file.to_owned(), |line| format!("{file}:{line}"));
    let mut score = Score { findings: findings.len(), ..Score::default() };
    let mut notes = Vec::new();
    let mut used = BTreeSet::new();
    for item in labels.items.iter().flatten() {
        let found: Vec<usize> = (0..findings.len()).filter(|&index| matches(&findings[index], item)).collect();
        let hit = usize::from(!found.is_empty());
        score.items += 1;
        score.hit += hit;
        let gap = score.gaps.entry(item.gap.clone()).or_default();
        *gap = (gap.0 + 1, gap.1 + hit);
        let severity = score.severities.entry(item.severity.clone()).or_default();
        *severity = (severity.0 + 1, severity.1 + hit);
        if found.is_empty() {
            let place = at(&item.file, item.line);
            let evidence = cut(&item.evidence, 110);
            notes.push(format!("MISSED {name} {} {} {} {place} {evidence}", text(&item.id), item.severity, item.gap));
        }
        used.extend(found);
    }
    let mut on_traps = BTreeSet::new();
    for trap in labels.not_a_problem.iter().flatten() {
        let tolerated = matches!(trap.ok_as.as_deref(), Some("info" | "low" | "medium"));
        let found: Vec<usize> = (0..findings.len())
            .filter(|index| !used.contains(index))
            .filter(|&index| {
                let finding = &findings[index];
                same_kind(finding, &trap.naive_gap, "")
                    && is_near(finding, &trap.file, trap.line, 2)
                    && !(tolerated && matches!(finding.level.as_str(), "note" | "none"))
            })
            .collect();
        score.traps += 1;
        if let Some(&first) = found.first() {
            score.traps_hit += 1;
            let place = at(&trap.file, trap.line);
            let (rule, reason) = (&findings[first].rule, cut(&trap.reason, 110));
            notes.push(format!("TRAP   {name} {} {} {place} {reason} <- {rule}", text(&trap.id), trap.naive_gap));
        }
        on_traps.extend(found);
    }
    for (index, finding) in findings.iter().enumerate() {
        let ambiguous = labels.ambiguous.iter().flatten().any(|place| is_near(finding, &place.file, place.line, 5));
        if used.contains(&index) || on_traps.contains(&index) || ambiguous {
            continue;
        }
        score.rest += 1;
        let place = finding.places.first().map(|(file, line)| at(file, *line)).unwrap_or_default();
        let gap = finding.gap.as_deref().unwrap_or("?");
        let message = cut(&finding.message, 90);
        notes.push(format!("EXTRA  {name} {} {} {gap} {place} {message}", finding.level, finding.rule));
    }
    score.matched = used.len();
    score.on_traps = on_traps.len();
    (score, notes)
}

fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}

impl Score {
    /// Adds the counts of an app.
    pub(crate) fn add(&mut self, other: &Score) {
        self.items += other.items;
        self.hit += other.hit;
        self.traps += other.traps;
        self.traps_hit += other.traps_hit;
        self.findings += other.findings;
        self.matched += other.matched;
        self.on_traps += other.on_traps;
        self.rest += other.rest;
        for (mine, theirs) in [(&mut self.gaps, &other.gaps), (&mut self.severities, &other.severities)] {
            for (name, (items, hit)) in theirs {
                let slot = mine.entry(name.clone()).or_default();
                *slot = (slot.0 + items, slot.1 + hit);
            }
        }
    }

    fn precision(&self) -> f64 {
        share(self.matched, self.matched + self.on_traps + self.rest)
    }

    /// The line of an app.
    pub(crate) fn row(&self, app: &str) -> String {
        let app: String = app.chars().take(40).collect();
        format!(
            "{app:<40} recall {:2}/{:<2} traps {:2}/{:<2} findings {:4} (matched {}, unlabelled {}) precision>={:.2}",
            self.hit,
            self.items,
            self.traps_hit,
            self.traps,
            self.findings,
            self.matched,
            self.rest,
            self.precision()
        )
    }

    /// The lines for all apps together.
    pub(crate) fn summary(&self) -> String {
        let mut gaps: Vec<_> = self.gaps.iter().collect();
        gaps.sort_by_key(|(_, (items, _))| std::cmp::Reverse(*items));
        let gaps: Vec<String> = gaps.iter().map(|(gap, (items, hit))| format!("{gap} {hit}/{items}")).collect();
        let severities: Vec<String> = SEVERITIES
            .iter()
            .map(|&severity| {
                let (items, hit) = self.severities.get(severity).copied().unwrap_or_default();
                format!("{severity} {hit}/{items}")
            })
            .collect();
        let mut out = String::new();
        let _ = writeln!(out, "by gap: {}", gaps.join(", "));
        let _ = writeln!(out, "by severity: {}", severities.join(", "));
        let _ = writeln!(
            out,
            "TOTAL recall {}/{} = {:.3}  traps hit {}/{}  findings {}  precision>={:.3}",
            self.hit,
            self.items,
            share(self.hit, self.items),
            self.traps_hit,
            self.traps,
            self.findings,
            self.precision()
        );
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(gap: &str, file: &str, line: i64) -> Finding {
        Finding {
            rule: "r".into(),
            gap: Some(gap.into()),
            cwes: Vec::new(),
            places: vec![(file.into(), Some(line))],
            level: "error".into(),
            message: "lodash 4.17.1 has holes".into(),
        }
    }

    #[test]
    fn items_traps_and_the_rest() {
        let labels: Labels = serde_saphyr::from_str(
            "items:\n\
             - {id: A1, gap: xss, cwe: CWE-79, file: src/a.js, line: 10, also_lines: [30, 'b.js:5'], severity: high, evidence: e}\n\
             - {id: A2, gap: missing_rate_limit, cwe: CWE-307, file: x, line: null, absence: true, severity: low, evidence: e}\n\
             - {id: A3, gap: vulnerable_dependency, cwe: CWE-1395, file: p, severity: medium, evidence: Lodash is old}\n\
             - {id: A4, gap: csrf, file: c.js, line: 1, severity: low, evidence: e}\n\
             not_a_problem:\n\
             - {id: T1, naive_gap: secret_in_repo, file: t.js, line: 7, reason: public, ok_as: low}\n\
             - {id: T2, naive_gap: xss, file: src/a.js, line: 12, reason: near an item}\n\
             ambiguous:\n\
             - {file: m.js, line: 1}\n",
        )
        .expect("labels");
        let mut note = finding("secret_in_repo", "t.js", 7);
        note.level = "note".into();
        let findings = [
            finding("injection", "a.js", 13),
            finding("xss", "app/b.js", 6),
            finding("missing_rate_limit", "elsewhere.js", 99),
            finding("vulnerable_dependency", "package.json", 1),
            finding("csrf", "c.js", 9),
            note,
            finding("secret_in_repo", "t.js", 9),
            finding("xss", "m.js", 4),
        ];
        let (score, notes) = app("x", &labels, &findings);
        assert_eq!((score.items, score.hit), (4, 3));
        assert_eq!((score.traps, score.traps_hit, score.on_traps), (2, 1, 1));
        assert_eq!((score.matched, score.rest), (4, 2), "{notes:?}");
        assert_eq!(notes.iter().filter(|note| note.starts_with("EXTRA")).count(), 2);
    }

    #[test]
    fn files_are_the_same_by_their_ends() {
        assert!(same_file("src/a.js", "a.js") && same_file("a.js", "x/a.js") && same_file("a.js", "a.js"));
        assert!(!same_file("src/ba.js", "a.js"));
    }
}
