//! The changes of the lineage of the feed, which a relay is told.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::upstream::{Lineage, LineageChanges};

/// Waits for the next change of the lineage.
pub(super) struct LineageNotice {
    next: Pin<Box<dyn Future<Output = (String, LineageChanges)> + Send>>,
}

impl LineageNotice {
    pub(super) fn new(lineage: &Lineage) -> Self {
        LineageNotice { next: Box::pin(lineage.changes().next()) }
    }

    /// Ready with the names of all epochs when they have changed.
    pub(super) fn poll_changed(&mut self, cx: &mut Context<'_>) -> Poll<String> {
        let (epochs, changes) = ready!(self.next.as_mut().poll(cx));
        self.next = Box::pin(changes.next());
        Poll::Ready(epochs)
    }
}
