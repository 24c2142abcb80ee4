//! From a folder to a review.

use std::path::Path;

use plimsoll_loadline::Carried;
use plimsoll_model::{App, Coverage, DataClass, DataItem, Day, Environment, NotChecked, Review};

use crate::advisories::database;
use crate::owner::{self, Subject};
use crate::request_log::RequestLog;
use crate::{kept, progress, waive};

/// The incident plan of an app.
pub(crate) fn incident(path: &Path) -> Result<String, String> {
    let _progress = progress::Progress::start();
    let subject = owner::read(path)?;
    let review = of(&subject, &Asked::default())?;
    Ok(crate::after::incident(&review, &kept::observe(&subject), &subject.tree))
}

/// What a review asks of the running app.
#[derive(Default)]
pub(crate) struct Asked<'a> {
    /// Its address; without one only files are read.
    pub(crate) url: Option<&'a str>,
    /// Where every request is logged.
    pub(crate) log: Option<&'a Path>,
    /// Why it could not be started, where that was asked.
    pub(crate) not_started: Option<String>,
    /// Consent to sign in, and with what.
    pub(crate) sign_in: Option<plimsoll_probe::SignIn>,
    /// Consent to upload three files in which nothing runs.
    pub(crate) allow_upload: bool,
    /// The project whose tables are asked for.
    pub(crate) backend: Option<plimsoll_probe::Backend>,
    /// The browser to use.
    pub(crate) browser: Option<std::path::PathBuf>,
}

/// Reviews a folder and, where an address is given, the running app.
pub(crate) fn review(path: &Path, url: Option<&str>) -> Result<Review, String> {
    let _progress = progress::Progress::start();
    of(&owner::read(path)?, &Asked { url, ..Asked::default() })
}

/// Reviews an app that was read.
pub(crate) fn of(subject: &Subject, asked: &Asked<'_>) -> Result<Review, String> {
    with_app(subject, asked).map(|(review, _)| review)
}

/// Reviews an app that was read; also gives what was understood of it.
pub(crate) fn with_app(subject: &Subject, asked: &Asked<'_>) -> Result<(Review, App), String> {
    let tree = &subject.tree;
    let mut log = RequestLog::create(asked.log)?;
    progress::stage("understanding the code");
    let mut app = kept::observe(subject);
    if let Some(url) = asked.url {
        progress::stage("asking the running app");
        let input = plimsoll_probe::ProbeInput::from_app(&app, tree);
        let options = plimsoll_probe::Options {
            sign_in: asked.sign_in.clone(),
            browser: asked.browser.clone(),
            allow_upload: asked.allow_upload,
            ..plimsoll_probe::Options::default()
        };
        let permit = crate::ownership::permit(url, &subject.path)?;
        match plimsoll_probe::run_with(&permit, &input, &options, &mut |entry| log.write(entry)) {
            Ok(mut live) => {
                live.live.secrets = crate::live_secrets::find(&live);
                live.live.shipped = crate::live_data::find(&live);
                app.not_checked.append(&mut live.not_checked);
                live.join(&mut app);
            }
            Err(plimsoll_probe::ProbeError::Scope(error)) => return Err(error.to_string()),
            Err(error) => app.not_checked.push(error.not_checked()),
        }
    } else {
        app.not_checked.push(NotChecked {
            what: NotChecked::RUNNING_APP.into(),
            why: asked.not_started.clone().unwrap_or_else(|| subject.why_not_asked().into()),
            weighs: asked.not_started.is_some(),
        });
    }
    if let Some(backend) = &asked.backend {
        progress::stage("asking the database");
        let key = crate::backend::public_key(backend, tree);
        let options = plimsoll_probe::Options { follows: log.end(), ..plimsoll_probe::Options::default() };
        backend.ask(key.as_ref(), &app, &options, &mut |entry| log.write(entry)).join(&mut app);
    }
    progress::stage("looking for what is wrong");
    app.today = Some(subject.today);
    plimsoll_datamap::annotate(&mut app);
    let (mut findings, mut problems) = plimsoll_rules::run_all(&app, tree);
    app.not_checked.append(&mut problems);
    let advisories = advisories_date(&app);
    let advisories_age = subject.today.since(advisories);
    for used in app.advisories.iter().filter(|used| subject.today.since(used.known_until) > MAX_ADVISORY_DAYS) {
        app.not_checked.push(NotChecked {
            what: format!("{} advisories published after {}", used.ecosystem, used.known_until),
            why: "the advisories of this machine end there; `plimsoll advisories update` fetches newer ones".into(),
            weighs: false,
        });
    }
    let unused_waivers = waive::apply(subject, &mut findings, asked.url.is_some());
    let mut data = plimsoll_datamap::build(&app, tree);
    subject.correct(&mut data);
    let carried = subject.carries(carried(&app, &data));
    let line = plimsoll_loadline::draw(&app, tree, &findings, &carried, &subject.answers());
    let chains = plimsoll_chains::derive(&app, &findings, carried.class, &[]);
    let mut review = Review {
        subject: plimsoll_model::Subject {
            name: subject.name(),
            url: asked.url.map(str::to_owned),
            stack: app.stack.clone(),
        },
        verdict: line.verdict,
        findings,
        chains: chains.chains,
        cheapest_cut: chains.cut,
        repairs: chains.repairs,
        third_parties: plimsoll_datamap::recipients(&app, tree, &data),
        data,
        controls: line.controls,
        coverage: Coverage { looked_at: app.looked_at.clone(), not_checked: app.not_checked.clone() },
        unused_waivers,
        environment: Environment {
            plimsoll: env!("CARGO_PKG_VERSION").into(),
            advisories_age_days: Some(advisories_age),
            advisories_date: Some(advisories.to_string()),
            date: subject.today.to_string(),
        },
        rules: plimsoll_rules::RULES.iter().map(|rule| rule.info()).collect(),
        live: crate::live_report::of(&app, tree),
        upgrades: app.upgrades.clone(),
    };
    let accepted = crate::plan::accepted(&review.findings);
    if !accepted.is_empty() {
        review.upgrades = crate::plan::offline(tree, &accepted, false);
    }
    crate::plan::rank(&mut review.upgrades, &app, review.verdict.carries);
    subject.settle(&mut review);
    Ok((review, app))
}

/// Advisories older than this are a gap that is said.
const MAX_ADVISORY_DAYS: i64 = 7;

/// The day from which on nothing is known of the app's packages, or of any where it has none.
fn advisories_date(app: &App) -> Day {
    let used = app.advisories.iter().map(|used| used.known_until).min();
    used.unwrap_or_else(|| Day::from_days(i64::from(database().date().0)))
}

/// What the app carries: the heaviest data of the map, or what a login and entry points imply where no field is known.
fn carried(app: &App, data: &[DataItem]) -> Carried {
    let has_login = app.entry_points.iter().any(|entry| entry.purposes.contains(&plimsoll_model::app::Purpose::Login));
    let (class, why) = if has_login {
        (DataClass::Sensitive, "It has a login of its own, so it holds passwords.")
    } else if app.entry_points.is_empty() {
        (DataClass::Public, "No data of the business was seen in it.")
    } else {
        (DataClass::Internal, "It keeps data of the business.")
    };
    let found = plimsoll_datamap::carries(data);
    if found >= class {
        return Carried { class: found, why: plimsoll_datamap::carries_reason(data) };
    }
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
        let mut app = kept::observe(&owner::read(path)?);
        plimsoll_datamap::annotate(&mut app);
        let left = plimsoll_chains::derive(&app, &known.findings, known.verdict.carries, assume_fixed);
        (known.chains, known.cheapest_cut, known.repairs) = (left.chains, left.cut, left.repairs);
    }
    Ok(known)
}

/// What was understood of an app.
pub(crate) fn map(path: &Path) -> Result<plimsoll_report::Map, String> {
    let _progress = progress::Progress::start();
    let subject = owner::read(path)?;
    Ok(crate::map::build(subject.name(), &kept::observe(&subject), &subject.tree))
}
