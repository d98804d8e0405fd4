//! The start of a subscriber: after the last event ID of its client, or with a backlog.

use std::collections::HashMap;

use super::gap::Gap;
use super::look_back::LookBack;
use super::state::FeedState;
use crate::event::{Epoch, EventId, GapReason, Grep, ParseIdError, Position, Seq};

/// Where a subscriber begins; see "Resuming" in docs/PROTOCOL.md.
#[derive(Debug)]
pub enum Start {
    /// A new client.
    New(Backlog),
    /// A client with this last event ID; it gets the backlog of a new client if the ID is not one
    /// of this run.
    After(Result<EventId, ParseIdError>, Backlog),
}

/// The events that a new client gets before events that are published later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backlog {
    /// The events in the ring, at most [`Capacity::lines`](crate::store::Capacity).
    Ring,
    /// This number of the newest lines of each source.
    Newest(u64),
    /// All events that can be read.
    All,
}

/// The lines that can belong to a backlog; all of them by default.
#[derive(Clone, Debug, Default)]
pub struct Candidates {
    /// The expression that lines of [`Backlog::Newest`] match.
    pub grep: Option<Grep>,
    /// The event before which the backlog, and the whole read, ends.
    pub before: Option<Seq>,
}

/// The state of a subscriber that has not read yet.
#[derive(Debug)]
pub(super) struct StartPoint {
    pub(super) cursor: Position,
    /// The gap that is read first.
    pub(super) gap: Option<Gap>,
    /// By the ID of a source: the first of its events that were asked for.
    pub(super) source_starts: HashMap<usize, Seq>,
    /// The search that has to find the cursor and `source_starts`.
    pub(super) look_back: Option<LookBack>,
}

impl StartPoint {
    /// Finds where `start` is in a feed whose run is `epoch`.
    pub(super) fn find(
        state: &FeedState,
        epoch: &Epoch,
        start: Start,
        candidates: Candidates,
    ) -> Self {
        let of_backlog = |backlog| StartPoint::of_backlog(state, backlog, candidates);
        match start {
            Start::New(backlog) => of_backlog(backlog),
            Start::After(Ok(id), backlog) if id.epoch != *epoch => {
                of_backlog(backlog).after_gap(GapReason::Restart)
            }
            Start::After(Ok(id), _) if is_known(state, id.position) => {
                StartPoint::of_position(state, id.position)
            }
            Start::After(_, backlog) => of_backlog(backlog).after_gap(GapReason::Unknown),
        }
    }

    fn at(next: Seq) -> Self {
        let (cursor, source_starts) = (Position::before(next), HashMap::new());
        StartPoint { cursor, gap: None, source_starts, look_back: None }
    }

    /// Adds a gap of unknown length.
    fn after_gap(self, reason: GapReason) -> Self {
        let gap = Gap { reason, lost: None, position: self.cursor };
        StartPoint { gap: Some(gap), ..self }
    }

    /// Lost events are found when they are read; but a feed without replay has no older events.
    fn of_position(state: &FeedState, position: Position) -> Self {
        let next = state.ring.next();
        if state.ring.capacity().lines > 0 || position.next == next {
            return StartPoint { cursor: position, ..StartPoint::at(next) };
        }
        let start = StartPoint::at(next);
        let lost = Some(next - position.next);
        let gap = Gap { reason: GapReason::Evicted, lost, position: start.cursor };
        StartPoint { gap: Some(gap), ..start }
    }

    fn of_backlog(state: &FeedState, backlog: Backlog, candidates: Candidates) -> Self {
        let Candidates { grep, before } = candidates;
        let FeedState { ring, .. } = state;
        let start = match backlog {
            _ if ring.capacity().lines == 0 => StartPoint::at(ring.next()),
            Backlog::Ring => StartPoint::at(ring.replay_start()),
            Backlog::All => StartPoint::at(oldest(state)),
            Backlog::Newest(0) => StartPoint::at(ring.next()),
            Backlog::Newest(lines) if grep.is_some() || before.is_some() => {
                let end = before.unwrap_or(ring.next());
                let search = LookBack::new(lines, grep, end, ring.replay_start());
                StartPoint { look_back: Some(search), ..StartPoint::at(oldest(state)) }
            }
            Backlog::Newest(lines) => StartPoint::of_newest(state, lines),
        };
        let end = Position::before(before.unwrap_or(Seq::MAX));
        StartPoint { cursor: start.cursor.min(end), ..start }
    }

    /// Finds the newest lines of each source, in the ring and then in the index.
    fn of_newest(state: &FeedState, lines: u64) -> Self {
        let FeedState { ring, index, .. } = state;
        let replay_start = ring.replay_start();
        let mut newest = NewestLines { lines, missing: HashMap::new(), starts: HashMap::new() };
        for batch in ring.from(ring.oldest()).into_iter().flatten().rev() {
            let first = if batch.location().is_some() { 0 } else { replay_start };
            if batch.lines().is_some() && batch.next() > first {
                newest.add(batch.source().id, batch.first().max(first), batch.next());
            }
        }
        for entry in index.entries().rev().filter(|entry| entry.lines() > 0) {
            newest.add(entry.source().id, entry.first(), entry.next());
        }
        let next = newest.starts.values().copied().min().unwrap_or(ring.next());
        StartPoint { source_starts: newest.starts, ..StartPoint::at(next) }
    }
}

/// Returns whether the feed can have written an ID for `position`.
pub(super) fn is_known(state: &FeedState, position: Position) -> bool {
    let next = state.ring.next();
    (1..=next).contains(&position.next) && (position.skip == 0 || position.next < next)
}

/// Seq of the first event that can be read.
fn oldest(state: &FeedState) -> Seq {
    let FeedState { ring, index, .. } = state;
    let batches = ring.from(ring.oldest()).into_iter().flatten();
    let mut before_replay = batches.take_while(|batch| batch.first() < ring.replay_start());
    let in_file = before_replay.find(|batch| batch.location().is_some());
    let first = in_file.map(|batch| batch.first());
    index.oldest().or(first).unwrap_or(ring.replay_start())
}

/// Counts the lines of each source, from the newest to the oldest.
struct NewestLines {
    /// Number of lines that are wanted of each source.
    lines: u64,
    /// By the ID of a source: the number of lines that are still missing.
    missing: HashMap<usize, u64>,
    /// By the ID of a source: its first line.
    starts: HashMap<usize, Seq>,
}

impl NewestLines {
    fn add(&mut self, source: usize, first: Seq, next: Seq) {
        let missing = self.missing.entry(source).or_insert(self.lines);
        let taken = (*missing).min(next - first);
        if taken > 0 {
            *missing -= taken;
            self.starts.insert(source, next - taken);
        }
    }
}
