//! An open file: its identity, its kind, and reading from any place of it.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::{FileExt, FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::event::{FileId, Log};
use crate::system::{
    descriptor_limit, first_data, is_synthetic, open_without_waiting, out_of_descriptors,
};

/// What can be followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Regular,
    Pipe,
}

/// A file that stays open as long as somebody may read from it again.
#[derive(Debug)]
pub(super) struct LogFile {
    file: File,
    /// Under which it was opened.
    path: PathBuf,
    /// Free for another file when this one is closed.
    _place: OwnedSemaphorePermit,
}

/// How many descriptors are kept for the program itself, and how many, at most, for peers.
const OWN: u64 = 16;
const PEERS: u64 = 64;

/// Room for open files: some descriptors stay for connections, however many files there are.
pub(super) fn room() -> Arc<Semaphore> {
    let limit = descriptor_limit().unwrap_or(u64::MAX);
    let room = limit.saturating_sub(OWN + (limit / 4).min(PEERS));
    Arc::new(Semaphore::new(room.min(Semaphore::MAX_PERMITS as u64) as usize))
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
}

impl Kind {
    /// What the file is, or why it cannot be followed.
    pub(super) fn of(metadata: &Metadata) -> Result<Self, &'static str> {
        let kind = metadata.file_type();
        if kind.is_file() {
            Ok(Kind::Regular)
        } else if kind.is_fifo() {
            Ok(Kind::Pipe)
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
    /// Opens if there is room, without ever waiting, for a writer of a pipe or anything else.
    pub(super) fn open(path: &Path, room: &Arc<Semaphore>) -> io::Result<Self> {
        let place = Arc::clone(room).try_acquire_owned().map_err(|_| out_of_descriptors())?;
        let file = open_without_waiting(path)?;
        Ok(LogFile { file, path: path.to_owned(), _place: place })
    }

    pub(super) fn metadata(&self) -> io::Result<Metadata> {
        self.file.metadata()
    }

    /// Whether the kernel makes up its contents at every read, as below `/proc` and `/sys`.
    pub(super) fn is_synthetic(&self) -> bool {
        is_synthetic(&self.file)
    }

    /// Reads what is there from `offset` on into `bytes`; less only at the end.
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

    /// Reads what a pipe holds now; zero when it has no writer, `WouldBlock` when it has but no data.
    pub(super) fn read_pipe(&self, bytes: &mut [u8]) -> io::Result<usize> {
        io::Read::read(&mut &self.file, bytes)
    }

    /// Where the first byte is that is not in a hole.
    pub(super) fn first_data(&self) -> u64 {
        first_data(&self.file)
    }
}

impl Log for LogFile {
    fn read_exact_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        self.file.read_exact_at(bytes, offset)
    }

    /// By the name that it really has, so that it is looked for beside that, not beside a link.
    fn file(&self) -> Option<(FileId, PathBuf)> {
        let id = FileId::of(&self.metadata().ok()?);
        Some((id, self.path.canonicalize().unwrap_or_else(|_| self.path.clone())))
    }
}
