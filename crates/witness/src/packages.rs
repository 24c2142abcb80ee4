//! Packages with known advisories, from the dependency engine.

use std::collections::BTreeMap;

use plimsoll_analysis::Program;
use plimsoll_deps::{Database, Ecosystem, Kind, Means, Names, Origin};
use plimsoll_ir::Language;
use plimsoll_model::app::{AdvisoriesUsed, Package, PackageAdvisory, PackageMeans, RuntimeSeen, StrangePackage};
use plimsoll_model::{App, Day, NotChecked};
use plimsoll_source::{SourceTree, Span};

fn day(day: plimsoll_deps::Day) -> Day {
    Day::from_days(i64::from(day.0))
}

/// Returns the names that manifests and lockfiles have.
pub(crate) fn observe(tree: &SourceTree, advisories: &Database, app: &mut App) -> Names {
    let report = plimsoll_deps::check(tree, advisories);
    app.upgrades = plimsoll_deps::plan(tree, &report, plimsoll_deps::Wanted::default());
    let used = report.sources.iter().map(|source| AdvisoriesUsed {
        ecosystem: source.ecosystem.as_str().to_owned(),
        known_until: day(source.known_until),
    });
    app.advisories.extend(used);
    app.packages_seen = report.packages.len();
    app.looked_at.push(format!("{} packages", report.packages.len()));
    for gap in report.not_checked {
        app.not_checked.push(NotChecked { what: gap.what, why: gap.why, weighs: gap.matters });
    }
    for finding in report.findings.iter().filter(|finding| !finding.is_remark()) {
        let found: Vec<_> = finding.packages.iter().filter_map(|at| report.packages.get(*at)).collect();
        // The place to show is where the owner changes it: a line of the manifest rather than of the lockfile.
        let Some(first) = found.iter().min_by_key(|package| (package.scope, !package.direct, package.path.len()))
        else {
            continue;
        };
        let place = |package: &plimsoll_deps::Package| package.manifest_span.unwrap_or(package.span);
        let span = place(first);
        let mut also: Vec<_> = found.iter().flat_map(|package| [place(package), package.span]).collect();
        also.retain(|other| *other != span);
        also.sort_unstable();
        also.dedup();
        let advisories = finding
            .advisories
            .iter()
            // "Nobody maintains it" is no hole.
            .filter(|advisory| matches!(advisory.kind, Kind::Vulnerability | Kind::Malicious))
            .map(|advisory| PackageAdvisory {
                id: advisory.id.clone(),
                summary: advisory.summary.clone(),
                severity: advisory.severity.for_model(),
                exploited: advisory.exploited.map(|known| known.since.to_string()),
                likelihood: advisory.likelihood,
                called: advisory.called.clone(),
            })
            .collect();
        app.packages.push(Package {
            ecosystem: finding.ecosystem.as_str().to_owned(),
            name: finding.name.clone(),
            version: finding.version.clone(),
            purl: first.purl.clone(),
            scope: match finding.scope {
                plimsoll_deps::Scope::Production => "production",
                plimsoll_deps::Scope::Development => "development",
                plimsoll_deps::Scope::Unknown => "unknown",
            }
            .to_owned(),
            direct: first.direct,
            path: first.path.clone(),
            advisories,
            fixed_in: finding.fixed_in.clone(),
            certain: finding.certainty == plimsoll_deps::Certainty::Certain,
            span,
            also,
            imported_at: Vec::new(),
            means: match first.means {
                Means::Installed => PackageMeans::Installed,
                Means::Loaded => PackageMeans::Loaded,
                Means::Copied => PackageMeans::Copied,
            },
        });
    }
    imitations(&report.packages, app);
    runtimes(tree, app);
    report.names
}

/// Packages that the app's own manifests ask for and whose names are nearly those of others.
fn imitations(packages: &[plimsoll_deps::Package], app: &mut App) {
    let mut found: BTreeMap<(&'static str, &str), StrangePackage> = BTreeMap::new();
    let own = |package: &&plimsoll_deps::Package| {
        package.direct && package.origin == Origin::Registry && package.means == Means::Installed
    };
    for package in packages.iter().filter(own) {
        let span = package.manifest_span.unwrap_or(package.span);
        if let Some(known) = found.get_mut(&(package.ecosystem.as_str(), package.name.as_str())) {
            known.also.push(span);
            continue;
        }
        let Some(like) = plimsoll_deps::looks_like(package.ecosystem, &package.name) else { continue };
        let strange = StrangePackage {
            ecosystem: package.ecosystem.as_str().to_owned(),
            name: package.name.clone(),
            like: Some(like.to_owned()),
            declared: true,
            span,
            also: Vec::new(),
        };
        found.insert((package.ecosystem.as_str(), &package.name), strange);
    }
    app.strange_packages.extend(found.into_values());
}

/// What the files ask for. The same release line asked for in several files is one decision.
fn runtimes(tree: &SourceTree, app: &mut App) {
    let known_until = day(plimsoll_deps::runtime_facts());
    for runtime in plimsoll_deps::runtimes(tree) {
        let same = |seen: &&mut RuntimeSeen| seen.product == runtime.product && seen.line == runtime.line;
        if let Some(known) = app.runtimes.iter_mut().find(same) {
            known.also.push(runtime.span);
            continue;
        }
        app.runtimes.push(RuntimeSeen {
            product: runtime.product.to_owned(),
            asked: runtime.asked,
            line: runtime.line.to_owned(),
            ends: day(runtime.ends),
            known_until,
            span: runtime.span,
            also: Vec::new(),
        });
    }
}

/// Places where a package is imported that are kept.
const MAX_IMPORTS: usize = 20;

/// Where the app's own code imports the packages with known holes. Types alone leave nothing in the program.
pub(crate) fn note_imports(program: &Program<'_>, app: &mut App) {
    let mut imports: BTreeMap<(Ecosystem, &str), Vec<Span>> = BTreeMap::new();
    for (_, module) in program.iter() {
        let ecosystem = match module.language {
            Language::JavaScript => Ecosystem::Npm,
            Language::Python => Ecosystem::PyPi,
            Language::Php => Ecosystem::Packagist,
        };
        // What is named from the file itself is no package.
        let named = module.imports.iter().filter(|import| !import.type_only && !import.module.starts_with('.'));
        for import in named {
            let span = Span::new(module.file, import.range.start, import.range.end);
            imports.entry((ecosystem, import.module.as_str())).or_default().push(span);
        }
    }
    for package in &mut app.packages {
        let Some(ecosystem) = Ecosystem::from_osv(&package.ecosystem) else { continue };
        let own = imports
            .iter()
            .filter(|((known, module), _)| {
                *known == ecosystem && plimsoll_deps::provides(ecosystem, &package.name, module)
            })
            .flat_map(|(_, spans)| spans);
        let mut places: Vec<Span> = own.copied().collect();
        places.sort_unstable();
        places.dedup();
        places.truncate(MAX_IMPORTS);
        package.imported_at.extend(places);
    }
}
