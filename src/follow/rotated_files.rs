//! The rotated files beside a followed one, in the order in which they were written.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::comparison::HEAD;
use super::compressed::Compression;
use super::descriptors::{Descriptors, HeldFile};
use super::mount::Mount;
use super::own_streams::own_stream;
use super::rotated_names::RotatedName;
use crate::event::FileId;

/// Most listings of a directory. Files are renamed while it is listed, and are missed then; twice
/// the value only matters for a rotation that never pauses.
pub(super) const LISTINGS: usize = 8;

/// A file with a name that a rotation gives.
#[derive(Clone, Debug)]
pub(super) struct RotatedFile {
    pub(super) path: PathBuf,
    pub(super) id: FileId,
    /// The time of the last write, in nanoseconds since 1970.
    pub(super) modified: u64,
    pub(super) len: u64,
    pub(super) name: RotatedName,
}

impl RotatedFile {
    /// Returns the file at `path`, if it is one and this process does not write it itself.
    pub(super) fn at(path: PathBuf, name: RotatedName) -> Option<Self> {
        let metadata = path.symlink_metadata().ok().filter(Metadata::is_file)?;
        if own_stream(&metadata).is_some() {
            return None;
        }
        let modified = metadata.mtime() * 1_000_000_000 + metadata.mtime_nsec();
        let modified = u64::try_from(modified).unwrap_or(0);
        Some(RotatedFile { path, id: FileId::of(&metadata), modified, len: metadata.len(), name })
    }

    /// Opens the file; an error of kind `NotFound` if another file has its path now.
    pub(super) fn open(
        &self,
        mount: Mount,
        descriptors: &Arc<Descriptors>,
    ) -> io::Result<HeldFile> {
        let file = descriptors.open_as(&self.path, mount, self.name.compression)?;
        if file.id().is_same_inode(self.id) {
            return Ok(file);
        }
        Err(io::ErrorKind::NotFound.into())
    }

    /// Compares the times at which two files were written, as far as names and times tell; the
    /// older is less.
    pub(super) fn order(&self, other: &Self) -> Ordering {
        let times = self.modified.cmp(&other.modified);
        if self.name.is_comparable(&other.name) {
            self.name.compare(&other.name).then(times)
        } else {
            times
        }
    }

    /// Returns whether this compressed file has the name of a plain one, and the same first bytes,
    /// as far as they are written already.
    pub(super) fn is_compressed_form_of(
        &self,
        plain: &Self,
        descriptors: &Arc<Descriptors>,
        mount: Mount,
    ) -> bool {
        let name = self.path.as_os_str().as_bytes();
        let is_name = Compression::split(name).map(|(name, _)| name);
        if is_name != Some(plain.path.as_os_str().as_bytes()) {
            return false;
        }
        let head = |file: &RotatedFile| file.open(mount, descriptors)?.read_back(0, HEAD);
        match (head(self), head(plain)) {
            (Ok(head), Ok(plain)) => plain.starts_with(&head),
            // It may be written just now.
            (Err(_), Ok(_)) => true,
            _ => false,
        }
    }
}

/// Visits the files in `directory` that have names of rotations of `name`.
pub(super) fn visit_rotated(directory: &Path, name: &OsStr, mut visit: impl FnMut(RotatedFile)) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let Some(rotated) = RotatedName::parse(&entry.file_name(), name) else { continue };
        RotatedFile::at(entry.path(), rotated).into_iter().for_each(&mut visit);
    }
}

/// Returns the rotated files of `name` that `is_wanted` selects, the oldest first.
///
/// The directory is listed until nothing new is found, because files are renamed meanwhile.
pub(super) fn rotated_files(
    directory: &Path,
    name: &OsStr,
    is_wanted: impl Fn(&RotatedFile) -> bool,
) -> Vec<RotatedFile> {
    let mut found: HashMap<FileId, RotatedFile> = HashMap::new();
    for _ in 0..LISTINGS {
        let before = found.len();
        visit_rotated(directory, name, |file| {
            if file.name.is_certain() && file.len > 0 && is_wanted(&file) {
                found.insert(file.id, file);
            }
        });
        if found.len() == before {
            break;
        }
    }
    let mut files: Vec<_> = found.into_values().collect();
    sort_rotated(&mut files);
    files
}

/// Sorts files by their names; by the time of their last write if the names do not tell the order.
pub(super) fn sort_rotated(files: &mut [RotatedFile]) {
    let first = files.first().map(|file| file.name.clone());
    let names_tell =
        files.iter().all(|file| first.as_ref().is_some_and(|name| name.is_comparable(&file.name)));
    files.sort_by(|one, other| {
        let names = one.name.compare(&other.name);
        let names = if names_tell { names } else { Ordering::Equal };
        names.then(one.modified.cmp(&other.modified)).then_with(|| other.path.cmp(&one.path))
    });
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    /// Makes files whose last writes are minutes apart; returns the names of those that are found.
    fn found(names: &[&str]) -> Vec<String> {
        let directory = tempfile::tempdir().expect("a directory");
        for (minute, name) in names.iter().enumerate() {
            let path = directory.path().join(name);
            fs::write(&path, "text\n").expect("written");
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000 + 60 * minute as u64);
            let file = fs::File::options().write(true).open(path).expect("opened");
            file.set_modified(time).expect("set");
        }
        let name = |file: RotatedFile| file.path.file_name().map(|name| name.display().to_string());
        let files = rotated_files(directory.path(), OsStr::new("app.log"), |_| true);
        files.into_iter().filter_map(name).collect()
    }

    #[test]
    fn names_tell_the_order_before_times() {
        let names = ["app.log.1", "app.log.2.gz", "app.log.10.xz", "app.log", "app.log.lock"];
        assert_eq!(found(&names), ["app.log.10.xz", "app.log.2.gz", "app.log.1"]);
        let names = ["app.log-20261125", "app.log-20261124.gz", "app-20261123.log"];
        assert_eq!(found(&names), ["app-20261123.log", "app.log-20261124.gz", "app.log-20261125"]);
    }

    #[test]
    fn times_tell_the_order_of_names_of_different_kinds() {
        let names = ["app.log.2.gz", "app.log-20261124", "app.log.1", "app.log.old"];
        assert_eq!(found(&names), names);
    }

    #[test]
    fn a_link_to_a_file_and_an_empty_file_are_left_out() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = |name: &str| directory.path().join(name);
        fs::write(path("app.log.1"), "text\n").expect("written");
        fs::write(path("app.log.3"), "").expect("written");
        std::os::unix::fs::symlink(path("app.log.1"), path("app.log.2")).expect("linked");
        fs::hard_link(path("app.log.1"), path("app.log.4")).expect("linked");
        let files = rotated_files(directory.path(), OsStr::new("app.log"), |_| true);
        assert_eq!(files.len(), 1, "{files:?}");
    }
}
