//! Entries are found again, and nothing that was changed, moved or forged is.

use std::cell::Cell;
use std::path::{Path, PathBuf};

use plimsoll_cache::Cache;

/// A cache folder and an app of their own.
struct Place {
    root: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let root = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(root.path().join("app")).expect("an app");
        Place { root }
    }

    fn folder(&self) -> PathBuf {
        self.root.path().join("cache")
    }

    fn open(&self, build: &str) -> Cache {
        Cache::open(&self.folder(), &self.root.path().join("app"), build)
    }

    fn pack(&self) -> PathBuf {
        let mut packs: Vec<PathBuf> = std::fs::read_dir(self.folder())
            .expect("the cache folder")
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "pack"))
            .collect();
        assert_eq!(packs.len(), 1);
        packs.remove(0)
    }
}

/// What is asked for, and whether it was worked out anew.
fn ask(cache: &Cache, what: &str, text: &str) -> (String, bool) {
    let made = Cell::new(false);
    let value = cache.get_or(what, 0, &[text.as_bytes()], || {
        made.set(true);
        text.to_uppercase()
    });
    (value, made.get())
}

#[test]
fn the_same_bytes_are_found_again() {
    let place = Place::new();
    let cache = place.open("1");
    assert_eq!(ask(&cache, "upper", "one"), ("ONE".into(), true));
    cache.save();
    let cache = place.open("1");
    assert_eq!(ask(&cache, "upper", "one"), ("ONE".into(), false));
    assert_eq!(ask(&cache, "upper", "two"), ("TWO".into(), true), "other bytes");
    assert_eq!(ask(&cache, "other", "one"), ("ONE".into(), true), "another question");
    cache.save();
    assert_eq!(ask(&place.open("2"), "upper", "one"), ("ONE".into(), true), "another build");
}

#[test]
fn what_was_not_used_is_not_kept() {
    let place = Place::new();
    let cache = place.open("1");
    ask(&cache, "upper", "one");
    ask(&cache, "upper", "two");
    cache.save();
    let cache = place.open("1");
    ask(&cache, "upper", "two");
    cache.save();
    let cache = place.open("1");
    assert!(ask(&cache, "upper", "one").1);
    assert!(!ask(&cache, "upper", "two").1);
}

#[test]
fn what_is_forgotten_is_not_written() {
    let place = Place::new();
    let cache = place.open("1");
    for (owner, text) in [(1, "Example-Secret-1"), (2, "harmless")] {
        cache.get_or("upper", owner, &[text.as_bytes()], || text.to_owned());
    }
    cache.forget(1);
    cache.save();
    let bytes = std::fs::read(place.pack()).expect("a pack");
    let holds = |text: &str| bytes.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(holds("harmless") && !holds("Example-Secret-1"));
}

/// Every bit of a pack matters: whichever is turned, what comes back is right.
#[test]
fn a_spoilt_pack_is_never_believed() {
    let place = Place::new();
    let cache = place.open("1");
    ask(&cache, "upper", "one");
    ask(&cache, "upper", "two");
    cache.save();
    let good = std::fs::read(place.pack()).expect("a pack");
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 1 << (at % 8);
        std::fs::write(place.pack(), &bad).expect("written");
        let cache = place.open("1");
        assert_eq!(ask(&cache, "upper", "one").0, "ONE", "byte {at}");
        assert_eq!(ask(&cache, "upper", "two").0, "TWO", "byte {at}");
    }
    for length in [0, 10, good.len() - 1] {
        std::fs::write(place.pack(), &good[..length]).expect("written");
        assert_eq!(ask(&place.open("1"), "upper", "one"), ("ONE".into(), true), "cut after {length}");
    }
}

/// A valid entry under another name, and a pack made with another key.
#[test]
fn a_poisoned_entry_is_never_believed() {
    let place = Place::new();
    let cache = place.open("1");
    ask(&cache, "upper", "one");
    ask(&cache, "upper", "two");
    cache.save();
    let mut bytes = std::fs::read(place.pack()).expect("a pack");
    // Head and count, then name, tag and length of each: the names change places.
    let first = "plimsoll-cache-1\n".len() + 4;
    let second = first + 68;
    for at in 0..32 {
        bytes.swap(first + at, second + at);
    }
    std::fs::write(place.pack(), &bytes).expect("written");
    let cache = place.open("1");
    assert_eq!(ask(&cache, "upper", "one"), ("ONE".into(), true));
    assert_eq!(ask(&cache, "upper", "two"), ("TWO".into(), true));
    cache.save();

    let forger = Place::new();
    let cache = forger.open("1");
    cache.get_or("upper", 0, &[b"one"], || "FORGED".to_owned());
    cache.save();
    std::fs::copy(forger.pack(), place.pack()).expect("copied");
    assert_eq!(ask(&place.open("1"), "upper", "one"), ("ONE".into(), true));
}

#[test]
fn an_app_cannot_bring_a_cache_along() {
    let place = Place::new();
    let app = place.root.path().join("app");
    let inside = app.join(".cache");
    let open = |folder: &Path| Cache::open(folder, &app, "1");
    let cache = open(&inside);
    ask(&cache, "upper", "one");
    cache.save();
    assert!(ask(&open(&inside), "upper", "one").1, "a cache inside the app is not used");
}

#[cfg(unix)]
#[test]
fn a_folder_or_key_that_others_may_read_is_not_used() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let cache = place.open("1");
    ask(&cache, "upper", "one");
    cache.save();
    for (path, open, closed) in [(place.folder(), 0o755, 0o700), (place.folder().join("key"), 0o644, 0o600)] {
        let set = |mode| {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("permissions");
        };
        set(open);
        assert!(ask(&place.open("1"), "upper", "one").1, "{}", path.display());
        set(closed);
        assert!(!ask(&place.open("1"), "upper", "one").1, "{}", path.display());
    }
}

#[test]
fn a_key_that_is_no_key_is_made_anew() {
    let place = Place::new();
    place.open("1").save();
    let key = place.folder().join("key");
    std::fs::write(&key, "short").expect("written");
    assert!(ask(&place.open("1"), "upper", "one").1);
    let cache = place.open("1");
    ask(&cache, "upper", "one");
    cache.save();
    assert!(!ask(&place.open("1"), "upper", "one").1);
    assert_eq!(std::fs::read(key).expect("a key").len(), 32);
}

#[test]
fn packs_do_not_pile_up() {
    let place = Place::new();
    for number in 0..80 {
        let app = place.root.path().join(format!("app{number}"));
        std::fs::create_dir(&app).expect("an app");
        let cache = Cache::open(&place.folder(), &app, "1");
        ask(&cache, "upper", "one");
        cache.save();
    }
    let packs = std::fs::read_dir(place.folder()).expect("the folder").count();
    assert!(packs <= 65, "{packs} files");
}
