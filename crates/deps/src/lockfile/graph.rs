//! What one lockfile says, before it becomes packages: nodes, edges and the manifests' own requests.

use std::collections::{BTreeMap, VecDeque};

use plimsoll_source::{FileId, Span};

use super::manifest::{Declared, Manifests};
use crate::package::{Ecosystem, Means, Origin, Package, Pinned, Scope};

/// A package in a lockfile.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) version: Pinned,
    pub(crate) origin: Origin,
    /// Where it is declared, in bytes.
    pub(crate) place: (u32, u32),
    /// Packages it needs, by number.
    pub(crate) needs: Vec<usize>,
    /// What it asks of them, by number, where the lockfile says so.
    pub(crate) asks: Vec<(usize, String)>,
    /// The format's own word on development or production.
    pub(crate) dev: Option<bool>,
    /// The format's own word on whether a manifest names it.
    pub(crate) direct: bool,
}

impl Node {
    pub(crate) fn new(name: impl Into<String>, version: impl Into<String>, place: (u32, u32)) -> Self {
        Node {
            name: name.into(),
            version: Pinned::Exact(version.into()),
            origin: Origin::Registry,
            place,
            needs: Vec::new(),
            asks: Vec::new(),
            dev: None,
            direct: false,
        }
    }
}

/// A request of a manifest that the lockfile answers.
#[derive(Debug)]
pub(crate) struct Root {
    pub(crate) node: usize,
    pub(crate) dev: bool,
    /// Folder of the manifest, relative to the subject.
    pub(crate) dir: String,
    /// The name that the manifest uses, which may be an alias.
    pub(crate) alias: String,
}

/// A lockfile as read.
#[derive(Debug)]
pub(crate) struct Lock {
    pub(crate) ecosystem: Ecosystem,
    pub(crate) format: String,
    pub(crate) nodes: Vec<Node>,
    pub(crate) roots: Vec<Root>,
    /// Folders of the manifests it answers, relative to the subject.
    pub(crate) covers: Vec<String>,
    /// What it holds but could not be read, with why.
    pub(crate) problems: Vec<(String, String)>,
}

impl Lock {
    pub(crate) fn new(ecosystem: Ecosystem, format: impl Into<String>, dir: &str) -> Self {
        Lock {
            ecosystem,
            format: format.into(),
            nodes: Vec::new(),
            roots: Vec::new(),
            covers: vec![dir.to_owned()],
            problems: Vec::new(),
        }
    }

    pub(crate) fn push(&mut self, node: Node) -> usize {
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    /// Adds an edge, with what is asked for where that is known.
    pub(crate) fn connect(&mut self, from: usize, to: usize, range: Option<&str>) {
        if let Some(node) = self.nodes.get_mut(from) {
            node.needs.push(to);
            node.asks.extend(range.map(|range| (to, range.to_owned())));
        }
    }

    /// Adds edges by name: `needs` lists, per node, the names it requires; a name stands for all nodes of it.
    pub(crate) fn connect_by_name(&mut self, needs: &[(usize, String)]) {
        let needs: Vec<_> = needs.iter().map(|(from, name)| (*from, name.clone(), None)).collect();
        self.connect_by_name_asking(&needs);
    }

    /// As [`Lock::connect_by_name`], with what is asked for where the lockfile says so.
    pub(crate) fn connect_by_name_asking(&mut self, needs: &[(usize, String, Option<String>)]) {
        let mut by_name: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (at, node) in self.nodes.iter().enumerate() {
            by_name.entry(self.ecosystem.normalized(&node.name)).or_default().push(at);
        }
        for (from, name, range) in needs {
            let targets = by_name.get(&self.ecosystem.normalized(name)).map_or(&[][..], Vec::as_slice);
            // A name with very many versions would make edges quadratic; the first ones show the way in.
            for to in targets.iter().take(16) {
                self.connect(*from, *to, range.as_deref());
            }
        }
    }

    /// Makes the manifest's own requests the roots, by name.
    pub(crate) fn roots_by_name(&mut self, manifests: &Manifests, dir: &str) {
        let mut by_name: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (at, node) in self.nodes.iter().enumerate() {
            by_name.entry(self.ecosystem.normalized(&node.name)).or_default().push(at);
        }
        for declared in manifests.declared(self.ecosystem, dir) {
            for node in by_name.get(&self.ecosystem.normalized(&declared.name)).into_iter().flatten() {
                self.roots.push(Root {
                    node: *node,
                    dev: declared.dev,
                    dir: dir.to_owned(),
                    alias: declared.alias.clone(),
                });
            }
        }
    }

    /// The packages, one per name and version.
    pub(crate) fn packages(&self, file: FileId, dir: &str, manifests: &Manifests) -> Vec<Package> {
        let count = self.nodes.len();
        let mut production: Vec<Option<Reach>> = vec![None; count];
        let mut development: Vec<Option<Reach>> = vec![None; count];
        self.walk(false, &mut production);
        self.walk(true, &mut development);

        let mut out: BTreeMap<(String, Pinned, Origin), Package> = BTreeMap::new();
        for (at, node) in self.nodes.iter().enumerate() {
            let (by_production, by_development) =
                (production.get(at).copied().flatten(), development.get(at).copied().flatten());
            let scope = match (node.dev, by_production, by_development) {
                (Some(true), ..) => Scope::Development,
                (Some(false), ..) | (None, Some(_), _) => Scope::Production,
                (None, None, Some(_)) => Scope::Development,
                (None, None, None) => Scope::Unknown,
            };
            let reached = match scope {
                Scope::Development => by_development.map(|reach| (reach, &development)),
                _ => None,
            };
            let reached = reached
                .or_else(|| by_production.map(|reach| (reach, &production)))
                .or_else(|| by_development.map(|reach| (reach, &development)));
            let (path, root) = match reached {
                Some((reach, table)) => (self.path(at, table), self.roots.get(reach.root)),
                None => (vec![node.name.clone()], None),
            };
            let direct = node.direct || reached.is_some_and(|(reach, _)| reach.parent.is_none());
            let workspace = root.map_or(dir, |root| root.dir.as_str());
            let manifest_span = if direct {
                let alias = root.map_or(node.name.as_str(), |root| root.alias.as_str());
                manifests
                    .span_of(self.ecosystem, workspace, alias)
                    .or_else(|| manifests.span_of(self.ecosystem, workspace, &node.name))
            } else {
                None
            };
            let package = Package {
                ecosystem: self.ecosystem,
                name: node.name.clone(),
                version: node.version.clone(),
                purl: self.ecosystem.purl(&node.name, node.version.exact()),
                scope,
                direct,
                path,
                span: Span::new(file, node.place.0, node.place.1),
                manifest_span,
                origin: node.origin,
                workspace: workspace.to_owned(),
                means: Means::Installed,
            };
            let key = (node.name.clone(), node.version.clone(), node.origin);
            match out.entry(key) {
                std::collections::btree_map::Entry::Vacant(slot) => {
                    slot.insert(package);
                }
                std::collections::btree_map::Entry::Occupied(mut slot) => {
                    // The most exposed way in is the one to show.
                    let rank = |package: &Package| (package.scope, !package.direct, package.path.len());
                    if rank(&package) < rank(slot.get()) {
                        slot.insert(package);
                    }
                }
            }
        }
        out.into_values().collect()
    }

    /// Who needs which package of [`Lock::packages`], by the same keys, and what is asked for.
    pub(crate) fn needs(&self, manifests: &Manifests) -> Vec<NeedByKey> {
        let mut declared: BTreeMap<(&str, &str), &Declared> = BTreeMap::new();
        for manifest in manifests.all.iter().filter(|manifest| manifest.ecosystem == self.ecosystem) {
            for one in &manifest.declared {
                declared.entry((&manifest.dir, &one.alias)).or_insert(one);
            }
        }
        let key = |node: &Node| (node.name.clone(), node.version.clone(), node.origin);
        let mut out = Vec::new();
        for root in &self.roots {
            let Some(node) = self.nodes.get(root.node) else { continue };
            let request = declared.get(&(root.dir.as_str(), root.alias.as_str()));
            out.push(NeedByKey {
                by: None,
                dir: root.dir.clone(),
                dev: root.dev,
                alias: root.alias.clone(),
                of: key(node),
                range: request.map(|one| one.range.clone()),
                span: request.map(|one| one.span),
            });
        }
        for node in &self.nodes {
            for &to in &node.needs {
                let Some(other) = self.nodes.get(to) else { continue };
                let range = node.asks.iter().find(|(asked, _)| *asked == to).map(|(_, range)| range.clone());
                out.push(NeedByKey {
                    by: Some(key(node)),
                    dir: String::new(),
                    dev: false,
                    alias: other.name.clone(),
                    of: key(other),
                    range,
                    span: None,
                });
            }
        }
        out
    }

    /// Breadth first from the roots of one kind, so that the path found is a shortest one; every node is visited
    /// once, so that cycles end.
    fn walk(&self, dev: bool, table: &mut [Option<Reach>]) {
        let mut queue = VecDeque::new();
        for (number, root) in self.roots.iter().enumerate() {
            if root.dev == dev
                && let Some(slot @ None) = table.get_mut(root.node)
            {
                *slot = Some(Reach { root: number, parent: None });
                queue.push_back(root.node);
            }
        }
        while let Some(at) = queue.pop_front() {
            let Some(root) = table.get(at).copied().flatten().map(|reach| reach.root) else { continue };
            for &next in self.nodes.get(at).map_or(&[][..], |node| node.needs.as_slice()) {
                if let Some(slot @ None) = table.get_mut(next) {
                    *slot = Some(Reach { root, parent: Some(at) });
                    queue.push_back(next);
                }
            }
        }
    }

    fn path(&self, at: usize, table: &[Option<Reach>]) -> Vec<String> {
        let mut path = Vec::new();
        let mut next = Some(at);
        // A path longer than this helps nobody.
        while let Some(at) = next
            && path.len() < 64
        {
            if let Some(node) = self.nodes.get(at) {
                path.push(node.name.clone());
            }
            next = table.get(at).copied().flatten().and_then(|reach| reach.parent);
        }
        path.reverse();
        path
    }
}

/// What tells the packages of one lockfile apart.
pub(crate) type Key = (String, Pinned, Origin);

/// An edge between packages of one lockfile, or from a manifest to one.
#[derive(Debug)]
pub(crate) struct NeedByKey {
    /// `None` for a manifest of the app.
    pub(crate) by: Option<Key>,
    /// Folder of the manifest.
    pub(crate) dir: String,
    pub(crate) dev: bool,
    /// The name used by whoever needs it.
    pub(crate) alias: String,
    pub(crate) of: Key,
    pub(crate) range: Option<String>,
    /// Where the manifest asks for it.
    pub(crate) span: Option<Span>,
}

#[derive(Clone, Copy)]
struct Reach {
    root: usize,
    parent: Option<usize>,
}
