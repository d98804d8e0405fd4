//! A followed path: the generations behind it, oldest first.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::clock::wall_clock_nanos;
use super::descriptors::{Descriptors, OpenedFile};
use super::file::FileKind;
use super::fingerprint::Fingerprint;
use super::generation::Generation;
use super::history_role::HistoryRole;
use super::late_start::LateStart;
use super::mount::Mount;
use super::path_origin::PathOrigin;
use super::path_target::{PathTarget, UnreadableReason};
use super::read_files::ReadFiles;
use super::retry::Retry;
use super::rotated_history::RotatedHistory;
use super::source_status::SourceState;
use super::start_at::StartAt;
use super::unclaimed::Unclaimed;
use super::update::Update;
use crate::event::{FileId, Source, SourceChange};

/// Time for which a path may lead nowhere before its removal is published. A rotation takes less;
/// twice the time delays the news of a real removal as much.
const MISSING_DELAY: Duration = Duration::from_millis(400);

/// Most generations of one path that are open at a time; each takes a descriptor. With fewer, a
/// burst of rotations closes files before their linger is over; with more, one path can use up
/// the descriptor budget.
const MAX_GENERATIONS: usize = 64;

/// A source that is a path.
#[derive(Debug)]
pub(super) struct FollowedPath {
    pub(super) source: Arc<Source>,
    pub(super) path: PathBuf,
    pub(super) origin: PathOrigin,
    /// The mount to which the path leads.
    pub(super) mount: Mount,
    pub(super) descriptors: Arc<Descriptors>,
    pub(super) unclaimed: Arc<Unclaimed>,
    pub(super) state: SourceState,
    pub(super) generations: VecDeque<Generation>,
    /// The rotated files that are read before the generations.
    pub(super) history: Option<Box<RotatedHistory>>,
    /// Files that were read before.
    pub(super) read_files: ReadFiles,
    /// The path was found to lead nowhere at this time, and ever since.
    pub(super) missing_since: Option<Instant>,
    resolved_at: Option<Instant>,
    /// The time of that call in nanoseconds since 1970.
    looked_at: Option<u64>,
    /// The path led to the newest generation at this time, in nanoseconds since 1970.
    pub(super) seen_at: Option<u64>,
    /// A file was read under this path before.
    was_live: bool,
    /// The reason that was reported last, while it holds.
    reported: Option<UnreadableReason>,
    pub(super) fingerprint: Option<Fingerprint>,
    /// The last two fingerprints were the same.
    pub(super) is_stable: bool,
    /// The first line of a file that existed at the start, until it is read.
    late_start: Option<LateStart>,
    /// The newest file could not be opened or read at its first byte.
    retry: Option<Retry>,
    /// Notes of a descriptor that was replaced.
    notes: Vec<Update>,
    /// State, offset, size and backlog in the registry.
    pub(super) registered: Option<(SourceState, u64, u64, u64)>,
}

impl FollowedPath {
    pub(super) fn new(
        source: Arc<Source>,
        path: PathBuf,
        origin: PathOrigin,
        mount: Mount,
        descriptors: Arc<Descriptors>,
        unclaimed: Arc<Unclaimed>,
    ) -> Self {
        FollowedPath {
            source,
            path,
            origin,
            mount,
            descriptors,
            unclaimed,
            state: SourceState::default(),
            generations: VecDeque::new(),
            history: None,
            read_files: ReadFiles::default(),
            missing_since: None,
            resolved_at: None,
            looked_at: None,
            seen_at: None,
            was_live: false,
            reported: None,
            fingerprint: None,
            is_stable: false,
            late_start: None,
            retry: None,
            notes: Vec::new(),
            registered: None,
        }
    }

    /// Returns true if the path leads to this file now.
    pub(super) fn leads_to(&self, id: FileId) -> bool {
        std::fs::metadata(&self.path).is_ok_and(|metadata| FileId::of(&metadata).is_same_inode(id))
    }

    /// Returns true if one of the generations is this file.
    pub(super) fn holds(&self, id: FileId) -> bool {
        self.generations.iter().any(|generation| generation.id().is_same_inode(id))
            || self.history.as_ref().is_some_and(|history| history.holds(id))
    }

    /// Returns true if the path leads nowhere, which was published, all of its files are closed, and
    /// its pattern would match it again.
    pub(super) fn is_gone(&self, now: Instant) -> bool {
        !self.origin.is_explicit
            && matches!(self.state, SourceState::Removed | SourceState::Waiting)
            && self.generations.is_empty()
            && self.history.is_none()
            && self.missing_since.is_some_and(|since| now - since >= MISSING_DELAY)
    }

    /// Returns the time at which [`FollowedPath::resolve`] was last called.
    pub(super) fn resolved_at(&self) -> Option<Instant> {
        self.resolved_at
    }

    /// Finds the file that the path leads to now, and opens it if it is not the newest generation.
    ///
    /// The newest generation is opened again if it could not be read, because the descriptor of a
    /// network file can become useless, and if an overlay has copied it.
    pub(super) fn resolve(&mut self, now: Instant) -> PathTarget {
        (self.resolved_at, self.looked_at) = (Some(now), Some(wall_clock_nanos()));
        if let (Some(retry), Some(reason)) = (self.retry, &self.reported)
            && !retry.is_due(now)
        {
            return PathTarget::Unreadable(reason.clone());
        }
        let newest = self.newest().filter(|newest| !newest.is_retry_due(now));
        let newest = newest.map(Generation::id);
        let target = match PathTarget::find(&self.path, self.mount, newest, &self.descriptors) {
            PathTarget::Other(opened) => {
                let other = match self.generations.back_mut() {
                    Some(newest) => newest.reopen(opened, &mut self.notes),
                    None => Some(opened),
                };
                other.map_or(PathTarget::Newest, PathTarget::Other)
            }
            target => target,
        };
        if !matches!(target, PathTarget::Missing) {
            self.missing_since = None;
        }
        target
    }

    /// Records that the path leads to the newest generation, perhaps again.
    pub(super) fn confirm_newest(&mut self, updates: &mut Vec<Update>) {
        updates.append(&mut self.notes);
        self.seen_at = self.looked_at;
        let Some(newest) = self.generations.back_mut() else { return };
        newest.replaced = None;
        if newest.retry.is_some() {
            return;
        }
        if matches!(self.state, SourceState::Removed | SourceState::Unreadable) {
            updates.push(Update::Change(SourceChange::Appeared));
        }
        self.state = SourceState::Live;
        self.reported = None;
    }

    /// Lets a file that exists now begin at `start_at`, also if it can only be read later.
    pub(super) fn start_at(&mut self, start_at: StartAt) {
        self.late_start = Some(LateStart::now(start_at));
    }

    /// Starts to read another file, from its first byte unless it existed at the start of the
    /// program, or an earlier run has read it.
    pub(super) fn open(&mut self, opened: OpenedFile, now: Instant, updates: &mut Vec<Update>) {
        if let Some(checkpoint) = self.unclaimed.take(opened.id)
            && let Ok((mut generation, change)) =
                Generation::resume(opened.file.clone(), opened.id, &checkpoint)
        {
            self.resume_owed(&mut generation);
            updates.extend(change);
            return self.start_with(generation, now, updates);
        }
        let start_at = self.late_start.as_ref().and_then(|late| late.of(opened.id));
        let place = match start_at {
            Some(start_at) if opened.kind == FileKind::Regular => start_at.place(&opened.file),
            _ => Ok((0, None)),
        };
        let existed = start_at.is_some();
        let path = opened.file.path().to_owned();
        let begun = place.and_then(|(offset, older)| {
            let mut generation = Generation::new(opened, offset)?;
            if let Some(older) = older {
                generation.set_role(HistoryRole::Owner);
                self.history = Some(Box::new(RotatedHistory::new(path, older)));
            }
            Ok(generation)
        });
        match begun {
            Ok(generation) if existed && self.state == SourceState::Waiting => {
                self.start_with(generation, now, updates);
            }
            Ok(generation) => self.push(generation, now, updates),
            Err(error) => {
                self.retry = Some(Retry::after(self.retry, now));
                if let PathTarget::Unreadable(reason) = PathTarget::of_error(&self.path, &error) {
                    self.report_unreadable(reason, updates);
                }
            }
        }
    }

    /// Records that an earlier run was reading a file under this path.
    pub(super) fn mark_live(&mut self) {
        self.state = SourceState::Live;
        self.was_live = true;
    }

    /// Adds a generation of an earlier run.
    pub(super) fn restore(&mut self, generation: Generation, now: Instant) {
        self.replace_newest(now);
        self.generations.push_back(generation);
    }

    /// Makes the restored generation that the path leads to the newest one.
    pub(super) fn choose_newest(&mut self, now: Instant) {
        let position = self.generations.iter().position(|held| self.leads_to(held.id()));
        if let Some(newest) = position.and_then(|at| self.generations.remove(at)) {
            self.restore(newest.into_newest(), now);
        }
    }

    /// Makes `generation` the newest one, and publishes the change.
    pub(super) fn push(&mut self, generation: Generation, now: Instant, updates: &mut Vec<Update>) {
        let was_live = self.state == SourceState::Live && self.was_live;
        let change = if was_live { SourceChange::Rotated } else { SourceChange::Appeared };
        updates.push(Update::Change(change));
        self.start_with(generation, now, updates);
    }

    /// Makes `generation` the newest one.
    fn start_with(&mut self, mut generation: Generation, now: Instant, updates: &mut Vec<Update>) {
        self.replace_newest(now);
        updates.extend(generation.checkpoint(true).map(Update::Note));
        self.generations.push_back(generation);
        self.seen_at = self.looked_at;
        self.mark_live();
        (self.reported, self.late_start, self.retry) = (None, None, None);
    }

    /// Makes an older generation the newest one again; returns false if none is this file.
    pub(super) fn reopen(&mut self, id: FileId, now: Instant, updates: &mut Vec<Update>) -> bool {
        // The newest one is known to be another file.
        let mut older = self.generations.iter().take(self.generations.len().saturating_sub(1));
        let position = older.position(|generation| generation.id().is_same_inode(id));
        let Some(generation) = position.and_then(|at| self.generations.remove(at)) else {
            return false;
        };
        self.push(generation.into_newest(), now, updates);
        true
    }

    /// Records that the path leads nowhere; publishes that after [`MISSING_DELAY`].
    pub(super) fn mark_missing(&mut self, now: Instant, updates: &mut Vec<Update>) {
        let since = *self.missing_since.get_or_insert(now);
        self.replace_newest(now);
        (self.reported, self.late_start, self.retry) = (None, None, None);
        if now - since < MISSING_DELAY {
            return;
        }
        if !self.was_live {
            self.state = SourceState::Waiting;
        } else if self.state != SourceState::Removed {
            self.state = SourceState::Removed;
            self.seen_at = None;
            updates.push(Update::Change(SourceChange::Removed));
        }
    }

    /// Records that the path leads to something unreadable, and reports the reason once.
    pub(super) fn report_unreadable(
        &mut self,
        reason: UnreadableReason,
        updates: &mut Vec<Update>,
    ) {
        if self.reported.as_ref() == Some(&reason) {
            return;
        }
        self.state = SourceState::Unreadable;
        updates.push(Update::Change(SourceChange::Unreadable));
        updates.push(reason.update());
        self.reported = Some(reason);
    }

    /// Records that the path does not lead to the newest generation any more.
    pub(super) fn replace_newest(&mut self, now: Instant) {
        if let Some(newest) = self.generations.back_mut() {
            newest.replaced.get_or_insert(now);
        }
    }

    /// Removes the oldest generation if it has been read to its end, and was replaced at least
    /// `linger` ago or there are too many.
    pub(super) fn take_expired(&mut self, now: Instant, linger: Duration) -> Option<Generation> {
        let is_over = |replaced: Instant| now.duration_since(replaced) >= linger;
        let oldest = self.generations.front().filter(|_| self.history.is_none())?;
        let is_expired = oldest.replaced.is_some_and(is_over);
        let is_read = oldest.is_at_end() || oldest.retry.is_some();
        (is_read && (is_expired || self.generations.len() > MAX_GENERATIONS))
            .then(|| self.generations.pop_front())
            .flatten()
    }

    /// Removes and returns the generations on one mount.
    pub(super) fn take_generations(&mut self, mount: Mount) -> VecDeque<Generation> {
        let (taken, rest) =
            self.generations.drain(..).partition(|generation| generation.mount() == mount);
        self.generations = rest;
        taken
    }

    pub(super) fn newest(&self) -> Option<&Generation> {
        self.generations.back()
    }
}
