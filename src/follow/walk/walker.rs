//! The walker: finds the files that match patterns, on threads of its own.
//!
//! One thread walks the local directories.
//! The directories of a mount that may hang are walked by a thread for that mount, so that they
//! delay no other directory.
//! No lock is held during I/O.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use super::super::mount::Mount;
use super::super::pattern::Pattern;
use super::candidate::PassedOver;
use super::pace::{WalkPace, WalkStart};
use super::rules::WalkRules;
use super::tree::{Elsewhere, Forgotten, MountOf, News, Tree, Walk};

/// Most directories that are reported because their names may not be read. A pattern for all of
/// `/` meets hundreds; the first few show the cause.
const DENIED_DIRECTORIES: usize = 10;

/// Threads that walk until the walker is dropped.
pub(in crate::follow) struct Walker {
    pub(super) shared: Arc<Shared>,
}

/// News of the walker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::follow) enum WalkUpdate {
    /// A file that the last walk of the pattern did not find. `is_first`: it was found by the
    /// first walk and is not younger than the walker.
    Found { pattern: usize, path: PathBuf, is_first: bool },
    /// A directory whose names were read for the first time, so that it can be watched.
    Directory(PathBuf),
    /// A sentence to report.
    Say(String),
}

pub(super) struct Shared {
    pub(super) rules: WalkRules,
    mount_of: Arc<MountOf>,
    started: SystemTime,
    /// Woken when there are updates.
    waker: Waker,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    updates: Vec<WalkUpdate>,
    /// Kinds of files that were reported as passed over, each for a pattern.
    passed_over: HashSet<(usize, PassedOver)>,
    /// Number of directories that were reported as not readable.
    denied: usize,
    is_requested: bool,
    is_stopped: bool,
    forgotten: Vec<PathBuf>,
    /// Number of walks that are still to find what existed at the start.
    first_walks: usize,
    /// The mounts that may hang, by device.
    mounts: HashMap<u64, MountState>,
}

/// A mount that may hang.
struct MountState {
    /// The memory of its walks; none while a thread walks.
    tree: Option<Tree>,
    pace: WalkPace,
    is_requested: bool,
    forgotten: Vec<PathBuf>,
}

/// A walk through directories of one mount.
struct MountWalk {
    device: u64,
    tree: Tree,
    forgotten: Vec<PathBuf>,
    is_first: bool,
}

impl Walker {
    /// Starts to walk.
    ///
    /// `waker` is woken when there are updates.
    /// `mount_of` names the mount of a path without touching the file system below it.
    /// It is called for every directory in every walk, so that it has to be fast.
    /// Fails if no thread can be started.
    pub(in crate::follow) fn start(
        patterns: Vec<Pattern>,
        waker: Waker,
        mount_of: Arc<MountOf>,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            rules: WalkRules::new(patterns),
            mount_of,
            started: SystemTime::now(),
            waker,
            // The second walk is soon, because it is cheaper than the first.
            state: Mutex::new(State { first_walks: 1, is_requested: true, ..State::default() }),
            changed: Condvar::new(),
        });
        let walking = Arc::clone(&shared);
        thread::Builder::new().name("walker".to_owned()).spawn(move || walking.run())?;
        Ok(Walker { shared })
    }

    /// Asks for a walk soon, because names have changed.
    pub(in crate::follow) fn request(&self) {
        self.shared.lock().is_requested = true;
        self.shared.changed.notify_all();
    }

    /// Returns the news since the last call, in their order.
    pub(in crate::follow) fn take(&self) -> Vec<WalkUpdate> {
        std::mem::take(&mut self.shared.lock().updates)
    }

    /// Waits until the first walk of every pattern is complete, at most for `limit`; returns false
    /// if it is not.
    pub(in crate::follow) fn wait_for_first(&self, limit: Duration) -> bool {
        let is_walking = |state: &mut State| state.first_walks > 0;
        let waited = self.shared.changed.wait_timeout_while(self.shared.lock(), limit, is_walking);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    /// Reports this path again if a later walk finds it: its source was put aside.
    pub(in crate::follow) fn forget(&self, path: &Path) {
        self.shared.lock().forgotten.push(path.to_owned());
    }
}

impl Drop for Walker {
    /// Asks the threads to stop; does not wait, because one may hang.
    fn drop(&mut self) {
        self.shared.lock().is_stopped = true;
        self.shared.changed.notify_all();
    }
}

impl fmt::Debug for Walker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Walker")
    }
}

impl Shared {
    /// Walks the local directories until the walker is dropped.
    fn run(self: Arc<Self>) {
        let mut tree = Tree::new(Mount::Local);
        self.rules.roots().iter().for_each(|(path, states)| tree.add(path, states));
        let (mut is_first, mut is_requested) = (true, false);
        loop {
            let start = WalkStart::now();
            let forgotten = self.take_forgotten();
            let elsewhere = self.walk(&mut tree, forgotten, is_first);
            self.hand_over(elsewhere, is_first, is_requested);
            if is_first {
                self.end_first_walk();
            }
            is_first = false;
            match self.pause(start.end()) {
                Some(requested) => is_requested = requested,
                None => return,
            }
        }
    }

    /// Walks one tree; returns the directories in it that other threads have to walk.
    fn walk(&self, tree: &mut Tree, forgotten: Vec<PathBuf>, is_first: bool) -> Vec<Elsewhere> {
        tree.walk(Walk {
            rules: &self.rules,
            mount_of: &*self.mount_of,
            is_first,
            started: self.started,
            forgotten: by_directory(forgotten),
            publish: &mut |news| self.publish(news),
        })
    }

    /// Waits until the next walk; returns whether it was requested, or none to stop.
    fn pause(&self, pace: WalkPace) -> Option<bool> {
        let mut state = self.lock();
        loop {
            if state.is_stopped {
                return None;
            }
            let left = pace.left(state.is_requested, Instant::now());
            if left.is_zero() {
                return Some(std::mem::take(&mut state.is_requested));
            }
            let waited = self.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Lets threads walk directories on mounts that may hang; leaves out a mount that is not due,
    /// or whose last walk has not ended.
    fn hand_over(self: &Arc<Self>, elsewhere: Vec<Elsewhere>, is_first: bool, is_requested: bool) {
        let mut mounts: HashMap<u64, Vec<Elsewhere>> = HashMap::new();
        for directory in elsewhere {
            mounts.entry(directory.device).or_default().push(directory);
        }
        for (device, directories) in mounts {
            let begun = self.lock().begin_mount_walk(device, &directories, is_first, is_requested);
            let Some(walk) = begun else { continue };
            let shared = Arc::clone(self);
            let builder = thread::Builder::new().name("walker".to_owned());
            if builder.spawn(move || shared.run_mount_walk(walk)).is_err() {
                let mut state = self.lock();
                // Without a thread, a later walk begins with an empty memory.
                state.mounts.remove(&device);
                state.first_walks -= usize::from(is_first);
            }
        }
    }

    /// Walks the directories of a mount that may hang.
    fn run_mount_walk(self: Arc<Self>, walk: MountWalk) {
        let MountWalk { device, mut tree, forgotten, is_first } = walk;
        let start = WalkStart::now();
        let elsewhere = self.walk(&mut tree, forgotten, is_first);
        self.hand_over(elsewhere, is_first, false);
        if let Some(mount) = self.lock().mounts.get_mut(&device) {
            mount.tree = Some(tree);
            mount.pace = start.end();
        }
        if is_first {
            self.end_first_walk();
        }
    }

    fn end_first_walk(&self) {
        self.lock().first_walks -= 1;
        self.changed.notify_all();
    }

    /// Adds news to the updates; returns false if the walk is to stop.
    fn publish(&self, news: Vec<News>) -> bool {
        let mut state = self.lock();
        for news in news {
            if let Some(update) = state.update(news, &self.rules) {
                state.updates.push(update);
            }
        }
        let (is_stopped, is_empty) = (state.is_stopped, state.updates.is_empty());
        drop(state);
        if !is_empty {
            self.waker.wake_by_ref();
        }
        !is_stopped
    }

    /// Returns the paths to report again, and leaves a copy to each mount.
    fn take_forgotten(&self) -> Vec<PathBuf> {
        let mut state = self.lock();
        let forgotten = std::mem::take(&mut state.forgotten);
        for path in &forgotten {
            if let Mount::MayHang(device) = (self.mount_of)(path)
                && let Some(mount) = state.mounts.get_mut(&device)
            {
                mount.forgotten.push(path.clone());
            }
        }
        forgotten
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Prepares a walk through directories of a mount; none if it is not due.
    fn begin_mount_walk(
        &mut self,
        device: u64,
        directories: &[Elsewhere],
        is_first: bool,
        is_requested: bool,
    ) -> Option<MountWalk> {
        let mount = self.mounts.entry(device).or_insert_with(|| MountState::new(device));
        mount.is_requested |= is_requested;
        if !mount.pace.left(mount.is_requested, Instant::now()).is_zero() {
            return None;
        }
        let mut tree = mount.tree.take()?;
        for directory in directories {
            tree.add(&directory.path, &directory.states);
        }
        mount.is_requested = false;
        self.first_walks += usize::from(is_first);
        Some(MountWalk { device, tree, forgotten: std::mem::take(&mut mount.forgotten), is_first })
    }

    /// Returns the update for news; none for what was reported before.
    fn update(&mut self, news: News, rules: &WalkRules) -> Option<WalkUpdate> {
        match news {
            News::Found { pattern, path, is_first } => {
                Some(WalkUpdate::Found { pattern, path, is_first })
            }
            News::Directory(path) => Some(WalkUpdate::Directory(path)),
            News::PassedOver { pattern, path, reason } => {
                let is_new = self.passed_over.insert((pattern, reason));
                let sentence = || reason.sentence(&path, rules.pattern(pattern));
                is_new.then(|| WalkUpdate::Say(sentence()))
            }
            News::Denied { path, pattern } => {
                self.denied += 1;
                let directory = path.display();
                let mut sentence = format!(
                    "{directory} cannot be searched for {pattern}: permission denied; \
                     allow this user to list it, e.g. with chmod or a group"
                );
                if self.denied == DENIED_DIRECTORIES {
                    sentence.push_str("; further directories like this are not reported");
                }
                (self.denied <= DENIED_DIRECTORIES).then_some(WalkUpdate::Say(sentence))
            }
        }
    }
}

impl MountState {
    fn new(device: u64) -> Self {
        MountState {
            tree: Some(Tree::new(Mount::MayHang(device))),
            pace: WalkPace::due(),
            is_requested: false,
            forgotten: Vec::new(),
        }
    }
}

/// Groups paths by their directories.
fn by_directory(paths: Vec<PathBuf>) -> Forgotten {
    let mut grouped = Forgotten::new();
    for path in paths {
        if let (Some(directory), Some(name)) = (path.parent(), path.file_name()) {
            grouped.entry(directory.to_owned()).or_default().insert(name.to_owned());
        }
    }
    grouped
}
