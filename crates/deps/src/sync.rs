//! Bringing the indexes of a folder up to date from a bucket of OSV records.
//!
//! The layout is that of the public OSV bucket: `ECOSYSTEM/all.zip`, `ECOSYSTEM/modified_id.csv` (`moment,id`) and
//! `ECOSYSTEM/ID.json`. Each ecosystem becomes one index file, which is replaced at once or not at all.
//!
//! What has changed is told by comparing the moment of each record with the one that the index has for it. There is no
//! high-water mark: records dated in the future are in the public data, and nothing newer would get past them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::Ecosystem;
use crate::index::{
    Archive, BuildProblem, Day, Index, IndexBuilder, IndexError, Stamp, checksum, replace, set_checked,
};

/// A list of two million records is below this.
const MAX_LIST: u64 = 256 << 20;
/// Larger records are not read.
const MAX_RECORD: u64 = 16 << 20;
/// A live source is asked for up to this many records one by one; beyond it, for all of them at once.
const MAX_SINGLE: usize = 400;

/// Why an ecosystem could not be brought up to date. The index that was there before is there still.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UpdateError {
    /// A source cannot be reached or does not answer as it should.
    #[error("{what} cannot be fetched: {why}")]
    Fetch {
        /// Address or path.
        what: String,
        /// Why.
        why: String,
    },
    /// The list of records is not one.
    #[error("{what} is not a list of records: line {line} is not `moment,id`")]
    List {
        /// Address or path.
        what: String,
        /// The first line that is wrong.
        line: usize,
    },
    /// The source lists far fewer records than before: it is cut short rather than that advisories went away.
    #[error("{what} lists {now} records where {before} are known; it seems to be cut short")]
    Shrunk {
        /// Address or path.
        what: String,
        /// How many it lists.
        now: usize,
        /// How many the index has.
        before: usize,
    },
    /// The index cannot be built or written.
    #[error(transparent)]
    Build(#[from] BuildProblem),
}

/// What a source answers.
#[derive(Debug)]
#[non_exhaustive]
pub enum Answer {
    /// Still as it was when the source gave the tag.
    Unchanged,
    /// There is no such file.
    Missing,
    /// The file.
    File {
        /// What the source calls this state of it.
        tag: String,
        /// Its bytes.
        bytes: Vec<u8>,
    },
}

/// A source in the layout of the public OSV bucket.
pub trait Bucket {
    /// Its address, for people and to tell whether it is still the same one.
    fn label(&self) -> String;

    /// Whether it says today what is known today, as a server does. Files are as old as their newest record.
    fn is_live(&self) -> bool;

    /// Reads a file of up to `most` bytes, unless it is still as it was when it was given `tag`.
    ///
    /// # Errors
    /// When there is no answer, or none that is whole.
    fn read(&self, path: &str, tag: Option<&str>, most: u64) -> Result<Answer, UpdateError>;

    /// Opens an archive; `None` where there is none.
    ///
    /// # Errors
    /// When there is no answer, or none that is whole.
    fn archive(&self, path: &str) -> Result<Option<std::fs::File>, UpdateError>;
}

/// A bucket in a folder.
#[derive(Debug)]
pub struct FolderBucket {
    folder: PathBuf,
}

impl FolderBucket {
    /// The bucket in a folder; `None` when the folder has no ecosystem's folder in it.
    pub fn open(folder: &Path) -> Option<Self> {
        let has = |ecosystem: Ecosystem| folder.join(ecosystem.as_str()).join("all.zip").is_file();
        Ecosystem::ALL.into_iter().any(has).then(|| FolderBucket { folder: folder.to_owned() })
    }

    fn failed(path: &Path, error: &std::io::Error) -> UpdateError {
        UpdateError::Fetch { what: path.display().to_string(), why: error.to_string() }
    }
}

impl Bucket for FolderBucket {
    fn label(&self) -> String {
        std::fs::canonicalize(&self.folder).unwrap_or_else(|_| self.folder.clone()).display().to_string()
    }

    fn is_live(&self) -> bool {
        false
    }

    fn read(&self, path: &str, tag: Option<&str>, most: u64) -> Result<Answer, UpdateError> {
        let path = self.folder.join(path);
        let bytes = match std::fs::metadata(&path) {
            Ok(data) if data.len() > most => {
                return Err(UpdateError::Fetch { what: path.display().to_string(), why: "it is too large".to_owned() });
            }
            Ok(_) => std::fs::read(&path).map_err(|error| Self::failed(&path, &error))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Answer::Missing),
            Err(error) => return Err(Self::failed(&path, &error)),
        };
        let now = format!("{}-{:08x}", bytes.len(), checksum(&bytes));
        if tag == Some(&now) {
            return Ok(Answer::Unchanged);
        }
        Ok(Answer::File { tag: now, bytes })
    }

    fn archive(&self, path: &str) -> Result<Option<std::fs::File>, UpdateError> {
        let path = self.folder.join(path);
        match std::fs::File::open(&path) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Self::failed(&path, &error)),
        }
    }
}

/// How an update ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Updated {
    /// The source has nothing of this ecosystem.
    Absent,
    /// Nothing has changed since the last update.
    Unchanged {
        /// How many records.
        records: u32,
    },
    /// A new index stands in the old one's place.
    Replaced {
        /// How many records it has.
        records: u32,
        /// How many of them are new or were changed; all, where everything was read again.
        changed: usize,
        /// How many are not there any more.
        gone: usize,
        /// Whether everything was read again.
        whole: bool,
        /// Records that could not be read, with the reason.
        unreadable: Vec<(String, String)>,
    },
}

/// The file of an ecosystem's index.
pub fn index_file(folder: &Path, ecosystem: Ecosystem) -> PathBuf {
    // The names of ecosystems are names of files: letters and a dot.
    folder.join(format!("{}.idx", ecosystem.as_str().to_ascii_lowercase()))
}

/// Brings the index of one ecosystem up to date.
///
/// # Errors
/// When the source or the folder fails. The old index is untouched then.
pub fn update(bucket: &dyn Bucket, ecosystem: Ecosystem, folder: &Path, today: Day) -> Result<Updated, UpdateError> {
    let path = index_file(folder, ecosystem);
    let label = bucket.label();
    // A damaged index is as good as none: everything is read again.
    let old = Index::open(&path).and_then(|index| index.verify().and_then(|()| Ok((index.sync()?, index)))).ok();
    let old = old.filter(|(sync, _)| sync.source == label);

    let list_name = format!("{}/modified_id.csv", ecosystem.as_str());
    let tag = old.as_ref().map(|(sync, _)| sync.tag.as_str()).filter(|tag| !tag.is_empty());
    let (tag, listed) = match bucket.read(&list_name, tag, MAX_LIST)? {
        Answer::Unchanged => {
            let Some((_, index)) = &old else {
                return Err(UpdateError::Fetch { what: list_name, why: "it is said to be unchanged".to_owned() });
            };
            return unchanged(bucket, index, &path, today);
        }
        Answer::Missing => (String::new(), None),
        Answer::File { tag, bytes } => (tag, Some(list(&format!("{label}/{list_name}"), &bytes)?)),
    };

    if let (Some((sync, index)), Some(listed)) = (&old, &listed) {
        let before = sync.stamps.len();
        // Records are withdrawn, not deleted.
        if listed.len() * 10 < before * 9 {
            let what = format!("{label}/{list_name}");
            return Err(UpdateError::Shrunk { what, now: listed.len(), before });
        }
        let changed: BTreeMap<&str, Stamp> = listed
            .iter()
            .filter(|(id, stamp)| sync.stamps.get(*id) != Some(stamp))
            .map(|(id, stamp)| (id.as_str(), *stamp))
            .collect();
        let gone: BTreeSet<&str> =
            sync.stamps.keys().map(String::as_str).filter(|id| !listed.contains_key(*id)).collect();
        if !bucket.is_live() || changed.len() <= MAX_SINGLE {
            let mut changes = Changes { changed: &changed, gone: &gone, tag };
            return changes.apply(bucket, ecosystem, index, &path, today);
        }
    }
    whole(bucket, ecosystem, &path, today, tag, listed)
}

/// Says in the index that the source was asked today.
fn unchanged(bucket: &dyn Bucket, index: &Index, path: &Path, today: Day) -> Result<Updated, UpdateError> {
    let records = index.sources().iter().map(|source| source.records).max().unwrap_or(0);
    if bucket.is_live() {
        let failed = |source| BuildProblem::Io { path: path.display().to_string(), source };
        let mut bytes = std::fs::read(path).map_err(failed)?;
        set_checked(&mut bytes, today).map_err(BuildProblem::from)?;
        store(bytes, path)?;
    }
    Ok(Updated::Unchanged { records })
}

struct Changes<'a> {
    changed: &'a BTreeMap<&'a str, Stamp>,
    gone: &'a BTreeSet<&'a str>,
    tag: String,
}

impl Changes<'_> {
    fn apply(
        &mut self,
        bucket: &dyn Bucket,
        ecosystem: Ecosystem,
        index: &Index,
        path: &Path,
        today: Day,
    ) -> Result<Updated, UpdateError> {
        let mut records = Vec::new();
        let mut unreadable: Vec<(String, String)> = Vec::new();
        let mut archive = None;
        for id in self.changed.keys() {
            let name = format!("{}/{id}.json", ecosystem.as_str());
            let bytes = if bucket.is_live() {
                match bucket.read(&name, None, MAX_RECORD)? {
                    Answer::File { bytes, .. } => Some(bytes),
                    Answer::Missing | Answer::Unchanged => None,
                }
            } else {
                let name = format!("{}/all.zip", ecosystem.as_str());
                if archive.is_none() {
                    let file = bucket.archive(&name)?;
                    archive =
                        file.map(|file| Archive::open(&format!("{}/{name}", bucket.label()), file)).transpose()?;
                }
                archive.as_mut().map(|archive| archive.find(id)).transpose()?.flatten()
            };
            match bytes {
                Some(bytes) => records.push((*id, bytes)),
                None => unreadable.push((name, "it is listed, but not there".to_owned())),
            }
        }
        // What could not be had stays as it was, without its stamp, so that the next update asks again.
        let without: BTreeSet<&str> = records.iter().map(|(id, _)| *id).chain(self.gone.iter().copied()).collect();
        let mut builder = IndexBuilder::from_index(today, index, &without).map_err(BuildProblem::from)?.only(ecosystem);
        for (id, bytes) in &records {
            let before = builder.unreadable().len();
            builder.add_record(&format!("{id}.json"), bytes);
            if builder.unreadable().len() > before {
                builder.restore(index, id).map_err(BuildProblem::from)?;
                builder.sync.stamps.remove(*id);
            } else if let Some(stamp) = self.changed.get(id) {
                // By the list, which is older than the record: a change in between is seen the next time.
                builder.sync.stamps.insert((*id).to_owned(), *stamp);
            }
        }
        for (name, why) in unreadable {
            builder.say_unreadable(name, why);
        }
        builder.sync.tag = std::mem::take(&mut self.tag);
        if !builder.unreadable().is_empty() {
            // With the tag, the next update would take what is missing for known.
            builder.sync.tag.clear();
        }
        builder.sync.checked = bucket.is_live().then_some(today);
        let unreadable = builder.unreadable().to_vec();
        let count = builder.records();
        write(builder, path)?;
        Ok(Updated::Replaced {
            records: count,
            changed: self.changed.len(),
            gone: self.gone.len(),
            whole: false,
            unreadable,
        })
    }
}

fn whole(
    bucket: &dyn Bucket,
    ecosystem: Ecosystem,
    path: &Path,
    today: Day,
    tag: String,
    listed: Option<BTreeMap<String, Stamp>>,
) -> Result<Updated, UpdateError> {
    let name = format!("{}/all.zip", ecosystem.as_str());
    let shown = format!("{}/{name}", bucket.label());
    let Some(file) = bucket.archive(&name)? else {
        return match listed {
            Some(_) => Err(UpdateError::Fetch { what: shown, why: "it is not there".to_owned() }),
            None => Ok(Updated::Absent),
        };
    };
    let mut builder = IndexBuilder::new(today).only(ecosystem);
    builder.add_archive(&shown, file)?;
    // An archive that is older than the list lacks records: without the tag the next update asks for them.
    let missing = listed.iter().flatten().any(|(id, stamp)| builder.sync.stamps.get(id) != Some(stamp));
    // What it does not have at all is not known: until then that is said.
    let named: BTreeSet<String> = builder.unreadable().iter().map(|(name, _)| name.clone()).collect();
    for (id, _) in listed.iter().flatten() {
        let name = format!("{id}.json");
        if !builder.sync.stamps.contains_key(id) && !named.contains(&name) {
            builder.say_unreadable(name, "it is listed, but not in the archive".to_owned());
        }
    }
    builder.sync.source = bucket.label();
    builder.sync.tag = if missing { String::new() } else { tag };
    builder.sync.checked = bucket.is_live().then_some(today);
    let unreadable = builder.unreadable().to_vec();
    let records = builder.records();
    write(builder, path)?;
    Ok(Updated::Replaced { records, changed: records as usize, gone: 0, whole: true, unreadable })
}

/// Makes indexes of all records in a folder or an archive that is not laid out as a bucket.
///
/// # Errors
/// When it cannot be read to its end. The old indexes are untouched then.
pub fn update_from_records(
    from: &Path,
    folder: &Path,
    today: Day,
    chosen: &[Ecosystem],
) -> Result<BTreeMap<Ecosystem, Updated>, UpdateError> {
    let mut builder = IndexBuilder::new(today);
    if from.is_dir() {
        builder.add_folder(from)?
    } else {
        builder.add_zip(from)?
    }
    if builder.records() == 0 {
        return Err(BuildProblem::Nothing.into());
    }
    let label = std::fs::canonicalize(from).unwrap_or_else(|_| from.to_owned()).display().to_string();
    let mut out = BTreeMap::new();
    for (ecosystem, mut builder) in builder.split().into_iter().filter(|(ecosystem, _)| chosen.contains(ecosystem)) {
        builder.sync.source.clone_from(&label);
        let unreadable = builder.unreadable().to_vec();
        let records = builder.records();
        write(builder, &index_file(folder, ecosystem))?;
        out.insert(
            ecosystem,
            Updated::Replaced { records, changed: records as usize, gone: 0, whole: true, unreadable },
        );
    }
    Ok(out)
}

fn write(builder: IndexBuilder, path: &Path) -> Result<(), UpdateError> {
    store(builder.finish()?, path)
}

/// Stores an index that was read back first: a good one is never replaced by one that cannot be read.
fn store(bytes: Vec<u8>, path: &Path) -> Result<(), UpdateError> {
    let index = Index::from_bytes(bytes).map_err(BuildProblem::from)?;
    index.verify().map_err(BuildProblem::from)?;
    let failed = |source| BuildProblem::Io { path: path.display().to_string(), source };
    let bytes = index.into_bytes().ok_or(IndexError::Damaged("it is not in memory")).map_err(BuildProblem::from)?;
    Ok(replace(path, &bytes).map_err(failed)?)
}

/// Reads `moment,id` lines.
pub(crate) fn list(what: &str, bytes: &[u8]) -> Result<BTreeMap<String, Stamp>, UpdateError> {
    let wrong = |line: usize| UpdateError::List { what: what.to_owned(), line };
    let text = std::str::from_utf8(bytes).map_err(|_| wrong(1))?;
    let mut out = BTreeMap::new();
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let (stamp, id) = line.trim().split_once(',').ok_or_else(|| wrong(at + 1))?;
        let stamp = Stamp::parse(stamp).ok_or_else(|| wrong(at + 1))?;
        // The id becomes part of an address.
        let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.:".contains(letter);
        if id.is_empty() || id.len() > 200 || id.starts_with('.') || !id.chars().all(plain) {
            return Err(wrong(at + 1));
        }
        out.insert(id.to_owned(), stamp);
    }
    if out.is_empty() { Err(wrong(1)) } else { Ok(out) }
}

#[cfg(test)]
mod tests;
