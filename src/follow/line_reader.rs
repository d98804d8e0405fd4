//! The reader of every source: it turns bytes into updates.

use std::io::{self, PipeReader};
use std::ops::Range;

use super::line_source::{BLOCK, Chunk, LineSource, ReadState};
use super::retained_bytes::retain;
use super::update::Update;
use crate::event::{Cutting, End, Lines, SourceChange};
use crate::journal::JournalNote;
use crate::system::Ready;

/// Most bytes without a published line after which the journal notes how far the source was read.
/// After a restart, as many bytes are read and filtered again: twice as many take twice as long.
const MAX_UNNOTED: u64 = 1 << 20;

/// Reads a source, cuts its bytes into lines and locates them.
#[derive(Debug)]
pub(super) struct LineReader<S> {
    source: S,
    state: ReadState,
    /// The offset of the last checkpoint.
    noted: u64,
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
        LineReader { source, state, noted: 0 }
    }

    /// Returns space for the bytes of one read; all readers of a thread can share it.
    pub(super) fn scratch(cutting: &Cutting) -> Vec<u8> {
        vec![0; cutting.splitter.max_line.max(S::CONTEXT) + BLOCK]
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
        match self.source.read(&mut self.state, scratch)? {
            Chunk::Nothing => {}
            Chunk::Again => progress.availability = Availability::Now,
            Chunk::Bytes { len, has_more } => {
                let known = self.state.recent.len();
                progress.new = known..known + len;
                self.take(&scratch[..known + len], len, cutting, time, updates);
                if has_more {
                    progress.availability = Availability::Now;
                }
            }
            Chunk::End => {
                self.finish(cutting, time, |lines| updates.push(Update::Lines(lines)));
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
                self.state.cut_back(left);
                updates.extend(self.checkpoint(true).map(Update::Note));
                progress.availability = Availability::Now;
            }
            Chunk::Restarted => {
                // The source does not hold the unfinished line any more.
                self.finish(cutting, time, |lines| updates.push(Update::Lines(retain(lines))));
                self.state.move_to(0, Vec::new());
                updates.push(Update::Change(SourceChange::Truncated));
                updates.extend(self.checkpoint(true).map(Update::Note));
                progress.availability = Availability::Now;
            }
        }
        Ok(progress)
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

    /// Takes in `bytes`, the last `len` of which are new.
    fn take(
        &mut self,
        bytes: &[u8],
        len: usize,
        cutting: &Cutting,
        time: u64,
        updates: &mut Vec<Update>,
    ) {
        let start = bytes.len() - len - self.state.unfinished;
        self.state.offset += len as u64;
        let lines = &bytes[start..];
        let offset = self.state.offset - lines.len() as u64;
        let used = self.cut(lines, offset, End::Open, cutting, time, |lines| {
            updates.push(Update::Lines(lines));
        });
        self.state.keep(bytes, lines.len() - used, S::CONTEXT);
        if !updates.is_empty() || self.state.offset - self.noted >= MAX_UNNOTED {
            updates.extend(self.checkpoint(true).map(Update::Note));
        }
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
                let location = self.source.locate(&lines.bytes, offset + used as u64);
                take(Lines { location, time, ..lines });
            }
            used += taken;
            if taken == 0 {
                return used;
            }
        }
    }
}
