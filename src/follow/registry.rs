//! The registry: the status of every source, for `/sources`, `file=` and the status line.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::source_status::{SourceKind, SourceStatus};
use crate::event::{Name, Source};

/// The status of all sources, in the order in which they were added; clones share it.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    entries: Arc<Mutex<Vec<SourceStatus>>>,
}

impl Registry {
    /// Adds a source, which gets the next ID.
    pub(super) fn add(&self, kind: SourceKind, name: Name) -> Arc<Source> {
        let mut entries = self.lock();
        let source = Arc::new(Source { id: entries.len(), name });
        entries.push(SourceStatus::new(Arc::clone(&source), kind));
        source
    }

    /// Changes the status of a source.
    pub(super) fn update(&self, source: &Source, change: impl FnOnce(&mut SourceStatus)) {
        if let Some(status) = self.lock().get_mut(source.id) {
            change(status);
        }
    }

    /// Returns a copy of the status of all sources.
    #[must_use]
    pub fn entries(&self) -> Vec<SourceStatus> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<SourceStatus>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
