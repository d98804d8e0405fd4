//! The work of a thread that follows the files of one mount, or of all local file systems.

use std::path::Path;
use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};

use super::clock::wall_clock;
use super::compressed::Compression;
use super::descriptors::{Descriptors, OpenedFile};
use super::desk::{Desk, Returned};
use super::directory_names::DirectoryNames;
use super::followed_path::FollowedPath;
use super::generation::Generation;
use super::hints::HintSource;
use super::lane::{Lane, LaneMessage};
use super::mount::{Mount, Mounts};
use super::options::FollowOptions;
use super::ownership::Ownership;
use super::passed_files::PassedFiles;
use super::path_target::PathTarget;
use super::schedule::{Load, Schedule};
use super::source_map::SourceMap;
use super::turn::Turn;
use super::update::{Update, UpdatePublisher};
use super::walk::Walker;
use crate::event::FileId;
use crate::system::sleep_precisely;

/// Time for which the start may be delayed to read existing files. Twice the time delays the
/// first answer as much; with half of it, more clients come before their backlog is there.
const FIRST_PASS: Duration = Duration::from_millis(50);

/// Most turns of one source when the program ends. With twice as many, a file that grows fast can
/// delay the end twice as long; with half as many, more of its last lines are not published.
const LAST_TURNS: usize = 16;

/// Everything that a worker works with.
pub(super) struct Worker {
    pub(super) mount: Mount,
    pub(super) mounts: Arc<Mounts>,
    pub(super) descriptors: Arc<Descriptors>,
    pub(super) sources: SourceMap,
    pub(super) options: FollowOptions,
    pub(super) output: UpdatePublisher,
    pub(super) ownership: Ownership,
    pub(super) hints: HintSource,
    pub(super) schedule: Schedule,
    /// Space for the bytes of one read.
    pub(super) scratch: Vec<u8>,
    pub(super) lane: Arc<Lane>,
    /// The names beside the file that was opened last.
    pub(super) names: DirectoryNames,
    /// Where paths go that this worker does not follow any more.
    pub(super) desk: Arc<Desk>,
    /// Looks for new files when names have changed; none without patterns.
    pub(super) walker: Option<Arc<Walker>>,
    /// The waker of the lane.
    pub(super) waker: Waker,
}

impl Worker {
    /// Publishes the lines of existing files, before the first client can ask for them.
    pub(super) fn first_pass(&mut self) {
        let start = Instant::now();
        for id in self.sources.ids() {
            if start.elapsed() < FIRST_PASS {
                self.serve(id, Instant::now());
            }
        }
    }

    /// Follows until the lane is told to stop.
    pub(super) fn run(mut self) {
        sleep_precisely();
        self.lane.record_progress();
        self.hints.start(&self.sources);
        self.check(Instant::now());
        // The watcher wakes the thread only after its hints were taken once.
        self.hints.take(Instant::now());
        while !self.pause() {
            self.step(Instant::now());
        }
        self.finish();
    }

    /// Waits until there is something to do; returns true if the worker is to stop.
    fn pause(&self) -> bool {
        let now = Instant::now();
        let timeout = if self.hints.has_work(&self.sources) {
            Duration::ZERO
        } else {
            let is_caught_up =
                !self.schedule.is_active() || self.output.publisher.is_caught_up(&self.waker);
            self.schedule.pause(now, self.load(), is_caught_up)
        };
        self.lane.record_pause();
        let is_stopped = self.lane.wake.wait(timeout);
        self.lane.record_progress();
        is_stopped
    }

    fn load(&self) -> Load {
        Load { sources: self.sources.len(), is_flooded: self.hints.is_flooded() }
    }

    fn step(&mut self, now: Instant) {
        self.take_messages(now);
        self.hints.restart_after_flood(&self.sources, now);
        self.hints.register_next(&self.sources);
        if let Some(id) = self.hints.expected() {
            self.serve(id, now);
        }
        self.hints.take(now);
        if self.hints.take_names_changed() {
            self.schedule.request_check();
            if let Some(walker) = &self.walker {
                walker.request();
            }
        }
        for id in self.hints.take_dirty() {
            self.schedule.deactivate(id);
            self.serve(id, now);
        }
        if self.schedule.begin_check(now, self.load()) {
            self.check(now);
            return;
        }
        for id in self.schedule.polled(now) {
            self.serve_without_hint(id, now);
        }
    }

    fn take_messages(&mut self, now: Instant) {
        for message in self.lane.take() {
            match message {
                LaneMessage::Follow(followed) => {
                    let id = followed.source.id;
                    self.sources.insert(*followed);
                    self.hints.register_again(&self.sources, id);
                    self.serve_without_hint(id, now);
                }
                LaneMessage::Watch(directory) => self.hints.watch_directory(directory),
                LaneMessage::Refresh => {
                    for followed in self.sources.iter_mut() {
                        followed.refresh();
                        followed.update_registry(&self.output.registry);
                    }
                }
            }
        }
    }

    /// Looks at every source that may have changed.
    fn check(&mut self, now: Instant) {
        for id in self.sources.ids() {
            self.lane.record_progress();
            if !self.hand_back(id, now)
                && self.sources.get_mut(id).is_some_and(|followed| !followed.check_unchanged())
            {
                self.serve_without_hint(id, now);
            }
        }
        self.ownership.close_deleted();
        self.descriptors.close_deleted(self.mount, now, self.options.linger);
        if self.descriptors.take_has_closed() {
            self.output.publisher.remove_dropped();
        }
        self.hints.renew(&self.sources, now);
    }

    /// Hands a path back that leads to another mount, or nowhere.
    fn hand_back(&mut self, id: usize, now: Instant) -> bool {
        let Some(followed) = self.sources.get(id) else { return true };
        let mount = self.mounts.of(&followed.path);
        let is_gone = followed.is_gone(now);
        if mount == self.mount && !is_gone {
            return false;
        }
        if !is_gone {
            self.finish_files(id, now);
        }
        if let Some(mut followed) = self.sources.remove(id) {
            self.schedule.deactivate(id);
            followed.mount = mount;
            followed.refresh();
            self.desk.put(if is_gone {
                Returned::Gone(followed)
            } else {
                Returned::Moved(followed)
            });
        }
        true
    }

    /// Reads the files of this mount to their end, because the path leads to another mount.
    fn finish_files(&mut self, id: usize, now: Instant) {
        let Worker { sources, options, output, scratch, mount, .. } = self;
        let Some(followed) = sources.get_mut(id) else { return };
        let (source, time) = (Arc::clone(&followed.source), wall_clock());
        for _ in 0..LAST_TURNS {
            let turn = followed.read(scratch, &options.cutting, (now, time), |updates| {
                output.publish(&source, updates);
            });
            if !turn.has_more {
                break;
            }
        }
        for mut generation in followed.take_generations(*mount) {
            let mut updates = Vec::new();
            generation.finish(&options.cutting, time, |lines| updates.push(Update::Lines(lines)));
            updates.extend(generation.checkpoint(false).map(Update::Note));
            output.publish(&source, updates);
        }
    }

    /// Reads the last bytes of every source, in a limited number of turns.
    fn finish(&mut self) {
        self.take_messages(Instant::now());
        for id in self.sources.ids() {
            for _ in 0..LAST_TURNS {
                if !self.serve(id, Instant::now()).has_more {
                    break;
                }
            }
        }
    }

    fn serve_without_hint(&mut self, id: usize, now: Instant) {
        let turn = self.serve(id, now);
        if turn.bytes > 0 {
            self.schedule.activate(id, turn.bytes, now);
        }
    }

    /// Resolves the path of a source, reads new bytes, and closes files that are done.
    fn serve(&mut self, id: usize, now: Instant) -> Turn {
        self.lane.record_progress();
        let Some(followed) = self.sources.get(id) else { return Turn::default() };
        if Schedule::is_resolution_due(followed.resolved_at(), now) {
            self.resolve(id, now);
        }
        self.list_history(id, now);
        let Worker { sources, options, output, ownership, scratch, .. } = self;
        let Some(followed) = sources.get_mut(id) else { return Turn::default() };
        let source = Arc::clone(&followed.source);
        let turn = followed.read(scratch, &options.cutting, (now, wall_clock()), |updates| {
            output.publish(&source, updates);
        });
        if turn.has_more {
            self.schedule.activate(id, turn.bytes, now);
        }
        ownership.retire_expired(sources, id, options, output, now);
        if let Some(followed) = sources.get_mut(id) {
            followed.update_registry(&output.registry);
        }
        if turn.bytes > 0 {
            self.hints.take(now);
        }
        turn
    }

    /// Finds the file that the path of a source leads to now.
    fn resolve(&mut self, id: usize, now: Instant) {
        let Some(followed) = self.sources.get_mut(id) else { return };
        let source = Arc::clone(&followed.source);
        let mut updates = Vec::new();
        let mut target = followed.resolve(now);
        if target.is_out_of_descriptors() && self.ownership.give_way() {
            target = followed.resolve(now);
        }
        match target {
            PathTarget::Newest => followed.confirm_newest(&mut updates),
            PathTarget::Missing => {
                self.assign_passed(id, None, now, &mut updates);
                if let Some(followed) = self.sources.get_mut(id) {
                    followed.mark_missing(now, &mut updates);
                }
            }
            PathTarget::Unreadable(reason) => followed.report_unreadable(reason, &mut updates),
            PathTarget::Other(opened) => {
                if self.assign_passed(id, Some(&opened), now, &mut updates) {
                    self.assign(id, opened, now, &mut updates);
                }
            }
        }
        self.output.publish(&source, updates);
    }

    /// Assigns the files that the path has led to since the last look, before the one that it leads
    /// to now; returns false if more of them are left for the next look.
    fn assign_passed(
        &mut self,
        id: usize,
        current: Option<&OpenedFile>,
        now: Instant,
        updates: &mut Vec<Update>,
    ) -> bool {
        let is_unknown = |path: &Path, file: FileId| self.sources.is_unknown(path, file);
        let Some(followed) = self.sources.get(id) else { return true };
        let PassedFiles { files, has_more, unreadable } =
            followed.passed_files(current, is_unknown);
        updates.extend(unreadable.into_iter().map(Update::Say));
        let Some(last) = files.last().map(|last| last.id) else { return true };
        for passed in files {
            self.assign(id, passed, now, updates);
        }
        if has_more && let Some(followed) = self.sources.get_mut(id) {
            followed.seen_at = last.born;
        }
        !has_more
    }

    /// Finds the rotated files of a source that are read first, when it is read for the first time.
    fn list_history(&mut self, id: usize, now: Instant) {
        let is_unlisted = |followed: &FollowedPath| {
            followed.history.as_ref().is_some_and(|history| history.is_unlisted())
        };
        if !self.sources.get(id).is_some_and(is_unlisted) {
            return;
        }
        if let Some(mut followed) = self.sources.remove(id) {
            let is_unknown = |path: &Path, file| {
                let is_own = followed.generations.iter().any(|own| own.id().is_same_inode(file));
                // A glob passes over compressed files.
                let is_found = Compression::of(path).is_none()
                    && self.walker.as_ref().is_some_and(|w| w.finds(path, file, &followed.path));
                !is_own && !is_found && self.sources.is_unknown(path, file)
            };
            if let Some(mut history) = followed.history.take() {
                if !history.pending.is_empty() || self.names.has_rotated(&history.path, now) {
                    let first = followed.generations.front().map(Generation::id);
                    history.list(first, &followed.descriptors, followed.mount, is_unknown);
                } else {
                    history.list_nothing();
                }
                followed.history = Some(history);
            }
            self.sources.insert(followed);
        }
    }

    /// See [`Ownership::assign`].
    fn assign(&mut self, id: usize, opened: OpenedFile, now: Instant, updates: &mut Vec<Update>) {
        if self.ownership.assign(&mut self.sources, id, opened, now, updates) {
            self.hints.register_again(&self.sources, id);
        }
    }
}
