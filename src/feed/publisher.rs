//! The writing side of a feed.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, MutexGuard};
use std::task::Waker;

use super::draft::Draft;
use super::shared::Shared;
use super::writer::Writer;
use crate::event::{Batch, Seq, Source, message_of, seq_in_message};
use crate::store::Era;

/// Publishes events; the feed closes when the last clone is dropped.
#[derive(Debug)]
pub struct Publisher {
    shared: Arc<Shared>,
}

impl Publisher {
    /// Makes the first publisher of a feed.
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Publisher { shared }
    }

    /// Publishes `drafts` in their order, in one step; returns the seq of the event after them, or
    /// zero if there are none.
    #[expect(clippy::must_use_candidate, reason = "most publishers need no seq")]
    pub fn publish(&self, drafts: Vec<Draft>) -> Seq {
        if drafts.is_empty() { 0 } else { self.push(drafts, false) }
    }

    /// Publishes the last events of all sources; the feed stays open for subscribers.
    pub fn publish_last(&self, drafts: Vec<Draft>) {
        self.push(drafts, true);
    }

    /// Returns whether all subscribers have read everything; if not, `reader` is woken when they
    /// have.
    ///
    /// A thread that reads a source while earlier lines are still being sent makes small batches.
    #[must_use]
    pub fn is_caught_up(&self, reader: &Waker) -> bool {
        self.shared.lock().waiters.is_caught_up(reader)
    }

    /// Removes the evicted events that their log has removed on purpose.
    pub fn remove_dropped(&self) {
        self.shared.lock().index.remove_dropped();
    }

    /// Returns true if a line of `source` can still be read; `next` is the seq of the event after
    /// its newest line.
    #[must_use]
    pub fn has_lines(&self, source: &Source, next: Seq) -> bool {
        let state = self.shared.lock();
        state.ring.oldest() < next || state.index.has_lines(source)
    }

    /// Begins another era of messages, which `era` makes of the smallest number that its first
    /// message can have.
    ///
    /// Must be called before messages are published, and only in a feed of messages.
    pub fn begin_era(&self, era: impl FnOnce(u64) -> Era) {
        let mut writer = self.shared.lock_writer();
        let mut state = self.shared.lock();
        let is_first = state.messages.as_ref().is_some_and(|known| known.newest().is_none());
        let era = era(message_of(writer.next).0 + 1);
        if is_first {
            writer.next = seq_in_message(era.start, 0);
            state.ring.begin_at(writer.next);
        }
        if let Some(messages) = &mut state.messages {
            messages.begin(era);
        }
    }

    /// The meter with which the batches of messages must be made.
    #[must_use]
    pub fn meter(&self) -> Arc<AtomicUsize> {
        Arc::clone(&self.shared.lock_writer().meter)
    }

    /// Publishes batches of messages, whose seqs grow, in one step; the next message begins at
    /// `next`.
    pub fn publish_messages(&self, batches: Vec<Arc<Batch>>, next: Seq) {
        let mut writer = self.shared.lock_writer();
        let mut state = self.shared.lock();
        state.read_to = next;
        if let Some(last) = batches.last() {
            drop(state);
            writer.next = last.next();
            self.add(writer, batches, false);
            return;
        }
        // Clients may wait for a message that has no events.
        let waiters = state.waiters.take();
        drop(state);
        drop(writer);
        for waiter in waiters {
            waiter.waker.wake();
        }
    }

    /// Notes that the newest sequence of the stream of messages was looked up: what is not published
    /// by now does not exist.
    pub fn note_newest(&self) {
        let mut state = self.shared.lock();
        state.checks += 1;
        let waiters = state.waiters.take();
        drop(state);
        for waiter in waiters {
            waiter.waker.wake();
        }
    }

    fn push(&self, drafts: Vec<Draft>, is_last: bool) -> Seq {
        let mut writer = self.shared.lock_writer();
        let batches = writer.write(drafts, |seq| self.shared.lock().entries_from(seq));
        let next = writer.next;
        if !batches.is_empty() || is_last {
            self.add(writer, batches, is_last);
        }
        next
    }

    /// Adds batches to the feed, and wakes its subscribers.
    fn add(&self, mut writer: MutexGuard<'_, Writer>, batches: Vec<Arc<Batch>>, is_last: bool) {
        let bytes: usize = batches.iter().map(|batch| batch.size()).sum();
        let mut state = self.shared.lock();
        state.ended = is_last;
        let evicted = state.push(batches);
        let is_inline = writer.inline.allows(bytes, state.waiters.len());
        let wakeups = state.take_wakeups(is_inline);
        drop(state);
        drop(writer);
        wakeups.run();
        self.shared.reloader.keep_tails(&evicted);
        // Freeing the memory of evicted batches takes time and needs no lock.
        drop(evicted);
    }
}

impl Clone for Publisher {
    fn clone(&self) -> Self {
        self.shared.publishers.fetch_add(1, Ordering::Relaxed);
        Publisher { shared: Arc::clone(&self.shared) }
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        if self.shared.publishers.fetch_sub(1, Ordering::AcqRel) > 1 {
            return;
        }
        self.shared.end_journal();
        self.shared.close();
    }
}
