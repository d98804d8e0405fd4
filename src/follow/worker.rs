//! The work of the follower's thread.

use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};

use super::clock::wall_clock;
use super::followed_path::FollowedPath;
use super::hints::HintSource;
use super::options::FollowOptions;
use super::ownership::Ownership;
use super::path_target::PathTarget;
use super::schedule::{Load, Schedule};
use super::source_set::SourceSet;
use super::turn::Turn;
use super::update::UpdatePublisher;
use super::wake_signal::WakeSignal;
use crate::feed::{Draft, DraftContent};
use crate::journal::JournalNote;
use crate::system::sleep_precisely;

/// Time for which the start may be delayed to read existing files. Twice the time delays the
/// first answer as much; with half of it, more clients come before their backlog is there.
const FIRST_PASS: Duration = Duration::from_millis(50);

/// Most turns of one source when the program ends. With twice as many, a file that grows fast can
/// delay the end twice as long; with half as many, more of its last lines are not published.
const LAST_TURNS: usize = 16;

/// Everything that the thread of the follower works with.
pub(super) struct Worker {
    pub(super) sources: SourceSet,
    pub(super) options: FollowOptions,
    pub(super) output: UpdatePublisher,
    pub(super) ownership: Ownership,
    pub(super) hints: HintSource,
    pub(super) schedule: Schedule,
    /// Space for the bytes of one read.
    pub(super) scratch: Vec<u8>,
    pub(super) wake: Arc<WakeSignal>,
    /// The waker of `wake`.
    pub(super) waker: Waker,
}

impl Worker {
    /// Publishes the lines of existing files, before the first client can ask for them.
    pub(super) fn first_pass(&mut self) {
        let start = Instant::now();
        for index in 0..self.sources.followed.len() {
            if start.elapsed() < FIRST_PASS {
                self.serve(index, Instant::now());
            }
        }
    }

    /// Follows until the wake signal says to stop.
    pub(super) fn run(mut self) {
        sleep_precisely();
        self.hints.start(&self.sources.followed);
        self.check(true, Instant::now());
        // The watcher wakes the thread only after its hints were taken once.
        self.hints.take(Instant::now());
        while !self.wake.wait(self.pause()) {
            self.step(Instant::now());
        }
        self.finish();
    }

    /// Returns the time for which there is nothing to do without a hint.
    fn pause(&self) -> Duration {
        if self.hints.has_work(&self.sources.followed) {
            return Duration::ZERO;
        }
        let now = Instant::now();
        let is_caught_up =
            !self.schedule.is_active() || self.output.publisher.is_caught_up(&self.waker);
        self.schedule.pause(now, self.load(), is_caught_up)
    }

    fn load(&self) -> Load {
        Load { sources: self.sources.followed.len(), is_flooded: self.hints.is_flooded() }
    }

    fn step(&mut self, now: Instant) {
        self.hints.restart_after_flood(&self.sources.followed, now);
        self.hints.register_next(&self.sources.followed);
        if let Some(index) = self.hints.expected() {
            self.serve(index, now);
        }
        self.hints.take(now);
        if self.hints.take_names_changed() {
            self.schedule.request_check();
        }
        for index in self.hints.take_dirty() {
            self.schedule.deactivate(index);
            self.serve(index, now);
        }
        let (load, names_changed) = (self.load(), self.schedule.is_check_requested());
        if self.schedule.begin_check(now, load) {
            self.check(names_changed, now);
            return;
        }
        for index in self.schedule.polled(now) {
            self.serve_without_hint(index, now);
        }
    }

    /// Looks for new paths, and at every source that may have changed.
    fn check(&mut self, names_changed: bool, now: Instant) {
        if self.sources.has_patterns() && self.schedule.is_expansion_due(now, names_changed) {
            self.expand_patterns(now);
        }
        for index in 0..self.sources.followed.len() {
            if !self.sources.followed[index].check_unchanged() {
                self.serve_without_hint(index, now);
            }
        }
        self.ownership.close_deleted();
        self.hints.renew(&self.sources.followed, now);
    }

    fn expand_patterns(&mut self, now: Instant) {
        let count = self.sources.followed.len();
        self.sources.find_all();
        self.schedule.record_expansion(now, now.elapsed());
        self.output.publisher.publish(paths(&self.sources.followed[count..]).collect());
    }

    /// Reads the last bytes of every source, in a limited number of turns.
    fn finish(&mut self) {
        for index in 0..self.sources.followed.len() {
            for _ in 0..LAST_TURNS {
                if !self.serve(index, Instant::now()).has_more {
                    break;
                }
            }
        }
    }

    fn serve_without_hint(&mut self, index: usize, now: Instant) {
        if self.serve(index, now).bytes > 0 {
            self.schedule.activate(index, now);
        }
    }

    /// Resolves the path of a source, reads new bytes, and closes files that are done.
    fn serve(&mut self, index: usize, now: Instant) -> Turn {
        if Schedule::is_resolution_due(self.sources.followed[index].resolved_at(), now) {
            self.resolve(index, now);
        }
        let Worker { sources, options, output, ownership, scratch, .. } = self;
        let followed = &mut sources.followed[index];
        let source = Arc::clone(&followed.source);
        let turn = followed.read(scratch, &options.cutting, (now, wall_clock()), |updates| {
            output.publish(&source, updates);
        });
        if turn.has_more {
            self.schedule.activate(index, now);
        }
        ownership.retire_expired(sources, index, options, output, now);
        sources.followed[index].update_registry(&output.registry);
        if turn.bytes > 0 {
            self.hints.take(now);
        }
        turn
    }

    /// Finds the file that the path of a source leads to now.
    fn resolve(&mut self, index: usize, now: Instant) {
        let mut updates = Vec::new();
        let followed = &mut self.sources.followed[index];
        match followed.resolve(now) {
            PathTarget::Newest => followed.confirm_newest(&mut updates),
            PathTarget::Missing => followed.mark_missing(now, &mut updates),
            PathTarget::Unreadable(reason) => followed.report_unreadable(reason, &mut updates),
            PathTarget::Other(opened) => {
                let (sources, updates) = (&mut self.sources, &mut updates);
                if self.ownership.assign(sources, index, opened, now, updates) {
                    self.hints.register_again(index, &self.sources.followed[index]);
                }
            }
        }
        self.output.publish(&self.sources.followed[index].source, updates);
    }
}

/// Notes for the journal: the path of each source.
pub(super) fn paths(followed: &[FollowedPath]) -> impl Iterator<Item = Draft> {
    followed.iter().map(|followed| Draft {
        source: Arc::clone(&followed.source),
        content: DraftContent::Note(JournalNote::Path(followed.path.clone())),
    })
}
