//! The watcher: hints from linemux that something changed.
//!
//! linemux reports quickly and without polling *that* a file may have changed.
//! Nothing depends on it, because it can drop a path for ever without an error.
//! Its channel is unbounded, so that the owner of a [`Watcher`] has to empty it often.

use std::collections::{HashMap, HashSet};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use linemux::MuxedEvents;
use notify::EventKind;
use notify::event::ModifyKind;

use crate::report::Report;
use crate::system::{MORE_WATCHES, is_out_of_watches};

/// The hints of some time.
#[derive(Debug, Default)]
pub(super) struct Hints {
    /// IDs of the sources whose file may have changed.
    pub(super) dirty: HashSet<usize>,
    /// Names were added or removed, so that every source has to be checked.
    pub(super) names_changed: bool,
    /// Number of events about any file.
    pub(super) events: u32,
}

/// An instance of linemux, and the paths that are registered with it.
pub(super) struct Watcher {
    events: MuxedEvents,
    /// Woken when there are more hints.
    waker: Waker,
    report: Report,
    has_reported_limit: bool,
    /// linemux has not dropped every path.
    is_watching: bool,
    /// The IDs of the sources behind each path, as linemux names it.
    sources: HashMap<PathBuf, Vec<usize>>,
    /// The identity of each directory when it was first watched.
    directories: HashMap<PathBuf, (u64, u64)>,
    /// A name that no file ever has.
    sentinel: String,
}

impl Watcher {
    /// Starts linemux; fails if the kernel has no inotify instance left for this user.
    pub(super) fn new(waker: Waker, report: Report) -> io::Result<Self> {
        Ok(Watcher {
            events: MuxedEvents::new()?,
            waker,
            report,
            has_reported_limit: false,
            is_watching: false,
            sources: HashMap::new(),
            directories: HashMap::new(),
            sentinel: format!(".ssetail-{:016x}", getrandom::u64().unwrap_or_default()),
        })
    }

    /// Registers files with linemux, each with its source; registering a file again restores a
    /// path that linemux has dropped.
    ///
    /// Changes of a file that cannot be watched are found by the checks of the follower.
    pub(super) fn register<'a>(&mut self, files: impl Iterator<Item = (&'a Path, usize)>) {
        let mut real = HashMap::new();
        for (path, source) in files {
            let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else { continue };
            // linemux resolves relative links against the current directory.
            let directory: &mut Option<PathBuf> =
                real.entry(directory).or_insert_with(|| directory.canonicalize().ok());
            let Some(directory) = directory else { continue };
            self.add_sentinel(directory);
            match self.add_file(directory.join(name)) {
                Ok(reported) => {
                    let sources = self.sources.entry(reported).or_default();
                    if !sources.contains(&source) {
                        sources.push(source);
                    }
                }
                Err(error) => self.report_limit(&error),
            }
        }
    }

    /// Watches a directory for new names; returns false if it does not exist.
    pub(super) fn watch_directory(&mut self, directory: &Path) -> bool {
        let Ok(directory) = directory.canonicalize() else { return false };
        self.add_sentinel(&directory);
        true
    }

    /// Forgets the paths of sources for which `is_kept` returns false.
    pub(super) fn retain(&mut self, is_kept: impl Fn(usize) -> bool) {
        self.sources.retain(|_, sources| {
            sources.retain(|source| is_kept(*source));
            !sources.is_empty()
        });
    }

    /// Returns true if a watched directory was replaced by another one; looks only at those for
    /// which `is_ours` returns true.
    ///
    /// linemux then reports its files under wrong names, or not at all.
    /// No path can be unregistered, so that a new watcher is needed.
    pub(super) fn is_stale(&self, is_ours: impl Fn(&Path) -> bool) -> bool {
        self.directories.iter().any(|(path, first)| {
            is_ours(path) && identity(path).is_some_and(|identity| identity != *first)
        })
    }

    /// Takes all hints; the waker is woken when there are more.
    pub(super) fn take(&mut self, hints: &mut Hints) {
        while self.is_watching {
            let mut cx = Context::from_waker(&self.waker);
            let next = pin!(self.events.next_event()).poll(&mut cx);
            match next {
                Poll::Ready(Ok(Some(event))) => self.add_hint(&event, hints),
                // linemux has dropped every path, until one is registered again.
                Poll::Ready(Ok(None)) => self.is_watching = false,
                Poll::Ready(Err(_)) => hints.names_changed = true,
                Poll::Pending => return,
            }
        }
    }

    /// Keeps a directory watched, even if linemux drops all of its files.
    fn add_sentinel(&mut self, directory: &Path) {
        if self.directories.contains_key(directory) {
            return;
        }
        match (identity(directory), self.add_file(directory.join(&self.sentinel))) {
            (Some(identity), Ok(_)) => {
                self.directories.insert(directory.to_owned(), identity);
            }
            (_, Err(error)) => self.report_limit(&error),
            (None, Ok(_)) => {}
        }
    }

    fn add_file(&mut self, path: PathBuf) -> io::Result<PathBuf> {
        let added = pin!(self.events.add_file(path));
        // The future is ready at its first poll.
        let Poll::Ready(added) = added.poll(&mut Context::from_waker(Waker::noop())) else {
            return Err(io::ErrorKind::WouldBlock.into());
        };
        self.is_watching |= added.is_ok();
        added
    }

    /// Reports once that a limit of the kernel is reached; other errors are left to the follower.
    fn report_limit(&mut self, error: &io::Error) {
        let is_limit = is_out_of_watches(error);
        if is_limit && !std::mem::replace(&mut self.has_reported_limit, true) {
            self.report.say(&format!(
                "the kernel watches no more files for this user, so changes of some are found by \
                 polling; to watch all files, {MORE_WATCHES}"
            ));
        }
    }

    fn add_hint(&self, event: &notify::Event, hints: &mut Hints) {
        let names_changed = match event.kind {
            EventKind::Modify(ModifyKind::Name(_)) => true,
            kind => kind.is_create() || kind.is_remove(),
        };
        hints.events += 1;
        hints.names_changed |= event.need_rescan() || names_changed;
        hints.dirty.extend(event.paths.iter().filter_map(|path| self.sources.get(path)).flatten());
    }
}

/// Returns device and inode of a directory.
fn identity(directory: &Path) -> Option<(u64, u64)> {
    let metadata = std::fs::metadata(directory).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    use super::super::wake_signal::WakeSignal;
    use super::*;

    /// The behaviour of linemux on which the watcher relies, although linemux does not promise it.
    struct Contract {
        directory: tempfile::TempDir,
        wake: Arc<WakeSignal>,
        watcher: Watcher,
    }

    impl Contract {
        fn new() -> Self {
            let directory = tempfile::tempdir().expect("a directory");
            let path = directory.path().join("a.log");
            fs::write(&path, "").expect("written");
            let wake = Arc::new(WakeSignal::default());
            let watcher =
                Watcher::new(Arc::clone(&wake).into(), Report::new(|_| ())).expect("started");
            let mut contract = Contract { directory, wake, watcher };
            contract.watcher.register([(&*path, 7)].into_iter());
            contract.until("it watches", |contract| {
                fs::write(&path, "x").expect("written");
                contract.hints().dirty.contains(&7)
            });
            contract
        }

        /// Returns the hints of the next 20 ms.
        fn hints(&mut self) -> Hints {
            let mut hints = Hints::default();
            self.watcher.take(&mut hints);
            if hints.events == 0 {
                self.wake.wait(Duration::from_millis(20));
                self.watcher.take(&mut hints);
            }
            hints
        }

        fn until(&mut self, what: &str, mut holds: impl FnMut(&mut Self) -> bool) {
            let deadline = Instant::now() + Duration::from_secs(20);
            while !holds(self) {
                assert!(Instant::now() < deadline, "never: {what}");
            }
        }
    }

    #[test]
    fn a_file_that_replaced_a_watched_one_is_seen_because_of_the_sentinel() {
        let mut contract = Contract::new();
        let path = contract.directory.path().join("a.log");
        // An open descriptor keeps the watch on the old file alive; the follower has one, too.
        let _old = fs::File::open(&path).expect("open");
        fs::write(contract.directory.path().join("new"), "").expect("written");
        fs::rename(contract.directory.path().join("new"), &path).expect("renamed");
        contract.until("the rename is over", |contract| contract.hints().events == 0);
        contract.until("a write to the new file is a hint", |contract| {
            fs::write(&path, "y").expect("written");
            contract.hints().dirty.contains(&7)
        });
    }

    #[test]
    fn new_names_beside_a_watched_file_are_seen() {
        let mut contract = Contract::new();
        let mut number = 0;
        contract.until("a file that is not registered changes the names", |contract| {
            number += 1;
            let path = contract.directory.path().join(format!("other.{number}"));
            fs::write(path, "").expect("written");
            contract.hints().names_changed
        });
    }

    #[test]
    fn a_write_ends_a_pause() {
        let mut contract = Contract::new();
        contract.until("all hints are taken", |contract| contract.hints().events == 0);
        fs::write(contract.directory.path().join("a.log"), "z").expect("written");
        let start = Instant::now();
        contract.wake.wait(Duration::from_secs(60));
        assert!(start.elapsed() < Duration::from_secs(30), "the write did not end the pause");
    }

    #[test]
    fn a_replaced_directory_makes_the_watcher_stale() {
        let contract = Contract::new();
        assert!(!contract.watcher.is_stale(|_| true));
        let path = contract.directory.path().to_owned();
        fs::rename(&path, path.with_extension("old")).expect("renamed");
        fs::create_dir(&path).expect("made");
        assert!(contract.watcher.is_stale(|_| true));
        fs::remove_dir_all(path.with_extension("old")).expect("removed");
    }
}
