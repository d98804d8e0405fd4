//! The reader of every source: it turns bytes into updates.

use std::io::{self, PipeReader};
use std::ops::Range;

use super::line_source::{BLOCK, Chunk, LineSource, ReadState};
use super::retained_bytes::RetainedBytes;
use super::update::Update;
use crate::event::{Carry, Cutting, End, Lines, SourceChange, TextEncoding};
use crate::journal::JournalNote;
use crate::system::Ready;

/// Most bytes without a published line after which the journal notes how far the source was read.
/// After a restart, as many bytes are read and filtered again: twice as many take twice as long.
const MAX_UNNOTED: u64 = 1 << 20;

/// Most bytes before the first line that are read for the state that they leave: an unfinished private
/// key, or an unfinished line of a container. Twice as many delay the start twice as long; with half
/// as many, the end of a long key may be published if reading begins in it.
const LOOK_BACK: usize = 1 << 20;

/// Reads a source, cuts its bytes into lines and locates them.
#[derive(Debug)]
pub(super) struct LineReader<S> {
    source: S,
    state: ReadState,
    /// The offset of the last checkpoint.
    noted: u64,
    /// The text looks like UTF-16 without a byte order mark, which is reported once for a source;
    /// `None` before its first line.
    is_unmarked: Option<bool>,
}

/// The result of one read.
#[derive(Debug, Default)]
pub(super) struct Progress {
    pub(super) updates: Vec<Update>,
    /// The new bytes in the scratch space.
    pub(super) new: Range<usize>,
    pub(super) availability: Availability,
    /// Bytes that had been read were overwritten.
    pub(super) is_overwritten: bool,
}

/// The prospect of another read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Availability {
    /// There are no bytes yet.
    #[default]
    Later,
    /// There may be more bytes now.
    Now,
    /// The writer has finished.
    Ended,
}

impl<S: LineSource> LineReader<S> {
    pub(super) fn new(source: S, state: ReadState) -> Self {
        LineReader { source, state, noted: 0, is_unmarked: None }
    }

    /// Returns space for the bytes of one read; all readers of a thread can share it.
    pub(super) fn scratch(cutting: &Cutting) -> Vec<u8> {
        vec![0; S::CONTEXT + cutting.splitter.longest_rest() + BLOCK]
    }

    pub(super) fn source(&self) -> &S {
        &self.source
    }

    /// Lets the source change how it reads, at the point up to which it was read.
    pub(super) fn source_mut(&mut self) -> (&mut S, &ReadState) {
        (&mut self.source, &self.state)
    }

    /// Returns the offset of the next byte to read.
    pub(super) fn offset(&self) -> u64 {
        self.state.offset
    }

    /// See [`LineSource::wait`].
    pub(super) fn wait(&self, stop: &PipeReader) -> Ready {
        self.source.wait(stop)
    }

    /// Reads one block. `time` is the time of its lines, in milliseconds since 1970.
    pub(super) fn read(
        &mut self,
        scratch: &mut [u8],
        cutting: &Cutting,
        time: u64,
    ) -> io::Result<Progress> {
        let mut progress = Progress::default();
        let updates = &mut progress.updates;
        self.state.is_binary = cutting.splitter.binary;
        if std::mem::take(&mut self.state.is_in_middle) && cutting.looks_back() {
            self.look_back(cutting)?;
        }
        match self.source.read(&mut self.state, scratch)? {
            Chunk::Nothing => {}
            Chunk::Again => progress.availability = Availability::Now,
            Chunk::Bytes { len, has_more } => {
                let known = self.state.recent.len();
                progress.new = known..known + len;
                self.take(&mut scratch[..known + len], cutting, time, updates);
                if has_more {
                    progress.availability = Availability::Now;
                }
            }
            Chunk::End => {
                self.finish(cutting, time, |lines| updates.push(Update::Lines(lines)));
                // The next writer of a pipe begins another text, but may go on with a private key.
                self.state.carry = Carry { encoding: None, ..self.state.carry.at_line_start() };
                progress.availability = Availability::Ended;
            }
            Chunk::Overwritten => {
                updates.extend(self.checkpoint(true).map(Update::Note));
                progress.is_overwritten = true;
                progress.availability = Availability::Now;
            }
            Chunk::LineEnd => {
                self.finish(cutting, time, |lines| updates.push(Update::Lines(lines)));
                progress.availability = Availability::Now;
            }
            Chunk::Cut(left) => {
                self.state.cut_back(left, S::CONTEXT);
                updates.extend(self.checkpoint(true).map(Update::Note));
                progress.availability = Availability::Now;
            }
            Chunk::Restarted => {
                self.restart(cutting, time, updates);
                progress.availability = Availability::Now;
            }
        }
        Ok(progress)
    }

    /// Finds the state that the bytes before the first line leave.
    fn look_back(&mut self, cutting: &Cutting) -> io::Result<()> {
        let bytes = self.source.before(self.state.offset, LOOK_BACK)?;
        let encoding = self.state.carry.encoding.unwrap_or(TextEncoding::Utf8);
        let is_whole = bytes.len() as u64 == self.state.offset;
        let first_line = encoding.line_ends(&bytes).next().filter(|_| !is_whole);
        self.state.carry =
            cutting.carry_behind(&bytes[first_line.unwrap_or(0)..], self.state.carry, End::Open);
        Ok(())
    }

    /// Returns the state that the text leaves to another one that goes on with it: an unfinished
    /// private key.
    pub(super) fn carry_over(&self, cutting: &Cutting) -> Carry {
        let carry = cutting.carry_behind(self.state.unfinished(), self.state.carry, End::Finished);
        Carry { encoding: None, ..carry.at_line_start() }
    }

    /// Goes on with the state of another text, if nothing was read yet; returns whether it differs.
    pub(super) fn go_on_with(&mut self, carry: Carry) -> bool {
        let differs = self.state.offset == 0 && self.state.carry != carry;
        if differs {
            self.state.carry = carry;
        }
        differs
    }

    /// Publishes the unfinished line, which the source does not hold any more, and moves to the
    /// start.
    fn restart(&mut self, cutting: &Cutting, time: u64, updates: &mut Vec<Update>) {
        let rest = self.state.unfinished();
        let retained = RetainedBytes::new(rest, self.state.offset - rest.len() as u64);
        self.finish(cutting, time, |lines| updates.push(Update::Lines(retained.retain(lines))));
        // The rest of a private key may follow.
        let carry = Carry { encoding: None, ..self.state.carry.at_line_start() };
        self.state.move_to(0, Vec::new());
        self.state.carry = carry;
        self.is_unmarked = self.is_unmarked.filter(|is_unmarked| *is_unmarked);
        updates.push(Update::Change(SourceChange::Truncated));
        updates.extend(self.checkpoint(true).map(Update::Note));
    }

    /// Publishes the unfinished line, to which nothing will be added.
    pub(super) fn finish(&mut self, cutting: &Cutting, time: u64, take: impl FnMut(Lines)) {
        let start = self.state.recent.len() - std::mem::take(&mut self.state.unfinished);
        let recent = std::mem::take(&mut self.state.recent);
        let offset = self.state.offset - (recent.len() - start) as u64;
        self.cut(&recent[start..], offset, End::Finished, cutting, time, take);
        self.state.recent = recent;
    }

    /// Returns a note of how far the source was read; `is_followed` is false when it is closed.
    pub(super) fn checkpoint(&mut self, is_followed: bool) -> Option<JournalNote> {
        self.noted = self.state.offset;
        self.source.checkpoint(&self.state, is_followed)
    }

    /// Takes in the bytes that were read into `scratch`, behind a space for the recent ones.
    fn take(
        &mut self,
        scratch: &mut [u8],
        cutting: &Cutting,
        time: u64,
        updates: &mut Vec<Update>,
    ) {
        let known = self.state.recent.len();
        let new = &scratch[known..];
        self.state.offset += new.len() as u64;
        let is_marked = cutting.splitter.binary || self.state.carry.encoding.is_some();
        if is_marked && cutting.splitter.is_unfinished(self.state.unfinished(), new) {
            // A long line that grows by small writes is neither copied nor searched again.
            self.state.extend(new);
        } else {
            scratch[..known].copy_from_slice(&self.state.recent);
            let start = known - self.state.unfinished;
            self.take_lines(scratch, start, cutting, time, updates);
        }
        if !updates.is_empty() || self.state.offset - self.noted >= MAX_UNNOTED {
            updates.extend(self.checkpoint(true).map(Update::Note));
        }
    }

    /// Cuts the lines of `bytes`, which end at the offset, from `start` on, and keeps the rest.
    fn take_lines(
        &mut self,
        bytes: &[u8],
        start: usize,
        cutting: &Cutting,
        time: u64,
        updates: &mut Vec<Update>,
    ) {
        let start = start + self.take_mark(&bytes[start..], cutting);
        let lines = &bytes[start..];
        let mut used = 0;
        if cutting.splitter.binary || self.state.carry.encoding.is_some() {
            let offset = self.state.offset - lines.len() as u64;
            used = self.cut(lines, offset, End::Open, cutting, time, |lines| {
                updates.push(Update::Lines(lines));
            });
        }
        if used > 0 && self.is_unmarked.is_none() {
            let is_read_as_it_is = self.state.carry.encoding == Some(TextEncoding::Utf8);
            let is_unmarked = is_read_as_it_is && TextEncoding::is_likely_utf16(lines);
            updates.extend(is_unmarked.then_some(Update::UnmarkedUtf16));
            self.is_unmarked = Some(is_unmarked);
        }
        self.state.keep(bytes, lines.len() - used, S::CONTEXT);
    }

    /// Finds the encoding of a text that begins with `bytes`; returns the length of its byte order
    /// mark, which belongs to no line.
    fn take_mark(&mut self, bytes: &[u8], cutting: &Cutting) -> usize {
        let carry = &mut self.state.carry;
        if cutting.splitter.binary || carry.encoding.is_some() {
            return 0;
        }
        let Some((encoding, mark)) = TextEncoding::detect(bytes) else { return 0 };
        carry.encoding = Some(encoding);
        mark
    }

    /// Cuts `bytes`, which stand at `offset`; returns the number of bytes that were used.
    fn cut(
        &mut self,
        bytes: &[u8],
        offset: u64,
        end: End,
        cutting: &Cutting,
        time: u64,
        mut take: impl FnMut(Lines),
    ) -> usize {
        let mut used = 0;
        loop {
            let (lines, taken) = cutting.cut(&bytes[used..], &mut self.state.carry, end);
            if let Some(lines) = lines {
                let cut = &bytes[used..used + taken];
                let location = self.source.locate(cut, offset + used as u64);
                take(Lines { location, time, ..lines });
            }
            used += taken;
            if taken == 0 {
                return used;
            }
        }
    }
}

#[cfg(test)]
mod tests;
