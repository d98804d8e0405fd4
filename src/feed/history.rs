//! History: evicted batches, read again from their files.
//!
//! Files are read on threads of their own, so that no subscriber waits for
//! another's disk; what several ask for is read and encoded once. The next
//! entry is read while this one is sent.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::SetOnce;

use crate::event::{Batch, Cutting, Encoder, Presentation, Seq};
use crate::store::IndexEntry;

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
    pub(super) fn read(
        self: &Arc<Self>,
        entry: IndexEntry,
        presentation: Option<Presentation>,
    ) -> Cell {
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

    async fn fill(
        self: Arc<Self>,
        cell: Cell,
        entry: IndexEntry,
        presentation: Option<Presentation>,
    ) {
        let history = Arc::clone(&self);
        let recall = move || history.recall(&entry, presentation);
        // A reading thread that panicked has found nothing, and has said so itself.
        let recalled = tokio::task::spawn_blocking(recall).await.ok().flatten();
        let _ = cell.set(recalled);
        self.forget();
    }

    fn recall(&self, entry: &IndexEntry, presentation: Option<Presentation>) -> Recalled {
        let batches = entry.recall_metered(&self.cutting, || Arc::clone(&self.meter))?;
        // With too many readers at different places, each encodes what it sends when it does.
        if let Some(presentation) = presentation.filter(|_| !self.is_full()) {
            for batch in &batches {
                batch.encoded(&self.encoder, presentation);
            }
        }
        Some(batches.into())
    }

    /// Lets go of what was asked for longest ago, as far as memory asks for that.
    fn forget(&self) {
        let mut cache = self.lock();
        while cache.len() > CACHED || self.is_full() {
            let oldest = cache.iter().position(|(_, cell)| cell.initialized());
            if oldest.and_then(|at| cache.remove(at)).is_none() {
                return;
            }
        }
    }

    fn is_full(&self) -> bool {
        self.meter.load(Ordering::Relaxed) > CACHE_SIZE
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<(Seq, Cell)>> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::task::{Context, Poll, Waker};
    use std::time::{Duration, Instant};

    use super::*;
    use crate::event::{Epoch, LineFilter, Lines, Location, Log, Splitter};
    use crate::feed::{Backlog, Draft, DraftContent, Feed, Read, Start, feed};
    use crate::store::Capacity;
    use crate::store::samples::{lines_of, source};

    /// A file in memory that counts how often it is read.
    #[derive(Debug)]
    struct Counting {
        bytes: Vec<u8>,
        reads: AtomicUsize,
    }

    impl Log for Counting {
        fn read_exact_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
            self.reads.fetch_add(1, Ordering::Relaxed);
            bytes.copy_from_slice(&self.bytes[offset as usize..][..bytes.len()]);
            Ok(())
        }
    }

    /// Thousands of lines in one file, all but a few of them evicted.
    fn evicted() -> (Feed, Arc<Counting>, u64) {
        let splitter = Splitter { max_line: 1000, binary: false };
        let cutting = Cutting { splitter, filter: LineFilter::default() };
        let capacity = Capacity { lines: 1 << 20, bytes: 1000, index_bytes: 1 << 20 };
        let (publisher, feed) = feed(Encoder::new(Epoch::from_random(0)), capacity, cutting);
        let batches: Vec<Lines> = (0..200).map(|n| lines_of(1 + n * 4000, 4000)).collect();
        let bytes: Vec<u8> = batches.iter().flat_map(|lines| lines.bytes.to_vec()).collect();
        let log = Arc::new(Counting { bytes, reads: AtomicUsize::new(0) });
        let mut offset = 0;
        for lines in batches {
            let place = Some(Location::of(&lines.bytes, log.clone(), offset));
            offset += lines.bytes.len() as u64;
            let content = DraftContent::Lines(Lines { location: place, ..lines });
            publisher.publish(vec![Draft { source: source(), content }]);
        }
        (feed, log, 800_000)
    }

    #[test]
    fn what_many_read_is_read_once() {
        let runtime = tokio::runtime::Builder::new_multi_thread().build().expect("a runtime");
        let _inside = runtime.enter();
        let (feed, log, last) = evicted();
        let entries = log.bytes.len().div_ceil(256 * 1024);
        let mut readers: Vec<_> =
            (0..50).map(|_| feed.subscribe(Start::New(Backlog::All))).collect();
        let deadline = Instant::now() + Duration::from_secs(30);
        let mut cx = Context::from_waker(Waker::noop());
        while !readers.is_empty() {
            assert!(Instant::now() < deadline);
            readers.retain_mut(|reader| {
                match reader.poll_read(&mut cx, |_| true) {
                    Poll::Ready(Some(Read::Events(..))) | Poll::Pending => {}
                    other @ Poll::Ready(_) => panic!("{other:?}"),
                }
                reader.cursor().next <= last
            });
        }
        let reads = log.reads.load(Ordering::Relaxed);
        assert!((2..=entries + 1).contains(&reads), "{reads} reads of {entries} entries");
        let held = feed.shared.history.meter.load(Ordering::Relaxed);
        assert!(held <= CACHE_SIZE + (1 << 20), "{held} bytes are kept");
    }
}
