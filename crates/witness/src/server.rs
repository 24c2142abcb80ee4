//! Entry points of servers, one file per framework.

pub(crate) mod chain;
mod dash;
mod django;
mod drf;
mod express;
mod fastapi;
mod flask;
mod laravel;
mod next;
mod php;
mod streamlit;

use plimsoll_analysis::Event;
use plimsoll_model::App;

use crate::Witnessing;

/// Lets every framework's reader look at the program. `setup` is what happened while modules loaded.
pub(crate) fn observe(witnessing: &mut Witnessing<'_, '_>, setup: &[Event], app: &mut App) {
    django::observe(witnessing, setup, app);
    express::observe(witnessing, setup, app);
    flask::observe(witnessing, setup, app);
    next::observe(witnessing, setup, app);
    laravel::observe(witnessing, app);
    php::observe(witnessing, app);
    streamlit::observe(witnessing, app);
    dash::observe(witnessing, setup, app);
}
