//! `cargo xtask bench`: speed and memory of a review, and how both grow.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::workspace;

/// Files of the small app.
const FILES: usize = 400;
/// How many times larger the large app is.
const GROWTH: usize = 4;
/// Runs of which the median is taken.
const RUNS: usize = 5;

/// One size, measured.
struct Measured {
    files: usize,
    bytes: u64,
    median: Duration,
    /// Most memory that the process held, in KiB; `None` where the system does not say.
    peak: Option<u64>,
}

/// Measures on TypeScript files of a folder, or on files made from the example app.
pub(crate) fn command(folder: Option<&Path>) -> Result<()> {
    let program = workspace::program(true)?;
    let sources = match folder {
        Some(folder) => from_folder(folder)?,
        None => from_example(&workspace::root())?,
    };
    let place = workspace::root().join("target/bench");
    let mut measured = Vec::new();
    for times in [1, GROWTH] {
        let app = place.join(format!("x{times}"));
        let bytes = lay_out(&app, &sources, times)?;
        measured.push(measure(&program, &app, sources.len() * times, bytes)?);
    }
    std::fs::remove_dir_all(&place)?;
    print!("{}", table(&measured));
    Ok(())
}

/// Up to [`FILES`] TypeScript files, with their paths.
fn from_folder(folder: &Path) -> Result<Vec<(PathBuf, String)>> {
    let mut out = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(here) = open.pop() {
        let mut entries: Vec<PathBuf> = std::fs::read_dir(&here)
            .with_context(|| here.display().to_string())?
            .flatten()
            .map(|entry| entry.path())
            .collect();
        entries.sort();
        for path in entries {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            if path.is_symlink() {
                continue;
            } else if path.is_dir() {
                if !name.starts_with('.') && name != "node_modules" {
                    open.push(path);
                }
            } else if (name.ends_with(".ts") || name.ends_with(".tsx"))
                && !name.ends_with(".d.ts")
                && let Ok(text) = std::fs::read_to_string(&path)
            {
                out.push((path.strip_prefix(folder).unwrap_or(&path).to_owned(), text));
            }
        }
    }
    out.sort();
    out.truncate(FILES);
    if out.len() < FILES {
        println!("only {} TypeScript files in {}", out.len(), folder.display());
    }
    if out.is_empty() {
        bail!("there is nothing to measure");
    }
    Ok(out)
}

/// [`FILES`] files: copies of the example's code, each copy an app of its own with addresses of its own.
fn from_example(root: &Path) -> Result<Vec<(PathBuf, String)>> {
    let example = root.join("examples/salon-weak");
    let mut code = Vec::new();
    for folder in ["server", "server/middleware", "server/routes", "public/js"] {
        for entry in std::fs::read_dir(example.join(folder))?.flatten() {
            let path = entry.path();
            if path.extension().is_some_and(|extension| extension == "js") {
                let text = std::fs::read_to_string(&path)?;
                code.push((path.strip_prefix(&example)?.with_extension("ts"), text));
            }
        }
    }
    code.sort();
    let copies = (0..).flat_map(|copy| code.iter().map(move |file| (copy, file)));
    let made = copies.take(FILES).map(|(copy, (path, text))| {
        let text = text.replace("/api/", &format!("/api/v{copy}/")).replace("salon", &format!("salon{copy}"));
        (PathBuf::from(format!("app{copy}")).join(path), text)
    });
    Ok(made.collect())
}

/// Writes the sources `times` times; gives the bytes written.
fn lay_out(app: &Path, sources: &[(PathBuf, String)], times: usize) -> Result<u64> {
    if app.exists() {
        std::fs::remove_dir_all(app)?;
    }
    let mut bytes = 0;
    for copy in 0..times {
        for (path, text) in sources {
            let path = app.join(format!("part{copy}")).join(path);
            std::fs::create_dir_all(path.parent().context("a file lies in a folder")?)?;
            std::fs::write(&path, text)?;
            bytes += text.len() as u64;
        }
    }
    Ok(bytes)
}

fn measure(program: &Path, app: &Path, files: usize, bytes: u64) -> Result<Measured> {
    let mut times = Vec::new();
    let mut peak = None;
    for _ in 0..RUNS {
        let started = Instant::now();
        let mut child = Command::new(program)
            .args(["check", "--format", "json"])
            .arg(app)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()?;
        // The high-water mark only grows, so the last look before the end is at most a millisecond old.
        let status = loop {
            peak = peak.max(high_water(child.id()));
            if let Some(status) = child.try_wait()? {
                break status;
            }
            std::thread::sleep(Duration::from_millis(1));
        };
        times.push(started.elapsed());
        if !matches!(status.code(), Some(0 | 1 | 3)) {
            bail!("the review ended with {status}");
        }
    }
    times.sort();
    Ok(Measured { files, bytes, median: times[RUNS / 2], peak })
}

/// `VmHWM` of a process, in KiB.
pub(crate) fn high_water(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.split_whitespace().next()?.parse().ok()
}

fn table(measured: &[Measured]) -> String {
    let mut out = String::from(" files       MB  seconds  files/s     MB/s  memory MB\n");
    for Measured { files, bytes, median, peak } in measured {
        let seconds = median.as_secs_f64();
        let megabytes = *bytes as f64 / 1e6;
        let peak = peak.map_or_else(|| "?".to_owned(), |peak| format!("{:.0}", peak as f64 * 1024.0 / 1e6));
        out.push_str(&format!(
            "{files:6} {megabytes:8.2} {seconds:8.3} {:8.0} {:8.2} {peak:>10}\n",
            *files as f64 / seconds,
            megabytes / seconds
        ));
    }
    if let [small, large] = measured {
        let times = large.median.as_secs_f64() / small.median.as_secs_f64();
        out.push_str(&format!("{GROWTH} times the files take {times:.1} times the time"));
        if let (Some(small), Some(large)) = (small.peak, large.peak) {
            out.push_str(&format!(" and {:.1} times the memory", large as f64 / small as f64));
        }
        out.push_str(&format!(" (median of {RUNS})\n"));
    }
    out
}
