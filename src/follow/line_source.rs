//! The trait of every kind of source, and what passes between a source and its reader.

use std::io::{self, PipeReader};

use crate::event::{Carry, CommandExit, Location, TextEncoding};
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

    /// Returns the bytes of the last read as their writer wrote them; `new` are those that were read.
    fn as_written<'a>(&'a self, new: &'a [u8]) -> &'a [u8] {
        new
    }

    /// Returns at most `len` bytes, which end at `offset`.
    ///
    /// Only a source that can begin in the middle needs an implementation.
    fn before(&self, _offset: u64, _len: usize) -> io::Result<Vec<u8>> {
        Ok(Vec::new())
    }

    /// Returns the way in which the command behind the source has ended; none if there is none.
    fn exit(&self) -> Option<CommandExit> {
        None
    }

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
        /// There may be more bytes now.
        has_more: bool,
    },
    /// There are no new bytes yet.
    Nothing,
    /// There may be bytes at the next read.
    Again,
    /// The writer has finished, and so is the last line.
    End,
    /// The unfinished line is finished, because a hole follows.
    LineEnd,
    /// Bytes that had been read were overwritten; `recent` holds their new values.
    Overwritten,
    /// The end was taken back: only this many of the recent bytes are left.
    Cut(usize),
    /// The content was replaced, and is read from its start.
    Restarted,
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
    /// Reading begins in the middle of a text, so that the bytes before decide on the carry.
    pub(super) is_in_middle: bool,
    /// All bytes are published as they are, NULs too: there are no lines.
    pub(super) is_binary: bool,
}

impl ReadState {
    /// Moves to `offset`, where a line begins; `recent` are the bytes before.
    pub(super) fn move_to(&mut self, offset: u64, recent: Vec<u8>) {
        self.offset = offset;
        self.recent = recent;
        self.unfinished = 0;
        self.carry = Carry::default();
        self.is_in_middle = false;
    }

    /// Moves back behind the first `left` recent bytes, because the source has no others any more.
    ///
    /// If a published line is left without its newline, the bytes that follow are another line.
    /// If only a part of it is left, it is read again from its start, so that it is whole.
    /// At most `context` of the bytes before the unfinished line are kept.
    pub(super) fn cut_back(&mut self, left: usize, context: usize) {
        let published = self.recent.len() - self.unfinished;
        let start = self.offset - self.recent.len() as u64;
        let newline = self.encoding().newline();
        // Half of a unit of UTF-16 is no character.
        let left = left - (start + left as u64) as usize % newline.len();
        self.unfinished = left.saturating_sub(published);
        if left < published {
            self.carry = self.carry.at_line_start();
            let is_line_left = self.recent[left..].starts_with(newline) || self.is_binary;
            self.unfinished = if is_line_left { 0 } else { self.partial_line(left) };
        }
        self.offset = start + left as u64;
        self.recent.truncate(left);
        let kept = self.unfinished.max(context).min(left);
        self.recent.drain(..left - kept);
    }

    /// Returns the number of bytes of the line that the first `left` recent bytes end with; zero if
    /// it began before them, so that the rest of it is another line.
    fn partial_line(&self, left: usize) -> usize {
        let bytes = &self.recent[..left];
        let is_start = self.offset == self.recent.len() as u64 || bytes.first() == Some(&0);
        let encoding = self.encoding();
        let line_end = encoding.line_ends(bytes).next_back();
        let line = line_end.or(is_start.then_some(0)).unwrap_or(left);
        if encoding != TextEncoding::Utf8 {
            return left - line;
        }
        // NULs before a line are those of a hole.
        bytes[line..].iter().position(|&byte| byte != 0).map_or(0, |text| left - line - text)
    }

    /// Returns the part of `scratch` for the last `context` of the recent bytes, and for one block
    /// of new ones behind them.
    pub(super) fn space<'a>(&self, scratch: &'a mut [u8], context: usize) -> &'a mut [u8] {
        let known = self.recent.len();
        &mut scratch[known - context..known + BLOCK]
    }

    fn encoding(&self) -> TextEncoding {
        self.carry.encoding.unwrap_or(TextEncoding::Utf8)
    }

    /// Returns true if the text is UTF-16, in which NULs are parts of characters; `new` are the
    /// bytes behind the offset.
    pub(super) fn is_utf16(&self, new: &[u8]) -> bool {
        let begins = || TextEncoding::detect(new).map(|(encoding, _)| encoding);
        let encoding = self.carry.encoding.or_else(begins);
        encoding.is_some_and(|encoding| encoding != TextEncoding::Utf8)
    }

    /// The bytes of the unfinished line.
    pub(super) fn unfinished(&self) -> &[u8] {
        &self.recent[self.recent.len() - self.unfinished..]
    }

    /// Adds `new` bytes that do not finish the line.
    pub(super) fn extend(&mut self, new: &[u8]) {
        self.unfinished += new.len();
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the offset and the unfinished line after a cut of a text that was read from
    /// `start` on.
    fn cut(text: &str, start: u64, unfinished: usize, left: usize) -> (u64, String) {
        let recent = text.as_bytes().to_vec();
        let offset = start + recent.len() as u64;
        let mut state = ReadState { offset, recent, unfinished, ..ReadState::default() };
        state.cut_back(left, 10);
        let line = &state.recent[state.recent.len() - state.unfinished..];
        (state.offset, String::from_utf8_lossy(line).into_owned())
    }

    #[test]
    fn a_line_of_which_a_part_is_left_is_whole_again() {
        assert_eq!(cut("one\ntwo\n", 0, 0, 6), (6, "tw".to_owned()));
        assert_eq!(cut("one\ntwo\n", 0, 0, 2), (2, "on".to_owned()));
        assert_eq!(cut("e\ntwo\nunfin", 2, 5, 4), (6, "tw".to_owned()));
    }

    #[test]
    fn a_line_that_is_left_is_not_read_again() {
        assert_eq!(cut("one\ntwo\n", 0, 0, 4), (4, String::new()));
        assert_eq!(cut("one\ntwo\n", 0, 0, 7), (7, String::new()));
        assert_eq!(cut("long line that began earlier\n", 100, 0, 5), (105, String::new()));
    }

    #[test]
    fn bytes_before_the_context_are_dropped() {
        let recent = vec![b'x'; 5000];
        let mut state = ReadState { offset: 5000, recent, unfinished: 2000, ..Default::default() };
        state.cut_back(4500, 100);
        assert_eq!((state.offset, state.unfinished, state.recent.len()), (4500, 1500, 1500));
        state.cut_back(1000, 100);
        assert_eq!((state.offset, state.unfinished, state.recent.len()), (4000, 1000, 1000));
    }

    #[test]
    fn an_unfinished_line_becomes_shorter() {
        assert_eq!(cut("one\nunfinished", 0, 10, 9), (9, "unfin".to_owned()));
        assert_eq!(cut("one\nunfinished", 0, 10, 4), (4, String::new()));
    }
}
