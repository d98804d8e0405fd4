//! The reading side of a feed.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;

use super::shared::Shared;
use super::start::{Candidates, Start, is_known};
use super::state::FeedState;
use super::subscriber::Subscriber;
use crate::event::{Batch, Encoder, EventId, Numbering, Position, Seq, message_of};
use crate::record::Context;
use crate::store::{Capacity, Resolved};

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
        let state = self.shared.lock();
        if let Some(messages) = &state.messages {
            let (Resolved::At(position) | Resolved::Unverified(position)) =
                messages.resolve(id, &state.ring)
            else {
                return None;
            };
            let Position { next, skip } = position;
            return is_known(&state, position).then(|| if skip == 0 { next - 1 } else { next });
        }
        drop(state);
        let Position { next, skip } = id.position;
        let is_known = id.numbering == Numbering::Run
            && id.epoch == *self.shared.encoder.epoch()
            && is_known(&self.shared.lock(), id.position);
        is_known.then(|| if skip == 0 { (next - 1).max(1) } else { next })
    }

    /// Returns the last event ID of a client that has everything before `position`.
    #[must_use]
    pub fn id(&self, position: Position) -> EventId {
        let in_messages = self.shared.lock().id_in_messages(position);
        in_messages.unwrap_or_else(|| self.shared.encoder.id(position))
    }

    /// Returns whether so many events lie between two positions that those behind the first one may
    /// be evicted soon: a quarter of those that a new client gets, or so many messages.
    #[must_use]
    pub fn is_far(&self, from: Position, to: Position) -> bool {
        let state = self.shared.lock();
        let quarter = state.ring.capacity().lines / 4;
        let events = to.next.saturating_sub(from.next);
        let passed = if state.messages.is_some() { message_of(events).0 } else { events };
        quarter > 0 && passed > quarter
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
                spare.guess_context(Context::at(spare.offset()));
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

    /// Seq of the event that will be published next.
    #[must_use]
    pub fn next(&self) -> Seq {
        self.shared.lock().ring.next()
    }

    /// Number of subscribers that are clients.
    #[must_use]
    pub fn subscribers(&self) -> usize {
        let internal = self.shared.internal.load(Ordering::Relaxed);
        self.shared.lock().waiters.len().saturating_sub(internal)
    }

    /// Returns whether a client has not read everything, seen from an internal subscriber that is
    /// reading.
    #[must_use]
    pub fn has_clients_behind(&self) -> bool {
        let internal = self.shared.internal.load(Ordering::Relaxed);
        self.shared.lock().waiters.behind() > internal
    }

    /// Leaves one subscriber of the caller out of [`subscribers`](Feed::subscribers), for good.
    pub fn leave_out_subscriber(&self) {
        self.shared.internal.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns the memory that the feed uses.
    #[must_use]
    pub fn usage(&self) -> RingUsage {
        let FeedState { ring, index, .. } = &*self.shared.lock();
        RingUsage {
            events: ring.events(),
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
            && id.numbering == Numbering::Run
            && id.epoch == *self.shared.encoder.epoch()
            && id.position.skip == 0
            && id.position.next == state.ring.next()
    }
}
