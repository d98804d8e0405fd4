//! Searching long lines on a blocking thread.
//!
//! Nothing interrupts the search through one line, so that other tasks of the thread wait for it.

use std::panic::resume_unwind;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::task::{JoinError, spawn_blocking};

use crate::event::{Batch, Scan, ScanRange, Selection};
use crate::http::Site;

/// Number of bytes of a line from which on its batch is searched on a blocking thread.
///
/// Measured beside four searches for `[a-m].{900}~`: a health check takes 6 ms (median) with lines of
/// this length, and up to 90 ms with lines of ten times the length. With half the value, more batches
/// go to another thread and back, which takes longer than most searches.
const LONG: usize = 2048;

/// The searches of one stream through batches with long lines, one after the other.
#[derive(Default)]
pub(super) struct LongSearches {
    running: Option<Running>,
    /// The result of the last search; it counts only for the batch and the position that it has.
    found: Option<Found>,
}

struct Running {
    search: Pin<Box<dyn Future<Output = Result<Found, JoinError>> + Send>>,
    /// Ends the search before its next line when it is dropped.
    _is_wanted: Arc<()>,
}

/// The result for a part of a batch.
struct Found {
    range: ScanRange,
    has_records: bool,
    scan: Scan,
}

impl LongSearches {
    /// Returns true if a batch has a line that is long.
    pub(super) fn are_needed(batch: &Batch) -> bool {
        batch.lines().is_some_and(|lines| lines.longest_section() >= LONG)
    }

    /// Returns the scan of `batch` in `range`, if it is done; if not, starts it.
    pub(super) fn take_or_start(
        &mut self,
        site: &Arc<Site>,
        batch: &Arc<Batch>,
        range: ScanRange,
        selection: &Arc<Selection>,
        has_records: bool,
    ) -> Option<Scan> {
        let is_wanted = |found: &Found| found.range == range && found.has_records == has_records;
        if let Some(found) = self.found.take().filter(is_wanted) {
            return Some(found.scan);
        }
        let (site, batch, selection) = (Arc::clone(site), Arc::clone(batch), Arc::clone(selection));
        let is_wanted = Arc::new(());
        let wanted = Arc::downgrade(&is_wanted);
        let search = Box::pin(async move {
            let permit = Arc::clone(&site.search_permits).acquire_owned().await;
            let search = move || {
                // Held by the thread, which goes on when the peer has gone.
                let _permit = permit;
                let clock = has_records.then(|| site.feed.encoder().clock());
                let may_go_on = || wanted.strong_count() > 0;
                let scan = Scan::of(&batch, range, &selection, clock, may_go_on);
                Found { range, has_records, scan }
            };
            spawn_blocking(search).await
        });
        self.running = Some(Running { search, _is_wanted: is_wanted });
        None
    }

    /// Ready when no search runs; panics if one has.
    pub(super) fn poll_done(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(running) = &mut self.running else { return Poll::Ready(()) };
        match ready!(running.search.as_mut().poll(cx)) {
            Ok(found) => self.found = Some(found),
            Err(error) if error.is_panic() => resume_unwind(error.into_panic()),
            // The runtime ends, and with it this task.
            Err(_) => return Poll::Pending,
        }
        self.running = None;
        Poll::Ready(())
    }
}
