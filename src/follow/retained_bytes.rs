//! Bytes that were in a file until it was truncated, and are only in memory now.

use std::io;
use std::sync::Arc;

use crate::event::{Lines, Log};

/// A log that is a copy of a part of another log.
#[derive(Debug)]
pub(super) struct RetainedBytes {
    bytes: Box<[u8]>,
    /// Offset of the first byte in the other log.
    offset: u64,
}

impl RetainedBytes {
    /// Copies `bytes`, which stood at `offset` in a log.
    pub(super) fn new(bytes: &[u8], offset: u64) -> Arc<Self> {
        Arc::new(RetainedBytes { bytes: bytes.into(), offset })
    }

    /// Returns lines of these bytes with a location in memory.
    pub(super) fn retain(self: &Arc<Self>, mut lines: Lines) -> Lines {
        if let Some(location) = &mut lines.location {
            location.log = Arc::clone(self) as _;
        }
        lines
    }
}

impl Log for RetainedBytes {
    fn read_exact_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        let start = offset.checked_sub(self.offset).ok_or(io::ErrorKind::UnexpectedEof)? as usize;
        let retained = self.bytes.get(start..start + bytes.len());
        bytes.copy_from_slice(retained.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }
}
