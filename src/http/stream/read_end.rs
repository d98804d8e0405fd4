//! The end of a read whose query asks for one.

use std::pin::Pin;
use std::task::Context;
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep};

use crate::event::EndReason;
use crate::http::ReadLimits;

/// Decides when a read ends that does not end before an event that is already known.
pub(super) struct ReadEnd {
    /// Fires when the time of the client is over.
    timer: Option<Pin<Box<Sleep>>>,
    /// The read ends when the timer fires.
    ends_by_time: bool,
    /// The read goes on at its end, if it had no event until then.
    awaits_first: bool,
    /// Fires when no later line can be wanted.
    until: Option<Pin<Box<Sleep>>>,
    /// The reason, until the client was told it.
    reason: Option<EndReason>,
}

impl ReadEnd {
    pub(super) fn new(limits: &ReadLimits) -> Self {
        let ReadLimits { is_snapshot, wait, before, until, .. } = limits;
        let timer = |wait: Duration| Box::pin(sleep(wait));
        ReadEnd {
            timer: wait.map(timer),
            ends_by_time: !is_snapshot,
            awaits_first: *is_snapshot && wait.is_some() && before.is_none(),
            until: until.map(timer),
            reason: Some(EndReason::Complete),
        }
    }

    /// Returns whether the read ends now because its time is over.
    pub(super) fn is_time_over(&mut self, cx: &mut Context<'_>) -> bool {
        let timer = self.timer.as_mut().filter(|_| self.ends_by_time);
        let is_over = timer.is_some_and(|timer| timer.as_mut().poll(cx).is_ready());
        if is_over {
            (self.timer, self.reason) = (None, Some(EndReason::Time));
        }
        is_over
    }

    /// Returns once that the read ends after the events that are there, because no later line can
    /// be wanted.
    pub(super) fn is_until_over(&mut self, cx: &mut Context<'_>) -> bool {
        let timer = self.until.as_mut();
        let is_over = timer.is_some_and(|timer| timer.as_mut().poll(cx).is_ready());
        if is_over {
            (self.until, self.awaits_first) = (None, false);
        }
        is_over
    }

    /// Notes that a line ends the read.
    pub(super) fn stop(&mut self) {
        (self.awaits_first, self.reason) = (false, Some(EndReason::Stop));
    }

    /// Notes that the client gets an event; returns whether it is the first one after a wait, so
    /// that the read ends after the events that are there.
    pub(super) fn is_first_event(&mut self) -> bool {
        let is_first = self.awaits_first && self.ends_by_time;
        if self.awaits_first {
            (self.awaits_first, self.ends_by_time) = (false, false);
        }
        is_first
    }

    /// Returns whether a read that has reached its end has to wait for its first event.
    pub(super) fn begins_to_wait(&mut self) -> bool {
        let is_early = |timer: &Pin<Box<Sleep>>| Instant::now() < timer.deadline();
        let has_time = self.timer.as_ref().is_some_and(is_early);
        if self.awaits_first && !has_time {
            (self.awaits_first, self.reason) = (false, Some(EndReason::Time));
        }
        self.ends_by_time |= self.awaits_first;
        self.awaits_first
    }

    /// Takes the reason, which the client is told once.
    pub(super) fn take_reason(&mut self) -> Option<EndReason> {
        self.reason.take()
    }
}
