//! Building an index from OSV records.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, Write as _};
use std::path::Path;

use super::{Day, MAGIC, checksum, codec, ecosystem_number, hash_of};
use crate::Ecosystem;
use crate::osv::Record;

/// Larger records are not read: the largest published one is far below.
const MAX_RECORD: u64 = 16 << 20;
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
    /// No record was found: an index of nothing would call every package clean.
    #[error("no advisory records were found")]
    Nothing,
    /// More than the format can hold.
    #[error("too many records")]
    TooMany,
}

#[derive(Default)]
struct Tally {
    as_of: u32,
    records: u32,
    packages: u32,
    unreadable: u32,
}

/// Collects OSV records and writes an [`Index`](super::Index).
pub struct IndexBuilder {
    today: Day,
    partial: BTreeSet<Ecosystem>,
    entries: BTreeMap<(u8, String), Vec<u8>>,
    seen: BTreeSet<(u8, String, String)>,
    tallies: BTreeMap<Ecosystem, Tally>,
    unreadable: Vec<(String, String)>,
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
            partial: BTreeSet::new(),
            entries: BTreeMap::new(),
            seen: BTreeSet::new(),
            tallies: BTreeMap::new(),
            unreadable: Vec::new(),
        }
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
        if record.is_withdrawn() {
            return;
        }
        let day = record.modified_day().filter(|day| *day <= self.today.0);
        let mut counted = BTreeSet::new();
        let advisories = record.advisories();
        for (ecosystem, package, mut advisory) in advisories {
            let number = ecosystem_number(ecosystem);
            if !self.seen.insert((number, package.clone(), advisory.id.clone())) {
                continue;
            }
            let tally = self.tallies.entry(ecosystem).or_default();
            if counted.insert(ecosystem) {
                tally.records += 1;
                tally.as_of = tally.as_of.max(day.unwrap_or(0));
            }
            advisory.partial = self.partial.contains(&ecosystem) && record.may_miss_ranges(&advisory);
            let entry = self.entries.entry((number, package)).or_insert_with(|| {
                tally.packages += 1;
                Vec::new()
            });
            codec::put_advisory(entry, &advisory);
        }
    }

    /// Adds all records of a zip archive as the OSV bucket has them (`all.zip`).
    ///
    /// # Errors
    /// When the archive cannot be read to its end.
    pub fn add_zip(&mut self, path: &Path) -> Result<(), BuildProblem> {
        let shown = path.display().to_string();
        let file = std::fs::File::open(path).map_err(|source| BuildProblem::Io { path: shown.clone(), source })?;
        let damaged = |why: String| BuildProblem::Zip { path: shown.clone(), why };
        let mut archive =
            zip::ZipArchive::new(std::io::BufReader::new(file)).map_err(|error| damaged(error.to_string()))?;
        let mut bytes = Vec::new();
        for at in 0..archive.len() {
            let entry = archive.by_index(at).map_err(|error| damaged(error.to_string()))?;
            let name = entry.name().map_err(|error| damaged(error.to_string()))?.into_owned();
            if !name.ends_with(".json") {
                continue;
            }
            bytes.clear();
            entry.take(MAX_RECORD + 1).read_to_end(&mut bytes).map_err(|error| damaged(error.to_string()))?;
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
        self.tallies.values().map(|tally| tally.records).sum()
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
            let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
            let failed = |source| BuildProblem::Io { path: "memory".to_owned(), source };
            encoder.write_all(raw).map_err(failed)?;
            blocks.push((small(raw.len())?, encoder.finish().map_err(failed)?));
            raw.clear();
            Ok(())
        };
        for ((number, name), body) in &self.entries {
            let ecosystem = Ecosystem::ALL.into_iter().find(|known| ecosystem_number(*known) == *number);
            let Some(ecosystem) = ecosystem else { continue };
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

        let mut header = Vec::new();
        let put = |header: &mut Vec<u8>, value: u32| header.extend_from_slice(&value.to_le_bytes());
        put(&mut header, self.today.0);
        put(&mut header, small(self.tallies.len())?);
        let unreadable = small(self.unreadable.len())?;
        for (ecosystem, tally) in &self.tallies {
            header.push(ecosystem_number(*ecosystem));
            put(&mut header, tally.as_of);
            put(&mut header, tally.records);
            put(&mut header, tally.packages);
            put(&mut header, tally.unreadable.max(unreadable));
            header.push(u8::from(self.partial.contains(ecosystem)));
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
        let mut out = MAGIC.to_vec();
        put(&mut out, small(header.len())?);
        let sum = checksum(&header);
        out.append(&mut header);
        put(&mut out, sum);
        for (_, stored) in &blocks {
            out.extend_from_slice(stored);
        }
        Ok(out)
    }

    /// Writes the index so that a reader sees the old file or the whole new one, never a part: a write that is
    /// killed leaves the old one.
    ///
    /// # Errors
    /// When there is nothing to index or the file cannot be written.
    pub fn write(self, path: &Path) -> Result<(), BuildProblem> {
        let bytes = self.finish()?;
        let failed = |source: std::io::Error| BuildProblem::Io { path: path.display().to_string(), source };
        let mut partial = path.as_os_str().to_owned();
        partial.push(format!(".{}.part", std::process::id()));
        let partial = std::path::PathBuf::from(partial);
        let result = (|| {
            let mut file = std::fs::File::create(&partial)?;
            file.write_all(&bytes)?;
            file.sync_all()?;
            std::fs::rename(&partial, path)
        })();
        if result.is_err() {
            // The rename did not happen; what is left over is of no use, and failing to remove it does no harm.
            let _ = std::fs::remove_file(&partial);
        }
        result.map_err(failed)
    }
}
