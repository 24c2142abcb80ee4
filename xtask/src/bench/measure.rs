//! One size, measured.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::corpus::Laid;

/// Runs of which the median is taken.
pub(super) const RUNS: usize = 5;

/// What is measured of a review.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Nothing is kept from an earlier review.
    Fresh,
    /// The second review of the same files.
    Unchanged,
    /// A review after one file was changed.
    OneChanged,
}

impl Way {
    fn words(self) -> &'static str {
        match self {
            Way::Fresh => "first review",
            Way::Unchanged => "again, unchanged",
            Way::OneChanged => "again, one file changed",
        }
    }
}

/// One measurement.
pub(super) struct Measured {
    pub(super) way: Way,
    pub(super) files: usize,
    pub(super) lines: usize,
    pub(super) bytes: u64,
    pub(super) median: Duration,
    /// Median of the processors' time in seconds; `None` where the system does not say. On a machine that does other work
    /// too, this is what the review itself took.
    pub(super) processors: Option<f64>,
    /// Most memory that the process held, in KiB; `None` where the system does not say.
    pub(super) peak: Option<u64>,
}

/// Reviews a folder [`RUNS`] times.
pub(super) fn measure(program: &Path, app: &Path, laid: &Laid, way: Way) -> Result<Measured> {
    // Beside the app, never in it; and not the developer's own.
    let cache = app.parent().context("an app lies in a folder")?.join("cache");
    let (mut times, mut worked) = (Vec::new(), Vec::new());
    let mut peak = None;
    // What was just written is read once before the clock runs: the disk is not what is measured.
    run(program, app, &cache)?;
    for turn in 0..RUNS {
        if way == Way::Fresh {
            super::corpus::remove(&cache)?;
        }
        if way == Way::OneChanged {
            let path = laid.one.as_ref().context("there is no file to change")?;
            let mark = if path.extension().is_some_and(|end| end == "py") { "#" } else { "//" };
            let mut file = std::fs::OpenOptions::new().append(true).open(path)?;
            write!(file, "\n{mark} changed {turn}\n")?;
        }
        let ran = run(program, app, &cache)?;
        times.push(ran.wall);
        worked.extend(ran.ticks);
        peak = peak.max(ran.peak);
    }
    times.sort();
    worked.sort_unstable();
    let processors = worked.get(RUNS / 2).map(|&ticks| ticks as f64 / TICKS);
    let Laid { files, lines, bytes, .. } = *laid;
    Ok(Measured { way, files, lines, bytes, median: times[RUNS / 2], processors, peak })
}

/// Ticks of a second in `/proc`: `USER_HZ` is 100 on every Linux of today.
const TICKS: f64 = 100.0;

/// One run.
struct Ran {
    wall: Duration,
    ticks: Option<u64>,
    peak: Option<u64>,
}

fn run(program: &Path, app: &Path, cache: &Path) -> Result<Ran> {
    let (mut peak, mut ticks) = (None, None);
    let started = Instant::now();
    let mut child = Command::new(program)
        .env("XDG_CACHE_HOME", cache)
        .args(["check", "--format", "json"])
        .arg(app)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    // The high-water mark only grows, so the last look before the end is at most a millisecond old.
    let status = loop {
        peak = peak.max(high_water(child.id()));
        ticks = ticks.max(processor_ticks(child.id()));
        if let Some(status) = child.try_wait()? {
            break status;
        }
        std::thread::sleep(Duration::from_millis(1));
    };
    let wall = started.elapsed();
    if !matches!(status.code(), Some(0 | 1 | 3)) {
        bail!("the review ended with {status}");
    }
    Ok(Ran { wall, ticks, peak })
}

/// `utime` and `stime` of a process.
fn processor_ticks(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name in brackets may hold anything; what follows it begins with the third field.
    let fields: Vec<&str> = status.rsplit_once(')')?.1.split_whitespace().collect();
    Some(fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?)
}

/// `VmHWM` of a process, in KiB.
pub(crate) fn high_water(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.split_whitespace().next()?.parse().ok()
}

impl Measured {
    pub(super) fn heading() -> String {
        format!(
            "{:>9} {:>7} {:>8} {:>8} {:>8} {:>9} {:>9}  what",
            "lines", "files", "MB", "seconds", "CPU s", "lines/s", "memory MB"
        )
    }

    pub(super) fn row(&self) -> String {
        format!(
            "{:9} {:7} {:8.2} {:8.3} {:>8} {:9.0} {:>9}  {}",
            self.lines,
            self.files,
            self.bytes as f64 / 1e6,
            self.median.as_secs_f64(),
            self.worked(),
            self.speed(),
            self.memory(),
            self.way.words()
        )
    }

    pub(super) fn markdown(&self) -> String {
        format!(
            "| {} | {} | {:.1} | {:.2} | {} | {:.0} | {} |\n",
            self.lines,
            self.files,
            self.bytes as f64 / 1e6,
            self.median.as_secs_f64(),
            self.worked(),
            self.speed(),
            self.memory()
        )
    }

    pub(super) fn markdown_again(&self) -> String {
        format!(
            "| {} | {} | {} | {:.2} | {} | {} |\n",
            self.way.words(),
            self.lines,
            self.files,
            self.median.as_secs_f64(),
            self.worked(),
            self.memory()
        )
    }

    fn speed(&self) -> f64 {
        self.lines as f64 / self.median.as_secs_f64()
    }

    fn worked(&self) -> String {
        self.processors.map_or_else(|| "?".to_owned(), |seconds| format!("{seconds:.2}"))
    }

    fn memory(&self) -> String {
        self.peak_megabytes().map_or_else(|| "?".to_owned(), |peak| format!("{peak:.0}"))
    }

    /// Peak memory in megabytes.
    pub(super) fn peak_megabytes(&self) -> Option<f64> {
        self.peak.map(|peak| peak as f64 * 1024.0 / 1e6)
    }
}
