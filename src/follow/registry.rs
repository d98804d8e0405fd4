//! The registry: the status of every source, for `/sources`, `file=` and the status line.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::clock::wall_clock;
use super::source_status::{SourceKind, SourceStatus};
use crate::event::{Name, Seq, Source};

/// The status of all sources, in the order in which they were added; clones share it.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    /// By source ID.
    sources: BTreeMap<usize, SourceStatus>,
    /// The ID of the next source.
    next: usize,
    /// Totals of the sources that were removed, and gaps of all sources.
    removed: ReadTotals,
}

/// Lines, bytes and relayed gaps that were published in this run, over all sources.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReadTotals {
    /// Number of lines.
    pub lines: u64,
    /// Number of bytes in the batches of these lines.
    pub bytes: u64,
    /// Number of gaps in the events of other servers.
    pub relayed_gaps: u64,
    /// Number of events that were lost in them, as far as it is known.
    pub relayed_lost: u64,
}

impl Registry {
    /// Adds a source, which gets an ID that no other source ever gets.
    pub(crate) fn add(&self, kind: SourceKind, name: Name) -> Arc<Source> {
        let mut state = self.lock();
        let source = Arc::new(Source { id: state.next, name });
        state.next += 1;
        state.sources.insert(source.id, SourceStatus::new(Arc::clone(&source), kind));
        source
    }

    /// Changes the status of a source.
    pub(crate) fn update(&self, source: &Source, change: impl FnOnce(&mut SourceStatus)) {
        if let Some(status) = self.lock().sources.get_mut(&source.id) {
            change(status);
        }
    }

    /// Counts lines of a source that were published; `next` is the seq of the event after them.
    pub(crate) fn add_lines(&self, source: &Source, lines: u64, bytes: u64, next: Seq) {
        self.update(source, |status| {
            status.lines += lines;
            status.bytes += bytes;
            status.last_change = Some(wall_clock());
            status.newest = next;
            if let SourceKind::Upstream(_) = status.kind {
                status.offset += bytes;
            }
        });
    }

    /// Counts a gap in the events of another server, in which this number of events was lost.
    pub(crate) fn add_gap(&self, lost: Option<u64>) {
        let totals = &mut self.lock().removed;
        totals.relayed_gaps += 1;
        totals.relayed_lost = totals.relayed_lost.saturating_add(lost.unwrap_or(0));
    }

    /// Removes a source; the totals keep its lines and bytes.
    pub(crate) fn remove(&self, source: &Source) {
        let mut state = self.lock();
        if let Some(status) = state.sources.remove(&source.id) {
            state.removed.add(&status);
        }
    }

    /// Returns the seq after the newest line of a source; zero if it has none in this run.
    pub(crate) fn newest(&self, source: &Source) -> Seq {
        self.lock().sources.get(&source.id).map_or(0, |status| status.newest)
    }

    /// Returns a copy of the status of all sources.
    #[must_use]
    pub fn entries(&self) -> Vec<SourceStatus> {
        self.lock().sources.values().cloned().collect()
    }

    /// Returns the totals of all sources, also of those that were removed.
    #[must_use]
    pub fn totals(&self) -> ReadTotals {
        let state = self.lock();
        let mut totals = state.removed;
        state.sources.values().for_each(|status| totals.add(status));
        totals
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ReadTotals {
    fn add(&mut self, status: &SourceStatus) {
        self.lines += status.lines;
        self.bytes += status.bytes;
    }
}
