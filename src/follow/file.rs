//! The identity and the kind of a file.

use std::fs::Metadata;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::time::SystemTime;

use crate::event::FileId;

/// A kind of file that can be followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileKind {
    Regular,
    Pipe,
}

impl FileId {
    pub(super) fn of(metadata: &Metadata) -> Self {
        let born = metadata.created().ok();
        let born = born.and_then(|born| born.duration_since(SystemTime::UNIX_EPOCH).ok());
        FileId {
            device: metadata.dev(),
            inode: metadata.ino(),
            born: born.map(|born| born.as_nanos() as u64),
        }
    }

    /// Returns whether both are the same file while one of them is open: its inode number is not
    /// given to another file meanwhile, and the time of birth may change.
    pub(super) fn is_same_inode(self, other: FileId) -> bool {
        (self.device, self.inode) == (other.device, other.inode)
    }
}

impl FileKind {
    /// Returns the kind of a file, or the reason why it cannot be followed.
    pub(super) fn of(metadata: &Metadata) -> Result<Self, &'static str> {
        let kind = metadata.file_type();
        if kind.is_file() {
            Ok(FileKind::Regular)
        } else if kind.is_fifo() {
            Ok(FileKind::Pipe)
        } else if kind.is_dir() {
            Err("is a directory")
        } else if kind.is_socket() {
            Err("is a socket, which cannot be followed")
        } else {
            Err("is a device, which cannot be followed")
        }
    }
}
