//! What was worked out of a file, kept for as long as the file's bytes stay the same.
//!
//! An entry is found by a keyed hash of everything that it depends on: what was worked out, the file's path and bytes, and
//! this build of Plimsoll. Its own bytes carry a tag made with the same key. The key is made once, by chance, and lies in
//! the user's cache folder with the entries: what somebody else wrote there, what the disk has spoilt, what belongs to
//! another name or another key has no valid tag and is worked out anew. Nothing is read from the app's folder and nothing
//! is written to it, so that an app cannot bring entries along; a program that runs with the user's own rights and reads
//! the key could, and could as well replace Plimsoll.
//!
//! Entries of one app lie in one file, a pack, that holds what the last review of the app used and nothing else. Packs are
//! replaced as a whole, and the oldest are removed when there are too many. Trouble with files is never an error: without
//! a cache a review says the same, later.

mod folder;
mod pack;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use hmac::{Hmac, Mac};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::Sha256;

use folder::Folder;
use pack::Pack;

/// Name or tag of an entry.
type Digest = [u8; 32];

/// More than this is not kept of one app.
const MAX_PACK_BYTES: usize = 128 << 20;
const MAX_ENTRIES: usize = 200_000;

/// What is kept of one app. Used from many threads at once.
pub struct Cache(Option<Open>);

struct Open {
    key: Key,
    build: Vec<u8>,
    folder: Folder,
    /// Name of the app's pack.
    file: String,
    loaded: Pack,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Entries of the pack that were asked for and hold, with whose they are.
    used: BTreeMap<Digest, u32>,
    made: BTreeMap<Digest, Made>,
    /// Owners of which nothing is kept.
    forgotten: BTreeSet<u32>,
    bytes: usize,
}

struct Made {
    owner: u32,
    tag: Digest,
    bytes: Vec<u8>,
}

/// Makes names and tags.
struct Key(Hmac<Sha256>);

impl Key {
    fn new(secret: &Digest) -> Option<Self> {
        Hmac::new_from_slice(secret).ok().map(Key)
    }

    /// The parts, each with its length, so that no two lists of parts are the same bytes.
    fn over(&self, parts: &[&[u8]]) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        for part in parts {
            mac.update(&(part.len() as u64).to_le_bytes());
            mac.update(part);
        }
        mac
    }

    fn digest(&self, parts: &[&[u8]]) -> Digest {
        self.over(parts).finalize().into_bytes().into()
    }

    fn tag(&self, name: &Digest, bytes: &[u8]) -> Digest {
        self.digest(&[b"entry", name, bytes])
    }

    fn holds(&self, name: &Digest, bytes: &[u8], tag: &Digest) -> bool {
        self.over(&[b"entry", name, bytes]).verify_slice(tag).is_ok()
    }
}

impl Cache {
    /// Keeps nothing and knows nothing.
    pub fn off() -> Self {
        Cache(None)
    }

    /// The cache of an app in a folder that belongs to the user alone; made if it is not there. `build` says which build
    /// of Plimsoll asks: what another one worked out is not asked for.
    ///
    /// Where the folder cannot be used, or lies inside the app, nothing is kept.
    pub fn open(folder: &Path, app: &Path, build: &str) -> Self {
        let open = || {
            let app = std::fs::canonicalize(app).ok()?;
            let (folder, secret) = Folder::open(folder, &app)?;
            let key = Key::new(&secret)?;
            let name = key.digest(&[b"app", app.as_os_str().as_encoded_bytes()]);
            let file: String = name.iter().take(16).map(|byte| format!("{byte:02x}")).collect::<String>() + ".pack";
            let loaded = folder.read(&file).and_then(Pack::parse).unwrap_or_default();
            Some(Open { key, build: build.as_bytes().to_vec(), folder, file, loaded, state: Mutex::default() })
        };
        Cache(open())
    }

    /// A digest of some parts under this cache's key, to be a part itself where many are the same; `None` where nothing is
    /// kept.
    pub fn digest(&self, parts: &[&[u8]]) -> Option<[u8; 32]> {
        self.0.as_ref().map(|open| open.key.digest(parts))
    }

    /// What `make` gives, or what it gave before for the same `what` and the same `parts`: all that it depends on.
    /// `owner` says whose it is, for [`Cache::forget`].
    pub fn get_or<T: Serialize + DeserializeOwned>(
        &self,
        what: &str,
        owner: u32,
        parts: &[&[u8]],
        make: impl FnOnce() -> T,
    ) -> T {
        self.get_or_unless(what, owner, parts, make, |_| false)
    }

    /// The same; what `make` gives is not kept where `is_secret` says so of its bytes.
    pub fn get_or_unless<T: Serialize + DeserializeOwned>(
        &self,
        what: &str,
        owner: u32,
        parts: &[&[u8]],
        make: impl FnOnce() -> T,
        is_secret: impl FnOnce(&[u8]) -> bool,
    ) -> T {
        let Some(open) = &self.0 else { return make() };
        if open.state().forgotten.contains(&owner) {
            return make();
        }
        let mut all: Vec<&[u8]> = vec![b"name", &open.build, what.as_bytes()];
        all.extend(parts);
        let name = open.key.digest(&all);
        if let Some((tag, bytes)) = open.loaded.get(&name)
            && open.key.holds(&name, bytes, tag)
            && let Ok(value) = postcard::from_bytes(bytes)
        {
            open.state().used.insert(name, owner);
            return value;
        }
        let value = make();
        if let Ok(bytes) = postcard::to_stdvec(&value)
            && !is_secret(&bytes)
        {
            let tag = open.key.tag(&name, &bytes);
            let mut state = open.state();
            if state.bytes + bytes.len() <= MAX_PACK_BYTES && state.made.len() + state.used.len() < MAX_ENTRIES {
                state.bytes += bytes.len();
                state.made.insert(name, Made { owner, tag, bytes });
            }
        }
        value
    }

    /// Keeps nothing of an owner, from here on neither: its entries would hold what must not lie about in another place.
    pub fn forget(&self, owner: u32) {
        if let Some(open) = &self.0 {
            let mut state = open.state();
            state.used.retain(|_, whose| *whose != owner);
            state.made.retain(|_, made| made.owner != owner);
            state.forgotten.insert(owner);
        }
    }

    /// Writes what was used and made, if that is not what lies there.
    pub fn save(self) {
        let Some(open) = self.0 else { return };
        let state = open.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        if state.made.is_empty() && state.used.len() == open.loaded.len() {
            open.folder.touch(&open.file);
            return;
        }
        let used = state.used.keys().filter_map(|name| open.loaded.get(name).map(|(tag, bytes)| (name, tag, bytes)));
        let made = state.made.iter().map(|(name, made)| (name, &made.tag, made.bytes.as_slice()));
        open.folder.write(&open.file, &Pack::bytes_of(used.chain(made)));
        open.folder.tidy();
    }
}

impl Open {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
