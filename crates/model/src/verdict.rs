//! The verdict: what the app carries against what it is fit for.

use crate::DataClass;

/// The outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Fit for what it carries.
    Fit,
    /// It carries more than it is fit for.
    Overloaded,
    /// What was not checked decides it.
    Incomplete,
}

impl Outcome {
    /// The word of the contract.
    pub fn word(self) -> &'static str {
        match self {
            Outcome::Fit => "fit",
            Outcome::Overloaded => "overloaded",
            Outcome::Incomplete => "incomplete",
        }
    }
}

/// The load line of an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Highest data class found or declared.
    pub carries: DataClass,
    /// Highest class whose every demanded control is proven.
    pub fit_for: DataClass,
    /// The outcome.
    pub outcome: Outcome,
    /// Why, in plain sentences, most important first.
    pub reasons: Vec<String>,
    /// What would raise the line to what the app carries: the shortest list of actions, in the order worth doing.
    pub raise: Vec<String>,
}
