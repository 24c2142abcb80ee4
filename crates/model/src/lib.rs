//! The app model and the review: what an app *is*, and what is said about it.
//!
//! Witnesses fill an [`App`] with facts; rules read it and report [`Finding`]s; the [`Review`] holds everything an output
//! may show. Nothing here reads files, parses code or knows a wire format.

pub mod app;
mod class;
pub mod content_policy;
mod day;
mod evidence;
mod finding;
mod grant;
pub mod names;
mod redact;
mod review;
mod upgrade;
mod verdict;

pub use app::App;
pub use class::DataClass;
pub use content_policy::ContentPolicy;
pub use day::Day;
pub use evidence::{Evidence, Exchange, Place, Witness};
pub use finding::{Confidence, Finding, Gap, PackageRef, Severity, Standing};
pub use grant::{Claim, Grant, Position};
pub use redact::Secret;
pub use review::{
    Chain, ChainStep, CheapestCut, Contradiction, Control, ControlStatus, Coverage, DataItem, Environment, Holding,
    LiveLine, LiveReport, NotChecked, Recipient, Repair, Review, RuleInfo, Subject, UnusedWaiver,
};
pub use upgrade::{Cleared, UpgradeChange, UpgradeLeft, UpgradePlan, UpgradeStep, UpgradeWay};
pub use verdict::{Outcome, Verdict};
