//! Checkpoints of an earlier run whose files were not found at the start.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::event::FileId;
use crate::journal::Checkpoint;

/// The checkpoints by file: a mount has not answered, or a walk had not found the path yet.
#[derive(Debug, Default)]
pub(super) struct Unclaimed(Mutex<HashMap<FileId, Checkpoint>>);

impl Unclaimed {
    pub(super) fn add(&self, file: FileId, checkpoint: Checkpoint) {
        self.lock().insert(file, checkpoint);
    }

    /// Removes and returns the checkpoint of a file that has been found.
    pub(super) fn take(&self, file: FileId) -> Option<Checkpoint> {
        self.lock().remove(&file)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<FileId, Checkpoint>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
