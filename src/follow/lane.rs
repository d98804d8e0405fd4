//! A lane: the way to the worker of one mount.
//!
//! Files on local file systems share a lane. Each mount that may hang has one of its own, so that
//! only the files of that mount wait for it.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::followed_path::FollowedPath;
use super::wake_signal::WakeSignal;

/// A message to a worker.
#[derive(Debug)]
pub(super) enum LaneMessage {
    /// Follow this path.
    Follow(Box<FollowedPath>),
    /// Watch this directory for new names.
    Watch(PathBuf),
    /// Write the status of all sources again, because it was marked as stalled.
    Refresh,
}

/// The state that a worker and its coordinator share.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) wake: Arc<WakeSignal>,
    messages: Mutex<Vec<LaneMessage>>,
    started: Instant,
    /// Milliseconds from `started` to the last sign of progress, plus one; zero during a pause.
    progress: AtomicU64,
}

impl Lane {
    pub(super) fn new() -> Self {
        Lane {
            wake: Arc::default(),
            messages: Mutex::default(),
            started: Instant::now(),
            progress: AtomicU64::new(0),
        }
    }

    /// Adds a message and wakes the worker.
    pub(super) fn send(&self, message: LaneMessage) {
        self.lock().push(message);
        self.wake.wake();
    }

    /// Returns the messages since the last call.
    pub(super) fn take(&self) -> Vec<LaneMessage> {
        std::mem::take(&mut *self.lock())
    }

    /// Records that the worker is about to do something that may hang.
    pub(super) fn record_progress(&self) {
        let elapsed = self.started.elapsed().as_millis() as u64;
        self.progress.store(elapsed + 1, Ordering::Relaxed);
    }

    /// Records that the worker is about to pause.
    pub(super) fn record_pause(&self) {
        self.progress.store(0, Ordering::Relaxed);
    }

    /// Returns the time since the last progress; zero during a pause.
    pub(super) fn without_progress(&self) -> Duration {
        match self.progress.load(Ordering::Relaxed) {
            0 => Duration::ZERO,
            at => self.started.elapsed().saturating_sub(Duration::from_millis(at - 1)),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<LaneMessage>> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
