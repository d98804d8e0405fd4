//! What has gone out to peers, counted for whoever watches.

use std::sync::atomic::{AtomicU64, Ordering};

/// A number that only grows.
#[derive(Debug, Default)]
pub(super) struct Count(AtomicU64);

/// Counts since the program started, over all peers.
#[derive(Debug, Default)]
pub struct Traffic {
    pub(super) events: Count,
    pub(super) bytes: Count,
    pub(super) gaps: Count,
    /// Events that peers were told they will not get, where their number is known.
    pub(super) lost: Count,
    /// Peers that took no byte for too long.
    pub(super) dropped: Count,
    /// Requests for event streams for which there was no room.
    pub(super) turned_away: Count,
}

impl Traffic {
    /// How often peers were told that they will not get something.
    #[must_use]
    pub fn gaps(&self) -> u64 {
        self.gaps.get()
    }
}

impl Count {
    pub(super) fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
