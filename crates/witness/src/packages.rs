//! Packages with known advisories, from the dependency engine.

use plimsoll_deps::Index;
use plimsoll_model::app::{Package, PackageAdvisory};
use plimsoll_model::{App, NotChecked, Severity};
use plimsoll_source::SourceTree;

pub(crate) fn observe(tree: &SourceTree, app: &mut App) {
    let report = plimsoll_deps::check(tree, Index::builtin());
    app.packages_seen = report.packages_seen;
    app.looked_at.push(format!("{} packages", report.packages_seen));
    for (what, why) in report.not_checked {
        app.not_checked.push(NotChecked { what, why, weighs: true });
    }
    for package in report.vulnerable {
        let advisories = package
            .advisories
            .into_iter()
            .map(|(id, summary, severity)| PackageAdvisory {
                id,
                summary,
                severity: match severity {
                    plimsoll_deps::Severity::Critical => Severity::Critical,
                    plimsoll_deps::Severity::High => Severity::High,
                    plimsoll_deps::Severity::Medium | plimsoll_deps::Severity::Unknown => Severity::Medium,
                    plimsoll_deps::Severity::Low => Severity::Low,
                },
            })
            .collect();
        app.packages.push(Package {
            ecosystem: package.ecosystem.as_str().to_owned(),
            name: package.name,
            version: package.version,
            purl: package.purl,
            scope: package.scope.to_owned(),
            direct: package.direct,
            path: Vec::new(),
            advisories,
            fixed_in: package.fixed_in,
            certain: package.certain,
            span: package.span,
            also: Vec::new(),
            imported_at: Vec::new(),
        });
    }
}

/// Date of the advisory facts, `YYYY-MM-DD`.
pub fn advisories_date() -> String {
    Index::builtin().date().to_string()
}
