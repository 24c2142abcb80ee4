//! `cargo xtask corpus`: how well the program finds what people found in labelled apps.
//!
//! The scoring is that of the labels' own script, number for number, so that other tools' results can be compared.

mod depth;
mod labels;
mod sarif;
mod score;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::workspace;
use score::Score;

/// Names the folder of labels when no flag does.
const LABELS: &str = "PLIMSOLL_LABELS";

/// Reviews the apps of a folder and scores them.
pub(crate) fn command(args: &[&str]) -> Result<()> {
    let mut apps = None;
    let mut folder = std::env::var_os(LABELS).map(PathBuf::from);
    let (mut verbose, mut release, mut deep) = (false, true, false);
    let mut args = args.iter();
    while let Some(&arg) = args.next() {
        match arg {
            "--labels" => folder = Some(args.next().context("--labels needs a folder")?.into()),
            "--verbose" => verbose = true,
            "--debug" => release = false,
            "--depth" => deep = true,
            flag if flag.starts_with("--") => bail!("unknown flag {flag}"),
            path => apps = Some(PathBuf::from(path)),
        }
    }
    let apps = apps.context("usage: cargo xtask corpus DIR [--labels DIR] [--depth] [--verbose] [--debug]")?;
    if !apps.is_dir() {
        println!("skipped: there is no folder of apps at {}", apps.display());
        return Ok(());
    }
    let Some(folder) = folder else { bail!("name the folder of labels with --labels or in {LABELS}") };
    if !folder.is_dir() {
        println!("skipped: there is no folder of labels at {}", folder.display());
        return Ok(());
    }
    let program = workspace::program(release)?;

    if deep {
        return depth(&program, &apps, &folder, verbose);
    }
    let mut total = Score::default();
    let mut failed = Vec::new();
    let mut labelled = std::collections::BTreeSet::new();
    for (app, labels) in labels::read(&folder)? {
        labelled.insert(app.clone());
        let path = apps.join(&app);
        if !path.is_dir() {
            println!("{app}: skipped, there is no folder of that name");
            continue;
        }
        match review(&program, &path) {
            Ok((findings, seconds)) => {
                let (score, notes) = score::app(&app, &labels, &findings);
                for note in notes.iter().filter(|_| verbose) {
                    println!("  {note}");
                }
                println!("{}  {seconds:.1}s", score.row(&app));
                total.add(&score);
            }
            Err(error) => failed.push(format!("{app}: {error:#}")),
        }
    }
    // Apps without labels say only whether a review comes to its end.
    for path in folders(&apps)? {
        let app = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if labelled.contains(&app) {
            continue;
        }
        match review(&program, &path) {
            Ok((findings, seconds)) => println!("{app}: no labels, {} findings  {seconds:.1}s", findings.len()),
            Err(error) => failed.push(format!("{app}: {error:#}")),
        }
    }
    print!("{}", total.summary());
    if failed.is_empty() { Ok(()) } else { bail!("reviews that failed:\n{}", failed.join("\n")) }
}

/// Measures data maps and attack chains instead of findings.
fn depth(program: &Path, apps: &Path, folder: &Path, verbose: bool) -> Result<()> {
    let mut total = depth::Depth::default();
    for (app, labels) in labels::read(folder)? {
        let path = apps.join(&app);
        if !path.is_dir() {
            println!("{app}: skipped, there is no folder of that name");
            continue;
        }
        let (text, _) = output(program, &path, "json")?;
        let (one, notes) = depth::app(&app, &labels, &serde_json::from_slice(&text)?);
        for note in notes.iter().filter(|_| verbose) {
            println!("  {note}");
        }
        println!("{}", one.row(&app));
        total.add(&one);
    }
    println!("{}", total.row("TOTAL"));
    Ok(())
}

fn folders(parent: &Path) -> Result<Vec<PathBuf>> {
    let mut out: Vec<PathBuf> = std::fs::read_dir(parent)?.flatten().map(|entry| entry.path()).collect();
    out.retain(|path| path.is_dir());
    out.sort();
    Ok(out)
}

/// The findings of a review and how many seconds it took.
fn review(program: &Path, app: &Path) -> Result<(Vec<sarif::Finding>, f64)> {
    let (text, seconds) = output(program, app, "sarif")?;
    Ok((sarif::findings(&text)?, seconds))
}

/// A review in some format, and how many seconds it took.
fn output(program: &Path, app: &Path, format: &str) -> Result<(Vec<u8>, f64)> {
    let started = Instant::now();
    let output = Command::new(program)
        .args(["check", "--format", format])
        .arg(app)
        .stdin(Stdio::null())
        .output()
        .context("the program cannot be started")?;
    let seconds = started.elapsed().as_secs_f64();
    match output.status.code() {
        Some(0 | 1 | 3) => Ok((output.stdout, seconds)),
        _ => bail!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim()),
    }
}
