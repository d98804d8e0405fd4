//! Buffers for the bytes of entries that are read again.
//!
//! The kernel clears the memory of each new buffer, which takes about as long as reading into it.
//! Therefore the buffer of an entry is used for a later one.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use crate::event::Location;

/// Largest number of buffers that wait for a use.
///
/// As many as threads read at the same time; twice as many take more memory, and no less time.
const KEPT: usize = 8;

/// Size of a buffer, in bytes: the most that entries of several batches have. Twice the value only
/// takes more memory.
const SIZE: usize = 256 << 10;

/// Smallest number of bytes for which a buffer is used.
///
/// Batches keep the whole buffer, so that with a quarter of the value a slow client holds four times
/// as much memory as its lines have; with twice the value, more new memory is cleared.
const SMALLEST: usize = SIZE / 4;

/// Buffers that wait for a use; clones share them.
#[derive(Clone, Debug, Default)]
pub(super) struct Buffers(Arc<Mutex<Vec<Vec<u8>>>>);

/// The first bytes of a buffer, which goes back when they are dropped.
struct Filled {
    buffer: Vec<u8>,
    len: usize,
    buffers: Buffers,
}

impl Buffers {
    /// Reads `len` bytes at `location`; `None` if its log does not have them any more.
    pub(super) fn read(&self, location: &Location, len: usize) -> Option<Bytes> {
        if !(SMALLEST..=SIZE).contains(&len) {
            return location.read(len);
        }
        let buffer = self.take().unwrap_or_else(|| vec![0; SIZE]);
        let mut filled = Filled { buffer, len, buffers: self.clone() };
        location.log.read_exact_at(&mut filled.buffer[..len], location.offset).ok()?;
        Some(Bytes::from_owner(filled))
    }

    fn take(&self) -> Option<Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }
}

impl AsRef<[u8]> for Filled {
    fn as_ref(&self) -> &[u8] {
        &self.buffer[..self.len]
    }
}

impl Drop for Filled {
    fn drop(&mut self) {
        let mut kept = self.buffers.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < KEPT {
            kept.push(std::mem::take(&mut self.buffer));
        }
    }
}
