//! The reading side of a feed.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use super::shared::Shared;
use super::start::{Candidates, Start, is_known};
use super::state::FeedState;
use super::subscriber::Subscriber;
use crate::event::{Batch, Encoder, EventId, Position, Seq};
use crate::record::Context;
use crate::store::Capacity;

/// The reading side of a feed, which makes subscribers.
#[derive(Clone, Debug)]
pub struct Feed {
    pub(super) shared: Arc<Shared>,
}

/// The memory that a feed uses, and its limits.
#[derive(Clone, Copy, Debug)]
pub struct RingUsage {
    /// Number of events in the ring.
    pub events: u64,
    /// Bytes of memory of their batches, with the encoded forms.
    pub bytes: usize,
    /// Bytes of memory of the index.
    pub index_bytes: usize,
    /// The limits of the ring and the index.
    pub capacity: Capacity,
}

impl Feed {
    /// Makes a handle of the feed.
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Feed { shared }
    }

    /// Makes a subscriber that begins at `start`.
    #[must_use]
    pub fn subscribe(&self, start: Start) -> Subscriber {
        self.subscribe_among(start, Candidates::default())
    }

    /// Makes a subscriber whose backlog has only `candidates`.
    #[must_use]
    pub fn subscribe_among(&self, start: Start, candidates: Candidates) -> Subscriber {
        Subscriber::new(Arc::clone(&self.shared), start, candidates)
    }

    /// Returns the seq of the event to which `id` belongs, at least 1, or `None` if the feed has not
    /// written it.
    #[must_use]
    pub fn event_of(&self, id: &EventId) -> Option<Seq> {
        let Position { next, skip } = id.position;
        let is_known =
            id.epoch == *self.shared.encoder.epoch() && is_known(&self.shared.lock(), id.position);
        is_known.then(|| if skip == 0 { (next - 1).max(1) } else { next })
    }

    /// Finds the context of `batch`, whose log a blocking thread reads.
    ///
    /// The future must be polled inside a tokio runtime.
    pub fn find_context(&self, batch: Arc<Batch>) -> impl Future<Output = ()> + Send + use<> {
        let reloader = Arc::clone(&self.shared.reloader);
        async move {
            let spare = Arc::clone(&batch);
            let find = move || reloader.find_context(None, &batch);
            if tokio::task::spawn_blocking(find).await.is_err() {
                // A panic of the thread has been reported, and counts as a missing file.
                spare.set_context(Context::at(spare.offset()));
            }
        }
    }

    /// The encoder of the feed's events.
    #[must_use]
    pub fn encoder(&self) -> &Encoder {
        &self.shared.encoder
    }

    /// Wakes the subscribers that wait for events, until the feed closes.
    ///
    /// Spawn it on the runtime of the subscribers: a thread outside of the runtime needs more time
    /// to wake a task than a task of the runtime, so it wakes only this one.
    pub async fn relay(self) {
        poll_fn(|cx| {
            let mut state = self.shared.lock();
            if state.closed {
                return Poll::Ready(());
            }
            state.relay = Some(cx.waker().clone());
            let waiters = state.waiters.take();
            drop(state);
            for waiter in waiters {
                waiter.waker.wake();
            }
            Poll::Pending
        })
        .await;
    }

    /// Closes the feed and ends its journal, also while a publisher is blocked and cannot be
    /// dropped: what that publishes later is lost.
    pub fn close(&self) {
        self.shared.end_journal();
        self.shared.close();
    }

    /// Asks that response bodies are aborted, not ended, when the feed closes.
    pub fn abort_streams(&self) {
        self.shared.lock().is_aborting = true;
    }

    /// Returns whether response bodies are to be aborted when the feed closes.
    #[must_use]
    pub fn is_aborting(&self) -> bool {
        self.shared.lock().is_aborting
    }

    /// Number of subscribers.
    #[must_use]
    pub fn subscribers(&self) -> usize {
        self.shared.lock().waiters.len()
    }

    /// Largest number of events from the ring that a new subscriber gets.
    #[must_use]
    pub fn replay_lines(&self) -> u64 {
        self.shared.lock().ring.capacity().lines
    }

    /// Returns the memory that the feed uses.
    #[must_use]
    pub fn usage(&self) -> RingUsage {
        let FeedState { ring, index, .. } = &*self.shared.lock();
        RingUsage {
            events: ring.next() - ring.oldest(),
            bytes: ring.bytes(),
            index_bytes: index.bytes(),
            capacity: ring.capacity(),
        }
    }

    /// Returns whether a client with the last event ID `id` has all events that there will ever be.
    #[must_use]
    pub fn is_complete(&self, id: &EventId) -> bool {
        let state = self.shared.lock();
        state.ended
            && id.epoch == *self.shared.encoder.epoch()
            && id.position.skip == 0
            && id.position.next == state.ring.next()
    }
}
