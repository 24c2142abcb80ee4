//! From a folder to a review.

use std::fmt::Write as _;
use std::path::Path;

use plimsoll_model::app::StoreKind;
use plimsoll_model::{App, Coverage, DataClass, Environment, NotChecked, Outcome, Review, Severity, Subject, Verdict};
use plimsoll_source::{Limits, SourceTree};

/// Reviews a folder and, where an address is given, the running app.
pub(crate) fn review(path: &Path, url: Option<&str>) -> Result<Review, String> {
    let tree = SourceTree::read(path, &Limits::default()).map_err(|error| error.to_string())?;
    let mut app = plimsoll_witness::observe(&tree);
    if let Some(url) = url {
        let input = plimsoll_probe::ProbeInput::from_app(&app, &tree);
        match plimsoll_probe::run(url, &input, &plimsoll_probe::Options::default(), &mut |_| Ok(())) {
            Ok(mut live) => {
                app.not_checked.append(&mut live.not_checked);
                app.looked_at.push(format!("the running app at {url}, with {} requests", live.requests_sent));
                live.join(&mut app);
            }
            Err(plimsoll_probe::ProbeError::Scope(error)) => return Err(error.to_string()),
            Err(error) => app.not_checked.push(error.not_checked()),
        }
    } else {
        app.not_checked.push(NotChecked {
            what: "the running app".into(),
            why: "no address was given (--url)".into(),
            weighs: false,
        });
    }
    let (findings, mut problems) = plimsoll_rules::run_all(&app, &tree);
    app.not_checked.append(&mut problems);
    let verdict = verdict(&app, &tree, &findings);
    let name = std::fs::canonicalize(path)
        .ok()
        .and_then(|path| path.file_name().map(|name| name.to_string_lossy().into_owned()))
        .unwrap_or_default();
    Ok(Review {
        subject: Subject { name, url: url.map(str::to_owned), stack: app.stack.clone() },
        verdict,
        findings,
        chains: Vec::new(),
        data: Vec::new(),
        controls: Vec::new(),
        coverage: Coverage { looked_at: app.looked_at.clone(), not_checked: app.not_checked.clone() },
        unused_waivers: Vec::new(),
        environment: Environment {
            plimsoll: env!("CARGO_PKG_VERSION").into(),
            advisories_date: Some(plimsoll_witness::advisories_date()),
            advisories_age_days: None,
            date: String::new(),
        },
        rules: plimsoll_rules::RULES.iter().map(|rule| rule.info()).collect(),
    })
}

/// A first load line. Controls are not catalogued yet, so nothing beyond demo data is proven.
fn verdict(app: &App, tree: &SourceTree, findings: &[plimsoll_model::Finding]) -> Verdict {
    let has_login = app.entry_points.iter().any(|entry| entry.purposes.contains(&plimsoll_model::app::Purpose::Login));
    let has_people = app.stores.iter().any(|store| store.kind != StoreKind::Browser)
        || app.entry_points.iter().flat_map(|entry| &entry.effects).any(|effect| {
            let target = effect.target.to_ascii_lowercase();
            ["user", "customer", "client", "employee", "patient", "contact"].iter().any(|word| target.contains(word))
        });
    let carries = if has_login {
        DataClass::Sensitive
    } else if has_people {
        DataClass::Personal
    } else if app.entry_points.is_empty() {
        DataClass::Public
    } else {
        DataClass::Internal
    };
    let serious = findings.iter().filter(|finding| finding.is_open() && finding.severity >= Severity::Medium).count();
    let mut reasons = Vec::new();
    let outcome = if serious > 0 {
        reasons.push(format!("{serious} findings of medium severity or above stand against it."));
        Outcome::Overloaded
    } else {
        if tree.files.iter().all(|file| file.text().is_empty()) {
            reasons.push("Nothing that can be reviewed was found.".into());
        }
        Outcome::Incomplete
    };
    reasons.push("What this version cannot prove counts as not met: see what was not checked.".into());
    Verdict { carries, fit_for: DataClass::Demo, outcome, reasons }
}

/// The entry points as text.
pub(crate) fn map(path: &Path) -> Result<String, String> {
    let tree = SourceTree::read(path, &Limits::default()).map_err(|error| error.to_string())?;
    let app = plimsoll_witness::observe(&tree);
    let mut out = String::new();
    for entry in &app.entry_points {
        let file = &tree.file(entry.span.file).path;
        let (line, _) = tree.lines(entry.span);
        let _ = writeln!(out, "{} [{}] {file}:{line} reach: {:?}", entry.label(), entry.framework, entry.reach());
        for guard in &entry.guards {
            let _ = writeln!(out, "    guard {:?} {} ({:?})", guard.kind, guard.name, guard.standing);
        }
        for effect in &entry.effects {
            let _ = writeln!(out, "    does {:?} {} fields {:?}", effect.kind, effect.target, effect.fields);
        }
    }
    let _ = writeln!(out, "{} entry points", app.entry_points.len());
    Ok(out)
}
