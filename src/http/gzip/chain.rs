//! A compressor that compresses one batch after the other.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::deflater::Deflater;
use crate::event::{Deflated, PieceChecksum, Presentation, Seq};

/// Fewest bytes of text between two resets that new readers ask for.
///
/// A reset costs as much as some hundred bytes. With half the number, streams that begin one after
/// the other make all streams larger; with twice the number, a new reader of a slow log gets
/// uncompressed lines for longer.
const RESET_DISTANCE: u64 = 8 * 1024;

/// Shortest time between two resets that new readers ask for.
///
/// A busy log has 8 KiB of text every millisecond. With half the time, streams that begin one after
/// the other cost all streams of such a log more; with twice the time, a new reader of it gets
/// batches that are compressed alone for longer.
const RESET_INTERVAL: Duration = Duration::from_millis(300);

/// A compressor, and the events that it has compressed last.
#[derive(Debug)]
pub(super) struct Chain {
    presentation: Presentation,
    deflater: Deflater,
    /// Seq of the event behind the last batch.
    next: Seq,
    /// The batches to which the next one may refer: the seq of the first event of each, and the place
    /// of its text.
    window: VecDeque<(Seq, u64)>,
    /// Number of bytes of text since the last reset.
    len: u64,
    is_reset_wanted: bool,
    /// The time of the last reset that a new reader has asked for.
    last_reset: Option<Instant>,
}

impl Chain {
    /// Makes a chain whose first batch will begin at event `next`.
    pub(super) fn new(presentation: Presentation, next: Seq) -> Self {
        Chain {
            presentation,
            deflater: Deflater::new(),
            next,
            window: VecDeque::new(),
            len: 0,
            is_reset_wanted: false,
            last_reset: None,
        }
    }

    /// Makes the same of a chain that is not needed any more.
    pub(super) fn begin_again(&mut self, presentation: Presentation, next: Seq) {
        (self.presentation, self.next) = (presentation, next);
        self.last_reset = None;
        self.reset();
    }

    /// Returns true if the chain goes on with the batch that begins at event `next`.
    pub(super) fn goes_on_at(&self, presentation: Presentation, next: Seq) -> bool {
        self.presentation == presentation && self.next == next
    }

    /// Returns true if the last batch ends before event `seq`.
    pub(super) fn is_behind(&self, seq: Seq) -> bool {
        self.next < seq
    }

    /// Asks for a batch that refers to nothing before it, for a new reader.
    pub(super) fn want_reset(&mut self) {
        self.is_reset_wanted = true;
    }

    /// Compresses `text`, that of the events from the end of the last batch to `next`.
    ///
    /// The first reader of the batch has the events since `since`, and reads it at `now`.
    pub(super) fn deflate(&mut self, next: Seq, text: &[u8], since: Seq, now: Instant) -> Deflated {
        self.is_reset_wanted |= self.since() < since;
        let is_due = self.last_reset.is_none_or(|last| now >= last + RESET_INTERVAL);
        if self.is_reset_wanted && is_due && self.len >= RESET_DISTANCE {
            self.last_reset = Some(now);
            self.reset();
        }
        let deflated = Deflated {
            since: self.since(),
            blocks: self.deflater.deflate(text).into(),
            checksum: PieceChecksum::of(text),
        };
        self.window.push_back((self.next, self.len));
        self.next = next;
        self.len += text.len() as u64;
        // A batch is needed as long as the one behind it begins in the window.
        let start = self.len.saturating_sub(Deflater::WINDOW);
        while self.window.get(1).is_some_and(|(_, place)| *place <= start) {
            self.window.pop_front();
        }
        deflated
    }

    /// Seq of the first event to which the next batch may refer.
    fn since(&self) -> Seq {
        self.window.front().map_or(self.next, |(first, _)| *first)
    }

    fn reset(&mut self) {
        self.deflater.reset();
        self.window.clear();
        (self.len, self.is_reset_wanted) = (0, false);
    }
}
