//! What an app is made of, and what the known holes in it mean.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use plimsoll_deps::{Ecosystem, Match, Needer, Origin, Package, Pinned, Report, Scope, Vulnerable};
use plimsoll_model::{App, Finding, Standing};
use plimsoll_report::{Sbom, SbomComponent, SbomHole, SbomStanding};
use plimsoll_source::{SourceTree, Span};

use crate::advisories::database;
use crate::{owner, progress, review};

pub(crate) fn sbom(path: &Path) -> Result<String, String> {
    let _progress = progress::Progress::start();
    let subject = owner::read(path)?;
    let (review, app) = review::with_app(&subject, &review::Asked::default())?;
    let report = plimsoll_deps::check(&subject.tree, database());
    let sbom = build(subject.name(), &subject.tree, &report, &review.findings, &app);
    Ok(plimsoll_report::cyclonedx(&sbom))
}

/// What tells a package apart in the list: its package URL where it has an exact version of a registry.
fn key(package: &Package) -> String {
    match (package.origin, &package.version) {
        (Origin::Registry, Pinned::Exact(_)) => package.purl.clone(),
        _ => format!("{}:{}@{}", package.ecosystem, package.name, package.version.as_written()),
    }
}

fn place(tree: &SourceTree, span: Span) -> (String, u32) {
    let file = tree.file(span.file);
    (file.path.clone(), file.line_of(span.start))
}

fn build(name: String, tree: &SourceTree, report: &Report, findings: &[Finding], app: &App) -> Sbom {
    let mut components: BTreeMap<String, (Scope, SbomComponent)> = BTreeMap::new();
    for package in &report.packages {
        let key = key(package);
        let (scope, component) = components.entry(key.clone()).or_insert_with(|| {
            let component = SbomComponent {
                key: key.clone(),
                name: package.name.clone(),
                version: package.version.exact().map(str::to_owned),
                range: match &package.version {
                    Pinned::Range(range) => Some(range.clone()),
                    Pinned::Exact(_) | Pinned::Unknown(_) => None,
                },
                purl: (package.origin == Origin::Registry).then(|| package.purl.clone()),
                origin: match package.origin {
                    Origin::Registry => "registry",
                    Origin::Git => "repository",
                    Origin::Local => "app",
                },
                ..SbomComponent::default()
            };
            (package.scope, component)
        });
        *scope = package.scope.min(*scope);
        component.places.push(place(tree, package.span));
    }
    let mut direct = BTreeSet::new();
    let mut needs: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for need in &report.needs {
        let Some(of) = report.packages.get(need.package).map(key) else { continue };
        match &need.by {
            Needer::App { .. } => drop(direct.insert(of)),
            Needer::Package(by) => {
                if let Some(by) = report.packages.get(*by).map(key) {
                    needs.entry(by).or_default().insert(of);
                }
            }
        }
    }
    let components: Vec<SbomComponent> = components
        .into_values()
        .map(|(scope, mut component)| {
            component.scope = word(scope);
            component.needs = needs.remove(&component.key).unwrap_or_default().into_iter().collect();
            component
        })
        .collect();
    let mut holes = Vec::new();
    for finding in report.findings.iter().filter(|finding| !finding.is_remark()) {
        for package in finding.packages.iter().filter_map(|at| report.packages.get(*at)) {
            for found in &finding.advisories {
                let (standing, detail) = standing(tree, report, finding, package, found, findings, app);
                let hole = SbomHole {
                    component: key(package),
                    id: found.id.clone(),
                    aliases: found.aliases.clone(),
                    summary: found.summary.clone(),
                    severity: found.severity.for_model(),
                    score: found.score,
                    fixed_in: found.fixed_in.clone(),
                    standing,
                    detail,
                };
                if !holes.contains(&hole) {
                    holes.push(hole);
                }
            }
        }
    }
    let line = |gap: &plimsoll_deps::NotChecked| format!("{}: {}", gap.what, gap.why);
    let known = |source: &plimsoll_deps::AdvisorySource| {
        format!("{} advisories known until {}", source.ecosystem, source.known_until)
    };
    Sbom {
        name,
        plimsoll: env!("CARGO_PKG_VERSION").to_owned(),
        components,
        direct: direct.into_iter().collect(),
        holes,
        not_checked: report.not_checked.iter().filter(|gap| gap.matters).map(line).collect(),
        advisories: report.sources.iter().filter(|source| source.info.is_some()).map(known).collect(),
    }
}

fn word(scope: Scope) -> &'static str {
    match scope {
        Scope::Production => "production",
        Scope::Development => "development",
        Scope::Unknown => "unknown",
    }
}

/// What a hole means for this app, and why.
fn standing(
    tree: &SourceTree,
    report: &Report,
    finding: &Vulnerable,
    package: &Package,
    found: &Match,
    findings: &[Finding],
    app: &App,
) -> (SbomStanding, String) {
    let version = package.version.as_written();
    let waived = findings.iter().find_map(|other| {
        let about = other.package.as_ref()?;
        let same = about.name == package.name && about.version == version && other.advisories.contains(&found.id);
        match &other.standing {
            Standing::Waived { reason, owner, until } if same => {
                Some(format!("accepted until {until} by {owner}: {reason}"))
            }
            _ => None,
        }
    });
    if let Some(why) = waived {
        return (SbomStanding::Accepted, why);
    }
    // One and the same package version may be for development in one folder and not in another.
    if finding.scope == Scope::Development {
        let why = "Only tools for development and tests bring it: it does not run where the app runs, as long as it is \
                   installed without them.";
        return (SbomStanding::DevelopmentOnly, why.to_owned());
    }
    let seen = |spans: &[Span]| {
        let shown: Vec<String> = spans
            .iter()
            .take(3)
            .map(|span| {
                let (file, line) = place(tree, *span);
                format!("{file}:{line}")
            })
            .collect();
        shown.join(", ")
    };
    let mut said = Vec::new();
    if let Some(known) = found.exploited {
        said.push(format!("Attackers are known to use it since {} (CISA's catalogue).", known.since));
    }
    let called = found.called.as_deref();
    match called {
        Some([]) if !others_may_call(report, package) => {
            let why =
                "The app's own code calls none of the functions with the hole, and no other package of the app can.";
            return (SbomStanding::NotCalled, why.to_owned());
        }
        Some([]) => said.push(
            "The app's own code calls none of the functions with the hole; whether another package does is not known."
                .to_owned(),
        ),
        Some(places) => said.push(format!("The app calls a function with the hole: {}.", seen(places))),
        None => {}
    }
    let known = app.packages.iter().find(|known| {
        known.ecosystem == package.ecosystem.as_str() && known.name == package.name && known.version == version
    });
    let imports = known.map_or(&[][..], |known| known.imported_at.as_slice());
    if !imports.is_empty() {
        said.push(format!("The app's own code imports it: {}.", seen(imports)));
    } else if matches!(package.ecosystem, Ecosystem::Npm | Ecosystem::PyPi) {
        said.push("The app's own code imports it nowhere; what brings it, or a build, may use it.".to_owned());
    }
    if package.path.len() > 1 {
        said.push(format!("Brought in by {}.", package.path.join(" > ")));
    }
    if said.is_empty() {
        said.push("Whether the app uses the part with the hole is not known.".to_owned());
    }
    let exploitable = found.exploited.is_some() || called.is_some_and(|places| !places.is_empty());
    let standing = if exploitable { SbomStanding::Exploitable } else { SbomStanding::Open };
    (standing, said.join(" "))
}

/// Whether a package other than the app's own could call into one: by the graph where the lockfile has one. Go's `go.mod`
/// names no edges, so that any other module may.
fn others_may_call(report: &Report, package: &Package) -> bool {
    let at = report.packages.iter().position(|other| std::ptr::eq(other, package));
    let needed = report.needs.iter().any(|need| Some(need.package) == at && matches!(need.by, Needer::Package(_)));
    let beside = || {
        report.packages.iter().any(|other| {
            other.ecosystem == package.ecosystem && other.span.file == package.span.file && other.name != package.name
        })
    };
    needed || package.ecosystem == Ecosystem::Go && beside()
}
