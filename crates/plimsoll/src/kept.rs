//! What is kept between reviews: where, for which build, and whether at all.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use plimsoll_cache::Cache;
use plimsoll_model::App;

use crate::advisories::database;
use crate::owner::Subject;

static OFF: AtomicBool = AtomicBool::new(false);

/// `--no-cache`: nothing is taken from earlier reviews and nothing is kept.
pub(crate) fn switch_off() {
    OFF.store(true, Ordering::Relaxed);
}

/// What the files of an app show, with the advisories of this machine.
pub(crate) fn observe(subject: &Subject) -> App {
    let cache = cache_of(&subject.path).unwrap_or_else(Cache::off);
    let app = plimsoll_witness::observe_with(&subject.tree, database(), &cache);
    cache.save();
    app
}

fn cache_of(app: &Path) -> Option<Cache> {
    if OFF.load(Ordering::Relaxed) {
        return None;
    }
    Some(Cache::open(&users_folder()?.join("plimsoll"), app, &build()?))
}

/// This very build: while Plimsoll is worked on its version stays and what it understands changes.
fn build() -> Option<String> {
    let metadata = std::fs::metadata(std::env::current_exe().ok()?).ok()?;
    let made = metadata.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(format!("{} {} {}", env!("CARGO_PKG_VERSION"), metadata.len(), made.as_nanos()))
}

/// Where the user's programs keep what can be made again, by the custom of the system.
fn users_folder() -> Option<PathBuf> {
    let folder = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    folder("XDG_CACHE_HOME").or_else(|| match std::env::consts::OS {
        "windows" => folder("LOCALAPPDATA"),
        "macos" => Some(folder("HOME")?.join("Library/Caches")),
        _ => Some(folder("HOME")?.join(".cache")),
    })
}
