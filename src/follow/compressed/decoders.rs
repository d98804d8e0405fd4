//! The decoders that are kept for compressed files, which are few because each takes memory.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::cursor::Cursor;

/// Most decoders that are parked between reads of clients. More clients that read different places
/// of compressed files decode from the start; twice as many take twice the memory, which is 1.5 MiB
/// and a dictionary for each.
const PARKED: usize = 4;

/// Most files that are followed through a decoder at a time; other sources wait. Twice as many take
/// twice the memory, and read no faster, because one thread reads them all.
const READING: usize = 4;

/// The decoders of all compressed files.
#[derive(Default)]
pub(in super::super) struct Decoders {
    /// The least recently used first.
    parked: Mutex<Vec<Cursor>>,
    /// The number of the last text.
    last_text: AtomicU64,
    reading: AtomicUsize,
}

/// The right to read one compressed file from its start to its end; by default, a file that needs
/// none.
#[derive(Debug, Default)]
pub(in super::super) struct ReadingPermit(Option<Arc<Decoders>>);

impl Decoders {
    /// Returns the right to read one more file; none if there are too many.
    pub(in super::super) fn begin_reading(self: &Arc<Self>) -> Option<ReadingPermit> {
        let add = |reading| (reading < READING).then_some(reading + 1);
        let added = self.reading.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
        added.is_ok().then(|| ReadingPermit(Some(Arc::clone(self))))
    }

    /// Returns a number for a new text.
    pub(super) fn number(&self) -> u64 {
        self.last_text.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Takes the cursor of a text that is nearest before `offset`.
    pub(super) fn take(&self, text: u64, offset: u64) -> Option<Cursor> {
        let mut parked = self.lock();
        let fitting = |cursor: &Cursor| cursor.text == text && cursor.covers(offset);
        let fitting = parked.iter().enumerate().filter(|(_, cursor)| fitting(cursor));
        let at = fitting.max_by_key(|(_, cursor)| cursor.position()).map(|(at, _)| at)?;
        Some(parked.remove(at))
    }

    /// Parks a cursor until its text is read again.
    pub(super) fn park(&self, cursor: Cursor) {
        let mut parked = self.lock();
        parked.push(cursor);
        let dropped = (parked.len() > PARKED).then(|| parked.remove(0));
        drop(parked);
        drop(dropped);
    }

    /// Drops the cursors of a text.
    pub(super) fn forget(&self, text: u64) {
        self.lock().retain(|cursor| cursor.text != text);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Cursor>> {
        self.parked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for ReadingPermit {
    fn drop(&mut self) {
        if let Some(decoders) = &self.0 {
            decoders.reading.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl std::fmt::Debug for Decoders {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoders").finish_non_exhaustive()
    }
}
