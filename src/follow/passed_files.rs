//! The files that a followed path led to between two looks at it.
//!
//! If a file is rotated several times within milliseconds, or while the program was stopped, the
//! files in between have been renamed before they were opened. The path and the time of the last look
//! come in; the files that are beside the path under a name of a rotation, and were born since, come
//! out in the order of their birth.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs::{self, DirEntry, Metadata};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use super::descriptors::{Descriptors, OpenedFile};
use super::file::FileKind;
use super::followed_path::FollowedPath;
use super::mount::Mount;
use crate::event::FileId;

/// Most listings of the directory. Files are renamed while it is listed, and are missed then; twice
/// the value only matters for a rotation that never pauses.
const LISTINGS: usize = 8;

/// Nanoseconds by which the clock of a file system may be behind that of the program, which is one
/// tick of the kernel. Twice the value takes in files that are older than the last look.
const TICK: u64 = 20_000_000;

/// Fewest equal bytes at the starts of two files by which one is a copy of the other, unless they
/// are equal as a whole. Files of one program may start with the same line.
const COPY: usize = 256;

/// Endings of names that rotations give, besides numbers and dates.
const ENDINGS: [&[u8]; 4] = [b".old", b".prev", b".bak", b".backup"];

/// Endings of names of compressed files, whose lines cannot be read.
const COMPRESSED: [&[u8]; 7] = [b".gz", b".bz2", b".xz", b".zst", b".lz4", b".zip", b".Z"];

/// A search for the files that a path led to.
struct PassedFiles<'a> {
    path: &'a Path,
    mount: Mount,
    /// The path led to a known file at this time, in nanoseconds since 1970.
    since: u64,
    /// The file that it leads to now, if any.
    now: Option<FileId>,
    /// The file that was read last, and its first bytes.
    last: FileId,
    head: &'a [u8],
    descriptors: &'a Arc<Descriptors>,
}

impl FollowedPath {
    /// Opens the files that the path led to since it was last seen to lead to the newest generation,
    /// the oldest first; `now` is the file that it leads to now, if any.
    ///
    /// `is_unknown` returns whether no source reads a file.
    pub(super) fn passed_files(
        &self,
        now: Option<FileId>,
        is_unknown: impl Fn(&Path, FileId) -> bool,
    ) -> Vec<OpenedFile> {
        let is_first_look = self.missing_since.is_none();
        let (Some(since), Some(newest)) = (self.seen_at, self.newest()) else { return Vec::new() };
        if newest.is_pipe() || now.is_none() && !is_first_look {
            return Vec::new();
        }
        let FollowedPath { path, mount, descriptors, .. } = self;
        let (mount, last, head) = (*mount, newest.id(), newest.head());
        PassedFiles { path, mount, since, now, last, head, descriptors }.find(is_unknown)
    }
}

impl PassedFiles<'_> {
    /// Opens the files that `is_unknown` accepts, the oldest first.
    fn find(&self, is_unknown: impl Fn(&Path, FileId) -> bool) -> Vec<OpenedFile> {
        // A symbolic link leads to the directory in which its target is rotated.
        let path = fs::canonicalize(self.path).unwrap_or_else(|_| Path::new(".").join(self.path));
        let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else {
            return Vec::new();
        };
        let mut seen = HashSet::new();
        let mut found = Vec::new();
        for _ in 0..LISTINGS {
            let mut is_complete = true;
            for candidate in self.candidates(directory, name) {
                if !seen.contains(&candidate.id) && is_unknown(&candidate.path, candidate.id) {
                    is_complete = false;
                    found.extend(self.open(candidate, &mut seen));
                }
            }
            if is_complete {
                break;
            }
        }
        self.sort(&mut found, directory, name);
        found.into_iter().map(|(_, opened)| opened).collect()
    }

    /// Sorts files by their birth. Files of one tick of the clock are sorted by the number in their
    /// names, which falls or rises with time as seen from the file that was read last.
    fn sort(&self, found: &mut [(Candidate, OpenedFile)], directory: &Path, name: &OsStr) {
        let is_last = |candidate: &Candidate| candidate.id.is_same_inode(self.last);
        let last = rotated_files(directory, name).find(is_last).and_then(|last| last.number(name));
        let is_rising = found.iter().any(|(file, _)| last.is_some() && file.number(name) > last);
        found.sort_by(|(one, _), (other, _)| {
            let number = one.number(name).cmp(&other.number(name));
            let number = if is_rising { number } else { number.reverse() };
            (one.id.born, one.modified).cmp(&(other.id.born, other.modified)).then(number)
        });
    }

    /// Lists the files beside the path that were born since.
    fn candidates(&self, directory: &Path, name: &OsStr) -> Vec<Candidate> {
        let is_readable = |candidate: &Candidate| {
            let path = candidate.path.as_os_str().as_bytes();
            self.is_born_between(candidate) && !COMPRESSED.iter().any(|end| path.ends_with(end))
        };
        rotated_files(directory, name).filter(is_readable).collect()
    }

    /// Whether the file was born after the last look, and before the file that the path leads to.
    fn is_born_between(&self, candidate: &Candidate) -> bool {
        let since = self.since.saturating_sub(TICK);
        let now = self.now.and_then(|now| now.born).unwrap_or(u64::MAX);
        self.now.is_none_or(|now| !now.is_same_inode(candidate.id))
            && candidate.id.born.is_some_and(|born| (since..=now).contains(&born))
    }

    /// Opens a file, unless it was renamed since the listing, or is a copy.
    fn open(
        &self,
        candidate: Candidate,
        seen: &mut HashSet<FileId>,
    ) -> Option<(Candidate, OpenedFile)> {
        let file = self.descriptors.open(&candidate.path, self.mount).ok()?;
        let id = candidate.id;
        if file.id() != id {
            return None;
        }
        seen.insert(id);
        let mut start = vec![0; self.head.len()];
        let read = file.read_at(&mut start, 0).ok()?;
        let opened = OpenedFile { file, id, kind: FileKind::Regular };
        (!is_copy(&start[..read], self.head)).then_some((candidate, opened))
    }
}

/// A file in the directory.
struct Candidate {
    path: PathBuf,
    id: FileId,
    modified: SystemTime,
}

impl Candidate {
    fn of(entry: &DirEntry) -> Option<Self> {
        let metadata = entry.metadata().ok().filter(Metadata::is_file)?;
        let modified = metadata.modified().ok()?;
        Some(Candidate { path: entry.path(), id: FileId::of(&metadata), modified })
    }

    /// The number that a rotation has put behind `name`, or the first digits of a date.
    fn number(&self, name: &OsStr) -> Option<u64> {
        let ending = &self.path.file_name()?.as_bytes()[name.len()..];
        let start = ending.iter().position(u8::is_ascii_digit)?;
        let digits = ending[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        str::from_utf8(&ending[start..start + digits]).ok()?.parse().ok()
    }
}

/// Lists the files to which rotations have given names.
fn rotated_files(directory: &Path, name: &OsStr) -> impl Iterator<Item = Candidate> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let rotated = entries.filter(|entry| is_rotated_name(entry.file_name().as_bytes(), name));
    rotated.filter_map(|entry| Candidate::of(&entry))
}

/// Returns whether a rotation gives the name `rotated` to a file that was called `name`: a number or
/// a date follows, or an ending such as `.old`.
fn is_rotated_name(rotated: &[u8], name: &OsStr) -> bool {
    let Some(ending) = rotated.strip_prefix(name.as_bytes()) else { return false };
    let number = ending.strip_prefix(b".").or_else(|| ending.strip_prefix(b"-"));
    let number = number.or_else(|| ending.strip_prefix(b"_")).unwrap_or(ending);
    let is_numbered = number.first().is_some_and(u8::is_ascii_digit);
    is_numbered || ENDINGS.contains(&ending)
}

/// Returns whether the first bytes of a file, `start`, are those of a copy of the file that starts
/// with `head`, made when that had fewer lines.
fn is_copy(start: &[u8], head: &[u8]) -> bool {
    let is_same = !start.is_empty() && head.starts_with(start);
    is_same && (start.len() >= COPY || start.len() == head.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_rotations_have_a_number_a_date_or_a_known_ending() {
        let is_rotated = |name: &str| is_rotated_name(name.as_bytes(), OsStr::new("a.log"));
        for name in ["a.log.1", "a.log-20261125", "a.log.2026-11-25_14", "a.log2", "a.log.old"] {
            assert!(is_rotated(name), "{name}");
        }
        for name in ["a.log", "a.log.wf", "a.log.json", "b.log.1", "a.logs", "a.log~"] {
            assert!(!is_rotated(name), "{name}");
        }
    }

    #[test]
    fn a_copy_starts_as_the_file_does() {
        let head = [b'x'; 1024];
        assert!(is_copy(&head, &head));
        assert!(is_copy(&head[..300], &head));
        assert!(is_copy(b"one line\n", b"one line\n"));
        assert!(!is_copy(b"the same header\n", b"the same header\nand more\n"));
        assert!(!is_copy(b"", b"x"));
        assert!(!is_copy(b"y", b"x"));
    }
}
