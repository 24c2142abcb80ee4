//! Which run of a machine made what: a survey has to leave everything as it was that it did not make itself.

use std::cell::Cell;

thread_local! {
    /// Machines and their values stay on one thread, and runs do not overlap.
    static RUN: Cell<u32> = const { Cell::new(0) };
}

/// The run that goes on, or the last one. Later runs have higher numbers.
pub(crate) fn current() -> u32 {
    RUN.get()
}

/// Begins another.
pub(crate) fn begin() {
    RUN.set(RUN.get().saturating_add(1));
}
