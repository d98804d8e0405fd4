//! Hints that something changed, from linemux.
//!
//! linemux says *that* a file may have changed, quickly and without polling;
//! nothing depends on it, because it can lose a path for ever without a word.
//! Its channel is unbounded, so that whoever has a [`Watcher`] takes out of it often what there is.

use std::collections::{HashMap, HashSet};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use linemux::MuxedEvents;
use notify::EventKind;
use notify::event::ModifyKind;

use crate::report::Report;
use crate::system::is_out_of_watches;

/// What has happened since the follower last acted on it.
#[derive(Debug, Default)]
pub(super) struct Hints {
    /// Sources whose file may have changed.
    pub(super) dirty: HashSet<usize>,
    /// Names came or went somewhere: look at everything.
    pub(super) check: bool,
    /// How many events there were, about whatever file.
    pub(super) events: u32,
}

/// Where the follower sleeps, and what wakes it.
#[derive(Debug, Default)]
pub(super) struct Wake {
    call: Mutex<Call>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Call {
    has_hints: bool,
    stop: bool,
}

impl Wake {
    /// Tells the follower to finish and end.
    pub(super) fn stop(&self) {
        self.lock().stop = true;
        self.changed.notify_one();
    }

    /// Sleeps until there are hints, but no longer than `timeout`; true when it is to end.
    pub(super) fn wait(&self, timeout: Duration) -> bool {
        let is_quiet = |call: &mut Call| !call.has_hints && !call.stop;
        let (mut call, _) = self
            .changed
            .wait_timeout_while(self.lock(), timeout, is_quiet)
            .unwrap_or_else(PoisonError::into_inner);
        call.has_hints = false;
        call.stop
    }

    fn lock(&self) -> MutexGuard<'_, Call> {
        self.call.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::task::Wake for Wake {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.lock().has_hints = true;
        self.changed.notify_one();
    }
}

/// linemux, and what it was told to watch.
pub(super) struct Watcher {
    events: MuxedEvents,
    /// Wakes whoever takes hints when there are more.
    waker: Waker,
    report: Report,
    has_complained: bool,
    /// It has not dropped everything.
    is_watching: bool,
    /// By the path that linemux reports.
    sources: HashMap<PathBuf, Vec<usize>>,
    /// Which directories they were when they were first watched.
    directories: HashMap<PathBuf, (u64, u64)>,
    sentinel: String,
}

impl Watcher {
    /// Fails where the kernel has no inotify instance left.
    pub(super) fn new(wake: Arc<Wake>, report: Report) -> io::Result<Self> {
        Ok(Watcher {
            events: MuxedEvents::new()?,
            waker: wake.into(),
            report,
            has_complained: false,
            is_watching: false,
            sources: HashMap::new(),
            directories: HashMap::new(),
            sentinel: format!(".ssetail-{:016x}", getrandom::u64().unwrap_or_default()),
        })
    }

    /// Watches these files, each with its source, too; said again, it heals what linemux has
    /// dropped.
    ///
    /// What cannot be watched now is found by the follower's own check.
    pub(super) fn watch<'a>(&mut self, files: impl Iterator<Item = (&'a Path, usize)>) {
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
                Err(error) => self.complain(&error),
            }
        }
    }

    /// Whether a directory is another one than when it was first watched.
    ///
    /// linemux would report its files under names that they no longer have, or not at all;
    /// it cannot be told to forget them, so that only a new watcher helps.
    pub(super) fn is_stale(&self) -> bool {
        self.directories.iter().any(|(path, first)| identity(path) != Some(*first))
    }

    /// Takes all hints there are; whoever waits is woken when there are more.
    pub(super) fn take(&mut self, hints: &mut Hints) {
        while self.is_watching {
            let mut cx = Context::from_waker(&self.waker);
            let next = pin!(self.events.next_event()).poll(&mut cx);
            match next {
                Poll::Ready(Ok(Some(event))) => self.note(&event, hints),
                // Everything has dropped out; what is watched next adds it again.
                Poll::Ready(Ok(None)) => self.is_watching = false,
                Poll::Ready(Err(_)) => hints.check = true,
                Poll::Pending => return,
            }
        }
    }

    /// A file that is never made keeps its directory watched, whatever comes and goes in it.
    fn add_sentinel(&mut self, directory: &Path) {
        if self.directories.contains_key(directory) {
            return;
        }
        match (identity(directory), self.add_file(directory.join(&self.sentinel))) {
            (Some(identity), Ok(_)) => {
                self.directories.insert(directory.to_owned(), identity);
            }
            (_, Err(error)) => self.complain(&error),
            (None, Ok(_)) => {}
        }
    }

    fn add_file(&mut self, path: PathBuf) -> io::Result<PathBuf> {
        let added = pin!(self.events.add_file(path));
        // It has nothing to wait for.
        let Poll::Ready(added) = added.poll(&mut Context::from_waker(Waker::noop())) else {
            return Err(io::ErrorKind::WouldBlock.into());
        };
        self.is_watching |= added.is_ok();
        added
    }

    /// Only of limits; a file that is not there is the follower's own business.
    fn complain(&mut self, error: &io::Error) {
        let is_limit = is_out_of_watches(error);
        if is_limit && !std::mem::replace(&mut self.has_complained, true) {
            self.report.say(
                "the kernel watches no more files for this user, so changes of some are found by \
                 looking; to watch them all, raise fs.inotify.max_user_watches with sysctl",
            );
        }
    }

    fn note(&self, event: &notify::Event, hints: &mut Hints) {
        let names_changed = match event.kind {
            EventKind::Modify(ModifyKind::Name(_)) => true,
            kind => kind.is_create() || kind.is_remove(),
        };
        hints.events += 1;
        hints.check |= event.need_rescan() || names_changed;
        hints.dirty.extend(event.paths.iter().filter_map(|path| self.sources.get(path)).flatten());
    }
}

fn identity(directory: &Path) -> Option<(u64, u64)> {
    let metadata = std::fs::metadata(directory).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::Instant;

    use super::*;

    /// What is leaned on although linemux does not promise it.
    struct Contract {
        directory: tempfile::TempDir,
        wake: Arc<Wake>,
        watcher: Watcher,
    }

    impl Contract {
        fn new() -> Self {
            let directory = tempfile::tempdir().expect("a directory");
            let path = directory.path().join("a.log");
            fs::write(&path, "").expect("written");
            let wake = Arc::new(Wake::default());
            let watcher = Watcher::new(Arc::clone(&wake), Report::new(|_| ())).expect("started");
            let mut contract = Contract { directory, wake, watcher };
            contract.watcher.watch([(&*path, 7)].into_iter());
            contract.until("it watches", |contract| {
                fs::write(&path, "x").expect("written");
                contract.hints().dirty.contains(&7)
            });
            contract
        }

        /// What comes within a moment.
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
        // The open descriptor keeps the watch on the old file alive, as the follower's does.
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
    fn names_that_come_beside_a_watched_file_are_seen() {
        let mut contract = Contract::new();
        let mut number = 0;
        contract.until("a file that nobody registered asks for a check", |contract| {
            number += 1;
            let path = contract.directory.path().join(format!("other.{number}"));
            fs::write(path, "").expect("written");
            contract.hints().check
        });
    }

    #[test]
    fn whoever_sleeps_is_woken_by_a_write() {
        let mut contract = Contract::new();
        contract.until("all is told", |contract| contract.hints().events == 0);
        fs::write(contract.directory.path().join("a.log"), "z").expect("written");
        let slept = Instant::now();
        contract.wake.wait(Duration::from_secs(60));
        assert!(slept.elapsed() < Duration::from_secs(30), "it slept through it");
    }

    #[test]
    fn a_directory_that_was_made_anew_is_noticed() {
        let contract = Contract::new();
        assert!(!contract.watcher.is_stale());
        let path = contract.directory.path().to_owned();
        fs::rename(&path, path.with_extension("old")).expect("renamed");
        fs::create_dir(&path).expect("made");
        assert!(contract.watcher.is_stale());
        fs::remove_dir_all(path.with_extension("old")).expect("removed");
    }
}
