//! The files that a followed path led to between two looks at it.
//!
//! If a file is rotated several times within milliseconds, or while the program was stopped, the
//! files in between have been renamed before they were opened. The path and the time of the last look
//! come in; the files that are beside the path under a name of a rotation, and were born since, come
//! out in the order of their birth.

use std::collections::{HashMap, VecDeque};
use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use super::descriptors::{Descriptors, HeldFile, OpenedFile};
use super::file::FileKind;
use super::followed_path::FollowedPath;
use super::generation::Generation;
use super::history_listing::sort_rotated;
use super::mount::Mount;
use super::path_target::{PathTarget, UnreadableReason};
use super::read_files::ReadFiles;
use super::rotated_files::{LISTINGS, RotatedFile, visit_rotated};
use super::rotated_names::{Place, RotatedName};
use super::rotation_numbers::RotationNumbers;
use crate::event::FileId;

/// Most files that are opened at once; the others follow at the next look. Twice the value takes
/// twice the descriptors.
const OPENED: usize = 64;

/// Nanoseconds by which the clock of a file system may be behind that of the program, which is one
/// tick of the kernel. Twice the value takes in files that are older than the last look.
const TICK: u64 = 20_000_000;

/// Nanoseconds of a second.
const SECOND: u64 = 1_000_000_000;

/// The files that a path led to.
#[derive(Default)]
pub(super) struct PassedFiles {
    /// The oldest first.
    pub(super) files: Vec<OpenedFile>,
    /// There are more, to be found by another search.
    pub(super) has_more: bool,
    /// A sentence for each file that cannot be read, and is left out; none while the path leads nowhere,
    /// because the next look finds the same files again.
    pub(super) unreadable: Vec<String>,
}

/// A search for the files that a path led to.
struct Search<'a> {
    path: &'a Path,
    mount: Mount,
    /// The path led to a known file at this time, in nanoseconds since 1970.
    since: u64,
    /// The file that it was found to lead to now, if any.
    now: Option<&'a OpenedFile>,
    /// The file that was read last, unless it could not be found after a restart.
    last: Option<&'a Generation>,
    /// All files that are read, the last one at the end.
    generations: &'a VecDeque<Generation>,
    /// The files that were read before them.
    earlier: &'a ReadFiles,
    descriptors: &'a Arc<Descriptors>,
}

impl FollowedPath {
    /// Opens the files that the path led to since it was last seen to lead to the newest generation;
    /// `now` is the file that it was found to lead to now, if any.
    ///
    /// `is_unknown` returns whether no source reads a file, or will read it.
    pub(super) fn passed_files(
        &self,
        now: Option<&OpenedFile>,
        is_unknown: impl Fn(&Path, FileId) -> bool,
    ) -> PassedFiles {
        let (Some(since), last) = (self.seen_at, self.newest()) else {
            return PassedFiles::default();
        };
        if last.is_some_and(Generation::is_pipe) {
            return PassedFiles::default();
        }
        let FollowedPath { path, generations, read_files: earlier, descriptors, .. } = self;
        let mount = self.mount;
        Search { path, mount, since, now, last, generations, earlier, descriptors }.find(is_unknown)
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
        let mut passed = PassedFiles::default();
        for _ in 0..LISTINGS {
            let (found, last) = self.list(directory, name, &is_unknown);
            passed = self.open(sorted(found, last.as_ref()));
            // The oldest one may have been renamed or compressed since the listing.
            if !passed.files.is_empty() || !passed.has_more {
                break;
            }
        }
        passed
    }

    /// Returns true if the path has led to no other file, by one look: a rotation has renamed the
    /// last file to `NAME.1`, and made no other name. Many files are often rotated at once in one
    /// directory, which would be listed for each of them.
    fn is_one_rotation(&self, directory: &Path, name: &OsStr) -> bool {
        let numbered = |number: u64| {
            let mut rotated = name.to_owned();
            rotated.push(format!(".{number}"));
            let place = Place::Index(number);
            let name = RotatedName { place, numbers: vec![number], compression: None };
            RotatedFile::at(directory.join(rotated), name)
        };
        self.now.is_some()
            && numbered(1).is_some_and(|first| self.is_last(first.id))
            && !numbered(2).is_some_and(|second| self.is_born_between(&second))
    }

    /// Lists the files that were born since until all are known; returns also the name of the last
    /// file.
    fn list(
        &self,
        directory: &Path,
        name: &OsStr,
        is_unknown: impl Fn(&Path, FileId) -> bool,
    ) -> (HashMap<FileId, RotatedFile>, Option<RotatedName>) {
        let (mut found, mut last) = (HashMap::new(), None);
        // A listing can miss a file that is renamed meanwhile.
        let mut without_new = 0;
        for _ in 0..LISTINGS {
            let before = found.len();
            visit_rotated(directory, name, |file| {
                if self.is_last(file.id) {
                    last = Some(file.name);
                } else if self.is_now(file.id)
                    || self.is_born_between(&file) && is_unknown(&file.path, file.id)
                {
                    found.insert(file.id, file);
                }
            });
            without_new = if found.len() == before { without_new + 1 } else { 0 };
            if without_new == 2 {
                break;
            }
        }
        // Other programs give numbers before the last ending too.
        let is_inside = |name: &RotatedName| matches!(name.place, Place::Inside(_));
        if !last.as_ref().is_some_and(is_inside) {
            found.retain(|_, file| !is_inside(&file.name));
        }
        (found, last)
    }

    /// Returns whether a file is the last one.
    fn is_last(&self, id: FileId) -> bool {
        self.last.is_some_and(|last| last.id().is_same_inode(id))
    }

    /// Returns whether a file is the one that the path was found to lead to. If it has the name of a
    /// rotation, the path leads to another one by now.
    fn is_now(&self, id: FileId) -> bool {
        self.now.is_some_and(|now| now.id.is_same_inode(id))
    }

    /// Returns true if a file was born after the last look and before the file that the path leads
    /// to, and was written since: a file that was unpacked has an older time.
    ///
    /// A compressed file is born when it is compressed, which may be later, and has the time of the
    /// last write of its text, perhaps in whole seconds.
    fn is_born_between(&self, file: &RotatedFile) -> bool {
        let since = self.since.saturating_sub(TICK);
        let now = self.now.and_then(|now| now.id.born).unwrap_or(u64::MAX);
        let is_compressed = file.name.compression.is_some();
        !self.is_now(file.id)
            && file.id.born.is_some_and(|born| {
                if is_compressed {
                    let is_recent = born >= since && file.modified / SECOND >= since / SECOND;
                    // It is being written as long as the file that it is made from is beside it.
                    is_recent && file.path.with_extension("").symlink_metadata().is_err()
                } else {
                    (since..=now).contains(&born) && file.modified >= born.saturating_sub(TICK)
                }
            })
    }

    /// Returns whether a file is a copy or a compressed form of one that is read, or was read
    /// before.
    fn was_read(&self, file: &HeldFile) -> bool {
        let log = file.log();
        self.generations.iter().any(|read| read.has_copy(&log))
            || (file.is_compressed() && self.earlier.has(file))
    }

    /// Opens files in their order, copies excepted, up to one that was renamed since the listing.
    ///
    /// Files that cannot be read are left out, so that they do not hide those behind them.
    /// Files behind the one that the path was found to lead to are left to the next look: that one
    /// was rotated, and perhaps compressed, after it was found.
    fn open(&self, candidates: Vec<RotatedFile>) -> PassedFiles {
        let mut passed = PassedFiles::default();
        let mut is_behind_now = false;
        for candidate in candidates {
            if self.is_now(candidate.id) {
                is_behind_now = true;
                continue;
            }
            // The name may be of another listing than that of the other file.
            if is_behind_now && self.is_written_since_now(&candidate) {
                continue;
            }
            if passed.files.len() == OPENED {
                passed.has_more = true;
                break;
            }
            let file = match candidate.open(self.mount, self.descriptors) {
                Ok(file) => file,
                Err(error) => {
                    let target = PathTarget::of_error(&candidate.path, &error);
                    if let PathTarget::Unreadable(UnreadableReason::OnePath(sentence)) = target {
                        let sentence = format!("{sentence}; it is left out");
                        passed.unreadable.extend(self.now.map(|_| sentence));
                        continue;
                    }
                    // The file has another name now, or there are no descriptors.
                    passed.has_more = true;
                    break;
                }
            };
            if self.now.is_some_and(|now| now.file.has_compressed_form(&file)) {
                is_behind_now = true;
            } else if !self.was_read(&file) {
                let id = file.id();
                passed.files.push(OpenedFile { file, id, kind: FileKind::Regular });
            }
        }
        passed
    }

    /// Returns whether a file was written after the one that the path was found to lead to was born.
    fn is_written_since_now(&self, file: &RotatedFile) -> bool {
        let born = self.now.and_then(|now| now.id.born);
        born.is_none_or(|born| file.modified >= born)
    }
}

/// Sorts files by their birth. Files of one tick of the clock are sorted by the numbers in their
/// names, which fall or rise with time as seen from the file that was read last.
///
/// If some are compressed, their names tell the order, because they were born later.
fn sorted(found: HashMap<FileId, RotatedFile>, last: Option<&RotatedName>) -> Vec<RotatedFile> {
    let mut found: Vec<_> = found.into_values().collect();
    let is_newer = |last: &RotatedName| found.iter().any(|file| file.name.numbers > last.numbers);
    let is_rising = last.is_some_and(is_newer);
    let numbers = RotationNumbers::known(is_rising);
    for file in &mut found {
        numbers.settle(&mut file.name);
    }
    if found.iter().any(|file| file.name.compression.is_some()) {
        sort_rotated(&mut found);
        return found;
    }
    found.sort_by(|one, other| {
        let numbers = one.name.numbers.cmp(&other.name.numbers);
        let numbers = if is_rising { numbers } else { numbers.reverse() };
        (one.id.born, one.modified).cmp(&(other.id.born, other.modified)).then(numbers)
    });
    found
}

#[cfg(test)]
mod tests;
