//! A client that falls behind and reconnects.

use std::task::{Context, Poll, Waker};

use ssetail::event::{Batch, GapReason, Position, Span};
use ssetail::feed::{Backlog, Feed, Read, Start, Subscriber};

/// A client that reads sometimes, a little at a time, and sometimes reconnects.
pub struct SlowClient {
    subscriber: Subscriber,
    position: Position,
    /// Events that the client got, by their seq; `None` if a gap stands for the event.
    pub events: Vec<Option<String>>,
}

impl SlowClient {
    pub fn new(feed: &Feed) -> Self {
        let subscriber = feed.subscribe(Start::New(Backlog::Ring));
        SlowClient { position: subscriber.cursor(), subscriber, events: Vec::new() }
    }

    /// Reads once; returns false if there is nothing to read.
    pub fn read(&mut self) -> bool {
        let mut cx = Context::from_waker(Waker::noop());
        let Poll::Ready(Some(read)) = self.subscriber.poll_read(&mut cx, |_| true) else {
            return false;
        };
        match read {
            Read::Events(from, batches) => {
                assert_eq!(from.next, self.events.len() as u64 + 1, "no event is left out");
                self.events.extend(batches.iter().flat_map(|batch| texts(batch, from)).map(Some));
            }
            Read::Gap(gap) => {
                let reasons = [GapReason::Truncated, GapReason::Slow, GapReason::Evicted];
                assert!(reasons.contains(&gap.reason), "{gap:?}");
                let lost = gap.lost.expect("a count") as usize;
                self.events.extend(std::iter::repeat_n(None, lost));
                assert_eq!(gap.position.next, self.events.len() as u64 + 1);
            }
            Read::Begin(_) => panic!("no expression was given"),
        }
        self.position = self.subscriber.cursor();
        true
    }

    /// Reconnects with the last event ID.
    pub fn reconnect(&mut self, feed: &Feed) {
        let id = feed.encoder().id(self.position);
        self.subscriber = feed.subscribe(Start::After(Ok(id), Backlog::Ring));
    }
}

/// Returns the events of a batch from a position on.
pub fn texts(batch: &Batch, from: Position) -> Vec<String> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let all: Vec<String> = match batch.lines() {
        Some(lines) => {
            let line = |span: &Span| text(&lines.bytes[span.start as usize..span.end as usize]);
            lines.spans.iter().map(line).collect()
        }
        None => batch.control_json().map(ToString::to_string).into_iter().collect(),
    };
    all.into_iter().skip(from.next.saturating_sub(batch.first()) as usize).collect()
}
