//! Where a subscriber begins: by the ID it has, or by how much it wants to see first.

use std::collections::HashMap;

use super::{Feed, FeedState, Gap};
use crate::event::{EventId, GapReason, ParseIdError, Position, Seq};

/// Where a subscriber begins.
#[derive(Debug)]
pub enum Start {
    /// A new client.
    New(Backlog),
    /// A client that has the events up to this ID, or says so; else as a new one.
    After(Result<EventId, ParseIdError>, Backlog),
}

/// What a new client gets before what happens from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backlog {
    /// What the ring holds.
    Ring,
    /// The newest lines of each source.
    Newest(u64),
    /// All that can still be had.
    All,
}

/// The state of a subscriber that has read nothing yet.
#[derive(Debug)]
pub(super) struct StartPoint {
    pub(super) cursor: Position,
    /// What it is told first.
    pub(super) gap: Option<Gap>,
    /// Sources of which only events from a seq on are wanted.
    pub(super) since: HashMap<usize, Seq>,
}

impl Feed {
    pub(super) fn begin(&self, state: &FeedState, start: Start) -> StartPoint {
        let anew = |backlog, reason| {
            let beginning = state.begin_anew(backlog);
            let gap = Gap { reason, lost: None, position: beginning.cursor };
            StartPoint { gap: Some(gap), ..beginning }
        };
        match start {
            Start::New(backlog) => state.begin_anew(backlog),
            Start::After(Ok(id), backlog) if id.epoch != *self.encoder().epoch() => {
                anew(backlog, GapReason::Restart)
            }
            Start::After(Ok(id), _) if state.could_have_given(id.position) => {
                state.resume(id.position)
            }
            Start::After(_, backlog) => anew(backlog, GapReason::Unknown),
        }
    }
}

impl FeedState {
    fn could_have_given(&self, position: Position) -> bool {
        (1..=self.ring.next()).contains(&position.next)
            && (position.skip == 0 || position.next < self.ring.next())
    }

    /// What cannot be had any more is found out on reading; but without replay, nothing older is.
    fn resume(&self, position: Position) -> StartPoint {
        let next = self.ring.next();
        if self.ring.capacity().lines > 0 || position.next == next {
            return StartPoint { cursor: position, gap: None, since: HashMap::new() };
        }
        let cursor = Position::before(next);
        let gap =
            Gap { reason: GapReason::Evicted, lost: Some(next - position.next), position: cursor };
        StartPoint { cursor, gap: Some(gap), since: HashMap::new() }
    }

    fn begin_anew(&self, backlog: Backlog) -> StartPoint {
        let replay_start = self.ring.replay_start();
        let at =
            |next| StartPoint { cursor: Position::before(next), gap: None, since: HashMap::new() };
        match backlog {
            _ if self.ring.capacity().lines == 0 => at(self.ring.next()),
            Backlog::Ring => at(replay_start),
            Backlog::All => at(self.oldest()),
            Backlog::Newest(0) => at(self.ring.next()),
            Backlog::Newest(lines) => self.newest(lines),
        }
    }

    /// The first event that can be had by anyone.
    fn oldest(&self) -> Seq {
        let held = self.ring.from(self.ring.oldest()).into_iter().flatten();
        let in_file = held.take_while(|batch| batch.first() < self.ring.replay_start());
        let first =
            in_file.filter(|batch| batch.location().is_some()).map(|batch| batch.first()).next();
        self.index.oldest().or(first).unwrap_or(self.ring.replay_start())
    }

    /// Where the newest lines of each source begin, in the ring and beyond it.
    fn newest(&self, lines: u64) -> StartPoint {
        let replay_start = self.ring.replay_start();
        let mut newest = Newest { lines, missing: HashMap::new(), since: HashMap::new() };
        for batch in self.ring.from(self.ring.oldest()).into_iter().flatten().rev() {
            let first = if batch.location().is_some() { 0 } else { replay_start };
            if batch.lines().is_some() && batch.next() > first {
                newest.add(batch.source().id, batch.first().max(first), batch.next());
            }
        }
        for entry in self.index.entries().rev().filter(|entry| entry.lines() > 0) {
            newest.add(entry.source().id, entry.first(), entry.next());
        }
        let next = newest.since.values().copied().min().unwrap_or(self.ring.next());
        StartPoint { cursor: Position::before(next), gap: None, since: newest.since }
    }
}

/// Counts lines of each source from the newest on.
struct Newest {
    lines: u64,
    missing: HashMap<usize, u64>,
    since: HashMap<usize, Seq>,
}

impl Newest {
    fn add(&mut self, source: usize, first: Seq, next: Seq) {
        let missing = self.missing.entry(source).or_insert(self.lines);
        let taken = (*missing).min(next - first);
        if taken > 0 {
            *missing -= taken;
            self.since.insert(source, next - taken);
        }
    }
}
