//! What has gone out to peers, counted for whoever watches.

use std::sync::atomic::{AtomicU64, Ordering};

/// A number that only grows.
#[derive(Debug, Default)]
pub(super) struct Counter(AtomicU64);

/// Counts since the program started, over all peers.
#[derive(Debug, Default)]
pub struct Traffic {
    pub(super) events: Counter,
    pub(super) bytes: Counter,
    pub(super) gaps: Counter,
    /// Events that peers were told they will not get, where their number is known.
    pub(super) lost: Counter,
    /// Peers that took no byte for too long.
    pub(super) dropped: Counter,
    /// Requests for event streams for which there was no room.
    pub(super) turned_away: Counter,
}

impl Traffic {
    /// How often peers were told that they will not get something.
    #[must_use]
    pub fn gaps(&self) -> u64 {
        self.gaps.get()
    }
}

impl Counter {
    pub(super) fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
