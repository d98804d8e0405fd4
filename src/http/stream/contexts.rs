//! The contexts of the batches that an event stream sends with their records.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use crate::event::{Batch, NextContext};
use crate::feed::Feed;

/// Number of sources whose next context is remembered.
///
/// The contexts of other sources are read from their files. With twice the number, a stream takes
/// twice the memory, at most 64 KiB.
const MAX_SOURCES: usize = 1024;

/// The contexts of the next batches, and the search for one that is not known.
#[derive(Default)]
pub(super) struct Contexts {
    /// By the ID of a source: the context behind its last batch.
    next: HashMap<usize, NextContext>,
    running: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Contexts {
    /// Returns whether the context of `batch` is known; if not, starts the search for it.
    pub(super) fn is_known_or_start(&mut self, feed: &Feed, batch: &Arc<Batch>) -> bool {
        if batch.lines().is_none_or(|lines| lines.chunks) {
            return true;
        }
        if batch.context().is_none()
            && let Some(next) = self.next.get(&batch.source().id)
        {
            next.set(batch);
        }
        let is_known = batch.context().is_some();
        if !is_known {
            self.running = Some(Box::pin(feed.find_context(Arc::clone(batch))));
        }
        is_known
    }

    /// Notes the context behind `batch`, if its records were read.
    pub(super) fn note(&mut self, batch: &Batch) {
        let Some(next) = batch.leaves() else { return };
        if self.next.len() >= MAX_SOURCES {
            self.next.clear();
        }
        self.next.insert(batch.source().id, next);
    }

    /// Ready when no search runs.
    pub(super) fn poll_done(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(running) = &mut self.running {
            ready!(running.as_mut().poll(cx));
            self.running = None;
        }
        Poll::Ready(())
    }
}
