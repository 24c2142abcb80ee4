//! The folder of the user in which packs and the key lie.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::{Digest, MAX_PACK_BYTES};

/// At most so many packs, and so many bytes of them, are left by [`Folder::tidy`].
const MAX_PACKS: usize = 64;
const MAX_BYTES: u64 = 1 << 30;

/// What was begun longer ago was never finished.
const ABANDONED: Duration = Duration::from_secs(3_600);

const KEY: &str = "key";

pub(crate) struct Folder(PathBuf);

impl Folder {
    /// The folder and its key. `None` where others could write or read there, and where it lies inside the app.
    pub(crate) fn open(path: &Path, app: &Path) -> Option<(Self, Digest)> {
        create(path).ok()?;
        let path = std::fs::canonicalize(path).ok()?;
        if path.starts_with(app) || !is_private(&path) {
            return None;
        }
        let key = path.join(KEY);
        let secret = match std::fs::symlink_metadata(&key) {
            Ok(metadata) if metadata.is_file() && is_private(&key) => read_key(&key),
            Ok(_) => return None,
            Err(_) => make_key(&key),
        };
        if secret.is_none() {
            // Half a key is of no use to anybody; the next review makes a new one.
            let _ = std::fs::remove_file(&key);
        }
        Some((Folder(path), secret?))
    }

    pub(crate) fn read(&self, name: &str) -> Option<Vec<u8>> {
        let path = self.0.join(name);
        let metadata = std::fs::symlink_metadata(&path).ok()?;
        let most = MAX_PACK_BYTES as u64 * 2;
        if !metadata.is_file() || metadata.len() > most {
            return None;
        }
        let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
        File::open(&path).ok()?.take(most).read_to_end(&mut bytes).ok()?;
        Some(bytes)
    }

    /// Replaces a file at once: whoever reads sees the old one or the new one.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        let begun = self.0.join(format!("{name}.{}.new", std::process::id()));
        let _ = std::fs::remove_file(&begun);
        let written = create_file(&begun).and_then(|mut file| file.write_all(bytes));
        if written.and_then(|()| std::fs::rename(&begun, self.0.join(name))).is_err() {
            let _ = std::fs::remove_file(&begun);
        }
    }

    /// Marks a file as used now.
    pub(crate) fn touch(&self, name: &str) {
        if let Ok(file) = OpenOptions::new().append(true).open(self.0.join(name)) {
            let _ = file.set_modified(SystemTime::now());
        }
    }

    /// Removes the packs that were not used for longest, and what was never finished.
    pub(crate) fn tidy(&self) {
        let now = SystemTime::now();
        let mut packs: Vec<(SystemTime, u64, PathBuf)> = Vec::new();
        for entry in std::fs::read_dir(&self.0).into_iter().flatten().flatten() {
            let (path, Ok(metadata)) = (entry.path(), entry.metadata()) else { continue };
            let when = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            match path.extension().and_then(|extension| extension.to_str()) {
                Some("pack") => packs.push((when, metadata.len(), path)),
                Some("new") if now.duration_since(when).is_ok_and(|age| age > ABANDONED) => {
                    let _ = std::fs::remove_file(path);
                }
                _ => {}
            }
        }
        packs.sort_by(|a, b| b.cmp(a));
        let mut bytes = 0u64;
        for (index, (_, length, path)) in packs.into_iter().enumerate() {
            bytes = bytes.saturating_add(length);
            if index >= MAX_PACKS || bytes > MAX_BYTES {
                let _ = std::fs::remove_file(path);
            }
        }
    }
}

fn read_key(path: &Path) -> Option<Digest> {
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(33).read_to_end(&mut bytes).ok()?;
    bytes.try_into().ok()
}

fn make_key(path: &Path) -> Option<Digest> {
    let mut secret = Digest::default();
    getrandom::fill(&mut secret).ok()?;
    match create_file(path) {
        Ok(mut file) => file.write_all(&secret).ok().map(|()| secret),
        // Another review was faster.
        Err(_) => read_key(path),
    }
}

/// Only for the user, new, and never through a link.
fn create_file(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn create(path: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Whether nobody but the user may read or write it. Elsewhere than on Unix a user's own folders are.
fn is_private(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 == 0)
    }
    #[cfg(not(unix))]
    {
        path.exists()
    }
}
