//! What exists in the visitor's browser.

use plimsoll_analysis::Program;
use plimsoll_model::App;

pub(crate) fn observe(_program: &Program<'_>, _app: &mut App) {}
