//! The state with which this run continues files of an earlier run that are found after the start.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use super::start_at::StartAt;
use crate::event::FileId;
use crate::journal::Checkpoint;

/// The checkpoints of files that were not found: a mount has not answered, or a walk had not found
/// the path yet.
#[derive(Debug, Default)]
pub(super) struct Unclaimed {
    checkpoints: Mutex<HashMap<FileId, Checkpoint>>,
    /// The lines that are wanted of files that exist at the start, and of their rotated files.
    pub(super) start_at: OnceLock<StartAt>,
}

impl Unclaimed {
    pub(super) fn add(&self, file: FileId, checkpoint: Checkpoint) {
        self.lock().insert(file, checkpoint);
    }

    /// Removes and returns the checkpoint of a file that has been found.
    pub(super) fn take(&self, file: FileId) -> Option<Checkpoint> {
        self.lock().remove(&file)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<FileId, Checkpoint>> {
        self.checkpoints.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
