//! One plan for all libraries.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use clap::ValueEnum;
use plimsoll_deps::{Private, Wanted};
use plimsoll_model::app::Reach;
use plimsoll_model::{App, DataClass, Finding, Standing, UpgradePlan};
use plimsoll_online::DepsDev;
use plimsoll_source::SourceTree;

use crate::advisories::database;
use crate::{owner, progress, review};

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum PlanFormat {
    Terminal,
    Json,
    Prompt,
}

/// A plan and what the command says by its exit code.
pub(crate) struct Planned {
    pub(crate) name: String,
    pub(crate) plan: UpgradePlan,
    pub(crate) code: u8,
}

/// Package versions whose holes the owner accepts.
pub(crate) fn accepted(findings: &[Finding]) -> BTreeSet<(String, String)> {
    findings
        .iter()
        .filter(|finding| matches!(finding.standing, Standing::Waived { .. }))
        .filter_map(|finding| finding.package.as_ref())
        .map(|package| (package.name.clone(), package.version.clone()))
        .collect()
}

/// The plan without asking anybody.
pub(crate) fn offline(tree: &SourceTree, accepted: &BTreeSet<(String, String)>, development: bool) -> UpgradePlan {
    let report = plimsoll_deps::check(tree, database());
    plimsoll_deps::plan(tree, &report, Wanted { development, newer: None, accepted: Some(accepted) })
}

/// Puts first what strangers reach: what an entry point without a login uses, or what brings the package in.
pub(crate) fn rank(plan: &mut UpgradePlan, app: &App, carries: DataClass) {
    let mut open: BTreeMap<&str, String> = BTreeMap::new();
    for package in &app.packages {
        let entry = app.entry_points.iter().find(|entry| {
            entry.reach() == Reach::Anyone && package.imported_at.iter().any(|import| import.file == entry.span.file)
        });
        if let Some(entry) = entry {
            let text = format!(
                "{}, which anyone can call, uses {}; the app carries {} data",
                entry.label(),
                package.name,
                carries.word()
            );
            open.entry(&package.name).or_insert(text);
        }
    }
    for step in &mut plan.steps {
        step.reached = step.clears.iter().find_map(|cleared| open.get(cleared.name.as_str())).cloned();
    }
    plan.sort();
}

/// The plan of an app; with the address of a service, after asking it what newer versions bring.
pub(crate) fn run(path: &Path, development: bool, api: Option<&str>) -> Result<Planned, String> {
    let registry = api.map(DepsDev::new).transpose().map_err(|error| error.to_string())?;
    let _progress = progress::Progress::start();
    let subject = owner::read(path)?;
    let (review, app) = review::with_app(&subject, &review::Asked::default())?;
    let accepted = accepted(&review.findings);
    let tree = &subject.tree;
    let report = plimsoll_deps::check(tree, database());
    let newer = registry.map(|registry| {
        progress::stage("asking what newer versions bring");
        let private: Vec<String> = subject.config.private.iter().map(|said| said.value.text().to_owned()).collect();
        let private = Private::read(tree, &private);
        plimsoll_deps::ask(tree, &report, database(), development, &registry, &private)
    });
    let mut plan =
        plimsoll_deps::plan(tree, &report, Wanted { development, newer: newer.as_ref(), accepted: Some(&accepted) });
    rank(&mut plan, &app, review.verdict.carries);
    let line = |gap: &plimsoll_deps::NotChecked| format!("{}: {}", gap.what, gap.why);
    plan.not_known.extend(newer.iter().flat_map(|newer| &newer.not_checked).map(line));
    let weighing = report.not_checked.iter().filter(|gap| gap.matters);
    plan.not_known.extend(weighing.map(line));
    let code = if !plan.steps.is_empty() || !plan.left.is_empty() {
        1
    } else if !plan.not_known.is_empty() {
        3
    } else {
        0
    };
    Ok(Planned { name: subject.name(), plan, code })
}
