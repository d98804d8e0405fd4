//! The decision what a subscriber reads next.

use std::sync::Arc;

use super::state::FeedState;
use crate::event::{Batch, Seq};
use crate::store::{Found, IndexEntry};

/// Largest number of bytes of lines that one read returns, unless a single batch is larger.
///
/// Measured in seven interleaved runs against 32 KiB: 1.6 times the throughput with 10 streams, 1.2
/// times with 100. With twice the value, other streams of the same thread wait longer.
pub(super) const READ_SIZE: usize = 96 * 1024;

/// Largest number of bytes of lines that one read from a file returns to a subscriber that selects
/// some of them.
///
/// With half the value, an entry of the index takes two reads, and twice as many writes to the socket.
pub(super) const SELECTED_READ_SIZE: usize = 512 * 1024;

/// Largest number of bytes of one read from memory while there are fewer than [`MANY`] subscribers.
///
/// A client then works on the first part while the next one is sent. In three interleaved runs with
/// one stream, 32 KiB reached 2.0 times the throughput of 96 KiB.
const SMALL_READ: usize = 32 * 1024;

/// Number of subscribers from which on reads are large, because writes to sockets then take the
/// most time. With twice the number, more feeds send in small writes.
const MANY: usize = 8;

/// The events at a cursor.
pub(super) enum NextRead {
    /// These batches of the ring; not empty.
    InMemory(Vec<Arc<Batch>>),
    /// The events of this entry, which have to be read from their file.
    InFile(IndexEntry),
    /// No event that the subscriber wants, before this seq.
    Unwanted(Seq),
    /// No event that can be read, before this seq.
    Lost(Seq),
    /// No event yet.
    CaughtUp,
}

impl FeedState {
    /// Returns what a subscriber at `cursor` reads next.
    ///
    /// Events before `replay_start` can only be read if they are in a file, also those in the ring.
    /// Entries for which `is_wanted` returns false need not be read.
    pub(super) fn next_read(
        &self,
        cursor: Seq,
        replay_start: Seq,
        is_wanted: impl Fn(&IndexEntry) -> bool,
    ) -> NextRead {
        if let Some(batches) = self.ring.from(cursor) {
            let can_be_read = |batch: &&Arc<Batch>| {
                batch.next() > replay_start || batch.lines().is_none() || batch.is_logged()
            };
            let mut batches = batches.peekable();
            return match batches.peek() {
                None => NextRead::CaughtUp,
                Some(first)
                    if cursor < replay_start && !first.is_logged() && first.lines().is_some() =>
                {
                    NextRead::Lost(first.next().min(replay_start))
                }
                Some(_) => {
                    let size = if self.waiters.len() < MANY { SMALL_READ } else { READ_SIZE };
                    NextRead::InMemory(first_batches(batches.take_while(can_be_read), size))
                }
            };
        }
        match self.find(cursor) {
            Found::Unknown(next) => NextRead::Unwanted(next),
            Found::Hole(next) => NextRead::Lost(next.unwrap_or(self.ring.oldest())),
            Found::Group(entry) if is_wanted(&entry) => NextRead::InFile(entry),
            Found::Group(entry) => NextRead::Unwanted(entry.next().min(self.ring.oldest())),
        }
    }

    /// Returns the entry with event `seq`, if it is wanted and does not grow any more.
    pub(super) fn complete_entry(
        &self,
        seq: Seq,
        is_wanted: impl Fn(&IndexEntry) -> bool,
    ) -> Option<IndexEntry> {
        let Found::Group(entry) = self.find(seq) else { return None };
        let is_newest = matches!(self.find(entry.next()), Found::Hole(None));
        (!is_newest && is_wanted(&entry)).then_some(entry)
    }
}

/// Returns the first batches, with at most `size` bytes unless the first one is larger.
pub(super) fn first_batches<'a>(
    batches: impl Iterator<Item = &'a Arc<Batch>>,
    size: usize,
) -> Vec<Arc<Batch>> {
    let mut bytes = 0;
    batches
        .take_while(|batch| {
            let len = batch.lines().map_or(0, |lines| lines.bytes.len());
            let fits = bytes == 0 || bytes + len <= size;
            bytes += len.max(1);
            fits
        })
        .cloned()
        .collect()
}
