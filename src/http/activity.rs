//! The activity of a peer on a connection that carries many answers.
//!
//! A peer of HTTP/2 can stop one answer without stopping the socket, and a peer that has no open
//! answer may stay silent. Writes to the socket show neither.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::Context;
use std::time::Duration;

use http_body::Body;
use tokio::time::{Instant, sleep};

use super::decorator::{Decorated, Decorator, PolledFrame};

/// The time at which a peer last asked for something, or took something.
#[derive(Clone, Debug)]
pub(super) struct Activity(Arc<ActivityState>);

#[derive(Debug)]
struct ActivityState {
    start: Instant,
    /// Milliseconds from `start` to the last activity.
    last: AtomicU64,
    open_answers: AtomicUsize,
}

/// Times without activity after which a connection is closed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timeouts {
    /// While no answer is open.
    pub(super) idle: Duration,
    /// While answers are open.
    pub(super) stalled: Duration,
}

/// An open answer: each poll of its body shows that the peer has taken what was sent before.
pub(super) struct ActiveAnswer(Activity);

impl Activity {
    pub(super) fn new() -> Self {
        let (last, open_answers) = (AtomicU64::new(0), AtomicUsize::new(0));
        Activity(Arc::new(ActivityState { start: Instant::now(), last, open_answers }))
    }

    /// Counts `body` as an open answer until it is dropped.
    pub(super) fn watch<B>(&self, body: B) -> Decorated<B, ActiveAnswer> {
        self.0.open_answers.fetch_add(1, Ordering::Relaxed);
        self.record();
        Decorated::new(body, ActiveAnswer(self.clone()))
    }

    /// Waits until a timeout is over; returns true if answers were open.
    pub(super) async fn timed_out(&self, timeouts: Timeouts) -> bool {
        loop {
            let has_open = self.0.open_answers.load(Ordering::Relaxed) > 0;
            let limit = if has_open { timeouts.stalled } else { timeouts.idle };
            let last = self.0.start + Duration::from_millis(self.0.last.load(Ordering::Relaxed));
            let left = (last + limit).saturating_duration_since(Instant::now());
            if left.is_zero() {
                return has_open;
            }
            sleep(left.min(timeouts.idle)).await;
        }
    }

    fn record(&self) {
        let elapsed = self.0.start.elapsed().as_millis() as u64;
        self.0.last.store(elapsed, Ordering::Relaxed);
    }
}

impl<B: Body> Decorator<B> for ActiveAnswer {
    type Data = B::Data;

    fn poll_frame(
        &mut self,
        body: Pin<&mut B>,
        cx: &mut Context<'_>,
    ) -> PolledFrame<B::Data, B::Error> {
        self.0.record();
        body.poll_frame(cx)
    }
}

impl Drop for ActiveAnswer {
    fn drop(&mut self) {
        self.0.0.open_answers.fetch_sub(1, Ordering::Relaxed);
        self.0.record();
    }
}
