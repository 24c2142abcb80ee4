//! The log of all traffic: JSON Lines, one entry before each request is sent and one when it ended, chained by hashes so
//! that a line that was removed, added or changed shows.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What an entry tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogEvent {
    /// A request is about to be sent.
    Send,
    /// Its answer came.
    Answer,
    /// No answer could be read.
    Failure,
}

/// One line of the log. Bodies, cookies and passwords are never in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogEntry {
    /// Position in the log, from 0.
    pub seq: u64,
    /// Milliseconds since 1970.
    pub at: u64,
    /// Id of the run.
    pub run: String,
    /// Check that asks.
    pub check: String,
    /// What it tells.
    pub event: LogEvent,
    /// Method.
    pub method: String,
    /// Address.
    pub url: String,
    /// Test account whose session the request carries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Headers of the request beside those that every request has (entry of kind [`LogEvent::Send`]).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// Status of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Bytes of body that were read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Milliseconds it took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ms: Option<u64>,
    /// SHA-256 of the body that was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_sha256: Option<String>,
    /// Why no answer could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Hash of the entry before; 64 zeros for the first.
    pub prev: String,
    /// SHA-256 over this entry with this field empty.
    pub hash: String,
}

impl LogEntry {
    /// The line for the log file, without its end.
    pub fn line(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Fills `hash`.
    pub(crate) fn sealed(mut self) -> Self {
        self.hash = String::new();
        self.hash = hex(&Sha256::digest(self.line().as_bytes()));
        self
    }
}

/// `prev` of the first entry.
pub(crate) fn genesis() -> String {
    "0".repeat(64)
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Where a log does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// A line is not an entry.
    #[error("line {0} of the log is not an entry")]
    Line(usize),
    /// The chain breaks: a line was changed, removed or added.
    #[error("the chain of the log breaks at line {0}: it was changed after it was written")]
    Chain(usize),
}

/// Reads a log back and checks its chain. The entries of kind [`LogEvent::Send`] are all the traffic there was.
pub fn replay<'a>(lines: impl IntoIterator<Item = &'a str>) -> Result<Vec<LogEntry>, LogError> {
    let mut entries: Vec<LogEntry> = Vec::new();
    let mut prev = genesis();
    for (index, line) in lines.into_iter().filter(|line| !line.trim().is_empty()).enumerate() {
        let entry: LogEntry = serde_json::from_str(line).map_err(|_| LogError::Line(index + 1))?;
        let hash = entry.hash.clone();
        if entry.prev != prev || entry.seq != index as u64 || entry.clone().sealed().hash != hash {
            return Err(LogError::Chain(index + 1));
        }
        prev = hash;
        entries.push(entry);
    }
    Ok(entries)
}
