//! Whether a connection that carries many answers is still of use.
//!
//! HTTP/2 lets a peer stop one answer without stopping the socket, and a peer
//! that has nothing open may stay silent: neither is seen by looking at writes.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use http_body::{Body, Frame, SizeHint};
use tokio::time::{Instant, sleep};

/// When a connection's peer last asked for something, or took something.
#[derive(Clone, Debug)]
pub(super) struct Activity(Arc<ActivityState>);

#[derive(Debug)]
struct ActivityState {
    began: Instant,
    /// In milliseconds since then.
    last: AtomicU64,
    open: AtomicUsize,
}

/// How long a connection may be without a pulse.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timeouts {
    /// While nothing is asked for.
    pub(super) idle: Duration,
    /// While there are answers of which nothing is taken.
    pub(super) stalled: Duration,
}

/// A body that beats whenever a peer has room for more of it.
pub(super) struct ActiveBody<B> {
    body: B,
    pulse: Activity,
}

impl Activity {
    pub(super) fn new() -> Self {
        let (last, open) = (AtomicU64::new(0), AtomicUsize::new(0));
        Activity(Arc::new(ActivityState { began: Instant::now(), last, open }))
    }

    /// An answer's body has begun.
    pub(super) fn with<B>(&self, body: B) -> ActiveBody<B> {
        self.0.open.fetch_add(1, Ordering::Relaxed);
        self.beat();
        ActiveBody { body, pulse: self.clone() }
    }

    /// Waits until there has been none for too long; tells whether there were answers.
    pub(super) async fn lost(&self, patience: Timeouts) -> bool {
        loop {
            let has_open = self.0.open.load(Ordering::Relaxed) > 0;
            let limit = if has_open { patience.stalled } else { patience.idle };
            let last = self.0.began + Duration::from_millis(self.0.last.load(Ordering::Relaxed));
            let left = (last + limit).saturating_duration_since(Instant::now());
            if left.is_zero() {
                return has_open;
            }
            sleep(left.min(patience.idle)).await;
        }
    }

    fn beat(&self) {
        let elapsed = self.0.began.elapsed().as_millis() as u64;
        self.0.last.store(elapsed, Ordering::Relaxed);
    }
}

impl<B: Body + Unpin> Body for ActiveBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        self.pulse.beat();
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<B> Drop for ActiveBody<B> {
    fn drop(&mut self) {
        self.pulse.0.open.fetch_sub(1, Ordering::Relaxed);
        self.pulse.beat();
    }
}
