//! The readers of what sources of advisories send, for tests that feed them arbitrary bytes. Not part of the interface.

use crate::exploited::{any_table, epss_rows, kev_rows};
use crate::index::Day;
use crate::sync::list;

/// Reads bytes as a list of records, as the tables of exploited vulnerabilities, and as the tables made of them.
pub fn feeds(bytes: &[u8]) {
    let today = Day(20_000);
    let _ = list("a list", bytes);
    let _ = kev_rows(bytes, "a catalogue", today);
    let _ = epss_rows(bytes, "a table", today);
    let _ = any_table(bytes);
}
