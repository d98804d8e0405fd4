//! The ring: the newest batches in memory, bounded in lines and in bytes.
//!
//! A plain value without lock, clock or I/O.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::Capacity;
use crate::event::{Batch, MessagePlace, Seq, seq_in_message};

/// Bytes of batches that stay in the ring even if no event is to be replayed, so that a connected
/// subscriber may lag a little.
///
/// Twice the value doubles the memory of a feed with `--replay 0`.
const WORKING_SET: usize = 1 << 20;

/// The batches from `oldest()` to `next()`, without the latter; no seq is missing between them,
/// except in a stream of messages.
#[derive(Debug)]
pub struct Ring {
    batches: VecDeque<Arc<Batch>>,
    next: Seq,
    /// Number of events in all batches.
    events: u64,
    /// The first batch that a new subscriber gets, and the number of events from there on; only in
    /// a stream of messages, whose seqs do not count events.
    replay: Option<(Seq, u64)>,
    capacity: Capacity,
    meter: Arc<AtomicUsize>,
}

impl Ring {
    /// Makes an empty ring whose first event will be `next`.
    #[must_use]
    pub fn new(capacity: Capacity, next: Seq) -> Self {
        Ring::with_meter(capacity, next, Arc::default())
    }

    /// Makes an empty ring whose first event will be `next`, and whose batches are made with
    /// `meter`.
    #[must_use]
    pub(crate) fn with_meter(capacity: Capacity, next: Seq, meter: Arc<AtomicUsize>) -> Self {
        Ring { batches: VecDeque::new(), next, events: 0, replay: None, capacity, meter }
    }

    /// Makes the ring one of messages, whose seqs have holes.
    pub fn set_sparse(&mut self) {
        self.replay = Some((self.next, 0));
    }

    /// Moves `next()` of an empty ring of messages.
    pub fn begin_at(&mut self, next: Seq) {
        debug_assert!(self.batches.is_empty() && self.replay.is_some());
        self.next = next;
        self.replay = Some((next, 0));
    }

    /// Seq of the next event.
    #[must_use]
    pub fn next(&self) -> Seq {
        self.next
    }

    /// Seq of the first event in the ring, or `next()` if the ring is empty.
    #[must_use]
    pub fn oldest(&self) -> Seq {
        self.batches.front().map_or(self.next, |batch| batch.first())
    }

    /// Seq of the first event that a new subscriber gets.
    #[must_use]
    pub fn replay_start(&self) -> Seq {
        if let Some((start, _)) = self.replay {
            return if self.capacity.lines == 0 { self.next } else { start.max(self.oldest()) };
        }
        self.next.saturating_sub(self.capacity.lines).max(self.oldest())
    }

    /// The limits of the ring.
    #[must_use]
    pub fn capacity(&self) -> Capacity {
        self.capacity
    }

    /// The meter with which every batch of the ring must be made.
    #[must_use]
    pub fn meter(&self) -> &Arc<AtomicUsize> {
        &self.meter
    }

    /// Bytes of memory of all batches, with their encoded forms.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.meter.load(Ordering::Relaxed)
    }

    /// Appends a batch, which must begin at `next()`, or behind it if there can be holes.
    pub fn push(&mut self, batch: Arc<Batch>) {
        let is_next = match self.replay {
            None => batch.first() == self.next,
            Some(_) => batch.first() >= self.next,
        };
        debug_assert!(is_next, "seqs have no holes");
        self.next = batch.next();
        let events = batch.len() as u64;
        self.events += events;
        self.batches.push_back(batch);
        self.advance_replay(events);
    }

    /// Moves the start of the replay past the batches without which it has enough events.
    fn advance_replay(&mut self, added: u64) {
        let Some((start, events)) = self.replay else { return };
        let (mut start, mut events) = (start.max(self.oldest()), events + added);
        let from = self.index_of(start);
        for batch in self.batches.range(from..) {
            let less = events.saturating_sub(batch.len() as u64);
            if less < self.capacity.lines {
                break;
            }
            (start, events) = (batch.next(), less);
        }
        self.replay = Some((start, events));
    }

    /// Number of events in the ring.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.events
    }

    /// Returns the place of message `number`, if the ring has events of it.
    #[must_use]
    pub fn place_of(&self, number: u64) -> Option<&Arc<MessagePlace>> {
        let (first, next) = (seq_in_message(number, 0), seq_in_message(number + 1, 0));
        let batch = self.batches.get(self.index_of(first))?;
        if batch.first() >= next { None } else { batch.place() }
    }

    /// Removes and returns the oldest batches that exceed the capacity; the newest batch stays.
    pub fn evict(&mut self) -> Vec<Arc<Batch>> {
        let mut bytes = self.bytes();
        let mut evicted = Vec::new();
        while self.batches.len() > 1 && self.is_over(bytes) {
            let Some(batch) = self.batches.pop_front() else { break };
            bytes = bytes.saturating_sub(batch.size());
            let events = batch.len() as u64;
            self.events -= events;
            if let Some((start, left)) = &mut self.replay
                && *start < batch.next()
            {
                (*start, *left) = (batch.next(), left.saturating_sub(events));
            }
            evicted.push(batch);
        }
        evicted
    }

    fn is_over(&self, bytes: usize) -> bool {
        let events_without_oldest = self.events - self.batches[0].len() as u64;
        bytes > self.capacity.bytes
            || (bytes > WORKING_SET && events_without_oldest >= self.capacity.lines)
    }

    /// Iterates over the batches from the one with event `seq` on; `None` if that was evicted.
    #[must_use]
    pub fn from(&self, seq: Seq) -> Option<impl DoubleEndedIterator<Item = &Arc<Batch>>> {
        (seq >= self.oldest()).then(|| self.batches.range(self.index_of(seq)..))
    }

    /// Iterates over the batches that begin before `seq`.
    pub(crate) fn before(&self, seq: Seq) -> impl DoubleEndedIterator<Item = &Arc<Batch>> {
        self.batches.range(..self.batches.partition_point(|batch| batch.first() < seq))
    }

    /// Finds the batch with event `seq` by binary search, which begins near the end because each
    /// batch has at least one event and most subscribers are close to the newest one.
    fn index_of(&self, seq: Seq) -> usize {
        let behind = self.next.saturating_sub(seq) as usize;
        let mut high = self.batches.len();
        let mut low = high.saturating_sub(behind);
        while low < high {
            let middle = low.midpoint(high);
            if self.batches[middle].next() <= seq {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::store::samples::batch_of;

    fn ring(lines: u64, bytes: usize, lens: &[usize]) -> Ring {
        let mut ring = Ring::new(Capacity { lines, bytes, index_bytes: 0 }, 1);
        for &len in lens {
            let batch = batch_of(ring.next(), len, ring.meter());
            ring.push(Arc::new(batch));
            ring.evict();
        }
        ring
    }

    #[test]
    fn an_empty_ring_is_at_its_next_event() {
        let ring = ring(10, 1000, &[]);
        assert_eq!((ring.oldest(), ring.replay_start(), ring.next()), (1, 1, 1));
        assert_eq!(ring.from(1).expect("not evicted").count(), 0);
    }

    #[test]
    fn replay_starts_inside_a_batch() {
        let ring = ring(3, 1 << 20, &[5, 5]);
        assert_eq!((ring.oldest(), ring.replay_start(), ring.next()), (1, 8, 11));
    }

    #[test]
    fn nothing_is_replayed_without_capacity_for_lines() {
        assert_eq!(ring(0, 1 << 20, &[5, 5]).replay_start(), 11);
    }

    proptest! {
        #[test]
        fn the_ring_has_no_hole_and_fits_its_capacity(
            lens in proptest::collection::vec(1usize..40, 1..60), bytes in 0usize..20_000,
        ) {
            let ring = ring(u64::MAX, bytes, &lens);
            prop_assert_eq!(ring.next(), 1 + lens.iter().sum::<usize>() as u64);
            let mut at = ring.oldest();
            for batch in ring.from(at).expect("not evicted") {
                prop_assert_eq!(batch.first(), at);
                at = batch.next();
            }
            prop_assert_eq!(at, ring.next());
            prop_assert!(ring.bytes() <= bytes || ring.batches.len() == 1);
            prop_assert!(ring.oldest() == 1 || ring.from(ring.oldest() - 1).is_none());
        }

        #[test]
        fn every_event_in_the_ring_is_found(lens in proptest::collection::vec(1usize..9, 1..30)) {
            let ring = ring(u64::MAX, 3000, &lens);
            for seq in ring.oldest()..ring.next() {
                let batch = ring.from(seq).expect("not evicted").next().expect("a batch");
                prop_assert!((batch.first()..batch.next()).contains(&seq));
            }
        }
    }
}
