//! `check --log FILE`: every request that is sent to the running app, as JSON Lines.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use plimsoll_probe::LogEntry;

/// A log file, or none.
pub(crate) struct RequestLog {
    file: Option<(PathBuf, File)>,
    written: bool,
    end: Option<(u64, String)>,
}

impl RequestLog {
    /// Creates the file. One that is there already is not touched: it may be the record of an earlier run.
    pub(crate) fn create(path: Option<&Path>) -> Result<Self, String> {
        let Some(path) = path else { return Ok(RequestLog { file: None, written: false, end: None }) };
        let file = File::options().write(true).create_new(true).open(path).map_err(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => {
                format!("`{}` is there already; a log of requests is never written over", path.display())
            }
            _ => format!("the log `{}` cannot be created: {error}", path.display()),
        })?;
        Ok(RequestLog { file: Some((path.to_owned(), file)), written: false, end: None })
    }

    /// Where a further run goes on, so that all of them are one chain.
    pub(crate) fn end(&self) -> Option<(u64, String)> {
        self.end.clone()
    }

    /// Writes an entry through to the file. The probe calls this before it sends the request, and sends nothing when it
    /// fails.
    pub(crate) fn write(&mut self, entry: &LogEntry) -> std::io::Result<()> {
        let Some((_, file)) = &mut self.file else { return Ok(()) };
        self.written = true;
        self.end = Some((entry.seq + 1, entry.hash.clone()));
        file.write_all(format!("{}\n", entry.line()).as_bytes())?;
        file.flush()
    }
}

impl Drop for RequestLog {
    /// A log of nothing would only be in the way of the next run.
    fn drop(&mut self) {
        if let (false, Some((path, _))) = (self.written, &self.file) {
            let _ = std::fs::remove_file(path);
        }
    }
}
