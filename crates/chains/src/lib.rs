//! Attack chains: what findings give an attacker together.
//!
//! Rules say for each finding what it needs and what it gives (`Finding::grants`). This crate adds what holds without
//! any finding (how browsers and logins work, what this app's users reach), infers everything that follows and reads
//! chains off the proofs. No chain is matched by a title; each step names a finding or a fact. The cheapest cut is the
//! smallest set of findings whose repair leaves no chain.

mod engine;
mod facts;

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::app::App;
use plimsoll_model::{Chain, ChainStep, CheapestCut, Claim, Confidence, DataClass, Finding, Position, Severity};
use sha2::{Digest, Sha256};

use engine::{Base, By, Proof, Target};

/// What was derived.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chains {
    /// Worst first.
    pub chains: Vec<Chain>,
    /// The fewest repairs that break them all.
    pub cut: CheapestCut,
}

/// Chains of different kinds that are told for one start and one goal.
const WAYS: usize = 3;
/// How many proofs are looked at for them.
const LOOKED: usize = 24;
/// Chains told in all.
const TOLD: usize = 24;

/// Where an attacker may begin.
struct Start {
    words: &'static str,
    given: Vec<Claim>,
    /// The claim that makes it this start: a chain that does not use it begins with less.
    own: Claim,
}

fn starts(logins: bool) -> Vec<Start> {
    let anyone = Claim::Stands(Position::Anyone);
    let mut starts = vec![
        Start { words: "anyone on the internet", given: vec![anyone.clone()], own: anyone.clone() },
        Start {
            words: "someone who makes a user open a link",
            given: vec![anyone.clone(), Claim::Lures],
            own: Claim::Lures,
        },
    ];
    if logins {
        let user = Claim::Stands(Position::SignedIn);
        starts.push(Start { words: "any user with a login", given: vec![anyone.clone(), user.clone()], own: user });
    }
    starts.push(Start {
        words: "someone who has seen the code",
        given: vec![anyone, Claim::ReadSource],
        own: Claim::ReadSource,
    });
    starts
}

/// Derives the chains of an app. `carries` is the heaviest class that it holds; findings in `assume_fixed` (rule ids or
/// finding ids) are taken as repaired.
pub fn derive(app: &App, findings: &[Finding], carries: DataClass, assume_fixed: &[String]) -> Chains {
    let holdings = facts::holdings(app, carries);
    let mut base = Base::default();
    let stands = |finding: &Finding| {
        finding.is_open() && !assume_fixed.iter().any(|name| *name == finding.rule || *name == finding.id)
    };
    let open = || findings.iter().enumerate().filter(|(_, finding)| stands(finding));
    let found_missing =
        open().any(|(_, finding)| finding.grants.iter().any(|grant| grant.gain == Claim::NoScriptPolicy));
    facts::add(&mut base, app, &holdings, found_missing);
    for (at, finding) in open() {
        for grant in &finding.grants {
            base.add(&grant.needs, &grant.gain, By::Finding(at), grant.text.clone(), finding.confidence);
        }
    }
    let goals: Vec<usize> = base
        .claims
        .iter()
        .enumerate()
        .filter(|(_, claim)| impact(claim, &holdings).is_some())
        .map(|(number, _)| number)
        .collect();
    let mut told: Vec<Told> = Vec::new();
    for (rank, start) in starts(holdings.logins).iter().enumerate() {
        let given: Vec<usize> = start.given.iter().filter_map(|claim| base.find(claim)).collect();
        let Some(own) = base.find(&start.own) else { continue };
        for &goal in &goals {
            for proof in ways(&base, findings, &given, own, goal) {
                told.push(Told { rank, start: start.words, given: given.clone(), goal, proof });
            }
        }
    }
    let mut told = strongest(told, &base);
    told.truncate(TOLD);
    let targets: BTreeSet<Target> =
        told.iter().map(|told| Target { given: told.given.clone(), goal: told.goal }).collect();
    let targets: Vec<Target> = targets.into_iter().collect();
    let cut = if targets.is_empty() { CheapestCut::default() } else { cut(&base, findings, &targets, &told) };
    let mut chains: Vec<Chain> = told.iter().map(|told| chain(told, &base, findings, &holdings)).collect();
    chains.sort_by(|a, b| {
        b.severity.cmp(&a.severity).then(b.confidence.cmp(&a.confidence)).then_with(|| a.id.cmp(&b.id))
    });
    Chains { chains, cut }
}

struct Told {
    rank: usize,
    start: &'static str,
    given: Vec<usize>,
    goal: usize,
    proof: Proof,
}

/// Proofs of different kinds, cheapest first: after each the findings of one of its kinds are left out.
fn ways(base: &Base, findings: &[Finding], given: &[usize], own: usize, goal: usize) -> Vec<Proof> {
    let mut found: Vec<Proof> = Vec::new();
    let mut queue: Vec<BTreeSet<usize>> = vec![BTreeSet::new()];
    let mut at = 0;
    while at < queue.len() && at < LOOKED && found.len() < WAYS {
        let banned = queue[at].clone();
        at += 1;
        let Some(proof) = base.proof(given, &banned, goal) else { continue };
        if proof.findings.is_empty() {
            break;
        }
        let kinds: BTreeSet<&str> = proof.findings.iter().map(|&finding| findings[finding].rule.as_str()).collect();
        for kind in &kinds {
            let mut next = banned.clone();
            next.extend(findings.iter().enumerate().filter(|(_, finding)| finding.rule == **kind).map(|(at, _)| at));
            if !queue.contains(&next) {
                queue.push(next);
            }
        }
        // One finding whose own sentence is the whole story is a finding, not a chain; a takeover is the first step to
        // everything else.
        let takeover = matches!(base.claims[goal], Claim::Holds(_) | Claim::RunsCode);
        let chained = proof.steps.len() > 1 || takeover;
        if chained && proof.given.contains(&own) && !found.iter().any(|known| known.findings.is_subset(&proof.findings))
        {
            found.push(proof);
        }
    }
    found
}

/// How much a goal is worth to an attacker: of two chains with the same findings the worse is told.
fn worth(claim: &Claim) -> u8 {
    match claim {
        Claim::RunsCode => 7,
        Claim::Holds(Position::Administrator) => 6,
        Claim::Holds(_) => 5,
        Claim::Reads(DataClass::Sensitive | DataClass::Personal) => 4,
        Claim::Writes(_) => 3,
        Claim::Reads(_) => 2,
        _ => 1,
    }
}

/// Drops chains that another one of the same or a weaker start tells with no more findings and no smaller loss.
fn strongest(mut told: Vec<Told>, base: &Base) -> Vec<Told> {
    let worth_of = |told: &Told| worth(&base.claims[told.goal]);
    told.sort_by(|a, b| {
        worth_of(b)
            .cmp(&worth_of(a))
            .then(a.proof.findings.len().cmp(&b.proof.findings.len()))
            .then(a.rank.cmp(&b.rank))
            .then_with(|| a.proof.findings.cmp(&b.proof.findings))
            .then(a.goal.cmp(&b.goal))
    });
    let mut kept: Vec<Told> = Vec::new();
    for one in told {
        let covered = kept.iter().any(|known| {
            known.proof.findings.is_subset(&one.proof.findings)
                && (known.rank <= one.rank || known.proof.findings == one.proof.findings)
                && worth(&base.claims[known.goal]) >= worth(&base.claims[one.goal])
        });
        if !covered {
            kept.push(one);
        }
    }
    kept
}

/// What is lost when a claim is reached, its class and its severity; `None` for claims that are only steps.
fn impact(claim: &Claim, holdings: &facts::Holdings) -> Option<(String, DataClass, Severity)> {
    let serious = |class| match class {
        DataClass::Sensitive | DataClass::Personal => Severity::High,
        DataClass::Internal => Severity::Medium,
        _ => Severity::Low,
    };
    let top = holdings.administrator.class.max(holdings.signed_in.class);
    Some(match claim {
        Claim::RunsCode => ("runs programs on the server: everything is lost".to_owned(), top, Severity::Critical),
        Claim::Holds(Position::Administrator) => (
            format!("takes over an administrator's login and with it {}", holdings.administrator.words()),
            top,
            Severity::Critical,
        ),
        Claim::Holds(_) => {
            let held = &holdings.signed_in;
            let severity = if held.class == DataClass::Sensitive { Severity::Critical } else { Severity::High };
            (format!("takes over other users' logins and with them {}", held.words()), held.class, severity)
        }
        Claim::Reads(class) if *class > DataClass::Public => {
            (format!("reads {} data", class.word()), *class, serious(*class))
        }
        Claim::Writes(class) if *class > DataClass::Demo => {
            (format!("changes or deletes {} data", class.word()), *class, serious(*class))
        }
        Claim::SpendsMoney => ("spends the owner's money on a paid service".to_owned(), top, Severity::Medium),
        Claim::SendsMail => ("sends mail in the owner's name".to_owned(), top, Severity::Medium),
        _ => return None,
    })
}

fn chain(told: &Told, base: &Base, findings: &[Finding], holdings: &facts::Holdings) -> Chain {
    let claim = &base.claims[told.goal];
    let (impact, class, mut severity) =
        impact(claim, holdings).unwrap_or_else(|| (String::new(), DataClass::Demo, Severity::Low));
    let steps: Vec<ChainStep> = told
        .proof
        .steps
        .iter()
        .map(|&at| {
            let step = &base.implications[at];
            match step.by {
                By::Finding(finding) => {
                    ChainStep { finding: Some(findings[finding].id.clone()), fact: None, text: step.text.clone() }
                }
                By::Fact => ChainStep {
                    finding: None,
                    fact: Some("how the app and browsers work".to_owned()),
                    text: step.text.clone(),
                },
            }
        })
        .collect();
    let confidence =
        told.proof.steps.iter().map(|&at| base.implications[at].confidence).min().unwrap_or(Confidence::Possible);
    if confidence == Confidence::Possible && severity > Severity::Medium {
        severity = Severity::Medium;
    }
    let cut: Vec<String> = told.proof.findings.iter().map(|&finding| findings[finding].id.clone()).collect();
    let text = format!("{}\u{1f}{:?}\u{1f}{}", told.start, claim, cut.join(" "));
    let id: String = Sha256::digest(text.as_bytes()).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    Chain { id: format!("CH-{id}"), start: told.start.to_owned(), impact, class, severity, confidence, steps, cut }
}

fn cut(base: &Base, findings: &[Finding], targets: &[Target], told: &[Told]) -> CheapestCut {
    let cut = engine::cheapest_cut(base, targets);
    let breaks: BTreeMap<usize, usize> = cut
        .findings
        .iter()
        .map(|&finding| (finding, told.iter().filter(|told| told.proof.findings.contains(&finding)).count()))
        .collect();
    CheapestCut {
        findings: breaks.keys().map(|&finding| findings[finding].id.clone()).collect(),
        breaks: breaks.values().copied().collect(),
        smallest: cut.smallest,
    }
}

/// The highest position that the app knows: the victim that an attacker would choose.
pub fn highest_position(app: &App) -> Position {
    facts::highest(&facts::holdings(app, DataClass::Sensitive))
}

#[cfg(test)]
mod tests;
