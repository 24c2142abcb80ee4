//! What the code of a module rests on: its own text and that of everything it imports.
//!
//! While none of that changes, running a function of the module shows the same. That holds for JavaScript, where a name
//! is looked up along imports; names of PHP are global once their file is included, Python's packages bring names of
//! their folder, and some frameworks bring names without an import: there a module rests on all of its language.

use std::collections::BTreeSet;

use plimsoll_analysis::{ModuleId, Program};
use plimsoll_cache::Cache;
use plimsoll_ir::Language;
use plimsoll_source::FileId;

type Digest = [u8; 32];

/// For every module what it rests on.
pub(crate) struct Behind {
    /// Modules in groups that import each other in a circle, those they import in earlier groups.
    group_of: Vec<usize>,
    /// The groups that a group imports.
    imports: Vec<BTreeSet<usize>>,
    /// Files of the modules of a group.
    files: Vec<BTreeSet<FileId>>,
    digests: Vec<Digest>,
}

impl Behind {
    /// `None` where nothing is kept, so that nobody asks. `all_names_are_shared` where JavaScript gets names without an
    /// import.
    pub(crate) fn of(program: &Program<'_>, all_names_are_shared: bool, cache: &Cache) -> Option<Self> {
        let targets = targets(program, all_names_are_shared);
        let group_of = groups(&targets);
        let count = group_of.iter().max().map_or(0, |last| last + 1);
        let mut imports = vec![BTreeSet::new(); count];
        let mut files = vec![BTreeSet::new(); count];
        for (at, (_, module)) in program.iter().enumerate() {
            let group = group_of[at];
            imports[group].extend(targets[at].iter().map(|target| group_of[*target]).filter(|target| *target != group));
            files[group].insert(module.file);
        }
        // Which file is which, by number and as the target of an import, is part of everything.
        let mut paths = String::new();
        for (_, module) in program.iter() {
            paths.push_str(&program.tree.file(module.file).path);
            paths.push('\n');
        }
        let mut digests: Vec<Digest> = Vec::with_capacity(count);
        for group in 0..count {
            let mut parts: Vec<&[u8]> = vec![paths.as_bytes()];
            if group > 0 {
                // The paths are in every digest through the first one.
                parts[0] = &digests[0];
            }
            for file in &files[group] {
                let file = program.tree.file(*file);
                parts.extend([file.path.as_bytes(), file.text().as_bytes()]);
            }
            parts.push(b"imports");
            parts.extend(imports[group].iter().map(|target| &digests[*target][..]));
            digests.push(cache.digest(&parts)?);
        }
        Some(Behind { group_of, imports, files, digests })
    }

    /// Everything that a module rests on, as a digest.
    pub(crate) fn digest(&self, module: ModuleId) -> &[u8] {
        &self.digests[self.group_of[module.0 as usize]]
    }

    /// Whether a module rests on one of some files, for each module.
    pub(crate) fn rest_on(&self, wanted: &BTreeSet<FileId>) -> Vec<bool> {
        let mut groups: Vec<bool> = Vec::with_capacity(self.files.len());
        for (files, imports) in self.files.iter().zip(&self.imports) {
            groups.push(!files.is_disjoint(wanted) || imports.iter().any(|group| groups[*group]));
        }
        self.group_of.iter().map(|group| groups[*group]).collect()
    }
}

/// The modules that each module looks names up in.
fn targets(program: &Program<'_>, all_names_are_shared: bool) -> Vec<Vec<usize>> {
    let of_language = |language: Language| -> Vec<usize> {
        program.iter().enumerate().filter(|(_, (_, module))| module.language == language).map(|(at, _)| at).collect()
    };
    // Each of a language leads to the next: together they are one circle.
    let mut next = vec![None; program.modules.len()];
    for language in [Language::Python, Language::Php, Language::JavaScript] {
        if language == Language::JavaScript && !all_names_are_shared {
            continue;
        }
        let circle = of_language(language);
        for (at, other) in circle.iter().zip(circle.iter().cycle().skip(1)) {
            next[*at] = Some(*other);
        }
    }
    let targets = program.iter().enumerate().map(|(at, (id, module))| {
        let imported = (0..module.imports.len()).filter_map(|import| program.target(id, import));
        let exported = module.exports.iter().filter_map(|export| program.resolve(id, export.from.as_ref()?));
        // Modules of one file (the scripts of a page) are one program.
        let beside = program.modules_of(module.file).iter().copied().chain(program.beside(id));
        let all = imported.chain(exported).chain(beside).map(|target| target.0 as usize).chain(next[at]);
        all.collect::<BTreeSet<usize>>().into_iter().collect()
    });
    targets.collect()
}

/// Numbers for modules: the same for those that reach each other, and higher than those of what they reach (Tarjan's
/// algorithm, without recursion: chains of imports can be long).
fn groups(targets: &[Vec<usize>]) -> Vec<usize> {
    const NOT_SEEN: usize = usize::MAX;
    let mut seen = vec![NOT_SEEN; targets.len()];
    let mut lowest = vec![0; targets.len()];
    let mut group_of = vec![NOT_SEEN; targets.len()];
    let (mut count, mut groups) = (0, 0);
    let mut open: Vec<usize> = Vec::new();
    for root in 0..targets.len() {
        if seen[root] != NOT_SEEN {
            continue;
        }
        // A module and how many of its targets were followed.
        let mut path: Vec<(usize, usize)> = vec![(root, 0)];
        while let Some((at, followed)) = path.pop() {
            if followed == 0 {
                seen[at] = count;
                lowest[at] = count;
                count += 1;
                open.push(at);
            } else {
                let target = targets[at][followed - 1];
                lowest[at] = lowest[at].min(lowest[target]);
            }
            let next = targets[at].iter().enumerate().skip(followed).find(|(_, target)| seen[**target] == NOT_SEEN);
            let met = match next {
                Some((index, _)) => index,
                None => targets[at].len(),
            };
            for &target in &targets[at][followed..met] {
                if group_of[target] == NOT_SEEN {
                    lowest[at] = lowest[at].min(seen[target]);
                }
            }
            if let Some((index, &target)) = next {
                path.push((at, index + 1));
                path.push((target, 0));
                continue;
            }
            if lowest[at] == seen[at] {
                while let Some(member) = open.pop() {
                    group_of[member] = groups;
                    if member == at {
                        break;
                    }
                }
                groups += 1;
            }
        }
    }
    group_of
}

#[cfg(test)]
mod tests {
    use super::groups;

    #[test]
    fn circles_are_one_group_and_what_is_imported_comes_before() {
        // 0 → 1 → 2 → 1, 0 → 3, 4 → 0, 5 alone.
        let targets = [vec![1, 3], vec![2], vec![1], vec![3], vec![0, 2], vec![]];
        let group = groups(&targets);
        assert_eq!(group[1], group[2]);
        assert!(group[1] < group[0] && group[3] < group[0] && group[0] < group[4]);
        let distinct: std::collections::BTreeSet<usize> = group.iter().copied().collect();
        assert_eq!(distinct.len(), 5);
        // A long chain, and one that closes into a circle.
        let mut chain: Vec<Vec<usize>> = (0..100_000).map(|at| vec![at + 1]).chain([vec![]]).collect();
        assert!(groups(&chain).windows(2).all(|pair| pair[0] > pair[1]));
        chain[100_000] = vec![0];
        assert!(groups(&chain).iter().all(|group| *group == 0));
    }
}
