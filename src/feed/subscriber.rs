//! A subscriber: one cursor in the feed.

use std::collections::HashMap;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::{Feed, Shared, State};
use crate::event::{Batch, EventId, ParseIdError, Position, Seq, Source};

/// How many bytes of lines one read hands out, unless a single batch is larger.
const READ_SIZE: usize = 32 * 1024;

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

/// Why events were lost to a subscriber.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// They were gone when it came.
    Evicted,
    /// They went while it was connected.
    Slow,
    /// Its ID is of another run.
    Restart,
    /// Its ID is none of ours.
    Unknown,
}

/// Events that a subscriber will not get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Why.
    pub reason: Reason,
    /// How many, where that can be known.
    pub lost: Option<u64>,
    /// Where the subscriber goes on.
    pub position: Position,
}

/// What a subscriber reads.
#[derive(Debug)]
pub enum Read {
    /// Events from the position on, in order; the first batch may begin before it.
    Events(Position, Vec<Arc<Batch>>),
    /// Events are missing here.
    Gap(Gap),
}

/// One cursor; see the module documentation of the feed.
#[derive(Debug)]
pub struct Subscriber {
    shared: Arc<Shared>,
    key: usize,
    cursor: Position,
    gap: Option<Gap>,
    /// Sources of which only events from a seq on are wanted.
    since: HashMap<usize, Seq>,
}

impl Feed {
    /// A subscriber that begins at `start`.
    #[must_use]
    pub fn subscribe(&self, start: Start) -> Subscriber {
        let mut state = self.shared.lock();
        let (cursor, gap, since) = match start {
            Start::New(backlog) => state.backlog(backlog).with_gap(None),
            Start::After(id, backlog) => self.resume(&state, id, backlog),
        };
        let key = state.waiting.insert(None);
        drop(state);
        Subscriber { shared: Arc::clone(&self.shared), key, cursor, gap, since }
    }

    fn resume(
        &self,
        state: &State,
        id: Result<EventId, ParseIdError>,
        backlog: Backlog,
    ) -> (Position, Option<Gap>, HashMap<usize, Seq>) {
        let anew = |reason| state.backlog(backlog).with_gap(Some(reason));
        match id {
            Ok(id) if id.epoch != *self.shared.encoder.epoch() => anew(Reason::Restart),
            Ok(id) if state.could_have_given(id.position) => state.resume_at(id.position),
            Ok(_) | Err(ParseIdError) => anew(Reason::Unknown),
        }
    }
}

/// Where a new client begins.
struct Beginning {
    next: Seq,
    since: HashMap<usize, Seq>,
}

impl Beginning {
    fn with_gap(self, reason: Option<Reason>) -> (Position, Option<Gap>, HashMap<usize, Seq>) {
        let position = Position::before(self.next);
        let gap = reason.map(|reason| Gap { reason, lost: None, position });
        (position, gap, self.since)
    }
}

impl State {
    fn could_have_given(&self, position: Position) -> bool {
        (1..=self.ring.next()).contains(&position.next)
            && (position.skip == 0 || position.next < self.ring.next())
    }

    fn resume_at(&self, position: Position) -> (Position, Option<Gap>, HashMap<usize, Seq>) {
        let start = self.ring.replay_start();
        if position.next >= start {
            return (position, None, HashMap::new());
        }
        let gap = Gap {
            reason: Reason::Evicted,
            lost: Some(start - position.next),
            position: Position::before(start),
        };
        (gap.position, Some(gap), HashMap::new())
    }

    fn backlog(&self, backlog: Backlog) -> Beginning {
        let start = self.ring.replay_start();
        match backlog {
            Backlog::Ring | Backlog::All => Beginning { next: start, since: HashMap::new() },
            Backlog::Newest(0) => Beginning { next: self.ring.next(), since: HashMap::new() },
            Backlog::Newest(lines) => self.newest(lines, start),
        }
    }

    /// Where the newest `lines` lines of each source begin, not before `start`.
    fn newest(&self, lines: u64, start: Seq) -> Beginning {
        let mut missing: HashMap<usize, u64> = HashMap::new();
        let mut since = HashMap::new();
        let held = self.ring.from(start).into_iter().flatten().rev();
        for batch in held.filter(|batch| batch.lines().is_some()) {
            let source = batch.source().id;
            let missing = missing.entry(source).or_insert(lines);
            let taken = (*missing).min(batch.len() as u64);
            if taken > 0 {
                *missing -= taken;
                since.insert(source, (batch.next() - taken).max(start));
            }
        }
        let next = since.values().copied().min().unwrap_or(self.ring.next());
        Beginning { next, since }
    }
}

impl Subscriber {
    /// What stands at the cursor, past which it moves; pending until there is something.
    ///
    /// None when the feed has closed and all is read.
    pub fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Option<Read>> {
        if let Some(gap) = self.gap.take() {
            return Poll::Ready(Some(Read::Gap(gap)));
        }
        let mut state = self.shared.lock();
        let Some(held) = state.ring.from(self.cursor.next) else {
            let oldest = state.ring.oldest();
            drop(state);
            return Poll::Ready(Some(Read::Gap(self.fall_behind(oldest))));
        };
        let batches = take_some(held);
        let Some(last) = batches.last() else {
            if state.closed {
                return Poll::Ready(None);
            }
            let waker = &mut state.waiting[self.key];
            if !waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
                *waker = Some(cx.waker().clone());
            }
            return Poll::Pending;
        };
        drop(state);
        let from = self.cursor;
        self.cursor = Position::before(last.next());
        Poll::Ready(Some(Read::Events(from, batches)))
    }

    /// Everything before it was handed out.
    #[must_use]
    pub fn cursor(&self) -> Position {
        self.cursor
    }

    /// Events of `source` before this one were not asked for.
    #[must_use]
    pub fn since(&self, source: &Source) -> Seq {
        self.since.get(&source.id).copied().unwrap_or(0)
    }

    fn fall_behind(&mut self, oldest: Seq) -> Gap {
        let gap = Gap {
            reason: Reason::Slow,
            lost: Some(oldest - self.cursor.next),
            position: Position::before(oldest),
        };
        self.cursor = gap.position;
        gap
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        self.shared.lock().waiting.remove(self.key);
    }
}

fn take_some<'a>(held: impl Iterator<Item = &'a Arc<Batch>>) -> Vec<Arc<Batch>> {
    let mut bytes = 0;
    held.take_while(|batch| {
        let len = batch.lines().map_or(0, |lines| lines.bytes.len());
        let fits = bytes == 0 || bytes + len <= READ_SIZE;
        bytes += len.max(1);
        fits
    })
    .cloned()
    .collect()
}
