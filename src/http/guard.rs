//! The guard that every open connection holds.

use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, watch};

use super::Site;
use super::socket::Flow;

/// Counts a connection as open; the server stops when all guards are dropped.
pub(super) struct ConnectionGuard {
    site: Arc<Site>,
    flow: Flow,
    stopped: watch::Receiver<()>,
    _permit: OwnedSemaphorePermit,
}

impl ConnectionGuard {
    pub(super) fn new(
        site: Arc<Site>,
        flow: Flow,
        stopped: watch::Receiver<()>,
        permit: OwnedSemaphorePermit,
    ) -> Self {
        ConnectionGuard { site, flow, stopped, _permit: permit }
    }

    /// Waits until the server stops.
    pub(super) async fn stopped(&mut self) {
        // An error means that the server has returned.
        let _ = self.stopped.changed().await;
    }

    /// Runs `connection` to its end; when the server stops, `shut_down` is called first.
    pub(super) async fn run<C: Future>(
        &mut self,
        mut connection: Pin<&mut C>,
        shut_down: impl FnOnce(Pin<&mut C>),
    ) -> C::Output {
        tokio::select! {
            output = connection.as_mut() => return output,
            () = self.stopped() => {}
        }
        shut_down(connection.as_mut());
        connection.await
    }
}

impl Drop for ConnectionGuard {
    fn drop(&mut self) {
        if self.flow.has_timed_out() {
            self.site.traffic.dropped.add(1);
        }
    }
}
