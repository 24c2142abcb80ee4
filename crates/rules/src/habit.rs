//! One decision is one finding: what is done the same way all over an app.

use std::collections::BTreeMap;

/// From so many files on, the same mistake is a habit of the app and no longer one decision a file.
pub(crate) const MANY: usize = 8;

/// Merges the groups of equal `kind` that lie in `many` files or more into one each. Groups are keyed by kind and file; the first
/// place of a merged group is that of its first file.
pub(crate) fn merged<K: Ord + Clone, F: Ord, T>(groups: BTreeMap<(K, F), Vec<T>>, many: usize) -> Vec<(K, Vec<T>)> {
    let mut by_kind: BTreeMap<K, Vec<Vec<T>>> = BTreeMap::new();
    for ((kind, _), group) in groups {
        by_kind.entry(kind).or_default().push(group);
    }
    let mut out = Vec::new();
    for (kind, groups) in by_kind {
        if groups.len() >= many {
            out.push((kind, groups.into_iter().flatten().collect()));
        } else {
            out.extend(groups.into_iter().map(|group| (kind.clone(), group)));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_files_stay_apart_and_many_become_one() {
        let groups = |files: u32| (0..files).map(|file| (((), file), vec![file])).collect::<BTreeMap<_, _>>();
        assert_eq!(merged(groups(3), MANY).len(), 3);
        let all = merged(groups(8), MANY);
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].1, [0, 1, 2, 3, 4, 5, 6, 7]);
    }
}
