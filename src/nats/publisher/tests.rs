//! A simulated stream: publishers and nodes under thousands of random schedules.
//!
//! Each step of the network is a choice of one random number: a message is stored, lost, delayed, or
//! stored without its acknowledgement; the server loses its newest messages; a publisher is killed.

mod stream;

use std::cell::RefCell;
use std::rc::Rc;

use self::stream::{Stored, Stream};
use super::*;
use crate::event::{Epoch, EventId, Numbering, Position};
use crate::nats::broker::{LastMessage, Observed, StreamState};
use crate::nats::chain::HostPosition;

/// Number of schedules; each takes about 50 microseconds.
const SCHEDULES: u64 = 5000;

/// Number of events that a host has in the end.
const EVENTS: u64 = 60;

/// Stands for an event that a gap has counted.
const LOST: u64 = 0;

fn at(next: u64) -> HostPosition {
    let position = Position::before(next);
    let id = EventId { epoch: Epoch::from_random(1), position, numbering: Numbering::Run };
    HostPosition::of(id).expect("a position")
}

type Shared = Rc<RefCell<Stream>>;

/// The way from one publisher to the stream.
struct Network {
    stream: Shared,
    run: String,
}

impl Broker for Network {
    async fn publish(&mut self, message: &Outgoing, expected: u64) -> Result<u64, NotPublished> {
        let mut stream = self.stream.borrow_mut();
        let losses = stream.losses;
        stream.pass();
        if stream.losses > losses {
            return Err(NotPublished::Doubt);
        }
        let stored = Stored {
            sequence: 0,
            run: self.run.clone(),
            after: message.after.clone(),
            last: message.last.clone(),
        };
        match if stream.trouble > 0 { stream.random.below(10) } else { 9 } {
            0 => Err(NotPublished::Doubt),
            1 => {
                let _ = stream.store(stored, expected);
                Err(NotPublished::Doubt)
            }
            2 => {
                stream.delayed.push((stored, expected));
                Err(NotPublished::Doubt)
            }
            3 => Err(NotPublished::Refused("full".to_owned())),
            _ => stream.store(stored, expected),
        }
    }

    async fn observe(&mut self, acknowledged: Option<u64>) -> Result<Observed, Unobserved> {
        let mut stream = self.stream.borrow_mut();
        stream.pass();
        if stream.trouble > 0 && stream.random.below(5) == 0 {
            return Err(Unobserved::Unavailable("away".to_owned()));
        }
        let last = stream.messages.last().map(|message| LastMessage {
            sequence: message.sequence,
            run: message.run.clone(),
            last: message.last.clone(),
        });
        let state = StreamState { created: stream.created, first: stream.first };
        let is_removed = acknowledged.is_some_and(|sequence| stream.removed.contains(&sequence));
        Ok(Observed { state, last, is_removed })
    }

    async fn pause(&mut self, _: u32) {}

    async fn reconnected(&mut self) {
        let is_now = {
            let mut stream = self.stream.borrow_mut();
            stream.trouble > 0 && stream.random.below(10) == 0
        };
        if !is_now {
            std::future::pending::<()>().await;
        }
    }
}

/// A host whose events are numbers.
struct Numbers {
    next: u64,
    stream: Shared,
    /// Number of messages before the host is killed.
    left: u64,
    /// Number behind the last event.
    end: u64,
}

impl Events for Numbers {
    fn begin(&mut self, after: Option<&HostPosition>) -> u64 {
        self.next = after.map_or(1, HostPosition::next);
        self.next
    }

    async fn next(&mut self) -> Option<Outgoing> {
        if self.next >= self.end || self.left == 0 {
            return None;
        }
        self.left -= 1;
        let count = 1 + self.stream.borrow_mut().random.below(5);
        let (after, last) = (at(self.next), at((self.next + count).min(self.end)));
        let events = last.next() - after.next();
        self.next = last.next();
        let (gap, bytes, payload) = (None, events, bytes::Bytes::new());
        Some(Outgoing { after, last, gap, events, bytes, payload })
    }
}

/// Runs publishers of one host, one after the other, until everything is in the stream.
fn run(seed: u64) -> Stream {
    let stream: Shared = Rc::new(RefCell::new(Stream::new(seed)));
    let figures = Figures::default();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    for life in 0..10_000 {
        let run = format!("{seed} {life}");
        let is_troubled = stream.borrow().trouble > 0;
        let left = if is_troubled { stream.borrow_mut().random.below(12) } else { EVENTS };
        let remembered = stream.borrow().remembered.clone();
        let memory = Rc::clone(&stream);
        // The last event stays in the stream, so that nodes notice what is missing before it.
        let end = if is_troubled { EVENTS } else { EVENTS + 1 };
        let events = Numbers { next: 1, stream: Rc::clone(&stream), left, end };
        let mut publisher = Publisher {
            broker: Network { stream: Rc::clone(&stream), run: run.clone() },
            events,
            known: Known::new(run, remembered),
            figures: &figures,
            remember: Box::new(move |at| memory.borrow_mut().remembered = Some(at.clone())),
            report: Box::new(|_| {}),
        };
        let end = runtime.block_on(publisher.run());
        // There is one publisher at a time.
        assert_eq!(end, PublisherEnd::NoMoreEvents, "seed {seed}");
        let is_complete =
            stream.borrow().messages.last().is_some_and(|last| last.last == at(EVENTS + 1));
        if !is_troubled && is_complete {
            break;
        }
    }
    drop(figures);
    stream.borrow_mut().read();
    Rc::try_unwrap(stream).expect("nobody else").into_inner()
}

#[test]
fn a_node_gets_every_event_once_and_in_order_whatever_the_network_does() {
    for seed in 0..SCHEDULES {
        let Stream { node, .. } = run(seed);
        // A node knows nothing of what was removed before it has read its first message.
        let first = node.sent.first().copied().expect("an event");
        let is_right = |(event, sent): (u64, &u64)| *sent == event || *sent == LOST;
        assert!((first..).zip(&node.sent).all(is_right), "seed {seed}: {:?}", node.sent);
        assert_eq!(node.sent.len() as u64, EVENTS + 1 - first, "seed {seed}");
    }
}

#[test]
fn every_stream_is_a_chain_without_a_hole_or_a_double() {
    for seed in 0..SCHEDULES {
        let stream = run(seed);
        for pair in stream.messages.windows(2) {
            let is_whole = pair[0].last == pair[1].after;
            let is_gap = stream.has_operator && pair[0].last.next() < pair[1].after.next();
            assert!(is_whole || is_gap, "seed {seed}");
            assert!(pair[0].sequence < pair[1].sequence);
        }
        let last = stream.messages.last().expect("a message");
        assert_eq!(last.last, at(EVENTS + 1), "seed {seed}");
    }
}
