//! Reloading: reads evicted batches again from their files.
//!
//! The blocking threads of the runtime read the files, so that no subscriber waits for the disk of
//! another one.
//! An entry that several subscribers ask for is read and encoded once.
//! A fast subscriber also asks for the next entry in advance.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::runtime::Handle;
use tokio::sync::SetOnce;

use super::buffers::Buffers;
use crate::event::{Batch, Cutting, Encoder, Presentation, Seq};
use crate::record::{Clock, Context};
use crate::store::{ContextFinder, IndexEntry, MessageGroup, Tails};

/// Bytes of memory for reloaded batches, with their encoded forms, that stay for other subscribers.
///
/// With half the value, subscribers at different positions read the same entry again more often;
/// twice the value only takes more memory.
const CACHE_SIZE: usize = 8 << 20;

/// Largest number of entries in the cache, which is searched from its start; twice the value doubles
/// the longest search.
const CACHE_ENTRIES: usize = 64;

/// The batches of an entry, or `None` if its file does not have them any more.
pub(super) type Reloaded = Option<Arc<[Arc<Batch>]>>;

/// The batches of an entry, set when they are read.
type Cell = Arc<SetOnce<Reloaded>>;

/// Reads entries, each once for all subscribers that ask for it at the same time.
#[derive(Debug)]
pub(super) struct Reloader {
    cutting: Cutting,
    contexts: ContextFinder,
    tails: Mutex<Tails>,
    encoder: Arc<Encoder>,
    /// The least recently used entry first.
    cache: Mutex<VecDeque<Cached>>,
    /// Bytes of memory of all reloaded batches.
    meter: Arc<AtomicUsize>,
    buffers: Buffers,
}

/// An entry that is being read or was read.
#[derive(Debug)]
struct Cached {
    /// Seq of the first event of the entry.
    first: Seq,
    /// Seq of the event after the last one of the entry, which grows with the entry.
    next: Seq,
    cell: Cell,
}

/// A cell that is being filled.
struct Filling {
    reloader: Arc<Reloader>,
    cell: Cell,
}

impl Filling {
    fn fill(self, entry: &IndexEntry, presentation: Option<Presentation>) {
        self.set(self.reloader.read(entry, presentation));
    }

    async fn fill_from_messages(self, group: MessageGroup, presentation: Option<Presentation>) {
        let meter = Arc::clone(&self.reloader.meter);
        let read = group.log.read(group.sequences, group.shift, meter);
        let batches = read.await;
        self.set(batches.map(|batches| self.reloader.encode(batches, presentation)));
    }

    fn set(&self, batches: Reloaded) {
        if batches.is_some() {
            let _ = self.cell.set(batches);
        }
    }
}

impl Drop for Filling {
    /// Sets the result of a file that has failed, also after a panic, which has been reported.
    fn drop(&mut self) {
        if !self.cell.initialized() {
            // A file that does not answer now may do so later.
            self.reloader.lock().retain(|cached| !Arc::ptr_eq(&cached.cell, &self.cell));
            let _ = self.cell.set(None);
        }
        self.reloader.shrink();
    }
}

impl Reloader {
    pub(super) fn new(cutting: Cutting, encoder: Arc<Encoder>) -> Self {
        let contexts = ContextFinder::new(&cutting, encoder.clock());
        let (tails, cache, meter) = (Mutex::default(), Mutex::default(), Arc::default());
        let buffers = Buffers::default();
        Reloader { cutting, contexts, tails, encoder, cache, meter, buffers }
    }

    /// Begins to read `entry` unless it is in the cache, and encodes its batches in `presentation`.
    ///
    /// An entry that has grown since it was read is another entry.
    pub(super) fn reload(
        self: &Arc<Self>,
        entry: IndexEntry,
        presentation: Option<Presentation>,
    ) -> Cell {
        let mut cache = self.lock();
        let (first, next) = (entry.first(), entry.next());
        let known = cache.iter().position(|cached| cached.first == first && cached.next == next);
        if let Some(cached) = known.and_then(|at| cache.remove(at)) {
            let cell = Arc::clone(&cached.cell);
            cache.push_back(cached);
            return cell;
        }
        let cell = Cell::default();
        cache.push_back(Cached { first, next, cell: Arc::clone(&cell) });
        drop(cache);
        let filling = Filling { reloader: Arc::clone(self), cell: Arc::clone(&cell) };
        if let Some(group) = entry.messages().cloned() {
            // Waiting for a server takes no thread.
            tokio::spawn(filling.fill_from_messages(group, presentation));
            return cell;
        }
        // The thread that reads sets the result itself: going back to a task would wake two more.
        tokio::task::spawn_blocking(move || filling.fill(&entry, presentation));
        cell
    }

    /// The clock of the times of lines.
    pub(super) fn clock(&self) -> &Clock {
        self.encoder.clock()
    }

    /// Finds the context of `batch` unless it is known; `before` is the batch whose records were
    /// read before.
    pub(super) fn find_context(&self, before: Option<&Batch>, batch: &Batch) {
        if let Some(next) = before.and_then(Batch::leaves) {
            next.set(batch);
        }
        if batch.location().is_some() {
            self.contexts.find(batch);
        } else if batch.context().is_none() {
            self.contexts.find_behind(&self.text_before(batch), batch);
        }
    }

    /// Returns the batches before one in a stream without a log, as far back as its context needs.
    fn text_before(&self, batch: &Batch) -> Vec<Arc<Batch>> {
        let start = Context::start(batch.offset());
        let (mut text, mut offset, mut previous) = (Vec::new(), batch.offset(), batch.previous());
        while let Some(before) = previous.filter(|_| offset > start) {
            (offset, previous) = (before.offset(), before.previous());
            text.push(before);
        }
        if offset > start {
            // Batches that the ring does not have any more were kept before they were dropped.
            let tails = self.tails.lock().unwrap_or_else(PoisonError::into_inner);
            text.extend(tails.before(batch.source().id, offset).into_iter().rev());
        }
        text.reverse();
        text
    }

    /// Keeps the last of the evicted lines that cannot be read again.
    pub(super) fn keep_tails(&self, evicted: &[Arc<Batch>]) {
        if evicted.iter().any(|batch| batch.lines().is_some() && batch.location().is_none()) {
            let mut tails = self.tails.lock().unwrap_or_else(PoisonError::into_inner);
            for batch in evicted {
                tails.add(batch);
            }
        }
    }

    /// Reads the batches of `entry`, which others need not want, and keeps nothing.
    ///
    /// Must be called on a blocking thread of the runtime.
    pub(super) fn read_uncached(&self, entry: &IndexEntry) -> Option<Vec<Arc<Batch>>> {
        if let Some(MessageGroup { log, sequences, shift }) = entry.messages() {
            let read = log.read(sequences.clone(), *shift, Arc::default());
            return Handle::current().block_on(read);
        }
        self.read_with(entry, Arc::default)
    }

    fn read(&self, entry: &IndexEntry, presentation: Option<Presentation>) -> Reloaded {
        let batches = self.read_with(entry, || Arc::clone(&self.meter))?;
        Some(self.encode(batches, presentation))
    }

    /// Encodes batches in `presentation`, unless the cache is full.
    fn encode(
        &self,
        batches: Vec<Arc<Batch>>,
        presentation: Option<Presentation>,
    ) -> Arc<[Arc<Batch>]> {
        // When the cache is full, batches would be evicted before they are sent; subscribers then
        // encode the batches that they send.
        if let Some(presentation) = presentation.filter(|_| !self.is_full()) {
            let mut before: Option<&Batch> = None;
            for batch in &batches {
                if presentation.has_records() {
                    self.find_context(before, batch);
                }
                batch.encoded(&self.encoder, presentation);
                before = Some(batch);
            }
        }
        batches.into()
    }

    fn read_with(
        &self,
        entry: &IndexEntry,
        meter: impl Fn() -> Arc<AtomicUsize>,
    ) -> Option<Vec<Arc<Batch>>> {
        entry.reload_with(&self.cutting, meter, |location, len| self.buffers.read(location, len))
    }

    /// Removes the least recently used entries until the cache fits its limits.
    fn shrink(&self) {
        let mut cache = self.lock();
        while cache.len() > CACHE_ENTRIES || self.is_full() {
            let oldest = cache.iter().position(|cached| cached.cell.initialized());
            if oldest.and_then(|at| cache.remove(at)).is_none() {
                return;
            }
        }
    }

    fn is_full(&self) -> bool {
        self.meter.load(Ordering::Relaxed) > CACHE_SIZE
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Cached>> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::atomic::AtomicBool;
    use std::task::{Context, Poll, Waker};
    use std::time::{Duration, Instant};

    use super::*;
    use crate::event::{Epoch, Lines, Location, Log};
    use crate::feed::{Backlog, Draft, DraftContent, Feed, Read, Start, Subscriber, feed};
    use crate::store::Capacity;
    use crate::store::samples::{cutting, lines_of, source};

    /// A file in memory that counts how often it is read.
    #[derive(Debug)]
    struct Counting {
        bytes: Vec<u8>,
        reads: AtomicUsize,
        /// Every read fails.
        is_broken: AtomicBool,
    }

    impl Log for Counting {
        fn read_exact_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
            self.reads.fetch_add(1, Ordering::Relaxed);
            if self.is_broken.load(Ordering::Relaxed) {
                return Err(io::ErrorKind::TimedOut.into());
            }
            bytes.copy_from_slice(&self.bytes[offset as usize..][..bytes.len()]);
            Ok(())
        }
    }

    /// Thousands of lines in one file, all but a few of them evicted.
    fn evicted() -> (Feed, Arc<Counting>, u64) {
        let capacity = Capacity { lines: 1 << 20, bytes: 1000, index_bytes: 1 << 20 };
        let (publisher, feed) = feed(Encoder::new(Epoch::from_random(0)), capacity, cutting(1000));
        let batches: Vec<Lines> = (0..200).map(|n| lines_of(1 + n * 4000, 4000)).collect();
        let bytes: Vec<u8> = batches.iter().flat_map(|lines| lines.bytes.to_vec()).collect();
        let log = Arc::new(Counting {
            bytes,
            reads: AtomicUsize::new(0),
            is_broken: AtomicBool::new(false),
        });
        let mut offset = 0;
        for lines in batches {
            let location = Some(Location::of(&lines.bytes, log.clone(), offset));
            offset += lines.bytes.len() as u64;
            let content = DraftContent::Lines(Lines { location, ..lines });
            publisher.publish(vec![Draft { source: source(), content }]);
        }
        (feed, log, 800_000)
    }

    /// Reads until something can be read.
    fn next(reader: &mut Subscriber) -> Read {
        let deadline = Instant::now() + Duration::from_secs(30);
        let mut cx = Context::from_waker(Waker::noop());
        loop {
            assert!(Instant::now() < deadline);
            if let Poll::Ready(read) = reader.poll_read(&mut cx, |_| true) {
                return read.expect("the feed is open");
            }
        }
    }

    #[test]
    fn an_entry_whose_file_failed_is_read_again_for_the_next_subscriber() {
        let runtime = tokio::runtime::Builder::new_multi_thread().build().expect("a runtime");
        let _inside = runtime.enter();
        let (feed, log, _) = evicted();
        log.is_broken.store(true, Ordering::Relaxed);
        let mut reader = feed.subscribe(Start::New(Backlog::All));
        assert!(matches!(next(&mut reader), Read::Gap(_)));
        log.is_broken.store(false, Ordering::Relaxed);
        let mut reader = feed.subscribe(Start::New(Backlog::All));
        assert!(matches!(next(&mut reader), Read::Events(..)));
    }

    #[test]
    fn an_entry_that_many_subscribers_read_is_read_once() {
        let runtime = tokio::runtime::Builder::new_multi_thread().build().expect("a runtime");
        let _inside = runtime.enter();
        let (feed, log, last) = evicted();
        let entries = log.bytes.len().div_ceil(512 * 1024);
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
        let bytes = feed.shared.reloader.meter.load(Ordering::Relaxed);
        assert!(bytes <= CACHE_SIZE + (1 << 20), "{bytes} bytes are in the cache");
    }
}
