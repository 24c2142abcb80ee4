//! A library in use has known holes.

use crate::{Rule, Sink};
use plimsoll_model::app::{EntryPoint, Package, PackageMeans, Reach};
use plimsoll_model::{App, Confidence, Gap, PackageRef, Severity, Witness};
use plimsoll_source::Span;

pub(crate) static RULE: Rule = Rule {
    id: "vulnerable-dependency",
    summary: "a library in use has known holes",
    gap: Gap::VulnerableDependency,
    severity: Severity::Medium,
    cwe: &[1395],
    owasp: &["A03:2025"],
    asvs: &["15.2.1"],
    page: include_str!("vulnerable_dependency.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    let exploited = |package: &Package| package.advisories.iter().find_map(|advisory| advisory.exploited.clone());
    // What attackers use today counts however deep it lies; else the owner can act on what the app names itself.
    let counts =
        |package: &&Package| package.scope != "development" && (package.direct || exploited(package).is_some());
    for package in app.packages.iter().filter(counts) {
        let Some(mut worst) = package.advisories.iter().map(|advisory| advisory.severity).max() else { continue };
        let exploited = exploited(package);
        if exploited.is_some() {
            worst = worst.max(Severity::High);
        }
        let ids: Vec<String> = package.advisories.iter().map(|advisory| advisory.id.clone()).collect();
        let shown = ids.iter().take(4).cloned().collect::<Vec<_>>().join(", ");
        let holes = match ids.len() {
            1 => "a known hole".to_owned(),
            many => format!("{many} known holes"),
        };
        let mut title = format!("{} {} has {holes} ({shown})", package.name, package.version);
        if exploited.is_some() {
            title.push_str(", and attackers use it");
        }
        let how = match package.means {
            PackageMeans::Installed => "in use",
            PackageMeans::Loaded => "loaded from a public network",
            PackageMeans::Copied => "lies here as a copy",
        };
        let mut note = format!("{} {} {how}", package.name, package.version);
        if let Some(day) = exploited {
            note.push_str(&format!("; known to be exploited since {day} (CISA's catalogue)"));
        }
        let fix = match &package.fixed_in {
            Some(version) if package.means == PackageMeans::Loaded => format!(
                "Load {} {version} or later: change the version in the address, and the fingerprint with it (now {}).",
                package.name, package.version
            ),
            Some(version) if package.means == PackageMeans::Copied => format!(
                "Put {} {version} or later in place of this copy (now {}), better by a package manager.",
                package.name, package.version
            ),
            Some(version) if !package.direct => format!(
                "Update {} so that it brings {} {version} or later (now {}).",
                package.path.first().unwrap_or(&package.name),
                package.name,
                package.version
            ),
            Some(version) => format!("Update {} from {} to {version} or later.", package.name, package.version),
            None => format!(
                "No fixed version of {} is known: replace it, or keep what strangers send away from it.",
                package.name
            ),
        };
        let (called, never_called) = calls(package);
        if never_called {
            note.push_str("; the app's own code calls none of the functions with the hole, other packages may");
        }
        let confidence = match (package.certain, never_called) {
            (_, true) => Confidence::Possible,
            (true, false) => Confidence::Confirmed,
            (false, false) => Confidence::Likely,
        };
        let imports = package.imported_at.iter().take(MAX_PLACES).copied();
        let mut draft = sink.seen_by(Witness::Package, package.span, note);
        if let Some(entry) = open_entry(app, package) {
            draft = draft.also(
                entry.span,
                format!("{} can be called by anyone, and its file uses {}", entry.label(), package.name),
            );
        }
        draft
            .all(called.into_iter().take(MAX_PLACES), "calls a function with the hole")
            .all(imports, "imported here")
            .title(title)
            .severity(worst)
            .confidence(confidence)
            .fix(fix)
            .package(
                PackageRef {
                    name: package.name.clone(),
                    version: package.version.clone(),
                    purl: package.purl.clone(),
                    scope: package.scope.clone(),
                    path: package.path.clone(),
                },
                ids,
            )
            .done();
    }
}

/// Places of one kind that are shown.
const MAX_PLACES: usize = 3;

/// Where the app's own code calls a function with a hole, and whether it is known to call none of any.
fn calls(package: &Package) -> (Vec<Span>, bool) {
    let places: Vec<Span> =
        package.advisories.iter().filter_map(|hole| hole.called.as_ref()).flatten().copied().collect();
    let known = package.advisories.iter().all(|hole| hole.called.is_some());
    let never = known && places.is_empty();
    (places, never)
}

/// An entry point that needs no login, in a file that imports the package.
fn open_entry<'a>(app: &'a App, package: &Package) -> Option<&'a EntryPoint> {
    app.entry_points.iter().find(|entry| {
        entry.reach() == Reach::Anyone && package.imported_at.iter().any(|import| import.file == entry.span.file)
    })
}
