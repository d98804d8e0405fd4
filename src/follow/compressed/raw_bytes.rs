//! The bytes of a compressed file as they are on disk, read from its start on.

use std::fs::File;
use std::io::{self, BufRead, Read};
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;
use std::sync::Weak;
use std::sync::atomic::{AtomicBool, Ordering};

/// Number of bytes of one read. Half as many take twice the system calls.
const BLOCK: usize = 64 * 1024;

/// A reader of a file that others read too. It does not keep the file open.
pub(super) struct RawBytes {
    file: Weak<File>,
    /// Offset of the next read of the file.
    offset: u64,
    block: Box<[u8]>,
    /// The bytes of the block that were not taken yet.
    start: usize,
    end: usize,
    has_failed: Arc<AtomicBool>,
}

impl RawBytes {
    /// Reads `file`; `has_failed` becomes true when the file system cannot read it.
    pub(super) fn new(file: Weak<File>, has_failed: Arc<AtomicBool>) -> Self {
        let block = vec![0; BLOCK].into_boxed_slice();
        RawBytes { file, offset: 0, block, start: 0, end: 0, has_failed }
    }

    /// The offset of the next byte.
    pub(super) fn position(&self) -> u64 {
        self.offset - (self.end - self.start) as u64
    }

    /// Goes on at `position`.
    pub(super) fn seek(&mut self, position: u64) {
        (self.offset, self.start, self.end) = (position, 0, 0);
    }

    fn fill(&mut self) -> io::Result<usize> {
        let file = self.file.upgrade().ok_or(io::ErrorKind::NotFound)?;
        loop {
            match file.read_at(&mut self.block, self.offset) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => return read,
            }
        }
    }
}

impl BufRead for RawBytes {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.start == self.end {
            let read = self.fill();
            if read.is_err() {
                self.has_failed.store(true, Ordering::Relaxed);
            }
            (self.start, self.end) = (0, read?);
            self.offset += self.end as u64;
        }
        Ok(&self.block[self.start..self.end])
    }

    fn consume(&mut self, len: usize) {
        self.start += len;
    }
}

impl Read for RawBytes {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let len = available.len().min(bytes.len());
        bytes[..len].copy_from_slice(&available[..len]);
        self.consume(len);
        Ok(len)
    }
}
