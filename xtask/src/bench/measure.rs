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
    /// Most memory that the process held, in KiB; `None` where the system does not say.
    pub(super) peak: Option<u64>,
}

/// Reviews a folder [`RUNS`] times.
pub(super) fn measure(program: &Path, app: &Path, laid: &Laid, way: Way) -> Result<Measured> {
    let mut times = Vec::new();
    let mut peak = None;
    // What was just written is read once before the clock runs: the disk is not what is measured.
    run(program, app)?;
    for turn in 0..RUNS {
        if way == Way::OneChanged {
            let path = laid.one.as_ref().context("there is no file to change")?;
            let mark = if path.extension().is_some_and(|end| end == "py") { "#" } else { "//" };
            let mut file = std::fs::OpenOptions::new().append(true).open(path)?;
            write!(file, "\n{mark} changed {turn}\n")?;
        }
        let (time, most) = run(program, app)?;
        times.push(time);
        peak = peak.max(most);
    }
    times.sort();
    Ok(Measured { way, files: laid.files, lines: laid.lines, bytes: laid.bytes, median: times[RUNS / 2], peak })
}

fn run(program: &Path, app: &Path) -> Result<(Duration, Option<u64>)> {
    let mut peak = None;
    let started = Instant::now();
    let mut child = Command::new(program)
        .args(["check", "--format", "json"])
        .arg(app)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    // The high-water mark only grows, so the last look before the end is at most a millisecond old.
    let status = loop {
        peak = peak.max(high_water(child.id()));
        if let Some(status) = child.try_wait()? {
            break status;
        }
        std::thread::sleep(Duration::from_millis(1));
    };
    let time = started.elapsed();
    if !matches!(status.code(), Some(0 | 1 | 3)) {
        bail!("the review ended with {status}");
    }
    Ok((time, peak))
}

/// `VmHWM` of a process, in KiB.
pub(crate) fn high_water(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.split_whitespace().next()?.parse().ok()
}

impl Measured {
    pub(super) fn heading() -> String {
        format!("{:>9} {:>7} {:>8} {:>8} {:>9} {:>9}  what", "lines", "files", "MB", "seconds", "lines/s", "memory MB")
    }

    pub(super) fn row(&self) -> String {
        format!(
            "{:9} {:7} {:8.2} {:8.3} {:9.0} {:>9}  {}",
            self.lines,
            self.files,
            self.bytes as f64 / 1e6,
            self.median.as_secs_f64(),
            self.speed(),
            self.memory(),
            self.way.words()
        )
    }

    pub(super) fn markdown(&self) -> String {
        format!(
            "| {} | {} | {:.1} | {:.2} | {:.0} | {} |\n",
            self.lines,
            self.files,
            self.bytes as f64 / 1e6,
            self.median.as_secs_f64(),
            self.speed(),
            self.memory()
        )
    }

    pub(super) fn markdown_again(&self) -> String {
        format!(
            "| {} | {} | {} | {:.2} | {} |\n",
            self.way.words(),
            self.lines,
            self.files,
            self.median.as_secs_f64(),
            self.memory()
        )
    }

    fn speed(&self) -> f64 {
        self.lines as f64 / self.median.as_secs_f64()
    }

    fn memory(&self) -> String {
        self.peak_megabytes().map_or_else(|| "?".to_owned(), |peak| format!("{peak:.0}"))
    }

    /// Peak memory in megabytes.
    pub(super) fn peak_megabytes(&self) -> Option<f64> {
        self.peak.map(|peak| peak as f64 * 1024.0 / 1e6)
    }
}
