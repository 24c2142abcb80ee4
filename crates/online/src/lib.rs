//! Requests of Plimsoll's own, to sources of advisories and facts about packages. None goes to the app under review
//! (that is the prober's), and none is sent unless a command asked for it.
//!
//! Answers are hostile input too: bounded in size and time, redirects followed a few times and never away from TLS.

mod depsdev;
mod http;

pub use depsdev::{DEPS_DEV, DepsDev};
pub use http::{AddressError, HttpBucket, OSV_BUCKET};
