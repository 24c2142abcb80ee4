//! The advisories to check against: what is part of the program, and what an update brought.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::Ecosystem;
use crate::exploited::Exploited;
use crate::index::{Day, Index, SourceInfo};
use crate::sync::index_file;

/// Which advisories answer for one ecosystem.
#[derive(Debug)]
struct Slot {
    /// The index of an update, where it is the better one.
    installed: Option<Index>,
    /// Why an index that is there cannot be used.
    damaged: Option<String>,
    /// An index of an update is there, but the program's own is newer.
    outdated: bool,
}

#[derive(Debug)]
enum Base {
    /// The one that is part of the program.
    Builtin,
    /// One for everything.
    Only(Box<Index>),
}

/// All advisories, by ecosystem. An index file is opened when its ecosystem is first asked for.
#[derive(Debug)]
pub struct Database {
    base: Base,
    folder: Option<PathBuf>,
    slots: [OnceLock<Slot>; Ecosystem::ALL.len()],
    exploited: OnceLock<Exploited>,
}

/// What answers for an ecosystem, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdvisorySource {
    /// The ecosystem.
    pub ecosystem: Ecosystem,
    /// The index in use; `None` when there is none.
    pub info: Option<SourceInfo>,
    /// Nothing after this day is known.
    pub known_until: Day,
    /// Where an update took it from; `None` for the program's own.
    pub origin: Option<String>,
    /// Why the index of an update cannot be used, where it cannot.
    pub damaged: Option<String>,
    /// The index of an update is older than the program's own and not used.
    pub outdated: bool,
}

impl Database {
    /// What is part of the program.
    pub fn builtin() -> Self {
        Database { base: Base::Builtin, folder: None, slots: Default::default(), exploited: OnceLock::new() }
    }

    /// What is part of the program, and the indexes of updates in a folder. A folder that is not there has none.
    pub fn with_folder(folder: &Path) -> Self {
        Database { folder: Some(folder.to_owned()), ..Self::builtin() }
    }

    /// One index for everything.
    pub fn of(index: Index) -> Self {
        Database { base: Base::Only(Box::new(index)), ..Self::builtin() }
    }

    fn base(&self) -> &Index {
        match &self.base {
            Base::Builtin => Index::builtin(),
            Base::Only(index) => index,
        }
    }

    fn slot(&self, ecosystem: Ecosystem) -> Option<&Slot> {
        let at = Ecosystem::ALL.iter().position(|known| *known == ecosystem)?;
        Some(self.slots.get(at)?.get_or_init(|| {
            let mut slot = Slot { installed: None, damaged: None, outdated: false };
            let Some(path) = self.folder.as_ref().map(|folder| index_file(folder, ecosystem)) else { return slot };
            match Index::open(&path) {
                Ok(index) => {
                    let own = self.base().source(ecosystem).map(|source| self.base().known_until(source));
                    match index.source(ecosystem) {
                        None => slot.damaged = Some("it has nothing of its ecosystem".to_owned()),
                        Some(source) if Some(index.known_until(source)) < own => slot.outdated = true,
                        Some(_) => slot.installed = Some(index),
                    }
                }
                Err(crate::IndexError::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => slot.damaged = Some(error.to_string()),
            }
            slot
        }))
    }

    /// The index that answers for an ecosystem; `None` when nothing is known of it.
    pub fn index(&self, ecosystem: Ecosystem) -> Option<&Index> {
        let installed = self.slot(ecosystem).and_then(|slot| slot.installed.as_ref());
        installed.or_else(|| Some(self.base()).filter(|base| base.source(ecosystem).is_some()))
    }

    /// What answers for an ecosystem.
    pub fn source(&self, ecosystem: Ecosystem) -> AdvisorySource {
        let slot = self.slot(ecosystem);
        let index = self.index(ecosystem);
        let info = index.and_then(|index| index.source(ecosystem));
        AdvisorySource {
            ecosystem,
            info: info.cloned(),
            known_until: index.zip(info).map_or(Day(0), |(index, info)| index.known_until(info)),
            origin: index.map(Index::origin).filter(|origin| !origin.is_empty()).map(str::to_owned),
            damaged: slot.and_then(|slot| slot.damaged.clone()),
            outdated: slot.is_some_and(|slot| slot.outdated),
        }
    }

    /// The day from which on nothing is known of some ecosystem.
    pub fn date(&self) -> Day {
        let known = Ecosystem::ALL.into_iter().map(|ecosystem| self.source(ecosystem));
        known.filter(|source| source.info.is_some()).map(|source| source.known_until).min().unwrap_or(Day(0))
    }

    /// What is known of attacks that happen, and how likely they are.
    pub fn exploited(&self) -> &Exploited {
        self.exploited.get_or_init(|| self.folder.as_deref().map(Exploited::open).unwrap_or_default())
    }
}
