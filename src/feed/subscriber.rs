//! A subscriber: one cursor in the feed.

use std::collections::HashMap;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Waker};

use super::history::Recalled;
use super::start::Start;
use super::{Feed, FeedState, Gap, InlineStream, Shared};
use crate::event::{Batch, GapReason, Position, Presentation, Seq, Source};
use crate::store::{IndexEntry, Lookup};

/// Bytes of lines that one read hands out at most, unless a single batch is larger.
///
/// Measured in seven interleaved runs against 32 KiB: 1.6 times the throughput with 10 streams, 1.2
/// times with 100, the same with one. Larger reads let other streams of the same thread wait.
const READ_SIZE: usize = 96 * 1024;

/// What a subscriber reads.
#[derive(Debug)]
pub enum Read {
    /// Events from the position on, in order; the first batch may begin before it.
    ///
    /// None of them where only sources that are not wanted had any.
    Events(Position, Vec<Arc<Batch>>),
    /// Events are missing here.
    Gap(Gap),
}

/// One cursor; see the module documentation of the feed.
pub struct Subscriber {
    shared: Arc<Shared>,
    key: usize,
    cursor: Position,
    gap: Option<Gap>,
    /// Where events began to be missing that the peer has not been told of, and why.
    loss: Option<(Seq, GapReason)>,
    /// Of what came before it, only what a file has can be had.
    replay_start: Seq,
    /// Sources of which only events from a seq on are wanted.
    since: HashMap<usize, Seq>,
    /// History that is being read.
    reading: Option<(IndexEntry, Reading)>,
    /// What was read last, as long as others may want it too: a slow peer keeps nothing.
    recalled: Weak<[Arc<Batch>]>,
    /// How history will be presented, where that is known.
    presentation: Option<Presentation>,
}

/// An entry that is being read from its file.
type Reading = Pin<Box<dyn Future<Output = Recalled> + Send>>;

/// What stands at a cursor.
enum NextRead {
    Held(Vec<Arc<Batch>>),
    /// It is to be read from its file.
    Cold(IndexEntry),
    /// Nothing that is wanted, before this event.
    Unwanted(Seq),
    /// Nothing that can be had, before this event.
    Lost(Seq),
    /// Nothing yet.
    Newest,
}

impl Feed {
    /// A subscriber that begins at `start`.
    #[must_use]
    pub fn subscribe(&self, start: Start) -> Subscriber {
        let mut state = self.shared.lock();
        let beginning = self.begin(&state, start);
        let replay_start = state.ring.replay_start();
        let key = state.waiters.insert();
        drop(state);
        Subscriber {
            shared: Arc::clone(&self.shared),
            key,
            cursor: beginning.cursor,
            gap: beginning.gap,
            loss: None,
            replay_start,
            since: beginning.since,
            reading: None,
            recalled: Weak::<[Arc<Batch>; 0]>::new(),
            presentation: None,
        }
    }
}

impl Subscriber {
    /// The same, for somebody who will present whole batches in this way.
    #[must_use]
    pub fn presented(mut self, presentation: Option<Presentation>) -> Self {
        self.presentation = presentation;
        self
    }

    /// What stands at the cursor, past which it moves; pending until there is something.
    ///
    /// Sources that are not `wanted` may be passed over. None when the feed has closed and all
    /// is read. To be called inside a tokio runtime, on whose blocking threads files are read.
    pub fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        wanted: impl Fn(&Source) -> bool,
    ) -> Poll<Option<Read>> {
        if let Some(gap) = self.gap.take() {
            return Poll::Ready(Some(Read::Gap(gap)));
        }
        if let Some(batches) = self.recalled.upgrade()
            && batches.last().is_some_and(|last| self.cursor.next < last.next())
        {
            return Poll::Ready(Some(self.take_recalled(&batches)));
        }
        loop {
            if let Some((entry, reading)) = &mut self.reading {
                let recalled = std::task::ready!(reading.as_mut().poll(cx));
                let (next, is_dropped) = (entry.next(), entry.is_dropped());
                self.reading = None;
                match recalled {
                    None if is_dropped => self.lose_evicted(next),
                    None => self.lose(next, GapReason::Truncated),
                    Some(_) if self.loss.is_some() => return self.tell_loss(),
                    Some(batches) => return Poll::Ready(Some(self.take_recalled(&batches))),
                }
            }
            let mut state = self.shared.lock();
            let stand = state.stand(self.cursor.next, self.replay_start, &wanted, &self.since);
            match stand {
                NextRead::Cold(entry) => {
                    let cell = self.shared.history.read(entry.clone(), self.presentation);
                    let is_fast = self.recalled.strong_count() > 0;
                    if is_fast && let Some(next) = state.wanted_entry(entry.next(), &wanted) {
                        self.shared.history.read(next, self.presentation);
                    }
                    self.reading =
                        Some((entry, Box::pin(async move { cell.wait().await.clone() })));
                }
                NextRead::Lost(next) => {
                    drop(state);
                    self.lose_evicted(next);
                }
                _ if self.loss.is_some() => {
                    drop(state);
                    return self.tell_loss();
                }
                NextRead::Held(batches) => {
                    drop(state);
                    return Poll::Ready(Some(self.hand_out(batches)));
                }
                NextRead::Unwanted(next) => {
                    drop(state);
                    let from = std::mem::replace(&mut self.cursor, Position::before(next));
                    return Poll::Ready(Some(Read::Events(from, Vec::new())));
                }
                NextRead::Newest if state.closed => return Poll::Ready(None),
                NextRead::Newest => {
                    let reader = state.waiters.wait(self.key, cx);
                    drop(state);
                    reader.into_iter().for_each(Waker::wake);
                    return Poll::Pending;
                }
            }
        }
    }

    /// Lets the publishing thread send `stream`, which is the one that reads this subscriber.
    pub fn set_inline(&self, stream: Weak<dyn InlineStream>) {
        self.shared.lock().waiters.set_stream(self.key, stream);
    }

    /// Moves the cursor back to `position`, so that what was handed out from there on is read
    /// again.
    pub fn rewind(&mut self, position: Position) {
        debug_assert!(position <= self.cursor && self.loss.is_none());
        self.cursor = position;
    }

    /// Everything before it was handed out, or told as a gap.
    #[must_use]
    pub fn cursor(&self) -> Position {
        self.loss.map_or(self.cursor, |(from, _)| Position::before(from))
    }

    /// Events of `source` before this one were not asked for.
    #[must_use]
    pub fn since(&self, source: &Source) -> Seq {
        self.since.get(&source.id).copied().unwrap_or(0)
    }

    fn take_recalled(&mut self, batches: &Arc<[Arc<Batch>]>) -> Read {
        self.recalled = Arc::downgrade(batches);
        let cursor = self.cursor.next;
        self.hand_out(take_some(batches.iter().filter(|batch| batch.next() > cursor)))
    }

    fn hand_out(&mut self, batches: Vec<Arc<Batch>>) -> Read {
        let from = self.cursor;
        if let Some(last) = batches.last() {
            self.cursor = Position::before(last.next());
        }
        Read::Events(from, batches)
    }

    fn lose_evicted(&mut self, next: Seq) {
        let was_there = self.cursor.next >= self.replay_start;
        self.lose(next, if was_there { GapReason::Slow } else { GapReason::Evicted });
    }

    /// Passes over what cannot be had; the peer is told when it is known how much that is.
    fn lose(&mut self, next: Seq, reason: GapReason) {
        self.loss.get_or_insert((self.cursor.next, reason));
        self.cursor = Position::before(next);
    }

    fn tell_loss(&mut self) -> Poll<Option<Read>> {
        let gap = self.loss.take().map(|(from, reason)| Gap {
            reason,
            lost: Some(self.cursor.next - from),
            position: self.cursor,
        });
        Poll::Ready(gap.map(Read::Gap))
    }
}

impl FeedState {
    fn stand(
        &self,
        cursor: Seq,
        replay_start: Seq,
        wanted: impl Fn(&Source) -> bool,
        since: &HashMap<usize, Seq>,
    ) -> NextRead {
        if let Some(held) = self.ring.from(cursor) {
            let is_replayed = |batch: &&Arc<Batch>| {
                batch.next() > replay_start || batch.lines().is_none() || batch.location().is_some()
            };
            let mut held = held.peekable();
            return match held.peek() {
                None => NextRead::Newest,
                Some(first)
                    if cursor < replay_start
                        && first.location().is_none()
                        && first.lines().is_some() =>
                {
                    NextRead::Lost(first.next().min(replay_start))
                }
                Some(_) => NextRead::Held(take_some(held.take_while(is_replayed))),
            };
        }
        match self.index.find(cursor) {
            Lookup::Hole(next) => NextRead::Lost(next.unwrap_or(self.ring.oldest())),
            Lookup::Entry(entry) => {
                let is_old =
                    since.get(&entry.source().id).is_some_and(|&since| entry.next() <= since);
                if is_old || !wanted(entry.source()) {
                    NextRead::Unwanted(entry.next())
                } else {
                    NextRead::Cold(entry.clone())
                }
            }
        }
    }

    /// What the index has at `seq`, if it is wanted and does not grow any more.
    fn wanted_entry(&self, seq: Seq, wanted: impl Fn(&Source) -> bool) -> Option<IndexEntry> {
        let Lookup::Entry(entry) = self.index.find(seq) else { return None };
        let is_newest = matches!(self.index.find(entry.next()), Lookup::Hole(None));
        (!is_newest && wanted(entry.source())).then(|| entry.clone())
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        let reader = self.shared.lock().waiters.remove(self.key);
        reader.into_iter().for_each(Waker::wake);
    }
}

impl fmt::Debug for Subscriber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscriber").field("cursor", &self.cursor).finish_non_exhaustive()
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
