//! The first ring after a restart, with the newest events of the history.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::event::{Cutting, Location, Seq};
use crate::store::{Capacity, Index, Ring};

/// Moves the newest events before `next` from `index` to a new ring, which reads their files.
pub(super) fn refill(capacity: Capacity, next: Seq, index: &mut Index, cutting: &Cutting) -> Ring {
    let meter = Arc::<AtomicUsize>::default();
    let mut newest = VecDeque::new();
    let mut first = next;
    while next - first < capacity.lines && meter.load(Ordering::Relaxed) < capacity.bytes {
        let last = index.entries().next_back();
        let Some(entry) = last.filter(|entry| entry.next() == first) else { break };
        let reloaded = entry.reload_with(cutting, || Arc::clone(&meter), Location::read);
        let Some(batches) = reloaded else { break };
        first = entry.first();
        index.pop();
        newest.push_front(batches);
    }
    let mut ring = Ring::with_meter(capacity, first, meter);
    newest.into_iter().flatten().for_each(|batch| ring.push(batch));
    ring
}
