//! The events among which a search has found nothing.

use std::ops::Range;

use crate::event::Seq;
use crate::store::IndexEntry;

/// Largest number of ranges without a match that are remembered.
///
/// Entries in other ranges are read again. Twice the value doubles the memory, 64 KiB for each
/// subscriber, and helps only where thousands of matches are far from each other.
const MAX_QUIET: usize = 4096;

/// Ranges of events without a line that is wanted, the newest first.
#[derive(Debug, Default)]
pub(in crate::feed) struct Quiet(Vec<Range<Seq>>);

impl Quiet {
    /// Adds events that precede all others.
    pub(super) fn add(&mut self, events: Range<Seq>) {
        if let Some(later) = self.0.last_mut().filter(|later| later.start == events.end) {
            later.start = events.start;
        } else if self.0.len() < MAX_QUIET {
            self.0.push(events);
        }
    }

    /// Returns whether `entry` has lines, of which none are wanted.
    pub(in crate::feed) fn has(&self, entry: &IndexEntry) -> bool {
        let at = self.0.partition_point(|events| events.start > entry.first());
        entry.lines() > 0 && self.0.get(at).is_some_and(|events| entry.next() <= events.end)
    }
}
