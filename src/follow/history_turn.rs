//! The turn of a followed path's history, before that of its own file.

use std::collections::HashSet;
use std::fs;
use std::sync::Arc;
use std::time::Instant;

use super::descriptors::HeldFile;
use super::followed_path::FollowedPath;
use super::generation::Generation;
use super::rotated_history::{HistoryContext, Outcome, RotatedHistory, Step};
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
            let Step { updates, bytes, outcome } = history.step(&mut context);
            turn.bytes += bytes;
            take(updates);
            match outcome {
                Outcome::More => {}
                Outcome::Waiting => {
                    self.history = Some(history);
                    return false;
                }
                Outcome::Done(last) => {
                    if history.is_in_range && history.is_since {
                        let begun = self.generations.front_mut().map(Generation::begin_again);
                        take(begun.flatten().into_iter().collect());
                    }
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
