//! JSON, `plimsoll-review/1`. Wire types of their own: the model may change, the format may not.

use plimsoll_model::{Chain, Control, DataItem, Evidence, Finding, LiveReport, Recipient, Review, Standing};
use serde::Serialize;

use crate::clean::Cleaning;
use crate::plan::WirePlan;

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    subject: Subject<'a>,
    verdict: Verdict<'a>,
    findings: Vec<WireFinding<'a>>,
    chains: Vec<WireChain<'a>>,
    data: Vec<WireData<'a>>,
    third_parties: Vec<WireParty<'a>>,
    controls: Vec<WireControl<'a>>,
    coverage: Coverage<'a>,
    cheapest_cut: WireCut<'a>,
    repairs: Vec<WireRepair<'a>>,
    unused_waivers: Vec<WireWaiver<'a>>,
    environment: Environment<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    live: Option<WireLive<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    upgrades: Option<WirePlan<'a>>,
}

/// Pictures are in the HTML report only.
#[derive(Serialize)]
struct WireLive<'a> {
    origin: &'a str,
    requests: usize,
    accounts: Vec<WireAccount<'a>>,
    checks: Vec<WireCheck<'a>>,
    answers: Vec<WireAnswer<'a>>,
    disagreements: Vec<WireDisagreement<'a>>,
}

#[derive(Serialize)]
struct WireAccount<'a> {
    label: &'a str,
    how: &'a str,
}

#[derive(Serialize)]
struct WireCheck<'a> {
    check: &'a str,
    verdict: &'static str,
    note: &'a str,
}

#[derive(Serialize)]
struct WireAnswer<'a> {
    method: &'a str,
    url: &'a str,
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<&'a str>,
    outcome: &'static str,
}

#[derive(Serialize)]
struct WireDisagreement<'a> {
    about: &'a str,
    evidence: Vec<WireEvidence<'a>>,
}

#[derive(Serialize)]
struct Subject<'a> {
    name: &'a str,
    url: Option<&'a str>,
    stack: &'a [String],
}

#[derive(Serialize)]
struct Verdict<'a> {
    carries: &'static str,
    fit_for: &'static str,
    verdict: &'static str,
    reasons: &'a [String],
    raise: &'a [String],
}

#[derive(Serialize)]
struct WireFinding<'a> {
    id: &'a str,
    rule: &'a str,
    gap: &'static str,
    cwe: &'a [u16],
    owasp: &'a [String],
    asvs: &'a [String],
    severity: &'static str,
    confidence: &'static str,
    title: &'a str,
    meaning: &'a str,
    evidence: Vec<WireEvidence<'a>>,
    fix: &'a str,
    fingerprint: &'a str,
    suppressed: Option<Suppressed<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    package: Option<Package<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    advisories: Option<&'a [String]>,
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Suppressed<'a> {
    Waiver { reason: &'a str, owner: &'a str, until: &'a str },
    Baseline,
}

#[derive(Serialize)]
struct Package<'a> {
    name: &'a str,
    version: &'a str,
    purl: &'a str,
    scope: &'a str,
    path: &'a [String],
}

#[derive(Serialize)]
struct WireEvidence<'a> {
    witness: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    snippet: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    note: &'a str,
}

#[derive(Serialize)]
struct WireCut<'a> {
    findings: &'a [String],
    breaks: &'a [usize],
    smallest: bool,
}

#[derive(Serialize)]
struct WireRepair<'a> {
    finding: &'a str,
    breaks: usize,
    ends: usize,
}

#[derive(Serialize)]
struct WireParty<'a> {
    name: &'a str,
    purpose: &'a str,
    class: &'static str,
    fields: &'a [String],
    evidence: Vec<WireEvidence<'a>>,
}

#[derive(Serialize)]
struct WireChain<'a> {
    id: &'a str,
    start: &'a str,
    impact: &'a str,
    data_class: &'static str,
    severity: &'static str,
    confidence: &'static str,
    steps: Vec<Step<'a>>,
    cut: &'a [String],
    accepted: &'a [String],
}

#[derive(Serialize)]
struct Step<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    finding: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fact: Option<&'a str>,
    text: &'a str,
    needs: &'a [usize],
    begins: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    eases: bool,
}

#[derive(Serialize)]
struct WireData<'a> {
    store: &'a str,
    held: &'static str,
    field: &'a str,
    kind: &'a str,
    class: &'static str,
    confidence: &'static str,
    reachable_by: &'a [String],
    sent_to: &'a [String],
    evidence: Vec<WireEvidence<'a>>,
}

#[derive(Serialize)]
struct WireControl<'a> {
    id: &'a str,
    title: &'a str,
    asvs: &'a [String],
    required_from: &'static str,
    status: &'static str,
    evidence: Vec<WireEvidence<'a>>,
    findings: &'a [String],
}

#[derive(Serialize)]
struct Coverage<'a> {
    looked_at: &'a [String],
    not_checked: Vec<NotChecked<'a>>,
}

#[derive(Serialize)]
struct NotChecked<'a> {
    what: &'a str,
    why: &'a str,
    weighs: bool,
}

#[derive(Serialize)]
struct WireWaiver<'a> {
    rule: &'a str,
    at: &'a str,
    why: &'a str,
}

#[derive(Serialize)]
struct Environment<'a> {
    plimsoll: &'a str,
    date: &'a str,
    advisories_date: Option<&'a str>,
    advisories_age_days: Option<i64>,
}

pub(crate) fn data_only(review: &Review) -> String {
    let review = Cleaning::default().review(review);
    pretty(&review.data.iter().map(data).collect::<Vec<_>>())
}

#[derive(Serialize)]
struct OnlyChains<'a> {
    chains: Vec<WireChain<'a>>,
    cheapest_cut: WireCut<'a>,
    repairs: Vec<WireRepair<'a>>,
}

pub(crate) fn chains_only(review: &Review) -> String {
    let review = Cleaning::default().review(review);
    pretty(&OnlyChains {
        chains: review.chains.iter().map(chain).collect(),
        cheapest_cut: cut(&review),
        repairs: repairs(&review),
    })
}

fn cut(review: &Review) -> WireCut<'_> {
    let cut = &review.cheapest_cut;
    WireCut { findings: &cut.findings, breaks: &cut.breaks, smallest: cut.smallest }
}

fn repairs(review: &Review) -> Vec<WireRepair<'_>> {
    let repairs = review.repairs.iter();
    repairs.map(|repair| WireRepair { finding: &repair.finding, breaks: repair.breaks, ends: repair.ends }).collect()
}

pub(crate) fn render(review: &Review) -> String {
    let review = Cleaning::default().review(review);
    pretty(&Document {
        schema: "plimsoll-review/1",
        subject: Subject {
            name: &review.subject.name,
            url: review.subject.url.as_deref(),
            stack: &review.subject.stack,
        },
        verdict: Verdict {
            carries: review.verdict.carries.word(),
            fit_for: review.verdict.fit_for.word(),
            verdict: review.verdict.outcome.word(),
            reasons: &review.verdict.reasons,
            raise: &review.verdict.raise,
        },
        findings: review.findings.iter().map(finding).collect(),
        chains: review.chains.iter().map(chain).collect(),
        data: review.data.iter().map(data).collect(),
        third_parties: review.third_parties.iter().map(party).collect(),
        controls: review.controls.iter().map(control).collect(),
        coverage: Coverage {
            looked_at: &review.coverage.looked_at,
            not_checked: review
                .coverage
                .not_checked
                .iter()
                .map(|gap| NotChecked { what: &gap.what, why: &gap.why, weighs: gap.weighs })
                .collect(),
        },
        cheapest_cut: cut(&review),
        repairs: repairs(&review),
        unused_waivers: review
            .unused_waivers
            .iter()
            .map(|waiver| WireWaiver { rule: &waiver.rule, at: &waiver.at, why: &waiver.why })
            .collect(),
        environment: Environment {
            plimsoll: &review.environment.plimsoll,
            date: &review.environment.date,
            advisories_date: review.environment.advisories_date.as_deref(),
            advisories_age_days: review.environment.advisories_age_days,
        },
        live: review.live.as_ref().map(live),
        upgrades: (!review.upgrades.is_empty()).then(|| WirePlan::of(&review.upgrades)),
    })
}

fn live(live: &LiveReport) -> WireLive<'_> {
    WireLive {
        origin: &live.origin,
        requests: live.requests,
        accounts: live.accounts.iter().map(|(label, how)| WireAccount { label, how }).collect(),
        checks: live
            .checks
            .iter()
            .map(|check| WireCheck { check: &check.check, verdict: check.verdict.word(), note: &check.note })
            .collect(),
        answers: live
            .answers
            .iter()
            .map(|line| WireAnswer {
                method: &line.exchange.method,
                url: &line.exchange.url,
                status: line.exchange.status,
                account: line.account.as_deref(),
                outcome: line.outcome,
            })
            .collect(),
        disagreements: live
            .disagreements
            .iter()
            .map(|one| WireDisagreement { about: &one.about, evidence: evidence(&one.evidence) })
            .collect(),
    }
}

/// Indented JSON with a final line feed.
pub(crate) fn pretty(value: &impl Serialize) -> String {
    // Serialising plain structs to memory fails only for maps with keys that are no strings; there are none.
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}

fn finding(finding: &Finding) -> WireFinding<'_> {
    let of_dependency = finding.package.is_some() || !finding.advisories.is_empty();
    WireFinding {
        id: &finding.id,
        rule: &finding.rule,
        gap: finding.gap.word(),
        cwe: &finding.cwe,
        owasp: &finding.owasp,
        asvs: &finding.asvs,
        severity: finding.severity.word(),
        confidence: finding.confidence.word(),
        title: &finding.title,
        meaning: &finding.meaning,
        evidence: evidence(&finding.evidence),
        fix: &finding.fix,
        fingerprint: &finding.fingerprint,
        suppressed: match &finding.standing {
            Standing::Open => None,
            Standing::Waived { reason, owner, until } => Some(Suppressed::Waiver { reason, owner, until }),
            Standing::Baseline => Some(Suppressed::Baseline),
        },
        package: finding.package.as_ref().map(|package| Package {
            name: &package.name,
            version: &package.version,
            purl: &package.purl,
            scope: &package.scope,
            path: &package.path,
        }),
        advisories: of_dependency.then_some(finding.advisories.as_slice()),
    }
}

fn evidence(evidence: &[Evidence]) -> Vec<WireEvidence<'_>> {
    evidence
        .iter()
        .map(|piece| {
            let (place, exchange) = (piece.place.as_ref(), piece.exchange.as_ref());
            WireEvidence {
                witness: piece.witness.word(),
                file: place.map(|place| place.file.as_str()),
                line: place.and_then(|place| place.line),
                end_line: place.and_then(|place| place.end_line),
                snippet: place.map(|place| place.snippet.as_str()).filter(|snippet| !snippet.is_empty()),
                method: exchange.map(|exchange| exchange.method.as_str()),
                url: exchange.map(|exchange| exchange.url.as_str()),
                status: exchange.and_then(|exchange| exchange.status),
                note: &piece.note,
            }
        })
        .collect()
}

fn chain(chain: &Chain) -> WireChain<'_> {
    WireChain {
        id: &chain.id,
        start: &chain.start,
        impact: &chain.impact,
        data_class: chain.class.word(),
        severity: chain.severity.word(),
        confidence: chain.confidence.word(),
        steps: chain
            .steps
            .iter()
            .map(|step| Step {
                finding: step.finding.as_deref(),
                fact: step.fact.as_deref(),
                text: &step.text,
                needs: &step.needs,
                begins: step.begins,
                eases: step.eases,
            })
            .collect(),
        cut: &chain.cut,
        accepted: &chain.accepted,
    }
}

fn party(party: &Recipient) -> WireParty<'_> {
    WireParty {
        name: &party.name,
        purpose: &party.purpose,
        class: party.class.word(),
        fields: &party.fields,
        evidence: evidence(&party.evidence),
    }
}

fn data(item: &DataItem) -> WireData<'_> {
    WireData {
        store: &item.store,
        held: item.held.word(),
        field: &item.field,
        kind: &item.kind,
        class: item.class.word(),
        confidence: item.confidence.word(),
        reachable_by: &item.reachable_by,
        sent_to: &item.sent_to,
        evidence: evidence(&item.evidence),
    }
}

fn control(control: &Control) -> WireControl<'_> {
    WireControl {
        id: &control.id,
        title: &control.title,
        asvs: &control.asvs,
        required_from: control.required_from.word(),
        status: control.status.word(),
        evidence: evidence(&control.evidence),
        findings: &control.findings,
    }
}
