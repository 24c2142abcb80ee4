//! How a rule reports: a finding without evidence cannot be built.

use std::collections::BTreeMap;

use plimsoll_model::app::EntryPoint;
use plimsoll_model::{App, Confidence, Evidence, Exchange, Finding, PackageRef, Place, Severity, Standing, Witness};
use plimsoll_source::{SourceTree, Span};
use sha2::{Digest, Sha256};

use crate::{Page, Rule};

/// Receives what a rule finds.
pub struct Sink<'a> {
    rule: &'static Rule,
    app: &'a App,
    tree: &'a SourceTree,
    findings: Vec<Finding>,
}

impl<'a> Sink<'a> {
    pub(crate) fn new(rule: &'static Rule, app: &'a App, tree: &'a SourceTree) -> Self {
        Sink { rule, app, tree, findings: Vec::new() }
    }

    pub(crate) fn into_findings(self) -> Vec<Finding> {
        self.findings
    }

    /// Begins a finding at a place in the source.
    pub fn at(&mut self, span: Span, note: impl Into<String>) -> Draft<'_, 'a> {
        let evidence = self.evidence(Witness::Code, span, note);
        self.draft(evidence)
    }

    /// Begins a finding at a place that another witness than code reads (schema, package, bundle).
    pub fn seen_by(&mut self, witness: Witness, span: Span, note: impl Into<String>) -> Draft<'_, 'a> {
        let evidence = self.evidence(witness, span, note);
        self.draft(evidence)
    }

    /// Begins a finding from something observed on the running app: confirmed.
    pub fn live(&mut self, exchange: &Exchange, note: impl Into<String>) -> Draft<'_, 'a> {
        let evidence =
            Evidence { witness: Witness::Live, place: None, exchange: Some(exchange.clone()), note: note.into() };
        let mut draft = self.draft(evidence);
        draft.finding.confidence = Confidence::Confirmed;
        draft
    }

    /// Begins a finding of something missing: says where was looked. Without any place the note must name what was
    /// looked through.
    pub fn absent(&mut self, looked: &[Span], note: impl Into<String>) -> Draft<'_, 'a> {
        let note = note.into();
        let first = match looked.first() {
            Some(&span) => self.evidence(Witness::Code, span, note),
            None => Evidence { witness: Witness::Code, place: None, exchange: None, note },
        };
        let mut draft = self.draft(first);
        for &span in looked.iter().skip(1) {
            draft = draft.also(span, "looked here too");
        }
        draft
    }

    /// The text of a span, for deciding what to say; secrets in it are masked.
    pub fn text(&self, span: Span) -> String {
        self.mask(self.tree.text(span))
    }

    /// Path of the file of a span.
    pub fn path(&self, span: Span) -> &str {
        &self.tree.file(span.file).path
    }

    fn draft(&mut self, evidence: Evidence) -> Draft<'_, 'a> {
        let rule = self.rule;
        let page = Page::new(rule.page);
        let finding = Finding {
            id: String::new(),
            rule: rule.id.to_owned(),
            gap: rule.gap,
            cwe: rule.cwe.to_vec(),
            owasp: rule.owasp.iter().map(|&entry| entry.to_owned()).collect(),
            asvs: rule.asvs.iter().map(|&entry| entry.to_owned()).collect(),
            severity: rule.severity,
            confidence: Confidence::Likely,
            title: rule.summary.to_owned(),
            meaning: page.paragraph("Why it matters"),
            evidence: vec![evidence],
            fix: page.paragraph("Do this instead"),
            fingerprint: String::new(),
            standing: Standing::Open,
            package: None,
            advisories: Vec::new(),
            grants: Vec::new(),
        };
        Draft { sink: self, finding, subject: String::new(), is_habit: false }
    }

    fn evidence(&self, witness: Witness, span: Span, note: impl Into<String>) -> Evidence {
        Evidence { witness, place: Some(self.place(span)), exchange: None, note: note.into() }
    }

    fn place(&self, span: Span) -> Place {
        let file = self.tree.file(span.file);
        if span.end == 0 {
            return Place { file: file.path.clone(), line: None, end_line: None, snippet: String::new() };
        }
        let (line, end_line) = self.tree.lines(span);
        // Masked before it is cut: half a secret is still one.
        let snippet: String = self.mask(file.line_text(line)).trim().chars().take(200).collect();
        Place { file: file.path.clone(), line: Some(line), end_line: Some(end_line), snippet }
    }

    fn mask(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in &self.app.secrets {
            // Public keys are not masked: the reader should recognise them.
            if secret.tier == plimsoll_model::app::SecretTier::Secret && !secret.value.is_empty() {
                text = secret.value.mask_in(&text);
            }
        }
        text
    }
}

/// A finding in the making. [`Draft::done`] reports it; a dropped draft reports nothing.
#[must_use = "call `done` to report it"]
pub struct Draft<'s, 'a> {
    sink: &'s mut Sink<'a>,
    finding: Finding,
    subject: String,
    is_habit: bool,
}

impl Draft<'_, '_> {
    /// What is wrong, here.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.finding.title = sentence(title.into());
        self
    }

    /// What it means for the business, where the page's words are not exact enough.
    pub fn meaning(mut self, meaning: impl Into<String>) -> Self {
        self.finding.meaning = meaning.into();
        self
    }

    /// What to change, where the page's words are not exact enough.
    pub fn fix(mut self, fix: impl Into<String>) -> Self {
        self.finding.fix = fix.into();
        self
    }

    /// Another severity than the rule's.
    pub fn severity(mut self, severity: Severity) -> Self {
        self.finding.severity = severity;
        self
    }

    /// How sure. `Confirmed` only for what was observed live or is certain from the text.
    pub fn confidence(mut self, confidence: Confidence) -> Self {
        self.finding.confidence = confidence;
        self
    }

    /// Another gap than the rule's usual one.
    pub fn gap(mut self, gap: plimsoll_model::Gap) -> Self {
        self.finding.gap = gap;
        self
    }

    /// Other CWE numbers than the rule's.
    pub fn cwe(mut self, cwe: &[u16]) -> Self {
        self.finding.cwe = cwe.to_vec();
        self
    }

    /// A further place. The same line is listed once.
    pub fn also(mut self, span: Span, note: impl Into<String>) -> Self {
        let evidence = self.sink.evidence(Witness::Code, span, note);
        let known = self.finding.evidence.iter().any(|known| {
            matches!((&known.place, &evidence.place), (Some(a), Some(b)) if a.file == b.file && a.line == b.line)
        });
        if !known {
            self.finding.evidence.push(evidence);
        }
        self
    }

    /// Further places with the same note.
    pub fn all(mut self, spans: impl IntoIterator<Item = Span>, note: &str) -> Self {
        for span in spans {
            self = self.also(span, note);
        }
        self
    }

    /// Further places, each with a note of its own.
    pub fn all_files(mut self, files: impl IntoIterator<Item = (Span, String)>) -> Self {
        for (span, note) in files {
            self = self.also(span, note);
        }
        self
    }

    /// What was observed live besides: with it the finding is confirmed.
    pub fn also_live(mut self, exchange: &Exchange, note: impl Into<String>) -> Self {
        self.finding.evidence.push(Evidence {
            witness: Witness::Live,
            place: None,
            exchange: Some(exchange.clone()),
            note: note.into(),
        });
        self.finding.confidence = Confidence::Confirmed;
        self
    }

    /// What was observed of an entry point live, if anything.
    pub fn seen_live(mut self, entry: &EntryPoint, note: &str) -> Self {
        for exchange in &entry.seen_live {
            self = self.also_live(exchange, note);
        }
        self
    }

    /// The package it is about.
    pub fn package(mut self, package: PackageRef, advisories: Vec<String>) -> Self {
        self.finding.package = Some(package);
        self.finding.advisories = advisories;
        self
    }

    /// What it gives to an attacker who has all that is needed: a step of attack chains.
    pub fn grants(
        mut self,
        needs: impl IntoIterator<Item = plimsoll_model::Claim>,
        gain: plimsoll_model::Claim,
        text: impl Into<String>,
    ) -> Self {
        let needs = needs.into_iter().collect();
        self.finding.grants.push(plimsoll_model::Grant { needs, gain, text: text.into(), eases: false });
        self
    }

    /// What it makes easier for an attacker who could do it without: told beside the step of a chain that goes by way of
    /// `needs`, and no link to repair.
    pub fn eases(
        mut self,
        needs: impl IntoIterator<Item = plimsoll_model::Claim>,
        gain: plimsoll_model::Claim,
        text: impl Into<String>,
    ) -> Self {
        let needs = needs.into_iter().collect();
        self.finding.grants.push(plimsoll_model::Grant { needs, gain, text: text.into(), eases: true });
        self
    }

    /// What the finding is about, where two findings of a rule could stand on equal lines (`POST /api/login`).
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = subject.into();
        self
    }

    /// One habit of a whole file: repairing its first place leaves it the same finding.
    pub fn habit(mut self) -> Self {
        self.is_habit = true;
        self
    }

    /// Reports it.
    pub fn done(mut self) {
        // Moved lines and renamed folders do not change it: the file's name, the line's words, the subject.
        let primary = self.finding.evidence.iter().find_map(|evidence| evidence.place.as_ref());
        let (name, line) = match primary {
            Some(place) if self.is_habit => (place.file.rsplit('/').next().unwrap_or(""), String::new()),
            Some(place) => (place.file.rsplit('/').next().unwrap_or(""), normalised(&place.snippet)),
            None => ("", String::new()),
        };
        let package = self.finding.package.as_ref().map_or(String::new(), |package| package.name.clone());
        self.finding.fingerprint = [self.finding.rule.as_str(), name, &line, &self.subject, &package].join("\u{1f}");
        self.sink.findings.push(self.finding);
    }
}

/// The words of a line. A waiver behind it is no part of it: waiving a finding does not make it another one.
fn normalised(line: &str) -> String {
    let line = match line.split_once("plimsoll:") {
        Some((code, _)) => code.trim_end_matches(|c: char| c.is_whitespace() || "/*#-<!{%".contains(c)),
        None => line,
    };
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Turns fingerprints into hashes (equal ones are numbered), sets ids, sorts.
pub(crate) fn finish(findings: &mut Vec<Finding>) {
    sort(findings);
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for finding in findings.iter_mut() {
        let count = seen.entry(finding.fingerprint.clone()).or_insert(0);
        *count += 1;
        let text = format!("{}\u{1f}{count}", finding.fingerprint);
        let hash = Sha256::digest(text.as_bytes());
        finding.fingerprint = hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        finding.id = format!("PL-{}", &finding.fingerprint[..8]);
    }
    // The same claim found twice (by two ways into the same handler) is one.
    findings.dedup_by(|a, b| a.rule == b.rule && a.title == b.title && a.evidence == b.evidence);
}

fn sort(findings: &mut [Finding]) {
    let place = |finding: &Finding| {
        let place = finding.evidence.iter().find_map(|evidence| evidence.place.as_ref());
        place.map_or((String::new(), 0), |place| (place.file.clone(), place.line.unwrap_or(0)))
    };
    findings.sort_by(|a, b| {
        b.severity
            .cmp(&a.severity)
            .then(b.confidence.cmp(&a.confidence))
            .then_with(|| a.rule.cmp(&b.rule))
            .then_with(|| place(a).cmp(&place(b)))
            .then_with(|| a.title.cmp(&b.title))
    });
}

/// With a capital, unless it begins with a name that the code or a package fixes.
fn sentence(title: String) -> String {
    let first = title.split_whitespace().next().unwrap_or_default();
    let is_word = !first.is_empty() && first.chars().all(|letter| letter.is_ascii_lowercase() || letter == '-');
    let names_a_package =
        title.split_whitespace().nth(1).is_some_and(|next| next.starts_with(|c: char| !c.is_alphabetic()));
    if !is_word || names_a_package {
        return title;
    }
    let mut letters = title.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}
