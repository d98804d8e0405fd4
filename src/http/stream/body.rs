//! The body of an event stream: a subscriber's batches, as the peer takes them.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, Sleep, sleep, sleep_until};

use super::Gathered;
use crate::event::{Batch, ControlEvent, Encoder, Medium, Position};
use crate::feed::{Gap, InlineStream, Read, Subscriber};
use crate::http::socket::Flow;
use crate::http::{Query, Site};

/// How many reads that hold nothing for this peer are made before others have their turn.
const FRUITLESS_READS: usize = 16;

/// How long hyper is given to write what it has before the body is cut.
const FLUSH: Duration = Duration::from_millis(5);

/// One peer's event stream.
pub(in crate::http) struct EventStream {
    site: Arc<Site>,
    query: Query,
    subscriber: Subscriber,
    flow: Flow,
    opening: Option<Bytes>,
    /// What the ID of the last event sent says that the peer has.
    told: Position,
    /// The source of which plain lines have sent a part of a line, and not yet its end.
    unfinished: Option<usize>,
    silence: HeartbeatTimer,
    /// Number of events of the feed that were sent.
    events: u64,
    /// What was handed out last and is not counted as sent yet.
    handed_out: HandedOut,
    /// Until what was sent last has left, before the body is cut.
    farewell: Option<Pin<Box<Sleep>>>,
    /// Free for another peer when this stream ends.
    _place: OwnedSemaphorePermit,
}

/// The parts of what was handed out last, so that some of them can be put back.
#[derive(Default)]
struct HandedOut {
    parts: Vec<Part>,
}

/// What the bytes of one part of a [`Gathered`] mean.
#[derive(Clone, Copy)]
struct Part {
    bytes: u64,
    events: u64,
    /// The position of a peer that has this part.
    end: Position,
    /// The source of an unfinished plain line at its end.
    unfinished: Option<usize>,
}

/// When the peer last got something, and when that is too long ago.
struct HeartbeatTimer {
    limit: Duration,
    since: Instant,
    timer: Pin<Box<Sleep>>,
}

impl EventStream {
    pub(in crate::http) fn new(
        site: Arc<Site>,
        query: Query,
        flow: Flow,
        place: OwnedSemaphorePermit,
    ) -> Self {
        let whole = query.grep.is_none().then_some(query.presentation);
        let subscriber = site.feed.subscribe(query.start()).with_presentation(whole);
        EventStream {
            opening: (query.presentation.medium == Medium::Events)
                .then(|| Encoder::preamble(site.reconnect_delay)),
            told: subscriber.cursor(),
            unfinished: None,
            silence: HeartbeatTimer::new(site.heartbeat),
            events: 0,
            handed_out: HandedOut::default(),
            subscriber,
            flow,
            farewell: None,
            _place: place,
            query,
            site,
        }
    }

    /// Lets the publishing thread send `stream`, unless the request has a filter: no expression
    /// that a client chose may run on that thread.
    pub(in crate::http) fn set_inline(&self, stream: Weak<dyn InlineStream>) {
        if !self.query.is_filtered() {
            self.subscriber.set_inline(stream);
        }
    }

    /// Number of events that were sent so far.
    pub(in crate::http) fn events(&self) -> u64 {
        self.events + self.handed_out.parts.iter().map(|part| part.events).sum::<u64>()
    }

    /// Takes back all but the first `kept` parts of what was handed out last, which were not
    /// sent: they will be read again, so that a slow peer holds no more than one of them.
    ///
    /// Returns how many bytes they have.
    pub(in crate::http) fn put_back(&mut self, kept: usize) -> u64 {
        let parts = &mut self.handed_out.parts;
        let Some(last) = kept.checked_sub(1).and_then(|last| parts.get(last)).copied() else {
            return 0;
        };
        if kept == parts.len() {
            return 0;
        }
        let bytes = parts.drain(kept..).map(|part| part.bytes).sum();
        self.subscriber.rewind(last.end);
        self.told = last.end;
        self.unfinished = last.unfinished;
        bytes
    }

    /// Counts what was handed out last as sent.
    fn confirm(&mut self) {
        let traffic = &self.site.traffic;
        for part in self.handed_out.parts.drain(..) {
            self.events += part.events;
            traffic.events.add(part.events);
            traffic.bytes.add(part.bytes);
        }
    }

    /// Adds bytes to what is handed out; after them, a peer has all before `end`.
    fn hand_out(&mut self, gathered: &mut Gathered, bytes: Bytes, events: u64, end: Position) {
        let part = Part { bytes: bytes.len() as u64, events, end, unfinished: self.unfinished };
        if gathered.push(bytes) {
            self.handed_out.parts.push(part);
        } else if let Some(last) = self.handed_out.parts.last_mut() {
            let (bytes, events) = (last.bytes + part.bytes, last.events + part.events);
            *last = Part { bytes, events, ..part };
        }
    }

    /// What is to be sent next: None at the end of the feed, nothing for nothing so far.
    fn poll_bytes(&mut self, cx: &mut Context<'_>) -> Poll<Option<Gathered>> {
        self.confirm();
        let mut gathered = Gathered::default();
        if let Some(opening) = self.opening.take() {
            self.hand_out(&mut gathered, opening, 0, self.told);
            return Poll::Ready(Some(gathered));
        }
        let query = &self.query;
        match self.subscriber.poll_read(cx, |source| query.wants(source)) {
            Poll::Ready(Some(Read::Events(from, batches))) => {
                for batch in &batches {
                    self.present(&mut gathered, from, batch);
                }
                if !gathered.is_empty() {
                    self.told = self.subscriber.cursor();
                }
                Poll::Ready(Some(gathered))
            }
            Poll::Ready(Some(Read::Gap(gap))) => {
                self.told = gap.position;
                let bytes = self.present_gap(gap);
                self.hand_out(&mut gathered, bytes, 0, gap.position);
                Poll::Ready(Some(gathered))
            }
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => {
                ready!(self.silence.poll_over(cx));
                self.heartbeat(&mut gathered);
                Poll::Ready(Some(gathered))
            }
        }
    }

    /// Hands out the events of `batch` from `from` on that this peer wants.
    fn present(&mut self, gathered: &mut Gathered, from: Position, batch: &Batch) {
        if !self.query.wants(batch.source()) {
            return;
        }
        let (bytes, events) = self.encode(from, batch);
        let Some(&last) = bytes.last() else { return };
        let end = Position::before(batch.next());
        if self.query.presentation.medium == Medium::Plain {
            // A line without its end ends where another source's begins, so that the two do not
            // become one.
            let source = batch.source().id;
            if self.unfinished.is_some_and(|unfinished| unfinished != source) {
                let line_end = Bytes::from_static(Encoder::LINE_END);
                self.unfinished = None;
                self.hand_out(gathered, line_end, 0, Position::before(batch.first()));
            }
            let is_line = batch.lines().is_some_and(|lines| !lines.chunks);
            self.unfinished = (is_line && [last] != Encoder::LINE_END).then_some(source);
        }
        self.hand_out(gathered, bytes, events, end);
    }

    /// The shared bytes of the batch, unless this peer gets only a part of it; and how many events
    /// they hold.
    fn encode(&self, from: Position, batch: &Batch) -> (Bytes, u64) {
        let encoder = self.site.feed.encoder();
        let presentation = self.query.presentation;
        let grep = self.query.grep.as_ref();
        let since = Position::before(self.subscriber.source_start(batch.source()));
        let start = from.max(since).max(Position::before(batch.first()));
        if start.next >= batch.next() {
            return (Bytes::new(), 0);
        }
        if grep.is_none() && start == Position::before(batch.first()) {
            return (batch.encoded(encoder, presentation), batch.len() as u64);
        }
        let bytes = encoder.encode_from(batch, presentation, start, grep);
        let events = Encoder::count(&bytes, presentation.medium);
        (bytes, events)
    }

    fn present_gap(&self, gap: Gap) -> Bytes {
        self.site.traffic.gaps.add(1);
        self.site.traffic.lost.add(gap.lost.unwrap_or(0));
        let filtered = self.query.is_filtered();
        let event = ControlEvent::Gap { reason: gap.reason, lost: gap.lost, filtered };
        self.control(event, gap.position)
    }

    /// Hands out a comment, or an event where only that can say what is to be said: to a page, and
    /// to a peer whose filter has let nothing through, so that it comes back with a fresh ID.
    fn heartbeat(&mut self, gathered: &mut Gathered) {
        let cursor = self.subscriber.cursor();
        let bytes = if self.query.ping || self.told != cursor {
            self.told = cursor;
            let time = std::time::SystemTime::now()
                .duration_since(std::time::SystemTime::UNIX_EPOCH)
                .map_or(0, |elapsed| elapsed.as_millis() as u64);
            self.control(ControlEvent::Ping { time }, cursor)
        } else {
            match self.query.presentation.medium {
                Medium::Events => Encoder::HEARTBEAT,
                // They have no comments, and a blank line would be one of the lines.
                Medium::JsonLines | Medium::Plain => Bytes::new(),
            }
        };
        self.hand_out(gathered, bytes, 0, cursor);
    }

    fn control(&self, event: ControlEvent<'_>, position: Position) -> Bytes {
        let medium = self.query.presentation.medium;
        self.site.feed.encoder().control(medium, &event.to_json(), position)
    }

    /// Ready when the peer has been sent everything: hyper drops what is left when a body fails.
    fn poll_sent(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let farewell = self.farewell.get_or_insert_with(|| Box::pin(sleep(FLUSH)));
            ready!(farewell.as_mut().poll(cx));
            if !self.flow.is_blocked() {
                return Poll::Ready(());
            }
            self.farewell = None;
        }
    }

    /// The filter has let nothing through for so long that the peer's ID may be evicted soon.
    fn is_stale(&self) -> bool {
        let capacity = self.site.feed.replay_lines();
        self.subscriber.cursor().next - self.told.next > capacity / 4
    }
}

impl Body for EventStream {
    type Data = Gathered;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Gathered>>>> {
        for _ in 0..FRUITLESS_READS {
            let mut gathered = match ready!(self.poll_bytes(cx)) {
                None if self.site.feed.is_aborting() => {
                    ready!(self.poll_sent(cx));
                    // A clean end would tell some clients not to come back.
                    return Poll::Ready(Some(Err(io::Error::other("ssetail is stopping"))));
                }
                None => return Poll::Ready(None),
                Some(gathered) => gathered,
            };
            if gathered.is_empty() && self.is_stale() {
                self.heartbeat(&mut gathered);
            } else if !gathered.is_empty() {
                self.silence.begin();
            }
            if !gathered.is_empty() {
                return Poll::Ready(Some(Ok(Frame::data(gathered))));
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Drop for EventStream {
    fn drop(&mut self) {
        self.confirm();
    }
}

impl HeartbeatTimer {
    fn new(limit: Duration) -> Self {
        let now = Instant::now();
        // Peers that were served together would otherwise all be due at the same moment.
        let limit = limit / 1000 * (1000 - getrandom::u32().unwrap_or(0) % 200);
        HeartbeatTimer { limit, since: now, timer: Box::pin(sleep_until(now + limit)) }
    }

    fn begin(&mut self) {
        self.since = Instant::now();
    }

    /// Ready when it has lasted too long, and then begins anew.
    fn poll_over(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            ready!(self.timer.as_mut().poll(cx));
            let due = self.since + self.limit;
            let now = Instant::now();
            let is_over = due <= now;
            if is_over {
                self.since = now;
            }
            // Sending does not touch the timer; it is set again when it fires too early.
            self.timer.as_mut().reset(self.since + self.limit);
            if is_over {
                return Poll::Ready(());
            }
        }
    }
}
