use super::*;
use proptest::prelude::*;

/// Claims of a test are numbers; which ones does not matter.
fn claim(number: usize) -> Claim {
    Claim::Knows(number.to_string())
}

type Shape = Vec<(Vec<usize>, usize, Option<usize>)>;

fn base_of(shape: &Shape) -> Base {
    let mut base = Base::default();
    for number in 0..8 {
        base.number(&claim(number));
    }
    for (needs, gain, finding) in shape {
        let needs: Vec<Claim> = needs.iter().map(|&need| claim(need)).collect();
        let by = finding.map_or(By::Fact, By::Finding);
        base.add(&needs, &claim(*gain), by, String::new(), Confidence::Likely);
    }
    base
}

fn shapes() -> impl Strategy<Value = Shape> {
    let implication =
        (proptest::collection::vec(0..8usize, 1..3), 1..8usize, proptest::option::weighted(0.8, 0..6usize));
    proptest::collection::vec(implication, 1..16)
}

fn provable(base: &Base, gone: &BTreeSet<usize>, goal: usize) -> bool {
    base.proof(&[0], gone, goal).is_some()
}

proptest! {
    #[test]
    fn a_proof_replays_and_needs_every_one_of_its_premises(shape in shapes()) {
        let base = base_of(&shape);
        if let Some(proof) = base.proof(&[0], &BTreeSet::new(), 7) {
            prop_assert!(proof.replays(&base, &[0], 7, None));
            for &at in &proof.steps {
                for &need in &base.implications[at].needs {
                    prop_assert!(!proof.replays(&base, &[0], 7, Some(need)));
                }
            }
        }
    }

    #[test]
    fn a_cut_breaks_everything_and_no_smaller_one_does(shape in shapes()) {
        let base = base_of(&shape);
        let targets: Vec<Target> = [6, 7].into_iter().map(|goal| Target { given: vec![0], goal, least: Confidence::Possible }).collect();
        let all: BTreeSet<usize> = (0..6).collect();
        // What rests on facts alone no repair can prevent.
        let avoidable: Vec<usize> = [6, 7].into_iter().filter(|&goal| !provable(&base, &all, goal)).collect();
        let cut = cheapest_cut(&base, &targets);
        prop_assert!(cut.smallest);
        for &goal in &avoidable {
            prop_assert!(!provable(&base, &cut.findings, goal));
        }
        let size = (0..64usize)
            .map(|bits| (0..6).filter(|bit| bits >> bit & 1 == 1).collect::<BTreeSet<usize>>())
            .filter(|gone| avoidable.iter().all(|&goal| !provable(&base, gone, goal)))
            .map(|gone| gone.len())
            .min();
        prop_assert_eq!(Some(cut.findings.len()), size);
    }
}

#[test]
fn a_circle_proves_nothing() {
    let base = base_of(&vec![(vec![2], 1, None), (vec![1], 2, None), (vec![2], 7, Some(0))]);
    assert!(!provable(&base, &BTreeSet::new(), 7));
}
