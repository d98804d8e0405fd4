//! The time of the next heartbeat.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// A timer that fires when a peer has been sent nothing for some time.
pub(super) struct HeartbeatTimer {
    limit: Duration,
    last_sent: Instant,
    timer: Pin<Box<Sleep>>,
}

impl HeartbeatTimer {
    pub(super) fn new(limit: Duration) -> Self {
        let now = Instant::now();
        // Streams that were opened together would otherwise all be due at the same moment.
        let limit = limit / 1000 * (1000 - getrandom::u32().unwrap_or(0) % 200);
        HeartbeatTimer { limit, last_sent: now, timer: Box::pin(sleep_until(now + limit)) }
    }

    /// Starts the wait again.
    pub(super) fn restart(&mut self) {
        self.last_sent = Instant::now();
    }

    /// Ready when the limit is over; the wait then starts again.
    pub(super) fn poll_due(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            ready!(self.timer.as_mut().poll(cx));
            let due = self.last_sent + self.limit;
            let now = Instant::now();
            let is_due = due <= now;
            if is_due {
                self.last_sent = now;
            }
            // `restart` does not set the timer, which would cost more than one early wake-up.
            self.timer.as_mut().reset(self.last_sent + self.limit);
            if is_due {
                return Poll::Ready(());
            }
        }
    }
}
