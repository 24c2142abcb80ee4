//! Lockfiles, version orders and advisories.

mod check;
mod doc;
mod index;
mod osv;
mod package;
mod version;

pub use check::{Report, Vulnerable, check};
pub use index::{BuildProblem, Day, Index, IndexBuilder, IndexError, SourceInfo};
pub use osv::{Advisory, Kind, Severity};
pub use package::{Ecosystem, NotChecked, Origin, Package, Pinned, Scope, Seen};
pub use version::Version;
