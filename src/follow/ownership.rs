//! Ownership: which source reads which file.
//!
//! A file may have several followed paths, and may move from one to another.
//! It is read by one source at a time, and no byte of it is read twice.

use std::sync::Arc;
use std::time::Instant;

use super::clock::wall_clock;
use super::descriptors::OpenedFile;
use super::options::FollowOptions;
use super::retired_files::RetiredFiles;
use super::source_map::SourceMap;
use super::update::{Update, UpdatePublisher};
use crate::journal::JournalNote;

/// The rules of ownership, and the files that no source owns.
#[derive(Debug)]
pub(super) struct Ownership {
    retired: RetiredFiles,
}

impl Ownership {
    pub(super) fn new(retired: RetiredFiles) -> Self {
        Ownership { retired }
    }

    /// Assigns the file behind a path to its source, unless another source reads it; a retired
    /// file is read on where reading stopped.
    ///
    /// Returns whether the file is new to the source.
    pub(super) fn assign(
        &mut self,
        sources: &mut SourceMap,
        id: usize,
        opened: OpenedFile,
        now: Instant,
        updates: &mut Vec<Update>,
    ) -> bool {
        let is_read_elsewhere = sources.is_read_elsewhere(id, opened.id);
        let Some(followed) = sources.get_mut(id) else { return false };
        if followed.reopen(opened.id, now, updates) {
            return false;
        }
        if is_read_elsewhere {
            followed.replace_newest(now);
            return false;
        }
        match self.retired.take(opened.id) {
            Some(generation) => followed.push(generation.into_newest(), now, updates),
            None => followed.open(opened, now, updates),
        }
        true
    }

    /// Retires the generations of a source whose linger is over.
    ///
    /// An unfinished last line is published, unless another source will go on with the file.
    pub(super) fn retire_expired(
        &mut self,
        sources: &mut SourceMap,
        id: usize,
        options: &FollowOptions,
        output: &UpdatePublisher,
        now: Instant,
    ) {
        let expired = |sources: &mut SourceMap| {
            let followed = sources.get_mut(id)?;
            let generation = followed.take_expired(now, options.linger)?;
            Some((Arc::clone(&followed.source), generation))
        };
        while let Some((source, mut generation)) = expired(sources) {
            let mut updates = Vec::new();
            let is_linked = generation.is_linked();
            if !is_linked || !sources.is_expected_elsewhere(id, generation.id()) {
                let time = wall_clock();
                generation
                    .finish(&options.cutting, time, |lines| updates.push(Update::Lines(lines)));
            }
            let note = generation.checkpoint(false);
            if let (Some(JournalNote::Checkpoint(_, checkpoint)), Some(followed)) =
                (&note, sources.get_mut(id))
            {
                followed.read_files.add(*checkpoint);
            }
            updates.extend(note.map(Update::Note));
            output.publish(&source, updates);
            if is_linked {
                self.retired.add(generation);
            } else {
                // The linger after its deletion is over.
                generation.close();
            }
        }
    }

    /// Lets go of all retired files, because a followed file needs a descriptor; returns false if
    /// there were none.
    pub(super) fn give_way(&mut self) -> bool {
        self.retired.clear()
    }

    /// Closes retired files that were deleted.
    pub(super) fn close_deleted(&mut self) {
        self.retired.close_deleted();
    }
}
