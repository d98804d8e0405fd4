//! Hints: when to use the watcher, and what it has reported.

use std::collections::{HashSet, VecDeque};
use std::path::{Path, PathBuf};
use std::task::Waker;
use std::time::{Duration, Instant};

use super::hint_limiter::HintLimiter;
use super::source_map::SourceMap;
use super::watcher::{Hints, Watcher};
use crate::report::Report;
use crate::system::MORE_WATCHERS;

/// Time after which every path is registered again, because linemux can drop paths without an
/// error. Twice the time leaves a dropped path without hints for twice as long.
const RENEWAL: Duration = Duration::from_secs(4);

/// Number of sources that are registered before the follower does something else. linemux calls
/// `stat` for each; twice as many delay the reading of growing files twice as long.
const REGISTERED_AT_ONCE: usize = 256;

/// Number of directories that are registered in one step. Steps of an idle worker are 50 ms apart,
/// so that this takes 2 % of a core; half as many watch a large tree half as soon.
const DIRECTORIES_AT_ONCE: usize = 32;

/// Most directories that are watched only for new names. Each takes a watch of the kernel, which
/// older systems limit to 8,192 for a user, and 30 µs to register; twice as many leave fewer watches
/// to other programs, and half as many leave more new files to the walks.
const MAX_DIRECTORIES: usize = 4096;

/// The watcher, while it is used, and the hints that were not acted on.
pub(super) struct HintSource {
    /// Hints are wanted, and the kernel allows them.
    is_enabled: bool,
    waker: Waker,
    report: Report,
    watcher: Option<Watcher>,
    /// All sources with smaller IDs are registered with the watcher.
    next: usize,
    /// Directories that are watched for new names.
    directories: HashSet<PathBuf>,
    /// Those of them that are not registered with the watcher yet.
    unregistered: VecDeque<PathBuf>,
    /// Returns true if a directory can be touched without waiting for another mount.
    is_ours: Box<dyn Fn(&Path) -> bool + Send>,
    hints: Hints,
    /// The source that was the only one of the last hints, and is likely to be that of the next.
    expected: Option<usize>,
    limiter: HintLimiter,
    renewed_at: Instant,
}

impl HintSource {
    /// `is_ours` tells the directories of the worker's mount, without touching them.
    pub(super) fn new(
        is_enabled: bool,
        waker: Waker,
        report: Report,
        is_ours: Box<dyn Fn(&Path) -> bool + Send>,
        now: Instant,
    ) -> Self {
        HintSource {
            is_enabled,
            waker,
            report,
            watcher: None,
            next: 0,
            directories: HashSet::new(),
            unregistered: VecDeque::new(),
            is_ours,
            hints: Hints::default(),
            expected: None,
            limiter: HintLimiter::new(now),
            renewed_at: now,
        }
    }

    /// Starts a watcher, unless hints are disabled. If that fails, they are from now on.
    pub(super) fn start(&mut self, sources: &SourceMap) {
        if !self.is_enabled {
            return;
        }
        match Watcher::new(self.waker.clone(), self.report.clone()) {
            Ok(watcher) => {
                self.watcher = Some(watcher);
                self.register_all(sources);
            }
            Err(error) => {
                self.is_enabled = false;
                self.report.say(&format!(
                    "the kernel does not report changes of files ({error}), so ssetail polls \
                     them; to get reports, {MORE_WATCHERS}"
                ));
            }
        }
    }

    /// Starts a watcher when the pause after a flood of hints is over.
    pub(super) fn restart_after_flood(&mut self, sources: &SourceMap, now: Instant) {
        if self.watcher.is_none() && self.limiter.allows(now) {
            self.start(sources);
        }
    }

    /// Returns true if there are no hints because there were too many.
    pub(super) fn is_flooded(&self) -> bool {
        self.watcher.is_none() && self.is_enabled
    }

    /// Returns true if there is something to do at once.
    pub(super) fn has_work(&self, sources: &SourceMap) -> bool {
        self.hints.names_changed || !self.hints.dirty.is_empty() || self.has_unregistered(sources)
    }

    fn has_unregistered(&self, sources: &SourceMap) -> bool {
        self.watcher.is_some() && sources.from(self.next).next().is_some()
    }

    /// Registers the next sources, or else the next directories, if there are any.
    pub(super) fn register_next(&mut self, sources: &SourceMap) {
        let Some(watcher) = &mut self.watcher else { return };
        let next: Vec<_> = sources.from(self.next).take(REGISTERED_AT_ONCE).collect();
        if let Some(last) = next.last() {
            self.next = last.source.id + 1;
            watcher.register(next.iter().map(|next| (&*next.path, next.source.id)));
        } else {
            let len = self.unregistered.len().min(DIRECTORIES_AT_ONCE);
            for directory in self.unregistered.drain(..len) {
                let is_watched = (self.is_ours)(&directory) && watcher.watch_directory(&directory);
                if !is_watched {
                    self.directories.remove(&directory);
                }
            }
        }
    }

    /// Watches a directory for new names, unless there are too many.
    pub(super) fn watch_directory(&mut self, directory: PathBuf) {
        if self.directories.len() < MAX_DIRECTORIES && self.directories.insert(directory.clone()) {
            self.unregistered.push_back(directory);
        }
    }

    fn register_all(&mut self, sources: &SourceMap) {
        self.next = 0;
        self.unregistered = self.directories.iter().cloned().collect();
        self.register_next(sources);
    }

    /// Registers a path again, when its directory may be another one.
    pub(super) fn register_again(&mut self, sources: &SourceMap, id: usize) {
        if let (Some(watcher), Some(followed)) = (&mut self.watcher, sources.get(id)) {
            watcher.register([(&*followed.path, id)].into_iter());
        }
    }

    /// Registers all sources again from time to time; starts a new watcher if it is stale.
    pub(super) fn renew(&mut self, sources: &SourceMap, now: Instant) {
        if now - self.renewed_at < RENEWAL {
            return;
        }
        self.renewed_at = now;
        let is_stale = |watcher: &Watcher| watcher.is_stale(&self.is_ours);
        if self.watcher.as_ref().is_some_and(is_stale) {
            self.watcher = None;
            self.start(sources);
        } else {
            self.next = 0;
            if let Some(watcher) = &mut self.watcher {
                watcher.retain(|source| sources.get(source).is_some());
            }
        }
    }

    /// Takes the hints of the watcher; drops the watcher if there are too many.
    pub(super) fn take(&mut self, now: Instant) {
        let Some(watcher) = &mut self.watcher else { return };
        watcher.take(&mut self.hints);
        if self.limiter.count(std::mem::take(&mut self.hints.events), now) {
            self.watcher = None;
        }
    }

    /// Returns whether names were added or removed since the last call.
    pub(super) fn take_names_changed(&mut self) -> bool {
        std::mem::take(&mut self.hints.names_changed)
    }

    /// Returns the source IDs of the paths whose files may have changed since the last call.
    pub(super) fn take_dirty(&mut self) -> HashSet<usize> {
        let dirty = std::mem::take(&mut self.hints.dirty);
        if let Some(&index) = dirty.iter().next() {
            self.expected = (dirty.len() == 1).then_some(index);
        }
        dirty
    }

    /// Returns the ID of the source that the next hints are likely to be about.
    pub(super) fn expected(&self) -> Option<usize> {
        self.expected.filter(|_| self.watcher.is_some())
    }
}
