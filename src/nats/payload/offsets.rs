//! The offsets of the lines of a part in the file of their source.

use crate::event::{FileOffsets, Lines, Span};
use crate::store::{push_number, take_number};

/// Flag of a part with lines: they have offsets, which follow from that of the part.
pub(super) const OFFSETS: u64 = 4;

/// Flag of such a part: each line has its own offset, as the difference to that of the line before.
pub(super) const DIFFERENCES: u64 = 8;

/// Most bytes that the difference of a line takes; the first one has its place in that of the part.
pub(super) const DIFFERENCE_BYTES: usize = 5;

/// The offsets of lines that are written to a part.
pub(super) struct WrittenOffsets {
    /// For each line; empty if they have none.
    offsets: Vec<u64>,
    /// They do not follow from the offset of the part.
    has_differences: bool,
}

impl WrittenOffsets {
    /// Finds the offsets of the lines from number `first` on, for a part at `offset`.
    pub(super) fn of(lines: &Lines, first: usize, offset: u64) -> Self {
        let offsets: Option<Vec<u64>> = lines.from(first).map(|line| line.offset).collect();
        let offsets = offsets.unwrap_or_default();
        let (mut end, mut section) = (0, None);
        let has_differences = offsets.iter().zip(&lines.spans[first..]).any(|(at, span)| {
            let expected = if span.continued { section } else { Some(offset + end) };
            section = expected;
            end += len_in_part(*span, lines.chunks);
            expected != Some(*at)
        });
        WrittenOffsets { offsets, has_differences }
    }

    pub(super) fn flags(&self) -> u64 {
        match (self.offsets.is_empty(), self.has_differences) {
            (true, _) => 0,
            (false, false) => OFFSETS,
            (false, true) => OFFSETS | DIFFERENCES,
        }
    }

    /// Most bytes that they take for each line.
    pub(super) fn bytes_per_line(&self) -> usize {
        if self.has_differences { DIFFERENCE_BYTES } else { 0 }
    }

    /// Appends what is written for line number `index` of the part.
    pub(super) fn push(&self, payload: &mut Vec<u8>, index: usize) {
        if self.has_differences {
            let before = index.checked_sub(1).map_or(0, |before| self.offsets[before]);
            push_number(payload, self.offsets[index].wrapping_sub(before));
        }
    }
}

/// Offsets that are read from a part.
pub(super) struct ReadOffsets {
    flags: u64,
    offset: u64,
    each: Vec<u64>,
}

impl ReadOffsets {
    /// Begins a part at `offset`.
    pub(super) fn new(flags: u64, offset: u64) -> Self {
        ReadOffsets { flags, offset, each: Vec::new() }
    }

    /// Takes what was written for the next line; `None` if there is nothing.
    pub(super) fn take(&mut self, rest: &mut &[u8]) -> Option<()> {
        if self.flags & DIFFERENCES != 0 {
            let before = self.each.last().copied().unwrap_or(0);
            self.each.push(before.wrapping_add(take_number(rest)?));
        }
        Some(())
    }

    pub(super) fn end(self) -> FileOffsets {
        match (self.flags & OFFSETS != 0, self.flags & DIFFERENCES != 0) {
            (false, _) => FileOffsets::Unknown,
            (true, false) => FileOffsets::From(self.offset),
            (true, true) => FileOffsets::Each(self.each.into()),
        }
    }
}

/// Bytes of a line in the text of a part.
fn len_in_part(span: Span, chunks: bool) -> u64 {
    u64::from(span.end - span.start) + u64::from(!(span.more || chunks))
}
