//! Text of the app made safe to show.
//!
//! Names, paths and snippets come from the app under review, which may try to move the cursor of a terminal, to hide
//! text from a reader or to show it in another order ("Trojan Source", CVE-2021-42574). Such characters are written out
//! as `\u{1b}`. Escaping for HTML, Markdown or JSON comes afterwards and is the business of each output.

use plimsoll_model::app::{LiveCheck, Picture};
use plimsoll_model::{
    Chain, ChainStep, CheapestCut, Cleared, Contradiction, Control, Coverage, DataItem, Environment, Evidence,
    Exchange, Finding, LiveLine, LiveReport, NotChecked, PackageRef, Place, Recipient, Repair, Review, RuleInfo,
    Standing, Subject, UnusedWaiver, UpgradeChange, UpgradeLeft, UpgradePlan, UpgradeStep, Verdict,
};

/// Longest snippet shown, in characters: a line of a built bundle can hold the whole program.
const SNIPPET_MAX: usize = 240;

/// How to clean.
#[derive(Clone, Copy, Default)]
pub(crate) struct Cleaning {
    /// Leave paths of files as they are, because the output encodes them itself (SARIF).
    pub(crate) keep_paths: bool,
    /// Write everything in ASCII (a terminal that shows nothing else).
    pub(crate) ascii: bool,
}

/// Whether a character can change how the text around it is shown, or hides.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{061c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}' | '\u{e0100}'..='\u{e01ef}')
}

/// What stands for a character in plain ASCII.
fn ascii_for(c: char) -> &'static str {
    match c {
        '…' => "...",
        '–' | '—' | '‐' | '‑' | '−' => "-",
        '‘' | '’' => "'",
        '“' | '”' | '«' | '»' => "\"",
        '→' => "->",
        '←' => "<-",
        '≥' => ">=",
        '≤' => "<=",
        '×' => "x",
        '·' | '•' => "*",
        '\u{a0}' | '\u{202f}' => " ",
        'ä' => "ae",
        'ö' => "oe",
        'ü' => "ue",
        'Ä' => "Ae",
        'Ö' => "Oe",
        'Ü' => "Ue",
        'ß' => "ss",
        'à' | 'á' | 'â' | 'ã' | 'å' => "a",
        'è' | 'é' | 'ê' | 'ë' => "e",
        'ì' | 'í' | 'î' | 'ï' => "i",
        'ò' | 'ó' | 'ô' | 'õ' | 'ø' => "o",
        'ù' | 'ú' | 'û' => "u",
        'ç' => "c",
        'ñ' => "n",
        _ => "?",
    }
}

impl Cleaning {
    fn push(self, out: &mut String, c: char) {
        if is_unsafe(c) {
            out.extend(c.escape_unicode());
        } else if self.ascii && !c.is_ascii() {
            out.push_str(ascii_for(c));
        } else {
            out.push(c);
        }
    }

    /// Prose that may have several lines.
    pub(crate) fn text(self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '\n' => out.push('\n'),
                '\r' if chars.peek() == Some(&'\n') => {}
                '\t' => out.push_str("    "),
                _ => self.push(&mut out, c),
            }
        }
        out.trim_end().to_owned()
    }

    /// Prose of one line: breaks become spaces.
    pub(crate) fn line(self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        for c in text.trim().chars() {
            match c {
                '\n' | '\r' | '\t' => {
                    if !out.ends_with(' ') {
                        out.push(' ');
                    }
                }
                _ => self.push(&mut out, c),
            }
        }
        out
    }

    /// A name, path or address, where a break is part of the name and must be seen.
    fn name(self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        for c in text.chars() {
            match c {
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                _ => self.push(&mut out, c),
            }
        }
        out
    }

    fn path(self, text: &str) -> String {
        if self.keep_paths { text.to_owned() } else { self.name(text) }
    }

    fn snippet(self, text: &str) -> String {
        let mut short: String = text.chars().take(SNIPPET_MAX).collect();
        if short.len() < text.len() {
            short.push('…');
        }
        self.line(&short)
    }

    fn lines(self, texts: &[String]) -> Vec<String> {
        texts.iter().map(|text| self.line(text)).collect()
    }

    fn evidence(self, evidence: &[Evidence]) -> Vec<Evidence> {
        evidence
            .iter()
            .map(|piece| Evidence {
                witness: piece.witness,
                place: piece.place.as_ref().map(|place| Place {
                    file: self.path(&place.file),
                    // Lines count from 1 in every format; a 0 would make the whole file invalid for GitHub.
                    line: place.line.filter(|line| *line > 0),
                    end_line: place.end_line.filter(|end| place.line.is_some_and(|line| line > 0 && *end >= line)),
                    snippet: self.snippet(&place.snippet),
                }),
                exchange: piece.exchange.as_ref().map(|exchange| Exchange {
                    method: self.name(&exchange.method),
                    url: self.name(&exchange.url),
                    status: exchange.status,
                }),
                note: self.line(&piece.note),
            })
            .collect()
    }

    fn finding(self, finding: &Finding) -> Finding {
        Finding {
            id: self.line(&finding.id),
            rule: self.line(&finding.rule),
            gap: finding.gap,
            cwe: finding.cwe.clone(),
            owasp: self.lines(&finding.owasp),
            asvs: self.lines(&finding.asvs),
            severity: finding.severity,
            confidence: finding.confidence,
            title: self.line(&finding.title),
            meaning: self.text(&finding.meaning),
            evidence: self.evidence(&finding.evidence),
            fix: self.text(&finding.fix),
            fingerprint: self.line(&finding.fingerprint),
            standing: match &finding.standing {
                Standing::Open => Standing::Open,
                Standing::Baseline => Standing::Baseline,
                Standing::Waived { reason, owner, until } => {
                    Standing::Waived { reason: self.line(reason), owner: self.line(owner), until: self.line(until) }
                }
            },
            package: finding.package.as_ref().map(|package| PackageRef {
                name: self.name(&package.name),
                version: self.name(&package.version),
                purl: self.name(&package.purl),
                scope: self.line(&package.scope),
                path: package.path.iter().map(|part| self.name(part)).collect(),
            }),
            advisories: self.lines(&finding.advisories),
            // Not shown: chains tell them.
            grants: Vec::new(),
        }
    }

    /// A copy of the review that is safe to show.
    pub(crate) fn review(self, review: &Review) -> Review {
        Review {
            subject: Subject {
                name: self.name(&review.subject.name),
                url: review.subject.url.as_ref().map(|url| self.name(url)),
                stack: self.lines(&review.subject.stack),
            },
            verdict: Verdict {
                carries: review.verdict.carries,
                fit_for: review.verdict.fit_for,
                outcome: review.verdict.outcome,
                reasons: self.lines(&review.verdict.reasons),
                raise: self.lines(&review.verdict.raise),
            },
            findings: review.findings.iter().map(|finding| self.finding(finding)).collect(),
            chains: review
                .chains
                .iter()
                .map(|chain| Chain {
                    id: self.line(&chain.id),
                    start: self.line(&chain.start),
                    impact: self.line(&chain.impact),
                    class: chain.class,
                    severity: chain.severity,
                    confidence: chain.confidence,
                    steps: chain
                        .steps
                        .iter()
                        .map(|step| ChainStep {
                            finding: step.finding.as_ref().map(|id| self.line(id)),
                            fact: step.fact.as_ref().map(|fact| self.line(fact)),
                            text: self.line(&step.text),
                            needs: step.needs.clone(),
                            begins: step.begins,
                            eases: step.eases,
                        })
                        .collect(),
                    cut: self.lines(&chain.cut),
                    accepted: self.lines(&chain.accepted),
                })
                .collect(),
            data: review
                .data
                .iter()
                .map(|item| DataItem {
                    store: self.name(&item.store),
                    held: item.held,
                    field: self.name(&item.field),
                    kind: self.line(&item.kind),
                    class: item.class,
                    confidence: item.confidence,
                    reachable_by: self.lines(&item.reachable_by),
                    sent_to: self.lines(&item.sent_to),
                    evidence: self.evidence(&item.evidence),
                })
                .collect(),
            controls: review
                .controls
                .iter()
                .map(|control| Control {
                    id: self.line(&control.id),
                    title: self.line(&control.title),
                    asvs: self.lines(&control.asvs),
                    required_from: control.required_from,
                    status: control.status,
                    evidence: self.evidence(&control.evidence),
                    findings: self.lines(&control.findings),
                })
                .collect(),
            coverage: Coverage {
                looked_at: self.lines(&review.coverage.looked_at),
                not_checked: review
                    .coverage
                    .not_checked
                    .iter()
                    .map(|gap| NotChecked { what: self.line(&gap.what), why: self.line(&gap.why), weighs: gap.weighs })
                    .collect(),
            },
            cheapest_cut: CheapestCut {
                findings: self.lines(&review.cheapest_cut.findings),
                ..review.cheapest_cut.clone()
            },
            repairs: review
                .repairs
                .iter()
                .map(|repair| Repair { finding: self.line(&repair.finding), ..repair.clone() })
                .collect(),
            third_parties: review
                .third_parties
                .iter()
                .map(|party| Recipient {
                    name: self.name(&party.name),
                    purpose: self.line(&party.purpose),
                    class: party.class,
                    fields: party.fields.iter().map(|field| self.name(field)).collect(),
                    evidence: self.evidence(&party.evidence),
                })
                .collect(),
            unused_waivers: review
                .unused_waivers
                .iter()
                .map(|waiver| UnusedWaiver {
                    rule: self.line(&waiver.rule),
                    at: self.name(&waiver.at),
                    why: self.line(&waiver.why),
                })
                .collect(),
            environment: Environment {
                plimsoll: self.line(&review.environment.plimsoll),
                advisories_date: review.environment.advisories_date.as_ref().map(|date| self.line(date)),
                advisories_age_days: review.environment.advisories_age_days,
                date: self.line(&review.environment.date),
            },
            rules: review
                .rules
                .iter()
                .map(|rule| RuleInfo {
                    id: self.line(&rule.id),
                    summary: self.line(&rule.summary),
                    gap: rule.gap,
                    cwe: rule.cwe.clone(),
                    owasp: self.lines(&rule.owasp),
                    asvs: self.lines(&rule.asvs),
                    severity: rule.severity,
                    page: self.text(&rule.page),
                })
                .collect(),
            live: review.live.as_ref().map(|live| self.live(live)),
            upgrades: self.upgrades(&review.upgrades),
        }
    }

    /// A copy of a plan that is safe to show.
    pub(crate) fn upgrades(self, plan: &UpgradePlan) -> UpgradePlan {
        let change = |change: &UpgradeChange| UpgradeChange {
            name: self.name(&change.name),
            from: self.name(&change.from),
            to: self.name(&change.to),
            asked_by: change.asked_by.iter().map(|name| self.name(name)).collect(),
            unless: change.unless.iter().map(|name| self.name(name)).collect(),
        };
        UpgradePlan {
            steps: plan
                .steps
                .iter()
                .map(|step| UpgradeStep {
                    way: step.way,
                    ecosystem: self.line(&step.ecosystem),
                    file: self.name(&step.file),
                    changes: step.changes.iter().map(change).collect(),
                    instruction: self.line(&step.instruction),
                    breaking: step.breaking,
                    exploited: step.exploited,
                    severity: step.severity,
                    clears: step
                        .clears
                        .iter()
                        .map(|cleared| Cleared {
                            name: self.name(&cleared.name),
                            version: self.name(&cleared.version),
                            advisories: self.lines(&cleared.advisories),
                        })
                        .collect(),
                    reached: step.reached.as_ref().map(|text| self.line(text)),
                    notes: self.lines(&step.notes),
                })
                .collect(),
            left: plan
                .left
                .iter()
                .map(|left| UpgradeLeft {
                    name: self.name(&left.name),
                    version: self.name(&left.version),
                    file: self.name(&left.file),
                    advisories: self.lines(&left.advisories),
                    why: self.line(&left.why),
                })
                .collect(),
            development: plan.development,
            not_known: self.lines(&plan.not_known),
        }
    }

    fn live(self, live: &LiveReport) -> LiveReport {
        let exchange = |exchange: &Exchange| Exchange {
            method: self.line(&exchange.method),
            url: self.name(&exchange.url),
            status: exchange.status,
        };
        LiveReport {
            origin: self.name(&live.origin),
            requests: live.requests,
            accounts: live.accounts.iter().map(|(label, how)| (self.line(label), self.line(how))).collect(),
            checks: live
                .checks
                .iter()
                .map(|check| LiveCheck {
                    check: self.line(&check.check),
                    verdict: check.verdict,
                    note: self.line(&check.note),
                })
                .collect(),
            answers: live
                .answers
                .iter()
                .map(|line| LiveLine {
                    exchange: exchange(&line.exchange),
                    account: line.account.as_ref().map(|account| self.line(account)),
                    outcome: line.outcome,
                })
                .collect(),
            disagreements: live
                .disagreements
                .iter()
                .map(|one| Contradiction { about: self.name(&one.about), evidence: self.evidence(&one.evidence) })
                .collect(),
            pictures: live
                .pictures
                .iter()
                .map(|picture| Picture {
                    title: self.line(&picture.title),
                    url: self.name(&picture.url),
                    jpeg: picture.jpeg.clone(),
                })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Cleaning;

    #[test]
    fn what_moves_or_hides_is_written_out() {
        let clean = Cleaning::default();
        for (input, line) in [
            ("plain", "plain"),
            ("a\u{1b}[31mred", "a\\u{1b}[31mred"),
            ("a\u{9b}31m", "a\\u{9b}31m"),
            ("bell\u{7}\u{8}\u{7f}", "bell\\u{7}\\u{8}\\u{7f}"),
            ("if (admin\u{202e}) {", "if (admin\\u{202e}) {"),
            ("iso\u{2066}late", "iso\\u{2066}late"),
            ("zero\u{200b}width\u{feff}", "zero\\u{200b}width\\u{feff}"),
            ("tag\u{e0041}", "tag\\u{e0041}"),
            ("sep\u{2028}x", "sep\\u{2028}x"),
            ("two\r\nlines\tand tab", "two lines and tab"),
            ("Zoë 日本 👩\u{200d}🍳", "Zoë 日本 👩\u{200d}🍳"),
        ] {
            assert_eq!(clean.line(input), line, "{input:?}");
        }
        assert_eq!(clean.text("a\r\nb\n\u{1b}c\n\n"), "a\nb\n\\u{1b}c");
        assert_eq!(clean.name("src/a\nb.ts"), "src/a\\nb.ts");
        assert_eq!(clean.snippet(&"x".repeat(1000)).chars().count(), 241);
        let ascii = Cleaning { ascii: true, ..clean };
        assert_eq!(ascii.line("Zoë’s “café” → 日本…"), "Zoe's \"cafe\" -> ??...");
    }
}
