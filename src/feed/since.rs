//! The search for the first lines that can be as new as a time.
//!
//! The entries of each source are searched by halves, by the time of their first line.
//! A blocking thread reads those lines; the feed is locked only for the entries.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::task::spawn_blocking;

use super::shared::Shared;
use super::state::ENTRIES_PER_LOCK;
use crate::event::{Selection, Seq, Source, Surroundings, seq_in_message};
use crate::record::MAX_DISORDER;
use crate::store::{Found, IndexEntry};

/// Number of times that the lock is taken before other tasks get their turn; see
/// [`look_back`](super::look_back).
const LOCKS_PER_POLL: usize = 16;

/// Finds the first event of each source, by its ID.
type Probes = Pin<Box<dyn Future<Output = HashMap<usize, Seq>> + Send>>;

/// Number of lines before the first one in which its entry begins.
///
/// The start of a longer entry is not sent. With twice the value, searches for entries read more
/// lines that are too old.
const ENTRY: u64 = 1024;

/// Most milliseconds by which the clock of a host can be ahead of that of a stream of messages, which
/// notes when it has received a message.
///
/// Lines of a host whose clock is further ahead are missed if they are newer than `since` only by
/// that. With twice the value, twice as many messages are read for nothing.
const CLOCK_DIFFERENCE: i64 = 5 * 60 * 1000;

/// A search for the first lines that can be as new as a time.
pub(super) struct SinceSearch {
    /// The time in milliseconds since 1970.
    since: i64,
    /// Seq of the first entry that was not listed.
    next: Seq,
    /// Number of lines before the first one that are wanted too.
    lead: u64,
    /// By the ID of a source: the events of its entries.
    entries: HashMap<usize, Vec<Range<Seq>>>,
    probes: Option<Probes>,
}

impl SinceSearch {
    /// Makes the search for the lines that `selection` wants; `None` if it wants lines of all times.
    pub(super) fn of(selection: &Selection) -> Option<Self> {
        let lead = match selection.surroundings {
            Surroundings::None => 0,
            Surroundings::Lines(lines) => lines as u64,
            Surroundings::Entry => ENTRY,
        };
        let since = selection.since?;
        Some(SinceSearch { since, lead, next: 0, entries: HashMap::new(), probes: None })
    }

    /// Ready with the first event of each selected source that has evicted lines: earlier ones are
    /// older than the time.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        shared: &Arc<Shared>,
        is_selected: impl Fn(&Source) -> bool,
    ) -> Poll<HashMap<usize, Seq>> {
        if self.probes.is_none() {
            self.probes = self.probe_messages(shared);
        }
        for _ in 0..LOCKS_PER_POLL {
            if let Some(probes) = &mut self.probes {
                let starts = ready!(probes.as_mut().poll(cx));
                self.probes = None;
                return Poll::Ready(starts);
            }
            if !self.list(shared, &is_selected) {
                self.start_probes(shared);
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Begins to search the messages behind the ring, if there are any; the result is that of the
    /// source which stands for the stream.
    fn probe_messages(&self, shared: &Shared) -> Option<Probes> {
        let since = self.since.saturating_sub(CLOCK_DIFFERENCE);
        let state = shared.lock();
        let messages = state.messages.as_ref()?;
        let (head, era) = (messages.head().id, messages.newest().cloned());
        let oldest = state.ring.oldest();
        drop(state);
        Some(Box::pin(async move {
            let Some(era) = era else { return HashMap::new() };
            let first = era.log.first_since(era.sequences_before(oldest), since).await;
            HashMap::from([(head, seq_in_message(first + era.shift, 0))])
        }))
    }

    /// Lists some entries; returns false when there are no more.
    fn list(&mut self, shared: &Shared, is_selected: impl Fn(&Source) -> bool) -> bool {
        let before = self.next;
        let state = shared.lock();
        for entry in state.index.from(self.next).take(ENTRIES_PER_LOCK) {
            self.next = entry.next();
            if entry.lines() > 0 && is_selected(entry.source()) {
                self.entries
                    .entry(entry.source().id)
                    .or_default()
                    .push(entry.first()..entry.next());
            }
        }
        self.next > before
    }

    fn start_probes(&mut self, shared: &Arc<Shared>) {
        let (shared, since, lead) = (Arc::clone(shared), self.since, self.lead);
        let entries = std::mem::take(&mut self.entries);
        let is_wanted = Arc::new(());
        self.probes = Some(Box::pin(async move {
            let permit = Arc::clone(&shared.search_permits).acquire_owned().await;
            let wanted = Arc::downgrade(&is_wanted);
            let search = move || {
                // Held by the thread, which goes on when the subscriber has gone.
                let _permit = permit;
                let may_go_on = || wanted.strong_count() > 0;
                let start = |(source, entries): (usize, Vec<Range<Seq>>)| {
                    let first = first_entry(&shared, &entries, since, may_go_on);
                    (source, with_lead(&entries, first, lead))
                };
                entries.into_iter().map(start).collect()
            };
            let starts = spawn_blocking(search).await;
            drop(is_wanted);
            // A panic of the thread has been reported; nothing is skipped then.
            starts.unwrap_or_default()
        }));
    }
}

impl fmt::Debug for SinceSearch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SinceSearch").field("since", &self.since).finish_non_exhaustive()
    }
}

/// Returns the index of the last of `entries` such that all lines before it are older than `since`.
fn first_entry(
    shared: &Shared,
    entries: &[Range<Seq>],
    since: i64,
    may_go_on: impl Fn() -> bool,
) -> usize {
    let is_old = |entry: &Range<Seq>| {
        // A line before this one can be newer by `MAX_DISORDER`.
        may_go_on()
            && first_time(shared, entry.start)
                .is_some_and(|time| time < since.saturating_sub(MAX_DISORDER))
    };
    entries.partition_point(is_old).saturating_sub(1)
}

/// Returns the first event of the entries from number `first` on, and of as many before it as have
/// `lead` lines.
fn with_lead(entries: &[Range<Seq>], first: usize, lead: u64) -> Seq {
    let mut missing = lead;
    let mut before = entries[..first].iter().rev();
    let mut start = entries[first].start;
    while missing > 0
        && let Some(entry) = before.next()
    {
        missing = missing.saturating_sub(entry.end - entry.start);
        start = entry.start;
    }
    start
}

/// Returns the time of the first line of the entry with event `seq`; `None` if it cannot be read.
fn first_time(shared: &Shared, seq: Seq) -> Option<i64> {
    let entry: IndexEntry = match shared.lock().find(seq) {
        Found::Group(entry) => entry,
        Found::Hole(_) | Found::Unknown(_) => return None,
    };
    let batches = shared.reloader.read_uncached(&entry)?;
    let first = batches.first()?;
    shared.reloader.find_context(None, first);
    shared.encoder.first_time(first)
}
