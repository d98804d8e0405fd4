//! Logs: where the bytes of a batch can be read again.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;

/// A file, or a sequence of files, from which bytes that were read once can be read again.
pub trait Log: Send + Sync + fmt::Debug {
    /// Fills `bytes` from `offset` on.
    fn read_exact_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()>;

    /// Returns the offset before which bytes were removed on purpose; [`u64::MAX`] if none are left
    /// and none will follow.
    ///
    /// An implementation must neither lock nor wait: the index calls this method while it is
    /// locked.
    fn oldest(&self) -> u64 {
        0
    }

    /// Returns whether the offsets of lines are those of a file that clients know.
    fn is_file(&self) -> bool {
        true
    }

    /// Returns whether the bytes are redacted already, so that they are cut without a redaction.
    fn is_redacted(&self) -> bool {
        false
    }

    /// Returns the identity and the path by which the file can be found after a restart, or
    /// `None` if it cannot be found.
    ///
    /// An implementation may ask the file system.
    fn file(&self) -> Option<(FileId, PathBuf)> {
        None
    }
}

/// The identity of a file, whatever its path is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FileId {
    /// Device number.
    pub device: u64,
    /// Inode number on the device.
    pub inode: u64,
    /// Time of creation in nanoseconds since 1970, if the file system knows it.
    ///
    /// It distinguishes a new file from a deleted one that had the same inode.
    pub born: Option<u64>,
}

/// The byte range of a log that holds a batch.
#[derive(Clone, Debug)]
pub struct Location {
    /// The log.
    pub log: Arc<dyn Log>,
    /// Offset of the first byte of the batch.
    pub offset: u64,
    /// CRC-32 of the bytes, which shows whether they have changed since.
    pub crc: u32,
}

impl Location {
    /// Returns the location of `bytes`, which begin at `offset` in `log`.
    #[must_use]
    pub fn of(bytes: &[u8], log: Arc<dyn Log>, offset: u64) -> Self {
        Location { log, offset, crc: crc32fast::hash(bytes) }
    }

    /// Reads `len` bytes; `None` if the log does not have them any more.
    #[must_use]
    pub fn read(&self, len: usize) -> Option<Bytes> {
        let mut bytes = vec![0; len];
        self.log.read_exact_at(&mut bytes, self.offset).ok()?;
        Some(bytes.into())
    }

    /// Returns whether `bytes` are those at the location, as far as their checksum shows it.
    #[must_use]
    pub fn is_of(&self, bytes: &[u8]) -> bool {
        crc32fast::hash(bytes) == self.crc
    }

    /// Returns whether the log has removed the bytes on purpose.
    #[must_use]
    pub fn is_dropped(&self) -> bool {
        self.offset < self.log.oldest()
    }
}
