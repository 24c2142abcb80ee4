//! Lockfiles, version orders and advisories.

mod doc;
mod package;
mod version;

pub use package::{Ecosystem, NotChecked, Origin, Package, Pinned, Scope, Seen};
pub use version::Version;
