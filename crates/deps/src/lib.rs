//! Lockfiles, version orders and advisories.
