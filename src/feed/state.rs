//! The state of a feed that publishers and subscribers share.

use std::sync::Arc;
use std::task::Waker;

use super::inline::{self, Waiter};
use super::waiters::Waiters;
use crate::event::{Batch, EventId, Position, Seq};
use crate::store::{Found, Index, IndexEntry, Lookup, Messages, Ring};

/// Largest number of entries that the journal gets, or that a subscriber examines, while the state
/// is locked.
///
/// Subscribers wait for the lock meanwhile; twice the value doubles that time.
pub(super) const ENTRIES_PER_LOCK: usize = 256;

/// The events of a feed, and the subscribers that wait for more.
#[derive(Debug)]
pub(super) struct FeedState {
    pub(super) ring: Ring,
    pub(super) index: Index,
    /// The messages behind the ring, in a feed of messages; its index has no entries.
    pub(super) messages: Option<Messages>,
    /// Seq before which all messages were read, also those without events behind the newest one.
    pub(super) read_to: Seq,
    /// Number of times that the newest sequence of the stream of messages was looked up.
    pub(super) checks: u64,
    pub(super) waiters: Waiters,
    /// The waker of the relay; `None` if the feed has no relay.
    pub(super) relay: Option<Waker>,
    /// All sources have ended, so there will be no further event.
    pub(super) ended: bool,
    pub(super) closed: bool,
    /// Response bodies are aborted when the feed closes.
    pub(super) is_aborting: bool,
}

/// The wake-ups for a publication.
pub(super) enum Wakeups {
    /// The relay, which wakes the subscribers; `None` if none of them wait.
    Relay(Option<Waker>),
    /// The subscribers, for the publishing thread to send to or to wake.
    Inline(Vec<Waiter>),
}

impl FeedState {
    pub(super) fn new(ring: Ring, index: Index) -> Self {
        FeedState {
            ring,
            index,
            messages: None,
            read_to: 0,
            checks: 0,
            waiters: Waiters::default(),
            relay: None,
            ended: false,
            closed: false,
            is_aborting: false,
        }
    }

    /// Adds batches to the ring, and those that it evicts to the index; returns the evicted ones.
    pub(super) fn push(&mut self, batches: Vec<Arc<Batch>>) -> Vec<Arc<Batch>> {
        for batch in batches {
            self.ring.push(batch);
        }
        let evicted = self.ring.evict();
        for batch in &evicted {
            match &mut self.messages {
                Some(messages) => messages.note_evicted(batch),
                None => self.index.push(batch),
            }
        }
        evicted
    }

    /// Searches event `seq`; an event that was not published yet is in no entry.
    pub(super) fn find(&self, seq: Seq) -> Found {
        let Some(messages) = &self.messages else {
            return match self.index.find(seq) {
                Lookup::Entry(entry) => Found::Group(entry.clone()),
                Lookup::Hole(next) => Found::Hole(next),
            };
        };
        // A group with a message that does not exist yet would be read, and kept, without it.
        if seq >= self.ring.next() {
            return Found::Hole(None);
        }
        messages.find(seq, self.ring.oldest())
    }

    /// Returns up to [`ENTRIES_PER_LOCK`] entries that begin before `seq`, the newest first.
    pub(super) fn entries_before(&self, seq: Seq) -> impl Iterator<Item = IndexEntry> {
        let seq = seq.min(self.ring.oldest());
        let message = self.messages.as_ref().and_then(|messages| messages.before(seq));
        let entries = self.index.before(seq).rev().take(ENTRIES_PER_LOCK).cloned();
        message.into_iter().chain(entries)
    }

    /// Returns the number of lost events between two positions; none if nobody can know it.
    pub(super) fn lost(&self, from: Seq, to: Seq) -> Option<u64> {
        self.messages.is_none().then(|| to - from)
    }

    /// Returns the ID of a client that has everything before `position`; none if that is one of
    /// this run.
    pub(super) fn id_in_messages(&self, position: Position) -> Option<EventId> {
        self.messages.as_ref()?.id(position, &self.ring)
    }

    /// Seq of the first event that can be read.
    pub(super) fn oldest(&self) -> Seq {
        let evicted = match &self.messages {
            Some(messages) => messages.oldest(),
            None => self.index.oldest(),
        };
        evicted.unwrap_or_else(|| self.oldest_in_ring())
    }

    /// Seq of the first event in the ring that can be read.
    pub(super) fn oldest_in_ring(&self) -> Seq {
        let ring = &self.ring;
        let batches = ring.from(ring.oldest()).into_iter().flatten();
        let mut before_replay = batches.take_while(|batch| batch.first() < ring.replay_start());
        let in_file = before_replay.find(|batch| batch.is_logged());
        in_file.map_or(ring.replay_start(), |batch| batch.first())
    }

    /// Removes and returns the subscribers that new events wake.
    pub(super) fn take_wakeups(&mut self, is_inline: bool) -> Wakeups {
        match &self.relay {
            Some(relay) if !is_inline => {
                Wakeups::Relay(self.waiters.needs_relay().then(|| relay.clone()))
            }
            _ => Wakeups::Inline(self.waiters.take()),
        }
    }

    /// Returns the next entries from `seq` on, of evicted batches and then of those in the ring;
    /// none if there are no more.
    pub(super) fn entries_from(&self, seq: Seq) -> Vec<IndexEntry> {
        let evicted: Vec<_> = self.index.from(seq).take(ENTRIES_PER_LOCK).cloned().collect();
        if !evicted.is_empty() {
            return evicted;
        }
        let batches = self.ring.from(seq.max(self.ring.oldest())).into_iter().flatten();
        batches.filter_map(|batch| IndexEntry::new(batch)).take(ENTRIES_PER_LOCK).collect()
    }
}

impl Wakeups {
    /// Wakes or sends; the caller must not hold a lock of the feed.
    pub(super) fn run(self) {
        match self {
            Wakeups::Relay(relay) => relay.into_iter().for_each(Waker::wake),
            Wakeups::Inline(waiters) => inline::send(waiters),
        }
    }
}
