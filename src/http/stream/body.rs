//! The body of an event stream: a subscriber's batches, as the peer takes them.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, Sleep, sleep, sleep_until};

use crate::event::{Batch, Encoder, Medium, Object, Position};
use crate::feed::{Gap, Read, Reason, Subscriber};
use crate::http::socket::Flow;
use crate::http::traffic::Count;
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
    silence: Silence,
    /// How many events of the feed it has sent.
    events: Count,
    /// Until what was sent last has left, before the body is cut.
    farewell: Option<Pin<Box<Sleep>>>,
    /// Free for another peer when this stream ends.
    _place: OwnedSemaphorePermit,
}

/// When the peer last got something, and when that is too long ago.
struct Silence {
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
        let subscriber = site.feed.subscribe(query.start()).presented(whole);
        EventStream {
            opening: (query.presentation.medium == Medium::Events)
                .then(|| Encoder::opening(site.reconnect_delay)),
            told: subscriber.cursor(),
            unfinished: None,
            silence: Silence::new(site.heartbeat),
            events: Count::default(),
            subscriber,
            flow,
            farewell: None,
            _place: place,
            query,
            site,
        }
    }

    /// How many events it has sent so far.
    pub(in crate::http) fn events(&self) -> u64 {
        self.events.get()
    }

    /// What is to be sent next: None at the end of the feed, empty bytes for nothing so far.
    fn poll_bytes(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if let Some(opening) = self.opening.take() {
            return Poll::Ready(Some(opening));
        }
        let query = &self.query;
        match self.subscriber.poll_read(cx, |source| query.wants(source)) {
            Poll::Ready(Some(Read::Events(from, batches))) => {
                let bytes = match self.query.presentation.medium {
                    Medium::Plain => self.present_plain(from, &batches),
                    Medium::Events | Medium::JsonLines => self.present(from, &batches),
                };
                if !bytes.is_empty() {
                    self.told = self.subscriber.cursor();
                }
                Poll::Ready(Some(bytes))
            }
            Poll::Ready(Some(Read::Gap(gap))) => {
                self.told = gap.position;
                Poll::Ready(Some(self.present_gap(gap)))
            }
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => {
                ready!(self.silence.poll_over(cx));
                Poll::Ready(Some(self.heartbeat()))
            }
        }
    }

    fn present(&self, from: Position, batches: &[Arc<Batch>]) -> Bytes {
        let mut parts = batches
            .iter()
            .filter(|batch| self.query.wants(batch.source()))
            .map(|batch| self.present_batch(from, batch))
            .filter(|bytes| !bytes.is_empty());
        let first = parts.next().unwrap_or_default();
        match parts.next() {
            None => first,
            Some(second) => {
                let mut joined = BytesMut::from(first);
                joined.extend_from_slice(&second);
                parts.for_each(|part| joined.extend_from_slice(&part));
                joined.freeze()
            }
        }
    }

    /// The bytes of lines, in which a line that is still without its end ends where another
    /// source's begins, so that the two do not become one.
    fn present_plain(&mut self, from: Position, batches: &[Arc<Batch>]) -> Bytes {
        let mut joined = BytesMut::new();
        for batch in batches.iter().filter(|batch| self.query.wants(batch.source())) {
            let bytes = self.present_batch(from, batch);
            let Some(&last) = bytes.last() else { continue };
            let source = batch.source().id;
            if self.unfinished.is_some_and(|unfinished| unfinished != source) {
                joined.extend_from_slice(Encoder::LINE_END);
            }
            joined.extend_from_slice(&bytes);
            let is_line = batch.lines().is_some_and(|lines| !lines.chunks);
            self.unfinished = (is_line && [last] != Encoder::LINE_END).then_some(source);
        }
        joined.freeze()
    }

    /// The shared bytes of the batch, unless this peer gets only a part of it.
    fn present_batch(&self, from: Position, batch: &Batch) -> Bytes {
        let encoder = self.site.feed.encoder();
        let presentation = self.query.presentation;
        let grep = self.query.grep.as_ref();
        let since = Position::before(self.subscriber.since(batch.source()));
        let start = from.max(since).max(Position::before(batch.first()));
        if start.next >= batch.next() {
            return Bytes::new();
        }
        if grep.is_none() && start == Position::before(batch.first()) {
            self.count(batch.len() as u64);
            return batch.encoded(encoder, presentation);
        }
        let bytes = encoder.encode_from(batch, presentation, start, grep);
        self.count(Encoder::count(&bytes, presentation.medium));
        bytes
    }

    fn count(&self, events: u64) {
        self.events.add(events);
        self.site.traffic.events.add(events);
    }

    fn present_gap(&self, gap: Gap) -> Bytes {
        let reason = match gap.reason {
            Reason::Evicted => "evicted",
            Reason::Slow => "slow",
            Reason::Truncated => "truncated",
            Reason::Restart => "restart",
            Reason::Unknown => "unknown",
        };
        self.site.traffic.gaps.add(1);
        self.site.traffic.lost.add(gap.lost.unwrap_or(0));
        let json = Object::of_type("gap")
            .text("reason", reason)
            .number("lost", gap.lost)
            .flag("filtered", self.query.is_filtered());
        self.control(json, gap.position)
    }

    /// A comment, or an event where only that can say what is to be said: to a page, and to a
    /// peer whose filter has let nothing through, so that it comes back with a fresh ID.
    fn heartbeat(&mut self) -> Bytes {
        let cursor = self.subscriber.cursor();
        if !self.query.ping && self.told == cursor {
            return match self.query.presentation.medium {
                Medium::Events => Encoder::HEARTBEAT,
                // They have no comments, and a blank line would be one of the lines.
                Medium::JsonLines | Medium::Plain => Bytes::new(),
            };
        }
        self.told = cursor;
        let time = std::time::SystemTime::now()
            .duration_since(std::time::SystemTime::UNIX_EPOCH)
            .map_or(0, |elapsed| elapsed.as_millis() as u64);
        let json = Object::of_type("ping").number("time", Some(time));
        self.control(json, cursor)
    }

    fn control(&self, json: Object, position: Position) -> Bytes {
        let medium = self.query.presentation.medium;
        self.site.feed.encoder().control(medium, &json.finish(), position)
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
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        for _ in 0..FRUITLESS_READS {
            match ready!(self.poll_bytes(cx)) {
                None if self.site.feed.is_cut() => {
                    ready!(self.poll_sent(cx));
                    // A clean end would tell some clients not to come back.
                    return Poll::Ready(Some(Err(io::Error::other("ssetail is stopping"))));
                }
                None => return Poll::Ready(None),
                Some(bytes) if bytes.is_empty() => {
                    let bytes = if self.is_stale() { self.heartbeat() } else { bytes };
                    if !bytes.is_empty() {
                        return Poll::Ready(Some(Ok(Frame::data(bytes))));
                    }
                }
                Some(bytes) => {
                    self.silence.begin();
                    self.site.traffic.bytes.add(bytes.len() as u64);
                    return Poll::Ready(Some(Ok(Frame::data(bytes))));
                }
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Silence {
    fn new(limit: Duration) -> Self {
        let now = Instant::now();
        // Peers that were served together would otherwise all be due at the same moment.
        let limit = limit / 1000 * (1000 - getrandom::u32().unwrap_or(0) % 200);
        Silence { limit, since: now, timer: Box::pin(sleep_until(now + limit)) }
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
