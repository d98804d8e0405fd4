//! The role of a file in rotated history.

use crate::journal::Checkpoint;

/// The role of a file in rotated history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HistoryRole {
    None,
    /// The file was rotated before the program has seen it.
    Part,
    /// The rotated files before it are wanted, and none of them was begun.
    Owner,
}

impl HistoryRole {
    /// Returns the role that a file had in an earlier run.
    pub(super) fn of(checkpoint: &Checkpoint) -> Self {
        if checkpoint.is_rotated {
            HistoryRole::Part
        } else if checkpoint.owes_history {
            HistoryRole::Owner
        } else {
            HistoryRole::None
        }
    }
}
