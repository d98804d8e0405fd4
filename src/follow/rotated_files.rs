//! The rotated files beside a followed one.

use std::cmp::Ordering;
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

/// Names of directories into which files are often rotated. Each one more is looked for beside every
/// followed file.
const OLD: [&str; 4] = ["old", "archive", "archived", "rotated"];

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

/// Returns `directory`, and the directories in it into which files are often rotated, as by
/// `olddir` of logrotate.
pub(super) fn with_old(directory: &Path) -> impl Iterator<Item = PathBuf> {
    let inside = OLD.into_iter().map(|name| directory.join(name));
    std::iter::once(directory.to_owned()).chain(inside)
}

/// Visits the files in `directory` that have names of rotations of `name`, and those in the
/// directories for old files in it.
pub(super) fn visit_rotated(directory: &Path, name: &OsStr, mut visit: impl FnMut(RotatedFile)) {
    for entry in with_old(directory).flat_map(fs::read_dir).flatten().flatten() {
        let Some(rotated) = RotatedName::parse(&entry.file_name(), name) else { continue };
        RotatedFile::at(entry.path(), rotated).into_iter().for_each(&mut visit);
    }
}

/// Returns the file `id`, if it has the name of a rotation of `name`.
pub(super) fn find_rotated(directory: &Path, name: &OsStr, id: FileId) -> Option<RotatedFile> {
    let mut found = None;
    visit_rotated(directory, name, |file| {
        if file.id.is_same_inode(id) {
            found = Some(file);
        }
    });
    found
}
