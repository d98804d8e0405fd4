//! Looking back: finds the newest lines of each source that match an expression.
//!
//! The search goes backward through the ring and then through the index, in steps.
//! A step takes a few batches or one entry while the feed is locked; a blocking thread of the runtime
//! then reads and searches them.
//! Between two steps, other subscribers can use the lock and the thread.

mod quiet;
mod step;
mod tally;

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

pub(super) use self::quiet::Quiet;
use self::step::{Part, Step, first_readable};
use self::tally::{FoundLine, Tally};
use super::shared::Shared;
use super::state::{ENTRIES_PER_LOCK, FeedState};
use crate::event::{Selection, Seq, Source, Surroundings};
use crate::store::MessageGroup;

/// Bytes of lines in memory after which a step takes no further batch; half as many as an entry of
/// the index can have.
///
/// With twice the value, a step keeps its thread for twice as long; with half the value, the lock is
/// taken twice as often.
const STEP_SIZE: usize = 256 * 1024;

/// Number of times that the lock is taken before other tasks get their turn.
///
/// Each time, up to 256 entries are examined. With twice the number, a search that passes over the
/// entries of other sources delays the tasks of its thread for twice as long.
const LOCKS_PER_POLL: usize = 16;

/// Most bytes of messages that are read to find the newest lines of each source, if they need not
/// match anything: some sources may have written nothing for a long time.
///
/// With half the value, the lines of a source between many others are missed twice as often; with
/// twice the value, such a search can take twice as long.
const MESSAGE_BYTES: u64 = 64 << 20;

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
    /// True if all events are counted, without a selection, and have to be read for that.
    reads_all: bool,
    /// Bytes of messages that may still be read to count lines that are not selected.
    budget: u64,
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
            reads_all: false,
            budget: MESSAGE_BYTES,
        }
    }

    /// Reads the events to count them: those of messages, of which only a part is known.
    pub(super) fn reading_all(mut self) -> Self {
        if self.selection.is_none() {
            self.selection = Some(Arc::default());
            self.reads_all = true;
        }
        self
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
        state: &FeedState,
        is_selected: impl Fn(&Source) -> bool,
    ) -> Option<Part> {
        let (before, ring) = (self.before, &state.ring);
        let mut size = 0;
        let mut batches = Vec::new();
        for batch in ring.before(before).rev().take(ENTRIES_PER_LOCK) {
            let can_be_read = batch.is_logged() || batch.next() > self.replay_start;
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
        for entry in state.entries_before(before) {
            let source = entry.source();
            if let Some(group) = entry.messages() {
                let floor = self.floors.get(&source.id).copied().unwrap_or(0);
                if entry.next() <= floor || !self.takes(group) {
                    return None;
                }
                self.before = entry.first();
                return Some(Part::Entry(entry));
            }
            self.before = entry.first();
            let is_missing = entry.lines() > 0 && self.is_missing(source, entry.next());
            if is_missing && is_selected(source) {
                return Some(Part::Entry(entry));
            }
        }
        None
    }

    /// Returns whether the search goes on with the messages of `group`.
    ///
    /// Without a selection, it ends when all sources that it has seen have enough lines.
    fn takes(&mut self, group: &MessageGroup) -> bool {
        if !self.reads_all {
            return true;
        }
        let is_complete = !self.tallies.is_empty() && self.tallies.values().all(Tally::is_complete);
        let messages = group.sequences.end - group.sequences.start;
        let bytes = messages * group.log.message_size();
        let is_affordable = self.budget > 0;
        self.budget = self.budget.saturating_sub(bytes);
        is_affordable && !is_complete
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

#[cfg(test)]
mod tests;
