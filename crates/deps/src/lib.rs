//! Lockfiles, version orders and advisories.
//!
//! [`check`] reads every lockfile and manifest of a subject and compares the packages with an [`Index`] of
//! advisories. It has three answers: affected (a [`Vulnerable`]), not affected (silence about a package that is in
//! [`Report::packages`]), and not checked, with the reason ([`Report::not_checked`]).
//!
//! [`Index::builtin`] is part of the program and needs no network; [`IndexBuilder`] makes a fresh one from OSV records.

mod check;
mod doc;
mod index;
mod lockfile;
mod osv;
mod package;
mod version;

pub use check::{Certainty, Match, Report, Vulnerable, check};
pub use index::{BuildProblem, Day, Index, IndexBuilder, IndexError, SourceInfo};
pub use osv::{Advisory, Kind, Severity};
pub use package::{Ecosystem, NotChecked, Origin, Package, Pinned, Scope, Seen};
pub use version::Version;
