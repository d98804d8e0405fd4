//! The memory of a walk: for each directory, what the last walk found there.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::fs::Metadata;
use std::iter::Peekable;
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, SystemTime};

use super::rules::{Match, States};

/// Age from which the change time of a directory proves that its names are the same. Two changes
/// within one tick have the same time, and FAT keeps times in steps of two seconds. Twice the
/// time lists directories that have just changed for twice as long.
const SETTLING: Duration = Duration::from_secs(3);

/// The memory of one directory and of those below it.
#[derive(Debug)]
pub(super) struct DirectoryMemory {
    pub(super) name: Box<OsStr>,
    pub(super) states: States,
    version: Version,
    /// The directories below in which files can match, by name.
    pub(super) below: Vec<DirectoryMemory>,
    /// Most directories have none.
    files: Option<Box<Files>>,
    /// A change would have changed the version, too.
    is_settled: bool,
    /// It was reported that this user may not read the names.
    pub(super) is_denied: bool,
}

/// A value that changes when the names in a directory do, or the permission to read them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Version {
    /// 0 before the first look.
    inode: u64,
    /// Change time in nanoseconds; no program can set it.
    changed: i64,
}

/// The names in a directory that match.
#[derive(Debug, Default)]
struct Files {
    /// Names that were reported, each with a pattern, sorted.
    known: Vec<(Box<OsStr>, u32)>,
    /// Names that may lead to a file later, although the directory does not change.
    unsettled: Vec<(Box<OsStr>, Match)>,
}

/// The memory of the walk before.
pub(super) struct Earlier {
    below: Peekable<std::vec::IntoIter<DirectoryMemory>>,
    known: Vec<(Box<OsStr>, u32)>,
}

impl DirectoryMemory {
    /// The memory of a directory that no walk has seen.
    pub(super) fn new(name: &OsStr, states: States) -> Self {
        DirectoryMemory {
            name: name.into(),
            states,
            version: Version::default(),
            below: Vec::new(),
            files: None,
            is_settled: false,
            is_denied: false,
        }
    }

    /// Returns true if the names must be the same as in the last walk.
    pub(super) fn is_current(&self, version: Version) -> bool {
        self.is_settled && self.version == version
    }

    /// Returns true if the last walk saw the same directory.
    pub(super) fn is_same_directory(&self, version: Version) -> bool {
        self.version.inode == version.inode
    }

    /// Records that the names were read at `now`, after the directory had this version.
    pub(super) fn set_version(&mut self, version: Version, now: SystemTime) {
        self.is_settled = version.is_settled(now);
        self.version = version;
    }

    /// Forgets everything, because there is no such directory.
    pub(super) fn clear(&mut self) {
        *self = DirectoryMemory::new(&self.name, States::clone(&self.states));
    }

    /// Forgets files, so that they are reported again.
    pub(super) fn forget(&mut self, names: &HashSet<OsString>) {
        self.is_settled = false;
        if let Some(files) = &mut self.files {
            files.known.retain(|(name, _)| !names.contains(&**name));
        }
    }

    /// Empties the memory of names, and returns it.
    pub(super) fn take(&mut self) -> Earlier {
        let known = self.files.take().map(|files| files.known).unwrap_or_default();
        Earlier { below: std::mem::take(&mut self.below).into_iter().peekable(), known }
    }

    /// Adds a file that was reported.
    pub(super) fn add_known(&mut self, name: &OsStr, found: Match) {
        let known = &mut self.files.get_or_insert_default().known;
        let file = (name.into(), found.pattern);
        // Names are added in their order, except for unsettled ones.
        let at = known.partition_point(|other| *other < file);
        known.insert(at, file);
    }

    /// Adds a name to look at again in every walk.
    pub(super) fn add_unsettled(&mut self, name: &OsStr, found: Match) {
        self.files.get_or_insert_default().unsettled.push((name.into(), found));
    }

    /// Removes the names to look at again, and returns them.
    pub(super) fn take_unsettled(&mut self) -> Vec<(Box<OsStr>, Match)> {
        self.files.as_mut().map(|files| std::mem::take(&mut files.unsettled)).unwrap_or_default()
    }

    /// Gives back memory that is not needed.
    pub(super) fn shrink(&mut self) {
        self.below.shrink_to_fit();
        if let Some(files) = &mut self.files {
            files.known.shrink_to_fit();
        }
    }
}

impl Earlier {
    /// Returns true if the file was reported. Takes the logarithm of the number of files.
    pub(super) fn knows(&self, name: &OsStr, found: Match) -> bool {
        let compare =
            |(known, pattern): &(Box<OsStr>, u32)| (&**known, *pattern).cmp(&(name, found.pattern));
        self.known.binary_search_by(compare).is_ok()
    }

    /// Returns the memory of a directory below; must be called in the order of names.
    pub(super) fn take_below(&mut self, name: &OsStr, states: States) -> DirectoryMemory {
        while self.below.next_if(|below| *below.name < *name).is_some() {}
        let is_same = |below: &DirectoryMemory| *below.name == *name && below.states == states;
        self.below.next_if(is_same).unwrap_or_else(|| DirectoryMemory::new(name, states))
    }
}

impl Version {
    pub(super) fn of(metadata: &Metadata) -> Self {
        let changed = metadata.ctime().wrapping_mul(1_000_000_000);
        Version { inode: metadata.ino(), changed: changed.wrapping_add(metadata.ctime_nsec()) }
    }

    /// Returns true if a change after `now` must get another change time.
    fn is_settled(self, now: SystemTime) -> bool {
        let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos() as i64;
        now.saturating_sub(self.changed) >= SETTLING.as_nanos() as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_that_has_just_changed_is_read_again() {
        let root = tempfile::tempdir().expect("a directory");
        let version = || Version::of(&root.path().metadata().expect("metadata"));
        let mut memory = DirectoryMemory::new("".as_ref(), [0].into());
        let first = version();
        memory.set_version(first, SystemTime::now());
        assert!(!memory.is_current(first) && memory.is_same_directory(first));
        let later = SystemTime::now() + SETTLING;
        memory.set_version(first, later);
        assert!(memory.is_current(first));
        let deadline = std::time::Instant::now() + Duration::from_secs(20);
        while memory.is_current(version()) {
            assert!(std::time::Instant::now() < deadline, "a new name changes no version");
            std::fs::write(root.path().join("a"), "").expect("written");
            std::fs::remove_file(root.path().join("a")).expect("removed");
        }
    }
}
