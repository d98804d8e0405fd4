//! The check of a last event ID that names a message which the ring does not have.
//!
//! A stream of messages that has lost its newest ones gives their sequences to others.

use std::pin::Pin;

use super::reload::Reloaded;
use super::start::Unverified;
use super::state::FeedState;
use crate::event::{message_of, seq_in_message};
use crate::store::{IndexEntry, Resolved};

/// Number of times that the newest sequence of the stream has to be looked up before an ID behind it
/// counts as one of a lost message.
///
/// The first of them may have begun before the client came.
const CHECKS: u64 = 2;

/// A last event ID that is compared with its message.
pub(super) struct Verification {
    pub(super) id: Unverified,
    /// Number of look-ups of the newest sequence before the client came.
    checks: u64,
    /// The message that is being read for it.
    pub(super) read: Option<Pin<Box<dyn Future<Output = Reloaded> + Send>>>,
}

/// The next step of a verification.
pub(super) enum Step {
    Known(Resolved),
    Read(IndexEntry),
    Wait,
}

impl Verification {
    pub(super) fn new(id: Unverified, checks: u64) -> Self {
        Verification { id, checks, read: None }
    }

    /// Finds out what can be known about the ID now.
    pub(super) fn step(&self, state: &FeedState) -> Step {
        let Some(messages) = &state.messages else { return Step::Known(Resolved::OtherStream) };
        match messages.resolve(&self.id.id, &state.ring) {
            Resolved::Unverified(position) => {
                let named = if position.skip > 0 { position.next } else { position.next - 1 };
                let number = message_of(named).0;
                if seq_in_message(number, 0) >= state.ring.next().max(state.read_to) {
                    let is_late = state.checks >= self.checks + CHECKS;
                    return if is_late { Step::Known(Resolved::Unknown) } else { Step::Wait };
                }
                // None is a message that was removed.
                match messages.message(number) {
                    Some(entry) => Step::Read(entry),
                    None => Step::Known(Resolved::At(position)),
                }
            }
            resolved => Step::Known(resolved),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Range;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Context, Poll, Waker};

    use super::*;
    use crate::event::{Batch, Check, Encoder, Epoch, EventId, MessagePlace, Numbering, Position};
    use crate::feed::{Backlog, Read, Start, feed_of_messages};
    use crate::store::samples::{cutting, source};
    use crate::store::{Capacity, Era, Found, MessageLog, ReadMessages};

    /// Messages of one event each, except for those from 20 on, which have none.
    #[derive(Debug, Default)]
    struct Stream {
        /// Number of messages that were read.
        reads: AtomicUsize,
    }

    fn epoch() -> Epoch {
        Epoch::from_random(7)
    }

    fn batch(sequence: u64) -> Arc<Batch> {
        let first = seq_in_message(sequence, 1);
        let batch = Batch::of_control(source(), first, "{}".into(), Arc::default());
        let check = Check::of(&sequence.to_be_bytes());
        Arc::new(batch.in_message(Arc::new(MessagePlace { epoch: epoch(), sequence, check })))
    }

    impl MessageLog for Stream {
        fn oldest(&self) -> u64 {
            1
        }

        fn message_size(&self) -> u64 {
            10
        }

        fn read(&self, sequences: Range<u64>, _: u64, _: Arc<AtomicUsize>) -> ReadMessages {
            self.reads.fetch_add(sequences.clone().count(), Ordering::Relaxed);
            let batches = sequences.filter(|sequence| *sequence < 20).map(batch).collect();
            Box::pin(async { Some(batches) })
        }

        fn first_since(
            &self,
            sequences: Range<u64>,
            _: i64,
        ) -> Pin<Box<dyn Future<Output = u64> + Send>> {
            Box::pin(async move { sequences.start })
        }
    }

    /// Reads the first events of clients that have message `sequence`, 30 at the same time.
    fn first_reads(log: &Arc<Stream>, sequence: u64, check: u64) -> Vec<Poll<Option<Read>>> {
        let capacity = Capacity { lines: 10, bytes: 1 << 20, index_bytes: 0 };
        let encoder = Encoder::new(Epoch::from_random(0));
        let (publisher, feed) = feed_of_messages(encoder, capacity, cutting(100), source());
        let log: Arc<dyn MessageLog> = log.clone();
        publisher.begin_era(|_| Era {
            epoch: epoch(),
            first: 1,
            shift: 0,
            start: 18,
            end: u64::MAX,
            log,
        });
        publisher.publish_messages(vec![batch(18), batch(19)], seq_in_message(20, 0));
        publisher.publish_messages(Vec::new(), seq_in_message(21, 0));
        let position = Position::before(seq_in_message(sequence, 2));
        let numbering = Numbering::Messages(Some(Check::of(&check.to_be_bytes())));
        let id = EventId { epoch: epoch(), position, numbering };
        let subscribe = |_| feed.subscribe(Start::After(Ok(id.clone()), Backlog::Ring));
        let mut subscribers: Vec<_> = (0..30).map(subscribe).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let mut read = || {
            let mut cx = Context::from_waker(Waker::noop());
            subscribers.iter_mut().map(|s| s.poll_read(&mut cx, |_| true)).collect::<Vec<_>>()
        };
        runtime.block_on(async {
            let _ = read();
            // The message is read by a task.
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
            read()
        })
    }

    #[test]
    fn an_id_before_a_loss_is_found_in_the_earlier_era() {
        let capacity = Capacity { lines: 10, bytes: 1 << 20, index_bytes: 0 };
        let encoder = Encoder::new(Epoch::from_random(0));
        let (publisher, feed) = feed_of_messages(encoder, capacity, cutting(100), source());
        let log: Arc<dyn MessageLog> = Arc::<Stream>::default();
        let era = |first, shift, log| Era {
            epoch: epoch(),
            first,
            shift,
            start: first.max(18),
            end: u64::MAX,
            log,
        };
        publisher.begin_era(|_| era(1, 0, Arc::clone(&log)));
        publisher.publish_messages(vec![batch(18), batch(19)], seq_in_message(20, 0));
        // The messages from 10 on are lost, and others get their sequences.
        publisher.begin_era(|smallest| era(smallest, smallest - 10, log));
        let numbering = Numbering::Messages(Some(Check::of(&5_u64.to_be_bytes())));
        let position = Position::before(seq_in_message(5, 2));
        let id = EventId { epoch: epoch(), position, numbering };
        let mut subscriber = feed.subscribe(Start::After(Ok(id), Backlog::Ring));
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let read = runtime
            .block_on(std::future::poll_fn(|cx| subscriber.poll_read(cx, |_| true)))
            .expect("a read");
        let Read::Events(from, batches) = read else { panic!("{read:?}") };
        assert_eq!((from, batches[0].first()), (position, seq_in_message(6, 1)));
    }

    #[test]
    fn a_message_that_does_not_exist_yet_is_in_no_group() {
        // The ring keeps no message.
        let capacity = Capacity { lines: 0, bytes: 0, index_bytes: 0 };
        let encoder = Encoder::new(Epoch::from_random(0));
        let (publisher, feed) = feed_of_messages(encoder, capacity, cutting(100), source());
        let log: Arc<dyn MessageLog> = Arc::<Stream>::default();
        let (first, shift, start, end) = (1, 0, 1, u64::MAX);
        publisher.begin_era(|_| Era { epoch: epoch(), first, shift, start, end, log });
        for newest in 1..4 {
            publisher.publish_messages(vec![batch(newest)], seq_in_message(newest + 1, 0));
            let state = feed.shared.lock();
            let next = seq_in_message(newest + 1, 0);
            let Found::Group(entry) = state.find(seq_in_message(newest, 1)) else { panic!() };
            assert_eq!(entry.next(), next);
            assert!(matches!(state.find(next), Found::Hole(None)));
        }
    }

    #[test]
    fn the_id_of_a_message_without_events_is_no_gap() {
        let reads = first_reads(&Arc::default(), 20, 20);
        assert!(reads.iter().all(Poll::is_pending), "{reads:?}");
    }

    #[test]
    fn an_id_is_compared_with_one_message_that_is_read_once_for_all_clients() {
        for (check, is_gap) in [(5, false), (6, true)] {
            let log = Arc::<Stream>::default();
            let reads = first_reads(&log, 5, check);
            let gaps = reads.iter().filter(|read| matches!(read, Poll::Ready(Some(Read::Gap(_)))));
            assert_eq!(gaps.count() > 0, is_gap, "{reads:?}");
            let group = if is_gap { 0 } else { 18 };
            assert!(log.reads.load(Ordering::Relaxed) <= 1 + group);
        }
    }
}
