use super::*;
use plimsoll_model::Gap;
use std::collections::BTreeSet;

fn finding(rule: &str, gap: Gap, severity: Severity) -> Finding {
    Finding {
        id: format!("PL-{rule}"),
        rule: rule.to_owned(),
        gap,
        cwe: vec![],
        owasp: vec![],
        asvs: vec![],
        severity,
        confidence: Confidence::Likely,
        title: String::new(),
        meaning: String::new(),
        evidence: vec![said(Witness::Code, "here")],
        fix: String::new(),
        fingerprint: String::new(),
        standing: Standing::Open,
        package: None,
        advisories: vec![],
        grants: vec![],
    }
}

fn tree() -> SourceTree {
    SourceTree::from_texts([("index.js", "export const answer = 42;\n")])
}

fn carried(class: DataClass) -> Carried {
    Carried { class, why: "The test says so.".into() }
}

fn draw_with(findings: &[Finding], answers: &[OwnerAnswer], class: DataClass) -> LoadLine {
    draw(&App { packages_seen: 1, ..App::default() }, &tree(), findings, &carried(class), answers)
}

fn answered(id: &str, met: bool, fresh: bool) -> OwnerAnswer {
    OwnerAnswer {
        control: id.into(),
        met,
        date: "2026-01-02".into(),
        fresh,
        by: "the owner".into(),
        note: "It is so.".into(),
    }
}

fn all_answers() -> Vec<OwnerAnswer> {
    CATALOGUE.iter().filter(|spec| spec.question.is_some()).map(|spec| answered(spec.id, true, true)).collect()
}

#[test]
fn every_gap_bears_on_a_control_and_ids_are_unique() {
    for gap in Gap::ALL {
        assert!(CATALOGUE.iter().any(|spec| spec.concerns("a-rule-that-no-control-names", gap)), "{}", gap.word());
    }
    let ids: BTreeSet<&str> = CATALOGUE.iter().map(|spec| spec.id).collect();
    assert_eq!(ids.len(), CATALOGUE.len());
}

#[test]
fn a_finding_fails_its_control_and_sinks_the_line() {
    let clean = draw_with(&[], &all_answers(), DataClass::Personal);
    assert_eq!((clean.verdict.fit_for, clean.verdict.outcome), (DataClass::Sensitive, Outcome::Fit));
    let bad =
        draw_with(&[finding("sql-from-input", Gap::Injection, Severity::High)], &all_answers(), DataClass::Personal);
    assert_eq!((bad.verdict.fit_for, bad.verdict.outcome), (DataClass::Demo, Outcome::Overloaded));
    let failed: Vec<&str> = bad
        .controls
        .iter()
        .filter(|control| control.status == ControlStatus::Failed)
        .map(|control| control.id.as_str())
        .collect();
    assert_eq!(failed, ["input-never-becomes-a-query"]);
}

#[test]
fn low_findings_do_not_sink_it_and_unsettled_or_waived_ones_leave_it_unproven() {
    let low = finding("sql-from-input", Gap::Injection, Severity::Low);
    assert_eq!(draw_with(&[low], &all_answers(), DataClass::Personal).verdict.outcome, Outcome::Fit);
    let mut possible = finding("sql-from-input", Gap::Injection, Severity::High);
    possible.confidence = Confidence::Possible;
    assert_eq!(draw_with(&[possible], &all_answers(), DataClass::Personal).verdict.outcome, Outcome::Incomplete);
    let mut waived = finding("sql-from-input", Gap::Injection, Severity::High);
    waived.standing = Standing::Waived { reason: "behind a VPN".into(), owner: "A".into(), until: "2027-01-01".into() };
    let line = draw_with(&[waived], &all_answers(), DataClass::Personal);
    assert_eq!(line.verdict.outcome, Outcome::Incomplete);
    assert!(line.verdict.reasons.iter().any(|reason| reason.contains("accepted, not removed")));
}

#[test]
fn without_answers_the_line_stops_where_only_the_owner_knows() {
    let line = draw_with(&[], &[], DataClass::Personal);
    assert_eq!((line.verdict.fit_for, line.verdict.outcome), (DataClass::Public, Outcome::Incomplete));
    assert!(line.verdict.raise.iter().any(|action| action.contains("backups")), "{:?}", line.verdict.raise);
}

#[test]
fn old_answers_prove_nothing_and_a_no_fails() {
    let mut answers = all_answers();
    answers.push(answered("backups", true, false));
    assert_eq!(draw_with(&[], &answers, DataClass::Personal).verdict.outcome, Outcome::Incomplete);
    answers.push(answered("backups", false, true));
    assert_eq!(draw_with(&[], &answers, DataClass::Personal).verdict.outcome, Outcome::Overloaded);
}

#[test]
fn what_was_not_checked_decides() {
    let mut app = App { packages_seen: 1, ..App::default() };
    app.not_checked.push(plimsoll_model::NotChecked {
        what: "12 Ruby files".into(),
        why: "not understood".into(),
        weighs: true,
    });
    let line = draw(&app, &tree(), &[], &carried(DataClass::Public), &all_answers());
    assert_eq!((line.verdict.fit_for, line.verdict.outcome), (DataClass::Demo, Outcome::Incomplete));
}

#[test]
fn nothing_reviewable_is_never_fit() {
    for files in [&[][..], &[("data.json", "[1]"), ("README.md", "# App"), (".env", "A=b"), ("compose.yaml", "a: b")]] {
        let tree = SourceTree::from_texts(files.iter().copied());
        let line = draw(&App::default(), &tree, &[], &carried(DataClass::Demo), &all_answers());
        assert_eq!(line.verdict.outcome, Outcome::Incomplete);
    }
}
