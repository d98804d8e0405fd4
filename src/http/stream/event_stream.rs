//! The body of an event stream: the batches that a subscriber reads, as its peer takes them.

mod compressed;
mod ending;
mod notices;
mod surroundings;
mod wanted;

use std::io;
use std::pin::{Pin, pin};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body::{Body, Frame};
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::yield_now;
use tokio::time::{Sleep, sleep};

use super::Gathered;
use super::contexts::Contexts;
use super::heartbeat_timer::HeartbeatTimer;
use super::held_lines::HeldLines;
use super::last_frame::{LastFrame, PeerState};
use super::lineage_notice::LineageNotice;
use super::long_search::LongSearches;
use super::read_end::ReadEnd;
use super::spread::spread;
use crate::event::{Batch, ControlEvent, Encoder, Medium, Position};
use crate::feed::{Gap, InlineStream, Read, Subscriber};
use crate::http::gzip::{Member, Run};
use crate::http::request_log::RequestRecord;
use crate::http::socket::Flow;
use crate::http::{Query, Site};

/// Number of reads without anything for this peer after which other tasks get their turn.
///
/// A read is up to 96 KiB of lines. With twice as many, a peer whose filter lets nothing through
/// delays the other streams of its thread for twice as long.
const READS_PER_POLL: usize = 16;

/// Time of searching after which other tasks get their turn.
///
/// A client chooses the expression, and may choose one that takes microseconds for each byte. The
/// chunked writer returns four times in a turn, so that others wait for up to 4 ms; with twice the
/// time, for 8 ms.
const SEARCH_TIME: Duration = Duration::from_millis(1);

/// Time that hyper gets to write what it holds before the body is aborted.
///
/// It is much longer than a write to a socket that is not full. With twice the time, every abort
/// takes that much longer.
const FLUSH_TIME: Duration = Duration::from_millis(5);

/// The event stream of one peer.
pub(in crate::http) struct EventStream {
    site: Arc<Site>,
    query: Query,
    subscriber: Subscriber,
    flow: Flow,
    preamble: Option<Bytes>,
    /// The state of a peer that has everything that was returned.
    peer: PeerState,
    /// The gzip member that the peer gets, if it gets one.
    member: Option<Member>,
    last_frame: LastFrame,
    long_searches: LongSearches,
    contexts: Contexts,
    /// The lines around those that match, if the peer wants them.
    surroundings: Option<Box<HeldLines>>,
    heartbeat_timer: HeartbeatTimer,
    /// The changes of the lineage, if the peer is a relay.
    lineage_notice: Option<LineageNotice>,
    /// Runs before the body is aborted.
    flush_timer: Option<Pin<Box<Sleep>>>,
    read_end: ReadEnd,
    record: Option<Box<RequestRecord>>,
    _permit: OwnedSemaphorePermit,
}

impl EventStream {
    pub(in crate::http) fn new(
        site: Arc<Site>,
        query: Query,
        flow: Flow,
        permit: OwnedSemaphorePermit,
        is_gzip: bool,
    ) -> Self {
        let whole = query.selection.is_none().then_some(query.presentation);
        let subscriber = site.feed.subscribe_among(query.start(), query.candidates(&site.feed));
        let mut subscriber = subscriber.with_presentation(whole);
        if query.limits.is_snapshot {
            subscriber.end_before_next();
        }
        let is_resumed = query.is_resumed(&site.feed);
        let mut stream = EventStream {
            preamble: (query.presentation.medium == Medium::Events)
                .then(|| Encoder::preamble(spread(site.reconnect_delay))),
            peer: PeerState::at(subscriber.cursor()),
            member: is_gzip.then(Member::default),
            last_frame: LastFrame::default(),
            long_searches: LongSearches::default(),
            contexts: Contexts::default(),
            surroundings: query.surroundings().map(HeldLines::new).map(Box::new),
            heartbeat_timer: HeartbeatTimer::new(site.heartbeat),
            lineage_notice: None,
            flush_timer: None,
            read_end: ReadEnd::new(&query.limits),
            record: None,
            _permit: permit,
            subscriber,
            flow,
            query,
            site,
        };
        if is_resumed {
            stream.go_back(stream.subscriber.cursor());
        }
        stream
    }

    /// Returns the position at which a read that ends with what is there now stops, and that at which
    /// any other one begins.
    pub(in crate::http) fn end_or_start(&self) -> Position {
        if self.query.limits.is_snapshot {
            Position::before(self.subscriber.end())
        } else {
            self.subscriber.cursor()
        }
    }

    /// Tells the peer, which is a relay, each change of the lineage from now on.
    pub(in crate::http) fn tell_lineage(&mut self) {
        self.lineage_notice = Some(LineageNotice::new(&self.site.lineage));
    }

    /// Sets the record that is written when the stream is dropped.
    pub(in crate::http) fn set_record(&mut self, record: Option<Box<RequestRecord>>) {
        self.record = record;
    }

    /// Lets the publishing thread send `stream`, unless the request has a filter or a `stop`, or the
    /// stream is compressed: no expression that a client chose, and no compressor, may run on that
    /// thread.
    pub(in crate::http) fn set_inline(&self, stream: Weak<dyn InlineStream>) {
        if self.member.is_none() && !self.query.is_filtered() && self.query.selection.is_none() {
            self.subscriber.set_inline(stream);
        }
    }

    /// Takes back all but the first `kept` parts of the last frame, of which nothing was sent. They
    /// are read again later, so that a slow peer holds at most one part.
    pub(in crate::http) fn put_back(&mut self, kept: usize) {
        if let Some(peer) = self.last_frame.truncate(kept) {
            self.go_back(peer.position);
            self.peer = peer;
        }
    }

    /// Counts the last frame as sent.
    fn count_last_frame(&mut self) {
        let traffic = &self.site.traffic;
        for sent in self.last_frame.take() {
            traffic.events.add(sent.events);
            traffic.bytes.add(sent.bytes);
            if let Some(record) = &mut self.record {
                record.add(sent.events, sent.bytes);
            }
        }
    }

    /// Appends `bytes` to `frame`; a peer that has them resumes from `position`.
    fn push(&mut self, frame: &mut Gathered, bytes: Bytes, events: u64, position: Position) {
        self.push_text(frame, bytes, events, position, Run::default());
    }

    /// Reads the next frame, which is empty if the read had nothing for this peer; none at the end
    /// of the feed or of the subscriber.
    ///
    /// Lines are searched until `search_end`, and at least one of them.
    fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        search_end: Option<Instant>,
    ) -> Poll<Option<Gathered>> {
        self.count_last_frame();
        let mut frame = Gathered::default();
        if let Some(preamble) = self.preamble.take() {
            self.push(&mut frame, preamble, 0, self.peer.position);
            return Poll::Ready(Some(frame));
        }
        if self.read_end.is_time_over(cx) {
            self.subscriber.end_here();
            self.long_searches = LongSearches::default();
            self.contexts = Contexts::default();
        }
        if self.read_end.is_until_over(cx) {
            self.subscriber.end_before_next();
        }
        if self.push_lineage(cx, &mut frame) {
            return Poll::Ready(Some(frame));
        }
        ready!(self.long_searches.poll_done(cx));
        ready!(self.contexts.poll_done(cx));
        let query = &self.query;
        match self.subscriber.poll_read(cx, |source| query.wants(source)) {
            Poll::Ready(Some(Read::Events(from, batches))) => {
                self.push_events(&mut frame, from, &batches, search_end);
            }
            Poll::Ready(Some(Read::Gap(gap))) => {
                self.push_held(&mut frame);
                self.push_gap(&mut frame, gap);
                self.note_event();
            }
            Poll::Ready(Some(Read::Begin(position))) => self.peer.position = position,
            Poll::Ready(None) => return Poll::Ready(self.read_end_of_events(frame)),
            Poll::Pending => {
                if self.poll_held(cx, &mut frame).is_ready() {
                    if !frame.is_empty() {
                        self.note_event();
                    }
                    return Poll::Ready(Some(frame));
                }
                ready!(self.heartbeat_timer.poll_due(cx));
                self.push_heartbeat(&mut frame);
            }
        }
        Poll::Ready(Some(frame))
    }

    /// Appends the events of `batches` from `from` on that this peer wants; those that are left are
    /// read again.
    fn push_events(
        &mut self,
        frame: &mut Gathered,
        from: Position,
        batches: &[Arc<Batch>],
        search_end: Option<Instant>,
    ) {
        if let Err(reached) = self.push_batches(frame, from, batches, search_end) {
            self.subscriber.rewind(reached);
        }
        if !frame.is_empty() {
            self.peer.position = self.settled();
            self.note_event();
        }
    }

    fn push_gap(&mut self, frame: &mut Gathered, gap: Gap) {
        let Some(gap) = self.unsent(gap) else { return };
        self.site.traffic.gaps.add(1);
        self.site.traffic.lost.add(gap.lost.unwrap_or(0));
        let filtered = self.query.is_filtered();
        let event = ControlEvent::Gap { reason: gap.reason, lost: gap.lost, filtered };
        let bytes = self.encode_control(event, gap.position);
        self.push(frame, bytes, 0, gap.position);
    }

    fn encode_control(&self, event: ControlEvent<'_>, position: Position) -> Bytes {
        let medium = self.query.presentation.medium;
        Encoder::control(medium, &event.to_json(), &self.site.feed.id(position))
    }

    /// Ready when everything was written: hyper drops what it holds when a body fails.
    fn poll_flushed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let timer = self.flush_timer.get_or_insert_with(|| Box::pin(sleep(FLUSH_TIME)));
            ready!(timer.as_mut().poll(cx));
            if !self.flow.is_blocked() {
                return Poll::Ready(());
            }
            self.flush_timer = None;
        }
    }

    /// Returns true if the filter has let nothing through for so many events that those after the
    /// peer's ID may be evicted soon.
    fn is_stale(&self) -> bool {
        self.site.feed.is_far(self.peer.position, self.settled())
    }
}

impl Body for EventStream {
    type Data = Gathered;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Gathered>>>> {
        let search_end = self.query.selection.as_ref().map(|_| Instant::now() + SEARCH_TIME);
        for _ in 0..READS_PER_POLL {
            let mut frame = match ready!(self.poll_read(cx, search_end)) {
                None if self.is_aborted() => {
                    ready!(self.poll_flushed(cx));
                    // Some clients do not reconnect after a clean end.
                    return Poll::Ready(Some(Err(io::Error::other("ssetail is stopping"))));
                }
                None => return Poll::Ready(self.end_member().map(|end| Ok(Frame::data(end)))),
                Some(frame) => frame,
            };
            if !frame.is_empty() {
                self.heartbeat_timer.restart();
            } else if self.is_stale() {
                self.push_heartbeat(&mut frame);
            }
            if !frame.is_empty() {
                return Poll::Ready(Some(Ok(Frame::data(self.deflate(frame)))));
            }
            if search_end.is_some_and(|end| Instant::now() >= end) {
                break;
            }
        }
        // After a plain wake-up, the runtime would poll this task many times before its sockets.
        pin!(yield_now()).poll(cx).map(|()| None)
    }
}

impl Drop for EventStream {
    fn drop(&mut self) {
        self.count_last_frame();
    }
}
