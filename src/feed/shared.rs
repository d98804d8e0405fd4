//! The parts that the publishers, subscribers and handles of one feed share.

use std::sync::atomic::{AtomicU64, AtomicUsize};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use tokio::sync::Semaphore;

use super::reload::Reloader;
use super::state::FeedState;
use super::writer::Writer;
use crate::event::Encoder;

/// Number of searches for the newest lines that run at the same time.
///
/// With one, a slow expression delays all other searches; without a limit, slow expressions take all
/// blocking threads, which also read history and compile expressions.
const SEARCHES: usize = 2;

/// The shared parts of a feed.
///
/// The lock of `writer` is taken before that of `state`, never after it.
#[derive(Debug)]
pub(super) struct Shared {
    writer: Mutex<Writer>,
    state: Mutex<FeedState>,
    pub(super) reloader: Arc<Reloader>,
    pub(super) encoder: Arc<Encoder>,
    /// One for each search for the newest lines that a blocking thread may run.
    pub(super) search_permits: Arc<Semaphore>,
    /// Number of publishers.
    pub(super) publishers: AtomicU64,
    /// Number of subscribers that are no clients.
    pub(super) internal: AtomicUsize,
}

impl Shared {
    /// Makes the shared parts of a feed with one publisher.
    pub(super) fn new(
        writer: Writer,
        state: FeedState,
        reloader: Reloader,
        encoder: Arc<Encoder>,
    ) -> Self {
        Shared {
            writer: Mutex::new(writer),
            state: Mutex::new(state),
            reloader: Arc::new(reloader),
            encoder,
            search_permits: Arc::new(Semaphore::new(SEARCHES)),
            publishers: AtomicU64::new(1),
            internal: AtomicUsize::new(0),
        }
    }

    /// Closes the feed, and wakes everything that waits for it.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        let relay = state.relay.take();
        let waiters = state.waiters.take();
        drop(state);
        waiters.into_iter().map(|waiter| waiter.waker).chain(relay).for_each(Waker::wake);
    }

    /// Ends the journal, if there is one, and unlocks its directory.
    pub(super) fn end_journal(&self) {
        let journal = self.lock_writer().journal.take();
        if let Some(mut journal) = journal {
            journal.end();
        }
    }

    /// Locks the part that only publishers use.
    pub(super) fn lock_writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Locks the state, which is consistent also after a panic: each change of it is one step.
    pub(super) fn lock(&self) -> MutexGuard<'_, FeedState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
