//! The start of a subscriber: after the last event ID of its client, or with a backlog.

use std::collections::HashMap;
use std::sync::Arc;

use super::gap::Gap;
use super::look_back::LookBack;
use super::since::SinceSearch;
use super::start_search::StartSearch;
use super::state::{ENTRIES_PER_LOCK, FeedState};
use crate::event::{Epoch, EventId, GapReason, Numbering, ParseIdError, Position, Selection, Seq};
use crate::store::{Messages, Resolved};

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
    /// The lines of [`Backlog::Newest`] that count; none if all do.
    pub selection: Option<Arc<Selection>>,
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
    /// The lines that have to be counted to find the cursor and the starts.
    newest: Option<NewestLines>,
    /// The search that has to find the cursor and `source_starts`.
    pub(super) search: Option<StartSearch>,
    /// The last event ID of the client, if its message has to be read to know whether it is that of
    /// this stream.
    pub(super) unverified: Option<Unverified>,
}

/// A last event ID, and what its client gets if there is no such event.
#[derive(Debug)]
pub(super) struct Unverified {
    pub(super) id: EventId,
    pub(super) otherwise: Backlog,
    pub(super) candidates: Candidates,
}

impl StartPoint {
    /// Finds where `start` is in a feed whose run is `epoch`.
    pub(super) fn find(
        state: &FeedState,
        epoch: &Epoch,
        start: Start,
        candidates: Candidates,
    ) -> Self {
        if let (Some(messages), Start::After(Ok(id), backlog)) = (&state.messages, &start)
            && let Numbering::Messages(_) = id.numbering
        {
            return StartPoint::of_message(state, messages, id, *backlog, candidates);
        }
        let of_backlog = |backlog| StartPoint::of_backlog(state, backlog, candidates);
        match start {
            Start::New(backlog) => of_backlog(backlog),
            Start::After(Ok(id), backlog) if id.numbering != Numbering::Run => {
                of_backlog(backlog).after_gap(GapReason::Restart)
            }
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
        let (gap, newest, search, unverified) = (None, None, None, None);
        StartPoint { cursor, gap, source_starts, newest, search, unverified }
    }

    /// Begins after an ID of a stream of messages.
    fn of_message(
        state: &FeedState,
        messages: &Messages,
        id: &EventId,
        backlog: Backlog,
        candidates: Candidates,
    ) -> Self {
        match messages.resolve(id, &state.ring) {
            Resolved::At(position) => StartPoint::of_position(state, position),
            Resolved::Unverified(position) => StartPoint {
                unverified: Some(Unverified { id: id.clone(), otherwise: backlog, candidates }),
                ..StartPoint::of_position(state, position)
            },
            // A number of the lost events does not exist, because other hosts write them too.
            Resolved::Evicted => {
                let start = StartPoint::at(state.oldest());
                start.after_gap(GapReason::Evicted)
            }
            Resolved::OtherStream => {
                let start = StartPoint::of_backlog(state, backlog, candidates);
                start.after_gap(GapReason::Restart)
            }
            Resolved::Unknown => {
                let start = StartPoint::of_backlog(state, backlog, candidates);
                start.after_gap(GapReason::Unknown)
            }
        }
    }

    /// Adds a gap of unknown length.
    pub(super) fn after_gap(self, reason: GapReason) -> Self {
        let gap = Gap { reason, lost: None, position: self.cursor };
        StartPoint { gap: Some(gap), ..self }
    }

    /// Lost events are found when they are read; but a feed without replay has no older events.
    fn of_position(state: &FeedState, position: Position) -> Self {
        let next = state.ring.next();
        if state.ring.capacity().lines > 0 || position.next >= next {
            return StartPoint { cursor: position, ..StartPoint::at(next) };
        }
        let start = StartPoint::at(next);
        let lost = state.lost(position.next, next);
        let gap = Gap { reason: GapReason::Evicted, lost, position: start.cursor };
        StartPoint { gap: Some(gap), ..start }
    }

    pub(super) fn of_backlog(state: &FeedState, backlog: Backlog, candidates: Candidates) -> Self {
        let Candidates { selection, before } = candidates;
        let FeedState { ring, messages, .. } = state;
        let since = selection.as_ref().and_then(|selection| SinceSearch::of(selection));
        let start = match backlog {
            _ if ring.capacity().lines == 0 => StartPoint::at(ring.next()),
            Backlog::Ring => StartPoint::at(ring.replay_start()),
            Backlog::All if since.is_some() => {
                let search = StartSearch { since, look_back: None };
                StartPoint { search: Some(search), ..StartPoint::at(state.oldest()) }
            }
            Backlog::All => StartPoint::at(state.oldest()),
            Backlog::Newest(0) => StartPoint::at(ring.next()),
            Backlog::Newest(lines)
                if selection.is_some() || before.is_some() || messages.is_some() =>
            {
                let end = before.unwrap_or(ring.next());
                let look_back = LookBack::new(lines, selection, end, ring.replay_start());
                let look_back =
                    if messages.is_some() { look_back.reading_all() } else { look_back };
                let search = StartSearch { since, look_back: Some(look_back) };
                StartPoint { search: Some(search), ..StartPoint::at(state.oldest()) }
            }
            Backlog::Newest(lines) => StartPoint::of_newest(state, lines),
        };
        let end = Position::before(before.unwrap_or(Seq::MAX));
        StartPoint { cursor: start.cursor.min(end), ..start }
    }

    /// Begins before the newest lines of each source, which `count_newest` counts.
    fn of_newest(state: &FeedState, lines: u64) -> Self {
        let FeedState { ring, .. } = state;
        let newest = NewestLines {
            lines,
            before: ring.next(),
            replay_start: ring.replay_start(),
            missing: HashMap::new(),
            starts: HashMap::new(),
        };
        StartPoint { newest: Some(newest), ..StartPoint::at(ring.next()) }
    }

    /// Counts some of the lines that have to be counted; returns false when that is done.
    pub(super) fn count_newest(&mut self, state: &FeedState) -> bool {
        let Some(newest) = &mut self.newest else { return false };
        if newest.count(state) {
            return true;
        }
        self.source_starts = std::mem::take(&mut newest.starts);
        self.newest = None;
        let first = self.source_starts.values().copied().min();
        self.cursor = first.map_or(self.cursor, Position::before);
        if let Some(gap) = &mut self.gap {
            gap.position = self.cursor;
        }
        false
    }
}

/// Returns whether the feed can have written an ID for `position`.
pub(super) fn is_known(state: &FeedState, position: Position) -> bool {
    let next = state.ring.next().max(state.read_to);
    let is_in_messages = state.messages.is_some() && position.next < next;
    let is_in_run = (1..=next).contains(&position.next);
    (is_in_run || is_in_messages) && (position.skip == 0 || position.next < next)
}

/// Counts the lines of each source, from the newest to the oldest.
#[derive(Debug)]
struct NewestLines {
    /// Number of lines that are wanted of each source.
    lines: u64,
    /// Lines from this seq on are counted.
    before: Seq,
    /// Lines before this one count only if they are in a file.
    replay_start: Seq,
    /// By the ID of a source: the number of lines that are still missing.
    missing: HashMap<usize, u64>,
    /// By the ID of a source: its first line.
    starts: HashMap<usize, Seq>,
}

impl NewestLines {
    /// Counts the next batches, in the ring and then in the index, to which they may have moved;
    /// returns whether there were any.
    fn count(&mut self, FeedState { ring, index, .. }: &FeedState) -> bool {
        let before = self.before;
        for batch in ring.before(before).rev().take(ENTRIES_PER_LOCK) {
            let first = if batch.is_logged() { 0 } else { self.replay_start };
            if batch.lines().is_some() && batch.next() > first {
                self.add(batch.source().id, batch.first().max(first), batch.next());
            }
            self.before = batch.first();
        }
        if self.before < before {
            return true;
        }
        for entry in index.before(before).rev().take(ENTRIES_PER_LOCK) {
            if entry.lines() > 0 {
                // The entry may have grown by batches that were counted in the ring.
                self.add(entry.source().id, entry.first(), entry.next().min(before));
            }
            self.before = entry.first();
        }
        self.before < before
    }

    fn add(&mut self, source: usize, first: Seq, next: Seq) {
        let missing = self.missing.entry(source).or_insert(self.lines);
        let taken = (*missing).min(next - first);
        if taken > 0 {
            *missing -= taken;
            self.starts.insert(source, next - taken);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::io;

    use super::*;
    use crate::event::{Encoder, Lines, Location, Log, Name, Source};
    use crate::feed::{Draft, DraftContent, feed};
    use crate::store::Capacity;
    use crate::store::samples::{cutting, lines_of};

    /// A file that nobody reads.
    #[derive(Debug)]
    struct Unread;

    impl Log for Unread {
        fn read_exact_at(&self, _: &mut [u8], _: u64) -> io::Result<()> {
            Err(io::ErrorKind::Unsupported.into())
        }
    }

    #[test]
    fn newest_lines_are_counted_in_many_steps() {
        let capacity = Capacity { lines: 100, bytes: 1000, index_bytes: 1 << 20 };
        let (publisher, feed) = feed(Encoder::new(Epoch::from_random(0)), capacity, cutting(1000));
        let name = || Name::new(OsStr::new("x.log"));
        let sources = [0, 1].map(|id| Arc::new(Source { id, name: name() }));
        let log = Arc::new(Unread);
        for n in 0..2000 {
            let lines = lines_of(n, 1);
            let location = Some(Location::of(&lines.bytes, log.clone(), 10 * n));
            let content = DraftContent::Lines(Lines { location, ..lines });
            publisher
                .publish(vec![Draft { source: Arc::clone(&sources[n as usize % 2]), content }]);
        }
        for lines in [1, 255, 600, 5000] {
            let subscriber = feed.subscribe(Start::New(Backlog::Newest(lines)));
            let starts = sources.each_ref().map(|source| subscriber.source_start(source));
            let first = 2001 - 2 * lines.min(1000);
            assert_eq!(starts, [first, first + 1], "{lines}");
            assert_eq!(subscriber.cursor(), Position::before(first));
        }
    }
}
