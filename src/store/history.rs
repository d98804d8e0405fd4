//! The history of a feed: the events of earlier runs.

use super::{Capacity, Index};
use crate::event::Seq;

/// Events from before a feed began.
#[derive(Debug)]
pub struct History {
    /// The events that can be read again.
    pub index: Index,
    /// Seq of the first event of the feed.
    pub next: Seq,
}

impl History {
    /// Returns the history of a feed whose first event is number 1.
    #[must_use]
    pub fn empty(capacity: Capacity) -> Self {
        History { index: Index::new(capacity.index_bytes), next: 1 }
    }
}
