//! Forward inference over ground implications, with least-cost proofs and the cheapest cut.
//!
//! Claims and implications form a directed hypergraph without variables. The cheapest proof of every claim is found as
//! in Knuth's generalisation of Dijkstra's algorithm (D. E. Knuth, Information Processing Letters 6, 1977): costs only
//! grow along an implication, so a claim's cost is final when it is taken from the queue, and cycles cannot occur in a
//! proof.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use plimsoll_model::{Claim, Confidence};

/// What an implication rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum By {
    /// A finding, by its position in the review.
    Finding(usize),
    /// A fact of the app or of how browsers work; no repair takes it away.
    Fact,
}

/// Whoever has all `needs` gains `gain`.
#[derive(Clone, Debug)]
pub(crate) struct Implication {
    pub(crate) needs: Vec<usize>,
    pub(crate) gain: usize,
    pub(crate) by: By,
    pub(crate) text: String,
    pub(crate) confidence: Confidence,
}

impl Implication {
    /// Fewer findings first, then surer ones, then fewer steps. What hangs on a condition comes after a way of one finding
    /// more without it: it says less.
    fn cost(&self) -> u64 {
        match (self.by, self.confidence) {
            (By::Fact, Confidence::Possible) => 120,
            (By::Fact, _) => 1,
            (By::Finding(_), Confidence::Confirmed) => 100,
            (By::Finding(_), Confidence::Likely) => 101,
            (By::Finding(_), Confidence::Possible) => 140,
        }
    }
}

/// Claims by number, and the implications between them.
#[derive(Debug, Default)]
pub(crate) struct Base {
    numbers: BTreeMap<Claim, usize>,
    pub(crate) claims: Vec<Claim>,
    pub(crate) implications: Vec<Implication>,
    /// Implications that need a claim, by the claim's number.
    needed_by: Vec<Vec<usize>>,
}

impl Base {
    /// The number of a claim, made if it is new.
    pub(crate) fn number(&mut self, claim: &Claim) -> usize {
        if let Some(&number) = self.numbers.get(claim) {
            return number;
        }
        self.numbers.insert(claim.clone(), self.claims.len());
        self.claims.push(claim.clone());
        self.needed_by.push(Vec::new());
        self.claims.len() - 1
    }

    /// The number of a claim, if anything speaks of it.
    pub(crate) fn find(&self, claim: &Claim) -> Option<usize> {
        self.numbers.get(claim).copied()
    }

    pub(crate) fn add(&mut self, needs: &[Claim], gain: &Claim, by: By, text: String, confidence: Confidence) {
        let mut needs: Vec<usize> = needs.iter().map(|claim| self.number(claim)).collect();
        needs.sort_unstable();
        needs.dedup();
        let gain = self.number(gain);
        let at = self.implications.len();
        for &need in &needs {
            self.needed_by[need].push(at);
        }
        self.implications.push(Implication { needs, gain, by, text, confidence });
    }

    /// For every claim the implication of its cheapest proof; `None` where it cannot be proven. Claims of `given` hold.
    fn solve(&self, given: &[usize], banned: &BTreeSet<usize>, least: Confidence) -> Solved {
        let mut cost: Vec<Option<u64>> = vec![None; self.claims.len()];
        let mut by: Vec<Option<usize>> = vec![None; self.claims.len()];
        let mut missing: Vec<usize> = self.implications.iter().map(|implication| implication.needs.len()).collect();
        let mut queue: BinaryHeap<Reverse<(u64, usize, usize)>> = BinaryHeap::new();
        const GIVEN: usize = usize::MAX;
        for &claim in given {
            queue.push(Reverse((0, GIVEN, claim)));
        }
        let allowed = |implication: &Implication| {
            implication.confidence >= least
                && match implication.by {
                    By::Finding(finding) => !banned.contains(&finding),
                    By::Fact => true,
                }
        };
        for (at, implication) in self.implications.iter().enumerate() {
            if implication.needs.is_empty() && allowed(implication) {
                queue.push(Reverse((implication.cost(), at, implication.gain)));
            }
        }
        while let Some(Reverse((total, at, claim))) = queue.pop() {
            if cost[claim].is_some() {
                continue;
            }
            cost[claim] = Some(total);
            by[claim] = (at != GIVEN).then_some(at);
            for &next in &self.needed_by[claim] {
                missing[next] -= 1;
                let implication = &self.implications[next];
                if missing[next] == 0 && cost[implication.gain].is_none() && allowed(implication) {
                    let needs: u64 = implication.needs.iter().filter_map(|&need| cost[need]).sum();
                    queue.push(Reverse((needs + implication.cost(), next, implication.gain)));
                }
            }
        }
        Solved { held: cost.iter().map(Option::is_some).collect(), by }
    }

    /// All claims that follow.
    pub(crate) fn reached(&self, given: &[usize], banned: &BTreeSet<usize>) -> BTreeSet<usize> {
        let solved = self.solve(given, banned, Confidence::Possible);
        solved.held.iter().enumerate().filter(|(_, held)| **held).map(|(claim, _)| claim).collect()
    }

    /// The cheapest proof of a claim that does not use the banned findings.
    pub(crate) fn proof(&self, given: &[usize], banned: &BTreeSet<usize>, goal: usize) -> Option<Proof> {
        let solved = self.solve(given, banned, Confidence::Possible);
        solved.held[goal].then(|| self.read(&solved, goal))
    }

    fn read(&self, solved: &Solved, goal: usize) -> Proof {
        let mut proof = Proof::default();
        let mut seen = BTreeSet::new();
        // Depth first with an own stack: needs before gains, each step once.
        let mut stack = vec![(goal, false)];
        while let Some((claim, ready)) = stack.pop() {
            match solved.by[claim] {
                None => {
                    proof.given.insert(claim);
                }
                Some(at) if ready => {
                    proof.steps.push(at);
                    if let By::Finding(finding) = self.implications[at].by {
                        proof.findings.insert(finding);
                    }
                }
                Some(at) => {
                    if seen.insert(claim) {
                        stack.push((claim, true));
                        // A story tells what was done before it tells what was missing.
                        let done =
                            |need: &usize| solved.by[*need].is_some_and(|at| !self.implications[at].needs.is_empty());
                        let needs = &self.implications[at].needs;
                        stack.extend(needs.iter().rev().filter(|need| !done(need)).map(|&need| (need, false)));
                        stack.extend(needs.iter().rev().filter(|need| done(need)).map(|&need| (need, false)));
                    }
                }
            }
        }
        proof
    }
}

struct Solved {
    held: Vec<bool>,
    by: Vec<Option<usize>>,
}

/// A proof: implications in an order in which each one's needs come before it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Proof {
    pub(crate) steps: Vec<usize>,
    pub(crate) findings: BTreeSet<usize>,
    /// Claims that were given and are used.
    pub(crate) given: BTreeSet<usize>,
}

impl Proof {
    /// Whether the proof holds: every step's needs are given or gained before, and the last one gains the goal.
    #[cfg(test)]
    pub(crate) fn replays(&self, base: &Base, given: &[usize], goal: usize, without: Option<usize>) -> bool {
        let mut held: BTreeSet<usize> = given.iter().copied().filter(|&claim| Some(claim) != without).collect();
        for &at in &self.steps {
            let step = &base.implications[at];
            if step.needs.iter().all(|need| held.contains(need)) && Some(step.gain) != without {
                held.insert(step.gain);
            }
        }
        held.contains(&goal)
    }
}

/// One thing to prevent: a goal reached from given claims.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Target {
    pub(crate) given: Vec<usize>,
    /// Only ways whose every step is so sure: what hangs on a condition that nobody looked at is another target.
    pub(crate) least: Confidence,
    pub(crate) goal: usize,
}

/// The fewest findings whose repair makes all targets unprovable.
pub(crate) struct Cut {
    pub(crate) findings: BTreeSet<usize>,
    pub(crate) smallest: bool,
}

/// How many cuts are tried before the search settles for the best one so far.
const SEARCH: usize = 4_000;

/// Findings that say exactly the same (needs and gains) stand or fall together: leaving one leaves them all. `class[f]`
/// is the first finding of `f`'s kind.
pub(crate) fn cheapest_cut(base: &Base, targets: &[Target]) -> Cut {
    let classes = Classes::of(base);
    let mut search =
        Search { base, targets, classes: &classes, best: BTreeSet::new(), best_size: usize::MAX, left: SEARCH };
    search.go(&BTreeSet::new(), 0);
    if search.best_size == usize::MAX {
        // Cut off before the first one was complete: greedily take whole proofs.
        let mut cut = BTreeSet::new();
        while let Some(proof) = search.standing(&cut) {
            let Some(&finding) = proof.findings.first() else { break };
            cut.extend(classes.members(finding));
        }
        return Cut { findings: cut, smallest: false };
    }
    Cut { findings: search.best.clone(), smallest: search.left > 0 }
}

struct Classes {
    class: BTreeMap<usize, usize>,
    members: BTreeMap<usize, BTreeSet<usize>>,
}

impl Classes {
    fn of(base: &Base) -> Self {
        let mut says: BTreeMap<usize, Vec<(&[usize], usize)>> = BTreeMap::new();
        for implication in &base.implications {
            if let By::Finding(finding) = implication.by {
                says.entry(finding).or_default().push((&implication.needs, implication.gain));
            }
        }
        let mut first: BTreeMap<Vec<(&[usize], usize)>, usize> = BTreeMap::new();
        let (mut class, mut members) = (BTreeMap::new(), BTreeMap::<usize, BTreeSet<usize>>::new());
        for (finding, mut said) in says {
            said.sort_unstable();
            said.dedup();
            let kind = *first.entry(said).or_insert(finding);
            class.insert(finding, kind);
            members.entry(kind).or_default().insert(finding);
        }
        Classes { class, members }
    }

    fn members(&self, finding: usize) -> impl Iterator<Item = usize> {
        self.class.get(&finding).and_then(|kind| self.members.get(kind)).into_iter().flatten().copied()
    }
}

struct Search<'a> {
    base: &'a Base,
    targets: &'a [Target],
    classes: &'a Classes,
    best: BTreeSet<usize>,
    best_size: usize,
    left: usize,
}

impl Search<'_> {
    /// A proof of some target that stands in spite of the cut.
    fn standing(&self, cut: &BTreeSet<usize>) -> Option<Proof> {
        // Targets are sorted: those of one start and one sureness are solved together.
        let alike = |a: &Target, b: &Target| a.given == b.given && a.least == b.least;
        self.targets.chunk_by(alike).find_map(|targets| {
            let first = targets.first()?;
            let solved = self.base.solve(&first.given, cut, first.least);
            let held = targets.iter().filter(|target| solved.held[target.goal]);
            // Targets that rest on facts alone cannot be prevented by repairs.
            held.map(|target| self.base.read(&solved, target.goal)).find(|proof| !proof.findings.is_empty())
        })
    }

    /// At least so many more findings must go: proofs without a common finding each need one.
    fn bound(&self, cut: &BTreeSet<usize>) -> usize {
        let mut gone = cut.clone();
        let mut bound = 0;
        while let Some(proof) = self.standing(&gone) {
            bound += proof.findings.iter().map(|&finding| self.classes.members(finding).count()).min().unwrap_or(1);
            gone.extend(proof.findings.iter().flat_map(|&finding| self.classes.members(finding)));
        }
        bound
    }

    fn go(&mut self, cut: &BTreeSet<usize>, depth: usize) {
        if self.left == 0 || depth > 200 {
            self.left = 0;
            return;
        }
        self.left -= 1;
        let Some(proof) = self.standing(cut) else {
            if cut.len() < self.best_size {
                self.best_size = cut.len();
                self.best = cut.clone();
            }
            return;
        };
        if self.best_size != usize::MAX && cut.len() + self.bound(cut) >= self.best_size {
            return;
        }
        let mut tried = BTreeSet::new();
        for &finding in &proof.findings {
            let kind = self.classes.class.get(&finding).copied().unwrap_or(finding);
            if tried.insert(kind) {
                let mut next = cut.clone();
                next.extend(self.classes.members(finding));
                self.go(&next, depth + 1);
            }
        }
    }
}

#[cfg(test)]
mod tests;
