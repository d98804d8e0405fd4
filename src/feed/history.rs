//! History: evicted batches, read again from their files.
//!
//! Files are read on threads of their own, so that no subscriber waits for
//! another's disk; what several ask for is read and encoded once. The next
//! entry is read while this one is sent.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::SetOnce;

use super::index::Entry;
use crate::event::{Batch, Cutting, Encoder, Presentation, Seq};

/// Memory for entries that were read, encoded forms included, until others ask for them too.
const CACHE_SIZE: usize = 8 << 20;
/// How many of them there are at most.
const CACHED: usize = 64;

/// The batches of an entry; none if its file does not have them any more.
pub(super) type Recalled = Option<Arc<[Arc<Batch>]>>;

/// An entry that is being read, or was.
type Cell = Arc<SetOnce<Recalled>>;

/// Reads entries, each once for all who want it at the same time.
#[derive(Debug)]
pub(super) struct History {
    cutting: Cutting,
    encoder: Arc<Encoder>,
    /// By the event after their last; what was asked for last stands last.
    cache: Mutex<VecDeque<(Seq, Cell)>>,
    /// Memory of all that was read and is not forgotten.
    meter: Arc<AtomicUsize>,
}

impl History {
    pub(super) fn new(cutting: Cutting, encoder: Arc<Encoder>) -> Self {
        History { cutting, encoder, cache: Mutex::default(), meter: Arc::default() }
    }

    /// Begins to read `entry`, if nobody has; it is then encoded as well, if that is known to be
    /// wanted.
    ///
    /// An entry that has grown since it was read is another one.
    pub(super) fn read(self: &Arc<Self>, entry: Entry, presentation: Option<Presentation>) -> Cell {
        let mut cache = self.lock();
        let known = cache.iter().position(|(next, _)| *next == entry.next());
        if let Some(asked) = known.and_then(|at| cache.remove(at)) {
            let cell = Arc::clone(&asked.1);
            cache.push_back(asked);
            return cell;
        }
        let cell = Cell::default();
        cache.push_back((entry.next(), Arc::clone(&cell)));
        drop(cache);
        tokio::spawn(Arc::clone(self).fill(Arc::clone(&cell), entry, presentation));
        cell
    }

    async fn fill(self: Arc<Self>, cell: Cell, entry: Entry, presentation: Option<Presentation>) {
        let history = Arc::clone(&self);
        let recall = move || history.recall(&entry, presentation);
        // A reading thread that panicked has found nothing, and has said so itself.
        let recalled = tokio::task::spawn_blocking(recall).await.ok().flatten();
        let _ = cell.set(recalled);
        self.forget();
    }

    fn recall(&self, entry: &Entry, presentation: Option<Presentation>) -> Recalled {
        let batches = entry.recall_metered(&self.cutting, || Arc::clone(&self.meter))?;
        if let Some(presentation) = presentation {
            for batch in &batches {
                batch.encoded(&self.encoder, presentation);
            }
        }
        Some(batches.into())
    }

    /// Lets go of what was asked for longest ago, as far as memory asks for that.
    fn forget(&self) {
        let mut cache = self.lock();
        while cache.len() > CACHED || self.meter.load(Ordering::Relaxed) > CACHE_SIZE {
            let oldest = cache.iter().position(|(_, cell)| cell.initialized());
            if oldest.and_then(|at| cache.remove(at)).is_none() {
                return;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<(Seq, Cell)>> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
