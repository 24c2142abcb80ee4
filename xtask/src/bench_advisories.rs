//! `cargo xtask bench-advisories`: building the index of a database of real size, and a review that asks it.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::bench::high_water;
use crate::workspace;

mod peers;

/// Records that are made.
const RECORDS: usize = 200_000;
/// Packages that they are about.
const NAMES: usize = 60_000;
/// Packages of the lockfile.
const PACKAGES: usize = 1_500;
/// How many of them have records. In old real lockfiles it is one in ten.
const WITH_RECORDS: usize = 150;
/// Runs of which the median is taken.
const RUNS: usize = 15;

/// What is promised.
const MAX_BUILD: Duration = Duration::from_secs(30);
const MAX_REVIEW: Duration = Duration::from_millis(50);
const MAX_MEMORY_KIB: u64 = 60 * 1024;

/// Measures, and fails when a promise is broken. `osv` has the layout of the public OSV bucket; its records are added.
pub(crate) fn command(osv: Option<&Path>) -> Result<()> {
    let program = workspace::program(true)?;
    let place = workspace::root().join("target/bench-advisories");
    if place.exists() {
        std::fs::remove_dir_all(&place)?;
    }
    let (bucket, app, updates) = (place.join("bucket"), place.join("app"), place.join("updates"));
    let (records, of_npm) = lay_out_bucket(&bucket, osv)?;
    lay_out_app(&app)?;
    let run = |args: &[&std::ffi::OsStr]| measure(&program, &updates, args);

    let (built, peak, code) = run(&["advisories".as_ref(), "update".as_ref(), "--from".as_ref(), bucket.as_ref()])?;
    if code != Some(0) {
        bail!("the update ended with {code:?}");
    }
    let mut size = 0;
    for entry in std::fs::read_dir(&updates)? {
        size += entry?.metadata()?.len();
    }
    println!("records             {records}, index {:.1} MB", size as f64 / 1e6);
    println!("update              {:.2} s, {} MB at most", built.as_secs_f64(), megabytes(peak));
    let (again, peak, _) = run(&["advisories".as_ref(), "update".as_ref(), "--from".as_ref(), bucket.as_ref()])?;
    println!("update, nothing new {:.2} s, {} MB at most", again.as_secs_f64(), megabytes(peak));

    let mut wrong = Vec::new();
    if built > MAX_BUILD {
        wrong.push(format!("the update took {built:?}, not {MAX_BUILD:?}"));
    }
    let check: [&std::ffi::OsStr; 4] = ["check".as_ref(), "--format".as_ref(), "json".as_ref(), app.as_ref()];
    let impact: [&std::ffi::OsStr; 4] = ["advisories".as_ref(), "impact".as_ref(), "SYN-7".as_ref(), app.as_ref()];
    for (name, args, bounded) in [("check", check, true), ("impact", impact, false)] {
        let mut times = Vec::new();
        let mut most = None;
        for _ in 0..RUNS {
            let (took, peak, code) = run(&args)?;
            if !matches!(code, Some(0 | 1 | 3)) {
                bail!("{name} ended with {code:?}");
            }
            times.push(took);
            most = most.max(peak);
        }
        times.sort();
        let (least, median) = (times[0], times[RUNS / 2]);
        println!(
            "{name:19} {:.1} ms (least {:.1}), {} MB at most, {PACKAGES} packages, median of {RUNS} cold processes",
            median.as_secs_f64() * 1e3,
            least.as_secs_f64() * 1e3,
            megabytes(most)
        );
        if bounded && median > MAX_REVIEW {
            wrong.push(format!("{name} took {median:?}, not {MAX_REVIEW:?}"));
        }
        if bounded && most.is_some_and(|peak| peak > MAX_MEMORY_KIB) {
            wrong.push(format!("{name} held {} MB", megabytes(most)));
        }
    }
    peers::measure(&place, &app, of_npm)?;
    std::fs::remove_dir_all(&place)?;
    if wrong.is_empty() { Ok(()) } else { bail!("{}", wrong.join("; ")) }
}

fn megabytes(kib: Option<u64>) -> String {
    kib.map_or_else(|| "?".to_owned(), |kib| format!("{:.0}", kib as f64 * 1024.0 / 1e6))
}

/// Time, peak memory in KiB, exit code.
fn measure(program: &Path, updates: &Path, args: &[&std::ffi::OsStr]) -> Result<(Duration, Option<u64>, Option<i32>)> {
    timed(Command::new(program).args(args).env("PLIMSOLL_ADVISORIES", updates))
}

/// Time, peak memory in KiB, exit code of a program.
fn timed(command: &mut Command) -> Result<(Duration, Option<u64>, Option<i32>)> {
    let started = Instant::now();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    let mut peak = None;
    let status = loop {
        peak = peak.max(high_water(child.id()));
        if let Some(status) = child.try_wait()? {
            break status;
        }
        std::thread::sleep(Duration::from_micros(200));
    };
    Ok((started.elapsed(), peak, status.code()))
}

fn name(at: usize) -> String {
    format!("made-package-{at}")
}

/// A record of usual length.
fn record(at: usize) -> String {
    let package = name(at % NAMES);
    let (major, minor) = (at % 7 + 1, at % 13);
    serde_json::json!({
        "id": format!("SYN-{at}"),
        "aliases": [format!("CVE-2020-{}", 100_000 + at)],
        "modified": format!("2026-{:02}-{:02}T00:00:{:02}Z", at % 11 + 1, at % 28 + 1, at % 60),
        "published": "2026-01-01T00:00:00Z",
        "summary": format!("A made weakness number {at} in {package} lets nobody do anything"),
        "details": "Details are the larger part of real records and are not kept. ".repeat(12),
        "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
        "affected": [{
            "package": {"ecosystem": "npm", "name": package},
            "ranges": [{"type": "SEMVER", "events": [
                {"introduced": "0"}, {"fixed": format!("{major}.{minor}.0")},
                {"introduced": format!("{}.0.0", major + 1)}, {"fixed": format!("{}.2.1", major + 1)},
            ]}],
        }],
        "references": [{"type": "WEB", "url": "https://advisories.example/1"}],
    })
    .to_string()
}

/// Writes the bucket; gives the count of its records, and those of npm for the peers.
fn lay_out_bucket(bucket: &Path, osv: Option<&Path>) -> Result<(usize, peers::Records)> {
    let mut of_npm = peers::Records::default();
    let npm = bucket.join("npm");
    std::fs::create_dir_all(&npm)?;
    let mut zip = zip::ZipWriter::new(std::io::BufWriter::new(std::fs::File::create(npm.join("all.zip"))?));
    let options = zip::write::SimpleFileOptions::default();
    let mut list = String::new();
    let mut count = RECORDS;
    for at in 0..RECORDS {
        let text = record(at);
        let value: serde_json::Value = serde_json::from_str(&text)?;
        of_npm.add(&value);
        list.push_str(&format!("{},SYN-{at}\n", value["modified"].as_str().unwrap_or_default()));
        zip.start_file(format!("SYN-{at}.json"), options)?;
        zip.write_all(text.as_bytes())?;
    }
    for entry in osv.map(std::fs::read_dir).transpose()?.into_iter().flatten() {
        let folder = entry?.path();
        let archive = folder.join("all.zip");
        if !archive.is_file() {
            continue;
        }
        let real_list = std::fs::read_to_string(folder.join("modified_id.csv"))?;
        count += real_list.lines().count();
        if folder.file_name().is_some_and(|name| name == "npm") {
            let mut real = zip::ZipArchive::new(std::io::BufReader::new(std::fs::File::open(archive)?))?;
            for at in 0..real.len() {
                zip.raw_copy_file(real.by_index_raw(at)?)?;
                if let Ok(value) = serde_json::from_reader(std::io::BufReader::new(real.by_index(at)?)) {
                    of_npm.add(&value);
                }
            }
            list.push_str(&real_list);
        } else {
            let to: PathBuf = bucket.join(folder.file_name().context("a folder has a name")?);
            std::fs::create_dir_all(&to)?;
            std::fs::write(to.join("all.zip"), std::fs::read(archive)?)?;
            std::fs::write(to.join("modified_id.csv"), real_list)?;
        }
    }
    zip.finish()?;
    std::fs::write(npm.join("modified_id.csv"), list)?;
    Ok((count, of_npm))
}

/// Writes an app with a lockfile of [`PACKAGES`] packages.
fn lay_out_app(app: &Path) -> Result<()> {
    let mut packages = serde_json::Map::new();
    let mut direct = serde_json::Map::new();
    for at in 0..PACKAGES {
        let step = PACKAGES / WITH_RECORDS;
        let package = if at % step == 0 { name(at * NAMES / PACKAGES) } else { format!("other-package-{at}") };
        if at < 60 {
            direct.insert(package.clone(), "^1.0.0".into());
        }
        let next = format!("other-package-{}", (at + 7) % PACKAGES);
        packages.insert(
            format!("node_modules/{package}"),
            serde_json::json!({
                "version": format!("1.{}.0", at % 20),
                "integrity": "sha512-not/a/real/hash==",
                "dependencies": {next: "^1.0.0"},
            }),
        );
    }
    packages.insert(String::new(), serde_json::json!({"name": "app", "dependencies": direct.clone()}));
    std::fs::create_dir_all(app)?;
    let lock = serde_json::json!({"name": "app", "lockfileVersion": 3, "packages": packages});
    std::fs::write(app.join("package-lock.json"), serde_json::to_string_pretty(&lock)?)?;
    let manifest = serde_json::json!({"name": "app", "dependencies": direct});
    std::fs::write(app.join("package.json"), serde_json::to_string_pretty(&manifest)?)?;
    Ok(())
}
