//! The turn of a followed path's history, before that of its own file.

use std::collections::HashSet;
use std::fs;
use std::sync::Arc;
use std::time::Instant;

use super::descriptors::HeldFile;
use super::followed_path::FollowedPath;
use super::generation::Generation;
use super::history_role::HistoryRole;
use super::rotated_history::{HistoryContext, Outcome, RotatedHistory, Step};
use super::start_at::{Older, StartAt};
use super::turn::{TURN_BYTES, Turn};
use super::update::Update;
use crate::event::{Cutting, FileId};
use crate::journal::Checkpoint;

impl FollowedPath {
    /// Goes on with a file that an earlier run was reading; `known` are the files that it has read.
    pub(super) fn resume_history(
        &mut self,
        file: HeldFile,
        checkpoint: Checkpoint,
        known: &Arc<HashSet<FileId>>,
    ) {
        let path = fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone());
        let new = || Box::new(RotatedHistory::resumed(path, Arc::clone(known)));
        self.history.get_or_insert_with(new).resume(file, checkpoint);
    }

    /// Takes up the history that an earlier run has not begun, if this run wants it too.
    pub(super) fn resume_owed(&mut self, generation: &mut Generation) {
        if generation.role() != HistoryRole::Owner {
            return;
        }
        let start_at = self.unclaimed.start_at.get();
        match start_at.map(|start_at| start_at.place(generation.file())) {
            Some(Ok((_, Some(older)))) => self.want_history(older),
            None | Some(Ok((_, None))) => generation.set_role(HistoryRole::None),
            // The next start tries again.
            Some(Err(_)) => {}
        }
    }

    /// Does the same if the file before which the history stands was not found.
    pub(super) fn owe_history(&mut self) {
        let older = self.unclaimed.start_at.get().and_then(StartAt::older);
        if let Some(older) = older {
            self.want_history(older);
        }
    }

    fn want_history(&mut self, older: Older) {
        let path = fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone());
        self.history = Some(Box::new(RotatedHistory::new(path, older)));
    }

    /// Reads the rotated files before the path's own file; returns false if they are not read to
    /// their end yet.
    pub(super) fn read_history(
        &mut self,
        turn: &mut Turn,
        scratch: &mut [u8],
        cutting: &Cutting,
        (now, time): (Instant, u64),
        take: &mut impl FnMut(Vec<Update>),
    ) -> bool {
        let Some(mut history) = self.history.take() else { return true };
        while turn.bytes < TURN_BYTES {
            let mut context = HistoryContext {
                descriptors: &self.descriptors,
                mount: self.mount,
                newest: self.generations.front(),
                read_files: &mut self.read_files,
                scratch,
                cutting,
                time,
            };
            let Step { mut updates, bytes, outcome } = history.step(&mut context);
            turn.bytes += bytes;
            updates.extend(self.note_history(&history, &outcome));
            take(updates);
            match outcome {
                Outcome::More => {}
                Outcome::Waiting => {
                    self.history = Some(history);
                    return false;
                }
                Outcome::Done(last) => {
                    if let Some(mut last) = last {
                        last.replaced = Some(now);
                        self.generations.push_front(*last);
                    }
                    return true;
                }
            }
        }
        turn.has_more = true;
        self.history = Some(history);
        false
    }
}

impl FollowedPath {
    /// Returns notes of what a step of the history means for the file behind it.
    fn note_history(&mut self, history: &RotatedHistory, outcome: &Outcome) -> Vec<Update> {
        let Some(first) = self.generations.front_mut() else { return Vec::new() };
        let mut notes = Vec::new();
        if history.has_begun() || matches!(outcome, Outcome::Done(_)) {
            notes.extend(end_owing(first, history.is_since && history.is_in_range));
        }
        if let (Outcome::Done(None), Some(carry)) = (outcome, history.carry) {
            notes.extend(first.go_on_with(carry));
        }
        notes
    }
}

/// Records that a restart goes on with the history, or that it is over; returns a note of that,
/// unless it was recorded before.
///
/// If the first line in range is in the history, the file behind it is read from its first byte.
fn end_owing(generation: &mut Generation, is_in_range: bool) -> Option<Update> {
    if generation.role() != HistoryRole::Owner {
        return None;
    }
    generation.set_role(HistoryRole::None);
    if is_in_range && let Some(note) = generation.begin_again() {
        return Some(note);
    }
    generation.checkpoint(true).map(Update::Note)
}
