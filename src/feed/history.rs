//! History: evicted batches, read again from their files.
//!
//! Files are read on threads of their own, so that no subscriber waits for
//! another's disk; what several ask for at once is read and encoded once.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use super::index::Entry;
use crate::event::{Batch, Cutting, Seq};

/// How many entries are kept after they were read, for those who come next.
const CACHED: usize = 8;

/// The batches of an entry; none if its file does not have them any more.
pub(super) type Recalled = Option<Arc<[Arc<Batch>]>>;

/// Reads entries, each once for all who want it at the same time.
#[derive(Debug)]
pub(super) struct History {
    cutting: Cutting,
    cache: Mutex<VecDeque<(Seq, Arc<OnceCell<Recalled>>)>>,
}

impl History {
    pub(super) fn new(cutting: Cutting) -> Self {
        History { cutting, cache: Mutex::default() }
    }

    /// The batches of `entry`.
    pub(super) async fn read(self: Arc<Self>, entry: Entry) -> Recalled {
        let cell = self.cell(&entry);
        let read = async || {
            let history = Arc::clone(&self);
            let recall = move || entry.recall(&history.cutting);
            // A reading thread that panicked has found nothing, and has said so itself.
            let recalled = tokio::task::spawn_blocking(recall).await.ok().flatten();
            recalled.map(Arc::from)
        };
        cell.get_or_init(read).await.clone()
    }

    /// An entry that has grown since it was read is another one.
    fn cell(&self, entry: &Entry) -> Arc<OnceCell<Recalled>> {
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, cell)) = cache.iter().find(|(next, _)| *next == entry.next()) {
            return Arc::clone(cell);
        }
        if cache.len() == CACHED {
            cache.pop_front();
        }
        let cell = Arc::new(OnceCell::new());
        cache.push_back((entry.next(), Arc::clone(&cell)));
        cell
    }
}
