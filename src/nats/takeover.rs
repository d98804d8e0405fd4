//! The decision where a publisher goes on, from what it knows and what it finds in the stream.
//!
//! Pure.

use super::broker::{LastMessage, Observed};
use super::chain::HostPosition;
use super::remembered::Remembered;

/// Number of times that a publisher which has published nothing accepts another message in place of
/// the one that it has found: one of its earlier run can arrive late.
///
/// With one, such a message ends the new run; with many, two publishers that begin at the same time
/// take longer to notice each other.
const LATE_MESSAGES: u32 = 3;

/// The knowledge of a publisher about its subject.
#[derive(Clone, Debug)]
pub(super) struct Known {
    /// The name of this run of the publisher.
    run: String,
    /// The time at which the stream was made, at the last look.
    created: Option<i128>,
    acknowledged: Option<Acknowledged>,
    /// The newest message of another run that was accepted: its run and its sequence.
    accepted: Option<(String, u64)>,
    /// Number of different messages of other runs that were accepted.
    late: u32,
}

/// The newest message that was acknowledged.
#[derive(Clone, Debug)]
struct Acknowledged {
    /// The time at which its stream was made.
    created: Option<i128>,
    sequence: u64,
    last: HostPosition,
    /// An earlier run of the publisher has published it.
    is_earlier: bool,
}

/// The place at which a publisher goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Continuation {
    /// The sequence of the newest message of the subject; zero for none.
    pub(super) expected: u64,
    /// The position behind the events that the stream has; none if it has none.
    pub(super) after: Option<HostPosition>,
    /// The stream has lost messages that it had acknowledged.
    pub(super) has_lost: bool,
}

/// Another publisher writes to the same subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AnotherPublisher;

impl Known {
    /// Begins a run; `remembered` is the position of the one before it.
    pub(super) fn new(run: String, remembered: Option<Remembered>) -> Self {
        let acknowledged = remembered.map(|Remembered { created, sequence, last }| Acknowledged {
            created: Some(created),
            sequence,
            last,
            is_earlier: true,
        });
        Known { run, created: None, acknowledged, accepted: None, late: 0 }
    }

    /// Notes that the stream has acknowledged a message.
    pub(super) fn acknowledge(&mut self, sequence: u64, last: HostPosition) {
        let created = self.created;
        self.acknowledged = Some(Acknowledged { created, sequence, last, is_earlier: false });
    }

    /// The sequence of the newest message that was acknowledged.
    pub(super) fn acknowledged(&self) -> Option<u64> {
        self.acknowledged.as_ref().map(|known| known.sequence)
    }

    /// The position for the next run.
    pub(super) fn remembered(&self) -> Option<Remembered> {
        let Acknowledged { created, sequence, last, .. } = self.acknowledged.as_ref()?;
        Some(Remembered { created: (*created)?, sequence: *sequence, last: last.clone() })
    }

    /// Returns where to go on after `observed` was found.
    pub(super) fn decide(&mut self, observed: Observed) -> Result<Continuation, AnotherPublisher> {
        let Observed { state, last, is_removed } = observed;
        if self.created.replace(state.created) != Some(state.created) {
            (self.accepted, self.late) = (None, 0);
        }
        // After a restart, another stream gets everything.
        let created = self.created;
        self.acknowledged.take_if(|known| known.is_earlier && known.created != created);
        let continuation = match (last, &self.acknowledged) {
            (Some(found), _) => self.after(found, is_removed)?,
            (None, None) => Continuation { expected: 0, after: None, has_lost: false },
            (None, Some(known)) => {
                // It was removed, or the stream was made anew; otherwise it was lost, also if other
                // hosts have got its sequence since.
                let is_behind = known.created == self.created && state.first <= known.sequence;
                let has_lost = is_behind && !is_removed;
                let after = (!has_lost).then(|| known.last.clone());
                Continuation { expected: 0, after, has_lost }
            }
        };
        if continuation.has_lost {
            self.acknowledged = None;
        }
        Ok(continuation)
    }

    fn after(
        &mut self,
        found: LastMessage,
        is_removed: bool,
    ) -> Result<Continuation, AnotherPublisher> {
        let is_own = found.run == self.run;
        let known = self.acknowledged.as_ref().filter(|known| known.created == self.created);
        let behind = known.filter(|known| found.sequence < known.sequence);
        if let Some(known) = behind.filter(|_| is_removed) {
            // An operator has removed the newest messages, which stay away.
            let after = Some(known.last.clone());
            return Ok(Continuation { expected: found.sequence, after, has_lost: false });
        }
        let has_lost = behind.is_some();
        if !is_own && !has_lost {
            let message = (found.run.clone(), found.sequence);
            // The same message is found after each doubt until the first acknowledgement, and an
            // earlier one after a loss.
            let is_late = self
                .accepted
                .as_ref()
                .is_none_or(|accepted| *accepted != message && found.sequence >= accepted.1);
            self.late += u32::from(is_late);
            let has_published = self.acknowledged.as_ref().is_some_and(|known| !known.is_earlier);
            if has_published || self.late > LATE_MESSAGES {
                return Err(AnotherPublisher);
            }
        }
        if !is_own {
            self.accepted = Some((found.run, found.sequence));
        }
        if is_own {
            self.acknowledge(found.sequence, found.last.clone());
        }
        Ok(Continuation { expected: found.sequence, after: Some(found.last), has_lost })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nats::broker::StreamState;

    fn at(text: &str) -> HostPosition {
        HostPosition::parse(text).expect("a position")
    }

    fn found(created: i128, first: u64, last: Option<(u64, &str, &str)>) -> Observed {
        let last = last.map(|(sequence, run, last)| LastMessage {
            sequence,
            run: run.to_owned(),
            last: at(last),
        });
        Observed { state: StreamState { created, first }, last, is_removed: false }
    }

    fn new() -> Known {
        Known::new("me".to_owned(), None)
    }

    fn known() -> Known {
        let mut known = new();
        known.decide(found(1, 0, None)).expect("nobody else");
        known.acknowledge(5, at("aaaaaa-9"));
        known
    }

    fn go_on(expected: u64, after: Option<&str>, has_lost: bool) -> Continuation {
        Continuation { expected, after: after.map(at), has_lost }
    }

    #[test]
    fn a_message_in_doubt_has_landed_or_not() {
        let landed = known().decide(found(1, 1, Some((6, "me", "aaaaaa-c"))));
        assert_eq!(landed, Ok(go_on(6, Some("aaaaaa-c"), false)));
        let not_landed = known().decide(found(1, 1, Some((5, "me", "aaaaaa-9"))));
        assert_eq!(not_landed, Ok(go_on(5, Some("aaaaaa-9"), false)));
    }

    #[test]
    fn another_publisher_is_noticed() {
        let other = found(1, 1, Some((6, "it", "bbbbbb-c")));
        assert_eq!(known().decide(other.clone()), Err(AnotherPublisher));
        let mut new = new();
        for sequence in 6..6 + u64::from(LATE_MESSAGES) {
            let other = found(1, 1, Some((sequence, "it", "bbbbbb-c")));
            assert_eq!(new.decide(other), Ok(go_on(sequence, Some("bbbbbb-c"), false)));
        }
        let next = found(1, 1, Some((20, "it", "bbbbbb-c")));
        assert_eq!(new.decide(next), Err(AnotherPublisher));
        let made_anew = found(2, 1, Some((1, "it", "bbbbbb-c")));
        assert_eq!(known().decide(made_anew), Err(AnotherPublisher));
    }

    #[test]
    fn the_last_message_of_an_earlier_run_is_found_after_any_number_of_doubts() {
        let mut new = new();
        for _ in 0..100 {
            let earlier = found(1, 1, Some((6, "old", "aaaaaa-c")));
            assert_eq!(new.decide(earlier), Ok(go_on(6, Some("aaaaaa-c"), false)));
        }
    }

    #[test]
    fn messages_that_losses_leave_do_not_count_as_those_of_another_publisher() {
        let mut new = new();
        for sequence in (1..50).rev() {
            let left = found(1, 1, Some((sequence, "old", "aaaaaa-c")));
            assert_eq!(new.decide(left), Ok(go_on(sequence, Some("aaaaaa-c"), false)));
        }
    }

    #[test]
    fn what_a_stream_has_lost_is_published_again() {
        let lost_some = known().decide(found(1, 1, Some((3, "me", "aaaaaa-4"))));
        assert_eq!(lost_some, Ok(go_on(3, Some("aaaaaa-4"), true)));
        let lost_all_of_this_run = known().decide(found(1, 1, Some((3, "old", "aaaaaa-4"))));
        assert_eq!(lost_all_of_this_run, Ok(go_on(3, Some("aaaaaa-4"), true)));
        for first in [0, 1, 5] {
            let lost_all = known().decide(found(1, first, None));
            assert_eq!(lost_all, Ok(go_on(0, None, true)));
        }
    }

    #[test]
    fn messages_that_an_operator_has_removed_are_not_published_again() {
        for last in [Some((3, "me", "aaaaaa-4")), Some((3, "old", "aaaaaa-4")), None] {
            let observed = Observed { is_removed: true, ..found(1, 1, last) };
            let expected = last.map_or(0, |last| last.0);
            let removed = known().decide(observed);
            assert_eq!(removed, Ok(go_on(expected, Some("aaaaaa-9"), false)));
        }
    }

    #[test]
    fn a_restart_goes_on_behind_the_position_of_the_earlier_run() {
        let again = || Known::new("again".to_owned(), known().remembered());
        assert_eq!(known().remembered().map(|known| known.sequence), Some(5));
        let expired = again().decide(found(1, 6, None));
        assert_eq!(expired, Ok(go_on(0, Some("aaaaaa-9"), false)));
        let there = again().decide(found(1, 1, Some((5, "me", "aaaaaa-9"))));
        assert_eq!(there, Ok(go_on(5, Some("aaaaaa-9"), false)));
        // The process ended before it could remember the newest message.
        let newer = again().decide(found(1, 1, Some((6, "me", "aaaaaa-c"))));
        assert_eq!(newer, Ok(go_on(6, Some("aaaaaa-c"), false)));
        let lost = again().decide(found(1, 1, Some((3, "me", "aaaaaa-4"))));
        assert_eq!(lost, Ok(go_on(3, Some("aaaaaa-4"), true)));
        let other_stream = again().decide(found(2, 1, None));
        assert_eq!(other_stream, Ok(go_on(0, None, false)));
    }

    #[test]
    fn what_was_removed_on_purpose_is_not_published_again() {
        let evicted = known().decide(found(1, 6, None));
        assert_eq!(evicted, Ok(go_on(0, Some("aaaaaa-9"), false)));
        let mut known = known();
        for _ in 0..2 {
            let made_anew = known.decide(found(2, 0, None));
            assert_eq!(made_anew, Ok(go_on(0, Some("aaaaaa-9"), false)));
        }
    }
}
