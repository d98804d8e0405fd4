//! The events of a feed as messages: a subscriber that takes what there is when a message can be
//! sent.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::broker::Events;
use super::chain::HostPosition;
use super::message::Outgoing;
use super::payload::push_batch;
use crate::event::{Batch, GapReason, MAX_INDEX, Position, Seq};
use crate::feed::{Backlog, Feed, Gap, Read, Start, Subscriber};

/// Longest wait of a full message for the clients of this program.
///
/// During a flood, one client had 0.71 of its throughput without the wait (medians of runs), 0.85 to
/// 0.92 with half of this value, and 0.89 to 0.93 with it. A client that is always behind limits a
/// flood to one message for each wait: 12 MB/s, and half of that with twice the value.
const LONGEST_YIELD: Duration = Duration::from_millis(40);

/// Time between two checks of these clients. With twice the time, a message can wait for a millisecond
/// longer than the clients need.
const YIELD_CHECK: Duration = Duration::from_millis(1);

/// The events of a feed.
pub(super) struct FeedEvents {
    feed: Feed,
    /// Most bytes of a payload.
    limit: usize,
    reading: Option<Reading>,
}

/// The state of one read of the feed.
struct Reading {
    subscriber: Subscriber,
    /// The position of the next event that was not returned.
    position: Position,
    /// Batches that were read and not returned.
    batches: VecDeque<Arc<Batch>>,
    /// The gap behind these batches.
    gap: Option<Gap>,
    /// The reason of a gap before `position` that was not returned.
    reason: Option<GapReason>,
    has_ended: bool,
}

impl FeedEvents {
    pub(super) fn new(feed: Feed, limit: usize) -> Self {
        feed.leave_out_subscriber();
        FeedEvents { feed, limit, reading: None }
    }
}

impl Events for FeedEvents {
    fn begin(&mut self, after: Option<&HostPosition>) -> Seq {
        let known = after.filter(|after| after.id().epoch == *self.feed.encoder().epoch());
        let start = match known {
            Some(after) => Start::After(Ok(after.id().clone()), Backlog::All),
            None => Start::New(Backlog::All),
        };
        // One subscriber at a time.
        self.reading = None;
        let subscriber = self.feed.subscribe(start);
        let position = subscriber.cursor();
        self.reading = Some(Reading {
            position,
            subscriber,
            batches: VecDeque::new(),
            gap: None,
            reason: None,
            has_ended: false,
        });
        position.next
    }

    async fn next(&mut self) -> Option<Outgoing> {
        let reading = self.reading.as_mut()?;
        loop {
            poll_fn(|cx| reading.poll_events(cx)).await;
            if reading.fill(self.limit) >= self.limit {
                yield_to_clients(&self.feed).await;
            }
            let message = reading.take(&self.feed, self.limit);
            if message.is_some() || reading.has_ended {
                return message;
            }
        }
    }
}

/// Waits until the clients of this program have read everything, but not longer than
/// [`LONGEST_YIELD`].
async fn yield_to_clients(feed: &Feed) {
    let end = Instant::now() + LONGEST_YIELD;
    while feed.has_clients_behind() && Instant::now() < end {
        sleep(YIELD_CHECK).await;
    }
}

impl Reading {
    /// Ready when there are batches, or there will be none.
    fn poll_events(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while self.batches.is_empty() && !self.has_ended {
            match self.subscriber.poll_read(cx, |_| true) {
                Poll::Ready(read) => self.add(read),
                Poll::Pending => return Poll::Pending,
            }
        }
        Poll::Ready(())
    }

    /// Reads what there is now, up to about `limit` bytes; returns the bytes that were read and not
    /// returned.
    fn fill(&mut self, limit: usize) -> usize {
        let mut cx = Context::from_waker(Waker::noop());
        let size = |batch: &Arc<Batch>| batch.lines().map_or(0, |lines| lines.bytes.len());
        let mut bytes: usize = self.batches.iter().map(size).sum();
        while bytes < limit && self.gap.is_none() && !self.has_ended {
            let known = self.batches.len();
            let Poll::Ready(read) = self.subscriber.poll_read(&mut cx, |_| true) else { break };
            self.add(read);
            bytes += self.batches.iter().skip(known).map(size).sum::<usize>();
        }
        bytes
    }

    fn add(&mut self, read: Option<Read>) {
        match read {
            Some(Read::Events(_, batches)) => self.batches.extend(batches),
            Some(Read::Gap(gap)) if self.batches.is_empty() => self.pass(gap),
            Some(Read::Gap(gap)) => self.gap = Some(gap),
            Some(Read::Begin(position)) => self.position = position,
            None => self.has_ended = true,
        }
    }

    fn pass(&mut self, gap: Gap) {
        self.position = gap.position;
        self.reason = Some(gap.reason);
    }

    /// Returns the events that were read, as many as fit into `limit` bytes.
    fn take(&mut self, feed: &Feed, limit: usize) -> Option<Outgoing> {
        let after = HostPosition::of(feed.id(self.position))?;
        let first = self.position.next;
        let mut payload = Vec::new();
        let mut bytes = 0;
        while let Some(batch) = self.batches.front() {
            let index = self.position.next.saturating_sub(batch.first()) as usize;
            let room = MAX_INDEX - 1 - (self.position.next - first);
            if index < batch.len() && batch.len() - index > room as usize {
                break;
            }
            let count =
                if index < batch.len() { push_batch(&mut payload, batch, index, limit) } else { 0 };
            if let Some(lines) = batch.lines() {
                let spans = lines.spans.iter().skip(index).take(count);
                bytes += spans.map(|span| u64::from(span.end - span.start) + 1).sum::<u64>();
            }
            self.position = Position::before(self.position.next.max(batch.first()) + count as u64);
            if self.position.next < batch.next() {
                break;
            }
            self.batches.pop_front();
        }
        if self.position.next == first {
            return None;
        }
        let last = HostPosition::of(feed.id(self.position))?;
        let (events, gap) = (self.position.next - first, self.reason.take());
        if self.batches.is_empty()
            && let Some(gap) = self.gap.take()
        {
            self.pass(gap);
        }
        Some(Outgoing { after, last, gap, events, bytes, payload: payload.into() })
    }
}
