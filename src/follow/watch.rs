//! Hints that something changed, from linemux.
//!
//! linemux says *that* a file may have changed, quickly and without polling;
//! nothing depends on it, because it can lose a path for ever without a word.
//! One thread drains its unbounded channel into [`Hints`] and does nothing else.

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use linemux::MuxedEvents;
use notify::EventKind;
use notify::event::ModifyKind;
use tokio::sync::mpsc;

/// What has happened since the follower last asked.
#[derive(Debug, Default)]
pub(super) struct Hints {
    /// Sources whose file may have changed, with how many events said so.
    pub(super) dirty: HashMap<usize, u32>,
    /// Names came or went somewhere: look at everything.
    pub(super) check: bool,
    /// Events about files that nobody follows.
    pub(super) foreign: u32,
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
        let quiet = |hints: &mut Hints| hints.dirty.is_empty() && !hints.check && !hints.stop;
        let (mut hints, _) = self
            .changed
            .wait_timeout_while(self.lock(), timeout, quiet)
            .unwrap_or_else(PoisonError::into_inner);
        let stop = hints.stop;
        std::mem::replace(&mut *hints, Hints { stop, ..Hints::default() })
    }

    fn lock(&self) -> MutexGuard<'_, Hints> {
        self.hints.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The files to watch: each path, and the source that it belongs to.
type Watched = Vec<(PathBuf, usize)>;

/// The thread that owns linemux; it ends when this is dropped.
#[derive(Debug)]
pub(super) struct Watcher {
    commands: mpsc::Sender<Watched>,
}

impl Watcher {
    /// Fails where the kernel has no inotify instance left.
    pub(super) fn start(wake: Arc<Wake>) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        let events = MuxedEvents::new()?;
        let (commands, received) = mpsc::channel(4);
        std::thread::Builder::new()
            .name("watcher".to_owned())
            .spawn(move || runtime.block_on(Pump::new(events, wake).run(received)))?;
        Ok(Watcher { commands })
    }

    /// Watches these files too; said again, it heals what linemux has dropped.
    ///
    /// A full channel means that it is busy with earlier ones: the next call comes soon.
    pub(super) fn watch(&self, files: Watched) {
        let _ = self.commands.try_send(files);
    }
}

/// Moves events from linemux to the hints.
struct Pump {
    events: MuxedEvents,
    wake: Arc<Wake>,
    /// By the path that linemux reports.
    sources: HashMap<PathBuf, Vec<usize>>,
    directories: HashSet<PathBuf>,
    sentinel: String,
}

impl Pump {
    fn new(events: MuxedEvents, wake: Arc<Wake>) -> Self {
        Pump {
            events,
            wake,
            sources: HashMap::new(),
            directories: HashSet::new(),
            sentinel: format!(".ssetail-{:016x}", getrandom::u64().unwrap_or_default()),
        }
    }

    async fn run(mut self, mut commands: mpsc::Receiver<Watched>) {
        loop {
            tokio::select! {
                biased;
                event = self.events.next_event(), if !self.directories.is_empty() => match event {
                    Ok(Some(event)) => self.pass_on(&event),
                    // Everything has dropped out; the follower's next check adds it again.
                    Ok(None) => match commands.recv().await {
                        Some(files) => self.add(files).await,
                        None => return,
                    },
                    Err(_) => self.wake.hint(|hints| hints.check = true),
                },
                files = commands.recv() => match files {
                    Some(files) => self.add(files).await,
                    None => return,
                },
            }
        }
    }

    /// What cannot be watched now is found by the follower's own check.
    async fn add(&mut self, files: Watched) {
        for (path, source) in files {
            let Some(directory) = path.parent() else { continue };
            self.add_sentinel(directory).await;
            if let Ok(reported) = self.events.add_file(&path).await {
                let sources = self.sources.entry(reported).or_default();
                if !sources.contains(&source) {
                    sources.push(source);
                }
            }
        }
    }

    /// A file that is never made keeps its directory watched, whatever comes and goes in it.
    async fn add_sentinel(&mut self, directory: &Path) {
        let sentinel = directory.join(&self.sentinel);
        if self.events.add_file(sentinel).await.is_ok() {
            self.directories.insert(directory.to_owned());
        }
    }

    fn pass_on(&self, event: &notify::Event) {
        let names_changed = match event.kind {
            EventKind::Modify(ModifyKind::Name(_)) => true,
            kind => kind.is_create() || kind.is_remove(),
        };
        let dirty: Vec<usize> = event
            .paths
            .iter()
            .filter_map(|path| self.sources.get(path))
            .flatten()
            .copied()
            .collect();
        if dirty.is_empty() && !names_changed && !event.need_rescan() {
            // A write to a file that nobody follows must not wake anyone.
            self.wake.lock().foreign += 1;
            return;
        }
        self.wake.hint(|hints| {
            hints.check |= event.need_rescan() || (names_changed && dirty.is_empty());
            for source in dirty {
                *hints.dirty.entry(source).or_default() += 1;
            }
        });
    }
}
