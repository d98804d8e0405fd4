//! The files that a followed path led to between two looks at it.
//!
//! If a file is rotated several times within milliseconds, or while the program was stopped, the
//! files in between have been renamed before they were opened. The path and the time of the last look
//! come in; the files that are beside the path under a name of a rotation, and were born since, come
//! out in the order of their birth.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::{self, DirEntry, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::descriptors::{Descriptors, OpenedFile};
use super::file::FileKind;
use super::followed_path::FollowedPath;
use super::generation::Generation;
use super::mount::Mount;
use super::rotated_names::{numbers, rotated_ending};
use crate::event::FileId;

/// Most listings of the directory. Files are renamed while it is listed, and are missed then; twice
/// the value only matters for a rotation that never pauses.
const LISTINGS: usize = 8;

/// Most files that are opened at once; the others follow at the next look. Twice the value takes
/// twice the descriptors.
const OPENED: usize = 64;

/// Nanoseconds by which the clock of a file system may be behind that of the program, which is one
/// tick of the kernel. Twice the value takes in files that are older than the last look.
const TICK: u64 = 20_000_000;

/// The files that a path led to.
#[derive(Default)]
pub(super) struct PassedFiles {
    /// The oldest first.
    pub(super) files: Vec<OpenedFile>,
    /// There are more, to be found by another search.
    pub(super) has_more: bool,
}

/// A search for the files that a path led to.
struct Search<'a> {
    path: &'a Path,
    mount: Mount,
    /// The path led to a known file at this time, in nanoseconds since 1970.
    since: u64,
    /// The file that it leads to now, if any.
    now: Option<FileId>,
    /// The file that was read last, unless it could not be found after a restart.
    last: Option<&'a Generation>,
    descriptors: &'a Arc<Descriptors>,
}

impl FollowedPath {
    /// Opens the files that the path led to since it was last seen to lead to the newest generation;
    /// `now` is the file that it leads to now, if any.
    ///
    /// `is_unknown` returns whether no source reads a file, or will read it.
    pub(super) fn passed_files(
        &self,
        now: Option<FileId>,
        is_unknown: impl Fn(&Path, FileId) -> bool,
    ) -> PassedFiles {
        let (Some(since), last) = (self.seen_at, self.newest()) else {
            return PassedFiles::default();
        };
        if last.is_some_and(Generation::is_pipe) {
            return PassedFiles::default();
        }
        let FollowedPath { path, mount, descriptors, .. } = self;
        Search { path, mount: *mount, since, now, last, descriptors }.find(is_unknown)
    }
}

impl Search<'_> {
    fn find(&self, is_unknown: impl Fn(&Path, FileId) -> bool) -> PassedFiles {
        // A symbolic link leads to the directory in which its target is rotated.
        let path = fs::canonicalize(self.path).unwrap_or_else(|_| Path::new(".").join(self.path));
        let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else {
            return PassedFiles::default();
        };
        if self.is_one_rotation(directory, name) {
            return PassedFiles::default();
        }
        let (found, last) = self.list(directory, name, &is_unknown);
        self.open(sorted(found, last))
    }

    /// Returns true if the path has led to no other file, by one look: a rotation has renamed the
    /// last file to `NAME.1`, and made no other name. Many files are often rotated at once in one
    /// directory, which would be listed for each of them.
    fn is_one_rotation(&self, directory: &Path, name: &OsStr) -> bool {
        let candidate = |ending: &str| {
            let mut rotated = name.to_owned();
            rotated.push(ending);
            Candidate::at(directory.join(rotated), Vec::new())
        };
        self.now.is_some()
            && candidate(".1").is_some_and(|first| self.is_last(first.id))
            && !candidate(".2").is_some_and(|second| self.is_born_between(&second))
    }

    /// Lists the files that were born since until all are known; returns also the numbers in the
    /// name of the last file.
    fn list(
        &self,
        directory: &Path,
        name: &OsStr,
        is_unknown: impl Fn(&Path, FileId) -> bool,
    ) -> (HashMap<FileId, Candidate>, Option<Vec<u64>>) {
        let (mut found, mut last) = (HashMap::new(), None);
        for _ in 0..LISTINGS {
            let before = found.len();
            for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
                let Some(candidate) = Candidate::of(&entry, name) else { continue };
                if self.is_last(candidate.id) {
                    last = Some(candidate.numbers);
                } else if self.is_born_between(&candidate)
                    && is_unknown(&candidate.path, candidate.id)
                {
                    found.insert(candidate.id, candidate);
                }
            }
            if found.len() == before {
                break;
            }
        }
        (found, last)
    }

    /// Returns whether a file is the last one.
    fn is_last(&self, id: FileId) -> bool {
        self.last.is_some_and(|last| last.id().is_same_inode(id))
    }

    /// Returns true if a file was born after the last look and before the file that the path leads
    /// to, and was written since: a file that was unpacked has an older time.
    fn is_born_between(&self, candidate: &Candidate) -> bool {
        let since = self.since.saturating_sub(TICK);
        let now = self.now.and_then(|now| now.born).unwrap_or(u64::MAX);
        self.now.is_none_or(|now| !now.is_same_inode(candidate.id))
            && candidate.id.born.is_some_and(|born| {
                (since..=now).contains(&born) && candidate.modified >= born.saturating_sub(TICK)
            })
    }

    /// Opens files in their order, those that were renamed since the listing and copies excepted.
    fn open(&self, candidates: Vec<Candidate>) -> PassedFiles {
        let mut passed = PassedFiles::default();
        for Candidate { path, id, .. } in candidates {
            if passed.files.len() == OPENED {
                passed.has_more = true;
                break;
            }
            match self.descriptors.open(&path, self.mount) {
                Ok(file) if file.id() == id => {
                    let is_copy = |last: &Generation| last.has_copy(&file.log());
                    if !self.last.is_some_and(is_copy) {
                        passed.files.push(OpenedFile { file, id, kind: FileKind::Regular });
                    }
                }
                // The file has another name now, or there are no descriptors.
                _ => {
                    passed.has_more = true;
                    break;
                }
            }
        }
        passed
    }
}

/// Sorts files by their birth. Files of one tick of the clock are sorted by the numbers in their
/// names, which fall or rise with time as seen from the file that was read last.
fn sorted(found: HashMap<FileId, Candidate>, last: Option<Vec<u64>>) -> Vec<Candidate> {
    let mut found: Vec<_> = found.into_values().collect();
    let is_rising = last.is_some_and(|last| found.iter().any(|file| file.numbers > last));
    found.sort_by(|one, other| {
        let numbers = one.numbers.cmp(&other.numbers);
        let numbers = if is_rising { numbers } else { numbers.reverse() };
        (one.id.born, one.modified).cmp(&(other.id.born, other.modified)).then(numbers)
    });
    found
}

/// A file with a name that rotations give.
struct Candidate {
    path: PathBuf,
    id: FileId,
    /// The time of the last write, in nanoseconds since 1970.
    modified: u64,
    /// The numbers in its name.
    numbers: Vec<u64>,
}

impl Candidate {
    fn of(entry: &DirEntry, name: &OsStr) -> Option<Self> {
        let file_name = entry.file_name();
        let numbers = numbers(rotated_ending(&file_name, name)?);
        Candidate::at(entry.path(), numbers)
    }

    fn at(path: PathBuf, numbers: Vec<u64>) -> Option<Self> {
        let metadata = path.symlink_metadata().ok().filter(Metadata::is_file)?;
        let modified = metadata.mtime() * 1_000_000_000 + metadata.mtime_nsec();
        let modified = u64::try_from(modified).unwrap_or(0);
        Some(Candidate { path, id: FileId::of(&metadata), modified, numbers })
    }
}
