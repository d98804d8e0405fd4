//! Ownership: which source reads which file.
//!
//! A file may have several followed paths, and may move from one to another.
//! It is read by one source at a time, and no byte of it is read twice.

use std::sync::Arc;
use std::time::Instant;

use super::clock::wall_clock;
use super::file::OpenedFile;
use super::options::FollowOptions;
use super::retired_files::RetiredFiles;
use super::source_set::SourceSet;
use super::update::{Update, UpdatePublisher};

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
        sources: &mut SourceSet,
        index: usize,
        opened: OpenedFile,
        now: Instant,
        updates: &mut Vec<Update>,
    ) -> bool {
        if sources.followed[index].reopen(opened.id, now, updates) {
            return false;
        }
        if sources.is_read_elsewhere(index, opened.id) {
            sources.followed[index].replace_newest(now);
            return false;
        }
        let followed = &mut sources.followed[index];
        match self.retired.take(opened.id) {
            Some(generation) => followed.push(generation.into_newest(), now, updates),
            None => followed.open(opened, None, now, updates),
        }
        true
    }

    /// Retires the generations of a source whose linger is over.
    ///
    /// An unfinished last line is published, unless another source will go on with the file.
    pub(super) fn retire_expired(
        &mut self,
        sources: &mut SourceSet,
        index: usize,
        options: &FollowOptions,
        output: &UpdatePublisher,
        now: Instant,
    ) {
        let source = Arc::clone(&sources.followed[index].source);
        while let Some(mut generation) = sources.followed[index].take_expired(now, options.linger) {
            let mut updates = Vec::new();
            if !sources.is_expected_elsewhere(index, generation.id()) {
                let time = wall_clock();
                generation
                    .finish(&options.cutting, time, |lines| updates.push(Update::Lines(lines)));
            }
            updates.extend(generation.checkpoint(false).map(Update::Note));
            output.publish(&source, updates);
            if generation.is_linked() {
                self.retired.add(generation);
            }
        }
    }

    /// Closes retired files that were deleted.
    pub(super) fn close_deleted(&mut self) {
        self.retired.close_deleted();
    }
}
