//! The events of batches that the peer of an event stream wants.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;

use super::EventStream;
use crate::event::{Batch, Encoder, Matches, Medium, Position, Selection, Seq};
use crate::http::stream::Gathered;
use crate::http::stream::long_search::LongSearches;

impl EventStream {
    /// Appends the events of `batches` from `from` on that this peer wants; the error is the
    /// position that was reached at `search_end`, or before a batch that has to be searched by another
    /// thread. The batches from there on are read again.
    pub(super) fn push_batches(
        &mut self,
        frame: &mut Gathered,
        mut from: Position,
        batches: &[Arc<Batch>],
        search_end: Option<Instant>,
    ) -> Result<(), Position> {
        for batch in batches {
            let reached = self.push_batch(frame, from, batch, search_end);
            from = from.max(reached);
            let is_complete = reached >= Position::before(self.end_in(batch));
            if !is_complete || search_end.is_some_and(|end| Instant::now() >= end) {
                return Err(from);
            }
        }
        Ok(())
    }

    /// Does the same for one batch; returns the position that was reached, at most the end of the
    /// batch or of the read.
    fn push_batch(
        &mut self,
        frame: &mut Gathered,
        from: Position,
        batch: &Arc<Batch>,
        search_end: Option<Instant>,
    ) -> Position {
        if !self.query.wants(batch.source()) {
            return Position::before(self.end_in(batch));
        }
        let (bytes, events, reached) = self.encode(from, batch, search_end);
        let Some(&last) = bytes.last() else { return reached };
        if self.query.presentation.medium == Medium::Plain {
            // An unfinished line ends where another source begins, so that they stay two lines.
            let source = batch.source().id;
            if self.peer.unfinished.is_some_and(|unfinished| unfinished != source) {
                let line_end = Bytes::from_static(Encoder::LINE_END);
                self.peer.unfinished = None;
                self.push(frame, line_end, 0, Position::before(batch.first()));
            }
            let is_line = batch.lines().is_some_and(|lines| !lines.chunks);
            self.peer.unfinished = (is_line && [last] != Encoder::LINE_END).then_some(source);
        }
        self.push(frame, bytes, events, reached);
        reached
    }

    /// Seq of the first event that is behind `batch` or not part of the read.
    fn end_in(&self, batch: &Batch) -> Seq {
        batch.next().min(self.subscriber.end())
    }

    /// Encodes the events of `batch` that this peer wants, and counts them; returns the position that
    /// was reached, too. The bytes are shared with other streams if those are all of its events.
    fn encode(
        &mut self,
        from: Position,
        batch: &Arc<Batch>,
        search_end: Option<Instant>,
    ) -> (Bytes, u64, Position) {
        let encoder = self.site.feed.encoder();
        let presentation = self.query.presentation;
        let first = Position::before(batch.first());
        let since = Position::before(self.subscriber.source_start(batch.source()));
        let start = from.max(since).max(first);
        let end = self.end_in(batch);
        if start.next >= end {
            return (Bytes::new(), 0, Position::before(end));
        }
        let (bytes, reached) = match self.query.selection() {
            None if start == first && end == batch.next() => {
                let bytes = batch.encoded(encoder, presentation);
                return (bytes, batch.len() as u64, Position::before(end));
            }
            None => (encoder.encode_from(batch, presentation, start, end), Position::before(end)),
            Some(selection) => match self.search(batch, start, end, &selection, search_end) {
                Some(matches) => (matches.bytes, matches.reached),
                None => return (Bytes::new(), 0, start),
            },
        };
        let events = Encoder::count(&bytes, presentation.medium);
        (bytes, events, reached)
    }

    /// Encodes the events of `batch` from `start` to `end` that match, and ends the read after a line
    /// that stops it; `None` if another thread has to search.
    fn search(
        &mut self,
        batch: &Arc<Batch>,
        start: Position,
        end: Seq,
        selection: &Selection,
        search_end: Option<Instant>,
    ) -> Option<Matches> {
        let presentation = self.query.presentation;
        let matches = if LongSearches::are_needed(batch) {
            let searches = &mut self.long_searches;
            searches.take_or_start(&self.site, batch, presentation, start, end, selection)?
        } else {
            let may_go_on = || search_end.is_none_or(|end| Instant::now() < end);
            let encoder = self.site.feed.encoder();
            encoder.encode_matches(batch, presentation, start, end, selection, may_go_on)
        };
        if matches.is_stopped {
            self.subscriber.end_before(matches.reached.next);
            self.read_end.stop();
        }
        Some(matches)
    }
}
