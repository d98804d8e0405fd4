//! An extent: a byte range of a log, and the sizes of the batches that it was cut into.

use std::sync::Arc;

use bytes::Bytes;

use super::varint::{push_number, take_number};
use crate::event::{Carry, Cutting, End, Lines, Location};

/// Largest number of bytes of a log in an extent that was merged from several batches.
///
/// An extent is read and encoded as a whole, so twice the value doubles the time until a subscriber
/// gets its first event, and the memory of each reload; half the value doubles the index, and wakes
/// threads twice as often (measured: `n=all` takes 1.2 times as long).
const EXTENT_SIZE: u64 = 512 * 1024;

/// Largest number of bytes in a recovered extent; a batch with a section of a line fits, which is at
/// most 1 MiB, as is `--max-line`.
///
/// A damaged journal can ask for so much memory, and for twice as much with twice the value.
const LARGEST: u64 = 4 << 20;

/// Most bytes that are published in place of one byte: those of `[redacted]`.
///
/// An event has at least one byte, or a line end. Twice the value lets a damaged journal count twice
/// as many events.
const GROWTH: usize = 10;

/// A byte range of a log that holds consecutive batches.
#[derive(Clone, Debug)]
pub(crate) struct Extent {
    pub(crate) location: Location,
    pub(crate) carry: Carry,
    pub(crate) time: u64,
    /// The shape of each batch, in the compact form of [`BatchShape::push`].
    pub(crate) shapes: Vec<u8>,
    len: u64,
    /// The kind of bytes that follow the last batch.
    end: End,
}

/// The size of a batch in an extent.
struct BatchShape {
    /// Number of bytes.
    len: usize,
    /// Number of events.
    count: usize,
    /// The kind of bytes that follow.
    end: End,
    /// Milliseconds from the first batch of the extent to this one, modulo 2^64.
    later: u64,
}

impl Extent {
    /// Returns the extent of one batch, or `None` if it has no location.
    pub(crate) fn new(lines: &Lines) -> Option<Self> {
        let location = lines.location.clone()?;
        let mut shapes = Vec::new();
        let (len, count) = (lines.source_len(), lines.spans.len());
        BatchShape { len, count, end: lines.end, later: 0 }.push(&mut shapes);
        Some(Extent {
            location,
            carry: lines.carry,
            time: lines.time,
            shapes,
            len: len as u64,
            end: lines.end,
        })
    }

    /// Makes an extent from a record of the journal; returns it and its number of events.
    ///
    /// `None` if no extent can have these shapes.
    pub(crate) fn recovered(
        location: Location,
        carry: Carry,
        time: u64,
        shapes: Vec<u8>,
    ) -> Option<(Self, u64)> {
        let (mut len, mut events, mut end) = (0, 0, End::Open);
        let mut rest = &*shapes;
        while !rest.is_empty() {
            let shape = BatchShape::take(&mut rest)?;
            if shape.count == 0
                || shape.count > shape.len.saturating_mul(GROWTH)
                || end == End::Finished
            {
                return None;
            }
            len += shape.len as u64;
            events += shape.count as u64;
            end = shape.end;
            if len > LARGEST {
                return None;
            }
        }
        let is_whole = events > 0 && location.offset >= carry.part_bytes;
        location.offset.checked_add(len)?;
        is_whole.then_some((Extent { location, carry, time, shapes, len, end }, events))
    }

    /// Appends `next`; returns false if it does not follow, or the two would be too long.
    pub(crate) fn merge(&mut self, next: &Extent) -> bool {
        let fits = Arc::ptr_eq(&self.location.log, &next.location.log)
            && self.location.offset + self.len == next.location.offset
            && self.len + next.len <= EXTENT_SIZE
            && self.carry.encoding == next.carry.encoding
            && self.end != End::Finished;
        if fits {
            let mut shapes = &*next.shapes;
            while let Some(shape) = BatchShape::take(&mut shapes) {
                let later = next.time.wrapping_add(shape.later).wrapping_sub(self.time);
                BatchShape { later, ..shape }.push(&mut self.shapes);
            }
            let mut crc = crc32fast::Hasher::new_with_initial_len(self.location.crc, self.len);
            crc.combine(&crc32fast::Hasher::new_with_initial_len(next.location.crc, next.len));
            self.location.crc = crc.finalize();
            self.len += next.len;
            self.end = next.end;
        }
        fits
    }

    /// Cuts the lines of each batch again, or returns `None` if the log does not have their bytes any
    /// more.
    ///
    /// `read` reads a number of bytes at the location.
    pub(crate) fn reload(
        &self,
        cutting: &Cutting,
        read: impl FnOnce(&Location, usize) -> Option<Bytes>,
    ) -> Option<Vec<Lines>> {
        let bytes = read(&self.location, self.len as usize)?;
        let is_redacted = self.location.log.is_redacted();
        let without_redaction = is_redacted.then(|| cutting.clone().without_redaction());
        let cutting = without_redaction.as_ref().unwrap_or(cutting);
        let mut batches = Vec::new();
        let mut carry = self.carry;
        let mut shapes = &*self.shapes;
        let mut at = 0;
        let mut crc = crc32fast::Hasher::new();
        while let Some(BatchShape { len, count, end, later }) = BatchShape::take(&mut shapes) {
            let batch = bytes.get(at..at + len)?;
            let (lines, used) =
                cutting.cut_with(batch, &mut carry, end, |used| bytes.slice_ref(used));
            let lines = lines.filter(|lines| used == len && lines.spans.len() == count)?;
            let offset = self.location.offset + at as u64;
            let location = Location::of(batch, Arc::clone(&self.location.log), offset);
            crc.combine(&crc32fast::Hasher::new_with_initial_len(location.crc, len as u64));
            let time = self.time.wrapping_add(later);
            batches.push(Lines { location: Some(location), time, ..lines });
            at += len;
        }
        (crc.finalize() == self.location.crc).then_some(batches)
    }

    /// Bytes of memory on the heap.
    pub(crate) fn size(&self) -> usize {
        self.shapes.capacity()
    }
}

impl BatchShape {
    fn push(&self, shapes: &mut Vec<u8>) {
        // A clock can be set back. The sign goes to the last bit, so that small steps stay short.
        let later = self.later.cast_signed();
        let folded = ((later << 1) ^ (later >> 63)).cast_unsigned();
        let end = match self.end {
            End::Open => 0,
            End::Finished => 1,
            End::Part => 2,
        };
        push_number(shapes, self.len as u64);
        push_number(shapes, self.count as u64 * 4 + end);
        push_number(shapes, folded);
    }

    fn take(shapes: &mut &[u8]) -> Option<Self> {
        let (len, count, folded) =
            (take_number(shapes)?, take_number(shapes)?, take_number(shapes)?);
        let later = (folded >> 1).cast_signed() ^ -((folded & 1).cast_signed());
        let end = match count % 4 {
            1 => End::Finished,
            2 => End::Part,
            _ => End::Open,
        };
        let count = (count / 4) as usize;
        Some(BatchShape { len: len as usize, count, end, later: later.cast_unsigned() })
    }
}
