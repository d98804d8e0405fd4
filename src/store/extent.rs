//! An extent: a range of a file, and how it was cut into batches.

use std::sync::Arc;

use bytes::Bytes;

use super::varint::{push_number, take_number};
use crate::event::{Carry, Cutting, End, Lines, Location};

/// Batches of one file are kept together up to so many bytes.
const EXTENT_SIZE: u64 = 256 * 1024;
/// A single batch is never longer, whatever the longest line may be.
const LARGEST: u64 = 4 << 20;

/// A range of a file, and how it was cut.
#[derive(Clone, Debug)]
pub(crate) struct Extent {
    pub(crate) location: Location,
    pub(crate) carry: Carry,
    pub(crate) time: u64,
    /// For each batch its length, its number of events and the time since the one before,
    /// as variable-length numbers.
    pub(crate) runs: Vec<u8>,
    len: u64,
    /// How the last run ends.
    end: End,
}

/// A batch, as an extent remembers it.
struct BatchShape {
    len: usize,
    count: usize,
    end: End,
    later: u64,
}

impl Extent {
    /// The location of `lines`, if they have one.
    pub(crate) fn new(lines: &Lines) -> Option<Self> {
        let mut runs = Vec::new();
        let (len, count) = (lines.bytes.len(), lines.spans.len());
        BatchShape { len, count, end: lines.end, later: 0 }.push(&mut runs);
        Some(Extent {
            location: lines.location.clone()?,
            carry: lines.carry,
            time: lines.time,
            runs,
            len: len as u64,
            end: lines.end,
        })
    }

    /// What was written down of an extent, and how many events it holds.
    ///
    /// None if no batches can have been cut like that.
    pub(crate) fn recovered(
        location: Location,
        carry: Carry,
        time: u64,
        runs: Vec<u8>,
    ) -> Option<(Self, u64)> {
        let (mut len, mut events, mut end) = (0, 0, End::Open);
        let mut rest = &*runs;
        while !rest.is_empty() {
            let run = BatchShape::take(&mut rest)?;
            if run.count == 0 || run.count > run.len || end == End::Finished {
                return None;
            }
            len += run.len as u64;
            events += run.count as u64;
            end = run.end;
            if len > LARGEST {
                return None;
            }
        }
        let is_whole = events > 0 && location.offset >= carry.into;
        location.offset.checked_add(len)?;
        is_whole.then_some((Extent { location, carry, time, runs, len, end }, events))
    }

    /// Takes in the extent that follows; false if it does not, or too much would come together.
    pub(crate) fn merge(&mut self, next: &Extent) -> bool {
        let fits = Arc::ptr_eq(&self.location.log, &next.location.log)
            && self.location.offset + self.len == next.location.offset
            && self.len + next.len <= EXTENT_SIZE
            && self.end != End::Finished;
        if fits {
            let mut runs = &*next.runs;
            while let Some(run) = BatchShape::take(&mut runs) {
                let later = next.time.wrapping_add(run.later).wrapping_sub(self.time);
                BatchShape { later, ..run }.push(&mut self.runs);
            }
            let mut crc = crc32fast::Hasher::new_with_initial_len(self.location.crc, self.len);
            crc.combine(&crc32fast::Hasher::new_with_initial_len(next.location.crc, next.len));
            self.location.crc = crc.finalize();
            self.len += next.len;
            self.end = next.end;
        }
        fits
    }

    /// The same lines as before; none if the file does not have their bytes any more.
    pub(crate) fn recall(&self, cutting: &Cutting) -> Option<Vec<Lines>> {
        let mut bytes = vec![0; self.len as usize];
        self.location.log.read_exact_at(&mut bytes, self.location.offset).ok()?;
        if crc32fast::hash(&bytes) != self.location.crc {
            return None;
        }
        let bytes = Bytes::from(bytes);
        let mut all = Vec::new();
        let mut carry = self.carry;
        let mut runs = &*self.runs;
        let mut at = 0;
        while let Some(BatchShape { len, count, end, later }) = BatchShape::take(&mut runs) {
            let run = bytes.get(at..at + len)?;
            let (lines, used) = cutting.cut_by(run, &mut carry, end, |used| bytes.slice_ref(used));
            let lines = lines.filter(|lines| used == len && lines.spans.len() == count)?;
            let offset = self.location.offset + at as u64;
            let location = Location::of(run, Arc::clone(&self.location.log), offset);
            let time = self.time.wrapping_add(later);
            all.push(Lines { location: Some(location), time, ..lines });
            at += len;
        }
        Some(all)
    }

    /// Bytes of memory that it takes beside its own size.
    pub(crate) fn size(&self) -> usize {
        self.runs.capacity()
    }
}

impl BatchShape {
    fn push(&self, runs: &mut Vec<u8>) {
        // Clocks can be set back: the sign goes to the last bit, so that small steps stay short.
        let later = self.later.cast_signed();
        let folded = ((later << 1) ^ (later >> 63)).cast_unsigned();
        let end = match self.end {
            End::Open => 0,
            End::Finished => 1,
            End::Part => 2,
        };
        push_number(runs, self.len as u64);
        push_number(runs, self.count as u64 * 4 + end);
        push_number(runs, folded);
    }

    fn take(runs: &mut &[u8]) -> Option<Self> {
        let (len, count, folded) = (take_number(runs)?, take_number(runs)?, take_number(runs)?);
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
