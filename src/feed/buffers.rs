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
const SIZE: usize = 512 << 10;

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

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;
    use crate::event::Log;

    /// A log of which every byte is its offset, up to 1 MiB.
    #[derive(Debug)]
    struct Offsets;

    impl Log for Offsets {
        fn read_exact_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
            if offset + bytes.len() as u64 > 1 << 20 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            bytes.iter_mut().zip(offset..).for_each(|(byte, at)| *byte = at as u8);
            Ok(())
        }
    }

    fn at(offset: u64) -> Location {
        Location { log: Arc::new(Offsets), offset, crc: 0 }
    }

    #[test]
    fn a_buffer_is_used_again_when_its_bytes_are_dropped() {
        let buffers = Buffers::default();
        let first = buffers.read(&at(0), SIZE).expect("bytes");
        let (address, part) = (first.as_ptr(), first.slice(3..5));
        drop(first);
        let second = buffers.read(&at(1), SMALLEST).expect("bytes");
        assert_ne!(second.as_ptr(), address, "a part of the first buffer is in use");
        assert_eq!(&*part, [3, 4]);
        drop(part);
        let third = buffers.read(&at(2), SMALLEST + 1).expect("bytes");
        assert_eq!(third.as_ptr(), address);
        assert_eq!((third.len(), third[0], second[0]), (SMALLEST + 1, 2, 1));
    }

    #[test]
    fn a_read_that_fails_keeps_its_buffer() {
        let buffers = Buffers::default();
        assert!(buffers.read(&at(1 << 20), SIZE).is_none());
        assert_eq!(buffers.0.lock().expect("no panic").len(), 1);
    }

    #[test]
    fn few_bytes_and_many_have_memory_of_their_own() {
        let buffers = Buffers::default();
        for len in [SMALLEST - 1, SIZE + 1] {
            assert_eq!(buffers.read(&at(0), len).expect("bytes").len(), len);
        }
        assert!(buffers.0.lock().expect("no panic").is_empty());
    }
}
