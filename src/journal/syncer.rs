//! The syncer: a thread that waits for the disk, so that no publishing thread has to.

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Duration;

/// Time between the first write and the sync that covers it: the records that a crash of the
/// machine can lose. Half the value doubles the number of syncs.
const DELAY: Duration = Duration::from_secs(1);

/// Syncs a file soon after it was written to.
pub(super) struct Syncer {
    is_dirty: Arc<AtomicBool>,
    files: SyncSender<File>,
}

impl Syncer {
    /// Starts the thread, which calls `say` with a sentence if syncing fails.
    pub(super) fn start(say: Arc<dyn Fn(&str) + Send + Sync>) -> io::Result<Self> {
        let is_dirty = Arc::new(AtomicBool::new(false));
        let was_dirty = Arc::clone(&is_dirty);
        let (files, received) = sync_channel::<File>(1);
        let sync = move || {
            for file in received {
                std::thread::sleep(DELAY);
                was_dirty.store(false, Ordering::Release);
                if let Err(error) = file.sync_data() {
                    say(&format!("cannot sync the journal: {error}"));
                }
            }
        };
        std::thread::Builder::new().name("syncer".to_owned()).spawn(sync)?;
        Ok(Syncer { is_dirty, files })
    }

    /// Asks for a sync of `file`, which was written to.
    pub(super) fn schedule(&self, file: Option<&File>) {
        if !self.is_dirty.swap(true, Ordering::AcqRel)
            && let Some(file) = file.and_then(|file| file.try_clone().ok())
        {
            // A full channel has an earlier file in it, which `file` has replaced.
            let _ = self.files.try_send(file);
        }
    }
}
