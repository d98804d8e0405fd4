//! Cutting: from bytes to the lines of a batch.

use bytes::Bytes;

use super::{Carry, End, LineFilter, Lines, Splitter};

/// Bytes after which no further line is added to a batch.
///
/// A slow client holds one batch at least, so twice the value doubles the memory of each such
/// client; half the value doubles the number of batches that a full ring has to manage.
const BATCH_SIZE: u32 = 32 * 1024;

/// The rules by which bytes become published lines.
///
/// The same bytes always become the same lines: evicted batches are read from their file and cut
/// again.
#[derive(Clone, Debug, Default)]
pub struct Cutting {
    /// Cuts bytes into lines.
    pub splitter: Splitter,
    /// Selects the lines that are published.
    pub filter: LineFilter,
}

impl Cutting {
    /// Cuts and filters the first of `bytes`; returns one batch of lines and the number of bytes
    /// that were used.
    ///
    /// Call it again with the remaining bytes until it uses none.
    /// `carry` is the state of the unfinished line before `bytes`, and becomes the state after the
    /// used bytes.
    /// The lines are `None` if none of the used bytes are published.
    #[must_use]
    pub fn cut(&self, bytes: &[u8], carry: &mut Carry, end: End) -> (Option<Lines>, usize) {
        self.cut_with(bytes, carry, end, Bytes::copy_from_slice)
    }

    /// Does the same as [`cut`](Cutting::cut), and calls `own` to get an owned value of the used
    /// bytes.
    #[must_use]
    pub fn cut_with(
        &self,
        bytes: &[u8],
        carry: &mut Carry,
        end: End,
        own: impl FnOnce(&[u8]) -> Bytes,
    ) -> (Option<Lines>, usize) {
        let before = *carry;
        let mut spans = Vec::new();
        let used = self.splitter.split(bytes, carry.part_bytes > 0, end, |span| {
            if self.filter.keeps_part(bytes, span, carry) {
                spans.push(span);
            }
            let len = u64::from(span.end - span.start);
            carry.part_bytes = if span.more { carry.part_bytes + len } else { 0 };
            span.end < BATCH_SIZE
        });
        let lines = (!spans.is_empty()).then(|| Lines {
            bytes: own(&bytes[..used]),
            spans: spans.into(),
            location: None,
            carry: before,
            // The splitter makes a part only when it sees a byte of the line after the part; that
            // byte belongs to the next batch.
            end: if carry.part_bytes > 0 { End::Part } else { end },
            chunks: self.splitter.binary,
            time: 0,
        });
        (lines, used)
    }
}
