//! From a folder to a review.

use std::path::Path;

use plimsoll_loadline::Carried;
use plimsoll_model::app::StoreKind;
use plimsoll_model::{App, Coverage, DataClass, Environment, NotChecked, Review, Subject};
use plimsoll_source::{Limits, SourceTree};

/// The incident plan of an app.
pub(crate) fn incident(path: &Path) -> Result<String, String> {
    let review = review(path, None)?;
    let tree = SourceTree::read(path, &Limits::default()).map_err(|error| error.to_string())?;
    Ok(crate::after::incident(&review, &plimsoll_witness::observe(&tree), &tree))
}

/// Today as days since 1970-01-01.
fn today() -> i64 {
    let seconds = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    i64::try_from(seconds / 86_400).unwrap_or(0)
}

/// A day as `YYYY-MM-DD` (proleptic Gregorian calendar; the algorithm counts from 1 March of year 0).
fn date_of(days: i64) -> String {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// Days between a date and today; `None` where the date cannot be read.
fn age_of(date: &str) -> Option<i64> {
    // Ten thousand days back is before any advisory; counting is exact and needs no second algorithm.
    let now = today();
    (0..10_000).find(|&age| date_of(now - age) == date)
}

/// Reviews a folder and, where an address is given, the running app.
pub(crate) fn review(path: &Path, url: Option<&str>) -> Result<Review, String> {
    let tree = SourceTree::read(path, &Limits::default()).map_err(|error| error.to_string())?;
    let mut app = plimsoll_witness::observe(&tree);
    if let Some(url) = url {
        let input = plimsoll_probe::ProbeInput::from_app(&app, &tree);
        match plimsoll_probe::run(url, &input, &plimsoll_probe::Options::default(), &mut |_| Ok(())) {
            Ok(mut live) => {
                app.not_checked.append(&mut live.not_checked);
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
    let advisories = plimsoll_witness::advisories_date();
    if age_of(&advisories).is_none_or(|age| age > 7) {
        app.not_checked.push(NotChecked {
            what: format!("advisories published after {advisories}"),
            why: "the advisory facts of this version end there".into(),
            weighs: false,
        });
    }
    let carried = carried(&app);
    let line = plimsoll_loadline::draw(&app, &tree, &findings, &carried, &[]);
    let chains = plimsoll_chains::derive(&app, &findings, carried.class, &[]);
    Ok(Review {
        subject: Subject { name: name_of(path), url: url.map(str::to_owned), stack: app.stack.clone() },
        verdict: line.verdict,
        findings,
        chains: chains.chains,
        cheapest_cut: chains.cut,
        data: Vec::new(),
        controls: line.controls,
        coverage: Coverage { looked_at: app.looked_at.clone(), not_checked: app.not_checked.clone() },
        unused_waivers: Vec::new(),
        environment: Environment {
            plimsoll: env!("CARGO_PKG_VERSION").into(),
            advisories_age_days: age_of(&advisories),
            advisories_date: Some(advisories),
            date: date_of(today()),
        },
        rules: plimsoll_rules::RULES.iter().map(|rule| rule.info()).collect(),
    })
}

/// What the app carries, as far as the model shows it.
fn carried(app: &App) -> Carried {
    let has_login = app.entry_points.iter().any(|entry| entry.purposes.contains(&plimsoll_model::app::Purpose::Login));
    let has_people = app.stores.iter().any(|store| store.kind != StoreKind::Browser)
        || app.entry_points.iter().flat_map(|entry| &entry.effects).any(|effect| {
            let target = effect.target.to_ascii_lowercase();
            ["user", "customer", "client", "employee", "patient", "contact"].iter().any(|word| target.contains(word))
        });
    let (class, why) = if has_login {
        (DataClass::Sensitive, "It has a login of its own, so it holds passwords.")
    } else if has_people {
        (DataClass::Personal, "It keeps records of people.")
    } else if app.entry_points.is_empty() {
        (DataClass::Public, "No data of the business was seen in it.")
    } else {
        (DataClass::Internal, "It keeps data of the business.")
    };
    Carried { class, why: why.to_owned() }
}

/// The review with its chains as they would be if some findings were repaired.
pub(crate) fn chains(path: &Path, assume_fixed: &[String]) -> Result<Review, String> {
    let mut known = review(path, None)?;
    let unknown = assume_fixed.iter().find(|name| {
        plimsoll_rules::find(name).is_none() && !known.findings.iter().any(|finding| finding.id == **name)
    });
    if let Some(name) = unknown {
        return Err(format!("`{name}` is neither a rule nor a finding of this app"));
    }
    if !assume_fixed.is_empty() {
        let tree = SourceTree::read(path, &Limits::default()).map_err(|error| error.to_string())?;
        let app = plimsoll_witness::observe(&tree);
        let left = plimsoll_chains::derive(&app, &known.findings, known.verdict.carries, assume_fixed);
        (known.chains, known.cheapest_cut) = (left.chains, left.cut);
    }
    Ok(known)
}

/// What was understood of an app.
pub(crate) fn map(path: &Path) -> Result<plimsoll_report::Map, String> {
    let tree = SourceTree::read(path, &Limits::default()).map_err(|error| error.to_string())?;
    Ok(crate::map::build(name_of(path), &plimsoll_witness::observe(&tree), &tree))
}

/// Name of the folder.
fn name_of(path: &Path) -> String {
    std::fs::canonicalize(path)
        .ok()
        .and_then(|path| path.file_name().map(|name| name.to_string_lossy().into_owned()))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::date_of;

    #[test]
    fn dates() {
        assert_eq!(
            [0, 59, 60, 11_016, 20_788].map(date_of),
            ["1970-01-01", "1970-03-01", "1970-03-02", "2000-02-29", "2026-12-01"]
        );
    }
}
