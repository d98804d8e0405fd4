//! The descriptors that followed files take, and the files that give them back.
//!
//! A file that is not followed any more stays open for its history: evicted lines are read from it
//! again. Such a file is closed when it was deleted, or when a followed file needs its descriptor.

use std::collections::HashMap;
use std::io;
use std::ops::Deref;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::compressed::{CompressedText, Compression, Decoders};
use super::file::FileKind;
use super::history_reads::HistoryReads;
use super::log_file::LogFile;
use super::mount::Mount;
use crate::event::FileId;
use crate::system::{descriptor_limit, out_of_descriptors};

/// Number of descriptors that no file may take: the standard streams, listeners, inotify and the
/// journal. Each one more leaves one less for files; with too few, the program cannot start.
const OWN_DESCRIPTORS: u64 = 16;

/// Most descriptors that stay free for connections; with a limit below 256, a quarter of it does.
/// Twice as many would leave only half of a limit of 256 for files.
const CONNECTION_DESCRIPTORS: u64 = 64;

/// The descriptors that followed files may take.
#[derive(Debug)]
pub(super) struct Descriptors {
    permits: Arc<Semaphore>,
    number: usize,
    /// Files that only history holds, oldest first.
    history: Mutex<Vec<HistoryFile>>,
    /// The reads of history from each mount.
    history_reads: Mutex<HashMap<Mount, Arc<HistoryReads>>>,
    /// A file was closed although events are in it.
    has_closed: AtomicBool,
    pub(super) decoders: Arc<Decoders>,
}

/// An open file, and the promise that its descriptor stays until it is let go of.
#[derive(Debug)]
pub(super) struct HeldFile {
    file: Arc<LogFile>,
    descriptors: Arc<Descriptors>,
}

/// A file that was just opened, with its identity.
#[derive(Debug)]
pub(super) struct OpenedFile {
    pub(super) file: HeldFile,
    pub(super) id: FileId,
    pub(super) kind: FileKind,
}

/// A file that is open only for its history.
#[derive(Debug)]
struct HistoryFile {
    file: Weak<LogFile>,
    /// The file was found to be deleted at this time.
    deleted: Option<Instant>,
}

impl Descriptors {
    pub(super) fn new() -> Arc<Self> {
        let limit = descriptor_limit().unwrap_or(u64::MAX);
        let reserved = OWN_DESCRIPTORS + (limit / 4).min(CONNECTION_DESCRIPTORS);
        Descriptors::with_number(limit.saturating_sub(reserved))
    }

    fn with_number(number: u64) -> Arc<Self> {
        let permits = number.min(Semaphore::MAX_PERMITS as u64) as usize;
        Arc::new(Descriptors {
            permits: Arc::new(Semaphore::new(permits)),
            number: permits,
            history: Mutex::default(),
            history_reads: Mutex::default(),
            has_closed: AtomicBool::new(false),
            decoders: Arc::default(),
        })
    }

    /// Opens a file, without waiting for the writer of a pipe.
    pub(super) fn open(self: &Arc<Self>, path: &Path, mount: Mount) -> io::Result<HeldFile> {
        self.open_as(path, mount, None)
    }

    /// Opens a file for its text, which is compressed in this format, if in any.
    pub(super) fn open_as(
        self: &Arc<Self>,
        path: &Path,
        mount: Mount,
        compression: Option<Compression>,
    ) -> io::Result<HeldFile> {
        let reads = self.history_reads(mount);
        let text = compression.map(|form| CompressedText::new(form, Arc::clone(&self.decoders)));
        let file = Arc::new(LogFile::open(path, mount, self.acquire()?, reads, text)?);
        Ok(HeldFile::new(file, Arc::clone(self)))
    }

    fn history_reads(&self, mount: Mount) -> Arc<HistoryReads> {
        let mut reads = self.history_reads.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(reads.entry(mount).or_default())
    }

    /// Returns a permit for one descriptor; the oldest files of the history are closed if there is
    /// none.
    fn acquire(&self) -> io::Result<OwnedSemaphorePermit> {
        loop {
            if let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() {
                return Ok(permit);
            }
            let mut history = self.history();
            if history.is_empty() {
                return Err(out_of_descriptors());
            }
            let oldest = history.remove(0);
            drop(history);
            oldest.file.upgrade().iter().for_each(|file| self.close(file));
        }
    }

    /// Returns true if more than half of the descriptors are free.
    pub(super) fn has_plenty(&self) -> bool {
        self.permits.available_permits() > self.number / 2
    }

    /// Takes a file that is not read any more; it stays open for its history, if it has one.
    fn add_history(&self, file: &Arc<LogFile>) {
        if Arc::strong_count(file) > 1 {
            let file = Arc::downgrade(file);
            self.history().push(HistoryFile { file, deleted: None });
        }
    }

    /// Closes a file although events are in it.
    fn close(&self, file: &LogFile) {
        file.close();
        self.has_closed.store(true, Ordering::Relaxed);
    }

    /// Closes the files of the history on `mount` that were deleted at least `linger` ago, unless
    /// they were compressed.
    pub(super) fn close_deleted(self: &Arc<Self>, mount: Mount, now: Instant, linger: Duration) {
        // Asking the file system may take time, so that the lock is not held meanwhile.
        let files: Vec<Arc<LogFile>> = {
            let mut history = self.history();
            history.retain(|known| known.file.strong_count() > 0);
            let files = history.iter().filter_map(|known| known.file.upgrade());
            files.filter(|file| file.mount() == mount).collect()
        };
        for file in files {
            let is_linked = file.is_linked();
            let mut history = self.history();
            let is_this = |known: &HistoryFile| known.file.as_ptr() == Arc::as_ptr(&file);
            let Some(position) = history.iter().position(is_this) else { continue };
            if is_linked {
                history[position].deleted = None;
                continue;
            }
            let deleted = *history[position].deleted.get_or_insert(now);
            drop(history);
            if now - deleted >= linger && !self.replace(&file) {
                self.history().retain(|known| !is_this(known));
                self.close(&file);
            }
        }
    }

    /// Returns true if a file was closed since the last call although events are in it.
    pub(super) fn take_has_closed(&self) -> bool {
        self.has_closed.swap(false, Ordering::Relaxed)
    }

    fn history(&self) -> MutexGuard<'_, Vec<HistoryFile>> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HeldFile {
    fn new(file: Arc<LogFile>, descriptors: Arc<Descriptors>) -> Self {
        file.holders.fetch_add(1, Ordering::Relaxed);
        HeldFile { file, descriptors }
    }

    /// Returns the file as a log, for events.
    pub(super) fn log(&self) -> Arc<LogFile> {
        Arc::clone(&self.file)
    }

    /// Closes the file although events may be in it, unless it was compressed.
    pub(super) fn close(&self) {
        if !self.descriptors.replace(&self.file) {
            self.descriptors.close(&self.file);
        }
    }
}

impl Clone for HeldFile {
    fn clone(&self) -> Self {
        HeldFile::new(Arc::clone(&self.file), Arc::clone(&self.descriptors))
    }
}

impl Deref for HeldFile {
    type Target = LogFile;

    fn deref(&self) -> &LogFile {
        &self.file
    }
}

impl Drop for HeldFile {
    fn drop(&mut self) {
        if self.file.holders.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.descriptors.add_history(&self.file);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_the_history_give_way_to_followed_files() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let descriptors = Descriptors::with_number(2);
        let open = || descriptors.open(file.path(), Mount::Local);
        let (first, second) = (open().expect("opened"), open().expect("opened"));
        assert!(open().is_err());
        let event = first.log();
        drop(first.clone());
        assert!(open().is_err(), "it is still followed");
        drop(first);
        let third = open().expect("the first file was closed");
        assert!(event.read_back(0, 1).is_err());
        assert!(descriptors.take_has_closed() && !descriptors.take_has_closed());
        assert!(open().is_err(), "followed files do not give way");
        drop((second, third));
    }

    #[test]
    fn a_deleted_file_of_the_history_is_closed_after_the_linger() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let descriptors = Descriptors::with_number(2);
        let event = descriptors.open(file.path(), Mount::Local).expect("opened").log();
        let (now, linger) = (Instant::now(), Duration::from_secs(5));
        descriptors.close_deleted(Mount::Local, now, linger);
        drop(file);
        descriptors.close_deleted(Mount::MayHang(1), now, linger);
        descriptors.close_deleted(Mount::Local, now + linger, linger);
        assert!(event.read_back(0, 0).is_ok(), "it was not known to be deleted before");
        descriptors.close_deleted(Mount::Local, now + 2 * linger, linger);
        assert!(event.read_back(0, 0).is_err());
    }
}
