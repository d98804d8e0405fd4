//! A gap: what a subscriber is told of events that it will not get.

use crate::event::Position;

/// Why events were lost to a subscriber.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// They were gone when it came.
    Evicted,
    /// They went while it was connected.
    Slow,
    /// Their file does not have them any more.
    Truncated,
    /// Its ID is of another run.
    Restart,
    /// Its ID is none of ours.
    Unknown,
}

/// Events that a subscriber will not get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Why.
    pub reason: Reason,
    /// How many, where that can be known.
    pub lost: Option<u64>,
    /// Where the subscriber goes on.
    pub position: Position,
}
