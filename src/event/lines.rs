//! The lines of a batch.

use std::ops::Range;

use bytes::Bytes;

use super::{Carry, End, Location, Span};

/// Lines that were read together, with everything that any presentation of them needs.
#[derive(Debug)]
pub struct Lines {
    /// The bytes as they were read, with their terminators.
    pub bytes: Bytes,
    /// The published lines in `bytes`; never empty.
    pub spans: Box<[Span]>,
    /// Where the bytes can be read again; `None` for standard input without a spool.
    pub location: Option<Location>,
    /// State of the line that the bytes before these left unfinished.
    pub carry: Carry,
    /// The kind of bytes that follow.
    pub end: End,
    /// The bytes are chunks without terminators (`--binary`).
    pub chunks: bool,
    /// Time of reading, in milliseconds since 1970.
    pub time: u64,
}

/// One published line, or one part of a line.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    /// Its bytes, without the terminator.
    pub bytes: &'a [u8],
    /// Another part of the same line follows.
    pub more: bool,
    /// Offset in the file of the first byte of the whole line.
    pub offset: Option<u64>,
}

impl Lines {
    /// Iterates over the lines from number `index` on.
    pub(super) fn from(&self, index: usize) -> impl Iterator<Item = Line<'_>> {
        let location = self.location.as_ref().filter(|location| location.log.is_file());
        let base = location.map(|location| location.offset);
        let mut line_start = base.map(|base| base - self.carry.part_bytes);
        self.spans.iter().enumerate().filter_map(move |(i, span)| {
            if !span.continued {
                line_start = base.map(|base| base + u64::from(span.start));
            }
            (i >= index).then(|| Line {
                bytes: &self.bytes[span.start as usize..span.end as usize],
                more: span.more,
                offset: line_start,
            })
        })
    }

    /// Returns the indices of the spans that belong to the same section as span `index`.
    pub(super) fn section_of(&self, index: usize) -> Range<usize> {
        let first = (0..=index).rev().find(|&at| !self.spans[at].continued);
        let last = (index..self.spans.len()).find(|&at| !self.spans[at].more);
        first.unwrap_or(0)..last.map_or(self.spans.len(), |last| last + 1)
    }
}
