//! The signal that ends a pause of a thread of the follower.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::Wake;
use std::time::Duration;

/// A flag that a thread waits for, and the request to stop.
#[derive(Debug, Default)]
pub(super) struct WakeSignal {
    signals: Mutex<Signals>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Signals {
    is_woken: bool,
    stop: bool,
}

impl WakeSignal {
    /// Asks the thread to finish.
    pub(super) fn stop(&self) {
        self.lock().stop = true;
        self.changed.notify_one();
    }

    /// Ends the pause of the thread.
    pub(super) fn wake(&self) {
        self.lock().is_woken = true;
        self.changed.notify_one();
    }

    /// Waits for the signal, at most for `timeout`; returns true if the thread is to stop.
    pub(super) fn wait(&self, timeout: Duration) -> bool {
        let is_quiet = |signals: &mut Signals| !signals.is_woken && !signals.stop;
        let (mut signals, _) = self
            .changed
            .wait_timeout_while(self.lock(), timeout, is_quiet)
            .unwrap_or_else(PoisonError::into_inner);
        signals.is_woken = false;
        signals.stop
    }

    fn lock(&self) -> MutexGuard<'_, Signals> {
        self.signals.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for WakeSignal {
    fn wake(self: Arc<Self>) {
        WakeSignal::wake(&self);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        WakeSignal::wake(self);
    }
}
