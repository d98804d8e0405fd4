//! The last lines of streams without a log that the ring has evicted.
//!
//! The lines in the ring can continue them, and nobody can read them again.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use crate::event::Batch;
use crate::record::BLOCK;

/// Number of bytes of each stream that are kept: a line depends on no others before it.
const KEPT: u64 = 2 * BLOCK;

/// The last evicted batches of each stream.
#[derive(Debug, Default)]
pub(crate) struct Tails {
    /// By the ID of a source; the oldest batch first.
    streams: HashMap<usize, VecDeque<Arc<Batch>>>,
}

impl Tails {
    /// Keeps the lines of a batch that was evicted, unless a log has them.
    pub(crate) fn add(&mut self, evicted: &Batch) {
        let Some(lines) = evicted.lines().filter(|lines| lines.location.is_none()) else { return };
        // A batch of its own, because the ring counts the memory of the other one.
        let source = Arc::clone(evicted.source());
        let batch = Batch::of_lines(source, evicted.first(), lines.clone(), Arc::default());
        let batch = batch.at(evicted.offset(), std::sync::Weak::new());
        let end = evicted.offset() + lines.source_len() as u64;
        let stream = self.streams.entry(evicted.source().id).or_default();
        stream.push_back(Arc::new(batch));
        while stream.get(1).is_some_and(|second| second.offset() + KEPT <= end) {
            stream.pop_front();
        }
    }

    /// Returns the kept batches of `source` before the byte at `offset`, the oldest first.
    pub(crate) fn before(&self, source: usize, offset: u64) -> Vec<Arc<Batch>> {
        let stream = self.streams.get(&source).into_iter().flatten();
        stream.filter(|batch| batch.offset() < offset).cloned().collect()
    }
}
