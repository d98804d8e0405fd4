//! The desk: followed paths that workers hand back to the coordinator.

use std::sync::{Arc, Mutex, PoisonError};

use super::followed_path::FollowedPath;
use super::wake_signal::WakeSignal;

/// A followed path that its worker has handed back.
#[derive(Debug)]
pub(super) enum Returned {
    /// The path leads to another mount now.
    Moved(FollowedPath),
    /// The path leads nowhere, and all of its files are closed.
    Gone(FollowedPath),
}

/// The returned paths, and the signal that wakes the coordinator.
#[derive(Debug, Default)]
pub(super) struct Desk {
    pub(super) wake: Arc<WakeSignal>,
    returned: Mutex<Vec<Returned>>,
}

impl Desk {
    /// Hands a path back.
    pub(super) fn put(&self, returned: Returned) {
        self.returned.lock().unwrap_or_else(PoisonError::into_inner).push(returned);
        self.wake.wake();
    }

    /// Returns what was handed back since the last call.
    pub(super) fn take(&self) -> Vec<Returned> {
        std::mem::take(&mut *self.returned.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
