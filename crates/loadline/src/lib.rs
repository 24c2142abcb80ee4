//! Controls and the load line: how sensitive a load of data an app may carry today, why not more, what would raise it.
//!
//! [`CATALOGUE`] says which controls exist, from which data class on each is demanded, which findings fail it and how it
//! can be proven. [`draw`] judges every control by the app model, the findings and the owner's answers and draws the
//! line: the app is fit for the highest class whose every demanded control is proven (or has nothing to apply to).
//! What nobody looked at is unproven, and unproven counts as not met.

mod catalogue;
mod proof;

pub use catalogue::{CATALOGUE, ControlSpec, Question};
pub use proof::Proof;

use plimsoll_model::app::App;
use plimsoll_model::{
    Confidence, Control, ControlStatus, DataClass, Evidence, Finding, Outcome, Place, Severity, Standing, Verdict,
    Witness,
};
use plimsoll_source::{SourceTree, Span};

/// A dated answer of the owner about a control that no tool can see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnerAnswer {
    /// Id of the control.
    pub control: String,
    /// Whether the owner says that it is met.
    pub met: bool,
    /// Day of the answer, `YYYY-MM-DD`.
    pub date: String,
    /// Whether the day is within the last year; an older answer proves nothing.
    pub fresh: bool,
    /// Who answered.
    pub by: String,
    /// What exactly: where the backups are, who has the password.
    pub note: String,
}

/// What the app carries, and why we say so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    /// The class.
    pub class: DataClass,
    /// One sentence: what was found, or that the owner declared it.
    pub why: String,
}

/// The judged controls and the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadLine {
    /// All controls of the catalogue, in its order.
    pub controls: Vec<Control>,
    /// The verdict.
    pub verdict: Verdict,
}

/// Judges the controls and draws the line.
pub fn draw(
    app: &App,
    tree: &SourceTree,
    findings: &[Finding],
    carried: &Carried,
    answers: &[OwnerAnswer],
) -> LoadLine {
    let facts = proof::Facts::new(app, tree);
    let controls: Vec<Control> =
        CATALOGUE.iter().map(|spec| judge(spec, &facts, tree, &findings_of(spec, findings), answers)).collect();
    let fit_for = fit_for(&controls);
    let verdict = verdict(&controls, fit_for, carried, findings, facts.nothing(), facts.half_blind());
    LoadLine { controls, verdict }
}

/// The findings that bear on a control: those of the rules it names, and those of its gaps whose rule no control names.
fn findings_of<'f>(spec: &ControlSpec, findings: &'f [Finding]) -> Vec<&'f Finding> {
    findings.iter().filter(|finding| spec.concerns(&finding.rule, finding.gap)).collect()
}

fn judge(
    spec: &ControlSpec,
    facts: &proof::Facts<'_>,
    tree: &SourceTree,
    findings: &[&Finding],
    answers: &[OwnerAnswer],
) -> Control {
    let serious = |finding: &&&Finding| finding.severity >= Severity::Medium;
    let failing: Vec<&&Finding> = findings
        .iter()
        .filter(serious)
        .filter(|finding| finding.is_open() && finding.confidence >= Confidence::Likely)
        .collect();
    let accepted: Vec<&&Finding> = findings
        .iter()
        .filter(serious)
        .filter(|finding| matches!(finding.standing, Standing::Waived { .. } | Standing::Baseline))
        .collect();
    let unsettled: Vec<&&Finding> = findings
        .iter()
        .filter(serious)
        .filter(|finding| finding.is_open() && finding.confidence < Confidence::Likely)
        .collect();
    let mut evidence = Vec::new();
    let mut ids = Vec::new();
    let status = if !failing.is_empty() {
        ids.extend(failing.iter().map(|finding| finding.id.clone()));
        ControlStatus::Failed
    } else if !unsettled.is_empty() {
        ids.extend(unsettled.iter().map(|finding| finding.id.clone()));
        evidence.push(said(Witness::Code, "a finding that may hold has to be settled first"));
        ControlStatus::Unproven
    } else if !accepted.is_empty() {
        // Accepting a risk does not take it away: the control is not failed any more, but not met either.
        ids.extend(accepted.iter().map(|finding| finding.id.clone()));
        evidence.push(said(Witness::Owner, "the risk is accepted by a waiver, not removed"));
        ControlStatus::Unproven
    } else {
        let answer = answers.iter().rev().find(|answer| answer.control == spec.id);
        let seen = (spec.prove)(facts);
        match (seen, answer, spec.question) {
            (Proof::Proven(pieces), _, _) => {
                evidence.extend(pieces.into_iter().map(|piece| shown(tree, piece)));
                ControlStatus::Proven
            }
            (Proof::NotApplicable(why), _, _) => {
                evidence.push(said(Witness::Code, &why));
                ControlStatus::NotApplicable
            }
            (Proof::Unproven(why), Some(answer), Some(_)) => {
                let note = format!("{} ({}, {})", answer.note, answer.by, answer.date);
                evidence.push(said(Witness::Owner, note.trim()));
                match (answer.met, answer.fresh) {
                    (true, true) => ControlStatus::Proven,
                    (true, false) => {
                        evidence.push(said(Witness::Owner, "the answer is more than a year old"));
                        ControlStatus::Unproven
                    }
                    (false, _) => {
                        evidence.push(said(Witness::Code, &why));
                        ControlStatus::Failed
                    }
                }
            }
            (Proof::Unproven(why), _, _) => {
                evidence.push(said(Witness::Code, &why));
                ControlStatus::Unproven
            }
        }
    };
    Control {
        id: spec.id.to_owned(),
        title: spec.title.to_owned(),
        asvs: spec.asvs.iter().map(|&id| id.to_owned()).collect(),
        required_from: spec.required_from,
        status,
        evidence,
        findings: ids,
    }
}

fn said(witness: Witness, note: &str) -> Evidence {
    Evidence { witness, place: None, exchange: None, note: note.to_owned() }
}

fn shown(tree: &SourceTree, piece: proof::Piece) -> Evidence {
    let place = piece.span.map(|span: Span| {
        let file = tree.file(span.file).path.clone();
        let (line, end_line) = tree.lines(span);
        let whole = span.end == 0;
        Place {
            file,
            line: (!whole).then_some(line),
            end_line: (!whole).then_some(end_line),
            // The text is left out on purpose: a proof points at places, and their words could hold a secret.
            snippet: String::new(),
        }
    });
    Evidence { witness: piece.witness, place, exchange: piece.exchange, note: piece.note }
}

/// The highest class whose every demanded control is met.
fn fit_for(controls: &[Control]) -> DataClass {
    let met = |control: &&Control| matches!(control.status, ControlStatus::Proven | ControlStatus::NotApplicable);
    DataClass::ALL
        .into_iter()
        .take_while(|&class| {
            class == DataClass::Demo
                || controls.iter().filter(|control| control.required_from <= class).all(|control| met(&control))
        })
        .last()
        .unwrap_or(DataClass::Demo)
}

fn verdict(
    controls: &[Control],
    fit_for: DataClass,
    carried: &Carried,
    findings: &[Finding],
    nothing: bool,
    half_blind: bool,
) -> Verdict {
    let demanded = || controls.iter().filter(|control| control.required_from <= carried.class);
    let failed: Vec<&Control> = demanded().filter(|control| control.status == ControlStatus::Failed).collect();
    let unproven: Vec<&Control> = demanded().filter(|control| control.status == ControlStatus::Unproven).collect();
    let mut reasons = Vec::new();
    if nothing {
        reasons.push("Nothing that can be reviewed was found.".to_owned());
    }
    // A committed key is found in a folder without code too.
    let outcome = if nothing && failed.is_empty() {
        Outcome::Incomplete
    } else if fit_for >= carried.class && !half_blind {
        Outcome::Fit
    } else if !failed.is_empty() {
        Outcome::Overloaded
    } else {
        Outcome::Incomplete
    };
    reasons.push(carried.why.clone());
    if !failed.is_empty() {
        let open = findings.iter().filter(|finding| finding.is_open() && finding.severity >= Severity::Medium).count();
        reasons.push(format!(
            "{} of the {} controls that this load demands {} broken, by {}.",
            failed.len(),
            demanded().count(),
            if failed.len() == 1 { "is" } else { "are" },
            counted(open, "finding of medium severity or above", "findings of medium severity or above"),
        ));
    }
    if !unproven.is_empty() {
        reasons.push(format!(
            "{} could not be proven from what was looked at, and what is not proven counts as not met.",
            counted(unproven.len(), "control", "controls"),
        ));
    }
    let waived = findings.iter().filter(|finding| matches!(finding.standing, Standing::Waived { .. })).count();
    if waived > 0 {
        reasons.push(format!(
            "{} waived: the risk is accepted, not removed, and the line stays where it is.",
            counted(waived, "finding is", "findings are")
        ));
    }
    Verdict { carries: carried.class, fit_for, outcome, reasons, raise: raise(&failed, &unproven, carried.class) }
}

/// The shortest list of actions after which the app is fit for what it carries, in the order worth doing.
fn raise(failed: &[&Control], unproven: &[&Control], carries: DataClass) -> Vec<String> {
    let mut actions = Vec::new();
    let ids: std::collections::BTreeSet<&str> =
        failed.iter().flat_map(|control| &control.findings).map(String::as_str).collect();
    if !failed.is_empty() {
        let titles: Vec<&str> = failed.iter().map(|control| control.title.as_str()).collect();
        actions.push(format!(
            "Repair {}: {}.",
            counted(ids.len(), "finding", "findings"),
            some(&titles.iter().copied().map(lower_first).collect::<Vec<_>>())
        ));
    }
    let (mut ask, mut look) = (Vec::new(), Vec::new());
    for control in unproven {
        let spec = CATALOGUE.iter().find(|spec| spec.id == control.id);
        match spec.and_then(|spec| spec.question) {
            Some(_) => ask.push(control.id.as_str()),
            None => look.push(lower_first(&control.title)),
        }
    }
    if !look.is_empty() {
        actions.push(format!(
            "Have these shown, by a review of the running app or by code that can be followed: {}.",
            some(&look)
        ));
    }
    if !ask.is_empty() {
        actions.push(format!(
            "Answer {} in plimsoll.toml that no tool can see: {}.",
            counted(ask.len(), "question", "questions"),
            ask.join(", ")
        ));
    }
    if actions.is_empty() {
        return Vec::new();
    }
    actions.push(format!("Then the app is fit for {} data.", carries.word()));
    actions
}

/// The first few; the list of controls has them all.
fn some(titles: &[String]) -> String {
    const SHOWN: usize = 4;
    let text = titles[..titles.len().min(SHOWN)].join("; ");
    match titles.len().saturating_sub(SHOWN) {
        0 => text,
        more => format!("{text}; and {more} more"),
    }
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests;
