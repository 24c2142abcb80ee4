//! What is known of advisories, and which apps one of them hits.

use serde::Serialize;

use crate::TerminalOptions;
use crate::clean::Cleaning;
use crate::layout::Style;
use crate::words::count;

/// Which advisories there are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AdvisoryStatus {
    /// Always `plimsoll-advisories/1`.
    pub schema: &'static str,
    /// The folder of updates.
    pub folder: Option<String>,
    /// One for each ecosystem.
    pub sources: Vec<AdvisorySourceStatus>,
    /// Tables beside the advisories.
    pub tables: Vec<AdvisoryTable>,
    /// What cannot be used, and why.
    pub problems: Vec<String>,
}

/// What is known of one ecosystem.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AdvisorySourceStatus {
    /// `npm`, `PyPI` …
    pub ecosystem: String,
    /// Where it comes from.
    pub source: String,
    /// Nothing published after this day is known, `YYYY-MM-DD`; `None` when nothing is known.
    pub known_until: Option<String>,
    /// Days since then.
    pub age_days: Option<i64>,
    /// The newest change of a record.
    pub newest_record: Option<String>,
    /// How many records.
    pub records: u32,
    /// How many packages they name.
    pub packages: u32,
    /// Records that could not be read.
    pub unreadable: u32,
    /// The source keeps one range per advisory.
    pub partial: bool,
}

/// A table beside the advisories.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AdvisoryTable {
    /// What it says.
    pub what: &'static str,
    /// Its day, `YYYY-MM-DD`; `None` when it is not there.
    pub date: Option<String>,
    /// Days since then.
    pub age_days: Option<i64>,
    /// How many rows.
    pub rows: usize,
}

/// Which apps an advisory hits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ImpactReport {
    /// Always `plimsoll-impact/1`.
    pub schema: &'static str,
    /// The id that was asked for.
    pub id: String,
    /// Whether any record has it.
    pub known: bool,
    /// All its ids.
    pub ids: Vec<String>,
    /// One line.
    pub summary: String,
    /// How bad; `unknown` where no source rates it.
    pub severity: String,
    /// Since when attackers are known to use it.
    pub exploited: Option<String>,
    /// The packages it is about.
    pub packages: Vec<ImpactPackage>,
    /// The apps that were asked for.
    pub apps: Vec<ImpactApp>,
    /// What could not be looked at whatever the app.
    pub not_checked: Vec<String>,
}

/// A package that an advisory is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ImpactPackage {
    /// `npm`, `PyPI` …
    pub ecosystem: String,
    /// Its name.
    pub name: String,
    /// Affected versions in words.
    pub affected: String,
}

/// What an advisory means for one app.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ImpactApp {
    /// The folder as given.
    pub path: String,
    /// `affected`, `not affected`, `not checked`.
    pub answer: &'static str,
    /// Where it is hit.
    pub hits: Vec<ImpactHit>,
    /// Versions of the package that are not affected.
    pub not_affected: Vec<String>,
    /// What could hide a hit, as `what: why`.
    pub not_checked: Vec<String>,
}

/// A package of an app that is hit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ImpactHit {
    /// Its name.
    pub name: String,
    /// Version or range.
    pub version: String,
    /// `production`, `development`, `unknown`.
    pub scope: &'static str,
    /// From the app to the package.
    pub path: Vec<String>,
    /// Where it is declared, `file:line`.
    pub at: String,
    /// The lowest version that is not affected.
    pub fixed_in: Option<String>,
    /// `certain`, `likely`, `possible`.
    pub certainty: &'static str,
}

/// What the registries say of an app's packages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PackagesReport {
    /// Always `plimsoll-packages/1`.
    pub schema: &'static str,
    /// Who was asked.
    pub asked: String,
    /// Packages about which there is an answer.
    pub packages: Vec<PackageStanding>,
    /// What was not asked or not answered, as `what: why`.
    pub not_checked: Vec<String>,
}

/// What the registry says of a package.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PackageStanding {
    /// `npm`, `PyPI` …
    pub ecosystem: String,
    /// Its name.
    pub name: String,
    /// Version or range in use.
    pub version: String,
    /// Whether a manifest of the app names it.
    pub direct: bool,
    /// Whether the registry has a package of this name.
    pub exists: bool,
    /// When its first version was published, `YYYY-MM-DD`.
    pub first_published: Option<String>,
    /// Days since then.
    pub age_days: Option<i64>,
    /// Its maker says that this version should not be used any more.
    pub deprecated: bool,
    /// The version that one gets today.
    pub latest: Option<String>,
}

/// Younger packages are a risk of their own: most attacks by invented names are found within weeks.
const YOUNG_DAYS: i64 = 30;

impl PackageStanding {
    /// What is worth a look, worst first.
    pub fn remark(&self) -> Option<String> {
        let latest = self.latest.as_ref().map_or(String::new(), |latest| format!("; the current version is {latest}"));
        match (self.exists, self.age_days) {
            (false, _) => Some("does not exist: anybody can publish something under this name".to_owned()),
            (true, Some(age)) if age < YOUNG_DAYS => Some(format!("was first published {} ago", days(age))),
            _ if self.deprecated => Some(format!("should not be used any more, says its maker{latest}")),
            _ => None,
        }
    }
}

impl PackagesReport {
    fn clean(&self, cleaning: Cleaning) -> Self {
        let line = |text: &String| cleaning.line(text);
        PackagesReport {
            schema: self.schema,
            asked: line(&self.asked),
            packages: self
                .packages
                .iter()
                .map(|package| PackageStanding {
                    name: line(&package.name),
                    version: line(&package.version),
                    latest: package.latest.as_ref().map(line),
                    ..package.clone()
                })
                .collect(),
            not_checked: self.not_checked.iter().map(line).collect(),
        }
    }
}

/// What the registries say, for a person at a terminal.
pub(crate) fn packages_terminal(report: &PackagesReport, options: &TerminalOptions) -> String {
    let report = report.clean(options.cleaning());
    let mut canvas = options.canvas();
    let asked = count(report.packages.len(), "package", "packages");
    canvas.heading(&format!("{asked} looked up at {}", report.asked), Style::Bold);
    let mut quiet = 0;
    for package in &report.packages {
        let Some(remark) = package.remark() else {
            quiet += 1;
            continue;
        };
        let style = if package.exists { Style::Yellow } else { Style::Red };
        let direct = if package.direct { "" } else { " (brought by another package)" };
        let text = format!("{} {} {}{direct} {remark}", package.ecosystem, package.name, package.version);
        canvas.hang("  -", Style::Plain, 4, style, &text);
    }
    canvas.prose(0, Style::Plain, &format!("{} without a remark.", count(quiet, "package", "packages")));
    for gap in &report.not_checked {
        canvas.hang("  ?", Style::Yellow, 4, Style::Plain, &format!("not checked: {gap}"));
    }
    canvas.finish()
}

/// What the registries say, as JSON, `"schema": "plimsoll-packages/1"`.
pub(crate) fn packages_json(report: &PackagesReport) -> String {
    let mut text = serde_json::to_string_pretty(&report.clean(Cleaning::default())).unwrap_or_default();
    text.push('\n');
    text
}

impl AdvisoryStatus {
    fn clean(&self, cleaning: Cleaning) -> Self {
        let line = |text: &String| cleaning.line(text);
        AdvisoryStatus {
            schema: self.schema,
            folder: self.folder.as_ref().map(line),
            sources: self
                .sources
                .iter()
                .map(|source| AdvisorySourceStatus { source: line(&source.source), ..source.clone() })
                .collect(),
            tables: self.tables.clone(),
            problems: self.problems.iter().map(line).collect(),
        }
    }
}

impl ImpactReport {
    fn clean(&self, cleaning: Cleaning) -> Self {
        let line = |text: &String| cleaning.line(text);
        let lines = |texts: &[String]| texts.iter().map(|text| cleaning.line(text)).collect::<Vec<_>>();
        let hit = |hit: &ImpactHit| ImpactHit {
            name: line(&hit.name),
            version: line(&hit.version),
            path: lines(&hit.path),
            at: line(&hit.at),
            fixed_in: hit.fixed_in.as_ref().map(line),
            ..hit.clone()
        };
        ImpactReport {
            schema: self.schema,
            id: line(&self.id),
            known: self.known,
            ids: lines(&self.ids),
            summary: line(&self.summary),
            severity: self.severity.clone(),
            exploited: self.exploited.clone(),
            packages: self
                .packages
                .iter()
                .map(|package| ImpactPackage {
                    ecosystem: package.ecosystem.clone(),
                    name: line(&package.name),
                    affected: line(&package.affected),
                })
                .collect(),
            apps: self
                .apps
                .iter()
                .map(|app| ImpactApp {
                    path: line(&app.path),
                    answer: app.answer,
                    hits: app.hits.iter().map(hit).collect(),
                    not_affected: lines(&app.not_affected),
                    not_checked: lines(&app.not_checked),
                })
                .collect(),
            not_checked: lines(&self.not_checked),
        }
    }
}

fn days(number: i64) -> String {
    count(usize::try_from(number).unwrap_or(0), "day", "days")
}

/// The status for a person at a terminal.
pub(crate) fn status_terminal(status: &AdvisoryStatus, options: &TerminalOptions) -> String {
    let status = status.clean(options.cleaning());
    let mut canvas = options.canvas();
    canvas.heading("Advisories", Style::Bold);
    if let Some(folder) = &status.folder {
        canvas.prose(0, Style::Dim, &format!("Updates are kept in {folder}."));
    }
    for source in &status.sources {
        let (style, text) = match (&source.known_until, source.age_days) {
            (Some(day), Some(age)) => {
                let style = if age > 7 { Style::Yellow } else { Style::Plain };
                let mut text = format!(
                    "known until {day} ({} old); {} about {}; {}",
                    days(age),
                    count(source.records as usize, "record", "records"),
                    count(source.packages as usize, "package", "packages"),
                    source.source
                );
                if source.unreadable > 0 {
                    let unread = count(source.unreadable as usize, "record", "records");
                    text.push_str(&format!("; {unread} could not be read"));
                }
                if source.partial {
                    text.push_str("; one range per advisory only");
                }
                (style, text)
            }
            _ => (Style::Yellow, "nothing is known".to_owned()),
        };
        canvas.hang(&format!("  {}", source.ecosystem), Style::Bold, 14, style, &text);
    }
    for table in &status.tables {
        let text = match (&table.date, table.age_days) {
            (Some(day), Some(age)) => {
                format!("{}: {} of {day} ({} old)", table.what, count(table.rows, "row", "rows"), days(age))
            }
            _ => format!("{}: not there", table.what),
        };
        canvas.hang("  -", Style::Plain, 4, Style::Plain, &text);
    }
    for problem in &status.problems {
        canvas.hang("  !", Style::Red, 4, Style::Red, problem);
    }
    canvas.finish()
}

/// The status as JSON, `"schema": "plimsoll-advisories/1"`.
pub(crate) fn status_json(status: &AdvisoryStatus) -> String {
    let mut text = serde_json::to_string_pretty(&status.clean(Cleaning::default())).unwrap_or_default();
    text.push('\n');
    text
}

/// The impact for a person at a terminal.
pub(crate) fn impact_terminal(report: &ImpactReport, options: &TerminalOptions) -> String {
    let report = report.clean(options.cleaning());
    let mut canvas = options.canvas();
    if !report.known {
        canvas.heading(&format!("{}: no advisory of this name is known", report.id), Style::Yellow);
        canvas.prose(0, Style::Plain, "It may be newer than the advisories here: see `plimsoll advisories status`.");
    } else {
        canvas.heading(&format!("{}: {}", report.ids.join(", "), report.summary), Style::Bold);
        canvas.prose(0, Style::Plain, &format!("Severity: {}.", report.severity));
        if let Some(day) = &report.exploited {
            canvas.prose(0, Style::Red, &format!("Attackers are known to use it since {day} (CISA's catalogue)."));
        }
        for package in &report.packages {
            canvas.prose(2, Style::Plain, &format!("{} {}: {}", package.ecosystem, package.name, package.affected));
        }
    }
    for app in &report.apps {
        let style = match app.answer {
            "affected" => Style::Red,
            "not affected" => Style::Green,
            _ => Style::Yellow,
        };
        canvas.gap();
        canvas.hang(&format!("{}:", app.path), Style::Bold, 2, style, app.answer);
        for hit in &app.hits {
            let mut text = format!("{} {} at {} ({}, {})", hit.name, hit.version, hit.at, hit.scope, hit.certainty);
            if hit.path.len() > 1 {
                text.push_str(&format!("; brought by {}", hit.path.join(" > ")));
            }
            text.push_str(&match &hit.fixed_in {
                Some(version) => format!("; not affected from {version} on"),
                None => "; no version that is not affected is known".to_owned(),
            });
            canvas.hang("  -", Style::Plain, 4, Style::Plain, &text);
        }
        for package in &app.not_affected {
            canvas.hang("  -", Style::Plain, 4, Style::Plain, &format!("{package} is not affected"));
        }
        for gap in &app.not_checked {
            canvas.hang("  ?", Style::Yellow, 4, Style::Plain, &format!("not checked: {gap}"));
        }
    }
    if !report.not_checked.is_empty() {
        canvas.gap();
        canvas.heading("Not checked", Style::Yellow);
        for gap in &report.not_checked {
            canvas.hang("  -", Style::Plain, 4, Style::Plain, gap);
        }
    }
    canvas.finish()
}

/// The impact as JSON, `"schema": "plimsoll-impact/1"`.
pub(crate) fn impact_json(report: &ImpactReport) -> String {
    let mut text = serde_json::to_string_pretty(&report.clean(Cleaning::default())).unwrap_or_default();
    text.push('\n');
    text
}
