//! An open file: its identity, its kind, and reads at any offset.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::{FileExt, FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::event::{FileId, Log};
use crate::system::{
    descriptor_limit, is_on_overlay, is_synthetic, next_data, next_hole, open_without_waiting,
    out_of_descriptors,
};

/// Number of descriptors that no file may take: the standard streams, listeners, inotify and the
/// journal. Each one more leaves one less for files; with too few, the program cannot start.
const OWN_DESCRIPTORS: u64 = 16;

/// Most descriptors that stay free for connections; with a limit below 256, a quarter of it does.
/// Twice as many would leave only half of a limit of 256 for files.
const CONNECTION_DESCRIPTORS: u64 = 64;

/// A kind of file that can be followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileKind {
    Regular,
    Pipe,
}

/// A file that stays open as long as something may read from it again.
#[derive(Debug)]
pub(super) struct LogFile {
    file: File,
    /// The path under which it was opened.
    path: PathBuf,
    _permit: OwnedSemaphorePermit,
}

/// A file that was just opened, with its identity.
#[derive(Debug)]
pub(super) struct OpenedFile {
    pub(super) file: LogFile,
    pub(super) id: FileId,
    pub(super) kind: FileKind,
}

/// Returns a permit for every descriptor that followed files may take.
pub(super) fn descriptor_budget() -> Arc<Semaphore> {
    let limit = descriptor_limit().unwrap_or(u64::MAX);
    let reserved = OWN_DESCRIPTORS + (limit / 4).min(CONNECTION_DESCRIPTORS);
    let budget = limit.saturating_sub(reserved).min(Semaphore::MAX_PERMITS as u64);
    Arc::new(Semaphore::new(budget as usize))
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

impl LogFile {
    /// Opens a file within the descriptor budget, without waiting for the writer of a pipe.
    pub(super) fn open(path: &Path, budget: &Arc<Semaphore>) -> io::Result<Self> {
        let permit = Arc::clone(budget).try_acquire_owned().map_err(|_| out_of_descriptors())?;
        let file = open_without_waiting(path)?;
        Ok(LogFile { file, path: path.to_owned(), _permit: permit })
    }

    /// Opens a file so that every read fails.
    #[cfg(test)]
    pub(super) fn open_unreadable(path: &Path, budget: &Arc<Semaphore>) -> io::Result<Self> {
        let file = File::options().write(true).open(path)?;
        Ok(LogFile { file, ..LogFile::open(path, budget)? })
    }

    pub(super) fn metadata(&self) -> io::Result<Metadata> {
        self.file.metadata()
    }

    /// Whether the kernel generates its content at every read, as below `/proc` and `/sys`.
    pub(super) fn is_synthetic(&self) -> bool {
        is_synthetic(&self.file)
    }

    /// Fills `bytes` from `offset` on; returns fewer bytes only at the end of the file.
    pub(super) fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut read = 0;
        while read < bytes.len() {
            match self.file.read_at(&mut bytes[read..], offset + read as u64) {
                Ok(0) => break,
                Ok(len) => read += len,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(read)
    }

    /// Reads the bytes in a pipe; zero if it has no writer, `WouldBlock` if its writer is silent.
    pub(super) fn read_pipe(&self, bytes: &mut [u8]) -> io::Result<usize> {
        io::Read::read(&mut &self.file, bytes)
    }

    /// Returns at most `len` bytes from `offset` on; fewer only at the end of the file.
    pub(super) fn read_back(&self, offset: u64, len: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; len];
        let read = self.read_at(&mut bytes, offset)?;
        bytes.truncate(read);
        Ok(bytes)
    }

    /// See [`next_data`].
    pub(super) fn next_data(&self, offset: u64) -> Option<u64> {
        next_data(&self.file, offset)
    }

    /// See [`next_hole`].
    pub(super) fn next_hole(&self, offset: u64) -> u64 {
        next_hole(&self.file, offset)
    }

    /// See [`is_on_overlay`].
    pub(super) fn is_on_overlay(&self) -> bool {
        is_on_overlay(&self.file)
    }
}

impl Log for LogFile {
    fn read_exact_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        self.file.read_exact_at(bytes, offset)
    }

    /// Returns the path without symbolic links: a rotated file stands beside that, not beside the
    /// link.
    fn file(&self) -> Option<(FileId, PathBuf)> {
        let id = FileId::of(&self.metadata().ok()?);
        Some((id, self.path.canonicalize().unwrap_or_else(|_| self.path.clone())))
    }
}
