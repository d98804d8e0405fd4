//! After a restart: the newest events, read from their files into a ring again.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::event::{Cutting, Seq};
use crate::store::{Capacity, Index, Ring};

/// A ring that holds the newest events that `index` has, up to `next`; they are taken out of it.
pub(super) fn refill(capacity: Capacity, next: Seq, index: &mut Index, cutting: &Cutting) -> Ring {
    let meter = Arc::<AtomicUsize>::default();
    let mut newest = VecDeque::new();
    let mut first = next;
    while next - first < capacity.lines && meter.load(Ordering::Relaxed) < capacity.bytes {
        let last = index.entries().next_back();
        let Some(entry) = last.filter(|entry| entry.next() == first) else { break };
        let recalled = entry.recall_metered(cutting, || Arc::clone(&meter));
        let Some(batches) = recalled else { break };
        first = entry.first();
        index.pop();
        newest.push_front(batches);
    }
    let mut ring = Ring::begun(capacity, first, meter);
    newest.into_iter().flatten().for_each(|batch| ring.push(batch));
    ring
}
