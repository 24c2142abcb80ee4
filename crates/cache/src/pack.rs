//! The file of one app's entries: a head, for each entry its name, tag and length, then the bytes of all. Nothing in it is
//! believed: lengths that do not add up make it no pack, and each entry is held against its tag when it is asked for.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::{Digest, MAX_ENTRIES};

const HEAD: &[u8] = b"plimsoll-cache-1\n";

/// Entries as they were read.
#[derive(Default)]
pub(crate) struct Pack {
    bytes: Vec<u8>,
    entries: BTreeMap<Digest, (Digest, Range<usize>)>,
}

impl Pack {
    /// Reads a pack; `None` where it is none.
    pub(crate) fn parse(bytes: Vec<u8>) -> Option<Self> {
        let mut rest = bytes.strip_prefix(HEAD)?;
        let mut take = |length: usize| {
            let (taken, left) = rest.split_at_checked(length)?;
            rest = left;
            Some(taken)
        };
        let count = u32::from_le_bytes(take(4)?.try_into().ok()?) as usize;
        if count > MAX_ENTRIES {
            return None;
        }
        let mut at = HEAD.len() + 4 + count * (32 + 32 + 4);
        let mut entries = BTreeMap::new();
        for _ in 0..count {
            let name: Digest = take(32)?.try_into().ok()?;
            let tag: Digest = take(32)?.try_into().ok()?;
            let length = u32::from_le_bytes(take(4)?.try_into().ok()?) as usize;
            let end = at.checked_add(length).filter(|&end| end <= bytes.len())?;
            entries.insert(name, (tag, at..end));
            at = end;
        }
        (at == bytes.len()).then_some(Pack { bytes, entries })
    }

    /// Tag and bytes of an entry, neither of them checked.
    pub(crate) fn get(&self, name: &Digest) -> Option<(&Digest, &[u8])> {
        let (tag, place) = self.entries.get(name)?;
        Some((tag, self.bytes.get(place.clone())?))
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// A pack of these entries.
    pub(crate) fn bytes_of<'a>(entries: impl Iterator<Item = (&'a Digest, &'a Digest, &'a [u8])>) -> Vec<u8> {
        let entries: Vec<_> = entries.filter(|(.., bytes)| u32::try_from(bytes.len()).is_ok()).collect();
        let length = entries.iter().map(|(.., bytes)| bytes.len() + 68).sum::<usize>();
        let mut out = Vec::with_capacity(HEAD.len() + 4 + length);
        out.extend_from_slice(HEAD);
        out.extend_from_slice(&u32::try_from(entries.len()).unwrap_or(0).to_le_bytes());
        for (name, tag, bytes) in &entries {
            out.extend_from_slice(*name);
            out.extend_from_slice(*tag);
            out.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(0).to_le_bytes());
        }
        for (.., bytes) in &entries {
            out.extend_from_slice(bytes);
        }
        out
    }
}
