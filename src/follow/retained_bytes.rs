//! Bytes that were in a file until it was truncated, and are only in memory now.

use std::io;
use std::sync::Arc;

use bytes::Bytes;

use crate::event::{Lines, Log};

/// A log that is a copy of a part of another log.
#[derive(Debug)]
struct RetainedBytes {
    bytes: Bytes,
    /// Offset of the first byte in the other log.
    offset: u64,
}

/// Returns the same lines with a location in memory.
pub(super) fn retain(mut lines: Lines) -> Lines {
    if let Some(location) = &mut lines.location {
        let (bytes, offset) = (lines.bytes.clone(), location.offset);
        location.log = Arc::new(RetainedBytes { bytes, offset });
    }
    lines
}

impl Log for RetainedBytes {
    fn read_exact_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        let start = offset.checked_sub(self.offset).ok_or(io::ErrorKind::UnexpectedEof)? as usize;
        let retained = self.bytes.get(start..start + bytes.len());
        bytes.copy_from_slice(retained.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }
}
