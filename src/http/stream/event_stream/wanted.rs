//! The events of batches that the peer of an event stream wants.

use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;

use super::EventStream;
use crate::event::{Batch, Encoder, Medium, Position, Scan, ScanRange, Section, Selection, Seq};
use crate::http::stream::Gathered;
use crate::http::stream::long_search::LongSearches;
use crate::record::Clock;

/// Number of bytes of a frame after which a compressed stream with a selection ends it.
///
/// They are compressed for this peer alone, behind the time budget of searching, and once more if a
/// slow peer does not take them. With half the number, frames are so small that they compress worse;
/// with twice the number, other streams of the thread wait for some 0.1 ms more.
const OWN_TEXT: usize = 32 * 1024;

impl EventStream {
    /// Appends the events of `batches` from `from` on that this peer wants; the error is the
    /// position that was reached at `search_end`, with a full frame, or before a batch that has to be
    /// searched by another thread. The batches from there on are read again.
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
            let is_full = self.is_full(frame);
            if !is_complete || is_full || search_end.is_some_and(|end| Instant::now() >= end) {
                return Err(from);
            }
        }
        Ok(())
    }

    /// Returns true if `frame` has as much text as may be compressed for this peer alone.
    fn is_full(&self, frame: &Gathered) -> bool {
        self.is_compressed() && self.query.selection.is_some() && frame.len() >= OWN_TEXT
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
        let start = self.start_in(from, batch);
        let end = self.end_in(batch);
        if start.next >= end {
            return Position::before(end);
        }
        let range = ScanRange { start, end };
        match self.query.selection.clone() {
            Some(selection) => self.push_selected(frame, batch, range, &selection, search_end),
            None => self.push_all(frame, batch, range),
        }
    }

    /// Appends all events of `batch` in `range`, whose bytes are shared with other streams if those
    /// are all of its events; returns the position that was reached.
    fn push_all(&mut self, frame: &mut Gathered, batch: &Arc<Batch>, range: ScanRange) -> Position {
        let presentation = self.query.presentation;
        let feed = &self.site.feed;
        if presentation.has_records() && !self.contexts.is_known_or_start(feed, batch) {
            return range.start;
        }
        let ScanRange { start, end } = range;
        let is_whole = start == Position::before(batch.first()) && end == batch.next();
        let spans = (start.next - batch.first()) as usize..(end - batch.first()) as usize;
        if is_whole && self.is_compressed() {
            self.end_open_line(frame, batch, &spans);
            self.push_shared(frame, batch);
            self.contexts.note(batch);
            return Position::before(end);
        }
        let (bytes, events) = if is_whole {
            (batch.encoded(feed.encoder(), presentation), batch.len() as u64)
        } else {
            let bytes = feed.encoder().encode_from(batch, presentation, start, end);
            let events = Encoder::count(&bytes, presentation.medium);
            (bytes, events)
        };
        self.contexts.note(batch);
        self.push_encoded(frame, batch, spans, bytes, events, Position::before(end));
        Position::before(end)
    }

    /// Appends the events of `batch` in `range` that `selection` wants, or holds them back; returns
    /// the position that was reached.
    fn push_selected(
        &mut self,
        frame: &mut Gathered,
        batch: &Arc<Batch>,
        range: ScanRange,
        selection: &Arc<Selection>,
        search_end: Option<Instant>,
    ) -> Position {
        let Some(scan) = self.scan(batch, range, selection, search_end) else { return range.start };
        if scan.is_stopped {
            self.subscriber.end_before(scan.reached.next);
            self.read_end.stop();
        }
        if self.surroundings.is_some() {
            self.hold(batch, scan.sections);
            self.push_decided(frame);
        } else {
            self.push_sections(frame, batch, range.start, &scan.sections, scan.reached);
        }
        scan.reached
    }

    /// Appends `sections` of `batch` without the events before `start`; a peer that has them resumes
    /// from `reached`.
    pub(super) fn push_sections(
        &mut self,
        frame: &mut Gathered,
        batch: &Batch,
        start: Position,
        sections: &[Section],
        reached: Position,
    ) {
        let (encoder, presentation) = (self.site.feed.encoder(), self.query.presentation);
        let bytes = encoder.encode_sections(batch, presentation, start, sections);
        let events = Encoder::count(&bytes, presentation.medium);
        let first = start.next.saturating_sub(batch.first()) as usize;
        let spans = sections.first().map_or(0, |first| first.spans.start).max(first)
            ..sections.last().map_or(0, |last| last.spans.end);
        self.push_encoded(frame, batch, spans, bytes, events, reached);
    }

    /// Appends the encoded events of `spans` of `batch`.
    fn push_encoded(
        &mut self,
        frame: &mut Gathered,
        batch: &Batch,
        spans: Range<usize>,
        bytes: Bytes,
        events: u64,
        reached: Position,
    ) {
        if bytes.is_empty() {
            return;
        }
        self.end_open_line(frame, batch, &spans);
        self.push(frame, bytes, events, reached);
    }

    /// Ends the unfinished line of a plain stream where another one begins, so that they stay two
    /// lines; the lines of `spans` of `batch` follow.
    fn end_open_line(&mut self, frame: &mut Gathered, batch: &Batch, spans: &Range<usize>) {
        // Control events have no lines, and no plain text.
        if self.query.presentation.medium != Medium::Plain || batch.lines().is_none() {
            return;
        }
        let lines = batch.lines().filter(|lines| !lines.chunks);
        let line = |index| lines.and_then(|lines| lines.line(index));
        let source = batch.source().id;
        let continued = line(spans.start).filter(|first| first.continues);
        let open = self.peer.unfinished.take();
        if open.is_some() && open != continued.map(|first| (source, first.stream())) {
            let line_end = Bytes::from_static(Encoder::LINE_END);
            self.push(frame, line_end, 0, Position::before(batch.first()));
        }
        let last = spans.end.checked_sub(1).and_then(line).filter(|last| last.more);
        self.peer.unfinished = last.map(|last| (source, last.stream()));
    }

    /// The position of the first event of `batch` that was asked for.
    fn start_in(&self, from: Position, batch: &Batch) -> Position {
        let since = Position::before(self.subscriber.source_start(batch.source()));
        from.max(since).max(Position::before(batch.first()))
    }

    /// Seq of the first event that is behind `batch` or not part of the read.
    fn end_in(&self, batch: &Batch) -> Seq {
        batch.next().min(self.subscriber.end())
    }

    /// Scans the events of `batch` in `range`; `None` if the context of the batch, or another thread,
    /// has to be awaited.
    fn scan(
        &mut self,
        batch: &Arc<Batch>,
        range: ScanRange,
        selection: &Arc<Selection>,
        search_end: Option<Instant>,
    ) -> Option<Scan> {
        let site = Arc::clone(&self.site);
        // The search of a batch with long lines on another thread has one result.
        let is_long = self.query.presentation.has_records() && LongSearches::are_needed(batch);
        if !selection.needs_records() && !is_long {
            let scan = self.scan_now(batch, range, selection, None, search_end)?;
            // Records are only shown, so that lines which are not wanted need none.
            if !self.query.presentation.has_records() || scan.sections.is_empty() {
                return Some(scan);
            }
        }
        if !self.contexts.is_known_or_start(&site.feed, batch) {
            return None;
        }
        let clock = site.feed.encoder().clock();
        let scan = self.scan_now(batch, range, selection, Some(clock), search_end)?;
        self.contexts.note(batch);
        Some(scan)
    }

    /// Scans now, or on another thread if the batch has long lines.
    fn scan_now(
        &mut self,
        batch: &Arc<Batch>,
        range: ScanRange,
        selection: &Arc<Selection>,
        clock: Option<&Clock>,
        search_end: Option<Instant>,
    ) -> Option<Scan> {
        if LongSearches::are_needed(batch) {
            let searches = &mut self.long_searches;
            return searches.take_or_start(&self.site, batch, range, selection, clock.is_some());
        }
        let may_go_on = || search_end.is_none_or(|end| Instant::now() < end);
        Some(Scan::of(batch, range, selection, clock, may_go_on))
    }
}
