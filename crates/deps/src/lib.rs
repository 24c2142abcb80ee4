//! Lockfiles, version orders and advisories.
//!
//! [`check`] reads every lockfile and manifest of a subject and compares the packages with a [`Database`] of
//! advisories. It has three answers: affected (a [`Vulnerable`]), not affected (silence about a package that is in
//! [`Report::packages`]), and not checked, with the reason ([`Report::not_checked`]).
//!
//! [`Index::builtin`] is part of the program and needs no network; [`update`] brings the indexes of a folder up to date
//! from a [`Bucket`] of OSV records, and [`Database`] takes the better one for each ecosystem.

mod check;
mod database;
mod doc;
mod exploited;
mod index;
mod known;
mod lockfile;
mod modules;
mod osv;
mod package;
mod plan;
mod registry;
mod runtime;
mod symbols;
mod sync;
#[doc(hidden)]
pub mod untrusted;
mod version;
mod web;

pub use check::{Certainty, Concern, Fix, Impact, Match, Report, Vulnerable, check, concern, impact};
pub use database::{AdvisorySource, Database};
pub use exploited::{Exploited, KnownExploited, update_epss, update_kev};
pub use index::{BuildProblem, Day, Index, IndexBuilder, IndexError, SourceInfo};
pub use known::{Names, is_popular, is_popular_module, looks_like};
pub use modules::provides;
pub use osv::{Advisory, Kind, Severity};
pub use package::{Ecosystem, Means, Need, Needer, NotChecked, Origin, Package, Pinned, Scope, Seen};
pub use plan::{Newer, Wanted, ask, plan};
pub use registry::{LookUp, LookUpError, LookedUp, PackageFacts, Private, Registry, VersionFacts, look_up, packages};
pub use runtime::{Runtime, runtime_facts, runtimes};
pub use sync::{Answer, Bucket, FolderBucket, UpdateError, Updated, index_file, update, update_from_records};
pub use version::Version;
pub use web::{Address, Loaded, LoadedBy, address, loaded};
