//! The feed: one writer's batches, read by any number of subscribers.
//!
//! A subscriber is a cursor, not a queue: it holds the seq of the event that it
//! reads next, and takes batches from the ring when its peer has room.
//!
//! # Replay
//!
//! Replay and live are one read. A cursor that starts behind the newest batch
//! takes what is there until nothing is left, and then waits; nothing joins
//! history to live, so nothing can be lost or doubled between them.
//!
//! # Lagging
//!
//! The publisher never waits. When the ring has moved past a cursor, the
//! subscriber reads the evicted batches from their files again: the same events,
//! with the same IDs. Where there is no file, or it does not have their bytes any
//! more, it gets a [`Gap`] that counts exactly the events it cannot have, and goes
//! on at the next one there is.
//!
//! # Waking
//!
//! Whoever waits is woken by a [relay](Feed::relay) among the subscribers, which costs the publisher
//! one waker however many they are; but a few lines for a few of them, after a calm, are worth
//! more than its time, and it wakes them itself. It learns when all have what there is, so that
//! it need not read bit by bit while they are still being sent the last: batches grow with the
//! load. It never waits for that.
//!
//! # Restarts
//!
//! With a [`Journal`], what is published is written down before any subscriber can see it.
//! A feed that is [`resume`]d has it in its index, and goes on with the next seq.
//!
//! # Closing
//!
//! The feed closes when its last [`Publisher`] is dropped, or when it is told to.
//! A subscriber then reads what is left, and ends.
//!
//! # Cancel safety
//!
//! A subscriber moves its cursor only when it hands something out, so a poll
//! that was pending has lost nothing, and one may be dropped at any time.

mod gap;
mod history;
mod inline;
mod refill;
mod start;
mod subscriber;
mod waiters;

use std::future::poll_fn;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use self::history::History;
use self::inline::{InlinePolicy, Waiter};
use self::refill::refill;
use self::waiters::Waiters;
use crate::event::{Batch, Control, Cutting, Encoder, EventId, Lines, Seq, Source};
use crate::journal::{Journal, JournalNote, Publication};
use crate::store::{Capacity, Index, IndexEntry, Ring};
pub use gap::Gap;
pub use inline::InlineStream;
pub use start::{Backlog, Start};
pub use subscriber::{Read, Subscriber};

/// How many entries are looked at while subscribers wait.
const KEPT: usize = 256;

/// The reading side of a feed, from which subscribers are made.
#[derive(Clone, Debug)]
pub struct Feed {
    shared: Arc<Shared>,
}

/// The writing side of a feed; when the last clone is dropped, the feed closes.
#[derive(Debug)]
pub struct Publisher {
    shared: Arc<Shared>,
}

/// What is published: the publisher gives it its place in the sequence.
#[derive(Debug)]
pub struct Draft {
    /// What it is about.
    pub source: Arc<Source>,
    /// Lines, or a control event.
    pub content: DraftContent,
}

/// What a batch is made of.
#[derive(Debug)]
pub enum DraftContent {
    /// Lines that were read together.
    Lines(Lines),
    /// A control event for everybody.
    Control(String),
    /// No event: the journal is told, in the same step.
    Note(JournalNote),
}

/// What the ring holds, and what it may hold.
#[derive(Clone, Copy, Debug)]
pub struct RingUsage {
    /// Events held.
    pub events: u64,
    /// Memory that they take, encoded forms included.
    pub bytes: usize,
    /// Memory that it takes to find evicted events.
    pub index_bytes: usize,
    /// How much the ring and the index may hold.
    pub capacity: Capacity,
}

#[derive(Debug)]
struct Shared {
    /// Publishers take turns; it is taken before the state, and never after it.
    writer: Mutex<Writer>,
    state: Mutex<FeedState>,
    history: Arc<History>,
    encoder: Arc<Encoder>,
    publishers: AtomicU64,
}

/// What only publishers need.
#[derive(Debug)]
struct Writer {
    next: Seq,
    meter: Arc<AtomicUsize>,
    journal: Option<Journal>,
    inline: InlinePolicy,
}

#[derive(Debug)]
struct FeedState {
    ring: Ring,
    index: Index,
    waiters: Waiters,
    /// Who wakes them, if not whoever publishes.
    relay: Option<Waker>,
    /// All input has ended: there will be no further event.
    ended: bool,
    closed: bool,
    cut: bool,
}

/// A feed with an empty ring, whose events get IDs from `encoder`.
///
/// `cutting` is how its lines are cut, so that they can be cut the same way again.
#[must_use]
pub fn feed(encoder: Encoder, capacity: Capacity, cutting: Cutting) -> (Publisher, Feed) {
    let nothing = (Index::new(capacity.index_bytes), 1);
    resume(encoder, capacity, cutting, nothing, None)
}

/// A feed that goes on where an earlier one ended: with what can still be had of it, and the seq
/// of the next event; `journal` is told of every event before anybody sees it.
#[must_use]
pub fn resume(
    encoder: Encoder,
    capacity: Capacity,
    cutting: Cutting,
    (mut index, next): (Index, Seq),
    mut journal: Option<Journal>,
) -> (Publisher, Feed) {
    if let Some(journal) = &mut journal {
        journal.begin(encoder.epoch());
    }
    let encoder = Arc::new(encoder);
    let ring = refill(capacity, next, &mut index, &cutting);
    let writer =
        Writer { next, meter: Arc::clone(ring.meter()), journal, inline: InlinePolicy::new() };
    let shared = Arc::new(Shared {
        writer: Mutex::new(writer),
        state: Mutex::new(FeedState {
            ring,
            index,
            waiters: Waiters::default(),
            relay: None,
            ended: false,
            closed: false,
            cut: false,
        }),
        history: Arc::new(History::new(cutting, Arc::clone(&encoder))),
        encoder,
        publishers: AtomicU64::new(1),
    });
    let publisher = Publisher { shared: Arc::clone(&shared) };
    (publisher, Feed { shared })
}

impl Publisher {
    /// Publishes `drafts` in their order, as one step, and wakes every subscriber once.
    pub fn publish(&self, drafts: Vec<Draft>) {
        if !drafts.is_empty() {
            self.push(drafts, false);
        }
    }

    /// Publishes what is known to be the last events, although the feed stays open.
    pub fn publish_last(&self, drafts: Vec<Draft>) {
        self.push(drafts, true);
    }

    /// Whether every subscriber has all there is; if not, `reader` is woken when they have.
    ///
    /// Who reads while they are still being sent what was read last makes batches small.
    #[must_use]
    pub fn is_caught_up(&self, reader: &Waker) -> bool {
        self.shared.lock().waiters.is_caught_up(reader)
    }

    /// Lets go of events that their log has dropped on purpose.
    pub fn forget_dropped(&self) {
        self.shared.lock().index.forget_dropped();
    }

    fn push(&self, drafts: Vec<Draft>, ended: bool) {
        let mut writer = self.shared.writer();
        let batches = writer.write(drafts, |seq| self.shared.lock().kept_from(seq));
        if batches.is_empty() && !ended {
            return;
        }
        let bytes: usize = batches.iter().map(|batch| batch.size()).sum();
        let mut state = self.shared.lock();
        state.ended = ended;
        for batch in batches {
            state.ring.push(batch);
        }
        let evicted = state.ring.evict();
        for batch in &evicted {
            state.index.push(batch);
        }
        let is_inline = writer.inline.allows(bytes, state.waiters.len());
        let wakeups = state.wakeups(is_inline);
        drop(state);
        drop(writer);
        wakeups.run();
        drop(evicted);
    }
}

/// The subscribers that a publication wakes.
enum Wakeups {
    /// The relay wakes them.
    Relay(Option<Waker>),
    /// The publishing thread sends to them, or wakes them.
    Inline(Vec<Waiter>),
}

impl Wakeups {
    fn run(self) {
        match self {
            Wakeups::Relay(relay) => relay.into_iter().for_each(Waker::wake),
            Wakeups::Inline(waiters) => inline::send(waiters),
        }
    }
}

impl Writer {
    /// Gives drafts their places, and writes them down; gives what is to be published.
    fn write(
        &mut self,
        drafts: Vec<Draft>,
        history: impl Fn(Seq) -> Vec<IndexEntry>,
    ) -> Vec<Arc<Batch>> {
        let first = self.next;
        let mut batches = Vec::with_capacity(drafts.len());
        let mut notes = Vec::new();
        for Draft { source, content } in drafts {
            let (next, meter) = (self.next, Arc::clone(&self.meter));
            let batch = match content {
                DraftContent::Lines(lines) => Batch::of_lines(source, next, lines, meter),
                DraftContent::Control(json) => {
                    Batch::of_control(source, next, Control { json }, meter)
                }
                DraftContent::Note(note) => {
                    notes.push((source, note));
                    continue;
                }
            };
            self.next = batch.next();
            batches.push(Arc::new(batch));
        }
        if let Some(journal) = &mut self.journal {
            journal.append(Publication { batches: &batches, notes: &notes, first }, history);
        }
        batches
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
        if let Some(journal) = &mut self.shared.writer().journal {
            journal.end();
        }
        self.shared.close();
    }
}

impl Feed {
    /// Who writes the events of this feed.
    #[must_use]
    pub fn encoder(&self) -> &Encoder {
        &self.shared.encoder
    }

    /// Wakes subscribers, until the feed closes.
    ///
    /// To be spawned where they run: a thread that is not of the runtime wakes its tasks at some
    /// cost for each, and so need only wake this one.
    pub async fn relay(self) {
        poll_fn(|cx| {
            let mut state = self.shared.lock();
            if state.closed {
                return Poll::Ready(());
            }
            state.relay = Some(cx.waker().clone());
            let waiters = state.waiters.take();
            drop(state);
            waiters.into_iter().for_each(|waiter| waiter.waker.wake());
            Poll::Pending
        })
        .await;
    }

    /// Closes it, also while a publisher is stuck and cannot be dropped.
    pub fn close(&self) {
        self.shared.close();
    }

    /// Says that bodies are to be cut when the feed closes, not ended.
    pub fn abort_streams(&self) {
        self.shared.lock().cut = true;
    }

    /// Whether the feed closes because the program was told to stop.
    #[must_use]
    pub fn is_aborting(&self) -> bool {
        self.shared.lock().cut
    }

    /// How many subscribers there are.
    #[must_use]
    pub fn subscribers(&self) -> usize {
        self.shared.lock().waiters.len()
    }

    /// How many lines a new subscriber can get.
    #[must_use]
    pub fn replay_lines(&self) -> u64 {
        self.shared.lock().ring.capacity().lines
    }

    /// How full the ring is.
    #[must_use]
    pub fn fill(&self) -> RingUsage {
        let FeedState { ring, index, .. } = &*self.shared.lock();
        RingUsage {
            events: ring.next() - ring.oldest(),
            bytes: ring.bytes(),
            index_bytes: index.bytes(),
            capacity: ring.capacity(),
        }
    }

    /// Whether a client with `id` has all that there will ever be.
    #[must_use]
    pub fn is_complete(&self, id: &EventId) -> bool {
        let state = self.shared.lock();
        state.ended
            && id.epoch == *self.shared.encoder.epoch()
            && id.position.skip == 0
            && id.position.next == state.ring.next()
    }
}

impl Shared {
    fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        let relay = state.relay.take();
        let waiters = state.waiters.take();
        drop(state);
        waiters.into_iter().map(|waiter| waiter.waker).chain(relay).for_each(Waker::wake);
    }

    fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state stays whole when a thread panics: every change to it is a single step.
    fn lock(&self) -> MutexGuard<'_, FeedState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FeedState {
    /// Takes out the subscribers that new events wake.
    fn wakeups(&mut self, is_inline: bool) -> Wakeups {
        match &self.relay {
            Some(relay) if !is_inline => {
                Wakeups::Relay(self.waiters.needs_relay().then(|| relay.clone()))
            }
            _ => Wakeups::Inline(self.waiters.take()),
        }
    }

    /// Some of what can be had from `seq` on; nothing when there is no more.
    fn kept_from(&self, seq: Seq) -> Vec<IndexEntry> {
        let cold: Vec<_> = self.index.from(seq).take(KEPT).cloned().collect();
        if !cold.is_empty() {
            return cold;
        }
        let held = self.ring.from(seq.max(self.ring.oldest())).into_iter().flatten();
        held.filter_map(|batch| IndexEntry::new(batch)).take(KEPT).collect()
    }
}
