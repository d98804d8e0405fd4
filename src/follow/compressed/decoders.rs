//! The decoders that are kept for compressed files, which are few because each takes memory.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::super::mount::Mount;
use super::cursor::Cursor;

/// Most decoders that are parked between reads of clients. More clients that read different places
/// of compressed files decode from the start; twice as many take twice the memory, which is 1.5 MiB
/// and a dictionary for each.
const PARKED: usize = 4;

/// Most files of one mount that are followed through a decoder at a time; other sources of the mount
/// wait. Twice as many take twice the memory, and read no faster, because one thread reads them all.
const READING: usize = 4;

/// The decoders of all compressed files.
#[derive(Default)]
pub(in super::super) struct Decoders {
    /// The least recently used first.
    parked: Mutex<Vec<Cursor>>,
    /// The number of the last text.
    last_text: AtomicU64,
    /// The number of files that are read on each mount.
    reading: Mutex<HashMap<Mount, usize>>,
}

/// The right to read one compressed file from its start to its end; by default, a file that needs
/// none.
#[derive(Debug, Default)]
pub(in super::super) struct ReadingPermit(Option<(Arc<Decoders>, Mount)>);

impl Decoders {
    /// Returns the right to read one more file on a mount; none if there are too many.
    ///
    /// A mount that hangs keeps its rights, and other mounts have theirs.
    pub(in super::super) fn begin_reading(self: &Arc<Self>, mount: Mount) -> Option<ReadingPermit> {
        let mut reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        let number = reading.entry(mount).or_default();
        (*number < READING).then(|| {
            *number += 1;
            ReadingPermit(Some((Arc::clone(self), mount)))
        })
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
        if let Some((decoders, mount)) = &self.0 {
            let mut reading = decoders.reading.lock().unwrap_or_else(PoisonError::into_inner);
            reading.entry(*mount).and_modify(|number| *number -= 1);
        }
    }
}

impl std::fmt::Debug for Decoders {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoders").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mount_has_its_own_rights() {
        let decoders = Arc::<Decoders>::default();
        let begin = |mount| decoders.begin_reading(mount);
        let mut hanging: Vec<_> = (0..READING).map(|_| begin(Mount::MayHang(1))).collect();
        assert!(hanging.iter().all(Option::is_some) && begin(Mount::MayHang(1)).is_none());
        assert!(begin(Mount::Local).is_some() && begin(Mount::MayHang(2)).is_some());
        hanging.pop();
        assert!(begin(Mount::MayHang(1)).is_some());
    }
}
