//! The advisory index: one file, built once from OSV records, from which a package name costs one lookup.
//!
//! Layout (numbers little-endian): `PLIMADV1`, header length `u32`, header, checksum of the header `u32`, blocks,
//! stamps. The header holds the day of the build, the sources, the place and checksum of every block, a sorted table
//! from the hash of a package name to its block, and where the records came from. Blocks are deflated and decoded one
//! at a time, when a name in them is asked for; a name without advisories costs a binary search. The stamps (when
//! which record was changed) are read by an update only. Every checksum is verified before use, so a truncated or
//! damaged file is an error and never reads as "no advisories".
//!
//! The file is read in place, piece by piece, rather than mapped: of a mapped file that somebody cuts short, the
//! next access ends the process, and mapping needs `unsafe`, which this workspace forbids.

mod build;
mod codec;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::sync::{Arc, Mutex};

pub(crate) use build::{Archive, replace};
pub use build::{BuildProblem, IndexBuilder};

use crate::Ecosystem;
use crate::osv::Advisory;
use codec::Reader;

const MAGIC: &[u8; 8] = b"PLIMADV1";
/// A header of two million names is far below this.
const MAX_HEADER: usize = 64 << 20;
/// No block is written larger than this when inflated.
const MAX_BLOCK: usize = 64 << 20;
/// Two million stamps are far below this.
const MAX_STAMPS: usize = 256 << 20;

/// Why an index cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IndexError {
    /// The file cannot be opened or read.
    #[error("the advisory index cannot be read: {0}")]
    Io(#[from] std::io::Error),
    /// The file is cut short, altered or something else.
    #[error("the advisory index is damaged ({0}); build it again")]
    Damaged(&'static str),
}

/// A day, as days since 1970-01-01.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(pub u32);

impl Day {
    /// Reads `2026-05-04`, with or without a time after it.
    pub fn parse(text: &str) -> Option<Self> {
        day_of(text).map(Day)
    }
}

impl std::fmt::Display for Day {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Howard Hinnant, "chrono-compatible low-level date algorithms", civil_from_days.
        let shifted = u64::from(self.0) + 719_468;
        let era = shifted / 146_097;
        let of_era = shifted % 146_097;
        let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_shifted = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month_shifted + 2) / 5 + 1;
        let month = if month_shifted < 10 { month_shifted + 3 } else { month_shifted - 9 };
        let year = year_of_era + era * 400 + u64::from(month <= 2);
        write!(out, "{year:04}-{month:02}-{day:02}")
    }
}

pub(crate) fn day_of(text: &str) -> Option<u32> {
    let mut parts = text.get(..10)?.split('-');
    let year: u32 = parts.next()?.parse().ok()?;
    let month: u32 = parts.next()?.parse().ok()?;
    let day: u32 = parts.next()?.parse().ok()?;
    if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // days_from_civil of the same source.
    let year = if month <= 2 { year - 1 } else { year };
    let month_shifted = (month + 9) % 12;
    let of_year = (153 * month_shifted + 2) / 5 + day - 1;
    let era = year / 400;
    let year_of_era = year % 400;
    let of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year;
    (era * 146_097 + of_era).checked_sub(719_468)
}

/// What an index knows of one ecosystem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceInfo {
    /// The ecosystem.
    pub ecosystem: Ecosystem,
    /// The newest change in its records: nothing after this day is known.
    pub as_of: Day,
    /// How many records.
    pub records: u32,
    /// How many packages they name.
    pub packages: u32,
    /// Records that could not be read when the index was built.
    pub unreadable: u32,
    /// The source keeps one range per advisory, so release lines may be missing.
    pub partial: bool,
}

/// Where the records of an index came from, and in which state the source was. It is part of the index file: the two
/// cannot disagree, whenever a write is killed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sync {
    /// The source, for people and to tell whether it is still the same; `""` when the index was not made by an update.
    pub(crate) source: String,
    /// What the source calls the state of its list of records (HTTP's `ETag`).
    pub(crate) tag: String,
    /// The day on which a live source last said what it has.
    pub(crate) checked: Option<Day>,
    /// When which record was last changed.
    pub(crate) stamps: BTreeMap<String, Stamp>,
}

/// The moment of a change in microseconds since 1970. Moments are compared for equality only: records dated in the
/// future exist, and an order would never let anything newer past them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stamp(pub(crate) u64);

impl Stamp {
    /// Reads `2026-05-21T14:54:44.011147Z`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let day = u64::from(day_of(text)?);
        let mut clock = text.get(10..)?.strip_prefix(['T', 't', ' '])?.strip_suffix(['Z', 'z'])?.split(':');
        let mut two = |most: u64| clock.next()?.parse::<u64>().ok().filter(|number| *number <= most);
        let (hours, minutes) = (two(23)?, two(59)?);
        let (seconds, fraction) = clock.next().map_or(("0", ""), |rest| rest.split_once('.').unwrap_or((rest, "")));
        let seconds = seconds.parse::<u64>().ok().filter(|number| *number <= 60)?;
        let mut micros = 0;
        for at in 0..6 {
            let digit = fraction.as_bytes().get(at).map_or(Some(0), |byte| char::from(*byte).to_digit(10))?;
            micros = micros * 10 + u64::from(digit);
        }
        Some(Stamp((((day * 24 + hours) * 60 + minutes) * 60 + seconds) * 1_000_000 + micros))
    }
}

enum Store {
    Memory(&'static [u8]),
    Owned(Vec<u8>),
    File(Mutex<std::fs::File>),
}

#[derive(Clone, Copy)]
struct Block {
    offset: u64,
    stored: u32,
    inflated: u32,
    checksum: u32,
}

/// An open index.
pub struct Index {
    store: Store,
    built: Day,
    sources: Vec<SourceInfo>,
    /// Without the stamps, which stay in the file.
    sync: Sync,
    stamps: Option<Block>,
    blocks: Vec<Block>,
    /// Pairs of name hash and block number, sorted.
    names: Vec<(u32, u32)>,
    cache: Mutex<BTreeMap<u32, Arc<Vec<u8>>>>,
}

impl std::fmt::Debug for Index {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Index").field("built", &self.built).field("sources", &self.sources).finish_non_exhaustive()
    }
}

/// How many inflated blocks are kept.
const CACHED: usize = 64;

/// The index that is part of this crate.
static BUILTIN: &[u8] = include_bytes!("../../data/builtin.idx");

impl Index {
    /// The snapshot that is part of the program: it needs no network and no file, and is as old as [`Index::date`]
    /// says. See `NOTICE` in the crate for its sources.
    ///
    /// # Panics
    /// Never: a test opens it and reads every block.
    pub fn builtin() -> &'static Index {
        static OPEN: std::sync::OnceLock<Index> = std::sync::OnceLock::new();
        OPEN.get_or_init(|| {
            let opened = Header::read(BUILTIN, BUILTIN.len() as u64).map(|header| header.open(Store::Memory(BUILTIN)));
            opened.unwrap_or_else(|_| Index::empty())
        })
    }

    /// An index that knows nothing: everything checked against it is not checked.
    pub fn empty() -> Self {
        Header::default().open(Store::Memory(&[]))
    }

    /// Opens an index file. Only its header is read now.
    ///
    /// # Errors
    /// When the file cannot be read, is cut short or does not match its checksum.
    pub fn open(path: &Path) -> Result<Self, IndexError> {
        let mut file = std::fs::File::open(path)?;
        let length = file.metadata()?.len();
        let mut start = [0; 12];
        file.read_exact(&mut start).map_err(|_| IndexError::Damaged("it is too short"))?;
        let header_length = header_length(&start)?;
        let mut head = start.to_vec();
        head.resize(12 + header_length + 4, 0);
        file.read_exact(&mut head[12..]).map_err(|_| IndexError::Damaged("it is cut short"))?;
        Ok(Header::read(&head, length)?.open(Store::File(Mutex::new(file))))
    }

    /// Opens an index in memory.
    ///
    /// # Errors
    /// When the bytes are cut short or do not match their checksum.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, IndexError> {
        let header = Header::read(&bytes, bytes.len() as u64)?;
        Ok(header.open(Store::Owned(bytes)))
    }

    /// The bytes of an index in memory.
    pub(crate) fn into_bytes(self) -> Option<Vec<u8>> {
        match self.store {
            Store::Owned(bytes) => Some(bytes),
            Store::Memory(_) | Store::File(_) => None,
        }
    }

    /// The day from which on nothing is known, taken over all ecosystems: the oldest of [`Index::sources`].
    pub fn date(&self) -> Day {
        self.sources.iter().map(|source| self.known_until(source)).min().unwrap_or(Day(0))
    }

    /// The day from which on nothing is known of an ecosystem. What a live source had on the day on which it was last
    /// asked is known, also where nothing had changed for weeks; of files only their newest record can be believed.
    pub fn known_until(&self, source: &SourceInfo) -> Day {
        self.sync.checked.map_or(source.as_of, |checked| checked.max(source.as_of))
    }

    /// Where an update took the records from; `""` for the one that is part of the program.
    pub fn origin(&self) -> &str {
        &self.sync.source
    }

    /// The day on which the index was built.
    pub fn built(&self) -> Day {
        self.built
    }

    /// What it knows, by ecosystem.
    pub fn sources(&self) -> &[SourceInfo] {
        &self.sources
    }

    /// What it knows of one ecosystem.
    pub fn source(&self, ecosystem: Ecosystem) -> Option<&SourceInfo> {
        self.sources.iter().find(|source| source.ecosystem == ecosystem)
    }

    /// All advisories about a package; the name in any spelling.
    ///
    /// # Errors
    /// When the part of the index that holds it is damaged or cannot be read.
    pub fn advisories(&self, ecosystem: Ecosystem, name: &str) -> Result<Vec<Advisory>, IndexError> {
        let name = ecosystem.normalized(name);
        let hash = hash_of(ecosystem, &name);
        let first = self.names.partition_point(|(known, _)| *known < hash);
        for (_, block) in self.names.iter().skip(first).take_while(|(known, _)| *known == hash) {
            let bytes = self.block(*block)?;
            if let Some(found) = find(&bytes, ecosystem, &name)? {
                return Ok(found);
            }
        }
        Ok(Vec::new())
    }

    /// Reads every block.
    ///
    /// # Errors
    /// When any part is damaged or cannot be read.
    pub fn verify(&self) -> Result<(), IndexError> {
        self.each_entry(|_, _, _| {})?;
        self.sync().map(|_| ())
    }

    /// The packages of an ecosystem with the advisories that have one of some ids (in capitals). This reads the whole
    /// index.
    pub(crate) fn find_ids(
        &self,
        ecosystem: Ecosystem,
        ids: &BTreeSet<String>,
    ) -> Result<Vec<(String, Vec<Advisory>)>, IndexError> {
        let mut out = Vec::new();
        self.each_entry(|known, name, mut advisories| {
            let wanted = |advisory: &Advisory| advisory.ids().any(|own| ids.contains(&own.to_ascii_uppercase()));
            advisories.retain(|advisory| known == ecosystem && wanted(advisory));
            if !advisories.is_empty() {
                out.push((name.to_owned(), advisories));
            }
        })?;
        Ok(out)
    }

    /// Every package with its advisories, in the order of the file.
    ///
    /// # Errors
    /// When the index is damaged.
    pub fn each_entry(&self, mut each: impl FnMut(Ecosystem, &str, Vec<Advisory>)) -> Result<(), IndexError> {
        for number in 0..self.blocks.len() {
            let number = u32::try_from(number).map_err(|_| IndexError::Damaged("too many blocks"))?;
            let bytes = self.block(number)?;
            let mut reader = Reader::new(&bytes);
            while !reader.is_empty() {
                let (number, name) = codec::entry_head(&mut reader)?;
                let advisories = codec::advisories(&mut Reader::new(reader.bytes()?))?;
                let ecosystem = ecosystem_of(number).ok_or(IndexError::Damaged("it names an unknown ecosystem"))?;
                each(ecosystem, name, advisories);
            }
        }
        Ok(())
    }

    /// Where the records came from, with the stamps.
    pub(crate) fn sync(&self) -> Result<Sync, IndexError> {
        let mut sync = self.sync.clone();
        if let Some(place) = &self.stamps {
            let bytes = self.inflated(place)?;
            let mut reader = Reader::new(&bytes);
            while !reader.is_empty() {
                let id = reader.text()?.to_owned();
                sync.stamps.insert(id, Stamp(u64::from(reader.u32()?) | u64::from(reader.u32()?) << 32));
            }
        }
        Ok(sync)
    }

    fn block(&self, number: u32) -> Result<Arc<Vec<u8>>, IndexError> {
        if let Ok(cache) = self.cache.lock()
            && let Some(bytes) = cache.get(&number)
        {
            return Ok(Arc::clone(bytes));
        }
        let block = self.blocks.get(number as usize).ok_or(IndexError::Damaged("a block is missing"))?;
        let bytes = Arc::new(self.inflated(block)?);
        if let Ok(mut cache) = self.cache.lock() {
            if cache.len() >= CACHED {
                cache.clear();
            }
            cache.insert(number, Arc::clone(&bytes));
        }
        Ok(bytes)
    }

    fn inflated(&self, block: &Block) -> Result<Vec<u8>, IndexError> {
        let place = || {
            let start = usize::try_from(block.offset).ok()?;
            Some(start..start.checked_add(block.stored as usize)?)
        };
        let owned;
        let stored: &[u8] = match &self.store {
            Store::Memory(bytes) => {
                place().and_then(|at| bytes.get(at)).ok_or(IndexError::Damaged("it is cut short"))?
            }
            Store::Owned(bytes) => {
                place().and_then(|at| bytes.get(at)).ok_or(IndexError::Damaged("it is cut short"))?
            }
            Store::File(file) => {
                let mut file = file.lock().map_err(|_| IndexError::Damaged("an earlier read failed"))?;
                file.seek(SeekFrom::Start(block.offset))?;
                let mut bytes = vec![0; block.stored as usize];
                file.read_exact(&mut bytes).map_err(|_| IndexError::Damaged("it is cut short"))?;
                owned = bytes;
                &owned
            }
        };
        if checksum(stored) != block.checksum {
            return Err(IndexError::Damaged("a block does not match its checksum"));
        }
        let mut bytes = Vec::with_capacity(block.inflated as usize);
        flate2::read::DeflateDecoder::new(stored)
            .take(u64::from(block.inflated) + 1)
            .read_to_end(&mut bytes)
            .map_err(|_| IndexError::Damaged("a block cannot be inflated"))?;
        if bytes.len() != block.inflated as usize {
            return Err(IndexError::Damaged("a block has the wrong size"));
        }
        Ok(bytes)
    }
}

fn find(bytes: &[u8], ecosystem: Ecosystem, name: &str) -> Result<Option<Vec<Advisory>>, IndexError> {
    let mut reader = Reader::new(bytes);
    while !reader.is_empty() {
        let (number, known) = codec::entry_head(&mut reader)?;
        let body = reader.bytes()?;
        if number == ecosystem_number(ecosystem) && known == name {
            return codec::advisories(&mut Reader::new(body)).map(Some);
        }
    }
    Ok(None)
}

/// Numbers in the file; never reused.
fn ecosystem_number(ecosystem: Ecosystem) -> u8 {
    match ecosystem {
        Ecosystem::Npm => 1,
        Ecosystem::PyPi => 2,
        Ecosystem::Packagist => 3,
        Ecosystem::RubyGems => 4,
        Ecosystem::CratesIo => 5,
        Ecosystem::Go => 6,
        Ecosystem::Maven => 7,
        Ecosystem::Hex => 8,
        Ecosystem::Pub => 9,
    }
}

fn ecosystem_of(number: u8) -> Option<Ecosystem> {
    Ecosystem::ALL.into_iter().find(|ecosystem| ecosystem_number(*ecosystem) == number)
}

pub(crate) fn checksum(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

fn hash_of(ecosystem: Ecosystem, name: &str) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(&[ecosystem_number(ecosystem)]);
    crc.update(name.as_bytes());
    crc.sum()
}

/// Sets the day on which a live source was last asked in the bytes of an index that an update made.
pub(crate) fn set_checked(bytes: &mut [u8], day: Day) -> Result<(), IndexError> {
    let end = 12 + header_length(bytes)?;
    let header = bytes.get_mut(12..end).ok_or(IndexError::Damaged("it is cut short"))?;
    // The day stands before the place of the stamps, which are three numbers at the end.
    let at = header.len().checked_sub(16).ok_or(IndexError::Damaged("it is too short"))?;
    header.get_mut(at..at + 4).ok_or(IndexError::Damaged("it is too short"))?.copy_from_slice(&day.0.to_le_bytes());
    let sum = checksum(header).to_le_bytes();
    bytes.get_mut(end..end + 4).ok_or(IndexError::Damaged("it is cut short"))?.copy_from_slice(&sum);
    Ok(())
}

fn header_length(start: &[u8]) -> Result<usize, IndexError> {
    if start.get(..8) != Some(MAGIC) {
        return Err(IndexError::Damaged("it is not an advisory index of this version"));
    }
    let length: [u8; 4] =
        start.get(8..12).and_then(|bytes| bytes.try_into().ok()).ok_or(IndexError::Damaged("it is too short"))?;
    let length = u32::from_le_bytes(length) as usize;
    if length > MAX_HEADER { Err(IndexError::Damaged("its header has an impossible size")) } else { Ok(length) }
}

#[derive(Default)]
struct Header {
    built: u32,
    sources: Vec<SourceInfo>,
    blocks: Vec<Block>,
    names: Vec<(u32, u32)>,
    sync: Sync,
    stamps: Option<Block>,
}

impl Header {
    /// Reads the head of a file of `length` bytes.
    fn read(bytes: &[u8], length: u64) -> Result<Self, IndexError> {
        let header_length = header_length(bytes)?;
        let end = 12 + header_length;
        let header = bytes.get(12..end).ok_or(IndexError::Damaged("it is cut short"))?;
        let stored: [u8; 4] = bytes
            .get(end..end + 4)
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or(IndexError::Damaged("it is cut short"))?;
        if u32::from_le_bytes(stored) != checksum(header) {
            return Err(IndexError::Damaged("its header does not match its checksum"));
        }
        let mut reader = Reader::new(header);
        let built = reader.u32()?;
        let mut sources = Vec::new();
        for _ in 0..reader.u32()? {
            let number = reader.byte()?;
            let ecosystem = ecosystem_of(number).ok_or(IndexError::Damaged("it names an unknown ecosystem"))?;
            sources.push(SourceInfo {
                ecosystem,
                as_of: Day(reader.u32()?),
                records: reader.u32()?,
                packages: reader.u32()?,
                unreadable: reader.u32()?,
                partial: reader.byte()? != 0,
            });
        }
        let mut offset = end as u64 + 4;
        let mut blocks = Vec::new();
        for _ in 0..reader.u32()? {
            let block = Block { offset, stored: reader.u32()?, inflated: reader.u32()?, checksum: reader.u32()? };
            if block.inflated as usize > MAX_BLOCK {
                return Err(IndexError::Damaged("a block has an impossible size"));
            }
            offset += u64::from(block.stored);
            blocks.push(block);
        }
        let count = reader.u32()? as usize;
        let table = reader.take(count.checked_mul(8).ok_or(IndexError::Damaged("it has too many names"))?)?;
        let names = table
            .chunks_exact(8)
            .map(|pair| {
                let number = |at: usize| {
                    pair.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_le_bytes)
                };
                (number(0), number(4))
            })
            .collect();
        let mut sync = Sync::default();
        let mut stamps = None;
        // The index that is part of the program was not made by an update and ends here.
        if !reader.is_empty() {
            sync.source = reader.text()?.to_owned();
            sync.tag = reader.text()?.to_owned();
            sync.checked = Some(Day(reader.u32()?)).filter(|day| day.0 != 0);
            let block = Block { offset, stored: reader.u32()?, inflated: reader.u32()?, checksum: reader.u32()? };
            if block.inflated as usize > MAX_STAMPS {
                return Err(IndexError::Damaged("its stamps have an impossible size"));
            }
            offset += u64::from(block.stored);
            stamps = Some(block);
        }
        if offset != length {
            return Err(IndexError::Damaged("it is cut short"));
        }
        Ok(Header { built, sources, blocks, names, sync, stamps })
    }

    fn open(self, store: Store) -> Index {
        Index {
            store,
            built: Day(self.built),
            sources: self.sources,
            blocks: self.blocks,
            names: self.names,
            sync: self.sync,
            stamps: self.stamps,
            cache: Mutex::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days() {
        for text in ["1970-01-01", "2000-02-29", "2026-05-04", "2024-12-31", "2023-03-01"] {
            assert_eq!(Day::parse(text).expect("day").to_string(), text);
        }
        assert_eq!(Day::parse("1970-01-01T00:00:00Z"), Some(Day(0)));
        assert_eq!(Day::parse("0001-01-01"), None);
    }

    #[test]
    fn the_builtin_index_is_whole() {
        let index = Index::builtin();
        index.verify().expect("every block");
        assert!(index.date() > Day::parse("2026-01-01").expect("day"));
        assert!(BUILTIN.len() < 3 << 20);
        for ecosystem in [Ecosystem::Npm, Ecosystem::PyPi, Ecosystem::Packagist] {
            assert!(index.source(ecosystem).is_some_and(|source| source.records > 1000), "{ecosystem}");
        }
    }
}
