//! Looking back: finds the newest lines of each source that match an expression.
//!
//! The search goes backward through the ring and then through the index, in steps.
//! A step takes a few batches or one entry while the feed is locked; a blocking thread of the runtime
//! then reads and searches them.
//! Between two steps, other subscribers can use the lock and the thread.

mod quiet;
mod tally;

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::task::spawn_blocking;

pub(super) use self::quiet::Quiet;
use self::tally::{FoundLine, Tally};
use super::reload::Reloader;
use super::shared::Shared;
use super::state::{ENTRIES_PER_LOCK, FeedState};
use crate::event::{
    Batch, Position, Scan, ScanRange, Section, Selection, Seq, Source, Surroundings,
};
use crate::record::Clock;
use crate::store::IndexEntry;

/// Bytes of lines in memory after which a step takes no further batch; about as many as an entry of
/// the index has.
///
/// With twice the value, a step keeps its thread for twice as long; with half the value, the lock is
/// taken twice as often.
const STEP_SIZE: usize = 256 * 1024;

/// Number of times that the lock is taken before other tasks get their turn.
///
/// Each time, up to 256 entries are examined. With twice the number, a search that passes over the
/// entries of other sources delays the tasks of its thread for twice as long.
const LOCKS_PER_POLL: usize = 16;

/// A search for the newest lines, and its results so far.
#[derive(Debug)]
pub(super) struct LookBack {
    /// Number of lines that are wanted of each source.
    lines: u64,
    /// The lines that count; none if all do.
    selection: Option<Arc<Selection>>,
    /// Seq of the event before which the search began.
    end: Seq,
    /// Events from this seq on were taken for a step.
    before: Seq,
    /// Lines before this one count only if they are in a file.
    replay_start: Seq,
    /// By the ID of a source: its lines that were found.
    tallies: HashMap<usize, Tally>,
    /// By the ID of a source: the first line that was found.
    starts: HashMap<usize, Seq>,
    /// By the ID of a source: its lines before this one do not count.
    floors: HashMap<usize, Seq>,
    quiet: Quiet,
    step: Option<Step>,
}

/// The result of a search.
#[derive(Debug)]
pub(super) struct Found {
    /// The first line that is wanted, or the event before which the search began.
    pub(super) first: Seq,
    /// By the ID of a source: the first of its lines that are wanted.
    pub(super) starts: HashMap<usize, Seq>,
    pub(super) quiet: Quiet,
}

impl Found {
    /// Begins with the first events of the sources, or at `first` if that is earlier.
    pub(super) fn at(starts: HashMap<usize, Seq>, first: Seq) -> Self {
        let first = starts.values().copied().min().unwrap_or(first).min(first);
        Found { first, starts, quiet: Quiet::default() }
    }
}

/// Events that a blocking thread searches.
struct Step {
    events: Range<Seq>,
    matches: Pin<Box<dyn Future<Output = Vec<FoundLine>> + Send>>,
}

/// The content of the events of a step.
enum Part {
    /// The newest batch first.
    Batches(Vec<Arc<Batch>>),
    Entry(IndexEntry),
}

impl LookBack {
    /// Makes a search through the events before `before`; of those before `replay_start`, only the
    /// ones in a file count.
    pub(super) fn new(
        lines: u64,
        selection: Option<Arc<Selection>>,
        before: Seq,
        replay_start: Seq,
    ) -> Self {
        LookBack {
            lines,
            selection,
            end: before,
            before,
            replay_start,
            tallies: HashMap::new(),
            starts: HashMap::new(),
            floors: HashMap::new(),
            quiet: Quiet::default(),
            step: None,
        }
    }

    /// Leaves out the lines before `floors`, by the ID of their source.
    pub(super) fn begin_at(&mut self, floors: HashMap<usize, Seq>) {
        self.floors = floors;
    }

    /// Searches the lines of sources for which `is_selected` returns true; ready when all of them
    /// are found.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        shared: &Shared,
        is_selected: impl Fn(&Source) -> bool,
    ) -> Poll<Found> {
        for _ in 0..LOCKS_PER_POLL {
            if let Some(step) = &mut self.step {
                let matches = ready!(step.matches.as_mut().poll(cx));
                let events = step.events.clone();
                self.step = None;
                self.add(events, &matches);
            }
            let end = self.before;
            let part = self.next_part(&shared.lock(), &is_selected);
            let events = self.before..end;
            match (part, &self.selection) {
                (None, _) if events.is_empty() => {
                    return Poll::Ready(self.take_found());
                }
                (None, _) => self.add(events, &[]),
                (Some(part), None) => self.add_all(&part, end),
                (Some(part), Some(selection)) => {
                    self.step = Some(Step::new(events, part, selection, self.replay_start, shared));
                }
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Takes the events of the next step; none of the examined ones, from `before` on, have lines
    /// that are wanted if it returns `None`.
    fn next_part(
        &mut self,
        FeedState { ring, index, .. }: &FeedState,
        is_selected: impl Fn(&Source) -> bool,
    ) -> Option<Part> {
        let before = self.before;
        let mut size = 0;
        let mut batches = Vec::new();
        for batch in ring.before(before).rev().take(ENTRIES_PER_LOCK) {
            let can_be_read = batch.location().is_some() || batch.next() > self.replay_start;
            let is_wanted = can_be_read && self.is_missing(batch.source(), batch.next());
            if let Some(lines) = batch.lines().filter(|_| is_wanted && is_selected(batch.source()))
            {
                size += lines.bytes.len();
                batches.push(Arc::clone(batch));
            }
            self.before = batch.first();
            if size >= STEP_SIZE {
                break;
            }
        }
        if self.before < before {
            return (!batches.is_empty()).then_some(Part::Batches(batches));
        }
        for entry in index.before(before).rev().take(ENTRIES_PER_LOCK) {
            let source = entry.source();
            self.before = entry.first();
            let is_missing = entry.lines() > 0 && self.is_missing(source, entry.next());
            if is_missing && is_selected(source) {
                return Some(Part::Entry(entry.clone()));
            }
        }
        None
    }

    /// Returns whether lines of `source` before event `next` are missing.
    fn is_missing(&self, source: &Source, next: Seq) -> bool {
        let floor = self.floors.get(&source.id).copied().unwrap_or(0);
        next > floor && !self.tallies.get(&source.id).is_some_and(Tally::is_complete)
    }

    /// Adds the lines among `events` that were found, the newest first.
    fn add(&mut self, events: Range<Seq>, found: &[FoundLine]) {
        // An entry may have grown by batches that were searched in the ring.
        let is_taken = |line: &FoundLine| line.seq < events.end;
        let has_surroundings = self.surroundings() != Surroundings::None;
        if !has_surroundings && !found.iter().any(is_taken) {
            self.quiet.add(events.clone());
        }
        for line in found.iter().filter(|line| is_taken(line)) {
            if self.tally(line.source).add(line) {
                self.starts.insert(line.source, line.seq);
            }
        }
    }

    fn surroundings(&self) -> Surroundings {
        self.selection.as_ref().map_or(Surroundings::None, |selection| selection.surroundings)
    }

    fn tally(&mut self, source: usize) -> &mut Tally {
        let (lines, surroundings) = (self.lines, self.surroundings());
        self.tallies.entry(source).or_insert_with(|| Tally::new(lines, surroundings))
    }

    /// Adds all lines of `part` before `end`, which need not be read.
    fn add_all(&mut self, part: &Part, end: Seq) {
        let replay_start = self.replay_start;
        let mut add = |source: usize, events: Range<Seq>| {
            let next = events.end.min(end);
            let taken = self.tally(source).add_all(next.saturating_sub(events.start));
            if taken > 0 {
                self.starts.insert(source, next - taken);
            }
        };
        match part {
            Part::Entry(entry) => add(entry.source().id, entry.first()..entry.next()),
            Part::Batches(batches) => batches.iter().for_each(|batch| {
                let first = first_readable(batch, replay_start).min(end);
                add(batch.source().id, first..batch.next());
            }),
        }
    }

    fn take_found(&mut self) -> Found {
        let (starts, quiet) = (std::mem::take(&mut self.starts), std::mem::take(&mut self.quiet));
        Found { first: starts.values().copied().min().unwrap_or(self.end), starts, quiet }
    }
}

impl Step {
    /// Searches `part`, the content of `events`, when a blocking thread may do that.
    fn new(
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
        FoundLine { source, seq, is_match: false, continues: false, is_unreadable: true }
    }
}

/// Seq of the first event of `batch` that can be read.
fn first_readable(batch: &Batch, replay_start: Seq) -> Seq {
    if batch.location().is_some() { batch.first() } else { batch.first().max(replay_start) }
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
        is_unreadable: false,
    };
    sections.into_iter().map(found).collect()
}

#[cfg(test)]
mod tests;
