//! A cursor: a decoder, the place in the text that it has reached, and the text before it.

use std::fs::File;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use super::compression::{Compression, Decoder};
use super::raw_bytes::RawBytes;

/// Number of bytes before the place that can be read again. Two reads of clients come in any
/// order, each of at most 256 KiB; with half as many, the file is decoded from its start then.
const KEPT: usize = 768 * 1024;

/// Number of bytes before the place of reading that a source may read again, although its decoder is
/// up to 256 KiB behind that place. Twice the value takes twice the memory.
pub(in super::super) const READ_BACK: usize = KEPT - 256 * 1024;

/// Number of bytes that are decoded at a time to pass over them.
const SKIPPED: usize = 64 * 1024;

/// A decoder of one compressed file.
pub(super) struct Cursor {
    /// The number of the text.
    pub(super) text: u64,
    decoder: Decoder,
    position: u64,
    /// The last bytes before the position: at most twice [`KEPT`].
    kept: Vec<u8>,
    /// The file system could not read the file.
    has_failed: Arc<AtomicBool>,
}

/// The reason for which a cursor cannot go on.
#[derive(Debug)]
pub(super) enum Stop {
    /// The text ends at the position.
    End,
    /// The file is damaged at the position.
    Damage(String),
    /// The file cannot be read now.
    Failure(io::Error),
}

impl Cursor {
    /// A cursor at the start of text number `text`.
    pub(super) fn new(text: u64, format: Compression, file: Weak<File>) -> Self {
        let has_failed = Arc::<AtomicBool>::default();
        let decoder = format.decoder(RawBytes::new(file, Arc::clone(&has_failed)));
        Cursor { text, decoder, position: 0, kept: Vec::new(), has_failed }
    }

    /// Returns the offset of the next byte to decode.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// Returns whether bytes from `offset` on can be read without beginning again.
    pub(super) fn covers(&self, offset: u64) -> bool {
        offset >= self.position - self.kept.len() as u64
    }

    /// Fills `bytes` from `offset` on, which the cursor covers; returns their number, and the
    /// reason if they are fewer.
    pub(super) fn read_at(&mut self, bytes: &mut [u8], offset: u64) -> (usize, Option<Stop>) {
        let mut skipped = vec![0; if offset > self.position { SKIPPED } else { 0 }];
        while offset > self.position {
            let len = SKIPPED.min((offset - self.position) as usize);
            if let Err(stop) = self.decode(&mut skipped[..len]) {
                return (0, Some(stop));
            }
        }
        let back = (self.position - offset) as usize;
        let mut read = back.min(bytes.len());
        let start = self.kept.len() - back;
        bytes[..read].copy_from_slice(&self.kept[start..start + read]);
        while read < bytes.len() {
            match self.decode(&mut bytes[read..]) {
                Ok(len) => read += len,
                Err(stop) => return (read, Some(stop)),
            }
        }
        (read, None)
    }

    /// Decodes at least one byte.
    fn decode(&mut self, bytes: &mut [u8]) -> Result<usize, Stop> {
        loop {
            match self.decoder.read(bytes) {
                Ok(0) => return Err(Stop::End),
                Ok(len) => {
                    self.position += len as u64;
                    self.keep(&bytes[..len]);
                    return Ok(len);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if self.has_failed.load(Ordering::Relaxed) => {
                    return Err(Stop::Failure(error));
                }
                Err(error) => return Err(Stop::Damage(sentence(&error))),
            }
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        if self.kept.len() + bytes.len() > 2 * KEPT {
            let dropped = (self.kept.len() + bytes.len() - KEPT).min(self.kept.len());
            self.kept.drain(..dropped);
        }
        self.kept.extend_from_slice(&bytes[bytes.len().saturating_sub(KEPT)..]);
    }
}

/// Returns the reason for which a decoder has stopped.
fn sentence(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "it is cut off".to_owned(),
        io::ErrorKind::OutOfMemory => "it needs more than 64 MiB of memory".to_owned(),
        _ => error.to_string(),
    }
}
