//! What to do about packages with known holes: one plan for all of them.

use crate::Severity;

/// How a step changes what gets installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UpgradeWay {
    /// A package that a manifest of the app names gets a newer version there.
    Upgrade,
    /// The lockfile is brought up to date: what asks for the packages allows the newer versions already.
    Refresh,
    /// A package that others bring is set to a version that they do not ask for, by the package manager's override.
    Override,
}

impl UpgradeWay {
    /// All, in the order in which they are done.
    pub const ALL: [UpgradeWay; 3] = [UpgradeWay::Upgrade, UpgradeWay::Refresh, UpgradeWay::Override];

    /// The word of the contract.
    pub fn word(self) -> &'static str {
        match self {
            UpgradeWay::Upgrade => "upgrade",
            UpgradeWay::Refresh => "refresh",
            UpgradeWay::Override => "override",
        }
    }
}

/// One package that gets another version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UpgradeChange {
    /// Its name.
    pub name: String,
    /// The version, or the range of a manifest without a lockfile.
    pub from: String,
    /// The version to go to, or a later one of its line; never below `from`.
    pub to: String,
    /// Who asks for it: manifests of the app as `file:line`, or the packages that bring it as `name version`.
    pub asked_by: Vec<String>,
    /// Packages of the app that bring it and get a newer version by the same plan: after that it may be gone.
    pub unless: Vec<String>,
}

/// Holes of one package version that a step closes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cleared {
    /// The package.
    pub name: String,
    /// Its version before.
    pub version: String,
    /// One id for each hole.
    pub advisories: Vec<String>,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpgradeStep {
    /// How.
    pub way: UpgradeWay,
    /// `npm`, `PyPI` …
    pub ecosystem: String,
    /// The lockfile, or the manifest where there is none.
    pub file: String,
    /// What changes; never empty.
    pub changes: Vec<UpgradeChange>,
    /// What to type or to write, for whoever does it.
    pub instruction: String,
    /// The app may have to be adapted: a step to another major version.
    pub breaking: bool,
    /// Attackers use one of the holes.
    pub exploited: bool,
    /// The worst of the holes.
    pub severity: Severity,
    /// What it closes.
    pub clears: Vec<Cleared>,
    /// Why it comes before others: an entry point that anyone can call uses what it changes.
    pub reached: Option<String>,
    /// What to know before doing it.
    pub notes: Vec<String>,
}

impl UpgradeStep {
    /// How many holes it closes.
    pub fn holes(&self) -> usize {
        self.clears.iter().map(|cleared| cleared.advisories.len()).sum()
    }
}

/// A package for which the plan has no step, or holes that stay after its step.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UpgradeLeft {
    /// The package.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The lockfile or manifest.
    pub file: String,
    /// One id for each hole.
    pub advisories: Vec<String>,
    /// Why nothing closes them.
    pub why: String,
}

/// The plan.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct UpgradePlan {
    /// In the order in which to do them.
    pub steps: Vec<UpgradeStep>,
    /// What stays.
    pub left: Vec<UpgradeLeft>,
    /// Holes of packages that only tools for development bring, when those are left out of the plan.
    pub development: usize,
    /// What the plan could not know.
    pub not_known: Vec<String>,
}

impl UpgradePlan {
    /// Whether there is nothing to say.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.left.is_empty() && self.development == 0
    }

    /// Puts the steps in the order in which to do them: upgrades before what may become needless by them; among those of
    /// one kind what attackers use today first, then what strangers reach, then the worst and the most.
    pub fn sort(&mut self) {
        use std::cmp::Reverse;
        self.steps.sort_by(|a, b| {
            let rank = |step: &UpgradeStep| {
                (step.way, !step.exploited, step.reached.is_none(), Reverse(step.severity), Reverse(step.holes()))
            };
            rank(a).cmp(&rank(b)).then_with(|| (&a.file, &a.changes).cmp(&(&b.file, &b.changes)))
        });
    }

    /// Adds what another witness planned for other files.
    pub fn append(&mut self, mut more: UpgradePlan) {
        self.steps.append(&mut more.steps);
        self.left.append(&mut more.left);
        self.development += more.development;
        self.not_known.append(&mut more.not_known);
    }

    /// How many holes the steps close.
    pub fn holes(&self) -> usize {
        self.steps.iter().map(UpgradeStep::holes).sum()
    }
}
