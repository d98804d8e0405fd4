//! A gap: what a subscriber is told of events that it will not get.

use crate::event::{GapReason, Position};

/// Events that a subscriber will not get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Why.
    pub reason: GapReason,
    /// How many, where that can be known.
    pub lost: Option<u64>,
    /// Where the subscriber goes on.
    pub position: Position,
}
