//! Building an index from OSV records.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, Write as _};
use std::path::Path;

use super::{Day, Index, IndexError, MAGIC, Stamp, Sync, checksum, codec, ecosystem_number, ecosystem_of, hash_of};
use crate::Ecosystem;
use crate::osv::{Advisory, Record};

/// Larger records are not read: the largest published one is far below.
const MAX_RECORD: u64 = 16 << 20;
/// All records of one archive together, inflated. The whole public database is a fraction of it.
const MAX_ARCHIVE: u64 = 16 << 30;
/// One advisory as it is kept. One that lists ten thousand versions is below this.
const MAX_ADVISORY: usize = 1 << 20;
/// Inflated size of a block, roughly. Small blocks make a lookup cheap, large ones make the file small.
const BLOCK: usize = 24 << 10;

/// Why an index could not be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildProblem {
    /// A file or folder cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The path as given.
        path: String,
        /// The system's word.
        source: std::io::Error,
    },
    /// A zip archive is damaged.
    #[error("{path} is not a whole zip archive: {why}")]
    Zip {
        /// The path as given.
        path: String,
        /// What is wrong.
        why: String,
    },
    /// A file is something else than it should be.
    #[error("{path} is not {what}: {why}")]
    Foreign {
        /// The path as given.
        path: String,
        /// What it should be.
        what: &'static str,
        /// Why it is not.
        why: String,
    },
    /// No record was found: an index of nothing would call every package clean.
    #[error("no advisory records were found")]
    Nothing,
    /// More than the format can hold.
    #[error("too many records")]
    TooMany,
    /// An earlier index, to which changes were to be added, is damaged.
    #[error(transparent)]
    Earlier(#[from] IndexError),
}

/// Collects OSV records and writes an [`Index`](super::Index).
pub struct IndexBuilder {
    today: Day,
    /// Records name packages of other ecosystems too; those have their own index.
    only: Option<Ecosystem>,
    partial: BTreeSet<Ecosystem>,
    entries: BTreeMap<(u8, String), Vec<u8>>,
    /// Ecosystem, id, package.
    seen: BTreeSet<(u8, String, String)>,
    /// The newest change of a record of the ecosystem.
    as_of: BTreeMap<u8, u32>,
    unreadable: Vec<(String, String)>,
    pub(crate) sync: Sync,
}

impl std::fmt::Debug for IndexBuilder {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("IndexBuilder").field("packages", &self.entries.len()).finish_non_exhaustive()
    }
}

impl IndexBuilder {
    /// A builder on a given day. The day guards against records dated in the future, which exist.
    pub fn new(today: Day) -> Self {
        IndexBuilder {
            today,
            only: None,
            partial: BTreeSet::new(),
            entries: BTreeMap::new(),
            seen: BTreeSet::new(),
            as_of: BTreeMap::new(),
            unreadable: Vec::new(),
            sync: Sync::default(),
        }
    }

    /// Takes the packages of one ecosystem only.
    pub fn only(mut self, ecosystem: Ecosystem) -> Self {
        self.only = Some(ecosystem);
        self
    }

    /// A builder that begins with what an earlier index has, without some of its records. Records that could not be
    /// read then have no stamp, so that an update asks for them again.
    pub(crate) fn from_index(today: Day, index: &Index, without: &BTreeSet<&str>) -> Result<Self, IndexError> {
        let mut builder = IndexBuilder::new(today);
        builder.sync = index.sync()?;
        builder.sync.stamps.retain(|id, _| !without.contains(id.as_str()));
        for source in index.sources() {
            builder.as_of.insert(ecosystem_number(source.ecosystem), source.as_of.0);
            if source.partial {
                builder.partial.insert(source.ecosystem);
            }
        }
        index.each_entry(|ecosystem, name, advisories| {
            for advisory in advisories.iter().filter(|advisory| !without.contains(advisory.id.as_str())) {
                builder.put(ecosystem, name, advisory);
            }
        })?;
        Ok(builder)
    }

    /// Takes a record as an earlier index has it.
    pub(crate) fn restore(&mut self, index: &Index, id: &str) -> Result<(), IndexError> {
        index.each_entry(|ecosystem, name, advisories| {
            for advisory in advisories.iter().filter(|advisory| advisory.id == id) {
                self.put(ecosystem, name, advisory);
            }
        })
    }

    /// Names a record that could not be had.
    pub(crate) fn say_unreadable(&mut self, name: String, why: String) {
        self.unreadable.push((name, why));
    }

    /// One builder for each ecosystem that has records.
    pub(crate) fn split(self) -> BTreeMap<Ecosystem, IndexBuilder> {
        let mut out: BTreeMap<Ecosystem, IndexBuilder> = BTreeMap::new();
        let (today, unreadable) = (self.today, &self.unreadable);
        let mut of = |number: u8, with: &mut dyn FnMut(&mut IndexBuilder)| {
            if let Some(ecosystem) = ecosystem_of(number) {
                with(out.entry(ecosystem).or_insert_with(|| {
                    let mut builder = IndexBuilder::new(today).only(ecosystem);
                    builder.unreadable.clone_from(unreadable);
                    builder
                }));
            }
        };
        for (key, body) in self.entries {
            let mut body = Some(body);
            of(key.0, &mut |builder| {
                builder.entries.insert(key.clone(), body.take().unwrap_or_default());
            });
        }
        for seen in self.seen {
            of(seen.0, &mut |builder| {
                if let Some(stamp) = self.sync.stamps.get(&seen.1) {
                    builder.sync.stamps.insert(seen.1.clone(), *stamp);
                }
                builder.seen.insert(seen.clone());
            });
        }
        for (number, day) in self.as_of {
            of(number, &mut |builder| {
                builder.as_of.insert(number, day);
            });
        }
        out
    }

    /// States that the records of an ecosystem keep one range per advisory only.
    pub fn mark_partial(&mut self, ecosystem: Ecosystem) {
        self.partial.insert(ecosystem);
    }

    /// Adds one record. A record that cannot be read is counted and named in [`IndexBuilder::unreadable`].
    /// Of two records with one id about one package the first is kept.
    pub fn add_record(&mut self, name: &str, json: &[u8]) {
        let record = match Record::parse(json) {
            Ok(record) => record,
            Err(error) => {
                self.unreadable.push((name.to_owned(), error.to_string()));
                return;
            }
        };
        // Withdrawn ones too: an update must not take them for new each time.
        if let Some(stamp) = record.modified_stamp() {
            self.sync.stamps.insert(record.id.clone(), stamp);
        }
        if record.is_withdrawn() {
            return;
        }
        let day = record.modified_day().filter(|day| *day <= self.today.0).unwrap_or(0);
        for (ecosystem, package, mut advisory) in record.advisories() {
            if self.only.is_some_and(|only| only != ecosystem) {
                continue;
            }
            let newest = self.as_of.entry(ecosystem_number(ecosystem)).or_default();
            *newest = day.max(*newest);
            if record.is_shortened() {
                self.partial.insert(ecosystem);
            }
            advisory.partial = self.partial.contains(&ecosystem) && record.may_miss_ranges(&advisory);
            if !self.put(ecosystem, &package, &advisory) {
                self.sync.stamps.remove(&record.id);
                self.unreadable.push((name.to_owned(), "it says more about a package than any real one".to_owned()));
            }
        }
    }

    /// Adds an advisory; false where it is larger than any real one.
    fn put(&mut self, ecosystem: Ecosystem, package: &str, advisory: &Advisory) -> bool {
        let number = ecosystem_number(ecosystem);
        if !self.seen.insert((number, advisory.id.clone(), package.to_owned())) {
            return true;
        }
        let mut body = Vec::new();
        codec::put_advisory(&mut body, advisory);
        if body.len() > MAX_ADVISORY {
            return false;
        }
        self.entries.entry((number, package.to_owned())).or_default().append(&mut body);
        true
    }

    /// Adds all records of a zip archive as the OSV bucket has them (`all.zip`).
    ///
    /// # Errors
    /// When the archive cannot be read to its end.
    pub fn add_zip(&mut self, path: &Path) -> Result<(), BuildProblem> {
        let shown = path.display().to_string();
        let file = std::fs::File::open(path).map_err(|source| BuildProblem::Io { path: shown.clone(), source })?;
        self.add_archive(&shown, file)
    }

    /// Adds all records of an open zip archive.
    pub(crate) fn add_archive(&mut self, shown: &str, file: std::fs::File) -> Result<(), BuildProblem> {
        let mut archive = Archive::open(shown, file)?;
        let mut total = 0;
        for at in 0..archive.zip.len() {
            let (name, bytes) = archive.record(at)?;
            if !name.ends_with(".json") {
                continue;
            }
            total += bytes.len() as u64;
            if total > MAX_ARCHIVE {
                return Err(archive.damaged("it unpacks to more than any real archive does"));
            }
            if bytes.len() as u64 > MAX_RECORD {
                self.unreadable.push((name, "the record is larger than any real one".to_owned()));
                continue;
            }
            self.add_record(&name, &bytes);
        }
        Ok(())
    }

    /// Adds a folder: record files (`*.json`) and archives (`all.zip`) in it and in its folders.
    ///
    /// # Errors
    /// When the folder or an archive in it cannot be read.
    pub fn add_folder(&mut self, path: &Path) -> Result<(), BuildProblem> {
        self.folder(path, 0)
    }

    fn folder(&mut self, path: &Path, depth: usize) -> Result<(), BuildProblem> {
        let failed = |source: std::io::Error| BuildProblem::Io { path: path.display().to_string(), source };
        let mut entries: Vec<_> =
            std::fs::read_dir(path).map_err(failed)?.collect::<Result<Vec<_>, _>>().map_err(failed)?;
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            let kind = entry.file_type().map_err(failed)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            // Links are not followed: they could lead anywhere.
            if kind.is_dir() && depth < 8 {
                self.folder(&entry.path(), depth + 1)?;
            } else if kind.is_file() && name.ends_with(".zip") {
                self.add_zip(&entry.path())?;
            } else if kind.is_file() && name.ends_with(".json") {
                let size = entry.metadata().map_err(failed)?.len();
                if size > MAX_RECORD {
                    self.unreadable.push((name, "the record is larger than any real one".to_owned()));
                } else {
                    let bytes = std::fs::read(entry.path()).map_err(failed)?;
                    self.add_record(&name, &bytes);
                }
            }
        }
        Ok(())
    }

    /// Records that could not be read, with the reason.
    pub fn unreadable(&self) -> &[(String, String)] {
        &self.unreadable
    }

    /// How many records were taken.
    pub fn records(&self) -> u32 {
        let ids: BTreeSet<&str> = self.seen.iter().map(|(_, id, _)| id.as_str()).collect();
        u32::try_from(ids.len()).unwrap_or(u32::MAX)
    }

    /// The index as bytes.
    ///
    /// # Errors
    /// When there is nothing to index or too much.
    pub fn finish(self) -> Result<Vec<u8>, BuildProblem> {
        if self.entries.is_empty() {
            return Err(BuildProblem::Nothing);
        }
        let small = |value: usize| u32::try_from(value).map_err(|_| BuildProblem::TooMany);
        let mut blocks: Vec<(u32, Vec<u8>)> = Vec::new();
        let mut names: Vec<(u32, u32)> = Vec::new();
        let mut raw: Vec<u8> = Vec::new();
        let close = |raw: &mut Vec<u8>, blocks: &mut Vec<(u32, Vec<u8>)>| -> Result<(), BuildProblem> {
            blocks.push((small(raw.len())?, deflated(raw)?));
            raw.clear();
            Ok(())
        };
        for ((number, name), body) in &self.entries {
            let Some(ecosystem) = ecosystem_of(*number) else { continue };
            if !raw.is_empty() && raw.len() + body.len() > BLOCK {
                close(&mut raw, &mut blocks)?;
            }
            names.push((hash_of(ecosystem, name), small(blocks.len())?));
            raw.push(*number);
            codec::put_bytes(&mut raw, name.as_bytes());
            codec::put_bytes(&mut raw, body);
        }
        close(&mut raw, &mut blocks)?;
        names.sort_unstable();

        let mut tallies: BTreeMap<u8, (BTreeSet<&str>, usize)> = BTreeMap::new();
        for (number, id, _) in &self.seen {
            tallies.entry(*number).or_default().0.insert(id);
        }
        for (number, _) in self.entries.keys() {
            tallies.entry(*number).or_default().1 += 1;
        }
        let mut header = Vec::new();
        let put = |header: &mut Vec<u8>, value: u32| header.extend_from_slice(&value.to_le_bytes());
        put(&mut header, self.today.0);
        put(&mut header, small(tallies.len())?);
        let unreadable = small(self.unreadable.len())?;
        for (number, (ids, packages)) in &tallies {
            header.push(*number);
            put(&mut header, self.as_of.get(number).copied().unwrap_or(0));
            put(&mut header, small(ids.len())?);
            put(&mut header, small(*packages)?);
            put(&mut header, unreadable);
            header.push(u8::from(ecosystem_of(*number).is_some_and(|ecosystem| self.partial.contains(&ecosystem))));
        }
        put(&mut header, small(blocks.len())?);
        for (inflated, stored) in &blocks {
            put(&mut header, small(stored.len())?);
            put(&mut header, *inflated);
            put(&mut header, checksum(stored));
        }
        put(&mut header, small(names.len())?);
        for (hash, block) in &names {
            put(&mut header, *hash);
            put(&mut header, *block);
        }
        let mut stamps = Vec::new();
        if !self.sync.source.is_empty() {
            let mut raw = Vec::new();
            for (id, Stamp(micros)) in &self.sync.stamps {
                codec::put_bytes(&mut raw, id.as_bytes());
                raw.extend_from_slice(&micros.to_le_bytes());
            }
            stamps = deflated(&raw)?;
            codec::put_bytes(&mut header, self.sync.source.as_bytes());
            codec::put_bytes(&mut header, self.sync.tag.as_bytes());
            put(&mut header, self.sync.checked.map_or(0, |day| day.0));
            put(&mut header, small(stamps.len())?);
            put(&mut header, small(raw.len())?);
            put(&mut header, checksum(&stamps));
        }
        let mut out = MAGIC.to_vec();
        put(&mut out, small(header.len())?);
        let sum = checksum(&header);
        out.append(&mut header);
        put(&mut out, sum);
        for (_, stored) in &blocks {
            out.extend_from_slice(stored);
        }
        out.append(&mut stamps);
        Ok(out)
    }

    /// Writes the index so that a reader sees the old file or the whole new one, never a part: a write that is
    /// killed leaves the old one.
    ///
    /// # Errors
    /// When there is nothing to index or the file cannot be written.
    pub fn write(self, path: &Path) -> Result<(), BuildProblem> {
        let bytes = self.finish()?;
        replace(path, &bytes)
            .map_err(|source: std::io::Error| BuildProblem::Io { path: path.display().to_string(), source })
    }
}

fn deflated(raw: &[u8]) -> Result<Vec<u8>, BuildProblem> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    let failed = |source| BuildProblem::Io { path: "memory".to_owned(), source };
    encoder.write_all(raw).map_err(failed)?;
    encoder.finish().map_err(failed)
}

/// The end of the name of a file that is being written.
const PART: &str = ".part";

/// Puts new content in a file's place at once: whoever reads it sees the old file or the whole new one, and a write that
/// is killed leaves the old one. What an earlier write left behind when it was killed is removed.
///
/// # Errors
/// When the file cannot be written; the old one is there then.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    for entry in std::fs::read_dir(folder)?.flatten() {
        let other = entry.file_name().to_string_lossy().into_owned();
        if other.strip_prefix(&name).is_some_and(|rest| rest.starts_with('.') && rest.ends_with(PART)) {
            // Nobody needs it; failing to remove it does no harm.
            let _ = std::fs::remove_file(entry.path());
        }
    }
    let partial = folder.join(format!("{name}.{}{PART}", std::process::id()));
    let result = (|| {
        let mut file = std::fs::File::create(&partial)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&partial, path)
    })();
    if result.is_err() {
        let _ = std::fs::remove_file(&partial);
    }
    result
}

/// An open archive of records.
pub(crate) struct Archive {
    shown: String,
    zip: zip::ZipArchive<std::io::BufReader<std::fs::File>>,
}

impl Archive {
    pub(crate) fn open(shown: &str, file: std::fs::File) -> Result<Self, BuildProblem> {
        let zip = zip::ZipArchive::new(std::io::BufReader::new(file))
            .map_err(|error| BuildProblem::Zip { path: shown.to_owned(), why: error.to_string() })?;
        Ok(Archive { shown: shown.to_owned(), zip })
    }

    fn damaged(&self, why: impl std::fmt::Display) -> BuildProblem {
        BuildProblem::Zip { path: self.shown.clone(), why: why.to_string() }
    }

    /// An entry: its name and its bytes, one byte more than [`MAX_RECORD`] at most.
    fn record(&mut self, at: usize) -> Result<(String, Vec<u8>), BuildProblem> {
        let mut read = || {
            let entry = self.zip.by_index(at)?;
            let name = entry.name()?.into_owned();
            let mut bytes = Vec::new();
            entry.take(MAX_RECORD + 1).read_to_end(&mut bytes)?;
            Ok((name, bytes))
        };
        let result: Result<_, zip::result::ZipError> = read();
        result.map_err(|error| self.damaged(error))
    }

    /// The record with an id; `None` where the archive has none.
    pub(crate) fn find(&mut self, id: &str) -> Result<Option<Vec<u8>>, BuildProblem> {
        match self.zip.index_for_name(&format!("{id}.json")) {
            Some(at) => self.record(at).map(|(_, bytes)| Some(bytes)),
            None => Ok(None),
        }
    }
}
