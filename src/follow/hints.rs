//! Hints: when to use the watcher, and what it has reported.

use std::collections::HashSet;
use std::task::Waker;
use std::time::{Duration, Instant};

use super::followed_path::FollowedPath;
use super::hint_limiter::HintLimiter;
use super::watcher::{Hints, Watcher};
use crate::report::Report;
use crate::system::MORE_WATCHERS;

/// Time after which every path is registered again, because linemux can drop paths without an
/// error. Twice the time leaves a dropped path without hints for twice as long.
const RENEWAL: Duration = Duration::from_secs(4);

/// Number of sources that are registered before the follower does something else. linemux calls
/// `stat` for each; twice as many delay the reading of growing files twice as long.
const REGISTERED_AT_ONCE: usize = 256;

/// The watcher, while it is used, and the hints that were not acted on.
pub(super) struct HintSource {
    /// Hints are wanted, and the kernel allows them.
    is_enabled: bool,
    waker: Waker,
    report: Report,
    watcher: Option<Watcher>,
    /// Number of sources that are registered with the watcher.
    registered: usize,
    hints: Hints,
    /// The source that was the only one of the last hints, and is likely to be that of the next.
    expected: Option<usize>,
    limiter: HintLimiter,
    renewed_at: Instant,
}

impl HintSource {
    pub(super) fn new(is_enabled: bool, waker: Waker, report: Report, now: Instant) -> Self {
        HintSource {
            is_enabled,
            waker,
            report,
            watcher: None,
            registered: 0,
            hints: Hints::default(),
            expected: None,
            limiter: HintLimiter::new(now),
            renewed_at: now,
        }
    }

    /// Starts a watcher, unless hints are disabled. If that fails, they are from now on.
    pub(super) fn start(&mut self, followed: &[FollowedPath]) {
        if !self.is_enabled {
            return;
        }
        match Watcher::new(self.waker.clone(), self.report.clone()) {
            Ok(watcher) => {
                self.watcher = Some(watcher);
                self.registered = 0;
                self.register_next(followed);
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
    pub(super) fn restart_after_flood(&mut self, followed: &[FollowedPath], now: Instant) {
        if self.watcher.is_none() && self.limiter.allows(now) {
            self.start(followed);
        }
    }

    /// Whether there are no hints because there were too many.
    pub(super) fn is_flooded(&self) -> bool {
        self.watcher.is_none() && self.is_enabled
    }

    /// Whether there is something to do at once.
    pub(super) fn has_work(&self, followed: &[FollowedPath]) -> bool {
        self.hints.names_changed || !self.hints.dirty.is_empty() || self.has_unregistered(followed)
    }

    fn has_unregistered(&self, followed: &[FollowedPath]) -> bool {
        self.watcher.is_some() && self.registered < followed.len()
    }

    /// Registers the next sources, if there are any.
    pub(super) fn register_next(&mut self, followed: &[FollowedPath]) {
        if self.has_unregistered(followed)
            && let Some(watcher) = &mut self.watcher
        {
            let next = followed.iter().enumerate().skip(self.registered).take(REGISTERED_AT_ONCE);
            self.registered += next.len();
            watcher.register(next.map(|(index, next)| (&*next.path, index)));
        }
    }

    /// Registers the path with this index again, when its directory may be another one.
    pub(super) fn register_again(&mut self, index: usize, followed: &FollowedPath) {
        if let Some(watcher) = &mut self.watcher {
            watcher.register([(&*followed.path, index)].into_iter());
        }
    }

    /// Registers all sources again from time to time; starts a new watcher if it is stale.
    pub(super) fn renew(&mut self, followed: &[FollowedPath], now: Instant) {
        if now - self.renewed_at < RENEWAL {
            return;
        }
        self.renewed_at = now;
        if self.watcher.as_ref().is_some_and(Watcher::is_stale) {
            self.watcher = None;
            self.start(followed);
        } else {
            self.registered = 0;
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

    /// Returns the indices of the paths whose files may have changed since the last call.
    pub(super) fn take_dirty(&mut self) -> HashSet<usize> {
        let dirty = std::mem::take(&mut self.hints.dirty);
        if let Some(&index) = dirty.iter().next() {
            self.expected = (dirty.len() == 1).then_some(index);
        }
        dirty
    }

    /// Returns the index of the path that the next hints are likely to be about.
    pub(super) fn expected(&self) -> Option<usize> {
        self.expected.filter(|_| self.watcher.is_some())
    }
}
