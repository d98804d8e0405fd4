//! Hints that something changed, from linemux.
//!
//! linemux says *that* a file may have changed, quickly and without polling;
//! nothing depends on it, because it can lose a path for ever without a word.
//! One thread drains its unbounded channel into [`Hints`] and does nothing else.

use std::collections::{HashMap, HashSet};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use linemux::MuxedEvents;
use notify::EventKind;
use notify::event::ModifyKind;
use tokio::sync::mpsc;

use super::Report;

/// What has happened since the follower last asked.
#[derive(Debug, Default)]
pub(super) struct Hints {
    /// Sources whose file may have changed.
    pub(super) dirty: HashSet<usize>,
    /// Names came or went somewhere: look at everything.
    pub(super) check: bool,
    /// How many events there were, about whatever file.
    pub(super) events: u32,
    /// Finish and end.
    pub(super) stop: bool,
}

/// Where the follower sleeps, and what wakes it.
#[derive(Debug, Default)]
pub(super) struct Wake {
    hints: Mutex<Hints>,
    changed: Condvar,
}

impl Wake {
    /// Adds a hint and wakes the follower.
    pub(super) fn hint(&self, add: impl FnOnce(&mut Hints)) {
        add(&mut self.lock());
        self.changed.notify_one();
    }

    /// Takes what was hinted, after waiting for it no longer than `timeout`.
    pub(super) fn wait(&self, timeout: Duration) -> Hints {
        let is_quiet = |hints: &mut Hints| hints.dirty.is_empty() && !hints.check && !hints.stop;
        let (mut hints, _) = self
            .changed
            .wait_timeout_while(self.lock(), timeout, is_quiet)
            .unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *hints)
    }

    fn lock(&self) -> MutexGuard<'_, Hints> {
        self.hints.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The files to watch: each path, and the source that it belongs to.
type Watched = Vec<(PathBuf, usize)>;

/// Directories, and which they were when they were first watched.
type Directories = Arc<Mutex<HashMap<PathBuf, (u64, u64)>>>;

/// The thread that owns linemux; it ends when this is dropped.
#[derive(Debug)]
pub(super) struct Watcher {
    commands: mpsc::Sender<Watched>,
    directories: Directories,
}

impl Watcher {
    /// Fails where the kernel has no inotify instance left.
    pub(super) fn start(wake: Arc<Wake>, report: Report) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        let events = MuxedEvents::new()?;
        let (commands, received) = mpsc::channel(4);
        let directories = Directories::default();
        let pump = Pump {
            events,
            wake,
            report,
            has_complained: false,
            sources: HashMap::new(),
            directories: Arc::clone(&directories),
            sentinel: format!(".ssetail-{:016x}", getrandom::u64().unwrap_or_default()),
        };
        std::thread::Builder::new()
            .name("watcher".to_owned())
            .spawn(move || runtime.block_on(pump.run(received)))?;
        Ok(Watcher { commands, directories })
    }

    /// Watches these files too; said again, it heals what linemux has dropped.
    ///
    /// A full channel means that it is busy with earlier ones: the next call comes soon.
    pub(super) fn watch(&self, files: Watched) {
        let _ = self.commands.try_send(files);
    }

    /// Whether a directory is another one than when it was first watched.
    ///
    /// linemux would report its files under names that they no longer have, or not at all;
    /// it cannot be told to forget them, so that only a new watcher helps.
    pub(super) fn is_stale(&self) -> bool {
        let directories = self.directories.lock().unwrap_or_else(PoisonError::into_inner);
        directories.iter().any(|(path, first)| identity(path) != Some(*first))
    }
}

/// Moves events from linemux to the hints.
struct Pump {
    events: MuxedEvents,
    wake: Arc<Wake>,
    report: Report,
    has_complained: bool,
    /// By the path that linemux reports.
    sources: HashMap<PathBuf, Vec<usize>>,
    directories: Directories,
    sentinel: String,
}

impl Pump {
    async fn run(mut self, mut commands: mpsc::Receiver<Watched>) {
        let mut is_watching = false;
        loop {
            tokio::select! {
                biased;
                files = commands.recv() => match files {
                    Some(files) => is_watching |= self.add(files).await,
                    None => return,
                },
                event = self.events.next_event(), if is_watching => match event {
                    Ok(Some(event)) => self.pass_on(&event),
                    // Everything has dropped out; what is told next adds it again.
                    Ok(None) => is_watching = false,
                    Err(_) => self.wake.hint(|hints| hints.check = true),
                },
            }
        }
    }

    /// What cannot be watched now is found by the follower's own check.
    async fn add(&mut self, files: Watched) -> bool {
        let mut real = HashMap::new();
        let mut any = false;
        for (path, source) in files {
            let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else { continue };
            // linemux resolves relative links against the current directory.
            let directory: &mut Option<PathBuf> =
                real.entry(directory.to_owned()).or_insert_with(|| directory.canonicalize().ok());
            let Some(directory) = directory else { continue };
            any |= self.add_sentinel(directory).await;
            match self.events.add_file(directory.join(name)).await {
                Ok(reported) => {
                    let sources = self.sources.entry(reported).or_default();
                    if !sources.contains(&source) {
                        sources.push(source);
                    }
                    any = true;
                }
                Err(error) => self.complain(&error),
            }
        }
        any
    }

    /// A file that is never made keeps its directory watched, whatever comes and goes in it.
    async fn add_sentinel(&mut self, directory: &Path) -> bool {
        if self.directories().contains_key(directory) {
            return true;
        }
        match (identity(directory), self.events.add_file(directory.join(&self.sentinel)).await) {
            (Some(identity), Ok(_)) => {
                self.directories().insert(directory.to_owned(), identity);
                true
            }
            (_, Err(error)) => {
                self.complain(&error);
                false
            }
            (None, Ok(_)) => false,
        }
    }

    /// Only of limits; a file that is not there is the follower's own business.
    fn complain(&mut self, error: &io::Error) {
        let is_limit = error.raw_os_error() == Some(rustix::io::Errno::NOSPC.raw_os_error())
            || error.to_string().contains("limit");
        if is_limit && !std::mem::replace(&mut self.has_complained, true) {
            self.report.say(
                "the kernel watches no more files for this user, so changes of some are found by \
                 looking; to watch them all, raise fs.inotify.max_user_watches with sysctl",
            );
        }
    }

    fn pass_on(&self, event: &notify::Event) {
        let names_changed = match event.kind {
            EventKind::Modify(ModifyKind::Name(_)) => true,
            kind => kind.is_create() || kind.is_remove(),
        };
        let paths = event.paths.iter();
        let mut dirty = paths.filter_map(|path| self.sources.get(path)).flatten().peekable();
        if dirty.peek().is_none() && !names_changed && !event.need_rescan() {
            // A write to a file that nobody follows must not wake anyone, unless there are many.
            let mut hints = self.wake.lock();
            hints.events += 1;
            return;
        }
        self.wake.hint(|hints| {
            hints.events += 1;
            hints.check |= event.need_rescan() || names_changed;
            hints.dirty.extend(dirty);
        });
    }

    fn directories(&self) -> MutexGuard<'_, HashMap<PathBuf, (u64, u64)>> {
        self.directories.lock().unwrap_or_else(PoisonError::into_inner)
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
            let watcher = Watcher::start(Arc::clone(&wake), Report::new(|_| ())).expect("started");
            watcher.watch(vec![(path, 7)]);
            let contract = Contract { directory, wake, watcher };
            contract.until("it watches", |contract| {
                fs::write(contract.directory.path().join("a.log"), "x").expect("written");
                contract.wake.wait(Duration::from_millis(20)).dirty.contains(&7)
            });
            contract
        }

        fn until(&self, what: &str, mut holds: impl FnMut(&Self) -> bool) {
            let deadline = Instant::now() + Duration::from_secs(20);
            while !holds(self) {
                assert!(Instant::now() < deadline, "never: {what}");
            }
        }
    }

    #[test]
    fn a_file_that_replaced_a_watched_one_is_seen_because_of_the_sentinel() {
        let contract = Contract::new();
        let path = contract.directory.path().join("a.log");
        // The open descriptor keeps the watch on the old file alive, as the follower's does.
        let _old = fs::File::open(&path).expect("open");
        fs::write(contract.directory.path().join("new"), "").expect("written");
        fs::rename(contract.directory.path().join("new"), &path).expect("renamed");
        contract.until("the rename is over", |contract| {
            contract.wake.wait(Duration::from_millis(20)).events == 0
        });
        contract.until("a write to the new file is a hint", |contract| {
            fs::write(&path, "y").expect("written");
            contract.wake.wait(Duration::from_millis(20)).dirty.contains(&7)
        });
    }

    #[test]
    fn names_that_come_beside_a_watched_file_are_seen() {
        let contract = Contract::new();
        let mut number = 0;
        contract.until("a file that nobody registered asks for a check", |contract| {
            number += 1;
            let path = contract.directory.path().join(format!("other.{number}"));
            fs::write(path, "").expect("written");
            contract.wake.wait(Duration::from_millis(20)).check
        });
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
