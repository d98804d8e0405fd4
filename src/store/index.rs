//! The index: where the bytes of evicted batches are.
//!
//! A plain value that takes no lock, knows no clock and does no I/O.
//! Neighbouring batches of one file become one entry, which also has the sizes of the batches: one
//! busy file takes one entry and a few bytes for each 512 KiB.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::IndexEntry;
use crate::event::{Batch, Log, Seq, Source};

/// Largest number of files of one source that stay open for its history.
///
/// A source that is rotated often would otherwise use up the descriptors of the process; twice the
/// value doubles the descriptors that each such source takes.
const MAX_LOGS: usize = 64;

/// The evicted events that can be read again; bounded in memory.
#[derive(Debug)]
pub struct Index {
    /// Ordered by seq; an event between two entries cannot be read again.
    entries: VecDeque<IndexEntry>,
    capacity: usize,
    bytes: usize,
    /// The logs of each source that entries refer to, oldest first.
    logs: HashMap<usize, VecDeque<Arc<dyn Log>>>,
}

/// The result of a search for a seq.
#[derive(Debug)]
pub enum Lookup<'a> {
    /// The entry with the event.
    Entry(&'a IndexEntry),
    /// No entry has the event; the next entry begins at this seq, if there is one.
    Hole(Option<Seq>),
}

impl Index {
    /// Makes an empty index that takes at most `capacity` bytes of memory.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Index { entries: VecDeque::new(), capacity, bytes: 0, logs: HashMap::new() }
    }

    /// Adds an evicted batch that follows all others, if it can be read again.
    pub fn push(&mut self, batch: &Batch) {
        if let Some(entry) = IndexEntry::new(batch) {
            self.push_entry(entry);
        }
    }

    /// Adds an entry that follows all others.
    pub(crate) fn push_entry(&mut self, entry: IndexEntry) {
        if let Some(grown) = self.entries.back_mut().and_then(|last| last.merge(&entry)) {
            self.bytes += grown;
        } else if !entry.is_dropped() {
            self.add_log(&entry);
            self.bytes += entry.size();
            self.entries.push_back(entry);
        }
        while self.bytes > self.capacity {
            self.evict();
        }
    }

    /// Removes and returns the newest entry.
    pub(crate) fn pop(&mut self) -> Option<IndexEntry> {
        let entry = self.entries.pop_back()?;
        self.bytes -= entry.size();
        Some(entry)
    }

    /// Returns an index of the same events with another capacity, and with the sources and logs
    /// that `source` and `log` return for those of this index.
    pub(crate) fn map(
        self,
        capacity: usize,
        source: impl Fn(&Arc<Source>) -> Arc<Source>,
        log: impl Fn(&Arc<dyn Log>) -> Arc<dyn Log>,
    ) -> Self {
        let mut index = Index::new(capacity);
        for entry in self.entries {
            index.push_entry(entry.map(&source, &log));
        }
        index
    }

    /// Seq of the first event.
    #[must_use]
    pub fn oldest(&self) -> Option<Seq> {
        self.entries.front().map(IndexEntry::first)
    }

    /// Searches event `seq`.
    #[must_use]
    pub fn find(&self, seq: Seq) -> Lookup<'_> {
        let at = self.entries.partition_point(|entry| entry.next() <= seq);
        match self.entries.get(at) {
            Some(entry) if entry.first() <= seq => Lookup::Entry(entry),
            later => Lookup::Hole(later.map(IndexEntry::first)),
        }
    }

    /// Iterates over the entries with events from `seq` on.
    pub(crate) fn from(&self, seq: Seq) -> impl Iterator<Item = &IndexEntry> {
        self.entries.range(self.entries.partition_point(|entry| entry.next() <= seq)..)
    }

    /// Iterates over the entries that begin before `seq`.
    pub(crate) fn before(&self, seq: Seq) -> impl DoubleEndedIterator<Item = &IndexEntry> {
        self.entries.range(..self.entries.partition_point(|entry| entry.first() < seq))
    }

    /// Iterates over all entries, oldest first.
    #[must_use]
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = &IndexEntry> {
        self.entries.iter()
    }

    /// Bytes of memory of all entries.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Returns true if lines of `source` can be read again.
    #[must_use]
    pub fn has_lines(&self, source: &Source) -> bool {
        self.logs.contains_key(&source.id)
    }

    /// Removes the entries whose log has removed their bytes on purpose.
    pub fn remove_dropped(&mut self) {
        self.retain(|entry| !entry.is_dropped());
        self.logs.retain(|_, logs| {
            logs.retain(|log| log.oldest() < u64::MAX);
            !logs.is_empty()
        });
    }

    fn add_log(&mut self, entry: &IndexEntry) {
        let Some(log) = entry.log() else { return };
        let logs = self.logs.entry(entry.source().id).or_default();
        if logs.iter().rev().any(|known| Arc::ptr_eq(known, log)) {
            return;
        }
        logs.push_back(Arc::clone(log));
        if logs.len() > MAX_LOGS
            && let Some(oldest) = logs.pop_front()
        {
            self.retain(|entry| !entry.log().is_some_and(|log| Arc::ptr_eq(log, &oldest)));
        }
    }

    fn retain(&mut self, is_kept: impl Fn(&IndexEntry) -> bool) {
        self.entries.retain(is_kept);
        self.bytes = self.entries.iter().map(IndexEntry::size).sum();
    }

    /// Removes the oldest entry, and its log if no entry near it refers to that.
    fn evict(&mut self) {
        let Some(entry) = self.entries.pop_front() else {
            self.bytes = 0;
            return;
        };
        self.bytes -= entry.size();
        let Some(log) = entry.log() else { return };
        let is_same = |other: &IndexEntry| other.log().is_some_and(|other| Arc::ptr_eq(other, log));
        // Entries of one file follow each other closely, unless there are many busy sources.
        if !self.entries.iter().take(MAX_LOGS).any(is_same)
            && let Entry::Occupied(mut logs) = self.logs.entry(entry.source().id)
        {
            logs.get_mut().retain(|known| !Arc::ptr_eq(known, log));
            if logs.get().is_empty() {
                logs.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests;
