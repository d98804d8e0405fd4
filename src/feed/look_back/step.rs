//! A step of a search: events that a blocking thread reads and searches.

use std::fmt;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;

use tokio::task::spawn_blocking;

use super::tally::FoundLine;
use crate::event::{Batch, Position, Scan, ScanRange, Section, Selection, Seq};
use crate::feed::reload::Reloader;
use crate::feed::shared::Shared;
use crate::record::Clock;
use crate::store::IndexEntry;

/// Events that a blocking thread searches.
pub(super) struct Step {
    pub(super) events: Range<Seq>,
    pub(super) matches: Pin<Box<dyn Future<Output = Vec<FoundLine>> + Send>>,
}

/// The content of the events of a step.
pub(super) enum Part {
    /// The newest batch first.
    Batches(Vec<Arc<Batch>>),
    Entry(IndexEntry),
}

impl Step {
    /// Searches `part`, the content of `events`, when a blocking thread may do that.
    pub(super) fn new(
        events: Range<Seq>,
        part: Part,
        selection: &Arc<Selection>,
        replay_start: Seq,
        shared: &Shared,
    ) -> Self {
        let (selection, reloader) = (Arc::clone(selection), Arc::clone(&shared.reloader));
        let permits = Arc::clone(&shared.search_permits);
        let is_wanted = Arc::new(());
        let matches = Box::pin(async move {
            let permit = permits.acquire_owned().await;
            let wanted = Arc::downgrade(&is_wanted);
            let search = move || {
                // Held by the thread, which goes on when the subscriber has gone.
                let _permit = permit;
                // A step that waits for a thread when its subscriber is dropped is not begun.
                if wanted.strong_count() == 0 {
                    return Vec::new();
                }
                part.search(&selection, replay_start, &reloader)
            };
            let matches = spawn_blocking(search).await;
            drop(is_wanted);
            // A panic of the thread has been reported, and counts as no match.
            matches.unwrap_or_default()
        });
        Step { events, matches }
    }
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Step").field("events", &self.events).finish_non_exhaustive()
    }
}

impl Part {
    /// Returns the lines that `selection` wants, the newest first; those before `replay_start` only
    /// if they are in a file. With surroundings, returns all lines.
    fn search(
        self,
        selection: &Selection,
        replay_start: Seq,
        reloader: &Reloader,
    ) -> Vec<FoundLine> {
        let (mut batches, replay_start) = match self {
            Part::Batches(batches) => (batches, replay_start),
            Part::Entry(entry) => match reloader.read_uncached(&entry) {
                Some(batches) => (batches.into_iter().rev().collect(), 0),
                None => return vec![FoundLine::unreadable(&entry)],
            },
        };
        // The oldest first, because each one has the context of the next.
        batches.reverse();
        let mut found = Vec::new();
        let mut before: Option<&Batch> = None;
        for batch in &batches {
            if selection.needs_records() {
                reloader.find_context(before, batch);
            }
            found.extend(matches(batch, selection, reloader.clock(), replay_start));
            before = Some(batch);
        }
        found.reverse();
        found
    }
}

impl FoundLine {
    /// Makes the result for an entry whose file does not have it any more.
    fn unreadable(entry: &IndexEntry) -> Self {
        let (source, seq) = (entry.source().id, entry.first());
        let (is_match, continues, is_rest) = (false, false, false);
        FoundLine { source, seq, is_match, continues, is_rest, is_unreadable: true }
    }
}

/// Seq of the first event of `batch` that can be read.
pub(super) fn first_readable(batch: &Batch, replay_start: Seq) -> Seq {
    if batch.is_logged() { batch.first() } else { batch.first().max(replay_start) }
}

/// Returns the lines of `batch` that `selection` wants.
fn matches(
    batch: &Batch,
    selection: &Selection,
    clock: &Clock,
    replay_start: Seq,
) -> Vec<FoundLine> {
    let start = Position::before(first_readable(batch, replay_start));
    let range = ScanRange { start, end: batch.next() };
    let clock = selection.needs_records().then_some(clock);
    let sections = Scan::of(batch, range, selection, clock, || true).sections;
    let found = |section: Section| FoundLine {
        source: batch.source().id,
        seq: batch.first() + section.spans.start as Seq,
        is_match: section.is_match,
        continues: section.continues,
        is_rest: section.is_rest,
        is_unreadable: false,
    };
    sections.into_iter().map(found).collect()
}
