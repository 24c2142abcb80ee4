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
use plimsoll_model::{
    Chain, ChainStep, CheapestCut, Claim, Confidence, DataClass, Finding, Grant, Position, Repair, Severity,
};
use sha2::{Digest, Sha256};

use engine::{Base, By, Proof, Target};

/// What was derived.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chains {
    /// The open ones, worst first, then those that stand on findings which the owner accepts.
    pub chains: Vec<Chain>,
    /// The fewest repairs that break all open ones.
    pub cut: CheapestCut,
    /// What the repair of each finding alone would do to the open ones.
    pub repairs: Vec<Repair>,
}

/// Chains of different kinds that are told for one start and one goal.
const WAYS: usize = 3;
/// How many proofs are looked at for them.
const LOOKED: usize = 24;
/// What makes a chain easier, told with it.
const EASED: usize = 3;
/// Chains told in all.
const TOLD: usize = 24;

/// Where an attacker may begin.
struct Start {
    words: &'static str,
    given: Vec<Claim>,
    /// The claim that makes it this start: a chain that does not use it begins with less.
    own: Claim,
}

fn starts(holdings: &facts::Holdings) -> Vec<Start> {
    let anyone = Claim::Stands(Position::Anyone);
    let mut starts = vec![
        Start { words: "anyone on the internet", given: vec![anyone.clone()], own: anyone.clone() },
        Start {
            words: "someone who makes a user open a link",
            given: vec![anyone.clone(), Claim::Lures],
            own: Claim::Lures,
        },
    ];
    if holdings.links {
        starts.push(Start {
            words: "a customer who was sent a link",
            given: vec![anyone.clone(), Claim::HasLink],
            own: Claim::HasLink,
        });
    }
    if holdings.logins {
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
///
/// A finding that is waived or known is as open to an attacker as any other. What follows only with such findings is told
/// too, as accepted: a signature under a risk does not make it go away.
pub fn derive(app: &App, findings: &[Finding], carries: DataClass, assume_fixed: &[String]) -> Chains {
    let holdings = facts::holdings(app, carries);
    let fixed = |finding: &Finding| assume_fixed.iter().any(|name| *name == finding.rule || *name == finding.id);
    let stands = |at: usize| findings[at].is_open() && !fixed(&findings[at]);
    let story = Story::new(app, findings, &holdings, &|at| stands(at));
    let mut told = story.tell();
    told.truncate(TOLD);
    let targets: BTreeSet<Target> = told
        .iter()
        .map(|told| Target {
            given: told.given.clone(),
            goal: told.goal,
            least: story.confidence(&told.proof).min(Confidence::Likely),
        })
        .collect();
    let targets: Vec<Target> = targets.into_iter().collect();
    let cut = if targets.is_empty() { CheapestCut::default() } else { story.cut(&targets, &told) };
    let repairs = story.repairs(&told);
    let mut chains: Vec<Chain> = told.iter().map(|told| story.chain(told)).collect();

    let aside: BTreeSet<usize> =
        (0..findings.len()).filter(|&at| !findings[at].is_open() && !fixed(&findings[at])).collect();
    if aside.iter().any(|&at| !findings[at].grants.is_empty()) {
        let story = Story::new(app, findings, &holdings, &|at| stands(at) || aside.contains(&at));
        let mut accepted: Vec<Told> = story.tell();
        accepted.retain(|told| !told.proof.findings.is_disjoint(&aside));
        accepted.truncate(TOLD);
        chains.extend(accepted.iter().map(|told| {
            let accepted = told.proof.findings.intersection(&aside);
            Chain { accepted: accepted.map(|&at| findings[at].id.clone()).collect(), ..story.chain(told) }
        }));
    }
    chains.sort_by(|a, b| {
        b.is_open()
            .cmp(&a.is_open())
            .then(b.severity.cmp(&a.severity))
            .then(b.confidence.cmp(&a.confidence))
            .then_with(|| a.id.cmp(&b.id))
    });
    Chains { chains, cut, repairs }
}

struct Told {
    rank: usize,
    start: &'static str,
    given: Vec<usize>,
    goal: usize,
    proof: Proof,
}

/// What holds, with the findings that count.
struct Story<'a> {
    base: Base,
    findings: &'a [Finding],
    holdings: &'a facts::Holdings,
    /// What makes a gain easier, and the finding that says so.
    eases: Vec<(usize, &'a Grant)>,
}

impl<'a> Story<'a> {
    fn new(app: &App, findings: &'a [Finding], holdings: &'a facts::Holdings, counts: &dyn Fn(usize) -> bool) -> Self {
        let mut base = Base::default();
        facts::add(&mut base, app, holdings, findings);
        for (at, finding) in findings.iter().enumerate().filter(|(at, _)| counts(*at)) {
            for grant in finding.grants.iter().filter(|grant| !grant.eases) {
                base.add(&grant.needs, &grant.gain, By::Finding(at), grant.text.clone(), finding.confidence);
            }
        }
        let eases = findings
            .iter()
            .enumerate()
            .filter(|(at, _)| counts(*at))
            .flat_map(|(at, finding)| finding.grants.iter().filter(|grant| grant.eases).map(move |grant| (at, grant)))
            .collect();
        Story { base, findings, holdings, eases }
    }

    /// Everything worth telling.
    fn tell(&self) -> Vec<Told> {
        let claims = self.base.claims.iter().enumerate();
        let goals: Vec<usize> =
            claims.filter(|(_, claim)| impact(claim, self.holdings).is_some()).map(|(number, _)| number).collect();
        let mut told: Vec<Told> = Vec::new();
        for (rank, start) in starts(self.holdings).iter().enumerate() {
            let given: Vec<usize> = start.given.iter().filter_map(|claim| self.base.find(claim)).collect();
            let Some(own) = self.base.find(&start.own) else { continue };
            let reached = self.base.reached(&given, &BTreeSet::new());
            for &goal in goals.iter().filter(|goal| reached.contains(goal)) {
                for proof in self.ways(&given, own, goal) {
                    told.push(Told { rank, start: start.words, given: given.clone(), goal, proof });
                }
            }
        }
        strongest(told, &self.base)
    }

    /// Proofs of different kinds, cheapest first: after each the findings of one of its kinds are left out.
    fn ways(&self, given: &[usize], own: usize, goal: usize) -> Vec<Proof> {
        let mut found: Vec<Proof> = Vec::new();
        let mut queue: Vec<BTreeSet<usize>> = vec![BTreeSet::new()];
        let mut at = 0;
        while at < queue.len() && at < LOOKED && found.len() < WAYS {
            let banned = queue[at].clone();
            at += 1;
            let Some(proof) = self.base.proof(given, &banned, goal) else { continue };
            if proof.findings.is_empty() {
                break;
            }
            let kinds: BTreeSet<&str> = proof.findings.iter().map(|&at| self.findings[at].rule.as_str()).collect();
            for kind in &kinds {
                let mut next = banned.clone();
                next.extend((0..self.findings.len()).filter(|&at| self.findings[at].rule == **kind));
                if !queue.contains(&next) {
                    queue.push(next);
                }
            }
            if self.is_chain(&proof, goal)
                && proof.given.contains(&own)
                && !found.iter().any(|known| known.findings.is_subset(&proof.findings))
            {
                found.push(proof);
            }
        }
        found
    }

    /// One finding whose own sentence is the whole story is a finding, not a chain; nor is one that hangs on a condition
    /// which nobody has looked at. A takeover is the first step to everything else.
    fn is_chain(&self, proof: &Proof, goal: usize) -> bool {
        if proof.findings.len() == 1 && self.confidence(proof) == Confidence::Possible {
            return false;
        }
        let takeover = matches!(self.base.claims[goal], Claim::Holds(_) | Claim::Keeps(_) | Claim::RunsCode);
        takeover || proof.steps.len() > 1
    }

    fn confidence(&self, proof: &Proof) -> Confidence {
        let confidences = proof.steps.iter().map(|&at| self.base.implications[at].confidence);
        confidences.min().unwrap_or(Confidence::Possible)
    }

    fn chain(&self, told: &Told) -> Chain {
        let claim = &self.base.claims[told.goal];
        let (mut impact, class, mut severity) =
            impact(claim, self.holdings).unwrap_or_else(|| (String::new(), DataClass::Demo, Severity::Low));
        if let (Some(held), Some(does)) = (self.opened(told), does(claim)) {
            impact = format!("{does} {}", held.words());
        }
        let mut gained: BTreeMap<usize, usize> = BTreeMap::new();
        let mut steps: Vec<ChainStep> = Vec::new();
        for (number, &at) in told.proof.steps.iter().enumerate() {
            let step = &self.base.implications[at];
            let (finding, fact) = match step.by {
                By::Finding(finding) => (Some(self.findings[finding].id.clone()), None),
                By::Fact => (None, Some(self.kind_of_fact(at).to_owned())),
            };
            let needs = step.needs.iter().filter_map(|need| gained.get(need).copied()).collect();
            let begins = step.needs.iter().any(|need| told.proof.given.contains(need));
            steps.push(ChainStep { finding, fact, text: step.text.clone(), needs, begins, eases: false });
            gained.insert(step.gain, number);
        }
        self.make_easier(told, &gained, &mut steps);
        let confidence = self.confidence(&told.proof);
        if confidence == Confidence::Possible && severity > Severity::Medium {
            severity = Severity::Medium;
        }
        let cut: Vec<String> = told.proof.findings.iter().map(|&at| self.findings[at].id.clone()).collect();
        let text = format!("{}\u{1f}{:?}\u{1f}{}", told.start, claim, cut.join(" "));
        let id: String = Sha256::digest(text.as_bytes()).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        Chain {
            id: format!("CH-{id}"),
            start: told.start.to_owned(),
            impact,
            class,
            severity,
            confidence,
            steps,
            cut,
            accepted: Vec::new(),
        }
    }

    /// What the last step opens, where it is a login that opens it.
    fn opened(&self, told: &Told) -> Option<&facts::Held> {
        let step = &self.base.implications[*told.proof.steps.last()?];
        step.needs.iter().find_map(|&need| match self.base.claims[need] {
            Claim::Holds(Position::Administrator) | Claim::ActsAs(Position::Administrator) => {
                Some(&self.holdings.administrator)
            }
            Claim::Holds(_) | Claim::ActsAs(_) => Some(&self.holdings.signed_in),
            _ => None,
        })
    }

    /// On what a step without a finding rests.
    fn kind_of_fact(&self, at: usize) -> &'static str {
        let step = &self.base.implications[at];
        let of_browsers = |claim: &Claim| {
            matches!(
                claim,
                Claim::RunsScript(_)
                    | Claim::TokenReadable
                    | Claim::NoScriptPolicy
                    | Claim::ForeignRequestsAccepted
                    | Claim::ForeignReadsAllowed
            )
        };
        if step.confidence == Confidence::Possible {
            "a condition that nobody has looked at"
        } else if step.needs.iter().any(|&need| of_browsers(&self.base.claims[need])) {
            "how browsers work"
        } else {
            "how the app works"
        }
    }

    /// Adds what makes the steps easier and is no part of the proof.
    fn make_easier(&self, told: &Told, gained: &BTreeMap<usize, usize>, steps: &mut Vec<ChainStep>) {
        let mut said: BTreeSet<&str> = BTreeSet::new();
        for &(finding, grant) in &self.eases {
            let eased = self.base.find(&grant.gain);
            let at = eased.and_then(|claim| gained.get(&claim).copied());
            let given = eased.is_some_and(|claim| told.proof.given.contains(&claim));
            // Only where the chain goes that way.
            let on_the_way = grant.needs.iter().all(|need| {
                let need = self.base.find(need);
                need.is_some_and(|claim| gained.contains_key(&claim) || told.proof.given.contains(&claim))
            });
            let apart = at.is_none() && !given || !on_the_way || told.proof.findings.contains(&finding);
            if apart || !said.insert(&self.findings[finding].rule) {
                continue;
            }
            steps.push(ChainStep {
                finding: Some(self.findings[finding].id.clone()),
                fact: None,
                text: grant.text.clone(),
                needs: at.into_iter().collect(),
                begins: given,
                eases: true,
            });
            if said.len() == EASED {
                break;
            }
        }
    }

    fn cut(&self, targets: &[Target], told: &[Told]) -> CheapestCut {
        let cut = engine::cheapest_cut(&self.base, targets);
        let parts = |at: usize| told.iter().filter(|told| told.proof.findings.contains(&at)).count();
        CheapestCut {
            findings: cut.findings.iter().map(|&at| self.findings[at].id.clone()).collect(),
            breaks: cut.findings.iter().map(|&at| parts(at)).collect(),
            smallest: cut.smallest,
        }
    }

    /// What the repair of each finding alone would do.
    fn repairs(&self, told: &[Told]) -> Vec<Repair> {
        let losses: BTreeSet<(&[usize], usize)> = told.iter().map(|told| (told.given.as_slice(), told.goal)).collect();
        let starts: BTreeSet<&[usize]> = losses.iter().map(|(given, _)| *given).collect();
        let parts: BTreeSet<usize> = told.iter().flat_map(|told| told.proof.findings.iter().copied()).collect();
        let mut repairs: Vec<Repair> = parts
            .into_iter()
            .map(|at| {
                let gone = BTreeSet::from([at]);
                let ends = starts
                    .iter()
                    .map(|&given| {
                        let reached = self.base.reached(given, &gone);
                        losses.iter().filter(|(from, goal)| *from == given && !reached.contains(goal)).count()
                    })
                    .sum();
                let breaks = told.iter().filter(|told| told.proof.findings.contains(&at)).count();
                Repair { finding: self.findings[at].id.clone(), breaks, ends }
            })
            .collect();
        repairs.sort_by(|a, b| (b.breaks, b.ends).cmp(&(a.breaks, a.ends)).then_with(|| a.finding.cmp(&b.finding)));
        repairs
    }
}

/// How much a goal is worth to an attacker: of two chains with the same findings the worse is told.
fn worth(claim: &Claim) -> u8 {
    match claim {
        Claim::RunsCode => 8,
        Claim::Keeps(_) => 7,
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
/// What is done with data that are reached.
fn does(claim: &Claim) -> Option<&'static str> {
    match claim {
        Claim::Reads(_) => Some("reads"),
        Claim::Writes(_) => Some("changes or deletes"),
        _ => None,
    }
}

fn impact(claim: &Claim, holdings: &facts::Holdings) -> Option<(String, DataClass, Severity)> {
    let serious = |class| match class {
        DataClass::Sensitive | DataClass::Personal => Severity::High,
        DataClass::Internal => Severity::Medium,
        _ => Severity::Low,
    };
    let top = holdings.administrator.class.max(holdings.signed_in.class);
    Some(match claim {
        Claim::RunsCode => ("runs programs on the server: everything is lost".to_owned(), top, Severity::Critical),
        Claim::Keeps(Position::Administrator) => (
            format!(
                "takes over an administrator's login for good (its password is replaced) and with it {}",
                holdings.administrator.words()
            ),
            top,
            Severity::Critical,
        ),
        Claim::Keeps(_) => {
            let held = &holdings.signed_in;
            (
                format!(
                    "takes over other users' logins for good (their passwords are replaced) and with them {}",
                    held.words()
                ),
                held.class,
                Severity::Critical,
            )
        }
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
            (format!("{} {} data", does(claim)?, class.word()), *class, serious(*class))
        }
        Claim::Writes(class) if *class > DataClass::Demo => {
            (format!("{} {} data", does(claim)?, class.word()), *class, serious(*class))
        }
        Claim::ReadsFiles => (
            "reads any file of the server: its code, its settings and the keys in them".to_owned(),
            top,
            Severity::High,
        ),
        Claim::ReachesInside => {
            ("sends requests from inside the owner's network".to_owned(), DataClass::Internal, Severity::Medium)
        }
        Claim::SpendsMoney => ("spends the owner's money on a paid service".to_owned(), top, Severity::Medium),
        Claim::SendsMail => ("sends mail in the owner's name".to_owned(), top, Severity::Medium),
        _ => return None,
    })
}

/// The highest position that the app knows: the victim that an attacker would choose.
pub fn highest_position(app: &App) -> Position {
    facts::highest(&facts::holdings(app, DataClass::Sensitive))
}

#[cfg(test)]
mod tests;
