//! A subscriber: one cursor in a feed.

mod ending;
mod verifying;

use std::collections::HashMap;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Waker, ready};

use super::gap::Gap;
use super::inline::InlineStream;
use super::look_back::{Found, Quiet};
use super::next_read::{NextRead, READ_SIZE, SELECTED_READ_SIZE, first_batches};
use super::reload::Reloaded;
use super::shared::Shared;
use super::start::{Candidates, Start, StartPoint};
use super::start_search::StartSearch;
use super::verification::Verification;
use crate::event::{Batch, GapReason, Position, Presentation, Seq, Source};
use crate::store::IndexEntry;

/// The result of a read.
#[derive(Debug)]
pub enum Read {
    /// Consecutive events from the position on; the first batch may begin before it.
    ///
    /// There are no batches if only events of sources that were not selected were skipped.
    Events(Position, Vec<Arc<Batch>>),
    /// Some events are lost.
    Gap(Gap),
    /// The first lines that match were found; the next read begins at the position.
    Begin(Position),
}

/// One cursor in a feed; the documentation of [`feed`](crate::feed) describes what it reads.
pub struct Subscriber {
    shared: Arc<Shared>,
    /// The key of its slot among the waiters.
    key: usize,
    cursor: Position,
    /// The gap with which the subscriber starts.
    gap: Option<Gap>,
    /// The lost events directly before the cursor that no gap has reported yet.
    loss: Option<Loss>,
    /// Events before this one can only be read if they are in a file.
    replay_start: Seq,
    /// By the ID of a source: the first of its events that were asked for.
    source_starts: HashMap<usize, Seq>,
    /// Seq of the first event that is not read.
    end: Seq,
    /// The search for the first lines; the cursor is before all lines that it can find.
    search: Option<Box<StartSearch>>,
    /// Events among which the search has found nothing.
    quiet: Quiet,
    /// The entry that is being read from its file.
    reload: Option<Box<Reload>>,
    /// The batches of the last reload, as long as the reloader keeps them for all subscribers; a
    /// slow subscriber does not hold them itself.
    reloaded: Weak<[Arc<Batch>]>,
    /// Seq of the event behind the entry of the last reload.
    reloaded_end: Seq,
    /// The message that the last event ID of the client means, until it was compared.
    verification: Option<Box<Verification>>,
    /// The presentation of reloaded batches, if it is known.
    presentation: Option<Presentation>,
}

/// Lost events that are followed by the cursor.
#[derive(Clone, Copy)]
struct Loss {
    first: Seq,
    reason: GapReason,
}

/// An entry that is being read from its file.
struct Reload {
    entry: IndexEntry,
    batches: Pin<Box<dyn Future<Output = Reloaded> + Send>>,
}

impl Subscriber {
    pub(super) fn new(shared: Arc<Shared>, start: Start, candidates: Candidates) -> Self {
        let end = candidates.before.unwrap_or(Seq::MAX);
        let mut state = shared.lock();
        let mut start = StartPoint::find(&state, shared.encoder.epoch(), start, candidates);
        let verification = start.unverified.take();
        let verification = verification.map(|id| Box::new(Verification::new(id, state.checks)));
        let replay_start = state.ring.replay_start();
        let key = state.waiters.insert();
        drop(state);
        // In steps, between which a publisher gets the lock.
        while start.count_newest(&shared.lock()) {}
        Subscriber {
            shared,
            key,
            cursor: start.cursor,
            gap: start.gap,
            loss: None,
            replay_start,
            source_starts: start.source_starts,
            end,
            search: start.search.map(Box::new),
            quiet: Quiet::default(),
            reload: None,
            reloaded: Weak::<[Arc<Batch>; 0]>::new(),
            reloaded_end: 0,
            verification,
            presentation: None,
        }
    }

    /// Sets the presentation in which whole batches will be encoded, so that batches from files
    /// are encoded in advance.
    #[must_use]
    pub fn with_presentation(mut self, presentation: Option<Presentation>) -> Self {
        self.presentation = presentation;
        self
    }

    /// Reads the events at the cursor and moves it behind them; pending until there is an event.
    ///
    /// Events of sources for which `is_selected` returns false may be skipped.
    /// Returns `None` when the feed is closed and all events are read, or at the end of the
    /// subscriber.
    /// Must be called inside a tokio runtime, whose blocking threads read the files.
    pub fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        is_selected: impl Fn(&Source) -> bool,
    ) -> Poll<Option<Read>> {
        ready!(self.poll_verification(cx));
        if let Some(search) = &mut self.search {
            let found = ready!(search.poll(cx, &self.shared, &is_selected));
            return Poll::Ready(Some(self.begin(found)));
        }
        if let Some(gap) = self.gap.take() {
            return Poll::Ready(Some(Read::Gap(gap)));
        }
        if self.cursor.next >= self.end {
            return Poll::Ready(self.take_loss());
        }
        if let Some(batches) = self.reloaded.upgrade()
            && batches.last().is_some_and(|last| self.cursor.next < last.next())
        {
            return Poll::Ready(Some(self.read_reloaded(&batches)));
        }
        loop {
            if let Some(read) = ready!(self.poll_reload(cx)) {
                return Poll::Ready(Some(read));
            }
            if self.cursor.next >= self.end {
                return Poll::Ready(self.take_loss());
            }
            if let Some(polled) = self.poll_cursor(cx, &is_selected) {
                return polled;
            }
        }
    }

    /// Moves the cursor to the first line that was found.
    fn begin(&mut self, found: Found) -> Read {
        self.search = None;
        self.cursor = Position::before(found.first);
        if let Some(gap) = &mut self.gap {
            gap.position = self.cursor;
        }
        self.source_starts = found.starts;
        self.quiet = found.quiet;
        Read::Begin(self.cursor)
    }

    /// Reads the events at the cursor, or returns `None` if the cursor has moved or a reload has
    /// begun.
    fn poll_cursor(
        &mut self,
        cx: &mut Context<'_>,
        is_selected: impl Fn(&Source) -> bool,
    ) -> Option<Poll<Option<Read>>> {
        let mut state = self.shared.lock();
        let is_wanted = |entry: &IndexEntry| {
            let is_of_source =
                || entry.next() > self.source_start(entry.source()) && is_selected(entry.source());
            (entry.messages().is_some() || is_of_source()) && !self.quiet.has(entry)
        };
        match state.next_read(self.cursor.next, self.replay_start, is_wanted) {
            NextRead::InFile(entry) => {
                let is_fast = self.reloaded.strong_count() > 0;
                let following = (is_fast && entry.next() < self.end)
                    .then(|| state.complete_entry(entry.next(), is_wanted))
                    .flatten();
                drop(state);
                self.begin_reload(entry, following);
                None
            }
            NextRead::Lost(next) => {
                drop(state);
                self.skip_evicted(next);
                None
            }
            _ if self.loss.is_some() => {
                drop(state);
                Some(Poll::Ready(self.take_loss()))
            }
            NextRead::InMemory(batches) => {
                drop(state);
                Some(Poll::Ready(Some(self.advance(batches))))
            }
            NextRead::Unwanted(next) => {
                drop(state);
                let next = Position::before(next.min(self.end));
                let from = std::mem::replace(&mut self.cursor, next);
                Some(Poll::Ready(Some(Read::Events(from, Vec::new()))))
            }
            NextRead::CaughtUp if state.closed => Some(Poll::Ready(None)),
            NextRead::CaughtUp => {
                let reader = state.waiters.wait(self.key, cx);
                drop(state);
                reader.into_iter().for_each(Waker::wake);
                Some(Poll::Pending)
            }
        }
    }

    /// Allows the publishing thread to send `stream`, which must be the stream of this subscriber.
    pub fn set_inline(&self, stream: Weak<dyn InlineStream>) {
        self.shared.lock().waiters.set_stream(self.key, stream);
    }

    /// Moves the cursor back to `position`, so that the events from there on are read again.
    pub fn rewind(&mut self, position: Position) {
        debug_assert!(position <= self.cursor && self.loss.is_none());
        self.cursor = position;
    }

    /// Moves the cursor back by `events`, so that earlier events are read first; not before the
    /// first event that can be read.
    pub fn begin_earlier(&mut self, events: u64) {
        let oldest = self.shared.lock().oldest();
        let next = self.cursor.next.saturating_sub(events).max(oldest);
        self.cursor = self.cursor.min(Position::before(next));
        // These batches can begin behind the cursor.
        self.reload = None;
        self.reloaded = Weak::<[Arc<Batch>; 0]>::new();
    }

    /// The position before which every event was returned or counted in a gap.
    #[must_use]
    pub fn cursor(&self) -> Position {
        self.loss.map_or(self.cursor, |loss| Position::before(loss.first))
    }

    /// Seq of the first event of `source` that was asked for; reads may return earlier ones.
    #[must_use]
    pub fn source_start(&self, source: &Source) -> Seq {
        self.source_starts.get(&source.id).copied().unwrap_or(0)
    }

    /// Begins to read `entry` from its file, and `following` in advance.
    fn begin_reload(&mut self, entry: IndexEntry, following: Option<IndexEntry>) {
        let reloader = &self.shared.reloader;
        let cell = reloader.reload(entry.clone(), self.presentation);
        if let Some(following) = following {
            reloader.reload(following, self.presentation);
        }
        let batches = Box::pin(async move { cell.wait().await.clone() });
        self.reload = Some(Box::new(Reload { entry, batches }));
    }

    /// Polls the reload, if there is one; returns `None` if the cursor has to be examined again.
    fn poll_reload(&mut self, cx: &mut Context<'_>) -> Poll<Option<Read>> {
        let Some(reload) = &mut self.reload else { return Poll::Ready(None) };
        let reloaded = ready!(reload.batches.as_mut().poll(cx));
        let (next, is_dropped) = (reload.entry.next(), reload.entry.is_dropped());
        self.reload = None;
        match reloaded {
            None if is_dropped => self.skip_evicted(next),
            None => self.skip(next, GapReason::Truncated),
            Some(batches) if batches.last().is_none_or(|last| last.next() <= self.cursor.next) => {
                // The messages have no more events.
                self.cursor = self.cursor.max(Position::before(next));
            }
            Some(_) if self.loss.is_some() => return Poll::Ready(self.take_loss()),
            Some(batches) => {
                self.reloaded_end = next;
                return Poll::Ready(Some(self.read_reloaded(&batches)));
            }
        }
        Poll::Ready(None)
    }

    fn read_reloaded(&mut self, batches: &Arc<[Arc<Batch>]>) -> Read {
        self.reloaded = Arc::downgrade(batches);
        let cursor = self.cursor.next;
        // A stream that sends some of the lines would make many small writes.
        let size = if self.presentation.is_some() { READ_SIZE } else { SELECTED_READ_SIZE };
        let read = first_batches(batches.iter().filter(|batch| batch.next() > cursor), size);
        let is_end = read.last().map(|last| last.next()) == batches.last().map(|last| last.next());
        let read = self.advance(read);
        if is_end {
            // Behind the last event of messages there are none, up to the end of the entry.
            self.cursor = self.cursor.max(Position::before(self.reloaded_end.min(self.end)));
        }
        read
    }

    fn advance(&mut self, batches: Vec<Arc<Batch>>) -> Read {
        let from = self.cursor;
        if let Some(last) = batches.last() {
            self.cursor = Position::before(last.next().min(self.end));
        }
        Read::Events(from, batches)
    }

    fn skip_evicted(&mut self, next: Seq) {
        let was_in_ring = self.cursor.next >= self.replay_start;
        self.skip(next, if was_in_ring { GapReason::Slow } else { GapReason::Evicted });
    }

    /// Moves the cursor over lost events; the gap is reported when its length is known.
    fn skip(&mut self, next: Seq, reason: GapReason) {
        self.loss.get_or_insert(Loss { first: self.cursor.next, reason });
        self.cursor = Position::before(next.min(self.end));
    }

    fn take_loss(&mut self) -> Option<Read> {
        let Loss { first, reason } = self.loss.take()?;
        let lost = self.shared.lock().lost(first, self.cursor.next);
        Some(Read::Gap(Gap { reason, lost, position: self.cursor }))
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
