//! The ring: the newest batches, held in memory, bounded in lines and in bytes.
//!
//! A plain value without lock, clock or I/O.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::event::{Batch, Seq};

/// What a connected subscriber may lag behind, in bytes, even when nothing is to be replayed.
const WORKING_SET: usize = 1 << 20;

/// How much the ring holds, whichever is reached first.
#[derive(Clone, Copy, Debug)]
pub struct Capacity {
    /// Events that a new subscriber can still get.
    pub lines: u64,
    /// Memory, encoded forms included.
    pub bytes: usize,
    /// Memory for finding evicted events in their files.
    pub index_bytes: usize,
}

impl Capacity {
    /// 10,000 lines in at most 16 MiB, and 16 MiB for the index.
    pub const DEFAULT: Capacity =
        Capacity { lines: 10_000, bytes: 16 << 20, index_bytes: 16 << 20 };
}

impl Default for Capacity {
    fn default() -> Self {
        Capacity::DEFAULT
    }
}

/// The batches from `oldest()` up to, but without, `next()`; no seq is missing between them.
#[derive(Debug)]
pub struct Ring {
    batches: VecDeque<Arc<Batch>>,
    next: Seq,
    capacity: Capacity,
    meter: Arc<AtomicUsize>,
}

impl Ring {
    /// An empty ring whose first event will be `next`.
    #[must_use]
    pub fn new(capacity: Capacity, next: Seq) -> Self {
        Ring::begun(capacity, next, Arc::default())
    }

    /// A ring that begins with event `first`, and whose batches are counted by `meter`.
    #[must_use]
    pub(crate) fn begun(capacity: Capacity, first: Seq, meter: Arc<AtomicUsize>) -> Self {
        Ring { batches: VecDeque::new(), next: first, capacity, meter }
    }

    /// The seq that the next event gets.
    #[must_use]
    pub fn next(&self) -> Seq {
        self.next
    }

    /// The first event held, or `next()`.
    #[must_use]
    pub fn oldest(&self) -> Seq {
        self.batches.front().map_or(self.next, |batch| batch.first())
    }

    /// The first event that a new subscriber gets.
    #[must_use]
    pub fn replay_start(&self) -> Seq {
        self.next.saturating_sub(self.capacity.lines).max(self.oldest())
    }

    /// How much the ring may hold.
    #[must_use]
    pub fn capacity(&self) -> Capacity {
        self.capacity
    }

    /// Counts the bytes of every batch made with it.
    #[must_use]
    pub fn meter(&self) -> &Arc<AtomicUsize> {
        &self.meter
    }

    /// Bytes held, encoded forms included.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.meter.load(Ordering::Relaxed)
    }

    /// Appends a batch, which begins at `next()`.
    pub fn push(&mut self, batch: Arc<Batch>) {
        debug_assert_eq!(batch.first(), self.next, "seqs have no holes");
        self.next = batch.next();
        self.batches.push_back(batch);
    }

    /// Takes out what is beyond the capacity, oldest first; the newest batch always stays.
    pub fn evict(&mut self) -> Vec<Arc<Batch>> {
        let mut held = self.bytes();
        let mut evicted = Vec::new();
        while self.batches.len() > 1 && self.is_over(held) {
            let Some(batch) = self.batches.pop_front() else { break };
            held = held.saturating_sub(batch.size());
            evicted.push(batch);
        }
        evicted
    }

    fn is_over(&self, held: usize) -> bool {
        let kept_without_oldest = self.next - self.batches[0].next();
        held > self.capacity.bytes
            || (held > WORKING_SET && kept_without_oldest >= self.capacity.lines)
    }

    /// The batches from the one that holds `seq` on; none if it was evicted.
    #[must_use]
    pub fn from(&self, seq: Seq) -> Option<impl DoubleEndedIterator<Item = &Arc<Batch>>> {
        (seq >= self.oldest()).then(|| self.batches.range(self.index_of(seq)..))
    }

    /// Found at once by whoever is close to the end: each batch has at least one event.
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
        fn what_is_held_has_no_hole_and_fits(
            lens in proptest::collection::vec(1usize..40, 1..60), bytes in 0usize..20_000,
        ) {
            let ring = ring(u64::MAX, bytes, &lens);
            prop_assert_eq!(ring.next(), 1 + lens.iter().sum::<usize>() as u64);
            let mut at = ring.oldest();
            for batch in ring.from(at).expect("held") {
                prop_assert_eq!(batch.first(), at);
                at = batch.next();
            }
            prop_assert_eq!(at, ring.next());
            prop_assert!(ring.bytes() <= bytes || ring.batches.len() == 1);
            prop_assert!(ring.oldest() == 1 || ring.from(ring.oldest() - 1).is_none());
        }

        #[test]
        fn every_held_event_is_found(lens in proptest::collection::vec(1usize..9, 1..30)) {
            let ring = ring(u64::MAX, 3000, &lens);
            for seq in ring.oldest()..ring.next() {
                let batch = ring.from(seq).expect("held").next().expect("a batch");
                prop_assert!((batch.first()..batch.next()).contains(&seq));
            }
        }
    }
}
