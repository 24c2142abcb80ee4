//! `cargo xtask bench`: speed and memory of a review, and how both grow.
//!
//! Given folders of apps, it lays whole apps side by side until a size is reached and reviews that, for growing sizes. Lines
//! are those of program code, its blank lines and comments included. Without folders it measures on the example app.

mod corpus;
mod measure;
mod plot;

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use self::corpus::App;
pub(crate) use self::measure::high_water;
use self::measure::{Measured, RUNS, Way, measure};
use crate::workspace;

/// Lines of program code to grow to.
const SIZES: &[usize] = &[50_000, 100_000, 250_000, 500_000, 1_000_000];

/// Files of program code of an app of ordinary size.
const ORDINARY: usize = 400;

/// How many times larger the large app is that is made of the example.
const GROWTH: usize = 4;

/// Measures on apps of folders, or on an app made from the example.
pub(crate) fn command(args: &[&str]) -> Result<()> {
    let (mut folders, mut write) = (Vec::new(), false);
    for arg in args {
        match *arg {
            "--write" => write = true,
            option if option.starts_with('-') => bail!("`{option}` is no option of bench"),
            folder => folders.push(PathBuf::from(folder)),
        }
    }
    if write && folders.is_empty() {
        bail!("the page of the benchmark is of real code: name folders of apps");
    }
    let program = workspace::program(true)?;
    let place = workspace::root().join("target/bench");
    let mut report = if folders.is_empty() {
        Report { growth: of_example(&program, &place)?, again: Vec::new() }
    } else {
        let apps = corpus::apps(&folders)?;
        println!("{} apps, {} lines of program code", apps.len(), apps.iter().map(|app| app.lines).sum::<usize>());
        Report { growth: growth(&program, &place, &apps)?, again: again(&program, &place, &apps)? }
    };
    corpus::remove(&place)?;
    report.growth.sort_by_key(|measured| measured.lines);
    print!("{}", report.table());
    if write {
        let docs = workspace::root().join("docs");
        std::fs::write(docs.join("benchmark.svg"), plot::draw(&report.growth))?;
        std::fs::write(docs.join("benchmark.md"), report.page())?;
    }
    Ok(())
}

/// Everything measured.
struct Report {
    /// Over sizes, without anything kept from before.
    growth: Vec<Measured>,
    /// An app of ordinary size: the first time, again unchanged, and again with one file changed.
    again: Vec<Measured>,
}

/// The first review of ever more apps.
fn growth(program: &Path, place: &Path, apps: &[App]) -> Result<Vec<Measured>> {
    let mut out = Vec::new();
    for &size in SIZES {
        let app = place.join(size.to_string());
        let laid = corpus::lay_out(&app, apps, size)?;
        if laid.lines * 10 < size * 9 {
            println!("there is not enough code for {size} lines");
            break;
        }
        out.push(measure(program, &app, &laid, Way::Fresh)?);
        println!("{}", out.last().map(Measured::row).unwrap_or_default());
        corpus::remove(&app)?;
    }
    Ok(out)
}

/// The app whose number of files is nearest to [`ORDINARY`], reviewed again.
fn again(program: &Path, place: &Path, apps: &[App]) -> Result<Vec<Measured>> {
    let Some(app) = apps.iter().min_by_key(|app| app.code.len().abs_diff(ORDINARY)) else { return Ok(Vec::new()) };
    let at = place.join("again");
    let laid = corpus::lay_out(&at, std::slice::from_ref(app), app.lines)?;
    let mut out = Vec::new();
    for way in [Way::Fresh, Way::Unchanged, Way::OneChanged] {
        out.push(measure(program, &at, &laid, way)?);
    }
    Ok(out)
}

fn of_example(program: &Path, place: &Path) -> Result<Vec<Measured>> {
    let made = corpus::from_example(&workspace::root(), ORDINARY)?;
    let mut out = Vec::new();
    for times in [1, GROWTH] {
        let app = place.join(format!("x{times}"));
        let laid = corpus::write(&app, &made, times)?;
        out.push(measure(program, &app, &laid, Way::Fresh)?);
    }
    Ok(out)
}

impl Report {
    fn table(&self) -> String {
        let mut out = format!("{}\n", Measured::heading());
        for measured in self.growth.iter().chain(&self.again) {
            out.push_str(&measured.row());
            out.push('\n');
        }
        if let (Some(small), Some(large)) = (self.growth.first(), self.growth.last())
            && small.lines < large.lines
        {
            let times = |large: f64, small: f64| large / small;
            out.push_str(&format!(
                "{:.1} times the lines take {:.1} times the time",
                times(large.lines as f64, small.lines as f64),
                times(large.median.as_secs_f64(), small.median.as_secs_f64())
            ));
            if let (Some(small), Some(large)) = (small.peak, large.peak) {
                out.push_str(&format!(" and {:.1} times the memory", times(large as f64, small as f64)));
            }
            out.push_str(&format!(" (median of {RUNS})\n"));
        }
        out
    }

    /// `docs/benchmark.md`.
    fn page(&self) -> String {
        let mut out = String::from(
            "# Benchmark\n\nWritten by `cargo xtask bench DIR… --write`: real apps, most of them built with AI assistants, in TypeScript, JavaScript,\n\
             Python, PHP and SQL, whole apps side by side until the size is reached. Wall time is the median of ",
        );
        out.push_str(&format!(
            "{RUNS} runs of the whole program on {} cores,\nwith the files in the system's cache and nothing kept from an earlier review.\n\n![Time and memory over lines of code](benchmark.svg)\n\n",
            std::thread::available_parallelism().map_or(1, usize::from)
        ));
        out.push_str(
            "| lines | files | MB | seconds | CPU seconds | lines a second | peak memory, MB |\n|---:|---:|---:|---:|---:|---:|---:|\n",
        );
        for measured in &self.growth {
            out.push_str(&measured.markdown());
        }
        if !self.again.is_empty() {
            out.push_str("\nOne app of ordinary size, again:\n\n| what | lines | files | seconds | CPU seconds | peak memory, MB |\n|---|---:|---:|---:|---:|---:|\n");
            for measured in &self.again {
                out.push_str(&measured.markdown_again());
            }
        }
        out
    }
}
