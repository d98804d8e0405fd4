//! The lines of a batch.

use std::borrow::Cow;
use std::ops::Range;

use bytes::Bytes;

use super::{Carry, End, Envelope, Location, Span, Stream};

/// Lines that were read together, with everything that any presentation of them needs.
#[derive(Clone, Debug)]
pub struct Lines {
    /// The text of the lines, with their terminators: the bytes as they were read, or other ones if
    /// they were decoded or redacted.
    pub bytes: Bytes,
    /// The published lines in `bytes`; never empty.
    pub spans: Box<[Span]>,
    /// Where the bytes can be read again; `None` for standard input without a spool.
    pub location: Option<Location>,
    /// Where the lines stood before they were decoded or redacted; `None` if they were not.
    pub origin: Option<Origin>,
    /// For each span, the statements of a container runtime about its message; empty if no runtime
    /// wrote the lines.
    pub envelopes: Box<[Option<Envelope>]>,
    /// State that the bytes before these left.
    pub carry: Carry,
    /// The kind of bytes that follow.
    pub end: End,
    /// The bytes are chunks without terminators (`--binary`).
    pub chunks: bool,
    /// Time of reading, in milliseconds since 1970.
    pub time: u64,
    /// The offsets of lines that have no location.
    pub offsets: FileOffsets,
}

/// The offsets in their file of lines that cannot be read from it here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum FileOffsets {
    /// The offsets are not known, or the lines come from no file.
    #[default]
    Unknown,
    /// The offset of the first byte of the text, which is the same text as in the file.
    From(u64),
    /// For each span, the offset of its section.
    Each(Box<[u64]>),
}

impl FileOffsets {
    /// Returns the offsets of the lines from number `first` on.
    #[must_use]
    pub fn skip(self, first: usize) -> Self {
        match self {
            FileOffsets::Each(offsets) => {
                FileOffsets::Each(offsets.get(first..).unwrap_or_default().into())
            }
            other => other,
        }
    }
}

/// The place of decoded or redacted lines in the bytes that they were made from.
#[derive(Clone, Debug)]
pub struct Origin {
    /// Number of these bytes.
    pub len: usize,
    /// For each span, the index of the first byte of its section.
    pub starts: Box<[u32]>,
    /// The lines that are hidden.
    pub hidden: Box<[HiddenLine]>,
}

/// A line that the filter hides.
#[derive(Clone, Copy, Debug)]
pub struct HiddenLine {
    /// Index of its first byte in the text.
    pub start: u32,
    /// Index of its first byte in the bytes that the text was made from.
    pub source: u32,
    /// It continues the line of an earlier message of a container.
    pub is_rest: bool,
}

/// One published line, or one part of a line.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    /// Its bytes, without the terminator.
    pub bytes: &'a [u8],
    /// Another part of the same line follows.
    pub more: bool,
    /// An earlier part of the same line came before.
    pub continues: bool,
    /// Offset in the file of the first byte of the whole line; of the line of a container runtime, if
    /// one wrote the file.
    pub offset: Option<u64>,
    /// Statements of a container runtime about the message.
    pub envelope: Option<Envelope>,
}

impl Line<'_> {
    /// The stream to which the program in a container wrote the line.
    #[must_use]
    pub fn stream(&self) -> Option<Stream> {
        self.envelope.and_then(|envelope| envelope.stream)
    }
}

impl Lines {
    /// Returns the line, or the part, with span `index`.
    #[must_use]
    pub fn line(&self, index: usize) -> Option<Line<'_>> {
        self.from(index).next()
    }

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
        let starts = self
            .origin
            .as_ref()
            .map_or(0, |origin| size_of_val(&*origin.starts) + size_of_val(&*origin.hidden));
        let offsets = match &self.offsets {
            FileOffsets::Each(offsets) => size_of_val(&**offsets),
            _ => 0,
        };
        let spans = size_of_val(&*self.spans) + size_of_val(&*self.envelopes);
        self.bytes.len() + spans + starts + offsets
    }

    /// Iterates over the lines from number `index` on.
    pub(crate) fn from(&self, index: usize) -> impl Iterator<Item = Line<'_>> {
        let location = self.location.as_ref().filter(|location| location.log.is_file());
        let base = match self.offsets {
            FileOffsets::From(base) => Some(base),
            _ => location.map(|location| location.offset),
        };
        let mut line_start = base.map(|base| base - self.carry.part_bytes);
        self.spans.iter().enumerate().filter_map(move |(i, span)| {
            if !span.continued {
                let start = self.origin.as_ref().map_or(span.start, |origin| origin.starts[i]);
                line_start = base.map(|base| base + u64::from(start));
            }
            let envelope = self.envelopes.get(i).copied().flatten();
            let offset = match &self.offsets {
                FileOffsets::Each(offsets) => offsets.get(i).copied(),
                _ => line_start,
            };
            (i >= index).then(|| Line {
                bytes: &self.bytes[span.start as usize..span.end as usize],
                more: span.more || envelope.is_some_and(|envelope| envelope.is_part),
                continues: span.continued || envelope.is_some_and(|envelope| envelope.continues),
                offset,
                envelope,
            })
        })
    }

    /// Iterates over the bytes of the lines with these numbers, as far as they exist.
    pub(super) fn bytes_of(&self, lines: Range<usize>) -> impl Iterator<Item = &[u8]> + Clone {
        let spans = self.spans.get(lines.start..lines.end.min(self.spans.len()));
        let bytes = |span: &Span| &self.bytes[span.start as usize..span.end as usize];
        spans.unwrap_or_default().iter().map(bytes)
    }

    /// Returns the indices of the spans that belong to the same section as span `index`.
    #[inline]
    pub(super) fn section_of(&self, index: usize) -> Range<usize> {
        let Span { more, continued, .. } = self.spans[index];
        if !more && !continued { index..index + 1 } else { self.section_of_parts(index) }
    }

    /// Does the same for a section that has parts.
    fn section_of_parts(&self, index: usize) -> Range<usize> {
        let first = (0..=index).rev().find(|&at| !self.spans[at].continued);
        let last = (index..self.spans.len()).find(|&at| !self.spans[at].more);
        first.unwrap_or(0)..last.map_or(self.spans.len(), |last| last + 1)
    }

    /// Returns the text of a section that filters see.
    pub(super) fn section_text(&self, section: &Range<usize>) -> Cow<'_, [u8]> {
        self.span_of(section).filtered(&self.bytes, self.chunks)
    }

    /// Returns the text of a section as it is.
    pub(super) fn section_bytes(&self, section: &Range<usize>) -> &[u8] {
        let span = self.span_of(section);
        &self.bytes[span.start as usize..span.end as usize]
    }

    fn span_of(&self, section: &Range<usize>) -> Span {
        Span { start: self.spans[section.start].start, ..self.spans[section.end - 1] }
    }

    /// Returns the index of the first byte of the section with span `index` in its source.
    pub(crate) fn source_index(&self, index: usize) -> u32 {
        self.origin.as_ref().map_or(self.spans[index].start, |origin| origin.starts[index])
    }

    /// Returns the index in the source of the hidden line whose text begins at `start`; `None` if
    /// that is not the start of a line.
    pub(super) fn hidden_source_index(&self, start: u32) -> Option<u32> {
        let Some(origin) = &self.origin else { return Some(start) };
        let found = origin.hidden.binary_search_by_key(&start, |line| line.start);
        let line = origin.hidden[found.ok()?];
        (!line.is_rest).then_some(line.source)
    }
}
