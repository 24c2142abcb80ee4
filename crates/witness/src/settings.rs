//! Cookies, headers, CORS, limiters, storage and switches, gathered from events and files.

use plimsoll_analysis::{Event, Program};
use plimsoll_model::App;
use plimsoll_source::SourceTree;

/// What single events said.
#[derive(Default)]
pub(crate) struct Notes {}

impl Notes {
    pub(crate) fn note(&mut self, _event: &Event, _program: &Program<'_>) {}

    pub(crate) fn finish(self, _program: &Program<'_>, _app: &mut App) {}
}

pub(crate) fn observe_files(_tree: &SourceTree, _app: &mut App) {}
