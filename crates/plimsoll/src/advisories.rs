//! Advisories: where they are kept, bringing them up to date, what is known, and which apps one of them hits.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use clap::{Subcommand, ValueEnum};
use plimsoll_deps::{
    Bucket, Certainty, Database, Ecosystem, FolderBucket, LookUp, Private, Registry as _, Scope, UpdateError, Updated,
};
use plimsoll_model::Day;
use plimsoll_online::{DepsDev, HttpBucket};
use plimsoll_report::{
    AdvisorySourceStatus, AdvisoryStatus, AdvisoryTable, ImpactApp, ImpactHit, ImpactPackage, ImpactReport,
    PackageStanding, PackagesReport, TerminalOptions,
};
use plimsoll_source::{Limits, SourceTree};

use crate::owner::today;
use crate::progress;

#[derive(Subcommand)]
pub(crate) enum Advisories {
    /// Fetches what was published since the last update. Without --from, from the public bucket of OSV.
    Update {
        /// Folder or address laid out as the public OSV bucket, or a folder or zip archive of OSV records.
        #[arg(long, value_name = "DIR|ZIP|URL")]
        from: Option<String>,
        /// CISA's catalogue of known exploited vulnerabilities, as a JSON file.
        #[arg(long, value_name = "FILE")]
        kev: Option<PathBuf>,
        /// FIRST's exploit likelihoods (EPSS), as a CSV file.
        #[arg(long, value_name = "FILE")]
        epss: Option<PathBuf>,
        /// Only these ecosystems: npm, PyPI, Packagist, RubyGems, crates.io, Go, Maven, Hex, Pub.
        #[arg(long, value_name = "NAME", num_args = 1..)]
        ecosystem: Vec<String>,
        /// Send no request.
        #[arg(long)]
        offline: bool,
    },
    /// Shows what is known, from where, and how old it is.
    Status {
        /// Form of the answer.
        #[arg(long, value_enum, default_value_t = Form::Terminal)]
        format: Form,
    },
    /// Asks deps.dev whether the packages of an app exist, how old they are and whether they are kept up. This tells it their
    /// names, except private ones. Exit 0 no remark, 1 some package does not exist, 3 some could not be asked for.
    Packages {
        /// Folder of the app.
        #[arg(default_value = ".")]
        path: PathBuf,
        /// Address of a service that speaks like deps.dev (API v3).
        #[arg(long, value_name = "URL", default_value = plimsoll_online::DEPS_DEV)]
        api: String,
        /// Send no request.
        #[arg(long)]
        offline: bool,
        /// Form of the answer.
        #[arg(long, value_enum, default_value_t = Form::Terminal)]
        format: Form,
    },
    /// Tells which of your apps an advisory hits: exit 0 none, 1 some, 3 could not tell.
    Impact {
        /// Any of its ids: GHSA-…, CVE-…, PYSEC-…
        id: String,
        /// Folders of the apps.
        #[arg(default_value = ".")]
        paths: Vec<PathBuf>,
        /// Form of the answer.
        #[arg(long, value_enum, default_value_t = Form::Terminal)]
        format: Form,
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Form {
    Terminal,
    Json,
}

/// What a command says and its exit code.
pub(crate) struct Said {
    pub(crate) text: String,
    pub(crate) code: u8,
}

/// The environment's word for the folder of updates; empty for none.
const FOLDER_VARIABLE: &str = "PLIMSOLL_ADVISORIES";

/// The folder of updates; `None` where the system names no place for it.
fn folder() -> Option<PathBuf> {
    let of = |name: &str| std::env::var_os(name).map(PathBuf::from);
    if let Some(said) = of(FOLDER_VARIABLE) {
        return Some(said).filter(|folder| !folder.as_os_str().is_empty());
    }
    let absolute = |folder: &PathBuf| folder.is_absolute();
    let base = if cfg!(windows) {
        of("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        of("HOME").map(|home| home.join("Library/Application Support"))
    } else {
        of("XDG_DATA_HOME").filter(absolute).or_else(|| of("HOME").map(|home| home.join(".local/share")))
    };
    base.filter(absolute).map(|base| base.join("plimsoll/advisories"))
}

/// The advisories of this machine.
pub(crate) fn database() -> &'static Database {
    static DATABASE: OnceLock<Database> = OnceLock::new();
    DATABASE.get_or_init(|| folder().map_or_else(Database::builtin, |folder| Database::with_folder(&folder)))
}

/// The model's day as the engine has it.
fn engine_day(day: Day) -> plimsoll_deps::Day {
    plimsoll_deps::Day::parse(&day.to_string()).unwrap_or_default()
}

fn model_day(day: plimsoll_deps::Day) -> Day {
    Day::from_days(i64::from(day.0))
}

pub(crate) fn run(command: Advisories, options: &TerminalOptions) -> Result<Said, String> {
    match command {
        Advisories::Update { from, kev, epss, ecosystem, offline } => {
            let _progress = progress::Progress::start();
            update(from.as_deref(), kev.as_deref(), epss.as_deref(), &ecosystem, offline)
        }
        Advisories::Status { format } => {
            let status = status();
            let text = match format {
                Form::Terminal => plimsoll_report::advisory_status_terminal(&status, options),
                Form::Json => plimsoll_report::advisory_status_json(&status),
            };
            Ok(Said { text, code: if status.problems.is_empty() { 0 } else { 3 } })
        }
        Advisories::Packages { offline: true, .. } => {
            Err("--offline sends no request, and nothing else can tell what registries say".into())
        }
        Advisories::Packages { path, api, offline: false, format } => {
            let _progress = progress::Progress::start();
            let report = packages(&path, &api)?;
            let text = match format {
                Form::Terminal => plimsoll_report::packages_terminal(&report, options),
                Form::Json => plimsoll_report::packages_json(&report),
            };
            let code = if report.packages.iter().any(|package| !package.exists) {
                1
            } else if !report.not_checked.is_empty() {
                3
            } else {
                0
            };
            Ok(Said { text, code })
        }
        Advisories::Impact { id, paths, format } => {
            let report = impact(&id, &paths)?;
            let text = match format {
                Form::Terminal => plimsoll_report::impact_terminal(&report, options),
                Form::Json => plimsoll_report::impact_json(&report),
            };
            let any = |answer: &str| report.apps.iter().any(|app| app.answer == answer);
            let code = if any("affected") {
                1
            } else if !report.known || any("not checked") || !report.not_checked.is_empty() {
                3
            } else {
                0
            };
            Ok(Said { text, code })
        }
    }
}

fn update(
    from: Option<&str>,
    kev: Option<&Path>,
    epss: Option<&Path>,
    ecosystems: &[String],
    offline: bool,
) -> Result<Said, String> {
    let chosen = chosen(ecosystems)?;
    let folder = folder().ok_or("this system names no folder to keep advisories in; set PLIMSOLL_ADVISORIES to one")?;
    std::fs::create_dir_all(&folder).map_err(|error| format!("`{}` cannot be created: {error}", folder.display()))?;
    let today = engine_day(today());
    let mut lines = Vec::new();
    let mut failed = 0;
    let mut say_table = |what: &str, taken: Result<usize, String>| match taken {
        Ok(rows) => lines.push(format!("{what}: {rows} rows")),
        Err(error) => {
            failed += 1;
            lines.push(format!("{what}: {error}. What was there before is there still."));
        }
    };
    if let Some(file) = kev {
        let taken = plimsoll_deps::update_kev(file, &folder, today).map_err(|error| error.to_string());
        say_table("known exploited vulnerabilities", taken);
    }
    if let Some(file) = epss {
        let taken = plimsoll_deps::update_epss(file, &folder, today).map_err(|error| error.to_string());
        say_table("exploit likelihoods", taken);
    }
    // Tables alone send no request that was not asked for.
    if from.is_some() || (kev.is_none() && epss.is_none()) {
        let source = Source::of(from, offline)?;
        let mut say = |ecosystem: Ecosystem, result: Result<Updated, UpdateError>| match result {
            Ok(Updated::Absent) => {}
            Ok(updated) => lines.push(format!("{ecosystem}: {}", outcome(&updated))),
            Err(error) => {
                failed += 1;
                lines.push(format!("{ecosystem}: {error}. What was there before is there still."));
            }
        };
        match source {
            Source::Bucket(bucket) => {
                for ecosystem in chosen {
                    progress::stage("fetching advisories");
                    say(ecosystem, plimsoll_deps::update(bucket.as_ref(), ecosystem, &folder, today));
                }
            }
            Source::Records(path) => {
                let updated = plimsoll_deps::update_from_records(&path, &folder, today, &chosen);
                for (ecosystem, updated) in updated.map_err(|error| error.to_string())? {
                    say(ecosystem, Ok(updated));
                }
            }
        }
    }
    if lines.is_empty() {
        return Err("the source has advisories of none of these ecosystems".into());
    }
    Ok(Said { text: lines.join("\n") + "\n", code: if failed > 0 { 2 } else { 0 } })
}

fn chosen(names: &[String]) -> Result<Vec<Ecosystem>, String> {
    if names.is_empty() {
        return Ok(Ecosystem::ALL.to_vec());
    }
    let known = |name: &String| {
        let found = Ecosystem::ALL.into_iter().find(|ecosystem| ecosystem.as_str().eq_ignore_ascii_case(name));
        found.ok_or_else(|| {
            let all: Vec<&str> = Ecosystem::ALL.iter().map(|ecosystem| ecosystem.as_str()).collect();
            format!("there is no ecosystem `{name}`. Known: {}", all.join(", "))
        })
    };
    names.iter().map(known).collect()
}

enum Source {
    Bucket(Box<dyn Bucket>),
    Records(PathBuf),
}

impl Source {
    fn of(from: Option<&str>, offline: bool) -> Result<Self, String> {
        let address = from.filter(|from| from.contains("://"));
        match (address, from) {
            (None, Some(path)) => {
                let path = PathBuf::from(path);
                if !path.exists() {
                    return Err(format!("there is no file or folder at `{}`", path.display()));
                }
                Ok(match FolderBucket::open(&path) {
                    Some(bucket) => Source::Bucket(Box::new(bucket)),
                    None => Source::Records(path),
                })
            }
            _ if offline => Err("--offline sends no request; name a folder or a file with --from".into()),
            (address, _) => HttpBucket::new(address.unwrap_or(plimsoll_online::OSV_BUCKET))
                .map(|bucket| Source::Bucket(Box::new(bucket)))
                .map_err(|error| error.to_string()),
        }
    }
}

fn outcome(updated: &Updated) -> String {
    match updated {
        Updated::Absent => "the source has none".to_owned(),
        Updated::Unchanged { records } => format!("nothing new; {records} records"),
        Updated::Replaced { records, changed, gone, whole, unreadable } => {
            let mut text = match whole {
                true => format!("{records} records, all read"),
                false => format!("{records} records, {changed} new or changed"),
            };
            if *gone > 0 {
                text.push_str(&format!(", {gone} gone"));
            }
            if let Some((name, why)) = unreadable.first() {
                text.push_str(&format!(
                    "; {} could not be read, such as {name} ({why}): reviews will say so",
                    unreadable.len()
                ));
            }
            text
        }
    }
}

fn status() -> AdvisoryStatus {
    let (database, today) = (database(), today());
    let age = |day: plimsoll_deps::Day| today.since(model_day(day));
    let mut problems = database.exploited().problems.clone();
    let mut sources = Vec::new();
    for source in Ecosystem::ALL.map(|ecosystem| database.source(ecosystem)) {
        if let Some(damaged) = &source.damaged {
            problems.push(format!("{}: {damaged}", source.ecosystem));
        }
        if let Some(index) = database.index(source.ecosystem)
            && let Err(error) = index.verify()
        {
            problems.push(format!("{}: {error}", source.ecosystem));
        }
        let mut name = source.origin.clone().unwrap_or_else(|| "part of this program".to_owned());
        if source.outdated {
            name.push_str(" (an update that is older is not used)");
        }
        let info = source.info.as_ref();
        sources.push(AdvisorySourceStatus {
            ecosystem: source.ecosystem.as_str().to_owned(),
            source: if info.is_some() { name } else { String::new() },
            known_until: info.map(|_| source.known_until.to_string()),
            age_days: info.map(|_| age(source.known_until)),
            newest_record: info.map(|info| info.as_of.to_string()),
            records: info.map_or(0, |info| info.records),
            packages: info.map_or(0, |info| info.packages),
            unreadable: info.map_or(0, |info| info.unreadable),
            partial: info.is_some_and(|info| info.partial),
        });
    }
    problems.dedup();
    let tables = ["known exploited vulnerabilities (CISA KEV)", "exploit likelihoods (EPSS)"]
        .into_iter()
        .zip(database.exploited().dates())
        .map(|(what, known)| AdvisoryTable {
            what,
            date: known.map(|(day, _)| day.to_string()),
            age_days: known.map(|(day, _)| age(day)),
            rows: known.map_or(0, |(_, rows)| rows),
        })
        .collect();
    AdvisoryStatus {
        schema: "plimsoll-advisories/1",
        folder: folder().map(|folder| folder.display().to_string()),
        sources,
        tables,
        problems,
    }
}

fn packages(path: &Path, api: &str) -> Result<PackagesReport, String> {
    let registry = DepsDev::new(api).map_err(|error| error.to_string())?;
    let subject = crate::owner::read(path)?;
    let private: Vec<String> = subject.config.private.iter().map(|said| said.value.text().to_owned()).collect();
    let private = Private::read(&subject.tree, &private);
    let (packages, mut gaps) = plimsoll_deps::packages(&subject.tree);
    gaps.retain(|gap| gap.matters);
    progress::stage("asking about packages");
    let mut looked_up = plimsoll_deps::look_up(&packages, &registry, &private);
    gaps.append(&mut looked_up.not_checked);
    let mut report = PackagesReport {
        schema: "plimsoll-packages/1",
        asked: registry.label(),
        packages: Vec::new(),
        not_checked: gaps.iter().map(|gap| format!("{}: {}", gap.what, gap.why)).collect(),
    };
    for package in &packages {
        let name = package.ecosystem.normalized(&package.name);
        let Some(answer) = looked_up.answers.get(&(package.ecosystem, name)) else { continue };
        let mut standing = PackageStanding {
            ecosystem: package.ecosystem.as_str().to_owned(),
            name: package.name.clone(),
            version: package.version.as_written().to_owned(),
            direct: package.direct,
            ..PackageStanding::default()
        };
        if let LookUp::Known(facts) = answer {
            let first = facts.first_published();
            standing.exists = true;
            standing.first_published = first.map(|day| day.to_string());
            standing.age_days = first.map(|day| subject.today.since(model_day(day)));
            standing.deprecated = facts.is_deprecated(package.version.exact());
            standing.latest.clone_from(&facts.latest);
        }
        report.packages.push(standing);
    }
    report.packages.dedup();
    Ok(report)
}

fn impact(id: &str, paths: &[PathBuf]) -> Result<ImpactReport, String> {
    let database = database();
    let (concern, gaps) = plimsoll_deps::concern(database, id.trim());
    let line = |gap: &plimsoll_deps::NotChecked| format!("{}: {}", gap.what, gap.why);
    let mut report = ImpactReport {
        schema: "plimsoll-impact/1",
        id: id.trim().to_owned(),
        not_checked: gaps.iter().map(line).collect(),
        severity: "unknown".to_owned(),
        ..ImpactReport::default()
    };
    if let Some(concern) = &concern {
        report.known = true;
        report.ids = concern.ids.iter().cloned().collect();
        report.summary.clone_from(&concern.summary);
        report.severity = concern.severity.as_str().to_owned();
        report.exploited = concern.exploited.map(|known| known.since.to_string());
        report.packages = concern
            .packages
            .iter()
            .map(|((ecosystem, name), affected)| ImpactPackage {
                ecosystem: ecosystem.as_str().to_owned(),
                name: name.clone(),
                affected: affected.clone(),
            })
            .collect();
    }
    for path in paths {
        let tree = SourceTree::read(path, &Limits::default()).map_err(|error| error.to_string())?;
        let mut app = ImpactApp { path: path.display().to_string(), answer: "not checked", ..ImpactApp::default() };
        let Some(concern) = &concern else {
            app.not_checked.push("no advisory of this name is known".to_owned());
            report.apps.push(app);
            continue;
        };
        let found = plimsoll_deps::impact(&tree, database, concern);
        app.hits = found
            .hit
            .iter()
            .map(|(package, found)| {
                let span = package.manifest_span.unwrap_or(package.span);
                let file = tree.file(span.file);
                ImpactHit {
                    name: package.name.clone(),
                    version: package.version.as_written().to_owned(),
                    scope: match package.scope {
                        Scope::Production => "production",
                        Scope::Development => "development",
                        Scope::Unknown => "unknown",
                    },
                    path: package.path.clone(),
                    at: format!("{}:{}", file.path, file.line_of(span.start)),
                    fixed_in: found.fixed_in.clone(),
                    certainty: match found.certainty {
                        Certainty::Certain => "certain",
                        Certainty::Likely => "likely",
                        Certainty::Possible => "possible",
                    },
                }
            })
            .collect();
        app.not_affected = found
            .not_affected
            .iter()
            .map(|package| format!("{} {}", package.name, package.version.as_written()))
            .collect();
        app.not_checked = found.not_checked.iter().map(line).collect();
        app.answer = match (app.hits.is_empty(), app.not_checked.is_empty()) {
            (false, _) => "affected",
            (true, false) => "not checked",
            (true, true) => "not affected",
        };
        report.apps.push(app);
    }
    Ok(report)
}
