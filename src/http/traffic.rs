//! Counts of what was sent to peers.

use std::sync::atomic::{AtomicU64, Ordering};

use super::refused_names::RefusedNames;

/// A count that only grows.
#[derive(Debug, Default)]
pub(super) struct Counter(AtomicU64);

/// Counts since the program started, over all peers.
#[derive(Debug, Default)]
pub struct Traffic {
    /// Events that were sent.
    pub(super) events: Counter,
    /// Bytes of event streams that were sent.
    pub(super) bytes: Counter,
    /// Gaps that were sent.
    pub(super) gaps: Counter,
    /// Events in those gaps whose number is known.
    pub(super) lost: Counter,
    /// Peers that were disconnected because they took no byte for too long.
    pub(super) dropped: Counter,
    /// Requests for event streams over the limit.
    pub(super) refused_streams: Counter,
    /// Hosts and origins whose requests were refused.
    pub(super) refused_names: RefusedNames,
}

impl Traffic {
    /// Returns the number of gaps that were sent.
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
