//! Gaps in the events of one subscriber.

use crate::event::{GapReason, Position};

/// Consecutive events that a subscriber does not get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The reason for the loss.
    pub reason: GapReason,
    /// Number of lost events; `None` if it cannot be known.
    pub lost: Option<u64>,
    /// The position at which the subscriber continues.
    pub position: Position,
}
