//! The lines of a batch.

use std::ops::Range;

use bytes::Bytes;

use super::{Carry, End, Location, Span};

/// Lines that were read together, with everything that any presentation of them needs.
#[derive(Debug)]
pub struct Lines {
    /// The text of the lines, with their terminators: the bytes as they were read, or in UTF-8 if
    /// they were decoded.
    pub bytes: Bytes,
    /// The published lines in `bytes`; never empty.
    pub spans: Box<[Span]>,
    /// Where the bytes can be read again; `None` for standard input without a spool.
    pub location: Option<Location>,
    /// Where the lines stood before they were decoded; `None` if they were not.
    pub origin: Option<Origin>,
    /// State that the bytes before these left.
    pub carry: Carry,
    /// The kind of bytes that follow.
    pub end: End,
    /// The bytes are chunks without terminators (`--binary`).
    pub chunks: bool,
    /// Time of reading, in milliseconds since 1970.
    pub time: u64,
}

/// The place of decoded lines in the bytes that they were decoded from.
#[derive(Debug)]
pub struct Origin {
    /// Number of these bytes.
    pub len: usize,
    /// For each span, the index of the first byte of its section.
    pub starts: Box<[u32]>,
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
    /// Returns the number of bytes that the lines take in their source.
    #[must_use]
    pub fn source_len(&self) -> usize {
        self.origin.as_ref().map_or(self.bytes.len(), |origin| origin.len)
    }

    /// Returns the number of bytes of the longest section.
    #[must_use]
    pub fn longest_section(&self) -> usize {
        let (mut start, mut longest) = (0, 0);
        for span in &self.spans {
            start = if span.continued { start } else { span.start };
            longest = longest.max(span.end - start);
        }
        longest as usize
    }

    /// Bytes of memory of the lines.
    pub(super) fn size(&self) -> usize {
        let starts = self.origin.as_ref().map_or(0, |origin| size_of_val(&*origin.starts));
        self.bytes.len() + size_of_val(&*self.spans) + starts
    }

    /// Iterates over the lines from number `index` on.
    pub(super) fn from(&self, index: usize) -> impl Iterator<Item = Line<'_>> {
        let location = self.location.as_ref().filter(|location| location.log.is_file());
        let base = location.map(|location| location.offset);
        let mut line_start = base.map(|base| base - self.carry.part_bytes);
        self.spans.iter().enumerate().filter_map(move |(i, span)| {
            if !span.continued {
                let start = self.origin.as_ref().map_or(span.start, |origin| origin.starts[i]);
                line_start = base.map(|base| base + u64::from(start));
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

    /// Iterates over the sections: for each, the index of its first byte in the source, and its text
    /// that filters see.
    pub fn sections(&self) -> impl Iterator<Item = (u32, &[u8])> {
        let mut next = 0;
        std::iter::from_fn(move || {
            (next < self.spans.len()).then(|| {
                let section = self.section_of(next);
                next = section.end;
                (self.source_index(section.start), self.section_text(&section))
            })
        })
    }

    /// Returns the text of a section that filters see.
    pub(super) fn section_text(&self, section: &Range<usize>) -> &[u8] {
        let span = Span { start: self.spans[section.start].start, ..self.spans[section.end - 1] };
        span.filtered(&self.bytes, self.chunks)
    }

    /// Returns the index of the first byte of the section with span `index` in its source.
    pub(super) fn source_index(&self, index: usize) -> u32 {
        self.origin.as_ref().map_or(self.spans[index].start, |origin| origin.starts[index])
    }
}
