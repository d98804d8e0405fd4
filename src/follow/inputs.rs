//! All streams that are read, so that the last of them to end is known.

use std::sync::{Arc, Mutex, PoisonError};

use crate::feed::{Draft, Publisher};

/// The streams that are read; clones share them.
#[derive(Clone, Debug)]
pub struct Inputs {
    /// Number of streams that have not ended.
    open: Arc<Mutex<usize>>,
    /// No file is followed, so that the end of the last stream is the last event.
    are_only_sources: bool,
}

impl Inputs {
    /// Returns a number of streams that have not ended; `are_only_sources` is false if files are
    /// followed too.
    #[must_use]
    pub fn new(count: usize, are_only_sources: bool) -> Self {
        Inputs { open: Arc::new(Mutex::new(count)), are_only_sources }
    }

    /// Publishes the last events of a stream.
    ///
    /// The lock is held, so that the events that are published as the last ones are.
    pub(super) fn end(&self, publisher: &Publisher, drafts: Vec<Draft>) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        *open = open.saturating_sub(1);
        if *open == 0 && self.are_only_sources {
            publisher.publish_last(drafts);
        } else {
            publisher.publish(drafts);
        }
    }
}
