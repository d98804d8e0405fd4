//! What is known of each source, for whoever asks: `/sources`, `file=`, the status line.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use crate::event::Source;

/// What a source is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SourceState {
    /// It does not exist yet.
    #[default]
    Waiting,
    /// It is read as it grows.
    Live,
    /// It was there and is not any more.
    Removed,
    /// It cannot be read.
    Unreadable,
    /// It was standard input, and ended.
    Ended,
}

impl SourceState {
    /// As it stands in `/sources`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            SourceState::Waiting => "waiting",
            SourceState::Live => "live",
            SourceState::Removed => "removed",
            SourceState::Unreadable => "unreadable",
            SourceState::Ended => "ended",
        }
    }
}

/// One source as it stands.
#[derive(Clone, Debug)]
pub struct SourceStatus {
    /// Who it is.
    pub source: Arc<Source>,
    /// As it was given, or matched.
    pub path: PathBuf,
    /// What it is doing.
    pub state: SourceState,
    /// Bytes in the newest file.
    pub size: u64,
    /// Bytes of it that were read.
    pub offset: u64,
    /// Lines published in this run.
    pub lines: u64,
    /// Bytes that were read with them.
    pub bytes: u64,
    /// When something was last read, in milliseconds since 1970.
    pub last_change: Option<u64>,
}

/// All sources, in the order in which they came; shared by whoever follows and whoever asks.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    entries: Arc<Mutex<Vec<SourceStatus>>>,
}

impl Registry {
    /// Adds a source, which gets the next ID.
    pub(super) fn add(&self, path: PathBuf, name: crate::event::Name) -> Arc<Source> {
        let mut entries = self.lock();
        let source = Arc::new(Source { id: entries.len(), name });
        entries.push(SourceStatus {
            source: Arc::clone(&source),
            path,
            state: SourceState::default(),
            size: 0,
            offset: 0,
            lines: 0,
            bytes: 0,
            last_change: None,
        });
        source
    }

    /// Changes what is known of a source.
    pub(super) fn update(&self, source: &Source, change: impl FnOnce(&mut SourceStatus)) {
        if let Some(entry) = self.lock().get_mut(source.id) {
            change(entry);
        }
    }

    /// All sources as they stand.
    #[must_use]
    pub fn entries(&self) -> Vec<SourceStatus> {
        self.lock().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<SourceStatus>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
