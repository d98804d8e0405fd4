//! The trait of every kind of source, and what passes between a source and its reader.

use std::io::{self, PipeReader};

use crate::event::{Carry, Location};
use crate::journal::JournalNote;
use crate::system::Ready;

/// Most bytes that one read adds. A batch holds at most a small part of them; half the size takes
/// twice the system calls in a flood, and twice the size takes more memory for each thread.
pub(super) const BLOCK: usize = 256 * 1024;

/// A kind of source: it reads bytes in their order, and knows where they can be read again.
///
/// [`LineReader`](super::line_reader::LineReader) cuts the bytes into lines.
pub(super) trait LineSource {
    /// Number of bytes before the offset that the reader keeps, even if their lines are finished.
    const CONTEXT: usize;

    /// Waits until bytes can be read, or the other end of `stop` is closed.
    ///
    /// Only a source whose reads wait needs an implementation.
    fn wait(&self, _stop: &PipeReader) -> Ready {
        Ready::Input
    }

    /// Reads at most [`BLOCK`] new bytes into `scratch`, behind a space for the bytes of
    /// `state.recent`.
    ///
    /// An error of a stream is reported as it stands; an error of a file, with its path.
    fn read(&mut self, state: &mut ReadState, scratch: &mut [u8]) -> io::Result<Chunk>;

    /// Returns the location of `bytes`, which were read at `offset`; none if they cannot be read
    /// again.
    fn locate(&self, bytes: &[u8], offset: u64) -> Option<Location>;

    /// Returns a note of how far the source was read; none if a later run cannot resume there.
    ///
    /// `is_followed` is false when the source is closed.
    fn checkpoint(&self, _state: &ReadState, _is_followed: bool) -> Option<JournalNote> {
        None
    }
}

/// The result of one read of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Chunk {
    /// New bytes stand in the scratch space, behind the space for the recent ones.
    Bytes {
        /// The number of new bytes.
        len: usize,
        /// The number of leading new bytes that belong to no line.
        skip: usize,
    },
    /// There are no new bytes yet.
    Nothing,
    /// The writer has finished, and so is the last line.
    End,
    /// Bytes that had been read were overwritten; `recent` holds their new values.
    Overwritten,
    /// The content was replaced, and is read from this offset on.
    Restarted(u64),
}

/// The point up to which a source was read.
#[derive(Debug, Default)]
pub(super) struct ReadState {
    /// Offset of the next byte to read.
    pub(super) offset: u64,
    /// The last bytes before `offset`: the unfinished line, and the context of the source.
    pub(super) recent: Vec<u8>,
    /// Number of bytes of `recent` that belong to the unfinished line.
    pub(super) unfinished: usize,
    /// The state that the bytes before the unfinished line left.
    pub(super) carry: Carry,
}

impl ReadState {
    /// Moves to `offset` without an unfinished line.
    pub(super) fn restart(&mut self, offset: u64) {
        self.offset = offset;
        self.recent.clear();
        self.unfinished = 0;
        self.carry = Carry::default();
    }

    /// Returns the part of `scratch` for the last `context` of the recent bytes, and for one block
    /// of new ones behind them.
    pub(super) fn space<'a>(&self, scratch: &'a mut [u8], context: usize) -> &'a mut [u8] {
        let known = self.recent.len();
        &mut scratch[known - context..known + BLOCK]
    }

    /// The bytes of the unfinished line.
    pub(super) fn unfinished(&self) -> &[u8] {
        &self.recent[self.recent.len() - self.unfinished..]
    }

    /// Adds `new` bytes that do not finish the line; the first `skip` of them belong to no line.
    pub(super) fn extend(&mut self, new: &[u8], skip: usize) {
        self.unfinished += new.len() - skip;
        self.recent.extend_from_slice(new);
    }

    /// Keeps the end of `bytes`: the unfinished line, and at least `context` bytes.
    pub(super) fn keep(&mut self, bytes: &[u8], unfinished: usize, context: usize) {
        let kept = unfinished.max(context).min(bytes.len());
        self.unfinished = unfinished;
        self.recent.clear();
        self.recent.extend_from_slice(&bytes[bytes.len() - kept..]);
        // The memory of a long line is not kept for every file that once had one.
        if self.recent.capacity() > BLOCK {
            self.recent.shrink_to(kept);
        }
    }
}
